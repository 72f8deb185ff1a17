"""Options: rights that are bought for a premium, kept, and exercised or dropped.

In words
    An option is bought within a window, for a premium that is due at once and a fee for as long as it
    is kept, and exercised within another. What is not kept is dropped. Land is bought as a whole, grid,
    contracts and leases by the megawatt, slots for equipment by the unit. An option on land is
    exercised by committing the site, which then has the lead and the price of the option. Grid that
    is reserved can be drawn once the lead of the option is over, on top of what its zone can energise
    and carry; so are units of a slot there to be ordered once its lead is over, on top of what the
    supplier has, in the periods in which they are wanted. Contracts and leases have a lead and a
    price on their own sheet; an option is the right to sign them. From a period on a site, contract,
    lease or class of equipment of a supplier may not be had without an option.
Data
    Options; Equipment, whose unit_cost is paid for units of slots too. ``o``: an option; ``l``: a
    lease; ``k``: a class of equipment; ``f``: a supplier. ``most[o]``: 1 of land, else max_mw or
    max_units and no more than can be needed. ``n``: the earliest needed_from of the options on a
    site, contract, lease, or class of a supplier.
Time
    Options are bought, kept, exercised and dropped on the first day of a period, and may be exercised
    on the day on which they are bought. A fee is due for every period through which an option is
    kept, and none for the period in which it is exercised.
Decides
    ``bought[option, period]`` and ``kept[option, period]``, 1 or 0 of land and else MW or units;
    ``exercised[option, period]``, cumulative, the same; ``buys[option, period]``, 1 if some are
    bought, and ``exercises[option, period]``, cumulative, 1 once some are exercised, both only
    where a fixed price is due; ``connected_mw[option, period]``, cumulative, what is connected of
    the grid that was reserved; ``delivered_units[option, period]``, what a slot delivers in it.
Limits
    ``kept[o,p] + exercised[o,p] - exercised[o,p-1] <= kept[o,p-1] + bought[o,p]``;
    ``sum_p bought[o,p] <= most[o]``; ``exercised[o,p-1] <= exercised[o,p]``. Land:
    ``sum_o (exercised[o,p] - exercised[o,p-1]) <= committed[i,p] - committed[i,p-1]``, and from n on
    ``committed[i,p] - committed[i,n-1] <= sum_o exercised[o,p]``. Contracts and leases:
    ``sum_s procured[c,s] <= sum_o exercised[o,p]`` and ``sum_s leased[l,s] <= sum_o exercised[o,p]``
    over the signings from n to p. Grid: ``connected_mw[o,p-1] <= connected_mw[o,p]`` and
    ``connected_mw[o,p] <= exercised[o,q]``, q the latest with begin(q) + lead_months[o] <= begin(p).
    Equipment: ``sum_{s up to p} delivered[o,s] <= exercised[o,q]``, the same q, and
    ``sum_{s from n to p} ordered[k,f,s] <= sum_{s from n to p} reserved[k,f,s]``.
Reads and posts
    Reads ``reserved_units``; posts ``permitted``, ``reserved_mw``, ``reserved_units`` and ``cost``.
Source
    Planner's convention; options as ordinary decisions inside an integer program: Wang and
    de Neufville (2005), Real Options in the context of capital budgeting.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyomo.environ as pyo

from optalloc.data.dataset import Dataset
from optalloc.modelling.ledgers import Ledgers
from optalloc.modelling.sets import frame_of, index_set, indexed_set, parameter

from .._beginnings import PERMIT_KEYS, permits
from .._calendar import calendar
from .._money import charges_at
from .._option_periods import exercised_by, exercises, option_periods, ready
from .._options import CONTRACT, KEYS, LAND, LEASE, options_on_offer
from .._posting import post_cost
from .._running_costs import yearly_charges
from .deliveries import constrain_deliveries, constrain_orders, declare_deliveries
from .derived import most_of_options, needed_of_options, strikes

SITE_KEYS = ["site", "period"]


@dataclass(frozen=True)
class Parameters:
    """Options, their periods, what is exercised by when, and charges by item."""

    options: pd.DataFrame
    periods: pd.DataFrame
    exercises: pd.DataFrame
    ready: pd.DataFrame
    by_option: pd.DataFrame
    less: pd.DataFrame
    needed: pd.DataFrame
    needing: pd.DataFrame
    positions: pd.Series
    charges: Mapping[str, pd.DataFrame]


def parameters(data: Dataset) -> Parameters:
    """All numbers of the family from the dataset."""
    options = options_on_offer(data).join(needed_of_options(data))
    options["most"] = most_of_options(data)
    given = permits(data, *PERMIT_KEYS, "option", "period", "position")
    by_option = given.dropna(subset=["option"])
    # The site's own permit is that of a commitment without any of its options.
    land = options.loc[options["kind"] == LAND, ["option", "site"]].reset_index(drop=True)
    own = given.loc[given["option"].isna(), [*PERMIT_KEYS, "position"]].merge(land, on="site")
    needed, needing = _needed(data, options)
    periods = option_periods(data)
    return Parameters(
        options,
        periods,
        exercises(data),
        ready(data),
        by_option,
        exercised_by(data, own),
        needed,
        needing,
        calendar(data)["position"],
        _charges(data, options, periods, exercises(data)),
    )


def _needed(data: Dataset, options: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Subjects that need an option in a period, and the exercises by then that allow them.

    Columns of the first: kind, subject, period, since (position from which it is needed). Of the
    second: kind, subject, period, option and exercised_in.
    """
    cal = calendar(data).reset_index()[["period", "position"]]
    about = options[["kind", "subject", "option", "since"]].reset_index(drop=True)
    first = about.groupby(["kind", "subject"], as_index=False)["since"].min()
    due = first.merge(cal, how="cross")
    due = due[due["position"] >= due["since"]].reset_index(drop=True)
    pairs = due.merge(about[["kind", "subject", "option"]], on=["kind", "subject"])
    return due, exercised_by(data, pairs)


