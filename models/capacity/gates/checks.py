"""Checks of gates."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.errors import Problem

from .._calendar import TINY_MONTHS, calendar, months_from_base
from .._period_ends import inside_periods
from .derived import gated_sites
from .sheets import COMMIT


def notices(data: Dataset) -> Iterator[Problem]:
    """Gates that hold nothing, that open beyond the horizon, or inside a period."""
    cal, rows = calendar(data), data["Gates"]
    if cal.empty or rows.empty:
        return
    held = set(gated_sites(data)["gate"])
    for row in rows.index[~rows["gate"].isin(held)]:
        at = rows.loc[row]
        column = "site" if pd.notna(at["site"]) else "jurisdiction"
        what = "a candidate" if at["holds"] == COMMIT else "a site that is not excluded"
        yield data.notice(
            "Gates",
            row,
            column,
            f"a gate that holds {at['holds']} is at {what}; this one holds nothing",
            "Nothing need be done, or change the status of the site.",
            "gate-holds-nothing",
        )
    opens = months_from_base(data, rows["opens"])
    for row in rows.index[opens > cal["begin"].max() + TINY_MONTHS]:
        yield data.notice(
            "Gates",
            row,
            "opens",
            "a gate opens by the first day of the last period; this one stays shut throughout",
            "Nothing need be done, or plan further ahead.",
            "gate-stays-shut",
        )
    known = opens.dropna()
    yield from inside_periods(
        data,
        pd.DataFrame(
            {"sheet": "Gates", "row": known.index, "column": "opens", "from": known, "to": np.inf}
        ),
        "what a gate holds is done from the first period that begins on its day or later",
    )
