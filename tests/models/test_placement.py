"""Placement: where load may run and what it costs to carry it there, by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyomo.environ as pyo
import pytest
from hypothesis import given
from hypothesis import strategies as st

import optalloc
from tests.books import Book, binding, book, changed_cost, cost_without, demand, few, worth, years
from tests.families import LeastCost, broken, compiled, problems

Solve = Callable[..., optalloc.Plan]

# A is near and dear, B far and cheap; both hold 100 MW.
SITES = [
    {"site": "A", "status": "candidate", "max_mw": 100, "build_cost_per_mw": 12},
    {"site": "B", "status": "candidate", "max_mw": 100, "build_cost_per_mw": 10},
]
NETWORK = [
    {"site": "A", "region": "R", "latency_ms": 10},
    {"site": "B", "region": "R", "latency_ms": 30},
]
RISKS = [f"{name}_risk" for name in ("legal", "political", "conflict", "grid", "supply_chain")]


def jurisdiction(name: str, trusted: bool = False) -> dict[str, Any]:
    """A row of Jurisdictions without any risk."""
    return {"jurisdiction": name, "trusted": "yes" if trusted else "no"} | dict.fromkeys(RISKS, 0)


def placed(**sheets: Any) -> dict[str, Any]:
    """Two sites, A in country X and B in country Y, and what a test changes."""
    countries = [SITES[0] | {"jurisdiction": "X"}, SITES[1] | {"jurisdiction": "Y"}]
    known = [jurisdiction("X", trusted=True), jurisdiction("Y")]
    return {"Sites": countries, "Network": NETWORK, "Jurisdictions": known} | sheets


def load(plan: optalloc.Plan) -> dict[tuple[str, str], float]:
    """MW served by region and site."""
    return plan["Load"].set_index(["region", "site"])["served_mw"].round(6).to_dict()


def test_load_within_online(solve: Solve, least_cost: LeastCost, tmp_path: Path) -> None:
    """40 MW stand for 50 asked for, of which what is unmet costs 5 M a MW-year.

    Proves: 10 MW unmet, 50 M. Sensitivity: with 50 MW standing, or without the limit, 0.
    """

    def case(standing: float) -> dict[str, Any]:
        return {
            "Sites": {"status": "existing", "existing_mw": standing, "max_mw": standing},
            "Demand": demand(50),
            "Workloads": {"unmet_penalty_per_mw_year": 5},
        }

    full = solve(**case(40))
    assert full.cost == pytest.approx(50)
    assert binding(full, "load_within_online") == ["A, Y1"]
    both = ("load_within_online", "capacity_covers_demand")
    assert cost_without(book(**case(40)), tmp_path / "w", *both) == 0
    assert least_cost(**case(50)) == 0


@pytest.mark.slow
def test_capacity_covers_demand(solve: Solve, tmp_path: Path) -> None:
    """It follows from the other limits, so it binds and yet cuts off no plan.

    Proves: 40 MW of any size are all needed, 400, with and without the limit. Sensitivity: two
    blocks of 25 leave 10 MW, 500.
    """
    exact = solve()
    assert exact.cost == pytest.approx(400)
    assert len(binding(exact, "capacity_covers_demand")) == 1
    assert cost_without(book(), tmp_path / "w", "capacity_covers_demand") == pytest.approx(400)
    rounded = solve(Sites={"block_mw": 25})
    assert rounded.cost == pytest.approx(500)
    assert binding(rounded, "capacity_covers_demand") == []


@pytest.mark.slow
def test_reserve_is_kept_where_load_is_served(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: a reserve of a quarter builds 50 MW for 40, 500; a site that holds 40 serves 32 and
    leaves 8 at 20 M. Sensitivity: without reserve 400."""
    assert solve(Workloads={"reserve_share": 0.25}).cost == pytest.approx(500)
    priced = {"reserve_share": 0.25, "unmet_penalty_per_mw_year": 20}
    assert least_cost(Sites={"max_mw": 40}, Workloads=priced) == pytest.approx(400 + 160)
    assert least_cost(Workloads={"reserve_share": 0}) == pytest.approx(400)


