"""Near-optimal alternatives: within the slack, as different as can be, and worked out by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import optalloc
from optalloc.errors import OptallocError
from optalloc.spreadsheet.read import read_workbook
from tests import books
from tests.cli.test_main import optalloc_says
from tests.sweeps.test_run_sweep import TOY, toy

# One block of 40 MW meets the demand, so that a plan within a few per cent has one site.
COSTS = {"A": (10.0, "US"), "B": (10.05, "US"), "C": (10.075, "JP"), "D": (10.25, "DE")}

RISKS = [f"{kind}_risk" for kind in ("conflict", "grid", "legal", "political", "supply_chain")]


def four(**hhi: object) -> books.Book:
    return books.book(
        Sites=[
            {"site": site, "status": "candidate", "jurisdiction": where, "market": f"m {where}",
             "max_mw": 40, "block_mw": 40, "build_cost_per_mw": cost}
            for site, (cost, where) in COSTS.items()
        ],
        Network=[{"site": site, "region": "R", "latency_ms": 10} for site in COSTS],
        **hhi,
    )  # fmt: skip


def sites_of(said: optalloc.Findings) -> list[str]:
    built = said["WorksBuilt"]
    return [
        "".join(sorted(built[built["plan"] == plan]["member"]))
        for plan in said["Alternatives"]["plan"]
    ]


def test_the_farthest_plan_within_the_slack_comes_first(tmp_path: Path) -> None:
    """Proves, by hand: A costs 400, and 1 % more allows 404: B at 402, C at 403, not D at 410. C
    differs in two sites, two jurisdictions and two markets, B in two sites; after that B differs
    from A in 2 and from C in 6; and nothing else is left. Sensitivity: were all in one jurisdiction
    and market, C would be as near as B."""
    said = optalloc.alternatives(books.write(four(), tmp_path / "book"), slack=0.01, count=5)
    table = said["Alternatives"]
    assert sites_of(said) == ["A", "C", "B"]
    assert table["cost"].tolist() == pytest.approx([400, 403, 402])
    assert table["dearer"].tolist() == pytest.approx([0, 3, 2])
    assert table["distance"].tolist() == [0, 6, 2]
    assert table["distance_at_most"].tolist()[1:] == [6, 2]
    assert (table["quality"] == "optimal").all() and (table["gap"] == 0).all()
    assert "builds at C" in said.sentences[1] and "builds nothing at A" in said.sentences[1]
    assert said.sentences[-1] == (
        "2 alternatives instead of 5: no other plan that costs at most 1 % more takes anything else."
    )
    built = said["WorksBuilt"]
    assert (built["size"] == 40).all()
    taken = said["Choices"].query("taken").groupby("plan")["name"].agg(list)
    assert taken["alternative 1"] == ["C", "JP", "m JP"]


@pytest.mark.slow
def test_each_differs_from_all_before_and_more_slack_gives_more(tmp_path: Path) -> None:
    """Proves, by hand: 3 % allow 412, so D too: C and D come before B, in either order, each 6 from
    all before; with count 1 there is one, and nothing is said of others."""
    book = books.write(four(), tmp_path / "book")
    said = optalloc.alternatives(book, slack=0.03, count=3)
    assert sites_of(said)[0] == "A" and sites_of(said)[3] == "B"
    assert set(sites_of(said)[1:3]) == {"C", "D"}
    assert said["Alternatives"]["distance"].tolist() == [0, 6, 6, 2]
    assert said["Alternatives"]["cost"].max() <= 412
    one = optalloc.alternatives(book, slack=0.03, count=1)
    assert len(one["Alternatives"]) == 2 and len(one.sentences) == 2
    none = optalloc.alternatives(book, slack=0, count=1)
    assert len(none["Alternatives"]) == 1
    assert none.sentences[-1].startswith("No alternative instead of 1: no other plan")


@pytest.mark.slow
def test_rows_found_on_demand_hold_for_alternatives_too(tmp_path: Path) -> None:
    """Proves, by hand: in blocks of 20 MW, and at a concentration of at most half, two jurisdictions
    serve 20 MW each: A and C at best, 401.5; farthest from these B and D at 406, in four sites, two
    jurisdictions and two markets. Sensitivity: without the limit A alone is best, at 400."""
    limit = [{"limit": "half", "kind": "max_hhi", "value": 0.5, "workload": "load"}]
    scores = dict.fromkeys(RISKS, 0)
    own = [{"jurisdiction": where, "trusted": "yes", **scores} for where in ("US", "JP", "DE")]
    book = four(RiskLimits=limit, Jurisdictions=own)
    for site in book["Sites"]:
        site["block_mw"] = 20
    said = optalloc.alternatives(books.write(book, tmp_path / "book"), slack=0.03, count=1)
    assert sites_of(said) == ["AC", "BD"]
    assert said["Alternatives"]["cost"].tolist() == pytest.approx([401.5, 406])
    assert said["Alternatives"]["distance"].tolist() == [0, 8]
    del book["RiskLimits"]
    said = optalloc.alternatives(books.write(book, tmp_path / "free"), slack=0.03, count=1)
    assert sites_of(said)[0] == "A"


def test_the_command_writes_text_json_and_a_workbook(tmp_path: Path) -> None:
    book, out = books.write(four(), tmp_path / "book"), tmp_path / "out"
    words = ("alternatives", book, "--slack", "1 %", "--count", "1")
    told = json.loads(optalloc_says(*words, "--out", out, "--json").stdout)
    assert [row["cost"] for row in told["tables"]["Alternatives"]] == pytest.approx([400, 403])
    sheets = read_workbook(out / "alternatives.xlsx").sheets
    assert {"Explanation", "Alternatives", "Choices", "WorksBuilt"} == set(sheets)
    costs = [row[1] for row in sheets["Alternatives"].rows[1:]]
    assert costs == pytest.approx([400, 403])


def test_what_makes_no_sense_is_refused(tmp_path: Path) -> None:
    book = books.write(four(), tmp_path / "book")
    for wrong, said in (
        ({"slack": -0.1}, "slack must be a share"),
        ({"slack": float("nan")}, "slack must be a share"),
        ({"count": 0}, "count must be at least 1"),
        ({"budget_s": 0}, "the budget must be above 0"),
    ):
        with pytest.raises(OptallocError, match=said):
            optalloc.alternatives(book, **wrong)
    with pytest.raises(OptallocError, match="there is no choice"):
        optalloc.alternatives(toy(tmp_path / "toy"), model=TOY)
    refused = optalloc_says("alternatives", book, "--slack", "little")
    assert refused.returncode == 2
    assert "must be a share of at least 0, such as 1% or 0.01" in refused.stderr
