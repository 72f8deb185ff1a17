"""Carbon: how much a period's energy may emit, and how much of it must be clean.

In words
    Energy drawn emits what its contract, generation or spot price says; in a period all of it
    together emits no more than a limit, and at least a share comes from sources that emit
    nothing. What is billed and not drawn emits nothing.
Data
    Carbon; tco2_per_mwh of Contracts and PowerPrices, which must then be stated everywhere.
Decides
    Nothing.
Limits
    ``emissions[p] <= max_tco2[p]`` and ``min_clean_share[p] energy[p] <= clean[p]``, with ``z`` the
    zone of a site.
Reads and posts
    Reads ``emissions_tco2``, ``clean_gwh`` and ``energy_gwh``.
Source
    Planner's convention.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyomo.environ as pyo

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Column, Kind, Missing, Sheet
from optalloc.errors import Problem
from optalloc.modelling.exhibits import Use
from optalloc.modelling.family import Family
from optalloc.modelling.ledgers import Ledgers
from optalloc.modelling.limits import Limit, Relax
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.reports import Report
from optalloc.modelling.sets import index_set, parameter
from optalloc.modelling.solution import Solution

from ._calendar import calendar
from ._columns import limit, reference
from ._contracts import DELIVERS, sources

CARBON = Sheet(
    name="Carbon",
    question="Is there a target for emissions or clean power?",
    meaning="Most that all energy drawn in a period may emit, and least share of it that is clean.",
    key=("period",),
    missing=Missing.UNLIMITED,
    columns=(
        reference("Periods.period", example="2027H1"),
        limit(
            "max_tco2", "tCO2", "Most that the energy drawn in the period may emit.", example=150000
        ),
        Column(
            name="min_clean_share",
            kind=Kind.NUMBER,
            unit="share of energy",
            meaning="Least share of the energy drawn that comes from sources with a tco2_per_mwh of 0.",
            blank=None,
            blank_means="no limit",
            at_least=0,
            at_most=1,
            example=0.5,
        ),
        Column(
            name="min_clean_share_in_slice",
            kind=Kind.NUMBER,
            unit="share of energy",
            meaning="Least clean share of the energy drawn in every slice of the year; it needs the sheet Slices.",
            blank=None,
            blank_means="no limit",
            at_least=0,
            at_most=1,
            example=0.5,
        ),
    ),
)

EMISSIONS = TableSpec(
    name="Emissions",
    meaning="Energy of each period and what it emits; empty unless every source states it.",
    key=("period",),
    columns=(
        Column(name="period", kind=Kind.TEXT, meaning="Period."),
        Column(name="energy_gwh", kind=Kind.NUMBER, unit="GWh", meaning="Energy drawn."),
        Column(
            name="clean_gwh",
            kind=Kind.NUMBER,
            unit="GWh",
            meaning="Drawn from sources that emit nothing.",
        ),
        Column(
            name="clean_share",
            kind=Kind.NUMBER,
            unit="share of energy",
            meaning="Clean part of the energy; blank where none is drawn.",
        ),
        Column(name="tco2", kind=Kind.NUMBER, unit="tCO2", meaning="Emissions of what is drawn."),
    ),
)


@dataclass(frozen=True)
class Parameters:
    """Limits on emissions, and floors of the clean share, by period."""

    capped: pd.DataFrame
    clean: pd.DataFrame


def parameters(data: Dataset) -> Parameters:
    """All numbers of the family from the dataset."""
    rows = data["Carbon"]
    return Parameters(rows.dropna(subset=["max_tco2"]), rows.dropna(subset=["min_clean_share"]))


def declare(m: Any, p: Parameters, ledgers: Ledgers) -> None:
    """Nothing is decided or posted here."""


def constrain(m: Any, p: Parameters) -> None:
    """Energy emits within its limit, and enough of it is clean."""
    m.EMISSIONS_CAPPED = index_set(p.capped[["period"]])
    m.max_tco2 = parameter(m.EMISSIONS_CAPPED, p.capped.set_index("period")["max_tco2"])
    m.emissions_within_cap = pyo.Constraint(
        m.EMISSIONS_CAPPED, rule=lambda m, q: m.emissions_tco2[q] <= m.max_tco2[q]
    )
    m.CLEAN_FLOORED = index_set(p.clean[["period"]])
    floors = p.clean.set_index("period")["min_clean_share"]
    m.min_clean_share = parameter(m.CLEAN_FLOORED, floors)
    m.clean_energy = pyo.Constraint(
        m.CLEAN_FLOORED,
        rule=lambda m, q: m.min_clean_share[q] * m.energy_gwh[q] <= m.clean_gwh[q],
    )


def _unstated(data: Dataset) -> Iterator[tuple[str, object]]:
    """Sheet and row of every source of energy that does not say what it emits."""
    contracts, prices = data.rows("Contracts"), data.rows("PowerPrices")
    blank = contracts["kind"].isin(DELIVERS) & contracts["tco2_per_mwh"].isna()
    yield from (("Contracts", row) for row in contracts.index[blank])
    yield from (("PowerPrices", row) for row in prices.index[prices["tco2_per_mwh"].isna()])


def check(data: Dataset) -> Iterator[Problem]:
    """Where emissions are limited, energy has a source and every source says what it emits."""
    carbon = data["Carbon"]
    if carbon.empty:
        return
    for sheet, row in _unstated(data):
        yield data.problem(
            sheet,
            row,
            "tco2_per_mwh",
            "emissions must be stated where sheet Carbon limits them",
            "Fill in tCO2 per MWh; 0 for clean energy.",
            "emissions-unstated",
            reads=("kind",) if sheet == "Contracts" else (),
        )
    known = data.sound("Contracts", "site", "zone", "kind") and data.sound(
        "PowerPrices", "zone", "period"
    )
    known = known and data.sound("Sites", "site", "grid_zone", "status") and data.sound("Periods")
    if known and sources(data).empty:
        yield data.problem(
            "Carbon",
            carbon.index[0],
            "period",
            "energy must have a source where sheet Carbon limits emissions",
            "Price it in PowerPrices or offer energy in Contracts; or take the row out.",
            "carbon-without-energy",
            found="no price of energy at any site",
        )


def tables(data: Dataset, values: Solution) -> dict[str, pd.DataFrame]:
    """Energy and emissions by period, from the ledgers."""
    frame = values.ledger("energy_gwh").rename(columns={"value": "energy_gwh"})
    for ledger, column in (("clean_gwh", "clean_gwh"), ("emissions_tco2", "tco2")):
        frame = frame.merge(values.ledger(ledger).rename(columns={"value": column}), on="period")
    return {"Emissions": _reported(data, frame)}


def _reported(data: Dataset, frame: pd.DataFrame) -> pd.DataFrame:
    """With the clean share; no row where a source does not say what it emits, or there is none."""
    if sources(data).empty or any(True for _ in _unstated(data)):
        frame = frame.iloc[:0]
    energy = frame["energy_gwh"]
    frame = frame.assign(clean_share=frame["clean_gwh"] / energy.where(energy > 0))
    return frame[[column.name for column in EMISSIONS.columns]]


def drawn_by_source(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Every flow of energy of a plan with what its source emits: period, gwh, tco2_per_mwh."""
    contracts = data.column("Contracts", "tco2_per_mwh", by="contract")
    zones = data.column("Sites", "grid_zone", by="site")
    drawn, spot = tables["Deliveries"], tables["Power"]
    bought = spot[spot["spot_gwh"] != 0].assign(zone=lambda f: f["site"].map(zones))
    prices = data.columns("PowerPrices", "zone", "period", "tco2_per_mwh")
    bought = bought.merge(prices, on=["zone", "period"], how="left")
    flows = (
        drawn.assign(gwh=drawn["drawn_gwh"], tco2_per_mwh=drawn["contract"].map(contracts)),
        bought.assign(gwh=bought["spot_gwh"]),
    )
    return pd.concat(
        [flow[["period", "gwh", "tco2_per_mwh"]].astype({"tco2_per_mwh": float}) for flow in flows]
    )


