"""Sentences on a campaign."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd

from optalloc.analysis.bench.figures import made
from optalloc.analysis.bench.routes import UNSUITED
from optalloc.mip.outcome import StopReason, Strategy
from optalloc.solving.solvers import HIGHS

__all__ = [
    "on_against",
    "on_choice",
    "on_conditions",
    "on_failures",
    "on_ratios",
    "on_routes",
    "on_wrong",
    "title",
]

# Load at the start of a run above which others were at work.
_QUIET_LOAD = 0.5
# Sentences of a kind that are written; the tables have them all.
_MOST = 5


def title(runs: pd.DataFrame) -> str:
    """Number of runs, instances and routes."""
    instances = runs["instance"].unique()
    on = str(instances[0]) if len(instances) == 1 else f"{len(instances)} instances"
    routes = runs["route"].nunique()
    return f"{_counted(len(runs), 'run')} of {on} by {_counted(routes, 'route')}"


def on_wrong(wrong: pd.DataFrame) -> Iterator[str]:
    """Each wrong answer with its reason."""
    for row in wrong.head(_MOST).to_dict("records"):
        yield (
            f"Wrong answer of {row['route']} on {row['instance']} (seed {row['solver_seed']}): "
            f"{row['answer']}; {row['reason']}."
        )
    if len(wrong) > _MOST:
        yield f"There are {len(wrong) - _MOST:,} more wrong answers, in the table of them."


def on_routes(routes: pd.DataFrame) -> Iterator[str]:
    """The fastest route of each group, and then the others of each."""
    several, later = routes["group"].nunique() > 1, []
    for group, own in routes.groupby("group", sort=False):
        ranked = own.sort_values(["reached", "seconds"], ascending=[False, True], kind="stable")
        best, *others = ranked.to_dict("records")
        where = f"On {group}, " if several else ""
        if not best["reached"]:
            none = "no route has the gap asked for in any run: allow more time."
            yield f"{where}{none}" if several else none.capitalize()
            continue
        first = f"{where}{best['route']} is first" if others else f"{where}{best['route']}"
        yield f"{first}: it has the gap asked for after {_seconds(best)}."
        if others:
            said = ", ".join(f"{other['route']} after {_seconds(other)}" for other in others)
            later.append(f"{where or 'Of '}the others: {said}.")
    yield from later


def _seconds(row: Any) -> str:
    least = "at least " if row["reached"] < row["runs"] else ""
    mean = " in the mean" if row["runs"] > 1 else ""
    return (
        f"{least}{row['seconds']:.1f} s{mean} ({row['reached']} of {_counted(row['runs'], 'run')})"
    )


def on_ratios(ratios: pd.DataFrame) -> Iterator[str]:
    """Routes that are slower or faster than the first one beyond what the instances leave open."""
    apart = ratios[(ratios["low"] > 1.0) | (ratios["high"] < 1.0)]
    for row in apart.to_dict("records"):
        capped = row["reached"] < row["pairs"], row["other_reached"] < row["pairs"]
        sign = {(True, False): "at least ", (False, True): "at most "}.get(capped, "")
        yield (
            f"On {row['group']}, {row['route']} takes {sign}{row['ratio']:.3g} times as long as "
            f"{row['other']} ({row['low']:.3g} to {row['high']:.3g})."
        )
    close = ratios[(ratios["low"] <= 1.0) & (ratios["high"] >= 1.0)]
    if len(close):
        yield f"Not distinguishable from {close['other'].iloc[0]}: {_listed(close['label'])}."


def on_failures(runs: pd.DataFrame) -> Iterator[str]:
    """Runs without an answer, and routes that an instance does not suit."""
    failed = runs[runs["stop_reason"] == StopReason.FAILED]
    for row in failed.head(_MOST).to_dict("records"):
        yield (
            f"{row['route']} on {row['instance']} (seed {row['solver_seed']}) failed: "
            f"{row['note'] or 'its solver gave no reason'}."
        )
    if len(failed) > _MOST:
        yield f"{len(failed) - _MOST:,} more runs failed; the table of runs says why."
    unsuited = runs[runs["stop_reason"] == UNSUITED].drop_duplicates(["route", "note"])
    for row in unsuited.to_dict("records"):
        equal = runs[(runs["stop_reason"] == UNSUITED) & (runs["route"] == row["route"])]
        where = ", ".join(equal["instance"].drop_duplicates().astype(str))
        reason = str(row["note"]).partition(": ")[2]
        yield f"{row['route']} cannot solve {where}: {reason}."


def on_choice(runs: pd.DataFrame, usual: Strategy) -> Iterator[str]:
    """The strategy that `auto` is for a workbook, beside the one that did best.

    Parameters
    ----------
    runs : pandas.DataFrame
        Of one instance.
    usual : Strategy
        The one that is taken where none is asked for.
    """
    own = made(runs)
    own = own[own["route"].str.startswith(f"{HIGHS}:") & own["gap"].notna()]
    finite = own[own["gap"] < math.inf]
    if finite.empty:
        return
    by_route = finite.groupby("route")[["gap", "seconds_total"]].mean()
    best = str(by_route.sort_values(["gap", "seconds_total"], kind="stable").index[0])
    mine = f"{HIGHS}:{usual}"
    if best == mine:
        yield f"Left to itself, optalloc takes {usual}, which did best of its strategies here."
    elif mine in by_route.index and _about_as_good(by_route.loc[mine], by_route.loc[best]):
        yield f"Left to itself, optalloc takes {usual}, about as good here as {best}."
    elif mine in by_route.index:
        other = best.partition(":")[2]
        yield f"Left to itself, optalloc takes {usual}; --strategy {other} did better here."


def _about_as_good(mine: Any, other: Any) -> bool:
    """True where a mean gap is no larger, after at most 1.5 times the seconds."""
    close = bool(mine["gap"] <= other["gap"] + 1e-6)
    return close and bool(mine["seconds_total"] <= 1.5 * other["seconds_total"])


def on_against(found: pd.DataFrame, runs: pd.DataFrame, earlier: pd.DataFrame) -> Iterator[str]:
    """Differences from an earlier campaign that exceed the noise."""
    if found.empty:
        yield "The earlier campaign has no run of these routes, instances and seeds."
        return
    beyond = found[found["verdict"].isin(["slower", "faster"])]
    for row in beyond.to_dict("records"):
        yield (
            f"{row['route']} is {row['verdict']} than in the earlier campaign by its "
            f"{row['measure']}: {row['ratio']:.3g} times ({row['low']:.3g} to {row['high']:.3g}, "
            f"p {row['p']:.2g}, {row['pairs']} pairs)."
        )
    if beyond.empty:
        yield (
            "No difference from the earlier campaign exceeds the noise, by a paired permutation "
            "test at 5 %."
        )
    few = found[found["verdict"] == "too few pairs"]
    if len(few):
        yield (
            f"Of {_listed(few['route'].unique())} there are too few pairs to tell: run more seeds."
        )
    then, now = ({*frame["machine"].dropna()} for frame in (earlier, runs))
    if then != now:
        yield "The earlier campaign was made on another machine: its seconds do not compare."


def on_conditions(runs: pd.DataFrame) -> Iterator[str]:
    """A sentence where others were at work on the machine."""
    busy = runs["load_at_start"] > _QUIET_LOAD + runs["threads"]
    if busy.any():
        yield (
            f"The machine was busy when {int(busy.sum())} of {_counted(len(runs), 'run')} began "
            f"(load up to {runs['load_at_start'].max():.1f}): their seconds are too many."
        )


def _listed(names: Iterable[object]) -> str:
    return ", ".join(map(str, names))


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
