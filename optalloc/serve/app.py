"""The pages by their addresses: upload, check, solve, watch, stop, read, change, compare."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    RedirectResponse,
    Response,
)
from starlette.routing import Route

from optalloc.serve.folder import own_folder
from optalloc.serve.forms import changes_of, download, file_name, keep, number_of
from optalloc.serve.guard import REPORT_POLICY, Guard
from optalloc.serve.pages import rendered, static
from optalloc.serve.queue import TaskQueue
from optalloc.serve.settings import Settings
from optalloc.serve.task import Task
from optalloc.serve.visitors import Book, Comparison, Run, Visitor, Visitors
from optalloc.serve.work import CHANGED, EXPLAINING_S, EXPLANATION, MARKED, PLAN, REPORT

__all__ = ["make_app"]

COOKIE = "visitor"
# Most workbooks, runs and open tasks of one visitor.
MOST_BOOKS, MOST_RUNS, MOST_OPEN = 20, 50, 5
QUICK_LIMIT_S = 300.0
# Seconds for reading, building, auditing and writing, beside those of the solver.
BESIDE_SOLVING_S = 900.0
UNPACKED = 8
_SWEEP_S = 30.0
_WORDS = {
    400: "That cannot be understood.",
    403: "That is refused.",
    404: "There is nothing here. It may have been removed, or belong to somebody else.",
    405: "That cannot be done here.",
}


def make_app(settings: Settings) -> Starlette:
    """Give the application; files of visitors are removed when it ends."""
    pages = _Pages(settings)
    kept: list[tuple[str, str, Callable[..., Any]]] = [
        ("GET", "/", pages.start),
        ("POST", "/books", pages.upload),
        ("POST", "/forget", pages.forget),
        ("GET", "/books/{id}", pages.book),
        ("GET", "/books/{id}/state", pages.book_state),
        ("GET", "/books/{id}/marked.xlsx", pages.marked),
        ("POST", "/books/{id}/solve", pages.solve),
        ("GET", "/runs/{id}", pages.run),
        ("GET", "/runs/{id}/state", pages.run_state),
        ("POST", "/runs/{id}/stop", pages.stop),
        ("GET", "/runs/{id}/report.html", pages.report),
        ("GET", "/runs/{id}/{file}.xlsx", pages.run_file),
        ("POST", "/comparisons", pages.compare),
        ("GET", "/comparisons/{id}", pages.comparison),
        ("GET", "/comparisons/{id}/state", pages.comparison_state),
        ("GET", "/comparisons/{id}/diff.xlsx", pages.difference),
        ("GET", "/static/{name}", _static),
    ]
    return Starlette(
        routes=[Route(path, endpoint, methods=[method]) for method, path, endpoint in kept],
        middleware=[Middleware(Guard, hosts=settings.hosts)],
        exception_handlers={HTTPException: pages.refused},
        lifespan=pages.lifespan,
        # The fields of a form beside the file are small.
        max_body_size=settings.most_bytes + 2**16,
    )


async def _static(request: Request) -> Response:
    found = static(request.path_params["name"])
    if found is None:
        raise HTTPException(404)
    content, media = found
    return Response(content, media_type=media, headers={"Cache-Control": "max-age=3600"})


class _Pages:
    """State of the server while it runs, with one method for each address."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._queue: TaskQueue
        self._visitors: Visitors

    @contextlib.asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        """Make the folder, remove idle visitors from time to time, and all of it in the end."""
        with own_folder(self._settings.folder) as root:
            self._queue = TaskQueue(self._settings.jobs)
            self._visitors = Visitors(root, self._settings.idle_s)
            sweeping = asyncio.create_task(self._sweep())
            try:
                yield
            finally:
                sweeping.cancel()
                await self._queue.close()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(min(_SWEEP_S, self._settings.idle_s))
            for visitor in self._visitors.idle():
                await self._visitors.forget(visitor)

    # Ownership -----------------------------------------------------------------------------------

    def _visitor(self, request: Request) -> Visitor | None:
        return self._visitors.find(request.cookies.get(COOKIE))

    def _own(self, request: Request, kind: str) -> Any:
        """The object that an address names; one of another visitor counts as missing."""
        visitor = self._visitor(request)
        found = getattr(visitor, kind).get(request.path_params["id"]) if visitor else None
        if found is None:
            raise HTTPException(404)
        return found

    def _page(self, request: Request, template: str, status: int = 200, **values: Any) -> Response:
        values |= {"visitor": self._visitor(request), "settings": self._settings}
        return HTMLResponse(rendered(template, **values), status)

    async def refused(self, request: Request, error: Exception) -> Response:
        """Page with the reason of a refusal."""
        assert isinstance(error, HTTPException)
        words = _WORDS.get(error.status_code, error.detail)
        if error.status_code == 413:
            most = self._settings.most_bytes / 2**20
            words = f"The file is too large: this server takes workbooks of at most {most:,.3g} MB."
        elif error.detail and error.status_code in (400, 409, 415, 429, 503):
            words = error.detail
        page = self._page(request, "message", error.status_code, words=words)
        page.headers.update(error.headers or {})
        return page

    # Workbooks ------------------------------------------------------------------------------------

    async def start(self, request: Request) -> Response:
        """The first page: upload, and the visitor's workbooks and runs."""
        return self._page(request, "start", queue=self._queue)

    async def upload(self, request: Request) -> Response:
        """Take a workbook, and check it."""
        async with request.form(max_files=1, max_fields=4) as form:
            sent = form.get("workbook")
            if not isinstance(sent, UploadFile) or not sent.filename:
                raise HTTPException(400, "Choose a workbook first.")
            name = file_name(sent.filename)
            if not name.lower().endswith(".xlsx"):
                words = f"{name} is no .xlsx workbook. Save it as .xlsx in a spreadsheet program."
                raise HTTPException(415, words)
            if (sent.size or 0) > self._settings.most_bytes:
                raise HTTPException(413)
            visitor = self._visitor(request) or self._visitors.admit()
            if visitor is None:
                raise HTTPException(503, "Too many visitors are here already. Try again later.")
            if len(visitor.books) >= MOST_BOOKS:
                raise HTTPException(429, "You have too many workbooks here. Remove them first.")
            book_id, folder = visitor.new_folder()
            path = folder / name
            await asyncio.to_thread(keep, sent, path)
        arguments = {"book": str(path), "most_unpacked": UNPACKED * self._settings.most_bytes}
        task = self._task("check", folder, arguments, QUICK_LIMIT_S)
        visitor.books[book_id] = Book(book_id, name, path, task)
        self._queue.take(task, quick=True)
        answer = RedirectResponse(f"/books/{book_id}", 303)
        secure = request.url.scheme == "https"
        answer.set_cookie(COOKIE, visitor.id, httponly=True, samesite="strict", secure=secure)
        return answer

    def _task(self, kind: str, folder: Path, arguments: Mapping[str, Any], limit_s: float) -> Task:
        model = self._settings.model
        request = {
            "kind": kind,
            "folder": str(folder),
            "model": None if model is None else str(model),
            "memory": self._settings.memory_bytes,
            **arguments,
        }
        return Task(folder, request, limit_s, self._settings.grace_s)

    async def book(self, request: Request) -> Response:
        """A workbook: its errors, or how to solve it."""
        book: Book = self._own(request, "books")
        return self._page(request, "book", book=book, result=book.task.result)

    async def book_state(self, request: Request) -> Response:
        """Progress of its check."""
        return self._state(self._own(request, "books").task)

    async def marked(self, request: Request) -> Response:
        """The copy in which each bad cell is marked."""
        book: Book = self._own(request, "books")
        return download(book.path.parent / MARKED, f"{_stem(book)}-marked.xlsx")

    async def forget(self, request: Request) -> Response:
        """End all tasks of the visitor and remove all files."""
        visitor = self._visitor(request)
        if visitor is not None:
            await self._queue.drop(visitor.tasks)
            await self._visitors.forget(visitor)
        answer = RedirectResponse("/", 303)
        answer.delete_cookie(COOKIE)
        return answer

    # Solving --------------------------------------------------------------------------------------

    async def solve(self, request: Request) -> Response:
        """Start a solve, with some limits changed if sliders were moved."""
        book: Book = self._own(request, "books")
        visitor = self._visitor(request)
        assert visitor is not None
        if not book.sound:
            raise HTTPException(409, "This workbook has errors, and cannot be solved yet.")
        if sum(not run.task.ended for run in visitor.runs.values()) >= MOST_OPEN:
            raise HTTPException(429, f"You have {MOST_OPEN} solves going on. Stop one first.")
        if len(visitor.runs) >= MOST_RUNS:
            raise HTTPException(429, "You have too many runs here. Remove them first.")
        async with request.form(max_files=0, max_fields=500) as form:
            most = self._settings.time_limit_s
            gap = number_of(form, "gap", 0, 100, "Gap, in percent,") / 100
            seconds = number_of(form, "seconds", 1, most, "Time limit, in seconds,")
            changes = changes_of(form, book.task.result["levers"])
        run_id, folder = visitor.new_folder()
        threads = max(1, (os.cpu_count() or 1) // self._settings.jobs)
        wanted = book.task.result["options"]["threads"]
        arguments = {
            "book": str(book.path),
            "gap": gap,
            "time_limit_s": seconds,
            "threads": threads if wanted is None else min(wanted, threads),
            "changes": changes,
        }
        task = self._task("solve", folder, arguments, seconds + EXPLAINING_S + BESIDE_SOLVING_S)
        number = len(visitor.runs) + 1
        visitor.runs[run_id] = Run(run_id, number, book, gap, seconds, changes, task)
        self._queue.take(task)
        return RedirectResponse(f"/runs/{run_id}", 303)

    async def run(self, request: Request) -> Response:
        """A solve: live, then its result."""
        run: Run = self._own(request, "runs")
        place = self._queue.place(run.task)
        result = run.task.result
        return self._page(request, "run", run=run, book=run.book, result=result, place=place)

    async def run_state(self, request: Request) -> Response:
        """Progress of a solve: phase, incumbent and bound over time."""
        return self._state(self._own(request, "runs").task)

    def _state(self, task: Task) -> Response:
        return JSONResponse(
            {
                "state": str(task.state),
                "phase": task.phase,
                "place": self._queue.place(task),
                "points": task.points,
            }
        )

    async def stop(self, request: Request) -> Response:
        """Stop a solve, keeping the best plan so far; the second time, at once."""
        run: Run = self._own(request, "runs")
        run.task.stop()
        return RedirectResponse(f"/runs/{run.id}", 303)

    async def report(self, request: Request) -> Response:
        """The report, apart from the server's own pages."""
        run: Run = self._own(request, "runs")
        path = run.task.folder / REPORT
        if not run.has_plan:
            raise HTTPException(404)
        headers = {"Content-Security-Policy": REPORT_POLICY}
        return FileResponse(path, media_type="text/html; charset=utf-8", headers=headers)

    async def run_file(self, request: Request) -> Response:
        """The plan, the explanation or the changed workbook of a solve."""
        run: Run = self._own(request, "runs")
        kept = {"plan": PLAN, "explanation": EXPLANATION, "changed": CHANGED}
        file = request.path_params["file"]
        if file not in kept or not run.task.ended:
            raise HTTPException(404)
        name = f"{_stem(run.book)}-run{run.number}-{file}.xlsx"
        return download(run.task.folder / kept[file], name)

    # Comparing ------------------------------------------------------------------------------------

    async def compare(self, request: Request) -> Response:
        """Compare two plans of the visitor."""
        visitor = self._visitor(request)
        async with request.form(max_files=0, max_fields=4) as form:
            chosen = [visitor.runs.get(str(form.get(side))) if visitor else None for side in "ab"]
        a, b = chosen
        if visitor is None or a is None or b is None:
            raise HTTPException(404)
        if not (a.has_plan and b.has_plan):
            raise HTTPException(409, "Both must have come to a plan.")
        if sum(not other.task.ended for other in visitor.comparisons.values()) >= MOST_OPEN:
            raise HTTPException(429, "Wait for the comparisons that go on.")
        comparison_id, folder = visitor.new_folder()
        plans = [str(side.task.folder / PLAN) for side in (a, b)]
        task = self._task("compare", folder, {"plans": plans}, QUICK_LIMIT_S)
        visitor.comparisons[comparison_id] = Comparison(comparison_id, a, b, task)
        self._queue.take(task, quick=True)
        return RedirectResponse(f"/comparisons/{comparison_id}", 303)

    async def comparison(self, request: Request) -> Response:
        """The differences between two plans."""
        found: Comparison = self._own(request, "comparisons")
        return self._page(request, "comparison", comparison=found, result=found.task.result)

    async def comparison_state(self, request: Request) -> Response:
        """Progress of a comparison."""
        return self._state(self._own(request, "comparisons").task)

    async def difference(self, request: Request) -> Response:
        """The comparison as a workbook."""
        found: Comparison = self._own(request, "comparisons")
        name = f"run{found.a.number}-run{found.b.number}-diff.xlsx"
        return download(found.task.folder / EXPLANATION, name)


def _stem(book: Book) -> str:
    return Path(book.name).stem
