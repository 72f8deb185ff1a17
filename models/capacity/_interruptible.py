"""Interruptible connections: MW that a site is offered on such terms, and when they are cut off.

Shared by the families that limit what is drawn from the grid.
"""

from __future__ import annotations

import pandas as pd

from optalloc.data.dataset import Dataset, derived

from ._building import site_periods
from ._calendar import calendar, carried_forward
from ._contracts import SITE_KEYS, sources
from ._money import to_workbook_currency
from ._slices import SLICE_KEYS, slices


@derived
def interruptible_offers(data: Dataset) -> pd.DataFrame:
    """MW on offer at sites and in periods: site, period, max_mw, fee_per_mw_year.

    In the currency of the workbook. Only where energy is balanced slice by slice, as what a site
    draws while it is cut off is not known elsewhere.
    """
    rows = to_workbook_currency(data, data["Interruptible"], ["fee_per_mw_year"])
    given = carried_forward(rows, calendar(data), ["site"])
    balanced = sources(data).drop_duplicates() if len(slices(data)) else sources(data).iloc[:0]
    frame = site_periods(data, *SITE_KEYS).merge(balanced, on=SITE_KEYS)
    frame = frame.merge(given, on=SITE_KEYS)
    return frame.loc[frame["max_mw"] > 0, [*SITE_KEYS, "max_mw", "fee_per_mw_year"]]


def cut_shares(data: Dataset) -> pd.DataFrame:
    """Share of what is drawn on such terms that is cut off: site, period, slice, cut_share."""
    rows = data.columns("Interruptions", "site", "slice", "cut_share")
    frame = interruptible_offers(data)[SITE_KEYS].merge(rows, on="site")
    return frame.loc[frame["cut_share"] > 0, [*SLICE_KEYS, "cut_share"]]


def storage_beside_peak(data: Dataset) -> pd.DataFrame:
    """Storage at sites of firm connections with the share of its MW that the peak leaves out.

    What it draws then comes through the firm connection. None where that gives nothing, or where
    the zone carries nothing.

    Columns: storage, site, period, beside_share.
    """
    rows = data.columns("Storage", "storage", "site", "peak_share").dropna(subset=["site"])
    rows = rows.assign(beside_share=1.0 - rows["peak_share"])
    frame = rows[rows["beside_share"] > 0].merge(interruptible_offers(data)[SITE_KEYS], on="site")
    given = carried_forward(data["PowerRamp"], calendar(data), ["site"])
    energised = frame[SITE_KEYS].merge(given, on=SITE_KEYS, how="left")["energised_mw"]
    limited = frame["site"].isin(data.column("PowerRamp", "site"))
    zone = frame["site"].map(data.column("Sites", "grid_zone", by="site"))
    full = data.columns("GridZones", "zone", "period", "max_total_mw")
    full = full[full["max_total_mw"] <= 0]
    shut = pd.MultiIndex.from_arrays([zone, frame["period"]]).isin(
        pd.MultiIndex.from_frame(full[["zone", "period"]])
    )
    firm = ~shut & ((energised > 0).to_numpy() | ~limited)
    return frame.loc[firm, ["storage", *SITE_KEYS, "beside_share"]].reset_index(drop=True)
