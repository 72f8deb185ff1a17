"""Sweeps that meet with mishaps: workers lost, the parent killed, the disk full."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

import optalloc
from optalloc.errors import OptallocError
from tests.sweeps.test_run_sweep import ROOT, TOY, change, stamps, toml, toy
from tests.toy.function import ishigami

MISHAP = "Inputs.mishap"


@pytest.mark.long
def test_a_worker_that_is_lost_costs_one_case(tmp_path: Path) -> None:
    """Proves: killed, hung, out of memory, or in error: each case fails with its reason,
    and all others have the cost that they have without any mishap. Sensitivity: a pool that breaks
    with its worker would lose those behind."""
    mishaps = ["kill", "hang", "memory", "error"]
    definition = toml(
        tmp_path,
        change("a", "Inputs.x1", "set", "0.5"),
        *(change(mishap, MISHAP, "set", f'"{mishap}"') for mishap in mishaps),
        change("z", "Inputs.x1", "set", "0.5"),
    )
    reported: list[tuple[int, int, int]] = []
    result = optalloc.sweep(
        toy(tmp_path / "book"),
        definition,
        jobs=2,
        model=TOY,
        out=tmp_path / "out",
        case_limit_s=6,
        memory_gb=2,
        on_case=lambda *figures: reported.append(figures),
    )
    cases = result.cases.set_index("case")
    assert result.failed["case"].tolist() == mishaps
    reasons = cases["reason"]
    assert "ended by SIGKILL" in reasons["kill"]
    assert reasons["hang"] == "it was still running after 6 s"
    assert reasons["memory"] == "out of memory (limit 2.0 GB)"
    assert reasons["error"] == "RuntimeError: a mishap"
    assert (cases.loc[["base", "a", "z"], "status"] == "optimal").all()
    assert (
        cases.loc["a", "objective"] == cases.loc["z", "objective"] != cases.loc["base", "objective"]
    )
    assert reported[0] == (0, 0, 7)
    assert reported[-1] == (7, 4, 7)
    # A mishap is no result: it is not kept, and so tried again when the sweep is resumed.
    assert len(stamps(tmp_path / "out")) == 2


@pytest.mark.slow
def test_a_script_without_a_guard_is_told_what_to_do(tmp_path: Path) -> None:
    """Proves: a worker that cannot start ends the sweep with the reason, instead of going on for
    ever."""
    definition = toml(tmp_path, change("a", "Inputs.x1", "set", "0.5"))
    script = tmp_path / "script.py"
    words = f"{str(toy(tmp_path / 'book'))!r}, {definition!r}, jobs=1, model={str(TOY)!r}"
    script.write_text(f"import optalloc\noptalloc.sweep({words})\n")
    run = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert run.returncode == 1
    assert "a worker could not start" in run.stderr
    assert 'call optalloc under if __name__ == "__main__":' in run.stderr


COMMAND = [sys.executable, "-W", "error", "-m", "optalloc", "sweep"]


def started(book: Path, definition: str, out: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, str(book), definition, "--model", str(TOY), "--out", str(out), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


@pytest.mark.slow
def test_a_sweep_whose_parent_is_killed_is_resumed(tmp_path: Path) -> None:
    """Proves: SIGKILL in the middle leaves whole cases and no process behind; resumed, those are not
    solved again, and every case costs what the function says."""
    book, out = toy(tmp_path / "book", mishap="slow"), tmp_path / "out"
    values = [k / 10 + 2 for k in range(12)]
    definition = toml(
        tmp_path, change("x1", "Inputs.x1", "set", str(values)), design="one at a time"
    )
    run = started(book, definition, out, "--jobs", "2")
    with run:
        deadline = time.monotonic() + 120
        while not out.is_dir() or len(list((out / "cases").glob("*.zip"))) < 3:
            assert run.poll() is None and time.monotonic() < deadline
            time.sleep(0.02)
        family = psutil.Process(run.pid).children(recursive=True)
        run.kill()
    _, alive = psutil.wait_procs(family, timeout=60)
    assert alive == []
    kept = stamps(out)
    assert 3 <= len(kept) < 13
    assert not (out / "sweep.json").exists()
    result = optalloc.sweep(book, definition, jobs=1, model=TOY, out=out, resume=True)
    now = stamps(out)
    assert len(now) == 13
    assert {name: now[name] for name in kept} == kept
    undisturbed = [ishigami(x1, 2, 0.5) for x1 in (1, *values)]
    assert result.cases["objective"].tolist() == pytest.approx(undisturbed, abs=1e-6)


@pytest.mark.slow
def test_ctrl_c_ends_a_sweep_that_can_be_resumed(tmp_path: Path) -> None:
    """Proves: one line says how far it came and how to go on; no process stays behind."""
    book, out = toy(tmp_path / "book", mishap="slow"), tmp_path / "out"
    values = [k / 10 + 2 for k in range(12)]
    definition = toml(
        tmp_path, change("x1", "Inputs.x1", "set", str(values)), design="one at a time"
    )
    run = started(book, definition, out, "--jobs", "2")
    while not out.is_dir() or len(list((out / "cases").glob("*.zip"))) < 3:
        assert run.poll() is None
        time.sleep(0.02)
    family = psutil.Process(run.pid).children(recursive=True)
    run.send_signal(signal.SIGINT)
    reported, said = run.communicate(timeout=60)
    assert (run.returncode, reported) == (5, "")
    assert re.fullmatch(
        r"interrupted; \d+ of 13 cases are finished\. Run the same command with --resume to "
        r"finish it\.",
        said.splitlines()[-1],
    )
    assert psutil.wait_procs(family, timeout=60)[1] == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 12 blocks, where this user may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=48k", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this user may not mount a disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.slow
def test_a_full_disk_ends_a_sweep_that_can_be_resumed(tmp_path: Path, small_disk: Path) -> None:
    """Proves: the message says that there is no space and how to go on; with room made, the cases
    that fitted are used."""
    book, out = toy(tmp_path / "book"), small_disk / "out"
    values = [k / 10 - 2 for k in range(30)]
    definition = toml(
        tmp_path, change("x1", "Inputs.x1", "set", str(values)), design="one at a time"
    )
    with pytest.raises(OptallocError, match=r"No space left on device\..*with --resume") as error:
        optalloc.sweep(book, definition, jobs=1, model=TOY, out=out)
    assert "Traceback" not in str(error.value)
    kept = stamps(out)
    assert 1 < len(kept) < 31
    assert all(name.endswith(".zip") and not name.startswith(".") for name in kept)
    subprocess.run(["mount", "-o", "remount,size=4m", str(small_disk)], check=True)
    result = optalloc.sweep(book, definition, jobs=1, model=TOY, out=out, resume=True)
    assert (result.cases["status"] == "optimal").all()
    assert {name: stamp for name, stamp in stamps(out).items() if name in kept} == kept


@pytest.mark.slow
def test_a_file_that_may_not_grow_ends_a_sweep_in_one_line(tmp_path: Path) -> None:
    """Proves: the command tells a disk's refusal, here by a limit on the size of files, in one line
    and with its exit code; no half a file stays."""
    definition = toml(tmp_path, change("x1", "Inputs.x1", "set", "2"))
    out = tmp_path / "out"
    words = [
        *COMMAND,
        toy(tmp_path / "book"),
        definition,
        "--model",
        TOY,
        "--out",
        out,
        "--jobs",
        1,
    ]
    command = " ".join(map(str, words))
    run = subprocess.run(
        ["bash", "-c", f"ulimit -f 1; exec {command}"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert run.returncode == 2
    (line,) = [line for line in run.stderr.splitlines() if " cases" not in line[:12]]
    assert "cannot be written: File too large. The cases finished before are kept" in line
    assert list((out / "cases").iterdir()) == []
