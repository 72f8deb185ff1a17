"""Overview: one row per site, start and region, with dates and places, for the report to draw.

In words
    Nothing is decided or limited here. Where regions lie is read, and what the other families
    decide is summarised by site, by start and by region, with dates in place of periods.
Data
    Regions; Sites.
Decides
    Nothing.
Limits
    None.
Reads and posts
    Reads and posts nothing.
Source
    Planner's convention: what is energised at a site is what was started there first.
"""

from __future__ import annotations

from typing import Any

from optalloc.data.dataset import Dataset
from optalloc.modelling.ledgers import Ledgers


def parameters(data: Dataset) -> None:
    """There is nothing to decide with."""


def declare(m: Any, p: None, ledgers: Ledgers) -> None:
    """Nothing is decided or posted here."""


def constrain(m: Any, p: None) -> None:
    """Nothing is limited here."""
