"""Wrong answers of runs, from made-up results: each is named with its reason, and nothing else is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from optalloc.analysis.bench.answers import Known, best_plans, read_known, wrong_answers
from optalloc.errors import OptallocError
from tests.analysis.bench_runs import INF, row

NONE = {"objective": INF, "bound": INF, "gap": INF, "stop_reason": "infeasible"}
PROVEN = {"objective": 100.0, "bound": 100.0, "gap": 0.0}


def wrong(*runs: dict[str, Any], **known: Known) -> list[tuple[str, str, str]]:
    """Route, answer and reason of each wrong answer."""
    found = wrong_answers(pd.DataFrame(runs), known)
    columns = found[["route", "answer", "reason"]]
    return [*columns.itertuples(index=False, name=None)]


def test_answers_that_agree_are_not_named() -> None:
    """Proves: two plans between their bounds, and two proofs that differ by less than the tolerance
    (1e-5 of the cost), are in order; so is a run without a plan."""
    assert wrong(row("i", "a", 1.0), row("i", "b", 1.0, objective=99.8, bound=99.7)) == []
    assert (
        wrong(row("i", "a", 1.0, **PROVEN), row("i", "b", 1.0, objective=100.0005, bound=100)) == []
    )
    assert wrong(row("i", "a", 1.0), row("i", "b", 9.0, objective=INF, bound=-INF)) == []
    assert wrong(row("i", "a", 1.0), row("j", "a", 1.0, objective=9.0, bound=9.0)) == []


def test_a_plan_that_violates_rows_is_named_and_refutes_nothing() -> None:
    """Proves: a violation of 1e-5 of a row's size, an integer column 1e-3 from an integer, and a
    failed audit are each named. The plan counts against no bound. Sensitivity: up to the tolerance it
    is in order, and then the bound above it is wrong."""
    good = row("i", "a", 1.0, **PROVEN)
    for change, words in (
        ({"row_violation": 1e-5}, "it violates a row or a bound by 1e-05"),
        ({"integrality": 1e-3}, "an integer column is 0.001 from an integer"),
        ({"audit_passed": False, "note": "cost at total"}, "its audit failed: cost at total"),
    ):
        bad = row("i", "b", 1.0, objective=90.0, bound=80.0, **change)
        ((route, answer, reason),) = wrong(good, bad)
        assert (route, answer) == ("b", "plan 90") and words in reason
    fine = row("i", "b", 1.0, objective=90.0, bound=80.0, row_violation=9e-7)
    assert {route for route, _, _ in wrong(good, fine)} == {"a", "b"}


def test_a_bound_above_another_plan_names_both() -> None:
    """Proves: the bound and the plan that contradict each other are named, each with the other."""
    high = row("i", "a", 1.0, objective=101.0, bound=100.5)
    low = row("i", "b", 1.0, objective=99.0, bound=98.0, solver_seed=3)
    assert wrong(high, low) == [
        ("a", "bound 100.5", "it lies above the plan of b (seed 3), 99"),
        ("b", "plan 99", "it costs less than the bound of a (seed 0), 100.5"),
    ]


def test_two_proven_optima_that_differ_are_named() -> None:
    """Proves: both are named as optima."""
    assert wrong(row("i", "a", 1.0, **PROVEN), row("i", "b", 1.0, objective=98.0, bound=98.0)) == [
        ("a", "optimum 100", "b (seed 0) proved another, 98"),
        ("b", "optimum 98", "a (seed 0) proved another, 100"),
    ]


def test_infeasible_beside_a_plan_names_both() -> None:
    """Proves: one says there is no plan and the other has one. Sensitivity: two that agree do not."""
    assert wrong(row("i", "a", 1.0, **NONE), row("i", "b", 1.0)) == [
        ("a", "infeasible", "b (seed 0) has a plan of 100"),
        ("b", "plan 100", "a (seed 0) says that there is none"),
    ]
    assert wrong(row("i", "a", 1.0, **NONE), row("i", "b", 1.0, **NONE)) == []


def test_answers_are_held_against_what_is_known() -> None:
    """Proves: of a known optimum of 100, a bound of 100.2 and a plan of 99.8 are wrong, and so is
    infeasible; of an instance known to be infeasible, a plan is."""
    optimum, none = Known(100.0, 100.0), Known(INF, INF)
    assert wrong(row("i", "a", 1.0), i=optimum) == []
    assert wrong(row("i", "a", 1.0, objective=100.4, bound=100.2), i=optimum) == [
        ("a", "bound 100.2", "it lies above the best plan known, 100")
    ]
    assert wrong(row("i", "a", 1.0, objective=99.8, bound=99.0), i=optimum) == [
        ("a", "plan 99.8", "it costs less than the best bound known, 100")
    ]
    assert wrong(row("i", "a", 1.0, **NONE), i=optimum) == [
        ("a", "infeasible", "a plan of 100 is known")
    ]
    ((_, _, reason),) = wrong(row("i", "a", 1.0), i=none)
    assert reason == "the instance is known to be infeasible"
    assert wrong(row("i", "a", 1.0, **NONE), i=none) == []


def test_a_file_that_maximises_is_named_in_its_own_sense() -> None:
    """Proves: costs of -785 stand for 785, and a known optimum of 785 is turned round, too."""
    run = row("i", "a", 1.0, objective=-785.0, bound=-785.0, gap=0.0, maximised=True)
    assert wrong(run, i=Known(785.0, 785.0).minimised(maximised=True)) == []
    worse = {**run, "bound": -780.0, "objective": -770.0, "gap": 0.01}
    assert wrong(worse, i=Known(785.0, 785.0).minimised(maximised=True)) == [
        ("a", "bound 780", "it lies above the best plan known, 785")
    ]


def test_the_best_plan_is_a_sound_one() -> None:
    """Proves: a plan that violates rows is not what others are measured by; what is known is."""
    runs = pd.DataFrame([row("i", "a", 1.0), row("i", "b", 1.0, objective=90.0, row_violation=0.1)])
    assert best_plans(runs, {}) == {"i": 100.0}
    assert best_plans(runs, {"i": Known(95.0), "j": Known()}) == {"i": 95.0}


def test_what_is_known_is_read_from_a_file(tmp_path: Path) -> None:
    """Proves: blanks are not known; a missing column, a word for a number and a missing file are said."""
    path = tmp_path / "known.csv"
    path.write_text("instance,objective,bound,by\na,1,1,x\nb,,2.5,\nc,,inf,\n")
    assert read_known(path) == {"a": Known(1.0, 1.0), "b": Known(INF, 2.5), "c": Known(INF, INF)}
    for text, words in (
        ("instance,objective\n", "no bound"),
        ("instance,objective,bound\na,x,1\n", "numbers"),
    ):
        path.write_text(text)
        with pytest.raises(OptallocError, match=words):
            read_known(path)
    with pytest.raises(OptallocError, match="cannot be read"):
        read_known(tmp_path / "none.csv")
