"""Parameters of the solution methods: one frozen dataclass each, every value with its unit and why.

Names end in their unit where they have one: ``_s`` seconds, ``_share`` a share of what is named,
``_gap`` a relative gap, ``_blocks``, ``_stages``, ``_columns`` and the like counts. The
measurements behind them, with machine and instances (S, M, L, XL), are in benchmarks/NOTEBOOK.md; a
value without one was chosen once and has not been compared. `optalloc.mip.parameter_file` reads
them from TOML, one table for each field of `Parameters`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from optalloc.mip.proof_parameters import (
    BoundTightening,
    CutLoop,
    Elastic,
    FixAndOptimise,
    Proof,
    Resolving,
    SecondRoute,
    Selection,
    Watchdog,
)
from optalloc.mip.search_parameters import (
    Bounding,
    Futures,
    Lagrangian,
    LargeNeighbourhood,
    Polish,
    Portfolio,
    RelaxAndFix,
    Rens,
    Searching,
    Sifting,
)

__all__ = [
    "BoundTightening",
    "Bounding",
    "CutLoop",
    "Elastic",
    "FixAndOptimise",
    "Futures",
    "Lagrangian",
    "LargeNeighbourhood",
    "Parameters",
    "Polish",
    "Portfolio",
    "Proof",
    "RelaxAndFix",
    "Rens",
    "Resolving",
    "Searching",
    "SecondRoute",
    "Selection",
    "Sifting",
    "Watchdog",
]


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """Those of all methods, by the name of their table in a TOML file."""

    selection: Selection = field(default_factory=Selection)
    cut_loop: CutLoop = field(default_factory=CutLoop)
    proof: Proof = field(default_factory=Proof)
    second_route: SecondRoute = field(default_factory=SecondRoute)
    fix_and_optimise: FixAndOptimise = field(default_factory=FixAndOptimise)
    elastic: Elastic = field(default_factory=Elastic)
    resolving: Resolving = field(default_factory=Resolving)
    watchdog: Watchdog = field(default_factory=Watchdog)
    portfolio: Portfolio = field(default_factory=Portfolio)
    searching: Searching = field(default_factory=Searching)
    bounding: Bounding = field(default_factory=Bounding)
    lagrangian: Lagrangian = field(default_factory=Lagrangian)
    sifting: Sifting = field(default_factory=Sifting)
    rens: Rens = field(default_factory=Rens)
    relax_and_fix: RelaxAndFix = field(default_factory=RelaxAndFix)
    large_neighbourhood: LargeNeighbourhood = field(default_factory=LargeNeighbourhood)
    polish: Polish = field(default_factory=Polish)
    futures: Futures = field(default_factory=Futures)
    bound_tightening: BoundTightening = field(default_factory=BoundTightening)
