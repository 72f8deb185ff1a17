"""Energy: what each site's load takes, from contracts up to what they deliver, and from spot.

In words
    A site's load takes energy in every period. Energy contracts and on-site generation deliver up
    to their active MW times availability; spot exists only where it is priced, up to its share of a zone's energy.
    What a contract bills is what is drawn, or its take-or-pay share of what it could deliver
    where that is more. Where nothing is priced, energy is left out. Energy drawn emits what its
    source says, whatever is billed; what emits nothing is clean.
Data
    PowerPrices; Contracts; PUE of Sites and load factor of Workloads. ``hours[p]``: thousands of
    hours in a period, so that MW times hours are GWh.
Time
    ``hours[p]`` is 8.76 a year: 0.73 times the months of the period. Spot prices do not escalate.
Decides
    ``drawn[contract, site, period]``, ``spot[site, period]`` and ``billed[contract, period]``,
    all in GWh.
Limits
    ``pue[i] hours[p] mean_load[i,p] = sum_c drawn[c,i,p] + spot[i,p]``;
    ``sum_i drawn[c,i,p] <= availability[c] hours[p] contracted[c,p]``; over a zone ``z``, spot is at
    most its share of the energy; ``billed[c,p] >= sum_i drawn[c,i,p]`` and
    ``billed[c,p] >= take_or_pay[c] availability[c] hours[p] contracted[c,p]``.
Reads and posts
    Reads ``mean_load_mw`` and ``contracted_mw``; owns and posts ``energy_gwh``, ``clean_gwh`` and
    ``emissions_tco2``; posts ``cost``.
Source
    Planner's convention.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyomo.environ as pyo

from optalloc.dataset import Dataset
from optalloc.errors import Problem
from optalloc.exhibits import Report, Series, Trend
from optalloc.family import CostTerm, Family, Ledger, Limit, Relax, TableSpec
from optalloc.program import Ledgers, frame_of, index_set, indexed_set, parameter
from optalloc.schema import Column, Kind, Missing, Sheet
from optalloc.values import Values

from . import _plausible
from ._building import active_sites
from ._calendar import calendar
from ._contracts import (
    DELIVERS,
    HOURS_PER_MONTH,
    KEYS,
    SITE_KEYS,
    USE_KEYS,
    ZONE_KEYS,
    contracts_on_offer,
    grid_draw,
    hours,
    reach,
    sources,
    spot_prices,
)
from ._money import CASH, post_cost
from ._running import running_charges, running_rows

POWER_PRICES = Sheet(
    name="PowerPrices",
    meaning="Spot price of a zone in a period; spot power exists only where it is priced.",
    key=("zone", "period"),
    missing=Missing.NOTHING,
    columns=(
        Column(
            name="zone",
            kind=Kind.TEXT,
            meaning="Grid zone.",
            refers_to="Sites.grid_zone",
            of_each=True,
            example="Kanto",
        ),
        Column(
            name="period",
            kind=Kind.TEXT,
            meaning="From Periods.",
            refers_to="Periods.period",
            example="2027H1",
        ),
        Column(
            name="spot_price_per_mwh",
            kind=Kind.NUMBER,
            unit="per MWh",
            meaning="Spot price, in plain currency units of the workbook.",
            plausible=_plausible.PRICE_PER_MWH,
            at_least=0,
            example=95,
        ),
        Column(
            name="max_spot_share",
            kind=Kind.NUMBER,
            unit="share of energy",
            meaning="Most of the zone's energy that may be bought at spot.",
            blank=1.0,
            at_least=0,
            at_most=1,
            example=0.3,
        ),
        Column(
            name="tco2_per_mwh",
            kind=Kind.NUMBER,
            unit="tCO2 per MWh",
            meaning="Emissions of spot power; 0 is clean.",
            plausible=_plausible.TCO2_PER_MWH,
            blank=None,
            blank_means="not stated, which Carbon does not allow",
            at_least=0,
            example=0.45,
        ),
    ),
)

POWER = TableSpec(
    name="Power",
    meaning="Peak and energy of each site, and where its energy comes from.",
    key=("site", "period"),
    across="period",
    spread=("peak_mw", "grid_mw", "energy_gwh", "contract_gwh", "spot_gwh"),
    columns=(
        Column(name="site", kind=Kind.TEXT, meaning="Site."),
        Column(name="period", kind=Kind.TEXT, meaning="Period."),
        Column(
            name="peak_mw",
            kind=Kind.NUMBER,
            unit="MW grid",
            meaning="Capacity in service times PUE.",
        ),
        Column(
            name="grid_mw",
            kind=Kind.NUMBER,
            unit="MW grid",
            meaning="What the grid carries of the peak; generation covers the rest on site.",
        ),
        Column(name="energy_gwh", kind=Kind.NUMBER, unit="GWh", meaning="Energy its load takes."),
        Column(
            name="contract_gwh",
            kind=Kind.NUMBER,
            unit="GWh",
            meaning="Drawn from contracts and on-site generation.",
        ),
        Column(name="spot_gwh", kind=Kind.NUMBER, unit="GWh", meaning="Bought at spot."),
    ),
)

DELIVERIES = TableSpec(
    name="Deliveries",
    meaning="Which contract or generation feeds which site.",
    key=("contract", "site", "period"),
    across="period",
    spread=("drawn_gwh",),
    columns=(
        Column(name="contract", kind=Kind.TEXT, meaning="Contract."),
        Column(name="site", kind=Kind.TEXT, meaning="Site."),
        Column(name="period", kind=Kind.TEXT, meaning="Period."),
        Column(name="drawn_gwh", kind=Kind.NUMBER, unit="GWh", meaning="Energy drawn."),
    ),
)

BILLING = TableSpec(
    name="Billing",
    meaning="Energy that each contract or generation delivers at most, that is drawn, and billed.",
    key=("contract", "period"),
    across="period",
    spread=("deliverable_gwh", "drawn_gwh", "billed_gwh"),
    columns=(
        Column(name="contract", kind=Kind.TEXT, meaning="Contract of energy or generation."),
        Column(name="period", kind=Kind.TEXT, meaning="Period."),
        Column(
            name="deliverable_gwh",
            kind=Kind.NUMBER,
            unit="GWh",
            meaning="Most that its active MW deliver.",
        ),
        Column(name="drawn_gwh", kind=Kind.NUMBER, unit="GWh", meaning="Energy drawn."),
        Column(
            name="billed_gwh",
            kind=Kind.NUMBER,
            unit="GWh",
            meaning="Drawn, or the take-or-pay share of what is deliverable if that is more.",
        ),
    ),
)


@dataclass(frozen=True)
class Parameters:
    """Whom contracts and spot feed and what that emits, GWh per MW, and prices per GWh."""

    feeds: pd.DataFrame
    spot: pd.DataFrame
    needs: pd.Series
    contracts: pd.DataFrame
    charges: dict[str, pd.DataFrame]
    periods: pd.DataFrame


def parameters(data: Dataset) -> Parameters:
    """All numbers of the family from the dataset."""
    cal, each = calendar(data), hours(data)
    feeds, spot, offered = reach(data, *DELIVERS), spot_prices(data), contracts_on_offer(data)
    feeds["tco2_per_mwh"] = feeds["contract"].map(offered["tco2_per_mwh"]).astype(float)
    fed = pd.concat([feeds[SITE_KEYS], spot[SITE_KEYS]]).drop_duplicates()
    pue, length = fed["site"].map(active_sites(data)["pue"]), fed["period"].map(each)
    needs = (pue * length / 1000).set_axis(pd.MultiIndex.from_frame(fed))
    contracts = offered[offered["kind"].isin(DELIVERS)].merge(cal.reset_index(), how="cross")
    contracts["deliverable"] = contracts["availability"] * contracts["period"].map(each) / 1000
    firm = contracts[contracts["take_or_pay_share"] > 0]
    drawn = feeds[USE_KEYS].merge(contracts[contracts["take_or_pay_share"] == 0], on=KEYS)
    drawn = drawn.rename(columns={"site_x": "site"})
    spot_keys = spot[SITE_KEYS].assign(subject=spot["site"])
    charges = {
        "billed": _prices(data, firm, KEYS),
        "drawn": _prices(data, drawn, USE_KEYS),
        "spot": running_charges(data, spot_keys, spot["spot_price_per_mwh"] / 1000),
    }
    return Parameters(feeds, spot, needs, contracts, charges, cal.reset_index()[["period"]])


def _prices(data: Dataset, frame: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Price of a GWh from each contract; what is drawn is drawn evenly over the period."""
    keyed = frame[keys].assign(subject=frame["contract"])
    return running_charges(data, keyed, frame["price_per_mwh"] / 1000, frame["price_escalation"])


