"""Capacitated facility location, one period and nothing else, handed to HiGHS as bare arrays.

What no modelling layer can beat for the published instances that `benchmarks convert` turns into
workbooks: a site is open or not, a share of a customer's demand is served from an open site, and
the sites opened hold all demand (the row that published codes start from).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import highspy
import numpy as np
import pandas as pd
import scipy.sparse as sp

from benchmarks.convert import FacilityLocation

__all__ = ["build", "read", "solve"]

SHEETS = {"Settings", "Periods", "Sites", "Workloads", "Demand", "Network"}


def read(folder: Path) -> FacilityLocation:
    """Read a folder that `benchmarks convert` wrote.

    Raises
    ------
    ValueError
        If it holds more than a facility location problem.
    """
    sheets = {file.stem: pd.read_csv(file) for file in sorted(folder.glob("*.csv"))}
    if set(sheets) != SHEETS or len(sheets["Periods"]) != 1:
        raise ValueError(f"{folder.name} is no converted facility location problem")
    sites, demand = sheets["Sites"], sheets["Demand"].set_index("region")["it_mw"]
    if not sites["max_mw"].equals(sites["block_mw"]):
        raise ValueError(f"{folder.name} has sites of more than one block")
    unit = sheets["Network"].pivot_table(
        index="site", columns="region", values="cost_per_mw_year", observed=True
    )
    unit_cost = unit.loc[sites["site"], demand.index].to_numpy(float)
    numbers = sites[["max_mw", "site_cost"]].to_numpy(float)
    return FacilityLocation(numbers[:, 0], numbers[:, 1], demand.to_numpy(float), unit_cost)


def build(data: FacilityLocation) -> Any:
    """Give HiGHS the problem: a column a site, then one a site and customer."""
    n, c = data.unit_cost.shape
    site, customer = np.repeat(np.arange(n), c), np.tile(np.arange(c), n)
    arc = np.arange(n * c)
    # Rows: customers, sites, arcs, all demand.
    every, ones, last = np.arange(n), np.ones(n * c), c + n + n * c
    row = [customer, c + site, c + every, c + n + arc, c + n + arc, np.full(n, last)]
    column = [n + arc, n + arc, every, n + arc, site, every]
    value = [ones, data.demand[customer], -data.capacity, ones, -ones, data.capacity]
    entries = np.concatenate(value), (np.concatenate(row), np.concatenate(column))
    matrix = sp.csc_array(sp.coo_array(entries, shape=(last + 1, n + n * c)))
    lower = np.concatenate([np.ones(c), np.full(n + n * c, -np.inf), [data.demand.sum()]])
    upper = np.concatenate([np.ones(c), np.zeros(n + n * c), [np.inf]])
    highs = highspy.Highs()
    highs.setOptionValue("log_to_console", False)
    status = highs.passModel(
        *(n + n * c, last + 1, matrix.nnz),
        *(int(highspy.MatrixFormat.kColwise), int(highspy.ObjSense.kMinimize), 0.0),
        np.concatenate([data.fixed_cost, (data.unit_cost * data.demand).ravel()]),
        *(np.zeros(n + n * c), np.ones(n + n * c)),
        *(lower, upper),
        *(matrix.indptr[:-1].astype(np.int32), matrix.indices.astype(np.int32), matrix.data),
        np.repeat([1, 0], [n, n * c]).astype(np.int32),
    )
    if status != highspy.HighsStatus.kOk:
        raise ValueError("HiGHS does not take the model")
    return highs


def solve(
    highs: Any, *, gap: float, seconds: float, threads: int, seed: int, log: Path
) -> tuple[float, float]:
    """Solve by the defaults of HiGHS, its log in a file; objective and bound, infinite without."""
    options = {"mip_rel_gap": gap, "time_limit": seconds, "threads": threads, "random_seed": seed}
    for name, value in {**options, "log_file": str(log)}.items():
        highs.setOptionValue(name, value)
    highs.run()
    info = highs.getInfo()
    found = info.primal_solution_status == int(highspy.SolutionStatus.kSolutionStatusFeasible)
    return (
        float(info.objective_function_value) if found else float("inf"),
        float(info.mip_dual_bound),
    )
