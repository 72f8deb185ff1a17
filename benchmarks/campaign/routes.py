"""Ways from a workbook folder to a plan with a bound, each timed from reading on.

A route runs in a process of its own. It tells what it knows as it goes, so that a run that is
killed still has a trace: ``tell(seconds, objective, bound)``.
"""

from __future__ import annotations

import math
import re
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import optalloc
from benchmarks.baselines import data, facility_model, linopy_model, pyomo_model
from optalloc.mip.outcome import (
    Options,
    Outcome,
    Progress,
    StopReason,
    Strategy,
    quality_of,
    relative_gap,
)
from optalloc.solving.completion import completed
from optalloc.solving.highs import Highs
from optalloc.solving.incumbent import Incumbent
from optalloc.solving.monitor import Monitor
from optalloc.solving.solvers import SOLVERS, solve_by

__all__ = ["ROUTES", "Limits", "Measured", "check_route", "follow", "read_highs_log", "take"]

Tell = Callable[[float, float, float], None]
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
class Limits:
    """How far a run may go; ``seconds`` count from the moment it begins to read."""

    gap: float
    seconds: float
    threads: int
    seed: int


@dataclass
class Measured:
    """What a run comes to."""

    seconds: dict[str, float] = field(default_factory=dict)
    objective: float = math.inf
    bound: float = -math.inf
    stop_reason: str = ""
    audit_passed: bool | None = None
    note: str = ""
    size: dict[str, int] = field(default_factory=dict)


def check_route(route: str) -> None:
    """Insist that a route is known, ``optalloc:STRATEGY`` among them.

    Raises
    ------
    ValueError
        With what there is.
    """
    name, _, strategy = route.partition(":")
    if name not in ROUTES:
        raise ValueError(f"a route must be one of {', '.join(ROUTES)}; found {route!r}")
    if strategy and (name != "optalloc" or strategy not in [*Strategy]):
        known = ", ".join(f"optalloc:{one}" for one in Strategy)
        raise ValueError(f"a route with a strategy must be one of {known}; found {route!r}")


def take(route: str, folder: Path, limits: Limits, tell: Tell) -> Measured:
    """Go a route."""
    begun = time.perf_counter()
    name, _, strategy = route.partition(":")
    if name in BASELINES:
        return _baseline(name, folder, limits, tell, begun)
    if name == "highs-direct":
        return _direct(folder, limits, tell, begun)
    chosen: dict[str, Any] = {"strategy": Strategy(strategy)} if strategy else {}
    chosen |= {"solver": name} if name in SOLVERS else {}
    return _whole(folder, limits, tell, begun, chosen)


def _compiled(folder: Path, seconds: dict[str, float]) -> tuple[Any, Any]:
    """Program and arrays of a folder, each step timed."""
    clock = time.perf_counter()
    model = optalloc.load_model()
    data = optalloc.validate(optalloc.read_workbook(folder), model)
    seconds["read"] = time.perf_counter() - clock
    clock = time.perf_counter()
    program = optalloc.build(data, model)
    seconds["build"] = time.perf_counter() - clock
    clock = time.perf_counter()
    arrays = optalloc.compile_program(program)
    seconds["compile"] = time.perf_counter() - clock
    return program, arrays


def _whole(
    folder: Path, limits: Limits, tell: Tell, begun: float, chosen: dict[str, Any]
) -> Measured:
    """Read, build, compile, solve, read back and audit, as `optalloc.solve` does."""
    found = Measured()
    program, arrays = _compiled(folder, found.seconds)
    spent = time.perf_counter() - begun
    options = Options(
        gap=limits.gap,
        time_limit_s=max(limits.seconds - spent, 0.0),
        threads=limits.threads,
        seed=limits.seed,
        **chosen,
    )
    outcome = solve_by(arrays, options, lambda now: _tell_all(now, spent, arrays, tell))
    found.seconds["solve"] = time.perf_counter() - begun - spent
    tell(spent + found.seconds["solve"], outcome.objective, outcome.bound)
    return _audited(program, arrays, outcome, found)


def _tell_all(now: Progress, spent: float, arrays: Any, tell: Tell) -> None:
    tell(spent + now.seconds, math.inf if now.candidate else now.objective, now.bound)


def _direct(folder: Path, limits: Limits, tell: Tell, begun: float) -> Measured:
    """HiGHS by its defaults on the whole program, strengthening rows and all."""
    found = Measured()
    program, arrays = _compiled(folder, found.seconds)
    spent = time.perf_counter() - begun
    options = Options(gap=limits.gap, threads=limits.threads, seed=limits.seed)
    result = Highs(arrays, options, integer=True).run(
        time_limit_s=max(limits.seconds - spent, 0.0),
        progress=lambda now: tell(now.seconds, now.objective, now.bound),
        started=begun,
    )
    found.seconds["solve"] = time.perf_counter() - begun - spent
    best = Incumbent(bound=result.bound)
    if result.values is not None:
        plan, _ = completed(
            arrays, result.values, Monitor(options), best, arrays.violated_by(result.values)
        )
        if plan is not None:
            best.take(plan, float(arrays.cost @ plan + arrays.offset))
    reasons = {"kOptimal": StopReason.GAP, "kTimeLimit": StopReason.TIME}
    outcome = Outcome(
        stop_reason=reasons.get(result.status, StopReason.FAILED),
        quality=quality_of(best.objective, best.bound, limits.gap),
        objective=best.objective,
        bound=best.bound,
        values=best.values,
    )
    tell(time.perf_counter() - begun, outcome.objective, outcome.bound)
    return _audited(program, arrays, outcome, found)


def _audited(program: Any, arrays: Any, outcome: Outcome, found: Measured) -> Measured:
    found.size, found.stop_reason = arrays.size, str(outcome.stop_reason)
    found.objective, found.bound = outcome.objective, outcome.bound
    if outcome.values is not None:
        clock = time.perf_counter()
        tables = optalloc.read_back(program, arrays, outcome)
        audit = optalloc.audit_plan(program.dataset, program.model, tables, outcome)
        found.audit_passed = bool(audit["passed"].all())
        failed = audit.loc[~audit["passed"].astype(bool), ["check", "where", "worst"]]
        found.note = "; ".join(
            f"{check} at {where}: off by {worst:.2g}"
            for check, where, worst in failed.itertuples(index=False)
        )
        found.seconds["audit"] = time.perf_counter() - clock
    return found


def _baseline(route: str, folder: Path, limits: Limits, tell: Tell, begun: float) -> Measured:
    """A model that someone else would write; the trace is read from the solver's log."""
    found, (read, module) = Measured(), BASELINES[route]
    numbers = read(folder)
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
