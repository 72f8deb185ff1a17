"""Limits across scenarios, from the tables of their plans alone: audit and table.

What is beyond a limit in a scenario is used less allowed of its audit frame, and zero in a scenario
without it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from optalloc.mip.attitude import Attitude, Measure
from optalloc.mip.stochastic import Holds
from optalloc.modelling.futures import Futures
from optalloc.modelling.limits import Limit
from optalloc.modelling.policy_tables import LIMITS_ACROSS
from optalloc.plan.audit import TOLERANCE, Waived, excess, restate, sizes
from optalloc.report.findings import figure
from optalloc.scenarios.read_across import AcrossLine
from optalloc.scenarios.uncertainty_sheets import ACROSS

__all__ = ["across_checks", "limits_across", "waived_limits"]

Tables = Mapping[str, pd.DataFrame]
# Check, rows, worst violation and where.
Check = tuple[str, str, int, float, str]


def waived_limits(made: Futures) -> Waived:
    """Rows of limits that need not hold in a scenario, from the audit frame of each limit."""
    relaxed = [line for line in made.across if line.is_relaxed]
    return {line.limit: _waives(made, relaxed, line.limit) for line in relaxed}


def _waives(
    made: Futures, lines: Sequence[AcrossLine], name: str
) -> Callable[[pd.DataFrame], np.ndarray]:
    limit = made.base.model.limits[name][1]
    own = [line for line in lines if line.limit == name]

    def mask(frame: pd.DataFrame) -> np.ndarray:
        return np.asarray(np.any([_selected(line, limit, frame) for line in own], axis=0))

    return mask


def _selected(line: AcrossLine, limit: Limit, frame: pd.DataFrame) -> np.ndarray:
    keys = {name: frame[name].tolist() for name in limit.over}
    return line.selects(keys, len(frame))


@dataclass(frozen=True)
class _Came:
    """Outcome of a line: by scenario and key the excess over the limit, and its size."""

    line: AcrossLine
    limit: Limit
    keys: tuple[str, ...]
    beyond: np.ndarray
    size: np.ndarray
    probability: np.ndarray

    @cached_property
    def fails(self) -> np.ndarray:
        """Mask of the rows that are violated in each scenario, shape (scenarios, keys)."""
        return np.asarray(self.beyond > TOLERANCE * self.size)

    @cached_property
    def average(self) -> np.ndarray:
        """Mean over the scenarios, by key."""
        return np.asarray(self.probability @ self.beyond)

    @cached_property
    def tail(self) -> np.ndarray:
        """Mean over the tail, by key."""
        tail = Attitude(Measure.MEAN_AND_TAIL, tail_share=self.line.share, tail_weight=1.0)
        return np.array([tail.value(self.probability, own) for own in self.beyond.T])

    @cached_property
    def together(self) -> float:
        """Probability of the scenarios in which all rows hold."""
        return float(self.probability[~self.fails.any(axis=1)].sum())

    def worst(self) -> tuple[float, str]:
        """By how much what was asked is missed, relative to its size, and at which key."""
        if self.line.holds == Holds.IN_MOST:
            return max(self.line.share - self.together, 0.0), f"probability {self.together:g}"
        if not self.keys:
            return 0.0, ""
        size = self.size.max(axis=0)
        asked = self.tail if self.line.holds == Holds.IN_TAIL else self.average
        scaled = np.maximum(asked, 0.0) / size
        at = int(np.argmax(scaled))
        return float(scaled[at]), self.keys[at]


def _came(made: Futures, plans: Sequence[Tables]) -> list[_Came]:
    model = made.base.model
    lines = [line for line in made.across if line.is_relaxed]
    if not lines:
        return []
    pairs = zip(made.programs, plans, strict=True)
    restated = [restate(program.dataset, model, tables) for program, tables in pairs]
    found = []
    for line in lines:
        limit = model.limits[line.limit][1]
        columns = []
        for frames in restated:
            frame = frames.get(line.limit, pd.DataFrame(columns=[*limit.over, "used", "allowed"]))
            # Zero used of zero allowed is no information about the plan.
            stated = (frame[["used", "allowed"]] != 0).any(axis=1).to_numpy(bool)
            own = frame[_selected(line, limit, frame) & stated]
            names = own[list(limit.over)].itertuples(index=False, name=None)
            labels = pd.Index([", ".join(map(str, key)) for key in names], dtype=object)
            amounts = pd.DataFrame({"beyond": excess(limit, own), "size": sizes(own)}, labels)
            # What a row names beyond its key, such as what fails first, may differ by scenario.
            columns.append(amounts.groupby(level=0, sort=False).max())
        wide = pd.concat(columns, axis=1, keys=range(len(columns)))
        beyond = wide.xs("beyond", axis=1, level=1).fillna(0.0).to_numpy(float).T
        size = wide.xs("size", axis=1, level=1).fillna(1.0).to_numpy(float).T
        keys = tuple(map(str, wide.index))
        found.append(_Came(line, limit, keys, beyond, size, made.tree.probability))
    return found


def across_checks(made: Futures, plans: Sequence[Tables]) -> list[Check]:
    """Check what the sheet Across asks by the tables of the scenarios' plans alone.

    Parameters
    ----------
    plans : sequence of mapping of str to pandas.DataFrame
        Tables of the plan of each scenario.

    Returns
    -------
    list of tuple
        Limit, what is checked, rows, by how much it is missed and where.
    """
    checks = []
    for came in _came(made, plans):
        worst, where = came.worst()
        line = came.line
        share = "" if np.isnan(line.share) else f", share {line.share:g}"
        rows = "".join(f" {name}={pattern}" for name, pattern in line.rows)
        checks.append(
            (line.limit, f"holds {line.holds}{share}{rows}", came.beyond.size, worst, where)
        )
    return checks


def limits_across(made: Futures, plans: Sequence[Tables]) -> pd.DataFrame:
    """The table of limits that need not hold in every scenario."""
    names = [scenario.name for scenario in made.tree.scenarios]
    rows = []
    for came in _came(made, plans):
        line = came.line
        for k, key in enumerate(came.keys):
            fails = [name for name, fails in zip(names, came.fails[:, k], strict=True) if fails]
            holds = float(came.probability[~came.fails[:, k]].sum())
            in_tail = line.holds == Holds.IN_TAIL
            tail = float(came.tail[k]) if in_tail else np.nan
            rows.append(
                {
                    "line": made.base.dataset.cell_name(ACROSS.name, line.row, "limit"),
                    "limit": line.limit,
                    "key": key,
                    "in_words": _in_words(came, k, holds, fails),
                    "holds": line.holds,
                    "share": line.share,
                    "unit": came.limit.unit,
                    "average": float(came.average[k]),
                    "tail": tail,
                    "worst": float(came.beyond[:, k].max()),
                    "probability": holds,
                    "together": came.together,
                    "fails_in": "; ".join(fails),
                }
            )
    return pd.DataFrame(rows, columns=[column.name for column in LIMITS_ACROSS.columns])


def _in_words(came: _Came, k: int, holds: float, fails: Sequence[str]) -> str:
    """State in words what was asked of a row and what came."""
    line, unit = came.line, came.limit.unit
    if line.holds == Holds.IN_MOST:
        asked = f"asked to hold with probability {line.share:g} at least"
        came_to = (
            f"holds with {came.together:g}"
            if len(came.keys) == 1
            else (f"holds with {holds:g}, and with all of its line with {came.together:g}")
        )
    elif line.holds == Holds.IN_TAIL:
        asked = f"asked to hold on average of the worst {line.share:g}"
        came_to = f"there {_amount(came.tail[k], unit)}"
    else:
        asked = "asked to hold on average"
        came_to = f"on average {_amount(came.average[k], unit)}"
    where = f"; not in {', '.join(fails)}" if fails else "; in every future"
    return f"{asked}: {came_to}{where}"


def _amount(beyond: float, unit: str) -> str:
    """An amount beyond a limit, or left of it."""
    if abs(beyond) <= TOLERANCE:
        return "exactly met"
    return f"{figure(abs(beyond))} {unit} {'beyond it' if beyond > 0 else 'left'}"
