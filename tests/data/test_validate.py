"""Validation, run over every sheet and column that the model declares."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optalloc
from optalloc.data.memory import Memory
from optalloc.data.reader import Found, SheetReader, suggest
from optalloc.data.schema import Column, Kind, Sheet
from optalloc.data.validate import check, validate
from optalloc.errors import InputError, Problem, Severity
from optalloc.report.template import example_rows, write_template
from optalloc.spreadsheet.read import RawSheet, Workbook, address, read_workbook
from tests import books
from tests.paths import INPUTS

MODEL = optalloc.load_model()
COLUMNS = [
    pytest.param(sheet, column, id=f"{sheet.name}.{column.name}")
    for sheet in MODEL.sheets.values()
    for column in sheet.columns
]
MESSAGE = re.compile(r"(\w+!)?[^:]+: .+; found .+\. .+[.?] \[[a-z0-9-]+\]")


class Seen(Mapping[str, Any]):
    """A mapping that notes what it was asked for, and what it gave; None for what is not there."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.given = given
        self.asked: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        self.asked[name] = self.given.get(name)
        return self.given[name]

    def __iter__(self) -> Iterator[str]:
        for name in self.given:
            self[name]
            yield name

    def __len__(self) -> int:
        return len(list(self))


def once(family: optalloc.Family) -> optalloc.Family:
    """A family whose check is not run again where all that it read the first time is the same.

    It follows from that alone, so that it would say the same.
    """
    first: list[tuple[dict[str, Seen], list[Problem]]] = []
    rest = ("unread", "lost", "places")

    def check_once(data: optalloc.Dataset) -> list[Problem]:
        if not first:
            seen = {name: Seen(getattr(data, name)) for name in ("frames", *rest)}
            # What other families have worked out already would hide what this one reads.
            watched = replace(data, **seen, memory=Memory())
            first.append((seen, list(family.check(watched))))
        seen, told = first[0]
        frames = seen["frames"].asked
        same = (
            all(data.frames[name].equals(frame) for name, frame in frames.items())
            and not any(name in data.as_read for name in frames)
            and all(
                (getattr(data, own).get(name) or set()) == (given or set())
                for own in rest
                for name, given in seen[own].asked.items()
            )
        )
        return told if same else list(family.check(data))

    return replace(family, check=check_once)


ONCE = replace(MODEL, families=tuple(map(once, MODEL.families)))


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    """The example row on every sheet: small, and every cell typed."""
    path = tmp_path_factory.mktemp("example") / "example.xlsx"
    optalloc.write_template(MODEL, path, example_rows(MODEL))
    workbook = plain(optalloc.read_workbook(path))
    check(workbook, ONCE)
    return workbook


def plain(workbook: Workbook) -> Workbook:
    """A template as a planner would type it: names without units, settings without remarks."""

    def typed(raw: RawSheet) -> RawSheet:
        rows = raw.rows
        if raw.name in MODEL.sheets and MODEL.sheets[raw.name].vertical:
            return replace(raw, rows=tuple(row[:2] for row in rows))
        titles = tuple(str(title).partition("\n")[0] for title in rows[0])
        return replace(raw, rows=(titles, *rows[1:]))

    own = {name: raw for name, raw in workbook.sheets.items() if not name.startswith("#")}
    return replace(workbook, sheets=workbook.sheets | {n: typed(raw) for n, raw in own.items()})


def as_text(workbook: Workbook) -> Workbook:
    """The same as a folder of CSVs gives it."""

    def text(cell: object) -> object:
        if isinstance(cell, dt.datetime | dt.date):
            return f"{cell:%Y-%m-%d}"
        return None if cell is None else str(cell)

    sheets = {
        name: replace(raw, rows=tuple(tuple(map(text, row)) for row in raw.rows))
        for name, raw in workbook.sheets.items()
    }
    return replace(workbook, sheets=sheets, text_cells=True)


def edited(workbook: Workbook, sheet: str, edit: Callable[[list[list[object]]], Any]) -> Workbook:
    """A copy with the cells of one sheet changed in place, as rows of lists."""
    rows = [list(row) for row in workbook.sheets[sheet].rows]
    edit(rows)
    width = max((len(row) for row in rows), default=0)
    even = tuple((*row, *[None] * (width - len(row))) for row in rows)
    raw = RawSheet(sheet, even, hidden=False)
    return replace(workbook, sheets={**workbook.sheets, sheet: raw})


def at(workbook: Workbook, sheet: Sheet, column: Column) -> tuple[int, int]:
    """Row and column, from 1, of the example's cell under a column."""
    rows = workbook.sheets[sheet.name].rows
    if sheet.vertical:
        return [row[0] for row in rows].index(column.name) + 1, 2
    return 2, rows[0].index(column.name) + 1


