"""Power contracts and spot power: how many megawatts to sign in each period, and what is billed.

In words
    Peak and energy are different things. Capacity contracts must cover the peak grid MW of the
    sites they are offered to; energy comes from energy contracts, up to what they deliver, and
    from spot where it is priced, up to its share.
Data
    Contracts, SignedContracts, PowerPrices; PUE of Sites and load factor of Workloads.
Decides
    ``procured[contract, period]``: the MW to sign, in whole blocks and no less than a minimum
    where the contract says so; ``covered``, ``drawn`` and ``spot`` say how they are used.
Limits
    ``pue online <= sum covered`` at a site with a capacity contract on offer; ``sum covered`` and
    ``sum drawn`` within the contract's active MW; energy needed = drawn + spot; spot within its
    share. Billed MWh = max(drawn, take-or-pay share x deliverable).
Reads and posts
    Reads ``online_mw`` and ``mean_load_mw``; owns and posts ``contracted_mw``; posts ``cost``.
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
from optalloc.schema import Column, Kind, Missing, Sheet
from optalloc.values import Values

from ._building import active_sites, site_periods
from ._calendar import TINY_MONTHS, calendar, months_from_base
from ._money import CASH, charge_rows, discount, escalated, post_cost, to_workbook_currency

HOURS_PER_MONTH = 8760 / 12

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

POWER_PRICES = Sheet(
    name="PowerPrices",
    meaning="Spot price of a zone in a period; spot power exists only where it is priced.",
    key=("zone", "period"),
    missing=Missing.NOTHING,
    columns=(
        Column(
            name="zone",
            kind=Kind.TEXT,
            meaning="Grid zone.",
            refers_to="Sites.grid_zone",
            example="Kanto",
        ),
        Column(
            name="period",
            kind=Kind.TEXT,
            meaning="From Periods.",
            refers_to="Periods.period",
            example="2027H1",
        ),
        Column(
            name="spot_price_per_mwh",
            kind=Kind.NUMBER,
            unit="per MWh",
            meaning="Spot price, in plain currency units of the workbook.",
            at_least=0,
            example=95,
        ),
        Column(
            name="max_spot_share",
            kind=Kind.NUMBER,
            unit="share of energy",
            meaning="Most of the zone's energy that may be bought at spot.",
            blank=1.0,
            at_least=0,
            at_most=1,
            example=0.3,
        ),
    ),
)

KEYS = ["contract", "period"]
SITE_KEYS = ["site", "period"]
USE_KEYS = ["contract", "site", "period"]

PROCUREMENT = TableSpec(
    name="Procurement",
    meaning="Megawatts signed and active by contract and period, and energy drawn and billed.",
    key=("contract", "period"),
    across="period",
    spread=("signed_mw", "active_mw", "drawn_gwh", "billed_gwh"),
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
        Column(name="drawn_gwh", kind=Kind.NUMBER, unit="GWh", meaning="Energy drawn."),
        Column(
            name="billed_gwh",
            kind=Kind.NUMBER,
            unit="GWh",
            meaning="Energy billed: drawn, or take-or-pay if that is more.",
        ),
    ),
)

POWER = TableSpec(
    name="Power",
    meaning="Peak and energy of each site, and where its energy comes from.",
    key=("site", "period"),
    across="period",
    spread=("peak_mw", "energy_gwh", "contract_gwh", "spot_gwh"),
    columns=(
        Column(name="site", kind=Kind.TEXT, meaning="Site."),
        Column(name="period", kind=Kind.TEXT, meaning="Period."),
        Column(
            name="peak_mw",
            kind=Kind.NUMBER,
            unit="MW grid",
            meaning="Capacity in service times PUE.",
        ),
        Column(name="energy_gwh", kind=Kind.NUMBER, unit="GWh", meaning="Energy its load takes."),
        Column(name="contract_gwh", kind=Kind.NUMBER, unit="GWh", meaning="Drawn from contracts."),
        Column(name="spot_gwh", kind=Kind.NUMBER, unit="GWh", meaning="Bought at spot."),
    ),
)

CONTRACT_USE = TableSpec(
    name="ContractUse",
    meaning="Which contract covers and feeds which site.",
    key=("contract", "site", "period"),
    columns=(
        Column(name="contract", kind=Kind.TEXT, meaning="Contract."),
        Column(name="site", kind=Kind.TEXT, meaning="Site."),
        Column(name="period", kind=Kind.TEXT, meaning="Period."),
        Column(
            name="covered_mw",
            kind=Kind.NUMBER,
            unit="MW grid",
            meaning="Peak covered by a capacity contract.",
        ),
        Column(
            name="drawn_gwh",
            kind=Kind.NUMBER,
            unit="GWh",
            meaning="Energy drawn from an energy contract.",
        ),
    ),
)


@dataclass(frozen=True)
class Parameters:
    """Contracts, when they can be signed and serve, where energy is needed, and prices."""

    contracts: pd.DataFrame
    active: pd.DataFrame
    signings: pd.DataFrame
    covers: pd.DataFrame
    feeds: pd.DataFrame
    spot: pd.DataFrame
    hours: pd.Series
    pue: pd.Series
    charges: dict[str, pd.DataFrame]


def contracts_on_offer(data: Dataset) -> pd.DataFrame:
    """Contracts by name, money in the workbook's currency."""
    frame = to_workbook_currency(
        data, data["Contracts"], ["price_per_mwh", "fixed_fee_per_mw_year"]
    )
    return frame.set_index("contract", drop=False)


