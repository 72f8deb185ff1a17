"""A folder of runs: one row a run and its trace, kept as each ends."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from optalloc.errors import OptallocError
from optalloc.mip.outcome import relative_gap
from optalloc.system import replacing

__all__ = ["COLUMNS", "GAPS", "KEY", "RunStore", "thinned"]

GAPS = {"seconds_to_5_percent": 0.05, "seconds_to_1_percent": 0.01, "seconds_to_0_1_percent": 0.001}
KEY = ("instance", "route", "threads", "solver_seed", "gap_asked", "time_limit_s")
# Costs are to be minimised: negative where a file of a program maximises.
COLUMNS = (
    *("instance", "group", "route", "threads", "solver_seed", "gap_asked", "time_limit_s"),
    *("seconds_read", "seconds_build", "seconds_compile", "seconds_first_plan", *GAPS),
    *("seconds_to_gap", "seconds_solve", "seconds_total", "objective", "bound", "gap"),
    *("maximised", "integrality", "row_violation", "peak_mb", "stop_reason", "audit_passed"),
    *("note", "memory_limit_mb", "rows", "columns", "integers", "non_zeros"),
    *("load_at_start", "when", "digest", "versions", "machine"),
)
TRACE = (*KEY, "seconds", "objective", "bound")
_WORDS = ("stop_reason", "note", "when", "digest", "versions", "machine")
MOST_POINTS = 200


class RunStore:
    """A folder with ``runs.csv`` and ``traces.csv``.

    A run's row is written last, so that a run that was cut off leaves nothing that counts.

    Parameters
    ----------
    folder : Path
    make : bool
        False for a folder that must hold runs.

    Raises
    ------
    OptallocError
        If it holds no runs but must, or its files have other columns.
    """

    def __init__(self, folder: Path, *, make: bool = True) -> None:
        self.folder = folder
        self._runs, self._traces = folder / "runs.csv", folder / "traces.csv"
        if make:
            folder.mkdir(parents=True, exist_ok=True)
        elif not self._runs.is_file():
            raise OptallocError(f"{folder}: holds no runs of optalloc bench (runs.csv is missing)")
        for path, columns in ((self._runs, COLUMNS), (self._traces, TRACE)):
            _mend(path, columns)

    def runs(self) -> pd.DataFrame:
        """All runs, the last one of each key."""
        frame = pd.read_csv(self._runs, dtype=dict.fromkeys(_WORDS, object))
        frame["note"] = frame["note"].fillna("")
        frame["maximised"] = frame["maximised"].astype(str) == "True"
        frame["audit_passed"] = frame["audit_passed"].astype(object)
        return frame.drop_duplicates(list(KEY), keep="last").reset_index(drop=True)

    def traces(self) -> pd.DataFrame:
        """Incumbent and bound over time, of the runs that count."""
        frame = pd.read_csv(self._traces)
        kept = self.runs()[list(KEY)]
        # Where a run was made again, its last trace counts: the one after which time starts again.
        frame["part"] = (frame.groupby(list(KEY))["seconds"].diff() < 0).astype(int)
        frame["part"] = frame.groupby(list(KEY))["part"].cumsum()
        last = frame.groupby(list(KEY))["part"].transform("max")
        return frame[frame["part"] == last].drop(columns="part").merge(kept, on=list(KEY))

    def done(self) -> dict[tuple[Any, ...], str]:
        """Keys of the runs that were made, each with the digest of its input."""
        runs = self.runs()
        keys = runs[list(KEY)].itertuples(index=False, name=None)
        return dict(zip(keys, runs["digest"].fillna(""), strict=True))

    def add(self, row: Mapping[str, Any], trace: pd.DataFrame) -> None:
        """Keep a run: its trace first, then its row."""
        key = [row[name] for name in KEY]
        points = trace[["seconds", "objective", "bound"]].itertuples(index=False, name=None)
        _append(self._traces, ([*key, *point] for point in points))
        _append(self._runs, [[row.get(name) for name in COLUMNS]])


def _mend(path: Path, columns: Iterable[str]) -> None:
    """Begin a file with its header, or cut off a last line that was not written to its end."""
    data = path.read_bytes() if path.exists() else b""
    kept = data[: data.rfind(b"\n") + 1]
    header = (",".join(columns) + "\n").encode()
    if kept and not kept.startswith(header):
        raise OptallocError(
            f"{path}: its columns are those of another version of optalloc; name another folder"
        )
    if not kept:
        kept = header
    if kept != data:
        with replacing(path) as draft:
            draft.write_bytes(kept)


def _append(path: Path, rows: Iterable[Iterable[Any]]) -> None:
    with path.open("a", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows(rows)
        stream.flush()
        os.fsync(stream.fileno())


def thinned(points: list[tuple[float, float, float]], gaps: Iterable[float] = ()) -> pd.DataFrame:
    """Best incumbent and bound over time: only where one moves, and no more than 200 moments.

    Parameters
    ----------
    points : list of (seconds, objective, bound)
    gaps : iterable of float
        Gaps, besides `GAPS`, of which the first moments are kept.
    """
    frame = pd.DataFrame(points, columns=["seconds", "objective", "bound"], dtype=float)
    frame = frame.sort_values("seconds", kind="stable")
    frame["objective"] = frame["objective"].fillna(math.inf).cummin()
    frame["bound"] = frame["bound"].fillna(-math.inf).cummax()
    moved = (frame[["objective", "bound"]] != frame[["objective", "bound"]].shift()).any(axis=1)
    frame = frame[moved].reset_index(drop=True)
    if len(frame) > MOST_POINTS:
        kept = np.unique(np.linspace(0, len(frame) - 1, MOST_POINTS).round().astype(int))
        reached = [relative_gap(*pair) for pair in frame[["objective", "bound"]].to_numpy()]
        # The moments from which times to gaps are read stay.
        first = [int(np.argmax(np.array(reached) <= gap)) for gap in (*GAPS.values(), *gaps)]
        kept = np.union1d(kept, [*first, int(np.argmax(np.isfinite(frame["objective"])))])
        frame = frame.iloc[kept].reset_index(drop=True)
    return frame
