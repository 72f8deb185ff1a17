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

import math
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyomo.environ as pyo

from optalloc.cuts import Cuts
from optalloc.dataset import Dataset
from optalloc.errors import Problem
from optalloc.exhibits import Report, Series, Trend, Use
from optalloc.family import CostTerm, Family, Limit, Relax, Standing, TableSpec
from optalloc.program import Ledgers, frame_of, index_set, indexed_set, parameter
from optalloc.schema import Column, Kind, Missing, Sheet
from optalloc.tolerance import exceeds
from optalloc.values import Values

from . import _plausible
from ._building import active_sites, site_periods
from ._calendar import calendar
from ._money import EXPECTED_LOSS, PENALTY, post_cost
from ._running import running_rows, yearly_charges
from ._scores import scores
from ._shortages import COLUMNS, Cell, capped, joined, most_online, nothing_short, short_of
from ._standing import exceeding, standing_at

RISK_CLASSES = ("legal", "political", "conflict", "grid", "supply_chain")

JURISDICTIONS = Sheet(
    name="Jurisdictions",
    meaning="One jurisdiction a row, with a score for each class of risk: 0 is best, 1 is worst.",
    key=("jurisdiction",),
    columns=(
        Column(
            name="jurisdiction",
            kind=Kind.TEXT,
            names="jurisdiction",
            meaning="Name of the jurisdiction.",
            example="Japan",
        ),
        Column(
            name="trusted",
            kind=Kind.FLAG,
            meaning="Whether trusted-only workloads may run there.",
            blank=False,
            example="yes",
        ),
        *(
            Column(
                name=f"{name}_risk",
                kind=Kind.NUMBER,
                unit="score",
                meaning=f"Score of {name.replace('_', ' ')} risk; 0 best, 1 worst.",
                at_least=0,
                at_most=1,
                example=0.2,
            )
            for name in RISK_CLASSES
        ),
        Column(
            name="expected_loss_per_mw_year",
            kind=Kind.NUMBER,
            unit="M per MW-year",
            meaning="Loss to be expected of each MW online for a year; the planner's own figure, never derived from scores, and not escalated.",
            plausible=_plausible.EXPECTED_LOSS,
            blank=0.0,
            at_least=0,
            example=0.05,
        ),
    ),
)

JURISDICTION_GROUPS = Sheet(
    name="JurisdictionGroups",
    meaning="Which jurisdictions belong to a group; one member a row.",
    key=("group", "jurisdiction"),
    columns=(
        Column(
            name="group",
            kind=Kind.TEXT,
            names="group of jurisdictions",
            meaning="Name of the group.",
            example="five eyes",
        ),
        Column(
            name="jurisdiction",
            kind=Kind.TEXT,
            meaning="From Jurisdictions.",
            refers_to="Jurisdictions.jurisdiction",
            example="Japan",
        ),
    ),
)

RISK_WEIGHTS = Sheet(
    name="RiskWeights",
    meaning="Weight of each class of risk in the mean score; a class that is not named weighs nothing.",
    key=("risk_class",),
    missing=Missing.ZERO,
    columns=(
        Column(
            name="risk_class",
            kind=Kind.CHOICE,
            meaning="Class of risk.",
            choices=RISK_CLASSES,
            example="legal",
        ),
        Column(
            name="weight",
            kind=Kind.NUMBER,
            unit="weight",
            meaning="Weights are scaled to sum to 1.",
            at_least=0,
            example=1,
        ),
    ),
)

