"""Energy: contracts, spot and what is billed, each limit in a case solved by hand.

40 MW of IT (400 M to build) at a load factor of 0.5 and a PUE of 1.25 draw 25 MW on average:
219 GWh in a year of 8760 hours. At 100 per MWh that is 21.9 M.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import optalloc
from tests.books import binding, book, cost_without, demand, program, worth, years
from tests.families import LeastCost, Solve, assert_adds_nothing, broken, problems

FIRM = {"contract": "C", "zone": "Z", "kind": "energy", "max_mw": 100, "price_per_mwh": 50}
BASE = {"Sites": {"grid_zone": "Z", "pue": 1.25}, "Workloads": {"load_factor": 0.5}}


def spot(price: float, share: float | None = None, zone: str = "Z") -> list[dict[str, Any]]:
    """Spot in Y1 at a price, up to a share."""
    row = {"zone": zone, "period": "Y1", "spot_price_per_mwh": price, "max_spot_share": share}
    return [row]


def signed(mw: float) -> list[dict[str, Any]]:
    """MW of C signed before, for longer than the horizon."""
    return [{"contract": "C", "signed_mw": mw, "expiry": "2040-01-01"}]


def two_sites(zone_of_b: str) -> dict[str, Any]:
    """A and B of 20 MW each, both needed; each takes 109.5 GWh."""
    common = {"status": "candidate", "max_mw": 20, "build_cost_per_mw": 10, "pue": 1.25}
    return {
        **BASE,
        "Sites": [
            {"site": "A", "grid_zone": "Z", **common},
            {"site": "B", "grid_zone": zone_of_b, **common},
        ],
        "Network": [{"site": site, "region": "R", "latency_ms": 10} for site in ("A", "B")],
    }


def test_load_takes_its_energy(solve: Solve, least_cost: LeastCost, tmp_path: Path) -> None:
    """Proves: 219 GWh at 100 per MWh: 400 + 21.9; in half a year half of it, 400 + 10.95; capacity
    held in reserve takes none, 500 + 21.9. Sensitivity: without the limit, 400."""
    case = {**BASE, "PowerPrices": spot(100)}
    plan = solve(**case)
    assert plan.cost == pytest.approx(421.9)
    power = plan["Power"].iloc[0]
    assert power["peak_mw"] == pytest.approx(50)
    assert power["energy_gwh"] == pytest.approx(219)
    assert least_cost(**case, Periods={"months": 6}) == pytest.approx(410.95)
    reserve = {"load_factor": 0.5, "reserve_share": 0.25}
    assert least_cost(**case | {"Workloads": reserve}) == pytest.approx(521.9)
    assert cost_without(book(**case), tmp_path / "w", "energy_met") == pytest.approx(400)


@pytest.mark.slow
def test_a_contract_delivers_its_active_megawatts_times_availability(
    solve: Solve, least_cost: LeastCost, tmp_path: Path
) -> None:
    """Proves: 25 MW at 0.8 deliver 175.2 GWh at 50; spot at 100 the other 43.8: 400 + 8.76 + 4.38.
    Sensitivity: at full availability all is drawn, 410.95; so too without the limit."""
    contract = {**FIRM, "max_mw": 25, "availability": 0.8}
    case = {**BASE, "PowerPrices": spot(100), "Contracts": [contract]}
    plan = solve(**case)
    assert plan.cost == pytest.approx(413.14)
    assert binding(plan, "drawn_within_contract") == ["C, Y1"]
    full = [{**contract, "availability": 1}]
    assert least_cost(**case | {"Contracts": full}) == pytest.approx(410.95)
    without = cost_without(book(**case), tmp_path / "w", "drawn_within_contract")
    assert without == pytest.approx(410.95)


@pytest.mark.slow
def test_spot_is_shared_by_the_sites_of_a_zone(solve: Solve, tmp_path: Path) -> None:
    """Proves: half of the zone's 219 GWh may be bought at spot. B, which no contract serves, buys
    all of its 109.5 there at 100, so A takes the contract at 120: 400 + 10.95 + 13.14.
    Sensitivity: without the limit all is bought at spot, 421.9; at a share of 0.4, no plan."""
    for_a = {**FIRM, "zone": None, "site": "A", "price_per_mwh": 120}
    case = {**two_sites("Z"), "Contracts": [for_a], "PowerPrices": spot(100, 0.5)}
    plan = solve(**case)
    assert plan.cost == pytest.approx(424.09)
    assert binding(plan, "spot_within_share") == ["Z, Y1"]
    assert cost_without(book(**case), tmp_path / "w", "spot_within_share") == pytest.approx(421.9)
    with pytest.raises(optalloc.InfeasibleError):
        solve(**case | {"PowerPrices": spot(100, 0.4)})


@pytest.mark.long
@pytest.mark.first(1)
@pytest.mark.parametrize(
    ("share", "price", "drawn", "billed", "cost"),
    [
        (0.8, 40, 219, 350.4, 417.52),
        (0.25, 40, 109.5, 109.5, 409.855),
        (0.25, 60, 219, 219, 410.95),
        (0, 40, 0, 0, 408.76),
    ],
)
def test_take_or_pay(
    solve: Solve, share: float, price: float, drawn: float, billed: float, cost: float
) -> None:
    """Proves: of 438 GWh that 50 MW deliver, at 50 per MWh, 0.8 is more than is needed and is
    billed undrawn; 0.25 is drawn before spot at 40, and all 219 before spot at 60.
    Sensitivity: with nothing to pay undrawn, all is bought at 40."""
    contract = {**FIRM, "max_mw": 50, "take_or_pay_share": share}
    plan = solve(**BASE, Contracts=[contract], SignedContracts=signed(50), PowerPrices=spot(price))
    assert plan.cost == pytest.approx(cost)
    bill = plan["Billing"].iloc[0]
    assert bill["deliverable_gwh"] == pytest.approx(438)
    assert bill["billed_gwh"] == pytest.approx(billed)
    assert bill["drawn_gwh"] == pytest.approx(drawn)


@pytest.mark.slow
def test_a_free_take_or_pay_contract_is_billed_what_it_must(
    solve: Solve, least_cost: LeastCost
) -> None:
    """Proves: at a price of nought the plan still bills 0.8 of 438 GWh, at no cost: 400.
    Sensitivity: at 50 per MWh they cost 17.52."""
    contract = {**FIRM, "max_mw": 50, "take_or_pay_share": 0.8, "price_per_mwh": 0}
    plan = solve(**BASE, Contracts=[contract], SignedContracts=signed(50))
    assert plan.cost == pytest.approx(400)
    assert plan["Billing"]["billed_gwh"].tolist() == pytest.approx([350.4])
    paid = [{**contract, "price_per_mwh": 50}]
    assert least_cost(**BASE, Contracts=paid, SignedContracts=signed(50)) == pytest.approx(417.52)


@pytest.mark.slow
def test_prices_grow_from_the_base_date(solve: Solve) -> None:
    """Proves: a price grows by 10 % a year from the base date while energy is drawn evenly;
    discounted at 10 %, that is 100 again: 400 + 2 x 21.9. Sensitivity: undiscounted, 21.9 times the
    integral of 1.1^t over two years; discounted and not growing, of 1.1^-t."""
    case = {**BASE, "Periods": years(2), "Demand": demand(40, 40)}
    growing = {**FIRM, "price_per_mwh": 100, "price_escalation": 0.1}
    discounted = solve(**case, Contracts=[growing], Settings={"discount_rate": 0.1})
    assert discounted.cost == pytest.approx(443.8)
    undiscounted = solve(**case, Contracts=[growing])
    assert undiscounted.cost == pytest.approx(400 + 21.9 * worth(0, 0, 2, growth=0.1))
    prices = [{**row, "period": f"Y{k}"} for k in (1, 2) for row in spot(100)]
    flat = solve(**case, PowerPrices=prices, Settings={"discount_rate": 0.1})
    assert flat.cost == pytest.approx(400 + 21.9 * worth(0.1, 0, 2))


@pytest.mark.slow
def test_a_price_in_another_currency(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: 7500 yen at 150 to the dollar are 50 dollars: 410.95. Sensitivity: 50 yen, 1/150."""
    yen = [{"currency": "JPY", "per_workbook_currency": 150}]
    dear = {**FIRM, "currency": "JPY", "price_per_mwh": 7500}
    assert solve(**BASE, Contracts=[dear], Currencies=yen).cost == pytest.approx(410.95)
    cheap = {**FIRM, "currency": "JPY"}
    assert least_cost(**BASE, Contracts=[cheap], Currencies=yen) == pytest.approx(400.073)


