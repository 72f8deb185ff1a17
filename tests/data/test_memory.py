"""Values are kept where all that was read is equal, and nothing that is read is missed."""

from __future__ import annotations

import dataclasses
import random
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import optalloc
from optalloc.data.dataset import derived, recalled
from optalloc.data.memory import ALL
from optalloc.data.schema import Column, Kind
from optalloc.modelling.values import Values
from optalloc.plan.audit import audit_plan
from optalloc.plan.memory import SharedFrames, evaluated
from optalloc.plan.readback import worst_of
from tests.books import book, everything
from tests.modelling.test_renew import dataset, multiplied, numeric_columns
from tests.random_books import MODEL

Read = Callable[[optalloc.Dataset], Any]


@pytest.fixture
def data(tmp_path: Path) -> optalloc.Dataset:
    return dataset(book(Settings={"discount_rate": 0.1}), tmp_path)


def columns_read(data: optalloc.Dataset, read: Read) -> dict[Any, set[Any]]:
    recalled(read, data)
    return {source: set(names) for source, (_, names) in data.memory.kept[read].reads.items()}


READS: dict[str, tuple[Read, set[Any]]] = {
    "columns": (lambda d: d.columns("Sites", "site", "status")["site"], {"site", "status"}),
    "a sheet": (lambda d: d["Sites"]["site"], {ALL}),
    "both": (lambda d: (d.columns("Sites", "site"), d["Sites"]), {"site", ALL}),
    "its frame": (lambda d: d.frames["Sites"]["site"], {ALL}),
    "rows alone": (lambda d: d.uses(["Sites"]), set()),
    "rows of a check": (lambda d: d.rows("Sites")["site"], {ALL}),
    "columns of a check": (lambda d: d.rows("Sites", "status")["status"], {"status"}),
    "rows without errors": (lambda d: d.known("Sites", "site")["site"], {"site"}),
    "a row that might be": (lambda d: d.might_hold("Sites", site="A"), {"site"}),
    "the next row": (lambda d: d.new_row("Sites"), {ALL}),
    "a cell of a problem": (lambda d: d.problem("Sites", 2, "status", "", "", ""), {"status"}),
    "a changed dataset": (lambda d: d.with_frames({"Demand": d["Demand"]})["Sites"], {ALL}),
    "records": (lambda d: d.records(), {ALL}),
}


@pytest.mark.first(3)
@pytest.mark.parametrize("name", READS)
def test_what_is_handed_over_is_noted(data: optalloc.Dataset, name: str) -> None:
    """Proves: by whatever a sheet is read, its columns are noted that the function is handed."""
    read, columns = READS[name]
    assert columns_read(data, read)["Sites"] == columns


def test_a_record_notes_what_is_taken_of_it(data: optalloc.Dataset) -> None:
    """Proves: of Settings one column is noted, and what is no column is no attribute."""

    def read(data: optalloc.Dataset) -> float:
        settings = data.one("Settings")
        assert not hasattr(settings, "nothing")
        return float(settings.discount_rate)

    assert columns_read(data, read) == {"Settings": {"discount_rate"}}


def test_of_parts_from_several_datasets_each_column_is_noted_as_it_was_read(tmp_path: Path) -> None:
    """A sum has a part that is recalled and one that is evaluated, then its number is restored.

    Proves: the sum is evaluated again. Sensitivity: noted with the sheet of the part recalled, the
    sum would be that of the changed number.
    """
    costs = {"site_cost": 7.0, "fixed_cost_per_year": 2.0}
    first = dataset(book(Sites=costs), tmp_path)
    parts = [lambda d, c=c: float(d.columns("Sites", c)[c].sum()) for c in costs]

    def total(data: optalloc.Dataset) -> float:
        return sum(recalled(part, data) for part in parts)

    assert recalled(total, first) == 9.0
    second = multiplied(first, "Sites", "fixed_cost_per_year", 10)
    assert recalled(total, second) == 27.0
    assert recalled(total, second.with_frames({"Sites": first["Sites"]})) == 9.0


