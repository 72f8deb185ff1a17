"""An explanation read back from its workbook, to stand in the report beside the plan."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from optalloc.data.schema import Column, Kind
from optalloc.errors import InputError, Problem
from optalloc.modelling.outputs import TableSpec
from optalloc.plan.table_sheet import column_name
from optalloc.report.findings import SENTENCES, Findings
from optalloc.spreadsheet.faults import readable
from optalloc.spreadsheet.read import read_workbook

__all__ = ["read_explanation"]

_FLAGS = {"yes": True, "no": False}


def read_explanation(path: str | Path) -> Findings:
    """Read an explanation.xlsx that ``optalloc explain`` wrote.

    Names and units come from its headers, so that no explanation needs a declaration.

    Raises
    ------
    InputError
        If the file is no readable workbook, or has no sheet of sentences.
    """
    path = Path(path)
    with readable(path.name):
        sheets = read_workbook(path).sheets
    if SENTENCES.name not in sheets:
        must = f"{path.name} must be an explanation of optalloc"
        action = "Name an explanation.xlsx that optalloc explain wrote."
        found = f"no sheet {SENTENCES.name}"
        raise InputError([Problem("", "", must, found, action, "not-an-explanation")])
    tables, specs = {}, []
    for name, sheet in sheets.items():
        if sheet.rows:
            frame, spec = _table(name, sheet.rows[0], sheet.rows[1:])
            tables[name] = frame
            specs.append(spec)
    sentences = tables.pop(SENTENCES.name)["sentence"].astype(str).tolist()
    kept = tuple(spec for spec in specs if spec.name != SENTENCES.name)
    return Findings("Explanation", tuple(sentences), tables, kept)


def _table(
    name: str, titles: Sequence[object], rows: Sequence[Sequence[object]]
) -> tuple[pd.DataFrame, TableSpec]:
    columns, values = [], {}
    for place, title in enumerate(titles):
        if title is None:
            continue
        unit = str(title).partition(" (")[2].removesuffix(")")
        own = [row[place] for row in rows]
        filled = [value for value in own if value is not None]
        if filled and all(value in ("yes", "no") for value in filled):
            own, kind = [_FLAGS.get(str(value)) for value in own], Kind.FLAG
        elif filled and all(isinstance(value, int | float) for value in filled):
            own, kind = [float("nan") if v is None else v for v in own], Kind.NUMBER
        else:
            kind = Kind.TEXT
        columns.append(Column(name=column_name(title), kind=kind, unit=unit, meaning=str(title)))
        values[column_name(title)] = pd.Series(own, dtype=float if kind is Kind.NUMBER else object)
    return pd.DataFrame(values), TableSpec(name=name, meaning="", columns=tuple(columns))
