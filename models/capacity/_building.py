"""Where and when something can be committed, started and put in service: sparse from the start.

Shared by the families that decide on, place load on, pay for, or staff what is built.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset, derived
from optalloc.data.rounding import exceeds

from ._calendar import (
    TINY_MONTHS,
    calendar,
    date_of,
    dates_of,
    first_position_at,
    first_position_beyond,
    last_position_before,
    last_position_by,
    months_from_base,
    positions,
)
from ._money import to_workbook_currency

KEYS = ["site", "period"]
BEGINNING_KEYS = ["site", "period", "begins"]
OPEN = ("existing", "committed")
RENEWED, RETIRED = "renewed", "retired"


@derived
def site_periods(data: Dataset) -> pd.DataFrame:
    """Every active site in every period, with all columns of `active_sites` and `calendar`."""
    sites = active_sites(data).reset_index(drop=True)
    return sites.merge(calendar(data).reset_index(), how="cross")


# Columns of Sites that decide what can be built there, and when it serves.
SERVICE_COLUMNS = (
    *("site", "status", "existing_mw", "under_construction_mw", "under_construction_online"),
    *("max_mw", "block_mw", "min_mw", "max_blocks_per_period", "earliest_start"),
    *("site_lead_months", "block_lead_months", "life_years", "end_of_life"),
)
# What else a site is, besides its costs and its PUE.
PLACE_COLUMNS = ("market", "jurisdiction", "grid_zone", "labour_market", "spend_profile")
SITE_COSTS = ("site_cost", "build_cost_per_mw", "fixed_cost_per_year", "cost_per_mw_year")


@derived
def site_costs(data: Dataset) -> pd.DataFrame:
    """Costs of each site in the workbook's currency, indexed by site.

    They are apart from `active_sites`, so that what does not depend on them is recalled where only
    they change.
    """
    sites = data.columns("Sites", "site", "currency", *SITE_COSTS)
    sites = to_workbook_currency(data, sites, [*SITE_COSTS])
    return sites.set_index("site")[[*SITE_COSTS]]


@derived
def active_sites(data: Dataset) -> pd.DataFrame:
    """Sites that are not excluded, indexed by site, without their costs (`site_costs`).

    Adds is_open, lives (``lasts_years``: how long what is built here stands, without end where it
    is renewed), the MW standing at the end, and ``room_mw``: what may still be built, in whole
    blocks where the site has blocks.
    """
    settings = data.one("Settings")
    sites = data.columns("Sites", *SERVICE_COLUMNS, *PLACE_COLUMNS)
    sites = sites[sites["status"] != "excluded"].reset_index(drop=True)
    standing = sites["existing_mw"] + sites["under_construction_mw"]
    room = (sites["max_mw"] - standing).where(exceeds(sites["max_mw"], standing), 0.0)
    blocks = np.floor(room / sites["block_mw"] + 1e-9)
    life = sites["life_years"].fillna(settings.life_years)
    return sites.assign(
        is_open=sites["status"].isin(OPEN),
        life_years=life,
        lasts_years=life.where(sites["end_of_life"] == RETIRED, np.inf),
        earliest=months_from_base(data, sites["earliest_start"]).fillna(-np.inf),
        built_online=months_from_base(data, sites["under_construction_online"]).fillna(np.inf),
        room_blocks=blocks,
        room_mw=room.where(sites["block_mw"].isna(), blocks * sites["block_mw"]),
    ).set_index("site", drop=False)


def pue_of_sites(data: Dataset) -> pd.Series:
    """PUE of each active site, indexed by site; apart from `active_sites` as costs are."""
    pue = data.column("Sites", "pue", by="site")
    return pue.reindex(active_sites(data, "site").index)


@derived
def standing_mw(data: Dataset) -> pd.DataFrame:
    """Capacity that needs no decision: existing, and under construction from its online date."""
    frame = site_periods(data)
    ready = frame["built_online"] <= frame["begin"] + TINY_MONTHS
    mw = frame["existing_mw"] + frame["under_construction_mw"].where(ready, 0.0)
    return frame[KEYS].assign(standing_mw=mw)


# What decides which commitments and starts can still be of use.
TERMS = ["earliest", "site_lead_months", "block_lead_months", "lasts_years"]


@derived
def building_terms(data: Dataset) -> pd.DataFrame:
    """Leads and lives by site, and in ``differs`` whether another scenario has other ones.

    Where it does, nothing is left out as too late: it is in time in another scenario, and what is
    decided before the two are distinguished costs what it costs in both.
    """
    sites = active_sites(data, *TERMS, "room_mw")
    return sites[TERMS].assign(has_room=sites["room_mw"] > 0, differs=False)


def terms_compared(frames: Sequence[pd.DataFrame]) -> list[pd.DataFrame]:
    """Terms of several scenarios, each with whether any of them has others."""
    first = frames[0]
    differs = pd.Series(False, first.index)
    for other in frames[1:]:
        same = other.reindex(first.index)
        differs |= ((same != first) & ~(same.isna() & first.isna())).any(axis=1)
    if "has_room" in first:
        differs &= pd.concat([frame["has_room"] for frame in frames]).groupby(level=0).any()
    return [frame.assign(differs=differs.reindex(frame.index).eq(True)) for frame in frames]


@derived
def possible_starts(data: Dataset) -> pd.DataFrame:
    """Starts that can serve a period within the horizon: one row per site and period.

    Where the terms of a site differ between scenarios, also those that can be begun and serve none.

    Columns: site, period, begin (of the period); soonest, months from the base date to when
    building can begin, the permit apart: the later of begin and the site's earliest start;
    previous, the start period before, or None; commit_position, the latest commitment that allows
    it and can itself be in service within the horizon, -1 for an open site; online_position of what
    begins at the soonest; gone_position, the first period that does not lie wholly within its life;
    and lasts_years, until then, without end where it is renewed.
    """
    cal = calendar(data)
    frame = site_periods(data)
    frame["differs"] = frame["site"].map(building_terms(data, "differs")["differs"])
    frame["soonest"] = frame[["begin", "earliest"]].max(axis=1)
    ready = frame["soonest"] + frame["block_lead_months"]
    frame["online_position"] = first_position_at(cal, ready)
    frame = frame.assign(**_ends_of_service(frame, cal))
    both = frame["site_lead_months"] + frame["block_lead_months"]
    in_time = last_position_by(cal, cal["begin"].iloc[-1] - both)
    allows = last_position_before(cal, frame["end"] - frame["site_lead_months"])
    allows = np.where(frame["differs"], allows, np.minimum(allows, in_time))
    frame["commit_position"] = np.where(frame["is_open"], -1, allows)
    # What waits for its permit may serve where what begins at the soonest could not.
    waits = ~frame["is_open"] & (frame["site_lead_months"] > 0)
    serves = (
        (frame["room_mw"] > 0)
        & (frame["online_position"] < len(cal))
        & ((frame["online_position"] < frame["gone_position"]) | waits)
    )
    possible = (
        (serves | frame["differs"])
        & (frame["earliest"] < frame["end"] - TINY_MONTHS)
        & (frame["is_open"] | (frame["commit_position"] >= 0))
    )
    frame = frame[possible].reset_index(drop=True)
    frame["previous"] = frame.groupby("site")["period"].shift(1)
    return frame


def _ends_of_service(starts: pd.DataFrame, cal: pd.DataFrame) -> dict[str, np.ndarray]:
    """gone_position of starts, and their lasts_years cut to the periods that they serve."""
    begins = np.append(cal["begin"].to_numpy(), np.inf)
    online, lasts = begins[starts["online_position"].to_numpy()], starts["lasts_years"].to_numpy()
    gone = first_position_beyond(cal, online + 12.0 * lasts)
    served = begins[gone] - np.where(np.isfinite(online), online, 0.0)
    return {"gone_position": gone, "lasts_years": np.minimum(lasts, served / 12.0)}


def lives_of_starts(data: Dataset) -> pd.DataFrame:
    """Where what is built is retired, the life of a start in each period.

    Columns: site, from and to, in months from the base date.
    """
    cal, frame = calendar(data), site_periods(data)
    frame = frame[(frame["room_mw"] > 0) & np.isfinite(frame["lasts_years"])]
    frame = frame[frame["end"] > frame["earliest"] + TINY_MONTHS]
    soonest = frame[["begin", "earliest"]].max(axis=1)
    online = first_position_at(cal, soonest + frame["block_lead_months"])
    since = np.append(cal["begin"].to_numpy(), np.nan)[online]
    spans = pd.DataFrame(
        {"site": frame["site"], "from": since, "to": since + 12.0 * frame["lasts_years"]}
    )
    return spans.dropna().drop_duplicates().reset_index(drop=True)


@derived
def late_permits(data: Dataset) -> pd.DataFrame:
    """Commitments whose permit arrives within a period of a possible start, after its soonest day.

    A permit that arrives so late that what is begun then could serve no period is left out.

    Columns: site, period (of the start), commit, commit_position, before (the commitment before it,
    or None), begin (months from the base date) and date on which it arrives, online_position,
    gone_position and lasts_years of what begins then.
    """
    late = _after_soonest(data)
    serves = late["online_position"] < late["gone_position"]
    return late[serves | late["differs"]].reset_index(drop=True)


@derived
def _after_soonest(data: Dataset) -> pd.DataFrame:
    """All of `late_permits`, also those of no use."""
    cal, starts, sites = calendar(data), possible_starts(data), active_sites(data)
    given = useful_commitments(data, "site", "period", "position", "previous", "begin")
    names = {"period": "commit", "position": "commit_position", "previous": "before"}
    given = given.rename(columns=names)
    own = sites.loc[given["site"]].set_index(given.index)
    given = given.assign(lead=own["block_lead_months"], lasts_years=own["lasts_years"])
    given["begin"] += own["site_lead_months"]
    # The period in which it arrives is the first that ends after it.
    given["position"] = np.searchsorted(cal["end"], given["begin"] + TINY_MONTHS, "right")
    needed = ["site", "period", "position", "soonest", "commit_position", "differs"]
    both = given.merge(
        starts[needed].rename(columns={"commit_position": "latest"}), on=["site", "position"]
    )
    both = both[both["commit_position"] <= both["latest"]]
    both["date"] = dates_of(data, both["begin"])
    both = both[both["date"] > dates_of(data, both["soonest"])].reset_index(drop=True)
    both["online_position"] = first_position_at(cal, both["begin"] + both["lead"])
    both = both.assign(**_ends_of_service(both, cal))
    return both.drop(columns=["position", "soonest", "latest", "lead"])


@derived
def possible_beginnings(data: Dataset) -> pd.DataFrame:
    """Each possible start with each day on which building can then begin.

    Building begins on the latest of the first day of its period, the site's earliest start, and the
    day on which the permit arrives, a site lead after the commitment. So a start has one beginning
    for all commitments whose permit is there at the soonest, and one for each that comes later.

    Columns: those of `possible_starts`, with begin, the months from the base date to the day, date,
    the day, and begins, its name; commit, the commitment whose permit it waits for, or None; and
    on_time, the latest commitment whose permit is there at the soonest, where one is needed.
    """
    cal, starts, late = calendar(data), possible_starts(data), late_permits(data)
    waiting = _after_soonest(data).groupby(KEYS).size().rename("waiting")
    waiting = starts[KEYS].join(waiting, on=KEYS)["waiting"].fillna(0).astype(int)
    at = starts["commit_position"] - waiting
    on_time = pd.Series(cal.index.to_numpy()[at.to_numpy()], starts.index, dtype=object).where(
        at >= 0, None
    )
    serves = starts["online_position"] < starts["gone_position"]
    possible = (starts["is_open"] | (at >= 0)) & (serves | starts["differs"])
    soon = starts.assign(begin=starts["soonest"], commit=None, on_time=on_time)[possible]
    soon = soon.assign(date=dates_of(data, soon["begin"]))
    waits = late.drop(columns=["before", "commit_position"]).assign(on_time=None)
    own = [name for name in starts if name in KEYS or name not in waits]
    waits = waits.merge(starts[own], on=KEYS)
    both = pd.concat([part for part in (soon, waits) if len(part)] or [soon])
    both = both.sort_values(["site", "position", "begin"], kind="stable", ignore_index=True)
    return both.assign(begins=both["date"].dt.strftime("%Y-%m-%d"))


def commitments_made(data: Dataset, committed: pd.DataFrame) -> dict[str, str]:
    """Period of the commitment of each candidate that is committed.

    Parameters
    ----------
    committed : pandas.DataFrame
        site and period of those in which it is committed.
    """
    cal, sites = calendar(data), active_sites(data)
    made = committed[~committed["site"].map(sites["is_open"]).astype(bool)]
    first = positions(made["period"], cal).astype(int).groupby(made["site"]).min()
    return dict(zip(first.index, cal.index.to_numpy()[first.to_numpy()], strict=True))


def building_dates(
    data: Dataset, started: pd.DataFrame, commitments: Mapping[str, str]
) -> pd.DataFrame:
    """When building begins of what a plan starts, start by start in plain arithmetic.

    Parameters
    ----------
    started : pandas.DataFrame
        site and period of the starts.
    commitments : mapping of str to str
        Period of commitment by site, as `commitments_made` gives it.

    Returns
    -------
    pandas.DataFrame
        site, period, begin (months from the base date), date, and begins, its name.
    """
    rows = [*_days(data, started, commitments)]
    frame = pd.DataFrame(rows, columns=[*KEYS, "begin", "date"])
    frame = frame.astype({"begin": float, "date": "datetime64[ns]"})
    return frame.assign(begins=frame["date"].dt.strftime("%Y-%m-%d"))


def _days(
    data: Dataset, started: pd.DataFrame, commitments: Mapping[str, str]
) -> Iterator[tuple[Any, ...]]:
    begins = calendar(data)["begin"].to_dict()
    sites = active_sites(data, "earliest", "site_lead_months").to_dict("index")
    for site, period in started[KEYS].itertuples(index=False, name=None):
        begin = max(begins[period], sites[site]["earliest"])
        day = date_of(data, begin)
        if site in commitments:
            permit = begins[commitments[site]] + sites[site]["site_lead_months"]
            arrives = date_of(data, permit)
            begin, day = (permit, arrives) if arrives > day else (begin, day)
        yield site, period, begin, day


def building_dates_in_plan(data: Dataset, build: pd.DataFrame) -> pd.DataFrame:
    """When building begins of each start in the Build table, as `building_dates` gives them."""
    committed = build.loc[build["committed"].astype(bool), KEYS]
    started = build.loc[build["started_mw"] > 0, KEYS]
    return building_dates(data, started, commitments_made(data, committed))


@derived
def possible_service(data: Dataset) -> pd.DataFrame:
    """Where new capacity can be in service: site, period, the start and commitment it needs.

    ``start`` is the latest start that can be delivered by then, whose `undelivered` permits apart;
    ``expired`` is the latest start within whose life, counted from the soonest, the period does not
    wholly lie, where what is built is retired, and blank where there is none.
    """
    cal, starts = calendar(data), possible_starts(data)
    frame = site_periods(data)
    frame["delivered_by"] = last_position_by(cal, frame["begin"] - frame["block_lead_months"])
    both = frame["begin"] - frame["block_lead_months"] - frame["site_lead_months"]
    frame["ripe_position"] = np.where(frame["is_open"], -1, last_position_by(cal, both))
    frame = frame.merge(_latest_starts(frame, starts), on=KEYS)
    ok = frame["earliest"] + frame["block_lead_months"] <= frame["begin"] + TINY_MONTHS
    ok &= frame["is_open"] | (frame["ripe_position"] >= 0)
    frame = frame[ok].reset_index(drop=True)
    frame["previous"] = frame.groupby("site")["period"].shift(1)
    # A commitment early enough for the start is often early enough for service too.
    needed = starts[["site", "period", "commit_position"]].rename(columns={"period": "start"})
    frame = frame.merge(needed, on=["site", "start"], how="left")
    frame["ripe_needed"] = ~frame["is_open"] & (frame["ripe_position"] < frame["commit_position"])
    ending = starts[np.isfinite(starts["lasts_years"])].rename(columns={"period": "expired"})
    over = ending[["site", "expired", "gone_position"]].merge(frame[[*KEYS, "position"]], on="site")
    over = over[over["gone_position"] <= over["position"]].drop_duplicates(KEYS, keep="last")
    return frame.merge(over[[*KEYS, "expired"]], on=KEYS, how="left")


def _latest_starts(frame: pd.DataFrame, starts: pd.DataFrame) -> pd.DataFrame:
    """The latest possible start up to `delivered_by` of each row that has one: KEYS and start."""
    known = starts[["site", "position", "period"]].rename(columns={"period": "start"})
    asked = frame[[*KEYS, "delivered_by"]].sort_values("delivered_by", kind="stable")
    found = pd.merge_asof(
        asked.astype({"delivered_by": "int64"}),
        known.astype({"position": "int64"}).sort_values("position", kind="stable"),
        left_on="delivered_by",
        right_on="position",
        by="site",
    )
    return found.dropna(subset=["start"])[[*KEYS, "start"]]


def undelivered(data: Dataset) -> pd.DataFrame:
    """Late permits of the start that can be delivered by a period, delivered after it begins.

    Columns: site, period (of service) and commit.
    """
    service = possible_service(data, *KEYS, "start", "ripe_position")
    late = late_permits(data, *KEYS, "commit", "commit_position")
    both = service.merge(late.rename(columns={"period": "start"}), on=["site", "start"])
    return both.loc[both["commit_position"] > both["ripe_position"], [*KEYS, "commit"]]


def unexpired(data: Dataset) -> pd.DataFrame:
    """Late permits of a start that can have expired by a period, within whose life that still lies.

    Columns: site, period and commit.
    """
    expired = possible_service(data, *KEYS, "position", "expired").dropna()
    late = late_permits(data, *KEYS, "commit", "gone_position")
    both = expired.merge(late.rename(columns={"period": "expired"}), on=["site", "expired"])
    return both.loc[both["gone_position"] > both["position"], [*KEYS, "commit"]]


@derived
def useful_commitments(data: Dataset) -> pd.DataFrame:
    """Commitments that are of use: each candidate's periods up to the latest that a start needs."""
    starts = possible_starts(data)
    latest = starts[~starts["is_open"]].groupby("site")["commit_position"].max()
    frame = site_periods(data)
    frame = frame.join(latest.rename("latest"), on="site")
    # One that is too late here may be in time in another scenario.
    differs = frame["site"].map(building_terms(data, "differs")["differs"])
    frame = frame[~frame["is_open"] & ((frame["position"] <= frame["latest"]) | differs)]
    frame = frame.reset_index(drop=True)
    frame["previous"] = frame.groupby("site")["period"].shift(1)
    return frame


def open_by(data: Dataset, commits: pd.DataFrame) -> pd.DataFrame:
    """Each candidate and period, with the commitment that says whether the site is open then.

    Past the last useful commitment, that one stands.
    """
    names = calendar(data).index.to_numpy()
    latest = commits.groupby("site")["position"].max().rename("latest")
    frame = site_periods(data).join(latest, on="site").dropna(subset=["latest"])
    at = frame[["position", "latest"]].min(axis=1).astype(int)
    return frame[KEYS].assign(commit=names[at]).reset_index(drop=True)
