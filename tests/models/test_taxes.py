"""Taxes: each term to the digit, plans that change with tax, and plans valued once more."""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import optalloc
from tests import books
from tests.books import demand, worth, years
from tests.families import LeastCost, Solve, assert_adds_nothing, broken, problems
from tests.random_books import book_of, taxes

# 40 MW at 10 M a MW, in service from the first of four years on.
BUILT: dict[str, Any] = {
    "Settings": {"life_years": 10},
    "Periods": years(4),
    "Sites": {"jurisdiction": "J"},
    "Demand": demand(40, 40, 40, 40),
}


def taxed(case: dict[str, Any], *rows: dict[str, Any], **settings: Any) -> dict[str, Any]:
    """A case with rows of Taxes, of jurisdiction J where none is named, and other settings."""
    return {
        **case,
        "Settings": {**case["Settings"], **settings},
        "Taxes": [{"jurisdiction": "J", **row} for row in rows],
    }


def terms(plan: optalloc.Plan) -> dict[str, float]:
    """Present value of the way from before to after tax, by term."""
    return plan["TaxBridge"].groupby("term")["present_value"].sum().to_dict()


def test_two_sites_swap_when_tax_is_on(solve: Solve) -> None:
    """A costs 11 M a MW-year and deducts half of it; B costs 10.5 and deducts nothing.

    Proves: before tax B serves, 420; after it A, 220. Sensitivity: without the sheet B.
    """
    case = {
        "Sites": [
            {"site": site, "status": "existing", "existing_mw": 40, "max_mw": 40,
             "jurisdiction": j, "cost_per_mw_year": 0}
            for site, j in (("A", "J"), ("B", "K"))
        ],
        "Network": [
            {"site": "A", "region": "R", "latency_ms": 1, "cost_per_mw_year": 11},
            {"site": "B", "region": "R", "latency_ms": 1, "cost_per_mw_year": 10.5},
        ],
    }  # fmt: skip
    before = solve(**case)
    assert (before.cost, *before["Load"]["site"]) == (pytest.approx(420), "B")
    after = solve(**case, Taxes=[{"jurisdiction": "J", "corporate_rate": 0.5}])
    assert (after.cost, *after["Load"]["site"]) == (pytest.approx(220), "A")
    assert terms(after) == pytest.approx({"before tax": 440, "costs deducted": -220})


@pytest.mark.parametrize("rate", [0, 0.08])
def test_straight_line_depreciation(solve: Solve, rate: float) -> None:
    """400 M over eight years at a tax of 25 %, seen for four.

    Proves: 12.5 M a year is saved, discounted at each instant. Sensitivity: over its life of ten
    years, as where depreciation_years is blank, 10 M.
    """
    plan = solve(
        **taxed(BUILT, {"corporate_rate": 0.25, "depreciation_years": 8}, discount_rate=rate)
    )
    assert terms(plan)["depreciation"] == pytest.approx(-12.5 * worth(rate, 0, 4))
    assert plan.cost == pytest.approx(400 - 12.5 * worth(rate, 0, 4))
    plan = solve(**taxed(BUILT, {"corporate_rate": 0.25}, discount_rate=rate))
    assert plan.cost == pytest.approx(400 - 10 * worth(rate, 0, 4))


@pytest.mark.long
def test_declining_balance(solve: Solve) -> None:
    """Twice the straight line over eight years: a quarter of what is left is written off a year.

    Proves: 100, 75, 56.25 and 42.1875 are deducted in four years, shown as falling by a quarter.
    Sensitivity: at half the factor an eighth of what is left.
    """
    row = {
        "corporate_rate": 0.25,
        "depreciation": "declining_balance",
        "depreciation_years": 8,
    }
    plan = solve(**taxed(BUILT, row))
    assert plan.cost == pytest.approx(400 - 0.25 * (100 + 75 + 56.25 + 42.1875))
    shown = plan["Cost"].query("item == 'tax_depreciation_of_building'").iloc[0]
    assert (shown["growth"], shown["last_month"]) == (pytest.approx(-0.25), 48)
    flow = plan["CashFlow"].set_index("year")["total"]
    assert flow.tolist() == pytest.approx([400 - 25, -18.75, -14.0625, -10.546875])
    slower = solve(**taxed(BUILT, {**row, "declining_factor": 1}))
    assert slower.cost == pytest.approx(400 - 100 * (1 - 0.875**4))


