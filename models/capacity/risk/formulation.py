"""Jurisdiction risk: how much may stand, or be served, where law and politics are uncertain.

In words
    Each row of RiskLimits restricts the capacity in service (or, with a workload named, what is
    served of it): its mean score, its share or MW in some jurisdictions, or a least share. A
    jurisdiction may have an expected loss a year, a figure of its own that no score implies: every
    MW in service there costs it.
Data
    Jurisdictions, JurisdictionGroups, RiskWeights, RiskLimits. ``a[l,i]``: weight of a MW at a site
    in a limit; ``b[l]``: the MW it allows; ``v[l]``: the value of a limit.
Decides
    ``excess_mw[limit, period]``, only for limits with a penalty.
Limits
    Every kind of limit ``l`` but one is a linear row ``sum_i a[l,i] online[i,p] <= b[l] +
    excess[l,p]``: a mean score of at most v has ``a = score - v``, a share of at most v ``a = member -
    v``, of at least v ``a = v - member``, and MW of at most v ``a = member, b = v``; else ``b = 0``.
    Concentration, the sum of squared shares of jurisdictions ``j`` (HHI), of at most v is
    ``||online[j,p]||_j <= sqrt(v) sum_i online[i,p] + excess[l,p]``, a cone: its tangents are added
    where a point lies outside it, and need no binaries.
Reads and posts
    Reads ``online_mw``; posts ``cost``.
Source
    Planner's convention; scores are the planner's own. Herfindahl-Hirschman index: Rhoades (1993),
    Federal Reserve Bulletin 79, 188-189; tangents of a convex set: Kelley (1960),
    doi:10.1137/0108053.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyomo.environ as pyo

from optalloc.data.dataset import Dataset
from optalloc.modelling.cuts import Cuts
from optalloc.modelling.ledgers import Ledgers
from optalloc.modelling.sets import frame_of, index_set, indexed_set, parameter
from optalloc.modelling.solution import Solution

from .._building import active_sites, site_periods
from .._calendar import calendar
from .._money import EXPECTED_LOSS, PENALTY
from .._posting import post_cost
from .._running_costs import yearly_charges
from .._scores import scores
from .derived import members, periods_of
from .sheets import ARC_KEYS, KEYS, MW_KINDS, SITE_KEYS


@dataclass(frozen=True)
class Parameters:
    """Limits by period, their coefficients by site, the charges of soft ones, and losses."""

    rows: pd.DataFrame
    weights: pd.DataFrame
    charges: pd.DataFrame
    losses: pd.DataFrame


def parameters(data: Dataset) -> Parameters:
    """All numbers of the family from the dataset."""
    where = active_sites(data, "jurisdiction")["jurisdiction"]
    rows: list[tuple[Any, ...]] = []
    weights: list[tuple[Any, ...]] = []
    for limit in data["RiskLimits"].to_dict("records"):
        member = where.isin(members(data, limit)).astype(float)
        value = 0.0 if limit["kind"] == "barred" else limit["value"]
        if limit["kind"] == "max_mean_score":
            factor = where.map(scores(data, limit["risk_class"])).astype(float) - value
        elif limit["kind"] in (*MW_KINDS, "max_hhi"):
            factor = member
        else:
            factor = (member - value) * (1 if limit["kind"] == "max_share" else -1)
        weights += [(limit["limit"], site, weight) for site, weight in factor.items() if weight]
        most = value if limit["kind"] in MW_KINDS else 0.0
        rows += [
            (
                limit["limit"],
                q,
                limit["kind"],
                limit["workload"],
                most,
                limit["penalty_per_mw_year"],
            )
            for q in periods_of(calendar(data), limit)
        ]
    frame = pd.DataFrame(rows, columns=[*KEYS, "kind", "workload", "most", "penalty"])
    coefficients = pd.DataFrame(weights, columns=["limit", "site", "weight"])
    frame = frame[frame["limit"].isin(coefficients["limit"])].reset_index(drop=True)
    soft = frame.dropna(subset=["penalty"])
    keys = soft[KEYS].assign(subject=soft["limit"])
    charges = yearly_charges(data, keys, soft["penalty"])
    return Parameters(frame, coefficients, charges, _losses(data))


def _losses(data: Dataset) -> pd.DataFrame:
    """Charges of expected loss for each site and period."""
    frame = site_periods(data)
    loss = data.column("Jurisdictions", "expected_loss_per_mw_year", by="jurisdiction")
    per_year = frame["jurisdiction"].map(loss).astype(float).fillna(0.0)
    keys = frame[SITE_KEYS].assign(subject=frame["jurisdiction"])
    return yearly_charges(data, keys, per_year)


def declare(m: Any, p: Parameters, ledgers: Ledgers) -> None:
    """Coefficients, the excess over soft limits, and its price."""
    m.RISK_LIMITS = index_set(p.rows[["limit"]].drop_duplicates())
    m.RISK_WEIGHTS = index_set(p.weights[["limit", "site"]])
    m.risk_weight = parameter(m.RISK_WEIGHTS, p.weights.set_index(["limit", "site"])["weight"])
    m.EXPOSED = indexed_set(m.RISK_LIMITS, p.weights, ["limit"], ["site"])
    m.LIMITED = index_set(p.rows[KEYS])
    m.most_exposed = parameter(m.LIMITED, p.rows.set_index(KEYS)["most"])
    m.SOFT = index_set(p.charges[KEYS])
    m.excess_mw = pyo.Var(m.SOFT, domain=pyo.NonNegativeReals)
    m.SOFT_HERE = indexed_set(m.LIMITED, p.charges.assign(same=p.charges["period"]), KEYS, ["same"])
    post_cost(
        m, ledgers, "risk_excess", p.charges, KEYS, lambda m, *key: m.excess_mw[key], kind=PENALTY
    )
    post_cost(
        m,
        ledgers,
        "expected_loss",
        p.losses,
        SITE_KEYS,
        lambda m, *key: m.online_mw[key],
        kind=EXPECTED_LOSS,
        reads=("online_mw",),
    )


def constrain(m: Any, p: Parameters) -> None:
    """One row for each limit and period, but for concentration, whose rows come when asked for."""
    linear = p.rows[p.rows["kind"] != "max_hhi"]
    of_all = linear["workload"].isna()
    m.ONLINE_LIMITED = index_set(linear.loc[of_all, KEYS])
    m.online_exposure = pyo.Constraint(
        m.ONLINE_LIMITED,
        rule=lambda m, k, q: (
            sum(m.risk_weight[k, i] * m.online_mw[i, q] for i in m.EXPOSED[k])
            <= m.most_exposed[k, q] + sum(m.excess_mw[k, s] for s in m.SOFT_HERE[k, q])
        ),
    )
    served = linear.loc[~of_all, [*KEYS, "workload"]].merge(p.weights, on="limit")
    arcs = frame_of(m.ARCS, ["workload", "region", "site", "period"])
    arcs = served.merge(arcs, on=["workload", "site", "period"])
    m.SERVED_LIMITED = index_set(arcs[KEYS].drop_duplicates())
    m.EXPOSED_ARCS = indexed_set(m.SERVED_LIMITED, arcs, KEYS, ["workload", "region", "site"])
    m.served_exposure = pyo.Constraint(
        m.SERVED_LIMITED,
        rule=lambda m, k, q: (
            sum(m.risk_weight[k, i] * m.served[w, r, i, q] for w, r, i in m.EXPOSED_ARCS[k, q])
            <= m.most_exposed[k, q] + sum(m.excess_mw[k, s] for s in m.SOFT_HERE[k, q])
        ),
    )


def separates(data: Dataset) -> bool:
    """Return True if concentration is limited."""
    return bool((data.column("RiskLimits", "kind") == "max_hhi").any())


def separate(data: Dataset, values: Solution) -> Iterator[Cuts]:
    """Tangents to the cone of each concentration limit at a point outside it.

    With ``u = mw / ||mw||`` by jurisdiction, ``u . mw' <= ||mw'||`` for all mw', so that
    ``sum_i (u[jurisdiction of i] - sqrt(v)) mw[i] <= excess`` holds for every plan within the limit.
    """
    limits = data["RiskLimits"]
    where = active_sites(data, "jurisdiction")["jurisdiction"]
    variables = values.variable("excess_mw", KEYS)[KEYS]
    excess = set(variables.itertuples(index=False, name=None))
    for limit in limits[limits["kind"] == "max_hhi"].to_dict("records"):
        served = pd.notna(limit["workload"])
        component, keys = ("served", ARC_KEYS) if served else ("online_mw", SITE_KEYS)
        mw = values.variable(component, keys) if served else values.ledger(component)
        if served:
            mw = mw[mw["workload"] == limit["workload"]]
        mw = mw[mw["period"].isin(periods_of(calendar(data), limit))]
        place = mw["site"].map(where)
        by_place = mw["value"].clip(lower=0.0).groupby([mw["period"], place]).sum()
        length = np.sqrt((by_place**2).groupby("period").sum())
        # Nothing there has no direction, and breaks no limit.
        length = length.where(length > 0)
        pairs = pd.MultiIndex.from_arrays([mw["period"], place])
        share = by_place.reindex(pairs).to_numpy() / length.reindex(mw["period"]).to_numpy()
        terms = mw.assign(coefficient=share - np.sqrt(limit["value"])).dropna(
            subset=["coefficient"]
        )
        cuts = pd.DataFrame({"limit": limit["limit"], "period": terms["period"].unique()})
        position = pd.Series(cuts.index, index=cuts["period"])
        found = {component: terms.assign(cut=terms["period"].map(position)).drop(columns="value")}
        soft = cuts.assign(cut=cuts.index, coefficient=-1.0)
        soft = soft[[key in excess for key in soft[KEYS].itertuples(index=False, name=None)]]
        found |= {"excess_mw": soft} if len(soft) else {}
        name = "served_concentration" if served else "online_concentration"
        yield Cuts(limit=name, keys=cuts, at_most=np.zeros(len(cuts)), terms=found)
