"""Limits that hold across scenarios: their rows leave the programs of the scenarios.

What they are is said on the sheet Across. A scenario by itself is then a relaxation. Rows that
follow from such a limit would still enforce it, so strengthening and implied rows leave too: no
plan is lost by that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp

from optalloc.data.dataset import Dataset
from optalloc.errors import InfeasibleError, InputError, Problem
from optalloc.mip.across import unbounded_column
from optalloc.mip.arrays import Arrays
from optalloc.mip.extensive_form import extensive_form
from optalloc.mip.stochastic import AcrossRows, Holds, StochasticProgram
from optalloc.mip.tolerances import ROUNDING
from optalloc.modelling.limits import Limit
from optalloc.modelling.program import Program
from optalloc.scenarios.read_across import AcrossLine
from optalloc.scenarios.uncertainty_sheets import ACROSS

__all__ = ["across_rows", "unbounded"]

# The key of a row.
Key = tuple[Any, ...]


def across_rows(
    base: Program,
    names: Sequence[str],
    programs: Sequence[Arrays],
    lines: Sequence[AcrossLine],
) -> tuple[tuple[Arrays, ...], tuple[AcrossRows, ...]]:
    """Take the rows of limits that hold across scenarios out of the programs of these.

    Parameters
    ----------
    base : Program
        Of the workbook as it stands.
    names : sequence of str
        Of the scenarios.
    programs : sequence of Arrays
        Of each; compiled with rows that have no variable, as such a row may be violated.
    lines : sequence of AcrossLine

    Returns
    -------
    tuple of Arrays, tuple of AcrossRows
        The programs without the rows, and the rows that couple them.

    Raises
    ------
    InputError
        If a line is about no row, or two lines are about one.
    InfeasibleError
        If a row without any variable is violated in a scenario, which it names.
    """
    work = _Across(base, tuple(programs), tuple(lines))
    problems = work.selections()
    if problems:
        raise InputError(problems)
    relaxed = [line for line in lines if line.is_relaxed]
    if not relaxed:
        return work.programs, ()
    without = tuple(work.without(s, name) for s, name in enumerate(names))
    return without, tuple(map(work.coupled, relaxed))


def unbounded(
    data: Dataset, lines: Sequence[AcrossLine], program: StochasticProgram
) -> Iterator[Problem]:
    """Report limits that may fail in some scenarios, by any amount.

    Parameters
    ----------
    data : Dataset
        The workbook as it stands.
    lines : sequence of AcrossLine
    program : StochasticProgram
        With the rows of the lines.
    """
    relaxed = [line for line in lines if line.is_relaxed]
    if not any(rows.holds is Holds.IN_MOST for rows in program.across):
        return
    arrays = extensive_form(replace(program, across=())).arrays
    for line, rows in zip(relaxed, program.across, strict=True):
        found = unbounded_column(arrays, program, rows) if rows.holds is Holds.IN_MOST else None
        if found is not None:
            what = program.programs[found[0]].column_name(found[1])
            must = f"what {line.limit} limits must be bounded by something else where it fails, "
            must += f"and {what} is not"
            action = f"Give a limit of another kind that bounds it, or let {line.limit} hold "
            action += f"{Holds.ON_AVERAGE} or {Holds.IN_TAIL}."
            code = "across-unbounded"
            yield data.problem(ACROSS.name, line.row, "holds", must, action, code)


@dataclass(frozen=True)
class _Across:
    base: Program
    programs: tuple[Arrays, ...]
    lines: tuple[AcrossLine, ...]

    def _limit(self, line: AcrossLine) -> Limit:
        return self.base.model.limits[line.limit][1]

    def _rows(self, s: int, line: AcrossLine) -> dict[Key, int]:
        """Rows of a scenario that a line is about, by their keys."""
        labels, over = self.programs[s].rows, self._limit(line).over
        numbers = np.flatnonzero(labels.mask_of({line.limit}))
        keys = [_parts(labels[int(number)][1]) for number in numbers]
        by_name = {name: [key[place] for key in keys] for place, name in enumerate(over)}
        chosen = np.flatnonzero(line.selects(by_name, len(keys)))
        return {keys[k]: int(numbers[k]) for k in chosen}

    def selections(self) -> list[Problem]:
        """Report lines that are about no row, or about one that an earlier line is about."""
        problems = []
        taken: dict[tuple[str, Key], AcrossLine] = {}
        for line in self.lines:
            keys = dict.fromkeys(
                key for s in range(len(self.programs)) for key in self._rows(s, line)
            )
            if not keys:
                over = ", ".join(self._limit(line).over)
                must = f"rows must select at least one row of {line.limit}, which are by {over}"
                action = "Correct the rows, or remove this one if the workbook sets no such limit."
                problems.append(self._problem(line, "rows", must, action, "across-rows"))
            for key in keys:
                earlier = taken.setdefault((line.limit, key), line)
                if earlier is not line:
                    where = self.base.dataset.cell_name(ACROSS.name, earlier.row, "rows")
                    must = f"{line.limit} of {', '.join(map(str, key))} must be on one line only, "
                    must += f"and is on that of {where} too"
                    action = "Let the rows of one of them leave it out, or remove one of them."
                    problems.append(self._problem(line, "rows", must, action, "across-twice"))
                    break
        return problems

    def _problem(self, line: AcrossLine, column: str, must: str, action: str, code: str) -> Problem:
        return self.base.dataset.problem(ACROSS.name, line.row, column, must, action, code)

    def without(self, s: int, name: str) -> Arrays:
        """The program of a scenario in which the limits may be violated."""
        arrays = self.programs[s]
        lower, upper = arrays.row_lower.copy(), arrays.row_upper.copy()
        for line in self.lines:
            if line.is_relaxed:
                rows = np.array(list(self._rows(s, line).values()), dtype=int)
                # As in elastic programs: a lower bound is relaxed, and else an upper one.
                below = np.isfinite(lower[rows])
                lower[rows] = -np.inf
                upper[rows[~below]] = np.inf
        implied = {one for one, (_, limit) in self.base.model.limits.items() if limit.implied}
        kept = np.isfinite(lower) | np.isfinite(upper)
        kept &= ~(arrays.strengthening | arrays.rows.mask_of(implied))
        idle = np.bincount(arrays.matrix.indices, minlength=len(lower)) == 0
        short = np.where(kept & idle, np.maximum(lower, -upper), 0.0)
        violated = [(arrays.row_name(int(k)), float(short[k])) for k in np.argsort(-short)]
        violated = [(row, amount) for row, amount in violated if amount > ROUNDING]
        if violated:
            raise InfeasibleError(violated, name)
        return replace(arrays, row_lower=lower, row_upper=upper).with_rows(kept & ~idle)

    def coupled(self, line: AcrossLine) -> AcrossRows:
        """Rows of the excess over the limit in each scenario, key by key."""
        by_scenario = [self._rows(s, line) for s in range(len(self.programs))]
        keys = tuple(dict.fromkeys(key for rows in by_scenario for key in rows))
        place = {key: k for k, key in enumerate(keys)}
        beyond = [
            _beyond(arrays, rows, place)
            for arrays, rows in zip(self.programs, by_scenario, strict=True)
        ]
        matrices, upper = zip(*beyond, strict=True)
        return AcrossRows(line.limit, keys, Holds(line.holds), line.share, matrices, upper)


def _parts(key: Any) -> Key:
    return key if isinstance(key, tuple) else () if key is None else (key,)


def _beyond(
    arrays: Arrays, rows: Mapping[Key, int], place: Mapping[Key, int]
) -> tuple[sp.csr_array, np.ndarray]:
    """Rows of ``matrix x - upper``, by the places of their keys; empty where there is no row."""
    numbers = np.array(list(rows.values()), dtype=int)
    at = np.array([place[key] for key in rows], dtype=int)
    below = np.isfinite(arrays.row_lower[numbers])
    sign = np.where(below, -1.0, 1.0)
    bound = np.where(below, -arrays.row_lower[numbers], arrays.row_upper[numbers])
    chosen = sp.csr_array((sign, (at, np.arange(len(at)))), shape=(len(place), len(at)))
    upper = np.zeros(len(place))
    upper[at] = bound
    return sp.csr_array(chosen @ arrays.matrix.tocsr()[numbers]), upper
