"""Concessions where there is no plan: changes of cells beside limits that have rows.

A service that is too far, not trusted or not allowed has no variable, and so has a start that comes
too late. Each concession is a change of cells that lets one in.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.rounding import exceeds
from optalloc.modelling.limits import Concession

from ._building import active_sites
from ._calendar import TINY_MONTHS, calendar
from ._network import network, resident
from ._options import leads_by_option
from ._service import possible_service
from ._shortages import must_serve


def farther(data: Dataset) -> Iterator[Concession]:
    """Longer latency, distrust and residence elsewhere, for demand that must be served."""
    must = must_serve(data)[["workload", "region"]].drop_duplicates()
    sites = active_sites(data)
    far = must.merge(network(data), on="region").merge(data["Workloads"], on="workload")
    rows = pd.Series(data["Workloads"].index, index=data["Workloads"]["workload"])
    late = far[exceeds(far["latency_ms"], far["max_latency_ms"])]
    for key, own in late.groupby(["workload", "latency_ms"]):
        workload, latency = str(key[0]), float(own["latency_ms"].iloc[0])
        most = float(own["max_latency_ms"].iloc[0])
        yield Concession(
            limit="latency_within_limit",
            sentence=f"{workload} may run at {_listed(own['site'])}, {latency:g} ms away",
            edits=(("Workloads", int(rows[workload]), "max_latency_ms", latency),),
            points=(latency - most) / max(most, 1.0),
            about={"workload": workload},
        )
    trusted = data.column("Jurisdictions", "trusted", by="jurisdiction")
    if not sites["jurisdiction"].map(trusted).eq(True).all():
        for workload in far.loc[far["trusted_only"], "workload"].unique():
            yield Concession(
                limit="trusted_where_required",
                sentence=f"{workload} may run where it is not marked trusted",
                edits=(("Workloads", int(rows[workload]), "trusted_only", False),),
                points=1.0,
                about={"workload": str(workload)},
            )
    yield from _elsewhere(data, must)


def _elsewhere(data: Dataset, must: pd.DataFrame) -> Iterator[Concession]:
    """A further row of Residency for each jurisdiction with a site that has none."""
    allowed = resident(data)
    bound = must.merge(allowed[["workload", "region"]].drop_duplicates())
    places = active_sites(data, "jurisdiction")["jurisdiction"].dropna().unique()
    known = set(allowed[["workload", "region", "jurisdiction"]].itertuples(index=False, name=None))
    for workload, region in bound.itertuples(index=False, name=None):
        for place in places:
            if (workload, region, place) in known:
                continue
            cells = {"workload": workload, "region": region, "jurisdiction": place}
            new = data.new_row("Residency")
            yield Concession(
                limit="resident_where_required",
                sentence=f"{workload} of {region} may run in {place}",
                edits=tuple(("Residency", new, column, to) for column, to in cells.items()),
                points=1.0,
                about={"workload": str(workload), "region": str(region)},
            )


def _listed(names: pd.Series) -> str:
    unique = sorted(set(names))
    return unique[0] if len(unique) == 1 else f"{unique[0]} and {len(unique) - 1} more"


def in_service(data: Dataset) -> Iterator[Concession]:
    """All that lets a site have more in service in a period: leads, construction, lives."""
    yield from sooner(data)
    yield from _ready_sooner(data)
    yield from _living_longer(data)


def _ready_sooner(data: Dataset) -> Iterator[Concession]:
    """Capacity under construction that is ready some periods earlier."""
    cal = calendar(data).reset_index()
    for row, at in _rows(data, np.isfinite(active_sites(data, "built_online")["built_online"])):
        late = at["built_online"] - cal["begin"]
        for position in cal.index[late > TINY_MONTHS]:
            period, date = cal.loc[position, ["period", "date"]]
            yield Concession(
                limit="ready_by_construction_date",
                sentence=f"what is under construction at {at['site']} serves in {period}",
                edits=(("Sites", row, "under_construction_online", date),),
                points=float(late[position]) / 12.0,
                about={"period": str(period)},
            )


def _living_longer(data: Dataset) -> Iterator[Concession]:
    """A life as long as a period, where what is retired lives no whole one."""
    cal = calendar(data)
    for row, at in _rows(data, np.isfinite(active_sites(data, "lasts_years")["lasts_years"])):
        for period, years in cal["years"][cal["years"] > at["life_years"] + TINY_MONTHS].items():
            yield Concession(
                limit="served_within_life",
                sentence=f"what is built at {at['site']} can serve {period}",
                edits=(("Sites", row, "life_years", float(years)),),
                points=float(years / at["life_years"]) - 1.0,
                about={"period": str(period)},
            )


def _row_of_site(data: Dataset) -> pd.Series:
    """Label of the row of each site, by its name."""
    named = data.column("Sites", "site")
    return pd.Series(named.index, index=named)


def _rows(data: Dataset, chosen: pd.Series) -> Iterator[tuple[int, pd.Series]]:
    """Chosen sites with the labels of their rows."""
    rows = _row_of_site(data)
    sites = active_sites(data)
    for site, at in sites[chosen].iterrows():
        yield int(rows[str(site)]), at


def sooner(data: Dataset) -> Iterator[Concession]:
    """Shorter leads, or an earlier start, with which a site is in service some periods earlier."""
    cal, sites = calendar(data), active_sites(data)
    service = possible_service(data)
    first = service.groupby("site")["position"].min()
    rows, by_option = _row_of_site(data), leads_by_option(data)
    for site, at in sites[sites["room_mw"] > 0].iterrows():
        for position in range(int(first.get(str(site), len(cal)))):
            yield from _in_service_by(cal, at, int(rows[str(site)]), position, by_option)


def _in_service_by(
    cal: pd.DataFrame, at: pd.Series, row: int, position: int, by_option: pd.DataFrame
) -> Iterator[Concession]:
    """Ways for one site to be in service by a period, each a change of one cell.

    It is committed in the first period at best, and building begins on its earliest start at best.
    """
    moment, period = float(cal["begin"].iloc[position]), str(cal.index[position])
    block = float(at["block_lead_months"])
    # Leads of the permit: the site's own, and that of an option on it.
    permit = [] if at["is_open"] else [(("Sites", row, "site_lead_months"), at["site_lead_months"])]
    if permit and at["site"] in by_option.index:
        own = by_option.loc[at["site"]]
        permit.append((("Options", int(own["row"]), "lead_months"), own["lead_months"]))
    site = min((float(lead) for _, lead in permit), default=0.0)
    for_both = moment - float(cal["begin"].iloc[0])
    for_block = moment - max(float(cal["begin"].iloc[0]), float(at["earliest"]))
    choices = [(("Sites", row, "block_lead_months"), block, min(for_block, for_both - site))]
    if block <= for_block + TINY_MONTHS:
        choices += [(cell, float(lead), for_both - block) for cell, lead in permit]
    for cell, lead, left in choices:
        if 0 <= left < lead - TINY_MONTHS:
            yield Concession(
                limit="service_after_both_leads",
                sentence=f"{at['site']} can be in service by {period}",
                edits=((*cell, left),),
                points=(lead - left) / lead,
                about={"period": period},
            )
    soon = cal[cal["begin"] <= moment - block + TINY_MONTHS]
    if for_both >= site + block - TINY_MONTHS and len(soon) and for_block < block - TINY_MONTHS:
        start = soon["date"].iloc[-1]
        yield Concession(
            limit="service_after_both_leads",
            sentence=f"{at['site']} can be in service by {period}",
            edits=(("Sites", row, "earliest_start", start),),
            points=max(float(at["earliest"] - soon["begin"].iloc[-1]), 0.0) / 12.0,
            about={"period": period},
        )
