"""The process and its files: files that are replaced atomically, memory, options of pandas."""

from __future__ import annotations

import importlib
import os
import shutil
import signal
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from optalloc.errors import OptallocError

__all__ = [
    "EARLIER",
    "ended_by",
    "infer_python_text",
    "limit_memory",
    "replacing",
    "replacing_together",
    "share_of_memory",
]

# Folder into which files of an earlier run are moved that the present one does not replace.
EARLIER = "earlier"
# None on Windows, which has no such module.
_resource: Any = importlib.import_module("resource") if os.name == "posix" else None


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give the path of a draft beside `path`, which takes its place once the block has ended.

    If the block fails the draft is removed, and an existing file at `path` stays as it was.

    Parameters
    ----------
    path : str or Path
        The file to write, in a folder that exists.

    Yields
    ------
    Path
        Where to write, with the suffix of `path`.

    Raises
    ------
    OptallocError
        If the operating system refuses the file, as when it is open in a spreadsheet program.

    Examples
    --------
    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "plan.txt"
    >>> with replacing(target) as draft:
    ...     _ = draft.write_text("build")
    >>> target.read_text()
    'build'
    """
    target = Path(path)
    draft = target.with_name(f".{target.stem}.{uuid4().hex}{target.suffix}")
    try:
        with _refusal_of(target):
            yield draft
            draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def replacing_together(
    folder: str | Path, superseded: Collection[str] = ()
) -> Iterator[tuple[Path, list[Path]]]:
    """Give a draft folder whose files move into `folder` together once the block has ended.

    The files of two runs are never mixed: if a file cannot be replaced, all stay as they were.

    Parameters
    ----------
    folder : str or Path
        Made if it is not there.
    superseded : collection of str
        Names of files of an earlier run. Those that the block does not write again are moved to the
        folder `EARLIER` within; nothing is deleted.

    Yields
    ------
    Path, list of Path
        Folder to write into; and once the block has ended, new paths of files of an earlier run.

    Raises
    ------
    OptallocError
        If the operating system refuses a file, as when it is open in a spreadsheet program.
    """
    target = Path(folder)
    with _refusal_of(target):
        target.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=target))
    moved: list[tuple[Path, Path]] = []
    set_aside: list[Path] = []
    replaced = draft / "replaced"
    try:
        written = draft / "written"
        written.mkdir()
        yield written, set_aside
        replaced.mkdir()
        new = sorted(path.name for path in written.iterdir())
        try:
            for name in (*new, *superseded):
                if (target / name).exists() and not (replaced / name).exists():
                    _move(target / name, replaced / name, moved)
            for name in new:
                _move(written / name, target / name, moved)
            for path in sorted(replaced.iterdir()):
                if path.name not in new:
                    with _refusal_of(target / EARLIER):
                        (target / EARLIER).mkdir(exist_ok=True)
                    place = _free(target / EARLIER / path.name)
                    _move(path, place, moved)
                    set_aside.append(place)
        except BaseException:
            for source, place in reversed(moved):
                place.replace(source)
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _move(source: Path, place: Path, moved: list[tuple[Path, Path]]) -> None:
    with _refusal_of(place if source.parent.name == "written" else source):
        source.replace(place)
    moved.append((source, place))


def _free(path: Path) -> Path:
    """The path, with a number added where there is such a file already."""
    place, number = path, 1
    while place.exists():
        number += 1
        place = path.with_stem(f"{path.stem}-{number}")
    return place


@contextmanager
def _refusal_of(target: Path) -> Iterator[None]:
    """Turn errors of the operating system into a message in the planner's words."""
    try:
        yield
    except PermissionError as error:
        raise OptallocError(
            f"{target}: cannot be written. Close it if it is open in another program, and see "
            "that its folder may be written to."
        ) from error
    except OSError as error:
        raise OptallocError(f"{target}: cannot be written: {error.strerror or error}.") from error


def infer_python_text() -> None:
    """Let pandas infer Python's text instead of Arrow's, in a process that is the library's own.

    Results are the same; with Arrow's, reading and compiling ``inputs/pacific`` and solving
    ``inputs/minimal`` were measured at about 1.2 times the CPU seconds. Options belong to whoever
    started the process, so that only the main function of an own process calls this.
    """
    import pandas as pd  # noqa: PLC0415  (a command that needs no tables does without)

    pd.set_option("mode.string_storage", "python")


def limit_memory(most: int | None) -> None:
    """Refuse this process more bytes of address space than `most`; None or 0 for no limit."""
    if _resource is None or not most:
        return
    _, hard = _resource.getrlimit(_resource.RLIMIT_AS)
    kept = most if hard == _resource.RLIM_INFINITY else min(most, hard)
    _resource.setrlimit(_resource.RLIMIT_AS, (kept, hard))


def share_of_memory(processes: int, least: int = 4 * 2**30) -> int | None:
    """Bytes for each of some processes; None where the machine's memory is not known."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
    return max(total // processes, least)


def ended_by(code: int | None) -> str:
    """Say how a process ended, from its exit code: "ended with exit code 1"."""
    if code is None or code >= 0:
        return f"ended with exit code {code}"
    name = signal.Signals(-code).name
    starved = ", perhaps for want of memory" if name in ("SIGKILL", "SIGABRT") else ""
    return f"was ended by {name}{starved}"