def test_a_column_that_was_not_asked_for_is_not_there(data: optalloc.Dataset) -> None:
    """Proves: it is a `KeyError`, of a sheet and of a derived frame, whoever asks."""

    @derived
    def sites(data: optalloc.Dataset) -> pd.DataFrame:
        return data["Sites"]

    for handed in (data, data.with_frames({})):
        for frame in (handed.columns("Sites", "site"), sites(handed, "site")):
            assert list(frame.columns) == ["site"]
            with pytest.raises(KeyError, match="status"):
                frame["status"]
    with pytest.raises(KeyError, match="nothing"):
        data.columns("Sites", "nothing")


def test_what_is_kept_cannot_be_changed(data: optalloc.Dataset) -> None:
    """Proves: a frame that was handed over may be written to, and the next one is as it was."""

    @derived
    def sites(data: optalloc.Dataset) -> pd.DataFrame:
        return data["Sites"]

    handed: list[Callable[[], pd.DataFrame]] = [
        lambda: data["Sites"],
        lambda: data.columns("Sites", "site"),
        lambda: sites(data),
        lambda: sites(data, "site"),
    ]
    for frame in handed:
        changed = frame()
        changed["site"] = "other"
        changed.loc[:, "more"] = 1
        assert list(frame()["site"]) == ["A"]
        assert "more" not in frame()


def test_nothing_is_read_once_a_function_has_returned(data: optalloc.Dataset) -> None:
    """Proves: a value that would read on, unnoted, is an error that names function and sheet.

    Sensitivity: what was read before may be read again.
    """

    def later(data: optalloc.Dataset) -> Read:
        data.columns("Sites", "site")
        return lambda _: data

    handed = recalled(later, data)(None)
    assert list(handed.columns("Sites", "site")["site"]) == ["A"]
    for read in (
        lambda d: d["Demand"],
        lambda d: d["Sites"],
        lambda d: d.columns("Sites", "status"),
    ):
        with pytest.raises(optalloc.ModelError, match="later has returned, and now reads"):
            read(handed)


def test_a_change_goes_as_far_as_it_is_read(tmp_path: Path) -> None:
    """A frame of two columns reads three; others read one column of that, or all.

    Proves: what reads a column that stays is kept, though the frame it is in is made again.
    Sensitivity: each is evaluated again once the column that it reads changes.
    """
    called: list[str] = []

    @derived
    def middle(data: optalloc.Dataset) -> pd.DataFrame:
        called.append("middle")
        sites = data.columns("Sites", "max_mw", "existing_mw", "site_cost")
        return pd.DataFrame(
            {"room": sites["max_mw"] - sites["existing_mw"], "fee": sites["site_cost"]}
        )

    def room(data: optalloc.Dataset) -> float:
        called.append("room")
        return float(middle(data, "room")["room"].sum())

    def rate(data: optalloc.Dataset) -> float:
        called.append("rate")
        return float(data.one("Settings").discount_rate)

    def whole(data: optalloc.Dataset) -> pd.DataFrame:
        called.append("whole")
        return middle(data)

    def through(data: optalloc.Dataset) -> float:
        called.append("through")
        return recalled(room, data)

    def again(data: optalloc.Dataset) -> list[str]:
        called.clear()
        for derive in (room, rate, whole, through):
            recalled(derive, data)
        return called

    data = dataset(book(Settings={"discount_rate": 0.1}), tmp_path)
    assert again(data) == ["room", "middle", "rate", "whole", "through"]
    dearer = data.with_frames({"Sites": data["Sites"].assign(site_cost=9.0)})
    assert again(dearer) == ["middle", "whole"]
    assert again(multiplied(data, "Sites", "max_mw", 2)) == ["middle", "room", "whole", "through"]
    assert again(multiplied(data, "Sites", "build_cost_per_mw", 2)) == []
    assert again(multiplied(data, "Settings", "discount_rate", 2)) == ["rate"]
    assert again(multiplied(data, "Settings", "build_cost_escalation", 2)) == []
    fewer = data.with_frames({"Sites": data["Sites"].iloc[:0]})
    assert "room" in again(fewer)


