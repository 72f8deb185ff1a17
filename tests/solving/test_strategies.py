"""Strategies: bounds that are bounds, plans that are plans, processes that may crash or hang."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import scipy.sparse as sp

import optalloc
from optalloc.mip.arrays import Arrays, ExtraRows, Labels, Parts
from optalloc.mip.bounds import dominated_bounds, tighten_integer_bounds
from optalloc.mip.outcome import Options, Progress, Strategy
from optalloc.mip.parameters import Parameters, Portfolio
from optalloc.solving.highs import Highs
from optalloc.solving.incumbent import Incumbent
from optalloc.solving.monitor import Monitor
from optalloc.solving.selection import chosen, solve_arrays
from optalloc.solving.strategies.lagrangian import group_of_columns, lagrangian_programs
from optalloc.solving.strategies.polish import _over_columns_in_use, polish
from optalloc.solving.strategies.portfolio import Portfolio as Hub
from optalloc.solving.strategies.relatedness import RelatedBlocks
from optalloc.solving.strategies.relax_and_fix import relax_and_fix
from optalloc.solving.strategies.rens import fixed_by_reduced_cost, rens
from optalloc.solving.strategies.safe_bound import safe_bound
from optalloc.solving.strategies.trim import trimmed
from optalloc.solving.strategies.worker import Role
from tests import books
from tests.random_books import book_of
from tests.solving.searches import searching

GAP = 1e-3
COLUMN_PARTS = ("block", "stage", "series")
RISKS = ("legal_risk", "political_risk", "conflict_risk", "grid_risk", "supply_chain_risk")


@pytest.fixture(scope="module")
def direct(arrays: Arrays) -> optalloc.Outcome:
    """Its least cost, by the usual way."""
    return solve_arrays(
        arrays, Options(gap=1e-5, threads=1, strategy=Strategy.DIRECT), progress=None
    )


def random_program(seed: int, integer: bool = False) -> Arrays:
    """Rows of all kinds around a point that keeps them, so that there is a solution."""
    draw = np.random.default_rng(seed)
    rows, columns = 6, 9
    matrix = sp.csc_array(
        draw.integers(-3, 4, (rows, columns)) * (draw.random((rows, columns)) < 0.6)
    )
    point = draw.integers(0, 4, columns).astype(float)
    activity = matrix @ point
    slack = draw.integers(0, 4, rows)
    kind = draw.integers(0, 3, rows)
    return Arrays(
        matrix=matrix.astype(float),
        row_lower=np.where(kind == 0, -np.inf, activity - np.where(kind == 2, 0, slack)),
        row_upper=np.where(kind == 1, np.inf, activity + np.where(kind == 2, 0, slack)),
        col_lower=np.zeros(columns),
        col_upper=np.where(draw.random(columns) < 0.3, np.inf, 5.0),
        cost=draw.integers(0, 6, columns).astype(float),
        integer=np.full(columns, integer),
        strengthening=np.zeros(rows, dtype=bool),
        offset=1.0,
        rows=Labels.of(()),
        columns=Labels.of(()),
    )


def test_any_multipliers_give_a_bound() -> None:
    """Proves: for random multipliers it is never above the least cost, and for those of the solver
    it is the least cost. Sensitivity: with the signs turned it lies below."""
    turned = 0
    for seed in range(40):
        program = random_program(seed)
        result = Highs(program, Options(threads=1), integer=False).run()
        assert result.row_duals is not None
        bounds = dominated_bounds(program)
        draw = np.random.default_rng(seed)
        for _ in range(5):
            duals = draw.normal(0, 3, len(program.row_lower))
            assert safe_bound(program, duals, bounds) <= result.objective + 1e-9
        best = safe_bound(program, result.row_duals, bounds)
        assert best == pytest.approx(result.objective, abs=1e-6)
        turned += safe_bound(program, -result.row_duals, bounds) < result.objective - 1e-3
    assert turned > 20


def test_a_bound_by_hand() -> None:
    """Proves: min 3x, x >= 2, x <= 10: a multiplier 3 of the row gives 6, 1 gives 2, 4 gives
    8 - 10 = -2. Sensitivity: without an upper bound of x, 4 gives nothing."""
    program = replace(
        random_program(0),
        matrix=sp.csc_array(np.array([[1.0]])),
        row_lower=np.array([2.0]),
        row_upper=np.array([np.inf]),
        col_lower=np.zeros(1),
        col_upper=np.array([10.0]),
        cost=np.array([3.0]),
        integer=np.zeros(1, dtype=bool),
        strengthening=np.zeros(1, dtype=bool),
        offset=0.0,
    )
    found = [safe_bound(program, np.array([y])) for y in (3.0, 1.0, 4.0, -1.0)]
    assert found == pytest.approx([6.0, 2.0, -2.0, 0.0])
    endless = replace(program, col_upper=np.array([np.inf]))
    assert safe_bound(endless, np.array([4.0])) == -np.inf
    # No plan of least cost needs more than 2.
    assert dominated_bounds(endless)[1] == pytest.approx([2.0])


def test_whole_numbers_that_rows_leave_no_room_for() -> None:
    """Proves, by hand: halls begun by period, cumulative, each with 400 months of work in its period
    and the next, 222 there are: none is begun in the first two periods, so none in the third, and so
    on to the last. Sensitivity: with 401 months one is, every other period."""
    periods = 6
    matrix = np.zeros((periods, periods))
    for k in range(periods):
        matrix[k, k] = 400.0
        if k >= 2:
            matrix[k, k - 2] = -400.0
    halls = replace(
        random_program(0),
        matrix=sp.csc_array(matrix),
        row_lower=np.full(periods, -np.inf),
        row_upper=np.full(periods, 222.0),
        col_lower=np.zeros(periods),
        col_upper=np.full(periods, 8.0),
        cost=np.zeros(periods),
        integer=np.ones(periods, dtype=bool),
        strengthening=np.zeros(periods, dtype=bool),
    )
    assert tighten_integer_bounds(halls).col_upper.tolist() == [0.0] * periods
    more = tighten_integer_bounds(replace(halls, row_upper=np.full(periods, 401.0)))
    assert more.col_upper.tolist() == [1.0, 1.0, 2.0, 2.0, 3.0, 3.0]


@pytest.mark.long
def test_bounds_drawn_in_leave_every_plan() -> None:
    """Proves: the least cost of random programs of whole numbers stays, by any cost; of half of them
    some bound is drawn in. Rows that contradict each other leave the program as it is."""
    nearer = 0
    for seed in range(40):
        program = random_program(seed, integer=True)
        close = tighten_integer_bounds(program)
        nearer += int((close.col_upper < program.col_upper).any())
        for cost in (program.cost, -np.ones(9), np.random.default_rng(seed).normal(0, 1, 9)):
            bounded = replace(program, cost=cost, col_upper=np.minimum(program.col_upper, 9.0))
            close = tighten_integer_bounds(bounded)
            found = (
                Highs(p, Options(threads=1, gap=0), integer=True).run() for p in (bounded, close)
            )
            wide, tight = (one.objective for one in found)
            assert tight == pytest.approx(wide, abs=1e-6)
    assert nearer >= 20
    contrary = replace(program, row_lower=np.full(6, 100.0), row_upper=np.full(6, np.inf))
    contrary = replace(contrary, col_upper=np.ones(9))
    assert tighten_integer_bounds(contrary) is contrary


def test_dominated_bounds_keep_a_best_plan() -> None:
    """Proves: with the bounds drawn from the rows the least cost is what it was without."""
    for seed in range(40):
        program = random_program(seed, integer=seed % 2 == 0)
        lower, upper = dominated_bounds(program)
        assert (upper >= lower - 1e-9).all()
        narrow = replace(program, col_lower=lower, col_upper=upper)
        wide, close = (
            Highs(p, Options(threads=1, gap=0), integer=True).run() for p in (program, narrow)
        )
        assert close.objective == pytest.approx(wide.objective, abs=1e-6)


def test_columns_know_their_site_and_period(arrays: Arrays) -> None:
    """Proves: every variable of a site in a period has both, what belongs to no site has none."""
    assert arrays.parts is not None
    assert (arrays.parts.blocks, arrays.parts.stages) == (6, 5)
    here = arrays.columns.find("started", ("Site 0002", "P03"))
    assert (arrays.parts.block[here], arrays.parts.stage[here]) == (1, 2)
    unmet = [k for k in range(len(arrays.columns)) if arrays.columns[k][0] == "unmet"]
    assert (arrays.parts.block[unmet] == -1).all()
    assert (arrays.parts.stage[unmet] >= 0).all()


def test_settling_makes_the_relaxation_whole_and_breaks_little(arrays: Arrays) -> None:
    """Proves: group after group, the relaxation's point ends in whole numbers; fewer rows are
    broken than by rounding all at once. Sensitivity: rounded, some are."""
    program = arrays.with_rows(~arrays.strengthening)
    relaxed = Highs(program, Options(threads=1), integer=False).run()
    assert relaxed.values is not None
    search = searching(
        program, relaxed.values, Options(seed=1), (relaxed.values, relaxed.row_duals)
    )

    def broken() -> int:
        return int((program.violations(search.values) > 0).sum())

    rounded = broken()
    assert program.parts is not None
    related = RelatedBlocks(program, program.parts)
    penalty = search.penalties.by_row
    options = Options(threads=1, seed=1)
    search.move(relax_and_fix(program, related, relaxed.values, penalty, options))
    whole = search.values[program.integer]
    assert (whole == np.round(whole)).all()
    assert broken() < rounded


def bound_of_groups(program: Arrays, duals: np.ndarray, size: int) -> float:
    """Bound by groups of so many blocks."""
    assert program.parts is not None
    group = RelatedBlocks(program, program.parts).partition(size)
    columns = group_of_columns(program, group)
    bound, parts = lagrangian_programs(program, duals, columns, dominated_bounds(program))
    options = Options(threads=1, gap=1e-9)
    return bound + sum(Highs(part.program, options, integer=True).run().bound for part in parts)


def test_groups_priced_bound_from_below(arrays: Arrays, direct: optalloc.Outcome) -> None:
    """Proves: with the relaxation's multipliers the bound by groups lies between that of the
    relaxation and the least cost, above the first; with any multipliers it is still a bound; with
    one group, which shares nothing, it is the least cost itself."""
    program = arrays.with_rows(~arrays.strengthening)
    relaxed = Highs(program, Options(threads=1), integer=False).run()
    assert relaxed.row_duals is not None
    bounds = [bound_of_groups(program, relaxed.row_duals, size) for size in (1, 3)]
    assert all(relaxed.objective + 1e-3 < bound < direct.objective + 1e-6 for bound in bounds)
    assert bound_of_groups(program, relaxed.row_duals, 6) == pytest.approx(direct.objective)
    draw = np.random.default_rng(1)
    for _ in range(3):
        duals = relaxed.row_duals * draw.uniform(0, 2, len(relaxed.row_duals))
        assert bound_of_groups(program, duals, 3) <= direct.objective + 1e-6


def test_groups_of_blocks_are_whole_and_of_their_size(arrays: Arrays) -> None:
    """Proves: six blocks make two groups of four and two; each block is in one of them, and the
    columns of a group are those of its blocks and those that hang on them alone."""
    assert arrays.parts is not None
    near = RelatedBlocks(arrays, arrays.parts)
    group = near.partition(4)
    assert np.bincount(group).tolist() == [4, 2]
    free = near.columns(group == 1)
    block = arrays.parts.block
    assert set(block[free]) - {-1} == set(np.flatnonzero(group == 1))
    assert free[np.isin(block, np.flatnonzero(group == 1))].all()


def test_the_search_comes_from_nothing_to_a_plan(arrays: Arrays, direct: optalloc.Outcome) -> None:
    """Proves: begun where nothing is built and much is broken, it comes to a plan that breaks no
    row, at most 5 % dearer than the least cost. Sensitivity: the start breaks rows."""
    program = arrays.with_rows(~arrays.strengthening)
    search = searching(program, program.col_lower, Options(seed=1))
    assert not search.is_feasible
    for _ in range(60):
        search.step()
        if search.is_feasible and search.cost <= 1.05 * direct.objective:
            break
    assert search.is_feasible
    assert not arrays.violations(search.values).any()
    assert direct.bound <= search.cost + 1e-6 <= 1.05 * direct.objective


def test_steps_near_the_relaxation_only_make_a_plan_better(
    arrays: Arrays, direct: optalloc.Outcome
) -> None:
    """Proves: with a relaxation to stay near, blocks or stretches of stages, no step makes a plan
    dearer or none, and what it comes to is a plan of the whole, within 2 % of the least cost."""
    program = arrays.with_rows(~arrays.strengthening)
    relaxed = Highs(program, Options(threads=1), integer=False).run()
    assert relaxed.values is not None
    near = relaxed.values, relaxed.row_duals
    search = searching(program, relaxed.values, Options(seed=1), near)
    cost = np.inf
    for _ in range(80):
        search.step()
        if search.is_feasible:
            assert search.cost <= cost + 1e-6
            cost = search.cost
        assert search.is_feasible or cost == np.inf
        if cost <= 1.02 * direct.objective:
            break
    assert not arrays.violations(search.values).any()
    assert direct.bound <= cost + 1e-6 <= 1.02 * direct.objective


def bare(cost: list[float], upper: list[float], integer: list[bool]) -> Arrays:
    """Columns from nought on, and one row that sums them."""
    return replace(
        random_program(1),
        matrix=sp.csc_array(np.ones((1, len(cost)))),
        row_lower=np.zeros(1),
        row_upper=np.full(1, np.inf),
        col_lower=np.zeros(len(cost)),
        col_upper=np.array(upper),
        cost=np.array(cost),
        integer=np.array(integer),
        strengthening=np.zeros(1, dtype=bool),
        offset=0.0,
    )


def test_a_kernel_holds_whole_numbers_near_the_relaxation(arrays: Arrays) -> None:
    """Proves: worked out by hand, 0.3, 2 and 4.6 are held to 0..1, 2..2 and 4..5, one step further
    off to 0..2, 1..3 and 3..6, but for what is held, and never beyond a column's own bounds; what
    is no whole number stays free; a plan further off stays a plan."""
    program = bare([1.0] * 4, [5.0, 5.0, 6.0, 5.0], [True, True, True, False])
    point = np.array([0.3, 2.0, 4.6, 2.5])

    def bounds(near: Arrays) -> list[list[float]]:
        return [near.col_lower.tolist(), near.col_upper.tolist()]

    assert bounds(rens(program, point, 0)) == [[0, 2, 4, 0], [1, 2, 5, 5]]
    assert bounds(rens(program, point, 1)) == [[0, 1, 3, 0], [2, 3, 6, 5]]
    held = np.array([False, True, False, False])
    assert bounds(rens(program, point, 1, fixed=held)) == [[0, 2, 3, 0], [2, 2, 6, 5]]
    plan = np.array([4.0, 2.0, 4.0, 1.0])
    assert bounds(rens(program, point, 0, plan=plan)) == [[0, 2, 4, 0], [4, 2, 5, 5]]


def test_hopeless_is_what_costs_more_than_the_gap_lets_hope() -> None:
    """Proves: with a gap of 100, a column at nought of reduced cost 1.5 is more than a hundredth of
    it, one of 0.5 is not, and one that the relaxation uses never is."""
    program = bare([3.5, 2.5, 3.5], [9.0] * 3, [True] * 3)
    point, duals = np.array([0.0, 0.0, 1.0]), np.array([2.0])
    found = fixed_by_reduced_cost(program, point, duals, objective=103.5, share=0.01)
    assert found.tolist() == [True, False, False]


def in_blocks(program: Arrays) -> Arrays:
    """Each column a block of its own, all in one stage."""
    count = len(program.cost)
    rows = len(program.row_lower)
    stage, row_stage = np.zeros(count, dtype=np.int32), np.zeros(rows, dtype=np.int32)
    parts = Parts(np.arange(count), stage, np.arange(count), row_stage, np.arange(rows))
    return replace(program, parts=parts)


@pytest.mark.parametrize(("floor", "merged"), [(0.0, [1.0, 1.0]), (4.0, [3.0, 1.0])])
def test_a_plan_of_others_keeps_what_was_found_here_where_both_fit(
    floor: float, merged: list[float]
) -> None:
    """Proves: from (3, 3), one search came to (1, 3), another to (3, 1); together they are (1, 1),
    which is taken where the row that sums them allows it, and else the other's plan."""
    program = in_blocks(bare([1.0, 2.0], [5.0, 5.0], [True, True]))
    program = replace(program, row_lower=np.array([floor]))
    search = searching(program, np.array([3.0, 3.0]), Options(seed=1))
    search.move(np.array([1.0, 3.0]))
    search.adopt(np.array([3.0, 1.0]))
    assert search.values.tolist() == merged