@pytest.mark.long
def test_what_a_life_leaves_on_the_books_is_written_off(solve: Solve) -> None:
    """Renewed every two years, depreciated over eight.

    Proves: of each 400 M a quarter is depreciated in a life and the rest written off as it ends:
    two lives deduct 800. Of a declining balance the rest after its years, 0.25 to the fourth.
    Sensitivity: seen to the end of a life of ten years nothing of 400 is left to write off.
    """
    row = {"corporate_rate": 0.5, "depreciation_years": 8}
    plan = solve(**taxed(BUILT, row, life_years=2))
    assert plan.cost == pytest.approx(800 - 400)
    cash = plan["Cost"].groupby("item")["cash"].sum()
    assert cash["tax_depreciation_of_building"] == pytest.approx(-50)
    assert cash["tax_write_off_of_building"] == pytest.approx(-150)
    assert cash["tax_write_off_of_building_renewal_1"] == pytest.approx(-150)
    declining = {
        "corporate_rate": 0.5, "depreciation": "declining_balance", "depreciation_years": 2,
        "declining_factor": 1,
    }  # fmt: skip
    plan = solve(**taxed(BUILT, declining))
    cash = plan["Cost"].groupby("item")["cash"].sum()
    assert cash["tax_depreciation_of_building"] == pytest.approx(-150)
    assert cash["tax_write_off_of_building"] == pytest.approx(-50)
    plan = solve(**taxed(BUILT, {"corporate_rate": 0.5, "depreciation_years": 4}))
    assert not plan["Cost"]["item"].str.startswith("tax_write_off").any()


@pytest.mark.long
def test_credits_lower_what_is_depreciated(solve: Solve) -> None:
    """Proves: a tenth of 400 M is paid a year after it serves, and 360 are depreciated. Sensitivity:
    paid at once it is worth 40."""
    row = {"corporate_rate": 0.25, "depreciation_years": 8, "capital_credit_share": 0.1}
    later = {**row, "credit_after_months": 12}
    depreciated = 0.25 * 360 / 8 * worth(0.08, 0, 4)
    plan = solve(**taxed(BUILT, later, discount_rate=0.08))
    assert terms(plan)["credits and grants"] == pytest.approx(-40 / 1.08)
    assert plan.cost == pytest.approx(400 - 40 / 1.08 - depreciated)
    assert plan["Summary"].set_index("figure")["value"]["of which tax credits"] == pytest.approx(
        -40 / 1.08
    )
    at_once = solve(**taxed(BUILT, row, discount_rate=0.08))
    assert at_once.cost == pytest.approx(360 - depreciated)


@pytest.mark.long
@pytest.mark.parametrize("rate", [0, 0.08])
def test_property_tax_on_book_value(solve: Solve, rate: float) -> None:
    """2 % of 400 M that fall evenly to 200 in four years, deducted at 25 %.

    Proves: 8 M a year at first, 4 at the end, three quarters of it borne. Sensitivity: without
    income tax all of it.
    """
    row = {"depreciation_years": 8, "property_tax_rate": 0.02}
    # The integral of (8 - t) v^t, by parts.
    force = math.log(1 + rate)
    due = 24.0
    if rate:
        due = (8 - 4 * 1.08**-4) / force - worth(rate, 0, 4) / force
    plan = solve(**taxed(BUILT, {**row, "corporate_rate": 0.25}, discount_rate=rate))
    found = terms(plan)
    assert found["property tax"] == pytest.approx(due)
    assert found["costs deducted"] == pytest.approx(-due / 4)
    by_period = plan["Cost"].query("item == 'property_tax'").set_index("period")["cash"]
    assert by_period.tolist() == pytest.approx([7.5, 6.5, 5.5, 4.5])
    assert solve(**taxed(BUILT, row, discount_rate=rate)).cost == pytest.approx(400 + due)


def bought(*taxes: dict[str, Any], **sheets: Any) -> dict[str, Any]:
    """Four units at 5 M each for 40 MW, of two sites with room for half of it each."""
    return {
        **BUILT,
        "Sites": [
            {"site": site, "status": "candidate", "max_mw": 20, "jurisdiction": j}
            for site, j in (("A", "J"), ("B", "K"))
        ],
        "Network": [{"site": site, "region": "R", "latency_ms": 1} for site in "AB"],
        "EquipmentNeeds": [{"equipment": "E", "units_per_mw": 0.1, "months_before_online": 0}],
        "Suppliers": [{"supplier": "Ohm"}, {"supplier": "Volt"}],
        "Equipment": [
            {
                "equipment": "E",
                "supplier": name,
                "period": "Y1",
                "available_units": 2,
                "unit_cost": c,
            }
            for name, c in (("Ohm", 5), ("Volt", 8))
        ],
        "Taxes": list(taxes),
        **sheets,
    }


