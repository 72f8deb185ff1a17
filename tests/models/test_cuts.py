"""The same world, cut into other periods, costs the same where nothing is decided in the new dates."""

from __future__ import annotations

import math
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pyomo.environ as pyo
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.books import Book, changed_cost, least_cost

WHOLE = 24
CUTS = ([24], [12, 12], [6, 18], [3, 3, 6, 12], [1, 23])
DEMAND = {"inference": (30, 50, 60), "batch": (20, 10, 40)}
# What stays as it is within a period, and what comes to so much a month in all of it.
STOCKS = ("committed", "started", "energised", "served", "unmet", "covered")
FLOWS = ("drawn", "spot", "billed", "hired")

rates = st.sampled_from([0.0, 0.03, 0.08, 0.25])
growths = st.sampled_from([-0.05, 0.0, 0.03, 0.08, 0.25])


def periods_of(cuts: list[list[int]]) -> pd.DataFrame:
    """Periods of a cut: period, start, months, whole (position of the whole period)."""
    parts = [(whole, months) for whole, cut in enumerate(cuts) for months in cut]
    begins = pd.Series([months for _, months in parts]).cumsum().shift(1, fill_value=0)
    start = pd.Timestamp("2027-01-01")
    return pd.DataFrame(
        {
            "period": [f"P{begin}" for begin in begins],
            "start": [
                (start + pd.DateOffset(months=int(begin))).date().isoformat() for begin in begins
            ],
            "months": [months for _, months in parts],
            "whole": [whole for whole, _ in parts],
        }
    )


def world(cuts: list[list[int]], figures: dict[str, float]) -> Book:
    """Two sites, priced and unpriced demand, energy, power fees, staff and expected loss."""
    frame = periods_of(cuts)
    rows = frame[["period", "start", "months"]].to_dict("records")
    names, escalation = frame["period"], figures["escalation"]
    site = {"status": "candidate", "block_mw": 10, "grid_zone": "Z", "labour_market": "L"}
    return {
        "Settings": [
            {"name": "cut", "currency": "USD", "base_date": figures["base_date"],
             "discount_rate": figures["rate"], "running_cost_escalation": figures["growth"],
             "build_cost_escalation": 0.02, "life_years": 30, "residual_value": "yes", "gap": 0,
             "threads": 1}
        ],
        "Periods": rows,
        "Sites": [
            {**site, "site": "A", "existing_mw": 30, "max_mw": 60, "build_cost_per_mw": 12,
             "fixed_cost_per_year": 1, "cost_per_mw_year": 0.4, "pue": 1.2, "status": "existing",
             "block_lead_months": WHOLE, "jurisdiction": "J"},
            {**site, "site": "B", "max_mw": 90, "build_cost_per_mw": 7, "site_cost": 20,
             "fixed_cost_per_year": 2, "cost_per_mw_year": 0.9, "pue": 1.1,
             "block_lead_months": WHOLE, "jurisdiction": "K"},
        ],
        "Workloads": [
            {"workload": "inference", "load_factor": 0.8, "unmet_penalty_per_mw_year": 30},
            {"workload": "batch", "load_factor": 0.9, "unmet_penalty_per_mw_year": figures["penalty"]},
        ],
        "Demand": [
            {"workload": workload, "region": "R", "period": name, "it_mw": mw[whole]}
            for workload, mw in DEMAND.items()
            for name, whole in zip(names, frame["whole"], strict=True)
        ],
        "Network": [
            {"site": "A", "region": "R", "latency_ms": 5, "cost_per_mw_year": 0.1},
            {"site": "B", "region": "R", "latency_ms": 9, "cost_per_mw_year": 0.3},
        ],
        "Contracts": [
            {"contract": "wind", "zone": "Z", "kind": "energy", "max_mw": 60, "price_per_mwh": 60,
             "availability": 0.5, "take_or_pay_share": 0.6, "price_escalation": escalation},
            {"contract": "gas", "zone": "Z", "kind": "energy", "max_mw": 60, "price_per_mwh": 70,
             "availability": 0.9, "take_or_pay_share": 0, "price_escalation": figures["growth"]},
            {"contract": "line", "zone": "Z", "kind": "capacity", "max_mw": 300,
             "fixed_fee_per_mw_year": 0.2, "fee_escalation": escalation},
        ],
        "SignedContracts": [{"contract": "line", "signed_mw": 20, "expiry": "2029-01-01"}],
        "PowerPrices": [
            {"zone": "Z", "period": name, "spot_price_per_mwh": 80, "max_spot_share": 0.7}
            for name in names
        ],
        "LabourNeeds": [{"trade": "t", "person_months_per_mw": 12, "staff_per_mw": 0.5}],
        "LabourPools": [
            {"labour_market": "L", "trade": "t", "period": names.iloc[0], "workers": 30,
             "wage_per_person_month": 9000}
        ],
        "LabourTiers": [
            {"labour_market": "L", "trade": "t", "tier": "far", "workers": 100, "premium_share": 1}
        ],
        "Jurisdictions": [
            {"jurisdiction": name, "trusted": "yes", "legal_risk": 0, "political_risk": 0,
             "conflict_risk": 0, "grid_risk": 0, "supply_chain_risk": 0,
             "expected_loss_per_mw_year": loss}
            for name, loss in (("J", 0.05), ("K", 0.01))
        ],
    }  # fmt: skip


