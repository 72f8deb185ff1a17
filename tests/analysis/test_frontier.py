"""What less risk costs: the two sites of the design's fourth case, whose break-even is known."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import optalloc
from optalloc.errors import OptallocError
from tests.books import write
from tests.command import optalloc_says
from tests.plan.test_policy import tail


@pytest.mark.long
def test_the_frontier_by_hand(tmp_path: Path) -> None:
    """Proves: R costs 100 or, with 0.2, 350, S 160 always. Of the worst fifth the weighted mean is
    150 + 200 t against 160: R below a weight of 0.05, S above it."""
    source = write(tail(), tmp_path / "book")
    found = optalloc.frontier(source, weights=(0.06, 0.0, 0.04), tail_share=0.2)
    rows = found["Frontier"].set_index("weight")
    assert rows.index.tolist() == [0.0, 0.04, 0.06]
    for weight, figures in {
        0.0: (150, 350, 100),
        0.04: (150, 350, 100),
        0.06: (160, 160, 160),
    }.items():
        assert rows.loc[weight, ["expected", "tail", "least"]].tolist() == pytest.approx(figures)
        assert rows.loc[weight, "greatest"] == pytest.approx(figures[1])
    assert found.sentences[0] == (
        "From a weight of 0.04 to 0.06 the expected cost rises by 10 M and the mean of the worst "
        "20 % falls by 190 M."
    )


@pytest.mark.slow
def test_a_share_of_the_tail_as_the_workbook_states_it(tmp_path: Path) -> None:
    """Proves: with two fifths the tail of R is 225, so that the break-even is at 2/15; the measure
    on the sheet is not regarded."""
    source = write(tail(measure="worst", tail_share=0.4), tmp_path / "book")
    rows = optalloc.frontier(source, weights=(0.13, 0.14))["Frontier"]
    assert rows["expected"].tolist() == pytest.approx([150, 160])
    assert rows["tail"].tolist() == pytest.approx([225, 160])


@pytest.mark.long
def test_the_command_line_writes_the_frontier(tmp_path: Path) -> None:
    source, out = write(tail(), tmp_path / "book"), tmp_path / "frontier.xlsx"
    words = ("--weight", "0", "--weight", "50%", "--tail-share", "20%", "--out", out, "--json")
    run = optalloc_says("futures", "frontier", source, *words)
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)["tables"]["Frontier"]
    assert [round(one["expected"], 6) for one in told] == [150, 160]
    assert out.is_file()


def test_what_has_no_frontier(tmp_path: Path) -> None:
    source = write(tail(), tmp_path / "book")
    for weights in ((1.0,), (-0.1,), ()):
        with pytest.raises(OptallocError, match="less than 1"):
            optalloc.frontier(source, weights=weights)
    with pytest.raises(OptallocError, match="share of the tail"):
        optalloc.frontier(source, tail_share=0.0)
    with pytest.raises(OptallocError, match="no scenarios"):
        optalloc.frontier("inputs/first")
