"""Table of what each loss takes and leaves, and how the report shows it."""

from __future__ import annotations

import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Column, Kind
from optalloc.modelling.exhibits import Snapshot
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.reports import Report
from optalloc.modelling.solution import Solution

from .derived import events_by_period, lost_sites, reach

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


def losses(data: Dataset, build: pd.DataFrame, service: pd.DataFrame) -> pd.DataFrame:
    """Losses of each member, capacity left and needed, from capacity and load served."""
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


def tables(data: Dataset, values: Solution) -> dict[str, pd.DataFrame]:
    """Table of the capacity left after each loss."""
    build = values.ledger("online_mw").rename(columns={"value": "online_mw"})
    served = values.ledger("served_mw").rename(columns={"value": "served_mw"})
    return {"Losses": losses(data, build, served)}


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
