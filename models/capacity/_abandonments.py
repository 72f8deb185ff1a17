"""Sites that may be abandoned and when, and those that a plan abandons."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from optalloc.data.dataset import Dataset, derived

from ._beginnings import PERMIT_KEYS, permits, possible_beginnings
from ._building import KEYS, active_sites
from ._calendar import calendar, within_window
from ._money import to_workbook_currency

LEFT_KEYS = [*PERMIT_KEYS, "period"]
DROP_KEYS = ["site", "start", "begins", "period"]
MONEY = ["cost", "cost_per_mw", "recovered", "recovered_per_mw"]


def abandonable(data: Dataset) -> pd.DataFrame:
    """Rows of Abandonments, indexed by site, money in the workbook's currency.

    Those of candidates, and of committed sites where nothing stands or is under construction. Adds
    is_open.
    """
    rows = to_workbook_currency(data, data["Abandonments"], MONEY)
    sites = active_sites(data, "site", "is_open", "existing_mw", "under_construction_mw", "status")
    stands = sites["existing_mw"] + sites["under_construction_mw"] > 0
    free = sites[(sites["status"] != "existing") & ~stands]
    rows = rows[rows["site"].isin(free["site"])]
    is_open = rows["site"].map(free["is_open"]).astype(bool)
    return rows.assign(is_open=is_open).set_index("site", drop=False)


@derived
def possible_abandonments(data: Dataset) -> pd.DataFrame:
    """Each site and period in which it can be abandoned: KEYS, position, begin, before, is_open.

    A candidate is committed in a period before. ``before`` is the period before in the window, or
    None.
    """
    cal = calendar(data).reset_index()[["period", "position", "begin"]]
    columns = ["site", "is_open", "first_period", "last_period"]
    frame = abandonable(data)[columns].reset_index(drop=True).merge(cal, how="cross")
    may = within_window(frame, calendar(data)) & (frame["is_open"] | (frame["position"] > 0))
    frame = frame[may].reset_index(drop=True)
    frame["before"] = frame.groupby("site")["period"].shift(1)
    return frame[[*KEYS, "position", "begin", "before", "is_open"]]


@derived
def left(data: Dataset) -> pd.DataFrame:
    """Each permit with each later period in which its site can be abandoned: LEFT_KEYS, begin."""
    given = permits(data, *PERMIT_KEYS, "position").rename(columns={"position": "committed"})
    both = given.merge(possible_abandonments(data), on="site")
    both = both[(both["committed"] < both["position"]) & ~both["is_open"]]
    return both[[*LEFT_KEYS, "begin"]].reset_index(drop=True)


@derived
def drops(data: Dataset) -> pd.DataFrame:
    """Each beginning with each later period in which its site can be abandoned.

    Columns: DROP_KEYS, begin; position of the period; online_position and gone_position of what
    begins.
    """
    own = ["site", "period", "begins", "position", "online_position", "gone_position"]
    starts = possible_beginnings(data, *own)
    starts = starts.rename(columns={"period": "start", "position": "started"})
    both = starts.merge(possible_abandonments(data), on="site")
    both = both[both["started"] < both["position"]]
    columns = [*DROP_KEYS, "begin", "position", "online_position", "gone_position"]
    return both[columns].reset_index(drop=True)


def abandoned_in_plan(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, int]:
    """Position of the period in which a plan abandons a site, by site."""
    rows = tables["Abandoned"]
    at = rows["period"].map(calendar(data)["position"])
    return {str(site): int(position) for site, position in zip(rows["site"], at, strict=True)}
