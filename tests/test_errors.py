"""Errors as values: what travels between processes says the same there."""

from __future__ import annotations

import ast
import pickle
import re

import optalloc
from optalloc.errors import CODES, InfeasibleError, InputError, Problem, gathered
from optalloc.spreadsheet.faults import FILE_CODES
from tests.paths import ROOT


def test_errors_travel_between_processes() -> None:
    """Proves: the one who receives a pickled error reads the same limits, amounts and cells."""
    none = pickle.loads(pickle.dumps(InfeasibleError([("zone_total", 3.5), ("demand", 2.0)])))
    assert none.shortfalls.to_numpy().tolist() == [["zone_total", 3.5], ["demand", 2.0]]
    assert "zone total by 3.5" in str(none)
    problem = Problem("Sites", "C7", "must be a number", "'ten'", "Write 10.", "number")
    wrong = pickle.loads(pickle.dumps(InputError([problem])))
    assert wrong.problems == (problem,)
    assert str(wrong) == str(problem)


def at(sheet: str, column: str, *rows: int, found: str = "'Tokio'") -> list[Problem]:
    place = {"Components": 1, "Network": 2}[sheet]
    return [
        Problem(
            sheet, f"{column}{row}", "must be on sheet Sites", found, "Say 'Tokyo'.", "unknown-ref",
            order=(place, row, ord(column) - 64),
        )
        for row in rows
    ]  # fmt: skip


def test_a_typo_that_many_rows_repeat_is_one_line() -> None:
    """Proves: problems that say the same of their cells are one message with all their cells, in
    runs down a column and over sheets; each stays a problem of its own for the marks.
    Sensitivity: what another cell holds is another message."""
    rows = [*at("Components", "B", *range(2, 12)), *at("Network", "C", 3), *at("Network", "A", 4)]
    wrong = InputError([*rows, *at("Network", "A", 5, found="'Osaca'")])
    assert len(wrong.problems) == 13
    assert str(wrong).splitlines() == [
        "Components!B2:B11, Network!A4, Network!C3: must be on sheet Sites; found 'Tokio' in "
        "12 cells. Say 'Tokyo'. [unknown-ref]",
        "Network!A5: must be on sheet Sites; found 'Osaca'. Say 'Tokyo'. [unknown-ref]",
    ]


def test_of_many_places_the_first_are_named() -> None:
    """Proves: a message stays short whatever is repeated, and says how many places it leaves out."""
    rows = at("Network", "A", *range(2, 40, 2))
    (line,) = gathered(rows)
    assert line.where == (
        "Network!A2, Network!A4, Network!A6, Network!A8, Network!A10 and 14 more places"
    )
    assert "found 'Tokio' in 19 cells" in str(line)


def test_sheets_that_lack_the_same_stay_apart() -> None:
    """Proves: of what is said of a sheet as a whole each is a line, since there is no cell."""
    lacks = [Problem(name, "", "the sheet must be there", "", "Add it.", "x") for name in "AB"]
    assert [str(found) for found in gathered(lacks)] == list(map(str, lacks))


# What a code stands in: the call that makes a problem, or one that passes it on.
MAKERS = {
    "Problem",
    "Fault",
    "WrongOverride",
    "problem",
    "notice",
    "blame",
    "problem_at",
    "refusal",
    "wrong",
}


def codes_given() -> set[str]:
    """Every code in a call of the engine or a family that makes a problem."""
    found = set()
    for path in (*(ROOT / "optalloc").rglob("*.py"), *(ROOT / "models").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            name = getattr(
                getattr(node, "func", None), "id", getattr(getattr(node, "func", None), "attr", "")
            )
            if isinstance(node, ast.Call) and name in MAKERS:
                words = [
                    a.value
                    for a in (*node.args, *(k.value for k in node.keywords))
                    if isinstance(a, ast.Constant)
                ]
                found |= {
                    w for w in words if isinstance(w, str) and re.fullmatch(r"[a-z]+(-[a-z]+)+", w)
                }
    return found


def test_every_code_is_in_the_table_and_in_the_documents() -> None:
    """Proves: no problem has a code that its page does not explain, and none is listed twice."""
    model = optalloc.load_model()
    listed = [*FILE_CODES, *(code for group in CODES.values() for code in group)]
    assert len(listed) == len(set(listed))
    families = {code for family in model.families for code in family.codes}
    assert len(codes_given()) > 60
    assert codes_given() <= {*listed, *families}
    page = (ROOT / "docs" / "reference" / "problem_codes.md").read_text("utf-8")
    assert {*listed, *families} == set(re.findall(r"^\| `([a-z0-9-]+)` \|", page, re.M))
