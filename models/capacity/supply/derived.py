"""Units that suppliers have, from the workbook alone."""

from __future__ import annotations

import pandas as pd

from optalloc.data.dataset import Dataset, derived

from .._calendar import calendar, carried_forward
from .._money import to_workbook_currency
from .sheets import ORDER_KEYS, PAIR


@derived
def supply(data: Dataset) -> pd.DataFrame:
    """Units of a class that each supplier has, in every period from its first row on.

    Columns: ORDER_KEYS, unit_cost, chain (runs of periods from which units carry over into the
    next), and window_units: all units of the chain up to the period.
    """
    cal, given = calendar(data), to_workbook_currency(data, data["Equipment"], ["unit_cost"])
    frame = carried_forward(given.drop(columns="available_units"), cal, PAIR)
    frame = frame.merge(given[[*ORDER_KEYS, "available_units"]], on=ORDER_KEYS, how="left")
    carries = frame["carries_over"].astype(bool)
    begins = ~carries.groupby([frame[name] for name in PAIR]).shift(1, fill_value=False)
    frame["chain"] = begins.cumsum()
    units = frame["available_units"].fillna(0.0)
    frame["window_units"] = units.groupby(frame["chain"]).cumsum()
    return frame[[*ORDER_KEYS, "unit_cost", "chain", "window_units"]]
