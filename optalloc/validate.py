"""Step "validate": a Workbook becomes a Dataset, or an InputError with every problem at once.

Nothing is dropped without a word: a sheet or column that matches no declaration is an error,
unless its name starts with ``#``, by which a planner marks it as a note of their own.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence

import pandas as pd

from optalloc.convert import Converted, convert
from optalloc.dataset import Dataset, SheetPlace
from optalloc.errors import InputError, Problem, Severity
from optalloc.family import Model
from optalloc.schema import Column, Sheet
from optalloc.workbook import RawSheet, Workbook, address

__all__ = ["CODES", "check", "suggest", "validate"]

CODES = {
    "unknown-sheet": "a sheet that no family reads",
    "duplicate-sheet": "two sheets whose names differ only by case or spaces",
    "missing-sheet": "a required sheet is absent",
    "empty-sheet": "a required sheet has no rows",
    "no-header": "cells without a column name above them",
    "unknown-column": "a column that no family reads",
    "duplicate-column": "two columns of one name",
    "missing-column": "a required column is absent",
    "header-spelling": "a name read in spite of its case or spaces (notice)",
    "duplicate-key": "two rows of one key",
    "unknown-ref": "a name that is not on the sheet it must come from",
}


def suggest(name: str, known: Iterable[str]) -> str:
    """Give ``" Did you mean 'x'?"`` for the closest known name; empty if none is close."""
    by_fold = {k.casefold(): k for k in known}
    close = difflib.get_close_matches(name.strip().casefold(), by_fold, n=1, cutoff=0.6)
    return f" Did you mean {by_fold[close[0]]!r}?" if close else ""


def validate(workbook: Workbook, model: Model) -> Dataset:
    """Turn a workbook into a dataset.

    Parameters
    ----------
    workbook : Workbook
        As read.
    model : Model
        Whose families declare the sheets.

    Returns
    -------
    Dataset

    Raises
    ------
    InputError
        With every problem found, sorted by place.
    """
    dataset, problems = check(workbook, model)
    if any(problem.severity is Severity.ERROR for problem in problems):
        raise InputError(problems)
    return dataset


def check(workbook: Workbook, model: Model) -> tuple[Dataset, list[Problem]]:
    """Give the dataset as far as it can be read, and every problem and notice, sorted by place."""
    problems = list(workbook.problems)
    matched = _match_sheets(workbook, model, problems)
    frames: dict[str, pd.DataFrame] = {}
    places: dict[str, SheetPlace] = {}
    for sheet in model.sheets.values():
        raw, position = matched.get(sheet.name, (None, 10_000))
        reader = _SheetReader(sheet, raw, position, workbook.text_cells)
        frames[sheet.name], places[sheet.name] = reader.read()
        problems += reader.problems
    dataset = Dataset(frames, model.sheets, places, workbook.digest)
    for sheet in model.sheets.values():
        problems += _duplicate_keys(dataset, sheet)
        problems += _unknown_references(dataset, sheet)
    if all(len(frames[s.name]) for s in model.sheets.values() if s.required):
        for family in model.families:
            problems += family.check(dataset)
    problems.sort(key=lambda p: (p.order, p.code, p.must))
    return dataset, list(dict.fromkeys(problems))


def _fold(name: str) -> str:
    return " ".join(name.split()).casefold()


def _match_sheets(
    workbook: Workbook, model: Model, problems: list[Problem]
) -> dict[str, tuple[RawSheet | None, int]]:
    declared = {_fold(name): name for name in model.sheets}
    matched: dict[str, tuple[RawSheet | None, int]] = {}
    for position, (name, raw) in enumerate(workbook.sheets.items(), start=1):
        order = (position, 0, 0)
        if name.startswith("#"):
            continue
        target = declared.get(_fold(name))
        if target is None:
            problems.append(
                Problem(
                    name,
                    "",
                    "a sheet must be one that the model reads",
                    repr(name),
                    "Rename it, or start its name with '#' to keep it as a note."
                    + suggest(name, model.sheets),
                    "unknown-sheet",
                    order=order,
                )
            )
        elif target in matched:
            problems.append(
                Problem(
                    name,
                    "",
                    f"there must be one sheet {target}",
                    "a second one",
                    "Merge the two or rename one.",
                    "duplicate-sheet",
                    order=order,
                )
            )
        else:
            matched[target] = (raw, position)
            if name != target:
                problems.append(_spelling(name, "", name, target, order))
    for sheet in model.sheets.values():
        if sheet.required and sheet.name not in matched:
            problems.append(
                Problem(
                    sheet.name,
                    "",
                    "the sheet must be there",
                    "none of that name",
                    f"Add it; it holds: {sheet.meaning}",
                    "missing-sheet",
                    order=(10_000, 0, 0),
                )
            )
    return matched


def _spelling(
    sheet: str, cell: str, found: str, target: str, order: tuple[int, int, int]
) -> Problem:
    return Problem(
        sheet,
        cell,
        f"the name is read as {target!r}",
        repr(found),
        f"Spell it {target!r} to be rid of this notice.",
        "header-spelling",
        Severity.NOTICE,
        order,
    )


class _SheetReader:
    """Reads one sheet into a typed frame, gathering problems on the way."""

    def __init__(self, sheet: Sheet, raw: RawSheet | None, position: int, text: bool) -> None:
        self.sheet = sheet
        self.position = position
        self.text = text
        self.rows: Sequence[tuple[object, ...]] = raw.rows if raw is not None else ()
        self.present = raw is not None
        self.name = raw.name if raw is not None else sheet.name
        self.problems: list[Problem] = []

    def read(self) -> tuple[pd.DataFrame, SheetPlace]:
        cells = self._transposed() if self.sheet.vertical else self._table()
        columns, records, numbers = cells
        place = SheetPlace(self.position, columns, self.sheet.vertical)
        converted = {
            column.name: self._convert(column, columns, records, numbers, place)
            for column in self.sheet.columns
        }
        frame = pd.DataFrame(converted, index=pd.Index(numbers, dtype="int64"))
        if self.present and self.sheet.required and not len(frame):
            self._add(
                1,
                1,
                "the sheet must have at least one row",
                "none",
                "Fill in the sheet.",
                "empty-sheet",
            )
        return frame, place

    def _table(self) -> tuple[dict[str, int], list[tuple[object, ...]], list[int]]:
        """Give column numbers by name, the records, and each record's row number."""
        header = self.rows[0] if self.rows else ()
        columns = self._match_header(header)
        filled = [
            (number, row)
            for number, row in enumerate(self.rows[1:], start=2)
            if any(value is not None for value in row)
        ]
        for j in (j for j, title in enumerate(header) if title is None):
            number = next((n for n, row in filled if j < len(row) and row[j] is not None), None)
            if number is not None:
                self._add(
                    number,
                    j + 1,
                    "a cell must have a column name above it in row 1",
                    filled[0][1][j] if filled[0][0] == number else "a value",
                    "Name the column, or empty the cell.",
                    "no-header",
                )
        return columns, [row for _, row in filled], [number for number, _ in filled]

    def _match_header(self, header: Sequence[object]) -> dict[str, int]:
        names = [None if title is None else str(title) for title in header]
        declared = {_fold(name): name for name in self.sheet.by_name}
        columns: dict[str, int] = {}
        for j, name in enumerate(names, start=1):
            if name is None or name.startswith("#"):
                continue
            target = declared.get(_fold(name))
            if target is None:
                self._add(
                    1,
                    j,
                    "a column must be one that the model reads",
                    name,
                    "Rename it, or start its name with '#' to keep it as a note."
                    + suggest(name, self.sheet.by_name),
                    "unknown-column",
                )
            elif target in columns:
                self._add(
                    1,
                    j,
                    f"there must be one column {target}",
                    "a second one",
                    "Remove one of the two.",
                    "duplicate-column",
                )
            else:
                columns[target] = j
                if name != target:
                    self.problems.append(
                        _spelling(self.name, address(1, j), name, target, (self.position, 1, j))
                    )
        for column in self.sheet.columns if self.present else ():
            if column.required and column.name not in columns:
                self._add(
                    1,
                    1,
                    f"there must be a column {column.name}",
                    "none of that name",
                    f"Add it; it holds: {column.meaning}",
                    "missing-column",
                )
        return columns

    def _transposed(self) -> tuple[dict[str, int], list[tuple[object, ...]], list[int]]:
        """Give the one record of a sheet that runs downwards: names in A, values in B."""
        declared = {_fold(name): name for name in self.sheet.by_name}
        columns: dict[str, int] = {}
        for i, row in enumerate(self.rows[1:], start=2):
            name = None if not row or row[0] is None else str(row[0])
            if name is None:
                if any(value is not None for value in row):
                    self._add(
                        i,
                        1,
                        "a value must have a name in column A",
                        "a blank",
                        "Name it, or empty the row.",
                        "no-header",
                    )
                continue
            if name.startswith("#"):
                continue
            target = declared.get(_fold(name))
            if target is None:
                self._add(
                    i,
                    1,
                    "a setting must be one that the model reads",
                    name,
                    "Rename it, or start its name with '#' to keep it as a note."
                    + suggest(name, self.sheet.by_name),
                    "unknown-column",
                )
            elif target in columns:
                self._add(
                    i,
                    1,
                    f"there must be one row {target}",
                    "a second one",
                    "Remove one of the two.",
                    "duplicate-column",
                )
            else:
                columns[target] = i
                if name != target:
                    self.problems.append(
                        _spelling(self.name, address(i, 1), name, target, (self.position, i, 1))
                    )
        for column in self.sheet.columns if self.present else ():
            if column.required and column.name not in columns:
                self._add(
                    1,
                    1,
                    f"there must be a row {column.name}",
                    "none of that name",
                    f"Add it; it holds: {column.meaning}",
                    "missing-column",
                )
        if not columns:
            return columns, [], []
        width = max(columns.values())
        record: list[object] = [None] * width
        for i in columns.values():
            record[i - 1] = self.rows[i - 1][1] if len(self.rows[i - 1]) > 1 else None
        return columns, [tuple(record)], [2]

    def _convert(
        self,
        column: Column,
        columns: dict[str, int],
        records: list[tuple[object, ...]],
        numbers: list[int],
        place: SheetPlace,
    ) -> pd.Series:
        j = columns.get(column.name)
        # A missing required column is one problem of its own, not one for every row.
        values = [None] * len(records) if j is None else [row[j - 1] for row in records]
        converted: Converted = convert(values, column, text=self.text, absent=j is None)
        for fault in converted.faults:
            r, c = place.cell(numbers[fault.position], column.name)
            self._add(r, c, fault.must, fault.found, fault.action, fault.code, fault.severity)
        return pd.Series(converted.values, index=pd.Index(numbers, dtype="int64"))

    def _add(
        self,
        row: int,
        column: int,
        must: str,
        found: object,
        action: str,
        code: str,
        severity: Severity = Severity.ERROR,
    ) -> None:
        shown = repr(found) if isinstance(found, str) and " " not in found else str(found)
        self.problems.append(
            Problem(
                self.name,
                address(row, column),
                must,
                shown,
                action,
                code,
                severity,
                (self.position, row, column),
            )
        )