@pytest.mark.long
def test_duty_is_capital_where_equipment_is_installed(solve: Solve, tmp_path: Path) -> None:
    """Two units of each supplier, at 5 and 8 M; J has a duty of 10 % and depreciates at 50 %.

    Proves: the cheaper two go where duty is due, 1 M, and 11 are depreciated over ten years; with
    a duty of 10 % in K at no tax the dearer two go to J, where 16 are deducted. Sensitivity: the
    budget has the duty; the audit sees units that are installed in another place.
    """
    case = bought(Duties=[{"equipment": "E", "jurisdiction": "J", "duty_share": 0.1}])
    plan = solve(**case)
    assert plan.cost == pytest.approx(26 + 1)
    assert plan["Summary"].set_index("figure")["value"]["of which import duty"] == pytest.approx(1)
    places = plan["EquipmentPlaces"].set_index("supplier")["jurisdiction"].to_dict()
    assert places == {"Ohm": "J", "Volt": "K"}
    moved = plan["EquipmentPlaces"].assign(jurisdiction=["K", "J"])
    assert broken(plan, case, tmp_path / "same", EquipmentPlaces=moved) == set()
    half = plan["EquipmentPlaces"].assign(assigned_units=[1, 3])
    assert broken(plan, case, tmp_path / "half", EquipmentPlaces=half) == {
        "equipment_assigned", "assigned_to_need",
    }  # fmt: skip
    tax = {"jurisdiction": "J", "corporate_rate": 0.5}
    plan = solve(**bought(tax, Duties=[{"equipment": "E", "jurisdiction": "K", "duty_share": 0.1}]))
    assert plan.cost == pytest.approx(26 + 1 - 0.5 * 16 * 0.4)
    duty = plan["Cost"].query("item == 'duty_of_equipment'").iloc[0]
    assert (duty["account"], duty["subject"]) == ("import duty", "E from Ohm for K")
    value = {"property_tax_rate": 0.01, "jurisdiction": "J"}
    rows = solve(**bought(value))["TaxBridge"]
    assert rows.query("term == 'property tax'")["jurisdiction"].tolist() == ["J"]
    tight = {**case, "Budgets": [{"period": "Y1", "max_capital": 26.5}]}
    tight["Workloads"] = {"unmet_penalty_per_mw_year": 1000}
    assert solve(**tight)["Service"]["unmet_mw"].sum() > 0


@pytest.mark.long
def test_a_rate_changes_on_its_day(solve: Solve) -> None:
    """20 % until the middle of the second year, then 40 %: of 400 M over eight years, and of 10 M a
    year evenly.

    Proves: what is paid or falls before is deducted at 20 %, the rest at 40 %. Sensitivity: with a
    first row that holds from that day on, nothing is before.
    """
    case = {**BUILT, "Sites": {"jurisdiction": "J", "cost_per_mw_year": 0.25}}
    change = {"since": "2028-07-01", "corporate_rate": 0.4, "depreciation_years": 8}
    rows = ({"corporate_rate": 0.2, "depreciation_years": 8}, change)
    early, late = worth(0.08, 0, 1.5), worth(0.08, 1.5, 4)
    plan = solve(**taxed(case, *rows, discount_rate=0.08))
    saved = 60 * (0.2 * early + 0.4 * late)
    assert plan.cost == pytest.approx(400 + 10 * (early + late) - saved)
    in_second = (
        plan["Cost"].query("period == 'Y2' and account == 'taxes'").set_index("item")["cash"]
    )
    assert in_second.to_dict() == pytest.approx({"tax_of_running": -1, "tax_of_running_2": -2})
    # Depreciated over its life of ten years, as nothing else was said when it began to serve.
    later = solve(**taxed(case, change, discount_rate=0.08))
    assert later.cost == pytest.approx(400 + 10 * (early + late) - 50 * 0.4 * late)


@pytest.mark.long
@pytest.mark.parametrize("how", ["annuity", "straight_line"])
def test_capital_after_tax_costs_the_same_per_year_whenever_it_is_built(
    least_cost: LeastCost, how: str
) -> None:
    """400 M with a life of six years, asked for from the third, fifth or last of eight years on.

    Proves: with depreciation, credits and property tax a year of service costs the same in present
    value, (V - S) by the years of the annuity; in a straight line, built in the last moment it
    costs what it loses in that year. Sensitivity: without residual value late years cost more.
    """
    row = {
        "corporate_rate": 0.3, "depreciation_years": 5, "capital_credit_share": 0.1,
        "property_tax_rate": 0.01, "credit_after_months": 18,
    }  # fmt: skip

    def cost(first: int, residual: str, rate: float) -> float:
        case = {**BUILT, "Periods": years(8), "Demand": demand(*[0] * first, *[40] * (8 - first))}
        settings = {"life_years": 6, "residual_value": residual, "discount_rate": rate}
        return least_cost(**taxed(case, row, **settings))

    rate = 0.08 if how == "annuity" else 0.0
    served = {first: worth(rate, first, 8) for first in (2, 4, 7)}
    per_year = {first: cost(first, how, rate) / served[first] for first in served}
    assert per_year[4] == pytest.approx(per_year[2])
    assert per_year[7] == pytest.approx(per_year[2])
    # All tax effects of 400 M, as an annuity over six years: 360 depreciated over five, 40 credited
    # after 18 months, and seven tenths of the property tax.
    force = math.log(1 + rate)
    book = 360 * ((1 - worth(rate, 0, 5) / 5) / force if rate else 2.5)
    effects = -0.3 * 72 * worth(rate, 0, 5) - 40 * (1 + rate) ** -1.5 + 0.7 * 0.01 * book
    assert per_year[2] == pytest.approx((400 + effects) / worth(rate, 0, 6))
    assert cost(7, "none", rate) / served[7] > 1.5 * per_year[7]


