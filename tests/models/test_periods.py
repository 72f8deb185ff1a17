"""Periods and money: discounting, currencies, cash flow, and the totals, by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import optalloc
from optalloc.pipeline.one_plan import solve_dataset
from tests import books
from tests.books import Book, book, demand, few, worth, years
from tests.families import LeastCost

Solve = Callable[..., optalloc.Plan]

RATE = 0.21
STANDING = {"status": "existing", "existing_mw": 40, "max_mw": 40}


def summary(plan: optalloc.Plan) -> dict[str, Any]:
    """Key figures by name."""
    return plan.summary().set_index("figure")["value"].to_dict()


def test_running_cost_is_discounted_over_its_period(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: 11 M a year over two years are 11 (1 - 1.21^-2) / ln 1.21. Sensitivity: at rate 0, 22."""
    case = {
        "Periods": years(2),
        "Sites": {**STANDING, "fixed_cost_per_year": 11},
        "Demand": demand(40, 40),
    }
    plan = solve(Settings={"discount_rate": RATE}, **case)
    assert plan.cost == pytest.approx(11 * (1 - 1.21**-2) / math.log(1.21))
    assert summary(plan)["cash, undiscounted"] == pytest.approx(22)
    assert least_cost(**case) == pytest.approx(22)


@pytest.mark.slow
def test_base_date_before_the_first_period(solve: Solve, least_cost: LeastCost) -> None:
    """Half a year between base date and first period discounts and escalates by half a year more.

    Proves: 11 M a year over one year, from month 6 to 18 from the base date, is 11 times the integral
    of (1.44 / 1.21)^t from 0.5 to 1.5. Sensitivity: with the base date on the first day, from 0 to 1.
    """
    case = {"Sites": {**STANDING, "fixed_cost_per_year": 11}}
    money = {"discount_rate": RATE, "running_cost_escalation": 0.44}
    early = solve(Settings={**money, "base_date": "2026-07-01"}, **case)
    assert early.cost == pytest.approx(11 * worth(0.21, 0.5, 1.5, growth=0.44))
    assert least_cost(Settings=money, **case) == pytest.approx(11 * worth(0.21, growth=0.44))


def test_uneven_periods(solve: Solve, least_cost: LeastCost) -> None:
    """A half year, then two years, at 12 M a year and 21 %.

    Proves: 12 times the integral of 1.21^-t over two and a half years. Sensitivity: at rate 0, 30.
    """
    case = {
        "Periods": [
            {"period": "Y1", "start": "2027-01-01", "months": 6},
            {"period": "Y2", "start": "2027-07-01", "months": 24},
        ],
        "Sites": {**STANDING, "fixed_cost_per_year": 12},
        "Demand": demand(40, 40),
    }
    plan = solve(Settings={"discount_rate": RATE}, **case)
    assert plan.cost == pytest.approx(12 * worth(0.21, 0, 2.5))
    assert least_cost(**case) == pytest.approx(30)


