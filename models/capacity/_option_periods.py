"""When options can be bought, kept and exercised, and when what is exercised can be had."""

from __future__ import annotations

import pandas as pd

from optalloc.data.dataset import Dataset, derived

from ._beginnings import permits
from ._calendar import calendar, last_position_by
from ._options import EQUIPMENT, GRID, KEYS, LAND, SLOT_KEYS, options_on_offer


@derived
def option_periods(data: Dataset) -> pd.DataFrame:
    """Each option in each period in which it can be held: option, period, position, windows.

    Columns may_buy, may_exercise and may_keep say what can be decided in it.
    """
    columns = ["option", "kind", "subject", "buy_first", "buy_last", "use_first", "use_last"]
    rows = options_on_offer(data, *columns).reset_index(drop=True)
    frame = rows.merge(calendar(data).reset_index()[["period", "position", "begin"]], how="cross")
    at = frame["position"]
    frame = frame[at.between(frame["buy_first"], frame["use_last"])].reset_index(drop=True)
    at = frame["position"]
    # A site is committed by exercising, so that it must be of use to commit it then.
    by_option = permits(data, *KEYS).dropna()
    useful = pd.MultiIndex.from_frame(frame[KEYS]).isin(pd.MultiIndex.from_frame(by_option))
    return frame.assign(
        may_buy=at <= frame["buy_last"],
        may_keep=at < frame["use_last"],
        may_exercise=(at >= frame["use_first"]) & (useful | (frame["kind"] != LAND)),
        before=frame.groupby("option")["period"].shift(1),
    )


def exercises(data: Dataset) -> pd.DataFrame:
    """Each option in each period in which it can be exercised, with the one before it or None."""
    frame = option_periods(data)
    frame = frame[frame["may_exercise"]].reset_index(drop=True)
    return frame.assign(before=frame.groupby("option")["period"].shift(1))


def exercised_by(data: Dataset, until: pd.DataFrame) -> pd.DataFrame:
    """Rows of `until`, with option and position, with exercised_in: the latest exercise by then."""
    known = exercises(data)[["option", "position", "period"]]
    known = known.rename(columns={"period": "exercised_in"})
    found = pd.merge_asof(
        until.astype({"position": "int64"}).sort_values("position", kind="stable"),
        known.astype({"position": "int64"}).sort_values("position", kind="stable"),
        on="position",
        by="option",
    )
    return found.dropna(subset=["exercised_in"]).reset_index(drop=True)


def ready(data: Dataset) -> pd.DataFrame:
    """Options on the grid and on equipment in the periods in which something exercised can be had.

    Columns: option, kind, zone, equipment, supplier, period, before (the period before it in which
    it can, or None) and exercised_in, the latest exercise that is ready by then.
    """
    cal, rows = calendar(data), options_on_offer(data)
    about = ["option", "kind", "zone", "equipment", "supplier", "lead_months"]
    awaited = rows.loc[rows["kind"].isin((GRID, EQUIPMENT)), about].reset_index(drop=True)
    frame = awaited.merge(cal.reset_index()[["period", "begin"]], how="cross")
    due = frame["begin"] - frame["lead_months"].fillna(0.0)
    frame = exercised_by(data, frame.assign(position=last_position_by(cal, due)))
    frame = frame.sort_values(["option", "begin"], ignore_index=True)
    frame["before"] = frame.groupby("option")["period"].shift(1)
    return frame[[*about[:-1], "period", "before", "exercised_in"]]


def slots_ready(data: Dataset) -> pd.DataFrame:
    """Classes, suppliers and periods in which a reserved slot can deliver: SLOT_KEYS."""
    frame = ready(data)
    return frame.loc[frame["kind"] == EQUIPMENT, SLOT_KEYS].drop_duplicates(ignore_index=True)
