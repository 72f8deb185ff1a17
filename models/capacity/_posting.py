"""Costs and payments of capital posted to their ledgers, from charges by key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from optalloc.modelling.ledgers import Ledgers
from optalloc.modelling.sets import aligned_parameter, index_set, indexed_set

from ._capital import spending_by_period
from ._money import CASH


def post_cost(
    m: Any,
    ledgers: Ledgers,
    item: str,
    charges: pd.DataFrame,
    keys: list[str],
    activity: Callable[..., Any],
    kind: str = CASH,
    reads: tuple[str, ...] = (),
) -> None:
    """Post a cost to the ledger: a price for each key, times an activity.

    Parameters
    ----------
    item : str
        Snake-case name of the cost; also names its parameter and set.
    charges : pandas.DataFrame
        One row per key: `keys`, cash (M per unit of activity, undiscounted), present_value (the
        same, discounted), first_month and last_month of payment, and growth, the yearly growth
        between the two where it is not 0.
    activity : callable
        ``activity(m, *key)``, a linear expression.
    kind : str
        CASH, RESIDUAL, PENALTY or EXPECTED_LOSS.
    """
    # A sum that is not known is kept, and refused as a parameter.
    due = (charges["cash"].to_numpy(float) != 0) | (charges["present_value"].to_numpy(float) != 0)
    charges = charges if due.all() else charges[due]
    if charges.empty:
        return
    keyed = index_set(charges[keys])
    m.add_component(f"{item}_keys", keyed)
    price = aligned_parameter(keyed, charges["present_value"])
    m.add_component(f"{item}_price", price)
    ledgers.post(
        "cost",
        item,
        lambda m, *key: price[key] * activity(m, *key),
        index=keyed,
        over=tuple(keys),
        reads=reads,
        notes=charges.assign(kind=kind),
    )


def post_spending(
    m: Any,
    ledgers: Ledgers,
    item: str,
    charges: dict[str, pd.DataFrame],
    periods: pd.DataFrame,
    keys: list[str],
    activity: Callable[..., Any],
    reads: tuple[str, ...] = (),
) -> None:
    """Post an item's payments to ``capital_spending``, by the period in which they are made.

    Parameters
    ----------
    charges : dict of str to pandas.DataFrame
        Charges of the item by name, as `capital_charges` gives them; credits are no payment.
    activity : callable
        ``activity(m, *key)``, a linear expression.
    """
    columns = [*keys, "cash", "first_month", "last_month"]
    parts = [part[columns] for name, part in charges.items() if not name.endswith("_residual")]
    paid = pd.concat(parts) if parts else pd.DataFrame(columns=columns)
    if paid.empty:
        return
    spent = spending_by_period(paid, keys, periods)
    index = index_set(spent[["spent_in", *keys]])
    m.add_component(f"{item}_spending_keys", index)
    cash = aligned_parameter(index, spent["cash"])
    m.add_component(f"{item}_spending", cash)
    over = index_set(periods[["period"]])
    m.add_component(f"{item}_spending_periods", over)
    m.add_component(f"{item}_spent_in", indexed_set(over, spent, ["spent_in"], keys))
    ledgers.post(
        "capital_spending",
        item,
        lambda m, q: sum(
            cash[(q, *key)] * activity(m, *key) for key in m.component(f"{item}_spent_in")[q]
        ),
        reads=reads,
    )