def test_rounding_breaks_no_row_and_what_breaks_one_counts() -> None:
    """Proves: a row of 3000 that lacks a millionth of what it adds up is kept; one that lacks ten
    times that is broken by just what it lacks."""
    program = bare([1.0], [np.inf], [False])
    program = replace(program, row_lower=np.array([3000.0]))
    assert not program.violations(np.array([3000.0 - 0.001])).any()
    assert program.violations(np.array([3000.0 - 0.015])) == pytest.approx([0.015])


def test_what_is_higher_than_anything_asks_for_comes_down() -> None:
    """Proves: of (4, 3, 2), two of them continuous, with their sum at least 5, the first that costs
    something comes down by the 4 that the row has to spare, no whole number does, and the second
    not at all then; what saves by being high stays, and so does what a row without room holds.
    Sensitivity: with 7 asked for it comes down by 2, with 9 nothing does."""
    program = bare([1.0, 2.0, 3.0], [9.0] * 3, [False, False, True])
    point = np.array([4.0, 3.0, 2.0])

    def asking(floor: float) -> list[float]:
        return trimmed(replace(program, row_lower=np.array([floor])), point).tolist()

    assert asking(5.0) == [0.0, 3.0, 2.0]
    assert asking(7.0) == [2.0, 3.0, 2.0]
    assert asking(9.0) == [4.0, 3.0, 2.0]
    saving = replace(program, cost=np.array([-1.0, 0.0, 3.0]))
    assert trimmed(saving, point).tolist() == [4.0, 3.0, 2.0]


