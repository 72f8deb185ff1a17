"""Departures from the approved plan, in cases solved by hand: 40 MW are to be served in one year.

A costs 10 M per MW and B 9, so that B is cheaper by 40 M; both are committed, and 40 MW at A approved.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import optalloc
from tests import books
from tests.books import binding, book, cost_without, demand, years
from tests.families import LeastCost, Solve, assert_adds_nothing, broken, compiled, problems

NETWORK = [{"site": site, "region": "R", "latency_ms": 10} for site in "AB"]


def sites(**columns: tuple[Any, Any]) -> list[dict[str, Any]]:
    """A and B, the columns given for both."""
    return [
        {"site": site, "status": "committed", "max_mw": 100}
        | {name: pair[k] for name, pair in columns.items()}
        for k, site in enumerate("AB")
    ]


def approved(*rows: tuple[str, str, str, float | None]) -> list[dict[str, Any]]:
    """Rows of ApprovedActions: action, subject, period and MW."""
    return [
        {"date": None, "period": period, "action": action, "subject": subject, "mw": mw}
        for action, subject, period, mw in rows
    ]


CASE: dict[str, Any] = {
    "Network": NETWORK,
    "Sites": sites(build_cost_per_mw=(10, 9)),
    "ApprovedActions": approved(("start building", "A", "Y1", 40)),
}


def priced(case: dict[str, Any], **prices: Any) -> dict[str, Any]:
    return {**case, "DepartureCosts": [prices]}


def departed(plan: optalloc.Plan) -> dict[tuple[str, str, str], float]:
    """What departs, by action, subject and period."""
    rows = plan["Departures"]
    rows = rows[rows["departed"] > 1e-6]
    keys = rows[["action", "subject", "period"]].itertuples(index=False, name=None)
    return dict(zip(keys, rows["departed"].round(6), strict=True))


# Break-even ---------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_start_moves_below_the_break_even_price_and_stays_above(
    solve: Solve, tmp_path: Path
) -> None:
    """Proves: moving to B saves 40 M and departs by 40 MW dropped and 40 added: 0.5 M per MW is the
    break-even. At 0.6 it stays, for 400; at 0.4 it moves, for 360 + 80 x 0.4. Sensitivity: were a
    drop not counted, it would move at 0.6 too, for 360 + 40 x 0.6."""
    stays = solve(**priced(CASE, cost_per_mw_started=0.6))
    assert stays.cost == pytest.approx(400)
    assert departed(stays) == {}
    moves = solve(**priced(CASE, cost_per_mw_started=0.4))
    assert moves.cost == pytest.approx(392)
    assert departed(moves) == {("start building", site, "Y1"): 40 for site in "AB"}
    assert set(binding(moves, "departure_counted")) == {
        f"start building, {site}, Y1" for site in "AB"
    }
    case = book(**priced(CASE, cost_per_mw_started=0.6))
    assert cost_without(case, tmp_path / "w", "departure_counted") == pytest.approx(384)


@pytest.mark.slow
def test_a_commitment_counts_once_at_each_site(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: with site costs of 30 and 20 M and nothing else, changing the site saves 10 M and
    departs twice: 5 M per site is the break-even. Sensitivity: at 4 M it moves for 20 + 8."""
    case = {
        "Network": NETWORK,
        "Sites": sites(site_cost=(30, 20), status=("candidate", "candidate")),
        "ApprovedActions": approved(("commit site", "A", "Y1", None)),
    }
    assert least_cost(**priced(case, cost_per_site=6)) == pytest.approx(30)
    moves = solve(**priced(case, cost_per_site=4))
    assert moves.cost == pytest.approx(28)
    cost = moves["Cost"]
    penalties = cost[cost["kind"] == "penalty"]
    assert penalties.set_index("site")["cash"].to_dict() == {"A": 4, "B": 4}
    assert set(penalties["item"]) == {"departed_sites"}


