"""Tables of contracts signed and peaks covered, the actions that follow, and how the report shows them."""

from __future__ import annotations

import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Column, Kind
from optalloc.modelling.exhibits import Series, Trend, Use
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.reports import Report
from optalloc.modelling.solution import Solution

from .._calendar import calendar
from .._contracts import KEYS, USE_KEYS, jurisdictions_of_contracts

PROCUREMENT = TableSpec(
    name="Procurement",
    meaning="Megawatts signed and active by contract and period.",
    key=("contract", "period"),
    across="period",
    spread=("signed_mw", "active_mw"),
    columns=(
        Column(name="contract", kind=Kind.TEXT, meaning="Contract."),
        Column(name="kind", kind=Kind.TEXT, meaning="capacity, energy or generation."),
        Column(
            name="jurisdiction",
            kind=Kind.TEXT,
            meaning="Where its site, or the sites of its zone, lie; blank where that is in several.",
        ),
        Column(name="period", kind=Kind.TEXT, meaning="Period."),
        Column(
            name="signed_mw", kind=Kind.NUMBER, unit="MW grid", meaning="To sign in the period."
        ),
        Column(
            name="active_mw",
            kind=Kind.NUMBER,
            unit="MW grid",
            meaning="Active in the period, signed before included.",
        ),
    ),
)

COVERAGE = TableSpec(
    name="Coverage",
    meaning="Which capacity contract covers whose peak.",
    key=("contract", "site", "period"),
    across="period",
    spread=("covered_mw",),
    columns=(
        Column(name="contract", kind=Kind.TEXT, meaning="Contract."),
        Column(name="site", kind=Kind.TEXT, meaning="Site."),
        Column(name="period", kind=Kind.TEXT, meaning="Period."),
        Column(name="covered_mw", kind=Kind.NUMBER, unit="MW grid", meaning="Peak it covers."),
    ),
)


def tables(data: Dataset, values: Solution) -> dict[str, pd.DataFrame]:
    """Tables of signings, of active contracts, and of the peaks that they cover."""
    signed = values.variable("procured", KEYS).rename(columns={"value": "signed_mw"})
    active = values.ledger("contracted_mw").rename(columns={"value": "active_mw"})
    frame = active.merge(signed, on=KEYS, how="left").fillna({"signed_mw": 0.0})
    frame["kind"] = frame["contract"].map(data.column("Contracts", "kind", by="contract"))
    frame["jurisdiction"] = frame["contract"].map(jurisdictions_of_contracts(data))
    procurement = frame[[column.name for column in PROCUREMENT.columns]]
    covered = values.variable("covered", USE_KEYS).rename(columns={"value": "covered_mw"})
    return {
        "Procurement": procurement,
        "Coverage": covered[covered["covered_mw"] > 0],
        "Actions": actions(data, procurement),
    }


def actions(data: Dataset, procurement: pd.DataFrame) -> pd.DataFrame:
    """Signings, dated."""
    signed = procurement[procurement["signed_mw"] > 0]
    return pd.DataFrame(
        {
            "date": signed["period"].map(calendar(data)["date"]),
            "period": signed["period"],
            "action": "sign contract",
            "subject": signed["contract"],
            "mw": signed["signed_mw"],
        }
    )


REPORT = Report(
    exhibits=(
        Trend(
            title="Power to sign",
            order=400,
            note="Megawatts to sign in each period, by contract.",
            y_title="MW grid to sign",
            series=(Series(table="Procurement", value="signed_mw", label="To sign"),),
            stacked=True,
            by="contract",
        ),
        Trend(
            title="Power under contract",
            order=410,
            note="Megawatts active in each period, by contract, signed before included.",
            y_title="MW grid active",
            series=(Series(table="Procurement", value="active_mw", label="Active"),),
            stacked=True,
            by="contract",
        ),
        Use(
            title="Contracts against their limits",
            order=420,
            limits=("contract_within_max", "peak_covered"),
        ),
    ),
)
