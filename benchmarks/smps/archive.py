"""Stochastic programs as .npz files, whose arrays have a row for each scenario."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from benchmarks.smps.core import labels
from optalloc.mip.arrays import Arrays
from optalloc.mip.stochastic import StochasticProgram

__all__ = ["BY_SCENARIO", "read_program", "write_program"]

# Numbers of a program of which each scenario has its own, besides entries and constant.
BY_SCENARIO = ("row_lower", "row_upper", "col_lower", "col_upper", "cost", "integer")


def write_program(program: StochasticProgram, path: Path) -> None:
    """Write a stochastic program as an .npz file, whose arrays have a row for each scenario.

    Raises
    ------
    ValueError
        If the programs of the scenarios differ in more than their numbers, or have lazy
        constraints.
    """
    first, *others = programs = program.programs
    alike = all(
        one.matrix.shape == first.matrix.shape
        and np.array_equal(one.matrix.indptr, first.matrix.indptr)
        and np.array_equal(one.matrix.indices, first.matrix.indices)
        for one in others
    )
    if not alike or any(one.separate is not None for one in programs):
        raise ValueError("only scenarios with one pattern and no lazy constraints can be written")
    stacked: dict[str, Any] = {
        name: np.stack([getattr(one, name) for one in programs]) for name in BY_SCENARIO
    }
    np.savez_compressed(
        path,
        names=np.array(program.names),
        probability=program.probability,
        owned=np.stack(program.columns),
        indptr=first.matrix.indptr,
        indices=first.matrix.indices,
        entries=np.stack([one.matrix.data for one in programs]),
        offset=np.array([one.offset for one in programs]),
        strengthening=first.strengthening,
        row_names=np.array([first.row_name(row) for row in range(len(first.rows))], dtype=str),
        column_names=np.array(
            [first.column_name(column) for column in range(len(first.columns))], dtype=str
        ),
        **stacked,
    )


def read_program(path: Path) -> StochasticProgram:
    """Read a stochastic program as `write_program` writes it.

    Raises
    ------
    ValueError
        If the file holds something else.
    """
    try:
        with path.open("rb") as opened:
            if opened.read(2) != b"PK":
                raise KeyError(path)  # noqa: TRY301
        with np.load(path) as file:
            held = dict(file)
        shape = len(held["strengthening"]), held["cost"].shape[1]
        rows, columns = (labels(held[name].tolist()) for name in ("row_names", "column_names"))
        programs = tuple(
            Arrays(
                matrix=sp.csc_array((entries, held["indices"], held["indptr"]), shape=shape),
                strengthening=held["strengthening"],
                offset=float(held["offset"][s]),
                rows=rows,
                columns=columns,
                **{name: held[name][s] for name in BY_SCENARIO},
            )
            for s, entries in enumerate(held["entries"])
        )
        names = tuple(held["names"].tolist())
        return StochasticProgram(names, held["probability"], programs, tuple(held["owned"]))
    except (KeyError, OSError) as error:
        raise ValueError(f"{path} is not a stochastic program as written here") from error
