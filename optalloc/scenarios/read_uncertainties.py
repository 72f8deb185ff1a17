"""The sheet Uncertainties becomes uncertainties and the rows of their outcomes."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from optalloc.data.convert import shown
from optalloc.data.dataset import Dataset
from optalloc.data.reader import fold
from optalloc.errors import Severity
from optalloc.scenarios.cell_problems import CellProblems
from optalloc.scenarios.outcome_names import outcomes_in, written
from optalloc.scenarios.tree import Known, Uncertainty
from optalloc.scenarios.uncertainty_sheets import SCENARIOS, UNCERTAINTIES

__all__ = ["PROBABILITY_SUM", "Horizon", "OutcomeRow", "Rows", "UncertaintyReader"]

# The first day and the last on which something is decided.
Horizon = tuple[pd.Timestamp, pd.Timestamp]

# Probabilities add to 1 within this.
PROBABILITY_SUM = 1e-9


@dataclass(frozen=True)
class OutcomeRow:
    """A row of Uncertainties that could be read, its condition as uncertainty and outcome."""

    number: int
    outcome: str
    probability: float
    given: tuple[Known, ...]


# By uncertainty.
Rows = dict[str, list[OutcomeRow]]


@dataclass
class UncertaintyReader:
    """Reads the rows of Uncertainties, and keeps the problems with them.

    Parameters
    ----------
    data : Dataset
    horizon : pair of Timestamp, optional
        The first day and the last on which something is decided.
    """

    data: Dataset
    horizon: Horizon | None
    # Names of the outcomes of each uncertainty, in order.
    outcomes: dict[str, list[str]] = field(default_factory=dict)
    # Uncertainties with a row that could not be read in full.
    doubtful: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.problems = CellProblems(self.data, UNCERTAINTIES.name)

    def read(self) -> tuple[list[Uncertainty], Rows]:
        """The uncertainties in order, and the rows of each."""
        name = UNCERTAINTIES.name
        frame = self.data.known(name, *UNCERTAINTIES.by_name)
        self._note_doubtful(frame.index)
        first_of = {one: k for k, one in enumerate(frame["uncertainty"].unique())}
        uncertainties: list[Uncertainty] = []
        rows: Rows = {}
        records = zip(map(int, frame.index), frame.to_dict("records"), strict=True)
        for uncertainty, group in itertools.groupby(
            sorted(records, key=lambda one: first_of[one[1]["uncertainty"]]),
            key=lambda one: str(one[1]["uncertainty"]),
        ):
            own = list(group)
            above = dict(self.outcomes)
            self.outcomes[uncertainty] = list(dict.fromkeys(str(row["outcome"]) for _, row in own))
            self._names(uncertainty, own)
            rows[uncertainty] = [
                OutcomeRow(number, str(row["outcome"]), float(row["probability"]), given)
                for number, row in own
                if (given := self._given(number, str(row["given"] or ""), above)) is not None
            ]
            self._twice(uncertainty, rows[uncertainty])
            known = self._revealed(uncertainty, own)
            uncertainties += [] if known is None else [known]
        self._probabilities(rows)
        return uncertainties, rows

    def _note_doubtful(self, known: pd.Index) -> None:
        """Note the uncertainties of rows that could not be read; all where a name is not known."""
        whole = self.data.rows(UNCERTAINTIES.name, "uncertainty")["uncertainty"]
        for number, uncertainty in whole.drop(known).items():
            sound = self.data.knows(UNCERTAINTIES.name, number, "uncertainty")
            self.doubtful |= {uncertainty} if sound else set(whole)

    def _names(self, uncertainty: str, own: Sequence[tuple[int, Mapping[Any, Any]]]) -> None:
        """Report names that no condition could name, and outcomes spelled in two ways."""
        action = "Rename it, here and on the other sheets."
        spelled: dict[str, str] = {}
        seen = set()
        for number, row in own:
            for column in ("uncertainty", "outcome"):
                first_time = (column, row[column]) not in seen
                seen.add((column, row[column]))
                if first_time and set(";=") & set(str(row[column])):
                    must = f"the name of an {column} must be without ; and =, which join names"
                    self.problems.say(number, column, must, action, "uncertainty-name")
            outcome = str(row["outcome"])
            first = spelled.setdefault(fold(outcome), outcome)
            if first != outcome:
                must = f"outcomes of {uncertainty} must differ by more than case and spaces"
                found = f"{outcome!r} beside {first!r}"
                self.problems.say(number, "outcome", must, action, "uncertainty-name", found)

    def _twice(self, uncertainty: str, rows: Iterable[OutcomeRow]) -> None:
        """Report an outcome that is listed twice under one condition, however that is written."""
        first: dict[tuple[str, tuple[Known, ...]], int] = {}
        for row in rows:
            other = first.setdefault((row.outcome, row.given), row.number)
            if other != row.number:
                where = f" given {written(row.given)}" if row.given else ""
                must = f"{uncertainty}={row.outcome} must be listed once{where}"
                row_name = self.data.row_name(UNCERTAINTIES.name, other)
                action, found = "Remove one of the two rows.", f"again, as in row {row_name}"
                self.problems.say(
                    row.number,
                    "outcome",
                    must,
                    action,
                    "uncertainty-given",
                    found,
                )

    def _revealed(
        self, name: str, own: Sequence[tuple[int, Mapping[Any, Any]]]
    ) -> Uncertainty | None:
        """The uncertainty with the day on which it is known; None where there is none."""
        code = "uncertainty-revealed"
        first, revealed = own[0][0], own[0][1]["revealed"]
        if pd.isna(revealed):
            must = "the first row of an uncertainty must have the day on which it is known"
            if name not in self.doubtful:
                self.problems.say(first, "revealed", must, "Fill it in.", code)
            return None
        for number, row in own[1:]:
            if not pd.isna(row["revealed"]) and row["revealed"] != revealed:
                must = f"all outcomes of {name} must be known on one day, {shown(revealed)}"
                action = "Change it, or leave it blank."
                self.problems.say(number, "revealed", must, action, code)
        begin, end = self.horizon or (None, None)
        if begin is not None and revealed <= begin:
            must = (
                f"what is uncertain becomes known after the first day of the plan, {shown(begin)}"
            )
            action = f"Every decision may depend on {name}: nothing is decided before it is known."
            self.problems.say(first, "revealed", must, action, code, severity=Severity.NOTICE)
        elif end is not None and revealed > end:
            must = f"what is uncertain becomes known by the last day of the plan, {shown(end)}"
            action = f"No decision can depend on {name}: one plan has to do for all its outcomes."
            self.problems.say(first, "revealed", must, action, code, severity=Severity.NOTICE)
        return Uncertainty(name, revealed, first)

    def _given(
        self, number: int, text: str, above: Mapping[str, list[str]]
    ) -> tuple[Known, ...] | None:
        """The condition of a row in the order of uncertainties; None where it is wrong."""
        found = outcomes_in(text, above, "an uncertainty listed above")
        if isinstance(found, str):
            action = "Write it like demand=fast, with an uncertainty whose rows are above."
            code = "uncertainty-given"
            self.problems.say(number, "given", found, action, code, shown(text))
            return None
        order = list(above)
        return tuple(sorted(found, key=lambda one: order.index(one[0])))

    def _probabilities(self, rows: Mapping[str, list[OutcomeRow]]) -> None:
        """Report probabilities that are missing, of no use, or do not add to 1."""
        listed = len(self.data[SCENARIOS.name])
        code = "scenario-probability"
        for uncertainty, own in rows.items():
            for row in own:
                # Rows of Scenarios that could not be read may have them.
                if math.isnan(row.probability) and not listed and self.data.sound(SCENARIOS.name):
                    must = "an outcome must have a probability"
                    action = "Fill it in, or list combinations of outcomes on the sheet Scenarios."
                    self.problems.say(row.number, "probability", must, action, code)
                elif not math.isnan(row.probability) and listed:
                    must = "probabilities must stand in one place: here or on the sheet Scenarios"
                    action = "Leave it blank, or remove the rows of the sheet Scenarios."
                    self.problems.say(row.number, "probability", must, action, code)
            blank = any(math.isnan(row.probability) for row in own)
            if not (listed or blank or uncertainty in self.doubtful):
                self._sums(uncertainty, own)

    def _sums(self, uncertainty: str, own: Iterable[OutcomeRow]) -> None:
        groups: dict[tuple[Known, ...], list[OutcomeRow]] = {}
        for row in own:
            groups.setdefault(row.given, []).append(row)
        for given, group in groups.items():
            total = math.fsum(row.probability for row in group)
            if abs(total - 1.0) > PROBABILITY_SUM:
                where = f" given {written(given)}" if given else ""
                must = f"probabilities of the outcomes of {uncertainty}{where} must add to 1"
                action = "Correct one of them; they are never scaled."
                first, found = group[0].number, f"{total:.12g}"
                code = "probability-sum"
                self.problems.say(first, "probability", must, action, code, found)
