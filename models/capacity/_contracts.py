"""What contracts offer, to which sites and when; for those who sign and who draw on them."""

from __future__ import annotations

import pandas as pd

from optalloc.dataset import Dataset, remembered

from ._building import site_periods
from ._calendar import TINY_MONTHS, calendar, months_from_base, signing_terms, whole_periods
from ._money import to_workbook_currency

HOURS_PER_MONTH = 8760 / 12
KEYS = ["contract", "period"]
SITE_KEYS = ["site", "period"]
USE_KEYS = ["contract", "site", "period"]


@remembered
def contracts_on_offer(data: Dataset) -> pd.DataFrame:
    """Contracts by name, money in the workbook's currency."""
    money = ["price_per_mwh", "fixed_fee_per_mw_year"]
    frame = to_workbook_currency(data, data["Contracts"], money)
    return frame.set_index("contract", drop=False)


def reach(data: Dataset, kind: str) -> pd.DataFrame:
    """Sites that each contract of a kind may serve, in every period: contract, site, period."""
    offered = data["Contracts"].loc[data["Contracts"]["kind"] == kind, ["contract", "site", "zone"]]
    sites = site_periods(data)[["site", "grid_zone", "period"]]
    own = offered.dropna(subset=["site"])[["contract", "site"]].merge(sites, on="site")
    shared = offered.dropna(subset=["zone"])[["contract", "zone"]].merge(
        sites, left_on="zone", right_on="grid_zone"
    )
    return pd.concat([own, shared])[USE_KEYS].reset_index(drop=True)


@remembered
def already_signed(data: Dataset) -> pd.DataFrame:
    """MW signed before the first period, for each contract and each period wholly before expiry."""
    cal = calendar(data).reset_index()
    signed = data["SignedContracts"]
    frame = signed.assign(ends=months_from_base(data, signed["expiry"])).merge(cal, how="cross")
    frame = frame[frame["end"] <= frame["ends"] + TINY_MONTHS]
    sums = frame.groupby(KEYS, as_index=False)["signed_mw"].sum()
    every = data["Contracts"][["contract"]].merge(cal[["period"]], how="cross")
    return every.merge(sums, on=KEYS, how="left").fillna({"signed_mw": 0.0})


@remembered
def signings(data: Dataset) -> pd.DataFrame:
    """Each contract, period of signing, and period that it then serves from beginning to end."""
    cal = calendar(data)
    terms = signing_terms(data["Contracts"], cal, "contract")
    return whole_periods(terms, cal)[["contract", "signed", "period"]]


def hours(data: Dataset) -> pd.Series:
    """Hours of each period."""
    return calendar(data)["months"] * HOURS_PER_MONTH
