"""A mapping of sheet names to frames as a workbook, for scripts and notebooks."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from optalloc.spreadsheet.faults import refusal
from optalloc.spreadsheet.sheets import Labels, RawSheet, Workbook, trimmed

__all__ = ["NAME", "Book", "Frames", "as_files", "read_frames", "write_frames"]

Frames = Mapping[str, pd.DataFrame]
# Whatever is read as a workbook: an .xlsx, a folder of CSV files, or frames by sheet name.
Book = str | Path | Frames

# The name that messages give to a workbook of frames.
NAME = "frames"


def read_frames(frames: Frames) -> Workbook:
    """Read frames as the sheets of a workbook.

    The names of a frame's columns are the sheet's. An index with a name is read as columns; one
    without a name only names rows in messages. NaN, None, NaT and empty text are blanks; numbers,
    dates (YYYY-MM-DD) and flags may be text, as in a CSV.

    Parameters
    ----------
    frames : mapping of str to pandas.DataFrame

    Raises
    ------
    InputError
        If the mapping is empty, or one of its sheets is no frame or has several rows of names.

    Examples
    --------
    >>> frame = pd.DataFrame({"site": ["lulea"], "limit_mw": [120.0]})
    >>> read_frames({"Sites": frame}).sheets["Sites"].rows
    (('site', 'limit_mw'), ('lulea', 120))
    """
    if not frames:
        raise refusal("not-frames", NAME, "none")
    sheets: dict[str, RawSheet] = {}
    digest = hashlib.sha256()
    for name, frame in frames.items():
        sheet = sheets[str(name)] = _sheet(str(name), frame)
        digest.update(repr((sheet.name, sheet.rows)).encode())
    # A column of mixed kinds, such as the values of settings, is often one of text.
    return Workbook(Path(NAME), sheets, (), text_cells=True, digest=digest.hexdigest())


def write_frames(frames: Frames, folder: Path) -> None:
    """Write frames as a folder of CSV files, which is read as the same workbook."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, sheet in read_frames(frames).sheets.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([map(_as_text, row) for row in sheet.rows])


@contextmanager
def as_files(book: Book) -> Iterator[Path]:
    """Give the path of a workbook; of frames that of a folder of CSV files, for as long.

    Cells have the same places there as those that `read_frames` gives.

    Raises
    ------
    InputError
        As of `read_frames`.
    """
    if isinstance(book, str | Path):
        yield Path(book)
        return
    with tempfile.TemporaryDirectory(prefix="optalloc-") as folder:
        path = Path(folder, NAME)
        write_frames(book, path)
        yield path


def _sheet(name: str, frame: object) -> RawSheet:
    if not isinstance(frame, pd.DataFrame):
        raise refusal("not-frames", f"sheet {name!r} of {NAME}", f"a {type(frame).__name__}")
    if frame.columns.nlevels > 1:
        raise refusal("not-frames", f"sheet {name!r} of {NAME}", "columns of several levels")
    labels = tuple(frame.index)
    named = [level for level in frame.index.names if level is not None]
    if both := [level for level in named if level in frame.columns]:
        found = f"an index named as its column {both[0]!r}: use reset_index(drop=True)"
        raise refusal("not-frames", f"sheet {name!r} of {NAME}", found)
    if named:
        frame = frame.reset_index(level=named)
    titles = tuple(None if _is_blank(title) else str(title) for title in frame.columns)
    columns = [frame.iloc[:, place].astype(object).tolist() for place in range(len(titles))]
    for title, cells in zip(titles, columns, strict=True):
        if kinds := [type(cell).__name__ for cell in cells if _is_array(cell)]:
            found = f"a cell of column {title!r} that holds a {kinds[0]}"
            raise refusal("not-frames", f"sheet {name!r} of {NAME}", found)
    rows = tuple(tuple(map(_cell, row)) for row in zip(*columns, strict=True))
    names = tuple(title or "" for title in titles)
    return RawSheet(name, trimmed([titles, *rows]), hidden=False, labels=Labels(names, labels))


def _is_array(value: object) -> bool:
    """True for an array, a Series or a frame in a cell."""
    return hasattr(value, "__array__") and not pd.api.types.is_scalar(value)


def _is_blank(value: Any) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or value == "" or value != value


def _cell(value: object) -> object:
    """A cell as a spreadsheet would hold it; what none can hold stays, and is refused there."""
    if _is_blank(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime()
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, Real):
        number = float(value)
        return int(number) if number.is_integer() and abs(number) < 2**53 else number
    return value


def _as_text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat(" ")
    return repr(cell) if isinstance(cell, float) else str(cell)
