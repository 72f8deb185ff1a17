"""CP-SAT, by the model builder of the package ortools, in a process of its own.

CP-SAT knows integers only, so a continuous column becomes an integer number of ten-thousandths,
or of coarser steps where its bounds lie far apart; a bound that is nowhere to be had is put at 1e7
steps. Rows are relaxed by as much as rounding every column to its step can move them, so that every
plan has its rounded image in the program of CP-SAT, and the bound is lowered by what rounding can
save in cost, and by the 1e-6 to which CP-SAT rounds coefficients. The plan is completed exactly
afterwards: one that needs the relaxed rows is none.
"""

from __future__ import annotations

import math
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import scipy.sparse as sp

from optalloc.errors import SolveError
from optalloc.mip.arrays import Arrays
from optalloc.mip.bounds import implied_bounds
from optalloc.mip.outcome import Options, StopReason
from optalloc.solving.solvers.answer import Answer, Report

__all__ = ["solve"]

PRECISION = 1e-6
STEPS, MOST_STEPS = 1e4, 1e7
_PROCESS = Path(__file__).with_name("cp_sat_process.py")
# Lines such as "#12   3.20s best:1234.5 next:[1200.1,1234.4]" of its log.
_LINE = re.compile(r"#\S+\s+[\d.]+s\s+best:(\S+)\s+next:\[([^,\]]*)")
_REASONS = {
    "OPTIMAL": StopReason.GAP,
    "FEASIBLE": StopReason.TIME,
    "NOT_SOLVED": StopReason.TIME,
    "UNKNOWN_STATUS": StopReason.TIME,
    "CANCELLED_BY_USER": StopReason.INTERRUPTED,
    "INFEASIBLE": StopReason.INFEASIBLE,
    "UNBOUNDED": StopReason.UNBOUNDED,
}


def solve(arrays: Arrays, options: Options, time_limit_s: float, report: Report) -> Answer:
    """Solve a program with CP-SAT, within its precision.

    Raises
    ------
    SolveError
        If its process ends without an answer.
    """
    bound, steps = -math.inf, _steps(arrays)
    rounding = float((np.abs(arrays.cost) / steps)[~arrays.integer].sum() / 2)

    def lowered(bound: float) -> float:
        """Give the bound on the true program, given that of the rounded one."""
        return bound - rounding - PRECISION * abs(bound) + arrays.offset

    with tempfile.TemporaryDirectory() as folder:
        program, answer = Path(folder, "program.npz"), Path(folder, "answer.npz")
        _write(arrays, steps, _parameters(options), time_limit_s, program)
        with subprocess.Popen(
            [sys.executable, str(_PROCESS), str(program), str(answer)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None and process.stderr is not None
            for line in process.stdout:
                found = _LINE.match(line)
                if found:
                    bound = max(bound, lowered(float(found[2] or -math.inf)))
                    report(float(found[1]) + arrays.offset, bound)
            said = process.stderr.read()
        if not answer.exists():
            tail = said.strip().splitlines()[-1:]
            raise SolveError(f"cp-sat ended with code {process.returncode}: {' '.join(tail)}")
        with np.load(answer) as found:
            reason = _REASONS.get(str(found["status"]), StopReason.FAILED)
            values, last = found["values"], float(found["bound"])
    if not math.isnan(last):
        bound = max(bound, lowered(last))
    if not len(values):
        return Answer(reason, math.inf, bound, None)
    values = values / steps
    return Answer(reason, float(arrays.cost @ values + arrays.offset), bound, values)


def _parameters(options: Options) -> str:
    chosen = [f"relative_gap_limit:{float(options.gap)!r}", f"random_seed:{int(options.seed)}"]
    chosen += ["absolute_gap_limit:0", "linearization_level:2"]
    chosen += ["log_search_progress:true", "log_to_stdout:true"]
    chosen += [f"num_workers:{int(options.threads)}"] if options.threads is not None else []
    chosen += [] if options.presolve else ["cp_model_presolve:false"]
    return " ".join(chosen)


def _steps(arrays: Arrays) -> np.ndarray:
    """Steps by which a unit of each column is counted; 1 for integers."""
    lower, upper = implied_bounds(arrays)
    size = np.maximum(np.abs(lower), np.abs(upper))
    steps = np.minimum(STEPS, MOST_STEPS / np.maximum(np.where(np.isinf(size), 1e3, size), 1.0))
    return np.where(arrays.integer, 1.0, steps)


def _write(arrays: Arrays, steps: np.ndarray, parameters: str, seconds: float, path: Path) -> None:
    """Write the program in steps."""
    rows = sp.csr_array(arrays.matrix.tocsr())
    rows.data = rows.data / steps[rows.indices]
    give = abs(rows) @ np.where(arrays.integer, 0.0, 0.5)
    lower, upper = implied_bounds(arrays)
    np.savez(
        path,
        cost=arrays.cost / steps,
        col_lower=np.maximum(np.floor(lower * steps + 1e-6), -MOST_STEPS),
        col_upper=np.minimum(np.ceil(upper * steps - 1e-6), MOST_STEPS),
        row_lower=arrays.row_lower - give,
        row_upper=arrays.row_upper + give,
        data=rows.data,
        indices=rows.indices.astype(np.int32),
        indptr=rows.indptr.astype(np.int32),
        parameters=parameters,
        seconds=seconds,
    )
