"""An empty planning workbook with its declarations built in: notes, drop-down lists and bounds.

Everything in it comes from the sheets that the model's families declare. Its sheets are empty, so
that nothing counts but what a planner types; examples stand on a sheet that is not read.
"""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from xlsxwriter.utility import quote_sheetname, xl_col_to_name, xl_rowcol_to_cell

from optalloc.data.rules import Rule
from optalloc.data.schema import Column, Kind, Sheet
from optalloc.modelling.model import Model
from optalloc.report.guide import write_guide
from optalloc.report.sheets import DATE_FORMAT, Book, number_format

__all__ = ["example_rows", "write_template"]

EXAMPLES = "#Examples"
_ROOM = 1000  # rows that lists and bounds cover, unless more are filled in
_TITLE, _VALUE, _UNIT, _MEANING = range(4)
_LINE = 16  # points

_TEXT: dict[str, object] = {"align": "left", "valign": "top", "text_wrap": True}
_OPTIONAL: dict[str, object] = {
    "bold": True,
    "valign": "top",
    "bg_color": "#DDEBF7",
    "border": 1,
    "border_color": "#FFFFFF",
}
_REQUIRED: dict[str, object] = _OPTIONAL | {"bg_color": "#1F4E79", "font_color": "#FFFFFF"}
_REMARK: dict[str, object] = {"font_color": "#595959", "indent": 1}
_SHADED: dict[str, object] = {"bg_color": "#FFF2CC"}

# A bare year would pass as a day in 1905, so dates begin well after.
_DATES: dict[str, object] = {
    "validate": "date",
    "criteria": "between",
    "minimum": datetime(1950, 1, 1),
    "maximum": datetime(2300, 12, 31),
    "error_message": "Type a date, such as 2027-01-31.",
}

_HAS_EXAMPLES = f"A small example of every sheet is on {EXAMPLES}, where it does not count."


def write_template(
    model: Model,
    path: str | Path,
    rows: Mapping[str, Sequence[Mapping[str, object]]] | None = None,
    *,
    shaded: Collection[tuple[str, int, str]] = (),
    guide: Sequence[str] = (),
) -> None:
    """Write a planning workbook with every sheet of a model, after a guide to them.

    Required sheets stand first. Without `rows` all sheets are empty, and a sheet of examples that
    is not read follows the guide. With them, sheets that have rows stand before those that have
    none.

    Parameters
    ----------
    model : Model
        Model whose sheets to write, in document order.
    path : str or Path
        The ``.xlsx`` file; it appears whole or not at all.
    rows : mapping, optional
        Rows by sheet, each a mapping of column to value; a vertical sheet takes one. A sheet
        that is not named gets none.
    shaded : collection of (str, int, str), optional
        Sheet, position of the row in `rows` and column of each cell to be shaded.
    guide : sequence of str, optional
        Lines at the head of the guide.

    Raises
    ------
    ValueError
        If `rows` names a sheet or column that the model does not declare.
    OptallocError
        If the file cannot be written.
    """
    sheets = model.sheets
    given = {} if rows is None else rows
    _refuse_unknown(given, sheets)
    filled = {name: [dict(row) for row in given.get(name, ())] for name in sheets}
    book = Book()
    writer = _Writer(book, sheets, filled, frozenset(shaded))
    # Required sheets first, then those that have rows; the order is otherwise that of the model.
    ordered = sorted(sheets.values(), key=lambda s: (not s.required, not filled[s.name]))
    write_guide(book, ordered, guide if rows is not None else (*guide, _HAS_EXAMPLES))
    if rows is None:
        _write_examples(book, ordered)
    for sheet in ordered:
        writer.write(sheet)
    book.save(path)


def example_rows(model: Model) -> dict[str, list[dict[str, object]]]:
    """Return the example rows of every sheet; together they are a small workbook with a plan."""
    return {
        sheet.name: [
            {column.name: column.example for column in sheet.columns} | other
            for other in ({}, *map(dict, sheet.more_examples))
        ]
        for sheet in model.sheets.values()
    }


