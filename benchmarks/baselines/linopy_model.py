"""The planning problem in linopy: the same decisions, as labelled arrays."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import linopy
import numpy as np
import pandas as pd
import xarray as xr

from benchmarks.baselines.data import HOURS_PER_MONTH, Data, active, pools

__all__ = ["build", "solve"]


class _Frame:
    """Labels, and arrays laid out along them."""

    def __init__(self, data: Data) -> None:
        self.data = data
        self.sites = data.sites.set_index("site")
        self.site = pd.Index(self.sites.index, name="site")
        self.period = pd.Index(data.periods["period"], name="period")
        self.begun = pd.Index(data.periods["period"], name="begun")
        self.costs: list[Any] = []

    def by_site(self, values: Any) -> xr.DataArray:
        return xr.DataArray(np.asarray(values, float), coords=[self.site])

    def by_period(self, values: Any) -> xr.DataArray:
        return xr.DataArray(np.asarray(values, float), coords=[self.period])

    def by_both(self, values: np.ndarray) -> xr.DataArray:
        return xr.DataArray(np.asarray(values, float), coords=[self.site, self.period])

    def since(self, values: np.ndarray) -> xr.DataArray:
        """By site, by the period in which something is begun, and by period."""
        return xr.DataArray(np.asarray(values, float), coords=[self.site, self.begun, self.period])

    def members(self, column: str, dim: str) -> xr.DataArray:
        """1 where a site belongs to a zone, market or jurisdiction."""
        names = pd.Index(sorted(self.sites[column].unique()), name=dim)
        inside = self.sites[column].to_numpy()[:, None] == names.to_numpy()
        return xr.DataArray(inside.astype(float), coords=[self.site, names])


def build(data: Data) -> Any:
    """Build the model."""
    with warnings.catch_warnings():
        # What a mask leaves out counts as nought here, which a later linopy wants said each time.
        warnings.filterwarnings("ignore", "(?s).*absent slots")
        return _build(data)


def _build(data: Data) -> Any:
    m, f = linopy.Model(), _Frame(data)
    online, opened, built, late = _building(m, f)
    served, mean_load = _serving(m, f, online)
    _grid(m, f, online)
    _energy(m, f, mean_load)
    _labour(m, f, online, built, late)
    _policy(m, f, online, opened, built, late, served)
    cost, *others = f.costs
    for other in others:
        cost = cost + other
    # An objective takes no constant, so one is multiplied by a variable that is 1.
    one = m.add_variables(lower=1, upper=1, name="one")
    m.add_objective(cost - float(cost.const) + one * float(cost.const))
    return m


def _building(m: Any, f: _Frame) -> tuple[Any, Any, Any, Any]:
    data, sites = f.data, f.sites
    begun = [f.site, f.begun]
    may_open = xr.DataArray(data.may_open, coords=begun)
    may_build = xr.DataArray(data.may_build, coords=begun)
    opened = m.add_variables(binary=True, coords=begun, mask=may_open, name="opened")
    most = f.by_site(np.minimum(sites["blocks"], sites["max_blocks_per_period"]))
    built = m.add_variables(
        lower=0, upper=most, coords=begun, integer=True, mask=may_build, name="built"
    )
    brought = m.add_variables(lower=0, coords=begun, name="brought")
    earlier = np.triu(np.ones((len(f.period), len(f.period))))
    upto = xr.DataArray(earlier, coords=[f.begun, f.period])
    new = (brought * upto).sum("begun")
    room = f.by_site(sites["blocks"] * sites["block_mw"])
    block, stands = f.by_site(sites["block_mw"]), f.by_site(sites["open"])
    existing = f.by_site(sites["existing_mw"])
    m.add_constraints(opened.sum("begun") <= 1, name="once")
    begun_mw = (built * upto).sum("begun") * block
    late = m.add_variables(
        lower=0, coords=begun, mask=may_open & data.late.any(axis=2), name="late"
    )
    begun_late = (late * f.since(data.late)).sum("begun")
    ready = (opened * f.since(data.ready)).sum("begun") * room
    m.add_constraints(begun_mw - begun_late * block - ready <= room * stands, name="room")
    m.add_constraints(late * block - opened * room <= 0, name="late_on_permit")
    same = xr.DataArray(np.eye(len(f.period)), coords=[f.begun, f.period])
    m.add_constraints(begun_late - (built * same).sum("begun") <= 0, name="late_within_built")
    done = (built * f.since(data.delivered)).sum("begun") * block
    m.add_constraints(new - done <= 0, name="after_building")
    ripe = (opened * f.since(data.ripe)).sum("begun") * room
    m.add_constraints(new - ripe <= room * stands, name="after_opening")
    open_cost = xr.DataArray(data.open_cost, coords=begun)
    build_cost = xr.DataArray(data.build_cost, coords=begun)
    fixed = f.by_both(data.fixed_cost)
    f.costs += [
        (opened * open_cost).sum(),
        (built * (build_cost * block)).sum(),
        (late * (xr.DataArray(data.late_cost, coords=begun) * block)).sum(),
        ((opened * upto).sum("begun") * fixed).sum() + float((fixed * stands).sum()),
    ]
    online = new + existing
    f.costs.append((online * f.by_both(data.running_cost)).sum())
    return online, opened, built, late


def _serving(m: Any, f: _Frame, online: Any) -> tuple[Any, Any]:
    sheets, periods = f.data.sheets, f.data.periods
    kinds = sheets["Workloads"].set_index("workload")
    asked = sheets["Demand"].pivot_table(
        index=["workload", "region"], columns="period", values="it_mw"
    )
    asked = asked.reindex(columns=f.period)
    pairs = pd.Index([f"{w}, {r}" for w, r in asked.index], name="pair")
    demand = xr.DataArray(asked.to_numpy(), coords=[pairs, f.period])
    shape = (len(pairs), len(f.site))
    place = {name: k for k, name in enumerate(pairs)}
    rows = [place[f"{w}, {r}"] for w, r in f.data.arcs[["workload", "region"]].to_numpy()]
    columns = f.site.get_indexer(f.data.arcs["site"])
    allowed, price = np.zeros(shape, bool), np.zeros(shape)
    allowed[rows, columns] = True
    price[rows, columns] = f.data.arcs["cost_per_mw_year"]
    mask = xr.DataArray(allowed, coords=[pairs, f.site]) & (demand > 0)
    served = m.add_variables(lower=0, coords=[pairs, f.site, f.period], mask=mask, name="served")
    workload = asked.index.get_level_values("workload")
    penalty = kinds["unmet_penalty_per_mw_year"].reindex(workload).to_numpy()
    by_pair = xr.DataArray(penalty, coords=[pairs])
    unmet = m.add_variables(
        lower=0, coords=[pairs, f.period], mask=by_pair.notnull() & (demand > 0), name="unmet"
    )
    m.add_constraints(served.sum("site") + unmet == demand, name="demand_met", mask=demand > 0)
    reserve = xr.DataArray(1 + kinds["reserve_share"].reindex(workload).to_numpy(), coords=[pairs])
    factor = xr.DataArray(kinds["load_factor"].reindex(workload).to_numpy(), coords=[pairs])
    m.add_constraints((served * reserve).sum("pair") - online <= 0, name="load_within")
    growth = float(sheets["Settings"].set_index("setting")["value"]["running_cost_escalation"])
    paid = f.by_period(f.data.mean_discount(growth) * periods["years"])
    lost = f.by_period(f.data.mean_discount() * periods["years"])
    cost = xr.DataArray(price, coords=[pairs, f.site])
    f.costs += [(served * (cost * paid)).sum(), (unmet * (by_pair.fillna(0) * lost)).sum()]
    return served, (served * factor).sum("pair")


def _grid(m: Any, f: _Frame, online: Any) -> None:
    zones = f.data.sheets["GridZones"].pivot_table(
        index="zone", columns="period", values=["max_total_mw", "max_new_mw"]
    )
    members = f.members("grid_zone", "zone")
    pue = f.by_site(f.sites["pue"])
    drawn = (online * (pue * members)).sum("site")
    names = pd.Index(members.indexes["zone"], name="zone")

    def limit(column: str) -> xr.DataArray:
        return xr.DataArray(
            pd.DataFrame(zones[column]).reindex(index=names, columns=f.period).to_numpy(),
            coords=[names, f.period],
        )

    m.add_constraints(drawn <= limit("max_total_mw"), name="zone_total")
    stood = (f.by_site(f.sites["existing_mw"]) * pue * members).sum("site")
    first, new = f.period[:1], limit("max_new_mw")
    m.add_constraints(
        drawn.sel(period=first) <= new.sel(period=first) + stood, name="zone_new_first"
    )
    later = drawn - drawn.shift(period=1)
    m.add_constraints(
        later.sel(period=f.period[1:]) <= new.sel(period=f.period[1:]), name="zone_new"
    )


def _energy(m: Any, f: _Frame, mean_load: Any) -> None:
    data, sites = f.data, f.sites
    contracts = data.sheets["Contracts"].set_index("contract")
    contract = pd.Index(contracts.index, name="contract")
    runs = np.stack([active(row, data.periods) for _, row in contracts.iterrows()])
    runs_at = xr.DataArray(runs.astype(float), coords=[contract, f.begun, f.period])
    offers = xr.DataArray(runs.any(axis=2), coords=[contract, f.begun])

    def by_contract(column: str) -> xr.DataArray:
        return xr.DataArray(contracts[column].to_numpy(float), coords=[contract])

    coords = [contract, f.begun]
    signed = m.add_variables(lower=0, coords=coords, mask=offers, name="signed")
    signs = m.add_variables(binary=True, coords=coords, mask=offers, name="signs")
    least, most = by_contract("min_mw"), by_contract("max_mw")
    m.add_constraints(signed - signs * least >= 0, name="signed_least", mask=offers)
    m.add_constraints(signed - signs * most <= 0, name="signed_most", mask=offers)
    holds = (signed * runs_at).sum("begun")
    m.add_constraints(holds <= most, name="held_most")
    inside = contracts["zone"].to_numpy()[:, None] == sites["grid_zone"].to_numpy()
    feeds = xr.DataArray(inside, coords=[contract, f.site]) & (
        f.by_period(np.ones(len(f.period))) > 0
    )
    drawn = m.add_variables(lower=0, coords=[contract, f.site, f.period], mask=feeds, name="drawn")
    billed = m.add_variables(lower=0, coords=[contract, f.period], name="billed")
    spot = m.add_variables(lower=0, coords=[f.site, f.period], name="spot")
    hours = f.by_period(data.periods["months"] * HOURS_PER_MONTH / 1000)
    need = mean_load * (f.by_site(sites["pue"]) * hours)
    m.add_constraints(need - drawn.sum("contract") - spot == 0, name="energy_met")
    deliverable = holds * (by_contract("availability") * hours)
    in_all = drawn.sum("site")
    m.add_constraints(in_all - deliverable <= 0, name="drawn_most")
    m.add_constraints(in_all - billed <= 0, name="billed_drawn")
    firm = deliverable * by_contract("take_or_pay_share")
    m.add_constraints(firm - billed <= 0, name="billed_firm")
    prices = data.sheets["PowerPrices"].pivot_table(
        index="zone", columns="period", values="spot_price_per_mwh"
    )
    at_site = prices.reindex(index=sites["grid_zone"], columns=f.period).to_numpy()
    now = f.by_period(data.mean_discount())
    f.costs.append((spot * (f.by_both(at_site) / 1000 * now)).sum())
    price = np.stack(
        [
            row["price_per_mwh"] / 1000 * data.mean_discount(row["price_escalation"])
            for _, row in contracts.iterrows()
        ]
    )
    f.costs.append((billed * xr.DataArray(price, coords=[contract, f.period])).sum())


def _labour(m: Any, f: _Frame, online: Any, built: Any, late: Any) -> None:
    needs = f.data.sheets["LabourNeeds"].set_index("trade")
    table = pools(f.data)
    members = f.members("labour_market", "labour_market")
    markets = pd.Index(members.indexes["labour_market"], name="labour_market")
    sources = pd.Index(table["source"].unique(), name="source")
    months = f.by_period(f.data.periods["months"])
    blocks = built * f.since(f.data.work) + late * f.since(f.data.late_work)
    work = blocks.sum("begun") * f.by_site(f.sites["block_mw"])
    for trade, need in needs.iterrows():
        own = table[table["trade"] == trade].set_index(["labour_market", "source", "period"])
        grid = pd.MultiIndex.from_product([markets, sources, f.period])
        shape = (len(markets), len(sources), len(f.period))
        offered, cost = (
            xr.DataArray(
                own[name].reindex(grid).to_numpy().reshape(shape),
                coords=[markets, sources, f.period],
            )
            for name in ("offered", "cost")
        )
        hired = m.add_variables(lower=0, upper=offered, name=f"hired_{trade}")
        done = (work * (need["person_months_per_mw"] * members)).sum("site")
        staff = (online * (need["staff_per_mw"] * members * months)).sum("site")
        m.add_constraints(done + staff - hired.sum("source") == 0, name=f"work_done_{trade}")
        f.costs.append((hired * cost).sum())


def _policy(
    m: Any, f: _Frame, online: Any, opened: Any, built: Any, late: Any, served: Any
) -> None:
    sheets, sites = f.data.sheets, f.sites
    weights = sheets["RiskWeights"].set_index("risk_class")["weight"]
    scores = sheets["Jurisdictions"].set_index("jurisdiction")
    score = sum(scores[f"{name}_risk"] * weight for name, weight in weights.items()) / weights.sum()
    groups = sheets["JurisdictionGroups"].groupby("group")["jurisdiction"].agg(set)
    for row in sheets["RiskLimits"].to_dict("records"):
        where = sites["jurisdiction"]
        if row["kind"] == "max_mean_score":
            factor = where.map(score)
        else:
            factor = where.isin(groups[row["group"]]).astype(float)
        exposed = (online * f.by_site(factor - row["value"])).sum("site")
        after = f.period[f.period.get_loc(row["first_period"]) :]
        m.add_constraints(exposed.sel(period=after) <= 0, name=f"exposure {row['limit']}")
    event = sheets["LossEvents"].iloc[0]
    after = f.period[f.period.get_loc(event["first_period"]) :]
    lost = m.add_variables(lower=0, coords=[after], name="lost")
    total, country = online.sum("site"), f.members("jurisdiction", "jurisdiction")
    by_country = (online * country).sum("site").sel(period=after)
    m.add_constraints(by_country - lost <= 0, name="loss")
    kept = served.sum(["pair", "site"]).sel(period=after) * float(event["share_covered"])
    m.add_constraints(kept + lost - total.sel(period=after) <= 0, name="survives")
    budget = sheets["Budgets"].set_index("period")["max_capital"].reindex(f.period)
    block = f.by_site(sites["block_mw"])
    spent = (
        opened * f.since(f.data.site_spend)
        + built * (f.since(f.data.build_spend) * block)
        + late * (f.since(f.data.late_spend) * block)
    ).sum(["site", "begun"])
    m.add_constraints(spent <= f.by_period(budget), name="budget")
    pace = sheets["Pace"].iloc[0]
    m.add_constraints((built * block).sum("site") <= float(pace["max_start_mw"]), name="pace_mw")
    m.add_constraints(opened.sum("site") <= float(pace["max_sites"]), name="pace_sites")


def solve(
    m: Any, *, gap: float, seconds: float, threads: int, seed: int, log: Path
) -> tuple[float, float]:
    """Solve with HiGHS, its log in a file; objective and bound, infinite where there is none."""
    m.solve(
        "highs",
        io_api="direct",
        log_fn=log,
        mip_rel_gap=gap,
        time_limit=seconds,
        threads=threads,
        random_seed=seed,
        output_flag=True,
        log_to_console=False,
    )
    info = m.solver_model.getInfo()
    found = info.primal_solution_status == 2
    return (
        float(info.objective_function_value) if found else float("inf"),
        float(info.mip_dual_bound),
    )
