"""Limits that hold across scenarios and not in each of them, on workbooks solved by hand.

Case 7 of the tiny cases: ten futures of equal probability ask for 10, 20, ... 100 MW in Y2. Site N
is begun before that is known, in blocks of 10 MW at 1 M per MW. Demand has no penalty, which would
let it be met by paying. Where an amount may be unmet, what N lacks is served by T, which costs
nothing and serves at once, and the grid of its zone carries that amount.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import optalloc
from optalloc.mip.attitude import Attitude
from optalloc.mip.parameters import Parameters
from optalloc.mip.search_parameters import Futures as FuturesParameters
from optalloc.mip.stochastic import Holds, StochasticProgram
from optalloc.modelling.across import unbounded
from optalloc.modelling.futures import Futures, futures
from optalloc.plan.planfile import read_plan
from optalloc.plan.policy_across import across_checks, waived_limits
from optalloc.plan.readback import audited_tables, decided_tables, worst_of
from optalloc.solving.futures import solve_stochastic
from optalloc.solving.futures.held import solve_held
from tests.books import Book, solve, write
from tests.plan.test_policy import site, uncertain, value

DEMANDS = range(10, 101, 10)
MOST, AVERAGE, TAIL = "in most futures", "on average", "in the tail on average"
MODEL = optalloc.load_model()
OPTIONS = optalloc.Options(gap=0, threads=1)


def line(limit: str, holds: str, share: float | None = None, rows: str = "") -> dict[str, Any]:
    return {"limit": limit, "rows": rows, "holds": holds, "share": share}


def ten_futures(*sites: dict[str, Any], **sheets: Any) -> Book:
    """Demand of Y2 is 10, 20, ... 100, known on its first day."""
    made = uncertain(
        site("N", 1.0, 100, block_mw=10),
        *sites,
        base=(0, 10),
        futures={"demand": {str(mw): (0.1, mw - 10, "Y2") for mw in DEMANDS}},
        revealed={"demand": "2028-01-01"},
        **sheets,
    )
    made["Outcomes"] = [row for row in made["Outcomes"] if row["value"]]
    return made


def served(*across: dict[str, Any]) -> Book:
    """All of it is served by N."""
    return ten_futures(Across=list(across))


def unmet(allowed_mw: float, *across: dict[str, Any]) -> Book:
    """What N lacks is served by T, whose grid carries so much."""
    at_once = {"site_lead_months": 0, "block_lead_months": 0, "grid_zone": "Z"}
    zones = [{"zone": "Z", "period": f"Y{k}", "max_total_mw": allowed_mw} for k in (1, 2)]
    other = site("T", 0.0, 100, **at_once)
    return ten_futures(other, GridZones=zones, Across=list(across))


def across(plan: optalloc.Plan) -> pd.DataFrame:
    """Rows of the table about the year in which something is asked for."""
    table = plan["LimitsAcross"]
    return table[table["key"].str.contains("Y2")]


def stated(made: Book, folder: Path) -> Futures:
    data = optalloc.validate(optalloc.read_workbook(write(made, folder)), MODEL)
    tree = MODEL.scenario_tree(data)
    assert tree is not None
    base, lines = optalloc.build(data, MODEL), MODEL.across(data)
    compiled = optalloc.compile_program(base, keep_idle=any(one.is_relaxed for one in lines))
    return futures(base, compiled, tree, lines)


def least(program: StochasticProgram, **changes: Any) -> float:
    """Least expected cost of a program whose rows across scenarios are changed."""
    changed = tuple(replace(rows, **changes) for rows in program.across)
    program = replace(program, across=changed)
    found = solve_held(program, Attitude(), np.zeros(len(program.names)), OPTIONS)
    assert found.gap == 0.0
    return found.objective


# Case 7 ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Futures:
    book = served(line("demand_met", MOST, 0.8))
    return stated(book, tmp_path_factory.mktemp("serving"))


@pytest.fixture(scope="module")
def lacking(tmp_path_factory: pytest.TempPathFactory) -> Futures:
    book = unmet(3, line("zone_total", AVERAGE, rows="period=Y2"))
    return stated(book, tmp_path_factory.mktemp("lacking"))


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> optalloc.Plan:
    return solve(served(line("demand_met", MOST, 0.8)), tmp_path_factory.mktemp("policy"))


@pytest.mark.slow
def test_demand_met_in_most_futures(policy: optalloc.Plan) -> None:
    assert policy.cost == pytest.approx(80)
    assert policy.gap == 0.0
    (row,) = across(policy).to_dict("records")
    assert (row["limit"], row["line"], row["holds"]) == ("demand_met", "Across!A2", MOST)
    assert row["probability"] == row["together"] == pytest.approx(0.8)
    assert row["fails_in"] == "demand=90; demand=100"
    # Where it fails no more is missing than it would cost something to serve: 10 and 20.
    assert row["average"] == pytest.approx(3)
    assert row["worst"] == pytest.approx(20)
    assert row["in_words"].endswith("holds with 0.8; not in demand=90, demand=100")


@pytest.mark.parametrize(
    ("share", "built"), [(1.0, 100), (0.91, 100), (0.9, 90), (0.81, 90), (0.8, 80), (0.1, 10)]
)
def test_share_at_which_one_future_more_fails(share: float, built: float, serving: Futures) -> None:
    assert least(serving.stochastic, share=share) == pytest.approx(built)


def allowed_in(made: Futures, mw: float) -> tuple[np.ndarray, ...]:
    (rows,) = made.stochastic.across
    return tuple(np.full(len(upper), mw) for upper in rows.upper)


@pytest.fixture(scope="module", params=[AVERAGE, TAIL])
def amount(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Futures, optalloc.Plan]:
    """At most 3 MW unmet on average, or at most 10 in the worst two tenths."""
    if request.param == AVERAGE:
        book = unmet(3, line("zone_total", AVERAGE, rows="period=Y2"))
    else:
        book = unmet(10, line("zone_total", TAIL, 0.2, "period=Y2"))
    made = stated(book, tmp_path_factory.mktemp("amount"))
    return made, solve(book, tmp_path_factory.mktemp("solved"))


@pytest.mark.slow
def test_unmet_on_average_and_in_the_tail(amount: tuple[Futures, optalloc.Plan]) -> None:
    _, plan = amount
    (row,) = across(plan).to_dict("records")
    on_average = row["holds"] == AVERAGE
    assert plan.cost == pytest.approx(80 if on_average else 90)
    assert row["average"] <= 1e-6
    assert np.isnan(row["tail"]) if on_average else row["tail"] <= 1e-6
    assert row["fails_in"] == ("demand=90; demand=100" if on_average else "")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("allowed", "built"),
    # 70 MW leave 10, 20 and 30 with a tenth each, 6 on average; 80 leave 3, 90 leave 1.
    [(6, 70), (5.9, 80), (3, 80), (2.9, 90), (1, 90), (0.9, 100)],
)
def test_amounts_at_which_the_average_breaks_even(
    allowed: float, built: float, lacking: Futures
) -> None:
    upper = allowed_in(lacking, allowed)
    assert least(lacking.stochastic, upper=upper) == pytest.approx(built)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("allowed", "share", "built"),
    [
        # The mean of the two worst is 95 less what is built, where that leaves both short.
        (15, 0.2, 80),
        (14.9, 0.2, 90),
        (10, 0.2, 90),
        (5, 0.2, 90),
        (4.9, 0.2, 100),
        # The worst alone is 100 less what is built.
        (10, 0.1, 90),
        (9.9, 0.1, 100),
        # A tail of 0.15 has half of the second: with 80 MW (0.1 x 20 + 0.05 x 10) / 0.15.
        (2.5 / 0.15 + 0.001, 0.15, 80),
        (2.5 / 0.15 - 0.001, 0.15, 90),
    ],
)
def test_amounts_at_which_the_tail_breaks_even(
    allowed: float, share: float, built: float, lacking: Futures
) -> None:
    upper = allowed_in(lacking, allowed)
    tail = least(lacking.stochastic, holds=Holds.IN_TAIL, share=share, upper=upper)
    assert tail == pytest.approx(built)


@pytest.mark.long
@pytest.mark.parametrize(("allowed", "built"), [(0, 80), (9.9, 80), (10, 70), (20, 60)])
def test_an_amount_in_most_futures(allowed: float, built: float, lacking: Futures) -> None:
    upper = allowed_in(lacking, allowed)
    most = least(lacking.stochastic, holds=Holds.IN_MOST, share=0.8, upper=upper)
    assert most == pytest.approx(built)


@pytest.mark.slow
def test_without_a_line_it_holds_in_every_future(tmp_path: Path) -> None:
    for name, lines in (
        ("none", []),
        ("said", [line("demand_met", "in every future")]),
        ("blank", [{"limit": "Demand_met ", "rows": "period=Y2", "holds": "", "share": ""}]),
    ):
        made = stated(served(*lines), tmp_path / name)
        assert not made.stochastic.across
        assert least(made.stochastic) == pytest.approx(100)


@pytest.mark.slow
def test_rows_of_one_line_hold_together(tmp_path: Path) -> None:
    """Proves: one line asks all its rows in the same futures, two lines each by itself. In one
    future R and in another S asks for more, each with a tenth; each has a site of its own."""
    made = uncertain(
        site("N", 1.0, 100),
        site("M", 1.0, 100),
        base=(0, 10),
        futures={"who": {"none": (0.8,), "R": (0.1, 10, "Y2"), "S": (0.1, 20, "Y2")}},
        revealed={"who": "2028-01-01"},
    )
    made["Workloads"] = [{"workload": "load", "max_latency_ms": 50}]
    made["Network"] = [
        {"site": name, "region": region, "latency_ms": 10 if name + region in ("NR", "MS") else 90}
        for name in "NM"
        for region in "RS"
    ]
    made["Demand"] += [{**row, "region": "S"} for row in made["Demand"]]
    for row in made["Outcomes"]:
        row["rows"] += f"; region={row['outcome']}"
    apart = [line("demand_met", MOST, 0.9, f"region={region}") for region in "RS"]
    for name, lines, built in (
        ("together", [line("demand_met", MOST, 0.9)], 30),
        ("both", [line("demand_met", MOST, 0.8)], 20),
        ("apart", apart, 20),
    ):
        made["Across"] = lines
        assert least(stated(made, tmp_path / name).stochastic) == pytest.approx(built)


@pytest.mark.long
def test_a_large_program_is_solved_as_a_whole(serving: Futures) -> None:
    """Proves: prices of a decomposition, which know nothing of these limits, are not used."""
    parameters = Parameters(futures=FuturesParameters(extensive_entries=0))
    found = solve_stochastic(serving.stochastic, options=replace(OPTIONS, parameters=parameters))
    assert not found.decomposed
    assert found.outcome.objective == found.outcome.bound == pytest.approx(80)


# Values ------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_value_of_knowing_is_with_the_limits_that_couple(policy: optalloc.Plan) -> None:
    # Known today, 10 to 80 are built in their futures and nothing in the other two: 36 of 80.
    assert value(policy, "knowing everything today") == pytest.approx((44, 44))
    assert value(policy, "being able to wait") == pytest.approx((0, 0), abs=1e-9)
    # A scenario alone need not keep the limit.
    assert policy["Futures"]["alone"].tolist() == [0] * 10


@pytest.mark.slow
def test_page_and_workbook_say_what_was_asked_and_what_came(
    policy: optalloc.Plan, tmp_path: Path
) -> None:
    policy.to_excel(tmp_path / "plan.xlsx")
    policy.to_html(tmp_path / "report.html")
    own, read = policy["LimitsAcross"], read_plan(tmp_path / "plan.xlsx")["LimitsAcross"]
    assert read["in_words"].tolist() == own["in_words"].tolist()
    assert read["average"].tolist() == pytest.approx(own["average"].tolist())
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "Limits that need not always hold" in page


# Properties --------------------------------------------------------------------------------------


def three_futures(limit: str, **sheets: Any) -> Book:
    """A cheap site begun before demand is known, 20, 40 or 60, and a dear one that serves at once.

    The cheap one has little grid, or there is little capital for the dear one.
    """
    demands = {"low": (0.5,), "mid": (0.3, 20, "Y2"), "high": (0.2, 40, "Y2")}
    made = uncertain(
        site("C", 1.0, 100, block_mw=10, grid_zone="Z"),
        site("D", 2.0, 100, block_mw=10, block_lead_months=0, site_lead_months=0),
        base=(0, 20),
        futures={"demand": demands},
        revealed={"demand": "2028-01-01"},
    )
    years = ("Y1", 100), ("Y2", 30)
    if limit == "zone_total":
        made["GridZones"] = [{"zone": "Z", "period": q, "max_total_mw": 25} for q, _ in years]
    else:
        made["Budgets"] = [{"period": q, "max_capital": most} for q, most in years]
    return made | sheets


def cheapest(made: Book, folder: Path) -> float:
    """Least expected cost; infinite where there is no policy."""
    program = stated(made, folder).stochastic
    return solve_held(program, Attitude(), np.zeros(len(program.names)), OPTIONS).objective


LIMITS = [
    ("zone_total", "GridZones", "max_total_mw"),
    ("capital_in_period", "Budgets", "max_capital"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("limit", "sheet", "column"), LIMITS)
@pytest.mark.parametrize("share", [0.4, 0.7, 0.8])
def test_most_futures_are_those_that_cost_least(
    limit: str, sheet: str, column: str, share: float, tmp_path: Path
) -> None:
    """Proves: the optimum is that of the best choice of futures in which the limit is taken off the
    workbook, so nothing that follows from it is left behind. Tried one by one."""
    chances = {"low": 0.5, "mid": 0.3, "high": 0.2}
    tried = []
    for count in range(3):
        for free in itertools.combinations(chances, count):
            if sum(chances[one] for one in free) > 1 - share + 1e-9:
                continue
            made = three_futures(limit)
            off = {"uncertainty": "demand", "sheet": sheet, "rows": "", "column": column}
            off |= {"operation": "set", "value": 10_000}
            made["Outcomes"] += [{**off, "outcome": one} for one in free]
            tried.append(cheapest(made, tmp_path / "-".join(("free", *free))))
    made = three_futures(limit, Across=[line(limit, MOST, share)])
    assert cheapest(made, tmp_path / "most") == pytest.approx(min(tried))


@pytest.mark.slow
@pytest.mark.parametrize("limit", ["zone_total", "capital_in_period"])
def test_what_asks_for_less_never_costs_more(limit: str, tmp_path: Path) -> None:
    def cost(name: str, *lines: dict[str, Any]) -> float:
        return cheapest(three_futures(limit, Across=list(lines)), tmp_path / name)

    always = cost("always")
    average = cost("average", line(limit, AVERAGE))
    tails = [cost(f"tail {share}", line(limit, TAIL, share)) for share in (0.1, 0.5, 1.0)]
    most = [cost(f"most {share}", line(limit, MOST, share)) for share in (0.5, 0.79, 0.81, 1.0)]
    nothing = 1e-6
    # The worst of all is in every future, the whole tail is the average.
    assert np.isfinite(always)
    assert tails[0] == pytest.approx(always)
    assert tails[2] == pytest.approx(average)
    assert tails == sorted(tails, reverse=True)
    assert average <= always + nothing
    assert most[-1] == pytest.approx(always)
    assert most == sorted(most)


# Audit -------------------------------------------------------------------------------------------


def without_service(tables: Mapping[str, pd.DataFrame], mw: float) -> dict[str, pd.DataFrame]:
    """The tables of a plan that serves so much less in Y2."""
    changed = {name: frame.copy() for name, frame in tables.items()}
    for name in ("Load", "Service"):
        frame = changed[name]
        at = frame.index[(frame["period"] == "Y2") & (frame["served_mw"] >= mw)][0]
        frame.loc[at, "served_mw"] -= mw
    return changed


@pytest.mark.slow
def test_a_plan_that_holds_in_too_few_futures_is_refused(
    serving: Futures, policy: optalloc.Plan
) -> None:
    tables = [dict(one.tables) for one in policy.futures.values()]
    ((limit, _, rows, worst, _),) = across_checks(serving, tables)
    assert (limit, worst) == ("demand_met", 0.0)
    assert rows
    # One of the futures in which it holds serves a little less; less in one where it fails anyway.
    for future, refused in ((3, True), (9, False)):
        altered = list(tables)
        altered[future] = without_service(tables[future], 0.1)
        ((_, _, _, worst, where),) = across_checks(serving, altered)
        assert (worst > 1e-5) is refused
        assert where == ("probability 0.7" if refused else "probability 0.8")


@pytest.mark.slow
def test_a_plan_that_holds_less_on_average_is_refused(
    amount: tuple[Futures, optalloc.Plan],
) -> None:
    made, plan = amount
    tables = [dict(one.tables) for one in plan.futures.values()]
    # Where 100 MW are asked for, T is in service with more: of the worst two that makes
    # (25 + 0) / 2, above 10, and of all (10 + 20.1) / 10, above 3.
    tail = plan["LimitsAcross"]["holds"].iloc[0] == TAIL
    for mw, refused in ((0.0, False), (15.0 if tail else 0.1, True)):
        altered = list(tables)
        build = tables[9]["Build"].copy()
        build.loc[(build["site"] == "T") & (build["period"] == "Y2"), "online_mw"] += mw
        altered[9] = tables[9] | {"Build": build}
        ((_, _, _, worst, _),) = across_checks(made, altered)
        assert (worst > 1e-5) is refused


def test_a_scenario_is_excused_from_nothing_else(serving: Futures) -> None:
    """Proves: where a limit need not hold, serving more than is asked for is refused all the same,
    and so is any other limit."""
    made = serving
    found = solve_stochastic(made.stochastic, options=OPTIONS)
    assert found.outcome.values is not None
    waived = waived_limits(made)
    program, arrays = made.programs[9], made.stochastic.programs[9]
    outcome = replace(
        found.outcome,
        values=found.outcome.values[made.stochastic.columns[9]],
        objective=float(found.costs[9]),
    )
    decided = decided_tables(program, arrays, outcome)
    assert not worst_of(audited_tables(program, decided, outcome, waived=waived)[2])
    assert "demand_met" in worst_of(audited_tables(program, decided, outcome)[2])
    for served_mw, wrong in ((-50.0, "demand_met"), (-20.1, "load_within_online")):
        more = without_service(decided, served_mw)
        audit = audited_tables(program, more, outcome, waived=waived)[2]
        failed = set(audit.loc[~audit["passed"].astype(bool), "subject"])
        assert wrong in failed


# Bad input ---------------------------------------------------------------------------------------


def refusal(made: Book, folder: Path) -> list[tuple[str, str]]:
    """Code and cell of each problem for which the scenarios are not joined."""
    with pytest.raises(optalloc.InputError) as refused:
        stated(made, folder)
    assert all(one.must and one.action for one in refused.value.problems)
    return [(p.code, f"{p.sheet}!{p.cell}") for p in refused.value.problems]


@pytest.mark.long
def test_rows_that_select_nothing_or_what_another_line_has(tmp_path: Path) -> None:
    lines = [
        line("demand_met", MOST, 0.8, "region=Mars"),
        line("demand_met", MOST, 0.8, "period=Y2"),
        line("demand_met", "in every future", None, "workload=l*"),
        line("zone_total", AVERAGE),
    ]
    assert refusal(served(*lines), tmp_path) == [
        ("across-rows", "Across!B2"),
        ("across-twice", "Across!B4"),
        ("across-rows", "Across!B5"),
    ]


def test_what_nothing_else_bounds_may_not_fail(serving: Futures) -> None:
    """Proves: a limit that may fail by any amount is reported with its cell and the column."""
    data, stochastic = serving.base.dataset, serving.stochastic
    (rows,) = stochastic.across
    assert not list(unbounded(data, serving.across, stochastic))
    # The other side, where serving earns something: more than is asked for, without any row.
    programs = tuple(
        replace(
            one.with_rows(one.rows.mask_of({"loss"})),
            col_upper=np.full(len(one.cost), np.inf),
            cost=-np.ones(len(one.cost)),
        )
        for one in stochastic.programs
    )
    more = replace(rows, matrices=tuple(-one for one in rows.matrices))
    endless = replace(stochastic, programs=programs, across=(more,))
    (found,) = unbounded(data, serving.across, endless)
    assert (found.code, found.sheet, found.cell) == ("across-unbounded", "Across", "C2")
    assert "served[load,R,N,Y2]" in found.must
    # On average it need not be bounded.
    on_average = replace(endless, across=(replace(more, holds=Holds.ON_AVERAGE),))
    assert not list(unbounded(data, serving.across, on_average))
