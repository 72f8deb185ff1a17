"""Leases: capacity rented ready-made, in cases solved by hand.

Site A has room for 100 MW at 10 M a MW, and 7 M to commit; a MW leased there costs 1 M a year.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import optalloc
from tests.books import binding, book, cost_without, demand, worth, years
from tests.families import LeastCost, Solve, assert_adds_nothing, broken, problems

LEASE: dict[str, Any] = {"lease": "L", "site": "A", "max_mw": 50, "rent_per_mw_year": 1}
TWO_YEARS: dict[str, Any] = {
    "Periods": years(2),
    "Sites": {"site_cost": 7},
    "Demand": demand(40, 40),
}


def lease(**columns: Any) -> dict[str, Any]:
    return {"Leases": [LEASE | columns]}


def leasing(plan: optalloc.Plan, column: str) -> list[float]:
    """Signed or active MW of the lease, period by period."""
    return plan["Leasing"][column].round(6).tolist()


@pytest.mark.long
def test_leased_capacity_serves_without_a_commitment(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: 40 MW leased for two years cost 80, with no commitment; on a site without room as
    well; and they are online and installed. Sensitivity: without the lease 407, or no plan."""
    plan = solve(**TWO_YEARS, **lease())
    assert plan.cost == pytest.approx(80)
    assert leasing(plan, "signed_mw") == [40, 0]
    assert leasing(plan, "active_mw") == [40, 40]
    assert plan["Build"]["online_mw"].tolist() == pytest.approx([40, 40])
    assert plan["Build"]["installed_mw"].tolist() == pytest.approx([40, 40])
    assert not plan["Build"]["committed"].any()
    assert plan["Actions"][["action", "subject", "mw"]].to_numpy().tolist() == [
        ["sign lease", "L", pytest.approx(40)]
    ]
    assert least_cost(**TWO_YEARS) == pytest.approx(407)
    full = TWO_YEARS | {"Sites": {"site_cost": 7, "max_mw": 0}}
    assert least_cost(**full, **lease()) == pytest.approx(80)
    with pytest.raises(optalloc.InfeasibleError):
        solve(**full)


@pytest.mark.slow
def test_leased_capacity_takes_no_room(solve: Solve) -> None:
    """Proves: a site full with the 10 MW that are built there has 30 leased besides, 7 + 100 + 60.
    Sensitivity: with 20 leased at most there is no plan."""
    case = TWO_YEARS | {"Sites": {"site_cost": 7, "max_mw": 10}}
    plan = solve(**case, **lease(max_mw=30))
    assert plan.cost == pytest.approx(7 + 100 + 60)
    with pytest.raises(optalloc.InfeasibleError):
        solve(**case, **lease(max_mw=20))


@pytest.mark.slow
def test_all_that_is_active_stays_within_the_maximum(solve: Solve, tmp_path: Path) -> None:
    """Proves: of 30 and 60 MW, 30 are built for both years and 30 leased for the second, 307 + 30.
    Sensitivity: were the maximum one of each signing, 30 would be leased in either, 60 + 30."""
    case = TWO_YEARS | {"Demand": demand(30, 60)} | lease(max_mw=30)
    plan = solve(**case)
    assert plan.cost == pytest.approx(337)
    assert binding(plan, "lease_within_max") == ["L, Y2"]
    assert cost_without(book(**case), tmp_path / "w", "lease_within_max") == pytest.approx(90)


@pytest.mark.slow
def test_least_of_a_signing(solve: Solve, tmp_path: Path) -> None:
    """Proves: no less than 45 MW can be leased where 40 are needed, 90 for two years; at 5 M a
    MW-year that is 450, and building for 407 is cheaper. Sensitivity: without the least, 80 and
    400."""
    for rent, with_least, without in ((1, 90, 80), (5, 407, 400)):
        case = TWO_YEARS | lease(min_mw=45, rent_per_mw_year=rent)
        plan = solve(**case)
        assert plan.cost == pytest.approx(with_least)
        assert binding(plan, "lease_minimum") == (["L, Y1"] if rent == 1 else [])
        folder = tmp_path / f"w{rent}"
        assert cost_without(book(**case), folder, "lease_minimum") == pytest.approx(without)


