"""The template workbook: every declared sheet, with notes, lists and bounds that hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from openpyxl.workbook import Workbook
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet
from python_calamine import CalamineWorkbook

from optalloc.data.rules import Needs, NotAbove
from optalloc.data.schema import Column, Kind, Missing, Sheet
from optalloc.errors import OptallocError
from optalloc.modelling.family import Family
from optalloc.modelling.model import Model
from optalloc.report.template import example_rows, write_template
from optalloc.scenarios.sheet import SWEEPS
from optalloc.scenarios.uncertainty_sheets import UNCERTAINTY_SHEETS

SETTINGS = Sheet(
    name="Settings",
    meaning="One value a row.",
    required=True,
    vertical=True,
    columns=(
        Column(name="name", kind=Kind.TEXT, meaning="Name of the case.", example="Two sites"),
        Column(name="base_date", kind=Kind.DATE, meaning="First day.", example="2027-01-01"),
        Column(
            name="rate", kind=Kind.NUMBER, meaning="Discount rate.", unit="per year", blank=0.05,
            at_least=0, at_most=1, example=0.08,
        ),
        Column(name="credit", kind=Kind.FLAG, meaning="Whether.", blank=True, example="yes"),
    ),
)  # fmt: skip
PLACES = Sheet(
    name="Places",
    meaning="One place a row.",
    required=True,
    key=("place",),
    columns=(
        Column(name="place", kind=Kind.TEXT, meaning="Name of the place.", example="Lulea"),
        Column(
            name="status", kind=Kind.CHOICE, meaning="How it stands.", choices=("open", "shut"),
            example="open",
        ),
        Column(
            name="share", kind=Kind.NUMBER, unit="share of load", meaning="Its part.",
            blank=None, blank_means="no limit", above=0, at_most=1, example=0.5,
        ),
        Column(
            name="blocks", kind=Kind.INTEGER, unit="blocks", meaning="How many.", at_least=1,
            example=2,
        ),
        Column(name="open_from", kind=Kind.DATE, meaning="Date.", blank=None, blank_means="now"),
        Column(name="trusted", kind=Kind.FLAG, meaning="Whether.", blank=False, example=False),
    ),
)  # fmt: skip
ROUTES = Sheet(
    name="Routes",
    meaning="One route a row.",
    key=("place", "number"),
    missing=Missing.UNLIMITED,
    question="How far is it?",
    columns=(
        Column(
            name="place", kind=Kind.TEXT, meaning="Where from.", refers_to="Places.place",
            example="Lulea",
        ),
        Column(name="number", kind=Kind.NUMBER, meaning="Any number.", example=7),
        Column(
            name="most", kind=Kind.NUMBER, meaning="Most of it.", blank=None, blank_means="no limit",
            at_least=0,
        ),
    ),
    rules=(NotAbove(("number", "most")), Needs(("most", "place"), code="most-of-nothing")),
)  # fmt: skip


def model() -> Model:
    family = Family(
        name="small",
        title="Small",
        order=1,
        sheets=(SETTINGS, PLACES, ROUTES),
        parameters=lambda data: None,
        declare=lambda m, parameters, ledgers: None,
        constrain=lambda m, parameters: None,
    )
    return Model(Path(), (family,), "")


Rows = Mapping[str, Sequence[Mapping[str, object]]]


def written(folder: Path, rows: Rows | None = None) -> Workbook:
    path = folder / "template.xlsx"
    write_template(model(), path, rows)
    return openpyxl.load_workbook(path)


def sheet(book: Workbook, name: str) -> Worksheet:
    found = book[name]
    assert isinstance(found, Worksheet)
    return found


def rule(found: Worksheet, cell: str) -> DataValidation:
    declared: list[DataValidation] = found.data_validations.dataValidation
    rules = [r for r in declared if cell in r.sqref]
    assert len(rules) == 1
    return rules[0]


def note(found: Worksheet, cell: str) -> str:
    comment = found[cell].comment
    assert comment is not None
    return str(comment.text)


def values(found: Worksheet) -> list[tuple[object, ...]]:
    return list(found.iter_rows(values_only=True))


# What it means that a sheet that any model has has no row for a key.
KEYED = dict.fromkeys(["Uncertainties", "Scenarios"], "nothing of that name exists")
PLACE_HEADERS = (
    "place", "status", "share\n(share of load)", "blocks\n(blocks)", "open_from", "trusted",
)  # fmt: skip


def test_the_guide_says_which_sheets_answer_which_question(tmp_path: Path) -> None:
    """Proves: required sheets stand first in the guide and in the workbook; the others stand by
    question, each named once, with a link to its sheet.
    Sensitivity: a sheet without a question would stand last, under another heading."""
    book = written(tmp_path)
    common = {**UNCERTAINTY_SHEETS, "Sweeps": SWEEPS}
    assert book.sheetnames == ["#Guide", "#Examples", "Settings", "Places", "Routes", *common]
    guide = sheet(book, "#Guide")
    rows = values(guide)
    top = next(n for n, row in enumerate(rows) if row[0] == "your question") + 1
    later = dict.fromkeys(common)
    later |= {"Uncertainties": "What if the future is not known?"}
    later |= {"Sweeps": "What if costs, limits or dates were others?"}
    assert rows[top:] == [
        ("What every case needs", "Settings", "One value a row.", None, None),
        (None, "Places", "One place a row.", "place", "nothing of that name exists"),
        ("How far is it?", "Routes", "One route a row.", "place, number", "no limit"),
        *(
            (later[name], name, own.meaning, ", ".join(own.key) or None, KEYED.get(name))
            for name, own in common.items()
        ),
    ]
    link = guide.cell(top + 3, 2).hyperlink
    assert link is not None and link.location == "Routes!A1"


def test_required_sheets_come_first_and_then_those_with_rows(tmp_path: Path) -> None:
    """Proves: an optional sheet with rows stands before one without, after the required ones."""
    optional = replace(ROUTES, name="Detours", rules=())
    family = replace(model().families[0], sheets=(optional, ROUTES, PLACES, SETTINGS))
    path = tmp_path / "template.xlsx"
    write_template(Model(Path(), (family,), ""), path, {"Routes": [{"place": "Lulea"}]})
    names = openpyxl.load_workbook(path).sheetnames
    assert names[1:5] == ["Places", "Settings", "Routes", "Detours"]


def test_sheets_come_empty(tmp_path: Path) -> None:
    """Proves: nothing counts but what a planner types; headers and settings' names stand there."""
    book = written(tmp_path)
    assert values(sheet(book, "Places")) == [PLACE_HEADERS]
    assert {row[1] for row in values(sheet(book, "Settings"))[1:]} == {None}
    assert values(sheet(book, "Routes")) == [("place", "number", "most")]


