"""Sheet of options that can be bought."""

from __future__ import annotations

from optalloc.data.rules import BlankWhere, FilledUnless, InOrder
from optalloc.data.schema import Column, Kind, Sheet

from .. import _plausible
from .._columns import amount, currency, named, reference, window
from .._options import CONTRACT, EQUIPMENT, GRID, LAND, LEASE, SUBJECTS

_RIGHTS = "Empty the cell, or give the price and the lead on a row of their own there."
_WHOLE = "Empty the cell: an option on land is bought as a whole."
_BY_MW = "Empty the cell: give fee_per_mw_year."
_BY_UNIT = "Empty the cell: give max_units, and prices per unit."
_NO_UNIT = "Empty the cell: give megawatts, or the whole of land."
_UNITS = ("max_units", "premium_per_unit", "fee_per_unit_year", "exercise_price_per_unit")
_BY_SIZE = ("max_mw", "premium_per_mw", "fee_per_mw_year", "exercise_price_per_mw")
_GRID = "Empty the cell: what a zone carries without the option stands on GridZones."

OPTIONS = Sheet(
    name="Options",
    question="Is an option on land, grid, power, a lease or equipment worth its premium?",
    meaning="One option on offer a row: a right that is bought for a premium, and exercised or dropped later.",
    key=("option",),
    rules=(
        InOrder(("first_period", "last_period")),
        InOrder(("exercise_from", "exercise_until")),
        FilledUnless(
            ("max_mw",),
            "kind",
            (LAND, EQUIPMENT),
            "Fill in the megawatts that can be bought at most.",
        ),
        FilledUnless(
            ("max_units",),
            "kind",
            (LAND, GRID, CONTRACT, LEASE),
            "Fill in the units that can be bought at most, and the supplier that has the slots.",
        ),
        FilledUnless(
            ("supplier",),
            "kind",
            (LAND, GRID, CONTRACT, LEASE),
            "Fill in the units that can be bought at most, and the supplier that has the slots.",
        ),
        FilledUnless(
            ("needed_from",),
            "kind",
            (LAND, GRID, EQUIPMENT),
            "Fill in the first period from which it cannot be signed without an option.",
        ),
        BlankWhere(
            _BY_SIZE,
            "kind", LAND, reason="which is bought as a whole", action=_WHOLE, code="option-column",
        ),
        *(
            BlankWhere(
                ("fee_per_year",), "kind", kind,
                reason="which is bought by the megawatt", action=_BY_MW, code="option-column",
            )
            for kind in (GRID, CONTRACT, LEASE)
        ),
        BlankWhere(
            (*_BY_SIZE, "fee_per_year"), "kind", EQUIPMENT,
            reason="which is bought by the unit", action=_BY_UNIT, code="option-column",
        ),
        *(
            BlankWhere(
                (*_UNITS, "supplier"), "kind", kind,
                reason="which is not bought by the unit", action=_NO_UNIT, code="option-column",
            )
            for kind in (LAND, GRID, CONTRACT, LEASE)
        ),
        BlankWhere(
            ("needed_from",), "kind", GRID,
            reason="which adds to what the zone carries", action=_GRID, code="option-column",
        ),
        *(
            BlankWhere(
                ("lead_months",), "kind", kind,
                reason="which has its own lead on its sheet", action=_RIGHTS, code="option-column",
            )
            for kind in (CONTRACT, LEASE)
        ),
    ),
    columns=(
        named("option", "Name of the option.", example="Kanto plot"),
        Column(
            name="kind",
            kind=Kind.CHOICE,
            meaning="land: to commit a site; grid: to draw more MW than GridZones says in a zone; contract and lease: to sign one; equipment: to order more units than Equipment says of a supplier.",
            choices=tuple(SUBJECTS),
            example=LAND,
        ),
        reference(
            "Sites.site",
            "Candidate site that it is about; only with land.",
            blank_means="it is about something else",
            example="Kanto North",
        ),
        reference(
            "GridZones.zone",
            "Grid zone that it is about; only with grid.",
            blank_means="it is about something else",
        ),
        reference(
            "Contracts.contract",
            "Contract that it is about; only with contract.",
            blank_means="it is about something else",
        ),
        reference(
            "Leases.lease",
            "Lease that it is about; only with lease.",
            blank_means="it is about something else",
        ),
        reference(
            "EquipmentNeeds.equipment",
            "Class of equipment that it is about; only with equipment.",
            blank_means="it is about something else",
        ),
        reference(
            "Suppliers.supplier",
            "Supplier that has the slots; only with equipment. Its unit_cost on Equipment is paid for their units too.",
            blank_means="it is about something else",
        ),
        *window("in which it can be bought"),
        amount(
            "premium",
            "M",
            "Paid when it is bought, whatever its size.",
            blank=0.0,
            plausible=_plausible.OPTION_PRICE,
            example=4,
        ),
        amount(
            "premium_per_mw",
            "M per MW",
            "Paid for each MW that is bought.",
            blank=0.0,
            plausible=_plausible.FEE_PER_MW,
        ),
        Column(
            name="max_mw",
            kind=Kind.NUMBER,
            unit="MW",
            meaning="Most that can be bought in all: grid MW, or IT MW of a lease.",
            plausible=_plausible.GRID_MW,
            blank=None,
            blank_means="it is not bought by the megawatt",
            above=0,
        ),
        amount(
            "premium_per_unit",
            "M per unit",
            "Paid for each unit whose slot is bought.",
            blank=0.0,
            plausible=_plausible.UNIT_COST,
        ),
        Column(
            name="max_units",
            kind=Kind.NUMBER,
            unit="units",
            meaning="Most units whose slots can be bought in all.",
            blank=None,
            blank_means="it is not bought by the unit",
            above=0,
        ),
        amount(
            "fee_per_year",
            "M per year",
            "Fee while it is kept, neither exercised nor dropped.",
            blank=0.0,
            plausible=_plausible.OPTION_PRICE,
            example=0.5,
        ),
        amount(
            "fee_per_mw_year",
            "M per MW-year",
            "The same for each MW that is kept.",
            blank=0.0,
            plausible=_plausible.FEE_PER_MW,
        ),
        amount(
            "fee_per_unit_year",
            "M per unit-year",
            "The same for each unit whose slot is kept.",
            blank=0.0,
            plausible=_plausible.UNIT_COST,
        ),
        reference(
            "Periods.period",
            "First period in which it can be exercised.",
            name="exercise_from",
            blank_means="as soon as it is bought",
        ),
        reference(
            "Periods.period",
            "Last period in which it can be exercised.",
            name="exercise_until",
            blank_means="the last period",
        ),
        Column(
            name="exercise_price",
            kind=Kind.NUMBER,
            unit="M",
            meaning="Price when it is exercised. Of land: in place of the site's site_cost, paid as that is. Else: paid on the day, once, whatever its size.",
            plausible=_plausible.OPTION_PRICE,
            blank=None,
            blank_means="site_cost of land, else nothing",
            at_least=0,
        ),
        amount(
            "exercise_price_per_mw",
            "M per MW",
            "Paid on the day for each MW that is exercised, beside what the contract, lease or grid costs.",
            blank=0.0,
            plausible=_plausible.FEE_PER_MW,
        ),
        amount(
            "exercise_price_per_unit",
            "M per unit",
            "The same for each unit, beside the unit_cost that is paid when it is ordered.",
            blank=0.0,
            plausible=_plausible.UNIT_COST,
        ),
        Column(
            name="premium_credited",
            kind=Kind.NUMBER,
            unit="share",
            meaning="Share of the premium that is set off against the exercise price when it is exercised; never more than that price as the workbook states it, before it escalates.",
            blank=0.0,
            at_least=0,
            at_most=1,
            example=1,
        ),
        reference(
            "Periods.period",
            "Period from which the site, contract, lease, or the class from the supplier cannot be had without an option.",
            name="needed_from",
            blank_means="it can be had without",
        ),
        Column(
            name="lead_months",
            kind=Kind.NUMBER,
            unit="months",
            meaning="Lead when it is exercised. Of land: in place of the site's site_lead_months. Of grid: until the MW can be drawn. Of equipment: until the units can be ordered, where a new order waits for what Equipment says.",
            plausible=_plausible.SITE_LEAD_MONTHS,
            blank=None,
            blank_means="the site's own lead; of grid and equipment, none",
            at_least=0,
            at_most=600,
            example=0,
        ),
        currency("money"),
    ),
)  # fmt: skip
