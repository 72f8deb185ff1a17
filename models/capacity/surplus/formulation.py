"""Surplus energy: what contracts deliver and no site takes, sold where somebody pays for it.

In words
    A contract for wind or sun delivers by the weather, and in some slices more than its sites take.
    Where it says so, the rest may be sold, up to a share of what load runs on and what is sold: a data
    centre sells what is left over. What storage loses serves no load: of what a site draws, no more
    counts than its load takes. What is sold is bought first: it is billed at the price
    of the contract and counts towards its take-or-pay. It earns a price of its zone and slice, is no
    energy of any site, and its emissions are the buyer's.
Data
    SurplusSlices; ``max_surplus_share[c]`` of Contracts; spot prices of PowerPrices; Slices.
    ``surplus_factor[z,t]`` is the price in zone ``z`` of the contract, over its spot price of the period.
Time
    Sold evenly over the period, in each of its slices. Prices of surplus follow those of spot, which do
    not escalate.
Decides
    ``sold[contract, period, slice]``, in GWh, of energy contracts that may sell, in slices with a price;
    of what they draw, ``drawn_for_load[contract, site, period]``, which load runs on.
Limits
    ``drawn_for_load[c,i,p] <= drawn[c,i,p]``; over the contracts that may sell
    ``sum_c drawn_for_load[c,i,p] <= pue[i] hours[p] mean_load[i,p]``;
    ``sum_t sold[c,p,t] <= max_surplus_share[c] / (1 - max_surplus_share[c]) sum_i drawn_for_load[c,i,p]``.
Reads and posts
    Reads ``mean_load_mw``; posts ``sold_gwh``, ``sold_in_slice_gwh`` and ``cost``.
Source
    Planner's convention; power purchase agreements that leave what is not taken to the buyer to sell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyomo.environ as pyo

from optalloc.data.dataset import Dataset
from optalloc.modelling.ledgers import Ledgers
from optalloc.modelling.sets import frame_of, index_set, indexed_set, parameter

from .._contracts import ENERGY, KEYS, SITE_KEYS, USE_KEYS, reach
from .._posting import post_cost
from .._running_costs import running_charges
from .derived import SOLD_KEYS, surplus_offers


@dataclass(frozen=True)
class Parameters:
    """Offers of surplus by contract, period and slice, whom those contracts feed, and what a GWh
    sold costs and earns.
    """

    offers: pd.DataFrame
    feeds: pd.DataFrame
    bought: pd.DataFrame
    earned: pd.DataFrame


def parameters(data: Dataset) -> Parameters:
    """All numbers of the family from the dataset."""
    offers = surplus_offers(data)
    feeds = reach(data, ENERGY).merge(offers[KEYS].drop_duplicates(), on=KEYS)
    keys = offers[SOLD_KEYS].assign(subject=offers["contract"])
    unbilled = offers["take_or_pay_share"] == 0
    bought = running_charges(
        data,
        keys[unbilled],
        offers.loc[unbilled, "price_per_mwh"] / 1000,
        offers.loc[unbilled, "price_escalation"],
    )
    earned = running_charges(data, keys, -offers["surplus_price_per_mwh"] / 1000)
    return Parameters(offers, feeds, bought, earned)


def declare(m: Any, p: Parameters, ledgers: Ledgers) -> None:
    """Energy sold in each slice, what it takes of its contract, costs and earns."""
    m.SOLD = index_set(p.offers[SOLD_KEYS])
    m.sold = pyo.Var(m.SOLD, domain=pyo.NonNegativeReals)
    m.SELLING_FEEDS = index_set(p.feeds[USE_KEYS])
    m.drawn_for_load = pyo.Var(m.SELLING_FEEDS, domain=pyo.NonNegativeReals)
    m.SOLD_IN_PERIOD = indexed_set(m.ENERGY_CONTRACTS, p.offers, KEYS, ["slice"])
    ledgers.post(
        "sold_gwh",
        "surplus",
        lambda m, c, q: sum(m.sold[c, q, t] for t in m.SOLD_IN_PERIOD[c, q]),
    )
    same = p.offers.assign(same=p.offers["slice"])
    m.SOLD_IN_SLICE = indexed_set(m.SLICED_CONTRACTS, same, SOLD_KEYS, ["same"])
    ledgers.post(
        "sold_in_slice_gwh",
        "surplus",
        lambda m, c, q, t: sum(m.sold[c, q, u] for u in m.SOLD_IN_SLICE[c, q, t]),
    )
    for item, charges in (
        ("contract_energy_for_sale", p.bought),
        ("contract_surplus_sold", p.earned),
    ):
        post_cost(m, ledgers, item, charges, SOLD_KEYS, lambda m, *key: m.sold[key])


def constrain(m: Any, p: Parameters) -> None:
    """No more is sold than a share of what load runs on."""
    m.for_load_within_drawn = pyo.Constraint(
        m.SELLING_FEEDS, rule=lambda m, c, i, q: m.drawn_for_load[c, i, q] <= m.drawn[c, i, q]
    )
    m.FED_BY_SELLING = index_set(p.feeds[SITE_KEYS].drop_duplicates())
    m.SELLING_HERE = indexed_set(m.FED_BY_SELLING, p.feeds, SITE_KEYS, ["contract"])
    loaded = frame_of(m.LOADED, SITE_KEYS)
    loaded = loaded.assign(same=loaded["period"])
    m.LOAD_FED_BY_SELLING = indexed_set(m.FED_BY_SELLING, loaded, SITE_KEYS, ["same"])
    m.for_load_within_load = pyo.Constraint(
        m.FED_BY_SELLING,
        rule=lambda m, i, q: (
            sum(m.drawn_for_load[c, i, q] for c in m.SELLING_HERE[i, q])
            <= m.gwh_per_load_mw[i, q]
            * sum(m.mean_load_mw[i, r] for r in m.LOAD_FED_BY_SELLING[i, q])
        ),
    )
    by_period = p.offers.drop_duplicates(KEYS).set_index(KEYS)
    m.SELLING = index_set(by_period.index.to_frame(index=False))
    share = by_period["max_surplus_share"]
    m.sold_per_drawn = parameter(m.SELLING, share / (1.0 - share))
    m.SELLS_FOR = indexed_set(m.SELLING, p.feeds, KEYS, ["site"])
    m.sold_within_share = pyo.Constraint(
        m.SELLING,
        rule=lambda m, c, q: (
            m.sold_gwh[c, q]
            <= m.sold_per_drawn[c, q] * sum(m.drawn_for_load[c, i, q] for i in m.SELLS_FOR[c, q])
        ),
    )
