"""Resilience: what still stands when a site, zone, jurisdiction or a named set of them is lost.

In words
    For every event, whichever of its members fails, what is left covers the stated share of the
    demand that is served: in total, over the sites that may serve it (strength ``capacity``), or
    re-routed within latency and residency (strength ``deliverable``).
Data
    LossEvents, LossMembers; grid_zone and jurisdiction of Sites.
Decides
    ``lost_mw[event, period]``, no less than what any member loses.
Limits
    For an event ``e`` and each of its members ``k``, over the sites and demands of its reach:
    ``share_covered[e] sum_wri served[w,r,i,p] + lost[e,p] <= sum_i online[i,p]`` with
    ``share_lost[e] sum_{i in k} online[i,p] <= lost[e,p]``. Deliverable: for every set ``U`` of
    demands, ``share_covered[e] sum_wr served[w,r,p] <= sum_{wr not in U} served[w,r,p] +
    sum_{i reaching U} left[e,k,i] online[i,p]``, where ``left[e,k,i]`` is 1, less share_lost[e] where
    i fails with k; by max-flow min-cut this says that the share can be re-routed. There are too many
    sets to list: the least cut of each network that cannot carry its load is added when it is found.
Reads and posts
    Reads ``online_mw`` and ``served_mw``.
Source
    N-1 planning of power systems, on sites of an event's reach; Ford and Fulkerson (1956),
    doi:10.4153/CJM-1956-045-5, and Benders cuts of network design (Magnanti and Wong, 1984,
    doi:10.1287/trsc.18.1.1).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyomo.environ as pyo
import scipy.sparse as sp
from scipy.optimize import linprog

from optalloc.cuts import Cuts
from optalloc.dataset import Dataset, remembered
from optalloc.errors import Problem
from optalloc.exhibits import Report, Snapshot
from optalloc.family import Family, Limit, Relax, TableSpec
from optalloc.program import Ledgers, frame_of, index_set, indexed_set, parameter
from optalloc.schema import Column, Kind, Missing, Sheet
from optalloc.values import Values

from ._building import active_sites
from ._calendar import calendar, within_window
from ._flows import Routes, least_cut
from ._network import arcs
from ._shortages import COLUMNS, TINY_SHARE, most_online, must_serve

CAPACITY, DELIVERABLE = "capacity", "deliverable"
SUPPLIER = "supplier"
SCOPES = {"site": "site", "zone": "grid_zone", "jurisdiction": "jurisdiction"}

# Columns of LossMembers, of which a row fills in one.
NAMED = ("site", "zone", "jurisdiction", "group", "supplier", "supplier_group")

LOSS_EVENTS = Sheet(
    name="LossEvents",
    meaning="What may fail, and the share of demand that must still be covered then.",
    key=("event",),
    missing=Missing.NOTHING,
    columns=(
        Column(
            name="event",
            kind=Kind.TEXT,
            names="loss event",
            meaning="Name of the event.",
            example="strait closed",
        ),
        Column(
            name="any_one",
            kind=Kind.CHOICE,
            meaning="Any one site, zone, jurisdiction or supplier fails, each by itself.",
            choices=(*SCOPES, SUPPLIER),
            blank=None,
            blank_means="what LossMembers lists fails together",
        ),
        Column(
            name="workload",
            kind=Kind.TEXT,
            meaning="Workload that must be covered.",
            blank=None,
            blank_means="all workloads",
            refers_to="Workloads.workload",
        ),
        Column(
            name="share_lost",
            kind=Kind.NUMBER,
            unit="share",
            meaning="Share of the capacity of what fails that is lost.",
            blank=1,
            above=0,
            at_most=1,
            example=1,
        ),
        Column(
            name="share_covered",
            kind=Kind.NUMBER,
            unit="share",
            meaning="Share of the demand served that must still be covered; of the equipment needed, where suppliers fail.",
            at_least=0,
            at_most=1,
            example=0.7,
        ),
        Column(
            name="strength",
            kind=Kind.CHOICE,
            meaning="capacity: what is left is enough in total; deliverable: it can be re-routed within latency and residency.",
            choices=(CAPACITY, DELIVERABLE),
            blank=CAPACITY,
            example=CAPACITY,
        ),
        Column(
            name="first_period",
            kind=Kind.TEXT,
            meaning="First period in which it must hold.",
            blank=None,
            blank_means="from the first period on",
            refers_to="Periods.period",
        ),
        Column(
            name="last_period",
            kind=Kind.TEXT,
            meaning="Last period in which it must hold.",
            blank=None,
            blank_means="to the last period",
            refers_to="Periods.period",
        ),
    ),
)

LOSS_MEMBERS = Sheet(
    name="LossMembers",
    meaning="What fails together in an event; one site, zone, jurisdiction, group or supplier a row.",
    key=("event", *NAMED),
    missing=Missing.NOTHING,
    columns=(
        Column(
            name="event",
            kind=Kind.TEXT,
            meaning="From LossEvents.",
            refers_to="LossEvents.event",
            example="strait closed",
        ),
        Column(
            name="site",
            kind=Kind.TEXT,
            meaning="A site that fails.",
            blank=None,
            blank_means="another column says what fails",
            refers_to="Sites.site",
            example="Kanto North",
        ),
        Column(
            name="zone",
            kind=Kind.TEXT,
            meaning="A grid zone that fails.",
            blank=None,
            blank_means="another column says what fails",
            refers_to="Sites.grid_zone",
        ),
        Column(
            name="jurisdiction",
            kind=Kind.TEXT,
            meaning="A jurisdiction that fails.",
            blank=None,
            blank_means="another column says what fails",
            refers_to="Sites.jurisdiction",
        ),
        Column(
            name="group",
            kind=Kind.TEXT,
            meaning="A group of jurisdictions that fails.",
            blank=None,
            blank_means="another column says what fails",
            refers_to="JurisdictionGroups.group",
        ),
        Column(
            name="supplier",
            kind=Kind.TEXT,
            meaning="A supplier of equipment that fails.",
            blank=None,
            blank_means="another column says what fails",
            refers_to="Suppliers.supplier",
        ),
        Column(
            name="supplier_group",
            kind=Kind.TEXT,
            meaning="A group of suppliers that fails.",
            blank=None,
            blank_means="another column says what fails",
            refers_to="Suppliers.supplier_group",
        ),
    ),
)

EVENT_KEYS = ["event", "period"]
MEMBER_KEYS = ["event", "member", "period"]
SITE_KEYS = ["site", "period"]
LOAD_KEYS = ["workload", "region", "period"]

LOSSES = TableSpec(
    name="Losses",
    meaning="What is left when a member of an event fails.",
    key=("event", "member", "period"),
    columns=(
        Column(name="event", kind=Kind.TEXT, meaning="Event."),
        Column(name="member", kind=Kind.TEXT, meaning="What fails."),
        Column(name="period", kind=Kind.TEXT, meaning="Period."),
        Column(
            name="lost_mw",
            kind=Kind.NUMBER,
            unit="MW IT",
            meaning="Capacity lost, of the sites that may serve the event's demand.",
        ),
        Column(name="left_mw", kind=Kind.NUMBER, unit="MW IT", meaning="Capacity left of them."),
        Column(
            name="needed_mw",
            kind=Kind.NUMBER,
            unit="MW IT",
            meaning="Share of the demand served that must be covered.",
        ),
    ),
)


@remembered
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


@remembered
def reach(data: Dataset) -> pd.DataFrame:
    """Demands and sites of each event: event, workload, region, site, one row for each arc."""
    events = data["LossEvents"][["event", "workload"]]
    pairs = events.merge(
        arcs(data)[["workload", "region", "site"]], how="cross", suffixes=("_", "")
    )
    named = pairs["workload_"].isna() | (pairs["workload_"] == pairs["workload"])
    return pairs[named].drop(columns="workload_").reset_index(drop=True)


@remembered
def events_by_period(data: Dataset) -> pd.DataFrame:
    """Each event in which sites fail, in every period it must hold in, with its shares."""
    cal, events = calendar(data), data["LossEvents"]
    events = events[events["event"].isin(lost_sites(data)["event"])]
    rows = events.merge(cal.reset_index()[["period", "position"]], how="cross")
    return rows[within_window(rows, cal)].reset_index(drop=True)


@dataclass(frozen=True)
class Parameters:
    """Events by period; the members, sites and demands of each."""

    events: pd.DataFrame
    members: pd.DataFrame
    reach: pd.DataFrame


def parameters(data: Dataset) -> Parameters:
    """All numbers of the family from the dataset."""
    within = reach(data)[["event", "site"]].drop_duplicates()
    return Parameters(events_by_period(data), lost_sites(data).merge(within), reach(data))


def declare(m: Any, p: Parameters, ledgers: Ledgers) -> None:
    """What is lost."""
    m.LOSSES = index_set(p.events[EVENT_KEYS])
    m.lost_mw = pyo.Var(m.LOSSES, domain=pyo.NonNegativeReals)


def constrain(m: Any, p: Parameters) -> None:
    """What is left is enough in total; whether it can be re-routed is asked by `separate`."""
    events = p.events.set_index(EVENT_KEYS)
    m.share_lost = parameter(m.LOSSES, events["share_lost"])
    m.share_covered = parameter(m.LOSSES, events["share_covered"])
    m.EVENTS = index_set(p.events[["event"]].drop_duplicates())
    m.REACH_OF = indexed_set(
        m.EVENTS, p.reach[["event", "site"]].drop_duplicates(), ["event"], ["site"]
    )
    demands = p.reach[["event", "workload", "region"]].drop_duplicates()
    placed = demands.merge(frame_of(m.PLACED, ["workload", "region", "period"]))
    m.DEMANDS_OF = indexed_set(m.LOSSES, placed, EVENT_KEYS, ["workload", "region"])
    counted = p.events[EVENT_KEYS].merge(p.members[["event", "member"]].drop_duplicates())
    m.LOSS_MEMBERS = index_set(counted[MEMBER_KEYS])
    m.FAILING = index_set(p.members[["event", "member"]].drop_duplicates())
    m.SITES_LOST = indexed_set(m.FAILING, p.members, ["event", "member"], ["site"])
    m.loss_counted = pyo.Constraint(
        m.LOSS_MEMBERS,
        rule=lambda m, e, k, q: (
            m.share_lost[e, q] * sum(m.online_mw[i, q] for i in m.SITES_LOST[e, k])
            <= m.lost_mw[e, q]
        ),
    )
    m.survives_loss = pyo.Constraint(
        m.LOSSES,
        rule=lambda m, e, q: (
            m.share_covered[e, q] * sum(m.served_mw[w, r, q] for w, r in m.DEMANDS_OF[e, q])
            + m.lost_mw[e, q]
            <= sum(m.online_mw[i, q] for i in m.REACH_OF[e])
        ),
    )


def separates(data: Dataset) -> bool:
    """Whether an event asks that what is left can be re-routed."""
    return bool((data["LossEvents"]["strength"] == DELIVERABLE).any())


def separate(data: Dataset, values: Values) -> Iterator[Cuts]:
    """Cuts of the networks that cannot carry what a deliverable event asks for."""
    online, served = values.ledger("online_mw"), values.ledger("served_mw")
    capacity = online.set_index(SITE_KEYS)["value"].clip(lower=0.0).to_dict()
    load = served.set_index(LOAD_KEYS)["value"].clip(lower=0.0).to_dict()
    keys: list[tuple[Any, ...]] = []
    sites: list[tuple[Any, ...]] = []
    loads: list[tuple[Any, ...]] = []
    for event, member, q, routes, left in networks(data):
        asked = {pair: load[(*pair, q)] for pair in routes if (*pair, q) in load}
        given = {site: share * capacity[site, q] for site, share in left.items()}
        needed = event["share_covered"] * sum(asked.values())
        crossed = least_cut(given, asked, routes)
        if needed <= sum(given[i] for i in crossed.sites) + sum(asked[d] for d in crossed.demands):
            continue
        cut = len(keys)
        keys.append((event["event"], member, q))
        sites += [(cut, site, q, -left[site]) for site in crossed.sites]
        loads += [
            (cut, *pair, q, event["share_covered"] - (pair in crossed.demands)) for pair in asked
        ]
    terms = {
        "online_mw": pd.DataFrame(sites, columns=["cut", *SITE_KEYS, "coefficient"]),
        "served_mw": pd.DataFrame(loads, columns=["cut", *LOAD_KEYS, "coefficient"]),
    }
    names = pd.DataFrame(keys, columns=MEMBER_KEYS)
    yield Cuts(limit="delivers_after_loss", keys=names, at_most=np.zeros(len(keys)), terms=terms)


def networks(data: Dataset) -> Iterator[tuple[Any, str, str, Routes, dict[str, float]]]:
    """Each member of a deliverable event in each period: its routes, and the share left of sites."""
    members = lost_sites(data).groupby(["event", "member"])["site"].agg(set)
    by_event = {
        str(event): {
            (str(workload), str(region)): set(rows["site"])
            for (workload, region), rows in own.groupby(["workload", "region"])
        }
        for event, own in reach(data).groupby("event")
    }
    events = events_by_period(data)
    for event in events[events["strength"] == DELIVERABLE].to_dict("records"):
        routes = by_event.get(event["event"], {})
        within = set[str]().union(*routes.values())
        for member, gone in members.get(event["event"], pd.Series(dtype=object)).items():
            if within & gone:
                left = {i: 1.0 - event["share_lost"] * (i in gone) for i in sorted(within)}
                yield event, str(member), event["period"], routes, left


def check(data: Dataset) -> Iterator[Problem]:
    """Every event says what fails, and every member is one thing of one such event."""
    events, members = data["LossEvents"], data["LossMembers"]
    listed = set(members["event"])
    sites = active_sites(data)
    kinds = {kind: set(sites[column].dropna()) for kind, column in SCOPES.items()}
    kinds[SUPPLIER] = set(data["Suppliers"]["supplier"].dropna())
    # A kind of which a name could not be read has a member all the same.
    doubtful = {k for k, column in SCOPES.items() if not data.sound("Sites", column, "status")}
    doubtful |= set() if data.sound("Suppliers", "supplier") else {SUPPLIER}
    for row, at in events.iterrows():
        lists = pd.isna(at["any_one"])
        unnamed = lists and at["event"] not in listed
        if unnamed and not data.might_hold("LossMembers", event=at["event"]):
            yield data.problem(
                "LossEvents",
                row,
                "any_one",
                "an event must say what fails",
                "Fill in any_one, or list what fails together in LossMembers.",
                "event-without-members",
            )
        if not lists and not kinds[at["any_one"]] and at["any_one"] not in doubtful:
            yield data.problem(
                "LossEvents",
                row,
                "any_one",
                f"there must be a {at['any_one']} that can fail",
                f"Name the {at['any_one']} of sites or equipment, or choose something else.",
                "event-without-members",
            )
    singly = set(events.loc[events["any_one"].notna(), "event"])
    for row, at in data.rows("LossMembers").iterrows():
        count = sum(not pd.isna(at[name]) for name in NAMED)
        if count != 1:
            yield data.problem(
                "LossMembers",
                row,
                "site",
                f"a row must name one of {', '.join(NAMED)}",
                "Fill in just one of them; take a row for each.",
                "member-unclear",
                found=f"{count or 'none'} of them",
                reads=NAMED,
            )
        if at["event"] in singly:
            yield data.problem(
                "LossMembers",
                row,
                "event",
                f"{at['event']!r} has any_one in LossEvents, and so no members of its own",
                "Take this row out, or leave any_one blank.",
                "member-of-any-one",
            )


def losses(data: Dataset, build: pd.DataFrame, service: pd.DataFrame) -> pd.DataFrame:
    """What each member loses, what is left and what is needed, from capacity and load served."""
    members = lost_sites(data)
    rows = []
    online = build.set_index(["site", "period"])["online_mw"].to_dict()
    load = service.set_index(["workload", "region", "period"])["served_mw"].to_dict()
    for event in events_by_period(data).to_dict("records"):
        own = reach(data)[reach(data)["event"] == event["event"]]
        sites, q = set(own["site"]), event["period"]
        total = sum(online[site, q] for site in sites)
        pairs = own[["workload", "region"]].drop_duplicates().itertuples(index=False, name=None)
        needed = event["share_covered"] * sum(load.get((*pair, q), 0.0) for pair in pairs)
        for member, lost in members[members["event"] == event["event"]].groupby("member"):
            gone = event["share_lost"] * sum(
                online[site, q] for site in lost["site"] if site in sites
            )
            rows.append((event["event"], member, q, gone, total - gone, needed))
    return pd.DataFrame(rows, columns=[column.name for column in LOSSES.columns])


def tables(data: Dataset, values: Values) -> dict[str, pd.DataFrame]:
    """What is left after each loss."""
    build = values.ledger("online_mw").rename(columns={"value": "online_mw"})
    served = values.ledger("served_mw").rename(columns={"value": "served_mw"})
    return {"Losses": losses(data, build, served)}


def recompute(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The same from the Build and Load tables."""
    keys = ["workload", "region", "period"]
    served = tables["Load"].groupby(keys)["served_mw"].sum().reset_index()
    return {"Losses": losses(data, tables["Build"], served)}


