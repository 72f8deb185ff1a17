"""What was worked out is kept where all that was read is alike, and nothing that is read is missed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import optalloc
from optalloc.data.dataset import recalled, remembered
from optalloc.data.memo import ALL, Lent, Reading
from optalloc.modelling.values import Values
from optalloc.plan.audit import audit_plan
from optalloc.plan.memo import anew, replayed
from optalloc.plan.readback import worst_of
from tests.books import book, everything
from tests.modelling.test_renew import dataset, multiplied, numeric_columns
from tests.random_books import MODEL


def written(frame: pd.DataFrame) -> pd.DataFrame:
    frame["d"] = frame["a"] + 1
    frame.loc[0, "b"] = 7.0
    return frame


def deleted(frame: pd.DataFrame) -> pd.DataFrame:
    del frame["a"]
    return frame


USES: dict[str, Callable[[pd.DataFrame], Any]] = {
    "column": lambda f: f["a"],
    "columns": lambda f: f[["a", "k"]],
    "attribute": lambda f: f.a,
    "rows": lambda f: f[f["a"] > 1][["b"]],
    "rows by array": lambda f: f[(f["a"] > 1).to_numpy()]["b"],
    "rows by function": lambda f: f[lambda g: g["a"] > 1]["b"],
    "rows at": lambda f: f.loc[f["a"] > 1, "b"],
    "rows at, all columns": lambda f: f.loc[f["a"] > 1]["b"],
    "rows at by function": lambda f: f.loc[lambda g: g["a"] > 1, "b"],
    "one cell": lambda f: f.at[1, "a"],
    "one row": lambda f: f.loc[1],
    "position": lambda f: f.iloc[1]["a"],
    "index": lambda f: f.set_index("a").index,
    "indexed": lambda f: f.set_index("a")["b"],
    "indexed and back": lambda f: f.set_index("a").reset_index()["a"],
    "index kept": lambda f: f.set_index(["a", "k"], drop=False)["b"],
    "blanks": lambda f: f.dropna(subset=["c"])["k"],
    "all blanks": lambda f: f.dropna(),
    "added": lambda f: f.assign(d=f["a"] * 2)["d"],
    "added by function": lambda f: f.assign(d=lambda g: g["a"] * 2)["d"],
    "written": lambda f: written(f)["d"],
    "overwritten": lambda f: f.assign(a=f["b"])[["a"]],
    "renamed": lambda f: f.rename(columns={"a": "z"})["z"],
    "copied": lambda f: f.copy()["a"],
    "merged": lambda f: f.merge(pd.DataFrame({"k": ["x", "y"]}), on="k"),
    "merged into": lambda f: pd.DataFrame({"k": ["x", "y"]}).merge(f, on="k"),
    "joined": lambda f: pd.DataFrame({"q": [1, 2, 3]}).join(f),
    "concatenated": lambda f: pd.concat([f, f]),
    "made into another": pd.DataFrame,
    "array": lambda f: np.asarray(f[["a", "b"]]).sum() + np.asarray(f)[0][1],
    "grouped": lambda f: f.groupby("k")["a"].sum(),
    "records": lambda f: f.to_dict("records"),
    "row by row": lambda f: list(f.itertuples()),
    "rows in turn": lambda f: [row["a"] for _, row in f.iterrows()],
    "compared": lambda f: f == 2,
    "summed": lambda f: (f[["a", "b"]] + 1).sum().sum() + len(f),
    "queried": lambda f: f.query("a > 1")["b"],
    "sorted": lambda f: f.sort_values("a")["k"],
    "doubles": lambda f: f.drop_duplicates("k")["b"],
    "popped": lambda f: f.pop("a"),
    "deleted": deleted,
    "named": lambda f: [*f, len(f), "a" in f, list(f.columns), f.empty, f.shape],
    "shown": repr,
    "itself": lambda f: f,
    "part of it": lambda f: f[f["a"] > 1],
    "in a list": lambda f: [f],
    "located later": lambda f: f.loc,
    "asked later": lambda f: lambda: f["a"],
}
FRAME = pd.DataFrame({"k": ["x", "y", "x"], "a": [1.0, 2.0, 3.0], "b": [4.0, 5.0, 6.0]}).assign(
    c=[np.nan, 1.0, 2.0]
)


def plain(value: Any) -> str:
    """What can be compared; what is asked later is asked now."""
    if isinstance(value, (pd.DataFrame, pd.Series, pd.Index)):
        return repr(value.to_numpy().tolist())
    if "Loc" in type(value).__name__:
        return plain(value[:, "a"])
    if callable(value):
        return plain(value())
    return repr([plain(v) for v in value]) if isinstance(value, list) else str(value)


@pytest.mark.parametrize("use", USES)
def test_no_column_is_read_unnoticed(use: str) -> None:
    """Proves: whatever is done with a frame, a column whose values change the result was noted.

    Sensitivity: the result is the one of an ordinary frame, and most columns do change it.
    """
    with Reading() as reading:
        value = USES[use](reading.lend("sheet", FRAME))
    held = reading.held(value)
    noted = held.reads["sheet"][1]
    found = plain(value)
    assert found == plain(USES[use](FRAME.copy()))
    assert not isinstance(value, Lent)
    for column in FRAME:
        other = FRAME[column].iloc[::-1].to_numpy()
        matters = plain(USES[use](FRAME.assign(**{column: other}))) != found
        assert not matters or {column, ALL} & noted, column
    assert FRAME.columns.tolist() == ["k", "a", "b", "c"]


def test_some_columns_are_not_all() -> None:
    """Proves: uses that name their columns note these alone."""

    def noted(use: str) -> frozenset[object]:
        with Reading() as reading:
            USES[use](reading.lend("sheet", FRAME))
        return reading.held(None).reads["sheet"][1]

    assert noted("column") == {"a"}
    assert noted("rows") == noted("rows at") == {"a", "b"}
    assert noted("indexed") == noted("indexed and back") | {"b"} == {"a", "b"}
    assert noted("index kept") == {"a", "k", "b"}
    assert noted("blanks") == {"c", "k"}
    assert noted("named") == frozenset()
    assert noted("grouped") == noted("merged into") == {ALL}


@dataclass
class Kept:
    frame: pd.DataFrame


def test_a_change_goes_as_far_as_it_is_read(tmp_path: Path) -> None:
    """A frame of two columns reads three; another reads one column of that.

    Proves: what reads a column that stays is kept, though the frame it is in is made anew; what
    keeps a frame for later counts as reading all of it. Sensitivity: each is asked again once the
    column that it reads changes.
    """
    asked: list[str] = []

    @remembered
    def middle(data: optalloc.Dataset) -> pd.DataFrame:
        asked.append("middle")
        sites = data["Sites"]
        return pd.DataFrame(
            {"room": sites["max_mw"] - sites["existing_mw"], "fee": sites["site_cost"]}
        )

    def room(data: optalloc.Dataset) -> float:
        asked.append("room")
        return float(middle(data)["room"].sum())

    def rate(data: optalloc.Dataset) -> float:
        asked.append("rate")
        return float(data.one("Settings").discount_rate)

    def keeper(data: optalloc.Dataset) -> Kept:
        asked.append("keeper")
        return Kept(middle(data))

    def again(data: optalloc.Dataset) -> list[str]:
        asked.clear()
        for derive in (room, rate, keeper):
            recalled(derive, data)
        return asked

    data = dataset(book(Settings={"discount_rate": 0.1}), tmp_path)
    assert again(data) == ["room", "middle", "rate", "keeper"]
    assert not isinstance(recalled(keeper, data).frame, Lent)
    dearer = data.with_frames({"Sites": data["Sites"].assign(site_cost=9.0)})
    assert again(dearer) == ["middle", "keeper"]
    assert again(multiplied(data, "Sites", "max_mw", 2)) == ["middle", "room", "keeper"]
    assert again(multiplied(data, "Sites", "build_cost_per_mw", 2)) == []
    assert again(multiplied(data, "Settings", "discount_rate", 2)) == ["rate"]
    assert again(multiplied(data, "Settings", "build_cost_escalation", 2)) == []
    fewer = data.with_frames({"Sites": data["Sites"].iloc[:0]})
    assert "room" in again(fewer)


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> tuple[optalloc.Program, Any, Any]:
    data = dataset(everything(), tmp_path_factory.mktemp("everything"))
    program = optalloc.build(data, MODEL)
    arrays = optalloc.compile_program(program)
    return program, arrays, optalloc.solve_arrays(arrays, optalloc.Options(gap=0.01))


def said(
    program: optalloc.Program, arrays: Any, values: np.ndarray, data: optalloc.Dataset, ask: Any
) -> Iterator[tuple[str, pd.DataFrame]]:
    """All that families say of a plan."""
    plan = Values(program, arrays, values)
    tables = {name: pd.DataFrame() for name in MODEL.outputs}
    for family in MODEL.busy_families(data):
        for name, frame in ask(family.tables, data, plan).items():
            yield f"{family.name} tables {name}", frame
            tables[name] = frame
    for family in MODEL.busy_families(data):
        for hook in (family.audit, family.recompute):
            for name, frame in ask(hook, data, tables).items():
                yield f"{family.name} {hook.__name__} {name}", frame


COLUMNS = numeric_columns(everything())
SOME = random.Random(5).sample(COLUMNS, 3)
SLOW = [pytest.param(*names, marks=pytest.mark.slow) for names in COLUMNS if names not in SOME]


@pytest.mark.parametrize(("sheet", "column"), [*SOME, *SLOW])
def test_what_is_replayed_is_what_would_be_said(solved: Any, sheet: str, column: str) -> None:
    """One column of numbers is doubled under the same plan.

    Proves: what families say of it with what they said before is what they say without.
    """
    program, arrays, outcome = solved
    list(said(program, arrays, outcome.values, program.dataset, replayed))
    data = multiplied(program.dataset, sheet, column, 2)
    kept = dict(said(program, arrays, outcome.values, data, replayed))
    fresh = dict(said(program, arrays, outcome.values, data, anew))
    assert kept.keys() == fresh.keys()
    for name, frame in fresh.items():
        pd.testing.assert_frame_equal(kept[name], frame, obj=name)


def test_another_plan_is_not_replayed(solved: Any) -> None:
    """Proves: with half of all values, all that is said is of the halves."""
    program, arrays, outcome = solved
    list(said(program, arrays, outcome.values, program.dataset, replayed))
    data = program.dataset.with_frames({})
    half = outcome.values / 2
    kept = dict(said(program, arrays, half, data, replayed))
    for name, frame in said(program, arrays, half, data, anew):
        pd.testing.assert_frame_equal(kept[name], frame, obj=name)


def test_the_audit_sees_what_was_altered_after_a_plan_that_passed(solved: Any) -> None:
    """The same tables are audited twice, the second time with a load altered in its place.

    Proves: it is refused, although the audit of the like is kept. Sensitivity: unaltered they pass.
    """
    program, arrays, outcome = solved
    tables = optalloc.read_plan(program, arrays, outcome)
    data = program.dataset.with_frames({})
    assert not worst_of(audit_plan(data, MODEL, tables, outcome, ask=replayed))
    again = data.with_frames({})
    assert not worst_of(audit_plan(again, MODEL, tables, outcome, ask=replayed))
    tables["Load"].loc[0, "served_mw"] += 1
    last = again.with_frames({})
    assert worst_of(audit_plan(last, MODEL, tables, outcome, ask=replayed))
