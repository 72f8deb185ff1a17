"""On-site generation: peak taken off the grid, each limit in a case solved by hand.

40 MW of IT at A cost 400 M, have a peak of 50 MW at a PUE of 1.25, and draw 219 GWh in a year at a load
factor of 0.5. The plant G costs 0.2 M per MW-year and 50 per MWh; spot costs 30. Unmet demand costs
30 M per MW-year.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import optalloc
from tests.books import binding, book, cost_without, demand, years
from tests.families import LeastCost, Solve, assert_adds_nothing, broken

PLANT = {
    "contract": "G",
    "site": "A",
    "kind": "generation",
    "max_mw": 100,
    "price_per_mwh": 50,
    "fixed_fee_per_mw_year": 0.2,
}


def spot(price: float = 0, count: int = 1) -> list[dict[str, Any]]:
    """Spot in zone Z in the first years."""
    return [
        {"zone": "Z", "period": f"Y{k}", "spot_price_per_mwh": price} for k in range(1, count + 1)
    ]


CASE: dict[str, Any] = {
    "Sites": {"grid_zone": "Z", "pue": 1.25},
    "Workloads": {"load_factor": 0.5, "unmet_penalty_per_mw_year": 30},
    "PowerRamp": [{"site": "A", "period": "Y1", "energised_mw": 25}],
    "Contracts": [PLANT],
    "PowerPrices": spot(30),
}
TWO_YEARS = {**CASE, "Periods": years(2), "Demand": demand(40, 40), "PowerPrices": spot(0, 2)}


@pytest.mark.long
def test_a_plant_covers_the_peak_that_the_connection_does_not(
    solve: Solve, least_cost: LeastCost, tmp_path: Path
) -> None:
    """Proves: the connection gives 25 MW, 25 of G cover the rest and do not run: 400 + 5 + 6.57.
    Sensitivity: without G 20 MW are unmet, 200 + 600 + 3.285; without the limit G need not be
    signed, 406.57; in blocks of 20 MW two are signed, 414.57; at less than spot, 20, it runs for
    all: 400 + 5 + 4.38."""
    plan = solve(**CASE)
    assert plan.cost == pytest.approx(411.57)
    assert binding(plan, "offset_within_contract") == ["G, Y1"]
    assert plan["Generation"]["offset_mw"].tolist() == pytest.approx([25])
    power = plan["Power"].iloc[0]
    assert (power["peak_mw"], power["grid_mw"]) == pytest.approx((50, 25))
    assert least_cost(**CASE | {"Contracts": []}) == pytest.approx(803.285)
    without = cost_without(book(**CASE), tmp_path / "w", "offset_within_contract")
    assert without == pytest.approx(406.57)
    blocks = [{**PLANT, "block_mw": 20}]
    assert least_cost(**CASE | {"Contracts": blocks}) == pytest.approx(414.57)
    cheap = [{**PLANT, "price_per_mwh": 20}]
    assert least_cost(**CASE | {"Contracts": cheap}) == pytest.approx(409.38)


TWO_SITES = {
    "Sites": [
        {
            "site": site,
            "status": "candidate",
            "max_mw": 20,
            "build_cost_per_mw": 10,
            "grid_zone": "Z",
        }
        for site in "AB"
    ],
    "Network": [{"site": site, "region": "R", "latency_ms": 10} for site in "AB"],
    "Workloads": CASE["Workloads"],
    "Contracts": [PLANT],
    "PowerPrices": spot(),
}


@pytest.mark.slow
def test_nothing_is_fed_into_the_grid(solve: Solve, least_cost: LeastCost, tmp_path: Path) -> None:
    """Proves: of 20 MW each at A and B the zone carries 10; G covers A's 20 and no more, so 10 of
    B are unmet: 300 + 4 + 300. Sensitivity: fed into the grid, 30 MW of G serve both, 406; where
    the zone carries 20, G covers 20, 404."""
    zone = [{"zone": "Z", "period": "Y1", "max_total_mw": 10}]
    case = {**TWO_SITES, "GridZones": zone}
    plan = solve(**case)
    assert plan.cost == pytest.approx(604)
    assert binding(plan, "offset_within_peak") == ["A, Y1"]
    without = cost_without(book(**case), tmp_path / "w", "offset_within_peak")
    assert without == pytest.approx(406)
    wide = [{**zone[0], "max_total_mw": 20}]
    assert least_cost(**case | {"GridZones": wide}) == pytest.approx(404)


@pytest.mark.slow
def test_capacity_contracts_cover_what_the_grid_carries(
    solve: Solve, least_cost: LeastCost
) -> None:
    """Proves: 30 MW of G at 0.02 leave 20 of 50 to a capacity contract at 0.1: 400 + 0.6 + 2.
    Sensitivity: without G, 405; at 0.2 for G, 405."""
    peak = {"contract": "K", "zone": "Z", "kind": "capacity", "max_mw": 100}
    peak["fixed_fee_per_mw_year"] = 0.1
    small = {**PLANT, "max_mw": 30, "fixed_fee_per_mw_year": 0.02}
    case = {**CASE, "PowerRamp": [], "PowerPrices": spot()}
    assert solve(**case | {"Contracts": [small, peak]}).cost == pytest.approx(402.6)
    assert least_cost(**case | {"Contracts": [peak]}) == pytest.approx(405)
    assert least_cost(**case | {"Contracts": [PLANT, peak]}) == pytest.approx(405)


@pytest.mark.slow
def test_a_plant_takes_its_lead(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: G, signed in Y1 with a lead of a year, leaves 20 MW unmet in Y1: 400 + 600 + 5.
    Sensitivity: without a lead, 410; signed before, it stands at once: 410."""
    late = [{**PLANT, "lead_months": 12}]
    case = {**TWO_YEARS, "Contracts": late}
    assert solve(**case).cost == pytest.approx(1005)
    assert least_cost(**TWO_YEARS) == pytest.approx(410)
    before = [{"contract": "G", "signed_mw": 25, "expiry": "2040-01-01"}]
    assert least_cost(**case, SignedContracts=before) == pytest.approx(410)


