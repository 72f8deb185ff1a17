"""A portfolio for large programs: bounds by decomposition, plans by large neighbourhoods.

The simplex method, and cuts on top of it, take longer than there is time. An interior point without
crossover gives dual prices from which a bound follows that is as good (`safe_bound`), and a better
one by Lagrangian relaxation (`lagrangian`). The process that found them then searches for plans
beside the one that did so from the start. A small program is proved as a whole beside the search,
as in a race.
"""

from __future__ import annotations

from optalloc.mip.arrays import Arrays
from optalloc.mip.bounds import tighten_integer_bounds
from optalloc.mip.outcome import Options, Outcome, ProgressCallback, Strategy
from optalloc.solving.strategies.portfolio import solve_by_portfolio
from optalloc.solving.strategies.worker import Role

__all__ = ["solve"]


def solve(arrays: Arrays, options: Options, progress: ProgressCallback | None) -> Outcome:
    """Solve a program that has parts; see `solve_arrays`."""
    parameters = options.parameters
    small = arrays.matrix.nnz < parameters.selection.prove_whole_entries
    roles = Role.PROVE if small else Role.BOUND, Role.SEARCH
    # The sub-MIPs have no presolve of the full program, which would tighten these bounds.
    tightened = tighten_integer_bounds(arrays, parameters.bound_tightening)
    return solve_by_portfolio(tightened, options, progress, roles, Strategy.DECOMPOSE)
