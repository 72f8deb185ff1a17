"""Commitments: what is announced, forbidden or bounded, each in a case solved by hand.

A costs 10 M per MW of IT, B 12.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import optalloc
from optalloc.pipeline.one_plan import solve_dataset
from optalloc.scenarios.edits import rows_added
from tests.books import binding, book, cost_without, demand, years
from tests.families import LeastCost, Solve, assert_adds_nothing, broken, problems
from tests.models import test_leases, test_terminations

NETWORK = [{"site": site, "region": "R", "latency_ms": 10} for site in "AB"]
SITES = [
    {"site": site, "build_cost_per_mw": cost, "site_cost": 5, "status": "candidate", "max_mw": 100}
    for site, cost in (("A", 10), ("B", 12))
]
CASE: dict[str, Any] = {
    "Network": NETWORK,
    "Sites": SITES,
    "Periods": years(2),
    "Demand": demand(40, 50),
}


def decided(**columns: Any) -> dict[str, Any]:
    return {**CASE, "Decisions": [{"decision": "D", "period": "Y1", **columns}]}


@pytest.mark.slow
def test_a_forbidden_site(solve: Solve, least_cost: LeastCost, tmp_path: Path) -> None:
    """Proves: A forbidden to Y2, B carries all 50 MW: 600 + 5. Sensitivity: free, A does: 500 + 5;
    forbidden in Y1 alone, A takes the ten of Y2: 480 + 5 + 100 + 5."""
    case = decided(what="committed", site="A", period="Y2", at_most=0)
    plan = solve(**case)
    assert plan.cost == pytest.approx(605)
    assert cost_without(book(**case), tmp_path / "w", "decision_at_most") == pytest.approx(505)
    early = decided(what="committed", site="A", period="Y1", at_most=0)
    assert least_cost(**early) == pytest.approx(590)


@pytest.mark.slow
def test_an_announced_site(solve: Solve, tmp_path: Path) -> None:
    """Proves: B announced is committed though nothing is built there: 505 + 5. Sensitivity: 505."""
    case = decided(what="committed", site="B", at_least=1)
    plan = solve(**case)
    assert plan.cost == pytest.approx(510)
    assert binding(plan, "decision_at_least") == ["D, Y1, committed"]
    assert cost_without(book(**case), tmp_path / "w", "decision_at_least") == pytest.approx(505)


@pytest.mark.long
@pytest.mark.first(1)
@pytest.mark.parametrize("what", ["started_mw", "online_mw"])
def test_megawatts_promised_at_a_site(what: str, solve: Solve, least_cost: LeastCost) -> None:
    """Proves: 30 MW promised at B by Y2 leave 20 to A: 360 + 200 + 10. Sensitivity: none, 505."""
    case = decided(what=what, site="B", period="Y2", at_least=30)
    assert solve(**case).cost == pytest.approx(570)
    fixed = decided(what=what, site="A", period="Y2", at_least=15, at_most=15)
    assert least_cost(**fixed) == pytest.approx(15 * 10 + 35 * 12 + 10)


@pytest.mark.slow
def test_started_counts_what_was_started_before(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: 40 MW started by Y1 at most, with ten more in Y2, keep A within "40 by Y1"."""
    case = decided(what="started_mw", site="A", period="Y1", at_most=40)
    assert solve(**case).cost == pytest.approx(505)
    both = decided(what="started_mw", site="A", period="Y2", at_most=40)
    assert least_cost(**both) == pytest.approx(400 + 120 + 10)


