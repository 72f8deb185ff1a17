"""Large programs made small: stages as one, some columns only, the rest priced in by groups."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from optalloc.mip.arrays import Arrays, ExtraRows, Labels, Parts
from optalloc.mip.outcome import Options
from optalloc.mip.parameters import Parameters, Sifting
from optalloc.solving.highs import Highs
from optalloc.solving.strategies.aggregation import Aggregation
from optalloc.solving.strategies.bounder import worth_searching
from optalloc.solving.strategies.relatedness import RelatedBlocks
from optalloc.solving.strategies.restricted_search import RestrictedSearch
from optalloc.solving.strategies.sifting import SiftingRound, sift
from optalloc.solving.submip import SubMip
from tests.solving.test_strategies import random_program

EXACT = Options(threads=1, gap=1e-6)


def least(program: Arrays, *, integer: bool = False) -> float:
    """Least cost; infinite where there is no solution."""
    found = Highs(program, EXACT, integer=integer).run()
    return found.objective if found.values is not None else np.inf


def linear(program: Arrays) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Values and multipliers of a linear program."""
    return Highs(program, EXACT, integer=False).run_to_point(60.0)


def test_a_series_is_one_quantity_in_all_stages(arrays: Arrays) -> None:
    """Proves: columns of one series are of one component, have the same keys but for the first
    period in them, and each another period; no two series have both in common. The same for rows."""
    assert arrays.parts is not None
    periods = {f"P{k:02d}" for k in range(1, 41)}
    for labels, series, stage in (
        (arrays.columns, arrays.parts.series, arrays.parts.stage),
        (arrays.rows, arrays.parts.row_series, arrays.parts.row_stage),
    ):
        of_key: dict[object, set[int]] = {}
        several = 0
        for number in range(len(labels)):
            component, key = labels[number]
            parts = key if isinstance(key, tuple) else (key,)
            place = next((k for k, part in enumerate(parts) if part in periods), len(parts))
            assert (stage[number] >= 0) == (place < len(parts))
            rest = component, (*parts[:place], *parts[place + 1 :])
            of_key.setdefault(rest, set()).add(int(series[number]))
        assert all(len(codes) == 1 for codes in of_key.values())
        assert len({min(codes) for codes in of_key.values()}) == len(of_key)
        for code in range(int(series.max()) + 1):
            own = stage[series == code]
            assert len(own) == len(set(own.tolist()))
            several += len(own) > 1
        assert several


def two_stages() -> Arrays:
    """One quantity in two stages: at least 3 at a cost of 1, at least 5 at a cost of 2."""
    zero, one = np.array([0, 0]), np.array([0, 1])
    return Arrays(
        matrix=sp.csc_array(np.eye(2)),
        row_lower=np.array([3.0, 5.0]),
        row_upper=np.full(2, np.inf),
        col_lower=np.zeros(2),
        col_upper=np.array([9.0, 7.0]),
        cost=np.array([1.0, 2.0]),
        integer=np.zeros(2, dtype=bool),
        strengthening=np.zeros(2, dtype=bool),
        offset=0.0,
        rows=Labels.of(()),
        columns=Labels.of(()),
        parts=Parts(zero, one, zero, one, zero),
    )


def test_two_stages_as_one_by_hand() -> None:
    """Proves: in one stretch it is 3 x with 2 x >= 8 and x <= 7, so x = 4 for 12; in two it is the
    program itself, which costs 3 + 10."""
    one, two = (Aggregation.of(two_stages(), stretches) for stretches in (1, 2))
    assert one.program.matrix.toarray().tolist() == [[2.0]]
    assert (one.program.row_lower[0], one.program.col_upper[0]) == (8.0, 7.0)
    assert (one.column.tolist(), one.row.tolist()) == ([0, 0], [0, 0])
    assert least(one.program) == pytest.approx(12.0)
    assert least(two.program) == pytest.approx(13.0)


def test_as_many_stretches_as_stages_are_the_program_itself(arrays: Arrays) -> None:
    """Proves: its relaxation costs the same. Sensitivity: with fewer stretches it does not, and is
    smaller."""
    assert arrays.parts is not None
    own = arrays.with_rows(~arrays.strengthening)
    fine, coarse = Aggregation.of(own, arrays.parts.stages), Aggregation.of(own, 2)
    assert least(fine.program) == pytest.approx(least(own), rel=1e-7)
    assert least(coarse.program) != pytest.approx(least(own), rel=1e-3)
    assert coarse.program.matrix.nnz < 0.7 * own.matrix.nnz


