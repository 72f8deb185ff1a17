"""The scenarios of a workbook as files that mpi-sppy reads, and the command that solves them."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from optalloc.errors import OptallocError
from optalloc.mip.attitude import Attitude, Measure
from optalloc.modelling.futures import Futures, attitude_of
from optalloc.modelling.model import Model
from optalloc.pipeline.opening import open_scenarios
from optalloc.pipeline.policies import scenarios_of
from optalloc.report.findings import Findings
from optalloc.scenarios.outcome_names import written
from optalloc.scenarios.tree import ScenarioTree
from optalloc.solving.scenario_files import Node, ScenarioFile, write_scenarios
from optalloc.system import replacing_together

__all__ = ["export_futures"]

ROOT = "ROOT"
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
    earlier = [path.name for path in target.glob("scen*") if path.is_file()]
    with replacing_together(target, earlier) as (draft, _):
        described = [_described(made, s, paths) for s in order]
        write_scenarios(made.stochastic, described, len(_all_nodes(paths)), draft)
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


def _described(made: Futures, s: int, paths: Sequence[Branches]) -> ScenarioFile:
    """A scenario with the nodes of its path but the leaf."""
    tree, path = made.tree, paths[s]
    p, numbers = tree.probability, _all_nodes(paths)
    reached = [float(p[tree.nodes[:, k] == node].sum()) for k, node in enumerate(tree.nodes[s])]
    nodes = tuple(
        Node(
            _node_name(path[:k]),
            numbers.index(path[:k]),
            reached[k] / reached[k - 1] if k else 1.0,
            _shared(made, s, k),
            {"known": written(tree.known(tree.scenarios[s], k))},
        )
        for k in range(len(path))
    )
    about = {"outcomes": written(tree.scenarios[s].outcomes), "leaf": _node_name(path)}
    return ScenarioFile(s, tree.scenarios[s].probability, nodes, about)


def _shared(made: Futures, s: int, level: int) -> list[int]:
    """Columns of a scenario that its node of a level decides, in one order for all in the node.

    Those that another scenario of the node lacks are zero in all, and not among them.
    """
    program, nodes = made.stochastic, made.tree.nodes
    own = program.columns[s]
    everywhere = program.sharing[own] == int((nodes[:, level] == nodes[s, level]).sum())
    decided = np.flatnonzero((made.levels[s] == level) & everywhere)
    return [int(column) for column in decided[np.argsort(own[decided])]]


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
