"""Runs of a campaign: kept, cut off, killed, resumed; each in a process of its own."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

import optalloc
from optalloc.analysis.bench.instances import Instance, instances_of
from optalloc.analysis.bench.routes import Limits, Measured, Route, Tell, routes_of
from optalloc.analysis.bench.runner import Grace, Task, campaign, missing, tasks_of
from optalloc.analysis.bench.store import KEY, RunStore, thinned
from optalloc.errors import OptallocError
from optalloc.mip.outcome import Options
from tests.analysis.bench_runs import INF, row, trace
from tests.paths import INPUTS, ROOT

MINIMAL, FIRST = INPUTS / "minimal", INPUTS / "first"


@dataclass(frozen=True)
class Odd:
    """A route that tells a plan and then does something odd."""

    name: str

    def __call__(self, path: Path, limits: Limits, tell: Tell) -> Measured:
        """Go it."""
        tell(0.5, 110.0, 90.0)
        if self.name == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.name == "greedy":
            held = bytearray(600 * 2**20)
            held[:: 2**12] = b"x" * len(held[:: 2**12])
            time.sleep(60)
        if self.name == "hanging":
            time.sleep(60)
        if self.name == "mistaken":
            tell(0.6, 99.0, 99.0)
            return Measured({"read": 0.1, "solve": 0.9}, 110.0, 95.0, "time", audit_passed=True)
        if self.name == "infeasible":
            return Measured({"read": 0.1, "solve": 0.4}, stop_reason="infeasible")
        if self.name == "failing":
            raise ValueError("no such thing")
        return Measured({"read": 0.1, "solve": 0.4}, 100.0, 99.5, "gap", audit_passed=True)


def instance(name: str = "made") -> Instance:
    return Instance(name, "workbook", Path("nowhere"), "d", Options())


def task(route: str, seconds: float = 60.0, of: Instance | None = None) -> Task:
    return Task(of or instance(), Odd(route), Limits(gap=0.01, seconds=seconds, threads=1, seed=0))


@pytest.mark.long
def test_a_bad_run_costs_itself_alone(tmp_path: Path) -> None:
    """Proves: runs that are killed, take too much memory, hang, and raise an error are rows that say
    so, with the plan that they had told; the run after them is complete; asked for again, none is made.
    Sensitivity: with the digest of another input, all are."""
    store = RunStore(tmp_path)
    todo = [task("killed"), task("greedy"), task("hanging", 0.1), task("failing"), task("good")]
    rows = [*campaign(todo, store, 500.0, Grace(seconds=2.0, share=0.0))]
    notes = {one["route"]: one["note"] for one in rows}
    assert notes == {
        "killed": "crashed: its process was ended by SIGKILL, perhaps for want of memory",
        "greedy": "out of memory: more than 500 MB",
        "hanging": "hung: no answer after 2.1 s",
        "failing": "ValueError: no such thing",
        "good": "",
    }
    assert [one["stop_reason"] for one in rows] == ["failed"] * 4 + ["gap"]
    assert [one["objective"] for one in rows] == [110.0] * 4 + [100.0]
    assert missing(todo, store) == []
    again = [
        task(
            one.route.name, one.limits.seconds, Instance("made", "workbook", Path(), "e", Options())
        )
        for one in todo
    ]
    assert missing(again, store) == again
    assert set(KEY) < set(store.runs().columns)


@pytest.mark.long
def test_what_is_taken_back_does_not_count(tmp_path: Path) -> None:
    """Proves: a candidate of 99 that came to a plan of 110, and a bound of 99 that came to 95, are not in
    the trace, and no gap is reached by them; a proof that there is no plan is one, and leaves no plan of
    before. Sensitivity: as reported, 99 and 99 would have been a gap of 0."""
    store = RunStore(tmp_path)
    mistaken, none = campaign([task("mistaken"), task("infeasible")], store, 8000.0)
    assert (mistaken["objective"], mistaken["bound"]) == (110.0, 95.0)
    assert math.isnan(mistaken["seconds_to_gap"]) and math.isnan(mistaken["seconds_to_1_percent"])
    traces = store.traces().set_index("route")
    assert traces.loc["mistaken", ["objective", "bound"]].to_numpy().tolist() == [
        [110, 90],
        [110, 95],
    ]
    assert none["seconds_to_gap"] == none["seconds_to_5_percent"] == pytest.approx(0.5)
    assert math.isnan(none["seconds_first_plan"]) and none["bound"] == INF


def test_a_line_cut_off_is_no_run(tmp_path: Path) -> None:
    """Proves: a row that was cut off in the middle is gone, and its run is made again; the trace of a
    run without a row does not count, nor does the first trace of a run made twice."""
    store = RunStore(tmp_path)
    for name in ("a", "b"):
        store.add(row(name, "auto", 1.0), trace((1.0, INF, 90.0), (10.0, 110.0, 99.0)))
    runs = tmp_path / "runs.csv"
    runs.write_text(runs.read_text()[:-40])
    again = RunStore(tmp_path)
    assert again.runs()["instance"].tolist() == ["a"] and len(again.traces()) == 2
    again.add(row("b", "auto", 5.0), trace((2.0, 100.0, 99.0)))
    assert again.traces().query("instance == 'b'")["seconds"].tolist() == [2.0]
    assert {key[0]: digest for key, digest in again.done().items()} == {"a": "d", "b": "d"}


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    """Proves: neither a folder without runs, nor one with other columns, is taken for a campaign."""
    with pytest.raises(OptallocError, match="holds no runs"):
        RunStore(tmp_path, make=False)
    (tmp_path / "runs.csv").write_text("a,b\n1,2\n")
    with pytest.raises(OptallocError, match="another version"):
        RunStore(tmp_path)
    assert (tmp_path / "runs.csv").read_text() == "a,b\n1,2\n"


def test_a_trace_is_thinned_without_losing_when_gaps_were_had() -> None:
    """Proves: of 5,000 moments 200 or a few more stay, the first plan and the first with each gap among
    them; worse moments change nothing."""
    points = [(k / 10, 200 - k / 50, 50 + k / 100) for k in range(5000)]
    kept = thinned(points, (0.3,))
    assert len(kept) <= 206
    gaps = (kept["objective"] - kept["bound"]) / kept["objective"]
    # (200 - k / 50 - 50 - k / 100) / (200 - k / 50) <= 0.3 from k = 3750 on, <= 0.05 from 4827 on.
    assert kept["seconds"][gaps <= 0.3].iloc[0] == 375.0
    assert kept["seconds"][gaps <= 0.05].iloc[0] == 482.8
    assert thinned([(2.0, 90.0, 1.0), (1.0, 100.0, 5.0)]).to_numpy().tolist() == [
        [1.0, 100.0, 5.0],
        [2.0, 90.0, 5.0],
    ]


def test_tasks_lie_side_by_side_in_time() -> None:
    """Proves: the routes of one instance and seed follow each other, so that what else the machine does
    meets them all; without seeds an instance's own is taken."""
    routes = [Odd("a"), Odd("b")]
    limits = lambda of, seed: Limits(0.01, 1.0, 1, seed)  # noqa: E731
    found = tasks_of([instance("x"), instance("y")], routes, [3, 4], limits)
    keys = [(one.instance.name, one.limits.seed, one.route.name) for one in found]
    assert keys[:5] == [("x", 3, "a"), ("x", 3, "b"), ("x", 4, "a"), ("x", 4, "b"), ("y", 3, "a")]
    assert [one.limits.seed for one in tasks_of([instance()], routes, [], limits)] == [0, 0]


