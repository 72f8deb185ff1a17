"""A stochastic program by scenarios: one program each, and the columns that scenarios share.

A column that is decided while two scenarios cannot be distinguished is one column of both: nodes of
the scenario tree own columns, so that nonanticipativity needs no rows that could be forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp

from optalloc.errors import ModelError
from optalloc.mip.arrays import Arrays
from optalloc.mip.tolerances import ROW_VIOLATION

__all__ = [
    "AcrossRows",
    "Holds",
    "StochasticProgram",
    "lifted",
    "misses",
    "narrowed",
    "owned_columns",
]


class Holds(StrEnum):
    """In which scenarios a limit holds."""

    ALWAYS = "in every future"
    ON_AVERAGE = "on average"
    IN_TAIL = "in the tail on average"
    IN_MOST = "in most futures"


@dataclass(frozen=True)
class AcrossRows:
    """Rows of a limit that hold across the scenarios and not in each of them.

    What is beyond the limit in a scenario, negative where something is left, is
    ``matrix x - upper``. It is at most zero in the mean; or in the mean of the tail in which it is
    largest; or, for all rows at once, in scenarios of so much probability.

    Parameters
    ----------
    limit : str
    keys : tuple of tuple
        Of its rows.
    holds : Holds
        Not `Holds.ALWAYS`.
    share : float
        Probability of the tail, or the least probability of the scenarios in which the rows hold.
    matrices : tuple of scipy.sparse.csr_array, shape (rows, columns of the scenario)
    upper : tuple of numpy.ndarray, shape (rows,)
        Of each scenario; a row that a scenario lacks is empty, with an upper bound of zero.
    """

    limit: str
    keys: tuple[tuple[Any, ...], ...]
    holds: Holds
    share: float
    matrices: tuple[Any, ...]
    upper: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class StochasticProgram:
    """Scenarios with their probabilities, and the columns of the extensive form that they use.

    Parameters
    ----------
    names : tuple of str
        Of the scenarios.
    probability : numpy.ndarray, shape (scenarios,)
    programs : tuple of Arrays
        The program of each scenario, its costs not weighted.
    columns : tuple of numpy.ndarray of int
        Of each scenario, by its own columns, their numbers in the extensive form (`owned_columns`);
        scenarios share a column where they have the same number.
    absent : tuple of numpy.ndarray of bool, optional
        Of each scenario, by its own columns, True for those that another scenario of the node lacks
        and could only have at zero: they are zero in all.
    across : tuple of AcrossRows, optional
        Rows that couple scenarios; the programs of the scenarios lack them, so that a scenario
        alone is a relaxation.

    Raises
    ------
    ModelError
        If scenarios share a column that is integer in one and continuous in another, or whose
        bounds in one exclude those in another.
    """

    names: tuple[str, ...]
    probability: np.ndarray
    programs: tuple[Arrays, ...]
    columns: tuple[np.ndarray, ...]
    absent: tuple[np.ndarray, ...] = ()
    across: tuple[AcrossRows, ...] = ()

    def __post_init__(self) -> None:
        integers = np.zeros(self.size, dtype=int)
        for program, own in zip(self.programs, self.columns, strict=True):
            integers[own] += program.integer
        mixed = np.flatnonzero((integers > 0) & (integers < self.sharing))
        crossed = np.flatnonzero(self.col_lower > self.col_upper)
        for wrong, what in (
            (mixed, "is integer in some scenarios and continuous in others"),
            (crossed, "has bounds that exclude each other"),
        ):
            if len(wrong):
                s, column = self.first_owner[wrong[0]]
                name = self.programs[s].column_name(int(column))
                raise ModelError(f"{name}, shared by scenarios, {what}")

    @cached_property
    def size(self) -> int:
        """Number of columns of the extensive form, without those of a risk measure."""
        return 1 + max(int(own.max(initial=-1)) for own in self.columns)

    @cached_property
    def sharing(self) -> np.ndarray:
        """By column of the extensive form, the number of scenarios that share it."""
        shared = np.zeros(self.size, dtype=int)
        for own in self.columns:
            shared[own] += 1
        return shared

    @cached_property
    def column_probability(self) -> np.ndarray:
        """By column of the extensive form, the probability of the scenarios that share it."""
        total = np.zeros(self.size)
        for share, own in zip(self.probability, self.columns, strict=True):
            total[own] += share
        return total

    @cached_property
    def first_owner(self) -> np.ndarray:
        """By column of the extensive form, its first scenario and its number there."""
        found = np.full((self.size, 2), -1)
        for s in reversed(range(len(self.columns))):
            found[self.columns[s], 0] = s
            found[self.columns[s], 1] = np.arange(len(self.columns[s]))
        return found

    @cached_property
    def col_lower(self) -> np.ndarray:
        """Lower bounds of the columns of the extensive form: the highest of all scenarios."""
        lower = np.full(self.size, -np.inf)
        for program, own in zip(self.programs, self.columns, strict=True):
            np.maximum.at(lower, own, program.col_lower)
        return lower

    @cached_property
    def col_upper(self) -> np.ndarray:
        """Upper bounds of the columns of the extensive form: the lowest of all scenarios."""
        upper = np.full(self.size, np.inf)
        for program, own in zip(self.programs, self.columns, strict=True):
            np.minimum.at(upper, own, program.col_upper)
        for own, is_absent in zip(self.columns, self.absent, strict=False):
            np.minimum.at(upper, own[is_absent], 0.0)
        return upper

    def exact(self, scenario: int, values: np.ndarray) -> np.ndarray:
        """Values of the columns of a scenario, its integers rounded."""
        return np.where(self.programs[scenario].integer, np.round(values), values)

    def costs(self, point: np.ndarray) -> np.ndarray:
        """Cost of each scenario at a point of the extensive form."""
        return np.array(
            [
                program.objective(point[own])
                for program, own in zip(self.programs, self.columns, strict=True)
            ]
        )

    def excludes(self, held: np.ndarray) -> bool:
        """True if columns held at these values, NaN where free, miss bounds beyond rounding."""
        return misses(held, self.col_lower, self.col_upper)

    def with_held(self, held: np.ndarray) -> StochasticProgram:
        """The same scenarios with columns held at values, as near as their bounds allow.

        Parameters
        ----------
        held : numpy.ndarray, shape (columns of the extensive form,)
            NaN where a column is free.
        """
        fixed = ~np.isnan(held)
        near = np.clip(np.nan_to_num(held), self.col_lower, self.col_upper)
        programs = tuple(
            one.with_fixed(fixed[own], near[own])
            for one, own in zip(self.programs, self.columns, strict=True)
        )
        return replace(self, programs=programs)

    def separated(self) -> StochasticProgram:
        """The same scenarios without a common column: each is known before the first decision."""
        nodes = [np.full(len(own), s) for s, own in enumerate(self.columns)]
        return replace(self, columns=owned_columns(self.columns, nodes), absent=())


def misses(held: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> bool:
    """True if values, NaN where there is none, are beyond bounds by more than rounding."""
    near = np.clip(held, lower, upper)
    return bool((np.abs(held - near) > ROW_VIOLATION * np.maximum(1.0, np.abs(held))).any())


def narrowed(
    held: np.ndarray, lower: np.ndarray, upper: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Bounds with values at which columns are held, NaN where free, as near as they allow."""
    free = np.isnan(held)
    # A continuous column may miss its bounds by rounding.
    near = np.clip(np.where(free, 0.0, held), lower, upper)
    return np.where(free, lower, near), np.where(free, upper, near)


