"""The plan workbook: what is in the cells, how they are shown, and that it appears whole."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from openpyxl.worksheet.worksheet import Worksheet
from python_calamine import CalamineWorkbook

from optalloc.data.schema import Column, Kind
from optalloc.errors import ModelError, OptallocError
from optalloc.modelling.outputs import Chart, TableSpec
from optalloc.report import workbook as excel
from optalloc.report.sheets import number_format
from optalloc.report.workbook import write_plan_workbook


def column(name: str, kind: Kind = Kind.TEXT, unit: str = "") -> Column:
    return Column(name=name, kind=kind, unit=unit, meaning=f"Meaning of {name}.")


TOTALS = TableSpec(
    name="Totals",
    meaning="One period a row & its totals.",
    columns=(
        column("period"),
        column("start", Kind.DATE),
        column("online_mw", Kind.NUMBER, "MW IT"),
        column("capital", Kind.NUMBER, "M"),
        column("used_share", Kind.NUMBER, "share of online"),
        column("blocks", Kind.INTEGER, "blocks"),
        column("binding", Kind.FLAG),
        column("passed", Kind.FLAG),
        column("note"),
    ),
)
FIGURES = TableSpec(
    name="Figures",
    meaning="One figure a row.",
    columns=(column("figure"), column("value", Kind.NUMBER), column("unit")),
)
GRID = TableSpec(
    name="Grid",
    meaning="Capacity by site and period.",
    columns=(
        column("site"),
        column("period"),
        column("online_mw", Kind.NUMBER, "MW IT"),
        column("capital", Kind.NUMBER, "M"),
    ),
    across="period",
    spread=("online_mw", "capital"),
)
LONG_TEXT = "A sentence that is far too long for one line of a column. " * 4


def totals() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "period": ["2027", "2028"],
            "start": pd.to_datetime(["2027-01-01", "2028-01-01"]),
            "online_mw": [120.0, np.nan],
            "capital": [1234567.891, np.inf],
            "used_share": [0.25, -np.inf],
            "blocks": [3, 4000],
            "binding": [True, False],
            "passed": [np.True_, np.False_],
            "note": ["=1+1", "https://example.org"],
        }
    )


def grid() -> pd.DataFrame:
    rows = [
        ("b", "late", 1.0, 10.0),
        ("b", "early", 2.0, 20.0),
        (None, "early", 3.0, 30.0),
        ("a", "late", 4.0, np.nan),
    ]
    return pd.DataFrame(rows, columns=["site", "period", "online_mw", "capital"])


def chart(**changes: object) -> Chart:
    base: dict[str, object] = {
        "title": "Capacity",
        "table": "Totals",
        "kind": "stacked",
        "x": "period",
        "series": ("online_mw", "capital"),
        "x_title": "Period",
        "y_title": "MW IT",
    }
    return Chart(**(base | changes))  # type: ignore[arg-type]


def write(
    folder: Path,
    tables: dict[str, pd.DataFrame],
    specs: list[TableSpec],
    charts: tuple[Chart, ...] = (),
) -> Path:
    path = folder / "plan.xlsx"
    write_plan_workbook(tables, specs, charts, path)
    return path


def sheet(path: Path, name: str) -> Worksheet:
    return openpyxl.load_workbook(path)[name]


def part(path: Path, name: str) -> str:
    return zipfile.ZipFile(path).read(name).decode()


def test_a_long_table_reads_straight_back(tmp_path: Path) -> None:
    path = write(tmp_path, {"Totals": totals()}, [TOTALS])
    header, first, second = CalamineWorkbook.from_path(path).get_sheet_by_name("Totals").to_python()
    assert header[:4] == ["period", "start", "online_mw (MW IT)", "capital (M)"]
    assert [str(v) for v in first] == [
        "2027", "2027-01-01", "120.0", "1234567.891", "0.25", "3.0", "yes", "yes", "=1+1",
    ]  # fmt: skip
    assert [str(v) for v in second] == [
        "2028", "2028-01-01", "", "inf", "-inf", "4000.0", "no", "no", "https://example.org",
    ]  # fmt: skip


def test_text_stays_text_and_nothing_is_an_error(tmp_path: Path) -> None:
    found = sheet(write(tmp_path, {"Totals": totals()}, [TOTALS]), "Totals")
    assert found["I2"].data_type == "s" and found["I2"].value == "=1+1"
    assert found["I3"].hyperlink is None
    assert found["A2"].data_type == "s"
    assert found["C3"].value is None
    assert {cell.data_type for row in found.iter_rows() for cell in row} == {"s", "n", "d"}


def test_cells_are_shown_by_their_unit(tmp_path: Path) -> None:
    found = sheet(write(tmp_path, {"Totals": totals()}, [TOTALS]), "Totals")
    shown = [found.cell(2, place).number_format for place in range(1, 7)]
    assert shown == ["General", "yyyy-mm-dd", "#,##0.0", "#,##0.00", "0.0## %", "#,##0"]
    assert found["B2"].value == datetime(2027, 1, 1)


@pytest.mark.parametrize(
    ("kind", "unit", "shown"),
    [
        (Kind.NUMBER, "M per MW-year", "#,##0.00"),
        (Kind.NUMBER, "MW grid", "#,##0.0"),
        (Kind.NUMBER, "MWh", "#,##0.00##"),
        (Kind.NUMBER, "per year", "0.0## %"),
        (Kind.NUMBER, "share", "0.0## %"),
        (Kind.NUMBER, "score, share or MW by kind", "#,##0.00##"),
        (Kind.NUMBER, "score", "0.00"),
        (Kind.NUMBER, "months", "#,##0.0"),
        (Kind.INTEGER, "months", "#,##0"),
        (Kind.DATE, "", "yyyy-mm-dd"),
        (Kind.FLAG, "", "General"),
    ],
)
def test_number_formats(kind: Kind, unit: str, shown: str) -> None:
    assert number_format(kind, unit) == shown


def test_a_column_without_a_unit_takes_that_of_the_row(tmp_path: Path) -> None:
    rows = [("cost", 1200.5, "M"), ("served", 0.98, "share"), ("status", "optimal", None)]
    frame = pd.DataFrame(rows, columns=["figure", "value", "unit"])
    found = sheet(write(tmp_path, {"Figures": frame}, [FIGURES]), "Figures")
    assert [found[f"B{row}"].value for row in (2, 3, 4)] == [1200.5, 0.98, "optimal"]
    assert [found[f"B{row}"].number_format for row in (2, 3)] == ["#,##0.00", "0.0## %"]


def test_a_wide_table_has_a_row_for_each_key_and_measure(tmp_path: Path) -> None:
    path = write(tmp_path, {"Grid": grid()}, [GRID])
    rows = list(sheet(path, "Grid").iter_rows(values_only=True))
    assert rows == [
        ("site", "measure", "late", "early"),
        ("b", "online_mw (MW IT)", 1, 2),
        ("b", "capital (M)", 10, 20),
        (None, "online_mw (MW IT)", None, 3),
        (None, "capital (M)", None, 30),
        ("a", "online_mw (MW IT)", 4, None),
        ("a", "capital (M)", None, None),
    ]
    found = sheet(path, "Grid")
    assert found["C2"].number_format == "#,##0.0" and found["C3"].number_format == "#,##0.00"
    assert found.freeze_panes == "C2"


def test_a_wide_table_without_keys_has_a_row_for_each_measure(tmp_path: Path) -> None:
    columns = tuple(GRID.columns[1:3])
    spec = replace(GRID, columns=columns, spread=("online_mw",))
    frame = grid()[:2]
    rows = list(sheet(write(tmp_path, {"Grid": frame}, [spec]), "Grid").iter_rows(values_only=True))
    assert rows == [("measure", "late", "early"), ("online_mw (MW IT)", 1, 2)]


def test_a_wide_table_that_repeats_a_key_is_refused(tmp_path: Path) -> None:
    frame = pd.concat([grid(), grid()[:1]])
    with pytest.raises(ModelError, match="Grid: the table has two rows for b, late"):
        write(tmp_path, {"Grid": frame}, [GRID])


@pytest.mark.parametrize("spec", [TOTALS, GRID])
def test_an_empty_table_is_a_header(tmp_path: Path, spec: TableSpec) -> None:
    frame = pd.DataFrame(columns=[c.name for c in spec.columns])
    found = sheet(write(tmp_path, {spec.name: frame}, [spec]), spec.name)
    titles = [cell.value for cell in found[1]]
    assert found.max_row == 1
    assert titles == (
        ["site", "measure"] if spec.across else [column.title for column in spec.columns]
    )


def test_the_sheet_is_set_up_for_reading_and_printing(tmp_path: Path) -> None:
    path = write(tmp_path, {"Totals": totals(), "Grid": grid()}, [TOTALS, GRID])
    found = sheet(path, "Totals")
    assert found.freeze_panes == "A2"
    assert found.auto_filter.ref == "A1:I3"
    assert found["A1"].font.b and found["A1"].fill.fgColor.rgb == "FF1F4E79"
    assert found["A1"].comment and "One period a row & its totals." in found["A1"].comment.text
    assert found["C1"].comment and found["C1"].comment.text == "Meaning of online_mw."
    assert found.page_setup.orientation == "landscape"
    assert found.sheet_properties.pageSetUpPr and found.sheet_properties.pageSetUpPr.fitToPage
    assert found.page_setup.fitToHeight == 0
    assert found.print_title_rows == "$1:$1"
    assert sheet(path, "Grid").print_title_cols == "$A:$B"
    assert openpyxl.load_workbook(path).sheetnames == ["Totals", "Grid"]


def test_columns_are_as_wide_as_what_they_show(tmp_path: Path) -> None:
    frame = totals().assign(note=LONG_TEXT)
    found = sheet(write(tmp_path, {"Totals": frame}, [TOTALS]), "Totals")
    widths = {key: found.column_dimensions[key].width for key in "DI"}
    assert widths["D"] > len("1,234,567.89")
    assert 60 <= widths["I"] < 61
    assert found["I2"].alignment.wrap_text
    assert found.row_dimensions[2].height > 4 * 15


def test_flags_are_coloured(tmp_path: Path) -> None:
    found = sheet(write(tmp_path, {"Totals": totals()}, [TOTALS]), "Totals")
    rules = {
        str(area.sqref): [rule.formula for rule in area.rules]
        for area in found.conditional_formatting
    }
    assert rules == {"G2:G3": [['"yes"']], "H2:H3": [['"no"']]}


def test_charts_draw_the_cells_of_their_table(tmp_path: Path) -> None:
    figures = pd.DataFrame({"figure": ["cost"], "value": [1.0], "unit": ["M"]})
    charts = (chart(), chart(kind="line", title="As lines", series=("online_mw",)))
    path = write(tmp_path, {"Figures": figures, "Totals": totals()}, [FIGURES, TOTALS], charts)
    stacked, lines = (part(path, f"xl/charts/chart{number}.xml") for number in (1, 2))
    assert '<c:grouping val="stacked"/>' in stacked and "<c:lineChart>" in lines
    for shown in ("Totals!$A$2:$A$3", "Totals!$C$2:$C$3", "Totals!$D$1", "Capacity", "MW IT"):
        assert f">{shown}<" in stacked
    assert '<c:legendPos val="b"/>' in stacked and "0072B2" in stacked and "E69F00" in stacked
    assert "drawing1.xml" in part(path, "xl/worksheets/_rels/sheet1.xml.rels")


def test_charts_stand_beside_the_table_and_apart(tmp_path: Path) -> None:
    path = write(tmp_path, {"Totals": totals()}, [TOTALS], tuple(chart() for _ in range(5)))
    anchors = [drawn.anchor for drawn in vars(sheet(path, "Totals"))["_charts"]]
    boxes = [(a._from.col, a._from.row, a.to.col, a.to.row) for a in anchors]
    assert len(boxes) == 5
    assert all(left > len(TOTALS.columns) for left, *_ in boxes)
    for i, (left, top, right, bottom) in enumerate(boxes):
        for other_left, other_top, other_right, other_bottom in boxes[:i]:
            apart_across = other_right <= left or right <= other_left
            assert apart_across or other_bottom <= top or bottom <= other_top


def test_a_chart_of_an_empty_table_is_left_out(tmp_path: Path) -> None:
    path = write(tmp_path, {"Totals": totals()[:0]}, [TOTALS], (chart(),))
    assert not [name for name in zipfile.ZipFile(path).namelist() if "chart" in name]


def test_a_chart_of_an_unknown_column_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no long table 'Totals' has a column 'power'"):
        write(tmp_path, {"Totals": totals()}, [TOTALS], (chart(series=("power",)),))


def test_a_missing_table_or_column_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="Totals: the plan has no such table"):
        write(tmp_path, {}, [TOTALS])
    with pytest.raises(ModelError, match="Totals: the table has no column 'note'"):
        write(tmp_path, {"Totals": totals().drop(columns="note")}, [TOTALS])
    assert not list(tmp_path.iterdir())


def test_a_table_that_does_not_fit_is_refused_and_never_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(excel, "_MAX_ROWS", 3)
    write(tmp_path, {"Totals": totals()}, [TOTALS])
    monkeypatch.setattr(excel, "_MAX_ROWS", 2)
    with pytest.raises(OptallocError, match="Totals: 2 rows and 9 columns do not fit"):
        write(tmp_path, {"Totals": totals()}, [TOTALS])


def test_a_text_that_does_not_fit_is_refused_and_never_cut(tmp_path: Path) -> None:
    with pytest.raises(OptallocError, match="has no room for the value in row 2, column 9"):
        write(tmp_path, {"Totals": totals().assign(note="x" * 32_768)}, [TOTALS])


def test_equal_plans_are_equal_files(tmp_path: Path) -> None:
    first = write(tmp_path, {"Totals": totals()}, [TOTALS], (chart(),)).read_bytes()
    assert write(tmp_path, {"Totals": totals()}, [TOTALS], (chart(),)).read_bytes() == first


def refuse(*_: object) -> None:
    raise PermissionError(13, "Permission denied")


def test_a_file_held_open_elsewhere_is_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, {"Totals": totals()}, [TOTALS])
    before = path.read_bytes()
    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OptallocError, match=r"plan\.xlsx: cannot be written\. Close it"):
        write(tmp_path, {"Totals": totals()[:1]}, [TOTALS])
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_disk_that_fills_up_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill_up(self: Path, data: bytes) -> int:
        self.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fill_up)
    with pytest.raises(OptallocError, match="cannot be written: No space left on device"):
        write(tmp_path, {"Totals": totals()}, [TOTALS])
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(OptallocError, match="cannot be written: No such file or directory"):
        write(tmp_path / "none", {"Totals": totals()}, [TOTALS])
