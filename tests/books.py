"""Small workbooks for tests: start from one site and one demand, change what a test is about."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

import optalloc

Rows = Sequence[Mapping[str, Any]]
Book = dict[str, list[dict[str, Any]]]

BASE: Book = {
    "Settings": [
        {
            "name": "test",
            "currency": "USD",
            "base_date": "2027-01-01",
            "discount_rate": 0,
            "residual_value": "no",
            "gap": 0,
            "threads": 1,
        }
    ],
    "Periods": [{"period": "Y1", "start": "2027-01-01", "months": 12}],
    "Sites": [{"site": "A", "status": "candidate", "max_mw": 100, "build_cost_per_mw": 10}],
    "Workloads": [{"workload": "load"}],
    "Demand": [{"workload": "load", "region": "R", "period": "Y1", "it_mw": 40}],
    "Network": [{"site": "A", "region": "R", "latency_ms": 10}],
}


def years(count: int, months: int = 12) -> list[dict[str, Any]]:
    """Periods Y1, Y2, ... of equal length from 2027-01-01."""
    starts = pd.date_range("2027-01-01", periods=count, freq=f"{months}MS")
    return [
        {"period": f"Y{k}", "start": start.date().isoformat(), "months": months}
        for k, start in enumerate(starts, start=1)
    ]


def demand(*it_mw: float, workload: str = "load", region: str = "R") -> list[dict[str, Any]]:
    """One region's demand for periods Y1, Y2, ..."""
    return [
        {"workload": workload, "region": region, "period": f"Y{k}", "it_mw": mw}
        for k, mw in enumerate(it_mw, start=1)
    ]


def book(**sheets: Rows | Mapping[str, Any]) -> Book:
    """The base workbook with some sheets replaced.

    A mapping changes the columns of the sheet's first row; a list replaces its rows.
    """
    made = copy.deepcopy(BASE)
    for sheet, rows in sheets.items():
        if isinstance(rows, Mapping):
            made.setdefault(sheet, [{}])[0].update(rows)
        else:
            made[sheet] = [dict(row) for row in rows]
    return made


def write(made: Book, folder: Path) -> Path:
    """Write a workbook as a folder of CSV files."""
    folder.mkdir(parents=True, exist_ok=True)
    for sheet, rows in made.items():
        frame = pd.DataFrame(rows)
        if sheet == "Settings":
            frame = pd.DataFrame(list(rows[0].items()), columns=["setting", "value"])
        frame.to_csv(folder / f"{sheet}.csv", index=False)
    return folder


def solve(made: Book, folder: Path, **options: Any) -> optalloc.Plan:
    """Solve a workbook to optimality, audited like any other."""
    return optalloc.solve(write(made, folder), **options)
