"""Program, options, deadline and link of a process of a portfolio, whatever its role."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

import numpy as np

from optalloc.mip.arrays import Arrays
from optalloc.mip.outcome import Options
from optalloc.mip.parameters import Parameters
from optalloc.solving.highs import Highs
from optalloc.solving.strategies.link import Link

__all__ = ["WorkerContext"]

INTERIOR_POINT = {"solver": "ipx", "run_crossover": "off"}


@dataclass
class WorkerContext:
    """Program, options, deadline and link of one process.

    Parameters
    ----------
    arrays : Arrays
    asked : Options
        Of the solve; `options` are those of this process, with one thread.
    ending : float
        Deadline, by `time.time`.
    link : Link
    """

    arrays: Arrays
    asked: Options
    ending: float
    link: Link
    own: Arrays = field(init=False)
    options: Options = field(init=False)

    def __post_init__(self) -> None:
        # The program without strengthening rows.
        self.own = self.arrays.with_rows(~self.arrays.strengthening)
        self.options = replace(self.asked, threads=1, time_limit_s=self.left_s())

    @property
    def parameters(self) -> Parameters:
        """Of the solution methods."""
        return self.asked.parameters

    @property
    def stopped(self) -> bool:
        """True once the hub has stopped this process."""
        return self.link.stopped.is_set()

    def left_s(self) -> float:
        """Seconds left."""
        return max(self.ending - time.time(), 0.0)

    def interior_point(self, program: Arrays) -> tuple[np.ndarray | None, np.ndarray | None]:
        """Values and dual prices of a linear program by an interior point, without crossover."""
        highs = Highs(program, self.options, integer=False, settings=INTERIOR_POINT)
        with self.link.running(highs):
            most_share = self.parameters.bounding.most_time_share
            return highs.run_to_point(most_share * self.left_s())

    def vertex(self, program: Arrays) -> tuple[np.ndarray | None, np.ndarray | None]:
        """Values and dual prices of a linear program at a vertex."""
        highs = Highs(program, self.options, integer=False)
        with self.link.running(highs):
            return highs.run_to_point(self.left_s())
