"""The server's folder: private while it runs, and then removed, or kept for the next server."""

from __future__ import annotations

import contextlib
import importlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from optalloc.errors import OptallocError

__all__ = ["kept_folder", "own_folder"]

_NAME, _DRAFT, _LOCK = "optalloc-serve-", ".optalloc-serve-", "lock"
# Missing on Windows, where folders of killed servers stay.
_fcntl: Any = importlib.import_module("fcntl") if os.name == "posix" else None


@contextlib.contextmanager
def own_folder(where: Path | None) -> Iterator[Path]:
    """Make a folder that only this user may enter, and remove it in the end.

    Folders that killed servers left in the same place are removed first. A server holds the
    lock of its folder as long as it lives, however it ends.

    Parameters
    ----------
    where : Path or None
        An existing folder; None for the system's place for temporary files.

    Yields
    ------
    Path
    """
    place = Path(tempfile.gettempdir()) if where is None else where
    for folder in place.glob(f"{_NAME}*"):
        if _left_behind(folder):
            shutil.rmtree(folder, ignore_errors=True)
    draft = Path(tempfile.mkdtemp(prefix=_DRAFT, dir=place))
    # Locked before it has a name by which other servers search for it.
    with (draft / _LOCK).open("wb") as lock:
        _take(lock)
        folder = draft.rename(place / f"{_NAME}{draft.name.removeprefix(_DRAFT)}")
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def kept_folder(where: Path) -> Iterator[Path]:
    """Take a folder, made if it is not there, whose files stay; one server at a time has it.

    Raises
    ------
    OptallocError
        If another server has it, or it cannot be made or written to.
    """
    try:
        where.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (where / _LOCK).open("wb")
    except OSError as error:
        raise OptallocError(f"{where}: cannot be used: {error.strerror}") from error
    with lock:
        if not _take(lock):
            raise OptallocError(
                f"{where}: another server keeps its runs there; end it, or name another folder"
            )
        yield where


def _left_behind(folder: Path) -> bool:
    """True if it is of a server of this user that is gone."""
    if _fcntl is None:
        return False
    try:
        if folder.is_symlink() or folder.stat().st_uid != os.getuid():
            return False
        with (folder / _LOCK).open("rb") as lock:
            return _take(lock)
    except OSError:
        return False


def _take(lock: Any) -> bool:
    """Take a lock, unless somebody else holds it."""
    if _fcntl is None:
        return True
    try:
        _fcntl.flock(lock, _fcntl.LOCK_EX | _fcntl.LOCK_NB)
    except OSError:
        return False
    return True
