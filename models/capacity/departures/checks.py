"""Checks and notices on approved actions."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.names import canonical
from optalloc.data.reader import suggest
from optalloc.errors import Problem

from .._building import OPEN, SERVICE_COLUMNS
from .._calendar import TERM, calendar
from .derived import costs, held_actions, horizon, possible_decisions
from .sheets import APPROVED_ACTIONS, COMMIT, COST_COLUMNS, KEYS, SIGN


def check(data: Dataset) -> Iterator[Problem]:
    """Approved actions are of this workbook, and what is not compared is said."""
    rows, priced = data["ApprovedActions"], bool((costs(data) > 0).any())
    if bool(len(rows)) != priced and data.sound("ApprovedActions") and data.sound("DepartureCosts"):
        yield data.notice(
            "DepartureCosts",
            None,
            "cost_per_site",
            "departures cost something once there are both an approved plan and a price",
            "Nothing need be done; --approved names a plan, and DepartureCosts sets the prices.",
            "departures-free",
            found="prices without an approved plan"
            if priced
            else "an approved plan without prices",
        )
    if len(rows) == 0 or not data.sound("Periods") or calendar(data).empty:
        return
    first, after = horizon(data)
    known, past, beyond = (
        rows["action"].isin(COST_COLUMNS) | rows["action"].isna(),
        rows["date"] < first,
        rows["date"] >= after,
    )
    for group, must, action in (
        (
            rows[~known],
            "only commitments, starts and signings are compared",
            "Nothing need be done.",
        ),
        (
            rows[known & past],
            "what was to be done before the first period is not compared",
            "What was done of it must be in Sites and SignedContracts.",
        ),
        (
            rows[known & beyond],
            "what is to be done after the last period is not compared",
            "Nothing need be done, or plan further ahead.",
        ),
    ):
        yield from _not_compared(data, group, must, action)
    actions = {canonical(action): action for action in COST_COLUMNS}
    for row, action in rows.loc[~known, "action"].items():
        if canonical(action) in actions:
            yield data.problem(
                "ApprovedActions",
                row,
                "action",
                "an action must be spelled as a plan spells it, or it would not be compared",
                f"Write {actions[canonical(action)]!r}.",
                "approved-action",
            )
    for row, at in rows[known & ~past & ~beyond].dropna(subset=["action"]).to_dict("index").items():
        yield from _check_action(data, row, at)
    yield from _check_possible(data)


def _check_possible(data: Dataset) -> Iterator[Problem]:
    """Approved actions that could serve no whole period, which have no variable, are reported."""
    dated = data.sound("Settings", "base_date", "life_years")
    if not (dated and data.sound("DepartureCosts", "last_period")):
        return
    rows = data.known("ApprovedActions", *(column.name for column in APPROVED_ACTIONS.columns))
    known = {
        *data.known("Sites", *SERVICE_COLUMNS)["site"],
        *data.known("Contracts", "contract", *TERM)["contract"],
    }
    rows = rows[rows["subject"].isin(known)].rename_axis("row").reset_index()
    held = rows.merge(held_actions(data)[KEYS], on=KEYS)
    possible = possible_decisions(data).drop_duplicates()
    found = held.merge(possible, on=KEYS, how="left", indicator="found")
    gone = found[found["found"] == "left_only"].set_index("row")
    yield from _not_compared(
        data,
        gone,
        "an approved action that can serve no whole period within the horizon is departed from",
        "Nothing need be done, or change its leads, term, life or room.",
    )


def _not_compared(data: Dataset, rows: pd.DataFrame, must: str, action: str) -> Iterator[Problem]:
    """One notice for all rows of a kind, at the first of them."""
    rows = rows.dropna(subset=["action"])
    if rows.empty:
        return
    words = ", ".join(sorted(set(rows["action"])))
    count = f"{len(rows)} rows" if len(rows) > 1 else "1 row"
    yield data.notice(
        "ApprovedActions",
        rows.index[0],
        "action",
        must,
        action,
        "not-compared",
        found=f"{count} from here on: {words}",
    )


def _check_action(data: Dataset, row: Any, at: Mapping[Hashable, Any]) -> Iterator[Problem]:
    """An approved action within the horizon names a period, a subject and an amount that exist."""
    dates = calendar(data)["date"]
    if pd.notna(at["period"]) and at["period"] not in dates.index:
        begun = dates.index[dates == at["date"]]
        guess = begun[0] if len(begun) else suggest(at["period"], dates.index)
        yield data.problem(
            "ApprovedActions",
            row,
            "period",
            "period must be on sheet Periods, or its date before or after all of them",
            f"Did you mean {guess!r}?" if guess else "Correct the name, or give its date.",
            "approved-period",
            reads=("date",),
        )
    elif pd.notna(at["period"]) and pd.notna(at["date"]) and not _within(data, at):
        starts = dates[at["period"]].date()
        yield data.problem(
            "ApprovedActions",
            row,
            "date",
            f"the date must lie in {at['period']!r} of sheet Periods, which starts on {starts}",
            "Give the period the name that it had in the approved plan, or correct the date.",
            "approved-date",
            reads=("period",),
        )
    if pd.isna(at["mw"]) != (at["action"] == COMMIT):
        yield data.problem(
            "ApprovedActions",
            row,
            "mw",
            "mw must be filled in for a start or signing, and blank for a commitment",
            "Correct the action or the MW.",
            "approved-mw",
            reads=("action",),
        )
    yield from _check_subject(data, row, at)


def _within(data: Dataset, at: Mapping[Hashable, Any]) -> bool:
    """Return True if the date of an approved action lies in its period."""
    when = calendar(data).loc[at["period"]]
    after = when["date"] + pd.DateOffset(months=int(when["months"]))
    return bool(when["date"] <= at["date"] < after)


def _check_subject(data: Dataset, row: Any, at: Mapping[Hashable, Any]) -> Iterator[Problem]:
    signs = at["action"] == SIGN
    sheet, *columns = ("Contracts", "contract") if signs else ("Sites", "site", "status")
    column = columns[0]
    if pd.isna(at["subject"]):
        return
    known = data.columns(sheet, *columns)
    known = known.dropna(subset=[column]).drop_duplicates(column).set_index(column)
    if at["subject"] not in known.index:
        if data.might_hold(sheet, **{column: at["subject"]}):
            return
        guess = suggest(at["subject"], known.index)
        yield data.problem(
            "ApprovedActions",
            row,
            "subject",
            f"the subject must be on sheet {sheet}, column {column}",
            f"Did you mean {guess!r}?"
            if guess
            else f"Add it to {sheet}, though it may be out of use there, or correct the name.",
            "approved-subject",
            reads=("action",),
        )
    elif at["action"] == COMMIT and known.at[at["subject"], "status"] in OPEN:
        yield data.notice(
            "ApprovedActions",
            row,
            "subject",
            "a site that is open is committed already, so this is not compared",
            "Nothing need be done.",
            "not-compared",
        )
