"""Names that look the same and are not, names without rows, and blanks beside names.

What cannot be seen (Unicode form, kinds of spaces, invisible characters) is no part of a name and
is left out on reading (`optalloc.spreadsheet.visible`), with a notice. What can be seen but looks
like another name (case, width, hyphens for spaces) is an error that names both cells: a limit would
be lost by a letter.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from optalloc.data.convert import shown
from optalloc.data.dataset import Dataset
from optalloc.data.rules import listed
from optalloc.data.schema import FREE_TEXT, Column, Kind, Sheet
from optalloc.errors import Problem, Severity

__all__ = ["Cell", "canonical", "difference", "kind_of", "name_notices", "near_names"]

_MOST_NAMED = 5
_HYPHENS = {ord(c): " " for c in "-_\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u30fb"}
_BETWEEN_DIGITS = re.compile(r"(?<=\d) (?=\d)")


@dataclass(frozen=True, order=True)
class Cell:
    """A cell by declared names; `row` is the label of its record."""

    sheet: str
    row: int
    column: str


@functools.lru_cache(maxsize=100_000)
def canonical(name: str) -> str:
    """Return the form that names that look the same share: no case, width, hyphens or spaces.

    A hyphen or space between two digits counts, so that ``A-1-1`` is not ``A-11``.

    >>> canonical("NEM-VIC") == canonical("nem vic"), canonical("A-1-1") == canonical("A-11")
    (True, False)
    """
    plain = unicodedata.normalize("NFKC", name).casefold()
    plain = unicodedata.normalize("NFKC", plain).translate(_HYPHENS)
    plain = "".join(c for c in plain if unicodedata.category(c) != "Cf")
    plain = " ".join(plain.split())
    return _BETWEEN_DIGITS.sub("|", plain).replace(" ", "").replace("|", " ")


def difference(one: str, other: str) -> str:
    """Return in words how two names that look the same differ."""
    steps = (
        ("upper and lower case", str.casefold),
        ("width of characters", lambda name: unicodedata.normalize("NFKC", name)),
        ("hyphens and spaces", lambda name: " ".join(name.translate(_HYPHENS).split())),
        ("spaces", lambda name: "".join(name.translate(_HYPHENS).split())),
    )
    for words, plain in steps:
        if plain(one) == plain(other):
            return words
    return "letters that look the same"


def kind_of(sheets: Mapping[str, Sheet], column: Column) -> str:
    """Return the kind of names that a column mentions; empty if it holds other text or no text."""
    while column.refers_to:
        target, _, name = column.refers_to.partition(".")
        column = sheets[target].by_name[name]
    named = column.kind is Kind.TEXT and column.names != FREE_TEXT
    return column.names if named else ""


def _mentions(sheets: Mapping[str, Sheet]) -> dict[str, list[tuple[Sheet, Column]]]:
    """Columns by the kind of names that they mention; those that name rows of their sheet first."""
    found: dict[str, list[tuple[Sheet, Column]]] = {}
    for sheet in sheets.values():
        for column in sheet.columns:
            if kind := kind_of(sheets, column):
                found.setdefault(kind, []).append((sheet, column))
    for columns in found.values():
        columns.sort(key=lambda at: not _gives_names(*at))
    return found


def _gives_names(sheet: Sheet, column: Column) -> bool:
    return sheet.key == (column.name,) and not column.refers_to


def near_names(data: Dataset) -> Iterator[tuple[Cell, Problem]]:
    """Yield an error for each cell with a name that looks like another of its kind, but is not it.

    Of names that look the same, the one that names a row of its own sheet is taken for the right
    one, else the one that most cells have, else the first.
    """
    for kind, columns in _mentions(data.sheets).items():
        groups: dict[str, dict[str, None]] = {}
        for sheet, column in columns:
            if not data.uses([sheet.name]):
                continue
            for name in data.column(sheet.name, column.name).dropna().unique().tolist():
                groups.setdefault(canonical(name), {}).setdefault(name)
        near = {name: group for group in groups.values() if len(group) > 1 for name in group}
        if near:
            yield from _misspelt(data, kind, columns, near)


def _misspelt(
    data: Dataset,
    kind: str,
    columns: list[tuple[Sheet, Column]],
    near: Mapping[str, Mapping[str, None]],
) -> Iterator[tuple[Cell, Problem]]:
    cells: dict[str, list[Cell]] = {name: [] for name in near}
    given: set[str] = set()
    for sheet, column in columns:
        names = data.frames[sheet.name][column.name]
        for row, name in names[names.isin(list(near))].items():
            cells[name].append(Cell(sheet.name, int(str(row)), column.name))
            if _gives_names(sheet, column):
                given.add(name)
    for group in {id(group): group for group in near.values()}.values():
        right = max(group, key=lambda name: (name in given, len(cells[name])))
        first = cells[right][0]
        there = data.cell_name(first.sheet, first.row, first.column)
        for name in group:
            for cell in cells[name] if name != right else ():
                yield (
                    cell,
                    data.problem(
                        cell.sheet,
                        cell.row,
                        cell.column,
                        f"{_a(kind)} must be spelled the same everywhere",
                        f"Spell both the same, or give one a name that looks different; they differ"
                        f" in {difference(name, right)}.",
                        "near-name",
                        found=f"{shown(name)} beside {shown(right)} in {there}",
                    ),
                )


def name_notices(data: Dataset) -> Iterator[Problem]:
    """Yield notices of limits that may be lost: names without rows, and blanks beside names.

    Both where a sheet is expected to have rows of each name (`Column.of_each`), once it has any.
    """
    for sheet in data.sheets.values():
        for column in sheet.columns:
            target, _, name = column.refers_to.partition(".")
            if target and data.sound(sheet.name) and data.sound(target):
                named, mentioned = data.frames[sheet.name][column.name], data.frames[target][name]
                if column.of_each and len(named) and not named.isna().any():
                    yield from _without_row(data, sheet, column, named, mentioned)
    for sheet in data.sheets.values():
        for column in sheet.columns:
            if not (column.refers_to or column.required) and kind_of(data.sheets, column):
                yield from _blank_beside(data, sheet, column)


def _without_row(
    data: Dataset, sheet: Sheet, column: Column, named: pd.Series, mentioned: pd.Series
) -> Iterator[Problem]:
    """One notice for all names that have no row on a sheet where others have, at the first."""
    lacking = mentioned[~mentioned.isin(named.tolist())].dropna().drop_duplicates()
    if lacking.empty:
        return
    target, _, name = column.refers_to.partition(".")
    kind = kind_of(data.sheets, column)
    others = lacking.tolist()[:_MOST_NAMED]
    more = f" and {len(lacking) - len(others)} more" if len(lacking) > len(others) else ""
    yield data.problem(
        target,
        lacking.index[0],
        name,
        f"nothing of sheet {sheet.name} applies to a {kind} without a row there, where others have"
        " one",
        "Add its rows, or leave it if that is meant.",
        "name-without-row",
        found=f"{', '.join(map(shown, others))}{more}",
        severity=Severity.NOTICE,
    )


def _blank_beside(data: Dataset, sheet: Sheet, column: Column) -> Iterator[Problem]:
    """One notice for all blanks of a column whose names a sheet has rows of, at the first."""
    names = data.frames[sheet.name][column.name]
    blank = names[names.isna()]
    if blank.empty or len(blank) == len(names) or not data.sound(sheet.name, column.name):
        return
    ref = f"{sheet.name}.{column.name}"
    speak = [
        other.name
        for other in data.sheets.values()
        if any(
            c.refers_to == ref and c.of_each and data.frames[other.name][c.name].notna().any()
            for c in other.columns
        )
    ]
    if speak:
        yield data.problem(
            sheet.name,
            blank.index[0],
            column.name,
            f"where {column.name} is blank, nothing of {listed(speak)} applies"
            f" ({column.blank_in_words})",
            "Fill it in, or leave it if that is meant.",
            "blank-beside-names",
            found="a blank" if len(blank) == 1 else f"a blank, and {len(blank) - 1} more",
            severity=Severity.NOTICE,
        )


def _a(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"