def zone_of(*max_new_mw: float) -> dict[str, Any]:
    rows = [
        {"zone": "Z", "period": f"Y{k}", "max_new_mw": mw} for k, mw in enumerate(max_new_mw, 1)
    ]
    return {**TWO_YEARS, "PowerRamp": [], "GridZones": rows}


@pytest.mark.slow
def test_peak_that_comes_back_to_the_grid_is_new(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: G covers 25 MW in Y1 alone; in Y2 they come back to the grid, which takes on 25 a
    year: 400 + 5. Sensitivity: where it takes on 20 in Y2, 45 MW carry 36 of IT, so 4 are unmet
    for two years and G covers 20: 360 + 240 + 4."""
    year = [{**PLANT, "term_months": 12, "last_period": "Y1"}]
    assert solve(**zone_of(25, 25) | {"Contracts": year}).cost == pytest.approx(405)
    assert least_cost(**zone_of(25, 20) | {"Contracts": year}) == pytest.approx(604)


@pytest.mark.slow
def test_what_a_plant_covered_before_was_not_on_the_grid(
    solve: Solve, least_cost: LeastCost
) -> None:
    """Proves: A's 50 MW stand, 25 of them covered by G until the middle of Y1; so in Y1 25 come to
    the grid anew, which 24 do not allow. Sensitivity: 25 do, and so do 0 where G goes on."""
    standing = {**CASE["Sites"], "status": "existing", "existing_mw": 40}
    case = {"Sites": standing, "Contracts": [{**PLANT, "first_period": "Y2"}]}
    before = [{"contract": "G", "signed_mw": 25, "expiry": "2027-07-01"}]
    held = [{**before[0], "expiry": "2040-01-01"}]
    with pytest.raises(optalloc.InfeasibleError):
        solve(**zone_of(24, 24) | case, SignedContracts=before)
    assert solve(**zone_of(25, 25) | case, SignedContracts=before).cost == pytest.approx(0)
    assert least_cost(**zone_of(0, 0) | case, SignedContracts=held) == pytest.approx(10)


@pytest.mark.long
def test_the_audit_sees_each_limit_broken(solve: Solve, tmp_path: Path) -> None:
    """Proves: each limit, broken by hand in the tables of a plan, is found by the audit; and so is
    what the grid then carries too much."""
    zone = [{"zone": "Z", "period": "Y1", "max_total_mw": 20, "max_new_mw": 20}]
    ramp = [{"site": "A", "period": "Y1", "energised_mw": 0}]
    case = {**TWO_SITES, "GridZones": zone, "PowerRamp": ramp}
    plan = solve(**case)
    generation = plan["Generation"]

    def found(**changed: Any) -> set[str]:
        return broken(plan, case, tmp_path, **changed)

    assert not found()
    assert generation["offset_mw"].tolist() == pytest.approx([20])
    more = found(Generation=generation.assign(offset_mw=21.0))
    assert more == {"offset_within_contract", "offset_within_peak"}
    less = found(Generation=generation.assign(offset_mw=19.0))
    assert less == {"zone_total", "zone_energisation", "connection"}
    negative = found(Generation=generation.assign(offset_mw=-1.0))
    assert "offset_at_own_site" in negative
    elsewhere = found(Generation=generation.assign(site="B"))
    assert elsewhere >= {"offset_at_own_site", "connection"}


@pytest.mark.slow
def test_without_a_plant_there_is_nothing(tmp_path: Path) -> None:
    """Proves: with contracts for energy alone there is no row, column or cost."""
    firm = {"contract": "C", "zone": "Z", "kind": "energy", "max_mw": 100}
    assert_adds_nothing({**CASE, "Contracts": [firm]}, "generation", tmp_path)
