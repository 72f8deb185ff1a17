"""Faults of an input's files and structure, and their words."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.parsers import expat

from python_calamine import CalamineError

from optalloc.errors import InputError, Problem, Severity
from optalloc.spreadsheet.sheets import address

__all__ = ["FILE_CODES", "file_bytes", "problem_at", "readable", "refusal", "undamaged"]

MOST_BYTES = 2**30
MOST_CELLS = 10_000_000

# By code: what must hold, and what to do.
FILE_CODES = {
    # Of the input as a whole; these stop the reading.
    "not-found": ("must exist", "Check the path and its spelling."),
    "not-readable": ("must be readable", "Close it elsewhere and check that you may read it."),
    "empty-file": ("must not be empty", "Save it again."),
    "not-a-workbook": (
        "must be an Excel workbook or a folder of CSVs",
        "Open it in a spreadsheet program and save it as .xlsx, or name a folder of CSVs.",
    ),
    "not-frames": (
        "must give each sheet as a DataFrame with one row of column names",
        "Give a mapping of sheet names to pandas.DataFrame.",
    ),
    "password-protected": ("must open without a password", "Save it without a password."),
    "truncated": (
        "must be complete and undamaged",
        "Open it in a spreadsheet program and save it again, or fetch it again.",
    ),
    "too-large": ("must fit in memory", "Delete stray cells, sheets and pictures."),
    "date-range": (
        "must hold dates and times of the years 1900 to 9999",
        "Correct the cell, or give it a number format.",
    ),
    # Of a sheet or a cell.
    "formula-without-value": (
        "a formula must have a calculated value",
        "Open the workbook in a spreadsheet program and save it, or type the number.",
    ),
    "error-value": ("a cell must hold a value", "Correct its formula, or type the value."),
    "merged-cells": ("cells must not be merged", "Unmerge them and fill in every cell."),
    "encoding": ("must be encoded as UTF-8", "Save it as 'CSV UTF-8'."),
    "nul-byte": ("must be text", "Save it again as 'CSV UTF-8'."),
    "csv-quote": ("a quoted cell must end with its quote", "Add or remove a quote."),
    "csv-delimiter": ("cells must be separated by commas", "Save it as comma-separated CSV."),
    "ragged-row": (
        "a row must not be longer than the header",
        "Put quotes around text with a comma in it, or delete the extra cells.",
    ),
    "uneven-row": (
        "a row must have as many cells as the header, as most rows have",
        "Write decimals with a point, and see that each value stands below its name.",
    ),
    "hidden": ("what is hidden is read like the rest", "Delete it if it should not count."),
    "totals-row": (
        "a table's totals row is left out",
        "Nothing need be done; turn the table's totals row off if the row is a record.",
    ),
    "like-totals-row": (
        "a row that looks like a total is read like the rest",
        "Delete it if it only adds up the rows above.",
    ),
    "not-read": ("only sheets of cells are read", "Remove it if that surprises you."),
}
_NOTICES = {"hidden", "not-read", "totals-row", "like-totals-row", "uneven-row"}

# Errors of zipfile, zlib, expat, calamine and our own checks on damaged bytes.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    expat.ExpatError,
    CalamineError,
    EOFError,
    LookupError,
    NotImplementedError,
    ValueError,
)


def refusal(code: str, name: str, found: str = "") -> InputError:
    """Error that stops the reading: a fault of `name`, the input or a part of it."""
    must, action = FILE_CODES[code]
    return InputError([Problem("", "", f"{name} {must}", found, action, code)])


def problem_at(code: str, sheet: str, order: tuple[int, int, int], found: str = "") -> Problem:
    """Problem of a sheet or cell.

    Parameters
    ----------
    code : str
        Code of the problem, which determines its words and severity.
    sheet : str
        Name of the sheet; empty for the input as a whole.
    order : tuple of int
        Position of the sheet, row and column, each counted from 1, and 0 for the whole.
    found : str
        The value found, where that adds to the code.
    """
    must, action = FILE_CODES[code]
    _, row, column = order
    return Problem(
        sheet=sheet,
        cell=address(row, column) if row else "",
        must=must,
        found=found,
        action=action,
        code=code,
        severity=Severity.NOTICE if code in _NOTICES else Severity.ERROR,
        order=order,
    )


@contextmanager
def readable(name: str) -> Iterator[None]:
    """Turn errors of the operating system into an input error about the file."""
    try:
        yield
    except OSError as fault:
        raise refusal("not-readable", name, (fault.strerror or "a fault").lower()) from fault


@contextmanager
def undamaged(name: str) -> Iterator[None]:
    """Turn errors of parsers on damaged bytes into an input error about the file."""
    try:
        yield
    except _DAMAGE as fault:
        found = " ".join(str(fault).split())[:120] or type(fault).__name__
        raise refusal("truncated", name, found) from fault


def file_bytes(path: Path) -> bytes:
    """Bytes of a file.

    Raises
    ------
    InputError
        If it is missing, not readable, no ordinary file, or over 1 GiB.
    """
    with readable(path.name):
        if not path.exists():
            raise refusal("not-found", path.name)
        # A pipe or a device could be read for ever.
        if not path.is_file():
            raise refusal("not-a-workbook", path.name, "something that is not a file")
        with path.open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise refusal("too-large", path.name, "more than 1 GiB")
    return data