def declare(m: Any, p: Parameters, ledgers: Ledgers) -> None:
    """Energy drawn, bought at spot and billed, in GWh, and its cost."""
    m.FEEDS = index_set(p.feeds[USE_KEYS])
    m.drawn = pyo.Var(m.FEEDS, domain=pyo.NonNegativeReals)
    m.SPOT = index_set(p.spot[SITE_KEYS])
    m.spot = pyo.Var(m.SPOT, domain=pyo.NonNegativeReals)
    m.BILLED = index_set(p.charges["billed"][KEYS])
    m.billed = pyo.Var(m.BILLED, domain=pyo.NonNegativeReals)
    for item, name, keys in (
        ("contract_energy_firm", "billed", KEYS),
        ("contract_energy", "drawn", USE_KEYS),
        ("spot_energy", "spot", SITE_KEYS),
    ):
        variable = m.component(name)
        post_cost(m, ledgers, item, p.charges[name], keys, lambda m, *key, v=variable: v[key])
    _post_emissions(m, p, ledgers)


def _post_emissions(m: Any, p: Parameters, ledgers: Ledgers) -> None:
    """Energy of each period, what of it is clean, and what the rest emits where that is stated."""
    m.ENERGY_PERIODS = index_set(p.periods)
    m.DRAWN_IN, m.SPOT_IN = _by_period(m, p.feeds, p.spot)
    clean = [frame[frame["tco2_per_mwh"] == 0] for frame in (p.feeds, p.spot)]
    m.DRAWN_CLEAN_IN, m.SPOT_CLEAN_IN = _by_period(m, *clean)
    drawn, spot = (frame[frame["tco2_per_mwh"] > 0] for frame in (p.feeds, p.spot))
    m.DRAWN_EMITTING_IN, m.SPOT_EMITTING_IN = _by_period(m, drawn, spot)
    by_contract = drawn.groupby("contract")["tco2_per_mwh"].first()
    m.EMITTING_CONTRACTS = index_set(by_contract.index.to_frame(index=False))
    m.contract_tco2_per_gwh = parameter(m.EMITTING_CONTRACTS, 1000 * by_contract)
    m.EMITTING_SPOT = index_set(spot[SITE_KEYS])
    m.spot_tco2_per_gwh = parameter(
        m.EMITTING_SPOT, 1000 * spot.set_index(SITE_KEYS)["tco2_per_mwh"]
    )
    for name, rule in (
        (
            "energy_gwh",
            lambda m, q: (
                sum(m.drawn[c, i, q] for c, i in m.DRAWN_IN[q])
                + sum(m.spot[i, q] for i in m.SPOT_IN[q])
            ),
        ),
        (
            "clean_gwh",
            lambda m, q: (
                sum(m.drawn[c, i, q] for c, i in m.DRAWN_CLEAN_IN[q])
                + sum(m.spot[i, q] for i in m.SPOT_CLEAN_IN[q])
            ),
        ),
        (
            "emissions_tco2",
            lambda m, q: (
                sum(
                    m.contract_tco2_per_gwh[c] * m.drawn[c, i, q] for c, i in m.DRAWN_EMITTING_IN[q]
                )
                + sum(m.spot_tco2_per_gwh[i, q] * m.spot[i, q] for i in m.SPOT_EMITTING_IN[q])
            ),
        ),
    ):
        ledgers.open(name, m.ENERGY_PERIODS)
        ledgers.post(name, "sources", rule)


