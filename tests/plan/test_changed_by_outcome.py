"""What an outcome changes, and what is decided before it is known, on workbooks solved by hand.

Years from 2027-01-01, nothing discounted, no residual value. Cost in M.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.books import Book, book, demand, solve, years


def changed(cell: dict[str, Any], *demands: float, revealed: str, **sheets: Any) -> Book:
    """A workbook in which the second of two outcomes (1/2 each) sets a cell."""
    outcomes = ({"outcome": name, "probability": 0.5} for name in ("as it is", "changed"))
    return book(
        Periods=years(len(demands)),
        Demand=demand(*demands),
        Uncertainties=[{"uncertainty": "law", "revealed": revealed, **one} for one in outcomes],
        Outcomes=[
            {"uncertainty": "law", "outcome": "changed", "operation": "set", "rows": "", **cell}
        ],
        **sheets,
    )


# A site built on within a year for 8 per MW, one without room, and one with 50 MW.
BUILT = {"max_mw": 100, "block_lead_months": 12, "build_cost_per_mw": 8}
BARE = {"status": "existing", "existing_mw": 0, "max_mw": 0}
STANDING = {"status": "existing", "existing_mw": 50, "max_mw": 50}
# Both run from the period in which they are signed to the end, at 1 per MW-year.
LEASE = {"lease": "L", "site": "A", "max_mw": 100, "rent_per_mw_year": 1}
CONTRACT = {"contract": "C", "site": "A", "kind": "capacity", "max_mw": 100}
CONTRACT |= {"fixed_fee_per_mw_year": 1}


@pytest.mark.long
@pytest.mark.parametrize(
    ("sheet", "sheets", "demands", "minimum", "least"),
    [
        # 40 begun in 2027 are no less than 30; of 60, 60.
        ("Sites", {"Sites": BUILT}, (0, 40, 40), 30, 40 * 8),
        ("Sites", {"Sites": BUILT}, (0, 40, 40), 60, 60 * 8),
        # 40 leased for three years, or 60.
        ("Leases", {"Sites": BARE, "Leases": [LEASE]}, (40, 40, 40), 20, 40 * 3),
        ("Leases", {"Sites": BARE, "Leases": [LEASE]}, (40, 40, 40), 60, 60 * 3),
        # The contract covers a peak of 50 for three years; at least 60 may be signed.
        ("Contracts", {"Sites": STANDING, "Contracts": [CONTRACT]}, (40, 40, 40), 20, 50 * 3),
        ("Contracts", {"Sites": STANDING, "Contracts": [CONTRACT]}, (40, 40, 40), 60, 60 * 3),
    ],
)
def test_a_minimum_of_one_outcome_forbids_nothing_before_it_is_known(
    sheet: str,
    sheets: dict[str, Any],
    demands: tuple[float, ...],
    minimum: float,
    least: float,
    tmp_path: Path,
) -> None:
    """Proves: what is begun or signed before the outcome is known has at least the minimum that
    one of them has, as it may be that one, and may be had at all."""
    cell = {"sheet": sheet, "column": "min_mw", "value": minimum}
    plan = solve(changed(cell, *demands, revealed="2029-01-01", **sheets), tmp_path)
    assert plan.cost == pytest.approx(least)
