"""Reading: every value keeps its place and type, and no bytes do more than raise InputError."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import os
import re
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from optalloc.errors import InputError, Problem, Severity
from optalloc.spreadsheet.read import Workbook, address, place, read_workbook

SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def xlsx(path: Path, write: Callable[[Any], object]) -> Path:
    book = xlsxwriter.Workbook(path)
    write(book)
    book.close()
    return path


def small(book: Any) -> None:
    sheet = book.add_worksheet("Sites")
    sheet.write_row("A1", ["site", "limit_mw", "built"])
    sheet.write_row("A2", ["lulea", 120])
    sheet.write("C2", dt.date(2027, 1, 1), book.add_format({"num_format": "yyyy-mm-dd"}))


def with_part(path: Path, part: str, data: bytes) -> Path:
    """Replace or add one part of a workbook."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()} | {part: data}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def with_cells(path: Path, cells: str, after: str = "") -> Path:
    xml = f'<worksheet xmlns="{MAIN}"><sheetData>{cells}</sheetData>{after}</worksheet>'
    return with_part(xlsx(path, small), SHEET, xml.encode())


def folder(path: Path, files: dict[str, bytes]) -> Path:
    path.mkdir(exist_ok=True)
    for name, data in files.items():
        (path / name).write_bytes(data)
    return path


def refusal(path: Path) -> Problem:
    with pytest.raises(InputError) as caught:
        read_workbook(path)
    (problem,) = caught.value.problems
    return problem


def found(workbook: Workbook) -> list[tuple[str, str, str]]:
    return [(p.code, p.sheet, p.cell) for p in workbook.problems]


# Workbooks --------------------------------------------------------------------------------------


def test_values_keep_place_and_type(tmp_path: Path) -> None:
    values = [
        "x",
        5,
        5.5,
        True,
        dt.date(2027, 1, 2),
        dt.datetime(2027, 1, 2, 3, 4),
        dt.time(5, 6),
        dt.timedelta(hours=30),
        " ",
        "",
        1e17,
    ]
    formats = {4: "yyyy-mm-dd", 5: "yyyy-mm-dd hh:mm", 6: "hh:mm", 7: "[h]:mm", 9: "0.00"}

    def write(book: Any) -> None:
        sheet = book.add_worksheet()
        for column, value in enumerate(values, start=1):
            chosen = {"num_format": formats.get(column - 1, "")}
            sheet.write(2, column, value, book.add_format(chosen))

    rows = read_workbook(xlsx(tmp_path / "a.xlsx", write)).sheets["Sheet1"].rows
    blank = (None,) * 12
    assert rows == (blank, blank, (None, *[None if v == "" else v for v in values]))
    assert [type(cell) for cell in rows[2][2:5]] == [int, float, bool]


@pytest.mark.parametrize("number_format", ['0 "days"', '0.0 "MWh"', '0.0 "$/d"', "[Red]0", "0%"])
def test_a_unit_in_a_number_format_makes_no_date(tmp_path: Path, number_format: str) -> None:
    path = xlsx(
        tmp_path / "a.xlsx",
        lambda book: book.add_worksheet().write(
            0, 0, 45000.5, book.add_format({"num_format": number_format})
        ),
    )
    assert read_workbook(path).sheets["Sheet1"].rows == ((45000.5,),)


