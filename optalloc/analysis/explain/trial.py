"""Trial of proposed changes: made to a copy, which is read again, checked and solved."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.errors import InfeasibleError, InputError, NoPlanError, SolveError
from optalloc.modelling.model import Model
from optalloc.pipeline.one_plan import solve_dataset
from optalloc.pipeline.opening import open_book
from optalloc.plan.plan import Plan
from optalloc.spreadsheet.edit import refuse_target, write_edits
from optalloc.spreadsheet.frames import Book, Frames, as_files

__all__ = ["InMemory", "Source", "Trial", "source_of", "tried"]

# Seconds from which a solve is started.
LEAST_S = 0.1
# Sentence on a copy that was not solved.
OVER = "Not verified: the time allowed was over before a plan with that was found."


@dataclass(frozen=True)
class Source:
    """Input that a dataset was read from.

    Parameters
    ----------
    book : Path or mapping of str to pandas.DataFrame
        The workbook or folder, or the frames.
    approved : Path, optional
        The plan approved last.
    copy : Path, optional
        Where to keep a copy with changes; by default it is deleted after the trial.
    """

    book: Path | Frames
    approved: Path | None = None
    copy: Path | None = None

    @contextmanager
    def changed(self, changes: pd.DataFrame, model: Model) -> Iterator[Dataset]:
        """Write a copy with changes (`RELAXATION`), and read it as any workbook is read."""
        with (
            as_files(self.book) as book,
            tempfile.TemporaryDirectory(prefix="optalloc-") as folder,
        ):
            target = self.copy or Path(folder, f"changed-{book.name}")
            write_edits(book, changes, target)
            yield open_book(target, model, self.approved)[0]


def source_of(
    book: Book, approved: str | Path | None = None, copy: str | Path | None = None
) -> Source:
    """A source by its paths, or by frames, of which a copy is a folder of CSV files.

    Raises
    ------
    OptallocError
        If the copy could not be written there, before time is spent on it.
    """
    source = Source(
        book if isinstance(book, Mapping) else Path(book),
        None if approved is None else Path(approved),
        None if copy is None else Path(copy),
    )
    if source.copy is not None:
        refuse_target(source.book, source.copy)
    return source


@dataclass(frozen=True)
class InMemory:
    """A dataset that comes from no file, with its changes."""

    dataset: Dataset

    @contextmanager
    def changed(self, _: pd.DataFrame, __: Model) -> Iterator[Dataset]:
        """Give the changed dataset."""
        yield self.dataset


@dataclass(frozen=True)
class Trial:
    """Result of a trial: a sentence, and the plan if one was found."""

    sentence: str
    plan: Plan | None = None


def tried(
    source: Source | InMemory,
    changes: pd.DataFrame,
    model: Model,
    given: Mapping[str, Any],
    time_limit_s: float,
) -> Trial:
    """Solve the workbook with the changes, read again from its copy.

    Parameters
    ----------
    source : Source or InMemory
    changes : pandas.DataFrame
        As the table `RELAXATION`.
    model : Model
    given : mapping
        Solver options.
    time_limit_s : float
        For the solve.

    Returns
    -------
    Trial
        Its plan was found and audited, not promised.

    Raises
    ------
    OptallocError
        If the copy cannot be written.
    """
    if time_limit_s <= 0:
        return Trial(OVER)
    options = {**given, "time_limit_s": max(time_limit_s, LEAST_S)}
    try:
        with source.changed(changes, model) as changed:
            plan = solve_dataset(changed, model, **options)
    except InputError as error:
        return Trial(f"With that the workbook has errors, such as {error.problems[0]}")
    except InfeasibleError:
        return Trial("With that the workbook still has no plan: more would have to change.")
    except NoPlanError:
        return Trial(OVER)
    except SolveError as error:
        return Trial(f"Not verified: {error}.")
    gap = "proven optimal" if plan.gap == 0 else f"gap {100 * plan.gap:.3g} %"
    return Trial(f"With that the cheapest plan costs {plan.cost:,.6g} M ({gap}).", plan)
