"""Generation expansion of five stages and 4,096 scenarios, as the examples of SDDP.jl have it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from optalloc.mip.extensive_form import extensive_form
from optalloc.mip.outcome import Options
from optalloc.solving.selection import solve_arrays
from tests.benchmarks.written import Written, stochastic

UNITS, BUILD, USE, UNMET, DISCOUNT = 5, 1e4, 4.0, 5e5, 0.99
# By stage, eight demands of equal probability; that of the first is certain.
DEMAND = 0.5 * np.array(
    [
        [5, 5, 5, 5, 5, 5, 5, 5],
        [4, 3, 1, 3, 0, 9, 8, 17],
        [0, 9, 4, 2, 19, 19, 13, 7],
        [25, 11, 4, 14, 4, 6, 15, 12],
        [6, 7, 5, 3, 8, 4, 17, 13],
    ]
)
# Published with a tolerance of 1,000.
PUBLISHED = 2.07886e6


def expansion(path: tuple[int, ...]) -> Written:
    """Units of one MW are built once demand of a stage is known, and serve it at once."""
    p = Written()
    before: list[str] = []
    for t in range(len(DEMAND)):
        # The node of a stage is the path up to it, in octal after a leading 1.
        node = int("1" + "".join(map(str, path[:t])), 8)
        later = DISCOUNT**t
        after = DISCOUNT ** (t + 1) if t + 1 < len(DEMAND) else 0.0
        built = [
            p.column(f"built {i} by {t}", BUILD * (later - after), 1.0, integer=True, node=node)
            for i in range(UNITS)
        ]
        used = p.column(f"used in {t}", USE * later, node=node)
        unmet = p.column(f"unmet in {t}", UNMET, node=node)
        for one, earlier in zip(built, before, strict=False):
            p.row({one: 1, earlier: -1}, lower=0)
        for one, other in itertools.pairwise(built):
            p.row({one: 1, other: -1}, lower=0)
        p.row({used: 1, **dict.fromkeys(built, -1)}, upper=0)
        demand = DEMAND[t][path[t - 1] if t else 0]
        p.row({used: 1, unmet: 1}, lower=demand)
        before = built
    return p


def least_cost() -> float:
    """By stages from the last, as units are alike: what is ahead by the number that are built."""
    ahead = np.zeros(UNITS + 1)
    built = np.arange(UNITS + 1)
    for t in reversed(range(len(DEMAND))):
        more = built[None, :] - built[:, None]
        building = np.where(more >= 0, BUILD * DISCOUNT**t * more, np.inf)
        by_demand = [
            (
                building
                + USE * DISCOUNT**t * np.minimum(built, demand)
                + UNMET * np.maximum(demand - built, 0.0)
                + ahead
            ).min(axis=1)
            for demand in DEMAND[t]
        ]
        ahead = np.mean(by_demand, axis=0)
    return float(ahead[0])


@pytest.mark.slow
def test_generation_expansion() -> None:
    """Proves: 4,096 scenarios of five stages, integers in each, cost as published, and to the digit as
    by dynamic programming over the number of units."""
    paths = list(itertools.product(range(8), repeat=4))
    program = stochastic([expansion(path) for path in paths], [1 / len(paths)] * len(paths))
    form = extensive_form(program).arrays
    # A node decides once: 1 + 8 + 64 + 512 + 4,096 of them.
    assert len(form.cost) >= 4681 * (UNITS + 2)
    found = solve_arrays(form, Options(gap=1e-6, time_limit_s=600))
    assert found.gap <= 1e-6
    assert found.objective == pytest.approx(least_cost(), rel=2e-6)
    assert found.objective == pytest.approx(PUBLISHED, abs=1e3)
