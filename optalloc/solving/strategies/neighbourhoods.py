"""Neighbourhoods: destroy operators of the large neighbourhood search, each a class with one
method.

`free` returns a mask of the columns that are freed; all others are fixed where the search is. How
many blocks, stages or values ``size`` is, and how long the sub-MIP takes, the search adapts to what
the operator brings (`optalloc.solving.strategies.adaptive`).
"""

from __future__ import annotations

import numpy as np

from optalloc.mip.arrays import Arrays, Labels
from optalloc.mip.parameters import FixAndOptimise, Parameters
from optalloc.solving.strategies.adaptive import Around, Focus, Operator, Slice
from optalloc.solving.strategies.relatedness import RelatedBlocks

__all__ = [
    "IndexValues",
    "NeighbouringBlocks",
    "StageWindow",
    "index_operators",
    "part_operators",
]


class NeighbouringBlocks:
    """Blocks that are related to one: to one in a violated row, where there is one."""

    def __init__(self, arrays: Arrays, related: RelatedBlocks) -> None:
        self._lower, self._related = arrays.col_lower, related

    def free(self, size: int, focus: Focus) -> np.ndarray:
        """Mask of the columns of so many blocks, and of those of none that are in their rows."""
        columns = focus.violated
        used = columns[focus.values[columns] != self._lower[columns]]
        blocks = np.unique(self._related.parts.block[used])
        return self._related.cluster(focus.draw, size, blocks[blocks >= 0])


class StageWindow:
    """A window of stages: around one of a violated row, where there is one."""

    def __init__(self, arrays: Arrays) -> None:
        assert arrays.parts is not None
        self._stage = arrays.parts.stage
        self._with_integers = np.unique(self._stage[arrays.integer & (self._stage >= 0)])

    def free(self, size: int, focus: Focus) -> np.ndarray:
        """Mask of the columns of so many stages in a row."""
        stages = np.unique(self._stage[focus.violated])
        stages = stages[stages >= 0]
        middle = int(focus.draw.choice(stages if len(stages) else self._with_integers))
        first = middle - int(focus.draw.integers(size))
        return np.asarray((self._stage >= first) & (self._stage < first + size))


class IndexValues:
    """Integers whose key names one of some values of an index, in a row or anywhere, and all else.

    Parameters
    ----------
    integer : numpy.ndarray of bool, shape (columns,)
    groups : sequence of numpy.ndarray of int
        Integer columns of each value.
    """

    def __init__(self, integer: np.ndarray, groups: list[np.ndarray]) -> None:
        self._continuous, self._groups = ~integer, groups

    def free(self, size: int, focus: Focus) -> np.ndarray:
        """Mask of the integers of so many values, and of all continuous columns."""
        draw, count = focus.draw, len(self._groups)
        size = min(size, count)
        if draw.random() < 0.5:
            first = int(draw.integers(count - size + 1))
            chosen = list(range(first, first + size))
        else:
            chosen = draw.choice(count, size=size, replace=False).tolist()
        free = self._continuous.copy()
        for value in chosen:
            free[self._groups[value]] = True
        return free


def part_operators(
    arrays: Arrays,
    parameters: Parameters,
    *,
    relaxed: bool,
    related: RelatedBlocks | None = None,
) -> list[Operator]:
    """The operators of a program with parts: related blocks and windows of stages.

    Parameters
    ----------
    arrays : Arrays
        With `parts`.
    parameters : Parameters
    relaxed : bool
        True adds operators whose integers are restricted to RENS.
    related : RelatedBlocks, optional
        Those of the program, if they are known.
    """
    parts, ours = arrays.parts, parameters.large_neighbourhood
    if parts is None:
        raise ValueError("a program without parts cannot be searched by them")
    related = related or RelatedBlocks(arrays, parts, ours.wide_row_exponent)
    blocks = NeighbouringBlocks(arrays, related)
    short_s = min(ours.short_s * max(len(arrays.cost) / ours.short_columns, 1.0), ours.long_s)
    free, narrow = (
        Slice(short_s, ours.long_s, ours.gap),
        Slice(ours.long_s, ours.long_s, ours.rens_gap),
    )
    most = ours.most_share * parts.blocks
    found = [Operator(blocks, ours.blocks, ours.fewest, most, free, ours)]
    if relaxed:
        size = min(ours.rens_blocks, most)
        around = Around.RELAXATION
        found.append(Operator(blocks, size, ours.fewest, most, narrow, ours, around))
    if parts.stages < parameters.selection.fewest_stages:
        return found
    if not (arrays.integer & (parts.stage >= 0)).any():
        return found
    window, most = StageWindow(arrays), ours.most_share * parts.stages
    found.append(Operator(window, ours.stages, ours.fewest, most, free, ours))
    if relaxed:
        size = min(ours.rens_stages, most)
        around = Around.OWN_RELAXATION
        found.append(Operator(window, size, ours.fewest, most, narrow, ours, around))
    return found


def index_operators(core: Arrays, parameters: Parameters, gap: float) -> list[Operator]:
    """One operator for each index by whose values the integers are named."""
    ours: FixAndOptimise = parameters.fix_and_optimise
    time = Slice(ours.submip_s, ours.submip_s, gap)
    return [
        Operator(
            IndexValues(core.integer, groups),
            max(1.0, ours.first_share * len(groups)),
            max(1.0, ours.least_share * len(groups)),
            max(1.0, ours.most_share * len(groups)),
            time,
            parameters.large_neighbourhood,
        )
        for groups in _groups_by_index(core)
    ]


def _groups_by_index(core: Arrays) -> list[list[np.ndarray]]:
    """Integer columns by the values in their keys; the values of one place are of one index."""
    by_value: dict[object, list[int]] = {}
    places: dict[tuple[str, int], dict[object, None]] = {}
    labels: Labels = core.columns
    # A program without names has one group: all its integers.
    for column in np.flatnonzero(core.integer).tolist() if len(labels) else ():
        name, key = labels[column]
        parts = key if isinstance(key, tuple) else (key,)
        for place, value in enumerate(parts):
            by_value.setdefault(value, []).append(column)
            places.setdefault((name, place), {})[value] = None
    distinct = {tuple(values) for values in places.values() if len(values) > 1}
    # Sorted, so that a seed means the same on every run.
    indices = sorted(distinct, key=lambda values: (-len(values), str(values)))
    return [[np.array(by_value[value]) for value in values] for values in indices] or [
        [np.flatnonzero(core.integer)]
    ]
