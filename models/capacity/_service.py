"""Where and when what is built can be in service."""

from __future__ import annotations

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset, derived

from ._beginnings import late_permits, permits
from ._building import KEYS, possible_starts, site_periods
from ._calendar import TINY_MONTHS, calendar, last_position_by


@derived
def possible_service(data: Dataset) -> pd.DataFrame:
    """Where new capacity can be in service: site, period, the start and commitment it needs.

    ``start`` is the latest start that can be delivered by then, whose `undelivered` permits apart;
    ``ripe_position`` the latest commitment of use from which a permit and a block lead lie before
    it;
    ``expired`` is the latest start within whose life, counted from the soonest, the period does not
    wholly lie, where what is built is retired, and blank where there is none.
    """
    cal, starts = calendar(data), possible_starts(data)
    frame = site_periods(data)
    frame["delivered_by"] = last_position_by(cal, frame["begin"] - frame["block_lead_months"])
    both = frame["begin"] - frame["block_lead_months"] - frame["site_lead_months"]
    ripe = pd.Series(last_position_by(cal, both), frame.index)
    by_option = ripe_permits(data, *KEYS, "option", "position").dropna(subset=["option"])
    latest = by_option.groupby(KEYS)["position"].max().rename("latest")
    latest = frame[KEYS].join(latest, on=KEYS)["latest"]
    latest = ripe.where(~(latest > ripe), latest).astype(int)
    # What is committed later is of use to no start, where its life ends too soon for a period.
    useful = starts.groupby("site")["commit_position"].max()
    latest = latest.clip(upper=frame["site"].map(useful).fillna(np.inf)).astype(int)
    frame["ripe_position"] = latest.where(~frame["is_open"], -1)
    frame = frame.merge(_latest_starts(frame, starts), on=KEYS)
    ok = frame["earliest"] + frame["block_lead_months"] <= frame["begin"] + TINY_MONTHS
    ok &= frame["is_open"] | (frame["ripe_position"] >= 0)
    frame = frame[ok].reset_index(drop=True)
    frame["previous"] = frame.groupby("site")["period"].shift(1)
    # A commitment early enough for the start is often early enough for service too.
    needed = starts[["site", "period", "commit_position"]].rename(columns={"period": "start"})
    frame = frame.merge(needed, on=["site", "start"], how="left")
    earlier = frame["ripe_position"] < frame["commit_position"]
    earlier |= frame["site"].isin(permits(data).dropna(subset=["option"])["site"])
    frame["ripe_needed"] = ~frame["is_open"] & earlier
    ending = starts[np.isfinite(starts["lasts_years"])].rename(columns={"period": "expired"})
    over = ending[["site", "expired", "gone_position"]].merge(frame[[*KEYS, "position"]], on="site")
    over = over[over["gone_position"] <= over["position"]].drop_duplicates(KEYS, keep="last")
    return frame.merge(over[[*KEYS, "expired"]], on=KEYS, how="left")


@derived
def ripe_permits(data: Dataset) -> pd.DataFrame:
    """The latest permit of each kind that lies a block lead or more before a period.

    Columns: site, period, permit, option (or None), and position of the commitment.
    """
    frame = site_periods(data)
    frame["by"] = frame["begin"] - frame["block_lead_months"] + TINY_MONTHS
    given = permits(data, "site", "permit", "option", "position", "arrives")
    both = frame[[*KEYS, "by"]].merge(given, on="site")
    both = both[both["arrives"] <= both["by"]].sort_values("position", kind="stable")
    both = both.drop_duplicates([*KEYS, "option"], keep="last")
    return both[[*KEYS, "permit", "option", "position"]].reset_index(drop=True)


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

    Columns: site, period (of service) and permit.
    """
    service = possible_service(data, *KEYS, "start", "begin", "block_lead_months")
    late = late_permits(data, *KEYS, "permit", "begin")
    late = late.rename(columns={"period": "start", "begin": "arrives"})
    both = service.merge(late, on=["site", "start"])
    ready = both["arrives"] + both["block_lead_months"]
    return both.loc[ready > both["begin"] + TINY_MONTHS, [*KEYS, "permit"]]


def unexpired(data: Dataset) -> pd.DataFrame:
    """Late permits of a start that can have expired by a period, within whose life that still lies.

    Columns: site, period and permit.
    """
    expired = possible_service(data, *KEYS, "position", "expired").dropna()
    late = late_permits(data, *KEYS, "permit", "gone_position")
    both = expired.merge(late.rename(columns={"period": "expired"}), on=["site", "expired"])
    return both.loc[both["gone_position"] > both["position"], [*KEYS, "permit"]]