@pytest.mark.slow
def test_capacity_covers_peaks_and_energy_feeds_load(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: the peak of 50 MW needs the capacity contract at 0.1, the 219 GWh the energy contract
    at 50: 400 + 5 + 10.95. Sensitivity: the one alone 405, the other alone 410.95."""
    peak = {"contract": "K", "zone": "Z", "kind": "capacity", "max_mw": 100}
    peak["fixed_fee_per_mw_year"] = 0.1
    assert solve(**BASE, Contracts=[peak, FIRM]).cost == pytest.approx(415.95)
    assert least_cost(**BASE, Contracts=[peak]) == pytest.approx(405)
    assert least_cost(**BASE, Contracts=[FIRM]) == pytest.approx(410.95)


@pytest.mark.slow
def test_spot_is_bought_only_where_it_is_priced(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: B in zone W, where spot has no price, draws its 109.5 GWh at 120: 400 + 10.95 + 13.14.
    Sensitivity: priced at 100 in W too, 421.9."""
    contract = {**FIRM, "zone": "W", "price_per_mwh": 120}
    case = {**two_sites("W"), "Contracts": [contract]}
    assert solve(**case, PowerPrices=spot(100)).cost == pytest.approx(424.09)
    everywhere = spot(100) + spot(100, zone="W")
    assert least_cost(**case, PowerPrices=everywhere) == pytest.approx(421.9)


@pytest.mark.slow
def test_a_contract_feeds_its_own_zone_or_site(solve: Solve) -> None:
    """Proves: C at 50 feeds A; B in zone W buys spot at 100: 400 + 5.475 + 10.95. So too where C is
    for A alone and B in its zone. Sensitivity: C for the zone of both, 410.95."""
    prices = spot(100) + spot(100, zone="W")
    apart = solve(**two_sites("W"), Contracts=[FIRM], PowerPrices=prices)
    assert apart.cost == pytest.approx(416.425)
    for_a = {**FIRM, "zone": None, "site": "A"}
    alone = solve(**two_sites("Z"), Contracts=[for_a], PowerPrices=spot(100))
    assert alone.cost == pytest.approx(416.425)
    shared = solve(**two_sites("Z"), Contracts=[FIRM], PowerPrices=spot(100))
    assert shared.cost == pytest.approx(410.95)


@pytest.mark.slow
def test_a_site_without_load_draws_nothing(solve: Solve, tmp_path: Path) -> None:
    """Proves: B, too far to serve anyone, has a row that keeps it from drawing energy that is paid
    for anyhow, and draws none. Sensitivity: near enough, it draws."""
    far = two_sites("Z")
    far["Network"][1]["latency_ms"] = 90
    case = {**far, "Contracts": [{**FIRM, "take_or_pay_share": 1}], "SignedContracts": signed(50)}
    case |= {"Demand": demand(20), "Workloads": {"load_factor": 0.5, "max_latency_ms": 50}}
    built = program(book(**case), tmp_path / "built").pyomo
    assert ("B", "Y1") in built.energy_met
    assert ("B", "Y1") not in built.load_within_online
    plan = solve(**case)
    assert plan["Power"].set_index("site")["contract_gwh"].to_dict() == {"A": 109.5, "B": 0}


@pytest.mark.long
@pytest.mark.first(1)
def test_the_audit_sees_each_limit_broken(solve: Solve, tmp_path: Path) -> None:
    """Proves: each limit, broken by hand in the tables of a plan, is found by the audit."""
    contract = {**FIRM, "zone": "W", "max_mw": 12.5}
    for_a = {**FIRM, "contract": "S", "zone": None, "site": "A", "max_mw": 1}
    case = {**two_sites("W"), "Contracts": [contract, for_a], "PowerPrices": spot(100, 0.999)}
    plan = solve(**case)
    power, deliveries, billing = plan["Power"], plan["Deliveries"], plan["Billing"]

    def found(**changed: Any) -> set[str]:
        return broken(plan, case, tmp_path, **changed)

    assert not found()
    at_a = power["site"] == "A"
    none = power.assign(spot_gwh=0.0)
    assert found(Power=none) == {"energy_met"}
    at_spot = power.assign(
        spot_gwh=power["energy_gwh"].where(at_a, 0.0),
        contract_gwh=power["contract_gwh"].where(~at_a, 0.0),
    )
    assert found(Power=at_spot) == {"spot_within_share"}
    unpriced = power.assign(
        spot_gwh=power["spot_gwh"].where(at_a, power["energy_gwh"]),
        contract_gwh=power["contract_gwh"].where(at_a, 0.0),
    )
    assert found(Power=unpriced) == {"spot_only_where_priced"}
    negative = power.assign(spot_gwh=-1.0, contract_gwh=power["energy_gwh"] + 1.0)
    assert found(Power=negative) == {"spot_only_where_priced"}
    assert found(Billing=billing.assign(drawn_gwh=200.0)) == {"drawn_within_contract"}
    moved = deliveries.assign(site=deliveries["site"].map({"A": "B", "B": "A"}))
    assert found(Deliveries=moved) == {"drawn_at_own_sites"}


@pytest.mark.slow
def test_without_sheets_there_is_nothing(tmp_path: Path) -> None:
    """Proves: neither absent nor empty sheets add a row, a column or a cost, also where there are
    contracts for capacity alone."""
    assert_adds_nothing(BASE, "energy", tmp_path / "none")
    peak = {"contract": "K", "zone": "Z", "kind": "capacity", "max_mw": 100}
    assert_adds_nothing({**BASE, "Contracts": [peak]}, "energy", tmp_path / "capacity")


def test_every_site_needs_a_source_of_energy(solve: Solve) -> None:
    """Proves: where energy has a price in A's zone in Y1 alone, A in Y2 and B in both years give one
    message each, at their cells."""
    case = {**two_sites("W"), "Periods": years(2), "Demand": demand(40, 40)}
    messages = problems(solve, **case, PowerPrices=spot(100))
    assert [message.split(":")[0] for message in messages] == ["Sites!B2", "Sites!B3"]
    assert "found none in 1 of 2" in messages[0]
    assert "found none in 2 of 2" in messages[1]
    assert all(message.endswith("[no-energy]") for message in messages)
