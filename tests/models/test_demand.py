"""Demand: what must be served, and what may be left unmet at a price, by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyomo.environ as pyo
import pytest

import optalloc
from tests.books import binding, book, changed_cost, cost_without, demand, in_units, write, years
from tests.families import LeastCost, problems

Solve = Callable[..., optalloc.Plan]


@pytest.mark.long
def test_demand_is_met(solve: Solve, least_cost: LeastCost, tmp_path: Path) -> None:
    """Proves: 40 MW at 10 M. Sensitivity: 41 MW cost 410; without the limit nothing is built."""
    assert solve().cost == pytest.approx(400)
    assert least_cost(Demand=demand(41)) == pytest.approx(410)
    # The covers say the same of capacity, so they go too.
    assert cost_without(book(), tmp_path / "w", "demand_met", "capacity_covers_demand") == 0


@pytest.mark.first(1)
@pytest.mark.parametrize(("penalty", "cost", "left"), [(9.9, 396, 40), (10.1, 400, 0)])
def test_unmet_demand_at_the_price_at_which_building_pays(
    solve: Solve, penalty: float, cost: float, left: float
) -> None:
    """A MW costs 10 M to build for one year.

    Proves: at 9.9 M a MW-year all 40 MW are left unmet. Sensitivity: at 10.1 none.
    """
    plan = solve(Workloads={"unmet_penalty_per_mw_year": penalty})
    assert plan.cost == pytest.approx(cost)
    assert plan["Service"]["unmet_mw"].tolist() == pytest.approx([left])
    assert plan["Service"]["served_mw"].tolist() == pytest.approx([40 - left])


def test_shortfalls_are_stretches_of_time(solve: Solve) -> None:
    """Room for 40 MW where 50, 50, 30 and 50 are asked for, at 12 M a MW-year left unmet.

    Proves: what is unmet stands once for Y1 and Y2, at 10 x 12 x 2 = 240 M, and once for Y4, the
    costliest first, with the room that is short and its cell. Sensitivity: where 30 MW are asked
    for in Y3 nothing is short, so that the two do not join.
    """
    plan = solve(
        Periods=years(4),
        Sites={"max_mw": 40},
        Workloads={"unmet_penalty_per_mw_year": 12},
        Demand=demand(50, 50, 30, 50),
    )
    found = plan["Shortfalls"]
    assert found[["since", "until"]].to_numpy().tolist() == [["Y1", "Y2"], ["Y4", "Y4"]]
    assert found["in_words"].tolist() == [
        "load in R: up to 10 of 50 MW are left unmet from Y1 to Y2, at a penalty of 240 M",
        "load in R: up to 10 of 50 MW are left unmet in Y4, at a penalty of 120 M",
    ]
    assert found["most_unmet_mw"].tolist() == pytest.approx([10, 10])
    assert found["demand_mw"].tolist() == pytest.approx([50, 50])
    assert found["penalty"].tolist() == pytest.approx([240, 120])
    assert found["against"].tolist() == [
        f"sites within reach can have at most 40 MW in service in {period}, where 50 MW are asked "
        "for in all (Sites!C2)"
        for period in ("Y1", "Y4")
    ]


@pytest.mark.slow
def test_shortfalls_name_the_cells_that_exclude_all(solve: Solve) -> None:
    """Proves: before a block lead of 12 months is over nothing can serve, and its cell is named.
    Sensitivity: from the second year on all is served."""
    plan = solve(
        Periods=years(2),
        Sites={"block_lead_months": 12},
        Workloads={"unmet_penalty_per_mw_year": 12},
        Demand=demand(40, 40),
    )
    (row,) = plan["Shortfalls"].to_dict("records")
    assert (row["since"], row["until"], row["penalty"]) == ("Y1", "Y1", pytest.approx(480))
    assert "12 months of lead (Sites!" in row["against"]


@pytest.mark.slow
def test_break_even_price_weighs_years_and_interest(solve: Solve, least_cost: LeastCost) -> None:
    """Two years of 40 MW at 21 %, a MW costs 10 M now; a MW unmet for both counts
    (1 - 1.21^-2) / ln 1.21 = 1.6629 MW-years, so that the break-even price is 10 / 1.6629 = 6.0136.

    Proves: at 6.0 all is unmet for 40 x 6 x 1.6629. Sensitivity: at 6.1 all is built, 400.
    """
    case = {"Settings": {"discount_rate": 0.21}, "Periods": years(2), "Demand": demand(40, 40)}
    weight = (1 - 1.21**-2) / math.log(1.21)
    assert 6.0 < 10 / weight < 6.1
    below = solve(Workloads={"unmet_penalty_per_mw_year": 6.0}, **case)
    assert below.cost == pytest.approx(40 * 6.0 * weight)
    assert least_cost(Workloads={"unmet_penalty_per_mw_year": 6.1}, **case) == pytest.approx(400)


@pytest.mark.slow
def test_unmet_only_at_a_price(solve: Solve, least_cost: LeastCost) -> None:
    """Two workloads, room for one: training may be left at 12 M a MW-year, serving may not.

    Proves: 40 MW of serving are built, all 30 of training are left, 400 + 360. Sensitivity: with
    room for both 700.
    """
    case = {
        "Workloads": [
            {"workload": "serving", "unmet_penalty_per_mw_year": None},
            {"workload": "training", "unmet_penalty_per_mw_year": 12},
        ],
        "Demand": demand(40, workload="serving") + demand(30, workload="training"),
    }
    plan = solve(Sites={"max_mw": 40}, **case)
    assert plan.cost == pytest.approx(760)
    assert binding(plan, "unmet_only_at_a_price") == ["training, R, Y1"]
    assert least_cost(Sites={"max_mw": 70}, **case) == pytest.approx(700)


@pytest.mark.slow
def test_no_plan_where_demand_has_no_price(solve: Solve) -> None:
    """Proves: 40 MW that must be met and room for 30 have no plan. Sensitivity: room for 40 has."""
    with pytest.raises(optalloc.InfeasibleError):
        solve(Sites={"max_mw": 30})
    assert solve(Sites={"max_mw": 40}).cost == pytest.approx(400)


@pytest.mark.slow
def test_unmet_is_not_negative(solve: Solve, tmp_path: Path) -> None:
    """A MW costs 10 M, its penalty is 12, and the site holds 100.

    Proves: 400, nothing unmet and nothing served beyond demand. Sensitivity: were unmet free to be
    negative, 100 MW would be built and 60 of them earn the penalty, 1000 - 720.
    """
    case: dict[str, Any] = {"Workloads": {"unmet_penalty_per_mw_year": 12}}

    def free(m: Any) -> None:
        m.served_if_committed.deactivate()
        # No more is built than can be needed, 40 MW; here more of it pays.
        m.starts_on_committed_site.deactivate()
        for built in (*m.started.values(), *m.energised.values()):
            built.setub(100)
        for unmet in m.unmet.values():
            unmet.domain = pyo.Reals
            unmet.setlb(None)

    assert solve(**case).cost == pytest.approx(400)
    assert changed_cost(book(**case), tmp_path / "w", free) == pytest.approx(280)


@pytest.mark.slow
def test_periods_and_regions_add_up(solve: Solve, least_cost: LeastCost) -> None:
    """Two regions peak in different years; the site is built for the larger sum.

    Proves: 20 + 30 in Y1, 40 + 5 in Y2 take 50 MW, 500. Sensitivity: 20 more in Y2, 650.
    """
    case: dict[str, Any] = {
        "Periods": years(2),
        "Network": [{"site": "A", "region": r, "latency_ms": 1} for r in ("R", "S")],
    }
    one = demand(20, 40, region="R") + demand(30, 5, region="S")
    two = demand(20, 40, region="R") + demand(30, 25, region="S")
    assert solve(Demand=one, **case).cost == pytest.approx(500)
    assert least_cost(Demand=two, **case) == pytest.approx(650)


@pytest.mark.long
def test_no_demand_at_all(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: demand of 0 everywhere is a plan that builds nothing. Sensitivity: 1 MW costs 10."""
    nothing = solve(Demand=demand(0))
    assert nothing.cost == 0
    assert nothing["Service"]["demand_mw"].tolist() == [0]
    assert least_cost(Demand=demand(1)) == pytest.approx(10)


