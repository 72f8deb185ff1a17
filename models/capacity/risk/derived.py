"""Jurisdictions and periods that a risk limit is about, from the workbook alone."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from optalloc.data.dataset import Dataset

from .._calendar import periods_within


def members(data: Dataset, limit: Mapping[Hashable, Any]) -> set[str]:
    """Jurisdictions that a limit is about: the one, group or trusted ones it names, or all."""
    known, groups = data["Jurisdictions"], data["JurisdictionGroups"]
    if pd.notna(limit["jurisdiction"]):
        return {limit["jurisdiction"]}
    if pd.notna(limit["group"]):
        return set(groups.loc[groups["group"] == limit["group"], "jurisdiction"])
    return set(known.loc[known["trusted"] | (not limit["trusted"]), "jurisdiction"])


def periods_of(cal: pd.DataFrame, limit: Mapping[Hashable, Any]) -> list[str]:
    """Periods in which a limit holds."""
    return periods_within(cal, limit["first_period"], limit["last_period"])
