"""Step "read back", first half: a solution vector as columns of tables."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from optalloc.compile import KeyTable, values_of
from optalloc.mip.arrays import Arrays
from optalloc.modelling.ledgers import Posting
from optalloc.modelling.program import Program

__all__ = ["Values"]

# Smaller amounts are noise of the solver, and are left out of tables.
NOISE = 1e-9


@dataclass(frozen=True)
class Values:
    """Values of variables and ledgers at a solution, as frames.

    Parameters
    ----------
    program : Program
    arrays : Arrays
        Compiled from the program.
    solution : numpy.ndarray
        Aligned with the columns of `arrays`.
    """

    program: Program
    arrays: Arrays
    solution: np.ndarray

    def variable(self, name: str, keys: Sequence[str]) -> pd.DataFrame:
        """Give a variable's values: one row per key, the value in ``value``."""
        return self._frame(name, keys)

    def ledger(self, name: str) -> pd.DataFrame:
        """Give a ledger's totals: its index columns and ``value``."""
        return self._frame(name, self.program.model.ledgers[name].over)

    def postings(self, ledger: str) -> Iterator[tuple[Posting, np.ndarray]]:
        """Give each posting to a ledger, with its values in the order of its own keys."""
        for posting in self.program.postings:
            if posting.ledger == ledger:
                yield posting, self._numbers(posting.component)[1]

    def _numbers(self, component: str) -> tuple[KeyTable, np.ndarray]:
        table, numbers = values_of(self.arrays, component, self.solution)
        numbers[np.abs(numbers) < NOISE] = 0.0
        return table, numbers

    @functools.cached_property
    def _known(self) -> dict[tuple[str, ...], pd.DataFrame]:
        """Frames by component and names of its keys, as several families read the same."""
        return {}

    def _frame(self, component: str, keys: Sequence[str]) -> pd.DataFrame:
        key = component, *keys
        if key not in self._known:
            table, numbers = self._numbers(component)
            self._known[key] = table.frame(keys).assign(value=numbers)
        return self._known[key].copy(deep=False)