def already_signed(data: Dataset) -> pd.DataFrame:
    """MW signed before the first period, for each contract and each period wholly before expiry."""
    cal = calendar(data).reset_index()
    signed = data["SignedContracts"]
    ends = months_from_base(data, signed["expiry"])
    frame = signed.assign(ends=ends).merge(cal, how="cross")
    frame = frame[frame["end"] <= frame["ends"] + TINY_MONTHS]
    sums = frame.groupby(KEYS, as_index=False)["signed_mw"].sum()
    every = data["Contracts"][["contract"]].merge(cal[["period"]], how="cross")
    return every.merge(sums, on=KEYS, how="left").fillna({"signed_mw": 0.0})


def signings(data: Dataset) -> pd.DataFrame:
    """Each contract, period of signing, and period that it then serves from beginning to end."""
    cal = calendar(data)
    offered = data["Contracts"].merge(
        cal.reset_index().rename(columns={"period": "signed"}), how="cross"
    )
    position = cal["position"]
    first = offered["first_period"].map(position).fillna(0)
    last = offered["last_period"].map(position).fillna(len(cal) - 1)
    offered = offered[(offered["position"] >= first) & (offered["position"] <= last)]
    from_month = offered["begin"] + offered["lead_months"]
    offered = offered[["contract", "signed", "term_months"]].assign(from_month=from_month)
    served = offered.merge(cal.reset_index()[["period", "begin", "end"]], how="cross")
    within = served["begin"] >= served["from_month"] - TINY_MONTHS
    until = served["from_month"] + served["term_months"].fillna(np.inf)
    return served.loc[
        within & (served["end"] <= until + TINY_MONTHS), ["contract", "signed", "period"]
    ].reset_index(drop=True)


def reach(data: Dataset, kind: str) -> pd.DataFrame:
    """Sites that each contract of a kind may serve, in every period: contract, site, period."""
    offered = data["Contracts"].loc[data["Contracts"]["kind"] == kind, ["contract", "site", "zone"]]
    sites = site_periods(data)[["site", "grid_zone", "period"]]
    own = offered.dropna(subset=["site"])[["contract", "site"]].merge(sites, on="site")
    shared = offered.dropna(subset=["zone"])[["contract", "zone"]].merge(
        sites, left_on="zone", right_on="grid_zone"
    )
    return pd.concat([own, shared])[USE_KEYS].reset_index(drop=True)


def parameters(data: Dataset) -> Parameters:
    """All numbers of the family from the dataset."""
    cal, rate = calendar(data), data.one("Settings").discount_rate
    contracts = contracts_on_offer(data)
    active = already_signed(data)
    serving = signings(data)
    zones = data["PowerPrices"].rename(columns={"zone": "grid_zone"})
    spot = site_periods(data)[["site", "grid_zone", "period"]].merge(
        zones, on=["grid_zone", "period"]
    )
    hours = cal["months"] * HOURS_PER_MONTH
    return Parameters(
        contracts,
        active,
        serving,
        reach(data, "capacity"),
        reach(data, "energy"),
        spot,
        hours,
        active_sites(data)["pue"],
        _charges(contracts, active, reach(data, "energy"), spot, cal, rate),
    )


