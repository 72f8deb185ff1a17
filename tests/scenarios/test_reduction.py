"""Fewer scenarios: selection by hand, and by what decisions cost in a workbook."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import optalloc
from optalloc.analysis.futures.reduced import first_decision_costs, reduce_scenarios
from optalloc.data.validate import check
from optalloc.errors import OptallocError
from optalloc.mip.outcome import Options
from optalloc.modelling.futures import futures
from optalloc.scenarios.reduction import cost_distances, forward_selection
from tests.books import Book, write
from tests.plan.test_policy import fire, newsvendor, room, site, uncertain

MODEL = optalloc.load_model()
DAY = "2028-01-01"


def test_selection_by_hand() -> None:
    """Proves: on a line at 0, 1, 5 and 9 with probabilities 0.1, 0.3, 0.3 and 0.3 the first kept is 5:
    0.1 x 5 + 0.3 x 4 + 0.3 x 4 = 2.9, against 3.7 from 1. Then 1 (1.3) rather than 0 (1.5) or 9 (1.7).
    0 moves to 1 and 9 to 5: 0.1 x 1 + 0.3 x 4 = 1.3."""
    at = np.array([0.0, 1.0, 5.0, 9.0])
    p = np.array([0.1, 0.3, 0.3, 0.3])
    apart = np.abs(at[:, None] - at[None, :])
    one = forward_selection(p, apart, 1)
    assert (one.kept, one.distance) == ((2,), pytest.approx(2.9))
    two = forward_selection(p, apart, 2)
    assert two.kept == (2, 1)
    assert two.distance == pytest.approx(1.3)
    assert two.nearest.tolist() == [1, 1, 2, 2]
    assert two.probability.tolist() == pytest.approx([0, 0.4, 0.6, 0])
    every = forward_selection(p, apart, 4)
    assert sorted(every.kept) == [0, 1, 2, 3]
    assert every.probability.tolist() == pytest.approx(p.tolist())
    assert every.distance == 0.0


def test_what_has_no_continuation_is_infinitely_far() -> None:
    """Proves: probability moves over an infinite distance only where nothing else is left to do, and
    two scenarios in which the same plan has no continuation are not apart for that."""
    costs = np.array([[10.0, 20.0], [np.inf, 21.0], [np.inf, 24.0]])
    apart = cost_distances(costs)
    assert apart.tolist() == [[0, np.inf, np.inf], [np.inf, 0, 3], [np.inf, 3, 0]]
    p = np.array([0.2, 0.3, 0.5])
    assert forward_selection(p, apart, 1).kept == (2,)
    assert np.isinf(forward_selection(p, apart, 1).distance)
    two = forward_selection(p, apart, 2)
    assert sorted(two.kept) == [0, 2]
    assert two.distance == pytest.approx(0.9)


@pytest.mark.parametrize("seed", range(5))
def test_the_distance_bounds_the_expected_cost_of_each_plan(seed: int) -> None:
    rng = np.random.default_rng(seed)
    costs = rng.uniform(0, 100, (12, 7))
    p = rng.dirichlet(np.ones(12))
    for count in (1, 4, 11):
        found = forward_selection(p, cost_distances(costs), count)
        assert found.probability.sum() == pytest.approx(1, abs=1e-12)
        assert (found.probability > 0).sum() == len(set(found.kept)) == count
        assert (np.abs(found.probability @ costs - p @ costs) <= found.distance + 1e-9).all()


def vendor(*ways: tuple[float, float]) -> Book:
    """The newsvendor with probabilities of demand, and what is added to its 50 MW."""
    made = newsvendor()
    made["Uncertainties"] = [
        {"uncertainty": "demand", "outcome": f"o{k}", "probability": p, "revealed": DAY}
        for k, (p, _) in enumerate(ways)
    ]
    change = {"uncertainty": "demand", "sheet": "Demand", "rows": "period=Y2"}
    change |= {"column": "it_mw", "operation": "add"}
    made["Outcomes"] = [
        change | {"outcome": f"o{k}", "value": mw} for k, (_, mw) in enumerate(ways) if mw
    ]
    return made


@pytest.mark.long
def test_costs_under_first_decisions_by_hand(tmp_path: Path) -> None:
    """Proves: with 50 built the newsvendor pays 50 and 200, with 100 built 100 and 100. Where all demand
    must be met, 50 built cannot be continued where 100 come."""
    expected = {3: [[50, 100], [200, 100]], None: [[50, 100], [np.inf, 100]]}
    for penalty, by_hand in expected.items():
        made = vendor((0.75, 0), (0.25, 50))
        made["Workloads"][0]["unmet_penalty_per_mw_year"] = penalty
        source = write(made, tmp_path / str(penalty))
        data = optalloc.validate(optalloc.read_workbook(source), MODEL)
        tree = MODEL.scenario_tree(data)
        assert tree is not None
        base = optalloc.build(data, MODEL)
        costs = first_decision_costs(
            futures(base, optalloc.compile_program(base), tree), Options(gap=0, threads=1)
        )
        assert costs.tolist() == [pytest.approx(row) for row in by_hand]


def under_each_other(made: Book, folder: Path) -> list[list[float]]:
    """Costs of each scenario under the first decisions of each one's own best plan."""
    data = optalloc.validate(optalloc.read_workbook(write(made, folder)), MODEL)
    tree = MODEL.scenario_tree(data)
    assert tree is not None
    base = optalloc.build(data, MODEL)
    scenarios = futures(base, optalloc.compile_program(base), tree)
    costs: list[list[float]] = first_decision_costs(scenarios, Options(gap=0, threads=1)).tolist()
    return costs