def nothing_new(cuts: list[list[int]], m: Any) -> None:
    """Hold what is decided in the added dates to what is decided in the whole period."""
    frame = periods_of(cuts)
    first = frame.groupby("whole")["period"].transform("first")
    before = dict(zip(frame["period"], first, strict=True))
    months = dict(zip(frame["period"], frame["months"], strict=True))
    m.held = pyo.ConstraintList()
    for name in (*STOCKS, *FLOWS, "procured"):
        variable = m.component(name)
        for key in list(variable):
            *whose, period = key
            if before[period] == period:
                continue
            ratio = months[period] / months[before[period]] if name in FLOWS else 1.0
            then = (*whose, before[period])
            held = ratio * variable[then] if name != "procured" and then in variable else 0.0
            m.held.add(variable[key] == held)


@pytest.mark.slow
@pytest.mark.parametrize(
    "examples", [3, pytest.param(60, marks=pytest.mark.slow)], ids=["few", "many"]
)
def test_a_finer_cut_costs_the_same(examples: int) -> None:
    """Proves: periods of two years, or each in parts with the same figures a year, have one least
    cost where nothing is decided in the added dates: with discounting, escalation, energy, fees,
    staff, penalties, expected loss and residual value.
    Sensitivity: at one point of a period, flip-twenty and flip-yearly differed by 6 %.
    """

    def kept(cuts: list[list[int]], rate: float, growth: float, escalation: float,
             penalty: float, base_date: str) -> None:  # fmt: skip
        figures: dict[str, Any] = {
            "rate": rate, "growth": growth, "escalation": escalation, "penalty": penalty,
            "base_date": base_date,
        }  # fmt: skip
        with TemporaryDirectory() as folder:
            whole = least_cost(world([[WHOLE]] * 3, figures), Path(folder) / "whole")
            parts = changed_cost(
                world(cuts, figures), Path(folder) / "parts", lambda m: nothing_new(cuts, m)
            )
        assert parts == pytest.approx(whole, rel=1e-7) and whole < math.inf

    tried = settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    tried(
        given(
            cuts=st.lists(st.sampled_from(CUTS), min_size=3, max_size=3),
            rate=rates,
            growth=growths,
            escalation=growths,
            penalty=st.sampled_from([0.5, 3.0, 40.0]),
            base_date=st.sampled_from(["2027-01-01", "2026-04-01"]),
        )(kept)
    )()
