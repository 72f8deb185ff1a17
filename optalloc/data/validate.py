"""Step "validate": a Workbook becomes a Dataset, or an InputError with every problem at once.

Nothing is dropped without a word: a sheet or column that matches no declaration is an error,
unless its name starts with ``#``, by which a planner marks it as a note of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import pandas as pd

from optalloc.data.checks import checked_rows
from optalloc.data.convert import shown
from optalloc.data.dataset import WHOLE, Dataset, SheetPlace
from optalloc.data.declared import Declared
from optalloc.data.digest import content_digest
from optalloc.data.names import name_notices
from optalloc.data.plausibility import notices
from optalloc.data.reader import Found, SheetReader, fold, rename, spelling, suggest
from optalloc.errors import InputError, Problem, Severity
from optalloc.spreadsheet.frames import Book
from optalloc.spreadsheet.read import read_workbook
from optalloc.spreadsheet.sheets import Workbook

__all__ = ["accepted", "blocking", "check", "validate"]

# Sheets with one of these could not be read, so nothing is said of what they lack.
_UNREADABLE = {"encoding", "nul-byte", "csv-quote", "csv-delimiter"}
_ABSENT = 10_000
# Faults of single cells, which are none in cells that are not read.
_OF_CELLS = {"formula-without-value", "error-value", "merged-cells"}


def validate(workbook: Workbook, model: Declared) -> Dataset:
    """Turn a workbook into a dataset.

    Parameters
    ----------
    workbook : Workbook
        As read.
    model : Declared
        A loaded model (`optalloc.load_model`), whose families declare the sheets.

    Returns
    -------
    Dataset

    Raises
    ------
    InputError
        With every problem found, sorted by place; errors of advisory sheets alone are none.
    """
    return accepted(workbook, model)[0]


def accepted(workbook: Workbook, model: Declared) -> tuple[Dataset, tuple[Problem, ...]]:
    """Give the dataset, and its notices and what is wrong on sheets that no plan depends on.

    Raises
    ------
    InputError
        As `validate` does.
    """
    dataset, problems = check(workbook, model)
    if blocking(workbook, dataset, problems):
        raise InputError(problems)
    return dataset, tuple(problems)


def blocking(workbook: Workbook, data: Dataset, problems: Iterable[Problem]) -> list[Problem]:
    """Errors that stop a solve: all but what an advisory sheet says wrongly, if it can be read."""
    own = {data.places[name].name for name, sheet in data.sheets.items() if sheet.advisory}
    # An absent sheet has no name, and neither has the file as a whole.
    advisory = own - {"", *(p.sheet for p in workbook.problems if p.severity is Severity.ERROR)}
    return [p for p in problems if p.severity is Severity.ERROR and p.sheet not in advisory]


def check(book: Book | Workbook, model: Declared) -> tuple[Dataset, list[Problem]]:
    """Give the dataset as far as it can be read, and every problem and notice, sorted by place.

    What only follows from another error is not reported: no message is about a cell, or follows
    from a cell, that could not be read or names nothing.

    Parameters
    ----------
    book : Workbook, or what `optalloc.read_workbook` reads
    model : Declared
        A loaded model (`optalloc.load_model`).
    """
    workbook = _without_notes(read_workbook(book), model)
    # What a planner's own sheet holds is not read, so nothing is wrong with it.
    problems = [p for p in workbook.problems if not p.sheet.startswith("#")]
    problems += _named_as_sheets(workbook.notes, model)
    matched, lost = _match_sheets(workbook, model, problems)
    odd = {p.order for p in workbook.problems if p.severity is Severity.ERROR}
    frames: dict[str, pd.DataFrame] = {}
    places: dict[str, SheetPlace] = {}
    unread: dict[str, set[tuple[int, str]]] = {}
    for sheet in model.sheets.values():
        found = matched.get(sheet.name, Found(None, _ABSENT))
        reader = SheetReader(sheet, found, text=workbook.text_cells, odd=odd)
        frames[sheet.name], places[sheet.name] = reader.read()
        problems += reader.problems
        unread[sheet.name] = reader.unread
        lost.setdefault(sheet.name, set()).update(reader.lost)
    dataset = Dataset(
        frames,
        model.sheets,
        places,
        content_digest(frames, [s.name for s in model.sheets.values() if s.ordered]),
        unread,
        lost,
        source=str(workbook.source),
    )
    dataset, violated = checked_rows(dataset, model)
    problems += violated
    wrong = {p.order for p in problems if p.severity is Severity.ERROR}
    problems += (p for p in name_notices(dataset) if p.order not in wrong)
    problems += notices(dataset, model)
    faulty_rows = {
        (places[name].position, places[name].cell(row, column)[0])
        for name, cells in dataset.unread.items()
        for row, column in cells
    }
    problems += (p for p in model.check_scenarios(dataset) if p.order[:2] not in faulty_rows)
    problems.sort(key=lambda p: (p.order, p.code, p.must))
    return dataset, list(dict.fromkeys(problems))


def _without_notes(workbook: Workbook, model: Declared) -> Workbook:
    """The workbook without faults of cells that are not read, below a title that is a note."""
    vertical = {fold(name) for name, sheet in model.sheets.items() if sheet.vertical}
    by_position = {
        raw.position or place: raw for place, raw in enumerate(workbook.sheets.values(), start=1)
    }

    def is_of_note(problem: Problem) -> bool:
        position, row, column = problem.order
        raw = by_position.get(position)
        if problem.code not in _OF_CELLS or raw is None or not raw.rows or row < 2:
            return False
        titles = raw.rows[0][column - 1 :]
        if fold(raw.name) in vertical and column <= 2:
            # Its names stand in column A, and nothing is read beyond B.
            titles = raw.rows[row - 1][:1] if row <= len(raw.rows) and column == 2 else ()
        # A merged range may reach into the columns to the right.
        reached = titles if problem.code == "merged-cells" else titles[:1]
        return (
            bool(titles)
            and str(titles[0]).startswith("#")
            and all(title is None or str(title).startswith("#") for title in reached)
        )

    return replace(workbook, problems=tuple(p for p in workbook.problems if not is_of_note(p)))


def _named_as_sheets(notes: Iterable[str], model: Declared) -> Iterator[Problem]:
    """Notices of text files with the name of a sheet, as Notepad saves a CSV."""
    declared = {fold(name): name for name in model.sheets}
    for note in notes:
        stem = note.rpartition(".")[0]
        stem = stem[:-4] if stem.lower().endswith(".csv") else stem
        if sheet := declared.get(fold(stem)):
            must = "a sheet of a folder must be a file that ends with .csv"
            action = f"Rename it {sheet}.csv if it holds the sheet {sheet}; it is not read."
            yield Problem("", "", must, note, action, "not-read", Severity.NOTICE)


def _match_sheets(
    workbook: Workbook, model: Declared, problems: list[Problem]
) -> tuple[dict[str, Found], dict[str, set[str]]]:
    """Give the sheets found by declared name, and which of them are lost as a whole."""
    declared = {fold(name): name for name in model.sheets}
    absent = set(model.sheets) - {declared.get(fold(name)) for name in workbook.sheets}
    unreadable = {p.order[0] for p in workbook.problems if p.code in _UNREADABLE}
    matched: dict[str, Found] = {}
    lost: dict[str, set[str]] = {}
    for position, (name, raw) in enumerate(workbook.sheets.items(), start=1):
        position = raw.position or position
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
                lost[guess] = {WHOLE}
        elif target in matched:
            must, action = f"there must be one sheet {target}", "Merge the two, or rename one."
            problems.append(
                Problem(name, "", must, "a second one", action, "duplicate-sheet", order=order)
            )
            lost[target] = {WHOLE}
        elif position in unreadable:
            matched[target] = Found(None, position)
            lost[target] = {WHOLE}
        else:
            matched[target] = Found(raw, position)
            if name != target:
                problems.append(spelling(name, "", name, target, order))
    for sheet in model.sheets.values():
        if sheet.required and sheet.name not in matched and sheet.name not in lost:
            lost[sheet.name] = {WHOLE}
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
    return matched, lost
