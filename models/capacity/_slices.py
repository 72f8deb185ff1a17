"""Slices of the year: their hours, and what loads, contracts and prices are in each.

Shared by the families that balance energy slice by slice. A year of one slice is not divided: it
has no slices here, and the program is as without the sheet.
"""

from __future__ import annotations

import pandas as pd

from optalloc.data.dataset import Dataset, derived

from ._calendar import calendar

HOURS_PER_YEAR = 8760
SLICE_KEYS = ["site", "period", "slice"]


@derived
def slices(data: Dataset) -> pd.DataFrame:
    """Slices of a year that is divided: slice, day_type, and share, of the hours of the year.

    A slice without a day type is one of its own, named after it. Hours that are rounded are scaled
    to the year.
    """
    rows = data["Slices"]
    rows = rows if len(rows) > 1 else rows.iloc[:0]
    day_type = rows["day_type"].where(rows["day_type"].notna(), rows["slice"])
    share = rows["hours_per_year"] / rows["hours_per_year"].sum()
    return pd.DataFrame({"slice": rows["slice"], "day_type": day_type, "share": share})


def shares_of_year(data: Dataset) -> dict[str, float]:
    """Share of the year of each slice on the sheet, for audits; rounded hours are scaled."""
    hours = data["Slices"].set_index("slice")["hours_per_year"]
    return {str(name): float(own) for name, own in (hours / hours.sum()).items()}


def slice_hours(data: Dataset, keys: pd.DataFrame) -> pd.Series:
    """Hours of the slice and period of each key."""
    years = keys["period"].map(calendar(data)["years"]).astype(float)
    share = keys["slice"].map(slices(data).set_index("slice")["share"]).astype(float)
    return years * share * HOURS_PER_YEAR


def _in_slices(
    data: Dataset, subjects: pd.DataFrame, sheet: str, keys: list[str], column: str, usual: str
) -> pd.DataFrame:
    """Each subject in each slice: the value of its row, or its usual one where it has none.

    Values that are rounded are scaled, so that the mean over the hours of a year is the usual one:
    what holds for the year would not follow from its slices otherwise.
    """
    rows = data.columns(sheet, *keys, "slice", column)
    every = subjects.merge(slices(data, "slice", "share"), how="cross").merge(
        rows, on=[*keys, "slice"], how="left"
    )
    own, stated = every[column].astype(float), every[usual].astype(float)
    value = own.where(own.notna(), stated)
    mean = (value * every["share"]).groupby([every[key] for key in keys]).transform("sum")
    scaled = value * (stated / mean.where(mean > 0)).fillna(1.0)
    return every.assign(**{column: scaled})[[*keys, "slice", column]]


@derived
def availability_in_slices(data: Dataset) -> pd.DataFrame:
    """Energy that an active MW of each contract delivers an hour: contract, slice, available."""
    offered = data.columns("Contracts", "contract", "availability")
    return _in_slices(data, offered, "ContractSlices", ["contract"], "available", "availability")


@derived
def load_in_slices(data: Dataset) -> pd.DataFrame:
    """Load of each workload per MW served: workload, slice, load, shiftable_share of it."""
    loads = data.columns("Workloads", "workload", "load_factor")
    frame = _in_slices(data, loads, "WorkloadSlices", ["workload"], "load", "load_factor")
    shiftable = data.columns("WorkloadSlices", "workload", "slice", "shiftable_share")
    frame = frame.merge(shiftable, on=["workload", "slice"], how="left")
    return frame.assign(shiftable_share=frame["shiftable_share"].astype(float).fillna(0.0))


@derived
def price_factors(data: Dataset) -> pd.DataFrame:
    """Spot price of each zone in each slice over its price of the period: zone, slice, factor."""
    zones = data.columns("PowerPrices", "zone").drop_duplicates().assign(usual=1.0)
    return _in_slices(data, zones, "SpotSlices", ["zone"], "price_factor", "usual")


def least_output(data: Dataset) -> pd.Series:
    """Least availability of each contract in a slice in which it delivers at all, by contract."""
    available = availability_in_slices(data)
    least = available[available["available"] > 0].groupby("contract")["available"].min()
    usual = data.column("Contracts", "availability", by="contract").astype(float)
    return least.reindex(usual.index).fillna(usual).clip(upper=usual)


def firm_output(data: Dataset) -> pd.Series:
    """Peak that an active MW of each contract covers on site: its least output over its mean one.

    1 where it delivers evenly, as in a year that is whole.
    """
    least = availability_in_slices(data).groupby("contract")["available"].min()
    usual = data.column("Contracts", "availability", by="contract").astype(float)
    return (least / usual).reindex(usual.index).fillna(1.0).clip(upper=1.0)


def most_made_up(data: Dataset) -> float:
    """Most load that a slice can take, over what falls in it; 1 where none can be put off."""
    loads = load_in_slices(data)
    share = float(loads["shiftable_share"].max()) if len(loads) else 0.0
    return 1.0 + share * (day_over_slice(data) - 1.0) if share > 0 else 1.0


def day_over_slice(data: Dataset) -> float:
    """Hours of a type of day over those of a slice of it, at most."""
    each = slices(data)
    days = each.groupby("day_type")["share"].transform("sum")
    return float((days / each["share"]).max())
