"""The frame of explanations: what they hold, how they are shown, and the command."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

import optalloc
from optalloc.data.schema import Column, Kind
from optalloc.data.text import with_text
from optalloc.errors import ModelError
from optalloc.modelling.outputs import TableSpec
from optalloc.plan.planfile import read_plan
from tests.command import optalloc_says

SPEC = TableSpec(
    name="Figures",
    meaning="Figures.",
    columns=(
        Column(name="site", kind=Kind.TEXT, meaning="Site."),
        Column(name="mw", kind=Kind.NUMBER, unit="MW", meaning="Its MW."),
    ),
)
FIGURES = pd.DataFrame({"site": ["A", "B"], "mw": [1.5, None]})


def test_an_explanation_says_the_same_in_text_workbook_and_json(tmp_path: Path) -> None:
    """Proves: sentences and figures are in each of the three, with units, and blanks as null."""
    said = optalloc.Findings("Why", ("A is full.",), {"Figures": FIGURES}, (SPEC,))
    assert said.to_text() == "Why\n- A is full."
    said.to_excel(tmp_path / "why.xlsx")
    book = openpyxl.load_workbook(tmp_path / "why.xlsx", read_only=True)
    assert [row[0].value for row in book["Explanation"].rows] == ["sentence", "A is full."]
    assert [cell.value for cell in next(iter(book["Figures"].rows))] == ["site", "mw (MW)"]
    plain = json.loads(json.dumps(said.to_dict(), allow_nan=False))
    assert plain["tables"]["Figures"] == [{"site": "A", "mw": 1.5}, {"site": "B", "mw": None}]
    with pytest.raises(ModelError, match="declared"):
        optalloc.Findings("Why", (), {"Figures": FIGURES})


def test_parts_are_joined_in_their_order() -> None:
    """Proves: no sentence or table of a part is lost."""
    one = optalloc.Findings("1", ("first",))
    two = optalloc.Findings("2", ("second",), {"Figures": FIGURES}, (SPEC,))
    both = optalloc.Findings.joined("both", [one, two])
    assert both.sentences == ("first", "second")
    assert both["Figures"].equals(with_text(FIGURES)) and both.specs == (SPEC,)


def test_the_command_writes_the_plan_with_what_is_said_of_it(tmp_path: Path) -> None:
    """Proves: beside the explanation stands the plan it is about, which reads back as a plan, with
    every sheet of the explanation; the page says the same sentences.

    docs/how-to/why.md shows what is printed.
    """
    run = optalloc_says("explain", "inputs/minimal", "--out", tmp_path)
    assert run.returncode == 0, run.stderr
    assert run.stdout in Path("docs/how-to/why.md").read_text("utf-8")
    said = [line[2:] for line in run.stdout.splitlines()[1:]]
    assert any(line.startswith("North: the plan builds at North") for line in said)
    book = openpyxl.load_workbook(tmp_path / "plan.xlsx", read_only=True)
    assert [row[0].value for row in book["Explanation"].rows][1:] == said
    assert {"Choices", "Moves", "BreakEvens"} <= set(book.sheetnames)
    assert read_plan(tmp_path / "plan.xlsx").cost == pytest.approx(1170)
    assert "North, build cost" in (tmp_path / "report.html").read_text("utf-8")
