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
from optalloc.data.reader import fold, suggest
from optalloc.errors import Problem
from optalloc.scenarios.overrides import Override, WrongOverride, altered, row_filter
from optalloc.scenarios.sheet import Operation
from optalloc.scenarios.tree import Known, Scenario, ScenarioTree, Uncertainty
from optalloc.scenarios.uncertainty_sheets import (
    OUTCOMES,
    SCENARIOS,
    UNCERTAINTIES,
    UNCERTAINTY_SHEETS,
)

__all__ = ["MOST_SCENARIOS", "scenario_tree"]

MOST_SCENARIOS = 1_000
# Probabilities add to 1 within this.
_SUM = 1e-9


def scenario_tree(
    data: Dataset, fixed: Iterable[str] = ()
) -> tuple[ScenarioTree | None, list[Problem]]:
    """Read the scenario tree of a workbook.

    Parameters
    ----------
    data : Dataset
        The base workbook, on which each change is tried.
    fixed : iterable of str
        ``"Sheet"`` or ``"Sheet.column"`` that no outcome may change.

    Returns
    -------
    ScenarioTree or None, list of Problem
        None where nothing is uncertain, or where there is a problem.
    """
    if not len(data[UNCERTAINTIES.name]) and not len(data[OUTCOMES.name]):
        return None, _without_uncertainties(data)
    reader = _Reader(data, tuple(fixed))
    tree = reader.tree()
    return (None if reader.problems else tree), reader.problems


