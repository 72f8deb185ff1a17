"""Rules between the columns of one row, declared on a sheet (`optalloc.data.schema.Sheet.rules`).

A rule states itself in words and is evaluated for all rows at once. Validation, the template and
the data dictionary learn of it from the one declaration. A cell counts as filled in where it says
something else than a blank would: 0 does not where a blank means 0.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from optalloc.data.rounding import exceeds

__all__ = [
    "AtLeastOne",
    "BlankWhere",
    "ExactlyOne",
    "FilledUnless",
    "InOrder",
    "Needs",
    "NotAbove",
    "Rows",
    "Rule",
    "Together",
    "Violation",
    "listed",
]


@dataclass(frozen=True)
class Rows:
    """The rows of a sheet, as rules read them.

    Parameters
    ----------
    values : pandas.DataFrame
        Typed cells; missing where a cell is blank without a value of its own, or is unreadable.
    blanks : mapping of str to object
        By column the value that a blank stands for, where it stands for one.
    positions : mapping of str to mapping of str to int
        By column of names that follow each other, such as periods, the position of each name.
    """

    values: pd.DataFrame
    blanks: Mapping[str, object] = field(default_factory=dict)
    positions: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def cells(self, column: str) -> np.ndarray:
        """Return the cells of a column."""
        cells: np.ndarray = self.values[column].to_numpy()
        return cells

    def filled(self, column: str) -> np.ndarray:
        """Return whether each cell says something else than a blank would."""
        cells = self.cells(column)
        filled: np.ndarray = pd.notna(cells)
        if column in self.blanks:
            filled &= np.asarray(cells != self.blanks[column])
        return filled

    def count(self, columns: Sequence[str]) -> np.ndarray:
        """Return how many of some columns each row fills in."""
        count: np.ndarray = np.sum([self.filled(name) for name in columns], axis=0)
        return count

    def ordered(self, column: str) -> np.ndarray:
        """Return numbers and dates as they are, and positions of names that follow each other."""
        position = self.positions.get(column)
        if position is None:
            return self.cells(column)
        return np.array([position.get(name, np.nan) for name in self.cells(column)], float)

    def where(self, violated: np.ndarray) -> list[int]:
        """Return the labels of some rows."""
        return [int(row) for row in self.values.index[violated]]


@dataclass(frozen=True)
class Violation:
    """A row that violates a rule: the column to report it at, and the words of the message.

    It follows from the cells of ``reads``, by default all that the rule reads.
    """

    row: int
    column: str
    must: str
    action: str
    found: str | None = None
    reads: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rule(ABC):
    """A rule between the columns of one row.

    Parameters
    ----------
    columns : tuple of str
        The columns that it is about; their order means something in rules of two.
    code : str
        Code of its messages.
    """

    columns: tuple[str, ...]
    code: str = field(default="", kw_only=True)

    @property
    def reads(self) -> tuple[str, ...]:
        """Return every column that it reads."""
        return self.columns

    @property
    @abstractmethod
    def sentence(self) -> str:
        """Return what must hold, as a clause."""

    @abstractmethod
    def violations(self, rows: Rows) -> Iterator[Violation]:
        """Yield the rows that violate it."""

    def formula(self, cells: Mapping[str, str]) -> str:
        """Return what must hold as a spreadsheet formula; empty where there is no simple one.

        Parameters
        ----------
        cells : mapping of str to str
            Addresses of one row's cells, by column.
        """
        return ""


@dataclass(frozen=True)
class ExactlyOne(Rule):
    """One of the columns is filled in and no other of them; reported at the first."""

    code: str = field(default="one-of-two", kw_only=True)
    action: str = field(default="Fill in one and empty the other.", kw_only=True)

    @property
    def sentence(self) -> str:
        """Return what must hold, as a clause."""
        return f"exactly one of {listed(self.columns)} must be filled in"

    def violations(self, rows: Rows) -> Iterator[Violation]:
        """Yield the rows that fill in none or several."""
        count = rows.count(self.columns)
        words = {0: "neither", 2: "both"} if len(self.columns) == 2 else {0: "none of them"}
        filled = pd.Series(count, rows.values.index)
        for row in rows.where(count != 1):
            found = words.get(int(filled[row]), f"{filled[row]} of them")
            yield Violation(row, self.columns[0], self.sentence, self.action, found)

    def formula(self, cells: Mapping[str, str]) -> str:
        """Return that at most one is filled in, which also holds while a row is being typed."""
        return f"COUNTA({','.join(cells[name] for name in self.columns)})<=1"


@dataclass(frozen=True)
class AtLeastOne(Rule):
    """At least one of the columns is filled in; reported at the first."""

    code: str = field(default="no-limit", kw_only=True)
    action: str = field(default="Fill in one of them, or take the row out.", kw_only=True)

    @property
    def sentence(self) -> str:
        """Return what must hold, as a clause."""
        return f"at least one of {listed(self.columns)} must be filled in"

    def violations(self, rows: Rows) -> Iterator[Violation]:
        """Yield the rows that fill in none."""
        for row in rows.where(rows.count(self.columns) == 0):
            yield Violation(row, self.columns[0], self.sentence, self.action)


@dataclass(frozen=True)
class Together(Rule):
    """Two columns are filled in both or neither; reported at the second."""

    @property
    def sentence(self) -> str:
        """Return what must hold, as a clause."""
        return f"{listed(self.columns)} must be given together"

    def violations(self, rows: Rows) -> Iterator[Violation]:
        """Yield the rows that fill in one of the two."""
        action, found = "Fill in both or neither.", "one without the other"
        for row in rows.where(rows.count(self.columns) == 1):
            yield Violation(row, self.columns[1], self.sentence, action, found)


@dataclass(frozen=True)
class Needs(Rule):
    """The first column is filled in only where the second is; reported at the first."""

    @property
    def sentence(self) -> str:
        """Return what must hold, as a clause."""
        return f"{self.columns[0]} needs {self.columns[1]}"

    def violations(self, rows: Rows) -> Iterator[Violation]:
        """Yield the rows that fill in the first alone."""
        column, other = self.columns
        for row in rows.where(rows.filled(column) & ~rows.filled(other)):
            yield Violation(row, column, self.sentence, f"Give {other}, or empty this cell.")


@dataclass(frozen=True)
class NotAbove(Rule):
    """The first number is not above the second by more than rounding; reported at the first."""

    code: str = field(default="min-above-max", kw_only=True)

    @property
    def sentence(self) -> str:
        """Return what must hold, as a clause."""
        return f"{self.columns[0]} must not be above {self.columns[1]}"

    def violations(self, rows: Rows) -> Iterator[Violation]:
        """Yield the rows where it is above."""
        low, high = self.columns
        limits = rows.values[high]
        for row in rows.where(exceeds(rows.cells(low), rows.cells(high))):
            must = f"{self.sentence}, {limits[row]:.12g}"
            yield Violation(row, low, must, f"Lower {low} or raise {high}.")

    def formula(self, cells: Mapping[str, str]) -> str:
        """Return that it is not above, where both are filled in."""
        low, high = (cells[name] for name in self.columns)
        return f'OR({low}="",{high}="",{low}<={high})'


@dataclass(frozen=True)
class InOrder(Rule):
    """A window does not end, in the second column, before it begins; reported at the second.

    The columns hold dates, or names of a sheet whose rows follow each other.
    """

    code: str = field(default="periods-reversed", kw_only=True)

    @property
    def sentence(self) -> str:
        """Return what must hold, as a clause."""
        return f"{self.columns[1]} must not be before {self.columns[0]}"

    def violations(self, rows: Rows) -> Iterator[Violation]:
        """Yield the rows whose window is reversed."""
        first, last = self.columns
        for row in rows.where(rows.ordered(first) > rows.ordered(last)):
            begin = rows.values[first][row]
            shown = begin.date() if isinstance(begin, pd.Timestamp) else begin
            yield Violation(row, last, f"{self.sentence}, {shown}", "Correct one of the two.")


@dataclass(frozen=True)
class FilledUnless(Rule):
    """A column is filled in unless another, ``other``, has one of some values."""

    other: str
    values: tuple[str, ...]
    action: str
    code: str = field(default="blank", kw_only=True)

    @property
    def reads(self) -> tuple[str, ...]:
        """Return every column that it reads."""
        return *self.columns, self.other

    @property
    def sentence(self) -> str:
        """Return what must hold, as a clause."""
        values = listed(self.values, "or")
        return f"{listed(self.columns)} must be filled in unless {self.other} is {values}"

    def violations(self, rows: Rows) -> Iterator[Violation]:
        """Yield each cell that is blank and must not be."""
        due = ~np.isin(rows.cells(self.other).astype(str), self.values)
        for column in self.columns:
            must = replace(self, columns=(column,)).sentence
            for row in rows.where(due & ~rows.filled(column)):
                reads = (column, self.other)
                yield Violation(row, column, must, self.action, "a blank", reads)


@dataclass(frozen=True)
class BlankWhere(Rule):
    """Columns are left blank where another, ``other``, has a value, for a ``reason``."""

    other: str
    value: str
    reason: str
    action: str

    @property
    def reads(self) -> tuple[str, ...]:
        """Return every column that it reads."""
        return *self.columns, self.other

    @property
    def sentence(self) -> str:
        """Return what must hold, as a clause."""
        left = f"{listed(self.columns)} must be left blank"
        return f"{left} where {self.other} is {self.value}, {self.reason}"

    def violations(self, rows: Rows) -> Iterator[Violation]:
        """Yield each cell that is filled in and must not be."""
        about = rows.cells(self.other) == self.value
        for column in self.columns:
            must = replace(self, columns=(column,)).sentence
            for row in rows.where(about & rows.filled(column)):
                yield Violation(row, column, must, self.action, reads=(column, self.other))


def listed(names: Sequence[str], last: str = "and") -> str:
    """Return names as a list in words, such as ``"a, b and c"``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {last} {names[-1]}"
