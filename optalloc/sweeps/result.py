"""Results of a sweep: tidy frames of its cases and their plans, kept in Parquet."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from optalloc.data.text import with_text
from optalloc.errors import OptallocError
from optalloc.mip.outcome import relative_gap
from optalloc.modelling.tables import NamedTables, units_in
from optalloc.report.cells import columns_with_values
from optalloc.report.notebook import in_short, shown_html
from optalloc.scenarios.designs import Case
from optalloc.sweeps.cases import CaseFrames
from optalloc.sweeps.messages import Finished, Status
from optalloc.sweeps.pack import unpacked
from optalloc.sweeps.pictures import write_page, write_workbook
from optalloc.sweeps.sentences import headline, lead
from optalloc.sweeps.tables import CASES as CASE_SPEC
from optalloc.sweeps.tables import INPUTS as INPUT_SPEC
from optalloc.sweeps.tables import REGRET as REGRET_SPEC
from optalloc.system import replacing

__all__ = ["SweepResult", "gathered", "read_sweep"]

CASES, INPUTS, REGRET = "cases.parquet", "inputs.parquet", "regret.parquet"
ABOUT, PLANS = "sweep.json", "plans"
_SPECS = (CASE_SPEC, INPUT_SPEC, REGRET_SPEC)


@dataclass(frozen=True, repr=False)
class SweepResult(CaseFrames, NamedTables):
    """Results of a sweep: its frames, and the files that they are written to.

    It is a mapping of its tables: ``Cases``, ``Inputs``, ``Regret`` where plans are held, and every
    table of the plans, stacked.
    """

    def _listed(self) -> tuple[Mapping[str, pd.DataFrame], Mapping[str, Mapping[str, str]]]:
        regret = self.regret
        own = {CASE_SPEC.name: self.cases, INPUT_SPEC.name: self.inputs}
        own |= {REGRET_SPEC.name: regret} if len(regret) else {}
        units = {**self.about.get("table_units", {}), **units_in(_SPECS)}
        return {**own, **{k: v for k, v in self.plans.items() if k not in own}}, units

    def __repr__(self) -> str:
        about, cases = self.about, self.cases
        solved = f"{int(cases['objective'].notna().sum()):,} of {len(cases):,} cases have a plan"
        return f"<Sweep {in_short(str(about['sweep']), 60)} ({about['design']}): {solved}>"

    def _repr_html_(self) -> str:
        words, columns = [headline(self), *lead(self)], columns_with_values(self.cases, CASE_SPEC)
        return shown_html(words[0], words[1:], self.cases, columns, "sweep.cases")

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
        write_page(self, path)

    def to_excel(self, path: str | Path) -> None:
        """Write a workbook: the same tables, one a sheet, with charts; raises as `to_html`."""
        write_workbook(self, path)

    def to_dict(self) -> dict[str, Any]:
        """The sweep and its cases as plain values, ready for JSON; missing ones are null."""
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
        with_text(pd.read_parquet(folder / CASES)),
        with_text(pd.read_parquet(folder / INPUTS)),
        {path.stem: with_text(pd.read_parquet(path)) for path in paths},
    )


def gathered(
    about: Mapping[str, Any], cases: Sequence[Case], finished: Sequence[Finished]
) -> SweepResult:
    """Put the cases of a sweep together.

    Parameters
    ----------
    about : mapping
    cases, finished : sequence
        Aligned with each other.
    """
    rows = [_row(case, result) for case, result in zip(cases, finished, strict=True)]
    frame = with_text(pd.DataFrame(rows, columns=list(_row(Case(0, "", ()), _NOTHING))))
    inputs = pd.DataFrame(
        [
            (case.number, case.name, change, value, _amount(value), case.shares.get(change, np.nan))
            for case in cases
            if not case.held
            for change, value in case.inputs.items()
        ],
        columns=["number", "case", "change", "value", "amount", "share"],
    )
    return SweepResult(about, frame, with_text(inputs), _stacked(cases, finished))


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
            # A column of the table itself keeps its name.
            title = title if title not in table.column_names else f"sweep_{title}"
            table = table.add_column(place, title, column)
        parts.setdefault(name, []).append(table)
    stacked = {name: pa.concat_tables(tables) for name, tables in parts.items()}
    return {name: with_text(table.to_pandas()) for name, table in stacked.items()}


def _tables(
    cases: Sequence[Case], finished: Sequence[Finished]
) -> Iterator[tuple[Case, str, pa.Table]]:
    for case, result in zip(cases, finished, strict=True):
        if result.tables:
            for name, table in unpacked(result.tables).items():
                yield case, name, table
