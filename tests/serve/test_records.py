"""Runs that are kept over a restart of the server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from optalloc.errors import OptallocError
from optalloc.serve.folder import kept_folder
from tests.serve.guest import Guest, served, solvers


@pytest.mark.long
def test_runs_are_found_again_after_a_restart(minimal: Path, hard: Path, tmp_path: Path) -> None:
    """Proves: the next server has workbook, plan, chart and options of a run; one that went on when the
    server ended says so. Whoever has no link finds nothing. By hand the plan costs 1170 M."""
    keep = tmp_path / "kept"
    with served(keep=keep) as address:
        guest = Guest(address)
        book, other = guest.checked(minimal), guest.checked(hard)
        run = guest.solve(book, 0)
        guest.ended(run)
        shown, points = guest.client.get(run).text, guest.client.get(f"{run}/state").json()
        lost = guest.solve(other, 0)
        guest.until(lost, lambda state: state["state"] == "running" and bool(solvers()))
        token = guest.client.cookies["visitor"]
        guest.close()
    assert solvers() == []
    with served(keep=keep) as address:
        guest = Guest(address)
        assert guest.client.get(run).status_code == 404
        first = guest.client.get(f"/mine/{token}").text
        assert "minimal.xlsx" in first and "Run 1 of minimal.xlsx" in first
        assert guest.client.get(run).text == shown
        assert "1,170.0000" in shown
        assert guest.client.get(f"{run}/state").json()["points"] == points["points"]
        assert guest.client.get(f"{run}/plan.xlsx").content[:2] == b"PK"
        assert "The server ended while this went on" in guest.client.get(lost).text
        # It goes on where it was.
        again = guest.solve(book, 0)
        assert "Run 3 of minimal.xlsx" in guest.ended(again)
        assert guest.client.post("/forget").headers["location"] == "/"
        guest.close()
    assert [path for path in keep.iterdir() if path.is_dir()] == []


@pytest.mark.long
def test_a_server_that_was_killed_leaves_an_interrupted_run(minimal: Path, tmp_path: Path) -> None:
    """Proves: without a result, as after a power cut, a run is interrupted; a record that cannot be read
    is passed over, and the rest is there."""
    keep = tmp_path / "kept"
    with served(keep=keep) as address:
        guest = Guest(address)
        book = guest.checked(minimal)
        run = guest.solve(book, 0)
        guest.ended(run)
        token = guest.client.cookies["visitor"]
        guest.close()
    (folder,) = keep.glob(f"*/{run.rpartition('/')[2]}")
    (folder / "result.json").unlink()
    (folder.parent / "torn").mkdir()
    (folder.parent / "torn" / "item.json").write_text('{"run": ')
    assert json.loads((folder / "item.json").read_text())["run"]["kind"] == "solve"
    with served(keep=keep) as address:
        guest = Guest(address)
        assert "minimal.xlsx" in guest.client.get(f"/mine/{token}").text
        assert "The server ended while this went on" in guest.client.get(run).text
        guest.close()


def test_one_server_at_a_time_keeps_runs_in_a_folder(tmp_path: Path) -> None:
    """Proves: a second one is refused, and once the first has ended it is not."""
    keep = tmp_path / "kept"
    with kept_folder(keep), pytest.raises(OptallocError, match="another server keeps its runs"):
        kept_folder(keep).__enter__()
    with kept_folder(keep) as found:
        assert found == keep
    (tmp_path / "file").touch()
    with pytest.raises(OptallocError, match="cannot be used"):
        kept_folder(tmp_path / "file").__enter__()
