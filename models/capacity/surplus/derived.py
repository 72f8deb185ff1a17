"""Contracts that may sell surplus, with the prices of their zones: look-ups in the workbook."""

from __future__ import annotations

import pandas as pd

from optalloc.data.dataset import Dataset, derived

from .._contracts import ENERGY, contracts_on_offer, zones_of_contracts
from .._slices import availability_in_slices, price_factors, slices

SOLD_KEYS = ["contract", "period", "slice"]


@derived
def surplus_offers(data: Dataset) -> pd.DataFrame:
    """Each contract that may sell, in each period and slice in which its zone has a price.

    Columns: SOLD_KEYS; surplus_price_per_mwh, and spot_in_slice_per_mwh beside it; and of the contract
    price_per_mwh, price_escalation, take_or_pay_share and max_surplus_share. Nothing in a year that is
    whole, nor in a slice in which the contract delivers nothing.
    """
    terms = ["price_per_mwh", "price_escalation", "take_or_pay_share", "max_surplus_share"]
    offered = contracts_on_offer(data).reset_index(drop=True)
    offered = offered[(offered["kind"] == ENERGY) & (offered["max_surplus_share"] > 0)]
    prices = data.columns("PowerPrices", "zone", "period", "spot_price_per_mwh")
    factors = data["SurplusSlices"].merge(slices(data, "slice"), on="slice")
    # Merged, not mapped: where there is no contract a mapped column has no type to merge on.
    zones = zones_of_contracts(data).rename("zone").reset_index()
    frame = offered[["contract", *terms]].merge(zones, on="contract")
    frame = frame.merge(factors, on="zone").merge(prices, on="zone")
    available = availability_in_slices(data)
    frame = frame.merge(available[available["available"] > 0], on=["contract", "slice"])
    frame = frame.merge(
        price_factors(data).rename(columns={"price_factor": "spot_factor"}), on=["zone", "slice"]
    )
    frame["surplus_price_per_mwh"] = frame["price_factor"] * frame["spot_price_per_mwh"]
    frame["spot_in_slice_per_mwh"] = frame["spot_factor"] * frame["spot_price_per_mwh"]
    return frame[[*SOLD_KEYS, "surplus_price_per_mwh", "spot_in_slice_per_mwh", *terms]]
