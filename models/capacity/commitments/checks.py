"""Checks that decisions say what they are about and can be met."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.rounding import exceeds
from optalloc.errors import Problem

from .._abandonments import possible_abandonments
from .._building import SERVICE_COLUMNS, possible_starts, useful_commitments
from .._calendar import TERM, calendar, reversed_windows
from .._contracts import signings
from .._leases import leases_active
from .._option_periods import exercises, option_periods
from .._options import BOUGHT, EXERCISED, KEPT
from .derived import decisions
from .sheets import ABANDONED, COMMITTED, LEASED, SIGNED, STARTED, SUBJECTS

# What counts from an earlier period on, and what only in its own.
_EARLIER, _EXACT = {COMMITTED, STARTED, EXERCISED, ABANDONED}, {LEASED, SIGNED, BOUGHT, KEPT}


def check(data: Dataset) -> Iterator[Problem]:
    """Each row names the one thing it is about, and bounds that can be met."""
    for row, at in data.rows("Decisions").to_dict("index").items():
        # None where the cell could not be read; of its subject nothing is reported then.
        wanted = SUBJECTS.get(at["what"], "site")
        others = [name for name in dict.fromkeys(SUBJECTS.values()) if name != wanted]
        named = [name for name in others if not pd.isna(at[name])]
        if pd.isna(at[wanted]) or named:
            yield data.problem(
                "Decisions",
                row,
                wanted if pd.isna(at[wanted]) else named[0],
                f"{at['what']} must name a {wanted} and no {' or '.join(others)}",
                f"Fill in {wanted}, and leave {' and '.join(others)} blank.",
                "decision-subject",
                reads=("what", *others, wanted),
            )
        crossed = exceeds(at["at_least"], at["at_most"])
        whole = at["what"] in (COMMITTED, ABANDONED)
        if whole and exceeds(at["at_least"], 1) and not crossed:
            yield data.problem(
                "Decisions",
                row,
                "at_least",
                f"a site is {at['what']} (1) or not (0)",
                "Say 1, or name started_mw for megawatts.",
                "committed-above-one",
                reads=("what",),
            )

    yield from _check_possible(data)


def _check_possible(data: Dataset) -> Iterator[Problem]:
    """Each decision has a variable: it can serve a whole period within the horizon."""
    dated = data.sound("Settings", "base_date", "life_years") and data.sound("Periods")
    if data["Decisions"].empty or not dated:
        return
    rows = decisions(data)
    rows = rows[(rows["at_least"] > 0) & (rows["decided_before"] == 0)]
    rows = rows[rows["what"].isin(_EARLIER | _EXACT)].rename_axis("row").reset_index()
    if rows.empty:
        return
    rows["subject"] = [at[SUBJECTS[at["what"]]] for at in rows.to_dict("records")]
    found = rows.merge(_possible(data), on=["what", "subject"], suffixes=("", "_possible"))
    due = found["position"] - found["position_possible"]
    found = found[(due == 0) | ((due > 0) & found["what"].isin(_EARLIER))]
    lacking = rows[~rows["row"].isin(found["row"]) & rows["subject"].isin(_fully_known(data))]
    for at in lacking.to_dict("records"):
        yield data.problem(
            "Decisions",
            at["row"],
            "at_least",
            f"{at['what']} of {at['subject']!r} by {at['period']} must be able to serve a whole "
            "period within the horizon",
            "Ask for none, name another period, or change leads, term, life or room there.",
            "decision-never-active",
            reads=("what", "period", SUBJECTS[at["what"]]),
        )


def _fully_known(data: Dataset) -> set[object]:
    """Sites, leases and contracts of which all is known that decides when they serve.

    Whose signing ends before it starts has a message of its own.
    """
    sites = data.known("Sites", *SERVICE_COLUMNS)["site"]
    offered = data.known("Leases", "lease", "site", *TERM)
    leases, contracts = (
        offers[~reversed_windows(offers, calendar(data))]
        for offers in (
            offered[offered["site"].isin(sites)],
            data.known("Contracts", "contract", *TERM),
        )
    )
    options = data.known("Options")["option"]
    return {*sites, *leases["lease"], *contracts["contract"], *options}


def _possible(data: Dataset) -> pd.DataFrame:
    """Commitments, starts, leases and signings that have a variable: what, subject, position."""
    held = option_periods(data)
    parts = (
        (COMMITTED, useful_commitments(data), "site", "period"),
        (STARTED, possible_starts(data), "site", "period"),
        (ABANDONED, possible_abandonments(data), "site", "period"),
        (LEASED, leases_active(data), "lease", "signed"),
        (SIGNED, signings(data), "contract", "signed"),
        (BOUGHT, held[held["may_buy"]], "option", "period"),
        (KEPT, held[held["may_keep"]], "option", "period"),
        (EXERCISED, exercises(data), "option", "period"),
    )
    position = calendar(data)["position"]
    frames = [
        pd.DataFrame(
            {"what": what, "subject": part[name], "position": part[when].map(position)},
        ).astype({"what": object, "subject": object, "position": float})
        for what, part, name, when in parts
    ]
    return pd.concat(frames, ignore_index=True).drop_duplicates()
