"""The record of supply."""

from __future__ import annotations

from optalloc.modelling.family import CostTerm, Family, Ledger
from optalloc.modelling.folders import formulation

from .._money import CASH
from .audit import audit, recompute
from .checks import check
from .limits import LIMITS
from .sheets import EQUIPMENT, EQUIPMENT_NEEDS, EXPORT_LIMITS, SUPPLIERS
from .tables import EQUIPMENT_USE, ORDERS, REPORT, tables

RULES = formulation(__package__)

FAMILY = Family(
    name="supply",
    title="Supply chain",
    order=65,
    sheets=(EQUIPMENT_NEEDS, SUPPLIERS, EQUIPMENT, EXPORT_LIMITS),
    idle_without=(
        "EquipmentNeeds",
        "Equipment",
    ),
    needed_with=("LossEvents", "Options", "Decisions", "Taxes", "Duties"),
    ledgers=(
        Ledger(
            name="equipment_units",
            unit="units",
            over=("equipment", "supplier", "period"),
            meaning="Units ordered of a class from a supplier for the period.",
        ),
        Ledger(
            name="reserved_units",
            unit="units",
            over=("equipment", "supplier", "period"),
            meaning="Units that a supplier has of a class beside those on Equipment, as they were reserved and are delivered.",
        ),
        Ledger(
            name="equipment_needed_units",
            unit="units",
            over=("equipment", "period"),
            meaning="Units of a class that starts need in the period.",
        ),
    ),
    costs=(
        CostTerm(
            item="equipment",
            kind=CASH,
            formula="sum over classes k and suppliers f, sum_p unit_cost[k,f,p] ordered[k,f,p]",
            paid="on the first day of the period it is ordered for, and of each renewal",
            escalation="`build_cost_escalation` of Settings, to the day it is paid",
        ),
    ),
    limits=LIMITS,
    outputs=(ORDERS, EQUIPMENT_USE),
    codes={
        "equipment-without-supplier": "a class that starts need and nobody supplies",
        "needed-too-early": "equipment that a start would need before the first period",
    },
    check=check,
    report=REPORT,
    parameters=RULES.parameters,
    declare=RULES.declare,
    constrain=RULES.constrain,
    tables=tables,
    audit=audit,
    recompute=recompute,
)
