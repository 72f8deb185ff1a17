"""Marking: bad cells turn red and say why, and all else in the planner's workbook stays."""

from __future__ import annotations

import io
import os
import re
import shutil
import struct
import subprocess
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter

from optalloc.errors import InputError, Problem, Severity
from optalloc.spreadsheet.error_list import ERROR_LIST
from optalloc.spreadsheet.mark import RED, mark_workbook
from optalloc.spreadsheet.read import read_workbook

pytestmark = pytest.mark.filterwarnings("ignore:.*extension is not supported")


def png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixel = zlib.compress(b"\0\xff\0\0")
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", pixel) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


@pytest.fixture
def rich(tmp_path: Path) -> Path:
    """A workbook with all that spreadsheet libraries lose when they load and save."""
    path = tmp_path / "plan.xlsx"
    book = xlsxwriter.Workbook(path)
    bold = book.add_format({"bold": True, "num_format": "0.00"})
    sites = book.add_worksheet("Sites")
    sites.set_column("F:F", 12, book.add_format({"italic": True}))
    for row in range(1, 6):
        sites.write_row(row, 0, [f"s{row}", row * 1.5], bold)
        sites.write_formula(row, 2, f"=B{row + 1}*2", bold, row * 3.0)
    sites.write_comment("A2", "mine", {"author": "ann"})
    sites.write_comment("B2", "other")
    sites.freeze_panes(1, 1)
    sites.data_validation("B2:B9", {"validate": "decimal", "criteria": ">", "value": 0})
    sites.conditional_format("B2:B9", {"type": "data_bar", "data_bar_2010": True})
    sites.insert_image("H2", "x.png", {"image_data": io.BytesIO(png())})
    sites.set_header("&L&G", {"image_left": "x.png", "image_data_left": io.BytesIO(png())})
    sites.insert_button("K20", {"caption": "go"})
    chart = book.add_chart({"type": "column"})
    chart.add_series({"values": "=Sites!$B$2:$B$6"})
    sites.insert_chart("H5", chart)
    book.define_name("Total", "=Sites!$B$2:$B$6")
    plain = book.add_worksheet("Plain Sheet")
    plain.write("A1", "k")
    plain.write("C5", 3)
    plain.add_table("E1:F4")
    book.add_worksheet("Empty")
    book.close()
    return path


def problem(sheet: str, cell: str, must: str = "must hold") -> Problem:
    return Problem(sheet, cell, must, "'x' <&>", "Do it.", "some-code")


TEXT = "must hold; found 'x' <&>. Do it. [some-code]"


def marked(source: Path, *problems: Problem) -> Path:
    out = source.with_name("marked.xlsx")
    mark_workbook(source, problems, out)
    return out


def parts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def red_cells(path: Path) -> dict[str, dict[str, str]]:
    """Comment of each red cell, by sheet."""
    cells: dict[str, dict[str, str]] = {}
    for sheet in openpyxl.load_workbook(path).worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.fill.fill_type == "solid" and cell.fill.fgColor.rgb == RED:
                    assert cell.comment is not None
                    cells.setdefault(sheet.title, {})[cell.coordinate] = cell.comment.text
    return cells


def test_only_sheets_comments_and_styles_change(rich: Path) -> None:
    before = parts(rich)
    own = rich.read_bytes()
    after = parts(marked(rich, problem("Sites", "B3"), problem("Plain Sheet", "D3")))
    assert rich.read_bytes() == own
    assert list(after)[: len(before)] == list(before)
    assert {name for name in before if before[name] != after[name]} == {
        "[Content_Types].xml",
        "xl/workbook.xml",
        "xl/_rels/workbook.xml.rels",
        "xl/styles.xml",
        "xl/comments1.xml",
        "xl/drawings/vmlDrawing1.vml",
        "xl/worksheets/sheet1.xml",
        "xl/worksheets/sheet2.xml",
        "xl/worksheets/_rels/sheet2.xml.rels",
    }
    new = {"xl/comments2.xml", "xl/drawings/vmlDrawing3.vml", "xl/worksheets/sheet4.xml"}
    assert set(after) - set(before) == new


def test_without_problems_every_part_is_the_same(rich: Path) -> None:
    assert parts(marked(rich)) == parts(rich)


