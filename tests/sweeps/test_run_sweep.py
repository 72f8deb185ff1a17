"""Sweeps solved: what cases cost, whoever solves them, and what is kept of them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import optalloc
from optalloc.errors import InputError, OptallocError
from optalloc.modelling.base import Base
from optalloc.scenarios.designs import Case
from optalloc.scenarios.overrides import Override, altered
from optalloc.scenarios.sheet import Operation
from optalloc.sweeps.case_key import Digests
from optalloc.sweeps.case_solver import CaseSolver
from optalloc.sweeps.messages import Finished, Status
from optalloc.sweeps.queue import CaseQueue, features
from optalloc.sweeps.store import Store
from tests import books
from tests.cli.test_main import optalloc_says
from tests.paths import INPUTS, ROOT

MINIMAL, TOY = INPUTS / "minimal", ROOT / "tests" / "toy"


def toml(folder: Path, *changes: str, design: str = "cases", **more: object) -> str:
    """A TOML file of one sweep, each change given as its lines."""
    head = [f'name = "s"\ndesign = "{design}"', *(f"{k} = {v}" for k, v in more.items())]
    path = folder / "s.toml"
    path.write_text("\n[[sweep.change]]\n".join(["[[sweep]]\n" + "\n".join(head), *changes]))
    return str(path)


def change(name: str, target: str, operation: str, values: str, rows: str = "") -> str:
    sheet, _, column = target.partition(".")
    return (
        f'name = "{name}"\nsheet = "{sheet}"\nrows = "{rows}"\ncolumn = "{column}"\n'
        f'operation = "{operation}"\nvalues = {values}\n'
    )


def toy(folder: Path, **cells: object) -> Path:
    """A workbook of the toy model."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = {"x1": 1, "x2": 2, "x3": 0.5} | cells
    lines = [f"{name},{value}" for name, value in rows.items()]
    (folder / "Inputs.csv").write_text("\n".join(["setting,value", *lines]) + "\n")
    return folder


# What cases cost ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def frontier(tmp_path_factory: pytest.TempPathFactory) -> tuple[optalloc.SweepResult, Path]:
    folder = tmp_path_factory.mktemp("frontier")
    limit = change("grid of Fjord", "GridZones.max_total_mw", "set", '[0, 65, 125, "(blank)"]')
    definition = toml(folder, limit, design="frontier")
    result = optalloc.sweep(MINIMAL, definition, jobs=1, out=folder / "out")
    return result, folder / "out"


@pytest.mark.long
def test_a_frontier_is_what_the_cases_solved_by_hand_say(
    frontier: tuple[optalloc.SweepResult, Path],
) -> None:
    """Proves: inputs/minimal/README.md: without North 1175, with its one block 1170, with both and
    all of East there 1125. A blank is no limit, not nought: 1125, and as there is a limit less, the
    program is built anew. Sensitivity: each is another number of the same page."""
    cases = frontier[0].cases.set_index("case")
    assert cases["objective"].round(6).to_dict() == {
        "base": 1170,
        "grid of Fjord = 0": 1175,
        "grid of Fjord = 65": 1170,
        "grid of Fjord = 125": 1125,
        "grid of Fjord = (blank)": 1125,
    }
    assert cases.loc["grid of Fjord = (blank)", "settled"] == "rebuilt"
    assert (cases["status"] == "optimal").all()
    assert (cases["gap"] == 0).all()
    assert (cases["bound"].round(6) == cases["objective"].round(6)).all()
    assert set(cases["settled"][:4]) <= {"bound alone", "re-solved"}


@pytest.mark.long
def test_points_of_a_frontier_solved_alone_agree(
    frontier: tuple[optalloc.SweepResult, Path], tmp_path: Path
) -> None:
    """Proves: a case of a sweep costs what its workbook, written out and solved by itself, costs."""
    cases = frontier[0].cases.set_index("case")
    for limit in ("0", "125"):
        folder = tmp_path / limit
        shutil.copytree(MINIMAL, folder)
        zones = (MINIMAL / "GridZones.csv").read_text().replace("65", limit)
        (folder / "GridZones.csv").write_text(zones)
        plan = optalloc.solve(folder)
        found = cases.loc[f"grid of Fjord = {limit}"]
        assert found["objective"] == pytest.approx(plan.cost)
        assert found["bound"] <= plan.cost + 1e-6


