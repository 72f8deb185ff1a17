"""The sheets on uncertainty become a scenario tree, or every problem with them at its cell."""

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
from optalloc.errors import Problem, Severity
from optalloc.scenarios.outcome_names import outcomes_in, written
from optalloc.scenarios.overrides import Override
from optalloc.scenarios.read_outcomes import OutcomeReader, overlaps
from optalloc.scenarios.tree import Known, Scenario, ScenarioTree, Uncertainty
from optalloc.scenarios.uncertainty_sheets import (
    ATTITUDE,
    OUTCOMES,
    SCENARIOS,
    UNCERTAINTIES,
)

__all__ = ["MOST_SCENARIOS", "Horizon", "scenario_tree"]

# The first day and the last on which something is decided.
Horizon = tuple[pd.Timestamp, pd.Timestamp]

MOST_SCENARIOS = 1_000
# Probabilities add to 1 within this.
_SUM = 1e-9


def scenario_tree(
    data: Dataset, fixed: Iterable[str] = (), horizon: Horizon | None = None
) -> tuple[ScenarioTree | None, list[Problem]]:
    """Read the scenario tree of a workbook.

    Parameters
    ----------
    data : Dataset
        The base workbook, on which each change is tried.
    fixed : iterable of str
        ``"Sheet"`` or ``"Sheet.column"`` that no outcome may change.
    horizon : pair of Timestamp, optional
        The first day and the last on which something is decided.

    Returns
    -------
    ScenarioTree or None, list of Problem
        None where nothing is uncertain, or where there is an error.
    """
    if not data.uses([UNCERTAINTIES.name, OUTCOMES.name]) and data.sound(UNCERTAINTIES.name):
        return None, _without_uncertainties(data)
    reader = _Reader(data, tuple(fixed), horizon)
    tree = reader.tree()
    return (None if reader.has_errors else tree), reader.problems


def _without_uncertainties(data: Dataset) -> list[Problem]:
    found = []
    scenarios, attitude = data[SCENARIOS.name], data[ATTITUDE.name]
    if len(scenarios):
        must = "a combination of outcomes needs the uncertainties that it combines"
        action = "List them on the sheet Uncertainties, or remove these rows."
        code = "scenario-outcomes"
        row = scenarios.index[0]
        found.append(data.problem(SCENARIOS.name, row, "scenario", must, action, code))
    elif len(attitude):
        must = "an attitude makes a difference only where something is uncertain"
        action = "List uncertainties on the sheet Uncertainties, or remove this sheet."
        code, row = "attitude-unused", attitude.index[0]
        notice = Severity.NOTICE
        found.append(
            data.problem(ATTITUDE.name, row, "measure", must, action, code, severity=notice)
        )
    return found


# Name, outcomes and probability.
_Combination = tuple[str, tuple[Known, ...], float]


@dataclass(frozen=True)
class _Row:
    """A row of Uncertainties that could be read, its condition as uncertainty and outcome."""

    number: int
    outcome: str
    probability: float
    given: tuple[Known, ...]


