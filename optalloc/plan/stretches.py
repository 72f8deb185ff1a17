"""Limits that bind, gathered into stretches of time in which they do without a break."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pandas as pd

from optalloc.data.text import with_text
from optalloc.modelling.limits import Limit
from optalloc.modelling.program import Program
from optalloc.modelling.tables import BINDING_LIMITS
from optalloc.plan.audit import Restated

__all__ = ["binding_stretches"]


def binding_stretches(program: Program, restated: Restated, limits: pd.DataFrame) -> pd.DataFrame:
    """The table `BINDING_LIMITS`, in the order of the table of limits.

    Parameters
    ----------
    program : Program
    restated : mapping of str to pandas.DataFrame
        Keys, used and allowed of every limit, as `optalloc.plan.audit.restate` gives them.
    limits : pandas.DataFrame
        The table Limits of the same plan.
    """
    steps = [str(step) for step in program.model.steps(program.dataset)["step"]]
    binding = limits["binding"].to_numpy(bool) if len(limits) else np.empty(0, bool)
    words, place = limits["in_words"].to_numpy(object), 0
    rows: list[tuple[object, ...]] = []
    for name, (family, limit) in program.model.limits.items():
        frame = restated.get(name)
        if frame is None or not len(frame):
            continue
        own = slice(place, place + len(frame))
        place += len(frame)
        at = np.flatnonzero(binding[own])
        if len(at):
            worded = frame.iloc[at].assign(in_words=words[own][at])
            stretches = _stretches(limit, limit.keys_of(frame), worded, steps)
            rows += ((made.words, family.name, name, *made.row(limit)) for made in stretches)
    columns = [column.name for column in BINDING_LIMITS.columns]
    return with_text(pd.DataFrame(rows, columns=columns).astype({"steps": int}))


@dataclass(frozen=True)
class _Stretch:
    """Rows of one limit about the same, in steps of time that follow each other."""

    words: str
    about: str
    steps: Sequence[str]
    allowed: Sequence[float]

    def row(self, limit: Limit) -> tuple[object, ...]:
        since, until = (self.steps[0], self.steps[-1]) if self.steps else ("", "")
        least, most = min(self.allowed), max(self.allowed)
        return self.about, since, until, len(self.steps), limit.unit, least, most


def _stretches(
    limit: Limit, names: Sequence[str], frame: pd.DataFrame, steps: Sequence[str]
) -> Iterator[_Stretch]:
    """Stretches of the rows of a limit that bind."""
    order = {step: place for place, step in enumerate(steps)}
    time = next((n for n in reversed(names) if set(map(str, frame[n])) <= order.keys()), "")
    others = [name for name in names if name != time]
    if not time or not limit.lasting:
        for row in frame.to_dict("records"):
            when = [str(row[time])] if time else []
            about = ", ".join(str(row[name]) for name in others)
            yield _Stretch(str(row["in_words"]), about, when, [row["allowed"]])
        return
    # Subjects in the order in which they are met, each in the order of time.
    groups = frame.groupby(others, sort=False, dropna=False) if others else [((), frame)]
    for _, own in groups:
        placed = sorted(own.to_dict("records"), key=lambda row: order[str(row[time])])
        numbered = enumerate(placed)
        for _, run in groupby(numbered, key=lambda at: order[str(at[1][time])] - at[0]):
            rows = [row for _, row in run]
            first, last = str(rows[0][time]), str(rows[-1][time])
            key = {name: rows[0][name] for name in others}
            yield _Stretch(
                limit.lasting.format(**key, when=_when(first, last, steps)),
                ", ".join(map(str, key.values())),
                [str(row[time]) for row in rows],
                [row["allowed"] for row in rows],
            )


def _when(first: str, last: str, steps: Sequence[str]) -> str:
    """Stretch of time in words.

    >>> steps = ["2027", "2028", "2029", "2030"]
    >>> [_when(*ends, steps) for ends in (("2028",) * 2, ("2028", "2029"), ("2028", "2030"))]
    ['in 2028', 'from 2028 to 2029', 'from 2028']
    """
    if first == last:
        return f"in {first}"
    return f"from {first}" if last == steps[-1] else f"from {first} to {last}"
