"""Hashes of what was read: the same for inputs that say the same, however they are stored."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import pandas as pd

__all__ = ["content_digest", "frame_digest"]


def content_digest(frames: Mapping[str, pd.DataFrame]) -> str:
    """SHA-256 of typed sheets, in hexadecimal.

    Two inputs in which `optalloc.diff` finds nothing have the same: neither the order of sheets,
    rows and columns matters, nor formats, notes, or the file in which they are stored.

    Parameters
    ----------
    frames : mapping of str to pandas.DataFrame
        Typed rows by sheet, as in `Dataset.frames`.
    """
    whole = hashlib.sha256()
    for name, frame in sorted(frames.items()):
        whole.update(name.encode() + b"\0" + frame_digest(frame))
    return whole.hexdigest()


def frame_digest(frame: pd.DataFrame) -> bytes:
    """SHA-256 of a frame's rows in any order, whatever their labels."""
    names = sorted(map(str, frame.columns))
    found = hashlib.sha256("\0".join(names).encode())
    if frame.empty:
        return found.digest()
    columns = [_cells(frame[name]) for name in names]
    for row in sorted(b"\0".join(cells) for cells in zip(*columns, strict=True)):
        found.update(b"\1" + row)
    return found.digest()


def _cells(column: pd.Series) -> list[bytes]:
    """Cells as bytes; a blank is not the text of one."""
    # Zero has one sign.
    plain = column + 0.0 if column.dtype.kind == "f" else column
    return [b"-" if pd.isna(cell) else f"+{cell}".encode() for cell in plain.tolist()]
