"""Loss of suppliers: what the others deliver, in cases solved by hand.

A costs 10 M per MW; every 10 MW need a transformer. Ohm sells 4 a year for 1 M each, Volt 4 for 3 M;
40 MW are asked for in Y1 and 80 in Y2, so that what Ohm has is just enough.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.books import binding, book, cost_without, demand, years
from tests.families import LeastCost, Solve, assert_adds_nothing, broken, problems

SUPPLIERS = [
    {"supplier": "Ohm", "supplier_group": "West"},
    {"supplier": "Volt", "supplier_group": "East"},
]
CASE: dict[str, Any] = {
    "Periods": years(2),
    "Demand": demand(40, 80),
    "EquipmentNeeds": [
        {"equipment": "transformers", "units_per_mw": 0.1, "months_before_online": 0}
    ],
    "Suppliers": SUPPLIERS,
    "Equipment": [
        {"equipment": "transformers", "supplier": supplier, "period": period,
         "available_units": 4, "unit_cost": cost}
        for supplier, cost in (("Ohm", 1), ("Volt", 3))
        for period in ("Y1", "Y2")
    ],
}  # fmt: skip
BASE = 80 * 10 + 8 * 1


def event(*members: dict[str, Any], **columns: Any) -> dict[str, Any]:
    rows = {"LossEvents": [{"event": "E", "share_covered": 0.5, **columns}]}
    if members:
        rows["LossMembers"] = [{"event": "E", **member} for member in members]
    return {**CASE, **rows}


@pytest.mark.long
def test_any_one_supplier(solve: Solve, least_cost: LeastCost, tmp_path: Path) -> None:
    """Proves: half of each year's 4 transformers must come whichever supplier fails: 2 of each, in
    both years, 2 M dearer each: 8 M more. A quarter: 1 of each year from Volt. Sensitivity: all from
    Ohm without the event; when half of what fails is lost, half is left of Ohm alone."""
    case = event(any_one="supplier")
    plan = solve(**case)
    assert plan.cost == pytest.approx(BASE + 4 * 2)
    assert "E, Ohm, transformers, Y1" in binding(plan, "survives_supplier_loss")
    assert cost_without(book(**case), tmp_path / "w", "survives_supplier_loss") == pytest.approx(
        BASE
    )
    quarter = event(any_one="supplier", share_covered=0.25)
    assert least_cost(**quarter) == pytest.approx(BASE + 2 * 2)
    assert least_cost(**event(any_one="supplier", share_lost=0.5)) == pytest.approx(BASE)


@pytest.mark.slow
@pytest.mark.parametrize("member", [{"supplier": "Ohm"}, {"supplier_group": "West"}])
def test_a_named_supplier_or_group(
    member: dict[str, str], solve: Solve, least_cost: LeastCost
) -> None:
    """Proves: losing Ohm, alone or as its group, leaves Volt's: 2 a year, in the period named only.
    Sensitivity: losing Volt, from which nothing is ordered, costs nothing."""
    assert solve(**event(member)).cost == pytest.approx(BASE + 4 * 2)
    assert least_cost(**event(member, first_period="Y2")) == pytest.approx(BASE + 2 * 2)
    assert least_cost(**event({"supplier": "Volt"})) == pytest.approx(BASE)


@pytest.mark.slow
def test_a_lost_supplier_takes_no_capacity(solve: Solve) -> None:
    """Proves: an event of suppliers asks nothing of sites, though only one stands."""
    plan = solve(**event({"supplier": "Volt"}, share_covered=1, last_period="Y1"))
    assert plan["Losses"].empty


def test_the_audit_sees_orders_from_one_supplier(solve: Solve, tmp_path: Path) -> None:
    """Proves: with all ordered from Ohm by hand, the limit is found broken."""
    case = event(any_one="supplier")
    plan = solve(**case)
    assert not broken(plan, case, tmp_path / "kept")
    orders = plan["Orders"]
    alone = orders.assign(ordered_units=orders["supplier"].map({"Ohm": 4.0, "Volt": 0.0}))
    assert "survives_supplier_loss" in broken(plan, case, tmp_path / "changed", Orders=alone)


def test_a_member_is_one_thing(solve: Solve) -> None:
    """Proves: a row with a supplier and a site is one message."""
    (message,) = problems(solve, **event({"supplier": "Ohm", "site": "A"}))
    assert message.endswith("[member-unclear]")


@pytest.mark.slow
def test_without_sheets_there_is_nothing(tmp_path: Path) -> None:
    """Proves: with empty sheets of events no row is added."""
    assert_adds_nothing(CASE, "resilience", tmp_path)
