"""A program on which HiGHS without presolve looks at neither clock nor interrupts: a fresh process's.

``python -m tests.stuck SECONDS`` solves it with that time limit, says how it ended, and leaves.
"""

from __future__ import annotations

import signal
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

import optalloc
from optalloc.mip.arrays import Arrays
from optalloc.mip.outcome import Options
from optalloc.solving.direct import solve_directly
from tests.books import Book, write
from tests.models.test_capacity_bounds import two_sites
from tests.random_books import MODEL

ENDLESS_MW = 3e11
# Rows that bound what is started or in service by a site's room, where something is decided.
ROOM_ROWS = ("starts_on_committed_site", "service_after_both_leads", "start_marked")


def as_typed(made: Book, folder: Path) -> Arrays:
    """The program of a workbook with the rooms of its candidate sites as they were typed.

    It is what was solved before rooms were bounded by need; its optimum is the same.
    """
    data = optalloc.validate(optalloc.read_workbook(write(made, folder)), MODEL)
    arrays = optalloc.compile_program(optalloc.build(data, MODEL))
    matrix, upper = arrays.matrix.copy(), arrays.col_upper.copy()
    sites = {row["site"]: row for row in made["Sites"]}
    rows = np.array([arrays.rows[row][0] for row in matrix.indices])
    column = np.repeat(np.arange(matrix.shape[1]), np.diff(matrix.indptr))
    for k in range(len(upper)):
        name, key = arrays.columns[k]
        site = sites[key[0]] if name in ("started", "energised", "committed", "begun") else {}
        if name in ("committed", "begun"):
            places = (column == k) & np.isin(rows, ROOM_ROWS)
            matrix.data[places] = -site["max_mw"]
        elif site:
            block = site.get("block_mw") if name == "started" else None
            upper[k] = site["max_mw"] / (block or 1.0)
    return replace(arrays, matrix=matrix, col_upper=upper)


def stuck_program() -> Arrays:
    """Two sites without limit, one of them with blocks of half a MW."""
    dear, cheap = ({"max_mw": ENDLESS_MW, "block_mw": block} for block in (50, 0.5))
    with tempfile.TemporaryDirectory() as folder:
        return as_typed(two_sites(0.5, 0.9, dear, cheap), Path(folder))


def main() -> None:
    """Solve it and say how it ended."""
    # Whoever starts it may have Ctrl-C ignored or held back, which a new process inherits.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    arrays = stuck_program()
    print("begun", flush=True)
    began = time.perf_counter()
    options = Options(gap=1e-6, threads=1, presolve=False, time_limit_s=float(sys.argv[1]))
    outcome = solve_directly(arrays, options)
    seconds = time.perf_counter() - began
    print(outcome.stop_reason, outcome.values is not None, f"{seconds:.1f}", flush=True)


if __name__ == "__main__":
    main()
