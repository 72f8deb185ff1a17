"""Limits of surplus restated, and what it costs and earns recomputed, from the plan's tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import pandas as pd

from optalloc.data.dataset import Dataset

from .._contracts import ENERGY, KEYS
from .._running_costs import running_rows
from .derived import SOLD_KEYS


def audit(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Surplus by contract and period against what is taken, and where it may be sold at all."""
    surplus = tables["Surplus"]
    terms = data["Contracts"].set_index("contract")
    sold: dict[tuple[str, str], float] = defaultdict(float)
    for contract, period, gwh in surplus[[*KEYS, "sold_gwh"]].itertuples(index=False, name=None):
        sold[contract, period] += gwh
    drawn: dict[tuple[str, str], float] = defaultdict(float)
    deliveries = tables["Deliveries"][[*KEYS, "drawn_gwh"]]
    for contract, period, gwh in deliveries.itertuples(index=False, name=None):
        drawn[contract, period] += gwh
    share = terms["max_surplus_share"].to_dict()
    rows = [
        (*key, gwh, share[key[0]] * drawn[key] / (1 - share[key[0]])) for key, gwh in sold.items()
    ]
    prices = _prices(data, surplus)
    may = surplus["contract"].map(terms["kind"]) == ENERGY
    may &= surplus["contract"].map(terms["max_surplus_share"]) > 0
    return {
        "sold_within_share": pd.DataFrame(rows, columns=[*KEYS, "used", "allowed"]).astype(
            {"used": float, "allowed": float}
        ),
        "sold_where_offered": surplus[SOLD_KEYS].assign(
            used=surplus["sold_gwh"].abs(),
            allowed=surplus["sold_gwh"].where(may & prices.notna(), 0.0),
        ),
    }


def _prices(data: Dataset, surplus: pd.DataFrame) -> pd.Series:
    """Price of each row of the table, looked up by zone; NaN where there is none."""
    terms = data["Contracts"].set_index("contract")
    at_site = data.column("Sites", "grid_zone", by="site").to_dict()
    spot = data["PowerPrices"].set_index(["zone", "period"])["spot_price_per_mwh"].to_dict()
    factor = data["SurplusSlices"].set_index(["zone", "slice"])["price_factor"].to_dict()
    found = []
    for contract, period, name in surplus[SOLD_KEYS].itertuples(index=False, name=None):
        zone, site = terms["zone"][contract], terms["site"][contract]
        zone = at_site.get(site) if pd.isna(zone) else zone
        known = (zone, period) in spot and (zone, name) in factor
        found.append(spot[zone, period] * factor[zone, name] if known else float("nan"))
    return pd.Series(found, surplus.index, dtype=float)


def recompute(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Prices, and what surplus costs where nothing is billed by take-or-pay, and earns."""
    surplus = tables["Surplus"]
    prices = _prices(data, surplus)
    rates = data.columns("Currencies", "currency", "per_workbook_currency")
    per_workbook = rates.set_index("currency")["per_workbook_currency"]
    terms = data["Contracts"].set_index("contract")
    named = surplus["contract"]
    own = named.map(terms["price_per_mwh"]) / named.map(terms["currency"]).map(per_workbook).fillna(
        1.0
    )
    # What is sold where nobody pays is found by its limit.
    rows = surplus.assign(subject=named)[prices.notna()]
    unbilled = rows[rows["subject"].map(terms["take_or_pay_share"]) == 0]
    bought = unbilled.assign(
        item="contract_energy_for_sale",
        amount=unbilled["sold_gwh"] * own[unbilled.index] / 1000,
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
