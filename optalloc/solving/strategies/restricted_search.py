"""A large neighbourhood search over a restriction of a program to the columns in use.

The restriction grows by the columns that others' plans use.
"""

from __future__ import annotations

import numpy as np

from optalloc.mip.arrays import Arrays, ExtraRows
from optalloc.mip.outcome import Options
from optalloc.solving.strategies.large_neighbourhood import (
    LargeNeighbourhoodSearch,
    Running,
    freely,
)
from optalloc.solving.strategies.neighbourhoods import part_operators
from optalloc.solving.strategies.relatedness import RelatedBlocks
from optalloc.solving.submip import SubMip, unused

__all__ = ["RestrictedSearch"]


class RestrictedSearch:
    """A search over some columns; points that it takes and returns are of the full program.

    Parameters
    ----------
    arrays : Arrays
        The full program, with `parts`.
    options : Options
    running : callable, optional
        See `LargeNeighbourhoodSearch`.
    """

    def __init__(self, arrays: Arrays, options: Options, running: Running = freely) -> None:
        self._arrays, self._options, self._running = arrays, options, running
        self._columns = np.ones(len(arrays.cost), dtype=bool)
        self._relaxed: tuple[np.ndarray, np.ndarray] | None = None
        self._restrict(np.where(np.isfinite(arrays.col_lower), arrays.col_lower, 0.0))

    def _restrict(self, values: np.ndarray) -> None:
        """Search over the columns known to be of use, from a point."""
        self.restriction = sub = SubMip.of(self._arrays, self._columns)
        relaxed = self._relaxed
        if relaxed is not None:
            relaxed = sub.restricted(relaxed[0]), relaxed[1][sub.rows]
        parameters, parts = self._options.parameters, sub.program.parts
        if parts is None:
            raise ValueError("a program without parts cannot be searched by them")
        exponent = parameters.large_neighbourhood.wide_row_exponent
        self.related = RelatedBlocks(sub.program, parts, exponent)
        operators = part_operators(
            sub.program, parameters, relaxed=relaxed is not None, related=self.related
        )
        self.search = LargeNeighbourhoodSearch(
            sub.program, sub.restricted(values), self._options, operators, relaxed, self._running
        )

    def use_relaxation(
        self, point: np.ndarray, duals: np.ndarray, columns: np.ndarray | None, *, restart: bool
    ) -> None:
        """Search around a relaxation, and over no columns but its own and those in use.

        Parameters
        ----------
        point, duals : numpy.ndarray
        columns : numpy.ndarray of bool, optional
            All of them by default.
        restart : bool
            Begin at the relaxation's point, not where the search is.
        """
        values = point if restart else self.values
        self._relaxed = point, self.duals_of_rows(duals)
        self._columns = np.ones(len(point), dtype=bool) if columns is None else columns.copy()
        rest = unused(self._arrays)
        self._columns |= (values != rest) | (point != rest)
        self._restrict(values)

    def duals_of_rows(self, duals: np.ndarray) -> np.ndarray:
        """Dual prices of the rows known here: zero for rows that a relaxation did not have."""
        known = np.zeros(len(self._arrays.row_lower))
        count = min(len(known), len(duals))
        known[:count] = duals[:count]
        return known

    def adopt(self, plan: np.ndarray) -> None:
        """Go on from another's plan (`LargeNeighbourhoodSearch.adopt`)."""
        outside = self.restriction.outside(plan)
        if outside.any():
            self._columns |= outside
            self._restrict(self.values)
        self.search.adopt(self.restriction.restricted(plan))

    def require(self, rows: ExtraRows) -> None:
        """Take lazy constraints into the program."""
        self._arrays = self._arrays.with_extra(rows)
        if self._relaxed is not None:
            point, duals = self._relaxed
            self._relaxed = point, np.concatenate([duals, np.zeros(len(rows))])
        self.search.require(self.restriction.extra(rows))

    @property
    def values(self) -> np.ndarray:
        """The full solution where the search is."""
        return self.restriction.full(self.search.values)

    @property
    def cost(self) -> float:
        """Its cost."""
        return self.search.cost

    @property
    def is_feasible(self) -> bool:
        """True where it violates no row."""
        return self.search.is_feasible
