"""A model folder: its families, loaded by path, and their declarations together.

A model folder holds one Python file per family, which ends with ``FAMILY = Family(...)``, or one
folder, whose ``family.py`` ends so and whose ``formulation.py`` has the family's docstring. Names
that begin with an underscore are shared helpers.
"""

from __future__ import annotations

import ast
import hashlib
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Integral, Real
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Sheet
from optalloc.errors import InputError, ModelError, OptallocError, Problem, Severity
from optalloc.mip.outcome import Options
from optalloc.modelling.family import Family, Ledger
from optalloc.modelling.folders import default_model_path, imported
from optalloc.modelling.limits import Limit, Relax
from optalloc.modelling.outputs import Chart, TableSpec
from optalloc.modelling.reports import Report
from optalloc.scenarios.assemble import sheet_problems
from optalloc.scenarios.ranges import RangedUncertainty, ranges_of
from optalloc.scenarios.read_across import AcrossLine, Relaxable, across_lines
from optalloc.scenarios.read_tree import scenario_tree
from optalloc.scenarios.read_uncertainties import Horizon
from optalloc.scenarios.scenario_datasets import scenario_problems
from optalloc.scenarios.sheet import SWEEPS, sweeps_of
from optalloc.scenarios.tree import ScenarioTree
from optalloc.scenarios.uncertainty_sheets import (
    UNCERTAINTIES,
    UNCERTAINTY_SHEETS,
    uncertainty_sheets_of,
)

__all__ = ["Model", "load_model", "options_of"]


def options_of(dataset: Dataset, model: Model, given: Mapping[str, Any]) -> Options:
    """Solver options: those given, else those of the workbook; None counts as not given.

    Raises
    ------
    OptallocError
        If one of those given makes no sense.
    """
    _refuse_nonsense(given)
    chosen: dict[str, Any] = {}
    for family in model.families:
        chosen |= family.defaults(dataset)
    return Options(**chosen | {k: _plain(v) for k, v in given.items() if v is not None})


def _plain(value: Any) -> Any:
    """A number of another library as one of Python."""
    if isinstance(value, int | float) or not isinstance(value, Real):
        return value
    return int(value) if isinstance(value, Integral) else float(value)


_OPTION_BOUNDS = {
    "gap": (0.0, 1.0),
    "time_limit_s": (0.0, math.inf),
    "threads": (1, 1024),
    "seed": (0, 2**31 - 1),
}
_WHOLE_OPTIONS = {"threads", "seed"}


def _refuse_nonsense(given: Mapping[str, Any]) -> None:
    for name, (low, high) in _OPTION_BOUNDS.items():
        value = given.get(name)
        if value is None:
            continue
        kind: type = Integral if name in _WHOLE_OPTIONS else Real
        # NaN is outside any bounds, text is no number, and True is none here.
        is_number = isinstance(value, kind) and not isinstance(value, bool)
        if not is_number or not low <= value <= high:
            upper = f" and at most {high:.12g}" if math.isfinite(high) else ""
            number = "whole number" if name in _WHOLE_OPTIONS else "number"
            must = f"{name} must be a {number} of at least {low:g}{upper}"
            raise OptallocError(f"{must}; found {value!r}")