@pytest.mark.slow
def test_a_contract_to_be_signed(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: 30 MW signed in Y1 as promised, though 25 would do. A MW of the contract costs 0.1 M
    a year. Sensitivity: without the promise 2 years of 25 MW of it: 250 + 5 + 5."""
    site = [SITES[0] | {"pue": 1.0}]
    contract = {
        "contract": "C", "site": "A", "kind": "capacity", "max_mw": 60, "price_per_mwh": 0,
        "fixed_fee_per_mw_year": 0.1,
    }  # fmt: skip
    case = {
        "Periods": years(2),
        "Demand": demand(25, 25),
        "Sites": site,
        "Network": NETWORK[:1],
        "Contracts": [contract],
    }
    assert solve(**case).cost == pytest.approx(255 + 5)
    row = {"decision": "D", "what": "signed_mw", "contract": "C", "period": "Y1", "at_least": 30}
    assert least_cost(**case, Decisions=[row]) == pytest.approx(255 + 6)


@pytest.mark.slow
def test_leased_and_ended_megawatts(solve: Solve) -> None:
    """Proves: 10 MW of a lease at most in Y1 leave 30 to be built, 7 + 300 + 20. Sensitivity: 80.
    Of a contract only 10 MW are ended in Y2 and the rest a year later: 400 + 12 + 9 + 0.5 + 1 for
    Y1 and Y2, 3 + 2 for Y3. Sensitivity: 420 with all 40 ended in Y2."""
    row = {"decision": "D", "what": "leased_mw", "lease": "L", "period": "Y1", "at_most": 10}
    case = {**test_leases.TWO_YEARS, **test_leases.lease()}
    assert solve(**case, Decisions=[row]).cost == pytest.approx(327)
    row = {"decision": "D", "what": "ended_mw", "contract": "C", "period": "Y2", "at_most": 10}
    plan = solve(**test_terminations.CASE, Decisions=[row])
    assert plan.cost == pytest.approx(427.5)
    assert binding(plan, "decision_at_most") == ["D, Y2, ended_mw"]


@pytest.mark.slow
def test_what_a_plan_decides_is_held(everything: optalloc.Plan, everything_data: Any) -> None:
    """Proves: with all that a plan decides held, another solve decides the same and costs the same;
    of what it decides before a date, nothing later is held."""
    data, model = everything_data
    family = next(f for f in model.families if f.name == "commitments")
    held = family.hold(data, everything.tables, pd.Timestamp("2040-01-01"))
    plan = solve_dataset(rows_added(held, data), model)
    assert plan.cost == pytest.approx(everything.cost, rel=1e-6)
    for table, columns in (
        ("Build", ["committed", "started_mw"]),
        ("Procurement", ["signed_mw"]),
        ("Leasing", ["signed_mw"]),
    ):
        decided = (frame[table][columns].astype(float).to_numpy() for frame in (plan, everything))
        np.testing.assert_allclose(*decided, atol=1e-5)
    early = family.hold(data, everything.tables, pd.Timestamp("2027-07-01"))["Decisions"]
    assert set(early["period"]) == {"Y1"}
    before = family.hold(data, everything.tables, pd.Timestamp("2027-01-01"))["Decisions"]
    assert before.empty
    built, signed = {"committed", "started_mw"}, {"leased_mw", "signed_mw", "ended_mw"}
    assert set(early["what"]) == built | signed | {"bought", "kept", "exercised", "abandoned"}


def test_what_cannot_be_done_in_time_leaves_no_plan(solve: Solve) -> None:
    """Proves: 10 MW online at A in Y1 with a lead of two years: the row is named."""
    sites = [SITES[0] | {"block_lead_months": 24}, SITES[1]]
    case = decided(what="online_mw", site="A", at_least=10) | {"Sites": sites}
    with pytest.raises(optalloc.InfeasibleError, match=r"decision at least \(D\) by 10"):
        solve(**case)


def test_the_audit_sees_a_broken_promise(solve: Solve, tmp_path: Path) -> None:
    """Proves: a plan altered by hand breaks both limits in the audit alone."""
    rows = [
        {"decision": "least", "what": "online_mw", "site": "B", "period": "Y1", "at_least": 10},
        {"decision": "most", "what": "started_mw", "site": "A", "period": "Y2", "at_most": 40},
    ]
    case = {**CASE, "Decisions": rows}
    plan = solve(**case)
    assert not broken(plan, case, tmp_path / "kept")
    build = plan["Build"].assign(online_mw=0.0, started_mw=plan["Build"]["started_mw"] + 1)
    found = broken(plan, case, tmp_path / "changed", Build=build)
    assert found >= {"decision_at_least", "decision_at_most"}


def test_without_sheets_there_is_nothing(tmp_path: Path) -> None:
    """Proves: neither absent nor empty sheets add a row, a column or a cost."""
    assert_adds_nothing(CASE, "commitments", tmp_path)


@pytest.mark.first(2)
@pytest.mark.parametrize(
    ("what", "subject", "period", "impossible"),
    [
        ("signed_mw", {"contract": "C"}, "Y1", False),
        ("signed_mw", {"contract": "C"}, "Y2", True),
        ("started_mw", {"site": "A"}, "Y1", False),
        # Cumulative: what is started in Y1 counts in Y2.
        ("started_mw", {"site": "A"}, "Y2", False),
        ("started_mw", {"site": "B"}, "Y2", True),
        ("committed", {"site": "A"}, "Y2", False),
        ("committed", {"site": "B"}, "Y1", True),
        ("leased_mw", {"lease": "L"}, "Y1", False),
        ("leased_mw", {"lease": "L"}, "Y2", True),
    ],
)
def test_a_decision_on_what_can_serve_no_whole_period(
    what: str, subject: dict[str, str], period: str, impossible: bool, solve: Solve
) -> None:
    """C and L take a year to come and A a year to build, B two, of two years.

    Proves: asking for what has no variable is an error at its cell. Sensitivity: a year earlier, or
    at a site that can be built at in time, there is a plan.
    """
    row = {"decision": "asked", "what": what, "period": period, "at_least": 1, **subject}
    sites = [
        {"site": site, "status": "candidate", "max_mw": 100, "grid_zone": "Z",
         "block_lead_months": lead}
        for site, lead in (("A", 12), ("B", 24))
    ]  # fmt: skip
    case = {
        "Periods": years(2),
        "Sites": sites,
        "Network": [{"site": site, "region": "R", "latency_ms": 1} for site in "AB"],
        "Demand": demand(0, 0),
        "Contracts": [
            {"contract": "C", "zone": "Z", "kind": "capacity", "max_mw": 9, "lead_months": 12}
        ],
        "Leases": [
            {"lease": "L", "site": "A", "max_mw": 9, "lead_months": 12, "rent_per_mw_year": 0}
        ],
        "Decisions": [row],
    }
    if impossible:
        (message,) = problems(solve, **case)
        assert message.endswith("[decision-never-active]") and message.startswith("Decisions!")
    else:
        assert solve(**case).cost == 0


@pytest.mark.first(3)
@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"what": "signed_mw", "site": "A", "at_least": 1}, "decision-subject"),
        ({"what": "committed", "at_least": 1}, "decision-subject"),
        ({"what": "leased_mw", "site": "A", "at_least": 1}, "decision-subject"),
        ({"what": "committed", "site": "A"}, "no-bound"),
        ({"what": "online_mw", "site": "A", "at_least": 5, "at_most": 4}, "bounds-crossed"),
        ({"what": "committed", "site": "A", "at_least": 2}, "committed-above-one"),
    ],
)
def test_a_decision_that_says_nothing_sensible(
    columns: dict[str, Any], code: str, solve: Solve
) -> None:
    """Proves: each mistake gives one message at its row."""
    (message,) = problems(solve, **decided(**columns))
    assert message.startswith("Decisions!")
    assert message.endswith(f"[{code}]")


@pytest.mark.slow
def test_a_ceiling_where_nothing_can_be_built(least_cost: LeastCost) -> None:
    """What comes too late has no variable, and a ceiling on it is met.

    Proves: 40 MW unmet at 3. Sensitivity: built in time, at 1.
    """
    row = {"decision": "D", "what": "committed", "site": "A", "period": "Y1", "at_most": 1}
    case = {"Decisions": [row], "Workloads": {"unmet_penalty_per_mw_year": 3}}
    late = {"block_lead_months": 60, "build_cost_per_mw": 1}
    assert least_cost(Sites=late, **case) == pytest.approx(120)
    in_time = {"block_lead_months": 0, "build_cost_per_mw": 1}
    assert least_cost(Sites=in_time, **case) == pytest.approx(40)
