"""Storage: energy moved from day to night, each limit in a case solved by hand.

40 MW that stand draw 175.2 GWh by day and 175.2 at night. The sun delivers by day alone, at 20 per
MWh; spot costs 100 at any time. A battery that gives 0.8 of what it takes needs 219 GWh of sun for
the night: 50 MW over the 4,380 hours of the day, and 480 MWh, filled on each of 365 days.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.books import binding, demand, years
from tests.families import LeastCost, Solve, assert_adds_nothing, broken, problems

CASE: dict[str, Any] = {
    "Sites": {"grid_zone": "Z", "status": "existing", "existing_mw": 40, "max_mw": 40},
    "Contracts": [
        {
            "contract": "sun", "site": "A", "kind": "energy", "max_mw": 1000, "price_per_mwh": 20,
            "availability": 0.25, "tco2_per_mwh": 0,
        }
    ],
    "PowerPrices": [{"zone": "Z", "period": "Y1", "spot_price_per_mwh": 100, "tco2_per_mwh": 0.4}],
    "Slices": [
        {"slice": "day", "hours_per_year": 4380, "day_type": "any"},
        {"slice": "night", "hours_per_year": 4380, "day_type": "any"},
    ],
    "ContractSlices": [
        {"contract": "sun", "slice": "day", "available": 0.5},
        {"contract": "sun", "slice": "night", "available": 0},
    ],
}  # fmt: skip


def battery(**columns: Any) -> dict[str, Any]:
    row = {
        "storage": "battery", "site": "A", "max_mw": 100, "cost_per_mw": 0.1, "cost_per_mwh": 0.01,
        "efficiency": 0.8, **columns,
    }  # fmt: skip
    return {**CASE, "Storage": [row]}


def test_a_battery_serves_the_night(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: 394.2 GWh of sun at 20, 50 MW at 0.1 and 480 MWh at 0.01: 7.884 + 5 + 4.8.
    Sensitivity: without it the night is spot, 3.504 + 17.52."""
    plan = solve(**battery())
    assert plan.cost == pytest.approx(17.684)
    built = plan["StorageBuilt"].iloc[0]
    assert (built["ordered_mw"], built["ordered_mwh"]) == (pytest.approx(50), pytest.approx(480))
    assert plan["Power"]["energy_gwh"].sum() == pytest.approx(394.2)
    by_slice = plan["CleanBySlice"].set_index("slice")
    assert by_slice["clean_mw"].to_dict() == pytest.approx({"day": 90, "night": 0})
    assert least_cost(**CASE) == pytest.approx(21.024)


@pytest.mark.long
def test_a_battery_against_spot_at_its_break_even(solve: Solve) -> None:
    """Proves: a night of sun costs 219 x 0.02 for energy and 9.8 for the battery, 80.94 per MWh of 175.2 GWh:
    with spot at 80.9 nothing is ordered, at 81 all is."""

    def ordered(price: float) -> float:
        case = battery()
        case["PowerPrices"] = [{**CASE["PowerPrices"][0], "spot_price_per_mwh": price}]
        return float(solve(**case)["StorageBuilt"]["ordered_mw"].sum())

    assert ordered(80.9) == pytest.approx(0)
    assert ordered(81) == pytest.approx(50)


