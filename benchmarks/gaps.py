"""The gap over time of a campaign, by group of instances and route: a table for a page."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from optalloc.analysis.bench.store import KEY
from optalloc.mip.outcome import relative_gap

__all__ = ["SECONDS", "as_markdown", "gaps_over_time"]

SECONDS = (5, 10, 20, 40, 60, 150, 300, 600)


def gaps_over_time(
    runs: pd.DataFrame,
    traces: pd.DataFrame,
    groups: Sequence[str] = (),
    seconds: Sequence[float] = SECONDS,
) -> pd.DataFrame:
    """Mean gap of the runs of each group and route after so many seconds.

    Parameters
    ----------
    runs, traces : pandas.DataFrame
        Of a `RunStore`.
    groups : sequence of str
        In this order; all of them, as they come, by default.
    seconds : sequence of float

    Returns
    -------
    pandas.DataFrame
        Indexed by group and route, a column for each moment; infinite
        where a run had no plan or no bound by then, and NaN after the time limit of the runs.
    """
    merged = traces.merge(runs[[*KEY, "group"]], on=list(KEY))
    parts: dict[tuple[str, str], list[list[float]]] = {}
    chosen = list(groups) or list(dict.fromkeys(runs["group"]))
    order = runs[runs["group"].isin(chosen)].assign(
        place=lambda own: own["group"].map(chosen.index)
    )
    for _, run in order.sort_values(["place", "route"], kind="stable").iterrows():
        own = merged[(merged[list(KEY)] == run[list(KEY)]).all(axis=1)].sort_values("seconds")
        parts.setdefault((run["group"], run["route"]), []).append(
            [
                _gap(own[own["seconds"] <= moment]) if moment <= run["time_limit_s"] else math.nan
                for moment in seconds
            ]
        )
    index = pd.MultiIndex.from_tuples(parts, names=["group", "route"])
    means = [np.mean(rows, axis=0) for rows in parts.values()]
    return pd.DataFrame(means, index=index, columns=list(seconds))


def _gap(known: pd.DataFrame) -> float:
    if known.empty:
        return math.inf
    last = known.iloc[-1]
    gap = relative_gap(float(last["objective"]), float(last["bound"]))
    return gap if math.isfinite(gap) else math.inf


def as_markdown(gaps: pd.DataFrame) -> str:
    """One row for each group and route, one column for each moment."""
    heads = [f"{moment:g} s" for moment in gaps.columns]
    lines = [
        f"| instances | route | {' | '.join(heads)} |",
        f"|---|---|{'---|' * len(heads)}",
    ]
    for (group, route), row in zip(gaps.index, gaps.to_numpy(), strict=True):
        lines.append(f"| {group} | {route} | {' | '.join(map(_shown, row))} |")
    return "\n".join(lines)


def _shown(gap: float) -> str:
    if math.isnan(gap):
        return ""
    return f"{100 * gap:.2f} %" if math.isfinite(gap) else "no plan"
