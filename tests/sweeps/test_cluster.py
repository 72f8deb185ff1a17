"""Sweeps on a Dask cluster: a real scheduler and two worker processes on loopback."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import pytest

import optalloc
from optalloc.errors import OptallocError
from optalloc.solving import cluster
from tests.books import book, write
from tests.dask_cluster import dask
from tests.sweeps.test_run_sweep import TOY, change, stamps, toml, toy

pytest.importorskip("distributed")


@pytest.mark.slow
def test_two_threads_of_one_worker_build_at_once(tmp_path: Path) -> None:
    """Six demands, solved by one process of two threads, each of which builds its own program.

    Proves: every case costs 10 a MW. Sensitivity: with Pyomo's methods replaced meanwhile, cases
    fail or have rows that lack terms.
    """
    folder = write(book(), tmp_path / "book")
    demands = [15, 20, 25, 30, 35, 45]
    definition = toml(
        tmp_path, change("mw", "Demand.it_mw", "set", str(demands)), design="one at a time"
    )
    with dask(tmp_path, workers=1, threads=2) as address:
        found = optalloc.sweep(folder, definition, cluster=address, out=tmp_path / "out").cases
    assert found["status"].eq("optimal").all()
    assert found["objective"].tolist()[-6:] == pytest.approx([10 * mw for mw in demands])


@pytest.mark.slow
def test_a_cluster_gives_what_this_machine_gives(tmp_path: Path, scheduler: str) -> None:
    """Proves: the same costs, kept and resumed alike; a worker that is killed costs one case, and
    the two processes share the work."""
    book, out = toy(tmp_path / "book"), tmp_path / "out"
    values = [k / 10 + 2 for k in range(8)]
    definition = toml(
        tmp_path,
        change("x1", "Inputs.x1", "set", str(values)),
        change("mishap", "Inputs.mishap", "set", '["error", "kill", "slow"]'),
        design="one at a time",
    )
    far = optalloc.sweep(book, definition, cluster=scheduler, model=TOY, out=out)
    fine = ~far.cases["case"].isin(["mishap = error", "mishap = kill"])
    assert far.cases["status"].where(fine).dropna().eq("optimal").all()
    assert far.failed["case"].tolist() == ["mishap = error", "mishap = kill"]
    reasons = far.failed["reason"].tolist()
    assert reasons[0] == "RuntimeError: a mishap"
    assert "KilledWorker" in reasons[1]
    kept = stamps(out)
    definition = toml(
        tmp_path, change("x1", "Inputs.x1", "set", str(values)), design="one at a time"
    )
    near = optalloc.sweep(book, definition, jobs=1, model=TOY)
    pd.testing.assert_series_equal(far.cases["objective"][:9], near.cases["objective"])
    again = optalloc.sweep(book, definition, cluster=scheduler, model=TOY, out=out, resume=True)
    assert stamps(out) == kept
    pd.testing.assert_frame_equal(again.cases, far.cases[:9])


def test_no_scheduler_and_no_dask_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = toy(tmp_path / "book")
    definition = toml(tmp_path, change("x1", "Inputs.x1", "set", "2"))
    monkeypatch.setattr(cluster, "_CONNECT_S", 1)
    with pytest.raises(OptallocError, match="no Dask scheduler answers there"):
        optalloc.sweep(book, definition, cluster="tcp://127.0.0.1:9", model=TOY)
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(OptallocError, match=r"pip install 'optalloc\[cluster\]'"):
        optalloc.sweep(book, definition, cluster="tcp://127.0.0.1:9", model=TOY)
