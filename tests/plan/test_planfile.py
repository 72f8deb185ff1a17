"""A plan read back from its workbook: equal to the plan, and refused cell by cell where it is not."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import optalloc
from optalloc.data.schema import Column, Kind
from optalloc.data.text import with_text
from optalloc.modelling.outputs import TableSpec
from optalloc.plan.planfile import PlanFile, read_plan
from optalloc.report.workbook import write_plan_workbook
from tests import books

MODEL = optalloc.load_model()


@pytest.fixture(scope="module")
def written(everything: optalloc.Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("written") / "plan.xlsx"
    everything.to_excel(path)
    return path


def same(
    left: pd.DataFrame, right: pd.DataFrame, key: tuple[str, ...], digits: float = 0.0
) -> None:
    """Equal in any order of rows; a blank text is a missing one, a flag among text a word."""

    def plain(value: object) -> object:
        if isinstance(value, bool | np.bool_):
            return "yes" if value else "no"
        return None if value == "" or pd.isna(value) else value

    def normal(frame: pd.DataFrame) -> pd.DataFrame:
        frame = frame.astype(object).map(plain)
        order = list(key) or list(frame.columns)
        return frame.sort_values(order, key=lambda c: c.astype(str), ignore_index=True)

    pd.testing.assert_frame_equal(
        normal(left), normal(right), rtol=digits, atol=0.0, check_dtype=False
    )


def test_tables_read_back_are_the_plans(everything: optalloc.Plan, written: Path) -> None:
    """Proves: every table of a plan that uses every sheet comes back, to the last digit, typed.

    Sensitivity: XlsxWriter's own 16 digits change the last one of some numbers.
    """
    read = read_plan(written)
    assert read.tables.keys() == everything.tables.keys()
    for spec in everything.specs:
        same(read[spec.name], everything.tables[spec.name], spec.key)
        for column in spec.columns:
            found = read[spec.name][column.name].dtype.kind
            if column.kind is Kind.NUMBER:
                assert found == "f", (spec.name, column.name)
            if column.kind is Kind.DATE:
                assert found == "M"
            if column.kind is Kind.FLAG:
                assert found == "b"
    numbers = [
        float(v)
        for spec in everything.specs
        for c in spec.columns
        if c.kind is Kind.NUMBER
        for v in everything.tables[spec.name][c.name]
    ]
    assert any(float(f"{v:.16G}") != v for v in numbers if np.isfinite(v))


def test_the_record_is_the_plans(everything: optalloc.Plan, written: Path) -> None:
    """Proves: hashes, versions, cost, bound and gap are those of the solve."""
    read = read_plan(written, MODEL)
    assert (read.cost, read.bound, read.gap) == (everything.cost, everything.bound, everything.gap)
    assert read.input_hash == everything.input_hash
    assert read.model_hash == MODEL.digest
    assert read.versions == dict(everything.versions)
    assert read.run["option presolve"] == "yes"
    assert read.others == ()


def saved_again(path: Path, target: Path, change: Callable[[Any], object]) -> Path:
    """The workbook opened, changed and saved by another program."""
    book = openpyxl.load_workbook(path)
    change(book)
    book.save(target)
    return target


def shuffled(book: Any) -> None:
    """Rows turned round, columns in another order, another order of sheets, a note and a sheet."""
    for sheet in list(book):
        rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
        head, *body = rows
        order = list(range(len(head)))[::-1]
        sheet.delete_rows(1, len(rows))
        for number, row in enumerate([head, *body[::-1]], start=1):
            for place, old in enumerate(order, start=1):
                sheet.cell(number, place, row[old])
        sheet.cell(1, len(head) + 1, "# mine")
        sheet.cell(2, len(head) + 1, "a note")
    book.move_sheet("Summary", 5)
    book.create_sheet("Notes")["A1"] = "my own"


def test_a_plan_sorted_and_saved_by_another_program_is_the_same(
    written: Path, tmp_path: Path
) -> None:
    """Proves: order of sheets, rows and columns is of no account, and neither are notes; the
    16 digits that the other program keeps are enough."""
    first, other = read_plan(written), saved_again(written, tmp_path / "p.xlsx", shuffled)
    read = read_plan(other)
    for spec in first.specs:
        same(read[spec.name], first[spec.name], spec.key, digits=1e-15)
    assert read.others == ("Notes",)


def cell_of(sheet: Any, **where: str) -> Any:
    """Cell of the column that ``at`` names, in the first row with these values."""
    titles = {cell.value.partition(" (")[0]: cell.column for cell in sheet[1] if cell.value}
    at = titles[where.pop("at")]
    for row in range(2, sheet.max_row + 1):
        if all(sheet.cell(row, titles[k]).value == v for k, v in where.items()):
            return sheet.cell(row, at)
    raise AssertionError(where)


def test_what_cannot_be_read_names_its_cell(written: Path, tmp_path: Path) -> None:
    """Proves: each wrong cell is told, all at once, with sheet and cell; a wrong title stops."""
    cells = {}

    def spoil(book: Any) -> None:
        cells["number"] = cell_of(book["Cost"], at="cash")
        cells["flag"] = cell_of(book["Build"], at="Y2", measure="committed")
        cells["wide"] = cell_of(book["Build"], at="Y1", measure="online_mw (MW IT)")
        cells["date"] = cell_of(book["Actions"], at="date")
        cells["measure"] = cell_of(book["Load"], at="measure")
        cells["whole"] = cell_of(book["CashFlow"], at="year")
        cells["formula"] = cell_of(book["Cost"], at="present_value")
        wrong = ["many", "perhaps", True, "soon", "served_mww", 2027.5, "=1+1"]
        for cell, value in zip(cells.values(), wrong, strict=True):
            cell.value = value

    with pytest.raises(optalloc.InputError) as refusal:
        read_plan(saved_again(written, tmp_path / "plan.xlsx", spoil))
    told = [str(problem) for problem in refusal.value.problems]
    at = {k: f"plan.xlsx {c.parent.title}!{c.coordinate}: " for k, c in cells.items()}
    expected = [
        f"{at['date']}date must be a date; found 'soon'. ",
        f"{at['number']}cash must be a number; found 'many'. ",
        f"{at['formula']}a formula must have a calculated value",
        f"{at['whole']}year must be a whole number; found 2027.5. ",
        f"{at['flag']}committed must be yes or no; found 'perhaps'. ",
        f"{at['wide']}online_mw must be a number; found TRUE. ",
        f"{at['measure']}the measure must be one of served_mw, taken_mw; found 'served_mww'. Did you mean 'served_mw'? ",
    ]
    assert len(told) == len(expected)
    for line in expected:
        assert any(found.startswith(line) for found in told), (line, told)


def test_a_repeated_row_of_a_spread_table_is_told(written: Path, tmp_path: Path) -> None:
    """Proves: a row pasted twice is not read as if the second had not been there."""

    def spoil(book: Any) -> None:
        book["Build"].append([cell.value for cell in book["Build"][2]])

    with pytest.raises(optalloc.InputError, match="no two rows may be about the same; row 2 has"):
        read_plan(saved_again(written, tmp_path / "plan.xlsx", spoil))


def renamed(sheet: str, cell: str) -> Callable[[Any], None]:
    def change(book: Any) -> None:
        book[sheet][cell] = "other"

    return change


def without(sheet: str) -> Callable[[Any], None]:
    return lambda book: book.remove(book[sheet])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (without("Run"), r"plan.xlsx must be a plan of optalloc; found no sheet Run\."),
        (without("Build"), r"plan of optalloc; found no sheet Build, which had rows\."),
        (renamed("Build", "A1"), "plan.xlsx Build!A1: there must be a column site; found none"),
        (renamed("Run", "A2"), "must be a plan of optalloc; found no entry 'input hash' on its"),
    ],
)
def test_what_is_no_plan_is_refused(
    written: Path, tmp_path: Path, change: Callable[[Any], None], message: str
) -> None:
    """Proves: a sheet, a column or an entry that is lacking is named."""
    with pytest.raises(optalloc.InputError, match=message):
        read_plan(saved_again(written, tmp_path / "plan.xlsx", change))


def test_a_folder_and_an_input_workbook_are_refused(
    everything_folder: Path, tmp_path: Path
) -> None:
    """Proves: what solve takes is not mistaken for what it writes."""
    with pytest.raises(optalloc.InputError, match="must be a plan of optalloc; found a folder"):
        read_plan(everything_folder)
    optalloc.write_template(MODEL, tmp_path / "book.xlsx")
    with pytest.raises(optalloc.InputError, match="must be a plan of optalloc; found no sheet Su"):
        read_plan(tmp_path / "book.xlsx")


def test_a_plan_without_rows_on_most_sheets_reads_back(
    solve: Callable[..., optalloc.Plan], tmp_path: Path
) -> None:
    """Proves: an empty table has no sheet, and comes back as an empty table with its columns; a
    plan of a version that knew fewer tables, or wrote the empty ones, reads back the same.
    Sensitivity: without its record, a sheet that had rows by the audit is still missed."""
    plan = solve()
    plan.to_excel(tmp_path / "plan.xlsx")
    read = read_plan(tmp_path / "plan.xlsx")
    book = openpyxl.load_workbook(tmp_path / "plan.xlsx")
    assert book.sheetnames == [s.name for s in plan.specs if len(plan.tables[s.name])]
    assert "OptionsHeld" not in book.sheetnames

    def earlier(book: Any) -> None:
        run = book["Run"]
        run.delete_rows(next(c.row for c in run["A"] if c.value == "tables with rows"))
        book.create_sheet("Sources").append([c.name for c in MODEL.outputs["Sources"].columns])

    old = saved_again(tmp_path / "plan.xlsx", tmp_path / "old.xlsx", earlier)
    assert read_plan(old).tables.keys() == plan.tables.keys()
    with pytest.raises(optalloc.InputError, match="found no sheet Build, which had rows"):
        read_plan(saved_again(old, tmp_path / "lost.xlsx", without("Build")))
    for spec in plan.specs:
        same(read[spec.name], plan.tables[spec.name], spec.key)
        assert list(read[spec.name]) == [column.name for column in spec.columns]


def column(name: str, kind: Kind) -> Column:
    return Column(name=name, kind=kind, meaning=f"Meaning of {name}.")


WIDE = TableSpec(
    name="Wide",
    meaning="A table spread by date.",
    key=("site", "count", "start"),
    across="start",
    spread=("built", "mw"),
    columns=(
        column("site", Kind.TEXT),
        column("count", Kind.INTEGER),
        column("start", Kind.DATE),
        column("built", Kind.FLAG),
        column("mw", Kind.NUMBER),
    ),
)
rows_of_wide = st.dictionaries(
    st.tuples(
        st.sampled_from(["a", "A", " a", "2027", "=1+1", "1.5", "yes"]),
        st.integers(-3, 3),
        st.dates(dt.date(1999, 1, 1), dt.date(2001, 1, 1)),
    ),
    st.tuples(st.booleans(), st.floats(allow_nan=True, allow_infinity=True)),
    max_size=12,
)


@books.few
@given(rows_of_wide, st.booleans())
def test_any_spread_table_reads_back(
    everything: optalloc.Plan,
    tmp_path: Path,
    rows: dict[tuple[str, int, dt.date], tuple[bool, float]],
    wide: bool,
) -> None:
    """Proves: keys that look like numbers, dates over the width, any number, infinite or missing."""
    spec = WIDE if wide else replace(WIDE, across="", spread=())
    frame = pd.DataFrame(
        [(*k, *v) for k, v in rows.items()], columns=[c.name for c in WIDE.columns]
    )
    frame["start"] = pd.to_datetime(frame["start"])
    target = tmp_path / "plan.xlsx"
    write_plan_workbook({**everything.tables, "Wide": frame}, [*everything.specs, spec], (), target)
    family = replace(MODEL.families[0], name="wide", outputs=(spec,))
    model = replace(MODEL, families=(*MODEL.families, family))
    same(read_plan(target, model)["Wide"], with_text(frame), spec.key)


def test_a_file_read_in_vain_leaves_the_plan(written: Path, tmp_path: Path) -> None:
    """Proves: a truncated file is told as such."""
    target = tmp_path / "plan.xlsx"
    shutil.copy(written, target)
    target.write_bytes(target.read_bytes()[:-400])
    with pytest.raises(optalloc.InputError, match="must be complete and undamaged"):
        read_plan(target)


def test_tables_are_named_in_any_case(written: Path) -> None:
    """Proves: a wrong name says which there are."""
    read: PlanFile = read_plan(written)
    assert len(read["BUILD"]) == len(read["Build"])
    with pytest.raises(KeyError, match="no table 'Bild'; there are: Summary"):
        read["Bild"]
