"""Rows that cannot be listed in advance: what families find violated, as rows of the matrix.

A family with such limits offers ``separate(data, values)``. It is asked again and again, at
fractional points too, and each time names rows that any plan must keep and this point breaks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

__all__ = ["Cuts"]


@dataclass(frozen=True, kw_only=True)
class Cuts:
    """Rows ``sum coefficient x component[key] <= at_most`` of one limit.

    Parameters
    ----------
    limit : str
        Limit that they belong to.
    keys : pandas.DataFrame, one row per cut
        What each is about, for its name.
    at_most : numpy.ndarray, shape (cuts,)
    terms : mapping of str to pandas.DataFrame
        By ledger or variable: ``cut`` (position in `keys`), its key columns in the order of its
        index, and ``coefficient``.
    """

    limit: str
    keys: pd.DataFrame
    at_most: np.ndarray
    terms: Mapping[str, pd.DataFrame]
