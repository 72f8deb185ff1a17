"""A trio of files as a stochastic program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import scipy.sparse as sp

from benchmarks.smps.archive import BY_SCENARIO
from benchmarks.smps.core import Core, read_core
from benchmarks.smps.outcomes import BOUND_TYPES, Entry, read_stoch
from benchmarks.smps.periods import read_time
from optalloc.mip.arrays import Arrays
from optalloc.mip.stochastic import StochasticProgram, owned_columns

__all__ = ["MOST_SCENARIOS", "read_smps", "trio_in"]

# More than these are not stacked: the extensive form grows with them.
MOST_SCENARIOS = 10_000


def read_smps(
    core: Path, time: Path, stoch: Path, *, most: int = MOST_SCENARIOS
) -> StochasticProgram:
    """Read a stochastic program; probabilities are as they are given, never normalised.

    Parameters
    ----------
    core, time, stoch : Path
    most : int
        Largest number of scenarios.

    Raises
    ------
    ValueError
        Naming file and line, where a file is not as the format has it, uses a part of the format
        that is not read here, or has too many scenarios.
    """
    given = read_core(core)
    stages = read_time(time, given)
    scenarios = read_stoch(stoch, given, stages, most)
    random = {entry for scenario in scenarios for entry in scenario.changes if entry.row >= 0}
    matrix, places = _with_entries(
        given.arrays.matrix, sorted((e.row, e.column) for e in random if e.kind == "matrix")
    )
    given = replace(given, arrays=replace(given.arrays, matrix=matrix))
    columns = [np.arange(len(stages.of_column))] * len(scenarios)
    nodes = [np.array(scenario.nodes)[stages.of_column] for scenario in scenarios]
    return StochasticProgram(
        tuple(scenario.name for scenario in scenarios),
        np.array([scenario.probability for scenario in scenarios]),
        tuple(_changed(given, places, scenario.changes) for scenario in scenarios),
        owned_columns(columns, nodes),
    )


def trio_in(folder: Path) -> tuple[Path, Path, Path]:
    """Core, time and stoch file of a folder that has one of each, by the ends of their names.

    Raises
    ------
    ValueError
        If one is missing, or there are several.
    """
    found = [sorted(folder.glob(f"*.{end}")) for end in ("cor", "tim", "sto")]
    if any(len(files) != 1 for files in found):
        names = ", ".join(file.name for files in found for file in files) or "none"
        raise ValueError(
            f"{folder} must have one file each of .cor, .tim and .sto, or the three must be named; "
            f"found {names}"
        )
    core, time, stoch = (files[0] for files in found)
    return core, time, stoch


def _with_entries(
    matrix: sp.csc_array, entries: list[tuple[int, int]]
) -> tuple[sp.csc_array, dict[tuple[int, int], int]]:
    """The matrix with these entries in its pattern, zero where it has none; and their places."""
    held = sp.coo_array(matrix)
    rows, columns = (
        np.concatenate([own, np.array([entry[k] for entry in entries], dtype=own.dtype)])
        for k, own in enumerate(held.coords)
    )
    data = np.concatenate([held.data, np.zeros(len(entries))])
    whole = sp.csc_array((data, (rows, columns)), shape=matrix.shape)
    places = {}
    for row, column in entries:
        begin, end = whole.indptr[column : column + 2]
        places[row, column] = int(begin + np.searchsorted(whole.indices[begin:end], row))
    return whole, places


def _changed(
    core: Core, places: Mapping[tuple[int, int], int], changes: Mapping[Entry, float]
) -> Arrays:
    """The program of a scenario; it shares the matrix with others where that is the core's."""
    base, offset = core.arrays, core.arrays.offset
    numbers = {name: getattr(base, name).copy() for name in BY_SCENARIO}
    entries = base.matrix.data.copy()
    for (kind, row, column), value in changes.items():
        if kind == "matrix":
            entries[places[row, column]] = value
        elif kind == "cost":
            numbers["cost"][column] = value
        elif kind == "offset":
            # A right-hand side of the objective is its constant, negated.
            offset = -value
        elif kind == "rhs":
            # A range keeps its width.
            width = base.row_upper[row] - base.row_lower[row]
            is_upper = core.kinds[row] == "L"
            numbers["row_lower"][row] = value - width if is_upper else value
            numbers["row_upper"][row] = value if is_upper else value + width
        else:
            for bound in BOUND_TYPES[kind]:
                numbers[bound][column] = value
    matrix = base.matrix
    if any(entry.kind == "matrix" for entry in changes):
        matrix = sp.csc_array((entries, matrix.indices, matrix.indptr), shape=matrix.shape)
    return replace(base, matrix=matrix, offset=offset, **numbers)
