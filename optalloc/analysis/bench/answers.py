"""Wrong answers of runs: plans that violate rows, and bounds, plans and proofs that contradict.

Costs are to be minimised throughout.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from optalloc.errors import OptallocError
from optalloc.mip.outcome import StopReason, contradicts, relative_gap
from optalloc.mip.tolerances import BOUND_CONTRADICTION, INTEGRALITY, ROW_VIOLATION

__all__ = ["Known", "best_plans", "read_known", "sound_plan", "wrong_answers"]

Run = Mapping[Any, Any]
_KNOWN = ("instance", "objective", "bound")


@dataclass(frozen=True)
class Known:
    """Best plan and bound of an instance that are known beside the runs."""

    objective: float = math.inf
    bound: float = -math.inf

    def minimised(self, *, maximised: bool) -> Known:
        """The same to be minimised, of an instance whose file maximises or does not."""
        if not maximised:
            return self
        turned = [-number if math.isfinite(number) else number for number in astuple(self)]
        return Known(*turned)


def read_known(path: str | Path) -> dict[str, Known]:
    """Read a CSV with the columns instance, objective and bound; a blank is not known.

    An optimum stands in both; an infeasible instance has the bound ``inf``. Both are as the
    instance's file has them: of a file that maximises, larger is better.

    Raises
    ------
    OptallocError
        If it cannot be read, or lacks a column.
    """
    try:
        frame = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise OptallocError(f"{path}: cannot be read as a CSV file: {error}") from error
    lacking = [name for name in _KNOWN if name not in frame.columns]
    if lacking:
        raise OptallocError(f"{path}: must have the columns {', '.join(_KNOWN)}; no {lacking[0]}")
    try:
        numbers = frame[["objective", "bound"]].astype(float)
    except ValueError as error:
        raise OptallocError(f"{path}: objective and bound must be numbers: {error}") from error
    rows = zip(frame["instance"].astype(str), numbers["objective"], numbers["bound"], strict=True)
    return {
        name: Known(
            math.inf if math.isnan(objective) else float(objective),
            -math.inf if math.isnan(bound) else float(bound),
        )
        for name, objective, bound in rows
    }


def sound_plan(run: Run) -> bool:
    """True where a run has an integer-feasible plan that keeps its rows and passed its audit."""
    return math.isfinite(run["objective"]) and not [*_of_plan(run)]


def best_plans(runs: pd.DataFrame, known: Mapping[str, Known]) -> dict[str, float]:
    """Cost of the best plan of each instance: of the runs that are sound, and of what is known."""
    best = {name: one.objective for name, one in known.items()}
    for run in runs.to_dict("records"):
        if sound_plan(run):
            name = run["instance"]
            best[name] = min(best.get(name, math.inf), run["objective"])
    return {name: cost for name, cost in best.items() if math.isfinite(cost)}


def wrong_answers(runs: pd.DataFrame, known: Mapping[str, Known]) -> pd.DataFrame:
    """Every wrong answer, each with the reason.

    Parameters
    ----------
    runs : pandas.DataFrame
    known : mapping of str to Known
        Of instances, beside the runs.

    Returns
    -------
    pandas.DataFrame
        instance, route, solver_seed, answer, reason, and number, the run's place in `runs`. Of two
        answers that contradict each other both are named, as one of them is wrong.
    """
    rows = []
    records = runs.to_dict("records")
    for number, run in enumerate(records):
        others = [one for one in records if one["instance"] == run["instance"] and one is not run]
        found = [
            *_of_plan(run),
            *_against_others(run, others),
            *_against_known(run, known.get(run["instance"], Known())),
        ]
        key = run["instance"], run["route"], run["solver_seed"]
        rows += [(*key, answer, reason, number) for answer, reason in found]
    columns = ["instance", "route", "solver_seed", "answer", "reason", "number"]
    return pd.DataFrame(rows, columns=columns)


def _of_plan(run: Run) -> Iterator[tuple[str, str]]:
    """Faults of a plan by itself: the answer, and the reason why it is wrong."""
    if not math.isfinite(run["objective"]):
        return
    plan = f"plan {_cost(run, 'objective')}"
    for name, most, words in (
        ("row_violation", ROW_VIOLATION, "it violates a row or a bound by {:.2g} of its size"),
        ("integrality", INTEGRALITY, "an integer column is {:.2g} from an integer"),
    ):
        if run[name] > most:
            yield plan, f"{words.format(run[name])} (tolerance {most:g})"
    if str(run["audit_passed"]) == "False":
        yield plan, f"its audit failed: {run['note']}"


def _against_others(run: Run, others: Sequence[Run]) -> Iterator[tuple[str, str]]:
    """Contradictions with other runs of the instance, of each kind with the plainest."""
    best = min(filter(sound_plan, others), key=lambda one: float(one["objective"]), default=None)
    infeasible = run["stop_reason"] == StopReason.INFEASIBLE
    if best is not None and infeasible:
        yield "infeasible", f"{_name(best)} has a plan of {_cost(best, 'objective')}"
    elif best is not None and contradicts(best["objective"], run["bound"]):
        if _proven(run) and _proven(best):
            yield _optimum(run), f"{_name(best)} proved another, {_cost(best, 'objective')}"
        else:
            reason = f"it lies above the plan of {_name(best)}, {_cost(best, 'objective')}"
            yield f"bound {_cost(run, 'bound')}", reason
    highest = max(others, key=lambda one: float(one["bound"]), default=None)
    if highest is None or not sound_plan(run):
        return
    if not contradicts(run["objective"], highest["bound"]) and math.isfinite(highest["bound"]):
        return
    plan = f"plan {_cost(run, 'objective')}"
    if highest["stop_reason"] == StopReason.INFEASIBLE:
        yield plan, f"{_name(highest)} says that there is none"
    elif _proven(run) and _proven(highest):
        yield _optimum(run), f"{_name(highest)} proved another, {_cost(highest, 'objective')}"
    elif math.isfinite(highest["bound"]):
        yield plan, f"it costs less than the bound of {_name(highest)}, {_cost(highest, 'bound')}"


def _against_known(run: Run, known: Known) -> Iterator[tuple[str, str]]:
    """Contradictions with what is known beside the runs."""
    plan, bound = f"plan {_cost(run, 'objective')}", f"bound {_cost(run, 'bound')}"
    best, highest = (_in_sense(run, number) for number in (known.objective, known.bound))
    if run["stop_reason"] == StopReason.INFEASIBLE:
        if math.isfinite(known.objective):
            yield "infeasible", f"a plan of {best} is known"
    elif contradicts(known.objective, run["bound"]):
        yield bound, f"it lies above the best plan known, {best}"
    if sound_plan(run) and known.bound == math.inf:
        yield plan, "the instance is known to be infeasible"
    elif sound_plan(run) and contradicts(run["objective"], known.bound):
        yield plan, f"it costs less than the best bound known, {highest}"


def _proven(run: Run) -> bool:
    return relative_gap(run["objective"], run["bound"]) <= BOUND_CONTRADICTION


def _name(run: Run) -> str:
    return f"{run['route']} (seed {run['solver_seed']})"


def _optimum(run: Run) -> str:
    return f"optimum {_cost(run, 'objective')}"


def _cost(run: Run, column: str) -> str:
    return _in_sense(run, run[column])


def _in_sense(run: Run, number: float) -> str:
    """A cost as the instance's file has it."""
    return f"{-number if run['maximised'] else number:.10g}"
