"""Table of leases signed and active, and the actions that follow."""

from __future__ import annotations

import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Column, Kind
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.solution import Solution

from .._calendar import calendar
from .._leases import leases_on_offer
from .sheets import KEYS

LEASING = TableSpec(
    name="Leasing",
    meaning="Megawatts leased: signed and active by lease and period.",
    key=("lease", "period"),
    across="period",
    spread=("signed_mw", "active_mw"),
    columns=(
        Column(name="lease", kind=Kind.TEXT, meaning="Lease."),
        Column(name="site", kind=Kind.TEXT, meaning="Site where it stands."),
        Column(name="period", kind=Kind.TEXT, meaning="Period."),
        Column(name="signed_mw", kind=Kind.NUMBER, unit="MW IT", meaning="To sign in the period."),
        Column(
            name="active_mw", kind=Kind.NUMBER, unit="MW IT", meaning="In service in the period."
        ),
    ),
)


def tables(data: Dataset, values: Solution) -> dict[str, pd.DataFrame]:
    """Tables of signed and of active leases."""
    offered = leases_on_offer(data, "lease", "site").reset_index(drop=True)
    frame = offered.merge(calendar(data).reset_index()[["period"]], how="cross")
    signed = values.variable("leased", KEYS).rename(columns={"value": "signed_mw"})
    active = values.ledger("leased_mw").rename(columns={"value": "active_mw"})
    frame = frame.merge(signed, on=KEYS, how="left").merge(active, on=KEYS, how="left")
    leasing = frame.fillna({"signed_mw": 0.0, "active_mw": 0.0})
    return {"Leasing": leasing, "Actions": actions(data, leasing)}


def actions(data: Dataset, leasing: pd.DataFrame) -> pd.DataFrame:
    """Signings, dated."""
    signed = leasing[leasing["signed_mw"] > 0]
    return pd.DataFrame(
        {
            "date": signed["period"].map(calendar(data)["date"]),
            "period": signed["period"],
            "action": "sign lease",
            "subject": signed["lease"],
            "mw": signed["signed_mw"],
        }
    )
