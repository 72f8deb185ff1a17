"""Limits of contracts restated, and active MW and cost recomputed, from the plan's tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset

from .._calendar import TINY_MONTHS, calendar, months_of_last_days, positions
from .._contracts import (
    CAPACITY,
    KEYS,
    SITE_KEYS,
    USE_KEYS,
    contracts_on_offer,
    grid_draw,
    jurisdictions_of_contracts,
    sums_at,
    tranches_before,
)
from .._money import CASH, charge_rows
from .._running_costs import running_rows
from .tables import actions

# Of a contract, what its limits are restated from.
OFFERED = (
    *("contract", "kind", "site", "zone", "first_period", "last_period"),
    *("min_mw", "max_mw", "block_mw"),
)


def audit(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Signings and peaks restated from the Procurement, Coverage and Build tables."""
    offered, coverage = data.columns("Contracts", *OFFERED), tables["Coverage"]
    procurement = (
        tables["Procurement"].drop(columns=["kind", "jurisdiction"]).merge(offered, on="contract")
    )
    signed = procurement[procurement["signed_mw"] != 0]
    cal = calendar(data)
    first = positions(signed["first_period"], cal).fillna(0)
    last = positions(signed["last_period"], cal).fillna(len(cal))
    within = positions(signed["period"], cal).between(first, last)
    blocky = signed.dropna(subset=["block_mw"])
    blocks = blocky["signed_mw"] / blocky["block_mw"]
    by_contract = coverage.groupby(KEYS)["covered_mw"].sum()
    by_site = coverage.groupby(SITE_KEYS)["covered_mw"].sum()
    capacity = offered[offered["kind"] == CAPACITY]
    covering = procurement[procurement["kind"] == CAPACITY]
    peaks = grid_draw(data, tables)
    named = peaks["site"].isin(capacity["site"]) | peaks["grid_zone"].isin(
        capacity["zone"].dropna()
    )
    peaks = peaks[named]
    served = coverage.merge(capacity, on="contract", how="left", suffixes=("", "_named"))
    zone = served["site"].map(data.column("Sites", "grid_zone", by="site"))
    own = (served["site"] == served["site_named"]) | (zone == served["zone"])
    return {
        "signed_on_offer": signed[KEYS].assign(
            used=signed["signed_mw"], allowed=signed["max_mw"].where(within, 0.0)
        ),
        "contract_minimum": signed[KEYS].assign(used=signed["min_mw"], allowed=signed["signed_mw"]),
        "contract_blocks": blocky[KEYS].assign(used=blocks, allowed=blocks.round()),
        "contract_within_max": procurement[KEYS].assign(
            used=procurement["active_mw"], allowed=procurement["max_mw"]
        ),
        "cover_within_contract": covering[KEYS].assign(
            used=sums_at(by_contract, covering[KEYS]), allowed=covering["active_mw"]
        ),
        "peak_covered": peaks[SITE_KEYS].assign(
            used=peaks["grid_mw"], allowed=sums_at(by_site, peaks[SITE_KEYS])
        ),
        "cover_of_own_sites": served[USE_KEYS].assign(
            used=served["covered_mw"].abs(), allowed=served["covered_mw"].where(own, 0.0)
        ),
    }


def recompute(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Active MW, actions, fees and deposits, walked tranche by tranche from the Procurement table."""
    cal, contracts = calendar(data), contracts_on_offer(data).to_dict("index")
    procurement, ended = tables["Procurement"], tables["Terminations"]
    times = cal.to_dict("index")
    rows = []
    for name, own in procurement.groupby("contract", sort=False):
        at, tranches = contracts[name], [*_tranches(data, contracts[name], own)]
        endings = ended[ended["contract"] == name].to_dict("records")
        for period in own["period"]:
            begin, end, years = (times[period][k] for k in ("begin", "end", "years"))
            active = 0.0
            for tranche, mw, since, until in tranches:
                if since <= begin + TINY_MONTHS and end <= until + TINY_MONTHS:
                    active += mw - sum(
                        ending["ended_mw"]
                        for ending in endings
                        if ending["signed"] == tranche
                        and times[ending["period"]]["begin"] <= begin + TINY_MONTHS
                    )
            amount = at["fixed_fee_per_mw_year"] * active * years
            rows.append((name, at["kind"], period, active, amount, at["fee_escalation"]))
    paid = ["amount", "growth"]
    frame = pd.DataFrame(rows, columns=["contract", "kind", "period", "active_mw", *paid])
    fees = frame.assign(item="contract_fee", subject=frame["contract"])
    cost = [running_rows(data, "contracts", fees), _deposit_rows(data, procurement)]
    return {
        "Procurement": frame.drop(columns=paid).assign(
            jurisdiction=frame["contract"].map(jurisdictions_of_contracts(data))
        ),
        "Actions": actions(data, procurement),
        "Cost": pd.concat([part for part in cost if len(part)] or cost[:1], ignore_index=True),
    }


def _tranches(
    data: Dataset, at: Mapping[Any, Any], own: pd.DataFrame
) -> Iterator[tuple[str, float, float, float]]:
    """Name, MW, first and last month of all that is signed of a contract, before and by the plan."""
    before = data["SignedContracts"]
    before = before[before["contract"] == at["contract"]]
    ends = months_of_last_days(data, before["expiry"])
    names = tranches_before(data)[before.index]
    for name, mw, until in zip(names, before["signed_mw"], ends, strict=True):
        yield name, mw, -np.inf, until
    begin = calendar(data)["begin"]
    term = np.inf if pd.isna(at["term_months"]) else at["term_months"]
    for period, mw in zip(own["period"], own["signed_mw"], strict=True):
        since = begin[period] + at["lead_months"]
        yield period, mw, since, since + term


def _deposit_rows(data: Dataset, procurement: pd.DataFrame) -> pd.DataFrame:
    """Deposits paid and returned, in plain arithmetic."""
    cal, rate = calendar(data), data.one("Settings").discount_rate
    contracts = contracts_on_offer(data).to_dict("index")
    rows = []
    for signed in procurement.to_dict("records"):
        at, begin = contracts[signed["contract"]], cal["begin"][signed["period"]]
        end = begin + at["lead_months"] + at["term_months"]
        end = cal["end"].iloc[-1] if pd.isna(end) else end
        paid = at["deposit_per_mw"] * signed["signed_mw"]
        for item, cash, month in (("deposit", paid, begin), ("deposit_returned", -paid, end)):
            value = cash / (1 + rate) ** (month / 12)
            rows.append((item, signed["contract"], signed["period"], cash, value, month, month))
    columns = ["item", "subject", "period", "cash", "present_value", "first_month", "last_month"]
    return charge_rows("contracts", pd.DataFrame(rows, columns=columns).assign(kind=CASH))
