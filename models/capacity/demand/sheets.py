"""Sheets of workloads, demand and compute units, and the checks and notices on them."""

from __future__ import annotations

from collections.abc import Iterator

from optalloc.data.dataset import Dataset
from optalloc.data.rules import ExactlyOne
from optalloc.data.schema import Column, Kind, Missing, Sheet
from optalloc.errors import Problem

from .. import _plausible
from .._calendar import calendar
from .._columns import named, reference
from .._rows_per_period import missing_periods

WORKLOADS = Sheet(
    name="Workloads",
    meaning="One kind of computing a row.",
    required=True,
    key=("workload",),
    columns=(
        named("workload", "Name of the workload.", example="inference"),
        Column(
            name="max_latency_ms",
            kind=Kind.NUMBER,
            unit="ms",
            meaning="Longest round trip to a region that may be served.",
            plausible=_plausible.LATENCY_MS,
            blank=None,
            blank_means="no latency limit",
            at_least=0,
            example=60,
        ),
        Column(
            name="load_factor",
            kind=Kind.NUMBER,
            unit="share of peak",
            meaning="Mean load over peak load: turns MW into MWh.",
            plausible=_plausible.LOAD_FACTOR,
            blank=1.0,
            above=0,
            at_most=1,
            example=0.75,
        ),
        Column(
            name="reserve_share",
            kind=Kind.NUMBER,
            unit="share of load",
            meaning="Capacity kept free beside each MW served, at the site that serves it.",
            plausible=_plausible.RESERVE_SHARE,
            blank=0.0,
            at_least=0,
            at_most=1,
            example=0.1,
        ),
        Column(
            name="trusted_only",
            kind=Kind.FLAG,
            meaning="Whether it may only run in jurisdictions marked trusted.",
            blank=False,
            example="no",
        ),
        Column(
            name="unmet_penalty_per_mw_year",
            kind=Kind.NUMBER,
            unit="M per MW-year",
            meaning="Penalty for each MW of peak demand left unmet for a year.",
            plausible=_plausible.UNMET_PENALTY,
            blank=None,
            blank_means="demand must be met",
            above=0,
            example=60,
        ),
        Column(
            name="value_per_mw_year",
            kind=Kind.NUMBER,
            unit="M per MW-year",
            meaning="Worth of each MW of peak demand served for a year, for the rate of return; left unmet it costs at least as much.",
            plausible=_plausible.UNMET_PENALTY,
            blank=None,
            blank_means="nothing is said of returns",
            above=0,
            example=45,
        ),
        Column(
            name="min_mw_at_one_site",
            kind=Kind.NUMBER,
            unit="MW IT",
            meaning="Least of it that a site serves in a period, over all regions, if it serves any (a training cluster cannot be scattered); all that is asked for in the period, where that is less.",
            plausible=_plausible.DEMAND_MW,
            blank=None,
            blank_means="no minimum",
            above=0,
            example=20,
        ),
    ),
)

DEMAND = Sheet(
    name="Demand",
    meaning="Peak IT load of a workload in a region and period, in MW or in compute units.",
    required=True,
    key=("workload", "region", "period"),
    missing=Missing.ERROR,
    rules=(
        ExactlyOne(
            ("it_mw", "units"),
            action="Fill in one and empty the other; 0 where nothing is asked for.",
        ),
    ),
    columns=(
        reference("Workloads.workload", example="inference"),
        named(
            "region", "Where the users are; a region exists by being named here.", example="Japan"
        ),
        reference("Periods.period", example="2027H1"),
        Column(
            name="it_mw",
            kind=Kind.NUMBER,
            unit="MW IT",
            meaning="Peak IT load to be served; a workload named for a region needs every period, 0 where there is none.",
            plausible=_plausible.DEMAND_MW,
            blank=None,
            blank_means="given in units",
            at_least=0,
            example=40,
        ),
        Column(
            name="units",
            kind=Kind.NUMBER,
            unit="compute units",
            meaning="The same in compute units, whose MW ComputeUnits gives: racks, accelerators, or whatever the workload is counted in.",
            blank=None,
            blank_means="given in MW",
            at_least=0,
        ),
    ),
)

