"""Surplus of contracts that is sold, each limit in a case solved by hand.

40 MW of IT (400 M to build) draw 175.2 GWh by day and as much at night. The sun delivers by day
alone, at 20 per MWh; spot costs 100. Without surplus sold the plan costs 400 + 3.504 + 17.52.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import optalloc
from tests import books
from tests.books import binding, demand, years
from tests.families import LeastCost, Solve, assert_adds_nothing, broken, problems
from tests.models.test_slices import SLICED, SPOT, SUN

UNSOLD = 421.024


def selling(factor: float, share: float | None = 0.5, **columns: Any) -> dict[str, Any]:
    """The case, with surplus of the sun by day that sells at a share of the spot price."""
    return {
        **SLICED,
        "Contracts": [{**SUN, "max_surplus_share": share, **columns}],
        "SurplusSlices": [{"zone": "Z", "slice": "day", "price_factor": factor}],
    }


def test_surplus_is_sold_where_it_pays(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: at 30 per MWh half of what is taken from the sun is sold, 175.2 GWh at 10 above its price;
    one more GWh would save 0.01. It is drawn by no site, and billed.
    Sensitivity: at its own price of 20 it saves nothing, below that none is sold; where a quarter may
    be sold it is a third of what is drawn, 58.4 GWh; where none may be, none."""
    plan = solve(**selling(0.3))
    assert plan.cost == pytest.approx(UNSOLD - 1.752)
    (sold,) = plan["Surplus"].to_dict("records")
    assert (sold["contract"], sold["period"], sold["slice"]) == ("sun", "Y1", "day")
    assert (sold["sold_gwh"], sold["surplus_price_per_mwh"]) == pytest.approx((175.2, 30))
    billed = plan["Billing"].iloc[0]
    assert (billed["drawn_gwh"], billed["billed_gwh"]) == pytest.approx((175.2, 350.4))
    assert plan["Power"]["contract_gwh"].sum() == pytest.approx(175.2)
    costs = plan["Cost"].set_index("item")["cash"]
    assert costs["contract_energy_for_sale"] == pytest.approx(3.504)
    assert costs["contract_surplus_sold"] == pytest.approx(-5.256)
    assert binding(plan, "sold_within_share") == ["sun, Y1"]
    (row,) = plan["Marginals"].query("limit == 'sold_within_share'").to_dict("records")
    assert row["saving"] == pytest.approx(0.01)
    assert least_cost(**selling(0.2)) == pytest.approx(UNSOLD)
    assert least_cost(**selling(0.1)) == pytest.approx(UNSOLD)
    assert least_cost(**selling(0.3, 0.25)) == pytest.approx(UNSOLD - 0.584)
    assert least_cost(**selling(0.3, None)) == pytest.approx(UNSOLD)


