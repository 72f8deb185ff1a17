"""The sheet Outcomes becomes changes of cells, each tried on the workbook as it stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from optalloc.data.dataset import Dataset
from optalloc.data.reader import fold
from optalloc.errors import Problem, Severity
from optalloc.scenarios.cell_problems import CellProblems
from optalloc.scenarios.outcome_names import outcomes_in
from optalloc.scenarios.overrides import Override, WrongOverride, altered, row_filter
from optalloc.scenarios.sheet import Operation
from optalloc.scenarios.tree import Known
from optalloc.scenarios.uncertainty_sheets import OUTCOMES, UNCERTAINTIES, UNCERTAINTY_SHEETS

__all__ = ["OutcomeChange", "OutcomeReader", "column_of", "is_fixed", "overlaps"]


def column_of(wrong: WrongOverride) -> str:
    """The column of Outcomes that a wrong part of a change stands in."""
    return "value" if wrong.part == "values" else wrong.part


def is_fixed(fixed: Iterable[str], sheet: str, column: str) -> bool:
    """True if a column must be the same in every scenario."""
    names = {fold(name) for name in (*fixed, *UNCERTAINTY_SHEETS)}
    return fold(sheet) in names or fold(f"{sheet}.{column}") in names


@dataclass(frozen=True)
class OutcomeChange:
    """A row of Outcomes, and the rows of its sheet whose cells it changes."""

    number: int
    outcome: Known
    override: Override
    sheet: str
    column: str
    cells: frozenset[Any]


@dataclass
class OutcomeReader:
    """Reads the rows of Outcomes, and keeps the problems with them.

    Parameters
    ----------
    data : Dataset
    fixed : tuple of str
        ``"Sheet"`` or ``"Sheet.column"`` that no outcome may change.
    outcomes : mapping of str to sequence of str
        Names of the outcomes of each uncertainty.
    """

    data: Dataset
    fixed: tuple[str, ...]
    outcomes: Mapping[str, Sequence[str]]

    def __post_init__(self) -> None:
        self.problems = CellProblems(self.data, OUTCOMES.name)

    def changes(self) -> list[OutcomeChange]:
        """The changes of cells, each with the outcome that it comes with."""
        frame = self.data.known(OUTCOMES.name, *OUTCOMES.by_name)
        changes = []
        for number, row in zip(frame.index, frame.to_dict("records"), strict=True):
            text = f"{row['uncertainty']}={row['outcome']}"
            found = outcomes_in(text, self.outcomes, "an uncertainty of the sheet Uncertainties")
            if isinstance(found, str) and self.data.sound(UNCERTAINTIES.name):
                named = not set(";=") & set(f"{row['uncertainty']}{row['outcome']}")
                action = "Name an uncertainty and an outcome of the sheet Uncertainties."
                if named:
                    code = "unknown-outcome"
                    self.problems.say(number, "outcome", found, action, code, text)
            change = self._change(
                int(number),
                ("", "") if isinstance(found, str) else found[0],
                {str(k): v for k, v in row.items()},
            )
            if change is not None and not isinstance(found, str):
                changes.append(change)
        return changes

    def _change(self, number: int, outcome: Known, row: Mapping[str, Any]) -> OutcomeChange | None:
        """The change of a row, tried on the base; None where there is a problem with it."""
        try:
            where = row_filter(str(row["rows"] or ""))
            operation = Operation(row["operation"])
            override = Override(row["sheet"], where, row["column"], operation, str(row["value"]))
            target = {fold(name): name for name in self.data.sheets}.get(fold(override.sheet), "")
            if target and not self.data.sound(target):
                return None
            made = altered(self.data, [override])
        except WrongOverride as wrong:
            column = column_of(wrong)
            code = wrong.code.replace("sweep-", "outcome-")
            self.problems.say(number, column, wrong.must, wrong.action, code, wrong.found)
            return None
        if is_fixed(self.fixed, target, override.column):
            must = f"{target}.{override.column} must be the same in every scenario"
            action = "Change an amount, a cost or a date instead: scenarios are compared by it."
            self.problems.say(number, "column", must, action, "outcome-fixed")
            return None
        before, after = self.data.frames[target], made.frames[target]
        if after.equals(before):
            must = "an outcome must change something"
            action = "Correct the value or the rows, or remove the row: the outcome is then the "
            action += "workbook as it stands."
            found = f"{override.sheet}.{override.column} as it is"
            self.problems.say(number, "value", must, action, "outcome-changes-nothing", found)
            return None
        column = {fold(name): name for name in before.columns}[fold(override.column)]
        now, then = before[column], after[column].reindex(before.index)
        differs = ~((now == then) | (now.isna() & then.isna()))
        cells = frozenset(before.index[differs.to_numpy(bool)])
        return OutcomeChange(number, outcome, override, target, column, cells)


def overlaps(data: Dataset, changes: Sequence[OutcomeChange]) -> Iterator[Problem]:
    """Notice changes of the same cells whose order makes a difference, or that are doubled."""
    for k, later in enumerate(changes):
        for earlier in changes[:k]:
            apart = earlier.outcome[0] == later.outcome[0] and earlier.outcome != later.outcome
            same = (earlier.sheet, earlier.column) == (later.sheet, later.column)
            if apart or not same or not earlier.cells & later.cells:
                continue
            operations = {earlier.override.operation, later.override.operation}
            commute = operations in ({Operation.ADD}, {Operation.MULTIPLY})
            doubled = (earlier.outcome, earlier.override) == (later.outcome, later.override)
            if commute and not doubled:
                continue
            row = data.row_name(OUTCOMES.name, earlier.number)
            must = f"row {row} changes the same cells, where both outcomes come"
            action = "Changes are made one after another: by the order of their uncertainties, "
            action += "and of the rows here. Check that this is meant."
            yield data.problem(
                OUTCOMES.name,
                later.number,
                "rows",
                must,
                action,
                "outcome-overlap",
                found=str(later.override),
                severity=Severity.NOTICE,
            )
            break
