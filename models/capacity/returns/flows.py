"""Flows of cash over time: what they come to by a day, their rate of return and payback."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd

from .._calendar import TINY_MONTHS
from .._money import NOTHING, mean_factor

# A rate of return beyond this, 10,000 % a year, is that of a flow that costs nothing.
HIGHEST_RATE = 100.0


def paid_by(flows: pd.DataFrame, months: np.ndarray, *, before: bool = False) -> np.ndarray:
    """Sum of flows by each of some moments, not discounted.

    Parameters
    ----------
    flows : pandas.DataFrame
        cash (positive where it is earned), first_month, last_month, growth.
    months : numpy.ndarray
        Moments, in months from the base date.
    before : bool
        Whether what is paid at a moment itself is left out.
    """
    first = flows["first_month"].to_numpy(float)[:, None]
    last, growth = (flows[name].to_numpy(float)[:, None] for name in ("last_month", "growth"))
    span = last - first
    done = np.clip((months - first) / np.where(span > 0, span, 1.0), 0.0, 1.0)
    grown = mean_factor(0.0, growth, first, first + done * span)
    share = np.where(span > 0, done * grown / mean_factor(0.0, growth, first, last), 0.0)
    margin = TINY_MONTHS / 2
    share = np.where(span > 0, share, months > first + (margin if before else -margin))
    return np.asarray((share * flows["cash"].to_numpy(float)[:, None]).sum(axis=0))


def present_value(flows: pd.DataFrame, rate: float) -> float:
    """Worth of flows at the base date."""
    first, last, growth = (flows[name] for name in ("first_month", "last_month", "growth"))
    factor = mean_factor(rate, growth, first, last) / mean_factor(0.0, growth, first, last)
    return float((flows["cash"] * factor).sum())


def moments(flows: pd.DataFrame) -> np.ndarray:
    """Moments at which the sum of flows is looked at: each month, and before and after each payment."""
    ends = flows[["first_month", "last_month"]].to_numpy(float).ravel()
    months = np.arange(0.0, math.ceil(ends.max()) + 1.0)
    return np.unique(np.concatenate([months, ends, ends - TINY_MONTHS]))


def sign_changes(amounts: np.ndarray) -> int:
    """How often amounts change sign; those of no account are passed over."""
    signs = np.sign(amounts[np.abs(amounts) > NOTHING])
    return int((signs[1:] != signs[:-1]).sum())


def rate_of_return(flows: pd.DataFrame) -> float | str:
    """The one rate at which flows are worth nothing, or why none is given."""
    unknown = _without_rate(paid_by(flows, moments(flows)))
    if unknown:
        return f"none{unknown}"
    high = 1.0
    while present_value(flows, high) > 0:
        high *= 2.0
        if high > HIGHEST_RATE:
            return f"none: above {HIGHEST_RATE:.0%} a year"
    return _root(lambda rate: present_value(flows, rate), 0.0, high, 1e-12)


def _without_rate(sums: np.ndarray) -> str:
    """Why a flow with these sums by each moment has not just one rate above zero; empty if it has."""
    counted = sums[np.abs(sums) > NOTHING]
    changes = sign_changes(counted)
    if not (counted < 0).any():
        return ": nothing is paid before it is earned"
    if sums[-1] < -NOTHING:
        return ": what is paid is not earned back"
    if sums[-1] <= NOTHING:
        return " above zero: what is paid is earned back, and no more"
    if counted[0] > 0:
        return ": more than one rate may solve it, as something is earned before it is paid"
    if changes > 1:
        return (
            f": more than one rate may solve it; the sum of the flow changes sign {changes} times"
        )
    return ""


def payback_years(flows: pd.DataFrame) -> float | str:
    """Years from the base date after which no more was paid than earned, or why there are none."""
    months = moments(flows)
    sums = paid_by(flows, months)
    short = np.flatnonzero(sums < -NOTHING)
    if not len(short):
        return 0.0
    if short[-1] == len(months) - 1:
        return "none: what is paid is not earned back"
    low, high = months[short[-1]], months[short[-1] + 1]
    if paid_by(flows, np.array([high]))[0] <= 0:
        return float(high / 12.0)
    return _root(lambda month: paid_by(flows, np.array([month]))[0], low, high, 1e-9) / 12.0


def _root(function: Callable[[float], float], low: float, high: float, within: float) -> float:
    """Where a function that changes sign between two points is zero."""
    from scipy.optimize import brentq  # noqa: PLC0415  (a workbook without rates of return needs none)

    return float(brentq(function, low, high, xtol=within))
