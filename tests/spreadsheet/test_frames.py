"""Frames by sheet name: the same workbook as their files, with errors by column and row label."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import optalloc
from optalloc.modelling.model import options_of
from optalloc.spreadsheet.frames import read_frames, write_frames
from tests.paths import INPUTS

MODEL = optalloc.load_model()


@pytest.fixture
def frames() -> dict[str, pd.DataFrame]:
    """The sheets of inputs/minimal as pandas reads them."""
    return {path.stem: pd.read_csv(path) for path in sorted((INPUTS / "minimal").glob("*.csv"))}


def test_frames_are_the_workbook_of_their_files(frames: dict[str, pd.DataFrame]) -> None:
    """Proves: typed columns, dates and a named index give the dataset of the CSVs they come from.

    Sensitivity: another number gives another digest.
    """
    of_files, noticed = optalloc.check(INPUTS / "minimal", MODEL)
    expected = of_files.digest
    frames["Periods"]["start"] = pd.to_datetime(frames["Periods"]["start"])
    frames["Sites"] = frames["Sites"].set_index("site")
    frames["Demand"]["region"] = frames["Demand"]["region"].astype("category")
    data, problems = optalloc.check(frames, MODEL)
    assert data.digest == expected
    assert [(p.code, p.must) for p in problems] == [(p.code, p.must) for p in noticed]
    frames["Sites"].loc["North", "max_mw"] = 101
    assert optalloc.check(frames, MODEL)[0].digest != expected


def test_errors_name_sheet_column_and_row_label(frames: dict[str, pd.DataFrame]) -> None:
    """Proves: every error at once, each at its column and the label of its row, not at a cell of a
    spreadsheet that is not there; another row is named by its label, too."""
    frames["Sites"].index = pd.Index(["a", "b"])
    frames["Sites"].loc["b", "max_mw"] = -3
    frames["Sites"]["colour"] = "red"
    frames["Demand"].index = pd.Index(range(100, 106))
    frames["Demand"].loc[105, "period"] = "Y2"
    with pytest.raises(optalloc.InputError) as caught:
        optalloc.solve(frames)
    places = {(p.code, p.sheet, p.cell) for p in caught.value.problems}
    assert places == {
        ("out-of-bounds", "Sites", "max_mw['b']"),
        ("unknown-column", "Sites", "colour"),
        ("duplicate-key", "Demand", "workload[105]"),
    }
    assert "Sites!max_mw['b']: max_mw must be at least 0 MW IT; found -3." in str(caught.value)
    assert "Row 104 has it already" in str(caught.value)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, "found none"),
        ({"Sites": [1, 2]}, "sheet 'Sites' of frames must give each sheet as a DataFrame"),
        (
            {"Sites": pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([("a", "b")]))},
            "columns of several levels",
        ),
        (
            {"Sites": pd.DataFrame({"site": ["a"]}).set_index("site", drop=False)},
            "sheet 'Sites' of frames .* an index named as its column 'site'",
        ),
        (
            {"Sites": pd.DataFrame({"max_mw": pd.Series([np.array([1, 2])], dtype=object)})},
            "sheet 'Sites' of frames .* column 'max_mw' that holds a ndarray",
        ),
        (3, "found a int"),
        ([1], "found a list"),
        (None, "found a NoneType"),
        ({"Places": pd.DataFrame({"site": ["a"]})}, "a sheet must be one that the model reads"),
    ],
)
def test_what_is_no_workbook_is_refused(given: Any, found: str) -> None:
    """Proves: what cannot be sheets ends with one message that says so."""
    with pytest.raises(optalloc.InputError, match=found):
        optalloc.solve(given)


def test_blanks_and_kinds_of_cells(tmp_path: Path) -> None:
    """Proves: what pandas has for a missing value is a blank, integers stay integers and what is
    written as CSV is read as the same cells."""
    frame = pd.DataFrame(
        {
            "a": [1.0, None],
            "b": [pd.Timestamp("2027-01-01"), pd.NaT],
            "c": pd.array([True, None], dtype="boolean"),
            "d": ["", "x"],
            "e": pd.array([None, 7], dtype="Int64"),
        }
    )
    sheet = read_frames({"Any": frame}).sheets["Any"]
    day = pd.Timestamp("2027-01-01").to_pydatetime()
    assert sheet.rows == (("a", "b", "c", "d", "e"), (1, day, True, None, None),
                          (None, None, None, "x", 7))  # fmt: skip
    write_frames({"Any": frame}, tmp_path)
    again = optalloc.read_workbook(tmp_path).sheets["Any"].rows
    assert again[1:] == (("1", "2027-01-01", "yes", None, None), (None, None, None, "x", "7"))


@pytest.mark.slow
def test_frames_without_a_plan_are_explained_and_relaxed(
    frames: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    """Proves: an explanation names labels, and the copy with its changes has the plan it reports.

    Sensitivity: without the changes there is none.
    """
    frames["Demand"]["it_mw"] *= 10
    with pytest.raises(optalloc.InfeasibleError, match=r"\(everywhere, Y3\) by 880 MW IT"):
        optalloc.solve(frames)
    found = optalloc.explain(frames, relaxed=tmp_path / "relaxed")
    assert any("Demand!it_mw[2]" in sentence for sentence in found.sentences)
    plan = optalloc.solve(tmp_path / "relaxed")
    assert any(f"costs {plan.cost:,.6g} M" in sentence for sentence in found.sentences)
    with pytest.raises(optalloc.OptallocError, match="must not exist yet"):
        optalloc.explain(frames, relaxed=tmp_path / "relaxed")


@pytest.mark.parametrize(
    ("given", "must"),
    [({"gap": True}, "gap must be a number"), ({"seed": 1.5}, "seed must be a whole number"),
     ({"threads": 1.5}, "threads must be a whole number")],
)  # fmt: skip
def test_options_are_numbers_of_their_kind(given: dict[str, Any], must: str) -> None:
    """Proves: True is no gap, and half a thread none; a number of numpy is one of Python."""
    data = optalloc.validate(optalloc.read_workbook(INPUTS / "minimal"), MODEL)
    with pytest.raises(optalloc.OptallocError, match=must):
        options_of(data, MODEL, given)
    options = options_of(data, MODEL, {"gap": np.float32(0.25), "threads": np.int64(2)})
    assert (options.gap, options.threads) == (0.25, 2)
    assert (type(options.gap), type(options.threads)) == (float, int)
