"""Resilience: each strength in cases solved by hand, and against knocking members out one by one.

A costs 10 M per MW of IT, B 12 and C 15, each at most 100 MW; A and B stand in the US, C in Japan.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import optalloc
from tests.books import binding, book, cost_without, demand
from tests.families import LeastCost, Solve, assert_adds_nothing, broken, problems

NETWORK = [{"site": site, "region": "R", "latency_ms": 10} for site in "ABC"]
SITES = [
    {"site": site, "build_cost_per_mw": cost, "jurisdiction": where, "grid_zone": where,
     "status": "candidate", "max_mw": 100}
    for site, cost, where in (("A", 10, "US"), ("B", 12, "US"), ("C", 15, "JP"))
]  # fmt: skip
RISKS = ("legal", "political", "conflict", "grid", "supply_chain")
CASE: dict[str, Any] = {"Network": NETWORK, "Sites": SITES, "Demand": demand(40)}


def event(*members: dict[str, Any], **columns: Any) -> dict[str, Any]:
    rows = {"LossEvents": [{"event": "E", "share_covered": 1, **columns}]}
    if members:
        rows["LossMembers"] = [{"event": "E", **member} for member in members]
    return {**CASE, **rows}


@pytest.mark.first(1)
@pytest.mark.parametrize("strength", ["capacity", "deliverable"])
def test_any_one_site(strength: str, solve: Solve, least_cost: LeastCost, tmp_path: Path) -> None:
    """Proves: all 40 MW must survive any one site, so A, B and C hold 20 each, 740, or A and B 40
    each, 880: spread is cheaper. Half of it: A 20 and B 20, 440. Sensitivity: without, 400."""
    case = event(any_one="site", strength=strength)
    plan = solve(**case)
    assert plan.cost == pytest.approx(20 * (10 + 12 + 15))
    limit = "survives_loss" if strength == "capacity" else "delivers_after_loss"
    assert binding(plan, limit)
    rows = ("survives_loss", "delivers_after_loss")
    assert cost_without(book(**case), tmp_path / "w", *rows) == pytest.approx(400)
    half = event(any_one="site", strength=strength, share_covered=0.5)
    assert least_cost(**half) == pytest.approx(440)


@pytest.mark.slow
def test_any_one_jurisdiction_or_zone(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: all 40 MW survive any one country with 40 at A and 40 at C: 1000. Sensitivity: when
    only half of what fails is lost, 80/3 at A and as much at C leave 40: a MW left of Japan costs 15,
    one of the US 20, up to where both are alike."""
    assert solve(**event(any_one="jurisdiction")).cost == pytest.approx(1000)
    assert least_cost(**event(any_one="zone")) == pytest.approx(1000)
    half = event(any_one="jurisdiction", share_lost=0.5)
    assert least_cost(**half) == pytest.approx(80 / 3 * 25)


def test_listed_members_fail_together(solve: Solve) -> None:
    """Proves: A and C fail together and half must survive: 20 at A and 20 at B, 440. Sensitivity:
    were they to fail singly, B or C would do beside A."""
    case = event({"site": "A"}, {"jurisdiction": "JP"}, share_covered=0.5)
    assert solve(**case).cost == pytest.approx(440)
    scores = {f"{name}_risk": 0 for name in RISKS}
    groups = [{"group": "G", "jurisdiction": "JP"}, {"group": "G", "jurisdiction": "US"}]
    all_fail = event({"group": "G"}, share_covered=0.5) | {
        "JurisdictionGroups": groups,
        "Jurisdictions": [{"jurisdiction": name, **scores} for name in ("JP", "US")],
    }
    with pytest.raises(optalloc.InfeasibleError):
        solve(**all_fail)


