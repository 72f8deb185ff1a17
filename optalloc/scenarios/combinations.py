"""The scenarios: every combination of outcomes, or those of the sheet Scenarios."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from optalloc.data.convert import shown
from optalloc.data.dataset import Dataset
from optalloc.errors import Problem, Severity
from optalloc.scenarios.cell_problems import CellProblems
from optalloc.scenarios.outcome_names import outcomes_in, written
from optalloc.scenarios.read_uncertainties import PROBABILITY_SUM, OutcomeRow, Rows
from optalloc.scenarios.tree import Known, Uncertainty
from optalloc.scenarios.uncertainty_sheets import SCENARIOS, UNCERTAINTIES

__all__ = ["MOST_SCENARIOS", "Combination", "CombinationReader"]

MOST_SCENARIOS = 1_000

# Name, outcomes and probability.
Combination = tuple[str, tuple[Known, ...], float]


@dataclass
class CombinationReader:
    """Combines outcomes, and keeps the problems with that.

    Parameters
    ----------
    data : Dataset
    uncertainties : sequence of Uncertainty
        In order.
    rows : mapping of str to list of OutcomeRow
        Of each uncertainty.
    names : mapping of str to sequence of str
        Of the outcomes of each uncertainty.
    """

    data: Dataset
    uncertainties: Sequence[Uncertainty]
    rows: Rows
    names: Mapping[str, Sequence[str]]

    def __post_init__(self) -> None:
        self._of_outcomes = CellProblems(self.data, UNCERTAINTIES.name)
        self._of_scenarios = CellProblems(self.data, SCENARIOS.name)

    @property
    def problems(self) -> list[Problem]:
        """Problems with both sheets."""
        return [*self._of_outcomes.found, *self._of_scenarios.found]

    def read(self) -> list[Combination]:
        """The combinations, as far as they can be read."""
        found = self._listed() if len(self.data[SCENARIOS.name]) else self._product()
        sound = self.data.sound(SCENARIOS.name)
        if sound and not self._of_outcomes.has_errors and not self._of_scenarios.has_errors:
            self._never(found)
        return found

    def _product(self) -> list[Combination]:
        """Every combination of outcomes, with its probability."""
        combined: list[tuple[tuple[Known, ...], float]] = [((), 1.0)]
        for uncertainty in self.uncertainties:
            longer, reported = [], False
            for outcomes, p in combined:
                matching = [
                    row for row in self.rows[uncertainty.name] if set(row.given) <= set(outcomes)
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
                self._of_outcomes.say(
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
        self, uncertainty: Uncertainty, outcomes: Sequence[Known], matching: Sequence[OutcomeRow]
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
        self._of_outcomes.say(row, "given", must, action, "uncertainty-given", found)

    def _never(self, found: Iterable[Combination]) -> None:
        """Notice outcomes that come in no scenario."""
        combinations = [frozenset(outcomes) for _, outcomes, _ in found]
        for uncertainty, own in self.rows.items():
            for row in own:
                needed = {(uncertainty, row.outcome), *row.given}
                if not any(needed <= one for one in combinations):
                    must = f"{uncertainty}={row.outcome} comes in no scenario"
                    action = "Correct its condition or the sheet Scenarios, or remove the row."
                    self._of_outcomes.say(
                        row.number,
                        "outcome",
                        must,
                        action,
                        "outcome-never",
                        severity=Severity.NOTICE,
                    )

    def _listed(self) -> list[Combination]:
        """The combinations of the sheet Scenarios."""
        sheet = SCENARIOS.name
        frame = self.data.known(sheet, *SCENARIOS.by_name)
        combined: dict[tuple[Known, ...], tuple[str, float]] = {}
        for number, row in zip(frame.index, frame.to_dict("records"), strict=True):
            text = str(row["outcomes"])
            found = outcomes_in(text, self.names, "an uncertainty of the sheet Uncertainties")
            must = found if isinstance(found, str) else ""
            named = {} if isinstance(found, str) else dict(found)
            missing = [one.name for one in self.uncertainties if one.name not in named]
            if not must and missing:
                must = f"a scenario must have an outcome of each uncertainty, also of {missing[0]}"
            outcomes = tuple((one.name, named.get(one.name, "")) for one in self.uncertainties)
            must = must or _not_given(outcomes, self.rows)
            if not must and outcomes in combined:
                must = f"scenarios must differ; {combined[outcomes][0]} has the same outcomes"
            if must:
                action = "Write it like demand=fast; grid=late, each uncertainty once."
                self._of_scenarios.say(
                    number, "outcomes", must, action, "scenario-outcomes", shown(text)
                )
                continue
            combined[outcomes] = str(row["scenario"]), float(row["probability"])
        if self._of_scenarios.has_errors or not self.data.sound(sheet):
            return []
        total = math.fsum(p for _, p in combined.values())
        if abs(total - 1.0) > PROBABILITY_SUM:
            must, action = "probabilities of all scenarios must add to 1", "Correct one of them."
            self._of_scenarios.say(
                frame.index[0],
                "probability",
                must,
                action,
                "probability-sum",
                f"{total:.12g}",
            )
        if len(combined) > MOST_SCENARIOS:
            must = f"there must be at most {MOST_SCENARIOS:,} scenarios"
            self._of_scenarios.say(
                frame.index[0],
                "scenario",
                must,
                "Take fewer.",
                "too-many-scenarios",
                f"{len(combined):,}",
            )
        return [(name, outcomes, p) for outcomes, (name, p) in combined.items()]


def _not_given(outcomes: Sequence[Known], rows: Rows) -> str:
    """Say what is wrong where no condition of an outcome holds among the others; else nothing."""
    for uncertainty, outcome in outcomes:
        conditions = [row.given for row in rows[uncertainty] if row.outcome == outcome]
        if not any(set(given) <= set(outcomes) for given in conditions):
            needed = " or ".join(written(given) for given in conditions)
            return (
                f"{uncertainty}={outcome} must come given {needed}, as the sheet Uncertainties says"
            )
    return ""
