"""Published optima of capacitated facility location, through the whole pipeline."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

import optalloc
from benchmarks.convert import read_orlib, read_tbed1, write_folder

SMALL = ["cap41", "cap51", "cap61", "cap62", "cap101", "cap121", "cap131"]
LARGE = [("capa", c) for c in ("8000", "10000", "12000", "14000")] + [
    ("i300_1", ""),
    ("i300_6", ""),
]
DAMAGED_OPTIMUM = 955641.925  # of the widely copied cap41 with two truncated demands


def optimum(shared: Path, instance: str, capacity: str = "") -> float:
    """The published optimal value of an instance."""
    with (shared / "facility_location" / "optima.csv").open() as file:
        found = [
            float(row["optimal_value"])
            for row in csv.DictReader(file)
            if (row["instance"], row["capacity"]) == (instance, capacity)
        ]
    assert len(found) == 1
    return found[0]


@pytest.mark.long
@pytest.mark.parametrize(
    "instance", [*SMALL[:2], *(pytest.param(name, marks=pytest.mark.slow) for name in SMALL[2:])]
)
def test_orlib(instance: str, shared_data: Path, tmp_path: Path) -> None:
    """Proves: the published optimum comes out, audited."""
    problem = read_orlib(shared_data / "facility_location" / "orlib" / f"{instance}.txt")
    write_folder(problem, instance, tmp_path / instance)
    plan = optalloc.solve(tmp_path / instance)
    assert plan.cost == pytest.approx(optimum(shared_data, instance), rel=1e-6)
    assert plan.gap <= 1e-6


@pytest.mark.long
def test_the_damaged_copy_shows_in_the_demand_total(shared_data: Path, tmp_path: Path) -> None:
    """Proves: the damaged cap41 has its own optimum, and its demand total gives it away.

    Sensitivity: the right file's demand is 58268, 4946 + 11 783 more.
    """
    file = shared_data / "facility_location" / "orlib" / "damaged" / "cap41.txt"
    write_folder(read_orlib(file), "cap41", tmp_path / "damaged")
    plan = optalloc.solve(tmp_path / "damaged")
    assert plan.cost == pytest.approx(DAMAGED_OPTIMUM, rel=1e-6)
    summary = plan.summary().set_index("figure")["value"]
    assert summary["demand in year"] == pytest.approx(58268 - (5495 - 549) - (12912 - 129))


@pytest.mark.slow
@pytest.mark.parametrize(("instance", "capacity"), LARGE)
def test_large(instance: str, capacity: str, shared_data: Path, tmp_path: Path) -> None:
    """Proves: the published optimum of the large instances, to one part in ten thousand."""
    root = shared_data / "facility_location"
    problem = (
        read_orlib(root / "orlib" / f"{instance}.txt", float(capacity))
        if capacity
        else read_tbed1(root / "tbed1" / f"{instance}.plc")
    )
    write_folder(problem, instance, tmp_path / "book")
    plan = optalloc.solve(tmp_path / "book", gap=1e-5, time_limit_s=900)
    assert plan.cost == pytest.approx(optimum(shared_data, instance, capacity), rel=1e-4)
    assert plan.gap <= 1e-4
