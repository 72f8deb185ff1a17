"""Tasks on a pool and on a Dask cluster: the same results, and the same for what goes wrong."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import optalloc
from optalloc.errors import OptallocError
from optalloc.mip.outcome import Options, Progress
from optalloc.mip.parameters import Futures, Parameters
from optalloc.solving.cluster import run_cluster
from optalloc.solving.futures import solve_stochastic
from optalloc.solving.pool import Limits, Lost, run_pool
from tests.books import book, write
from tests.mip.test_extensive_form import newsvendor

pytest.importorskip("distributed")


def squares() -> Callable[[int | str | Path], int]:
    """Give a function that squares numbers, and does to its worker what a word says."""

    def work(task: int | str | Path) -> int:
        if task == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if task == "hang":
            time.sleep(60)
        if isinstance(task, Path):
            while not task.exists():
                time.sleep(0.1)
            return 0
        if task == "raise":
            raise RuntimeError("a mishap")
        return int(task) ** 2

    return work


@dataclass
class Queue:
    """Tasks that wait, and results by task."""

    waiting: list[int | str | Path]
    found: dict[int | str | Path, Any] = field(default_factory=dict)
    enough: int = 1_000

    def __post_init__(self) -> None:
        self.tasks = list(self.waiting)

    def __len__(self) -> int:
        return len(self.waiting)

    @property
    def over(self) -> bool:
        return len(self.found) >= self.enough

    def next(self) -> tuple[int, int | str | Path]:
        task = self.waiting.pop(0)
        return self.tasks.index(task), task

    def done(self, number: int, result: Any) -> None:
        self.found[self.tasks[number]] = result


@pytest.fixture(params=["pool", "cluster"])
def run(request: pytest.FixtureRequest) -> Callable[[Queue, Limits], None]:
    """Do the tasks of a queue in two processes of this machine, or on a cluster of two."""
    if request.param == "pool":
        return lambda queue, limits: run_pool(squares, queue, 2, limits)
    address = request.getfixturevalue("scheduler")
    return lambda queue, limits: run_cluster(squares, queue, address, limits)


@pytest.mark.first(1)
def test_what_goes_wrong_costs_one_task(run: Callable[[Queue, Limits], None]) -> None:
    """Proves: a worker that is killed, a task that hangs and one that raises are each reported as
    lost with the reason; all others are done."""
    queue = Queue([1, "kill", 2, "hang", 3, "raise", 4, 5, 6])
    run(queue, Limits(seconds=3))
    lost = {task: one.reason for task, one in queue.found.items() if isinstance(one, Lost)}
    assert sorted(map(str, lost)) == ["hang", "kill", "raise"]
    assert "still running after 3 s" in lost["hang"]
    assert [queue.found[k] for k in range(1, 7)] == [1, 4, 9, 16, 25, 36]


@pytest.mark.long
@pytest.mark.first(1)
def test_what_is_at_work_is_given_up_once_nothing_more_is_wanted(
    tmp_path: Path, run: Callable[[Queue, Limits], None]
) -> None:
    """Proves: it ends with the first result. Sensitivity: the other task waits for a file that is
    written afterwards; waiting for it would not end."""
    file = tmp_path / "file"
    queue = Queue([file, 2], enough=1)
    run(queue, Limits())
    file.write_text("")
    assert queue.found == {2: 4}


@pytest.mark.long
def test_scenarios_are_solved_on_a_cluster(scheduler: str) -> None:
    """Proves: on a cluster, of which a worker is killed meanwhile, the decomposition finds the policy
    that the extensive form proves. Sensitivity: alone, the scenarios cost less."""
    program = newsvendor((50, 80, 100), (0.5, 0.3, 0.2))
    options = Options(gap=1e-6, parameters=Parameters(futures=Futures(extensive_entries=0)))
    killed: list[int] = []

    def kill(_: Progress) -> None:
        if not killed:
            killed.append(1)
            run_cluster(squares, Queue(["kill"]), scheduler, Limits())

    whole = solve_stochastic(program, None, Options(gap=1e-6))
    found = solve_stochastic(program, None, options, kill, cluster=scheduler)
    assert killed
    assert found.outcome.objective == pytest.approx(whole.outcome.objective)
    assert found.outcome.gap <= 1e-6
    assert sum(one.objective for one in found.alone) / 3 < found.outcome.objective


def test_a_cluster_that_is_not_used_is_told(tmp_path: Path) -> None:
    program = newsvendor((50, 80), (0.5, 0.5))
    found = solve_stochastic(program, cluster="tcp://127.0.0.1:9")
    assert any("the cluster was not used" in note for note in found.outcome.notes)
    with pytest.raises(OptallocError, match="there are none: leave cluster out"):
        optalloc.solve(write(book(), tmp_path / "book"), cluster="tcp://127.0.0.1:9")
