"""The time file: the stage of each row and column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.smps.core import Core
from benchmarks.smps.lines import Line, find, lines

__all__ = ["Stages", "read_time"]


@dataclass(frozen=True)
class Stages:
    """Names of the periods in order, and the number of that of each row and column."""

    names: tuple[str, ...]
    of_row: np.ndarray
    of_column: np.ndarray

    def of(self, row: int, column: int) -> int:
        """Number of the later of the stages of a row and of a column; -1 stands for none."""
        stages = self.of_row[row] if row >= 0 else 0, self.of_column[column] if column >= 0 else 0
        return int(max(stages))

    def number(self, name: str, where: str) -> int:
        if name not in self.names:
            raise ValueError(f"{where}: {name!r} is no period of the time file")
        return self.names.index(name)


def read_time(path: Path, core: Core) -> Stages:
    """Read the periods: by the first row and column of each, or by a list of all."""
    sections: dict[str, list[Line]] = {"TIME": [], "PERIODS": [], "ROWS": [], "COLUMNS": []}
    section, explicit = "TIME", False
    for line in lines(path):
        if not line.is_header:
            sections[section].append(line)
            continue
        section = line.fields[0].replace("NAME", "TIME")
        if section not in sections:
            raise ValueError(f"{line.where}: section {section} is not read")
        explicit = explicit or (section == "PERIODS" and "EXPLICIT" in line.fields)
    for line in sections["TIME"]:
        raise ValueError(f"{line.where}: a line before the periods")
    names, rows, columns = (_listed if explicit else _begun)(sections, core)
    if not names:
        raise ValueError(f"{path.name}: no periods")
    for missing in (*_without(rows, core.row), *_without(columns, core.column)):
        raise ValueError(f"{path.name}: {missing} has no period")
    return Stages(names, rows, columns)


def _without(stages: np.ndarray, known: Mapping[str, int]) -> list[str]:
    """Names of the rows or columns that are in no stage."""
    return [name for name, number in known.items() if stages[number] < 0]


def _begun(
    sections: Mapping[str, list[Line]], core: Core
) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    """Periods by the first column and row of each; what comes before belongs to the first."""
    for where, _, _ in sections["ROWS"] + sections["COLUMNS"]:
        raise ValueError(f"{where}: rows and columns are listed where PERIODS are EXPLICIT")
    begins: dict[str, tuple[int, int]] = {}
    last = 0, 0
    for where, fields, _ in sections["PERIODS"]:
        if len(fields) != 3:
            raise ValueError(f"{where}: needs a column, a row and a period")
        column, row, period = fields
        # Rows are counted without the objective, which comes first.
        first = 0 if row == core.objective else find(core.row, row, where)
        begin = first, find(core.column, column, where)
        if period in begins or np.less(begin, last).any():
            raise ValueError(f"{where}: period {period} is there already or out of order")
        begins[period] = last = begin
    later = list(begins.values())[1:]
    of_row, of_column = (
        np.searchsorted([begin[k] for begin in later], np.arange(len(known)), side="right")
        for k, known in enumerate((core.row, core.column))
    )
    return tuple(begins), of_row, of_column


def _listed(
    sections: Mapping[str, list[Line]], core: Core
) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    """Periods as they are listed, and that of each row and column; -1 where there is none."""
    periods = {line.fields[0]: k for k, line in enumerate(sections["PERIODS"])}
    found = []
    for section, known in (("ROWS", core.row), ("COLUMNS", core.column)):
        stages = np.full(len(known), -1)
        for where, fields, _ in sections[section]:
            if len(fields) != 2:
                raise ValueError(f"{where}: needs a name and a period")
            name, period = fields
            if period not in periods:
                raise ValueError(f"{where}: {period!r} is not listed as a period")
            if name != core.objective:
                stages[find(known, name, where)] = periods[period]
        found.append(stages)
    return tuple(periods), found[0], found[1]
