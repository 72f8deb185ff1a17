"""Plans on scenarios that they were not made for, on workbooks that are solved by hand."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import optalloc
from optalloc.analysis.futures.out_of_sample import IMPLEMENTABLE, OPTIMISTIC, out_of_sample
from optalloc.analysis.futures.sample_tables import interval
from optalloc.errors import InputError, OptallocError
from tests.books import Book, write
from tests.command import optalloc_says
from tests.dask_cluster import dask
from tests.plan.test_policy import newsvendor, uncertain, waiting
from tests.plan.test_policy import site as site_of

DAY = "2028-01-01"
RANGE = {"uncertainty": "demand", "sheet": "Demand", "rows": "period=Y2", "column": "it_mw",
         "operation": "add", "low": -20, "mode": 0, "high": 40, "revealed": DAY}  # fmt: skip


def plan_of(made: Book, folder: Path, **options: Any) -> tuple[Path, Path]:
    """The workbook and its plan."""
    source = write(made, folder)
    path = folder.with_suffix(".xlsx")
    optalloc.solve(source, **options).to_excel(path)
    return source, path


def others(made: Book, folder: Path, year: str, *ways: tuple[float, float]) -> Path:
    """The workbook with other outcomes of demand: probability, and what is added to a year."""
    made["Uncertainties"] = [
        {"uncertainty": "demand", "outcome": f"o{k}", "probability": p, "revealed": DAY}
        for k, (p, _) in enumerate(ways)
    ]
    change = {"uncertainty": "demand", "sheet": "Demand", "rows": f"period={year}"}
    change |= {"column": "it_mw", "operation": "add"}
    made["Outcomes"] = [
        change | {"outcome": f"o{k}", "value": mw} for k, (_, mw) in enumerate(ways) if mw
    ]
    return write(made, folder)


def row(found: optalloc.Findings, plan: Path, rest: str, table: str = "OutOfSample") -> pd.Series:
    frame = found[table].set_index(["plan", "rest"])
    return frame.loc[(str(plan), rest)]


@pytest.mark.long
def test_the_newsvendor_meets_other_demand(tmp_path: Path) -> None:
    """Proves: 50 MW are built for 50 and 3 a MW is paid for what is unmet. Demand of 40 (1/4), 60
    (1/2) and 110 (1/4) costs 50, 80 and 230: 110 on average. The plan of the expected figures, 62.5
    MW, builds 60: 60, 60 and 210, 97.5, so 12.5 less. Nothing can be done later."""
    source, plan = plan_of(newsvendor(), tmp_path / "book")
    certain = newsvendor()
    certain["Demand"][1]["it_mw"] = 62.5
    del certain["Uncertainties"], certain["Outcomes"]
    _, mean = plan_of(certain, tmp_path / "mean")
    new = others(newsvendor(), tmp_path / "new", "Y2", (0.25, -10), (0.5, 10), (0.25, 60))
    found = out_of_sample([plan, mean], source, scenarios=new, jobs=1)
    for rest in (OPTIMISTIC, IMPLEMENTABLE):
        assert row(found, plan, rest)["mean"] == pytest.approx(110)
        assert row(found, mean, rest)["mean"] == pytest.approx(97.5)
        assert row(found, plan, rest)["greatest"] == pytest.approx(230)
        assert row(found, plan, rest)[["without_plan", "undecided"]].tolist() == [0, 0]
        # All scenarios that there are: no error of sampling.
        assert np.isnan(row(found, plan, rest)["at_least"])
        apart = row(found, plan, rest, "Differences")
        assert (apart["other"], apart["difference"]) == (str(mean), pytest.approx(12.5))
    sample = found["Sample"].query(f"rest == '{OPTIMISTIC}'")
    assert sample["cost"].tolist()[:3] == pytest.approx([50, 80, 230])


@pytest.mark.slow
def test_common_draws_and_their_intervals(tmp_path: Path) -> None:
    """Proves: each draw costs what its demand costs by hand, for both plans; mean and interval are
    those of the draws; the difference has the interval of the differences."""
    made = newsvendor()
    made["Ranges"] = [RANGE]
    source, plan = plan_of(made, tmp_path / "book")
    more = newsvendor()
    more["Workloads"][0]["unmet_penalty_per_mw_year"] = 4.1
    _, high = plan_of(more, tmp_path / "more")
    found = out_of_sample([plan, high], source, draws=4, seed=5, jobs=1)
    sample = found["Sample"]
    own = {
        path: sample[(sample["plan"] == str(path)) & (sample["rest"] == OPTIMISTIC)]
        for path in (plan, high)
    }
    # Of 50 built for 50, and of 100 built for 100: demand follows from the first where it is more.
    one, two = own[plan]["cost"].to_numpy(), own[high]["cost"].to_numpy()
    demand = 50 + (one - 50) / 3
    assert two == pytest.approx(100 + 3 * np.maximum(demand - 100, 0))
    assert (one >= 50 - 1e-6).all()
    assert len(np.unique(one.round(6))) > 1
    mean = row(found, plan, OPTIMISTIC)
    low_high = stats.ttest_1samp(one, 0).confidence_interval(0.95)
    assert mean["mean"] == pytest.approx(one.mean())
    assert tuple(mean[["at_least", "at_most"]]) == pytest.approx(tuple(low_high))
    apart = row(found, plan, OPTIMISTIC, "Differences")
    low_high = stats.ttest_rel(one, two).confidence_interval(0.95)
    assert tuple(apart[["at_least", "at_most"]]) == pytest.approx(tuple(low_high))


@pytest.mark.slow
def test_the_nearest_branch_is_followed(tmp_path: Path) -> None:
    """Proves: F is built at 1.3 a MW in blocks of 50 if 100 MW come, nothing if none. Of 60 MW, a plan
    that knows all builds 100 as well; 10 MW are nearer to none, where nothing is built: no plan.
    40 MW are nearer to none too, and 50 would do: 65."""
    source, plan = plan_of(waiting(), tmp_path / "book")
    new = others(waiting(), tmp_path / "new", "Y3", (0.25, 0), (0.25, 60), (0.25, 10), (0.25, 40))
    found = out_of_sample([plan], source, scenarios=new, jobs=1)
    costs = found["Sample"].pivot(index="scenario", columns="rest", values="cost")
    assert costs[OPTIMISTIC].tolist() == pytest.approx([0, 130, 65, 65])
    assert costs[IMPLEMENTABLE].tolist() == pytest.approx([0, 130, np.nan, np.nan], nan_ok=True)
    branches = found["Sample"].query(f"rest == '{IMPLEMENTABLE}'")["branch"].tolist()
    assert branches == ["demand=none", "demand=some", "demand=none", "demand=none"]
    assert row(found, plan, OPTIMISTIC)["mean"] == pytest.approx(65)
    lost = row(found, plan, IMPLEMENTABLE)
    assert lost["without_plan"] == 2
    assert np.isnan(lost["mean"])
    assert lost["mean_of_others"] == pytest.approx(65)
    said = next(one for one in found.sentences if "no continuation" in one)
    assert "2 of 4 scenarios (demand=o2, demand=o3)" in said


@pytest.mark.slow
def test_a_plan_that_cannot_be_continued_is_counted(tmp_path: Path) -> None:
    """Proves: 50 MW, built by a plan for 50 MW that must be met, do not meet 60: counted and named; the
    other plan, of 60, has a mean, and both are compared where both have a plan: 10 less."""

    def certain(mw: float) -> Book:
        made = uncertain(site_of("N", 1.0, 100, block_mw=10), base=(0, mw), futures={}, revealed={})
        return {name: rows for name, rows in made.items() if rows}

    source, plan = plan_of(certain(50), tmp_path / "book")
    _, sixty = plan_of(certain(60), tmp_path / "sixty")
    new = others(certain(50), tmp_path / "new", "Y2", (0.5, 0), (0.5, 10))
    found = out_of_sample([plan, sixty], source, scenarios=new, jobs=1)
    lost = row(found, plan, OPTIMISTIC)
    assert lost["without_plan"] == 1
    assert np.isnan(lost["mean"])
    assert row(found, sixty, OPTIMISTIC)["mean"] == pytest.approx(60)
    apart = row(found, plan, OPTIMISTIC, "Differences")
    assert apart[["scenarios", "left_out"]].tolist() == [1, 1]
    assert apart["difference"] == pytest.approx(-10)


@pytest.mark.slow
def test_what_a_plan_does_is_not_cut_off_by_less_need(tmp_path: Path) -> None:
    """Proves: 100 MW that are held are not too many where 20 come; they cost what they cost."""
    made = newsvendor()
    made["Workloads"][0]["unmet_penalty_per_mw_year"] = 4.1
    source, plan = plan_of(made, tmp_path / "book")
    new = others(newsvendor(), tmp_path / "new", "Y2", (0.5, -30), (0.5, -50))
    found = out_of_sample([plan], source, scenarios=new, jobs=1)
    assert found["Sample"]["cost"].tolist() == pytest.approx([100] * 4)


def test_drawn_scenarios_count_as_often_as_they_were_drawn() -> None:
    values, weights = np.array([2.0, 8.0]), np.array([0.75, 0.25])
    mean, low, high = interval(values, weights, 8)
    again = stats.ttest_1samp([2.0] * 6 + [8.0] * 2, 0).confidence_interval(0.95)
    assert (mean, low, high) == pytest.approx((3.5, *again))
    assert interval(np.array([4.0, 4.0]), np.array([0.5, 0.5]), 2) == (4, 4, 4)
    assert np.isnan(interval(values, weights, None)[1:]).all()


@pytest.mark.slow
def test_the_command_line_tests_plans(tmp_path: Path) -> None:
    made = newsvendor()
    made["Ranges"] = [RANGE]
    source, plan = plan_of(made, tmp_path / "book")
    out = tmp_path / "test.xlsx"
    words = ("futures", "test", plan, "--book", source, "--draws", 3, "--jobs", 1, "--out", out)
    run = optalloc_says(*words, "--json")
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    assert {one["scenarios"] for one in told["tables"]["OutOfSample"]} == {3}
    assert out.is_file()


@pytest.mark.long
def test_what_cannot_be_tested(tmp_path: Path) -> None:
    source, plan = plan_of(newsvendor(), tmp_path / "book")
    with pytest.raises(InputError, match="range-missing"):
        out_of_sample([plan], source, draws=3)
    with pytest.raises(OptallocError, match="how many scenarios"):
        out_of_sample([plan], source)
    with pytest.raises(OptallocError, match="named twice"):
        out_of_sample([plan, plan], source, draws=3)
    with pytest.raises(OptallocError, match="name a plan"):
        out_of_sample([], source, draws=3)
    # Another tree: what the plan does now can be held, but no branch of it is known.
    made = newsvendor()
    made["Uncertainties"][0]["outcome"] = "lower"
    other = write(made, tmp_path / "other")
    found = out_of_sample([plan], other, scenarios=source, jobs=1)
    assert set(found["Sample"]["rest"]) == {OPTIMISTIC}
    assert "none of its branches could be followed" in found.sentences[-1]


def ways(folder: Path) -> tuple[Path, Path, Path]:
    """The newsvendor's workbook, its plan, and a workbook with three other demands."""
    new = others(newsvendor(), folder / "new", "Y2", (0.25, -10), (0.5, 10), (0.25, 60))
    return *plan_of(newsvendor(), folder / "book"), new


