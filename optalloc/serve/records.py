"""Records of workbooks and runs in their folders, from which the next server knows them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from optalloc.serve.files import ITEM
from optalloc.serve.task import restored
from optalloc.serve.visitors import Book, Run, Visitor
from optalloc.system import replacing

__all__ = ["restored_visitors", "write_book", "write_run"]

# Attributes that are plain values.
_BOOK = ("id", "name", "made_s", "origin")
_RUN = (
    *("id", "kind", "title", "number", "note", "arguments"),
    *("gap", "time_limit_s", "changes", "of", "made_s"),
)


def write_book(book: Book) -> None:
    """Write the record of a workbook into its folder."""
    _write(book.task.folder, {"book": {name: getattr(book, name) for name in _BOOK}})


def write_run(run: Run) -> None:
    """Write the record of a run into its folder."""
    record = {"of_book": run.book.id, "run": {name: getattr(run, name) for name in _RUN}}
    _write(run.task.folder, record)


def _write(folder: Path, record: dict[str, Any]) -> None:
    with replacing(folder / ITEM) as draft:
        draft.write_text(json.dumps(record), encoding="utf-8")


def restored_visitors(root: Path) -> Iterator[Visitor]:
    """Give the visitors whose folders are in the server's, with all that is recorded there."""
    for folder in sorted(root.iterdir()):
        if folder.is_dir():
            visitor = Visitor(folder)
            records = list(_records(folder))
            for own, record in records:
                if "book" in record:
                    book = _book(own, record["book"])
                    visitor.books[book.id] = book
            for own, record in records:
                if "run" in record and record["of_book"] in visitor.books:
                    book = visitor.books[record["of_book"]]
                    run = Run(book=book, task=restored(own), **record["run"])
                    visitor.runs[run.id] = run
            visitor.books = dict(sorted(visitor.books.items(), key=lambda one: one[1].made_s))
            visitor.runs = dict(sorted(visitor.runs.items(), key=lambda one: one[1].made_s))
            yield visitor


def _records(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Each folder of an item with its record; one that cannot be read is passed over."""
    for path in folder.glob(f"*/{ITEM}"):
        try:
            yield path.parent, json.loads(path.read_text("utf-8"))
        except (OSError, ValueError):
            continue


def _book(folder: Path, record: dict[str, Any]) -> Book:
    return Book(path=folder / record["name"], task=restored(folder), **record)
