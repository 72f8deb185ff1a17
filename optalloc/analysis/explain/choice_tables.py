"""Tables and sentences about the members of a choice."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from optalloc.analysis.explain.break_even import BreakEven, PriceCells
from optalloc.analysis.explain.what_if import Known
from optalloc.compile import values_of
from optalloc.data.dataset import Dataset
from optalloc.data.schema import Column, Kind
from optalloc.mip.arrays import Arrays
from optalloc.modelling.choices import Choice
from optalloc.modelling.model import Model
from optalloc.modelling.outputs import TableSpec
from optalloc.report.findings import figure
from optalloc.scenarios.edits import where

__all__ = [
    "BREAK_EVENS",
    "CHOICES",
    "MOVES",
    "Case",
    "break_even_row",
    "moved",
    "moves_in_words",
    "moves_table",
    "rest_in_words",
    "row_of",
    "sentence",
]

# Most differences in a sentence, the largest first; smaller ones are noise.
MOST_MOVES, LEAST_MOVE = 5, 1e-4
# Gap up to which a plan that decides otherwise is worth a sentence.
USEFUL_GAP = 0.05


def _text(name: str, meaning: str) -> Column:
    return Column(name=name, kind=Kind.TEXT, meaning=meaning)


def _number(name: str, meaning: str, unit: str = "") -> Column:
    return Column(name=name, kind=Kind.NUMBER, unit=unit, meaning=meaning)


WHAT = _text("choice", "What is chosen, such as a site.")
WHICH = _text("member", "Which one.")
CHOICES = TableSpec(
    name="Choices",
    meaning="What the plan takes and leaves one by one, and what the other decision would cost.",
    key=("choice", "member"),
    columns=(
        WHAT,
        WHICH,
        Column(name="in_plan", kind=Kind.FLAG, meaning="Whether the plan takes it."),
        _number("cost_with", "Cost of the cheapest plan found that takes it.", "M"),
        _number("cost_with_at_least", "What any plan that takes it costs at least.", "M"),
        _number("cost_without", "Cost of the cheapest plan found that leaves it.", "M"),
        _number("cost_without_at_least", "What any plan that leaves it costs at least.", "M"),
        _number("change_at_least", "Cost of deciding otherwise; below 0 it may save.", "M"),
        _number("change_at_most", "The same at most; blank where no such plan was found.", "M"),
        _text("verdict", "In words."),
        _text("moves", "What differs by the last period in that other plan."),
    ),
)
MOVES = TableSpec(
    name="Moves",
    meaning="Plan against the cheapest plan found that decides otherwise about one member.",
    key=("choice", "member", "moved", "period"),
    columns=(
        WHAT,
        _text("member", "About which one it is decided otherwise."),
        _text("moved", "What has more or less then."),
        _text("period", "Period."),
        _number("in_plan", "In the plan, in the unit beside."),
        _number("otherwise", "In the other plan, in the unit beside."),
        _text("unit", "Unit of both."),
    ),
)
BREAK_EVENS = TableSpec(
    name="BreakEvens",
    meaning="Prices at which something enters the plan or leaves it, all else as it is.",
    key=("choice", "member", "price"),
    columns=(
        WHAT,
        WHICH,
        _text("price", "What price."),
        _text("cells", "Cells that hold it; several rise and fall in proportion."),
        _text("unit", "Unit of the price."),
        _number("now", "The price that there is; the mean of the cells named first."),
        _number("taken_up_to", "At up to this price it is in a plan of least cost, proven."),
        _number("left_from", "From this price on it is not, proven."),
        _number("tolerance", "How far both are apart, as a share of the price.", "share"),
        _text("in_words", "What it means."),
    ),
)


@dataclass
class Case:
    """One member: its decision in the plan, and the least cost with either decision."""

    choice: Choice
    member: str
    taken: bool
    possible: bool = True
    same: Known = field(default_factory=lambda: Known(-math.inf, math.inf))
    other: Known = field(default_factory=lambda: Known(-math.inf, math.inf))

    @property
    def low(self) -> float:
        """Least extra cost of deciding otherwise."""
        return self.other.bound - self.same.cost

    @property
    def high(self) -> float:
        """Most extra cost of deciding otherwise."""
        return self.other.cost - self.same.bound

    @property
    def decided(self) -> bool:
        """True if deciding otherwise is proven to cost more."""
        return self.low > 1e-9 * max(1.0, abs(self.same.cost))

    @property
    def found(self) -> bool:
        """True if a good plan that decides otherwise was found, or proven not to exist."""
        return self.other.gap <= USEFUL_GAP or self.other.impossible

    @property
    def with_it(self) -> Known:
        """Least cost of a plan that takes it."""
        return self.same if self.taken else self.other

    @property
    def without_it(self) -> Known:
        """Least cost of a plan that leaves it."""
        return self.other if self.taken else self.same


def moved(arrays: Arrays, case: Case) -> pd.DataFrame:
    """Differences between the plan and the one that decides otherwise.

    Returns
    -------
    pandas.DataFrame
        moved, period, in_plan, otherwise; periods in their order.
    """
    columns = ["moved", "period"]
    if not case.found or case.other.values is None or case.same.values is None:
        return pd.DataFrame(columns=[*columns, "in_plan", "otherwise"])
    table, own = values_of(arrays, case.choice.ledger, case.same.values)
    _, other = values_of(arrays, case.choice.ledger, case.other.values)
    frame = table.frame(columns).assign(in_plan=own, otherwise=other)
    frame["last"] = frame["period"] == frame["period"].iloc[-1]
    return frame[(frame["in_plan"] - frame["otherwise"]).abs() > LEAST_MOVE]


def moves_in_words(model: Model, case: Case, moves: pd.DataFrame) -> str:
    """The largest differences in the last period."""
    unit = model.ledgers[case.choice.ledger].unit
    if moves.empty:
        return ""
    last = moves[moves["last"]]
    change = (last["otherwise"] - last["in_plan"]).set_axis(last["moved"])
    if change.empty:
        return "nothing moves by the last period, only earlier"
    largest = change.reindex(change.abs().sort_values(ascending=False, kind="stable").index)
    parts = [
        f"{name} {'+' if amount > 0 else '-'}{figure(abs(amount))}"
        for name, amount in largest.head(MOST_MOVES).items()
    ]
    more = f" and {len(largest) - MOST_MOVES} others" if len(largest) > MOST_MOVES else ""
    return f"by {last['period'].iloc[0]}: {', '.join(parts)}{more} ({unit})"


def moves_table(
    model: Model, cases: Sequence[Case], moves: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    """All differences, as the table `MOVES`."""
    frames = [
        moves[case.member].assign(
            choice=case.choice.noun, member=case.member, unit=model.ledgers[case.choice.ledger].unit
        )
        for case in cases
        if len(moves[case.member])
    ]
    columns = [column.name for column in MOVES.columns]
    if not frames:
        return pd.DataFrame(columns=columns)
    return pd.concat(frames, ignore_index=True)[columns]


def row_of(case: Case, moves: str) -> dict[str, object]:
    """One member as a row of the table `CHOICES`."""
    with_it, without_it = case.with_it, case.without_it
    return {
        "choice": case.choice.noun,
        "member": case.member,
        "in_plan": case.taken,
        "cost_with": _finite(with_it.cost),
        "cost_with_at_least": _finite(with_it.bound),
        "cost_without": _finite(without_it.cost),
        "cost_without_at_least": _finite(without_it.bound),
        "change_at_least": _finite(case.low),
        "change_at_most": _finite(case.high),
        "verdict": _verdict(case),
        "moves": moves,
    }


def _finite(number: float) -> float:
    return number if math.isfinite(number) else math.nan


def _verdict(case: Case) -> str:
    if not case.possible:
        return case.choice.never.format(member=case.member)
    stays = "stays in" if case.taken else "stays out"
    if case.other.impossible:
        return f"{stays}: there is no plan {'without' if case.taken else 'with'} it"
    if case.decided:
        other = "leaving it out" if case.taken else "taking it"
        return f"{stays}: {other} costs {_amount(case)} M more"
    return f"undecided: {'without' if case.taken else 'with'} it the cost is {_undecided(case)}"


def _amount(case: Case) -> str:
    """Extra cost of deciding otherwise: both ends, or one number where they agree."""
    low, high = case.low, case.high
    if not math.isfinite(high):
        return f"at least {figure(low)}"
    return (
        f"{figure(high)}" if high - low <= 5e-3 * abs(high) else f"{figure(low)} to {figure(high)}"
    )


def _undecided(case: Case) -> str:
    less = f"{figure(max(-case.low, 0.0))} M lower"
    if not math.isfinite(case.high):
        return f"at most {less}"
    return f"between {less} and {figure(case.high)} M higher"


def sentence(case: Case, moves: str) -> str:
    """One member in words."""
    choice, member = case.choice, case.member
    own, other = choice.taken, choice.left
    if not case.taken:
        own, other = other, own
    own, other = own.format(member=member), other.format(member=member)
    if case.other.impossible:
        return f"{member}: the plan {own}; no plan {other} and meets every limit."
    then = f" What moves then {moves}." if moves.startswith("by") else ""
    if case.decided:
        return (
            f"{member}: the plan {own}; the best plan that {other} costs {_amount(case)} M more."
            f"{then}"
        )
    saved = case.same.cost - case.other.cost
    cheaper = (
        f" One of those costs {figure(saved)} M less than this plan, which is within its gap."
        if saved > 1e-9 * abs(case.same.cost)
        else ""
    )
    return (
        f"{member}: the plan {own}, but the gaps do not decide it: the cost of the best plan that "
        f"{other} is {_undecided(case)}.{cheaper}{then}"
    )


def rest_in_words(cases: Sequence[Case]) -> list[str]:
    """Sentences about the members that have none of their own."""
    rest = [case for case in cases if case.possible and not case.found]
    sure = sorted((case for case in rest if case.decided), key=lambda case: case.low)
    sentences = []
    for taken, what in ((False, "Taking"), (True, "Leaving out")):
        named = [f"{case.member} {figure(case.low)} M" for case in sure if case.taken is taken]
        if named:
            sentences.append(
                f"{what} one of these costs at least so much more: {', '.join(named)}."
            )
    for taken, what in ((False, "Taking"), (True, "Leaving out")):
        named = [_at_best(case) for case in rest if not case.decided and case.taken is taken]
        if named:
            sentences.append(
                f"{what} one of these is not settled; what it could save at most is in brackets: "
                f"{', '.join(named)}. Ask for one by name, or allow a larger budget."
            )
    for case in cases:
        if not case.possible:
            never = case.choice.never.format(member=case.member)
            sentences.append(f"{never[0].upper()}{never[1:]}.")
    return sentences


def _at_best(case: Case) -> str:
    """A member, the most that deciding otherwise could save, and the best such plan found."""
    known = (
        f"; the best such plan known costs {figure(case.other.cost, 6)} M"
        if math.isfinite(case.other.cost)
        else ""
    )
    return f"{case.member} ({figure(max(-case.low, 0.0))} M{known})"


def break_even_row(
    data: Dataset, case: Case, name: str, cells: PriceCells, found: BreakEven
) -> dict[str, object]:
    """One price of one member as a row of the table `BREAK_EVENS`."""
    sheet, column, _ = cells.cells[0]
    unit = data.sheets[sheet].by_name[column].unit
    width = (found.left - found.taken) / max(abs(found.taken), 1e-9)
    return {
        "choice": case.choice.noun,
        "member": case.member,
        "price": name,
        "cells": _addresses(data, cells),
        "unit": unit,
        "now": cells.now,
        "taken_up_to": _finite(found.taken),
        "left_from": _finite(found.left),
        "tolerance": _finite(width),
        "in_words": _break_even_in_words(data, case, name, cells, found),
    }


def _addresses(data: Dataset, cells: PriceCells) -> str:
    """Cells by sheet, a stretch of one column as a range."""
    groups: dict[tuple[str, str], list[int]] = {}
    for sheet, column, row in cells.cells:
        groups.setdefault((sheet, column), []).append(row)
    addresses = []
    for (sheet, column), rows in groups.items():
        starts = [k for k, row in enumerate(rows) if k == 0 or row != rows[k - 1] + 1]
        for first, after in zip(starts, [*starts[1:], len(rows)], strict=True):
            start, end = (where(data, sheet, row, column) for row in (rows[first], rows[after - 1]))
            there = data.places.get(sheet)
            # That a sheet lacks the column is stated for the first row only.
            single = start == end or (there is not None and column not in there.columns)
            addresses.append(start if single else f"{start}:{end.partition('!')[2]}")
    return ", ".join(addresses)


def _break_even_in_words(
    data: Dataset, case: Case, name: str, cells: PriceCells, found: BreakEven
) -> str:
    sheet, column, _ = cells.cells[0]
    unit = data.sheets[sheet].by_name[column].unit
    now = f"now {figure(cells.now)}; {_addresses(data, cells)}"
    of = f"{case.member}, {name}"
    if len(cells.cells) > 1:
        now = f"{now}, all in proportion, as their mean"
    if found.earns or not found.matters:
        words = "it earns more at this price than it pays, so that a higher one speaks for it; "
        words += f"others were not tried ({now})."
        nothing = f"it pays nothing at this price ({now}), which so decides nothing."
        return f"{of}: {words if found.earns else nothing}"
    if found.lowest:
        return (
            f"{of}: even at {cells.lowest:g} {unit} it would not be taken; it would have to be "
            f"below that ({now})."
        )
    if not math.isfinite(found.taken):
        up = (
            f" At {figure(found.left)} {unit} or more it is not taken."
            if found.left < math.inf
            else ""
        )
        return f"{of}: at which price it would be taken is undecided within the gaps ({now}).{up}"
    if not math.isfinite(found.left):
        return (
            f"{of}: taken at up to {figure(found.taken)} {unit}; up to where beyond that is "
            f"undecided ({now})."
        )
    if found.within(cells.now):
        turn = "leaves the plan above" if case.taken else "enters the plan at or below"
        width = found.left - found.taken
        return (
            f"{of}: it {turn} {figure(found.taken)} {unit}, to within {figure(width, 2)} ({now})."
        )
    return (
        f"{of}: taken at up to {figure(found.taken)} {unit}, not taken from {figure(found.left)} "
        f"on; in between the gaps do not decide ({now})."
    )