def test_examples_stand_where_they_do_not_count(tmp_path: Path) -> None:
    """Proves: every sheet has its example on a sheet whose name starts with '#', settings across."""
    rows = values(sheet(written(tmp_path), "#Examples"))
    at = [row[0] for row in rows].index("Places")
    assert rows[at][1] == "One place a row."
    assert rows[at + 1][:6] == ("place", "status", "share", "blocks", "open_from", "trusted")
    assert rows[at + 2][:6] == ("Lulea", "open", 0.5, 2, None, "no")
    at = [row[0] for row in rows].index("Settings")
    assert rows[at + 2][:4] == ("Two sites", datetime(2027, 1, 1), 0.08, "yes")


def test_sheets_that_must_be_filled_in_have_a_dark_tab(tmp_path: Path) -> None:
    book = written(tmp_path)
    tabs = {name: sheet(book, name).sheet_properties.tabColor for name in book.sheetnames}
    assert {name for name, tab in tabs.items() if tab is not None} == {"Settings", "Places"}


def test_the_example_row_holds_values_of_the_right_kind(tmp_path: Path) -> None:
    book = written(tmp_path, example_rows(model()))
    assert "#Examples" not in book.sheetnames
    assert values(sheet(book, "Places")) == [
        PLACE_HEADERS,
        ("Lulea", "open", 0.5, 2, None, "no"),
    ]
    assert values(sheet(book, "Settings")) == [
        ("setting", "value", "#unit", "#meaning"),
        ("name", "Two sites", None, "Name of the case."),
        ("base_date", datetime(2027, 1, 1), None, "First day."),
        ("rate", 0.08, "per year", "Discount rate."),
        ("credit", "yes", None, "Whether."),
    ]


