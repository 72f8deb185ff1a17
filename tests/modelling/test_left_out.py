"""Families without rows are left out of the program, and nothing is missed."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

import optalloc
from optalloc.modelling.renew import renewed
from tests.books import book, everything
from tests.modelling.test_renew import assert_same, dataset
from tests.random_books import MODEL

# With every family declared whether it has rows or not.
WHOLE = replace(
    MODEL, families=tuple(replace(family, needed_with=("Sites",)) for family in MODEL.families)
)


def arrays_of(data: optalloc.Dataset, model: optalloc.Model) -> optalloc.Arrays:
    return optalloc.compile_program(optalloc.build(data, model), keep_idle=True)


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> optalloc.Dataset:
    return dataset(everything(), tmp_path_factory.mktemp("everything"))


def emptied(data: optalloc.Dataset, *sheets: str) -> optalloc.Dataset:
    return data.with_frames({name: data[name].iloc[:0] for name in sheets})


@pytest.mark.first(1)
def test_the_program_is_what_it_is_with_all_families(tmp_path: Path) -> None:
    """Proves: what is left out would have added no row, column or cost, and is most families."""
    data = dataset(book(), tmp_path)
    left_out = [family.name for family in MODEL.families if family.is_left_out(data)]
    assert len(left_out) >= 12
    assert not any(family.is_left_out(data) for family in WHOLE.families)
    assert_same(arrays_of(data, MODEL), arrays_of(data, WHOLE))


OPTIONAL = [family.name for family in MODEL.families if family.idle_without]


@pytest.fixture(scope="module")
def built(rich: optalloc.Dataset) -> optalloc.Program:
    return optalloc.build(rich, MODEL)


@pytest.mark.first(4)
@pytest.mark.parametrize("family", OPTIONAL)
def test_nothing_reads_what_is_left_out(family: str, built: optalloc.Program) -> None:
    """Proves: no rule of a family that is there names a component of one that is not.

    A rule names components as ``m.name``, a table as ``values.variable("name")``.
    """
    owner = next(f for f in MODEL.families if f.name == family)
    own = built.components.get(family, frozenset()) - {
        posting.component for posting in built.postings
    }
    for path in MODEL.path.rglob("*.py"):
        place = path.relative_to(MODEL.path)
        name = place.parts[0].removesuffix(".py")
        named = set(re.findall(r"\bm\.(\w+)|variable\(\"(\w+)", path.read_text("utf-8")))
        if name == family or not own & {name for pair in named for name in pair}:
            continue
        reader = next((f for f in MODEL.families if f.name == name), None)
        assert reader is not None, f"{place} is shared"
        always = owner.needed_with == ("Sites",)
        covered = {*owner.idle_without, *owner.needed_with}
        assert always or (reader.idle_without and covered.issuperset(reader.idle_without)), (
            f"{name} reads {own & {n for pair in named for n in pair}}"
        )


@pytest.mark.slow
@pytest.mark.parametrize("family", OPTIONAL)
def test_each_family_can_be_the_one_without_rows(family: str, rich: optalloc.Dataset) -> None:
    """Proves: a workbook with everything but this family builds the same, left out or not."""
    owner = next(f for f in MODEL.families if f.name == family)
    data = emptied(rich, *owner.idle_without)
    assert_same(arrays_of(data, MODEL), arrays_of(data, WHOLE))


@pytest.mark.slow
def test_a_family_that_comes_in_is_built(tmp_path: Path) -> None:
    """Proves: rows for a family that was left out make another program, and no rows again the old.

    Sensitivity: were the family left out still, the limit would be missing.
    """
    without = dataset(book(), tmp_path / "without")
    program = optalloc.build(without, MODEL)
    arrays = optalloc.compile_program(program, keep_idle=True)
    budgets = [{"period": "Y1", "max_capital": 900}]
    made = dataset(book(Budgets=budgets), tmp_path / "with")
    come = renewed(program, arrays, made, keep_idle=True)
    assert not come.same_sets
    assert_same(come.arrays, arrays_of(made, MODEL))
    gone = renewed(come.program, come.arrays, without, keep_idle=True)
    assert not gone.same_sets
    assert_same(gone.arrays, arrays)
