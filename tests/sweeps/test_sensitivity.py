"""Sensitivity indices: of a function whose indices are known, through the whole machinery."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import optalloc
from optalloc.errors import OptallocError
from optalloc.scenarios.designs import cases_of
from optalloc.scenarios.sheet import Design
from optalloc.sweeps.sensitivity import sensitivity
from tests.sweeps.test_run_sweep import TOY, change, toml, toy
from tests.toy.function import ishigami

# Variances of the Ishigami function with a = 7, b = 0.1 (Ishigami and Homma 1990).
A, B = 7.0, 0.1
V1 = (1 + B * math.pi**4 / 5) ** 2 / 2
V2 = A**2 / 8
V13 = 8 * B**2 * math.pi**8 / 225
V = V1 + V2 + V13
FIRST = {"x1": V1 / V, "x2": V2 / V, "x3": 0.0}
TOTAL = {"x1": (V1 + V13) / V, "x2": V2 / V, "x3": V13 / V}


def angles(folder: Path, design: str, samples: int, seed: int = 1) -> str:
    whole = f"[{-math.pi}, {math.pi}]"
    changes = [change(name, f"Inputs.{name}", "set", whole) for name in FIRST]
    return toml(folder, *changes, design=design, samples=samples, seed=seed)


def assert_known(indices: pd.DataFrame, within: float) -> None:
    for end in ("objective", "bound"):
        own = indices[indices["end"] == end].set_index(["measure", "change"])["value"]
        for measure, known in (("S1", FIRST), ("ST", TOTAL)):
            for name, value in known.items():
                assert own[measure, name] == pytest.approx(value, abs=within), (end, measure, name)


def evaluated(folder: Path, design: str, samples: int) -> tuple[dict, pd.DataFrame, pd.DataFrame]:
    """A sweep as it would come out, the function worked out at each sample of the design."""
    from optalloc.scenarios.assemble import assembled
    from optalloc.scenarios.tomlfile import entries_of_toml

    definition = angles(folder, design, samples)
    model = optalloc.load_model(TOY)
    data = optalloc.validate(optalloc.read_workbook(toy(folder / "book")), model)
    (sweep,) = assembled(entries_of_toml(definition), data)[0].values()
    cases = cases_of(sweep)
    rows, inputs = [], []
    for case in cases:
        at = {"x1": 1.0, "x2": 2.0, "x3": 0.5} | {k: float(v) for k, v in case.inputs.items()}
        cost = ishigami(**at)
        rows.append((case.number, case.name, "", "optimal", cost, cost - 1))
        inputs += [(case.number, name, case.shares[name]) for name in case.inputs]
    frame = pd.DataFrame(rows, columns=["number", "case", "plan", "status", "objective", "bound"])
    about = {"design": design, "changes": dict.fromkeys(FIRST, 2), "seed": 1}
    return about, frame, pd.DataFrame(inputs, columns=["number", "change", "share"])


def test_sobol_indices_of_ishigami(tmp_path: Path) -> None:
    """Proves: sample and analysis agree with the known indices within sampling error, at both ends;
    a bound a constant below the cost has the same ones."""
    assert_known(sensitivity(*evaluated(tmp_path, "sobol", 1024)), 0.05)


def test_morris_ranks_by_effect(tmp_path: Path) -> None:
    """Proves: x3, which has no effect of its own (its mean is nought), has a large one through x1;
    a factor that does nothing would have none."""
    indices = sensitivity(*evaluated(tmp_path, "morris", 40))
    own = indices[indices["end"] == "objective"].set_index(["measure", "change"])["value"]
    assert own["mu_star", "x3"] > 1
    assert abs(own["mu", "x2"]) < own["mu_star", "x2"]
    assert own["sigma", "x3"] > own["mu_star", "x3"] / 2


def test_indices_need_a_plan_for_every_sample(tmp_path: Path) -> None:
    about, cases, inputs = evaluated(tmp_path, "sobol", 4)
    cases.loc[3, ["status", "objective", "bound"]] = ["infeasible", np.nan, np.nan]
    with pytest.raises(OptallocError, match=r"1 of 20 have none \(1 infeasible\)"):
        sensitivity(about, cases, inputs)
    with pytest.raises(OptallocError, match="a sweep of design grid has no indices"):
        sensitivity({**about, "design": str(Design.GRID)}, cases, inputs)
    cases[["status", "objective", "bound"]] = ["optimal", 1.0, 1.0]
    assert (sensitivity(about, cases, inputs)["value"] == 0).all(), "nothing varies"


@pytest.mark.long
def test_a_small_sample_through_the_whole_machinery(tmp_path: Path) -> None:
    """Proves: every sampled case costs what the function says at its inputs."""
    result = optalloc.sweep(toy(tmp_path / "book"), angles(tmp_path, "sobol", 4), jobs=1, model=TOY)
    points = result.inputs.pivot(index="number", columns="change", values="amount")
    costs = result.cases.set_index("number")["objective"]
    assert len(points) == 4 * 5
    for number, at in points.iterrows():
        assert costs[number] == pytest.approx(ishigami(**at), abs=1e-6)
    assert set(result.indices()["end"]) == {"objective", "bound"}


@pytest.mark.slow
def test_sobol_indices_of_ishigami_through_the_whole_machinery(tmp_path: Path) -> None:
    """Proves: the indices of the cases as solved, N = 256, agree with the known ones."""
    result = optalloc.sweep(
        toy(tmp_path / "book"), angles(tmp_path, "sobol", 256), jobs=2, model=TOY
    )
    assert len(result.cases) == 1 + 256 * 5
    assert_known(result.indices(), 0.1)
