"""Sweeps as they are written down: rows of the Sweeps sheet, or a TOML file of the same meaning.

Every mistake is found before anything runs, and named at its cell, or at its key of the TOML file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pandas as pd

from optalloc.data.convert import shown
from optalloc.data.dataset import Dataset
from optalloc.data.reader import fold
from optalloc.errors import Problem
from optalloc.scenarios.definition import Blame, Change, Entry, Sweep, Target, size_of
from optalloc.scenarios.overrides import WrongOverride, draws_integers, row_filter
from optalloc.scenarios.sheet import BASE, SWEEPS, Design, Operation
from optalloc.scenarios.trial import blamed, value_problems

__all__ = ["assembled", "entries_of_sheet", "sheet_problems"]

# A sweep of more cases than these is taken for a mistake.
MOST_CASES = 100_000


def entries_of_sheet(data: Dataset) -> list[Entry]:
    """The rows of the workbook's Sweeps sheet that could be read."""
    # None in one of these columns is a cell that could not be read.
    needed = [c.name for c in SWEEPS.columns if c.required or c.blank is not None]
    frame = data[SWEEPS.name]
    return [
        Entry({str(k): v for k, v in row.items()}, _at_row(data, number))
        for number, row in zip(frame.index, frame.to_dict("records"), strict=True)
        if not any(_is_blank(row[name]) for name in needed)
    ]


def _at_row(data: Dataset, row: int) -> Blame:
    def blame(column: str, must: str, found: str, action: str, code: str) -> Problem:
        return data.problem(SWEEPS.name, row, column, must, action, code, found=found)

    return blame


def _is_blank(value: object) -> bool:
    return value is None or bool(pd.isna(value))  # type: ignore[call-overload]


def sheet_problems(data: Dataset) -> list[Problem]:
    """Problems of the Sweeps sheet of a workbook, with each value of each change tried."""
    return assembled(entries_of_sheet(data), data)[1]


def assembled(entries: Iterable[Entry], data: Dataset) -> tuple[dict[str, Sweep], list[Problem]]:
    """Put rows together to sweeps.

    Parameters
    ----------
    entries : iterable of Entry
    data : Dataset
        The base workbook, on which each value of each change is tried.

    Returns
    -------
    dict of str to Sweep, list of Problem
        Sweeps by name, those without a problem, and all problems.
    """
    by_sweep: dict[str, list[Entry]] = {}
    for entry in entries:
        by_sweep.setdefault(fold(str(entry.cells["sweep"])), []).append(entry)
    sweeps, problems = {}, []
    for own in by_sweep.values():
        sweep, found = _sweep(own, data)
        problems += found
        if sweep is not None and not found:
            sweeps[sweep.name] = sweep
    return sweeps, problems


def _sweep(entries: Sequence[Entry], data: Dataset) -> tuple[Sweep | None, list[Problem]]:
    name, first = str(entries[0].cells["sweep"]), entries[0]
    problems: list[Problem] = []
    design = _common(entries, "design", problems)
    samples, seed = (_common(entries, column, problems) for column in ("samples", "seed"))
    if design is None:
        must = f"sweep {name!r} must have a design"
        action = f"Choose one of {', '.join(Design)} in its first row."
        problems.append(first.blame("design", must, shown(None), action, "sweep-design"))
        return None, problems
    design = Design(design)
    changes = _changes(entries, design, data, problems)
    problems += _samples_problems(first, design, samples)
    sweep = Sweep(name, design, changes, int(samples or 0), int(seed or 0))
    if not problems:
        problems += _design_problems(first, sweep)
        problems += value_problems(sweep, data)
    return sweep, problems


def _common(entries: Sequence[Entry], column: str, problems: list[Problem]) -> Any:
    """Value of a column that all rows of a sweep share; blank rows do not count."""
    filled = [(e, e.cells[column]) for e in entries if not _is_blank(e.cells[column])]
    for entry, value in filled[1:]:
        if value != filled[0][1]:
            must = f"{column} must be the same in all rows of a sweep, {shown(filled[0][1])}"
            action = "Change one of them, or leave it blank after the first row."
            code = "sweep-design" if column == "design" else "sweep-samples"
            problems.append(entry.blame(column, must, shown(value), action, code))
    return filled[0][1] if filled else None


