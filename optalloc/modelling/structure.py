"""Blocks, stages and series: the unit, the step of time and the quantity of a column, or a row.

The model names a column of a sheet for blocks and one for stages (`Family.blocks`,
`Family.stages`); a component of any family that has that column's values in a place of its keys
belongs to them. The rest of its key is its series.
"""

from __future__ import annotations

import numpy as np

from optalloc.compile import KeyTable
from optalloc.mip.arrays import Arrays, Labels, Parts
from optalloc.modelling.program import Program

__all__ = ["parts_of"]


def parts_of(program: Program, arrays: Arrays) -> Parts | None:
    """Give the blocks, stages and series of a program; None where the model names none."""
    families = program.model.families
    blocks, stages = (
        next((named for named in (getattr(f, role) for f in families) if named), "")
        for role in ("blocks", "stages")
    )
    if not (blocks and stages):
        return None
    of_stage = _values(program, stages)
    block, _ = _codes(arrays.columns, _values(program, blocks))
    stage, series = _codes(arrays.columns, of_stage)
    row_stage, row_series = _codes(arrays.rows, of_stage)
    return Parts(block, stage, series, row_stage, row_series)


def _values(program: Program, source: str) -> dict[object, int]:
    sheet, _, column = source.partition(".")
    return {value: k for k, value in enumerate(program.dataset[sheet][column].dropna().unique())}


def _codes(labels: Labels, values: dict[object, int]) -> tuple[np.ndarray, np.ndarray]:
    """Code of each label by the first place of its keys that holds such values, and of the rest."""
    codes = np.full(len(labels), -1, dtype=np.int32)
    rest, used = np.arange(len(labels)), 0
    for start, (_, keys, at) in zip(labels.starts, labels.components, strict=False):
        here = slice(int(start), int(start) + (len(keys) if at is None else len(at)))
        count = here.stop - here.start
        if not count:
            continue
        left = np.arange(count)
        if isinstance(keys, KeyTable):
            code, left = _split(keys, values)
            code, left = (code, left) if at is None else (code[at], left[at])
            codes[here] = code
        _, left = np.unique(left, return_inverse=True)
        rest[here] = used + left
        used += int(left.max(initial=-1)) + 1
    return codes, rest


def _split(keys: KeyTable, values: dict[object, int]) -> tuple[np.ndarray, np.ndarray]:
    """Code by the first place that holds such values, and a number for all other places."""
    found, rest = np.full(len(keys), -1, dtype=np.int32), np.zeros(len(keys), dtype=np.int64)
    for place in range(keys.arity):
        dimension, at = keys.column(place)
        code = np.array([values.get(value, -1) for value in dimension.values], dtype=np.int32)
        if (found < 0).all() and len(code) and (code >= 0).all():
            found = np.broadcast_to(code[at], len(keys))
        else:
            # Numbered again each time, so that no product of sizes grows too large.
            _, rest = np.unique(rest * len(dimension) + at, return_inverse=True)
    return found, rest
