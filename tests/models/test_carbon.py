"""Carbon: emissions and clean energy, each limit in a case solved by hand.

40 MW of IT (400 M to build) at a load factor of 0.5 and a PUE of 1.25 draw 219 GWh in a year. Coal at
50 per MWh emits 0.8 t per MWh, 175,200 t in all; wind at 100 emits nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import optalloc
from tests.books import binding, book, cost_without, demand, years
from tests.families import LeastCost, Solve, assert_adds_nothing, broken, problems

COAL = {
    "contract": "coal",
    "zone": "Z",
    "kind": "energy",
    "max_mw": 100,
    "price_per_mwh": 50,
    "tco2_per_mwh": 0.8,
}
WIND = {**COAL, "contract": "wind", "price_per_mwh": 100, "tco2_per_mwh": 0}
CASE: dict[str, Any] = {
    "Sites": {"grid_zone": "Z", "pue": 1.25},
    "Workloads": {"load_factor": 0.5},
    "Contracts": [COAL, WIND],
}
SPOT = {"zone": "Z", "period": "Y1", "spot_price_per_mwh": 60, "tco2_per_mwh": 0.4}


def carbon(**columns: Any) -> dict[str, Any]:
    return {**CASE, "Carbon": [{"period": "Y1", **columns}]}


def emissions(plan: optalloc.Plan) -> list[dict[str, Any]]:
    return plan["Emissions"].to_dict("records")


def test_emissions_keep_to_their_limit(solve: Solve, least_cost: LeastCost, tmp_path: Path) -> None:
    """Proves: 87,600 t allow 109.5 GWh of coal; wind is the rest: 400 + 5.475 + 10.95.
    Sensitivity: without the limit all is coal, 410.95; spot at 60, with half the emissions of coal,
    keeps to the limit alone, 413.14."""
    case = carbon(max_tco2=87600)
    plan = solve(**case)
    assert plan.cost == pytest.approx(416.425)
    assert binding(plan, "emissions_within_cap") == ["Y1"]
    without = cost_without(book(**case), tmp_path / "w", "emissions_within_cap")
    assert without == pytest.approx(410.95)
    assert least_cost(**case, PowerPrices=[SPOT]) == pytest.approx(413.14)


@pytest.mark.slow
def test_a_share_of_energy_is_clean(solve: Solve, least_cost: LeastCost, tmp_path: Path) -> None:
    """Proves: a quarter of 219 GWh is wind: 400 + 8.2125 + 5.475, and emits 131,400 t.
    Sensitivity: without the limit, 410.95; clean spot at 60 takes the place of wind, 411.4975."""
    case = carbon(min_clean_share=0.25)
    plan = solve(**case)
    assert plan.cost == pytest.approx(413.6875)
    assert binding(plan, "clean_energy") == ["Y1"]
    (row,) = emissions(plan)
    assert row.pop("period") == "Y1"
    assert row == pytest.approx(
        {"energy_gwh": 219, "clean_gwh": 54.75, "clean_share": 0.25, "tco2": 131400}
    )
    without = cost_without(book(**case), tmp_path / "w", "clean_energy")
    assert without == pytest.approx(410.95)
    clean = [{**SPOT, "tco2_per_mwh": 0}]
    assert least_cost(**case, PowerPrices=clean) == pytest.approx(411.4975)


@pytest.mark.slow
def test_a_period_without_a_row_is_not_limited(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: nothing may be emitted in Y1, so Y1 is wind and Y2 coal: 400 + 21.9 + 10.95.
    Sensitivity: with no row at all both are coal, 421.9."""
    case = carbon(max_tco2=0) | {"Periods": years(2), "Demand": demand(40, 40)}
    plan = solve(**case)
    assert plan.cost == pytest.approx(432.85)
    assert plan["Emissions"]["tco2"].tolist() == pytest.approx([0, 175200])
    del case["Carbon"]
    assert least_cost(**case) == pytest.approx(421.9)


