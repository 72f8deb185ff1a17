"""Limits of building restated, and installed MW recomputed, walked site by site through the Build table."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset

from .._abandonments import abandoned_in_plan
from .._beginnings import arrivals_in_plan, building_dates_in_plan
from .._building import KEYS, RETIRED, active_sites, standing_mw
from .._calendar import TINY_MONTHS, calendar
from .._options import exercised_on_land
from .limits import LIMITS
from .tables import actions, key_figures

# A site's own columns of the Build table and the calendar, in order of time.
_Own = dict[str, np.ndarray]

_WALKED_SITE = [
    "site",
    "jurisdiction",
    "is_open",
    "existing_mw",
    "under_construction_mw",
    "built_online",
    "room_mw",
    "min_mw",
    "block_mw",
    "max_blocks_per_period",
    "earliest",
    "site_lead_months",
    "block_lead_months",
    "life_years",
    "end_of_life",
]

_WALKED = ["period", "committed", "started_mw", "online_mw", "begin", "end"]


def _walk(data: Dataset, build: pd.DataFrame) -> Iterator[tuple[dict[Hashable, Any], _Own]]:
    """Each site with its rows of the Build table and the calendar."""
    joined = build.merge(calendar(data).reset_index(), on="period").sort_values("position")
    for name, at in active_sites(data)[_WALKED_SITE].to_dict("index").items():
        rows = joined[joined["site"] == name]
        yield at, {column: rows[column].to_numpy() for column in _WALKED}


def audit(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Every limit on building, walked site by site through the Build table."""
    found: dict[str, list[tuple[Any, ...]]] = {limit.name: [] for limit in LIMITS}
    standing = standing_mw(data).set_index(KEYS)["standing_mw"].to_dict()
    leased, begins = leased_mw(tables).to_dict(), _begins(data, tables)
    leads = exercised_on_land(data, tables)["lead_months"].dropna().to_dict()
    for at, own in _walk(data, tables["Build"]):
        built, began = own["started_mw"].cumsum(), own["begin"]
        lead = leads.get(at["site"], at["site_lead_months"])
        days = [
            begins.get((at["site"], p), first)
            for p, first in zip(own["period"], began, strict=True)
        ]
        names = own["period"]
        given = [standing[at["site"], p] + leased.get((at["site"], p), 0.0) for p in names]
        ready = np.array(days) + at["block_lead_months"]
        new_online, gone = own["online_mw"] - given, _retired_mw(at, own, ready)
        for k, period in enumerate(names):
            key = (at["site"], period)
            here = own["started_mw"][ready <= began[k] + TINY_MONTHS].sum()
            permitted = own["committed"] & (began + lead < own["end"][k] - TINY_MONTHS)
            ripe = own["committed"] & (
                began + lead + at["block_lead_months"] <= began[k] + TINY_MONTHS
            )
            early = own["end"][k] <= at["earliest"] + TINY_MONTHS
            room = at["room_mw"]
            found["starts_on_committed_site"].append(
                (
                    *key,
                    built[k] if not early else own["started_mw"][k],
                    room * float((at["is_open"] or permitted.any()) and not early),
                )
            )
            found["service_after_block_lead"].append((*key, new_online[k], here - gone[k]))
            found["service_after_both_leads"].append(
                (*key, new_online[k], room * float(at["is_open"] or ripe.any()))
            )
            most = given[k] + here - gone[k]
            found["ready_by_construction_date"].append((*key, own["online_mw"][k], most))
            if at["end_of_life"] == RETIRED:
                found["served_within_life"].append((*key, new_online[k], here - gone[k]))
            found["starts_kept"].append((*key, -own["started_mw"][k], 0.0))
            held, in_service = (own["committed"][k - 1], new_online[k - 1]) if k else (False, 0.0)
            in_service -= gone[k] - gone[k - 1] if k else 0.0
            found["commitment_kept"].append((*key, float(held), float(own["committed"][k])))
            found["service_kept"].append((*key, in_service, new_online[k]))
            if pd.notna(at["block_mw"]):
                blocks = own["started_mw"][k] / at["block_mw"]
                found["whole_blocks"].append((*key, blocks, round(blocks)))
                if pd.notna(at["max_blocks_per_period"]):
                    found["blocks_per_period"].append(
                        (*key, own["started_mw"][k], at["max_blocks_per_period"] * at["block_mw"])
                    )
            if at["min_mw"] > 0 and built[k] > TINY_MONTHS:
                found["first_start_large_enough"].append((*key, at["min_mw"], built[k]))
    return {
        name: pd.DataFrame(rows, columns=[*KEYS, "used", "allowed"]) for name, rows in found.items()
    }


def leased_mw(tables: Mapping[str, pd.DataFrame]) -> pd.Series:
    """Leased MW that are active, by site and period."""
    return tables["Leasing"].groupby(KEYS)["active_mw"].sum()


def _begins(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[Any, float]:
    """Months from the base date to the day on which each start begins, by site and period."""
    return building_dates_in_plan(data, tables).set_index(KEYS)["begin"].to_dict()


def _retired_mw(at: Mapping[Hashable, Any], own: _Own, ready: np.ndarray) -> list[float]:
    """MW of a site within whose life a period does not wholly lie, for each of its periods.

    `ready` is the month in which what is started in each period is delivered.
    """
    gone = [0.0] * len(own["begin"])
    if at["end_of_life"] != RETIRED:
        return gone
    for done, mw in zip(ready, own["started_mw"], strict=True):
        after = own["begin"][own["begin"] >= done - TINY_MONTHS]
        for k, until in enumerate(own["end"]):
            if len(after) and until > after[0] + 12 * at["life_years"] + TINY_MONTHS:
                gone[k] += mw
    return gone


def recompute(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Installed MW, actions and key figures from what is committed, started and online."""
    build = tables["Build"]
    leased, days = leased_mw(tables).to_dict(), _begins(data, tables)
    given_up = abandoned_in_plan(data, tables)
    rows = []
    for at, own in _walk(data, build):
        keys = zip(own["period"], own["begin"], strict=True)
        ready = np.array([days.get((at["site"], p), first) for p, first in keys])
        ready = ready + at["block_lead_months"]
        gone = _retired_mw(at, own, ready)
        for k, begin in enumerate(own["begin"]):
            done = ready <= begin + TINY_MONTHS
            stands = at["existing_mw"] + at["under_construction_mw"] * (
                at["built_online"] <= begin + TINY_MONTHS
            )
            period = own["period"][k]
            stands += leased.get((at["site"], period), 0.0) - gone[k]
            built = own["started_mw"][done].sum()
            if k >= given_up.get(str(at["site"]), len(own["begin"])):
                # What was built is given up, and what is gone of it was part of it.
                built, stands = 0.0, stands + gone[k]
            rows.append((at["site"], period, at["jurisdiction"], stands + built))
    installed = pd.DataFrame(rows, columns=[*KEYS, "jurisdiction", "installed_mw"])
    return {
        "Build": installed,
        "Actions": actions(data, build, arrivals_in_plan(data, tables)),
        "Summary": key_figures(data, build),
    }
