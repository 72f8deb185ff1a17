"""Input from forms and output of files, both checked."""

from __future__ import annotations

import math
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response

from optalloc.serve.guard import REPORT_POLICY
from optalloc.serve.levers import override

__all__ = [
    "changes_of",
    "download",
    "file_name",
    "keep",
    "number_of",
    "report_page",
    "text_of",
]

_EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def file_name(sent: str) -> str:
    """A safe name for an uploaded file, without the path that came with it."""
    last = re.split(r"[/\\]", sent)[-1]
    return re.sub(r"[^\w .()+-]", "_", last).lstrip(". ")[-80:] or "_"


def keep(sent: UploadFile, path: Path) -> None:
    """Write an upload to a file."""
    with path.open("wb") as out:
        shutil.copyfileobj(sent.file, out)


def download(path: Path, name: str) -> Response:
    """A workbook to be saved under a name, if it is there."""
    if not path.is_file():
        raise HTTPException(404)
    return FileResponse(path, media_type=_EXCEL, filename=name)


def report_page(path: Path) -> Response:
    """A page of a plan or sweep, apart from the server's own, if it is there."""
    if not path.is_file():
        raise HTTPException(404)
    headers = {"Content-Security-Policy": REPORT_POLICY}
    return FileResponse(path, media_type="text/html; charset=utf-8", headers=headers)


def text_of(form: FormData, name: str) -> str:
    """A text of a form, without space around it; empty if it is not there."""
    found = form.get(name)
    return found.strip() if isinstance(found, str) else ""


def number_of(form: FormData, name: str, low: float, high: float, what: str) -> float:
    """A number of a form, within its bounds; else the bounds are the message."""
    try:
        number = float(str(form.get(name)))
    except ValueError:
        number = math.nan
    if not low <= number <= high:
        raise HTTPException(400, f"{what} must be a number from {low:,.12g} to {high:,.12g}.")
    return number


def changes_of(form: FormData, levers: list[dict[str, Any]]) -> list[Mapping[str, Any]]:
    """The changes of the sliders that were moved."""
    changes = []
    try:
        for place, lever in enumerate(levers):
            position = int(str(form.get(f"lever-{place}", lever["neutral"])))
            rows = int(str(form.get(f"rows-{place}", 0)))
            change = override(lever, rows, position)
            if change is not None:
                changes.append(change)
    except ValueError:
        raise HTTPException(400, "A slider stands where it cannot stand.") from None
    return changes