def test_plans_are_stacked_and_kept_in_parquet(
    frontier: tuple[optalloc.SweepResult, Path],
) -> None:
    """Proves: every table of every plan, by case, the same when read back."""
    result, out = frontier
    build = result.plans["Build"]
    online = build[(build["site"] == "North") & (build["period"] == "Y3")]
    assert online.set_index("case")["online_mw"].to_dict() == {
        "base": 50,
        "grid of Fjord = 0": 0,
        "grid of Fjord = 65": 50,
        "grid of Fjord = 125": 80,
        "grid of Fjord = (blank)": 80,
    }
    assert result.plans["Cost"].groupby("case")["present_value"].sum().round(6).to_dict() == (
        result.cases.set_index("case")["objective"].round(6).to_dict()
    )
    again = optalloc.read_sweep(out)
    pd.testing.assert_frame_equal(again.cases, result.cases)
    pd.testing.assert_frame_equal(again.inputs, result.inputs)
    assert set(again.plans) == set(result.plans)
    pd.testing.assert_frame_equal(again.plans["Build"], build)
    assert again.about == result.about
    assert result.inputs["amount"].tolist()[:3] == [0, 65, 125]
    assert result.inputs["value"].tolist()[3] == "(blank)"
    with pytest.raises(OptallocError, match="holds no finished sweep"):
        optalloc.read_sweep(out / "cases")


@pytest.mark.long
def test_two_workers_and_another_order_give_the_same(
    frontier: tuple[optalloc.SweepResult, Path], tmp_path: Path
) -> None:
    """Proves: one worker, and two with the cases the other way round, give the same cost and bound
    where the gap is nought."""
    limit = change("grid of Fjord", "GridZones.max_total_mw", "set", "[125, 65, 0]")
    again = optalloc.sweep(MINIMAL, toml(tmp_path, limit, design="frontier"), jobs=2)
    one, two = (
        result.cases.set_index("case").sort_index()[["objective", "bound"]]
        for result in (frontier[0], again)
    )
    one = one.drop("grid of Fjord = (blank)")
    assert one["objective"].nunique() == 3
    pd.testing.assert_frame_equal(one, two, rtol=1e-9)


@pytest.mark.slow
def test_with_a_gap_the_ranges_meet(tmp_path: Path) -> None:
    """Proves: with a gap of a fifth, what two workers find lies around the exact costs."""
    book = books.write(_hardly_any_choice(), tmp_path / "book")

    def run(jobs: int, values: str, gap: float) -> pd.DataFrame:
        load = change("load", "Demand.it_mw", "set", values)
        definition = toml(tmp_path, load, design="one at a time")
        cases = optalloc.sweep(book, definition, jobs=jobs, gap=gap).cases
        return cases.set_index("case").sort_index()[["objective", "bound"]]

    exact, loose = run(1, "[20, 60, 80]", 0.0), run(2, "[80, 60, 20]", 0.2)
    assert (loose["bound"] <= exact["objective"] + 1e-6).all()
    assert (loose["objective"] >= exact["bound"] - 1e-6).all()
    assert (loose["objective"] <= exact["objective"] / 0.8 + 1e-6).all()


def _hardly_any_choice() -> books.Book:
    return books.book(
        Sites=[
            {"site": s, "status": "candidate", "max_mw": 60, "block_mw": 20, "site_cost": cost,
             "build_cost_per_mw": per_mw}
            for s, cost, per_mw in (("A", 30, 9), ("B", 50, 8), ("C", 100, 7))
        ],
        Network=[{"site": s, "region": "R", "latency_ms": 1} for s in "ABC"],
    )  # fmt: skip


