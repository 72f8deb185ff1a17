"""Cases of a sweep and their plans, as tidy frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from optalloc.sweeps.messages import Status
from optalloc.sweeps.regret import regrets
from optalloc.sweeps.sensitivity import sensitivity

__all__ = ["CaseFrames"]


@dataclass(frozen=True)
class CaseFrames:
    """Cases of a sweep and their plans, as tidy frames.

    Parameters
    ----------
    about : mapping
        The sweep's name, design, changes (with the number of values each takes) and their units,
        sample size and seed; gap and time limit as given; versions, and hashes of input and model;
        ``figures``, ``timelines`` and ``table_units``, what the model shows of a plan.
    cases : pandas.DataFrame
        One row per case, in the order of the sweep: ``number`` (0 is the base case), ``case``,
        ``plan`` (name of the plan held, empty where none is), ``changed`` (in words), ``status``,
        ``objective`` and ``bound`` (millions of present value; NaN without a plan), ``gap``
        (relative), ``seconds``, ``settled`` (bound alone, re-solved, rebuilt or from scratch),
        ``reason`` (why there is no plan).
    inputs : pandas.DataFrame
        One row per case and change made: ``number``, ``case``, ``change``, ``value`` as written,
        ``amount`` as a number (NaN for what is none), ``share`` of its range (NaN but in samples).
    plans : mapping of str to pandas.DataFrame
        Every table of the plans, stacked, with ``case`` and ``plan`` before its own columns. Of the
        Summary, whose values are of mixed kinds, they are text.
    """

    about: Mapping[str, Any]
    cases: pd.DataFrame
    inputs: pd.DataFrame
    plans: Mapping[str, pd.DataFrame] = field(repr=False)

    @property
    def regret(self) -> pd.DataFrame:
        """Cost of holding each plan's early decisions in each case, as `regrets` gives it."""
        return regrets(self.cases)

    def indices(self) -> pd.DataFrame:
        """Sensitivity indices of a sobol or morris sweep, as `sensitivity` gives them."""
        return sensitivity(self.about, self.cases, self.inputs)

    @property
    def failed(self) -> pd.DataFrame:
        """Cases that came to no result: a worker crashed, hung or ran out of memory."""
        return self.cases[self.cases["status"] == Status.FAILED]
