"""The scenarios of a workbook as files that mpi-sppy reads: one program and its nodes for each.

The format is that of the MPS file mode of mpi-sppy 0.14 (``mpisppy/problem_io/mps_module.py``):
``scenN.mps``, and ``scenN_nonants.json`` with the nodes of the scenario tree that the scenario
passes through, each with the names of the columns that are decided there.
"""

from __future__ import annotations

import json
import re
import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, count, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from optalloc.errors import OptallocError
from optalloc.mip.arrays import Arrays, Labels
from optalloc.mip.attitude import Attitude, Measure
from optalloc.mip.stochastic import StochasticProgram
from optalloc.modelling.futures import Futures, attitude_of
from optalloc.modelling.model import Model
from optalloc.pipeline.opening import open_scenarios
from optalloc.pipeline.policies import scenarios_of
from optalloc.report.findings import Findings
from optalloc.scenarios.outcome_names import written
from optalloc.scenarios.tree import ScenarioTree
from optalloc.solving.export import plain_name, write_model
from optalloc.system import replacing_together

__all__ = ["export_futures"]

ROOT = "ROOT"
# A column fixed at 1 that carries the offset of the cost, which not every reader of MPS keeps.
CONSTANT = "constant"
# What mpi-sppy itself adds to the program of a scenario.
RESERVED = (CONSTANT, "objective")
COMMAND = "python -m mpisppy.generic_cylinders --EF --EF-solver-name appsi_highs"


def export_futures(
    book: str | Path,
    folder: str | Path,
    *,
    force: bool = False,
    approved: str | Path | None = None,
    model: str | Path | Model | None = None,
) -> Findings:
    """Write the scenarios of a workbook as mpi-sppy reads them (``--mps-files-directory``).

    Parameters
    ----------
    book : str or Path
        A workbook with scenarios.
    folder : str or Path
        Where to write; made if it is not there.
    force : bool
        Write into a folder that is not empty. Scenarios of an earlier export are moved to its
        folder ``earlier``.
    approved : str or Path, optional
        The plan.xlsx that was approved last.
    model : str, Path or Model, optional
        Model folder; the capacity model by default.

    Returns
    -------
    Findings
        What was written, how mpi-sppy solves it, and what of the workbook is not in the files.

    Raises
    ------
    InputError
        With every problem of the workbook at once.
    OptallocError
        If the workbook has no scenarios, or the folder is not empty or cannot be written.
    """
    target = Path(folder)
    if target.is_dir() and any(target.iterdir()) and not force:
        raise OptallocError(f"{target}: is not empty; say --force to write into it")
    data, loaded, tree = open_scenarios(book, model, approved)
    made = scenarios_of(data, loaded, tree)
    paths = _paths(tree)
    # mpi-sppy takes scenarios in the order of their names for the order of the leaves of the tree.
    order = sorted(range(len(paths)), key=lambda s: paths[s])
    names = _column_names([one.columns for one in made.stochastic.programs])
    digits = len(str(len(order) - 1))
    earlier = [path.name for path in target.glob("scen*") if path.is_file()]
    with replacing_together(target, earlier) as (draft, _):
        for number, s in enumerate(order):
            name = f"scen{number:0{digits}d}"
            arrays = _as_file(made.stochastic, s)
            write_model(arrays, [*names[s], CONSTANT], draft / f"{name}.mps")
            content = json.dumps(_described(made, s, name, paths, names[s]), indent=1)
            (draft / f"{name}_nonants.json").write_text(content + "\n", encoding="utf-8")
    return Findings("Files for mpi-sppy", tuple(_said(made, attitude_of(data), paths, target)))


# The tree ----------------------------------------------------------------------------------------

# Number of the branch taken at each reveal; a part of it is a node.
Branches = tuple[int, ...]


def _paths(tree: ScenarioTree) -> list[Branches]:
    """Of each scenario the branches that lead to it, numbered in the order of scenarios."""
    branches: dict[int, dict[int, int]] = {}
    paths = []
    for nodes in tree.nodes.tolist():
        path = []
        for node, child in pairwise(nodes):
            known = branches.setdefault(node, {})
            path.append(known.setdefault(child, len(known)))
        paths.append(tuple(path))
    return paths