@pytest.mark.slow
def test_nothing_to_decide(solve: Solve) -> None:
    """Proves: where nothing is asked for and nothing can be in service in time, there is a plan
    without a single decision, at 0. Sensitivity: 1 MW at a price of 20 M is left unmet."""
    late = {"Sites": {"block_lead_months": 24}}
    plan = solve(**late, Demand=demand(0))
    assert (plan.cost, len(plan["Load"])) == (0, 0)
    priced = solve(**late, Demand=demand(1), Workloads={"unmet_penalty_per_mw_year": 20})
    assert priced.cost == pytest.approx(20)


@pytest.mark.long
def test_missing_period(solve: Solve) -> None:
    """Proves: a workload and region without a row for Y2 is an error. Sensitivity: with it 400."""
    with pytest.raises(optalloc.InputError) as raised:
        solve(Periods=years(2), Demand=demand(40))
    assert [problem.code for problem in raised.value.problems] == ["missing-period"]
    assert solve(Periods=years(2), Demand=demand(40, 0)).cost == pytest.approx(400)


def sizes(**mw_per_unit: float) -> list[dict[str, Any]]:
    """MW per unit of the workload from the periods named."""
    return [
        {"workload": "load", "period": period, "mw_per_unit": mw}
        for period, mw in mw_per_unit.items()
    ]


