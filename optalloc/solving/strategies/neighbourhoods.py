"""Which columns are decided together: blocks that share rows, stretches of stages.

Blocks are near each other where they have rows in common, a row counting less the more blocks it
has: those that serve the same demand or hang on the same zone. Columns that belong to no block are
freed with the blocks whose rows they are in.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from optalloc.mip.arrays import Arrays, Parts
from optalloc.mip.parameters import Parameters

__all__ = ["Neighbourhoods"]

DEFAULT = Parameters()


class Neighbourhoods:
    """Sets of columns of one program.

    Parameters
    ----------
    arrays : Arrays
    parts : Parts
    parameters : Parameters, optional
    """

    def __init__(self, arrays: Arrays, parts: Parts, parameters: Parameters = DEFAULT) -> None:
        self.parts, self._fewest_stages = parts, parameters.selection.fewest_stages
        wide = parameters.large_neighbourhood.wide_row_exponent
        matrix = arrays.matrix
        pattern = sp.csr_array(
            (np.ones(matrix.nnz, dtype=np.float32), matrix.indices, matrix.indptr),
            shape=(matrix.shape[1], matrix.shape[0]),
        )
        inside = np.flatnonzero(parts.block >= 0)
        member = sp.csr_array(
            (np.ones(len(inside), dtype=np.float32), (parts.block[inside], inside)),
            shape=(parts.blocks, matrix.shape[1]),
        )
        # Which rows have a column of which block.
        self._rows = sp.csc_array(((member @ pattern) > 0).astype(np.float32))
        count = np.asarray(self._rows.sum(axis=0)).ravel()
        weight = np.where(count > 1, 1.0 / np.maximum(count, 1.0) ** wide, 0.0)
        self.nearness = ((self._rows * weight) @ self._rows.T).toarray()
        self._outside = np.flatnonzero(parts.block < 0)
        self._touching = self._touched(pattern[self._outside], count)
        self._whole = np.bincount(parts.stage[arrays.integer] + 1, minlength=parts.stages + 1)[1:]

    def _touched(self, pattern: sp.csr_array, count: np.ndarray) -> sp.csc_array:
        """Blocks that a column of none hangs on, by its rows or through another such column."""
        direct = ((pattern @ self._rows.T) > 0).astype(np.float32)
        alone = pattern[:, np.flatnonzero(count == 0)]
        through = alone @ (alone.T @ direct)
        return sp.csc_array((direct + through) > 0)

    def cluster(
        self, draw: np.random.Generator, size: int, among: np.ndarray | None = None
    ) -> np.ndarray:
        """Columns of some blocks that are near one block, and half of them among some if given."""
        every = np.arange(self.parts.blocks)
        first = int(draw.choice(every if among is None or not len(among) else among))
        score = self.nearness[first] * draw.uniform(0.5, 1.5, self.parts.blocks)
        score[first] = np.inf
        if among is not None:
            score[draw.permutation(among)[: size // 2]] = np.inf
        chosen = np.zeros(self.parts.blocks, dtype=bool)
        chosen[np.argsort(-score)[:size]] = True
        return self.group(chosen)

    def partition(self, size: int) -> np.ndarray:
        """Groups of so many blocks that are near each other, by number: one for each block.

        Each group begins at the block that is nearest to the fewest of those left.
        """
        group, number = np.full(self.parts.blocks, -1), 0
        while len(left := np.flatnonzero(group < 0)):
            near = self.nearness[np.ix_(left, left)].copy()
            np.fill_diagonal(near, 0.0)
            members = [int(near.sum(axis=1).argmin())]
            for _ in range(min(size, len(left)) - 1):
                score = near[members].sum(axis=0)
                score[members] = -1.0
                members.append(int(score.argmax()))
            group[left[members]] = number
            number += 1
        return group

    def group(self, blocks: np.ndarray) -> np.ndarray:
        """Columns of some blocks, and those of none that hang on them."""
        taken = np.zeros(self.parts.blocks + 1, dtype=bool)
        taken[:-1] = blocks
        free: np.ndarray = taken[self.parts.block]
        shared = np.asarray(self._touching[:, np.flatnonzero(blocks)].sum(axis=1)).ravel() > 0
        free[self._outside[shared]] = True
        return free

    def window(
        self, draw: np.random.Generator, width: int, among: np.ndarray | None = None
    ) -> np.ndarray:
        """Columns of a stretch of stages, one with whole numbers to decide, or of some, in it."""
        if among is None or not len(among):
            among = np.flatnonzero(self._whole)
        middle = int(draw.choice(among))
        first = middle - int(draw.integers(width))
        return np.asarray((self.parts.stage >= first) & (self.parts.stage < first + width))

    @property
    def has_windows(self) -> bool:
        """Whether there are stages enough, with whole numbers to decide."""
        return self.parts.stages >= self._fewest_stages and bool(self._whole.any())
