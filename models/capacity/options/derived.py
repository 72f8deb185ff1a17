"""How much of each option is of use, and what is exercised by when."""

from __future__ import annotations

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset, derived

from .._building import active_sites, pue_of_sites, site_costs
from .._calendar import calendar, last_position_by
from .._capacity_bounds import (
    most_in_service,
    useful_contracts,
    useful_leases,
    useful_storage,
)
from .._option_periods import exercises
from .._options import BOUGHT, CONTRACT, EXERCISED, GRID, KEPT, LAND, LEASE, options_on_offer


@derived
def most_of_options(data: Dataset) -> pd.DataFrame:
    """The most of each option that is of use, and whether its fixed prices need a 0-1 decision.

    Columns, by option: most, 1 of an option on land and else MW; fixed_premium and fixed_price, 1
    where something is due whatever the MW, and else 0.
    """
    rows, periods, decided = options_on_offer(data), len(calendar(data)), _decided(data)
    most = pd.Series(1.0, rows.index)
    for kind, column, need in (
        (GRID, "zone", _grid_need(data)),
        (CONTRACT, "contract", useful_contracts(data)),
        (LEASE, "lease", useful_leases(data)),
    ):
        own = rows["kind"] == kind
        # What is signed again after its term, or drawn again after it was given back, is exercised
        # again.
        used = rows.loc[own, column].map(need).fillna(0.0) * periods
        asked = decided.reindex(used.index, fill_value=0.0)
        most[own] = np.fmin(rows.loc[own, "max_mw"], np.fmax(used, asked))
    by_mw = rows["kind"] != LAND
    return pd.DataFrame(
        {
            "most": most,
            "fixed_premium": (by_mw & (rows["premium"] > 0)).astype(float),
            "fixed_price": (by_mw & (rows["exercise_price"] > 0)).astype(float),
        }
    )


def _decided(data: Dataset) -> pd.Series:
    """MW of each option that decisions ask to have bought, kept or exercised, by option."""
    rows = data.columns("Decisions", "what", "option", "at_least").dropna()
    bought = rows[rows["what"] == BOUGHT].groupby("option")["at_least"].sum()
    held = rows[rows["what"].isin((KEPT, EXERCISED))].groupby("option")["at_least"].max()
    return pd.concat([bought, held]).astype(float).groupby(level=0).max()


def _grid_need(data: Dataset) -> pd.Series:
    """Grid MW of all that can be in service in each zone."""
    most = most_in_service(data) * pue_of_sites(data) + useful_storage(data)
    return most.groupby(active_sites(data)["grid_zone"]).sum()


def strikes(data: Dataset) -> pd.DataFrame:
    """Price due when an option is exercised, and the premium that is set off against it, by option.

    Columns: price, of land what the site costs where no other is stated; credit; credit_per_mw.
    """
    options = options_on_offer(data)
    site_cost = options["site"].map(site_costs(data)["site_cost"]).astype(float)
    price, share = (
        options["exercise_price"].fillna(site_cost).fillna(0.0),
        options["premium_credited"],
    )
    credit = (share * options["premium"]).clip(upper=price)
    per_mw = (share * options["premium_per_mw"]).clip(upper=options["exercise_price_per_mw"])
    return pd.DataFrame({"price": price, "credit": credit, "credit_per_mw": per_mw})


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
    """Options on the grid in the periods in which something exercised can be drawn.

    Columns: option, zone, period, before (the period before it in which it can, or None) and
    exercised_in, the latest exercise that is ready by then.
    """
    cal, rows = calendar(data), options_on_offer(data)
    grid = rows.loc[rows["kind"] == GRID, ["option", "zone", "lead_months"]]
    frame = grid.reset_index(drop=True).merge(cal.reset_index()[["period", "begin"]], how="cross")
    due = frame["begin"] - frame["lead_months"].fillna(0.0)
    frame = exercised_by(data, frame.assign(position=last_position_by(cal, due)))
    frame = frame.sort_values(["option", "begin"], ignore_index=True)
    frame["before"] = frame.groupby("option")["period"].shift(1)
    return frame[["option", "zone", "period", "before", "exercised_in"]]
