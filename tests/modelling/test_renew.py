"""A program brought to a changed workbook is the program of that workbook."""

from __future__ import annotations

import copy
import pickle
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyomo.environ as pyo
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import optalloc
from optalloc.compile import OtherModelError, changed_values, compile_model
from optalloc.data.dataset import recalled
from optalloc.data.schema import Kind
from optalloc.modelling.renew import Renewed, renewed
from tests.books import Book, book, everything, write, years
from tests.random_books import MODEL, random_books

# Multiplied, these leave out or add keys of some set, so that all is built again.
REBUILT = {
    ("Periods", "months"), ("Sites", "existing_mw"), ("Sites", "block_mw"),
    ("Sites", "block_lead_months"), ("Sites", "site_lead_months"), ("Sites", "life_years"),
    ("Components", "life_years"), ("Storage", "lead_months"), ("Storage", "life_years"),
    ("Contracts", "lead_months"), ("Contracts", "min_mw"), ("EquipmentNeeds", "life_years"),
    ("EquipmentNeeds", "months_before_online"), ("Options", "lead_months"),
}  # fmt: skip
# A weight in the small workbook is exactly nought, and a row comes to be where it no longer is.
BY_CHANCE = {
    ("Jurisdictions", "legal_risk"), ("Jurisdictions", "grid_risk"), ("RiskLimits", "value"),
    ("RiskWeights", "weight"),
}  # fmt: skip
RISKS = [f"{name}_risk" for name in ("legal", "political", "conflict", "grid", "supply_chain")]
# Of less, something comes to be out of reach or bound that was not.
REBUILT_FOR_LESS = {
    ("Sites", "max_mw"), ("Network", "latency_ms"), ("Workloads", "max_latency_ms"),
    ("Contracts", "term_months"), ("Contracts", "block_mw"), ("PowerPrices", "max_spot_share"),
}  # fmt: skip
FACTORS = (1.1, 0.9, 1.03, 2, 0, None)


def dataset(made: Book, folder: Path) -> optalloc.Dataset:
    return optalloc.validate(optalloc.read_workbook(write(made, folder)), MODEL)


def scratch(data: optalloc.Dataset) -> tuple[optalloc.Program, optalloc.Arrays]:
    program = optalloc.build(data, MODEL)
    return program, optalloc.compile_program(program)


def numeric_columns(made: Book) -> list[tuple[str, str]]:
    """Columns of numbers that have some, of all sheets of a workbook."""
    return [
        (sheet, column.name)
        for sheet, rows in made.items()
        for column in MODEL.sheets[sheet].columns
        if column.kind in (Kind.NUMBER, Kind.INTEGER) and any(r.get(column.name) for r in rows)
    ]


def multiplied(data: optalloc.Dataset, sheet: str, column: str, factor: float) -> optalloc.Dataset:
    frame = data[sheet]
    values = frame[column] * factor
    if MODEL.sheets[sheet].by_name[column].kind is Kind.INTEGER:
        values = np.ceil(values)
    return data.with_frames({sheet: frame.assign(**{column: values})})


def assert_same(ours: optalloc.Arrays, scratch: optalloc.Arrays) -> None:
    """Compare row by row and column by column, which both have in the same order."""
    assert ours.matrix.shape == scratch.matrix.shape
    names = ("rows", ours.rows, scratch.rows), ("columns", ours.columns, scratch.columns)
    for _, own, other in names:
        assert [own.name(k) for k in range(len(own))] == [other.name(k) for k in range(len(other))]
    rows, columns = ours.matrix.tocoo().coords
    np.testing.assert_allclose(
        ours.matrix.toarray(), scratch.matrix.toarray(), rtol=1e-9, atol=1e-12
    )
    assert len(rows) == len(columns)
    for field in ("row_lower", "row_upper", "col_lower", "col_upper", "cost"):
        np.testing.assert_allclose(
            getattr(ours, field), getattr(scratch, field), rtol=1e-9, atol=1e-12, err_msg=field
        )
    for field in ("integer", "strengthening"):
        np.testing.assert_array_equal(getattr(ours, field), getattr(scratch, field))
    assert ours.offset == pytest.approx(scratch.offset)


