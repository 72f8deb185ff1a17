"""Checks on sites across columns and sheets."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.rounding import exceeds
from optalloc.errors import Problem

from .._building import SERVICE_COLUMNS, active_sites, lives_of_starts
from .._calendar import calendar
from .._capacity_bounds import not_carried, site_need
from .._period_ends import CODE, inside_periods

SIZES = ("existing_mw", "under_construction_mw", "max_mw", "block_mw", "min_mw")


def check(data: Dataset) -> Iterator[Problem]:
    """Sizes that fit into each other, and a site that may be built on."""
    for row, at in data.rows("Sites", "status", *SIZES).to_dict("index").items():
        standing = at["existing_mw"] + at["under_construction_mw"]
        room, block = max(at["max_mw"] - standing, 0.0), at["block_mw"]
        most = room if pd.isna(block) else np.floor(room / block + 1e-9) * block
        if exceeds(standing, at["max_mw"]):
            yield data.problem(
                "Sites",
                row,
                "max_mw",
                f"max_mw must be at least what stands or is being built, {standing:.12g} MW",
                "Raise max_mw, or lower existing_mw or under_construction_mw.",
                "site-too-small",
            )
        elif at["status"] in ("candidate", "committed") and exceeds(
            np.fmax(block, at["min_mw"]), most
        ):
            column = "block_mw" if exceeds(block, room) else "min_mw"
            yield data.problem(
                "Sites",
                row,
                column,
                f"{column} must fit into the {room:.12g} MW that may still be built",
                f"Lower {column} or raise max_mw.",
                "min-above-max",
                reads=("status", "block_mw", "min_mw"),
            )
    status = data.column("Sites", "status")
    if data.sound("Sites", "site", "status") and (status == "excluded").all():
        yield data.problem(
            "Sites",
            int(status.index[0]),
            "status",
            "at least one site must not be excluded",
            "Change the status of one.",
            "no-site",
        )
    yield from _check_edges(data)
    yield from not_carried(data, "Sites", "site", site_need)


def _check_edges(data: Dataset) -> Iterator[Problem]:
    """Lives of what is retired and dates of what is under construction that miss a period's edge."""
    if not (data.sound("Periods") and data.sound("Settings", "base_date", "life_years")):
        return
    sites = data.known("Sites", *SERVICE_COLUMNS)
    rows = pd.Series(sites.index, index=sites["site"])
    lives = lives_of_starts(data)
    lives = lives[lives["site"].isin(rows.index)]
    lives = lives.assign(row=lives["site"].map(rows))
    own = lives["row"].map(sites["life_years"].notna()).astype(bool)
    settings = data["Settings"].index[0]
    lives = lives.assign(
        sheet=np.where(own, "Sites", "Settings"), row=lives["row"].where(own, settings)
    )
    yield from inside_periods(
        data,
        lives.assign(column="life_years"),
        "what is retired serves only the periods that lie wholly within its life",
    )
    building = active_sites(data)
    building = building[np.isfinite(building["built_online"]) & building["site"].isin(rows.index)]
    building = building.reset_index(drop=True)
    yield from inside_periods(
        data,
        pd.DataFrame(
            {
                "sheet": "Sites",
                "row": building["site"].map(rows),
                "column": "under_construction_online",
                "from": building["built_online"],
                "to": np.inf,
            }
        ),
        "what is under construction serves from the first period that begins on its date or later",
    )
    for site in building.loc[building["built_online"] >= calendar(data)["end"].iloc[-1], "site"]:
        yield data.notice(
            "Sites",
            rows[site],
            "under_construction_online",
            "what is under construction serves within the horizon",
            "Nothing need be done, or plan further ahead.",
            CODE,
        )