def with_cell(workbook: Workbook, sheet: Sheet, column: Column, value: object) -> Workbook:
    row, number = at(workbook, sheet, column)

    def edit(rows: list[list[object]]) -> None:
        rows[row - 1][number - 1] = value

    return edited(workbook, sheet.name, edit)


def sole(problems: list[Problem]) -> Problem:
    """The only error among problems."""
    found = [p for p in problems if p.severity is Severity.ERROR]
    assert len(found) == 1, "\n".join(map(str, found))
    assert MESSAGE.fullmatch(str(found[0])), str(found[0])
    return found[0]


def one(workbook: Workbook) -> Problem:
    """The only error of a workbook."""
    return sole(check(workbook, ONCE)[1])


@dataclass(frozen=True)
class Reading:
    """All that the rest of `check` learns of a sheet from its reader, and the reader's problems.

    What two edits of a sheet leave alike cannot be told apart by anything that follows, so that
    one of the two needs to be followed through the whole workbook.
    """

    frame: pd.DataFrame
    unread: set[tuple[int, str]]
    lost: set[str]
    problems: list[Problem]

    @classmethod
    def of(cls, workbook: Workbook, sheet: Sheet) -> Reading:
        position = list(workbook.sheets).index(sheet.name) + 1
        found = Found(workbook.sheets[sheet.name], position)
        reader = SheetReader(sheet, found, text=workbook.text_cells, odd=set())
        frame, _ = reader.read()
        return cls(frame, reader.unread, reader.lost, reader.problems)

    def as_unread(self, row: int) -> set[tuple[int, str]]:
        """Cells of which nothing is known on a sheet of one row."""
        return self.unread | {(row, column) for column in self.lost}

    def alike(self, other: Reading) -> bool:
        return (self.unread, self.lost) == (other.unread, other.lost) and self.frame.equals(
            other.frame
        )


def notices(workbook: Workbook) -> list[Problem]:
    found = check(workbook, ONCE)[1]
    assert all(p.severity is Severity.NOTICE for p in found), "\n".join(map(str, found))
    return found


# The declarations themselves ----------------------------------------------------------------------


@pytest.mark.parametrize(("sheet", "column"), COLUMNS)
def test_every_column_is_described(sheet: Sheet, column: Column) -> None:
    assert column.meaning.strip().endswith(".")
    assert column.kind is not Kind.NUMBER or column.unit
    assert bool(column.choices) == (column.kind is Kind.CHOICE)
    assert column.blank is not None or column.blank_means
    assert column.blank_in_words
    if column.refers_to:
        target, _, name = column.refers_to.partition(".")
        assert name in MODEL.sheets[target].by_name
    if column.required:
        assert column.example is not None


@pytest.mark.long
def test_the_example_is_valid(example: Workbook) -> None:
    assert check(example, MODEL)[1] == []
    assert check(as_text(example), MODEL)[1] == []


# One fault, one message ---------------------------------------------------------------------------


def bounds_broken(column: Column) -> Iterator[tuple[object, str]]:
    if column.at_least is not None:
        yield column.at_least - 1, "out-of-bounds"
    if column.above is not None:
        yield column.above, "out-of-bounds"
    if column.at_most is not None:
        yield column.at_most * 2 + 1, "out-of-bounds"
    if column.at_most is None:
        yield 1e300, "not-computable"
    if column.kind is Kind.INTEGER:
        yield (column.at_least or 0) + 0.5, "not-whole"


def wrong_kinds(column: Column) -> Iterator[tuple[object, str]]:
    match column.kind:
        case Kind.NUMBER | Kind.INTEGER:
            yield from (("twelve", "not-a-number"), ("12", "text-number"))
        case Kind.DATE:
            yield from (("2027-01-01", "text-date"), (dt.datetime(9999, 12, 31), "not-a-date"))
        case Kind.FLAG:
            yield "perhaps", "not-yes-or-no"
        case Kind.CHOICE:
            yield "no such choice", "unknown-choice"
        case Kind.TEXT:
            yield True, "not-a-name"


def invalid(column: Column) -> Iterator[tuple[object, str]]:
    """Values that break what a column declares, each with the code of its message."""
    if column.required:
        yield None, "blank"
    yield from wrong_kinds(column)
    yield from bounds_broken(column) if column.kind in (Kind.NUMBER, Kind.INTEGER) else ()
    if column.refers_to:
        yield "no such name", "unknown-ref"


