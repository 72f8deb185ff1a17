"""How much capacity, leases and contracts a plan of least cost can need: bounds for decisions.

A planner types ``max_mw`` as "unlimited". Beside a 0-1 decision such a number lets the solver's
integrality tolerance stand for capacity, and wrong optima are proven. So need bounds each
decision: building, leasing or signing more than that costs no less and makes nothing possible.
Every sheet that can be a reason for capacity is read here; each figure is an upper bound, never an
estimate. Source: dominated columns and coefficient tightening (Savelsbergh, 1994,
doi:10.1287/ijoc.6.4.445).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset, derived
from optalloc.errors import Problem

from ._building import active_sites, pue_of_sites, standing_mw
from ._contracts import CAPACITY, DELIVERS, contracts_on_offer
from ._leases import leases_on_offer
from ._site_need import ENDINGS, LEASES, ROUNDING, SIGNINGS, needed_at_sites, pledged
from ._slices import day_over_slice, firm_output, least_output, most_made_up, slices

# Sizes further apart than this are not carried by a solver's tolerances, which are a millionth.
FARTHEST_APART = 1e6
# Sheets from which need follows.
SHEETS = (
    *(
        "Settings",
        "Periods",
        "Sites",
        "Workloads",
        "Demand",
        "ComputeUnits",
        "Network",
        "Residency",
    ),
    *("Jurisdictions", "JurisdictionGroups", "RiskLimits", "RiskWeights", "LossEvents", "Pace"),
    *("Leases", "Contracts", "Decisions", "ApprovedActions", "Currencies"),
    *("Slices", "WorkloadSlices", "ContractSlices", "SurplusSlices", "Storage"),
    *("Interruptible", "Interruptions", "GridZones", "Across", "Uncertainties", "Scenarios"),
)


@derived
def useful_sites(data: Dataset) -> pd.DataFrame:
    """The most that is of use at each active site, within its room.

    Columns: site; service_mw, new MW in service; start_mw, MW started in all, in whole blocks where
    the site has blocks; start_units, the same in blocks, or MW where it has none; load_mw, the most
    that can be served there, with reserve; greatest_min_mw, as in `needed_at_sites`.
    """
    sites, need = active_sites(data), needed_at_sites(data)
    room, block = sites["room_mw"], sites["block_mw"]
    start = need["begun_mw"]
    units = (start / block.fillna(1.0)).to_numpy(float)
    whole = _whole(units).clip(min=1.0)
    units = np.where(
        block.notna(), np.minimum(whole, sites["room_blocks"]), np.minimum(start, room)
    )
    return pd.DataFrame(
        {
            "site": sites["site"],
            "service_mw": np.minimum(room, need["need_mw"]),
            "start_mw": units * block.fillna(1.0),
            "start_units": units,
            "load_mw": need["load_mw"],
            "greatest_min_mw": need["greatest_min_mw"],
        }
    ).reset_index(drop=True)


def not_carried(
    data: Dataset, sheet: str, name: str, need: Callable[[Dataset], pd.Series]
) -> Iterator[Problem]:
    """Problems of sizes of a sheet that no solver can tell apart from what is needed, by cell.

    Parameters
    ----------
    data : Dataset
    sheet, name : str
        The sheet with columns block_mw and min_mw, and its key.
    need : callable
        From the dataset to the MW that can be needed of each, blocks and minima apart.
    """
    if not all(data.sound(other) for other in SHEETS):
        return
    declared = data.sheets[sheet].by_name
    sizes = [column for column in ("block_mw", "min_mw") if column in declared]
    needed = need(data)
    for row, at in data.columns(sheet, name, "max_mw", *sizes).to_dict("index").items():
        most = float(needed.get(at[name], 0.0))
        most = most if np.isfinite(most) else float(at["max_mw"])
        for column in sizes if most > 0 else ():
            small = column == "block_mw" and at[column] * FARTHEST_APART < min(most, at["max_mw"])
            if not small and not at[column] > most * FARTHEST_APART:
                continue
            yield data.problem(
                sheet,
                row,
                column,
                f"{column} must be neither a million times smaller nor larger than the {most:g} MW "
                "that can be needed there: a solver's tolerances carry no more",
                f"Correct {column}"
                + (", or leave it blank for any size." if column == "block_mw" else "."),
                "beyond-tolerance",
            )


def _whole(blocks: np.ndarray) -> np.ndarray:
    """Whole blocks that are enough; a sum that rounding has made larger needs no block more."""
    return np.asarray(np.ceil(blocks * (1.0 - ROUNDING) - ROUNDING))


def useful_leases(data: Dataset) -> pd.Series:
    """The most MW of each lease that it is of use to sign at a time, by lease."""
    useful = needed_of_leases(data, "signed_mw")["signed_mw"]
    return useful.clip(upper=leases_on_offer(data)["max_mw"])


def site_need(data: Dataset) -> pd.Series:
    """MW that can be needed in service at each site, whatever its room, by site."""
    return needed_at_sites(data, "need_mw")["need_mw"]


def lease_need(data: Dataset) -> pd.Series:
    """MW that can be needed of each lease, whatever it allows, by lease."""
    return needed_of_leases(data, "need_mw")["need_mw"]


@derived
def needed_of_leases(data: Dataset) -> pd.DataFrame:
    """MW that can be needed of each lease: need_mw, and signed_mw with its minimum, by lease.

    And greatest_min_mw, its minimum, or that of another scenario.
    """
    leases = leases_on_offer(data)
    need = leases["site"].map(site_need(data)).astype(float)
    need = need.clip(lower=pledged(data, LEASES, leases.index))
    return _with_minimum(need, leases["min_mw"])


def _with_minimum(need: pd.Series, minimum: pd.Series) -> pd.DataFrame:
    signed = need.clip(lower=minimum)
    return pd.DataFrame({"need_mw": need, "signed_mw": signed, "greatest_min_mw": minimum})


def useful_contracts(data: Dataset) -> pd.Series:
    """The most MW of each contract that it is of use to sign at a time, in whole blocks."""
    offered, need = contracts_on_offer(data), needed_of_contracts(data, "signed_mw")["signed_mw"]
    block = offered["block_mw"]
    whole = pd.Series(_whole((need / block).to_numpy(float)), need.index)
    return need.where(block.isna(), whole * block).clip(upper=offered["max_mw"])


def contract_need(data: Dataset) -> pd.Series:
    """MW that can be needed of each contract, whatever it allows, by contract."""
    return needed_of_contracts(data, "need_mw")["need_mw"]


@derived
def needed_of_contracts(data: Dataset) -> pd.DataFrame:
    """MW that can be needed of each contract: need_mw, and signed_mw with its minimum, by contract.

    Peak of all that can stand where it covers peak; energy of all that can be served where it
    delivers energy, in the slice in which it delivers least. Storage draws peak and energy, load
    may be made up in a slice, and surplus sold. And greatest_min_mw, as in `needed_of_leases`.
    """
    offered, sites = contracts_on_offer(data), active_sites(data)
    useful = useful_sites(data).set_index("site")
    own = offered[["contract", "site"]].dropna().merge(sites[["site"]].reset_index(drop=True))
    zone = offered[["contract", "zone"]].dropna()
    shared = zone.merge(sites[["site", "grid_zone"]], left_on="zone", right_on="grid_zone")
    pairs = pd.concat([own, shared])[["contract", "site"]]
    pue = pue_of_sites(data)
    stored = useful_storage(data)
    zones = offered["zone"].fillna(offered["site"].map(sites["grid_zone"]))
    of_zone = zones.map(useful_storage_of_zones(data)).astype(float).fillna(0.0)
    peak = most_in_service(data) * pue + stored
    load = useful["load_mw"] * pue * most_made_up(data) + stored
    by_site = pd.DataFrame({"peak": peak, "energy": load})
    sums = pairs.join(by_site, on="site").groupby("contract")[["peak", "energy"]].sum()
    sums = sums.reindex(offered.index, fill_value=0.0)
    # Availability may be zero: no amount is then enough, and none is of use for energy.
    least = least_output(data).reindex(offered.index)
    share = least.where(least > 0)
    energy = (sums["energy"] + of_zone) * _with_surplus(data, offered) / share
    energy = energy.fillna(0.0).where(offered["kind"].isin(DELIVERS), 0.0)
    # A plant on site that delivers unevenly covers peak by the least of what it delivers.
    firm = firm_output(data).reindex(offered.index)
    peak = (sums["peak"] / firm.where(firm > 0)).where(
        (offered["kind"] == CAPACITY) | offered["site"].notna(), 0.0
    )
    need = pd.concat([energy, peak, pledged(data, SIGNINGS, offered.index)], axis=1).max(axis=1)
    need += pledged(data, ENDINGS, offered.index)
    return _with_minimum(need, offered["min_mw"])


def _with_surplus(data: Dataset, offered: pd.DataFrame) -> pd.Series | float:
    """Most energy taken of each contract in a slice over what its sites take, with surplus sold.

    All that may be sold in a year may be sold in its shortest slice. A little more than that, so
    that no bound binds where the share does and takes its price; no end where it need not hold.
    """
    each = slices(data, "share")
    if each.empty or data["SurplusSlices"].empty:
        return 1.0
    share = offered["max_surplus_share"]
    if not data["Across"].empty:
        return (1.0 + share).where(share <= 0, np.inf)
    return 1.0 + 1.05 * share / (1.0 - share) / float(each["share"].min())


def most_in_service(data: Dataset) -> pd.Series:
    """The most MW that can be in service at each active site, leased included, by site."""
    sites, useful = active_sites(data), useful_sites(data).set_index("site")
    leased = useful_leases(data).groupby(leases_on_offer(data, "site")["site"]).sum()
    most = useful["service_mw"] + leased.reindex(sites.index, fill_value=0.0)
    most += standing_mw(data).groupby("site")["standing_mw"].max().reindex(sites.index)
    return most


def useful_storage(data: Dataset) -> pd.Series:
    """The most MW of storage that are of use at each active site, by site.

    It gives no more than the site runs on, and takes it in the shortest slice of a type of day.
    """
    sites = active_sites(data)
    offered = data.columns("Storage", "site", "max_mw", "efficiency").dropna(subset=["site"])
    if slices(data).empty or offered.empty:
        return pd.Series(0.0, sites.index)
    run = offered["site"].map(most_in_service(data) * pue_of_sites(data)).astype(float).fillna(0.0)
    useful = run * day_over_slice(data) / offered["efficiency"]
    most = offered["max_mw"].clip(upper=useful).groupby(offered["site"]).sum()
    return most.reindex(sites.index, fill_value=0.0)


def useful_storage_of_zones(data: Dataset) -> pd.Series:
    """The most MW of storage that stands at no site that are of use, by zone.

    As at a site, of all that its sites run on; and it gives in the same hours of a slice.
    """
    offered = data.columns("Storage", "zone", "max_mw", "efficiency").dropna(subset=["zone"])
    if slices(data).empty or offered.empty:
        return pd.Series(dtype=float)
    run = most_in_service(data) * pue_of_sites(data)
    of_zones = run.groupby(active_sites(data)["grid_zone"]).sum()
    useful = offered["zone"].map(of_zones).astype(float).fillna(0.0)
    useful *= day_over_slice(data) / offered["efficiency"] + 1.0
    return offered["max_mw"].clip(upper=useful).groupby(offered["zone"]).sum()


def most_of_all(frames: Sequence[pd.DataFrame]) -> list[pd.DataFrame]:
    """The most that any of several scenarios needs, for each of them by its own rows."""
    most = pd.concat(frames).groupby(level=0).max()
    return [most.reindex(frame.index) for frame in frames]
