"""Lazy constraints: violated rows that families find, as rows of the matrix.

A family with such limits offers ``separate(data, values)``. It is called at many points, fractional
ones too, and each time returns rows that every plan satisfies and this point violates.
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
        Key of each, for its name.
    at_most : numpy.ndarray, shape (cuts,)
    terms : mapping of str to pandas.DataFrame
        By ledger or variable: ``cut`` (position in `keys`), its key columns in the order of its
        index, and ``coefficient``.
    """

    limit: str
    keys: pd.DataFrame
    at_most: np.ndarray
    terms: Mapping[str, pd.DataFrame]