def _charges(
    contracts: pd.DataFrame,
    active: pd.DataFrame,
    feeds: pd.DataFrame,
    spot: pd.DataFrame,
    cal: pd.DataFrame,
    rate: float,
) -> dict[str, pd.DataFrame]:
    """Fees per active MW, prices per GWh billed or drawn, and spot prices per GWh; in millions."""

    def charge(frame: pd.DataFrame, cash: pd.Series, subject: str) -> pd.DataFrame:
        at = cal.loc[frame["period"]].reset_index(drop=True)
        frame = frame.reset_index(drop=True).assign(
            cash=cash.to_numpy(), first_month=at["begin"], last_month=at["end"]
        )
        return frame.assign(
            subject=frame[subject], present_value=frame["cash"] * discount(rate, at["mid"])
        )

    def price(frame: pd.DataFrame) -> pd.Series:
        own = contracts.loc[frame["contract"]].reset_index(drop=True)
        mid = cal.loc[frame["period"], "mid"].reset_index(drop=True)
        return own["price_per_mwh"] * escalated(own["price_escalation"], mid) / 1000.0

    fee = (
        contracts.loc[active["contract"], "fixed_fee_per_mw_year"].to_numpy()
        * cal.loc[active["period"], "years"].to_numpy()
    )
    energy = active[active["contract"].map(contracts["kind"]) == "energy"][KEYS]
    firm = contracts["take_or_pay_share"] > 0
    billed = energy[energy["contract"].map(firm).astype(bool)].reset_index(drop=True)
    drawn = feeds[~feeds["contract"].map(firm).astype(bool)].reset_index(drop=True)
    return {
        "fee": charge(active[KEYS], pd.Series(fee), "contract"),
        "billed": charge(billed, price(billed), "contract"),
        "drawn": charge(drawn, price(drawn), "contract"),
        "spot": charge(spot[SITE_KEYS], spot["spot_price_per_mwh"] / 1000.0, "site"),
    }


def declare(m: Any, p: Parameters, ledgers: Ledgers) -> None:
    """Signings, active megawatts, and how they are used."""
    m.CONTRACTS = index_set(p.contracts[["contract"]])
    m.CONTRACT_PERIODS = index_set(p.active[KEYS])
    m.already_mw = parameter(m.CONTRACT_PERIODS, p.active.set_index(KEYS)["signed_mw"])
    m.contract_max_mw = parameter(m.CONTRACTS, p.contracts["max_mw"])
    offers = p.signings[["contract", "signed"]].drop_duplicates()
    m.OFFERS = index_set(offers)
    m.SIGNED_FOR = indexed_set(m.CONTRACT_PERIODS, p.signings, KEYS, ["signed"])
    m.procured = pyo.Var(
        m.OFFERS, domain=pyo.NonNegativeReals, bounds=lambda m, c, s: (0, m.contract_max_mw[c])
    )
    ledgers.open("contracted_mw", m.CONTRACT_PERIODS)
    ledgers.post("contracted_mw", "already", lambda m, c, q: m.already_mw[c, q])
    ledgers.post(
        "contracted_mw",
        "procured",
        lambda m, c, q: sum(m.procured[c, s] for s in m.SIGNED_FOR[c, q]),
    )
    m.COVERS = index_set(p.covers[USE_KEYS])
    m.covered = pyo.Var(m.COVERS, domain=pyo.NonNegativeReals)
    m.FEEDS = index_set(p.feeds[USE_KEYS])
    m.drawn = pyo.Var(m.FEEDS, domain=pyo.NonNegativeReals)
    m.SPOT = index_set(p.spot[SITE_KEYS])
    m.spot = pyo.Var(m.SPOT, domain=pyo.NonNegativeReals)
    m.BILLED = index_set(p.charges["billed"][KEYS])
    m.billed = pyo.Var(m.BILLED, domain=pyo.NonNegativeReals)
    charges = p.charges
    post_cost(
        m,
        ledgers,
        "contract_fee",
        charges["fee"],
        KEYS,
        lambda m, *k: m.contracted_mw[k],
        reads=("contracted_mw",),
    )
    post_cost(
        m, ledgers, "contract_energy_firm", charges["billed"], KEYS, lambda m, *k: m.billed[k]
    )
    post_cost(m, ledgers, "contract_energy", charges["drawn"], USE_KEYS, lambda m, *k: m.drawn[k])
    post_cost(m, ledgers, "spot_energy", charges["spot"], SITE_KEYS, lambda m, *k: m.spot[k])


def constrain(m: Any, p: Parameters) -> None:
    """Peaks are covered, energy is delivered, contracts are not overdrawn."""
    _constrain_signings(m, p)
    m.contract_within_max = pyo.Constraint(
        m.CONTRACT_PERIODS, rule=lambda m, c, q: m.contracted_mw[c, q] <= m.contract_max_mw[c]
    )
    m.COVERED_SITES = index_set(p.covers[SITE_KEYS].drop_duplicates())
    m.COVERED_BY = indexed_set(m.COVERED_SITES, p.covers, SITE_KEYS, ["contract"])
    m.peak_covered = pyo.Constraint(
        m.COVERED_SITES,
        rule=lambda m, i, q: (
            m.pue[i] * m.online_mw[i, q] <= sum(m.covered[c, i, q] for c in m.COVERED_BY[i, q])
        ),
    )
    m.COVERING = index_set(p.covers[KEYS].drop_duplicates())
    m.COVERS_SITES = indexed_set(m.COVERING, p.covers, KEYS, ["site"])
    m.cover_within_contract = pyo.Constraint(
        m.COVERING,
        rule=lambda m, c, q: (
            sum(m.covered[c, i, q] for i in m.COVERS_SITES[c, q]) <= m.contracted_mw[c, q]
        ),
    )
    _constrain_energy(m, p)