def test_a_plan_is_polished_and_where_time_is_short_trimmed() -> None:
    """Proves: (4, 3, 2) with the sum at least 7 comes to (5, 0, 2) for 11 rather than 16, the whole
    number held; without time to (2, 3, 2), which costs 14."""
    program = bare([1.0, 2.0, 3.0], [9.0] * 3, [False, False, True])
    program = replace(program, row_lower=np.array([7.0]))
    for seconds, plan, cost in ((10.0, [5.0, 0.0, 2.0], 11.0), (0.0, [2.0, 3.0, 2.0], 14.0)):
        best, monitor = Incumbent(), Monitor(Options(threads=1))
        best.take(np.array([4.0, 3.0, 2.0]), 16.0)
        polish(program, monitor, best, seconds)
        assert best.values is not None and best.values.tolist() == pytest.approx(plan)
        assert best.objective == pytest.approx(cost)


def test_a_lean_plan_brings_nothing_in() -> None:
    """Proves: (0, 4, 2) with the sum at least 6 comes to (0, 6, 0) for 12 over the columns that it
    uses, where all of them would come to (6, 0, 0) for 6."""
    program = bare([1.0, 2.0, 3.0], [9.0] * 3, [False] * 3)
    program = replace(program, row_lower=np.array([6.0]))
    monitor, none = Monitor(Options(threads=1)), ExtraRows.joined((), 3)
    plan = _over_columns_in_use(program, np.array([0.0, 4.0, 2.0]), monitor, none, 10.0)
    assert plan is not None and plan.tolist() == pytest.approx([0.0, 6.0, 0.0])


