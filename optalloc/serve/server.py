"""State of the server while it runs, and what the pages share: who asks, for what, and answers."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from optalloc.errors import ModelError
from optalloc.modelling.folders import default_model_path
from optalloc.serve.folder import kept_folder, own_folder
from optalloc.serve.pages import rendered
from optalloc.serve.queue import TaskQueue
from optalloc.serve.records import restored_visitors, write_book, write_run
from optalloc.serve.settings import Settings
from optalloc.serve.task import Task
from optalloc.serve.visitors import Book, Run, Visitor, Visitors
from optalloc.starting.load import load_starter
from optalloc.starting.starter import KnownPlace

__all__ = ["QUICK_LIMIT_S", "Server"]

COOKIE = "visitor"
COOKIE_S = 365 * 24 * 3600
# Most workbooks and runs of one visitor, of which so many may be open; and most visitors.
MOST_BOOKS, MOST_RUNS, MOST_OPEN = 20, 100, 5
MOST_VISITORS, MOST_KEPT_VISITORS = 200, 10_000
QUICK_LIMIT_S = 300.0
# Bytes that a workbook may unpack to, as a multiple of its own most.
UNPACKED = 8
_SWEEP_S = 30.0
SWEEP_GRACE = 10
_WORDS = {
    400: "That cannot be understood.",
    403: "That is refused.",
    404: "There is nothing here. It may have been removed, or belong to somebody else.",
    405: "That cannot be done here.",
}

Owned = TypeVar("Owned", Book, Run)


class Server:
    """Settings, queue and visitors.

    Parameters
    ----------
    settings : Settings

    Attributes
    ----------
    made : Path
        Folder of workbooks that are the same for everybody.
    places : tuple of KnownPlace
        Places that a workbook may be started from; none without a catalogue.
    demand_unit : str
        Unit of the demand that it is started from.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.queue: TaskQueue
        self.visitors: Visitors
        self.made: Path
        self.places, self.demand_unit = _catalogue(settings.model)
        own = default_model_path()
        self.has_examples = settings.model is None or Path(settings.model).resolve() == own

    @contextlib.asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        """Take the folder, remove idle visitors from time to time, and end every task at last."""
        keep, idle_s = self.settings.keep, self.settings.idle_s
        with contextlib.ExitStack() as stack:
            self.made = Path(stack.enter_context(TemporaryDirectory(prefix="optalloc-made-")))
            if keep is None:
                root = stack.enter_context(own_folder(self.settings.folder))
                self.visitors = Visitors(root, idle_s, MOST_VISITORS)
            else:
                root = stack.enter_context(kept_folder(keep))
                known = restored_visitors(root)
                self.visitors = Visitors(root, math.inf, MOST_KEPT_VISITORS, known)
            self.queue = TaskQueue(self.settings.jobs)
            sweeping = asyncio.create_task(self._sweep())
            try:
                yield
            finally:
                sweeping.cancel()
                await self.queue.close()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(min(_SWEEP_S, self.settings.idle_s))
            for visitor in self.visitors.idle():
                await self.visitors.forget(visitor)

    # Who asks -------------------------------------------------------------------------------------

    def visitor(self, request: Request) -> Visitor | None:
        """The visitor who asks; None if it is nobody known."""
        return self.visitors.find(request.cookies.get(COOKIE))

    def insist(self, request: Request) -> Visitor:
        """The visitor who asks; there is nothing for anybody else."""
        visitor = self.visitor(request)
        if visitor is None:
            raise HTTPException(404)
        return visitor

    def own(self, request: Request, kind: Callable[[Visitor], Mapping[str, Owned]]) -> Owned:
        """The object that an address names; one of another visitor counts as missing."""
        found = kind(self.insist(request)).get(request.path_params["id"])
        if found is None:
            raise HTTPException(404)
        return found

    def book(self, request: Request) -> Book:
        """The workbook that an address names."""
        return self.own(request, lambda visitor: visitor.books)

    def run(self, request: Request) -> Run:
        """The run that an address names."""
        return self.own(request, lambda visitor: visitor.runs)

    def welcome(self, request: Request) -> tuple[str, Visitor]:
        """The visitor who asks, or a new one, with the token, if there is room for a workbook."""
        token = request.cookies.get(COOKIE, "")
        visitor = self.visitors.find(token)
        if visitor is None:
            admitted = self.visitors.admit()
            if admitted is None:
                raise HTTPException(503, "Too many visitors are here already. Try again later.")
            return admitted
        if len(visitor.books) >= MOST_BOOKS:
            raise HTTPException(429, "You have too many workbooks here. Remove them first.")
        return token, visitor

    def set_cookie(self, answer: Response, request: Request, token: str) -> None:
        """Let the browser keep the token, for as long as the server keeps the runs."""
        lasting = None if self.settings.keep is None else COOKIE_S
        secure = request.url.scheme == "https"
        answer.set_cookie(
            COOKIE, token, max_age=lasting, httponly=True, samesite="strict", secure=secure
        )

    def link(self, request: Request) -> str:
        """The address by which the visitor finds their runs from anywhere."""
        token = request.cookies.get(COOKIE, "")
        return str(request.base_url.replace(path=f"/mine/{token}"))

    # Tasks ----------------------------------------------------------------------------------------

    def task(self, kind: str, folder: Path, arguments: Mapping[str, Any], limit_s: float) -> Task:
        """A task in a folder, which is not taken yet."""
        model = self.settings.model
        request = {
            "kind": kind,
            "folder": str(folder),
            "model": None if model is None else str(model),
            "memory": self.settings.memory_bytes,
            **arguments,
        }
        # A sweep writes the page of all cases that are done after it was stopped.
        grace_s = (SWEEP_GRACE if kind == "sweep" else 1) * self.settings.grace_s
        return Task(folder, request, limit_s, grace_s)

    def take_book(
        self, visitor: Visitor, book: Book, then: Callable[[], None] | None = None
    ) -> None:
        """Record a workbook, and check it."""
        visitor.books[book.id] = book
        write_book(book)
        self.queue.take(book.task, quick=True, then=then)

    def check_task(self, folder: Path, path: Path, make: Mapping[str, Any] | None = None) -> Task:
        """The task that checks a workbook, which is made first where it is said how."""
        most = UNPACKED * self.settings.most_bytes
        arguments = {"book": str(path), "most_unpacked": most, "make": make}
        return self.task("check", folder, arguments, QUICK_LIMIT_S)

    def refuse_more(self, visitor: Visitor) -> None:
        """Refuse a further run of a visitor who has too many."""
        if visitor.open_runs >= MOST_OPEN:
            raise HTTPException(429, f"You have {MOST_OPEN} runs going on. Stop one first.")
        if len(visitor.runs) >= MOST_RUNS:
            raise HTTPException(429, "You have too many runs here. Remove them first.")

    def take_run(self, visitor: Visitor, run: Run) -> None:
        """Record a run, and start it once it is its turn."""
        visitor.runs[run.id] = run
        write_run(run)
        self.queue.take(run.task, quick=run.kind == "compare")

    # Answers --------------------------------------------------------------------------------------

    def page(self, request: Request, template: str, status: int = 200, **values: Any) -> Response:
        """A page for the visitor who asks."""
        values = {"visitor": self.visitor(request), "settings": self.settings, **values}
        return HTMLResponse(rendered(template, **values), status)

    def state(self, task: Task) -> Response:
        """Progress of a task, for the page that watches it."""
        return JSONResponse(
            {
                "state": str(task.state),
                "phase": task.phase,
                "step": task.step,
                "place": self.queue.place(task),
                "points": task.points,
            }
        )

    async def refused(self, request: Request, error: Exception) -> Response:
        """Page with the reason of a refusal."""
        assert isinstance(error, HTTPException)
        words = _WORDS.get(error.status_code, error.detail)
        if error.status_code == 413:
            most = self.settings.most_bytes / 2**20
            words = f"The file is too large: this server takes workbooks of at most {most:,.3g} MB."
        elif error.detail and error.status_code in (400, 409, 415, 429, 503):
            words = error.detail
        page = self.page(request, "message", error.status_code, words=words)
        page.headers.update(error.headers or {})
        return page


def _catalogue(model: Path | None) -> tuple[tuple[KnownPlace, ...], str]:
    """Places of the model's catalogue, and the unit of demand; none if it has no catalogue."""
    try:
        starter = load_starter(model)
    except ModelError:
        return (), ""
    return tuple(starter.places()), starter.demand_unit
