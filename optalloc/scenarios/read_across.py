"""The sheet Across: which limits need not hold in every scenario, and in which they do."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from optalloc.data.convert import shown
from optalloc.data.dataset import Dataset
from optalloc.data.reader import fold, suggest
from optalloc.errors import Problem, Severity
from optalloc.scenarios.overrides import WrongOverride, matches, row_filter
from optalloc.scenarios.uncertainty_sheets import (
    ACROSS,
    ALWAYS,
    IN_MOST,
    IN_TAIL,
    ON_AVERAGE,
    OUTCOMES,
    UNCERTAINTIES,
)

__all__ = ["AcrossLine", "Relaxable", "across_lines"]

# Which of them a share belongs to, with its meaning.
_SHARES = {
    IN_TAIL: "the probability of the tail",
    IN_MOST: "the least probability with which the limit holds",
}


@dataclass(frozen=True)
class Relaxable:
    """A limit of a model: the names of its keys, its kind, and why it always holds, if it does."""

    over: tuple[str, ...]
    is_equation: bool
    refusal: str = ""


@dataclass(frozen=True)
class AcrossLine:
    """A line of the sheet.

    Parameters
    ----------
    row : int
        Label of the row.
    limit : str
    rows : tuple of (str, str)
        Name of a place of the limit's keys, and a pattern; all of them must match.
    holds : str
        One of `HOLDS`.
    share : float
        NaN where it holds in every future or on average.
    """

    row: int
    limit: str
    rows: tuple[tuple[str, str], ...]
    holds: str
    share: float

    @property
    def is_relaxed(self) -> bool:
        """True where the limit need not hold in every scenario."""
        return self.holds != ALWAYS

    def selects(self, keys: Mapping[str, Sequence[object]], count: int) -> np.ndarray:
        """Mask of the rows of its limit that it is about, from the names of their keys."""
        chosen = np.ones(count, dtype=bool)
        by_name = {fold(name): cells for name, cells in keys.items()}
        for name, pattern in self.rows:
            chosen &= matches(by_name[fold(name)], pattern)
        return chosen


def across_lines(
    data: Dataset, limits: Mapping[str, Relaxable]
) -> tuple[tuple[AcrossLine, ...], list[Problem]]:
    """Read the sheet Across.

    Parameters
    ----------
    data : Dataset
    limits : mapping of str to Relaxable
        Every limit of the model.

    Returns
    -------
    tuple of AcrossLine, list of Problem
        The lines without an error.
    """
    lines: list[AcrossLine] = []
    problems: list[Problem] = []
    frame = data.known(ACROSS.name, *ACROSS.by_name)
    if len(frame) and not data.uses([UNCERTAINTIES.name, OUTCOMES.name]):
        must = "that a limit need not hold in every future makes a difference only where something "
        must += "is uncertain"
        action = "List uncertainties on the sheet Uncertainties, or remove this sheet."
        code, row = "across-unused", int(frame.index[0])
        notice = Severity.NOTICE
        problems.append(
            data.problem(ACROSS.name, row, "limit", must, action, code, severity=notice)
        )
    for label, cells in zip(frame.index, frame.to_dict("records"), strict=True):
        row = int(label)
        found = _line(row, {str(name): cell for name, cell in cells.items()}, limits)
        if isinstance(found, AcrossLine):
            lines.append(found)
        else:
            problems += [data.problem(ACROSS.name, row, *one) for one in found]
    return tuple(lines), problems


# Column, what must be, what to do, and code.
_Wrong = tuple[str, str, str, str]


def _line(
    row: int, cells: Mapping[str, Any], limits: Mapping[str, Relaxable]
) -> AcrossLine | list[_Wrong]:
    """A line, or all that is wrong with it."""
    name = {fold(one): one for one in limits}.get(fold(str(cells["limit"])))
    holds, share = str(cells["holds"]), float(cells["share"])
    wrong = list(_of_share(holds, share))
    if name is None or limits[name].refusal:
        return [_of_limit(str(cells["limit"]), name, limits), *wrong]
    if limits[name].is_equation and holds in (ON_AVERAGE, IN_TAIL):
        must = f"{name}, which asks for so much and never for more, cannot hold {holds} without "
        must += "holding in every future"
        action = f"Let it hold {IN_MOST}, with a share, or {ALWAYS}."
        wrong.append(("holds", must, action, "across-equation"))
    try:
        rows = row_filter(str(cells["rows"] or ""))
    except WrongOverride as bad:
        wrong.append(("rows", bad.must, bad.action, "across-rows"))
        return wrong
    over = limits[name].over
    for column, _ in rows:
        if fold(column) not in map(fold, over):
            must = f"rows must say which of {name} by {_either(over)}, and not by {shown(column)}"
            guess = suggest(column, over)
            action = f"Did you mean {guess!r}?" if guess else "Correct the rows."
            wrong.append(("rows", must, action, "across-rows"))
    return wrong or AcrossLine(row, name, rows, holds, share)


def _of_limit(stated: str, name: str | None, limits: Mapping[str, Relaxable]) -> _Wrong:
    """The problem with a limit that the model lacks, or that always holds."""
    allowed = [one for one, limit in limits.items() if not limit.refusal]
    action = f"Choose one of: {', '.join(allowed)}."
    if name is not None:
        must = f"{name} holds in every future, as {limits[name].refusal}"
        return "limit", must, f"{action} Or remove the row.", "across-limit"
    guess = suggest(stated, allowed)
    action = f"Did you mean {guess!r}?" if guess else action
    return "limit", "limit must be one of the model that may be relaxed", action, "across-limit"


def _of_share(holds: str, share: float) -> Iterable[_Wrong]:
    """The problem with a share that is missing or of no use."""
    blank = math.isnan(share)
    if holds in _SHARES and blank:
        must = f"share must be given where a limit holds {holds}: {_SHARES[holds]}"
        yield "share", must, "Fill it in, such as 0.9.", "across-share"
    elif holds not in _SHARES and not blank:
        must = f"share has no meaning where a limit holds {holds}"
        action = f"Empty the cell, or let the limit hold {' or '.join(_SHARES)}."
        yield "share", must, action, "across-share"


def _either(names: Sequence[str]) -> str:
    *others, last = names or ("nothing",)
    return f"{', '.join(others)} or {last}" if others else last
