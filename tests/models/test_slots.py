"""Options on equipment: slots reserved with a supplier, in cases solved by hand.

Site A takes a year to build, 0.5 M a MW, for 40 MW that are asked for in Y2 and Y3 and cost 40 M for
a year unmet. Every MW needs a tenth of a transformer, at 5 M, which Ohm has from Y3 on.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.books import binding, demand, years
from tests.families import LeastCost, Solve, broken, problems

CASE: dict[str, Any] = {
    "Periods": years(3),
    "Sites": {"block_lead_months": 12, "build_cost_per_mw": 0.5},
    "Workloads": [{"workload": "load", "unmet_penalty_per_mw_year": 1}],
    "Demand": demand(0, 40, 40),
    "EquipmentNeeds": [
        {"equipment": "transformers", "units_per_mw": 0.1, "months_before_online": 0}
    ],
    "Suppliers": [{"supplier": "Ohm"}],
}
SLOT: dict[str, Any] = {
    "option": "slot", "kind": "equipment", "equipment": "transformers", "supplier": "Ohm",
    "max_units": 9, "lead_months": 12,
}  # fmt: skip


def offers(*units: float, **columns: Any) -> dict[str, Any]:
    """Rows of Equipment for Y1, Y2 and Y3."""
    row = {"equipment": "transformers", "supplier": "Ohm", "unit_cost": 5, **columns}
    rows = [row | {"period": f"Y{k}", "available_units": n} for k, n in enumerate(units, 1)]
    return {"Equipment": rows}


def slot(**columns: Any) -> dict[str, Any]:
    return {"Options": [SLOT | columns]}


@pytest.mark.long
def test_a_reserved_slot_is_there_before_a_new_order(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: without the slot a year goes unmet, 20 + 20 + 40; for a premium of 10 and 1 a unit, and
    a price of 5 and 2 a unit, 4 units are reserved, exercised at once and delivered in Y2, 20 + 20 +
    27; at 22.9 and 23.1 in place of 10, 79.9 and 80; credited by half it gives back 5 + 2.
    Sensitivity: the break-even; a lead of 13 months comes too late; of 3 units 10 MW are unmet.
    """
    case = {**CASE, **offers(0, 0, 9)}
    full = {"premium": 10, "premium_per_unit": 1, "exercise_price": 5, "exercise_price_per_unit": 2}
    plan = solve(**case, **slot(**full))
    assert plan.cost == pytest.approx(67)
    held = plan["OptionsHeld"][
        ["period", "subject", "bought", "exercised", "delivered_units", "paid"]
    ]
    about = "transformers from Ohm"
    assert held.to_numpy().tolist() == [
        ["Y1", about, pytest.approx(4), pytest.approx(4), 0, pytest.approx(27)],
        ["Y2", about, 0, 0, pytest.approx(4), 0],
    ]
    orders = plan["Orders"].set_index("period")[["ordered_units", "available_units"]]
    assert orders.loc["Y2"].tolist() == pytest.approx([4, 4])
    bought = plan["Actions"].set_index("action").loc["buy option"]
    assert bought["units"] == pytest.approx(4) and bought["mw"] != bought["mw"]
    assert least_cost(**case) == pytest.approx(80)
    for columns, cost in (
        ({"premium": 22.9}, 79.9), ({"premium": 23.1}, 80), ({"premium_credited": 0.5}, 60),
        ({"lead_months": 13}, 80), ({"max_units": 3}, 15 + 15 + 24 + 5 + 5 + 10),
    ):  # fmt: skip
        assert least_cost(**case, **slot(**full | columns)) == pytest.approx(cost)


@pytest.mark.long
def test_from_a_period_on_only_slots_are_delivered(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: where Ohm has 9 units every year but sells those from Y2 on to slots alone, 4 are
    reserved at 9.9, 40 + 39.6, and at 10.1 both years go unmet. Sensitivity: needed from Y3 on alone
    nothing is; and what is left of Y1 carries over to nobody.
    """
    case = {**CASE, **offers(9, 9, 9)}
    plan = solve(**case, **slot(premium_per_unit=9.9, needed_from="Y2"))
    assert plan.cost == pytest.approx(79.6)
    assert binding(plan, "ordered_by_option") == ["transformers, Ohm, Y2", "transformers, Ohm, Y3"]
    for needed, carries, cost in (("Y2", "no", 80), ("Y2", "yes", 80), ("Y3", "no", 40)):
        dear = slot(premium_per_unit=10.1, needed_from=needed)
        made = {**CASE, **offers(9, 9, 9, carries_over=carries), **dear}
        assert least_cost(**made) == pytest.approx(cost)


@pytest.mark.slow
def test_a_slot_that_is_kept_costs_its_fee(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: bought in Y1 and exercised in Y2 without a lead, 4 units at 0.5 a year cost 2 more.
    Sensitivity: delivered in Y1, carried over, they are exercised at once and cost none."""
    row = slot(lead_months=None, last_period="Y1", fee_per_unit_year=0.5, exercise_from="Y2")
    plan = solve(**CASE, **offers(0, 0, 9), **row)
    assert plan.cost == pytest.approx(42)
    assert plan["OptionsHeld"]["kept"].tolist() == pytest.approx([4, 0])
    carried = slot(lead_months=None, last_period="Y1", fee_per_unit_year=0.5, exercise_until="Y1")
    stored = offers(0, 0, 9, carries_over="yes")
    assert least_cost(**CASE, **stored, **carried) == pytest.approx(40)


def test_what_a_slot_must_say(solve: Solve) -> None:
    """Proves: a slot without supplier or size, with megawatts, or with a supplier that has no price of
    the class is refused at its cells, and so is land by the unit, all at once."""
    case = {
        **CASE,
        **offers(0, 0, 9),
        "Suppliers": [{"supplier": "Ohm"}, {"supplier": "Volt"}],
        "Options": [
            SLOT | {"option": "no supplier", "supplier": None},
            SLOT | {"option": "no size", "max_units": None},
            SLOT | {"option": "by MW", "max_mw": 5},
            SLOT | {"option": "no price", "supplier": "Volt"},
            {"option": "plot", "kind": "land", "site": "A", "max_units": 4},
        ],
    }
    told = problems(solve, **case)
    for code, count in (("blank", 2), ("option-column", 2), ("slot-without-offer", 1)):
        assert sum(f"[{code}]" in problem for problem in told) == count, told
    assert len(told) == 5


def test_slots_are_audited(solve: Solve, tmp_path: Path) -> None:
    """Proves: a plan that takes delivery before the lead is over, or orders what was not delivered, is
    refused. Sensitivity: the plan as it is passes."""
    case = {**CASE, **offers(0, 0, 9), **slot(premium=1, needed_from="Y2")}
    plan = solve(**case)
    held, orders = plan["OptionsHeld"], plan["Orders"]

    def violated(**changed: Any) -> set[str]:
        return broken(plan, case, tmp_path / "book", **changed)

    assert violated() == set()
    early = held.assign(period=held["period"].map({"Y1": "Y1", "Y2": "Y1"}))
    early = early.groupby("period", as_index=False).agg(
        {c: "sum" if c.endswith(("t", "d", "units", "mw")) and c != "subject" else "first"
         for c in held if c != "period"}
    )  # fmt: skip
    assert "delivered_within_exercised" in violated(OptionsHeld=early)
    none = held.assign(delivered_units=0.0)
    assert {"ordered_by_option", "equipment_available"} <= violated(OptionsHeld=none)
    more = orders.assign(ordered_units=orders["ordered_units"] * 1.5)
    assert "ordered_by_option" in violated(Orders=more)
