"""What may be wrong on the sheets on uncertainty: each message has its cell and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import optalloc
from optalloc.data.validate import check
from optalloc.errors import Problem, Severity
from optalloc.modelling.model import Model
from tests.books import Book, book, demand, write, years

DAY = "2028-01-01"
RISE = ("d", "hi", "Demand", "period=Y3", "it_mw", "add", 20)
TWO = (("d", "lo", 0.5, DAY), ("d", "hi", 0.5))
LISTED = (("d", "lo", None, DAY), ("d", "hi"))
# Two uncertainties of two outcomes each.
FOUR = (*TWO, ("e", "x", 0.5, DAY), ("e", "y", 0.5))

COLUMNS = {
    "Uncertainties": ("uncertainty", "outcome", "probability", "revealed", "given"),
    "Outcomes": ("uncertainty", "outcome", "sheet", "rows", "column", "operation", "value"),
    "Scenarios": ("scenario", "outcomes", "probability"),
}


def rows(sheet: str, *cells: Sequence[Any]) -> list[dict[str, Any]]:
    names = COLUMNS[sheet]
    return [dict(zip(names, (*row, *[None] * len(names)), strict=False)) for row in cells]


def uncertain(
    uncertainties: Sequence[Sequence[Any]] = TWO,
    outcomes: Sequence[Sequence[Any]] = (RISE,),
    scenarios: Sequence[Sequence[Any]] = (),
    **sheets: Any,
) -> Book:
    """Two sites and three years; what is uncertain by rows of cells."""
    site = {"status": "candidate", "max_mw": 100, "site_lead_months": 6, "block_lead_months": 6}
    site |= {"earliest_start": None, "max_blocks_per_period": None, "build_cost_per_mw": 10}
    return book(
        Periods=years(3),
        Demand=demand(0, 40, 40),
        Sites=[{"site": name, **site} for name in "AB"],
        Network=[{"site": name, "region": "R", "latency_ms": 10} for name in "AB"],
        Uncertainties=rows("Uncertainties", *uncertainties),
        Outcomes=rows("Outcomes", *outcomes),
        Scenarios=rows("Scenarios", *scenarios),
        **sheets,
    )


@cache
def model() -> Model:
    return optalloc.load_model()


def problems_of(made: Book, folder: Path) -> list[Problem]:
    return check(optalloc.read_workbook(write(made, folder)), model())[1]


def said(made: Book, folder: Path) -> list[tuple[str, str, str]]:
    """Severity, cell and code of every problem."""
    found = problems_of(made, folder)
    assert all(p.action and p.must for p in found)
    return [(str(p.severity), f"{p.sheet}!{p.cell}", p.code) for p in found]


def errors(*expected: str) -> list[tuple[str, str, str]]:
    return [("error", *one.split(" ")) for one in expected]  # type: ignore[misc]


def notices(*expected: str) -> list[tuple[str, str, str]]:
    return [("notice", *one.split(" ")) for one in expected]  # type: ignore[misc]


def changed(*cells: Any, by: str = "hi") -> Book:
    return uncertain(outcomes=[("d", by, *cells)])


SUM, GIVEN = "probability-sum", "uncertainty-given"
LISTED_FOUR = (*LISTED, ("e", "x", None, DAY), ("e", "y"))

WRONG = {
    "a sum by a millionth": (
        uncertain([("d", "lo", 0.5, DAY), ("d", "hi", 0.499999)]),
        errors(f"Uncertainties!C2 {SUM}"),
    ),
    "three thirds to six digits": (
        uncertain([("d", "lo", 0.333333, DAY), ("d", "mid", 0.333333), ("d", "hi", 0.333333)]),
        errors(f"Uncertainties!C2 {SUM}"),
    ),
    "sums by condition": (
        uncertain(
            [
                *TWO,
                *(("e", "x", 0.5, DAY, "d=lo"), ("e", "y", 0.4, None, "d=lo")),
                *(("e", "x", 0.9, None, "d=hi"), ("e", "y", 0.2, None, "d=hi")),
            ]
        ),
        errors(f"Uncertainties!C4 {SUM}", f"Uncertainties!C6 {SUM}"),
    ),
    "a sum of the sheet Scenarios": (
        uncertain(LISTED, scenarios=[("s", "d=lo", 0.5), ("t", "d=hi", 0.6)]),
        errors(f"Scenarios!C2 {SUM}"),
    ),
    "no probability": (
        uncertain([("d", "lo", None, DAY), ("d", "hi", 0.5)]),
        errors("Uncertainties!C2 scenario-probability"),
    ),
    "probabilities in two places": (
        uncertain(scenarios=[("s", "d=lo", 0.5), ("t", "d=hi", 0.5)]),
        errors("Uncertainties!C2 scenario-probability", "Uncertainties!C3 scenario-probability"),
    ),
    # What cannot be read is left out of sums.
    "no probabilities at all": (
        uncertain([("d", "lo", 0, DAY), ("d", "mid", -0.5), ("d", "hi", 1.5), ("d", "x", "half")]),
        errors(
            *(f"Uncertainties!C{row} out-of-bounds" for row in (2, 3, 4)),
            "Uncertainties!C5 not-a-number",
        ),
    ),
    "a scenario without a probability": (
        uncertain(LISTED, scenarios=[("s", "d=lo", None), ("t", "d=hi", 0.6)]),
        errors("Scenarios!C2 blank"),
    ),
    "multiplied by 1": (
        changed("Demand", "", "it_mw", "multiply", 1),
        errors("Outcomes!G2 outcome-changes-nothing"),
    ),
    "set to what stands there": (
        changed("Demand", "period=Y3", "it_mw", "set", 40),
        errors("Outcomes!G2 outcome-changes-nothing"),
    ),
    "nothing times three": (
        changed("Demand", "period=Y1", "it_mw", "multiply", 3),
        errors("Outcomes!G2 outcome-changes-nothing"),
    ),
    "a blank emptied": (
        changed("Sites", "site=A", "earliest_start", "set", "(blank)"),
        errors("Outcomes!G2 outcome-changes-nothing"),
    ),
    "added to blanks": (
        changed("Sites", "site=A", "max_blocks_per_period", "add", 1),
        errors("Outcomes!D2 outcome-operation"),
    ),
    "shifted by nothing": (
        changed("Demand", "period=Y3", "period", "shift", 0),
        errors("Outcomes!G2 outcome-changes-nothing"),
    ),
    "its own condition": (
        uncertain([("d", "lo", 0.5, DAY, "d=hi"), ("d", "hi", 0.5, None, "d=lo")]),
        errors(f"Uncertainties!E2 {GIVEN}", f"Uncertainties!E3 {GIVEN}"),
    ),
    "a condition below": (
        uncertain(
            [
                *(("d", "lo", 0.5, DAY, "e=x"), ("d", "hi", 0.5, None, "e=x")),
                *(("e", "x", 0.5, DAY), ("e", "y", 0.5)),
            ]
        ),
        errors(f"Uncertainties!E2 {GIVEN}", f"Uncertainties!E3 {GIVEN}"),
    ),
    "a condition on no outcome": (
        uncertain([*TWO, ("e", "x", 1, DAY, "d=mid")]),
        errors(f"Uncertainties!E4 {GIVEN}"),
    ),
    "a condition that is none": (
        uncertain([*TWO, ("e", "x", 1, DAY, "lo")]),
        errors(f"Uncertainties!E4 {GIVEN}"),
    ),
    "a condition on two outcomes of one": (
        uncertain([*TWO, ("e", "x", 1, DAY, "d=lo; d=hi")]),
        errors(f"Uncertainties!E4 {GIVEN}"),
    ),
    "two conditions that hold at once": (
        uncertain([*TWO, ("e", "x", 1, DAY, "d=lo"), ("e", "y", 1)]),
        errors(f"Uncertainties!E5 {GIVEN}"),
    ),
    "conditions of two that overlap, and none for the rest": (
        uncertain([*FOUR, ("f", "u", 1, DAY, "d=lo"), ("f", "v", 1, None, "e=x")]),
        errors(f"Uncertainties!E7 {GIVEN}"),
    ),
    "a condition missing": (
        uncertain([*TWO, ("e", "x", 1, DAY, "d=lo")]),
        errors(f"Uncertainties!E4 {GIVEN}"),
    ),
    "a condition twice, in other words": (
        uncertain(
            [
                *TWO,
                *(("e", "x", 0.5, DAY, "d=lo"), ("e", "x", 0.5, None, "D = lo")),
                ("e", "x", 1, None, "d=hi"),
            ]
        ),
        errors(f"Uncertainties!B5 {GIVEN}"),
    ),
    "no day": (
        uncertain([("d", "lo", 0.5), ("d", "hi", 0.5, DAY)]),
        errors("Uncertainties!D2 uncertainty-revealed"),
    ),
    "two days": (
        uncertain([("d", "lo", 0.5, DAY), ("d", "hi", 0.5, "2029-01-01")]),
        errors("Uncertainties!D3 uncertainty-revealed"),
    ),
    "not a day": (
        uncertain([("d", "lo", 0.5, "soon"), ("d", "hi", 0.5)]),
        errors("Uncertainties!D2 not-a-date"),
    ),
    "known from the start": (
        uncertain([("d", "lo", 0.5, "2027-01-01"), ("d", "hi", 0.5)]),
        notices("Uncertainties!D2 uncertainty-revealed"),
    ),
    "known on the last day": (uncertain([("d", "lo", 0.5, "2029-12-31"), ("d", "hi", 0.5)]), []),
    "never known": (
        uncertain([("d", "lo", 0.5, "2030-01-01"), ("d", "hi", 0.5)]),
        notices("Uncertainties!D2 uncertainty-revealed"),
    ),
    "names in two spellings": (
        uncertain([(" D ", "lo", 0.5, DAY), ("d", "hi", 0.5)]),
        [
            *errors("Uncertainties!A2 near-name"),
            *notices("Uncertainties!A2 spaces-trimmed"),
        ],
    ),
    "outcomes in two spellings": (
        uncertain([("d", "lo", 0.5, DAY), ("d", "LO", 0.5)], []),
        errors("Uncertainties!B3 uncertainty-name"),
    ),
    "names that conditions cannot name": (
        uncertain([("d;e", "lo", 0.5, DAY), ("d;e", "hi=2", 0.5)], [("d;e", "hi=2", *RISE[2:])]),
        errors("Uncertainties!A2 uncertainty-name", "Uncertainties!B3 uncertainty-name"),
    ),
    "a row twice": (
        uncertain([("d", "lo", 0.25, DAY), ("d", "lo", 0.25), ("d", "hi", 0.5)]),
        errors("Uncertainties!A3 duplicate-key"),
    ),
    "changes of what is not there": (
        uncertain(outcomes=[("x", *RISE[1:]), ("d", "mid", *RISE[2:])]),
        errors("Outcomes!B2 unknown-outcome", "Outcomes!B3 unknown-outcome"),
    ),
    "changes of all that is wrong": (
        uncertain(
            outcomes=[
                ("d", "hi", "Demnd", "", "it_mw", "add", 1),
                ("d", "hi", "Demand", "", "it_mww", "add", 1),
                ("d", "hi", "Demand", "period=Y9", "it_mw", "add", 1),
                ("d", "hi", "Demand", "foo", "it_mw", "add", 1),
                ("d", "hi", "Demand", "", "region", "add", 1),
                ("d", "hi", "Demand", "", "it_mw", "times", 1),
                ("d", "hi", "Demand", "", "it_mw", "add", "ten"),
                ("d", "hi", "Demand", "", "it_mw", "set", -4),
                ("d", "hi", "Demand", "", "it_mw", "add", None),
            ]
        ),
        errors(
            "Outcomes!C2 outcome-target",
            "Outcomes!E3 outcome-target",
            "Outcomes!D4 outcome-target",
            "Outcomes!D5 outcome-target",
            "Outcomes!F6 outcome-operation",
            "Outcomes!F7 unknown-choice",
            "Outcomes!G8 outcome-value",
            "Outcomes!G9 outcome-value",
            "Outcomes!G10 blank",
        ),
    ),
    "changes of no uncertainty": (uncertain([]), errors("Outcomes!B2 unknown-outcome")),
    "no changes": (uncertain(outcomes=[]), []),
    "scenarios of no uncertainty": (
        uncertain([], [], [("s", "d=lo", 1)]),
        errors("Scenarios!A2 scenario-outcomes"),
    ),
    "an attitude to nothing": (
        uncertain([], [], Attitude=[{"measure": "worst"}]),
        notices("Attitude!B2 attitude-unused"),
    ),
    "a scenario that lacks an uncertainty": (
        uncertain(LISTED_FOUR, scenarios=[("s", "d=lo", 0.5), ("t", "d=hi;e=x", 0.5)]),
        errors("Scenarios!B2 scenario-outcomes"),
    ),
    "a scenario twice": (
        uncertain(LISTED, scenarios=[("s", "d=lo", 0.5), ("t", "D = LO ;", 0.5)]),
        errors("Scenarios!B3 scenario-outcomes"),
    ),
    "a name of a scenario twice": (
        uncertain(LISTED, scenarios=[("s", "d=lo", 0.5), ("s", "d=hi", 0.5)]),
        errors("Scenarios!A3 duplicate-key"),
    ),
    "scenarios of unknown outcomes": (
        uncertain(LISTED, scenarios=[("s", "d=mid", 0.5), ("t", "e=hi", 0.5)]),
        errors("Scenarios!B2 scenario-outcomes", "Scenarios!B3 scenario-outcomes"),
    ),
    "a scenario against a condition": (
        uncertain(
            [*LISTED, ("e", "x", None, DAY, "d=lo"), ("e", "y", None, None, "d=hi")],
            scenarios=[("s", "d=lo;e=x", 0.5), ("t", "d=hi;e=x", 0.5)],
        ),
        errors("Scenarios!B3 scenario-outcomes"),
    ),
    "an outcome that never comes": (
        uncertain([*LISTED, ("d", "never")], scenarios=[("s", "d=lo", 0.5), ("t", "d=hi", 0.5)]),
        notices("Uncertainties!B4 outcome-never"),
    ),
    "cells changed twice": (
        uncertain(FOUR, [RISE, ("e", "x", "Demand", "", "it_mw", "multiply", 2)]),
        notices("Outcomes!D3 outcome-overlap"),
    ),
    "a change twice": (uncertain(outcomes=[RISE, RISE]), notices("Outcomes!D3 outcome-overlap")),
    "sums of changes, in any order": (
        uncertain(FOUR, [RISE, ("e", "x", "Demand", "", "it_mw", "add", 2)]),
        [],
    ),
    "outcomes that exclude each other": (
        uncertain(outcomes=[RISE, ("d", "lo", "Demand", "", "it_mw", "set", 2)]),
        [],
    ),
    "a rule broken": (
        changed("Sites", "site=A", "existing_mw", "set", 500),
        errors("Outcomes!G2 outcome-rules"),
    ),
    "a name lost": (
        changed("Sites", "site=A", "site", "set", "Z"),
        errors("Outcomes!G2 outcome-rules"),
    ),
    # 60 stand where 100 fit; 50 fit where none stands: only both break the rule, by the latter.
    "a rule broken together": (
        uncertain(
            FOUR,
            [
                RISE,
                ("d", "hi", "Sites", "site=A", "existing_mw", "add", 60),
                ("e", "x", "Sites", "site=A", "max_mw", "add", -50),
                ("e", "x", "Sites", "site=A", "build_cost_per_mw", "add", 1),
            ],
        ),
        errors("Outcomes!G4 outcome-rules"),
    ),
    # The second change finds no row: the first has renamed it.
    "a change that another makes impossible": (
        uncertain(
            FOUR,
            [
                ("d", "hi", "Workloads", "", "min_mw_at_one_site", "set", 3),
                ("e", "x", "Demand", "period=Y2", "it_mw", "add", -30),
                ("e", "x", "Demand", "period=Y2", "it_mw", "add", -20),
            ],
        ),
        errors("Outcomes!G4 outcome-rules"),
    ),
    "on every sheet at once": (
        uncertain(
            [*LISTED, ("e", "x", None, None, "q=1")],
            [("d", "hi", "Demnd", "", "it_mw", "add", 1), ("z", *RISE[1:])],
        ),
        errors(
            "Outcomes!C2 outcome-target",
            "Outcomes!B3 unknown-outcome",
            *(f"Uncertainties!C{row} scenario-probability" for row in (2, 3)),
            "Uncertainties!D4 uncertainty-revealed",
            f"Uncertainties!E4 {GIVEN}",
        ),
    ),
    "in Outcomes and Scenarios": (
        uncertain(
            LISTED,
            [("d", "hi", "Demnd", "", "it_mw", "add", 1)],
            [("s", "d=lo", 0.5), ("t", "d=up", 0.5)],
        ),
        errors("Outcomes!C2 outcome-target", "Scenarios!B3 scenario-outcomes"),
    ),
}
for fixed in ("Periods.months", "Settings.discount_rate", "Settings.base_date", "Attitude.measure"):
    WRONG[f"a change of {fixed}"] = (
        uncertain(
            outcomes=[
                (
                    "d",
                    "hi",
                    *fixed.split(".")[:1],
                    "",
                    fixed.split(".")[1],
                    "set",
                    {
                        "Periods.months": 6,
                        "Settings.discount_rate": 0.1,
                        "Settings.base_date": "2026-01-01",
                        "Attitude.measure": "worst",
                    }[fixed],
                )
            ],
            Attitude=[{"measure": "expected"}],
        ),
        errors("Outcomes!E2 outcome-fixed"),
    )


@pytest.mark.first(12)
@pytest.mark.parametrize("case", WRONG)
def test_every_problem_has_its_cell(case: str, tmp_path: Path) -> None:
    made, expected = WRONG[case]
    assert sorted(said(made, tmp_path)) == sorted(expected)


def test_conditions_in_any_order_are_the_same(tmp_path: Path) -> None:
    made = uncertain(
        [
            *FOUR,
            *(("f", "u", 0.5, DAY, "d=lo;e=x"), ("f", "v", 0.5, None, "E = x; d=lo")),
            *(("f", "u", 1, None, "d=lo;e=y"), ("f", "u", 1, None, "d=hi")),
        ]
    )
    assert said(made, tmp_path) == []
    data = optalloc.validate(optalloc.read_workbook(tmp_path), model())
    tree = model().scenario_tree(data)
    assert tree is not None
    found = {one.name: one.probability for one in tree.scenarios}
    assert found["d=lo; e=x; f=v"] == 0.125
    assert found["d=hi; e=y; f=u"] == 0.25
    assert len(found) == 5


def test_many_scenarios_are_counted_and_not_made(tmp_path: Path) -> None:
    # 3^30 combinations.
    many = [
        (f"u{k}", name, p, DAY if name == "a" else None)
        for k in range(30)
        for name, p in (("a", 0.25), ("b", 0.25), ("c", 0.5))
    ]
    found = problems_of(uncertain(many, []), tmp_path)
    assert [(p.code, p.cell) for p in found] == [("too-many-scenarios", "A20")]
    assert found[0].severity is Severity.ERROR
    assert "2,187" in found[0].found
