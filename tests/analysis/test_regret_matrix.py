"""What is done now by each plan in each scenario: the newsvendor, by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import optalloc
from optalloc.errors import OptallocError
from tests.books import write
from tests.command import optalloc_says
from tests.plan.test_policy import newsvendor

LOW, HIGH = "best for demand=low", "best for demand=high"


@pytest.mark.long
def test_regrets_by_hand(tmp_path: Path) -> None:
    """Proves: 50 built cost 50, or 200 where 100 are asked for (3/4 and 1/4: 87.5); 100 built cost
    100 in both. The policy builds 50, too."""
    source = write(newsvendor(), tmp_path / "book")
    plan = tmp_path / "plan.xlsx"
    optalloc.solve(source).to_excel(plan)
    found = optalloc.regret_matrix(source, [plan], jobs=1)
    costs = found["Regrets"].pivot(index="plan", columns="scenario", values="cost")
    by_hand = {LOW: (50, 200), HIGH: (100, 100), str(plan): (50, 200)}
    assert set(costs.index) == set(by_hand)
    for label, (low, high) in by_hand.items():
        assert costs.loc[label, "demand=low"] == pytest.approx(low)
        assert costs.loc[label, "demand=high"] == pytest.approx(high)
    compared = found["Compared"].set_index("plan")
    assert compared.loc[LOW, ["expected", "greatest_regret"]].tolist() == pytest.approx([87.5, 100])
    assert compared.loc[HIGH, ["expected", "greatest_regret"]].tolist() == pytest.approx([100, 50])
    assert compared.loc[str(plan), "expected"] == pytest.approx(87.5)


@pytest.mark.slow
def test_what_cannot_be_continued_has_no_mean(tmp_path: Path) -> None:
    """Proves: where all demand must be met, 50 built cannot be continued where 100 come: that is said,
    and not left out of a mean."""
    made = newsvendor()
    made["Workloads"][0]["unmet_penalty_per_mw_year"] = None
    source, out = write(made, tmp_path / "book"), tmp_path / "regrets.xlsx"
    run = optalloc_says("futures", "regrets", source, "--jobs", 2, "--out", out, "--json")
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    compared = {one["plan"]: one for one in told["tables"]["Compared"]}
    assert compared[LOW]["without_plan"] == 1
    assert compared[LOW]["expected"] is None
    assert compared[HIGH]["expected"] == pytest.approx(100)
    assert any("no continuation in 1 scenarios" in sentence for sentence in told["sentences"])
    assert out.is_file()


@pytest.mark.slow
def test_every_limit_holds_whatever_is_asked_across_scenarios(tmp_path: Path) -> None:
    """Proves: with demand to be met in most futures only, the scenario of high demand is still best
    served by 100, at 100, and not by the nothing that this line would allow it."""
    made = newsvendor()
    made["Workloads"][0]["unmet_penalty_per_mw_year"] = None
    made["Across"] = [{"limit": "demand_met", "holds": "in most futures", "share": 0.75}]
    rows = optalloc.regret_matrix(write(made, tmp_path / "book"), jobs=1)["Regrets"]
    own = rows[rows["plan"] == HIGH].set_index("scenario")
    assert own["cost"].tolist() == pytest.approx([100, 100])
    assert own["best"].tolist() == pytest.approx([50, 100])


def test_more_may_be_held_than_any_scenario_needs(tmp_path: Path) -> None:
    """Proves: 150 MW, built by a plan for 150, cost 150 in each scenario, though 100 MW are the most
    that one of them can need."""
    made = newsvendor()
    made["Sites"][0]["max_mw"] = 200
    source, plan = write(made, tmp_path / "book"), tmp_path / "plan.xlsx"
    certain = newsvendor()
    certain["Sites"][0]["max_mw"], certain["Demand"][1]["it_mw"] = 200, 150
    del certain["Uncertainties"], certain["Outcomes"]
    optalloc.solve(write(certain, tmp_path / "certain")).to_excel(plan)
    rows = optalloc.regret_matrix(source, [plan], jobs=1)["Regrets"]
    own = rows[rows["plan"] == str(plan)]
    assert own["status"].tolist() == ["continued", "continued"]
    assert own["cost"].tolist() == pytest.approx([150, 150])


def test_what_has_no_regrets() -> None:
    with pytest.raises(OptallocError, match="no scenarios"):
        optalloc.regret_matrix("inputs/first")