@pytest.mark.first(1)
@pytest.mark.parametrize("strategy", [Strategy.RACE, Strategy.DECOMPOSE])
def test_every_strategy_agrees_with_direct(
    arrays: Arrays, direct: optalloc.Outcome, strategy: Strategy
) -> None:
    """Proves: the plan costs no less than the least cost, its bound is no more, and a plan is found
    that lies as near as was asked for, whichever way is taken."""
    gap = GAP if strategy is Strategy.RACE else 0.05
    outcome = solve_arrays(
        arrays, Options(gap=gap, seed=1, time_limit_s=60, strategy=strategy), progress=None
    )
    assert outcome.strategy is strategy
    assert outcome.stop_reason in (optalloc.StopReason.GAP, optalloc.StopReason.PROVED)
    assert outcome.bound <= direct.objective * (1 + 1e-9)
    assert direct.bound * (1 - 1e-9) <= outcome.objective <= outcome.bound * (1 + gap) / (1 - gap)
    assert outcome.values is not None
    assert not arrays.violations(outcome.values).any()


def children() -> list[psutil.Process]:
    """Processes of the portfolio that live; earlier tests may have left helpers of the library's."""
    return [
        one
        for one in psutil.Process().children()
        if one.status() != psutil.STATUS_ZOMBIE
        and any("strategies.worker" in word for word in one.cmdline())
    ]


