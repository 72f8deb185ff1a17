"""The table of a roll, for a page."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.__main__ import app
from benchmarks.marked import with_table
from tests.paths import INPUTS


@pytest.mark.slow
def test_the_table_of_a_roll_stands_in_a_page(tmp_path: Path) -> None:
    """Proves: by the README of inputs/minimal-uncertain both policies begin with South, so that a roll
    costs 970 on average, 157.5 above foresight, and 1175 or 765. Made a second time from the folder of
    the first, the table is the same, and the words around it stay."""
    page = tmp_path / "page.md"
    page.write_text(
        "before\n<!-- roll: begin -->\nold\n<!-- roll: end -->\nafter\n", encoding="utf-8"
    )
    for _ in range(2):
        words = ("roll", INPUTS / "minimal-uncertain", "--look-ahead", 36, "--jobs", 1)
        words = (*words, "--out", tmp_path / "out", "--into", page)
        run = CliRunner().invoke(app, [str(word) for word in words])
        assert run.exit_code == 0, run.output
        text = page.read_text("utf-8")
        assert text.startswith("before\n")
        assert text.endswith("after\n")
        assert "old" not in text
        for policy in ("certain", "futures"):
            assert f"| {policy} | 970 | 158 | 158 to 158 | 1,175 |" in text
        assert "| perfect foresight | 812 |" in text
        assert "| demand=slow | 50.0% | 765 | 765 | 455 |" in text


def test_a_page_without_its_marks_is_left_alone(tmp_path: Path) -> None:
    """Proves: a page that does not say where the table stands is not written over."""
    with pytest.raises(ValueError, match="roll: begin"):
        with_table("no marks", "roll", "table")
