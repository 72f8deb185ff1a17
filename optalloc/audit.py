"""Step "audit": every limit, every table and the cost, worked out again without the model.

The families restate their limits and recompute their tables in pandas from the decisions and the
dataset; the engine compares. Nothing here has seen Pyomo or the solver.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from optalloc.dataset import Dataset
from optalloc.family import Family, Limit, Model
from optalloc.outcome import Outcome
from optalloc.tables import AUDIT, LIMITS, SUMMARY, status_figures

__all__ = ["Restated", "audit_plan", "limits_table", "restate"]

# By limit: its keys, used and allowed.
Restated = Mapping[str, pd.DataFrame]

TOLERANCE = 1e-5
BINDING = 1e-5


def restate(data: Dataset, model: Model, tables: Mapping[str, pd.DataFrame]) -> Restated:
    """Every limit of every busy family, with used and allowed, from tables and dataset alone."""
    restated: dict[str, pd.DataFrame] = {}
    for family in model.busy_families(data):
        frames = family.audit(data, tables)
        restated |= {limit.name: frames[limit.name] for limit in family.limits}
    return restated


def limits_table(model: Model, restated: Restated) -> pd.DataFrame:
    """Give every limit with used, allowed and slack, and what it says where it binds."""
    frames = [
        _limit_rows(family, limit, restated[name])
        for name, (family, limit) in model.limits.items()
        if name in restated and len(restated[name])
    ]
    columns = [column.name for column in LIMITS.columns]
    if not frames:
        return pd.DataFrame(columns=columns)
    return pd.concat(frames, ignore_index=True)[columns]


def _limit_rows(family: Family, limit: Limit, frame: pd.DataFrame) -> pd.DataFrame:
    keys = [c for c in frame.columns if c not in ("used", "allowed")]
    used, allowed = frame["used"].astype(float), frame["allowed"].astype(float)
    slack = allowed - used
    # Exactly nothing used of nothing allowed says nothing about the plan.
    tight = slack.abs() <= BINDING * np.maximum(1.0, allowed.abs())
    binding = tight & (used.abs() > BINDING) & (limit.sense == "<=") & limit.reported
    words = [
        limit.sentence.format(**{k: row[k] for k in keys}, used=_short(u), allowed=_short(a))
        if bound
        else ""
        for row, u, a, bound in zip(
            frame[keys].to_dict("records"), used, allowed, binding, strict=True
        )
    ]
    return pd.DataFrame(
        {
            "family": family.name,
            "limit": limit.name,
            "key": [", ".join(map(str, key)) for key in frame[keys].itertuples(index=False)],
            "unit": limit.unit,
            "used": used,
            "allowed": allowed,
            "slack": slack,
            "binding": binding,
            "in_words": words,
        }
    )


def _short(number: float) -> str:
    return f"{number:,.6g}"


def audit_plan(
    data: Dataset,
    model: Model,
    tables: Mapping[str, pd.DataFrame],
    outcome: Outcome,
    restated: Restated | None = None,
) -> pd.DataFrame:
    """Check a plan against the dataset.

    Parameters
    ----------
    data : Dataset
    model : Model
    tables : mapping of str to pandas.DataFrame
        The plan's tables, Summary and Limits included.
    outcome : Outcome
        What the solver says of the plan: its cost, bound and quality.
    restated : mapping of str to pandas.DataFrame, optional
        The limits as `restate` gives them for these very tables, if that is known already.

    Returns
    -------
    pandas.DataFrame
        One row per check, as `AUDIT` describes; the plan may be shown only if all passed.
    """
    restated = restate(data, model, tables) if restated is None else restated
    again = recomputed_tables(data, model, tables)
    rows = [
        _check_limit(limit, restated[name])
        for name, (_, limit) in model.limits.items()
        if name in restated
    ]
    rows += [
        _compare(name, spec.key, tables[name], again[name])
        for name, spec in model.outputs.items()
        if name in again
    ]
    limits = limits_table(model, restated)
    figures = [status_figures(outcome, {LIMITS.name: limits}).astype({"value": object})]
    figures += [again[SUMMARY.name]] if SUMMARY.name in again else []
    summary = pd.concat(figures, ignore_index=True)
    rows.append(_compare(LIMITS.name, LIMITS.key, tables[LIMITS.name], limits))
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
    }


def _check_limit(limit: Limit, frame: pd.DataFrame) -> dict[str, object]:
    used, allowed = frame["used"].to_numpy(float), frame["allowed"].to_numpy(float)
    excess = np.abs(used - allowed) if limit.sense == "==" else np.maximum(used - allowed, 0.0)
    scaled = excess / np.maximum(1.0, np.maximum(np.abs(np.nan_to_num(allowed)), np.abs(used)))
    scaled = np.where(np.isnan(scaled), np.inf, scaled)
    at = int(np.argmax(scaled)) if len(scaled) else 0
    keys = [c for c in frame.columns if c not in ("used", "allowed")]
    where = ", ".join(str(frame[k].iloc[at]) for k in keys) if len(scaled) else ""
    worst = float(scaled[at]) if len(scaled) else 0.0
    return _row(limit.name, f"used {limit.sense} allowed", len(frame), worst, where)


def recomputed_tables(
    data: Dataset, model: Model, tables: Mapping[str, pd.DataFrame]
) -> dict[str, pd.DataFrame]:
    """Give every table that follows from decisions, gathered over the families."""
    parts: dict[str, list[pd.DataFrame]] = {}
    for family in model.busy_families(data):
        for name, frame in family.recompute(data, tables).items():
            parts.setdefault(name, []).append(frame)
    return {
        name: pd.concat([f for f in frames if len(f)] or frames[:1], ignore_index=True)
        for name, frames in parts.items()
    }


def _compare(
    name: str, key: tuple[str, ...], table: pd.DataFrame, again: pd.DataFrame
) -> dict[str, object]:
    """Compare a table with what was recomputed of it, row by row of the same key."""
    check = "recomputed from the decisions"
    keys = list(key)
    left = table.assign(**{k: _as_key(table[k]) for k in keys})
    right = again.assign(**{k: _as_key(again[k]) for k in keys})
    if left.duplicated(keys).any() or right.duplicated(keys).any():
        return _row(name, check, len(table), np.inf, "a key stands twice")
    merged = left.merge(right, on=keys, how="outer", suffixes=("", "_again"), indicator=True)
    alone = merged["_merge"] != "both"
    if alone.any():
        row = merged[alone].iloc[0]
        return _row(name, check, len(table), np.inf, ", ".join(str(row[k]) for k in keys))
    worst, where = 0.0, ""
    for column in (c for c in again.columns if c not in keys):
        difference = _difference(merged[column], merged[f"{column}_again"])
        if len(difference) and difference.max() > worst:
            at = int(difference.argmax())
            worst = float(difference[at])
            where = ", ".join(str(merged[k].iloc[at]) for k in keys) + f": {column}"
    return _row(name, check, len(table), worst, where)


def _as_key(column: pd.Series) -> pd.Series:
    return column.astype(object).where(column.notna(), "").astype(str)


def _difference(given: pd.Series, again: pd.Series) -> np.ndarray:
    a, b = _numbers(given), _numbers(again)
    if a is None or b is None:
        same = (_as_key(given) == _as_key(again)).to_numpy()
        close = np.array([_close(x, y) for x, y in zip(given, again, strict=True)])
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
    """Whether two cells of a column of mixed kinds are the same number."""
    if not (isinstance(given, int | float) and isinstance(again, int | float)):
        return False
    return abs(given - again) <= TOLERANCE * max(1.0, abs(again))
