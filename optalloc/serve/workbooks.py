"""Pages of a workbook: its errors, or how to solve it and what else may be asked of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from optalloc.serve.files import MARKED, REPORT
from optalloc.serve.forms import download, report_page
from optalloc.serve.server import Server

__all__ = ["Workbooks"]


class Workbooks:
    """Pages of a workbook, or of a plan.xlsx that was uploaded in its place."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def addresses(self) -> list[tuple[str, str, Callable[..., Any]]]:
        """Methods, paths and endpoints."""
        return [
            ("GET", "/books/{id}", self.book),
            ("GET", "/books/{id}/state", self.state),
            ("GET", "/books/{id}/report.html", self.report),
            ("GET", "/books/{id}/marked.xlsx", self.marked),
            ("GET", "/books/{id}/workbook.xlsx", self.workbook),
        ]

    async def book(self, request: Request) -> Response:
        """A workbook, with its runs; or the run that was asked for along with it."""
        book, visitor = self._server.book(request), self._server.insist(request)
        if book.first_run:
            first, book.first_run = book.first_run, ""
            return RedirectResponse(f"/runs/{first}", 303)
        runs = visitor.runs_of(book)
        return self._server.page(
            request,
            "book",
            book=book,
            result=book.task.result,
            runs=[run for run in runs if run.kind != "compare"],
            comparisons=[run for run in runs if run.kind == "compare"],
            plans=[run for run in runs if run.has_plan],
            others=[one for one in visitor.books.values() if one.sound],
        )

    async def state(self, request: Request) -> Response:
        """Progress of its check."""
        return self._server.state(self._server.book(request).task)

    async def report(self, request: Request) -> Response:
        """The page of a plan that was uploaded."""
        book = self._server.book(request)
        if not book.has_plan:
            raise HTTPException(404)
        return report_page(book.task.folder / REPORT)

    async def marked(self, request: Request) -> Response:
        """The copy in which each bad cell is marked."""
        book = self._server.book(request)
        return download(book.path.parent / MARKED, f"{Path(book.name).stem}-marked.xlsx")

    async def workbook(self, request: Request) -> Response:
        """The workbook itself, such as one that was made here."""
        book = self._server.book(request)
        if not book.task.ended:
            raise HTTPException(404)
        return download(book.path, book.name)
