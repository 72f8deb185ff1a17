"""The plan that differs most from those known, within a cost: an integer program of its own.

Each member of a choice gets a 0-1 column that says whether the plan takes it, each group of
members one that says whether it takes any. The least number of these that differ from a known plan
is maximised (the farthest Hamming distance), while a row limits the cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from optalloc.data.dataset import Dataset
from optalloc.errors import ModelError
from optalloc.mip.arrays import Arrays, ExtraRows
from optalloc.modelling.choices import BoundChange, Choice
from optalloc.modelling.model import Model

__all__ = ["Member", "Signature", "farthest", "members_of", "taken_in"]

# One flag for each member, then one for each group: True if the plan takes it.
Signature = tuple[bool, ...]


@dataclass(frozen=True)
class Member:
    """A decision that a plan takes or leaves, the bounds that define both, and its groups."""

    name: str
    choice: Choice
    take: Sequence[BoundChange]
    leave: Sequence[BoundChange]
    groups: tuple[tuple[str, str], ...]


def members_of(model: Model, data: Dataset) -> list[Member]:
    """Members of all choices that a plan can take and can leave."""
    listed = [
        (choice, name)
        for family in model.families
        for choice in family.choices
        for name in choice.members(data)
    ]
    made = [
        Member(
            name,
            choice,
            choice.take(data, name),
            choice.leave(data, name),
            tuple(choice.groups(data, name)),
        )
        for choice, name in listed
    ]
    return [member for member in made if member.take and member.leave]


def groups_of(members: Sequence[Member]) -> list[tuple[str, str]]:
    """Groups of the members, each once."""
    return list(dict.fromkeys(group for member in members for group in member.groups))


def taken_in(arrays: Arrays, values: np.ndarray, members: Sequence[Member]) -> Signature:
    """Members and groups that a plan takes; preparing for one, and no more, does not count."""
    taken = [_keeps(arrays, values, member.take) for member in members]
    pairs = list(zip(members, taken, strict=True))
    groups = [any(t for m, t in pairs if group in m.groups) for group in groups_of(members)]
    return (*taken, *groups)


def _keeps(arrays: Arrays, values: np.ndarray, bounds: Sequence[BoundChange]) -> bool:
    for component, key, least, most in bounds:
        value = values[arrays.columns.find(component, key)]
        if not least - 1e-6 <= value <= most + 1e-6:
            return False
    return True


def farthest(
    arrays: Arrays, members: Sequence[Member], known: Sequence[Signature], limit: float
) -> Arrays:
    """Give the program of the plan that differs most from those known.

    Parameters
    ----------
    arrays : Arrays
        Of the workbook; its cost becomes a row.
    members : sequence of Member
    known : sequence of Signature
        Of the plans to differ from, by at least one member or group each.
    limit : float
        Most that the plan may cost.

    Returns
    -------
    Arrays
        Its first columns are those of `arrays`; its objective is minus the distance to the
        nearest known plan. Lazy constraints are separated as before.

    Raises
    ------
    ModelError
        If a column that defines whether a member is taken has no bounds.
    """
    groups = groups_of(members)
    n, count, bits = len(arrays.cost), len(members), len(members) + len(groups)
    rows = _Rows(n + bits + 1)
    rows.add(dict(enumerate(arrays.cost)), -np.inf, limit - arrays.offset)
    for k, member in enumerate(members):
        for bounds in member.take:
            _bound_if(rows, arrays, bounds, n + k, on=True)
        for bounds in member.leave:
            _bound_if(rows, arrays, bounds, n + k, on=False)
    for g, group in enumerate(groups):
        own = [n + k for k, member in enumerate(members) if group in member.groups]
        for at in own:
            rows.add({at: 1.0, n + count + g: -1.0}, -np.inf, 0.0)
        rows.add({n + count + g: 1.0} | dict.fromkeys(own, -1.0), -np.inf, 0.0)
    for plan in known:
        differing = {n + k: 1.0 if taken else -1.0 for k, taken in enumerate(plan)}
        rows.add({n + bits: 1.0} | differing, -np.inf, float(sum(plan)))
    return _extended(arrays, rows, bits)


class _Rows:
    """Builder of rows, one after the other."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self.terms: list[dict[int, float]] = []
        self.lower: list[float] = []
        self.upper: list[float] = []

    def add(self, terms: dict[int, float], lower: float, upper: float) -> None:
        self.terms.append(terms)
        self.lower.append(lower)
        self.upper.append(upper)

    def matrix(self) -> sp.csr_array:
        row = [k for k, terms in enumerate(self.terms) for _ in terms]
        column = [at for terms in self.terms for at in terms]
        data = [value for terms in self.terms for value in terms.values()]
        made = sp.csr_array((data, (row, column)), shape=(len(self.terms), self.columns))
        made.eliminate_zeros()
        return made


def _bound_if(rows: _Rows, arrays: Arrays, bounds: BoundChange, bit: int, *, on: bool) -> None:
    """Add indicator rows: a column is within bounds where the bit is 1, or where it is 0."""
    component, key, least, most = bounds
    at = arrays.columns.find(component, key)
    lower, upper = float(arrays.col_lower[at]), float(arrays.col_upper[at])
    for limit, free, sign in ((least, lower, 1.0), (most, upper, -1.0)):
        step = sign * (limit - free)
        if not step > 0:
            continue
        if not np.isfinite(free):
            raise ModelError(f"{arrays.column_name(at)} says what is taken and has no bounds")
        # sign x >= sign free + step, where the bit is on.
        terms = {at: sign, bit: -step if on else step}
        rows.add(terms, sign * free + (0.0 if on else step), np.inf)


def _extended(arrays: Arrays, rows: _Rows, bits: int) -> Arrays:
    n, extra = len(arrays.cost), bits + 1
    wide = sp.hstack([arrays.matrix, sp.csc_array((arrays.matrix.shape[0], extra))])
    cost = np.zeros(n + extra)
    cost[-1] = -1.0
    separate = arrays.separate

    def widened(point: np.ndarray) -> ExtraRows:
        assert separate is not None
        found = separate(point[:n])
        matrix = sp.csr_array(sp.hstack([found.matrix, sp.csr_array((len(found), extra))]))
        return ExtraRows(matrix, found.upper, found.names)

    distance = ("distance", (None,))
    return replace(
        arrays,
        matrix=sp.csc_array(sp.vstack([wide, rows.matrix()])),
        row_lower=np.concatenate([arrays.row_lower, rows.lower]),
        row_upper=np.concatenate([arrays.row_upper, rows.upper]),
        col_lower=np.concatenate([arrays.col_lower, np.zeros(bits), [1.0]]),
        col_upper=np.concatenate([arrays.col_upper, np.ones(bits), [float(bits)]]),
        cost=cost,
        integer=np.concatenate([arrays.integer, np.ones(extra, dtype=bool)]),
        strengthening=np.concatenate([arrays.strengthening, np.zeros(len(rows.lower), bool)]),
        offset=0.0,
        rows=arrays.rows.extended([("within_slack_or_linked", range(len(rows.lower)))]),
        columns=arrays.columns.extended([("taken", range(bits)), distance]),
        separate=None if separate is None else widened,
        parts=None,
    )
