"""Taxes by date, and the jurisdiction that a cost belongs to: look-ups in the workbook."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset, derived

from .._building import active_sites, single_jurisdiction
from .._calendar import months_from_base
from .._contracts import jurisdictions_of_contracts, jurisdictions_served
from .._equipment import uses
from .._money import STRAIGHT_LINE
from .._options import CONTRACT, GRID, LAND, LEASE, options_on_offer

# Name under which equipment is assigned where a site has no jurisdiction.
NONE_NAMED = "none named"
ORDER_KEYS = ["equipment", "supplier", "period"]
NEED_KEYS = ["equipment", "jurisdiction", "period"]
PLACE_KEYS = ["equipment", "supplier", "jurisdiction", "period"]


@derived
def schedule(data: Dataset) -> pd.DataFrame:
    """Taxes of each jurisdiction over all time, one row a stretch.

    Columns: jurisdiction; since and until in months from the base date, without end at both ends;
    rate, method, years (NaN: the life), factor, credit, credit_months and property_rate. Before its
    first row, and where it has only duties, nothing is taxed.
    """
    rows = data["Taxes"]
    frame = pd.DataFrame(
        {
            "jurisdiction": rows["jurisdiction"],
            "since": months_from_base(data, rows["since"]).fillna(-np.inf),
            "rate": rows["corporate_rate"],
            "method": rows["depreciation"],
            "years": rows["depreciation_years"],
            "factor": rows["declining_factor"],
            "credit": rows["capital_credit_share"],
            "credit_months": rows["credit_after_months"],
            "property_rate": rows["property_tax_rate"],
        }
    )
    begun = set(frame.loc[np.isneginf(frame["since"]), "jurisdiction"])
    named = dict.fromkeys([*rows["jurisdiction"], *data["Duties"]["jurisdiction"]])
    free = pd.DataFrame(
        [(name, -np.inf, 0.0, STRAIGHT_LINE) for name in named if name not in begun],
        columns=["jurisdiction", "since", "rate", "method"],
    )
    numbers = {"factor": 1.0, "credit": 0.0, "credit_months": 0.0, "property_rate": 0.0}
    free = free.assign(**numbers, years=np.nan)
    parts = [part for part in (frame, free) if len(part)] or [frame]
    both = pd.concat(parts, ignore_index=True).sort_values(["jurisdiction", "since"])
    until = both.groupby("jurisdiction")["since"].shift(-1).fillna(np.inf)
    return both.assign(until=until).reset_index(drop=True)


@dataclass(frozen=True)
class Belongs:
    """Jurisdictions of sites and what has none of its own by name, and the home one."""

    sites: pd.Series
    contracts: pd.Series
    storage: pd.Series
    options: pd.Series
    markets: pd.Series
    home: str | None

    def of(self, rows: pd.DataFrame) -> pd.Series:
        """Jurisdiction in which each cost is deducted; NaN where in none.

        Parameters
        ----------
        rows : pandas.DataFrame
            item, subject and site, which may be blank.
        """
        word = rows["item"].astype(str).str.split("_").str[0]
        found = rows["site"].map(self.sites)
        for words, named in (
            (("contract", "deposit", "termination"), self.contracts),
            (("storage", "running"), self.storage),
            (("option",), self.options),
            (("wages",), self._pools(rows.loc[word == "wages", "subject"])),
        ):
            by_subject = rows["subject"].where(word.isin(words)).map(named)
            found = found.where(found.notna(), by_subject)
        return found if self.home is None else found.where(found.notna(), self.home)

    def _pools(self, pools: pd.Series) -> pd.Series:
        """Jurisdiction by the name of a pool, which begins with that of its labour market."""
        found = {
            pool: max((k for k in self.markets.index if pool.startswith(f"{k}, ")), key=len)
            for pool in pools.unique()
            if any(pool.startswith(f"{name}, ") for name in self.markets.index)
        }
        return pd.Series(found, dtype=object).map(self.markets)


def belongs(data: Dataset) -> Belongs:
    """Where costs belong.

    By their site; of contracts, storage of zones, options and labour markets by their sites, where
    all lie in one; else the home jurisdiction.
    """
    return Belongs(
        data.column("Sites", "jurisdiction", by="site").dropna(),
        jurisdictions_of_contracts(data),
        _of_storage(data),
        _of_options(data),
        _of_markets(data),
        _home(data),
    )


def _home(data: Dataset) -> str | None:
    home = data.one("Settings").home_jurisdiction
    return None if pd.isna(home) else str(home)


def _of_markets(data: Dataset) -> pd.Series:
    return single_jurisdiction(active_sites(data).reset_index(drop=True), "labour_market")


def _of_storage(data: Dataset) -> pd.Series:
    return jurisdictions_served(data, data.columns("Storage", "storage", "site", "zone"))


def _of_options(data: Dataset) -> pd.Series:
    """Jurisdiction of each option on what lies in one; those on equipment are in none."""
    options = options_on_offer(data)
    sites = data.column("Sites", "jurisdiction", by="site")
    by_kind = {
        LAND: ("site", sites),
        GRID: ("zone", single_jurisdiction(active_sites(data).reset_index(drop=True), "grid_zone")),
        CONTRACT: ("contract", jurisdictions_of_contracts(data)),
        LEASE: ("lease", data.column("Leases", "site", by="lease").map(sites)),
    }
    found = [
        options.loc[options["kind"] == kind, column].map(named)
        for kind, (column, named) in by_kind.items()
    ]
    return pd.concat(found).dropna()


def costs_of_no_single(data: Dataset) -> list[str]:
    """Contracts, storage, labour and options that belong to no single jurisdiction, in words."""
    markets, used = _of_markets(data), set(data.column("LabourPools", "labour_market").dropna())
    found = {
        "contract": set(data.column("Contracts", "contract").dropna())
        - set(jurisdictions_of_contracts(data).index),
        "storage": set(data.column("Storage", "storage").dropna()) - set(_of_storage(data).index),
        "labour of": used - set(markets.index),
        "option": set(options_on_offer(data).index) - set(_of_options(data).index),
    }
    return [f"{kind} {name!r}" for kind, names in found.items() for name in sorted(names)]


def homeless_taxes(data: Dataset, names: pd.Series, home: object) -> pd.Series:
    """Of jurisdictions those in which no site lies, and which are not the home jurisdiction."""
    places = set(data.column("Sites", "jurisdiction").dropna())
    return names[names.notna() & ~names.isin(places) & (names != home)]


@derived
def places(data: Dataset) -> pd.DataFrame:
    """Uses of equipment with the jurisdiction in which each is installed, as `uses` gives them.

    None where nothing is taxed.
    """
    home = _home(data)
    frame = uses(data)
    if schedule(data).empty:
        frame = frame.iloc[:0]
    return frame.assign(jurisdiction=frame["jurisdiction"].fillna(home or NONE_NAMED))


def duties(data: Dataset) -> pd.DataFrame:
    """Import duties: equipment, jurisdiction, and duty, a share of the cost."""
    rows = data.columns("Duties", "equipment", "jurisdiction", "duty_share")
    return rows.rename(columns={"duty_share": "duty"})