@pytest.mark.long
@pytest.mark.first(3)
@pytest.mark.parametrize("sheet", MODEL.sheets.values(), ids=lambda sheet: sheet.name)
def test_invalid_values_give_one_message_each(example: Workbook, sheet: Sheet) -> None:
    """Proves: with every cell of a row invalid, and again with every reference unknown, each cell has
    one message with its code, and nothing that follows from them is reported."""
    # A row of blanks would be no row.
    bad = {c: next(tried for tried in invalid(c) if tried[0] is not None) for c in sheet.columns}
    unknown = {column: list(invalid(column))[-1] for column in sheet.columns if column.refers_to}
    for values in (bad, unknown):
        changed = example
        for column, (value, _) in values.items():
            changed = with_cell(changed, sheet, column, value)
        cells = {
            (address(*at(example, sheet, column)), code) for column, (_, code) in values.items()
        }
        found = [p for p in check(changed, ONCE)[1] if p.severity is Severity.ERROR]
        assert len(found) == len(values), "\n".join(map(str, found))
        assert {(p.cell, p.code) for p in found} == cells
        assert {p.sheet for p in found} <= {sheet.name}


@pytest.mark.slow
@pytest.mark.parametrize(("sheet", "column"), COLUMNS)
def test_an_invalid_value_gives_one_message_naming_its_cell(
    example: Workbook, sheet: Sheet, column: Column
) -> None:
    cell = address(*at(example, sheet, column))
    tried = list(invalid(column))
    assert tried
    followed: list[Reading] = []
    for value, code in tried:
        changed = with_cell(example, sheet, column, value)
        reading = Reading.of(changed, sheet)
        if any(reading.alike(other) for other in followed):
            problem = sole(reading.problems)
        else:
            problem = one(changed)
            followed.append(reading)
        assert (problem.sheet, problem.cell, problem.code) == (sheet.name, cell, code), value
        if value is not None and str(value).strip():
            assert str(value)[:4].casefold().rstrip("0.") in problem.found.casefold()


@pytest.mark.first(4)
@pytest.mark.parametrize(("sheet", "column"), COLUMNS)
def test_bounds_themselves_are_allowed(example: Workbook, sheet: Sheet, column: Column) -> None:
    for bound in (column.at_least, column.at_most):
        if bound is not None:
            assert Reading.of(with_cell(example, sheet, column, bound), sheet).problems == []


@pytest.mark.long
@pytest.mark.first(3)
@pytest.mark.parametrize("sheet", MODEL.sheets.values(), ids=lambda sheet: sheet.name)
def test_a_missing_or_misspelt_column_is_one_message(example: Workbook, sheet: Sheet) -> None:
    for column in sheet.columns:
        row, number = at(example, sheet, column)
        head = (row, 1) if sheet.vertical else (1, number)

        def misspell(rows: list[list[object]], head: tuple[int, int] = head) -> None:
            rows[head[0] - 1][head[1] - 1] = f"{column.name}z"  # noqa: B023

        def drop(rows: list[list[object]], row: int = row, number: int = number) -> None:
            if sheet.vertical:
                del rows[row - 1]
            else:
                for cells in rows:
                    del cells[number - 1]

        misspelt = edited(example, sheet.name, misspell)
        reading = Reading.of(misspelt, sheet)
        # A cell of it that cannot be read was followed through the workbook above, and of the one
        # row no more is known where the column is lost.
        value, _ = next(invalid(column))
        unreadable = Reading.of(with_cell(example, sheet, column, value), sheet)
        followed = reading.as_unread(2) == unreadable.as_unread(2)
        followed &= reading.frame.equals(unreadable.frame)
        problem = sole(reading.problems) if followed else one(misspelt)
        assert (problem.code, problem.cell) == ("unknown-column", address(*head))
        assert f"Did you mean '{column.name}'?" in problem.action
        without = Reading.of(edited(example, sheet.name, drop), sheet)
        if column.required:
            problem = sole(without.problems)
            place = (problem.code, problem.sheet, problem.cell)
            assert place == ("missing-column", sheet.name, "A1")
            assert column.name in problem.must
            assert without.alike(reading)
        else:
            assert without.problems == []


def test_misspelt_sheets_are_one_message_each(example: Workbook) -> None:
    sheets = {
        f"{name}z": replace(raw, name=f"{name}z")
        for name, raw in example.sheets.items()
        if name in MODEL.sheets
    }
    found = check(replace(example, sheets=sheets), ONCE)[1]
    assert {(p.sheet, p.code) for p in found} == {(name, "unknown-sheet") for name in sheets}
    assert len(found) == len(sheets)
    for problem in found:
        assert f"Did you mean '{problem.sheet.removesuffix('z')}'?" in problem.action


# Two sheets, Outcomes and Scenarios, name what Uncertainties has.
NAMED_BY_OTHERS = "Uncertainties"


