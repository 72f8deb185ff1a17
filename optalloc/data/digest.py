"""Hashes of what was read: the same for inputs that say the same, however they are stored."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Mapping

import pandas as pd

__all__ = ["content_digest", "frame_digest"]


def content_digest(frames: Mapping[str, pd.DataFrame], ordered: Container[str] = ()) -> str:
    """SHA-256 of typed sheets, in hexadecimal.

    Two inputs in which `optalloc.diff` finds nothing have the same: neither the order of sheets and
    columns matters, nor that of rows but on a sheet that is ``ordered``, nor formats, notes, or the
    file in which they are stored.

    Parameters
    ----------
    frames : mapping of str to pandas.DataFrame
        Typed rows by sheet, as in `Dataset.frames`.
    ordered : container of str
        Sheets whose order of rows matters.
    """
    whole = hashlib.sha256()
    for name, frame in sorted(frames.items()):
        own = frame_digest(frame, ordered=name in ordered)
        whole.update(name.encode() + b"\0" + own)
    return whole.hexdigest()


def frame_digest(frame: pd.DataFrame, *, ordered: bool = False) -> bytes:
    """SHA-256 of a frame's rows, whatever their labels; in any order unless it is ``ordered``."""
    names = sorted(map(str, frame.columns))
    found = hashlib.sha256("\0".join(names).encode())
    if frame.empty:
        return found.digest()
    columns = [_cells(frame[name]) for name in names]
    rows = [b"\0".join(cells) for cells in zip(*columns, strict=True)]
    for row in rows if ordered else sorted(rows):
        found.update(b"\1" + row)
    return found.digest()


def _cells(column: pd.Series) -> list[bytes]:
    """Cells as bytes; a blank is not the text of one."""
    # Zero has one sign.
    plain = column + 0.0 if column.dtype.kind == "f" else column
    return [b"-" if pd.isna(cell) else f"+{cell}".encode() for cell in plain.tolist()]
