"""When options can be bought, kept and exercised."""

from __future__ import annotations

import pandas as pd

from optalloc.data.dataset import Dataset, derived

from ._beginnings import permits
from ._calendar import calendar
from ._options import KEYS, LAND, options_on_offer


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
