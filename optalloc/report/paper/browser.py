"""A page printed by the browser that is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from optalloc.errors import OptallocError

__all__ = ["browser_path", "print_page"]

_NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
)
_PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
# Seconds for a page to draw itself, by its own clock, and for the browser to print it.
_DRAWS_S, _PRINTS_S = 20, 120


def browser_path() -> str:
    """Path of an installed Chromium, Chrome or Edge.

    Raises
    ------
    OptallocError
        If there is none.
    """
    for name in _NAMES:
        found = shutil.which(name)
        if found:
            return found
    for place in _PLACES:
        if Path(place).is_file():
            return place
    raise OptallocError(
        "a .pdf is printed by a browser, and neither Chromium, Chrome nor Edge is installed: "
        "install one of them, or write slides (.pptx)"
    )


def print_page(page: str, target: Path) -> None:
    """Print a page of HTML as PDF.

    Raises
    ------
    OptallocError
        If there is no browser, or it prints nothing.
    """
    browser = browser_path()
    with tempfile.TemporaryDirectory(prefix="optalloc-") as folder:
        source, printed = Path(folder, "page.html"), Path(folder, "page.pdf")
        source.write_text(page, encoding="utf-8")
        command = [
            *(browser, "--headless", "--disable-gpu", "--no-first-run", "--disable-extensions"),
            *("--no-pdf-header-footer", "--print-to-pdf-no-header"),
            f"--user-data-dir={Path(folder, 'profile')}",
            f"--virtual-time-budget={1000 * _DRAWS_S}",
            f"--print-to-pdf={printed}",
        ]
        # As root, as in a container, Chromium runs only without its sandbox.
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.append("--no-sandbox")
        said = ""
        try:
            ended = subprocess.run(
                [*command, source.as_uri()], capture_output=True, timeout=_PRINTS_S, check=False
            )
            said = ended.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        except subprocess.TimeoutExpired:
            said = f"it took more than {_PRINTS_S} s"
        except OSError as error:
            said = str(error.strerror or error)
        if not printed.is_file() or not printed.stat().st_size:
            raise OptallocError(f"{browser} printed no page: {said or 'it said nothing'}")
        shutil.copyfile(printed, target)
