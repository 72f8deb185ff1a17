"""The rules that rows of a dataset keep among each other: keys, references, what families ask.

A workbook as read and a dataset altered in memory are held to the same rules.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace

import pandas as pd

from optalloc.convert import shown
from optalloc.dataset import Dataset, recalled
from optalloc.errors import Problem
from optalloc.family import Model
from optalloc.names import Cell, near_names
from optalloc.schema import Sheet
from optalloc.sheetreader import suggest

__all__ = ["broken_rules"]


def broken_rules(
    data: Dataset,
    model: Model,
    *,
    faulty: Mapping[str, set[str]] | None = None,
    unread: Set[tuple[int, int]] = frozenset(),
    torn: Set[str] = frozenset(),
) -> tuple[Dataset, list[Problem]]:
    """Check typed rows against each other.

    Parameters
    ----------
    data : Dataset
        Typed, each cell within the bounds of its column unless it is named as faulty.
    model : Model
    faulty : mapping of str to set of str, optional
        By sheet, the columns in which an error was found before; what is found here is added.
    unread : set of (int, int), optional
        Position of the sheet and number of each row with a cell that could not be read.
    torn : set of str, optional
        Sheets whose rows or columns are absent by mistake.

    Returns
    -------
    Dataset, list of Problem
        The dataset with only the rows that have a key of their own, and what is broken.
    """
    faulty = {name: set() for name in model.sheets} if faulty is None else faulty
    data = replace(data, sheets=model.sheets, faulty=faulty)
    skipped = set(unread)
    problems: list[Problem] = []
    for sheet in model.sheets.values():
        problems += _duplicate_keys(data, sheet, skipped, faulty)
    misspelt = dict(near_names(data))
    problems += misspelt.values()
    for cell in misspelt:
        faulty[cell.sheet].add(cell.column)
        skipped.add((data.places[cell.sheet].position, cell.row))
    for sheet in model.sheets.values():
        problems += _unknown_references(data, sheet, skipped, faulty, misspelt)
    keyed = {
        name: _keyed(data.frames[name], model.sheets[name])
        for name, columns in faulty.items()
        if columns
    }
    # What is worked out from the dataset by itself serves whoever asks next.
    data = data.with_frames(keyed) if keyed else data
    if not any(sheet.required and sheet.name in torn for sheet in model.sheets.values()):
        muted = {data.places[name].name for name in torn}
        for family in model.families:
            # What a family says depends on the sheets that it reads, and on what is faulty.
            told = (
                family.check(data)
                if any(faulty.values())
                else recalled(_all_of(family.check), data)
            )
            problems += (
                problem
                for problem in told
                if problem.sheet not in muted and problem.order[:2] not in skipped
            )
    return data, problems


@functools.cache
def _all_of(
    check: Callable[[Dataset], Iterable[Problem]],
) -> Callable[[Dataset], tuple[Problem, ...]]:
    """The same function each time, which is the name by which its result is recalled."""
    return lambda data: tuple(check(data))


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
    misspelt: Container[Cell],
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
            if name in known or pd.isna(name) or Cell(sheet.name, row, column.name) in misspelt:
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
