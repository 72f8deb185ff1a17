"""What limits the plan: the price of each limit that binds, and what a useful step would bring.

Two figures that are not the same stand side by side. One more unit, with the plan's whole numbers
as they are, is a matter of a linear program. A step of a tenth, with everything planned anew, is a
plan of its own, which may jump; it is known only within the gaps.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from optalloc.analysis.explain.context import Solved
from optalloc.analysis.explain.limit_cells import Spot, spot_of
from optalloc.analysis.explain.what_if import Desk, Known
from optalloc.data.dataset import Dataset
from optalloc.data.schema import Column, Kind
from optalloc.mip.arrays import Arrays
from optalloc.modelling.family import Relax
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.tables import LIMITS
from optalloc.plan.audit import restate
from optalloc.plan.marginals import NOISE, FixedPlan, Priced, priced_limits
from optalloc.plan.plan import Plan
from optalloc.report.findings import Findings, figure
from optalloc.scenarios.edits import Edit, edited

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
        _number("step_at_least", "The least it saves with everything planned anew.", "M"),
        _number("step_at_most", "The most it saves with everything planned anew.", "M"),
        _text("in_words", "What it means."),
    ),
)


@dataclass
class _Case:
    """One cell that limits the plan, what a little more saves, and what a step brings.

    Parameters
    ----------
    one : Priced
        The dearest limit that comes from the cell, said in `words`; `others` more do.
    spot : Spot
    sign : int
        1 where a higher number allows more, -1 where a lower one does.
    """

    one: Priced
    spot: Spot
    words: str
    others: int
    sign: int
    more: float
    saving: float
    step: float
    as_planned: float
    arrays: Arrays
    anew: Known | None = None


def what_binds(solved: Solved) -> Findings:
    """Say which limits bind, what a little more of each saves, and what a useful step would."""
    desk = Desk(solved)
    cases = _priced(desk)
    if not solved.names:
        _step(desk, cases)
    rows = [_row(solved, case) for case in cases]
    tables = {BINDING.name: pd.DataFrame(rows, columns=[c.name for c in BINDING.columns])}
    said = [str(row["in_words"]) for row in rows[:SAID]]
    if not rows:
        said = ["No limit of the workbook has a price: a little more would save nothing."]
    return Findings("What limits the plan", tuple(said), tables, (BINDING,))


def _by_cell(desk: Desk, fixed: FixedPlan) -> list[tuple[Spot, list[Priced]]]:
    """Limits that bind and have a price by the cell that they come from, the dearest cell first."""
    solved = desk.solved
    program, plan = solved.program, solved.plan
    restated = restate(program.dataset, program.model, plan.tables)
    groups: dict[object, tuple[Spot, list[Priced]]] = {}
    found = priced_limits(fixed, solved.arrays, program.model, restated, plan[LIMITS.name])
    for one in found:
        spot = spot_of(program.dataset, one.limit, one.key)
        if spot is None or spot.new or math.isnan(spot.value):
            continue
        # What follows from other decisions comes from its cell only in part.
        if one.limit.relax is not Relax.NEVER or math.isclose(spot.value, one.allowed):
            groups.setdefault(spot.key, (spot, []))[1].append(one)
    dear = [
        (sum(one.most * abs(one.allowed) for one in ones), spot, ones)
        for spot, ones in groups.values()
    ]
    return [(spot, ones) for _, spot, ones in sorted(dear, key=lambda group: -group[0])]


def _priced(desk: Desk) -> list[_Case]:
    """Cells with what a little more saves, the most by a useful step first."""
    solved = desk.solved
    values, limits = solved.plan.outcome.values, solved.plan[LIMITS.name]
    assert values is not None
    fixed = FixedPlan(solved.arrays, values, solved.options)
    words = limits.set_index(["limit", "key"])["in_words"].to_dict()
    groups = _by_cell(desk, fixed)
    cases, ending = [], solved.left_s() - FOR_PRICES * solved.budget_s
    for k, (spot, ones) in enumerate(groups):
        if solved.left_s() < ending and k:
            break
        solved.step("what a little more would save", k, len(groups))
        more = _more(solved.program.dataset, spot)
        step = max(STEP * abs(spot.value), more)
        for sign in (1, -1):
            little = _at(desk, spot, sign * more)
            saving = 0.0 if little is None else fixed.saving_on(little)
            if saving <= NOISE:
                continue
            far = _at(desk, spot, sign * step)
            if far is not None and little is not None:
                said = str(words[ones[0].limit.name, ones[0].about])
                case = _Case(
                    ones[0],
                    spot,
                    said,
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


def _at(desk: Desk, spot: Spot, change: float) -> Arrays | None:
    """The program with a cell changed; None where it may not hold that, or has other rows then."""
    data = desk.solved.program.dataset
    column, value = data.sheets[spot.sheet].by_name[spot.column], spot.value + change
    least = -math.inf if column.at_least is None else column.at_least
    most = math.inf if column.at_most is None else column.at_most
    if not least <= value <= most:
        return None
    return desk.on(edited(data, [Edit(spot.sheet, spot.row, spot.column, value)]))


def _step(desk: Desk, cases: Sequence[_Case]) -> None:
    """Plan anew with a useful step of the dearest cells, as far as time allows."""
    solved, chosen = desk.solved, cases[:STEPS]
    ending = solved.left_s() - (FOR_STEPS - FOR_PRICES) * solved.budget_s
    for k, case in enumerate(chosen):
        left = solved.left_s() - ending
        if left < LEAST_S:
            return
        solved.step(f"a useful step: {case.one.limit.name} {case.one.about}", k, len(chosen))
        share = max(LEAST_S, left / min(len(chosen) - k, 3), solved.plan.seconds["solve"] / 2)
        case.anew = desk.least_cost(arrays=case.arrays, within_s=share)


def _bounds(plan: Plan, case: _Case) -> tuple[float, float]:
    """What the step saves, at least and at most; NaN where it was not planned anew."""
    if case.anew is None:
        return math.nan, math.nan
    # Allowing more never costs more.
    least = max(plan.bound - case.anew.cost, 0.0)
    if plan.gap == 0:
        least = max(least, case.as_planned)
    return least, max(plan.cost - case.anew.bound, least)


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
    # A unit that depends on the row, such as "score, share or MW", would say nothing here.
    unit = "" if unit.startswith("share") or " or " in unit else f" {unit}"
    way = "more" if case.sign > 0 else "less"
    little, step = (f"{figure(amount)}{unit} {way}" for amount in (case.more, case.step))
    more = f"{case.others} more limit{'s' if case.others > 1 else ''}"
    others = f"; from this cell, {more} too" if case.others else ""
    said = (
        f"{case.words[:1].upper()}{case.words[1:]} ({spot.address(data)}{others}). With whole "
        f"numbers as planned, {little} saves {figure(case.saving, 3)} M and {step} saves "
        f"{figure(case.as_planned, 3)} M."
    )
    least, most = _bounds(solved.plan, case)
    if math.isnan(most):
        return said
    if least <= NOISE:
        saved = f"what {step} saves is undecided within the gaps: {figure(most, 3)} M at most"
    elif most - least <= 5e-3 * most:
        saved = f"{step} saves {figure(most, 3)} M"
    else:
        saved = f"{step} saves {figure(least, 3)} to {figure(most, 3)} M"
    return f"{said} With everything planned anew, {saved}."
