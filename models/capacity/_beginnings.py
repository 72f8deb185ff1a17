"""Permits, and the days on which building begins: of possible starts, and of those of a plan.

A permit arrives a lead after the commitment of its site. Committed by exercising an option, a site
has another one, with the lead of the option.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset, derived
from optalloc.modelling.solution import Solution

from ._building import (
    BEGINNING_KEYS,
    KEYS,
    active_sites,
    ends_of_service,
    possible_starts,
    useful_commitments,
)
from ._calendar import TINY_MONTHS, calendar, date_of, dates_of, first_position_at, positions
from ._options import land_options

PERMIT_KEYS = ["site", "permit"]
# Between the names of a period and of an option; names have single spaces, so that it is in none.
BY = "  by  "


@derived
def permits(data: Dataset) -> pd.DataFrame:
    """Each permit of a candidate: one for each commitment, and one for each option it may be by.

    Columns: site, permit (the name of the period, with that of the option), option (or None),
    period and position of the commitment, before (the permit of the same kind in the period before,
    or None), lead_months, and arrives, in months from the base date.
    """
    commits = useful_commitments(data, *KEYS, "position", "begin", "site_lead_months")
    plain = commits.assign(permit=commits["period"], option=None)
    own = commits.merge(land_options(data), on="site")
    own = own[own["position"].between(own["use_first"], own["use_last"])]
    own = own.assign(
        permit=own["period"].astype(str) + BY + own["option"].astype(str),
        site_lead_months=own["lead_months"].fillna(own["site_lead_months"]),
    )
    both = pd.concat([plain, own[list(plain)]] if len(own) else [plain], ignore_index=True)
    both = both.rename(columns={"site_lead_months": "lead_months"})
    both["before"] = both.groupby(["site", "option"], dropna=False)["permit"].shift(1)
    both["arrives"] = both["begin"] + both["lead_months"]
    columns = [*PERMIT_KEYS, "option", "period", "position", "before", "lead_months", "arrives"]
    return both[columns]


@derived
def late_permits(data: Dataset) -> pd.DataFrame:
    """Permits that arrive within a period of a possible start, after its soonest day.

    A permit that arrives so late that what is begun then could serve no period is left out.

    Columns: site, period (of the start), permit, before (the permit of the same kind before it, or
    None), begin (months from the base date) and date on which it arrives, begins, its name,
    online_position, gone_position and lasts_years of what begins then.
    """
    cal, sites = calendar(data), active_sites(data)
    starts = possible_starts(data, *KEYS, "position", "soonest", "differs")
    given = permits(data, *PERMIT_KEYS, "before", "arrives").rename(columns={"arrives": "begin"})
    own = sites.loc[given["site"]].set_index(given.index)
    given = given.assign(lead=own["block_lead_months"], lasts_years=own["lasts_years"])
    # The period in which it arrives is the first that ends after it.
    given["position"] = np.searchsorted(cal["end"], given["begin"] + TINY_MONTHS, "right")
    late = given.merge(starts, on=["site", "position"])
    late["date"] = dates_of(data, late["begin"])
    late = late[late["date"] > dates_of(data, late["soonest"])].reset_index(drop=True)
    late["online_position"] = first_position_at(cal, late["begin"] + late["lead"])
    late = late.assign(
        **ends_of_service(late, cal), begins=late["date"].dt.strftime("%Y-%m-%d")
    ).drop(columns=["position", "soonest", "lead"])
    serves = late["online_position"] < late["gone_position"]
    return late[serves | late["differs"]].reset_index(drop=True)


@derived
def permits_on_time(data: Dataset) -> pd.DataFrame:
    """The latest permit of each kind that is there when a start can begin at the soonest.

    Columns: site, period (of the start), and permit; only of starts that then serve, or may in
    another scenario.
    """
    starts = possible_starts(data)
    serves = starts["online_position"] < starts["gone_position"]
    asked = starts.loc[~starts["is_open"] & (serves | starts["differs"]), [*KEYS, "soonest"]]
    asked = asked.assign(day=dates_of(data, asked["soonest"]))
    given = permits(data, *PERMIT_KEYS, "option", "arrives")
    given = given.assign(day=dates_of(data, given["arrives"]))
    kinds = given[["site", "option"]].drop_duplicates()
    found = []
    for option, own in given.groupby("option", dropna=False, sort=False):
        same = kinds["option"].isna() if pd.isna(option) else kinds["option"] == option
        found.append(
            pd.merge_asof(
                asked[asked["site"].isin(kinds.loc[same, "site"])].sort_values("day"),
                own[["day", *PERMIT_KEYS]].sort_values("day", kind="stable"),
                on="day",
                by="site",
            )
        )
    both = pd.concat(found, ignore_index=True) if found else asked.assign(permit=None)
    return both.dropna(subset=["permit"])[[*KEYS, "permit"]].reset_index(drop=True)


@derived
def possible_beginnings(data: Dataset) -> pd.DataFrame:
    """Each possible start with each day on which building can then begin.

    Building begins on the latest of the first day of its period, the site's earliest start, and the
    day on which the permit arrives. So a start has one beginning for all permits that are there at
    the soonest, and one for each day on which one comes later.

    Columns: those of `possible_starts`, with begin, the months from the base date to the day, date,
    the day, and begins, its name; is_late, whether it waits for a permit.
    """
    starts, late = possible_starts(data), late_permits(data)
    on_time = pd.MultiIndex.from_frame(permits_on_time(data, *KEYS))
    permitted = pd.MultiIndex.from_frame(starts[KEYS]).isin(on_time)
    serves = starts["online_position"] < starts["gone_position"]
    soon = starts[(starts["is_open"] & (serves | starts["differs"])) | permitted]
    soon = soon.assign(begin=soon["soonest"], is_late=False)
    soon = soon.assign(date=dates_of(data, soon["begin"]))
    soon["begins"] = soon["date"].dt.strftime("%Y-%m-%d")
    waits = late.drop(columns=["permit", "before"]).assign(is_late=True)
    waits = waits.drop_duplicates(BEGINNING_KEYS)
    own = [name for name in starts if name in KEYS or name not in waits]
    waits = waits.merge(starts[own], on=KEYS)
    both = pd.concat([part for part in (soon, waits) if len(part)] or [soon])
    return both.sort_values(["site", "position", "begin"], kind="stable", ignore_index=True)


def arrivals(data: Dataset, committed: pd.DataFrame, exercised: pd.DataFrame) -> dict[str, float]:
    """Months from the base date to the permit of each candidate that a plan commits, by site.

    Parameters
    ----------
    committed : pandas.DataFrame
        site and period of those in which it is committed.
    exercised : pandas.DataFrame
        In column option the options that are exercised.
    """
    cal, sites = calendar(data), active_sites(data)
    made = committed[~committed["site"].map(sites["is_open"]).astype(bool)]
    first = positions(made["period"], cal).astype(int).groupby(made["site"]).min()
    begin = pd.Series(cal["begin"].to_numpy()[first.to_numpy()], first.index, dtype=float)
    land = land_options(data)
    used = land[land["option"].isin(exercised["option"])].drop_duplicates("site")
    lead = used.set_index("site")["lead_months"].reindex(first.index)
    lead = lead.fillna(sites["site_lead_months"].reindex(first.index))
    return {str(site): float(moment) for site, moment in (begin + lead).items()}


def arrivals_of(data: Dataset, values: Solution) -> dict[str, float]:
    """As `arrivals`, of a solution."""
    committed, permitted = values.variable("committed", KEYS), values.ledger("permitted")
    by_option = permits(data, *PERMIT_KEYS, "option").dropna(subset=["option"]).merge(permitted)
    return arrivals(data, *(frame[frame["value"] > 0.5] for frame in (committed, by_option)))


def arrivals_in_plan(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, float]:
    """As `arrivals`, from the tables of a plan."""
    build, options = tables["Build"], tables["OptionsHeld"]
    committed = build.loc[build["committed"].astype(bool), KEYS]
    return arrivals(data, committed, options[options["exercised"] > 0])


def building_dates(
    data: Dataset, started: pd.DataFrame, permitted: Mapping[str, float]
) -> pd.DataFrame:
    """When building begins of what a plan starts, start by start in plain arithmetic.

    Parameters
    ----------
    started : pandas.DataFrame
        site and period of the starts.
    permitted : mapping of str to float
        Months from the base date to the permit by site, as `arrivals` gives them.

    Returns
    -------
    pandas.DataFrame
        site, period, begin (months from the base date), date, and begins, its name.
    """
    rows = [*_days(data, started, permitted)]
    frame = pd.DataFrame(rows, columns=[*KEYS, "begin", "date"])
    frame = frame.astype({"begin": float, "date": "datetime64[ns]"})
    return frame.assign(begins=frame["date"].dt.strftime("%Y-%m-%d"))


def _days(
    data: Dataset, started: pd.DataFrame, permitted: Mapping[str, float]
) -> Iterator[tuple[Any, ...]]:
    begins = calendar(data)["begin"].to_dict()
    earliest = active_sites(data, "earliest")["earliest"].to_dict()
    for site, period in started[KEYS].itertuples(index=False, name=None):
        begin = max(begins[period], earliest[site])
        day = date_of(data, begin)
        if site in permitted:
            arrives = date_of(data, permitted[site])
            begin, day = (permitted[site], arrives) if arrives > day else (begin, day)
        yield site, period, begin, day


def building_dates_in_plan(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """When building begins of each start in a plan, by its tables, as by `building_dates`."""
    build = tables["Build"]
    started = build.loc[build["started_mw"] > 0, KEYS]
    return building_dates(data, started, arrivals_in_plan(data, tables))
