"""The sheets of power contracts: what is on offer, and what was signed before."""

from __future__ import annotations

from optalloc.data.rules import BlankWhere, ExactlyOne, InOrder, NotAbove
from optalloc.data.schema import Column, Kind, Sheet

from .. import _plausible
from .._columns import (
    amount,
    currency,
    escalation,
    lead_months,
    named,
    reference,
    term_months,
    window,
)
from .._contracts import CAPACITY, ENERGY, GENERATION

_QUESTION = "Which power is to be contracted, and what is signed?"

CONTRACTS = Sheet(
    name="Contracts",
    question=_QUESTION,
    meaning=(
        "One power contract on offer a row: how many megawatts of it to sign in each period is "
        "decided."
    ),
    key=("contract",),
    rules=(
        ExactlyOne(("site", "zone")),
        InOrder(("first_period", "last_period"), code="contract-reversed"),
        NotAbove(("min_mw", "max_mw")),
        NotAbove(("block_mw", "max_mw")),
        BlankWhere(
            (
                *("price_per_mwh", "availability", "take_or_pay_share", "max_surplus_share"),
                "tco2_per_mwh",
            ),
            "kind",
            CAPACITY,
            reason="which bills no energy",
            action="Empty the cell, or offer the energy as a contract of its own.",
            code="energy-of-capacity",
        ),
        BlankWhere(
            ("take_or_pay_share",),
            "kind",
            GENERATION,
            reason="which runs only as needed",
            action="Empty the cell; what is due undrawn is the fixed fee.",
            code="take-or-pay-of-generation",
        ),
        BlankWhere(
            ("max_surplus_share",),
            "kind",
            GENERATION,
            reason="which has no connection to feed into",
            action="Empty the cell; plant on site runs for its site alone.",
            code="surplus-of-generation",
        ),
    ),
    columns=(
        named("contract", "Name of the contract.", example="Kanto wind"),
        reference(
            "Sites.site",
            "Site it serves. Generation stands at a site.",
            blank_means="it serves a zone",
        ),
        reference(
            "Sites.grid_zone",
            "Grid zone whose sites it serves.",
            name="zone",
            blank_means="it serves a site",
            example="Kanto",
        ),
        Column(
            name="kind",
            kind=Kind.CHOICE,
            meaning=(
                "capacity: covers peak grid MW; energy: delivers MWh; generation: stands at the "
                "site, delivers MWh there and takes peak off the grid."
            ),
            choices=(CAPACITY, ENERGY, GENERATION),
            example="energy",
        ),
        *window("in which it can be signed"),
        lead_months(
            "lead_months",
            "From signing to power; for generation, the time it takes to stand.",
            plausible=_plausible.LEASE_LEAD_MONTHS,
            example=0,
        ),
        term_months(
            "How long it runs; it counts only in periods that lie wholly inside its term.",
            example=120,
        ),
        amount(
            "min_mw",
            "MW grid",
            "Least of one signing, if it is signed at all.",
            blank=0.0,
            plausible=_plausible.GRID_MW,
            example=20,
        ),
        Column(
            name="block_mw",
            kind=Kind.NUMBER,
            unit="MW grid",
            meaning="Signings are whole multiples of this.",
            plausible=_plausible.GRID_MW,
            blank=None,
            blank_means="any size",
            above=0,
        ),
        amount(
            "max_mw",
            "MW grid",
            "Most that may be active at one time, what was already signed included.",
            plausible=_plausible.GRID_MW,
            example=200,
        ),
        amount(
            "price_per_mwh",
            "per MWh",
            "Price of energy billed, in plain currency units; for generation, fuel and running.",
            blank=0.0,
            plausible=_plausible.PRICE_PER_MWH,
            example=62,
        ),
        escalation("price_escalation", "the price", example=0.02),
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
        amount(
            "fixed_fee_per_mw_year",
            "M per MW-year",
            "Fee on each active MW.",
            blank=0.0,
            plausible=_plausible.FEE_PER_MW,
            example=0.01,
        ),
        escalation("fee_escalation", "the fixed fee", example=0.02),
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
            name="max_surplus_share",
            kind=Kind.NUMBER,
            unit="share of energy",
            meaning=(
                "Most of the energy taken from it in a period that may be sold, where no site takes "
                "it, at the prices of SurplusSlices."
            ),
            blank=0.0,
            at_least=0,
            at_most=0.9,
            example=0.2,
        ),
        amount(
            "deposit_per_mw",
            "M per MW",
            "Paid when the plan signs, and returned, the same sum, at the end of the term or, "
            "where it has none, of the horizon.",
            blank=0.0,
            plausible=_plausible.FEE_PER_MW,
            example=0.05,
        ),
        Column(
            name="termination_fee_per_mw",
            kind=Kind.NUMBER,
            unit="M per MW",
            meaning=(
                "Fee for ending MW early, paid when they end; the deposit comes back when the "
                "term would have ended."
            ),
            plausible=_plausible.FEE_PER_MW,
            blank=None,
            blank_means="it cannot be ended early",
            at_least=0,
            example=0.2,
        ),
        Column(
            name="tco2_per_mwh",
            kind=Kind.NUMBER,
            unit="tCO2 per MWh",
            meaning="Emissions of the energy drawn; 0 is clean.",
            plausible=_plausible.TCO2_PER_MWH,
            blank=None,
            blank_means="not stated, which Carbon does not allow",
            at_least=0,
            example=0,
        ),
        currency("price, fees and deposit"),
    ),
)

SIGNED_CONTRACTS = Sheet(
    name="SignedContracts",
    question=_QUESTION,
    meaning="Megawatts of a contract that were signed before the first period.",
    key=("contract", "expiry"),
    columns=(
        reference("Contracts.contract", example="Kanto wind"),
        amount(
            "signed_mw",
            "MW grid",
            "Active from the start.",
            plausible=_plausible.GRID_MW,
            example=30,
        ),
        Column(
            name="expiry",
            kind=Kind.DATE,
            meaning=(
                "Last day on which it is active, to the end of that day; it counts in the periods "
                "that end by then. The first day of a period means the day before it."
            ),
            example="2030-12-31",
        ),
    ),
)
