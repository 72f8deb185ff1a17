"""Sheets of interruptible connections, and the checks on them."""

from __future__ import annotations

from collections.abc import Iterator

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Column, Kind, Missing, Sheet
from optalloc.errors import Problem

from .. import _plausible
from .._columns import amount, currency, reference
from .._contracts import sources
from .._slices import slices

_QUESTION = "May a site be connected sooner if it can be cut off?"

INTERRUPTIBLE = Sheet(
    name="Interruptible",
    question=_QUESTION,
    meaning=(
        "Grid power that a site may draw on terms that let the grid cut it off, beside PowerRamp and "
        "GridZones: zero before a named site's first row, then carried forward."
    ),
    key=("site", "period"),
    missing=Missing.CARRY,
    columns=(
        reference("Sites.site", example="Kanto North"),
        reference("Periods.period", example="2027H1"),
        amount(
            "max_mw",
            "MW grid",
            "Most grid power that the site may draw on these terms from this period on.",
            plausible=_plausible.GRID_MW,
            example=80,
        ),
        amount(
            "fee_per_mw_year",
            "M per MW-year",
            "Fee for each MW that is taken up.",
            blank=0.0,
            plausible=_plausible.FEE_PER_MW,
            example=0.01,
        ),
        currency("the fee"),
    ),
)

INTERRUPTIONS = Sheet(
    name="Interruptions",
    question=_QUESTION,
    meaning=(
        "Slices in which a site is cut off: it then draws from the grid no more than what it has "
        "on firm terms. Of so many hours a year make a slice of their own."
    ),
    key=("site", "slice"),
    columns=(
        reference("Interruptible.site", "Site that is cut off.", example="Kanto North"),
        reference("Slices.slice", "Slice in which it is cut off.", example="night"),
        Column(
            name="cut_share",
            kind=Kind.NUMBER,
            unit="share of MW",
            meaning="Share of the MW on these terms that is cut off.",
            blank=1.0,
            at_least=0,
            at_most=1,
            example=1,
        ),
    ),
)


def check(data: Dataset) -> Iterator[Problem]:
    """Energy is balanced by slice wherever a site may be cut off."""
    rows = data.known("Interruptible", "site", "period", "max_mw")
    rows = rows[(rows["max_mw"] > 0) & ~rows["site"].isin(_excluded(data))]
    if not (len(rows) and data.sound("Slices")):
        return
    if slices(data).empty:
        yield data.problem(
            "Interruptible",
            rows.index[0],
            "site",
            "a connection is cut off in slices of the year, of which there must be two",
            "Fill in the sheet Slices; or give firm MW on PowerRamp.",
            "interruptible-without-slices",
        )
        return
    if not all(data.sound(name) for name in ("Sites", "Periods", "Contracts", "PowerPrices")):
        return
    fed = set(sources(data).itertuples(index=False, name=None))
    for row, at in rows.iterrows():
        if (at["site"], at["period"]) not in fed:
            yield data.problem(
                "Interruptible",
                row,
                "site",
                f"energy must be priced at {at['site']!r}, or what it draws while it is cut off is not known",
                "Offer a contract there, or a spot price in its zone.",
                "interruptible-without-energy",
                reads=("period",),
            )


def _excluded(data: Dataset) -> set[str]:
    """Sites whose rows count for nothing."""
    status = data.column("Sites", "status", by="site")
    return set(status.index[status == "excluded"])


def notices(data: Dataset) -> Iterator[Problem]:
    """Terms that cut nothing off, or that a site has no use for."""
    rows = data.columns("Interruptible", "site")
    rows = rows[~rows["site"].isin(_excluded(data))]
    cut = data["Interruptions"]
    cut_off = set(cut.loc[cut["cut_share"] > 0, "site"])
    zones = data.column("Sites", "grid_zone", by="site")
    limited = set(data.column("PowerRamp", "site"))
    limited |= set(zones.index[zones.isin(data.column("GridZones", "zone"))])
    for row, site in rows["site"].drop_duplicates().items():
        if site not in cut_off:
            yield data.notice(
                "Interruptible",
                row,
                "site",
                f"{site!r} is cut off in no slice, so that these MW are as firm as any",
                "Name the slices in which it is cut off on the sheet Interruptions, or leave it if that is meant.",
                "never-cut-off",
            )
        if site not in limited:
            yield data.notice(
                "Interruptible",
                row,
                "site",
                f"neither PowerRamp nor GridZones limits what {site!r} draws, so that it needs no such terms",
                "Limit what it draws on firm terms, or remove the row.",
                "interruptible-unlimited",
            )