def test_what_is_billed_anyway_is_sold_at_any_price(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: 120 MW, the least that is signed, deliver 262.8 GWh, all of them billed; 87.6 that no site
    takes are sold at 5. What is sold counts towards take-or-pay: at a share of 0.8 of it, 210.24 GWh
    are due, 35.04 of them undrawn, and at 5 no more than these is sold.
    Sensitivity: without the sale 400 + 5.256 + 17.52."""
    firm = {"min_mw": 120, "take_or_pay_share": 1}
    assert least_cost(**selling(0.05, **firm)) == pytest.approx(422.776 - 0.438)
    assert least_cost(**selling(0.05, None, **firm)) == pytest.approx(422.776)
    part = solve(**selling(0.05, min_mw=120, take_or_pay_share=0.8))
    assert part.cost == pytest.approx(400 + 4.2048 + 17.52 - 0.1752)
    assert part["Surplus"]["sold_gwh"].sum() == pytest.approx(35.04)
    assert set(part["Cost"]["item"]) & {"contract_energy_for_sale", "contract_energy"} == set()


@pytest.mark.long
def test_all_of_it_may_be_sold_in_a_short_slice(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: signings are bounded by what may be of use. Where the tenth of the year that is dark pays
    200 for surplus, as many GWh are sold in it as are drawn in the year, 350.4, for which 880 MW are
    signed: 400 + 7.008 - 350.4 x 0.18. One GWh more would save 0.18.
    Sensitivity: all that 480 MW deliver there, 210.24 GWh, is sold, and its load is bought at spot:
    400 + 525.6 x 0.02 + 35.04 x 0.1 - 210.24 x 0.2."""
    slices = [{"slice": "day", "hours_per_year": 7884}, {"slice": "dark", "hours_per_year": 876}]
    even: dict[str, Any] = {
        **selling(2, availability=0.5),
        "Slices": slices,
        "ContractSlices": [],
        "SurplusSlices": [{"zone": "Z", "slice": "dark", "price_factor": 2}],
    }
    assert least_cost(**even) == pytest.approx(407.008 - 63.072)
    plan = solve(**even)
    (row,) = plan["Marginals"].query("limit == 'sold_within_share'").to_dict("records")
    assert row["saving"] == pytest.approx(0.18)
    less = [{**even["Contracts"][0], "max_mw": 480}]
    assert least_cost(**{**even, "Contracts": less}) == pytest.approx(371.968)


@pytest.mark.long
def test_what_storage_loses_is_no_reason_to_sell_more(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: a battery that could burn what the sun gives, for nothing, lets no more be sold than
    nine times what load runs on. Load that runs by day costs 3.504, that of the night is spot or
    350.4 GWh through the battery, and each GWh for load lets nine be sold at 10 above their price:
    through the battery it is 400 + 3.504 + 7.008 - 3,153.6 x 0.01, where 2,000 MW suffice.
    Sensitivity: without it half of that is sold, beside 17.52 of spot."""
    battery = {
        "storage": "b", "site": "A", "max_mw": 1000, "cost_per_mw": 0, "cost_per_mwh": 0,
        "efficiency": 0.5, "peak_share": 0,
    }  # fmt: skip
    case = selling(0.3, 0.9, max_mw=100_000)
    plan = solve(**case, Storage=[battery])
    assert plan.cost == pytest.approx(400 + 3.504 + 7.008 - 31.536)
    assert plan["Surplus"]["sold_gwh"].sum() == pytest.approx(3153.6)
    assert plan["SurplusUse"]["drawn_for_load_gwh"].sum() == pytest.approx(350.4)
    assert least_cost(**case) == pytest.approx(400 + 3.504 + 17.52 - 15.768)


@pytest.mark.long
def test_the_share_need_not_hold_in_every_future(solve: Solve) -> None:
    """Proves: in the scenario in which the share need not hold all that 1,000 MW deliver by day beyond
    load is sold, 2,014.8 GWh a year at 20 above their price: 400 - 2 x 19.272. In the other it is
    438.544, so that the mean is 400.
    Sensitivity: where it holds in both, the scenario of the higher price is 400 + 2 x (21.024 - 3.504)."""
    case: dict[str, Any] = {
        **selling(0.3),
        "Periods": years(2),
        "Demand": demand(40, 40),
        "PowerPrices": [{**SPOT[0], "period": name} for name in ("Y1", "Y2")],
        "Uncertainties": [
            {"uncertainty": "price", "outcome": name, "probability": 0.5, "revealed": "2027-01-01"}
            for name in ("usual", "high")
        ],
        "Outcomes": [
            {
                "uncertainty": "price", "outcome": "high", "sheet": "SurplusSlices",
                "rows": "zone=Z", "column": "price_factor", "operation": "set", "value": 0.4,
            }
        ],
    }  # fmt: skip
    holds = {"limit": "sold_within_share", "holds": "in most futures", "share": 0.5}
    assert solve(**case, Across=[holds]).cost == pytest.approx(400)
    assert solve(**case).cost == pytest.approx((438.544 + 435.04) / 2)


@pytest.mark.long
def test_a_sale_is_taxed_where_its_contract_is(least_cost: LeastCost) -> None:
    """Proves: of the 1.752 that a sale earns, a quarter is taxed in the jurisdiction of its site.
    Sensitivity: without tax it is all earned (above)."""
    taxed = {
        "Sites": {"grid_zone": "Z", "jurisdiction": "J"},
        "Taxes": [{"jurisdiction": "J", "corporate_rate": 0.25}],
    }
    without, sold = (least_cost(**selling(0.3, share) | taxed) for share in (None, 0.5))
    assert without - sold == pytest.approx(0.75 * 1.752)


def test_the_audit_sees_what_is_sold_beyond(solve: Solve, tmp_path: Path) -> None:
    """Proves: more sold than its share, than is delivered, and in a slice without a price are each
    found in the tables."""
    case = selling(0.3, max_mw=160)
    plan = solve(**case)
    surplus = plan["Surplus"]
    assert not broken(plan, case, tmp_path)
    more = surplus.assign(sold_gwh=200.0)
    found = broken(plan, case, tmp_path, Surplus=more)
    assert {"sold_within_share", "drawn_within_slice"} <= found
    dark = surplus.assign(slice="night")
    assert {"sold_where_offered", "drawn_within_slice"} <= broken(
        plan, case, tmp_path, Surplus=dark
    )


def test_without_its_sheet_there_is_nothing(tmp_path: Path) -> None:
    """Proves: neither absent nor empty sheets add a row, a column or a cost."""
    assert_adds_nothing(SLICED, "surplus", tmp_path)


@pytest.mark.long
def test_wrong_surplus_is_told_at_once(solve: Solve) -> None:
    """Proves: prices of surplus in a year that is whole, surplus of a plant on site and of a contract of
    capacity, shares of 1 and prices below zero are each told at their cell."""
    whole = selling(0.3) | {"Slices": [], "ContractSlices": [], "SurplusSlices": []}
    whole["Slices"] = [{"slice": "day", "hours_per_year": 8760}]
    whole["SurplusSlices"] = [{"zone": "Z", "slice": "day", "price_factor": 0.3}]
    (message,) = problems(solve, **whole)
    assert message.startswith("SurplusSlices!B2: ")
    assert message.endswith("[surplus-without-slices]")
    wrong = selling(-0.1)
    wrong["Contracts"] = [
        {**SUN, "max_surplus_share": 1},
        {**SUN, "contract": "plant", "kind": "generation", "max_surplus_share": 0.5},
        {
            "contract": "peak",
            "site": "A",
            "kind": "capacity",
            "max_mw": 9,
            "max_surplus_share": 0.5,
        },
    ]
    messages = problems(solve, **wrong)
    assert len(messages) == 4
    assert [text for text in messages if "[surplus-of-generation]" in text]
    assert [text for text in messages if "[energy-of-capacity]" in text]


@pytest.mark.long
def test_surplus_that_is_not_sold_is_noticed(solve: Solve) -> None:
    """Proves: a price that nobody may sell at, a contract that sells nowhere, a zone without a spot
    price, a sale that pays by itself and one above spot are noticed; a sale below cost is not."""

    def noticed(case: dict[str, Any]) -> set[str]:
        plan: optalloc.Plan = solve(**case)
        return {problem.code for problem in plan.notices if problem.code.startswith("surplus")}

    assert noticed(selling(0.1)) == set()
    assert noticed(selling(0.3)) == {"surplus-for-profit"}
    assert noticed(selling(0.3, None)) == {"surplus-unused"}
    # By the price of the middle of the year: 20 falls to 14.1. No sun delivers at night.
    assert noticed(selling(0.19, price_escalation=-0.5)) == {"surplus-for-profit"}
    at_night = selling(0.3) | {
        "SurplusSlices": [{"zone": "Z", "slice": "night", "price_factor": 1}]
    }
    assert noticed(at_night) == {"surplus-unpriced"}
    assert noticed(selling(1.1)) == {"surplus-for-profit", "surplus-above-spot"}
    elsewhere = selling(0.1)
    elsewhere["Sites"] = [
        {"site": "A", "status": "candidate", "max_mw": 100, "grid_zone": "Z"},
        {"site": "B", "status": "excluded", "max_mw": 100, "grid_zone": "Y"},
    ]
    elsewhere["Network"] = [{"site": name, "region": "R", "latency_ms": 1} for name in "AB"]
    elsewhere["SurplusSlices"] = [{"zone": "Y", "slice": "day", "price_factor": 0.3}]
    assert noticed(elsewhere) == {"surplus-of-unpriced-zone", "surplus-unpriced"}


def test_what_is_an_error_is_no_notice(tmp_path: Path) -> None:
    """Proves: surplus of a plant, and prices of a zone that is on no sheet, are an error each and
    nothing more. Sensitivity: of a contract, and of a zone without a spot price, they are notices."""
    case = selling(0.1)
    case["Contracts"] = [*case["Contracts"], {**SUN, "contract": "plant", "max_surplus_share": 0.5}]
    case["Contracts"][1]["kind"] = "generation"
    case["SurplusSlices"] = [
        *case["SurplusSlices"],
        {"zone": "X", "slice": "day", "price_factor": 1},
    ]
    model = optalloc.load_model()
    _, found = optalloc.check(
        optalloc.read_workbook(books.write(books.book(**case), tmp_path)), model
    )
    about = ("surplus", "unknown")
    codes = sorted(problem.code for problem in found if problem.code.startswith(about))
    assert codes == ["surplus-of-generation", "unknown-ref"]
