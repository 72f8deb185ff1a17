"""Step "read back", first half: a solution vector as columns of tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyomo.environ as pyo

from optalloc.arrays import Arrays
from optalloc.program import Posting, Program

__all__ = ["Values", "read_values"]

# Smaller amounts are solver noise and would only clutter tables.
NOISE = 1e-9


@dataclass(frozen=True)
class Values:
    """Values of variables and ledgers at a solution, as frames."""

    program: Program

    def variable(self, name: str, keys: Sequence[str]) -> pd.DataFrame:
        """Give a variable's values: one row per key, the value in ``value``."""
        return _frame(self.program.pyomo.component(name), keys)

    def ledger(self, name: str) -> pd.DataFrame:
        """Give a ledger's totals: its index columns and ``value``."""
        ledger = self.program.model.ledgers[name]
        return _frame(self.program.pyomo.component(name), ledger.over)

    def postings(self, ledger: str) -> Iterator[tuple[Posting, pd.DataFrame]]:
        """Give each posting to a ledger, with its values by its own keys."""
        for posting in self.program.postings:
            if posting.ledger == ledger:
                over = posting.over or self.program.model.ledgers[ledger].over
                yield posting, _frame(self.program.pyomo.component(posting.component), over)


def read_values(program: Program, arrays: Arrays, solution: np.ndarray) -> Values:
    """Put a solution into the Pyomo model, and give access to it as frames.

    Parameters
    ----------
    program : Program
    arrays : Arrays
        Compiled from the program.
    solution : numpy.ndarray
        Aligned with the columns of `arrays`.
    """
    # A variable in no row and no cost is not among the columns; any value within bounds will do.
    for variable in program.pyomo.component_data_objects(pyo.Var):
        if not variable.fixed:
            variable.set_value(max(variable.lb or 0.0, 0.0), skip_validation=True)
    for variable, value in zip(arrays.columns, solution.tolist(), strict=True):
        variable.set_value(value, skip_validation=True)
    return Values(program)


def _frame(component: Any, keys: Sequence[str]) -> pd.DataFrame:
    index = list(component)
    numbers = np.array([pyo.value(component[key]) for key in index], dtype=float)
    numbers[np.abs(numbers) < NOISE] = 0.0
    columns = [[key] for key in index] if len(keys) == 1 else index
    frame = pd.DataFrame(columns, columns=list(keys), dtype=object)
    return frame.assign(value=numbers)
