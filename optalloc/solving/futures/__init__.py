"""Step "solve" of a stochastic program: a policy with a proven bound, whatever the measure."""

from optalloc.solving.futures.outcome import Alone, StochasticOutcome
from optalloc.solving.futures.solve import is_large, solve_stochastic

__all__ = ["Alone", "StochasticOutcome", "is_large", "solve_stochastic"]