def totals(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Energy, clean energy and emissions of every period, flow by flow, from a plan's tables."""
    flows = drawn_by_source(data, tables)
    flows["clean_gwh"] = flows["gwh"].where(flows["tco2_per_mwh"] == 0, 0.0)
    flows["tco2"] = 1000 * flows["gwh"] * flows["tco2_per_mwh"]
    sums = flows.groupby("period")[["gwh", "clean_gwh", "tco2"]].sum()
    sums = sums.reindex(calendar(data).index, fill_value=0.0).rename(columns={"gwh": "energy_gwh"})
    return sums.rename_axis("period").reset_index()


def audit(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Emissions and clean energy from the Deliveries and Power tables."""
    rows = data["Carbon"].merge(totals(data, tables), on="period")
    capped, clean = (rows.dropna(subset=[name]) for name in ("max_tco2", "min_clean_share"))
    return {
        "emissions_within_cap": capped[["period"]].assign(
            used=capped["tco2"], allowed=capped["max_tco2"]
        ),
        "clean_energy": clean[["period"]].assign(
            used=clean["min_clean_share"] * clean["energy_gwh"], allowed=clean["clean_gwh"]
        ),
    }


def recompute(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Energy, emissions and the clean share by period, flow by flow."""
    found = totals(data, tables)
    if sources(data).empty or any(True for _ in _unstated(data)):
        found = found.iloc[:0]
    rows = zip(found["clean_gwh"], found["energy_gwh"], strict=True)
    share = [clean / energy if energy > 0 else math.nan for clean, energy in rows]
    return {"Emissions": found.assign(clean_share=pd.Series(share, found.index, dtype=float))}


REPORT = Report(
    exhibits=(
        Use(
            title="Carbon",
            order=450,
            limits=("emissions_within_cap", "clean_energy"),
        ),
    ),
)


FAMILY = Family(
    name="carbon",
    title="Carbon",
    order=60,
    sheets=(CARBON,),
    idle_without=("Contracts", "PowerPrices", "Carbon"),
    limits=(
        Limit(
            name="emissions_within_cap",
            over=("period",),
            cells=("Carbon.max_tco2",),
            relax=Relax.PRICED,
            conflict="emissions in {period} are at most {value} tCO2",
            unit="tCO2",
            sense="<=",
            sentence="{period} emits all it may: {used} of {allowed} tCO2",
            lasting="all is emitted that may be {when}",
            marginal="saving from one more tCO2 allowed",
            formula="sum_ci tco2[c] drawn[c,i,p] + sum_i tco2[z,p] spot[i,p] <= max_tco2[p]",
        ),
        Limit(
            name="clean_energy",
            over=("period",),
            cells=("Carbon.min_clean_share",),
            relax=Relax.PRICED,
            conflict="at least {value} of the energy in {period} is clean",
            unit="GWh",
            sense="<=",
            floor=True,
            sentence="{period} draws no more clean energy than it must: {used} of {allowed} GWh",
            lasting="no more clean energy is drawn than must be {when}",
            marginal="saving from one more GWh of clean energy",
            formula="min_clean_share[p] energy[p] <= clean[p]",
        ),
    ),
    outputs=(EMISSIONS,),
    codes={
        "emissions-unstated": "a source of energy that does not say what it emits",
        "carbon-without-energy": "limits on emissions where energy has no source",
    },
    check=check,
    report=REPORT,
    parameters=parameters,
    declare=declare,
    constrain=constrain,
    tables=tables,
    audit=audit,
    recompute=recompute,
)