@pytest.mark.slow
@pytest.mark.parametrize("window", [{"first_period": "Y2"}, {"last_period": "Y1"}])
def test_signing_window(solve: Solve, least_cost: LeastCost, window: dict[str, str]) -> None:
    """Proves: for 12 months, signed only in Y2 or only in Y1, the lease leaves the other year to be
    built for, 407; all 50 MW are leased where that year alone asks for 50. Sensitivity: signed in
    both, 80."""
    short = {"term_months": 12}
    assert least_cost(**TWO_YEARS, **lease(**short, **window)) == pytest.approx(407)
    both = solve(**TWO_YEARS, **lease(**short))
    assert both.cost == pytest.approx(80)
    assert leasing(both, "signed_mw") == [40, 40]
    only = {"Demand": demand(0, 50)} if "first_period" in window else {"Demand": demand(50, 0)}
    plan = solve(**TWO_YEARS | only, **lease(**short, **window))
    assert plan.cost == pytest.approx(50)
    assert len(binding(plan, "lease_on_offer")) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("columns", "active", "paid"),
    [
        ({"term_months": 18}, [1, 0, 0], 18),
        ({"lead_months": 12}, [0, 1, 1], 24),
        ({"lead_months": 6, "term_months": 24}, [0, 1, 0], 24),
        pytest.param({"term_months": 24}, [1, 1, 0], 24, marks=pytest.mark.slow),
        pytest.param({"lead_months": 12, "term_months": 12}, [0, 1, 0], 12, marks=pytest.mark.slow),
        pytest.param({"lead_months": 1, "term_months": 35}, [0, 1, 1], 35, marks=pytest.mark.slow),
    ],
)
def test_whole_periods_serve_and_the_whole_term_is_paid(
    solve: Solve, columns: dict[str, float], active: list[int], paid: int
) -> None:
    """Signed in Y1 of three years for 40 MW in those years in which it can serve.

    Proves: it serves the years that begin after its lead and end within its term, and is paid for
    month by month of its term. Sensitivity: six leads and terms.
    """
    case = {
        "Periods": years(3),
        "Demand": demand(*(40 * x for x in active)),
        "Sites": {"max_mw": 0},
    }
    plan = solve(**case, **lease(last_period="Y1", **columns))
    assert leasing(plan, "active_mw") == [40 * x for x in active]
    assert plan.cost == pytest.approx(40 * paid / 12)


@pytest.mark.slow
def test_links_to_a_commitment_hold_only_without_a_lease(
    solve: Solve, least_cost: LeastCost
) -> None:
    """Regions of 40 and 10 MW; A may be committed for 200 or leased in Y1 alone, B builds at 15.

    Proves: leased in Y1, 50, and built at B for Y2, 750; the rows that tighten the relaxation do
    not forbid it. Sensitivity: without the lease B is built for both years, 750.
    """
    case = {
        "Periods": years(2),
        "Sites": [
            {"site": "A", "status": "candidate", "max_mw": 100, "build_cost_per_mw": 12,
             "site_cost": 200},
            {"site": "B", "status": "candidate", "max_mw": 100, "build_cost_per_mw": 15,
             "earliest_start": "2028-01-01"},
        ],
        "Network": [{"site": s, "region": r, "latency_ms": 1} for s in "AB" for r in "RS"],
        "Demand": [*demand(40, 40), *demand(10, 10, region="S")],
    }  # fmt: skip
    plan = solve(**case, **lease(last_period="Y1", term_months=12))
    assert plan.cost == pytest.approx(50 + 750)
    # B may not start before Y2.
    assert least_cost(**case) == pytest.approx(200 + 600)


