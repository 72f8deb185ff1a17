"""Approved actions, possible decisions and costs of departures, from the workbook alone."""

from __future__ import annotations

import pandas as pd

from optalloc.data.dataset import Dataset, derived

from .._building import active_sites, possible_starts, useful_commitments
from .._calendar import calendar, positions
from .._contracts import tranches
from .sheets import COMMIT, COST_COLUMNS, KEYS, SIGN, START


def costs(data: Dataset) -> pd.Series:
    """Cost of a departure by action, M per site or MW; zero without the sheet."""
    sheet = data["DepartureCosts"]
    named = pd.Series(COST_COLUMNS)
    return named.map(sheet.iloc[0]).astype(float) if len(sheet) else named.map(lambda _: 0.0)


def last_position(data: Dataset) -> int:
    """Position of the last period that is compared."""
    cal = calendar(data)
    last = positions(data["DepartureCosts"]["last_period"], cal).fillna(len(cal))
    return min(int(last.min()), len(cal) - 1) if len(last) else len(cal) - 1


def horizon(data: Dataset) -> tuple[pd.Timestamp, pd.Timestamp]:
    """First day of the first period, and the day after the last one."""
    cal = calendar(data)
    after = cal["date"].iloc[-1] + pd.DateOffset(months=int(cal["months"].iloc[-1]))
    return cal["date"].iloc[0], after


@derived
def held_actions(data: Dataset) -> pd.DataFrame:
    """Approved actions that are compared: KEYS and approved, 1 for a site or MW."""
    rows, (first, after) = data["ApprovedActions"], horizon(data)
    position = rows["period"].map(calendar(data)["position"])
    is_open = rows["subject"].map(active_sites(data, "is_open")["is_open"]).eq(True)
    held = rows["action"].isin(COST_COLUMNS) & (position <= last_position(data))
    held &= rows["date"].isna() | rows["date"].between(first, after, inclusive="left")
    held &= ~(is_open & (rows["action"] == COMMIT))
    approved = rows["mw"].astype(float).where(rows["action"] != COMMIT, 1.0)
    return rows[KEYS].assign(approved=approved)[held & (approved > 0)].reset_index(drop=True)


def possible_decisions(data: Dataset) -> pd.DataFrame:
    """Every commitment, start and signing that this model may decide on."""
    starts = possible_starts(data)
    commits = useful_commitments(data)
    offers = tranches(data, "contract", "signed")
    parts = (
        commits.assign(action=COMMIT, subject=commits["site"]),
        starts.assign(action=START, subject=starts["site"]),
        offers.assign(action=SIGN, subject=offers["contract"], period=offers["signed"]),
    )
    return pd.concat([part[KEYS] for part in parts], ignore_index=True)
