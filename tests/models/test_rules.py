"""Every rule that a sheet declares, violated once in the sheet's own example row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import optalloc
from optalloc.data.rules import (
    AtLeastOne,
    BlankWhere,
    ExactlyOne,
    FilledUnless,
    InOrder,
    Needs,
    NotAbove,
    Rule,
    Together,
)
from optalloc.data.schema import Kind, Sheet
from optalloc.errors import CODES
from optalloc.report.template import example_rows
from optalloc.scenarios.overrides import Override, altered
from optalloc.scenarios.sheet import Operation
from optalloc.scenarios.trial import errors_of
from tests import books

MODEL = optalloc.load_model()
DECLARED = [(sheet, rule) for sheet in MODEL.sheets.values() for rule in sheet.rules]
NEXT = {"period": "2027H2", "start": "2027-07-01", "months": 6}
Row = dict[str, Any]


def filler(sheet: Sheet, name: str) -> object:
    """Something that a cell may hold and that its blank does not mean."""
    column = sheet.by_name[name]
    if column.refers_to:
        target, _, key = column.refers_to.partition(".")
        return MODEL.sheets[target].by_name[key].example
    if column.kind is Kind.DATE:
        return "2028-01-01"
    most = float("inf") if column.at_most is None else column.at_most
    return next(number for number in (1, 0.5) if number != column.blank and number <= most)


def violating(sheet: Sheet, rule: Rule, example: Row) -> Iterator[Row]:
    """The example row, changed so that it violates a rule; once for each way to do so."""
    blank = example | dict.fromkeys(rule.columns)
    full = {name: filler(sheet, name) for name in rule.columns}
    first, last = rule.columns[0], rule.columns[-1]
    match rule:
        case ExactlyOne():
            yield blank
            yield example | blank | {first: full[first], last: full[last]}
        case AtLeastOne():
            yield blank
        case Together():
            yield from (blank | {name: full[name]} for name in rule.columns)
        case Needs():
            yield blank | {first: full[first]}
        case NotAbove():
            high = example[last] or 1
            yield example | {first: high + 1, last: high}
        case InOrder():
            yield example | {first: NEXT["period"], last: full[last]}
        case FilledUnless(other=other, values=values):
            word = next(w for w in sheet.by_name[other].choices if w not in values)
            alike = [r for r in sheet.rules if isinstance(r, FilledUnless) and r is not rule]
            asked = [name for r in alike if word not in r.values for name in r.columns]
            yield blank | {name: filler(sheet, name) for name in asked} | {other: word}
        case BlankWhere(other=other, value=value):
            alike = [r for r in sheet.rules if isinstance(r, BlankWhere) and r.other == other]
            for own in alike:
                blank |= dict.fromkeys(own.columns) if own.value == value else {}
            yield from (blank | {other: value, name: full[name]} for name in rule.columns)
        case _:
            raise AssertionError(f"no example of {type(rule).__name__}")


def messages(folder: Path, changed: Mapping[str, Row]) -> list[optalloc.Problem]:
    """Problems of a workbook of example rows and a second period, some sheets with another row."""
    rows = example_rows(MODEL)
    rows["Periods"].append(dict(NEXT))
    rows |= {sheet: [row] for sheet, row in changed.items()}
    return optalloc.check(optalloc.read_workbook(books.write(rows, folder)), MODEL)[1]


def violations() -> Iterator[dict[str, tuple[Rule, Row]]]:
    """Rules and rows that violate them, by sheet, until each rule was violated in each way."""
    examples = example_rows(MODEL)
    left = {
        sheet.name: [
            (rule, row)
            for rule in sheet.rules
            for row in violating(sheet, rule, examples[sheet.name][0])
        ]
        for sheet in MODEL.sheets.values()
    }
    while left := {sheet: rows for sheet, rows in left.items() if rows}:
        yield {sheet: rows.pop(0) for sheet, rows in left.items()}


@pytest.mark.parametrize("broken", list(violations()), ids=lambda broken: " ".join(broken)[:50])
def test_a_row_that_violates_a_rule_is_one_message(
    broken: dict[str, tuple[Rule, Row]], tmp_path: Path
) -> None:
    """Proves: one message of the rule's code, at a cell of the rule, in each sheet of the workbook."""
    problems = messages(tmp_path, {sheet: row for sheet, (_, row) in broken.items()})
    for sheet, (rule, row) in broken.items():
        (problem,) = (p for p in problems if (p.sheet, p.code) == (sheet, rule.code))
        assert {column for _, _, column in problem.cells} <= set(rule.reads)
        assert problem.order[2] - 1 in {list(row).index(name) for name in rule.columns}


def test_the_examples_violate_no_rule(tmp_path: Path) -> None:
    """Proves: what the test before shows is for what was changed in the rows."""
    found = {(p.sheet, p.code) for p in messages(tmp_path, {})}
    assert not found & {(sheet.name, rule.code) for sheet, rule in DECLARED}


def test_every_kind_of_rule_is_declared_and_has_a_code() -> None:
    """Proves: no kind of rule lacks a use, and each code is explained by the engine or the family."""
    assert {type(rule) for _, rule in DECLARED} == set(Rule.__subclasses__())
    general = {code for group in CODES.values() for code in group}
    for family in MODEL.families:
        codes = {rule.code for sheet in family.sheets for rule in sheet.rules}
        assert codes <= {*general, *family.codes}
        assert not general & set(family.codes)


def test_nothing_follows_from_a_cell_with_an_error_of_its_own(tmp_path: Path) -> None:
    """Proves: a rule is silent where a cell that it reads could not be read or names nothing."""
    contracts = MODEL.sheets["Contracts"]
    example = example_rows(MODEL)["Contracts"][0]
    wrong = {"zone": "Kanot", "max_mw": "many", "min_mw": 5, "last_period": "2027H9"}
    found = messages(tmp_path, {"Contracts": example | wrong | {"site": "Kanto North"}})
    codes = {p.code for p in found if p.sheet == "Contracts"}
    assert {"not-a-number"} <= codes
    assert not codes & {rule.code for rule in contracts.rules}


def test_a_case_of_a_sweep_keeps_the_rules(tmp_path: Path) -> None:
    """Proves: a dataset altered in memory is held to the rules of its sheets.

    Sensitivity: the value that the workbook has is accepted.
    """
    rows = example_rows(MODEL)
    rows["Contracts"][0] |= {"min_mw": 20, "max_mw": 200}
    data = optalloc.check(optalloc.read_workbook(books.write(rows, tmp_path)), MODEL)[0]
    least = [
        altered(data, [Override("Contracts", (), "min_mw", Operation.SET, value)])
        for value in ("20", "300")
    ]
    found = [[p for p in errors_of(d, MODEL) if p.code == "min-above-max"] for d in least]
    assert [[p.must for p in problems] for problems in found] == [
        [],
        ["min_mw must not be above max_mw, 200"],
    ]
