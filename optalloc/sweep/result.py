"""What a sweep gives: one tidy frame of its cases, their plans stacked, all kept in Parquet."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from optalloc.atomic import replacing
from optalloc.errors import OptallocError
from optalloc.outcome import relative_gap
from optalloc.sweep.designs import Case
from optalloc.sweep.indices import sensitivity
from optalloc.sweep.pack import unpacked
from optalloc.sweep.regret import regrets
from optalloc.sweep.task import Finished, Status

__all__ = ["SweepResult", "gathered", "read_sweep"]

CASES, INPUTS, REGRET = "cases.parquet", "inputs.parquet", "regret.parquet"
ABOUT, PLANS = "sweep.json", "plans"


@dataclass(frozen=True)
class SweepResult:
    """Results of a sweep.

    Parameters
    ----------
    about : mapping
        The sweep's name, design, changes (with the number of values each takes) and their units,
        sample size and seed; gap and time limit as given; versions, and hashes of input and model;
        ``figures`` and ``timelines``, what the model shows of a plan.
    cases : pandas.DataFrame
        One row per case, in the order of the sweep: ``number`` (0 is the base case), ``case``,
        ``plan`` (name of the plan held, empty where none is), ``changed`` (in words), ``status``,
        ``objective`` and ``bound`` (millions of present value; NaN without a plan), ``gap``
        (relative), ``seconds``, ``settled`` (bound alone, re-solved, rebuilt or from scratch),
        ``reason`` (why there is no plan).
    inputs : pandas.DataFrame
        One row per case and change made: ``number``, ``case``, ``change``, ``value`` as written,
        ``amount`` as a number (NaN for what is none), ``share`` of its range (NaN but in samples).
    plans : mapping of str to pandas.DataFrame
        Every table of the plans, stacked, with ``case`` and ``plan`` before its own columns. Of the
        Summary, whose values are of mixed kinds, they are text.
    """

    about: Mapping[str, Any]
    cases: pd.DataFrame
    inputs: pd.DataFrame
    plans: Mapping[str, pd.DataFrame] = field(repr=False)

    @property
    def regret(self) -> pd.DataFrame:
        """What holding each plan's early decisions costs in each case, as `regrets` gives it."""
        return regrets(self.cases)

    def indices(self) -> pd.DataFrame:
        """Sensitivity indices of a sobol or morris sweep, as `sensitivity` gives them."""
        return sensitivity(self.about, self.cases, self.inputs)

    @property
    def failed(self) -> pd.DataFrame:
        """Cases that came to no result: a worker crashed, hung or ran out of memory."""
        return self.cases[self.cases["status"] == Status.FAILED]

    def to_parquet(self, folder: str | Path) -> None:
        """Write all of it into a folder, from which `read_sweep` reads it.

        Raises
        ------
        OptallocError
            If a file cannot be written, as on a full disk.
        """
        folder = Path(folder)
        try:
            (folder / PLANS).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OptallocError(f"{folder}: cannot be written: {error.strerror}.") from error
        frames = {CASES: self.cases, INPUTS: self.inputs}
        if len(self.regret):
            frames[REGRET] = self.regret
        frames |= {f"{PLANS}/{name}.parquet": frame for name, frame in self.plans.items()}
        for name, frame in frames.items():
            with replacing(folder / name) as draft:
                pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), draft)
        with replacing(folder / ABOUT) as draft:
            draft.write_text(json.dumps(dict(self.about), indent=2) + "\n", encoding="utf-8")

    def to_html(self, path: str | Path) -> None:
        """Write one page to look at: the pictures that the design allows, and all tables of them.

        Raises
        ------
        OptallocError
            If the file cannot be written.
        """
        # Imported when asked for: what draws a sweep is not needed to solve one.
        pictures = import_module("optalloc.sweep.pictures")
        pictures.write_page(self, path)

    def to_excel(self, path: str | Path) -> None:
        """Write a workbook: the same tables, one a sheet, with charts; raises as `to_html`."""
        pictures = import_module("optalloc.sweep.pictures")
        pictures.write_workbook(self, path)

    def to_dict(self) -> dict[str, Any]:
        """The sweep and its cases as plain values, ready for JSON; what is missing as null."""
        frames = {"cases": self.cases, "regret": self.regret}
        return dict(self.about) | {
            name: json.loads(frame.to_json(orient="records", double_precision=15))
            for name, frame in frames.items()
        }


def read_sweep(folder: str | Path) -> SweepResult:
    """Read a sweep from the folder that it was kept in.

    Raises
    ------
    OptallocError
        If the folder holds no finished sweep.
    """
    folder = Path(folder)
    if not (folder / ABOUT).is_file():
        raise OptallocError(f"{folder}: holds no finished sweep; run `optalloc sweep` into it.")
    about = json.loads((folder / ABOUT).read_text("utf-8"))
    paths = sorted((folder / PLANS).glob("*.parquet"))
    return SweepResult(
        about,
        pd.read_parquet(folder / CASES),
        pd.read_parquet(folder / INPUTS),
        {path.stem: pd.read_parquet(path) for path in paths},
    )


def gathered(
    about: Mapping[str, Any], cases: Sequence[Case], finished: Sequence[Finished]
) -> SweepResult:
    """Put the cases of a sweep together.

    Parameters
    ----------
    about : mapping
    cases, finished : sequence
        Side by side.
    """
    rows = [_row(case, result) for case, result in zip(cases, finished, strict=True)]
    frame = pd.DataFrame(rows, columns=list(_row(Case(0, "", ()), _NOTHING)))
    inputs = pd.DataFrame(
        [
            (case.number, case.name, change, value, _amount(value), case.shares.get(change, np.nan))
            for case in cases
            if not case.held
            for change, value in case.inputs.items()
        ],
        columns=["number", "case", "change", "value", "amount", "share"],
    )
    return SweepResult(about, frame, inputs, _stacked(cases, finished))


_NOTHING = Finished(key="", status=Status.FAILED)


def _row(case: Case, result: Finished) -> dict[str, Any]:
    found = math.isfinite(result.objective)
    return {
        "number": case.number,
        "case": case.name,
        "plan": case.held,
        "changed": case.changed,
        "status": str(result.status),
        "objective": result.objective,
        "bound": result.bound,
        "gap": relative_gap(result.objective, result.bound) if found else math.nan,
        "seconds": round(result.seconds, 4),
        "settled": result.settled,
        "reason": result.reason,
    }


def _amount(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        return math.nan


def _stacked(cases: Sequence[Case], finished: Sequence[Finished]) -> dict[str, pd.DataFrame]:
    parts: dict[str, list[pa.Table]] = {}
    for case, name, table in _tables(cases, finished):
        length = table.num_rows
        for place, (title, word) in enumerate((("case", case.name), ("plan", case.held))):
            column = pa.array(np.full(length, word, dtype=object), type=pa.string())
            # Where a table has such a column itself, its own keeps its name.
            title = title if title not in table.column_names else f"sweep_{title}"
            table = table.add_column(place, title, column)
        parts.setdefault(name, []).append(table)
    return {name: pa.concat_tables(tables).to_pandas() for name, tables in parts.items()}


def _tables(
    cases: Sequence[Case], finished: Sequence[Finished]
) -> Iterator[tuple[Case, str, pa.Table]]:
    for case, result in zip(cases, finished, strict=True):
        if result.tables:
            for name, table in unpacked(result.tables).items():
                yield case, name, table