def test_which_routes_are_tried() -> None:
    """Proves: by default HiGHS by three strategies and every solver that is installed; with a strategy
    HiGHS alone; what is unknown or contradictory is refused."""
    names = [route.name for route in routes_of((), (), None)]
    assert names[:3] == ["highs:direct", "highs:race", "highs:decompose"]
    assert [route.name for route in routes_of((), ("race",), None)] == ["highs:race"]
    assert routes_of(("highs",), ("auto",), None) == [Route()]
    for solvers, strategies, words in (
        ((), ("magic",), "strategy must be one of"),
        (("magic",), (), "solver must be one of"),
    ):
        with pytest.raises(OptallocError, match=words):
            routes_of(solvers, strategies, None)


def test_sources_are_read_before_anything_runs(tmp_path: Path) -> None:
    """Proves: a size with seeds is as many instances; a folder that is there is read as it is; names
    that are the same are refused, and so is what is not there. The digest is that of what was read, so
    that campaigns of two versions of the model compare."""
    model = optalloc.load_model()
    found = instances_of(["XS:1-2", str(MINIMAL)], model, tmp_path)
    assert [(one.name, one.group) for one in found] == [
        ("XS-1", "XS"),
        ("XS-2", "XS"),
        ("minimal", "workbooks"),
    ]
    assert found[2].digest == optalloc.read_workbook(MINIMAL).digest
    assert found[0].options.gap == 0.001 and (tmp_path / "XS-2" / "Sites.csv").is_file()
    assert instances_of(["XS"], model, tmp_path)[0] == found[0]
    with pytest.raises(OptallocError, match="found twice: minimal"):
        instances_of([MINIMAL, MINIMAL], model, tmp_path)
    with pytest.raises(OptallocError, match="seeds must rise"):
        instances_of(["XS:3-1"], model, tmp_path)
    with pytest.raises(OptallocError, match="S: 30 sites"):
        instances_of(["XXL:1"], model, tmp_path)
    for absent in ("none.mps", "none"):
        with pytest.raises(OptallocError, match="must exist"):
            instances_of([absent], model, tmp_path)


