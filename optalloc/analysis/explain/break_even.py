"""At which price a plan takes something or leaves it: bracketed by re-solves, to a tolerance.

The least cost with it is concave in its price, so that the cost of any one plan, a straight line,
lies above it: where that line meets the cost of doing without, the plan is as good, and it is taken
for certain. From there Newton steps go up, and one proof a little higher ends the search.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from optalloc.analysis.explain.what_if import Desk, Known
from optalloc.mip.arrays import Arrays
from optalloc.modelling.family import Choice, Price
from optalloc.scenarios.edits import Edit, edited

__all__ = ["TOLERANCE", "BreakEven", "Priced", "break_even", "priced"]

# Share of the break-even within which it is told, where the gaps allow it.
TOLERANCE = 0.01
STEPS = 40
# Times the price that there is, at most.
HIGHEST = 1000.0


@dataclass(frozen=True)
class Priced:
    """The cells of a price: sheet, column and row of each, and the mean of the first of them."""

    cells: tuple[tuple[str, str, int], ...]
    values: np.ndarray
    now: float
    lowest: float


@dataclass(frozen=True)
class BreakEven:
    """Taken for certain at up to ``taken``, left for certain from ``left`` on.

    Parameters
    ----------
    taken : float
        Minus infinity where no price is low enough, or none was found to be.
    left : float
        Infinite where none was found to be high enough.
    lowest : bool
        Whether it is proven to be left even at the lowest price that a cell may hold.
    matters : bool
        Whether the price matters at all: False where nothing is paid at it.
    """

    taken: float = -math.inf
    left: float = math.inf
    lowest: bool = False
    matters: bool = True

    def within(self, now: float) -> bool:
        """Whether both sides lie within the tolerance of the price, or of a tenth of that now."""
        width, size = self.left - self.taken, max(abs(self.taken), abs(now) / 10)
        return math.isfinite(width) and width <= 1.05 * TOLERANCE * size


def priced(desk: Desk, price: Price, member: str) -> Priced | None:
    """The cells of a price; None where no cell holds a number above 0."""
    data = desk.solved.program.dataset
    groups = [group for group in price.cells(data, member) if len(group[2])]
    if not groups:
        return None
    cells = tuple((sheet, column, row) for sheet, column, rows in groups for row in rows)
    held = [
        data[sheet][column].to_numpy(float)[data[sheet].index.get_loc(row)]
        for sheet, column, row in cells
    ]
    values = np.nan_to_num(np.array(held, dtype=float))
    sheet, column, rows = groups[0]
    now, spec = float(values[: len(rows)].mean()), data.sheets[sheet].by_name[column]
    if now <= 0 and len(cells) > 1:
        return None
    return Priced(cells, values, now, spec.at_least if spec.at_least is not None else -math.inf)


class _AtPrices:
    """The program at other prices: where only costs follow the price, without building it again."""

    def __init__(self, desk: Desk, cells: Priced) -> None:
        self._desk, self._cells = desk, cells
        other = cells.now * (1 + TOLERANCE) if cells.now > 0 else 1.0
        base, self._probe = desk.arrays, self._renewed(other)
        self.known = self._probe is not None
        if self._probe is None:
            return
        self.slope = (self._probe.cost - base.cost) / (other - cells.now)
        self.offset_slope = (self._probe.offset - base.offset) / (other - cells.now)
        self._costs_alone = all(
            np.array_equal(getattr(base, name), getattr(self._probe, name))
            for name in ("row_lower", "row_upper", "col_lower", "col_upper")
        ) and np.array_equal(base.matrix.data, self._probe.matrix.data)

    def __call__(self, price: float) -> Arrays | None:
        base = self._desk.arrays
        if price == self._cells.now:
            return base
        if not self._costs_alone:
            return self._renewed(price)
        step = price - self._cells.now
        return replace(
            base,
            cost=base.cost + step * self.slope,
            offset=base.offset + step * self.offset_slope,
        )

    def _renewed(self, price: float) -> Arrays | None:
        data, cells = self._desk.solved.program.dataset, self._cells
        share = price / cells.now if cells.now > 0 else 1.0
        values = cells.values * share if cells.now > 0 else np.full(len(cells.values), price)
        edits = [
            Edit(sheet, row, column, float(value))
            for (sheet, column, row), value in zip(cells.cells, values, strict=True)
        ]
        return self._desk.on(edited(data, edits))

    def concerns_only(self, member: str) -> bool:
        """Whether nothing but what the member does is paid at this price."""
        columns = self._desk.arrays.columns
        for at in np.flatnonzero(self.slope):
            key = columns[int(at)][1]
            if member not in (key if isinstance(key, tuple) else (key,)):
                return False
        return self._costs_alone and self.offset_slope == 0.0

    def exposure(self, values: np.ndarray | None) -> float:
        """What a plan costs more when the price rises by one."""
        return 0.0 if values is None else float(self.slope @ values + self.offset_slope)


@dataclass
class _Search:
    """What is known so far of one price of one member."""

    desk: Desk
    choice: Choice
    member: str
    prices: _AtPrices
    without: Known
    alone: bool
    slice_s: float

    def at(self, price: float, starts: Sequence[np.ndarray]) -> tuple[Known, Known]:
        """Least cost with the member and without it, as far as the question needs it."""
        data, arrays = self.desk.solved.program.dataset, self.prices(price)
        if arrays is None:
            return Known(-math.inf, math.inf), self.without
        without = self.without
        if not self.alone:
            leave = self.choice.leave(data, self.member)
            without = self.desk.least_cost(leave, within_s=self.slice_s, arrays=arrays)
        taken = self.desk.least_cost(
            self.choice.take(data, self.member),
            within_s=self.slice_s,
            arrays=arrays,
            gap=0.0,
            cutoff=without.cost,
            target=without.bound,
            starts=starts,
        )
        return taken, without

    def meeting(self, price: float, taken: Known, without: Known) -> float:
        """Price at which the plan with the member costs what doing without is sure to cost."""
        slope = self.prices.exposure(taken.values) - (
            0.0 if self.alone else self.prices.exposure(without.values)
        )
        if taken.values is None or slope <= 1e-12:
            return math.nan
        return price + (without.bound - taken.cost) / slope


def _verdict(taken: Known, without: Known) -> int:
    """1 where it is taken for certain, -1 where it is left, 0 where neither is proven."""
    size = 1e-9 * max(1.0, abs(without.cost) if math.isfinite(without.cost) else 1.0)
    if taken.cost <= without.bound + size:
        return 1
    return -1 if taken.bound >= without.cost - size else 0


def break_even(
    desk: Desk,
    choice: Choice,
    member: str,
    cells: Priced,
    taken: Known,
    without: Known,
    slice_s: float,
) -> BreakEven | None:
    """Bracket the price at which a member enters the plan, or leaves it.

    Parameters
    ----------
    desk : Desk
    choice, member : Choice, str
    cells : Priced
    taken, without : Known
        Least cost with and without the member at the price that there is.
    slice_s : float
        Seconds for each re-solve.

    Returns
    -------
    BreakEven or None
        None where the program at other prices is another program.
    """
    prices = _AtPrices(desk, cells)
    if not prices.known:
        return None
    search = _Search(desk, choice, member, prices, without, prices.concerns_only(member), slice_s)
    return _bracket(search, cells, taken, without)


@dataclass
class _Bracket:
    """Prices between which the break-even lies, and the next one to try.

    ``unclear`` is the highest price above ``low`` at which neither was proven.
    """

    lowest: float
    unit: float
    low: float = -math.inf
    high: float = math.inf
    unclear: float = -math.inf
    reach: float = 1.0

    @property
    def tolerance(self) -> float:
        size = abs(self.low) if math.isfinite(self.low) else 0.0
        return TOLERANCE * max(size, self.unit)

    @property
    def closed(self) -> bool:
        return self.high - max(self.low, self.unclear) <= self.tolerance

    def take(self, price: float, verdict: int) -> None:
        """Learn what holds at a price."""
        if verdict == 1:
            self.low = max(self.low, price)
        elif verdict == -1:
            self.high = min(self.high, price)
        elif math.isfinite(self.low):
            self.unclear = max(self.unclear, price)

    def next(self, meeting: float) -> float:
        """Where the last plan meets the cost of doing without; else upwards in growing steps."""
        # A little lower, where it is cheaper by more than the solver's own noise.
        price = meeting - self.tolerance / 20
        if not math.isfinite(self.low):
            price = min(price, self.high - self.tolerance) if price == price else self.lowest
            return max(price, self.lowest)
        known = max(self.low, self.unclear)
        if known + self.tolerance / 4 < price < self.high:
            return price
        price = known + self.reach * self.tolerance
        self.reach *= 2
        if price < self.high:
            return price
        return math.sqrt(known * self.high) if known > 0 else (known + self.high) / 2


def _bracket(search: _Search, cells: Priced, taken: Known, without: Known) -> BreakEven:
    """Try one price after the other until both sides are proven to the tolerance."""
    unit = max(abs(cells.now) / 10, 1e-6)
    bracket, price = _Bracket(cells.lowest, unit), cells.now
    bracket.take(price, _verdict(taken, without))
    meeting = search.meeting(price, taken, without)
    if math.isnan(meeting):
        return BreakEven(bracket.low, bracket.high, matters=False)
    for _ in range(STEPS):
        if bracket.closed or search.desk.solved.left_s() <= 0:
            break
        before, price = price, bracket.next(meeting)
        if price == before or price > HIGHEST * max(cells.now, 1.0):
            break
        starts = () if taken.values is None else (taken.values,)
        taken, without = search.at(price, starts)
        verdict = _verdict(taken, without)
        bracket.take(price, verdict)
        if verdict < 1 and price <= cells.lowest:
            return BreakEven(bracket.low, bracket.high, lowest=verdict == -1)
        meeting = search.meeting(price, taken, without)
    return BreakEven(bracket.low, bracket.high)