def test_some_columns_are_the_program_with_the_others_held() -> None:
    """Proves: on random programs, with rows found later, the least cost is that of the whole with
    all other columns held at nought or the bound next to it, and a plan widened keeps all rows
    at that cost. Sensitivity: often the whole costs less."""
    dearer = 0
    for seed in range(60):
        draw = np.random.default_rng(seed)
        program = random_program(seed, integer=True)
        lift = draw.integers(0, 2, len(program.cost)).astype(float)
        program = replace(program, col_lower=lift, col_upper=program.col_upper + lift)
        chosen = draw.random(len(program.cost)) < 0.6
        row = sp.csr_array(draw.integers(0, 3, (1, len(chosen))).astype(float))
        extra = ExtraRows(row, np.array([12.0]), (("later", ("a",)),))
        narrow = SubMip.of(program, chosen)
        few = narrow.program.with_extra(narrow.extra(extra))
        whole = program.with_extra(extra)
        held = whole.with_fixed(~chosen, narrow.fixed)
        found = Highs(few, EXACT, integer=True).run()
        assert (found.values is None) == np.isinf(least(held, integer=True))
        if found.values is None:
            continue
        assert found.objective == pytest.approx(least(held, integer=True), abs=1e-6)
        plan = narrow.full(found.values)
        activity = whole.matrix @ plan
        assert (activity >= whole.row_lower - 1e-6).all()
        assert (activity <= whole.row_upper + 1e-6).all()
        assert whole.cost @ plan + whole.offset == pytest.approx(found.objective, abs=1e-6)
        assert not narrow.outside(plan).any()
        other = plan.copy()
        other[np.flatnonzero(~chosen)[:1]] += 1.0
        assert narrow.outside(other).sum() == min(1, int((~chosen).sum()))
        dearer += found.objective > least(whole, integer=True) + 1e-6
    assert dearer > 3


@pytest.fixture(scope="module")
def rounds(arrays: Arrays) -> list[SiftingRound]:
    """All rounds from a relaxation with all stages as one."""
    assert arrays.parts is not None
    own = arrays.with_rows(~arrays.strengthening)
    group = RelatedBlocks(own, arrays.parts).partition(2)
    found = []
    for one in sift(arrays, group, linear, linear, Parameters(sifting=Sifting(stretches=1))):
        found.append(one)
        if one.done:
            break
    return found


def test_sifting_ends_at_the_bound_of_the_relaxation(
    arrays: Arrays, rounds: list[SiftingRound]
) -> None:
    """Proves: no round's bound is above the least cost of the relaxation with all rows, and the
    last is it, though the first was not and not all columns were ever taken."""
    tightest = least(arrays)
    bounds = [one.bound for one in rounds]
    assert rounds[-1].done
    assert max(bounds) <= tightest + 1e-6 * tightest
    assert bounds[-1] == pytest.approx(tightest, rel=3e-4)
    assert bounds[0] < tightest * (1 - 1e-3)
    assert rounds[0].columns.sum() < rounds[-1].columns.sum() < len(arrays.cost)


def test_what_was_not_taken_costs_more_than_it_is_worth(rounds: list[SiftingRound]) -> None:
    """Proves: at the end no column that is missing would be of use where it stands in its group."""
    last = rounds[-1]
    assert last.reduced[~last.columns].min() > -1e-6


@pytest.mark.parametrize("fails_at", [0, 1, 2])
def test_a_relaxation_that_comes_to_nothing_ends_it(arrays: Arrays, fails_at: int) -> None:
    """Proves: with a coarse relaxation that fails all columns are taken at once, and one round is
    enough; one that fails later ends it with what there was."""
    assert arrays.parts is not None
    own = arrays.with_rows(~arrays.strengthening)
    calls = 0

    def failing(solve: Callable[[Arrays], tuple[np.ndarray | None, np.ndarray | None]]):  # type: ignore[no-untyped-def]
        def run(program: Arrays) -> tuple[np.ndarray | None, np.ndarray | None]:
            nonlocal calls
            calls += 1
            return (None, None) if calls == fails_at + 1 else solve(program)

        return run

    group = RelatedBlocks(own, arrays.parts).partition(2)
    found = []
    for one in sift(arrays, group, failing(linear), linear):
        found.append(one)
        if one.done:
            break
    if fails_at == 0:
        assert found[0].columns.all()
        assert found[0].bound == pytest.approx(least(own), rel=3e-4)
    else:
        assert len(found) == fails_at - 1


def test_a_view_takes_in_what_a_plan_uses(arrays: Arrays) -> None:
    """Proves: another's plan is gone on from, at its cost, although it uses columns that were not
    seen; and what is given is of the whole program."""
    own = arrays.with_rows(~arrays.strengthening)
    plan = Highs(own, Options(threads=1, gap=0.02), integer=True).run()
    relaxed = Highs(own, EXACT, integer=False).run()
    assert plan.values is not None and relaxed.values is not None
    assert relaxed.row_duals is not None
    columns = abs(relaxed.values) > 1e-9
    assert (columns[abs(plan.values) > 1e-9] == 0).any()
    view = RestrictedSearch(own, Options(threads=1, seed=1))
    view.use_relaxation(relaxed.values, relaxed.row_duals, columns, restart=True)
    assert len(view.restriction.columns) == columns.sum()
    view.adopt(plan.values)
    assert view.is_feasible
    assert view.cost == pytest.approx(plan.objective, rel=1e-6)
    assert view.values.shape == plan.values.shape
    assert view.cost == pytest.approx(float(own.cost @ view.values + own.offset), rel=1e-9)


def test_the_nearest_columns_are_searched(rounds: list[SiftingRound]) -> None:
    """Proves: where there are too many, those taken are searched, then those of the least reduced
    cost; where there are not, all are."""
    last = rounds[-1]
    assert worth_searching(last, len(last.columns)) is None
    most = int(last.columns.sum()) + 20
    searched = worth_searching(last, most)
    assert searched is not None and searched.sum() == most
    assert searched[last.columns].all()
    others = last.reduced[searched & ~last.columns]
    assert others.max() <= last.reduced[~searched].min() + 1e-12
