"""Step "audit": every limit, every table and the cost, recomputed without the model.

The families restate their limits and recompute their tables in pandas from the decisions and the
dataset; the engine compares. Nothing here has seen Pyomo or the solver.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.mip.outcome import Outcome
from optalloc.modelling.limits import Limit
from optalloc.modelling.model import Model
from optalloc.modelling.tables import AUDIT, LIMITS, SUMMARY, status_figures
from optalloc.plan.memory import SharedFrames, evaluated

__all__ = [
    "TOLERANCE",
    "Restated",
    "Waived",
    "audit_plan",
    "excess",
    "limits_table",
    "restate",
    "sizes",
]

# By limit: its keys, used and allowed.
Restated = Mapping[str, pd.DataFrame]
# By limit: from that frame to the mask of its rows that need not hold.
Waived = Mapping[str, Callable[[pd.DataFrame], np.ndarray]]

TOLERANCE = 1e-5
# The check of a table's columns that follow from decisions.
RECOMPUTED = "recomputed from the decisions"
BINDING = 1e-5


def restate(
    data: Dataset, model: Model, tables: Mapping[str, pd.DataFrame], *, recall: bool = False
) -> Restated:
    """Every limit of every busy family, with used and allowed, from tables and dataset alone."""
    restated: dict[str, pd.DataFrame] = {}
    plan = SharedFrames(tables) if recall else tables
    for family in model.busy_families(data):
        frames = evaluated(family.audit, data, plan)
        restated |= {limit.name: frames[limit.name] for limit in family.limits}
    return restated


def limits_table(model: Model, restated: Restated) -> pd.DataFrame:
    """Give every limit with used, allowed and slack, and its sentence where it binds."""
    limits = [
        (family.name, limit, restated[name])
        for name, (family, limit) in model.limits.items()
        if name in restated and len(restated[name])
    ]
    if not limits:
        return pd.DataFrame(columns=[column.name for column in LIMITS.columns])
    lengths = [len(frame) for *_, frame in limits]
    used, allowed = (
        np.concatenate(sides)
        for sides in zip(*(_used_and_allowed(frame) for *_, frame in limits), strict=True)
    )
    slack = allowed - used
    # Zero used of zero allowed is no information about the plan.
    tight = np.abs(slack) <= BINDING * np.maximum(1.0, np.abs(allowed))
    reported = np.repeat(
        [limit.sense == "<=" and limit.reported for _, limit, _ in limits], lengths
    )
    binding = tight & (np.abs(used) > BINDING) & reported
    floors = [floor for _, limit, frame in limits for floor in limit.floors(frame)]
    keys = [key for _, limit, frame in limits for key in _keys_in(limit, frame)]
    number = np.repeat(np.arange(len(limits)), lengths)
    words = np.full(len(used), "", dtype=object)
    for row in np.flatnonzero(binding):
        _, limit, frame = limits[number[row]]
        named = dict(zip(limit.keys_of(frame), keys[row], strict=True))
        template = (limit.floor_sentence if floors[row] else "") or limit.sentence
        words[row] = template.format(**named, used=_short(used[row]), allowed=_short(allowed[row]))

    def of_each(texts: list[str]) -> np.ndarray:
        return np.array(texts, dtype=object)[number]

    columns = {
        "family": of_each([family for family, *_ in limits]),
        "limit": of_each([limit.name for _, limit, _ in limits]),
        "key": np.array([", ".join(map(str, key)) for key in keys], dtype=object),
        "unit": of_each([limit.unit for _, limit, _ in limits]),
        "used": used,
        "allowed": allowed,
        "slack": slack,
        "is_floor": np.array(floors, dtype=bool),
        "binding": binding,
        "in_words": words,
    }
    return pd.DataFrame(columns)


def _keys_in(limit: Limit, frame: pd.DataFrame) -> list[tuple[Any, ...]]:
    """Key of each row of an audit frame."""
    parts = [frame[name].tolist() for name in limit.keys_of(frame)]
    return list(zip(*parts, strict=True)) if parts else [()] * len(frame)


def _short(number: float) -> str:
    return f"{number:,.6g}"


def audit_plan(
    data: Dataset,
    model: Model,
    tables: Mapping[str, pd.DataFrame],
    outcome: Outcome,
    restated: Restated | None = None,
    *,
    recall: bool = False,
    waived: Waived | None = None,
) -> pd.DataFrame:
    """Check a plan against the dataset.

    Parameters
    ----------
    data : Dataset
    model : Model
    tables : mapping of str to pandas.DataFrame
        The plan's tables, Summary and Limits included.
    outcome : Outcome
        Cost, bound and quality of the plan by the solver.
    restated : mapping of str to pandas.DataFrame, optional
        The limits as `restate` gives them for these very tables, if that is known already.
    recall : bool
        Whether the dataset keeps what families return, and recalls it where all they read is equal.
    waived : mapping of str to callable, optional
        Rows of limits that need not hold in this scenario. Of an equation only that no more is used
        than allowed has to. Limits that follow from others are not checked where one is violated.

    Returns
    -------
    pandas.DataFrame
        One row per check, as `AUDIT` describes; the plan may be shown only if all passed.
    """
    restated = restate(data, model, tables, recall=recall) if restated is None else restated
    again = recomputed_tables(data, model, tables, recall=recall)
    masks = {name: own(restated[name]) for name, own in (waived or {}).items() if name in restated}
    limits = {name: limit for name, (_, limit) in model.limits.items() if name in restated}
    is_violated = any(
        (excess(limits[name], restated[name]) > TOLERANCE * sizes(restated[name]))[mask].any()
        for name, mask in masks.items()
    )
    rows = [
        _check_limit(limit, restated[name], masks.get(name))
        for name, limit in limits.items()
        if not (is_violated and limit.implied)
    ]
    rows += [
        _compare(name, spec.key, tables[name], again[name])
        for name, spec in model.outputs.items()
        if name in again
    ]
    again_limits = limits_table(model, restated)
    figures = [status_figures(outcome, {LIMITS.name: again_limits}).astype({"value": object})]
    figures += [again[SUMMARY.name]] if SUMMARY.name in again else []
    summary = pd.concat(figures, ignore_index=True)
    rows.append(_compare(LIMITS.name, LIMITS.key, tables[LIMITS.name], again_limits))
    rows.append(_compare(SUMMARY.name, SUMMARY.key, tables[SUMMARY.name], summary))
    rows += [
        _check_objective(name, float(again[name][spec.objective].sum()), outcome.objective)
        for name, spec in model.outputs.items()
        if spec.objective
    ]
    return pd.DataFrame(rows, columns=[column.name for column in AUDIT.columns])


def _check_objective(name: str, recomputed: float, objective: float) -> dict[str, object]:
    difference = abs(recomputed - objective) / max(1.0, abs(objective))
    check = "recomputed total is the solver's objective"
    return _row(name, check, 1, difference, f"{recomputed:,.6f} against {objective:,.6f}")


def _row(subject: str, check: str, rows: int, worst: float, where: str) -> dict[str, object]:
    passed = bool(np.isfinite(worst) and worst <= TOLERANCE)
    return {
        "subject": subject,
        "check": check,
        "rows": rows,
        "worst": worst,
        "where": where if worst > 0 else "",
        "passed": passed,
        "columns": "",
    }


def excess(limit: Limit, frame: pd.DataFrame) -> np.ndarray:
    """Excess over a limit in each row of its audit frame; negative where something is left.

    Of an equation it is what is missing. It is zero where no limit is set.
    """
    used, allowed = _used_and_allowed(frame)
    beyond = allowed - used if limit.sense == "==" else used - allowed
    return np.where(np.isposinf(allowed), 0.0, np.where(np.isnan(beyond), np.inf, beyond))


def sizes(frame: pd.DataFrame) -> np.ndarray:
    """Size of used and allowed in each row of an audit frame, at least 1."""
    return _sizes(*_used_and_allowed(frame))


def _used_and_allowed(frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    return frame["used"].to_numpy(float), frame["allowed"].to_numpy(float)


def _sizes(used: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    finite = np.where(np.isfinite(allowed), allowed, 0.0)
    return np.asarray(np.maximum(1.0, np.maximum(np.abs(finite), np.abs(used))))


def _check_limit(
    limit: Limit, frame: pd.DataFrame, waived: np.ndarray | None = None
) -> dict[str, object]:
    check = f"used {limit.sense} allowed"
    check += ", or as the sheet Across says" if waived is not None else ""
    if not len(frame):
        return _row(limit.name, check, 0, 0.0, "")
    used, allowed = _used_and_allowed(frame)
    over = np.maximum(used - allowed, 0.0)
    beyond = np.abs(used - allowed) if limit.sense == "==" else over
    if waived is not None:
        beyond = np.where(waived, over if limit.sense == "==" else 0.0, beyond)
    scaled = beyond / _sizes(used, allowed)
    scaled = np.where(np.isnan(scaled), np.inf, scaled)
    at = int(np.argmax(scaled))
    worst = float(scaled[at])
    where = ", ".join(str(frame[k].iloc[at]) for k in limit.keys_of(frame)) if worst > 0 else ""
    return _row(limit.name, check, len(frame), worst, where)


def recomputed_tables(
    data: Dataset, model: Model, tables: Mapping[str, pd.DataFrame], *, recall: bool = False
) -> dict[str, pd.DataFrame]:
    """Give every table that follows from decisions, gathered over the families."""
    parts: dict[str, list[pd.DataFrame]] = {}
    plan = SharedFrames(tables) if recall else tables
    for family in model.busy_families(data):
        for name, frame in evaluated(family.recompute, data, plan).items():
            parts.setdefault(name, []).append(frame)
    filled = {name: [f for f in frames if len(f)] or frames[:1] for name, frames in parts.items()}
    return {
        name: frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)
        for name, frames in filled.items()
    }


def _compare(
    name: str, key: tuple[str, ...], table: pd.DataFrame, again: pd.DataFrame
) -> dict[str, object]:
    """Compare a table with its recomputed columns, row by row of the same key."""
    mine, others = _keys(table, key), _keys(again, key)
    places = {own: position for position, own in enumerate(others)}
    if len(set(mine)) < len(table) or len(places) < len(again):
        return _row(name, RECOMPUTED, len(table), np.inf, "a key stands twice")
    if mine != others:
        alone = sorted(set(mine) ^ places.keys())
        if alone:
            return _row(name, RECOMPUTED, len(table), np.inf, ", ".join(alone[0]))
        again = again.iloc[[places[own] for own in mine]]
    worst, where = 0.0, ""
    columns = [c for c in again.columns if c not in key]
    for column in columns:
        difference = _difference(table[column], again[column])
        if len(difference) and difference.max() > worst:
            at = int(difference.argmax())
            worst = float(difference[at])
            where = f"{', '.join(mine[at])}: {column}"
    return {**_row(name, RECOMPUTED, len(table), worst, where), "columns": ", ".join(columns)}


def _keys(table: pd.DataFrame, key: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Key of each row in words."""
    return list(zip(*(_words(table[name]) for name in key), strict=True))