@pytest.mark.slow
def test_a_campaign_of_two_workbooks_two_routes_and_two_seeds(tmp_path: Path) -> None:
    """Proves: eight runs with the costs known by hand (1,170 and 649.52), audited, none wrong; the
    second call makes none, and a run whose row was lost is made again alone."""
    out = tmp_path / "bench"
    counts: list[tuple[int, int, int]] = []
    options = {"strategies": ["direct"], "solvers": ["highs", "scip"], "seeds": [0, 1]}
    pytest.importorskip("pyscipopt")
    for _ in range(2):
        said = optalloc.bench(
            [MINIMAL, FIRST], out=out, threads=1, on_case=lambda *now: counts.append(now), **options
        )
    assert counts[0] == (0, 0, 8) and counts[-2:] == [(8, 0, 8), (8, 0, 8)] and len(counts) == 10
    runs = said["Runs"]
    costs = runs.groupby("instance")["objective"].agg(["min", "max"]).round(2).to_numpy().tolist()
    assert costs == [[649.52, 649.52], [1170.0, 1170.0]]
    assert (runs["audit"] == "passed").all() and (runs["row_violation"] <= 1e-6).all()
    assert (runs["peak_mb"] > 50).all() and said["Wrong answers"].empty
    assert said["Ratios"]["pairs"].tolist() == [4]
    lines = (out / "runs.csv").read_text().splitlines(keepends=True)
    (out / "runs.csv").write_text("".join(lines[:-1]))
    counts.clear()
    optalloc.bench(
        [MINIMAL, FIRST], out=out, threads=1, on_case=lambda *now: counts.append(now), **options
    )
    assert counts == [(7, 0, 8), (8, 0, 8)]
    assert {path.name for path in out.iterdir()} >= {"bench.html", "bench.xlsx"}
    assert pd.read_excel(out / "bench.xlsx", sheet_name="Runs", engine="openpyxl").shape[0] == 8
    compared = optalloc.bench([MINIMAL, FIRST], out=out, threads=1, against=out, **options)
    assert {*compared["Against earlier"]["verdict"]} == {"within the noise"}
    assert any("No difference from the earlier" in sentence for sentence in compared.sentences)


@pytest.mark.long
def test_a_campaign_that_was_interrupted_goes_on(tmp_path: Path) -> None:
    """Proves: Ctrl-C ends the run under way, keeps those before it, writes the page of them and says
    how to go on; no process of it is left; called again, only the others are made."""
    out = tmp_path / "bench"
    words = ["bench", str(MINIMAL), "--strategy", "direct", "--seeds", "0-3"]
    command = [sys.executable, "-m", "optalloc", *words, "--threads", "1", "--out", str(out)]
    first = subprocess.Popen(
        command, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    runs = out / "runs.csv"
    while not (runs.exists() and len(runs.read_text().splitlines()) > 1):
        assert first.poll() is None
        time.sleep(0.05)
    first.send_signal(signal.SIGINT)
    _, said = first.communicate(timeout=120)
    done = len(runs.read_text().splitlines()) - 1
    assert first.returncode == 5, said
    assert f"{done} of 4 runs are kept" in said and done < 4
    assert (out / "bench.html").is_file()
    again = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "4 of 4 runs" in again.stderr
    assert len(RunStore(out).runs()) == 4


def test_runs_of_another_machine_are_not_added_to(tmp_path: Path) -> None:
    """Proves: a folder with runs of other versions is refused where one is missing, and read where none
    is: what is there can be looked at anywhere."""
    RunStore(tmp_path).add(row("other", "highs:direct", 1.0), trace((1.0, 100.0, 99.5)))
    with pytest.raises(OptallocError, match="--against"):
        optalloc.bench(MINIMAL, out=tmp_path, strategies=["direct"])
    digest = instances_of([MINIMAL], optalloc.load_model(), tmp_path)[0].digest
    made = {"time_limit_s": 60.0, "threads": 1, "gap_asked": 0.0001, "digest": digest}
    store = RunStore(tmp_path / "complete")
    store.add(row("minimal", "highs:direct", 1.0, **made), trace((1.0, 100.0, 99.5)))
    said = optalloc.bench(
        MINIMAL, out=store.folder, strategies=["direct"], threads=1, gap=0.0001, seeds=[0]
    )
    assert said["Runs"]["objective"].tolist() == [100.0]


@pytest.mark.long
def test_frames_are_measured_like_the_folder_that_they_are_read_from() -> None:
    """Proves: a mapping of frames is an instance; without a folder nothing is kept."""
    frames = {path.stem: pd.read_csv(path, dtype=str) for path in MINIMAL.glob("*.csv")}
    said = optalloc.bench([frames], strategies=["direct"], threads=1)
    (run,) = said["Runs"].to_dict("records")
    assert (run["instance"], run["objective"]) == ("frames-1", pytest.approx(1170.0))
    assert not math.isnan(said["Phases"]["seconds"].sum())
