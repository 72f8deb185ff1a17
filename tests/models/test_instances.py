"""Generated instances: the same for a seed to the byte, feasible, and worth solving."""

from __future__ import annotations

import gzip
import hashlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import optalloc
from benchmarks.__main__ import app
from optalloc.errors import ModelError
from optalloc.starting.load import load_generator

DIGESTS = Path(__file__).with_name("instances.csv")
GENERATOR = load_generator()
# The package of the model folder, imported under a name of its own.
PACKAGE: Any = sys.modules[GENERATOR.write.__module__]


def digest(folder: Path) -> str:
    """SHA-256 over the names and what is inside the files of a folder."""
    found = hashlib.sha256()
    for file in sorted(folder.iterdir()):
        data = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        found.update(f"{file.name}\0".encode() + data)
    return found.hexdigest()


@pytest.mark.parametrize("size", ["XS", "S", "M", "L"])
def test_a_seed_means_the_same_bytes_everywhere(size: str, tmp_path: Path) -> None:
    """Proves: the bytes are those that were recorded, on whichever machine, and made twice they are
    alike, the packed ones too. Sensitivity: another seed makes others."""
    recorded = pd.read_csv(DIGESTS).set_index(["size", "seed"])["sha256"]
    for name in ("a", "b"):
        GENERATOR.write(size, 1, tmp_path / name)
    files = [*(tmp_path / "a").iterdir()]
    assert all(f.read_bytes() == (tmp_path / "b" / f.name).read_bytes() for f in files)
    assert digest(tmp_path / "a") == recorded[size, 1]
    GENERATOR.write(size, 2, tmp_path / "c")
    assert digest(tmp_path / "c") == recorded[size, 2] != recorded[size, 1]


@pytest.mark.first(1)
@pytest.mark.parametrize("size", ["XS", "S"])
def test_an_instance_is_feasible_and_its_own_plan_shows_it(size: str, tmp_path: Path) -> None:
    """Proves: with commitments and blocks held at the generator's own plan, the rest of the model
    has a solution in which all demand is met."""
    instance = PACKAGE.generate(size, 3)
    GENERATOR.write(size, 3, tmp_path)
    model = optalloc.load_model()
    data = optalloc.validate(optalloc.read_workbook(tmp_path), model)
    arrays = optalloc.compile_program(optalloc.build(data, model))
    plan = instance.plan
    sites = {name: k for k, name in enumerate(instance.sheets["Sites"]["site"])}
    periods = {name: k for k, name in enumerate(instance.sheets["Periods"]["period"])}
    values, held = np.zeros(len(arrays.cost)), np.zeros(len(arrays.cost), dtype=bool)
    unmet = held.copy()
    for column in range(len(values)):
        name, key = arrays.columns[column]
        unmet[column] = name == "unmet"
        if name in ("committed", "started"):
            chosen = plan.committed if name == "committed" else plan.started
            held[column] = True
            values[column] = chosen[sites[key[0]], periods[key[1]]]
    assert held.any() and unmet.any()
    # No limit is of a kind whose rows are found on demand, so that an incumbent is a plan at once.
    assert arrays.separate is None
    fixed = arrays.with_fixed(held, values).with_fixed(unmet, 0 * values)
    found = optalloc.solve_arrays(fixed, optalloc.Options(gap=0.02, time_limit_s=60, threads=1))
    assert found.values is not None


def test_limits_are_tight_around_the_plan() -> None:
    """Proves: the plan keeps every limit; were they two thirds of what they are it would
    break most of them."""
    instance = PACKAGE.generate("S", 4)
    world, plan = instance.world, instance.plan
    given = PACKAGE.limits(world, plan, np.random.default_rng(0))
    assert PACKAGE.violated(world, plan, given) == []
    tighter = {name: value / 1.5 for name, value in given.items()}
    tighter["covered"] = given["covered"] * 1.5
    assert {"zone_total", "risky_share", "covered", "spending", "mean_score"} <= {
        *PACKAGE.violated(world, plan, tighter)
    }


def test_demand_grows_and_is_of_three_kinds() -> None:
    """Proves: what is asked for never falls, most of it must be met, and training has a penalty far
    above what a MW costs in a year."""
    sheets = PACKAGE.generate("M", 1).sheets
    demand = sheets["Demand"]
    by_key = demand.groupby(["workload", "region"])["it_mw"]
    assert by_key.apply(lambda mw: mw.is_monotonic_increasing).all()
    assert {*demand["workload"]} == {"inference", "training", "sovereign"}
    penalty = sheets["Workloads"].set_index("workload")["unmet_penalty_per_mw_year"]
    assert penalty.isna().to_dict() == {"inference": True, "training": False, "sovereign": True}
    assert penalty["training"] > sheets["Sites"]["build_cost_per_mw"].max()


def test_the_command_writes_a_book_that_checks(tmp_path: Path) -> None:
    out = tmp_path / "book"
    said = CliRunner().invoke(app, ["generate", "XS", str(out), "--seed", "5"])
    assert said.exit_code == 0, said.output
    assert "6 sites, 4 regions, 5 periods" in said.stdout
    model = optalloc.load_model()
    assert optalloc.check(optalloc.read_workbook(out), model)[1] == []
    assert CliRunner().invoke(app, ["generate", "XS", str(out)]).exit_code == 2
    assert CliRunner().invoke(app, ["generate", "XXL", str(tmp_path / "n")]).exit_code == 2


def test_sizes() -> None:
    """Proves: the counts that figures are quoted for."""
    told = {
        name: (s.sites, s.regions, len(s.months))
        for name, s in PACKAGE.SIZES.items()
        if name != "XS"
    }
    assert told == {
        "S": (30, 12, 10),
        "M": (100, 30, 20),
        "L": (300, 40, 40),
        "XL": (1000, 100, 40),
    }


def test_a_model_without_instances_says_so(tmp_path: Path) -> None:
    """Proves: of a folder without the package, and of one whose package has no record, that is said."""
    with pytest.raises(ModelError, match="no instances to generate"):
        load_generator(tmp_path)
    (tmp_path / "_instances").mkdir()
    (tmp_path / "_instances" / "__init__.py").write_text("INSTANCES = 1\n")
    with pytest.raises(ModelError, match="must end with INSTANCES"):
        load_generator(tmp_path)
