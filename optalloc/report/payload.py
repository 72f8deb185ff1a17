"""The plan as the page's script reads it: tables by columns, their declarations, exhibits."""

from __future__ import annotations

import base64
import gzip
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from optalloc.data.schema import Kind
from optalloc.errors import ModelError
from optalloc.modelling.exhibits import Exhibit, Map
from optalloc.modelling.outputs import PAGE_KINDS, Chart, TableSpec
from optalloc.modelling.reports import Report
from optalloc.modelling.tables import LIMITS
from optalloc.report.sheets import number_format

__all__ = ["lines", "packed", "payload"]

_AS_THEY_ARE = tuple(kind.name.lower() for kind in (Kind.NUMBER, Kind.INTEGER, Kind.FLAG))


def payload(
    tables: Mapping[str, pd.DataFrame],
    specs: Sequence[TableSpec],
    charts: Sequence[Chart],
    report: Report,
) -> dict[str, Any]:
    """Give all that the page's script needs before it reads a table, as plain values.

    Raises
    ------
    ModelError
        If the report names a table or column that the plan does not declare.
    """
    _refuse_unknown(report, specs)
    exhibits = [e for e in report.exhibits if _has_rows(e, tables)]
    drawn = {exhibit.title for exhibit in report.exhibits}
    sections: list[dict[str, Any]] = [
        {"kind": e.kind, **asdict(e), "tables": sorted(_tables_of(e, tables))} for e in exhibits
    ]
    sections += [
        {
            **{**asdict(chart), "kind": "plain", "drawn": chart.kind, "note": ""},
            "tables": [chart.table],
        }
        for chart in charts
        if chart.kind in PAGE_KINDS and chart.title not in drawn and len(tables[chart.table])
    ]
    return {
        "tables": [_table(spec, tables[spec.name]) for spec in specs],
        "periods": asdict(report.periods) if report.periods else None,
        "filters": [asdict(chosen) for chosen in report.filters],
        "exhibits": sorted(sections, key=lambda section: section["order"]),
    }


def lines(content: Mapping[str, Any], tables: Mapping[str, pd.DataFrame]) -> bytes:
    """Write the `payload`, and then each table's values, one line of JSON each.

    The script reads a table's line when it first needs the table.
    """
    written = [_json(content)]
    for table in content["tables"]:
        frame = tables[table["name"]]
        written.append(_json([_values(frame[c["name"]], c["kind"]) for c in table["columns"]]))
    return "\n".join(written).encode()


def packed(content: bytes) -> str:
    """Compress bytes and write them as text that may stand in a page."""
    return base64.b64encode(gzip.compress(content, 6, mtime=0)).decode("ascii")


def _has_rows(exhibit: Exhibit, tables: Mapping[str, pd.DataFrame]) -> bool:
    limits = set(getattr(exhibit, "limits", ()))
    if limits:
        return bool(set(tables[LIMITS.name]["limit"]) & limits)
    if isinstance(exhibit, Map):
        places = exhibit.places, exhibit.ends
        return any(tables[p.table][p.latitude].notna().any() for p in places)
    stated = bool(getattr(exhibit, "empty", ""))
    return stated or any(len(tables[table]) for table in _tables_of(exhibit, tables))


def _tables_of(exhibit: Exhibit, tables: Mapping[str, pd.DataFrame]) -> set[str]:
    """Tables that an exhibit shows."""
    if getattr(exhibit, "limits", ()):
        return {LIMITS.name}
    named = {table for table, _ in exhibit.columns()}
    return named | {getattr(exhibit, "table", "")} & tables.keys()


def _named(report: Report) -> Iterator[tuple[str, str, str]]:
    """Name of each exhibit or role, with the table and column that it names."""
    for exhibit in report.exhibits:
        for table, column in exhibit.columns():
            yield exhibit.title, table, column
    for chosen in report.filters:
        for table, column in chosen.columns():
            yield chosen.title, table, column
    if report.periods:
        p = report.periods
        for column in (p.period, p.start, p.months):
            yield p.title, p.table, column


def _refuse_unknown(report: Report, specs: Sequence[TableSpec]) -> None:
    columns = {spec.name: {column.name for column in spec.columns} for spec in specs}
    for title, table, column in _named(report):
        if table not in columns:
            raise ModelError(f"report {title!r}: the plan has no table {table!r}")
        if column not in columns[table]:
            raise ModelError(f"report {title!r}: table {table!r} has no column {column!r}")


def _table(spec: TableSpec, frame: pd.DataFrame) -> dict[str, Any]:
    return {
        "name": spec.name,
        "meaning": spec.meaning,
        "rows": len(frame),
        "columns": [
            {
                "name": column.name,
                "unit": column.unit,
                "meaning": column.meaning,
                "kind": column.kind.name.lower(),
                "format": number_format(column.kind, column.unit),
            }
            for column in spec.columns
        ],
    }


def _values(values: pd.Series, kind: str) -> Any:
    """Values of a column: numbers as they are, words and days as places in a list of them all."""
    if kind in _AS_THEY_ARE:
        plain = values.tolist()
        finite = pd.api.types.is_float_dtype(values) and np.isfinite(values.to_numpy()).all()
        return plain if finite else [_plain(value) for value in plain]
    if pd.api.types.infer_dtype(values, skipna=True) == "string":
        places, words = pd.factorize(values.astype(object), use_na_sentinel=False)
        return {"words": [_plain(word) for word in words], "places": places.tolist()}
    # True, 1 and 1.0 are one key to Python.
    kinds = [(type(value), value) for value in map(_plain, values.tolist())]
    listed = {word: place for place, word in enumerate(dict.fromkeys(kinds))}
    return {"words": [word for _, word in listed], "places": [listed[word] for word in kinds]}


def _plain(value: Any) -> Any:
    """A cell as JSON has it: blanks as null; days, infinities and NaN as text."""
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, date):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def _json(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
