"""Commitments: what is announced already, forbidden, or held within bounds.

In words
    A site is to be committed by a period, or not before another; so many megawatts are promised
    to be started, online, leased, signed or ended, or at most so many; an option is to be bought,
    kept or exercised, or not; a site is to be abandoned, or not. What a plan decides before a date is fixed by the same rows.
Data
    Decisions. ``decided[d]``: what the row names, which is committed by the period (1 or 0), MW
    started up to it, whether the site is abandoned by it, MW online in it, or MW leased, signed or ended in it; of an option what is
    bought or kept in it, or exercised up to it.
Decides
    Nothing.
Limits
    For each row ``d``: ``at_least[d] <= decided[d] <= at_most[d]``.
Reads and posts
    Reads ``online_mw``.
Source
    Planner's convention.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyomo.environ as pyo

from optalloc.data.dataset import Dataset
from optalloc.modelling.ledgers import Ledgers
from optalloc.modelling.sets import frame_of, index_set, indexed_set, parameter

from .._calendar import calendar
from .._options import BOUGHT, EXERCISED, KEPT
from .derived import decisions
from .sheets import ABANDONED, COMMITTED, ENDED, LEASED, ONLINE, SIGNED, STARTED

ENDING_KEYS = ["contract", "signed", "period"]


@dataclass(frozen=True)
class Parameters:
    """Rows of the sheet, with the position of their period, and what is decided before the plan."""

    rows: pd.DataFrame
    positions: pd.Series


def parameters(data: Dataset) -> Parameters:
    """All numbers of the family from the dataset."""
    return Parameters(decisions(data), calendar(data)["position"])


def declare(m: Any, p: Parameters, ledgers: Ledgers) -> None:
    """Nothing is decided or posted here."""


def constrain(m: Any, p: Parameters) -> None:
    """Bounds on each decision that is named."""
    rows = p.rows
    m.DECISIONS = index_set(rows[["decision"]])
    before = rows.set_index("decision")["decided_before"]
    m.decided_before = parameter(m.DECISIONS, before)

    def latest(index: Any, name: str, what: str) -> pd.DataFrame:
        """The last member up to each row's period: decisions are cumulative."""
        members = frame_of(index, [name, "at"])
        members["reached"] = members["at"].map(p.positions)
        own = rows.loc[rows["what"] == what, ["decision", name, "position"]]
        found = own.merge(members, on=name)
        found = found[found["reached"] <= found["position"]].sort_values("reached")
        return found.groupby("decision").tail(1)

    def exact(index: Any, name: str, what: str) -> pd.DataFrame:
        own = rows.loc[rows["what"] == what, ["decision", name, "period"]]
        return own.merge(frame_of(index, [name, "period"]), on=[name, "period"])

    def ended(index: Any) -> pd.DataFrame:
        """All tranches of the contract."""
        own = rows.loc[rows["what"] == ENDED, ["decision", "contract", "period"]]
        return own.merge(frame_of(index, ENDING_KEYS), on=["contract", "period"])

    pairs = (["decision"], ["site", "at"])
    m.COMMITTED_BY = indexed_set(m.DECISIONS, latest(m.COMMITS, "site", COMMITTED), *pairs)
    m.STARTED_BY = indexed_set(m.DECISIONS, latest(m.STARTS, "site", STARTED), *pairs)
    m.ABANDONED_BY = indexed_set(m.DECISIONS, latest(m.ABANDONMENTS, "site", ABANDONED), *pairs)
    m.ONLINE_IN = indexed_set(
        m.DECISIONS, exact(m.SITE_PERIODS, "site", ONLINE), ["decision"], ["site", "period"]
    )
    m.SIGNED_IN = indexed_set(
        m.DECISIONS, exact(m.OFFERS, "contract", SIGNED), ["decision"], ["contract", "period"]
    )
    m.LEASED_BY_DECISION = indexed_set(
        m.DECISIONS, exact(m.LEASE_OFFERS, "lease", LEASED), ["decision"], ["lease", "period"]
    )
    m.ENDED_IN = indexed_set(m.DECISIONS, ended(m.ENDINGS), ["decision"], ENDING_KEYS)
    of_option = (["decision"], ["option", "period"])
    m.BOUGHT_BY_DECISION = indexed_set(
        m.DECISIONS, exact(m.PURCHASES, "option", BOUGHT), *of_option
    )
    m.KEPT_BY_DECISION = indexed_set(m.DECISIONS, exact(m.KEPT, "option", KEPT), *of_option)
    m.EXERCISED_BY_DECISION = indexed_set(
        m.DECISIONS, latest(m.EXERCISES, "option", EXERCISED), ["decision"], ["option", "at"]
    )
    m.decided = pyo.Expression(
        m.DECISIONS,
        rule=lambda m, d: (
            m.decided_before[d]
            + sum(m.committed[i, c] for i, c in m.COMMITTED_BY[d])
            + sum(m.started_mw[i, s] for i, s in m.STARTED_BY[d])
            + sum(m.abandoned[i, q] for i, q in m.ABANDONED_BY[d])
            + sum(m.online_mw[i, q] for i, q in m.ONLINE_IN[d])
            + sum(m.procured[c, s] for c, s in m.SIGNED_IN[d])
            + sum(m.leased[k, s] for k, s in m.LEASED_BY_DECISION[d])
            + sum(m.terminated[c, s, q] for c, s, q in m.ENDED_IN[d])
            + sum(m.bought[o, q] for o, q in m.BOUGHT_BY_DECISION[d])
            + sum(m.kept[o, q] for o, q in m.KEPT_BY_DECISION[d])
            + sum(m.exercised[o, q] for o, q in m.EXERCISED_BY_DECISION[d])
        ),
    )
    for side in ("at_least", "at_most"):
        bounded = rows.dropna(subset=[side])
        index = index_set(bounded[["decision"]])
        m.add_component(f"DECIDED_{side}".upper(), index)
        bound = parameter(index, bounded.set_index("decision")[side])
        m.add_component(f"decided_{side}", bound)
    m.decision_at_least = pyo.Constraint(
        m.DECIDED_AT_LEAST, rule=lambda m, d: m.decided[d] >= m.decided_at_least[d]
    )
    m.decision_at_most = pyo.Constraint(
        m.DECIDED_AT_MOST, rule=lambda m, d: m.decided[d] <= m.decided_at_most[d]
    )
