"""Step "validate": a Workbook becomes a Dataset, or an InputError with every problem at once.

Nothing is dropped without a word: a sheet or column that matches no declaration is an error,
unless its name starts with ``#``, by which a planner marks it as a note of their own.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from optalloc.convert import Converted, convert, shown
from optalloc.dataset import WHOLE, Dataset, SheetPlace
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


# Sheets with one of these could not be read, so nothing is said of what they lack.
_UNREADABLE = {"encoding", "nul-byte", "csv-quote", "csv-delimiter"}
_ABSENT = 10_000


def suggest(name: str, known: Iterable[str]) -> str:
    """Give the closest known name; empty if none is close."""
    by_fold = {k.casefold(): k for k in known}
    close = difflib.get_close_matches(name.strip().casefold()[:100], by_fold, n=1, cutoff=0.6)
    return by_fold[close[0]] if close else ""


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
    """Give the dataset as far as it can be read, and every problem and notice, sorted by place.

    What only follows from another error is not reported: no rule of a family speaks of a row with
    a cell that could not be read or names nothing, and none runs while a required sheet or column
    is missing.
    """
    problems = list(workbook.problems)
    matched, faulty = _match_sheets(workbook, model, problems)
    odd = {p.order for p in workbook.problems if p.severity is Severity.ERROR}
    frames: dict[str, pd.DataFrame] = {}
    places: dict[str, SheetPlace] = {}
    torn = {sheet for sheet, columns in faulty.items() if WHOLE in columns}
    unread: set[tuple[int, int]] = set()
    for sheet in model.sheets.values():
        found = matched.get(sheet.name, _Found(None, _ABSENT))
        reader = _SheetReader(sheet, found, text=workbook.text_cells, odd=odd)
        frames[sheet.name], places[sheet.name] = reader.read()
        problems += reader.problems
        unread |= reader.unread
        faulty.setdefault(sheet.name, set()).update(reader.faulty)
        if reader.torn:
            torn.add(sheet.name)
    dataset = Dataset(frames, model.sheets, places, workbook.digest, faulty)
    for sheet in model.sheets.values():
        problems += _duplicate_keys(dataset, sheet, unread, faulty)
    for sheet in model.sheets.values():
        problems += _unknown_references(dataset, sheet, unread, faulty)
    keyed = {name: _keyed(frame, model.sheets[name]) for name, frame in frames.items()}
    dataset = Dataset(keyed, model.sheets, places, workbook.digest, faulty)
    if not any(sheet.required and sheet.name in torn for sheet in model.sheets.values()):
        muted = {places[name].name for name in torn}
        for family in model.families:
            problems += (
                problem
                for problem in family.check(dataset)
                if problem.sheet not in muted and problem.order[:2] not in unread
            )
    problems.sort(key=lambda p: (p.order, p.code, p.must))
    return dataset, list(dict.fromkeys(problems))


def _fold(name: str) -> str:
    return " ".join(name.split()).casefold()


@dataclass(frozen=True)
class _Found:
    """A declared sheet as found in the workbook; without rows where it cannot be read."""

    raw: RawSheet | None
    position: int


def _match_sheets(
    workbook: Workbook, model: Model, problems: list[Problem]
) -> tuple[dict[str, _Found], dict[str, set[str]]]:
    """Give the sheets found by declared name, and which of them are faulty as a whole."""
    declared = {_fold(name): name for name in model.sheets}
    absent = set(model.sheets) - {declared.get(_fold(name)) for name in workbook.sheets}
    unreadable = {p.order[0] for p in workbook.problems if p.code in _UNREADABLE}
    matched: dict[str, _Found] = {}
    faulty: dict[str, set[str]] = {}
    for position, (name, raw) in enumerate(workbook.sheets.items(), start=1):
        order = (position, 0, 0)
        if name.startswith("#"):
            continue
        target = declared.get(_fold(name))
        if target is None:
            guess = suggest(name, absent)
            must = "a sheet must be one that the model reads"
            action = _rename(guess)
            problems.append(
                Problem(name, "", must, shown(name), action, "unknown-sheet", order=order)
            )
            if guess:
                faulty[guess] = {WHOLE}
        elif target in matched:
            must, action = f"there must be one sheet {target}", "Merge the two, or rename one."
            problems.append(
                Problem(name, "", must, "a second one", action, "duplicate-sheet", order=order)
            )
            faulty[target] = {WHOLE}
        elif position in unreadable:
            matched[target] = _Found(None, position)
            faulty[target] = {WHOLE}
        else:
            matched[target] = _Found(raw, position)
            if name != target:
                problems.append(_spelling(name, "", name, target, order))
    for sheet in model.sheets.values():
        if sheet.required and sheet.name not in matched and sheet.name not in faulty:
            faulty[sheet.name] = {WHOLE}
            problems.append(
                Problem(
                    sheet.name,
                    "",
                    "the sheet must be there",
                    "none of that name",
                    f"Add it; it holds: {sheet.meaning}",
                    "missing-sheet",
                    order=(_ABSENT, 0, 0),
                )
            )
    return matched, faulty


def _rename(guess: str) -> str:
    if guess:
        return f"Did you mean {guess!r}? If it is a note of yours, start its name with '#'."
    return "Rename it, or start its name with '#' to keep it as a note."


def _spelling(
    sheet: str, cell: str, found: str, target: str, order: tuple[int, int, int]
) -> Problem:
    return Problem(
        sheet,
        cell,
        f"the name is read as {target!r}",
        shown(found),
        f"Spell it {target!r} to be rid of this notice.",
        "header-spelling",
        Severity.NOTICE,
        order,
    )


def _blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


class _SheetReader:
    """Reads one sheet into a typed frame, gathering problems on the way.

    Attributes
    ----------
    problems : list of Problem
    faulty : set of str
        Columns with an error in them, or that are absent by mistake.
    unread : set of (int, int)
        Position of the sheet and number of each row with a cell that could not be read.
    torn : bool
        Whether rows or columns are absent by mistake.
    """

    def __init__(
        self, sheet: Sheet, found: _Found, *, text: bool, odd: set[tuple[int, int, int]]
    ) -> None:
        self.sheet = sheet
        self.position = found.position
        self.text = text
        self.odd = odd
        self.present = found.raw is not None
        self.rows: Sequence[tuple[object, ...]] = found.raw.rows if found.raw else ()
        self.name = found.raw.name if found.raw else sheet.name
        self.problems: list[Problem] = []
        self.faulty: set[str] = set()
        self.unread: set[tuple[int, int]] = set()
        self.torn = False

    def read(self) -> tuple[pd.DataFrame, SheetPlace]:
        """Give the typed frame and where its cells lie."""
        columns, records, numbers = self._transposed() if self.sheet.vertical else self._table()
        place = SheetPlace(self.position, columns, self.sheet.vertical, self.name)
        converted = {
            column.name: self._convert(column, columns, records, numbers, place)
            for column in self.sheet.columns
        }
        frame = pd.DataFrame(converted, index=pd.Index(numbers, dtype="int64"))
        if self.present and self.sheet.required and not len(frame) and not self.torn:
            must, action = "the sheet must have at least one row", "Fill in the sheet."
            self._add(1, 1, must, "none", action, "empty-sheet")
            self._tear()
        return frame, place

    def _tear(self) -> None:
        self.torn = True
        self.faulty.add(WHOLE)

    def _table(self) -> tuple[dict[str, int], list[tuple[object, ...]], list[int]]:
        """Give column numbers by name, the records, and each record's row number."""
        header = self.rows[0] if self.rows else ()
        titles = {
            j: str(title).strip() for j, title in enumerate(header, start=1) if not _blank(title)
        }
        columns = self._match(titles, along="column")
        if not columns:
            return {}, [], []
        self._refuse_untitled(titles)
        # A row that holds only notes is no record.
        read = [j - 1 for j in columns.values()]
        records = [
            (number, row)
            for number, row in enumerate(self.rows[1:], start=2)
            if not all(_blank(row[j]) for j in read)
        ]
        return columns, [row for _, row in records], [number for number, _ in records]

    def _transposed(self) -> tuple[dict[str, int], list[tuple[object, ...]], list[int]]:
        """Give the one record of a sheet that runs downwards: names in A, values in B."""
        titles = {
            i: str(row[0]).strip()
            for i, row in enumerate(self.rows, start=1)
            if row and not _blank(row[0])
        }
        declared = {_fold(name) for name in self.sheet.by_name}
        # Row 1 says "setting, value"; unless it holds a setting already.
        if _fold(titles.get(1, "")) not in declared:
            titles.pop(1, None)
        columns = self._match(titles, along="row")
        if not columns:
            return {}, [], []
        for i, row in enumerate(self.rows[1:], start=2):
            if i not in titles and not all(_blank(value) for value in row[:2]):
                must, action = "a value must have a name in column A", "Name it, or empty the row."
                self._add(i, 1, must, "a blank", action, "no-header")
        heads = {j: str(t).strip() for j, t in enumerate(self.rows[0], start=1) if not _blank(t)}
        for j, title in heads.items():
            if j > 2 and not title.startswith("#"):
                must = "a settings sheet must have two columns, names and values"
                self._add(1, j, must, shown(title), _rename(""), "unknown-column")
        self._refuse_untitled({1: "", 2: ""} | heads)
        record: list[object] = [None] * max(columns.values())
        for i in columns.values():
            record[i - 1] = self.rows[i - 1][1] if len(self.rows[i - 1]) > 1 else None
        return columns, [tuple(record)], [2]

    def _match(self, titles: Mapping[int, str], *, along: str) -> dict[str, int]:
        """Give the place of each declared name, across row 1 or down column A."""

        def cell(place: int) -> tuple[int, int]:
            return (1, place) if along == "column" else (place, 1)

        declared = {_fold(name): name for name in self.sheet.by_name}
        names = {p: t for p, t in titles.items() if not t.startswith("#")}
        found = {declared[_fold(name)] for name in names.values() if _fold(name) in declared}
        if self._unread_titles(along):
            self._tear()
        elif self.rows and not found:
            self._refuse_all(along)
            return {}
        absent = [name for name in self.sheet.by_name if name not in found]
        columns: dict[str, int] = {}
        for at, name in names.items():
            row, column = cell(at)
            target = declared.get(_fold(name))
            if target is None:
                guess = suggest(name, absent)
                must = f"a {along} must be one that the model reads"
                self._add(row, column, must, shown(name), _rename(guess), "unknown-column")
                if guess:
                    self._lose(guess, absent)
            elif target in columns:
                must, action = f"there must be one {along} {target}", "Remove one of the two."
                self._add(row, column, must, "a second one", action, "duplicate-column")
                self.faulty.add(target)
            else:
                columns[target] = at
                if name != target:
                    order = (self.position, row, column)
                    self.problems.append(
                        _spelling(self.name, address(row, column), name, target, order)
                    )
        for missing in (self.sheet.by_name[name] for name in absent if self.rows):
            if missing.required and WHOLE not in self.faulty:
                must = f"there must be a {along} {missing.name}"
                action = f"Add it; it holds: {missing.meaning}"
                self._add(1, 1, must, "none of that name", action, "missing-column")
                self.faulty.add(missing.name)
                self.torn = True
        return columns

    def _unread_titles(self, along: str) -> bool:
        """Whether a cell that must hold a name could not be read."""
        places = (o[1:] for o in self.odd if o[0] == self.position)
        return any((r if along == "column" else c) == 1 for r, c in places)

    def _lose(self, guess: str, absent: list[str]) -> None:
        """Note that a declared name is there, but misspelt."""
        absent.remove(guess)
        self.faulty.add(guess)
        self.torn = True

    def _refuse_all(self, along: str) -> None:
        where = "row 1" if along == "column" else "column A"
        required = [column.name for column in self.sheet.columns if column.required]
        named = ", ".join(required or [column.name for column in self.sheet.columns][:5])
        first = self.rows[0][0] if self.rows[0] else None
        must = f"{where} must hold the {along} names, such as {named}"
        action = "Move or type them there; what stands elsewhere is not read."
        self._add(1, 1, must, shown(first), action, "missing-column")
        self._tear()

    def _refuse_untitled(self, titles: Mapping[int, str]) -> None:
        """Report the first cell of each column that has no name."""
        if WHOLE in self.faulty:
            return
        width = max(map(len, self.rows), default=0)
        # Of a CSV's row that is longer than the header, reading has said so already.
        ragged = [c for p, _, c in self.odd if p == self.position and self.text]
        for j in range(1, min([width + 1, *ragged])):
            if j in titles:
                continue
            for i, row in enumerate(self.rows[1:], start=2):
                if j <= len(row) and not _blank(row[j - 1]):
                    must = "a cell must have a column name above it in row 1"
                    action = "Name the column, or empty the cell."
                    self._add(i, j, must, shown(row[j - 1]), action, "no-header")
                    break

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
            if fault.severity is Severity.ERROR:
                self.faulty.add(column.name)
                self.unread.add((self.position, r))
        for number in numbers if j is not None else ():
            place_in_file = (self.position, *place.cell(number, column.name))
            if place_in_file in self.odd:
                self.faulty.add(column.name)
                self.unread.add(place_in_file[:2])
        return pd.Series(converted.values, index=pd.Index(numbers, dtype="int64"))

    def _add(
        self,
        row: int,
        column: int,
        must: str,
        found: str,
        action: str,
        code: str,
        severity: Severity = Severity.ERROR,
    ) -> None:
        order = (self.position, row, column)
        # A cell that could not be read at all says no more.
        if order not in self.odd:
            self.problems.append(
                Problem(self.name, address(row, column), must, found, action, code, severity, order)
            )


