"""A process of a portfolio: it proves, bounds or searches, and sends what it finds at once.

The program comes as a file of plain arrays, messages go through the standard streams. So nothing is
lost if the process ends, by itself or not.
"""

from __future__ import annotations

import logging
import os
import pickle
import signal
import sys
import traceback
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from optalloc.mip.arrays import Arrays, Labels
from optalloc.mip.outcome import Options
from optalloc.solving.strategies.bounder import bound
from optalloc.solving.strategies.context import WorkerContext
from optalloc.solving.strategies.link import Link, LinkHandler
from optalloc.solving.strategies.prover import prove
from optalloc.solving.strategies.searcher import search
from optalloc.system import limit_memory

__all__ = ["Assignment", "Role", "main", "pack", "work"]


class Role(StrEnum):
    """Role of a process in a portfolio."""

    PROVE = "proving"
    BOUND = "bounding"
    SEARCH = "searching"


WORK = {Role.PROVE: prove, Role.BOUND: bound, Role.SEARCH: search}


@dataclass(frozen=True)
class Assignment:
    """Role, program and limits of a process.

    Parameters
    ----------
    role : Role
    program : Path
    options : Options
    ending : float
        Deadline, by `time.time`.
    memory : int
        Bytes; 0 for no limit.
    log_level : int
        Of the records that are sent to the hub.
    """

    role: Role
    program: Path
    options: Options
    ending: float
    memory: int
    log_level: int = logging.WARNING


def pack(arrays: Arrays, path: Path) -> None:
    """Write the program as plain arrays, without names and without what only Pyomo knows."""
    bare = replace(
        arrays, separate=None, source=None, rows=Labels.of(()), columns=Labels.of(()), fallbacks=()
    )
    with path.open("wb") as file:
        pickle.dump(bare, file, protocol=5)


def work(arrays: Arrays, assignment: Assignment, link: Link) -> None:
    """Do what an assignment asks."""
    context = WorkerContext(arrays, assignment.options, assignment.ending, link)
    WORK[assignment.role](context)


def main() -> None:
    """Do the assignment that comes first on the standard input, in a process made for it."""
    # Ctrl-C is for the hub.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What libraries print is kept out of the messages.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    assignment: Assignment = pickle.load(sys.stdin.buffer)
    link = Link(sys.stdin.buffer, out)
    logger = logging.getLogger("optalloc")
    logger.addHandler(LinkHandler(link))
    logger.setLevel(assignment.log_level)
    try:
        limit_memory(assignment.memory)
        with assignment.program.open("rb") as file:
            arrays: Arrays = pickle.load(file)
        link.start()
        work(arrays, assignment, link)
    except Exception as error:
        link.send("failed", _described(error))
    else:
        link.send("done")
    # No wait for threads of libraries, nor for the one that listens.
    os._exit(0)


def _described(error: Exception) -> str:
    """An error, and the line where it was raised."""
    at = traceback.extract_tb(error.__traceback__)[-1]
    what = traceback.format_exception_only(error)[-1].strip()
    return f"{what} ({Path(at.filename).name}, line {at.lineno})"