def _without_uncertainties(data: Dataset) -> list[Problem]:
    rows = data[SCENARIOS.name]
    if not len(rows):
        return []
    must = "a combination of outcomes needs the uncertainties that it combines"
    action = "List them on the sheet Uncertainties, or remove these rows."
    return [
        data.problem(SCENARIOS.name, rows.index[0], "scenario", must, action, "scenario-outcomes")
    ]


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
    problems: list[Problem] = field(default_factory=list)

    def tree(self) -> ScenarioTree | None:
        """The tree, as far as the sheets can be read."""
        uncertainties, rows = self._uncertainties()
        changes = self._changes(rows)
        if self.problems:
            return None
        listed = self.data[SCENARIOS.name]
        found = (
            self._listed(uncertainties, rows) if len(listed) else self._product(uncertainties, rows)
        )
        scenarios = tuple(
            Scenario(name, outcomes, p, tuple(c for one in outcomes for c in changes.get(one, ())))
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
    ) -> None:
        self.problems.append(self.data.problem(sheet, row, column, must, action, code, found=found))

    # Uncertainties --------------------------------------------------------------------------------

    def _uncertainties(self) -> tuple[list[Uncertainty], dict[str, list[_Row]]]:
        """The uncertainties in order, and the rows of each."""
        name = UNCERTAINTIES.name
        frame = self.data.known(name, *UNCERTAINTIES.by_name)
        first_of = {one: k for k, one in enumerate(frame["uncertainty"].unique())}
        uncertainties: list[Uncertainty] = []
        rows: dict[str, list[_Row]] = {}
        records = zip(map(int, frame.index), frame.to_dict("records"), strict=True)
        for uncertainty, group in itertools.groupby(
            sorted(records, key=lambda one: first_of[one[1]["uncertainty"]]),
            key=lambda one: str(one[1]["uncertainty"]),
        ):
            own = list(group)
            first, revealed = own[0][0], own[0][1]["revealed"]
            rows[uncertainty] = [
                _Row(number, str(row["outcome"]), float(row["probability"]), given)
                for number, row in own
                if (given := self._given(number, str(row["given"] or ""), rows)) is not None
            ]
            if pd.isna(revealed):
                must = "the first row of an uncertainty must have the day on which it is known"
                self._say(name, first, "revealed", must, "Fill it in.", "uncertainty-revealed")
                continue
            uncertainties.append(Uncertainty(uncertainty, revealed, first))
            for number, row in own[1:]:
                if not pd.isna(row["revealed"]) and row["revealed"] != revealed:
                    day = shown(revealed)
                    must = f"all outcomes of {uncertainty} must be known on one day, {day}"
                    action = "Change it, or leave it blank."
                    self._say(name, number, "revealed", must, action, "uncertainty-revealed")
        self._probabilities(rows)
        return uncertainties, rows

    def _given(
        self, number: int, text: str, above: Mapping[str, list[_Row]]
    ) -> tuple[Known, ...] | None:
        """The condition of a row; None where there is a problem with it."""
        found = self._outcomes_in(text, above)
        if isinstance(found, str):
            action = "Write it like demand=fast, with an uncertainty whose rows are above."
            code = "uncertainty-given"
            self._say(UNCERTAINTIES.name, number, "given", found, action, code, shown(text))
            return None
        return found

    def _outcomes_in(self, text: str, known: Mapping[str, list[_Row]]) -> tuple[Known, ...] | str:
        """Outcomes in a text like ``demand=fast; grid=late``, or what is wrong with it."""
        found: list[Known] = []
        names = {fold(name): name for name in known}
        for part in filter(str.strip, text.split(";")):
            left, sign, right = (piece.strip() for piece in part.partition("="))
            if not sign or not left or not right:
                return "outcomes must be uncertainty=outcome, several joined by ';'"
            name = names.get(fold(left))
            if name is None:
                guess = suggest(left, known)
                meant = f" (did you mean {guess!r}?)" if guess else ""
                return f"{left!r} must be an uncertainty listed above{meant}"
            outcomes = {fold(row.outcome): row.outcome for row in known[name]}
            if fold(right) not in outcomes:
                return f"{right!r} must be an outcome of {name}: {', '.join(outcomes.values())}"
            if name in (one for one, _ in found):
                return f"{name} must be named once"
            found.append((name, outcomes[fold(right)]))
        return tuple(found)

    def _probabilities(self, rows: Mapping[str, list[_Row]]) -> None:
        """Report probabilities that are missing, of no use, or do not add to 1."""
        sheet, listed = UNCERTAINTIES.name, len(self.data[SCENARIOS.name])
        for uncertainty, own in rows.items():
            for row in own:
                if math.isnan(row.probability) and not listed:
                    must = "an outcome must have a probability"
                    action = "Fill it in, or list combinations of outcomes on the sheet Scenarios."
                    code = "scenario-probability"
                    self._say(sheet, row.number, "probability", must, action, code)
                elif not math.isnan(row.probability) and listed:
                    must = "probabilities must stand in one place: here or on the sheet Scenarios"
                    action = "Leave it blank, or remove the rows of the sheet Scenarios."
                    code = "scenario-probability"
                    self._say(sheet, row.number, "probability", must, action, code)
            if listed or any(math.isnan(row.probability) for row in own):
                continue
            for given, same in itertools.groupby(
                sorted(own, key=lambda row: row.given), key=lambda row: row.given
            ):
                group = list(same)
                total = math.fsum(row.probability for row in group)
                if abs(total - 1.0) > _SUM:
                    where = f" given {_written(given)}" if given else ""
                    must = f"probabilities of the outcomes of {uncertainty}{where} must add to 1"
                    action = "Correct one of them; they are never scaled."
                    first = group[0].number
                    code = "probability-sum"
                    self._say(sheet, first, "probability", must, action, code, f"{total:.12g}")

    # Outcomes -------------------------------------------------------------------------------------

    def _changes(self, rows: Mapping[str, list[_Row]]) -> dict[Known, list[tuple[int, Override]]]:
        """By uncertainty and outcome, the changes that come with it."""
        sheet = OUTCOMES.name
        frame = self.data.known(sheet, *OUTCOMES.by_name)
        changes: dict[Known, list[tuple[int, Override]]] = {}
        for number, row in zip(frame.index, frame.to_dict("records"), strict=True):
            found = self._outcomes_in(f"{row['uncertainty']}={row['outcome']}", rows)
            if isinstance(found, str):
                if self.data.sound(UNCERTAINTIES.name):
                    action = "Name an uncertainty and an outcome of the sheet Uncertainties."
                    self._say(
                        sheet,
                        number,
                        "outcome",
                        found,
                        action,
                        "unknown-outcome",
                        f"{row['uncertainty']}={row['outcome']}",
                    )
                continue
            override = self._override(number, {str(k): v for k, v in row.items()})
            if override is not None:
                changes.setdefault(found[0], []).append((int(number), override))
        return changes

    def _override(self, number: Any, row: Mapping[str, Any]) -> Override | None:
        """The change of a row, tried on the base; None where there is a problem with it."""
        sheet = OUTCOMES.name
        try:
            where = row_filter(str(row["rows"] or ""))
            operation = Operation(row["operation"])
            override = Override(row["sheet"], where, row["column"], operation, str(row["value"]))
            target = {fold(name): name for name in self.data.sheets}.get(fold(override.sheet), "")
            if target and not self.data.sound(target):
                return override
            made = altered(self.data, [override])
        except WrongOverride as wrong:
            column = "value" if wrong.part == "values" else wrong.part
            code = wrong.code.replace("sweep-", "outcome-")
            self._say(sheet, number, column, wrong.must, wrong.action, code, wrong.found)
            return None
        if self._is_fixed(target, override.column):
            must = f"{target}.{override.column} must be the same in every scenario"
            action = "Change something else; costs of scenarios could not be compared."
            self._say(sheet, number, "column", must, action, "outcome-fixed")
            return None
        if made.frames[target].equals(self.data.frames[target]):
            must = "an outcome must change something"
            action = "Correct the value or the rows, or remove the row: the outcome is then the "
            action += "workbook as it stands."
            found = f"{override.sheet}.{override.column} as it is"
            self._say(sheet, number, "value", must, action, "outcome-changes-nothing", found)
            return None
        return override

    def _is_fixed(self, sheet: str, column: str) -> bool:
        fixed = {fold(name) for name in (*self.fixed, *UNCERTAINTY_SHEETS)}
        return fold(sheet) in fixed or fold(f"{sheet}.{column}") in fixed

    # Scenarios ------------------------------------------------------------------------------------

    def _product(
        self, uncertainties: Sequence[Uncertainty], rows: Mapping[str, list[_Row]]
    ) -> list[tuple[str, tuple[Known, ...], float]]:
        """Every combination of outcomes, with its probability."""
        combined: list[tuple[tuple[Known, ...], float]] = [((), 1.0)]
        for uncertainty in uncertainties:
            longer = []
            for outcomes, p in combined:
                matching = [
                    row for row in rows[uncertainty.name] if set(row.given) <= set(outcomes)
                ]
                conditions = {row.given for row in matching}
                if len(conditions) != 1:
                    self._conditions(uncertainty, outcomes, matching)
                    return []
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
        return [(_written(outcomes), outcomes, p) for outcomes, p in combined]

    def _conditions(
        self, uncertainty: Uncertainty, outcomes: Sequence[Known], matching: Sequence[_Row]
    ) -> None:
        """Report that no condition of an uncertainty holds in a combination, or several do."""
        where = f" where {_written(outcomes)}" if outcomes else ""
        if matching:
            must = f"only one condition of {uncertainty.name} must hold{where}"
            found, row = "several", matching[-1].number
        else:
            must = f"{uncertainty.name} must have outcomes{where}"
            found, row = "none", uncertainty.row
        action = "Give each combination of earlier outcomes one set of rows."
        self._say(UNCERTAINTIES.name, row, "given", must, action, "uncertainty-given", found)

    def _listed(
        self, uncertainties: Sequence[Uncertainty], rows: Mapping[str, list[_Row]]
    ) -> list[tuple[str, tuple[Known, ...], float]]:
        """The combinations of the sheet Scenarios."""
        sheet = SCENARIOS.name
        frame = self.data.known(sheet, *SCENARIOS.by_name)
        combined: dict[tuple[Known, ...], tuple[str, float]] = {}
        for number, row in zip(frame.index, frame.to_dict("records"), strict=True):
            text = str(row["outcomes"])
            found = self._outcomes_in(text, rows)
            must = found if isinstance(found, str) else ""
            named = {} if isinstance(found, str) else dict(found)
            missing = [one.name for one in uncertainties if one.name not in named]
            if not must and missing:
                must = f"a scenario must have an outcome of each uncertainty, also of {missing[0]}"
            outcomes = tuple((one.name, named.get(one.name, "")) for one in uncertainties)
            if not must and outcomes in combined:
                must = f"scenarios must differ; {combined[outcomes][0]} has the same outcomes"
            if must:
                action = "Write it like demand=fast; grid=late, each uncertainty once."
                self._say(sheet, number, "outcomes", must, action, "scenario-outcomes", shown(text))
                continue
            combined[outcomes] = str(row["scenario"]), float(row["probability"])
        if self.problems:
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


def _written(outcomes: Iterable[Known]) -> str:
    return "; ".join(f"{uncertainty}={outcome}" for uncertainty, outcome in outcomes)