def audit(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The worst member of each event; for deliverable events the most that can be re-routed."""
    found = recompute(data, tables)["Losses"]
    worst = found.sort_values("left_mw").drop_duplicates(EVENT_KEYS).sort_index()
    totals = worst[MEMBER_KEYS].assign(used=worst["needed_mw"], allowed=worst["left_mw"])
    strength = data["LossEvents"].set_index("event")["strength"]
    routed = found[found["event"].map(strength).eq(DELIVERABLE)].reset_index(drop=True)
    most = [_most_rerouted(data, tables, row) for row in routed.to_dict("records")]
    return {
        "survives_loss": totals.reset_index(drop=True),
        "delivers_after_loss": routed[MEMBER_KEYS].assign(
            used=routed["needed_mw"], allowed=pd.Series(most, dtype=float)
        ),
    }


def _most_rerouted(
    data: Dataset, tables: Mapping[str, pd.DataFrame], row: Mapping[Any, Any]
) -> float:
    """Greatest flow from what is left to what was served, along the arcs that are allowed."""
    event, q = data["LossEvents"].set_index("event").loc[row["event"]], row["period"]
    own = reach(data)[reach(data)["event"] == row["event"]]
    members = lost_sites(data)
    fails = members[(members["event"] == row["event"]) & (members["member"] == row["member"])]
    build = tables["Build"][tables["Build"]["period"] == q].set_index("site")["online_mw"]
    load = tables["Load"][tables["Load"]["period"] == q]
    served = load.groupby(["workload", "region"])["served_mw"].sum()
    left = build * (1.0 - event["share_lost"] * build.index.isin(fails["site"]))
    return maximum_flow(left.to_dict(), served.to_dict(), own)


def maximum_flow(
    left: Mapping[Any, float], served: Mapping[Any, float], routes: pd.DataFrame
) -> float:
    """Maximum flow from sites with so much left to demands of such size, as a linear program."""
    pairs = [
        (site, (workload, region))
        for workload, region, site in routes[["workload", "region", "site"]].itertuples(
            index=False, name=None
        )
        if (workload, region) in served and site in left
    ]
    if not pairs:
        return 0.0
    sites = {site: k for k, site in enumerate({site for site, _ in pairs})}
    demands = {pair: len(sites) + k for k, pair in enumerate({pair for _, pair in pairs})}
    columns = np.arange(len(pairs))
    rows = np.concatenate([[sites[s] for s, _ in pairs], [demands[d] for _, d in pairs]])
    matrix = sp.csr_array(
        (np.ones(2 * len(pairs)), (rows, np.concatenate([columns, columns]))),
        shape=(len(sites) + len(demands), len(pairs)),
    )
    most = [max(left[s], 0.0) for s in sites] + [max(served[d], 0.0) for d in demands]
    found = linprog(-np.ones(len(pairs)), A_ub=matrix, b_ub=most, method="highs")
    return float(-found.fun)


REPORT = Report(
    exhibits=(
        Snapshot(
            title="What remains after a loss",
            order=620,
            note="Capacity left in the chosen period when a member of an event fails, and what must be covered then.",
            table="Losses",
            label=("event", "member"),
            value="left_mw",
            target="needed_mw",
            x_title="MW IT",
        ),
    ),
)


def shortages(data: Dataset) -> pd.DataFrame:
    """Demand that must be covered against the most that can be left after each loss."""
    must, pairs = must_serve(data), reach(data)
    asked = pairs[["event", "workload", "region"]].drop_duplicates().merge(must)
    by_event = asked.groupby(EVENT_KEYS)["it_mw"].sum().rename("asked").reset_index()
    events = events_by_period(data)[[*EVENT_KEYS, "share_covered", "share_lost"]]
    events = events.merge(by_event, on=EVENT_KEYS)
    there = pairs[["event", "site"]].drop_duplicates().merge(most_online(data), on="site")
    total = there.groupby(EVENT_KEYS)["most_mw"].sum().rename("total")
    lost = lost_sites(data).merge(there, on=["event", "site"])
    lost = lost.groupby(MEMBER_KEYS)["most_mw"].sum().rename("lost").reset_index()
    rows = events.merge(total.reset_index(), on=EVENT_KEYS).merge(lost, on=EVENT_KEYS)
    rows["needed"] = rows["share_covered"] * rows["asked"]
    rows["available"] = rows["total"] - rows["share_lost"] * rows["lost"]
    rows = rows[rows["available"] < rows["needed"] * (1.0 - TINY_SHARE) - TINY_SHARE]
    worst = (rows["needed"] - rows["available"]).groupby(rows["event"]).idxmax()
    row_of = pd.Series(data["LossEvents"].index, index=data["LossEvents"]["event"])
    return pd.DataFrame(
        [
            (
                "survives_loss",
                f"{at['period']}: {at['share_covered']:g} of the demand within reach of {at['event']} is {at['needed']:,.6g} MW, after the loss of {at['member']} at most {at['available']:,.6g} MW are left",
                at["needed"],
                at["available"],
                "MW IT",
                [("LossEvents", row_of[at["event"]], "share_covered")],
            )
            for at in rows.loc[worst].to_dict("records")
        ],
        columns=COLUMNS,
    )


FAMILY = Family(
    name="resilience",
    title="Resilience",
    order=75,
    sheets=(LOSS_EVENTS, LOSS_MEMBERS),
    idle_without=("LossEvents",),
    limits=(
        Limit(
            name="survives_loss",
            over=(
                "event",
                "period",
            ),
            cells=("LossEvents.share_covered",),
            relax=Relax.PRICED,
            conflict="after the loss {event} what is left covers {value} of the demand served in {period}",
            unit="MW IT",
            sense="<=",
            floor=True,
            sentence="{event}, {period}: without {member} {allowed} MW are left for the {used} that must be covered",
            marginal="saving from one MW less to be covered",
            formula="share_covered[e] sum_wri served[w,r,i,p] + lost[e,p] <= sum_i online[i,p], share_lost[e] sum_{i in k} online[i,p] <= lost[e,p] for each member k",
        ),
        Limit(
            name="delivers_after_loss",
            over=(
                "event",
                "member",
                "period",
            ),
            cells=("LossEvents.share_covered",),
            relax=Relax.PRICED,
            conflict="after the loss {event} of {member}, {value} of the demand served in {period} can be re-routed",
            unit="MW IT",
            sense="<=",
            floor=True,
            sentence="{event}, {period}: without {member} {allowed} MW can be re-routed of the {used} that must be covered",
            marginal="saving from one MW less to be covered",
            enforced="cuts",
            formula="share_covered[e] sum_wr served[w,r,p] <= sum_{wr not in U} served[w,r,p] + sum_{i reaching U} left[e,k,i] online[i,p] for each member k and all U",
        ),
    ),
    outputs=(LOSSES,),
    codes={
        "event-without-members": "an event that does not say what fails",
        "member-unclear": "a member that is not one thing",
        "member-of-any-one": "members listed for an event of any one",
    },
    check=check,
    report=REPORT,
    parameters=parameters,
    declare=declare,
    constrain=constrain,
    tables=tables,
    audit=audit,
    shortages=shortages,
    recompute=recompute,
    separate=separate,
    separates=separates,
)
