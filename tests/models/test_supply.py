"""Supply chain: each limit, and what equipment costs, in cases solved by hand.

A costs 10 M per MW and stands in the US, B 12 in Japan. Every MW needs a tenth of a transformer,
which Ohm sells for 5 M and Volt for 8.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import optalloc
from tests.books import binding, book, cost_without, demand, years
from tests.families import LeastCost, Solve, assert_adds_nothing, broken, problems

A = {
    "site": "A",
    "status": "candidate",
    "max_mw": 100,
    "build_cost_per_mw": 10,
    "jurisdiction": "US",
}
B = {**A, "site": "B", "build_cost_per_mw": 12, "jurisdiction": "JP"}
PLAIN: dict[str, Any] = {
    "Sites": [A, B],
    "Network": [{"site": site, "region": "R", "latency_ms": 10} for site in "AB"],
    "Jurisdictions": [
        {"jurisdiction": name, "trusted": "yes", "legal_risk": 0, "political_risk": 0,
         "conflict_risk": 0, "grid_risk": 0, "supply_chain_risk": 0}
        for name in ("US", "JP")
    ],
    "JurisdictionGroups": [
        {"group": "both", "jurisdiction": "US"},
        {"group": "both", "jurisdiction": "JP"},
    ],
}  # fmt: skip


def need(**columns: Any) -> dict[str, Any]:
    """A row of EquipmentNeeds."""
    row = {"equipment": "transformers", "units_per_mw": 0.1, "months_before_online": 0}
    return {**row, **columns}


def offer(supplier: str, units: float, period: str = "Y1", **columns: Any) -> dict[str, Any]:
    """A row of Equipment."""
    price = {"Ohm": 5, "Volt": 8}[supplier]
    row = {"equipment": "transformers", "supplier": supplier, "period": period}
    return {**row, "available_units": units, "unit_cost": price, **columns}


def case(*offers: dict[str, Any], needs: dict[str, Any] | None = None, **sheets: Any) -> Any:
    """A workbook in which equipment is needed."""
    return {
        **PLAIN,
        "EquipmentNeeds": [needs or need()],
        "Suppliers": [{"supplier": "Ohm"}, {"supplier": "Volt"}],
        "Equipment": list(offers),
        **sheets,
    }


def export(**columns: Any) -> dict[str, Any]:
    """An export limit on a year in which Ohm has all that 40 MW need, for nothing."""
    row = {"limit": "L", "equipment": "transformers", **columns}
    return case(offer("Ohm", 9, unit_cost=0), ExportLimits=[row])


def test_what_suppliers_have(solve: Solve, least_cost: LeastCost, tmp_path: Path) -> None:
    """Proves: of the 4 units for 40 MW, Ohm has 3, at 5, and Volt sells the fourth at 8.
    Sensitivity: without the limit all 4 from Ohm; without the need none, and so with 40 MW that
    stand already."""
    book_of = case(offer("Ohm", 3), offer("Volt", 9))
    plan = solve(**book_of)
    assert plan.cost == pytest.approx(400 + 3 * 5 + 8)
    assert binding(plan, "equipment_available") == ["transformers, Ohm, Y1"]
    free = cost_without(book(**book_of), tmp_path / "available", "equipment_available")
    assert free == pytest.approx(400 + 4 * 5)
    none = cost_without(book(**book_of), tmp_path / "ordered", "equipment_ordered")
    assert none == pytest.approx(400)
    standing = [{**A, "status": "existing", "existing_mw": 40}, B]
    assert least_cost(**{**book_of, "Sites": standing}) == pytest.approx(0)


@pytest.mark.slow
def test_no_more_is_built_than_there_is_equipment_for(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: 3 units are enough for 30 MW of 40, the rest is paid for at 50 M a MW-year.
    Sensitivity: 4 units are enough for all."""
    short = {"Workloads": {"unmet_penalty_per_mw_year": 50}}
    assert solve(**case(offer("Ohm", 3), **short)).cost == pytest.approx(300 + 15 + 500)
    assert least_cost(**case(offer("Ohm", 4), **short)) == pytest.approx(400 + 20)


