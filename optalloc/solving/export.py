"""The program as a file that other solvers read: MPS or LP, with names a person can follow."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from optalloc.errors import OptallocError
from optalloc.mip.arrays import Arrays, Labels
from optalloc.mip.outcome import Options
from optalloc.solving.highs import Highs
from optalloc.system import replacing

__all__ = ["export_model", "file_names", "plain_name", "write_model"]

FORMATS = (".mps", ".lp")


def export_model(arrays: Arrays, path: str | Path) -> Path:
    """Write a program as MPS or LP.

    Parameters
    ----------
    arrays : Arrays
    path : str or Path
        Ending in ``.mps`` or ``.lp``.

    Returns
    -------
    Path

    Raises
    ------
    OptallocError
        If the ending is neither.
    """
    path = Path(path)
    if path.suffix.lower() not in FORMATS:
        raise OptallocError(f"{path.name}: a model is written as {' or '.join(FORMATS)}")
    with replacing(path) as unfinished:
        write_model(arrays, file_names(arrays.columns), unfinished)
    return path


def write_model(arrays: Arrays, columns: Sequence[str], path: Path) -> None:
    """Write a program in place, with names for its columns."""
    Highs(arrays, Options(), integer=True).write(path, file_names(arrays.rows), columns)


def file_names(labels: Labels) -> list[str]:
    """Names without what MPS or LP cannot hold, such as ``demand_met(inference,Japan,2027H1)``.

    Names that would be the same get their number added.
    """
    names = [plain_name(labels.name(number)) for number in range(len(labels))]
    taken: dict[str, int] = {}
    for number, name in enumerate(names):
        if taken.setdefault(name, number) != number:
            names[number] = f"{name}#{number}"
    return names


def plain_name(name: str) -> str:
    """A name without what MPS or LP cannot hold; it has no number sign."""
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(
        r"[^\w.,()]", "_", ascii_only.replace("[", "(").replace("]", ")"), flags=re.ASCII
    )
    # LP takes what begins like a number for one.
    return plain if re.match(r"[A-DF-Za-df-z]|[eE][A-Za-z_(]", plain) else f"_{plain}"