def assert_renewed(
    program: optalloc.Program, arrays: optalloc.Arrays, data: optalloc.Dataset
) -> Renewed:
    """Whatever building anew gives, renewing gives: the same arrays, or the same broken row."""
    try:
        _, expected = scratch(data)
    except optalloc.InfeasibleError as error:
        with pytest.raises(optalloc.InfeasibleError) as found:
            renewed(program, arrays, data)
        assert found.value.shortfalls == error.shortfalls
        raise
    made = renewed(program, arrays, data)
    assert made.same_sets == (not made.reason)
    assert_same(made.arrays, expected)
    assert made.program.dataset is data
    return made


@pytest.mark.long
def test_a_price_is_a_new_number_in_a_workbook_with_every_sheet(tmp_path: Path) -> None:
    """Proves: nothing that a family declares is expanded entry by entry, after which numbers could not
    be put into the program at hand."""
    data = dataset(everything(), tmp_path)
    program, arrays = scratch(data)
    found = renewed(program, arrays, multiplied(data, "Contracts", "price_per_mwh", 1.1))
    assert found.same_sets, found.reason


@pytest.mark.slow
def test_all_prices_caps_and_demands_are_new_numbers_of_the_same_sets(tmp_path: Path) -> None:
    """Every sheet has rows; every column of numbers is multiplied by another factor at once.

    Proves: the arrays are those of the changed workbook, renewed once and then from there.
    Sensitivity: they differ from those before in costs, coefficients, bounds and sides.
    """
    made = everything()
    data = dataset(made, tmp_path)
    program, arrays = scratch(data)
    new, draw = data, random.Random(1)
    for at in numeric_columns(made):
        if at not in REBUILT | BY_CHANCE and at[0] != "Settings":
            new = multiplied(new, *at, draw.uniform(1.01, 1.1))
    new = multiplied(new, "Settings", "discount_rate", 1.1)
    first = assert_renewed(program, arrays, new)
    assert first.same_sets, first.reason
    assert np.shares_memory(first.arrays.matrix.indices, arrays.matrix.indices)
    for field in ("cost", "col_upper", "row_upper"):
        assert (getattr(first.arrays, field) != getattr(arrays, field)).any()
    assert abs(first.arrays.matrix - arrays.matrix).max() > 0
    back = renewed(first.program, first.arrays, data)
    assert back.same_sets
    assert_same(back.arrays, arrays)


@pytest.mark.slow
@pytest.mark.parametrize("factor", [1.1, 0.8])
def test_each_column_of_numbers_by_itself(tmp_path: Path, factor: float) -> None:
    """Proves: column after column, equal to scratch; all but those named are refreshed."""
    made = everything()
    data = dataset(made, tmp_path)
    program, arrays = scratch(data)
    rebuilt = set()
    for sheet, column in numeric_columns(made):
        if (sheet, column) == ("EquipmentNeeds", "months_before_online"):
            continue
        found = assert_renewed(program, arrays, multiplied(data, sheet, column, factor))
        if not found.same_sets:
            rebuilt.add((sheet, column))
    assert rebuilt <= REBUILT | BY_CHANCE | REBUILT_FOR_LESS


def altered(made: Book, draw: random.Random) -> Book:
    """The workbook with some cells multiplied, set to nought or left blank."""
    changed = copy.deepcopy(made)
    for sheet, column in draw.sample(numeric_columns(made), 3):
        for row in changed[sheet]:
            factor = draw.choice(FACTORS)
            if row.get(column) is None or draw.random() < 0.5:
                continue
            whole = MODEL.sheets[sheet].by_name[column].kind is Kind.INTEGER
            value = None if factor is None else row[column] * factor
            row[column] = int(value) if whole and value is not None else value
    return changed


def valid_alterations(made: Book, draw: random.Random, folder: Path) -> Iterator[optalloc.Dataset]:
    """Give three altered workbooks in which no fault is found."""
    found = attempt = 0
    while found < 3 and attempt < 12:
        attempt += 1
        try:
            data = dataset(altered(made, draw), folder / f"altered {draw.random()}")
        except optalloc.InputError:
            continue
        found += 1
        yield data


def check_random(made: Book, draw: random.Random, folder: Path) -> None:
    try:
        program, arrays = scratch(dataset(made, folder / f"base {draw.random()}"))
    except (optalloc.InputError, optalloc.InfeasibleError):
        return
    for changed in valid_alterations(made, draw, folder):
        try:
            found = assert_renewed(program, arrays, changed)
        except optalloc.InfeasibleError:
            continue
        program, arrays = found.program, found.arrays


