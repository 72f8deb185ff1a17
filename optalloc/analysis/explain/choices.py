"""Choices: the cost of the other decision for each member, and break-even prices.

The relaxation bounds the cost of the other decision for every member. Those closest to the margin
are solved again with the other decision fixed, and their break-even prices are searched for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from optalloc.analysis.explain.break_even import break_even, price_cells
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
from optalloc.analysis.explain.what_if import Known, WhatIf
from optalloc.data.dataset import Dataset
from optalloc.data.reader import fold, suggest
from optalloc.errors import OptallocError
from optalloc.modelling.model import Model
from optalloc.report.findings import Findings

__all__ = ["insist_on_members", "why_these"]

# Share of the time for the other decisions; the rest is for break-evens.
FOR_DECISIONS = 0.6
# Seconds from which a re-solve is started, and the fewest that it gets.
LEAST_S = 2.0


def insist_on_members(data: Dataset, model: Model, names: Sequence[str]) -> None:
    """Refuse names that are not members of a choice.

    Raises
    ------
    OptallocError
        With all of them, and the closest known name of each.
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
    """Give for every member the cost of deciding otherwise, and its break-even prices."""
    what_if = WhatIf(solved)
    cases = _screened(what_if)
    _decide_otherwise(what_if, cases)
    evens = _break_evens(what_if, cases)
    model = solved.program.model
    moves = {case.member: moved(what_if.arrays, case) for case in cases}
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


def _screened(what_if: WhatIf) -> list[Case]:
    """Every wanted member, the closest to the margin by the relaxation first."""
    solved, plan = what_if.solved, what_if.plan
    data, wanted = solved.program.dataset, {fold(name) for name in solved.names}
    if plan.values is None:
        return []
    listed = [
        (choice, member)
        for family in solved.program.model.families
        for choice in family.choices
        for member in choice.members(data)
        if not wanted or fold(member) in wanted
    ]
    cases = []
    for k, (choice, member) in enumerate(listed):
        solved.step("bounding what each other decision costs", k, len(listed))
        take, leave = choice.take(data, member), choice.leave(data, member)
        case = Case(choice, member, not what_if.keeps(plan.values, leave), bool(take), plan)
        if case.possible:
            bound = what_if.bound(leave if case.taken else take)
            case.other = Known(max(bound, plan.bound), math.inf)
        cases.append(case)
    return sorted(cases, key=lambda case: (not case.possible, case.low))


def _decide_otherwise(what_if: WhatIf, cases: Sequence[Case]) -> None:
    """Solve again with the other decision fixed, as far as time allows."""
    solved, data = what_if.solved, what_if.solved.program.dataset
    open_cases = [case for case in cases if case.possible]
    reserve = (1 - FOR_DECISIONS) * solved.left_s()
    for k, case in enumerate(open_cases):
        left = solved.left_s() - reserve
        if left < LEAST_S and k:
            return
        solved.step(f"deciding otherwise: {case.member}", k, len(open_cases))
        other = case.choice.leave if case.taken else case.choice.take
        # At least half the plan's own time: less would not do where it was hard to find.
        share = max(LEAST_S, left / min(len(open_cases) - k, 4), solved.plan.seconds["solve"] / 2)
        found = what_if.least_cost(other(data, case.member), within_s=share)
        case.other = Known(max(found.bound, case.other.bound), found.cost, found.values)


def _break_evens(what_if: WhatIf, cases: Sequence[Case]) -> list[dict[str, object]]:
    """Break-even prices of the members whose other decision has a plan, as far as time allows."""
    solved, rows = what_if.solved, []
    searches = [
        (case, price, cells)
        for case in cases
        if case.found and case.other.values is not None
        for price in case.choice.prices
        if (cells := price_cells(what_if, price, case.member)) is not None
    ]
    for k, (case, price, cells) in enumerate(searches):
        left = solved.left_s()
        if left < LEAST_S:
            break
        solved.step(f"break-even {price.name}: {case.member}", k, len(searches))
        slice_s = max(LEAST_S, left / (4 * min(len(searches) - k, 3)))
        found = break_even(
            what_if, case.choice, case.member, cells, case.with_it, case.without_it, slice_s
        )
        if found is not None:
            rows.append(
                break_even_row(what_if.solved.program.dataset, case, price.name, cells, found)
            )
    return rows
