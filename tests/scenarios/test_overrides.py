"""Cells changed in memory: what each operation does, and what is said of one that cannot be made."""

from __future__ import annotations

import pandas as pd
import pytest

import optalloc
from optalloc.data.checks import checked_rows
from optalloc.errors import Severity
from optalloc.scenarios.edits import edited
from optalloc.scenarios.overrides import (
    Override,
    WrongOverride,
    altered,
    edits_of,
    matches,
    row_filter,
)
from optalloc.scenarios.sheet import SWEEPS, Operation
from tests import books

MODEL = optalloc.load_model()
CASE = books.book(
    Periods=[
        {"period": "H1", "start": "2027-01-01", "months": 6},
        {"period": "H2", "start": "2027-07-01", "months": 6},
        {"period": "Y2", "start": "2028-01-01", "months": 12},
        {"period": "Y3", "start": "2029-01-01", "months": 12},
    ],
    Sites=[
        {"site": "Tokyo North", "market": "J", "status": "candidate", "max_mw": 100,
         "grid_zone": "K", "block_mw": 20, "min_mw": None, "earliest_start": "2027-01-31"},
        {"site": "Tokyo East", "market": "J", "status": "candidate", "max_mw": 60,
         "grid_zone": "K", "block_mw": None, "min_mw": 10, "earliest_start": None},
        {"site": "Sydney", "market": None, "status": "candidate", "max_mw": 80,
         "grid_zone": "N", "block_mw": None, "min_mw": None, "earliest_start": None},
    ],
    Demand=[{"workload": "load", "region": "R", "period": p, "it_mw": 40}
            for p in ("H1", "H2", "Y2", "Y3")],
    Network=[{"site": s, "region": "R", "latency_ms": 10}
             for s in ("Tokyo North", "Tokyo East", "Sydney")],
    PowerRamp=[
        {"site": "Tokyo North", "period": "H1", "energised_mw": 20},
        {"site": "Tokyo North", "period": "H2", "energised_mw": 30},
        {"site": "Tokyo North", "period": "Y3", "energised_mw": 90},
        {"site": "Sydney", "period": "Y2", "energised_mw": 50},
    ],
)  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> optalloc.Dataset:
    folder = books.write(CASE, tmp_path_factory.mktemp("book") / "book")
    return optalloc.validate(optalloc.read_workbook(folder), MODEL)


def made(
    data: optalloc.Dataset, sheet: str, rows: str, column: str, operation: str, value: str
) -> pd.DataFrame:
    override = Override(sheet, row_filter(rows), column, Operation(operation), value)
    return altered(data, [override])[sheet]


def refused(data: optalloc.Dataset, *change: str) -> WrongOverride:
    with pytest.raises(WrongOverride) as refusal:
        made(data, *change)
    return refusal.value


@pytest.mark.parametrize(
    ("rows", "operation", "value", "expected"),
    [
        ("", "set", "50", [50, 50, 50]),
        ("site=tokyo*", "multiply", "1.5", [150, 90, 80]),
        ("site=Tokyo*; block_mw=20", "add", "-10", [90, 60, 80]),
        ("earliest_start=", "add", "5", [100, 65, 85]),
        ("earliest_start=2027-01-??", "set", "7", [7, 60, 80]),
        ("market=", "multiply", "0", [100, 60, 0]),
    ],
)
def test_rows_are_chosen_by_value_wildcard_and_blank(
    data: optalloc.Dataset, rows: str, operation: str, value: str, expected: list[float]
) -> None:
    """Proves: only the rows that match every pattern are changed. Sensitivity: without the filter
    all three sites would be."""
    assert made(data, "Sites", rows, "max_mw", operation, value)["max_mw"].tolist() == expected
    assert data["Sites"]["max_mw"].tolist() == [100, 60, 80], "the base stays as it was"


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("DC [1]", [True, False, False]),
        ("dc [*", [True, True, False]),
        ("DC [!2]", [False, False, False]),
        ("DC ?", [False, False, True]),
        ("*]", [True, True, False]),
    ],
)
def test_a_bracket_in_a_row_filter_is_a_bracket(pattern: str, expected: list[bool]) -> None:
    """Proves: only * and ? stand for letters. Sensitivity: as a class of letters "[1]" and "[!2]"
    match "1" too."""
    assert matches(["DC [1]", "DC [2]", "DC 1"], pattern).tolist() == expected


