"""Sheet of leases on offer, and the checks on it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.rules import InOrder, NotAbove
from optalloc.data.schema import Column, Kind, Sheet
from optalloc.errors import Problem

from .. import _plausible
from .._calendar import TERM, calendar
from .._edges import inside_periods
from .._leases import lease_terms, leases_active, leases_on_offer
from .._need import lease_need, not_carried

LEASES = Sheet(
    name="Leases",
    meaning="One lease on offer a row: capacity rented ready-made, in service as soon as it is active.",
    key=("lease",),
    rules=(InOrder(("first_period", "last_period")), NotAbove(("min_mw", "max_mw"))),
    columns=(
        Column(
            name="lease",
            kind=Kind.TEXT,
            names="lease",
            meaning="Name of the lease.",
            example="Kanto wholesale",
        ),
        Column(
            name="site",
            kind=Kind.TEXT,
            meaning="Site where the capacity stands. It counts as the site's in all but max_mw, and needs no commitment.",
            refers_to="Sites.site",
            example="Kanto North",
        ),
        Column(
            name="first_period",
            kind=Kind.TEXT,
            meaning="First period in which it can be signed.",
            blank=None,
            blank_means="the first period",
            refers_to="Periods.period",
        ),
        Column(
            name="last_period",
            kind=Kind.TEXT,
            meaning="Last period in which it can be signed.",
            blank=None,
            blank_means="the last period",
            refers_to="Periods.period",
        ),
        Column(
            name="lead_months",
            kind=Kind.NUMBER,
            unit="months",
            meaning="From signing to the first day of the term.",
            plausible=_plausible.LEASE_LEAD_MONTHS,
            blank=0.0,
            at_least=0,
            at_most=600,
            example=0,
        ),
        Column(
            name="term_months",
            kind=Kind.NUMBER,
            unit="months",
            meaning="How long it runs; it serves only in periods that lie wholly inside its term.",
            blank=None,
            blank_means="beyond the horizon",
            above=0,
            at_most=1200,
            example=60,
        ),
        Column(
            name="min_mw",
            kind=Kind.NUMBER,
            unit="MW IT",
            meaning="Least of one signing, if it is signed at all.",
            plausible=_plausible.SITE_MW,
            blank=0.0,
            at_least=0,
            example=5,
        ),
        Column(
            name="max_mw",
            kind=Kind.NUMBER,
            unit="MW IT",
            meaning="Most that may be active at one time.",
            plausible=_plausible.SITE_MW,
            at_least=0,
            example=30,
        ),
        Column(
            name="rent_per_mw_year",
            kind=Kind.NUMBER,
            unit="M per MW-year",
            meaning="Rent of one MW, due from the first day of the term to its last or to the end of the horizon; the site's cost_per_mw_year comes on top.",
            plausible=_plausible.RENT_PER_MW_YEAR,
            at_least=0,
            example=1.9,
        ),
        Column(
            name="rent_escalation",
            kind=Kind.NUMBER,
            unit="per year",
            meaning="Yearly growth of the rent from the base date.",
            plausible=_plausible.ESCALATION,
            blank=0.0,
            above=-1,
            at_most=1,
            example=0.02,
        ),
        Column(
            name="currency",
            kind=Kind.TEXT,
            names="currency",
            meaning="Currency of this row's rent, from Currencies.",
            blank=None,
            blank_means="the workbook's currency",
        ),
    ),
)

KEYS = ["lease", "period"]
SITE_KEYS = ["site", "period"]
OFFER_KEYS = ["lease", "signed"]


def check(data: Dataset) -> Iterator[Problem]:
    """Leases that can be signed serve in some period, and are of a size that can be needed."""
    yield from _check_terms(data)
    yield from not_carried(data, "Leases", "lease", lease_need)


def _check_terms(data: Dataset) -> Iterator[Problem]:
    """Every lease can serve in some period; one that cannot would be ignored without a word."""
    if not (data.sound("Periods") and data.sound("Settings", "base_date")):
        return
    position = calendar(data)["position"]
    serving = set(leases_active(data)["lease"])
    offered = leases_on_offer(data)["lease"]
    for row, at in data["Leases"].to_dict("index").items():
        first, last = position.get(at["first_period"], 0), position.get(at["last_period"])
        reversed_window = last is not None and last < first
        if at["lease"] in serving or at["lease"] not in offered or reversed_window:
            continue
        yield data.problem(
            "Leases",
            row,
            "lease",
            f"some period must lie wholly inside the term of {at['lease']!r}, or it never serves",
            "Shorten lead_months, sign earlier, lengthen term_months, or take shorter periods.",
            "lease-never-active",
            found="none",
            reads=("site", *TERM),
        )
    labels = pd.Series(data["Leases"].index, index=data["Leases"]["lease"])
    terms = lease_terms(data)
    terms = terms[terms["lease"].isin(data.known("Leases", "lease", *TERM)["lease"])]
    endless = terms["lease"].map(leases_on_offer(data)["term_months"]).isna()
    column = np.where(endless, "lead_months", "term_months")
    yield from inside_periods(
        data,
        terms.assign(sheet="Leases", row=terms["lease"].map(labels), column=column),
        "a lease serves only the periods that lie wholly inside its term, and all of it is paid",
    )
