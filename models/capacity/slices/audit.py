"""Limits of slices restated, and energy by slice and its cost recomputed, from the plan's tables."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import pandas as pd

from optalloc.data.dataset import Dataset

from .._calendar import calendar
from .._contracts import DELIVERS, GENERATION, KEYS, SITE_KEYS, USE_KEYS
from .._running_costs import running_rows
from .._slices import SLICE_KEYS, shares_of_year
from .tables import CLEAN_BY_SLICE, FEED_KEYS

CONTRACT_KEYS = [*KEYS, "slice"]
DAY_KEYS = [*SITE_KEYS, "day_type"]
# Site, period and slice.
Place = tuple[str, str, str]


def _shares(data: Dataset) -> dict[str, float]:
    """Share of the year of each slice, where the year has several."""
    shares = shares_of_year(data)
    return shares if len(shares) > 1 else {}


def _stated(data: Dataset, sheet: str, key: str, column: str) -> dict[tuple[str, str], float]:
    """Cells of a sheet by name and slice that are filled in."""
    rows = data[sheet].dropna(subset=[column])
    return {
        (n, t): float(v) for n, t, v in zip(rows[key], rows["slice"], rows[column], strict=True)
    }


def _scaled(
    data: Dataset, sheet: str, key: str, column: str, usual: Mapping[Any, float]
) -> dict[tuple[str, str], float]:
    """Values by name and slice: the cells that are filled in, scaled to the figure of the year."""
    stated, shares = _stated(data, sheet, key, column), _shares(data)
    found: dict[tuple[str, str], float] = {}
    for name, year in usual.items():
        own = {t: stated.get((name, t), year) for t in shares}
        mean = sum(share * own[t] for t, share in shares.items())
        found |= {(name, t): value * year / mean if mean else value for t, value in own.items()}
    return found


def _loads(
    data: Dataset, tables: Mapping[str, pd.DataFrame]
) -> tuple[dict[Place, float], dict[Place, float]]:
    """Energy of the load of each site, period and slice, and what of it can be put off, in GWh."""
    shares, pue = _shares(data), data.column("Sites", "pue", by="site").to_dict()
    months = calendar(data)["months"].to_dict()
    usual = data.column("Workloads", "load_factor", by="workload").to_dict()
    factor = _scaled(data, "WorkloadSlices", "workload", "load", usual)
    shiftable = _stated(data, "WorkloadSlices", "workload", "shiftable_share")
    load: dict[Place, float] = defaultdict(float)
    movable: dict[Place, float] = defaultdict(float)
    rows = tables["Load"][["workload", "site", "period", "served_mw"]]
    for workload, site, period, mw in rows.itertuples(index=False, name=None):
        for name, share in shares.items():
            hours = 730 * months[period] * share
            gwh = mw * pue[site] * factor[workload, name] * hours / 1000
            load[site, period, name] += gwh
            movable[site, period, name] += gwh * shiftable.get((workload, name), 0.0)
    return load, movable


def audit(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Each slice from the tables by slice, and their sums from those by period."""
    power, drawn = tables["PowerBySlice"], tables["DeliveriesBySlice"]
    loads, movables = _loads(data, tables)
    keys = list(power[SLICE_KEYS].itertuples(index=False, name=None))
    load = pd.Series([loads.get(key, 0.0) for key in keys], power.index, dtype=float)
    movable = pd.Series([movables.get(key, 0.0) for key in keys], power.index, dtype=float)
    shifted = power["shifted_gwh"]
    run, taken = load + shifted, load + shifted + power["stored_gwh"]
    capacity = _capacity(data, tables, power)
    days = power.assign(day_type=_day_types(data, power["slice"]))[shifted != 0]
    by_day = days.groupby(DAY_KEYS, as_index=False)["shifted_gwh"].sum()
    contract = data.columns("Contracts", "contract", "site", "zone", "kind")
    own = drawn.merge(contract, on="contract", how="left", suffixes=("", "_named"))
    zone = own["site"].map(data.column("Sites", "grid_zone", by="site"))
    meant = own["kind"].isin(DELIVERS) & (
        (own["site"] == own["site_named"]) | (zone == own["zone"])
    )
    return {
        "drawn_in_slices": _sums(
            tables["Deliveries"] if _shares(data) else tables["Deliveries"].iloc[:0],
            drawn,
            USE_KEYS,
            "drawn_gwh",
        ),
        "spot_in_slices": _sums(
            tables["Power"].merge(power[SITE_KEYS].drop_duplicates(), on=SITE_KEYS),
            power,
            SITE_KEYS,
            "spot_gwh",
        ),
        "energy_met_in_slice": power[SLICE_KEYS].assign(
            used=taken, allowed=power["contract_gwh"] + power["spot_gwh"]
        ),
        "drawn_within_slice": _within_contracts(data, tables),
        "put_off_within_share": power[SLICE_KEYS].assign(
            used=(-shifted).clip(lower=0.0), allowed=movable
        )[(movable > 0) | (shifted < 0)],
        "put_off_made_up": by_day[DAY_KEYS].assign(used=by_day["shifted_gwh"], allowed=0.0),
        "made_up_within_online": power[SLICE_KEYS].assign(used=run, allowed=capacity)[shifted != 0],
        "clean_energy_in_slice": _clean(data, tables),
        "offset_within_least_output": _firm(data, tables),
        "drawn_from_own_contracts_in_slice": drawn[FEED_KEYS].assign(
            used=drawn["drawn_gwh"].abs(), allowed=own["drawn_gwh"].where(meant, 0.0).to_numpy()
        ),
    }


