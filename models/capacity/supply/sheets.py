"""Sheets of equipment needs, suppliers, equipment and export limits."""

from __future__ import annotations

from optalloc.data.rules import AtLeastOne, ExactlyOne, InOrder
from optalloc.data.schema import Column, Kind, Missing, Sheet

from .. import _plausible

EQUIPMENT_NEEDS = Sheet(
    name="EquipmentNeeds",
    meaning="Classes of equipment that every start needs, at all sites; a class that is not named is not limited.",
    key=("equipment",),
    columns=(
        Column(
            name="equipment",
            kind=Kind.TEXT,
            names="class of equipment",
            meaning="Class of equipment, in the planner's own word: transformers, generators.",
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
        Column(
            name="life_years",
            kind=Kind.NUMBER,
            unit="years",
            meaning="Life of a unit: renewed at its cost where it ends within the horizon.",
            plausible=_plausible.LIFE_YEARS,
            blank=None,
            blank_means="Settings life_years",
            at_least=1,
            at_most=100,
            example=5,
        ),
    ),
)

SUPPLIERS = Sheet(
    name="Suppliers",
    meaning="One supplier of equipment a row.",
    key=("supplier",),
    columns=(
        Column(
            name="supplier",
            kind=Kind.TEXT,
            names="supplier",
            meaning="Name of the supplier.",
            example="Rack maker",
        ),
        Column(
            name="supplier_group",
            kind=Kind.TEXT,
            names="group of suppliers",
            meaning="Group of suppliers it belongs to, such as one owner or one country of origin.",
            blank=None,
            blank_means="no group",
            example="Rack makers of the strait",
        ),
    ),
)

EQUIPMENT = Sheet(
    name="Equipment",
    meaning="What a supplier has of a class in a period; a period without a row adds no units, and those that carry over into it keep the price of the row before.",
    key=("equipment", "supplier", "period"),
    missing=Missing.ZERO,
    columns=(
        Column(
            name="equipment",
            kind=Kind.TEXT,
            meaning="From EquipmentNeeds.",
            refers_to="EquipmentNeeds.equipment",
            example="accelerator racks",
        ),
        Column(
            name="supplier",
            kind=Kind.TEXT,
            meaning="From Suppliers.",
            refers_to="Suppliers.supplier",
            of_each=True,
            example="Rack maker",
        ),
        Column(
            name="period",
            kind=Kind.TEXT,
            meaning="From Periods.",
            refers_to="Periods.period",
            example="2027H1",
        ),
        Column(
            name="available_units",
            kind=Kind.NUMBER,
            unit="units",
            meaning="Most units that can be ordered for the period, besides what carries over into it.",
            at_least=0,
            example=400,
        ),
        Column(
            name="unit_cost",
            kind=Kind.NUMBER,
            unit="M per unit",
            meaning="Price of a unit ordered for the period, paid on its first day, before escalation.",
            plausible=_plausible.UNIT_COST,
            blank=0.0,
            at_least=0,
            example=3.5,
        ),
        Column(
            name="carries_over",
            kind=Kind.FLAG,
            meaning="Whether what is left at the end of the period, units carried into it included, can be ordered in the next.",
            blank=False,
            example="no",
        ),
        Column(
            name="currency",
            kind=Kind.TEXT,
            names="currency",
            meaning="Currency of this row's cost, from Currencies.",
            blank=None,
            blank_means="the workbook's currency",
        ),
    ),
)

MOST = ("max_units_per_period", "max_units_in_all")

EXPORT_LIMITS = Sheet(
    name="ExportLimits",
    meaning="Most units of a class for the sites of a jurisdiction or group; 0 bars them.",
    key=("limit",),
    missing=Missing.UNLIMITED,
    rules=(
        ExactlyOne(("jurisdiction", "group")),
        AtLeastOne(MOST, action="Fill in one of them, 0 to bar the class, or take the row out."),
        InOrder(("first_period", "last_period")),
    ),
    columns=(
        Column(
            name="limit",
            kind=Kind.TEXT,
            names="export limit",
            meaning="Name of the row, for the report.",
            example="racks to Japan",
        ),
        Column(
            name="equipment",
            kind=Kind.TEXT,
            meaning="From EquipmentNeeds.",
            refers_to="EquipmentNeeds.equipment",
            example="accelerator racks",
        ),
        Column(
            name="jurisdiction",
            kind=Kind.TEXT,
            meaning="Jurisdiction whose sites it is about.",
            blank=None,
            blank_means="it is about a group",
            refers_to="Sites.jurisdiction",
            example="Japan",
        ),
        Column(
            name="group",
            kind=Kind.TEXT,
            meaning="Group of jurisdictions whose sites it is about, together.",
            blank=None,
            blank_means="it is about a jurisdiction",
            refers_to="JurisdictionGroups.group",
        ),
        Column(
            name="first_period",
            kind=Kind.TEXT,
            meaning="First period in which it holds.",
            blank=None,
            blank_means="from the first period on",
            refers_to="Periods.period",
        ),
        Column(
            name="last_period",
            kind=Kind.TEXT,
            meaning="Last period in which it holds.",
            blank=None,
            blank_means="to the last period",
            refers_to="Periods.period",
        ),
        Column(
            name="max_units_per_period",
            kind=Kind.NUMBER,
            unit="units",
            meaning="Most units needed there in each of the periods.",
            blank=None,
            blank_means="no limit",
            at_least=0,
            example=300,
        ),
        Column(
            name="max_units_in_all",
            kind=Kind.NUMBER,
            unit="units",
            meaning="Most units needed there in all of the periods together.",
            blank=None,
            blank_means="no limit",
            at_least=0,
        ),
    ),
)

PAIR = ["equipment", "supplier"]
NEED_KEYS = ["equipment", "period"]
ORDER_KEYS = [*PAIR, "period"]
USE_KEYS = ["equipment", "site", "period"]
EXPORT_KEYS = ["limit", "period"]
