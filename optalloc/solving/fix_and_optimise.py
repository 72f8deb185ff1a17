"""The search beside a proof: large neighbourhood search from its incumbents, in a thread.

A proof finds few better plans once it has begun to branch. So where there is a second thread to
use, all integers of the incumbent are fixed but those whose key names one of a few index values
(some blocks, a stretch of stages), and the sub-MIP is solved. Plans go both ways. Source:
fix-and-optimise (Helber and Sahling, 2010, doi:10.1016/j.ijpe.2009.08.022) with random
neighbourhoods.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from optalloc.errors import InternalError
from optalloc.mip.arrays import Arrays
from optalloc.mip.outcome import Options, relative_gap
from optalloc.solving.highs import Highs
from optalloc.solving.highs_callbacks import Result
from optalloc.solving.strategies.large_neighbourhood import LargeNeighbourhoodSearch
from optalloc.solving.strategies.neighbourhoods import index_operators

__all__ = ["Improver", "is_worthwhile"]

logger = logging.getLogger(__name__)


def is_worthwhile(core: Arrays, options: Options) -> bool:
    """True where there is a thread to spare, and enough to search."""
    threads = options.threads or os.cpu_count() or 1
    fewest = options.parameters.fix_and_optimise.fewest_integers
    return threads > 1 and int(core.integer.sum()) >= fewest


class Improver:
    """The search, in a thread of its own from `start` to `stop`.

    Parameters
    ----------
    core : Arrays
        The program that is being proved.
    options : Options
    on_better : callable
        Called with the cost of each better plan that this search finds.
    """

    def __init__(
        self, core: Arrays, options: Options, on_better: Callable[[float], object]
    ) -> None:
        self._on_better = on_better
        self._core, self._options = core, options
        self._lock, self._stopped = threading.Lock(), threading.Event()
        self._best: tuple[float, np.ndarray] | None = None
        self._suggested = np.inf
        self._running: Highs | None = None
        self._thread = threading.Thread(target=self._work, daemon=True)

    def start(self) -> None:
        """Begin to search, once a plan is known and a few seconds have passed."""
        self._thread.start()

    def stop(self) -> None:
        """End the search and its run of the solver."""
        self._stopped.set()
        running = self._running
        if running is not None:
            running.cancel()
        self._thread.join()

    def found(self, values: np.ndarray) -> None:
        """Take a plan that the proof has found."""
        self._keep(self._core.objective(values), values)

    def is_enough(self, bound: float) -> bool:
        """True where the best plan lies within the gap asked for, given the bound of the proof."""
        best = self._best
        return best is not None and relative_gap(best[0], bound) <= self._options.gap

    def better(self, result: Result) -> Result:
        """The result of the proof with the best plan known; proven if that is within the gap."""
        with self._lock:
            if self._best is not None and self._best[0] < result.objective:
                result = replace(result, objective=self._best[0], values=self._best[1])
        if relative_gap(result.objective, result.bound) <= self._options.gap:
            return replace(result, status="kOptimal")
        return result

    def suggest(self, objective: float) -> np.ndarray | None:
        """A plan that costs less than the proof's and was not suggested before."""
        with self._lock:
            if self._best is None or self._best[0] >= min(objective, self._suggested):
                return None
            self._suggested, values = self._best
            return values

    def _keep(self, objective: float, values: np.ndarray) -> bool:
        """Keep a plan that costs less than the best; return True where it does."""
        with self._lock:
            if self._best is not None and objective >= self._best[0]:
                return False
            self._best = objective, values
            return True

    def _work(self) -> None:
        self._stopped.wait(self._options.parameters.fix_and_optimise.start_after_s)
        while self._best is None:
            if self._stopped.wait(0.5):
                return
        # The proof goes on without a search that fails.
        with contextlib.suppress(InternalError):
            self._improve()

    def _improve(self) -> None:
        """Search from the best plan, step after step."""
        search = self._new_search()
        while not self._stopped.is_set():
            with self._lock:
                best = self._best
            if best is not None and best[0] < search.cost:
                search.move(best[1])
            if search.step() and search.is_feasible and self._keep(search.cost, search.values):
                logger.info("a plan of cost %.8g beside the proof", search.cost)
                self._on_better(search.cost)
        logger.info("search beside the proof: %s", search.summary())

    def _new_search(self) -> LargeNeighbourhoodSearch:
        assert self._best is not None
        parameters, options = self._options.parameters, self._options
        gap = parameters.fix_and_optimise.gap_share * options.gap
        operators = index_operators(self._core, parameters, gap)
        return LargeNeighbourhoodSearch(
            self._core, self._best[1], options, operators, running=self._cancellable
        )

    @contextlib.contextmanager
    def _cancellable(self, highs: Highs) -> Iterator[None]:
        """A context in which `stop` ends a run."""
        self._running = highs
        if self._stopped.is_set():
            highs.cancel()
        try:
            yield
        finally:
            self._running = None
