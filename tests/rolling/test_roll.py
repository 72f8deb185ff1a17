"""Plans made again and again, on workbooks that are rolled by hand.

Years from 2027-01-01, nothing discounted, no residual value. Cost in M.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import optalloc
from optalloc.errors import InputError, OptallocError
from tests.analysis.test_out_of_sample import RANGE
from tests.books import Book, book, demand, write, years
from tests.command import optalloc_says
from tests.paths import ROOT
from tests.plan.test_policy import newsvendor, site, uncertain, waiting

DAY = "2028-01-01"
# Two years from commitment to service.
_LONG = {"site_lead_months": 0, "block_lead_months": 24}


def policies(found: optalloc.RollResult) -> pd.DataFrame:
    return found["Policies"].set_index("policy")


def by_future(found: optalloc.RollResult) -> dict[str, list[float]]:
    """Costs of each policy, future by future."""
    frame = found["CostsByFuture"]
    names = [name for name in ("certain", "futures", "foresight") if name in frame]
    return {name: frame[name].tolist() for name in names}


def waited(folder: Path, **options: Any) -> optalloc.RollResult:
    return optalloc.roll(folder / "book", look_ahead=36, jobs=1, out=folder / "out", **options)


def growing(small_cost: float = 1.0) -> Book:
    """50 MW in Y2, 200 in Y3; Small has no fixed cost, Big 50 and then half the cost."""
    return book(
        Periods=years(3),
        Sites=[site("Small", small_cost, 300), site("Big", 0.5, 300, site_cost=50)],
        Demand=demand(0, 50, 200),
        Network=[{"site": s, "region": "R", "latency_ms": 10} for s in ("Small", "Big")],
    )


def sighted(folder: Path, **options: Any) -> optalloc.RollResult:
    return optalloc.roll(folder / "book", look_ahead=24, jobs=1, out=folder / "out", **options)


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, optalloc.RollResult]:
    """The growing demand, rolled each year with two years in sight."""
    folder = tmp_path_factory.mktemp("short")
    write(growing(), folder / "book")
    return folder, sighted(folder)


@pytest.mark.long
def test_short_sight_costs_what_it_costs(short: tuple[Path, optalloc.RollResult]) -> None:
    """Proves: who looks two years ahead in Y1 sees 50 MW, for which Small is cheaper (50 against 75);
    a year later 150 more are cheaper at Big, 50 + 75: 175 in all, where Big alone had been 50 + 100.
    What was known by then was regretted: Small in Y1. The third plan is the second, which saw all.
    Sensitivity: with the horizon in sight it costs 150, as `solve` does."""
    _, found = short
    told = policies(found).loc["certain"]
    assert told[["mean", "above", "foresight"]].tolist() == pytest.approx([175, 25, 150])
    assert found["Replans"]["cost"].tolist() == pytest.approx([50, 175, 175])
    assert "25 M more than perfect foresight" in found.sentences[1]
    starts = found["Regretted"].query("action == 'start building'").set_index(["subject", "period"])
    assert starts["mw"].to_dict() == pytest.approx({("Small", "Y1"): 50})


@pytest.mark.long
def test_a_roll_that_is_resumed_is_the_same(short: tuple[Path, optalloc.RollResult]) -> None:
    """Proves: one of two cases is lost, and it alone is rolled again, to the same figures; without a
    word on those that are there nothing is overwritten."""
    folder, found = short
    with pytest.raises(OptallocError, match="2 finished cases"):
        sighted(folder)
    next((folder / "out" / "cases").glob("*.zip")).unlink()
    reported: list[tuple[int, int, int]] = []
    again = sighted(folder, resume=True, on_case=lambda *figures: reported.append(figures))
    assert reported == [(1, 0, 2), (2, 0, 2)]
    for name, frame in found.tables.items():
        figures = [column for column in frame if column != "seconds"]
        pd.testing.assert_frame_equal(frame[figures], again[name][figures])


@pytest.mark.long
def test_page_and_workbook(short: tuple[Path, optalloc.RollResult]) -> None:
    folder, found = short
    page = (folder / "out" / "roll.html").read_text("utf-8")
    for words in ("What each policy costs", "More than perfect foresight", found.sentences[1]):
        assert words in page
    sheets = pd.read_excel(folder / "out" / "roll.xlsx", sheet_name=None, engine="openpyxl")
    assert {"Explanation", "Policies", "CostsByFuture", "Regretted", "Replans"} <= set(sheets)
    told = json.loads(json.dumps(found.to_dict()))
    assert (told["every_months"], told["look_ahead_months"]) == (12, 24)
    assert len(told["tables"]["RolledFutures"]) == 1


@pytest.fixture(scope="module")
def rolled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, optalloc.RollResult]:
    """Case 2 rolled by both policies: N takes 24 months at 1.0, F 6 + 6 at 1.3, in blocks of 50."""
    folder = tmp_path_factory.mktemp("waiting")
    write(waiting(), folder / "book")
    return folder, waited(folder)


@pytest.mark.slow
def test_waiting_pays_a_policy_that_knows_of_the_futures(
    rolled: tuple[Path, optalloc.RollResult],
) -> None:
    """Proves: of 100 MW or none in Y3 50 are expected, and N is begun for them at 50: if all 100 come F
    adds 50 at 1.3, 115 in all; if none come 50 are lost. All futures in view, nothing is begun until it
    is known: 130 or 0. Had it been known: N for 100, or 0. Sensitivity: futures costs 82.5 as certain
    does if the tree is not seen."""
    _, found = rolled
    assert by_future(found)["certain"] == pytest.approx([115, 50])
    assert by_future(found)["futures"] == pytest.approx([130, 0])
    assert by_future(found)["foresight"] == pytest.approx([100, 0])
    told = policies(found)
    assert told["mean"].to_dict() == pytest.approx({"certain": 82.5, "futures": 65})
    for bound in ("above", "above_at_least", "above_at_most"):
        assert told[bound].to_dict() == pytest.approx({"certain": 32.5, "futures": 15})
    assert found["Differences"].iloc[0]["difference"] == pytest.approx(-17.5)


@pytest.mark.slow
def test_what_was_regretted_and_how_plans_changed(
    rolled: tuple[Path, optalloc.RollResult],
) -> None:
    """Proves: if none come the 50 MW of N are regretted, half of the futures; if all come foresight
    begins N at once and not F a year later. What is known on each day is said; on the last nothing
    is left to do. The policy had F for 2028 in view, which is dropped where nothing comes."""
    _, found = rolled
    frame = found["Regretted"]
    starts = frame[frame["action"] == "start building"]
    certain = starts[starts["policy"] == "certain"].set_index(["subject", "period"])
    assert certain["mw"].to_dict() == {("N", "Y1"): 50, ("F", "Y2"): 50}
    assert certain["futures"].tolist() == [1, 1]
    assert certain["share"].tolist() == [0.5, 0.5]
    replans = found["Replans"].set_index(["policy", "future", "day"])
    second = replans.loc[("futures", "demand=none", pd.Timestamp(DAY))]
    assert second["known"] == "demand=none"
    assert second["looks_until"] == pd.Timestamp("2031-01-01")
    assert second["cost"] == pytest.approx(0)
    assert (replans.xs(pd.Timestamp("2029-01-01"), level="day")["due"] == 0).all()
    come = replans.loc[("futures", "demand=some", pd.Timestamp(DAY))]
    assert (come["kept"], come["dropped"], come["added"]) == (2, 0, 0)
    # The start of F; that Porto is committed at no cost may stay.
    assert second["dropped"] >= 1


@pytest.mark.slow
def test_the_whole_horizon_in_sight_is_a_solve(tmp_path: Path) -> None:
    """Proves: with one future and the horizon in sight the roll is the plan; however often it is made,
    and in one go. Leads reach over several plans: what was begun stays."""
    source = write(growing(), tmp_path / "book")
    least = optalloc.solve(source).cost
    for every in (12, 24, 36, 7):
        found = optalloc.roll(source, every=every, look_ahead=36, jobs=1)
        told = policies(found).loc["certain"]
        assert told["mean"] == pytest.approx(least)
        assert told["above_at_most"] == pytest.approx(0, abs=1e-6)
    actions = optalloc.solve(source)["Actions"]
    done = found["RolledActions"].query("policy == 'certain'")
    assert done["subject"].tolist() == actions["subject"].tolist()


@pytest.mark.slow
def test_what_can_no_longer_be_met_is_told(tmp_path: Path) -> None:
    """Proves: who looks a year ahead, where building takes one, begins nothing in time: the second plan
    is impossible, and the roll says when and why. Sensitivity: with a penalty it pays 3 x 250."""
    source = write(growing(), tmp_path / "book")
    found = optalloc.roll(source, look_ahead=12, jobs=1)
    row = found["RolledFutures"].iloc[0]
    assert row["status"] == "infeasible"
    assert np.isnan(row["cost"])
    assert row["reason"].startswith("the plan made again on 2028-01-01: no plan meets every limit")
    assert np.isnan(policies(found).loc["certain", "mean"])
    assert policies(found).loc["certain", "without_plan"] == 1
    assert found["Replans"]["day"].tolist() == [pd.Timestamp("2027-01-01")]
    made = growing()
    made["Workloads"][0]["unmet_penalty_per_mw_year"] = 3
    paid = optalloc.roll(write(made, tmp_path / "paid"), look_ahead=12, jobs=1)
    assert policies(paid).loc["certain", "mean"] == pytest.approx(750)
    run = optalloc_says("roll", source, "--look-ahead", 12, "--out", tmp_path / "out")
    assert run.returncode == 4
    assert "the plan made again on 2028-01-01" in run.stdout


@pytest.mark.slow
def test_what_is_decided_again_is_told(tmp_path: Path) -> None:
    """Proves: racks are needed 18 months before service, and building takes 12. The plan of 2029 begins
    what serves in 2030, and orders racks for it in 2028, which is past: orders follow from what is
    built, and are not held. The roll says so. Sensitivity: made each year it orders in time."""
    made = book(
        Periods=years(4),
        Sites=[site("N", 1.0, 200, site_lead_months=12, block_lead_months=12)],
        Demand=demand(0, 0, 50, 100),
        Network=[{"site": "N", "region": "R", "latency_ms": 10}],
        EquipmentNeeds=[{"equipment": "racks", "units_per_mw": 1, "months_before_online": 18}],
        Suppliers=[{"supplier": "Ohm"}],
        Equipment=[
            {"equipment": "racks", "supplier": "Ohm", "period": f"Y{k}", "available_units": 99}
            for k in (1, 2, 3, 4)
        ],
    )
    source = write(made, tmp_path / "book")
    late = optalloc.roll(source, every=24, look_ahead=36, jobs=1)
    again = late["DecidedAgain"]
    assert again[["policy", "action", "period", "units"]].values.tolist() == [
        ["certain", "order equipment", "Y2", 50]
    ]
    assert "1 actions are not as they were decided" in late.sentences[-1]
    yearly = optalloc.roll(source, every=12, look_ahead=36, jobs=1)
    assert yearly["DecidedAgain"].empty


@pytest.mark.slow
def test_drawn_futures_cost_what_their_demand_costs(tmp_path: Path) -> None:
    """Proves: 62.5 MW are expected and 60 built; all futures in view 50 are. Of a demand d that is drawn
    later what is above costs 3 a MW. Foresight builds whole blocks of 10 unless paying is cheaper."""
    made = newsvendor()
    made["Ranges"] = [RANGE]
    found = optalloc.roll(write(made, tmp_path / "book"), draws=4, seed=5, look_ahead=24, jobs=2)
    frame = found["CostsByFuture"]
    assert frame["weight"].tolist() == [0.25] * 4
    d = 50 + (frame["futures"] - 50) / 3
    assert len(np.unique(d.round(6))) > 1
    assert frame["certain"].tolist() == pytest.approx((60 + 3 * (d - 60).clip(lower=0)).tolist())
    above = d[d > 50 + 1e-6]
    best = np.floor(above / 10) * 10 + np.minimum(3 * (above % 10), 10)
    assert frame.loc[above.index, "foresight"].tolist() == pytest.approx(best.tolist())
    told = policies(found).loc["futures"]
    assert told["mean_from"] < told["mean"] < told["mean_to"]


@pytest.mark.slow
def test_a_drawn_future_follows_the_nearest_branch_between_two_plans(tmp_path: Path) -> None:
    """Proves: the plan is made every two years, and demand is known after one. The policy builds F in
    the branch of 100 MW, and nothing in that of none: a demand above 50 follows the first, at 130, one
    below the second, which then has no plan. Sensitivity: made each year it knows the demand."""
    made = waiting()
    change = {**RANGE, "rows": "period=Y3", "low": 30, "mode": 50, "high": 70}
    made["Ranges"] = [change]
    source = write(made, tmp_path / "book")
    options: dict[str, Any] = {"draws": 4, "seed": 1, "look_ahead": 36, "policy": "futures"}
    frame = optalloc.roll(source, every=24, jobs=2, **options)["RolledFutures"]
    yearly = optalloc.roll(source, every=12, jobs=2, **options)["RolledFutures"]
    # Blocks of 50 at 1.3: one for a demand up to 50, two above.
    high = yearly["cost"] > 100
    assert sorted(yearly["cost"].round(6).unique()) == [65, 130]
    assert frame.loc[high, "cost"].tolist() == pytest.approx([130] * int(high.sum()))
    assert (frame.loc[~high, "status"] == "infeasible").all()
    assert frame.loc[~high, "reason"].str.contains("made again on 2029-01-01").all()


@pytest.mark.slow
def test_killed_and_resumed(tmp_path: Path) -> None:
    """Proves: a roll that is killed keeps its finished cases, and goes on to the same figures."""
    source, out = write(waiting(), tmp_path / "book"), tmp_path / "out"
    command = [sys.executable, "-m", "optalloc", "roll", str(source), "--look-ahead", "36"]
    command += ["--jobs", "1", "--out", str(out)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 300
    while not list((out / "cases").glob("*.zip")) and time.monotonic() < deadline:
        time.sleep(0.1)
    run.send_signal(signal.SIGKILL)
    run.wait()
    kept = len(list((out / "cases").glob("*.zip")))
    assert 1 <= kept < 6
    reported: list[tuple[int, int, int]] = []
    found = waited(tmp_path, resume=True, on_case=lambda *figures: reported.append(figures))
    assert reported[0] == (kept, 0, 6)
    assert by_future(found)["certain"] == pytest.approx([115, 50])
    assert by_future(found)["futures"] == pytest.approx([130, 0])


def test_wrong_and_absurd_input_all_at_once(tmp_path: Path) -> None:
    source = write(growing(), tmp_path / "book")
    words = ("--every", 0, "--look-ahead", -3, "--policy", "maybe", "--draws", 0)
    run = optalloc_says("roll", source, *words)
    assert run.returncode == 2
    for name in ("every must", "look-ahead must", "policy must be one of", "draws must"):
        assert name in run.stderr
    with pytest.raises(OptallocError, match="look-ahead must be no shorter than every"):
        optalloc.roll(source, every=24, look_ahead=12)
    with pytest.raises(OptallocError, match="nothing is uncertain in it"):
        optalloc.roll(source, policy="both")
    with pytest.raises(InputError, match="range-missing"):
        optalloc.roll(source, draws=2)
    with pytest.raises(OptallocError, match="gap must be"):
        optalloc.roll(source, gap=-1)


@pytest.mark.slow
def test_a_policy_learns_from_what_another_uncertainty_depends_on(tmp_path: Path) -> None:
    """Proves: 100 MW come in Y4, or none; that is known in Y3 and as good as known in Y2, when a law is
    passed (0.9) or not (0.1). N takes two years at 1.0 and 1 a year, F one at 1.3 and 0. With the law N is
    begun in Y2, 103 against 0.9 x 130; without it nothing is, and F in Y3 if they come all the same.
    Sensitivity: were demand even whatever the law, waiting would cost 65 and N never be begun."""

    def made(share: float) -> Book:
        case = uncertain(
            site("N", 1.0, 100, block_mw=50, fixed_cost_per_year=1, **_LONG),
            site("F", 1.3, 100, block_mw=50),
            base=(0, 0, 0, 0),
            futures={"law": {"passed": (0.5,), "failed": (0.5,)}},
            revealed={"law": DAY},
        )
        for law, some in (("passed", share), ("failed", 1 - share)):
            for outcome, probability in (("some", some), ("none", 1 - some)):
                row = {"uncertainty": "demand", "outcome": outcome, "revealed": "2029-01-01"}
                given = {"probability": probability, "given": f"law={law}"}
                case["Uncertainties"].append(row | given)
        row = {"uncertainty": "demand", "outcome": "some", "sheet": "Demand", "rows": "period=Y4"}
        case["Outcomes"].append(row | {"column": "it_mw", "operation": "add", "value": 100})
        return case

    options: dict[str, Any] = {"look_ahead": 48, "jobs": 1, "policy": "futures"}
    learned = optalloc.roll(write(made(0.9), tmp_path / "book"), **options)
    assert by_future(learned)["futures"] == pytest.approx([103, 103, 130, 0])
    assert by_future(learned)["foresight"] == pytest.approx([103, 0, 103, 0])
    assert policies(learned).loc["futures", "mean"] == pytest.approx(0.5 * 103 + 0.05 * 130)
    blind = optalloc.roll(write(made(0.5), tmp_path / "even"), **options)
    assert by_future(blind)["futures"] == pytest.approx([130, 0, 130, 0])


@pytest.mark.slow
def test_each_plan_has_the_attitude_of_the_workbook(tmp_path: Path) -> None:
    """Proves: whoever minds the worst future alone begins N for 100 at once, as F would cost 130 if they
    come. Sensitivity: by the mean nothing is begun until it is known, 130 or 0."""
    made = waiting()
    made["Attitude"] = [{"measure": "worst"}]
    found = waited_for(write(made, tmp_path / "book"))
    assert by_future(found)["futures"] == pytest.approx([100, 100])
    assert by_future(waited_for(write(waiting(), tmp_path / "mean")))["futures"] == pytest.approx(
        [130, 0]
    )


@pytest.mark.long
def test_each_plan_has_the_worst_slack_of_the_workbook(tmp_path: Path) -> None:
    """Proves: the least worst cost is 100, by N begun at once. Half as much again may be paid, 130 are
    within that, and waiting for F costs least on average: 130 or 0."""
    made = waiting()
    made["Attitude"] = [{"measure": "worst", "worst_slack": 0.5}]
    found = waited_for(write(made, tmp_path / "book"))
    assert by_future(found)["futures"] == pytest.approx([130, 0])


def waited_for(source: Path) -> optalloc.RollResult:
    return optalloc.roll(source, look_ahead=36, jobs=1, policy="futures")
