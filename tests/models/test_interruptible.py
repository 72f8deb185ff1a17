"""Interruptible connections, each limit in a case solved by hand.

40 MW of IT cost 1 M to build and are left unmet at 1 M a MW-year. At a load factor of 0.9 they draw
315.36 GWh a year, 31.536 M at spot. The connection comes in Y2; in Y1 the grid gives 40 MW that it
cuts off for the 876 hours of the peak, a tenth of the year.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import optalloc
from tests.books import binding, demand, years
from tests.families import LeastCost, Solve, assert_adds_nothing, broken, problems

CASE: dict[str, Any] = {
    "Periods": years(2),
    "Sites": {"grid_zone": "Z", "build_cost_per_mw": 0.025},
    "Demand": demand(40, 40),
    "Workloads": {"load_factor": 0.9, "unmet_penalty_per_mw_year": 1},
    "PowerRamp": [{"site": "A", "period": "Y2", "energised_mw": 40}],
    "PowerPrices": [
        {"zone": "Z", "period": period, "spot_price_per_mwh": 100} for period in ("Y1", "Y2")
    ],
    "Slices": [
        {"slice": "peak", "hours_per_year": 876, "day_type": "any"},
        {"slice": "rest", "hours_per_year": 7884, "day_type": "any"},
    ],
}
WAITS = [{"workload": "load", "slice": "peak", "shiftable_share": 1}]
ENERGY = 31.536
# Without such terms: built for Y2, and all of Y1 left unmet.
LATE = 1 + ENERGY + 40


def connected(cut_share: float | None = None, **columns: Any) -> dict[str, Any]:
    """The case, with 40 MW on interruptible terms from Y1 on."""
    row = {"site": "A", "period": "Y1", "max_mw": 40, "fee_per_mw_year": 0.1, **columns}
    cut = {"site": "A", "slice": "peak", "cut_share": cut_share}
    return {**CASE, "Interruptible": [row], "Interruptions": [cut]}


def test_an_interruptible_connection_beats_a_late_firm_one(
    solve: Solve, least_cost: LeastCost
) -> None:
    """Proves: load that can wait out the peak is made up in the rest, 40 MW at capacity, so that the
    site serves Y1 for 31.536 of energy and 4 of fee and not for 40 of penalty; in Y2 it is firm.
    Sensitivity: late, it costs 72.536; at 0.85 M a MW-year the firm connection is waited for."""
    plan = solve(**connected(), WorkloadSlices=WAITS)
    assert plan.cost == pytest.approx(1 + 2 * ENERGY + 4)
    use = plan["InterruptibleUse"].set_index("period")
    assert use["interruptible_mw"].to_dict() == pytest.approx({"Y1": 40, "Y2": 0}, abs=1e-6)
    assert use["firm_mw"].to_dict() == pytest.approx({"Y1": 0, "Y2": 40}, abs=1e-6)
    power = plan["PowerBySlice"].set_index(["period", "slice"])["spot_gwh"]
    assert power["Y1", "peak"] == pytest.approx(0, abs=1e-6)
    assert power["Y1", "rest"] == pytest.approx(315.36)
    assert "A, Y1" in binding(plan, "interruptible_within_offer")
    assert least_cost(**CASE, WorkloadSlices=WAITS) == pytest.approx(LATE)
    cheap = connected() | {"Workloads": {"load_factor": 0.9, "unmet_penalty_per_mw_year": 0.85}}
    assert least_cost(**cheap, WorkloadSlices=WAITS) == pytest.approx(LATE - 6)


@pytest.mark.long
def test_load_that_cannot_wait_is_served_by_a_battery(least_cost: LeastCost) -> None:
    """Proves: a battery of 36 MW gives the 31.536 GWh of the peak, 86.4 MWh on each of 365 days, at
    1.8 and 0.864. Sensitivity: without it nothing can be served in Y1 on such terms."""
    battery = {
        "storage": "battery", "site": "A", "max_mw": 40, "cost_per_mw": 0.05, "cost_per_mwh": 0.01,
        "efficiency": 1, "peak_share": 0,
    }  # fmt: skip
    cost = 1 + 2 * ENERGY + 4 + 36 * 0.05 + 86.4 * 0.01
    assert least_cost(**connected(), Storage=[battery]) == pytest.approx(cost)
    assert least_cost(**connected()) == pytest.approx(LATE)


@pytest.mark.long
def test_a_share_is_cut_off(least_cost: LeastCost) -> None:
    """Proves: cut off by half the site draws 20 MW in the peak, 22.222 of demand at its load factor:
    17.52 of energy, 4 of fee and 17.778 of penalty in Y1. Sensitivity: not cut off it serves all."""
    half = 1 + ENERGY * 5 / 9 + 4 + 40 * 4 / 9 + ENERGY
    assert least_cost(**connected(cut_share=0.5)) == pytest.approx(half)
    assert least_cost(**connected(cut_share=0)) == pytest.approx(1 + 2 * ENERGY + 4)


@pytest.mark.long
def test_a_zone_that_is_full_carries_more_on_such_terms(least_cost: LeastCost) -> None:
    """Proves: what is interruptible comes on top of what the zone carries and takes on, and what is
    firm a year later counts as new then. Sensitivity: a zone that takes on 30 in Y2 leaves 10 of them
    on such terms, at 1 M of fee; what is offered up to Y1 alone leaves 10 unmet."""

    def zone(new: float | None, **columns: Any) -> dict[str, Any]:
        case = {name: sheet for name, sheet in connected(**columns).items() if name != "PowerRamp"}
        rows = [
            {"zone": "Z", "period": "Y1", "max_new_mw": None, "max_total_mw": 0},
            {"zone": "Z", "period": "Y2", "max_new_mw": new, "max_total_mw": 40},
        ]
        return case | {"GridZones": rows, "WorkloadSlices": WAITS}

    served = 1 + 2 * ENERGY + 4
    assert least_cost(**zone(None)) == pytest.approx(served)
    assert least_cost(**zone(40)) == pytest.approx(served)
    assert least_cost(**zone(30)) == pytest.approx(served + 1)


@pytest.mark.long
def test_it_keeps_to_what_is_offered(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: of 30 MW on offer 30 serve Y1, 10 are left unmet; one more MW saves 1 less its energy and
    fee, 0.1116. The offer holds from its period on."""
    case = {**connected(max_mw=30), "WorkloadSlices": WAITS}
    plan = solve(**case)
    assert plan.cost == pytest.approx(1 + 1.75 * ENERGY + 3 + 10)
    (row,) = plan["Marginals"].query("limit == 'interruptible_within_offer'").to_dict("records")
    assert row["saving"] == pytest.approx(1 - ENERGY / 40 - 0.1)
    late = {**connected(period="Y2"), "WorkloadSlices": WAITS}
    assert least_cost(**late) == pytest.approx(LATE)