def _duplicate_keys(
    dataset: Dataset,
    sheet: Sheet,
    unread: set[tuple[int, int]],
    faulty: Mapping[str, set[str]],
) -> Iterator[Problem]:
    frame = dataset.frames[sheet.name]
    if not sheet.key:
        return
    seen: dict[tuple[object, ...], int] = {}
    keys = frame[list(sheet.key)].itertuples(index=False, name=None)
    for row, values in zip(frame.index, keys, strict=True):
        key = tuple(None if pd.isna(value) else value for value in values)
        # A key that could not be read has a problem of its own already, as has a missing column.
        whole = all(
            value is not None or not sheet.by_name[name].required
            for name, value in zip(sheet.key, key, strict=True)
        )
        if not whole or (dataset.places[sheet.name].position, row) in unread:
            continue
        if key not in seen:
            seen[key] = int(row)
            continue
        faulty[sheet.name].update(sheet.key)
        unread.add((dataset.places[sheet.name].position, row))
        yield dataset.problem(
            sheet.name,
            row,
            sheet.key[0],
            f"no two rows may have the same {_listed(sheet.key)}",
            f"Row {seen[key]} has it already: remove or change one of the two.",
            "duplicate-key",
            found=", ".join(shown(value) for value in key if value is not None) + " again",
        )


