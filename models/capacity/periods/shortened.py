"""The workbook with an earlier end: what a plan sees that does not look further."""

from __future__ import annotations

import pandas as pd

from optalloc.data.dataset import Dataset

PERIOD = "Periods.period"


def shortened(data: Dataset, until: pd.Timestamp) -> dict[str, pd.DataFrame]:
    """Rows of Periods that begin before a day, and of other sheets those about these periods.

    A window of periods keeps its ends as they are: a period that is gone comes after all others
    (`positions`). Capital that outlives the last period left is credited at its end.
    """
    periods = data["Periods"]
    periods = periods[periods["start"] < until]
    frames = {"Periods": periods}
    for name, sheet in data.sheets.items():
        if any(column.refers_to == PERIOD for column in sheet.columns if column.name == "period"):
            about = data[name]["period"]
            frames[name] = data[name][about.isna() | about.isin(periods["period"])]
    return frames
