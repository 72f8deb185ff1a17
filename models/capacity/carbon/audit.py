"""Limits of carbon restated from the plan's tables."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from optalloc.data.dataset import Dataset

from .._calendar import calendar
from .._contracts import sources
from .derived import unstated


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
    if sources(data).empty or any(True for _ in unstated(data)):
        found = found.iloc[:0]
    rows = zip(found["clean_gwh"], found["energy_gwh"], strict=True)
    share = [clean / energy if energy > 0 else math.nan for clean, energy in rows]
    return {"Emissions": found.assign(clean_share=pd.Series(share, found.index, dtype=float))}
