"""What limits the plan: the price of each limit that binds, and what a useful step would bring.

Two figures that are not the same stand side by side. One more unit, with the plan's whole numbers
as they are, is a matter of a linear program. A step of a tenth, with everything planned anew, is a
plan of its own, which may jump; it is known only within the gaps.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from optalloc.audit import restate
from optalloc.explain.desk import Desk, Known
from optalloc.explain.explanation import Explanation
from optalloc.explain.solved import Solved
from optalloc.family import TableSpec
from optalloc.marginals import NOISE, FixedPlan, Priced, priced_limits, unit_of
from optalloc.plan import Plan
from optalloc.schema import Column, Kind
from optalloc.tables import LIMITS

__all__ = ["BINDING", "what_binds"]

# Share of the budget for prices, and for prices and steps together.
FOR_PRICES, FOR_STEPS = 0.1, 0.35
# A re-solve is worth starting with so many seconds; so many steps are tried, and said.
LEAST_S, STEPS, SAID = 2.0, 12, 12
STEP = 0.1


def _text(name: str, meaning: str) -> Column:
    return Column(name=name, kind=Kind.TEXT, meaning=meaning)


def _number(name: str, meaning: str, unit: str = "") -> Column:
    return Column(name=name, kind=Kind.NUMBER, unit=unit, meaning=meaning)


BINDING = TableSpec(
    name="Binding",
    meaning="Limits that bind and have a price, and what it would bring to allow more.",
    key=("limit", "key"),
    columns=(
        _text("family", "Family that sets the limit."),
        _text("limit", "Name of the limit."),
        _text("key", "What it is about."),
        _text("unit", "Unit of allowed, more and step."),
        _number("allowed", "What the limit allows."),
        _number("more", "A little more: one, or 0.01 of a share."),
        _number("saving", "What that saves, whole numbers as planned.", "M"),
        _number("step", "A useful step: a tenth more, at least as much as in more."),
        _number("step_as_planned", "What the step saves, whole numbers as planned.", "M"),
        _number("step_at_least", "The least it saves with everything planned anew.", "M"),
        _number("step_at_most", "The most it saves with everything planned anew.", "M"),
        _text("in_words", "What it means."),
    ),
)


@dataclass
class _Case:
    """One limit, what a little more saves, and what a step brings."""

    one: Priced
    words: str
    saving: float
    step: float
    as_planned: float
    anew: Known | None = None


def what_binds(solved: Solved) -> Explanation:
    """Say which limits bind, what a little more of each saves, and what a useful step would."""
    fixed = FixedPlan(solved.arrays, _values(solved), solved.options)
    cases = _priced(solved, fixed)
    if not solved.names:
        _step(solved, fixed, cases)
    rows = [_row(solved.plan, case) for case in cases]
    tables = {BINDING.name: pd.DataFrame(rows, columns=[c.name for c in BINDING.columns])}
    said = [str(row["in_words"]) for row in rows[:SAID]]
    if not rows:
        said = ["No limit that binds has a price: more of what it allows would save nothing."]
    return Explanation("What limits the plan", tuple(said), tables, (BINDING,))


def _values(solved: Solved) -> np.ndarray:
    assert solved.plan.outcome.values is not None
    return solved.plan.outcome.values


def _priced(solved: Solved, fixed: FixedPlan) -> list[_Case]:
    """Limits with what a little more saves, the most by a useful step first."""
    program, plan = solved.program, solved.plan
    restated, limits = restate(program.dataset, program.model, plan.tables), plan[LIMITS.name]
    found = priced_limits(fixed, solved.arrays, program.model, restated, limits)
    words = limits.set_index(["limit", "key"])["in_words"].to_dict()
    cases, ending = [], solved.left_s() - FOR_PRICES * solved.budget_s
    for k, one in enumerate(found):
        if solved.left_s() < ending:
            break
        solved.step("what a little more would save", k, len(found))
        more = unit_of(one.limit)
        step = max(STEP * abs(one.allowed), more)
        saving = fixed.saving(one.rows, more)
        if saving > NOISE:
            as_planned = fixed.saving(one.rows, step)
            said = str(words[one.limit.name, one.about])
            cases.append(_Case(one, said, saving, step, as_planned))
    return sorted(cases, key=lambda case: -case.as_planned)


def _step(solved: Solved, fixed: FixedPlan, cases: Sequence[_Case]) -> None:
    """Plan anew with a useful step of the dearest limits, as far as time allows."""
    desk, chosen = Desk(solved), cases[:STEPS]
    ending = solved.left_s() - (FOR_STEPS - FOR_PRICES) * solved.budget_s
    for k, case in enumerate(chosen):
        left = solved.left_s() - ending
        if left < LEAST_S:
            return
        solved.step(f"a useful step: {case.one.limit.name} {case.one.about}", k, len(chosen))
        wider = fixed.wider(solved.arrays, case.one.rows, case.step)
        share = max(LEAST_S, left / min(len(chosen) - k, 3))
        case.anew = desk.least_cost(arrays=wider, within_s=share)


def _bounds(plan: Plan, case: _Case) -> tuple[float, float]:
    """What the step saves, at least and at most; NaN where it was not planned anew."""
    if case.anew is None:
        return math.nan, math.nan
    # Allowing more never costs more.
    least = max(plan.bound - case.anew.cost, 0.0)
    if plan.gap == 0:
        least = max(least, case.as_planned)
    return least, max(plan.cost - case.anew.bound, least)


def _row(plan: Plan, case: _Case) -> dict[str, object]:
    one = case.one
    least, most = _bounds(plan, case)
    return {
        "family": one.family,
        "limit": one.limit.name,
        "key": one.about,
        "unit": one.limit.unit,
        "allowed": one.allowed,
        "more": unit_of(one.limit),
        "saving": case.saving,
        "step": case.step,
        "step_as_planned": case.as_planned,
        "step_at_least": least,
        "step_at_most": most,
        "in_words": _in_words(plan, case),
    }


def _in_words(plan: Plan, case: _Case) -> str:
    one, more = case.one, unit_of(case.one.limit)
    step = f"{case.step:,.4g} {one.limit.unit.partition(' (')[0]} more"
    opening = case.words[:1].upper() + case.words[1:]
    times = "" if more == 1.0 else f" times {more:g}"
    said = (
        f"{opening}. With whole numbers as planned, {one.limit.marginal}{times}: "
        f"{case.saving:,.3g} M; {step} would save {case.as_planned:,.3g} M."
    )
    least, most = _bounds(plan, case)
    if math.isnan(most):
        return said
    if least <= NOISE:
        saved = f"what {step} would save is undecided within the gaps: {most:,.3g} M at most"
    elif most - least <= 5e-3 * most:
        saved = f"{step} would save {most:,.3g} M"
    else:
        saved = f"{step} would save {least:,.3g} to {most:,.3g} M"
    return f"{said} With everything planned anew, {saved}."
