"""Table of departures from the approved plan."""

from __future__ import annotations

import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Column, Kind
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.solution import Solution

from .._calendar import calendar
from .derived import held_actions, last_position
from .sheets import COMMIT, KEYS, SIGN, START, UNITS

DEPARTURES = TableSpec(
    name="Departures",
    meaning="Each action that is approved or planned, and how far the plan departs; a move stands twice.",
    key=("action", "subject", "period"),
    columns=(
        Column(name="action", kind=Kind.TEXT, meaning="What to do."),
        Column(name="subject", kind=Kind.TEXT, meaning="Site or contract."),
        Column(name="period", kind=Kind.TEXT, meaning="Period of the action."),
        Column(name="approved", kind=Kind.NUMBER, meaning="What the approved plan says: sites or MW."),
        Column(name="planned", kind=Kind.NUMBER, meaning="What this plan says."),
        Column(name="departed", kind=Kind.NUMBER, meaning="The difference, which is charged for."),
        Column(name="unit", kind=Kind.TEXT, meaning="Unit of the three."),
    ),
)  # fmt: skip


def tables(data: Dataset, values: Solution) -> dict[str, pd.DataFrame]:
    """Table of departures: approved, planned and departed from."""
    if data["ApprovedActions"].empty:
        return {}
    keys = ["subject", "period"]
    commits = values.variable("committed", keys)
    commits["value"] -= commits.groupby("subject")["value"].shift(1, fill_value=0.0)
    parts = (
        commits.assign(action=COMMIT, value=commits["value"].round()),
        values.ledger("starting_mw").rename(columns={"site": "subject"}).assign(action=START),
        values.variable("procured", keys).assign(action=SIGN),
    )
    planned = pd.concat(parts).rename(columns={"value": "planned"})
    position = calendar(data)["position"]
    planned = planned[planned["planned"] > 0]
    planned = planned[planned["period"].map(position) <= last_position(data)]
    frame = planned.merge(held_actions(data), on=KEYS, how="outer")
    frame = frame.fillna({"planned": 0.0, "approved": 0.0})
    charged = values.variable("departed_mw", KEYS)
    frame = frame.merge(charged, on=KEYS, how="left")
    plain = (frame["planned"] - frame["approved"]).abs()
    frame = frame.assign(
        departed=frame["value"].astype(float).fillna(plain),
        unit=frame["action"].map(UNITS),
        position=frame["period"].map(position),
    ).sort_values(["position", "action", "subject"], ignore_index=True)
    return {
        "Departures": frame[[column.name for column in DEPARTURES.columns]],
        "Summary": figures(frame),
    }


def figures(departures: pd.DataFrame) -> pd.DataFrame:
    """Rows of the summary: how many actions depart."""
    departed = int((departures["departed"] > 1e-6).sum())
    rows = [("departures from the approved plan", departed, "actions")]
    return pd.DataFrame(rows, columns=["figure", "value", "unit"])
