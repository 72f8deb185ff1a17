"""Why this site and not that one: costs of deciding otherwise, and break-evens, checked by solving."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

import optalloc
from optalloc.report.findings import Findings
from tests import books
from tests.books import Book


def two_sites(**b: Any) -> Book:
    """A at 10 per MW after 100 for the site serves 100 MW; B is what a test says."""
    return books.book(
        Sites=[
            {"site": "A", "status": "candidate", "max_mw": 150, "site_cost": 100,
             "build_cost_per_mw": 10, "grid_zone": "East"},
            {"site": "B", "status": "candidate", "max_mw": 150, "site_cost": 200,
             "build_cost_per_mw": 12, "grid_zone": "West"} | b,
        ],
        Network=[{"site": s, "region": "R", "latency_ms": 1} for s in "AB"],
        Demand=books.demand(100),
    )  # fmt: skip


def powered(west: float, **b: Any) -> Book:
    """The two sites with spot power at 90 per MWh in the East."""
    made = two_sites(**b)
    made["PowerPrices"] = [
        {"zone": zone, "period": "Y1", "spot_price_per_mwh": price}
        for zone, price in (("East", 90), ("West", west))
    ]
    return made


def in_blocks() -> Book:
    """Three sites in blocks over two years, none alone large enough."""
    sites = (("A", 20, 9, 20), ("B", 10, 10, 25), ("C", 5, 14, 20))
    return books.book(
        Sites=[
            {"site": s, "status": "candidate", "max_mw": 100, "block_mw": block, "site_cost": cost,
             "build_cost_per_mw": build}
            for s, cost, build, block in sites
        ],
        Network=[{"site": s, "region": "R", "latency_ms": 1} for s in "ABC"],
        Periods=books.years(2),
        Demand=books.demand(70, 130),
    )  # fmt: skip


def asked(made: Book, folder: Path, *sites: str) -> Findings:
    return optalloc.explain(books.write(made, folder), sites=sites, budget_s=60)


def break_even(said: Findings, member: str, price: str) -> dict[str, Any]:
    rows = said["BreakEvens"].set_index(["member", "price"])
    found: dict[str, Any] = rows.loc[(member, price)].to_dict()
    return found


def test_what_the_other_decision_costs(tmp_path: Path) -> None:
    """Proves: B instead of A costs 200 + 1200 against 100 + 1000 for 100 MW: 300 more, as the site of
    1 MW at B costs 200 + 12 - 10 = 202 more, B taken costs 202 more and A left out 300."""
    said = asked(two_sites(), tmp_path)
    rows = said["Choices"].set_index("member")
    assert rows.loc["B", "change_at_least"] == pytest.approx(202)
    assert rows.loc["B", "change_at_most"] == pytest.approx(202)
    assert rows.loc["A", "change_at_least"] == pytest.approx(300)
    assert rows["in_plan"].to_dict() == {"A": True, "B": False}
    moves = said["Moves"].set_index(["member", "moved"])
    assert moves.loc[("A", "B"), "otherwise"] == pytest.approx(100)
    assert moves.loc[("B", "A"), "otherwise"] == pytest.approx(99)
    text = said.to_text()
    assert (
        "B: the plan builds nothing at B; the best plan that builds at B costs 202 M more" in text
    )


@pytest.mark.parametrize(
    ("made", "member", "price", "by_hand"),
    [
        # 100 b + 200 = 100 x 10 + 100
        (two_sites(), "B", "build cost", 9.0),
        # 100 a + 100 = 100 x 12 + 200
        pytest.param(two_sites(), "A", "build cost", 13.0, marks=pytest.mark.slow),
        # A costs 1100 and 876 GWh at 90; B 1000 + 50 and so may pay 50 M more for 876 GWh
        pytest.param(
            powered(200, site_cost=50, build_cost_per_mw=10),
            "B",
            "power price",
            90 + 50 / 0.876,
            marks=pytest.mark.slow,
        ),
        # B 1200 + 200 at 20 per MWh; A 1100, so A leaves at 300 M more than 20 per MWh
        (powered(500), "A", "power price", 500 + 300 / 0.876),
    ],
    ids=["enters by build cost", "leaves by build cost", "enters by power", "leaves by power"],
)
def test_break_even_by_hand(
    tmp_path: Path, made: Book, member: str, price: str, by_hand: float
) -> None:
    """Proves: the price at which both plans cost the same lies between what is told, to 1 %."""
    found = break_even(asked(made, tmp_path, member), member, price)
    assert found["taken_up_to"] <= by_hand * (1 + 1e-6)
    assert found["left_from"] >= by_hand * (1 - 1e-6)
    assert found["tolerance"] <= 0.0105


def builds(made: Book, folder: Path, site: str) -> bool:
    table = books.solve(made, folder)["Build"]
    return bool(table.loc[table["site"] == site, "started_mw"].sum() > 1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("site", [pytest.param("A", marks=pytest.mark.slow), "B", "C"])
def test_break_even_by_solving_on_both_sides(tmp_path: Path, site: str) -> None:
    """Proves: in whole blocks over two years the site is built just below the break-even and not
    just above it, whether it enters (C) or leaves (A, B)."""
    made = in_blocks()
    found = break_even(asked(made, tmp_path / "book", site), site, "build cost")
    assert found["tolerance"] <= 0.0105
    for price, built in ((found["taken_up_to"] * 0.999, True), (found["left_from"] * 1.001, False)):
        changed = copy.deepcopy(made)
        (row,) = (row for row in changed["Sites"] if row["site"] == site)
        row["build_cost_per_mw"] = price
        assert builds(changed, tmp_path / f"{price}", site) is built


@pytest.mark.long
@pytest.mark.parametrize(
    ("factor", "words"), [(3, "it earns more"), (0, "it leaves the plan above")]
)
def test_a_price_at_which_more_is_earned_than_paid(
    tmp_path: Path, factor: float, words: str
) -> None:
    """Proves: A buys 438 GWh of sun by day at 20 and as much spot at 90 at night, 48.18, and sells 438 GWh
    at 270 that cost it 20, so that a higher price speaks for it.
    Sensitivity: where nothing is paid for surplus a higher price speaks against it."""
    made = powered(20)
    made["Slices"] = [{"slice": name, "hours_per_year": 4380} for name in ("day", "night")]
    made["Contracts"] = [
        {"contract": "sun", "site": "A", "kind": "energy", "max_mw": 1000, "price_per_mwh": 20,
         "availability": 0.25, "max_surplus_share": 0.5}
    ]  # fmt: skip
    made["ContractSlices"] = [
        {"contract": "sun", "slice": name, "available": share}
        for name, share in (("day", 0.5), ("night", 0))
    ]
    made["SurplusSlices"] = [{"zone": "East", "slice": "day", "price_factor": factor}]
    text = asked(made, tmp_path, "A").to_text()
    assert f"A, power price: {words}" in text


@pytest.mark.slow
def test_a_site_that_no_price_lets_in(tmp_path: Path) -> None:
    """Proves: at a site cost of 2000 B stays out even if building there is free. Sensitivity: at a
    site cost of 1000 it enters at 1, as 100 b + 1000 = 1100."""
    said = asked(two_sites(site_cost=2000), tmp_path / "dear", "B")
    assert "even at 0 M per MW IT it would not be taken" in said.to_text()
    found = break_even(asked(two_sites(site_cost=1000), tmp_path / "cheap", "B"), "B", "build cost")
    assert found["taken_up_to"] == pytest.approx(1.0, rel=0.02)


@pytest.mark.slow
def test_a_site_that_cannot_be_left_out_or_built(tmp_path: Path) -> None:
    """Proves: with 200 MW to serve neither site can be left out; with a block lead of 24 months
    nothing at B would be in service within one year."""
    made = two_sites()
    made["Demand"] = books.demand(200)
    text = asked(made, tmp_path / "both").to_text()
    assert "A: the plan builds at A; no plan builds nothing at A and meets every limit." in text
    late = asked(two_sites(block_lead_months=24), tmp_path / "late").to_text()
    assert "Nothing that is built at B would be in service within the periods." in late


def test_an_unknown_site_is_refused_before_solving(tmp_path: Path) -> None:
    """Proves: a name that is not there is an error with the closest one."""
    made = two_sites()
    made["Sites"][0]["site"] = made["Network"][0]["site"] = "Kanto North"
    with pytest.raises(optalloc.OptallocError, match="did you mean 'Kanto North'"):
        asked(made, tmp_path, "Kanto Nort")
