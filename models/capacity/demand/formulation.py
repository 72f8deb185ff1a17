"""Demand: how much IT load each region asks for, and what may be left unmet at a price.

In words
    Every workload of every region is served in full, unless the workload has a penalty for what
    is left unmet. Demand is given in MW or in compute units, whose MW falls from one generation of
    hardware to the next; a unit is converted before anything is decided.
Data
    Workloads, Demand, ComputeUnits. ``demand[w,r,p]``: what a region asks for, it_mw of Demand or its
    units times mw_per_unit. A MW left unmet costs unmet_penalty_per_mw_year, or value_per_mw_year
    where that is more.
Time
    The penalty is due evenly over the period and does not escalate.
Decides
    ``unmet[workload, region, period]``, only for workloads with a penalty.
Limits
    ``sum_i served[w,r,i,p] + unmet[w,r,p] = demand[w,r,p]``.
Reads and posts
    Reads ``served_mw``; owns and posts ``required_mw``, which is
    ``(1 + reserve[w]) (demand[w,r,p] - unmet[w,r,p])``; posts ``cost``.
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
from optalloc.modelling.sets import index_set, indexed_set, parameter

from .._demand import positive_demand, unmet_cost_per_mw_year
from .._money import PENALTY
from .._posting import post_cost
from .._running_costs import yearly_charges
from .sheets import KEYS


@dataclass(frozen=True)
class Parameters:
    """Demand above zero by key, with the workload's reserve share, and unmet charges."""

    demand: pd.DataFrame
    penalties: pd.DataFrame


def demand_rows(data: Dataset) -> pd.DataFrame:
    """Demand above zero, with the columns of its workload."""
    return positive_demand(data).merge(data["Workloads"], on="workload").reset_index(drop=True)


def parameters(data: Dataset) -> Parameters:
    """All numbers of the family from the dataset."""
    demand = demand_rows(data)
    per_year = demand["workload"].map(unmet_cost_per_mw_year(data)).astype(float)
    priced = demand[per_year.notna()]
    penalties = yearly_charges(data, priced[KEYS], per_year[priced.index])
    penalties["subject"] = penalties["workload"] + ", " + penalties["region"]
    return Parameters(demand, penalties)


def declare(m: Any, p: Parameters, ledgers: Ledgers) -> None:
    """Demand, what is left unmet, and the capacity that the rest requires."""
    m.DEMANDS = index_set(p.demand[KEYS])
    m.demand_mw = parameter(m.DEMANDS, p.demand.set_index(KEYS)["it_mw"])
    m.reserved = parameter(m.DEMANDS, 1.0 + p.demand.set_index(KEYS)["reserve_share"])
    m.UNMET = index_set(p.penalties[KEYS])
    m.unmet = pyo.Var(
        m.UNMET, domain=pyo.NonNegativeReals, bounds=lambda m, *key: (0, m.demand_mw[key])
    )
    m.MAY_BE_UNMET = indexed_set(
        m.DEMANDS, p.penalties.assign(same=p.penalties["period"]), KEYS, ["same"]
    )
    ledgers.open("required_mw", m.DEMANDS)
    ledgers.post(
        "required_mw",
        "demand",
        lambda m, w, r, q: (
            m.reserved[w, r, q] * m.demand_mw[w, r, q]
            - sum(m.reserved[w, r, q] * m.unmet[w, r, s] for s in m.MAY_BE_UNMET[w, r, q])
        ),
    )
    post_cost(m, ledgers, "unmet", p.penalties, KEYS, lambda m, *key: m.unmet[key], kind=PENALTY)


def constrain(m: Any, p: Parameters) -> None:
    """Demand is met."""
    m.demand_met = pyo.Constraint(
        m.DEMANDS,
        rule=lambda m, w, r, q: (
            m.served_mw[w, r, q] + sum(m.unmet[w, r, s] for s in m.MAY_BE_UNMET[w, r, q])
            == m.demand_mw[w, r, q]
        ),
    )
