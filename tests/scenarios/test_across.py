"""What may be wrong on the sheet Across: each message has its cell and what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.books import Book
from tests.scenarios.test_tree import errors, model, notices, problems_of, said, uncertain

LIMIT, SHARE, ROWS = "across-limit", "across-share", "across-rows"
MOST, AVERAGE, TAIL = "in most futures", "on average", "in the tail on average"


def across(*lines: tuple[Any, ...]) -> Book:
    """Lines of limit, rows, holds and share."""
    names = ("limit", "rows", "holds", "share")
    blank = (None,) * len(names)
    return uncertain(Across=[dict(zip(names, (*cells, *blank), strict=False)) for cells in lines])


WRONG = {
    "as it should be": (
        across(
            ("demand_met", "period=Y2; REGION=r", MOST, 0.5),
            ("zone_total", "zone=*", TAIL, 1),
            ("capital_to_date", None, AVERAGE),
            ("growth",),
            (" Emissions_within_cap", "", "in every future"),
        ),
        [("notice", "Across!A6", "spaces-trimmed")],
    ),
    "no such limit": (across(("demand", None, MOST, 0.5)), errors(f"Across!A2 {LIMIT}")),
    "rules of logic, of cuts, of sets, and what follows from others": (
        across(
            ("load_within_online", None, AVERAGE),
            ("delivers_after_loss", None, AVERAGE),
            ("unmet_only_at_a_price", None, AVERAGE),
            ("capacity_covers_demand", None, AVERAGE),
        ),
        errors(*(f"Across!A{row} {LIMIT}" for row in (2, 3, 4, 5))),
    ),
    "an equation on average": (
        across(("demand_met", None, AVERAGE), ("demand_met", None, TAIL, 0.5)),
        errors("Across!C2 across-equation", "Across!C3 across-equation"),
    ),
    "shares": (
        across(
            ("demand_met", None, MOST),
            ("zone_total", None, TAIL),
            ("zone_total", None, AVERAGE, 0.5),
            ("zone_total", None, None, 0.5),
        ),
        errors(*(f"Across!D{row} {SHARE}" for row in (2, 3, 4, 5))),
    ),
    "shares outside": (
        across(
            ("demand_met", None, MOST, 0),
            ("demand_met", None, MOST, -0.5),
            ("demand_met", None, MOST, 1.01),
        ),
        errors(*(f"Across!D{row} out-of-bounds" for row in (2, 3, 4))),
    ),
    "rows": (
        across(
            ("demand_met", "Y2", MOST, 0.5),
            ("demand_met", "site=A", MOST, 0.5),
            ("demand_met", "regoin=R", MOST, 0.5),
        ),
        errors(*(f"Across!B{row} {ROWS}" for row in (2, 3, 4))),
    ),
    "a word": (
        across(("demand_met", None, "mostly", 0.5)),
        errors("Across!C2 unknown-choice"),
    ),
    "several in one line": (
        across(("demand_met", "site=A", AVERAGE, 0.5)),
        errors("Across!B2 across-rows", "Across!C2 across-equation", f"Across!D2 {SHARE}"),
    ),
    "nothing uncertain": (
        uncertain([], [], Across=[{"limit": "demand_met", "holds": MOST, "share": 0.5}]),
        notices("Across!A2 across-unused"),
    ),
}


@pytest.mark.first(4)
@pytest.mark.parametrize(("made", "expected"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_at_its_cell(
    made: Book, expected: list[tuple[str, str, str]], tmp_path: Path
) -> None:
    assert said(made, tmp_path) == expected


def test_messages_say_what_to_do(tmp_path: Path) -> None:
    made = across(
        ("demand_mte", None, MOST, 0.5),
        ("capacity_covers_demand", None, MOST, 0.5),
        ("demand_met", "regoin=R", MOST),
    )
    unknown, implied, rows, share = problems_of(made, tmp_path)
    assert "'demand_met'" in unknown.action
    assert "follows from others" in implied.must
    assert "demand_met" in implied.action
    assert "'region'" in rows.action
    assert "workload, region or period" in rows.must or "workload, region" in rows.must
    assert "0.9" in share.action


def test_no_outcome_changes_the_sheet(tmp_path: Path) -> None:
    made = across(("demand_met", None, MOST, 0.5))
    made["Outcomes"].append(
        {**made["Outcomes"][0], "sheet": "Across", "rows": None, "column": "share",
         "operation": "set", "value": 0.9}
    )  # fmt: skip
    assert said(made, tmp_path) == errors("Outcomes!E3 outcome-fixed")


def test_the_example_is_a_limit_of_the_model() -> None:
    limit = next(c for c in model().sheets["Across"].columns if c.name == "limit").example
    assert limit in model().limits
