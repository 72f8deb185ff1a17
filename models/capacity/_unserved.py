"""Why demand cannot be served somewhere at some time: too far, not allowed, or too early."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Cell
from optalloc.modelling.limits import Cause

from ._building import active_sites
from ._calendar import calendar
from ._demand import asked
from ._network import arcs, network
from ._options import leads_by_option
from ._service import possible_service
from ._shortages import most_online

# Sites named in a sentence.
MOST = 4


def why_unserved(data: Dataset, workload: str, region: str, period: str) -> Iterator[Cause]:
    """Causes for which demand cannot be served in a period, whatever is decided.

    Sums over several demands (`Family.shortages`) are not among it.
    """
    reach = arcs(data)
    reach = reach[(reach["workload"] == workload) & (reach["region"] == region)]
    if reach.empty:
        yield from _out_of_reach(data, workload, region)
        return
    most = most_online(data)
    here = most[(most["period"] == period) & most["site"].isin(reach["site"])]
    if here["most_mw"].sum() > 0:
        return
    yield from _when_sites_can(data, list(dict.fromkeys(reach["site"])), period)


def too_little_by_then(data: Dataset, workload: str, region: str, period: str) -> Iterator[Cause]:
    """Causes for which sites within reach of a demand cannot serve all that is asked for by then.

    Those of `why_unserved` where nothing can; else the most that can be in service, and when sites
    can have more, where that is less than all demand of the period.
    """
    causes = list(why_unserved(data, workload, region, period))
    reach = arcs(data)
    reach = reach[(reach["workload"] == workload) & (reach["region"] == region)]
    most, wanted = most_online(data), asked(data)
    here = most[(most["period"] == period) & most["site"].isin(reach["site"])]
    wanted_mw = float(wanted.loc[wanted["period"] == period, "it_mw"].sum())
    most_mw = float(here["most_mw"].sum())
    if causes or reach.empty or most_mw >= wanted_mw:
        yield from causes
        return
    names = list(dict.fromkeys(reach["site"]))
    later = list(_when_sites_can(data, names, period, only_later=True))
    # Without later capacity it is room that is short.
    room: tuple[Cell, ...] = tuple(
        ("Sites", _row(data, "Sites", "site", name), "max_mw")
        for name in names[: 0 if later else MOST]
    )
    yield Cause(
        f"sites within reach can have at most {most_mw:,.6g} MW in service in {period}, where "
        f"{wanted_mw:,.6g} MW are asked for in all",
        room,
    )
    yield from later


def _when_sites_can(
    data: Dataset, names: list[str], period: str, only_later: bool = False
) -> Iterator[Cause]:
    """When sites can have new capacity in service, the soonest first."""
    first = possible_service(data).groupby("site")["position"].min()
    periods = calendar(data).index
    sites = active_sites(data).loc[names]
    sites = sites.assign(first=sites["site"].map(first).astype(float)).sort_values("first")
    if only_later:
        sites = sites[(sites["room_mw"] > 0) & (sites["first"] > periods.get_loc(period))]
    begin, by_option = float(calendar(data)["begin"][period]), leads_by_option(data)
    for at in sites.head(MOST).to_dict("records"):
        row = _row(data, "Sites", "site", str(at["site"]))
        if at["under_construction_mw"] > 0 and at["built_online"] > begin:
            yield Cause(
                f"what {at['site']} has under construction is in service from "
                f"{at['under_construction_online']:%Y-%m-%d} on",
                (("Sites", row, "under_construction_online"),),
            )
        if at["room_mw"] <= 0:
            yield Cause(f"{at['site']} has no room for more", (("Sites", row, "max_mw"),))
            continue
        since = "never within the periods"
        if np.isfinite(at["first"]):
            since = f"from {periods[int(at['first'])]} on"
        lead, cells, by = float(at["site_lead_months"]), _leads(data, row), ""
        if at["site"] in by_option.index and by_option["lead_months"][at["site"]] < lead:
            own = by_option.loc[at["site"]]
            lead, by = float(own["lead_months"]), f", by option {own['option']}"
            cells = (("Options", int(own["row"]), "lead_months"), *cells[1:])
        leads = f"{lead:g} and {at['block_lead_months']:g} months of lead{by}"
        yield Cause(f"{at['site']} can have new capacity in service {since}, after {leads}", cells)


def _out_of_reach(data: Dataset, workload: str, region: str) -> Iterator[Cause]:
    """The nearest site that is too far, or that its jurisdiction rules out."""
    row = _row(data, "Workloads", "workload", workload)
    rule: dict[Hashable, Any] = data["Workloads"].loc[row].to_dict()
    near = network(data)
    near = near[near["region"] == region].sort_values("latency_ms")
    if near.empty:
        yield Cause(f"no site has a connection to {region}", ())
        return
    nearest, limit = near.to_dict("records")[0], float(rule["max_latency_ms"])
    if nearest["latency_ms"] > limit:
        yield Cause(
            f"the nearest site to {region}, {nearest['site']}, is {nearest['latency_ms']:g} ms "
            f"away, and {workload} must be served within {limit:g} ms",
            (("Workloads", row, "max_latency_ms"),),
        )
        return
    within = near[~(near["latency_ms"] > limit)]["site"]
    cells: tuple[Cell, ...] = tuple(
        ("Residency", int(str(at)), "workload")
        for at in data["Residency"].index[data["Residency"]["workload"] == workload]
    )
    if rule["trusted_only"]:
        cells = (("Workloads", row, "trusted_only"), *cells)
    named = ", ".join(within.head(MOST))
    yield Cause(f"{workload} of {region} may not run where sites are near enough ({named})", cells)


def _leads(data: Dataset, row: int) -> tuple[Cell, ...]:
    names = ["site_lead_months", "block_lead_months"]
    if pd.notna(data.column("Sites", "earliest_start")[row]):
        names.append("earliest_start")
    return tuple(("Sites", row, name) for name in names)


def _row(data: Dataset, sheet: str, column: str, value: str) -> int:
    rows = data[sheet]
    return int(str(rows.index[rows[column] == value][0]))
