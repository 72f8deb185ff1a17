"""Conversion of single cells: each kind from a workbook and from a CSV."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optalloc.data.convert import convert, shown
from optalloc.data.schema import Column, Kind
from optalloc.errors import CODES, Severity

NOON = dt.datetime(2027, 1, 1, 12)


def column(kind: Kind, **more: Any) -> Column:
    choices = ("even", "at_start") if kind is Kind.CHOICE else ()
    return Column(name="thing", kind=kind, meaning="A thing.", choices=choices, **more)


def value(cell: object, kind: Kind, *, text: bool = False, **more: Any) -> object:
    """The value of a cell that fits."""
    converted = convert([cell], column(kind, **more), text=text)
    assert converted.faults == []
    return converted.values[0]


def code(cell: object, kind: Kind, *, text: bool = False, **more: Any) -> str:
    """The code of the only fault of a cell that does not fit."""
    converted = convert([cell], column(kind, **more), text=text)
    (fault,) = converted.faults
    assert fault.code in CODES["Sheets, columns and cells"]
    assert pd.isna(converted.values[0]) or kind is Kind.FLAG
    return fault.code


@pytest.mark.parametrize(
    ("cell", "expected"), [(5, 5.0), (2.5, 2.5), (-0.0, 0.0), (1e12, 1e12), (1e-9, 1e-9)]
)
def test_numbers(cell: float, expected: float) -> None:
    got = value(cell, Kind.NUMBER)
    assert got == expected
    assert math.copysign(1, float(str(got))) == math.copysign(1, expected)
    assert value(repr(cell), Kind.NUMBER, text=True) == expected


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("twelve", "not-a-number"),
        ("12 MW", "not-a-number"),
        ("1,000", "not-a-number"),
        ("1_000", "not-a-number"),
        ("１２", "not-a-number"),
        (True, "not-a-number"),
        (dt.datetime(2027, 1, 1), "not-a-number"),
        ("12", "text-number"),
        (" 12 ", "text-number"),
        (math.inf, "not-finite"),
        (math.nan, "not-finite"),
        (10**400, "not-finite"),
        (1e308, "not-computable"),
        (-1e13, "not-computable"),
        (5e-324, "not-computable"),
    ],
)
def test_what_is_no_number(cell: object, expected: str) -> None:
    assert code(cell, Kind.NUMBER) == expected
    assert code(cell, Kind.INTEGER) == expected


SHARE: dict[str, Any] = {"unit": "share of cost", "at_least": 0, "at_most": 1}


@pytest.mark.parametrize("text", [True, False])
@pytest.mark.parametrize(("cell", "expected"), [("8%", 0.08), (" 8 % ", 0.08), ("0.07%", 0.0007)])
def test_a_share_may_be_written_in_percent(cell: str, expected: float, text: bool) -> None:
    """Proves: 8% is 0.08, as text in either kind of input. Sensitivity: of MW it is no number."""
    assert value(cell, Kind.NUMBER, text=text, **SHARE) == expected
    assert value(cell, Kind.NUMBER, text=text, unit="per year", at_most=1) == expected
    assert code(cell, Kind.NUMBER, text=text, unit="MW") == "not-a-number"


@pytest.mark.parametrize(("cell", "expected"), [("x%", "not-a-number"), ("150%", "out-of-bounds")])
def test_nonsense_in_percent_is_refused(cell: str, expected: str) -> None:
    assert code(cell, Kind.NUMBER, text=True, **SHARE) == expected


def test_percent_without_its_sign_is_told_how_to_write_it() -> None:
    (fault,) = convert([8], column(Kind.NUMBER, **SHARE), text=False).faults
    assert (fault.code, fault.action) == (
        "out-of-bounds",
        "Write 8 percent as 0.08 or 8%.",
    )
    (fault,) = convert([800], column(Kind.NUMBER, **SHARE), text=False).faults
    assert fault.action == "Correct the number."


@pytest.mark.parametrize("cell", ["NaN", "inf", "-Infinity", "1e999"])
def test_a_csv_may_spell_what_is_not_finite(cell: str) -> None:
    assert code(cell, Kind.NUMBER, text=True) == "not-finite"


def test_text_numbers_are_fine_in_a_csv_and_not_in_a_workbook() -> None:
    assert value(" 1e3 ", Kind.NUMBER, text=True) == 1000
    assert code("1e3", Kind.NUMBER) == "text-number"


def test_bounds_are_named_with_their_unit() -> None:
    share = column(Kind.NUMBER, unit="share", above=0, at_most=1)
    (fault,) = convert([1.5], share, text=False).faults
    assert fault.must == "thing must be above 0 and at most 1 share"
    assert (fault.found, fault.code) == ("1.5", "out-of-bounds")
    assert code(0, Kind.NUMBER, above=0) == "out-of-bounds"
    assert value(0, Kind.NUMBER, at_least=0) == 0
    assert value(1, Kind.NUMBER, at_most=1) == 1


def test_whole_numbers() -> None:
    assert value(3.0, Kind.INTEGER) == 3
    assert value("3", Kind.INTEGER, text=True) == 3
    assert code(2.5, Kind.INTEGER) == "not-whole"


@pytest.mark.parametrize("cell", [dt.datetime(2028, 2, 29), dt.date(2028, 2, 29)])
def test_dates_of_a_workbook(cell: dt.date) -> None:
    assert value(cell, Kind.DATE) == np.datetime64("2028-02-29")


@pytest.mark.parametrize(
    "cell", ["2028-02-29", " 2028-02-29 ", "2028-02-29T00:00:00", "2028-02-29 00:00"]
)
def test_dates_of_a_csv(cell: str) -> None:
    assert value(cell, Kind.DATE, text=True) == np.datetime64("2028-02-29")
    assert code(cell, Kind.DATE) == "text-date"


@pytest.mark.parametrize(
    "cell",
    [
        "soon",
        "29/02/2028",
        "2027-02-29",
        "2027-13-01",
        "2028-02-29T12:00",
        "２０２８-02-29",
        "9999-12-31",
        "1899-12-31",
    ],
)
def test_what_is_no_date_in_a_csv(cell: str) -> None:
    assert code(cell, Kind.DATE, text=True) == "not-a-date"


@pytest.mark.parametrize(
    "cell", [46000, 2027.0, True, "soon", dt.time(12), NOON, dt.datetime(9999, 1, 1)]
)
def test_what_is_no_date_in_a_workbook(cell: object) -> None:
    assert code(cell, Kind.DATE) == "not-a-date"


@pytest.mark.parametrize("cell", [True, "yes", " YES ", "true", 1, 1.0, "1"])
def test_yes(cell: object) -> None:
    assert value(cell, Kind.FLAG) is np.True_


@pytest.mark.parametrize("cell", [False, "no", "No", "FALSE", 0, 0.0, "0"])
def test_no(cell: object) -> None:
    assert value(cell, Kind.FLAG) is np.False_


@pytest.mark.parametrize("cell", ["y", "perhaps", 2, 0.5, NOON])
def test_neither_yes_nor_no(cell: object) -> None:
    assert code(cell, Kind.FLAG) == "not-yes-or-no"


def test_choices_in_any_case() -> None:
    assert value(" At_Start ", Kind.CHOICE) == "at_start"
    assert code("at_end", Kind.CHOICE) == "unknown-choice"
    assert code(1, Kind.CHOICE) == "unknown-choice"


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("Oslo", "Oslo"),
        (2027, "2027"),
        (2027.0, "2027"),
        (1.5, "1.5"),
        (dt.datetime(2027, 1, 1), "2027-01-01"),
    ],
)
def test_names(cell: object, expected: str) -> None:
    assert value(cell, Kind.TEXT) == expected


@pytest.mark.parametrize("cell", [True, dt.time(12), dt.timedelta(1), "x" * 32_768])
def test_what_is_no_name(cell: object) -> None:
    assert code(cell, Kind.TEXT) == "not-a-name"


def test_spaces_around_a_name_are_told_of() -> None:
    converted = convert([" Oslo\t"], column(Kind.TEXT), text=True)
    assert list(converted.values) == ["Oslo"]
    assert [(f.code, f.severity) for f in converted.faults] == [("spaces-trimmed", Severity.NOTICE)]


@pytest.mark.parametrize("blank", [None, "", "  ", "\u00a0"])
def test_a_blank_is_not_nought(blank: object) -> None:
    for kind in Kind:
        assert code(blank, kind) == "blank"
    assert np.isnan(np.float64(str(value(blank, Kind.NUMBER, blank=None, blank_means="none"))))
    assert value(blank, Kind.NUMBER, blank=7.5) == 7.5
    assert value(blank, Kind.FLAG, blank=True) is np.True_
    assert value(blank, Kind.TEXT, blank=None, blank_means="none") is None


def test_an_absent_column_is_one_problem_told_elsewhere() -> None:
    assert convert([None, None], column(Kind.TEXT), text=False, absent=True).faults == []


def test_faults_come_with_their_position() -> None:
    converted = convert([1, "x", 2, None], column(Kind.NUMBER), text=False)
    assert [(f.position, f.code) for f in converted.faults] == [(1, "not-a-number"), (3, "blank")]
    assert list(converted.values[[0, 2]]) == [1, 2]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (None, "a blank"),
        (math.nan, "a blank"),
        (pd.NaT, "a blank"),
        ("a b", "'a b'"),
        ("", "''"),
        (3.0, "3"),
        (0.1, "0.1"),
        (1e300, "1e+300"),
        (True, "TRUE"),
        (NOON, "2027-01-01 12:00:00"),
        (pd.Timestamp("2027-01-01"), "2027-01-01"),
        (dt.time(12), "12:00:00"),
    ],
)
def test_cells_are_shown_as_planners_know_them(cell: object, expected: str) -> None:
    assert shown(cell) == expected


CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=40),
    st.datetimes(),
    st.dates(),
    st.times(),
    st.timedeltas(),
)


@pytest.mark.long
@settings(max_examples=300, deadline=None, derandomize=True)
@given(cell=CELLS, kind=st.sampled_from(list(Kind)), text=st.booleans(), required=st.booleans())
def test_any_cell_is_a_value_or_one_fault(
    cell: object, kind: Kind, text: bool, required: bool
) -> None:
    given_blank = {} if required else {"blank": None, "blank_means": "nothing"}
    converted = convert([cell], column(kind, **given_blank), text=text)
    assert len(converted.values) == 1
    bad = [fault for fault in converted.faults if fault.severity is Severity.ERROR]
    assert len(bad) <= 1
    for fault in converted.faults:
        assert fault.code in CODES["Sheets, columns and cells"]
        assert len(fault.found) <= 80
        assert "\n" not in fault.found
