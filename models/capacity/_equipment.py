"""Which start needs which equipment when, from the workbook alone."""

from __future__ import annotations

import pandas as pd

from optalloc.data.dataset import Dataset, derived

from ._beginnings import possible_beginnings
from ._building import BEGINNING_KEYS
from ._calendar import begins_or_end, calendar, last_position_by


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
