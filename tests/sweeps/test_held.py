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
from optalloc.plan.held import held_rows
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


def renamed(name: str, **names: str) -> books.Book:
    """The case with other names in a column."""
    return {
        sheet: [{**row, **({name: names.get(row[name], row[name])} if name in row else {})}
                for row in rows]
        for sheet, rows in CASE.items()
    }  # fmt: skip


@pytest.mark.slow
def test_a_plan_is_held_by_the_names_that_it_has(tmp_path: Path) -> None:
    """Proves: with A or Y1 under another name the plan, which builds at A in Y1, is refused with both
    names; with B, where it builds nothing, or the later Y2 under another name it is held: 5 + 400 M.
    Before the first period there is nothing to hold."""
    optalloc.solve(books.write(CASE, tmp_path / "book")).to_excel(tmp_path / "plan.xlsx")
    model = optalloc.load_model()

    def held(book: books.Book, until: str = "2028-01-01") -> pd.DataFrame:
        data = books.dataset(book, tmp_path / "data")
        (rows,) = held_rows([tmp_path / "plan.xlsx"], until, data, model).values()
        return rows["Decisions"].set_index(["what", "site", "period"])["at_least"]

    with pytest.raises(OptallocError, match=r"plan\.xlsx .* the workbook has no site 'A'"):
        held(renamed("site", A="Aa"))
    with pytest.raises(
        OptallocError, match=r"workbook has no period 'Y1' before .*no period '2027'"
    ):
        held(renamed("period", Y1="2027"))
    with pytest.raises(OptallocError, match=r"nothing is decided before 2027-01-01"):
        held(CASE, "2027-01-01")
    for case in (CASE, renamed("site", B="Bb"), renamed("period", Y2="2028")):
        assert held(case)["started_mw", "A", "Y1"] == 40
    assert held(renamed("site", B="Bb"))["started_mw", "Bb", "Y1"] == 0


@pytest.mark.slow
def test_whatever_a_plan_decides_on_must_be_in_the_workbook(tmp_path: Path) -> None:
    """Proves: of what is decided before 2028, each lease, contract and option that the workbook lacks is
    named, and so is a site that nobody may abandon; what comes later is not looked for."""
    (hold,) = (one for one in optalloc.load_model().families if one.name == "commitments")
    data = books.dataset(CASE, tmp_path)
    decided = ["abandon site", "sign lease", "sign contract", "end contract", "buy option"]
    actions = pd.DataFrame(
        [(period, action, subject + period)
         for action, subject in zip(decided, ("A", "L", "C", "E", "O"), strict=True)
         for period in ("Y1", "Y2")],
        columns=["period", "action", "subject"],
    )  # fmt: skip
    actions.loc[0, "subject"] = "A"
    starts = pd.to_datetime(["2027-01-01", "2028-01-01"])
    balance = pd.DataFrame({"period": ["Y1", "Y2"], "start": starts})
    tables = {"Actions": actions, "Balance": balance}
    assert list(hold.not_held(data, tables, pd.Timestamp("2028-01-01"))) == [
        "the workbook has no lease 'LY1'",
        "the workbook has no contract 'CY1', 'EY1'",
        "the workbook has no option 'OY1'",
        "the workbook lets nobody abandon 'A'",
    ]
