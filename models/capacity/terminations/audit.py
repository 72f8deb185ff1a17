"""Limits of terminations restated from the plan's tables."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset

from .._calendar import TINY_MONTHS, calendar, months_of_last_days
from .._contracts import (
    KEYS,
    TRANCHE_KEYS,
    contracts_on_offer,
    tranches_before,
)
from .._money import CASH, charge_rows
from .tables import ENDING_KEYS, actions


def audit(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Each tranche that is ended, against what was signed of it and the periods that it serves."""
    cal, fee = calendar(data), data.column("Contracts", "termination_fee_per_mw", by="contract")
    tranches, ended = _tranches(data, tables["Procurement"]), tables["Terminations"]
    sums: dict[tuple[str, str], float] = {}
    rows = []
    for row in ended.to_dict("records"):
        key, mw = (row["contract"], row["signed"]), row["ended_mw"]
        sums[key] = sums.get(key, 0.0) + mw
        _, first, until = tranches.get(key, (0.0, np.inf, -np.inf))
        begin, end = cal.loc[row["period"], ["begin", "end"]]
        served = begin > first + TINY_MONTHS and end <= until + TINY_MONTHS
        may_end = served and pd.notna(fee[row["contract"]])
        rows.append((*key, row["period"], abs(mw), mw if may_end else 0.0))
    within = [(*key, mw, tranches[key][0] if key in tranches else 0.0) for key, mw in sums.items()]
    columns = ["used", "allowed"]
    return {
        "ended_within_signed": pd.DataFrame(within, columns=[*TRANCHE_KEYS, *columns]),
        "ended_within_term": pd.DataFrame(rows, columns=[*ENDING_KEYS, *columns]),
    }


def _tranches(
    data: Dataset, procurement: pd.DataFrame
) -> dict[tuple[str, str], tuple[float, float, float]]:
    """MW of each tranche, after which month it can be ended, and the month in which it ends."""
    begin, before = calendar(data)["begin"], data["SignedContracts"]
    terms = data.columns("Contracts", "contract", "lead_months", "term_months")
    contracts = terms.set_index("contract").to_dict("index")
    found = {}
    days = months_of_last_days(data, before["expiry"])
    names = tranches_before(data)
    for name, signed, until in zip(names, before.to_dict("records"), days, strict=True):
        found[signed["contract"], name] = (signed["signed_mw"], -np.inf, until)
    for signed in procurement[procurement["signed_mw"] > 0].to_dict("records"):
        at = contracts[signed["contract"]]
        since = begin[signed["period"]] + at["lead_months"]
        until = since + (np.inf if pd.isna(at["term_months"]) else at["term_months"])
        first = begin[begin >= since - TINY_MONTHS].min()
        found[signed["contract"], signed["period"]] = (signed["signed_mw"], first, until)
    return found


def recompute(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Actions and fees from the Terminations table."""
    ended, rate = tables["Terminations"], data.one("Settings").discount_rate
    fee = contracts_on_offer(data, "termination_fee_per_mw")["termination_fee_per_mw"]
    sums = ended.groupby(KEYS, as_index=False, sort=False)["ended_mw"].sum()
    begin = sums["period"].map(calendar(data)["begin"]).astype(float)
    cash = sums["ended_mw"] * sums["contract"].map(fee).astype(float)
    cost = sums[["period"]].assign(
        item="termination",
        kind=CASH,
        subject=sums["contract"],
        cash=cash,
        present_value=cash / (1 + rate) ** (begin / 12),
        first_month=begin,
        last_month=begin,
    )
    return {"Actions": actions(data, ended), "Cost": charge_rows("terminations", cost)}
