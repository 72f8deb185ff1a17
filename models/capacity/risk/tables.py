"""Tables of exposure by limit and jurisdiction, and how the report shows them."""

from __future__ import annotations

import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Column, Kind
from optalloc.modelling.exhibits import Series, Trend, Use
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.reports import Report
from optalloc.modelling.solution import Solution

from .._calendar import calendar
from .._scores import scores
from .derived import members, periods_of
from .sheets import ARC_KEYS, KEYS, MW_KINDS

RISK = TableSpec(
    name="Risk",
    meaning="Each risk limit in each period: what is exposed, what is allowed, and what is beyond it.",
    key=("limit", "period"),
    across="period",
    spread=("exposure", "excess_mw"),
    columns=(
        Column(name="limit", kind=Kind.TEXT, meaning="Name of the limit."),
        Column(name="kind", kind=Kind.TEXT, meaning="Kind of the limit."),
        Column(
            name="value", kind=Kind.NUMBER, unit="score, share or MW", meaning="The limit itself."
        ),
        Column(name="period", kind=Kind.TEXT, meaning="Period."),
        Column(
            name="exposure",
            kind=Kind.NUMBER,
            unit="score, share or MW",
            meaning="Actual score, share or MW; blank where nothing is there.",
        ),
        Column(name="excess_mw", kind=Kind.NUMBER, unit="MW IT", meaning="MW beyond a soft limit."),
    ),
)

EXPOSURE = TableSpec(
    name="Exposure",
    meaning="Capacity in service by jurisdiction.",
    key=("jurisdiction", "period"),
    across="period",
    spread=("online_mw", "share"),
    columns=(
        Column(name="jurisdiction", kind=Kind.TEXT, meaning="Jurisdiction."),
        Column(name="period", kind=Kind.TEXT, meaning="Period."),
        Column(
            name="online_mw", kind=Kind.NUMBER, unit="MW IT", meaning="Capacity in service there."
        ),
        Column(
            name="share",
            kind=Kind.NUMBER,
            unit="share",
            meaning="Its share of all capacity in service.",
        ),
    ),
)


def tables(data: Dataset, values: Solution) -> dict[str, pd.DataFrame]:
    """Exposure by limit and by jurisdiction."""
    online = values.ledger("online_mw")
    served = values.variable("served", ARC_KEYS)
    excess = values.variable("excess_mw", KEYS).rename(columns={"value": "excess_mw"})
    risk = exposure(data, online, served).drop(columns="total")
    risk = risk.merge(excess, on=KEYS, how="left").fillna({"excess_mw": 0.0})
    return {
        "Risk": risk[[column.name for column in RISK.columns]],
        "Exposure": by_jurisdiction(data, online),
    }


def exposure(data: Dataset, online: pd.DataFrame, served: pd.DataFrame) -> pd.DataFrame:
    """Score, share or MW of each limit and period, and the total MW that it is about."""
    where = data.column("Sites", "jurisdiction", by="site")
    rows = []
    for limit in data["RiskLimits"].to_dict("records"):
        all_online = pd.isna(limit["workload"])
        mw = online if all_online else served[served["workload"] == limit["workload"]]
        place = mw["site"].map(where)
        if limit["kind"] == "max_mean_score":
            weight = place.map(scores(data, limit["risk_class"])).astype(float)
        else:
            weight = place.isin(members(data, limit)).astype(float)
        total = mw.groupby("period")["value"].sum()
        weighed = (mw["value"] * weight).groupby(mw["period"]).sum()
        if limit["kind"] == "max_hhi":
            by_place = mw.groupby(["period", place])["value"].sum()
            weighed = (by_place**2).groupby("period").sum() / total.where(total > 0)
        actual = weighed if limit["kind"] in MW_KINDS else weighed / total.where(total > 0)
        # No megawatts are none of a place; a share or score of nothing there is not.
        nothing = 0.0 if limit["kind"] in MW_KINDS else None
        rows += [
            (
                *(limit[name] for name in ("limit", "kind", "value")),
                q,
                actual.get(q, nothing),
                total.get(q, 0.0),
            )
            for q in periods_of(calendar(data), limit)
        ]
    columns = ["limit", "kind", "value", "period", "exposure", "total"]
    return pd.DataFrame(rows, columns=columns).astype({"exposure": float})


def by_jurisdiction(data: Dataset, online: pd.DataFrame) -> pd.DataFrame:
    """Capacity in service and its share by jurisdiction and period; empty without Jurisdictions."""
    if data["Jurisdictions"].empty:
        return pd.DataFrame(columns=[column.name for column in EXPOSURE.columns])
    where = data.column("Sites", "jurisdiction", by="site")
    frame = online.assign(jurisdiction=online["site"].map(where)).rename(
        columns={"value": "online_mw"}
    )
    frame = frame.groupby(["jurisdiction", "period"], sort=False, as_index=False).agg(
        {"online_mw": "sum"}
    )
    total = frame.groupby("period")["online_mw"].transform("sum")
    return frame.assign(share=frame["online_mw"] / total.where(total > 0))


REPORT = Report(
    exhibits=(
        Trend(
            title="Capacity by jurisdiction",
            order=600,
            y_title="MW IT in service",
            series=(Series(table="Exposure", value="online_mw", label="In service"),),
            stacked=True,
            by="jurisdiction",
        ),
        Use(
            title="Exposure against limits",
            order=610,
            limits=(
                "online_exposure",
                "served_exposure",
                "online_concentration",
                "served_concentration",
            ),
        ),
    ),
)
