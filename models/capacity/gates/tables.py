"""Tables of gates."""

from __future__ import annotations

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Column, Kind
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.solution import Solution

from .._calendar import calendar, first_position_at
from .derived import gated_sites
from .sheets import COMMIT, ENERGISE, KEYS, START

# MW below this are rounding.
TINY = 1e-6


GATES_HELD = TableSpec(
    name="GatesHeld",
    meaning="Sites with a gate, from when it is open, and from when the plan does what it holds.",
    key=("gate", "site"),
    columns=(
        Column(name="gate", kind=Kind.TEXT, meaning="Gate."),
        Column(name="site", kind=Kind.TEXT, meaning="Site."),
        Column(name="holds", kind=Kind.TEXT, meaning="commit, start or energise."),
        Column(name="opens", kind=Kind.DATE, meaning="Day on which it opens; blank: never."),
        Column(
            name="open_from",
            kind=Kind.TEXT,
            meaning="First period in which it is open; blank: none within the horizon.",
        ),
        Column(
            name="done_from",
            kind=Kind.TEXT,
            meaning="First period in which the plan does what it holds; blank: it does not.",
        ),
    ),
)


def tables(data: Dataset, values: Solution) -> dict[str, pd.DataFrame]:
    """Table of gates, with when the plan does what they hold."""
    cal, frame = calendar(data), gated_sites(data)
    done = {
        COMMIT: values.variable("committed", KEYS[1:]),
        START: values.ledger("starting_mw"),
        ENERGISE: values.variable("energised", KEYS[1:]),
    }
    both = pd.concat([own.assign(holds=holds) for holds, own in done.items()])
    both = both[both["value"] > TINY]
    both["position"] = both["period"].map(cal["position"])
    first = both.groupby(["holds", "site"])["position"].min().rename("done")
    names = np.array([*cal.index, None], dtype=object)
    frame = frame.join(first, on=["holds", "site"]).fillna({"done": len(cal)})
    frame = frame.assign(
        open_from=names[first_position_at(cal, frame["opens_months"])],
        done_from=names[frame["done"].astype(int)],
    )
    return {"GatesHeld": frame[[column.name for column in GATES_HELD.columns]]}
