"""Which start needs which equipment when, and what suppliers have, from the workbook alone."""

from __future__ import annotations

import pandas as pd

from optalloc.data.dataset import Dataset, derived

from .._beginnings import possible_beginnings
from .._building import BEGINNING_KEYS
from .._calendar import begins_or_end, calendar, carried_forward, last_position_by
from .._money import to_workbook_currency
from .sheets import ORDER_KEYS, PAIR


@derived
def uses(data: Dataset) -> pd.DataFrame:
    """Which beginning needs which class when: equipment, site, start, begins, period, jurisdiction.

    ``start`` is the period of the start, ``period`` the one in which its units are needed: the one
    that contains the moment so many months before its capacity can be online.
    """
    cal = calendar(data)
    columns = [*BEGINNING_KEYS, "jurisdiction", "online_position"]
    starts = possible_beginnings(data)[columns].rename(columns={"period": "start"})
    online = begins_or_end(cal)[starts["online_position"].to_numpy(int)]
    starts = starts[["site", "start", "begins", "jurisdiction"]].assign(online=online)
    needs = data.columns("EquipmentNeeds", "equipment", "units_per_mw", "months_before_online")
    pairs = needs.merge(starts, how="cross")
    needed = last_position_by(cal, pairs["online"] - pairs["months_before_online"])
    return pairs.assign(period=cal.index.to_numpy()[needed])


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