def test_the_1904_calendar_is_heeded(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(tmp_path / "a.xlsx", {"date_1904": True})
    date_format = book.add_format({"num_format": "yyyy-mm-dd"})
    book.add_worksheet().write_datetime(0, 0, dt.datetime(2027, 1, 2), date_format)
    book.close()
    assert read_workbook(tmp_path / "a.xlsx").sheets["Sheet1"].rows == ((dt.date(2027, 1, 2),),)


def test_a_formula_that_was_never_calculated_is_named(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book["Sheet"]["A1"] = 2
    book["Sheet"]["C7"] = "=A1*2"
    book.save(tmp_path / "a.xlsx")
    (problem,) = read_workbook(tmp_path / "a.xlsx").problems
    assert (problem.code, problem.cell, problem.order) == ("formula-without-value", "C7", (1, 7, 3))
    assert "save it" in problem.action


def test_the_zero_that_a_library_puts_in_place_of_a_value_is_no_value(tmp_path: Path) -> None:
    def write(book: Any) -> None:
        sheet = book.add_worksheet()
        sheet.write_formula("A1", "=1+1")
        sheet.write_formula("A2", "=1+1", None, 2)

    workbook = read_workbook(xlsx(tmp_path / "a.xlsx", write))
    assert found(workbook) == [("formula-without-value", "Sheet1", "A1")]


@pytest.mark.parametrize("cell", ['<c r="A1" t="str"><f>""</f><v></v></c>', "<c><f/><v>0</v></c>"])
def test_a_formula_with_an_empty_text_or_a_calculated_zero_has_a_value(
    tmp_path: Path, cell: str
) -> None:
    path = with_cells(tmp_path / "a.xlsx", f"<row>{cell}</row>")
    with zipfile.ZipFile(path) as archive:
        main = archive.read("xl/workbook.xml").replace(b' fullCalcOnLoad="1"', b"")
    assert read_workbook(with_part(path, "xl/workbook.xml", main)).problems == ()


@pytest.mark.parametrize("value", ["#REF!", "#DIV/0!", "#N/A", "#SPILL!", "#NEWKIND?"])
def test_error_values_are_named_and_the_rest_is_read(tmp_path: Path, value: str) -> None:
    row = f'<row><c><v>1</v></c><c t="e"><f>X</f><v>{value}</v></c><c><v>3</v></c></row>'
    workbook = read_workbook(with_cells(tmp_path / "a.xlsx", row))
    (problem,) = workbook.problems
    assert (problem.code, problem.cell, problem.found) == ("error-value", "B1", value)
    assert workbook.sheets["Sites"].rows == ((1, None, 3),)


def test_merged_cells_matter_only_where_there_are_values(tmp_path: Path) -> None:
    def write(book: Any) -> None:
        sheet = book.add_worksheet()
        sheet.merge_range("B2:C3", "x")
        sheet.write("D4", 1)
        sheet.merge_range("D3:F3", "")
        sheet.merge_range("H9:J9", "")

    workbook = read_workbook(xlsx(tmp_path / "a.xlsx", write))
    assert found(workbook) == [
        ("merged-cells", "Sheet1", "B2"),
        ("merged-cells", "Sheet1", "D3"),
    ]


def test_what_is_hidden_is_read_and_said(tmp_path: Path) -> None:
    def write(book: Any) -> None:
        sheet = book.add_worksheet("Sites")
        for row in range(9):
            sheet.write_row(row, 0, [row, row, row])
        for row in (2, 3, 6):
            sheet.set_row(row, None, None, {"hidden": True})
        sheet.set_column("B:XFD", None, None, {"hidden": True})
        book.add_worksheet("Old").hide()
        book.add_worksheet("Older").very_hidden()

    workbook = read_workbook(xlsx(tmp_path / "a.xlsx", write))
    assert [(p.sheet, p.cell, p.found, p.order) for p in workbook.problems] == [
        ("Sites", "B1", "columns B to C", (1, 1, 2)),
        ("Sites", "A3", "rows 3 to 4", (1, 3, 1)),
        ("Sites", "A7", "row 7", (1, 7, 1)),
        ("Old", "", "a hidden sheet", (2, 0, 0)),
        ("Older", "", "a hidden sheet", (3, 0, 0)),
    ]
    assert {p.severity for p in workbook.problems} == {Severity.NOTICE}
    assert len(workbook.sheets["Sites"].rows) == 9
    assert [sheet.hidden for sheet in workbook.sheets.values()] == [False, True, True]


def test_a_filter_that_hides_many_rows_makes_one_notice(tmp_path: Path) -> None:
    rows = '<row hidden="1"/>' * 100_001 + "<row><c><v>1</v></c></row>"
    (problem,) = read_workbook(with_cells(tmp_path / "a.xlsx", rows)).problems
    assert (problem.cell, problem.found) == ("A1", "rows 1 to 100001")


def test_hidden_columns_that_end_before_they_begin_do_no_harm(tmp_path: Path) -> None:
    columns = '</sheetData><cols><col min="1" max="-1" hidden="1"/></cols><sheetData>'
    path = with_cells(tmp_path / "a.xlsx", f"<row><c><v>1</v></c></row>{columns}")
    (problem,) = read_workbook(path).problems
    assert (problem.cell, problem.found) == ("A1", "column A")


def test_a_chart_sheet_is_said_to_be_left_out_and_shifts_no_other(tmp_path: Path) -> None:
    def write(book: Any) -> None:
        book.add_worksheet("First").write("A1", 1)
        sheet = book.add_chartsheet("Chart")
        chart = book.add_chart({"type": "line"})
        chart.add_series({"values": "=First!$A$1:$A$2"})
        sheet.set_chart(chart)
        book.add_worksheet("Last").write("A1", 2)

    workbook = read_workbook(xlsx(tmp_path / "a.xlsx", write))
    assert {name: sheet.rows for name, sheet in workbook.sheets.items()} == {
        "First": ((1,),),
        "Last": ((2,),),
    }
    assert found(workbook) == [("not-read", "Chart", "")]


def test_prefixed_and_strict_xml_reads_the_same(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", small)
    rows = read_workbook(path).sheets["Sites"].rows
    strict = "http://purl.oclc.org/ooxml/spreadsheetml/main"
    with zipfile.ZipFile(path) as archive:
        sheet = archive.read(SHEET).decode()
    prefixed = re.sub(r"<(/?)(?=\w)", r"<\1x:", sheet).replace("xmlns=", "xmlns:x=")
    for text in (prefixed, sheet.replace(MAIN, strict), "\ufeff" + sheet):
        assert read_workbook(with_part(path, SHEET, text.encode())).sheets["Sites"].rows == rows


def test_cells_and_rows_without_an_address_follow_on(tmp_path: Path) -> None:
    cells = '<row><c><v>1</v></c><c r="C1"><v>2</v></c><c><v>3</v></c></row><row r="3"><c/></row>'
    path = with_cells(tmp_path / "a.xlsx", f"{cells}<row><c><v>4</v></c></row>")
    blank = (None,) * 4
    assert read_workbook(path).sheets["Sites"].rows == (
        (1, None, 2, 3),
        blank,
        blank,
        (4, None, None, None),
    )


# Faults of the file -----------------------------------------------------------------------------


def zipped(**parts: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), data)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "code", "hint"),
    [
        ("plan.xlsx", b"", "empty-file", "0 bytes"),
        ("plan.xlsx", b"site,limit_mw\n", "not-a-workbook", "some other kind of file"),
        ("plan.csv", b"site,limit_mw\n", "not-a-workbook", "a single CSV"),
        ("plan.xls", OLE + bytes(600), "not-a-workbook", ".xls"),
        (
            "plan.xlsx",
            OLE + bytes(600) + "EncryptedPackage".encode("utf-16-le"),
            "password-protected",
            "without a password",
        ),
        ("plan.ods", zipped(mimetype=b"x", content_xml=b"<a/>"), "not-a-workbook", ".ods"),
        ("plan.xlsb", zipped(xl__workbook_bin=b"x"), "not-a-workbook", ".xlsb"),
        ("plan.docx", zipped(word__document_xml=b"<a/>"), "not-a-workbook", "without a workbook"),
        ("plan.xlsx", zipped(), "not-a-workbook", "without a workbook"),
        ("plan.xlsx", b"PK\3\4" + bytes(100), "truncated", "undamaged"),
        ("plan.xlsx", zipped(xl__workbook_xml=b"<workbook><she"), "truncated", "undamaged"),
    ],
)
def test_a_file_that_is_no_workbook_is_refused_in_one_line(
    tmp_path: Path, name: str, data: bytes, code: str, hint: str
) -> None:
    (tmp_path / name).write_bytes(data)
    problem = refusal(tmp_path / name)
    assert (problem.code, problem.sheet, problem.order) == (code, "", (0, 0, 0))
    assert str(problem).startswith(f"File: {name} must ")
    assert hint in str(problem)
    assert str(tmp_path) not in str(problem)
    assert "\n" not in str(problem)


