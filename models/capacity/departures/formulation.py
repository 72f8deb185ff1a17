"""Departures: what it costs to depart from the plan that was approved last.

In words
    An approved plan has been announced to others: a site committed that was not to be, or later than
    said, and megawatts started or signed otherwise than approved, cost something. A move from one
    period to another counts at both ends: as dropped in the one and added in the other. What was
    approved but can no longer be done counts as departed from.
Data
    ApprovedActions, by hand or from the Actions table of a plan.xlsx; DepartureCosts.
    ``approved[k]``: MW of an approved action; ``planned[k]``: MW that the plan starts or signs there.
Decides
    ``departed_mw[action, subject, period]``: MW by which an approved start or signing is departed from.
Limits
    ``departed[k] >= planned[k] - approved[k]`` and ``departed[k] >= approved[k] - planned[k]`` for each
    approved start or signing ``k``. Where nothing was approved, what is planned is itself what departs; a
    commitment departs by ``c`` or ``1 - c``, with c the 0 or 1 of committing in the period.
Reads and posts
    Reads ``starting_mw``; posts ``cost``, a penalty due on the first day of its period.
Source
    Planner's convention; the absolute value by two inequalities is textbook linear programming.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyomo.environ as pyo

from optalloc.data.dataset import Dataset
from optalloc.modelling.ledgers import Ledgers
from optalloc.modelling.sets import frame_of, index_set, indexed_set, parameter

from .._calendar import calendar, positions
from .._money import PENALTY, discount
from .._posting import post_cost
from .derived import costs, held_actions, last_position, possible_decisions
from .sheets import COMMIT, ITEMS, KEYS, SIGN, START


@dataclass(frozen=True)
class Parameters:
    """Every key that is charged for, with what is approved; and the charge of each."""

    rows: pd.DataFrame
    charges: pd.DataFrame


def parameters(data: Dataset) -> Parameters:
    """All numbers of the family from the dataset."""
    cal, price = calendar(data), costs(data)
    compared = len(data["ApprovedActions"]) > 0 and bool((price > 0).any())
    decisions = possible_decisions(data) if compared else pd.DataFrame(columns=KEYS, dtype=object)
    rows = decisions.merge(held_actions(data), on=KEYS, how="outer", indicator="decided")
    rows = rows.assign(
        approved=rows["approved"].fillna(0.0),
        decided=rows["decided"] != "right_only",
        cash=rows["action"].map(price).astype(float),
        begin=rows["period"].map(cal["begin"]).astype(float),
    )
    within = positions(rows["period"], cal) <= last_position(data)
    rows = rows[within & (rows["cash"] > 0)].reset_index(drop=True)
    value = rows["cash"] * discount(data.one("Settings").discount_rate, rows["begin"])
    charges = rows[[*KEYS, "cash"]].assign(
        site=rows["subject"].where(rows["action"] != SIGN, None),
        present_value=value,
        first_month=rows["begin"],
        last_month=rows["begin"],
    )
    return Parameters(rows, charges)


def declare(m: Any, p: Parameters, ledgers: Ledgers) -> None:
    """Departures by key, and their cost."""
    rows, commits = p.rows, p.rows["action"] == COMMIT
    approved = rows["approved"] > 0
    m.DEPARTURES = index_set(rows[KEYS])
    # An approved commitment departs by 1 - c, one that is not by c; what cannot be done, for sure.
    anyway = rows["approved"].where(commits | ~rows["decided"], 0.0)
    m.departs_anyway = parameter(m.DEPARTURES, anyway.set_axis(_index(rows)))
    sign = pd.Series(np.where(approved, -1.0, 1.0), _index(rows))
    m.departs_if_committed = parameter(m.DEPARTURES, sign)
    m.COMMITS_COMPARED = _members(m, rows[commits & rows["decided"]])
    m.STARTS_ADDED = _members(m, rows[(rows["action"] == START) & ~approved])
    m.SIGNINGS_ADDED = _members(m, rows[(rows["action"] == SIGN) & ~approved])
    held = rows[approved & rows["decided"] & ~commits]
    m.APPROVED_MW = index_set(held[KEYS])
    m.approved_mw = parameter(m.APPROVED_MW, held["approved"].set_axis(_index(held)))
    m.departed_mw = pyo.Var(m.APPROVED_MW, domain=pyo.NonNegativeReals)
    m.APPROVED_HERE = indexed_set(m.DEPARTURES, held, KEYS, KEYS)

    def departed(m: Any, *key: Any) -> Any:
        committing = sum(
            m.committed[i, c] - sum(m.committed[i, r] for r in m.COMMIT_BEFORE[i, c])
            for i, c in m.COMMITS_COMPARED[key]
        )
        return (
            m.departs_anyway[key]
            + m.departs_if_committed[key] * committing
            + sum(m.departed_mw[a, i, q] for a, i, q in m.APPROVED_HERE[key])
            + sum(m.starting_mw[i, s] for i, s in m.STARTS_ADDED[key])
            + sum(m.procured[c, s] for c, s in m.SIGNINGS_ADDED[key])
        )

    for action, item in ITEMS.items():
        charges = p.charges[p.charges["action"] == action]
        reads = ("starting_mw",)
        post_cost(m, ledgers, item, charges, KEYS, departed, kind=PENALTY, reads=reads)


def _index(rows: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(rows[KEYS])


def _members(m: Any, rows: pd.DataFrame) -> Any:
    """For each key the site or contract and period that it is about: at most one."""
    return indexed_set(m.DEPARTURES, rows, KEYS, ["subject", "period"])


def constrain(m: Any, p: Parameters) -> None:
    """A departure is at least the difference, from either side."""
    held = frame_of(m.APPROVED_MW, KEYS)
    sides = held.merge(pd.DataFrame({"side": ["above", "below"]}), how="cross")
    m.APPROVED_SIDES = index_set(sides[[*KEYS, "side"]])
    sign = sides["side"].map({"above": 1.0, "below": -1.0})
    sign.index = pd.MultiIndex.from_frame(sides[[*KEYS, "side"]])
    m.departure_side = parameter(m.APPROVED_SIDES, sign)
    pairs = (KEYS, ["subject", "period"])
    m.STARTS_APPROVED = indexed_set(m.APPROVED_MW, held[held["action"] == START], *pairs)
    m.SIGNINGS_APPROVED = indexed_set(m.APPROVED_MW, held[held["action"] == SIGN], *pairs)
    m.departure_counted = pyo.Constraint(
        m.APPROVED_SIDES,
        rule=lambda m, a, i, q, side: (
            m.departure_side[a, i, q, side]
            * (
                sum(m.starting_mw[j, s] for j, s in m.STARTS_APPROVED[a, i, q])
                + sum(m.procured[c, s] for c, s in m.SIGNINGS_APPROVED[a, i, q])
                - m.approved_mw[a, i, q]
            )
            <= m.departed_mw[a, i, q]
        ),
    )
