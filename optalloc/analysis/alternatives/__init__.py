"""Near-optimal alternatives: plans that cost little more than the best and differ from it.

Modelling to generate alternatives: what a model leaves out is weighed by whoever reads the plans,
so they are to differ as much as possible. Source: Brill (1979, doi:10.1287/mnsc.25.5.413).
"""

from optalloc.analysis.alternatives.search import alternatives

__all__ = ["alternatives"]