def test_a_blank_is_not_zero(data: optalloc.Dataset) -> None:
    """Proves: (blank) empties a cell, 0 does not; a blank takes part in no arithmetic."""
    emptied = made(data, "Sites", "site=Tokyo North", "block_mw", "set", "(blank)")["block_mw"]
    assert emptied.isna().tolist() == [True, True, True]
    doubled = made(data, "Sites", "", "block_mw", "multiply", "2")["block_mw"]
    assert doubled.fillna(-1).tolist() == [40, -1, -1]
    zero = made(data, "Sites", "site=Sydney", "min_mw", "set", "0")["min_mw"]
    assert (zero.iloc[2], data["Sites"]["min_mw"].iloc[2]) == (0, data["Sites"]["min_mw"].iloc[2])
    assert refused(data, "Sites", "", "max_mw", "set", "(blank)").must == "max_mw must be filled in"


def test_a_blank_that_stands_for_a_number_is_that_number(data: optalloc.Dataset) -> None:
    """Proves: a blank cost is 0 and a blank PUE its default, which add and multiply start from, as
    from the same number typed; the note on the column says so."""
    sites = MODEL.sheets["Sites"].by_name
    assert (sites["site_cost"].blank, sites["block_mw"].blank) == (0, None)
    assert made(data, "Sites", "", "site_cost", "add", "5")["site_cost"].tolist() == [5] * 3
    worse = made(data, "Sites", "", "pue", "multiply", "1.4")["pue"].tolist()
    assert worse == pytest.approx([1.4 * sites["pue"].blank] * 3)
    typed = altered(data, [Override("Sites", (), "pue", Operation.SET, str(sites["pue"].blank))])
    assert made(typed, "Sites", "", "pue", "multiply", "1.4")["pue"].tolist() == worse
    assert "or that a blank stands for" in SWEEPS.by_name["operation"].meaning


def test_a_blank_with_a_value_of_its_own_takes_it(data: optalloc.Dataset) -> None:
    """Proves: an emptied cell means what a blank one means: a PUE left blank."""
    blank = MODEL.sheets["Sites"].by_name["pue"].blank
    raised = altered(data, [Override("Sites", (), "pue", Operation.SET, "1.9")])
    back = altered(raised, [Override("Sites", (), "pue", Operation.SET, "(blank)")])
    assert raised["Sites"]["pue"].tolist() == [1.9] * 3
    assert back["Sites"]["pue"].tolist() == [blank] * 3


@pytest.mark.parametrize(
    "change",
    [
        ("Sites", "site=Tokyo*", "max_mw", "multiply", "1.5"),
        ("Sites", "", "block_mw", "set", "(blank)"),
        ("Sites", "", "earliest_start", "shift", "2"),
        ("Sites", "site=Sydney", "status", "set", "excluded"),
        ("PowerRamp", "period=H1", "period", "shift", "6"),
        ("Settings", "", "discount_rate", "add", "0.05"),
    ],
)
def test_an_override_amounts_to_edits_of_cells(
    data: optalloc.Dataset, change: tuple[str, str, str, str, str]
) -> None:
    """Proves: the edits of an override, made cell by cell, give the same dataset, and none of them
    leaves its cell as it was."""
    sheet, rows, column, operation, value = change
    override = Override(sheet, row_filter(rows), column, Operation(operation), value)
    edits = list(edits_of(data, [override]))
    assert edits and {(edit.sheet, edit.column) for edit in edits} == {(sheet, column)}
    assert all(edit.to != data[sheet].at[edit.row, column] for edit in edits)
    pd.testing.assert_frame_equal(edited(data, edits)[sheet], altered(data, [override])[sheet])


def test_settings_are_changed_like_any_sheet(data: optalloc.Dataset) -> None:
    override = Override("settings", (), "Discount_Rate", Operation.ADD, "0.05")
    assert altered(data, [override]).one("Settings").discount_rate == pytest.approx(0.05)


def test_a_date_is_shifted_by_months(data: optalloc.Dataset) -> None:
    """Proves: 31 January plus a month is the last day of February; blanks stay blank."""
    shifted = made(data, "Sites", "", "earliest_start", "shift", "1")["earliest_start"]
    assert shifted.iloc[0] == pd.Timestamp("2027-02-28")
    assert shifted.isna().tolist() == [False, True, True]


def test_a_period_is_shifted_to_the_first_that_begins_no_sooner(data: optalloc.Dataset) -> None:
    """Proves: a ramp slips a year. H1 and H2 both come to stand at or before Y2 or Y3: of H1 +12
    months (2028-01) Y2, of H2 + 12 (2028-07) Y3, and of Y3 nothing is left within the horizon.
    """
    ramp = made(data, "PowerRamp", "site=Tokyo*", "period", "shift", "12")
    found = [(r.site, r.period, r.energised_mw) for r in ramp.itertuples()]
    assert found == [("Tokyo North", "Y2", 20), ("Tokyo North", "Y3", 30), ("Sydney", "Y2", 50)]
    _, problems = checked_rows(data.with_frames({"PowerRamp": ramp}), MODEL)
    assert [p for p in problems if p.severity is Severity.ERROR] == []


