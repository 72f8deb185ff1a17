"""Checks on options across rows and sheets, and notices of those that are of no use."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.errors import Problem

from .._beginnings import permits
from .._building import active_sites
from .._calendar import TINY_MONTHS, calendar, reversed_windows
from .._option_periods import ready
from .._options import EQUIPMENT, GRID, LAND, LEASE, SUBJECTS, options_on_offer

CODES = {
    "option-serves-nothing": "an option with which nothing can be had in a whole period of the horizon (notice)",
    "option-subject": "an option that does not name the one site, zone, contract, lease or class of equipment it is about",
    "slot-without-offer": "a slot for a class that its supplier has no row of on Equipment",
    "option-column": "a column of an option that its kind does not have",
    "option-never-exercised": "an option that cannot be exercised in any period in which it can be held",
    "option-left-out": "an option on land that is no candidate, or on a lease of an excluded site (notice)",
    "option-lead-longer": "a lead of an option that is longer than the site's own (notice)",
}


def check(data: Dataset) -> Iterator[Problem]:
    """Options are about one thing that fits their kind, and can be exercised."""
    for row, at in data.rows("Options").to_dict("index").items():
        wanted = SUBJECTS.get(at["kind"])
        if wanted is None:
            continue
        named = [name for name in SUBJECTS.values() if name != wanted and not pd.isna(at[name])]
        if pd.isna(at[wanted]) or named:
            others = [name for name in SUBJECTS.values() if name != wanted]
            yield data.problem(
                "Options",
                row,
                wanted if pd.isna(at[wanted]) else named[0],
                f"an option of kind {at['kind']} must name a {wanted} and nothing else",
                f"Fill in {wanted}, and leave {', '.join(others)} blank.",
                "option-subject",
                reads=("kind", *SUBJECTS.values()),
            )
    yield from _check_windows(data)
    yield from _check_offers(data)


def _check_offers(data: Dataset) -> Iterator[Problem]:
    """Slots are with a supplier whose price of a unit is known."""
    offered = data.columns("Equipment", "equipment", "supplier").dropna()
    known = set(offered.itertuples(index=False, name=None))
    slots = data.rows("Options", "kind", "equipment", "supplier").dropna()
    for row, at in slots[slots["kind"] == EQUIPMENT].to_dict("index").items():
        pair = {"equipment": at["equipment"], "supplier": at["supplier"]}
        if tuple(pair.values()) in known or data.might_hold("Equipment", **pair):
            continue
        yield data.problem(
            "Options",
            row,
            "supplier",
            f"{at['supplier']} must have a row of {at['equipment']} on Equipment",
            "Add one: its unit_cost is paid for units of slots too; available_units may be 0.",
            "slot-without-offer",
            reads=("kind", "equipment", "supplier"),
        )


def _check_windows(data: Dataset) -> Iterator[Problem]:
    """Every option can be bought in or before a period in which it can be exercised."""
    if not (data.sound("Periods") and data.sound("Settings", "base_date")):
        return
    columns = ("first_period", "last_period", "exercise_from", "exercise_until")
    cal, known = calendar(data), data.known("Options", "option", "kind", *columns)
    ends = {"exercise_from": "first_period", "exercise_until": "last_period"}
    used = known[[*ends]].rename(columns=ends)
    known = known[~(reversed_windows(known, cal) | reversed_windows(used, cal))]
    rows = pd.Series(known.index, index=known["option"])
    names = cal.index
    for name, at in options_on_offer(data).iterrows():
        if name not in rows.index or at["buy_first"] <= at["use_last"] >= at["use_first"]:
            continue
        yield data.problem(
            "Options",
            int(rows[str(name)]),
            "exercise_until",
            f"it can be exercised in no period from {names[at['buy_first']]}, in which it can "
            f"first be bought, to {names[at['use_last']]}",
            "Let it be bought earlier, or be exercised later.",
            "option-never-exercised",
            reads=columns,
        )


def notices(data: Dataset) -> Iterator[Problem]:
    """Options on land that is open already, longer leads, and options that can serve no period."""
    yield from _of_no_use(data)
    status = data.column("Sites", "status", by="site")
    leads = data.column("Sites", "site_lead_months", by="site")
    of_lease = data.column("Leases", "site", by="lease")
    for row, at in data.rows("Options").to_dict("index").items():
        site = at["site"]
        if at["kind"] == LEASE and of_lease.map(status).get(at["lease"]) == "excluded":
            yield data.notice(
                "Options",
                row,
                "lease",
                "an option on a lease is on one of a site that is not excluded; this one is left out",
                "Nothing need be done, or make the site a candidate.",
                "option-left-out",
            )
        if at["kind"] != LAND or pd.isna(site) or site not in status.index:
            continue
        if status[site] != "candidate":
            yield data.notice(
                "Options",
                row,
                "site",
                "an option on land is on a candidate; this one is left out",
                "Nothing need be done, or make the site a candidate.",
                "option-left-out",
            )
        elif at["lead_months"] > leads[site]:
            yield data.notice(
                "Options",
                row,
                "lead_months",
                f"the lead should not be longer than the {leads[site]:g} months without the option",
                "Shorten it, or leave it blank for the site's own.",
                "option-lead-longer",
            )


def _of_no_use(data: Dataset) -> Iterator[Problem]:
    """Options whose exercise comes too late, by their window and lead, to have anything for it."""
    rows, offered = data.columns("Options", "option"), options_on_offer(data, "kind")["kind"]
    cal = calendar(data)
    if rows.empty or cal.empty:
        return
    given = permits(data, "site", "option", "arrives").dropna(subset=["option"])
    leads = active_sites(data)["block_lead_months"]
    lead = given["site"].map(leads).astype(float)
    last = cal["begin"].iloc[-1]
    in_time = set(given.loc[given["arrives"] + lead <= last + TINY_MONTHS, "option"])
    # Where the horizon ends before anything could stand at the site, it is not for the option.
    short = leads.index[cal["begin"].iloc[0] + leads > last + TINY_MONTHS]
    own = data.columns("Options", "option", "site")
    in_time |= set(own.loc[own["site"].isin(short), "option"])
    in_time |= set(ready(data)["option"])
    awaited = offered[offered.isin((LAND, GRID, EQUIPMENT))]
    late = rows["option"].isin(awaited.index.difference(pd.Index(list(in_time), dtype=object)))
    for row in rows.index[late]:
        yield data.notice(
            "Options",
            row,
            "lead_months",
            "an option is exercised so early that something of it serves a whole period; this one "
            "comes too late by its window and leads",
            "Nothing need be done, or let it be exercised earlier, or with a shorter lead.",
            "option-serves-nothing",
        )