def _refuse_unknown(
    rows: Mapping[str, Sequence[Mapping[str, object]]], sheets: Mapping[str, Sheet]
) -> None:
    for name, records in rows.items():
        if name not in sheets:
            raise ValueError(f"the model has no sheet {name!r}")
        if sheets[name].vertical and len(records) > 1:
            raise ValueError(f"sheet {name!r} holds one record, not {len(records)}")
        for column in {column for record in records for column in record}:
            if column not in sheets[name].by_name:
                raise ValueError(f"sheet {name!r} has no column {column!r}")


def _write_examples(book: Book, sheets: Sequence[Sheet]) -> None:
    """Write one row of each sheet below the other, settings across as well, under their headers."""
    page = book.sheet(EXAMPLES, "A small example of every sheet; it is not read.")
    page.freeze_panes(0, 0)
    title, plain = book.style(bold=True, font_size=12), book.style(**_TEXT)
    book.put(page, 0, 0, "A small example of every sheet. This sheet is not read.", title)
    row = 2
    for sheet in sheets:
        book.put(page, row, 0, sheet.name, title)
        book.put(page, row, 1, sheet.meaning, plain)
        for place, column in enumerate(sheet.columns):
            shown = _REQUIRED if column.required else _OPTIONAL
            book.put(page, row + 1, place, column.name, book.style(**shown, **_aligned(column)))
            style = book.style(num_format=_input_format(column), **_aligned(column))
            book.put(page, row + 2, place, _value(column.example, column), style)
        row += 4
    page.set_column(0, max(len(sheet.columns) for sheet in sheets), 20)