def _words(column: pd.Series) -> list[str]:
    # A blank is None, or not equal to itself.
    return ["" if v is None or v != v else str(v) for v in column.tolist()]


def _difference(given: pd.Series, again: pd.Series) -> np.ndarray:
    """Distance of the cells of two columns, place by place; infinite for other words."""
    if given.dtype == again.dtype and given.dtype.kind not in "fiub":
        words, others = given.tolist(), again.tolist()
        # Equal words need not be read as numbers.
        if words == others:
            return np.zeros(len(words))
    a, b = _numbers(given), _numbers(again)
    if a is None or b is None:
        same = np.array(_words(given), dtype=object) == np.array(_words(again), dtype=object)
        close = np.array([_close(x, y) for x, y in zip(given, again, strict=True)], dtype=bool)
        return np.where(same | close, 0.0, np.inf)
    blank = np.isnan(a) & np.isnan(b)
    scaled = np.abs(a - b) / np.maximum(1.0, np.abs(b))
    return np.where(blank, 0.0, np.where(np.isnan(scaled), np.inf, scaled))


def _numbers(column: pd.Series) -> np.ndarray | None:
    if column.dtype.kind in "mM":
        return None
    try:
        return column.to_numpy(float)
    except (TypeError, ValueError):
        return None


def _close(given: object, again: object) -> bool:
    """True if two cells of a column of mixed kinds are the same number."""
    if not (isinstance(given, int | float) and isinstance(again, int | float)):
        return False
    return abs(given - again) <= TOLERANCE * max(1.0, abs(again))
