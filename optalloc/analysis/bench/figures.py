"""Figures of runs: times to gaps and their means, primal integrals, and the performance profile."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from optalloc.analysis.bench.routes import UNSUITED
from optalloc.analysis.bench.store import GAPS, KEY
from optalloc.mip.outcome import StopReason, relative_gap

__all__ = [
    "INTEGRAL_SHIFT_S",
    "SHIFT_S",
    "capped",
    "longest",
    "made",
    "primal_integral",
    "primal_integrals",
    "profile",
    "seconds_to",
    "shifted_mean",
    "summary",
]

# The shift of Mittelmann's tables, in which runs of a second count for little.
SHIFT_S = 10.0
# Of primal integrals, which are shorter.
INTEGRAL_SHIFT_S = 1.0
# Below a second it is not the method that tells.
_LEAST_S = 1.0


def shifted_mean(seconds: Any, shift: float = SHIFT_S) -> float:
    """Shifted geometric mean: ``exp(mean(log(t + shift))) - shift``.

    >>> round(shifted_mean([0, 30]), 6)  # the root of 10 x 40, less 10
    10.0
    """
    numbers = np.asarray(seconds, float)
    return float(np.exp(np.log(numbers + shift).mean()) - shift) if len(numbers) else math.nan


def seconds_to(trace: pd.DataFrame, gap: float) -> float:
    """Seconds after which a trace has a proven gap of at most this; NaN if it never has."""
    for seconds, objective, bound in trace[["seconds", "objective", "bound"]].to_numpy():
        if relative_gap(objective, bound) <= gap:
            return float(seconds)
    return math.nan


def primal_integral(trace: pd.DataFrame, best: float, until: float) -> float:
    """Area under the primal gap to the best plan known, in seconds, up to a time.

    The primal gap of a plan is ``|best - cost| / max(|best|, |cost|)``, and 1 while there is no
    plan and where the signs differ, as in Berthold (2013), doi:10.1016/j.orl.2013.08.007, and in
    the MIPfeas benchmark.
    """
    seconds = np.minimum(trace["seconds"].to_numpy(float), until)
    objective = trace["objective"].to_numpy(float)
    size = np.maximum(np.abs(objective), abs(best))
    with np.errstate(invalid="ignore"):
        apart = np.where(np.isfinite(objective), (objective - best) / np.maximum(size, 1e-12), 1.0)
    height = np.concatenate([[1.0], np.clip(apart, 0.0, 1.0)])
    edges = np.concatenate([[0.0], seconds, [until]])
    return float((np.diff(edges) * height).sum())


def primal_integrals(
    runs: pd.DataFrame, traces: pd.DataFrame, best: Mapping[str, float]
) -> pd.Series:
    """Primal integral of each run, up to its time limit; NaN where no plan is known."""
    by_key = dict(iter(traces.groupby(list(KEY))))
    nothing = pd.DataFrame(columns=["seconds", "objective", "bound"], dtype=float)
    found = []
    for run in runs.to_dict("records"):
        reference = best.get(run["instance"], math.nan)
        own = by_key.get(tuple(run[name] for name in KEY), nothing)
        until = run["time_limit_s"]
        found.append(
            primal_integral(own, reference, until) if math.isfinite(reference) else math.nan
        )
    return pd.Series(found, index=runs.index, dtype=float)


def longest(runs: pd.DataFrame) -> pd.DataFrame:
    """Of runs that differ in their time limit alone, the one that had the most time."""
    rest = [name for name in KEY if name != "time_limit_s"]
    order = runs.sort_values("time_limit_s", kind="stable").drop_duplicates(rest, keep="last")
    return order.sort_index()


def made(runs: pd.DataFrame) -> pd.DataFrame:
    """Runs without those that their strategy cannot make."""
    return runs[runs["stop_reason"] != UNSUITED]


def capped(runs: pd.DataFrame, column: str = "seconds_to_gap") -> pd.DataFrame:
    """Seconds to a gap, with the time limit, "at least", for runs that never had it.

    Returns
    -------
    pandas.DataFrame
        instance, group, route, solver_seed, seconds, reached.
    """
    reached = runs[column].notna() & (runs[column] <= runs["time_limit_s"])
    seconds = runs[column].where(reached, runs["time_limit_s"])
    kept = runs[["instance", "group", "route", "solver_seed"]]
    return kept.assign(seconds=seconds, reached=reached)


def summary(runs: pd.DataFrame) -> pd.DataFrame:
    """One row a group and route: means over its runs.

    Parameters
    ----------
    runs : pandas.DataFrame
        With ``primal_integral``, and ``wrong``, True where a run's answer is wrong.
    """
    rows = []
    for (group, route), own in made(runs).groupby(["group", "route"], sort=False):
        times = capped(own)
        gaps = own["gap"].replace(math.inf, np.nan)
        integrals = own["primal_integral"].dropna()
        infeasible = own["stop_reason"] == StopReason.INFEASIBLE
        rows.append(
            {
                "group": group,
                "route": route,
                "runs": len(own),
                "reached": int(times["reached"].sum()),
                "seconds": shifted_mean(times["seconds"]),
                **{name: shifted_mean(capped(own, name)["seconds"]) for name in GAPS},
                "primal_integral": shifted_mean(integrals, INTEGRAL_SHIFT_S),
                "gap_percent": 100 * float(gaps.mean()),
                "without_plan": int((np.isinf(own["objective"]) & ~infeasible).sum()),
                "failed": int((own["stop_reason"] == StopReason.FAILED).sum()),
                "wrong": int(own["wrong"].sum()),
                "peak_mb": float(own["peak_mb"].max()),
            }
        )
    columns = ("group", "route", "runs", "reached", "seconds", *GAPS, "primal_integral")
    more = ("gap_percent", "without_plan", "failed", "wrong", "peak_mb")
    return pd.DataFrame(rows, columns=[*columns, *more])


def profile(runs: pd.DataFrame, column: str = "seconds_to_gap") -> pd.DataFrame:
    """Performance profile (Dolan and More, 2002, doi:10.1007/s101070100263).

    Returns
    -------
    pandas.DataFrame
        route, ratio, share: the share of instances and seeds on which the route takes no more than
        `ratio` times the time of the fastest; a run that never had the gap counts on none.
    """
    runs = made(runs)
    times = capped(runs, column)
    times["seconds"] = times["seconds"].clip(lower=_LEAST_S).where(times["reached"], math.inf)
    table = times.pivot_table(
        index=["instance", "solver_seed"], columns="route", values="seconds", aggfunc="min"
    )
    table = table.replace(math.inf, np.nan)
    ratios = table.div(table.min(axis=1), axis=0)
    rows: list[tuple[str, float, float]] = []
    for route in dict.fromkeys(runs["route"]):
        own = np.sort(ratios[route].dropna().to_numpy()) if route in ratios else np.empty(0)
        asked = len(runs.loc[runs["route"] == route, ["instance", "solver_seed"]].drop_duplicates())
        rows.append((route, 1.0, float((own <= 1.0).sum()) / asked))
        rows += [(route, float(r), (k + 1) / asked) for k, r in enumerate(own) if r > 1.0]
    return pd.DataFrame(rows, columns=["route", "ratio", "share"])
