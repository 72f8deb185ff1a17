"""Sheets of equipment needs, suppliers, equipment and export limits."""

from __future__ import annotations

from optalloc.data.rules import AtLeastOne, ExactlyOne, InOrder
from optalloc.data.schema import Column, Kind, Missing, Sheet

from .. import _plausible
from .._columns import amount, currency, life_years, limit, named, reference, window

_QUESTION = "Does equipment come in time, and may it go there?"

EQUIPMENT_NEEDS = Sheet(
    name="EquipmentNeeds",
    question=_QUESTION,
    meaning="Classes of equipment that every start needs, at all sites; a class that is not named is not limited.",
    key=("equipment",),
    columns=(
        named(
            "equipment",
            "Class of equipment, in the planner's own word: transformers, generators.",
            of="class of equipment",
            example="accelerator racks",
        ),
        Column(
            name="units_per_mw",
            kind=Kind.NUMBER,
            unit="units per MW IT",
            meaning="Units needed for each MW started.",
            above=0,
            example=7,
        ),
        Column(
            name="months_before_online",
            kind=Kind.NUMBER,
            unit="months",
            meaning="How long before the MW go online the units are needed; no start may need them before the first period.",
            at_least=0,
            at_most=600,
            example=3,
        ),
        life_years(
            "Life of a unit: renewed at its cost where it ends within the horizon.",
            blank_means="Settings life_years",
            example=5,
        ),
    ),
)

SUPPLIERS = Sheet(
    name="Suppliers",
    question=_QUESTION,
    meaning="One supplier of equipment a row.",
    key=("supplier",),
    columns=(
        named("supplier", "Name of the supplier.", example="Rack maker"),
        named(
            "supplier_group",
            "Group of suppliers it belongs to, such as one owner or one country of origin.",
            of="group of suppliers",
            blank_means="no group",
            example="Rack makers of the strait",
        ),
    ),
)

EQUIPMENT = Sheet(
    name="Equipment",
    question=_QUESTION,
    meaning="What a supplier has of a class in a period; a period without a row adds no units, and those that carry over into it keep the price of the row before.",
    key=("equipment", "supplier", "period"),
    missing=Missing.ZERO,
    columns=(
        reference("EquipmentNeeds.equipment", example="accelerator racks"),
        reference("Suppliers.supplier", of_each=True, example="Rack maker"),
        reference("Periods.period", example="2027H1"),
        amount(
            "available_units",
            "units",
            "Most units that can be ordered for the period, besides what carries over into it.",
            example=400,
        ),
        amount(
            "unit_cost",
            "M per unit",
            "Price of a unit ordered for the period, paid on its first day, before escalation.",
            blank=0.0,
            plausible=_plausible.UNIT_COST,
            example=3.5,
        ),
        Column(
            name="carries_over",
            kind=Kind.FLAG,
            meaning="Whether what is left at the end of the period, units carried into it included, can be ordered in the next.",
            blank=False,
            example="no",
        ),
        currency("cost"),
    ),
)

MOST = ("max_units_per_period", "max_units_in_all")

EXPORT_LIMITS = Sheet(
    name="ExportLimits",
    question=_QUESTION,
    meaning="Most units of a class for the sites of a jurisdiction or group; 0 bars them.",
    key=("limit",),
    missing=Missing.UNLIMITED,
    rules=(
        ExactlyOne(("jurisdiction", "group")),
        AtLeastOne(MOST, action="Fill in one of them, 0 to bar the class, or take the row out."),
        InOrder(("first_period", "last_period")),
    ),
    columns=(
        named(
            "limit", "Name of the row, for the report.", of="export limit", example="racks to Japan"
        ),
        reference("EquipmentNeeds.equipment", example="accelerator racks"),
        reference(
            "Sites.jurisdiction",
            "Jurisdiction whose sites it is about.",
            blank_means="it is about a group",
            example="Japan",
        ),
        reference(
            "JurisdictionGroups.group",
            "Group of jurisdictions whose sites it is about, together.",
            blank_means="it is about a jurisdiction",
        ),
        *window("in which it holds"),
        limit(
            "max_units_per_period",
            "units",
            "Most units needed there in each of the periods.",
            example=300,
        ),
        limit(
            "max_units_in_all", "units", "Most units needed there in all of the periods together."
        ),
    ),
)

PAIR = ["equipment", "supplier"]
NEED_KEYS = ["equipment", "period"]
ORDER_KEYS = [*PAIR, "period"]
USE_KEYS = ["equipment", "site", "period"]
EXPORT_KEYS = ["limit", "period"]
