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

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyomo.environ as pyo

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Column, Kind
from optalloc.modelling.family import CostTerm, Family
from optalloc.modelling.ledgers import Ledgers
from optalloc.modelling.limits import Limit
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.sets import frame_of, index_set, indexed_set, parameter
from optalloc.modelling.solution import Solution

from ._calendar import TINY_MONTHS, calendar, months_of_last_days
from ._contracts import (
    KEYS,
    TRANCHE_KEYS,
    already_signed,
    contracts_on_offer,
    held,
    signings,
    tranche_before,
)
from ._money import CASH, charge_rows, charges_at, post_cost

ENDING_KEYS = ["contract", "signed", "period"]

TERMINATIONS = TableSpec(
    name="Terminations",
    meaning="Megawatts of contracts that are ended before their term.",
    key=("contract", "signed", "period"),
    columns=(
        Column(name="contract", kind=Kind.TEXT, meaning="Contract."),
        Column(
            name="signed",
            kind=Kind.TEXT,
            meaning="Period in which they were signed; or 'held until' their expiry, if before.",
        ),
        Column(
            name="period", kind=Kind.TEXT, meaning="Period from whose first day on they are ended."
        ),
        Column(name="ended_mw", kind=Kind.NUMBER, unit="MW grid", meaning="Ended early."),
    ),
)


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


def tables(data: Dataset, values: Solution) -> dict[str, pd.DataFrame]:
    """Table of early endings."""
    ended = values.variable("terminated", ENDING_KEYS).rename(columns={"value": "ended_mw"})
    ended = ended[ended["ended_mw"] > 0]
    return {"Terminations": ended, "Actions": actions(data, ended)}


def actions(data: Dataset, ended: pd.DataFrame) -> pd.DataFrame:
    """Endings, dated; all tranches of a contract together."""
    sums = ended.groupby(KEYS, as_index=False, sort=False)["ended_mw"].sum()
    return pd.DataFrame(
        {
            "date": sums["period"].map(calendar(data)["date"]),
            "period": sums["period"],
            "action": "end contract",
            "subject": sums["contract"],
            "mw": sums["ended_mw"],
        }
    )


def audit(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Each tranche that is ended, against what was signed of it and the periods that it serves."""
    cal, fee = calendar(data), data.column("Contracts", "termination_fee_per_mw", by="contract")
    tranches, ended = _tranches(data, tables["Procurement"]), tables["Terminations"]
    sums: dict[tuple[str, str], float] = {}
    rows = []
    for row in ended.to_dict("records"):
        key, mw = (row["contract"], row["signed"]), row["ended_mw"]
        sums[key] = sums.get(key, 0.0) + mw
        _, first, until = tranches.get(key, (0.0, np.inf, -np.inf))
        begin, end = cal.loc[row["period"], ["begin", "end"]]
        served = begin > first + TINY_MONTHS and end <= until + TINY_MONTHS
        may_end = served and pd.notna(fee[row["contract"]])
        rows.append((*key, row["period"], abs(mw), mw if may_end else 0.0))
    within = [(*key, mw, tranches[key][0] if key in tranches else 0.0) for key, mw in sums.items()]
    columns = ["used", "allowed"]
    return {
        "ended_within_signed": pd.DataFrame(within, columns=[*TRANCHE_KEYS, *columns]),
        "ended_within_term": pd.DataFrame(rows, columns=[*ENDING_KEYS, *columns]),
    }


def _tranches(
    data: Dataset, procurement: pd.DataFrame
) -> dict[tuple[str, str], tuple[float, float, float]]:
    """MW of each tranche, after which month it can be ended, and the month in which it ends."""
    begin, before = calendar(data)["begin"], data["SignedContracts"]
    terms = data.columns("Contracts", "contract", "lead_months", "term_months")
    contracts = terms.set_index("contract").to_dict("index")
    found = {}
    days = months_of_last_days(data, before["expiry"])
    for signed, until in zip(before.to_dict("records"), days, strict=True):
        key = signed["contract"], tranche_before(signed["expiry"])
        found[key] = (signed["signed_mw"], -np.inf, until)
    for signed in procurement[procurement["signed_mw"] > 0].to_dict("records"):
        at = contracts[signed["contract"]]
        since = begin[signed["period"]] + at["lead_months"]
        until = since + (np.inf if pd.isna(at["term_months"]) else at["term_months"])
        first = begin[begin >= since - TINY_MONTHS].min()
        found[signed["contract"], signed["period"]] = (signed["signed_mw"], first, until)
    return found


def recompute(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Actions and fees from the Terminations table."""
    ended, rate = tables["Terminations"], data.one("Settings").discount_rate
    fee = contracts_on_offer(data, "termination_fee_per_mw")["termination_fee_per_mw"]
    sums = ended.groupby(KEYS, as_index=False, sort=False)["ended_mw"].sum()
    begin = sums["period"].map(calendar(data)["begin"]).astype(float)
    cash = sums["ended_mw"] * sums["contract"].map(fee).astype(float)
    cost = sums[["period"]].assign(
        item="termination",
        kind=CASH,
        subject=sums["contract"],
        cash=cash,
        present_value=cash / (1 + rate) ** (begin / 12),
        first_month=begin,
        last_month=begin,
    )
    return {"Actions": actions(data, ended), "Cost": charge_rows("terminations", cost)}


FAMILY = Family(
    name="terminations",
    title="Early termination",
    order=51,
    sheets=(),
    idle_without=("Contracts",),
    needed_with=("Decisions",),
    zero_where_absent=("terminated",),
    costs=(
        CostTerm(
            item="termination",
            kind=CASH,
            formula="sum_csp termination_fee_per_mw[c] terminated[c,s,p]",
            paid="on the first day of the period from which the MW are ended",
            escalation="no",
        ),
    ),
    limits=(
        Limit(
            name="ended_within_signed",
            over=(
                "contract",
                "signed",
            ),
            cells=("Contracts.max_mw",),
            conflict="no more of {contract} is ended than is signed",
            unit="MW grid",
            sense="<=",
            sentence="{contract}, signed {signed}: all {allowed} MW are ended early",
            marginal="saving from one more MW to end",
            formula="sum_p terminated[c,s,p] <= procured[c,s]",
        ),
        Limit(
            name="ended_within_term",
            unit="MW grid",
            sense="<=",
            enforced="sets",
            reported=False,
            sentence="{contract}, signed {signed}, is ended in {period}",
            marginal="none: it has no row",
            formula="terminated[c,s,p] exists only with a fee, in periods that s serves",
        ),
    ),
    outputs=(TERMINATIONS,),
    parameters=parameters,
    declare=declare,
    constrain=constrain,
    tables=tables,
    audit=audit,
    recompute=recompute,
)
