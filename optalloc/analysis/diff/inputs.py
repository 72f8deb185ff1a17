"""Two inputs: which rows were added or removed and which cells changed, by sheet and key.

Cells are compared as validation reads them, so that neither the order of columns nor the way a
number is stored matters, nor the order of rows but where a sheet is `ordered`; but a blank is never
the same as a value. Where a book has errors, what could be read is compared, and the errors are
reported.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from optalloc.analysis.diff.tables import CELLS, CHANGES, ERRORS, ROWS
from optalloc.analysis.diff.words import count, listed, value_in_words
from optalloc.data.dataset import WHOLE, Dataset, SheetPlace
from optalloc.data.schema import Column, Kind, Sheet
from optalloc.data.validate import check
from optalloc.errors import Problem, Severity
from optalloc.modelling.model import Model
from optalloc.modelling.outputs import TableSpec
from optalloc.report.findings import Findings
from optalloc.spreadsheet.sheets import RawSheet, Workbook

__all__ = ["compare_inputs"]

Key = tuple[object, ...]
_SAME = "; so the two mean the same"


@dataclass(frozen=True)
class _Row:
    """A row of one sheet: its typed values, and where it stands."""

    number: int
    values: Mapping[str, object]


@dataclass(frozen=True)
class _Side:
    """One input as far as it could be read."""

    workbook: Workbook
    data: Dataset
    problems: tuple[Problem, ...]

    @staticmethod
    def of(workbook: Workbook, model: Model) -> _Side:
        data, problems = check(workbook, model)
        errors = tuple(p for p in problems if p.severity is Severity.ERROR)
        return _Side(workbook, data, errors)

    def place(self, sheet: str) -> SheetPlace:
        return self.data.places[sheet]

    def raw(self, sheet: str, row: _Row, column: str) -> object:
        """Value of a cell as read; None where it is blank, or there is no such column."""
        place = self.place(sheet)
        found: RawSheet | None = self.workbook.sheets.get(place.name)
        if found is None or column not in place.columns:
            return None
        r, c = place.cell(row.number, column)
        cells = found.rows[r - 1]
        value = cells[c - 1] if c <= len(cells) else None
        return None if isinstance(value, str) and not value.strip() else value

    def address(self, sheet: str, row: _Row, column: str) -> str:
        place = self.place(sheet)
        if column not in place.columns:
            return ""
        return place.named(place.cell(row.number, column))

    def value(self, sheet: str, row: _Row, column: Column) -> object:
        """Value of a cell: typed if it could be read, else as it stands; None for a blank."""
        raw = self.raw(sheet, row, column.name)
        typed = row.values[column.name]
        # A flag that could not be read has the value of a no.
        unread = column.kind is Kind.FLAG and any(
            p.cell == self.address(sheet, row, column.name) and p.sheet == self.place(sheet).name
            for p in self.problems
        )
        return raw if raw is None or typed is None or unread else typed

    def lacks(self, sheet: str, column: str = WHOLE) -> bool:
        """True if a sheet or column is missing by mistake, or not readable, which is an error."""
        lost = self.data.lost.get(sheet, frozenset())
        return column in lost and column not in self.place(sheet).columns

    def rows(self, sheet: Sheet) -> dict[Key, _Row]:
        """Rows by key; where a sheet has none, by content and its count before."""
        frame = self.data.frames[sheet.name]
        met: Counter[Key] = Counter()
        rows: dict[Key, _Row] = {}
        for number, values in zip(frame.index, frame.to_dict("records"), strict=True):
            row = _Row(int(number), {str(name): _plain(v) for name, v in values.items()})
            if sheet.key or sheet.vertical:
                rows[tuple(row.values[name] for name in sheet.key)] = row
                continue
            content = tuple(self.value(sheet.name, row, column) for column in sheet.columns)
            met[content] += 1
            rows[(*content, met[content])] = row
        return rows


def compare_inputs(title: str, a: Workbook, b: Workbook, model: Model) -> Findings:
    """Compare two inputs as read; see `optalloc.diff.diff`."""
    left, right = _Side.of(a, model), _Side.of(b, model)
    sentences = [*_errors_in_words("A", left), *_errors_in_words("B", right)]
    rows: dict[str, list[dict[str, object]]] = {"Changes": [], "Cells": [], "Rows": []}
    compared = 0
    for sheet in model.sheets.values():
        unread = [name for name, side in (("A", left), ("B", right)) if side.lacks(sheet.name)]
        if unread:
            sentences.append(
                f"{sheet.name} cannot be read in {' and '.join(unread)}: not compared."
            )
            continue
        in_a, in_b = left.rows(sheet), right.rows(sheet)
        compared += len(in_a.keys() & in_b.keys())
        cells = [
            cell
            for key in in_a
            if key in in_b
            for cell in _changed_cells(sheet, key, (left, in_a[key]), (right, in_b[key]))
        ]
        removed = [_lone(sheet, left, row, "removed") for k, row in in_a.items() if k not in in_b]
        added = [_lone(sheet, right, row, "added") for k, row in in_b.items() if k not in in_a]
        reordered = sheet.ordered and _common(in_a, in_b) != _common(in_b, in_a)
        rows["Cells"] += cells
        rows["Rows"] += [*removed, *added]
        if cells or removed or added or reordered:
            counts = (len(in_a), len(in_b), len(added), len(removed), len(cells))
            names = [column.name for column in CHANGES.columns]
            rows["Changes"].append(dict(zip(names, (sheet.name, *counts), strict=True)))
            if cells or removed or added:
                sentences.append(_sheet_in_words(sheet, added, removed, cells))
            if reordered:
                sentences.append(f"{sheet.name}: rows are in another order, which matters there.")
            sentences += _renamed(sheet, removed, added)
    if not rows["Changes"]:
        sentences.append(_same_in_words(left, right, compared))
    if any(name.startswith("#") for side in (a, b) for name in side.sheets):
        sentences.append("Sheets that are notes (their names begin with #) are not compared.")
    specs = [CHANGES, CELLS, ROWS]
    tables = {spec.name: _frame(spec, rows[spec.name]) for spec in specs}
    errors: list[dict[str, object]] = [
        {"book": name, "error": str(problem)}
        for name, side in (("A", left), ("B", right))
        for problem in side.problems
    ]
    if errors:
        specs.append(ERRORS)
        tables[ERRORS.name] = _frame(ERRORS, errors)
    return Findings(title, tuple(sentences), tables, tuple(specs))


def _common(rows: Mapping[Key, _Row], others: Mapping[Key, _Row]) -> list[Key]:
    """Keys of the rows that others have too, in order."""
    return [key for key in rows if key in others]


def _frame(spec: TableSpec, rows: list[dict[str, object]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=[column.name for column in spec.columns], dtype=object)
    numbers = [c.name for c in spec.columns if c.kind in (Kind.NUMBER, Kind.INTEGER)]
    return frame.astype(dict.fromkeys(numbers, float))


def _plain(value: object) -> object:
    return None if value is None or value is pd.NaT or value != value else value


def _label(key: Key) -> str:
    return ", ".join(value_in_words(value) for value in key if value is not None)


def _changed_cells(
    sheet: Sheet, key: Key, of_a: tuple[_Side, _Row], of_b: tuple[_Side, _Row]
) -> Iterator[dict[str, object]]:
    """Cells that differ between two rows of one key."""
    (left, row_a), (right, row_b) = of_a, of_b
    for column in sheet.columns:
        if left.lacks(sheet.name, column.name) or right.lacks(sheet.name, column.name):
            continue
        a = left.value(sheet.name, row_a, column)
        b = right.value(sheet.name, row_b, column)
        if a == b:
            continue
        numbers = isinstance(a, float) and isinstance(b, float)
        blanks = [name for name, value in (("A", a), ("B", b)) if value is None]
        remark = f"blank in {blanks[0]}: {column.blank_in_words}" if blanks else ""
        meant = row_a.values[column.name], row_b.values[column.name]
        # The other value must have been read: one that could not be looks like a blank.
        if blanks and meant[0] == meant[1] == (b if a is None else a):
            remark += _SAME
        yield {
            "sheet": sheet.name,
            "key": _label(key) if sheet.key else "",
            "column": column.name,
            "a": a,
            "b": b,
            "change": b - a if numbers else None,  # type: ignore[operator]
            "unit": column.unit,
            "cell_a": left.address(sheet.name, row_a, column.name),
            "cell_b": right.address(sheet.name, row_b, column.name),
            "remark": remark,
        }


def _lone(sheet: Sheet, side: _Side, row: _Row, change: str) -> dict[str, object]:
    """A row that is in one of the two only."""
    content = [
        f"{column.name} {value_in_words(value)}"
        for column in sheet.columns
        if column.name not in sheet.key
        and (value := side.value(sheet.name, row, column)) is not None
    ]
    first = sheet.key[0] if sheet.key else sheet.columns[0].name
    return {
        "sheet": sheet.name,
        "change": change,
        "key": _label(tuple(row.values[name] for name in sheet.key)),
        "cell": side.address(sheet.name, row, first)
        or side.place(sheet.name).named((row.number, 1)),
        "content": ", ".join(content),
    }


def _sheet_in_words(
    sheet: Sheet,
    added: list[dict[str, object]],
    removed: list[dict[str, object]],
    cells: list[dict[str, object]],
) -> str:
    parts = []
    for rows, change in ((added, "added"), (removed, "removed")):
        if rows:
            named = [f"{row['key'] or row['content']} ({row['cell']})" for row in rows]
            parts.append(f"{count(len(rows), 'row')} {change}: {listed(named)}")
    same = [cell for cell in cells if str(cell["remark"]).endswith(_SAME)]
    other = [_cell(cell) for cell in cells if cell not in same]
    if other:
        parts.append(f"{count(len(other), 'cell')} changed: {listed(other)}")
    if same:
        parts.append(
            f"{count(len(same), 'cell')} blank in one, with what a blank means in the other"
        )
    return f"{sheet.name}: {'. '.join(parts)}."


def _cell(cell: dict[str, object]) -> str:
    of = f" of {cell['key']}" if cell["key"] else ""
    at = [f"{cell[f'cell_{n.lower()}']} in {n}" for n in "AB" if cell[f"cell_{n.lower()}"]]
    same = cell["cell_a"] == cell["cell_b"]
    where = cell["cell_a"] if same else ", ".join(at)
    values = f"from {value_in_words(cell['a'])} to {value_in_words(cell['b'], str(cell['unit']))}"
    return f"{cell['column']}{of} {values} ({where})"


def _renamed(
    sheet: Sheet, removed: list[dict[str, object]], added: list[dict[str, object]]
) -> Iterator[str]:
    """Sentences about a row removed and one added that are equal but for their keys.

    Where more rows of equal content were added than removed, or fewer, none is given.
    """
    if len(removed) != len(added):
        return
    left, right = Counter(r["content"] for r in removed), Counter(r["content"] for r in added)
    arrived = {row["content"]: row for row in added}
    for row in removed:
        content = row["content"]
        if sheet.key and content and left[content] == right[content] == 1:
            yield (
                f"{sheet.name}: {row['key']} of A and {arrived[content]['key']} of B are equal but "
                "for the key, so the one may be the other renamed."
            )


def _errors_in_words(name: str, side: _Side) -> Iterator[str]:
    if side.problems:
        first = str(side.problems[0])
        yield (
            f"{name} has {count(len(side.problems), 'error')}, the first: {first} What could be "
            "read of it is compared; the table Errors has them all."
        )


def _same_in_words(left: _Side, right: _Side, compared: int) -> str:
    if left.workbook.digest == right.workbook.digest:
        return "The two inputs are the same, byte for byte."
    if left.problems or right.problems:
        return f"No difference was found in the {count(compared, 'row')} that could be compared."
    return f"The two inputs say the same, in {count(compared, 'row')}."
