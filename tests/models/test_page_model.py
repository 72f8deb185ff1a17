"""The formulation page is enough to rebuild the model: a second one, written from it, agrees."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests import books, page_model

# In 18 a life ends within a period that a later commitment would be in time for.
ALWAYS = (0, 1, 18)


@pytest.mark.parametrize(
    "seed",
    [seed if seed in ALWAYS else pytest.param(seed, marks=pytest.mark.slow) for seed in range(40)],
)
def test_the_model_of_the_page_gives_the_same_least_cost(seed: int, tmp_path: Path) -> None:
    """Proves: over seeded random workbooks of sites, capital, demand, placement and contracts, with
    lives and terms that miss periods' edges, the least cost is that of the page's own program."""
    made = page_model.random_book(random.Random(seed), books.book())
    plan = books.solve(made, tmp_path / "book")
    assert plan.cost == pytest.approx(page_model.least_cost(made), rel=1e-6, abs=1e-4), seed