def examples(count: int) -> Callable[[Any], Any]:
    return settings(
        max_examples=count,
        derandomize=count < 5,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )


@pytest.mark.long
@pytest.mark.first(1)
@examples(1)
@given(random_books(), st.randoms(use_true_random=False))
def test_random_alterations(tmp_path: Path, made: Book, draw: random.Random) -> None:
    """Proves: one alteration after another gives what building anew gives, sets changed or not."""
    check_random(made, draw, tmp_path)


@pytest.mark.slow
@examples(25)
@given(random_books(), st.randoms(use_true_random=False))
def test_many_random_alterations(tmp_path: Path, made: Book, draw: random.Random) -> None:
    """Proves: as above, on many workbooks."""
    check_random(made, draw, tmp_path)


def test_rows_found_on_demand_are_those_of_the_new_numbers(tmp_path: Path) -> None:
    """A limit on concentration, tightened from 0.6 to 0.5.

    Proves: at a point the rows asked for are those of the new workbook. Sensitivity: they are not
    those of the old one.
    """
    case = book(
        Sites=[
            {"site": s, "jurisdiction": s, "status": "candidate", "max_mw": 100,
             "build_cost_per_mw": 10}
            for s in "AB"
        ],
        Network=[{"site": s, "region": "R", "latency_ms": 1} for s in "AB"],
        Jurisdictions=[{"jurisdiction": j, **dict.fromkeys(RISKS, 0)} for j in "AB"],
        RiskLimits=[{"limit": "spread", "kind": "max_hhi", "value": 0.6}],
    )  # fmt: skip
    data = dataset(case, tmp_path)
    program, arrays = scratch(data)
    new = data.with_frames({"RiskLimits": data["RiskLimits"].assign(value=0.5)})
    made = renewed(program, arrays, new)
    assert made.same_sets
    point = np.zeros(len(arrays.cost))
    point[arrays.columns.find("energised", ("A", "Y1"))] = 40
    ours, old, expected = (a.violated_by(point) for a in (made.arrays, arrays, scratch(new)[1]))
    np.testing.assert_allclose(ours.matrix.toarray(), expected.matrix.toarray())
    assert abs(ours.matrix - old.matrix).max() > 0.05


def test_a_row_too_far_away_is_another_set(tmp_path: Path) -> None:
    """Proves: beyond the latency allowed the arc goes, and the reason names its set."""
    near = [{"site": "A", "region": "R", "latency_ms": 10}, {"site": "B", "region": "R", "latency_ms": 10}]  # fmt: skip
    sites = [{"site": s, "status": "candidate", "max_mw": 100} for s in "AB"]
    case = book(Sites=sites, Network=near, Workloads={"max_latency_ms": 20}, Periods=years(1))
    data = dataset(case, tmp_path)
    program, arrays = scratch(data)
    far = data["Network"].assign(latency_ms=[10.0, 30.0])
    made = assert_renewed(program, arrays, data.with_frames({"Network": far}))
    assert not made.same_sets
    assert "ARCS" in made.reason
    assert made.program.pyomo.component("ARCS") is not None
    assert len(made.arrays.cost) < len(arrays.cost)


def toy(price: float, **changed: Any) -> Any:
    """A model of three rules; what is changed goes into them as plain numbers."""
    case = {"most": 5, "least": 1.0, "whole": False, "sets": "ab"} | changed
    with optalloc.deferred_rules() as m:
        m.S = pyo.Set(initialize=list(case["sets"]))
        m.price = pyo.Param(m.S, initialize=price, mutable=True)
        domain = pyo.NonNegativeIntegers if case["whole"] else pyo.NonNegativeReals
        m.x = pyo.Var(m.S, domain=domain, bounds=(0, case["most"]))
        m.enough = pyo.Constraint(m.S, rule=lambda m, s: m.x[s] >= case["least"])
        m.cost = pyo.Objective(rule=lambda m: sum(m.price[s] * m.x[s] for s in m.S))
    return m


