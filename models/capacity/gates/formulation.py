"""Gates: decisions that are held until a day, such as that on which a permit law passes.

In words
    A gate holds committing, starting or going into service at a site, or at all sites of a
    jurisdiction, until it opens; what is decided on the first day of a period is decided from the
    first period that begins on that day or later. A gate without a day never opens. Where an
    outcome decides, a row of Outcomes changes the day: one that stays shut in some scenarios holds
    what is decided before they are distinguished in all of them. What stands, is under construction
    or leased has no gate.
Data
    Gates; jurisdiction of Sites. ``opens[g]``: months from the base date to the day on which gate
    ``g`` opens, without end where it never does.
Decides
    Nothing.
Limits
    At the sites of ``g`` and in the periods with ``begin(p) < opens[g]``: ``committed[i,p] <= 0``,
    ``started_mw[i,p] <= 0`` or ``energised[i,p] <= 0``, as the gate holds one or another.
Reads and posts
    Nothing.
Source
    Planner's convention.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyomo.environ as pyo

from optalloc.data.dataset import Dataset
from optalloc.modelling.ledgers import Ledgers
from optalloc.modelling.sets import frame_of, index_set

from .._calendar import TINY_MONTHS, calendar
from .derived import gated_sites
from .sheets import COMMIT, ENERGISE, KEYS, START


def parameters(data: Dataset) -> pd.DataFrame:
    """Periods in which each gate is shut: KEYS and holds."""
    cal = calendar(data).reset_index()[["period", "begin"]]
    frame = gated_sites(data).merge(cal, how="cross")
    shut = frame["begin"] < frame["opens_months"] - TINY_MONTHS
    return frame.loc[shut, [*KEYS, "holds"]].reset_index(drop=True)


def declare(m: Any, p: pd.DataFrame, ledgers: Ledgers) -> None:
    """Nothing is decided or posted here."""


def constrain(m: Any, p: pd.DataFrame) -> None:
    """Nothing that a gate holds is done while it is shut."""

    def shut(holds: str, index: Any) -> Any:
        own = p.loc[p["holds"] == holds, KEYS]
        return index_set(own.merge(frame_of(index, KEYS[1:]), on=KEYS[1:]))

    m.COMMIT_GATES = shut(COMMIT, m.COMMITS)
    m.committed_after_gate = pyo.Constraint(
        m.COMMIT_GATES, rule=lambda m, g, i, q: m.committed[i, q] <= 0
    )
    m.START_GATES = shut(START, m.STARTS)
    m.started_after_gate = pyo.Constraint(
        m.START_GATES, rule=lambda m, g, i, q: m.started_mw[i, q] <= 0
    )
    m.ENERGISE_GATES = shut(ENERGISE, m.SERVICE)
    m.energised_after_gate = pyo.Constraint(
        m.ENERGISE_GATES, rule=lambda m, g, i, q: m.energised[i, q] <= 0
    )