@pytest.mark.slow
def test_a_signing(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: 40 MW of peak under contract dear (1 M per MW-year) cost 40 M, under cheap (0.8)
    32 M; signing the other departs by 80 MW, so 0.1 M per MW is the break-even."""
    offers = [
        {"contract": name, "site": "A", "zone": None, "kind": "capacity", "max_mw": 60,
         "fixed_fee_per_mw_year": fee}
        for name, fee in (("dear", 1), ("cheap", 0.8))
    ]  # fmt: skip
    case = {
        "Sites": [{"site": "A", "status": "existing", "max_mw": 40, "existing_mw": 40}],
        "Contracts": offers,
        "ApprovedActions": approved(("sign contract", "dear", "Y1", 40)),
    }
    assert least_cost(**priced(case, cost_per_mw_signed=0.11)) == pytest.approx(40)
    moves = solve(**priced(case, cost_per_mw_signed=0.09))
    assert moves.cost == pytest.approx(32 + 80 * 0.09)
    assert departed(moves) == {("sign contract", name, "Y1"): 40 for name in ("dear", "cheap")}


@pytest.mark.slow
def test_a_move_in_time_counts_at_both_ends_on_its_first_day(
    solve: Solve, least_cost: LeastCost
) -> None:
    """Proves: building falls from 10 to 7 M per MW within the year and is discounted by 0.8: 40 MW
    for Y2 cost 400 M in Y1 and 224 in Y2. The move departs by 40 MW in Y1 and 40 in Y2, worth
    40 d + 40 d x 0.8 = 72 d, so that 176/72 = 2.444 M per MW is the break-even."""
    case = {
        "Settings": {"discount_rate": 0.25, "build_cost_escalation": -0.3},
        "Periods": years(2),
        "Demand": demand(0, 40),
        "ApprovedActions": approved(("start building", "A", "Y1", 40)),
    }
    assert least_cost(**priced(case, cost_per_mw_started=2.45)) == pytest.approx(400)
    moves = solve(**priced(case, cost_per_mw_started=2.4))
    assert moves.cost == pytest.approx(224 + 72 * 2.4)
    planned = moves["Departures"].set_index(["action", "period"])["planned"]
    assert planned["start building", "Y2"] == pytest.approx(40)


@pytest.mark.slow
def test_part_of_a_start_may_depart(solve: Solve) -> None:
    """Proves: with 50 MW to serve, the 40 approved at A stay there at 0.6 M per MW, and the other
    10 are added at B: 400 + 90 + 6."""
    case = {**CASE, "Demand": demand(50)}
    plan = solve(**priced(case, cost_per_mw_started=0.6))
    assert plan.cost == pytest.approx(496)
    assert departed(plan)["start building", "B", "Y1"] == pytest.approx(10)


@pytest.mark.slow
@pytest.mark.parametrize("at_a", [15.0, 25.0])
def test_among_equals_the_approved_plan_comes_out(solve: Solve, at_a: float) -> None:
    """Proves: where A and B cost the same, a price of a millionth brings the approved split."""
    starts = [("start building", "A", "Y1", at_a), ("start building", "B", "Y1", 40 - at_a)]
    case = {
        **CASE,
        "Sites": sites(build_cost_per_mw=(10, 10)),
        "ApprovedActions": approved(*starts),
    }
    plan = solve(**priced(case, cost_per_mw_started=1e-6))
    assert plan.cost == pytest.approx(400)
    built = plan["Build"].set_index("site")["started_mw"]
    assert built.to_dict() == pytest.approx({"A": at_a, "B": 40 - at_a})


# What can no longer be done, and what is not compared ---------------------------------------------


@pytest.mark.slow
def test_what_cannot_be_done_departs_for_sure(solve: Solve) -> None:
    """Proves: 30 MW and a commitment approved for Y2 at a site that is now excluded cost
    (30 x 0.5 + 2) x 0.8 M besides the 400 of building at B, which no decision changes."""
    case = {
        "Network": NETWORK,
        "Settings": {"discount_rate": 0.25},
        "Periods": years(2),
        "Sites": sites(build_cost_per_mw=(1, 10), status=("excluded", "candidate")),
        "Demand": demand(40, 40),
        "ApprovedActions": approved(
            ("start building", "B", "Y1", 40),
            ("commit site", "B", "Y1", None),
            ("start building", "A", "Y2", 30),
            ("commit site", "A", "Y2", None),
        ),
    }
    plan = solve(**priced(case, cost_per_mw_started=0.5, cost_per_site=2))
    assert plan.cost == pytest.approx(400 + 17 * 0.8)
    assert departed(plan) == {("start building", "A", "Y2"): 30, ("commit site", "A", "Y2"): 1}


@pytest.mark.slow
def test_a_start_too_late_for_the_horizon_departs_for_sure(solve: Solve) -> None:
    """Proves: with a lead of a year, nothing started in Y2 is online by then; its 10 MW depart."""
    case = {
        "Periods": years(2),
        "Sites": {"block_lead_months": 12},
        "Demand": demand(0, 40),
        "ApprovedActions": approved(
            ("start building", "A", "Y1", 40), ("start building", "A", "Y2", 10)
        ),
    }
    assert solve(**priced(case, cost_per_mw_started=1)).cost == pytest.approx(410)


@pytest.mark.slow
def test_periods_after_the_last_one_compared_are_free(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: the approved plan ends with Y1, and 20 MW more in Y2 are no departure once it says so.
    Sensitivity: compared to the end they cost 20 x 3 M more."""
    case = {
        "Periods": years(2),
        "Demand": demand(40, 60),
        "ApprovedActions": approved(("start building", "A", "Y1", 40)),
    }
    plan = solve(**priced(case, cost_per_mw_started=3, last_period="Y1"))
    assert plan.cost == pytest.approx(600)
    assert set(plan["Departures"]["period"]) == {"Y1"}
    assert least_cost(**priced(case, cost_per_mw_started=3)) == pytest.approx(660)


@pytest.mark.long
def test_what_is_not_compared_is_said(solve: Solve) -> None:
    """Proves: actions of the past, of later, of other kinds, and commitments of open sites are left
    out with one notice each; a name that a past period shares with one of now is not mixed up."""
    rows = approved(
        ("start building", "A", "Y1", 15),
        ("start building", "A", "Y9", 5),
        ("order equipment", "A", "Y1", 7),
        ("sign lease", "A", "Y1", 7),
        ("commit site", "A", "Y1", None),
    )
    rows[0]["date"], rows[1]["date"] = "2026-01-01", "2035-01-01"
    case = {"Sites": {"status": "committed"}, "ApprovedActions": rows}
    plan = solve(**priced(case, cost_per_mw_started=1, cost_per_site=1))
    assert plan.cost == pytest.approx(440)
    assert [str(notice).split(": ")[0] for notice in plan.notices] == [
        f"ApprovedActions!{cell}" for cell in ("C2", "C3", "C4", "D6")
    ]
    assert "found 2 rows from here on: order equipment, sign lease" in str(plan.notices[2])
    assert {notice.code for notice in plan.notices} == {"not-compared"}


@pytest.mark.slow
def test_one_sheet_without_the_other_is_free_and_said(solve: Solve, tmp_path: Path) -> None:
    """Proves: without prices departures are told but cost nothing and add no row; prices without an
    approved plan do nothing; both are said."""
    plan = solve(**CASE)
    assert plan.cost == pytest.approx(360)
    assert departed(plan)["start building", "A", "Y1"] == 40
    summary = plan.summary().set_index("figure")["value"]
    assert summary["departures from the approved plan"] == 2
    bare = {"Network": NETWORK, "Sites": CASE["Sites"]}
    alone = priced(bare, cost_per_site=9)
    for case in (CASE, alone):
        assert [notice.code for notice in solve(**case).notices] == ["departures-free"]
    sizes = [compiled(case, tmp_path / f"{k}").size for k, case in enumerate((bare, CASE, alone))]
    assert sizes[0] == sizes[1] == sizes[2]


# Audit, input errors ------------------------------------------------------------------------------


def test_the_audit_sees_departures_that_are_not_counted(solve: Solve, tmp_path: Path) -> None:
    """Proves: a departure made smaller by hand, or a decision changed, breaks the limit."""
    case = priced(CASE, cost_per_mw_started=0.4)
    plan = solve(**case)
    assert not broken(plan, case, tmp_path / "kept")
    table = plan["Departures"]
    less = table.assign(departed=table["departed"] * 0.9)
    assert broken(plan, case, tmp_path / "less", Departures=less) == {"departure_counted"}
    gone = table.iloc[1:]
    assert broken(plan, case, tmp_path / "gone", Departures=gone) == {"departure_counted"}
    build = plan["Build"]
    moved = build.assign(started_mw=build["started_mw"] + 5)
    assert "departure_counted" in broken(plan, case, tmp_path / "moved", Build=moved)


@pytest.mark.first(3)
@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            {"period": "2027"},
            "ApprovedActions!B2: period must be on sheet Periods, or its date before or after "
            "all of them; found '2027'. Correct the name, or give its date. [approved-period]",
        ),
        (
            {"period": "first", "date": "2027-01-01"},
            "ApprovedActions!B2: period must be on sheet Periods, or its date before or after "
            "all of them; found 'first'. Did you mean 'Y1'? [approved-period]",
        ),
        (
            {"date": "2028-07-01"},
            "ApprovedActions!A2: the date must lie in 'Y1' of sheet Periods, which starts on "
            "2027-01-01; found 2028-07-01. Give the period the name that it had in the approved "
            "plan, or correct the date. [approved-date]",
        ),
        (
            {"mw": None},
            "ApprovedActions!E2: mw must be filled in for a start or signing, and blank for a "
            "commitment; found a blank. Correct the action or the MW. [approved-mw]",
        ),
        (
            {"action": "commit site"},
            "ApprovedActions!E2: mw must be filled in for a start or signing, and blank for a "
            "commitment; found 40. Correct the action or the MW. [approved-mw]",
        ),
        (
            {"subject": "Austn"},
            "ApprovedActions!D2: the subject must be on sheet Sites, column site; found 'Austn'. "
            "Did you mean 'Austin'? [approved-subject]",
        ),
        (
            {"action": "sign contract"},
            "ApprovedActions!D2: the subject must be on sheet Contracts, column contract; found "
            "'Austin'. Add it to Contracts, though it may be out of use there, or correct the name. "
            "[approved-subject]",
        ),
        ({"mw": "many"}, "ApprovedActions!E2: mw must be a number; found 'many'. "),
    ],
)
def test_input_errors(solve: Solve, row: dict[str, Any], message: str) -> None:
    """Proves: one message per fault, at its cell."""
    base = approved(("start building", "Austin", "Y1", 40))[0]
    case = {
        "Periods": years(2),
        "Demand": demand(40, 40),
        "Sites": {"site": "Austin"},
        "Network": {"site": "Austin"},
        "ApprovedActions": [base | row],
    }
    (told,) = problems(solve, **priced(case, cost_per_site=1))
    assert told.startswith(message)


