"""Records of workbooks and runs in their folders, from which the next server knows them.

What another version of optalloc recorded is listed with the version, and its files are there; what
this version would make of its results is not tried.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from optalloc.serve.files import ITEM, OTHER_VERSION, downloads_of
from optalloc.serve.task import State, Task, restored
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
        draft.write_text(json.dumps({"version": _own_version(), **record}), encoding="utf-8")


def _own_version() -> str:
    try:
        return version("optalloc")
    except PackageNotFoundError:
        return "0+unknown"


def restored_visitors(root: Path) -> Iterator[Visitor]:
    """Give the visitors whose folders are in the server's, with all that is recorded there."""
    for folder in sorted(root.iterdir()):
        if folder.is_dir():
            visitor = Visitor(folder)
            records = list(_records(folder))
            for own, record in records:
                if "book" in record:
                    book = _book(own, record)
                    visitor.books[book.id] = book
            for own, record in records:
                if "run" in record and record.get("of_book") in visitor.books:
                    run = _run(own, record, visitor.books[record["of_book"]])
                    visitor.runs[run.id] = run
            visitor.books = dict(sorted(visitor.books.items(), key=lambda one: one[1].made_s))
            visitor.runs = dict(sorted(visitor.runs.items(), key=lambda one: one[1].made_s))
            yield visitor


def _records(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Each folder of an item with its record; one that cannot be read is passed over."""
    for path in folder.glob(f"*/{ITEM}"):
        try:
            record = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(record, dict):
            yield path.parent, record


def _book(folder: Path, record: Mapping[str, Any]) -> Book:
    own = record["book"]
    if _is_own(record, own, _BOOK):
        return Book(path=folder / own["name"], task=restored(folder), **own)
    name = _text(own, "name") or "A workbook"
    return Book(folder.name, name, folder / name, _elsewhere(folder, record), _made_s(folder))


def _run(folder: Path, record: Mapping[str, Any], book: Book) -> Run:
    own = record["run"]
    if _is_own(record, own, _RUN):
        return Run(book=book, task=restored(folder), **own)
    return Run(
        id=folder.name,
        kind=_text(own, "kind"),
        title=_text(own, "title") or "A run",
        number=0,
        note=_text(own, "note"),
        book=book,
        task=_elsewhere(folder, record, _text(own, "kind")),
        arguments={},
        gap=0.0,
        time_limit_s=0.0,
        made_s=_made_s(folder),
    )


def _is_own(record: Mapping[str, Any], own: Any, names: tuple[str, ...]) -> bool:
    """True if this version recorded it, with every attribute."""
    same = record.get("version") == _own_version()
    return same and isinstance(own, dict) and own.keys() == set(names)


def _text(own: Any, name: str) -> str:
    """A text of a record of any shape, without a path; empty if it has none of that name."""
    found = own.get(name) if isinstance(own, dict) else None
    return Path(found).name if name == "name" and isinstance(found, str) else str(found or "")


def _made_s(folder: Path) -> float:
    return (folder / ITEM).stat().st_mtime


def _elsewhere(folder: Path, record: Mapping[str, Any], kind: str = "") -> Task:
    """A task that another version has ended, with the files that it left."""
    made = record.get("version")
    by = f"optalloc {made}" if isinstance(made, str) else "an earlier version of optalloc"
    words = [
        f"This was made by {by}, and this server is optalloc {_own_version()}, which does not show "
        "it. Its files are here as they were written; upload the workbook again to ask more of it."
    ]
    files = [name for path, name in downloads_of(kind).items() if (folder / path).is_file()]
    result = {"ending": OTHER_VERSION, "words": words, "files": files}
    return Task(folder, {}, 0.0, state=State.ENDED, result=result)
