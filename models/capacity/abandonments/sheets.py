"""Sheet of sites that may be abandoned, and the notice on it."""

from __future__ import annotations

from collections.abc import Iterator

from optalloc.data.dataset import Dataset
from optalloc.data.rules import InOrder
from optalloc.data.schema import Missing, Sheet
from optalloc.errors import Problem

from .. import _plausible
from .._abandonments import abandonable
from .._columns import amount, currency, reference, window

ABANDONMENTS = Sheet(
    name="Abandonments",
    question="What may be given up after it was committed?",
    meaning="One site a row that may be abandoned after it was committed, while nothing there has gone into service; another may not.",
    key=("site",),
    missing=Missing.UNLIMITED,
    rules=(InOrder(("first_period", "last_period")),),
    columns=(
        reference(
            "Sites.site",
            "Candidate, or committed site where nothing stands.",
            example="Kanto North",
        ),
        *window("in which it may be abandoned"),
        amount(
            "cost",
            "M",
            "Paid when it is abandoned: penalties, making good.",
            blank=0.0,
            plausible=_plausible.ABANDONMENT,
            example=5,
        ),
        amount(
            "cost_per_mw",
            "M per MW IT",
            "Paid for each MW that was started there and is given up.",
            blank=0.0,
            plausible=_plausible.ABANDONMENT,
            example=1,
        ),
        amount(
            "recovered",
            "M",
            "Comes back when it is abandoned, such as for land that is sold.",
            blank=0.0,
            plausible=_plausible.ABANDONMENT,
            example=20,
        ),
        amount(
            "recovered_per_mw",
            "M per MW IT",
            "Comes back for each MW that was started there and is given up.",
            blank=0.0,
            plausible=_plausible.ABANDONMENT,
            example=0.5,
        ),
        currency("money"),
    ),
)

CODES = {
    "abandonment-left-out": "a site to abandon that is excluded or existing, or where something stands or is under construction (notice)",
}


def notices(data: Dataset) -> Iterator[Problem]:
    """Sites that cannot be abandoned."""
    rows, known = data["Abandonments"], set(abandonable(data)["site"])
    for row in rows.index[~rows["site"].isin(known)]:
        yield data.notice(
            "Abandonments",
            row,
            "site",
            "what is abandoned is a candidate, or a committed site where nothing stands or is under construction; this row is left out",
            "Nothing need be done, or take the row out.",
            "abandonment-left-out",
        )
