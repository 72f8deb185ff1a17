"""Sites as a choice: what building at one means, what not, and the prices that decide it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.modelling.choices import BoundChange, Choice, Price

from ._building import active_sites, possible_starts, useful_commitments
from ._capacity_bounds import useful_sites
from ._contracts import ENERGY
from ._site_need import LEAST_MW


def sites(data: Dataset) -> Sequence[str]:
    """Every site that is not excluded."""
    return [str(site) for site in active_sites(data, "site")["site"]]


def build_there(data: Dataset, site: str) -> Sequence[BoundChange]:
    """At least the first start that the site allows, by the last period that is of use."""
    starts = _starts(data, site)
    if starts.empty:
        return ()
    last = starts.iloc[-1]
    if pd.notna(last["block_mw"]):
        least = max(1.0, np.ceil(last["min_mw"] / last["block_mw"] - 1e-9))
    else:
        most = useful_sites(data).set_index("site").at[site, "start_mw"]
        least = min(max(last["min_mw"], LEAST_MW), most)
    return (("started", (site, last["period"]), least, np.inf),)


def build_nothing_there(data: Dataset, site: str) -> Sequence[BoundChange]:
    """No start in any period, and no commitment."""
    commits = useful_commitments(data)
    commits = commits[commits["site"] == site]
    return (
        *(("started", (site, period), 0.0, 0.0) for period in _starts(data, site)["period"]),
        *(("committed", (site, period), 0.0, 0.0) for period in commits["period"]),
    )


def _starts(data: Dataset, site: str) -> pd.DataFrame:
    starts = possible_starts(data)
    return starts[starts["site"] == site]


def build_cost(data: Dataset, site: str) -> Sequence[tuple[str, str, Sequence[int]]]:
    """The site's own cell."""
    named = data.column("Sites", "site")
    return (("Sites", "build_cost_per_mw", _labels(named == site)),)


def power_price(data: Dataset, site: str) -> Sequence[tuple[str, str, Sequence[int]]]:
    """Spot prices of the site's zone, and prices of the contracts that may supply the site."""
    zone = active_sites(data).at[site, "grid_zone"]
    contracts = data["Contracts"]
    supplies = (contracts["site"] == site) | (contracts["zone"] == zone)
    return (
        ("PowerPrices", "spot_price_per_mwh", _labels(data.column("PowerPrices", "zone") == zone)),
        ("Contracts", "price_per_mwh", _labels(supplies & (contracts["kind"] == ENERGY))),
    )


def belongs_to(data: Dataset, site: str) -> Sequence[tuple[str, str]]:
    """Jurisdiction and market of a site, where they are given."""
    at = active_sites(data).loc[site]
    kinds = ("jurisdiction", "market")
    return [(kind, str(at[kind])) for kind in kinds if pd.notna(at[kind])]


def _labels(chosen: pd.Series) -> list[int]:
    return [int(str(row)) for row in chosen.index[chosen.astype(bool)]]


SITE_CHOICE = Choice(
    noun="site",
    taken="builds at {member}",
    left="builds nothing at {member}",
    never="nothing that is built at {member} would be in service within the periods",
    members=sites,
    take=build_there,
    leave=build_nothing_there,
    ledger="online_mw",
    prices=(
        Price(name="build cost", cells=build_cost),
        Price(name="power price", cells=power_price),
    ),
    groups=belongs_to,
)
