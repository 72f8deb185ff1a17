"""What runs leave behind: one row a run, its trace, and the best that is known of each instance."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from optalloc.mip.outcome import relative_gap
from optalloc.system import replacing

__all__ = ["BEST", "COLUMNS", "GAPS", "KEY", "Results", "primal_integral", "seconds_to", "thinned"]

GAPS = {"seconds_to_5_percent": 0.05, "seconds_to_1_percent": 0.01, "seconds_to_0_1_percent": 0.001}
KEY = ("instance", "route", "threads", "solver_seed", "gap_asked", "time_limit_s")
COLUMNS = (
    *("instance", "size", "seed", "route", "threads", "solver_seed", "gap_asked", "time_limit_s"),
    *("seconds_read", "seconds_build", "seconds_compile", "seconds_first_plan", *GAPS),
    *("seconds_solve", "seconds_total", "objective", "bound", "gap", "primal_integral"),
    *("peak_mb", "stop_reason", "audit_passed", "note", "memory_limit_mb"),
    *("rows", "columns", "integers", "non_zeros", "load_at_start", "when", "versions", "machine"),
)
TRACE = (*KEY, "seconds", "objective", "bound")
BEST = ("instance", "objective", "objective_by", "bound", "bound_by", "when")
MOST_POINTS = 200
# A bound may lie above a plan by what arithmetic blurs.
BLUR = 1e-6


class Results:
    """A folder with ``runs.csv``, ``traces.csv`` and ``best_known.csv``.

    A run's row is written last, so that a run that was cut off leaves nothing that counts.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        for name, columns in (("runs.csv", COLUMNS), ("traces.csv", TRACE)):
            _mend(folder / name, columns)

    def runs(self) -> pd.DataFrame:
        """All runs, the last one of each key."""
        frame = pd.read_csv(self.folder / "runs.csv")
        return frame.drop_duplicates(list(KEY), keep="last").reset_index(drop=True)

    def traces(self) -> pd.DataFrame:
        """Incumbent and bound over time, of the runs that count."""
        frame = pd.read_csv(self.folder / "traces.csv")
        kept = self.runs()[list(KEY)]
        # Where a run was made again, its last trace counts: the one after which time starts anew.
        frame["part"] = (frame.groupby(list(KEY))["seconds"].diff() < 0).astype(int)
        frame["part"] = frame.groupby(list(KEY))["part"].cumsum()
        last = frame.groupby(list(KEY))["part"].transform("max")
        return frame[frame["part"] == last].drop(columns="part").merge(kept, on=list(KEY))

    def done(self) -> set[tuple[Any, ...]]:
        """Keys of the runs that were made."""
        return {*self.runs()[list(KEY)].itertuples(index=False, name=None)}

    def add(self, row: Mapping[str, Any], trace: pd.DataFrame) -> None:
        """Keep a run: its trace first, then its row."""
        key = [row[name] for name in KEY]
        points = trace[["seconds", "objective", "bound"]].itertuples(index=False, name=None)
        _append(self.folder / "traces.csv", ([*key, *point] for point in points))
        _append(self.folder / "runs.csv", [[row.get(name) for name in COLUMNS]])

    def best_known(self) -> pd.DataFrame:
        """Best objective of an audited plan, and best bound, by instance."""
        path = self.folder / "best_known.csv"
        frame = pd.read_csv(path) if path.exists() else pd.DataFrame(columns=list(BEST))
        return frame.set_index("instance")

    def learn(self, row: Mapping[str, Any]) -> str:
        """Take a run's plan, if audited, and its bound, where they are better than what is known.

        Returns
        -------
        str
            What contradicts what is known; empty where nothing does.
        """
        known = self.best_known().to_dict("index")
        name, route = str(row["instance"]), str(row["route"])
        nothing: dict[Any, Any] = {"objective": math.inf, "objective_by": "", "when": row["when"]}
        own = known.setdefault(name, nothing | {"bound": -math.inf, "bound_by": ""})
        objective = row["objective"] if row["audit_passed"] is True else math.inf
        best, bound = min(own["objective"], objective), row["bound"]
        if bound > best + BLUR * abs(best):
            return f"its bound {bound:.6f} lies above the best known plan, {best:.6f}"
        if objective < own["bound"] - BLUR * abs(objective):
            return f"its plan costs {objective:.6f}, less than the best bound, {own['bound']:.6f}"
        if objective < own["objective"]:
            own |= {"objective": objective, "objective_by": route, "when": row["when"]}
        if bound > own["bound"]:
            own |= {"bound": bound, "bound_by": route, "when": row["when"]}
        frame = pd.DataFrame.from_dict(known, orient="index").rename_axis("instance")
        with replacing(self.folder / "best_known.csv") as unfinished:
            frame.sort_index().reset_index()[list(BEST)].to_csv(unfinished, index=False)
        return ""


