"""Jurisdiction risk: each kind of limit in a case solved by hand.

A in J1 costs 10 M per MW, B in J2 costs 12 and C in J3 costs 13. 40 MW stand at A where nothing
forbids it, 400 M; each MW that must stand at B instead costs 2 M more.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import optalloc
from tests.books import binding, book, cost_without, demand, worth, write, years
from tests.families import LeastCost, Solve, assert_adds_nothing, broken, problems

RISKS = ("legal", "political", "conflict", "grid", "supply_chain")


def jurisdiction(name: str, trusted: bool = False, **scores: float) -> dict[str, Any]:
    """Scores of a jurisdiction; nought for a class not named."""
    named = {f"{risk}_risk": scores.get(risk, 0) for risk in RISKS}
    return {"jurisdiction": name, "trusted": trusted, **named}


def site(name: str, where: str, cost: float, **columns: Any) -> dict[str, Any]:
    """A candidate of 100 MW."""
    fixed = {"site": name, "jurisdiction": where, "build_cost_per_mw": cost}
    return {**fixed, "status": "candidate", "max_mw": 100, **columns}


CASE: dict[str, Any] = {
    "Sites": [site("A", "J1", 10), site("B", "J2", 12), site("C", "J3", 13)],
    "Network": [{"site": name, "region": "R", "latency_ms": 10} for name in "ABC"],
    "Jurisdictions": [
        jurisdiction("J1", legal=0.8),
        jurisdiction("J2", legal=0.2, political=0.6, trusted=True),
        jurisdiction("J3", legal=1, political=1),
    ],
    "JurisdictionGroups": [
        {"group": "G", "jurisdiction": "J1"},
        {"group": "G", "jurisdiction": "J3"},
        {"group": "H", "jurisdiction": "J2"},
    ],
    "RiskWeights": [
        {"risk_class": "legal", "weight": 3},
        {"risk_class": "political", "weight": 1},
    ],
}


def limit(kind: str, value: float | None = None, **columns: Any) -> dict[str, Any]:
    """Sheet RiskLimits with one limit."""
    return {"RiskLimits": [{"limit": "L", "kind": kind, "value": value, **columns}]}


def online(plan: optalloc.Plan, period: str = "Y1") -> dict[str, float]:
    """MW in service by site."""
    build = plan["Build"]
    return build[build["period"] == period].set_index("site")["online_mw"].to_dict()


@pytest.mark.first(2)
@pytest.mark.parametrize(
    ("given", "at_b"),
    [
        (limit("max_mean_score", 0.5, risk_class="legal"), 20),
        (limit("max_mean_score", 0.45), 20),
        (limit("max_share", 0.3, jurisdiction="J1"), 28),
        (limit("max_share", 0.5, group="G"), 20),
        (limit("max_mw", 15, jurisdiction="J1"), 25),
        (limit("min_share", 0.75, trusted="yes"), 30),
        (limit("min_share", 0.6, group="H"), 24),
        (limit("barred", jurisdiction="J1"), 40),
    ],
)
def test_each_kind_of_limit(solve: Solve, given: dict[str, Any], at_b: float) -> None:
    """Proves: the MW that must stand at B. The legal score is 0.8 at A and 0.2 at B; the mean score
    (3 x 0.8 + 0) / 4 = 0.6 at A and (3 x 0.2 + 0.6) / 4 = 0.3 at B. A share of J1 may not be moved
    to C within the group of both. Sensitivity: without the limit all stand at A, 400."""
    plan = solve(**CASE, **given)
    assert plan.cost == pytest.approx(400 + 2 * at_b)
    assert online(plan) == pytest.approx({"A": 40 - at_b, "B": at_b, "C": 0})
    expected = [] if given["RiskLimits"][0]["kind"] == "barred" else ["L, Y1"]
    assert binding(plan, "online_exposure") == expected


@pytest.mark.slow
def test_without_the_limit_on_what_is_online(solve: Solve, tmp_path: Path) -> None:
    """Proves: a share of J1 of 0.3 costs 456. Sensitivity: without the limit, 400."""
    case = {**CASE, **limit("max_share", 0.3, jurisdiction="J1")}
    assert solve(**case).cost == pytest.approx(456)
    assert cost_without(book(**case), tmp_path / "w", "online_exposure") == pytest.approx(400)


TWO_WORKLOADS: dict[str, Any] = {
    **CASE,
    "Workloads": [{"workload": "load"}, {"workload": "other"}],
    "Demand": [*demand(20), *demand(20, workload="other")],
}


@pytest.mark.slow
def test_a_limit_on_one_workload_is_about_what_it_is_served_from(
    solve: Solve, least_cost: LeastCost, tmp_path: Path
) -> None:
    """Proves: of two workloads of 20 MW, half of one must leave J1: 400 + 2 x 10. Sensitivity: half
    of all that is online, 400 + 2 x 20; without the limit, 400."""
    rule = {"jurisdiction": "J1"}
    case = {**TWO_WORKLOADS, **limit("max_share", 0.5, workload="load", **rule)}
    plan = solve(**case)
    assert plan.cost == pytest.approx(420)
    assert binding(plan, "served_exposure") == ["L, Y1"]
    everything = {**TWO_WORKLOADS, **limit("max_share", 0.5, **rule)}
    assert least_cost(**everything) == pytest.approx(440)
    assert cost_without(book(**case), tmp_path / "w", "served_exposure") == pytest.approx(400)


@pytest.mark.slow
def test_idle_capacity_is_online_but_serves_nobody(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: beside 40 MW that exist in J1, half of what is online must be built elsewhere, though
    nobody needs it: 40 x 12. Sensitivity: half of what the workload is served from, 20 x 12."""
    standing = [site("A", "J1", 10, existing_mw=40), *CASE["Sites"][1:]]
    case = {**CASE, "Sites": standing}
    share = {"kind": "max_share", "value": 0.5, "jurisdiction": "J1"}
    assert solve(**case, **limit(**share)).cost == pytest.approx(480)
    assert least_cost(**case, **limit(**share, workload="load")) == pytest.approx(240)


