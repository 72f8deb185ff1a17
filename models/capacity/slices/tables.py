"""Tables of energy slice by slice, and how the report shows them."""

from __future__ import annotations

import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Column, Kind
from optalloc.modelling.exhibits import Use
from optalloc.modelling.outputs import Chart, TableSpec
from optalloc.modelling.reports import Report
from optalloc.modelling.solution import Solution

from .._building import pue_of_sites
from .._contracts import USE_KEYS, spot_prices
from .._slices import SLICE_KEYS, load_in_slices, slice_hours

FEED_KEYS = [*USE_KEYS, "slice"]
_SITE = Column(name="site", kind=Kind.TEXT, meaning="Site.")
_PERIOD = Column(name="period", kind=Kind.TEXT, meaning="Period.")
_SLICE = Column(name="slice", kind=Kind.TEXT, meaning="Slice of the year.")


def _gwh(name: str, meaning: str) -> Column:
    return Column(name=name, kind=Kind.NUMBER, unit="GWh", meaning=meaning)


POWER_BY_SLICE = TableSpec(
    name="PowerBySlice",
    meaning="Energy of each site in each slice, and where it comes from.",
    key=("site", "period", "slice"),
    across="period",
    spread=("load_gwh", "shifted_gwh", "stored_gwh", "contract_gwh", "spot_gwh"),
    columns=(
        _SITE,
        _PERIOD,
        _SLICE,
        _gwh("load_gwh", "Energy that its load takes before any is put off."),
        _gwh(
            "shifted_gwh",
            "Load of other slices of the same type of day that it takes; negative: its own, put off.",
        ),
        _gwh("stored_gwh", "Put into storage; negative: given by it."),
        _gwh("contract_gwh", "Drawn from contracts and on-site generation."),
        _gwh("spot_gwh", "Bought at spot."),
    ),
)

DELIVERIES_BY_SLICE = TableSpec(
    name="DeliveriesBySlice",
    meaning="Which contract or generation feeds which site in each slice.",
    key=("contract", "site", "period", "slice"),
    across="period",
    spread=("drawn_gwh",),
    columns=(
        Column(name="contract", kind=Kind.TEXT, meaning="Contract."),
        _SITE,
        _PERIOD,
        _SLICE,
        _gwh("drawn_gwh", "Energy drawn."),
    ),
)

CLEAN_BY_SLICE = TableSpec(
    name="CleanBySlice",
    meaning="Energy drawn in each slice over all sites, and what of it is clean as it is drawn.",
    key=("period", "slice"),
    drawn=("when",),
    columns=(
        _PERIOD,
        _SLICE,
        Column(name="when", kind=Kind.TEXT, meaning="Period and slice, as the chart names them."),
        _gwh("energy_gwh", "Energy drawn, for load and storage."),
        _gwh("clean_gwh", "Drawn from sources that emit nothing."),
        Column(
            name="clean_share",
            kind=Kind.NUMBER,
            unit="share of energy",
            meaning="Clean part of the energy; blank where none is drawn.",
        ),
        Column(
            name="clean_mw",
            kind=Kind.NUMBER,
            unit="MW grid",
            meaning="Mean power drawn that is clean.",
        ),
        Column(
            name="other_mw",
            kind=Kind.NUMBER,
            unit="MW grid",
            meaning="Mean power drawn that is not.",
        ),
        Column(
            name="contract_mw",
            kind=Kind.NUMBER,
            unit="MW grid",
            meaning="Mean power drawn from contracts and on-site generation.",
        ),
        Column(
            name="spot_mw",
            kind=Kind.NUMBER,
            unit="MW grid",
            meaning="Mean power bought at spot.",
        ),
    ),
)


def tables(data: Dataset, values: Solution) -> dict[str, pd.DataFrame]:
    """Energy by slice: of each site, from each contract, and what of it is clean."""
    drawn = values.variable("drawn_in_slice", FEED_KEYS).rename(columns={"value": "drawn_gwh"})
    spot = values.variable("spot_in_slice", SLICE_KEYS).rename(columns={"value": "spot_gwh"})
    shifted = values.variable("shifted", SLICE_KEYS).rename(columns={"value": "shifted_gwh"})
    stored = values.ledger("stored_gwh").rename(columns={"value": "stored_gwh"})
    decided = spot.merge(shifted, on=SLICE_KEYS, how="outer")
    decided = decided.merge(stored, on=SLICE_KEYS, how="outer")
    hosted = values.ledger("hosted_mw").rename(columns={"value": "mw"})
    sites = pd.concat([drawn[SLICE_KEYS], spot[SLICE_KEYS]]).drop_duplicates()
    drawn = drawn[drawn["drawn_gwh"] > 0]
    power = _of_sites(data, sites, hosted, drawn, decided)
    return {
        "PowerBySlice": power,
        "DeliveriesBySlice": drawn,
        "CleanBySlice": _over_sites(data, power, drawn),
    }


