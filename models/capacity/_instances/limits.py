"""Limits of an instance, set around a plan: tight enough to bind, with a little slack.

`usage` works out what a plan uses of each limit; `limits` gives the limits, each no less than
that. Sums are taken along arrays, site by site, so that they are the same on every machine.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .plan import Plan
from .world import World

__all__ = [
    "ESCALATION",
    "NEEDS",
    "POOL_SHARE",
    "TIERS",
    "first_free",
    "limits",
    "usage",
    "violated",
]

# Of site and build costs, a year.
ESCALATION = 0.03

# Trades: person-months to build a MW, and workers for each MW online.
NEEDS = {"electricians": (60.0, 0.1), "pipefitters": (35.0, 0.05)}
# Further workers: as a share of the work at its peak, and their premium.
TIERS = {"overtime": (0.25, 0.5), "travelling": (0.35, 1.0)}
POOL_SHARE = 0.55


def usage(world: World, plan: Plan) -> dict[str, np.ndarray]:
    """Use of each limit by a plan.

    Returns
    -------
    dict of str to numpy.ndarray
        ``zone_total`` and ``zone_new`` (zones, periods), grid MW; ``built`` and ``staffed``
        (labour markets, periods), MW built and MW-months online; ``mean_score`` and
        ``risky_share`` (periods,), of what is online; ``spending`` (periods,), M; ``sites`` and
        ``start_mw`` (periods,); ``blocks`` (sites,); ``covered`` (periods,): the share of the load
        that stands the loss of any one jurisdiction.
    """
    online, months = plan.online, (world.end - world.begin).astype(float)
    grid = world.pue[:, None] * online
    zone_total = _by_group(grid, world.market, world.size.markets)
    stood = _by_group((world.pue * world.existing_mw)[:, None], world.market, world.size.markets)
    starts = np.diff(plan.started, axis=1, prepend=0)
    start_mw = world.block_mw[:, None] * starts
    commits = np.diff(plan.committed.astype(np.int64), axis=1, prepend=0)
    built, staffed = _months_of_work(world, start_mw), online * months
    labour = int(world.labour.max()) + 1
    country = _by_group(online, world.jurisdiction, world.size.jurisdictions)
    total = country.sum(axis=0)
    served = 0.1 * plan.demand.sum(axis=(0, 1))
    growth = _growth(world)
    building = growth * world.build_cost[:, None] * start_mw
    spending = _spread(world, building, world.block_lead).sum(axis=0)
    opening = growth * world.site_cost[:, None] * commits
    spending += _spread(world, opening, world.site_lead).sum(axis=0)
    return {
        "zone_total": zone_total,
        "zone_new": np.diff(zone_total, axis=1, prepend=stood),
        "built": _by_group(built, world.labour, labour),
        "staffed": _by_group(staffed, world.labour, labour),
        "mean_score": (world.score[:, None] * country).sum(axis=0) / total,
        "risky_share": country[risky(world)].sum(axis=0) / total,
        "covered": (total - country.max(axis=0)) / served,
        "spending": spending,
        "sites": commits.sum(axis=0),
        "start_mw": start_mw.sum(axis=0),
        "blocks": starts.max(axis=1),
    }


def limits(world: World, plan: Plan, random: np.random.Generator) -> dict[str, np.ndarray]:
    """Limits around a plan, by the names of `usage`, as they stand on the sheets."""
    used, months = usage(world, plan), (world.end - world.begin).astype(float)
    free = first_free(world)
    when = world.begin / max(world.begin[-1], 1)
    slack = random.uniform(1.05, 1.25, (world.size.markets, 1))
    # A zone that the plan does not use takes a site of its own.
    little = _by_group((world.pue * world.max_mw)[:, None], world.market, world.size.markets) / 3
    final = np.maximum(slack * used["zone_total"][:, -1:], little)
    ramp = used["zone_total"][:, :1] + (final - used["zone_total"][:, :1]) * when
    pace = np.maximum((used["zone_new"] / months).max(axis=1, keepdims=True), little / 48.0)
    work = {
        trade: build * used["built"] + staff * used["staffed"]
        for trade, (build, staff) in NEEDS.items()
    }
    peak = {trade: np.ceil(1.05 * (mm / months).max(axis=1) + 60.0) for trade, mm in work.items()}
    mean = used["spending"].sum() / world.end[-1]
    return {
        "zone_total": _up(np.maximum(1.02 * used["zone_total"], ramp), 1),
        "zone_new": _up(1.1 * pace * months, 1),
        **{f"work_{trade}": workers for trade, workers in peak.items()},
        "mean_score": _up(1.01 * used["mean_score"][free:].max(), 4),
        "risky_share": _up(1.02 * used["risky_share"][free:].max(), 3),
        "covered": _down(np.minimum(0.995 * used["covered"][free:].min(), 1.0), 3),
        "spending": _up(np.maximum(1.1 * used["spending"], 1.3 * mean * months), 0),
        "sites": used["sites"].max() + 1,
        "start_mw": _up(1.25 * used["start_mw"].max(), -1),
        "blocks": np.maximum(used["blocks"], np.minimum(2, world.blocks)),
    }


def violated(world: World, plan: Plan, given: Mapping[str, np.ndarray]) -> list[str]:
    """Names of the limits that a plan violates; none, for a plan that limits were set around."""
    used, months, free = usage(world, plan), world.end - world.begin, first_free(world)
    held = {
        "load": plan.load <= plan.online,
        "zone_total": used["zone_total"] <= given["zone_total"],
        "zone_new": used["zone_new"] <= given["zone_new"],
        "mean_score": used["mean_score"][free:] <= given["mean_score"],
        "risky_share": used["risky_share"][free:] <= given["risky_share"],
        "covered": used["covered"][free:] >= given["covered"],
        "spending": used["spending"] <= given["spending"],
        "sites": used["sites"] <= given["sites"],
        "start_mw": used["start_mw"] <= given["start_mw"],
        "blocks": used["blocks"] <= given["blocks"],
        "room": plan.started[:, -1] <= world.blocks,
    }
    for trade, (build, staff) in NEEDS.items():
        work = build * used["built"] + staff * used["staffed"]
        held[f"work_{trade}"] = work <= (offered(given, trade) * months)
    return [name for name, kept in held.items() if not np.all(kept)]


def offered(given: Mapping[str, np.ndarray], trade: str) -> np.ndarray:
    """Workers of a trade that the pool and all tiers of each market have together."""
    peak = given[f"work_{trade}"]
    return np.asarray(
        sum((_up(share * peak, 0) for share, _ in TIERS.values()), _up(POOL_SHARE * peak, 0))
    )[:, None]


def risky(world: World) -> np.ndarray:
    """Numbers of the third of the jurisdictions whose scores are worst."""
    count = max(1, world.size.jurisdictions // 3)
    return np.sort(np.argsort(-world.score, kind="stable")[:count])


def first_free(world: World) -> int:
    """Position of the first period in which what is built on most sites can be in service."""
    lead = np.sort(world.site_lead + world.block_lead)[world.size.sites // 2]
    return min(int(np.searchsorted(world.begin, lead, "left")), world.periods - 1)


def _by_group(values: np.ndarray, group: np.ndarray, groups: int) -> np.ndarray:
    """Sums of rows by group."""
    sums = np.zeros((groups, values.shape[1]))
    np.add.at(sums, group, values)
    return sums


def _spread(world: World, amounts: np.ndarray, leads: np.ndarray) -> np.ndarray:
    """Amounts decided in each period, by the period over which their lead spreads them."""
    spread = np.zeros(amounts.shape)
    for s in range(world.periods):
        overlap = np.minimum(world.end, (world.begin[s] + leads)[:, None]) - np.maximum(
            world.begin, world.begin[s]
        )
        spread += amounts[:, s, None] * np.maximum(overlap, 0) / np.maximum(leads, 1)[:, None]
    return spread


def _growth(world: World) -> np.ndarray:
    """Escalation of what is built in each period, by whole years begun: a little too much."""
    yearly = np.cumprod(np.full(int(world.end[-1]) // 12 + 2, 1.0 + ESCALATION)) / (1 + ESCALATION)
    return np.asarray(yearly[-(-world.begin // 12)])


def _months_of_work(world: World, start_mw: np.ndarray) -> np.ndarray:
    """MW that are built in each period, spread over the block lead."""
    return _spread(world, start_mw, world.block_lead)


def _up(values: np.ndarray | float, decimals: int) -> np.ndarray:
    """Rounded up."""
    scale = 10.0**decimals
    return np.asarray(
        np.round(np.ceil(np.asarray(values) * scale - 1e-9) / scale, max(decimals, 0))
    )


def _down(values: np.ndarray | float, decimals: int) -> np.ndarray:
    """Rounded down."""
    return -_up(-np.asarray(values), decimals)