def test_given_rows_take_the_place_of_the_examples(tmp_path: Path) -> None:
    rows: Rows = {
        "Settings": [{"name": "=case", "rate": None, "credit": False}],
        "Places": [
            {"place": "https://a", "open_from": datetime(2028, 2, 1), "trusted": True},
            {"place": "2027", "blocks": 3},
        ],
    }
    book = written(tmp_path, rows)
    assert [row[:2] for row in values(sheet(book, "Settings"))[1:]] == [
        ("name", "=case"), ("base_date", None), ("rate", None), ("credit", "no"),
    ]  # fmt: skip
    assert sheet(book, "Settings")["B2"].data_type == "s"
    assert values(sheet(book, "Places"))[1:] == [
        ("https://a", None, None, None, datetime(2028, 2, 1), "yes"),
        ("2027", None, None, 3, None, None),
    ]
    assert values(sheet(book, "Routes")) == [("place", "number", "most")]


def test_calamine_reads_dates_as_dates_and_no_stray_cells(tmp_path: Path) -> None:
    written(tmp_path, example_rows(model()))
    book = CalamineWorkbook.from_path(tmp_path / "template.xlsx")
    assert [str(row[1]) for row in book.get_sheet_by_name("Settings").to_python()] == [
        "value", "Two sites", "2027-01-01", "0.08", "yes",
    ]  # fmt: skip
    assert len(book.get_sheet_by_name("Places").to_python()) == 2


def test_notes_say_what_a_column_holds(tmp_path: Path) -> None:
    book = written(tmp_path)
    places = sheet(book, "Places")
    assert note(places, "C1").splitlines() == [
        "Its part.",
        "Unit: share of load",
        "Holds: number above 0 and at most 1",
        "Blank: no limit",
        "Example: 0.5",
    ]
    assert note(places, "F1").splitlines()[-1] == "Example: no"
    assert "One of: open, shut" in note(places, "B1")
    assert "Blank: must be filled in" in note(places, "A1")
    assert "Must be on sheet Places, column place" in note(sheet(book, "Routes"), "A1")
    assert "Discount rate." in note(sheet(book, "Settings"), "A4")


def test_required_headers_stand_out(tmp_path: Path) -> None:
    places = sheet(written(tmp_path), "Places")
    fills = [places[cell].fill.fgColor.rgb for cell in ("A1", "C1")]
    assert places["A1"].font.b and fills[0] != fills[1]
    assert places.freeze_panes == "A2"


def test_flags_and_choices_have_lists(tmp_path: Path) -> None:
    book = written(tmp_path)
    places = sheet(book, "Places")
    assert (rule(places, "F2").type, rule(places, "F2").formula1) == ("list", '"yes,no"')
    assert rule(places, "B1001").formula1 == '"open,shut"'
    assert rule(sheet(book, "Settings"), "B5").formula1 == '"yes,no"'


def test_references_list_the_other_sheet_and_only_warn(tmp_path: Path) -> None:
    found = rule(sheet(written(tmp_path), "Routes"), "A2")
    assert found.type == "list" and found.errorStyle == "warning"
    assert str(found.formula1).startswith("Places!$A$2:INDEX(Places!$A$2:$A$1001,")
    assert found.error == "place is not on sheet Places yet. Keep it and add it there?"


