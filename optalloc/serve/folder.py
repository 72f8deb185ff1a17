"""The server's folder: it is its own while it runs, and goes with it, sooner or later."""

from __future__ import annotations

import contextlib
import importlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["own_folder"]

_NAME, _DRAFT, _LOCK = "optalloc-serve-", ".optalloc-serve-", "lock"
# Not there on Windows, where folders of servers that were killed stay.
_fcntl: Any = importlib.import_module("fcntl") if os.name == "posix" else None


@contextlib.contextmanager
def own_folder(where: Path | None) -> Iterator[Path]:
    """Make a folder that only this user may enter, and remove it in the end.

    What servers that were killed have left in the same place is removed first. A server holds the
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
    # Locked before it has a name by which others look for it.
    with (draft / _LOCK).open("wb") as lock:
        _take(lock)
        folder = draft.rename(place / f"{_NAME}{draft.name.removeprefix(_DRAFT)}")
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _left_behind(folder: Path) -> bool:
    """Whether it was a server's of this user, and that server is gone."""
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
