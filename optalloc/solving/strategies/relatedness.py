"""Related blocks: those that share rows, as in Shaw's removal of related customers.

Two blocks are related by each row that has columns of both, by less the more blocks it has. Columns
of no block are freed with the blocks whose rows they are in. Source: Shaw (1998,
doi:10.1007/3-540-49481-2_30).
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from optalloc.mip.arrays import Arrays, Parts
from optalloc.mip.parameters import LargeNeighbourhood

__all__ = ["RelatedBlocks"]

DEFAULT = LargeNeighbourhood()


class RelatedBlocks:
    """Relatedness of the blocks of one program.

    Parameters
    ----------
    arrays : Arrays
    parts : Parts
    wide_row_exponent : float, optional
        See `LargeNeighbourhood`.
    """

    def __init__(
        self,
        arrays: Arrays,
        parts: Parts,
        wide_row_exponent: float = DEFAULT.wide_row_exponent,
    ) -> None:
        self.parts = parts
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
        weight = np.where(count > 1, 1.0 / np.maximum(count, 1.0) ** wide_row_exponent, 0.0)
        self.relatedness = ((self._rows * weight) @ self._rows.T).toarray()
        self._outside = np.flatnonzero(parts.block < 0)
        self._touching = self._touched(pattern[self._outside], count)

    def _touched(self, pattern: sp.csr_array, count: np.ndarray) -> sp.csc_array:
        """Blocks to which a column of none belongs, by its rows or through another such column."""
        direct = ((pattern @ self._rows.T) > 0).astype(np.float32)
        alone = pattern[:, np.flatnonzero(count == 0)]
        through = alone @ (alone.T @ direct)
        return sp.csc_array((direct + through) > 0)

    def cluster(self, draw: np.random.Generator, size: int, among: np.ndarray) -> np.ndarray:
        """Columns of some blocks related to one block; half of them among those given, if any."""
        every = np.arange(self.parts.blocks)
        first = int(draw.choice(among if len(among) else every))
        score = self.relatedness[first] * draw.uniform(0.5, 1.5, self.parts.blocks)
        score[first] = np.inf
        if len(among):
            score[draw.permutation(among)[: size // 2]] = np.inf
        chosen = np.zeros(self.parts.blocks, dtype=bool)
        chosen[np.argsort(-score)[:size]] = True
        return self.columns(chosen)

    def partition(self, size: int) -> np.ndarray:
        """Number of the group of each block, in groups of so many related blocks.

        Each group begins at the block that is related to the fewest of those left.
        """
        group, number = np.full(self.parts.blocks, -1), 0
        while len(left := np.flatnonzero(group < 0)):
            related = self.relatedness[np.ix_(left, left)].copy()
            np.fill_diagonal(related, 0.0)
            members = [int(related.sum(axis=1).argmin())]
            for _ in range(min(size, len(left)) - 1):
                score = related[members].sum(axis=0)
                score[members] = -1.0
                members.append(int(score.argmax()))
            group[left[members]] = number
            number += 1
        return group

    def columns(self, blocks: np.ndarray) -> np.ndarray:
        """Mask of the columns of some blocks, and of those of none that are in their rows."""
        taken = np.zeros(self.parts.blocks + 1, dtype=bool)
        taken[:-1] = blocks
        free: np.ndarray = taken[self.parts.block]
        shared = np.asarray(self._touching[:, np.flatnonzero(blocks)].sum(axis=1)).ravel() > 0
        free[self._outside[shared]] = True
        return free
