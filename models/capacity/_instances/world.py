"""The world of an instance: places, sites, prices and what is asked for, drawn from a seed.

Only additions, multiplications, divisions and square roots are used, whose results the standard
for floating point fixes to the last bit, so that a seed means the same on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .sizes import Size

__all__ = ["WORKLOADS", "Workload", "World", "draw"]

CENTRES = ((-95, 38), (8, 50), (115, 28), (78, 20), (-50, -18), (140, -30))
KM_PER_DEGREE = 111.0
# Round trip through fibre that takes detours, and what the equipment at both ends takes.
MS_PER_KM, MS_AT_ENDS = 0.015, 2.0
# Final demand, as a share of what all sites can hold.
FULLNESS = 0.5


@dataclass(frozen=True)
class Workload:
    """A kind of computing: how it is limited, and its share of what is asked for."""

    name: str
    max_latency_ms: float | None
    load_factor: float
    reserve_percent: int
    penalty: float | None
    share: float
    one_region_in: int
    resident: bool = False


WORKLOADS = (
    Workload("inference", 35.0, 0.7, 10, None, 0.5, 1),
    Workload("training", None, 0.85, 0, 45.0, 0.35, 4),
    Workload("sovereign", None, 0.65, 10, None, 0.15, 3, resident=True),
)


@dataclass(frozen=True)
class World:
    """A world as drawn. Sites have shape (sites,), demand (workloads, regions, periods).

    ``demand`` counts tenths of a MW; ``market`` to ``labour`` are numbers by site.
    """

    size: Size
    begin: np.ndarray
    end: np.ndarray
    jurisdiction_of_market: np.ndarray
    score: np.ndarray
    market: np.ndarray
    jurisdiction: np.ndarray
    labour: np.ndarray
    latitude: np.ndarray
    longitude: np.ndarray
    existing: np.ndarray
    existing_mw: np.ndarray
    block_mw: np.ndarray
    blocks: np.ndarray
    site_lead: np.ndarray
    block_lead: np.ndarray
    site_cost: np.ndarray
    build_cost: np.ndarray
    fixed_cost: np.ndarray
    running_cost: np.ndarray
    pue: np.ndarray
    spot: np.ndarray
    wage: np.ndarray
    region_jurisdiction: np.ndarray
    latency: np.ndarray
    network_cost: np.ndarray
    demand: np.ndarray

    @property
    def periods(self) -> int:
        """Number of periods."""
        return len(self.begin)

    @property
    def max_mw(self) -> np.ndarray:
        """Most MW of each site."""
        return np.asarray(self.existing_mw + self.block_mw * self.blocks)

    def allowed(self, workload: int, region: int) -> np.ndarray:
        """Which sites latency and residency let serve a workload of a region."""
        kind = WORKLOADS[workload]
        here = np.ones(self.size.sites, dtype=bool)
        if kind.max_latency_ms is not None:
            here &= self.latency[:, region] <= kind.max_latency_ms
        if kind.resident:
            here &= self.jurisdiction == self.region_jurisdiction[region]
        return here


def draw(size: Size, seed: int) -> World:
    """Draw a world.

    Parameters
    ----------
    size : Size
    seed : int
    """
    code = sum(ord(letter) << 8 * k for k, letter in enumerate(size.name))
    random = np.random.Generator(np.random.PCG64(np.random.SeedSequence([code, seed])))
    months = np.array(size.months)
    n, markets = size.sites, size.markets

    # Countries lie on continents, markets in countries, sites and regions near markets.
    jurisdiction_of_market = np.arange(markets) * size.jurisdictions // markets
    centre = np.array(CENTRES, float)[jurisdiction_of_market % size.continents]
    spread = np.stack([random.uniform(-17, 17, markets), random.uniform(-9, 9, markets)], axis=1)
    place = centre + spread
    market = np.sort(np.concatenate([np.arange(markets), random.integers(0, markets, n - markets)]))
    site = place[market] + random.uniform(-1, 1, (n, 2))
    near = np.resize(random.permutation(markets), size.regions)
    region = place[near] + random.uniform(-2, 2, (size.regions, 2))
    km = KM_PER_DEGREE * _distance(site, region)
    latency = np.round(MS_AT_ENDS + MS_PER_KM * km, 1)

    # Where it is cheap to build, law and politics are less certain.
    score = np.round(random.uniform(0.1, 0.6, size.jurisdictions), 2)
    cheap = 1.0 - 0.45 * score[jurisdiction_of_market]
    first = np.diff(market, prepend=-1) > 0
    existing = first & (random.random(n) < 0.6)
    existing[np.flatnonzero(np.diff(jurisdiction_of_market[market], prepend=-1) > 0)] = True
    existing_mw = np.where(existing, 10.0 * random.integers(6, 19, n), 0.0)
    block_mw = 10.0 * random.integers(2, 7, n)
    blocks = random.integers(3, 9, n)
    pue = np.round(random.uniform(1.12, 1.4, n), 2)
    room = float((existing_mw + block_mw * blocks).sum())
    return World(
        size=size,
        begin=np.cumsum(months) - months,
        end=np.cumsum(months),
        jurisdiction_of_market=jurisdiction_of_market,
        score=score,
        market=market,
        jurisdiction=jurisdiction_of_market[market],
        labour=market // 2,
        latitude=np.round(site[:, 1], 3),
        longitude=np.round(site[:, 0], 3),
        existing=existing,
        existing_mw=existing_mw,
        block_mw=block_mw,
        blocks=blocks,
        site_lead=np.where(existing, 0, 3 * random.integers(2, 6, n)),
        block_lead=3 * random.integers(3, 6, n),
        site_cost=np.where(existing, 0.0, np.round(random.uniform(40, 180, n), 1)),
        build_cost=np.round(13.0 * cheap[market] * random.uniform(0.9, 1.1, n), 2),
        fixed_cost=np.round(random.uniform(2, 7, n), 1),
        running_cost=np.round(0.24 * cheap[market] * random.uniform(0.8, 1.2, n), 3),
        pue=pue,
        spot=np.round(110 * cheap * random.uniform(0.6, 1.1, markets), 1),
        wage=np.round(13000 * cheap * random.uniform(0.8, 1.1, markets), -1)[::2],
        region_jurisdiction=jurisdiction_of_market[near],
        latency=latency,
        network_cost=np.round(0.004 + 0.00006 * km, 4),
        demand=_demand(random, size, existing_mw.sum(), room),
    )


def _distance(sites: np.ndarray, regions: np.ndarray) -> np.ndarray:
    """Degrees from each site to each region, on a plane in which a degree east counts 0.8."""
    apart = sites[:, None, :] - regions[None, :, :]
    east = np.abs(apart[..., 0])
    east = 0.8 * np.minimum(east, 360.0 - east)
    return np.asarray(np.sqrt(east * east + apart[..., 1] * apart[..., 1]))


def _demand(random: np.random.Generator, size: Size, stands: float, room: float) -> np.ndarray:
    """Tenths of a MW asked for, never falling: from what stands to a share of the room."""
    months = np.array(size.months)
    when = (np.cumsum(months) - months) / (months.sum() - months[-1])
    weight = random.uniform(0.4, 1.6, size.regions)
    bend = random.uniform(0.2, 0.9, (len(WORKLOADS), size.regions))
    asked = np.zeros((len(WORKLOADS), size.regions, len(months)))
    for w, kind in enumerate(WORKLOADS):
        count = max(1, size.regions // kind.one_region_in)
        own = np.sort(random.permutation(size.regions)[:count])
        part = kind.share * weight[own] / weight[own].sum()
        bent = bend[w, own, None]
        grown = when * (bent + (1.0 - bent) * when)
        asked[w, own] = part[:, None] * (
            0.8 * stands / 1.1 + (FULLNESS * room - 0.8 * stands / 1.1) * grown
        )
    return np.round(10.0 * asked).astype(np.int64)
