"""Offers of contracts by site and period, for the families that sign and that draw on them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset, derived

from ._building import active_sites, single_jurisdiction, site_periods
from ._calendar import TERM, calendar, months_of_last_days, signing_terms, whole_periods
from ._money import to_workbook_currency

CAPACITY, ENERGY, GENERATION = "capacity", "energy", "generation"
# Kinds that deliver energy.
DELIVERS = (ENERGY, GENERATION)
HOURS_PER_MONTH = 8760 / 12
KEYS = ["contract", "period"]
SITE_KEYS = ["site", "period"]
USE_KEYS = ["contract", "site", "period"]
ZONE_KEYS = ["grid_zone", "period"]
TRANCHE_KEYS = ["contract", "signed"]
MONEY = ["price_per_mwh", "fixed_fee_per_mw_year", "deposit_per_mw", "termination_fee_per_mw"]


@derived
def contracts_on_offer(data: Dataset) -> pd.DataFrame:
    """Contracts by name, money in the workbook's currency."""
    frame = to_workbook_currency(data, data["Contracts"], MONEY)
    return frame.set_index("contract", drop=False)


def reach(data: Dataset, *kinds: str) -> pd.DataFrame:
    """Sites that each contract of some kinds may serve, in every period: contract, site, period."""
    offered = data.columns("Contracts", "contract", "site", "zone", "kind")
    return sites_served(data, offered[offered["kind"].isin(kinds)], "contract")


def sites_served(data: Dataset, offered: pd.DataFrame, name: str) -> pd.DataFrame:
    """Active sites that each offer to a site or a zone serves, in every period: name, site, period.

    Parameters
    ----------
    offered : pandas.DataFrame
        `name`, site, and zone, one of which is blank.
    """
    sites = site_periods(data, "site", "grid_zone", "period")
    own = offered.dropna(subset=["site"])[[name, "site"]].merge(sites, on="site")
    shared = offered.dropna(subset=["zone"])[[name, "zone"]].merge(
        sites, left_on="zone", right_on="grid_zone"
    )
    return pd.concat([own, shared])[[name, *SITE_KEYS]].reset_index(drop=True)


def zones_of_contracts(data: Dataset) -> pd.Series:
    """Grid zone of each contract, its own or that of its site, by contract."""
    offered = data.columns("Contracts", "contract", "site", "zone").set_index("contract")
    at_site = offered["site"].map(data.column("Sites", "grid_zone", by="site"))
    return offered["zone"].where(offered["zone"].notna(), at_site)


def spot_prices(data: Dataset) -> pd.DataFrame:
    """Spot price, share and emissions at each site and period that has one, with its grid_zone."""
    sites = site_periods(data, "site", "grid_zone", "period")
    return sites.merge(data["PowerPrices"].rename(columns={"zone": "grid_zone"}), on=ZONE_KEYS)


def sources(data: Dataset) -> pd.DataFrame:
    """Sites and periods with a source of energy, a row for each source: site, period."""
    return pd.concat([reach(data, *DELIVERS)[SITE_KEYS], spot_prices(data)[SITE_KEYS]])


def tranches_before(data: Dataset) -> pd.Series:
    """Names of the tranches of MW signed before the first period, by their rows of SignedContracts.

    Not by their last day, which may be another in another scenario that shares their termination.
    """
    rows = data["SignedContracts"].index
    return pd.Series([f"before (row {row})" for row in rows], rows, dtype=object)


@derived
def held(data: Dataset) -> pd.DataFrame:
    """MW signed before the first period, in each period that ends by their last day.

    Columns: contract, signed (the tranche's name), signed_mw, period, position.
    """
    rows = data["SignedContracts"]
    rows = rows.assign(
        to=months_of_last_days(data, rows["expiry"]),
        signed=tranches_before(data),
    )
    frame = whole_periods(rows.assign(**{"from": -np.inf}), calendar(data))
    return frame[[*TRANCHE_KEYS, "signed_mw", "period", "position"]].reset_index(drop=True)


@derived
def already_signed(data: Dataset) -> pd.DataFrame:
    """MW signed before the first period, for each contract and each period."""
    sums = held(data).groupby(KEYS, as_index=False)["signed_mw"].sum()
    every = data.columns("Contracts", "contract").merge(
        calendar(data).reset_index()[["period"]], how="cross"
    )
    return every.merge(sums, on=KEYS, how="left").fillna({"signed_mw": 0.0})


