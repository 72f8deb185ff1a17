"""Write a copy of the planner's own workbook in which each bad cell is red, with the reason.

It begins with a list of the problems that links to their cells.

Spreadsheet libraries lose the charts, pictures and form controls of a workbook that they load and
save. So the parts of the zip are edited directly: the marked sheets, their comments, the list of
sheets and the table of cell styles change, every other part is copied as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from optalloc.errors import InputError, Problem, gathered
from optalloc.spreadsheet.comments import add_comments
from optalloc.spreadsheet.error_list import ERROR_LIST, add_error_list
from optalloc.spreadsheet.faults import undamaged
from optalloc.spreadsheet.package import Package, SheetPart
from optalloc.spreadsheet.sheets import place
from optalloc.spreadsheet.styles import CellStyles
from optalloc.spreadsheet.xml_parts import Edits, made_cells, write_copy

__all__ = ["mark_workbook"]

RED = "FFFFC7CE"
LONGEST_COMMENT = 30_000

_Cells = Mapping[tuple[int, int], str]
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def mark_workbook(source: Path, problems: Sequence[Problem], out: Path) -> None:
    """Write a copy of a workbook with every problem as a comment on its red cell, and a list.

    A problem of a sheet without a cell goes to A1 of that sheet; one without a sheet, or of a
    sheet that is missing, to A1 of the first sheet. The first sheet of the copy lists all of them,
    with links, and is not read. All parts of the workbook but the marked sheets, their comments,
    the list of sheets and the cell styles are copied byte for byte, but for the mark of the sheet
    on which the workbook opened.

    Parameters
    ----------
    source : Path
        The planner's .xlsx; never written to.
    problems : sequence of Problem
        Problems to mark, notices included.
    out : Path
        The copy; put in place only when it is complete.

    Raises
    ------
    InputError
        If `source` is a folder or no readable workbook, or `out` is the source or not writable.
    """
    if source.is_dir():
        raise _refusal(source, "must be an .xlsx for its bad cells to be marked", "a folder")
    package = Package(source)
    try:
        if out.exists() and out.samefile(source):
            raise _refusal(out, "must be another file than the workbook", "the workbook itself")
        with undamaged(source.name):
            write_copy(package, _marked_parts(package, problems), out)
    except OSError as fault:
        raise _refusal(out, "must be writable", (fault.strerror or "a fault").lower()) from fault


def _refusal(path: Path, must: str, found: str) -> InputError:
    action = "Name another file."
    return InputError([Problem("", "", f"{path.name} {must}", found, action, "cannot-mark")])


def _marked_parts(package: Package, problems: Sequence[Problem]) -> dict[str, bytes]:
    """Bytes of every part that changes or is new, by the name it has in the zip."""
    edits = Edits(package)
    cells_by_sheet = _cells_by_sheet(package, problems)
    if not cells_by_sheet:
        return {}
    styles = CellStyles(edits)
    red = _RedStyles(styles)
    for sheet, cells in cells_by_sheet.items():
        _colour(edits.tree(sheet.part), cells, red)
        add_comments(edits, sheet.part, cells)
    sheet_named = _by_name(_with_cells(package))

    def name(of: str) -> str:
        found = sheet_named(of)
        return found.name if found is not None else ""

    add_error_list(edits, gathered(problems), styles, name, _clean)
    return edits.parts()


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)


def _with_cells(package: Package) -> list[SheetPart]:
    """The sheets that can be marked; a list of problems from an earlier marking is none."""
    return [sheet for sheet in package.sheets if sheet.has_cells and sheet.name != ERROR_LIST]


def _by_name(sheets: Sequence[SheetPart]) -> Callable[[str], SheetPart | None]:
    """Function that gives the sheet of a name, in spite of its case and spaces around it."""
    exact = {sheet.name: sheet for sheet in sheets}
    loose = {sheet.name.strip().casefold(): sheet for sheet in reversed(sheets)}
    return lambda name: exact.get(name) or loose.get(name.strip().casefold())


def _cells_by_sheet(package: Package, problems: Sequence[Problem]) -> dict[SheetPart, _Cells]:
    """Text to write at each cell, by sheet."""
    sheets = _with_cells(package)
    if not sheets:
        raise _refusal(package.path, "must have a sheet with cells", "none")
    sheet_named = _by_name(sheets)
    texts: dict[SheetPart, dict[tuple[int, int], list[str]]] = {}
    for problem in problems:
        sheet = sheet_named(problem.sheet)
        text = str(replace(problem, sheet="", cell="")).removeprefix("File: ")
        try:
            cell = place(problem.cell or "A1")
        except ValueError:
            cell, text = (1, 1), str(problem)
        if sheet is None:
            sheet, cell, text = sheets[0], (1, 1), str(problem)
        texts.setdefault(sheet, {}).setdefault(cell, []).append(_clean(text))
    return {
        sheet: {
            cell: "\n".join(dict.fromkeys(lines))[:LONGEST_COMMENT]
            for cell, lines in sorted(cells.items())
        }
        for sheet, cells in texts.items()
    }


class _RedStyles:
    """The cell styles of a workbook, each with a red twin, made on first use."""

    def __init__(self, styles: CellStyles) -> None:
        self._styles = styles
        self._fill = self._styles.add_fill(RED)

    def red(self, style: str) -> str:
        """Id of the style that differs from `style` only in its fill."""
        return self._styles.twin(style, fillId=self._fill, applyFill="1")


def _colour(root: Any, cells: _Cells, styles: _RedStyles) -> None:
    """Make cells red, also blank ones, which were not in the file."""
    for cell in made_cells(root, cells).values():
        cell.set("s", styles.red(cell.get("s", "0")))