def _by_period(m: Any, feeds: pd.DataFrame, spot: pd.DataFrame) -> tuple[Any, Any]:
    """Who draws from which contract in each period, and who buys at spot."""
    return (
        indexed_set(m.ENERGY_PERIODS, feeds, ["period"], ["contract", "site"]),
        indexed_set(m.ENERGY_PERIODS, spot, ["period"], ["site"]),
    )


def constrain(m: Any, p: Parameters) -> None:
    """Load gets its energy, contracts are not overdrawn, spot keeps to its share."""
    m.FED = index_set(p.needs.index.to_frame(index=False))
    m.gwh_per_load_mw = parameter(m.FED, p.needs)
    m.FED_BY = indexed_set(m.FED, p.feeds, SITE_KEYS, ["contract"])
    m.SPOT_HERE = indexed_set(m.FED, p.spot.assign(same=p.spot["period"]), SITE_KEYS, ["same"])
    loaded = frame_of(m.LOADED, SITE_KEYS)
    m.LOAD_HERE = indexed_set(m.FED, loaded.assign(same=loaded["period"]), SITE_KEYS, ["same"])
    m.energy_met = pyo.Constraint(
        m.FED,
        rule=lambda m, i, q: (
            m.gwh_per_load_mw[i, q] * sum(m.mean_load_mw[i, r] for r in m.LOAD_HERE[i, q])
            == sum(m.drawn[c, i, q] for c in m.FED_BY[i, q])
            + sum(m.spot[i, r] for r in m.SPOT_HERE[i, q])
        ),
    )
    _constrain_contracts(m, p)
    shared = p.spot[p.spot["max_spot_share"] < 1]
    shares = shared.drop_duplicates(ZONE_KEYS).set_index(ZONE_KEYS)["max_spot_share"]
    m.SPOT_SHARED = index_set(shares.index.to_frame(index=False))
    m.spot_share = parameter(m.SPOT_SHARED, shares)
    m.SPOT_SITES = indexed_set(m.SPOT_SHARED, shared, ZONE_KEYS, ["site"])
    m.SPOT_LOADS = indexed_set(m.SPOT_SHARED, shared.merge(loaded), ZONE_KEYS, ["site"])
    m.spot_within_share = pyo.Constraint(
        m.SPOT_SHARED,
        rule=lambda m, z, q: (
            sum(m.spot[i, q] for i in m.SPOT_SITES[z, q])
            <= m.spot_share[z, q]
            * sum(m.gwh_per_load_mw[i, q] * m.mean_load_mw[i, q] for i in m.SPOT_LOADS[z, q])
        ),
    )