@pytest.mark.slow
def test_what_is_left_must_be_within_reach(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: region R is reached by A and B, S by C alone. When any one site fails and 60 of 120 MW
    must be covered, 60 at A and 60 at C leave 60 in total; but without C they serve R alone, where
    60 are served, and without A only S: that is 60 each, enough. With 75 % capacity asks for 90 in
    total after any loss: spread over A, B and C; deliverable can then serve S only from C, so no
    plan is possible once more than half is asked for."""
    near = {"A": "R", "B": "R", "C": "S"}
    network = [
        {"site": site, "region": region, "latency_ms": 10 if near[site] == region else 90}
        for site in "ABC"
        for region in "RS"
    ]
    case = {
        "Workloads": {"max_latency_ms": 50},
        "Sites": SITES,
        "Network": network,
        "Demand": [*demand(60), *demand(60, region="S")],
    }

    def lost(share: float, strength: str) -> dict[str, Any]:
        row = {"event": "E", "any_one": "site", "share_covered": share, "strength": strength}
        return {**case, "LossEvents": [row]}

    assert solve(**lost(0.5, "deliverable")).cost == pytest.approx(600 + 900)
    # a + b + c - max >= 90 with a + b >= 60, c >= 60: a = 60, b = 30, c = 60.
    assert least_cost(**lost(0.75, "capacity")) == pytest.approx(600 + 360 + 900)
    with pytest.raises(optalloc.InfeasibleError):
        solve(**lost(0.75, "deliverable"))


@pytest.mark.slow
def test_only_the_workload_and_periods_named(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: an event of another workload, or of later periods, asks for nothing."""
    other = event(any_one="site", workload="other") | {
        "Workloads": [{"workload": "load"}, {"workload": "other"}]
    }
    assert solve(**other).cost == pytest.approx(400)
    periods = [
        {"period": "Y1", "start": "2027-01-01", "months": 12},
        {"period": "Y2", "start": "2028-01-01", "months": 12},
    ]
    case = event(any_one="site", last_period="Y1") | {"Periods": periods, "Demand": demand(10, 40)}
    # 10 MW in Y1 survive with 5 at each, or 10 at A and B; 40 in Y2 stand wherever it is cheapest.
    assert least_cost(**case) == pytest.approx(30 * 10 + 10 * 12)


def test_the_audit_sees_what_would_not_survive(solve: Solve, tmp_path: Path) -> None:
    """Proves: with capacity at B and C taken away by hand, both limits are found broken."""
    case = event(any_one="site", strength="deliverable")
    plan = solve(**case)
    assert not broken(plan, case, tmp_path / "kept")
    build = plan["Build"].copy()
    build.loc[build["site"] != "A", "online_mw"] = 1.0
    found = broken(plan, case, tmp_path / "changed", Build=build)
    assert found >= {"survives_loss", "delivers_after_loss"}


@pytest.mark.slow
def test_without_sheets_there_is_nothing(tmp_path: Path) -> None:
    """Proves: neither absent nor empty sheets add a row, a column or a cost."""
    assert_adds_nothing(CASE, "resilience", tmp_path)


@pytest.mark.first(2)
@pytest.mark.parametrize(
    ("case", "sheet", "code"),
    [
        (event(), "LossEvents", "event-without-members"),
        (event(any_one="supplier"), "LossEvents", "event-without-members"),
        (event({"site": "A", "zone": "JP"}), "LossMembers", "member-unclear"),
        (event({"site": None, "zone": None}), "LossMembers", "member-unclear"),
        (event({"site": "A"}, any_one="site"), "LossMembers", "member-of-any-one"),
    ],
)
def test_an_event_that_is_unclear(
    case: dict[str, Any], sheet: str, code: str, solve: Solve
) -> None:
    """Proves: each mistake gives one message at its row."""
    (message,) = problems(solve, **case)
    assert message.startswith(f"{sheet}!")
    assert message.endswith(f"[{code}]")


def random_case(seed: int) -> dict[str, Any]:
    """Four sites in two countries, three regions, and a random reach of two sites or more."""
    draw = np.random.default_rng(seed)
    sites = [
        {"site": site, "build_cost_per_mw": int(draw.integers(5, 20)), "status": "candidate",
         "jurisdiction": "US" if k < 2 else "JP", "max_mw": 100}
        for k, site in enumerate("ABCD")
    ]  # fmt: skip
    network = []
    for region in "RST":
        near = draw.choice(list("ABCD"), size=int(draw.integers(2, 5)), replace=False)
        network += [
            {"site": site, "region": region, "latency_ms": 10 if site in near else 90}
            for site in "ABCD"
        ]
    loads = [row for region in "RST" for row in demand(int(draw.integers(5, 30)), region=region)]
    workload = {"max_latency_ms": 50}
    return {"Sites": sites, "Network": network, "Demand": loads, "Workloads": workload}


def covered_without(plan: optalloc.Plan, network: list[dict[str, Any]], site: str) -> float:
    """Most of the served load that the other sites can carry, by the cut condition of Hall.

    For every set of regions left aside, all other regions lie within what is left of the sites that
    reach them: the greatest flow is the least cut.
    """
    left = plan["Build"].set_index("site")["online_mw"].drop(site)
    served = plan["Load"].groupby("region")["served_mw"].sum()
    pairs = pd.DataFrame([row for row in network if row["latency_ms"] <= 50])
    cuts = []
    for mask in range(2 ** len(served)):
        cut = [region for k, region in enumerate(served.index) if mask >> k & 1]
        rest = served.drop(cut).index
        reached = pairs.loc[pairs["region"].isin(rest), "site"].unique()
        cuts.append(served[cut].sum() + left[left.index.isin(reached)].sum())
    return float(min(cuts))


def survives(seed: int, solve: Solve) -> bool:
    """Knock out each site of a deliverable plan; say whether the plan without the event would do."""
    case, share = random_case(seed), 0.6
    row = {"event": "E", "any_one": "site", "share_covered": share, "strength": "deliverable"}
    try:
        plan = solve(**case, LossEvents=[row])
    except optalloc.InfeasibleError:
        return False
    need = share * plan["Load"]["served_mw"].sum()
    for site in "ABCD":
        assert covered_without(plan, case["Network"], site) >= need - 1e-6
    free = solve(**case)
    return all(covered_without(free, case["Network"], site) >= need - 1e-6 for site in "ABCD")


@pytest.mark.slow
def test_each_site_can_be_knocked_out(solve: Solve) -> None:
    """Proves: on random cases the share is covered whichever site fails, by a cut argument that
    knows nothing of the model. Sensitivity: without the event most plans fail somewhere."""
    held = [survives(seed, solve) for seed in range(4)]
    assert not all(held)


@pytest.mark.slow
def test_each_site_can_be_knocked_out_of_200_cases(solve: Solve) -> None:
    """Proves: the same on 200 cases."""
    held = [survives(seed, solve) for seed in range(200)]
    assert sum(held) < 100
