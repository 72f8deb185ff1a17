"""Figures of a campaign: times to gaps and their means, and the performance profile."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.campaign.results import GAPS, KEY

__all__ = ["NAMES", "SHIFT_S", "capped", "longest", "profile", "shifted_mean", "summary"]

SHIFT_S = 10.0
NAMES = dict(zip(GAPS, ("5 %", "1 %", "0.1 %"), strict=True))


def shifted_mean(seconds: Any, shift: float = SHIFT_S) -> float:
    """Shifted geometric mean: ``exp(mean(log(t + shift))) - shift``.

    >>> round(shifted_mean([0, 30]), 6)  # the root of 10 x 40, less 10
    10.0
    """
    numbers = np.asarray(seconds, float)
    return float(np.exp(np.log(numbers + shift).mean()) - shift) if len(numbers) else math.nan


def longest(runs: pd.DataFrame) -> pd.DataFrame:
    """Of runs that differ in their time limit alone, the one that had the most time."""
    rest = [name for name in KEY if name != "time_limit_s"]
    order = runs.sort_values("time_limit_s", kind="stable").drop_duplicates(rest, keep="last")
    return order.sort_index()


def capped(runs: pd.DataFrame, column: str) -> pd.DataFrame:
    """Seconds to a gap, with the time limit, "at least", for runs that never had it.

    Returns
    -------
    pandas.DataFrame
        instance, size, route, seconds, reached.
    """
    reached = runs[column].notna() & (runs[column] <= runs["time_limit_s"])
    seconds = runs[column].where(reached, runs["time_limit_s"])
    return runs[["instance", "size", "route"]].assign(seconds=seconds, reached=reached)


def summary(runs: pd.DataFrame) -> pd.DataFrame:
    """One row a size and route: means of times to gaps, how many reached them, gap and memory.

    ``at_least`` columns tell whether a mean holds a run that counts at its limit.
    """
    rows = []
    for (size, route), own in runs.groupby(["size", "route"], sort=False):
        row: dict[str, Any] = {"size": size, "route": route, "runs": len(own)}
        for column, name in NAMES.items():
            times = capped(own, column)
            row[name] = shifted_mean(times["seconds"])
            row[f"{name} reached"] = int(times["reached"].sum())
        row["final gap"] = float(own["gap"].replace(math.inf, np.nan).mean())
        row["without a plan"] = int(np.isinf(own["objective"]).sum())
        row["primal integral"] = float(own["primal_integral"].mean())
        row["peak MB"] = float(own["peak_mb"].max())
        row["failed"] = int((own["stop_reason"] == "failed").sum())
        rows.append(row)
    return pd.DataFrame(rows)


def profile(runs: pd.DataFrame, column: str = "seconds_to_1_percent") -> pd.DataFrame:
    """Performance profile (Dolan and More, 2002, doi:10.1007/s101070100263).

    Returns
    -------
    pandas.DataFrame
        route, ratio, share: the share of instances on which the route takes no more than `ratio`
        times the time of the fastest; a run that never had the gap counts on none.
    """
    times = capped(runs, column)
    # Below a second it is not the method that tells.
    times["seconds"] = times["seconds"].clip(lower=1.0).where(times["reached"], math.inf)
    table = times.pivot_table(index="instance", columns="route", values="seconds", aggfunc="min")
    table = table.replace(math.inf, np.nan)
    ratios = table.div(table.min(axis=1), axis=0)
    rows = []
    for route in dict.fromkeys(runs["route"]):
        own = np.sort(ratios[route].dropna().to_numpy()) if route in ratios else np.empty(0)
        asked = runs.loc[runs["route"] == route, "instance"].nunique()
        rows.append((route, 1.0, float((own <= 1.0).sum()) / asked))
        rows += [(route, float(r), (k + 1) / asked) for k, r in enumerate(own) if r > 1.0]
    return pd.DataFrame(rows, columns=["route", "ratio", "share"])
