"""Sweeps from a TOML file: the same rows as the Sweeps sheet, nested instead of repeated.

.. code-block:: toml

    [[sweep]]
    name = "labour"
    design = "one at a time"

    [[sweep.change]]
    name = "wages"
    sheet = "LabourPools"
    rows = { trade = "electricians" }
    column = "wage_per_person_month"
    operation = "multiply"
    values = [0.9, 1.2]
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from optalloc.data.convert import convert, shown
from optalloc.data.reader import suggest
from optalloc.errors import InputError, Problem, Severity
from optalloc.scenarios.definition import Blame, Entry
from optalloc.scenarios.sheet import SWEEPS

__all__ = ["entries_of_toml"]

_OF_SWEEP = {"name": "sweep", "design": "design", "samples": "samples", "seed": "seed"}
_OF_CHANGE = {
    "name": "change",
    "sheet": "sheet",
    "rows": "rows",
    "column": "column",
    "operation": "operation",
    "values": "values",
}


def entries_of_toml(path: str | Path) -> list[Entry]:
    """Read a TOML file of sweeps.

    Raises
    ------
    InputError
        If it cannot be read, or a key is unknown, missing or of the wrong kind; each problem is
        addressed by the place of its key, such as ``sweep[1].change[2].column``.
    """
    path = Path(path)
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _unreadable(path, str(error)) from error
    problems: list[Problem] = []
    entries = list(_sweeps(path.name, content, problems))
    if any(problem.severity is Severity.ERROR for problem in problems):
        raise InputError(problems)
    return entries


def _unreadable(path: Path, found: str) -> InputError:
    must, action = f"{path.name} must be a TOML file of sweeps", "Correct the file."
    return InputError([Problem("", "", must, found, action, "sweep-file")])


def _sweeps(name: str, content: Mapping[str, Any], problems: list[Problem]) -> Iterator[Entry]:
    top = _Place(name, "", 0, problems)
    top.refuse_unknown(content, ["sweep"])
    tables = top.tables(content, "sweep")
    order = 0
    for number, table in enumerate(tables, start=1):
        place = _Place(name, f"sweep[{number}].", order, problems)
        place.refuse_unknown(table, [*_OF_SWEEP, "change"])
        head = place.typed(table, _OF_SWEEP)
        for k, change in enumerate(place.tables(table, "change"), start=1):
            order += 1
            inner = _Place(name, f"{place.prefix}change[{k}].", order, problems)
            inner.refuse_unknown(change, _OF_CHANGE)
            yield Entry(head | inner.typed(change, _OF_CHANGE), inner.blame(place))


class _Place:
    """A table of the file, with the address of problems with its keys."""

    def __init__(self, file: str, prefix: str, order: int, problems: list[Problem]) -> None:
        self.file, self.prefix, self.order, self.problems = file, prefix, order, problems

    def add(self, key: str, must: str, found: str, action: str, code: str) -> None:
        self.problems.append(self.problem(key, must, found, action, code))

    def problem(self, key: str, must: str, found: str, action: str, code: str) -> Problem:
        order = (0, self.order, 0)
        return Problem(self.file, f"{self.prefix}{key}", must, found, action, code, order=order)

    def blame(self, sweep: _Place) -> Blame:
        """Function that reports problems of a column of the Sweeps sheet at its key in the file."""
        own = {column: key for key, column in _OF_CHANGE.items()}
        theirs = {column: key for key, column in _OF_SWEEP.items()}

        def blame(column: str, must: str, found: str, action: str, code: str) -> Problem:
            place, key = (self, own[column]) if column in own else (sweep, theirs[column])
            return place.problem(key, must, found, action, code)

        return blame

    def refuse_unknown(self, table: Mapping[str, Any], known: Any) -> None:
        for key in table:
            if key not in known:
                guess = suggest(key, [other for other in known if other not in table])
                action = f"Did you mean {guess!r}?" if guess else f"Use {', '.join(known)}."
                self.add(key, "a key must be known", shown(key), action, "sweep-file")

    def tables(self, table: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
        found = table.get(key, [])
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            must = f"{key} must be tables, each with a header [[{self.header(key)}]]"
            self.add(key, must, shown(found), "Write double brackets.", "sweep-file")
            return []
        if not found:
            must = f"there must be a table [[{self.header(key)}]]"
            self.add(key, must, "none", "Add one.", "sweep-file")
        return found

    def header(self, key: str) -> str:
        return f"sweep.{key}" if self.prefix else key

    def typed(self, table: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
        """Cells as the columns of the Sweeps sheet hold them."""
        cells: dict[str, Any] = {}
        for key, name in names.items():
            column = SWEEPS.by_name[name]
            value = _as_cell(key, table.get(key))
            converted = convert([value], column, text=False)
            for fault in converted.faults:
                if fault.severity is Severity.ERROR:
                    must = fault.must.replace(name, key, 1)
                    self.add(key, must, fault.found, fault.action, fault.code)
            cells[name] = converted.values[0]
        return cells


def _as_cell(key: str, value: Any) -> Any:
    """A TOML value as a cell of the sheet."""
    if key == "rows" and isinstance(value, dict):
        return "; ".join(f"{name}={_word(pattern)}" for name, pattern in value.items())
    if key == "values" and isinstance(value, list):
        return "; ".join(_word(one) for one in value)
    if key == "values" and value is not None:
        return _word(value)
    return value


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dt.date):
        return value.isoformat()[:10]
    return f"{value:.15g}" if isinstance(value, float) else str(value)
