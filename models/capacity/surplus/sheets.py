"""The sheet of prices of surplus, and the checks on it."""

from __future__ import annotations

from collections.abc import Hashable, Iterator

import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Column, Kind, Sheet
from optalloc.errors import Problem

from .._calendar import calendar
from .._columns import reference
from .._contracts import ENERGY, zones_of_contracts
from .._slices import slices
from .derived import surplus_offers

SURPLUS_SLICES = Sheet(
    name="SurplusSlices",
    question="Does power differ by the hour?",
    meaning=(
        "Price at which energy that no site takes is sold in a slice, over the zone's spot price of "
        "the period; in slices without a row nothing is sold. Contracts that may sell say so in "
        "max_surplus_share."
    ),
    key=("zone", "slice"),
    columns=(
        reference("Sites.grid_zone", "Grid zone of the contract.", name="zone", example="Kanto"),
        reference("Slices.slice", example="night"),
        Column(
            name="price_factor",
            kind=Kind.NUMBER,
            unit="share of price",
            meaning=(
                "What is paid for surplus in the slice, over the price of PowerPrices. Below zero "
                "nothing would be sold: leave the row out."
            ),
            at_least=0,
            at_most=100,
            example=0.4,
        ),
    ),
)


def check(data: Dataset) -> Iterator[Problem]:
    """Surplus is what is left in a slice: in a year that is whole its prices would be lost."""
    rows = data["SurplusSlices"]
    if len(rows) and data.sound("Slices") and slices(data).empty:
        yield data.problem(
            "SurplusSlices",
            rows.index[0],
            "slice",
            "surplus is left over in slices of the year, of which there must be two",
            "Fill in the sheet Slices, or remove the rows of SurplusSlices.",
            "surplus-without-slices",
        )


def notices(data: Dataset) -> Iterator[Problem]:
    """Prices at which nothing is sold, contracts that sell nowhere, and sales that pay by themselves."""
    rows, contracts = data.columns("SurplusSlices", "zone"), data["Contracts"]
    if rows.empty or slices(data).empty:
        return
    offers = surplus_offers(data)
    served = contracts["contract"].map(zones_of_contracts(data))
    # A plant that sells, and a zone that is on no sheet, are errors of their own.
    sells = (contracts["max_surplus_share"] > 0) & (contracts["kind"] == ENERGY)
    zones = set(data.column("Sites", "grid_zone"))
    priced = set(data.columns("PowerPrices", "zone")["zone"])
    for row, zone in rows.loc[rows["zone"].isin(zones), "zone"].drop_duplicates().items():
        if zone not in priced:
            yield data.notice(
                "SurplusSlices",
                row,
                "zone",
                f"spot of {zone!r} has no price on PowerPrices, so that its factor is not used",
                "Price it, or take the row out.",
                "surplus-of-unpriced-zone",
            )
        elif zone not in set(served[sells]):
            yield data.notice(
                "SurplusSlices",
                row,
                "zone",
                f"no contract of {zone!r} may sell surplus, so that its price is not used",
                "Fill in max_surplus_share of a contract, or take the row out.",
                "surplus-unused",
            )
    for row, contract in contracts.loc[sells, "contract"].items():
        yield from _of_contract(data, row, offers[offers["contract"] == contract])


def _of_contract(data: Dataset, row: Hashable, offers: pd.DataFrame) -> Iterator[Problem]:
    """Where one contract sells nothing, or for more than what it sells or spot costs."""
    contract = data["Contracts"].at[row, "contract"]
    if offers.empty:
        yield data.notice(
            "Contracts",
            row,
            "max_surplus_share",
            f"nobody pays for surplus of {contract!r} while it delivers, so that none is sold",
            "Price it on the sheet SurplusSlices, or empty the cell.",
            "surplus-unpriced",
        )
        return
    years = offers["period"].map(calendar(data)[["begin", "end"]].mean(axis=1) / 12)
    own = offers["price_per_mwh"] * (1 + offers["price_escalation"]) ** years
    if (offers["surplus_price_per_mwh"] > own).any():
        yield data.notice(
            "Contracts",
            row,
            "price_per_mwh",
            f"surplus of {contract!r} sells for more than it costs in some slice, so that the "
            "plan may sign more than its sites need",
            "Correct the prices, or leave it if that is meant; max_surplus_share limits it.",
            "surplus-for-profit",
        )
    if (offers["surplus_price_per_mwh"] > offers["spot_in_slice_per_mwh"]).any():
        yield data.notice(
            "Contracts",
            row,
            "max_surplus_share",
            f"surplus of {contract!r} sells for more than spot costs in some slice, so that the "
            "plan may sell it and run on spot",
            "Lower price_factor on SurplusSlices, or leave it if that is meant.",
            "surplus-above-spot",
        )
