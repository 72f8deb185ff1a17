"""Small workbooks for tests: start from one site and one demand, change what a test is about."""

from __future__ import annotations

import copy
import dataclasses
import functools
import json
import math
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, Phase, settings

import optalloc
from optalloc.mip.arrays import ExtraRows

# Sheets that run downwards, names in the first column and values in the second.
VERTICAL = {"Settings", "DepartureCosts", "Attitude"}

Rows = Sequence[Mapping[str, Any]]
Book = dict[str, list[dict[str, Any]]]

few = settings(
    max_examples=3,
    derandomize=True,
    deadline=None,
    database=None,
    phases=(Phase.generate,),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

BASE: Book = {
    "Settings": [
        {
            "name": "test",
            "currency": "USD",
            "base_date": "2027-01-01",
            "discount_rate": 0,
            "residual_value": "no",
            "gap": 0,
            "threads": 1,
        }
    ],
    "Periods": [{"period": "Y1", "start": "2027-01-01", "months": 12}],
    "Sites": [{"site": "A", "status": "candidate", "max_mw": 100, "build_cost_per_mw": 10}],
    "Workloads": [{"workload": "load"}],
    "Demand": [{"workload": "load", "region": "R", "period": "Y1", "it_mw": 40}],
    "Network": [{"site": "A", "region": "R", "latency_ms": 10}],
}


def years(count: int, months: int = 12) -> list[dict[str, Any]]:
    """Periods Y1, Y2, ... of equal length from 2027-01-01."""
    starts = pd.date_range("2027-01-01", periods=count, freq=f"{months}MS")
    return [
        {"period": f"Y{k}", "start": start.date().isoformat(), "months": months}
        for k, start in enumerate(starts, start=1)
    ]


def worth(rate: float, since: float = 0, until: float = 1, growth: float = 0) -> float:
    """Integral of ((1+growth)/(1+rate))^t from one year after the base date to another.

    What 1 a year is worth there: ``(q^until - q^since) / ln q`` with q the ratio.
    """
    ratio = (1 + growth) / (1 + rate)
    if ratio == 1:
        return until - since
    return (ratio**until - ratio**since) / math.log(ratio)


def demand(*it_mw: float, workload: str = "load", region: str = "R") -> list[dict[str, Any]]:
    """One region's demand for periods Y1, Y2, ..."""
    return [
        {"workload": workload, "region": region, "period": f"Y{k}", "it_mw": mw}
        for k, mw in enumerate(it_mw, start=1)
    ]


def in_units(*units: float, workload: str = "load", region: str = "R") -> list[dict[str, Any]]:
    """One region's demand in compute units for periods Y1, Y2, ..."""
    rows = demand(*units, workload=workload, region=region)
    return [{**row, "it_mw": None, "units": row["it_mw"]} for row in rows]


def book(**sheets: Rows | Mapping[str, Any]) -> Book:
    """The base workbook with some sheets replaced.

    A mapping changes the columns of the sheet's first row; a list replaces its rows.
    """
    made = copy.deepcopy(BASE)
    for sheet, rows in sheets.items():
        if isinstance(rows, Mapping):
            made.setdefault(sheet, [{}])[0].update(rows)
        else:
            made[sheet] = [dict(row) for row in rows]
    return made


def hard() -> Book:
    """Facility location in blocks: a first plan at once, a proof that takes minutes."""
    draw = random.Random(1)
    sites, regions, each = (range(count) for count in (30, 30, 4))
    return book(
        Periods=years(len(each)),
        Sites=[
            {
                "site": f"S{i}",
                "status": "candidate",
                "max_mw": 120,
                "block_mw": draw.choice([17, 23, 31]),
                "site_cost": draw.uniform(40, 90),
                "build_cost_per_mw": draw.uniform(9, 12),
            }
            for i in sites
        ],
        Network=[
            {
                "site": f"S{i}",
                "region": f"R{r}",
                "latency_ms": 1,
                "cost_per_mw_year": draw.uniform(0, 4),
            }
            for i in sites
            for r in regions
        ],
        Demand=[
            row
            for r in regions
            for row in demand(
                *(draw.uniform(5, 15) * (1 + 0.3 * year) for year in each), region=f"R{r}"
            )
        ],
    )


def write(made: Book, folder: Path) -> Path:
    """Write a workbook as a folder of CSV files."""
    folder.mkdir(parents=True, exist_ok=True)
    for sheet, rows in made.items():
        frame = pd.DataFrame(rows)
        if sheet in VERTICAL:
            frame = pd.DataFrame(list(rows[0].items()), columns=["setting", "value"])
        frame.to_csv(folder / f"{sheet}.csv", index=False)
    return folder


# By what a workbook says: datasets and plans of those solved or built last, and all least costs.
_DATASETS: dict[str, optalloc.Dataset] = {}
_PLANS: dict[str, optalloc.Plan] = {}
_COSTS: dict[str, float] = {}
_MOST_KEPT = 8


def _said(made: Book) -> str:
    return json.dumps(made, default=str)


def _keep(kept: dict[str, Any], key: str, value: Any) -> None:
    """Keep a value, and drop the one that was kept first."""
    kept[key] = value
    if len(kept) > _MOST_KEPT:
        del kept[next(iter(kept))]


@functools.cache
def _model() -> optalloc.Model:
    return optalloc.load_model()


def solve(made: Book, folder: Path, **options: Any) -> optalloc.Plan:
    """Solve a workbook to optimality, audited like any other."""
    plan = optalloc.solve(write(made, folder), **{"model": _model(), **options})
    if plan.origin is not None and not (options or plan.is_policy):
        _keep(_DATASETS, _said(made), plan.origin.dataset)
    return plan


def plan_of(made: Book, folder: Path) -> optalloc.Plan:
    """The plan of a workbook, solved in a new folder; once where several tests ask for the same."""
    key = _said(made)
    if key not in _PLANS:
        _keep(_PLANS, key, solve(made, folder))
    plan = _PLANS[key]
    # Shallow copies: whoever alters a table alters its own.
    return dataclasses.replace(plan, tables={n: t.copy(deep=False) for n, t in plan.tables.items()})


def dataset(made: Book, folder: Path) -> optalloc.Dataset:
    """The dataset of a workbook; read and validated once where several ask for the same."""
    path, key = write(made, folder), _said(made)
    if key not in _DATASETS:
        _keep(_DATASETS, key, optalloc.validate(optalloc.read_workbook(path), _model()))
    return _DATASETS[key]


def program(made: Book, folder: Path) -> optalloc.Program:
    """The built model of a workbook, to look at, or to change before it is solved."""
    return optalloc.build(dataset(made, folder), _model())


def least_cost(made: Book, folder: Path) -> float:
    """Least cost of a workbook, without tables and audit; infinite where there is no plan."""
    key = _said(made)
    if key not in _COSTS:
        _COSTS[key] = _least_cost(optalloc.compile_program(program(made, folder)))
    return _COSTS[key]


def changed_cost(made: Book, folder: Path, change: Callable[[Any], object]) -> float:
    """Least cost after a change to the Pyomo model, such as a limit taken away."""
    built = program(made, folder)
    change(built.pyomo)
    return _least_cost(optalloc.compile_program(built))


def cost_without(made: Book, folder: Path, *limits: str) -> float:
    """Least cost when all rows of some limits are taken away, those found on demand too."""
    built = program(made, folder)
    for limit in limits:
        rows = built.pyomo.component(limit)
        if rows is not None:
            rows.deactivate()
    arrays = optalloc.compile_program(built)
    separate = arrays.separate

    def fewer(point: np.ndarray) -> ExtraRows:
        assert separate is not None
        found = separate(point)
        named = [name for name, keys in found.names for _ in keys]
        kept = [k for k, name in enumerate(named) if name not in limits]
        return found.take(np.array(kept, dtype=int))

    return _least_cost(dataclasses.replace(arrays, separate=fewer) if separate else arrays)


def _least_cost(arrays: optalloc.Arrays) -> float:
    return optalloc.solve_arrays(arrays, optalloc.Options(gap=0, threads=1)).objective


def binding(plan: optalloc.Plan, limit: str) -> list[str]:
    """Keys at which a limit of the plan binds."""
    rows = plan["Limits"]
    return rows.loc[(rows["limit"] == limit) & rows["binding"].astype(bool), "key"].tolist()


def everything() -> Book:
    """A small workbook with rows on every sheet: three sites, two regions, four half-years."""
    names = ["Y1", "Y2", "Y3", "Y4"]
    return book(
        Settings={
            "discount_rate": 0.08, "residual_value": "yes", "build_cost_escalation": 0.03,
            "home_jurisdiction": "US",
        },
        Periods=years(4, months=6),
        Currencies=[{"currency": "JPY", "per_workbook_currency": 150}],
        Sources=[{"subject": "Sites", "source": "assumption"}],
        Sites=[
            {
                "site": "Home", "market": "M", "jurisdiction": "US",
                "latitude": 39.0, "longitude": -77.5, "grid_zone": "East",
                "labour_market": "L", "status": "existing", "existing_mw": 40, "max_mw": 60,
                "block_mw": 20, "block_lead_months": 6, "site_lead_months": 0, "site_cost": 0,
                "build_cost_per_mw": 9, "fixed_cost_per_year": 1, "cost_per_mw_year": 0.2,
                "pue": 1.2, "max_blocks_per_period": 1, "currency": None, "min_mw": 0,
            },
            {
                "site": "Tokyo", "market": "J", "jurisdiction": "JP",
                "latitude": 35.8, "longitude": 140.1, "grid_zone": "Kanto",
                "labour_market": "K", "status": "candidate", "existing_mw": 0, "max_mw": 80,
                "block_mw": 20, "block_lead_months": 6, "site_lead_months": 3, "site_cost": 3000,
                "build_cost_per_mw": 1800, "fixed_cost_per_year": 150, "cost_per_mw_year": 30,
                "pue": 1.25, "currency": "JPY", "min_mw": 40,
            },
            {
                "site": "Sydney", "market": "A", "jurisdiction": "AU",
                "latitude": -33.9, "longitude": 151.0, "grid_zone": "NSW",
                "labour_market": "K", "status": "candidate", "existing_mw": 0, "max_mw": 80,
                "block_mw": None, "block_lead_months": 6, "site_lead_months": 0, "site_cost": 10,
                "build_cost_per_mw": 10, "fixed_cost_per_year": 1, "cost_per_mw_year": 0.2,
                "pue": 1.3, "currency": None, "min_mw": 15, "life_years": 1,
                "end_of_life": "retired",
            },
        ],
        Components=[
            {"component": "shell", "site": None, "cost_per_mw": 1, "life_years": None,
             "escalation": None, "spend_profile": None, "currency": None},
            {"component": "racks", "site": None, "cost_per_mw": 2, "life_years": 1,
             "escalation": -0.1, "spend_profile": "at_end", "currency": None},
            {"component": "racks", "site": "Tokyo", "cost_per_mw": 240, "life_years": 1,
             "escalation": -0.05, "spend_profile": "at_start", "currency": "JPY"},
        ],
        Leases=[
            {"lease": "Home hall", "site": "Home", "first_period": None, "last_period": "Y3",
             "lead_months": 3, "term_months": 12, "min_mw": 4, "max_mw": 12,
             "rent_per_mw_year": 1.5, "rent_escalation": 0.02, "currency": None},
            {"lease": "Tokyo hall", "site": "Tokyo", "first_period": "Y1", "last_period": None,
             "lead_months": None, "term_months": None, "min_mw": 0, "max_mw": 10,
             "rent_per_mw_year": 300, "rent_escalation": 0, "currency": "JPY"},
        ],
        Workloads=[
            {"workload": "load", "max_latency_ms": 80, "load_factor": 0.8, "reserve_share": 0.1,
             "trusted_only": "no", "unmet_penalty_per_mw_year": 90, "value_per_mw_year": 30,
             "min_mw_at_one_site": None},
            {"workload": "state", "max_latency_ms": None, "load_factor": 0.7, "reserve_share": 0,
             "trusted_only": "yes", "unmet_penalty_per_mw_year": None, "min_mw_at_one_site": 10},
        ],
        Demand=[
            *demand(45, 50, 55, 75),
            *demand(0, 0, 25, 30, workload="state", region="Japan"),
            *in_units(0, 10, 50, 50, workload="load", region="Japan"),
        ],
        Regions=[
            {"region": "R", "latitude": 39, "longitude": -77},
            {"region": "Japan", "latitude": 35.7, "longitude": 139.7},
        ],
        ComputeUnits=[
            {"workload": "load", "period": "Y1", "mw_per_unit": 0.12},
            {"workload": "load", "period": "Y3", "mw_per_unit": 0.1},
        ],
        Network=[
            {"site": "Home", "market": None, "region": "R", "latency_ms": 10, "cost_per_mw_year": 0.1},
            {"site": None, "market": "J", "region": "R", "latency_ms": 70, "cost_per_mw_year": 0.3},
            {"site": None, "market": "A", "region": "R", "latency_ms": 60, "cost_per_mw_year": 0.3},
            {"site": None, "market": "M", "region": "Japan", "latency_ms": 100, "cost_per_mw_year": 0.1},
            {"site": None, "market": "J", "region": "Japan", "latency_ms": 5, "cost_per_mw_year": 0.1},
            {"site": None, "market": "A", "region": "Japan", "latency_ms": 90, "cost_per_mw_year": 0.1},
        ],
        Residency=[
            {"workload": "state", "region": "Japan", "jurisdiction": "JP", "group": None},
            {"workload": "state", "region": "Japan", "jurisdiction": None, "group": "allies"},
        ],
        GridZones=[
            {"zone": zone, "period": q, "max_new_mw": 60, "max_total_mw": 110}
            for zone in ("East", "Kanto", "NSW")
            for q in names
        ],
        PowerRamp=[{"site": "Tokyo", "period": "Y2", "energised_mw": 75}],
        Contracts=[
            {"contract": "wind", "site": None, "zone": "Kanto", "kind": "energy", "term_months": 24,
             "min_mw": 10, "block_mw": None, "max_mw": 60, "price_per_mwh": 60, "availability": 0.9,
             "take_or_pay_share": 0.6, "price_escalation": 0.02, "fixed_fee_per_mw_year": 0.01,
             "fee_escalation": 0.02, "deposit_per_mw": 0.1, "termination_fee_per_mw": 0.05,
             "tco2_per_mwh": 0, "max_surplus_share": 0.3},
            {"contract": "firm", "site": None, "zone": "East", "kind": "energy", "term_months": None,
             "min_mw": 0, "block_mw": None, "max_mw": 60, "price_per_mwh": 55, "availability": 1,
             "take_or_pay_share": 0, "price_escalation": 0.02, "fixed_fee_per_mw_year": 0,
             "fee_escalation": 0, "deposit_per_mw": 0.1, "termination_fee_per_mw": None,
             "tco2_per_mwh": 0.3, "max_surplus_share": 0.1},
            {"contract": "capacity", "site": "Home", "zone": None, "kind": "capacity",
             "term_months": None, "min_mw": 0, "block_mw": 10, "max_mw": 90, "price_per_mwh": 0,
             "availability": 1, "take_or_pay_share": 0, "price_escalation": 0,
             "fixed_fee_per_mw_year": 0.05, "fee_escalation": 0.01, "deposit_per_mw": 0,
             "termination_fee_per_mw": 0.01, "tco2_per_mwh": None},
            {"contract": "turbines", "site": "Home", "zone": None, "kind": "generation",
             "lead_months": 6, "term_months": None, "min_mw": 5, "block_mw": 5, "max_mw": 40,
             "price_per_mwh": 80, "availability": 0.9, "take_or_pay_share": 0,
             "price_escalation": 0.02, "fixed_fee_per_mw_year": 0.02, "fee_escalation": 0.02,
             "deposit_per_mw": 0.2, "termination_fee_per_mw": 0.5, "tco2_per_mwh": 0.4},
        ],
        SignedContracts=[{"contract": "capacity", "signed_mw": 48, "expiry": "2030-01-01"}],
        Carbon=[
            {"period": "Y3", "max_tco2": 62000, "min_clean_share": None},
            {"period": "Y4", "max_tco2": None, "min_clean_share": 0.36,
             "min_clean_share_in_slice": 0.33},
        ],
        Slices=[
            {"slice": "day", "hours_per_year": 4380, "day_type": "any"},
            {"slice": "night", "hours_per_year": 4380, "day_type": "any"},
        ],
        WorkloadSlices=[
            {"workload": "load", "slice": "day", "load": 0.85, "shiftable_share": 0.1},
            {"workload": "load", "slice": "night", "load": 0.75, "shiftable_share": None},
        ],
        ContractSlices=[
            {"contract": "wind", "slice": "day", "available": 0.85},
            {"contract": "wind", "slice": "night", "available": 0.95},
            {"contract": "turbines", "slice": "day", "available": 0.85},
            {"contract": "turbines", "slice": "night", "available": 0.95},
        ],
        Storage=[
            {"storage": "battery", "site": "Tokyo", "first_period": None, "last_period": "Y3",
             "lead_months": 6, "life_years": 1, "max_mw": 20, "max_hours": 4, "cost_per_mw": 30,
             "cost_per_mwh": 15, "running_cost_per_mw_year": 1, "efficiency": 0.85,
             "peak_share": 0.5, "currency": "JPY"},
            {"storage": "East battery", "zone": "East", "max_mw": 10, "cost_per_mw": 0.01,
             "cost_per_mwh": 0.006, "efficiency": 0.9},
        ],
        Interruptible=[
            {"site": "Tokyo", "period": "Y2", "max_mw": 30, "fee_per_mw_year": 15,
             "currency": "JPY"},
        ],
        Interruptions=[{"site": "Tokyo", "slice": "day", "cut_share": 0.4}],
        SurplusSlices=[
            {"zone": zone, "slice": name, "price_factor": 0.5}
            for zone, name in (("Kanto", "day"), ("Kanto", "night"), ("East", "day"))
        ],
        SpotSlices=[
            {"zone": "East", "slice": "day", "price_factor": 1.2},
            {"zone": "East", "slice": "night", "price_factor": 0.8},
        ],
        PowerPrices=[
            {"zone": zone, "period": q, "spot_price_per_mwh": 90, "max_spot_share": share,
             "tco2_per_mwh": 0.5}
            for zone, share in (("East", 0.5), ("Kanto", 1), ("NSW", 1))
            for q in names
        ],
        LabourNeeds=[{"trade": "electricians", "person_months_per_mw": 12, "staff_per_mw": 0.2}],
        LabourPools=[
            {"labour_market": market, "trade": "electricians", "period": "Y1", "workers": 60,
             "wage_per_person_month": 8000}
            for market in ("L", "K")
        ],
        LabourTiers=[
            {"labour_market": market, "trade": "electricians", "tier": "travelling",
             "workers": 200, "premium_share": 0.5}
            for market in ("L", "K")
        ],
        Jurisdictions=[
            {"jurisdiction": name, "trusted": trusted, "legal_risk": score, "political_risk": score,
             "conflict_risk": score, "grid_risk": score, "supply_chain_risk": score,
             "expected_loss_per_mw_year": loss}
            for name, trusted, score, loss in (
                ("US", "yes", 0.3, None), ("JP", "yes", 0.2, 0.04), ("AU", "no", 0.25, 0.01)
            )
        ],
        JurisdictionGroups=[{"group": "allies", "jurisdiction": "JP"}],
        Taxes=[
            {"jurisdiction": "US", "since": None, "corporate_rate": 0.25,
             "depreciation": "declining_balance", "depreciation_years": 15,
             "declining_factor": 1.5, "property_tax_rate": 0.01},
            {"jurisdiction": "JP", "since": None, "corporate_rate": 0.3, "depreciation_years": 10,
             "capital_credit_share": 0.05, "credit_after_months": 6},
            {"jurisdiction": "JP", "since": "2027-10-15", "corporate_rate": 0.31},
        ],
        Duties=[{"equipment": "transformers", "jurisdiction": "JP", "duty_share": 0.1}],
        RiskWeights=[{"risk_class": "legal", "weight": 1}, {"risk_class": "grid", "weight": 2}],
        Budgets=[{"period": q, "max_capital": 900, "max_capital_to_date": 2500} for q in names],
        EquipmentNeeds=[
            {"equipment": "transformers", "units_per_mw": 0.1, "months_before_online": 6,
             "life_years": None},
            {"equipment": "racks", "units_per_mw": 7, "months_before_online": 2, "life_years": 1},
        ],
        Suppliers=[
            {"supplier": "Ohm", "supplier_group": "west"},
            {"supplier": "Volt", "supplier_group": None},
        ],
        Equipment=[
            *(
                {"equipment": "transformers", "supplier": supplier, "period": "Y1",
                 "available_units": 6, "unit_cost": cost, "carries_over": "yes",
                 "currency": currency}
                for supplier, cost, currency in (("Ohm", 3, None), ("Volt", 600, "JPY"))
            ),
            *(
                {"equipment": "racks", "supplier": "Ohm", "period": q, "available_units": units,
                 "unit_cost": 0.5, "carries_over": "no", "currency": None}
                for q, units in (("Y1", 500), ("Y2", 400), ("Y3", 200))
            ),
        ],
        ExportLimits=[
            {"limit": "racks to allies", "equipment": "racks", "jurisdiction": None,
             "group": "allies", "first_period": None, "last_period": None,
             "max_units_per_period": 300, "max_units_in_all": 560},
            {"limit": "racks to AU", "equipment": "racks", "jurisdiction": "AU", "group": None,
             "first_period": "Y2", "last_period": "Y3", "max_units_per_period": 50,
             "max_units_in_all": None},
        ],
        LossEvents=[
            {"event": "any site", "any_one": "site", "workload": None, "share_lost": 1,
             "share_covered": 0.3, "strength": "capacity", "first_period": "Y3",
             "last_period": None},
            {"event": "strait", "any_one": None, "workload": "load", "share_lost": 0.5,
             "share_covered": 0.5, "strength": "deliverable", "first_period": "Y4",
             "last_period": "Y4"},
            {"event": "strike", "any_one": None, "workload": None, "share_lost": 1,
             "share_covered": 0.2, "strength": "capacity", "first_period": None,
             "last_period": None},
        ],
        LossMembers=[
            {"event": "strait", "site": "Home", "zone": None, "jurisdiction": None, "group": None},
            {"event": "strait", "site": None, "zone": None, "jurisdiction": None,
             "group": "allies"},
            {"event": "strike", "supplier": "Volt"},
        ],
        Abandonments=[
            {"site": "Tokyo", "first_period": "Y2", "last_period": "Y3", "cost": 450,
             "cost_per_mw": 150, "recovered": 300, "recovered_per_mw": 30, "currency": "JPY"},
            {"site": "Sydney", "first_period": None, "last_period": None, "cost": 1,
             "cost_per_mw": 0.1, "recovered": 0.5, "recovered_per_mw": 0, "currency": None},
        ],
        Gates=[
            {"gate": "siting law", "holds": "commit", "site": None, "jurisdiction": "JP",
             "opens": "2026-07-01"},
            {"gate": "Tokyo works", "holds": "start", "site": "Tokyo", "jurisdiction": None,
             "opens": "2027-03-01"},
            {"gate": "Sydney line", "holds": "energise", "site": "Sydney", "jurisdiction": None,
             "opens": "2028-01-01"},
            {"gate": "Sydney law", "holds": "commit", "site": "Sydney", "jurisdiction": None,
             "opens": "2027-07-01"},
        ],
        Options=[
            {"option": "Tokyo plot", "kind": "land", "site": "Tokyo", "zone": None,
             "contract": None, "lease": None, "first_period": None, "last_period": "Y2",
             "premium": 300, "premium_per_mw": None, "max_mw": None, "fee_per_year": 60,
             "fee_per_mw_year": None, "exercise_from": None, "exercise_until": "Y3",
             "exercise_price": 2900, "exercise_price_per_mw": None, "premium_credited": 0.5,
             "needed_from": "Y3", "lead_months": 1, "currency": "JPY"},
            {"option": "Kanto queue", "kind": "grid", "zone": "Kanto", "last_period": "Y3",
             "premium": 1, "premium_per_mw": 0.01, "max_mw": 40, "fee_per_mw_year": 0.01,
             "exercise_from": "Y2", "exercise_price": 2, "exercise_price_per_mw": 0.02,
             "premium_credited": 1, "lead_months": 6},
            {"option": "wind call", "kind": "contract", "contract": "wind",
             "premium_per_mw": 0.02, "max_mw": 40, "needed_from": "Y3"},
            {"option": "hall call", "kind": "lease", "lease": "Tokyo hall", "premium": 0.5,
             "max_mw": 8, "needed_from": "Y3"},
            {"option": "Ohm slot", "kind": "equipment", "equipment": "transformers",
             "supplier": "Ohm", "premium": 0.2, "premium_per_unit": 0.1, "max_units": 3,
             "fee_per_unit_year": 0.02, "exercise_from": "Y2", "exercise_price": 0.3,
             "exercise_price_per_unit": 0.1, "premium_credited": 1, "needed_from": "Y4",
             "lead_months": 6},
        ],
        Decisions=[
            {"decision": "no Sydney yet", "what": "committed", "site": "Sydney", "contract": None,
             "period": "Y1", "at_least": None, "at_most": 0},
            {"decision": "wind", "what": "signed_mw", "site": None, "contract": "wind",
             "period": "Y1", "at_least": 10, "at_most": None},
        ],
        ApprovedActions=[
            {"date": "2027-01-01", "period": "Y1", "action": "commit site", "subject": "Tokyo",
             "mw": None},
            {"date": None, "period": "Y2", "action": "start building", "subject": "Tokyo",
             "mw": 60},
            {"date": None, "period": "Y1", "action": "sign contract", "subject": "wind", "mw": 30},
            {"date": "2026-07-01", "period": "Y0", "action": "commit site", "subject": "Sydney",
             "mw": None},
            {"date": None, "period": "Y1", "action": "hire", "subject": "L", "mw": None},
        ],
        DepartureCosts=[
            {"cost_per_site": 2, "cost_per_mw_started": 0.3, "cost_per_mw_signed": 0.1,
             "last_period": "Y3"},
        ],
        Pace=[
            {"pace": "all", "market": None, "jurisdiction": None, "period": None, "max_sites": 1,
             "max_start_mw": 90, "max_growth_per_year": 0.9, "growth_allowance_mw": 60},
        ],
        RiskLimits=[
            {"limit": "score", "kind": "max_mean_score", "value": 0.3, "group": None,
             "jurisdiction": None, "workload": None, "penalty_per_mw_year": None},
            {"limit": "home share", "kind": "max_share", "value": 0.55, "group": None,
             "jurisdiction": "US", "workload": None, "penalty_per_mw_year": 2},
            {"limit": "allies", "kind": "min_share", "value": 0.1, "group": "allies",
             "jurisdiction": None, "workload": "state", "penalty_per_mw_year": None},
        ],
    )  # fmt: skip
