"""Demand: how much IT load each region asks for, and what may be left unmet at a price.

In words
    Every workload of every region is served in full, unless the workload has a penalty for what
    is left unmet. Demand is given in MW or in compute units, whose MW falls from one generation of
    hardware to the next; a unit is converted before anything is decided.
Data
    Workloads, Demand, ComputeUnits. ``demand[w,r,p]``: what a region asks for, it_mw of Demand or its
    units times mw_per_unit.
Time
    The penalty is due evenly over the period and does not escalate.
Decides
    ``unmet[workload, region, period]``, only for workloads with a penalty.
Limits
    ``sum_i served[w,r,i,p] + unmet[w,r,p] = demand[w,r,p]``.
Reads and posts
    Reads ``served_mw``; owns and posts ``required_mw``, which is
    ``(1 + reserve[w]) (demand[w,r,p] - unmet[w,r,p])``; posts ``cost``.
Source
    Planner's convention.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyomo.environ as pyo

from optalloc.dataset import Dataset
from optalloc.errors import Problem, Severity
from optalloc.exhibits import Filter, Report, Series, Trend
from optalloc.family import (
    Cell,
    CostTerm,
    Family,
    Ledger,
    Limit,
    Relax,
    Standing,
    TableSpec,
    Unmet,
)
from optalloc.program import Ledgers, index_set, indexed_set, parameter
from optalloc.schema import Column, Kind, Missing, Sheet
from optalloc.values import Values

from . import _plausible
from ._calendar import calendar
from ._demand import asked, asked_above_nought
from ._money import PENALTY, post_cost
from ._running import running_rows, yearly_charges
from ._unserved import why_unserved

WORKLOADS = Sheet(
    name="Workloads",
    meaning="One kind of computing a row.",
    required=True,
    key=("workload",),
    columns=(
        Column(
            name="workload",
            kind=Kind.TEXT,
            names="workload",
            meaning="Name of the workload.",
            example="inference",
        ),
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
    columns=(
        Column(
            name="workload",
            kind=Kind.TEXT,
            meaning="From Workloads.",
            refers_to="Workloads.workload",
            example="inference",
        ),
        Column(
            name="region",
            kind=Kind.TEXT,
            names="region",
            meaning="Where the users are; a region exists by being named here.",
            example="Japan",
        ),
        Column(
            name="period",
            kind=Kind.TEXT,
            meaning="From Periods.",
            refers_to="Periods.period",
            example="2027H1",
        ),
        Column(
            name="it_mw",
            kind=Kind.NUMBER,
            unit="MW IT",
            meaning="Peak IT load to be served; a workload named for a region needs every period, 0 where there is none. Fill in it_mw or units, not both.",
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
    meaning="MW of one compute unit of a workload from a period on; hardware generations make it fall.",
    key=("workload", "period"),
    missing=Missing.CARRY,
    columns=(
        Column(
            name="workload",
            kind=Kind.TEXT,
            meaning="From Workloads; needed where its Demand is in units.",
            refers_to="Workloads.workload",
            example="inference",
        ),
        Column(
            name="period",
            kind=Kind.TEXT,
            meaning="From Periods.",
            refers_to="Periods.period",
            example="2027H1",
        ),
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

SERVICE = TableSpec(
    name="Service",
    meaning="Demand of each workload and region, and how much of it is served.",
    key=("workload", "region", "period"),
    across="period",
    spread=("demand_mw", "served_mw", "unmet_mw"),
    columns=(
        Column(name="workload", kind=Kind.TEXT, meaning="Workload."),
        Column(name="region", kind=Kind.TEXT, meaning="Region."),
        Column(name="period", kind=Kind.TEXT, meaning="Period."),
        Column(name="demand_mw", kind=Kind.NUMBER, unit="MW IT", meaning="Peak load asked for."),
        Column(name="served_mw", kind=Kind.NUMBER, unit="MW IT", meaning="Peak load served."),
        Column(name="unmet_mw", kind=Kind.NUMBER, unit="MW IT", meaning="Peak load left unmet."),
    ),
)


@dataclass(frozen=True)
class Parameters:
    """Demand above nought by key, with the workload's reserve share, and unmet charges."""

    demand: pd.DataFrame
    penalties: pd.DataFrame


def demand_rows(data: Dataset) -> pd.DataFrame:
    """Demand above nought, with the columns of its workload."""
    return asked_above_nought(data).merge(data["Workloads"], on="workload").reset_index(drop=True)


