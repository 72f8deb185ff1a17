"""How much of each option is of use, and what its exercise costs."""

from __future__ import annotations

import pandas as pd

from optalloc.data.dataset import Dataset, derived

from .._building import active_sites, pue_of_sites, site_costs
from .._calendar import calendar
from .._capacity_bounds import (
    most_in_service,
    useful_contracts,
    useful_leases,
    useful_sites,
    useful_storage,
    useful_storage_of_zones,
)
from .._options import (
    BOUGHT,
    CONTRACT,
    EQUIPMENT,
    EXERCISED,
    GRID,
    KEPT,
    LAND,
    LEASE,
    options_on_offer,
)


def most_of_options(data: Dataset) -> pd.Series:
    """The most of each option that is of use, 1 of an option on land and else MW or units."""
    need = needed_of_options(data, "need")["need"]
    return need.clip(upper=options_on_offer(data, "max_size")["max_size"])


@derived
def needed_of_options(data: Dataset) -> pd.DataFrame:
    """The most of each option that can be needed, and whether fixed prices need a 0-1 decision.

    Columns, by option: need, 1 of an option on land and else MW or units, whatever its size;
    fixed_premium and fixed_price, 1 where something is due whatever the size, and else 0.
    """
    rows, periods, decided = options_on_offer(data), len(calendar(data)), _decided(data)
    need = pd.Series(1.0, rows.index)
    # What is signed again after its term, or drawn again after it was given back, is exercised
    # again.
    for kind, column, of_subject in (
        (GRID, "zone", _grid_need(data) * periods),
        (CONTRACT, "contract", useful_contracts(data) * periods),
        (LEASE, "lease", useful_leases(data) * periods),
        (EQUIPMENT, "equipment", _units_needed(data)),
    ):
        own = rows["kind"] == kind
        used = rows.loc[own, column].map(of_subject).astype(float).fillna(0.0)
        asked = decided.reindex(used.index, fill_value=0.0)
        # What is asked for in one period may be besides what is used in another.
        need[own] = used + asked
    by_size = rows["kind"] != LAND
    return pd.DataFrame(
        {
            "need": need,
            "fixed_premium": (by_size & (rows["premium"] > 0)).astype(float),
            "fixed_price": (by_size & (rows["exercise_price"] > 0)).astype(float),
        }
    )


def _decided(data: Dataset) -> pd.Series:
    """MW or units of each option that decisions ask to have bought, kept or exercised, by option."""
    rows = data.columns("Decisions", "what", "option", "at_least").dropna()
    bought = rows[rows["what"] == BOUGHT].groupby("option")["at_least"].sum()
    held = rows[rows["what"].isin((KEPT, EXERCISED))].groupby("option")["at_least"].max()
    return pd.concat([bought, held]).astype(float).groupby(level=0).max()


def _grid_need(data: Dataset) -> pd.Series:
    """Grid MW of all that can be in service in each zone."""
    most = most_in_service(data) * pue_of_sites(data) + useful_storage(data)
    at_sites = most.groupby(active_sites(data)["grid_zone"]).sum()
    return at_sites.add(useful_storage_of_zones(data).reindex(at_sites.index).fillna(0.0))


def _units_needed(data: Dataset) -> pd.Series:
    """Units of each class for all that can be started."""
    needs = data.column("EquipmentNeeds", "units_per_mw", by="equipment")
    return needs.astype(float) * useful_sites(data)["start_mw"].sum()


def strikes(data: Dataset) -> pd.DataFrame:
    """Price due when an option is exercised, and the premium that is set off against it, by option.

    Columns: price, of land what the site costs where no other is stated; credit; credit_by_size.
    """
    options = options_on_offer(data)
    site_cost = options["site"].map(site_costs(data)["site_cost"]).astype(float)
    price, share = (
        options["exercise_price"].fillna(site_cost).fillna(0.0),
        options["premium_credited"],
    )
    credit = (share * options["premium"]).clip(upper=price)
    by_size = (share * options["premium_by_size"]).clip(upper=options["exercise_price_by_size"])
    return pd.DataFrame({"price": price, "credit": credit, "credit_by_size": by_size})
