"""Published facility location files as workbook folders: one period, one block per site."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class FacilityLocation:
    """A capacitated facility location problem, multi-source.

    capacity and fixed_cost have shape (sites,), demand (customers,), and unit_cost
    (sites, customers): the cost of serving one unit of demand.
    """

    capacity: np.ndarray
    fixed_cost: np.ndarray
    demand: np.ndarray
    unit_cost: np.ndarray


def read_orlib(path: Path, capacity: float | None = None) -> FacilityLocation:
    """Read an OR-Library file; `capacity` stands in for the word where a file says ``capacity``.

    Raises
    ------
    ValueError
        If the file has not the numbers it announces, or needs a capacity that was not given.
    """
    words = path.read_text().split()
    if "capacity" in words:
        if capacity is None:
            raise ValueError(f"{path.name} leaves the capacity open: say --capacity N")
        words = [str(capacity) if word == "capacity" else word for word in words]
    sites, customers = int(words[0]), int(words[1])
    numbers = np.array(words[2:], dtype=float)
    if len(numbers) != 2 * sites + customers * (sites + 1):
        raise ValueError(f"{path.name} has {len(numbers)} numbers after its head, not as announced")
    head = numbers[: 2 * sites].reshape(sites, 2)
    body = numbers[2 * sites :].reshape(customers, sites + 1)
    # The file gives the cost of serving all of a customer's demand.
    return FacilityLocation(head[:, 0], head[:, 1], body[:, 0], (body[:, 1:] / body[:, :1]).T)


def read_tbed1(path: Path) -> FacilityLocation:
    """Read an Avella and Boccia file: customers first, unit costs facility by facility.

    Raises
    ------
    ValueError
        If the file has not the numbers it announces.
    """
    words = path.read_text().split()
    customers, sites = int(words[0]), int(words[1])
    numbers = np.array(words[2:], dtype=float)
    if len(numbers) != customers + 2 * sites + sites * customers:
        raise ValueError(f"{path.name} has {len(numbers)} numbers after its head, not as announced")
    demand, capacity, fixed, cost = np.split(numbers, np.cumsum([customers, sites, sites]))
    return FacilityLocation(capacity, fixed, demand, cost.reshape(sites, customers))


def write_folder(problem: FacilityLocation, name: str, folder: Path) -> None:
    """Write the problem as a workbook folder: residual value off, rates nought, one year."""
    folder.mkdir(parents=True, exist_ok=True)
    sites = [f"site {i:04d}" for i in range(1, len(problem.capacity) + 1)]
    regions = [f"customer {j:04d}" for j in range(1, len(problem.demand) + 1)]
    sheets = {
        "Settings": pd.DataFrame(
            [
                ("name", name),
                ("currency", "units"),
                ("base_date", "2027-01-01"),
                ("discount_rate", 0),
                ("residual_value", "no"),
                ("gap", 1e-6),
            ],
            columns=["setting", "value"],
        ),
        "Periods": pd.DataFrame({"period": ["year"], "start": ["2027-01-01"], "months": [12]}),
        "Sites": pd.DataFrame(
            {
                "site": sites,
                "status": "candidate",
                "max_mw": problem.capacity,
                "block_mw": problem.capacity,
                "site_cost": problem.fixed_cost,
            }
        ),
        "Workloads": pd.DataFrame({"workload": ["load"]}),
        "Demand": pd.DataFrame(
            {"workload": "load", "region": regions, "period": "year", "it_mw": problem.demand}
        ),
        "Network": pd.DataFrame(
            {
                "site": np.repeat(sites, len(regions)),
                "region": regions * len(sites),
                "latency_ms": 0,
                "cost_per_mw_year": problem.unit_cost.ravel(),
            }
        ),
    }
    for sheet, frame in sheets.items():
        frame.to_csv(folder / f"{sheet}.csv", index=False)
