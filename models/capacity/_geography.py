"""Places that cannot be meant: in the sea, outside their country, far from the others of a market.

Notices only. The coast is that of the report's map (1:110m, to a tenth of a degree), countries are
boxes in whole degrees, so that nothing near a coast or border is doubted.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from optalloc.data.coast import km_from_land
from optalloc.data.dataset import Dataset
from optalloc.errors import Problem

from ._countries import boxes_of, small_boxes

__all__ = ["place_notices"]

CODES = {"place": "a place in the sea, outside its country or far from its market (notice)"}

# Well beyond what was measured: the sites of inputs/pacific and the regions of Azure's list lie
# within 2.2 km of land on this map.
OFFSHORE_KM = 60.0
# A market is a city or a state; two of its sites lie no further apart than across a large state.
FAR_KM = 1500.0
EARTH_KM = 6371.0


class _Point(NamedTuple):
    latitude: float
    longitude: float

    @property
    def shown(self) -> str:
        return f"{self.latitude:g}, {self.longitude:g}"


def place_notices(data: Dataset) -> Iterator[Problem]:
    """Notices of sites and regions whose place is in doubt, with the slip that explains it."""
    sites = data["Sites"].dropna(subset=["latitude", "longitude"])
    for row, at in sites.to_dict("index").items():
        point = _Point(at["latitude"], at["longitude"])
        country = "" if pd.isna(at["jurisdiction"]) else str(at["jurisdiction"])
        doubt = _doubt(point, country) or _far_from_market(sites, row, at)
        if doubt:
            yield _notice(data, "Sites", row, point, country, doubt)
    for row, at in (
        data["Regions"].dropna(subset=["latitude", "longitude"]).to_dict("index").items()
    ):
        point = _Point(at["latitude"], at["longitude"])
        if not any(point):
            yield _notice(data, "Regions", row, point, "", "must not be 0, 0, far out at sea")


def _doubt(point: _Point, country: str) -> str:
    boxes = boxes_of(country)
    if not any(point):
        return "must not be 0, 0, far out at sea"
    if boxes and not any(box.holds(*point) for box in boxes):
        return f"should lie in {country}"
    if _at_sea(point):
        return f"should lie on land, and the nearest is {km_from_land(*point):,.0f} km away"
    return ""


def _at_sea(point: _Point) -> bool:
    return km_from_land(*point) > OFFSHORE_KM and not any(
        box.holds(*point) for box in small_boxes()
    )


def _far_from_market(sites: pd.DataFrame, row: Any, at: Mapping[Hashable, Any]) -> str:
    others = sites[(sites["market"] == at["market"]) & (sites.index != row)]
    if len(others) < 2:
        return ""
    middle = others[["latitude", "longitude"]].median()
    spread = _km(others["latitude"], others["longitude"], *middle).max()
    away = float(_km(at["latitude"], at["longitude"], *middle))
    if away <= max(FAR_KM, 3 * spread):
        return ""
    return f"should lie near the other sites of {at['market']!r}, which are {away:,.0f} km away"


def _km(latitude: Any, longitude: Any, to_latitude: float, to_longitude: float) -> np.ndarray:
    """Great-circle distance by the haversine formula."""
    a, b, c, d = map(np.radians, (latitude, longitude, to_latitude, to_longitude))
    h = np.sin((c - a) / 2) ** 2 + np.cos(a) * np.cos(c) * np.sin((d - b) / 2) ** 2
    return np.asarray(2 * EARTH_KM * np.arcsin(np.sqrt(h)))


def _notice(
    data: Dataset, sheet: str, row: Any, point: _Point, country: str, doubt: str
) -> Problem:
    action = "Check both coordinates."
    north, east = point
    slips = {
        "latitude and longitude are swapped": _Point(east, north),
        "the sign of latitude is wrong": _Point(-north, east),
        "the sign of longitude is wrong": _Point(north, -east),
        "both signs are wrong": _Point(-north, -east),
    }
    for words, meant in slips.items():
        if country and any(box.holds(*meant) for box in boxes_of(country)) and not _at_sea(meant):
            action = f"It would with {meant.shown}: perhaps {words}."
            break
    return data.notice(
        sheet,
        row,
        "latitude",
        f"latitude and longitude {doubt}",
        action,
        "place",
        found=point.shown,
    )
