"""Stochastic programs solved by mpi-sppy, from the files that it reads, beside our own routes.

Progressive hedging, a Lagrangian bound and the plans of scenarios tried on all of them run in three
processes of MPI. mpi-sppy stays in an environment of its own: see the README for how to make it.
"""

from __future__ import annotations

import math
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from optalloc.mip.outcome import (
    Options,
    Outcome,
    Progress,
    ProgressCallback,
    StopReason,
    quality_of,
    relative_gap,
)
from optalloc.mip.stochastic import StochasticProgram
from optalloc.solving.scenario_files import Node, ScenarioFile, write_scenarios

__all__ = ["MpiSppy", "read_line", "solve_by_mpi_sppy", "two_stages"]

# Seconds, iteration, who found something, bound and plan: `[   22.55]  4  L X  814.5  982.5 ...`.
_LINE = re.compile(r"^\[ *([\d.]+)\] +\d+ +(?:[A-Z*]+ +)*(\S+) +(\S+) +\S+ +\S+$")
_ITERATIONS = 1_000_000
_END_S = 30.0


@dataclass(frozen=True)
class MpiSppy:
    """Where mpi-sppy is installed, and how it hedges.

    Parameters
    ----------
    python : Path
        Of an environment with mpi-sppy 0.14, mpi4py and mip.
    rho : float
        What a unit costs by which a scenario departs from the mean; mpi-sppy has no default.
    """

    python: Path
    rho: float


def solve_by_mpi_sppy(
    program: StochasticProgram, peer: MpiSppy, options: Options, progress: ProgressCallback
) -> Outcome:
    """Solve a program of two stages, to the gap or the time limit of the options.

    Raises
    ------
    ValueError
        If the program has more than two stages, or MPI is not installed.
    """
    launcher = shutil.which("mpiexec")
    if launcher is None:
        raise ValueError("mpiexec is not installed; mpi-sppy runs its cylinders by it")
    best, least = math.inf, -math.inf
    with tempfile.TemporaryDirectory() as folder:
        write_scenarios(program, two_stages(program), 1, Path(folder))
        command = [launcher, "--oversubscribe", "--mca", "mpi_yield_when_idle", "1", "-n", "3"]
        command += [str(peer.python.absolute()), "-u", "-m", "mpi4py"]
        command += ["-m", "mpisppy.generic_cylinders"]
        command += ["--mps-files-directory", folder, "--solver-name", "appsi_highs"]
        command += ["--default-rho", f"{peer.rho:g}", "--max-iterations", str(_ITERATIONS)]
        command += ["--rel-gap", f"{options.gap:g}", "--lagrangian", "--xhatshuffle"]
        # HiGHS minimises no quadratic function of integers.
        command += ["--linearize-proximal-terms", "--linearize-binary-proximal-terms"]
        if options.time_limit_s is not None:
            command += ["--time-limit", f"{options.time_limit_s:g}"]
        for seconds, plan, bound in _lines(command, folder, options.time_limit_s):
            if plan < best or bound > least:
                best, least = min(best, plan), max(least, bound)
                progress(Progress(seconds, best, least, "mpi-sppy"))
    reason = StopReason.GAP if relative_gap(best, least) <= options.gap else StopReason.TIME
    quality = quality_of(best, least, options.gap)
    return Outcome(stop_reason=reason, quality=quality, objective=best, bound=least)


def two_stages(program: StochasticProgram) -> list[ScenarioFile]:
    """The scenarios with the root as their only node.

    Raises
    ------
    ValueError
        If some but not all scenarios share a column.
    """
    count = len(program.names)
    if not np.isin(program.sharing, (1, count)).all():
        raise ValueError("only programs of two stages are given to mpi-sppy here")
    files = []
    for s, own in enumerate(program.columns):
        shared = np.flatnonzero(program.sharing[own] == count)
        columns = [int(column) for column in shared[np.argsort(own[shared])]]
        root = Node("ROOT", 0, 1.0, columns)
        files.append(ScenarioFile(s, float(program.probability[s]), (root,)))
    return files


def read_line(line: str) -> tuple[float, float, float] | None:
    """Seconds, plan and bound of a line of progress; None of any other."""
    found = _LINE.match(line.strip())
    if found is None:
        return None
    try:
        seconds, bound, plan = (float(part.replace(",", "")) for part in found.groups())
    except ValueError:
        return None
    return seconds, plan, bound


def _lines(
    command: list[str], folder: str, limit_s: float | None
) -> Iterator[tuple[float, float, float]]:
    """Progress as it is printed, until the command ends or is long over its time.

    It leaves logs where it runs, which is the folder.
    """
    environment = {
        **os.environ,
        "OMPI_ALLOW_RUN_AS_ROOT": "1",
        "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    }
    # It waits for the solves at hand: `timeout` ends those that take for ever.
    if limit_s is not None:
        command = ["timeout", f"{limit_s + _END_S:g}", *command]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
        cwd=folder,
    ) as running:
        assert running.stdout is not None
        for line in running.stdout:
            found = read_line(line)
            if found is not None:
                yield found