@dataclass(frozen=True)
class Model:
    """A loaded model folder: its families in document order, and their declarations by name.

    ``doc`` is the docstring of the folder's ``__init__.py``, empty where there is none.
    """

    path: Path
    families: tuple[Family, ...]
    digest: str
    doc: str = ""

    def busy_families(self, data: Dataset) -> Iterator[Family]:
        """The families that are not idle on a dataset, in document order."""
        return (family for family in self.families if not family.is_idle(data))

    @property
    def sheets(self) -> dict[str, Sheet]:
        """Every declared sheet by name, in document order, and last those that any model has."""
        own = {sheet.name: sheet for family in self.families for sheet in family.sheets}
        relaxable = [(name, one) for name, one in self._relaxable.items() if not one.refusal]
        # An equation has rows whatever else a workbook says.
        relaxable.sort(key=lambda named: not named[1].is_equation)
        limits = [name for name, _ in relaxable]
        common = uncertainty_sheets_of(own.values(), self.same_in_all, limits)
        return own | common | {SWEEPS.name: sweeps_of(own.values())}

    def check_scenarios(self, data: Dataset) -> list[Problem]:
        """Problems of the sheets on uncertainty and sweeps, each change tried on the workbook."""
        tree, problems = self._tree(data)
        if tree is not None and all(map(data.sound, self.sheets)):
            problems += scenario_problems(data, tree, self)
        return [*problems, *self.ranges(data)[1], *sheet_problems(data)]

    def ranges(self, data: Dataset) -> tuple[tuple[RangedUncertainty, ...], list[Problem]]:
        """The uncertainties of the sheet Ranges, and the problems with it."""
        return ranges_of(data, (SWEEPS.name, *self.same_in_all))

    def scenario_tree(self, data: Dataset) -> ScenarioTree | None:
        """The scenario tree of a workbook; None where nothing is uncertain.

        Raises
        ------
        InputError
            With every problem of the sheets on uncertainty.
        """
        tree, problems = self._tree(data)
        if any(problem.severity is Severity.ERROR for problem in problems):
            raise InputError(problems)
        return tree

    def across(self, data: Dataset) -> tuple[AcrossLine, ...]:
        """The lines of the sheet Across, those in error left out (`scenario_tree` raises them)."""
        return across_lines(data, self._relaxable)[0]

    def _tree(self, data: Dataset) -> tuple[ScenarioTree | None, list[Problem]]:
        fixed = [SWEEPS.name, *self.same_in_all]
        tree, problems = scenario_tree(data, fixed, self._horizon(data))
        return tree, problems + across_lines(data, self._relaxable)[1]

    @property
    def _relaxable(self) -> dict[str, Relaxable]:
        """Every limit, and why it holds in every scenario where it has to."""
        return {
            name: Relaxable(limit.over, limit.sense == "==", _refusal(limit))
            for name, (_, limit) in self.limits.items()
        }

    @property
    def same_in_all(self) -> tuple[str, ...]:
        """Sheets and columns that no outcome may change."""
        return tuple(name for family in self.families for name in family.same_in_all)

    def _horizon(self, data: Dataset) -> Horizon | None:
        """The first day of the first step and the last of the last; None where none is known."""
        if not data.uses([UNCERTAINTIES.name]) or not all(map(data.sound, self.sheets)):
            return None
        steps = self.steps(data)
        return (
            (steps["begin"].min(), steps["end"].max() - pd.Timedelta(days=1))
            if len(steps)
            else None
        )

    def steps(self, data: Dataset) -> pd.DataFrame:
        """Steps of time: ``step``, ``begin`` and ``end``; without rows where no family has any."""
        for family in self.families:
            found = family.steps(data)
            if found is not None:
                return found
        return pd.DataFrame(columns=["step", "begin", "end"])

    def shortened(self, data: Dataset, until: pd.Timestamp) -> Dataset:
        """The workbook with the steps alone that begin before a day.

        Raises
        ------
        ModelError
            If no family declares how it is shortened.
        """
        frames: dict[str, pd.DataFrame] = {}
        for family in self.families:
            frames |= family.shortened(data, until)
        if not frames:
            raise ModelError(f"{self.path}: no family of this model can end a workbook earlier")
        return data.with_frames(frames)

    @property
    def ledgers(self) -> dict[str, Ledger]:
        """Every declared ledger by name."""
        return {ledger.name: ledger for family in self.families for ledger in family.ledgers}

    @property
    def limits(self) -> dict[str, tuple[Family, Limit]]:
        """Every declared limit by name, with its family."""
        return {limit.name: (family, limit) for family in self.families for limit in family.limits}

    @property
    def limit_units(self) -> dict[str, str]:
        """Unit of each limit that is reported to the planner, by its name."""
        return {name: limit.unit for name, (_, limit) in self.limits.items() if limit.reported}

    @property
    def charts(self) -> tuple[Chart, ...]:
        """Every chart of the plan, in document order."""
        return tuple(chart for family in self.families for chart in family.charts)

    @property
    def report(self) -> Report:
        """Contributions of all families to report.html."""
        return sum((family.report for family in self.families), Report())

    @property
    def outputs(self) -> dict[str, TableSpec]:
        """Every table of the plan by name, in document order."""
        return {table.name: table for family in self.families for table in family.outputs}

    @property
    def actions(self) -> TableSpec | None:
        """The table that lists all decisions as actions; None where no family has one."""
        return next((table for table in self.outputs.values() if table.decided_in), None)


