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
from .._options import CONTRACT, GRID, LAND, LEASE, SUBJECTS, options_on_offer

_RIGHTS = "Empty the cell, or give the price and the lead on a row of their own there."
_WHOLE = "Empty the cell: an option on land is bought as a whole."
_BY_MW = "Empty the cell: give fee_per_mw_year."
_GRID = "Empty the cell: what a zone carries without the option stands on GridZones."

OPTIONS = Sheet(
    name="Options",
    question="Is an option on land, grid, power or a lease worth its premium?",
    meaning="One option on offer a row: a right that is bought for a premium, and exercised or dropped later.",
    key=("option",),
    rules=(
        InOrder(("first_period", "last_period")),
        InOrder(("exercise_from", "exercise_until")),
        FilledUnless(
            ("max_mw",), "kind", (LAND,), "Fill in the megawatts that can be bought at most."
        ),
        FilledUnless(
            ("needed_from",),
            "kind",
            (LAND, GRID),
            "Fill in the first period from which it cannot be signed without an option.",
        ),
        BlankWhere(
            ("max_mw", "premium_per_mw", "fee_per_mw_year", "exercise_price_per_mw"),
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
            meaning="land: to commit a site; grid: to draw more MW than GridZones says in a zone; contract and lease: to sign one.",
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
            blank_means="it is bought as a whole",
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
            "Period from which the site, contract or lease cannot be had without an option.",
            name="needed_from",
            blank_means="it can be had without",
        ),
        Column(
            name="lead_months",
            kind=Kind.NUMBER,
            unit="months",
            meaning="Lead when it is exercised. Of land: in place of the site's site_lead_months. Of grid: until the MW can be drawn.",
            plausible=_plausible.SITE_LEAD_MONTHS,
            blank=None,
            blank_means="the site's own lead; of grid, none",
            at_least=0,
            at_most=600,
            example=6,
        ),
        currency("money"),
    ),
)  # fmt: skip

CODES = {
    "option-subject": "an option that does not name the one site, zone, contract or lease it is about",
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
