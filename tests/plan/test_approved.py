"""The approved plan as input: read from its plan.xlsx, and refused in one line where it is none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest

import optalloc
from optalloc.data import schema
from tests import books

MODEL = optalloc.load_model()
TITLES = ("date", "period", "action", "subject", "mw (MW)")
DAY = dt.datetime(2027, 1, 1)
ROWS = [
    (DAY, "Y1", "commit site", "A", None),
    (DAY, "Y1", "start building", "A", 40.5),
]


def plan_file(
    path: Path, rows: Sequence[Sequence[object]] = ROWS, titles: Sequence[str] = TITLES
) -> Path:
    """A workbook with one sheet Actions, as a plan has it."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Actions"
    for row in (titles, *rows):
        sheet.append(list(row))
    book.save(path)
    return path


def checked(
    book: Path, plan: Path
) -> tuple[list[dict[str, object]], list[optalloc.Problem], optalloc.Workbook]:
    """Rows of ApprovedActions, every problem, and the workbook with the plan in it."""
    workbook = optalloc.with_approved(optalloc.read_workbook(book), MODEL, plan)
    dataset, problems = optalloc.check(workbook, MODEL)
    return dataset.records()["ApprovedActions"], problems, workbook


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return books.write(books.book(DepartureCosts={"cost_per_site": 1}), tmp_path / "book")


@pytest.fixture
def xlsx(tmp_path: Path, folder: Path) -> Path:
    rows = optalloc.validate(optalloc.read_workbook(folder), MODEL).records()
    optalloc.write_template(MODEL, tmp_path / "book.xlsx", rows)
    return tmp_path / "book.xlsx"


@pytest.mark.slow
def test_rows_come_without_units_and_other_columns(
    folder: Path, xlsx: Path, tmp_path: Path
) -> None:
    """Proves: a folder and an .xlsx take the same rows, whatever else the table holds, in any
    order; an empty sheet of the workbook gives way."""
    titles = ("site (name)", "mw (MW)", "subject", "action", "period", "date", "cost (M)")
    rows = [("x", mw, subject, action, q, date, 9) for date, q, action, subject, mw in ROWS]
    plan = plan_file(tmp_path / "plan.xlsx", rows, titles)
    expected = [
        dict(zip(("date", "period", "action", "subject", "mw"), r, strict=True)) for r in ROWS
    ]
    for book in (folder, xlsx):
        found, problems, workbook = checked(book, plan)
        assert found == expected
        assert problems == []
        plain = optalloc.validate(optalloc.read_workbook(book), MODEL)
        assert optalloc.validate(workbook, MODEL).digest != plain.digest


def test_the_digest_is_of_both_files(folder: Path, tmp_path: Path) -> None:
    """Proves: another approved plan makes another input."""
    digests = set()
    for mw in (1, 2):
        plan = plan_file(tmp_path / f"plan{mw}.xlsx", [(DAY, "Y1", "start building", "A", mw)])
        digests.add(optalloc.validate(checked(folder, plan)[2], MODEL).digest)
    assert len(digests) == 2


def test_an_error_names_the_cell_in_the_plan(folder: Path, xlsx: Path, tmp_path: Path) -> None:
    """Proves: a planner finds the cell, in the file and sheet where it stands."""
    rows = [ROWS[0], (DAY, "Y1", "start building", "B", 40), (DAY, "Y1", "start building", "A", -1)]
    plan = plan_file(tmp_path / "plan.xlsx", rows)
    for book in (folder, xlsx):
        told = [str(problem) for problem in checked(book, plan)[1]]
        assert [line.split(";")[0] for line in told] == [
            "plan.xlsx Actions!D3: the subject must be on sheet Sites, column site",
            "plan.xlsx Actions!E4: mw must be at least 0 MW",
        ]


def test_what_is_odd_about_the_table_is_told_and_other_sheets_are_not_read(
    folder: Path, tmp_path: Path
) -> None:
    """Proves: a formula that was never calculated is an error on Actions alone."""
    path = plan_file(tmp_path / "plan.xlsx", [*ROWS, (DAY, "Y1", "start building", "A2", "=1+1")])
    book = openpyxl.load_workbook(path)
    book.create_sheet("Summary")["A1"] = "=1+1"
    book.save(path)
    (problem,) = [p for p in checked(folder, path)[1] if p.severity == "error" and p.cell == "E4"]
    assert str(problem).startswith("plan.xlsx Actions!E4: a formula must have a calculated value")


