"""Pictures of a sweep, as its design allows, on one page and in one workbook."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from optalloc.errors import OptallocError
from optalloc.modelling.exhibits import Exhibit, Listing
from optalloc.modelling.interval_exhibits import Bars, Curve, Heat, Span
from optalloc.modelling.outputs import Chart, TableSpec
from optalloc.modelling.reports import Report
from optalloc.report.workbook import write_plan_workbook
from optalloc.scenarios.sheet import Design
from optalloc.sweeps import frames as figures
from optalloc.sweeps import tables as specs
from optalloc.sweeps.cases import CaseFrames
from optalloc.sweeps.sentences import headline, lead, page_words
from optalloc.system import replacing

__all__ = ["Pictures", "pictures_of", "write_page", "write_workbook"]

# Most cases that are laid side by side.
MOST_SIDE = 60
_COST = Span(label="cost", value="objective", less="less", more="more")
_COST_TITLE = "Cost (M, present value), down to what it is at least"


@dataclass
class Pictures:
    """Tables of a sweep and how they are drawn.

    ``exhibits`` are those of the page, ``charts`` those of the workbook; both draw `tables`.
    """

    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    specs: list[TableSpec] = field(default_factory=list)
    exhibits: list[Exhibit] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(
        self,
        spec: TableSpec,
        frame: pd.DataFrame,
        exhibits: Iterable[Exhibit] = (),
        charts: Iterable[Chart] = (),
    ) -> None:
        """Add a table and its pictures, if it has rows."""
        if len(frame):
            self.tables[spec.name] = frame
            self.specs.append(spec)
            self.exhibits += exhibits
            self.charts += charts


def pictures_of(result: CaseFrames) -> Pictures:
    """Choose and compute the pictures that a sweep allows.

    Parameters
    ----------
    result : SweepResult

    Returns
    -------
    Pictures
        With notes on what could not be drawn, and why.
    """
    made = Pictures()
    design = Design(result.about["design"])
    base = figures.free_cases(result.cases).iloc[0]
    if design in (Design.ONE, Design.CASES):
        if pd.isna(base["objective"]):
            made.notes.append("The base case has no plan, so that nothing is compared with it.")
        else:
            _differences(made, result, design)
    if design is Design.FRONTIER:
        _frontier(made, result)
    if design is Design.GRID and len(result.about["changes"]) == 2:
        _grid(made, result)
    if design in (Design.SOBOL, Design.MORRIS):
        _indices(made, result, design)
    if design.is_sampled:
        _samples(made, result)
    _cases(made, result)
    for role in result.about.get("timelines", ()):
        _core(made, result, role)
    _regret(made, result)
    if len(result.cases) <= MOST_SIDE:
        side = figures.side_by_side(result, result.about.get("figures", ()))
        spec = specs.side_of(list(side.columns[2:]))
        listing = Listing(title="Key figures side by side", order=60, table=spec.name)
        made.add(spec, side, [listing])
    made.add(specs.INPUTS, result.inputs)
    return made


def _differences(made: Pictures, result: CaseFrames, design: Design) -> None:
    one = design is Design.ONE
    title = "What matters most" if one else "Cases against the base case"
    axis = "Difference from the base case (M, present value)"
    span = Span(label="difference", value="difference", less="less", more="more")
    bars = Bars(
        title=title,
        order=10,
        note="How much more or less each case costs than the base case; the line at a bar's end "
        "is what the two gaps leave open.",
        table=specs.DIFFERENCES.name,
        label="change",
        spans=(span,),
        label_title="Change",
        value_title=axis,
        joined=True,
        word="value",
    )
    chart = _bars(title, specs.DIFFERENCES, "case", "Case", axis, [span])
    made.add(specs.DIFFERENCES, figures.differences(result), [bars], [chart])


def _frontier(made: Pictures, result: CaseFrames) -> None:
    frame = figures.over_changes(result)
    name = str(frame["change"].iloc[0])
    unit = result.about.get("units", {}).get(name, "")
    x = "amount" if frame["amount"].notna().all() else "value"
    title, x_title = "Frontier", _with_unit(name, unit)
    curve = Curve(
        title=title,
        order=10,
        note=f"Least cost over {name}. The true frontier lies on the lines below the points.",
        table=specs.OVER_CHANGES.name,
        x=x,
        spans=(_COST,),
        x_title=x_title,
        y_title=_COST_TITLE,
        line=True,
    )
    kind = "curve" if x == "amount" else "points"
    chart = _chart(kind, title, specs.OVER_CHANGES, x, x_title, _COST_TITLE, [_COST])
    made.add(specs.OVER_CHANGES, frame, [curve], [chart])


def _grid(made: Pictures, result: CaseFrames) -> None:
    units = result.about.get("units", {})
    down, across = (_with_unit(name, units.get(name, "")) for name in result.about["changes"])
    heat = Heat(
        title="Cost of each combination",
        order=10,
        note="In each cell the cost found in M, and after the minus how much less the least cost "
        "may be, by the gap; where there is no plan, why.",
        table=specs.GRID.name,
        x="across",
        y="down",
        value="objective",
        word="word",
        x_title=across,
        y_title=down,
        value_title="Cost (M, present value)",
    )
    made.add(specs.grid_of(down, across), figures.on_a_grid(result), [heat])


def _indices(made: Pictures, result: CaseFrames, design: Design) -> None:
    try:
        frame = figures.indices(result)
    except OptallocError as error:
        made.notes.append(f"No indices: {error}")
        return
    sobol = design is Design.SOBOL
    measures = {"S1": "first order", "ST": "total"} if sobol else {"mu_star": "mean effect"}
    spans = [
        Span(
            label=f"{label}, from {source}",
            value=f"{name}{end}",
            less=f"{name}{end}_confidence",
            more=f"{name}{end}_confidence",
        )
        for name, label in measures.items()
        for end, source in (("", "costs"), ("_at_bound", "bounds"))
    ]
    title = "Sobol indices" if sobol else "Morris effects"
    axis = "Share of the variance of cost" if sobol else "Mean absolute effect on cost (M)"
    note = (
        "How much of the variance of cost is due to each change alone, and with all others. Each "
        "is given from the costs found and from what they are at least: what lies between is "
        "left open by the gaps, and the line is the 95 % confidence of the sample."
        if sobol
        else "By how much cost moves as a change crosses its range, from the costs found and from "
        "what they are at least; the line is the 95 % confidence of the sample. A large sigma "
        "beside it, in the table, means that it depends on the others."
    )
    spec = specs.SOBOL if sobol else specs.MORRIS
    bars = Bars(
        title=title,
        order=10,
        note=note,
        table=spec.name,
        label="change",
        spans=tuple(spans),
        label_title="Change",
        value_title=axis,
    )
    made.add(spec, frame, [bars], [_bars(title, spec, "change", "Change", axis, spans)])


def _samples(made: Pictures, result: CaseFrames) -> None:
    curve = Curve(
        title="Cost over each change",
        order=20,
        note="Each sample once for every change.",
        table=specs.OVER_CHANGES.name,
        x="share",
        by="change",
        spans=(_COST,),
        x_title="Where in its range the change is (share)",
        y_title=_COST_TITLE,
    )
    made.add(specs.OVER_CHANGES, figures.over_changes(result), [curve])


def _cases(made: Pictures, result: CaseFrames) -> None:
    title, held = "Cost of each case", (result.cases["plan"] != "").any()
    curve = Curve(
        title=title,
        order=50,
        note="The cost found, and down from it what the gap leaves open. A case without a plan has "
        "no point, and is listed with its reason.",
        table=specs.CASES.name,
        x="case",
        by="plan" if held else "",
        spans=(_COST,),
        x_title="Case",
        y_title=_COST_TITLE,
    )
    chart = _chart("points", title, specs.CASES, "case", "Case", _COST_TITLE, [_COST])
    made.add(specs.CASES, figures.noisy(result.cases), [curve], [chart])
    listing = Listing(title="Cases without a plan", order=70, table=specs.LACKING.name)
    made.add(specs.LACKING, figures.without_a_plan(result.cases), [listing])


def _core(made: Pictures, result: CaseFrames, role: dict[str, Any]) -> None:
    by_case = figures.core_by_case(result, role)
    if by_case.empty:
        return
    noun, unit = str(role["row"]).replace("_", " "), role["unit"]
    begun, done = role["steps"][0][1].lower(), role["steps"][-1][1].lower()
    often, when = specs.core_of(role["table"], noun, unit, begun, done)
    title = f"How often each {noun} is built"
    axis, label = "Plans that build there (share of cases)", noun.capitalize()
    heat = Heat(
        title=f"When each {noun} is built, case by case",
        order=40,
        note=f"The day of the first step of each {noun} in the plan of each case, and after the "
        f"colon how much ({unit}). Within the gap another plan may build elsewhere.",
        table=when.name,
        x="case",
        y="member",
        value="begun",
        word="word",
        x_title="Case",
        y_title=label,
        value_title="First step (date)",
    )
    share = Span(label="share of cases", value="share", less="none", more="none")
    bars = Bars(
        title=title,
        order=30,
        note="What every plan builds is the robust core; what few build depends on the case.",
        table=often.name,
        label="member",
        spans=(share,),
        label_title=label,
        value_title=axis,
    )
    counted = figures.core(by_case, result.cases).assign(none=0.0)
    chart = _chart("bars", title, often, "member", label, axis, [share])
    made.add(often, counted, [bars], [replace(chart, noise=())])
    made.add(when, by_case, [heat])


def _regret(made: Pictures, result: CaseFrames) -> None:
    found = result.regret
    if found.empty:
        return
    frame = found.assign(
        less=found["regret"] - found["at_least"], more=found["at_most"] - found["regret"]
    )
    span = Span(label="regret", value="regret", less="less", more="more")
    title, axis = "Regret of each plan held", "Regret (M, present value)"
    curve = Curve(
        title=title,
        order=25,
        note="What it costs in each case to have held the plan's early decisions; the line is "
        "what the gaps leave open.",
        table=specs.REGRET.name,
        x="case",
        by="plan",
        spans=(span,),
        x_title="Case",
        y_title=axis,
    )
    chart = _chart("points", title, specs.REGRET, "case", "Case", axis, [span])
    made.add(specs.REGRET, frame, [curve], [chart])


def _with_unit(name: str, unit: str) -> str:
    return f"{name} ({unit})" if unit else name


def _bars(
    title: str, spec: TableSpec, label: str, x_title: str, y_title: str, spans: list[Span]
) -> Chart:
    return _chart("bars", title, spec, label, x_title, y_title, spans)


def _chart(
    kind: str, title: str, spec: TableSpec, x: str, x_title: str, y_title: str, spans: list[Span]
) -> Chart:
    return Chart(
        title=title,
        table=spec.name,
        kind=kind,
        x=x,
        series=tuple(span.value for span in spans),
        noise=tuple((span.less, span.more) for span in spans),
        x_title=x_title,
        y_title=y_title,
    )


def write_page(result: CaseFrames, path: str | Path) -> None:
    """Write a sweep as one page to look at; as `SweepResult.to_html`."""
    # Imported only when a page is written, as it takes a second.
    from optalloc.report.payload import payload  # noqa: PLC0415
    from optalloc.report.render import rendered  # noqa: PLC0415

    made = pictures_of(result)
    content = payload(made.tables, made.specs, (), Report(exhibits=tuple(made.exhibits)))
    page = rendered(content, made.tables, page_words(result, made.notes))
    with replacing(path) as draft:
        draft.write_text(page, encoding="utf-8")


def write_workbook(result: CaseFrames, path: str | Path) -> None:
    """Write a sweep as a workbook with charts; as `SweepResult.to_excel`."""
    made = pictures_of(result)
    sentences = [headline(result), *lead(result), *made.notes]
    tables = {
        specs.SENTENCES.name: pd.DataFrame({"sentence": sentences}, dtype=object),
        **made.tables,
    }
    sheets = [specs.SENTENCES, *_laid_out(made)]
    write_plan_workbook(tables, sheets, made.charts, path)


def _laid_out(made: Pictures) -> Iterator[TableSpec]:
    """Sheets for a spreadsheet, without the words that are written into cells of a picture."""
    for spec in made.specs:
        wide = spec.across and "word" in [column.name for column in spec.columns]
        dropped = ("word", "case", "bound") if spec.name == specs.GRID.name else ("word",)
        kept = tuple(c for c in spec.columns if c.name not in dropped or c.name == spec.across)
        yield replace(spec, columns=kept) if wide else spec
