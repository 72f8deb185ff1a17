"""Limits of surplus restated, and what it costs and earns recomputed, from the plan's tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

import pandas as pd

from optalloc.data.dataset import Dataset

from .._calendar import calendar
from .._contracts import (
    ENERGY,
    KEYS,
    SITE_KEYS,
    USE_KEYS,
    contracts_on_offer,
    sums_at,
    zones_of_contracts,
)
from .._running_costs import running_rows
from .derived import SOLD_KEYS


def audit(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Surplus by contract and period against what load runs on, and where it may be sold at all."""
    surplus, use = tables["Surplus"], tables["SurplusUse"]
    terms = data["Contracts"].set_index("contract")
    sold: dict[tuple[str, str], float] = defaultdict(float)
    for contract, period, gwh in surplus[[*KEYS, "sold_gwh"]].itertuples(index=False, name=None):
        sold[contract, period] += gwh
    used: dict[tuple[str, str], float] = defaultdict(float)
    for contract, period, gwh in use[[*KEYS, "drawn_for_load_gwh"]].itertuples(
        index=False, name=None
    ):
        used[contract, period] += gwh
    share = terms["max_surplus_share"].to_dict()
    rows = [
        (*key, sold[key], share[key[0]] * used[key] / (1 - share[key[0]]))
        for key in dict.fromkeys([*_may_sell(data), *sold])
    ]
    prices = _prices(data, surplus)
    may = surplus["contract"].map(terms["kind"]) == ENERGY
    may &= surplus["contract"].map(terms["max_surplus_share"]) > 0
    drawn = tables["Deliveries"].set_index(USE_KEYS)["drawn_gwh"]
    by_site = use.groupby(SITE_KEYS, as_index=False).agg({"drawn_for_load_gwh": "sum"})
    return {
        "for_load_within_drawn": use[USE_KEYS].assign(
            used=use["drawn_for_load_gwh"], allowed=sums_at(drawn, use[USE_KEYS])
        ),
        "for_load_within_load": by_site[SITE_KEYS].assign(
            used=by_site["drawn_for_load_gwh"],
            allowed=sums_at(_loads(data, tables), by_site[SITE_KEYS]),
        ),
        "sold_within_share": pd.DataFrame(rows, columns=[*KEYS, "used", "allowed"]).astype(
            {"used": float, "allowed": float}
        ),
        "sold_where_offered": surplus[SOLD_KEYS].assign(
            used=surplus["sold_gwh"].abs(),
            allowed=surplus["sold_gwh"].where(may & prices.notna(), 0.0),
        ),
    }


def _may_sell(data: Dataset) -> Iterator[tuple[str, str]]:
    """Contracts that may sell, in the periods in which their zone has a price of surplus."""
    zones = zones_of_contracts(data).to_dict()
    priced = set(data.column("SurplusSlices", "zone"))
    prices = data.columns("PowerPrices", "zone", "period")
    for row in data["Contracts"].to_dict("records"):
        zone = zones[row["contract"]]
        if row["kind"] == ENERGY and row["max_surplus_share"] > 0 and zone in priced:
            yield from ((row["contract"], q) for q in prices.loc[prices["zone"] == zone, "period"])


def _loads(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> pd.Series:
    """Energy that load takes, in GWh, by site and period."""
    load = tables["Load"]
    factor = load["workload"].map(data.column("Workloads", "load_factor", by="workload"))
    pue = load["site"].map(data.column("Sites", "pue", by="site"))
    thousands = load["period"].map(calendar(data)["months"]) * 0.73
    gwh = load["served_mw"] * factor.astype(float) * pue.astype(float) * thousands.astype(float)
    return gwh.groupby([load["site"], load["period"]]).sum()


def _prices(data: Dataset, surplus: pd.DataFrame) -> pd.Series:
    """Price of each row of the table, looked up by zone; NaN where there is none."""
    zones = zones_of_contracts(data).to_dict()
    spot = data["PowerPrices"].set_index(["zone", "period"])["spot_price_per_mwh"].to_dict()
    factor = data["SurplusSlices"].set_index(["zone", "slice"])["price_factor"].to_dict()
    found = []
    for contract, period, name in surplus[SOLD_KEYS].itertuples(index=False, name=None):
        zone = zones[contract]
        known = (zone, period) in spot and (zone, name) in factor
        found.append(spot[zone, period] * factor[zone, name] if known else float("nan"))
    return pd.Series(found, surplus.index, dtype=float)


def recompute(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Prices, and what surplus costs where nothing is billed by take-or-pay, and earns."""
    surplus = tables["Surplus"]
    prices = _prices(data, surplus)
    terms = contracts_on_offer(data)
    # What is sold where nobody pays is found by its limit.
    rows = surplus.assign(subject=surplus["contract"])[prices.notna()]
    unbilled = rows[rows["subject"].map(terms["take_or_pay_share"]) == 0]
    bought = unbilled.assign(
        item="contract_energy_for_sale",
        amount=unbilled["sold_gwh"] * unbilled["subject"].map(terms["price_per_mwh"]) / 1000,
        growth=unbilled["subject"].map(terms["price_escalation"]),
    )
    earned = rows.assign(
        item="contract_surplus_sold",
        amount=-rows["sold_gwh"] * prices[rows.index] / 1000,
        growth=0.0,
    )
    parts = [part for part in (bought, earned) if len(part)] or [earned]
    return {
        "Surplus": surplus[SOLD_KEYS].assign(surplus_price_per_mwh=prices),
        "Cost": running_rows(data, "surplus", pd.concat(parts, ignore_index=True)),
    }
