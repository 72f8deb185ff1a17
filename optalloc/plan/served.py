"""How much less one plan leaves unmet than another, in words."""

from __future__ import annotations

import numpy as np

from optalloc.compile.readback import values_of
from optalloc.mip.arrays import Arrays
from optalloc.modelling.program import Program

__all__ = ["less_unmet"]

# Amounts named in a sentence.
MOST = 3
# Below this share of what is left unmet, and at least of one unit, is noise of the solver.
NOISE = 1e-6


def less_unmet(program: Program, arrays: Arrays, before: np.ndarray, after: np.ndarray) -> str:
    """Say how much of what `before` leaves unmet `after` serves, the largest first; empty if none.

    Parameters
    ----------
    program : Program
        Its families say what may be left unmet (`Family.unmet`).
    arrays : Arrays
        Of the program.
    before, after : numpy.ndarray, shape (columns,)
        Two solutions.
    """
    amounts: list[tuple[float, str]] = []
    for family in program.model.busy_families(program.dataset):
        for kind in family.unmet:
            keys, left = values_of(arrays, kind.variable, before)
            less = left - values_of(arrays, kind.variable, after)[1]
            # Only what is served on the whole, not what is moved from one to another.
            if less.sum() <= NOISE * max(1.0, float(left.sum())):
                continue
            for at in np.flatnonzero(less > NOISE * np.maximum(1.0, left)).tolist():
                key = dict(zip(kind.over, keys.key(at), strict=True))
                about = f"{kind.about.format_map(key)}, {key[kind.over[-1]]}"
                amounts.append((float(less[at]), f"{less[at]:,.3g} {kind.unit} of {about}"))
    amounts.sort(key=lambda amount: -amount[0])
    more = f" and {len(amounts) - MOST} more" if len(amounts) > MOST else ""
    return "; ".join(words for _, words in amounts[:MOST]) + more
