"""Sheet of leases on offer, and the checks on it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.rules import InOrder, NotAbove
from optalloc.data.schema import Sheet
from optalloc.errors import Problem

from .. import _plausible
from .._calendar import TERM, calendar, reversed_windows
from .._capacity_bounds import lease_need, not_carried
from .._columns import (
    amount,
    currency,
    escalation,
    lead_months,
    named,
    reference,
    term_months,
    window,
)
from .._leases import lease_terms, leases_active, leases_on_offer
from .._period_ends import inside_periods

LEASES = Sheet(
    name="Leases",
    question="Can capacity be rented ready-made?",
    meaning="One lease on offer a row: capacity rented ready-made, in service as soon as it is active.",
    key=("lease",),
    rules=(InOrder(("first_period", "last_period")), NotAbove(("min_mw", "max_mw"))),
    columns=(
        named("lease", "Name of the lease.", example="Kanto wholesale"),
        reference(
            "Sites.site",
            "Site where the capacity stands. It counts as the site's in all but max_mw, and needs no commitment.",
            example="Kanto North",
        ),
        *window("in which it can be signed"),
        lead_months(
            "lead_months",
            "From signing to the first day of the term.",
            plausible=_plausible.LEASE_LEAD_MONTHS,
            example=0,
        ),
        term_months(
            "How long it runs; it serves only in periods that lie wholly inside its term.",
            example=60,
        ),
        amount(
            "min_mw",
            "MW IT",
            "Least of one signing, if it is signed at all.",
            blank=0.0,
            plausible=_plausible.SITE_MW,
            example=5,
        ),
        amount(
            "max_mw",
            "MW IT",
            "Most that may be active at one time.",
            plausible=_plausible.SITE_MW,
            example=30,
        ),
        amount(
            "rent_per_mw_year",
            "M per MW-year",
            "Rent of one MW, due from the first day of the term to its last or to the end of the horizon; the site's cost_per_mw_year comes on top.",
            plausible=_plausible.RENT_PER_MW_YEAR,
            example=1.9,
        ),
        escalation("rent_escalation", "the rent", example=0.02),
        currency("rent"),
    ),
)

KEYS = ["lease", "period"]
SITE_KEYS = ["site", "period"]
OFFER_KEYS = ["lease", "signed"]


def check(data: Dataset) -> Iterator[Problem]:
    """Leases that can be signed serve in some period, and are of a size that can be needed."""
    if not data.uses(["Leases"]):
        return
    yield from _check_terms(data)
    yield from not_carried(data, "Leases", "lease", lease_need)


def _check_terms(data: Dataset) -> Iterator[Problem]:
    """Every lease can serve in some period; one that cannot would be ignored without a word."""
    if not (data.sound("Periods") and data.sound("Settings", "base_date")):
        return
    leases = data["Leases"]
    serving = set(leases_active(data)["lease"])
    offered = leases_on_offer(data)["lease"]
    idle = leases["lease"].isin(offered) & ~leases["lease"].isin(serving)
    for row, at in (
        leases[idle & ~reversed_windows(leases, calendar(data))].to_dict("index").items()
    ):
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
    labels = pd.Series(leases.index, index=leases["lease"])
    terms = lease_terms(data)
    terms = terms[terms["lease"].isin(data.known("Leases", "lease", *TERM)["lease"])]
    endless = terms["lease"].map(leases_on_offer(data)["term_months"]).isna()
    column = np.where(endless, "lead_months", "term_months")
    yield from inside_periods(
        data,
        terms.assign(sheet="Leases", row=terms["lease"].map(labels), column=column),
        "a lease serves only the periods that lie wholly inside its term, and all of it is paid",
    )
