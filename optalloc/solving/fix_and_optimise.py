"""A second search beside the proof: it frees part of the best plan's integers and solves again.

The proof alone finds few better plans once it has begun to branch. So where there is a second
thread to use, the neighbourhood of the best plan so far is searched in it: all integers are fixed
but those whose key names one of a few index values (some sites, a stretch of periods), and the
small program that is left is solved. Plans go both ways. Source: fix-and-optimise (Helber and
Sahling, 2010, doi:10.1016/j.ijpe.2009.08.022) with random neighbourhoods, as in Shaw (1998,
doi:10.1007/3-540-49481-2_30).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from optalloc.errors import InternalError
from optalloc.mip.arrays import Arrays, Labels
from optalloc.mip.outcome import Options, relative_gap
from optalloc.solving.highs import Highs, Result

__all__ = ["Improver", "worth_it"]


def worth_it(core: Arrays, options: Options) -> bool:
    """Whether there is a thread to spare, and enough to search."""
    threads = options.threads or os.cpu_count() or 1
    return (
        threads > 1
        and int(core.integer.sum()) >= options.parameters.fix_and_optimise.fewest_integers
    )


class Improver:
    """The second search, in a thread of its own from `start` to `stop`.

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
        self._core, self._gap = core, options.gap
        self._parameters = options.parameters.fix_and_optimise
        self._options = replace(options, gap=self._parameters.gap_share * options.gap)
        self._kinds = _kinds(core)
        self._draw = np.random.default_rng(options.seed)
        self._lock, self._stopped = threading.Lock(), threading.Event()
        self._best: tuple[float, np.ndarray] | None = None
        self._given = np.inf
        self._running: Highs | None = None
        self._thread = threading.Thread(target=self._work, daemon=True)

    def start(self) -> None:
        """Begin to search, once a plan is known and a few seconds have passed."""
        self._thread.start()

    def stop(self) -> None:
        """End the search, the one that is going on included."""
        self._stopped.set()
        running = self._running
        if running is not None:
            running.cancel()
        self._thread.join()

    def found(self, values: np.ndarray) -> None:
        """Take a plan that the proof has found."""
        self._keep(float(self._core.cost @ values + self._core.offset), values)

    def is_enough(self, bound: float) -> bool:
        """Whether the best plan lies within the gap asked for, given the bound of the proof."""
        best = self._best
        return best is not None and relative_gap(best[0], bound) <= self._gap

    def better(self, result: Result) -> Result:
        """The result of the proof, with the best plan known; proven if that is good enough."""
        with self._lock:
            if self._best is not None and self._best[0] < result.objective:
                result = replace(result, objective=self._best[0], values=self._best[1])
        if relative_gap(result.objective, result.bound) <= self._gap:
            return replace(result, status="kOptimal")
        return result

    def suggest(self, objective: float) -> np.ndarray | None:
        """Give a plan that is better than the proof's and was not given before."""
        with self._lock:
            if self._best is None or self._best[0] >= min(objective, self._given):
                return None
            self._given, values = self._best
            return values

    def _keep(self, objective: float, values: np.ndarray) -> None:
        with self._lock:
            if self._best is None or objective < self._best[0]:
                self._best = objective, values

    def _work(self) -> None:
        self._stopped.wait(self._parameters.start_after_s)
        share = self._parameters.first_share
        while not self._stopped.is_set():
            with self._lock:
                best = self._best
            if best is None:
                self._stopped.wait(0.5)
                continue
            try:
                proved, better = self._search(best[1], share)
            except InternalError:
                # The proof goes on without it.
                return
            if not better:
                share *= 1.15 if proved else 0.8
                share = min(max(share, self._parameters.least_share), self._parameters.most_share)

    def _search(self, values: np.ndarray, share: float) -> tuple[bool, bool]:
        """Search one neighbourhood: whether it was searched to its end, and a better plan found."""
        core = self._core
        held = core.integer & ~self._freed(share)
        near = core.with_fixed(held, np.round(values))
        self._running = highs = Highs(near, self._options, integer=True)
        highs.start_from(values)
        if self._stopped.is_set():
            return False, False
        result = highs.run(time_limit_s=self._parameters.submip_s)
        self._running = None
        before = float(core.cost @ values + core.offset)
        better = result.values is not None and result.objective < before - 1e-6 * abs(before)
        if better and result.values is not None:
            self._keep(result.objective, result.values)
            self._on_better(result.objective)
        return result.status == "kOptimal", better

    def _freed(self, share: float) -> np.ndarray:
        """Columns whose key names one of some values of one kind: a stretch of them, or any."""
        groups = self._kinds[int(self._draw.integers(len(self._kinds)))]
        count = max(1, round(share * len(groups)))
        if self._draw.random() < 0.5:
            first = int(self._draw.integers(len(groups) - count + 1))
            chosen = range(first, first + count)
        else:
            chosen = self._draw.choice(len(groups), size=count, replace=False).tolist()
        free = np.zeros(len(self._core.cost), dtype=bool)
        for k in chosen:
            free[groups[k]] = True
        return free


def _kinds(core: Arrays) -> list[list[np.ndarray]]:
    """Integer columns by the index values in their keys; values of one place are of one kind."""
    by_value: dict[object, list[int]] = {}
    places: dict[tuple[str, int], dict[object, None]] = {}
    labels: Labels = core.columns
    for column in np.flatnonzero(core.integer).tolist():
        name, key = labels[column]
        parts = key if isinstance(key, tuple) else (key,)
        for place, value in enumerate(parts):
            by_value.setdefault(value, []).append(column)
            places.setdefault((name, place), {})[value] = None
    distinct = {tuple(values) for values in places.values() if len(values) > 1}
    # Sorted, so that a seed means the same on every run.
    kinds = sorted(distinct, key=lambda values: (-len(values), str(values)))
    return [[np.array(by_value[value]) for value in values] for values in kinds] or [
        [np.flatnonzero(core.integer)]
    ]
