"""Problems that are found while a sheet is read, each at its cell."""

from __future__ import annotations

from dataclasses import dataclass, field

from optalloc.data.dataset import Dataset
from optalloc.errors import Problem, Severity

__all__ = ["CellProblems"]


@dataclass
class CellProblems:
    """Problems with the cells of a sheet, in the order in which they are found.

    Parameters
    ----------
    data : Dataset
    sheet : str
    """

    data: Dataset
    sheet: str
    found: list[Problem] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.found)

    @property
    def has_errors(self) -> bool:
        """True if something must be changed."""
        return any(problem.severity is Severity.ERROR for problem in self.found)

    def say(
        self,
        row: object,
        column: str,
        must: str,
        action: str,
        code: str,
        found: str | None = None,
        severity: Severity = Severity.ERROR,
    ) -> None:
        """Add a problem; its parts are those of `Dataset.problem`."""
        self.found.append(
            self.data.problem(
                self.sheet, row, column, must, action, code, found=found, severity=severity
            )
        )
