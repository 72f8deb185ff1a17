"""Taxes: income tax saved, depreciation, credits, property tax and import duty, by jurisdiction.

In words
    With rows on Taxes or Duties the plan of least cost is the one of least cost after tax. Each
    cash cost is deducted when it is paid, at the rate that then holds in its jurisdiction. Capital
    is not deducted but depreciated from the day on which it serves, and so is each renewal. What
    its life ends before is written off then. Credits and grants are paid as a share of capital and
    lower what is depreciated. Property tax is due evenly on the book value, and deducted. Import
    duty is capital. Deposits, which come back, penalties and expected loss are not deducted, nor is
    what stands before the plan. Income to set off against is assumed. What is abandoned is not
    depreciated: what was paid of it is written off on the day.
Data
    Taxes, Duties; home_jurisdiction of Settings; jurisdiction of Sites. ``j``: a jurisdiction;
    ``tau[j,t]``: corporate_rate at a moment; ``v(t) = (1+r)^(-t)``, t in years from the base date.
    A cost belongs to the jurisdiction of its site; of a contract, an option or a labour market to
    that of its sites, where all have the same; any other to the home jurisdiction.
Time
    Rates hold from the first day of their row. How capital is depreciated, and what is credited, is
    decided by the taxes on the day from which it serves.
Decides
    ``assigned_units[equipment, supplier, jurisdiction, period]``, where what is ordered is installed.
Limits
    For a class of equipment ``k`` and a supplier ``f``:
    ``sum_j assigned[k,f,j,p] = ordered[k,f,p]``;
    ``sum_f assigned[k,f,j,p] = sum_is units_per_mw[k] starting[i,s]`` over the starts in j whose
    equipment is needed in p.
Reads and posts
    Reads ``equipment_units`` and ``beginning_mw``; posts ``cost`` and ``capital_spending``. What it
    posts follows from what all families post to ``cost``.
Source
    Deduction of cash costs, depreciation and after-tax present value: Brealey, Myers and Allen,
    Principles of Corporate Finance, ch. 6. A purchase with cost ``C``, duty ``d``, credit ``k``, in
    service at ``o`` with a life of ``L`` years, is depreciated over ``n`` years from a basis
    ``B = C (1+d) (1-k)``: its book value at an age ``a`` is ``B (1-a/n)``, or ``B (1-f/n)^a`` of a
    declining balance with factor ``f``, without a switch to the straight line, until
    ``min(n, L)``, when the rest is written off. Within a year a balance declines at a constant
    force, so that the division into periods changes nothing. All tax effects of a purchase, valued
    on the day from which it serves, are ``S``; those beyond the horizon, valued at its end, ``S'``.
    At the end ``S' - s S`` is credited, ``s`` the share by which capital is credited at its age: so
    each year of its life bears the same share of capital after tax, and what is built late looks
    neither good nor bad. Without residual value nothing after the horizon counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyomo.environ as pyo

from optalloc.data.dataset import Dataset
from optalloc.modelling.ledgers import Ledgers, Posting
from optalloc.modelling.sets import frame_of, index_set, indexed_set, parameter

from .._abandonments import DROP_KEYS, LEFT_KEYS, drops, left
from .._calendar import calendar
from .._capital import CAPITAL_ITEMS
from .._money import CASH
from .._posting import post_spending
from .abandoned import given_up
from .derived import NEED_KEYS, ORDER_KEYS, PLACE_KEYS, Belongs, belongs, duties, places, schedule
from .parts import World, deductions, on_capital

# Cash that comes back and is no cost.
NOT_DEDUCTED = "deposit"
# Relative to the largest part of a cost.
ROUNDING = 1e-12
# Ends of names of items that are no purchase.
NO_PURCHASE = "_cancelled"


@dataclass(frozen=True)
class Parameters:
    """Taxes and duties, where costs belong, where equipment goes, and what may be abandoned."""

    world: World
    duties: pd.DataFrame
    belongs: Belongs
    places: pd.DataFrame
    drops: pd.DataFrame
    left: pd.DataFrame


def parameters(data: Dataset) -> Parameters:
    """All numbers of the family from the dataset."""
    settings = data.one("Settings")
    return Parameters(
        world_of(data, settings),
        duties(data),
        belongs(data),
        places(data),
        drops(data)[[*DROP_KEYS, "begin"]],
        left(data)[[*LEFT_KEYS, "begin"]],
    )


def world_of(data: Dataset, settings: Any) -> World:
    """The schedule of taxes with the calendar and the money of Settings."""
    periods = calendar(data).reset_index()[["period", "begin", "end"]]
    return World(schedule(data), periods, settings.discount_rate, settings.residual_value)


def declare(m: Any, p: Parameters, ledgers: Ledgers) -> None:
    """Nothing of its own: all follows from what other families declare."""


def follow(m: Any, p: Parameters, ledgers: Ledgers) -> None:
    """Postings of what each cost saves in tax, and of duty, credits and property tax."""
    if p.world.schedule.empty:
        return
    costs = [posting for posting in ledgers.postings if posting.ledger == "cost"]
    if len(p.places):
        _assign(m, p)
    for posting in costs:
        notes = _noted(posting)
        cash = notes["kind"].iloc[0] == CASH
        if not cash or posting.item.startswith(NOT_DEDUCTED) or NO_PURCHASE in posting.item:
            continue
        of_capital = posting.item.startswith(CAPITAL_ITEMS)
        if of_capital and "equipment" in posting.over:
            _tax_equipment(m, p, ledgers, posting, notes)
            continue
        taxed = _placed(p, notes)
        if taxed.empty:
            continue
        if of_capital:
            parts = on_capital(p.world, taxed)
            _tax_abandoned(m, p, ledgers, posting, taxed)
        else:
            parts = deductions(p.world, taxed)
        name, price = f"taxes_of_{posting.item}", notes["present_value"]
        _post(m, ledgers, name, parts, notes, list(posting.over), posting.component, price)


def _noted(posting: Posting) -> pd.DataFrame:
    """Notes of a posting with all columns that parts read, and the position of each key."""
    assert posting.notes is not None
    notes = posting.notes.reset_index(drop=True)
    blank = pd.Series(None, notes.index, dtype=object)
    return notes.assign(
        at=notes.index,
        item=posting.item,
        site=notes.get("site", blank),
        subject=notes["subject" if "subject" in notes else "site"],
        growth=notes.get("growth", 0.0),
        duty=0.0,
    )


def _placed(p: Parameters, notes: pd.DataFrame) -> pd.DataFrame:
    """Notes with the jurisdiction of each, those of none left out."""
    return notes.assign(jurisdiction=p.belongs.of(notes)).dropna(subset=["jurisdiction"])


def _post(
    m: Any,
    ledgers: Ledgers,
    name: str,
    parts: pd.DataFrame,
    frame: pd.DataFrame,
    keys: list[str],
    activity: str,
    price: pd.Series | None = None,
) -> None:
    """Post parts by key, times a component with these keys: what is due, and what is saved.

    The two are apart, as the amounts of a plan are read from what is posted: it must not cancel out.

    Parameters
    ----------
    parts : pandas.DataFrame
        Columns PART.
    frame : pandas.DataFrame
        `keys`, by the position that ``at`` of the parts names.
    activity : str
        Name of the component.
    price : pandas.Series, optional
        Present value of a unit, where the component is that of a cost and not of units.
    """
    # What is left of a difference by rounding is neither due nor saved.
    size = parts["present_value"].abs()
    parts = parts[size > ROUNDING * size.groupby(parts["at"]).transform("max")]
    for suffix, own in (
        ("due", parts[parts["present_value"] > 0]),
        ("saved", parts[parts["present_value"] < 0]),
    ):
        if own.empty:
            continue
        total = own.groupby("at")["present_value"].sum()
        rows = frame.loc[total.index, keys]
        index = index_set(rows)
        m.add_component(f"{name}_{suffix}_keys", index)
        factor = rows.assign(factor=total if price is None else total / price.loc[total.index])
        per_unit = parameter(index, factor.set_index(keys)["factor"])
        m.add_component(f"{name}_{suffix}_per_unit", per_unit)
        position = pd.Series(np.arange(len(total)), total.index)
        ledgers.post(
            "cost",
            f"{name}_{suffix}",
            lambda m, *key, per_unit=per_unit: per_unit[key] * m.component(activity)[key],
            index=index,
            over=tuple(keys),
            notes=own.assign(at=own["at"].map(position)),
        )


def _tax_abandoned(
    m: Any, p: Parameters, ledgers: Ledgers, posting: Posting, bought: pd.DataFrame
) -> None:
    """Postings of what is not depreciated because it is abandoned, and written off."""
    if "begins" in posting.over:
        cases, keys, variable = p.drops, DROP_KEYS, "dropped_mw"
        own = {"start": "period"}
    elif "permit" in posting.over:
        cases, keys, variable, own = p.left, LEFT_KEYS, "left", {}
    else:
        return
    if cases.empty:
        return
    theirs = [key for key in posting.over if key != "component"]
    of_case = cases.assign(
        case=np.arange(len(cases)), day=cases["begin"], given_up_in=cases["period"]
    )
    if own:
        of_case = of_case.drop(columns="period").rename(columns=own)
    pairs = bought.merge(of_case[[*theirs, "case", "day", "given_up_in"]], on=theirs)
    parts = given_up(p.world, bought, pairs)
    _post(m, ledgers, f"taxes_of_{posting.item}_cancelled", parts, cases, keys, variable)


def _assign(m: Any, p: Parameters) -> None:
    """Where equipment that is ordered is installed."""
    orders = frame_of(m.ORDERS, ORDER_KEYS)
    placed = orders.merge(p.places[NEED_KEYS].drop_duplicates(), on=["equipment", "period"])
    m.ASSIGNED = index_set(placed[PLACE_KEYS])
    m.assigned_units = pyo.Var(m.ASSIGNED, domain=pyo.NonNegativeReals)


def _tax_equipment(
    m: Any, p: Parameters, ledgers: Ledgers, posting: Posting, notes: pd.DataFrame
) -> None:
    """Postings of duty and taxes on equipment, by where it is installed."""
    places = p.places[NEED_KEYS].drop_duplicates()
    bought = notes.merge(places, on=["equipment", "period"])
    bought = bought.drop(columns="duty").merge(
        p.duties, on=["equipment", "jurisdiction"], how="left"
    )
    bought = bought.assign(
        at=bought.index,
        subject=bought["subject"] + " for " + bought["jurisdiction"],
        duty=bought["duty"].fillna(0.0),
    )
    parts = on_capital(p.world, bought)
    _post(m, ledgers, f"taxes_of_{posting.item}", parts, bought, PLACE_KEYS, "assigned_units")
    paid = bought[bought["duty"] > 0]
    post_spending(
        m,
        ledgers,
        f"duty_of_{posting.item}",
        {"duty": paid.assign(cash=paid["duty"] * paid["cash"])},
        p.world.periods,
        PLACE_KEYS,
        lambda m, *key: m.assigned_units[key],
    )


def constrain(m: Any, p: Parameters) -> None:
    """Equipment is installed where it is needed."""
    if p.places.empty:
        return
    m.PLACES_OF_ORDER = indexed_set(
        m.ORDERS, frame_of(m.ASSIGNED, PLACE_KEYS), ORDER_KEYS, ["jurisdiction"]
    )
    m.equipment_assigned = pyo.Constraint(
        m.ORDERS,
        rule=lambda m, k, f, q: (
            sum(m.assigned_units[k, f, j, q] for j in m.PLACES_OF_ORDER[k, f, q])
            == m.equipment_units[k, f, q]
        ),
    )
    m.NEEDED_AT = index_set(p.places[NEED_KEYS].drop_duplicates())
    m.SUPPLIED_BY = indexed_set(
        m.NEEDED_AT, frame_of(m.ASSIGNED, PLACE_KEYS), NEED_KEYS, ["supplier"]
    )
    m.STARTED_AT = indexed_set(m.NEEDED_AT, p.places, NEED_KEYS, ["site", "start", "begins"])
    m.assigned_to_need = pyo.Constraint(
        m.NEEDED_AT,
        rule=lambda m, k, j, q: (
            sum(m.assigned_units[k, f, j, q] for f in m.SUPPLIED_BY[k, j, q])
            == m.units_per_mw[k] * sum(m.beginning_mw[i, s, d] for i, s, d in m.STARTED_AT[k, j, q])
        ),
    )