def _node_name(node: Branches) -> str:
    return "_".join([ROOT, *map(str, node)])


def _all_nodes(paths: Sequence[Branches]) -> list[Branches]:
    """All nodes stage by stage, with the leaves; of two stages only the root, as mpi-sppy does."""
    last = len(paths[0])
    stages = range(1 if last == 1 else last + 1)
    return [node for k in stages for node in sorted({path[:k] for path in paths})]


def _branching(paths: Sequence[Branches]) -> tuple[int, ...] | None:
    """By stage the number of branches of each node; None where nodes of a stage differ in it."""
    factors = []
    for k in range(len(paths[0])):
        children = Counter(child[:k] for child in {path[: k + 1] for path in paths})
        if len(set(children.values())) > 1:
            return None
        factors.append(next(iter(children.values())))
    return tuple(factors)


def _described(
    made: Futures, s: int, name: str, paths: Sequence[Branches], columns: Sequence[str]
) -> dict[str, Any]:
    """The content of the file with the nodes of a scenario."""
    tree, path = made.tree, paths[s]
    scenario, p, nodes = tree.scenarios[s], tree.probability, _all_nodes(paths)
    reached = [float(p[tree.nodes[:, k] == node].sum()) for k, node in enumerate(tree.nodes[s])]
    own = {}
    for k in range(len(path)):
        own[_node_name(path[:k])] = {
            "serialNumber": nodes.index(path[:k]),
            "condProb": reached[k] / reached[k - 1] if k else 1.0,
            "known": written(tree.known(scenario, k)),
            "nonAnts": [columns[column] for column in _shared(made, s, k)],
        }
    about = {"outcomes": written(scenario.outcomes), "leaf": _node_name(path)}
    return {
        "scenarioData": {"name": name, "scenProb": scenario.probability, **about},
        "treeData": {"globalNodeCount": len(nodes), "nodes": own},
    }


def _shared(made: Futures, s: int, level: int) -> list[int]:
    """Columns of a scenario that its node of a level decides, in one order for all in the node.

    Those that another scenario of the node lacks are zero in all, and not among them.
    """
    program, nodes = made.stochastic, made.tree.nodes
    own = program.columns[s]
    everywhere = program.sharing[own] == int((nodes[:, level] == nodes[s, level]).sum())
    decided = np.flatnonzero((made.levels[s] == level) & everywhere)
    return [int(column) for column in decided[np.argsort(own[decided])]]


# The programs ------------------------------------------------------------------------------------


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


# In words ----------------------------------------------------------------------------------------


def _said(
    made: Futures, attitude: Attitude, paths: Sequence[Branches], folder: Path
) -> Iterator[str]:
    yield f"The folder has a program, and the nodes that it shares, of {len(paths):,} scenarios."
    command = f"{COMMAND} --mps-files-directory {shlex.quote(str(folder))}"
    factors = _branching(paths)
    if factors is None:
        yield (
            "Nodes of one day have different numbers of branches, which the command of mpi-sppy "
            "cannot read: name all nodes with its Python classes (all_nodenames); the files have "
            "them, and the leaf of each scenario."
        )
    else:
        if len(factors) > 1:
            command += f" --branching-factors {shlex.quote(' '.join(map(str, factors)))}"
        if attitude.measure is Measure.MEAN_AND_TAIL and not attitude.is_linear:
            command += (
                f" --cvar --cvar-alpha {1 - attitude.tail_share:g}"
                f" --cvar-weight {attitude.tail_weight:g}"
                f" --cvar-mean-weight {1 - attitude.tail_weight:g}"
            )
        yield f"mpi-sppy solves them as a whole by: {command}"
    if attitude.measure in (Measure.WORST, Measure.REGRET):
        yield "It makes the expected cost least: the measure of the sheet Attitude is not in them."
    if made.stochastic.across:
        yield (
            "Limits of the sheet Across that need not hold in every scenario are not in them: "
            "what is proven of them is a bound."
        )
    if any(one.separate is not None for one in made.stochastic.programs):
        yield (
            "Limits whose rows are found during the solve are not in them: what is proven of them "
            "is a bound."
        )