def test_bad_cells_are_red_say_why_and_keep_their_format(rich: Path) -> None:
    out = marked(rich, problem("Sites", "B3"), problem("Sites", "B3", "second"))
    assert red_cells(out) == {"Sites": {"B3": f"{TEXT}\n{TEXT.replace('must hold', 'second')}"}}
    sheet = openpyxl.load_workbook(out)["Sites"]
    assert (sheet["B3"].font.b, sheet["B3"].number_format, sheet["B3"].value) == (True, "0.00", 3)
    assert sheet["B4"].fill.fill_type is None


def typo(row: int, column: int = 2, sheet: str = "Sites") -> Problem:
    cell = f"{'ABCDEFGH'[column - 1]}{row}"
    order = (1 if sheet == "Sites" else 2, row, column)
    return Problem(sheet, cell, "must be known", "'Tokio'", "Say 'Tokyo'.", "typo", order=order)


def test_the_copy_begins_with_a_list_that_links_to_the_cells(rich: Path) -> None:
    """Proves: the copy opens on a list that is not read, errors before notices, one typo on one
    line, whose link selects its cells.
    Sensitivity: ten rows of one typo would be ten lines; a link to a cell of a missing sheet
    would lead nowhere, so that its line has none."""
    notice = replace(problem("Plain Sheet", "C5"), severity=Severity.NOTICE)
    rows = [typo(row) for row in range(2, 12)]
    out = marked(rich, notice, *rows, typo(14), typo(5, 3, "Plain Sheet"), problem("Nope", "C7"))
    book = openpyxl.load_workbook(out)
    assert book.sheetnames[0] == ERROR_LIST
    assert book.active is not None and book.active.title == ERROR_LIST
    selected = [s.title for s in book.worksheets if s.sheet_view.tabSelected]
    assert selected == [ERROR_LIST]
    page = book[ERROR_LIST]
    assert page["A1"].value == "2 errors, 1 notice"
    lines = [tuple(cell.value for cell in row) for row in page.iter_rows(min_row=5)]
    where = "Sites!B2:B11, Sites!B14, Plain Sheet!C5"
    assert lines == [
        ("error", where, 12, "must be known", "'Tokio'", "Say 'Tokyo'.", "typo"),
        ("error", "Nope!C7", 1, "must hold", "'x' <&>", "Do it.", "some-code"),
        ("notice", "Plain Sheet!C5", 1, "must hold", "'x' <&>", "Do it.", "some-code"),
    ]
    links = [page.cell(row, 2).hyperlink for row in (5, 6, 7)]
    assert [link and link.location for link in links] == [
        "'Sites'!B2:B11",
        None,
        "'Plain Sheet'!C5",
    ]
    assert len(red_cells(out)["Sites"]) == 12  # 11 of the typo, and A1 for the missing sheet


def test_names_of_one_sheet_stay_with_it_behind_the_list(tmp_path: Path) -> None:
    """Proves: what counts sheets, such as the titles that a sheet repeats in print, counts the list.
    Sensitivity: left as it was, the print titles of the second sheet would be of the first."""
    path = tmp_path / "plan.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("First").write("A1", 1)
        second = book.add_worksheet("It's second")
        second.write("A1", 1)
        second.repeat_rows(0)
        second.activate()
    found = openpyxl.load_workbook(marked(path, problem("It's second", "A1")))
    assert [s.print_title_rows for s in found.worksheets] == [None, None, "$1:$1"]
    link = found[ERROR_LIST]["B5"].hyperlink
    assert link is not None and link.location == "'It''s second'!A1"


def test_a_comment_of_the_planner_is_kept_and_added_to(rich: Path) -> None:
    out = marked(rich, problem("Sites", "A2"))
    assert red_cells(out) == {"Sites": {"A2": f"mine\n{TEXT}"}}
    comments = {c.parent.coordinate: c for c in all_comments(out, "Sites")}
    assert (comments["A2"].author, comments["B2"].text) == ("ann", "other")
    assert parts(out)["xl/drawings/vmlDrawing1.vml"] == parts(rich)["xl/drawings/vmlDrawing1.vml"]


def all_comments(path: Path, sheet: str) -> list[Any]:
    rows = openpyxl.load_workbook(path)[sheet].iter_rows()
    return [cell.comment for row in rows for cell in row if cell.comment]


