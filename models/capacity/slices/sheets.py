"""Sheets of slices and of what differs between them, and the checks on them."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Column, Kind, Sheet
from optalloc.errors import Problem

from .._building import active_sites
from .._columns import named, reference
from .._contracts import CAPACITY, DELIVERS, reach, sites_served, sources, spot_prices
from .._slices import HOURS_PER_YEAR, availability_in_slices, load_in_slices, slices

_QUESTION = "Does power differ by the hour?"
# Shares and factors are typed with two or three digits.
ROUNDED = 0.005

SLICES = Sheet(
    name="Slices",
    question=_QUESTION,
    meaning=(
        "Part of a year in which energy is balanced by itself, such as the nights of winter; "
        "without rows, or with one, the year is whole."
    ),
    key=("slice",),
    more_examples=({"slice": "day"},),
    columns=(
        named("slice", "Name of the slice.", example="night"),
        Column(
            name="hours_per_year",
            kind=Kind.NUMBER,
            unit="hours per year",
            meaning="Hours of the year that are in it; those of all slices are 8,760.",
            above=0,
            at_most=HOURS_PER_YEAR,
            example=4380,
        ),
        named(
            "day_type",
            "Type of day that it is part of; load may be put off to another slice of the same type.",
            of="type of day",
            blank_means="one of its own, out of which nothing is put off",
            example="any day",
        ),
    ),
)


def _share(name: str, meaning: str, usual: str, example: float) -> Column:
    return Column(
        name=name,
        kind=Kind.NUMBER,
        unit="share of hours" if name == "available" else "share of peak",
        meaning=meaning,
        blank=None,
        blank_means=usual,
        at_least=0,
        at_most=1,
        example=example,
    )


WORKLOAD_SLICES = Sheet(
    name="WorkloadSlices",
    question=_QUESTION,
    meaning=(
        "Load of a workload in a slice; in slices without a row its load factor, and none of it "
        "can be put off."
    ),
    key=("workload", "slice"),
    columns=(
        reference("Workloads.workload", example="inference"),
        reference("Slices.slice", example="night"),
        _share(
            "load",
            "Mean load in the slice over peak load; over the hours of all slices it is the load factor of Workloads.",
            "the load factor of Workloads",
            0.75,
        ),
        Column(
            name="shiftable_share",
            kind=Kind.NUMBER,
            unit="share of load",
            meaning="Share of this load that may be put off to another slice of the same type of day.",
            blank=0.0,
            at_least=0,
            at_most=1,
            example=0.3,
        ),
    ),
)

CONTRACT_SLICES = Sheet(
    name="ContractSlices",
    question=_QUESTION,
    meaning=(
        "Availability of a contract or of on-site generation in a slice; in slices without a row "
        "that of Contracts."
    ),
    key=("contract", "slice"),
    columns=(
        reference("Contracts.contract", example="Kanto wind"),
        reference("Slices.slice", example="night"),
        _share(
            "available",
            "Energy delivered at most in the slice, per active MW and hour; over the hours of all slices it is the availability of Contracts.",
            "the availability of Contracts",
            0.9,
        ),
    ),
)

SPOT_SLICES = Sheet(
    name="SpotSlices",
    question=_QUESTION,
    meaning=(
        "Spot price of a zone in a slice over its price of the period; in slices without a row 1."
    ),
    key=("zone", "slice"),
    columns=(
        reference("Sites.grid_zone", "Grid zone.", name="zone", example="Kanto"),
        reference("Slices.slice", example="night"),
        Column(
            name="price_factor",
            kind=Kind.NUMBER,
            unit="share of price",
            meaning="Price in the slice over that of PowerPrices; over the hours of all slices it is 1.",
            at_least=0,
            at_most=100,
            example=1,
        ),
    ),
)

SHEETS = (SLICES, WORKLOAD_SLICES, CONTRACT_SLICES, SPOT_SLICES)


def check(data: Dataset) -> Iterator[Problem]:
    """Slices make up a year, and what differs between them has the mean that is stated for it."""
    yield from _whole_year(data)
    yield from _clean_without_slices(data)
    if data.sound("Slices") and not any(True for _ in _whole_year(data)):
        yield from _types_of_day(data)
        yield from _capacity_contracts(data)
        yield from _means(data)


def _whole_year(data: Dataset) -> Iterator[Problem]:
    rows = data["Slices"]
    hours = float(rows["hours_per_year"].sum())
    if len(rows) and data.sound("Slices") and abs(hours - HOURS_PER_YEAR) > 1:
        yield data.problem(
            "Slices",
            rows.index[-1],
            "hours_per_year",
            f"the hours of all slices must be those of a year, {HOURS_PER_YEAR}",
            f"Put in {HOURS_PER_YEAR - hours:+g} hours."
            if hours < HOURS_PER_YEAR
            else f"Take out {hours - HOURS_PER_YEAR:g} hours.",
            "slices-not-a-year",
            found=f"{hours:g} hours in all",
        )


def _clean_without_slices(data: Dataset) -> Iterator[Problem]:
    """A floor in every slice needs slices: in a year that is whole it would be silently lost."""
    if len(data["Slices"]) > 1 or not data.sound("Slices"):
        return
    floors = data.columns("Carbon", "period", "min_clean_share_in_slice").dropna()
    if len(floors):
        yield data.problem(
            "Carbon",
            floors.index[0],
            "min_clean_share_in_slice",
            "a clean share in every slice needs at least two slices",
            "Fill in the sheet Slices; or use min_clean_share, the share over the whole period.",
            "clean-without-slices",
        )


def _means(data: Dataset) -> Iterator[Problem]:
    """Each mean over the hours of the year against the figure that is stated for the year."""
    hours = data.column("Slices", "hours_per_year", by="slice")
    zones = data["PowerPrices"]["zone"].dropna().unique()
    for sheet, column, keys, figure, stated, usual in (
        (
            "ContractSlices",
            "available",
            "contract",
            ("Contracts", "availability"),
            data.column("Contracts", "availability", by="contract"),
            "the availability of Contracts",
        ),
        (
            "WorkloadSlices",
            "load",
            "workload",
            ("Workloads", "load_factor"),
            data.column("Workloads", "load_factor", by="workload"),
            "the load factor of Workloads",
        ),
        (
            "SpotSlices",
            "price_factor",
            "zone",
            ("PowerPrices", "zone"),
            pd.Series(1.0, zones),
            "1, so that the price of the period is the mean",
        ),
    ):
        rows = data.columns(sheet, keys, "slice", column).dropna()
        if not (data.sound(sheet) and data.sound(*figure)):
            continue
        for name, own in rows.groupby(keys, sort=False):
            if name not in stated.index:
                continue
            wanted = float(stated[str(name)])
            value = own.set_index("slice")[column].reindex(hours.index).astype(float).fillna(wanted)
            found = float((value * hours).sum() / hours.sum())
            if abs(found - wanted) > ROUNDED * max(wanted, 0.1):
                yield data.problem(
                    sheet,
                    own.index[-1],
                    column,
                    f"over the hours of all slices {column} of {name!r} must be {wanted:g} on "
                    f"average: {usual}",
                    "Correct the slices, of which those without a row count by the usual figure, "
                    f"or state {found:.4g} for the year.",
                    "mean-of-slices",
                    found=f"{found:.4g} on average",
                    reads=("slice",),
                )


def _types_of_day(data: Dataset) -> Iterator[Problem]:
    """A slice without a type of day is one of its own, which no other slice may name."""
    rows = data["Slices"]
    named = set(rows["day_type"].dropna())
    for row, at in rows[rows["day_type"].isna() & rows["slice"].isin(named)].iterrows():
        yield data.problem(
            "Slices",
            row,
            "day_type",
            f"a slice must not have the name of a type of day that it is not part of: "
            f"{at['slice']!r}",
            "Fill in its type of day, or rename the slice or the type of day.",
            "type-of-day-named-as-slice",
            found="a blank",
        )


def _capacity_contracts(data: Dataset) -> Iterator[Problem]:
    """A contract of capacity delivers no energy, in no slice."""
    kinds = data.column("Contracts", "kind", by="contract")
    rows = data.columns("ContractSlices", "contract")
    for row, name in rows["contract"].items():
        if kinds.get(name) == CAPACITY:
            yield data.problem(
                "ContractSlices",
                row,
                "contract",
                f"{name!r} is a contract of capacity, which delivers no energy",
                "Take the row out, or offer the energy as a contract of its own.",
                "slices-of-capacity",
            )


def notices(data: Dataset) -> Iterator[Problem]:
    """Slices where nothing is priced, sites that are dark in some, and load that cannot wait."""
    each = slices(data)
    if each.empty:
        return
    if sources(data).empty:
        yield data.notice(
            "Slices",
            data["Slices"].index[0],
            "slice",
            "slices matter only where energy is priced",
            "Price it in PowerPrices, or offer energy in Contracts.",
            "slices-without-energy",
        )
        return
    yield from _dark_slices(data, each)
    yield from _unpriced(data)
    waiting = load_in_slices(data).query("shiftable_share > 0")
    if len(waiting) and not each["day_type"].duplicated().any():
        yield data.notice(
            "WorkloadSlices",
            data["WorkloadSlices"].index[0],
            "shiftable_share",
            "load may be put off only to another slice of the same type of day, and none has two",
            "Name the type of day of slices in the sheet Slices.",
            "nowhere-to-put-off",
        )


def _unpriced(data: Dataset) -> Iterator[Problem]:
    """Prices in slices of a zone without a price."""
    priced = set(data.columns("PowerPrices", "zone")["zone"])
    for row, zone in data.columns("SpotSlices", "zone")["zone"].items():
        if zone not in priced:
            yield data.notice(
                "SpotSlices",
                row,
                "zone",
                f"spot of {zone!r} has no price on PowerPrices, so that its factor is not used",
                "Price it, or take the row out.",
                "slices-of-unpriced-zone",
            )


def _dark_slices(data: Dataset, each: pd.DataFrame) -> Iterator[Problem]:
    """Sites at which in some slice nothing delivers: they serve what can be put off, or nothing."""
    available = availability_in_slices(data)
    lit = reach(data, *DELIVERS)[["site", "contract"]].drop_duplicates().merge(available)
    lit = lit.loc[lit["available"] > 0, ["site", "slice"]]
    priced = spot_prices(data)[["site"]].drop_duplicates().merge(each[["slice"]], how="cross")
    fed = set(pd.concat([lit, priced]).itertuples(index=False, name=None))
    offered = data.columns("Storage", "storage", "site", "zone")
    rows, stored = (
        data.columns("Sites", "site"),
        set(sites_served(data, offered, "storage")["site"]),
    )
    for row, site in rows["site"].items():
        if site in stored:
            continue
        dark = [name for name in each["slice"] if (site, name) not in fed]
        if dark and site in active_sites(data).index:
            yield data.notice(
                "Sites",
                row,
                "site",
                f"nothing delivers energy at {site!r} in {', '.join(dark)}",
                "Offer a contract that does, price spot or offer storage; as it is, only load that "
                "can be put off is served there.",
                "no-energy-in-slice",
            )
