"""The record of labour."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.modelling.family import CostTerm, Family, Ledger
from optalloc.modelling.folders import formulation
from optalloc.modelling.limits import Cause, Limit, Relax

from .._building import active_sites
from .._money import CASH
from .._standing_capacity import standing_at
from .audit import audit, recompute
from .sheets import LABOUR_NEEDS, LABOUR_POOLS, LABOUR_TIERS, check
from .shortages import shortages
from .tables import LABOUR, REPORT, tables


def _standing_staff(data: Dataset, key: Mapping[str, Any]) -> Iterator[Cause]:
    """Capacity in service that takes permanent staff of the market's pool."""
    sites = active_sites(data)
    inside = sites.loc[sites["labour_market"] == key["labour_market"], "site"]
    staff = data.column("LabourNeeds", "staff_per_mw", by="trade").get(key["trade"], 0.0)
    if staff > 0:
        each = pd.Series(float(staff), index=sites.index)
        yield from standing_at(data, inside, key["period"], each, f"{key['trade']} all the time")


RULES = formulation(__package__)

FAMILY = Family(
    name="labour",
    title="Labour",
    order=60,
    sheets=(LABOUR_NEEDS, LABOUR_POOLS, LABOUR_TIERS),
    idle_without=(
        "LabourNeeds",
        "LabourPools",
        "LabourTiers",
    ),
    ledgers=(
        Ledger(
            name="person_months",
            unit="person-months",
            over=("labour_market", "trade", "period"),
            meaning="Work to be done, building and permanent.",
        ),
    ),
    costs=(
        CostTerm(
            item="wages",
            kind=CASH,
            formula="sum over markets k, trades t and sources u, sum_p wage[k,t,u,p] / 1e6 hired[k,t,u,p]",
            paid="evenly over the period",
            escalation="no; the wage is given for each period or carried forward",
        ),
    ),
    limits=(
        Limit(
            name="work_done",
            over=(
                "labour_market",
                "trade",
                "period",
            ),
            cells=("LabourNeeds.person_months_per_mw",),
            conflict="building takes {value} person-months of {trade} a MW",
            unit="person-months",
            sense="==",
            sentence="{labour_market}, {trade}, {period}: {used} person-months are done",
            marginal="cost of one more person-month of work",
            formula="person_months[k,t,p] = sum_u hired[k,t,u,p]",
        ),
        Limit(
            name="labour_within_pool",
            over=(
                "labour_market",
                "trade",
                "source",
                "period",
            ),
            named={"tier": "source"},
            cells=(
                "LabourTiers.workers",
                "LabourPools.workers",
            ),
            relax=Relax.PRICED,
            causes=_standing_staff,
            conflict="{labour_market} has at most {value} {trade} ({source}) in {period}",
            unit="person-months",
            sense="<=",
            sentence="{labour_market} has no {trade} left in {period}: all {allowed} person-months of its {source} are hired",
            lasting="{labour_market} has no {trade} left in its {source} {when}",
            marginal="saving from one more person-month on offer",
            formula="hired[k,t,u,p] <= workers[k,t,u,p] months[p]",
        ),
        Limit(
            name="hired_not_negative",
            unit="person-months",
            sense="<=",
            enforced="domain",
            reported=False,
            sentence="{labour_market}, {trade}, {period}: nobody is hired",
            marginal="none: it has no row",
            formula="hired[k,t,u,p] >= 0",
        ),
    ),
    outputs=(LABOUR,),
    codes={
        "missing-pool": "a trade needed in a market that no pool offers",
        "tier-name": "a tier that bears the name of the pool",
    },
    check=check,
    report=REPORT,
    within=("hired",),
    parameters=RULES.parameters,
    declare=RULES.declare,
    constrain=RULES.constrain,
    tables=tables,
    audit=audit,
    recompute=recompute,
    shortages=shortages,
)