@pytest.mark.slow
@pytest.mark.parametrize(("months", "price"), [(24, 5), (13, 5), (12, 6), (0, 7)])
def test_units_are_needed_so_long_before_online(solve: Solve, months: int, price: float) -> None:
    """Proves: capacity of a lead of 24 months, started in Y1 for Y3, pays the price of the year that
    holds the moment so many months before: 5 in Y1, 6 in Y2, 7 in Y3. Sensitivity: a month more
    than twelve is a year earlier."""
    prices = {"Y1": 5, "Y2": 6, "Y3": 7}
    offers = [offer("Ohm", 4, period, unit_cost=cost) for period, cost in prices.items()]
    slow = {
        "Periods": years(3),
        "Demand": demand(0, 0, 40),
        "Sites": [{**A, "block_lead_months": 24}],
        "Network": PLAIN["Network"][:1],
    }
    plan = solve(**case(*offers, needs=need(months_before_online=months), **slow))
    assert plan.cost == pytest.approx(400 + 4 * price)
    assert [prices[period] for period in plan["EquipmentUse"]["period"]] == [price]


@pytest.mark.slow
def test_what_is_not_ordered_may_carry_over(
    solve: Solve, least_cost: LeastCost, tmp_path: Path
) -> None:
    """One block of 10 MW a year for three years, one unit each; Ohm has 2, in Y1 alone.

    Proves: where they carry over both are ordered and one comes from Volt; the second needs no row
    of Equipment in its period. Sensitivity: where they do not, one is ordered; without the limit
    all three; where they carry over into Y2 alone, which adds none, Y3 has to do without.
    """
    paced = {
        "Periods": years(3),
        "Demand": demand(10, 20, 30),
        "Sites": [{**A, "block_mw": 10, "max_blocks_per_period": 1}],
        "Network": PLAIN["Network"][:1],
    }
    dear = [offer("Volt", 1, q) for q in ("Y1", "Y2", "Y3")]
    kept = case(offer("Ohm", 2, carries_over="yes"), *dear, **paced)
    assert least_cost(**kept) == pytest.approx(300 + 2 * 5 + 8)
    free = cost_without(book(**kept), tmp_path / "w", "equipment_available")
    assert free == pytest.approx(300 + 3 * 5)
    gone = case(offer("Ohm", 2), *dear, **paced)
    assert least_cost(**gone) == pytest.approx(300 + 5 + 2 * 8)
    # Three units for Y2 and Y3 at most, and none of them for Y3.
    until = [offer("Ohm", 3, carries_over="yes"), offer("Ohm", 0, "Y2", carries_over="no")]
    plan = solve(**case(*until, *dear, **paced))
    assert plan.cost == pytest.approx(300 + 2 * 5 + 8)
    ohm = plan["Orders"][plan["Orders"]["supplier"] == "Ohm"].set_index("period")
    assert ohm["ordered_units"].to_dict() == pytest.approx({"Y1": 1, "Y2": 1, "Y3": 0})
    assert ohm["available_units"].to_dict() == pytest.approx({"Y1": 3, "Y2": 2, "Y3": 0})


