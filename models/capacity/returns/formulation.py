"""Returns: what serving load is worth, against the cash that the plan pays.

In words
    A workload may say what a MW of it is worth a year. What is served of it then earns so much,
    evenly over its period and as it is given: no tax is taken off. What is left unmet costs at
    least what it forgoes: the penalty or the value, whichever is more. The internal rate of return
    is the discount rate at which all cash, what is earned less what is paid after tax, is worth
    nothing; it is given where just one rate above zero does that, and with the residual value too.
    Payback is the time from the base date until no more was paid than earned, from then on.
Data
    value_per_mw_year of Workloads.
Time
    Flows are discounted at each instant, as costs are. What a year earns and pays is by calendar year.
Decides
    Nothing.
Reads and posts
    Reads ``served_mw``.
Source
    Internal rate of return and payback: Brealey, Myers and Allen, Principles of Corporate Finance,
    ch. 5. Where the cumulative flow, not discounted, begins below zero and changes sign once, there
    is one rate above zero and no other: Norstrom (1972), A sufficient condition for a unique
    nonnegative internal rate of return, Journal of Financial and Quantitative Analysis 7(3).
"""

from __future__ import annotations

from typing import Any

from optalloc.data.dataset import Dataset
from optalloc.modelling.ledgers import Ledgers


def parameters(data: Dataset) -> None:
    """Nothing is decided here."""


def declare(m: Any, p: None, ledgers: Ledgers) -> None:
    """Nothing is posted here."""


def constrain(m: Any, p: None) -> None:
    """Nothing is limited here."""
