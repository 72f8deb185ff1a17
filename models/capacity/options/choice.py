"""Options as a choice: exercising one, not buying it, and the premium that decides it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from optalloc.data.dataset import Dataset
from optalloc.modelling.choices import BoundChange, Choice, Price

from .._building import active_sites
from .._option_periods import exercises, option_periods
from .._options import options_on_offer
from .derived import most_of_options

# MW or units that are exercised at least where a plan is asked to.
LEAST_SIZE = 1.0


def options(data: Dataset) -> Sequence[str]:
    """Every option that there is."""
    return [str(option) for option in options_on_offer(data, "option")["option"]]


def exercise(data: Dataset, option: str) -> Sequence[BoundChange]:
    """All of an option on land by the last period, of another a MW or unit, or what is of use."""
    used, most = exercises(data), float(most_of_options(data)[option])
    used = used[used["option"] == option]
    if used.empty or most <= 0:
        return ()
    least = min(most, LEAST_SIZE)
    return (("exercised", (option, used["period"].iloc[-1]), least, np.inf),)


def do_not_buy(data: Dataset, option: str) -> Sequence[BoundChange]:
    """No purchase in any period."""
    periods = option_periods(data)
    own = periods[(periods["option"] == option) & periods["may_buy"]]
    return tuple(("bought", (option, period), 0.0, 0.0) for period in own["period"])


def premium(column: str) -> Callable[[Dataset, str], Sequence[tuple[str, str, Sequence[int]]]]:
    """The option's own cell of a price."""

    def cells(data: Dataset, option: str) -> Sequence[tuple[str, str, Sequence[int]]]:
        named, price = data.column("Options", "option"), data.column("Options", column)
        rows = [int(str(row)) for row in named.index[(named == option) & (price > 0)]]
        return (("Options", column, rows),)

    return cells


def belongs_to(data: Dataset, option: str) -> Sequence[tuple[str, str]]:
    """Jurisdiction of the site that it is about, where it is about one that has one."""
    at = options_on_offer(data).loc[[option]]
    sites = at["site"].fillna(at["lease"].map(data.column("Leases", "site", by="lease")))
    where = sites.map(active_sites(data, "jurisdiction")["jurisdiction"]).dropna()
    return [("jurisdiction", str(name)) for name in where]


OPTION_CHOICE = Choice(
    noun="option",
    taken="buys {member} and exercises it",
    left="does not buy {member}",
    never="{member} can be exercised in no period",
    members=options,
    take=exercise,
    leave=do_not_buy,
    ledger="online_mw",
    prices=(
        Price(name="premium", cells=premium("premium")),
        Price(name="premium per MW", cells=premium("premium_per_mw")),
        Price(name="premium per unit", cells=premium("premium_per_unit")),
    ),
    groups=belongs_to,
    worth="the option {member}",
)