def _charges(
    data: Dataset, options: pd.DataFrame, periods: pd.DataFrame, used: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """Charges by item: of a purchase, of what is kept, and of what is exercised."""
    begin = calendar(data)["begin"]

    def at(rows: pd.DataFrame, column: str | pd.Series) -> pd.DataFrame:
        keys = rows[KEYS].assign(subject=rows["option"])
        prices = options[column] if isinstance(column, str) else column
        due = rows["period"].map(begin).astype(float)
        return charges_at(data, keys, rows["option"].map(prices).astype(float), due)

    is_land, strike = options["kind"] == LAND, strikes(data)
    bought, kept = periods[periods["may_buy"]], periods[periods["may_keep"]]
    fee = options["fee_per_year"].where(is_land, options["fee_by_size"])
    keys = kept[KEYS].assign(subject=kept["option"])
    return {
        "option_premium": at(bought, "premium"),
        "option_premium_by_size": at(bought, "premium_by_size"),
        "option_fee": yearly_charges(data, keys, kept["option"].map(fee).astype(float)),
        # The price of land is capital, as that of the site without an option is.
        "option_exercise": at(used, strike["price"].where(~is_land, 0.0)),
        "option_exercise_by_size": at(used, "exercise_price_by_size"),
        "option_credit": at(used, -strike["credit"]),
        "option_credit_by_size": at(used, -strike["credit_by_size"]),
    }


def declare(m: Any, p: Parameters, ledgers: Ledgers) -> None:
    """Purchases, what is kept and exercised, and postings."""
    m.OPTIONS = index_set(p.options[["option"]])
    m.option_most = parameter(m.OPTIONS, p.options["most"])
    m.PURCHASES = index_set(p.periods.loc[p.periods["may_buy"], KEYS])
    m.EXERCISES = index_set(p.exercises[KEYS])
    m.KEPT = index_set(p.periods.loc[p.periods["may_keep"], KEYS])
    whole = (p.options["kind"] == LAND).map({True: pyo.Binary, False: pyo.NonNegativeReals})
    m.bought = pyo.Var(
        m.PURCHASES, domain=lambda m, o, q: whole[o], bounds=lambda m, o, q: (0, m.option_most[o])
    )
    m.exercised = pyo.Var(
        m.EXERCISES, domain=lambda m, o, q: whole[o], bounds=lambda m, o, q: (0, m.option_most[o])
    )
    m.kept = pyo.Var(
        m.KEPT, domain=pyo.NonNegativeReals, bounds=lambda m, o, q: (0, m.option_most[o])
    )
    earlier = p.exercises.dropna(subset=["before"])
    m.EXERCISED_BEFORE = indexed_set(m.EXERCISES, earlier, KEYS, ["before"])
    _declare_fixed(m, p)
    declare_deliveries(m, p.ready, ledgers)
    m.BY_OPTION = indexed_set(m.PERMITS, p.by_option, PERMIT_KEYS, KEYS)
    m.NOT_BY_OPTION = indexed_set(m.PERMITS, p.less, PERMIT_KEYS, ["option", "exercised_in"])
    ledgers.post(
        "permitted",
        "by_option",
        lambda m, i, k: (
            sum(m.exercised[o, q] for o, q in m.BY_OPTION[i, k])
            - sum(m.exercised[o, q] for o, q in m.NOT_BY_OPTION[i, k])
        ),
    )

    def exercising(m: Any, o: Any, q: Any) -> Any:
        return m.exercised[o, q] - sum(m.exercised[o, r] for r in m.EXERCISED_BEFORE[o, q])

    activities = {
        "option_premium": lambda m, o, q: m.buying[o, q],
        "option_premium_by_size": lambda m, o, q: m.bought[o, q],
        "option_fee": lambda m, o, q: m.kept[o, q],
        "option_exercise": lambda m, o, q: m.first_exercising[o, q],
        "option_exercise_by_size": exercising,
        "option_credit": lambda m, o, q: m.first_exercising[o, q],
        "option_credit_by_size": exercising,
    }
    for item, charges in p.charges.items():
        post_cost(m, ledgers, item, charges, KEYS, activities[item])


def _declare_fixed(m: Any, p: Parameters) -> None:
    """Purchases and first exercises at all: of land the decision itself, else one of 0 and 1."""
    bought = _marked(p, frame_of(m.PURCHASES, KEYS), "fixed_premium")
    used = _marked(p, p.exercises[[*KEYS, "before"]], "fixed_price")
    m.FIXED_PURCHASES = index_set(bought.loc[bought["fixed"], KEYS])
    m.FIXED_EXERCISES = index_set(used.loc[used["fixed"], KEYS])
    m.buys = pyo.Var(m.FIXED_PURCHASES, domain=pyo.Binary)
    m.exercises = pyo.Var(m.FIXED_EXERCISES, domain=pyo.Binary)
    for name, index, frame, column in (
        ("BUYS_WHOLE", m.PURCHASES, bought, "is_land"),
        ("BUYS_FIXED", m.PURCHASES, bought, "fixed"),
        ("EXERCISES_WHOLE", m.EXERCISES, used, "is_land"),
        ("EXERCISES_FIXED", m.EXERCISES, used, "fixed"),
    ):
        own = frame[frame[column]]
        m.add_component(name, indexed_set(index, own.assign(same=own["period"]), KEYS, ["same"]))
    m.buying = pyo.Expression(
        m.PURCHASES,
        rule=lambda m, o, q: (
            sum(m.bought[o, r] for r in m.BUYS_WHOLE[o, q])
            + sum(m.buys[o, r] for r in m.BUYS_FIXED[o, q])
        ),
    )
    m.MARKED_BEFORE = indexed_set(
        m.EXERCISES, used[used["fixed"]].dropna(subset=["before"]), KEYS, ["before"]
    )
    m.first_exercising = pyo.Expression(
        m.EXERCISES,
        rule=lambda m, o, q: (
            sum(
                m.exercised[o, r] - sum(m.exercised[o, t] for t in m.EXERCISED_BEFORE[o, r])
                for r in m.EXERCISES_WHOLE[o, q]
            )
            + sum(m.exercises[o, r] for r in m.EXERCISES_FIXED[o, q])
            - sum(m.exercises[o, r] for r in m.MARKED_BEFORE[o, q])
        ),
    )


def _marked(p: Parameters, frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """Rows by option and period, with is_land, and fixed: whether a price is due whatever the MW."""
    return frame.assign(
        is_land=frame["option"].map(p.options["kind"]) == LAND,
        fixed=frame["option"].map(p.options[column]).astype(float) > 0,
    )


def constrain(m: Any, p: Parameters) -> None:
    """Options are held before they are exercised, and exercised before what they are about is had."""
    m.HELD_OPTIONS = index_set(p.periods[KEYS])
    before = p.periods.dropna(subset=["before"])[[*KEYS, "before"]]
    for name, index in (("BOUGHT_IN", m.PURCHASES), ("KEPT_IN", m.KEPT), ("USED_IN", m.EXERCISES)):
        own = frame_of(index, KEYS)
        own = own.assign(same=own["period"])
        m.add_component(name, indexed_set(m.HELD_OPTIONS, own, KEYS, ["same"]))
    m.KEPT_BEFORE = indexed_set(m.HELD_OPTIONS, before, KEYS, ["before"])
    m.option_held = pyo.Constraint(
        m.HELD_OPTIONS,
        rule=lambda m, o, q: (
            sum(m.kept[o, r] for r in m.KEPT_IN[o, q])
            + sum(
                m.exercised[o, r] - sum(m.exercised[o, t] for t in m.EXERCISED_BEFORE[o, r])
                for r in m.USED_IN[o, q]
            )
            <= sum(m.kept[o, r] for r in m.KEPT_BEFORE[o, q])
            + sum(m.bought[o, r] for r in m.BOUGHT_IN[o, q])
        ),
    )
    m.PURCHASES_OF = indexed_set(m.OPTIONS, frame_of(m.PURCHASES, KEYS), ["option"], ["period"])
    m.option_within_most = pyo.Constraint(
        m.OPTIONS,
        rule=lambda m, o: sum(m.bought[o, q] for q in m.PURCHASES_OF[o]) <= m.option_most[o],
    )
    later = p.exercises.dropna(subset=["before"])
    m.LATER_EXERCISES = index_set(later[[*KEYS, "before"]])
    m.exercise_kept = pyo.Constraint(
        m.LATER_EXERCISES, rule=lambda m, o, q, r: m.exercised[o, r] <= m.exercised[o, q]
    )
    m.premium_paid = pyo.Constraint(
        m.FIXED_PURCHASES, rule=lambda m, o, q: m.bought[o, q] <= m.option_most[o] * m.buys[o, q]
    )
    m.price_paid = pyo.Constraint(
        m.FIXED_EXERCISES,
        rule=lambda m, o, q: m.exercised[o, q] <= m.option_most[o] * m.exercises[o, q],
    )
    marked = frame_of(m.FIXED_EXERCISES, KEYS).merge(later[[*KEYS, "before"]], on=KEYS)
    m.LATER_MARKS = index_set(marked)
    m.exercise_mark_kept = pyo.Constraint(
        m.LATER_MARKS, rule=lambda m, o, q, r: m.exercises[o, r] <= m.exercises[o, q]
    )
    _constrain_land(m, p)
    _constrain_signings(m, p)
    constrain_deliveries(m, p.ready, p.positions)
    constrain_orders(m, p.options, p.positions)


def _constrain_land(m: Any, p: Parameters) -> None:
    """A site is committed as its option is exercised, and from a period on in no other way."""
    site = p.options["site"].dropna()
    land = frame_of(m.EXERCISES, KEYS)
    land = land.assign(site=land["option"].map(site)).dropna(subset=["site"])
    m.LAND_EXERCISES = index_set(land[SITE_KEYS].drop_duplicates())
    m.OPTIONS_AT = indexed_set(m.LAND_EXERCISES, land, SITE_KEYS, ["option"])
    m.exercised_by_committing = pyo.Constraint(
        m.LAND_EXERCISES,
        rule=lambda m, i, q: (
            sum(
                m.exercised[o, q] - sum(m.exercised[o, r] for r in m.EXERCISED_BEFORE[o, q])
                for o in m.OPTIONS_AT[i, q]
            )
            <= m.committed[i, q] - sum(m.committed[i, r] for r in m.COMMIT_BEFORE[i, q])
        ),
    )
    due = p.needed[p.needed["kind"] == LAND].rename(columns={"subject": "site"})
    commits = frame_of(m.COMMITS, SITE_KEYS)
    due = due.merge(commits, on=SITE_KEYS)
    names = pd.Series(p.positions.index, p.positions.to_numpy())
    m.NEED_OPTION = index_set(due[SITE_KEYS])
    free = due.assign(free=(due["since"] - 1).map(names)).dropna(subset=["free"])
    free = free.merge(commits.rename(columns={"period": "free"}), on=["site", "free"])
    m.COMMITTED_FREELY = indexed_set(m.NEED_OPTION, free, SITE_KEYS, ["free"])
    by = p.needing[p.needing["kind"] == LAND].rename(columns={"subject": "site"})
    by = by.merge(due[SITE_KEYS], on=SITE_KEYS)
    m.EXERCISED_FOR = indexed_set(m.NEED_OPTION, by, SITE_KEYS, ["option", "exercised_in"])
    m.committed_by_option = pyo.Constraint(
        m.NEED_OPTION,
        rule=lambda m, i, q: (
            m.committed[i, q] - sum(m.committed[i, r] for r in m.COMMITTED_FREELY[i, q])
            <= sum(m.exercised[o, r] for o, r in m.EXERCISED_FOR[i, q])
        ),
    )


def _constrain_signings(m: Any, p: Parameters) -> None:
    """No more is signed of a contract or lease from a period on than is exercised by then."""
    _index_signings(m, p, CONTRACT, m.OFFERS)
    _index_signings(m, p, LEASE, m.LEASE_OFFERS)
    m.signed_by_option = pyo.Constraint(
        m.CONTRACT_BY_OPTION,
        rule=lambda m, c, q: (
            sum(m.procured[k, s] for k, s in m.CONTRACT_SIGNED[c, q])
            <= sum(m.exercised[o, r] for o, r in m.CONTRACT_EXERCISED[c, q])
        ),
    )
    m.leased_by_option = pyo.Constraint(
        m.LEASE_BY_OPTION,
        rule=lambda m, c, q: (
            sum(m.leased[k, s] for k, s in m.LEASE_SIGNED[c, q])
            <= sum(m.exercised[o, r] for o, r in m.LEASE_EXERCISED[c, q])
        ),
    )


def _index_signings(m: Any, p: Parameters, kind: str, index: Any) -> None:
    """Sets of what is signed from when an option is needed, and of the exercises that allow it."""
    offers, keys = frame_of(index, ["subject", "signed"]), ["subject", "period"]
    due = p.needed[p.needed["kind"] == kind].merge(offers, on="subject")
    at = due["signed"].map(p.positions)
    due = due[(at >= due["since"]) & (at <= due["position"])]
    by = p.needing[p.needing["kind"] == kind].merge(due[keys].drop_duplicates(), on=keys)
    own = index_set(due[keys].drop_duplicates())
    name = kind.upper()
    m.add_component(f"{name}_BY_OPTION", own)
    m.add_component(f"{name}_SIGNED", indexed_set(own, due, keys, ["subject", "signed"]))
    m.add_component(f"{name}_EXERCISED", indexed_set(own, by, keys, ["option", "exercised_in"]))
