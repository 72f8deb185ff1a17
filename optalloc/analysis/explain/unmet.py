"""Unmet demand: amounts, causes and penalties, and the cost of meeting it.

Two remedies are tried. The first is a re-solve with nothing left unmet, within the limits as they
are. Where that is infeasible, the cheapest changes of cells are found as for a workbook without a
plan, and the plan with them is solved.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from optalloc.analysis.explain.context import Solved
from optalloc.analysis.explain.elastic_cells import elastic_of
from optalloc.analysis.explain.relax_rules import rules_of
from optalloc.analysis.explain.repair import Search, propose
from optalloc.analysis.explain.shortages import shortages
from optalloc.analysis.explain.typed import typed
from optalloc.analysis.explain.what_if import WhatIf
from optalloc.compile import values_of
from optalloc.data.dataset import Dataset
from optalloc.data.schema import Column, Kind
from optalloc.errors import SolveError
from optalloc.modelling.choices import Unmet
from optalloc.modelling.limits import Cause, Relax
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.program import build
from optalloc.pipeline.one_plan import solve_dataset
from optalloc.report.findings import Findings, figure
from optalloc.scenarios.edits import Edit, Layout, edited, where, where_all

__all__ = ["LEFT_UNMET", "what_is_unmet"]

# Share of the budget for both remedies; of that, for the limits as they are.
FOR_REMEDIES, FOR_SERVING = 0.3, 0.3
# Values up to this are noise of the solver.
TINY = 1e-6
# Most subjects and sums in sentences; the table holds the rest.
MOST_SUBJECTS, MOST_SUMS = 6, 3

LEFT_UNMET = TableSpec(
    name="LeftUnmet",
    meaning="What the plan leaves undone at a price, and why.",
    key=("what", "about", "period"),
    columns=(
        Column(name="what", kind=Kind.TEXT, meaning="What is left undone, such as demand."),
        Column(name="about", kind=Kind.TEXT, meaning="Of what."),
        Column(name="period", kind=Kind.TEXT, meaning="When."),
        Column(name="amount", kind=Kind.NUMBER, unit="unit of the row", meaning="How much."),
        Column(name="unit", kind=Kind.TEXT, meaning="Unit of the amount."),
        Column(name="cost", kind=Kind.NUMBER, unit="M", meaning="Present value of its penalty."),
        Column(name="cell", kind=Kind.TEXT, meaning="Where the penalty stands."),
        Column(name="why", kind=Kind.TEXT, meaning="What keeps it from being done."),
    ),
)


@dataclass(frozen=True)
class _Left:
    """Unmet amounts of one kind: their rows, and their total cost."""

    kind: Unmet
    rows: pd.DataFrame

    @property
    def cost(self) -> float:
        return float(self.rows["cost"].sum())


def what_is_unmet(solved: Solved) -> Findings:
    """Give what the plan leaves unmet at a penalty, the costliest first, with remedies."""
    kinds = [kind for family in solved.program.model.families for kind in family.unmet]
    found = [_Left(kind, _rows(solved, kind)) for kind in kinds]
    found = [left for left in found if len(left.rows)]
    sentences = [sentence for left in found for sentence in _sentences(solved, left)]
    empty = pd.DataFrame(columns=[column.name for column in LEFT_UNMET.columns])
    table = pd.concat([left.rows for left in found], ignore_index=True) if found else empty
    return Findings(
        "What is left undone", tuple(sentences), {LEFT_UNMET.name: table}, (LEFT_UNMET,)
    )


def _rows(solved: Solved, kind: Unmet) -> pd.DataFrame:
    """Amounts above zero with their cost, cell and causes, the costliest first."""
    arrays, data, values = solved.arrays, solved.program.dataset, solved.plan.outcome.values
    assert values is not None
    keys, amounts = values_of(arrays, kind.variable, values)
    rows = []
    for at in np.flatnonzero(amounts > TINY).tolist():
        key = dict(zip(kind.over, keys.key(at), strict=True))
        column = arrays.columns.find(kind.variable, keys.key(at))
        causes = [_cause_in_words(data, cause) for cause in kind.causes(data, key)]
        rows.append(
            {
                "what": kind.noun,
                "about": kind.about.format_map(key),
                "period": str(key[kind.over[-1]]),
                "amount": float(amounts[at]),
                "unit": kind.unit,
                "cost": float(arrays.cost[column] * amounts[at]),
                "cell": where(data, *kind.price(data, key)),
                "why": "; ".join(causes),
            }
        )
    frame = pd.DataFrame(rows, columns=[column.name for column in LEFT_UNMET.columns])
    by_subject = frame.groupby("about")["cost"].transform("sum")
    # Periods of one subject stay in their order.
    return (
        frame.assign(order=-by_subject)
        .sort_values(["order", "about"], kind="stable", ignore_index=True)
        .drop(columns="order")
    )


def _cause_in_words(data: Dataset, cause: Cause) -> str:
    cells = where_all(data, cause.cells)
    return f"{cause.sentence} ({cells})" if cells else cause.sentence


def _sentences(solved: Solved, left: _Left) -> list[str]:
    noun = f"{left.kind.noun[:1].upper()}{left.kind.noun[1:]}"
    opening = (
        f"{noun} left unmet costs {figure(left.cost)} M of the plan's {figure(solved.plan.cost)} M."
    )
    subjects = list(left.rows.groupby("about", sort=False))
    about_each = [_subject(str(about), own) for about, own in subjects[:MOST_SUBJECTS]]
    if len(subjects) > MOST_SUBJECTS:
        about_each.append(
            f"{len(subjects) - MOST_SUBJECTS} more are in the table {LEFT_UNMET.name}."
        )
    return [opening, *about_each, *_why_not_all(solved, left.kind), *_remedies(solved, left)]


def _subject(about: str, own: pd.DataFrame) -> str:
    amounts = ", ".join(
        f"{figure(at['amount'])} {at['unit']} in {at['period']}" for at in own.to_dict("records")
    )
    first = own.iloc[0]
    why = [text for text in dict.fromkeys(own["why"]) if text]
    reason = f": {'; '.join(why[:2])}" if why else ""
    cost = figure(float(own["cost"].sum()))
    return (
        f"Of {about} {amounts} are left unmet, at a penalty of {cost} M ({first['cell']}){reason}."
    )


def _insisting(data: Dataset, kind: Unmet) -> Dataset:
    """The workbook in which all must be met."""
    return edited(data, [Edit(*cell) for cell in kind.insist(data)])


def _why_not_all(solved: Solved, kind: Unmet) -> list[str]:
    """Sums that show that not all can be met."""
    insisting = _insisting(solved.program.dataset, kind)
    short = shortages(insisting, solved.program.model).head(MOST_SUMS)
    sums = "; ".join(f"{at['sentence']} ({at['cells']})" for at in short.to_dict("records"))
    return [f"It cannot all be met: {sums}."] if sums else []


def _remedies(solved: Solved, left: _Left) -> list[str]:
    """Cost of meeting all of it, within the limits as they are or with cells changed."""
    budget = FOR_REMEDIES * solved.budget_s
    plan, what_if, kind = solved.plan, WhatIf(solved), left.kind
    assert plan.outcome.values is not None
    solved.step(f"meeting all {kind.noun}", 0, 2)
    keys, _ = values_of(solved.arrays, kind.variable, plan.outcome.values)
    none = [(kind.variable, keys.key(at), 0.0, 0.0) for at in range(len(keys))]
    known = what_if.least_cost(none, within_s=FOR_SERVING * budget)
    if not known.impossible:
        solved.step(f"meeting all {kind.noun}", 2, 2)
        low, high = max(known.bound - plan.cost, 0.0), known.cost - plan.bound
        if not np.isfinite(high):
            return [f"Whether all {kind.noun} can be met was not settled in the time allowed."]
        known_well = high - low <= 1e-3 * high
        cost = figure(high) if known_well else f"{figure(low)} to {figure(high)}"
        return [f"Within the limits as they are, meeting all {kind.noun} costs {cost} M more."]
    solved.step(f"meeting all {kind.noun}", 1, 2)
    sentences = _with_changes(solved, kind, (1 - FOR_SERVING) * budget)
    solved.step(f"meeting all {kind.noun}", 2, 2)
    return sentences


def _with_changes(solved: Solved, kind: Unmet, budget_s: float) -> list[str]:
    """The cheapest changes with which all of it can be met, and the cost of the plan with them."""
    program, begun = solved.program, time.perf_counter()
    insisting = _insisting(program.dataset, kind)
    elastic = elastic_of(build(insisting, program.model), rules_of(insisting, program.model))
    search = Search(elastic, solved.options, begun, budget_s, solved.step)
    proposal = propose(insisting, search)
    opening = f"Within the limits as they are, not all {kind.noun} can be met."
    changes = () if proposal is None else proposal.changes
    chosen = [change for change in changes if change.limit.relax is not Relax.LAST]
    if not chosen:
        return [f"{opening} No change of limits that may be relaxed was found that would let it."]
    edits = [edit for change in chosen for edit in change.edits]
    cured = "it can" if len(chosen) == len(changes) else "more of it can"
    opening = (
        f"{opening} The cheapest change found with which {cured}: {_changes(insisting, edits)}"
    )
    left_s = max(search.deadline() - time.perf_counter(), 1.0)
    given: dict[str, Any] = {"threads": solved.options.threads, "seed": solved.options.seed}
    try:
        plan = solve_dataset(
            edited(program.dataset, edits), program.model, time_limit_s=left_s, **given
        )
    except SolveError:
        return [f"{opening}. What the plan costs then was not settled in the time allowed."]
    saving = solved.plan.cost - plan.cost
    way = "less" if saving >= 0 else "more"
    gap = "" if plan.gap == 0 else f" (gap {100 * plan.gap:.3g} %)"
    cost = f"{figure(plan.cost, 6)} M{gap}, {figure(abs(saving))} M {way}"
    return [f"{opening}; the plan then costs {cost}."]


def _changes(data: Dataset, edits: Sequence[Edit]) -> str:
    layout = Layout(data, edits)
    return "; ".join(typed(data, layout, edit) for edit in edits)
