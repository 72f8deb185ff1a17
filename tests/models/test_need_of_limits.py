"""Capacity that limits ask for, besides load: no bound may cut off plans that are cheaper, or all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.books import Book, book, demand, least_cost, years

pytestmark = pytest.mark.long

CLASSES = ("legal", "political", "conflict", "grid", "supply_chain")
NEAR = {"max_latency_ms": 100}


def site(name: str, **more: Any) -> dict[str, Any]:
    """1,000 MW at most, at 1 M a MW."""
    return {
        "site": name,
        "status": "candidate",
        "max_mw": 1000,
        "build_cost_per_mw": 1,
        **more,
    }


def standing(name: str, **more: Any) -> dict[str, Any]:
    """10 MW that stand, and no room for more."""
    return {**site(name, **more), "status": "existing", "existing_mw": 10, "max_mw": 10}


def near(*pairs: tuple[str, str], sites: str, regions: tuple[str, ...] = ("R",)) -> Any:
    """Only these pairs of a site and a region are within the latency of the load."""
    return [
        {"site": s, "region": r, "latency_ms": 1 if (s, r) in pairs else 900}
        for s in sites
        for r in regions
    ]


def scored(**scores: float | dict[str, float]) -> list[dict[str, Any]]:
    """Jurisdictions with one score in all classes, or with scores of some and zero in the others."""
    rows = []
    for name, score in scores.items():
        own = dict.fromkeys(CLASSES, score) if isinstance(score, int | float) else score
        risks = {f"{one}_risk": own.get(one, 0.0) for one in CLASSES}
        rows.append({"jurisdiction": name, "trusted": "yes", **risks})
    return rows


def of_three(*jurisdictions: str, **more: Any) -> Book:
    """10 MW of load at O, where 10 stand; two more sites that only limits on risk can ask for."""
    other, *others = jurisdictions
    return book(
        Workloads=NEAR,
        Demand=demand(10),
        Sites=[
            standing(other, jurisdiction=other),
            *(site(name, jurisdiction=name) for name in others),
        ],
        Network=near((other, "R"), sites="".join(jurisdictions)),
        **more,
    )


# 10 MW are at most 4 % of all: 250 MW, of which 240 are built.
FLOORS = of_three(
    *"OGH",
    Jurisdictions=scored(O=0, G=0, H=0),
    RiskLimits=[
        {"limit": name, "kind": "min_share", "jurisdiction": name, "value": 0.48} for name in "GH"
    ],
)
# G is half of all: G = 10 + B. Scores above 0.5: 10 * 0.4 + G * 0.35 = B * 0.4: B = 150, G = 160.
FLOOR_AND_SCORE = of_three(
    *"OGB",
    Jurisdictions=scored(O=0.9, G=0.85, B=0.1),
    RiskWeights=[{"risk_class": "legal", "weight": 1}],
    RiskLimits=[
        {"limit": "share", "kind": "min_share", "jurisdiction": "G", "value": 0.5},
        {"limit": "score", "kind": "max_mean_score", "value": 0.5},
    ],
)
# Legal: 10 * 0.4 + B * 0.39 = A * 0.4; grid: A * 0.39 = B * 0.4. So B = 4 * 0.39 / (0.4^2 - 0.39^2), and
# A + B = 4 * 0.79 / 0.0079.
TWO_SCORES = of_three(
    *"OAB",
    Jurisdictions=scored(
        O={"legal": 0.9, "grid": 0.5},
        A={"legal": 0.1, "grid": 0.89},
        B={"legal": 0.89, "grid": 0.1},
    ),
    RiskLimits=[
        {"limit": one, "kind": "max_mean_score", "risk_class": one, "value": 0.5}
        for one in ("legal", "grid")
    ],
)


@pytest.mark.parametrize(
    ("made", "by_hand"),
    [(FLOORS, 240), (FLOOR_AND_SCORE, 310), (TWO_SCORES, 400)],
    ids=["two floors", "floor and score", "two scores"],
)
def test_limits_on_risk_act_on_each_other(made: Book, by_hand: float, tmp_path: Path) -> None:
    """Proves: what keeps one limit is made up for by the next, so that their factors do not multiply."""
    assert least_cost(made, tmp_path) == pytest.approx(by_hand)


def growing(share: float, **workload: Any) -> Book:
    """40 MW in Y2 that only A serves, from then on; B may stand from Y1 on."""
    return book(
        Workloads={**NEAR, **workload},
        Periods=years(2),
        Demand=demand(0, 40),
        Sites=[site("A", earliest_start="2028-01-01"), site("B")],
        Network=near(("A", "R"), sites="AB"),
        Pace=[{"pace": "all", "max_growth_per_year": share}],
    )


@pytest.mark.parametrize(
    ("made", "by_hand"),
    [
        # 40 MW are a tenth of 400 that stand in B the year before; or three tenths of 133.3.
        (growing(0.1), 440),
        (growing(0.3), 40 / 0.3 + 40),
        # Unmet they cost 2,000.
        (growing(0.1, unmet_penalty_per_mw_year=50), 440),
    ],
    ids=["a tenth", "three tenths", "unmet"],
)
def test_growth_asks_for_what_it_is_a_share_of(made: Book, by_hand: float, tmp_path: Path) -> None:
    assert least_cost(made, tmp_path) == pytest.approx(by_hand)


def in_a_zone(**more: Any) -> Book:
    """5 MW at A in Y1 and 40 at B in Y2, in a zone that gives 100 MW more in Y1 alone."""
    a, b = more.pop("a", {}), more.pop("b", {})
    return book(
        Periods=years(2),
        Workloads=NEAR,
        Demand=demand(5, 0, region="RA") + demand(0, 40, region="RB"),
        Sites=[
            site("A", grid_zone="Z", **{"build_cost_per_mw": 50, **a}),
            site("B", grid_zone="Z", block_lead_months=12, **b),
        ],
        Network=near(("A", "RA"), ("B", "RB"), sites="AB", regions=("RA", "RB")),
        GridZones=[
            {"zone": "Z", "period": "Y1", "max_new_mw": 100},
            {"zone": "Z", "period": "Y2", "max_new_mw": 0},
        ],
        **more,
    )


LEASE = {
    "lease": "L",
    "site": "A",
    "last_period": "Y1",
    "term_months": 12,
    "max_mw": 90,
    "rent_per_mw_year": 0.1,
}


@pytest.mark.parametrize(
    ("made", "by_hand"),
    [
        # B draws 80 MW for 40: 80 are leased at A at 0.1, and 40 built.
        (in_a_zone(b={"pue": 2}, Leases=[LEASE]), 48),
        # 40 are built at A for a year, and retired: 40 + 40.
        (in_a_zone(a={"build_cost_per_mw": 1, "life_years": 1, "end_of_life": "retired"}), 80),
    ],
    ids=["another PUE", "retired"],
)
def test_capacity_holds_power_for_another_site(made: Book, by_hand: float, tmp_path: Path) -> None:
    assert least_cost(made, tmp_path) == pytest.approx(by_hand)


def test_capacity_holds_power_for_storage(tmp_path: Path) -> None:
    """Proves: sun of 8 hours in 24 serves 10 MW only with a battery of 20 MW and 160 MWh, which counts
    at the peak in full: 20 MW leased at A in Y1 hold its power, at 0.1 a MW. Energy of the lease and
    of B at 1 a MWh is 0.0876 M a MW-year."""
    made = in_a_zone(
        b={"status": "existing", "existing_mw": 10, "max_mw": 10},
        Leases=[LEASE],
        Slices=[
            {"slice": "day", "hours_per_year": 2920, "day_type": "x"},
            {"slice": "night", "hours_per_year": 5840, "day_type": "x"},
        ],
        Contracts=[
            {"contract": "sun", "site": "B", "kind": "energy", "max_mw": 100, "availability": 1 / 3,
             "price_per_mwh": 1},
            {"contract": "a", "site": "A", "kind": "energy", "max_mw": 100, "price_per_mwh": 1},
        ],
        ContractSlices=[
            {"contract": "sun", "slice": "day", "available": 1},
            {"contract": "sun", "slice": "night", "available": 0},
        ],
        Storage=[{"storage": "s", "site": "B", "lead_months": 12, "max_mw": 100, "cost_per_mw": 0.01,
                  "cost_per_mwh": 0.005, "efficiency": 1}],
    )  # fmt: skip
    made |= {"Demand": demand(0, 10), "Network": near(("B", "R"), sites="AB")}
    # 2 to lease, 0.2 and 0.8 for MW and MWh of the battery, and 0.0876 of energy in Y2.
    assert least_cost(made, tmp_path) == pytest.approx(2 + 0.2 + 0.8 + 0.0876)


def test_what_may_be_cut_off_and_a_share(tmp_path: Path) -> None:
    """Proves: nine tenths of A's connection is cut at night, so that 10 MW of load need 100 there; A may
    be half of all, and 100 stand in B for nothing. Energy is 0.0876 M."""
    made = book(
        Demand=demand(10),
        Workloads=NEAR,
        Sites=[site(name, jurisdiction=name, grid_zone="Z") for name in "AB"],
        Network=near(("A", "R"), sites="AB"),
        Jurisdictions=scored(A=0, B=0),
        RiskLimits=[{"limit": "l", "kind": "max_share", "jurisdiction": "A", "value": 0.5}],
        PowerRamp=[{"site": "A", "period": "Y1", "energised_mw": 0}],
        Interruptible=[{"site": "A", "period": "Y1", "max_mw": 500}],
        Interruptions=[{"site": "A", "slice": "n", "cut_share": 0.9}],
        Slices=[
            {"slice": "d", "hours_per_year": 8000, "day_type": "x"},
            {"slice": "n", "hours_per_year": 760, "day_type": "x"},
        ],
        PowerPrices=[{"zone": "Z", "period": "Y1", "spot_price_per_mwh": 1}],
    )
    assert least_cost(made, tmp_path) == pytest.approx(200.0876)


def test_what_is_to_be_ended_is_signed_besides(tmp_path: Path) -> None:
    """Proves: 10 MW of peak need 10 in both years, and 5 are to be ended after the first: 15 and 10 at 1,
    and 0.5 for each of the 5."""
    made = book(
        Periods=years(2),
        Demand=demand(10, 10),
        Sites=[standing("A")],
        Contracts=[{"contract": "c", "site": "A", "kind": "capacity", "last_period": "Y1",
                    "max_mw": 100, "fixed_fee_per_mw_year": 1, "termination_fee_per_mw": 0.5}],
        Decisions=[{"decision": "d", "what": "ended_mw", "contract": "c", "period": "Y2",
                    "at_least": 5}],
    )  # fmt: skip
    assert least_cost(made, tmp_path) == pytest.approx(15 + 10 + 2.5)


def test_storage_is_charged_through_what_a_cut_leaves(tmp_path: Path) -> None:
    """Proves: sun by day serves 10 MW day and night by a battery that takes 10 MW more by day. Through a
    connection of which half is cut by day, these 20 MW need 40 in service: 30 more than without."""
    made = book(
        Demand=demand(10),
        Sites=[site("A", grid_zone="Z")],
        Slices=[
            {"slice": one, "hours_per_year": 4380, "day_type": "x"} for one in ("day", "night")
        ],
        Contracts=[{"contract": "sun", "site": "A", "kind": "energy", "max_mw": 100,
                    "availability": 0.5, "price_per_mwh": 0, "fixed_fee_per_mw_year": 0.01}],
        ContractSlices=[
            {"contract": "sun", "slice": "day", "available": 1},
            {"contract": "sun", "slice": "night", "available": 0},
        ],
        Storage=[{"storage": "s", "site": "A", "max_mw": 100, "cost_per_mw": 0.01,
                  "cost_per_mwh": 0.005, "efficiency": 1, "peak_share": 0}],
    )  # fmt: skip
    firm = least_cost(made, tmp_path / "firm")
    made |= book(
        PowerRamp=[{"site": "A", "period": "Y1", "energised_mw": 0}],
        Interruptible=[{"site": "A", "period": "Y1", "max_mw": 500}],
        Interruptions=[{"site": "A", "slice": "day", "cut_share": 0.5}],
        **made,
    )
    assert least_cost(made, tmp_path / "cut") == pytest.approx(firm + 30)