def lifted(matrix: Any, own: np.ndarray, size: int) -> sp.coo_array:
    """Rows over the columns of a scenario, as rows over those of the extensive form."""
    entries = sp.coo_array(matrix)
    row, column = entries.coords
    return sp.coo_array((entries.data, (row, own[column])), shape=(matrix.shape[0], size))


def owned_columns(
    columns: Sequence[np.ndarray], nodes: Sequence[np.ndarray]
) -> tuple[np.ndarray, ...]:
    """Number the columns of the extensive form: one for each column and node that decides it.

    Parameters
    ----------
    columns : sequence of numpy.ndarray of int
        Of each scenario, by its own columns, a number that is the same for the same decision in
        all scenarios.
    nodes : sequence of numpy.ndarray of int
        Likewise, the node of the scenario tree in which the column is decided.

    Returns
    -------
    tuple of numpy.ndarray of int
        Of each scenario, by its own columns; in the order of decisions, then of nodes.

    Examples
    --------
    Two scenarios share their first decision and not their second:

    >>> first, second = owned_columns([np.array([0, 1])] * 2, [np.array([0, 1]), np.array([0, 2])])
    >>> first.tolist(), second.tolist()
    ([0, 1], [0, 2])
    """
    sizes = [len(own) for own in columns]
    pairs = np.stack([np.concatenate(columns), np.concatenate(nodes)])
    _, numbers = np.unique(pairs, axis=1, return_inverse=True)
    return tuple(np.split(numbers.ravel(), np.cumsum(sizes)[:-1]))
