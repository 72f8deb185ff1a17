"""Charts of a paper as plain values, from the exhibits that a model declares."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from optalloc.modelling.exhibits import Bridge, Ranking, Timeline, Trend
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.reports import Periods
from optalloc.report.cells import rounded, written
from optalloc.report.paper.panels import Bar, ChartKind, ChartPanel

__all__ = ["bridge_chart", "by_period", "ranking_chart", "timeline_chart", "trend_chart"]

# Lines of a timeline, parts of a bridge, bars of a ranking, and parts of a stack.
MOST_LINES, MOST_PARTS, MOST_BARS, MOST_STACKED = 14, 10, 6, 8
OTHERS = "others"
# Name of the part of a timeline before it begins, which is not seen, nor is its name.
BEGIN = "\N{NO-BREAK SPACE}"
_EPOCH = dt.datetime(1899, 12, 30)
# Amounts below this share of the largest are noise.
_NOISE = 1e-9
# Share of the longest bar below which none is drawn.
_VISIBLE = 0.01


def by_period(
    frame: pd.DataFrame, value: str, periods: Periods, names: Sequence[str]
) -> np.ndarray:
    """Sums of a column over each period, zero where there is no row."""
    sums = frame.groupby(periods.period)[value].sum()
    return sums.reindex(list(names)).fillna(0.0).to_numpy(float)


def trend_chart(
    exhibit: Trend, tables: Mapping[str, pd.DataFrame], periods: Periods | None
) -> Iterator[ChartPanel]:
    """Lines or stacks over the periods; none where all is zero."""
    if periods is None:
        return
    calendar = tables[periods.table]
    names = [str(name) for name in calendar[periods.period]]
    series: list[tuple[str, np.ndarray, bool]] = []
    for one in exhibit.series:
        frame = tables[one.table]
        if exhibit.by and one is exhibit.series[0]:
            for member, own in frame.groupby(exhibit.by, sort=False):
                series.append((str(member), by_period(own, one.value, periods, names), False))
        else:
            sums = by_period(frame, one.value, periods, names)
            series.append((one.label, sums, one.dash != "solid"))
    if exhibit.per_year:
        years = calendar[periods.months].to_numpy(float) / 12.0
        series = [(label, sums / years, dashed) for label, sums, dashed in series]
    if exhibit.stacked:
        series = _largest([one for one in series if np.abs(one[1]).max(initial=0.0) > 0])
    if not any(sums.any() for _, sums, _ in series):
        return
    yield ChartPanel(
        title=exhibit.title,
        note=exhibit.note,
        kind=ChartKind.COLUMNS if exhibit.stacked else ChartKind.LINE,
        categories=names,
        series=[Bar(name=n, values=sums.tolist(), dashed=dashed) for n, sums, dashed in series],
        value_title=exhibit.y_title,
        stacked=exhibit.stacked,
    )


def _largest(series: list[tuple[str, np.ndarray, bool]]) -> list[tuple[str, np.ndarray, bool]]:
    """The largest parts of a stack, and the sum of the others."""
    if len(series) <= MOST_STACKED:
        return series
    ordered = sorted(series, key=lambda one: -float(np.abs(one[1]).sum()))
    kept, rest = ordered[: MOST_STACKED - 1], ordered[MOST_STACKED - 1 :]
    return [*kept, (OTHERS, np.sum([sums for _, sums, _ in rest], axis=0), False)]


def bridge_chart(exhibit: Bridge, frame: pd.DataFrame) -> Iterator[ChartPanel]:
    """From zero to the total, the largest part first and credits last."""
    sums = frame.groupby(exhibit.by[0], sort=False)[exhibit.value].sum()
    sums = sums[sums.abs() > _NOISE * max(1.0, float(sums.abs().max() if len(sums) else 0.0))]
    if sums.empty:
        return
    ordered = sums.sort_values(ascending=False, kind="stable")
    if len(ordered) > MOST_PARTS:
        keep = set(ordered.abs().sort_values(ascending=False).index[: MOST_PARTS - 1])
        rest = float(ordered[[name not in keep for name in ordered.index]].sum())
        ordered = pd.concat(
            [ordered[[n in keep for n in ordered.index]], pd.Series({OTHERS: rest})]
        )
    values = ordered.to_numpy(float)
    levels = np.cumsum(values)
    before = levels - values
    total = float(levels[-1])
    names = [*map(str, ordered.index), "total"]
    if min(levels.min(), before.min()) < 0:
        # Below zero floating bars cannot be stacked.
        parts = [Bar(name="part", values=[*values.tolist(), total], role="adds")]
    else:
        foot = np.minimum(levels, before)
        parts = [
            Bar(name="foot", values=[*foot.tolist(), 0.0], hidden=True),
            Bar(name="adds", values=[*np.maximum(values, 0).tolist(), 0.0], role="adds"),
            Bar(name="takes off", values=[*np.maximum(-values, 0).tolist(), 0.0], role="takes"),
            Bar(name="total", values=[*np.zeros(len(values)).tolist(), total], role="total"),
        ]
        parts = [part for part in parts if part.hidden or any(part.values)]
    yield ChartPanel(
        title=exhibit.title,
        note=exhibit.note,
        kind=ChartKind.COLUMNS,
        categories=names,
        series=parts,
        value_title=exhibit.y_title,
        stacked=True,
    )


def ranking_chart(exhibit: Ranking, frame: pd.DataFrame) -> Iterator[ChartPanel]:
    """Bars of the largest values; none where there is no value above zero."""
    least = _VISIBLE * float(frame[exhibit.value].max()) if len(frame) else 0.0
    found = frame[frame[exhibit.value] > max(least, 0.0)].sort_values(
        exhibit.value, ascending=False, kind="stable"
    )
    if found.empty:
        return
    shown = found.head(MOST_BARS)
    labels = [
        " ".join(filter(None, (written(cell).replace("_", " ") for cell in row)))
        for row in shown[list(exhibit.label)].itertuples(index=False, name=None)
    ]
    yield ChartPanel(
        title=exhibit.title,
        note=f"{exhibit.x_title}. {exhibit.note}".strip(),
        kind=ChartKind.BARS,
        categories=labels,
        series=[Bar(name=exhibit.x_title, values=shown[exhibit.value].tolist(), role="total")],
        value_title=exhibit.x_title,
    )


def timeline_chart(
    exhibit: Timeline, frame: pd.DataFrame, specs: Sequence[TableSpec]
) -> Iterator[ChartPanel]:
    """Bars between the dated steps, one line for each row, or for each member where rows are many.

    Of a member the first day of the first step counts, and the last of each other.
    """
    columns = [column for column, _ in exhibit.steps]
    dated = frame[frame[columns].notna().any(axis=1)]
    if dated.empty:
        return
    spec = next(spec for spec in specs if spec.name == exhibit.table)
    unit = next(column.unit for column in spec.columns if column.name == exhibit.size)
    note, short = exhibit.note, unit.partition(" ")[0]
    if len(dated) > MOST_LINES:
        how = dict.fromkeys(columns, "max") | {columns[0]: "min", exhibit.size: "sum"}
        dated = dated.groupby(exhibit.row, sort=False).agg(how).reset_index()
        note = f"All starts of a {exhibit.row} on one line, to the last of them."
    dated = dated.assign(_first=dated[columns].min(axis=1)).sort_values("_first", kind="stable")
    left = len(dated) - MOST_LINES
    if left > 0:
        dated = dated.sort_values(exhibit.size, ascending=False, kind="stable").head(MOST_LINES)
        dated, note = (
            dated.sort_values("_first", kind="stable"),
            f"{note} {left} smaller ones left out.",
        )
    days = dated[columns].apply(lambda column: (column - _EPOCH).dt.days).to_numpy(float, copy=True)
    # What is not dated, as a site that stood before, takes no time.
    days[:, 0] = np.where(np.isnan(days[:, 0]), np.nanmin(days, axis=1), days[:, 0])
    days = np.fmax.accumulate(days, axis=1)
    labels = [
        f"{written(row)}, {rounded(size)} {short}".strip()
        for row, size in zip(dated[exhibit.row], dated[exhibit.size], strict=True)
    ]
    series = [Bar(name=BEGIN, values=days[:, 0].tolist(), hidden=True)]
    for place, ((_, start), (_, end)) in enumerate(pairwise(exhibit.steps)):
        spans = (days[:, place + 1] - days[:, place]).tolist()
        series.append(Bar(name=f"{start} to {end.lower()}", values=spans))
    first, last = _year(float(np.nanmin(days))), float(np.nanmax(days))
    yield ChartPanel(
        title=exhibit.title,
        note=note,
        kind=ChartKind.TIMELINE,
        categories=labels,
        series=series,
        first=first,
        last=last,
        stacked=True,
    )


def _year(day: float) -> float:
    """First day of the year of a day."""
    year = (_EPOCH + dt.timedelta(days=day)).year
    return float((dt.datetime(year, 1, 1) - _EPOCH).days)
