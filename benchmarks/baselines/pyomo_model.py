"""The planning problem in plain Pyomo: what is opened, built and put in service in each period."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyomo.environ as pyo
from pyomo.contrib.appsi.solvers import Highs

from benchmarks.baselines.data import HOURS_PER_MONTH, Data, active, pools

__all__ = ["build", "solve"]


def build(data: Data) -> Any:
    """Build the model."""
    m = pyo.ConcreteModel()
    m.costs = []
    sites = data.sites.set_index("site")
    m.SITES = pyo.Set(initialize=list(sites.index))
    m.PERIODS = pyo.Set(initialize=list(data.periods["period"]), ordered=True)
    site_at = {name: k for k, name in enumerate(m.SITES)}
    at = {name: k for k, name in enumerate(m.PERIODS)}
    names = list(m.PERIODS)
    _building(m, data, sites, site_at, at, names)
    _serving(m, data, sites, names)
    _grid(m, data, sites, names)
    _energy(m, data, sites, at, names)
    _labour(m, data, sites, site_at, at, names)
    _policy(m, data, sites, site_at, at, names)
    m.cost = pyo.Objective(expr=sum(m.costs))
    return m


def _building(m: Any, data: Data, sites: Any, site_at: Any, at: Any, names: list[str]) -> None:
    pairs = [(i, t) for i in m.SITES for t in m.PERIODS]
    m.OPENINGS = pyo.Set(
        initialize=[(i, t) for i, t in pairs if data.may_open[site_at[i], at[t]]], dimen=2
    )
    m.STARTS = pyo.Set(
        initialize=[(i, t) for i, t in pairs if data.may_build[site_at[i], at[t]]], dimen=2
    )
    m.opened = pyo.Var(m.OPENINGS, domain=pyo.Binary)
    m.built = pyo.Var(
        m.STARTS,
        domain=pyo.NonNegativeIntegers,
        bounds=lambda m, i, t: (0, min(sites.blocks[i], sites.max_blocks_per_period[i])),
    )
    m.LATE = pyo.Set(
        initialize=[(i, t) for i, t in m.OPENINGS if data.late[site_at[i], at[t]].any()], dimen=2
    )
    m.late = pyo.Var(m.LATE, domain=pyo.NonNegativeReals)
    m.brought = pyo.Var(m.SITES, m.PERIODS, domain=pyo.NonNegativeReals)
    m.online = pyo.Expression(
        m.SITES,
        m.PERIODS,
        rule=lambda m, i, t: (
            sites.existing_mw[i] + sum(m.brought[i, s] for s in names[: at[t] + 1])
        ),
    )

    def opened_by(i: str, t: str, counts: Any) -> Any:
        k = site_at[i]
        if sites.open[i]:
            return 1
        return sum(m.opened[i, c] for c in names if counts[k, at[c], at[t]])

    m.once = pyo.Constraint(
        m.SITES,
        rule=lambda m, i: (
            sum(m.opened[i, t] for t in names if (i, t) in m.OPENINGS) <= 1
            if any((i, t) in m.OPENINGS for t in names)
            else pyo.Constraint.Skip
        ),
    )

    def late_in(i: str, t: str) -> Any:
        own = [c for c in names if (i, c) in m.LATE and data.late[site_at[i], at[c], at[t]]]
        return sum(m.late[i, c] for c in own)

    m.late_on_permit = pyo.Constraint(
        m.LATE, rule=lambda m, i, c: m.late[i, c] <= sites.blocks[i] * m.opened[i, c]
    )
    m.late_within_built = pyo.Constraint(
        [key for key in m.STARTS if not isinstance(late_in(*key), int)],
        rule=lambda m, i, t: late_in(i, t) <= m.built[i, t],
    )
    m.room = pyo.Constraint(
        m.STARTS,
        rule=lambda m, i, t: (
            sites.block_mw[i] * sum(m.built[i, s] for s in names[: at[t] + 1] if (i, s) in m.STARTS)
            - sites.block_mw[i] * late_in(i, t)
            <= sites.blocks[i] * sites.block_mw[i] * opened_by(i, t, data.ready)
        ),
    )

    def after_building(m: Any, i: str, t: str) -> Any:
        done = [s for s in names if (i, s) in m.STARTS and data.delivered[site_at[i], at[s], at[t]]]
        return m.online[i, t] - sites.existing_mw[i] <= sites.block_mw[i] * sum(
            m.built[i, s] for s in done
        )

    m.after_building = pyo.Constraint(m.SITES, m.PERIODS, rule=after_building)
    m.after_opening = pyo.Constraint(
        m.SITES,
        m.PERIODS,
        rule=lambda m, i, t: (
            m.online[i, t] - sites.existing_mw[i]
            <= sites.blocks[i] * sites.block_mw[i] * opened_by(i, t, data.ripe)
        ),
    )
    m.costs.append(sum(data.open_cost[site_at[i], at[t]] * m.opened[i, t] for i, t in m.OPENINGS))
    m.costs.append(
        sum(
            data.build_cost[site_at[i], at[t]] * sites.block_mw[i] * m.built[i, t]
            for i, t in m.STARTS
        )
    )
    m.costs.append(
        sum(data.late_cost[site_at[i], at[c]] * sites.block_mw[i] * m.late[i, c] for i, c in m.LATE)
    )
    m.costs.append(
        sum(
            data.fixed_cost[site_at[i], at[t]]
            * (
                1
                if sites.open[i]
                else sum(m.opened[i, c] for c in names[: at[t] + 1] if (i, c) in m.OPENINGS)
            )
            for i, t in pairs
        )
    )
    m.costs.append(sum(data.running_cost[site_at[i], at[t]] * m.online[i, t] for i, t in pairs))


def _serving(m: Any, data: Data, sites: Any, names: list[str]) -> None:
    asked = data.sheets["Demand"].set_index(["workload", "region", "period"])["it_mw"]
    demand: dict[Any, float] = asked[asked > 0].to_dict()
    kinds = data.sheets["Workloads"].set_index("workload")
    m.DEMANDS = pyo.Set(initialize=list(demand), dimen=3)
    arcs = list(data.arcs[["workload", "region", "site"]].itertuples(index=False, name=None))
    m.ARCS = pyo.Set(
        initialize=[(w, r, i, t) for w, r, i in arcs for t in names if (w, r, t) in demand], dimen=4
    )
    m.served = pyo.Var(m.ARCS, domain=pyo.NonNegativeReals)
    priced = kinds["unmet_penalty_per_mw_year"].dropna()
    m.UNMET = pyo.Set(initialize=[key for key in demand if key[0] in priced.index], dimen=3)
    m.unmet = pyo.Var(m.UNMET, domain=pyo.NonNegativeReals)
    sites_of: dict[Any, list[str]] = {}
    here: dict[Any, list[Any]] = {}
    for w, r, i in arcs:
        sites_of.setdefault((w, r), []).append(i)
        for t in names:
            if (w, r, t) in demand:
                here.setdefault((i, t), []).append((w, r))
    m.demand_met = pyo.Constraint(
        m.DEMANDS,
        rule=lambda m, w, r, t: (
            sum(m.served[w, r, i, t] for i in sites_of[w, r])
            + (m.unmet[w, r, t] if (w, r, t) in m.UNMET else 0)
            == demand[w, r, t]
        ),
    )
    m.load_within = pyo.Constraint(
        list(here),
        rule=lambda m, i, t: (
            sum((1 + kinds.reserve_share[w]) * m.served[w, r, i, t] for w, r in here[i, t])
            <= m.online[i, t]
        ),
    )
    m.mean_load = {
        key: sum(kinds.load_factor[w] * m.served[w, r, key[0], key[1]] for w, r in own)
        for key, own in here.items()
    }
    years = data.periods.set_index("period")["years"]
    growth = float(data.sheets["Settings"].set_index("setting")["value"]["running_cost_escalation"])
    paid = dict(zip(names, data.mean_discount(growth) * years.to_numpy(), strict=True))
    lost = dict(zip(names, data.mean_discount() * years.to_numpy(), strict=True))
    cost = data.arcs.set_index(["workload", "region", "site"])["cost_per_mw_year"].to_dict()
    m.costs.append(sum(cost[w, r, i] * paid[t] * m.served[w, r, i, t] for w, r, i, t in m.ARCS))
    m.costs.append(sum(priced[w] * lost[t] * m.unmet[w, r, t] for w, r, t in m.UNMET))


def _grid(m: Any, data: Data, sites: Any, names: list[str]) -> None:
    zones = data.sheets["GridZones"].set_index(["zone", "period"])
    members = sites.groupby("grid_zone").groups
    before = dict(zip(names[1:], names, strict=False))

    def drawn(z: str, t: str | None) -> Any:
        if t is None:
            return sum(sites.pue[i] * sites.existing_mw[i] for i in members[z])
        return sum(sites.pue[i] * m.online[i, t] for i in members[z])

    m.zone_total = pyo.Constraint(
        list(zones.index), rule=lambda m, z, t: drawn(z, t) <= zones.max_total_mw[z, t]
    )
    m.zone_new = pyo.Constraint(
        list(zones.index),
        rule=lambda m, z, t: drawn(z, t) - drawn(z, before.get(t)) <= zones.max_new_mw[z, t],
    )


def _energy(m: Any, data: Data, sites: Any, at: Any, names: list[str]) -> None:
    contracts = data.sheets["Contracts"].set_index("contract")
    members = sites.groupby("grid_zone").groups
    hours = (data.periods.set_index("period")["months"] * HOURS_PER_MONTH / 1000).to_dict()
    runs = {c: active(row, data.periods) for c, row in contracts.iterrows()}
    offers = [(c, t) for c in contracts.index for t in names if runs[c][at[t]].any()]
    m.OFFERS = pyo.Set(initialize=offers, dimen=2)
    m.CONTRACTS = pyo.Set(initialize=list(contracts.index))
    m.signed = pyo.Var(m.OFFERS, domain=pyo.NonNegativeReals)
    m.signs = pyo.Var(m.OFFERS, domain=pyo.Binary)
    m.signed_least = pyo.Constraint(
        m.OFFERS, rule=lambda m, c, t: contracts.min_mw[c] * m.signs[c, t] <= m.signed[c, t]
    )
    m.signed_most = pyo.Constraint(
        m.OFFERS, rule=lambda m, c, t: m.signed[c, t] <= contracts.max_mw[c] * m.signs[c, t]
    )
    m.holds = pyo.Expression(
        m.CONTRACTS,
        m.PERIODS,
        rule=lambda m, c, t: sum(
            m.signed[c, s] for s in names if (c, s) in m.OFFERS and runs[c][at[s], at[t]]
        ),
    )
    m.held_most = pyo.Constraint(
        m.CONTRACTS,
        m.PERIODS,
        rule=lambda m, c, t: (
            m.holds[c, t] <= contracts.max_mw[c] if runs[c][:, at[t]].any() else pyo.Constraint.Skip
        ),
    )
    feeds = [(c, i, t) for c in m.CONTRACTS for i in members[contracts.zone[c]] for t in names]
    m.FEEDS = pyo.Set(initialize=feeds, dimen=3)
    m.drawn = pyo.Var(m.FEEDS, domain=pyo.NonNegativeReals)
    m.billed = pyo.Var(m.CONTRACTS, m.PERIODS, domain=pyo.NonNegativeReals)
    m.spot = pyo.Var(list(m.mean_load), domain=pyo.NonNegativeReals)
    by_zone = contracts.groupby("zone").groups

    def energy_met(m: Any, i: str, t: str) -> Any:
        drawn = sum(m.drawn[c, i, t] for c in by_zone.get(sites.grid_zone[i], ()))
        return sites.pue[i] * hours[t] * m.mean_load[i, t] == drawn + m.spot[i, t]

    m.energy_met = pyo.Constraint(list(m.mean_load), rule=energy_met)
    # Where there is no load there is nothing to draw.
    m.nothing_drawn = pyo.Constraint(
        [key for key in feeds if key[1:] not in m.mean_load],
        rule=lambda m, c, i, t: m.drawn[c, i, t] == 0,
    )

    def drawn(c: str, t: str) -> Any:
        return sum(m.drawn[c, i, t] for i in members[contracts.zone[c]])

    def deliverable(c: str, t: str) -> Any:
        return contracts.availability[c] * hours[t] * m.holds[c, t]

    pairs = [m.CONTRACTS, m.PERIODS]
    m.drawn_most = pyo.Constraint(*pairs, rule=lambda m, c, t: drawn(c, t) <= deliverable(c, t))
    m.billed_drawn = pyo.Constraint(*pairs, rule=lambda m, c, t: drawn(c, t) <= m.billed[c, t])
    m.billed_firm = pyo.Constraint(
        *pairs,
        rule=lambda m, c, t: contracts.take_or_pay_share[c] * deliverable(c, t) <= m.billed[c, t],
    )
    spot = data.sheets["PowerPrices"].set_index(["zone", "period"])["spot_price_per_mwh"].to_dict()
    now = dict(zip(names, data.mean_discount(), strict=True))
    m.costs.append(
        sum(spot[sites.grid_zone[i], t] / 1000 * now[t] * m.spot[i, t] for i, t in m.mean_load)
    )
    for c, row in contracts.iterrows():
        price = row["price_per_mwh"] / 1000 * data.mean_discount(row["price_escalation"])
        m.costs.append(sum(price[at[t]] * m.billed[c, t] for t in names))


def _labour(m: Any, data: Data, sites: Any, site_at: Any, at: Any, names: list[str]) -> None:
    offered = pools(data).set_index(["labour_market", "trade", "source", "period"])
    needs = data.sheets["LabourNeeds"].set_index("trade")
    months = data.periods.set_index("period")["months"]
    m.SOURCES = pyo.Set(initialize=list(offered.index), dimen=4)
    limit, cost = offered["offered"].to_dict(), offered["cost"].to_dict()
    m.hired = pyo.Var(
        m.SOURCES, domain=pyo.NonNegativeReals, bounds=lambda m, *key: (0, limit[key])
    )
    members = sites.groupby("labour_market").groups
    sources = (
        offered.reset_index().groupby(["labour_market", "trade", "period"])["source"].agg(list)
    )

    def work_done(m: Any, k: str, trade: str, t: str) -> Any:
        need = needs.loc[trade]
        building = sum(
            need["person_months_per_mw"]
            * data.work[site_at[i], at[s], at[t]]
            * sites.block_mw[i]
            * m.built[i, s]
            for i in members[k]
            for s in names
            if (i, s) in m.STARTS and data.work[site_at[i], at[s], at[t]] > 0
        )
        building += sum(
            need["person_months_per_mw"]
            * data.late_work[site_at[i], at[c], at[t]]
            * sites.block_mw[i]
            * m.late[i, c]
            for i in members[k]
            for c in names
            if (i, c) in m.LATE
        )
        staff = sum(need["staff_per_mw"] * months[t] * m.online[i, t] for i in members[k])
        return building + staff == sum(m.hired[k, trade, u, t] for u in sources[k, trade, t])

    m.work_done = pyo.Constraint(list(sources.index), rule=work_done)
    m.costs.append(sum(cost[key] * m.hired[key] for key in m.SOURCES))


def _policy(m: Any, data: Data, sites: Any, site_at: Any, at: Any, names: list[str]) -> None:
    sheets = data.sheets
    weights = sheets["RiskWeights"].set_index("risk_class")["weight"]
    scores = sheets["Jurisdictions"].set_index("jurisdiction")
    score = sum(scores[f"{name}_risk"] * weight for name, weight in weights.items()) / weights.sum()
    groups = sheets["JurisdictionGroups"].groupby("group")["jurisdiction"].agg(set)
    limits = sheets["RiskLimits"].set_index("limit")

    def exposure(m: Any, name: str, t: str) -> Any:
        row = limits.loc[name]
        if at[t] < at[row["first_period"]]:
            return pyo.Constraint.Skip
        if row["kind"] == "max_mean_score":
            factor = {i: score[sites.jurisdiction[i]] for i in m.SITES}
        else:
            factor = {i: float(sites.jurisdiction[i] in groups[row["group"]]) for i in m.SITES}
        return sum((factor[i] - row["value"]) * m.online[i, t] for i in m.SITES) <= 0

    m.exposure = pyo.Constraint(list(limits.index), m.PERIODS, rule=exposure)
    event = sheets["LossEvents"].iloc[0]
    after = [t for t in names if at[t] >= at[event["first_period"]]]
    members = sites.groupby("jurisdiction").groups
    m.lost = pyo.Var(after, domain=pyo.NonNegativeReals)
    m.loss = pyo.Constraint(
        list(members),
        after,
        rule=lambda m, j, t: sum(m.online[i, t] for i in members[j]) <= m.lost[t],
    )
    by_period: dict[str, list[Any]] = {}
    for w, r, i, t in m.ARCS:
        by_period.setdefault(t, []).append(m.served[w, r, i, t])
    m.survives = pyo.Constraint(
        after,
        rule=lambda m, t: (
            event["share_covered"] * sum(by_period[t]) + m.lost[t]
            <= sum(m.online[i, t] for i in m.SITES)
        ),
    )
    budget = sheets["Budgets"].set_index("period")["max_capital"]
    m.budget = pyo.Constraint(
        m.PERIODS,
        rule=lambda m, t: (
            sum(data.site_spend[site_at[i], at[s], at[t]] * m.opened[i, s] for i, s in m.OPENINGS)
            + sum(
                data.build_spend[site_at[i], at[s], at[t]] * sites.block_mw[i] * m.built[i, s]
                for i, s in m.STARTS
            )
            + sum(
                data.late_spend[site_at[i], at[c], at[t]] * sites.block_mw[i] * m.late[i, c]
                for i, c in m.LATE
            )
            <= budget[t]
        ),
    )
    pace = sheets["Pace"].iloc[0]
    starting = [t for t in names if any((i, t) in m.STARTS for i in m.SITES)]
    m.pace_mw = pyo.Constraint(
        starting,
        rule=lambda m, t: (
            sum(sites.block_mw[i] * m.built[i, t] for i in m.SITES if (i, t) in m.STARTS)
            <= pace["max_start_mw"]
        ),
    )
    opening = [t for t in names if any((i, t) in m.OPENINGS for i in m.SITES)]
    m.pace_sites = pyo.Constraint(
        opening,
        rule=lambda m, t: (
            sum(m.opened[i, t] for i in m.SITES if (i, t) in m.OPENINGS) <= pace["max_sites"]
        ),
    )


def solve(
    m: Any, *, gap: float, seconds: float, threads: int, seed: int, log: Path
) -> tuple[float, float]:
    """Solve with appsi_highs, its log in a file; objective and bound, infinite if there is none."""
    solver = Highs()
    solver.config.load_solution = False
    solver.config.time_limit, solver.config.mip_gap = seconds, gap
    solver.highs_options = {"log_file": str(log), "threads": threads, "random_seed": seed}
    found = solver.solve(m)
    best, bound = found.best_feasible_objective, found.best_objective_bound
    return (
        float("inf") if best is None else float(best),
        float("-inf") if bound is None else float(bound),
    )