@pytest.mark.parametrize(
    "sheet",
    [
        pytest.param(s, marks=() if s.name == NAMED_BY_OTHERS else pytest.mark.slow, id=s.name)
        for s in MODEL.sheets.values()
    ],
)
def test_a_misspelt_sheet_is_one_message(example: Workbook, sheet: Sheet) -> None:
    """Proves: what a sheet with a misspelt name would have said is not missed elsewhere besides."""
    sheets = {f"{n}z" if n == sheet.name else n: raw for n, raw in example.sheets.items()}
    renamed = {name: replace(raw, name=name) for name, raw in sheets.items()}
    problem = one(replace(example, sheets=renamed))
    assert (problem.code, problem.sheet) == ("unknown-sheet", f"{sheet.name}z")
    assert f"Did you mean '{sheet.name}'?" in problem.action


def test_duplicate_keys_are_one_message_each(example: Workbook) -> None:
    keyed = [sheet for sheet in MODEL.sheets.values() if sheet.key]
    changed = example
    for sheet in keyed:
        changed = edited(changed, sheet.name, lambda rows: rows.append(list(rows[1])))
    found = [p for p in check(changed, ONCE)[1] if p.severity is Severity.ERROR]
    assert {(p.sheet, p.code) for p in found} == {(s.name, "duplicate-key") for s in keyed}
    assert len(found) == len(keyed)


@pytest.mark.slow
@pytest.mark.parametrize(
    "sheet", [s for s in MODEL.sheets.values() if s.key], ids=lambda sheet: sheet.name
)
def test_a_duplicate_key_is_one_message(example: Workbook, sheet: Sheet) -> None:
    problem = one(edited(example, sheet.name, lambda rows: rows.insert(2, list(rows[1]))))
    first = at(example, sheet, sheet.by_name[sheet.key[0]])[1]
    assert (problem.code, problem.cell) == ("duplicate-key", address(3, first))
    assert "Row 2 has it already" in problem.action
    for part in sheet.key:
        assert part in problem.must


@pytest.mark.long
@pytest.mark.first(2)
@pytest.mark.parametrize(
    "sheet", [s for s in MODEL.sheets.values() if s.required], ids=lambda sheet: sheet.name
)
def test_a_required_sheet_must_be_there_and_filled(example: Workbook, sheet: Sheet) -> None:
    absent = {name: raw for name, raw in example.sheets.items() if name != sheet.name}
    problem = one(replace(example, sheets=absent))
    assert (problem.code, problem.sheet, problem.cell) == ("missing-sheet", sheet.name, "")
    for keep in (0, 1):
        if sheet.vertical and keep:
            continue
        problem = one(
            edited(example, sheet.name, lambda rows, keep=keep: rows.__delitem__(slice(keep, None)))
        )  # type: ignore[misc]
        assert (problem.code, problem.cell) == ("empty-sheet", "A1")


def test_empty_sheets_are_absent_sheets(example: Workbook) -> None:
    required = {sheet.name for sheet in MODEL.sheets.values() if sheet.required}
    kept = {name: raw for name, raw in example.sheets.items() if name in required}
    headers = {
        name: RawSheet(name, raw.rows[:1], False)
        for name, raw in example.sheets.items()
        if name not in required
    }
    expected, problems = check(replace(example, sheets=kept), ONCE)
    empty, told = check(replace(example, sheets=kept | headers), ONCE)
    assert [str(p) for p in told] == [str(p) for p in problems]
    for name in MODEL.sheets:
        pd.testing.assert_frame_equal(empty[name], expected[name])


@pytest.mark.slow
@pytest.mark.parametrize(
    "sheet", [s for s in MODEL.sheets.values() if not s.required], ids=lambda sheet: sheet.name
)
def test_an_empty_sheet_is_an_absent_sheet(example: Workbook, sheet: Sheet) -> None:
    others = {
        s.name
        for s in MODEL.sheets.values()
        if any(c.refers_to.startswith(f"{sheet.name}.") for c in s.columns)
    }
    kept = {n: raw for n, raw in example.sheets.items() if n not in {sheet.name, *others}}
    absent = replace(example, sheets=kept)
    header = replace(
        absent,
        sheets=kept
        | {sheet.name: RawSheet(sheet.name, example.sheets[sheet.name].rows[:1], False)},
    )
    blank = replace(absent, sheets=kept | {sheet.name: RawSheet(sheet.name, (), False)})
    expected, told = check(absent, ONCE)
    dataset, problems = check(header, ONCE)
    assert [str(p) for p in problems] == [str(p) for p in told]
    for name in MODEL.sheets:
        pd.testing.assert_frame_equal(dataset[name], expected[name])
    empty = Reading.of(blank, sheet)
    assert empty.alike(Reading.of(header, sheet)) and empty.problems == []
    assert list(expected[sheet.name].columns) == list(sheet.by_name)


