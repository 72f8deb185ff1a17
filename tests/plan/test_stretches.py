"""Limits that bind, gathered into stretches of time."""

from __future__ import annotations

from collections.abc import Callable

import optalloc
from tests.books import demand, years

Solve = Callable[..., optalloc.Plan]


def test_a_limit_that_binds_in_a_row_is_one_line(solve: Solve) -> None:
    """Demand of 40 MW in all years but the third, in which 30 MW leave 10 of the 40 free.

    Proves: what binds in Y1, Y2 and Y4 is two lines, each from when to when, with what is allowed
    then; every row of Limits that binds is in one of them.
    Sensitivity: with 40 MW in Y3 too it would be one line, to the end of the horizon.
    """
    plan = solve(Periods=years(4), Demand=demand(40, 40, 30, 40))
    found = plan["BindingLimits"]
    own = found[found["limit"] == "load_within_online"]
    site = plan["SiteList"]["site"].iloc[0]
    assert own["in_words"].tolist() == [
        f"{site} has no capacity left from Y1 to Y2",
        f"{site} has no capacity left in Y4",
    ]
    assert own[["since", "until", "steps"]].to_numpy().tolist() == [
        ["Y1", "Y2", 2],
        ["Y4", "Y4", 1],
    ]
    assert own[["least", "most"]].to_numpy().tolist() == [[40, 40], [40, 40]]
    assert found["steps"].sum() == plan["Limits"]["binding"].sum()