def test_without_sheets_there_is_nothing(tmp_path: Path) -> None:
    """Proves: neither absent nor empty sheets add a row, a column or a cost."""
    case = {"Network": NETWORK, "Sites": CASE["Sites"]}
    assert_adds_nothing(case, "departures", tmp_path)


# The approved plan from its file ------------------------------------------------------------------


@pytest.mark.slow
def test_a_plan_approved_and_solved_again_stays(tmp_path: Path) -> None:
    """Proves: a plan written, approved and solved again has no departure and the same cost.
    Sensitivity: against the approved actions of the workbook itself it departs."""
    case = books.everything()
    here = case.pop("ApprovedActions")
    case["DepartureCosts"][0]["last_period"] = None
    first = books.solve(case, tmp_path / "book")
    first.to_excel(tmp_path / "plan.xlsx")
    again = optalloc.solve(tmp_path / "book", approved=tmp_path / "plan.xlsx")
    assert again.cost == pytest.approx(first.cost)
    assert departed(again) == {}
    actions = again["Actions"][["period", "action", "subject"]]
    assert set(actions.itertuples(index=False, name=None)) == set(
        first["Actions"][["period", "action", "subject"]].itertuples(index=False, name=None)
    )
    assert again.input_hash != first.input_hash
    other = books.solve({**case, "ApprovedActions": here}, tmp_path / "other")
    assert departed(other) != {}
    assert other.cost > first.cost


@pytest.mark.slow
def test_an_approved_start_departs_where_nothing_can_be_decided(solve: Solve) -> None:
    """Proves: with every lead past the last period there is a plan all the same, in which the approved
    start departs in whole and the year's 40 MW remain unmet at 30 M each.

    Sensitivity: without the lead the start is made.
    """
    case = {
        "Sites": [{"site": "A", "status": "existing", "max_mw": 40, "block_lead_months": 24}],
        "Workloads": {"unmet_penalty_per_mw_year": 30},
        "ApprovedActions": approved(("start building", "A", "Y1", 40)),
    }
    plan = solve(**case)
    assert departed(plan) == {("start building", "A", "Y1"): 40}
    assert plan.cost == 40 * 30
    case["Sites"][0]["block_lead_months"] = 0
    assert departed(solve(**case)) == {}