def test_a_scenario_alone_has_its_own_room(tmp_path: Path) -> None:
    """Proves: with room for 100 at N alone 60 cost 60, and where it has room for 40 there is no
    continuation of that. 40 and 20 at F cost 140 in both."""
    wide, narrow = under_each_other(room(), tmp_path)
    assert wide == pytest.approx([60, 140])
    assert narrow == pytest.approx([np.inf, 140])


def test_operations_are_no_first_decisions(tmp_path: Path) -> None:
    """Proves: 40 stand, or 10, and 5 per MW are unmet in Y1. Alone the first costs nothing, and with
    the 30 that the second begins 30; the second costs 150 and 30, or 300 where nothing is begun
    for Y2 before it is known, and no more than that though 40 were served in the first."""
    spared, hit = under_each_other(fire(40, 40), tmp_path)
    assert spared == pytest.approx([0, 30])
    assert hit == pytest.approx([300, 180])


@pytest.mark.slow
def test_equal_scenarios_merge_first_and_change_nothing(tmp_path: Path) -> None:
    """Proves: of demand 50 and three times 100 two scenarios are kept, at 0.7 and 0.3, and the optimal
    policy costs what it cost: 50 + 0.3 x 150."""
    made = vendor((0.7, 0), (0.05, 50), (0.15, 50), (0.1, 50))
    source, out = write(made, tmp_path / "book"), tmp_path / "out"
    found = reduce_scenarios(source, 2, out)
    assert check(optalloc.read_workbook(out), MODEL)[0]["Scenarios"]["probability"].sum() == 1
    kept = pd.read_csv(out / "Scenarios.csv")
    assert sorted(kept["probability"].round(12)) == [0.3, 0.7]
    assert found["Reduction"]["distance"].max() == pytest.approx(0, abs=1e-9)
    assert optalloc.solve(source).cost == pytest.approx(95)
    assert optalloc.solve(out).cost == pytest.approx(95)
    # Reduced again, the sheet Scenarios is replaced.
    reduce_scenarios(out, 1, tmp_path / "one")
    assert pd.read_csv(tmp_path / "one" / "Scenarios.csv")["probability"].dropna().tolist() == [1]


def test_what_cannot_be_reduced(tmp_path: Path) -> None:
    source = write(newsvendor(), tmp_path / "book")
    for to in (0, 2, 5):
        with pytest.raises(OptallocError, match="has 2 scenarios"):
            reduce_scenarios(source, to, tmp_path / "out")
    made = uncertain(site("N", 1.0, 100), base=(0, 50), futures={}, revealed={})
    certain = write({name: rows for name, rows in made.items() if rows}, tmp_path / "certain")
    with pytest.raises(OptallocError, match="has 0 scenarios"):
        reduce_scenarios(certain, 1, tmp_path / "out")
    assert not (tmp_path / "out").exists()