@pytest.mark.long
def test_demand_in_compute_units(solve: Solve, least_cost: LeastCost) -> None:
    """A unit takes 0.4 MW in Y1, nothing is said of Y2, and from Y3 it takes 0.2.

    Proves: 100, 100 and 150 units are 40, 40 and 30 MW, beside 5 MW of another region: 45 MW, 450.
    Sensitivity: 0.5 MW from Y2 makes 50 MW of them, 550; in MW throughout the cost is the same.
    """
    case: dict[str, Any] = {
        "Periods": years(3),
        "Network": [{"site": "A", "region": r, "latency_ms": 1} for r in ("R", "S")],
    }
    other = demand(5, 5, 5, region="S")
    mixed = [*in_units(100, 100, 150), *other]
    plan = solve(Demand=mixed, ComputeUnits=sizes(Y3=0.2, Y1=0.4), **case)
    assert plan.cost == pytest.approx(450)
    assert plan["Service"]["demand_mw"].tolist() == pytest.approx([40, 40, 30, 5, 5, 5])
    assert plan["Balance"]["demand_mw"].tolist() == pytest.approx([45, 45, 35])
    grown = sizes(Y1=0.4, Y2=0.5, Y3=0.2)
    assert least_cost(Demand=mixed, ComputeUnits=grown, **case) == pytest.approx(550)
    assert least_cost(Demand=demand(40, 40, 30) + other, **case) == pytest.approx(450)


@pytest.mark.slow
def test_units_are_converted_again_for_the_audit(solve: Solve, tmp_path: Path) -> None:
    """Proves: against a dataset in which a unit takes more, the plan does not pass, in demand alone
    and without the model. Sensitivity: against its own it does."""
    case: dict[str, Any] = {"Demand": in_units(100), "ComputeUnits": sizes(Y1=0.4)}
    plan, model = solve(**case), optalloc.load_model()

    def refused(mw_per_unit: float) -> set[str]:
        changed = book(**case | {"ComputeUnits": sizes(Y1=mw_per_unit)})
        folder = write(changed, tmp_path / str(mw_per_unit))
        data = optalloc.validate(optalloc.read_workbook(folder), model)
        audit = optalloc.audit_plan(data, model, plan.tables, plan.outcome)
        return set(audit.loc[~audit["passed"].astype(bool), "subject"])

    assert refused(0.4) == set()
    assert "Service" in refused(0.41)


@pytest.mark.slow
def test_one_of_it_mw_and_units(solve: Solve) -> None:
    """Proves: a row with both and a row with neither have one message each; blank is not 0.
    Sensitivity: 0 in one of them is read as nothing, and a misspelt column is its only message."""
    both = in_units(100)[0] | {"it_mw": 40}
    neither = demand(40)[0] | {"region": "S", "it_mw": None, "units": None}
    network = [{"site": "A", "region": r, "latency_ms": 1} for r in ("R", "S")]
    case = {"Network": network, "ComputeUnits": sizes(Y1=0.4)}
    found = problems(solve, Demand=[both, neither], **case)
    assert [text.split(":")[0] for text in found] == ["Demand!D2", "Demand!D3"]
    assert ["found both" in found[0], "found neither" in found[1]] == [True, True]
    assert all("one-of-two" in text for text in found)
    right = [both | {"it_mw": None}, neither | {"units": 0}]
    assert solve(Demand=right, **case).cost == pytest.approx(400)
    misspelt = {("it_mv" if name == "it_mw" else name): v for name, v in demand(40)[0].items()}
    (found_first,) = problems(solve, Demand=[misspelt])
    assert found_first.endswith("[unknown-column]")


@pytest.mark.slow
def test_units_need_their_mw(solve: Solve) -> None:
    """Proves: units without a row on ComputeUnits, or before the first, are one error at the first
    period concerned. Sensitivity: with a row from Y1, 40 MW, 400."""
    case = {"Periods": years(2), "Demand": in_units(100, 100)}
    for rows, at in (([], "Y1"), (sizes(Y2=0.4), "Y1")):
        (found,) = problems(solve, ComputeUnits=rows, **case)
        assert "unit-without-mw" in found
        assert found.startswith("Demand!E2") and at in found
    assert solve(ComputeUnits=sizes(Y1=0.4), **case).cost == pytest.approx(400)
