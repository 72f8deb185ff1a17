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
    ``leased[lease, period]``, the MW to sign; where a signing has a minimum,
    ``signs_lease[lease, period]``, 1 if anything is signed.
Limits
    For a lease ``l``: ``min[l] signs_lease[l,s] <= leased[l,s] <= max[l] signs_lease[l,s]``, and
    over what is active ``sum_s leased[l,s] <= max[l]``.
Reads and posts
    Owns and posts ``leased_mw``; posts ``online_mw``, ``installed_mw`` and ``cost``.
Source
    Planner's convention.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyomo.environ as pyo

from optalloc.dataset import Dataset
from optalloc.errors import Problem
from optalloc.family import CostTerm, Family, Ledger, Limit, TableSpec
from optalloc.program import Ledgers, index_set, indexed_set, parameter
from optalloc.schema import Column, Kind, Sheet
from optalloc.tolerance import exceeds
from optalloc.values import Values

from . import _plausible
from ._building import site_periods
from ._calendar import TERM, TINY_MONTHS, calendar
from ._edges import CODES, inside_periods
from ._leases import lease_terms, leases_active, leases_on_offer
from ._money import CASH, post_cost
from ._need import lease_need, not_carried, useful_leases
from ._running import running_rows, yearly_charges

LEASES = Sheet(
    name="Leases",
    meaning="One lease on offer a row: capacity rented ready-made, in service as soon as it is active.",
    key=("lease",),
    columns=(
        Column(
            name="lease",
            kind=Kind.TEXT,
            names="lease",
            meaning="Name of the lease.",
            example="Kanto wholesale",
        ),
        Column(
            name="site",
            kind=Kind.TEXT,
            meaning="Site where the capacity stands. It counts as the site's in all but max_mw, and needs no commitment.",
            refers_to="Sites.site",
            example="Kanto North",
        ),
        Column(
            name="first_period",
            kind=Kind.TEXT,
            meaning="First period in which it can be signed.",
            blank=None,
            blank_means="the first period",
            refers_to="Periods.period",
        ),
        Column(
            name="last_period",
            kind=Kind.TEXT,
            meaning="Last period in which it can be signed.",
            blank=None,
            blank_means="the last period",
            refers_to="Periods.period",
        ),
        Column(
            name="lead_months",
            kind=Kind.NUMBER,
            unit="months",
            meaning="From signing to the first day of the term.",
            plausible=_plausible.LEASE_LEAD_MONTHS,
            blank=0.0,
            at_least=0,
            at_most=600,
            example=0,
        ),
        Column(
            name="term_months",
            kind=Kind.NUMBER,
            unit="months",
            meaning="How long it runs; it serves only in periods that lie wholly inside its term.",
            blank=None,
            blank_means="beyond the horizon",
            above=0,
            at_most=1200,
            example=60,
        ),
        Column(
            name="min_mw",
            kind=Kind.NUMBER,
            unit="MW IT",
            meaning="Least of one signing, if it is signed at all.",
            plausible=_plausible.SITE_MW,
            blank=0.0,
            at_least=0,
            example=5,
        ),
        Column(
            name="max_mw",
            kind=Kind.NUMBER,
            unit="MW IT",
            meaning="Most that may be active at one time.",
            plausible=_plausible.SITE_MW,
            at_least=0,
            example=30,
        ),
        Column(
            name="rent_per_mw_year",
            kind=Kind.NUMBER,
            unit="M per MW-year",
            meaning="Rent of one MW, due from the first day of the term to its last or to the end of the horizon; the site's cost_per_mw_year comes on top.",
            plausible=_plausible.RENT_PER_MW_YEAR,
            at_least=0,
            example=1.9,
        ),
        Column(
            name="rent_escalation",
            kind=Kind.NUMBER,
            unit="per year",
            meaning="Yearly growth of the rent from the base date.",
            plausible=_plausible.ESCALATION,
            blank=0.0,
            above=-1,
            at_most=1,
            example=0.02,
        ),
        Column(
            name="currency",
            kind=Kind.TEXT,
            names="currency",
            meaning="Currency of this row's rent, from Currencies.",
            blank=None,
            blank_means="the workbook's currency",
        ),
    ),
)

KEYS = ["lease", "period"]
SITE_KEYS = ["site", "period"]
OFFER_KEYS = ["lease", "signed"]

