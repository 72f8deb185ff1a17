"""Visitors: each knows only what is their own, kept in a folder that nobody else may read."""

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
    """A workbook: its name as uploaded, where it lies, and its check."""

    id: str
    name: str
    path: Path
    task: Task

    @property
    def sound(self) -> bool:
        """Whether it may be solved."""
        return self.task.result.get("ending") == "checked"


@dataclass
class Run:
    """A solve of a workbook: its number, what was asked for, and its task."""

    id: str
    number: int
    book: Book
    gap: float
    time_limit_s: float
    changes: list[Any]
    task: Task

    @property
    def name(self) -> str:
        """How it is told from others."""
        return f"Run {self.number} of {self.book.name}"

    @property
    def has_plan(self) -> bool:
        """Whether it has come to a plan."""
        return self.task.result.get("ending") == "plan"


@dataclass
class Comparison:
    """Two plans beside each other."""

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
        """All tasks of theirs."""
        return [
            held.task
            for kind in (self.books, self.runs, self.comparisons)
            for held in kind.values()
        ]

    @property
    def busy(self) -> bool:
        """Whether something goes on for them."""
        return not all(task.ended for task in self.tasks)

    def new_folder(self) -> tuple[str, Path]:
        """Make a folder for something new, named by a new id."""
        name = secrets.token_urlsafe(12)
        folder = self.folder / name
        folder.mkdir(mode=0o700)
        return name, folder


class Visitors:
    """All visitors at present.

    Parameters
    ----------
    root : Path
        Folder for theirs; only the user of the server may enter it.
    idle_s : float
        Seconds after which what belongs to a visitor who has gone is removed.
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
        """Visitors who have not been seen for long, and for whom nothing goes on."""
        for visitor in list(self._known.values()):
            if visitor.busy:
                # What ends unseen is kept as long as what was seen.
                visitor.seen = time.monotonic()
            elif time.monotonic() - visitor.seen > self._idle_s:
                yield visitor

    async def forget(self, visitor: Visitor) -> None:
        """Remove all that belongs to a visitor; their tasks have ended."""
        self._known.pop(visitor.id, None)
        await asyncio.to_thread(shutil.rmtree, visitor.folder, ignore_errors=True)
