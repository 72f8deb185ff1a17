"""Errors as values: what travels between processes says the same there."""

from __future__ import annotations

import ast
import pickle
import re

import optalloc
from optalloc.errors import CODES, InfeasibleError, InputError, Problem
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


# What a code stands in: the call that makes a problem, or one that passes it on.
MAKERS = {"Problem", "Fault", "WrongOverride", "problem", "blame", "problem_at", "refusal", "wrong"}


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
    """Proves: no problem has a code that the data dictionary does not explain, and none is listed twice."""
    model = optalloc.load_model()
    listed = [*FILE_CODES, *(code for group in CODES.values() for code in group)]
    assert len(listed) == len(set(listed))
    families = {code for family in model.families for code in family.codes}
    assert len(codes_given()) > 60
    assert codes_given() <= {*listed, *families}
    page = (ROOT / "docs" / "data_dictionary.md").read_text("utf-8")
    assert {*listed, *families} == set(
        re.findall(r"^\| `([a-z0-9-]+)` \|", page.partition("## Codes of problems")[2], re.M)
    )
