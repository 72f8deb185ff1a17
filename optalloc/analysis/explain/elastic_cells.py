"""The elastic program by cells: one slack column for each cell, with its penalty.

Rows that come from one cell are relaxed together, each by a share of its bound, so that a value
that is carried through ten periods is paid for once. A share of 1 doubles the bound, and costs one
point unless the planner sets another price.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.sparse as sp

from optalloc.analysis.explain.limit_cells import Spot, named_key, spot_of
from optalloc.analysis.explain.relax_rules import Rules
from optalloc.data.dataset import Dataset
from optalloc.mip.arrays import Arrays
from optalloc.mip.outcome import Options
from optalloc.modelling.compiled import compile_program
from optalloc.modelling.limits import Limit, Relax
from optalloc.modelling.model import Model
from optalloc.modelling.program import Program
from optalloc.modelling.renew import renewed
from optalloc.solving.elastic import ElasticSolution, cheapest_relaxation, largest_coefficients

__all__ = ["Elastic", "aligned", "elastic_of"]

# Leaving demand unmet that must be met costs more than any other change.
LAST_RESORT = 1000.0
# Rows with a bound near zero are scaled by the size of their terms.
LEAST_SCALE = 0.05


@dataclass
class Elastic:
    """A program whose planner's limits can be relaxed, cell by cell.

    Parameters
    ----------
    program : Program
    whole : Arrays
        All rows, also those without a variable.
    rules : Rules
        Limits that may be relaxed, and their prices.
    rigid : set
        Cells (`Spot.key`) whose relaxation does not help.
    """

    program: Program
    whole: Arrays
    rules: Rules
    rigid: set[Any] = field(default_factory=set)
    spots: list[Spot] = field(default_factory=list)
    limits: list[Limit] = field(default_factory=list)
    keys: list[Mapping[str, Any]] = field(default_factory=list)
    _numbers: dict[Any, int] = field(default_factory=dict)
    _known: dict[tuple[str, Any], int] = field(default_factory=dict)
    _reference: np.ndarray | None = None
    arrays: Arrays = field(init=False)

    def __post_init__(self) -> None:
        # Rows that others imply would need slack of their own.
        implied = {name for name, (_, limit) in self.model.limits.items() if limit.implied}
        kept = ~self.whole.strengthening & ~rows_named(self.whole, implied)
        self.arrays = self.whole.with_rows(kept)

    def on(self, data: Dataset) -> Elastic:
        """The same for a changed dataset; only numbers are evaluated again where that suffices."""
        made = renewed(self.program, self.whole, data, keep_idle=True)
        return Elastic(made.program, made.arrays, self.rules, set(self.rigid))

    @property
    def data(self) -> Dataset:
        """The dataset that it was built from."""
        return self.program.dataset

    @property
    def model(self) -> Model:
        """The model that it was built by."""
        return self.program.model

    def number_of(self, name: str, key: Any) -> int:
        """Number of the slack that a row has; -1 where it has none."""
        if (name, key) not in self._known:
            self._known[name, key] = self._numbered(name, key)
        return self._known[name, key]

    def _numbered(self, name: str, key: Any) -> int:
        limit = givable(self.model, self.rules, name)
        spot = spot_of(self.data, limit, named_key(limit, key)) if limit is not None else None
        if limit is None or spot is None or spot.value != spot.value or spot.key in self.rigid:
            return -1
        if spot.key not in self._numbers:
            self._numbers[spot.key] = len(self.spots)
            self.spots.append(spot)
            self.limits.append(limit)
            self.keys.append(named_key(limit, key))
        return self._numbers[spot.key]

    def numbers(self, arrays: Arrays) -> np.ndarray:
        """Number of each row's slack; -1 where it has none."""
        return np.array(
            [self.number_of(*arrays.rows[row]) for row in range(len(arrays.row_lower))], dtype=int
        )

    def scales(self, arrays: Arrays) -> np.ndarray:
        """Scale of each row: its bound, or the size of its terms at a reference point."""
        upper = np.where(np.isfinite(arrays.row_upper), arrays.row_upper, arrays.row_lower)
        bound = np.abs(np.where(np.isfinite(upper), upper, 0.0))
        size = largest_coefficients(arrays)
        if self._reference is not None:
            size = abs(arrays.matrix) @ np.abs(self._reference) / 2
        least = np.where(bound == 0, size, LEAST_SCALE * size)
        scales: np.ndarray = np.maximum(np.maximum(bound, least), 1e-3)
        return scales

    def slack_of(self, arrays: Arrays) -> sp.csc_array:
        """Coefficients of the slack of each cell in each row, on the side of the row's bound."""
        numbers, scales = self.numbers(arrays), self.scales(arrays)
        rows = np.flatnonzero(numbers >= 0)
        # A lower bound is relaxed downwards, an upper one upwards.
        sign = np.where(np.isfinite(arrays.row_lower[rows]), 1.0, -1.0)
        shape = (len(numbers), len(self.spots))
        return sp.csc_array((sign * scales[rows], (rows, numbers[rows])), shape)

    def left_short(self, shares: np.ndarray) -> dict[str, set[Any]]:
        """Names, by key, of the rows of last resort that are relaxed, such as firm demand."""
        names: dict[str, set[Any]] = {}
        for number in np.flatnonzero(shares > 1e-6):
            if self.limits[number].relax is Relax.LAST:
                for name, value in self.keys[number].items():
                    names.setdefault(name, set()).add(value)
        return names

    def prices(self) -> np.ndarray:
        """Penalty of each cell's slack, in points for a share of 1."""
        return np.array(
            [
                self.rules.points(limit, abs(spot.value) or 1.0)
                * (LAST_RESORT if limit.relax is Relax.LAST else 1.0)
                for limit, spot in zip(self.limits, self.spots, strict=True)
            ]
        )

    def least(self, options: Options, *, integer: bool, until: float) -> ElasticSolution:
        """Cheapest relaxation of its rows that is known by a deadline."""
        self.numbers(self.arrays)
        if self._reference is None:
            # The size of a row's terms is known once there is a relaxed solution.
            first = self._once(options, integer=False, until=until)
            if first.values is not None:
                self._reference = first.values
        return self._once(options, integer=integer, until=until)

    def _once(self, options: Options, *, integer: bool, until: float) -> ElasticSolution:
        return cheapest_relaxation(
            self.arrays,
            self.slack_of,
            self.prices,
            options,
            integer=integer,
            until=until,
        )


def givable(model: Model, rules: Rules, name: str) -> Limit | None:
    """A limit by name, if it may be relaxed."""
    found = model.limits.get(name)
    return found[1] if found is not None and rules.may(*found) else None


def elastic_of(program: Program, rules: Rules) -> Elastic:
    """Compile a program as an elastic one."""
    return Elastic(program, compile_program(program, keep_idle=True), rules)


def rows_named(arrays: Arrays, names: set[str]) -> np.ndarray:
    """Mask of the rows of some components."""
    return np.array([arrays.rows[row][0] in names for row in range(len(arrays.row_lower))])


def aligned(old: Arrays, new: Arrays, point: np.ndarray) -> np.ndarray | None:
    """A point of one program as one of another; None if a column that it needs is missing."""
    if len(old.columns) == len(new.columns) and all(
        old.columns[k] == new.columns[k] for k in range(len(point))
    ):
        return point
    places: Mapping[tuple[str, Any], int] = {new.columns[k]: k for k in range(len(new.cost))}
    moved = np.zeros(len(new.cost))
    for k in np.flatnonzero(point):
        at = places.get(old.columns[int(k)])
        if at is None:
            return None
        moved[at] = point[k]
    return moved
