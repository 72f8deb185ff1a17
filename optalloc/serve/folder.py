"""The server's folder: private while it runs, and removed with it or by the next server."""

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
