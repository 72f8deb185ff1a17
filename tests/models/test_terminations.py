"""Early termination: contracts ended for a fee, each limit in a case solved by hand.

Building 40 MW of IT costs 400 M and takes 40 MW of grid. C at 0.3 M per MW-year costs 12 M a year; D,
on offer later, costs 0.05 or 2 M a year.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import optalloc
from tests.books import binding, book, cost_without, demand, program, worth, years
from tests.families import LeastCost, Solve, assert_adds_nothing, broken

DEAR = {
    "contract": "C",
    "zone": "Z",
    "kind": "capacity",
    "max_mw": 100,
    "fixed_fee_per_mw_year": 0.3,
    "termination_fee_per_mw": 0.1,
}
CHEAP = {
    **DEAR,
    "contract": "D",
    "fixed_fee_per_mw_year": 0.05,
    "first_period": "Y2",
    "termination_fee_per_mw": None,
}
CASE: dict[str, Any] = {
    "Sites": {"grid_zone": "Z"},
    "Periods": years(3),
    "Demand": demand(40, 40, 40),
    "Contracts": [DEAR, CHEAP],
}


def ending(**columns: Any) -> dict[str, Any]:
    """C with some columns changed, and D."""
    return {**CASE, "Contracts": [{**DEAR, **columns}, CHEAP]}


def ended(plan: optalloc.Plan) -> list[list[Any]]:
    return plan["Terminations"].to_numpy().tolist()


@pytest.mark.long
def test_a_contract_is_ended_where_its_fee_is_worth_it(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: C is ended after Y1 for 4 M, D takes its place: 400 + 12 + 4 + 2 + 2.
    Sensitivity: it goes on, 436, if it cannot be ended, or only for 24 M where 20 are saved."""
    plan = solve(**CASE)
    assert plan.cost == pytest.approx(420)
    assert ended(plan) == [["C", "Y1", "Y2", pytest.approx(40)]]
    assert binding(plan, "ended_within_signed") == ["C, Y1"]
    actions = plan["Actions"].query("action == 'end contract'")
    assert actions[["subject", "period", "mw"]].to_numpy().tolist() == [["C", "Y2", 40]]
    assert least_cost(**ending(termination_fee_per_mw=None)) == pytest.approx(436)
    assert least_cost(**ending(termination_fee_per_mw=0.6)) == pytest.approx(436)


@pytest.mark.slow
def test_the_fee_is_paid_at_once_and_the_deposit_comes_back_at_the_end_of_the_term(
    solve: Solve,
) -> None:
    """Proves: at 10 %, the fee of 4 M is discounted for one year and a deposit of 20 M, of a term
    of four years, for four, a year beyond the horizon. Sensitivity: in half-dollars, twice."""
    case = ending(deposit_per_mw=0.5, term_months=48, last_period="Y1")
    case["Settings"] = {"discount_rate": 0.1}
    running = 12 * worth(0.1) + 2 * worth(0.1, 1, 3)
    plan = solve(**case)
    assert plan.cost == pytest.approx(400 + running + 4 / 1.1 + 20 - 20 / 1.1**4)
    case["Currencies"] = [{"currency": "HALF", "per_workbook_currency": 2}]
    case["Contracts"][0] |= {"currency": "HALF", "fixed_fee_per_mw_year": 0.6}
    half = solve(**case)
    assert half.cost == pytest.approx(400 + running + 2 / 1.1 + 10 - 10 / 1.1**4)


@pytest.mark.slow
def test_an_ending_lasts_no_longer_than_the_term(solve: Solve) -> None:
    """Proves: C for two years is ended after one, while D is on offer for Y2 alone; in Y3 C is
    signed anew: 400 + 12 + 4 + 2 + 12. Sensitivity: were it not ended, 436; were it still felt in
    Y3, 40 MW more of C would be signed."""
    case = ending(term_months=24)
    case["Contracts"][1] = {**CHEAP, "last_period": "Y2", "term_months": 12}
    plan = solve(**case)
    assert plan.cost == pytest.approx(430)
    procurement = plan["Procurement"].query("contract == 'C'")
    assert procurement["signed_mw"].tolist() == pytest.approx([40, 0, 40])
    assert procurement["active_mw"].tolist() == pytest.approx([40, 0, 40])


