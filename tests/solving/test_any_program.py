"""Any program, with blocks and stages by chance: every strategy says what the solver says of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import highspy
import numpy as np
import pytest
import scipy.sparse as sp

import optalloc
from optalloc.mip.arrays import Arrays, ExtraRows, Labels, Parts
from optalloc.mip.bounds import dominated_bounds, tighten_integer_bounds
from optalloc.mip.outcome import Options, Outcome, Strategy
from optalloc.mip.parameters import LargeNeighbourhood, Parameters, Searching, Selection
from optalloc.solving.highs import Highs
from optalloc.solving.highs_callbacks import Result
from optalloc.solving.monitor import Monitor
from optalloc.solving.selection import solve_arrays
from optalloc.solving.strategies import process
from optalloc.solving.strategies.farkas import (
    FarkasCertificate,
    farkas_certificate,
    proves_infeasible,
)
from optalloc.solving.strategies.link import Link
from optalloc.solving.strategies.portfolio import Portfolio as Hub
from optalloc.solving.strategies.restricted_search import RestrictedSearch
from optalloc.solving.strategies.worker import Assignment, Role, work
from optalloc.starting.load import load_generator
from tests.solving.searches import searching

WAYS = [Strategy.RACE, Strategy.DECOMPOSE]
# How far a plan may violate a row, against the size of its terms, and an optimum be missed.
ROWS, CLOSE = 2e-6, 1e-5
INFEASIBLE = {"kInfeasible", "kUnboundedOrInfeasible"}


def program(
    matrix: Any, rows: tuple[Any, Any], columns: tuple[Any, Any], cost: Any, integer: Any
) -> Arrays:
    """A program of these numbers, its rows named by theirs."""
    held = sp.csc_array(np.asarray(matrix, dtype=float))
    count, size = held.shape
    return Arrays(
        matrix=held,
        row_lower=np.asarray(rows[0], dtype=float),
        row_upper=np.asarray(rows[1], dtype=float),
        col_lower=np.asarray(columns[0], dtype=float),
        col_upper=np.asarray(columns[1], dtype=float),
        cost=np.asarray(cost, dtype=float),
        integer=np.asarray(integer, dtype=bool),
        strengthening=np.zeros(count, dtype=bool),
        offset=0.0,
        rows=Labels.of([("row", range(count), None)]),
        columns=Labels.of([("column", range(size), None)]),
    )


def in_parts(arrays: Arrays, seed: int) -> Arrays:
    """Blocks and stages by chance: one or many, columns in none, rows in any."""
    draw = np.random.default_rng(seed)
    rows, columns = arrays.matrix.shape
    blocks, stages = int(draw.choice([1, 2, 5])), int(draw.choice([1, 2, 4, 6]))
    block, stage = draw.integers(-1, blocks, columns), draw.integers(-1, stages, columns)
    row_stage = draw.integers(-1, stages, rows)
    if draw.random() < 0.2 or block.max() < 0:
        block = np.zeros(columns, dtype=int)
    if draw.random() < 0.1:
        stage, row_stage = np.full(columns, -1), np.full(rows, -1)
    series, row_series = draw.integers(0, columns, columns), draw.integers(0, rows, rows)
    return replace(arrays, parts=Parts(block, stage, series, row_stage, row_series))


def drawn(seed: int) -> Arrays:
    """Rows of all kinds, empty ones too; columns free, unbounded or held; with a plan or without,
    or without a best one."""
    draw = np.random.default_rng(seed)
    rows, columns = int(draw.integers(1, 12)), int(draw.integers(2, 14))
    dense = draw.random((rows, columns)) < draw.choice([0.2, 0.5, 0.8])
    dense[0, 0] = True
    matrix = dense * draw.choice([-3.0, -1.0, 1.0, 2.0, 4.0], (rows, columns))
    if draw.random() < 0.2:
        matrix *= 10.0 ** draw.integers(-3, 4, (rows, 1))
    lower = np.where(draw.random(columns) < 0.2, -np.inf, draw.integers(-4, 2, columns))
    width = draw.integers(0, 8, columns) + 0.5 * (draw.random(columns) < 0.2)
    upper = np.where(np.isfinite(lower), lower, -3.0) + width
    upper[draw.random(columns) < 0.4] = np.inf
    point = np.clip(draw.integers(-4, 5, columns), np.ceil(lower), np.floor(upper))
    kind, slack, activity = draw.integers(0, 4, rows), draw.integers(0, 5, rows), matrix @ point
    slack[kind == 2] = 0
    least = np.where(kind == 0, -np.inf, activity - slack)
    most = np.where(kind == 1, np.inf, activity + slack)
    if draw.random() < 0.35:
        moved, by = int(draw.integers(rows)), float(draw.integers(-24, 25)) / 2
        least[moved] += by
        most[moved] += by
    integer = draw.random(columns) < draw.choice([0.2, 0.6, 1.0])
    integer[0] = True
    cost = draw.integers(-2 if draw.random() < 0.4 else 0, 6, columns)
    made = program(matrix, (least, most), (lower, upper), cost, integer)
    return in_parts(made, seed)


def truth(arrays: Arrays) -> Result:
    """What HiGHS says of the whole."""
    for presolve in (True, False):
        options = Options(threads=1, gap=1e-9, presolve=presolve)
        result = Highs(arrays, options, integer=True).run(time_limit_s=30)
        if result.status != "kUnboundedOrInfeasible":
            return result
    # A program without costs is one or the other.
    free = Highs(replace(arrays, cost=np.zeros_like(arrays.cost)), Options(threads=1), integer=True)
    infeasible = free.run(time_limit_s=30).status == "kInfeasible"
    return replace(result, status="kInfeasible" if infeasible else "kUnbounded")


def check_plan(arrays: Arrays, values: np.ndarray, least: Result) -> None:
    """Insist that it is a plan: rows, bounds, whole numbers, no less than the least cost."""
    size = np.maximum(1.0, abs(arrays.matrix) @ abs(values))
    activity = arrays.matrix @ values
    assert (activity >= arrays.row_lower - ROWS * size).all()
    assert (activity <= arrays.row_upper + ROWS * size).all()
    assert (values >= arrays.col_lower - ROWS).all() and (values <= arrays.col_upper + ROWS).all()
    whole = values[arrays.integer]
    assert abs(whole - np.round(whole)).max() <= CLOSE
    assert least.status not in INFEASIBLE
    if least.status == "kOptimal":
        cost = float(arrays.cost @ values + arrays.offset)
        assert cost >= least.objective - CLOSE * max(1.0, abs(least.objective))


def check_bound(bound: float, least: Result) -> None:
    """Insist that it is no more than the least cost."""
    if least.status == "kOptimal":
        assert bound <= least.objective + CLOSE * max(1.0, abs(least.objective))


# Small programs are decomposed too, and the search does not wait for the relaxation.
BY_PARTS = Parameters(selection=Selection(prove_whole_entries=0))
AT_ONCE = Parameters(searching=Searching(head_start_s=0.0))


class Heard(Link):
    """What a process would say, and a clock that tells it to stop."""

    def __init__(self, seconds: float) -> None:
        super().__init__(None, None)  # type: ignore[arg-type]
        self.said: list[tuple[Any, ...]] = []
        self._clock = threading.Timer(seconds, self._over)
        self._clock.start()

    def send(self, kind: str, *content: Any) -> None:
        self.said.append((kind, *content))

    def all(self, kind: str) -> list[Any]:
        return [content[0] for what, *content in self.said if what == kind]

    def close(self) -> None:
        self._clock.cancel()

    def _over(self) -> None:
        self.stopped.set()
        if self._running is not None:
            self._running.cancel()


def hear(arrays: Arrays, role: Role, seconds: float) -> Heard:
    """Do in this process what a process of a team does, with `seconds` for all of it."""
    link = Heard(seconds)
    options = Options(time_limit_s=seconds, seed=1, parameters=AT_ONCE)
    assignment = Assignment(role, Path("unused"), options, time.time() + seconds, 0)
    try:
        work(tighten_integer_bounds(arrays), assignment, link)
    finally:
        link.close()
    return link


def compare_processes(seeds: Iterable[int], seconds: float) -> dict[str, int]:
    """Compare what processes say of random programs with the truth, and count the truths."""
    seen: dict[str, int] = {}
    for seed in seeds:
        arrays = drawn(seed)
        least = truth(arrays)
        seen[least.status] = seen.get(least.status, 0) + 1
        for role in (Role.BOUND, Role.SEARCH):
            link = hear(arrays, role, 20.0 if role is Role.BOUND else seconds)
            bounds = [bound for bound in link.all("bound") if np.isfinite(bound)]
            for values in link.all("plan"):
                check_plan(arrays, values, least)
            for bound in bounds:
                check_bound(bound, least)
            ended = set(link.all("ended"))
            if least.status == "kOptimal":
                assert not link.all("infeasible") and not ended & INFEASIBLE
                assert bounds or role is Role.SEARCH
            if least.status == "kInfeasible" and role is Role.BOUND:
                assert link.all("infeasible") or ended & INFEASIBLE
    return seen


@pytest.mark.long
def test_processes_say_of_random_programs_what_the_solver_says() -> None:
    """Proves: for random programs in random parts no process comes to a fault, none bounds above the
    least cost, plans keep rows, bounds and whole numbers; the one that bounds always does, and
    finds that there is no plan where there is none, and only there. Of program 86 HiGHS ends a part
    with an error, and its bound then reads 0, above the least cost. Sensitivity: all kinds are met."""
    seen = compare_processes([*range(25), 86], seconds=0.1)
    assert seen["kOptimal"] > 9 and seen["kInfeasible"] > 1 and seen["kUnbounded"] > 1


@pytest.mark.slow
def test_processes_say_of_many_random_programs_what_the_solver_says() -> None:
    """Proves: the same for 600 more."""
    compare_processes(range(25, 625), seconds=0.3)


def faults(outcome: Outcome) -> list[str]:
    """Notes of what went wrong, without that of a second route which confirms the proof."""
    return [note for note in outcome.notes if "confirms" not in note]


def compare(arrays: Arrays, outcome: Outcome, least: Result, gap: float) -> None:
    """Insist that a strategy came to what the solver comes to."""
    check_bound(outcome.bound, least)
    assert not faults(outcome)
    if outcome.values is not None:
        check_plan(arrays, outcome.values, least)
    if least.status == "kOptimal":
        assert outcome.stop_reason in (optalloc.StopReason.GAP, optalloc.StopReason.PROVED)
        over = outcome.objective - least.objective
        assert over <= (gap + CLOSE) * max(1.0, abs(least.objective))
    elif least.status == "kInfeasible":
        assert outcome.stop_reason is optalloc.StopReason.INFEASIBLE
        assert len(outcome.shortfalls)
    else:
        assert outcome.stop_reason is optalloc.StopReason.UNBOUNDED


# The first seeds whose program has a least cost, has no plan, and has no least cost.
@pytest.mark.long
@pytest.mark.first(3)
@pytest.mark.parametrize("status", ["kOptimal", "kInfeasible", "kUnbounded"])
@pytest.mark.parametrize("strategy", [*WAYS, Strategy.AUTO])
def test_every_strategy_agrees_with_the_solver(strategy: Strategy, status: str) -> None:
    """Proves: each strategy, run as it is, comes to the solver's least cost, finds that there is no
    plan, or that there is no least cost, well before the limit."""
    arrays = next(one for one in map(drawn, range(60)) if truth(one).status == status)
    options = Options(gap=1e-6, time_limit_s=60, seed=1, strategy=strategy)
    compare(arrays, solve_arrays(arrays, options), truth(arrays), options.gap)


@pytest.mark.slow
def test_every_strategy_agrees_with_the_solver_on_many() -> None:
    """Proves: the same for 20 more, those that are decomposed part by part however small too."""
    for seed in range(60, 80):
        arrays = drawn(seed)
        least = truth(arrays)
        for strategy in WAYS:
            options = Options(gap=1e-6, time_limit_s=60, seed=1, strategy=strategy)
            compare(arrays, solve_arrays(arrays, options), least, options.gap)
        options = Options(
            gap=1e-6, time_limit_s=10, seed=1, strategy=Strategy.DECOMPOSE, parameters=BY_PARTS
        )
        outcome = solve_arrays(arrays, options)
        if least.status == "kOptimal":
            # Part by part a small program may be left with a gap, but with a bound and a plan.
            assert np.isfinite(outcome.bound) and outcome.values is not None
            check_bound(outcome.bound, least)
            check_plan(arrays, outcome.values, least)
        else:
            compare(arrays, outcome, least, options.gap)


def published(path: Path) -> tuple[Arrays, float]:
    """A program of an MPS file, to be minimised, and the sign that its objective has got."""
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    assert solver.readModel(str(path)) == highspy.HighsStatus.kOk
    lp = solver.getLp()
    held = lp.a_matrix_.value_, lp.a_matrix_.index_, lp.a_matrix_.start_
    matrix = sp.csc_array(held, shape=(lp.num_row_, lp.num_col_))
    assert lp.a_matrix_.format_ == highspy.MatrixFormat.kColwise
    sign = -1.0 if lp.sense_ == highspy.ObjSense.kMaximize else 1.0
    rows, columns = (lp.row_lower_, lp.row_upper_), (lp.col_lower_, lp.col_upper_)
    integer = [kind == highspy.HighsVarType.kInteger for kind in lp.integrality_]
    made = program(matrix.toarray(), rows, columns, sign * np.array(lp.col_cost_), integer)
    return replace(made, offset=sign * lp.offset_), sign


@pytest.mark.slow
@pytest.mark.parametrize("strategy", [*WAYS, Strategy.AUTO])
def test_published_programs_have_their_published_optima(
    shared_data: Path, strategy: Strategy
) -> None:
    """Proves: seven published programs, in two random partitions each, have by every strategy the
    optimum that is published, or no plan."""
    import pandas as pd

    listed = pd.read_csv(shared_data / "mps" / "optima.csv")
    assert len(listed) == 7
    for name, status, optimum in listed[["file", "status", "optimum"]].itertuples(index=False):
        arrays, sign = published(shared_data / "mps" / f"{name}.mps")
        for seed in (0, 1):
            options = Options(gap=1e-4, time_limit_s=60, seed=seed, strategy=strategy)
            outcome = solve_arrays(in_parts(arrays, seed), options)
            if status == "infeasible":
                assert outcome.stop_reason is optalloc.StopReason.INFEASIBLE, name
                continue
            assert outcome.objective == pytest.approx(sign * optimum, rel=2e-4), name
            assert outcome.bound <= sign * optimum + 1e-6 * abs(optimum), name


@pytest.mark.long
@pytest.mark.first(1)
def test_a_program_without_a_plan_is_found_out_part_by_part(
    arrays: Arrays,
) -> None:
    """Proves: six sites of which one region asks for a hundred times the demand it had have no plan,
    which a program decomposed part by part says, with the rows that lack something; nobody waits for the
    limit. Sensitivity: as it was it has a plan (`test_every_strategy_agrees_with_direct`)."""
    options = Options(time_limit_s=60, strategy=Strategy.DECOMPOSE, parameters=BY_PARTS)
    outcome = solve_arrays(without_a_plan(arrays), options)
    assert outcome.stop_reason is optalloc.StopReason.INFEASIBLE
    assert outcome.strategy is Strategy.DECOMPOSE
    names = {arrays.row_name(k) for k in range(len(arrays.rows))}
    assert outcome.shortfalls and {name for name, _ in outcome.shortfalls} <= names
    assert outcome.values is None and not outcome.notes


def without_a_plan(arrays: Arrays) -> Arrays:
    """One demand a hundred times what it was."""
    names = [arrays.rows[k][0] for k in range(len(arrays.rows))]
    row = names.index("demand_met")
    lower, upper = arrays.row_lower.copy(), arrays.row_upper.copy()
    lower[row] *= 100.0
    upper[row] *= 100.0
    return replace(arrays, row_lower=lower, row_upper=upper)


@pytest.mark.slow
def test_a_larger_workbook_without_a_plan_is_told_so(tmp_path: Path) -> None:
    """Proves: a workbook of 30 sites with one demand twenty times what it was is told to have no
    plan by every strategy, those that go part by part too, in less than the limit."""
    load_generator().write("S", 1, tmp_path)
    model = optalloc.load_model()
    data = optalloc.validate(optalloc.read_workbook(tmp_path), model)
    arrays = without_a_plan(optalloc.compile_program(optalloc.build(data, model)))
    for entries, strategy in ((0, "decompose"), (10**6, "decompose"), (0, "race"), (0, "auto")):
        parameters = Parameters(selection=Selection(prove_whole_entries=entries))
        options = Options(time_limit_s=120, strategy=Strategy(strategy), parameters=parameters)
        outcome = solve_arrays(arrays, options)
        assert outcome.stop_reason is optalloc.StopReason.INFEASIBLE
        assert len(outcome.shortfalls)


def two_of_at_most_two(floor: float) -> Arrays:
    """Two columns of at most 2 each, whose sum is to be at least the floor."""
    made = program([[1.0, 1.0]], ([floor], [np.inf]), ([0, 0], [2, 2]), [1, 1], [True, True])
    return in_parts(made, 0)


def exactly(arrays: Arrays) -> tuple[np.ndarray | None, np.ndarray | None]:
    return Highs(arrays, Options(threads=1), integer=False).run_to_point(10.0)


def test_rows_that_contradict_each_other_are_proved_to() -> None:
    """Proves, by hand: two columns of at most 2 do not add up to 5; the row lacks 1, and its
    multiplier is the proof. Sensitivity: they add up to 4, and a
    multiplier of the wrong sign or of none proves nothing."""
    found = farkas_certificate(two_of_at_most_two(5.0), exactly)
    assert found is not None
    assert found.amounts == pytest.approx([1.0])
    assert proves_infeasible(two_of_at_most_two(5.0), found.duals)
    assert not proves_infeasible(two_of_at_most_two(4.0), found.duals)
    assert not proves_infeasible(two_of_at_most_two(5.0), -found.duals)
    assert not proves_infeasible(two_of_at_most_two(5.0), 0.0 * found.duals)
    assert farkas_certificate(two_of_at_most_two(4.0), exactly) is None


def test_the_penalty_stays_a_number() -> None:
    """Proves: where no point keeps all rows, what is violated costs more and more up to a limit and
    then as little as at first, so that a row can always be drawn by its price. Sensitivity: it
    was tripled each time, which is infinite after 650 times."""
    ours = LargeNeighbourhood(stalled_submips=1)
    options = Options(seed=1, threads=1, parameters=Parameters(large_neighbourhood=ours))
    one = searching(two_of_at_most_two(5.0), np.zeros(2), options)
    first, seen = one.penalties.by_row.copy(), []
    for _ in range(30):
        one.step()
        seen.append(float((one.penalties.by_row / first).max()))
        assert np.isfinite(one.violation)
    assert max(seen) == pytest.approx(ours.penalty_growth**ours.penalty_growths)
    again = seen.index(max(seen))
    assert any(price == pytest.approx(1.0) for price in seen[again:])


def test_whole_numbers_are_rounded_within_their_bounds() -> None:
    """Proves: between 0.6 and 2.6 a whole number is 1 or 2, however far off the point is.
    Sensitivity: rounded alone, 2.6 is 3."""
    made = program([[1.0]], ([0.0], [np.inf]), ([0.6], [2.6]), [1.0], [True])
    one = searching(in_parts(made, 0), np.array([9.0]), Options(seed=1))
    assert one.values.tolist() == [2.0]
    one.move(np.array([-9.0]))
    assert one.values.tolist() == [1.0]


def test_a_column_that_nothing_needs_may_be_anywhere() -> None:
    """Proves: a free column that costs nothing and that no row needs keeps an upper bound of
    infinity, one that a row needs at least 3 of is bounded by 3."""
    made = program(
        [[1.0, 0.0], [0.0, 1.0]],
        ([-np.inf, 3.0], [np.inf, np.inf]),
        ([-np.inf, -np.inf], [np.inf, np.inf]),
        [0.0, 0.0],
        [False, False],
    )
    assert dominated_bounds(made)[1] == pytest.approx([np.inf, 3.0])


def test_a_crash_is_told_of_once(arrays: Arrays, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves: processes that all end at once with code 3 are told of in one note each, however
    often they were started again, and the plan comes from this process. Sensitivity: undisturbed
    there is no note (`test_every_strategy_agrees_with_the_solver`)."""
    monkeypatch.setattr(process, "LAUNCH", "raise SystemExit(3)")
    outcome = solve_arrays(arrays, Options(gap=0.01, time_limit_s=60, strategy=Strategy.RACE))
    assert outcome.values is not None and outcome.strategy is Strategy.DIRECT
    told = faults(outcome)
    assert len(told) == 2
    assert sum("ended with code 3; it was started again" in note for note in told) >= 1
    assert all("the others went on without it" in note for note in told)


