"""Plans held in other futures: what it costs to have decided early, in cases solved by hand."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pandas as pd
import pytest

import optalloc
from optalloc.cli.sweep_display import print_cases
from optalloc.errors import InputError, ModelError, OptallocError
from optalloc.sweeps.regret import regrets
from optalloc.sweeps.result import SweepResult
from tests import books
from tests.cli.test_main import optalloc_says
from tests.sweeps.test_run_sweep import TOY, change, toml, toy

# A costs 10 M a MW and B 12, and 5 M to commit: A takes all 40 MW of Y1 and of Y2, for 405.
CASE = books.book(
    Periods=books.years(2),
    Demand=books.demand(40, 40),
    Network=[{"site": site, "region": "R", "latency_ms": 10} for site in "AB"],
    Sites=[
        {"site": site, "build_cost_per_mw": cost, "site_cost": 5, "status": "candidate",
         "max_mw": 100}
        for site, cost in (("A", 10), ("B", 12))
    ],
)  # fmt: skip


@pytest.mark.long
def test_regret_by_hand(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Proves: with A at 15 M, B would take all for 485, and A held costs 605: 120 to regret. With ten
    MW more in Y2, A is the best anyway. With room for 30 MW at A, B alone costs 485 and A and B
    together 430, and the plan held cannot be carried out."""
    book = books.write(CASE, tmp_path / "book")
    plan = tmp_path / "plan.xlsx"
    optalloc.solve(book).to_excel(plan)
    definition = toml(
        tmp_path,
        change("dear", "Sites.build_cost_per_mw", "multiply", "1.5", "site=A"),
        change("grows", "Demand.it_mw", "add", "10", "period=Y2"),
        change("small", "Sites.max_mw", "set", "30", "site=A"),
    )
    out = tmp_path / "out"
    words = ("sweep", book, definition, "--out", out, "--jobs", 1, "--hold", plan, "--json")
    run = optalloc_says(*words, "--until", "2028-01-01")
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    found = {row["case"]: (row["regret"], row["verdict"]) for row in told["regret"]}
    assert {row["plan"] for row in told["regret"]} == {str(plan)}
    assert found == {
        "base": (pytest.approx(0, abs=1e-6), "costs nothing"),
        "dear": (pytest.approx(120), "costs more"),
        "grows": (pytest.approx(0, abs=1e-6), "costs nothing"),
        "small": (None, "infeasible"),
    }
    costs = {(row["case"], bool(row["plan"])): row["objective"] for row in told["cases"]}
    assert costs["dear", False] == pytest.approx(485)
    assert costs["dear", True] == pytest.approx(605)
    assert costs["small", False] == pytest.approx(430)
    build = optalloc.read_sweep(out).plans["Build"]
    dear = build[(build["case"] == "dear") & (build["period"] == "Y1") & (build["site"] == "A")]
    assert dear.set_index("plan")["started_mw"].round(6).to_dict() == {"": 0, str(plan): 40}
    assert (out / "regret.parquet").is_file()
    capsys.readouterr()
    print_cases(optalloc.read_sweep(out))
    text = capsys.readouterr().out
    assert "Regret, M: cost held less best cost" in text
    line = next(line for line in text.splitlines() if "dear" in line and "costs" in line)
    assert line.split()[-5:] == ["120.00", "120.00", "120.00", "costs", "more"]


def test_what_matters_most_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """Proves: of values one at a time, the change with the largest swing comes first, each end with
    its difference from the base case, and a case without a plan says so."""
    costs = {"base": 100.0, "a = 1": 99.0, "a = 3": 102.0, "b = 0": 80.0, "b = 9": math.nan}
    columns = {"plan": "", "changed": "", "seconds": 0.0, "settled": "", "reason": ""}
    cases = pd.DataFrame(
        {"number": number, "case": case, "status": "optimal", "objective": cost, "bound": cost,
         "gap": 0.0, **columns}
        for number, (case, cost) in enumerate(costs.items())
    )  # fmt: skip
    changes = [("a", "1"), ("a", "3"), ("b", "0"), ("b", "9")]
    inputs = pd.DataFrame(
        {"number": number, "case": "", "change": change, "value": value}
        for number, (change, value) in enumerate(changes, start=1)
    )
    print_cases(SweepResult({"design": "one at a time"}, cases, inputs, {}))
    lines = capsys.readouterr().out.partition("What matters most")[2].splitlines()[2:]
    assert [line.split() for line in lines] == [
        ["b", "0", "-20.0", "9", "no", "plan"],
        ["a", "1", "-1.0", "3", "+2.0"],
    ]


def test_a_difference_within_the_gaps_is_undecided() -> None:
    """Proves: ranges that meet decide nothing; a held plan better than the free one counts as the
    best; the regret lies between what the bounds allow."""

    def row(number: int, plan: str, objective: float, bound: float) -> dict[str, object]:
        status = "within gap" if math.isfinite(objective) else "infeasible"
        return {"number": number, "case": f"c{number}", "plan": plan, "status": status,
                "objective": objective, "bound": bound}  # fmt: skip

    frame = regrets(
        pd.DataFrame(
            [
                row(0, "", 100, 99),
                row(1, "", 100, 99),
                row(2, "", 100, 98),
                row(3, "", math.nan, math.nan),
                row(0, "p", 103, 102),
                row(1, "p", 100.5, 99.5),
                row(2, "p", 99, 97),
                row(3, "p", math.nan, math.nan),
            ]
        )
    )
    assert frame["verdict"].tolist() == ["costs more", "undecided", "undecided", "infeasible"]
    assert frame["regret"].tolist()[:3] == [3, 0.5, 0]
    assert frame["at_least"].tolist()[:3] == [2, 0, 0]
    assert frame["at_most"].tolist()[:3] == [4, 1.5, 1]
    assert frame["cost_best"].tolist()[:3] == [100, 100, 99]


@pytest.mark.long
def test_what_cannot_be_held_is_told(tmp_path: Path) -> None:
    """Proves: a plan without a date, a date without a plan, no date, no plan, a plan named twice, and
    a model that holds nothing: each in its own words, before anything runs."""
    book, plan = books.write(CASE, tmp_path / "book"), tmp_path / "plan.xlsx"
    optalloc.solve(book).to_excel(plan)
    definition = toml(tmp_path, change("dear", "Sites.site_cost", "add", "1"))

    def refused(error: type[Exception], said: str, **options: object) -> None:
        with pytest.raises(error, match=said):
            optalloc.sweep(book, definition, **options)  # type: ignore[arg-type]

    refused(OptallocError, "--hold needs --until YYYY-MM-DD", hold=[plan])
    refused(OptallocError, "--hold needs --until YYYY-MM-DD", hold=[plan], until="soon")
    refused(OptallocError, "--until needs a plan to hold", until="2028-01-01")
    refused(OptallocError, "is held twice", hold=[plan, plan], until="2028-01-01")
    refused(InputError, "must be a plan of optalloc", hold=[book], until="2028-01-01")
    own = toy(tmp_path / "toy")
    definition = toml(tmp_path, change("x1", "Inputs.x1", "set", "1"))
    optalloc.solve(own, model=TOY).to_excel(tmp_path / "toy.xlsx")
    with pytest.raises(ModelError, match="no family of this model holds decisions"):
        optalloc.sweep(own, definition, model=TOY, hold=[tmp_path / "toy.xlsx"], until="2028-01-01")
