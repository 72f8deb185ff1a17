"""Step "validate": a Workbook becomes a Dataset, or an InputError with every problem at once.

Nothing is dropped without a word: a sheet or column that matches no declaration is an error,
unless its name starts with ``#``, by which a planner marks it as a note of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from optalloc.convert import shown
from optalloc.dataset import WHOLE, Dataset, SheetPlace
from optalloc.errors import InputError, Problem, Severity
from optalloc.family import Model
from optalloc.rawsheet import Workbook
from optalloc.schema import Sheet
from optalloc.sheetreader import Found, SheetReader, fold, rename, spelling, suggest

__all__ = ["CODES", "check", "validate"]

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
        found = matched.get(sheet.name, Found(None, _ABSENT))
        reader = SheetReader(sheet, found, text=workbook.text_cells, odd=odd)
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
    keyed = frames | {
        name: _keyed(frames[name], model.sheets[name])
        for name, columns in faulty.items()
        if columns
    }
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


def _match_sheets(
    workbook: Workbook, model: Model, problems: list[Problem]
) -> tuple[dict[str, Found], dict[str, set[str]]]:
    """Give the sheets found by declared name, and which of them are faulty as a whole."""
    declared = {fold(name): name for name in model.sheets}
    absent = set(model.sheets) - {declared.get(fold(name)) for name in workbook.sheets}
    unreadable = {p.order[0] for p in workbook.problems if p.code in _UNREADABLE}
    matched: dict[str, Found] = {}
    faulty: dict[str, set[str]] = {}
    for position, (name, raw) in enumerate(workbook.sheets.items(), start=1):
        order = (position, 0, 0)
        if name.startswith("#"):
            continue
        target = declared.get(fold(name))
        if target is None:
            guess = suggest(name, absent)
            must = "a sheet must be one that the model reads"
            action = rename(guess)
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
            matched[target] = Found(None, position)
            faulty[target] = {WHOLE}
        else:
            matched[target] = Found(raw, position)
            if name != target:
                problems.append(spelling(name, "", name, target, order))
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
    keys = zip(*(frame[name].tolist() for name in sheet.key), strict=True)
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
        known = set(dataset.frames[target_sheet][target_column].tolist())
        for row, name in zip(frame.index, frame[column.name].tolist(), strict=True):
            if name in known or pd.isna(name):
                continue
            guess = suggest(str(name), (other for other in known if not pd.isna(other)))
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
