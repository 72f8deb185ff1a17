"""Capacity beyond what load needs that makes a plan cheaper, or possible: no bound may cut it off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.books import Book, book, demand, least_cost, solve, years
from tests.models import test_interruptible

SITE = {"site": "A", "status": "candidate", "max_mw": 200, "build_cost_per_mw": 1}
DEAR = {"site": "B", "status": "candidate", "max_mw": 100, "build_cost_per_mw": 100}
BOTH = [{"site": site, "region": "R", "latency_ms": 1} for site in "AB"]
RISKS = {f"{kind}_risk": 0 for kind in ("legal", "political", "conflict", "grid", "supply_chain")}


def differing(
    sheet: str,
    column: str,
    value: str,
    revealed: str = "2028-01-01",
    share: float = 0.5,
    **row: str,
) -> dict[str, Any]:
    """Two scenarios that differ in a cell; `share` is the probability of the second."""
    named = {"uncertainty": "u", "outcome": "b"}
    change = {"sheet": sheet, "column": column, "operation": "set", "value": value, **row}
    return {
        "Uncertainties": [
            {**named, "outcome": "a", "probability": 1 - share, "revealed": revealed},
            {**named, "probability": share},
        ],
        "Outcomes": [{**named, **change}],
    }


@pytest.mark.long
def test_what_was_approved_is_started_besides_what_load_needs(tmp_path: Path) -> None:
    """Proves: 40 MW in Y1 depart (400) and cost 40, the approved 60 MW in Y2 cost 60: 500. With 60 MW in
    all, 40 and 20 depart by 40 in both periods: 860. Sensitivity: with room for 60 MW it is 860."""
    made = book(
        Periods=years(2),
        Demand=demand(40, 40),
        Sites=[SITE],
        ApprovedActions=[
            {"date": None, "period": "Y2", "action": "start building", "subject": "A", "mw": 60}
        ],
        DepartureCosts=[{"cost_per_mw_started": 10}],
    )
    assert least_cost(made, tmp_path / "room") == pytest.approx(500)
    made["Sites"][0]["max_mw"] = 60
    assert least_cost(made, tmp_path / "full") == pytest.approx(860)


@pytest.mark.long
@pytest.mark.parametrize("workload", [{}, {"Workloads": {"load_factor": 0.9}}])
def test_idle_capacity_draws_what_the_cut_leaves(tmp_path: Path, workload: dict[str, Any]) -> None:
    """Proves: 36 MW of load at the peak, when half is cut off, run on 72 MW in service: 72 * 0.025 to
    build, 31.536 of energy a year, and fees on 72 MW in Y1 and on the 32 beyond 40 firm ones in Y2."""
    made = test_interruptible.connected(0.5, max_mw=100, fee_per_mw_year=0.01) | workload
    by_hand = 72 * 0.025 + 2 * 31.536 + 72 * 0.01 + 32 * 0.01
    assert solve(book(**made), tmp_path).cost == pytest.approx(by_hand)


@pytest.mark.long
def test_a_minimum_of_one_scenario_is_held_in_all(tmp_path: Path) -> None:
    """Proves: where 50 MW are the least in one scenario and 1 in the other, 50 at 10 a MW are started in
    both for 10 MW of load, at 500, where B costs 1,000."""
    cheap = {**SITE, "max_mw": 100, "build_cost_per_mw": 10, "min_mw": 50}
    made = book(
        Periods=years(2),
        Demand=demand(10, 10),
        Sites=[cheap, DEAR],
        Network=BOTH,
        **differing("Sites", "min_mw", "1", rows="site=A"),
    )
    assert solve(made, tmp_path).cost == pytest.approx(500)


@pytest.mark.long
@pytest.mark.parametrize(
    ("made", "by_hand"),
    [
        (
            # 30 MW leased at 1 a MW-year for two years, in both scenarios.
            book(
                Periods=years(2),
                Demand=demand(10, 10),
                Sites=[{**SITE, "max_mw": 0.1}],
                Leases=[{"lease": "L", "site": "A", "last_period": "Y1", "term_months": 24,
                         "max_mw": 60, "min_mw": 30, "rent_per_mw_year": 1}],
                **differing("Leases", "min_mw", "1"),
            ),
            60,
        ),
        (
            # 40 MW, needed from Y3 on, live one year in one scenario, so that 40 start in Y1 and Y2.
            book(
                Periods=years(4),
                Demand=demand(0, 0, 40, 40),
                Sites=[{**SITE, "max_mw": 100, "build_cost_per_mw": 10, "block_lead_months": 24,
                        "life_years": 1, "end_of_life": "retired"}],
                **differing("Sites", "life_years", "10", "2030-01-01"),
            ),
            800,
        ),
    ],
    ids=["lease", "life"],
)  # fmt: skip
def test_what_one_scenario_asks_for_is_decided_in_all(
    made: Book, by_hand: float, tmp_path: Path
) -> None:
    assert solve(made, tmp_path).cost == pytest.approx(by_hand)


@pytest.mark.long
def test_leased_capacity_holds_the_power_of_a_zone(tmp_path: Path) -> None:
    """Proves: where a zone may draw 10 MW more in Y2, 30 MW leased at A in Y1 (3) and given back leave 40
    for B (40): 43. Sensitivity: with 40 more allowed nothing but A's own 5 MW are leased: 40.5."""
    made = book(
        Periods=years(2),
        Workloads={"max_latency_ms": 100},
        Sites=[
            {**SITE, "grid_zone": "Z", "max_mw": 100, "build_cost_per_mw": 50},
            {**SITE, "site": "B", "grid_zone": "Z", "max_mw": 100, "block_lead_months": 12},
        ],
        Leases=[{"lease": "L", "site": "A", "last_period": "Y1", "term_months": 12, "max_mw": 60,
                 "rent_per_mw_year": 0.1}],
        Demand=demand(5, 0, region="RA") + demand(0, 40, region="RB"),
        Network=[
            {"site": site, "region": f"R{other}", "latency_ms": 1 if site == other else 900}
            for site in "AB"
            for other in "AB"
        ],
        GridZones=[{"zone": "Z", "period": "Y1", "max_new_mw": 100},
                   {"zone": "Z", "period": "Y2", "max_new_mw": 10}],
    )  # fmt: skip
    assert least_cost(made, tmp_path / "tight") == pytest.approx(43)
    made["GridZones"][1]["max_new_mw"] = 40
    assert least_cost(made, tmp_path / "free") == pytest.approx(40.5)


