"""Power contracts: how many megawatts to sign in each period, and the peaks they must cover.

In words
    A contract may be signed within its window, in whole blocks and no less than a minimum where
    it says so; it is active after its lead, in the periods that lie wholly inside its term.
    Capacity contracts must cover the peak grid MW of every site that one of them serves, in every
    period, whether or not it can be signed by then. A deposit is paid when a contract is signed and
    returned, the same sum, at the end of its term, even beyond the horizon; without a term, at the
    end of the horizon. What was signed before has its deposit behind it.
Data
    Contracts, SignedContracts; grid_zone of Sites.
Time
    A signing in s runs from begin(s) + lead_months for term_months, and is active in the periods that
    lie wholly within. One without such a period has no variable: a contract that has only such is an
    error of the input, and so is a decision that asks for one; one that is approved is departed from.
    What was signed before is active in the periods that end by the end of its last day. The fee is
    due for what is active.
Decides
    ``procured[contract, period]``, the MW to sign; ``covered[contract, site, period]``, the peak
    MW it covers; where a signing has them, or has a minimum in another scenario,
    ``blocks_procured[contract, period]`` whole blocks, and ``signs[contract, period]``, 1 if
    anything is signed.
Limits
    ``contracted[c,p] <= max[c]`` over what is active; at a site that a capacity contract serves
    ``grid[i,p] = sum_c covered[c,i,p]``; for each of them
    ``sum_i covered[c,i,p] <= contracted[c,p]``.
Reads and posts
    Reads ``grid_mw``; owns and posts ``contracted_mw``; posts ``cost``.
Source
    Planner's convention.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyomo.environ as pyo

from optalloc.data.dataset import Dataset
from optalloc.modelling.ledgers import Ledgers
from optalloc.modelling.sets import index_set, indexed_set, parameter

from .._calendar import calendar
from .._capacity_bounds import needed_of_contracts, useful_contracts
from .._contracts import (
    CAPACITY,
    KEYS,
    SITE_KEYS,
    TRANCHE_KEYS,
    USE_KEYS,
    already_signed,
    contracts_on_offer,
    reach,
    signings,
    tranches,
)
from .._money import charges_at
from .._posting import post_cost
from .._running_costs import yearly_charges


@dataclass(frozen=True)
class Parameters:
    """Contracts, what is active already, when they can be signed, whom they cover, and charges."""

    contracts: pd.DataFrame
    already: pd.DataFrame
    signings: pd.DataFrame
    offers: pd.DataFrame
    covers: pd.DataFrame
    fees: pd.DataFrame
    deposits: dict[str, pd.DataFrame]


def parameters(data: Dataset) -> Parameters:
    """All numbers of the family from the dataset."""
    contracts, already, serving = contracts_on_offer(data), already_signed(data), signings(data)
    greatest = needed_of_contracts(data, "greatest_min_mw")["greatest_min_mw"]
    contracts = contracts.assign(useful_mw=useful_contracts(data), greatest_min_mw=greatest)
    offers = tranches(data).merge(contracts.reset_index(drop=True), on="contract")
    offered = contracts.loc[already["contract"]].set_index(already.index)
    keys = already[KEYS].assign(subject=already["contract"])
    fees = yearly_charges(data, keys, offered["fixed_fee_per_mw_year"], offered["fee_escalation"])
    return Parameters(
        contracts, already, serving, offers, reach(data, CAPACITY), fees, deposits(data, offers)
    )


def deposits(data: Dataset, offers: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Charges for the deposit of each signing, when it is signed and when its term ends."""
    cal = calendar(data)
    keys = offers[TRANCHE_KEYS].assign(subject=offers["contract"], period=offers["signed"])
    begin, end = offers["signed"].map(cal["begin"]).astype(float), cal["end"].max()
    until = offers["to"].where(np.isfinite(offers["to"]), end)
    per_mw = offers["deposit_per_mw"]
    return {
        "deposit": charges_at(data, keys, per_mw, begin),
        "deposit_returned": charges_at(data, keys, -per_mw, until),
    }


