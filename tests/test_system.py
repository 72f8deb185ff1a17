"""Files that appear whole or not at all, alone or together."""

from pathlib import Path

import pytest

from optalloc.errors import OptallocError
from optalloc.system import EARLIER, replacing_together

NAMES = ("plan", "page", "why")


def run(folder: Path, **files: str) -> list[Path]:
    with replacing_together(folder, NAMES) as (draft, set_aside):
        for name, text in files.items():
            (draft / name).write_text(text)
    return set_aside


def held(folder: Path) -> dict[str, str]:
    return {
        p.relative_to(folder).as_posix(): p.read_text() for p in folder.rglob("*") if p.is_file()
    }


def test_files_of_two_runs_never_lie_side_by_side(tmp_path: Path) -> None:
    """Proves: what the second run does not write anew is set aside, and nothing of it is lost.

    Sensitivity: written one by one, the first run's "why" would lie beside the second run's plan.
    """
    out = tmp_path / "out"
    assert run(out, plan="1", page="1", why="1") == []
    (out / "notes.txt").write_text("mine")
    assert run(out, plan="2", page="2") == [out / EARLIER / "why"]
    assert held(out) == {"plan": "2", "page": "2", f"{EARLIER}/why": "1", "notes.txt": "mine"}
    run(out, why="3")
    run(out, plan="4")
    assert held(out) == {
        "plan": "4", "notes.txt": "mine", f"{EARLIER}/why": "1", f"{EARLIER}/why-2": "3",
        f"{EARLIER}/plan": "2", f"{EARLIER}/page": "2",
    }  # fmt: skip


def test_a_run_that_fails_leaves_the_earlier_one_as_it_was(tmp_path: Path) -> None:
    """Proves: neither a fault while writing nor a file that cannot be replaced changes anything."""
    run(tmp_path, plan="1", page="1", why="1")
    before = held(tmp_path)
    with pytest.raises(ZeroDivisionError), replacing_together(tmp_path, NAMES) as (draft, _):
        (draft / "plan").write_text("2")
        raise ZeroDivisionError
    assert held(tmp_path) == before
    # In place of the folder for earlier files stands a file: the last step fails.
    (tmp_path / EARLIER).write_text("in the way")
    with pytest.raises(OptallocError, match=EARLIER):
        run(tmp_path, plan="2", page="2")
    assert held(tmp_path) == before | {EARLIER: "in the way"}
