"""Results as plain values that a page shows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

import pandas as pd

from optalloc.errors import Problem, Severity, gathered
from optalloc.modelling.outputs import TableSpec
from optalloc.plan.plan import Plan
from optalloc.report.findings import Findings

__all__ = ["finite", "headline", "problem_rows", "tables", "tables_of_findings"]

# Most problems and rows on a page; the marked copy and the workbook of tables have them all.
MOST_PROBLEMS, MOST_ROWS = 1000, 200


def finite(number: float) -> float | None:
    """The number; None if it is infinite or not there."""
    return number if math.isfinite(number) and abs(number) < 1e20 else None


def problem_rows(problems: Sequence[Problem]) -> dict[str, Any]:
    """Problems as a page shows them, errors first, and their number."""
    said = gathered(problems)
    ordered = sorted(said, key=lambda found: found.first.severity is not Severity.ERROR)
    rows = [
        {
            "where": found.where,
            "must": found.first.must,
            "found": found.first.found,
            "cells": len(found.problems),
            "action": found.first.action,
            "code": found.first.code,
            "error": found.first.severity is Severity.ERROR,
        }
        for found in ordered[:MOST_PROBLEMS]
    ]
    errors = sum(found.first.severity is Severity.ERROR for found in said)
    return {"problems": rows, "errors": errors, "more": max(len(said) - MOST_PROBLEMS, 0)}


def headline(plan: Plan) -> dict[str, Any]:
    """Cost, bound and gap of a plan, and why it stopped."""
    outcome = plan.outcome
    return {
        "policy": plan.is_policy,
        "quality": str(outcome.quality),
        "reason": str(outcome.stop_reason),
        "objective": finite(plan.cost),
        "bound": finite(plan.bound),
        "gap": finite(plan.gap),
        "seconds": sum(plan.seconds.values()),
        "notices": [str(notice) for notice in gathered(plan.notices)],
    }


def tables_of_findings(findings: Findings) -> list[dict[str, Any]]:
    """The tables behind findings, those with rows."""
    return tables(findings.tables, findings.specs)


def tables(frames: Mapping[str, pd.DataFrame], specs: Sequence[TableSpec]) -> list[dict[str, Any]]:
    """Tables with rows, as text, with a flag for each column of numbers."""
    shown = []
    for spec in specs:
        frame = frames[spec.name]
        if frame.empty:
            continue
        columns = [c for c in spec.columns if c.name in frame and _has_values(frame[c.name])]
        head = frame.head(MOST_ROWS)
        shown.append(
            {
                "name": spec.name,
                "meaning": spec.meaning,
                "columns": [
                    (c.name.replace("_", " "), c.unit, _is_number(frame[c.name].dropna().iloc[0]))
                    for c in columns
                ],
                "rows": [
                    [(_cell(row[c.name]), _is_number(row[c.name])) for c in columns]
                    for row in head.to_dict("records")
                ],
                "more": len(frame) - len(head),
            }
        )
    return shown


def _is_number(value: Any) -> bool:
    """True for a number; a flag is a word on the page."""
    return isinstance(value, Real) and not isinstance(value, bool)


def _has_values(column: pd.Series[Any]) -> bool:
    """True if a column is neither blank nor of empty texts."""
    return bool((column.notna() & (column != "")).any())


def _cell(value: Any) -> str:
    """A value as a page shows it."""
    if value is None or value is pd.NaT or value != value:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    if isinstance(value, int | float):
        return f"{value:,.0f}" if abs(value) >= 1e6 else f"{value:,.6g}"
    return str(value)