def test_what_is_no_file_or_no_folder_of_csvs_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none.xlsx").code == "not-found"
    assert refusal(folder(tmp_path / "plan", {"notes.md": b"x"})).code == "not-a-workbook"
    os.mkfifo(tmp_path / "pipe.xlsx")
    assert refusal(tmp_path / "pipe.xlsx").code == "not-a-workbook"


@contextmanager
def without_rights() -> Iterator[None]:
    """Root may read everything, so become nobody for a while."""
    own = os.geteuid()
    if own == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(own)


def test_a_file_or_folder_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    book = xlsx(tmp_path / "a.xlsx", small)
    csvs = folder(tmp_path / "plan", {"Sites.csv": b"site\n"})
    for path in (book, csvs):
        path.chmod(0)
        with without_rights():
            assert refusal(path).code == "not-readable"
        path.chmod(0o700)


def test_an_encrypted_or_oddly_packed_part_is_refused(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", small)
    data = path.read_bytes()
    entry = data.index(b"PK\1\2")
    at = data.index(SHEET.encode(), entry) - 46
    path.write_bytes(data[: at + 8] + b"\1" + data[at + 9 :])
    assert refusal(path).code == "password-protected"
    path.write_bytes(data[: at + 10] + b"\x0c" + data[at + 11 :])
    assert refusal(path).code == "truncated"


# Hostile workbooks ------------------------------------------------------------------------------


def test_a_zip_bomb_is_refused_from_its_directory(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", small)
    data = path.read_bytes()
    at = data.index(SHEET.encode(), data.index(b"PK\1\2")) - 46
    for size in (2**31, 200 * 2**20):
        path.write_bytes(data[: at + 24] + size.to_bytes(4, "little") + data[at + 28 :])
        assert refusal(path).code == "too-large"


def test_a_stray_cell_in_the_last_corner_is_refused_at_once(tmp_path: Path) -> None:
    row = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    problem = refusal(with_cells(tmp_path / "a.xlsx", row))
    assert problem.code == "too-large"
    assert "'Sites'" in problem.found
    assert "XFD1048576" in problem.found


def test_one_long_text_in_many_cells_is_refused(tmp_path: Path) -> None:
    path = with_cells(tmp_path / "a.xlsx", '<row><c t="s"><v>0</v></c></row>' * 2000)
    strings = f'<sst xmlns="{MAIN}"><si><t>{"x" * 600_000}</t></si></sst>'
    problem = refusal(with_part(path, STRINGS, strings.encode()))
    assert (problem.code, "text" in problem.found) == ("too-large", True)


def test_a_false_count_of_strings_reserves_no_memory(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", small)
    with zipfile.ZipFile(path) as archive:
        strings = re.sub(rb'ount="\d+"', b'ount="4000000000"', archive.read(STRINGS))
    workbook = read_workbook(with_part(path, STRINGS, strings))
    assert workbook.sheets["Sites"].rows[0] == ("site", "limit_mw", "built")


def test_a_sheet_in_the_place_of_the_strings_is_refused(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", small)
    links = "xl/_rels/workbook.xml.rels"
    with zipfile.ZipFile(path) as archive:
        moved = archive.read(links).replace(b"worksheets/sheet1.xml", b"sharedStrings.xml")
    assert refusal(with_part(path, links, moved)).code == "truncated"


@pytest.mark.parametrize(
    "cells",
    [
        '<row><c r="A0"><v>1</v></c></row>',
        '<row><c r="XFE1"><v>1</v></c></row>',
        '<row><c r="A99999999999"><v>1</v></c></row>',
        '<row r="4294967297"><c><v>1</v></c></row>',
        '<row r="-1" hidden="1"><c><v>1</v></c></row>',
        '<row><c t="s"><v>99</v></c></row>',
        '<row><c t="b"><v>7</v></c></row>',
        "<row><c t='inlineStr'><is><t><![CDATA[lost]]></t></is></c></row>",
        "<row><c><v>1</v></c>",
        '<row><c r="C1"><v>1</v></c><row><c><v>1</v></c></row></row>',
        '<row><c><c r="C9"><v>1</v></c></c></row>',
        "</sheetData><cols><col min='-1' max='3' hidden='1'/></cols><sheetData>",
        "</sheetData><mergeCells><mergeCell ref='A1:'/><mergeCell/></mergeCells><sheetData>",
    ],
)
def test_a_sheet_that_no_program_writes_is_refused(tmp_path: Path, cells: str) -> None:
    assert refusal(with_cells(tmp_path / "a.xlsx", cells)).code == "truncated"


@pytest.mark.parametrize("number", ["-1e300", "1e300"])
def test_a_number_beyond_all_times_names_its_sheet(tmp_path: Path, number: str) -> None:
    def write(book: Any) -> None:
        book.add_worksheet("Sites").write(0, 0, 1, book.add_format({"num_format": "[h]:mm"}))

    path = xlsx(tmp_path / "a.xlsx", write)
    with zipfile.ZipFile(path) as archive:
        sheet = archive.read(SHEET).replace(b"<v>1</v>", f"<v>{number}</v>".encode())
    problem = refusal(with_part(path, SHEET, sheet))
    assert (problem.code, "'Sites'" in problem.must) == ("date-range", True)


def test_entities_and_other_encodings_are_refused(tmp_path: Path) -> None:
    body = f'<worksheet xmlns="{MAIN}"><sheetData><row><c t="str"><v>{{}}</v></c></row></sheetData>'
    body += "</worksheet>"
    entity = '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + body.format("&e;")
    path = xlsx(tmp_path / "a.xlsx", small)
    for data in (
        entity.encode(),
        body.format("x").encode("utf-16"),
        b"<?xml version='1.0' encoding='iso-8859-1'?>" + body.format("é").encode("latin-1"),
    ):
        assert refusal(with_part(path, SHEET, data)).code == "truncated"


@pytest.fixture(scope="module")
def valid(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return xlsx(tmp_path_factory.mktemp("valid") / "a.xlsx", small).read_bytes()


def only_refuses(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    began = time.monotonic()
    try:
        assert isinstance(read_workbook(path), Workbook)
    except InputError as error:
        assert len(error.problems) == 1
    assert time.monotonic() - began < 5


def test_a_workbook_cut_off_anywhere_is_refused(tmp_path: Path, valid: bytes) -> None:
    for end in range(1, len(valid), 97):
        (tmp_path / "a.xlsx").write_bytes(valid[:end])
        assert refusal(tmp_path / "a.xlsx").code in ("truncated", "not-a-workbook")


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_flipped_bits_only_refuse(
    tmp_path_factory: pytest.TempPathFactory, valid: bytes, data: st.DataObject
) -> None:
    flipped = bytearray(valid)
    for bit in data.draw(st.lists(st.integers(0, 8 * len(valid) - 1), min_size=1, max_size=4)):
        flipped[bit // 8] ^= 1 << bit % 8
    only_refuses(tmp_path_factory.getbasetemp() / "flipped.xlsx", bytes(flipped))


@settings(max_examples=100, deadline=None)
@given(head=st.sampled_from([b"", b"PK\3\4", b"PK\5\6", OLE]), tail=st.binary(max_size=300))
def test_random_bytes_only_refuse(
    tmp_path_factory: pytest.TempPathFactory, head: bytes, tail: bytes
) -> None:
    only_refuses(tmp_path_factory.getbasetemp() / "random.xlsx", head + tail)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_mangled_xml_only_refuses(
    tmp_path_factory: pytest.TempPathFactory, valid: bytes, data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / "mangled.xlsx"
    path.write_bytes(valid)
    links = "xl/_rels/workbook.xml.rels"
    part = data.draw(st.sampled_from([SHEET, STRINGS, "xl/workbook.xml", "xl/styles.xml", links]))
    with zipfile.ZipFile(path) as archive:
        tokens = re.findall(rb"[^<>\" ]+|.", archive.read(part), re.DOTALL)
    at = data.draw(st.integers(0, len(tokens) - 1))
    odd = [b"", b"-1", b"A0", b"1e999", b"4294967296", b"XFD1048576", b"<c><v>1</v></c>", b"s"]
    tokens[at] = data.draw(st.sampled_from([*odd, tokens[0], tokens[-2]]))
    only_refuses(with_part(path, part, b"".join(tokens)), path.read_bytes())


# Folders of CSVs --------------------------------------------------------------------------------


def csv_problems(tmp_path: Path, data: bytes) -> list[tuple[str, str, str]]:
    return found(read_workbook(folder(tmp_path / "plan", {"Sites.csv": data})))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_csvs_read_as_text_in_every_encoding_of_excel(tmp_path: Path, encoding: str) -> None:
    text = 'site,limit_mw,note\r\nluleå, 120 ,"a, ""b""\r\nc"\r\n\r\nx,,\r\n,,\r\n'
    workbook = read_workbook(folder(tmp_path / "plan", {"Sites.csv": text.encode(encoding)}))
    assert workbook.sheets["Sites"].rows == (
        ("site", "limit_mw", "note"),
        ("luleå", " 120 ", 'a, "b"\r\nc'),
        (None, None, None),
        ("x", None, None),
    )
    assert workbook.text_cells
    assert workbook.problems == ()


def test_every_csv_is_a_sheet_and_every_other_file_is_said(tmp_path: Path) -> None:
    names = ["b.csv", "B.csv", "b.CSV", "README.md", ".DS_Store", "notes.docx", "prep.py"]
    path = folder(tmp_path / "plan", dict.fromkeys(names, b"site\nx\n"))
    (path / "old").mkdir()
    workbook = read_workbook(path)
    assert list(workbook.sheets) == ["B", "b", "b.csv"]
    assert [(p.code, p.found) for p in workbook.problems] == [
        ("not-read", "notes.docx"),
        ("not-read", "old"),
    ]


def test_a_packed_csv_reads_like_a_plain_one(tmp_path: Path) -> None:
    """Proves: cells, addresses of faults and digest of a .csv.gz are those of the CSV in it, in one
    piece or in two; what is damaged, cut short or not packed at all is refused by name.
    Sensitivity: another text has another digest."""
    text = b"site,limit_mw\nx,1,2\n"
    plain = read_workbook(folder(tmp_path / "plain", {"Sites.csv": text}))
    packs = [gzip.compress(text), gzip.compress(text[:9]) + gzip.compress(text[9:])]
    for number, packed in enumerate(packs):
        book = read_workbook(folder(tmp_path / f"packed{number}", {"Sites.csv.gz": packed}))
        assert (book.sheets, book.digest) == (plain.sheets, plain.digest)
        assert found(book) == found(plain) == [("ragged-row", "Sites", "C2")]
    other = folder(tmp_path / "other", {"Sites.csv.gz": gzip.compress(text + b"y,2\n")})
    assert read_workbook(other).digest != plain.digest
    for number, bad in enumerate([text, packs[0][:-9], packs[0] + b"x", b"\x1f\x8b" + bytes(20)]):
        problem = refusal(folder(tmp_path / f"bad{number}", {"Sites.csv.gz": bad}))
        assert problem.code == "truncated" and "Sites.csv.gz" in problem.must


def test_a_packed_csv_that_would_be_huge_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proves: what unpacks to more than the most bytes is refused. Sensitivity: just those pass."""
    monkeypatch.setattr("optalloc.spreadsheet.csvfolder.MOST_BYTES", 100)
    packed = [gzip.compress(b"s\n" + b"x" * (size - 2)) for size in (100, 101)]
    fits, huge = (
        folder(tmp_path / f"plan{k}", {"S.csv.gz": data}) for k, data in enumerate(packed)
    )
    assert read_workbook(fits).sheets["S"].rows[0] == ("s",)
    assert refusal(huge).code == "too-large"


def test_a_csv_that_is_not_utf_8_names_file_and_byte(tmp_path: Path) -> None:
    path = folder(
        tmp_path / "plan", {"Sites.csv": "site\nluleå\n".encode("latin-1"), "Zones.csv": b"z\n1"}
    )
    workbook = read_workbook(path)
    (problem,) = workbook.problems
    assert (problem.code, problem.sheet, problem.order) == ("encoding", "Sites", (1, 0, 0))
    assert "Sites.csv" in problem.found
    assert "byte offset 9, line 2" in problem.found
    assert "CSV UTF-8" in problem.action
    assert workbook.sheets["Zones"].rows == (("z",), ("1",))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"site;limit_mw\nx;1,5\n", [("csv-delimiter", "Sites", "A1")]),
        (b"\nsite\tlimit_mw\nx\t1\n", [("csv-delimiter", "Sites", "A1")]),
        (b"a,b\n1,2,\n1,2,,x,y\n1\n", [("ragged-row", "Sites", "D3")]),
        (b'a,b\n1,2\n"1,2\n3,4\n', [("csv-quote", "Sites", "A3")]),
        (b'a,b\n"1"2,3\n', [("csv-quote", "Sites", "A2")]),
        (b"a,b\n1,\0\n", [("nul-byte", "Sites", "")]),
        (b"\xff\xfea\0,", [("encoding", "Sites", "")]),
        (b"a,b,c\nx,62,5,\ny,1,2\nz,3,4\n", [("uneven-row", "Sites", "A2")]),
        (b"a,b,c\nx,1,2\n,,,\n\ny\nz,3,4\n", [("uneven-row", "Sites", "A5")]),
        (b"a,b\nx,1,\ny,2,\n", []),
        (b"a,b,\nx,1,\ny,2,\n", []),
        (b"a,b\nx,1,\ny,2\n", []),
        (b"a b\n1\n", []),
        (b"", []),
    ],
)
def test_faults_of_csvs_are_named_by_cell(
    tmp_path: Path, data: bytes, expected: list[tuple[str, str, str]]
) -> None:
    assert csv_problems(tmp_path, data) == expected


def test_csvs_that_would_be_huge_once_read_are_refused(tmp_path: Path) -> None:
    many_commas = b"," * 10_000_001
    wide_and_long = b"," * 10_000 + b"\n" * 2_000
    for data in (many_commas, wide_and_long):
        assert refusal(folder(tmp_path / "plan", {"Sites.csv": data})).code == "too-large"


@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=80) | st.text('a1,;"\n\r\t\0é', max_size=80).map(str.encode))
def test_random_csvs_only_refuse(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = folder(tmp_path_factory.getbasetemp() / "random", {"Sites.csv": data})
    rows = read_workbook(path).sheets["Sites"].rows
    assert len({len(row) for row in rows}) <= 1


# Digests and addresses --------------------------------------------------------------------------


def test_the_digest_tells_inputs_apart(tmp_path: Path) -> None:
    folders = [{"a.csv": b"x"}, {"b.csv": b"x"}, {"a.csv": b"y"}, {"a.csv": b"x", "b.csv": b""}]
    paths = [folder(tmp_path / str(i), files) for i, files in enumerate(folders)]
    digests = [read_workbook(path).digest for path in paths]
    assert len(set(digests)) == len(digests)
    assert digests[0] == read_workbook(folder(tmp_path / "again", folders[0])).digest
    one = read_workbook(xlsx(tmp_path / "a.xlsx", small)).digest
    assert len(one) == 64


@given(row=st.integers(1, 1_048_576), column=st.integers(1, 16_384))
def test_place_undoes_address(row: int, column: int) -> None:
    assert place(address(row, column)) == (row, column)