# Names, notes and headers -------------------------------------------------------------------------


def test_case_and_spaces_of_names_are_told_and_read_over(example: Workbook) -> None:
    sheets = dict(example.sheets)
    sheets[" sites "] = replace(sheets.pop("Sites"), name=" sites ")
    odd = replace(example, sheets=sheets)
    told = notices(edited(odd, " sites ", lambda rows: rows[0].__setitem__(0, " Site ")))
    assert [(p.sheet, p.cell, p.code) for p in told] == [
        (" sites ", "", "header-spelling"),
        (" sites ", "A1", "header-spelling"),
    ]
    # Addresses name the sheet as the file does, so that the planner and the marked copy find it.
    assert one(edited(odd, " sites ", lambda rows: rows[1].__setitem__(11, -1))).sheet == " sites "


def titled(rows: list[list[object]], title: str) -> None:
    """Put a title in place of the header max_mw."""
    rows[0][rows[0].index("max_mw")] = title


@pytest.mark.parametrize("title", ["max_mw (MW IT)", "max_mw\n(MW IT)", "max_mw(MW IT)"])
def test_a_name_may_stand_with_its_unit(example: Workbook, title: str) -> None:
    """Proves: a header with the unit that the column has is read as its name, without a word.
    Sensitivity: with another unit it is an error."""
    dataset, problems = check(edited(example, "Sites", lambda rows: titled(rows, title)), MODEL)
    assert problems == []
    plain, _ = check(example, MODEL)
    assert dataset.digest == plain.digest


@pytest.mark.parametrize("title", ["max_mw (kW)", "max_mw (MW", "max_mw ()"])
def test_a_name_with_another_unit_is_refused(example: Workbook, title: str) -> None:
    """Proves: values stated in another unit are never read as if they were in the column's."""
    problem = one(edited(example, "Sites", lambda rows: titled(rows, title)))
    assert (problem.code, problem.found) == ("header-unit", repr(title))
    assert problem.must == "the unit of max_mw must be MW IT"
    assert problem.action == "Write 'max_mw (MW IT)' or 'max_mw', with values in that unit."


def test_a_column_is_doubled_by_its_name_with_the_unit(example: Workbook) -> None:
    """Proves: of a name with and without its unit neither is silently left out."""

    def double(rows: list[list[object]]) -> None:
        for row in rows:
            row.append(row[rows[0].index("max_mw")])
        rows[0][-1] = "max_mw (MW IT)"

    assert one(edited(example, "Sites", double)).code == "duplicate-column"


def test_notes_are_left_alone(example: Workbook) -> None:
    def annotate(rows: list[list[object]]) -> None:
        rows[0].append("# why")
        rows[1].append("because")
        rows.append([None] * (len(rows[0]) - 1) + ["a note below the table"])

    noted = edited(example, "Sites", annotate)
    raw = RawSheet("# my sums", (("anything", None), (None, 5)), hidden=False)
    dataset, problems = check(replace(noted, sheets={**noted.sheets, raw.name: raw}), MODEL)
    assert problems == []
    assert len(dataset["Sites"]) == 1


def test_a_note_beside_the_settings_is_left_alone_and_a_third_column_is_not(
    example: Workbook,
) -> None:
    def third(rows: list[list[object]], title: object) -> None:
        rows[0].append(title)
        rows[2].append("as in the annual report")

    assert notices(edited(example, "Settings", lambda rows: third(rows, "# source"))) == []
    problem = one(edited(example, "Settings", lambda rows: third(rows, "comment")))
    assert (problem.cell, problem.code) == ("C1", "unknown-column")
    problem = one(edited(example, "Settings", lambda rows: third(rows, None)))
    assert (problem.cell, problem.code) == ("C3", "no-header")


@pytest.mark.long
def test_optional_settings_without_a_value_are_as_good_as_none(example: Workbook) -> None:
    """A value without a name, or in place of the names, is still not lost."""

    def without_values(rows: list[list[object]]) -> None:
        for row in rows[1:]:
            row[1] = None

    def header_alone(rows: list[list[object]]) -> None:
        del rows[1:]

    for edit in (without_values, header_alone):
        dataset, problems = check(edited(example, "DepartureCosts", edit), MODEL)
        assert dataset["DepartureCosts"].empty
        assert [problem.code for problem in problems] == ["departures-free"]
    lost = edited(
        example, "DepartureCosts", lambda rows: rows.__setitem__(slice(1, None), [[None, 5]])
    )
    assert one(lost).code == "missing-column"


def test_a_setting_in_row_1_is_read(example: Workbook) -> None:
    headless = edited(example, "Settings", lambda rows: rows.pop(0))
    assert notices(headless) == []
    assert check(headless, MODEL)[0].one("Settings").currency == "USD"


