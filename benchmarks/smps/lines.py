"""Lines of the files of a trio: fields, and the place of each for messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

__all__ = ["Line", "find", "lines", "number"]


class Line(NamedTuple):
    """Fields of a line, and its place in words."""

    where: str
    fields: list[str]
    is_header: bool


def lines(path: Path) -> Iterator[Line]:
    """Lines of a file up to its end mark, without comments."""
    for number, text in enumerate(path.read_text("latin-1").splitlines(), 1):
        if not text.strip() or text.startswith("*"):
            continue
        line = Line(f"{path.name}:{number}", text.split(), not text[0].isspace())
        if line.is_header and line.fields[0] == "ENDATA":
            return
        yield line


def number(text: str, where: str, name: str = "number") -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{where}: {text!r} is no {name}") from None


def find(known: Mapping[str, int], name: str, where: str) -> int:
    if name not in known:
        raise ValueError(f"{where}: the core file has no {name!r} there")
    return known[name]
