"""Seconds and memory from data to arrays: this compiler beside the usual routes.

Each repetition of a case and route runs in a process of its own, one after the other, so that the
peak of memory belongs to it alone. Importing libraries and making the data are not counted.
"""

from __future__ import annotations

import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import linopy
import numpy as np
import pandas as pd
import pyomo.environ as pyo
import scipy.sparse as sp
import xarray as xr
from pyomo.contrib.appsi.solvers import Highs
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler

import optalloc
from optalloc.compile import compile_model, deferred_rules, refresh
from optalloc.modelling.sets import index_set, indexed_set, parameter
from optalloc.starting.load import load_generator

__all__ = ["CASES", "KNOWN", "REPEATS", "Measured", "Route", "measure", "pacific", "routes_of"]

REPEATS = 5
# Sites and customers of each facility location case; copies of every site of inputs/pacific.
SHAPES = {"50k": (100, 500), "0.5M": (500, 1000), "4M": (2000, 2000)}
PACIFIC_COPIES = 10
# Columns whose names are of one copy; a sheet that names none of them is shared by all.
COPIED = ("site", "contract", "lease", "decision", "grid_zone", "zone", "labour_market")
CASES = (*SHAPES, "pacific")
# Generated instances, of seed 1, are measured where they are asked for.
KNOWN = (*CASES, *load_generator().sizes)
INPUTS = Path(__file__).parents[1] / "inputs"
PACIFIC, MINIMAL = INPUTS / "pacific", INPUTS / "minimal"


class Route(StrEnum):
    """Ways from data to arrays."""

    OPTALLOC = "optalloc"
    STANDARD_FORM = "pyomo-standard-form"
    APPSI = "pyomo-appsi"
    LINOPY = "linopy"
    NUMPY = "numpy"


@dataclass(frozen=True)
class Measured:
    """One case by one route: medians over the repetitions, or why there is no figure."""

    case: str
    route: str
    seconds: float | None
    peak_mb: float | None
    columns: int | None = None
    non_zeros: int | None = None
    refresh_seconds: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Facilities:
    """Data of a capacitated facility location problem."""

    arcs: pd.DataFrame  # site, customer, cost
    sites: pd.DataFrame  # site, capacity, fixed
    customers: pd.DataFrame  # customer, demand

    @staticmethod
    def of(sites: int, customers: int) -> Facilities:
        """Make one, the same every time."""
        random = np.random.default_rng(0)
        names = [f"site {k}" for k in range(sites)]
        others = [f"customer {k}" for k in range(customers)]
        site = pd.Categorical.from_codes(np.repeat(np.arange(sites), customers), pd.Index(names))
        customer = pd.Categorical.from_codes(np.tile(np.arange(customers), sites), pd.Index(others))
        demand = random.uniform(5, 35, customers)
        capacity = random.uniform(0.5, 1.5, sites) * 5 * demand.sum() / sites
        return Facilities(
            pd.DataFrame(
                {
                    "site": site,
                    "customer": customer,
                    "cost": random.uniform(1, 10, sites * customers),
                }
            ),
            pd.DataFrame(
                {"site": names, "capacity": capacity, "fixed": random.uniform(500, 900, sites)}
            ),
            pd.DataFrame({"customer": others, "demand": demand}),
        )


def declare(m: Any) -> None:
    """Declare the rules, which are the same in stock Pyomo and for this compiler."""
    m.open = pyo.Var(m.SITES, domain=pyo.Binary)
    m.share = pyo.Var(m.ARCS, bounds=(0, 1))
    m.served = pyo.Constraint(
        m.CUSTOMERS, rule=lambda m, j: sum(m.share[i, j] for i in m.SITES_OF[j]) == 1
    )
    m.within = pyo.Constraint(
        m.SITES,
        rule=lambda m, i: (
            sum(m.demand[j] * m.share[i, j] for j in m.CUSTOMERS_OF[i]) <= m.capacity[i] * m.open[i]
        ),
    )
    m.linked = pyo.Constraint(m.ARCS, rule=lambda m, i, j: m.share[i, j] <= m.open[i])
    m.cost = pyo.Objective(
        rule=lambda m: (
            sum(m.fixed[i] * m.open[i] for i in m.SITES)
            + sum(m.arc_cost[i, j] * m.share[i, j] for i, j in m.ARCS)
        )
    )


