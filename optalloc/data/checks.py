"""Checks of rows against each other: keys, references, rules of a row, and those of families.

A workbook as read and a dataset altered in memory are held to the same rules.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace

import pandas as pd

from optalloc.data.convert import shown
from optalloc.data.dataset import WHOLE, Dataset, recalled
from optalloc.data.declared import Declared
from optalloc.data.names import Cell, near_names
from optalloc.data.reader import suggest
from optalloc.data.rules import Rows, listed
from optalloc.data.schema import Column, Sheet
from optalloc.errors import Problem

__all__ = ["checked_rows"]


def checked_rows(data: Dataset, model: Declared) -> tuple[Dataset, list[Problem]]:
    """Check typed rows against each other.

    What only follows from another error is not reported: no message about a cell, or that follows
    from a cell, with an error of its own.

    Parameters
    ----------
    data : Dataset
        Typed, each cell within the bounds of its column unless it is unread or lost.
    model : Declared

    Returns
    -------
    Dataset, list of Problem
        The dataset with only the rows that have a key of their own, and each rule that is violated.
    """
    unread = {name: set(data.unread.get(name, ())) for name in model.sheets}
    data = replace(data, sheets=model.sheets, unread=unread)
    problems: list[Problem] = []
    if any(unread.values()) or any(data.lost.values()) or not recalled(_names_are_sound, data):
        problems += _wrong_names(data, unread)
    faulty = {name for name in model.sheets if not data.sound(name)}
    keyed = {name: _keyed(data.frames[name], model.sheets[name]) for name in faulty}
    whole = {n: data.frames[n] for n, frame in keyed.items() if len(frame) < len(data.frames[n])}
    # What is worked out from the dataset by itself serves whoever asks next.
    data = replace(data.with_frames(keyed), as_read=whole) if keyed else data
    problems += _violated_rules(data, recall=not faulty)
    for family in model.families:
        # What a family says depends on the sheets that it reads, and on what could not be read.
        found = family.check(data) if faulty else recalled(_all_of(family.check), data)
        problems += (
            problem
            for problem in found
            if all(data.knows(sheet, row, column) for sheet, row, column in problem.cells)
        )
    return data, problems


def _wrong_names(data: Dataset, unread: Mapping[str, set[tuple[int, str]]]) -> Iterator[Problem]:
    """Keys that stand twice, names that look like others, and those that no row has."""
    for sheet in data.sheets.values():
        yield from _duplicate_keys(data, sheet, unread)
    misspelt = dict(near_names(data))
    yield from misspelt.values()
    for cell in misspelt:
        unread[cell.sheet].add((cell.row, cell.column))
    yield from _unknown_references(data, unread, misspelt)


def _names_are_sound(data: Dataset) -> bool:
    """True if nothing is wrong with the names; numbers are not read for it."""
    return not any(_wrong_names(data, {name: set() for name in data.sheets}))


@functools.cache
def _all_of(
    check: Callable[[Dataset], Iterable[Problem]],
) -> Callable[[Dataset], tuple[Problem, ...]]:
    """The same function each time, which is the name by which its result is recalled."""
    return lambda data: tuple(check(data))


def _duplicate_keys(
    dataset: Dataset, sheet: Sheet, unread: Mapping[str, set[tuple[int, str]]]
) -> Iterator[Problem]:
    if not sheet.key:
        return
    frame = dataset.columns(sheet.name, *sheet.key)
    seen: dict[tuple[object, ...], int] = {}
    keys = zip(*(frame[name].tolist() for name in sheet.key), strict=True)
    for row, values in zip(frame.index, keys, strict=True):
        key = tuple(None if pd.isna(value) else value for value in values)
        # A key that could not be read has a problem of its own already, as has a missing column.
        whole = all(
            value is not None or not sheet.by_name[name].required
            for name, value in zip(sheet.key, key, strict=True)
        )
        if not whole or not dataset.knows(sheet.name, row, *sheet.key):
            continue
        if key not in seen:
            seen[key] = int(row)
            continue
        other = dataset.row_name(sheet.name, seen[key])
        unread[sheet.name].add((int(row), sheet.key[0]))
        yield dataset.problem(
            sheet.name,
            row,
            sheet.key[0],
            f"no two rows may have the same {listed(sheet.key)}",
            f"Row {other} has it already: remove or change one of the two.",
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


def _unknown_references(
    dataset: Dataset,
    unread: Mapping[str, set[tuple[int, str]]],
    misspelt: Collection[Cell],
) -> Iterator[Problem]:
    """Names that are not where they must come from.

    A name that could not be read there, or is itself of no row, may be one of them: of the unknown
    ones as many are passed over, those that most cells have, so that few messages are of this one
    mistake.
    """
    named: dict[str, list[tuple[Sheet, Column]]] = {}
    for sheet in dataset.sheets.values():
        for column in sheet.columns:
            if column.refers_to:
                named.setdefault(column.refers_to, []).append((sheet, column))
    wrong = set(misspelt)
    # A column that itself refers comes after those it refers to, whose mistakes it may repeat.
    for target in sorted(named, key=lambda target: _references_from(dataset, target)):
        columns = named[target]
        target_sheet, _, target_column = target.partition(".")
        if dataset.lost.get(target_sheet, frozenset()) & {WHOLE, target_column}:
            continue
        there = dataset.column(target_sheet, target_column)
        known = set(there.dropna())
        cells = [
            (Cell(sheet.name, int(str(row)), column.name), name)
            for sheet, column in columns
            if dataset.uses([sheet.name])
            for row, name in dataset.column(sheet.name, column.name).dropna().items()
            if name not in known
        ]
        cells = [(cell, name) for cell, name in cells if cell not in misspelt]
        names_unread = sum(
            (int(row), target_column) in unread[target_sheet] for row in there.index[there.isna()]
        ) + sum((cell.sheet, cell.column) == (target_sheet, target_column) for cell in wrong)
        passed = Counter(name for _, name in cells).most_common(names_unread)
        for cell, name in cells:
            if name in dict(passed):
                continue
            guess = suggest(str(name), known)
            unread[cell.sheet].add((cell.row, cell.column))
            wrong.add(cell)
            yield dataset.problem(
                cell.sheet,
                cell.row,
                cell.column,
                f"{cell.column} must be on sheet {target_sheet}, column {target_column}",
                f"Did you mean {guess!r}?"
                if guess
                else f"Add it to {target_sheet}, or correct the name.",
                "unknown-ref",
            )


def _references_from(dataset: Dataset, target: str) -> int:
    """How many references lead on from a column ``"Sheet.column"``, one after another."""
    sheet, _, column = target.partition(".")
    further = dataset.sheets[sheet].by_name[column].refers_to
    return 1 + _references_from(dataset, further) if further else 0


def _violated_rules(data: Dataset, *, recall: bool) -> Iterator[Problem]:
    """Rows, also those without a key of their own, that violate a rule of their sheet."""
    for name, sheet in data.sheets.items():
        if sheet.rules:
            violated = _violated_in(name)
            yield from recalled(violated, data) if recall else violated(data)


@functools.cache
def _violated_in(name: str) -> Callable[[Dataset], tuple[Problem, ...]]:
    """Of a sheet the same function each time, which is the name by which its result is recalled."""
    return lambda data: tuple(_violations(data, data.sheets[name]))


def _violations(data: Dataset, sheet: Sheet) -> Iterator[Problem]:
    frame = data.rows(sheet.name)
    if frame.empty:
        return
    blanks = {c.name: c.blank for c in sheet.columns if not c.required and c.blank is not None}
    positions = recalled(_positions, data)
    referred = {c.name: c.refers_to for c in sheet.columns if c.refers_to in positions}
    rows = Rows(frame, blanks, {name: positions[to] for name, to in referred.items()})
    for rule in sheet.rules:
        for found in rule.violations(rows):
            reads = found.reads or rule.reads
            if data.knows(sheet.name, found.row, *reads):
                yield data.problem(
                    sheet.name,
                    found.row,
                    found.column,
                    found.must,
                    found.action,
                    rule.code,
                    found=found.found,
                    reads=[column for column in reads if column != found.column],
                )


def _positions(data: Dataset) -> dict[str, dict[str, int]]:
    """By ``"Sheet.column"`` of each sheet in order, the position of each name of its key."""
    positions = {}
    for sheet in data.sheets.values():
        if sheet.order and len(sheet.key) == 1:
            (name,) = sheet.key
            rows = data.columns(sheet.name, *dict.fromkeys([name, sheet.order]))
            rows = rows.dropna(subset=[name, sheet.order]).sort_values(sheet.order)
            names = enumerate(rows[name].drop_duplicates())
            positions[f"{sheet.name}.{name}"] = {str(key): position for position, key in names}
    return positions
