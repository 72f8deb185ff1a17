"""Visitors: each sees only their own files, in a folder that nobody else may read."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from optalloc.serve.files import CHANGED, PLAN
from optalloc.serve.task import Task

__all__ = ["Book", "Run", "Visitor", "Visitors", "folder_name"]


@dataclass
class Book:
    """A workbook: its name, its path, and its check; or a plan.xlsx in its place.

    Parameters
    ----------
    id, name : str
    path : Path
    task : Task
        Makes it, if it is not uploaded, and checks it.
    made_s : float
        Seconds since 1970, when it came.
    origin : str
        Where it comes from, in words; empty if it was uploaded.
    to_solve : bool
        True if it is solved as soon as it is checked.
    first_run : str
        Id of the run that this has started, until it was shown.
    """

    id: str
    name: str
    path: Path
    task: Task
    made_s: float = field(default_factory=time.time)
    origin: str = ""
    to_solve: bool = False
    first_run: str = ""

    @property
    def sound(self) -> bool:
        """True if it has no errors and may be solved."""
        return self.task.result.get("ending") == "checked"

    @property
    def has_plan(self) -> bool:
        """True if it is a plan."""
        return self.task.result.get("ending") == "plan"

    @property
    def plan(self) -> Path:
        """Path of the plan, if it is one."""
        return self.path

    @property
    def gap(self) -> float | None:
        """Gap of the plan, if it is one."""
        found: float | None = self.task.result.get("gap")
        return found


@dataclass
class Run:
    """A solve of a workbook, or a question about it: its options, and its task.

    Parameters
    ----------
    id, kind, title : str
    number : int
        Of the solve, from 1; 0 of a question.
    note : str
        Options, in words.
    book : Book
    task : Task
    arguments : mapping
        Of its process, but for paths.
    gap, time_limit_s : float
    changes : list
        Of the sliders that were moved.
    of : list of str
        Ids of the runs and workbooks whose plans it is about.
    made_s : float
        Seconds since 1970, when it was asked for.
    """

    id: str
    kind: str
    title: str
    number: int
    note: str
    book: Book
    task: Task
    arguments: dict[str, Any]
    gap: float
    time_limit_s: float
    changes: list[Any] = field(default_factory=list)
    of: list[str] = field(default_factory=list)
    made_s: float = field(default_factory=time.time)

    @property
    def name(self) -> str:
        """Name that distinguishes it from others."""
        return self.title

    @property
    def headline(self) -> dict[str, Any] | None:
        """Cost, bound and gap of its plan, if it has given one."""
        result = self.task.result
        if result.get("ending") == "plan":
            return result
        found: dict[str, Any] | None = result.get("plan")
        return found

    @property
    def has_plan(self) -> bool:
        """True if it has given a plan."""
        return self.headline is not None

    @property
    def plan(self) -> Path:
        """Path of its plan, if it has given one."""
        return self.task.folder / PLAN

    @property
    def workbook(self) -> Path:
        """The workbook that it is of: a changed copy, if sliders were moved."""
        return self.task.folder / CHANGED if self.changes else self.book.path


@dataclass
class Visitor:
    """One visitor, known by a token that cannot be guessed; their folder has its hash as name."""

    folder: Path
    seen: float = field(default_factory=time.monotonic)
    books: dict[str, Book] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)

    @property
    def tasks(self) -> list[Task]:
        """All tasks of the visitor."""
        return [one.task for kind in (self.books, self.runs) for one in kind.values()]

    @property
    def busy(self) -> bool:
        """True while a task of theirs has not ended."""
        return not all(task.ended for task in self.tasks)

    @property
    def open_runs(self) -> int:
        """Number of runs that have not ended."""
        return sum(not run.task.ended for run in self.runs.values())

    @property
    def plans(self) -> list[Book | Run]:
        """Runs that have given a plan, and plans that were uploaded."""
        every: tuple[Book | Run, ...] = (*self.books.values(), *self.runs.values())
        return [one for one in every if one.has_plan]

    def runs_of(self, book: Book) -> list[Run]:
        """Runs of a workbook, and comparisons that have one of its plans on a side."""
        own = {book.id} | {run.id for run in self.runs.values() if run.book is book}
        return [run for run in self.runs.values() if run.book is book or own & set(run.of)]

    def plan_of(self, name: object) -> Book | Run | None:
        """The plan of an id, if the visitor has one."""
        return next((one for one in self.plans if one.id == str(name)), None)

    def new_folder(self) -> tuple[str, Path]:
        """Make a folder, named by a new id."""
        name = secrets.token_urlsafe(12)
        folder = self.folder / name
        folder.mkdir(mode=0o700)
        return name, folder


class Visitors:
    """All visitors at present.

    Parameters
    ----------
    root : Path
        Folder of their folders; only the user of the server may enter it.
    idle_s : float
        Seconds without a request after which a visitor is idle; infinite: never.
    most : int
        Visitors at a time, at most.
    known : iterable of Visitor
        Those whose folders are there already.
    """

    def __init__(
        self, root: Path, idle_s: float, most: int = 200, known: Iterable[Visitor] = ()
    ) -> None:
        self._root, self._idle_s, self._most = root, idle_s, most
        self._known = {visitor.folder.name: visitor for visitor in known}

    def find(self, token: str | None) -> Visitor | None:
        """The visitor of a token; None if there is none."""
        found = self._known.get(folder_name(token or ""))
        if found is not None:
            found.seen = time.monotonic()
        return found

    def admit(self) -> tuple[str, Visitor] | None:
        """A new visitor and their token; None while there are too many."""
        if len(self._known) >= self._most:
            return None
        token = secrets.token_urlsafe(32)
        folder = self._root / folder_name(token)
        folder.mkdir(mode=0o700)
        visitor = self._known[folder.name] = Visitor(folder)
        return token, visitor

    def knows(self, visitor: Visitor) -> bool:
        """True until a visitor is forgotten."""
        return self._known.get(visitor.folder.name) is visitor

    def idle(self) -> Iterator[Visitor]:
        """Visitors without a request for long and without a task that goes on."""
        for visitor in list(self._known.values()):
            if visitor.busy:
                # The time counts from the end of their last task.
                visitor.seen = time.monotonic()
            elif time.monotonic() - visitor.seen > self._idle_s:
                yield visitor

    async def forget(self, visitor: Visitor) -> None:
        """Remove all files of a visitor, whose tasks have ended."""
        self._known.pop(visitor.folder.name, None)
        await asyncio.to_thread(shutil.rmtree, visitor.folder, ignore_errors=True)


def folder_name(token: str) -> str:
    """Name of the folder of a token, from which the token cannot be found."""
    return hashlib.sha256(token.encode()).hexdigest()[:32]
