"""CBC, by its executable and files."""

from __future__ import annotations

import math
import re
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from optalloc.errors import SolveError
from optalloc.mip.arrays import Arrays
from optalloc.mip.outcome import Options, StopReason
from optalloc.mip.tolerances import ROUNDING
from optalloc.solving.solvers.answer import Answer, Report, write_mps

__all__ = ["solve"]

# As its log writes them, the last one counting.
_BOUND = re.compile(r"best possible (-?[\d.e+]+)|Lower bound:\s+(-?[\d.e+]+)")
_BEST = re.compile(r"best solution (-?[\d.e+]+)|Integer solution of (-?[\d.e+]+)")
# Where it tells none, what is proven equals what is found.
_PROVEN = "Search completed - best objective", "Optimal - objective value"
_NONE = 1e49


def solve(arrays: Arrays, options: Options, time_limit_s: float, report: Report) -> Answer:
    """Solve a program with CBC.

    Raises
    ------
    SolveError
        If it ends without an answer.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_mps(arrays, folder / "program.mps")
        words = ["cbc", "program.mps", "-ratioGap", repr(float(options.gap)), "-allowableGap", "0"]
        words += ["-randomCbcSeed", str(int(options.seed)), "-timeMode", "elapsed"]
        if math.isfinite(time_limit_s):
            words += ["-sec", f"{time_limit_s:.3f}"]
        if options.threads is not None and options.threads > 1:
            words += ["-threads", str(int(options.threads))]
        if not options.presolve:
            words += ["-preprocess", "off"]
        words += ["-solve", "-printingOptions", "all", "-solution", "found.txt", "-quit"]
        best, bound, log = math.inf, -math.inf, []
        with subprocess.Popen(
            words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                log.append(line)
                best, bound = _read(line, best, bound)
                if _BOUND.search(line) or _BEST.search(line):
                    report(best + arrays.offset, bound + arrays.offset)
        found = folder / "found.txt"
        if process.returncode or not found.exists():
            raise SolveError(f"cbc ended with code {process.returncode}: {''.join(log[-3:])[:300]}")
        return _answer(arrays, found.read_text(), "".join(log), bound)


def _read(line: str, best: float, bound: float) -> tuple[float, float]:
    """Incumbent and bound once a line of the log is known."""
    for pattern in (_BEST, _BOUND):
        found = pattern.search(line)
        number = float(next(filter(None, found.groups()))) if found else math.nan
        if found and abs(number) < _NONE:
            best, bound = (number, bound) if pattern is _BEST else (best, number)
    return best, bound


def _answer(arrays: Arrays, found: str, log: str, bound: float) -> Answer:
    """Read the file of the solution: a line that says how it ended, and a line a column."""
    head, *lines = found.splitlines()
    values = np.zeros(len(arrays.cost))
    for line in lines:
        # A column out of its bounds is marked by stars.
        words = line.replace("**", "").split()
        if words[1].startswith("c"):
            values[int(words[1][1:])] = float(words[2])
    objective = float(arrays.cost @ values)
    if "nfeasible" in head:
        return Answer(StopReason.INFEASIBLE, math.inf, -math.inf, None)
    if head.startswith("Unbounded"):
        return Answer(StopReason.UNBOUNDED, math.inf, -math.inf, None)
    within_gap = "Exiting as integer gap" in log
    if any(words in log for words in _PROVEN) and not within_gap:
        bound = max(bound, objective - ROUNDING * abs(objective))
    reason = StopReason.GAP if head.startswith("Optimal") else StopReason.TIME
    if "no integer solution" in head or "objective value 1e+50" in head:
        return Answer(StopReason.TIME, math.inf, bound + arrays.offset, None)
    return Answer(reason, objective + arrays.offset, bound + arrays.offset, values)
