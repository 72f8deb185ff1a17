"""Why this one, why not that one: each member of a choice taken or left against the plan.

The relaxation bounds what the other decision costs for every member; those closest to the margin
are solved again with the other decision held, and their break-even prices are searched for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from optalloc.analysis.explain.break_even import break_even, priced
from optalloc.analysis.explain.choice_tables import (
    BREAK_EVENS,
    CHOICES,
    MOVES,
    Case,
    break_even_row,
    moved,
    moves_in_words,
    moves_table,
    rest_in_words,
    row_of,
    sentence,
)
from optalloc.analysis.explain.context import Solved
from optalloc.analysis.explain.what_if import Desk, Known
from optalloc.data.dataset import Dataset
from optalloc.data.reader import fold, suggest
from optalloc.errors import OptallocError
from optalloc.modelling.model import Model
from optalloc.report.findings import Findings

__all__ = ["insist_on_members", "why_these"]

# Share of the time for the other decisions; the rest is for break-evens.
FOR_DECISIONS = 0.6
# A re-solve is worth starting with so many seconds, and gets at least so many.
LEAST_S = 2.0


def insist_on_members(data: Dataset, model: Model, names: Sequence[str]) -> None:
    """Refuse names of nothing that can be chosen.

    Raises
    ------
    OptallocError
        Naming all of them, with the closest name that there is.
    """
    known = {
        fold(m): m for family in model.families for c in family.choices for m in c.members(data)
    }
    wrong = [name for name in names if fold(name) not in known]
    if wrong:
        guesses = ((name, suggest(name, known.values())) for name in wrong)
        words = (
            f"{name!r}" + (f" (did you mean {guess!r}?)" if guess else "")
            for name, guess in guesses
        )
        raise OptallocError(f"nothing that can be chosen is called {', '.join(words)}")


def why_these(solved: Solved) -> Findings:
    """Say for every member what it costs to decide otherwise, and where its prices break even."""
    desk = Desk(solved)
    cases = _screened(desk)
    _decide_otherwise(desk, cases)
    evens = _break_evens(desk, cases)
    model = solved.program.model
    moves = {case.member: moved(desk.arrays, case) for case in cases}
    words = {case.member: moves_in_words(model, case, moves[case.member]) for case in cases}
    sentences = [sentence(case, words[case.member]) for case in cases if case.found]
    sentences += [*rest_in_words(cases), *(str(row["in_words"]) for row in evens)]
    rows = [row_of(case, words[case.member]) for case in cases]
    tables = {
        CHOICES.name: pd.DataFrame(rows, columns=[c.name for c in CHOICES.columns]),
        MOVES.name: moves_table(model, cases, moves),
        BREAK_EVENS.name: pd.DataFrame(evens, columns=[c.name for c in BREAK_EVENS.columns]),
    }
    return Findings("Why these", tuple(sentences), tables, (CHOICES, MOVES, BREAK_EVENS))


def _screened(desk: Desk) -> list[Case]:
    """Every member that is asked about, the closest to the margin by the relaxation first."""
    solved, plan = desk.solved, desk.plan
    data, asked = solved.program.dataset, {fold(name) for name in solved.names}
    if plan.values is None:
        return []
    listed = [
        (choice, member)
        for family in solved.program.model.families
        for choice in family.choices
        for member in choice.members(data)
        if not asked or fold(member) in asked
    ]
    cases = []
    for k, (choice, member) in enumerate(listed):
        solved.step("bounding what each other decision costs", k, len(listed))
        take, leave = choice.take(data, member), choice.leave(data, member)
        case = Case(choice, member, not desk.keeps(plan.values, leave), bool(take), plan)
        if case.possible:
            bound = desk.bound(leave if case.taken else take)
            case.other = Known(max(bound, plan.bound), math.inf)
        cases.append(case)
    return sorted(cases, key=lambda case: (not case.possible, case.low))


def _decide_otherwise(desk: Desk, cases: Sequence[Case]) -> None:
    """Solve again with the other decision held, as far as time allows."""
    solved, data = desk.solved, desk.solved.program.dataset
    asked = [case for case in cases if case.possible]
    reserve = (1 - FOR_DECISIONS) * solved.left_s()
    for k, case in enumerate(asked):
        left = solved.left_s() - reserve
        if left < LEAST_S and k:
            return
        solved.step(f"deciding otherwise: {case.member}", k, len(asked))
        held = case.choice.leave if case.taken else case.choice.take
        # Half of what the plan took: less would not do where the plan itself was hard to find.
        share = max(LEAST_S, left / min(len(asked) - k, 4), solved.plan.seconds["solve"] / 2)
        found = desk.least_cost(held(data, case.member), within_s=share)
        case.other = Known(max(found.bound, case.other.bound), found.cost, found.values)


def _break_evens(desk: Desk, cases: Sequence[Case]) -> list[dict[str, object]]:
    """Break-even prices of the members whose other decision has a plan, as far as time allows."""
    solved, rows = desk.solved, []
    asked = [
        (case, price, cells)
        for case in cases
        if case.found and case.other.values is not None
        for price in case.choice.prices
        if (cells := priced(desk, price, case.member)) is not None
    ]
    for k, (case, price, cells) in enumerate(asked):
        left = solved.left_s()
        if left < LEAST_S:
            break
        solved.step(f"break-even {price.name}: {case.member}", k, len(asked))
        slice_s = max(LEAST_S, left / (4 * min(len(asked) - k, 3)))
        found = break_even(
            desk, case.choice, case.member, cells, case.with_it, case.without_it, slice_s
        )
        if found is not None:
            rows.append(break_even_row(desk.solved.program.dataset, case, price.name, cells, found))
    return rows
