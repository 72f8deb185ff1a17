"""Analyses that Ctrl-C ends: what was finished by then is kept, and said to be a part."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import optalloc
from optalloc.errors import NoPlanError
from optalloc.mip.outcome import StepCallback
from tests.books import write
from tests.paths import INPUTS
from tests.plan.test_policy import newsvendor


def ctrl_c_at(words: str, done: int) -> StepCallback:
    """A callback by which Ctrl-C comes once a step has come so far."""

    def on_step(what: str, now: int, _: int) -> None:
        if what == words and now == done:
            raise KeyboardInterrupt

    return on_step


@pytest.mark.long
def test_what_was_found_is_kept(tmp_path: Path) -> None:
    """Proves: of two weights, two plans held and five alternatives one is there, and a sentence says so.

    By hand: at weight 0 the policy costs 87.5 expected; 50 built cost 50 or 200."""
    book = write(newsvendor(), tmp_path / "book")
    weights = ctrl_c_at("weights of the worst scenarios", 1)
    found = optalloc.frontier(book, weights=(0, 0.95), on_step=weights)
    assert found["Frontier"]["expected"].tolist() == pytest.approx([87.5])
    assert found.sentences[0] == "It was stopped: what follows is of 1 of 2 weights."
    found = optalloc.regret_matrix(book, on_step=ctrl_c_at("what plans do now held", 3))
    assert found["Regrets"]["cost"].tolist() == pytest.approx([50, 200])
    assert found.sentences[0] == "It was stopped: what follows is of 1 of 2 plans."
    steps = ctrl_c_at("looking for what differs most", 1)
    found = optalloc.alternatives(INPUTS / "minimal", slack=0.01, on_step=steps)
    assert found["Alternatives"]["cost"].tolist() == pytest.approx([1170, 1175])
    assert found.sentences[-1] == "1 alternative instead of 5: the search was stopped."


@pytest.mark.long
def test_with_nothing_found_there_is_nothing(tmp_path: Path) -> None:
    """Proves: ended before the first plan was held in every scenario there is no table of a part of it."""
    book = write(newsvendor(), tmp_path / "book")
    with pytest.raises(NoPlanError, match="before the first of 2 plans"):
        optalloc.regret_matrix(book, on_step=ctrl_c_at("what plans do now held", 1))


@pytest.mark.long
def test_an_explanation_is_kept_in_part() -> None:
    """Proves: ended while sites are tried it still says what the plan costs. Sensitivity: else more."""
    steps: list[str] = []
    whole = optalloc.explain(INPUTS / "minimal", on_step=lambda what, *_: steps.append(what))
    part = optalloc.explain(INPUTS / "minimal", on_step=ctrl_c_at(steps[-1], 0))
    assert part.sentences[0].startswith("It was stopped: what follows is of ")
    assert "The plan costs 1,170 M and is optimal." in part.sentences
    assert set(part.tables) < set(whole.tables)


@pytest.mark.long
def test_a_sweep_is_kept_in_part(tmp_path: Path) -> None:
    """Proves: cases solved keep their plans, the others say why they have none; the folder is resumed.

    Sensitivity: without `partial` it raises."""
    path = INPUTS / "minimal-futures.toml"
    call: Callable[..., optalloc.SweepResult] = optalloc.sweep
    given = {"jobs": 1, "out": tmp_path / "out"}

    def on_case(done: int, _: int, __: int) -> None:
        if done == 1:
            raise KeyboardInterrupt

    with pytest.raises(NoPlanError, match="1 of 4 cases are finished"):
        call(INPUTS / "minimal", str(path), on_case=on_case, **given)
    given["resume"] = True
    part = call(INPUTS / "minimal", str(path), partial=True, on_case=on_case, **given)
    assert part.cases["objective"].notna().tolist() == [True, False, False, False]
    assert set(part.cases["reason"][1:]) == {"it was stopped before it was solved"}
    assert (tmp_path / "out" / "sweep.html").is_file()
    assert part.about["notices"] == ["It was stopped: 1 of 4 cases are finished."]
    whole = call(INPUTS / "minimal", str(path), **given)
    assert whole.cases["objective"].notna().all()
