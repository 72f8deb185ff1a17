"""The hash of an input is of what was read, not of how it is stored."""

from pathlib import Path

import openpyxl
import pandas as pd
import pytest

import optalloc
from optalloc.analysis.diff import diff
from optalloc.data.digest import content_digest
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
