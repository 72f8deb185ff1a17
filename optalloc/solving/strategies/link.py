"""The link of a process to the hub of its portfolio: what the hub knows, and what is found here."""

from __future__ import annotations

import contextlib
import logging
import math
import pickle
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

from optalloc.mip.arrays import ExtraRows
from optalloc.mip.tolerances import ROUNDING
from optalloc.solving.highs import Highs
from optalloc.solving.submip import SubMip

__all__ = ["Link", "LinkHandler", "RelaxedPoint", "RestrictedLink"]


@dataclass(frozen=True)
class RelaxedPoint:
    """A solution of the relaxation with its dual prices, and the columns that are worth a search.

    ``columns`` is a mask; None for all.
    """

    values: np.ndarray
    duals: np.ndarray
    columns: np.ndarray | None = None


class Link:
    """Messages from the hub and to it (`optalloc.solving.highs_callbacks.Beside`)."""

    def __init__(self, messages: BinaryIO, out: BinaryIO) -> None:
        self._messages, self._out, self._lock = messages, out, threading.Lock()
        self.plan: tuple[float, np.ndarray] | None = None
        self._suggested = math.inf
        self.point: RelaxedPoint | None = None
        self.candidate: np.ndarray | None = None
        self.rows: list[ExtraRows] = []
        self.stopped = threading.Event()
        self.heard = threading.Event()
        self._running: Highs | None = None

    def start(self) -> None:
        """Begin to listen."""
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with contextlib.suppress(EOFError, OSError, pickle.UnpicklingError):
            while True:
                kind, *content = pickle.load(self._messages)
                if kind == "stop":
                    break
                if kind == "plan":
                    self.plan = content[0], content[1]
                elif kind == "point":
                    self.point = content[0]
                elif kind == "candidate":
                    self.candidate = content[0]
                elif kind == "rows":
                    self.rows.append(content[0])
                self.heard.set()
        # Stopped, or the hub is gone.
        self.stopped.set()
        self.heard.set()
        running = self._running
        if running is not None:
            running.cancel()

    def send(self, kind: str, *content: Any) -> None:
        """Send a message to the hub."""
        with self._lock, contextlib.suppress(OSError):
            pickle.dump((kind, *content), self._out, protocol=5)
            self._out.flush()

    @contextlib.contextmanager
    def running(self, highs: Highs) -> Iterator[None]:
        """A context in which a stop ends this run."""
        self._running = highs
        if self.stopped.is_set():
            highs.cancel()
        try:
            yield
        finally:
            self._running = None

    @property
    def plan_cost(self) -> float:
        """Cost of the best plan that the hub knows; infinite without one."""
        return math.inf if self.plan is None else self.plan[0]

    def better_than(self, objective: float) -> np.ndarray | None:
        """The best plan known, if it costs less than this."""
        plan = self.plan
        if plan is None:
            return None
        if objective < math.inf and plan[0] >= objective - ROUNDING * abs(objective):
            return None
        return plan[1]

    def found(self, values: np.ndarray) -> None:
        """Take a plan of the solver."""
        self.send("plan", values)

    def suggest(self, objective: float) -> np.ndarray | None:
        """A plan that the solver does not know."""
        plan = self.plan
        if plan is None or self.better_than(min(objective, self._suggested)) is None:
            return None
        self._suggested = plan[0]
        return plan[1]

    def is_enough(self, bound: float) -> bool:
        """True once the hub has stopped this process, whatever the bound."""
        return self.stopped.is_set()


@dataclass(frozen=True)
class RestrictedLink:
    """The link of a solver of a restriction (`optalloc.solving.highs_callbacks.Beside`)."""

    link: Link
    restriction: SubMip

    def found(self, values: np.ndarray) -> None:
        """Take a plan of the solver."""
        self.link.found(self.restriction.full(values))

    def suggest(self, objective: float) -> np.ndarray | None:
        """A plan of the restriction that the solver does not know."""
        plan = self.link.suggest(objective)
        if plan is None or self.restriction.outside(plan).any():
            return None
        return self.restriction.restricted(plan)

    def is_enough(self, bound: float) -> bool:
        """True once the hub has stopped this process."""
        return self.link.is_enough(bound)


class LinkHandler(logging.Handler):
    """Sends log records to the hub, which logs them under the same name."""

    def __init__(self, link: Link) -> None:
        super().__init__()
        self._link = link

    def emit(self, record: logging.LogRecord) -> None:
        """Send a record as its logger's name, its level and its text."""
        self._link.send("log", record.name, record.levelno, record.getMessage())
