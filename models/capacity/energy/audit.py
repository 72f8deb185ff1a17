"""Limits of energy restated, and energy and its cost recomputed, from the plan's tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import pandas as pd

from optalloc.data.dataset import Dataset

from .._calendar import calendar
from .._contracts import (
    DELIVERS,
    HOURS_PER_MONTH,
    KEYS,
    SITE_KEYS,
    USE_KEYS,
    ZONE_KEYS,
    contracts_on_offer,
    grid_draw,
)
from .._running_costs import running_rows


def audit(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Energy by site and contract from the Power, Billing and Deliveries tables."""
    sites = data.columns("Sites", "site", "grid_zone")
    power, billed = tables["Power"].merge(sites, on="site"), tables["Billing"]
    energy = data.columns("Contracts", "contract", "site", "zone", "kind")
    energy = energy[energy["kind"].isin(DELIVERS)]
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
            used=billed["drawn_gwh"] + billed["sold_gwh"], allowed=billed["deliverable_gwh"]
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
    factor = load["workload"].map(data.column("Workloads", "load_factor", by="workload"))
    mean = load.assign(value=load["served_mw"] * factor.astype(float))
    mean = mean.groupby(SITE_KEYS, as_index=False).agg({"value": "sum"})
    grid = grid_draw(data, tables)[[*SITE_KEYS, "grid_mw"]]
    billed = _billing(data, tables["Procurement"], deliveries, tables["Surplus"])
    return {
        "Power": _by_site(data, tables, mean, grid),
        "Billing": billed,
        "Cost": _cost(data, billed, deliveries, spot),
    }


def _by_site(
    data: Dataset, tables: Mapping[str, pd.DataFrame], mean: pd.DataFrame, grid: pd.DataFrame
) -> pd.DataFrame:
    """Peak and energy of each site and period of the Build table, looked up row by row."""
    pue = data.column("Sites", "pue", by="site").to_dict()
    hours = (calendar(data)["months"] * HOURS_PER_MONTH).to_dict()
    load = mean.set_index(SITE_KEYS)["value"].to_dict()
    carried = grid.set_index(SITE_KEYS)["grid_mw"].to_dict()
    drawn: dict[tuple[str, str], float] = defaultdict(float)
    lost: dict[tuple[str, str], float] = defaultdict(float)
    for site, period, taken, given in tables["StorageUse"][
        [*SITE_KEYS, "charged_gwh", "discharged_gwh"]
    ].itertuples(index=False, name=None):
        lost[site, period] += taken - given
    deliveries = tables["Deliveries"][[*SITE_KEYS, "drawn_gwh"]]
    for site, period, gwh in deliveries.itertuples(index=False, name=None):
        drawn[site, period] += gwh
    online = tables["Build"][[*SITE_KEYS, "online_mw"]].itertuples(index=False, name=None)
    rows = [
        (
            site,
            period,
            mw * pue[site],
            carried[site, period],
            load.get((site, period), 0.0) * pue[site] * hours[period] / 1000 + lost[site, period],
            drawn[site, period],
        )
        for site, period, mw in online
    ]
    columns = [*SITE_KEYS, "peak_mw", "grid_mw", "energy_gwh", "contract_gwh"]
    return pd.DataFrame(rows, columns=columns)


def _billing(
    data: Dataset, active: pd.DataFrame, deliveries: pd.DataFrame, surplus: pd.DataFrame
) -> pd.DataFrame:
    """Deliverable, drawn, sold and billed energy of each contract, looked up row by row."""
    terms = data["Contracts"].set_index("contract")
    terms = terms[terms["kind"].isin(DELIVERS)][["availability", "take_or_pay_share"]]
    hours = (calendar(data)["months"] * HOURS_PER_MONTH).to_dict()
    drawn: dict[tuple[str, str], float] = defaultdict(float)
    for contract, period, gwh in deliveries[[*KEYS, "drawn_gwh"]].itertuples(
        index=False, name=None
    ):
        drawn[contract, period] += gwh
    sold: dict[tuple[str, str], float] = defaultdict(float)
    for contract, period, gwh in surplus[[*KEYS, "sold_gwh"]].itertuples(index=False, name=None):
        sold[contract, period] += gwh
    rows = []
    for contract, period, mw in active[[*KEYS, "active_mw"]].itertuples(index=False, name=None):
        if contract in terms.index:
            available, firm_share = terms.loc[contract]
            most = mw * available * hours[period] / 1000
            taken = drawn[contract, period], sold[contract, period]
            rows.append((contract, period, most, *taken, max(sum(taken), firm_share * most)))
    columns = [*KEYS, "deliverable_gwh", "drawn_gwh", "sold_gwh", "billed_gwh"]
    return pd.DataFrame(rows, columns=columns)


def _cost(
    data: Dataset, billed: pd.DataFrame, deliveries: pd.DataFrame, spot: pd.DataFrame
) -> pd.DataFrame:
    """Every charge for energy: a firm contract's by what is billed, another's by what is drawn."""
    contracts = contracts_on_offer(data).reset_index(drop=True)
    firm = contracts.loc[contracts["take_or_pay_share"] > 0, "contract"]
    contracts = contracts.drop(columns="site")
    prices = data["PowerPrices"]
    zone = spot["site"].map(data.column("Sites", "grid_zone", by="site"))
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