@pytest.mark.long
def test_two_processes_find_what_one_does(tmp_path: Path) -> None:
    """Proves: the same costs, in the order of the scenarios, and as many steps are told of."""
    source, plan, new = ways(tmp_path)
    told: dict[int, list[int]] = {1: [], 2: []}

    def costs(jobs: int) -> pd.DataFrame:
        def on_step(_: str, done: int, total: int) -> None:
            told[jobs].append(done)
            assert total == 6

        found = out_of_sample([plan], source, scenarios=new, jobs=jobs, on_step=on_step)
        return found["Sample"][["rest", "scenario", "cost", "status"]]

    pd.testing.assert_frame_equal(costs(1), costs(2))
    assert told[1] == told[2] == [1, 2, 3, 4, 5, 6]


@pytest.mark.slow
def test_a_cluster_finds_what_one_process_does(tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    source, plan, new = ways(tmp_path)
    with dask(tmp_path, workers=2, threads=1) as address:
        far = out_of_sample([plan], source, scenarios=new, cluster=address)
    near = out_of_sample([plan], source, scenarios=new, jobs=1)
    pd.testing.assert_frame_equal(far["Sample"], near["Sample"])


@pytest.mark.long
def test_a_process_that_is_killed_costs_one_scenario(
    tmp_path: Path,
) -> None:
    """Proves: the scenario at work is undecided, a sentence says why, and the others have their costs."""
    source, plan, new = ways(tmp_path)
    killed: list[int] = []

    def kill_one(*_: object) -> None:
        for process in multiprocessing.active_children():
            if not killed and process.pid is not None:
                os.kill(process.pid, signal.SIGKILL)
                killed.append(process.pid)

    found = out_of_sample([plan], source, scenarios=new, jobs=2, on_step=kill_one)
    sample = found["Sample"]
    assert len(killed) == 1
    lost = sample["status"] == "undecided"
    assert lost.sum() <= 1
    assert sample.loc[~lost, "cost"].notna().all()
    assert sum("was not solved" in one for one in found.sentences) == lost.sum()


def test_what_was_tested_by_ctrl_c_is_kept(tmp_path: Path) -> None:
    """Proves: stopped in the second test, the first has its mean, and a sentence says so."""
    source, plan, new = ways(tmp_path)

    def on_step(_: str, done: int, __: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    found = out_of_sample([plan], source, scenarios=new, jobs=1, on_step=on_step)
    assert found["OutOfSample"]["rest"].tolist() == [OPTIMISTIC]
    assert row(found, plan, OPTIMISTIC)["mean"] == pytest.approx(110)
    assert found.sentences[0] == "It was stopped: what follows is of 1 of 2 tests."
