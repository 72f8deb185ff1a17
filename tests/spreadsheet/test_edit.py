"""Copies of workbooks with changes: what a sheet lacks is added past everything that stands there."""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import gzip
import re
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

import optalloc
from optalloc.analysis.explain.cell_values import Mover
from optalloc.analysis.explain.limit_cells import Spot
from optalloc.analysis.explain.repair_table import edits_table
from optalloc.analysis.explain.trial import Source, tried
from optalloc.errors import OptallocError
from optalloc.scenarios.edits import Edit, edited, where
from optalloc.spreadsheet.edit import write_edits
from tests import books
from tests.command import optalloc_says

MODEL = optalloc.load_model()
# Nothing is in service before the second year, so that growth alone, without an allowance, lets
# nothing come. 40 MW are needed, at 10 M each; leads are not to be touched.
GROWING = books.book(
    Periods=books.years(2),
    Sites={"block_lead_months": 12},
    Demand=books.demand(0, 40),
    Pace=[{"pace": "g", "max_growth_per_year": 0.5}],
    Relaxations=[{"limit": "sites", "may_relax": "no"}],
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
NOTES = {"#a": 1, "#my note": "agreed with the board, May"}


def as_xlsx(made: books.Book, path: Path) -> Path:
    """Write a workbook as an .xlsx file."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in made.items():
        sheet = book.create_sheet(name)
        if name in books.VERTICAL:
            lines = [("setting", "value"), *rows[0].items()]
        else:
            header = list(dict.fromkeys(key for row in rows for key in row))
            lines = [tuple(header), *(tuple(row.get(key) for key in header) for row in rows)]
        for line in lines:
            sheet.append([_date(cell) for cell in line])
    book.save(path)
    return path


def _date(cell: object) -> object:
    """Dates as Excel has them."""
    return dt.date.fromisoformat(cell) if _DATE.fullmatch(str(cell)) else cell


def noted() -> books.Book:
    """The growing workbook with the planner's own notes right of the data."""
    return {**GROWING, "Pace": [{**GROWING["Pace"][0], **NOTES}]}


def dataset(path: Path) -> optalloc.Dataset:
    return optalloc.validate(optalloc.read_workbook(path), MODEL)


@pytest.mark.slow
def test_a_column_that_an_excel_sheet_lacks_is_added_past_its_notes(tmp_path: Path) -> None:
    """Proves: the allowance of 40 MW stands under its own name right of the notes, which stay; the copy
    is read, checked and solved by the usual command at 40 MW x 10 M.

    Sensitivity: written where the column would stand in its declared order, it has no header and the
    note is lost, and the copy has no plan.
    """
    book, copy = as_xlsx(noted(), tmp_path / "book.xlsx"), tmp_path / "copy.xlsx"
    run = optalloc_says("explain", book, "--relaxed", copy)
    assert run.returncode == 4, run.stderr
    words = (
        "growth_allowance_mw at Pace!E2, a column to be added, its name in E1, from 0 to 40 MW IT"
    )
    assert words in run.stdout
    assert "With that the cheapest plan costs 400 M (proven optimal)." in run.stdout
    assert "(Pace!A2, which lacks growth_allowance_mw)" in run.stdout
    rows = list(openpyxl.load_workbook(copy)["Pace"].iter_rows(values_only=True))
    assert rows == [
        ("pace", "max_growth_per_year", *NOTES, "growth_allowance_mw"),
        ("g", 0.5, *NOTES.values(), 40),
    ]
    assert optalloc.solve(copy).cost == pytest.approx(400)


@pytest.mark.long
@pytest.mark.first(1)
@pytest.mark.parametrize(
    ("mark", "packed"),
    [
        ("", False),
        ("\ufeff", True),
        pytest.param("", True, marks=pytest.mark.slow),
        pytest.param("\ufeff", False, marks=pytest.mark.slow),
    ],
)
def test_a_column_that_a_csv_lacks_is_added_at_its_end(
    mark: str, packed: bool, tmp_path: Path
) -> None:
    """Proves: beside blank columns, quoted notes with line ends of every kind, a byte-order mark, a
    last line without an end and a packed file, the column is added at the end and nothing else moves.
    """
    folder = books.write(GROWING, tmp_path / "book")
    (folder / "Pace.csv").unlink()
    text = mark + 'pace,"max_growth_per_year",,"#a, b"\r\ng,0.5,,"one\x0btwo\nthree"'
    name = "Pace.csv.gz" if packed else "Pace.csv"
    data = text.encode()
    (folder / name).write_bytes(gzip.compress(data) if packed else data)
    said = optalloc.explain(folder, relaxed=tmp_path / "copy")
    assert "growth_allowance_mw at Pace!E2" in said.to_text()
    copied = (tmp_path / "copy" / name).read_bytes()
    lines = (gzip.decompress(copied) if packed else copied).decode().removeprefix(mark)
    assert next(csv.reader(lines.splitlines(keepends=True))) == [
        "pace", "max_growth_per_year", "", "#a, b", "growth_allowance_mw"
    ]  # fmt: skip
    assert lines.endswith('g,0.5,,"one\x0btwo\nthree",40\r\n')
    assert sorted(p.name for p in (tmp_path / "copy").iterdir()) == sorted(
        p.name for p in folder.iterdir()
    )
    assert optalloc.solve(tmp_path / "copy").cost == pytest.approx(400)


def test_settings_that_are_lacking_are_added_below(tmp_path: Path) -> None:
    """Proves: a setting without a row gets one below everything, its name beside it.

    Sensitivity: at the place of its header, A1, it would overwrite what stands there.
    """
    book = as_xlsx(books.book(), tmp_path / "book.xlsx")
    data = dataset(book)
    (row,) = data["Settings"].index
    table = edits_table(data, [Edit("Settings", int(row), "seed", 5.0)])
    assert table[["cell", "to"]].to_numpy().tolist() == [["A9", "seed"], ["B9", 5]]
    write_edits(book, table, tmp_path / "copy.xlsx")
    assert dataset(tmp_path / "copy.xlsx").one("Settings").seed == 5


def test_new_columns_and_rows_share_no_cell(tmp_path: Path) -> None:
    """Proves: two new columns stand side by side under one name each, and a new row below a note."""
    made = books.book(
        Periods=books.years(2),
        Demand=books.demand(0, 40),
        PowerRamp=[
            {"site": "A", "period": "Y2", "energised_mw": 50, "#": None},
            {"site": None, "period": None, "energised_mw": None, "#": "asked in May"},
        ],
    )
    book = as_xlsx(made, tmp_path / "book.xlsx")
    data = dataset(book)
    new = data.new_row("PowerRamp")
    assert new == 4
    assert where(data, "PowerRamp", new, "energised_mw") == "PowerRamp!C4, a row to be added"
    edits = [
        Edit("Sites", 2, "pue", 1.5),
        Edit("Sites", 2, "min_mw", 3.0),
        *(Edit("PowerRamp", new, name, to) for name, to in
          (("site", "A"), ("period", "Y1"), ("energised_mw", 7.0))),
    ]  # fmt: skip
    table = edits_table(data, edits)
    write_edits(book, table, tmp_path / "copy.xlsx")
    copied = dataset(tmp_path / "copy.xlsx")
    for sheet, frame in edited(data, edits).frames.items():
        pd.testing.assert_frame_equal(frame, copied[sheet], check_dtype=False)
    assert openpyxl.load_workbook(tmp_path / "copy.xlsx")["PowerRamp"]["D3"].value == "asked in May"


def test_each_new_row_is_a_row_of_its_own() -> None:
    """Proves: of two cells in rows that are not there yet the second goes below the first."""

    @dataclasses.dataclass
    class Cells:
        spots: list[Spot]

    spot = Spot("PowerRamp", 4, "energised_mw", 0.0, {"site": "B", "period": "Y1"})
    taken = [Edit("PowerRamp", 2, "energised_mw", 60.0), Edit("PowerRamp", 4, "site", "A")]
    mover = Mover(None, Cells([spot]), 0, None, taken)  # type: ignore[arg-type]
    assert mover.spot.row == 5


@pytest.mark.long
def test_nothing_is_written_over_what_came_since(tmp_path: Path) -> None:
    """Proves: a note typed into the cell that was blank when the workbook was explained is not lost."""
    book = as_xlsx(noted(), tmp_path / "book.xlsx")
    said = optalloc.explain(book)
    changed = openpyxl.load_workbook(book)
    changed["Pace"]["E1"] = "#later"
    changed.save(book)
    with pytest.raises(OptallocError, match=r"Pace!E1: must be blank .* found '#later'"):
        optalloc.write_relaxed(book, said, tmp_path / "copy.xlsx")
    assert not (tmp_path / "copy.xlsx").exists()


def test_merged_and_formula_cells_are_kept_clear_of(tmp_path: Path) -> None:
    """Proves: right of the data a blank merged range counts as something that stands there."""
    path = as_xlsx(noted(), tmp_path / "book.xlsx")
    book = openpyxl.load_workbook(path)
    book["Pace"].merge_cells("F1:G1")
    book.save(path)
    assert optalloc.read_workbook(path).sheets["Pace"].reach == (2, 7)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("allowance", "words"),
    [
        (30.0, "With that the workbook still has no plan"),
        (-1.0, "With that the workbook has errors, such as Pace!E2"),
        (40.0, "With that the cheapest plan costs 400 M (proven optimal)."),
    ],
)
def test_no_plan_is_promised_that_the_copy_does_not_have(
    allowance: float, words: str, tmp_path: Path
) -> None:
    """Proves: what is said of a copy is what the usual reading, check and solve of it give."""
    book = as_xlsx(noted(), tmp_path / "book.xlsx")
    table = edits_table(dataset(book), [Edit("Pace", 2, "growth_allowance_mw", allowance)])
    trial = tried(Source(book), table, MODEL, {}, 60.0)
    assert trial.sentence.startswith(words)
    assert (trial.plan is None) == (allowance != 40)