def _changes(
    entries: Sequence[Entry], design: Design, data: Dataset, problems: list[Problem]
) -> tuple[Change, ...]:
    targets: dict[str, list[Target]] = {}
    names: dict[str, str] = {}
    for entry in entries:
        name = str(entry.cells["change"])
        key = fold(name)
        names.setdefault(key, name)
        if key == BASE:
            must = f"a change must not be named {BASE!r}, as the case without changes is"
            found, action = shown(name), "Give it another name."
            problems.append(entry.blame("change", must, found, action, "sweep-change"))
            continue
        target = _target(entry, data, problems)
        if target is None:
            continue
        problems += _count_problems(target, design, targets.get(key, ()))
        targets.setdefault(key, []).append(target)
    return tuple(Change(names[key], tuple(own)) for key, own in targets.items())


def _target(entry: Entry, data: Dataset, problems: list[Problem]) -> Target | None:
    cells = entry.cells
    values = tuple(value.strip() for value in str(cells["values"]).split(";"))
    try:
        rows = row_filter(str(cells["rows"] or ""))
    except WrongOverride as wrong:
        problems.append(blamed(entry.blame, wrong))
        return None
    if not all(values):
        must = "each of several values must be filled in"
        action = "Remove the spare semicolon; write (blank) to empty a cell."
        found = shown(cells["values"])
        problems.append(entry.blame("values", must, found, action, "sweep-values"))
        return None
    operation = Operation(cells["operation"])
    sheet, column = cells["sheet"], cells["column"]
    integral = draws_integers(data, sheet, column, operation)
    return Target(sheet, rows, column, operation, values, entry.blame, integral)


def _count_problems(target: Target, design: Design, others: Sequence[Target]) -> Iterator[Problem]:
    """Problems of the number of values: each design sets it, and rows of one change share it."""
    count = len(target.values)
    if design is Design.CASES and count != 1:
        must, action = "a case must have one value", "Make a case of each value, or a grid."
    elif design.is_sampled and count != 2:
        must, action = "a range must have two values", "Give both ends, separated by a semicolon."
    elif others and len(others[0].values) != count:
        must = f"rows of one change must have equally many values, {len(others[0].values)}"
        action = "Give each row a value for each step."
    else:
        return
    yield target.blame("values", must, str(count), action, "sweep-values")


def _samples_problems(first: Entry, design: Design, samples: Any) -> Iterator[Problem]:
    if design.is_sampled and samples is None:
        must, action = f"{design} must have a sample size", "Give it in the first row of the sweep."
    elif not design.is_sampled and samples is not None:
        must, action = f"{design} takes no sample size", "Leave it blank."
    elif design is Design.SOBOL and int(samples).bit_count() != 1:
        must, action = "samples of sobol must be a power of 2", "Take 64, 128, 256 or 512."
    else:
        return
    found = shown(None if samples is None else float(samples))
    yield first.blame("samples", must, found, action, "sweep-samples")


def _design_problems(first: Entry, sweep: Sweep) -> Iterator[Problem]:
    if sweep.design is Design.FRONTIER and len(sweep.changes) > 1:
        must = "a frontier must step one change"
        found, action = f"{len(sweep.changes)} changes", "Give its rows one name, or choose a grid."
        yield first.blame("change", must, found, action, "sweep-change")
    size = size_of(sweep)
    if size > MOST_CASES:
        must = f"a sweep must have at most {MOST_CASES:,} cases"
        found, action = f"{size:,}", "Take fewer values, changes or samples."
        yield first.blame("sweep", must, found, action, "sweep-size")
    for change in () if sweep.design.is_sampled else sweep.changes:
        yield from _repetitions(change)


def _repetitions(change: Change) -> Iterator[Problem]:
    """Problem of a value that stands twice in the first row of a change, where it names cases."""
    named = change.targets[0]
    counts = Counter(map(fold, named.values))
    for value in named.values:
        if counts.pop(fold(value), 1) > 1:
            must = f"each value of {change.name!r} must be another, as cases are named by it"
            action = "Remove one of them."
            if len(change.targets) > 1:
                action = "Remove one of them, or begin with the row whose values all differ."
            yield named.blame("values", must, f"{shown(value)} twice", action, "sweep-values")