@pytest.mark.long
def test_a_plant_on_site_serves_what_is_cut_off(least_cost: LeastCost) -> None:
    """Proves: what a plant delivers on site is not cut off: 36 MW of it give 31.536 GWh in the peak, and
    no more than that, as it is dearer than spot. Its MW also cover peak, so that no fee is due for them.
    Sensitivity: without it nothing is served in Y1."""
    plant = {
        "contract": "plant", "site": "A", "kind": "generation", "max_mw": 36, "price_per_mwh": 200,
        "term_months": 12, "last_period": "Y1",
    }  # fmt: skip
    case = {**connected(), "Contracts": [plant]}
    cost = 1 + 2 * ENERGY + 31.536 * 0.1 + 4 * 0.1
    assert least_cost(**case) == pytest.approx(cost)


def test_an_offer_that_nobody_takes_keeps_no_storage_from_charging(solve: Solve) -> None:
    """10 MW day and night from 20 MW of sun by day, through a battery that the peak leaves out.

    Proves: 10 to build, 10 MW and 12 hours of battery at 0.1 + 0.6 and 0.2 of sun are 10.9, also where
    the site may draw 1 MW on terms that cut it off by day and cost 100: it draws 20 MW by day, of
    which 10 are no peak. Sensitivity: with all on such terms and no firm connection, nothing charges
    by day, and there is no plan.
    """
    case = {
        "Sites": {"build_cost_per_mw": 1, "max_mw": 1000, "grid_zone": "Z"},
        "Demand": demand(10),
        "Slices": [
            {"slice": name, "hours_per_year": 4380, "day_type": "any"} for name in ("day", "night")
        ],
        "Contracts": [
            {"contract": "sun", "site": "A", "kind": "energy", "max_mw": 100, "availability": 0.5,
             "price_per_mwh": 0, "fixed_fee_per_mw_year": 0.01}
        ],
        "ContractSlices": [
            {"contract": "sun", "slice": "day", "available": 1},
            {"contract": "sun", "slice": "night", "available": 0},
        ],
        "Storage": [
            {"storage": "battery", "site": "A", "max_mw": 100, "cost_per_mw": 0.01,
             "cost_per_mwh": 0.005, "efficiency": 1, "peak_share": 0}
        ],
        "Interruptions": [{"site": "A", "slice": "day", "cut_share": 1}],
    }  # fmt: skip

    def offer(mw: float) -> dict[str, Any]:
        row = {"site": "A", "period": "Y1", "max_mw": mw, "fee_per_mw_year": 100}
        return {**case, "Interruptible": [row]}

    plan = solve(**offer(1))
    assert plan.cost == pytest.approx(10 + 0.1 + 0.6 + 0.2)
    assert plan["StorageBuilt"]["ready_mw"].tolist() == pytest.approx([10])
    with pytest.raises(optalloc.InfeasibleError):
        solve(**offer(500), PowerRamp=[{"site": "A", "period": "Y1", "energised_mw": 0}])


