"""When each variable is decided, which says what it may depend on under uncertainty.

A new variable has to be put into one of the lists below on purpose.
"""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np

import optalloc
from optalloc.modelling.decision_days import END, decision_days
from tests.books import everything, program
from tests.paths import ROOT
from tests.random_books import MODEL

# On the first day of the step that their keys name last: commitments, starts, orders, signings.
BEGIN = {
    "committed", "started", "begun", "energised", "hosts", "ordered", "leased", "signs_lease",
    "procured", "blocks_procured", "signs", "terminated", "bought", "kept", "exercised", "buys",
    "exercises", "connected_mw", "delivered_units", "abandoned",
    "ordered_mw", "ordered_mwh", "assigned_units",
}  # fmt: skip
# While the step runs: operations, and what is felt in it.
WITHIN = {
    "served", "unmet", "covered", "offset", "drawn", "spot", "billed", "hired", "excess_mw",
    "lost_mw", "departed_mw", "drawn_in_slice", "sold", "drawn_for_load", "spot_in_slice", "shifted", "charged", "discharged",
    "interruptible",
}  # fmt: skip
# From others, in each scenario.
FOLLOWS = {"late_mw", "left", "dropped_mw"}
# A scenario lacks them only where nothing can be begun, signed or ended in it.
ZERO = {
    "started", "begun", "energised", "leased", "signs_lease", "procured", "blocks_procured",
    "signs", "terminated",
}  # fmt: skip


def variables() -> set[str]:
    """Names of the variables that families declare, ``m.name = pyo.Var(...)``."""
    return {
        node.targets[0].attr
        for path in (ROOT / "models" / "capacity").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Attribute)
        and isinstance(node.value, ast.Call)
        and ast.unparse(node.value.func) == "pyo.Var"
    }


def test_every_variable_is_decided_on_purpose() -> None:
    assert variables() == BEGIN | WITHIN | FOLLOWS
    assert len(variables()) == len(BEGIN) + len(WITHIN) + len(FOLLOWS)


def test_families_say_when_theirs_are_decided() -> None:
    said = {
        field: {name for family in MODEL.families for name in getattr(family, field)}
        for field in ("within", "follows", "zero_where_absent")
    }
    assert said == {"within": WITHIN, "follows": FOLLOWS, "zero_where_absent": ZERO}
    # What may depend on more than is known at first can be lacking where that is known.
    assert ZERO <= BEGIN


def test_days_of_decisions(tmp_path: Path) -> None:
    built = program(everything(), tmp_path)
    columns = optalloc.compile_program(built).columns
    days = decision_days(MODEL, built.dataset, columns)
    steps = MODEL.steps(built.dataset).set_index("step")
    last = steps["end"] - np.timedelta64(1, "D")
    seen = set()
    for k, day in enumerate(days):
        name, key = columns[k]
        seen.add(name)
        named = [part for part in key if part in steps.index]
        if name in FOLLOWS:
            assert day == END
        else:
            assert day == (last if name in WITHIN else steps["begin"])[named[-1]]
    assert {"committed", "procured", "terminated", "ordered", "served", "spot"} <= seen
