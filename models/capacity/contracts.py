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
from optalloc.errors import Problem, Severity
from optalloc.exhibits import Report, Series, Trend, Use
from optalloc.family import CostTerm, Family, Ledger, Limit, Standing, TableSpec
from optalloc.program import Ledgers, index_set, indexed_set, parameter
from optalloc.schema import Column, Kind
from optalloc.tolerance import exceeds
from optalloc.values import Values

from ._building import active_sites
from ._calendar import TERM, TINY_MONTHS, calendar, months_of_last_days, signing_terms
from ._contract_sheets import CONTRACTS, SIGNED_CONTRACTS
from ._contracts import (
    CAPACITY,
    GENERATION,
    KEYS,
    SITE_KEYS,
    TRANCHE_KEYS,
    USE_KEYS,
    already_signed,
    contracts_on_offer,
    grid_draw,
    reach,
    signings,
    sums_at,
    tranche_before,
)
from ._edges import CODES, inside_periods
from ._money import CASH, charge_rows, charges_at, post_cost
from ._need import contract_need, not_carried, useful_contracts
from ._running import running_rows, yearly_charges
from ._standing import standing_at

PROCUREMENT = TableSpec(
    name="Procurement",
    meaning="Megawatts signed and active by contract and period.",
    key=("contract", "period"),
    across="period",
    spread=("signed_mw", "active_mw"),
    columns=(
        Column(name="contract", kind=Kind.TEXT, meaning="Contract."),
        Column(name="kind", kind=Kind.TEXT, meaning="capacity, energy or generation."),
        Column(
            name="jurisdiction",
            kind=Kind.TEXT,
            meaning="Where its site, or the sites of its zone, lie; blank where that is in several.",
        ),
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
    contracts = contracts.assign(useful_mw=useful_contracts(data))
    offers = serving[[*TRANCHE_KEYS, "to"]].drop_duplicates()
    offers = offers.merge(contracts.reset_index(drop=True), on="contract")
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
    least = offers[offers["min_mw"] > offers["block_mw"].fillna(0.0)]
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


def check(data: Dataset) -> Iterator[Problem]:
    """Contracts that make sense, and no more signed than there is."""
    cal = calendar(data)
    for row, at in data.rows("Contracts").iterrows():
        if pd.isna(at["site"]) == pd.isna(at["zone"]):
            yield data.problem(
                "Contracts",
                row,
                "site",
                "site or zone must be filled in, one of the two",
                "Fill in one and empty the other.",
                "one-of-two",
                found="neither" if pd.isna(at["site"]) else "both",
                reads=("zone",),
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
                reads=("first_period",),
            )
        for column in ("min_mw", "block_mw"):
            if exceeds(at[column], at["max_mw"]):
                yield data.problem(
                    "Contracts",
                    row,
                    column,
                    f"{column} must be at most max_mw, {at['max_mw']:.12g}",
                    f"Lower {column} or raise max_mw.",
                    "min-above-max",
                )
    yield from _check_kinds(data)
    yield from _check_signed(data)
    yield from _check_terms(data)
    yield from _check_edges(data)
    yield from not_carried(data, "Contracts", "contract", contract_need)


def _check_terms(data: Dataset) -> Iterator[Problem]:
    """Every contract can serve in some period; one that cannot would be ignored without a word."""
    if not (data.sound("Periods") and data.sound("Settings", "base_date")):
        return
    position = calendar(data)["position"]
    serving = set(signings(data)["contract"])
    before = set(data["SignedContracts"]["contract"])
    for row, at in data["Contracts"].iterrows():
        first, last = position.get(at["first_period"], 0), position.get(at["last_period"])
        if at["contract"] in serving or (last is not None and last < first):
            continue
        known = at["contract"] in before or data.might_hold(
            "SignedContracts", contract=at["contract"]
        )
        yield data.problem(
            "Contracts",
            row,
            "contract",
            f"some period must lie wholly inside the term of {at['contract']!r}, or signing it "
            "serves nothing",
            "Nothing need be done; only what was signed before counts."
            if known
            else "Shorten lead_months, sign earlier, lengthen term_months, or take shorter periods.",
            "contract-never-active",
            found="none",
            severity=Severity.NOTICE if known else Severity.ERROR,
            reads=TERM,
        )


def _check_edges(data: Dataset) -> Iterator[Problem]:
    """Terms and last days that miss a period's edge."""
    if not (data.sound("Periods") and data.sound("Settings", "base_date")):
        return
    contracts, before = data.known("Contracts", *TERM), data["SignedContracts"]
    rows = pd.Series(contracts.index, index=contracts["contract"])
    terms = signing_terms(contracts[contracts["term_months"].notna()], calendar(data), "contract")
    yield from inside_periods(
        data,
        terms.assign(sheet="Contracts", row=terms["contract"].map(rows), column="term_months"),
        "a contract is active only in the periods that lie wholly inside its term",
    )
    until = months_of_last_days(data, before["expiry"])
    spans = {"row": before.index, "from": -np.inf, "to": until}
    yield from inside_periods(
        data,
        pd.DataFrame(spans).assign(sheet="SignedContracts", column="expiry"),
        "what was signed before is active only in the periods that end by its last day",
    )


def _check_kinds(data: Dataset) -> Iterator[Problem]:
    """What makes no sense for a capacity contract, or for generation, is left blank."""
    free: dict[str, float | None] = {
        "price_per_mwh": 0.0,
        "availability": 1.0,
        "take_or_pay_share": 0.0,
        "tco2_per_mwh": None,
    }
    for row, at in data.rows("Contracts").iterrows():
        for column in (c for c, value in free.items() if at["kind"] == CAPACITY):
            if pd.notna(at[column]) and at[column] != free[column]:
                yield data.problem(
                    "Contracts",
                    row,
                    column,
                    f"{column} must be left blank for a capacity contract, which bills no energy",
                    "Empty the cell, or offer the energy as a contract of its own.",
                    "energy-of-capacity",
                    reads=("kind",),
                )
        if at["kind"] != GENERATION:
            continue
        if pd.notna(at["zone"]) and pd.isna(at["site"]):
            yield data.problem(
                "Contracts",
                row,
                "zone",
                "generation must stand at a site",
                "Fill in site instead; for power from the grid, say energy.",
                "generation-in-zone",
                reads=("site", "kind"),
            )
        if at["take_or_pay_share"] > 0:
            yield data.problem(
                "Contracts",
                row,
                "take_or_pay_share",
                "take_or_pay_share must be left blank for generation, which runs only as needed",
                "Empty the cell; what is due undrawn is the fixed fee.",
                "take-or-pay-of-generation",
                reads=("kind",),
            )


def _check_signed(data: Dataset) -> Iterator[Problem]:
    signed = data["SignedContracts"]
    ends = months_of_last_days(data, signed["expiry"])
    first = calendar(data)["begin"].min() if data.sound("Periods") else -np.inf
    for row in signed.index[ends <= first + TINY_MONTHS]:
        yield data.problem(
            "SignedContracts",
            row,
            "expiry",
            "a signed contract must last beyond the first day of the first period",
            "Correct the date, or remove the row.",
            "contract-ended",
        )
    signed = signed.dropna(subset=["contract", "signed_mw"])
    named = data["Contracts"].dropna(subset=["contract"]).drop_duplicates("contract")
    most = named.set_index("contract")["max_mw"]
    for contract, own in signed.groupby("contract", sort=False)["signed_mw"]:
        if exceeds(own.sum(), most.get(contract, np.inf)):
            yield data.problem(
                "SignedContracts",
                own.index[-1],
                "signed_mw",
                f"what is signed of {contract!r} must be at most its max_mw, {most[contract]:.12g}",
                "Lower signed_mw or raise max_mw in Contracts.",
                "min-above-max",
                found=f"{own.sum():.12g}",
            )


def tables(data: Dataset, values: Values) -> dict[str, pd.DataFrame]:
    """What is signed and active, and whose peak it covers."""
    signed = values.variable("procured", KEYS).rename(columns={"value": "signed_mw"})
    active = values.ledger("contracted_mw").rename(columns={"value": "active_mw"})
    frame = active.merge(signed, on=KEYS, how="left").fillna({"signed_mw": 0.0})
    frame["kind"] = frame["contract"].map(data["Contracts"].set_index("contract")["kind"])
    frame["jurisdiction"] = frame["contract"].map(jurisdictions(data))
    procurement = frame[[column.name for column in PROCUREMENT.columns]]
    covered = values.variable("covered", USE_KEYS).rename(columns={"value": "covered_mw"})
    return {
        "Procurement": procurement,
        "Coverage": covered[covered["covered_mw"] > 0],
        "Actions": actions(data, procurement),
    }


def jurisdictions(data: Dataset) -> pd.Series:
    """Jurisdiction of each contract that has just one."""
    sites = data["Sites"]
    offered = data["Contracts"][["contract", "site", "zone"]]
    named = [
        offered.dropna(subset=[own]).merge(
            sites[["jurisdiction", theirs]].rename(columns={theirs: own}), on=own
        )
        for own, theirs in (("site", "site"), ("zone", "grid_zone"))
    ]
    found = pd.concat(named).dropna(subset=["jurisdiction"]).groupby("contract")["jurisdiction"]
    return found.first()[found.nunique() == 1]


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
    procurement = (
        tables["Procurement"].drop(columns=["kind", "jurisdiction"]).merge(offered, on="contract")
    )
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
    capacity = offered[offered["kind"] == CAPACITY]
    covering = procurement[procurement["kind"] == CAPACITY]
    peaks = grid_draw(data, tables)
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
            used=sums_at(by_contract, covering[KEYS]), allowed=covering["active_mw"]
        ),
        "peak_covered": peaks[SITE_KEYS].assign(
            used=peaks["grid_mw"], allowed=sums_at(by_site, peaks[SITE_KEYS])
        ),
        "cover_of_own_sites": served[USE_KEYS].assign(
            used=served["covered_mw"].abs(), allowed=served["covered_mw"].where(own, 0.0)
        ),
    }


