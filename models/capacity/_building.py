"""Where and when something can be committed, started and put in service: sparse from the start.

Shared by the families that decide on, place load on, pay for, or staff what is built.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from optalloc.dataset import Dataset, remembered
from optalloc.tolerance import exceeds

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

KEYS = ["site", "period"]
OPEN = ("existing", "committed")
RENEWED, RETIRED = "renewed", "retired"


@remembered
def site_periods(data: Dataset) -> pd.DataFrame:
    """Every active site in every period, with all columns of both."""
    sites = active_sites(data).reset_index(drop=True)
    return sites.merge(calendar(data).reset_index(), how="cross")


@remembered
def active_sites(data: Dataset) -> pd.DataFrame:
    """Sites that are not excluded, indexed by site, costs in the workbook's currency.

    Adds is_open, lives (``lasts_years``: how long what is built here stands, without end where it
    is renewed), the MW standing at the end, and ``room_mw``: what may still be built, in whole
    blocks where the site has blocks.
    """
    settings = data.one("Settings")
    sites = data["Sites"]
    sites = sites[sites["status"] != "excluded"].reset_index(drop=True)
    sites = to_workbook_currency(
        data, sites, ["site_cost", "build_cost_per_mw", "fixed_cost_per_year", "cost_per_mw_year"]
    )
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


@remembered
def standing_mw(data: Dataset) -> pd.DataFrame:
    """Capacity that needs no decision: existing, and under construction from its online date."""
    frame = site_periods(data)
    ready = frame["built_online"] <= frame["begin"] + TINY_MONTHS
    mw = frame["existing_mw"] + frame["under_construction_mw"].where(ready, 0.0)
    return frame[KEYS].assign(standing_mw=mw)


@remembered
def possible_starts(data: Dataset) -> pd.DataFrame:
    """Starts that can serve a period within the horizon: one row per site and period.

    Columns: site, period, begin, previous (the site's start period before, or None),
    commit_position (latest commitment that allows it and can itself be in service within the
    horizon, -1 for an open site), online_position, gone_position (the first period that does not
    lie wholly within its life) and lasts_years (until then; without end where it is renewed).
    """
    cal = calendar(data)
    frame = site_periods(data)
    frame["online_position"] = first_position_at(cal, frame["begin"] + frame["block_lead_months"])
    frame = frame.assign(**_ends_of_service(frame, cal))
    both = frame["site_lead_months"] + frame["block_lead_months"]
    frame["commit_position"] = np.where(
        frame["is_open"],
        -1,
        np.minimum(
            last_position_before(cal, frame["end"] - frame["site_lead_months"]),
            last_position_by(cal, cal["begin"].iloc[-1] - both),
        ),
    )
    possible = (
        (frame["room_mw"] > 0)
        & (frame["online_position"] < frame["gone_position"])
        & (frame["begin"] >= frame["earliest"] - TINY_MONTHS)
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
    frame = frame[frame["begin"] >= frame["earliest"] - TINY_MONTHS]
    online = first_position_at(cal, frame["begin"] + frame["block_lead_months"])
    since = np.append(cal["begin"].to_numpy(), np.nan)[online]
    spans = pd.DataFrame(
        {"site": frame["site"], "from": since, "to": since + 12.0 * frame["lasts_years"]}
    )
    return spans.dropna().drop_duplicates().reset_index(drop=True)


@remembered
def possible_service(data: Dataset) -> pd.DataFrame:
    """Where new capacity can be in service: site, period, the start and commitment it needs.

    ``expired`` is the latest start within whose life the period does not wholly lie, where what is
    built is retired; blank where there is none.
    """
    cal, starts = calendar(data), possible_starts(data)
    frame = site_periods(data)
    frame["delivered_by"] = last_position_by(cal, frame["begin"] - frame["block_lead_months"])
    both = frame["begin"] - frame["block_lead_months"] - frame["site_lead_months"]
    frame["ripe_position"] = np.where(frame["is_open"], -1, last_position_by(cal, both))
    frame = frame.merge(_latest_starts(frame, starts), on=KEYS)
    frame = frame[frame["is_open"] | (frame["ripe_position"] >= 0)].reset_index(drop=True)
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


@remembered
def useful_commitments(data: Dataset) -> pd.DataFrame:
    """Commitments that are of use: each candidate's periods up to the latest that a start needs."""
    starts = possible_starts(data)
    latest = starts[~starts["is_open"]].groupby("site")["commit_position"].max()
    frame = site_periods(data)
    frame = frame.join(latest.rename("latest"), on="site")
    frame = frame[~frame["is_open"] & (frame["position"] <= frame["latest"])]
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