def _constrain_signings(m: Any, p: Parameters) -> None:
    offers = (
        p.signings[["contract", "signed"]]
        .drop_duplicates()
        .merge(p.contracts.reset_index(drop=True), on="contract")
    )
    blocky = offers.dropna(subset=["block_mw"])
    m.BLOCK_OFFERS = index_set(blocky[["contract", "signed"]])
    m.contract_block_mw = parameter(
        m.BLOCK_OFFERS, blocky.set_index(["contract", "signed"])["block_mw"]
    )
    m.blocks_procured = pyo.Var(m.BLOCK_OFFERS, domain=pyo.NonNegativeIntegers)
    m.contract_blocks = pyo.Constraint(
        m.BLOCK_OFFERS,
        rule=lambda m, c, s: (
            m.procured[c, s] == m.contract_block_mw[c, s] * m.blocks_procured[c, s]
        ),
    )
    # A whole block that is no smaller than the minimum meets it by itself.
    least = offers[offers["min_mw"] > offers["block_mw"].fillna(0.0)]
    m.LEAST_OFFERS = index_set(least[["contract", "signed"]])
    m.contract_min_mw = parameter(m.LEAST_OFFERS, least.set_index(["contract", "signed"])["min_mw"])
    m.signs = pyo.Var(m.LEAST_OFFERS, domain=pyo.Binary)
    m.contract_minimum = pyo.Constraint(
        m.LEAST_OFFERS,
        rule=lambda m, c, s: m.contract_min_mw[c, s] * m.signs[c, s] <= m.procured[c, s],
    )
    m.contract_signed = pyo.Constraint(
        m.LEAST_OFFERS,
        rule=lambda m, c, s: m.procured[c, s] <= m.contract_max_mw[c] * m.signs[c, s],
    )


def _constrain_energy(m: Any, p: Parameters) -> None:
    """Energy in GWh; nothing here where the workbook prices no energy."""
    m.period_hours = parameter(m.PERIODS, p.hours)
    sources = pd.concat([p.feeds[SITE_KEYS], p.spot[SITE_KEYS]]).drop_duplicates()
    needing = sources.merge(pd.DataFrame(list(m.LOADED), columns=SITE_KEYS), on=SITE_KEYS)
    m.ENERGY = index_set(needing)
    m.FED_BY = indexed_set(m.ENERGY, p.feeds, SITE_KEYS, ["contract"])
    m.SPOT_HERE = indexed_set(m.ENERGY, p.spot.assign(same=p.spot["period"]), SITE_KEYS, ["same"])
    m.energy_met = pyo.Constraint(
        m.ENERGY,
        rule=lambda m, i, q: (
            m.pue[i] * m.period_hours[q] / 1000 * m.mean_load_mw[i, q]
            == sum(m.drawn[c, i, q] for c in m.FED_BY[i, q])
            + sum(m.spot[i, r] for r in m.SPOT_HERE[i, q])
        ),
    )
    m.FEEDING = index_set(p.feeds[KEYS].drop_duplicates())
    m.FEEDS_SITES = indexed_set(m.FEEDING, p.feeds, KEYS, ["site"])
    m.availability = parameter(m.CONTRACTS, p.contracts["availability"])
    m.take_or_pay = parameter(m.CONTRACTS, p.contracts["take_or_pay_share"])
    m.drawn_within_contract = pyo.Constraint(
        m.FEEDING,
        rule=lambda m, c, q: (
            sum(m.drawn[c, i, q] for i in m.FEEDS_SITES[c, q])
            <= m.availability[c] * m.period_hours[q] / 1000 * m.contracted_mw[c, q]
        ),
    )
    firm = p.charges["billed"][KEYS].merge(p.feeds[KEYS].drop_duplicates(), on=KEYS)
    m.FIRM = index_set(firm)
    m.billed_if_drawn = pyo.Constraint(
        m.FIRM,
        rule=lambda m, c, q: sum(m.drawn[c, i, q] for i in m.FEEDS_SITES[c, q]) <= m.billed[c, q],
    )
    m.billed_if_not_drawn = pyo.Constraint(
        m.BILLED,
        rule=lambda m, c, q: (
            m.take_or_pay[c] * m.availability[c] * m.period_hours[q] / 1000 * m.contracted_mw[c, q]
            <= m.billed[c, q]
        ),
    )
    priced = p.spot[p.spot["max_spot_share"] < 1].merge(needing, on=SITE_KEYS)
    shares = priced.drop_duplicates(["grid_zone", "period"]).set_index(["grid_zone", "period"])
    m.SPOT_SHARED = index_set(shares.reset_index()[["grid_zone", "period"]])
    m.spot_share = parameter(m.SPOT_SHARED, shares["max_spot_share"])
    m.SPOT_SITES = indexed_set(m.SPOT_SHARED, priced, ["grid_zone", "period"], ["site"])
    m.spot_within_share = pyo.Constraint(
        m.SPOT_SHARED,
        rule=lambda m, z, q: (
            sum(m.spot[i, q] for i in m.SPOT_SITES[z, q])
            <= m.spot_share[z, q]
            * m.period_hours[q]
            / 1000
            * sum(m.pue[i] * m.mean_load_mw[i, q] for i in m.SPOT_SITES[z, q])
        ),
    )


