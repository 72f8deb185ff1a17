"""Pictures of the server's pages for the documents, from a server of their own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.pages import chromium

__all__ = ["server_pictures"]

_WIDTH = 1080
_STILL = "document.activeElement.blur(); scrollTo({ top: 0, behavior: 'instant' })"
_PLACES = {"places": "Dallas, Tokyo", "home": "Northern Virginia", "demand": "50", "growth": "20%"}


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    """Address of a server in a process of its own."""
    command = [sys.executable, "-m", "optalloc", "serve", "--port", "0", "--folder", str(folder)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if "http://" in line:
                    yield "http://" + line.partition("http://")[2].split()[0].rstrip("/")
                    break
            else:
                raise RuntimeError("the server ended before it said its address")
        finally:
            process.terminate()


def server_pictures(out: Path) -> Iterator[Path]:
    """Go from the first page to the plan of inputs/minimal and its reasons."""
    out.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder, _served(Path(folder)) as address, chromium() as browser:
        page = browser.new_page(viewport={"width": _WIDTH, "height": 700})

        def picture(name: str, height: int) -> Path:
            page.set_viewport_size({"width": _WIDTH, "height": height})
            page.evaluate(_STILL)
            page.wait_for_timeout(800)
            target = out / f"server-{name}.png"
            page.screenshot(path=target)
            return target

        page.goto(address)
        for field, typed in _PLACES.items():
            page.fill(f"[name={field}]", typed)
        yield picture("first", 725)
        page.get_by_role("button", name="Open minimal").click()
        page.wait_for_selector("text=No errors.", timeout=120_000)
        book = page.url
        page.click("text=Change limits for this run")
        yield picture("workbook", 805)
        page.get_by_role("button", name="Solve").click()
        page.wait_for_selector("text=Read the report", timeout=120_000)
        page.frame_locator("iframe").locator("html[data-ready]").wait_for(timeout=120_000)
        yield picture("plan", 900)
        page.goto(book)
        page.click("text=Why this plan")
        page.get_by_role("button", name="Explain").click()
        page.wait_for_selector("text=Done.", timeout=120_000)
        yield picture("why", 655)
