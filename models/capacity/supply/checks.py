"""Checks on equipment across rows and sheets."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from optalloc.data.dataset import Dataset
from optalloc.errors import Problem

from .._beginnings import possible_beginnings
from .._building import SERVICE_COLUMNS
from .._calendar import TINY_MONTHS, calendar


def check(data: Dataset) -> Iterator[Problem]:
    """Every class has a supplier and can be there in time."""
    needs = data["EquipmentNeeds"]
    offered = set(data["Equipment"]["equipment"].dropna())
    for row, name in needs.loc[~needs["equipment"].isin(offered), "equipment"].items():
        if not data.might_hold("Equipment", equipment=name):
            yield data.problem(
                "EquipmentNeeds",
                row,
                "equipment",
                "a class that starts need must be on sheet Equipment",
                "Add what suppliers have of it, or take the row out.",
                "equipment-without-supplier",
            )
    yield from _check_time(data)


def _check_time(data: Dataset) -> Iterator[Problem]:
    """No start needs equipment before the first period, for which nothing can be ordered."""
    needs = data["EquipmentNeeds"]
    known = data.sound("Settings", "base_date", "life_years") and data.sound("Periods")
    if needs.empty or not known:
        return
    cal, starts = calendar(data), possible_beginnings(data)
    starts = starts[starts["site"].isin(data.known("Sites", *SERVICE_COLUMNS)["site"])]
    begins = cal["begin"].to_numpy()
    months = begins[starts["online_position"].to_numpy(int)] - begins[0]
    if not len(months):
        return
    soonest = starts.iloc[int(np.argmin(months))]
    for row in needs.index[needs["months_before_online"] > months.min() + TINY_MONTHS]:
        yield data.problem(
            "EquipmentNeeds",
            row,
            "months_before_online",
            f"months_before_online must be at most {months.min():g}, as a start at "
            f"{soonest['site']!r} can be online {months.min():g} months after the first period begins",
            "Lower it, or give the site a longer lead or a later earliest_start.",
            "needed-too-early",
        )
