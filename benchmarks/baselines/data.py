"""The numbers of a generated instance, read with pandas, as arrays by site and period."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

__all__ = ["Data", "read"]

KNOWN = {
    *("Settings", "Periods", "Sites", "Workloads", "Demand", "Network", "Residency"),
    *("GridZones", "Contracts", "PowerPrices", "LabourNeeds", "LabourPools", "LabourTiers"),
    *("Jurisdictions", "JurisdictionGroups", "RiskWeights", "RiskLimits", "LossEvents"),
    *("Budgets", "Pace"),
}
HOURS_PER_MONTH = 730.0
TINY = 1e-6


@dataclass(frozen=True)
class Data:
    """Sheets, and what follows from them.

    Arrays over sites and periods have shape (sites, periods); ``delivered``, ``ready`` and ``ripe``
    have shape (sites, periods, periods): whether what is begun in the second index counts in the
    third; ``ready`` is that the permit is there when the third begins. ``work`` and ``site_spend``,
    ``build_spend`` are shares and M per MW begun, likewise.

    ``late`` has the same shape: whether the permit of an opening arrives within the third, so that
    building begins on that day. ``late_cost``, ``late_work`` and ``late_spend`` are then what comes
    on top of that of building begun with the period, by site and opening.
    """

    sheets: dict[str, pd.DataFrame]
    sites: pd.DataFrame
    periods: pd.DataFrame
    arcs: pd.DataFrame
    delivered: np.ndarray
    ready: np.ndarray
    ripe: np.ndarray
    may_open: np.ndarray
    may_build: np.ndarray
    open_cost: np.ndarray
    build_cost: np.ndarray
    fixed_cost: np.ndarray
    running_cost: np.ndarray
    work: np.ndarray
    site_spend: np.ndarray
    build_spend: np.ndarray
    late: np.ndarray
    late_cost: np.ndarray
    late_work: np.ndarray
    late_spend: np.ndarray
    rate: float

    def mean_discount(self, growth: float = 0.0) -> np.ndarray:
        """Present value of 1 paid evenly over each period, growing from the base date."""
        force = np.log1p(growth) - np.log1p(self.rate)
        begin, end = (self.periods[edge].to_numpy() / 12 for edge in ("begin", "end"))
        if force == 0:
            return np.ones(len(self.periods))
        return np.asarray((np.exp(force * end) - np.exp(force * begin)) / (force * (end - begin)))


def read(folder: Path) -> Data:
    """Read a folder.

    Raises
    ------
    ValueError
        If it has a sheet or a life that the baselines do not know.
    """
    files = sorted([*folder.glob("*.csv"), *folder.glob("*.csv.gz")])
    sheets = {file.name.split(".")[0]: pd.read_csv(file) for file in files}
    if set(sheets) - KNOWN:
        raise ValueError(f"the baselines do not know {', '.join(sorted(set(sheets) - KNOWN))}")
    settings = sheets["Settings"].set_index("setting")["value"]
    rate, growth = float(settings["discount_rate"]), float(settings["build_cost_escalation"])
    periods = sheets["Periods"].copy()
    periods["begin"] = periods["months"].cumsum() - periods["months"]
    periods["end"] = periods["begin"] + periods["months"]
    periods["years"] = periods["months"] / 12
    begin, end = periods["begin"].to_numpy(float), periods["end"].to_numpy(float)
    life = 12 * float(settings["life_years"])
    if life < end[-1]:
        raise ValueError("the baselines do not renew what ends within the horizon")
    sites = sheets["Sites"].copy()
    sites["open"] = sites["status"] == "existing"
    sites["room"] = sites["max_mw"] - sites["existing_mw"]
    sites["blocks"] = np.floor(sites["room"] / sites["block_mw"] + 1e-9)
    site_lead = sites["site_lead_months"].to_numpy(float)[:, None, None]
    block_lead = sites["block_lead_months"].to_numpy(float)[:, None, None]
    delivered = begin[:, None] + block_lead <= begin + TINY
    permit = begin[:, None] + site_lead
    ready = permit <= begin + TINY
    late = (permit > begin + TINY) & (permit < end - TINY)
    ripe = begin[:, None] + site_lead + block_lead <= begin + TINY
    candidate = ~sites["open"].to_numpy()[:, None]
    may_open = candidate & ripe[:, :, -1]
    openable = ((ready | late) & may_open[:, :, None]).any(axis=1)
    late = late & may_open[:, :, None]
    may_build = delivered[:, :, -1] & (openable | ~candidate)
    prices = growth, rate, life, begin, end[-1]
    opened, site_cash = _capital(
        sites["site_cost"], site_lead, site_lead + block_lead, begin[None], *prices
    )
    per_mw = sites["build_cost_per_mw"]
    built, block_cash = _capital(per_mw, block_lead, block_lead, begin[None], *prices)
    work = _spread(begin[None, :, None], block_lead, begin, end)
    spend = block_cash[:, :, None] * work
    built_late, late_cash = _capital(per_mw, block_lead, block_lead, permit[:, :, 0], *prices)
    late_work = _spread(permit, block_lead, begin, end)
    # By opening, what building begun with the period of its permit would have been.
    soon_cost = (late * built[:, None, :]).sum(axis=2)
    soon_work = np.einsum("ict,itp->icp", late, work)
    soon_spend = np.einsum("ict,itp->icp", late, spend)
    made = Data(
        sheets=sheets,
        sites=sites,
        periods=periods,
        arcs=_arcs(sheets, sites),
        delivered=delivered,
        ready=ready & may_open[:, :, None],
        ripe=ripe & may_open[:, :, None],
        may_open=may_open,
        may_build=may_build,
        open_cost=opened,
        build_cost=built,
        fixed_cost=sites["fixed_cost_per_year"].to_numpy()[:, None],
        running_cost=sites["cost_per_mw_year"].to_numpy()[:, None],
        work=work,
        site_spend=site_cash[:, :, None] * _spread(begin[None, :, None], site_lead, begin, end),
        build_spend=spend,
        late=late,
        late_cost=built_late - soon_cost,
        late_work=late_work - soon_work,
        late_spend=late_cash[:, :, None] * late_work - soon_spend,
        rate=rate,
    )
    yearly = made.mean_discount(float(settings["running_cost_escalation"])) * periods["years"]
    by_year = yearly.to_numpy()
    return replace(
        made, fixed_cost=made.fixed_cost * by_year, running_cost=made.running_cost * by_year
    )


def _spread(first: np.ndarray, lead: np.ndarray, begin: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Share of a lead that lies in each period, in the last place."""
    overlap = np.minimum(end, first + lead) - np.maximum(begin, first)
    return np.asarray(np.maximum(overlap, 0) / np.where(lead > 0, lead, 1))


