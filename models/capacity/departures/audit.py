"""Departures restated and their cost recomputed, row by row from the plan's tables."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from optalloc.data.dataset import Dataset

from .._building import OPEN
from .._calendar import calendar, periods_within
from .._money import PENALTY, charge_rows
from .sheets import COMMIT, COST_COLUMNS, ITEMS, KEYS, SIGN, START, UNITS
from .tables import figures


def compared_again(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Approved and planned, walked row by row through ApprovedActions, Build and Procurement."""
    if data["ApprovedActions"].empty:
        return pd.DataFrame(columns=[*KEYS, "approved", "planned"])
    cal, settings = calendar(data), data["DepartureCosts"].to_dict("records")
    last = settings[0]["last_period"] if settings else None
    names = set(periods_within(cal, None, last))
    approved, planned = _approved_again(data), _planned_again(data, tables)
    rows = [
        (*key, approved.get(key, 0.0), planned.get(key, 0.0))
        for key in dict.fromkeys([*approved, *planned])
        if key[2] in names
    ]
    return pd.DataFrame(rows, columns=[*KEYS, "approved", "planned"])


_Amounts = dict[tuple[str, str, str], float]


def _approved_again(data: Dataset) -> _Amounts:
    """Approved actions that are compared, by key: sites or MW above zero."""
    cal, status = calendar(data), data.column("Sites", "status", by="site")
    after = cal["date"].iloc[-1] + pd.DateOffset(months=int(cal["months"].iloc[-1]))
    found: _Amounts = {}
    for at in data["ApprovedActions"].to_dict("records"):
        gone = pd.notna(at["date"]) and not cal["date"].iloc[0] <= at["date"] < after
        if gone or at["action"] not in COST_COLUMNS:
            continue
        if at["action"] == COMMIT and status[at["subject"]] in OPEN:
            continue
        amount = 1.0 if at["action"] == COMMIT else at["mw"]
        if amount > 0:
            found[at["action"], at["subject"], at["period"]] = amount
    return found


def _planned_again(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> _Amounts:
    """Actions of the plan, by key: sites or MW above zero."""
    status = data.column("Sites", "status", by="site")
    found: _Amounts = {}
    for site, own in tables["Build"].groupby("site", sort=False):
        held = status[site] in OPEN
        for at in own.to_dict("records"):
            found[COMMIT, str(site), at["period"]] = float(bool(at["committed"]) and not held)
            found[START, str(site), at["period"]] = at["started_mw"]
            held = bool(at["committed"])
    for at in tables["Procurement"].to_dict("records"):
        found[SIGN, at["contract"], at["period"]] = at["signed_mw"]
    return {key: amount for key, amount in found.items() if amount > 0}


def audit(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """No departure is counted as less than the difference; one that is left out counts zero."""
    again = compared_again(data, tables)
    counted = tables["Departures"].set_index(KEYS)["departed"].to_dict()
    allowed = [float(counted.get(key, 0.0)) for key in again[KEYS].itertuples(index=False)]
    used = (again["planned"].astype(float) - again["approved"].astype(float)).abs()
    return {"departure_counted": again[KEYS].assign(used=used, allowed=allowed)}


def recompute(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Approved and planned again, and the cost of each departure in plain arithmetic."""
    if data["ApprovedActions"].empty:
        return {}
    departures, rate = tables["Departures"], data.one("Settings").discount_rate
    begins = calendar(data)["begin"].to_dict()
    prices = next(iter(data["DepartureCosts"].to_dict("records")), {})
    rows = []
    for at in departures.to_dict("records"):
        begin = begins[at["period"]]
        cash = prices.get(COST_COLUMNS[at["action"]], 0.0) * at["departed"]
        rows.append(
            {
                "item": ITEMS[at["action"]],
                "kind": PENALTY,
                "subject": at["subject"],
                "site": None if at["action"] == SIGN else at["subject"],
                "period": at["period"],
                "cash": cash,
                "present_value": cash / (1 + rate) ** (begin / 12),
                "first_month": begin,
                "last_month": begin,
            }
        )
    again = compared_again(data, tables)
    return {
        "Departures": again.assign(unit=again["action"].map(UNITS)),
        "Cost": charge_rows("departures", pd.DataFrame(rows)),
        "Summary": figures(departures),
    }
