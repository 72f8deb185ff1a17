"""Which rows may give way, together or apart, and at what price: one slack for each cell.

Rows that come from one cell give way together, each by a share of what it allows now, so that a
value that is carried through ten periods is paid for once. A share of 1 is as much again as is
allowed now, and costs one point unless the planner says otherwise.
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
from optalloc.modelling.family import Limit, Relax
from optalloc.modelling.model import Model
from optalloc.modelling.program import Program
from optalloc.modelling.renew import renewed
from optalloc.solving.elastic import Given, largest_terms, least_given

__all__ = ["Elastic", "aligned", "elastic_of"]

# Leaving demand unmet that must be met costs more than any other change.
LAST_RESORT = 1000.0
# Rows that allow next to nothing are measured by the size of their terms.
LEAST_SCALE = 0.05


@dataclass
class Elastic:
    """A program whose planner's limits may give way, cell by cell.

    Parameters
    ----------
    program : Program
    whole : Arrays
        All rows, those too that have no variable.
    rules : Rules
        What may give way, and at what price.
    rigid : set
        Cells (`Spot.key`) that were found to be of no help.
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
        # Without rows that follow from others: what they say, the others say.
        implied = {name for name, (_, limit) in self.model.limits.items() if limit.implied}
        kept = ~self.whole.strengthening & ~rows_named(self.whole, implied)
        self.arrays = self.whole.with_rows(kept)

    def on(self, data: Dataset) -> Elastic:
        """The same of a changed dataset; only numbers are worked out again where that will do."""
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
        """What each row allows: its bound, or the size of its terms at a point of reference."""
        upper = np.where(np.isfinite(arrays.row_upper), arrays.row_upper, arrays.row_lower)
        bound = np.abs(np.where(np.isfinite(upper), upper, 0.0))
        size = largest_terms(arrays)
        if self._reference is not None:
            size = abs(arrays.matrix) @ np.abs(self._reference) / 2
        least = np.where(bound == 0, size, LEAST_SCALE * size)
        scales: np.ndarray = np.maximum(np.maximum(bound, least), 1e-3)
        return scales

    def slack_of(self, arrays: Arrays) -> sp.csc_array:
        """What a share given by each cell adds to each row, on the side on which it is kept."""
        numbers, scales = self.numbers(arrays), self.scales(arrays)
        rows = np.flatnonzero(numbers >= 0)
        # Demand gives way downwards, as does a floor; a ceiling upwards.
        sign = np.where(np.isfinite(arrays.row_lower[rows]), 1.0, -1.0)
        shape = (len(numbers), len(self.spots))
        return sp.csc_array((sign * scales[rows], (rows, numbers[rows])), shape)

    def left_short(self, shares: np.ndarray) -> dict[str, set[Any]]:
        """Names, by places of their keys, of what would be left unmet that must be met."""
        names: dict[str, set[Any]] = {}
        for number in np.flatnonzero(shares > 1e-6):
            if self.limits[number].relax is Relax.LAST:
                for name, value in self.keys[number].items():
                    names.setdefault(name, set()).add(value)
        return names

    def prices(self) -> np.ndarray:
        """Points for a share of each cell."""
        return np.array(
            [
                self.rules.points(limit, abs(spot.value) or 1.0)
                * (LAST_RESORT if limit.relax is Relax.LAST else 1.0)
                for limit, spot in zip(self.limits, self.spots, strict=True)
            ]
        )

    def least(self, options: Options, *, integer: bool, until: float) -> Given:
        """The cheapest way for its rows to give way, as far as it is known by a deadline."""
        self.numbers(self.arrays)
        if self._reference is None:
            # What a row's terms come to is known once all rows give way a little.
            first = self._once(options, integer=False, until=until)
            if first.values is not None:
                self._reference = first.values
        return self._once(options, integer=integer, until=until)

    def _once(self, options: Options, *, integer: bool, until: float) -> Given:
        return least_given(
            self.arrays,
            self.slack_of,
            self.prices,
            options,
            integer=integer,
            until=until,
        )


def givable(model: Model, rules: Rules, name: str) -> Limit | None:
    """A limit by name, if it may give way."""
    found = model.limits.get(name)
    return found[1] if found is not None and rules.may(*found) else None


def elastic_of(program: Program, rules: Rules) -> Elastic:
    """Compile a program so that its limits may give way."""
    return Elastic(program, compile_program(program, keep_idle=True), rules)


def rows_named(arrays: Arrays, names: set[str]) -> np.ndarray:
    """Mask of the rows of some components."""
    return np.array([arrays.rows[row][0] in names for row in range(len(arrays.row_lower))])


def aligned(old: Arrays, new: Arrays, point: np.ndarray) -> np.ndarray | None:
    """A point of one program as one of another; None if what it needs is not there."""
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