@pytest.mark.long
def test_residual_value_in_a_straight_line(solve: Solve) -> None:
    """400 M paid evenly over the year before it serves, with a life of ten years, four of them seen.

    Proves: 60 % of 400, as it was paid, is credited after five years; the annuity credits more of
    it, compounded. Sensitivity: none and the old no credit nothing, and yes is the annuity.
    """
    case = {
        **BUILT,
        "Periods": years(5),
        "Sites": {"block_lead_months": 12},
        "Demand": demand(0, 40, 40, 40, 40),
    }
    paid = 400 * worth(0.08, 0, 1)

    def cost(residual: str) -> float:
        settings = {"discount_rate": 0.08, "life_years": 10, "residual_value": residual}
        return solve(**{**case, "Settings": settings}).cost

    assert cost("straight_line") == pytest.approx(paid - 240 * 1.08**-5)
    share = (1 - 1.08**-6) / (1 - 1.08**-10)
    assert cost("annuity") == pytest.approx(paid - paid * 1.08 * share * 1.08**-5)
    assert cost("yes") == pytest.approx(cost("annuity"))
    assert cost("none") == cost("no") == pytest.approx(paid)


def rich(months: int = 12) -> dict[str, Any]:
    """A workbook with most kinds of cost, over four years in periods of so many months."""
    count = 48 // months
    names = [f"Y{k}" for k in range(1, count + 1)]
    return {
        "Settings": {
            "discount_rate": 0.07, "residual_value": "yes", "life_years": 7,
            "build_cost_escalation": 0.02, "running_cost_escalation": 0.03,
            "home_jurisdiction": "K",
        },
        "Periods": years(count, months=months),
        "Sites": [
            {"site": site, "status": "candidate", "max_mw": 60, "jurisdiction": j,
             "grid_zone": "Z", "site_cost": 20, "build_cost_per_mw": c, "block_lead_months": 12,
             "site_lead_months": 0, "fixed_cost_per_year": 1, "cost_per_mw_year": 0.5}
            for site, j, c in (("A", "J", 9), ("B", "K", 10))
        ],
        "Components": [{"component": "racks", "cost_per_mw": 2, "life_years": 2}],
        "Network": [
            {"site": site, "region": "R", "latency_ms": 1, "cost_per_mw_year": 0.1} for site in "AB"
        ],
        "Contracts": [
            {"contract": "C", "zone": "Z", "kind": "energy", "max_mw": 200, "price_per_mwh": 60,
             "price_escalation": 0.02, "deposit_per_mw": 0.1}
        ],
        "Demand": demand(*(40 if k * months >= 12 else 0 for k in range(count))),
        "Leases": [
            {"lease": "L", "site": "A", "first_period": names[12 // months],
             "last_period": names[12 // months], "max_mw": 5, "term_months": 30, "rent_per_mw_year": 1, "rent_escalation": 0.02}
        ],
    }  # fmt: skip


LAW = [
    {"jurisdiction": "J", "corporate_rate": 0.2, "depreciation_years": 5,
     "property_tax_rate": 0.015, "capital_credit_share": 0.05, "credit_after_months": 9},
    {"jurisdiction": "J", "since": "2029-02-20", "corporate_rate": 0.3, "property_tax_rate": 0.01},
    {"jurisdiction": "K", "since": "2027-05-01", "corporate_rate": 0.25,
     "depreciation": "declining_balance", "depreciation_years": 6},
]  # fmt: skip


@pytest.mark.long
def test_splitting_periods_changes_nothing(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: four years as four periods and as sixteen quarters cost the same after tax, with a rate
    that changes inside both, and so do all terms of the bridge."""
    # A lease serves whole periods alone, which quarters let it do for longer.
    whole, quarters = (solve(**{**rich(months), "Leases": []}, Taxes=LAW) for months in (12, 3))
    assert quarters.cost == pytest.approx(whole.cost, rel=1e-9)
    assert terms(quarters) == pytest.approx(terms(whole), rel=1e-9)


def test_a_rate_of_zero_is_no_tax(solve: Solve, tmp_path: Path) -> None:
    """Proves: with rows that take and give nothing, cost and table of costs are those without the
    sheet; and without rows the family is not there."""
    plain, free = solve(**rich()), solve(**rich(), Taxes=[{"jurisdiction": "J"}])
    assert free.cost == pytest.approx(plain.cost, rel=1e-12)
    pd.testing.assert_frame_equal(free["Cost"], plain["Cost"])
    assert_adds_nothing(rich(), "taxes", tmp_path)


def test_the_bridge_adds_up(solve: Solve) -> None:
    """Proves: what stands before tax, and each term, add up to the cost of the plan; the accounts too."""
    plan = solve(**rich(), Taxes=LAW)
    rows, cost = plan["TaxBridge"], plan["Cost"]
    assert rows["present_value"].sum() == pytest.approx(plan.cost)
    before = cost.loc[cost["family"] != "taxes", "present_value"].sum()
    assert terms(plan)["before tax"] == pytest.approx(before)
    assert len(terms(plan)) >= 5 and plan.cost < before
    figures = plan["Summary"].set_index("figure")["value"]
    parts = [figures[name] for name in figures.index if str(name).startswith("of which ")]
    assert sum(parts) == pytest.approx(plan.cost)


def test_what_is_abandoned_is_written_off(solve: Solve) -> None:
    """40 MW begun in Y1, 400 M evenly over 24 months, and a site of 30 M at once, given up after one.

    Proves: 30 + 200 are paid and written off at 25 % on that day, as are 9.9 of fee; nothing is
    depreciated. Sensitivity: without tax 239.9 + fixed cost.
    """
    case: dict[str, Any] = {
        "Settings": {"life_years": 10},
        "Periods": years(4),
        "Sites": {
            "jurisdiction": "J", "site_cost": 30, "fixed_cost_per_year": 5, "block_lead_months": 24,
        },
        "Demand": demand(0, 0, 0, 0),
        "Decisions": [
            {"decision": "ours", "what": "committed", "site": "A", "period": "Y1", "at_least": 1},
            {"decision": "begun", "what": "started_mw", "site": "A", "period": "Y1", "at_least": 40},
        ],
        "Abandonments": [{"site": "A", "cost": 9.9, "first_period": "Y2", "last_period": "Y2"}],
    }  # fmt: skip
    plain = solve(**case)
    assert plain.cost == pytest.approx(30 + 200 + 9.9 + 5)
    plan = solve(**taxed(case, {"corporate_rate": 0.25, "property_tax_rate": 0.02}))
    assert plan.cost == pytest.approx(0.75 * (30 + 200 + 9.9 + 5))
    cash = plan["Cost"].groupby("item")["cash"].sum()
    assert cash["tax_write_off_of_building_abandoned"] == pytest.approx(-50)
    assert cash["tax_write_off_of_site_abandoned"] == pytest.approx(-7.5)
    assert terms(plan)["property tax"] == pytest.approx(0, abs=1e-9)
    # Depreciated within the horizon, the same would be saved as is written off.
    whole = solve(**taxed(case, {"corporate_rate": 0.25, "depreciation_years": 2}))
    assert whole.cost == pytest.approx(plan.cost)


def test_where_costs_of_several_jurisdictions_are_deducted(solve: Solve) -> None:
    """Proves: the fee of a contract for sites in J and K is deducted in the home jurisdiction; without
    one it is not. Sensitivity: of a contract for a site in J, there."""
    case = rich()
    case["Contracts"][0]["fixed_fee_per_mw_year"] = 0.1
    taxes = [{"jurisdiction": j, "corporate_rate": r} for j, r in (("J", 0.3), ("K", 0.1))]

    def share(**changed: Any) -> float:
        plan = solve(**{**case, **changed}, Taxes=taxes)
        sums = plan["Cost"].groupby("item")["cash"].sum()
        return float(-sums.get("tax_of_contract_fee", 0.0) / sums["contract_fee"])

    assert share() == pytest.approx(0.1)
    assert share(Settings={**case["Settings"], "home_jurisdiction": None}) == pytest.approx(0)
    own = [{**case["Contracts"][0], "zone": None, "site": "A"}]
    own.append({"contract": "D", "site": "B", "kind": "energy", "max_mw": 0})
    assert share(Contracts=own) == pytest.approx(0.3)


def test_deposits_penalties_and_losses_are_not_deducted(solve: Solve) -> None:
    """Proves: with all demand unmet at a penalty, and a deposit that is paid and comes back, nothing is
    taxed but the fee."""
    plan = solve(
        Settings={"discount_rate": 0.1},
        Sites={"jurisdiction": "J", "status": "existing", "existing_mw": 30, "max_mw": 30},
        Workloads={"unmet_penalty_per_mw_year": 5},
        Contracts=[
            {"contract": "C", "site": "A", "kind": "capacity", "max_mw": 40, "term_months": 12,
             "fixed_fee_per_mw_year": 1, "deposit_per_mw": 2}
        ],
        Jurisdictions=[
            {"jurisdiction": "J", **{f"{k}_risk": 0 for k in
             ("legal", "political", "conflict", "grid", "supply_chain")},
             "expected_loss_per_mw_year": 0.5}
        ],
        Taxes=[{"jurisdiction": "J", "corporate_rate": 0.5}],
    )  # fmt: skip
    year = worth(0.1)
    assert terms(plan)["costs deducted"] == pytest.approx(-0.5 * 30 * year)
    kept = 60 * (1 - 1 / 1.1) + 10 * 5 * year + 30 * 0.5 * year
    assert plan.cost == pytest.approx(0.5 * 30 * year + kept)


@pytest.mark.long
def test_storage_is_depreciated_and_renewed(solve: Solve) -> None:
    """A battery of 8 M, 10 MW and 120 MWh, that lives a year of two, at 50 % and over two years.

    Proves: of each 8 M a half is depreciated in its year and the rest written off as it ends, so that
    both are deducted in full, and 1 M a year of running cost too. Sensitivity: without tax 18.
    """
    case: dict[str, Any] = {
        "Settings": {},
        "Periods": years(2),
        "Sites": {"grid_zone": "Z", "status": "existing", "existing_mw": 10, "max_mw": 10,
                  "jurisdiction": "J"},
        "Demand": demand(10, 10),
        "Contracts": [
            {"contract": "sun", "site": "A", "kind": "energy", "max_mw": 1000,
             "availability": 0.25, "price_per_mwh": 0}
        ],
        "Slices": [
            {"slice": "day", "hours_per_year": 4380, "day_type": "any"},
            {"slice": "night", "hours_per_year": 4380, "day_type": "any"},
        ],
        "ContractSlices": [
            {"contract": "sun", "slice": "day", "available": 0.5},
            {"contract": "sun", "slice": "night", "available": 0},
        ],
        "Storage": [
            {"storage": "battery", "site": "A", "max_mw": 10, "cost_per_mw": 0.2,
             "cost_per_mwh": 0.05, "running_cost_per_mw_year": 0.1, "efficiency": 1,
             "life_years": 1, "last_period": "Y1"}
        ],
    }  # fmt: skip
    mwh = 10 * 12
    price = 10 * 0.2 + mwh * 0.05
    assert solve(**case).cost == pytest.approx(2 * price + 2)
    plan = solve(**taxed(case, {"corporate_rate": 0.5, "depreciation_years": 2}))
    assert plan.cost == pytest.approx(price + 1)
    written = plan["Cost"]["item"].str.startswith("tax_write_off_of_storage")
    assert plan["Cost"].loc[written, "cash"].sum() == pytest.approx(-price / 2)


def test_messages(solve: Solve) -> None:
    """Proves: what is declined at once, and a declining balance without years, are errors by cell."""
    fast = {"depreciation": "declining_balance", "depreciation_years": 2}
    found = problems(solve, **taxed(BUILT, fast))
    assert len(found) == 1 and "[declines-at-once]" in found[0] and "Taxes!" in found[0]
    found = problems(solve, **taxed(BUILT, {"depreciation": "declining_balance"}))
    assert len(found) == 1 and "depreciation_years must be filled in" in found[0]


@pytest.mark.long
def test_a_sweep_and_a_scenario_change_the_rate(tmp_path: Path) -> None:
    """40 MW that stand at 1 M a MW-year, taxed at 25 %.

    Proves: a sweep to 50 % halves 40 M; with an even chance of 25 % and 75 % they cost 20 in the mean.
    """
    case = books.book(
        Sites={"jurisdiction": "J", "status": "existing", "existing_mw": 40, "cost_per_mw_year": 1},
        Taxes=[{"jurisdiction": "J", "corporate_rate": 0.25}],
    )
    cell = {"sheet": "Taxes", "column": "corporate_rate", "operation": "set"}
    sweeps = [{"sweep": "tax", "design": "grid", "change": "rate", **cell, "values": "0.25; 0.5"}]
    folder = books.write({**case, "Sweeps": sweeps}, tmp_path / "a")
    cases = optalloc.sweep(folder, "tax", jobs=1, out=tmp_path / "out").cases
    assert sorted(cases["objective"].astype(float).unique()) == pytest.approx([20, 30])
    chance = [
        {"uncertainty": "law", "outcome": name, "probability": 0.5, "revealed": day}
        for name, day in (("kept", "2027-01-01"), ("raised", None))
    ]
    raised = {"uncertainty": "law", "outcome": "raised", **cell, "value": 0.75}
    policy = books.solve({**case, "Uncertainties": chance, "Outcomes": [raised]}, tmp_path / "b")
    assert policy.cost == pytest.approx(20)


@pytest.mark.slow
@pytest.mark.first(1)
@pytest.mark.parametrize("seed", [0, 3, 4, 5, 6, 8, 9, 11, 13])
def test_random_books_of_many_families_pass_their_audit(tmp_path: Path, seed: int) -> None:
    """Proves: taxes on options, leases, storage, equipment, abandonments and whatever else a random
    workbook has are worked out the same from the plan, and the bridge adds up to its cost."""
    draw = random.Random(seed)
    made = book_of(draw, fewest=9, most=14)
    taxes(draw, made)
    plan = books.solve(made, tmp_path)
    assert plan["TaxBridge"]["present_value"].sum() == pytest.approx(plan.cost)


STEPS = 40  # to a month
BEYOND_MONTHS = 40 * 12


class SmallSteps:
    """Taxes of a workbook at each small step of time, from its rows alone."""

    def __init__(self, book: books.Book) -> None:
        self.settings, self.taxes = book["Settings"][0], book["Taxes"]
        self.rate = self.settings["discount_rate"]
        self.end = sum(row["months"] for row in book["Periods"])
        count = (self.end + BEYOND_MONTHS) * STEPS
        self.months = (np.arange(count) + 0.5) / STEPS
        self.worth = (1 + self.rate) ** (-self.months / 12)

    def at(self, jurisdiction: str, month: float) -> dict[str, Any]:
        """The row that holds at a moment."""
        held: dict[str, Any] = {}
        for row in self.taxes:
            day = pd.Timestamp(row["since"] or "2027-01-01")
            if (
                row["jurisdiction"] == jurisdiction
                and month >= (day.year - 2027) * 12 + day.month - 1
            ):
                held = row
        return held

    def steps(self, jurisdiction: str, column: str) -> np.ndarray:
        """A rate at each step."""
        by_month = [
            self.at(jurisdiction, k).get(column, 0.0) for k in range(self.end + BEYOND_MONTHS)
        ]
        return np.repeat(np.array(by_month, float), STEPS)

    def paid(self, jurisdiction: str, row: dict[str, Any]) -> float:
        """Present value of the tax that a payment saves."""
        if row["first_month"] == row["last_month"]:
            rate = self.at(jurisdiction, row["first_month"]).get("corporate_rate", 0.0)
            return float(rate * row["present_value"])
        shape = (self.months >= row["first_month"]) & (self.months < row["last_month"])
        shape = shape * (1 + row["growth"]) ** (self.months / 12)
        flow = row["cash"] * shape / shape.sum()
        return float((self.steps(jurisdiction, "corporate_rate") * flow * self.worth).sum())

    def on_capital(self, jurisdiction: str, cash: float, online: float, life: float) -> float:
        """Present value of all tax effects of a purchase that the horizon bears."""
        then = self.at(jurisdiction, online)
        years = then.get("depreciation_years", life)
        declines = then.get("depreciation") == "declining_balance"
        kept, end = (1 - 2 / years if declines else 1.0), min(years, life)
        credit = cash * then.get("capital_credit_share", 0.0)
        basis, age = cash - credit, np.maximum((self.months - online) / 12, 0)
        held = (self.months >= online) & (age < end)
        value = basis * (kept**age if declines else np.maximum(1 - age / years, 0))
        falls = -math.log(kept) * value if declines else np.full(len(age), basis / years)
        tax = self.steps(jurisdiction, "corporate_rate")
        due = self.steps(jurisdiction, "property_tax_rate") * value * (1 - tax)
        flow = held * (due - tax * falls) / 12 / STEPS * self.worth
        rest = basis * (kept**end if declines else 1 - end / years)
        moments = {
            online + 12 * end: -self.at(jurisdiction, online + 12 * end)["corporate_rate"] * rest,
            online + then.get("credit_after_months", 0): -credit,
        }
        valued = {month: paid * (1 + self.rate) ** (-month / 12) for month, paid in moments.items()}
        within = flow[self.months < self.end].sum()
        within += sum(paid for month, paid in valued.items() if month <= self.end)
        whole = flow.sum() + sum(valued.values())
        if self.settings["residual_value"] == "none":
            return float(within)
        left = max(life - (self.end - online) / 12, 0.0)
        share = left / life
        if self.settings["residual_value"] == "annuity" and self.rate:
            share = (1 - (1 + self.rate) ** -left) / (1 - (1 + self.rate) ** -life)
        return float(whole * (1 - share * (1 + self.rate) ** ((online - self.end) / 12)))


def valued_again(book: books.Book, plan: optalloc.Plan) -> float:
    """Cost after tax of a plan, by walking each payment and asset through small steps of time."""
    world = SmallSteps(book)
    cost = plan["Cost"].query("family != 'taxes'")
    sites = {row["site"]: row for row in book["Sites"]}
    total = float(cost["present_value"].sum())
    for row in cost.query("kind == 'cash'").to_dict("records"):
        home = world.settings["home_jurisdiction"]
        where = sites[row["site"]]["jurisdiction"] if row["site"] in sites else home
        word = row["item"].split("_")[0]
        if word in ("site", "building", "component"):
            life = 2 if word == "component" else world.settings["life_years"]
            earlier = int(row["item"].rpartition("_")[2]) if "renewal" in row["item"] else 0
            begins = 12 * (int(row["period"][1:]) - 1)
            total += world.on_capital(where, row["cash"], begins + 12 + 12 * life * earlier, life)
        elif word != "deposit":
            total -= world.paid(where, row)
    return total


@pytest.mark.slow
@pytest.mark.first(2)
@pytest.mark.parametrize("seed", range(8))
def test_random_books_are_valued_the_same_by_small_steps(tmp_path: Path, seed: int) -> None:
    """Proves: the cost after tax of a plan of a random workbook, with rates that change, both kinds of
    depreciation, credits and property tax, is that of a walk through small steps of time."""
    draw = np.random.default_rng(seed)
    case = rich()
    case["Settings"] |= {
        "residual_value": str(draw.choice(["annuity", "straight_line", "none"])),
        "discount_rate": float(draw.choice([0.0, 0.05, 0.11])),
        "life_years": int(draw.integers(2, 9)),
    }
    case["Taxes"] = []
    for j in "JK":
        for since in (None, "2028-04-01", "2029-10-01")[: draw.integers(1, 4)]:
            declining = bool(draw.integers(2))
            case["Taxes"].append({
                "jurisdiction": j, "since": since, "corporate_rate": float(draw.uniform(0, 0.5)),
                "depreciation": "declining_balance" if declining else "straight_line",
                "depreciation_years": int(draw.integers(3, 9)),
                "capital_credit_share": float(draw.choice([0, 0.1])),
                "credit_after_months": int(draw.integers(0, 30)),
                "property_tax_rate": float(draw.choice([0, 0.02])),
            })  # fmt: skip
    book = books.book(**case)
    plan = books.solve(book, tmp_path)
    assert valued_again(book, plan) == pytest.approx(plan.cost, rel=1e-5)


@pytest.mark.long
def test_a_site_is_written_off_when_it_is_retired(solve: Solve) -> None:
    """400 M of buildings and 30 of the site live for 2.5 of four years and are not renewed.

    Proves: buildings leave service with the second year, when all of them is deducted, and are built
    anew; of the site's own cost a life of 2.5 years is deducted. Half of each is saved: of 830 M
    before tax 200, 160 of the second buildings in two of their years, and 15. Sensitivity: at a rate
    of nothing 830.
    """
    site = {"jurisdiction": "J", "site_cost": 30, "life_years": 2.5, "end_of_life": "retired"}
    case = {**BUILT, "Sites": {**site, "max_mw": 200}}
    assert solve(**taxed(case, {"corporate_rate": 0.5})).cost == pytest.approx(455)
    assert solve(**taxed(case, {"corporate_rate": 0})).cost == pytest.approx(830)


def _shared(**second: Any) -> dict[str, Any]:
    """Two sites of a zone, with a contract of the zone at 1 M a MW-year; A lies in J."""
    sites = [
        {"site": "A", "status": "existing", "existing_mw": 20, "max_mw": 20, "jurisdiction": "J"},
        {"site": "B", "status": "existing", "existing_mw": 20, "max_mw": 20, **second},
    ]
    return {
        "Settings": {},
        "Sites": [{**row, "grid_zone": "Z"} for row in sites],
        "Network": [{"site": name, "region": "R", "latency_ms": 1} for name in "AB"],
        "Contracts": [
            {"contract": "C", "zone": "Z", "kind": "capacity", "max_mw": 100,
             "fixed_fee_per_mw_year": 1}
        ],
    }  # fmt: skip


@pytest.mark.long
def test_a_contract_belongs_to_the_sites_that_there_are(solve: Solve) -> None:
    """Proves: a site that is excluded does not say where the fee of a zone is deducted: half of 20 M is
    saved in J. A site without a jurisdiction counts as another one: of 40 M nothing is deducted, and
    a notice names the contract. Sensitivity: with the site in J 20 M are saved."""
    law = {"corporate_rate": 0.5}
    excluded = _shared(jurisdiction="K") | {"Demand": demand(20)}
    excluded["Sites"][1] |= {"status": "excluded", "existing_mw": 0}
    assert solve(**taxed(excluded, law)).cost == pytest.approx(10)
    nowhere = solve(**taxed(_shared() | {"Demand": demand(40)}, law))
    assert nowhere.cost == pytest.approx(40)
    told = {problem.code: str(problem) for problem in nowhere.notices}
    assert "contract 'C'" in told["deducted-nowhere"]
    assert solve(**taxed(_shared(jurisdiction="J") | {"Demand": demand(40)}, law)).cost == (
        pytest.approx(20)
    )


@pytest.mark.long
def test_an_option_of_several_jurisdictions_is_named(solve: Solve) -> None:
    """Proves: the premium of an option on a zone with sites in two jurisdictions is deducted nowhere,
    and a notice names it. Sensitivity: with a home jurisdiction it does not."""
    case = _shared(jurisdiction="K") | {"Demand": demand(40), "Contracts": []}
    case["GridZones"] = [{"zone": "Z", "period": "Y1", "max_total_mw": 100}]
    case["Options"] = [
        {"option": "queue", "kind": "grid", "zone": "Z", "premium": 10, "max_mw": 10}
    ]
    told = {p.code: str(p) for p in solve(**taxed(case, {"corporate_rate": 0.5})).notices}
    assert "option 'queue'" in told["deducted-nowhere"]
    home = solve(**taxed(case, {"corporate_rate": 0.5}, home_jurisdiction="J"))
    assert "deducted-nowhere" not in {problem.code for problem in home.notices}


@pytest.mark.long
def test_the_bridge_puts_equipment_where_it_is_installed(solve: Solve) -> None:
    """Proves: of 26 M of equipment two units of four, 10 to 16 M, lie in each country before tax,
    whatever the home jurisdiction. Sensitivity: all of it would be in K."""
    rows = [{"jurisdiction": j, "corporate_rate": 0.5} for j in "JK"]
    case = bought(*rows)
    plan = solve(**case | {"Settings": {**case["Settings"], "home_jurisdiction": "K"}})
    before = plan["TaxBridge"].query("term == 'before tax'").set_index("jurisdiction")
    cost = before["present_value"].to_dict()
    assert set(cost) == {"J", "K"}
    assert sum(cost.values()) == pytest.approx(26)
    assert all(10 - 1e-6 <= amount <= 16 + 1e-6 for amount in cost.values())