@pytest.mark.slow
def test_where_nothing_is_served(solve: Solve) -> None:
    """Proves: where all 40 MW are left at 5 M a MW-year, no MW are in J1, and the audit agrees.
    Sensitivity: the share of nothing is neither 0 nor 1, but blank, as is its concentration."""
    unmet = {**CASE, "Workloads": {"unmet_penalty_per_mw_year": 5}}
    rule = {"value": 0.5, "jurisdiction": "J1", "workload": "load"}
    plan = solve(**unmet, **limit("max_mw", **rule))
    assert plan.cost == pytest.approx(200)
    assert plan["Risk"]["exposure"].tolist() == [0]
    assert solve(**unmet, **limit("max_share", **rule))["Risk"]["exposure"].isna().all()
    concentrated = solve(**unmet, **limit("max_hhi", 0.5, workload="load"))
    assert concentrated["Risk"]["exposure"].isna().all()


@pytest.mark.slow
def test_a_limit_holds_in_its_periods(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: of 40, 10 and 40 MW, barred from J1 in Y2 alone, 10 are built at B: 300 + 120.
    Sensitivity: in every year, 480; in none, 400."""
    case = {**CASE, "Periods": years(3), "Demand": demand(40, 10, 40)}
    rule = {"kind": "barred", "jurisdiction": "J1", "workload": "load"}
    middle = solve(**case, **limit(**rule, first_period="Y2", last_period="Y2"))
    assert middle.cost == pytest.approx(420)
    assert middle["Risk"]["period"].tolist() == ["Y2"]
    assert least_cost(**case, **limit(**rule)) == pytest.approx(480)
    assert least_cost(**case, **limit(**rule, last_period="Y2")) == pytest.approx(480)
    assert least_cost(**case) == pytest.approx(400)


BREAK_EVEN = [
    (limit("barred", jurisdiction="J1"), 2.0, 40.0),
    (limit("max_mw", 15, jurisdiction="J1"), 2.0, 25.0),
    (limit("max_share", 0.3, jurisdiction="J1"), 2.0, 28.0),
    (limit("min_share", 0.75, trusted="yes"), 2.0, 30.0),
    (limit("max_mean_score", 0.5, risk_class="legal"), 2.0 / 0.6, 12.0),
    (limit("barred", jurisdiction="J1", workload="load"), 2.0, 40.0),
]


@pytest.mark.first(1)
@pytest.mark.parametrize(("given", "even", "excess"), BREAK_EVEN)
def test_a_soft_limit_is_kept_from_its_break_even_on(
    solve: Solve, given: dict[str, Any], even: float, excess: float
) -> None:
    """Proves: a MW moved to B costs 2 M and lowers the excess by one MW, or by 0.8 - 0.2 of a score;
    just below that price the limit is exceeded, all at A; sensitivity: just above it is kept."""
    row = given["RiskLimits"][0]

    def at(price: float) -> optalloc.Plan:
        return solve(**CASE, RiskLimits=[{**row, "penalty_per_mw_year": price}])

    below = at(even * 0.99)
    assert below.cost == pytest.approx(400 + 0.99 * even * excess)
    assert below["Risk"]["excess_mw"].tolist() == pytest.approx([excess])
    above = at(even * 1.01)
    assert above.cost == pytest.approx(400 + even * excess)
    assert above["Risk"]["excess_mw"].tolist() == pytest.approx([0])


@pytest.mark.slow
def test_a_penalty_is_by_the_year_and_discounted(solve: Solve) -> None:
    """Proves: over six months discounted at 10 %, 1 a year is worth (1 - 1.1^-0.5) / ln 1.1 = 0.488,
    so that 4.05 a MW-year is below the break-even of 2 / 0.488 = 4.096: a penalty and not cash.
    Sensitivity: 4.15 is above it: 480."""
    half = {"Periods": {"months": 6}, "Settings": {"discount_rate": 0.1}}
    rule = {"kind": "barred", "jurisdiction": "J1"}
    below = solve(**CASE, **half, **limit(**rule, penalty_per_mw_year=4.05))
    penalty = 40 * 4.05 * worth(0.1, 0, 0.5)
    assert below.cost == pytest.approx(400 + penalty)
    by_kind = below["Cost"].groupby("kind")["present_value"].sum()
    assert by_kind.to_dict() == pytest.approx({"cash": 400, "penalty": penalty})
    above = solve(**CASE, **half, **limit(**rule, penalty_per_mw_year=4.15))
    assert above.cost == pytest.approx(480)


def losing(per_mw_year: float) -> dict[str, Any]:
    """The case with an expected loss in J1."""
    first = CASE["Jurisdictions"][0] | {"expected_loss_per_mw_year": per_mw_year}
    return {**CASE, "Jurisdictions": [first, *CASE["Jurisdictions"][1:]]}


@pytest.mark.slow
def test_expected_loss_of_what_is_online(solve: Solve, least_cost: LeastCost) -> None:
    """J1 with its cheap site loses so much of a MW in a year; B is 2 M dearer to build.

    Proves: 40 x 1.9 beside 400, a kind of its own that is no cash; 2.1 is one too many, and all is
    built at B. What stands costs it as well, a half year is discounted over that half.
    Sensitivity: no loss, 400, whatever the scores.
    """
    plan = solve(**losing(1.9))
    assert plan.cost == pytest.approx(476)
    by_kind = plan["Cost"].groupby("kind")["cash"].sum().to_dict()
    assert by_kind == pytest.approx({"cash": 400, "expected loss": 76})
    figures = plan.summary().set_index("figure")["value"]
    assert figures["of which expected loss"] == pytest.approx(76)
    assert figures["cash, undiscounted"] == pytest.approx(400)
    assert plan["CashFlow"]["total"].sum() == pytest.approx(400)
    assert least_cost(**losing(2.1)) == pytest.approx(480)
    assert least_cost(**CASE) == pytest.approx(400)
    standing = {"status": "existing", "existing_mw": 60, "max_mw": 60}
    half = {"Periods": {"months": 6}, "Settings": {"discount_rate": 0.21}}
    case = losing(1) | {"Sites": [CASE["Sites"][0] | standing, *CASE["Sites"][1:]]}
    assert least_cost(**case, **half) == pytest.approx(60 * worth(0.21, 0, 0.5))


def test_exposure_is_reported(solve: Solve) -> None:
    """Proves: 12 of 40 MW in J1 are a share of 0.3, and a legal score of 0.38. Sensitivity: without
    the limit on the share, all are in J1, at 0.8."""
    score = {"limit": "S", "kind": "max_mean_score", "value": 1, "risk_class": "legal"}
    share = {**limit("max_share", 0.3, jurisdiction="J1")["RiskLimits"][0], "risk_class": None}
    plan = solve(**CASE, RiskLimits=[share, score])
    assert plan["Risk"].set_index("limit")["exposure"].to_dict() == pytest.approx(
        {"L": 0.3, "S": (12 * 0.8 + 28 * 0.2) / 40}
    )
    exposure = plan["Exposure"].set_index("jurisdiction")
    assert exposure["online_mw"].to_dict() == pytest.approx({"J1": 12, "J2": 28, "J3": 0})
    assert exposure["share"].to_dict() == pytest.approx({"J1": 0.3, "J2": 0.7, "J3": 0})
    free = solve(**CASE, RiskLimits=[score])
    assert free["Risk"]["exposure"].tolist() == pytest.approx([0.8])


@pytest.mark.first(1)
@pytest.mark.parametrize("room", [100, 40])
def test_a_limit_that_what_stands_breaks_leaves_no_plan(solve: Solve, room: float) -> None:
    """Proves: 40 MW that exist in J1 break a limit of 15, and it is said by how much. Sensitivity:
    45 are no trouble."""
    standing = {"Sites": [site("A", "J1", 10, existing_mw=40, max_mw=room)]}
    case = {**CASE, **standing, "Network": CASE["Network"][:1]}
    with pytest.raises(optalloc.InfeasibleError, match=r"online exposure \(L, Y1\) by 25"):
        solve(**case, **limit("max_mw", 15, jurisdiction="J1"))
    assert solve(**case, **limit("max_mw", 45, jurisdiction="J1")).cost == pytest.approx(0)


@pytest.mark.first(1)
def test_the_audit_sees_each_kind_broken(solve: Solve, tmp_path: Path) -> None:
    """Proves: with ten MW moved from B to A in the tables, the audit finds each kind broken, of what
    is online and of what is served; an excess does not excuse a hard limit."""
    kinds = [
        ("max_mean_score", 0.5, {"risk_class": "legal"}),
        ("max_share", 0.3, {"jurisdiction": "J1"}),
        ("max_mw", 12, {"group": "G"}),
        ("min_share", 0.7, {"trusted": "yes"}),
        ("barred", None, {"jurisdiction": "J3"}),
    ]
    empty = {"jurisdiction": None, "group": None, "trusted": None, "risk_class": None}
    rows = [
        {"limit": f"{kind} {where}", "kind": kind, "value": value, **empty, **columns}
        | {"workload": workload}
        for kind, value, columns in kinds
        for where, workload in (("online", None), ("served", "load"))
    ]
    case = {**CASE, "RiskLimits": rows}
    plan = solve(**case)
    assert plan.cost == pytest.approx(456)
    assert not broken(plan, case, tmp_path)
    excused = plan["Risk"].assign(excess_mw=1000.0)
    for there in ("A", "C"):
        build, load = plan["Build"], plan["Load"]
        online_mw = build["online_mw"] + build["site"].map({"B": -10.0, there: 10.0}).fillna(0)
        moved = load["site"].where(load["site"] != "B", there)
        changed = {
            "Build": build.assign(online_mw=online_mw),
            "Load": load.assign(site=moved),
            "Risk": excused,
        }
        model = optalloc.load_model()
        family = next(f for f in model.families if f.name == "risk")
        data = program_data(case, tmp_path)
        frames = family.audit(data, {**plan.tables, **changed})
        for name in ("online_exposure", "served_exposure"):
            frame = frames[name]
            over = frame.loc[frame["used"] > frame["allowed"] + 1e-6, "limit"]
            kinds_over = {text.split()[0] for text in over}
            expected = {kind for kind, _, _ in kinds}
            expected -= {"barred"} if there == "A" else {"max_share"}
            assert kinds_over == expected, (name, there)


def program_data(case: dict[str, Any], folder: Path) -> optalloc.Dataset:
    """The validated workbook of a case."""
    workbook = optalloc.read_workbook(write(book(**case), folder / "data"))
    return optalloc.validate(workbook, optalloc.load_model())


@pytest.mark.slow
def test_without_sheets_there_is_nothing(tmp_path: Path) -> None:
    """Proves: neither absent nor empty sheets add a row, a column or a cost."""
    case = {"Sites": CASE["Sites"], "Network": CASE["Network"]}
    assert_adds_nothing(case, "risk", tmp_path)


ORDER = ["limit", "kind", "value", "jurisdiction", "group", "trusted", "risk_class"]
ORDER += ["first_period", "last_period"]


@pytest.mark.first(4)
@pytest.mark.parametrize(
    ("columns", "cell", "code"),
    [
        ({"kind": "max_share", "value": 0.5}, "D2", "risk-subject"),
        (
            {"kind": "max_share", "value": 0.5, "jurisdiction": "J1", "group": "G"},
            "D2",
            "risk-subject",
        ),
        ({"kind": "max_mean_score", "value": 0.5, "jurisdiction": "J1"}, "B2", "risk-subject"),
        (
            {"kind": "max_hhi", "value": 0.5, "jurisdiction": "J1", "trusted": "yes"},
            "B2",
            "risk-subject",
        ),
        ({"kind": "max_mw", "jurisdiction": "J1"}, "C2", "blank"),
        ({"kind": "max_share", "value": 40, "jurisdiction": "J1"}, "C2", "share-above-1"),
        (
            {
                "kind": "barred",
                "jurisdiction": "J1",
                "first_period": "Y2",
                "last_period": "Y1",
            },
            "I2",
            "periods-reversed",
        ),
    ],
)
def test_limits_that_make_no_sense(
    solve: Solve, columns: dict[str, Any], cell: str, code: str
) -> None:
    """Proves: one message for each fault, at its cell."""
    row = {**dict.fromkeys(ORDER), "limit": "L", **columns}
    two = {"Periods": years(2), "Demand": demand(40, 40)}
    (message,) = problems(solve, **{**CASE, **two}, RiskLimits=[row])
    assert message.startswith(f"RiskLimits!{cell}: ")
    assert message.endswith(f"[{code}]")


@pytest.mark.slow
def test_a_mean_score_needs_weights_and_sites_need_a_jurisdiction(solve: Solve) -> None:
    """Proves: no weights, one message at the limit; no jurisdictions, one message at each site."""
    row = {**dict.fromkeys(ORDER), "limit": "L", "kind": "max_mean_score", "value": 0.5}
    case = {**CASE, "RiskLimits": [row]}
    unweighted = {key: rows for key, rows in case.items() if key != "RiskWeights"}
    (message,) = problems(solve, **unweighted)
    assert message.startswith("RiskLimits!G2: ")
    assert message.endswith("[risk-weights]")
    unknown = {
        k: rows for k, rows in case.items() if k not in ("Jurisdictions", "JurisdictionGroups")
    }
    messages = problems(solve, **unknown)
    assert [text.split(":")[0] for text in messages] == ["Sites!B2", "Sites!B3", "Sites!B4"]
    assert all(text.endswith("[site-jurisdiction]") for text in messages)


@pytest.mark.first(1)
@pytest.mark.parametrize("workload", [None, "load"])
def test_concentration(workload: str | None, solve: Solve, tmp_path: Path) -> None:
    """Proves: with s of 40 MW in J1 and the rest in J2, s^2 + (1-s)^2 <= 0.625 allows s = 3/4, so 30
    at A and 10 at B: 420 (at that point a MW at C would pay nothing more). Sensitivity: 400 without
    the limit. Its tangents are found on demand and none falls back to binaries."""
    case = {**CASE, **limit("max_hhi", 0.625, workload=workload)}
    plan = solve(**case)
    assert plan.cost == pytest.approx(420, rel=1e-5)
    name = "served_concentration" if workload else "online_concentration"
    assert binding(plan, name) == ["L, Y1"]
    assert plan["Risk"]["exposure"].tolist() == pytest.approx([0.625], rel=1e-5)
    assert cost_without(book(**case), tmp_path / "w", name) == pytest.approx(400)


@pytest.mark.slow
def test_concentration_of_whole_blocks(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: of blocks of 10 MW, 30 and 10 have an index of 0.625; at most 0.6 leaves 20 and 20,
    440, which the search must find round by round. Sensitivity: at most 0.625 allows 420."""
    sites = [{**row, "block_mw": 10} for row in CASE["Sites"][:2]]
    case = {**CASE, "Sites": sites, "Network": CASE["Network"][:2]}
    assert solve(**case, **limit("max_hhi", 0.6)).cost == pytest.approx(440)
    assert least_cost(**case, **limit("max_hhi", 0.6251)) == pytest.approx(420)


@pytest.mark.slow
def test_soft_concentration(solve: Solve) -> None:
    """Proves: at 1 M a MW-year of root, moving a MW to B (2 M) saves less than it costs: all stays at
    A, 40 (1 - sqrt 0.625) MW beyond the limit. Sensitivity: at 1000 M the limit holds."""
    cheap = solve(**CASE, **limit("max_hhi", 0.625, penalty_per_mw_year=1))
    beyond = 40 * (1 - 0.625**0.5)
    assert cheap.cost == pytest.approx(400 + beyond)
    assert cheap["Risk"]["excess_mw"].tolist() == pytest.approx([beyond])
    dear = solve(**CASE, **limit("max_hhi", 0.625, penalty_per_mw_year=1000))
    assert dear.cost == pytest.approx(420, rel=1e-5)


@pytest.mark.slow
def test_the_audit_sees_too_much_concentration(solve: Solve, tmp_path: Path) -> None:
    """Proves: with all moved to A by hand, both kinds of concentration are found broken."""
    rows = [
        {"limit": name, "kind": "max_hhi", "value": 0.625, "workload": workload}
        for name, workload in (("of all", None), ("of load", "load"))
    ]
    case = {**CASE, "RiskLimits": rows}
    plan = solve(**case)
    assert not broken(plan, case, tmp_path / "kept")
    mw = plan["Build"]["site"].map({"A": 40.0}).fillna(0.0)
    changed = {
        "Build": plan["Build"].assign(online_mw=mw),
        "Load": plan["Load"].head(1).assign(site="A", served_mw=40.0),
    }
    found = broken(plan, case, tmp_path / "changed", **changed)
    assert found >= {"online_concentration", "served_concentration"}