@dataclass
class _Reader:
    data: Dataset
    fixed: tuple[str, ...]
    horizon: Horizon | None
    problems: list[Problem] = field(default_factory=list)
    # Names of the outcomes of each uncertainty, in order.
    outcomes: dict[str, list[str]] = field(default_factory=dict)
    # Uncertainties with a row that could not be read in full.
    doubtful: set[str] = field(default_factory=set)

    @property
    def has_errors(self) -> bool:
        """True if something must be changed before there is a tree."""
        return any(problem.severity is Severity.ERROR for problem in self.problems)

    def tree(self) -> ScenarioTree | None:
        """The tree, as far as the sheets can be read."""
        uncertainties, rows = self._uncertainties()
        readable = not self.has_errors and not self.doubtful
        reader = OutcomeReader(self.data, self.fixed, self.outcomes)
        changes = reader.changes()
        self.problems += reader.problems
        if not readable:
            return None
        if len(self.data[SCENARIOS.name]):
            found = self._listed(uncertainties, rows)
        else:
            found = self._product(uncertainties, rows)
        if self.has_errors or not self.data.sound(SCENARIOS.name):
            return None
        self._never(rows, found)
        self.problems += overlaps(self.data, changes)
        by_outcome: dict[Known, list[tuple[int, Override]]] = {}
        for change in changes:
            by_outcome.setdefault(change.outcome, []).append((change.number, change.override))
        scenarios = tuple(
            Scenario(
                name, outcomes, p, tuple(c for one in outcomes for c in by_outcome.get(one, ()))
            )
            for name, outcomes, p in found
        )
        return ScenarioTree(tuple(uncertainties), scenarios)

    def _say(
        self,
        sheet: str,
        row: Any,
        column: str,
        must: str,
        action: str,
        code: str,
        found: str | None = None,
        severity: Severity = Severity.ERROR,
    ) -> None:
        self.problems.append(
            self.data.problem(
                sheet, row, column, must, action, code, found=found, severity=severity
            )
        )

    # Uncertainties --------------------------------------------------------------------------------

    def _uncertainties(self) -> tuple[list[Uncertainty], dict[str, list[_Row]]]:
        """The uncertainties in order, and the rows of each."""
        name = UNCERTAINTIES.name
        frame = self.data.known(name, *UNCERTAINTIES.by_name)
        self._note_doubtful(frame.index)
        first_of = {one: k for k, one in enumerate(frame["uncertainty"].unique())}
        uncertainties: list[Uncertainty] = []
        rows: dict[str, list[_Row]] = {}
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
                _Row(number, str(row["outcome"]), float(row["probability"]), given)
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
        sheet, action = UNCERTAINTIES.name, "Rename it, here and on the other sheets."
        spelled: dict[str, str] = {}
        seen = set()
        for number, row in own:
            for column in ("uncertainty", "outcome"):
                first_time = (column, row[column]) not in seen
                seen.add((column, row[column]))
                if first_time and set(";=") & set(str(row[column])):
                    must = f"the name of an {column} must be without ; and =, which join names"
                    self._say(sheet, number, column, must, action, "uncertainty-name")
            outcome = str(row["outcome"])
            first = spelled.setdefault(fold(outcome), outcome)
            if first != outcome:
                must = f"outcomes of {uncertainty} must differ by more than case and spaces"
                found = f"{outcome!r} beside {first!r}"
                self._say(sheet, number, "outcome", must, action, "uncertainty-name", found)

    def _twice(self, uncertainty: str, rows: Iterable[_Row]) -> None:
        """Report an outcome that is listed twice under one condition, however that is written."""
        first: dict[tuple[str, tuple[Known, ...]], int] = {}
        for row in rows:
            other = first.setdefault((row.outcome, row.given), row.number)
            if other != row.number:
                where = f" given {written(row.given)}" if row.given else ""
                must = f"{uncertainty}={row.outcome} must be listed once{where}"
                row_name = self.data.row_name(UNCERTAINTIES.name, other)
                action, found = "Remove one of the two rows.", f"again, as in row {row_name}"
                self._say(
                    UNCERTAINTIES.name,
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
        sheet, code = UNCERTAINTIES.name, "uncertainty-revealed"
        first, revealed = own[0][0], own[0][1]["revealed"]
        if pd.isna(revealed):
            must = "the first row of an uncertainty must have the day on which it is known"
            if name not in self.doubtful:
                self._say(sheet, first, "revealed", must, "Fill it in.", code)
            return None
        for number, row in own[1:]:
            if not pd.isna(row["revealed"]) and row["revealed"] != revealed:
                must = f"all outcomes of {name} must be known on one day, {shown(revealed)}"
                action = "Change it, or leave it blank."
                self._say(sheet, number, "revealed", must, action, code)
        begin, end = self.horizon or (None, None)
        if begin is not None and revealed <= begin:
            must = (
                f"what is uncertain becomes known after the first day of the plan, {shown(begin)}"
            )
            action = f"Every decision may depend on {name}: nothing is decided before it is known."
            self._say(sheet, first, "revealed", must, action, code, severity=Severity.NOTICE)
        elif end is not None and revealed > end:
            must = f"what is uncertain becomes known by the last day of the plan, {shown(end)}"
            action = f"No decision can depend on {name}: one plan has to do for all its outcomes."
            self._say(sheet, first, "revealed", must, action, code, severity=Severity.NOTICE)
        return Uncertainty(name, revealed, first)

    def _given(
        self, number: int, text: str, above: Mapping[str, list[str]]
    ) -> tuple[Known, ...] | None:
        """The condition of a row in the order of uncertainties; None where it is wrong."""
        found = outcomes_in(text, above, "an uncertainty listed above")
        if isinstance(found, str):
            action = "Write it like demand=fast, with an uncertainty whose rows are above."
            code = "uncertainty-given"
            self._say(UNCERTAINTIES.name, number, "given", found, action, code, shown(text))
            return None
        order = list(above)
        return tuple(sorted(found, key=lambda one: order.index(one[0])))

    def _probabilities(self, rows: Mapping[str, list[_Row]]) -> None:
        """Report probabilities that are missing, of no use, or do not add to 1."""
        sheet, listed = UNCERTAINTIES.name, len(self.data[SCENARIOS.name])
        code = "scenario-probability"
        for uncertainty, own in rows.items():
            for row in own:
                # Rows of Scenarios that could not be read may have them.
                if math.isnan(row.probability) and not listed and self.data.sound(SCENARIOS.name):
                    must = "an outcome must have a probability"
                    action = "Fill it in, or list combinations of outcomes on the sheet Scenarios."
                    self._say(sheet, row.number, "probability", must, action, code)
                elif not math.isnan(row.probability) and listed:
                    must = "probabilities must stand in one place: here or on the sheet Scenarios"
                    action = "Leave it blank, or remove the rows of the sheet Scenarios."
                    self._say(sheet, row.number, "probability", must, action, code)
            blank = any(math.isnan(row.probability) for row in own)
            if not (listed or blank or uncertainty in self.doubtful):
                self._sums(uncertainty, own)

    def _sums(self, uncertainty: str, own: Iterable[_Row]) -> None:
        groups: dict[tuple[Known, ...], list[_Row]] = {}
        for row in own:
            groups.setdefault(row.given, []).append(row)
        for given, group in groups.items():
            total = math.fsum(row.probability for row in group)
            if abs(total - 1.0) > _SUM:
                where = f" given {written(given)}" if given else ""
                must = f"probabilities of the outcomes of {uncertainty}{where} must add to 1"
                action = "Correct one of them; they are never scaled."
                first, found = group[0].number, f"{total:.12g}"
                code = "probability-sum"
                self._say(UNCERTAINTIES.name, first, "probability", must, action, code, found)

    # Scenarios ------------------------------------------------------------------------------------

    def _product(
        self, uncertainties: Sequence[Uncertainty], rows: Mapping[str, list[_Row]]
    ) -> list[_Combination]:
        """Every combination of outcomes, with its probability."""
        combined: list[tuple[tuple[Known, ...], float]] = [((), 1.0)]
        for uncertainty in uncertainties:
            longer, reported = [], False
            for outcomes, p in combined:
                matching = [
                    row for row in rows[uncertainty.name] if set(row.given) <= set(outcomes)
                ]
                if len({row.given for row in matching}) != 1:
                    # One combination for each uncertainty says enough.
                    if not reported:
                        self._conditions(uncertainty, outcomes, matching)
                    reported = True
                    continue
                longer += [
                    ((*outcomes, (uncertainty.name, row.outcome)), p * row.probability)
                    for row in matching
                ]
            combined = longer
            if len(combined) > MOST_SCENARIOS:
                must = f"there must be at most {MOST_SCENARIOS:,} scenarios"
                action = "Take fewer outcomes, or list combinations on the sheet Scenarios."
                self._say(
                    UNCERTAINTIES.name,
                    uncertainty.row,
                    "uncertainty",
                    must,
                    action,
                    "too-many-scenarios",
                    f"{len(combined):,} up to this uncertainty",
                )
                return []
        return [(written(outcomes), outcomes, p) for outcomes, p in combined]

    def _conditions(
        self, uncertainty: Uncertainty, outcomes: Sequence[Known], matching: Sequence[_Row]
    ) -> None:
        """Report that no condition of an uncertainty holds in a combination, or several do."""
        where = f" where {written(outcomes)}" if outcomes else ""
        if matching:
            must = f"only one condition of {uncertainty.name} must hold{where}"
            found, row = "several", matching[-1].number
        else:
            must = f"{uncertainty.name} must have outcomes{where}"
            found, row = "none", uncertainty.row
        action = "Give each combination of earlier outcomes one set of rows."
        self._say(UNCERTAINTIES.name, row, "given", must, action, "uncertainty-given", found)

    def _never(self, rows: Mapping[str, list[_Row]], found: Iterable[_Combination]) -> None:
        """Notice outcomes that come in no scenario."""
        combinations = [frozenset(outcomes) for _, outcomes, _ in found]
        for uncertainty, own in rows.items():
            for row in own:
                needed = {(uncertainty, row.outcome), *row.given}
                if not any(needed <= one for one in combinations):
                    must = f"{uncertainty}={row.outcome} comes in no scenario"
                    action = "Correct its condition or the sheet Scenarios, or remove the row."
                    self._say(
                        UNCERTAINTIES.name,
                        row.number,
                        "outcome",
                        must,
                        action,
                        "outcome-never",
                        severity=Severity.NOTICE,
                    )

    def _listed(
        self, uncertainties: Sequence[Uncertainty], rows: Mapping[str, list[_Row]]
    ) -> list[_Combination]:
        """The combinations of the sheet Scenarios."""
        sheet = SCENARIOS.name
        frame = self.data.known(sheet, *SCENARIOS.by_name)
        combined: dict[tuple[Known, ...], tuple[str, float]] = {}
        for number, row in zip(frame.index, frame.to_dict("records"), strict=True):
            text = str(row["outcomes"])
            found = outcomes_in(text, self.outcomes, "an uncertainty of the sheet Uncertainties")
            must = found if isinstance(found, str) else ""
            named = {} if isinstance(found, str) else dict(found)
            missing = [one.name for one in uncertainties if one.name not in named]
            if not must and missing:
                must = f"a scenario must have an outcome of each uncertainty, also of {missing[0]}"
            outcomes = tuple((one.name, named.get(one.name, "")) for one in uncertainties)
            must = must or _not_given(outcomes, rows)
            if not must and outcomes in combined:
                must = f"scenarios must differ; {combined[outcomes][0]} has the same outcomes"
            if must:
                action = "Write it like demand=fast; grid=late, each uncertainty once."
                self._say(sheet, number, "outcomes", must, action, "scenario-outcomes", shown(text))
                continue
            combined[outcomes] = str(row["scenario"]), float(row["probability"])
        if self.has_errors or not self.data.sound(sheet):
            return []
        total = math.fsum(p for _, p in combined.values())
        if abs(total - 1.0) > _SUM:
            must, action = "probabilities of all scenarios must add to 1", "Correct one of them."
            self._say(
                sheet,
                frame.index[0],
                "probability",
                must,
                action,
                "probability-sum",
                f"{total:.12g}",
            )
        if len(combined) > MOST_SCENARIOS:
            must = f"there must be at most {MOST_SCENARIOS:,} scenarios"
            self._say(
                sheet,
                frame.index[0],
                "scenario",
                must,
                "Take fewer.",
                "too-many-scenarios",
                f"{len(combined):,}",
            )
        return [(name, outcomes, p) for outcomes, (name, p) in combined.items()]


def _not_given(outcomes: Sequence[Known], rows: Mapping[str, list[_Row]]) -> str:
    """Say what is wrong where no condition of an outcome holds among the others; else nothing."""
    for uncertainty, outcome in outcomes:
        conditions = [row.given for row in rows[uncertainty] if row.outcome == outcome]
        if not any(set(given) <= set(outcomes) for given in conditions):
            needed = " or ".join(written(given) for given in conditions)
            return (
                f"{uncertainty}={outcome} must come given {needed}, as the sheet Uncertainties says"
            )
    return ""
