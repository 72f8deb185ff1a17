"""Sums that cannot come out: what demand needs against the most that can be in service for it.

Every figure of what there can be is an upper bound, and every figure of what is needed a lower one,
so that a workbook with a plan is never said to be short.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset, derived

from ._building import active_sites, standing_mw
from ._calendar import TINY_MONTHS, calendar
from ._demand import positive_demand
from ._leases import most_leased
from ._network import covers
from ._service import possible_service

SITE_KEYS = ["site", "period"]
COVER_KEYS = ["cover", "period"]
COLUMNS = ["limit", "sentence", "needed", "available", "unit", "cells"]
# Shortages of less than this share are rounding.
TINY_SHARE = 1e-6

Cell = tuple[str, Any, str]


@derived
def most_online(data: Dataset) -> pd.DataFrame:
    """The most MW that each site can have in service in each period.

    Columns: site, period, ready_mw (what stands or may be leased), new_mw, most_mw, position.
    """
    service = possible_service(data, *SITE_KEYS, "room_mw")
    frame = standing_mw(data).merge(service, on=SITE_KEYS, how="left")
    frame = frame.merge(most_leased(data), on=SITE_KEYS, how="left")
    frame["ready_mw"] = frame["standing_mw"] + frame["leased_mw"].fillna(0.0)
    frame["new_mw"] = frame["room_mw"].fillna(0.0)
    frame["most_mw"] = frame["ready_mw"] + frame["new_mw"]
    return frame[[*SITE_KEYS, "ready_mw", "new_mw", "most_mw"]]


@derived
def must_serve(data: Dataset) -> pd.DataFrame:
    """Demand that must be met, with its row of Demand and what it takes with its reserve."""
    rows = positive_demand(data)
    rows = rows.assign(row=rows.index).merge(data["Workloads"], on="workload")
    rows = rows[rows["unmet_penalty_per_mw_year"].isna()]
    return rows.assign(needed=rows["it_mw"] * (1.0 + rows["reserve_share"])).reset_index(drop=True)


@derived
def needs(data: Dataset) -> pd.DataFrame:
    """Need of the demands of each cover by period: cover, period, needed, who, cells."""
    confined, _ = covers(data)
    rows = confined.merge(must_serve(data), on=["workload", "region"])
    found = []
    for (cover, period), own in rows.groupby(COVER_KEYS, sort=False):
        largest = own.sort_values("needed", ascending=False)
        first = largest.iloc[0]
        others = len(own) - 1
        who = f"{first['workload']} demand" + (f" and {others} more" if others else "")
        where = f"{first['region']} {period}"
        shares = sorted(set(own["reserve_share"]))
        kept = "" if shares == [0.0] else f" incl. {listed_shares(shares)} reserve"
        counted = data.column("Demand", "it_mw").isna()
        cells = [("Demand", r, "units" if counted[r] else "it_mw") for r in largest["row"].head(2)]
        found.append((cover, period, own["needed"].sum(), f"{where}: {who}", kept, cells))
    return pd.DataFrame(found, columns=[*COVER_KEYS, "needed", "who", "kept", "cells"])


def listed_shares(shares: list[float]) -> str:
    """Shares of load in percent, as a range where they differ.

    >>> listed_shares([0.1]), listed_shares([0.0, 0.125])
    ('10 %', '0 to 12.5 %')
    """
    low, high = 100 * shares[0], 100 * shares[-1]
    return f"{low:g} %" if low == high else f"{low:g} to {high:g} %"


def short_of(
    data: Dataset,
    limit: str,
    what: str,
    most: pd.DataFrame,
    supply_cells: Callable[[set[str], str], Iterable[Cell]],
    groups: Callable[[pd.DataFrame], pd.Series] | None = None,
) -> pd.DataFrame:
    """Covers whose demand is more than what can be in service, each in its worst period.

    Parameters
    ----------
    limit, what : str
        Limit that it is about, and what the capacity is called.
    most : pandas.DataFrame
        site, period, most_mw, and whatever `groups` asks for.
    supply_cells : callable
        From the sites of a cover and a period to the cells that its capacity comes from.
    groups : callable, optional
        From the rows of one cover and period to the most of each of its groups of sites; by default
        each site stands for itself.
    """
    _, covering = covers(data)
    asked = needs(data)
    if asked.empty or covering.empty:
        return nothing_short()
    reached = covering.merge(most, on="site")
    rows = []
    for (cover, period), own in reached.groupby(COVER_KEYS, sort=False):
        total = own["most_mw"].sum() if groups is None else groups(own).sum()
        rows.append((cover, period, float(total), frozenset(own["site"])))
    there = pd.DataFrame(rows, columns=[*COVER_KEYS, "available", "sites"])
    both = asked.merge(there, on=COVER_KEYS)
    both = both[both["available"] < both["needed"] * (1.0 - TINY_SHARE) - TINY_SHARE]
    worst = (both["needed"] - both["available"]).groupby(both["cover"]).idxmax()
    return pd.DataFrame(
        [
            (
                limit,
                f"{at['who']} {at['needed']:,.6g} MW{at['kept']}, {what} {at['available']:,.6g} MW",
                at["needed"],
                at["available"],
                "MW IT",
                [*at["cells"], *supply_cells(set(at["sites"]), str(at["period"]))],
            )
            for at in both.loc[worst].to_dict("records")
        ],
        columns=COLUMNS,
    )


def cells_of_sites(data: Dataset, within: set[str], period: str) -> list[Cell]:
    """The cells that keep sites from having more in service in a period, a few at most.

    The date of what is not yet ready before the room for more, and a life without a whole period.
    """
    now, sites = calendar(data).loc[period], active_sites(data)
    rows = rows_of_sites(data, within)
    at = sites.reindex(data.column("Sites", "site").loc[rows])
    late = np.isfinite(at["built_online"]) & (at["built_online"] > now["begin"] + TINY_MONTHS)
    short = (at["room_mw"] > 0) & (at["lasts_years"] < now["years"])
    columns = np.select([late, short], ["under_construction_online", "life_years"], "max_mw")
    return [("Sites", row, str(column)) for row, column in zip(rows, columns, strict=True)]


def rows_of_sites(data: Dataset, sites: set[str], most: int = 4) -> list[Any]:
    """Rows of Sites, a few at most."""
    named = data.column("Sites", "site")
    return named.index[named.isin(sites)].tolist()[:most]


def nothing_short() -> pd.DataFrame:
    """No shortage."""
    return pd.DataFrame(columns=COLUMNS)


def joined(frames: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Shortages of several kinds."""
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else nothing_short()


def capped(own: pd.DataFrame, group: str, cap: str) -> pd.Series:
    """The most of each group of sites: of its sites together, and no more than its cap."""
    total = own.groupby(group, dropna=False)["most_mw"].sum()
    caps = own.groupby(group, dropna=False)[cap].first()
    return total.clip(upper=caps.fillna(np.inf))