def by_optalloc(data: Facilities) -> Any:
    """Build with array-backed sets and parameters, and templates."""
    with deferred_rules() as m:
        m.SITES, m.CUSTOMERS = (
            index_set(data.sites[["site"]]),
            index_set(data.customers[["customer"]]),
        )
        m.ARCS = index_set(data.arcs[["site", "customer"]])
        m.SITES_OF = indexed_set(m.CUSTOMERS, data.arcs, ["customer"], ["site"])
        m.CUSTOMERS_OF = indexed_set(m.SITES, data.arcs, ["site"], ["customer"])
        m.demand = parameter(m.CUSTOMERS, data.customers.set_index("customer")["demand"])
        m.capacity = parameter(m.SITES, data.sites.set_index("site")["capacity"])
        m.fixed = parameter(m.SITES, data.sites.set_index("site")["fixed"])
        m.arc_cost = parameter(m.ARCS, data.arcs.set_index(["site", "customer"])["cost"])
        declare(m)
    return compile_model(m)


def _stock(data: Facilities) -> Any:
    m = pyo.ConcreteModel()
    sites, customers = data.sites["site"].tolist(), data.customers["customer"].tolist()
    arcs = list(zip(data.arcs["site"], data.arcs["customer"], strict=True))
    m.SITES, m.CUSTOMERS = pyo.Set(initialize=sites), pyo.Set(initialize=customers)
    m.ARCS = pyo.Set(initialize=arcs, dimen=2)
    m.SITES_OF = pyo.Set(m.CUSTOMERS, initialize=_grouped((j, i) for i, j in arcs))
    m.CUSTOMERS_OF = pyo.Set(m.SITES, initialize=_grouped(arcs))
    m.demand = pyo.Param(m.CUSTOMERS, initialize=dict(data.customers.to_numpy().tolist()))
    m.capacity = pyo.Param(
        m.SITES, initialize=dict(zip(sites, data.sites["capacity"], strict=True))
    )
    m.fixed = pyo.Param(m.SITES, initialize=dict(zip(sites, data.sites["fixed"], strict=True)))
    m.arc_cost = pyo.Param(
        m.ARCS, initialize=dict(zip(arcs, data.arcs["cost"].tolist(), strict=True))
    )
    declare(m)
    return m


def _grouped(pairs: Any) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for key, member in pairs:
        groups.setdefault(key, []).append(member)
    return groups


def _standard_form(m: Any) -> Any:
    return LinearStandardFormCompiler().write(m, mixed_form=True, set_sense=pyo.minimize).A


def _appsi(m: Any) -> Any:
    solver = Highs()
    solver.set_instance(m)
    return solver._solver_model


def by_linopy(data: Facilities) -> Any:
    """Build with dense labelled arrays, which is what linopy is best at."""
    sites = pd.Index(data.sites["site"], name="site")
    customers = pd.Index(data.customers["customer"], name="customer")
    shape = (len(sites), len(customers))
    cost = xr.DataArray(data.arcs["cost"].to_numpy().reshape(shape), coords=[sites, customers])
    demand = xr.DataArray(data.customers["demand"].to_numpy(), coords=[customers])
    capacity = xr.DataArray(data.sites["capacity"].to_numpy(), coords=[sites])
    fixed = xr.DataArray(data.sites["fixed"].to_numpy(), coords=[sites])
    m = linopy.Model()
    opened = m.add_variables(binary=True, coords=[sites], name="open")
    share = m.add_variables(lower=0, upper=1, coords=[sites, customers], name="share")
    m.add_constraints(share.sum("site") == 1, name="served")
    m.add_constraints((share * demand).sum("customer") - opened * capacity <= 0, name="within")
    m.add_constraints(share - opened <= 0, name="linked")
    m.add_objective((opened * fixed).sum() + (share * cost).sum())
    arrays = m.matrices
    # Each is worked out when it is asked for.
    _ = arrays.b, arrays.c, arrays.lb, arrays.ub, arrays.sense, arrays.vtypes
    return arrays.A


def by_numpy(data: Facilities) -> Any:
    """Build the matrix by hand: what no modelling layer can beat."""
    n, c = len(data.sites), len(data.customers)
    site, customer = (
        data.arcs[name].cat.codes.to_numpy().astype(np.int32) for name in ("site", "customer")
    )
    arc = np.arange(len(site), dtype=np.int32)
    demand = data.customers["demand"].to_numpy()
    rows = np.concatenate([customer, c + site, c + np.arange(n), c + n + arc, c + n + arc])
    columns = np.concatenate([n + arc, n + arc, np.arange(n), n + arc, site])
    values = np.concatenate(
        [
            np.ones(len(arc)),
            demand[customer],
            -data.sites["capacity"].to_numpy(),
            np.ones(len(arc)),
            -np.ones(len(arc)),
        ]
    )
    shape = (c + n + len(arc), n + len(arc))
    matrix = sp.coo_array((values, (rows.astype(np.int32), columns.astype(np.int32))), shape=shape)
    cost = np.concatenate([data.sites["fixed"], data.arcs["cost"]])
    lower = np.concatenate([np.ones(c), np.full(n + len(arc), -np.inf)])
    upper = np.concatenate([np.ones(c), np.zeros(n + len(arc))])
    bounds = np.zeros(n + len(arc)), np.ones(n + len(arc))
    return matrix.tocsc(), cost, lower, upper, bounds


