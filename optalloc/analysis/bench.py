"""Solve time of one workbook by phase and by strategy, with advice on what dominates.

Seconds depend on the machine and its load; only their ratios carry over to others.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from optalloc.data.schema import Column, Kind
from optalloc.data.validate import validate
from optalloc.errors import OptallocError
from optalloc.mip.arrays import Arrays, Labels
from optalloc.mip.outcome import Outcome, Strategy
from optalloc.modelling.compiled import compile_program
from optalloc.modelling.model import Model, load_model, options_of
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.program import build
from optalloc.report.findings import Findings
from optalloc.report.progress import with_bar
from optalloc.scenarios.uncertainty_sheets import as_it_stands
from optalloc.solving.selection import chosen, solve_arrays
from optalloc.spreadsheet.read import read_workbook

__all__ = ["bench"]

LIMIT_S = 60.0
GAPS = (0.05, 0.01, 0.001)
# Share of all seconds, and factor between strategies, from which a sentence is written.
DOMINATES, FASTER = 0.4, 1.5

PHASES = TableSpec(
    name="Phases",
    meaning="Seconds of each step from the workbook to the arrays, before anything is solved.",
    key=("phase",),
    columns=(
        Column(name="phase", kind=Kind.TEXT, meaning="Step."),
        Column(name="seconds", kind=Kind.NUMBER, unit="s", meaning="Time it took."),
    ),
)
SIZES = TableSpec(
    name="Sizes",
    meaning="What the program consists of: variables and constraints with most columns and rows.",
    key=("kind", "name"),
    columns=(
        Column(name="kind", kind=Kind.TEXT, meaning="Columns, whole numbers or rows."),
        Column(name="name", kind=Kind.TEXT, meaning="Variable or constraint."),
        Column(name="count", kind=Kind.INTEGER, meaning="How many it has."),
        Column(name="share", kind=Kind.NUMBER, meaning="Of all of that kind."),
    ),
)
STRATEGIES = TableSpec(
    name="Strategies",
    meaning="What each strategy came to, and when; blank where it did not.",
    key=("strategy",),
    columns=(
        Column(name="strategy", kind=Kind.TEXT, meaning="Way to solve."),
        Column(name="first_plan", kind=Kind.NUMBER, unit="s", meaning="Until a first plan."),
        *(
            Column(
                name=f"to_{100 * gap:g}_percent".replace(".", "_"),
                kind=Kind.NUMBER,
                unit="s",
                meaning=f"Until a proven gap of {100 * gap:g} %.",
            )
            for gap in GAPS
        ),
        Column(name="seconds", kind=Kind.NUMBER, unit="s", meaning="Until it stopped."),
        Column(name="objective", kind=Kind.NUMBER, meaning="Cost of its plan."),
        Column(name="bound", kind=Kind.NUMBER, meaning="What no plan can cost less than."),
        Column(name="gap_percent", kind=Kind.NUMBER, unit="%", meaning="Proven gap at the end."),
        Column(name="stopped", kind=Kind.TEXT, meaning="Why it stopped."),
    ),
)


@with_bar
def bench(
    book: str | Path,
    *,
    time_limit_s: float = LIMIT_S,
    strategies: Sequence[str | Strategy] = (),
    threads: int | None = None,
    seed: int | None = None,
    gap: float | None = None,
    model: str | Path | Model | None = None,
    on_phase: Callable[[str], object] | None = None,
) -> Findings:
    """Measure a workbook on this machine, one strategy after the other.

    Parameters
    ----------
    book : str or Path
    time_limit_s : float
        Seconds for each strategy.
    strategies : sequence of str or Strategy, optional
        Those to try; by default all that the workbook allows.
    threads, seed, gap : optional
        Solver options; those not given come from the workbook.
    model : str, Path or Model, optional
    on_phase : callable, optional
        Called with the name of each step as it begins.

    Returns
    -------
    Findings
        Sentences, and tables Phases, Sizes and Strategies.

    Raises
    ------
    InputError
        With every problem of the workbook at once.
    OptallocError
        If there is no such strategy.
    """
    wanted = _wanted(strategies)
    seconds: dict[str, float] = {}

    def timed(name: str, run: Callable[[], Any]) -> Any:
        if on_phase is not None:
            on_phase(name)
        begin = time.perf_counter()
        result = run()
        seconds[name] = time.perf_counter() - begin
        return result

    loaded = model if isinstance(model, Model) else load_model(model)
    workbook = timed("read", lambda: read_workbook(book))
    dataset = timed("validate", lambda: validate(workbook, loaded))
    program = timed("build", lambda: build(dataset, loaded))
    arrays: Arrays = timed("compile", lambda: compile_program(program))
    given = {"threads": threads, "seed": seed, "gap": gap}
    options = replace(options_of(dataset, loaded, given), time_limit_s=time_limit_s)
    usual = chosen(arrays, options)[0]
    phases = dict(seconds)
    found: dict[Strategy, Outcome] = {}
    for strategy in wanted:
        own = replace(options, strategy=strategy)
        if not chosen(arrays, own)[1]:
            found[strategy] = timed(str(strategy), partial(solve_arrays, arrays, own))
    times = {strategy: seconds[str(strategy)] for strategy in found}
    tables = {
        PHASES.name: pd.DataFrame({"phase": list(phases), "seconds": list(phases.values())}),
        SIZES.name: _sizes(arrays),
        STRATEGIES.name: _strategies(found, times),
    }
    sentences = (
        *as_it_stands(dataset),
        *_on_phases(phases, min(times.values(), default=0.0)),
        *_on_sizes(arrays, tables[SIZES.name]),
        *_on_strategies(tables[STRATEGIES.name], usual, options.gap, time_limit_s),
        *(note for outcome in found.values() for note in outcome.notes),
    )
    name = Path(book).name
    title = f"How long {name} takes on {os.cpu_count()} processors"
    return Findings(title, sentences, tables, (PHASES, SIZES, STRATEGIES))


def _wanted(strategies: Sequence[str | Strategy]) -> list[Strategy]:
    every = [Strategy.DIRECT, Strategy.RACE, Strategy.DECOMPOSE]
    known = {str(one): one for one in every}
    unknown = [str(name) for name in strategies if str(name) not in known]
    if unknown:
        raise OptallocError(f"strategy must be one of {', '.join(known)}; found {unknown[0]!r}")
    return [known[str(name)] for name in strategies] or every


def _sizes(arrays: Arrays, most: int = 5) -> pd.DataFrame:
    rows = []
    integers = np.flatnonzero(arrays.integer)
    for kind, labels in (
        ("columns", arrays.columns),
        ("whole numbers", arrays.columns.take(integers)),
        ("rows", arrays.rows),
    ):
        counts = _counts(labels)
        total = sum(counts.values())
        largest = sorted(counts.items(), key=lambda item: -item[1])[:most]
        rows += [(kind, name, count, count / total) for name, count in largest if count]
    return pd.DataFrame(rows, columns=["kind", "name", "count", "share"])


def _counts(labels: Labels) -> dict[str, int]:
    places = np.arange(int(labels.starts[-1])) if labels.chosen is None else labels.chosen
    owner = np.searchsorted(labels.starts, places, side="right") - 1
    numbers = np.bincount(owner, minlength=len(labels.components))
    return {
        name: int(count) for (name, _, _), count in zip(labels.components, numbers, strict=True)
    }


def _strategies(found: dict[Strategy, Outcome], times: dict[Strategy, float]) -> pd.DataFrame:
    rows = []
    for strategy, outcome in found.items():
        reached = [(now.seconds, now.gap) for now in outcome.history if not now.candidate]
        reached.append((times[strategy], outcome.gap))
        when = {
            f"to_{100 * gap:g}_percent".replace(".", "_"): min(
                (second for second, at in reached if at <= gap), default=math.nan
            )
            for gap in GAPS
        }
        first = [now.seconds for now in outcome.history if math.isfinite(now.objective)]
        rows.append(
            {
                "strategy": str(strategy),
                "first_plan": min(first, default=math.nan),
                **when,
                "seconds": times[strategy],
                "objective": outcome.objective if outcome.values is not None else math.nan,
                "bound": outcome.bound if math.isfinite(outcome.bound) else math.nan,
                "gap_percent": 100 * outcome.gap if math.isfinite(outcome.gap) else math.nan,
                "stopped": str(outcome.stop_reason),
            }
        )
    return pd.DataFrame(rows, columns=[column.name for column in STRATEGIES.columns])


def _on_phases(phases: dict[str, float], solving: float) -> list[str]:
    preparing = sum(phases.values())
    total = preparing + solving
    slowest = max(phases, key=lambda name: phases[name])
    sentences = [
        f"Reading, checking and building take {preparing:.1f} s, solving {solving:.1f} s by the "
        f"fastest strategy: {100 * solving / max(total, 1e-9):.0f} % of the whole is solving."
    ]
    if phases[slowest] > DOMINATES * total:
        help_with = {
            "read": "a folder of CSV files is read faster than a workbook",
            "validate": "rows that are not used can be taken out of the sheets",
            "build": "many cases of one workbook are quicker as one sweep, which builds once",
            "compile": "many cases of one workbook are quicker as one sweep, which compiles once",
        }
        sentences.append(f"The step that takes longest is {slowest}: {help_with[slowest]}.")
    return sentences


def _on_sizes(arrays: Arrays, sizes: pd.DataFrame) -> list[str]:
    size = arrays.size
    sentences = [
        f"The program has {size['rows']:,} rows, {size['columns']:,} columns, "
        f"{size['integers']:,} of them whole numbers."
    ]
    for kind in ("columns", "whole numbers"):
        largest = sizes[sizes["kind"] == kind].head(1)
        for name, share in largest[["name", "share"]].itertuples(index=False, name=None):
            if share > DOMINATES:
                sentences.append(
                    f"{100 * share:.0f} % of the {kind} are {name}: fewer members of its index "
                    f"make the program smaller most."
                )
    return sentences


def _on_strategies(table: pd.DataFrame, usual: Strategy, gap: float, limit_s: float) -> list[str]:
    with_plan = table.dropna(subset=["objective"])
    if with_plan.empty:
        return [f"No strategy found a plan in {limit_s:g} s: allow more time (--time-limit)."]
    sentences = []
    for column, at in zip(STRATEGIES.columns[2:5], GAPS, strict=True):
        times = table.dropna(subset=[column.name]).set_index("strategy")[column.name]
        if times.empty:
            continue
        best = str(times.idxmin())
        sentence = (
            f"A proven gap of {100 * at:g} % is reached first by {best}, after {times.min():.1f} s"
        )
        others = [f"{name} {seconds:.1f} s" for name, seconds in times.items() if name != best]
        late = [name for name in table["strategy"] if name not in times.index]
        others += [f"{name} not within {limit_s:g} s" for name in late]
        sentences.append(sentence + (f" ({', '.join(others)})." if others else "."))
    ranked = with_plan.sort_values(["gap_percent", "seconds"]).reset_index(drop=True)
    best = str(ranked["strategy"].iloc[0])
    sentences.append(_advice(with_plan, best, usual))
    if float(ranked["gap_percent"].min()) > 100 * gap:
        sentences.append(
            f"The gap asked for, {100 * gap:g} %, was not reached: allow more time or a larger gap "
            "(--gap), or leave fewer whole numbers to decide."
        )
    return sentences


def _advice(table: pd.DataFrame, best: str, usual: Strategy) -> str:
    by_name = table.set_index("strategy")
    if best == str(usual):
        return f"Left to itself, optalloc takes {usual}, which did best here."
    if str(usual) in by_name.index:
        mine, other = by_name.loc[str(usual)], by_name.loc[best]
        close = mine["gap_percent"] <= other["gap_percent"] + 1e-6
        if close and mine["seconds"] <= FASTER * other["seconds"]:
            return f"Left to itself, optalloc takes {usual}, about as good here as {best}."
    return f"Left to itself, optalloc takes {usual}; --strategy {best} did better here."
