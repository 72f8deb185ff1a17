"""A plan made by hand, so to say: demand placed where there is room, period by period.

What finds no room is not asked for until there is some: so the plan meets all demand, and limits
that are set around it leave the instance feasible.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .world import WORKLOADS, World

__all__ = ["Plan", "make_plan"]

# Share of a zone's sites that the plan fills, at least and at most.
ZONE_SHARE = (0.45, 0.8)
HOURS = 8760.0
# What the plan would pay a year for a MW, in M, to avoid a score of 1, and all in one jurisdiction.
RISK_AVERSION, SPREADING = 1.0, 1.5


@dataclass(frozen=True)
class Plan:
    """A plan, by site and period, and the demand that it meets.

    Parameters
    ----------
    demand : numpy.ndarray of int, shape (workloads, regions, periods)
        Tenths of a MW.
    started : numpy.ndarray of int, shape (sites, periods)
        Blocks started up to and in the period.
    committed : numpy.ndarray of bool, shape (sites, periods)
    online, load, mean_load : numpy.ndarray, shape (sites, periods)
        MW in service; MW of load with reserve, and its mean without.
    """

    demand: np.ndarray
    started: np.ndarray
    committed: np.ndarray
    online: np.ndarray
    load: np.ndarray
    mean_load: np.ndarray


def make_plan(world: World, seed: int) -> Plan:
    """Place the demand of a world, the nearest and cheapest sites first."""
    random = np.random.Generator(np.random.PCG64(np.random.SeedSequence([world.size.sites, seed])))
    # In thousandths of a MW, so that sums are exact.
    room = _room(world, random)
    # Not only by cost, so that limits around the plan stand in the way of the cheapest.
    price = _yearly_price(world) + random.uniform(0.0, 0.2, world.size.sites)
    price += random.uniform(0.0, 0.4, world.size.markets)[world.market]
    price += RISK_AVERSION * world.score[world.jurisdiction]
    opening = world.site_cost / (10.0 * world.max_mw) + 0.05
    load = np.zeros((world.size.sites, world.periods), dtype=np.int64)
    mean = np.zeros(load.shape)
    placed = np.zeros_like(world.demand)
    held = np.bincount(world.jurisdiction, 1000 * world.existing_mw, world.size.jurisdictions)
    reach = {
        (w, r): np.flatnonzero(world.allowed(w, r))
        for w, r in np.argwhere(world.demand[:, :, -1] > 0).tolist()
    }
    order = sorted(reach, key=lambda wr: (len(reach[wr]), wr))
    for p in range(world.periods):
        if p:
            load[:, p], mean[:, p] = load[:, p - 1], mean[:, p - 1]
            placed[:, :, p] = placed[:, :, p - 1]
        for w, r in order:
            near, kind = reach[w, r], WORKLOADS[w]
            unit = 100 + kind.reserve_percent
            left = int(world.demand[w, r, p] - placed[w, r, p])
            while left > 0:
                fits = (room[near, p] - load[near, p]) // unit
                cost = (
                    price[near] + world.network_cost[near, r] + opening[near] * (load[near, p] == 0)
                )
                cost = cost + SPREADING * held[world.jurisdiction[near]] / held.sum()
                cost[fits <= 0] = np.inf
                best = int(np.argmin(cost)) if len(near) else 0
                if not len(near) or not np.isfinite(cost[best]):
                    break
                taken = min(left, int(fits[best]))
                load[near[best], p] += unit * taken
                held[world.jurisdiction[near[best]]] += unit * taken
                mean[near[best], p] += 0.1 * kind.load_factor * taken
                placed[w, r, p] += taken
                left -= taken
    return _with_blocks(world, placed, load, mean)


def _yearly_price(world: World) -> np.ndarray:
    """Roughly what a MW costs a year at each site."""
    energy = world.spot[world.market] * world.pue * HOURS * 0.75 / 1e6
    return np.asarray(0.1 * world.build_cost + world.running_cost + energy)


def _room(world: World, random: np.random.Generator) -> np.ndarray:
    """Thousandths of a MW that the plan may use at each site, by period: what can be there by then.

    Of each zone a share of the sites is left alone, those that come last in a random order.
    """
    sites, zones = world.size.sites, world.size.markets
    share = random.uniform(*ZONE_SHARE, zones)
    rank = random.permutation(sites)
    most = np.zeros(sites)
    total = np.bincount(world.market, world.max_mw, zones)
    left = np.ceil(share * total)
    for i in np.argsort(np.where(world.existing, -1, rank), kind="stable").tolist():
        zone = world.market[i]
        fits = min(world.blocks[i], (left[zone] - world.existing_mw[i]) // world.block_mw[i])
        most[i] = world.existing_mw[i] + max(fits, 0) * world.block_mw[i]
        left[zone] -= most[i]
    first = world.site_lead + world.block_lead
    ready = world.begin[None, :] >= first[:, None]
    room = np.where(ready, most[:, None], world.existing_mw[:, None])
    return np.round(1000 * room).astype(np.int64)


def _with_blocks(world: World, placed: np.ndarray, load: np.ndarray, mean: np.ndarray) -> Plan:
    """Blocks that carry the load, started as late as their leads allow."""
    need = load - np.round(1000 * world.existing_mw).astype(np.int64)[:, None]
    size = np.round(1000 * world.block_mw).astype(np.int64)[:, None]
    blocks = np.maximum(-(-need // size), 0)
    begin = world.begin
    online_by = np.searchsorted(begin, begin[None, :] - world.block_lead[:, None], "right") - 1
    both = (world.block_lead + world.site_lead)[:, None]
    commit_by = np.searchsorted(begin, begin[None, :] - both, "right") - 1
    started = np.zeros_like(blocks)
    committed = np.zeros(blocks.shape, dtype=bool)
    for i, p in np.argwhere(blocks > 0).tolist():
        s, c = int(online_by[i, p]), int(commit_by[i, p])
        started[i, s:] = np.maximum(started[i, s:], blocks[i, p])
        committed[i, c:] = True
    committed[world.existing] = False
    rows = np.arange(len(started))[:, None]
    there = np.where(online_by >= 0, started[rows, np.maximum(online_by, 0)], 0)
    online = world.existing_mw[:, None] + world.block_mw[:, None] * there
    return Plan(placed, started, committed, online, load / 1000.0, mean)
