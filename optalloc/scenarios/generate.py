"""Outcomes from ranges: three points of each, or scenarios drawn from all of them together.

Sources: three points at P5, P50 and P95 with probabilities of 0.185, 0.63 and 0.185, the extended
Pearson-Tukey approximation (Keefer, Bodily, 1983, doi:10.1287/mnsc.29.5.595); latin hypercube
sampling (McKay, Beckman, Conover, 1979, doi:10.1080/00401706.1979.10489755).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import qmc

from optalloc.data.dataset import Dataset
from optalloc.errors import InputError, Problem
from optalloc.scenarios.edits import rows_added
from optalloc.scenarios.outcome_names import written
from optalloc.scenarios.overrides import Override, WrongOverride, altered
from optalloc.scenarios.range_sheet import RANGES
from optalloc.scenarios.ranges import Range, RangedUncertainty
from optalloc.scenarios.tree import ScenarioTree
from optalloc.scenarios.uncertainty_sheets import OUTCOMES, SCENARIOS, UNCERTAINTIES

__all__ = [
    "THREE_POINTS",
    "Generated",
    "draw_problem",
    "drawn",
    "probabilities_of_draws",
    "three_points",
    "unlisted",
    "without_outcomes",
]

# Name, and probability.
THREE_POINTS = (("low", 0.185), ("mode", 0.63), ("high", 0.185))


@dataclass(frozen=True)
class Generated:
    """A workbook with generated outcomes, and the row of Ranges of each row of Outcomes."""

    data: Dataset
    origins: Mapping[int, int]


@dataclass
class _Rows:
    """Rows of the sheets on uncertainty in the making."""

    data: Dataset
    uncertainties: list[dict[str, Any]] = field(default_factory=list)
    outcomes: list[dict[str, Any]] = field(default_factory=list)
    scenarios: list[dict[str, Any]] = field(default_factory=list)
    origins: list[int] = field(default_factory=list)
    problems: dict[tuple[int, str], Problem] = field(default_factory=dict)

    def add(
        self, one: RangedUncertainty, names: Sequence[str], probabilities: Sequence[float | None]
    ) -> None:
        """Add the outcomes of an uncertainty; its day of knowledge stands in the first row."""
        for k, (name, probability) in enumerate(zip(names, probabilities, strict=True)):
            row = {"uncertainty": one.name, "outcome": name, "probability": probability}
            revealed = pd.NaT if k else one.revealed
            self.uncertainties.append(row | {"revealed": revealed, "given": ""})

    def change(self, uncertainty: str, outcome: str, part: Range, amount: float) -> None:
        """Add a change of cells, unless it changes nothing."""
        override = part.at(amount)
        try:
            if not _changes(self.data, override):
                return
        except WrongOverride as wrong:
            must = f"with {override.value} drawn, {wrong.must}"
            self.problems.setdefault(
                (part.number, wrong.must), draw_problem(self.data, part.number, must, wrong.found)
            )
            return
        self.origins.append(part.number)
        self.outcomes.append(
            {
                "uncertainty": uncertainty,
                "outcome": outcome,
                "sheet": override.sheet,
                "rows": "; ".join(map("=".join, override.rows)),
                "column": override.column,
                "operation": str(override.operation),
                "value": override.value,
            }
        )

    def added(self) -> Generated:
        """The dataset with these rows below its own."""
        if self.problems:
            raise InputError(self.problems.values())
        parts = (
            (UNCERTAINTIES, self.uncertainties),
            (OUTCOMES, self.outcomes),
            (SCENARIOS, self.scenarios),
        )
        frames = {
            sheet.name: pd.DataFrame(rows, columns=[c.name for c in sheet.columns])
            for sheet, rows in parts
            if rows
        }
        made = rows_added(frames, self.data)
        last = made[OUTCOMES.name].index[len(made[OUTCOMES.name]) - len(self.origins) :]
        return Generated(made, dict(zip(map(int, last), self.origins, strict=True)))


def _changes(data: Dataset, override: Override) -> bool:
    made = altered(data, [override])
    return any(
        made.frames[name] is not frame and not made.frames[name].equals(frame)
        for name, frame in data.frames.items()
    )


def draw_problem(data: Dataset, row: int, must: str, found: str) -> Problem:
    """The problem that a value within a range makes the workbook invalid."""
    action = "Narrow the range, or state it as a factor (multiply), which stays above zero."
    return data.problem(RANGES.name, row, "low", must, action, "range-draw", found=found)


def three_points(data: Dataset, uncertainties: Iterable[RangedUncertainty]) -> Generated:
    """The workbook with three outcomes of each uncertainty within ranges, all independent."""
    rows = _Rows(data)
    for one in uncertainties:
        rows.add(one, [name for name, _ in THREE_POINTS], [p for _, p in THREE_POINTS])
        for outcome, _ in THREE_POINTS:
            for part in one.ranges:
                rows.change(one.name, outcome, part, getattr(part, outcome))
    return rows.added()


def probabilities_of_draws(
    draws: int, dimensions: int, seed: int, *, stratified: bool
) -> np.ndarray:
    """Probabilities at which quantiles are drawn, shape (draws, dimensions), within (0, 1).

    Parameters
    ----------
    draws, dimensions, seed : int
    stratified : bool
        A latin hypercube, of which each draw has a stratum of its own in every dimension; else
        independent draws, of which the mean has a known error.
    """
    rng = np.random.default_rng(seed)
    if stratified:
        u = qmc.LatinHypercube(dimensions, rng=rng).random(draws)
    else:
        u = rng.random((draws, dimensions))
    smallest = np.finfo(float).eps
    return np.asarray(np.clip(u, smallest, 1.0 - smallest))


def drawn(
    data: Dataset,
    uncertainties: Sequence[RangedUncertainty],
    rest: ScenarioTree | None,
    u: np.ndarray,
) -> Generated:
    """The workbook with scenarios drawn from ranges, all equally probable.

    Parameters
    ----------
    data : Dataset
        Without outcomes of these uncertainties (`without_outcomes`).
    uncertainties : sequence of RangedUncertainty
    rest : ScenarioTree, optional
        Scenarios of all other uncertainties, from which one is drawn for each draw.
    u : numpy.ndarray, shape (draws, uncertainties + 1)
        Probabilities strictly between 0 and 1; the last column draws from the rest.

    Raises
    ------
    InputError
        If a drawn value makes a cell invalid.
    """
    rows = _Rows(unlisted(data))
    width = len(str(len(u)))
    names = [f"draw {k:0{width}}" for k in range(1, len(u) + 1)]
    for one, own in zip(uncertainties, u.T, strict=False):
        rows.add(one, names, [None] * len(u))
        amounts = [part.quantiles(own) for part in one.ranges]
        for k, name in enumerate(names):
            for part, values in zip(one.ranges, amounts, strict=True):
                rows.change(one.name, name, part, float(values[k]))
    others: list[tuple[tuple[str, str], ...]] = [()] * len(u)
    if rest is not None:
        ends = np.cumsum(rest.probability)
        chosen = np.searchsorted(ends[:-1], u[:, -1], side="right")
        others = [rest.scenarios[k].outcomes for k in chosen]
    for name, other in zip(names, others, strict=True):
        outcomes = (*other, *((one.name, name) for one in uncertainties))
        row = {"scenario": name, "outcomes": written(outcomes), "probability": 1.0 / len(u)}
        rows.scenarios.append(row)
    return rows.added()


def unlisted(data: Dataset) -> Dataset:
    """The workbook with neither probabilities nor scenarios, for the latter to be listed."""
    frame = data[UNCERTAINTIES.name]
    return data.with_frames(
        {
            UNCERTAINTIES.name: frame.assign(probability=np.nan),
            SCENARIOS.name: data[SCENARIOS.name].iloc[:0],
        }
    )


def without_outcomes(data: Dataset, names: Iterable[str]) -> Dataset:
    """The workbook without some uncertainties; without its sheet Scenarios if it had one of them.

    Outcomes of an earlier generation are replaced by new ones.
    """
    gone = set(names)
    frames = {}
    for sheet in (UNCERTAINTIES, OUTCOMES):
        frame = data[sheet.name]
        frames[sheet.name] = frame[~frame["uncertainty"].isin(gone)]
    if len(frames[UNCERTAINTIES.name]) < len(data[UNCERTAINTIES.name]):
        frames[SCENARIOS.name] = data[SCENARIOS.name].iloc[:0]
    return data.with_frames(frames)
