"""The extensive form: a stochastic program with all its scenarios as one program.

Columns are those of the nodes that own them; rows that come out the same in several scenarios are
kept once. The measure of the costs adds a few columns and one row by scenario; limits that hold
across scenarios add theirs (`optalloc.mip.across`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, overload

import numpy as np
import scipy.sparse as sp

from optalloc.mip.across import with_across
from optalloc.mip.arrays import Arrays, ExtraRows, Labels, Parts, Separate
from optalloc.mip.attitude import Attitude, Measure
from optalloc.mip.stochastic import StochasticProgram, lifted

__all__ = ["ExtensiveForm", "cost_rows", "extensive_form"]


@dataclass(frozen=True)
class ExtensiveForm:
    """All scenarios as one program.

    Parameters
    ----------
    arrays : Arrays
        Its first columns are those of ``StochasticProgram.columns``; those of the measure follow,
        and of rows across scenarios. Its first rows are those of the scenarios; those of the
        measure follow, and those across scenarios.
    rows : tuple of numpy.ndarray of int
        Of each scenario, by its own rows, their numbers here.
    """

    arrays: Arrays
    rows: tuple[np.ndarray, ...]

    def row_probability(self, probability: np.ndarray) -> np.ndarray:
        """By row, the probability of the scenarios that have it; zero for those of the measure.

        A row that a scenario has twice counts twice: its dual price is shared out to both.
        """
        total = np.zeros(len(self.arrays.row_lower))
        for share, own in zip(probability, self.rows, strict=True):
            np.add.at(total, own, share)
        return total


def extensive_form(
    program: StochasticProgram,
    attitude: Attitude | None = None,
    references: np.ndarray | None = None,
    *,
    at_most: float | None = None,
) -> ExtensiveForm:
    """Put all scenarios into one program.

    Parameters
    ----------
    program : StochasticProgram
    attitude : Attitude, optional
        The measure to minimise; the mean by default.
    references : numpy.ndarray, shape (scenarios,), optional
        Least costs of each scenario alone, which regret needs.
    at_most : float, optional
        A limit on the measure: then the mean is minimised, among the plans that keep it.
    """
    attitude = attitude or Attitude()
    size = program.size
    parts = [
        sp.csr_array(lifted(one.matrix, own, size))
        for one, own in zip(program.programs, program.columns, strict=True)
    ]
    stacked = sp.csr_array(sp.vstack(parts))
    stacked.sort_indices()
    lower, upper, strengthening = (
        np.concatenate([getattr(one, name) for one in program.programs])
        for name in ("row_lower", "row_upper", "strengthening")
    )
    first, number = _distinct(stacked, lower, upper, strengthening)
    counts = [one.matrix.shape[0] for one in program.programs]
    rows = tuple(np.split(number, np.cumsum(counts)[:-1]))
    integer = np.zeros(size, dtype=bool)
    for one, own in zip(program.programs, program.columns, strict=True):
        integer[own] |= one.integer
    body = Arrays(
        matrix=sp.csc_array(stacked[first]),
        row_lower=lower[first],
        row_upper=upper[first],
        col_lower=program.col_lower,
        col_upper=program.col_upper,
        cost=_costs(program, program.probability),
        integer=integer,
        strengthening=strengthening[first],
        offset=float(sum(_offsets(program) * program.probability)),
        rows=_labels(program, "row", _owners(counts)[first]),
        columns=_labels(program, "column", program.first_owner),
    )
    whole = with_across(_measured(program, body, attitude, references, at_most), program)
    whole = replace(
        whole,
        separate=_separate(program, len(whole.cost)),
        parts=_parts(program, _owners(counts)[first], whole.matrix.shape),
    )
    return ExtensiveForm(whole, rows)


def _labels(program: StochasticProgram, kind: str, owners: np.ndarray) -> Labels:
    """Names of rows or columns; none where a scenario has none."""
    if not all(len(one.columns) and len(one.rows) for one in program.programs):
        return Labels.of(())
    own = [one.columns if kind == "column" else one.rows for one in program.programs]
    return Labels.of([(kind, _Names(own, program.names, owners), None)])


class _Names(Sequence[tuple[Any, ...]]):
    """Keys of rows or columns: component, its own key and the first scenario, found when asked."""

    def __init__(self, labels: Sequence[Labels], names: Sequence[str], owners: np.ndarray) -> None:
        self._labels, self._names, self._owners = labels, names, owners

    def __len__(self) -> int:
        return len(self._owners)

    @overload
    def __getitem__(self, number: int) -> tuple[Any, ...]: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[tuple[Any, ...]]: ...
    def __getitem__(self, number: int | slice) -> Any:
        if isinstance(number, slice):
            return [self[k] for k in range(*number.indices(len(self)))]
        s, own = (int(part) for part in self._owners[number])
        component, key = self._labels[s][own]
        parts = key if isinstance(key, tuple) else () if key is None else (key,)
        return component, *parts, self._names[s]


def _owners(counts: Sequence[int]) -> np.ndarray:
    """Scenario and own number of each row, scenario after scenario."""
    return np.stack(
        [
            np.repeat(np.arange(len(counts)), counts),
            np.concatenate([np.arange(count) for count in counts]),
        ],
        axis=1,
    )


def _parts(program: StochasticProgram, rows: np.ndarray, shape: tuple[int, int]) -> Parts | None:
    """Blocks and stages as in the scenarios; None where a scenario has none.

    So a neighbourhood is a block, such as a site, in all nodes at once, or a window of stages.
    """
    if any(one.parts is None for one in program.programs):
        return None
    block, stage = np.full((2, shape[1]), -1, dtype=np.int32)
    row_stage = np.full(shape[0], -1, dtype=np.int32)
    for s, one in enumerate(program.programs):
        assert one.parts is not None
        own = program.columns[s]
        block[own], stage[own] = one.parts.block, one.parts.stage
        mine = rows[:, 0] == s
        row_stage[: len(rows)][mine] = one.parts.row_stage[rows[mine, 1]]
    # Each column and row is a quantity of its own: copies of other nodes are not to be added up.
    return Parts(block, stage, np.arange(shape[1]), row_stage, np.arange(shape[0]))


def _separate(program: StochasticProgram, columns: int) -> Separate | None:
    """The lazy constraints of all scenarios; None where no scenario has any."""
    if all(one.separate is None for one in program.programs):
        return None

    def separate(point: np.ndarray) -> ExtraRows:
        found = []
        for one, own in zip(program.programs, program.columns, strict=True):
            if one.separate is not None:
                rows = one.separate(point[own])
                matrix = sp.csr_array(lifted(rows.matrix, own, columns))
                found.append(ExtraRows(matrix, rows.upper, rows.names))
        return ExtraRows.joined(found, columns)

    return separate


def _offsets(program: StochasticProgram) -> np.ndarray:
    return np.array([one.offset for one in program.programs])


def cost_rows(program: StochasticProgram) -> sp.csr_array:
    """Cost of each scenario without its offset: rows over the columns of the extensive form."""
    rows = [
        lifted(sp.csc_array(one.cost[None, :]), own, program.size)
        for one, own in zip(program.programs, program.columns, strict=True)
    ]
    return sp.csr_array(sp.vstack(rows))


def _costs(program: StochasticProgram, weights: Sequence[float] | np.ndarray) -> np.ndarray:
    """Weighted sum of the costs of all scenarios, by column of the extensive form."""
    cost = np.zeros(program.size)
    for weight, one, own in zip(weights, program.programs, program.columns, strict=True):
        cost[own] += weight * one.cost
    return cost


def _distinct(
    matrix: sp.csr_array, lower: np.ndarray, upper: np.ndarray, strengthening: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The first row of each set of equal rows, and by row the number of its set."""
    starts = matrix.indptr
    parts = zip(
        starts[:-1].tolist(),
        starts[1:].tolist(),
        lower.tolist(),
        upper.tolist(),
        strengthening.tolist(),
        strict=True,
    )
    indices, data = matrix.indices.astype(np.int64), matrix.data
    known: dict[tuple[object, ...], int] = {}
    number = np.empty(len(lower), dtype=np.int64)
    first: list[int] = []
    for row, (begin, end, least, most, tightens) in enumerate(parts):
        key = indices[begin:end].tobytes(), data[begin:end].tobytes(), least, most, tightens
        at = known.setdefault(key, len(first))
        if at == len(first):
            first.append(row)
        number[row] = at
    return np.array(first, dtype=np.int64), number