def one_hub(arrays: Arrays) -> tuple[Hub, Callable[[Role], Any]]:
    """A hub without processes, and processes that say nothing."""
    one = Hub(arrays, Monitor(Options()), (), print)
    one._processes = []
    one._restarts = Parameters().portfolio.retries

    def member(role: Role) -> Any:
        assignment = type("Job", (), {"role": role})
        parts = {
            "assignment": assignment,
            "doubted": False,
            "ended": False,
            "send": lambda *_: None,
        }
        return type("Process", (), parts)()

    return one, member


def test_a_bound_above_a_plan_is_not_believed() -> None:
    """Proves: with a plan of cost 4, a bound of 5 is refused and told of, whichever comes first,
    and so is "no plan"; what that process says afterwards counts no more. Sensitivity: a bound of
    3 is taken."""
    arrays, plan = two_of_at_most_two(4.0), np.array([2.0, 2.0])
    for plan_first in (True, False):
        one, member = one_hub(arrays)
        prover, searcher = member(Role.PROVE), member(Role.SEARCH)
        said = [(prover, "bound", 5.0), (searcher, "plan", plan)]
        for who, *message in reversed(said) if plan_first else said:
            one._hear(who, *message)
        one._hear(prover, "bound", 3.5)
        assert one.incumbent.objective == 4.0 and one.incumbent.bound == -np.inf
        assert ["above the cost of a plan" in what for what in one._faults] == [True]
        one._hear(member(Role.PROVE), "bound", 3.0)
        assert one.incumbent.bound == 3.0
        one._hear(member(Role.PROVE), "ended", "kInfeasible", 0)
        assert one.status == "" and any("no plan" in what for what in one._faults)