def _mend(path: Path, columns: Iterable[str]) -> None:
    """Begin a file with its header, or cut off a last line that was not written to its end."""
    data = path.read_bytes() if path.exists() else b""
    whole = data[: data.rfind(b"\n") + 1]
    if not whole:
        whole = (",".join(columns) + "\n").encode()
    if whole != data:
        path.write_bytes(whole)


def _append(path: Path, rows: Iterable[Iterable[Any]]) -> None:
    with path.open("a", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows(rows)
        stream.flush()
        os.fsync(stream.fileno())


def thinned(points: list[tuple[float, float, float]]) -> pd.DataFrame:
    """Best incumbent and bound over time: only where one moves, and no more than 200 moments.

    Parameters
    ----------
    points : list of (seconds, objective, bound)
    """
    frame = pd.DataFrame(points, columns=["seconds", "objective", "bound"], dtype=float)
    frame = frame.sort_values("seconds", kind="stable")
    frame["objective"] = frame["objective"].fillna(math.inf).cummin()
    frame["bound"] = frame["bound"].fillna(-math.inf).cummax()
    moved = (frame[["objective", "bound"]] != frame[["objective", "bound"]].shift()).any(axis=1)
    frame = frame[moved].reset_index(drop=True)
    if len(frame) > MOST_POINTS:
        kept = np.unique(np.linspace(0, len(frame) - 1, MOST_POINTS).round().astype(int))
        gaps = [relative_gap(*pair) for pair in frame[["objective", "bound"]].to_numpy()]
        # The moments from which times to gaps are read stay.
        first = [int(np.argmax(np.array(gaps) <= gap)) for gap in GAPS.values()]
        kept = np.union1d(kept, [*first, int(np.argmax(np.isfinite(frame["objective"])))])
        frame = frame.iloc[kept].reset_index(drop=True)
    return frame


def seconds_to(trace: pd.DataFrame, gap: float) -> float:
    """Seconds after which a trace has a proven gap of at most this; NaN if it never has."""
    for seconds, objective, bound in trace[["seconds", "objective", "bound"]].to_numpy():
        if relative_gap(objective, bound) <= gap:
            return float(seconds)
    return math.nan


def primal_integral(trace: pd.DataFrame, best: float, until: float) -> float:
    """Area under the primal gap to the best known plan, in seconds; 1 while there is no plan.

    Source: Berthold (2013), doi:10.1016/j.orl.2013.08.007.
    """
    seconds = np.minimum(trace["seconds"].to_numpy(float), until)
    objective = trace["objective"].to_numpy(float)
    size = np.maximum(np.abs(objective), abs(best))
    with np.errstate(invalid="ignore"):
        apart = np.where(np.isfinite(objective), (objective - best) / np.maximum(size, 1e-12), 1.0)
    height = np.concatenate([[1.0], np.clip(apart, 0.0, 1.0)])
    edges = np.concatenate([[0.0], seconds, [until]])
    return float((np.diff(edges) * height).sum())