def test_text_files_named_as_sheets_are_noticed(tmp_path: Path) -> None:
    """Proves: what Notepad saves as a CSV is named, with the name that it must have; other text files
    are notes."""
    folder = books.write(books.book(), tmp_path / "book")
    for name in ("GridZones.csv.txt", "pace.TXT", "readme.txt", "Sites of ours.csv.txt"):
        (folder / name).write_text("zone\n")
    found = [p for p in check(folder, MODEL)[1] if p.code == "not-read"]
    assert [p.found for p in found] == ["GridZones.csv.txt", "pace.TXT"]
    assert [p.action.partition(" if")[0] for p in found] == [
        "Rename it GridZones.csv",
        "Rename it Pace.csv",
    ]


def test_faults_below_a_note_are_none(tmp_path: Path) -> None:
    """Proves: a formula without a value, an error value and merged cells below a title with # are left
    alone, also beside a setting that is a note; below a title that is read each is reported, and so
    are cells merged from a note into a column that is read."""
    book, page, settings = openpyxl.Workbook(), "Sites", "Settings"
    book.active.title = page
    for cell, value in {
        "A1": "#check", "B1": "site", "C1": "#more", "A2": "=1+1", "B2": "=1+1", "A3": "#N/A",
        "B3": "#N/A", "A4": "ours", "C4": "theirs",
    }.items():  # fmt: skip
        book[page][cell] = value
    book[page].merge_cells("A4:B4")
    book[page].merge_cells("C4:C5")
    book.create_sheet(settings)
    for row in (("setting", "value"), ("#date", "=NOW()"), ("gap", "=0+0")):
        book[settings].append(row)
    book.save(tmp_path / "book.xlsx")
    _, problems = check(tmp_path / "book.xlsx", MODEL)
    kinds = {"formula-without-value", "error-value", "merged-cells"}
    assert {(p.sheet, p.cell, p.code) for p in problems if p.code in kinds} == {
        (page, "B2", "formula-without-value"),
        (page, "B3", "error-value"),
        (page, "A4", "merged-cells"),
        (settings, "B3", "formula-without-value"),
    }


def test_a_misspelt_setting_in_row_1_is_reported(example: Workbook) -> None:
    """Proves: a first row that is no header is an unknown name, with the one that is meant; a header in
    other words above a value, or with nothing beside it, is none."""

    def first(title: str, value: object) -> Workbook:
        def edit(rows: list[list[object]]) -> None:
            rows[:] = [row for row in rows if row[0] != "running_cost_escalation"]
            rows[0] = [title, value]

        return edited(example, "Settings", edit)

    problem = one(first("running cost escalation", 0.5))
    assert (problem.cell, problem.code) == ("A1", "unknown-column")
    assert "'running_cost_escalation'" in problem.action
    for title, value in (("Setting", "Wert"), ("what", "Value"), ("Our settings", None)):
        assert notices(first(title, value)) == []


@pytest.mark.first(3)
@pytest.mark.parametrize(
    ("sheet", "edit", "cell", "code"),
    [
        ("Sites", lambda rows: rows[0].append("site"), "AB1", "duplicate-column"),
        ("Sites", lambda rows: rows[0].append("owner"), "AB1", "unknown-column"),
        ("Sites", lambda rows: rows[1].append("us"), "AB2", "no-header"),
        ("Sites", lambda rows: rows.insert(0, ["Our sites"]), "A1", "missing-column"),
        ("Settings", lambda rows: rows.append(["currency", "JPY"]), "A15", "duplicate-column"),
        ("Settings", lambda rows: rows.append(["colour", "red"]), "A15", "unknown-column"),
        ("Settings", lambda rows: rows.append([None, "red"]), "A15", "no-header"),
        (
            "Settings",
            lambda rows: rows.__setitem__(slice(None), [["?", 1]]),
            "A1",
            "missing-column",
        ),
    ],
)
def test_a_faulty_layout_is_one_message(
    example: Workbook, sheet: str, edit: Callable[[list[list[object]]], Any], cell: str, code: str
) -> None:
    assert len(example.sheets["Sites"].rows[0]) == 27
    assert len(example.sheets["Settings"].rows) == 14
    problem = one(edited(example, sheet, edit))
    assert (problem.sheet, problem.cell, problem.code) == (sheet, cell, code)


def test_two_sheets_of_one_name_are_one_message(example: Workbook) -> None:
    second = replace(example.sheets["Sites"], name="sites ")
    problem = one(replace(example, sheets={**example.sheets, "sites ": second}))
    assert (problem.sheet, problem.cell, problem.code) == ("sites ", "", "duplicate-sheet")