@pytest.mark.long
def test_storage_keeps_to_its_limits(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: of 20 MW 87.6 GWh are taken and 70.08 given, in 192 MWh: the sun is 262.8 GWh and spot
    105.12, 5.256 + 10.512 + 2 + 1.92. With at most 4 hours 100 MW, at 0.05,
    hold 400 MWh and give 146 GWh.
    Sensitivity: with the 50 MW and 9.6 hours that are best, or more, it is 17.684."""
    few = battery(max_mw=20)
    plan = solve(**few)
    assert plan.cost == pytest.approx(5.256 + 10.512 + 2 + 1.92)
    assert binding(plan, "storage_within_max") == ["battery"]
    short = solve(**battery(max_hours=4, cost_per_mw=0.05))
    sun, spot = 175.2 + 182.5, 175.2 - 146
    assert short.cost == pytest.approx(sun * 0.02 + spot * 0.1 + 5 + 4)
    assert binding(short, "storage_hours_within_max") == ["battery, Y1"]
    assert least_cost(**battery(max_hours=24)) == pytest.approx(17.684)


@pytest.mark.long
def test_storage_counts_at_the_peak(least_cost: LeastCost) -> None:
    """Proves: of a zone that carries 60 MW 20 are left for a battery, as above; where half of its MW
    count, 40, which take 175.2 GWh and give 140.16."""

    def zone(share: float) -> float:
        limit = [{"zone": "Z", "period": "Y1", "max_total_mw": 60}]
        return least_cost(**battery(peak_share=share), GridZones=limit)

    assert zone(1) == pytest.approx(19.688)
    assert zone(0.5) == pytest.approx(350.4 * 0.02 + 35.04 * 0.1 + 4 + 3.84)
    assert zone(0) == pytest.approx(17.684)


@pytest.mark.long
def test_storage_is_ordered_ahead_and_renewed(solve: Solve) -> None:
    """Proves: with a lead of a year and a life of one, of three years the first is spot at night,
    21.024, the battery is paid for once a year for the other two, 2 x 9.8 beside their sun, and a MW
    in service costs 0.05 a year: 21.024 + 2 x (7.884 + 9.8 + 2.5)."""
    case = battery(lead_months=12, life_years=1, running_cost_per_mw_year=0.05)
    case |= {"Periods": years(3), "Demand": demand(40, 40, 40)}
    prices = [
        {**CASE["PowerPrices"][0], "period": f"Y{k}", "spot_price_per_mwh": 200} for k in (1, 2, 3)
    ]
    plan = solve(**{**case, "PowerPrices": prices})
    assert plan.cost == pytest.approx(3.504 + 35.04 + 2 * (7.884 + 9.8 + 2.5))
    built = plan["StorageBuilt"].set_index("period")
    assert built["ordered_mw"].to_dict() == pytest.approx({"Y1": 50, "Y2": 0, "Y3": 0})
    assert built["ready_mw"].to_dict() == pytest.approx({"Y1": 0, "Y2": 50, "Y3": 50})
    action = plan["Actions"].query("action == 'order storage'").iloc[0]
    assert (action["subject"], action["mw"]) == ("battery", pytest.approx(50))


def test_a_place_in_the_queue_is_bought_for_a_battery(least_cost: LeastCost) -> None:
    """Proves: of a zone that carries the 40 MW that stand, 50 MW more for the battery are an option at
    0.001 each: 17.734. The bound from need of the option counts storage."""
    case = battery()
    case["GridZones"] = [{"zone": "Z", "period": "Y1", "max_total_mw": 40}]
    queue = {"option": "queue", "kind": "grid", "zone": "Z", "max_mw": 100, "premium_per_mw": 0.001}
    assert least_cost(**case, Options=[queue]) == pytest.approx(17.734)


@pytest.mark.long
def test_storage_without_limit_keeps_bounds_small(least_cost: LeastCost) -> None:
    """Proves: a battery and a contract in blocks, both typed as unlimited, are no problem of size:
    180 MW of sun in blocks of 10, 17.684 as with limits."""
    case = battery(max_mw=1e9)
    case["Contracts"] = [{**CASE["Contracts"][0], "max_mw": 1e9, "block_mw": 10}]
    assert least_cost(**case) == pytest.approx(17.684)


def test_wind_is_bought_for_its_worst_slice(least_cost: LeastCost) -> None:
    """Proves: wind that delivers 0.95 by day and 0.05 at night, 0.5 on average, is signed for 800 MW
    where it alone serves 40 MW at night: a bound from need counts the slice in which least comes.
    Sensitivity: the energy of a year would need 80 MW of it; each MW costs 0.01."""
    wind = {
        "contract": "wind", "site": "A", "kind": "energy", "max_mw": 5000, "price_per_mwh": 0,
        "availability": 0.5, "fixed_fee_per_mw_year": 0.01,
    }  # fmt: skip
    rows = [
        {"contract": "wind", "slice": "day", "available": 0.95},
        {"contract": "wind", "slice": "night", "available": 0.05},
    ]
    case = {**CASE, "Contracts": [wind], "PowerPrices": [], "ContractSlices": rows}
    assert least_cost(**case) == pytest.approx(8)
    assert least_cost(**{**case, "Slices": [], "ContractSlices": []}) == pytest.approx(0.8)


@pytest.mark.long
def test_capacity_is_built_to_run_by_day(least_cost: LeastCost) -> None:
    """Proves: where all load of the night may wait and a MW costs 0.1, 80 MW run by day on sun alone,
    8 + 7.008, though 40 MW are asked for: a bound from need counts load that is made up.
    Sensitivity: nothing waits, 4 + 21.024; half of it, 60 MW, 6 + 5.256 + 8.76."""

    def cost(share: float) -> float:
        case = {**CASE, "Sites": {"grid_zone": "Z", "build_cost_per_mw": 0.1}}
        shift = [{"workload": "load", "slice": "night", "shiftable_share": share}]
        return least_cost(**case, WorkloadSlices=shift)

    assert cost(1) == pytest.approx(15.008)
    assert cost(0.5) == pytest.approx(20.016)
    assert cost(0) == pytest.approx(25.024)


def test_the_audit_tells_a_battery_that_cheats(solve: Solve, tmp_path: Path) -> None:
    """Proves: energy given that was not taken, beyond power, and beyond what is held, are each found
    in the tables."""
    plan = solve(**battery())

    def found(**changed: pd.DataFrame) -> set[str]:
        return broken(plan, battery(), tmp_path, **changed)

    assert not found()
    use, built = plan["StorageUse"], plan["StorageBuilt"]
    lossless = use.assign(charged_gwh=use["charged_gwh"] * 0.8)
    assert "given_is_taken" in found(StorageUse=lossless)
    assert "charged_within_power" in found(StorageBuilt=built.assign(ready_mw=49.0))
    assert "given_within_held" in found(StorageBuilt=built.assign(held_mwh=479.0))
    assert "storage_within_max" in found(StorageBuilt=built.assign(ordered_mw=101.0))


def test_without_sheets_there_is_nothing(tmp_path: Path) -> None:
    """Proves: neither absent nor empty sheets add a row, a column or a cost."""
    assert_adds_nothing(CASE, "storage", tmp_path)


@pytest.mark.long
def test_storage_that_cannot_move_energy_is_noticed(solve: Solve) -> None:
    """Proves: where slices have no common type of day, or the year is whole, storage has no use."""
    apart = [{**row, "day_type": None} for row in CASE["Slices"]]
    for changed in ({"Slices": apart}, {"Slices": [], "ContractSlices": []}):
        plan = solve(**{**battery(), **changed})
        assert "storage-without-slices" in {problem.code for problem in plan.notices}
        assert plan["StorageBuilt"]["ordered_mw"].sum() == 0


def test_wrong_storage_is_told_at_once(solve: Solve) -> None:
    """Proves: an unknown site, an efficiency above 1 and a blank size are each told at their cell; so
    is storage that is in service in no period."""
    messages = problems(solve, **battery(site="B", efficiency=1.1, max_mw=None))
    assert [text.split(":")[0] for text in messages] == ["Storage!B2", "Storage!C2", "Storage!F2"]
    (message,) = problems(solve, **battery(lead_months=24))
    assert message.startswith("Storage!G2: ")
    assert message.endswith("[storage-never-ready]")