def test_only_parameters_may_differ() -> None:
    """Proves: a price is a new value. Sensitivity: the same model has none."""
    arrays = compile_model(toy(2.0))
    assert changed_values(arrays, toy(2.0)) == {}
    found = changed_values(arrays, toy(3.0))
    np.testing.assert_array_equal(found["price"], [3.0, 3.0])
    refreshed = optalloc.refresh(arrays, found)
    assert changed_values(refreshed, toy(3.0)) == {}
    np.testing.assert_array_equal(changed_values(refreshed, toy(2.0))["price"], [2.0, 2.0])


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"least": 2.0}, "enough"),
        ({"most": 6}, "x"),
        ({"whole": True}, "x"),
        ({"sets": "abc"}, "S"),
        ({"sets": "ba"}, "S"),
    ],
)
def test_whatever_else_differs_is_found(changed: dict[str, Any], said: str) -> None:
    """Proves: a plain number in a rule, a bound, a domain, a member and an order are each named."""
    with pytest.raises(OtherModelError, match=rf"\b{said}\b"):
        changed_values(compile_model(toy(2.0)), toy(2.0, **changed))


def test_what_was_altered_by_hand_is_found() -> None:
    """Proves: a fixed variable and a row looked at count as altered."""
    fixed, seen = toy(2.0), toy(2.0)
    fixed.x["a"].fix(1)
    assert str(seen.enough["a"].expr)
    for m in (fixed, seen):
        with pytest.raises(OtherModelError, match="altered"):
            changed_values(compile_model(m), toy(2.0))


TAKES_A_VALUE = '''
"""A family that has no sheet, and takes a number of another's while it declares."""
import pyomo.environ as pyo
from optalloc.modelling.family import Family


def declare(m, p, ledgers):
    m.LAST = pyo.Set(initialize=[list(m.SERVICE)[-1]], dimen=2)


def constrain(m, p):
    most = 0.5 * m.start_mw["A"]
    m.half = pyo.Constraint(m.LAST, rule=lambda m, i, q: m.energised[i, q] <= most)


FAMILY = Family(
    name="half", title="Half", order=90, sheets=(), parameters=lambda data: None,
    declare=declare, constrain=constrain,
)
'''


@pytest.mark.long
def test_a_family_that_takes_numbers_of_others_is_always_asked_again(tmp_path: Path) -> None:
    """No sheet of the family changes, but the number that it took from a family beside it does.

    Proves: its row has the new number, 0.5 x 90. Sensitivity: with that family away, all others
    are independent; with the number as it was the row would say 50.
    """
    folder = tmp_path / "model"
    shutil.copytree(MODEL.path, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "half.py").write_text(TAKES_A_VALUE)
    model = optalloc.load_model(folder)
    # As much is asked for as the site holds, which is then what bounds it.
    made = book(Demand={"it_mw": 100})
    data = optalloc.validate(optalloc.read_workbook(write(made, tmp_path / "book")), model)
    program = optalloc.build(data, model)
    arrays = optalloc.compile_program(program)
    assert not program.independent()
    assert optalloc.build(data, MODEL).independent()
    row = arrays.rows.find("half", ("A", "Y1"))
    assert arrays.row_upper[row] == 50
    new = renewed(program, arrays, multiplied(data, "Sites", "max_mw", 0.9))
    assert new.arrays.row_upper[row] == 45


def test_a_kept_value_goes_with_the_sheets_that_it_was_evaluated_from(tmp_path: Path) -> None:
    """Proves: a frame that reads Demand by way of another is kept until Demand changes."""
    asked = []

    def inner(data: optalloc.Dataset) -> float:
        asked.append("inner")
        return float(data["Demand"]["it_mw"].sum())

    def outer(data: optalloc.Dataset) -> float:
        asked.append("outer")
        return recalled(inner, data) * data.one("Settings").discount_rate

    data = dataset(book(Settings={"discount_rate": 0.1}), tmp_path)
    assert recalled(outer, data) == pytest.approx(4)
    assert recalled(outer, multiplied(data, "Sites", "max_mw", 2)) == pytest.approx(4)
    assert asked == ["outer", "inner"]
    assert recalled(outer, multiplied(data, "Settings", "discount_rate", 2)) == pytest.approx(8)
    assert asked == ["outer", "inner", "outer"]
    read_again = dataset(book(Settings={"discount_rate": 0.1}), tmp_path / "again")
    read_again.recall_from(data)
    assert recalled(outer, read_again) == pytest.approx(4)
    assert len(asked) == 3
    assert recalled(outer, multiplied(data, "Demand", "it_mw", 3)) == pytest.approx(12)
    assert not pickle.loads(pickle.dumps(data)).memory.kept