@pytest.mark.long
def test_an_option_is_bought_as_decided_besides_what_is_used(tmp_path: Path) -> None:
    """Proves: 40 MW of grid are bought in Y1, when they are used (4), and 50 in Y2, as decided (5), beside
    40 to build. Sensitivity: without the decision 44."""
    made = book(
        Periods=years(2),
        Demand=demand(40, 40),
        Sites=[{**SITE, "grid_zone": "Z"}],
        GridZones=[{"zone": "Z", "period": p, "max_total_mw": 0} for p in ("Y1", "Y2")],
        Options=[
            {"option": "o", "kind": "grid", "zone": "Z", "premium_per_mw": 0.1, "max_mw": 500}
        ],
        Decisions=[
            {"decision": "d", "what": "bought", "option": "o", "period": "Y2", "at_least": 50}
        ],
    )
    assert least_cost(made, tmp_path / "decided") == pytest.approx(49)
    made["Decisions"] = []
    assert least_cost(made, tmp_path / "free") == pytest.approx(44)


@pytest.mark.long
@pytest.mark.parametrize(
    ("limit", "share", "mw", "by_hand"),
    [
        # 60 MW in one scenario and none in the other are 30 on average; there B serves 10.
        ({"Decisions": [{"decision": "d", "what": "online_mw", "site": "A", "period": "Y1",
                         "at_least": 30}],
          "Across": [{"limit": "decision_at_least", "holds": "on average"}]}, 0.5, 10, 35),
        # Half of what is online at A, in a tenth of all scenarios: 360 there, and 40 at B else.
        ({"RiskLimits": [{"limit": "own", "kind": "min_share", "jurisdiction": "J1", "value": 0.5}],
          "Across": [{"limit": "online_exposure", "holds": "on average"}]}, 0.9, 40, 72),
    ],
    ids=["decision", "share"],
)  # fmt: skip
def test_one_scenario_may_make_up_for_another(
    limit: dict[str, Any], share: float, mw: float, by_hand: float, tmp_path: Path
) -> None:
    """Proves: what holds on average is had in the scenario in which A has room."""
    made = book(
        Demand=demand(mw),
        Sites=[
            {**SITE, "site": site, "max_mw": 500, "jurisdiction": j}
            for site, j in (("A", "J1"), ("B", "J2"))
        ],
        Network=BOTH,
        Jurisdictions=[{"jurisdiction": j, "trusted": "yes", **RISKS} for j in ("J1", "J2")],
        **limit,
        **differing("Sites", "max_mw", "0.0001", "2027-01-01", share, rows="site=A"),
    )
    assert solve(made, tmp_path).cost == pytest.approx(by_hand, rel=1e-4)
