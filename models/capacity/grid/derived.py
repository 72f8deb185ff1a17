"""Grid power by site that follows from the workbook alone."""

from __future__ import annotations

import pandas as pd

from optalloc.data.dataset import Dataset

from .._building import active_sites, pue_of_sites, site_periods
from .._calendar import TINY_MONTHS, calendar, carried_forward
from .._contracts import GENERATION, SITE_KEYS
from .._slices import firm_output


def ramp(data: Dataset) -> pd.DataFrame:
    """Energised MW of each named active site in every period; zero before its first row."""
    named = site_periods(data, *SITE_KEYS)
    named = named[named["site"].isin(data.column("PowerRamp", "site"))]
    given = carried_forward(data["PowerRamp"], calendar(data), ["site"])
    return named.merge(given, on=SITE_KEYS, how="left").fillna({"energised_mw": 0.0})


def online_before(data: Dataset) -> pd.Series:
    """Grid MW by site of what was online before the first period, and so is not new in it.

    What generation signed before covered on site was not on the grid: of a plant that delivers
    unevenly, the least of it.
    """
    sites = active_sites(data)
    done = sites["built_online"] < calendar(data)["begin"].iloc[0] - TINY_MONTHS
    online = sites["existing_mw"] + sites["under_construction_mw"].where(done, 0.0)
    contracts = data.columns("Contracts", "contract", "kind", "site")
    plants = contracts[contracts["kind"] == GENERATION].merge(data["SignedContracts"])
    covered = plants["signed_mw"] * plants["contract"].map(firm_output(data)).astype(float)
    on_site = covered.groupby(plants["site"]).sum().reindex(sites.index, fill_value=0.0)
    return (online * pue_of_sites(data) - on_site).clip(lower=0.0)