@pytest.mark.slow
def test_rent_escalates_and_is_discounted_while_it_is_due(
    solve: Solve, least_cost: LeastCost
) -> None:
    """Proves: 40 M a year grow by 44 % and are discounted by 21 % a year from the base date, the
    integral of (1.44 / 1.21)^t; a MW leased costs what any MW online costs besides; other currencies are converted.
    Sensitivity: 40, 40 + 20, and half the rent at 2 to the dollar."""
    case = {"Sites": {"max_mw": 0, "cost_per_mw_year": 0.5}}
    grown = lease(rent_escalation=0.44)
    assert least_cost(Sites={"max_mw": 0}, Settings={"discount_rate": 0.21}, **grown) == (
        pytest.approx(40 * worth(0.21, growth=0.44))
    )
    plan = solve(**case, **lease())
    assert plan.cost == pytest.approx(40 + 20)
    assert plan["Cost"].set_index("item")["cash"].to_dict() == pytest.approx(
        {"rent": 40, "running": 20}
    )
    foreign = solve(
        **case, **lease(currency="X"), Currencies=[{"currency": "X", "per_workbook_currency": 2}]
    )
    assert foreign.cost == pytest.approx(20 + 20)


@pytest.mark.long
def test_each_signing_is_paid_until_its_own_term_ends(solve: Solve) -> None:
    """10 MW at 1 a MW-year for 30 months, signed in each of two periods of two years.

    Proves: the first signing is paid for half of 2029, too, and so the years cost 10, 10, 10 + 5 and
    10, in the cash flow and in what is paid of the returns.
    """
    plan = solve(
        Periods=years(2, months=24),
        Sites={"max_mw": 0},
        Demand=demand(10, 10),
        Workloads={"value_per_mw_year": 1},
        **lease(term_months=30),
    )
    for table, column in (("CashFlow", "running"), ("Returns", "paid")):
        assert plan[table][column].tolist() == pytest.approx([10, 10, 15, 10])


@pytest.mark.slow
def test_a_lease_of_an_excluded_site_is_left_out(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: with A excluded, B is built on for 400 and the table is empty. Sensitivity: 40."""

    def case(status: str) -> dict[str, Any]:
        columns = {"max_mw": 100, "build_cost_per_mw": 10}
        return {
            "Sites": [
                {"site": "A", "status": status, **columns},
                {"site": "B", "status": "candidate", **columns},
            ],
            "Network": [{"site": s, "region": "R", "latency_ms": 1} for s in "AB"],
            **lease(),
        }

    plan = solve(**case("excluded"))
    assert plan.cost == pytest.approx(400)
    assert plan["Leasing"].empty
    assert least_cost(**case("candidate")) == pytest.approx(40)


@pytest.mark.first(1)
def test_the_audit_sees_altered_leases(solve: Solve, tmp_path: Path) -> None:
    """Proves: each limit is broken, in the audit alone, by tables altered by hand; and what is
    online without a lease is new capacity that nobody started."""
    case = TWO_YEARS | lease(min_mw=40, max_mw=40, last_period="Y1")
    plan = solve(**case)
    assert not broken(plan, case, tmp_path / "kept")
    table = plan["Leasing"]

    def found(name: str, **columns: list[float]) -> set[str]:
        return broken(plan, case, tmp_path / name, Leasing=table.assign(**columns))

    assert found("late", signed_mw=[0.0, 40.0]) == {"lease_on_offer"}
    assert found("little", signed_mw=[39.0, 0.0]) == {"lease_minimum"}
    assert "lease_within_max" in found("much", active_mw=[41.0, 41.0])
    assert "service_after_block_lead" in found("none", active_mw=[0.0, 40.0])


@pytest.mark.slow
def test_without_sheets_there_is_nothing(tmp_path: Path) -> None:
    """Proves: neither absent nor empty sheets add a row, a column or a cost."""
    assert_adds_nothing(TWO_YEARS, "leases", tmp_path)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"min_mw": 60}, "Leases!C2: min_mw must not be above max_mw, 50; found 60."),
        (
            {"first_period": "Y2", "last_period": "Y1"},
            "Leases!D2: last_period must not be before first_period, Y2; found 'Y1'.",
        ),
        (
            {"term_months": 11},
            "Leases!A2: some period must lie wholly inside the term of 'L', or it never serves; "
            "found none.",
        ),
    ],
)
def test_errors(solve: Solve, columns: dict[str, Any], message: str) -> None:
    """Proves: one message for each mistake. Sensitivity: the lease itself has none."""
    found = problems(
        solve, **TWO_YEARS, Leases=[{"lease": "L", "site": "A"} | columns | LEASE | columns]
    )
    assert len(found) == 1
    assert found[0].startswith(message)
