"""Tables of a plan as bytes and back: Arrow in a zip, typed by their declarations.

A column has one type in every case, also where it is empty in some, so that cases can be stacked.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping

import pandas as pd
import pyarrow as pa

from optalloc.data.schema import Column, Kind
from optalloc.modelling.model import Model
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.tables import LIMITS, SUMMARY

__all__ = ["packed", "stacked_specs", "unpacked"]

_TYPES = {
    Kind.NUMBER: pa.float64(),
    Kind.INTEGER: pa.float64(),
    Kind.DATE: pa.timestamp("s"),
    Kind.FLAG: pa.bool_(),
}


def stacked_specs(model: Model) -> tuple[TableSpec, ...]:
    """The tables that a sweep keeps of each plan: all but the audit and the run record."""
    return (SUMMARY, *model.outputs.values(), LIMITS)


def packed(tables: Mapping[str, pd.DataFrame], specs: Iterable[TableSpec]) -> bytes:
    """Pack tables, each with its declared columns."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for spec in specs:
            table, frame = _schema(spec).empty_table(), tables[spec.name]
            if len(frame):
                arrays = [_array(frame[column.name], column) for column in spec.columns]
                table = pa.Table.from_arrays(arrays, schema=table.schema)
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, table.schema) as writer:
                writer.write_table(table)
            archive.writestr(spec.name, sink.getvalue().to_pybytes())
    return stream.getvalue()


def _schema(spec: TableSpec) -> pa.Schema:
    return pa.schema([(c.name, _TYPES.get(c.kind, pa.string())) for c in spec.columns])


def unpacked(data: bytes) -> dict[str, pa.Table]:
    """Tables by name, as `packed` was given them."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {
            name: pa.ipc.open_stream(archive.read(name)).read_all() for name in archive.namelist()
        }


def _array(cells: pd.Series, column: Column) -> pa.Array:
    kind = _TYPES.get(column.kind)
    if kind is None and isinstance(cells.dtype, pd.StringDtype):
        return pa.array(cells.to_numpy(object), type=pa.string(), from_pandas=True)
    if kind == pa.float64() and cells.dtype.kind in "fiu":
        return pa.array(cells.to_numpy(float), type=kind, from_pandas=True)
    if kind is not None:
        return pa.array(cells.astype(object).tolist(), type=kind, from_pandas=True)
    # A column of mixed kinds is kept as text, numbers with all their digits.
    words = [None if pd.isna(cell) else _word(cell) for cell in cells.tolist()]
    return pa.array(words, type=pa.string())


def _word(cell: object) -> str:
    return repr(float(cell)) if isinstance(cell, float) else str(cell)
