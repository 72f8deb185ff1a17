"""Pieces of Markdown pages that are written from declarations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

__all__ = ["anchor_of", "contents", "generated", "joined", "link", "prose", "table"]


def generated(command: str, source: str) -> str:
    """Give the comment that says how a page is written, and what to change instead of it."""
    return f"<!-- Written by `{command}`. Change {source}, not this page. -->"


def anchor_of(title: str) -> str:
    """Give the anchor of a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def link(title: str, page: str = "") -> str:
    """Give a link to a heading of a page; of the same page where none is named."""
    return f"[{title}]({page}#{anchor_of(title)})"


def contents(titles: Iterable[str]) -> str:
    """Give the list of links to the headings of the same page."""
    return "\n".join(f"- {link(title)}" for title in titles)


def prose(text: str) -> str:
    """Give the text of a docstring as Markdown; paragraphs and lists keep their lines."""
    return text.replace("``", "`").strip()


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Give a table; empty without rows."""
    if not rows:
        return ""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def joined(parts: Iterable[str]) -> str:
    """Give a page: those of its parts that are not empty, each a paragraph."""
    return "\n\n".join(part for part in parts if part) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")
