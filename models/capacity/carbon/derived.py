"""Sources of energy that do not say what they emit."""

from __future__ import annotations

from collections.abc import Iterator

from optalloc.data.dataset import Dataset

from .._contracts import DELIVERS


def unstated(data: Dataset) -> Iterator[tuple[str, object]]:
    """Sheet and row of every source of energy that does not say what it emits."""
    contracts, prices = data.rows("Contracts"), data.rows("PowerPrices")
    blank = contracts["kind"].isin(DELIVERS) & contracts["tco2_per_mwh"].isna()
    yield from (("Contracts", row) for row in contracts.index[blank])
    yield from (("PowerPrices", row) for row in prices.index[prices["tco2_per_mwh"].isna()])