@pytest.mark.long
def test_cases_without_a_plan_say_why(tmp_path: Path) -> None:
    """Proves: 40 MW that may not be online are infeasible, with the limits exceeded; two
    changes that are sound alone and not together are invalid; the others are solved."""
    definition = toml(
        tmp_path,
        change("least", "Decisions.at_least", "set", "[0, 50]"),
        change("most", "Decisions.at_most", "set", "[30, 60]"),
        design="grid",
    )
    decision = {"decision": "d", "what": "online_mw", "site": "A", "contract": None,
                "period": "Y1", "at_least": 10, "at_most": 60}  # fmt: skip
    book = books.write(books.book(Decisions=[decision]), tmp_path / "book")
    result = optalloc.sweep(book, definition, jobs=1)
    cases = result.cases.set_index("case")
    assert cases["status"].to_dict() == {
        "base": "optimal",
        "least = 0, most = 30": "infeasible",
        "least = 0, most = 60": "optimal",
        "least = 50, most = 30": "invalid",
        "least = 50, most = 60": "optimal",
    }
    assert "[bounds-crossed]" in cases.loc["least = 50, most = 30", "reason"]
    assert "would be exceeded" in cases.loc["least = 0, most = 30", "reason"]
    assert cases.loc["least = 50, most = 60", "objective"] == pytest.approx(500)
    assert result.failed.empty


@pytest.mark.slow
def test_a_plan_that_fails_its_audit_is_solved_again_from_scratch(tmp_path: Path) -> None:
    """Proves: the case has an audited plan in the end, and says that it took another solve."""
    definition = toml(tmp_path, change("m", "Inputs.mishap", "set", '"misread"'))
    result = optalloc.sweep(toy(tmp_path / "book"), definition, jobs=1, model=TOY)
    found = result.cases.set_index("case").loc["m"]
    base = result.cases.set_index("case").loc["base"]
    assert (found["status"], found["settled"]) == ("optimal", "from scratch")
    assert "did not pass its audit" in found["reason"]
    assert found["objective"] == pytest.approx(base["objective"])


# Who comes next -----------------------------------------------------------------------------------


def test_a_case_starts_from_the_plan_of_the_nearest_case_solved() -> None:
    """Proves: distance is measured in the values that are changed, scaled by their range."""

    def case(number: int, operation: str, *values: str) -> Case:
        made = [Override("S", (), f"c{k}", Operation(operation), v) for k, v in enumerate(values)]
        return Case(number, f"{number}", tuple(made))

    cases = [Case(0, "base", ()), case(1, "multiply", "1.1"), case(2, "multiply", "3"),
             case(3, "multiply", "2.8", "1"), case(4, "set", "(blank)")]  # fmt: skip
    points = features(cases)
    assert points.min() == 0 and points.max() == 1
    queue = CaseQueue(cases, {})
    for expected in (None, 0, 1, 2, 0):
        handed = queue.next()
        assert handed is not None
        position, _, start = handed
        assert (None if start is None else int(start[0])) == expected
        done = Finished(key="", status=Status.OPTIMAL, integers=np.array([float(position)]))
        queue.done(position, done)
    assert queue.next() is None


# What is kept -------------------------------------------------------------------------------------


def stamps(out: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in (out / "cases").iterdir()}


@pytest.mark.long
def test_resume_solves_only_what_is_missing(tmp_path: Path) -> None:
    """Proves: a case that is there stays; one that was added, damaged or changed is solved."""
    book, out = toy(tmp_path / "book"), tmp_path / "out"

    def run(values: str, **options: Any) -> tuple[pd.DataFrame, dict[str, int]]:
        steps = change("x1", "Inputs.x1", "set", values)
        definition = toml(tmp_path, steps, design="one at a time")
        result = optalloc.sweep(book, definition, jobs=1, out=out, model=TOY, **options)
        return result.cases, stamps(out)

    first, kept = run("[2, 3]")
    assert len(kept) == 3
    with pytest.raises(OptallocError, match=r"holds 3 finished cases\. Say --resume"):
        run("[2, 3]")
    victim = out / "cases" / sorted(kept)[0]
    victim.write_bytes(victim.read_bytes()[:100])
    more, now = run("[2, 3, 4]", resume=True)
    assert len(more) == 4
    assert {name for name in kept if now[name] == kept[name]} == set(kept) - {victim.name}
    pd.testing.assert_series_equal(more["objective"][:3], first["objective"])
    Store(out, force=True)
    assert stamps(out) == {}