def _refusal(limit: Limit) -> str:
    """Why a limit holds in every scenario, whatever the planner wants; empty where it need not."""
    if limit.implied:
        return "it follows from others"
    if limit.enforced != "row":
        return "it has no rows that could be added up"
    if limit.relax is Relax.NEVER or not limit.reported:
        return "no plan is without it"
    return ""


def load_model(path: str | Path | None = None) -> Model:
    """Load a model folder by path.

    Parameters
    ----------
    path : str or Path, optional
        A folder with one family per file or folder; the capacity model by default.

    Returns
    -------
    Model
        Families sorted by their declared order.

    Raises
    ------
    ModelError
        If the folder is missing, a family has no ``FAMILY``, or two families declare one name.
    """
    folder = Path(path).resolve() if path is not None else default_model_path()
    sources = _sources(folder)
    if not sources:
        raise ModelError(f"{folder}: no model folder with .py files here")
    digest = hashlib.sha256()
    texts = {source: (folder / source).read_bytes() for source in sources}
    for source, text in texts.items():
        digest.update(source.as_posix().encode() + b"\0" + text + b"\0")
    package = _package(folder, digest.hexdigest())
    families = []
    for record, described in _family_files(folder, sources):
        family = getattr(imported(package, record), "FAMILY", None)
        if not isinstance(family, Family):
            raise ModelError(f"{folder / record}: a family file must end with FAMILY = Family(...)")
        families.append(replace(family, source=texts[described].decode("utf-8")))
    families.sort(key=lambda family: (family.order, family.name))
    _refuse_duplicates(folder, families)
    return Model(folder, tuple(families), digest.hexdigest(), _opening(folder))


def _sources(folder: Path) -> list[Path]:
    """Every .py file in and below a model folder, relative to it, except hidden ones and caches."""
    # The first star also follows a link to a folder, the double star does not.
    found = [
        path.relative_to(folder)
        for pattern in ("*.py", "*/**/*.py")
        for path in folder.glob(pattern)
    ]
    return sorted(
        path
        for path in found
        if not any(part.startswith(".") or part == "__pycache__" for part in path.parts)
    )


def _family_files(folder: Path, sources: Sequence[Path]) -> Iterator[tuple[Path, Path]]:
    """Of each family the file that has its record, and the one whose docstring describes it."""
    files = {path.stem for path in sources if len(path.parts) == 1}
    folders = {path.parts[0] for path in sources if len(path.parts) > 1}
    for name in sorted(files | folders):
        if name.startswith("_"):
            continue
        if name in files & folders:
            raise ModelError(
                f"{folder / name}: a family is a file or a folder; take this or {name}.py out"
            )
        if name in files:
            yield Path(f"{name}.py"), Path(f"{name}.py")
            continue
        record, described = Path(name, "family.py"), Path(name, "formulation.py")
        for path in (record, described):
            if path not in sources:
                raise ModelError(
                    f"{folder / path}: missing; a folder of .py files is a family, with its record "
                    "in family.py and its docstring in formulation.py; let the name of a folder "
                    "that is none begin with an underscore"
                )
        yield record, described


def _opening(folder: Path) -> str:
    """Docstring of the folder as a package, which is never run."""
    file = folder / "__init__.py"
    return ast.get_docstring(ast.parse(file.read_text("utf-8"))) or "" if file.is_file() else ""


def _package(folder: Path, digest: str) -> str:
    """Import the folder as a package under a name of its own, so that two folders never mix."""
    name = f"_optalloc_model_{hashlib.sha256(str(folder).encode()).hexdigest()[:8]}_{digest[:16]}"
    if name not in sys.modules:
        package = ModuleType(name)
        package.__path__ = [str(folder)]
        sys.modules[name] = package
    return name


def _refuse_duplicates(folder: Path, families: list[Family]) -> None:
    for kind in ("sheets", "ledgers", "limits", "outputs"):
        common = (SWEEPS.name, *UNCERTAINTY_SHEETS) if kind == "sheets" else ()
        owner: dict[str, str] = dict.fromkeys(common, "optalloc")
        for family in families:
            for item in getattr(family, kind):
                if item.name in owner:
                    raise ModelError(
                        f"{folder}: {kind} {item.name!r} is declared by both "
                        f"{owner[item.name]!r} and {family.name!r}"
                    )
                owner[item.name] = family.name
