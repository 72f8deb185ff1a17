"""Totals rows: those that a table marks are left out, those that only look like one are read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from openpyxl.worksheet.table import Table

import optalloc
from optalloc.report.template import write_template
from optalloc.spreadsheet.totals import adds_up
from tests.books import Book, book, write

MODEL = optalloc.load_model()
COMPONENTS = [
    {"component": "racks", "cost_per_mw": 2},
    {"component": "shell", "cost_per_mw": 1},
]
TOTAL = ["Total", None, 3]


def workbook(path: Path, rows: list[dict[str, Any]], below: list[Any], marked: bool) -> Path:
    """One site of 40 MW at 10 M, with components, and a row below them that a table may mark."""
    made: Book = book(Components=rows)
    write_template(MODEL, path, made)
    changed = openpyxl.load_workbook(path)
    sheet = changed["Components"]
    last = len(rows) + 2
    for column, value in enumerate(below, start=1):
        sheet.cell(last, column).value = value
    table = Table(displayName="Parts", ref=f"A1:C{last}", totalsRowCount=1 if marked else None)
    sheet.add_table(table)
    changed.save(path)
    return path


def found(path: Path) -> list[tuple[str, str, str]]:
    """Problems of a workbook but its cost of capital: severity, code and cell."""
    _, problems = optalloc.check(optalloc.read_workbook(path), MODEL)
    return [
        (str(p.severity), p.code, p.cell) for p in problems if "totals" in p.code or p.severity == "error"
    ]  # fmt: skip


def components(path: Path) -> list[str]:
    data, _ = optalloc.check(optalloc.read_workbook(path), MODEL)
    names: list[str] = data["Components"]["component"].tolist()
    return names


@pytest.mark.long
def test_the_totals_row_of_a_table_is_left_out_with_a_notice(tmp_path: Path) -> None:
    """Proves: 40 MW cost 400 M and 40 x 3 M of components, the table's totals row counting nothing,
    though its formula was never worked out.

    Sensitivity: without the mark the row counts as a third component, 120 M more.
    """
    marked = workbook(tmp_path / "marked.xlsx", COMPONENTS, TOTAL, True)
    assert found(marked) == [("notice", "totals-row", "A4")]
    assert optalloc.solve(marked).cost == pytest.approx(400 + 40 * 3)
    plain = workbook(tmp_path / "plain.xlsx", COMPONENTS, TOTAL, False)
    assert optalloc.solve(plain).cost == pytest.approx(400 + 40 * 6)
    formula = ["Total", None, "=SUBTOTAL(109,Parts[cost_per_mw])"]
    assert found(workbook(tmp_path / "f.xlsx", COMPONENTS, formula, True)) == [
        ("notice", "totals-row", "A4")
    ]


@pytest.mark.long
def test_a_row_that_looks_like_a_total_is_read_with_a_notice(tmp_path: Path) -> None:
    """Proves: neither is such a row dropped, nor does it count in silence, in a CSV too.

    Sensitivity: a row of another name has no notice.
    """
    path = workbook(tmp_path / "a.xlsx", COMPONENTS, TOTAL, False)
    assert found(path) == [("notice", "like-totals-row", "A4")]
    assert components(path) == ["racks", "shell", "Total"]
    assert found(workbook(tmp_path / "b.xlsx", COMPONENTS, ["crane", None, 3], False)) == []
    rows = [*COMPONENTS, {"component": " SUMME: ", "cost_per_mw": 3}]
    folder = write(book(Components=rows), tmp_path / "folder")
    assert ("notice", "like-totals-row", "A4") in found(folder)


def test_a_formula_that_adds_up_the_rows_above_is_noticed(tmp_path: Path) -> None:
    """Proves: whatever its name, a row whose value is the sum of the cells above looks like a total."""
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as made:
        sheet = made.add_worksheet("Components")
        sheet.write_column("A1", ["component", "racks", "shell", "all parts", "half"])
        sheet.write_column("B1", ["cost_per_mw", 2, 1])
        sheet.write_formula("B4", "=SUM(B2:B3)", None, 3)
        sheet.write_formula("B5", "=SUM(D1:D3)", None, 1.5)
    read = optalloc.read_workbook(path)
    assert [(p.code, p.cell) for p in read.problems] == [("like-totals-row", "B4")]
    assert read.sheets["Components"].rows[3] == ("all parts", 3)


@pytest.mark.parametrize(
    ("formula", "says"),
    [
        ("SUM(B2:B3)", True),
        (" =sum( $B$2 : B$3 ) ", True),
        ("SUBTOTAL(109,B2:B3)", True),
        ("AGGREGATE(9,5,B2:B3)", True),
        ("SUM(B2:B3)*2", False),
        ("SUM(C2:C3)", False),
        ("SUM(B5:B9)", False),
        ("SUM(Other!B2:B3)", False),
        ("SUM(B2:B99999999999)", False),
    ],
)
def test_which_formulas_add_up_what_stands_above(formula: str, says: bool) -> None:
    """Proves: only sums of cells above in the same column do, of a formula in B4."""
    assert adds_up(formula, 4, 2) == says


def test_only_the_cells_of_the_table_are_left_out(tmp_path: Path) -> None:
    """Proves: of two tables side by side, each loses its own totals row; what stands beside one on
    the same row, or below it, is read."""
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as made:
        sheet = made.add_worksheet("#Work")
        for first, rows in (("A1", 4), ("D1", 6)):
            row, column = 0, 0 if first == "A1" else 3
            sheet.write_column(row, column, ["name", *range(1, rows)])
            sheet.add_table(
                row, column, rows, column + 1,
                {"total_row": True,
                 "columns": [{"header": "n", "total_string": "Total"},
                             {"header": "x", "total_function": "sum"}]},
            )  # fmt: skip
        sheet.write("A8", "below")
    read = optalloc.read_workbook(path)
    rows = read.sheets["#Work"].rows
    assert rows[4] == (None, None, None, 4, None)
    assert rows[6] == (None, None, None, None, None)
    assert rows[7][0] == "below"
    assert [(p.code, p.cell) for p in read.problems] == [("totals-row", "A5"), ("totals-row", "D7")]


def test_a_new_row_goes_below_the_totals_row(tmp_path: Path) -> None:
    """Proves: what is proposed as a new row writes over no totals row and no note."""
    path = workbook(tmp_path / "a.xlsx", COMPONENTS, TOTAL, True)
    data, _ = optalloc.check(optalloc.read_workbook(path), MODEL)
    assert data["Components"].index.tolist() == [2, 3]
    assert data.new_row("Components") == 5
    assert data.new_row("Sites") == 3
