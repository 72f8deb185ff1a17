"""Files that appear whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from optalloc.errors import OptallocError

__all__ = ["replacing"]


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give the path of a draft beside `path`, which takes its place once the block has ended.

    If the block fails the draft is removed, and whatever stood at `path` stays as it was.

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
        yield draft
        draft.replace(target)
    except PermissionError as error:
        raise OptallocError(
            f"{target}: cannot be written. Close it if it is open in another program, and see "
            "that its folder may be written to."
        ) from error
    except OSError as error:
        raise OptallocError(f"{target}: cannot be written: {error.strerror or error}.") from error
    finally:
        draft.unlink(missing_ok=True)