RISK_LIMITS = Sheet(
    name="RiskLimits",
    meaning="One limit a row on where capacity stands, by MW online; with a workload named, by MW served.",
    key=("limit",),
    columns=(
        Column(
            name="limit",
            kind=Kind.TEXT,
            names="risk limit",
            meaning="Name of the limit.",
            example="Japan share",
        ),
        Column(
            name="kind",
            kind=Kind.CHOICE,
            meaning="max_mean_score: weighted score of all capacity; max_share, max_mw, min_share: of the jurisdiction, group or trusted jurisdictions named; max_hhi: sum of the squared shares of all jurisdictions; barred: nothing there.",
            choices=("max_mean_score", "max_share", "max_mw", "min_share", "max_hhi", "barred"),
            example="max_share",
        ),
        Column(
            name="jurisdiction",
            kind=Kind.TEXT,
            meaning="From Jurisdictions.",
            blank=None,
            blank_means="a group, the trusted ones, or all",
            refers_to="Jurisdictions.jurisdiction",
            example="Japan",
        ),
        Column(
            name="group",
            kind=Kind.TEXT,
            meaning="From JurisdictionGroups.",
            blank=None,
            blank_means="a jurisdiction, the trusted ones, or all",
            refers_to="JurisdictionGroups.group",
        ),
        Column(
            name="trusted",
            kind=Kind.FLAG,
            meaning="Whether the limit is about all jurisdictions marked trusted.",
            blank=False,
        ),
        Column(
            name="risk_class",
            kind=Kind.CHOICE,
            meaning="Class that a mean score is about.",
            choices=RISK_CLASSES,
            blank=None,
            blank_means="all classes by RiskWeights",
        ),
        Column(
            name="workload",
            kind=Kind.TEXT,
            meaning="Limit what this workload is served from.",
            blank=None,
            blank_means="all MW online",
            refers_to="Workloads.workload",
        ),
        Column(
            name="first_period",
            kind=Kind.TEXT,
            meaning="First period it holds in.",
            blank=None,
            blank_means="the first period",
            refers_to="Periods.period",
        ),
        Column(
            name="last_period",
            kind=Kind.TEXT,
            meaning="Last period it holds in.",
            blank=None,
            blank_means="the last period",
            refers_to="Periods.period",
        ),
        Column(
            name="value",
            kind=Kind.NUMBER,
            unit="score, share or MW by kind",
            meaning="The limit itself; 0 for barred.",
            blank=None,
            blank_means="only for barred",
            at_least=0,
            example=0.4,
        ),
        Column(
            name="penalty_per_mw_year",
            kind=Kind.NUMBER,
            unit="M per MW-year",
            meaning="Makes the limit soft: price of each MW (score-weighted for a mean score, of the root of summed squares for max_hhi) beyond it for a year.",
            blank=None,
            blank_means="the limit is hard",
            above=0,
        ),
    ),
)

KEYS = ["limit", "period"]
SITE_KEYS = ["site", "period"]
ARC_KEYS = ["workload", "region", "site", "period"]
MW_KINDS = ("max_mw", "barred")
OF_ALL = ("max_mean_score", "max_hhi")
# Of kinds whose exposure is a share or score, which is at most 1.
UP_TO_ONE = ("max_mean_score", "max_share", "min_share", "max_hhi")

RISK = TableSpec(
    name="Risk",
    meaning="Each risk limit in each period: what is exposed, what is allowed, and what is beyond it.",
    key=("limit", "period"),
    across="period",
    spread=("exposure", "excess_mw"),
    columns=(
        Column(name="limit", kind=Kind.TEXT, meaning="Name of the limit."),
        Column(name="kind", kind=Kind.TEXT, meaning="Kind of the limit."),
        Column(
            name="value", kind=Kind.NUMBER, unit="score, share or MW", meaning="The limit itself."
        ),
        Column(name="period", kind=Kind.TEXT, meaning="Period."),
        Column(
            name="exposure",
            kind=Kind.NUMBER,
            unit="score, share or MW",
            meaning="Actual score, share or MW; blank where nothing is there.",
        ),
        Column(name="excess_mw", kind=Kind.NUMBER, unit="MW IT", meaning="MW beyond a soft limit."),
    ),
)

EXPOSURE = TableSpec(
    name="Exposure",
    meaning="Capacity in service by jurisdiction.",
    key=("jurisdiction", "period"),
    across="period",
    spread=("online_mw", "share"),
    columns=(
        Column(name="jurisdiction", kind=Kind.TEXT, meaning="Jurisdiction."),
        Column(name="period", kind=Kind.TEXT, meaning="Period."),
        Column(
            name="online_mw", kind=Kind.NUMBER, unit="MW IT", meaning="Capacity in service there."
        ),
        Column(
            name="share",
            kind=Kind.NUMBER,
            unit="share",
            meaning="Its share of all capacity in service.",
        ),
    ),
)


