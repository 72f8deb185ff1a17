"""The record by which a model folder generates instances to measure solvers with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Generator"]


@dataclass(frozen=True)
class Generator:
    """The record ``INSTANCES`` of a model folder's package ``_instances``.

    Parameters
    ----------
    sizes : mapping of str to str
        Names of the sizes, the smallest first, each with its counts in words.
    write : callable
        ``write(size, seed, folder)`` writes the instance of a seed as a folder of CSV files, the
        same bytes on every machine.
    """

    sizes: Mapping[str, str]
    write: Callable[[str, int, Path], None]