def _measured(
    program: StochasticProgram,
    body: Arrays,
    attitude: Attitude,
    references: np.ndarray | None,
    at_most: float | None,
) -> Arrays:
    """The program with the measure as its objective, or as a limit with the mean as objective."""
    if attitude.is_linear:
        if at_most is None:
            return body
        return _with(body, body.cost[None, :], [], np.array([at_most - body.offset]))
    size, scenarios = program.size, len(program.programs)
    offsets = _offsets(program)
    if attitude.measure is Measure.MEAN_AND_TAIL:
        # C_s - eta - d_s <= 0, and the mean of the tail is eta + sum p_s d_s / share.
        own = sp.hstack([np.full((scenarios, 1), -1.0), -sp.eye_array(scenarios)])
        tail = np.concatenate([[1.0], program.probability / attitude.tail_share])
        measure = np.concatenate(
            [(1 - attitude.tail_weight) * body.cost, attitude.tail_weight * tail]
        )
        constant = (1 - attitude.tail_weight) * body.offset
        least = np.concatenate([[-np.inf], np.zeros(scenarios)])
        above = -offsets
    else:
        # C_s - r_s <= y
        own = sp.csr_array(np.full((scenarios, 1), -1.0))
        measure = np.concatenate([np.zeros(size), [1.0]])
        constant, least = 0.0, np.array([-np.inf])
        above = attitude.offsets(references, scenarios) - offsets
    rows = sp.hstack([cost_rows(program), own])
    if at_most is None:
        return _with(body, rows, least, above, cost=measure, offset=constant)
    rows = sp.vstack([rows, sp.csr_array(measure[None, :])])
    return _with(body, rows, least, np.append(above, at_most - constant))


def _with(
    body: Arrays,
    rows: object,
    least: Sequence[float] | np.ndarray,
    above: np.ndarray,
    *,
    cost: np.ndarray | None = None,
    offset: float | None = None,
) -> Arrays:
    """The program with further columns, and rows that bound the measure from above."""
    upper = np.full(len(least), np.inf)
    named = "measure", tuple(range(len(least)))
    wide = body.with_columns(np.asarray(least, dtype=float), upper, False, named)
    costs = (("cost", tuple(range(len(above)))),)
    whole = wide.with_extra(ExtraRows(sp.csr_array(rows), above, costs))
    return replace(
        whole,
        cost=wide.cost if cost is None else cost,
        offset=body.offset if offset is None else offset,
    )