def _of_sites(
    data: Dataset,
    sites: pd.DataFrame,
    hosted: pd.DataFrame,
    drawn: pd.DataFrame,
    decided: pd.DataFrame,
) -> pd.DataFrame:
    """Energy of each site and slice, from MW hosted by workload, energy drawn, at spot and shifted."""
    loads = load_in_slices(data)[["workload", "slice", "load"]]
    mean = hosted.merge(loads, on="workload")
    mean = mean.assign(load_mw=mean["mw"] * mean["load"])
    mean = mean.groupby(SLICE_KEYS, as_index=False).agg({"load_mw": "sum"})
    contracts = drawn.groupby(SLICE_KEYS, as_index=False).agg({"drawn_gwh": "sum"})
    frame = sites
    for other in (mean, contracts.rename(columns={"drawn_gwh": "contract_gwh"}), decided):
        frame = frame.merge(other, on=SLICE_KEYS, how="left")
    values = ["load_mw", "contract_gwh", "spot_gwh", "shifted_gwh", "stored_gwh"]
    frame = frame.assign(**{name: frame[name].astype(float).fillna(0.0) for name in values})
    pue = frame["site"].map(pue_of_sites(data)).astype(float)
    frame["load_gwh"] = frame["load_mw"] * pue * slice_hours(data, frame) / 1000
    return frame[[column.name for column in POWER_BY_SLICE.columns]]


def _over_sites(data: Dataset, power: pd.DataFrame, drawn: pd.DataFrame) -> pd.DataFrame:
    """Energy of each slice over all sites, and its clean part."""
    emits = data.column("Contracts", "tco2_per_mwh", by="contract")
    prices = spot_prices(data)[["site", "period", "tco2_per_mwh"]]
    bought = power.merge(prices, on=["site", "period"], how="left")
    keys = ["period", "slice"]
    clean = pd.concat(
        [
            drawn.loc[drawn["contract"].map(emits) == 0, [*keys, "drawn_gwh"]].rename(
                columns={"drawn_gwh": "gwh"}
            ),
            bought.loc[bought["tco2_per_mwh"] == 0, [*keys, "spot_gwh"]].rename(
                columns={"spot_gwh": "gwh"}
            ),
        ]
    )
    taken = power["contract_gwh"] + power["spot_gwh"]
    by_slice = power.assign(energy_gwh=taken).groupby(keys, as_index=False, sort=False)
    frame = by_slice.agg({"energy_gwh": "sum", "contract_gwh": "sum", "spot_gwh": "sum"})
    clean = clean.groupby(keys, as_index=False).agg({"gwh": "sum"})
    frame = frame.merge(clean.rename(columns={"gwh": "clean_gwh"}), on=keys, how="left")
    frame["clean_gwh"] = frame["clean_gwh"].astype(float).fillna(0.0)
    return _with_rates(data, frame)


def _with_rates(data: Dataset, frame: pd.DataFrame) -> pd.DataFrame:
    """Energy and clean energy by period and slice, with shares and mean power."""
    energy, hours = frame["energy_gwh"], slice_hours(data, frame)
    frame = frame.assign(
        when=frame["period"] + " " + frame["slice"],
        clean_share=frame["clean_gwh"] / energy.where(energy > 0),
        clean_mw=1000 * frame["clean_gwh"] / hours,
        other_mw=1000 * (energy - frame["clean_gwh"]) / hours,
        contract_mw=1000 * frame["contract_gwh"] / hours,
        spot_mw=1000 * frame["spot_gwh"] / hours,
    )
    return frame[[column.name for column in CLEAN_BY_SLICE.columns]]


CHARTS = tuple(
    Chart(
        title=title,
        table="CleanBySlice",
        kind="stacked",
        x="when",
        series=series,
        x_title="Period and slice",
        y_title="Mean MW drawn",
        order=order,
    )
    for title, series, order in (
        ("Power drawn in each slice of the year", ("clean_mw", "other_mw"), 440),
        ("Where the power of each slice comes from", ("contract_mw", "spot_mw"), 441),
    )
)

REPORT = Report(
    exhibits=(
        Use(
            title="Slices of the year",
            order=445,
            limits=("drawn_within_slice", "put_off_within_share", "clean_energy_in_slice"),
        ),
    ),
)
