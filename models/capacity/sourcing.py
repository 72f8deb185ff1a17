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

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyomo.environ as pyo

from optalloc.data.dataset import Dataset, derived
from optalloc.modelling.family import Family
from optalloc.modelling.ledgers import Ledgers
from optalloc.modelling.limits import Limit, Relax
from optalloc.modelling.sets import frame_of, index_set, indexed_set, parameter

from ._calendar import calendar, periods_within, within_window

KEYS = ["event", "member", "equipment", "period"]
NEED_KEYS = ["equipment", "period"]
ORDER_KEYS = ["equipment", "supplier", "period"]


@derived
def lost_suppliers(data: Dataset) -> pd.DataFrame:
    """Which suppliers fail with each member of each event: event, member, supplier, share_lost."""
    events, suppliers = data["LossEvents"], data["Suppliers"]
    shares = events[["event", "share_lost", "share_covered", "first_period", "last_period"]]
    singly = events.loc[events["any_one"] == "supplier", ["event"]].merge(suppliers, how="cross")
    singly["member"] = singly["supplier"]
    named = data.columns("LossMembers", "event", "supplier", "supplier_group")
    own = named.dropna(subset=["supplier"])[["event", "supplier"]]
    grouped = named.dropna(subset=["supplier_group"])[["event", "supplier_group"]]
    grouped = grouped.merge(suppliers, on="supplier_group")
    together = pd.concat([own, grouped])[["event", "supplier"]].drop_duplicates()
    together["member"] = together["event"]
    found = pd.concat([singly, together])[["event", "member", "supplier"]]
    return found.merge(shares, on="event").reset_index(drop=True)


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


def audit(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Each member knocked out of the Orders table, class by class."""
    cal = calendar(data)
    needed = tables["EquipmentUse"].groupby(NEED_KEYS)["needed_units"].sum()
    rows = []
    for (event, member), gone in lost_suppliers(data).groupby(["event", "member"], sort=False):
        at = gone.iloc[0]
        within = periods_within(cal, at["first_period"], at["last_period"])
        for (equipment, period), own in tables["Orders"].groupby(NEED_KEYS, sort=False):
            failing = own["supplier"].isin(gone["supplier"])
            if str(period) not in within or not failing.any():
                continue
            kept = (own["ordered_units"] * (1.0 - at["share_lost"] * failing)).sum()
            asked = at["share_covered"] * needed.get((equipment, period), 0.0)
            rows.append((event, member, equipment, period, asked, kept))
    frame = pd.DataFrame(rows, columns=[*KEYS, "used", "allowed"])
    return {"survives_supplier_loss": frame.astype({"used": float, "allowed": float})}


FAMILY = Family(
    name="sourcing",
    title="Loss of suppliers",
    order=76,
    sheets=(),
    idle_without=("LossEvents",),
    limits=(
        Limit(
            name="survives_supplier_loss",
            over=(
                "event",
                "member",
                "equipment",
                "period",
            ),
            cells=("LossEvents.share_covered",),
            relax=Relax.PRICED,
            conflict="after the loss {event} of {member}, orders cover {value} of the {equipment} needed in {period}",
            unit="units",
            sense="<=",
            floor=True,
            sentence="{event}, {period}: without {member} the other suppliers deliver {allowed} of the {used} units of {equipment} that must be covered",
            lasting="{event}: without {member} the others deliver no more {equipment} than must be covered {when}",
            marginal="saving from one unit less to be covered",
            formula="share_covered[e] equipment_needed[n,p] <= sum_f left[e,k,f] ordered[n,f,p]",
        ),
    ),
    parameters=parameters,
    declare=declare,
    constrain=constrain,
    audit=audit,
)
