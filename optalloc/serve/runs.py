"""Runs: solves, sweeps and questions, each a page that is watched, stopped and read."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from optalloc.serve.asked import Asked, asked, asked_as_it_stands
from optalloc.serve.files import (
    CHANGED,
    EXPLANATION,
    OTHER_VERSION,
    PLAN,
    RENEWED,
    REPORT,
    SWEEP,
    SWEEP_PAGE,
    SWEEP_TABLES,
    tables_of,
)
from optalloc.serve.forms import download, report_page, text_of
from optalloc.serve.server import Server
from optalloc.serve.task import Task
from optalloc.serve.visitors import Book, Run, Visitor

__all__ = ["Runs", "solve_as_it_stands"]

# Fields of a form with two for each slider.
MOST_FIELDS = 1000


class Runs:
    """Pages of a run."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def addresses(self) -> list[tuple[str, str, Callable[..., Any]]]:
        """Methods, paths and endpoints."""
        return [
            ("POST", "/books/{id}/{kind}", self.ask),
            ("GET", "/runs/{id}", self.run),
            ("GET", "/runs/{id}/state", self.state),
            ("POST", "/runs/{id}/stop", self.stop),
            ("POST", "/runs/{id}/resume", self.resume),
            ("POST", "/runs/{id}/open", self.open),
            ("GET", "/runs/{id}/report.html", self.report),
            ("GET", "/runs/{id}/sweep.html", self.sweep),
            ("GET", "/runs/{id}/{file}.xlsx", self.file),
        ]

    async def ask(self, request: Request) -> Response:
        """Start a solve, with some cells changed if sliders were moved, or a question."""
        server = self._server
        book, visitor = server.book(request), server.insist(request)
        async with request.form(max_files=0, max_fields=MOST_FIELDS) as form:
            # A plan that was uploaded is explained by a workbook that the form names.
            book = visitor.books.get(text_of(form, "workbook"), book)
            wanted = asked(request.path_params["kind"], form, book, visitor, server.settings)
        server.refuse_more(visitor)
        run = _started(server, visitor, wanted)
        return RedirectResponse(f"/runs/{run.id}", 303)

    async def run(self, request: Request) -> Response:
        """A run: live, then its result."""
        server, run = self._server, self._server.run(request)
        visitor, folder = server.insist(request), run.task.folder
        return server.page(
            request,
            "run",
            run=run,
            book=run.book,
            result=run.task.result,
            place=server.queue.place(run.task),
            subjects=[visitor.runs.get(name) or visitor.books.get(name) for name in run.of],
            tables=(folder / tables_of(run.kind)).is_file(),
            resumable=_is_resumable(run),
        )

    async def state(self, request: Request) -> Response:
        """Progress of a run: phase, steps, incumbent and bound over time."""
        return self._server.state(self._server.run(request).task)

    async def stop(self, request: Request) -> Response:
        """Stop a run, keeping what is done; the second time, at once."""
        run = self._server.run(request)
        run.task.stop()
        return RedirectResponse(f"/runs/{run.id}", 303)

    async def resume(self, request: Request) -> Response:
        """Go on with a sweep that was stopped or interrupted: only what is missing is solved."""
        server, run = self._server, self._server.run(request)
        if not (run.task.ended and _is_resumable(run) and run.book.path.is_file()):
            raise HTTPException(409, "Only a sweep that was stopped can be gone on with.")
        server.refuse_more(server.insist(request))
        run.task = _task(server, run, server.settings.total_limit_s, {})
        server.queue.take(run.task)
        return RedirectResponse(f"/runs/{run.id}", 303)

    async def open(self, request: Request) -> Response:
        """Take the workbook that a run has written as a workbook of the visitor, and check it."""
        server, run = self._server, self._server.run(request)
        if not run.task.result.get("workbook"):
            raise HTTPException(409, "This run has written no workbook.")
        _, visitor = server.welcome(request)
        book_id, folder = visitor.new_folder()
        path = folder / f"{Path(run.book.name).stem}-{run.kind}.xlsx"
        await asyncio.to_thread(shutil.copyfile, run.task.folder / RENEWED, path)
        task = server.check_task(folder, path)
        server.take_book(visitor, Book(book_id, path.name, path, task, origin=run.title))
        return RedirectResponse(f"/books/{book_id}", 303)

    async def report(self, request: Request) -> Response:
        """The report, apart from the server's own pages."""
        run = self._server.run(request)
        result = run.task.result
        if not (run.has_plan or result.get("page") or REPORT in result.get("files", ())):
            raise HTTPException(404)
        return report_page(run.task.folder / REPORT)

    async def sweep(self, request: Request) -> Response:
        """The page of a sweep, apart from the server's own pages."""
        return report_page(self._server.run(request).task.folder / SWEEP / SWEEP_PAGE)

    async def file(self, request: Request) -> Response:
        """The plan, the tables or the changed workbook of a run."""
        run, file = self._server.run(request), request.path_params["file"]
        kept = {"plan": PLAN, "explanation": EXPLANATION, "changed": CHANGED, "renewed": RENEWED}
        kept |= {"sweep": f"{SWEEP}/{SWEEP_TABLES}", "tables": tables_of(run.kind)}
        if file not in kept or not run.task.ended:
            raise HTTPException(404)
        which = f"run{run.number}" if run.number else run.kind
        ending = run.kind if file == "tables" else file
        name = which if which == ending else f"{which}-{ending}"
        return download(run.task.folder / kept[file], f"{Path(run.book.name).stem}-{name}.xlsx")


def _is_resumable(run: Run) -> bool:
    """True of a sweep of this version that has begun."""
    own = run.kind == "sweep" and run.task.result.get("ending") != OTHER_VERSION
    return own and (run.task.folder / SWEEP).is_dir()


def solve_as_it_stands(server: Server, visitor: Visitor, book: Book) -> None:
    """Solve a workbook that has been checked, if it has no errors and its visitor is still here."""
    if book.sound and server.visitors.knows(visitor):
        run = _started(server, visitor, asked_as_it_stands(book, visitor, server.settings))
        book.first_run = run.id


def _started(server: Server, visitor: Visitor, wanted: Asked) -> Run:
    """A run as it was asked for, taken."""
    run_id, folder = visitor.new_folder()
    run = Run(
        run_id,
        wanted.kind,
        wanted.title,
        wanted.number,
        wanted.note,
        wanted.book,
        Task(folder, {}, wanted.limit_s),
        wanted.arguments,
        wanted.gap,
        wanted.time_limit_s,
        wanted.changes,
        wanted.of,
    )
    run.task = _task(server, run, wanted.limit_s, wanted.files)
    server.take_run(visitor, run)
    return run


def _task(server: Server, run: Run, limit_s: float, files: Any) -> Task:
    arguments = {
        "book": str(run.book.path),
        "gap": run.gap,
        "time_limit_s": run.time_limit_s,
        **run.arguments,
        **files,
    }
    return server.task(run.kind, run.task.folder, arguments, limit_s)