def test_names_that_another_sheet_lists_are_offered_and_not_required(tmp_path: Path) -> None:
    """Proves: a name that may come into being by being typed has a list of those on the sheet
    whose key they are, and any other is taken without a word."""
    kinds = Sheet(
        name="Kinds",
        meaning="One kind a row.",
        key=("kind",),
        columns=(Column(name="kind", kind=Kind.TEXT, meaning="Its name.", names="kind"),),
    )
    typed = Column(name="kind", kind=Kind.TEXT, meaning="Its kind.", blank=None, names="kind")
    places = replace(PLACES, columns=(*PLACES.columns, typed))
    family = replace(model().families[0], sheets=(SETTINGS, places, kinds))
    path = tmp_path / "template.xlsx"
    write_template(Model(Path(), (family,), ""), path)
    found = rule(sheet(openpyxl.load_workbook(path), "Places"), "G2")
    assert found.type == "list" and str(found.formula1).startswith("Kinds!$A$2:")
    assert not found.showErrorMessage


def test_bounds_are_enforced_with_a_reason(tmp_path: Path) -> None:
    book = written(tmp_path)
    share, blocks = (rule(sheet(book, "Places"), cell) for cell in ("C2", "D2"))
    assert share.formula1 == "AND(ISNUMBER(C2),C2>0,C2<=1)"
    assert share.error == "share must be a number above 0 and at most 1 (share of load)."
    assert share.prompt == "a number above 0 and at most 1 (share of load). Blank: no limit."
    assert share.allowBlank
    assert blocks.formula1 == "AND(ISNUMBER(D2),D2>=1,D2=INT(D2))"
    assert rule(sheet(book, "Settings"), "B4").formula1 == "AND(ISNUMBER(B4),B4>=0,B4<=1)"
    assert rule(sheet(book, "Places"), "E2").type == "date"


def test_rules_of_a_row_are_in_notes_and_in_bounds(tmp_path: Path) -> None:
    """Proves: both columns of a rule say it, and both refuse a number that violates it."""
    routes = sheet(written(tmp_path), "Routes")
    number, most = rule(routes, "B2"), rule(routes, "C2")
    assert number.formula1 == 'AND(ISNUMBER(B2),OR(B2="",C2="",B2<=C2))'
    assert most.formula1 == 'AND(ISNUMBER(C2),C2>=0,OR(B2="",C2="",B2<=C2))'
    assert number.error == "number must be a number; number must not be above most."
    assert [line for line in note(routes, "C1").splitlines() if line.startswith("Rule")] == [
        "Rule: number must not be above most",
        "Rule: most needs place",
    ]
    assert "Rule: most needs place" in note(routes, "A1")


def test_cells_to_fill_in_are_formatted(tmp_path: Path) -> None:
    book = written(tmp_path, example_rows(model()))
    places = sheet(book, "Places")
    shown = [places[f"{letter}2"].number_format for letter in "ACD"]
    assert shown == ["@", "General", "#,##0"]
    assert sheet(book, "Settings")["B3"].number_format == "yyyy-mm-dd"


def test_lists_and_bounds_cover_every_row_given(tmp_path: Path) -> None:
    rows: Rows = {"Places": [{"place": f"place {i}", "blocks": 1} for i in range(1500)]}
    book = written(tmp_path, rows)
    assert rule(sheet(book, "Places"), "D1501")
    assert "Places!$A$2:$A$3001" in str(rule(sheet(book, "Routes"), "A2").formula1)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ({"Sites": []}, "no sheet 'Sites'"),
        ({"Places": [{"site": 1}]}, "sheet 'Places' has no column 'site'"),
        ({"Settings": [{}, {}]}, "sheet 'Settings' holds one record, not 2"),
    ],
)
def test_rows_that_are_not_declared_are_refused(tmp_path: Path, rows: Rows, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        written(tmp_path, rows)
    assert not list(tmp_path.iterdir())


def test_a_failure_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "template.xlsx"
    path.write_text("old")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OptallocError, match=r"template\.xlsx: cannot be written\. Close it"):
        write_template(model(), path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_equal_templates_are_equal_files(tmp_path: Path) -> None:
    first, second = tmp_path / "first.xlsx", tmp_path / "second.xlsx"
    write_template(model(), first)
    write_template(model(), second)
    assert first.read_bytes() == second.read_bytes()