COMPUTE_UNITS = Sheet(
    name="ComputeUnits",
    question="Is demand stated in units of hardware?",
    meaning="MW of one compute unit of a workload from a period on; hardware generations make it fall.",
    key=("workload", "period"),
    missing=Missing.CARRY,
    columns=(
        reference(
            "Workloads.workload",
            "From Workloads; needed where its Demand is in units.",
            example="inference",
        ),
        reference("Periods.period", example="2027H1"),
        Column(
            name="mw_per_unit",
            kind=Kind.NUMBER,
            unit="MW IT per unit",
            meaning="Peak IT load of one unit.",
            above=0,
            example=0.13,
        ),
    ),
)

KEYS = ["workload", "region", "period"]
AMOUNTS = ("it_mw", "units")


def check(data: Dataset) -> Iterator[Problem]:
    """Units have their MW, and each workload and region has every period."""
    yield from _check_sizes(data)
    yield from missing_periods(
        data,
        "Demand",
        ("workload", "region"),
        "demand of {workload!r} in {region!r} must be given for every period",
        "0 where there is none",
    )


def _check_sizes(data: Dataset) -> Iterator[Problem]:
    """A workload whose demand is in units has MW per unit by the first period of it."""
    if not data.sound("Periods"):
        return
    position = calendar(data)["position"]
    sizes = data["ComputeUnits"]
    known = sizes["period"].map(position).groupby(sizes["workload"]).min()
    counted = data["Demand"].dropna(subset=[*KEYS, "units"])
    counted = counted.assign(at=counted["period"].map(position).astype(float))
    since = counted["workload"].map(known).astype(float)
    early = counted[since.isna() | (counted["at"] < since)]
    for row, at in early.sort_values("at", kind="stable").drop_duplicates("workload").iterrows():
        due = position.index[position <= at["at"]]
        if any(
            data.might_hold("ComputeUnits", workload=at["workload"], period=period)
            for period in due
        ):
            continue
        yield data.problem(
            "Demand",
            row,
            "units",
            f"units of {at['workload']!r} must have their MW on sheet ComputeUnits by {at['period']}",
            f"Add a row for {at['period']} or earlier there, or give it_mw here instead.",
            "unit-without-mw",
        )


# Demand in MW as a multiple of all room, and room of demand, beyond which kW or GW are meant rather
# than MW, a factor of 1,000: more room than is needed is common, much less is not.
MOST_DEMAND, MOST_ROOM = 100.0, 500.0


def notices(data: Dataset) -> Iterator[Problem]:
    """All that is asked for is of the size of all that sites may hold."""
    sites = data.columns("Sites", "status", "max_mw")
    room = sites.loc[sites["status"] != "excluded", "max_mw"].sum() + data["Leases"]["max_mw"].sum()
    peaks = data["Demand"].groupby("period")["it_mw"].sum()
    # An unlimited site is reported by itself, and demand in units is of no known size here.
    if room == 0 or room > _plausible.GRID_MW.high or data["Demand"]["units"].notna().any():
        return
    if peaks.empty or peaks.max() == 0:
        return
    period, peak = peaks.idxmax(), peaks.max()
    if 1 / MOST_ROOM < peak / room < MOST_DEMAND:
        return
    rows = data["Demand"]["it_mw"].where(data["Demand"]["period"] == period)
    yield data.notice(
        "Demand",
        rows.idxmax(),
        "it_mw",
        f"all demand of {period}, {peak:,.6g} MW, should be of the size of all sites, {room:,.6g} MW",
        "Check the unit of both: MW, not kW or GW. They are used as they stand.",
        "demand-size",
    )