@dataclass(frozen=True)
class _Writer:
    """Writes the sheets of a model; lists refer from one sheet to another."""

    book: Book
    sheets: Mapping[str, Sheet]
    rows: Mapping[str, Sequence[Mapping[str, object]]]
    shaded: frozenset[tuple[str, int, str]]

    def write(self, declared: Sheet) -> None:
        """Write one sheet: columns across, or settings down."""
        sheet = self.book.sheet(declared.name, declared.meaning)
        if declared.required:
            sheet.set_tab_color(_REQUIRED["bg_color"])
        if declared.vertical:
            self._write_down(sheet, declared)
        else:
            self._write_across(sheet, declared)

    def _write_across(self, sheet: Any, declared: Sheet) -> None:
        rows = self.rows[declared.name]
        sheet.set_row(0, _LINE * max(len(_header_lines(column)) for column in declared.columns))
        first = {c.name: xl_rowcol_to_cell(1, place) for place, c in enumerate(declared.columns)}
        for place, column in enumerate(declared.columns):
            values = [_value(row.get(column.name), column) for row in rows]
            width = _width([*_header_lines(column), *values])
            sheet.set_column(place, place, width, self._style(column))
            self._write_header(sheet, place, column, declared.rules_on(column.name))
            for row, value in enumerate(values):
                style = self._style(column, (declared.name, row, column.name) in self.shaded)
                self.book.put(sheet, row + 1, place, value, style)
            rule = self._rule(declared, column, first)
            _restrict(sheet, column, rule, (1, place, self._last_row(declared), place))

    def _write_down(self, sheet: Any, declared: Sheet) -> None:
        record = next(iter(self.rows[declared.name]), {})
        cells = {
            column.name: xl_rowcol_to_cell(row, _VALUE)
            for row, column in enumerate(declared.columns, start=1)
        }
        values = [_value(record.get(column.name), column) for column in declared.columns]
        header = self.book.style(**_REQUIRED)
        self.book.put(sheet, 0, _TITLE, "setting", header)
        self.book.put(sheet, 0, _VALUE, "value", header)
        # What begins with # is not read.
        self.book.put(sheet, 0, _UNIT, "#unit", header)
        self.book.put(sheet, 0, _MEANING, "#meaning", header)
        sheet.set_column(_UNIT, _UNIT, _width([column.unit for column in declared.columns]))
        sheet.set_column(_MEANING, _MEANING, _width([c.meaning for c in declared.columns]))
        sheet.set_column(_TITLE, _TITLE, _width([c.name for c in declared.columns]))
        sheet.set_column(_VALUE, _VALUE, max(20, _width(values)))
        for row, (column, value) in enumerate(zip(declared.columns, values, strict=True), start=1):
            shown = self.book.style(**(_REQUIRED if column.required else _OPTIONAL))
            self.book.put(sheet, row, _TITLE, column.name, shown)
            self.book.note(sheet, row, _TITLE, _note(column, declared.rules_on(column.name)))
            self.book.put(sheet, row, _UNIT, column.unit, self.book.style(**_REMARK))
            self.book.put(sheet, row, _MEANING, column.meaning, self.book.style(**_REMARK))
            style = self._style(column, (declared.name, 0, column.name) in self.shaded)
            sheet.write_blank(row, _VALUE, None, style)
            self.book.put(sheet, row, _VALUE, value, style)
            rule = self._rule(declared, column, cells)
            _restrict(sheet, column, rule, (row, _VALUE, row, _VALUE))

    def _write_header(self, sheet: Any, place: int, column: Column, rules: Sequence[Rule]) -> None:
        """Write the name of a column, with its unit on a second line."""
        shown = (_REQUIRED if column.required else _OPTIONAL) | _aligned(column)
        style = self.book.style(**shown, text_wrap=True)
        name, *unit = _header_lines(column)
        if unit:
            colour = {k: v for k, v in shown.items() if k == "font_color"}
            bold, plain = self.book.style(bold=True, **colour), self.book.style(**colour)
            sheet.write_rich_string(0, place, bold, name, plain, f"\n{unit[0]}", style)
        else:
            self.book.put(sheet, 0, place, name, style)
        self.book.note(sheet, 0, place, _note(column, rules))

    def _style(self, column: Column, shaded: bool = False) -> Any:
        look = _aligned(column) | (_SHADED if shaded else {})
        return self.book.style(num_format=_input_format(column), **look)

    def _last_row(self, declared: Sheet) -> int:
        """Last row, counted from 0, that lists and bounds cover."""
        return max(_ROOM, 2 * len(self.rows[declared.name]))

    def _rule(self, declared: Sheet, column: Column, cells: Mapping[str, str]) -> dict[str, object]:
        """Data validation of a cell of a column; empty where any text will do."""
        if column.kind is Kind.FLAG:
            return _list(["yes", "no"], "Choose yes or no.")
        if column.kind is Kind.CHOICE:
            return _list(list(column.choices), f"Choose one of: {', '.join(column.choices)}.")
        if target := column.refers_to or self._known_from(declared, column):
            sheet, _, name = target.partition(".")
            says = f"{name} is not on sheet {sheet} yet. Keep it and add it there?"
            # Where a name may come into being here, the list only offers those there are.
            strict = {"error_type": "warning"} if column.refers_to else {"show_error": False}
            return _list(self._named(sheet, name), says) | strict
        if column.kind is Kind.DATE:
            return _DATES
        if column.kind in (Kind.NUMBER, Kind.INTEGER):
            return _numbers(column, declared.rules_on(column.name), cells)
        return {}

    def _known_from(self, declared: Sheet, column: Column) -> str:
        """Return "Sheet.column" of another sheet's key that holds names of the same kind."""
        if not column.is_name or declared.vertical:
            return ""
        keys = (
            f"{sheet.name}.{sheet.key[0]}"
            for sheet in self.sheets.values()
            if sheet.key and sheet.name != declared.name
            if sheet.by_name[sheet.key[0]].names == column.names
        )
        return next(keys, "")

    def _named(self, target: str, name: str) -> str:
        """Formula of the cells of a column from its first row to its last filled one."""
        declared = self.sheets[target]
        letter = xl_col_to_name([column.name for column in declared.columns].index(name))
        first = f"{quote_sheetname(target)}!${letter}$2"
        cells = f"{first}:${letter}${self._last_row(declared) + 1}"
        # Blanks below would fill the list, and blanks between forbid counting.
        last = f'SUMPRODUCT(MAX(({cells}<>"")*ROW({cells})))'
        return f"={first}:INDEX({cells},MAX(1,{last}-1))"


