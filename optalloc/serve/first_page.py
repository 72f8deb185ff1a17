"""The first page: a workbook from places, from an example or uploaded, and all that is there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from optalloc.errors import OptallocError
from optalloc.serve.forms import download, file_name, keep, text_of
from optalloc.serve.runs import solve_as_it_stands
from optalloc.serve.server import COOKIE, QUICK_LIMIT_S, Server
from optalloc.serve.task import Task
from optalloc.serve.visitors import Book, Visitor
from optalloc.starting.examples import EXAMPLES
from optalloc.starting.request import Wording, read_request

__all__ = ["FirstPage"]

# What a workbook is started from, and the labels of the form.
FIELDS = {
    "places": "Where could be built",
    "home": "Home",
    "demand": "Demand now",
    "growth": "Growth a year",
    "years": "Years",
}
WORDING = Wording(FIELDS, "the places that the catalogue knows are listed below the form")


class FirstPage:
    """All that a visitor may begin with, and all that they have."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._making: dict[str, asyncio.Task[Path]] = {}

    def addresses(self) -> list[tuple[str, str, Callable[..., Any]]]:
        """Methods, paths and endpoints."""
        return [
            ("GET", "/", self.start),
            ("GET", "/mine/{token}", self.linked),
            ("POST", "/mine/{token}", self.take_link),
            ("POST", "/start", self.from_places),
            ("POST", "/examples/{name}", self.from_example),
            ("GET", "/examples/{name}.xlsx", self.example),
            ("GET", "/template.xlsx", self.template),
            ("POST", "/books", self.upload),
            ("POST", "/forget", self.forget),
        ]

    async def start(self, request: Request) -> Response:
        """The first page."""
        return self._page(request)

    def _page(self, request: Request, status: int = 200, **values: Any) -> Response:
        server = self._server
        given = {
            "examples": EXAMPLES if server.has_examples else {},
            "places": server.places,
            "demand_unit": server.demand_unit,
            "typed": dict.fromkeys(FIELDS, ""),
            "labels": FIELDS,
            "mistakes": (),
            "link": server.link(request),
        }
        return server.page(request, "start", status, **given | values)

    async def linked(self, request: Request) -> Response:
        """Ask whoever has the link of a visitor whether to be that visitor from now on.

        Whoever made the link sees what is uploaded then, so that a link alone changes nothing.
        """
        found = self._linked(request)
        return self._server.page(request, "mine", found=found, address=request.url.path)

    async def take_link(self, request: Request) -> Response:
        """Let the browser be the visitor of the link from now on."""
        self._linked(request)
        answer = RedirectResponse("/", 303)
        self._server.set_cookie(answer, request, request.path_params["token"])
        return answer

    def _linked(self, request: Request) -> Visitor:
        visitor = self._server.visitors.find(request.path_params["token"])
        if visitor is None:
            raise HTTPException(404)
        return visitor

    # Making ---------------------------------------------------------------------------------------

    async def from_places(self, request: Request) -> Response:
        """Make a workbook of places, and solve it at once if that is asked for."""
        server = self._server
        if not server.places:
            raise HTTPException(404)
        async with request.form(max_files=0, max_fields=10) as form:
            typed = {name: text_of(form, name) for name in FIELDS}
            to_solve = "solve" in form
        # Blank and nothing are the same mistake.
        asked: dict[str, Any] = {name: value or None for name, value in typed.items()}
        try:
            found = await asyncio.to_thread(
                read_request,
                server.places,
                server.demand_unit,
                first_year=None,
                wording=WORDING,
                **asked,
            )
        except OptallocError as error:
            mistakes = str(error).splitlines()
            return self._page(request, 422, typed=typed, mistakes=mistakes)
        first, others = found.places[0], len(found.places) - 1
        name = file_name(f"{first}{f' + {others} more' if others else ''}.xlsx")
        make = {"what": "start", "asked": asked}
        origin = f"of {', '.join(found.places)}"
        return self._made(request, name, make, origin, to_solve)

    async def from_example(self, request: Request) -> Response:
        """Take an example as one's own workbook, and solve it at once if that is asked for."""
        name = request.path_params["name"]
        if not self._server.has_examples or name not in EXAMPLES:
            raise HTTPException(404)
        async with request.form(max_files=0, max_fields=10) as form:
            to_solve = "solve" in form
        make = {"what": "example", "name": name}
        return self._made(request, f"{name}.xlsx", make, f"example: {EXAMPLES[name]}", to_solve)

    def _made(
        self, request: Request, name: str, make: dict[str, Any], origin: str, to_solve: bool
    ) -> Response:
        token, visitor = self._server.welcome(request)
        if to_solve:
            self._server.refuse_more(visitor)
        book_id, folder = visitor.new_folder()
        task = self._server.check_task(folder, folder / name, make)
        book = Book(book_id, name, folder / name, task, origin=origin, to_solve=to_solve)
        return self._taken(request, token, visitor, book)

    def _taken(self, request: Request, token: str, visitor: Visitor, book: Book) -> Response:
        then = partial(solve_as_it_stands, self._server, visitor, book) if book.to_solve else None
        self._server.take_book(visitor, book, then)
        answer = RedirectResponse(f"/books/{book.id}", 303)
        self._server.set_cookie(answer, request, token)
        return answer

    # Downloads that are the same for everybody ----------------------------------------------------

    async def example(self, request: Request) -> Response:
        """An example as a workbook."""
        name = request.path_params["name"]
        if not self._server.has_examples or name not in EXAMPLES:
            raise HTTPException(404)
        return await self._download(name, {"what": "example", "name": name})

    async def template(self, request: Request) -> Response:
        """The empty workbook."""
        return await self._download("template", {"what": "template"})

    async def _download(self, name: str, make: dict[str, Any]) -> Response:
        # Made once, also for those who ask while it is made.
        if name not in self._making:
            self._making[name] = asyncio.create_task(self._make(name, make))
        path = await asyncio.shield(self._making[name])
        if not path.is_file():
            del self._making[name]
            raise HTTPException(503, "It could not be made. Try again later.")
        return download(path, f"{name}.xlsx")

    async def _make(self, name: str, make: dict[str, Any]) -> Path:
        folder = self._server.made / name
        folder.mkdir(exist_ok=True)
        path = folder / f"{name}.xlsx"
        task: Task = self._server.task(
            "make", folder, {"book": str(path), "make": make}, QUICK_LIMIT_S
        )
        self._server.queue.take(task, quick=True)
        await self._server.queue.end_of(task)
        return path

    # Uploading and removing -----------------------------------------------------------------------

    async def upload(self, request: Request) -> Response:
        """Take a workbook, and check it."""
        server = self._server
        async with request.form(max_files=1, max_fields=4) as form:
            sent, name = _sent(form)
            if (sent.size or 0) > server.settings.most_bytes:
                raise HTTPException(413)
            token, visitor = server.welcome(request)
            book_id, folder = visitor.new_folder()
            path = folder / name
            await asyncio.to_thread(keep, sent, path)
        book = Book(book_id, name, path, server.check_task(folder, path))
        return self._taken(request, token, visitor, book)

    async def forget(self, request: Request) -> Response:
        """End all tasks of the visitor and remove all files."""
        server = self._server
        visitor = server.visitor(request)
        if visitor is not None:
            await server.queue.drop(visitor.tasks)
            await server.visitors.forget(visitor)
        answer = RedirectResponse("/", 303)
        answer.delete_cookie(COOKIE)
        return answer


def _sent(form: FormData) -> tuple[UploadFile, str]:
    """The file that was sent, and a safe name for it."""
    sent = form.get("workbook")
    if not isinstance(sent, UploadFile) or not sent.filename:
        raise HTTPException(400, "Choose a workbook first.")
    name = file_name(sent.filename)
    if not name.lower().endswith(".xlsx"):
        words = f"{name} is no .xlsx workbook. Save it as .xlsx in a spreadsheet program."
        raise HTTPException(415, words)
    return sent, name