@pytest.mark.slow
def test_order_of_periods_is_their_dates(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: rows of Periods may stand in any order: with a lead of a year Y1 stays unmet.

    Sensitivity: demand in Y2 is built for.
    """
    case = {
        "Periods": years(2)[::-1],
        "Sites": {"block_lead_months": 12},
        "Workloads": {"unmet_penalty_per_mw_year": 20},
    }
    assert solve(Demand=demand(40, 0), **case).cost == pytest.approx(800)
    assert least_cost(Demand=demand(0, 40), **case) == pytest.approx(400)


def test_currency_of_a_row(solve: Solve) -> None:
    """Proves: 1500 M JPY a MW and 750 a year at 150 JPY are 10 and 5. Sensitivity: at 300, half."""
    sites = {"build_cost_per_mw": 1500, "fixed_cost_per_year": 750, "currency": "JPY"}

    def cost(rate: float) -> float:
        currencies = [{"currency": "JPY", "per_workbook_currency": rate}]
        return solve(Sites=sites, Currencies=currencies).cost

    assert cost(150) == pytest.approx(405)
    assert cost(300) == pytest.approx(202.5)


@pytest.mark.slow
def test_workbook_currency_needs_no_rate(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: a row in the workbook's own currency is taken as it stands, as a blank is."""
    assert solve(Sites={"currency": "USD"}).cost == pytest.approx(400)
    assert least_cost(Sites={"currency": None}) == pytest.approx(400)


def test_cash_flow_by_calendar_year(solve: Solve) -> None:
    """Base date 1 April 2027; 400 M over a block lead of 18 months, then 12 M a year.

    Building runs from April 2027 to September 2028: 9 months of 18 in each year. Running cost of
    the second period, October 2028 to September 2029: 3 and 9 months of 12 M.

    Proves: capital 200, 200, 0 and running 0, 3, 9; the sum is the undiscounted cash.
    Sensitivity: paid at the start, all capital falls in 2027; at the end, in 2028.
    """
    case = {
        "Settings": {"base_date": "2027-04-01", "discount_rate": 0.08},
        "Periods": [
            {"period": "Y1", "start": "2027-04-01", "months": 18},
            {"period": "Y2", "start": "2028-10-01", "months": 12},
        ],
        "Demand": demand(0, 40),
    }
    sites = {"block_lead_months": 18, "cost_per_mw_year": 0.3}
    plan = solve(Sites=sites, **case)
    flow = plan["CashFlow"].set_index("year")
    assert flow["capital"].to_dict() == pytest.approx({2027: 200, 2028: 200, 2029: 0})
    assert flow["running"].to_dict() == pytest.approx({2027: 0, 2028: 3, 2029: 9})
    assert flow["total"].sum() == pytest.approx(summary(plan)["cash, undiscounted"])
    for profile, paid in (("at_start", [400, 0, 0]), ("at_end", [0, 400, 0])):
        flow = solve(Sites={**sites, "spend_profile": profile}, **case)["CashFlow"]
        assert flow["capital"].tolist() == pytest.approx(paid)


@pytest.mark.slow
def test_present_value_of_the_cash_of_a_year(solve: Solve) -> None:
    """Two years at 21 %, so that a year later is worth 1 / 1.21; all is paid evenly.

    Proves: of 24 M of running cost in one period, and of 400 M over a lead of two years, each year
    has its own integral; what is paid at once falls in one year. Sensitivity: at rate 0 it is the
    cash itself.
    """
    two = [{"period": "Y1", "start": "2027-01-01", "months": 24}]
    running = {"Periods": two, "Sites": {**STANDING, "fixed_cost_per_year": 12}}
    plan = solve(Settings={"discount_rate": RATE}, **running)
    flow = plan["CashFlow"].set_index("year")["present_value"].to_dict()
    assert flow == pytest.approx({2027: 12 * worth(RATE), 2028: 12 * worth(RATE) / 1.21})
    assert solve(**running)["CashFlow"]["present_value"].tolist() == pytest.approx([12, 12])
    build = {"Periods": years(3), "Demand": demand(0, 0, 40)}
    first = 200 * (1 - 1 / 1.21) / math.log(1.21)
    for profile, values in (("even", [first, first / 1.21]), ("at_start", [400])):
        sites = {"block_lead_months": 24, "spend_profile": profile}
        plan = solve(Settings={"discount_rate": RATE}, Sites=sites, **build)
        assert plan["CashFlow"]["present_value"].tolist() == pytest.approx(values)
        assert plan.cost == pytest.approx(sum(values))


def test_the_years_add_up_to_the_present_value_of_cash(everything: optalloc.Plan) -> None:
    """Proves: over all years the present value is that of all cash, with every kind of payment in
    the workbook. Sensitivity: it is neither the cash nor the whole cost."""
    figures = summary(everything)
    total = everything["CashFlow"]["present_value"].sum()
    assert total == pytest.approx(figures["cash, discounted"])
    assert abs(total - figures["cash, undiscounted"]) > 1
    assert abs(total - figures["total cost"]) > 1


@pytest.mark.slow
def test_kinds_of_cost_stay_apart(solve: Solve, least_cost: LeastCost) -> None:
    """40 of 60 MW are built for 400 M, of which half is left after ten of twenty years; 20 MW are
    unmet at 3 M a MW-year. Rate 0.

    Proves: building 400, residual value -200, unmet demand 600, in all 800, each by its name; the
    cash flow has the cash alone. Sensitivity: without residual value 1000.
    """
    case = {
        "Periods": years(1, months=120),
        "Sites": {"max_mw": 40},
        "Demand": demand(60),
        "Workloads": {"unmet_penalty_per_mw_year": 3},
    }
    plan = solve(Settings={"residual_value": "yes"}, **case)
    figures = summary(plan)
    assert plan.cost == pytest.approx(800)
    assert figures["total cost"] == pytest.approx(800)
    accounts = {k.removeprefix("of which "): v for k, v in figures.items() if "of which" in str(k)}
    expected = {"building": 400, "unmet demand": 600, "residual value": -200}
    assert accounts == pytest.approx(expected)
    assert figures["cash, discounted"] == pytest.approx(400)
    assert figures["cash, undiscounted"] == pytest.approx(400)
    assert plan["CashFlow"]["total"].sum() == pytest.approx(400)
    assert least_cost(**case) == pytest.approx(1000)


@pytest.mark.slow
def test_nothing_to_pay(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: a plan may cost nothing and decide nothing. Sensitivity: 1 M a year costs 1."""
    plan = solve(Sites=STANDING)
    assert plan.cost == 0
    assert plan["Cost"].empty
    assert plan["Actions"].empty
    assert least_cost(Sites={**STANDING, "fixed_cost_per_year": 1}) == pytest.approx(1)


def test_solver_options_of_the_workbook(solve: Solve) -> None:
    """Proves: gap, seed and time limit of Settings are used, and an argument goes before them."""

    def used(**options: Any) -> dict[str, Any]:
        settings = {"gap": 0.25, "time_limit_s": 50, "seed": 3}
        run = solve(options, Settings=settings)["Run"].set_index("entry")["value"]
        return {k: run[f"option {k}"] for k in ("gap", "time_limit_s", "seed", "threads")}

    assert used() == {"gap": 0.25, "time_limit_s": 50, "seed": 3, "threads": 1}
    assert used(gap=0.5) == {"gap": 0.5, "time_limit_s": 50, "seed": 3, "threads": 1}


@pytest.mark.parametrize(
    ("sheets", "code"),
    [
        ({"Periods": [years(2)[0], years(2)[1] | {"start": "2028-02-01"}]}, "period-gap"),
        ({"Periods": [years(2)[0], years(2)[1] | {"start": "2027-12-01"}]}, "period-overlap"),
        ({"Periods": years(2), "Settings": {"base_date": "2027-01-02"}}, "base-date"),
        ({"Periods": years(2), "Sites": {"currency": "JPY"}}, "unknown-currency"),
    ],
)
def test_errors(solve: Solve, sheets: dict[str, Any], code: str) -> None:
    """Proves: each code is raised, alone. Sensitivity: with periods that fit there is none."""
    with pytest.raises(optalloc.InputError) as raised:
        solve(Demand=demand(40, 40), **sheets)
    assert [problem.code for problem in raised.value.problems] == [code]
    assert solve(Demand=demand(40, 40), Periods=years(2)).cost == pytest.approx(400)


@pytest.mark.slow
@few
@given(factor=st.sampled_from([0.01, 0.5, 3.0, 250.0]), block=st.sampled_from([None, 25]))
def test_scaling_money_scales_cost(solve: Solve, factor: float, block: int | None) -> None:
    """Proves: every sum of money times k makes the cost k times as much, all kinds of cost."""

    def cost(k: float) -> float:
        return solve(
            Settings={"discount_rate": 0.08, "residual_value": "yes"},
            Periods=years(2),
            Demand=demand(40, 70),
            Sites={
                "block_mw": block,
                "site_cost": 30 * k,
                "build_cost_per_mw": 10 * k,
                "fixed_cost_per_year": 2 * k,
                "cost_per_mw_year": 0.3 * k,
                "max_mw": 60,
            },
            Workloads={"unmet_penalty_per_mw_year": 9 * k},
            Network=[{"site": "A", "region": "R", "latency_ms": 1, "cost_per_mw_year": 0.1 * k}],
        ).cost

    assert cost(factor) == pytest.approx(factor * cost(1))


CUTS = [[240], [12] * 20, [120, 12, 12, 6, 90], [3] * 8 + [12] * 18]


@pytest.mark.first(2)
@pytest.mark.parametrize("months", CUTS, ids=["whole", "years", "uneven", "quarters"])
def test_the_cut_of_periods_does_not_decide(solve: Solve, months: list[int]) -> None:
    """Twenty years at 8 %: Capex costs 1,000 to build and 10 a year to run, Opex 100 and 101.7.

    Proves: with 1 a year worth (1 - 1.08^-20) / ln 1.08 = 10.2059 over twenty years, Capex is the
    cheaper, 1,102.06 against 1,137.94, however the years are cut. Sensitivity: at one point of a
    period of twenty years, 9.2639, Opex would be, 1,042.1 against 1,092.6.
    """
    starts = [
        pd.Timestamp("2027-01-01") + pd.DateOffset(months=sum(months[:k]))
        for k in range(len(months))
    ]
    cut = [
        {"period": f"P{k}", "start": start.date().isoformat(), "months": length}
        for k, (start, length) in enumerate(zip(starts, months, strict=True))
    ]
    sites = [
        {"site": "Capex", "max_mw": 100, "build_cost_per_mw": 10.0, "cost_per_mw_year": 0.1},
        {"site": "Opex", "max_mw": 100, "build_cost_per_mw": 1.0, "cost_per_mw_year": 1.017},
    ]
    plan = solve(
        Settings={"discount_rate": 0.08},
        Periods=cut,
        Sites=[{**site, "status": "candidate"} for site in sites],
        Demand=[{**demand(100)[0], "period": row["period"]} for row in cut],
        Network=[{"site": site["site"], "region": "R", "latency_ms": 1} for site in sites],
    )
    assert plan.cost == pytest.approx(1000 + 10 * (1 - 1.08**-20) / math.log(1.08))
    assert set(plan["Build"].query("started_mw > 0")["site"]) == {"Capex"}


@pytest.mark.slow
def test_cash_of_a_year_grows_within_a_period(solve: Solve) -> None:
    """Two years in one period, 12 M a year at the base date, growing by 21 % a year, at 10 %.

    Proves: the second year has 1.21 times the cash of the first, 12 x 0.21 / ln 1.21, and 1.21 / 1.1
    times its present value. Sensitivity: without growth both have 12.
    """
    two = [{"period": "Y1", "start": "2027-01-01", "months": 24}]
    case = {"Periods": two, "Sites": {**STANDING, "fixed_cost_per_year": 12}}
    grown = solve(Settings={"discount_rate": 0.1, "running_cost_escalation": 0.21}, **case)
    flow, first = grown["CashFlow"].set_index("year"), 12 * 0.21 / math.log(1.21)
    assert flow["running"].to_dict() == pytest.approx({2027: first, 2028: 1.21 * first})
    valued = 12 * (1.1 - 1) / math.log(1.1)
    assert flow["present_value"].to_dict() == pytest.approx({2027: valued, 2028: 1.1 * valued})
    assert solve(**case)["CashFlow"]["running"].tolist() == pytest.approx([12, 12])


def test_a_shortened_workbook_is_one_with_fewer_periods(tmp_path: Path) -> None:
    """Proves: cut before Y3 a workbook costs what it costs typed with two years. An offer that opens in
    Y3 is then none, and one that closes in Y3 is open: 10 MW for two years at 100 a MWh. Of the 100 M
    that they cost to build 18 of 20 years are credited. Sensitivity: the offer at 1 a MWh would save 99 %."""

    def made(count: int, *offers: dict[str, Any]) -> Book:
        contract = {"site": "A", "kind": "energy", "term_months": None, "availability": 1}
        return book(
            Settings={"residual_value": "yes", "life_years": 20},
            Periods=years(count),
            Sites={"pue": 1},
            Demand=demand(*(10, 10, 90)[:count]),
            Contracts=[{**contract, **offer} for offer in offers],
        )

    dear = {"contract": "dear", "max_mw": 100, "price_per_mwh": 100}
    cheap = {"contract": "cheap", "max_mw": 100, "price_per_mwh": 1, "first_period": "Y3"}
    data = books.dataset(made(3, {**dear, "last_period": "Y3"}, cheap), tmp_path / "three")
    model = optalloc.load_model()
    short = model.shortened(data, pd.Timestamp("2029-01-01"))
    typed = books.plan_of(made(2, dear), tmp_path / "two")
    plan = solve_dataset(short, model)
    assert plan.cost == pytest.approx(typed.cost)
    assert plan.cost == pytest.approx(100 - 90 + 2 * 10 * 8760 * 100 / 1e6)


@pytest.mark.slow
@pytest.mark.parametrize("until", ["Y2", "Y3", "Y4"])
def test_every_family_stands_with_an_earlier_end(until: str, tmp_path: Path) -> None:
    """Proves: a workbook with rows on every sheet, cut before each period, has an audited plan that names
    no period from then on. What is forbidden or asked for later, such as the decision on wind in Y1,
    stays as it was."""
    made = books.everything()
    data = books.dataset(made, tmp_path / "book")
    steps = optalloc.load_model().steps(data).set_index("step")["begin"]
    short = optalloc.load_model().shortened(data, steps[until])
    plan = solve_dataset(short, optalloc.load_model(), gap=0.05)
    left = set(steps.index[steps < steps[until]])
    for name, frame in plan.tables.items():
        if "period" in frame:
            assert set(frame["period"].dropna()) <= left, name
    signed = plan["Procurement"].set_index(["contract", "period"])["signed_mw"]
    assert signed["wind", "Y1"] >= 10 - 1e-6
