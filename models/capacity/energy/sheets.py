"""Sheet of spot prices of power, and the check on sources of energy."""

from __future__ import annotations

from collections.abc import Iterator

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Column, Kind, Missing, Sheet
from optalloc.errors import Problem

from .. import _plausible
from .._calendar import calendar
from .._columns import amount, reference
from .._contracts import DELIVERS, sources

POWER_PRICES = Sheet(
    name="PowerPrices",
    question="What does power cost?",
    meaning="Spot price of a zone in a period; spot power exists only where it is priced.",
    key=("zone", "period"),
    missing=Missing.NOTHING,
    columns=(
        reference("Sites.grid_zone", "Grid zone.", name="zone", of_each=True, example="Kanto"),
        reference("Periods.period", example="2027H1"),
        amount(
            "spot_price_per_mwh",
            "per MWh",
            "Spot price, in plain currency units of the workbook.",
            plausible=_plausible.PRICE_PER_MWH,
            example=95,
        ),
        Column(
            name="max_spot_share",
            kind=Kind.NUMBER,
            unit="share of energy",
            meaning="Most of the zone's energy that may be bought at spot.",
            blank=1.0,
            at_least=0,
            at_most=1,
            example=0.3,
        ),
        Column(
            name="tco2_per_mwh",
            kind=Kind.NUMBER,
            unit="tCO2 per MWh",
            meaning="Emissions of spot power; 0 is clean.",
            plausible=_plausible.TCO2_PER_MWH,
            blank=None,
            blank_means="not stated, which Carbon does not allow",
            at_least=0,
            example=0.45,
        ),
    ),
)


def check(data: Dataset) -> Iterator[Problem]:
    """No site gets its energy for nothing while others pay for it."""
    fed = sources(data)
    if fed.empty:
        return
    known = fed.groupby("site")["period"].agg(set)
    names, sites = calendar(data).index, data.columns("Sites", "site", "status", "grid_zone")
    active = sites.loc[sites["status"] != "excluded", ["site", "grid_zone"]].dropna(subset=["site"])
    for row, site, zone in active.itertuples(name=None):
        missing = [
            q
            for q in names
            if q not in known.get(site, set())
            and not data.might_hold("PowerPrices", zone=zone, period=q)
        ]
        if missing and not _might_be_delivered(data, site, zone):
            yield data.problem(
                "Sites",
                row,
                "grid_zone",
                f"{site!r} must have a source of energy in every period",
                f"Price spot for its zone, or offer an energy contract, in {', '.join(missing)}.",
                "no-energy",
                found=f"none in {len(missing)} of {len(names)}",
                reads=("status",),
            )


def _might_be_delivered(data: Dataset, site: str, zone: str | None) -> bool:
    """Return True if a contract that could not be read in full may deliver energy to a site."""
    return any(
        data.might_hold("Contracts", kind=kind, **place)
        for kind in DELIVERS
        for place in ({"site": site}, {"zone": zone})
    )
