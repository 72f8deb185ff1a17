"""Sums of decimal numbers are compared as a planner adds them, not as binary fractions round."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import optalloc
from optalloc.data.convert import convert
from optalloc.data.rounding import exceeds
from optalloc.data.schema import Column, Kind
from tests.books import binding, book, demand, least_cost, write, years
from tests.families import Solve, problems

MODEL = optalloc.load_model()
THIRD = 0.1 + 0.2  # 0.30000000000000004


def test_rounding_is_no_difference_and_a_thousandth_is_one() -> None:
    """Proves: the comparison holds by element, with blanks and infinities."""
    left = np.array([0.1 + 0.2, 4.3 + 8.8, 13.101, np.nan, 1.0, np.inf])
    right = np.array([0.3, 13.1, 13.1, 1.0, np.inf, 1.0])
    assert exceeds(left, right).tolist() == [False, False, True, False, False, True]


def test_a_site_that_is_full_is_not_too_small(solve: Solve) -> None:
    """Proves: 4.3 and 8.8 MW fit into 13.1, which they exceed by 2e-15 in binary; nothing more may be
    built there, so that 6.9 of 20 MW remain unmet at 50 M a year, and 0.5 M each is paid for 13.1.

    Sensitivity: with 13.2 MW standing the workbook is refused.
    """
    site = {"status": "existing", "max_mw": 13.1, "existing_mw": 4.3, "under_construction_mw": 8.8}
    case: dict[str, Any] = {
        "Sites": site | {"under_construction_online": "2027-01-01", "cost_per_mw_year": 0.5},
        "Workloads": {"unmet_penalty_per_mw_year": 50},
        "Demand": demand(20),
    }
    plan = solve(**case)
    assert plan.cost == pytest.approx(13.1 * 0.5 + 6.9 * 50)
    (refused,) = problems(solve, **{**case, "Sites": case["Sites"] | {"existing_mw": 4.4}})
    assert "at least what stands or is being built, 13.2 MW; found 13.1" in refused


def test_what_is_signed_adds_up_to_what_there_is(solve: Solve) -> None:
    """Proves: 0.1 and 0.2 MW signed of a contract of 0.3 MW are no error, and nothing is left of it.

    Sensitivity: 0.1 and 0.21 are.
    """
    signed = [
        {"contract": "C", "signed_mw": mw, "expiry": expiry}
        for mw, expiry in ((0.1, "2029-01-01"), (0.2, "2030-01-01"))
    ]
    case: dict[str, Any] = {
        "Contracts": [{"contract": "C", "site": "A", "kind": "capacity", "max_mw": 0.3}],
        "SignedContracts": signed,
        "Workloads": {"unmet_penalty_per_mw_year": 50},
        "Demand": demand(1),
    }
    assert solve(**case)["Procurement"]["signed_mw"].sum() == 0
    signed[1]["signed_mw"] = 0.21
    (refused,) = problems(solve, **case)
    assert "must be at most its max_mw, 0.3; found 0.31" in refused


SITE = {"status": "candidate", "max_mw": 0.3}
CONTRACT = {"contract": "C", "site": "A", "kind": "capacity", "max_mw": 0.3}
LEASE = {"lease": "L", "site": "A", "max_mw": 0.3, "rent_per_mw_year": 1}
DECISION = {"decision": "D", "what": "online_mw", "site": "A", "period": "Y1", "at_most": 0.3}


@pytest.mark.long
@pytest.mark.parametrize(
    ("sheet", "row", "column"),
    [
        ("Sites", SITE, "min_mw"),
        ("Sites", SITE, "block_mw"),
        ("Contracts", CONTRACT, "min_mw"),
        ("Contracts", CONTRACT, "block_mw"),
        ("Leases", LEASE, "min_mw"),
        ("Decisions", DECISION, "at_least"),
    ],
)
def test_a_formula_may_miss_its_bound_by_rounding(
    sheet: str, row: dict[str, Any], column: str, tmp_path: Path
) -> None:
    """Proves: =0.1+0.2 is not above 0.3 on any sheet that compares two cells.

    Sensitivity: 0.31 is.
    """

    def codes(value: float) -> set[str]:
        filled = row | {column: value}
        rows = {sheet: filled} if sheet == "Sites" else {sheet: [filled]}
        case = book(Workloads={"unmet_penalty_per_mw_year": 50}, **rows)
        folder = write(case, tmp_path / str(value))
        _, found = optalloc.check(optalloc.read_workbook(folder), MODEL)
        return {problem.code for problem in found if problem.severity == "error"}

    assert codes(THIRD) == set()
    assert codes(0.31) <= {"min-above-max", "bounds-crossed"} and codes(0.31)


def test_a_latency_at_its_limit_by_formula_serves(tmp_path: Path) -> None:
    """Proves: 0.1 + 0.2 ms are within 0.3. Sensitivity: 0.31 ms are not, and nothing can serve."""
    near = book(Workloads={"max_latency_ms": 0.3}, Network={"latency_ms": THIRD})
    assert least_cost(near, tmp_path / "near") == 400
    far = book(Workloads={"max_latency_ms": 0.3}, Network={"latency_ms": 0.31})
    with pytest.raises(optalloc.InputError, match="unreachable-demand"):
        least_cost(far, tmp_path / "far")


def test_room_left_by_rounding_is_none(solve: Solve) -> None:
    """Proves: 0.3 less 0.1 and 0.2 leaves no room, so that no start of 6e-17 MW is asked about."""
    plan = solve(
        Periods=years(2),
        Sites={
            "status": "existing", "max_mw": THIRD, "existing_mw": 0.3, "site_cost": 5,
        },
        Workloads={"unmet_penalty_per_mw_year": 50},
        Demand=demand(1, 1),
    )  # fmt: skip
    assert plan["Build"]["started_mw"].tolist() == [0, 0]
    assert not binding(plan, "starts_on_committed_site")


@pytest.mark.parametrize(
    ("value", "kind", "read"),
    [
        (1.0000000000000002, Kind.NUMBER, 1.0),
        (2.9999999999999996, Kind.INTEGER, 3.0),
        (1.001, Kind.NUMBER, None),
        (2.999, Kind.INTEGER, None),
    ],
)
def test_a_formula_is_read_as_the_bound_or_integer_it_means(
    value: float, kind: Kind, read: float | None
) -> None:
    """Proves: shares that add up to 1, and counts that a formula works out, are read as such.

    Sensitivity: a difference that can be seen is refused.
    """
    most = 1 if kind is Kind.NUMBER else 9
    column = Column(name="x", kind=kind, meaning="Any.", at_least=0, at_most=most)
    found = convert([value], column, text=False)
    assert bool(found.faults) == (read is None)
    assert read is None or found.values.tolist() == [read]