def check(data: Dataset) -> Iterator[Problem]:
    """Contracts that make sense, and energy for every site where energy is priced."""
    contracts, cal = data["Contracts"], calendar(data)
    for row, at in contracts.iterrows():
        if (pd.isna(at["site"])) == (pd.isna(at["zone"])):
            yield data.problem(
                "Contracts",
                row,
                "site",
                "site or zone must be filled in, one of the two",
                "Fill in one and empty the other.",
                "one-of-two",
                found="both or neither",
            )
        first, last = at["first_period"], at["last_period"]
        if (
            first in cal.index
            and last in cal.index
            and cal.at[first, "position"] > cal.at[last, "position"]
        ):
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
    signed = data["SignedContracts"].dropna(subset=["contract", "expiry"])
    ends = months_from_base(data, signed["expiry"])
    for row in signed.index[ends <= cal["begin"].iloc[0] + TINY_MONTHS]:
        yield data.problem(
            "SignedContracts",
            row,
            "expiry",
            "a signed contract must end after the first period begins",
            "Correct the date, or remove the row.",
            "contract-ended",
        )
    most = (
        contracts.dropna(subset=["contract"])
        .drop_duplicates("contract")
        .set_index("contract")["max_mw"]
    )
    for contract, own in signed.groupby("contract", sort=False):
        if contract in most.index and own["signed_mw"].sum() > most[contract]:
            yield data.problem(
                "SignedContracts",
                own.index[-1],
                "signed_mw",
                f"what is signed of {contract!r} must be at most its max_mw, {most[contract]:g}",
                "Lower signed_mw or raise max_mw in Contracts.",
                "min-above-max",
                found=f"{own['signed_mw'].sum():g}",
            )
    yield from _without_energy(data)


def _without_energy(data: Dataset) -> Iterator[Problem]:
    """Sites that would get their energy for nothing, while others pay for it."""
    energy = reach(data, "energy")[SITE_KEYS]
    prices = data["PowerPrices"].rename(columns={"zone": "grid_zone"})
    spot = site_periods(data)[["site", "grid_zone", "period"]].merge(
        prices, on=["grid_zone", "period"]
    )[SITE_KEYS]
    fed = pd.concat([energy, spot]).drop_duplicates()
    if fed.empty:
        return
    names = calendar(data).index
    known = fed.groupby("site")["period"].agg(set)
    sites = data["Sites"]
    for row, site in sites.loc[sites["status"] != "excluded", "site"].dropna().items():
        missing = [q for q in names if q not in known.get(site, set())]
        if missing:
            yield data.problem(
                "Sites",
                row,
                "grid_zone",
                f"{site!r} must have a source of energy in every period",
                f"Price spot for its zone, or offer an energy contract, in {', '.join(missing)}.",
                "no-energy",
                found=f"none in {len(missing)} of {len(names)}",
            )