def test_blank_cells_are_made_in_order_and_in_the_format_of_their_column(rich: Path) -> None:
    blank = ["F3", "E3", "XFD9", "A7", "B1"]
    out = marked(rich, *(problem("Sites", cell) for cell in blank))
    assert set(red_cells(out)["Sites"]) == set(blank)
    assert openpyxl.load_workbook(out)["Sites"]["F3"].font.i
    sheet = parts(out)["xl/worksheets/sheet1.xml"].decode()
    assert re.findall(r'<row r="(\d+)"', sheet) == ["1", "2", "3", "4", "5", "6", "7", "9"]
    row = sheet[sheet.index('<row r="3"') : sheet.index('<row r="4"')]
    assert re.findall(r'<c r="(\w+)"', row) == ["A3", "B3", "C3", "E3", "F3"]
    assert "spans" not in row[:30]


def test_problems_without_a_cell_or_a_sheet_go_to_a1(rich: Path) -> None:
    lost = [problem("Nope", "C7"), problem("", ""), problem("", "B2")]
    odd = [problem("Empty", ""), problem("Empty", "B2:C3")]
    out = marked(rich, *lost, *odd, problem(" plain SHEET ", "C5"))
    assert red_cells(out) == {
        "Sites": {"A1": f"Nope!C7: {TEXT}\nFile: {TEXT}"},
        "Plain Sheet": {"C5": TEXT},
        "Empty": {"A1": f"{TEXT}\nEmpty!B2:C3: {TEXT}"},
    }


def test_every_comment_has_its_own_box_at_its_cell(rich: Path) -> None:
    cells = ["A1", "A2", "D4", "XFD1048576"]
    after = parts(marked(rich, *(problem("Sites", cell) for cell in cells)))
    drawing = after["xl/drawings/vmlDrawing1.vml"].decode()
    ids = re.findall(r'<v:shape [^>]*id="(\w+)"', drawing)
    assert len(set(ids)) == len(ids)
    places = re.findall(r"<x:Row>(\d+)</x:Row>\s*<x:Column>(\d+)</x:Column>", drawing)
    assert set(places) == {("1", "0"), ("1", "1"), ("0", "0"), ("3", "3"), ("1048575", "16383")}


def test_the_link_to_the_boxes_stands_where_the_schema_wants_it(rich: Path) -> None:
    sheet = parts(marked(rich, problem("Plain Sheet", "C5")))["xl/worksheets/sheet2.xml"].decode()
    assert re.findall(r"<(pageMargins|legacyDrawing|tableParts) ", sheet) == [
        "pageMargins",
        "legacyDrawing",
        "tableParts",
    ]


def test_values_read_back_the_same_and_a_marked_copy_can_be_marked(rich: Path) -> None:
    once = marked(rich, problem("Sites", "B3"), problem("Empty", "A1"))
    twice = once.with_name("twice.xlsx")
    mark_workbook(once, [problem("Sites", "B3", "again"), problem("Sites", "D9")], twice)
    found, own = read_workbook(twice).sheets, read_workbook(rich).sheets
    assert list(found) == [ERROR_LIST, *own]
    assert {name: found[name].rows for name in own} == {name: own[name].rows for name in own}
    # The list is of the last marking.
    listed = openpyxl.load_workbook(twice)[ERROR_LIST]
    assert [listed.cell(row, 2).value for row in (5, 6, 7)] == ["Sites!B3", "Sites!D9", None]
    texts = red_cells(twice)
    assert texts["Sites"]["B3"] == f"{TEXT}\n{TEXT.replace('must hold', 'again')}"
    assert set(texts["Sites"]) == {"B3", "D9"}
    assert texts["Empty"] == {"A1": TEXT}


def rewritten(path: Path, part: str, old: str, new: str) -> Path:
    content = parts(path)
    assert old.encode() in content[part]
    content[part] = content[part].replace(old.encode(), new.encode())
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return path


