"""Carbon: how much a period's energy may emit, and how much of it must be clean.

In words
    Energy drawn emits what its contract, generation or spot price says; in a period all of it
    together emits no more than a limit, and at least a share comes from sources that emit
    nothing. What is billed and not drawn emits nothing.
Data
    Carbon; tco2_per_mwh of Contracts and PowerPrices, which must then be stated everywhere.
Decides
    Nothing.
Limits
    ``emissions[p] <= max_tco2[p]`` and ``min_clean_share[p] energy[p] <= clean[p]``, with ``z`` the
    zone of a site.
Reads and posts
    Reads ``emissions_tco2``, ``clean_gwh`` and ``energy_gwh``.
Source
    Planner's convention.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyomo.environ as pyo

from optalloc.data.dataset import Dataset
from optalloc.modelling.ledgers import Ledgers
from optalloc.modelling.sets import index_set, parameter


@dataclass(frozen=True)
class Parameters:
    """Limits on emissions, and floors of the clean share, by period."""

    capped: pd.DataFrame
    clean: pd.DataFrame


def parameters(data: Dataset) -> Parameters:
    """All numbers of the family from the dataset."""
    rows = data["Carbon"]
    return Parameters(rows.dropna(subset=["max_tco2"]), rows.dropna(subset=["min_clean_share"]))


def declare(m: Any, p: Parameters, ledgers: Ledgers) -> None:
    """Nothing is decided or posted here."""


def constrain(m: Any, p: Parameters) -> None:
    """Energy emits within its limit, and enough of it is clean."""
    m.EMISSIONS_CAPPED = index_set(p.capped[["period"]])
    m.max_tco2 = parameter(m.EMISSIONS_CAPPED, p.capped.set_index("period")["max_tco2"])
    m.emissions_within_cap = pyo.Constraint(
        m.EMISSIONS_CAPPED, rule=lambda m, q: m.emissions_tco2[q] <= m.max_tco2[q]
    )
    m.CLEAN_FLOORED = index_set(p.clean[["period"]])
    floors = p.clean.set_index("period")["min_clean_share"]
    m.min_clean_share = parameter(m.CLEAN_FLOORED, floors)
    m.clean_energy = pyo.Constraint(
        m.CLEAN_FLOORED,
        rule=lambda m, q: m.min_clean_share[q] * m.energy_gwh[q] <= m.clean_gwh[q],
    )