@pytest.mark.long
def test_a_process_that_is_killed_is_started_again(
    arrays: Arrays, direct: optalloc.Outcome
) -> None:
    """Proves: a process killed at its first word is told of by its signal and started again, and
    the plan is as near as was asked for. Sensitivity: undisturbed there is nothing to tell."""
    killed: list[int] = []

    def kill_one(_: Progress) -> None:
        if not killed:
            victim = min(children(), key=lambda one: one.create_time())
            victim.send_signal(signal.SIGKILL)
            killed.append(victim.pid)

    options = Options(gap=GAP, time_limit_s=60, strategy=Strategy.RACE)
    outcome = solve_arrays(arrays, options, kill_one)
    assert any("SIGKILL" in note and "started again" in note for note in outcome.notes)
    assert outcome.gap <= GAP
    assert outcome.bound <= direct.objective * (1 + 1e-9)
    assert not children()


@pytest.mark.long
def test_a_process_that_hangs_is_ended_at_the_limit(arrays: Arrays) -> None:
    """Proves: with one process stopped in its tracks the last plan is given at the limit, and the
    process is ended and told of."""
    parameters = Parameters(portfolio=Portfolio(stopping_s=0.5))
    held: list[int] = []

    def hold_the_prover(now: Progress) -> None:
        if np.isfinite(now.objective) and not held:
            victim = min(children(), key=lambda one: one.create_time())
            victim.suspend()
            held.append(victim.pid)

    options = Options(gap=0.0, time_limit_s=7, strategy=Strategy.RACE, parameters=parameters)
    outcome = solve_arrays(arrays, options, hold_the_prover)
    assert held
    assert outcome.values is not None
    assert outcome.stop_reason is optalloc.StopReason.TIME
    assert any("did not end when stopped" in note for note in outcome.notes)
    assert not children()