def test_a_workbook_with_rows_of_its_own_is_an_error(folder: Path, tmp_path: Path) -> None:
    """Proves: rows of the workbook are never replaced; with the header alone they are none."""
    plan = plan_file(tmp_path / "plan.xlsx")
    own = folder / "ApprovedActions.csv"
    own.write_text("period,action,subject,mw\n")
    assert len(checked(folder, plan)[0]) == 2
    own.write_text("period,action,subject,mw\nY1,start building,A,7\n")
    found, problems, _ = checked(folder, plan)
    assert [row["mw"] for row in found] == [7]
    assert [str(problem) for problem in problems] == [
        "ApprovedActions: a sheet must be filled in, or come from the approved plan, not both; "
        "found rows of its own. Empty the sheet, or leave the approved plan out. [filled-twice]"
    ]


def test_a_sheet_that_cannot_be_read_stays_an_error(folder: Path, tmp_path: Path) -> None:
    """Proves: the plan does not cover up a damaged sheet of the workbook."""
    (folder / "ApprovedActions.csv").write_bytes(b"period,action\xff\n")
    problems = checked(folder, plan_file(tmp_path / "plan.xlsx"))[1]
    assert [problem.code for problem in problems if problem.severity == "error"] == ["encoding"]


def test_a_plan_without_actions_is_said(folder: Path, tmp_path: Path) -> None:
    """Proves: an approved plan that does nothing is not taken for one that forbids all."""
    found, problems, _ = checked(folder, plan_file(tmp_path / "plan.xlsx", []))
    assert found == []
    assert [problem.code for problem in problems] == ["departures-free", "plan-without-rows"]
    assert str(problems[1]).startswith("plan.xlsx Actions: the approved plan says nothing here")


def test_a_plan_in_which_nothing_is_decided_has_no_sheet_of_actions(
    folder: Path, tmp_path: Path
) -> None:
    """Proves: the record of a plan tells a table without rows from a sheet that is lost.
    Sensitivity: where the record names Actions among the tables with rows, the file is refused."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Run"
    for row in (("entry", "value"), ("tables with rows", "Summary, Run")):
        sheet.append(row)
    book.save(tmp_path / "plan.xlsx")
    found, problems, _ = checked(folder, tmp_path / "plan.xlsx")
    assert found == []
    assert [problem.code for problem in problems] == ["departures-free", "plan-without-rows"]
    sheet["B2"] = "Summary, Actions, Run"
    book.save(tmp_path / "plan.xlsx")
    with pytest.raises(optalloc.InputError, match="found no sheet Actions"):
        checked(folder, tmp_path / "plan.xlsx")


def test_what_is_no_plan_is_refused_in_one_line(folder: Path, tmp_path: Path) -> None:
    """Proves: each kind of wrong file has its line, which names it."""
    good = plan_file(tmp_path / "plan.xlsx").read_bytes()
    other = openpyxl.Workbook()
    other.save(tmp_path / "other.xlsx")
    (tmp_path / "cut.xlsx").write_bytes(good[: len(good) // 2])
    (tmp_path / "text.xlsx").write_text("date,period\n")
    (tmp_path / "locked.xlsx").write_bytes(
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le")
    )
    plan_file(tmp_path / "columns.xlsx", titles=("date", "period", "action", "site", "mw"))
    expected = {
        "other.xlsx": "other.xlsx must be a plan of optalloc; found no sheet Actions. Name a plan.xlsx that optalloc solve wrote. [not-a-plan]",
        "columns.xlsx": "columns.xlsx must be a plan of optalloc; found no column subject on its sheet Actions. ",
        "book": "book must be a plan of optalloc; found a folder. ",
        "absent.xlsx": "absent.xlsx must exist. ",
        "cut.xlsx": "cut.xlsx must be complete and undamaged; ",
        "text.xlsx": "text.xlsx must be an Excel workbook",
        "locked.xlsx": "locked.xlsx must open without a password. ",
    }
    for name, message in expected.items():
        with pytest.raises(optalloc.InputError) as refusal:
            optalloc.solve(folder, approved=tmp_path / name)
        (problem,) = refusal.value.problems
        assert str(problem).startswith(f"File: {message}")


def test_a_model_without_such_a_sheet_refuses_a_plan(folder: Path, tmp_path: Path) -> None:
    """Proves: an approved plan that no sheet would take is not ignored."""
    families = tuple(family for family in MODEL.families if family.name != "departures")
    model = optalloc.Model(MODEL.path, families, MODEL.digest)
    with pytest.raises(optalloc.ModelError, match="no sheet of this model is filled from"):
        optalloc.with_approved(
            optalloc.read_workbook(folder), model, plan_file(tmp_path / "plan.xlsx")
        )
    with pytest.raises(ValueError, match="holds one record and cannot come from a plan"):
        schema.Sheet(name="S", meaning="", columns=(), vertical=True, plan_table="Actions")
