"""The order in which scenarios are solved alone: those that differ most first."""

from __future__ import annotations

from optalloc.mip.stochastic import StochasticProgram
from optalloc.solving.futures.nearness import FarthestFirst
from tests.mip.test_extensive_form import newsvendor


def test_what_differs_most_comes_first_and_begins_from_the_nearest() -> None:
    """By hand: of four demands two are the same twice, so that the other comes second, and each
    twin begins from its own kind; one of another shape comes before all that are near."""
    program = newsvendor((50, 50, 100, 100), (0.25,) * 4)
    order = FarthestFirst(program)
    assert [order.next() for _ in range(4)] == [0, 2, 1, 3]
    assert order.nearest(1, [0, 2]) == [0, 2]
    assert order.nearest(3, [0, 2, 1]) == [2, 0, 1]


def test_a_scenario_of_another_shape_lends_no_plan() -> None:
    """Proves: a plan is only lent where there are as many rows and columns."""
    small = newsvendor((50, 100), (0.5, 0.5))
    other = newsvendor((50, 60, 70), (0.2, 0.3, 0.5))
    wide = other.programs[0]
    assert wide.matrix.shape == small.programs[0].matrix.shape
    # Its last column is left out.
    narrow = type(wide)(
        matrix=wide.matrix[:, :-1],
        row_lower=wide.row_lower,
        row_upper=wide.row_upper,
        col_lower=wide.col_lower[:-1],
        col_upper=wide.col_upper[:-1],
        cost=wide.cost[:-1],
        integer=wide.integer[:-1],
        strengthening=wide.strengthening,
        offset=wide.offset,
        rows=wide.rows,
        columns=wide.columns,
    )
    mixed = StochasticProgram(
        ("whole", "like it", "narrow"),
        other.probability,
        (wide, other.programs[1], narrow),
        (other.columns[0], other.columns[1], other.columns[2][:-1]),
    )
    order = FarthestFirst(mixed)
    assert [order.next() for _ in range(3)] == [0, 2, 1]
    assert order.nearest(2, [0]) == []
    assert order.nearest(1, [0, 2]) == [0]
