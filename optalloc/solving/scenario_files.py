"""Scenarios as files that mpi-sppy reads: one program and its nodes for each.

The format is that of the MPS file mode of mpi-sppy 0.14 (``mpisppy/problem_io/mps_module.py``):
``scenN.mps``, and ``scenN_nonants.json`` with the nodes of the scenario tree that the scenario
passes through, each with the names of the columns that are decided there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, count
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from optalloc.mip.arrays import Arrays, Labels
from optalloc.mip.stochastic import StochasticProgram
from optalloc.solving.export import plain_name, write_model

__all__ = ["Node", "ScenarioFile", "write_scenarios"]

# A column fixed at 1 that carries the offset of the cost, which not every reader of MPS keeps.
CONSTANT = "constant"
# What mpi-sppy itself adds to the program of a scenario.
RESERVED = (CONSTANT, "objective")


@dataclass(frozen=True)
class Node:
    """A node of the tree that a scenario passes through.

    Parameters
    ----------
    name : str
        The root is ``ROOT``, its first branch ``ROOT_0``.
    number : int
        Among all nodes of the tree.
    probability : float
        Of the node, once the one before it is reached.
    columns : sequence of int
        Columns of the scenario that are decided here, in one order for all that pass through it.
    about : mapping, optional
        More to write of it.
    """

    name: str
    number: int
    probability: float
    columns: Sequence[int]
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ScenarioFile:
    """A scenario of a program by its number, its probability, its nodes and more to write of it."""

    scenario: int
    probability: float
    nodes: tuple[Node, ...]
    about: Mapping[str, Any] = field(default_factory=dict)


def write_scenarios(
    program: StochasticProgram, scenarios: Sequence[ScenarioFile], nodes: int, folder: Path
) -> None:
    """Write scenarios in the order given, of a tree of so many nodes."""
    names = _column_names([one.columns for one in program.programs])
    digits = len(str(len(scenarios) - 1))
    for number, one in enumerate(scenarios):
        name, columns = f"scen{number:0{digits}d}", names[one.scenario]
        arrays = _as_file(program, one.scenario)
        write_model(arrays, [*columns, CONSTANT], folder / f"{name}.mps")
        content = json.dumps(_nodes_of(one, name, columns, nodes), indent=1)
        (folder / f"{name}_nonants.json").write_text(content + "\n", encoding="utf-8")


def _nodes_of(one: ScenarioFile, name: str, columns: Sequence[str], nodes: int) -> dict[str, Any]:
    """The content of the file with the nodes of a scenario."""
    own = {
        node.name: {
            "serialNumber": node.number,
            "condProb": node.probability,
            **node.about,
            "nonAnts": [columns[column] for column in node.columns],
        }
        for node in one.nodes
    }
    return {
        "scenarioData": {"name": name, "scenProb": one.probability, **one.about},
        "treeData": {"globalNodeCount": nodes, "nodes": own},
    }


def _column_names(labels: Sequence[Labels]) -> list[list[str]]:
    """Names of the columns of each scenario: the same where component and key are the same.

    mpi-sppy finds components of Pyomo by them, and so only words.
    """
    names: dict[tuple[str, Any], str] = {}
    taken = set(RESERVED)
    for own in labels:
        for number in range(len(own)):
            if own[number] in names:
                continue
            word = re.sub(r"\W", "_", plain_name(own.name(number)), flags=re.ASCII)
            numbered = (f"{word}_{k}" for k in count(2))
            names[own[number]] = next(n for n in chain([word], numbered) if n not in taken)
            taken.add(names[own[number]])
    return [[names[own[number]] for number in range(len(own))] for own in labels]


def _as_file(program: StochasticProgram, s: int) -> Arrays:
    """The program of a scenario with the bounds of all that share a column.

    mpi-sppy reads neither rows without a variable nor two bounds of one row.
    """
    arrays, own = program.programs[s], program.columns[s]
    matrix = arrays.matrix.tocsr()
    least, most = np.isfinite(arrays.row_lower), np.isfinite(arrays.row_upper)
    filled = np.diff(matrix.indptr) > 0
    equal = arrays.row_lower == arrays.row_upper
    above, below = np.flatnonzero(filled & least), np.flatnonzero(filled & most & ~equal)
    rows = np.concatenate([above, below])
    listed = replace(
        arrays,
        matrix=sp.csc_array(matrix[rows]),
        row_lower=np.concatenate([arrays.row_lower[above], np.full(len(below), -np.inf)]),
        row_upper=np.concatenate(
            [np.where(equal, arrays.row_upper, np.inf)[above], arrays.row_upper[below]]
        ),
        col_lower=program.col_lower[own],
        col_upper=program.col_upper[own],
        strengthening=arrays.strengthening[rows],
        rows=arrays.rows.take(rows),
    )
    one = np.ones(1)
    whole = listed.with_columns(one, one, False, (CONSTANT, (None,)))
    return replace(whole, cost=np.append(arrays.cost, arrays.offset), offset=0.0)