def _constrain_contracts(m: Any, p: Parameters) -> None:
    m.ENERGY_CONTRACTS = index_set(p.contracts[KEYS])
    m.deliverable = parameter(m.ENERGY_CONTRACTS, p.contracts.set_index(KEYS)["deliverable"])
    m.take_or_pay = parameter(m.ENERGY_CONTRACTS, p.contracts.set_index(KEYS)["take_or_pay_share"])
    m.FEEDS_SITES = indexed_set(m.ENERGY_CONTRACTS, p.feeds, KEYS, ["site"])
    m.drawn_in_all = pyo.Expression(
        m.ENERGY_CONTRACTS,
        rule=lambda m, c, q: sum(m.drawn[c, i, q] for i in m.FEEDS_SITES[c, q]),
    )
    m.FEEDING = index_set(p.feeds[KEYS].drop_duplicates())
    m.drawn_within_contract = pyo.Constraint(
        m.FEEDING,
        rule=lambda m, c, q: m.drawn_in_all[c, q] <= m.deliverable[c, q] * m.contracted_mw[c, q],
    )
    m.billed_if_drawn = pyo.Constraint(
        m.BILLED, rule=lambda m, c, q: m.drawn_in_all[c, q] <= m.billed[c, q]
    )
    m.billed_if_not_drawn = pyo.Constraint(
        m.BILLED,
        rule=lambda m, c, q: (
            m.take_or_pay[c, q] * m.deliverable[c, q] * m.contracted_mw[c, q] <= m.billed[c, q]
        ),
    )


def check(data: Dataset) -> Iterator[Problem]:
    """No site gets its energy for nothing while others pay for it."""
    fed = sources(data)
    if fed.empty:
        return
    known = fed.groupby("site")["period"].agg(set)
    names, sites = calendar(data).index, data["Sites"]
    active = sites.loc[sites["status"] != "excluded", ["site", "grid_zone"]].dropna(subset=["site"])
    for row, site, zone in active.itertuples(name=None):
        missing = [
            q
            for q in names
            if q not in known.get(site, set())
            and not data.might_hold("PowerPrices", zone=zone, period=q)
        ]
        if missing and not _might_be_delivered(data, site, zone):
            yield data.problem(
                "Sites",
                row,
                "grid_zone",
                f"{site!r} must have a source of energy in every period",
                f"Price spot for its zone, or offer an energy contract, in {', '.join(missing)}.",
                "no-energy",
                found=f"none in {len(missing)} of {len(names)}",
                reads=("status",),
            )


