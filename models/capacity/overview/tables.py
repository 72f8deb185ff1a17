"""Lists of sites, starts of building and regions, and how the report shows them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Column, Kind
from optalloc.modelling.exhibits import Listing, Map, Points, Timeline
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.reports import Filter, Report
from optalloc.modelling.slides import Selection, Slide
from optalloc.modelling.solution import Solution

from .._beginnings import arrivals_of, building_dates
from .._building import KEYS, active_sites
from .._calendar import TINY_MONTHS, calendar, dates_of, first_position_at
from .._demand import asked
from .._reasons import reasons

# Below this, in MW, is noise of the solver's arithmetic.
TINY_MW = 1e-6


def _degrees(name: str) -> Column:
    return Column(name=name, kind=Kind.NUMBER, unit="degrees", meaning="Place on the map.")


def _mw(name: str, meaning: str) -> Column:
    return Column(name=name, kind=Kind.NUMBER, unit="MW IT", meaning=meaning)


def _date(name: str, meaning: str) -> Column:
    return Column(name=name, kind=Kind.DATE, meaning=meaning)


SITE_LIST = TableSpec(
    name="SiteList",
    meaning="Every site: where it is, what the plan does with it, and by when.",
    key=("site",),
    columns=(
        Column(name="site", kind=Kind.TEXT, meaning="Site."),
        Column(
            name="plan",
            kind=Kind.TEXT,
            meaning="new, extended, as it stands, not built, or excluded by the workbook.",
        ),
        Column(name="jurisdiction", kind=Kind.TEXT, meaning="Jurisdiction of the site."),
        Column(name="market", kind=Kind.TEXT, meaning="Market it lies in."),
        Column(name="grid_zone", kind=Kind.TEXT, meaning="Grid zone it draws power from."),
        Column(name="labour_market", kind=Kind.TEXT, meaning="Pool of trades it shares."),
        _date("committed", "First day of the period in which a candidate is committed."),
        _date("first_start", "Day on which building first begins."),
        _date("first_online", "First day of the period that first has what is built in service."),
        _mw("standing_mw", "Capacity that exists or is under construction already."),
        _mw("started_mw", "Capacity whose building the plan starts."),
        _mw("online_mw", "In service in the last period, leased included."),
        _mw("max_mw", "Most the site can hold, leases apart."),
        _degrees("latitude"),
        _degrees("longitude"),
        Column(
            name="why",
            kind=Kind.TEXT,
            meaning="Why it is in or out, as far as workbook and plan say so without solving again.",
        ),
    ),
)

WORKS = TableSpec(
    name="Works",
    meaning="Each start of building, with the days on which its site is committed, it is started, delivered and in service.",
    key=("site", "period"),
    columns=(
        Column(name="site", kind=Kind.TEXT, meaning="Site."),
        Column(name="jurisdiction", kind=Kind.TEXT, meaning="Jurisdiction of the site."),
        Column(name="period", kind=Kind.TEXT, meaning="Period of the start."),
        _mw("started_mw", "Capacity started."),
        Column(
            name="blocks",
            kind=Kind.NUMBER,
            unit="blocks",
            meaning="The same in blocks; blank where the site has none.",
        ),
        _date("committed", "Site committed; blank where it was open before."),
        _date("started", "Building begins: the period has begun and the permit is there."),
        _date("delivered", "Block lead over."),
        _date("online", "All of it in service; blank where the plan does not come to that."),
        _mw("in_service_mw", "How much of it is in service in the last period, or has been."),
    ),
)

REGION_LIST = TableSpec(
    name="RegionList",
    meaning="Every region of demand: where it is, and its demand in the last period.",
    key=("region",),
    columns=(
        Column(name="region", kind=Kind.TEXT, meaning="Region."),
        _degrees("latitude"),
        _degrees("longitude"),
        _mw("demand_mw", "Peak load asked for in the last period."),
        _mw("served_mw", "Peak load served in the last period."),
    ),
)


def tables(data: Dataset, values: Solution) -> dict[str, pd.DataFrame]:
    """Sites, starts and regions from the decisions."""
    started = values.ledger("starting_mw").rename(columns={"value": "mw"})
    new = values.variable("energised", KEYS).rename(columns={"value": "mw"})
    committed = values.variable("committed", KEYS)
    online = values.ledger("online_mw").rename(columns={"value": "online_mw"})
    served = values.ledger("served_mw").rename(columns={"value": "served_mw"})
    committed = committed[committed["value"] > 0.5]
    arrives = arrivals_of(data, values)
    return overview_tables(data, started, new, committed, arrives, online, served)


def overview_tables(
    data: Dataset,
    started: pd.DataFrame,
    new: pd.DataFrame,
    committed: pd.DataFrame,
    arrives: Mapping[str, float],
    online: pd.DataFrame,
    served: pd.DataFrame,
) -> dict[str, pd.DataFrame]:
    """All tables from what is started, newly in service, committed, online and served, by period.

    ``arrives`` is the moment of each site's permit, in months from the base date.
    """
    cal, sites = calendar(data), active_sites(data)
    candidates = committed[~committed["site"].map(sites["is_open"]).astype(bool)]
    first = candidates["period"].map(cal["date"]).groupby(candidates["site"]).min()
    started = started[started["mw"] > TINY_MW]
    begins = building_dates(data, started, arrives)
    works = _works(data, started.merge(begins, on=KEYS), new, first)
    figures: list[tuple[str, object, str]] = [("case", data.one("Settings").name, "")]
    days = {
        "first decision to build": works[["committed", "started"]].min(axis=1).min(),
        "last capacity in service from": works["online"].max(),
    }
    figures += [(name, f"{day:%Y-%m-%d}", "") for name, day in days.items() if pd.notna(day)]
    return {
        "SiteList": _site_list(data, works, new, first, online),
        "Works": works,
        "RegionList": _region_list(data, served),
        "Summary": pd.DataFrame(figures, columns=["figure", "value", "unit"]),
    }


def _works(
    data: Dataset, started: pd.DataFrame, new: pd.DataFrame, committed: pd.Series
) -> pd.DataFrame:
    """One row per start, site by site; what is energised first is what was started first."""
    cal = calendar(data)
    site, names = pd.factorize(started["site"])
    order = np.argsort(site, kind="stable")
    site, started = site[order], started.iloc[order]
    own = active_sites(data).loc[names].iloc[site]
    mw = started["mw"].to_numpy(float)
    # By site and period.
    shape = len(names), len(cal)
    at = cal.index.get_indexer(pd.Index(started["period"]))
    built, energised = np.zeros(shape), np.zeros(shape)
    built[site, at] = mw
    places = (
        names.get_indexer(pd.Index(new["site"])),
        cal.index.get_indexer(pd.Index(new["period"])),
    )
    known = (places[0] >= 0) & (places[1] >= 0)
    energised[places[0][known], places[1][known]] = new["mw"].to_numpy(float)[known]
    ready = started["begin"].to_numpy(float) + own["block_lead_months"].to_numpy(float)
    placed = (energised + _gone(cal, own, ready, mw, site, shape))[site]
    total = built.cumsum(axis=1)[site, at]
    done = placed >= (total - TINY_MW * (1.0 + total))[:, None]
    is_done, first = done.any(axis=1), done.argmax(axis=1)
    online = cal["date"].to_numpy()[first]
    return pd.DataFrame(
        {
            "site": started["site"].array,
            "jurisdiction": own["jurisdiction"].array,
            "period": started["period"].array,
            "started_mw": mw,
            "blocks": mw / own["block_mw"].to_numpy(float),
            "committed": _days(committed, started["site"]),
            "started": started["date"].to_numpy("datetime64[s]"),
            "delivered": dates_of(data, pd.Series(ready)).to_numpy("datetime64[s]"),
            "online": np.where(is_done, online, np.datetime64("NaT")).astype("datetime64[s]"),
            "in_service_mw": np.where(is_done, mw, np.maximum(placed[:, -1] - total + mw, 0.0)),
        }
    )


def _gone(
    cal: pd.DataFrame,
    own: pd.DataFrame,
    ready: np.ndarray,
    mw: np.ndarray,
    site: np.ndarray,
    shape: tuple[int, int],
) -> np.ndarray:
    """MW of starts within whose life a period does not wholly lie, by site and period."""
    online = np.append(cal["begin"].to_numpy(), np.inf)[first_position_at(cal, ready)]
    over = online + 12.0 * own["lasts_years"].to_numpy(float)
    until = cal["end"].to_numpy() - TINY_MONTHS
    gone = np.zeros(shape)
    np.add.at(gone, site, np.where(over[:, None] < until, mw[:, None], 0.0))
    return gone


def _site_list(
    data: Dataset,
    works: pd.DataFrame,
    new: pd.DataFrame,
    committed: pd.Series,
    online: pd.DataFrame,
) -> pd.DataFrame:
    """One row per site of the workbook, in its order."""
    # A start may come into service bit by bit: what counts is the first megawatt.
    running = new[new["mw"] > TINY_MW]
    in_service = running["period"].map(calendar(data)["date"]).groupby(running["site"]).min()
    sites = data["Sites"].reset_index(drop=True)
    last = online[online["period"] == calendar(data).index[-1]].set_index("site")["online_mw"]
    by_site, name = works.groupby("site"), sites["site"]
    started = by_site["started_mw"].sum().reindex(name).fillna(0.0).to_numpy(float)
    opened = _days(committed, name)
    plan = np.select(
        [
            sites["status"] == "excluded",
            (sites["status"] == "candidate") & ~np.isnat(opened),
            sites["status"] == "candidate",
            started > 0,
        ],
        ["excluded", "new", "not built", "extended"],
        default="as it stands",
    )
    frame = sites.assign(
        plan=plan,
        committed=opened,
        first_start=_days(by_site["started"].min(), name),
        first_online=_days(in_service, name),
        standing_mw=sites["existing_mw"] + sites["under_construction_mw"],
        started_mw=started,
        online_mw=last.reindex(name).fillna(0.0).to_numpy(float),
    )
    frame["why"] = reasons(data, frame)
    return frame[[column.name for column in SITE_LIST.columns]]


def _days(by_site: pd.Series, names: pd.Series) -> np.ndarray:
    """A day for each of the names; not a time where there is none."""
    return by_site.reindex(names).to_numpy("datetime64[s]")


def _region_list(data: Dataset, served: pd.DataFrame) -> pd.DataFrame:
    """One row per region that Demand names, in its order."""
    last = calendar(data).index[-1]
    demand = asked(data)
    now = demand[demand["period"] == last].groupby("region")["it_mw"].sum()
    met = served[served["period"] == last].groupby("region")["served_mw"].sum()
    names = pd.Series(demand["region"].unique(), dtype=object)
    places = data["Regions"].set_index("region")
    return pd.DataFrame(
        {
            "region": names,
            "latitude": places["latitude"].reindex(names).to_numpy(float),
            "longitude": places["longitude"].reindex(names).to_numpy(float),
            "demand_mw": now.reindex(names).fillna(0.0).to_numpy(float),
            "served_mw": met.reindex(names).fillna(0.0).to_numpy(float),
        }
    )


REPORT = Report(
    headline=(
        "Build on {sites built on} sites: {MW started} started, {MW online at the end} in service at the end.",
        "It costs {total cost} in present value|: {cash, discounted} to be paid (undiscounted {cash, undiscounted})|, {of which unmet demand} for unmet demand|, {of which penalties} in other penalties|, {of which expected loss} of expected loss|, {of which residual value} of residual value|.",
        "The first decision to build falls due on {first decision to build}; the last capacity comes into service on {last capacity in service from}.",
    ),
    figures=(
        "total cost",
        "gap",
        "sites built on",
        "MW started",
        "MW online at the end",
        "most demand unmet in a period",
        "limits that bind",
    ),
    case="case",
    filters=(
        Filter(
            column="jurisdiction",
            title="Jurisdiction",
            table="SiteList",
            through=("site", "grid_zone", "labour_market"),
        ),
    ),
    exhibits=(
        Map(
            title="Where it stands",
            order=100,
            slide=Slide.MAP,
            note="Sites by the MW in service in the chosen period, and the load that they serve.",
            places=Points(table="SiteList", name="site"),
            ends=Points(table="RegionList", name="region"),
            state="plan",
            solid=("new", "extended", "as it stands"),
            hollow=("not built", "excluded"),
            size_table="Build",
            size="online_mw",
            flow_table="Load",
            flow="served_mw",
        ),
        Timeline(
            title="What is built when",
            order=200,
            slide=Slide.TIMELINE,
            note="Each start of building, from the commitment of its site until all of it is in service.",
            table="Works",
            row="site",
            size="started_mw",
            reached="in_service_mw",
            steps=(
                ("committed", "Committed"),
                ("started", "Started"),
                ("delivered", "Delivered"),
                ("online", "In service"),
            ),
        ),
        Listing(
            title="Sites",
            order=950,
            table="SiteList",
            first=("site", "plan", "why", "started_mw", "online_mw", "max_mw"),
            note="What the plan does with each site, by when and why. Where only the cost speaks "
            "against a site, optalloc explain works out what building there would add.",
        ),
    ),
    slides=(
        Selection(
            title="Not built on, and why",
            order=30,
            slide=Slide.RISKS,
            table="SiteList",
            shown=(("site", "Site"), ("max_mw", "Most MW"), ("why", "Why")),
            by="plan",
            values=("not built",),
            empty="Every site that may be built on is built on.",
        ),
    ),
    messages=(
        (
            Slide.MAP,
            "{MW online at the end} in service at the end, on {sites built on} sites that the plan builds on and those that stand.",
        ),
        (
            Slide.TIMELINE,
            "The first decision to build falls due on {first decision to build}; the last capacity comes into service on {last capacity in service from}.",
        ),
    ),
)