def tables(data: Dataset, values: Values) -> dict[str, pd.DataFrame]:
    """Signed, active, drawn and billed; and where each site's energy comes from."""
    signed = values.variable("procured", KEYS).rename(columns={"value": "signed_mw"})
    active = values.ledger("contracted_mw").rename(columns={"value": "active_mw"})
    covered = values.variable("covered", USE_KEYS).rename(columns={"value": "covered_mw"})
    drawn = values.variable("drawn", USE_KEYS).rename(columns={"value": "drawn_gwh"})
    use = covered.merge(drawn, on=USE_KEYS, how="outer").fillna(
        {"covered_mw": 0.0, "drawn_gwh": 0.0}
    )
    use = use[(use["covered_mw"] > 0) | (use["drawn_gwh"] > 0)].reset_index(drop=True)
    billed = values.variable("billed", KEYS).rename(columns={"value": "billed_gwh"})
    frame = active.merge(signed, on=KEYS, how="left").merge(
        drawn.groupby(KEYS, as_index=False)["drawn_gwh"].sum(), on=KEYS, how="left"
    )
    frame = frame.merge(billed, on=KEYS, how="left")
    frame["billed_gwh"] = frame["billed_gwh"].fillna(frame["drawn_gwh"])
    frame = frame.fillna({"signed_mw": 0.0, "drawn_gwh": 0.0, "billed_gwh": 0.0})
    frame["kind"] = frame["contract"].map(contracts_on_offer(data)["kind"])
    spot = values.variable("spot", SITE_KEYS).rename(columns={"value": "spot_gwh"})
    procurement = frame[[c.name for c in PROCUREMENT.columns]]
    power = _by_site(data, values.ledger("online_mw"), values.ledger("mean_load_mw"), use, spot)
    return {
        "Procurement": procurement,
        "ContractUse": use,
        "Power": power,
        "Actions": actions(data, procurement),
    }


def _by_site(
    data: Dataset, online: pd.DataFrame, load: pd.DataFrame, use: pd.DataFrame, spot: pd.DataFrame
) -> pd.DataFrame:
    """Peak and energy by site, from MW online, mean MW of load, contracts drawn on and spot."""
    cal, pue = calendar(data), active_sites(data)["pue"]
    frame = online.rename(columns={"value": "peak_mw"}).merge(
        load.rename(columns={"value": "mean_mw"}), on=SITE_KEYS, how="left"
    )
    by_contract = (
        use.groupby(SITE_KEYS, as_index=False)["drawn_gwh"]
        .sum()
        .rename(columns={"drawn_gwh": "contract_gwh"})
    )
    frame = frame.merge(by_contract, on=SITE_KEYS, how="left").merge(spot, on=SITE_KEYS, how="left")
    each = frame["site"].map(pue).astype(float)
    hours = frame["period"].map(cal["months"]).astype(float) * HOURS_PER_MONTH
    frame = frame.assign(
        peak_mw=frame["peak_mw"] * each, energy_gwh=frame["mean_mw"] * each * hours / 1000.0
    )
    return frame[[c.name for c in POWER.columns]].fillna(
        {"energy_gwh": 0.0, "contract_gwh": 0.0, "spot_gwh": 0.0}
    )


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
    """Contracts, peaks and energy restated from the Procurement, ContractUse, Power, Build and Load tables."""
    procurement = tables["Procurement"].merge(
        data["Contracts"].drop(columns=["kind"]), on="contract"
    )
    use, power = tables["ContractUse"], tables["Power"]
    keys = procurement[KEYS]
    signed = procurement[procurement["signed_mw"] > 0]
    blocky = signed.dropna(subset=["block_mw"])
    blocks = blocky["signed_mw"] / blocky["block_mw"]
    offered = pd.MultiIndex.from_frame(signings(data)[["contract", "signed"]].drop_duplicates())
    may = pd.MultiIndex.from_frame(signed[KEYS]).isin(offered)
    hours = procurement["period"].map(calendar(data)["months"]).astype(float) * HOURS_PER_MONTH
    deliverable = procurement["active_mw"] * procurement["availability"] * hours / 1000.0
    energy = procurement["kind"] == "energy"
    by_contract = (
        use.groupby(KEYS)[["covered_mw", "drawn_gwh"]]
        .sum()
        .reindex(pd.MultiIndex.from_frame(keys))
        .fillna(0.0)
    )
    covered = use.groupby(SITE_KEYS)["covered_mw"].sum()
    must = reach(data, "capacity")[SITE_KEYS].drop_duplicates().merge(power, on=SITE_KEYS)
    fed = (
        pd.concat([reach(data, "energy")[SITE_KEYS], _spot_sites(data)[SITE_KEYS]])
        .drop_duplicates()
        .merge(power, on=SITE_KEYS)
    )
    capacity = ~energy.to_numpy()
    return {
        "signed_on_offer": signed[KEYS].assign(
            used=signed["signed_mw"], allowed=np.where(may, signed["max_mw"], 0.0)
        ),
        "contract_minimum": signed[KEYS].assign(used=signed["min_mw"], allowed=signed["signed_mw"]),
        "contract_blocks": blocky[KEYS].assign(used=blocks, allowed=blocks.round()),
        "contract_within_max": keys.assign(
            used=procurement["active_mw"], allowed=procurement["max_mw"]
        ),
        "cover_within_contract": keys[capacity].assign(
            used=by_contract["covered_mw"].to_numpy()[capacity],
            allowed=procurement["active_mw"][capacity],
        ),
        "drawn_within_contract": keys[energy].assign(
            used=by_contract["drawn_gwh"].to_numpy()[energy], allowed=deliverable[energy]
        ),
        "peak_covered": must[SITE_KEYS].assign(
            used=must["peak_mw"],
            allowed=[
                covered.get(key, 0.0) for key in must[SITE_KEYS].itertuples(index=False, name=None)
            ],
        ),
        "energy_met": fed[SITE_KEYS].assign(
            used=fed["energy_gwh"], allowed=fed["contract_gwh"] + fed["spot_gwh"]
        ),
        "spot_within_share": _spot_audit(data, power),
        "contract_reaches_site": _reach_audit(data, use),
        "spot_only_where_priced": power[SITE_KEYS].assign(
            used=power["spot_gwh"].abs(),
            allowed=np.where(
                pd.MultiIndex.from_frame(power[SITE_KEYS]).isin(
                    pd.MultiIndex.from_frame(_spot_sites(data)[SITE_KEYS])
                ),
                power["spot_gwh"],
                0.0,
            ),
        ),
    }


