"""Binding limits: the marginal value of each, and the saving of a useful step.

Two figures that differ are given side by side. The value of one more unit, with the integers of the
plan fixed, comes from a linear program. The saving of a step of a tenth comes from a re-solve of
the program; it may jump, and is known only within the gaps.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from optalloc.analysis.explain.context import Solved
from optalloc.analysis.explain.limit_cells import Spot, spot_of
from optalloc.analysis.explain.what_if import Known, WhatIf
from optalloc.data.dataset import Dataset
from optalloc.data.schema import Column, Kind
from optalloc.mip.arrays import Arrays
from optalloc.modelling.limits import Relax
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.tables import LIMITS
from optalloc.plan.audit import restate
from optalloc.plan.marginals import NOISE, BindingLimit, FixedPlan, binding_limits
from optalloc.plan.plan import Plan
from optalloc.report.findings import Findings, figure
from optalloc.scenarios.edits import Edit, edited

__all__ = ["BINDING", "what_binds"]

# Share of the budget for prices, and for prices and steps together.
FOR_PRICES, FOR_STEPS = 0.1, 0.35
# Seconds from which a re-solve is started; most steps that are tried, and most sentences.
LEAST_S, STEPS, MOST_SENTENCES = 2.0, 12, 12
STEP = 0.1


def _text(name: str, meaning: str) -> Column:
    return Column(name=name, kind=Kind.TEXT, meaning=meaning)


def _number(name: str, meaning: str, unit: str = "") -> Column:
    return Column(name=name, kind=Kind.NUMBER, unit=unit, meaning=meaning)


BINDING = TableSpec(
    name="Binding",
    meaning="Cells whose limits bind and have a price, and what it would bring to allow more.",
    key=("cell",),
    columns=(
        _text("family", "Family that sets the limit."),
        _text("limit", "Name of the limit."),
        _text("key", "What it is about."),
        _text("cell", "Cell that it comes from; other limits may come from it too."),
        _text("unit", "Unit of what it holds, more and step."),
        _number("holds", "What the cell holds."),
        _number("more", "A little more: one, or 0.01 of a share; below 0 where less allows more."),
        _number("saving", "What that saves, whole numbers as planned.", "M"),
        _number("step", "A useful step: a tenth more, at least as much as in more."),
        _number("step_as_planned", "What the step saves, whole numbers as planned.", "M"),
        _number("step_at_least", "The least it saves with everything planned again.", "M"),
        _number("step_at_most", "The most it saves with everything planned again.", "M"),
        _text("in_words", "What it means."),
    ),
)


@dataclass
class _Case:
    """One cell that limits the plan, its marginal value, and the saving of a step.

    Parameters
    ----------
    one : BindingLimit
        The limit from the cell with the highest price, in `words`; `others` more come from it.
    spot : Spot
    sign : int
        1 where a higher number allows more, -1 where a lower one does.
    """

    one: BindingLimit
    spot: Spot
    words: str
    others: int
    sign: int
    more: float
    saving: float
    step: float
    as_planned: float
    arrays: Arrays
    replanned: Known | None = None


def what_binds(solved: Solved) -> Findings:
    """Give the limits that bind, their marginal values, and the savings of useful steps."""
    what_if = WhatIf(solved)
    cases = _cases(what_if)
    if not solved.names:
        _step(what_if, cases)
    rows = [_row(solved, case) for case in cases]
    tables = {BINDING.name: pd.DataFrame(rows, columns=[c.name for c in BINDING.columns])}
    sentences = [str(row["in_words"]) for row in rows[:MOST_SENTENCES]]
    if not rows:
        sentences = [
            "With whole numbers as planned, a little more of what is limited would save nothing."
        ]
    return Findings("What limits the plan", tuple(sentences), tables, (BINDING,))


def _by_cell(what_if: WhatIf, fixed: FixedPlan) -> list[tuple[Spot, list[BindingLimit]]]:
    """Binding limits with a price, by the cell that they come from, the highest price first."""
    solved = what_if.solved
    program, plan = solved.program, solved.plan
    restated = restate(program.dataset, program.model, plan.tables)
    groups: dict[object, tuple[Spot, list[BindingLimit]]] = {}
    found = binding_limits(fixed.listed, solved.arrays, program.model, restated, plan[LIMITS.name])
    for one in found:
        limit = one.limit
        priced = replace(limit, cells=limit.priced_by) if limit.priced_by else limit
        spot = spot_of(program.dataset, priced, one.key)
        if spot is None or spot.new or math.isnan(spot.value):
            continue
        # A limit on what other decisions allow comes from its cell only in part.
        is_own = limit.relax is not Relax.NEVER or math.isclose(spot.value, one.allowed)
        if is_own or limit.priced_by:
            groups.setdefault(spot.key, (spot, []))[1].append(one)
    by_price = [
        (sum(one.most * abs(one.allowed) for one in ones), spot, ones)
        for spot, ones in groups.values()
    ]
    return [(spot, ones) for _, spot, ones in sorted(by_price, key=lambda group: -group[0])]


def _cases(what_if: WhatIf) -> list[_Case]:
    """Cells with their marginal values, the largest saving of a useful step first."""
    solved = what_if.solved
    values, limits = solved.plan.outcome.values, solved.plan[LIMITS.name]
    assert values is not None
    fixed = FixedPlan(solved.arrays, values, solved.options)
    words = limits.set_index(["limit", "key"])["in_words"].to_dict()
    groups = _by_cell(what_if, fixed)
    cases, ending = [], solved.left_s() - FOR_PRICES * solved.budget_s
    for k, (spot, ones) in enumerate(groups):
        if solved.left_s() < ending and k:
            break
        solved.step("what a little more would save", k, len(groups))
        more = _more(solved.program.dataset, spot)
        step = max(STEP * abs(spot.value), more)
        for sign in (1, -1):
            little = _at(what_if, spot, sign * more)
            saving = 0.0 if little is None else fixed.saving_on(little)
            if saving <= NOISE:
                continue
            far = _at(what_if, spot, sign * step)
            if far is not None and little is not None:
                sentence = str(words[ones[0].limit.name, ones[0].about])
                case = _Case(
                    ones[0],
                    spot,
                    sentence,
                    len(ones) - 1,
                    sign,
                    more,
                    saving,
                    step,
                    fixed.saving_on(far),
                    far,
                )
                cases.append(case)
            break
    return sorted(cases, key=lambda case: -case.as_planned)


def _more(data: Dataset, spot: Spot) -> float:
    """A little more: one unit, or a percentage point of a share."""
    column = data.sheets[spot.sheet].by_name[spot.column]
    small = column.unit.startswith("share") or abs(spot.value) <= 1
    return 0.01 if small and column.kind is not Kind.INTEGER else 1.0


def _at(what_if: WhatIf, spot: Spot, change: float) -> Arrays | None:
    """The program with a cell changed; None if that is out of bounds, or has other rows."""
    data = what_if.solved.program.dataset
    column, value = data.sheets[spot.sheet].by_name[spot.column], spot.value + change
    least = -math.inf if column.at_least is None else column.at_least
    most = math.inf if column.at_most is None else column.at_most
    if not least <= value <= most:
        return None
    return what_if.on(edited(data, [Edit(spot.sheet, spot.row, spot.column, value)]))


def _step(what_if: WhatIf, cases: Sequence[_Case]) -> None:
    """Re-solve with a useful step of the cells of highest price, as far as time allows."""
    solved, chosen = what_if.solved, cases[:STEPS]
    ending = solved.left_s() - (FOR_STEPS - FOR_PRICES) * solved.budget_s
    for k, case in enumerate(chosen):
        left = solved.left_s() - ending
        if left < LEAST_S:
            return
        solved.step(f"a useful step: {case.one.limit.name} {case.one.about}", k, len(chosen))
        share = max(LEAST_S, left / min(len(chosen) - k, 3), solved.plan.seconds["solve"] / 2)
        case.replanned = what_if.least_cost(arrays=case.arrays, within_s=share)


def _bounds(plan: Plan, case: _Case) -> tuple[float, float]:
    """Least and most saving of the step; NaN where there was no re-solve."""
    if case.replanned is None:
        return math.nan, math.nan
    # Relaxing a limit never costs more.
    least = max(plan.bound - case.replanned.cost, 0.0)
    if plan.gap == 0:
        least = max(least, case.as_planned)
    return least, max(plan.cost - case.replanned.bound, least)


def _row(solved: Solved, case: _Case) -> dict[str, object]:
    data, spot = solved.program.dataset, case.spot
    least, most = _bounds(solved.plan, case)
    return {
        "family": case.one.family,
        "limit": case.one.limit.name,
        "key": case.one.about,
        "cell": spot.address(data),
        "unit": data.sheets[spot.sheet].by_name[spot.column].unit,
        "holds": spot.value,
        "more": case.sign * case.more,
        "saving": case.saving,
        "step": case.sign * case.step,
        "step_as_planned": case.as_planned,
        "step_at_least": least,
        "step_at_most": most,
        "in_words": _in_words(solved, case),
    }


def _in_words(solved: Solved, case: _Case) -> str:
    data, spot = solved.program.dataset, case.spot
    unit = data.sheets[spot.sheet].by_name[spot.column].unit.partition(" (")[0]
    # A unit that depends on the row, such as "score, share or MW", would not help here.
    unit = "" if unit.startswith("share") or " or " in unit else f" {unit}"
    way = "more" if case.sign > 0 else "less"
    little, step = (f"{figure(amount)}{unit} {way}" for amount in (case.more, case.step))
    more = f"{case.others} more limit{'s' if case.others > 1 else ''}"
    others = f"; from this cell, {more} too" if case.others else ""
    sentence = (
        f"{case.words[:1].upper()}{case.words[1:]} ({spot.address(data)}{others}). With whole "
        f"numbers as planned, {little} saves {figure(case.saving, 3)} M and {step} saves "
        f"{figure(case.as_planned, 3)} M."
    )
    least, most = _bounds(solved.plan, case)
    if math.isnan(most):
        return sentence
    if least <= NOISE:
        saved = f"what {step} saves is undecided within the gaps: {figure(most, 3)} M at most"
    elif most - least <= 5e-3 * most:
        saved = f"{step} saves {figure(most, 3)} M"
    else:
        saved = f"{step} saves {figure(least, 3)} to {figure(most, 3)} M"
    return f"{sentence} With everything planned again, {saved}."
