"""Why a site is in a plan or out of it, as far as that is known without solving again."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from optalloc.data.dataset import Dataset, recalled

from ._building import active_sites, site_costs
from ._calendar import calendar
from ._network import arcs
from ._service import possible_service

ASK = "optalloc explain tells what building there would add"


@dataclass(frozen=True)
class _Known:
    """Data of all sites by which reasons are given.

    Parameters
    ----------
    soonest : dict
        First day on which something new can be in service, by site.
    serving : set of str
        Sites that some demand may be served from.
    cost_per_mw : pandas.Series
        Site and building in M of one MW where all its room is built, by site that may be of use.
    """

    soonest: Mapping[Hashable, pd.Timestamp]
    serving: set[str]
    cost_per_mw: pd.Series


def _known(data: Dataset) -> _Known:
    service = possible_service(data)
    first = service.groupby("site")["position"].min().map(calendar(data)["date"].iloc.__getitem__)
    serving = set(arcs(data, "site")["site"])
    sites = active_sites(data, "is_open", "room_mw")
    sites = sites[sites.index.isin(first.index) & sites.index.isin(serving)]
    costs = site_costs(data).reindex(sites.index)
    opening = costs["site_cost"].where(~sites["is_open"], 0.0)
    cost = costs["build_cost_per_mw"] + opening / sites["room_mw"]
    return _Known(first.to_dict(), serving, cost)


def reasons(data: Dataset, listed: pd.DataFrame) -> list[str]:
    """Say of each site why it is in or out.

    Parameters
    ----------
    data : Dataset
    listed : pandas.DataFrame
        One row per site of the workbook: site, plan, committed, first_start, first_online,
        standing_mw, started_mw, max_mw.

    Returns
    -------
    list of str
        In the order of the rows. Only what is certain is said to be a reason.
    """
    known, sites = recalled(_known, data), active_sites(data, "is_open", "room_mw").to_dict("index")
    built = known.cost_per_mw[known.cost_per_mw.index.isin(listed["site"][listed["plan"] == "new"])]
    said = []
    for row in listed.to_dict("records"):
        if row["plan"] == "excluded":
            said.append("The workbook excludes it: its status on Sites says so.")
        elif row["plan"] in ("new", "extended"):
            said.append(_taken(row, sites[row["site"]]))
        else:
            said.append(_left(row, sites[row["site"]], known, built))
    return said


def _taken(row: Mapping[Hashable, Any], site: Any) -> str:
    """State what is built there, and when."""
    words = []
    if row["plan"] == "new":
        words.append(f"Committed from {_day(row['committed'])}")
    else:
        words.append(_standing(row))
    room, started = _mw(site["room_mw"]), _mw(row["started_mw"])
    if row["started_mw"] > 0:
        much = f"all {room} MW" if room == started else f"{started} of {room} MW"
        words.append(f"{much} that it has room for are started, from {_day(row['first_start'])}")
    else:
        words.append("nothing is started there")
    if pd.notna(row["first_online"]):
        words.append(f"the first of it is in service from {_day(row['first_online'])}")
    return "; ".join(words) + "."


def _left(row: Mapping[Hashable, Any], site: Any, known: _Known, built: pd.Series) -> str:
    """Why nothing is started there, if that is certain; else what can be said of its cost."""
    name = row["site"]
    head = f"{_standing(row)}; " if site["is_open"] else ""
    if site["room_mw"] <= 0:
        why = f"no room is left of the {_mw(row['max_mw'])} MW that it can hold"
    elif name not in known.soonest:
        why = (
            "nothing that is built there could be in service by the last period, as its leads and "
            "its earliest start on Sites are"
        )
    elif name not in known.serving:
        why = (
            "no demand may be served from there, as latency, residence and trust are in the "
            "workbook"
        )
    else:
        why = (
            f"up to {_mw(site['room_mw'])} MW could be built, in service from "
            f"{_day(known.soonest[name])} at the soonest. "
            f"{_cost(name, known.cost_per_mw, built)}. {ASK}"
        )
    words = head + why
    return f"{words[0].upper()}{words[1:]}."


def _cost(name: str, cost_per_mw: pd.Series, built: pd.Series) -> str:
    """Where its cost lies among the others', and beside those that are built on."""
    cheaper = int((cost_per_mw < cost_per_mw[name]).sum())
    said = (
        f"Site and building cost {cost_per_mw[name]:,.2f} M per MW (components, power and network "
        f"apart): {cheaper or 'none'} of {len(cost_per_mw)} sites that could be built on cost less"
    )
    if built.empty:
        return said
    least, most = built.min(), built.max()
    span = f"{least:,.2f} M" if len(built) == 1 else f"{least:,.2f} to {most:,.2f} M"
    return f"{said}; new sites of the plan cost {span}"


def _standing(row: Mapping[Hashable, Any]) -> str:
    if row["standing_mw"] > 0:
        return f"Stands with {_mw(row['standing_mw'])} MW"
    return "Committed already"


def _day(day: Any) -> str:
    return f"{day:%Y-%m-%d}"


def _mw(mw: float) -> str:
    """Power without the last digits, in which two ways of adding it up may differ."""
    return f"{round(mw, 4):,.9g}"
