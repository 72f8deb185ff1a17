"""Taxes on what is abandoned: it is not depreciated, and what was paid of it is written off."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .._calendar import TINY_MONTHS
from .._money import CASH, discount
from .parts import PART, World, on_capital, pieces_of


def given_up(world: World, bought: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Parts of the taxes on purchases that are given up.

    Parameters
    ----------
    bought : pandas.DataFrame
        Purchases, as `on_capital` takes them.
    pairs : pandas.DataFrame
        Each purchase with each abandonment that gives it up: its columns, case, day (month from the
        base date) and given_up_in, the period of it.

    Returns
    -------
    pandas.DataFrame
        Columns PART, ``at`` being the case.
    """
    ended = pairs[["at", "case"]].merge(on_capital(world, bought), on="at")
    ended = ended.assign(
        at=ended["case"],
        item=ended["item"] + "_cancelled",
        cash=-ended["cash"],
        present_value=-ended["present_value"],
    )
    span = pairs["last_month"] - pairs["first_month"]
    evenly = ((pairs["day"] - pairs["first_month"]) / span.where(span > 0)).clip(0.0, 1.0)
    at_once = (pairs["first_month"] <= pairs["day"] + TINY_MONTHS).astype(float)
    paid = pairs.assign(
        paid=pairs["cash"] * np.where(span > 0, evenly, at_once),
        first_month=pairs["day"],
        last_month=pairs["day"],
        growth=0.0,
        period=pairs["given_up_in"],
    )
    paid = pieces_of(world, paid[paid["paid"] != 0], "rate")
    cash = -paid["rate"] * paid["paid"]
    written = paid.assign(
        at=paid["case"],
        item="tax_write_off_of_" + paid["item"] + "_abandoned",
        kind=CASH,
        cash=cash,
        present_value=cash * discount(world.discount_rate, paid["first_month"]),
    )
    return pd.concat([part[PART] for part in (ended, written) if len(part)] or [ended[PART]])
