"""Small stochastic programs written out by names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sp

from optalloc.mip.arrays import Arrays, Labels
from optalloc.mip.stochastic import StochasticProgram, owned_columns

__all__ = ["Written", "column_of", "stochastic"]


@dataclass
class Written:
    """The program of a scenario: columns with the node that decides each, then rows."""

    columns: dict[str, tuple[float, float, bool, int]] = field(default_factory=dict)
    rows: list[tuple[Mapping[str, float], float, float]] = field(default_factory=list)

    def column(
        self,
        name: str,
        cost: float = 0.0,
        upper: float = np.inf,
        *,
        integer: bool = False,
        node: int,
    ) -> str:
        """Add a non-negative column, and give its name."""
        self.columns[name] = cost, upper, integer, node
        return name

    def row(
        self, terms: Mapping[str, float], lower: float = -np.inf, upper: float = np.inf
    ) -> None:
        self.rows.append((terms, lower, upper))

    def arrays(self) -> Arrays:
        number = {name: k for k, name in enumerate(self.columns)}
        cost, upper, integer, _ = (
            np.array(part) for part in zip(*self.columns.values(), strict=True)
        )
        matrix = sp.lil_array((len(self.rows), len(number)))
        for k, (terms, _, _) in enumerate(self.rows):
            for name, value in terms.items():
                matrix[k, number[name]] = value
        return Arrays(
            matrix=sp.csc_array(matrix),
            row_lower=np.array([row[1] for row in self.rows]),
            row_upper=np.array([row[2] for row in self.rows]),
            col_lower=np.zeros(len(number)),
            col_upper=upper.astype(float),
            cost=cost.astype(float),
            integer=integer.astype(bool),
            strengthening=np.zeros(len(self.rows), dtype=bool),
            offset=0.0,
            rows=Labels.of(()),
            columns=Labels.of((name, (None,), None) for name in number),
        )

    def nodes(self) -> np.ndarray:
        return np.array([node for *_, node in self.columns.values()])


def stochastic(scenarios: Sequence[Written], probability: Sequence[float]) -> StochasticProgram:
    """Scenarios that name the same columns in one order."""
    programs = tuple(one.arrays() for one in scenarios)
    columns = owned_columns(
        [np.arange(len(one.columns)) for one in scenarios], [one.nodes() for one in scenarios]
    )
    names = tuple(f"s{k}" for k in range(len(scenarios)))
    return StochasticProgram(names, np.array(probability), programs, columns)


def column_of(program: StochasticProgram, name: str, scenario: int = 0) -> int:
    """Number in the extensive form of a column of a scenario."""
    own = program.programs[scenario].columns.find(name)
    return int(program.columns[scenario][own])
