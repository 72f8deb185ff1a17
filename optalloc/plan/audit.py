"""Step "audit": every limit, every table and the cost, recomputed without the model.

The families restate their limits and recompute their tables in pandas from the decisions and the
dataset; the engine compares. Nothing here has seen Pyomo or the solver.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.mip.outcome import Outcome
from optalloc.modelling.family import Family
from optalloc.modelling.limits import Limit
from optalloc.modelling.model import Model
from optalloc.modelling.tables import AUDIT, LIMITS, SUMMARY, status_figures
from optalloc.plan.memory import evaluated

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
    for family in model.busy_families(data):
        frames = evaluated(family.audit, data, tables, recall=recall)
        restated |= {limit.name: frames[limit.name] for limit in family.limits}
    return restated


def limits_table(model: Model, restated: Restated) -> pd.DataFrame:
    """Give every limit with used, allowed and slack, and its sentence where it binds."""
    columns: dict[str, list[np.ndarray]] = {column.name: [] for column in LIMITS.columns}
    for name, (family, limit) in model.limits.items():
        if name in restated and len(restated[name]):
            for column, values in _limit_rows(family, limit, restated[name]).items():
                columns[column].append(values)
    if not columns["used"]:
        return pd.DataFrame(columns=list(columns))
    return pd.DataFrame({name: np.concatenate(parts) for name, parts in columns.items()})


def _limit_rows(family: Family, limit: Limit, frame: pd.DataFrame) -> dict[str, np.ndarray]:
    names, floors = limit.keys_of(frame), limit.floors(frame)
    parts = [frame[name].tolist() for name in names]
    keys = list(zip(*parts, strict=True)) if parts else [()] * len(frame)
    used, allowed = frame["used"].to_numpy(float), frame["allowed"].to_numpy(float)
    slack = allowed - used
    # Zero used of zero allowed is no information about the plan.
    tight = np.abs(slack) <= BINDING * np.maximum(1.0, np.abs(allowed))
    binding = tight & (np.abs(used) > BINDING) & (limit.sense == "<=") & limit.reported
    words = np.full(len(frame), "", dtype=object)
    for row in np.flatnonzero(binding):
        figures = {"used": _short(used[row]), "allowed": _short(allowed[row])}
        template = limit.floor_sentence if floors[row] else ""
        named = dict(zip(names, keys[row], strict=True))
        words[row] = (template or limit.sentence).format(**named, **figures)
    return {
        "family": np.full(len(frame), family.name, dtype=object),
        "limit": np.full(len(frame), limit.name, dtype=object),
        "key": np.array([", ".join(map(str, key)) for key in keys], dtype=object),
        "unit": np.full(len(frame), limit.unit, dtype=object),
        "used": used,
        "allowed": allowed,
        "slack": slack,
        "is_floor": np.array(floors, dtype=bool),
        "binding": binding,
        "in_words": words,
    }


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
    used, allowed = frame["used"].to_numpy(float), frame["allowed"].to_numpy(float)
    beyond = allowed - used if limit.sense == "==" else used - allowed
    return np.where(np.isposinf(allowed), 0.0, np.where(np.isnan(beyond), np.inf, beyond))


def sizes(frame: pd.DataFrame) -> np.ndarray:
    """Size of used and allowed in each row of an audit frame, at least 1."""
    used, allowed = frame["used"].to_numpy(float), frame["allowed"].to_numpy(float)
    finite = np.where(np.isfinite(allowed), allowed, 0.0)
    return np.asarray(np.maximum(1.0, np.maximum(np.abs(finite), np.abs(used))))


def _check_limit(
    limit: Limit, frame: pd.DataFrame, waived: np.ndarray | None = None
) -> dict[str, object]:
    used, allowed = frame["used"].to_numpy(float), frame["allowed"].to_numpy(float)
    over = np.maximum(used - allowed, 0.0)
    beyond = np.abs(used - allowed) if limit.sense == "==" else over
    check = f"used {limit.sense} allowed"
    if waived is not None:
        beyond = np.where(waived, over if limit.sense == "==" else 0.0, beyond)
        check += ", or as the sheet Across says"
    scaled = beyond / sizes(frame)
    scaled = np.where(np.isnan(scaled), np.inf, scaled)
    at = int(np.argmax(scaled)) if len(scaled) else 0
    keys = limit.keys_of(frame)
    where = ", ".join(str(frame[k].iloc[at]) for k in keys) if len(scaled) else ""
    worst = float(scaled[at]) if len(scaled) else 0.0
    return _row(limit.name, check, len(frame), worst, where)


def recomputed_tables(
    data: Dataset, model: Model, tables: Mapping[str, pd.DataFrame], *, recall: bool = False
) -> dict[str, pd.DataFrame]:
    """Give every table that follows from decisions, gathered over the families."""
    parts: dict[str, list[pd.DataFrame]] = {}
    for family in model.busy_families(data):
        for name, frame in evaluated(family.recompute, data, tables, recall=recall).items():
            parts.setdefault(name, []).append(frame)
    return {
        name: pd.concat([f for f in frames if len(f)] or frames[:1], ignore_index=True)
        for name, frames in parts.items()
    }


def _compare(
    name: str, key: tuple[str, ...], table: pd.DataFrame, again: pd.DataFrame
) -> dict[str, object]:
    """Compare a table with its recomputed columns, row by row of the same key."""
    mine, others = _places(table, key), _places(again, key)
    if len(mine) < len(table) or len(others) < len(again):
        return _row(name, RECOMPUTED, len(table), np.inf, "a key stands twice")
    alone = sorted(mine.keys() ^ others.keys())
    if alone:
        return _row(name, RECOMPUTED, len(table), np.inf, ", ".join(alone[0]))
    matched = again.iloc[[others[own] for own in mine]]
    worst, where = 0.0, ""
    columns = [c for c in again.columns if c not in key]
    for column in columns:
        difference = _difference(table[column], matched[column])
        if len(difference) and difference.max() > worst:
            at = int(difference.argmax())
            worst = float(difference[at])
            where = f"{', '.join(list(mine)[at])}: {column}"
    return {**_row(name, RECOMPUTED, len(table), worst, where), "columns": ", ".join(columns)}


def _places(table: pd.DataFrame, key: tuple[str, ...]) -> dict[tuple[str, ...], int]:
    """Position of each row by its key, in the order of the rows; of rows with one key the last."""
    keys = zip(*(_words(table[name]) for name in key), strict=True)
    return {own: position for position, own in enumerate(keys)}


def _words(column: pd.Series) -> list[str]:
    blank = column.isna()
    return ["" if b else str(v) for v, b in zip(column.tolist(), blank.tolist(), strict=True)]


def _difference(given: pd.Series, again: pd.Series) -> np.ndarray:
    """Distance of the cells of two columns, place by place; infinite for other words."""
    a, b = _numbers(given), _numbers(again)
    if a is None or b is None:
        same = np.array(_words(given), dtype=object) == np.array(_words(again), dtype=object)
        close = np.array([_close(x, y) for x, y in zip(given, again, strict=True)], dtype=bool)
        return np.where(same | close, 0.0, np.inf)
    blank = np.isnan(a) & np.isnan(b)
    scaled = np.abs(a - b) / np.maximum(1.0, np.abs(b))
    return np.where(blank, 0.0, np.where(np.isnan(scaled), np.inf, scaled))


def _numbers(column: pd.Series) -> np.ndarray | None:
    try:
        return column.astype(float).to_numpy()
    except (TypeError, ValueError):
        return None


def _close(given: object, again: object) -> bool:
    """True if two cells of a column of mixed kinds are the same number."""
    if not (isinstance(given, int | float) and isinstance(again, int | float)):
        return False
    return abs(given - again) <= TOLERANCE * max(1.0, abs(again))