def _spot_sites(data: Dataset) -> pd.DataFrame:
    prices = data["PowerPrices"].rename(columns={"zone": "grid_zone"})
    return site_periods(data)[["site", "grid_zone", "period"]].merge(
        prices, on=["grid_zone", "period"]
    )


def _spot_audit(data: Dataset, power: pd.DataFrame) -> pd.DataFrame:
    zones = ["grid_zone", "period"]
    frame = power.merge(_spot_sites(data), on=SITE_KEYS)
    sums = frame.groupby(zones)[["spot_gwh", "energy_gwh"]].sum()
    share = frame.groupby(zones)["max_spot_share"].first()
    kept = share < 1
    return pd.DataFrame(
        {"used": sums["spot_gwh"][kept], "allowed": (share * sums["energy_gwh"])[kept]}
    ).reset_index()


def _reach_audit(data: Dataset, use: pd.DataFrame) -> pd.DataFrame:
    """What a contract gives to a site, against nothing where it does not reach it."""

    def within(kind: str, column: str) -> pd.Series:
        index = pd.MultiIndex.from_frame(reach(data, kind))
        return use[column].where(pd.MultiIndex.from_frame(use[USE_KEYS]).isin(index), 0.0)

    used = use["covered_mw"].abs() + use["drawn_gwh"].abs()
    return use[USE_KEYS].assign(
        used=used, allowed=within("capacity", "covered_mw") + within("energy", "drawn_gwh")
    )


