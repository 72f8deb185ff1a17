"""The plan: tables of values with their declarations, and the record of the solve."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.errors import Problem
from optalloc.mip.outcome import Options, Outcome
from optalloc.modelling.model import Model
from optalloc.modelling.outputs import Chart, TableSpec
from optalloc.modelling.policy_report import policy_charts
from optalloc.modelling.policy_tables import FUTURES
from optalloc.modelling.reports import Report
from optalloc.modelling.tables import SUMMARY, NamedTables, units_in
from optalloc.report.notebook import plan_html
from optalloc.report.workbook import write_plan_workbook

if TYPE_CHECKING:
    from optalloc.report.findings import Findings

__all__ = ["Origin", "Plan"]


@dataclass(frozen=True)
class Origin:
    """Input of a plan: enough to build its program again and explain it."""

    dataset: Dataset
    model: Model
    options: Options


@dataclass(frozen=True, repr=False)
class Plan(NamedTables):
    """An audited plan: values only, nothing of Pyomo or the solver.

    It is a mapping of its tables: ``plan["Build"]`` (in any case) is a frame with the units of its
    columns in ``attrs["units"]``; `specs` gives the unit and meaning of every column.
    Under uncertainty it is a policy: its tables have a column ``scenario``, its cost is the measure
    that is least, and `futures` has the plan of each scenario by its name.
    """

    tables: Mapping[str, pd.DataFrame]
    specs: tuple[TableSpec, ...]
    charts: tuple[Chart, ...]
    outcome: Outcome
    seconds: Mapping[str, float]
    size: Mapping[str, int]
    versions: Mapping[str, str]
    input_hash: str
    notices: tuple[Problem, ...] = ()
    report: Report = field(default_factory=Report)
    origin: Origin | None = field(default=None, compare=False)
    futures: Mapping[str, Plan] = field(default_factory=dict)

    def _listed(self) -> tuple[Mapping[str, pd.DataFrame], Mapping[str, Mapping[str, str]]]:
        return self.tables, units_in(self.specs)

    def __repr__(self) -> str:
        kind = "Policy" if self.is_policy else "Plan"
        quality, gap = self.outcome.quality, f"gap {100 * self.gap:.3g} %"
        named = self.tables[SUMMARY.name]
        case = named.loc[named["figure"] == self.report.case, "value"]
        name = f"{case.iloc[0]!s:.60}: " if len(case) else ""
        return f"<{kind} {name}{quality}, cost {self.cost:,.6g} M, {gap}, {len(self)} tables>"

    def _repr_html_(self) -> str:
        return plan_html(self.tables, self.specs, self.report)

    @property
    def cost(self) -> float:
        """Present value of all cost, in millions: the objective."""
        return self.outcome.objective

    @property
    def bound(self) -> float:
        """No plan whatsoever costs less than this."""
        return self.outcome.bound

    @property
    def gap(self) -> float:
        """Relative gap between cost and bound."""
        return self.outcome.gap

    @property
    def file_name(self) -> str:
        """Name of the file that it was read from; empty for one solved in this process."""
        return ""

    @property
    def is_policy(self) -> bool:
        """True if it is a plan under uncertainty: its tables are of all scenarios."""
        return FUTURES in self.specs

    def summary(self) -> pd.DataFrame:
        """Key figures: figure, value, unit."""
        return self["Summary"]

    def __getstate__(self) -> dict[str, Any]:
        # Model folders are loaded by path and never pickled.
        return {**self.__dict__, "origin": None}

    def to_excel(self, path: str | Path, explanation: Findings | None = None) -> None:
        """Write the plan as a workbook, one sheet per table, with charts; an explanation last.

        A table without rows has no sheet.
        Of a policy, charts by period are those of the likeliest scenario.
        """
        tables, specs = self.tables, self.specs
        if explanation is not None:
            tables = {**tables, **explanation.all_tables}
            specs = (*specs, *explanation.all_specs)
        charts: Sequence[Chart] = self.charts
        if self.is_policy:
            # A chart of all scenarios would add them up.
            futures = self[FUTURES.name]
            likeliest = futures["scenario"].iloc[int(futures["probability"].argmax())]
            charts = policy_charts(charts, str(likeliest))
        filled = [spec for spec in specs if len(tables[spec.name])]
        write_plan_workbook(tables, filled, charts, path)

    def to_html(self, path: str | Path, explanation: Findings | None = None) -> None:
        """Write the plan as one page to look at, with an explanation if given."""
        # Imported here, as it takes a second that only this method needs.
        from optalloc.report.page import write_report  # noqa: PLC0415

        write_report(self.tables, self.specs, self.charts, self.report, path, explanation)

    def to_paper(self, path: str | Path, *findings: Findings) -> None:
        """Write the plan as five editable slides (.pptx), or as two pages (.pdf) by a browser.

        Parameters
        ----------
        path : str or Path
        *findings : Findings
            About the plan, such as an explanation or alternatives, to stand with its risks.

        Raises
        ------
        OptallocError
            If it is a policy, its costs no longer add up to what was proven, the file has another
            ending or cannot be written; or there is no browser to make a .pdf by.
        """
        # Imported here, as only this method needs it.
        from optalloc.report.paper import Source, write_paper  # noqa: PLC0415

        write_paper(Source(self.tables, self.specs, self.report, self.file_name), path, findings)

    def to_dict(self) -> dict[str, Any]:
        """Give the plan as plain values, ready for JSON; dates as ISO text, blanks as null."""
        outcome = self.outcome
        return {
            "stop_reason": str(outcome.stop_reason),
            "quality": str(outcome.quality),
            "objective": outcome.objective,
            "bound": outcome.bound,
            "gap": outcome.gap,
            "seconds": dict(self.seconds),
            "size": dict(self.size),
            "versions": dict(self.versions),
            "input_hash": self.input_hash,
            "notices": [str(notice) for notice in self.notices],
            "tables": {
                name: json.loads(frame.to_json(orient="records", date_format="iso", date_unit="s"))
                for name, frame in self.tables.items()
            },
        }
