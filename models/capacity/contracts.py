"""Power contracts: how many megawatts to sign in each period, and the peaks they must cover.

In words
    A contract may be signed within its window, in whole blocks and no less than a minimum where
    it says so; it is active after its lead, in the periods that lie wholly inside its term.
    Capacity contracts must cover the peak grid MW of every site that one of them serves, in every
    period, whether or not it can be signed by then.
Data
    Contracts, SignedContracts; grid_zone of Sites.
Decides
    ``procured[contract, period]``, the MW to sign; ``covered[contract, site, period]``, the peak
    MW it covers; where a signing has them, ``blocks_procured[contract, period]`` whole blocks, and
    ``signs[contract, period]``, 1 if anything is signed.
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

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyomo.environ as pyo

from optalloc.dataset import Dataset
from optalloc.errors import Problem
from optalloc.family import Family, Ledger, Limit, TableSpec
from optalloc.program import Ledgers, index_set, indexed_set, parameter
from optalloc.schema import Column, Kind, Sheet
from optalloc.values import Values

from ._calendar import TINY_MONTHS, calendar, months_from_base
from ._contracts import (
    KEYS,
    SITE_KEYS,
    USE_KEYS,
    already_signed,
    contracts_on_offer,
    reach,
    signings,
)
from ._money import post_cost
from ._running import running_charges, running_rows

CONTRACTS = Sheet(
    name="Contracts",
    meaning="One power contract on offer a row: how many megawatts of it to sign in each period is decided.",
    key=("contract",),
    columns=(
        Column(
            name="contract", kind=Kind.TEXT, meaning="Name of the contract.", example="Kanto wind"
        ),
        Column(
            name="site",
            kind=Kind.TEXT,
            meaning="Site it serves; fill in site or zone, not both.",
            blank=None,
            blank_means="it serves a zone",
            refers_to="Sites.site",
        ),
        Column(
            name="zone",
            kind=Kind.TEXT,
            meaning="Grid zone whose sites it serves.",
            blank=None,
            blank_means="it serves a site",
            refers_to="Sites.grid_zone",
            example="Kanto",
        ),
        Column(
            name="kind",
            kind=Kind.CHOICE,
            meaning="capacity: covers peak grid MW; energy: delivers MWh.",
            choices=("capacity", "energy"),
            example="energy",
        ),
        Column(
            name="first_period",
            kind=Kind.TEXT,
            meaning="First period in which it can be signed.",
            blank=None,
            blank_means="the first period",
            refers_to="Periods.period",
        ),
        Column(
            name="last_period",
            kind=Kind.TEXT,
            meaning="Last period in which it can be signed.",
            blank=None,
            blank_means="the last period",
            refers_to="Periods.period",
        ),
        Column(
            name="lead_months",
            kind=Kind.NUMBER,
            unit="months",
            meaning="From signing to power, as for on-site generation.",
            blank=0.0,
            at_least=0,
            at_most=600,
            example=0,
        ),
        Column(
            name="term_months",
            kind=Kind.NUMBER,
            unit="months",
            meaning="How long it runs; it counts only in periods that lie wholly inside its term.",
            blank=None,
            blank_means="beyond the horizon",
            above=0,
            at_most=1200,
            example=120,
        ),
        Column(
            name="min_mw",
            kind=Kind.NUMBER,
            unit="MW grid",
            meaning="Least of one signing, if it is signed at all.",
            blank=0.0,
            at_least=0,
            example=20,
        ),
        Column(
            name="block_mw",
            kind=Kind.NUMBER,
            unit="MW grid",
            meaning="Signings are whole multiples of this.",
            blank=None,
            blank_means="any size",
            above=0,
        ),
        Column(
            name="max_mw",
            kind=Kind.NUMBER,
            unit="MW grid",
            meaning="Most that may be active at one time, what was already signed included.",
            at_least=0,
            example=200,
        ),
        Column(
            name="price_per_mwh",
            kind=Kind.NUMBER,
            unit="per MWh",
            meaning="Price of energy billed, in plain currency units.",
            blank=0.0,
            at_least=0,
            example=62,
        ),
        Column(
            name="price_escalation",
            kind=Kind.NUMBER,
            unit="per year",
            meaning="Yearly growth of the price from the base date.",
            blank=0.0,
            above=-1,
            at_most=1,
            example=0.02,
        ),
        Column(
            name="availability",
            kind=Kind.NUMBER,
            unit="share of hours",
            meaning="Energy delivered at most, per active MW and hour.",
            blank=1.0,
            above=0,
            at_most=1,
            example=0.9,
        ),
        Column(
            name="fixed_fee_per_mw_year",
            kind=Kind.NUMBER,
            unit="M per MW-year",
            meaning="Fee on each active MW.",
            blank=0.0,
            at_least=0,
            example=0.01,
        ),
        Column(
            name="take_or_pay_share",
            kind=Kind.NUMBER,
            unit="share of deliverable",
            meaning="Share of the deliverable energy that is billed even if it is not drawn.",
            blank=0.0,
            at_least=0,
            at_most=1,
            example=0.7,
        ),
        Column(
            name="currency",
            kind=Kind.TEXT,
            meaning="Currency of this row's price and fee, from Currencies.",
            blank=None,
            blank_means="the workbook's currency",
        ),
    ),
)

SIGNED_CONTRACTS = Sheet(
    name="SignedContracts",
    meaning="Megawatts of a contract that were signed before the first period.",
    key=("contract", "expiry"),
    columns=(
        Column(
            name="contract",
            kind=Kind.TEXT,
            meaning="From Contracts.",
            refers_to="Contracts.contract",
            example="Kanto wind",
        ),
        Column(
            name="signed_mw",
            kind=Kind.NUMBER,
            unit="MW grid",
            meaning="Active from the start.",
            at_least=0,
            example=30,
        ),
        Column(
            name="expiry",
            kind=Kind.DATE,
            meaning="Day on which it ends; it counts only in periods that end by then.",
            example="2031-01-01",
        ),
    ),
)

OFFER_KEYS = ["contract", "signed"]

PROCUREMENT = TableSpec(
    name="Procurement",
    meaning="Megawatts signed and active by contract and period.",
    key=("contract", "period"),
    across="period",
    spread=("signed_mw", "active_mw"),
    columns=(
        Column(name="contract", kind=Kind.TEXT, meaning="Contract."),
        Column(name="kind", kind=Kind.TEXT, meaning="capacity or energy."),
        Column(name="period", kind=Kind.TEXT, meaning="Period."),
        Column(
            name="signed_mw", kind=Kind.NUMBER, unit="MW grid", meaning="To sign in the period."
        ),
        Column(
            name="active_mw",
            kind=Kind.NUMBER,
            unit="MW grid",
            meaning="Active in the period, signed before included.",
        ),
    ),
)

COVERAGE = TableSpec(
    name="Coverage",
    meaning="Which capacity contract covers whose peak.",
    key=("contract", "site", "period"),
    across="period",
    spread=("covered_mw",),
    columns=(
        Column(name="contract", kind=Kind.TEXT, meaning="Contract."),
        Column(name="site", kind=Kind.TEXT, meaning="Site."),
        Column(name="period", kind=Kind.TEXT, meaning="Period."),
        Column(name="covered_mw", kind=Kind.NUMBER, unit="MW grid", meaning="Peak it covers."),
    ),
)


@dataclass(frozen=True)
class Parameters:
    """Contracts, what is active already, when they can be signed, whom they cover, and fees."""

    contracts: pd.DataFrame
    already: pd.DataFrame
    signings: pd.DataFrame
    offers: pd.DataFrame
    covers: pd.DataFrame
    fees: pd.DataFrame


def parameters(data: Dataset) -> Parameters:
    """All numbers of the family from the dataset."""
    contracts, already, serving = contracts_on_offer(data), already_signed(data), signings(data)
    offers = serving[OFFER_KEYS].drop_duplicates()
    offers = offers.merge(contracts.reset_index(drop=True), on="contract")
    per_year = already["contract"].map(contracts["fixed_fee_per_mw_year"]).astype(float)
    years = already["period"].map(calendar(data)["years"]).astype(float)
    fees = running_charges(data, already[KEYS], per_year * years, already["contract"])
    return Parameters(contracts, already, serving, offers, reach(data, "capacity"), fees)


def declare(m: Any, p: Parameters, ledgers: Ledgers) -> None:
    """Signings, active megawatts, and the peaks they cover."""
    m.CONTRACTS = index_set(p.contracts[["contract"]])
    m.CONTRACT_PERIODS = index_set(p.already[KEYS])
    m.already_mw = parameter(m.CONTRACT_PERIODS, p.already.set_index(KEYS)["signed_mw"])
    m.contract_max_mw = parameter(m.CONTRACTS, p.contracts["max_mw"])
    m.OFFERS = index_set(p.offers[OFFER_KEYS])
    m.SIGNED_FOR = indexed_set(m.CONTRACT_PERIODS, p.signings, KEYS, ["signed"])
    m.procured = pyo.Var(
        m.OFFERS, domain=pyo.NonNegativeReals, bounds=lambda m, c, s: (0, m.contract_max_mw[c])
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
    m.BLOCK_OFFERS = index_set(blocky[OFFER_KEYS])
    m.contract_block_mw = parameter(m.BLOCK_OFFERS, blocky.set_index(OFFER_KEYS)["block_mw"])
    m.blocks_procured = pyo.Var(m.BLOCK_OFFERS, domain=pyo.NonNegativeIntegers)
    m.contract_blocks = pyo.Constraint(
        m.BLOCK_OFFERS,
        rule=lambda m, c, s: (
            m.procured[c, s] == m.contract_block_mw[c, s] * m.blocks_procured[c, s]
        ),
    )
    # A whole block that is no smaller than the minimum meets it by itself.
    least = offers[offers["min_mw"] > offers["block_mw"].fillna(0.0)]
    m.LEAST_OFFERS = index_set(least[OFFER_KEYS])
    m.contract_min_mw = parameter(m.LEAST_OFFERS, least.set_index(OFFER_KEYS)["min_mw"])
    m.signs = pyo.Var(m.LEAST_OFFERS, domain=pyo.Binary)
    m.contract_minimum = pyo.Constraint(
        m.LEAST_OFFERS,
        rule=lambda m, c, s: m.contract_min_mw[c, s] * m.signs[c, s] <= m.procured[c, s],
    )
    m.contract_signed = pyo.Constraint(
        m.LEAST_OFFERS,
        rule=lambda m, c, s: m.procured[c, s] <= m.contract_max_mw[c] * m.signs[c, s],
    )


def check(data: Dataset) -> Iterator[Problem]:
    """Contracts that make sense, and no more signed than there is."""
    cal = calendar(data)
    for row, at in data["Contracts"].iterrows():
        if pd.isna(at["site"]) == pd.isna(at["zone"]):
            yield data.problem(
                "Contracts",
                row,
                "site",
                "site or zone must be filled in, one of the two",
                "Fill in one and empty the other.",
                "one-of-two",
                found="neither" if pd.isna(at["site"]) else "both",
            )
        first, last = at["first_period"], at["last_period"]
        if cal["position"].get(first, 0) > cal["position"].get(last, len(cal)):
            yield data.problem(
                "Contracts",
                row,
                "last_period",
                "a contract must not end signing before it starts",
                f"Put it at or after {first}.",
                "contract-reversed",
            )
        for column in ("min_mw", "block_mw"):
            if at[column] > at["max_mw"]:
                yield data.problem(
                    "Contracts",
                    row,
                    column,
                    f"{column} must be at most max_mw, {at['max_mw']:g}",
                    f"Lower {column} or raise max_mw.",
                    "min-above-max",
                )
        free = {"price_per_mwh": 0.0, "availability": 1.0, "take_or_pay_share": 0.0}
        for column in (c for c, value in free.items() if at["kind"] == "capacity"):
            if pd.notna(at[column]) and at[column] != free[column]:
                yield data.problem(
                    "Contracts",
                    row,
                    column,
                    f"{column} must be left blank for a capacity contract, which bills no energy",
                    "Empty the cell, or offer the energy as a contract of its own.",
                    "energy-of-capacity",
                )
    yield from _check_signed(data)


def _check_signed(data: Dataset) -> Iterator[Problem]:
    signed = data["SignedContracts"].dropna(subset=["contract", "expiry", "signed_mw"])
    ends = months_from_base(data, signed["expiry"])
    first = calendar(data)["begin"].min() if data.sound("Periods") else -np.inf
    for row in signed.index[ends <= first + TINY_MONTHS]:
        yield data.problem(
            "SignedContracts",
            row,
            "expiry",
            "a signed contract must end after the first period begins",
            "Correct the date, or remove the row.",
            "contract-ended",
        )
    named = data["Contracts"].dropna(subset=["contract"]).drop_duplicates("contract")
    most = named.set_index("contract")["max_mw"]
    for contract, own in signed.groupby("contract", sort=False)["signed_mw"]:
        if own.sum() > most.get(contract, np.inf):
            yield data.problem(
                "SignedContracts",
                own.index[-1],
                "signed_mw",
                f"what is signed of {contract!r} must be at most its max_mw, {most[contract]:g}",
                "Lower signed_mw or raise max_mw in Contracts.",
                "min-above-max",
                found=f"{own.sum():g}",
            )


def tables(data: Dataset, values: Values) -> dict[str, pd.DataFrame]:
    """What is signed and active, and whose peak it covers."""
    signed = values.variable("procured", KEYS).rename(columns={"value": "signed_mw"})
    active = values.ledger("contracted_mw").rename(columns={"value": "active_mw"})
    frame = active.merge(signed, on=KEYS, how="left").fillna({"signed_mw": 0.0})
    frame["kind"] = frame["contract"].map(data["Contracts"].set_index("contract")["kind"])
    procurement = frame[[column.name for column in PROCUREMENT.columns]]
    covered = values.variable("covered", USE_KEYS).rename(columns={"value": "covered_mw"})
    return {
        "Procurement": procurement,
        "Coverage": covered[covered["covered_mw"] > 0],
        "Actions": actions(data, procurement),
    }


def actions(data: Dataset, procurement: pd.DataFrame) -> pd.DataFrame:
    """Signings, dated."""
    signed = procurement[procurement["signed_mw"] > 0]
    return pd.DataFrame(
        {
            "date": signed["period"].map(calendar(data)["date"]),
            "period": signed["period"],
            "action": "sign contract",
            "subject": signed["contract"],
            "mw": signed["signed_mw"],
        }
    )


def audit(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Signings and peaks restated from the Procurement, Coverage and Build tables."""
    offered, coverage = data["Contracts"], tables["Coverage"]
    procurement = tables["Procurement"].drop(columns="kind").merge(offered, on="contract")
    signed = procurement[procurement["signed_mw"] != 0]
    position = calendar(data)["position"]
    within = (
        signed["period"]
        .map(position)
        .between(
            signed["first_period"].map(position).fillna(0),
            signed["last_period"].map(position).fillna(len(position)),
        )
    )
    blocky = signed.dropna(subset=["block_mw"])
    blocks = blocky["signed_mw"] / blocky["block_mw"]
    by_contract = coverage.groupby(KEYS)["covered_mw"].sum()
    by_site = coverage.groupby(SITE_KEYS)["covered_mw"].sum()
    capacity = offered[offered["kind"] == "capacity"]
    covering = procurement[procurement["kind"] == "capacity"]
    peaks = tables["Build"].merge(data["Sites"][["site", "grid_zone", "pue"]], on="site")
    named = peaks["site"].isin(capacity["site"]) | peaks["grid_zone"].isin(
        capacity["zone"].dropna()
    )
    peaks = peaks[named]
    served = coverage.merge(capacity, on="contract", how="left", suffixes=("", "_named"))
    zone = served["site"].map(data["Sites"].set_index("site")["grid_zone"])
    own = (served["site"] == served["site_named"]) | (zone == served["zone"])
    return {
        "signed_on_offer": signed[KEYS].assign(
            used=signed["signed_mw"], allowed=signed["max_mw"].where(within, 0.0)
        ),
        "contract_minimum": signed[KEYS].assign(used=signed["min_mw"], allowed=signed["signed_mw"]),
        "contract_blocks": blocky[KEYS].assign(used=blocks, allowed=blocks.round()),
        "contract_within_max": procurement[KEYS].assign(
            used=procurement["active_mw"], allowed=procurement["max_mw"]
        ),
        "cover_within_contract": covering[KEYS].assign(
            used=_at(by_contract, covering[KEYS]), allowed=covering["active_mw"]
        ),
        "peak_covered": peaks[SITE_KEYS].assign(
            used=peaks["online_mw"] * peaks["pue"], allowed=_at(by_site, peaks[SITE_KEYS])
        ),
        "cover_of_own_sites": served[USE_KEYS].assign(
            used=served["covered_mw"].abs(), allowed=served["covered_mw"].where(own, 0.0)
        ),
    }


