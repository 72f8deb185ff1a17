"""Visitors: each sees only their own files, in a folder that nobody else may read."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from optalloc.serve.task import Task

__all__ = ["Book", "Comparison", "Run", "Visitor", "Visitors"]

MOST_VISITORS = 200


@dataclass
class Book:
    """A workbook: its name as uploaded, its path, and its check."""

    id: str
    name: str
    path: Path
    task: Task

    @property
    def sound(self) -> bool:
        """True if it has no errors and may be solved."""
        return self.task.result.get("ending") == "checked"


@dataclass
class Run:
    """A solve of a workbook: its number, its options, and its task."""

    id: str
    number: int
    book: Book
    gap: float
    time_limit_s: float
    changes: list[Any]
    task: Task

    @property
    def name(self) -> str:
        """Name that distinguishes it from other runs."""
        return f"Run {self.number} of {self.book.name}"

    @property
    def has_plan(self) -> bool:
        """True if it has given a plan."""
        return self.task.result.get("ending") == "plan"


@dataclass
class Comparison:
    """A comparison of two plans."""

    id: str
    a: Run
    b: Run
    task: Task


@dataclass
class Visitor:
    """One visitor, known by a cookie that cannot be guessed."""

    id: str
    folder: Path
    seen: float = field(default_factory=time.monotonic)
    books: dict[str, Book] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    comparisons: dict[str, Comparison] = field(default_factory=dict)

    @property
    def tasks(self) -> list[Task]:
        """All tasks of the visitor."""
        return [
            one.task for kind in (self.books, self.runs, self.comparisons) for one in kind.values()
        ]

    @property
    def busy(self) -> bool:
        """True while a task of theirs has not ended."""
        return not all(task.ended for task in self.tasks)

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
        Seconds without a request after which a visitor is idle.
    """

    def __init__(self, root: Path, idle_s: float) -> None:
        self._root, self._idle_s = root, idle_s
        self._known: dict[str, Visitor] = {}

    def find(self, name: str | None) -> Visitor | None:
        """The visitor whom a cookie names; None if there is none."""
        found = self._known.get(name or "")
        if found is not None:
            found.seen = time.monotonic()
        return found

    def admit(self) -> Visitor | None:
        """A new visitor; None while there are too many."""
        if len(self._known) >= MOST_VISITORS:
            return None
        folder = self._root / secrets.token_urlsafe(12)
        folder.mkdir(mode=0o700)
        visitor = Visitor(secrets.token_urlsafe(32), folder)
        self._known[visitor.id] = visitor
        return visitor

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
        self._known.pop(visitor.id, None)
        await asyncio.to_thread(shutil.rmtree, visitor.folder, ignore_errors=True)