def test_a_name_with_spaces_around_it_is_the_same_name(example: Workbook) -> None:
    told = notices(
        edited(example, "Sites", lambda rows: rows[1].__setitem__(0, " Kanto North\u00a0"))
    )
    assert [(p.cell, p.code, p.found) for p in told] == [
        ("A2", "spaces-trimmed", "' Kanto North\\xa0'")
    ]


def test_a_row_of_spaces_is_no_row(example: Workbook) -> None:
    assert notices(edited(example, "Sites", lambda rows: rows.append(["  ", "\t"]))) == []


def test_a_cell_that_could_not_be_read_has_one_message(example: Workbook) -> None:
    for order, code in (((4, 2, 1), "error-value"), ((4, 1, 1), "formula-without-value")):
        told = Problem("Sites", address(*order[1:]), "m", "f", "a.", code, order=order)
        assert list(example.sheets).index("Sites") + 1 == order[0]
        emptied = edited(
            example,
            "Sites",
            lambda rows, order=order: rows[order[1] - 1].__setitem__(0, None),  # type: ignore[misc]
        )
        assert one(replace(emptied, problems=(told,))) == told


def test_an_unreadable_csv_is_one_message(tmp_path: Path) -> None:
    folder = tmp_path / "book"
    for sheet in ("Sites", "Jurisdictions"):
        optalloc_folder(folder)
        (folder / f"{sheet}.csv").write_bytes(b"site\n\xff\xfe\xfa\n")
        workbook = optalloc.read_workbook(folder)
        problem = one(workbook)
        assert (problem.sheet, problem.code) == (sheet, "encoding")


def optalloc_folder(folder: Path) -> None:
    """inputs/pacific, but for what a test then overwrites."""
    folder.mkdir(exist_ok=True)
    for file in (INPUTS / "pacific").glob("*.csv"):
        (folder / file.name).write_bytes(file.read_bytes())


def test_every_problem_at_once_in_the_order_of_the_workbook(example: Workbook) -> None:
    faulty = with_cell(example, MODEL.sheets["Demand"], column("Demand", "it_mw"), -1)
    faulty = with_cell(faulty, MODEL.sheets["Sites"], column("Sites", "pue"), 9)
    faulty = with_cell(faulty, MODEL.sheets["Sites"], column("Sites", "latitude"), 91)
    faulty = with_cell(faulty, MODEL.sheets["Settings"], column("Settings", "seed"), -1)
    with pytest.raises(InputError) as caught:
        validate(faulty, MODEL)
    assert [(p.sheet, p.cell) for p in caught.value.problems] == [
        ("Settings", "B14"),
        ("Sites", "F2"),
        ("Sites", "Z2"),
        ("Demand", "D2"),
    ]
    assert str(caught.value).count("\n") == 3


def column(sheet: str, name: str) -> Column:
    return MODEL.sheets[sheet].by_name[name]


def test_suggestions_are_close_names_only() -> None:
    assert suggest("Sties", ["Sites", "Demand"]) == "Sites"
    assert suggest("grid zone", ["grid_zone", "zone"]) == "grid_zone"
    assert suggest("latitude", ["Sites", "Demand"]) == ""


# Whatever stands in the cells ---------------------------------------------------------------------

ABSURD = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, -1, 1, 1e308, -1e308, 5e-324, -0.0, 1e15, 1e-12, 10**30, 2.5]),
    st.sampled_from(
        ["NaN", "inf", "-inf", "1e999", "", " ", "#", "=1+1", "é😀", "a\nb", "0", "\u200b"]
    ),
    st.sampled_from(
        ["Y1", "Y2", "A", "R", "load", "no", "existing", "USD", "2027-01-01", "9999-12-31"]
    ),
    st.just("long " * 10_000),
    st.floats(allow_nan=False),
    st.text(max_size=8),
    st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(9999, 12, 31)),
    st.sampled_from([dt.time(12), dt.timedelta(days=400), dt.date(1900, 1, 1)]),
)
EDITS = st.lists(
    st.tuples(st.sampled_from(sorted(MODEL.sheets)), st.integers(0, 3), st.integers(0, 25), ABSURD),
    min_size=1,
    max_size=6,
)


def mutated(workbook: Workbook, edits: list[tuple[str, int, int, object]]) -> Workbook:
    for sheet, row, number, value in edits:

        def edit(
            rows: list[list[object]], row: int = row, number: int = number, value: object = value
        ) -> None:
            while len(rows) <= row:
                rows.append(list(rows[-1]))
            rows[row][number % len(rows[row])] = value

        workbook = edited(workbook, sheet, edit)
    return workbook