def pacific(folder: Path, times: int = PACIFIC_COPIES) -> Any:
    """Read inputs/pacific with every site there several times, in zones and trades of its own."""
    for file in PACIFIC.glob("*.csv"):
        frame = pd.read_csv(file, dtype=str, keep_default_na=False)
        copied = [name for name in COPIED if name in frame.columns]
        own = frame[(frame[copied] != "").any(axis=1)] if copied else frame.iloc[:0]
        copies = []
        for k in range(2, times + 1):
            renamed = own.copy()
            for name in copied:
                renamed[name] = own[name].where(own[name] == "", own[name] + f" {k}")
            copies.append(renamed)
        pd.concat([frame, *copies]).to_csv(folder / file.name, index=False)
    return _read(folder)


def _read(folder: Path) -> Any:
    model = optalloc.load_model()
    return optalloc.validate(optalloc.read_workbook(folder), model), model


def _data(case: str) -> Any:
    if case in SHAPES:
        return Facilities.of(*SHAPES[case])
    with tempfile.TemporaryDirectory() as folder:
        if case in load_generator().sizes:
            load_generator().write(case, 1, Path(folder))
            return _read(Path(folder))
        return pacific(Path(folder))


def routes_of(case: str) -> dict[Route, Callable[[Any], Any]]:
    if case in SHAPES:
        return {
            Route.OPTALLOC: by_optalloc,
            Route.STANDARD_FORM: lambda data: _standard_form(_stock(data)),
            Route.APPSI: lambda data: _appsi(_stock(data)),
            Route.LINOPY: by_linopy,
            Route.NUMPY: by_numpy,
        }
    return {
        Route.OPTALLOC: lambda data: optalloc.compile_program(optalloc.build(*data)),
        Route.STANDARD_FORM: lambda data: _standard_form(optalloc.build(*data).pyomo),
        Route.APPSI: lambda data: _appsi(optalloc.build(*data).pyomo),
    }


def _work(case: str, route: Route, out: Connection) -> None:
    """Build once, in a process of its own, and send what was measured."""
    data = _data(case)
    build = routes_of(case)[route]
    # Whatever a library loads when it is first used is not part of building.
    build(Facilities.of(3, 4) if case in SHAPES else _read(MINIMAL))
    Path("/proc/self/clear_refs").write_text("5")
    before = _peak_bytes()
    start = time.perf_counter()
    built = build(data)
    seconds = time.perf_counter() - start
    peak = _peak_bytes()
    again = None
    columns = non_zeros = None
    if route is Route.OPTALLOC:
        columns, non_zeros = built.size["columns"], built.size["non_zeros"]
        if case in SHAPES:
            again = _refresh_seconds(built)
    out.send((seconds, (peak - before) / 2**20, columns, non_zeros, again))


def _peak_bytes() -> int:
    """Most memory held since the mark was last reset; Linux only."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.split("VmHWM:")[1].split()[0])


def _refresh_seconds(arrays: Any) -> float:
    """Seconds for the same arrays with another demand."""
    param = arrays.source.model.demand
    start = time.perf_counter()
    refresh(arrays, {"demand": param.array * 1.1})
    return time.perf_counter() - start


def measure(case: str, route: Route, *, repeats: int, limit_s: float) -> Measured:
    """Build a case by a route several times, each in its own process."""
    if route not in routes_of(case):
        return Measured(case, route, None, None, note="not written for this model")
    runs: list[tuple[Any, ...]] = []
    spawn = multiprocessing.get_context("spawn")
    for _ in range(repeats):
        mine, theirs = spawn.Pipe(duplex=False)
        process = spawn.Process(target=_work, args=(case, route, theirs))
        process.start()
        theirs.close()
        try:
            if not mine.poll(limit_s):
                process.kill()
                return Measured(case, route, None, None, note=f"not done after {limit_s:g} s")
            runs.append(mine.recv())
        except EOFError:
            process.join()
            return Measured(case, route, None, None, note=f"ended with code {process.exitcode}")
        process.join()
    seconds, peak, again = (
        None if runs[0][k] is None else statistics.median(run[k] for run in runs) for k in (0, 1, 4)
    )
    return Measured(case, route, seconds, peak, runs[0][2], runs[0][3], again)
