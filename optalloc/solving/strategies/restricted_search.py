"""What a search sees of a program: the columns that are of use, and more once a plan has more."""

from __future__ import annotations

import numpy as np

from optalloc.mip.arrays import Arrays, ExtraRows
from optalloc.mip.outcome import Options
from optalloc.solving.strategies.large_neighbourhood import Running, Search, freely
from optalloc.solving.strategies.restriction import Narrow, at_rest

__all__ = ["View"]


class View:
    """A search over some columns; points that it takes and gives are of the whole program.

    Parameters
    ----------
    arrays : Arrays
        The whole, with `parts`.
    options : Options
    running : callable, optional
        See `Search`.
    """

    def __init__(self, arrays: Arrays, options: Options, running: Running = freely) -> None:
        self._arrays, self._options, self._running = arrays, options, running
        self._columns = np.ones(len(arrays.cost), dtype=bool)
        self._relaxed: tuple[np.ndarray, np.ndarray] | None = None
        self._see(np.where(np.isfinite(arrays.col_lower), arrays.col_lower, 0.0))

    def _see(self, values: np.ndarray) -> None:
        self.narrow = narrow = Narrow.of(self._arrays, self._columns)
        relaxed = self._relaxed
        if relaxed is not None:
            relaxed = narrow.narrowed(relaxed[0]), relaxed[1][narrow.rows]
        start = narrow.narrowed(values)
        self.search = Search(narrow.program, start, self._options, relaxed, self._running)

    def look_at(
        self, point: np.ndarray, duals: np.ndarray, columns: np.ndarray | None, *, afresh: bool
    ) -> None:
        """See a relaxation, and no columns but those that it has, unless in use.

        Parameters
        ----------
        point, duals : numpy.ndarray
        columns : numpy.ndarray of bool, optional
            All of them by default.
        afresh : bool
            Begin at the relaxation's point, not where the search is.
        """
        values = point if afresh else self.values
        self._relaxed = point, self.of_rows(duals)
        self._columns = np.ones(len(point), dtype=bool) if columns is None else columns.copy()
        rest = at_rest(self._arrays)
        self._columns |= (values != rest) | (point != rest)
        self._see(values)

    def of_rows(self, duals: np.ndarray) -> np.ndarray:
        """Multipliers of the rows known here: nought for rows that a relaxation did not have."""
        known = np.zeros(len(self._arrays.row_lower))
        count = min(len(known), len(duals))
        known[:count] = duals[:count]
        return known

    def adopt(self, plan: np.ndarray) -> None:
        """Go on from another's plan (`Search.adopt`)."""
        lacking = self.narrow.lacking(plan)
        if lacking.any():
            self._columns |= lacking
            self._see(self.values)
        self.search.adopt(self.narrow.narrowed(plan))

    def require(self, rows: ExtraRows) -> None:
        """Keep further rows from now on."""
        self._arrays = self._arrays.with_extra(rows)
        if self._relaxed is not None:
            point, duals = self._relaxed
            self._relaxed = point, np.concatenate([duals, np.zeros(len(rows))])
        self.search.require(self.narrow.extra(rows))

    @property
    def values(self) -> np.ndarray:
        """The point where the search is."""
        return self.narrow.widened(self.search.values)

    @property
    def cost(self) -> float:
        """What that costs."""
        return self.search.cost

    @property
    def is_plan(self) -> bool:
        """Whether it breaks no row."""
        return self.search.is_plan
