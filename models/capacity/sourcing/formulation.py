"""Sourcing: what can still be delivered when a supplier of equipment, or a group of them, is lost.

In words
    For every event in which suppliers fail, whichever of its members fails, what is ordered from the
    others covers the stated share of the equipment needed, class by class and period by period.
Data
    LossEvents and LossMembers, as far as they name suppliers; Suppliers.
Decides
    Nothing.
Limits
    For an event ``e`` and each of its members ``k``, a class ``n`` of equipment and the suppliers
    ``f`` that are ordered from: ``share_covered[e] equipment_needed[n,p] <= sum_f left[e,k,f] ordered[n,f,p]``,
    where ``left[e,k,f]`` is 1, less share_lost[e] where f fails with k.
Reads and posts
    Reads ``equipment_units`` and ``equipment_needed_units``.
Source
    N-1 planning, applied to orders (planner's convention).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyomo.environ as pyo

from optalloc.data.dataset import Dataset
from optalloc.modelling.ledgers import Ledgers
from optalloc.modelling.sets import frame_of, index_set, indexed_set, parameter

from .._calendar import calendar, within_window
from .derived import KEYS, NEED_KEYS, ORDER_KEYS, lost_suppliers


@dataclass(frozen=True)
class Parameters:
    """Suppliers that fail with each member, and the members in the periods they are about."""

    lost: pd.DataFrame
    members: pd.DataFrame


def parameters(data: Dataset) -> Parameters:
    """All numbers of the family from the dataset."""
    cal, lost = calendar(data), lost_suppliers(data)
    members = lost.drop(columns="supplier").drop_duplicates(["event", "member"])
    members = members.merge(cal.reset_index()[["period", "position"]], how="cross")
    return Parameters(lost, members[within_window(members, cal)])


def declare(m: Any, p: Parameters, ledgers: Ledgers) -> None:
    """Nothing is decided or posted here."""


def constrain(m: Any, p: Parameters) -> None:
    """Limits by which the other suppliers deliver enough."""
    orders = frame_of(m.ORDERS, ORDER_KEYS)
    # A class that the failing suppliers do not sell in the period loses nothing.
    touched = p.members.merge(p.lost[["event", "member", "supplier"]], on=["event", "member"])
    touched = touched.merge(orders, on=["supplier", "period"])[KEYS].drop_duplicates()
    rows = touched.merge(frame_of(m.EQUIPMENT_NEEDED, NEED_KEYS), on=NEED_KEYS)
    m.SOURCED = index_set(rows[KEYS])
    keyed = rows.merge(p.members, on=["event", "member", "period"]).set_index(KEYS)
    m.share_sourced = parameter(m.SOURCED, keyed["share_covered"])
    pairs = rows.merge(orders, on=NEED_KEYS)
    pairs = pairs.merge(
        p.lost[["event", "member", "supplier", "share_lost"]],
        on=["event", "member", "supplier"],
        how="left",
    )
    m.SOURCED_FROM = indexed_set(m.SOURCED, pairs, KEYS, ["supplier"])
    m.SOURCES_LEFT = index_set(pairs[[*KEYS, "supplier"]])
    left = 1.0 - pairs["share_lost"].fillna(0.0)
    m.source_left = parameter(
        m.SOURCES_LEFT, left.set_axis(pd.MultiIndex.from_frame(pairs[[*KEYS, "supplier"]]))
    )
    m.survives_supplier_loss = pyo.Constraint(
        m.SOURCED,
        rule=lambda m, e, k, n, q: (
            m.share_sourced[e, k, n, q] * m.equipment_needed_units[n, q]
            <= sum(
                m.source_left[e, k, n, q, f] * m.equipment_units[n, f, q]
                for f in m.SOURCED_FROM[e, k, n, q]
            )
        ),
    )
