"""Large neighbourhood searches as the tests begin them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from optalloc.mip.arrays import Arrays
from optalloc.mip.outcome import Options
from optalloc.solving.strategies.large_neighbourhood import LargeNeighbourhoodSearch
from optalloc.solving.strategies.neighbourhoods import part_operators


def searching(
    arrays: Arrays,
    start: np.ndarray,
    options: Options,
    relaxed: tuple[np.ndarray, np.ndarray] | None = None,
) -> LargeNeighbourhoodSearch:
    """A large neighbourhood search by blocks and stages, in one thread."""
    operators = part_operators(arrays, options.parameters, relaxed=relaxed is not None)
    options = replace(options, threads=1)
    return LargeNeighbourhoodSearch(arrays, start, options, operators, relaxed)
