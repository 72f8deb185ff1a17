"""The record of contracts."""

from __future__ import annotations

from optalloc.modelling.family import CostTerm, Family, Ledger
from optalloc.modelling.folders import formulation

from .._building import terms_compared
from .._capacity_bounds import most_of_all, needed_of_contracts
from .._contracts import signing_terms_of_contracts
from .._money import CASH
from .._period_ends import CODES
from .audit import audit, recompute
from .checks import check
from .limits import LIMITS
from .sheets import CONTRACTS, SIGNED_CONTRACTS
from .tables import COVERAGE, PROCUREMENT, REPORT, tables

RULES = formulation(__package__)

FAMILY = Family(
    name="contracts",
    title="Power contracts",
    order=50,
    sheets=(CONTRACTS, SIGNED_CONTRACTS),
    idle_without=("Contracts",),
    needed_with=("Decisions", "ApprovedActions", "Options"),
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
        "contract-reversed": "a contract whose signing ends before it starts",
        "beyond-tolerance": "a block or minimum a million times smaller or larger than what can be needed",
        "energy-of-capacity": "a price, share or emission of energy on a contract that delivers none",
        "generation-in-zone": "on-site generation without a site",
        "take-or-pay-of-generation": "a take-or-pay share of on-site generation",
        "surplus-of-generation": "surplus sold by on-site generation",
        "contract-ended": "a signed contract that ended before the first period",
        "contract-never-active": "a contract whose term holds no whole period; a notice where some was signed before",
        **CODES,
    },
    check=check,
    report=REPORT,
    within=("covered",),
    zero_where_absent=("procured", "signs", "blocks_procured"),
    shared=((needed_of_contracts, most_of_all), (signing_terms_of_contracts, terms_compared)),
    same_in_all=("Contracts.block_mw",),
    parameters=RULES.parameters,
    declare=RULES.declare,
    constrain=RULES.constrain,
    tables=tables,
    audit=audit,
    recompute=recompute,
)
