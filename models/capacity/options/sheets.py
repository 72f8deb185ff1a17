"""Sheet of options that can be bought, and the checks on it."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.rules import BlankWhere, FilledUnless, InOrder
from optalloc.data.schema import Column, Kind, Sheet
from optalloc.errors import Problem, Severity

from .. import _plausible
from .._calendar import calendar, reversed_windows
from .._columns import amount, currency, named, reference, window
from .._options import CONTRACT, EQUIPMENT, GRID, LAND, LEASE, SUBJECTS, options_on_offer

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
            ("max_units", "supplier"),
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
            example=6,
        ),
        currency("money"),
    ),
)  # fmt: skip

CODES = {
    "option-subject": "an option that does not name the one site, zone, contract, lease or class of equipment it is about",
    "slot-without-offer": "a slot for a class that its supplier has no row of on Equipment",
    "option-column": "a column of an option that its kind does not have",
    "option-never-exercised": "an option that cannot be exercised in any period in which it can be held",
    "option-left-out": "an option on land that is no candidate, or on a lease of an excluded site (notice)",
    "option-lead-longer": "a lead of an option that is longer than the site's own (notice)",
}


def check(data: Dataset) -> Iterator[Problem]:
    """Options are about one thing that fits their kind, and can be exercised."""
    for row, at in data.rows("Options").to_dict("index").items():
        wanted = SUBJECTS.get(at["kind"])
        if wanted is None:
            continue
        named = [name for name in SUBJECTS.values() if name != wanted and not pd.isna(at[name])]
        if pd.isna(at[wanted]) or named:
            others = [name for name in SUBJECTS.values() if name != wanted]
            yield data.problem(
                "Options",
                row,
                wanted if pd.isna(at[wanted]) else named[0],
                f"an option of kind {at['kind']} must name a {wanted} and nothing else",
                f"Fill in {wanted}, and leave {', '.join(others)} blank.",
                "option-subject",
                reads=("kind", *SUBJECTS.values()),
            )
    yield from _check_windows(data)
    yield from _check_offers(data)


def _check_offers(data: Dataset) -> Iterator[Problem]:
    """Slots are with a supplier whose price of a unit is known."""
    offered = data.columns("Equipment", "equipment", "supplier").dropna()
    known = set(offered.itertuples(index=False, name=None))
    slots = data.rows("Options", "kind", "equipment", "supplier").dropna()
    for row, at in slots[slots["kind"] == EQUIPMENT].to_dict("index").items():
        pair = {"equipment": at["equipment"], "supplier": at["supplier"]}
        if tuple(pair.values()) in known or data.might_hold("Equipment", **pair):
            continue
        yield data.problem(
            "Options",
            row,
            "supplier",
            f"{at['supplier']} must have a row of {at['equipment']} on Equipment",
            "Add one: its unit_cost is paid for units of slots too; available_units may be 0.",
            "slot-without-offer",
            reads=("kind", "equipment", "supplier"),
        )


def _check_windows(data: Dataset) -> Iterator[Problem]:
    """Every option can be bought in or before a period in which it can be exercised."""
    if not (data.sound("Periods") and data.sound("Settings", "base_date")):
        return
    columns = ("first_period", "last_period", "exercise_from", "exercise_until")
    cal, known = calendar(data), data.known("Options", "option", "kind", *columns)
    ends = {"exercise_from": "first_period", "exercise_until": "last_period"}
    used = known[[*ends]].rename(columns=ends)
    known = known[~(reversed_windows(known, cal) | reversed_windows(used, cal))]
    rows = pd.Series(known.index, index=known["option"])
    names = cal.index
    for name, at in options_on_offer(data).iterrows():
        if name not in rows.index or at["buy_first"] <= at["use_last"] >= at["use_first"]:
            continue
        yield data.problem(
            "Options",
            int(rows[str(name)]),
            "exercise_until",
            f"it can be exercised in no period from {names[at['buy_first']]}, in which it can "
            f"first be bought, to {names[at['use_last']]}",
            "Let it be bought earlier, or be exercised later.",
            "option-never-exercised",
            reads=columns,
        )


def notices(data: Dataset) -> Iterator[Problem]:
    """Options on land that is open already, and leads that an option makes longer."""
    status = data.column("Sites", "status", by="site")
    leads = data.column("Sites", "site_lead_months", by="site")
    of_lease = data.column("Leases", "site", by="lease")
    for row, at in data.rows("Options").to_dict("index").items():
        site = at["site"]
        if at["kind"] == LEASE and of_lease.map(status).get(at["lease"]) == "excluded":
            yield data.problem(
                "Options",
                row,
                "lease",
                "an option on a lease is on one of a site that is not excluded; this one is left out",
                "Nothing need be done, or make the site a candidate.",
                "option-left-out",
                severity=Severity.NOTICE,
            )
        if at["kind"] != LAND or pd.isna(site) or site not in status.index:
            continue
        if status[site] != "candidate":
            yield data.problem(
                "Options",
                row,
                "site",
                "an option on land is on a candidate; this one is left out",
                "Nothing need be done, or make the site a candidate.",
                "option-left-out",
                severity=Severity.NOTICE,
            )
        elif at["lead_months"] > leads[site]:
            yield data.problem(
                "Options",
                row,
                "lead_months",
                f"the lead should not be longer than the {leads[site]:g} months without the option",
                "Shorten it, or leave it blank for the site's own.",
                "option-lead-longer",
                severity=Severity.NOTICE,
            )