HELD = {
    **CASE,
    "Contracts": [
        {**DEAR, "fixed_fee_per_mw_year": 0.1, "termination_fee_per_mw": 0.01, "min_mw": 60,
         "last_period": "Y1"},
    ],
    "SignedContracts": [{"contract": "C", "signed_mw": 40, "expiry": "2029-01-01"}],
}  # fmt: skip


@pytest.mark.slow
def test_no_more_is_ended_than_was_signed(
    solve: Solve, least_cost: LeastCost, tmp_path: Path
) -> None:
    """Proves: beside 40 MW held until Y2 ends, Y3 needs at least 60 signed in Y1. All 40 are
    ended at once and 20 of the 60 in Y2: 400 + 6 + 4 + 4 + 0.6. Sensitivity: could 60 be ended of
    what is held, and 20 in Y3, 412.8; without endings, 400 + 10 + 10 + 6."""
    plan = solve(**HELD)
    assert plan.cost == pytest.approx(414.6)
    assert sorted(ended(plan)) == [
        ["C", "Y1", "Y2", pytest.approx(20)],
        ["C", "before (row 2)", "Y1", pytest.approx(40)],
    ]
    assert binding(plan, "ended_within_signed") == ["C, before (row 2)"]
    without = cost_without(book(**HELD), tmp_path / "w", "ended_within_signed")
    assert without == pytest.approx(412.8)
    kept = [{**HELD["Contracts"][0], "termination_fee_per_mw": None}]
    assert least_cost(**HELD | {"Contracts": kept}) == pytest.approx(426)


@pytest.mark.slow
def test_what_is_signed_serves_a_period_before_it_can_be_ended(tmp_path: Path) -> None:
    """Proves: with a lead of a year and a term of two, what is signed in Y1 serves Y2 and Y3 and
    can be ended in Y3 alone; in Y2 or Y3 nothing can be signed that could be ended; D never is."""
    case = ending(lead_months=12, term_months=24)
    built = program(book(**case), tmp_path).pyomo
    assert list(built.terminated) == [("C", "Y1", "Y3")]


@pytest.mark.slow
def test_take_or_pay_is_not_billed_once_a_contract_is_ended(
    solve: Solve, least_cost: LeastCost
) -> None:
    """Proves: 25 MW held at 100 per MWh with take or pay cost 21.9 M a year undrawn; ended in Y1 for
    2.5 M, spot at 50 feeds three years for 10.95 each: 400 + 2.5 + 32.85. Sensitivity: if it
    cannot be ended, 400 + 65.7."""
    firm = {**DEAR, "kind": "energy", "price_per_mwh": 100, "take_or_pay_share": 1}
    firm |= {"fixed_fee_per_mw_year": 0, "max_mw": 25}
    prices = [{"zone": "Z", "period": f"Y{k}", "spot_price_per_mwh": 50} for k in (1, 2, 3)]
    case = {
        **CASE,
        "Workloads": {"load_factor": 0.625},
        "Contracts": [firm],
        "SignedContracts": [{"contract": "C", "signed_mw": 25, "expiry": "2040-01-01"}],
        "PowerPrices": prices,
    }
    assert solve(**case).cost == pytest.approx(435.35)
    kept = [{**firm, "termination_fee_per_mw": None}]
    assert least_cost(**case | {"Contracts": kept}) == pytest.approx(465.7)


@pytest.mark.long
def test_the_audit_sees_each_limit_broken(solve: Solve, tmp_path: Path) -> None:
    """Proves: each limit, broken by hand in the tables of a plan, is found by the audit."""
    plan = solve(**HELD)
    table = plan["Terminations"]

    def found(**changed: Any) -> set[str]:
        return broken(plan, HELD, tmp_path, **changed)

    assert not found()
    assert found(Terminations=table.assign(ended_mw=61.0)) == {"ended_within_signed"}
    assert found(Terminations=table.assign(ended_mw=-1.0)) == {"ended_within_term"}
    # The 60 MW serve Y1 before they can be ended; the 40 have expired by Y3.
    assert found(Terminations=table.assign(period="Y1")) == {"ended_within_term"}
    assert found(Terminations=table.assign(period="Y3")) == {"ended_within_term"}
    unknown = found(Terminations=table.assign(signed="Y3"))
    assert unknown == {"ended_within_signed", "ended_within_term"}


@pytest.mark.slow
def test_without_a_fee_there_is_nothing(tmp_path: Path) -> None:
    """Proves: with contracts that cannot be ended there is no row, column or cost."""
    assert_adds_nothing(ending(termination_fee_per_mw=None), "terminations", tmp_path)
