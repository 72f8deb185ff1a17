"""Messages to and from workers: the base of a sweep, and the result of each case."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset, SheetPlace
from optalloc.errors import OptallocError
from optalloc.modelling.model import Model, load_model

__all__ = ["Base", "Finished", "Settled", "Status"]


class Status(StrEnum):
    """End of a case: the quality of its plan, or why there is none."""

    OPTIMAL = "optimal"
    WITHIN_GAP = "within gap"
    FEASIBLE = "feasible"
    INFEASIBLE = "infeasible"
    NO_PLAN = "no plan"
    INVALID = "invalid"
    FAILED = "failed"

    @property
    def has_plan(self) -> bool:
        """True if there is an audited plan."""
        return self in (Status.OPTIMAL, Status.WITHIN_GAP, Status.FEASIBLE)


class Settled(StrEnum):
    """The work that a case took."""

    BOUND = "bound alone"
    RESOLVED = "re-solved"
    REBUILT = "rebuilt"
    AGAIN = "from scratch"


@dataclass(frozen=True)
class Base:
    """The base workbook and how to solve it, as every worker needs it.

    Parameters
    ----------
    frames, places, digest
        Of the validated dataset.
    model_path, model_digest : str
        The model folder, which each worker loads by path, and the digest that it must have.
    options : mapping
        Solver options given for the sweep; those not given come from the workbook of each case.
    held : mapping of str to mapping of str to pandas.DataFrame
        By name of a held plan: rows that hold its early decisions, by sheet.
    versions : mapping
        Versions of optalloc and HiGHS, which every worker must have.
    """

    frames: Mapping[str, pd.DataFrame]
    places: Mapping[str, SheetPlace]
    digest: str
    model_path: str
    model_digest: str
    options: Mapping[str, Any]
    versions: Mapping[str, str]
    held: Mapping[str, Mapping[str, pd.DataFrame]] = field(default_factory=dict)

    def model(self) -> Model:
        """Load the model folder.

        Raises
        ------
        OptallocError
            If it is not the one that the sweep was begun with.
        """
        model = load_model(self.model_path)
        if model.digest != self.model_digest:
            raise OptallocError(
                f"{self.model_path}: the model folder differs from the one that the sweep was "
                "begun with. Use one model for the whole sweep, and the same on every machine."
            )
        return model

    def dataset(self, model: Model) -> Dataset:
        """The base workbook."""
        return Dataset(self.frames, model.sheets, self.places, self.digest)


@dataclass(frozen=True, kw_only=True)
class Finished:
    """Result of a case.

    Parameters
    ----------
    key : str
        Hash of all inputs of the result; empty where the case has no dataset.
    status : Status
    objective, bound : float
        NaN without a plan.
    seconds : float
        From the changed cells to the audited plan.
    settled : str
        A `Settled`, or empty.
    reason : str
        Why there is no plan, or why it was solved from scratch.
    tables : bytes
        Tables of the plan, packed by `optalloc.sweeps.pack`.
    integers : numpy.ndarray or None
        Integer values of the plan by the columns of the base program, from which other cases
        may start.
    """

    key: str
    status: Status
    objective: float = math.nan
    bound: float = math.nan
    seconds: float = 0.0
    settled: str = ""
    reason: str = ""
    tables: bytes = b""
    integers: np.ndarray | None = None

    @property
    def is_result(self) -> bool:
        """True if it is a property of the case, and not of a failure such as a crash."""
        return self.status is not Status.FAILED
