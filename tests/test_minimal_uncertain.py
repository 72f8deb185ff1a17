"""inputs/minimal-uncertain: the case under uncertainty solved by hand, its README taken at its word."""

from __future__ import annotations

import re

import pandas as pd
import pytest

import optalloc
from optalloc.modelling.model import load_model
from tests.paths import INPUTS
from tests.test_minimal import MINIMAL, SUM, worked_out

UNCERTAIN = INPUTS / "minimal-uncertain"
README = (UNCERTAIN / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def policy() -> optalloc.Plan:
    return optalloc.solve(UNCERTAIN)


def test_the_readme_adds_up() -> None:
    """Proves: every sum of the README is what it says."""
    sums = SUM.findall(" ".join(README.split()))
    assert len(sums) == README.count(" = ") >= 25
    for words, result in sums:
        assert worked_out(words) == pytest.approx(float(result), abs=1e-9), words


def test_other_sheets_are_those_of_minimal() -> None:
    """Proves: but for its name and the uncertainty the workbook is inputs/minimal."""
    model = load_model()
    certain, own = (
        optalloc.validate(optalloc.read_workbook(book), model) for book in (MINIMAL, UNCERTAIN)
    )
    for sheet in set(model.sheets) - {"Settings", "Uncertainties", "Outcomes"}:
        pd.testing.assert_frame_equal(certain[sheet], own[sheet])
    apart = certain["Settings"].ne(own["Settings"]) & certain["Settings"].notna()
    assert apart.to_numpy().sum() == 1


def test_the_solver_finds_what_the_readme_found(policy: optalloc.Plan) -> None:
    """Proves: the least expected cost, the cost of each demand, and what is done today.
    Sensitivity: each demand by itself begins otherwise, with North or with one block."""
    told = re.search(r"\*\*Least expected cost: ([\d.]+)\*\*", README)
    assert told is not None
    assert policy.cost == pytest.approx(float(told[1]), abs=1e-6)
    assert policy.gap == 0
    by_scenario = re.findall(r"\*\*(slow|fast), together\*\* \|[^|]*\|[^|]* = ([\d.]+) \|", README)
    costs = policy["Futures"].set_index("scenario")["cost"]
    assert {f"demand={name}": float(cost) for name, cost in by_scenario} == pytest.approx(
        costs.to_dict()
    )
    now = policy["HereAndNow"]
    assert set(now["subject"]) == {"South"}
    assert now["mw"].sum() == pytest.approx(80)


def test_values_are_those_of_step_4(policy: optalloc.Plan) -> None:
    """Proves: what it is worth to know and to wait, each proven on both sides."""
    values = policy["Values"]
    found = sorted(values["at_least"].round(6))
    assert found == pytest.approx(sorted(values["at_most"].round(6)))
    told = re.findall(r"saves?\s[\d. -]+ = (\d+(?:\.\d+)?)", README)
    assert found == pytest.approx(sorted([0.0, *map(float, told)]))