def _at(sums: pd.Series, keys: pd.DataFrame) -> list[float]:
    """Each key's sum; nought where it has none."""
    return [sums.get(key, 0.0) for key in keys.itertuples(index=False, name=None)]


def recompute(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Active MW, actions and fees, walked signing by signing from the Procurement table."""
    cal, contracts = calendar(data), contracts_on_offer(data).to_dict("index")
    before, procurement = data["SignedContracts"], tables["Procurement"]
    before = before.assign(to=months_from_base(data, before["expiry"]))
    rows = []
    for name, own in procurement.groupby("contract", sort=False):
        at, held = contracts[name], before[before["contract"] == name]
        begins = own["period"].map(cal["begin"]).to_numpy(float)
        since = begins + at["lead_months"]
        until = since + (np.inf if pd.isna(at["term_months"]) else at["term_months"])
        for period in own["period"]:
            begin, end, years = cal.loc[period, ["begin", "end", "years"]]
            running = (since <= begin + TINY_MONTHS) & (end <= until + TINY_MONTHS)
            active = own.loc[running, "signed_mw"].sum()
            active += held.loc[end <= held["to"] + TINY_MONTHS, "signed_mw"].sum()
            fee = at["fixed_fee_per_mw_year"] * active * years
            rows.append((name, at["kind"], period, active, fee))
    frame = pd.DataFrame(rows, columns=["contract", "kind", "period", "active_mw", "cash"])
    fees = frame.assign(item="contract_fee", subject=frame["contract"])
    return {
        "Procurement": frame.drop(columns="cash"),
        "Actions": actions(data, procurement),
        "Cost": running_rows(data, "contracts", fees),
    }


LIMITS = (
    Limit(
        name="signed_on_offer",
        unit="MW grid",
        sense="<=",
        enforced="sets",
        sentence="{contract}, {period}: all {allowed} MW on offer are signed",
        marginal="none: it has no row",
        formula="procured[c,s] exists only within the signing window",
    ),
    Limit(
        name="contract_minimum",
        unit="MW grid",
        sense="<=",
        sentence="{contract}, {period}: the least that may be signed, {used} MW, is signed",
        marginal="saving from a minimum one MW smaller",
        formula="min[c] signs[c,s] <= procured[c,s] <= max[c] signs[c,s]",
    ),
    Limit(
        name="contract_blocks",
        unit="blocks",
        sense="==",
        sentence="{contract}, {period}: {used} blocks are signed",
        marginal="none: integrality has no price",
        formula="procured[c,s] = block[c] blocks_procured[c,s], blocks_procured whole",
    ),
    Limit(
        name="contract_within_max",
        unit="MW grid",
        sense="<=",
        sentence="{contract} is used up in {period}: {used} of {allowed} MW are active",
        marginal="saving from one more MW on offer",
        formula="contracted[c,p] <= max[c]",
    ),
    Limit(
        name="peak_covered",
        unit="MW grid",
        sense="==",
        sentence="{site}, {period}: contracts cover the peak of {used} MW",
        marginal="cost of one more MW of peak",
        formula="grid[i,p] = sum_c covered[c,i,p]",
    ),
    Limit(
        name="cover_within_contract",
        unit="MW grid",
        sense="<=",
        sentence="{contract}, {period}: all {allowed} active MW cover peaks",
        marginal="saving from one more active MW",
        formula="sum_i covered[c,i,p] <= contracted[c,p]",
    ),
    Limit(
        name="cover_of_own_sites",
        unit="MW grid",
        sense="<=",
        enforced="sets",
        reported=False,
        sentence="{contract} covers {site}",
        marginal="none: it has no row",
        formula="covered[c,i,p] exists only for sites that the contract serves",
    ),
)

FAMILY = Family(
    name="contracts",
    title="Power contracts",
    order=50,
    sheets=(CONTRACTS, SIGNED_CONTRACTS),
    ledgers=(
        Ledger(
            name="contracted_mw",
            unit="MW grid",
            over=("contract", "period"),
            meaning="Contract megawatts that are active.",
        ),
    ),
    limits=LIMITS,
    outputs=(PROCUREMENT, COVERAGE),
    codes={
        "one-of-two": "two columns of which exactly one must be filled in",
        "contract-reversed": "a contract whose signing ends before it starts",
        "min-above-max": "a block, minimum or signed amount above the maximum",
        "energy-of-capacity": "a price or share of energy on a contract that delivers none",
        "contract-ended": "a signed contract that ended before the first period",
    },
    check=check,
    parameters=parameters,
    declare=declare,
    constrain=constrain,
    tables=tables,
    audit=audit,
    recompute=recompute,
)
