"""A mixed-integer program as arrays, with names kept lazily."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import scipy.sparse as sp

from optalloc.mip.tolerances import LAZY_VIOLATION, ROW_VIOLATION

__all__ = ["Arrays", "ExtraRows", "Fallback", "Labels", "Parts", "Separate"]


@dataclass(frozen=True)
class Fallback:
    """A constraint or objective that was expanded row for row: its name, the reason, its rows."""

    name: str
    reason: str
    rows: int


@dataclass(frozen=True)
class Labels:
    """Names of rows or columns: stretches of one component's keys, evaluated lazily.

    Parameters
    ----------
    components : tuple of (str, sequence, numpy.ndarray or None)
        Name, its keys, and the positions of those keys that are there (None: all, in order).
    starts : numpy.ndarray
        Where each component's stretch begins, and the total at the end.
    chosen : numpy.ndarray, optional
        Numbers of those that were taken out of all stretches.
    """

    components: tuple[tuple[str, Sequence[Any], np.ndarray | None], ...]
    starts: np.ndarray
    chosen: np.ndarray | None = None

    @staticmethod
    def of(components: Iterable[tuple[str, Sequence[Any], np.ndarray | None]]) -> Labels:
        """Lay components end to end."""
        held = tuple(components)
        sizes = [len(keys) if at is None else len(at) for _, keys, at in held]
        return Labels(held, np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64))

    def __len__(self) -> int:
        return int(self.starts[-1]) if self.chosen is None else len(self.chosen)

    def __getitem__(self, number: int) -> tuple[str, Any]:
        """Component and key of a row or column; the key of a scalar is None."""
        place = number if self.chosen is None else int(self.chosen[number])
        k = int(np.searchsorted(self.starts, place, side="right")) - 1
        name, keys, at = self.components[k]
        inside = place - int(self.starts[k])
        return name, keys[inside if at is None else int(at[inside])]

    def name(self, number: int) -> str:
        """Name of a row or column, such as ``demand_met[inference,Japan,2027H1]``."""
        component, key = self[number]
        if key is None:
            return component
        parts = key if isinstance(key, tuple) else (key,)
        return f"{component}[{','.join(str(part) for part in parts)}]"

    def find(self, component: str, key: Any = None) -> int:
        """Number of a component's row or column.

        Raises
        ------
        KeyError
            If there is none.
        """
        for k, (name, keys, at) in enumerate(self.components):
            if name != component:
                continue
            try:
                inside = 0 if key is None else keys.index(key)
            except ValueError:
                break
            if at is not None:
                where = np.flatnonzero(at == inside)
                if not len(where):
                    break
                inside = int(where[0])
            place = int(self.starts[k]) + inside
            if self.chosen is None:
                return place
            taken = np.flatnonzero(self.chosen == place)
            if len(taken):
                return int(taken[0])
        raise KeyError((component, key))

    def component_names(self) -> set[str]:
        """Names of the components that have a row or column."""
        return {self.components[int(k)][0] for k in np.unique(self._components())}

    def mask_of(self, names: Collection[str]) -> np.ndarray:
        """Mask of the rows or columns of some components."""
        named = np.array([name in names for name, _, _ in self.components], dtype=bool)
        return np.asarray(named[self._components()])

    def _components(self) -> np.ndarray:
        """Number of the component of each row or column."""
        numbers = np.arange(int(self.starts[-1])) if self.chosen is None else self.chosen
        return np.asarray(np.searchsorted(self.starts, numbers, side="right") - 1)

    def take(self, numbers: np.ndarray) -> Labels:
        """Give the names of some rows or columns."""
        chosen = numbers if self.chosen is None else self.chosen[numbers]
        return Labels(self.components, self.starts, chosen)

    def extended(self, components: Iterable[tuple[str, Sequence[Any]]]) -> Labels:
        """Lay further components after these."""
        whole = Labels.of([*self.components, *((name, keys, None) for name, keys in components)])
        if self.chosen is None:
            return whole
        new = np.arange(self.starts[-1], whole.starts[-1])
        return replace(whole, chosen=np.concatenate([self.chosen, new]))


@dataclass(frozen=True)
class ExtraRows:
    """Lazy constraints: rows ``matrix x <= upper`` that are not listed in advance.

    Parameters
    ----------
    matrix : scipy.sparse.csr_array, shape (rows, columns)
    upper : numpy.ndarray, shape (rows,)
    names : tuple of (str, sequence)
        Component and keys, in the order of the rows.
    """

    matrix: Any
    upper: np.ndarray
    names: tuple[tuple[str, Sequence[Any]], ...]

    def __len__(self) -> int:
        return len(self.upper)

    @staticmethod
    def joined(parts: Sequence[ExtraRows], columns: int) -> ExtraRows:
        """All parts, one after another."""
        matrices = [part.matrix for part in parts] or [sp.csr_array((0, columns))]
        upper = np.concatenate([np.empty(0), *(part.upper for part in parts)])
        names = tuple(name for part in parts for name in part.names)
        return ExtraRows(sp.csr_array(sp.vstack(matrices)), upper, names)

    def violated_by(self, point: np.ndarray, tolerance: float = LAZY_VIOLATION) -> ExtraRows:
        """Those that a point violates, by a tolerance relative to the size of their terms."""
        size = np.maximum(1.0, abs(self.matrix) @ np.abs(point) / 2)
        return self.take(np.flatnonzero(self.matrix @ point - self.upper > tolerance * size))

    def take(self, rows: np.ndarray) -> ExtraRows:
        """Some of them, by their numbers."""
        named = [(name, key) for name, keys in self.names for key in keys]
        names = tuple((named[k][0], (named[k][1],)) for k in rows)
        return ExtraRows(sp.csr_array(self.matrix[rows]), self.upper[rows], names)


# From a point to lazy constraints, among them all those that it violates.
Separate = Callable[[np.ndarray], ExtraRows]


@dataclass(frozen=True)
class Parts:
    """To which block, stage and series each column belongs: codes from 0, or -1 for none.

    A block is a part with few rows shared with others, such as a plant; a stage is a step of time;
    a series is one quantity in all stages. Rows belong to stages and series too.
    """

    block: np.ndarray
    stage: np.ndarray
    series: np.ndarray
    row_stage: np.ndarray
    row_series: np.ndarray

    @property
    def blocks(self) -> int:
        """How many blocks have a column."""
        return int(self.block.max(initial=-1)) + 1

    @property
    def stages(self) -> int:
        """How many stages have a column."""
        return int(self.stage.max(initial=-1)) + 1

    def of_columns(self, numbers: np.ndarray) -> Parts:
        """Those of some columns; blocks of which none is left have no code any more."""
        block = self.block[numbers]
        held, code = np.unique(block, return_inverse=True)
        return replace(
            self,
            block=code - int(held[0] < 0) if len(held) else block,
            stage=self.stage[numbers],
            series=self.series[numbers],
        )

    def of_rows(self, numbers: np.ndarray) -> Parts:
        """Those of some rows."""
        stage, series = self.row_stage[numbers], self.row_series[numbers]
        return replace(self, row_stage=stage, row_series=series)

    def with_more_rows(self, count: int) -> Parts:
        """With rows of no stage after the others, each a series of its own."""
        first = int(self.row_series.max(initial=-1)) + 1
        return replace(
            self,
            row_stage=np.concatenate([self.row_stage, np.full(count, -1)]),
            row_series=np.concatenate([self.row_series, np.arange(first, first + count)]),
        )


@dataclass(frozen=True)
class Arrays:
    """``min cost x + offset`` with ``row_lower <= matrix x <= row_upper`` and column bounds.

    Parameters
    ----------
    matrix : scipy.sparse.csc_array, shape (rows, columns)
    row_lower, row_upper : numpy.ndarray, shape (rows,)
    col_lower, col_upper, cost : numpy.ndarray, shape (columns,)
    integer : numpy.ndarray of bool, shape (columns,)
    strengthening : numpy.ndarray of bool, shape (rows,)
        Rows that cut off no plan and only tighten the relaxation: the solve step takes those that
        help and may leave out the rest.
    offset : float
    rows, columns : Labels
        Component and key of each, both ways.
    fallbacks : tuple of Fallback
        What was expanded row for row, and why.
    separate : callable, optional
        Returns lazy constraints: rows that every plan keeps and that are not in the matrix, among
        them all that a point violates. A point that violates one is no plan.
    parts : Parts, optional
        Blocks, stages and series, where the model names blocks and stages.
    source : object
        What `optalloc.compile.refresh` and `evaluate` need to know.
    """

    matrix: Any
    row_lower: np.ndarray
    row_upper: np.ndarray
    col_lower: np.ndarray
    col_upper: np.ndarray
    cost: np.ndarray
    integer: np.ndarray
    strengthening: np.ndarray
    offset: float
    rows: Labels
    columns: Labels
    fallbacks: tuple[Fallback, ...] = ()
    separate: Separate | None = field(default=None, repr=False)
    parts: Parts | None = field(default=None, repr=False)
    source: Any = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.matrix.shape != (len(self.row_lower), len(self.cost)):
            raise ValueError("matrix and bounds differ in shape")

    @property
    def size(self) -> dict[str, int]:
        """Rows, columns, integer columns and non-zeros."""
        return {
            "rows": int(self.matrix.shape[0]),
            "columns": int(self.matrix.shape[1]),
            "integers": int(self.integer.sum()),
            "non_zeros": int(self.matrix.nnz),
        }

    def has_pattern_of(self, other: Arrays) -> bool:
        """True where the matrices have entries in the same places, so that only numbers differ."""
        held, new = self.matrix, other.matrix
        pairs = (held.indptr, new.indptr), (held.indices, new.indices)
        return held.shape == new.shape and all(
            one is another or np.array_equal(one, another) for one, another in pairs
        )

    def row_name(self, row: int) -> str:
        """Name of a row, such as ``demand_met[inference,Japan,2027H1]``; its number without any."""
        return self.rows.name(row) if len(self.rows) else f"row {row}"

    def column_name(self, column: int) -> str:
        """Name of a column, such as ``committed[Kanto North,2027H1]``; its number without any."""
        return self.columns.name(column) if len(self.columns) else f"column {column}"

    def with_rows(self, mask: np.ndarray) -> Arrays:
        """Give the same program with only the rows that the mask keeps."""
        if mask.all():
            return self
        kept = np.flatnonzero(mask)
        return replace(
            self,
            matrix=sp.csc_array(self.matrix.tocsr()[kept]),
            row_lower=self.row_lower[kept],
            row_upper=self.row_upper[kept],
            strengthening=self.strengthening[kept],
            rows=self.rows.take(kept),
            parts=self.parts and self.parts.of_rows(kept),
        )

    def with_fixed(self, fixed: np.ndarray, values: np.ndarray) -> Arrays:
        """The same program with the columns of a mask fixed at their values."""
        return replace(
            self,
            col_lower=np.where(fixed, values, self.col_lower),
            col_upper=np.where(fixed, values, self.col_upper),
        )

    def with_columns(
        self, lower: np.ndarray, upper: np.ndarray, integer: bool, named: tuple[str, Sequence[Any]]
    ) -> Arrays:
        """The same program with columns after its own, free of cost and in no row yet.

        Blocks and stages, and what separates lazy constraints, are those of the old columns: they
        are left out.
        """
        count = len(lower)
        more = sp.csc_array((len(self.row_lower), count))
        return replace(
            self,
            matrix=sp.csc_array(sp.hstack([self.matrix, more])),
            col_lower=np.concatenate([self.col_lower, lower]),
            col_upper=np.concatenate([self.col_upper, upper]),
            cost=np.concatenate([self.cost, np.zeros(count)]),
            integer=np.concatenate([self.integer, np.full(count, integer)]),
            columns=self.columns.extended([named]),
            separate=None,
            parts=None,
        )

    def objective(self, point: np.ndarray) -> float:
        """Cost of a point."""
        return float(self.cost @ point + self.offset)

    def row_sizes(self, point: np.ndarray) -> np.ndarray:
        """Size of the terms of each row at a point: their absolute sum, halved; at least 1."""
        return np.asarray(np.maximum(1.0, abs(self.matrix) @ abs(point) / 2))

    def violations(self, point: np.ndarray) -> np.ndarray:
        """By how much a point violates each row; zero up to `ROW_VIOLATION` of the row's size."""
        activity = self.matrix @ point
        over = np.maximum(self.row_lower - activity, activity - self.row_upper)
        return np.asarray(np.where(over > ROW_VIOLATION * self.row_sizes(point), over, 0.0))

    def keeps(self, point: np.ndarray, tolerance: float) -> bool:
        """True where a point keeps the bounds of columns and the listed rows, up to a tolerance.

        The tolerance of a row is a share of its largest term, and at least an amount.
        """
        matrix = self.matrix.tocsr()
        activity = matrix @ point
        terms = abs(matrix).multiply(np.abs(point)[None, :])
        size = np.maximum(1.0, terms.max(axis=1).toarray().ravel() if matrix.nnz else 0.0)
        outside = np.maximum(self.row_lower - activity, activity - self.row_upper) / size
        beyond = np.maximum(self.col_lower - point, point - self.col_upper)
        beyond = beyond / np.maximum(1.0, np.abs(point))
        return bool(max(outside.max(initial=0.0), beyond.max(initial=0.0)) <= tolerance)

    def violated_by(self, point: np.ndarray, tolerance: float = LAZY_VIOLATION) -> ExtraRows:
        """Lazy constraints that a point violates."""
        if self.separate is None:
            return ExtraRows.joined((), len(self.cost))
        return self.separate(point).violated_by(point, tolerance)

    def with_extra(self, extra: ExtraRows) -> Arrays:
        """Give the same program with these rows after its own."""
        if not len(extra):
            return self
        return replace(
            self,
            matrix=sp.csc_array(sp.vstack([self.matrix, extra.matrix])),
            row_lower=np.concatenate([self.row_lower, np.full(len(extra), -np.inf)]),
            row_upper=np.concatenate([self.row_upper, extra.upper]),
            strengthening=np.concatenate([self.strengthening, np.zeros(len(extra), dtype=bool)]),
            rows=self.rows.extended(extra.names),
            parts=self.parts and self.parts.with_more_rows(len(extra)),
        )
