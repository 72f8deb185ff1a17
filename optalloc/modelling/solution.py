"""A solution as families read it when they write tables and separate rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
import pandas as pd

from optalloc.modelling.ledgers import Posting

__all__ = ["Solution"]


class Solution(Protocol):
    """Values of variables and ledgers at a point, integer-feasible or fractional."""

    def variable(self, name: str, keys: Sequence[str]) -> pd.DataFrame:
        """Return a variable's values: one row per key, the value in ``value``."""
        ...

    def ledger(self, name: str) -> pd.DataFrame:
        """Return a ledger's totals: its index columns and ``value``."""
        ...

    def postings(self, ledger: str) -> Iterator[tuple[Posting, np.ndarray]]:
        """Return each posting to a ledger, with its values in the order of its own keys."""
        ...
