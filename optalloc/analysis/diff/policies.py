"""Two policies: what each does now, and what it costs in each scenario."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from optalloc.analysis.diff.plans import differs, inputs_in_words, side_by_side
from optalloc.analysis.diff.tables import A_AND_B, FIGURES, RUNS
from optalloc.analysis.diff.words import amount, listed
from optalloc.data.schema import Column, Kind
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.policy_tables import FUTURES, HERE_AND_NOW, SCENARIO
from optalloc.modelling.tables import RUN, SUMMARY
from optalloc.plan.plan import Plan
from optalloc.plan.policy_words import action_lines
from optalloc.report.findings import Findings

__all__ = ["compare_policies"]

_IN = Column(name="in", kind=Kind.TEXT, meaning="A or B: the only one of the two that does it.")
_COSTS = TableSpec(
    name="Scenarios",
    meaning="Cost under the policy of each scenario, where the two differ.",
    key=("scenario",),
    columns=(SCENARIO, *A_AND_B),
)


def compare_policies(title: str, a: Plan, b: Plan) -> Findings:
    """Compare two policies by what they do now, by scenario and by their figures.

    What they do later is not compared: it depends on what is known by then.
    """
    now, spec = _now(a, b)
    costs = _costs(a, b)
    figures = side_by_side(SUMMARY, a, b, FIGURES)
    runs = side_by_side(RUN, a, b, RUNS)
    runs = runs.loc[runs["entry"].astype(str).str.endswith("hash"), ["entry", "a", "b"]]
    tables = {
        spec.name: now,
        _COSTS.name: costs,
        FIGURES.name: figures,
        RUNS.name: runs.reset_index(drop=True),
    }
    sentences = [*inputs_in_words(a, b, runs), *_measures(a, b), *_actions(now, spec)]
    return Findings(title, tuple(sentences), tables, (spec, _COSTS, FIGURES, RUNS))


def _figure(plan: Plan, name: str) -> str:
    summary = plan.tables[SUMMARY.name].set_index("figure")["value"]
    return str(summary.get(name, ""))


def _measures(a: Plan, b: Plan) -> Iterator[str]:
    least = [_figure(side, "what is least") for side in (a, b)]
    if least[0] != least[1]:
        yield f"They cannot be ranked: A makes least the {least[0]}, B the {least[1]}."
    elif not differs(a.cost, b.cost):
        yield f"In both the {least[0]} is {amount(a.cost)} M."
    else:
        yield f"The {least[0]} is {amount(a.cost)} M in A and {amount(b.cost)} M in B."
    yield "What is done later depends on what is known by then, and is not compared."


def _now(a: Plan, b: Plan) -> tuple[pd.DataFrame, TableSpec]:
    """Actions that only one of the two takes before anything is known."""
    spec = next((spec for spec in a.specs if spec.name == HERE_AND_NOW.name), None)
    if spec is None:
        return pd.DataFrame(columns=[_IN.name]), replace(HERE_AND_NOW, columns=(_IN,))
    columns = tuple(c for c in spec.columns if c.name not in _names(HERE_AND_NOW))
    compared = [c.name for c in columns if c.kind is not Kind.DATE]
    frames = [side.tables[HERE_AND_NOW.name] for side in (a, b)]
    keys = [_keys(frame[compared]) for frame in frames]
    parts = [
        frame[[key not in set(other) for key in own]].assign(**{_IN.name: name})
        for name, frame, own, other in zip("AB", frames, keys, reversed(keys), strict=True)
    ]
    names = [_IN.name, *(c.name for c in columns)]
    lone = [part[names] for part in parts if len(part)]
    meaning = "What only one of the two does before anything is known."
    own = replace(spec, name="Now", meaning=meaning, columns=(_IN, *columns))
    return pd.concat(lone, ignore_index=True) if lone else pd.DataFrame(columns=names), own


def _names(spec: TableSpec) -> set[str]:
    return {column.name for column in spec.columns}


def _keys(frame: pd.DataFrame) -> list[tuple[object, ...]]:
    return [
        tuple("" if pd.isna(c) else f"{c:.5g}" if isinstance(c, float) else str(c) for c in row)
        for row in frame.itertuples(index=False, name=None)
    ]


def _actions(now: pd.DataFrame, spec: TableSpec) -> Iterator[str]:
    if now.empty:
        yield "What is to be done now is the same in both."
        return
    columns = tuple(column for column in spec.columns if column is not _IN)
    for name in "AB":
        own = now[now[_IN.name] == name]
        if len(own):
            lines = [" ".join(x.split()) for x in action_lines(own, replace(spec, columns=columns))]
            yield f"Only {name} does now: {listed(lines, most=5)}."


def _costs(a: Plan, b: Plan) -> pd.DataFrame:
    left, right = (side.tables[FUTURES.name].set_index("scenario")["cost"] for side in (a, b))
    rows = [
        (name, in_a, in_b, in_b - in_a, "M, present value")
        for name in dict.fromkeys([*left.index, *right.index])
        for in_a, in_b in [(float(left.get(name, np.nan)), float(right.get(name, np.nan)))]
        if differs(in_a, in_b)
    ]
    return pd.DataFrame(rows, columns=[column.name for column in _COSTS.columns])
