"""Rows of Decisions that fix the early decisions of a plan, and what no row can fix."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping

import pandas as pd

from optalloc.data.dataset import Dataset

from .._abandonments import abandoned_in_plan, possible_abandonments
from .._building import active_sites
from .._calendar import calendar
from .._options import BOUGHT, EXERCISED, KEPT
from .sheets import ABANDONED, COMMITTED, DECISIONS, ENDED, LEASED, SIGNED, STARTED, SUBJECTS

# What a plan does, as its Actions say, by what is held of it.
ACTIONS = {
    "commit site": COMMITTED,
    "start building": STARTED,
    "abandon site": ABANDONED,
    "sign lease": LEASED,
    "sign contract": SIGNED,
    "end contract": ENDED,
    "buy option": BOUGHT,
    "exercise option": EXERCISED,
}
# Names that one sentence gives.
MOST_NAMES = 5


def hold(
    data: Dataset, tables: Mapping[str, pd.DataFrame], until: pd.Timestamp
) -> dict[str, pd.DataFrame]:
    """Rows that hold what a plan commits, starts, abandons, leases, signs and ends before a date.

    So they hold options. What it does not do before the date is not done either. Equipment and workers follow from what
    is built, and are decided again.
    """
    cal = calendar(data).reset_index()
    early = cal.loc[cal["date"] < until, "period"].tolist()
    sites = active_sites(data)
    build = tables["Build"]
    started = build.assign(position=build["period"].map(cal.set_index("period")["position"]))
    started = started.sort_values("position")
    started["value"] = started.groupby("site")["started_mw"].cumsum()
    committed = build.assign(value=build["committed"].astype(float))
    leased, signed = tables["Leasing"], tables["Procurement"]
    tranches = tables["Terminations"].groupby(["contract", "period"])["ended_mw"]
    ended = tranches.sum().reset_index()
    options, held = data.column("Options", "option"), tables["OptionsHeld"]
    at = held["period"].map(cal.set_index("period")["position"])
    used = [
        (option, period, held.loc[(held["option"] == option) & (at <= position), "exercised"].sum())
        for option in options
        for position, period in enumerate(early)
    ]
    given_up = [
        (site, period, 1.0)
        for site, position in abandoned_in_plan(data, tables).items()
        for period in early[position:]
    ]
    sites_given_up = possible_abandonments(data)["site"].unique()
    decided = (
        (COMMITTED, sites.index[~sites["is_open"]], committed),
        (STARTED, sites.index, started),
        (ABANDONED, sites_given_up, pd.DataFrame(given_up, columns=["site", "period", "value"])),
        (LEASED, data.column("Leases", "lease"), leased.assign(value=leased["signed_mw"])),
        (SIGNED, data.column("Contracts", "contract"), signed.assign(value=signed["signed_mw"])),
        (ENDED, data.column("Contracts", "contract"), ended.assign(value=ended["ended_mw"])),
        (BOUGHT, options, held.assign(value=held["bought"])),
        (KEPT, options, held.assign(value=held["kept"])),
        (EXERCISED, options, pd.DataFrame(used, columns=["option", "period", "value"])),
    )
    rows = []
    for what, subjects, table in decided:
        name = SUBJECTS[what]
        keys = zip(table[name], table["period"], strict=True)
        values = dict(zip(keys, table["value"].astype(float), strict=True))
        for subject, period in itertools.product(subjects, early):
            value = values.get((subject, period), 0.0)
            label = f"held: {what} of {subject} in {period}"
            row = {"decision": label, "what": what, name: subject, "period": period}
            rows.append(row | {"at_least": value, "at_most": value})
    return {"Decisions": pd.DataFrame(rows, columns=[column.name for column in DECISIONS.columns])}


def not_held(
    data: Dataset, tables: Mapping[str, pd.DataFrame], until: pd.Timestamp
) -> Iterator[str]:
    """Early decisions of a plan that `hold` would lose, as plan and workbook differ in names.

    A site that only the workbook has is not built in the plan; a period that only one of them has
    cannot be distinguished from one under another name.
    """
    own, theirs = calendar(data)["date"], tables["Balance"].set_index("period")["start"]
    early, held = theirs.index[theirs < until], own.index[own < until]
    some = len(early) < len(theirs) or len(held) < len(own)
    when = f" before {until:%Y-%m-%d}" if some else ""
    for which, lacking in (("workbook", early.difference(held)), ("plan", held.difference(early))):
        if len(lacking):
            yield f"the {which} has no period {_listed(lacking)}{when}"
    actions = tables["Actions"]
    actions = actions[actions["period"].isin(early)]
    what = actions["action"].map(ACTIONS)
    named = {
        "site": active_sites(data).index,
        "lease": data.column("Leases", "lease"),
        "contract": data.column("Contracts", "contract"),
        "option": data.column("Options", "option"),
    }
    for kind, names in named.items():
        subjects = actions.loc[what.map(SUBJECTS) == kind, "subject"].drop_duplicates()
        if len(lost := subjects[~subjects.isin(names)]):
            left_out = ", or excludes it" if kind == "site" else ""
            yield f"the workbook has no {kind} {_listed(lost)}{left_out}"
    given_up = actions.loc[what == ABANDONED, "subject"]
    given_up = given_up[given_up.isin(named["site"])]
    if len(lost := given_up[~given_up.isin(possible_abandonments(data)["site"])]):
        yield f"the workbook lets nobody abandon {_listed(lost)}"


def _listed(names: Iterable[str]) -> str:
    """Names in quotes; of many the first few."""
    every = [repr(str(name)) for name in names]
    more = f" and {len(every) - MOST_NAMES} more" if len(every) > MOST_NAMES else ""
    return ", ".join(every[:MOST_NAMES]) + more