def _capital(
    cost: pd.Series,
    lead: np.ndarray,
    to_online: np.ndarray,
    day: np.ndarray,
    growth: float,
    rate: float,
    life: float,
    begin: np.ndarray,
    horizon: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Present value less what is left at the horizon, and cash, of a unit begun on each day."""
    months = lead[:, :, 0]
    cash = cost.to_numpy()[:, None] * (1 + growth) ** (day / 12)
    force = np.log1p(rate) * months / 12
    even = np.where(force > 0, -np.expm1(-force) / np.where(force > 0, force, 1), 1.0)
    value = cash * (1 + rate) ** (-day / 12) * even
    at = np.searchsorted(begin, day + to_online[:, :, 0] - TINY)
    online = np.append(begin, horizon)[at]
    left = np.maximum(life - (horizon - online), 0) / 12
    share = np.expm1(-np.log1p(rate) * left) / np.expm1(-np.log1p(rate) * life / 12)
    credit = value * (1 + rate) ** (online / 12) * share * (1 + rate) ** (-horizon / 12)
    return value - credit, cash


def _arcs(sheets: dict[str, pd.DataFrame], sites: pd.DataFrame) -> pd.DataFrame:
    """Allowed workload, region and site, with network cost."""
    asked = sheets["Demand"].groupby(["workload", "region"], as_index=False)["it_mw"].max()
    frame = asked[asked["it_mw"] > 0].drop(columns="it_mw").merge(sheets["Workloads"])
    frame = frame.merge(sheets["Network"], on="region").merge(sites[["site", "jurisdiction"]])
    frame = frame[~(frame["latency_ms"] > frame["max_latency_ms"])]
    allowed = sheets["Residency"]
    kept = frame.merge(allowed.assign(here=True), how="left")["here"].eq(True).to_numpy()
    bound = frame["workload"].isin(allowed["workload"]).to_numpy()
    arcs: pd.DataFrame = frame[kept | ~bound].reset_index(drop=True)
    return arcs


def active(contract: pd.Series, periods: pd.DataFrame) -> np.ndarray:
    """Whether what is signed in the first index is active in the whole of the second."""
    begin, end = periods["begin"].to_numpy(float), periods["end"].to_numpy(float)
    since = begin + contract["lead_months"]
    last = periods.index[periods["period"] == contract["last_period"]][0]
    runs = (since[:, None] <= begin + TINY) & (
        end <= since[:, None] + contract["term_months"] + TINY
    )
    return np.asarray(runs & (np.arange(len(begin)) <= last)[:, None])


def pools(data: Data) -> pd.DataFrame:
    """Each source of workers by market, trade and period: offered person-months, and wage in M."""
    sheets, months = data.sheets, data.periods.set_index("period")["months"]
    given = sheets["LabourPools"].pivot_table(
        index=["labour_market", "trade"],
        columns="period",
        values=["workers", "wage_per_person_month"],
    )
    frames = []
    for period in data.periods["period"]:
        known = (
            given.reindex(
                columns=pd.MultiIndex.from_product(
                    [["workers", "wage_per_person_month"], data.periods["period"]]
                )
            )
            .T.groupby(level=0)
            .ffill()
            .T.xs(period, axis=1, level=1)
        )
        frames.append(known.reset_index().assign(period=period, source="pool", premium_share=0.0))
    pool = pd.concat(frames, ignore_index=True)
    tiers = pool.drop(columns=["workers", "source", "premium_share"]).merge(sheets["LabourTiers"])
    both = pd.concat([pool, tiers.rename(columns={"tier": "source"})], ignore_index=True)
    both["offered"] = both["workers"] * both["period"].map(months)
    discounts = dict(zip(data.periods["period"], data.mean_discount(), strict=True))
    wage = both["wage_per_person_month"] * (1 + both["premium_share"]) / 1e6
    return both.assign(cost=wage * both["period"].map(discounts))
