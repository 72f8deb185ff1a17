// How much of limits is used, by what they are about and by period.

// Limits of one kind by what they are about and by period.
function useOf(plan, limit) {
  const table = plan.tables.Limits;
  const [keys, units] = ["key", "unit"].map((name) => table.values(name));
  const [used, allowed, floors] = [table.numbers("used"), table.numbers("allowed"), table.values("is_floor")];
  const subjects = new Map();
  let unit = "";
  let left = false;
  const kept = plan.singleOf(table).length ? new Set(plan.kept(table)) : null;
  for (const row of table.rowsBy("limit").get(limit) ?? []) {
    if (kept && !kept.has(row)) continue;
    unit = units[row];
    // What a limit is about may follow its period, as slices do.
    const parts = String(keys[row] ?? "").split(", ");
    const at = parts.findLastIndex((part) => plan.place.has(part));
    if (at < 0 || !Number.isFinite(allowed[row])) continue;
    const place = plan.place.get(parts[at]);
    const subject = parts.filter((_, other) => other !== at).join(", ");
    if (!subjects.has(subject)) {
      if (plan.selects([subject, ...subject.split(", ")]) === false) {
        left = true;
        continue;
      }
      const blank = () => new Array(plan.periods.length).fill(null);
      // Of a floor, the amount in `used` is required at least, and that in `allowed` is there.
      const words = floors[row] ? { used: "At least", allowed: "There is" } : { used: "Used", allowed: "Allowed" };
      subjects.set(subject, { subject, floor: floors[row], words, used: blank(), allowed: blank(), share: blank(), peak: 0 });
    }
    const found = subjects.get(subject);
    found.used[place] = used[row];
    found.allowed[place] = allowed[row];
    const share = allowed[row] > 0 ? used[row] / allowed[row] : used[row] > 1e-6 ? 1 : 0;
    found.share[place] = Math.max(share, 0);
    found.peak = Math.max(found.peak, share);
  }
  return { unit, left, subjects: [...subjects.values()].sort((a, b) => b.peak - a.peak) };
}

function drawUse(exhibit, plan, look, picked) {
  const limit = picked.limit ?? exhibit.limits.find((name) => useOf(plan, name).subjects.length) ?? exhibit.limits[0];
  const { unit, subjects, left } = useOf(plan, limit);
  if (!subjects.length) return nothing(left ? "No such limit lies within what is chosen above." : "There is no such limit.");
  const one = subjects.find((found) => found.subject === picked.subject) ?? (subjects.length === 1 ? subjects[0] : null);
  const ignored = plan.active.filter(() => plan.selects([subjects[0].subject]) === null).map((filter) => filter.title);
  const drawn = one ? useOfOne(one, one.subject || spaced(limit), unit, plan, look) : useOfAll(subjects, unit, plan, look);
  return { ...drawn, ignored, options: subjects.map((found) => found.subject).sort() };
}

function useOfOne(found, name, unit, plan, look) {
  const [bar, line] = found.floor ? ["allowed", "used"] : ["used", "allowed"];
  const traces = [
    {
      type: "bar",
      name: found.words[bar],
      x: plan.periods,
      y: found[bar],
      marker: { color: look.series[0] },
      hovertemplate: `${found.words[bar]}, %{x}: <b>%{y:,.1f}</b> ${escaped(unit)}<extra></extra>`,
    },
    {
      type: "scatter",
      mode: "lines+markers",
      name: found.words[line],
      x: plan.periods,
      y: found[line],
      line: { color: look.series[5], width: 2.25, dash: "dash", shape: "hvh" },
      marker: { color: look.series[5], symbol: "line-ew-open", size: 9 },
      hovertemplate: `${found.words[line]}, %{x}: <b>%{y:,.1f}</b> ${escaped(unit)}<extra></extra>`,
    },
  ];
  const layout = baseLayout(look, {
    bargap: 0.4,
    xaxis: periodAxis(plan),
    yaxis: { title: { text: escaped(`${name} (${unit})`) }, rangemode: "tozero", tickformat: ",~r" },
    shapes: [chosenPeriod(plan, look)],
  });
  const columns = [plan.roles.title, ...["used", "allowed"].map((kind) => `${found.words[kind]} (${unit})`)];
  const rows = plan.periods.map((name, place) => [name, found.used[place], found.allowed[place]]);
  return { traces, layout, data: { columns, rows } };
}

function useInWords(found, place, unit) {
  const [used, allowed] = [found.used, found.allowed].map((values) => shownNumber(values[place], "#,##0.0"));
  return found.floor ? `at least ${used}, there is ${allowed} ${escaped(unit)}` : `${used} of ${allowed} ${escaped(unit)}`;
}

function useOfAll(subjects, unit, plan, look) {
  const shown = subjects.slice(0, MOST_LINES).reverse();
  const floors = subjects.filter((found) => found.floor).length;
  const text = shown.map((found) => found.share.map((share) => (share === null ? "" : share >= 0.99999 ? "●" : "")));
  const labels = shown.map((found) => found.subject || unit);
  const uses = shown.map((found) =>
    found.used.map((used, place) =>
      used === null ? "" : useInWords(found, place, unit),
    ),
  );
  const ramp = look.ramp.map((colour, place) => [place / (look.ramp.length - 1), colour]);
  const traces = [
    {
      type: "heatmap",
      x: plan.periods,
      y: labels.map(escaped),
      z: shown.map((found) => found.share),
      zmin: 0,
      zmax: 1,
      xgap: 2,
      ygap: 2,
      colorscale: ramp,
      text,
      texttemplate: "%{text}",
      textfont: { size: look.narrow ? 5 : 11, color: look.surface },
      customdata: uses,
      hoverongaps: false,
      showscale: !look.narrow,
      hovertemplate: "%{y}, %{x}<br><b>%{z:.1%}</b>: %{customdata}<extra></extra>",
      colorbar: {
        title: { text: floors ? "Share used, or asked for" : "Share used", side: "right", font: { size: 12, color: look.soft } },
        tickformat: ".0%",
        thickness: 10,
        outlinewidth: 0,
        tickfont: { size: 11, color: look.soft },
      },
    },
  ];
  const layout = baseLayout(look, {
    height: Math.max(220, 110 + 24 * shown.length),
    xaxis: { ...periodAxis(plan), side: "bottom" },
    yaxis: { ...namedAxis(labels, look), title: { text: "What the limit is about" } },
    shapes: [{ ...chosenPeriod(plan, look), layer: "above", fillcolor: "rgba(0,0,0,0)", opacity: 1, line: { width: 1.5, color: look.accent } }],
  });
  const [used, allowed] = floors === subjects.length ? ["At least", "There is"] : floors ? ["Used, or at least", "Allowed, or there is"] : ["Used", "Allowed"];
  const columns = ["About", plan.roles.title, `${used} (${unit})`, `${allowed} (${unit})`];
  const rows = subjects.flatMap((found) =>
    plan.periods.flatMap((name, place) =>
      found.used[place] === null ? [] : [[found.subject, name, found.used[place], found.allowed[place]]],
    ),
  );
  const more = subjects.length - shown.length;
  const remark = "The stronger the colour, the more of it is used; a dot marks what is used up." + (more > 0 ? ` The ${more} least used of ${subjects.length} are left to the figures below.` : "");
  return { traces, layout, data: { columns, rows }, remark };
}
