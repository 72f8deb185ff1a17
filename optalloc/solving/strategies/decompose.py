"""For large programs: a bound from an interior point's multipliers, plans part by part.

The simplex method, and cuts on top of it, take longer than there is time. An interior point
without crossover gives multipliers from which a bound follows that is as good (`bounds`), and a
better one once groups of blocks are solved in whole with what they share priced by them
(`lagrangian`). The process that found them then searches for plans beside the one that did so from
the start. A small program is proved in whole beside the search, as in a race.
"""

from __future__ import annotations

from optalloc.mip.arrays import Arrays
from optalloc.mip.bounds import drawn_in
from optalloc.mip.outcome import Options, Outcome, ProgressCallback, Strategy
from optalloc.solving.strategies.portfolio import team_outcome
from optalloc.solving.strategies.worker import Role

__all__ = ["solve"]


def solve(arrays: Arrays, options: Options, progress: ProgressCallback | None) -> Outcome:
    """Solve a program that has parts and no rows found on demand; see `solve_arrays`."""
    parameters = options.parameters
    small = arrays.matrix.nnz < parameters.selection.prove_whole_entries
    roles = Role.PROVE if small else Role.BOUND, Role.SEARCH
    # No presolve of the whole takes out what no plan has room for.
    tightened = drawn_in(arrays, parameters.bound_tightening)
    return team_outcome(tightened, options, progress, roles, Strategy.DECOMPOSE)
