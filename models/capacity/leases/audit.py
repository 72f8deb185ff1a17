"""Limits of leases restated, and active MW and rent recomputed, from the Leasing table."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset

from .._calendar import TINY_MONTHS, calendar, positions
from .._leases import leases_on_offer
from .._running_costs import running_rows
from .sheets import KEYS, SITE_KEYS
from .tables import actions


def audit(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Signings restated from the Leasing table."""
    leasing = tables["Leasing"].merge(data["Leases"].drop(columns="site"), on="lease")
    signed = leasing[leasing["signed_mw"] != 0]
    cal = calendar(data)
    first = positions(signed["first_period"], cal).fillna(0)
    last = positions(signed["last_period"], cal).fillna(len(cal))
    within = positions(signed["period"], cal).between(first, last)
    return {
        "lease_on_offer": signed[KEYS].assign(
            used=signed["signed_mw"], allowed=signed["max_mw"].where(within, 0.0)
        ),
        "lease_minimum": signed[KEYS].assign(used=signed["min_mw"], allowed=signed["signed_mw"]),
        "lease_within_max": leasing[KEYS].assign(
            used=leasing["active_mw"], allowed=leasing["max_mw"]
        ),
    }


def recompute(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Active MW, actions and rent, walked signing by signing from the Leasing table."""
    cal, leases, leasing = calendar(data), leases_on_offer(data).to_dict("index"), tables["Leasing"]
    rows, rents = [], []
    for name, own in leasing.groupby("lease", sort=False):
        at = leases[name]
        since = own["period"].map(cal["begin"]).to_numpy(float) + at["lead_months"]
        until = since + (np.inf if pd.isna(at["term_months"]) else at["term_months"])
        for period in own["period"]:
            begin, end = cal.loc[period, ["begin", "end"]]
            whole = (since <= begin + TINY_MONTHS) & (end <= until + TINY_MONTHS)
            active = own.loc[whole, "signed_mw"].sum()
            rows.append((name, at["site"], period, active))
            for mw, first, last in zip(own["signed_mw"], since, until, strict=True):
                first, last = max(first, begin), min(last, end)
                if mw and last > first + TINY_MONTHS:
                    amount = at["rent_per_mw_year"] * mw * (last - first) / 12
                    paid = (amount, at["rent_escalation"], first, last)
                    rents.append((name, at["site"], period, *paid))
    columns = ["subject", *SITE_KEYS, "amount", "growth", "first_month", "last_month"]
    due = pd.DataFrame(rents, columns=columns).assign(item="rent")
    return {
        "Leasing": pd.DataFrame(rows, columns=["lease", *SITE_KEYS, "active_mw"]),
        "Actions": actions(data, leasing),
        "Cost": running_rows(data, "leases", due),
    }