@pytest.mark.first(1)
def test_latency_within_limit(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: within 10 ms only A will do, 480. Sensitivity: within 30 ms, or any, B, 400."""
    case = {"Sites": SITES, "Network": NETWORK}
    near = solve(Workloads={"max_latency_ms": 10}, **case)
    assert near.cost == pytest.approx(480)
    assert binding(near, "latency_within_limit") == ["load, R, A, Y1"]
    assert least_cost(Workloads={"max_latency_ms": 30}, **case) == pytest.approx(400)
    assert least_cost(Workloads={"max_latency_ms": None}, **case) == pytest.approx(400)


@pytest.mark.slow
def test_trusted_where_required(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: what runs only where it is trusted runs in X, 480. Sensitivity: anywhere, Y, 400."""
    assert solve(**placed(Workloads={"trusted_only": "yes"})).cost == pytest.approx(480)
    assert least_cost(**placed(Workloads={"trusted_only": "no"})) == pytest.approx(400)
    # A site whose jurisdiction nobody named is not trusted.
    anonymous = placed(Workloads={"trusted_only": "yes"})
    anonymous["Sites"][0]["jurisdiction"] = None
    with pytest.raises(optalloc.InputError, match="unreachable-demand"):
        solve(**anonymous)


TWO_REGIONS = {
    "Network": [row | {"region": region} for region in ("R", "S") for row in NETWORK],
    "Demand": demand(40, region="R") + demand(20, region="S"),
}
EURO = [{"group": "G", "jurisdiction": "X"}]


@pytest.mark.first(1)
@pytest.mark.parametrize(
    ("rule", "cost"),
    [
        # 40 MW of R and 20 of S at 12 M in X or 10 M in Y.
        ({"region": "R", "jurisdiction": "X", "group": None}, 480 + 200),
        ({"region": None, "jurisdiction": "X", "group": None}, 480 + 240),
        ({"region": "S", "jurisdiction": None, "group": "G"}, 400 + 240),
        ({"region": None, "jurisdiction": None, "group": "G"}, 480 + 240),
        ({"region": None, "jurisdiction": "Y", "group": None}, 400 + 200),
    ],
)
def test_resident_where_required(
    solve: Solve, least_cost: LeastCost, rule: dict[str, Any], cost: float
) -> None:
    """Proves: a rule for one region, or for all, by jurisdiction or by group, as worked out beside.

    Sensitivity: without a rule all runs in Y, 600.
    """
    case = placed(**TWO_REGIONS, JurisdictionGroups=EURO)
    assert solve(Residency=[{"workload": "load", **rule}], **case).cost == pytest.approx(cost)
    assert least_cost(**case) == pytest.approx(600)


@pytest.mark.slow
def test_residency_rows_add_up(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: one row for every region and one more for S let S run in both, 480 + 200.
    Sensitivity: without the second, 720."""
    case = placed(**TWO_REGIONS)
    everywhere = {"workload": "load", "region": None, "jurisdiction": "X"}
    more = {"workload": "load", "region": "S", "jurisdiction": "Y"}
    assert solve(Residency=[everywhere, more], **case).cost == pytest.approx(680)
    assert least_cost(Residency=[everywhere], **case) == pytest.approx(720)


@pytest.mark.slow
def test_residency_binds_only_its_workload(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: 40 MW of private load stay in X, 20 of the other run in Y, 480 + 200. Sensitivity:
    without the rule 600."""
    case = placed(
        Workloads=[{"workload": "private"}, {"workload": "other"}],
        Demand=demand(40, workload="private") + demand(20, workload="other"),
    )
    rule = [{"workload": "private", "region": None, "jurisdiction": "X"}]
    assert solve(Residency=rule, **case).cost == pytest.approx(680)
    assert least_cost(**case) == pytest.approx(600)


@pytest.mark.slow
def test_served_is_not_negative(solve: Solve, tmp_path: Path) -> None:
    """Only A is near enough for R's 40 MW; B, where 100 MW stand, is near enough for S's 40.

    Proves: A builds 40 MW for R, 480. Sensitivity: were load free to be negative, B would serve 80
    of S and A -40, which makes room at A for R, 0.
    """
    case = {
        "Sites": [SITES[0], {"site": "B", "status": "existing", "existing_mw": 100, "max_mw": 100}],
        "Network": [row | {"region": region} for region in ("R", "S") for row in NETWORK],
        "Workloads": [{"workload": "near", "max_latency_ms": 10}, {"workload": "far"}],
        "Demand": demand(40, workload="near", region="R") + demand(40, workload="far", region="S"),
    }

    def free(m: Any) -> None:
        for component in ("capacity_covers_demand", "served_if_committed"):
            m.component(component).deactivate()
        for served in m.served.values():
            served.domain = pyo.Reals

    plan = solve(**case)
    assert plan.cost == pytest.approx(480)
    assert load(plan) == {("R", "A"): 40, ("S", "B"): 40}
    assert changed_cost(book(**case), tmp_path / "w", free) == pytest.approx(0)


def test_network_cost(solve: Solve, least_cost: LeastCost) -> None:
    """Half a year at 21 % and a growth of 44 %; 40 MW cost 0.5 M a MW-year to reach.

    Proves: 40 x 0.5 times the integral of (1.44 / 1.21)^t over half a year, beside 400 for the
    building. Sensitivity: at no cost 400; a year at rate 0, 420.
    """
    network = {"cost_per_mw_year": 0.5}
    half = [{"period": "Y1", "start": "2027-01-01", "months": 6}]
    money = {"discount_rate": 0.21, "running_cost_escalation": 0.44}
    plan = solve(Settings=money, Periods=half, Network=network)
    assert plan.cost == pytest.approx(400 + 20 * worth(0.21, 0, 0.5, growth=0.44))
    assert least_cost(Settings=money, Periods=half) == pytest.approx(400)
    assert least_cost(Network=network) == pytest.approx(420)


@pytest.mark.slow
def test_network_cost_against_building_cost(solve: Solve) -> None:
    """Proves: B at 10 M and 2.5 a MW-year to reach loses to A at 12, 480. Sensitivity: at 1.5 it
    wins, 460."""

    def cost(reaching: float) -> float:
        network = [NETWORK[0], NETWORK[1] | {"cost_per_mw_year": reaching}]
        return solve(Sites=SITES, Network=network).cost

    assert cost(2.5) == pytest.approx(480)
    assert cost(1.5) == pytest.approx(460)


@pytest.mark.slow
@pytest.mark.parametrize("own_row_first", [True, False])
def test_network_by_market(solve: Solve, least_cost: LeastCost, own_row_first: bool) -> None:
    """Market M is 30 ms away and load may go 20; A, which lies in M, has a row of its own with 10.

    Proves: A serves, 480, in whatever order the rows stand. Sensitivity: without A's own row no
    site is near enough; with the market at 20 ms, B serves, 400.
    """
    sites = [site | {"market": "M"} for site in SITES]
    own = {"site": "A", "market": None, "region": "R", "latency_ms": 10}

    def market(latency: float) -> dict[str, Any]:
        return {"site": None, "market": "M", "region": "R", "latency_ms": latency}

    case = {"Sites": sites, "Workloads": {"max_latency_ms": 20}}
    rows = [own, market(30)] if own_row_first else [market(30), own]
    plan = solve(Network=rows, **case)
    assert plan.cost == pytest.approx(480)
    assert plan["Load"]["latency_ms"].tolist() == [10]
    assert least_cost(Network=[own, market(20)], **case) == pytest.approx(400)
    with pytest.raises(optalloc.InputError, match="unreachable-demand"):
        solve(Network=[market(30)], **case)


@pytest.mark.first(1)
@pytest.mark.parametrize(
    ("fixed", "capacity", "cost"),
    [
        # One period, one block a site: A alone 100 + 60 x 1 + 30 x 4 = 280, B alone
        # 120 + 60 x 3 + 30 x 1 = 330, both 220 + 60 + 30 = 310.
        ((100, 120), (100, 100), 280),
        # B at 60: 280, 270, and both 160 + 90 = 250.
        ((100, 60), (100, 100), 250),
        # A holds 50 and is too small alone: B alone 330, both 210 + 50 x 1 + 10 x 3 + 30 x 1 = 320.
        ((90, 120), (50, 100), 320),
    ],
)
def test_facility_location(
    solve: Solve, fixed: tuple[int, int], capacity: tuple[int, int], cost: float
) -> None:
    """Two sites, customers of 60 and 30, transport of 1 and 4 from A, 3 and 1 from B.

    Proves: the textbook problem, with every alternative worked out beside the case. Sensitivity:
    the cases beside each other.
    """
    transport = {("A", "R"): 1, ("A", "S"): 4, ("B", "R"): 3, ("B", "S"): 1}
    plan = solve(
        Sites=[
            {"site": name, "status": "candidate", "max_mw": mw, "block_mw": mw, "site_cost": f}
            for name, f, mw in zip("AB", fixed, capacity, strict=True)
        ],
        Demand=demand(60, region="R") + demand(30, region="S"),
        Network=[
            {"site": site, "region": region, "latency_ms": 0, "cost_per_mw_year": per_mw}
            for (site, region), per_mw in transport.items()
        ],
    )
    assert plan.cost == pytest.approx(cost)


@pytest.mark.parametrize(
    ("sheets", "codes"),
    [
        (
            {"Network": [{"site": "A", "market": "M", "region": "R", "latency_ms": 1}]},
            ["one-of-two"],
        ),
        ({"Network": [{"site": None, "region": "R", "latency_ms": 1}]}, ["one-of-two"]),
        (
            {"Residency": [{"workload": "load", "region": "R", "group": None}]},
            ["one-of-two"],
        ),
        ({"Sites": SITES}, ["latency-missing"]),
        ({"Workloads": {"max_latency_ms": 5}}, ["unreachable-demand"]),
    ],
)
def test_errors(solve: Solve, sheets: dict[str, Any], codes: list[str]) -> None:
    """Proves: each code is raised, and what only follows from a row that names nobody is not said
    besides. Sensitivity: unmet load with a price may lack a site."""
    if codes == ["one-of-two"]:
        sheets["Sites"] = {"market": "M"}
    with pytest.raises(optalloc.InputError) as raised:
        solve(**sheets)
    assert [problem.code for problem in raised.value.problems] == codes
    priced = {"max_latency_ms": 5, "unmet_penalty_per_mw_year": 3}
    assert solve(Workloads=priced).cost == pytest.approx(120)


def cluster(least: float | None, holds: float = 30, **workload: Any) -> dict[str, Any]:
    """40 MW asked for, A dear with room for 100, B cheap with less, and a minimum at one site."""
    return {
        "Sites": [SITES[0], SITES[1] | {"max_mw": holds}],
        "Network": NETWORK,
        "Workloads": {"min_mw_at_one_site": least} | workload,
    }


def test_cluster_large_enough(solve: Solve, least_cost: LeastCost, tmp_path: Path) -> None:
    """Without a minimum B takes 30 MW and A the other 10, 420.

    Proves: at least 20 each, 240 + 200; at least 25, or more than is asked for at all, and A takes
    everything, 480. Sensitivity: at least 10, or without the limit, 420.
    """
    plan = solve(**cluster(20))
    assert plan.cost == pytest.approx(440)
    assert binding(plan, "cluster_large_enough") == ["load, A, Y1", "load, B, Y1"]
    limit = ("cluster_large_enough",)
    assert cost_without(book(**cluster(20)), tmp_path / "w", *limit) == pytest.approx(420)
    for least, cost in ((25, 480), (41, 480), (10, 420), (None, 420)):
        assert least_cost(**cluster(least)) == pytest.approx(cost)


@pytest.mark.slow
def test_a_minimum_counts_capacity_without_its_reserve(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: with a reserve of a quarter 24 MW at B hold 19.2 and no 20, so A takes 40 with their
    reserve, 600. Sensitivity: 25 MW hold 20, 250 + 300."""
    assert solve(**cluster(20, holds=24, reserve_share=0.25)).cost == pytest.approx(600)
    assert least_cost(**cluster(20, holds=25, reserve_share=0.25)) == pytest.approx(550)


@pytest.mark.slow
def test_a_minimum_is_over_all_regions(solve: Solve, least_cost: LeastCost) -> None:
    """R and S ask for 15 MW each, in one piece of 20 at least.

    Proves: both at B, 300; where B reaches R alone, 15 MW are too few there, and both are at A,
    360. Sensitivity: without a minimum R runs at B and S at A, 330.
    """
    two = {"Demand": demand(15, region="R") + demand(15, region="S")}
    network = [row | {"region": region} for region in ("R", "S") for row in NETWORK]
    assert solve(**cluster(20) | two | {"Network": network}).cost == pytest.approx(300)
    network[3] = network[3] | {"latency_ms": 90}
    far = {**two, "Network": network}
    assert least_cost(**cluster(20, max_latency_ms=50) | far) == pytest.approx(360)
    assert least_cost(**cluster(None, max_latency_ms=50) | far) == pytest.approx(330)


@pytest.mark.slow
def test_a_minimum_in_each_period(solve: Solve) -> None:
    """B, where 30 MW stand, is free. Proves: 10 MW in Y1 are less than the 20 of the minimum and
    run at B; of 40 in Y2 A takes 20, 240. Sensitivity: without a minimum 10, 120."""
    standing = {"status": "existing", "existing_mw": 30, "max_mw": 30}
    case = {"Periods": years(2), "Demand": demand(10, 40)}

    def cost(least: float | None) -> float:
        made = cluster(least) | case
        made["Sites"] = [SITES[0], SITES[1] | standing]
        return solve(**made).cost

    assert cost(20) == pytest.approx(240)
    assert cost(None) == pytest.approx(120)


@pytest.mark.slow
def test_a_minimum_beside_unmet_demand(solve: Solve) -> None:
    """One site of 30 MW at 10 M for 40 MW that cost 20 M a MW-year where unmet.

    Proves: at least 30 leave 10, 300 + 200; at least 35, or at least all 40, leave everything, 800.
    Sensitivity: without a minimum 500.
    """

    def cost(least: float | None) -> float:
        workload = {"unmet_penalty_per_mw_year": 20, "min_mw_at_one_site": least}
        return solve(Sites={"max_mw": 30}, Workloads=workload).cost

    assert [cost(least) for least in (30, 35, 50, None)] == pytest.approx([500, 800, 800, 500])


def test_the_audit_sees_a_scattered_cluster(solve: Solve, tmp_path: Path) -> None:
    """Proves: 30 and 10 MW written by hand in place of 20 and 20 break the minimum in the audit."""
    plan = solve(**cluster(20))
    assert not broken(plan, cluster(20), tmp_path / "kept")
    load = plan["Load"].sort_values("site").assign(served_mw=[10.0, 30.0])
    assert "cluster_large_enough" in broken(plan, cluster(20), tmp_path / "changed", Load=load)


@pytest.mark.slow
def test_without_a_minimum_there_is_nothing(tmp_path: Path) -> None:
    """Proves: a blank minimum adds no row and no column. Sensitivity: a minimum adds, for each of
    two sites, two rows and a binary."""
    without = compiled({**cluster(None), "Workloads": {}}, tmp_path / "without")
    blank = compiled(cluster(None), tmp_path / "blank")
    assert blank.size == without.size
    assert abs(blank.matrix - without.matrix).nnz == 0
    with_one = compiled(cluster(20), tmp_path / "with")
    assert with_one.matrix.shape == (without.matrix.shape[0] + 4, without.matrix.shape[1] + 2)
    assert with_one.integer.sum() == without.integer.sum() + 2


@pytest.mark.slow
def test_a_cluster_that_no_site_can_hold(solve: Solve, least_cost: LeastCost) -> None:
    """Two sites of 100 and 60 MW for 150 that must be served.

    Proves: at least 120 at one site is an error at its cell, at least 60 is a plan. Sensitivity:
    with a price nothing is served, 150 x 3; where a cell of Sites cannot be read, only that is said.
    """
    case = {**cluster(120, holds=60), "Demand": demand(150)}
    (found,) = problems(solve, **case)
    assert found.startswith("Workloads!B2: min_mw_at_one_site must be at most the 100 MW")
    assert found.endswith("[cluster-too-large]")
    assert solve(**case | {"Workloads": {"min_mw_at_one_site": 60}}).cost == pytest.approx(1680)
    priced = {"min_mw_at_one_site": 120, "unmet_penalty_per_mw_year": 3}
    assert least_cost(**case | {"Workloads": priced}) == pytest.approx(450)
    sites = [SITES[0] | {"max_mw": "many"}, SITES[1]]
    (unread,) = problems(solve, **case | {"Sites": sites})
    assert unread.startswith("Sites!")


def renamed(made: Book, names: dict[str, str]) -> Book:
    """The workbook with every name replaced by another."""

    def row(old: dict[str, Any]) -> dict[str, Any]:
        return {column: names.get(value, value) for column, value in old.items()}

    return {sheet: [row(old) for old in rows] for sheet, rows in made.items()}


@pytest.mark.slow
@few
@given(data=st.data())
def test_names_and_order_of_rows_do_not_matter(
    solve: Solve, least_cost: LeastCost, data: st.DataObject
) -> None:
    """Proves: shuffled rows and other names give the same cost, where there is much to choose.

    Sensitivity: sites that cost 1 M more do not.
    """
    made = book(
        **placed(
            Settings={"discount_rate": 0.08, "residual_value": "yes"},
            Periods=years(3),
            JurisdictionGroups=EURO,
            Workloads=[
                {"workload": "private", "max_latency_ms": 30, "unmet_penalty_per_mw_year": None},
                {"workload": "other", "max_latency_ms": None, "unmet_penalty_per_mw_year": 4},
            ],
            Residency=[{"workload": "private", "region": "R", "group": "G"}],
            Network=TWO_REGIONS["Network"],
            Demand=[
                *demand(10, 20, 45, workload="private"),
                *demand(5, 20, 20, workload="private", region="S"),
                *demand(40, 40, 60, workload="other"),
            ],
        )
    )
    for site in made["Sites"]:
        site |= {"block_mw": 15, "site_cost": 40, "block_lead_months": 0}
    known = ["A", "B", "R", "S", "X", "Y", "G", "private", "other", "Y1", "Y2", "Y3"]
    other = data.draw(st.permutations([f"n{k}" for k in range(len(known))]))
    shuffled = {
        sheet: data.draw(st.permutations(rows)) if sheet != "Settings" else rows
        for sheet, rows in made.items()
    }
    changed = renamed(shuffled, dict(zip(known, other, strict=True)))
    cost = solve(**made).cost
    assert least_cost(**changed) == pytest.approx(cost)
    for site in made["Sites"]:
        site["site_cost"] += 1
    assert least_cost(**made) > cost + 0.1
