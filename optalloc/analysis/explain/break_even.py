"""The price at which a member of a choice enters or leaves the plan, bracketed by re-solves.

The least cost with the member is concave in its price, and the cost of any one plan, a straight
line, lies above it. Where that line meets the cost without the member, the member is taken for
certain. From there Newton steps raise the price, and one proof a little higher ends the search.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from optalloc.analysis.explain.what_if import Known, WhatIf
from optalloc.mip.arrays import Arrays
from optalloc.modelling.choices import Choice, Price
from optalloc.scenarios.edits import Edit, edited

__all__ = ["TOLERANCE", "BreakEven", "PriceCells", "break_even", "price_cells"]

# Width of the final bracket as a share of the break-even, where the gaps allow it.
TOLERANCE = 0.01
STEPS = 40
# Most times the present price.
HIGHEST = 1000.0


@dataclass(frozen=True)
class PriceCells:
    """The cells of a price: sheet, column and row of each, and the mean of the first group."""

    cells: tuple[tuple[str, str, int], ...]
    values: np.ndarray
    now: float
    lowest: float


@dataclass(frozen=True)
class BreakEven:
    """Bracket of a break-even: taken for certain up to ``taken``, left for certain from ``left``.

    Parameters
    ----------
    taken : float
        Minus infinity where no price is proven low enough.
    left : float
        Infinite where none is proven high enough.
    lowest : bool
        True if it is proven to be left even at the lowest price that a cell may hold.
    matters : bool
        False if the plan pays nothing at this price.
    earns : bool
        True if it earns more at this price than it pays: where it is left lies below, and is not
        looked for.
    """

    taken: float = -math.inf
    left: float = math.inf
    lowest: bool = False
    matters: bool = True
    earns: bool = False

    def within(self, now: float) -> bool:
        """True if the bracket is as narrow as the tolerance, by its price or a tenth of ``now``."""
        width, size = self.left - self.taken, max(abs(self.taken), abs(now) / 10)
        return math.isfinite(width) and width <= 1.05 * TOLERANCE * size


def price_cells(what_if: WhatIf, price: Price, member: str) -> PriceCells | None:
    """The cells of a price; None where no cell holds a number above 0."""
    data = what_if.solved.program.dataset
    groups = [group for group in price.cells(data, member) if len(group[2])]
    if not groups:
        return None
    cells = tuple((sheet, column, row) for sheet, column, rows in groups for row in rows)
    found = [
        data[sheet][column].to_numpy(float)[data[sheet].index.get_loc(row)]
        for sheet, column, row in cells
    ]
    values = np.nan_to_num(np.array(found, dtype=float))
    sheet, column, rows = groups[0]
    now, spec = float(values[: len(rows)].mean()), data.sheets[sheet].by_name[column]
    if now <= 0 and len(cells) > 1:
        return None
    lowest = spec.at_least if spec.at_least is not None else -math.inf
    return PriceCells(cells, values, now, lowest)


class _AtPrices:
    """The program at other prices; it is not built again where the price enters only the costs."""

    def __init__(self, what_if: WhatIf, cells: PriceCells) -> None:
        self._what_if, self._cells = what_if, cells
        other = cells.now * (1 + TOLERANCE) if cells.now > 0 else 1.0
        base, self._probe = what_if.arrays, self._renewed(other)
        self.exists = self._probe is not None
        if self._probe is None:
            return
        self.slope = (self._probe.cost - base.cost) / (other - cells.now)
        self.offset_slope = (self._probe.offset - base.offset) / (other - cells.now)
        self._costs_alone = all(
            np.array_equal(getattr(base, name), getattr(self._probe, name))
            for name in ("row_lower", "row_upper", "col_lower", "col_upper")
        ) and np.array_equal(base.matrix.data, self._probe.matrix.data)

    def __call__(self, price: float) -> Arrays | None:
        base = self._what_if.arrays
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
        data, cells = self._what_if.solved.program.dataset, self._cells
        share = price / cells.now if cells.now > 0 else 1.0
        values = cells.values * share if cells.now > 0 else np.full(len(cells.values), price)
        edits = [
            Edit(sheet, row, column, float(value))
            for (sheet, column, row), value in zip(cells.cells, values, strict=True)
        ]
        return self._what_if.on(edited(data, edits))

    def concerns_only(self, member: str) -> bool:
        """True if only decisions about the member are paid at this price."""
        columns = self._what_if.arrays.columns
        for at in np.flatnonzero(self.slope):
            key = columns[int(at)][1]
            if member not in (key if isinstance(key, tuple) else (key,)):
                return False
        return self._costs_alone and self.offset_slope == 0.0

    def exposure(self, values: np.ndarray | None) -> float:
        """Increase of a plan's cost when the price rises by one."""
        return 0.0 if values is None else float(self.slope @ values + self.offset_slope)


