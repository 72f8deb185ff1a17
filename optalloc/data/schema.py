"""Declarations of sheets: columns with kind, unit, meaning and bounds.

One declaration drives validation, the template workbook, the data dictionary and the addresses
that errors name. Every sheet is declared by a model family, but for the one of sweeps, which all
models share.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from optalloc.data.rules import Rule

__all__ = [
    "FREE_TEXT",
    "REQUIRED",
    "Cell",
    "Column",
    "Kind",
    "Missing",
    "Plausible",
    "Sheet",
    "Slip",
]


class Kind(StrEnum):
    """Kind of the value of a cell."""

    TEXT = "text"
    NUMBER = "number"
    INTEGER = "whole number"
    DATE = "date"
    FLAG = "yes or no"
    CHOICE = "choice"


class Missing(StrEnum):
    """Meaning of a key without a row on a keyed sheet."""

    ERROR = "an input error"
    ZERO = "zero"
    UNLIMITED = "no limit"
    CARRY = "the last value carries forward"
    NOTHING = "nothing of that name exists"
    BLANK = "the same as blank cells"


class _Required:
    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED: Any = _Required()


# Names nothing that another cell could name.
FREE_TEXT = "free text"


@dataclass(frozen=True)
class Slip:
    """A slip of unit: numbers come out so many times too large (too small below 1)."""

    factor: float
    words: str


@dataclass(frozen=True, kw_only=True)
class Plausible:
    """Usual range of a number; one beyond is reported in a notice, and used.

    Parameters
    ----------
    low, high : float
        Usual range of what is not zero. Of money in the reference currency of `Family.worth`.
    money : bool
        True if it is an amount of money, in the currency of its row.
    slips : tuple of Slip
        Slips of unit that are known of such numbers, the likeliest first.
    outliers : bool
        True if one far from the others of its column is reported too.
    """

    low: float
    high: float
    money: bool = False
    slips: tuple[Slip, ...] = ()
    outliers: bool = True


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a sheet.

    Parameters
    ----------
    name : str
        Header, ending in its unit where it has one (``lead_months``).
    kind : Kind
        What a cell must hold.
    meaning : str
        One sentence for the planner; becomes the header comment of the template.
    unit : str
        Unit in words or symbols (``"MW"``); empty for names, dates and flags.
    blank : object
        Value that a blank cell stands for; ``REQUIRED`` where a blank is an error, ``None`` where
        blank itself means something, which `blank_means` then says.
    blank_means : str
        What a blank cell means, in words.
    at_least, above, at_most : float or None
        Bounds on a number: ``>=``, ``>`` and ``<=``.
    choices : tuple of str
        Words that a CHOICE cell may hold.
    synonyms : mapping of str to str
        Other words that a CHOICE cell may hold, such as those of earlier versions, in lower case,
        with the choice that each stands for.
    refers_to : str
        ``"Sheet.column"`` whose values this column must take.
    names : str
        Kind of names that a column of text mentions, such as ``"grid zone"``: a name comes into
        being by being mentioned, and all columns of one kind must spell it the same. ``FREE_TEXT``
        where it names nothing; empty where `refers_to` says it.
    of_each : bool
        Whether every name of the column that `refers_to` names is expected to have a row, once one
        has; a notice says which have none.
    plausible : Plausible or None
        What a number in it is usually like.
    adjustable : bool
        True if it is a cost or a rate of which other values are of interest, as with a slider. An
        amount of money that has a usual range is one without that, and so is a bound of a limit
        (`optalloc.modelling.limits.Limit.cells`).
    example : object
        The cell of the template's example row.
    """

    name: str
    kind: Kind
    meaning: str
    unit: str = ""
    blank: Any = REQUIRED
    blank_means: str = ""
    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    choices: tuple[str, ...] = ()
    synonyms: Mapping[str, str] = field(default_factory=dict, compare=False)
    refers_to: str = ""
    names: str = ""
    of_each: bool = False
    plausible: Plausible | None = None
    adjustable: bool = False
    example: Any = None

    @property
    def title(self) -> str:
        """Header as people read it: the name, and its unit in brackets where it has one."""
        return f"{self.name} ({self.unit})" if self.unit else self.name

    @property
    def required(self) -> bool:
        """True if a blank cell is an error."""
        return self.blank is REQUIRED

    @property
    def is_share(self) -> bool:
        """True if a number is a share or a yearly rate, which may be written in percent."""
        rate = self.unit == "per year" and self.at_most == 1
        return self.kind is Kind.NUMBER and (rate or self.unit.split(" ")[0] == "share")

    @property
    def is_cost_or_rate(self) -> bool:
        """True if it is an amount of money, or declared as `adjustable`."""
        return self.adjustable or (self.plausible is not None and self.plausible.money)

    @property
    def is_name(self) -> bool:
        """True if the cells are names, in which what cannot be seen means nothing."""
        return bool(self.refers_to) or self.names not in ("", FREE_TEXT)

    @property
    def bounds_in_words(self) -> str:
        """The bounds as a phrase, such as ``"at least 0 and at most 1"``; empty if unbounded."""
        parts = []
        if self.above is not None:
            parts.append(f"above {self.above:.12g}")
        if self.at_least is not None:
            parts.append(f"at least {self.at_least:.12g}")
        if self.at_most is not None:
            parts.append(f"at most {self.at_most:.12g}")
        return " and ".join(parts)

    @property
    def blank_in_words(self) -> str:
        """Meaning of a blank cell, as a phrase."""
        if self.required:
            return "must be filled in"
        if self.blank_means:
            return self.blank_means
        if isinstance(self.blank, bool):
            return "yes" if self.blank else "no"
        return f"{self.blank:g}" if isinstance(self.blank, int | float) else str(self.blank)


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One sheet of the workbook.

    Parameters
    ----------
    name : str
        Plural noun, at most 31 characters (the limit of spreadsheet programs).
    meaning : str
        What a row of it says.
    columns : tuple of Column
        In the order of the template.
    key : tuple of str
        Columns that together name a row; no two rows may share them.
    missing : Missing
        What it means that a key has no row.
    required : bool
        Whether the sheet must be there with at least one row.
    vertical : bool
        Names down the first column, values in the second, one record in all (a settings sheet).
    order : str
        Column by whose values its rows follow each other, where other sheets carry a value
        forward along them.
    ordered : bool
        Whether the order of its rows matters: what they say is done one after another.
    plan_table : str
        Table of an earlier plan from which the sheet may be filled, its columns by their names.
    advisory : bool
        Whether no plan depends on it, so that a mistake on it stops no solve.
    rules : tuple of Rule
        Rules between the columns of each row.
    question : str
        Question of a planner that an optional sheet is there for; sheets of one question are filled
        in together. Empty where the sheet is required.
    more_examples : tuple of mapping of str to object
        Further rows of the small example, where one says nothing alone: what differs in them from
        the examples of the columns.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    missing: Missing = Missing.NOTHING
    required: bool = False
    vertical: bool = False
    order: str = ""
    ordered: bool = False
    plan_table: str = ""
    advisory: bool = False
    rules: tuple[Rule, ...] = ()
    question: str = ""
    more_examples: tuple[Mapping[str, object], ...] = field(default=(), compare=False)
    by_name: dict[str, Column] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.name) > 31:
            raise ValueError(f"sheet name {self.name!r} is longer than 31 characters")
        names = [column.name for column in self.columns]
        if len(set(names)) != len(names):
            raise ValueError(f"sheet {self.name!r} declares a column twice")
        unknown = [k for k in self.key if k not in names]
        if unknown:
            raise ValueError(f"sheet {self.name!r} has no key column {unknown[0]!r}")
        if self.plan_table and self.vertical:
            raise ValueError(f"sheet {self.name!r} holds one record and cannot come from a plan")
        for rule in self.rules:
            unknown = [column for column in rule.reads if column not in names]
            if unknown:
                raise ValueError(f"sheet {self.name!r} has a rule on no column {unknown[0]!r}")
            if not rule.code:
                raise ValueError(f"sheet {self.name!r} has a rule without a code: {rule.sentence}")
        object.__setattr__(self, "by_name", {column.name: column for column in self.columns})

    def rules_on(self, column: str) -> tuple[Rule, ...]:
        """Return the rules that read a column."""
        return tuple(rule for rule in self.rules if column in rule.reads)


# Sheet, row label and column.
Cell = tuple[str, int, str]
