"""The sheet Ranges, which any model has: what is uncertain as low, mode and high of some cells.

It is apart from Uncertainties, whose rows are outcomes with a probability each: a range has none
until outcomes are generated from it, and no plan depends on a range.
"""

from __future__ import annotations

from optalloc.data.schema import FREE_TEXT, Column, Kind, Sheet
from optalloc.scenarios.sheet import SWEEPS, Operation

__all__ = ["RANGES"]

_UNIT = "factor, or unit of the column"

RANGES = Sheet(
    name="Ranges",
    ordered=True,
    question="What if the future is not known?",
    meaning="One change of one column by an amount that lies in a range: `optalloc futures` "
    "generates outcomes from it, and draws scenarios on which to test plans.",
    advisory=True,
    columns=(
        Column(
            name="uncertainty",
            kind=Kind.TEXT,
            names="uncertainty",
            meaning="Name of what is uncertain. Rows of one name are changed together: where one "
            "is at its P95, so are the others.",
            example="cost of building",
        ),
        *(SWEEPS.by_name[name] for name in ("sheet", "rows")),
        Column(
            name="column",
            kind=Kind.TEXT,
            names=FREE_TEXT,
            meaning="Column whose cells are changed, as on the sheet Outcomes.",
        ),
        Column(
            name="operation",
            kind=Kind.CHOICE,
            meaning="As on the sheet Outcomes. A factor, of multiply, stays above zero however far "
            "it is drawn; months, of shift, and amounts of whole numbers are rounded.",
            choices=tuple(Operation),
            blank=str(Operation.MULTIPLY),
        ),
        Column(
            name="low",
            kind=Kind.NUMBER,
            unit=_UNIT,
            meaning="P5: with a probability of 5 % it is less.",
            example=0.9,
        ),
        Column(
            name="mode",
            kind=Kind.NUMBER,
            unit=_UNIT,
            meaning="P50, in the middle: it is as likely less as more.",
            example=1,
        ),
        Column(
            name="high",
            kind=Kind.NUMBER,
            unit=_UNIT,
            meaning="P95: with a probability of 5 % it is more.",
            example=1.3,
        ),
        Column(
            name="revealed",
            kind=Kind.DATE,
            meaning="Day on which it becomes known, as on the sheet Uncertainties.",
            blank=None,
            blank_means="as in the uncertainty's first row",
            example="2027-04-01",
        ),
    ),
)
