"""Events with the sites that fail and the demands they serve, from the workbook alone."""

from __future__ import annotations

import pandas as pd

from optalloc.data.dataset import Dataset, derived

from .._building import active_sites
from .._calendar import calendar, within_window
from .._network import arcs
from .sheets import SCOPES, SUPPLIER


@derived
def lost_sites(data: Dataset) -> pd.DataFrame:
    """Which active sites fail with each member of each event: event, member, site."""
    sites = active_sites(data).reset_index(drop=True)
    groups = data["JurisdictionGroups"]
    rows: list[tuple[str, str, str]] = []
    events = data["LossEvents"]
    # The loss of a supplier takes no capacity away.
    for event in events[events["any_one"] != SUPPLIER].to_dict("records"):
        if not pd.isna(event["any_one"]):
            scope = SCOPES[event["any_one"]]
            named = sites.dropna(subset=[scope])
            rows += [
                (event["event"], *pair) for pair in zip(named[scope], named["site"], strict=True)
            ]
            continue
        own = data["LossMembers"][data["LossMembers"]["event"] == event["event"]]
        countries = {*own["jurisdiction"].dropna()}
        countries |= {*groups.loc[groups["group"].isin(own["group"].dropna()), "jurisdiction"]}
        fails = sites["site"].isin(own["site"].dropna())
        fails |= sites["grid_zone"].isin(own["zone"].dropna())
        fails |= sites["jurisdiction"].isin(countries)
        rows += [(event["event"], event["event"], site) for site in sites.loc[fails, "site"]]
    return pd.DataFrame(rows, columns=["event", "member", "site"])


@derived
def reach(data: Dataset) -> pd.DataFrame:
    """Demands and sites of each event: event, workload, region, site, one row for each arc."""
    events = data.columns("LossEvents", "event", "workload")
    pairs = events.merge(arcs(data, "workload", "region", "site"), how="cross", suffixes=("_", ""))
    named = pairs["workload_"].isna() | (pairs["workload_"] == pairs["workload"])
    return pairs[named].drop(columns="workload_").reset_index(drop=True)


@derived
def events_by_period(data: Dataset) -> pd.DataFrame:
    """Each event in which sites fail, in every period it must hold in, with its shares."""
    cal, events = calendar(data), data["LossEvents"]
    events = events[events["event"].isin(lost_sites(data)["event"])]
    rows = events.merge(cal.reset_index()[["period", "position"]], how="cross")
    return rows[within_window(rows, cal)].reset_index(drop=True)
