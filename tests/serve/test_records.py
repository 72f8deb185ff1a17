"""Runs that are kept over a restart of the server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import optalloc
from optalloc.errors import OptallocError
from optalloc.serve.files import ITEM
from optalloc.serve.folder import kept_folder
from optalloc.serve.records import write_book, write_run
from optalloc.serve.task import Task
from optalloc.serve.visitors import Book, Run, Visitor, folder_name
from tests.serve.guest import Guest, served, solvers
from tests.serve.test_runs import with_sweep


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
        guest.client.post(f"/mine/{token}")
        first = guest.client.get("/").text
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
        guest.client.post(f"/mine/{token}")
        assert "minimal.xlsx</a>" in guest.client.get("/").text
        assert "The server ended while this went on" in guest.client.get(run).text
        guest.close()


def test_runs_of_another_version_are_named_and_downloaded(tmp_path: Path) -> None:
    """Proves: what another version has recorded, of whatever shape, is listed with the version that made
    it; workbook, plan and report are downloaded as they were, and nothing can be asked of it.
    Sensitivity: what this version has recorded beside it is shown as its own."""
    token = "a token that nobody guesses"
    visitor = Visitor(tmp_path / "kept" / folder_name(token))
    for name in ("own", "old", "odd", "run"):
        (visitor.folder / name).mkdir(parents=True)
    for name in ("own", "old"):
        folder = visitor.folder / name
        (folder / "book.xlsx").write_bytes(name.encode())
        book = Book(name, "book.xlsx", folder / "book.xlsx", Task(folder, {}, 1.0))
        write_book(book)
    folder = visitor.folder / "run"
    write_run(Run("run", "solve", "Run 1", 1, "a gap", book, Task(folder, {}, 1.0), {}, 0.0, 9.0))
    for file in ("plan.xlsx", "report.html"):
        (folder / file).write_text(file)
    for path in (visitor.folder / "old" / ITEM, folder / ITEM):
        record = json.loads(path.read_text())
        assert record["version"] == optalloc.__version__
        kind = "run" if "run" in record else "book"
        # A later version may have given what it keeps other names.
        record[kind]["colour"] = record[kind].pop("made_s")
        path.write_text(json.dumps({**record, "version": "9.9"}))
    (visitor.folder / "odd" / ITEM).write_text(json.dumps({"book": ["book.xlsx"]}))
    with served(keep=tmp_path / "kept") as address:
        guest = Guest(address)
        guest.client.post(f"/mine/{token}")
        first = guest.client.get("/").text
        assert all(
            f"/{one}" in first for one in ("books/own", "books/old", "books/odd", "runs/run")
        )
        other = f"made by optalloc 9.9, and this server is optalloc {optalloc.__version__}"
        assert other in guest.client.get("/books/old").text
        assert other in guest.client.get("/runs/run").text
        assert "made by an earlier version of optalloc" in guest.client.get("/books/odd").text
        assert "The server ended while this went on" in guest.client.get("/books/own").text
        for file in ("plan.xlsx", "report.html"):
            assert f'href="/runs/run/{file}"' in guest.client.get("/runs/run").text
            assert guest.client.get(f"/runs/run/{file}").text == file
        assert guest.client.get("/books/old/workbook.xlsx").content == b"old"
        asked = {"gap": "0", "seconds": "9"}
        assert guest.client.post("/books/old/solve", data=asked).status_code == 409
        assert guest.client.post("/runs/run/resume").status_code == 409
        guest.close()


@pytest.mark.slow
def test_a_sweep_goes_on_after_a_restart(minimal: Path, tmp_path: Path) -> None:
    """Proves: cases that were finished before the server ended are not solved again."""
    keep = tmp_path / "kept"
    with served(keep=keep) as address:
        guest = Guest(address)
        book = guest.checked(with_sweep(minimal, tmp_path / "swept.xlsx", 10))
        run = guest.ask(book, "sweep", sweep="grid")
        guest.until(run, lambda state: bool(state["step"]) and state["step"][1] > 1)
        token = guest.client.cookies["visitor"]
        guest.close()
    cases = next(keep.glob("*/*/sweep/cases"))
    before = {path.name: path.stat().st_mtime_ns for path in cases.glob("*.zip")}
    assert 1 < len(before) < 11
    with served(keep=keep) as address:
        guest = Guest(address)
        guest.client.post(f"/mine/{token}")
        assert "Go on with the cases that are missing" in guest.client.get(run).text
        assert guest.client.post(f"{run}/resume").status_code == 303
        assert "All 11 cases have a plan." in guest.ended(run)
        guest.close()
    after = {path.name: path.stat().st_mtime_ns for path in cases.glob("*.zip")}
    assert before.items() <= after.items() and len(after) == 11


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