def _sums(whole: pd.DataFrame, parts: pd.DataFrame, keys: list[str], column: str) -> pd.DataFrame:
    """The figure of each period against the sum of its slices."""
    sums = parts.groupby(keys)[column].sum()
    own = [sums.get(key, 0.0) for key in whole[keys].itertuples(index=False, name=None)]
    return whole[keys].assign(used=whole[column], allowed=own)


def _day_types(data: Dataset, names: pd.Series) -> pd.Series:
    rows = data["Slices"].set_index("slice")["day_type"].to_dict()
    return names.map(lambda name: name if pd.isna(rows[name]) else rows[name])


def _capacity(data: Dataset, tables: Mapping[str, pd.DataFrame], power: pd.DataFrame) -> pd.Series:
    """Energy that capacity in service could take in each site, period and slice."""
    online = tables["Build"].set_index(SITE_KEYS)["online_mw"].to_dict()
    pue, months = data.column("Sites", "pue", by="site").to_dict(), calendar(data)["months"]
    shares, keys = _shares(data), power[SLICE_KEYS].itertuples(index=False, name=None)
    return pd.Series(
        [online[i, q] * pue[i] * 0.73 * months[q] * shares[t] for i, q, t in keys],
        power.index,
        dtype=float,
    )


def _within_contracts(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Energy drawn from and sold of each contract in each slice, against what it delivers."""
    offered = data["Contracts"].set_index("contract")
    terms = offered.loc[offered["kind"].isin(DELIVERS), "availability"].to_dict()
    available = _scaled(data, "ContractSlices", "contract", "available", terms)
    months, shares = calendar(data)["months"], _shares(data)
    drawn = tables["DeliveriesBySlice"].groupby(CONTRACT_KEYS)["drawn_gwh"].sum()
    sold = tables["Surplus"].set_index(CONTRACT_KEYS)["sold_gwh"]
    rows = [
        (
            *(contract, period, name),
            drawn.get((contract, period, name), 0.0) + sold.get((contract, period, name), 0.0),
            mw * available[contract, name] * 0.73 * months[period] * share,
        )
        for contract, period, mw in tables["Procurement"][[*KEYS, "active_mw"]].itertuples(
            index=False, name=None
        )
        if contract in terms
        for name, share in shares.items()
    ]
    return pd.DataFrame(rows, columns=[*CONTRACT_KEYS, "used", "allowed"]).astype(
        {"used": float, "allowed": float}
    )


def _clean(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Floors of the clean share in each slice, from every flow of energy in it."""
    clean, every = _flows(data, tables)
    for period, name, taken, given in tables["StorageUse"][
        ["period", "slice", "charged_gwh", "discharged_gwh"]
    ].itertuples(index=False, name=None):
        every[period, name] -= taken - given
        clean[period, name] -= taken - given
    floors = data["Carbon"].dropna(subset=["min_clean_share_in_slice"])
    floors = floors[floors["min_clean_share_in_slice"] > 0]
    rows = [
        (period, name, least * every[period, name], clean[period, name])
        for period, least in zip(floors["period"], floors["min_clean_share_in_slice"], strict=True)
        for name in _shares(data)
    ]
    return pd.DataFrame(rows, columns=["period", "slice", "used", "allowed"]).astype(
        {"used": float, "allowed": float}
    )


def _flows(
    data: Dataset, tables: Mapping[str, pd.DataFrame]
) -> tuple[dict[tuple[str, str], float], dict[tuple[str, str], float]]:
    """Clean energy, and all of it, by period and slice, flow by flow."""
    emits = data.column("Contracts", "tco2_per_mwh", by="contract").to_dict()
    zones = data.column("Sites", "grid_zone", by="site").to_dict()
    prices = data["PowerPrices"].set_index(["zone", "period"])["tco2_per_mwh"].to_dict()
    clean: dict[tuple[str, str], float] = defaultdict(float)
    every: dict[tuple[str, str], float] = defaultdict(float)
    flows = [
        (period, name, gwh, emits[contract])
        for contract, _, period, name, gwh in tables["DeliveriesBySlice"][
            [*FEED_KEYS, "drawn_gwh"]
        ].itertuples(index=False, name=None)
    ]
    flows += [
        (period, name, gwh, prices.get((zones[site], period)))
        for site, period, name, gwh in tables["PowerBySlice"][[*SLICE_KEYS, "spot_gwh"]].itertuples(
            index=False, name=None
        )
    ]
    for period, name, gwh, tco2 in flows:
        every[period, name] += gwh
        clean[period, name] += gwh if tco2 == 0 else 0.0
    return clean, every


def _firm(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Peak covered by each plant that delivers unevenly, against its least output."""
    offered = data["Contracts"].set_index("contract")
    plants = offered.loc[offered["kind"] == GENERATION, "availability"].to_dict()
    shares = _shares(data)
    available = _scaled(data, "ContractSlices", "contract", "available", plants)
    offset = tables["Generation"].groupby(KEYS)["offset_mw"].sum()
    rows = []
    for contract, period, mw in tables["Procurement"][[*KEYS, "active_mw"]].itertuples(
        index=False, name=None
    ):
        if contract in plants and shares:
            firm = min(available[contract, name] for name in shares) / plants[contract]
            if firm < 1:
                rows.append((contract, period, offset.get((contract, period), 0.0), firm * mw))
    return pd.DataFrame(rows, columns=[*KEYS, "used", "allowed"]).astype(
        {"used": float, "allowed": float}
    )


def recompute(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Energy by slice, and what spot costs beyond the price of its period, from what is decided."""
    power, drawn = tables["PowerBySlice"], tables["DeliveriesBySlice"]
    load, _ = _loads(data, tables)
    contracts = drawn.groupby(SLICE_KEYS)["drawn_gwh"].sum()
    use = tables["StorageUse"].groupby(SLICE_KEYS)[["charged_gwh", "discharged_gwh"]].sum()
    stored = (use["charged_gwh"] - use["discharged_gwh"]).to_dict()
    keys = list(power[SLICE_KEYS].itertuples(index=False, name=None))
    return {
        "PowerBySlice": power[SLICE_KEYS].assign(
            load_gwh=[load.get(key, 0.0) for key in keys],
            contract_gwh=[contracts.get(key, 0.0) for key in keys],
            stored_gwh=[stored.get(key, 0.0) for key in keys],
        ),
        "CleanBySlice": _by_slice(data, tables),
        "Cost": _cost(data, power),
    }


def _by_slice(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Energy of each period and slice and its clean part, and mean power by cleanness and source."""
    clean, every = _flows(data, tables)
    months, shares = calendar(data)["months"], _shares(data)
    bought: dict[tuple[str, str], float] = defaultdict(float)
    for period, name, gwh in tables["PowerBySlice"][["period", "slice", "spot_gwh"]].itertuples(
        index=False, name=None
    ):
        bought[period, name] += gwh
    rows = []
    for period, name in dict.fromkeys(
        tables["PowerBySlice"][["period", "slice"]].itertuples(index=False, name=None)
    ):
        energy, own = every[period, name], clean[period, name]
        hours = 0.73 * months[period] * shares[name]
        share = own / energy if energy > 0 else math.nan
        when = f"{period} {name}"
        spot = bought[period, name]
        means = [mean / hours for mean in (own, energy - own, energy - spot, spot)]
        rows.append((period, name, when, energy, own, share, *means))
    columns = [column.name for column in CLEAN_BY_SLICE.columns]
    return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(columns[3:], float))


def _cost(data: Dataset, power: pd.DataFrame) -> pd.DataFrame:
    """Cost of spot in each slice beyond the price of its period."""
    priced = dict.fromkeys(data["PowerPrices"]["zone"], 1.0)
    factors = _scaled(data, "SpotSlices", "zone", "price_factor", priced)
    zones = data.column("Sites", "grid_zone", by="site")
    rows = power.assign(zone=power["site"].map(zones)).merge(
        data["PowerPrices"], on=["zone", "period"]
    )
    beyond = [factors.get(key, 1.0) - 1.0 for key in zip(rows["zone"], rows["slice"], strict=True)]
    rows = rows.assign(
        item="spot_energy_in_slices",
        subject=rows["site"],
        amount=rows["spot_gwh"] * rows["spot_price_per_mwh"] * beyond / 1000,
    )
    return running_rows(data, "slices", rows)