def test_threads_are_given_one_value(data: optalloc.Dataset) -> None:
    """Two threads evaluate a function at the same time, each before the other has returned.

    Proves: both are given the same object, by which a program knows what it need not declare again.
    """
    together = threading.Barrier(2)

    def sites(data: optalloc.Dataset) -> pd.DataFrame:
        together.wait(60)
        return data.columns("Sites", "site")

    with ThreadPoolExecutor(2) as threads:
        one, other = threads.map(lambda _: recalled(sites, data), range(2))
    assert one is other
    assert data.memory.kept[sites].reads["Sites"][1] == {"site"}


def assert_equal(one: Any, other: Any, name: str) -> None:
    """Compare what functions of a dataset return."""
    assert type(one) is type(other), name
    if isinstance(one, pd.DataFrame):
        pd.testing.assert_frame_equal(one, other, obj=name)
    elif isinstance(one, pd.Series):
        pd.testing.assert_series_equal(one, other, obj=name)
    elif isinstance(one, np.ndarray):
        np.testing.assert_array_equal(one, other, name)
    elif isinstance(one, pd.Index):
        pd.testing.assert_index_equal(one, other, obj=name)
    elif dataclasses.is_dataclass(one):
        for field in dataclasses.fields(one):
            own = f"{name}.{field.name}"
            assert_equal(getattr(one, field.name), getattr(other, field.name), own)
    elif isinstance(one, Mapping):
        assert list(one) == list(other), name
        for key in one:
            assert_equal(one[key], other[key], f"{name}[{key}]")
    elif isinstance(one, Sequence) and not isinstance(one, str):
        assert len(one) == len(other), name
        for k, (a, b) in enumerate(zip(one, other, strict=True)):
            assert_equal(a, b, f"{name}[{k}]")
    else:
        assert one == other or (one != one and other != other), name


def changed_column(column: Column, values: pd.Series) -> pd.Series:
    """Other values of a column: numbers doubled, days later, else what stands there reversed."""
    if column.kind in (Kind.NUMBER, Kind.INTEGER):
        return values * 2 if (values.fillna(0) != 0).any() else values.fillna(0) + 1
    if column.kind is Kind.DATE:
        return values + pd.Timedelta(days=40)
    if column.kind is Kind.FLAG:
        return ~values.astype(bool)
    return values.iloc[::-1].set_axis(values.index)


ALL_COLUMNS = [(sheet, column) for sheet in everything() for column in MODEL.sheets[sheet].columns]


@pytest.fixture(scope="module")
def evaluated_once(tmp_path_factory: pytest.TempPathFactory) -> optalloc.Dataset:
    data = dataset(everything(), tmp_path_factory.mktemp("everything"))
    optalloc.build(data, MODEL)
    return data


def outcome_of(derive: Read, data: optalloc.Dataset) -> Any:
    """What a function returns, or the error that it raises on values that no check has seen."""
    try:
        return recalled(derive, data)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def assert_never_stale(data: optalloc.Dataset, sheet: str, column: Column) -> None:
    values = changed_column(column, data[sheet][column.name])
    changed = data.with_frames({sheet: data[sheet].assign(**{column.name: values})})
    fresh = dataclasses.replace(changed, memory=type(data.memory)())
    for derive in data.memory.kept:
        kept, expected = outcome_of(derive, changed), outcome_of(derive, fresh)  # type: ignore[arg-type]
        assert_equal(kept, expected, getattr(derive, "__qualname__", ""))


@pytest.mark.long
@pytest.mark.first(1)
def test_no_value_is_stale_after_some_changes(evaluated_once: optalloc.Dataset) -> None:
    """Proves: all that is kept of a workbook is, after a change, what it is from scratch."""
    for sheet, column in random.Random(3).sample(ALL_COLUMNS, 4):
        assert_never_stale(evaluated_once, sheet, column)


