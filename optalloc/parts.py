"""Blocks and stages: to which of the model's units and steps of time each column belongs.

The model names a column of a sheet for each (`Family.blocks`, `Family.stages`); whatever variable
has that column's values in a place of its keys belongs to them, whichever family declares it.
"""

from __future__ import annotations

import numpy as np

from optalloc.arrays import Arrays, Labels, Parts
from optalloc.compile import KeyTable
from optalloc.program import Program

__all__ = ["parts_of"]


def parts_of(program: Program, arrays: Arrays) -> Parts | None:
    """Give the blocks and stages of all columns; None where the model names none."""
    families = program.model.families
    blocks, stages = (
        next((named for named in (getattr(f, role) for f in families) if named), "")
        for role in ("blocks", "stages")
    )
    if not (blocks and stages):
        return None
    return Parts(*(_codes(arrays.columns, _values(program, source)) for source in (blocks, stages)))


def _values(program: Program, source: str) -> dict[object, int]:
    sheet, _, column = source.partition(".")
    return {value: k for k, value in enumerate(program.dataset[sheet][column].dropna().unique())}


def _codes(columns: Labels, values: dict[object, int]) -> np.ndarray:
    """Code of each column: of the first place of its component's keys that holds such values."""
    codes = np.full(len(columns), -1, dtype=np.int32)
    for start, (_, keys, _) in zip(columns.starts, columns.components, strict=False):
        if not isinstance(keys, KeyTable):
            continue
        for place in range(keys.arity):
            dimension, at = keys.column(place)
            code = np.array([values.get(value, -1) for value in dimension.values], dtype=np.int32)
            if len(code) and (code >= 0).all():
                codes[start : start + len(keys)] = code[at]
                break
    return codes
