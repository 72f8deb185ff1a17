"""Routes of the project's own campaign, beside those of `optalloc bench`: baselines, bare HiGHS."""

from __future__ import annotations

import re
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.baselines import data, facility_model, linopy_model, pyomo_model
from optalloc.analysis.bench.routes import Limits, Measured, Route, Tell, compiled, measured
from optalloc.analysis.bench.runner import Named
from optalloc.mip.outcome import (
    Options,
    Outcome,
    StopReason,
    Strategy,
    quality_of,
    relative_gap,
)
from optalloc.solving.completion import completed
from optalloc.solving.highs import Highs
from optalloc.solving.incumbent import Incumbent
from optalloc.solving.monitor import Monitor
from optalloc.solving.solvers import HIGHS, SOLVERS

__all__ = ["ROUTES", "follow", "read_highs_log", "route_of"]

# How each reads its numbers, and the module that builds and solves.
BASELINES: dict[str, tuple[Callable[[Path], Any], Any]] = {
    "pyomo-appsi": (data.read, pyomo_model),
    "linopy": (data.read, linopy_model),
    "bare-facility": (facility_model.read, facility_model),
}
ROUTES = ("optalloc", "highs-direct", *BASELINES, *SOLVERS)
# "  B  12  3  5  40.1%  18489.02  22903.53  19.27% ..." up to the seconds at the end.
_LINE = re.compile(r"^.{1,3}\s+\d+\s+\d+\s+\d+\s+[\d.]+%\s+(\S+)\s+(\S+)\s+\S+\s+.*?([\d.]+)s\s*$")


@dataclass(frozen=True)
class Called:
    """A route of the product, under the name that it has in the project's results."""

    name: str
    route: Route

    def __call__(self, path: Path, limits: Limits, tell: Tell) -> Measured:
        """Go it."""
        return self.route(path, limits, tell)


@dataclass(frozen=True)
class BareHighs:
    """HiGHS by its defaults on the whole program, strengthening rows and all."""

    name: str = "highs-direct"

    def __call__(self, path: Path, limits: Limits, tell: Tell) -> Measured:
        """Go it; its plan is completed and audited."""
        begun = time.perf_counter()
        built = compiled(path)
        found = Measured(seconds=built.seconds)
        arrays, spent = built.arrays, time.perf_counter() - begun
        options = Options(gap=limits.gap, threads=limits.threads, seed=limits.seed)
        result = Highs(arrays, options, integer=True).run(
            time_limit_s=max(limits.seconds - spent, 0.0),
            progress=lambda now: tell(now.seconds, now.objective, now.bound),
            started=begun,
        )
        found.seconds["solve"] = time.perf_counter() - begun - spent
        best = Incumbent(bound=result.bound)
        if result.values is not None:
            violated = arrays.violated_by(result.values)
            plan, _ = completed(arrays, result.values, Monitor(options), best, violated)
            if plan is not None:
                best.take(plan, arrays.objective(plan))
        reasons = {"kOptimal": StopReason.GAP, "kTimeLimit": StopReason.TIME}
        outcome = Outcome(
            stop_reason=reasons.get(result.status, StopReason.FAILED),
            quality=quality_of(best.objective, best.bound, limits.gap),
            objective=best.objective,
            bound=best.bound,
            values=best.values,
        )
        tell(time.perf_counter() - begun, outcome.objective, outcome.bound)
        return measured(built, outcome, found)


@dataclass(frozen=True)
class Baseline:
    """A model that someone else would write; the trace is read from the solver's log."""

    name: str

    def __call__(self, path: Path, limits: Limits, tell: Tell) -> Measured:
        """Go it."""
        begun = time.perf_counter()
        found, (read, module) = Measured(), BASELINES[self.name]
        numbers = read(path)
        found.seconds["read"] = time.perf_counter() - begun
        model = module.build(numbers)
        found.seconds["build"] = time.perf_counter() - begun - found.seconds["read"]
        spent = time.perf_counter() - begun
        left = max(limits.seconds - spent, 0.0)
        with tempfile.TemporaryDirectory() as name:
            log = Path(name) / "highs.log"
            stop = follow(log, lambda at, best, bound: tell(spent + at, best, bound))
            try:
                found.objective, found.bound = module.solve(
                    model,
                    gap=limits.gap,
                    seconds=left,
                    threads=limits.threads,
                    seed=limits.seed,
                    log=log,
                )
            finally:
                stop()
        found.seconds["solve"] = time.perf_counter() - begun - spent
        tell(time.perf_counter() - begun, found.objective, found.bound)
        reached = relative_gap(found.objective, found.bound) <= limits.gap
        found.stop_reason = str(StopReason.GAP if reached else StopReason.TIME)
        return found


def route_of(called: str) -> Named:
    """The route of a name, ``optalloc:STRATEGY`` among them.

    Raises
    ------
    ValueError
        With what there is.
    """
    name, _, strategy = called.partition(":")
    if name not in ROUTES:
        raise ValueError(f"a route must be one of {', '.join(ROUTES)}; found {called!r}")
    if strategy and (name != "optalloc" or strategy not in [*Strategy]):
        known = ", ".join(f"optalloc:{one}" for one in Strategy)
        raise ValueError(f"a route with a strategy must be one of {known}; found {called!r}")
    if name in BASELINES:
        return Baseline(name)
    if name == "highs-direct":
        return BareHighs()
    solver = name if name in SOLVERS else HIGHS
    return Called(called, Route(solver, Strategy(strategy or Strategy.AUTO)))


def read_highs_log(text: str) -> list[tuple[float, float, float]]:
    """Moments in a log of HiGHS: (seconds since the solve began, objective, bound)."""
    points = []
    for line in text.splitlines():
        match = _LINE.match(line)
        if match:
            bound, best, seconds = match.groups()
            points.append((float(seconds), float(best), float(bound)))
    return points


def follow(log: Path, tell: Tell) -> Callable[[], None]:
    """Tell what a growing log says, until the function that is returned is called."""
    ended = threading.Event()

    def work() -> None:
        told, last = 0, False
        while not last:
            last = ended.wait(0.5)
            points = read_highs_log(log.read_text(errors="replace")) if log.exists() else []
            for point in points[told:]:
                tell(*point)
            told = len(points)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()

    def stop() -> None:
        ended.set()
        thread.join()

    return stop