def test_of_steps_that_meet_the_later_holds(data: optalloc.Dataset) -> None:
    """Proves: two years sooner all three steps stand in the first period, which has the 90 MW of
    the last of them. Sensitivity: three rows of one key would be an error."""
    ramp = made(data, "PowerRamp", "site=Tokyo*", "period", "shift", "-24")
    now = ramp[ramp["site"] == "Tokyo North"].set_index("period")["energised_mw"].to_dict()
    assert now == {"H1": 90}


@pytest.mark.parametrize(
    ("change", "part", "said"),
    [
        (("Sits", "", "max_mw", "set", "1"), "sheet", "Did you mean 'Sites'?"),
        (("Sites", "", "max_mv", "set", "1"), "column", "Did you mean 'max_mw'?"),
        (("Sites", "sight=A", "max_mw", "set", "1"), "rows", "Did you mean 'site'?"),
        (("Sites", "site=Sidney", "max_mw", "set", "1"), "rows", "Did you mean site=Sydney?"),
        (("Sites", "site=Sydney; market=J", "max_mw", "set", "1"), "rows", "Correct the rows."),
        (("Sites", "", "market", "multiply", "2"), "operation", "Use set."),
        (("Sites", "", "earliest_start", "add", "2"), "operation", "Use set, or shift by months."),
        (("Sites", "", "max_mw", "shift", "2"), "operation", "Use add for a number of months"),
        (("Sites", "", "max_mw", "multiply", "-1"), "values", "Correct the value"),
        (("Sites", "", "max_mw", "add", "a lot"), "values", "Type a plain number"),
        (("Sites", "", "max_mw", "add", "inf"), "values", "Type a plain number"),
        (("Sites", "", "max_mw", "set", "-3"), "values", "Correct the number."),
        (("Sites", "", "status", "set", "open"), "values", "Choose one of them."),
        (("Sites", "site=Sydney", "block_mw", "add", "2"), "rows", "Use set, which fills blanks."),
        (
            ("Sites", "site=Sydney", "earliest_start", "shift", "2"),
            "rows",
            "Use set, which fills blanks.",
        ),
        (("Sites", "", "market", "shift", "2"), "operation", "Use add for a number of months"),
        (("Sites", "", "earliest_start", "shift", "1e12"), "values", "Type a plain number"),
        (("PowerRamp", "site=Sydney", "period", "shift", "13"), "values", "Shift by less"),
        (("Leases", "", "max_mw", "set", "1"), "rows", "Correct the rows."),
    ],
)
def test_an_override_that_cannot_be_made_says_which_part_is_wrong(
    data: optalloc.Dataset, change: tuple[str, str, str, str, str], part: str, said: str
) -> None:
    """Proves: each mistake is blamed on the cell that holds it, with what to do."""
    wrong = refused(data, *change)
    assert (wrong.part, wrong.action[: len(said)]) == (part, said)


def test_a_cell_out_of_bounds_is_named(data: optalloc.Dataset) -> None:
    wrong = refused(data, "Sites", "site=Sydney", "max_mw", "add", "-81")
    assert wrong.found == "-1 at Sites!D4"


def test_a_date_is_shifted_within_the_years_that_may_be_typed(data: optalloc.Dataset) -> None:
    """Proves, by hand: 273 years are 3,276 months, after which it is 2300, the last year that may be
    typed; a year later is refused as if typed there, and 4,000 months later it is May 2360."""
    last = made(data, "Sites", "", "earliest_start", "shift", "3276")["earliest_start"]
    assert last.iloc[0] == pd.Timestamp(2300, 1, 31).as_unit("s")
    wrong = refused(data, "Sites", "", "earliest_start", "shift", "3288")
    assert (wrong.part, wrong.found) == ("values", "2301-01-31 at Sites!H2")
    assert wrong.must == "earliest_start must be a date of the years 1900 to 2300"
    assert refused(data, "Sites", "", "earliest_start", "shift", "4000").found[:10] == "2360-05-31"
    assert refused(data, "Sites", "", "earliest_start", "shift", "-1600").found[:4] == "1893"


def test_a_filter_without_a_sign_is_refused() -> None:
    with pytest.raises(WrongOverride, match=r"rows must be column=value"):
        row_filter("Tokyo")