def test_a_proof_that_proves_nothing_is_not_believed() -> None:
    """Proves: multipliers that a process passes off as a proof that there is no plan count only if
    they are one; then the rows are named."""
    claim = FarkasCertificate(np.array([1.0]), np.array([1.0]))
    for floor, status, named in ((4.0, "", ()), (5.0, "kInfeasible", (("row[0]", 1.0),))):
        one, member = one_hub(two_of_at_most_two(floor))
        one._hear(member(Role.BOUND), "infeasible", claim)
        assert (one.status, one.shortfalls) == (status, named)


def test_a_relaxation_may_know_fewer_rows_than_the_search() -> None:
    """Proves: a point whose multipliers are those of one row is looked at by a search that has been
    given a second row since, and so is one that knows a third. Sensitivity: what is found keeps
    the second row, 3 rather than 4 in all."""
    arrays = two_of_at_most_two(1.0)
    view = RestrictedSearch(arrays, Options(seed=1, threads=1))
    row = ExtraRows(sp.csr_array(np.array([[-1.0, -1.0]])), np.array([-3.0]), (("found", (0,)),))
    view.require(row)
    for duals in ([1.0], [0.0, -1.0, 5.0]):
        view.use_relaxation(np.array([2.0, 1.0]), np.array(duals), None, restart=True)
        assert view.is_feasible
        for _ in range(3):
            view.search.step()
        assert view.values.sum() == pytest.approx(3.0)
