"""Rules between the columns of a row, by themselves; tests/models/test_rules.py has those declared."""

from __future__ import annotations

import pandas as pd
import pytest

from optalloc.data.rules import AtLeastOne, ExactlyOne, InOrder, NotAbove, Rows, Rule, Together
from optalloc.data.schema import Column, Kind, Sheet


def found(rule: Rule, **columns: list[object]) -> list[tuple[int, str, str | None]]:
    """Row from 2, column and what is found of each violation; a blank amount means 0."""
    frame = pd.DataFrame(columns)
    rows = Rows(frame.set_axis(range(2, 2 + len(frame))), blanks={"amount": 0.0})
    return [(v.row, v.column, v.found) for v in rule.violations(rows)]


def test_what_a_blank_means_is_not_filled_in() -> None:
    """Proves: 0 where a blank means 0 counts as blank; elsewhere it is a number."""
    rule = Together(("amount", "date"), code="apart")
    when = pd.Timestamp("2028-01-01")
    words = "one without the other"
    assert found(rule, amount=[0.0, 0.0, 5.0, 5.0], date=[None, when, None, when]) == [
        (3, "date", words),
        (4, "date", words),
    ]
    assert found(AtLeastOne(("least",)), least=[0.0, None]) == [(3, "least", None)]


def test_exactly_one_says_how_many_there_are() -> None:
    """Proves: of two columns both or neither is told, of three how many."""
    two, three = ExactlyOne(("a", "b")), ExactlyOne(("a", "b", "c"))
    cells = {"a": ["x", None, "x"], "b": ["x", None, None], "c": [None, None, None]}
    assert found(two, **cells) == [(2, "a", "both"), (3, "a", "neither")]
    assert found(three, **cells) == [(2, "a", "2 of them"), (3, "a", "none of them")]


def test_windows_are_of_dates_or_of_names_in_order() -> None:
    """Proves: dates are compared as such and names by their place; a blank or unknown end is open."""
    days = [pd.Timestamp(day) for day in ("2027-01-01", "2027-01-01", "2028-01-01")]
    rule = InOrder(("since", "until"))
    dates = pd.DataFrame({"since": days, "until": [days[2], pd.NaT, days[0]]})
    assert [(v.row, v.must) for v in rule.violations(Rows(dates))] == [
        (2, "until must not be before since, 2028-01-01")
    ]
    place = {"late": 1, "early": 0}
    names = pd.DataFrame({"since": ["late", None, "late"], "until": ["early", "early", "never"]})
    rows = Rows(names, positions={"since": place, "until": place})
    assert [v.row for v in rule.violations(rows)] == [0]


def test_least_and_most_are_compared_beyond_rounding() -> None:
    """Proves: 0.1 + 0.2 is not above 0.3, and a blank is above nothing."""
    least, most = [0.1 + 0.2, 4.0, float("nan"), 4.0], [0.3, float("nan"), 3.0, 3.0]
    assert found(NotAbove(("least", "most")), least=least, most=most) == [(5, "least", None)]


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        (ExactlyOne(("a", "b")), "rule on no column 'b'"),
        (Together(("a", "a")), "rule without a code: a and a must be given together"),
    ],
)
def test_a_sheet_refuses_a_rule_that_cannot_be_told(rule: Rule, says: str) -> None:
    columns = (Column(name="a", kind=Kind.TEXT, meaning="Name."),)
    with pytest.raises(ValueError, match=says):
        Sheet(name="Things", meaning="One a row.", columns=columns, rules=(rule,))
