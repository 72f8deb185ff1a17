"""What reads a plan.xlsx, and what solves a workbook, where the plan is a policy of many scenarios."""

from __future__ import annotations

from pathlib import Path

import pytest

import optalloc
from optalloc.errors import OptallocError
from optalloc.plan.approved import with_approved
from optalloc.plan.held import held_rows
from optalloc.plan.planfile import read_plan
from optalloc.scenarios.uncertainty_sheets import AS_IT_STANDS
from optalloc.serve.work import process
from tests import books
from tests.command import optalloc_says
from tests.plan.test_policy import steps, tail, waiting
from tests.report.test_policy_page import costly_steps
from tests.sweeps.test_run_sweep import change, toml

MODEL = optalloc.load_model()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two policies, a plan, and the workbooks: the expected cost is least by R, the worst by S."""
    place = tmp_path_factory.mktemp("policies")
    for name, made in (("mean", tail()), ("worst", tail(measure="worst"))):
        plan = books.solve(made, place / name)
        plan.to_excel(place / f"{name}.xlsx")
        if name == "mean":
            optalloc.solve(place / name, certain=True).to_excel(place / "certain.xlsx")
    return place


@pytest.mark.long
def test_of_an_approved_policy_what_is_done_now_counts(folder: Path, tmp_path: Path) -> None:
    """Proves: the approved actions are those of HereAndNow, each once, and a notice says so.
    Sensitivity: Actions has them once for each scenario."""
    plan = optalloc.read_workbook(folder / "worst.xlsx")
    now = len(plan.sheets["HereAndNow"].rows) - 1
    assert len(plan.sheets["Actions"].rows) - 1 == 2 * now > 0
    book = optalloc.read_workbook(
        books.write(books.book(DepartureCosts={"cost_per_site": 1}), tmp_path)
    )
    filled = with_approved(book, MODEL, folder / "worst.xlsx")
    assert len(filled.sheets["ApprovedActions"].rows) - 1 == now
    assert [p.code for p in filled.problems] == ["approved-policy"]


@pytest.mark.slow
def test_a_policy_is_held_until_something_is_known(folder: Path, tmp_path: Path) -> None:
    """Proves: held before the first reveal it is what the policy does now, each decision once; held
    beyond that it is refused, with the day."""
    book = books.write(steps(), tmp_path / "book")
    optalloc.solve(book).to_excel(tmp_path / "plan.xlsx")
    data = optalloc.validate(optalloc.read_workbook(book), MODEL)
    with pytest.raises(OptallocError, match="--until 2028-01-01 or before"):
        held_rows([tmp_path / "plan.xlsx"], "2028-01-02", data, MODEL)
    rows = held_rows([tmp_path / "plan.xlsx"], "2028-01-01", data, MODEL)
    (decisions,) = next(iter(rows.values())).values()
    # Two sites, one period: committed and started, once.
    assert len(decisions) == 4
    assert decisions["decision"].is_unique
    assert (decisions["at_least"] == 0).all()


def test_two_policies_are_compared_by_what_they_do_now(folder: Path) -> None:
    """Proves: R is begun in one and S in the other, and the costs of each scenario differ as by hand."""
    found = optalloc.diff(folder / "mean.xlsx", folder / "worst.xlsx")
    costs = found["Scenarios"].set_index("scenario")
    assert costs.loc["running cost=good", ["a", "b"]].tolist() == pytest.approx([100, 160])
    assert costs.loc["running cost=bad", ["a", "b"]].tolist() == pytest.approx([350, 160])
    started = found["Now"].query("action == 'start building'")
    assert started[["in", "subject"]].to_numpy().tolist() == [["A", "R"], ["B", "S"]]
    text = found.to_text()
    assert "cannot be ranked" in text
    assert "Only B does now: " in text


def test_a_policy_is_not_compared_with_a_plan(folder: Path) -> None:
    """Proves: a policy and a plan are refused either way round, with what to do."""
    sides = folder / "mean.xlsx", folder / "certain.xlsx"
    for a, b in (sides, sides[::-1]):
        with pytest.raises(OptallocError, match="optalloc solve --certain"):
            optalloc.diff(a, b)


@pytest.mark.long
def test_a_certain_plan_is_explained_without_uncertainties(folder: Path) -> None:
    """Proves: the plan of a workbook that was solved as it stands is explained so, and that is said."""
    assert AS_IT_STANDS in optalloc.explain(folder / "certain.xlsx").sentences


@pytest.mark.slow
def test_what_solves_it_as_it_stands_says_so(folder: Path, tmp_path: Path) -> None:
    """Proves: alternatives, bench and a sweep each say once that uncertainties are left out.
    Sensitivity: on a workbook without any they say nothing."""
    sure = books.write(books.book(), tmp_path / "sure")
    for book, times in ((folder / "mean", 1), (sure, 0)):
        bench = optalloc.bench(book, strategies=["direct"])
        assert bench.sentences.count(AS_IT_STANDS) == times
    assert optalloc.alternatives(folder / "mean", count=1).sentences.count(AS_IT_STANDS) == 1
    definition = toml(tmp_path, change("dear", "Sites.build_cost_per_mw", "multiply", "1.5"))
    out = tmp_path / "out"
    told = optalloc_says("sweep", folder / "mean", definition, "--jobs", 1, "--out", out)
    assert told.returncode == 0, told.stderr
    assert " ".join(told.stderr.split()).count(AS_IT_STANDS) == 1


@pytest.mark.long
def test_the_server_shows_a_policy(folder: Path, tmp_path: Path) -> None:
    """Proves: a workbook with uncertainties ends in a policy, with its page and its measure."""
    asked = {"kind": "solve", "folder": tmp_path, "model": None, "gap": 0.0, "threads": 1}
    asked |= {"book": folder / "worst", "time_limit_s": 60, "changes": []}
    found = process.done(asked, lambda **_: None)
    assert (found["ending"], found["policy"]) == ("plan", True)
    assert found["objective"] == pytest.approx(160)
    assert "What to do now" in (tmp_path / "report.html").read_text("utf-8")


@pytest.mark.long
def test_the_console_says_what_to_do_now(folder: Path, tmp_path: Path) -> None:
    """Proves: after the summary come the actions now and the values as sentences; where nothing has
    to be decided yet, until when."""
    told = optalloc_says("solve", folder / "worst", "--out", tmp_path / "out")
    assert told.returncode == 0, told.stderr
    after = told.stdout[told.stdout.index("What to do now:") :]
    assert "  2027-07-01  start building  S  100 MW" in after
    assert "  Planning for uncertainty is worth 190 M." in after
    book = books.write(costly_steps(), tmp_path / "steps")
    told = optalloc_says("solve", book, "--out", tmp_path / "out")
    assert "Nothing has to be decided before 2028-01-01, when rise is known." in told.stdout
    assert "inf" not in told.stdout


@pytest.mark.long
def test_a_policy_that_does_nothing_more_in_a_scenario_is_read_again(tmp_path: Path) -> None:
    """Proves: truth values are read back as such, also where a scenario has no action of its own.
    Sensitivity: joined to an empty list they become numbers, and the file is no plan."""
    policy = books.solve(waiting(), tmp_path / "book")
    policy.to_excel(tmp_path / "plan.xlsx")
    assert set(policy["Policy"]["known"]) == {"demand=some"}
    read = read_plan(tmp_path / "plan.xlsx", MODEL)["Policy"]
    assert read["differs"].tolist() == policy["Policy"]["differs"].tolist() == [True] * len(read)
