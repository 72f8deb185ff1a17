"""Energy: what each site's load takes, from contracts up to what they deliver, and from spot.

In words
    A site's load takes energy in every period. Energy contracts and on-site generation deliver up
    to their active MW times availability; spot exists only where it is priced, up to its share of a zone's energy.
    What a contract bills is what is drawn or sold, or its take-or-pay share of what it could deliver
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
    ``pue[i] hours[p] mean_load[i,p] + losses[i,p] = sum_c drawn[c,i,p] + spot[i,p]``;
    ``sum_i drawn[c,i,p] + sold[c,p] <= availability[c] hours[p] contracted[c,p]``; over a zone ``z``,
    spot is at most its share of the energy; ``billed[c,p] >= sum_i drawn[c,i,p] + sold[c,p]`` and
    ``billed[c,p] >= take_or_pay[c] availability[c] hours[p] contracted[c,p]``.
Reads and posts
    Reads ``mean_load_mw`` and ``contracted_mw``; owns ``losses_gwh`` and ``sold_gwh``; owns and posts ``energy_gwh``,
    ``clean_gwh`` and ``emissions_tco2``; posts ``cost``.
Source
    Planner's convention.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyomo.environ as pyo

from optalloc.data.dataset import Dataset
from optalloc.modelling.ledgers import Ledgers
from optalloc.modelling.sets import frame_of, index_set, indexed_set, parameter

from .._building import pue_of_sites
from .._calendar import calendar
from .._contracts import (
    DELIVERS,
    KEYS,
    SITE_KEYS,
    USE_KEYS,
    ZONE_KEYS,
    contracts_on_offer,
    hours,
    reach,
    spot_prices,
)
from .._posting import post_cost
from .._running_costs import running_charges


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
    pue, length = fed["site"].map(pue_of_sites(data)), fed["period"].map(each)
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
    m.FED = index_set(p.needs.index.to_frame(index=False))
    ledgers.open("losses_gwh", m.FED)
    m.ENERGY_CONTRACTS = index_set(p.contracts[KEYS])
    ledgers.open("sold_gwh", m.ENERGY_CONTRACTS)
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
    m.gwh_per_load_mw = parameter(m.FED, p.needs)
    m.FED_BY = indexed_set(m.FED, p.feeds, SITE_KEYS, ["contract"])
    m.SPOT_HERE = indexed_set(m.FED, p.spot.assign(same=p.spot["period"]), SITE_KEYS, ["same"])
    loaded = frame_of(m.LOADED, SITE_KEYS)
    m.LOAD_HERE = indexed_set(m.FED, loaded.assign(same=loaded["period"]), SITE_KEYS, ["same"])
    m.energy_met = pyo.Constraint(
        m.FED,
        rule=lambda m, i, q: (
            m.gwh_per_load_mw[i, q] * sum(m.mean_load_mw[i, r] for r in m.LOAD_HERE[i, q])
            + m.losses_gwh[i, q]
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
            * (
                sum(m.gwh_per_load_mw[i, q] * m.mean_load_mw[i, q] for i in m.SPOT_LOADS[z, q])
                + sum(m.losses_gwh[i, q] for i in m.SPOT_SITES[z, q])
            )
        ),
    )


def _constrain_contracts(m: Any, p: Parameters) -> None:
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
        rule=lambda m, c, q: (
            m.drawn_in_all[c, q] + m.sold_gwh[c, q] <= m.deliverable[c, q] * m.contracted_mw[c, q]
        ),
    )
    m.billed_if_drawn = pyo.Constraint(
        m.BILLED,
        rule=lambda m, c, q: m.drawn_in_all[c, q] + m.sold_gwh[c, q] <= m.billed[c, q],
    )
    m.billed_if_not_drawn = pyo.Constraint(
        m.BILLED,
        rule=lambda m, c, q: (
            m.take_or_pay[c, q] * m.deliverable[c, q] * m.contracted_mw[c, q] <= m.billed[c, q]
        ),
    )