def parameters(data: Dataset) -> Parameters:
    """All numbers of the family from the dataset."""
    demand = demand_rows(data)
    priced = demand.dropna(subset=["unmet_penalty_per_mw_year"])
    penalties = yearly_charges(data, priced[KEYS], priced["unmet_penalty_per_mw_year"])
    penalties["subject"] = penalties["workload"] + ", " + penalties["region"]
    return Parameters(demand, penalties)


def declare(m: Any, p: Parameters, ledgers: Ledgers) -> None:
    """Demand, what is left unmet, and the capacity that the rest requires."""
    m.DEMANDS = index_set(p.demand[KEYS])
    m.demand_mw = parameter(m.DEMANDS, p.demand.set_index(KEYS)["it_mw"])
    m.reserved = parameter(m.DEMANDS, 1.0 + p.demand.set_index(KEYS)["reserve_share"])
    m.UNMET = index_set(p.penalties[KEYS])
    m.unmet = pyo.Var(
        m.UNMET, domain=pyo.NonNegativeReals, bounds=lambda m, *key: (0, m.demand_mw[key])
    )
    m.MAY_BE_UNMET = indexed_set(
        m.DEMANDS, p.penalties.assign(same=p.penalties["period"]), KEYS, ["same"]
    )
    ledgers.open("required_mw", m.DEMANDS)
    ledgers.post(
        "required_mw",
        "demand",
        lambda m, w, r, q: (
            m.reserved[w, r, q] * m.demand_mw[w, r, q]
            - sum(m.reserved[w, r, q] * m.unmet[w, r, s] for s in m.MAY_BE_UNMET[w, r, q])
        ),
    )
    post_cost(m, ledgers, "unmet", p.penalties, KEYS, lambda m, *key: m.unmet[key], kind=PENALTY)


def constrain(m: Any, p: Parameters) -> None:
    """Demand is met."""
    m.demand_met = pyo.Constraint(
        m.DEMANDS,
        rule=lambda m, w, r, q: (
            m.served_mw[w, r, q] + sum(m.unmet[w, r, s] for s in m.MAY_BE_UNMET[w, r, q])
            == m.demand_mw[w, r, q]
        ),
    )


def check(data: Dataset) -> Iterator[Problem]:
    """Each row of Demand can be read as MW, and each workload and region has every period."""
    yield from _check_amounts(data)
    yield from _check_sizes(data)
    demand = data["Demand"].dropna(subset=KEYS)
    periods = data["Periods"]["period"].dropna().tolist()
    for (workload, region), own in demand.groupby(["workload", "region"], sort=False):
        given, names = set(own["period"]), {"workload": workload, "region": region}
        missing = [
            period
            for period in periods
            if period not in given and not data.might_hold("Demand", **names, period=period)
        ]
        if missing:
            yield data.problem(
                "Demand",
                own.index[-1],
                "period",
                f"demand of {workload!r} in {region!r} must be given for every period",
                f"Add rows for {', '.join(missing)}; 0 where there is none.",
                "missing-period",
                found=f"none for {len(missing)} of {len(periods)}",
            )