def _might_be_delivered(data: Dataset, site: str, zone: str | None) -> bool:
    """Whether a contract of which something could not be read may deliver energy to a site."""
    return any(
        data.might_hold("Contracts", kind=kind, **place)
        for kind in DELIVERS
        for place in ({"site": site}, {"zone": zone})
    )


def tables(data: Dataset, values: Values) -> dict[str, pd.DataFrame]:
    """Energy by site and by contract."""
    drawn = values.variable("drawn", USE_KEYS).rename(columns={"value": "drawn_gwh"})
    deliveries = drawn[drawn["drawn_gwh"] > 0]
    spot = values.variable("spot", SITE_KEYS).rename(columns={"value": "spot_gwh"})
    online, load = values.ledger("online_mw"), values.ledger("mean_load_mw")
    active = values.ledger("contracted_mw").rename(columns={"value": "active_mw"})
    grid = values.ledger("grid_mw").rename(columns={"value": "grid_mw"})
    return {
        "Power": by_site(data, online, load, grid, deliveries, spot),
        "Deliveries": deliveries,
        "Billing": billing(data, active, deliveries),
    }


def by_site(
    data: Dataset,
    online: pd.DataFrame,
    load: pd.DataFrame,
    grid: pd.DataFrame,
    deliveries: pd.DataFrame,
    spot: pd.DataFrame,
) -> pd.DataFrame:
    """Peak and energy by site, from MW online, of load and of the grid, energy drawn and spot."""
    drawn = deliveries.groupby(SITE_KEYS, as_index=False)["drawn_gwh"].sum()
    frame = online.rename(columns={"value": "peak_mw"})
    for other in (grid, load.rename(columns={"value": "energy_gwh"}), drawn, spot):
        frame = frame.merge(other, on=SITE_KEYS, how="left")
    frame = frame.rename(columns={"drawn_gwh": "contract_gwh"}).fillna(
        {"energy_gwh": 0.0, "contract_gwh": 0.0, "spot_gwh": 0.0}
    )
    pue = frame["site"].map(active_sites(data)["pue"]).astype(float)
    months = frame["period"].map(calendar(data)["months"]).astype(float)
    frame["peak_mw"] *= pue
    frame["energy_gwh"] *= pue * months * HOURS_PER_MONTH / 1000
    return frame[[column.name for column in POWER.columns]]


def billing(data: Dataset, active: pd.DataFrame, deliveries: pd.DataFrame) -> pd.DataFrame:
    """Deliverable, drawn and billed by energy contract, from active MW and energy drawn."""
    drawn = deliveries.groupby(KEYS, as_index=False)["drawn_gwh"].sum()
    energy = data["Contracts"][data["Contracts"]["kind"].isin(DELIVERS)]
    frame = active[[*KEYS, "active_mw"]].merge(energy, on="contract")
    frame = frame.merge(drawn, on=KEYS, how="left").fillna({"drawn_gwh": 0.0})
    months = frame["period"].map(calendar(data)["months"]).astype(float)
    frame["deliverable_gwh"] = (
        frame["active_mw"] * frame["availability"] * months * HOURS_PER_MONTH / 1000
    )
    firm = frame["take_or_pay_share"] * frame["deliverable_gwh"]
    frame["billed_gwh"] = np.maximum(frame["drawn_gwh"], firm)
    return frame[[column.name for column in BILLING.columns]]


