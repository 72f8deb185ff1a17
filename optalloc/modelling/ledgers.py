"""Ledgers: named, indexed sums that families post to and read."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import pandas as pd

from optalloc.errors import ModelError

__all__ = ["Ledgers", "Posting"]


@dataclass(frozen=True)
class Posting:
    """Contribution of one family to a ledger: a named Pyomo Expression with its own index."""

    ledger: str
    family: str
    item: str
    over: tuple[str, ...]
    component: str
    rule: Callable[..., Any]
    index: Any
    reads: tuple[str, ...]
    notes: pd.DataFrame | None = None


@dataclass(frozen=True)
class Ledgers:
    """The ledgers as one family sees them: it opens its own, and posts to any.

    Parameters
    ----------
    family : str
    declared : collection of str
        Names of all ledgers of the model.
    opened : dict
        Index set of each ledger opened so far.
    postings : list of Posting
        All postings so far, of every family.
    """

    family: str
    declared: Collection[str]
    opened: dict[str, Any]
    postings: list[Posting]

    def open(self, name: str, index: Any) -> None:
        """Set the index of an own ledger, a Pyomo set."""
        self.opened[name] = index

    def post(
        self,
        name: str,
        item: str,
        rule: Callable[..., Any],
        *,
        index: Any = None,
        over: tuple[str, ...] = (),
        reads: tuple[str, ...] = (),
        notes: pd.DataFrame | None = None,
    ) -> None:
        """Add ``rule(m, *key)`` to a ledger.

        Parameters
        ----------
        name, item : str
            Ledger, and name of this part of it.
        rule : callable
            Linear expression for a key.
        index, over : optional
            Set and names of the posting's own keys; only for a ledger that is a single total.
        reads : tuple of str
            Ledgers that the rule reads.
        notes : pandas.DataFrame, optional
            One row per key, in their order, with columns that the owner of the ledger needs; or
            several, where a column ``at`` gives the position of the key.
        """
        if name not in self.declared:
            raise ModelError(f"family {self.family!r} posts to {name!r}, which no family declares")
        component = f"{name}_{item}"
        self.postings.append(
            Posting(name, self.family, item, over, component, rule, index, reads, notes)
        )
