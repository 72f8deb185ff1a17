"""Row generation: lazy constraints of the families that a point violates."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse as sp

from optalloc.compile import KeyTable, linear_map
from optalloc.errors import ModelError
from optalloc.mip.arrays import Arrays, ExtraRows
from optalloc.modelling.cuts import Cuts
from optalloc.modelling.program import Program
from optalloc.modelling.values import Values

__all__ = ["separator"]


def separator(program: Program, arrays: Arrays) -> Callable[[np.ndarray], ExtraRows] | None:
    """Give `Arrays.separate`; None where no family has such rows in this workbook."""
    busy = program.model.busy_families(program.dataset)
    separating = [
        family for family in busy if family.separate and family.separates(program.dataset)
    ]
    if not separating:
        return None

    @functools.cache
    def coefficients(component: str) -> tuple[KeyTable, Any, np.ndarray]:
        return linear_map(arrays, component)

    def separate(point: np.ndarray) -> ExtraRows:
        values = Values(program, arrays, point)
        found = [
            _rows(cuts, coefficients, len(arrays.cost))
            for family in separating
            if family.separate is not None
            for cuts in family.separate(program.dataset, values)
        ]
        return ExtraRows.joined(found, len(arrays.cost))

    return separate


def _rows(cuts: Cuts, coefficients: Callable[[str], Any], columns: int) -> ExtraRows:
    count = len(cuts.keys)
    matrix = sp.csr_array((count, columns))
    upper = np.array(cuts.at_most, dtype=float)
    for component, terms in cuts.terms.items():
        table, weights, constant = coefficients(component)
        keys = KeyTable.of_frame(terms.drop(columns=["cut", "coefficient"]))
        at = table.positions([keys.column(k) for k in range(keys.arity)], len(terms))
        if len(at) and at.min() < 0:
            raise ModelError(f"a row of {cuts.limit!r} names a key that {component!r} has not")
        places = terms["cut"].to_numpy(int), at
        chosen = sp.csr_array((terms["coefficient"].to_numpy(float), places), (count, len(table)))
        matrix = matrix + chosen @ weights
        upper -= chosen @ constant
    names = tuple(cuts.keys.itertuples(index=False, name=None))
    return ExtraRows(sp.csr_array(matrix), upper, ((cuts.limit, names),))
