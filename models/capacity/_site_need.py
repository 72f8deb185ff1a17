"""How much capacity in service a plan of least cost can need at each site, and why.

Besides load there are limits that ask for capacity, decisions, what was approved, and power that is
held for others. Each figure is an upper bound, never an estimate.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset, derived

from ._building import active_sites, pue_of_sites, standing_mw
from ._calendar import calendar
from ._demand import positive_demand
from ._leases import leases_on_offer
from ._network import arcs
from ._scores import scores
from ._slices import most_made_up

# Blocks, lives and scores that differ by so little are the same.
ROUNDING = 1e-9
# The least that a site without minimum and blocks can be asked to build, where nothing needs it.
LEAST_MW = 1.0
# Kinds of risk limits that weigh what stands.
WEIGHED = ("max_share", "min_share", "max_hhi", "max_mean_score")
# What rows of Decisions and ApprovedActions ask MW of, and in which column. What is decided counts
# towards what load needs; what was approved is started or signed besides, so as not to depart, and
# what is to be ended serves nothing any more.
STARTS, LEASES, SIGNINGS, ENDINGS = "starts", "leases", "signings", "endings"
DECIDED = {
    "started_mw": ("site", STARTS),
    "online_mw": ("site", STARTS),
    "leased_mw": ("lease", LEASES),
    "signed_mw": ("contract", SIGNINGS),
    "ended_mw": ("contract", ENDINGS),
}
APPROVED = {"start building": STARTS, "sign contract": SIGNINGS}


@derived
def needed_at_sites(data: Dataset) -> pd.DataFrame:
    """MW in service that a plan of least cost can need at each active site, by site.

    Columns: load_mw, the most over periods of the demands that may be served there, with reserve;
    need_mw, with all else that asks for capacity; begun_mw, what is started for that in all, with
    the site's minimum and in each life, which may be others in another scenario;
    greatest_min_mw, that minimum, or that of another scenario.
    """
    sites = active_sites(data)
    demands = _demands(data)
    peaks = demands.merge(arcs(data, "workload", "region", "site"), on=["workload", "region"])
    load = peaks.groupby(["site", "period"])["needed_mw"].sum().groupby("site").max()
    load = load.reindex(sites.index, fill_value=0.0)
    drawn = (load * most_made_up(data) + _stored_at_cut_off(data)) * _cut_off(data)
    need = np.maximum(drawn, _decided(data, STARTS).reindex(sites.index).fillna(0.0))
    need += _approved(data, STARTS).reindex(sites.index).fillna(0.0)
    factors = [*_loss_factors(data), *_growth_factors(data), *_risk_factors(data)]
    # A share is kept, a loss survived and growth allowed by capacity that serves nothing, too.
    # Factors multiply, and periods add up, as capacity stays in service.
    if factors:
        standing = standing_mw(data).groupby("period")["standing_mw"].sum().max()
        total = demands.groupby("period")["needed_mw"].sum().max() if len(demands) else 0.0
        total = total * most_made_up(data) + float((drawn - load * most_made_up(data)).sum())
        pledged = sum(float(_pledges(data, what).sum()) for what in (STARTS, LEASES))
        total += standing + pledged + leases_on_offer(data, "min_mw")["min_mw"].sum()
        most = total * float(np.prod(factors)) * len(calendar(data)) if total > 0 else 0.0
        need = np.maximum(need, most)
    need = np.maximum(need, _held_in_zones(data, need)) * _averaged(data)
    smallest = sites["min_mw"].where(sites["min_mw"] > 0, LEAST_MW).where(need <= 0, 0.0)
    begun = need.clip(lower=sites["min_mw"]).clip(lower=smallest) * _lives(data)
    minimum = sites["min_mw"]
    return pd.DataFrame(
        {"load_mw": load, "need_mw": need, "begun_mw": begun, "greatest_min_mw": minimum}
    )


def _cut_off(data: Dataset) -> pd.Series:
    """Give the share of its load that a site needs in service, where it may be cut off in part.

    All that it draws may be on such terms: while so much of that is cut off, the rest is left.
    """
    sites = active_sites(data)
    cut = data.columns("Interruptions", "site", "cut_share")
    most = cut[cut["cut_share"] < 1].groupby("site")["cut_share"].max().astype(float)
    named = sites["site"].isin(data.column("Interruptible", "site"))
    return 1.0 / (1.0 - most.reindex(sites.index).where(named).fillna(0.0))


def _stored_at_cut_off(data: Dataset) -> pd.Series:
    """IT MW whose connection storage takes to be charged, at sites that may be cut off."""
    sites = active_sites(data)
    offered = data.columns("Storage", "site", "max_mw", "efficiency").dropna(subset=["site"])
    drawn = (offered["max_mw"] / offered["efficiency"]).groupby(offered["site"]).sum()
    named = sites["site"].isin(data.column("Interruptible", "site"))
    taken = drawn.reindex(sites.index).where(named).astype(float).fillna(0.0)
    return taken / pue_of_sites(data)


def _held_in_zones(data: Dataset, need: pd.Series) -> pd.Series:
    """MW of each site that would draw all that its grid zone needs, if new power there is limited.

    What is drawn there already may be drawn again elsewhere in the zone: by what stands in another
    site later, or by storage.
    """
    sites, pue = active_sites(data), pue_of_sites(data)
    limited = data.columns("GridZones", "zone", "max_new_mw").dropna()["zone"]
    drawn = (need * pue).groupby(sites["grid_zone"]).sum()
    stored = data.columns("Storage", "site", "zone", "max_mw", "peak_share")
    zones = stored["zone"].fillna(stored["site"].map(sites["grid_zone"]))
    at_peak = (stored["max_mw"] * stored["peak_share"]).groupby(zones).sum().astype(float)
    drawn = drawn.add(at_peak.reindex(drawn.index, fill_value=0.0))
    held = sites["grid_zone"].where(sites["grid_zone"].isin(limited)).map(drawn)
    return held.astype(float).fillna(0.0) / pue


def _averaged(data: Dataset) -> float:
    """Most of a scenario over all of them in the mean, where limits hold across scenarios."""
    if data["Across"].empty:
        return 1.0
    listed = data.column("Scenarios", "probability").astype(float)
    if len(listed):
        return 1.0 / float(listed[listed > 0].min())
    rows = data.columns("Uncertainties", "uncertainty", "probability").dropna()
    rows = rows[rows["probability"] > 0]
    return 1.0 / float(np.prod(rows.groupby("uncertainty")["probability"].min().to_numpy()))


def _demands(data: Dataset) -> pd.DataFrame:
    rows = positive_demand(data)[["workload", "region", "period", "it_mw"]]
    rows = rows.merge(data.columns("Workloads", "workload", "reserve_share"), on="workload")
    return rows.assign(needed_mw=rows["it_mw"] * (1.0 + rows["reserve_share"]))


def _decided(data: Dataset, what: str) -> pd.Series:
    """MW that decisions ask for of each site, lease or contract, in all."""
    decisions = data["Decisions"]
    parts = [
        decisions[decisions["what"] == kind].groupby(column)["at_least"].sum()
        for kind, (column, asks) in DECIDED.items()
        if asks == what
    ]
    return pd.concat(parts).astype(float).groupby(level=0).sum()


def _approved(data: Dataset, what: str) -> pd.Series:
    """MW that the approved plan has of each site, lease or contract, in all."""
    rows = data["ApprovedActions"]
    asked = rows["action"].map(APPROVED) == what
    return rows[asked].groupby("subject")["mw"].sum().astype(float)


def _pledges(data: Dataset, what: str) -> pd.Series:
    """MW that decisions and the approved plan ask for of each site, lease or contract, in all."""
    return _decided(data, what).add(_approved(data, what), fill_value=0.0)


def pledged(data: Dataset, what: str, names: pd.Index) -> pd.Series:
    return _pledges(data, what).reindex(names, fill_value=0.0).astype(float)


def _growth_factors(data: Dataset) -> Iterator[float]:
    """For each limit on growth by a share, what all may come to over what is added."""
    growth = data.column("Pace", "max_growth_per_year").astype(float)
    if growth.notna().any():
        yield 1.0
    least = float(calendar(data)["years"].min())
    for share in growth[growth > 0]:
        yield 1.0 + 1.0 / ((1.0 + share) ** least - 1.0)


def _risk_factors(data: Dataset) -> Iterator[float]:
    """For each limit that weighs what stands, what all may come to over what it is about.

    Without end where limits of other kinds than a greatest share act on each other: what keeps one
    may have to be made up for by the next.
    """
    limits = data["RiskLimits"]
    limits = limits[limits["workload"].isna() & limits["kind"].isin(WEIGHED)]
    if len(limits) > 1 and (limits["kind"] != "max_share").any():
        yield np.inf
        return
    where = active_sites(data, "jurisdiction")["jurisdiction"]
    for limit in limits.to_dict("records"):
        value = float(limit["value"])
        if limit["kind"] == "max_share" and value > 0:
            yield 1.0 / value
        elif limit["kind"] == "min_share" and value < 1:
            yield 1.0 / (1.0 - value)
        elif limit["kind"] == "max_hhi":
            yield 1.0 + where.nunique()
        elif limit["kind"] == "max_mean_score":
            excess = where.map(scores(data, limit["risk_class"])).astype(float) - value
            # A mean that is the limit but for rounding is at it.
            above, below = excess[excess > ROUNDING], -excess[excess < -ROUNDING]
            if len(above) and len(below):
                yield 1.0 + float(above.max() / below.min())


def _loss_factors(data: Dataset) -> Iterator[float]:
    """Factors of need by loss: a whole loss is replaced elsewhere, a part by more of the same."""
    for share in data.column("LossEvents", "share_lost").astype(float):
        yield 2.0 if share >= 1 else 1.0 + 1.0 / (1.0 - share)


def _lives(data: Dataset) -> pd.Series:
    """How many times over a site may be built within the horizon, where what is built is retired.

    Starts that are all needed overlap at most twice, and one in each life lies in every stretch.
    """
    years = calendar(data)["years"].sum()
    lasts = active_sites(data, "lasts_years")["lasts_years"]
    return (2.0 * (np.ceil(years / lasts) + 1.0)).where(lasts < years - ROUNDING, 1.0)
