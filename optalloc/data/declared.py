"""Parts of a model that the steps on data need: its sheets, and the checks of its families."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Sheet
from optalloc.errors import Problem

__all__ = ["Declared", "FamilyChecks", "Worth"]


@dataclass(frozen=True)
class Worth:
    """Value of the currencies of a sheet's rows in one reference currency.

    Parameters
    ----------
    reference : str
        Name of that currency.
    per_row : pandas.Series
        Reference currency per unit of each row's own; NaN where it is not known.
    others : mapping of str to float
        The same of other currencies that a number may have been meant in, by their names.
    """

    reference: str
    per_row: pd.Series
    others: Mapping[str, float] = field(default_factory=dict)


class FamilyChecks(Protocol):
    """Checks of one family across rows and sheets (`optalloc.modelling.family.Family`)."""

    @property
    def check(self) -> Callable[[Dataset], Iterable[Problem]]:
        """Return the errors of a dataset."""
        ...

    @property
    def notices(self) -> Callable[[Dataset], Iterable[Problem]]:
        """Return what is allowed and yet implausible."""
        ...

    @property
    def worth(self) -> Callable[[Dataset, str], Worth | None]:
        """Return what the money on a sheet is worth; None where another family knows."""
        ...


class Declared(Protocol):
    """The sheets of a model and the checks on them (`optalloc.modelling.model.Model`)."""

    @property
    def sheets(self) -> Mapping[str, Sheet]:
        """Every declared sheet by name, in document order."""
        ...

    @property
    def families(self) -> Sequence[FamilyChecks]:
        """Families, in document order."""
        ...

    def check_scenarios(self, data: Dataset) -> Iterable[Problem]:
        """Return what is wrong on the sheets on uncertainty and sweeps, which no family owns."""
        ...