@pytest.mark.slow
def test_what_is_billed_and_not_drawn_emits_nothing(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: coal signed before is paid to the full, 10.95, while wind feeds the load, 21.9.
    Sensitivity: unlimited, the coal is drawn: 410.95."""
    firm = {"Contracts": [{**COAL, "take_or_pay_share": 1}, WIND]}
    firm["SignedContracts"] = [{"contract": "coal", "signed_mw": 25, "expiry": "2040-01-01"}]
    plan = solve(**carbon(max_tco2=0) | firm)
    assert plan.cost == pytest.approx(432.85)
    assert emissions(plan)[0]["tco2"] == 0
    assert least_cost(**CASE | firm) == pytest.approx(410.95)


@pytest.mark.slow
def test_generation_emits_too(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: gas at the site, at 20 per MWh and 0.4 t, may run for 109.5 GWh of 43,800 t; wind is
    the rest: 400 + 2.19 + 10.95. Sensitivity: unlimited it runs for all, 404.38."""
    gas = {**COAL, "contract": "gas", "zone": None, "site": "A", "kind": "generation"}
    gas |= {"price_per_mwh": 20, "tco2_per_mwh": 0.4}
    offers = {"Contracts": [gas, WIND]}
    assert solve(**carbon(max_tco2=43800) | offers).cost == pytest.approx(413.14)
    assert least_cost(**CASE | offers) == pytest.approx(404.38)


@pytest.mark.slow
def test_emissions_are_reported_only_if_every_source_states_them(solve: Solve) -> None:
    """Proves: without a limit they are still reported. Sensitivity: with one source that says
    nothing there is no figure, not a wrong one; and none where energy is not priced."""
    assert emissions(solve(**CASE))[0]["tco2"] == pytest.approx(175200)
    silent = [COAL, {**WIND, "tco2_per_mwh": None}]
    assert emissions(solve(**CASE | {"Contracts": silent})) == []
    assert emissions(solve()) == []


@pytest.mark.long
def test_the_audit_sees_each_limit_broken(solve: Solve, tmp_path: Path) -> None:
    """Proves: coal for wind in the table of deliveries breaks both limits; spot bought besides
    breaks the one on emissions."""
    case = carbon(max_tco2=131400, min_clean_share=0.25) | {"PowerPrices": [SPOT]}
    case["PowerPrices"][0]["max_spot_share"] = 0
    plan = solve(**case)

    def found(**changed: Any) -> set[str]:
        return broken(plan, case, tmp_path, **changed)

    assert not found()
    deliveries = plan["Deliveries"]
    coal = deliveries["contract"] == "coal"
    more = deliveries.assign(
        drawn_gwh=deliveries["drawn_gwh"] + coal.map({True: 10.0, False: -10.0})
    )
    assert found(Deliveries=more) == {"emissions_within_cap", "clean_energy"}
    bought = plan["Power"].assign(spot_gwh=1.0)
    assert "emissions_within_cap" in found(Power=bought)


def test_without_sheets_there_is_nothing(tmp_path: Path) -> None:
    """Proves: neither absent nor empty sheets add a row, a column or a cost."""
    assert_adds_nothing(CASE, "carbon", tmp_path)


def test_every_source_must_state_its_emissions(solve: Solve) -> None:
    """Proves: a blank of a contract, of generation and of a spot price each give one message at
    their cell; a capacity contract, which delivers none, gives none."""
    peak = {"contract": "peak", "zone": "Z", "kind": "capacity", "max_mw": 100}
    plant = {"contract": "gas", "site": "A", "kind": "generation", "max_mw": 100}
    order = ["contract", "zone", "kind", "max_mw", "tco2_per_mwh", "site"]
    rows = [{**dict.fromkeys(order), **row} for row in (WIND, peak, plant, COAL)]
    rows[3]["tco2_per_mwh"] = None
    prices = [{**SPOT, "tco2_per_mwh": None}]
    messages = problems(solve, **carbon(max_tco2=0) | {"Contracts": rows}, PowerPrices=prices)
    cells = ["Contracts!E4", "Contracts!E5", "PowerPrices!D2"]
    assert sorted(message.split(":")[0] for message in messages) == cells
    assert all(message.endswith("[emissions-unstated]") for message in messages)


def test_a_statement_that_cannot_be_read_is_not_called_missing(solve: Solve) -> None:
    """Proves: a word for a number gives one message, of its own kind."""
    rows = [COAL, {**WIND, "tco2_per_mwh": "none"}]
    (message,) = problems(solve, **carbon(max_tco2=0) | {"Contracts": rows})
    assert "[emissions-unstated]" not in message


def test_limits_on_emissions_need_energy(solve: Solve) -> None:
    """Proves: with no source of energy at all, limits on emissions give one message, at their
    first row."""
    (message,) = problems(solve, Carbon=[{"period": "Y1", "max_tco2": 10}])
    assert message.startswith("Carbon!A2: ")
    assert message.endswith("[carbon-without-energy]")
