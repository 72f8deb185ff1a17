"""Columns that recur on the sheets of families."""

from __future__ import annotations

from typing import Any

from optalloc.data.schema import REQUIRED, Column, Kind, Plausible

from . import _plausible


def named(
    name: str, meaning: str, *, of: str = "", blank_means: str = "", example: str | None = None
) -> Column:
    """Names that come into being here; ``of`` says of what, where the column does not."""
    return Column(
        name=name,
        kind=Kind.TEXT,
        names=of or name,
        meaning=meaning,
        blank=None if blank_means else REQUIRED,
        blank_means=blank_means,
        example=example,
    )


def reference(
    to: str,
    meaning: str = "",
    *,
    name: str = "",
    blank_means: str = "",
    of_each: bool = False,
    example: str | None = None,
) -> Column:
    """Names of the column ``"Sheet.column"``, by default called like it and required."""
    sheet, _, column = to.partition(".")
    return Column(
        name=name or column,
        kind=Kind.TEXT,
        meaning=meaning or f"From {sheet}.",
        blank=None if blank_means else REQUIRED,
        blank_means=blank_means,
        refers_to=to,
        of_each=of_each,
        example=example,
    )


def window(clause: str) -> tuple[Column, Column]:
    """First and last period of a window, ``"in which it holds"``; open where blank."""
    first, last = (
        reference(
            "Periods.period",
            f"{end.capitalize()} period {clause}.",
            name=f"{end}_period",
            blank_means=f"the {end} period",
        )
        for end in ("first", "last")
    )
    return first, last


def currency(of: str) -> Column:
    """Currency of the money of a row."""
    meaning = f"Currency of this row's {of}, from Currencies."
    return named("currency", meaning, blank_means="the workbook's currency")


def amount(
    name: str,
    unit: str,
    meaning: str,
    *,
    blank: Any = REQUIRED,
    plausible: Plausible | None = None,
    example: float | None = None,
) -> Column:
    """A number of at least 0, such as megawatts or money."""
    return Column(
        name=name,
        kind=Kind.NUMBER,
        unit=unit,
        meaning=meaning,
        plausible=plausible,
        blank=blank,
        at_least=0,
        example=example,
    )


def limit(
    name: str,
    unit: str,
    meaning: str,
    *,
    kind: Kind = Kind.NUMBER,
    plausible: Plausible | None = None,
    example: float | None = None,
) -> Column:
    """A number of at least 0 that something must not exceed; blank where there is no limit."""
    return Column(
        name=name,
        kind=kind,
        unit=unit,
        meaning=meaning,
        plausible=plausible,
        blank=None,
        blank_means="no limit",
        at_least=0,
        example=example,
    )


def escalation(name: str, of: str, *, example: float) -> Column:
    """Yearly growth of a price; none where it is blank."""
    return Column(
        name=name,
        kind=Kind.NUMBER,
        unit="per year",
        meaning=f"Yearly growth of {of} from the base date.",
        plausible=_plausible.ESCALATION,
        adjustable=True,
        blank=0.0,
        above=-1,
        at_most=1,
        example=example,
    )


def lead_months(name: str, meaning: str, *, plausible: Plausible, example: float) -> Column:
    """A lead in months; none where it is blank."""
    return Column(
        name=name,
        kind=Kind.NUMBER,
        unit="months",
        meaning=meaning,
        plausible=plausible,
        blank=0.0,
        at_least=0,
        at_most=600,
        example=example,
    )


def term_months(meaning: str, *, example: float) -> Column:
    """How long a contract runs; beyond the horizon where it is blank."""
    return Column(
        name="term_months",
        kind=Kind.NUMBER,
        unit="months",
        meaning=meaning,
        blank=None,
        blank_means="beyond the horizon",
        above=0,
        at_most=1200,
        example=example,
    )


def life_years(
    meaning: str, *, blank: Any = None, blank_means: str = "", example: float | None = None
) -> Column:
    """The life of what is built or bought."""
    return Column(
        name="life_years",
        kind=Kind.NUMBER,
        unit="years",
        meaning=meaning,
        plausible=_plausible.LIFE_YEARS,
        blank=blank,
        blank_means=blank_means,
        at_least=1,
        at_most=100,
        example=example,
    )


def place(meaning: str, *, latitude: float, longitude: float) -> tuple[Column, Column]:
    """Where something lies on the map, with an example."""
    examples = {"latitude": (90, latitude), "longitude": (180, longitude)}
    north, east = (
        Column(
            name=name,
            kind=Kind.NUMBER,
            unit="degrees",
            meaning=meaning,
            blank=None,
            blank_means="not on the map",
            at_least=-most,
            at_most=most,
            example=example,
        )
        for name, (most, example) in examples.items()
    )
    return north, east
