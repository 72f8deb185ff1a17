"""The record of energy."""

from __future__ import annotations

from optalloc.modelling.family import CostTerm, Family, Ledger
from optalloc.modelling.folders import formulation

from .._money import CASH
from .audit import audit, recompute
from .limits import LIMITS
from .sheets import POWER_PRICES, check
from .tables import BILLING, DELIVERIES, POWER, REPORT, tables

RULES = formulation(__package__)

FAMILY = Family(
    name="energy",
    title="Energy and spot",
    order=55,
    sheets=(POWER_PRICES,),
    idle_without=(
        "Contracts",
        "PowerPrices",
        "GridZones",
        "PowerRamp",
        "Carbon",
    ),
    needed_with=("Sites",),
    ledgers=(
        Ledger(
            name="losses_gwh",
            unit="GWh",
            over=("site", "period"),
            meaning="Energy that a site takes beyond its load; negative where storage of its zone gives it more.",
        ),
        Ledger(
            name="sold_gwh",
            unit="GWh",
            over=("contract", "period"),
            meaning="Energy taken from a contract that is sold and feeds no site.",
        ),
        Ledger(name="energy_gwh", unit="GWh", over=("period",), meaning="Energy that is drawn."),
        Ledger(
            name="clean_gwh",
            unit="GWh",
            over=("period",),
            meaning="Energy drawn from sources that emit nothing.",
        ),
        Ledger(
            name="emissions_tco2",
            unit="tCO2",
            over=("period",),
            meaning="What the energy drawn emits, as far as its sources say.",
        ),
    ),
    costs=(
        CostTerm(
            item="contract_energy_firm",
            kind=CASH,
            formula="sum_cp price_per_mwh[c] / 1000 billed[c,p]",
            paid="evenly over the period; contracts with a take-or-pay share",
            escalation="its own `price_escalation`, from instant to instant",
        ),
        CostTerm(
            item="contract_energy",
            kind=CASH,
            formula="sum_cip price_per_mwh[c] / 1000 drawn[c,i,p]",
            paid="evenly over the period; contracts without one, and generation",
            escalation="its own `price_escalation`, from instant to instant",
        ),
        CostTerm(
            item="spot_energy",
            kind=CASH,
            formula="sum_ip spot_price_per_mwh[z,p] / 1000 spot[i,p]",
            paid="evenly over the period",
            escalation="no; the price is given for each period",
        ),
    ),
    limits=LIMITS,
    outputs=(POWER, DELIVERIES, BILLING),
    codes={"no-energy": "a site without a source of energy where energy is priced"},
    check=check,
    report=REPORT,
    within=("drawn", "spot", "billed"),
    parameters=RULES.parameters,
    declare=RULES.declare,
    constrain=RULES.constrain,
    tables=tables,
    audit=audit,
    recompute=recompute,
)
