"""The sheet Ranges becomes uncertainties with a quantile function, or every problem at its cell.

Low, mode and high are the percentiles P5, P50 and P95. Between and beyond them lie two half-normal
distributions that meet at the mode, each with a probability of 1/2: of the logarithm where cells
are multiplied, so that a factor stays above zero.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from optalloc.data.convert import shown
from optalloc.data.dataset import Dataset
from optalloc.data.reader import fold
from optalloc.errors import Problem
from optalloc.scenarios.cell_problems import CellProblems
from optalloc.scenarios.overrides import (
    Override,
    WrongOverride,
    altered,
    draws_integers,
    refuse_fractions,
    row_filter,
)
from optalloc.scenarios.range_sheet import RANGES
from optalloc.scenarios.read_outcomes import column_of, is_fixed
from optalloc.scenarios.sheet import Operation

__all__ = ["Range", "RangedUncertainty", "ranges_of"]

# The standard normal at P95.
P95 = NormalDist().inv_cdf(0.95)


@dataclass(frozen=True)
class Range:
    """A row of Ranges: the cells that it changes, and the distribution of the amount.

    Parameters
    ----------
    number : int
        Its row.
    override : Override
        The change at its mode.
    low, mode, high : float
        P5, P50 and P95.
    integral : bool
        Whether amounts are rounded.
    """

    number: int
    override: Override
    low: float
    mode: float
    high: float
    integral: bool = False

    def quantiles(self, u: np.ndarray) -> np.ndarray:
        """Amounts at probabilities strictly between 0 and 1.

        Examples
        --------
        >>> row = Range(2, Override("Demand", (), "it_mw", Operation.ADD, "0"), -10, 0, 30)
        >>> row.quantiles(np.array([0.05, 0.5, 0.95])).round(9).tolist()
        [-10.0, 0.0, 30.0]
        """
        from scipy.special import ndtri  # noqa: PLC0415  (a check draws no amounts)

        points = np.array([self.low, self.mode, self.high])
        is_factor = self.override.operation is Operation.MULTIPLY
        low, mode, high = np.log(points) if is_factor else points
        z = ndtri(u) / P95
        values = mode + z * np.where(z < 0, mode - low, high - mode)
        return np.asarray(np.exp(values) if is_factor else values)

    def at(self, value: float) -> Override:
        """The change by an amount, to six digits or rounded."""
        text = str(round(value)) if self.integral else f"{float(f'{value:.6g}'):.12g}"
        return replace(self.override, value=text)


@dataclass(frozen=True)
class RangedUncertainty:
    """An uncertainty within ranges: its name, the day on which it is known, and its rows."""

    name: str
    revealed: pd.Timestamp
    ranges: tuple[Range, ...]


def ranges_of(
    data: Dataset, fixed: tuple[str, ...] = ()
) -> tuple[tuple[RangedUncertainty, ...], list[Problem]]:
    """Read the sheet Ranges.

    Parameters
    ----------
    data : Dataset
        The base workbook, on which low, mode and high of each row are tried.
    fixed : tuple of str
        ``"Sheet"`` or ``"Sheet.column"`` that must be the same in every scenario.

    Returns
    -------
    tuple of RangedUncertainty, list of Problem
        In the order of their first rows; those without a problem.
    """
    reader = _Reader(data, fixed)
    return tuple(reader.uncertainties()), reader.problems.found


@dataclass
class _Reader:
    data: Dataset
    fixed: tuple[str, ...]

    def __post_init__(self) -> None:
        self.problems = CellProblems(self.data, RANGES.name)

    def uncertainties(self) -> Iterator[RangedUncertainty]:
        frame = self.data.known(RANGES.name, *RANGES.by_name)
        for name, own in frame.groupby("uncertainty", sort=False):
            before = len(self.problems)
            revealed = self._revealed(str(name), own["revealed"])
            if set(";=") & set(str(name)):
                must = "the name of an uncertainty must be without ; and =, which join names"
                self.problems.say(own.index[0], "uncertainty", must, "Rename it.", "range-name")
            rows = [
                self._range(int(number), {str(k): v for k, v in row.items()})
                for number, row in zip(own.index, own.to_dict("records"), strict=True)
            ]
            if len(self.problems) == before:
                yield RangedUncertainty(str(name), revealed, tuple(r for r in rows if r))

    def _revealed(self, name: str, days: pd.Series) -> Any:
        first = days.iloc[0]
        code = "range-revealed"
        if pd.isna(first):
            must = "the first row of an uncertainty must have the day on which it is known"
            self.problems.say(days.index[0], "revealed", must, "Fill it in.", code)
            return None
        for number, day in days.iloc[1:].dropna().items():
            if day != first:
                must = f"all rows of {name} must be known on one day, {shown(first)}"
                self.problems.say(number, "revealed", must, "Change it, or leave it blank.", code)
        return first

    def _range(self, number: int, row: dict[str, Any]) -> Range | None:
        low, mode, high = (float(row[name]) for name in ("low", "mode", "high"))
        operation = Operation(row["operation"])
        if not low <= mode <= high or low == high:
            must = "low, mode and high must rise: P5, P50 and P95 of what is uncertain"
            found = f"{low:g}, {mode:g}, {high:g}"
            self.problems.say(number, "mode", must, "Correct their order.", "range-order", found)
            return None
        if operation is Operation.MULTIPLY and low <= 0:
            must = "a factor must be above 0"
            action = "Correct it, or choose add or set."
            self.problems.say(number, "low", must, action, "range-order")
            return None
        tried = "low"
        try:
            where = row_filter(str(row["rows"] or ""))
            override = Override(row["sheet"], where, row["column"], operation, f"{mode:.12g}")
            integral = draws_integers(self.data, override.sheet, override.column, operation)
            refuse_fractions(override, integral=integral)
            made = Range(number, override, low, mode, high, integral)
            for tried in ("low", "mode", "high") if self._is_sound(override.sheet) else ():
                altered(self.data, [made.at(float(row[tried]))])
        except WrongOverride as wrong:
            column = tried if column_of(wrong) == "value" else column_of(wrong)
            code = wrong.code.replace("sweep-", "range-")
            self.problems.say(number, column, wrong.must, wrong.action, code, wrong.found)
            return None
        if is_fixed(self.fixed, override.sheet, override.column):
            must = f"{override.sheet}.{override.column} must be the same in every scenario"
            action = "Change an amount, a cost or a date instead: scenarios are compared by it."
            self.problems.say(number, "column", must, action, "range-fixed")
            return None
        return made

    def _is_sound(self, sheet: str) -> bool:
        """False where the sheet has errors of its own, which a change may run into."""
        declared = {fold(name): name for name in self.data.sheets}.get(fold(sheet), "")
        return not declared or self.data.sound(declared)
