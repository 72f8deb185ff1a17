"""Text in frames, of one dtype whatever options of pandas are set in the process.

Left to itself pandas infers the dtype of text by ``mode.string_storage`` and
``future.infer_string``, which belong to whoever imports the library.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["TEXT", "text_column", "with_text"]

TEXT = pd.StringDtype("python", na_value=np.nan)


def text_column(cells: Sequence[object]) -> pd.Series:
    """Text, or None, as a column; object where there is none, so that look-ups give numbers.

    >>> str(text_column(["a", None]).dtype), str(text_column([None]).dtype)
    ('str', 'object')
    """
    known = any(cell is not None for cell in cells)
    return pd.Series(cells, dtype=TEXT if known else object)


def with_text(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with its text, and the names of its columns, in `TEXT`.

    Columns that hold other values besides text stay object, as do those without a value.
    """
    text = [name for name, dtype in frame.dtypes.items() if _is_inferred(frame, name, dtype)]
    frame = frame.astype(dict.fromkeys(text, TEXT)) if text else frame.copy(deep=False)
    if frame.columns.dtype != TEXT:
        frame.columns = pd.Index(frame.columns, dtype=TEXT)
    return frame


def _is_inferred(frame: pd.DataFrame, name: Hashable, dtype: Any) -> bool:
    """Return True if a column holds text in another dtype than `TEXT`."""
    if isinstance(dtype, np.dtype) and dtype.kind == "O":
        return pd.api.types.infer_dtype(frame[name], skipna=True) == "string"
    return isinstance(dtype, pd.StringDtype) and dtype != TEXT