@dataclass(frozen=True)
class Parameters:
    """Limits by period, their coefficients by site, the charges of soft ones, and losses."""

    rows: pd.DataFrame
    weights: pd.DataFrame
    charges: pd.DataFrame
    losses: pd.DataFrame


def members(data: Dataset, limit: Mapping[Hashable, Any]) -> set[str]:
    """Jurisdictions that a limit is about: the one, group or trusted ones it names, or all."""
    known, groups = data["Jurisdictions"], data["JurisdictionGroups"]
    if pd.notna(limit["jurisdiction"]):
        return {limit["jurisdiction"]}
    if pd.notna(limit["group"]):
        return set(groups.loc[groups["group"] == limit["group"], "jurisdiction"])
    return set(known.loc[known["trusted"] | (not limit["trusted"]), "jurisdiction"])


def periods_of(cal: pd.DataFrame, limit: Mapping[Hashable, Any]) -> list[str]:
    """Periods in which a limit holds."""
    first, last = limit["first_period"], limit["last_period"]
    names = cal.loc[cal.index[0] if pd.isna(first) else first :]
    return list(names.loc[: cal.index[-1] if pd.isna(last) else last].index)


def parameters(data: Dataset) -> Parameters:
    """All numbers of the family from the dataset."""
    where = active_sites(data)["jurisdiction"]
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
    loss = data["Jurisdictions"].set_index("jurisdiction")["expected_loss_per_mw_year"]
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
    """Whether concentration is limited."""
    return bool((data["RiskLimits"]["kind"] == "max_hhi").any())


def separate(data: Dataset, values: Values) -> Iterator[Cuts]:
    """Tangents to the cone of each concentration limit at a point outside it.

    With ``u = mw / ||mw||`` by jurisdiction, ``u . mw' <= ||mw'||`` for all mw', so that
    ``sum_i (u[jurisdiction of i] - sqrt(v)) mw[i] <= excess`` holds for every plan within the limit.
    """
    limits = data["RiskLimits"]
    where = active_sites(data)["jurisdiction"]
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


# What decides what a limit is about.
SUBJECT = ("kind", "jurisdiction", "group", "trusted")


def check(data: Dataset) -> Iterator[Problem]:
    """Sites have jurisdictions, limits say what they are about, periods are in order."""
    known = set(data["Jurisdictions"]["jurisdiction"].dropna())
    sites = data.rows("Sites")
    asked = bool(known) or len(data["RiskLimits"]) > 0
    active = sites[(sites["status"] != "excluded") & asked]
    unknown = active.loc[~active["jurisdiction"].isin(known), "jurisdiction"]
    for row, name in unknown.items():
        if data.might_hold("Jurisdictions", jurisdiction=name):
            continue
        yield data.problem(
            "Sites",
            row,
            "jurisdiction",
            "a site's jurisdiction must be on sheet Jurisdictions",
            "Add it there, or correct the name.",
            "site-jurisdiction",
            reads=("status",),
        )
    cal = calendar(data)
    weighted = data["RiskWeights"]["weight"].sum() > 0 or not data.sound("RiskWeights")
    for row, limit in data.rows("RiskLimits").iterrows():
        subjects = [
            pd.notna(limit["jurisdiction"]),
            pd.notna(limit["group"]),
            bool(limit["trusted"]),
        ]
        # What is about all capacity has a message of its own below.
        several = sum(subjects) > 1 and limit["kind"] not in OF_ALL
        if several or (
            sum(subjects) == 0 and limit["kind"] in ("max_share", "min_share", "barred")
        ):
            yield data.problem(
                "RiskLimits",
                row,
                "jurisdiction",
                "a limit must name one of jurisdiction, group or trusted",
                "Fill in exactly one of the three.",
                "risk-subject",
                found=f"{sum(subjects) or 'none'} of them",
                reads=SUBJECT,
            )
        if limit["kind"] in OF_ALL and sum(subjects):
            yield data.problem(
                "RiskLimits",
                row,
                "kind",
                "a mean score or concentration is about all capacity",
                "Empty jurisdiction, group and trusted.",
                "risk-subject",
                reads=SUBJECT,
            )
        if limit["kind"] != "barred" and pd.isna(limit["value"]):
            yield data.problem(
                "RiskLimits",
                row,
                "value",
                "value must be filled in for this kind",
                "Give the limit itself.",
                "blank",
                found="a blank",
                reads=("kind",),
            )
        if limit["kind"] in UP_TO_ONE and exceeds(limit["value"], 1):
            yield data.problem(
                "RiskLimits",
                row,
                "value",
                "a share, score or concentration must be at most 1",
                "Write 40 % as 0.4.",
                "share-above-1",
                reads=("kind",),
            )
        if limit["kind"] == "max_mean_score" and pd.isna(limit["risk_class"]) and not weighted:
            yield data.problem(
                "RiskLimits",
                row,
                "risk_class",
                "a mean score over all classes needs RiskWeights",
                "Fill in RiskWeights, or name a class.",
                "risk-weights",
                found="no weights",
                reads=("kind",),
            )
        first, last = limit["first_period"], limit["last_period"]
        if cal["position"].get(first, 0) > cal["position"].get(last, len(cal)):
            yield data.problem(
                "RiskLimits",
                row,
                "last_period",
                "last_period must not be before first_period",
                "Correct one of the two.",
                "periods-reversed",
                reads=("first_period",),
            )


