"""Tables of plans on scenarios that they were not made for: means, differences, each scenario.

Plans meet the same scenarios, so that their differences have narrower intervals than their means.
An interval is Student's t, of independent draws. A scenario in which a plan has no continuation is
never averaged away: the plan then has no mean.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats

from optalloc.analysis.futures.held_solves import Status
from optalloc.data.schema import Column, Kind
from optalloc.modelling.outputs import TableSpec

__all__ = ["DIFFERENCES", "MEANS", "SAMPLE", "differences", "interval", "means"]

_MONEY = "M, present value"
_PLAN = Column(name="plan", kind=Kind.TEXT, meaning="The plan whose decisions are held.")
_WAY = Column(
    name="rest",
    kind=Kind.TEXT,
    meaning="How the rest is decided: knowing all (what is done now held, optimistic), or along "
    "the nearest branch of the plan (all its decisions held, which could be carried out).",
)


def _money(name: str, meaning: str) -> Column:
    return Column(name=name, kind=Kind.NUMBER, unit=_MONEY, meaning=meaning)


def _count(name: str, meaning: str) -> Column:
    return Column(name=name, kind=Kind.INTEGER, unit="scenarios", meaning=meaning)


_BOUNDS = (
    _money("at_least", "Lower end of its 95 % interval; blank where there is no sample."),
    _money("at_most", "Upper end of its 95 % interval."),
)

MEANS = TableSpec(
    name="OutOfSample",
    meaning="What each plan costs on average in scenarios that it was not made for.",
    key=("plan", "rest"),
    columns=(
        _PLAN,
        _WAY,
        _count("scenarios", "Scenarios that it met."),
        _count("without_plan", "Of these, those in which nothing continues what is held."),
        _count("undecided", "Of these, those in which no plan was found in time."),
        _money("mean", "Mean cost; blank where a scenario is without plan, or undecided."),
        *_BOUNDS,
        _money("mean_of_others", "Mean cost of the scenarios that have a plan."),
        _money("greatest", "Greatest cost of those."),
    ),
)

DIFFERENCES = TableSpec(
    name="Differences",
    meaning="What one plan costs more than another on average, in the same scenarios.",
    key=("plan", "other", "rest"),
    columns=(
        _PLAN,
        Column(name="other", kind=Kind.TEXT, meaning="The plan that it is compared with."),
        _WAY,
        _count("scenarios", "Scenarios in which both have a plan, which are compared."),
        _count("left_out", "Scenarios in which one of them has none."),
        _money("difference", "Mean of its cost less the other's."),
        *_BOUNDS,
    ),
)

SAMPLE = TableSpec(
    name="Sample",
    meaning="Each plan in each scenario.",
    key=("plan", "rest", "scenario"),
    columns=(
        _PLAN,
        _WAY,
        Column(name="scenario", kind=Kind.TEXT, meaning="The scenario that the plan met."),
        Column(name="outcomes", kind=Kind.TEXT, meaning="How each uncertainty comes out."),
        Column(name="weight", kind=Kind.NUMBER, unit="share", meaning="Its weight in the mean."),
        Column(
            name="branch",
            kind=Kind.TEXT,
            meaning="Scenario of the plan whose branch is followed; blank where all is known.",
        ),
        _money("cost", "Cost; blank where there is no plan."),
        _money("bound", "No continuation costs less."),
        Column(
            name="status",
            kind=Kind.TEXT,
            meaning="continued, no plan (proven), or undecided in the time there was.",
        ),
    ),
)


def interval(
    values: np.ndarray, weights: np.ndarray, draws: int | None
) -> tuple[float, float, float]:
    """The weighted mean, and its 95 % interval where the values are independent draws.

    Parameters
    ----------
    values, weights : numpy.ndarray, shape (scenarios,)
    draws : int, optional
        How many draws the weights of all scenarios are of; None where the scenarios are all that
        there are, so that the mean has no error.

    Examples
    --------
    Four draws of mean 5; the standard error is the root of 8/3/4, and t with 3 degrees of freedom
    3.182:

    >>> found = interval(np.array([3.0, 5.0, 7.0]), np.array([0.25, 0.5, 0.25]), 4)
    >>> [round(number, 3) for number in found]
    [5.0, 2.402, 7.598]
    """
    if not len(values):
        return np.nan, np.nan, np.nan
    mean = float(weights @ values / weights.sum())
    if draws is None:
        return mean, np.nan, np.nan
    drawn = np.repeat(values, np.rint(weights * draws).astype(int))
    if len(drawn) < 2:
        return mean, np.nan, np.nan
    error = float(stats.sem(drawn))
    if error == 0.0:
        return mean, mean, mean
    low, high = stats.t.interval(0.95, len(drawn) - 1, loc=mean, scale=error)
    return mean, float(low), float(high)


def means(sample: pd.DataFrame, draws: int | None) -> pd.DataFrame:
    """The table `MEANS` of the table `SAMPLE`."""
    rows = []
    for (plan, rest), own in sample.groupby(["plan", "rest"], sort=False):
        there = own[own["status"] == Status.CONTINUED]
        found = interval(there["cost"].to_numpy(), there["weight"].to_numpy(), draws)
        whole = found if len(there) == len(own) else (np.nan, np.nan, np.nan)
        rows.append(
            {
                "plan": plan,
                "rest": rest,
                "scenarios": len(own),
                "without_plan": int((own["status"] == Status.NO_PLAN).sum()),
                "undecided": int((own["status"] == Status.UNDECIDED).sum()),
                **dict(zip(("mean", "at_least", "at_most"), whole, strict=True)),
                "mean_of_others": found[0],
                "greatest": there["cost"].max(),
            }
        )
    return pd.DataFrame(rows, columns=[column.name for column in MEANS.columns])


def differences(sample: pd.DataFrame, draws: int | None) -> pd.DataFrame:
    """The table `DIFFERENCES` of the table `SAMPLE`: every two plans on the same scenarios."""
    rows = list(_differences(sample, draws))
    return pd.DataFrame(rows, columns=[column.name for column in DIFFERENCES.columns])


def _differences(sample: pd.DataFrame, draws: int | None) -> Iterator[dict[str, object]]:
    for rest, own in sample.groupby("rest", sort=False):
        costs = own.pivot(index="scenario", columns="plan", values="cost")
        weight = own.groupby("scenario")["weight"].first().reindex(costs.index)
        for plan, other in combinations(own["plan"].unique(), 2):
            apart = costs[plan] - costs[other]
            both = apart.notna()
            found = interval(apart[both].to_numpy(), weight[both].to_numpy(), draws)
            yield {
                "plan": plan,
                "other": other,
                "rest": rest,
                "scenarios": int(both.sum()),
                "left_out": int((~both).sum()),
                **dict(zip(("difference", "at_least", "at_most"), found, strict=True)),
            }