def declare(m: Any, p: Parameters, ledgers: Ledgers) -> None:
    """Signings, active megawatts, and the peaks they cover."""
    m.CONTRACTS = index_set(p.contracts[["contract"]])
    m.CONTRACT_PERIODS = index_set(p.already[KEYS])
    m.already_mw = parameter(m.CONTRACT_PERIODS, p.already.set_index(KEYS)["signed_mw"])
    m.contract_max_mw = parameter(m.CONTRACTS, p.contracts["max_mw"])
    m.contract_useful_mw = parameter(m.CONTRACTS, p.contracts["useful_mw"])
    m.OFFERS = index_set(p.offers[TRANCHE_KEYS])
    m.SIGNED_FOR = indexed_set(m.CONTRACT_PERIODS, p.signings, KEYS, ["signed"])
    m.procured = pyo.Var(
        m.OFFERS, domain=pyo.NonNegativeReals, bounds=lambda m, c, s: (0, m.contract_useful_mw[c])
    )
    m.COVERS = index_set(p.covers[USE_KEYS])
    m.covered = pyo.Var(m.COVERS, domain=pyo.NonNegativeReals)
    ledgers.open("contracted_mw", m.CONTRACT_PERIODS)
    ledgers.post("contracted_mw", "already", lambda m, c, q: m.already_mw[c, q])
    ledgers.post(
        "contracted_mw",
        "procured",
        lambda m, c, q: sum(m.procured[c, s] for s in m.SIGNED_FOR[c, q]),
    )
    post_cost(
        m,
        ledgers,
        "contract_fee",
        p.fees,
        KEYS,
        lambda m, *key: m.contracted_mw[key],
        reads=("contracted_mw",),
    )
    for item, charges in p.deposits.items():
        post_cost(m, ledgers, item, charges, TRANCHE_KEYS, lambda m, *key: m.procured[key])


def constrain(m: Any, p: Parameters) -> None:
    """Contracts are signed as they are offered, and peaks are covered."""
    _constrain_signings(m, p.offers)
    m.contract_within_max = pyo.Constraint(
        m.CONTRACT_PERIODS, rule=lambda m, c, q: m.contracted_mw[c, q] <= m.contract_max_mw[c]
    )
    m.COVERED_SITES = index_set(p.covers[SITE_KEYS].drop_duplicates())
    m.COVERED_BY = indexed_set(m.COVERED_SITES, p.covers, SITE_KEYS, ["contract"])
    m.peak_covered = pyo.Constraint(
        m.COVERED_SITES,
        rule=lambda m, i, q: m.grid_mw[i, q] == sum(m.covered[c, i, q] for c in m.COVERED_BY[i, q]),
    )
    m.COVERING = index_set(p.covers[KEYS].drop_duplicates())
    m.COVERS_SITES = indexed_set(m.COVERING, p.covers, KEYS, ["site"])
    m.cover_within_contract = pyo.Constraint(
        m.COVERING,
        rule=lambda m, c, q: (
            sum(m.covered[c, i, q] for i in m.COVERS_SITES[c, q]) <= m.contracted_mw[c, q]
        ),
    )


def _constrain_signings(m: Any, offers: pd.DataFrame) -> None:
    blocky = offers.dropna(subset=["block_mw"])
    m.BLOCK_OFFERS = index_set(blocky[TRANCHE_KEYS])
    m.contract_block_mw = parameter(m.BLOCK_OFFERS, blocky.set_index(TRANCHE_KEYS)["block_mw"])
    m.blocks_procured = pyo.Var(m.BLOCK_OFFERS, domain=pyo.NonNegativeIntegers)
    m.contract_blocks = pyo.Constraint(
        m.BLOCK_OFFERS,
        rule=lambda m, c, s: (
            m.procured[c, s] == m.contract_block_mw[c, s] * m.blocks_procured[c, s]
        ),
    )
    # A whole block that is no smaller than the minimum meets it by itself.
    least = offers[offers["greatest_min_mw"] > offers["block_mw"].fillna(0.0)]
    m.LEAST_OFFERS = index_set(least[TRANCHE_KEYS])
    m.contract_min_mw = parameter(m.LEAST_OFFERS, least.set_index(TRANCHE_KEYS)["min_mw"])
    m.signs = pyo.Var(m.LEAST_OFFERS, domain=pyo.Binary)
    m.contract_minimum = pyo.Constraint(
        m.LEAST_OFFERS,
        rule=lambda m, c, s: m.contract_min_mw[c, s] * m.signs[c, s] <= m.procured[c, s],
    )
    m.contract_signed = pyo.Constraint(
        m.LEAST_OFFERS,
        rule=lambda m, c, s: m.procured[c, s] <= m.contract_useful_mw[c] * m.signs[c, s],
    )
