"""How far a point is from land, on the coarse map that the report draws."""

from __future__ import annotations

import functools
import json
from importlib.resources import files

import numpy as np

__all__ = ["km_from_land", "land_json"]

_KM_PER_DEGREE = 111.2


def land_json() -> bytes:
    """Return coast lines as JSON: ``rings``, each longitude and latitude in turn, in degrees."""
    return (files("optalloc.data") / "land.json").read_bytes()


def km_from_land(latitude: float, longitude: float) -> float:
    """Distance from the nearest land in km; 0 on land.

    The map is Natural Earth 1:110m to a tenth of a degree: small islands are not on it, and coasts
    are off by some tens of km.
    """
    first, second = _edges()
    point = np.array([longitude, latitude])
    starts, along = first - point, second - first
    # A point is on land if a line from it to the east crosses the coast an odd number of times.
    crosses = (starts[:, 1] > 0) != (starts[:, 1] + along[:, 1] > 0)
    run = along[:, 0] / np.where(crosses, along[:, 1], 1.0)
    if np.count_nonzero(crosses & (starts[:, 0] > starts[:, 1] * run)) % 2:
        return 0.0
    # Edges beyond the date line may be the nearest.
    starts[:, 0] = (starts[:, 0] + 180) % 360 - 180
    scale = np.array([np.cos(np.radians(latitude)), 1.0]) * _KM_PER_DEGREE
    starts, along = starts * scale, along * scale
    length = np.einsum("ij,ij->i", along, along)
    share = -np.einsum("ij,ij->i", starts, along) / np.where(length > 0, length, 1.0)
    nearest = starts + np.clip(share, 0, 1)[:, None] * along
    return float(np.sqrt(np.einsum("ij,ij->i", nearest, nearest).min()))


@functools.cache
def _edges() -> tuple[np.ndarray, np.ndarray]:
    """Both ends of every edge of the coast, each of shape (edges, 2): east and north in degrees."""
    rings = json.loads(land_json())["rings"]
    points = [np.array(ring, float).reshape(-1, 2) for ring in rings]
    first = np.concatenate([own[:-1] for own in points])
    second = np.concatenate([own[1:] for own in points])
    return first, second