def test_extension_namespaces_stay_declared(rich: Path) -> None:
    part = "xl/worksheets/sheet2.xml"
    compatibility = (
        '<worksheet xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
        'mc:Ignorable="x14ac xr" xmlns:x14ac="urn:x14ac" xmlns:xr="urn:xr" '
    )
    path = rewritten(rich, part, "<worksheet ", compatibility)
    head = (
        parts(marked(path, problem("Plain Sheet", "C5")))[part].decode().partition("<sheetData")[0]
    )
    assert 'mc:Ignorable="x14ac xr"' in head
    assert 'xmlns:x14ac="urn:x14ac"' in head
    assert 'xmlns:xr="urn:xr"' in head


def test_cells_without_addresses_keep_their_place(tmp_path: Path) -> None:
    path = tmp_path / "plan.xlsx"
    book = xlsxwriter.Workbook(path)
    book.add_worksheet("S").write("A1", "x")
    book.close()
    part = "xl/worksheets/sheet1.xml"
    cells = "<row><c><v>1</v></c></row><row r='4'><c><v>4</v></c><c r='D4'/><c><v>5</v></c></row>"
    old = parts(path)[part].decode()
    data = re.search(r"<sheetData>.*</sheetData>", old)
    assert data
    rewritten(path, part, data[0], f"<sheetData>{cells}</sheetData>")
    out = marked(path, problem("S", "A2"), problem("S", "B4"))
    assert read_workbook(out).sheets["S"].rows == read_workbook(path).sheets["S"].rows
    assert set(red_cells(out)["S"]) == {"A2", "B4"}


def test_characters_that_xml_cannot_hold_do_no_harm(rich: Path) -> None:
    out = marked(rich, problem("Sites", "B3", "a\x00b\x0b\ud800"))
    assert red_cells(out)["Sites"]["B3"].startswith("a\ufffdb\ufffd\ufffd")


def test_the_source_and_places_that_cannot_be_written_are_refused(
    rich: Path, tmp_path: Path
) -> None:
    own = rich.read_bytes()
    link, twin = tmp_path / "link.xlsx", tmp_path / "twin.xlsx"
    link.symlink_to(rich)
    os.link(rich, twin)
    (tmp_path / "folder").mkdir()
    outs = [rich, link, twin, tmp_path / "none" / "a.xlsx", tmp_path / "folder", rich / "a.xlsx"]
    before = sorted(tmp_path.iterdir())
    for out in outs:
        with pytest.raises(InputError, match=r"^File: .* must .*\[cannot-mark\]$"):
            mark_workbook(rich, [problem("Sites", "B3")], out)
    assert rich.read_bytes() == own
    assert sorted(tmp_path.iterdir()) == before


def test_a_folder_of_csvs_cannot_be_marked(tmp_path: Path) -> None:
    (tmp_path / "Sites.csv").write_text("site\n")
    with pytest.raises(InputError, match=r"must be an \.xlsx"):
        mark_workbook(tmp_path, [], tmp_path / "out.xlsx")


def test_a_damaged_picture_leaves_no_half_written_copy(rich: Path, tmp_path: Path) -> None:
    data = bytearray(rich.read_bytes())
    with zipfile.ZipFile(rich) as archive:
        at = archive.getinfo("xl/media/image1.png").header_offset
    data[at + 60] ^= 255
    rich.write_bytes(data)
    with pytest.raises(InputError, match=r"\[truncated\]"):
        marked(rich, problem("Sites", "B3"))
    assert [path.name for path in tmp_path.iterdir()] == ["plan.xlsx"]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_opens_the_copy_with_all_that_was_in_it(rich: Path, tmp_path: Path) -> None:
    cells = [("Sites", "A2"), ("Sites", "B9"), ("Plain Sheet", "D3"), ("Empty", "C4")]
    out = marked(rich, *(problem(*cell) for cell in cells))
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    convert = ["soffice", profile, "--headless", "--convert-to", "ods", "--outdir", str(tmp_path)]
    for path in (rich, out):
        subprocess.run([*convert, str(path)], check=True, capture_output=True, timeout=120)

    def count(path: Path) -> list[int]:
        content = parts(path.with_suffix(".ods"))["content.xml"].decode()
        things = ["<draw:image", "<draw:object ", "<draw:control", "content-validation "]
        return [content.count(thing) for thing in [*things, "<office:annotation "]]

    *before, comments_before = count(rich)
    *after, comments_after = count(out)
    assert after == before
    assert comments_after == comments_before + 3
