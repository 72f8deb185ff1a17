"""Begin, end and size of the members of a timeline, from a table of a plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from optalloc.modelling.exhibits import Timeline
from optalloc.modelling.model import Model

__all__ = ["built", "roles_of"]


def roles_of(model: Model) -> list[dict[str, Any]]:
    """The timelines that a model shows, as plain values.

    Returns
    -------
    list of dict
        Each with ``table``, ``row`` (column of the member), ``size`` and its ``unit``, ``steps``
        (columns of dates and their labels, in order).
    """
    return [
        {
            "table": shown.table,
            "row": shown.row,
            "size": shown.size,
            "unit": next(
                c.unit for c in model.outputs[shown.table].columns if c.name == shown.size
            ),
            "steps": [list(step) for step in shown.steps],
        }
        for shown in model.report.exhibits
        if isinstance(shown, Timeline)
    ]


def built(table: pd.DataFrame, role: dict[str, Any], by: Sequence[str] = ()) -> pd.DataFrame:
    """Put the rows of each member together.

    Parameters
    ----------
    table : pandas.DataFrame
        Of the timeline, with further columns `by` if rows of several plans are stacked.
    role : dict
        As `roles_of` gives it.
    by : sequence of str

    Returns
    -------
    pandas.DataFrame
        ``member``, the columns `by`, ``begun`` (first of all its dates), ``done`` (first day of
        its last step), ``size`` (sum).
    """
    days = table[[column for column, _ in role["steps"]]]
    listed = pd.DataFrame(
        {
            "member": table[role["row"]],
            **{name: table[name] for name in by},
            "begun": days.min(axis=1),
            "done": days.iloc[:, -1],
            "size": table[role["size"]],
        }
    )
    grouped = listed.groupby(["member", *by], sort=False)
    sums = grouped.agg(begun=("begun", "min"), done=("done", "min"), size=("size", "sum"))
    return sums.reset_index()
