"""Limits of interruptible connections restated, and their cost recomputed, from the plan's tables."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import pandas as pd

from optalloc.data.dataset import Dataset

from .._calendar import calendar
from .._contracts import GENERATION, SITE_KEYS, grid_draw
from .._running_costs import running_rows
from .._slices import SLICE_KEYS, shares_of_year


def audit(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """MW on interruptible terms against offer and peak, and energy while they are cut off."""
    use, offers = _use(tables), _offers(data)
    grid = grid_draw(data, tables).set_index(SITE_KEYS)["grid_mw"].to_dict()
    drawn, beside = _through_grid(data, tables), _stored_beside_peak(data, tables)
    shares, months = shares_of_year(data), calendar(data)["months"]
    cut = data["Interruptions"]
    rows = []
    for site, slice_name, share in zip(cut["site"], cut["slice"], cut["cut_share"], strict=True):
        for (own, period), mw in use.items():
            if own == site and share > 0:
                thousands = 0.73 * months[period] * shares[slice_name]
                firm = grid[site, period] + beside[site, period]
                left = thousands * (firm - share * mw)
                rows.append((site, period, slice_name, drawn[site, period, slice_name], left))
    return {
        "interruptible_within_offer": _frame(
            SITE_KEYS, [(*key, mw, offers[key]["max_mw"]) for key, mw in use.items()]
        ),
        "interruptible_within_draw": _frame(
            SITE_KEYS, [(*key, mw, grid[key]) for key, mw in use.items()]
        ),
        "drawn_while_cut_off": _frame(SLICE_KEYS, rows),
    }


def _use(tables: Mapping[str, pd.DataFrame]) -> dict[tuple[str, str], float]:
    use = tables["InterruptibleUse"][[*SITE_KEYS, "interruptible_mw"]]
    return {(i, q): float(mw) for i, q, mw in use.itertuples(index=False, name=None)}


def _offers(data: Dataset) -> dict[tuple[str, str], dict[Any, Any]]:
    """The row of Interruptible that holds for each site in each period from its first."""
    rows: list[dict[Any, Any]] = data["Interruptible"].to_dict("records")
    stated = {(row["site"], row["period"]): row for row in rows}
    found: dict[tuple[str, str], dict[Any, Any]] = {}
    for site in data["Interruptible"]["site"].unique():
        last: dict[Any, Any] | None = None
        for period in calendar(data).index:
            last = stated.get((site, period), last)
            if last is not None:
                found[site, period] = last
    return found


def _through_grid(
    data: Dataset, tables: Mapping[str, pd.DataFrame]
) -> Mapping[tuple[str, str, str], float]:
    """GWh that each site draws from the grid in each period and slice.

    All but on-site generation, and of storage what stands in its zone.
    """
    kinds = data.column("Contracts", "kind", by="contract").to_dict()
    sums: dict[tuple[str, str, str], float] = defaultdict(float)
    flows = tables["DeliveriesBySlice"][["contract", *SLICE_KEYS, "drawn_gwh"]]
    for contract, site, period, name, gwh in flows.itertuples(index=False, name=None):
        if kinds[contract] != GENERATION:
            sums[site, period, name] += gwh
    power = tables["PowerBySlice"][[*SLICE_KEYS, "spot_gwh"]]
    for site, period, name, gwh in power.itertuples(index=False, name=None):
        sums[site, period, name] += gwh
    zoned = set(data["Storage"].dropna(subset=["zone"])["storage"])
    use = tables["StorageUse"][["storage", *SLICE_KEYS, "charged_gwh", "discharged_gwh"]]
    for storage, site, period, name, taken, given in use.itertuples(index=False, name=None):
        if storage in zoned:
            sums[site, period, name] += given - taken
    return sums


def _stored_beside_peak(
    data: Dataset, tables: Mapping[str, pd.DataFrame]
) -> Mapping[tuple[str, str], float]:
    """MW of storage at each site of a firm connection in each period that the peak leaves out."""
    zone_of = data.column("Sites", "grid_zone", by="site").to_dict()
    terms: dict[Any, Any] = data["Storage"].set_index("storage").to_dict("index")
    ramp = data["PowerRamp"].set_index(SITE_KEYS)["energised_mw"].to_dict()
    ramped = set(data.column("PowerRamp", "site"))
    carried = data["GridZones"].set_index(["zone", "period"])["max_total_mw"].to_dict()
    built = tables["StorageBuilt"].set_index(["storage", "period"])["ready_mw"].to_dict()
    found: dict[tuple[str, str], float] = defaultdict(float)
    for storage, at in terms.items():
        site = at["site"]
        given = 0.0 if site in ramped else math.inf
        for period in calendar(data).index:
            given = ramp.get((site, period), given)
            most = carried.get((zone_of.get(site), period), math.nan)
            if given > 0 and not most <= 0:
                ready = built.get((storage, period), 0.0)
                found[site, period] += (1 - at["peak_share"]) * ready
    return found


def _frame(keys: list[str], rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=[*keys, "used", "allowed"])
    return frame.astype({"used": float, "allowed": float})


def recompute(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Firm MW beside interruptible ones, and the fee."""
    use, offers = _use(tables), _offers(data)
    grid = grid_draw(data, tables).set_index(SITE_KEYS)["grid_mw"].to_dict()
    rates = dict(data.columns("Currencies", "currency", "per_workbook_currency").to_numpy())
    years = calendar(data)["months"] / 12
    growth = data.one("Settings").running_cost_escalation
    rows = [
        {
            "item": "interruptible",
            "subject": site,
            "site": site,
            "period": period,
            "growth": growth,
            "amount": mw
            * years[period]
            * offers[site, period]["fee_per_mw_year"]
            / rates.get(offers[site, period]["currency"], 1.0),
        }
        for (site, period), mw in use.items()
    ]
    frame = tables["InterruptibleUse"][SITE_KEYS]
    firm = [grid[key] - mw for key, mw in use.items()]
    found = {"InterruptibleUse": frame.assign(firm_mw=firm)}
    return found | (
        {"Cost": running_rows(data, "interruptible", pd.DataFrame(rows))} if rows else {}
    )