def _duplicate_keys(dataset: Dataset, sheet: Sheet) -> Iterator[Problem]:
    frame = dataset.frames[sheet.name]
    if not sheet.key or frame.empty:
        return
    keys = frame[list(sheet.key)]
    # A key whose required parts could not be read has a problem of its own already.
    whole = keys[[k for k in sheet.key if sheet.by_name[k].required]].notna().all(axis=1)
    first = keys[whole].reset_index().groupby(list(sheet.key), dropna=False)["index"].first()
    for row in keys.index[whole & keys.duplicated().to_numpy()]:
        key = tuple(keys.loc[row])
        earlier = first.loc[key if len(key) > 1 else key[0]]
        named = ", ".join(str(k) for k in key if not pd.isna(k))
        yield dataset.problem(
            sheet.name,
            row,
            sheet.key[0],
            f"({', '.join(sheet.key)}) must be unique",
            f"Row {int(earlier)} has the same key; remove or rename one.",
            "duplicate-key",
            found=named,
        )


def _unknown_references(dataset: Dataset, sheet: Sheet) -> Iterator[Problem]:
    frame = dataset.frames[sheet.name]
    for column in sheet.columns:
        if not column.refers_to or frame.empty:
            continue
        target_sheet, target_column = column.refers_to.split(".")
        known = set(dataset.frames[target_sheet][target_column].dropna())
        named = frame[column.name]
        for row in frame.index[named.notna() & ~named.isin(known)]:
            name = str(named.at[row])
            hint = suggest(name, known)
            yield dataset.problem(
                sheet.name,
                row,
                column.name,
                f"{target_column} {name!r} must be on sheet {target_sheet}",
                (hint.strip() or f"Add it to {target_sheet}, or correct the name."),
                "unknown-ref",
                found="",
            )