def audit(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Energy by site and contract from the Power, Billing and Deliveries tables."""
    sites = data["Sites"][["site", "grid_zone"]]
    power, billed = tables["Power"].merge(sites, on="site"), tables["Billing"]
    energy = data["Contracts"][data["Contracts"]["kind"].isin(DELIVERS)]
    prices = data["PowerPrices"].rename(columns={"zone": "grid_zone"})
    power = power.merge(prices, on=ZONE_KEYS, how="left")
    priced = power["spot_price_per_mwh"].notna()
    offered = power["site"].isin(energy["site"]) | power["grid_zone"].isin(energy["zone"].dropna())
    fed = power[offered | priced]
    zones = (
        power[power["max_spot_share"] < 1]
        .groupby(ZONE_KEYS, as_index=False)
        .agg({"spot_gwh": "sum", "energy_gwh": "sum", "max_spot_share": "first"})
    )
    drawn = tables["Deliveries"].merge(energy, on="contract", how="left", suffixes=("", "_named"))
    zone = drawn["site"].map(sites.set_index("site")["grid_zone"])
    own = (drawn["site"] == drawn["site_named"]) | (zone == drawn["zone"])
    return {
        "energy_met": fed[SITE_KEYS].assign(
            used=fed["energy_gwh"], allowed=fed["contract_gwh"] + fed["spot_gwh"]
        ),
        "drawn_within_contract": billed[KEYS].assign(
            used=billed["drawn_gwh"], allowed=billed["deliverable_gwh"]
        ),
        "spot_within_share": zones[ZONE_KEYS].assign(
            used=zones["spot_gwh"], allowed=zones["max_spot_share"] * zones["energy_gwh"]
        ),
        "drawn_at_own_sites": drawn[USE_KEYS].assign(
            used=drawn["drawn_gwh"].abs(), allowed=drawn["drawn_gwh"].where(own, 0.0)
        ),
        "spot_only_where_priced": power[SITE_KEYS].assign(
            used=power["spot_gwh"].abs(), allowed=power["spot_gwh"].where(priced, 0.0)
        ),
    }


def recompute(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Energy by site and contract, and its cost, from what is built, served, active and drawn."""
    deliveries, load = tables["Deliveries"], tables["Load"]
    spot = tables["Power"][[*SITE_KEYS, "spot_gwh"]]
    factor = load["workload"].map(data["Workloads"].set_index("workload")["load_factor"])
    mean = load.assign(value=load["served_mw"] * factor.astype(float))
    mean = mean.groupby(SITE_KEYS, as_index=False).agg({"value": "sum"})
    online = tables["Build"][[*SITE_KEYS, "online_mw"]].rename(columns={"online_mw": "value"})
    grid = grid_draw(data, tables)[[*SITE_KEYS, "grid_mw"]]
    billed = billing(data, tables["Procurement"], deliveries)
    return {
        "Power": by_site(data, online, mean, grid, deliveries, spot).drop(columns="spot_gwh"),
        "Billing": billed,
        "Cost": _cost(data, billed, deliveries, spot),
    }


def _cost(
    data: Dataset, billed: pd.DataFrame, deliveries: pd.DataFrame, spot: pd.DataFrame
) -> pd.DataFrame:
    """Every charge for energy: a firm contract's by what is billed, another's by what is drawn."""
    contracts = contracts_on_offer(data).reset_index(drop=True)
    firm = contracts.loc[contracts["take_or_pay_share"] > 0, "contract"]
    contracts = contracts.drop(columns="site")
    prices = data["PowerPrices"]
    zone = spot["site"].map(data["Sites"].set_index("site")["grid_zone"])
    bills = billed[billed["contract"].isin(firm)].rename(columns={"billed_gwh": "gwh"})
    draws = deliveries[~deliveries["contract"].isin(firm)].rename(columns={"drawn_gwh": "gwh"})
    buys = spot.assign(zone=zone, subject=spot["site"]).merge(prices, on=["zone", "period"])
    buys = buys.rename(columns={"spot_gwh": "gwh", "spot_price_per_mwh": "price"})
    frames = [buys.assign(item="spot_energy", growth=0.0)]
    for item, rows in (("contract_energy_firm", bills), ("contract_energy", draws)):
        rows = rows.merge(contracts, on="contract")
        priced = {"price": rows["price_per_mwh"], "growth": rows["price_escalation"]}
        frames.append(rows.assign(item=item, subject=rows["contract"], **priced))
    cost = pd.concat([frame for frame in frames if len(frame)] or frames[:1])
    return running_rows(data, "energy", cost.assign(amount=cost["gwh"] * cost["price"] / 1000))


LIMITS = (
    Limit(
        name="energy_met",
        over=(
            "site",
            "period",
        ),
        cells=("Sites.pue",),
        conflict="all energy of {site} in {period} is under contract or bought at spot",
        unit="GWh",
        sense="==",
        sentence="{site}, {period}: {used} GWh are delivered",
        marginal="cost of one more GWh",
        formula="pue[i] hours[p] mean_load[i,p] = sum_c drawn[c,i,p] + spot[i,p]",
    ),
    Limit(
        name="drawn_within_contract",
        over=(
            "contract",
            "period",
        ),
        cells=("Contracts.availability",),
        conflict="{contract} delivers no more in {period} than is signed, at an availability of {value}",
        unit="GWh",
        sense="<=",
        sentence="{contract}, {period}: all {allowed} GWh it delivers are drawn",
        marginal="saving from one more GWh delivered",
        formula="sum_i drawn[c,i,p] <= availability[c] hours[p] contracted[c,p]",
    ),
    Limit(
        name="spot_within_share",
        over=(
            "grid_zone",
            "period",
        ),
        named={"zone": "grid_zone"},
        cells=("PowerPrices.max_spot_share",),
        relax=Relax.PRICED,
        conflict="at most {value} of the energy of {grid_zone} may be bought at spot in {period}",
        unit="GWh",
        sense="<=",
        sentence="{grid_zone} buys all the spot power it may in {period}: {used} of {allowed} GWh",
        marginal="saving from one more GWh at spot",
        formula="sum_{i in z} spot[i,p] <= max_spot_share[z,p] sum_{i in z} pue[i] hours[p] mean_load[i,p]",
    ),
    Limit(
        name="drawn_at_own_sites",
        unit="GWh",
        sense="<=",
        enforced="sets",
        reported=False,
        sentence="{contract} feeds {site}",
        marginal="none: it has no row",
        formula="drawn[c,i,p] exists only for sites that the contract serves",
    ),
    Limit(
        name="spot_only_where_priced",
        over=(
            "site",
            "period",
        ),
        cells=("Sites.grid_zone",),
        conflict="{site} can buy at spot in {period} only if its zone has a price",
        unit="GWh",
        sense="<=",
        enforced="sets",
        reported=False,
        sentence="{site}, {period}: spot is priced",
        marginal="none: it has no row",
        formula="spot[i,p] exists only where it is priced",
    ),
)

REPORT = Report(
    exhibits=(
        Trend(
            title="Where energy comes from",
            order=430,
            y_title="GWh drawn per year",
            per_year=True,
            series=(
                Series(table="Power", value="contract_gwh", label="From contracts and generation"),
                Series(table="Power", value="spot_gwh", label="At spot prices"),
            ),
            stacked=True,
        ),
    ),
)


FAMILY = Family(
    name="energy",
    title="Energy and spot",
    order=55,
    sheets=(POWER_PRICES,),
    idle_without=(
        "Contracts",
        "PowerPrices",
        "GridZones",
        "PowerRamp",
        "Carbon",
    ),
    needed_with=("Sites",),
    ledgers=(
        Ledger(name="energy_gwh", unit="GWh", over=("period",), meaning="Energy that is drawn."),
        Ledger(
            name="clean_gwh",
            unit="GWh",
            over=("period",),
            meaning="Energy drawn from sources that emit nothing.",
        ),
        Ledger(
            name="emissions_tco2",
            unit="tCO2",
            over=("period",),
            meaning="What the energy drawn emits, as far as its sources say.",
        ),
    ),
    costs=(
        CostTerm(
            item="contract_energy_firm",
            kind=CASH,
            formula="sum_cp price_per_mwh[c] / 1000 billed[c,p]",
            paid="evenly over the period; contracts with a take-or-pay share",
            escalation="its own `price_escalation`, from instant to instant",
        ),
        CostTerm(
            item="contract_energy",
            kind=CASH,
            formula="sum_cip price_per_mwh[c] / 1000 drawn[c,i,p]",
            paid="evenly over the period; contracts without one, and generation",
            escalation="its own `price_escalation`, from instant to instant",
        ),
        CostTerm(
            item="spot_energy",
            kind=CASH,
            formula="sum_ip spot_price_per_mwh[z,p] / 1000 spot[i,p]",
            paid="evenly over the period",
            escalation="no; the price is given for each period",
        ),
    ),
    limits=LIMITS,
    outputs=(POWER, DELIVERIES, BILLING),
    codes={"no-energy": "a site without a source of energy where energy is priced"},
    check=check,
    report=REPORT,
    parameters=parameters,
    declare=declare,
    constrain=constrain,
    tables=tables,
    audit=audit,
    recompute=recompute,
)