def _check_amounts(data: Dataset) -> Iterator[Problem]:
    """Exactly one of it_mw and units is filled in."""
    demand = data.rows("Demand")
    filled = demand["it_mw"].notna()
    for row in demand.index[filled == demand["units"].notna()]:
        yield data.problem(
            "Demand",
            row,
            "it_mw",
            "it_mw or units must be filled in, one of the two",
            "Fill in one and empty the other; 0 where nothing is asked for.",
            "one-of-two",
            found="both" if filled[row] else "neither",
            reads=AMOUNTS,
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


def tables(data: Dataset, values: Values) -> dict[str, pd.DataFrame]:
    """Demand, served and unmet, and the totals."""
    service = asked(data)[[*KEYS, "it_mw"]].rename(columns={"it_mw": "demand_mw"})
    served = values.ledger("served_mw").rename(columns={"value": "served_mw"})
    unmet = values.variable("unmet", KEYS).rename(columns={"value": "unmet_mw"})
    service = service.merge(served, on=KEYS, how="left").merge(unmet, on=KEYS, how="left")
    service = service.fillna({"served_mw": 0.0, "unmet_mw": 0.0})
    return {"Service": service, "Summary": key_figures(data, service)}


def key_figures(data: Dataset, service: pd.DataFrame) -> pd.DataFrame:
    """Rows of the summary about demand."""
    names = calendar(data).index
    total = service.groupby("period")[["demand_mw", "unmet_mw"]].sum()
    rows = [
        (f"demand in {names[0]}", total["demand_mw"].get(names[0], 0.0), "MW IT"),
        (f"demand in {names[-1]}", total["demand_mw"].get(names[-1], 0.0), "MW IT"),
        ("most demand unmet in a period", total["unmet_mw"].max(), "MW IT"),
    ]
    return pd.DataFrame(rows if len(names) > 1 else rows[1:], columns=["figure", "value", "unit"])


def _standing_against(data: Dataset, key: Mapping[str, Any]) -> Iterator[Standing]:
    """What demand takes with its reserve, where it has one, and why nothing can serve it."""
    workloads, rows = data["Workloads"], asked(data)
    (own,) = workloads[workloads["workload"] == key["workload"]].to_dict("records")
    mine = rows[(rows[KEYS] == [key[name] for name in KEYS]).all(axis=1)]
    if own["reserve_share"] > 0 and len(mine):
        takes = float(mine["it_mw"].iloc[0]) * (1 + own["reserve_share"])
        row = int(str(workloads.index[workloads["workload"] == key["workload"]][0]))
        yield Standing(
            f"{key['workload']} in {key['region']} takes {takes:,.6g} MW in {key['period']} "
            f"incl. {100 * own['reserve_share']:g} % reserve",
            (("Workloads", row, "reserve_share"),),
        )
    yield from why_unserved(data, key["workload"], key["region"], key["period"])


def audit(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Served and unmet make up demand; unmet only where it has a price."""
    service = tables["Service"].merge(data["Workloads"], on="workload")
    keys = service[KEYS]
    must = service["unmet_penalty_per_mw_year"].isna()
    return {
        "demand_met": keys.assign(
            used=service["served_mw"] + service["unmet_mw"], allowed=service["demand_mw"]
        ),
        "unmet_only_at_a_price": keys.assign(
            used=service["unmet_mw"], allowed=service["demand_mw"].where(~must, 0.0)
        ),
        "unmet_not_negative": keys.assign(used=-service["unmet_mw"], allowed=0.0),
    }


def _converted(data: Dataset) -> pd.DataFrame:
    """Demand in MW, each unit at its workload's last MW per unit up to the period."""
    rows = data["Demand"]
    given = data["ComputeUnits"].to_dict("records")
    now: dict[str, float] = {}
    size: dict[tuple[str, str], float] = {}
    for period in calendar(data).index:
        now |= {at["workload"]: at["mw_per_unit"] for at in given if at["period"] == period}
        size |= {(workload, period): mw for workload, mw in now.items()}
    mw = [
        at["units"] * size[at["workload"], at["period"]] if pd.isna(at["it_mw"]) else at["it_mw"]
        for at in rows.to_dict("records")
    ]
    return rows[KEYS].assign(demand_mw=mw)


def recompute(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Demand as read, served from the Load table, and the penalties."""
    load = tables["Load"].groupby(KEYS, as_index=False)["served_mw"].sum()
    service = _converted(data).merge(load, on=KEYS, how="left").fillna({"served_mw": 0.0})
    unmet = tables["Service"].merge(data["Workloads"], on="workload")
    years = unmet["period"].map(calendar(data)["years"]).astype(float)
    per_mw = unmet["unmet_penalty_per_mw_year"].fillna(0.0) * years
    cost = pd.DataFrame(
        {
            "item": "unmet",
            "subject": unmet["workload"] + ", " + unmet["region"],
            "period": unmet["period"],
            "amount": unmet["unmet_mw"] * per_mw,
        }
    )
    return {
        "Service": service,
        "Cost": running_rows(data, "demand", cost, kind=PENALTY),
        "Summary": key_figures(data, tables["Service"]),
    }


# Demand in MW as a multiple of all room, and room of demand, beyond which kW or GW are meant rather
# than MW, a factor of 1,000: more room than is needed is common, much less is not.
MOST_DEMAND, MOST_ROOM = 100.0, 500.0


def notices(data: Dataset) -> Iterator[Problem]:
    """All that is asked for is of the size of all that sites may hold."""
    sites = data["Sites"]
    room = sites.loc[sites["status"] != "excluded", "max_mw"].sum() + data["Leases"]["max_mw"].sum()
    peaks = data["Demand"].groupby("period")["it_mw"].sum()
    # An unlimited site is told by itself, and demand in units is of no known size here.
    if room == 0 or room > _plausible.GRID_MW.high or data["Demand"]["units"].notna().any():
        return
    if peaks.empty or peaks.max() == 0:
        return
    period, peak = peaks.idxmax(), peaks.max()
    if 1 / MOST_ROOM < peak / room < MOST_DEMAND:
        return
    rows = data["Demand"]["it_mw"].where(data["Demand"]["period"] == period)
    yield data.problem(
        "Demand",
        rows.idxmax(),
        "it_mw",
        f"all demand of {period}, {peak:,.6g} MW, should be of the size of all sites, {room:,.6g} MW",
        "Check the unit of both: MW, not kW or GW. They are used as they stand.",
        "demand-size",
        severity=Severity.NOTICE,
    )


REPORT = Report(
    filters=(Filter(column="workload", title="Workload", table="Service"),),
    exhibits=(
        Trend(
            title="Demand by region",
            order=320,
            y_title="MW IT asked for",
            series=(Series(table="Service", value="demand_mw", label="Demand"),),
            stacked=True,
            by="region",
        ),
    ),
)


def _penalty_cell(data: Dataset, key: Mapping[str, Any]) -> Cell:
    workloads = data["Workloads"]
    row = int(str(workloads.index[workloads["workload"] == key["workload"]][0]))
    return "Workloads", row, "unmet_penalty_per_mw_year"


def _insist(data: Dataset) -> Iterator[tuple[str, int, str, Any]]:
    """Demand that may be left unmet must be met."""
    penalties = data["Workloads"]["unmet_penalty_per_mw_year"]
    for row in penalties.index[penalties.notna()]:
        yield "Workloads", int(str(row)), "unmet_penalty_per_mw_year", float("nan")


UNMET = Unmet(
    noun="demand",
    variable="unmet",
    over=("workload", "region", "period"),
    unit="MW IT",
    about="{workload} in {region}",
    price=_penalty_cell,
    insist=_insist,
    reasons=lambda data, key: why_unserved(data, key["workload"], key["region"], key["period"]),
)

FAMILY = Family(
    name="demand",
    title="Demand",
    order=30,
    sheets=(WORKLOADS, DEMAND, COMPUTE_UNITS),
    ledgers=(
        Ledger(
            name="required_mw",
            unit="MW IT",
            over=("workload", "region", "period"),
            meaning="Capacity that demand requires, reserve included.",
        ),
    ),
    costs=(
        CostTerm(
            item="unmet",
            kind=PENALTY,
            formula="sum_wrp unmet_penalty_per_mw_year[w] years(p) unmet[w,r,p]",
            paid="evenly over the period",
            escalation="no",
        ),
    ),
    limits=(
        Limit(
            name="demand_met",
            over=(
                "workload",
                "region",
                "period",
            ),
            cells=(
                "Demand.it_mw",
                "Demand.units",
            ),
            relax=Relax.LAST,
            standing=_standing_against,
            conflict="{workload} in {region} asks for {value} {unit} in {period}, all of which must be served",
            unit="MW IT",
            sense="==",
            sentence="{workload} in {region}, {period}: {used} of {allowed} MW is served or priced",
            marginal="cost of serving one more MW",
            formula="sum_i served[w,r,i,p] + unmet[w,r,p] = demand[w,r,p]",
        ),
        Limit(
            name="unmet_only_at_a_price",
            over=(
                "workload",
                "region",
                "period",
            ),
            cells=("Workloads.unmet_penalty_per_mw_year",),
            conflict="{workload} must be served in full",
            unit="MW IT",
            sense="<=",
            enforced="sets",
            sentence="{workload} in {region}, {period}: all {allowed} MW is left unmet",
            marginal="none: it has no row",
            formula="unmet[w,r,p] exists only where the workload has a penalty",
        ),
        Limit(
            name="unmet_not_negative",
            unit="MW IT",
            sense="<=",
            enforced="sets",
            reported=False,
            sentence="{workload} in {region}, {period}: nothing is left unmet",
            marginal="none: it has no row",
            formula="unmet[w,r,p] >= 0",
        ),
    ),
    outputs=(SERVICE,),
    codes={
        "missing-period": "a keyed sheet without a row for every period",
        "one-of-two": "two columns of which exactly one must be filled in",
        "unit-without-mw": "demand in compute units before the MW of one is given",
        "demand-size": "demand of quite another size than all sites (notice)",
    },
    check=check,
    notices=notices,
    unmet=(UNMET,),
    report=REPORT,
    parameters=parameters,
    declare=declare,
    constrain=constrain,
    tables=tables,
    audit=audit,
    recompute=recompute,
)
