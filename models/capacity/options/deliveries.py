"""Grid that is connected and equipment that is delivered, a lead after options are exercised."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyomo.environ as pyo

from optalloc.modelling.ledgers import Ledgers
from optalloc.modelling.sets import frame_of, index_set, indexed_set

from .._options import EQUIPMENT, GRID, KEYS, SLOT_KEYS


def declare_deliveries(m: Any, ready: pd.DataFrame, ledgers: Ledgers) -> None:
    """Variables of grid connected and units delivered, and postings of both.

    Parameters
    ----------
    ready : pandas.DataFrame
        As `_option_periods.ready` gives it.
    """
    grid = ready[ready["kind"] == GRID]
    m.CONNECTIONS = index_set(grid[KEYS])
    m.connected_mw = pyo.Var(
        m.CONNECTIONS,
        domain=pyo.NonNegativeReals,
        bounds=lambda m, o, q: (0, m.option_most[o]),
    )
    m.CONNECTED_IN = indexed_set(m.ZONE_PERIODS, grid, ["zone", "period"], KEYS)
    ledgers.post(
        "reserved_mw",
        "connected",
        lambda m, z, q: sum(m.connected_mw[o, r] for o, r in m.CONNECTED_IN[z, q]),
    )
    # What nobody can order is not delivered.
    slots = ready[ready["kind"] == EQUIPMENT].merge(frame_of(m.ORDERS, SLOT_KEYS), on=SLOT_KEYS)
    m.DELIVERIES = index_set(slots[KEYS])
    m.delivered_units = pyo.Var(
        m.DELIVERIES,
        domain=pyo.NonNegativeReals,
        bounds=lambda m, o, q: (0, m.option_most[o]),
    )
    m.DELIVERED_IN = indexed_set(m.ORDERS, slots, SLOT_KEYS, KEYS)
    ledgers.post(
        "reserved_units",
        "delivered",
        lambda m, k, f, q: sum(m.delivered_units[o, r] for o, r in m.DELIVERED_IN[k, f, q]),
    )


def constrain_deliveries(m: Any, ready: pd.DataFrame, positions: pd.Series) -> None:
    """No more is connected or delivered by a period than was exercised a lead before it."""
    m.READY_BY = indexed_set(m.CONNECTIONS, ready, KEYS, ["exercised_in"])
    m.connected_within_exercised = pyo.Constraint(
        m.CONNECTIONS,
        rule=lambda m, o, q: (
            m.connected_mw[o, q] <= sum(m.exercised[o, r] for r in m.READY_BY[o, q])
        ),
    )
    grown = ready.dropna(subset=["before"])[[*KEYS, "before"]]
    grown = grown.merge(frame_of(m.CONNECTIONS, KEYS), on=KEYS)
    m.LATER_CONNECTIONS = index_set(grown)
    m.connection_kept = pyo.Constraint(
        m.LATER_CONNECTIONS, rule=lambda m, o, q, r: m.connected_mw[o, r] <= m.connected_mw[o, q]
    )
    m.UNITS_READY_BY = indexed_set(m.DELIVERIES, ready, KEYS, ["exercised_in"])
    delivered = frame_of(m.DELIVERIES, KEYS)
    until = delivered.merge(delivered.rename(columns={"period": "earlier"}), on="option")
    until = until[
        until["earlier"].map(positions).astype(float)
        <= until["period"].map(positions).astype(float)
    ]
    m.DELIVERED_UP_TO = indexed_set(m.DELIVERIES, until, KEYS, ["earlier"])
    m.delivered_within_exercised = pyo.Constraint(
        m.DELIVERIES,
        rule=lambda m, o, q: (
            sum(m.delivered_units[o, r] for r in m.DELIVERED_UP_TO[o, q])
            <= sum(m.exercised[o, r] for r in m.UNITS_READY_BY[o, q])
        ),
    )


def constrain_orders(m: Any, options: pd.DataFrame, positions: pd.Series) -> None:
    """No more of a class is ordered from a supplier from a period on than slots deliver since.

    Parameters
    ----------
    options : pandas.DataFrame
        Options on offer by name, with kind, equipment, supplier and since.
    positions : pandas.Series
        Position of each period, by its name.
    """
    slots = options[options["kind"] == EQUIPMENT].reset_index(drop=True)
    since = slots.groupby(SLOT_KEYS[:2], as_index=False)["since"].min()
    due = frame_of(m.ORDERS, SLOT_KEYS).merge(since, on=SLOT_KEYS[:2])
    due = due[due["period"].map(positions).astype(float) >= due["since"]]
    m.ORDERS_BY_OPTION = index_set(due[SLOT_KEYS])
    earlier = due[SLOT_KEYS].rename(columns={"period": "earlier"})
    until = due.merge(earlier, on=SLOT_KEYS[:2])
    until = until[
        until["earlier"].map(positions).astype(float)
        <= until["period"].map(positions).astype(float)
    ]
    m.ORDERED_SINCE = indexed_set(m.ORDERS_BY_OPTION, until, SLOT_KEYS, ["earlier"])
    m.ordered_by_option = pyo.Constraint(
        m.ORDERS_BY_OPTION,
        rule=lambda m, k, f, q: (
            sum(m.ordered[k, f, r] - m.reserved_units[k, f, r] for r in m.ORDERED_SINCE[k, f, q])
            <= 0
        ),
    )
