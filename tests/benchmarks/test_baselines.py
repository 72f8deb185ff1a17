"""What someone else would write solves the same problem."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import optalloc
from benchmarks.baselines import data, facility_model, linopy_model, pyomo_model
from benchmarks.convert import FacilityLocation, write_folder
from optalloc.starting.load import load_generator

LIMITS = {"gap": 1e-5, "seconds": 60.0, "threads": 1, "seed": 0}


def assert_alike(folder: Path, log: Path, *modules: object) -> None:
    model = optalloc.load_model()
    dataset = optalloc.validate(optalloc.read_workbook(folder), model)
    arrays = optalloc.compile_program(optalloc.build(dataset, model))
    ours = optalloc.solve_arrays(arrays, optalloc.Options(gap=1e-5, threads=1))
    numbers = data.read(folder)
    for module in modules:
        objective, bound = module.solve(module.build(numbers), log=log, **LIMITS)  # type: ignore[attr-defined]
        assert objective == pytest.approx(ours.objective, rel=2e-5), module
        # Each bound lies below the other's plan.
        assert bound <= ours.objective * (1 + 1e-9) and ours.bound <= objective * (1 + 1e-9)


@pytest.mark.slow
def test_all_three_have_one_optimum(tmp_path: Path) -> None:
    """Proves: plain Pyomo, linopy and optalloc come to one cost on a generated instance, in which
    limits of every family it has bind."""
    load_generator().write("XS", 1, tmp_path / "book")
    assert_alike(tmp_path / "book", tmp_path / "log", pyomo_model, linopy_model)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 8))
def test_all_three_have_one_optimum_on_more_seeds(seed: int, tmp_path: Path) -> None:
    load_generator().write("XS", seed, tmp_path / "book")
    assert_alike(tmp_path / "book", tmp_path / "log", pyomo_model, linopy_model)


def test_packed_sheets_and_unknown_ones(tmp_path: Path) -> None:
    """Proves: .csv.gz is read as well; a sheet that the baselines would leave out is refused."""
    load_generator().write("L", 1, tmp_path / "large")
    assert len(data.read(tmp_path / "large").sites) == 300
    load_generator().write("XS", 1, tmp_path / "small")
    shutil.copy(tmp_path / "small" / "Pace.csv", tmp_path / "small" / "Carbon.csv")
    with pytest.raises(ValueError, match="do not know Carbon"):
        data.read(tmp_path / "small")


@pytest.mark.long
def test_a_bare_facility_model_has_the_optimum_of_the_pipeline(tmp_path: Path) -> None:
    """Proves: by hand, two sites of 10 for 7 and 9, customers of 6 and 3 at 1 or 2 a unit from the one,
    2 or 1 from the other: the first alone costs 7 + 6 + 6 = 19, the second 9 + 12 + 3 = 24, both
    16 + 6 + 3 = 25. Sensitivity: with room for 8 at each both are needed. A folder with more than
    that is refused."""
    for room, least in ((10.0, 19.0), (8.0, 25.0)):
        problem = FacilityLocation(
            np.full(2, room),
            np.array([7.0, 9.0]),
            np.array([6.0, 3.0]),
            np.array([[1.0, 2.0], [2.0, 1.0]]),
        )
        folder = tmp_path / f"room {room:g}"
        write_folder(problem, "two", folder)
        built = facility_model.build(facility_model.read(folder))
        objective, bound = facility_model.solve(built, log=tmp_path / "log", **LIMITS)  # type: ignore[arg-type]
        assert (objective, bound) == pytest.approx((least, least))
        assert optalloc.solve(folder).cost == pytest.approx(least)
    (folder / "Pace.csv").write_text("period,max_sites\n")
    with pytest.raises(ValueError, match="no converted facility location"):
        facility_model.read(folder)