@dataclass
class _Search:
    """Search for the break-even of one price of one member."""

    what_if: WhatIf
    choice: Choice
    member: str
    prices: _AtPrices
    without: Known
    alone: bool
    slice_s: float

    def at(self, price: float, starts: Sequence[np.ndarray]) -> tuple[Known, Known]:
        """Least cost with the member and without it, as far as a verdict needs it."""
        data, arrays = self.what_if.solved.program.dataset, self.prices(price)
        if arrays is None:
            return Known(-math.inf, math.inf), self.without
        without = self.without
        if not self.alone:
            leave = self.choice.leave(data, self.member)
            without = self.what_if.least_cost(leave, within_s=self.slice_s, arrays=arrays)
        taken = self.what_if.least_cost(
            self.choice.take(data, self.member),
            within_s=self.slice_s,
            arrays=arrays,
            gap=0.0,
            cutoff=without.cost,
            target=without.bound,
            starts=starts,
        )
        return taken, without

    def slope(self, taken: Known, without: Known) -> float:
        """Increase of the cost with the member over that without it when the price rises by one."""
        alone = 0.0 if self.alone else self.prices.exposure(without.values)
        return self.prices.exposure(taken.values) - alone

    def meeting(self, price: float, taken: Known, without: Known) -> float:
        """Price at which the plan with the member costs as much as the bound without it."""
        slope = self.slope(taken, without)
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
    what_if: WhatIf,
    choice: Choice,
    member: str,
    cells: PriceCells,
    taken: Known,
    without: Known,
    slice_s: float,
) -> BreakEven | None:
    """Bracket the price at which a member enters the plan, or leaves it.

    Parameters
    ----------
    what_if : WhatIf
    choice, member : Choice, str
    cells : PriceCells
    taken, without : Known
        Least cost with and without the member at the present price.
    slice_s : float
        Seconds for each re-solve.

    Returns
    -------
    BreakEven or None
        None where the program at other prices is another program.
    """
    prices = _AtPrices(what_if, cells)
    if not prices.exists:
        return None
    search = _Search(
        what_if, choice, member, prices, without, prices.concerns_only(member), slice_s
    )
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
        """Update the bracket by the verdict at a price."""
        if verdict == 1:
            self.low = max(self.low, price)
        elif verdict == -1:
            self.high = min(self.high, price)
        elif math.isfinite(self.low):
            self.unclear = max(self.unclear, price)

    def next(self, meeting: float) -> float:
        """Price where the last plan costs as much as without; else upwards in growing steps."""
        # A little lower, where it is cheaper by more than the solver's own noise.
        price = meeting - self.tolerance / 20
        if not math.isfinite(self.low):
            price = min(price, self.high - self.tolerance) if price == price else self.lowest
            return max(price, self.lowest)
        least = max(self.low, self.unclear)
        if least + self.tolerance / 4 < price < self.high:
            return price
        price = least + self.reach * self.tolerance
        self.reach *= 2
        if price < self.high:
            return price
        return math.sqrt(least * self.high) if least > 0 else (least + self.high) / 2


def _bracket(search: _Search, cells: PriceCells, taken: Known, without: Known) -> BreakEven:
    """Narrow the bracket, price by price, until it is proven to the tolerance."""
    unit = max(abs(cells.now) / 10, 1e-6)
    bracket, price = _Bracket(cells.lowest, unit), cells.now
    bracket.take(price, _verdict(taken, without))
    meeting = search.meeting(price, taken, without)
    if math.isnan(meeting):
        earns = search.slope(taken, without) < -1e-12
        return BreakEven(bracket.low, bracket.high, matters=earns, earns=earns)
    for _ in range(STEPS):
        if bracket.closed or search.what_if.solved.left_s() <= 0:
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
