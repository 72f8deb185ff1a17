"""Where and when something can be committed and started: sparse from the start.

Shared by the families that decide on, place load on, pay for, or staff what is built. The days on
which building begins are in `_beginnings`, the periods that it serves in `_service`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset, derived
from optalloc.data.rounding import exceeds

from ._calendar import (
    TINY_MONTHS,
    calendar,
    first_position_at,
    first_position_beyond,
    last_position_before,
    last_position_by,
    months_from_base,
)
from ._money import to_workbook_currency
from ._options import shortest_leads

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


def single_jurisdiction(rows: pd.DataFrame, by: str) -> pd.Series:
    """Jurisdiction by name of what has all sites in one; a site without one counts as another."""
    groups = rows.dropna(subset=[by]).groupby(by)["jurisdiction"]
    in_one = (groups.nunique() == 1) & (groups.count() == groups.size())
    return groups.first()[in_one]


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
    by_option = shortest_leads(data).reindex(sites.index)
    return sites[TERMS].assign(
        option_lead_months=by_option, has_room=sites["room_mw"] > 0, differs=False
    )


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
    it by the shortest lead there is and can itself be in service within the horizon, -1 for an open
    site; online_position of what
    begins at the soonest; gone_position, the first period that does not lie wholly within its life;
    and lasts_years, until then, without end where it is renewed.
    """
    cal = calendar(data)
    frame = site_periods(data)
    frame["differs"] = frame["site"].map(building_terms(data, "differs")["differs"])
    frame["soonest"] = frame[["begin", "earliest"]].max(axis=1)
    ready = frame["soonest"] + frame["block_lead_months"]
    frame["online_position"] = first_position_at(cal, ready)
    frame = frame.assign(**ends_of_service(frame, cal))
    by_option = frame["site"].map(shortest_leads(data)).astype(float)
    lead = np.fmin(frame["site_lead_months"], by_option)
    in_time = last_position_by(cal, cal["begin"].iloc[-1] - lead - frame["block_lead_months"])
    allows = last_position_before(cal, frame["end"] - lead)
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


def ends_of_service(starts: pd.DataFrame, cal: pd.DataFrame) -> dict[str, np.ndarray]:
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
