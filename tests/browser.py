"""A real browser for tests of pages: Debian's chromium, driven by Playwright."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")


@contextmanager
def browser() -> Iterator[Any]:
    """A browser, closed in the end."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # As root, as in a container, chromium runs only without its sandbox.
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield opened
        finally:
            opened.close()


class Reader:
    """A report opened in the browser, and what it said and asked for while it was."""

    def __init__(self, opened: Any, path: Path, **context: Any) -> None:
        self.context = opened.new_context(viewport={"width": 1280, "height": 900}, **context)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(path.as_uri())
        self.page.wait_for_selector("html[data-ready]", timeout=60_000)

    def _heard(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def draw_all(self) -> None:
        """Draw every chart, near or far."""
        self.page.evaluate("report.parts.forEach((part) => part.come?.())")

    def drawn(self, title: str) -> dict[str, list[Any]]:
        """The figures of a chart as they are now: its columns and rows, in full precision."""
        found = self.page.evaluate(
            "(title) => { const part = report.parts.find((p) => p.exhibit?.title === title);"
            " part.come(); return part.data; }",
            title,
        )
        assert found is not None, f"{title} draws nothing"
        return found

    def choose(self, column: str, value: str) -> None:
        """Choose a value of a filter; empty for all."""
        self.page.select_option(f"#filter-{column}", value)
        self._settle()

    def slide(self, position: int) -> None:
        """Move the slider to a period."""
        self.page.evaluate(
            "(at) => { const s = document.querySelector('#period'); s.value = at;"
            " s.dispatchEvent(new Event('input')); }",
            position,
        )
        self._settle()

    def reset(self) -> None:
        """Choose nothing, if something is chosen."""
        self.page.evaluate(
            "() => { const p = report.plan, last = p.periods.length - 1;"
            " if (p.state.period === last && !p.active.length) return;"
            " document.querySelectorAll('.controls select').forEach((s) => { s.value = ''; });"
            " p.state.chosen = {}; const s = document.querySelector('#period'); s.value = last;"
            " s.dispatchEvent(new Event('input')); }"
        )
        self._settle()

    def _settle(self) -> None:
        self.page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")

    def close(self) -> None:
        """Close the page and all that belongs to it."""
        self.context.close()