LEASING = TableSpec(
    name="Leasing",
    meaning="Megawatts leased: signed and active by lease and period.",
    key=("lease", "period"),
    across="period",
    spread=("signed_mw", "active_mw"),
    columns=(
        Column(name="lease", kind=Kind.TEXT, meaning="Lease."),
        Column(name="site", kind=Kind.TEXT, meaning="Site where it stands."),
        Column(name="period", kind=Kind.TEXT, meaning="Period."),
        Column(name="signed_mw", kind=Kind.NUMBER, unit="MW IT", meaning="To sign in the period."),
        Column(
            name="active_mw", kind=Kind.NUMBER, unit="MW IT", meaning="In service in the period."
        ),
    ),
)


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
    leases = leases.assign(useful_mw=useful_leases(data))
    # What would be active in no period is not on offer.
    offers = active[OFFER_KEYS].drop_duplicates()
    offers = offers.merge(leases[["lease", "min_mw"]].reset_index(drop=True), on="lease")
    places = site_periods(data)[SITE_KEYS]
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
    least = p.offers[p.offers["min_mw"] > 0]
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


def check(data: Dataset) -> Iterator[Problem]:
    """Leases that can be signed, and then serve in some period."""
    cal = calendar(data)
    for row, at in data.rows("Leases").iterrows():
        first, last = at["first_period"], at["last_period"]
        if cal["position"].get(first, 0) > cal["position"].get(last, len(cal)):
            yield data.problem(
                "Leases",
                row,
                "last_period",
                "a lease must not end signing before it starts",
                f"Put it at or after {first}.",
                "periods-reversed",
                reads=("first_period",),
            )
        if exceeds(at["min_mw"], at["max_mw"]):
            yield data.problem(
                "Leases",
                row,
                "min_mw",
                f"min_mw must be at most max_mw, {at['max_mw']:.12g}",
                "Lower min_mw or raise max_mw.",
                "min-above-max",
            )
    yield from _check_terms(data)
    yield from not_carried(data, "Leases", "lease", lease_need)


def _check_terms(data: Dataset) -> Iterator[Problem]:
    """Every lease can serve in some period; one that cannot would be ignored without a word."""
    if not (data.sound("Periods") and data.sound("Settings", "base_date")):
        return
    position = calendar(data)["position"]
    serving = set(leases_active(data)["lease"])
    offered = leases_on_offer(data)["lease"]
    for row, at in data["Leases"].iterrows():
        first, last = position.get(at["first_period"], 0), position.get(at["last_period"])
        reversed_window = last is not None and last < first
        if at["lease"] in serving or at["lease"] not in offered or reversed_window:
            continue
        yield data.problem(
            "Leases",
            row,
            "lease",
            f"some period must lie wholly inside the term of {at['lease']!r}, or it never serves",
            "Shorten lead_months, sign earlier, lengthen term_months, or take shorter periods.",
            "lease-never-active",
            found="none",
            reads=("site", *TERM),
        )
    labels = pd.Series(data["Leases"].index, index=data["Leases"]["lease"])
    terms = lease_terms(data)
    terms = terms[terms["lease"].isin(data.known("Leases", "lease", *TERM)["lease"])]
    endless = terms["lease"].map(leases_on_offer(data)["term_months"]).isna()
    column = np.where(endless, "lead_months", "term_months")
    yield from inside_periods(
        data,
        terms.assign(sheet="Leases", row=terms["lease"].map(labels), column=column),
        "a lease serves only the periods that lie wholly inside its term, and all of it is paid",
    )


def tables(data: Dataset, values: Values) -> dict[str, pd.DataFrame]:
    """What is signed and active."""
    offered = leases_on_offer(data)[["lease", "site"]].reset_index(drop=True)
    frame = offered.merge(calendar(data).reset_index()[["period"]], how="cross")
    signed = values.variable("leased", KEYS).rename(columns={"value": "signed_mw"})
    active = values.ledger("leased_mw").rename(columns={"value": "active_mw"})
    frame = frame.merge(signed, on=KEYS, how="left").merge(active, on=KEYS, how="left")
    leasing = frame.fillna({"signed_mw": 0.0, "active_mw": 0.0})
    return {"Leasing": leasing, "Actions": actions(data, leasing)}


def actions(data: Dataset, leasing: pd.DataFrame) -> pd.DataFrame:
    """Signings, dated."""
    signed = leasing[leasing["signed_mw"] > 0]
    return pd.DataFrame(
        {
            "date": signed["period"].map(calendar(data)["date"]),
            "period": signed["period"],
            "action": "sign lease",
            "subject": signed["lease"],
            "mw": signed["signed_mw"],
        }
    )