def drawn(count: int) -> settings:
    return settings(max_examples=count, deadline=None, derandomize=True, database=None)


def assert_problems_or_fine(
    example: Workbook, edits: list[tuple[str, int, int, object]], text: bool
) -> None:
    workbook = mutated(example, edits)
    if text:
        workbook = as_text(workbook)
    dataset, problems = check(workbook, MODEL)
    for problem in problems:
        assert problem.must
        assert problem.action.endswith((".", "?"))
        assert len(str(problem)) < 1200
    assert problems == sorted(problems, key=lambda p: p.order)
    assert set(dataset.frames) == set(MODEL.sheets)


@pytest.mark.slow
@drawn(25)
@given(edits=EDITS, text=st.booleans())
def test_absurd_cells_are_problems_or_fine(
    example: Workbook, edits: list[tuple[str, int, int, object]], text: bool
) -> None:
    assert_problems_or_fine(example, edits, text)


@pytest.mark.slow
@drawn(600)
@given(edits=EDITS, text=st.booleans())
def test_many_absurd_cells_are_problems_or_fine(
    example: Workbook, edits: list[tuple[str, int, int, object]], text: bool
) -> None:
    assert_problems_or_fine(example, edits, text)


def extreme(column: Column) -> st.SearchStrategy[object]:
    """Values that a column allows, the outermost among them."""
    if column.kind in (Kind.NUMBER, Kind.INTEGER):
        low = column.at_least if column.at_least is not None else column.above
        ends = [low, column.at_most, 0, 1e-9, 1, 40, 1e6, 1e12]
        return st.sampled_from([end for end in ends if end is not None])
    if column.kind is Kind.DATE:
        return st.sampled_from(["1900-01-01", "2027-01-01", "2028-06-15", "2300-12-31"])
    if column.kind is Kind.FLAG:
        return st.sampled_from(["yes", "no"])
    return st.sampled_from(column.choices or ["é😀", "=1+1", "a\nb", "x" * 500, "-1", "'"])


SOLVED = ("Settings", "Periods", "Sites", "Workloads", "Demand", "Network")
EXTREMES = st.sampled_from(
    [(sheet, c) for sheet in SOLVED for c in MODEL.sheets[sheet].columns if not c.refers_to]
).flatmap(lambda at: st.tuples(st.just(at[0]), st.just(at[1].name), extreme(at[1])))


EXTREME_EDITS = st.lists(EXTREMES, min_size=1, max_size=3)


def assert_plan_or_reason(
    folders: pytest.TempPathFactory, edits: list[tuple[str, str, object]], must: bool
) -> None:
    book = books.book(
        Periods=books.years(2),
        Demand=books.demand(40, 60),
        Sites={"block_mw": 25, "site_cost": 5},
        Workloads={"unmet_penalty_per_mw_year": None if must else 100},
    )
    for sheet, name, value in edits:
        book[sheet][0][name] = value
    try:
        plan = optalloc.solve(books.write(book, folders.mktemp("extreme")), time_limit_s=2)
    except (InputError, optalloc.InfeasibleError, optalloc.NoPlanError) as told:
        assert str(told)
    else:
        assert plan["Audit"]["passed"].all()


@pytest.mark.slow
@drawn(6)
@given(edits=EXTREME_EDITS, must=st.booleans())
def test_what_is_valid_has_a_plan_or_says_why_not(
    tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[str, str, object]], must: bool
) -> None:
    """Proves: no valid number, however large, ends in another error than those foreseen."""
    assert_plan_or_reason(tmp_path_factory, edits, must)


@pytest.mark.slow
@drawn(200)
@given(edits=EXTREME_EDITS, must=st.booleans())
def test_much_that_is_valid_has_a_plan_or_says_why_not(
    tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[str, str, object]], must: bool
) -> None:
    """Proves: the same of more numbers."""
    assert_plan_or_reason(tmp_path_factory, edits, must)


def test_a_sheet_of_notes_may_hold_anything(tmp_path: Path) -> None:
    """Proves: an error value on a sheet that is not read is no error.

    Sensitivity: on a sheet that is read it is one, at its cell, whatever sheets come before.
    """

    def problems(name: str) -> list[str]:
        path = tmp_path / "book.xlsx"
        write_template(MODEL, path, books.book())
        book = openpyxl.load_workbook(path)
        book.create_chartsheet("Chart", 0)
        if name not in book.sheetnames:
            book.create_sheet(name)
        book[name]["B2"] = "=1/0"
        book.save(path)
        _, found = check(read_workbook(path), MODEL)
        return [str(p) for p in found if p.severity is Severity.ERROR]

    assert problems("#Notes") == []
    (error,) = problems("Workloads")
    assert error.startswith("Workloads!B2: a formula must have a calculated value")