@derived
def signings(data: Dataset) -> pd.DataFrame:
    """Each contract, period of signing, and period that it then serves from beginning to end.

    Columns: contract, signed, to (when its term ends, in months), period, position.
    """
    cal = calendar(data)
    terms = signing_terms(data.columns("Contracts", "contract", *TERM), cal, "contract")
    return whole_periods(terms, cal)[[*TRANCHE_KEYS, "to", "period", "position"]]


@derived
def signing_terms_of_contracts(data: Dataset) -> pd.DataFrame:
    """Terms of signing by contract, and in ``differs`` whether another scenario has others."""
    offered = data.columns("Contracts", "contract", *TERM).set_index("contract")
    return offered.assign(differs=False)


@derived
def tranches(data: Dataset) -> pd.DataFrame:
    """Each contract and period of signing on offer: contract, signed, and to, as in `signings`.

    One that would serve no period is on offer only where its terms differ between scenarios.
    """
    cal, differs = calendar(data), signing_terms_of_contracts(data, "differs")["differs"]
    terms = signing_terms(data.columns("Contracts", "contract", *TERM), cal, "contract")
    serving = signings(data, *TRANCHE_KEYS).drop_duplicates()
    terms = terms.merge(serving, on=TRANCHE_KEYS, how="left", indicator="serves")
    wanted = (terms["serves"] == "both") | terms["contract"].map(differs).astype(bool)
    return terms.loc[wanted, [*TRANCHE_KEYS, "to"]].reset_index(drop=True)


def grid_draw(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Peak that a plan draws from the grid, for audits: the Build table, with zone and grid_mw.

    What is in service times PUE, and of storage what counts at the peak, less what Generation
    covers on site.
    """
    sites = data.columns("Sites", "site", "grid_zone", "pue")
    build = tables["Build"].merge(sites, on="site")
    on_site = tables["Generation"].groupby(SITE_KEYS)["offset_mw"].sum()
    covered = pd.Series(sums_at(on_site, build[SITE_KEYS]), index=build.index, dtype=float)
    stored = pd.Series(storage_peak(data, tables, build[SITE_KEYS]), index=build.index, dtype=float)
    return build.assign(grid_mw=build["online_mw"] * build["pue"] + stored - covered)


def storage_peak(
    data: Dataset, tables: Mapping[str, pd.DataFrame], keys: pd.DataFrame
) -> list[float]:
    """MW of storage in service that count against the grid's peak, for audits.

    Parameters
    ----------
    keys : pandas.DataFrame
        Site, or zone of what stands at no site, and period.
    """
    built = tables["StorageBuilt"]
    share = built["storage"].map(data.column("Storage", "peak_share", by="storage")).astype(float)
    mw = built.assign(mw=built["ready_mw"] * share).groupby([*keys.columns])["mw"].sum()
    return sums_at(mw, keys)


def sums_at(sums: pd.Series, keys: pd.DataFrame) -> list[float]:
    """Each key's sum; zero where it has none."""
    return [sums.get(key, 0.0) for key in keys.itertuples(index=False, name=None)]


def hours(data: Dataset) -> pd.Series:
    """Hours of each period."""
    return calendar(data)["months"] * HOURS_PER_MONTH


def jurisdictions_of_contracts(data: Dataset) -> pd.Series:
    """Jurisdiction of each contract whose sites that are not excluded all lie in one."""
    return jurisdictions_served(data, data.columns("Contracts", "contract", "site", "zone"))


def jurisdictions_served(data: Dataset, offered: pd.DataFrame) -> pd.Series:
    """Jurisdiction of each offer to a site or a zone whose sites that are not excluded lie in one.

    Parameters
    ----------
    offered : pandas.DataFrame
        Its name in the first column, site, and zone, one of which is blank.
    """
    sites = active_sites(data)[["site", "grid_zone", "jurisdiction"]].reset_index(drop=True)
    named = [
        offered.dropna(subset=[own]).merge(
            sites[["jurisdiction", theirs]].rename(columns={theirs: own}), on=own
        )
        for own, theirs in (("site", "site"), ("zone", "grid_zone"))
    ]
    return single_jurisdiction(pd.concat(named), str(offered.columns[0]))