@pytest.mark.slow
def test_prices_escalate_and_have_a_currency(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: units at 750 yen, 150 to the dollar, ordered in Y2 where they carry over, cost 5 x 1.1
    each, as does the building. Sensitivity: without escalation 20 and 400."""
    late = {
        "Periods": years(2),
        "Demand": demand(0, 40),
        "Sites": [{**A, "earliest_start": "2028-01-01"}],
        "Network": PLAIN["Network"][:1],
        "Currencies": [{"currency": "JPY", "per_workbook_currency": 150}],
    }
    yen = offer("Ohm", 4, unit_cost=750, currency="JPY", carries_over="yes")
    dear = {"Settings": {"build_cost_escalation": 0.1}}
    assert solve(**case(yen, **late, **dear)).cost == pytest.approx((400 + 20) * 1.1)
    assert least_cost(**case(yen, **late)) == pytest.approx(420)


@pytest.mark.slow
def test_exports_to_a_jurisdiction_in_a_period(
    solve: Solve, least_cost: LeastCost, tmp_path: Path
) -> None:
    """Proves: 3 units for the US are enough for 30 MW of A; B, in Japan, is built for 12.
    Sensitivity: without the limit all at A; barred all at B; both together need 4."""
    made = export(jurisdiction="US", max_units_per_period=3)
    plan = solve(**made)
    assert plan.cost == pytest.approx(300 + 120)
    assert binding(plan, "export_in_period") == ["L, Y1"]
    assert cost_without(book(**made), tmp_path / "w", "export_in_period") == pytest.approx(400)
    barred = export(jurisdiction="US", max_units_per_period=0)
    assert least_cost(**barred) == pytest.approx(480)
    with pytest.raises(optalloc.InfeasibleError):
        solve(**export(group="both", max_units_per_period=3.9))
    assert least_cost(**export(group="both", max_units_per_period=4)) == pytest.approx(400)


@pytest.mark.long
def test_exports_to_a_jurisdiction_in_all(
    solve: Solve, least_cost: LeastCost, tmp_path: Path
) -> None:
    """Proves: with 3 units for the US in two years, A is built for 30 MW and B for 10.
    Sensitivity: without the limit all at A, as with 3 in each year, or in Y2 alone."""
    stock = offer("Ohm", 9, unit_cost=0, carries_over="yes")
    two = {"Periods": years(2), "Demand": demand(20, 40)}

    def limited(**columns: Any) -> dict[str, Any]:
        row = {"limit": "L", "equipment": "transformers", "jurisdiction": "US", **columns}
        return case(stock, ExportLimits=[row], **two)

    made = limited(max_units_in_all=3)
    plan = solve(**made)
    assert plan.cost == pytest.approx(300 + 120)
    assert binding(plan, "export_in_all") == ["L"]
    assert cost_without(book(**made), tmp_path / "w", "export_in_all") == pytest.approx(400)
    assert least_cost(**limited(max_units_per_period=3)) == pytest.approx(400)
    assert least_cost(**limited(max_units_in_all=3, first_period="Y2")) == pytest.approx(400)
    assert least_cost(**limited(max_units_in_all=3, last_period="Y1")) == pytest.approx(400)


def only_equipment(months_before: int, lead: int, **needs: Any) -> dict[str, Any]:
    """40 MW that cost nothing to build, in five years of which a lead is the first."""
    return case(
        offer("Ohm", 4, unit_cost=10),
        needs=need(months_before_online=months_before, **needs),
        Sites=[{**A, "build_cost_per_mw": 0, "block_lead_months": lead}],
        Network=PLAIN["Network"][:1],
        Periods=years(5),
        Demand=demand(0, 40, 40, 40, 40),
    )


@pytest.mark.slow
def test_the_value_left_counts_from_the_online_date(solve: Solve, least_cost: LeastCost) -> None:
    """4 units of 10 M paid in Y1, in service from Y2 on, four years to the end, a life of 20.

    Proves: 40 less 16 twentieths of it. Sensitivity: switched off 40; with units that are needed,
    paid for and in service in Y1 it would be 15 twentieths; at 8 % the 40 are compounded to 43.2
    and credited with what an annuity of 20 years is worth with 16 to go.
    """
    made = only_equipment(12, 12)
    on = {"residual_value": "yes"}
    assert least_cost(**made, Settings=on) == pytest.approx(40 - 40 * 16 / 20)
    assert least_cost(**made) == pytest.approx(40)
    left = (1 - 1.08**-16) / (1 - 1.08**-20)
    plan = solve(**made, Settings=on | {"discount_rate": 0.08})
    assert plan.cost == pytest.approx(40 - 40 * 1.08 * left * 1.08**-5)


@pytest.mark.slow
def test_units_are_renewed_at_the_end_of_their_life(solve: Solve) -> None:
    """Proves: in service from Y2 with a life of two years, units are paid for again two years after
    the first time, though no supplier has any then, and nothing of them is left at the end of Y5.
    Sensitivity: of a second life of three years one is used, and 2 thirds of 40 are left."""
    on = {"residual_value": "yes"}
    two = solve(**only_equipment(12, 12, life_years=2), Settings=on)
    assert two.cost == pytest.approx(80)
    paid = two["Cost"].set_index("item")
    assert paid.loc["equipment_renewal_1", "first_month"] == pytest.approx(24)
    three = solve(**only_equipment(12, 12, life_years=3), Settings=on)
    assert three.cost == pytest.approx(80 - 40 * 2 / 3)


@pytest.mark.slow
def test_budgets_and_cash_flow_count_equipment(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: 400 M of building and 20 of transformers are 420 of capital in Y1, which 419 do not
    pay. Sensitivity: without the 20 they do."""
    made = case(offer("Ohm", 4), offer("Volt", 4))
    plan = solve(**made, Budgets=[{"period": "Y1", "max_capital": 420}])
    assert binding(plan, "capital_in_period") == ["Y1"]
    assert plan["CashFlow"]["capital"].tolist() == pytest.approx([420])
    with pytest.raises(optalloc.InfeasibleError):
        solve(**made, Budgets=[{"period": "Y1", "max_capital": 419}])
    free = case(offer("Ohm", 4, unit_cost=0))
    assert least_cost(**free, Budgets=[{"period": "Y1", "max_capital": 419}]) == pytest.approx(400)


@pytest.mark.slow
def test_orders_are_actions(solve: Solve) -> None:
    """Proves: every order is an action, dated, with how many units of what from whom."""
    plan = solve(**case(offer("Ohm", 3), offer("Volt", 9)))
    orders = plan["Actions"].query("action == 'order equipment'").set_index("subject")
    assert orders["units"].to_dict() == pytest.approx(
        {"transformers from Ohm": 3, "transformers from Volt": 1}
    )
    assert orders["mw"].isna().all()
    assert set(orders["date"]) == {pd.Timestamp("2027-01-01")}


def test_the_audit_sees_equipment_that_is_not_there(solve: Solve, tmp_path: Path) -> None:
    """Proves: a plan altered by hand breaks each limit in the audit alone."""
    row = {"limit": "L", "equipment": "transformers", "group": "both"}
    limits = [row | {"max_units_per_period": 4, "max_units_in_all": 4}]
    made = case(offer("Ohm", 3), offer("Volt", 9), ExportLimits=limits)
    plan = solve(**made)
    assert not broken(plan, made, tmp_path / "kept")
    orders = plan["Orders"].assign(ordered_units=[3.5, 0.5])
    assert broken(plan, made, tmp_path / "orders", Orders=orders) == {"equipment_available"}
    build = plan["Build"].assign(started_mw=plan["Build"]["started_mw"] * 1.1)
    found = broken(plan, made, tmp_path / "build", Build=build)
    assert found >= {"equipment_ordered", "export_in_period", "export_in_all"}


@pytest.mark.slow
def test_without_sheets_there_is_nothing(tmp_path: Path) -> None:
    """Proves: neither absent nor empty sheets add a row, a column or a cost."""
    assert_adds_nothing(PLAIN, "supply", tmp_path)


def test_a_class_that_nobody_supplies(solve: Solve) -> None:
    """Proves: a class without a row of Equipment is said, unless a row of it could not be read."""
    lacking = case(offer("Ohm", 4), EquipmentNeeds=[need(), need(equipment="generators")])
    (message,) = problems(solve, **lacking)
    assert message.startswith("EquipmentNeeds!A3: ")
    assert message.endswith("[equipment-without-supplier]")
    (message,) = problems(solve, **{**lacking, "Equipment": [offer("Ohm", 4, equipment="engines")]})
    assert message.startswith("Equipment!A2: ")


@pytest.mark.long
def test_equipment_needed_before_the_first_period(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: 13 months before online is too early for a site of 12 months' lead, and the site is
    named; 12 are not. Sensitivity: nor are 13 where the site starts no earlier than Y2."""
    slow = {"Periods": years(3), "Demand": demand(0, 0, 40), "Network": PLAIN["Network"][:1]}
    early = need(months_before_online=13)
    sites = [{**A, "block_lead_months": 12}]
    (message,) = problems(solve, **case(offer("Ohm", 4), needs=early, Sites=sites, **slow))
    assert message.startswith("EquipmentNeeds!C2: ")
    assert "'A'" in message
    assert "at most 12" in message
    assert message.endswith("[needed-too-early]")
    fitting = need(months_before_online=12)
    later = [{**sites[0], "earliest_start": "2028-01-01"}]
    assert solve(**case(offer("Ohm", 4), needs=fitting, Sites=sites, **slow)).cost > 400
    assert least_cost(**case(offer("Ohm", 4), needs=early, Sites=later, **slow)) > 400
    # A lead that cannot be read may be long enough.
    unread = [{**A, "block_lead_months": "long"}]
    (message,) = problems(solve, **case(offer("Ohm", 4), needs=early, Sites=unread, **slow))
    assert message.startswith("Sites!")


def test_an_export_limit_says_whom_and_how_many(solve: Solve) -> None:
    """Proves: neither or both of jurisdiction and group, no number, and periods the wrong way round
    are each said once; a number that cannot be read has its own message alone."""
    for columns, cell, code in (
        ({"max_units_per_period": 1}, "", "one-of-two"),
        ({"jurisdiction": "US", "group": "both", "max_units_in_all": 1}, "C2", "one-of-two"),
        ({"jurisdiction": "US"}, "", "no-limit"),
        ({"jurisdiction": "US", "max_units_in_all": "few"}, "D2", "not-a-number"),
    ):
        (message,) = problems(solve, **export(**columns))
        assert message.startswith(f"ExportLimits!{cell}")
        assert message.endswith(f"[{code}]")
    two = {"Periods": years(2), "Demand": demand(40, 40)}
    reversed_periods = export(
        jurisdiction="US", max_units_in_all=1, first_period="Y2", last_period="Y1"
    )
    (message,) = problems(solve, **{**reversed_periods, **two})
    assert message.startswith("ExportLimits!F2: ")
    assert message.endswith("[periods-reversed]")