def test_without_time_the_copy_is_not_verified(tmp_path: Path) -> None:
    """Proves: without time for a plan none is promised, and that is said."""
    made = books.hard()
    book = as_xlsx(made, tmp_path / "book.xlsx")
    table = edits_table(dataset(book), [Edit("Sites", 2, "max_mw", 121.0)])
    trial = tried(Source(book), table, MODEL, {}, 0.0)
    assert trial.sentence.startswith("Not verified") and trial.plan is None


def test_a_workbook_with_a_plan_has_no_changed_copy(tmp_path: Path) -> None:
    """Proves: the plan is explained all the same, and it is said that no copy was written."""
    book = as_xlsx(books.book(), tmp_path / "book.xlsx")
    run = optalloc_says("explain", book, "--relaxed", tmp_path / "copy.xlsx", "--budget", 20)
    assert run.returncode == 0 and "The plan costs 400 M" in run.stdout
    assert "was not written: no change is proposed" in run.stderr
    assert not (tmp_path / "copy.xlsx").exists()


@pytest.mark.first(1)
@pytest.mark.parametrize("known", [True, False])
def test_a_changed_date_is_a_date_in_excel(known: bool, tmp_path: Path) -> None:
    """Proves: a date is written as a date, into a cell that held one or none.

    Sensitivity: as text the copy is refused as an input error.
    """
    start = {"earliest_start": "2029-01-01"} if known else {}
    book = as_xlsx(books.book(Sites=start), tmp_path / "book.xlsx")
    edit = Edit("Sites", 2, "earliest_start", pd.Timestamp("2027-07-01"))
    write_edits(book, edits_table(dataset(book), [edit]), tmp_path / "copy.xlsx")
    assert dataset(tmp_path / "copy.xlsx")["Sites"]["earliest_start"].tolist() == [edit.to]