def _header_lines(column: Column) -> list[str]:
    return [column.name, f"({column.unit})"] if column.unit else [column.name]


def _list(source: str | list[str], says: str) -> dict[str, object]:
    return {"validate": "list", "source": source, "error_message": _short(says)}


def _restrict(
    sheet: Any, column: Column, rule: dict[str, object], place: tuple[int, int, int, int]
) -> None:
    if rule:
        sheet.data_validation(*place, rule | {"error_title": column.name[:32]})


def _numbers(column: Column, rules: Sequence[Rule], cells: Mapping[str, str]) -> dict[str, object]:
    """One formula for all bounds, since the built-in rules cannot join above with at most.

    Rules on other columns of the row are part of it, where a formula says them.
    """
    cell = cells[column.name]
    holds = [f"ISNUMBER({cell})"]
    for bound, sign in ((column.above, ">"), (column.at_least, ">="), (column.at_most, "<=")):
        if bound is not None:
            holds.append(f"{cell}{sign}{bound!r}")
    if column.kind is Kind.INTEGER:
        holds.append(f"{cell}=INT({cell})")
    formulas = {rule.sentence: formula for rule in rules if (formula := rule.formula(cells))}
    holds += formulas.values()
    must = " ".join(filter(None, (f"a {column.kind}", column.bounds_in_words)))
    unit = f" ({column.unit})" if column.unit else ""
    wrong = "; ".join((f"{column.name} must be {must}{unit}", *formulas))
    return {
        "validate": "custom",
        "value": f"=AND({','.join(holds)})",
        "input_title": column.name[:32],
        "input_message": _short(f"{must}{unit}. Blank: {column.blank_in_words}."),
        "error_message": _short(f"{wrong}."),
    }


def _short(text: str) -> str:
    return textwrap.shorten(text, 255, placeholder="...")


def _note(column: Column, rules: Sequence[Rule]) -> str:
    lines = [column.meaning]
    if column.unit:
        lines.append(f"Unit: {column.unit}")
    must = " ".join(filter(None, (f"{column.kind}", column.bounds_in_words)))
    lines.append(f"Holds: {must}")
    if column.choices:
        lines.append(f"One of: {', '.join(column.choices)}")
    if column.refers_to:
        sheet, _, name = column.refers_to.partition(".")
        lines.append(f"Must be on sheet {sheet}, column {name}")
    lines += (f"Rule: {rule.sentence}" for rule in rules)
    lines.append(f"Blank: {column.blank_in_words}")
    if column.example is not None:
        example = column.example
        words = {True: "yes", False: "no"}
        lines.append(f"Example: {words[example] if isinstance(example, bool) else example}")
    return "\n".join(lines)


def _input_format(column: Column) -> str:
    """Number format of an input cell.

    Shares stay plain: typed into a cell shown as a percentage, 1 would become 1 %. Names are
    text, or a spreadsheet would turn some of them into dates.
    """
    if column.kind is Kind.TEXT:
        return "@"
    shown = number_format(column.kind, column.unit)
    return shown if column.kind in (Kind.DATE, Kind.INTEGER) else "General"


def _aligned(column: Column) -> dict[str, object]:
    if column.kind in (Kind.NUMBER, Kind.INTEGER, Kind.DATE):
        return {"align": "right"}
    return {"align": "left", "indent": 1}


def _value(value: object, column: Column) -> object:
    """Turn a date written as text into a date, which is what a cell must hold."""
    if column.kind is Kind.DATE and isinstance(value, str) and value:
        return datetime.fromisoformat(value)
    return value


def _width(values: Sequence[object]) -> int:
    lengths = (
        len(DATE_FORMAT) if isinstance(value, datetime) else len(str(value))
        for value in values
        if value is not None
    )
    return min(max(lengths, default=0) + 3, 60)