def test_a_case_is_known_by_all_that_its_result_depends_on(tmp_path: Path) -> None:
    """Proves: another cell, option, model or version makes another case of it; what is written in
    another way, or in another order, is the same case."""
    shutil.copytree(TOY, tmp_path / "model")
    model = optalloc.load_model(tmp_path / "model")

    def key(*values: str, **other: Any) -> str:
        data = optalloc.validate(optalloc.read_workbook(toy(tmp_path / "book")), model)
        told = {"options": {"gap": 0.1}, "versions": {"highs": "1"}, "digest": "d"} | other
        base = Base(data.frames, data.places, model_path=str(model.path),
                    **{"model_digest": model.digest} | told)  # fmt: skip
        made = [Override("Inputs", (), "x1", Operation.SET, value) for value in values]
        case = Case(1, "c", tuple(made))
        return Digests(base).key(altered(base.dataset(model), case.overrides))

    same = {key(), key("1"), key("2", "1.0"), key(digest="e")}
    others = {
        key("2"),
        key(options={"gap": 0.2}),
        key(options={}),
        key(versions={"highs": "2"}),
        key(model_digest="m"),
    }
    assert len(same) == 1
    assert len(others | same) == 6
    file = tmp_path / "model" / "function.py"
    file.write_text(file.read_text() + "# other\n")
    with pytest.raises(OptallocError, match="differs from the one that the sweep was begun with"):
        CaseSolver(Base({}, {}, "", str(model.path), model.digest, {}, {}))


def test_mistakes_are_told_before_anything_runs(tmp_path: Path) -> None:
    """Proves: cells, rules between sheets and unknown names, each in its own words."""
    book = toy(tmp_path / "book")
    out = tmp_path / "out"
    wrong = toml(
        tmp_path,
        change("a", "Input.x1", "set", "1"),
        change("b", "Inputs.x1", "add", "9"),
        change("c", "Inputs.y1", "set", "1"),
    )
    with pytest.raises(InputError) as refusal:
        optalloc.sweep(book, wrong, out=out, model=TOY)
    assert [str(p).partition(";")[0] for p in refusal.value.problems] == [
        "s.toml!sweep[1].change[1].sheet: sheet must be a sheet that the model reads",
        "s.toml!sweep[1].change[2].values: x1 must be at least -4 and at most 4 rad",
        "s.toml!sweep[1].change[3].column: column must be a column of Inputs",
    ]
    gone = toml(tmp_path, change("gone", "Sites.site", "set", '"B"', "site=North"))
    with pytest.raises(InputError, match=r"with 'gone' at B, .*\[sweep-rules\]"):
        optalloc.sweep(MINIMAL, gone, out=out)
    for name, said in ((f"{wrong}:t", "has no sweep 't'"), (None, "has no sweep. Fill in")):
        toml(tmp_path, change("a", "Inputs.x1", "set", "1"))
        with pytest.raises(OptallocError, match=said):
            optalloc.sweep(book, name, out=out, model=TOY)
    assert not out.exists()


# The command --------------------------------------------------------------------------------------


@pytest.mark.long
def test_the_command_tables_its_cases(tmp_path: Path) -> None:
    """Proves: the table on stdout, progress and the folder on stderr; one JSON object if asked."""
    book, out = toy(tmp_path / "book", mishap=""), tmp_path / "out"
    definition = toml(tmp_path, change("x1", "Inputs.x1", "set", "-1"))
    words = ("sweep", book, definition, "--model", TOY, "--out", out, "--jobs", "1")
    run = optalloc_says(*words)
    assert run.returncode == 0, run.stderr
    header, base, case = run.stdout.splitlines()
    assert header.split() == [
        "case",
        "status",
        "cost,",
        "M",
        "at",
        "least,",
        "M",
        "gap,",
        "%",
        "seconds",
        "settled",
        "by",
    ]
    assert base.split()[:4] == ["base", "optimal", "6.63", "6.63"]
    assert case.split()[:4] == ["x1", "optimal", "4.94", "4.94"]
    assert run.stderr.splitlines()[-1] == f"wrote {out}"
    assert "2 of 2 cases" in run.stderr
    assert {"sweep.html", "sweep.xlsx", "cases.parquet"} <= {path.name for path in out.iterdir()}
    again = optalloc_says(*words)
    assert (again.returncode, again.stdout) == (2, "")
    assert "holds 2 finished cases" in again.stderr
    told = json.loads(optalloc_says(*words, "--resume", "--json").stdout)
    assert [case["status"] for case in told["cases"]] == ["optimal", "optimal"]
    assert told["cases"][1]["objective"] == pytest.approx(-np.sin(1) + 7 * np.sin(2) ** 2
                                                           - 0.1 * 0.5**4 * np.sin(1))  # fmt: skip
    assert told["design"] == "cases"