def tables(data: Dataset, values: Values) -> dict[str, pd.DataFrame]:
    """Exposure by limit and by jurisdiction."""
    online = values.ledger("online_mw")
    served = values.variable("served", ARC_KEYS)
    excess = values.variable("excess_mw", KEYS).rename(columns={"value": "excess_mw"})
    risk = exposure(data, online, served).drop(columns="total")
    risk = risk.merge(excess, on=KEYS, how="left").fillna({"excess_mw": 0.0})
    return {
        "Risk": risk[[column.name for column in RISK.columns]],
        "Exposure": by_jurisdiction(data, online),
    }


def exposure(data: Dataset, online: pd.DataFrame, served: pd.DataFrame) -> pd.DataFrame:
    """Score, share or MW of each limit and period, and the total MW that it is about."""
    where = data["Sites"].set_index("site")["jurisdiction"]
    rows = []
    for limit in data["RiskLimits"].to_dict("records"):
        all_online = pd.isna(limit["workload"])
        mw = online if all_online else served[served["workload"] == limit["workload"]]
        place = mw["site"].map(where)
        if limit["kind"] == "max_mean_score":
            weight = place.map(scores(data, limit["risk_class"])).astype(float)
        else:
            weight = place.isin(members(data, limit)).astype(float)
        total = mw.groupby("period")["value"].sum()
        weighed = (mw["value"] * weight).groupby(mw["period"]).sum()
        if limit["kind"] == "max_hhi":
            by_place = mw.groupby(["period", place])["value"].sum()
            weighed = (by_place**2).groupby("period").sum() / total.where(total > 0)
        actual = weighed if limit["kind"] in MW_KINDS else weighed / total.where(total > 0)
        # No megawatts are none of a place; a share or score of nothing there is not.
        nothing = 0.0 if limit["kind"] in MW_KINDS else None
        rows += [
            (
                *(limit[name] for name in ("limit", "kind", "value")),
                q,
                actual.get(q, nothing),
                total.get(q, 0.0),
            )
            for q in periods_of(calendar(data), limit)
        ]
    columns = ["limit", "kind", "value", "period", "exposure", "total"]
    return pd.DataFrame(rows, columns=columns).astype({"exposure": float})


def by_jurisdiction(data: Dataset, online: pd.DataFrame) -> pd.DataFrame:
    """Capacity in service and its share by jurisdiction and period; empty without Jurisdictions."""
    if data["Jurisdictions"].empty:
        return pd.DataFrame(columns=[column.name for column in EXPOSURE.columns])
    where = data["Sites"].set_index("site")["jurisdiction"]
    frame = online.assign(jurisdiction=online["site"].map(where)).rename(
        columns={"value": "online_mw"}
    )
    frame = frame.groupby(["jurisdiction", "period"], sort=False, as_index=False).agg(
        {"online_mw": "sum"}
    )
    total = frame.groupby("period")["online_mw"].transform("sum")
    return frame.assign(share=frame["online_mw"] / total.where(total > 0))


