"""The report measured and pictured: made-up plans of any size, seconds to open, pictures."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from optalloc.data.schema import Column, Kind
from optalloc.modelling.model import Model
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.tables import (
    AUDIT,
    BINDING_LIMITS,
    ENGINE_TABLES,
    LIMITS,
    MARGINALS,
    RUN,
    SUMMARY,
)
from optalloc.report.page import write_report

__all__ = ["VIEWS", "chromium", "made_up", "opened_in", "pictures", "write_made_up"]

# How many there are of what: where not said, a fifth of the sites.
FEW = {"workload": 4, "region": 15, "kind": 3, "trade": 3, "source": 3, "equipment": 3}
FEW |= {"supplier": 5, "event": 2, "family": 12, "item": 6, "jurisdiction": 20, "limit": 12}
# Rows for a site in a period, as on inputs/pacific; of a table not named, a row for each key. What
# it has none of is given a few.
ROWS = {"Actions": 0.4, "Cost": 5, "Load": 1, "Coverage": 0.1, "Terminations": 0.01}
ROWS |= {"Generation": 0.01, "Deliveries": 0.35, "Labour": 4.8, "EquipmentUse": 0.3}
ROWS |= {"Departures": 0.06, "Losses": 0.05, "Works": 0.15, "Audit": 0.22, "Orders": 0.14}
ROWS |= {"BindingLimits": 0.49, "Shortfalls": 0.01}
ROWS |= dict.fromkeys(("TaxBridge", "Returns", "EquipmentPlaces", "GatesHeld", "OptionsHeld"), 0.01)
ROWS |= dict.fromkeys(("PowerBySlice", "DeliveriesBySlice", "CleanBySlice", "Abandoned"), 0.01)
ROWS |= dict.fromkeys(("StorageBuilt", "StorageUse", "InterruptibleUse"), 0.01)
ROWS |= dict.fromkeys(("Surplus", "SurplusUse"), 0.01)
# Of the kinds of limit, so many are about each site in each period, as on inputs/pacific.
SITE_LIMITS = 27
EXACT = {"plan": ("new", "extended", "as it stands", "not built"), "quality": ("within gap",)}


def made_up(model: Model, sites: int, periods: int, seed: int = 1) -> dict[str, pd.DataFrame]:
    """Give the tables of a plan of this size: true to the declarations, and otherwise invented."""
    draw = np.random.default_rng(seed)
    names = _Names(sites, periods)
    tables = {
        spec.name: _table(spec, names, draw)
        for spec in (*model.outputs.values(), BINDING_LIMITS, MARGINALS, AUDIT)
    }
    days = pd.date_range("2027-01-01", periods=periods, freq="QS")
    balance = tables["Balance"]
    balance["start"], balance["months"] = days, 3.0
    return {
        SUMMARY.name: _summary(sites),
        **tables,
        LIMITS.name: _limits(model, names, draw),
        RUN.name: pd.DataFrame({"entry": ["input hash"], "value": ["made up"]}, dtype=object),
    }


def write_made_up(model: Model, path: Path, sites: int, periods: int) -> None:
    """Write the report of a made-up plan."""
    specs = (SUMMARY, *model.outputs.values(), *ENGINE_TABLES, RUN)
    write_report(made_up(model, sites, periods), specs, model.charts, model.report, path)


class _Names:
    """The names of everything that there is so many of."""

    def __init__(self, sites: int, periods: int) -> None:
        self.counts = {**FEW, "site": sites, "period": periods, "year": periods // 4 + 1}
        self.other = max(sites // 5, 1)

    def of(self, column: str) -> list[str]:
        count = self.counts.get(column, self.other)
        return [f"{column.replace('_', ' ')} {k:03d}" for k in range(1, count + 1)]


def _table(spec: TableSpec, names: _Names, draw: np.random.Generator) -> pd.DataFrame:
    keys = spec.key or (spec.columns[0].name,)
    most = math.prod(len(names.of(key)) for key in keys)
    by_site = names.counts["site"] * names.counts["period"]
    rows = min(most, int(by_site * ROWS.get(spec.name, 1)))
    # Spread evenly over all the keys that there could be, each once.
    chosen = np.linspace(0, most - 1, rows).astype(int)
    frame = {}
    for column in spec.columns:
        if column.name in keys:
            pool = np.array(names.of(column.name), dtype=object)
            frame[column.name] = pool[chosen % len(pool)]
            chosen = chosen // len(pool)
        else:
            frame[column.name] = _values(column, rows, names, draw)
    return pd.DataFrame(frame)


def _values(column: Column, rows: int, names: _Names, draw: np.random.Generator) -> Any:
    if column.kind is Kind.FLAG:
        return draw.random(rows) < 0.7
    if column.kind is Kind.DATE:
        return pd.Timestamp("2027-01-01") + pd.to_timedelta(draw.integers(0, 3650, rows), "D")
    if column.name == "latitude":
        return draw.uniform(-45, 60, rows).round(2)
    if column.name == "longitude":
        return draw.uniform(-125, 150, rows).round(2)
    if column.kind in (Kind.NUMBER, Kind.INTEGER):
        # As on inputs/pacific: half is nought, a quarter round, the rest has all its digits.
        value, sort = draw.uniform(0, 300, rows), draw.random(rows)
        value = np.where(sort < 0.5, 0.0, np.where(sort < 0.75, value.round(), value))
        return value.astype(int) if column.kind is Kind.INTEGER else value
    pool = EXACT.get(column.name, names.of(column.name)[:40])
    return np.array(pool, dtype=object)[draw.integers(0, len(pool), rows)]


def _summary(sites: int) -> pd.DataFrame:
    rows = [
        ("quality", "within gap", "proven"),
        ("bound: no plan costs less", 29870.5, "as total cost"),
        ("gap", 0.0049, "share of cost"),
        ("total cost", 30017.25, "M USD, present value"),
        ("sites built on", sites // 2, "sites"),
        ("MW started", 21234.5, "MW IT"),
        ("MW online at the end", 30111.25, "MW IT"),
        ("case", f"Made up: {sites} sites", ""),
    ]
    return pd.DataFrame(rows, columns=["figure", "value", "unit"]).astype({"value": object})


def _limits(model: Model, names: _Names, draw: np.random.Generator) -> pd.DataFrame:
    sites, periods = names.of("site"), names.of("period")
    columns = {column.name: column for column in LIMITS.columns}
    frames = []
    for place, (name, (family, limit)) in enumerate(model.limits.items()):
        about = sites if place < SITE_LIMITS else names.of("zone")[:20]
        keys = [f"{one}, {period}" for one in about for period in periods]
        used = _values(columns["used"], len(keys), names, draw)
        allowed = np.where(draw.random(len(keys)) < 0.1, used, used.round() + 50)
        frame = pd.DataFrame({"family": family.name, "limit": name, "key": keys})
        frame = frame.assign(unit=limit.unit, used=used, allowed=allowed, slack=allowed - used)
        frame["binding"] = (frame["slack"] == 0) & (used > 0)
        words = [f"{key}: all {mw:,.6g} are used" for key, mw in zip(keys, used, strict=True)]
        frame["in_words"] = np.where(frame["binding"], words, "")
        frames.append(frame)
    whole = pd.concat(frames, ignore_index=True)
    return whole.reindex(columns=[*columns])


@contextmanager
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  (only with a browser)

    found = which("chromium") or which("chromium-browser")
    if found is None:
        raise FileNotFoundError("no chromium on this machine")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        try:
            yield opened
        finally:
            opened.close()


def opened_in(path: Path, repeats: int) -> list[Mapping[str, float]]:
    """Seconds until a report is there, charts in view drawn: by the clock, and of the processor."""
    rows: list[Mapping[str, float]] = []
    with chromium() as browser:
        for _ in range(repeats):
            page = browser.new_page(viewport={"width": 1360, "height": 900})
            session = page.context.new_cdp_session(page)
            session.send("Performance.enable", {"timeDomain": "threadTicks"})
            begin = time.perf_counter()
            page.goto(path.resolve().as_uri())
            page.wait_for_selector("html[data-ready]", timeout=120_000)
            seconds = time.perf_counter() - begin
            told = session.send("Performance.getMetrics")["metrics"]
            busy = next(row["value"] for row in told if row["name"] == "TaskDuration")
            rows.append({"seconds": seconds, "processor seconds": busy})
            page.close()
    return rows


class View(NamedTuple):
    """One picture of a report: what of the page is in the window."""

    name: str
    window: tuple[int, int]  # pixels, width and height
    section: str = ""  # selector of what to scroll to; the top without one
    dark: bool = False
    back: int = 0  # periods from the last one, to which the slider is moved


# Pictures of the documents, by the example whose report they are of.
VIEWS = {
    "pacific": (
        View("report-top", (1280, 1180)),
        View("report-use", (1280, 640), "#grid"),
        View("report-dark", (1280, 700), "#where-it-stands", dark=True, back=4),
    ),
    "first": (
        View("first-top", (1280, 950)),
        View("first-built", (1280, 560), "#what-is-built-when"),
    ),
}

_SCROLL = "(at) => document.querySelector(at).scrollIntoView({ behavior: 'instant' })"


def pictures(path: Path, example: str, folder: Path) -> Iterator[Path]:
    """Take the pictures that the documents have of an example's report."""
    folder.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        for view in VIEWS[example]:
            width, height = view.window
            page = browser.new_page(
                viewport={"width": width, "height": height},
                color_scheme="dark" if view.dark else "light",
            )
            page.goto(path.resolve().as_uri())
            page.wait_for_selector("html[data-ready]", timeout=120_000)
            page.evaluate("report.parts.forEach((part) => part.come())")
            for _ in range(view.back):
                page.press("#period", "ArrowLeft")
            page.evaluate("document.activeElement.blur()")
            # Twice, as charts that come into view move what is below them.
            for _ in range(2):
                if view.section:
                    page.evaluate(_SCROLL, view.section)
                page.wait_for_timeout(1200)
            target = folder / f"{view.name}.png"
            page.screenshot(path=target)
            page.close()
            yield target
