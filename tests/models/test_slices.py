"""Slices of the year: energy balanced by the hour of the day, each limit in a case solved by hand.

40 MW of IT (400 M to build) at a load factor of 1 and a PUE of 1 draw 350.4 GWh in a year, half of
it by day and half at night. The sun delivers by day alone, at 20 per MWh; spot costs 100.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import optalloc
from tests import books
from tests.books import binding, book, cost_without, demand, years
from tests.families import LeastCost, Solve, assert_adds_nothing, broken, compiled, problems

DAY_AND_NIGHT = [
    {"slice": "day", "hours_per_year": 4380, "day_type": "any"},
    {"slice": "night", "hours_per_year": 4380, "day_type": "any"},
]
SUN = {
    "contract": "sun",
    "site": "A",
    "kind": "energy",
    "max_mw": 1000,
    "price_per_mwh": 20,
    "availability": 0.25,
    "tco2_per_mwh": 0,
}
WIND = {**SUN, "contract": "wind", "price_per_mwh": 150, "availability": 0.5}
SPOT = [{"zone": "Z", "period": "Y1", "spot_price_per_mwh": 100, "tco2_per_mwh": 0.4}]
PLACE: dict[str, Any] = {"Sites": {"grid_zone": "Z"}}
CASE: dict[str, Any] = {**PLACE, "Contracts": [SUN], "PowerPrices": SPOT}


def output(**by_contract: tuple[float, float]) -> list[dict[str, Any]]:
    """Rows of ContractSlices: what each contract delivers by day and at night."""
    return [
        {"contract": contract, "slice": name, "available": share}
        for contract, shares in by_contract.items()
        for name, share in zip(("day", "night"), shares, strict=True)
    ]


SLICED: dict[str, Any] = {
    **CASE,
    "Slices": DAY_AND_NIGHT,
    "ContractSlices": output(sun=(0.5, 0)),
}


def test_the_sun_delivers_by_day_alone(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: 175.2 GWh of sun and 175.2 of spot: 400 + 3.504 + 17.52.
    Sensitivity: in a year that is whole, or in one slice, the sun serves all, 407.008."""
    plan = solve(**SLICED)
    assert plan.cost == pytest.approx(421.024)
    by_slice = plan["CleanBySlice"].set_index("slice")
    assert by_slice["clean_share"].to_dict() == pytest.approx({"day": 1.0, "night": 0.0})
    assert by_slice["other_mw"].to_dict() == pytest.approx({"day": 0.0, "night": 40.0})
    assert by_slice["contract_mw"].to_dict() == pytest.approx({"day": 40.0, "night": 0.0})
    assert by_slice["spot_mw"].to_dict() == pytest.approx({"day": 0.0, "night": 40.0})
    assert least_cost(**CASE) == pytest.approx(407.008)


def test_one_slice_is_the_whole_year(tmp_path: Path) -> None:
    """Proves: with one slice of 8,760 hours the arrays are those of a year that is whole."""
    whole = compiled(CASE, tmp_path / "whole")
    one = [{"slice": "all", "hours_per_year": 8760}]
    same = {"ContractSlices": [{"contract": "sun", "slice": "all", "available": 0.25}]}
    sliced = compiled({**CASE, "Slices": one, **same}, tmp_path / "one")
    assert (sliced.matrix != whole.matrix).nnz == 0
    np.testing.assert_array_equal(sliced.cost, whole.cost)


@pytest.mark.long
@pytest.mark.parametrize("count", [2, pytest.param(5, marks=pytest.mark.slow)])
def test_equal_slices_change_nothing(count: int, least_cost: LeastCost) -> None:
    """Proves: slices that differ in nothing have the least cost of a year that is whole, in which
    half of the energy may be spot."""
    shared = {"PowerPrices": [{**SPOT[0], "max_spot_share": 0.5, "spot_price_per_mwh": 10}]}
    slices = [{"slice": f"s{k}", "hours_per_year": 8760 / count} for k in range(count)]
    whole = least_cost(**CASE | shared)
    assert whole == pytest.approx(400 + 175.2 * (0.02 + 0.01))
    assert least_cost(**CASE | shared, Slices=slices) == pytest.approx(whole)


def test_the_sun_alone_cannot_serve_at_any_price(solve: Solve) -> None:
    """Proves: a flat load has no plan where the only source is dark at night.
    Sensitivity: 1,000 MW of it serve the load of a year that is whole (407.008, above)."""
    with pytest.raises(optalloc.InfeasibleError):
        solve(**{**SLICED, "PowerPrices": []})


