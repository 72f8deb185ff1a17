"""A world and its limits as the sheets of a workbook."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from .limits import ESCALATION, NEEDS, POOL_SHARE, TIERS, first_free, risky
from .plan import Plan
from .world import WORKLOADS, World

__all__ = ["sheets_of"]

START = pd.Timestamp("2027-01-01")
CLASSES = ("legal", "political", "conflict", "grid", "supply_chain")


def sheets_of(
    world: World, plan: Plan, given: Mapping[str, np.ndarray], name: str
) -> dict[str, pd.DataFrame]:
    """Sheets by name, each cell a number of few decimals, a date or a name."""
    periods = [f"P{p + 1:02d}" for p in range(world.periods)]
    names = _Names(world)
    return {
        "Settings": _settings(name),
        "Periods": pd.DataFrame(
            {
                "period": periods,
                "start": [f"{START + pd.DateOffset(months=int(m)):%Y-%m-%d}" for m in world.begin],
                "months": world.end - world.begin,
            }
        ),
        "Sites": _sites(world, given, names),
        "Workloads": _workloads(),
        "Demand": _demand(plan, names.regions, periods),
        "Network": _network(world, names),
        "Residency": _residency(world, plan, names),
        "GridZones": pd.DataFrame(
            {
                "zone": np.repeat(names.zones, len(periods)),
                "period": np.tile(periods, len(names.zones)),
                "max_new_mw": given["zone_new"].ravel(),
                "max_total_mw": given["zone_total"].ravel(),
            }
        ),
        **_power(world, given, names, periods),
        **_labour(world, given, names, periods),
        **_risk(world, given, names, periods[first_free(world)]),
        "Budgets": pd.DataFrame({"period": periods, "max_capital": given["spending"]}),
        "Pace": pd.DataFrame(
            {
                "pace": ["whole company"],
                "max_sites": [int(given["sites"])],
                "max_start_mw": [float(given["start_mw"])],
            }
        ),
    }


class _Names:
    """Names of everything that has one."""

    def __init__(self, world: World) -> None:
        size = world.size
        self.sites = [f"Site {k + 1:04d}" for k in range(size.sites)]
        self.markets = [f"Market {k + 1:03d}" for k in range(size.markets)]
        self.zones = [f"Zone {k + 1:03d}" for k in range(size.markets)]
        self.trades = [f"Trades {k + 1:03d}" for k in range(int(world.labour.max()) + 1)]
        self.countries = [f"Country {k + 1:02d}" for k in range(size.jurisdictions)]
        self.regions = [f"Region {k + 1:03d}" for k in range(size.regions)]


def _settings(name: str) -> pd.DataFrame:
    rows = [
        ("name", name),
        ("currency", "USD"),
        ("base_date", f"{START:%Y-%m-%d}"),
        ("discount_rate", 0.08),
        ("build_cost_escalation", ESCALATION),
        ("running_cost_escalation", 0.02),
        ("life_years", 20),
        ("gap", 0.001),
    ]
    return pd.DataFrame(rows, columns=["setting", "value"], dtype=object)


def _sites(world: World, given: Mapping[str, np.ndarray], names: _Names) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "site": names.sites,
            "market": np.array(names.markets)[world.market],
            "jurisdiction": np.array(names.countries)[world.jurisdiction],
            "grid_zone": np.array(names.zones)[world.market],
            "labour_market": np.array(names.trades)[world.labour],
            "latitude": world.latitude,
            "longitude": world.longitude,
            "status": np.where(world.existing, "existing", "candidate"),
            "existing_mw": world.existing_mw,
            "max_mw": world.max_mw,
            "block_mw": world.block_mw,
            "site_lead_months": world.site_lead,
            "block_lead_months": world.block_lead,
            "site_cost": world.site_cost,
            "build_cost_per_mw": world.build_cost,
            "spend_profile": "even",
            "fixed_cost_per_year": world.fixed_cost,
            "cost_per_mw_year": world.running_cost,
            "pue": world.pue,
            "max_blocks_per_period": given["blocks"],
        }
    )


def _workloads() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "workload": [kind.name for kind in WORKLOADS],
            "max_latency_ms": [kind.max_latency_ms for kind in WORKLOADS],
            "load_factor": [kind.load_factor for kind in WORKLOADS],
            "reserve_share": [kind.reserve_percent / 100 for kind in WORKLOADS],
            "unmet_penalty_per_mw_year": [kind.penalty for kind in WORKLOADS],
        }
    )


def _demand(plan: Plan, regions: list[str], periods: list[str]) -> pd.DataFrame:
    workload, region = np.nonzero(plan.demand[:, :, -1])
    kinds = np.array([kind.name for kind in WORKLOADS])
    return pd.DataFrame(
        {
            "workload": np.repeat(kinds[workload], len(periods)),
            "region": np.repeat(np.array(regions)[region], len(periods)),
            "period": np.tile(periods, len(workload)),
            "it_mw": plan.demand[workload, region].ravel() / 10,
        }
    )


def _network(world: World, names: _Names) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "site": np.repeat(names.sites, world.size.regions),
            "region": np.tile(names.regions, world.size.sites),
            "latency_ms": world.latency.ravel(),
            "cost_per_mw_year": world.network_cost.ravel(),
        }
    )


def _residency(world: World, plan: Plan, names: _Names) -> pd.DataFrame:
    rows = [
        (kind.name, names.regions[r], names.countries[world.region_jurisdiction[r]])
        for w, kind in enumerate(WORKLOADS)
        if kind.resident
        for r in np.flatnonzero(plan.demand[w, :, -1])
    ]
    return pd.DataFrame(rows, columns=["workload", "region", "jurisdiction"])


def _power(
    world: World, given: Mapping[str, np.ndarray], names: _Names, periods: list[str]
) -> dict[str, pd.DataFrame]:
    """Spot everywhere, and in every second zone a contract that is cheaper and has strings."""
    zones, offered = np.array(names.zones), np.arange(0, world.size.markets, 2)
    most = given["zone_total"].max(axis=1)
    contracts = pd.DataFrame(
        {
            "contract": [f"{zone} wind" for zone in zones[offered]],
            "zone": zones[offered],
            "kind": "energy",
            "last_period": periods[int(np.searchsorted(world.begin, 48, "right")) - 1],
            "lead_months": 12,
            "term_months": 84,
            "min_mw": 20,
            "max_mw": np.maximum(np.ceil(most / 2), 20.0)[offered],
            "price_per_mwh": np.round(0.75 * world.spot, 1)[offered],
            "price_escalation": 0.01,
            "availability": 0.45,
            "take_or_pay_share": 0.9,
        }
    )
    drift = np.round(world.spot[:, None] * (1.0 + 0.0025 * world.begin), 1)
    prices = pd.DataFrame(
        {
            "zone": np.repeat(zones, len(periods)),
            "period": np.tile(periods, len(zones)),
            "spot_price_per_mwh": drift.ravel(),
        }
    )
    return {"Contracts": contracts, "PowerPrices": prices}


def _labour(
    world: World, given: Mapping[str, np.ndarray], names: _Names, periods: list[str]
) -> dict[str, pd.DataFrame]:
    """Pools that pay a tenth more every two years, and tiers past them."""
    raises = np.flatnonzero(np.diff(world.begin // 24, prepend=-1))
    pools, tiers = [], []
    for k, (trade, pay) in enumerate(zip(NEEDS, (1.0, 0.9), strict=True)):
        peak = given[f"work_{trade}"]
        wage = world.wage[:, None] * pay * (1.0 + 0.1 * (world.begin[raises] // 24))
        pools.append(
            pd.DataFrame(
                {
                    "labour_market": np.repeat(names.trades, len(raises)),
                    "trade": trade,
                    "period": np.tile(np.array(periods)[raises], len(names.trades)),
                    "workers": np.repeat(np.ceil(POOL_SHARE * peak - 1e-9), len(raises)),
                    "wage_per_person_month": np.round(wage, 0).ravel(),
                }
            ).assign(order=k)
        )
        tiers += [
            pd.DataFrame(
                {
                    "labour_market": names.trades,
                    "trade": trade,
                    "tier": tier,
                    "workers": np.ceil(share * peak - 1e-9),
                    "premium_share": premium,
                }
            )
            for tier, (share, premium) in TIERS.items()
        ]
    needs = pd.DataFrame(
        [(trade, *numbers) for trade, numbers in NEEDS.items()],
        columns=["trade", "person_months_per_mw", "staff_per_mw"],
    )
    return {
        "LabourNeeds": needs,
        "LabourPools": pd.concat(pools, ignore_index=True).drop(columns="order"),
        "LabourTiers": pd.concat(tiers, ignore_index=True),
    }


def _risk(
    world: World, given: Mapping[str, np.ndarray], names: _Names, first: str
) -> dict[str, pd.DataFrame]:
    """Scores, a mean score at most, a share of the riskiest at most, and the loss of any one."""
    rows = [
        ("mean score", "max_mean_score", None, float(given["mean_score"])),
        ("share of the risky", "max_share", "risky", float(given["risky_share"])),
    ]
    limits = pd.DataFrame(rows, columns=["limit", "kind", "group", "value"])
    return {
        "Jurisdictions": pd.DataFrame(
            {
                "jurisdiction": names.countries,
                "trusted": "yes",
                **{f"{name}_risk": world.score for name in CLASSES},
            }
        ),
        "JurisdictionGroups": pd.DataFrame(
            {"group": "risky", "jurisdiction": [names.countries[k] for k in risky(world)]}
        ),
        "RiskWeights": pd.DataFrame({"risk_class": CLASSES, "weight": 1}),
        "RiskLimits": limits.assign(first_period=first),
        "LossEvents": pd.DataFrame(
            {
                "event": ["any one country"],
                "any_one": ["jurisdiction"],
                "share_covered": [float(given["covered"])],
                "first_period": [first],
            }
        ),
    }