def _keyed(frame: pd.DataFrame, sheet: Sheet) -> pd.DataFrame:
    """Rows that have a key of their own, so that families can look things up by it."""
    if not sheet.key:
        return frame
    required = [k for k in sheet.key if sheet.by_name[k].required]
    lacking = frame[required].isna().any(axis=1) | frame.duplicated(list(sheet.key))
    return frame[~lacking]


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _unknown_references(
    dataset: Dataset,
    sheet: Sheet,
    unread: set[tuple[int, int]],
    faulty: Mapping[str, set[str]],
) -> Iterator[Problem]:
    frame = dataset.frames[sheet.name]
    for column in sheet.columns:
        if not column.refers_to or frame.empty:
            continue
        target_sheet, target_column = column.refers_to.split(".")
        if not dataset.sound(target_sheet, target_column):
            continue
        known = set(dataset.frames[target_sheet][target_column].dropna())
        named = frame[column.name]
        for row in frame.index[named.notna() & ~named.isin(known)]:
            guess = suggest(str(named.at[row]), known)
            faulty[sheet.name].add(column.name)
            unread.add((dataset.places[sheet.name].position, row))
            yield dataset.problem(
                sheet.name,
                row,
                column.name,
                f"{column.name} must be on sheet {target_sheet}, column {target_column}",
                f"Did you mean {guess!r}?"
                if guess
                else f"Add it to {target_sheet}, or correct the name.",
                "unknown-ref",
            )