def test_what_breaks_a_row_is_no_plan(arrays: Arrays, direct: optalloc.Outcome) -> None:
    """Proves: a point that a process passes off as a plan is not taken if it breaks a row; the true
    plan is. Sensitivity: nothing built costs far less."""
    one = Hub(arrays, Monitor(Options()), (), print)
    one._processes = []
    member: Any = type("Process", (), {"assignment": type("Job", (), {"role": Role.SEARCH})})()
    one._take(member, arrays.col_lower.copy())
    assert one.incumbent.values is None
    assert direct.values is not None
    one._take(member, direct.values)
    assert one.incumbent.objective == pytest.approx(direct.objective)


def test_auto_goes_by_size_and_threads(arrays: Arrays) -> None:
    """Proves: small or with one thread is solved directly, hundreds of integers race, a large
    matrix is decomposed; where rows are found on demand it is the direct way; a race that cannot
    be is not run, and it is said why."""

    def auto(program: Arrays, threads: int = 2, strategy: Strategy = Strategy.AUTO) -> Strategy:
        return chosen(program, Options(threads=threads, strategy=strategy))[0]

    times = 12
    wide = replace(
        arrays,
        matrix=sp.csc_array(sp.hstack([arrays.matrix] * times)),
        integer=np.tile(arrays.integer, times),
        parts=replace(
            arrays.parts,
            **{name: np.tile(getattr(arrays.parts, name), times) for name in COLUMN_PARTS},
        ),
        **{
            name: np.tile(getattr(arrays, name), times)
            for name in ("col_lower", "col_upper", "cost")
        },
    )
    large = replace(
        wide,
        matrix=sp.csc_array(np.ones((2000, len(wide.cost)))),
        row_lower=np.zeros(2000),
        row_upper=np.zeros(2000),
    )
    assert auto(arrays) is Strategy.DIRECT
    assert auto(wide) is Strategy.RACE
    assert auto(large) is Strategy.DECOMPOSE
    assert auto(wide, threads=1) is Strategy.DIRECT
    one = ExtraRows(sp.csr_array((1, len(wide.cost))), np.ones(1), (("row", (0,)),))
    none = ExtraRows.joined((), len(wide.cost))
    assert auto(replace(wide, separate=lambda point: one)) is Strategy.DIRECT
    assert auto(replace(wide, separate=lambda point: none)) is Strategy.RACE
    assert auto(replace(wide, parts=None), strategy=Strategy.RACE) is Strategy.DIRECT
    assert "no blocks" in chosen(replace(wide, parts=None), Options(strategy=Strategy.RACE))[1]