def recompute(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Active, drawn and billed, energy by site, actions and cost, from signings, use and spot."""
    cal, rate = calendar(data), data.one("Settings").discount_rate
    contracts, procurement = contracts_on_offer(data), tables["Procurement"]
    use, power = tables["ContractUse"], tables["Power"]
    drawn = use.groupby(KEYS)["drawn_gwh"].sum().to_dict()
    held = already_signed(data).set_index(KEYS)["signed_mw"].to_dict()
    own = {
        name: rows.set_index("period")["signed_mw"].to_dict()
        for name, rows in procurement.groupby("contract")
    }
    rows, cost = [], []
    for contract, period in procurement[KEYS].itertuples(index=False, name=None):
        at, q = contracts.loc[contract], cal.loc[period]
        active = held.get((contract, period), 0.0)
        for signed, mw in own[contract].items():
            start = cal.at[signed, "begin"] + at["lead_months"]
            term = at["term_months"] if at["term_months"] == at["term_months"] else np.inf
            active += mw * (
                start <= q["begin"] + TINY_MONTHS and q["end"] <= start + term + TINY_MONTHS
            )
        gwh = drawn.get((contract, period), 0.0)
        firm = (
            at["take_or_pay_share"]
            * active
            * at["availability"]
            * q["months"]
            * HOURS_PER_MONTH
            / 1000.0
        )
        billed = max(gwh, firm) if at["kind"] == "energy" else gwh
        rows.append((contract, period, at["kind"], active, gwh, billed))
        price = at["price_per_mwh"] * (1 + at["price_escalation"]) ** (q["mid"] / 12) / 1000.0
        fee = at["fixed_fee_per_mw_year"] * active * q["years"]
        here = {"subject": contract, "period": period}
        cost.append({**here, "item": "contract_fee", "cash": fee})
        if at["take_or_pay_share"] > 0:
            cost.append({**here, "item": "contract_energy_firm", "cash": price * billed})
        else:
            fed = use[(use["contract"] == contract) & (use["period"] == period)]
            for site, gwh in zip(fed["site"], fed["drawn_gwh"], strict=True):
                cost.append({**here, "item": "contract_energy", "site": site, "cash": price * gwh})
    spot = power.merge(_spot_sites(data)[[*SITE_KEYS, "spot_price_per_mwh"]], on=SITE_KEYS)
    for row in spot.to_dict("records"):
        cash = row["spot_gwh"] * row["spot_price_per_mwh"] / 1000.0
        cost.append(
            {
                "item": "spot_energy",
                "subject": row["site"],
                "site": row["site"],
                "period": row["period"],
                "cash": cash,
            }
        )
    frame = pd.DataFrame(cost, columns=["item", "subject", "site", "period", "cash"])
    at = cal.loc[frame["period"]].reset_index(drop=True)
    frame = frame.assign(
        kind=CASH,
        first_month=at["begin"],
        last_month=at["end"],
        present_value=frame["cash"] / (1 + rate) ** (at["mid"] / 12),
    )
    named = pd.DataFrame(rows, columns=[*KEYS, "kind", "active_mw", "drawn_gwh", "billed_gwh"])
    factor = (
        tables["Load"]["workload"]
        .map(data["Workloads"].set_index("workload")["load_factor"])
        .astype(float)
    )
    load = (
        (tables["Load"]["served_mw"] * factor)
        .groupby([tables["Load"]["site"], tables["Load"]["period"]])
        .sum()
    )
    load_frame = load.rename_axis(SITE_KEYS).rename("value").reset_index()
    online = tables["Build"][[*SITE_KEYS, "online_mw"]].rename(columns={"online_mw": "value"})
    again = _by_site(data, online, load_frame, use, power[[*SITE_KEYS, "spot_gwh"]])
    return {
        "Procurement": named,
        "Power": again.drop(columns="spot_gwh"),
        "Actions": actions(data, procurement),
        "Cost": charge_rows("power", frame),
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
        formula="procured[c,s] = block[c] blocks[c,s], blocks whole",
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
        sense="<=",
        sentence="{site}, {period}: contracts cover exactly the peak of {used} MW",
        marginal="cost of one more MW of peak",
        formula="pue[i] online[i,p] <= sum_c covered[c,i,p]",
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
        name="energy_met",
        unit="GWh",
        sense="==",
        sentence="{site}, {period}: {used} GWh are delivered",
        marginal="cost of one more GWh",
        formula="pue[i] hours[p] mean_load[i,p] = sum_c drawn[c,i,p] + spot[i,p]",
    ),
    Limit(
        name="drawn_within_contract",
        unit="GWh",
        sense="<=",
        sentence="{contract}, {period}: all {allowed} GWh it delivers are drawn",
        marginal="saving from one more GWh delivered",
        formula="sum_i drawn[c,i,p] <= availability[c] hours[p] contracted[c,p]",
    ),
    Limit(
        name="spot_within_share",
        unit="GWh",
        sense="<=",
        sentence="{grid_zone} buys all the spot power it may in {period}: {used} of {allowed} GWh",
        marginal="saving from one more GWh at spot",
        formula="sum_i spot[i,p] <= share[z,p] sum_i pue[i] hours[p] mean_load[i,p]",
    ),
    Limit(
        name="contract_reaches_site",
        unit="MW and GWh",
        sense="<=",
        enforced="sets",
        reported=False,
        sentence="{contract} serves {site}",
        marginal="none: it has no row",
        formula="covered and drawn exist only for sites that the contract serves",
    ),
    Limit(
        name="spot_only_where_priced",
        unit="GWh",
        sense="<=",
        enforced="sets",
        reported=False,
        sentence="{site}, {period}: spot is priced",
        marginal="none: it has no row",
        formula="spot[i,p] exists only where it is priced",
    ),
)

FAMILY = Family(
    name="power",
    title="Power contracts and spot",
    order=50,
    sheets=(CONTRACTS, SIGNED_CONTRACTS, POWER_PRICES),
    ledgers=(
        Ledger(
            name="contracted_mw",
            unit="MW grid",
            over=("contract", "period"),
            meaning="Contract megawatts that are active.",
        ),
    ),
    limits=LIMITS,
    outputs=(PROCUREMENT, POWER, CONTRACT_USE),
    codes={
        "one-of-two": "two columns of which exactly one must be filled in",
        "contract-reversed": "a contract whose signing ends before it starts",
        "min-above-max": "a block or minimum above the maximum",
        "contract-ended": "a signed contract that ended before the first period",
        "no-energy": "a site without a source of energy where energy is priced",
    },
    check=check,
    parameters=parameters,
    declare=declare,
    constrain=constrain,
    tables=tables,
    audit=audit,
    recompute=recompute,
)
