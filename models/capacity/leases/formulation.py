"""Leases: capacity rented ready-made, how much of it to sign in each period.

In words
    A lease may be signed within its window, no less than a minimum where it says so. After its
    lead it is in service at its site, in the periods that lie wholly inside its term. It takes no
    commitment and none of the site's room. Rent is due for the whole of the term.
Data
    Leases.
Time
    A signing in s runs from begin(s) + lead_months for term_months, and is active in the periods that
    lie wholly within; one without such a period has no variable.
Decides
    ``leased[lease, period]``, the MW to sign; where a signing has a minimum, or has one in another
    scenario, ``signs_lease[lease, period]``, 1 if anything is signed.
Limits
    For a lease ``l``: ``min[l] signs_lease[l,s] <= leased[l,s] <= max[l] signs_lease[l,s]``, and
    over what is active ``sum_s leased[l,s] <= max[l]``.
Reads and posts
    Owns and posts ``leased_mw``; posts ``online_mw``, ``installed_mw`` and ``cost``.
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

from .._building import site_periods
from .._calendar import TINY_MONTHS, calendar
from .._capacity_bounds import needed_of_leases, useful_leases
from .._leases import lease_terms, lease_tranches, leases_active, leases_on_offer
from .._posting import post_cost
from .._running_costs import yearly_charges
from .sheets import KEYS, OFFER_KEYS, SITE_KEYS


@dataclass(frozen=True)
class Parameters:
    """Leases, when they can be signed and are active then, every site and period, and rents."""

    leases: pd.DataFrame
    offers: pd.DataFrame
    active: pd.DataFrame
    places: pd.DataFrame
    rents: pd.DataFrame


def parameters(data: Dataset) -> Parameters:
    """All numbers of the family from the dataset."""
    leases, active = leases_on_offer(data), leases_active(data)
    greatest = needed_of_leases(data, "greatest_min_mw")["greatest_min_mw"]
    leases = leases.assign(useful_mw=useful_leases(data), greatest_min_mw=greatest)
    offers = lease_tranches(data)[OFFER_KEYS].merge(
        leases[["lease", "min_mw", "greatest_min_mw"]].reset_index(drop=True), on="lease"
    )
    places = site_periods(data, *SITE_KEYS)
    return Parameters(leases, offers, active, places, _rents(data, offers))


def _rents(data: Dataset, offers: pd.DataFrame) -> pd.DataFrame:
    """Rent of a MW in each period into which the term of a signing falls."""
    cal = calendar(data)
    rents = offers[OFFER_KEYS].merge(lease_terms(data), on=OFFER_KEYS)
    rents = rents.merge(cal.reset_index()[["period", "begin", "end"]], how="cross")
    span = pd.DataFrame(
        {
            "first_month": rents[["begin", "from"]].max(axis=1),
            "last_month": rents[["end", "to"]].min(axis=1),
        }
    )
    span = span[span["last_month"] - span["first_month"] > TINY_MONTHS]
    rents = rents.loc[span.index]
    leases = leases_on_offer(data).reindex(rents["lease"]).set_axis(rents.index)
    keys = rents[[*OFFER_KEYS, *SITE_KEYS]].assign(subject=rents["lease"])
    growth = leases["rent_escalation"]
    return yearly_charges(data, keys, leases["rent_per_mw_year"], growth, span)


def declare(m: Any, p: Parameters, ledgers: Ledgers) -> None:
    """Signings, what is active, and its rent."""
    m.LEASES = index_set(p.leases[["lease"]])
    m.lease_max_mw = parameter(m.LEASES, p.leases["max_mw"])
    m.lease_useful_mw = parameter(m.LEASES, p.leases["useful_mw"])
    m.LEASE_OFFERS = index_set(p.offers[OFFER_KEYS])
    m.leased = pyo.Var(
        m.LEASE_OFFERS,
        domain=pyo.NonNegativeReals,
        bounds=lambda m, k, s: (0, m.lease_useful_mw[k]),
    )
    m.LEASE_PERIODS = index_set(p.active[KEYS].drop_duplicates())
    m.LEASED_IN = indexed_set(m.LEASE_PERIODS, p.active, KEYS, ["signed"])
    m.LEASE_PLACES = index_set(p.places)
    m.LEASES_AT = indexed_set(
        m.LEASE_PLACES,
        p.active.drop_duplicates([*SITE_KEYS, "lease"]),
        SITE_KEYS,
        ["lease"],
    )
    ledgers.open("leased_mw", m.LEASE_PERIODS)
    ledgers.post(
        "leased_mw", "signed", lambda m, k, q: sum(m.leased[k, s] for s in m.LEASED_IN[k, q])
    )
    for ledger in ("online_mw", "installed_mw"):
        ledgers.post(
            ledger,
            "leased",
            lambda m, i, q: sum(m.leased_mw[k, q] for k in m.LEASES_AT[i, q]),
            reads=("leased_mw",),
        )
    post_cost(
        m,
        ledgers,
        "rent",
        p.rents,
        [*OFFER_KEYS, "period"],
        lambda m, k, s, q: m.leased[k, s],
    )


def constrain(m: Any, p: Parameters) -> None:
    """Leases are signed as they are offered."""
    m.lease_within_max = pyo.Constraint(
        m.LEASE_PERIODS, rule=lambda m, k, q: m.leased_mw[k, q] <= m.lease_max_mw[k]
    )
    least = p.offers[p.offers["greatest_min_mw"] > 0]
    m.LEAST_LEASES = index_set(least[OFFER_KEYS])
    m.lease_min_mw = parameter(m.LEAST_LEASES, least.set_index(OFFER_KEYS)["min_mw"])
    m.signs_lease = pyo.Var(m.LEAST_LEASES, domain=pyo.Binary)
    m.lease_minimum = pyo.Constraint(
        m.LEAST_LEASES,
        rule=lambda m, k, s: m.lease_min_mw[k, s] * m.signs_lease[k, s] <= m.leased[k, s],
    )
    m.lease_signed = pyo.Constraint(
        m.LEAST_LEASES,
        rule=lambda m, k, s: m.leased[k, s] <= m.lease_useful_mw[k] * m.signs_lease[k, s],
    )
