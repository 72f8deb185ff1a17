"""The definition of a sweep: changes of cells, each with its values, in a design of cases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from optalloc.errors import Problem
from optalloc.scenarios.overrides import Override
from optalloc.scenarios.sheet import Design, Operation

__all__ = ["Blame", "Change", "Entry", "Sweep", "Target", "size_of"]

# (column of the Sweeps sheet, must, found, action, code) -> Problem at that cell.
Blame = Callable[[str, str, str, str, str], Problem]


@dataclass(frozen=True)
class Entry:
    """One row of a definition: its typed cells, and how to address a problem to one of them."""

    cells: Mapping[str, Any]
    blame: Blame = field(compare=False)


@dataclass(frozen=True)
class Target:
    """One row of a change: its cells, and the values that they take in turn.

    ``integral`` is True if what is drawn between two values is rounded.
    """

    sheet: str
    rows: tuple[tuple[str, str], ...]
    column: str
    operation: Operation
    values: tuple[str, ...]
    blame: Blame = field(compare=False, repr=False)
    integral: bool = False

    def override(self, value: str) -> Override:
        """The override with one of its values."""
        return Override(self.sheet, self.rows, self.column, self.operation, value)


@dataclass(frozen=True)
class Change:
    """Rows that are made together: a case, or a factor with its steps or range."""

    name: str
    targets: tuple[Target, ...]

    @property
    def steps(self) -> int:
        """Number of its values."""
        return len(self.targets[0].values)

    def overrides(self, step: int) -> tuple[Override, ...]:
        """Overrides at one of its values."""
        return tuple(target.override(target.values[step]) for target in self.targets)


@dataclass(frozen=True)
class Sweep:
    """A sweep: its design, its changes, and for samples their size and seed."""

    name: str
    design: Design
    changes: tuple[Change, ...]
    samples: int = 0
    seed: int = 0


def size_of(sweep: Sweep) -> int:
    """Number of cases of a sweep, without the base case; they are not made."""
    count = len(sweep.changes)
    if sweep.design is Design.LATIN:
        return sweep.samples
    if sweep.design is Design.MORRIS:
        return sweep.samples * (count + 1)
    if sweep.design is Design.SOBOL:
        return sweep.samples * (count + 2)
    size = 1 if sweep.design is Design.GRID else 0
    for change in sweep.changes:
        size = size * change.steps if sweep.design is Design.GRID else size + change.steps
    return size