def audit(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Signings restated from the Leasing table."""
    leasing = tables["Leasing"].merge(data["Leases"].drop(columns="site"), on="lease")
    signed = leasing[leasing["signed_mw"] != 0]
    position = calendar(data)["position"]
    first = signed["first_period"].map(position).fillna(0)
    last = signed["last_period"].map(position).fillna(len(position))
    within = signed["period"].map(position).between(first, last)
    return {
        "lease_on_offer": signed[KEYS].assign(
            used=signed["signed_mw"], allowed=signed["max_mw"].where(within, 0.0)
        ),
        "lease_minimum": signed[KEYS].assign(used=signed["min_mw"], allowed=signed["signed_mw"]),
        "lease_within_max": leasing[KEYS].assign(
            used=leasing["active_mw"], allowed=leasing["max_mw"]
        ),
    }


def recompute(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Active MW, actions and rent, walked signing by signing from the Leasing table."""
    cal, leases, leasing = calendar(data), leases_on_offer(data).to_dict("index"), tables["Leasing"]
    rows, rents = [], []
    for name, own in leasing.groupby("lease", sort=False):
        at = leases[name]
        since = own["period"].map(cal["begin"]).to_numpy(float) + at["lead_months"]
        until = since + (np.inf if pd.isna(at["term_months"]) else at["term_months"])
        for period in own["period"]:
            begin, end = cal.loc[period, ["begin", "end"]]
            whole = (since <= begin + TINY_MONTHS) & (end <= until + TINY_MONTHS)
            active = own.loc[whole, "signed_mw"].sum()
            rows.append((name, at["site"], period, active))
            for mw, first, last in zip(own["signed_mw"], since, until, strict=True):
                first, last = max(first, begin), min(last, end)
                if mw and last > first + TINY_MONTHS:
                    amount = at["rent_per_mw_year"] * mw * (last - first) / 12
                    paid = (amount, at["rent_escalation"], first, last)
                    rents.append((name, at["site"], period, *paid))
    columns = ["subject", *SITE_KEYS, "amount", "growth", "first_month", "last_month"]
    due = pd.DataFrame(rents, columns=columns).assign(item="rent")
    return {
        "Leasing": pd.DataFrame(rows, columns=["lease", *SITE_KEYS, "active_mw"]),
        "Actions": actions(data, leasing),
        "Cost": running_rows(data, "leases", due),
    }


FAMILY = Family(
    name="leases",
    title="Leases",
    order=22,
    sheets=(LEASES,),
    idle_without=("Leases",),
    needed_with=("Decisions",),
    ledgers=(
        Ledger(
            name="leased_mw",
            unit="MW IT",
            over=("lease", "period"),
            meaning="Leased capacity that is active.",
        ),
    ),
    costs=(
        CostTerm(
            item="rent",
            kind=CASH,
            formula="sum over leases l, sum_s rent_per_mw_year[l] (years of the term within the horizon) leased[l,s]",
            paid="evenly over the term, periods that it does not serve included",
            escalation="its own `rent_escalation`, from instant to instant",
        ),
    ),
    limits=(
        Limit(
            name="lease_on_offer",
            over=(
                "lease",
                "period",
            ),
            cells=("Leases.last_period",),
            conflict="{lease} can be signed only while it is on offer",
            unit="MW IT",
            sense="<=",
            enforced="sets",
            sentence="{lease}, {period}: all {allowed} MW on offer are signed",
            marginal="none: it has no row",
            formula="leased[l,s] exists only within the signing window",
        ),
        Limit(
            name="lease_minimum",
            over=(
                "lease",
                "period",
            ),
            cells=("Leases.min_mw",),
            conflict="{lease} is signed for {value} MW or more",
            unit="MW IT",
            sense="<=",
            floor=True,
            sentence="{lease}, {period}: the least that may be signed, {used} MW, is signed",
            marginal="saving from a minimum one MW smaller",
            formula="min[l] signs_lease[l,s] <= leased[l,s] <= max[l] signs_lease[l,s]",
        ),
        Limit(
            name="lease_within_max",
            over=(
                "lease",
                "period",
            ),
            cells=("Leases.max_mw",),
            conflict="{lease} has no more than {value} MW to lease",
            unit="MW IT",
            sense="<=",
            sentence="{lease} is used up in {period}: {used} of {allowed} MW are active",
            marginal="saving from one more MW to lease",
            formula="sum_s leased[l,s] <= max[l], s whose signings are active in p",
        ),
    ),
    outputs=(LEASING,),
    codes={
        "periods-reversed": "a last period before the first",
        "min-above-max": "a least signing above what may be active",
        "lease-never-active": "a lease whose term holds no whole period",
        **CODES,
        "beyond-tolerance": "a block or minimum a million times smaller or larger than what can be needed",
    },
    check=check,
    parameters=parameters,
    declare=declare,
    constrain=constrain,
    tables=tables,
    audit=audit,
    recompute=recompute,
)
