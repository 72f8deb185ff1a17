"""The hash of an input is of what was read, not of how it is stored."""

from collections.abc import Callable
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

import optalloc
from optalloc.analysis.diff import diff
from optalloc.data.digest import content_digest
from optalloc.scenarios.overrides import altered
from optalloc.scenarios.read_tree import scenario_tree
from tests import books
from tests.paths import INPUTS

MODEL = optalloc.load_model()
MINIMAL = INPUTS / "minimal"


def digest_of(frame: pd.DataFrame) -> str:
    return content_digest({"S": frame})


def hash_of(book: Path) -> str:
    return optalloc.validate(optalloc.read_workbook(book), MODEL).digest


def stored(path: Path, *, order: int = 1, note: bool = False) -> Path:
    """inputs/minimal as a workbook: sheets and rows in some order, with or without notes."""
    optalloc.write_template(
        MODEL, path, optalloc.validate(optalloc.read_workbook(MINIMAL), MODEL).records()
    )
    book = openpyxl.load_workbook(path)
    for sheet in book.worksheets:
        rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
        body = [row for row in rows[1:] if any(value is not None for value in row)]
        for number, row in enumerate(body[::order], start=2):
            for column, value in enumerate(row, start=1):
                sheet.cell(number, column).value = value
    if note:
        book.create_sheet("#Notes")["A1"] = "not read"
    book.save(path)
    return path


@pytest.mark.slow
def test_saving_again_changes_nothing(tmp_path: Path) -> None:
    """Proves: rows in another order, a note, another file format: the same input. Diff agrees.

    Sensitivity: a number that changes makes another input.
    """
    first, second = stored(tmp_path / "a.xlsx"), stored(tmp_path / "b.xlsx", order=-1, note=True)
    assert first.read_bytes() != second.read_bytes()
    assert hash_of(first) == hash_of(second) == hash_of(MINIMAL)
    assert diff(first, second).sentences[0].startswith("The two inputs say the same")
    book = openpyxl.load_workbook(second)
    sheet = book["Demand"]
    sheet["D2"] = float(sheet["D2"].value) + 1
    book.save(second)
    assert hash_of(second) != hash_of(first)


def test_a_blank_is_not_the_text_of_one() -> None:
    """Proves: no two frames that say different things are taken for the same."""
    frames = [
        {"a": ["x", None], "b": ["y", "z"]},
        {"a": ["x", "nan"], "b": ["y", "z"]},
        {"a": ["x", "-"], "b": ["y", "z"]},
        {"a": ["x", "None"], "b": ["y", "z"]},
        {"a": ["x\0+y", None], "b": [None, "z"]},
        {"b": ["x", None], "a": ["y", "z"]},
        {"a": ["x"], "b": ["y"]},
        {"a": [1.0, 2.0], "b": ["y", "z"]},
        {"a": [2.0, 1.0], "b": ["y", "z"]},
    ]
    found = {digest_of(pd.DataFrame(frame)) for frame in frames}
    assert len(found) == len(frames)
    assert digest_of(pd.DataFrame({"a": [0.0]})) == digest_of(pd.DataFrame({"a": [-0.0]}))


def test_books_that_differ_have_different_hashes(tmp_path: Path) -> None:
    """Proves: one cell of one sheet is enough."""
    made = [books.write(books.book(Sites={"max_mw": mw}), tmp_path / f"b{mw}") for mw in (100, 101)]
    assert len({hash_of(path) for path in made}) == 2


@pytest.fixture
def uncertain(tmp_path: Path) -> Callable[[str, str], Path]:
    """Writes a book whose demand of 40 one outcome sets to 20, and another raises by half.

    Both are certain; uncertainties and their changes stand in a given order.
    """

    def written(uncertainties: str, changes: str) -> Path:
        known = {"outcome": "x", "probability": 1, "revealed": "2027-06-01"}
        change = {"outcome": "x", "sheet": "Demand", "column": "it_mw"}
        made = {
            "a": {"operation": "set", "value": "20"},
            "b": {"operation": "multiply", "value": "1.5"},
        }
        case = books.book(
            Uncertainties=[{"uncertainty": name, **known} for name in uncertainties],
            Outcomes=[{"uncertainty": name, **change, **made[name]} for name in changes],
        )
        return books.write(case, tmp_path / f"{uncertainties}{changes}")

    return written


def test_rows_whose_order_matters_are_hashed_and_compared_in_order(
    uncertain: Callable[[str, str], Path],
) -> None:
    """Proves, by hand: 20 raised by half is 30, but what is raised before it is set is 20, so that
    the order of the uncertainties makes another input. Hash and diff say so, and so of changes.
    Sensitivity: the order of what is demanded makes no difference, as saving again shows."""
    base = uncertain("ab", "ab")
    demands = {}
    for book in (base, uncertain("ba", "ab"), uncertain("ab", "ba")):
        data = optalloc.validate(optalloc.read_workbook(book), MODEL)
        tree = scenario_tree(data)[0]
        assert tree is not None
        made = altered(data, tree.scenarios[0].overrides)
        demands[book.name] = sorted(set(made["Demand"]["it_mw"]))
        if book != base:
            sheet = "Uncertainties" if book.name == "baab" else "Outcomes"
            assert hash_of(book) != hash_of(base)
            said = f"{sheet}: rows are in another order, which matters there."
            assert diff(base, book).sentences == (said,)
    assert demands == {"abab": [30], "baab": [20], "abba": [30]}