def audit(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Exposed MW against what the limit allows of all MW, from the Build and Load tables."""
    found: dict[str, list[tuple[Any, ...]]] = {limit.name: [] for limit in LIMITS}
    where = data["Sites"].set_index("site")["jurisdiction"]
    excess = tables["Risk"].set_index(KEYS)["excess_mw"]
    build, load = tables["Build"], tables["Load"]
    for limit in data["RiskLimits"].to_dict("records"):
        what = "concentration" if limit["kind"] == "max_hhi" else "exposure"
        if pd.isna(limit["workload"]):
            name, mw = f"online_{what}", build.rename(columns={"online_mw": "mw"})
        else:
            own = load[load["workload"] == limit["workload"]]
            name, mw = f"served_{what}", own.rename(columns={"served_mw": "mw"})
        place, value = mw["site"].map(where), limit["value"]
        score = place.map(scores(data, limit["risk_class"])) if "score" in limit["kind"] else 0.0
        mw = mw.assign(inside=mw["mw"] * place.isin(members(data, limit)), scored=mw["mw"] * score)
        for q in periods_of(calendar(data), limit):
            now = mw[mw["period"] == q]
            total, inside, scored = now[["mw", "inside", "scored"]].sum()
            length = math.hypot(*now.groupby(place)["mw"].sum())
            used, allowed = {
                "max_mean_score": (scored, value * total),
                "max_share": (inside, value * total),
                "min_share": (value * total, inside),
                "max_mw": (inside, value),
                "max_hhi": (length, math.sqrt(value) * total),
                "barred": (inside, 0.0),
            }[limit["kind"]]
            soft = pd.notna(limit["penalty_per_mw_year"])
            beyond = excess.get((limit["limit"], q), 0.0) if soft else 0.0
            floor = limit["kind"] == "min_share"
            found[name].append((limit["limit"], q, used, allowed + beyond, floor))
    columns = [*KEYS, "used", "allowed", "is_floor"]
    return {name: pd.DataFrame(rows, columns=columns) for name, rows in found.items()}


def recompute(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Exposure, excess and its penalty from what is online and served."""
    online = tables["Build"].rename(columns={"online_mw": "value"})[["site", "period", "value"]]
    served = tables["Load"].rename(columns={"served_mw": "value"})
    risk = exposure(data, online, served)
    bound = risk["value"].where(risk["kind"] != "barred", 0.0)
    sign = risk["kind"].map({"min_share": -1.0}).fillna(1.0)
    scale = risk["total"].where(~risk["kind"].isin(MW_KINDS), 1.0)
    # Concentration is limited by its root, the length of the vector of MW.
    root = risk["kind"] == "max_hhi"
    exposed = risk["exposure"].where(~root, np.sqrt(risk["exposure"]))
    bound = bound.where(~root, np.sqrt(bound))
    over = (sign * (exposed - bound) * scale).clip(lower=0.0).fillna(0.0)
    price = data["RiskLimits"].set_index("limit")["penalty_per_mw_year"]
    price = risk["limit"].map(price).astype(float)
    risk = risk.assign(excess_mw=over.where(price.notna(), 0.0))
    years = risk["period"].map(calendar(data)["years"]).astype(float)
    excess = risk[KEYS].merge(tables["Risk"], on=KEYS)["excess_mw"]
    cost = risk.assign(item="risk_excess", subject=risk["limit"], amount=excess * price * years)
    costs = [
        running_rows(data, "risk", cost.dropna(subset=["amount"]), kind=PENALTY),
        running_rows(data, "risk", _expected(data, tables["Build"]), kind=EXPECTED_LOSS),
    ]
    return {
        "Risk": risk.drop(columns="total"),
        "Exposure": by_jurisdiction(data, online),
        "Cost": pd.concat([rows for rows in costs if len(rows)] or costs[:1]),
    }


def _expected(data: Dataset, build: pd.DataFrame) -> pd.DataFrame:
    """Expected loss of each site and period, jurisdiction by jurisdiction."""
    years = calendar(data)["years"]
    rows = [
        (
            "expected_loss",
            at["jurisdiction"],
            row["site"],
            row["period"],
            row["online_mw"] * at["expected_loss_per_mw_year"] * years[row["period"]],
        )
        for at in data["Jurisdictions"].to_dict("records")
        for row in build[build["jurisdiction"] == at["jurisdiction"]].to_dict("records")
    ]
    return pd.DataFrame(rows, columns=["item", "subject", *SITE_KEYS, "amount"])


def _standing_exposed(data: Dataset, key: Mapping[str, Any]) -> Iterator[Standing]:
    """Capacity in service that a limit counts; of a floor, what is outside of it."""
    limits, where = data["RiskLimits"], active_sites(data)["jurisdiction"]
    (limit,) = limits[limits["limit"] == key["limit"]].to_dict("records")
    inside = where.isin(members(data, limit))
    counted = ~inside if limit["kind"] == "min_share" else inside
    yield from standing_at(data, where.index[counted], key["period"])


LIMITS = (
    Limit(
        name="online_exposure",
        over=(
            "limit",
            "period",
        ),
        cells=("RiskLimits.value",),
        standing=_standing_exposed,
        relax=Relax.PRICED,
        conflict="risk limit {limit} is {kind} {value} in {period}",
        unit="MW IT (score-weighted for a mean score)",
        sense="<=",
        sentence="risk limit {limit!r} binds in {period}: {used} of {allowed} MW in service",
        floor_sentence="risk limit {limit!r} binds in {period}: no more than the {used} MW asked for at least are in service",
        marginal="saving from one more MW beyond the limit",
        formula="sum_i a[l,i] online[i,p] <= b[l] + excess[l,p]",
    ),
    Limit(
        name="served_exposure",
        over=(
            "limit",
            "period",
        ),
        cells=("RiskLimits.value",),
        relax=Relax.PRICED,
        conflict="risk limit {limit} is {kind} {value} of {workload} in {period}",
        unit="MW IT (score-weighted for a mean score)",
        sense="<=",
        sentence="risk limit {limit!r} binds in {period}: {used} of {allowed} MW served",
        floor_sentence="risk limit {limit!r} binds in {period}: no more than the {used} MW asked for at least are served",
        marginal="saving from one more MW beyond the limit",
        formula="sum_ri a[l,i] served[w,r,i,p] <= b[l] + excess[l,p]",
    ),
    Limit(
        name="online_concentration",
        over=(
            "limit",
            "period",
        ),
        cells=("RiskLimits.value",),
        standing=_standing_exposed,
        relax=Relax.PRICED,
        conflict="risk limit {limit} is {kind} {value} in {period}",
        unit="MW IT",
        sense="<=",
        enforced="cuts",
        sentence="risk limit {limit!r} binds in {period}: the root of summed squares is {used} of {allowed} MW in service",
        marginal="saving from one more MW beyond the limit",
        formula="||online[j,p]||_j <= sqrt(v[l]) sum_i online[i,p] + excess[l,p]",
    ),
    Limit(
        name="served_concentration",
        over=(
            "limit",
            "period",
        ),
        cells=("RiskLimits.value",),
        relax=Relax.PRICED,
        conflict="risk limit {limit} is {kind} {value} of {workload} in {period}",
        unit="MW IT",
        sense="<=",
        enforced="cuts",
        sentence="risk limit {limit!r} binds in {period}: the root of summed squares is {used} of {allowed} MW served",
        marginal="saving from one more MW beyond the limit",
        formula="||served[w,j,p]||_j <= sqrt(v[l]) sum_ri served[w,r,i,p] + excess[l,p]",
    ),
)

REPORT = Report(
    exhibits=(
        Trend(
            title="Capacity by jurisdiction",
            order=600,
            y_title="MW IT in service",
            series=(Series(table="Exposure", value="online_mw", label="In service"),),
            stacked=True,
            by="jurisdiction",
        ),
        Use(
            title="Exposure against limits",
            order=610,
            limits=(
                "online_exposure",
                "served_exposure",
                "online_concentration",
                "served_concentration",
            ),
        ),
    ),
)


def shortages(data: Dataset) -> pd.DataFrame:
    """Demand against the most that each hard limit on all capacity lets be in service by then."""
    limits, where = data["RiskLimits"], active_sites(data)["jurisdiction"]
    hard = limits[limits["workload"].isna() & limits["penalty_per_mw_year"].isna()]
    hard = hard[hard["kind"].isin((*MW_KINDS, "max_share", "min_share"))]
    records = hard.assign(row=hard.index).to_dict("records")
    return joined(_short_by(data, limit, where) for limit in records)


def _short_by(data: Dataset, limit: Mapping[Hashable, Any], where: pd.Series) -> pd.DataFrame:
    inside = where.isin(members(data, limit))
    most = most_online(data)
    member = most["site"].map(inside).astype(bool)
    if not inside.any():
        return nothing_short()
    value = 0.0 if limit["kind"] == "barred" else float(limit["value"])
    held = most["period"].isin(periods_of(calendar(data), limit))
    if limit["kind"] in MW_KINDS:
        most = most.assign(member=member, cap=np.where(member & held, value, np.inf))
    else:
        # Of a share v, all capacity is no more than what is outside over 1 - v, or inside over v.
        counted, share = (~member, 1.0 - value) if limit["kind"] == "max_share" else (member, value)
        total = most["most_mw"].where(counted, 0.0).groupby(most["period"]).sum()
        cap = most["period"].map(total) / share if share > 0 else np.inf
        most = most.assign(member=True, cap=np.where(held, cap, np.inf))
    what = f"capacity in service that {limit['limit']} allows"
    column = "kind" if limit["kind"] == "barred" else "value"
    cell = ("RiskLimits", limit["row"], column)
    served = short_of(
        data,
        "online_exposure",
        what,
        most,
        lambda sites, period: [cell],
        lambda own: capped(own, "member", "cap"),
    )
    if limit["kind"] not in MW_KINDS:
        return served
    return joined([served, _standing_beyond(data, limit, inside, value, cell)])


def _standing_beyond(
    data: Dataset, limit: Mapping[Hashable, Any], inside: pd.Series, value: float, cell: Cell
) -> pd.DataFrame:
    """Capacity that stands already and alone is more than a limit allows."""
    periods = periods_of(calendar(data), limit)
    cap = pd.DataFrame({"group": "all", "period": periods, "cap": value})
    found = exceeding(data, cap, pd.Series("all", index=inside.index), inside.astype(float))
    rows = [
        (
            "online_exposure",
            f"{limit['limit']}, {period}: {used:,.6g} MW stand there whatever is decided, {most:,.6g} MW are allowed",
            used,
            most,
            "MW IT",
            [*cells, cell],
        )
        for _, period, used, most, cells in found
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


FAMILY = Family(
    name="risk",
    title="Jurisdiction risk",
    order=70,
    sheets=(JURISDICTIONS, JURISDICTION_GROUPS, RISK_WEIGHTS, RISK_LIMITS),
    idle_without=(
        "Jurisdictions",
        "RiskLimits",
    ),
    costs=(
        CostTerm(
            item="risk_excess",
            kind=PENALTY,
            formula="sum over limits x, sum_p penalty_per_mw_year[x] years(p) excess_mw[x,p]",
            paid="evenly over the period",
            escalation="no",
        ),
        CostTerm(
            item="expected_loss",
            kind=EXPECTED_LOSS,
            formula="sum_ip expected_loss_per_mw_year[i] years(p) online[i,p]",
            paid="evenly over the period",
            escalation="no",
        ),
    ),
    limits=LIMITS,
    outputs=(RISK, EXPOSURE),
    codes={
        "site-jurisdiction": "a site whose jurisdiction is not known",
        "risk-subject": "a risk limit that names no subject or several",
        "share-above-1": "a share or score above 1",
        "risk-weights": "a mean score over all classes without weights",
        "periods-reversed": "a last period before the first",
    },
    check=check,
    report=REPORT,
    parameters=parameters,
    declare=declare,
    constrain=constrain,
    tables=tables,
    audit=audit,
    recompute=recompute,
    shortages=shortages,
    separate=separate,
    separates=separates,
)