@pytest.mark.slow
def test_no_value_is_stale_whatever_column_changes(evaluated_once: optalloc.Dataset) -> None:
    """Proves: as above, for every column of every sheet."""
    for sheet, column in ALL_COLUMNS:
        assert_never_stale(evaluated_once, sheet, column)


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> tuple[optalloc.Program, Any, Any]:
    data = dataset(everything(), tmp_path_factory.mktemp("everything"))
    program = optalloc.build(data, MODEL)
    arrays = optalloc.compile_program(program)
    return program, arrays, optalloc.solve_arrays(arrays, optalloc.Options(gap=0.01))


def returned(
    program: optalloc.Program,
    arrays: Any,
    values: np.ndarray,
    data: optalloc.Dataset,
    *,
    recall: bool,
) -> Iterator[tuple[str, pd.DataFrame]]:
    """All that families return of a plan."""
    plan = Values(program, arrays, values)
    tables = {name: pd.DataFrame() for name in MODEL.outputs}
    solution = SharedFrames(plan) if recall else plan
    for family in MODEL.busy_families(data):
        for name, frame in evaluated(family.tables, data, solution).items():
            yield f"{family.name} tables {name}", frame
            tables[name] = frame
    decided = SharedFrames(tables) if recall else tables
    for family in MODEL.busy_families(data):
        for hook in (family.audit, family.recompute):
            for name, frame in evaluated(hook, data, decided).items():
                yield f"{family.name} {hook.__name__} {name}", frame


COLUMNS = numeric_columns(everything())
SOME = random.Random(5).sample(COLUMNS, 3)
SLOW = [pytest.param(*names, marks=pytest.mark.slow) for names in COLUMNS if names not in SOME]


@pytest.mark.long
@pytest.mark.first(1)
@pytest.mark.parametrize(("sheet", "column"), [*SOME, *SLOW])
def test_what_is_recalled_of_a_plan_is_what_would_be_returned(
    solved: Any, sheet: str, column: str
) -> None:
    """One column of numbers is doubled under the same plan.

    Proves: what families return with memory is what they return without.
    """
    program, arrays, outcome = solved
    list(returned(program, arrays, outcome.values, program.dataset, recall=True))
    data = multiplied(program.dataset, sheet, column, 2)
    kept = dict(returned(program, arrays, outcome.values, data, recall=True))
    fresh = dict(returned(program, arrays, outcome.values, data, recall=False))
    assert kept.keys() == fresh.keys()
    for name, frame in fresh.items():
        pd.testing.assert_frame_equal(kept[name], frame, obj=name)


@pytest.mark.slow
def test_nothing_is_recalled_of_another_plan(solved: Any) -> None:
    """Proves: with half of all values, all that is returned is of the halves."""
    program, arrays, outcome = solved
    list(returned(program, arrays, outcome.values, program.dataset, recall=True))
    data = program.dataset.with_frames({})
    half = outcome.values / 2
    kept = dict(returned(program, arrays, half, data, recall=True))
    for name, frame in returned(program, arrays, half, data, recall=False):
        pd.testing.assert_frame_equal(kept[name], frame, obj=name)


@pytest.mark.long
def test_the_audit_sees_what_was_altered_after_a_plan_that_passed(solved: Any) -> None:
    """The same tables are audited twice, the second time with a load altered in its place.

    Proves: it is refused, although the audit of equal tables is kept. Sensitivity: unaltered they pass.
    """
    program, arrays, outcome = solved
    tables = optalloc.read_back(program, arrays, outcome)
    data = program.dataset.with_frames({})
    assert not worst_of(audit_plan(data, MODEL, tables, outcome, recall=True))
    again = data.with_frames({})
    assert not worst_of(audit_plan(again, MODEL, tables, outcome, recall=True))
    tables["Load"].loc[0, "served_mw"] += 1
    last = again.with_frames({})
    assert worst_of(audit_plan(last, MODEL, tables, outcome, recall=True))