@pytest.mark.slow
def test_rows_found_on_demand_are_kept_by_a_race(tmp_path: Path) -> None:
    """Proves: a race on a workbook with a concentration limit, whose rows are found only at plans
    that break them, comes to a plan that passes its audit and costs no less than the least cost.
    Sensitivity: without the limit it costs less."""
    made = books.book(
        Sites=[
            {"site": name, "status": "candidate", "max_mw": 60, "block_mw": 5, "jurisdiction": at,
             "build_cost_per_mw": cost}
            for name, at, cost in (("A", "X", 10), ("B", "Y", 14), ("C", "Z", 15))
        ],
        Network=[{"site": name, "region": "R", "latency_ms": 10} for name in "ABC"],
        Jurisdictions=[
            {"jurisdiction": name, **dict.fromkeys(RISKS, 0)} for name in "XYZ"
        ],
        RiskLimits=[{"limit": "spread", "kind": "max_hhi", "value": 0.4}],
    )  # fmt: skip
    least = optalloc.solve(books.write(made, tmp_path / "a"), strategy="direct", gap=1e-4)
    raced = optalloc.solve(tmp_path / "a", strategy="race", gap=0.005, time_limit_s=30)
    assert raced.outcome.strategy is Strategy.RACE
    assert raced.cost >= least.outcome.bound * (1 - 1e-9)
    assert raced.outcome.bound <= least.cost * (1 + 1e-9)
    free = {name: rows for name, rows in made.items() if name != "RiskLimits"}
    assert optalloc.solve(books.write(free, tmp_path / "b")).cost < least.cost - 1.0


def test_falling_back_is_said_and_recorded(
    solve: Callable[..., optalloc.Plan], caplog: pytest.LogCaptureFixture
) -> None:
    """Proves: a workbook without integers is solved directly though a race was asked for; the
    log says why, and the plan's Run table keeps it."""
    with caplog.at_level(logging.WARNING, "optalloc"):
        plan = solve({"strategy": "race"}, Sites={"status": "committed"})
    run = plan.tables["Run"].set_index("entry")["value"]
    assert run["strategy"] == "direct"
    assert "no integers" in run["solver note 1"]
    assert "no integers" in caplog.text


@pytest.mark.slow
def test_strategies_on_random_workbooks(tmp_path: Path) -> None:
    """Proves: on ten random workbooks each strategy's plan passes its audit, no bound is above the
    least cost, and most runs come to a plan (rows found on demand may take longer than there is)."""
    import random

    done = plans = 0
    for seed in range(40):
        made = book_of(random.Random(seed))
        folder = books.write(made, tmp_path / str(seed))
        try:
            least = optalloc.solve(folder, strategy="direct")
        except optalloc.OptallocError:
            continue
        for strategy in ("race", "decompose"):
            try:
                plan = optalloc.solve(folder, strategy=strategy, gap=0.01, time_limit_s=10)
            except optalloc.NoPlanError:
                continue
            plans += 1
            assert plan.outcome.bound <= least.cost * (1 + 1e-7) + 1e-6
            assert plan.cost >= least.outcome.bound * (1 - 1e-7) - 1e-6
        done += 1
        if done == 10:
            break
    assert done == 10
    assert plans >= 10
