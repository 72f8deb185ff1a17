"""Arguments and answer of an adapter; and the program as an MPS file with numbered names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from optalloc.mip.arrays import Arrays
from optalloc.mip.outcome import Options, StopReason
from optalloc.solving.highs import Highs

__all__ = ["Answer", "Report", "Solve", "write_mps"]


@dataclass(frozen=True)
class Answer:
    """Reason to stop, incumbent and bound of a solver; ``values`` by column, or None."""

    reason: StopReason
    objective: float
    bound: float
    values: np.ndarray | None
    nodes: int = 0


# Takes the incumbent and the bound as they become known.
Report = Callable[[float, float], None]
# Takes the program, options, the seconds left, and a report.
Solve = Callable[[Arrays, Options, float, Report], Answer]


def write_mps(arrays: Arrays, path: Path) -> None:
    """Write a program as MPS: columns ``c0, c1, ...``, rows ``r0, r1, ...``, without its offset.

    Solvers differ in what they make of an offset in a file, so it is added to what they answer.
    """
    rows, columns = arrays.matrix.shape
    program = Highs(replace(arrays, offset=0.0), Options(), integer=True)
    program.write(path, [f"r{k}" for k in range(rows)], [f"c{k}" for k in range(columns)])
