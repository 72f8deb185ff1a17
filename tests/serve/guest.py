"""A visitor who speaks HTTP, and the server that they visit."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

import optalloc
from optalloc.report.template import write_template

pytest.importorskip("starlette")
uvicorn = pytest.importorskip("uvicorn")

from optalloc.serve.app import make_app  # noqa: E402
from optalloc.serve.settings import Settings  # noqa: E402

MODEL = optalloc.load_model()
MOST = 2 * 2**20


def as_workbook(folder: Path, out: Path) -> Path:
    """A folder of CSVs as an .xlsx workbook."""
    data = optalloc.validate(optalloc.read_workbook(folder), MODEL)
    write_template(MODEL, out, data.records())
    return out


@contextmanager
def served(**settings: Any) -> Iterator[str]:
    """A server; its address."""
    given = {"most_bytes": MOST, "memory_bytes": 4 * 2**30, "time_limit_s": 300.0}
    app = make_app(Settings(hosts=frozenset({"127.0.0.1"}), **given | settings))
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, loop="asyncio", log_level="warning", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.02)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


def solvers() -> list[psutil.Process]:
    """Processes that work for the server."""
    own = psutil.Process().children()
    return [child for child in own if any("serve.work" in word for word in child.cmdline())]


class Guest:
    """A visitor with cookies of their own."""

    def __init__(self, address: str) -> None:
        self.client = httpx.Client(base_url=address, headers={"Origin": address}, timeout=60)

    def upload(self, path: Path) -> httpx.Response:
        return self.client.post("/books", files={"workbook": (path.name, path.read_bytes())})

    def checked(self, path: Path) -> str:
        """Upload a workbook; its address once it has been checked."""
        answer = self.upload(path)
        assert answer.status_code == 303, answer.text
        page = str(answer.headers["location"])
        self.ended(page)
        return page

    def ask(self, book: str, kind: str, **fields: Any) -> str:
        """Start a run; its address."""
        given = {"gap": "0", "seconds": "200", **{k: str(v) for k, v in fields.items()}}
        answer = self.client.post(f"{book}/{kind}", data=given)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    def solve(self, book: str, gap: float) -> str:
        return self.ask(book, "solve", gap=gap)

    def until(self, page: str, right: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        for _ in range(600):
            state = self.client.get(f"{page}/state").json()
            if right(state):
                return dict(state)
            time.sleep(0.2)
        raise AssertionError(state)

    def ended(self, page: str) -> str:
        self.until(page, lambda state: state["state"] == "ended")
        return self.client.get(page).text

    def close(self) -> None:
        self.client.close()
