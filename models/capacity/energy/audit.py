"""Limits of energy restated, and energy and its cost recomputed, from the plan's tables."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from optalloc.data.dataset import Dataset

from .._contracts import (
    DELIVERS,
    KEYS,
    SITE_KEYS,
    USE_KEYS,
    ZONE_KEYS,
    contracts_on_offer,
    grid_draw,
)
from .._running import running_rows
from .tables import billing, by_site


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
