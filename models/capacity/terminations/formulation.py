"""Terminations: power contracts that are ended before their term, for a fee.

In words
    A contract with a termination fee may be ended early, in whole or in part: what the plan signs,
    from the second period that it serves on; what was signed before, from the first. MW that are
    ended are active no more from that period on and cost their fee once, on its first day. The
    deposit still comes back when the term would have ended.
Data
    termination_fee_per_mw of Contracts; SignedContracts.
Decides
    ``terminated[contract, signed, period]``, MW of the tranche signed in one period that are ended
    at the start of another.
Limits
    ``sum_p terminated[c,s,p] <= procured[c,s]`` for each tranche ``s``.
Reads and posts
    Posts ``contracted_mw`` and ``cost``.
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

from .._calendar import calendar
from .._contracts import (
    KEYS,
    TRANCHE_KEYS,
    already_signed,
    contracts_on_offer,
    held,
    signings,
)
from .._money import charges_at
from .._posting import post_cost
from .tables import ENDING_KEYS


@dataclass(frozen=True)
class Parameters:
    """Possible endings, MW signed before, the endings that count in each period, and fees."""

    contract_periods: pd.DataFrame
    endings: pd.DataFrame
    held_mw: pd.Series
    ended_by: pd.DataFrame
    fees: pd.DataFrame


def parameters(data: Dataset) -> Parameters:
    """All numbers of the family from the dataset."""
    fee = contracts_on_offer(data, "termination_fee_per_mw")["termination_fee_per_mw"]
    new, before = signings(data), held(data)
    columns = [*ENDING_KEYS, "position"]
    # What the plan signs serves its first period, or it need not be signed.
    later = new[new.duplicated(TRANCHE_KEYS)]
    endings = pd.concat([later[columns], before[columns]], ignore_index=True)
    endings = endings[endings["contract"].map(fee).notna()].reset_index(drop=True)
    tranches = endings[TRANCHE_KEYS].drop_duplicates()
    held_mw = tranches.merge(
        before[[*TRANCHE_KEYS, "signed_mw"]].drop_duplicates(), on=TRANCHE_KEYS, how="left"
    )
    ends = endings.rename(columns={"period": "ended", "position": "since"})
    felt = endings.merge(ends, on=TRANCHE_KEYS)
    charges = charges_at(
        data,
        endings[ENDING_KEYS].assign(subject=endings["contract"]),
        endings["contract"].map(fee).astype(float),
        endings["period"].map(calendar(data)["begin"]).astype(float),
    )
    return Parameters(
        already_signed(data)[KEYS],
        endings,
        held_mw.set_index(TRANCHE_KEYS)["signed_mw"].astype(float).fillna(0.0),
        felt[felt["since"] <= felt["position"]],
        charges,
    )


def declare(m: Any, p: Parameters, ledgers: Ledgers) -> None:
    """MW that are ended, which are active no more."""
    m.ENDINGS = index_set(p.endings[ENDING_KEYS])
    m.terminated = pyo.Var(m.ENDINGS, domain=pyo.NonNegativeReals)
    m.MAY_BE_ENDED = index_set(p.contract_periods)
    m.ENDED_BY = indexed_set(m.MAY_BE_ENDED, p.ended_by, KEYS, ["signed", "ended"])
    ledgers.post(
        "contracted_mw",
        "terminated",
        lambda m, c, q: -sum(m.terminated[c, s, r] for s, r in m.ENDED_BY[c, q]),
    )
    post_cost(m, ledgers, "termination", p.fees, ENDING_KEYS, lambda m, *key: m.terminated[key])


def constrain(m: Any, p: Parameters) -> None:
    """No more of a tranche is ended than was signed."""
    m.TRANCHES = index_set(p.held_mw.index.to_frame(index=False))
    m.held_mw = parameter(m.TRANCHES, p.held_mw)
    m.ENDINGS_OF = indexed_set(m.TRANCHES, p.endings, TRANCHE_KEYS, ["period"])
    offers = frame_of(m.OFFERS, TRANCHE_KEYS).merge(frame_of(m.TRANCHES, TRANCHE_KEYS))
    m.SIGNED_NOW = indexed_set(
        m.TRANCHES, offers.assign(same=offers["signed"]), TRANCHE_KEYS, ["same"]
    )
    m.ended_within_signed = pyo.Constraint(
        m.TRANCHES,
        rule=lambda m, c, s: (
            sum(m.terminated[c, s, q] for q in m.ENDINGS_OF[c, s])
            <= m.held_mw[c, s] + sum(m.procured[c, t] for t in m.SIGNED_NOW[c, s])
        ),
    )