@pytest.mark.long
def test_every_slice_is_clean(solve: Solve, least_cost: LeastCost, tmp_path: Path) -> None:
    """Proves: clean in every slice, the night is wind at 150: 400 + 3.504 + 26.28, though the sun
    could make the year clean on paper. Half clean, it is wind and spot, 400 + 3.504 + 21.9.
    Sensitivity: without the limit the night is spot, 421.024."""
    case = {**SLICED, "Contracts": [SUN, WIND]}
    case["ContractSlices"] = output(sun=(0.5, 0), wind=(0.2, 0.8))

    def floor(share: float) -> dict[str, Any]:
        return {**case, "Carbon": [{"period": "Y1", "min_clean_share_in_slice": share}]}

    plan = solve(**floor(1))
    assert plan.cost == pytest.approx(429.784)
    assert binding(plan, "clean_energy_in_slice") == ["Y1, day", "Y1, night"]
    assert least_cost(**floor(0.5)) == pytest.approx(425.404)
    without = cost_without(book(**floor(1)), tmp_path / "w", "clean_energy_in_slice")
    assert without == pytest.approx(421.024)


def test_load_that_can_wait_saves_spot(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: at a site of 50 MW that stands, 40 MW of load put a quarter of the night, 43.8 GWh,
    off to the day: 219 x 0.02 + 131.4 x 0.1. The capacity in service holds it: half of the night
    could be put off, and 10 MW are free for it.
    Sensitivity: nothing can be put off, 21.024; nothing is free, likewise."""

    def case(mw: float, share: float) -> dict[str, Any]:
        site = {"grid_zone": "Z", "status": "existing", "existing_mw": mw, "max_mw": mw}
        shift = {"workload": "load", "slice": "night", "shiftable_share": share}
        return {**SLICED, "Sites": site, "WorkloadSlices": [shift]}

    plan = solve(**case(50, 0.5))
    assert plan.cost == pytest.approx(17.52)
    assert binding(plan, "made_up_within_online") == ["A, Y1, day"]
    moved = plan["PowerBySlice"].set_index("slice")
    assert moved["shifted_gwh"].to_dict() == pytest.approx({"day": 43.8, "night": -43.8})
    plan = solve(**case(60, 0.25))
    assert plan.cost == pytest.approx(17.52)
    assert binding(plan, "put_off_within_share") == ["A, Y1, night"]
    assert least_cost(**case(60, 0)) == pytest.approx(21.024)
    assert least_cost(**case(40, 0.25)) == pytest.approx(21.024)


@pytest.mark.long
def test_load_waits_within_its_type_of_day(least_cost: LeastCost) -> None:
    """Proves: nothing is put off to a slice of another type of day, or from a slice without one."""
    site = {"grid_zone": "Z", "status": "existing", "existing_mw": 50, "max_mw": 50}
    shift = [{"workload": "load", "slice": "night", "shiftable_share": 0.25}]
    case = {**SLICED, "Sites": site, "WorkloadSlices": shift}
    for other in ("another", None):
        apart = [DAY_AND_NIGHT[0], {**DAY_AND_NIGHT[1], "day_type": other}]
        assert least_cost(**{**case, "Slices": apart}) == pytest.approx(21.024)


@pytest.mark.long
def test_spot_and_load_by_the_clock(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: spot at half its price by day and half as much again at night costs a flat load what
    it costs on average, 435.04, and one that runs at 0.5 by day and 0.9 at night (0.7 on average)
    400 + 87.6 x 0.05 + 157.68 x 0.15.
    Sensitivity: at the mean price of its 245.28 GWh it would be 424.528."""
    prices = [
        {"zone": "Z", "slice": "day", "price_factor": 0.5},
        {"zone": "Z", "slice": "night", "price_factor": 1.5},
    ]
    case = {**PLACE, "PowerPrices": SPOT, "Slices": DAY_AND_NIGHT, "SpotSlices": prices}
    assert least_cost(**case) == pytest.approx(435.04)
    clock = [
        {"workload": "load", "slice": "day", "load": 0.5},
        {"workload": "load", "slice": "night", "load": 0.9},
    ]
    plan = solve(**case, Workloads={"load_factor": 0.7}, WorkloadSlices=clock)
    assert plan.cost == pytest.approx(428.032)
    cost = plan["Cost"].set_index("item")["cash"]
    assert cost["spot_energy"] == pytest.approx(24.528)
    assert cost["spot_energy_in_slices"] == pytest.approx(3.504)


def test_a_plant_covers_peak_by_its_least_output(least_cost: LeastCost) -> None:
    """Proves: 30 MW of grid and a plant on site that delivers 0.4 of its MW by day and 0.2 at night
    (0.3 on average) need 15 MW of it for the last 10 MW of peak, each at a fee of 1: 430.04 with
    26.28 GWh of it in place of spot, which is as dear.
    Sensitivity: a plant that delivers evenly covers them with 10 MW, 425.04 (as in a whole year)."""
    plant = {
        "contract": "plant", "site": "A", "kind": "generation", "max_mw": 100,
        "price_per_mwh": 100, "availability": 0.3, "fixed_fee_per_mw_year": 1,
    }  # fmt: skip
    zones = [{"zone": "Z", "period": "Y1", "max_new_mw": 30, "max_total_mw": 30}]
    case = {**PLACE, "Contracts": [plant], "PowerPrices": SPOT, "GridZones": zones}
    case["Slices"] = DAY_AND_NIGHT
    assert least_cost(**case, ContractSlices=output(plant=(0.4, 0.2))) == pytest.approx(450.04)
    assert least_cost(**case) == pytest.approx(445.04)


def test_the_audit_tells_a_plan_that_cheats(solve: Solve, tmp_path: Path) -> None:
    """Proves: energy of the day used at night, more than a contract delivers in a slice, load put
    off without being made up and a contract of another site are each found in the tables."""
    plan = solve(**SLICED)

    def found(**changed: pd.DataFrame) -> set[str]:
        return broken(plan, SLICED, tmp_path, **changed)

    assert not found()
    drawn = plan["DeliveriesBySlice"]
    dark = drawn.assign(slice="night")
    assert "drawn_within_slice" in found(DeliveriesBySlice=dark)
    more = drawn.assign(drawn_gwh=drawn["drawn_gwh"] + 1)
    assert "drawn_in_slices" in found(DeliveriesBySlice=more)
    power = plan["PowerBySlice"]
    waits = power.assign(shifted_gwh=[0.0, -1.0])
    assert found(PowerBySlice=waits) >= {"put_off_made_up", "put_off_within_share"}
    moved = power.assign(spot_gwh=power["spot_gwh"].iloc[::-1].to_numpy())
    assert "energy_met_in_slice" in found(PowerBySlice=moved)


def test_without_sheets_there_is_nothing(tmp_path: Path) -> None:
    """Proves: neither absent nor empty sheets add a row, a column or a cost."""
    assert_adds_nothing(CASE, "slices", tmp_path)


def test_wrong_slices_are_told_at_once(solve: Solve) -> None:
    """Proves: hours that are no year, a mean that is not the year's, a clean share without slices
    and an unknown slice are errors at their cells."""
    short = [DAY_AND_NIGHT[0], {**DAY_AND_NIGHT[1], "hours_per_year": 4000}]
    (message,) = problems(solve, **{**SLICED, "Slices": short})
    assert message.startswith("Slices!B3: ")
    assert "Put in +380 hours. [slices-not-a-year]" in message
    wrong = {
        **SLICED,
        "ContractSlices": output(sun=(0.5, 0.1)),
        "WorkloadSlices": [{"workload": "load", "slice": "night", "load": 0.9}],
        "SpotSlices": [{"zone": "Z", "slice": "day", "price_factor": 0.5}],
    }
    messages = problems(solve, **wrong)
    assert [text.split(":")[0] for text in messages] == [
        "ContractSlices!C3", "SpotSlices!C2", "WorkloadSlices!C2",
    ]  # fmt: skip
    assert "must be 0.25 on average" in messages[0]
    assert "found 0.3 on average" in messages[0]
    floor = [{"period": "Y1", "min_clean_share_in_slice": 0.5}]
    (message,) = problems(solve, **CASE, Carbon=floor, Slices=[])
    assert message.endswith("[clean-without-slices]")
    unknown = {"ContractSlices": [{"contract": "sun", "slice": "dusk", "available": 0.5}]}
    assert any("dusk" in text for text in problems(solve, **{**SLICED, **unknown}))


@pytest.mark.long
def test_slices_that_do_nothing_are_noticed(solve: Solve) -> None:
    """Proves: slices where no energy is priced and a site that is dark at night are notices."""

    def codes(**sheets: Any) -> set[str]:
        return {problem.code for problem in solve(**sheets).notices}

    assert "slices-without-energy" in codes(Slices=DAY_AND_NIGHT)
    unmet = {"unmet_penalty_per_mw_year": 90}
    dark = codes(**{**SLICED, "PowerPrices": []}, Workloads=unmet)
    assert "no-energy-in-slice" in dark


def test_rounded_figures_are_scaled_to_the_year(least_cost: LeastCost) -> None:
    """Proves: hours that are half an hour short of a year, loads of 0.7, 0.7 and 0.71 beside a load
    factor of 0.703, and 0.502 twice beside an availability of 0.5, cost what the year says, 435.04,
    424.6331 and 407.008: what is rounded makes no equation impossible and no contract larger."""
    short = [DAY_AND_NIGHT[0], {**DAY_AND_NIGHT[1], "hours_per_year": 4379.5}]
    assert least_cost(**PLACE, PowerPrices=SPOT, Slices=short) == pytest.approx(435.04)
    thirds = [{"slice": f"t{k}", "hours_per_year": 2920} for k in range(3)]
    loads = [
        {"workload": "load", "slice": f"t{k}", "load": load}
        for k, load in enumerate((0.7, 0.7, 0.71))
    ]
    case = {**PLACE, "PowerPrices": SPOT, "Slices": thirds, "WorkloadSlices": loads}
    assert least_cost(**case, Workloads={"load_factor": 0.703}) == pytest.approx(424.63312)
    even = {**PLACE, "Contracts": [{**SUN, "availability": 0.5}], "Slices": DAY_AND_NIGHT}
    assert least_cost(**even, ContractSlices=output(sun=(0.502, 0.502))) == pytest.approx(407.008)


@pytest.mark.long
def test_a_floor_of_nothing_is_no_limit(least_cost: LeastCost) -> None:
    """Proves: a clean share of at least 0 lets a battery store what is not clean: 17.684, as without."""
    battery = {
        "storage": "battery", "site": "A", "max_mw": 100, "cost_per_mw": 0.1, "cost_per_mwh": 0.01,
        "efficiency": 0.8,
    }  # fmt: skip
    case = {
        "Sites": {"grid_zone": "Z", "status": "existing", "existing_mw": 40, "max_mw": 40},
        "PowerPrices": SPOT,
        "Slices": DAY_AND_NIGHT,
        "SpotSlices": [
            {"zone": "Z", "slice": "day", "price_factor": 1.8},
            {"zone": "Z", "slice": "night", "price_factor": 0.2},
        ],
        "Storage": [battery],
    }
    assert least_cost(**case) == pytest.approx(17.684)
    floor = [{"period": "Y1", "min_clean_share_in_slice": 0}]
    assert least_cost(**case, Carbon=floor) == pytest.approx(17.684)


@pytest.mark.long
def test_a_share_is_kept_by_capacity_beside_what_is_made_up(least_cost: LeastCost) -> None:
    """Proves: 80 MW at 0.1 run by day where the night may wait; beside at most 40 % in the US, 120 MW
    at 0.01 stand in Japan, out of reach: 8 + 1.2 + 7.008. The bound from need counts both."""
    risks = ("conflict", "grid", "legal", "political", "supply_chain")
    scores = {f"{name}_risk": 0.1 for name in risks}
    site = {"status": "candidate", "grid_zone": "Z", "max_mw": 1000}
    case = {
        **SLICED,
        "Sites": [
            {"site": "A", "jurisdiction": "US", **site, "build_cost_per_mw": 0.1},
            {"site": "B", "jurisdiction": "JP", **site, "build_cost_per_mw": 0.01},
        ],
        "Jurisdictions": [{"jurisdiction": name, **scores} for name in ("US", "JP")],
        "Workloads": {"max_latency_ms": 50},
        "Network": [
            {"site": "A", "region": "R", "latency_ms": 10},
            {"site": "B", "region": "R", "latency_ms": 500},
        ],
        "RiskLimits": [{"limit": "L", "kind": "max_share", "value": 0.4, "jurisdiction": "US"}],
        "WorkloadSlices": [{"workload": "load", "slice": "night", "shiftable_share": 1}],
    }
    assert least_cost(**case) == pytest.approx(16.208)


@pytest.mark.long
def test_a_roof_that_stood_covers_its_least(least_cost: LeastCost) -> None:
    """Proves: 40 MW that stand under a roof of 40 MW of sun, dark at night, were on the grid before,
    so that nothing new is energised: 87.6 GWh of sun and 262.8 of spot, 28.032."""
    roof = {**SUN, "contract": "roof", "kind": "generation", "max_mw": 40}
    case = {
        "Sites": {"grid_zone": "Z", "status": "existing", "existing_mw": 40, "max_mw": 40},
        "Contracts": [roof],
        "SignedContracts": [{"contract": "roof", "signed_mw": 40, "expiry": "2030-01-01"}],
        "PowerPrices": SPOT,
        "Slices": DAY_AND_NIGHT,
        "ContractSlices": output(roof=(0.5, 0)),
        "GridZones": [{"zone": "Z", "period": "Y1", "max_new_mw": 0}],
    }
    assert least_cost(**case) == pytest.approx(28.032)


@pytest.mark.long
def test_what_would_be_lost_in_silence_is_told(solve: Solve) -> None:
    """Proves: figures of a single slice that are not the year's, a slice named as a type of day that
    it is not part of, and slices of a contract that delivers no energy are errors at their cells;
    load that may wait where no type of day has two slices is a notice."""
    one = [{"slice": "all", "hours_per_year": 8760}]
    dim = [{"contract": "sun", "slice": "all", "available": 0.05}]
    (message,) = problems(solve, **CASE, Slices=one, ContractSlices=dim)
    assert message.startswith("ContractSlices!C2: ")
    assert message.endswith("[mean-of-slices]")
    named = [{**DAY_AND_NIGHT[0], "day_type": "night"}, {**DAY_AND_NIGHT[1], "day_type": None}]
    (message,) = problems(solve, **{**SLICED, "Slices": named})
    assert message.startswith("Slices!C3: ")
    assert message.endswith("[type-of-day-named-as-slice]")
    peak = {"contract": "peak", "zone": "Z", "kind": "capacity", "max_mw": 100}
    rows = [{**dict.fromkeys([*SUN, "zone"]), **row} for row in (SUN, peak)]
    both = [*output(sun=(0.5, 0)), {"contract": "peak", "slice": "day", "available": 0.5}]
    messages = problems(solve, **{**SLICED, "Contracts": rows, "ContractSlices": both})
    assert any(text.endswith("[slices-of-capacity]") for text in messages)
    apart = [{**row, "day_type": None} for row in DAY_AND_NIGHT]
    waits = [{"workload": "load", "slice": "night", "shiftable_share": 0.25}]
    plan = solve(**{**SLICED, "Slices": apart}, WorkloadSlices=waits)
    assert "nowhere-to-put-off" in {problem.code for problem in plan.notices}


@pytest.mark.slow
def test_periods_have_the_slices_of_the_year(solve: Solve) -> None:
    """Proves: half-years have half of each slice, so that the year costs the same, cut or not."""
    whole = solve(**SLICED).cost
    halves = {
        "Periods": years(2, months=6),
        "Demand": demand(40, 40),
        "PowerPrices": [{**SPOT[0], "period": q} for q in ("Y1", "Y2")],
    }
    assert solve(**{**SLICED, **halves}).cost == pytest.approx(whole)


@pytest.mark.long
def test_a_plan_is_decided_slice_by_slice_in_each_scenario(tmp_path: Path) -> None:
    """Proves: where the night's price is uncertain, energy follows the price and the site does not:
    of equal odds for a factor of 1.5 and of 0.5 at night the expected cost is that of the mean."""
    prices = [
        {"zone": "Z", "slice": "day", "price_factor": 1.0},
        {"zone": "Z", "slice": "night", "price_factor": 1.0},
    ]
    case = book(**SLICED, SpotSlices=prices)
    case["Uncertainties"] = [
        {"uncertainty": "market", "outcome": name, "probability": 0.5, "revealed": "2027-01-01"}
        for name in ("high", "low")
    ]
    case["Outcomes"] = [
        {"uncertainty": "market", "outcome": name, "sheet": "PowerPrices", "column":
         "spot_price_per_mwh", "operation": "multiply", "value": value}
        for name, value in (("high", 1.5), ("low", 0.5))
    ]  # fmt: skip
    plan = books.solve(case, tmp_path / "book")
    assert plan.cost == pytest.approx(421.024)
