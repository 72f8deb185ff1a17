"""Which capacity may be leased, where and when; for those who sign it and who place load on it."""

from __future__ import annotations

import pandas as pd

from optalloc.data.dataset import Dataset, derived

from ._building import active_sites
from ._calendar import TERM, calendar, signing_terms, whole_periods
from ._money import to_workbook_currency


@derived
def leases_on_offer(data: Dataset) -> pd.DataFrame:
    """Leases of sites that are not excluded, by name, rent in the workbook's currency."""
    frame = to_workbook_currency(data, data["Leases"], ["rent_per_mw_year"])
    frame = frame[frame["site"].isin(active_sites(data, "site")["site"])]
    return frame.set_index("lease", drop=False)


@derived
def lease_terms(data: Dataset) -> pd.DataFrame:
    """Each lease and period of signing, with its site, and the months it then runs from and to."""
    offered = leases_on_offer(data)
    terms = signing_terms(offered.reset_index(drop=True), calendar(data), "lease")
    return terms.assign(site=terms["lease"].map(offered["site"]))


@derived
def leases_active(data: Dataset) -> pd.DataFrame:
    """Each lease, period of signing, and period in which it is then active, with its site."""
    return whole_periods(lease_terms(data), calendar(data))[["lease", "site", "signed", "period"]]


@derived
def signing_terms_of_leases(data: Dataset) -> pd.DataFrame:
    """Terms of signing by lease, and in ``differs`` whether another scenario has others."""
    return leases_on_offer(data, *TERM).assign(differs=False)


def lease_tranches(data: Dataset) -> pd.DataFrame:
    """Each lease and period of signing on offer: lease, site and signed.

    One that would be active in no period is on offer only where its terms differ between scenarios.
    """
    differs = signing_terms_of_leases(data, "differs")["differs"]
    keys = ["lease", "site", "signed"]
    active = leases_active(data, *keys).drop_duplicates()
    terms = lease_terms(data, *keys).merge(active, on=keys, how="left", indicator="serves")
    wanted = (terms["serves"] == "both") | terms["lease"].map(differs).astype(bool)
    return terms.loc[wanted, keys].reset_index(drop=True)


def most_leased(data: Dataset) -> pd.DataFrame:
    """Most MW that may be leased at each site in each period: site, period, leased_mw."""
    active = leases_active(data)[["lease", "site", "period"]].drop_duplicates()
    active = active.assign(leased_mw=active["lease"].map(leases_on_offer(data, "max_mw")["max_mw"]))
    return active.groupby(["site", "period"], as_index=False).agg({"leased_mw": "sum"})