def recompute(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Active MW, actions, fees and deposits, walked tranche by tranche from the Procurement table."""
    cal, contracts = calendar(data), contracts_on_offer(data).to_dict("index")
    procurement, ended = tables["Procurement"], tables["Terminations"]
    times = cal.to_dict("index")
    rows = []
    for name, own in procurement.groupby("contract", sort=False):
        at, tranches = contracts[name], [*_tranches(data, contracts[name], own)]
        endings = ended[ended["contract"] == name].to_dict("records")
        for period in own["period"]:
            begin, end, years = (times[period][k] for k in ("begin", "end", "years"))
            active = 0.0
            for tranche, mw, since, until in tranches:
                if since <= begin + TINY_MONTHS and end <= until + TINY_MONTHS:
                    active += mw - sum(
                        ending["ended_mw"]
                        for ending in endings
                        if ending["signed"] == tranche
                        and times[ending["period"]]["begin"] <= begin + TINY_MONTHS
                    )
            amount = at["fixed_fee_per_mw_year"] * active * years
            rows.append((name, at["kind"], period, active, amount, at["fee_escalation"]))
    paid = ["amount", "growth"]
    frame = pd.DataFrame(rows, columns=["contract", "kind", "period", "active_mw", *paid])
    fees = frame.assign(item="contract_fee", subject=frame["contract"])
    cost = [running_rows(data, "contracts", fees), _deposit_rows(data, procurement)]
    return {
        "Procurement": frame.drop(columns=paid).assign(
            jurisdiction=frame["contract"].map(jurisdictions(data))
        ),
        "Actions": actions(data, procurement),
        "Cost": pd.concat([part for part in cost if len(part)] or cost[:1], ignore_index=True),
    }


def _tranches(
    data: Dataset, at: Mapping[Any, Any], own: pd.DataFrame
) -> Iterator[tuple[str, float, float, float]]:
    """Name, MW, first and last month of all that is signed of a contract, before and by the plan."""
    before = data["SignedContracts"]
    before = before[before["contract"] == at["contract"]]
    ends = months_of_last_days(data, before["expiry"])
    for expiry, mw, until in zip(before["expiry"], before["signed_mw"], ends, strict=True):
        yield tranche_before(expiry), mw, -np.inf, until
    begin = calendar(data)["begin"]
    term = np.inf if pd.isna(at["term_months"]) else at["term_months"]
    for period, mw in zip(own["period"], own["signed_mw"], strict=True):
        since = begin[period] + at["lead_months"]
        yield period, mw, since, since + term


def _deposit_rows(data: Dataset, procurement: pd.DataFrame) -> pd.DataFrame:
    """Deposits paid and returned, in plain arithmetic."""
    cal, rate = calendar(data), data.one("Settings").discount_rate
    contracts = contracts_on_offer(data).to_dict("index")
    rows = []
    for signed in procurement.to_dict("records"):
        at, begin = contracts[signed["contract"]], cal["begin"][signed["period"]]
        end = begin + at["lead_months"] + at["term_months"]
        end = cal["end"].iloc[-1] if pd.isna(end) else end
        paid = at["deposit_per_mw"] * signed["signed_mw"]
        for item, cash, month in (("deposit", paid, begin), ("deposit_returned", -paid, end)):
            value = cash / (1 + rate) ** (month / 12)
            rows.append((item, signed["contract"], signed["period"], cash, value, month, month))
    columns = ["item", "subject", "period", "cash", "present_value", "first_month", "last_month"]
    return charge_rows("contracts", pd.DataFrame(rows, columns=columns).assign(kind=CASH))


def _standing_peak(data: Dataset, key: Mapping[str, Any]) -> Iterator[Standing]:
    """Capacity in service at a site whose peak must be covered."""
    pue = active_sites(data)["pue"]
    yield from standing_at(data, [key["site"]], key["period"], pue, "MW of grid power")


LIMITS = (
    Limit(
        name="signed_on_offer",
        over=(
            "contract",
            "period",
        ),
        cells=("Contracts.last_period",),
        conflict="{contract} can be signed only while it is on offer",
        unit="MW grid",
        sense="<=",
        enforced="sets",
        sentence="{contract}, {period}: all {allowed} MW on offer are signed",
        marginal="none: it has no row",
        formula="procured[c,s] exists only within the signing window",
    ),
    Limit(
        name="contract_minimum",
        over=(
            "contract",
            "period",
        ),
        cells=("Contracts.min_mw",),
        conflict="{contract} is signed for {value} MW or more",
        unit="MW grid",
        sense="<=",
        floor=True,
        sentence="{contract}, {period}: the least that may be signed, {used} MW, is signed",
        marginal="saving from a minimum one MW smaller",
        formula="min[c] signs[c,s] <= procured[c,s] <= max[c] signs[c,s]",
    ),
    Limit(
        name="contract_blocks",
        over=(
            "contract",
            "period",
        ),
        cells=("Contracts.block_mw",),
        conflict="{contract} is signed in whole blocks of {value} MW",
        unit="blocks",
        sense="==",
        sentence="{contract}, {period}: {used} blocks are signed",
        marginal="none: integrality has no price",
        formula="procured[c,s] = block[c] blocks_procured[c,s], blocks_procured whole",
    ),
    Limit(
        name="contract_within_max",
        over=(
            "contract",
            "period",
        ),
        cells=("Contracts.max_mw",),
        conflict="{contract} has no more than {value} MW to sign",
        unit="MW grid",
        sense="<=",
        sentence="{contract} is used up in {period}: {used} of {allowed} MW are active",
        marginal="saving from one more MW on offer",
        formula="contracted[c,p] <= max[c]",
    ),
    Limit(
        name="peak_covered",
        over=(
            "site",
            "period",
        ),
        cells=("Sites.pue",),
        standing=_standing_peak,
        conflict="the peak of {site} in {period} is covered by contracts",
        unit="MW grid",
        sense="==",
        sentence="{site}, {period}: contracts cover the peak of {used} MW",
        marginal="cost of one more MW of peak",
        formula="grid[i,p] = sum_c covered[c,i,p]",
    ),
    Limit(
        name="cover_within_contract",
        over=(
            "contract",
            "period",
        ),
        cells=("Contracts.max_mw",),
        conflict="{contract} covers no more in {period} than is signed, {value} MW at most",
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

REPORT = Report(
    exhibits=(
        Trend(
            title="Power to sign",
            order=400,
            note="Megawatts to sign in each period, by contract.",
            y_title="MW grid to sign",
            series=(Series(table="Procurement", value="signed_mw", label="To sign"),),
            stacked=True,
            by="contract",
        ),
        Trend(
            title="Power under contract",
            order=410,
            note="Megawatts active in each period, by contract, signed before included.",
            y_title="MW grid active",
            series=(Series(table="Procurement", value="active_mw", label="Active"),),
            stacked=True,
            by="contract",
        ),
        Use(
            title="Contracts against their limits",
            order=420,
            limits=("contract_within_max", "peak_covered"),
        ),
    ),
)


FAMILY = Family(
    name="contracts",
    title="Power contracts",
    order=50,
    sheets=(CONTRACTS, SIGNED_CONTRACTS),
    idle_without=("Contracts",),
    needed_with=("Decisions", "ApprovedActions"),
    ledgers=(
        Ledger(
            name="contracted_mw",
            unit="MW grid",
            over=("contract", "period"),
            meaning="Contract megawatts that are active.",
        ),
    ),
    costs=(
        CostTerm(
            item="contract_fee",
            kind=CASH,
            formula="sum_cp fixed_fee_per_mw_year[c] years(p) contracted[c,p]",
            paid="evenly over the period",
            escalation="its own `fee_escalation`, from instant to instant",
        ),
        CostTerm(
            item="deposit",
            kind=CASH,
            formula="sum_cs deposit_per_mw[c] procured[c,s]",
            paid="on the first day of the period of signing",
            escalation="no",
        ),
        CostTerm(
            item="deposit_returned",
            kind=CASH,
            formula="- sum_cs deposit_per_mw[c] procured[c,s]",
            paid="at the end of the term, even beyond the horizon; without a term at the end of the horizon",
            escalation="no",
        ),
    ),
    limits=LIMITS,
    outputs=(PROCUREMENT, COVERAGE),
    codes={
        "one-of-two": "two columns of which exactly one must be filled in",
        "contract-reversed": "a contract whose signing ends before it starts",
        "beyond-tolerance": "a block or minimum a million times smaller or larger than what can be needed",
        "min-above-max": "a block, minimum or signed amount above the maximum",
        "energy-of-capacity": "a price, share or emission of energy on a contract that delivers none",
        "generation-in-zone": "on-site generation without a site",
        "take-or-pay-of-generation": "a take-or-pay share of on-site generation",
        "contract-ended": "a signed contract that ended before the first period",
        "contract-never-active": "a contract whose term holds no whole period; a notice where some was signed before",
        **CODES,
    },
    check=check,
    report=REPORT,
    parameters=parameters,
    declare=declare,
    constrain=constrain,
    tables=tables,
    audit=audit,
    recompute=recompute,
)
