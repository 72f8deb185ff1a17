"""The record of demand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from optalloc.data.dataset import Dataset
from optalloc.modelling.family import CostTerm, Family, Ledger
from optalloc.modelling.folders import formulation
from optalloc.modelling.limits import Cause, Limit, Relax

from .._demand import asked
from .._money import PENALTY
from .._rows_per_period import CODES
from .._unserved import why_unserved
from .audit import audit, recompute
from .sheets import COMPUTE_UNITS, DEMAND, KEYS, WORKLOADS, check, notices
from .shortfalls import SHORTFALLS
from .tables import REPORT, SERVICE, tables
from .unmet import UNMET


def _standing_against(data: Dataset, key: Mapping[str, Any]) -> Iterator[Cause]:
    """Demand with its reserve, where it has one, and why nothing can serve it."""
    workloads, rows = data["Workloads"], asked(data)
    (own,) = workloads[workloads["workload"] == key["workload"]].to_dict("records")
    mine = rows[(rows[KEYS] == [key[name] for name in KEYS]).all(axis=1)]
    if own["reserve_share"] > 0 and len(mine):
        takes = float(mine["it_mw"].iloc[0]) * (1 + own["reserve_share"])
        row = int(str(workloads.index[workloads["workload"] == key["workload"]][0]))
        yield Cause(
            f"{key['workload']} in {key['region']} takes {takes:,.6g} MW in {key['period']} "
            f"incl. {100 * own['reserve_share']:g} % reserve",
            (("Workloads", row, "reserve_share"),),
        )
    yield from why_unserved(data, key["workload"], key["region"], key["period"])


RULES = formulation(__package__)

FAMILY = Family(
    name="demand",
    title="Demand",
    order=30,
    sheets=(WORKLOADS, DEMAND, COMPUTE_UNITS),
    ledgers=(
        Ledger(
            name="required_mw",
            unit="MW IT",
            over=("workload", "region", "period"),
            meaning="Capacity that demand requires, reserve included.",
        ),
    ),
    costs=(
        CostTerm(
            item="unmet",
            kind=PENALTY,
            formula="sum_wrp max(unmet_penalty_per_mw_year[w], value_per_mw_year[w]) years(p) unmet[w,r,p]",
            paid="evenly over the period",
            escalation="no",
        ),
    ),
    limits=(
        Limit(
            name="demand_met",
            over=(
                "workload",
                "region",
                "period",
            ),
            cells=(
                "Demand.it_mw",
                "Demand.units",
            ),
            relax=Relax.LAST,
            causes=_standing_against,
            conflict="{workload} in {region} asks for {value} {unit} in {period}, all of which must be served",
            unit="MW IT",
            sense="==",
            sentence="{workload} in {region}, {period}: {used} of {allowed} MW is served or priced",
            marginal="cost of serving one more MW",
            formula="sum_i served[w,r,i,p] + unmet[w,r,p] = demand[w,r,p]",
        ),
        Limit(
            name="unmet_only_at_a_price",
            over=(
                "workload",
                "region",
                "period",
            ),
            cells=("Workloads.unmet_penalty_per_mw_year",),
            conflict="{workload} must be served in full",
            unit="MW IT",
            sense="<=",
            enforced="sets",
            sentence="{workload} in {region}, {period}: all {allowed} MW is left unmet",
            lasting="all of {workload} in {region} is left unmet {when}",
            marginal="none: it has no row",
            formula="unmet[w,r,p] exists only where the workload has a penalty",
        ),
        Limit(
            name="unmet_not_negative",
            unit="MW IT",
            sense="<=",
            enforced="domain",
            reported=False,
            sentence="{workload} in {region}, {period}: nothing is left unmet",
            marginal="none: it has no row",
            formula="unmet[w,r,p] >= 0",
        ),
    ),
    outputs=(SERVICE, SHORTFALLS),
    codes={
        **CODES,
        "unit-without-mw": "demand in compute units before the MW of one is given",
        "demand-size": "demand of quite another size than all sites (notice)",
    },
    check=check,
    notices=notices,
    unmet=(UNMET,),
    report=REPORT,
    within=("unmet",),
    parameters=RULES.parameters,
    declare=RULES.declare,
    constrain=RULES.constrain,
    tables=tables,
    audit=audit,
    recompute=recompute,
)
