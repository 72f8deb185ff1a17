"""What an outcome changes, and what is decided before it is known, on workbooks solved by hand.

Three years from 2027-01-01, nothing discounted, no residual value. Cost in M.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.books import Book, book, demand, solve, years
from tests.models.test_slots import CASE, SLOT, offers


def changed(cell: dict[str, Any], revealed: str, **sheets: Any) -> Book:
    """A workbook in which the second of two outcomes (1/2 each) sets a cell."""
    outcomes = ({"outcome": name, "probability": 0.5} for name in ("as it is", "changed"))
    change = {"uncertainty": "law", "outcome": "changed", "operation": "set", "rows": "", **cell}
    return book(
        Uncertainties=[{"uncertainty": "law", "revealed": revealed, **one} for one in outcomes],
        Outcomes=[change],
        **{"Periods": years(3), "Demand": demand(40, 40, 40), **sheets},
    )


# A site without room, and one with 50 MW.
BARE = {"status": "existing", "existing_mw": 0, "max_mw": 0}
STANDING = {"status": "existing", "existing_mw": 50, "max_mw": 50}
# Both run from the period in which they are signed to the end, at 1 per MW-year.
LEASE = {"lease": "L", "site": "A", "max_mw": 100, "rent_per_mw_year": 1}
CONTRACT = {"contract": "C", "site": "A", "kind": "capacity", "max_mw": 100}
CONTRACT |= {"fixed_fee_per_mw_year": 1}
# Of each sheet with a minimum: 40 needed from Y2 on and built in a year at 8 per MW; 40 leased for
# three years; a peak of 50 covered for three years.
SIZED: dict[str, dict[str, Any]] = {
    "Sites": {
        "Sites": {"max_mw": 100, "block_lead_months": 12, "build_cost_per_mw": 8},
        "Demand": demand(0, 40, 40),
    },
    "Leases": {"Sites": BARE, "Leases": [LEASE]},
    "Contracts": {"Sites": STANDING, "Contracts": [CONTRACT]},
}


@pytest.mark.long
@pytest.mark.parametrize(
    ("sheet", "minimum", "least"),
    [
        # What is needed anyway is no less than the minimum.
        ("Sites", 30, 40 * 8),
        ("Leases", 20, 40 * 3),
        ("Contracts", 20, 50 * 3),
        # What is decided before must do in both outcomes.
        ("Sites", 60, 60 * 8),
        ("Leases", 60, 60 * 3),
        ("Contracts", 60, 60 * 3),
    ],
)
def test_a_minimum_of_one_outcome_forbids_nothing_before_it_is_known(
    sheet: str, minimum: float, least: float, tmp_path: Path
) -> None:
    """Proves: what is begun or signed before the outcome is known has at least the minimum that
    one of them has, and may be had at all."""
    cell = {"sheet": sheet, "column": "min_mw", "value": minimum}
    plan = solve(changed(cell, "2029-01-01", **SIZED[sheet]), tmp_path)
    assert plan.cost == pytest.approx(least)


@pytest.mark.long
def test_the_size_of_an_option_is_that_of_each_outcome(tmp_path: Path) -> None:
    """Proves: a lease is had only by an option of 1 per MW, of which there are 40 MW or 20. Bought
    before that is known are 20: 20 + 3 x 20 of rent, and 10 MW unmet at 100 in Y1, 1080. Then 10
    more and their rent for two years, 10 + 20, or 10 MW unmet for two years, 2000: 1080 + 1015."""
    option = {"option": "right", "kind": "lease", "lease": "L", "premium_per_mw": 1}
    made = changed(
        {"sheet": "Options", "column": "max_mw", "value": 20},
        "2028-01-01",
        Sites=BARE,
        Demand=demand(30, 30, 30),
        Leases=[LEASE],
        Options=[option | {"max_mw": 40, "needed_from": "Y1"}],
        Workloads={"unmet_penalty_per_mw_year": 100},
    )
    assert solve(made, tmp_path).cost == pytest.approx(2095)


@pytest.mark.long
def test_the_units_of_a_slot_are_those_of_each_outcome(tmp_path: Path) -> None:
    """Proves: of 9 slots or 3, known once they had to be reserved, 3 are at 1 each: 15 to build 30
    MW, 3 + 15 for their units, 10 unmet in Y2; the other 10 MW cost 5 + 5 in Y3, or 10 unmet."""
    made = changed(
        {"sheet": "Options", "column": "max_units", "value": 3},
        "2028-01-01",
        **CASE,
        **offers(0, 0, 9),
        Options=[SLOT | {"premium_per_unit": 1}],
    )
    assert solve(made, tmp_path).cost == pytest.approx(53)


@pytest.mark.long
def test_a_contract_whose_expiry_is_not_known_can_be_ended(tmp_path: Path) -> None:
    """Proves: a contract signed before that covers no peak costs 50 a year to the end of Y3 or of Y2.
    Known in Y3, it is ended at once for 5 in both outcomes, where 150 or 100 would be paid."""
    made = changed(
        {"sheet": "SignedContracts", "column": "expiry", "value": "2028-12-31"},
        "2029-01-01",
        Sites=[{"site": "A", **STANDING}, {"site": "B", **BARE}],
        Network=[{"site": site, "region": "R", "latency_ms": 10} for site in "AB"],
        Contracts=[CONTRACT | {"site": "B", "termination_fee_per_mw": 0.1}],
        SignedContracts=[{"contract": "C", "signed_mw": 50, "expiry": "2029-12-31"}],
    )
    plan = solve(made, tmp_path)
    assert plan.cost == pytest.approx(5)
    assert set(plan["Terminations"]["signed"]) == {"before (row 2)"}