def test_the_audit_sees_what_is_drawn_while_it_is_cut_off(solve: Solve, tmp_path: Path) -> None:
    """Proves: energy in the peak, more than is offered, more than is drawn, and a connection that
    carries more than is firm are each found in the tables."""
    case = {**connected(), "WorkloadSlices": WAITS}
    plan = solve(**case)

    def found(**changed: Any) -> set[str]:
        return broken(plan, case, tmp_path, **changed)

    assert not found()
    power, use = plan["PowerBySlice"], plan["InterruptibleUse"]
    in_peak = power.assign(spot_gwh=power["spot_gwh"].mask(power["slice"] == "peak", 1.0))
    assert "drawn_while_cut_off" in found(PowerBySlice=in_peak)
    more = use.assign(interruptible_mw=41.0)
    assert {"interruptible_within_offer", "interruptible_within_draw"} <= found(
        InterruptibleUse=more
    )
    less = use.assign(interruptible_mw=0.0)
    assert "connection" in found(InterruptibleUse=less)


def test_without_sheets_there_is_nothing(tmp_path: Path) -> None:
    """Proves: neither absent nor empty sheets add a row, a column or a cost."""
    assert_adds_nothing(CASE, "interruptible", tmp_path)


@pytest.mark.long
def test_wrong_terms_are_told_at_once(solve: Solve) -> None:
    """Proves: terms without slices or without priced energy are errors at their cells, and an unknown
    name and a share beyond 1 are told together, but not the name that only the unknown one leaves out.
    Sensitivity: a second name that is missing there is told."""
    whole = connected() | {"Slices": [], "Interruptions": []}
    (message,) = problems(solve, **whole)
    assert message.startswith("Interruptible!A2: ")
    assert message.endswith("[interruptible-without-slices]")
    (message,) = problems(solve, **(connected() | {"PowerPrices": []}))
    assert message.endswith("[interruptible-without-energy]")
    wrong = connected(site="B", cut_share=2)
    cells = [text.split(":")[0] for text in problems(solve, **wrong)]
    assert sorted(cells) == ["Interruptible!A2", "Interruptions!C2"]
    other = [*wrong["Interruptions"], {"site": "C", "slice": "peak", "cut_share": 1}]
    cells = [text.split(":")[0] for text in problems(solve, **(wrong | {"Interruptions": other}))]
    assert sorted(cells) == ["Interruptible!A2", "Interruptions!A3", "Interruptions!C2"]


@pytest.mark.long
def test_terms_without_effect_are_noticed(solve: Solve) -> None:
    """Proves: MW that are never cut off, and MW at a site that nothing limits, are noticed."""
    never = solve(**(connected() | {"Interruptions": []}))
    assert "never-cut-off" in {problem.code for problem in never.notices}
    free = solve(**(connected() | {"PowerRamp": []}))
    assert "interruptible-unlimited" in {problem.code for problem in free.notices}
    assert free["InterruptibleUse"]["interruptible_mw"].sum() == pytest.approx(0, abs=1e-6)


@pytest.mark.long
def test_rows_of_a_site_that_is_excluded_count_for_nothing(solve: Solve) -> None:
    """Proves: terms of a site that is excluded are neither an error nor noticed, as a ramp of it is."""
    case = connected()
    site = {"site": "A", "status": "candidate", "max_mw": 100, **case["Sites"]}
    case["Sites"] = [site, {"site": "B", "status": "excluded", "max_mw": 100, "grid_zone": "Z"}]
    case["Network"] = [{"site": name, "region": "R", "latency_ms": 1} for name in "AB"]
    case["Interruptible"] = [*case["Interruptible"], {"site": "B", "period": "Y1", "max_mw": 40}]
    plan = solve(**case, WorkloadSlices=WAITS)
    assert set(plan["InterruptibleUse"]["site"]) == {"A"}
    assert not [p for p in plan.notices if str(p).startswith("Interruptible")]
