"""Text in frames, of one dtype whatever options of pandas are set in the process.

Left to itself pandas infers the dtype of text by ``mode.string_storage`` and
``future.infer_string``, which belong to whoever imports the library.
"""

from __future__ import annotations

from collections.abc import Sequence

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
    text = [name for name in frame.columns if _is_inferred(frame[name])]
    frame = frame.astype(dict.fromkeys(text, TEXT)) if text else frame.copy(deep=False)
    frame.columns = pd.Index(frame.columns, dtype=TEXT)
    return frame


def _is_inferred(column: pd.Series) -> bool:
    """Return True if a column holds text in another dtype than `TEXT`."""
    if column.dtype == object:
        return pd.api.types.infer_dtype(column, skipna=True) == "string"
    return isinstance(column.dtype, pd.StringDtype) and column.dtype != TEXT
