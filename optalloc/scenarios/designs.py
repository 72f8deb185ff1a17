"""Designs: a sweep becomes cases, each a list of overrides; the base case comes first.

Samples are drawn by SALib, whose analyses belong to them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from optalloc.errors import InternalError
from optalloc.scenarios.definition import Change, Sweep, Target
from optalloc.scenarios.overrides import Override
from optalloc.scenarios.sheet import BASE, Design

__all__ = ["Case", "cases_of", "salib_problem"]


@dataclass(frozen=True)
class Case:
    """One case of a sweep.

    Parameters
    ----------
    number : int
        Its place in the sweep; 0 is the base case.
    name : str
        Unique among the cases.
    overrides : tuple of Override
        Changes of cells, in their order.
    inputs : dict of str to str
        By change of this case: its value as written, that of its first row.
    shares : dict of str to float
        Of samples: by change, the position of its value in its range, from 0 to 1.
    held : str
        Name of the plan whose early decisions are held; empty where there is none.
    """

    number: int
    name: str
    overrides: tuple[Override, ...]
    inputs: dict[str, str] = field(default_factory=dict)
    shares: dict[str, float] = field(default_factory=dict)
    held: str = ""

    @property
    def changed(self) -> str:
        """Its changes in words."""
        return "; ".join(map(str, self.overrides))


def cases_of(sweep: Sweep) -> list[Case]:
    """Give the cases of a sweep, the base case first, in an order that the sweep determines."""
    cases = [Case(0, BASE, ())]
    for number, (name, chosen) in enumerate(_combinations(sweep), start=1):
        overrides = [override for made in chosen for override in made.overrides]
        inputs = {made.change.name: made.value for made in chosen}
        shares = {made.change.name: made.share for made in chosen if made.share is not None}
        cases.append(Case(number, name, tuple(overrides), inputs, shares))
    return cases


@dataclass(frozen=True)
class _Made:
    """A change at one value: its overrides, the value as written, and its position in the range."""

    change: Change
    overrides: tuple[Override, ...]
    value: str
    share: float | None = None


def _combinations(sweep: Sweep) -> Iterator[tuple[str, list[_Made]]]:
    """Name and changes of each case."""
    if sweep.design is Design.CASES:
        for change in sweep.changes:
            yield change.name, [_at_step(change, 0)]
    elif sweep.design in (Design.ONE, Design.FRONTIER):
        for change in sweep.changes:
            for step in range(change.steps):
                made = _at_step(change, step)
                yield f"{change.name} = {made.value}", [made]
    elif sweep.design is Design.GRID:
        steps = [range(change.steps) for change in sweep.changes]
        for at in itertools.product(*steps):
            chosen = [_at_step(c, step) for c, step in zip(sweep.changes, at, strict=True)]
            yield ", ".join(f"{made.change.name} = {made.value}" for made in chosen), chosen
    else:
        points = _sampled(sweep)
        width = len(str(len(points)))
        for number, point in enumerate(points, start=1):
            chosen = [_within(c, float(u)) for c, u in zip(sweep.changes, point, strict=True)]
            yield f"sample {number:0{width}}", chosen


def _at_step(change: Change, step: int) -> _Made:
    return _Made(change, change.overrides(step), change.targets[0].values[step])


def _within(change: Change, share: float) -> _Made:
    """A change at a share of its range, each of its rows at the same share of its own."""
    values = [_between(target, share) for target in change.targets]
    overrides = [t.override(value) for t, value in zip(change.targets, values, strict=True)]
    return _Made(change, tuple(overrides), values[0], share)


def _between(target: Target, share: float) -> str:
    low, high = map(float, target.values)
    value = low + share * (high - low)
    return str(round(value)) if target.integral else repr(value)


def salib_problem(names: Sequence[str]) -> dict[str, Any]:
    """The changes as SALib describes them: each within its range, as a share of it."""
    return {"num_vars": len(names), "names": list(names), "bounds": [[0.0, 1.0]] * len(names)}


def _sampled(sweep: Sweep) -> np.ndarray:
    """Points in the unit cube, a row each."""
    problem = salib_problem([change.name for change in sweep.changes])
    # It takes a second to import, and is needed only for samples.
    if sweep.design is Design.LATIN:
        from SALib.sample import latin  # noqa: PLC0415

        return np.asarray(latin.sample(problem, sweep.samples, seed=sweep.seed))
    if sweep.design is Design.MORRIS:
        from SALib.sample import morris  # noqa: PLC0415

        return np.asarray(morris.sample(problem, sweep.samples, seed=sweep.seed))
    if sweep.design is Design.SOBOL:
        from SALib.sample import sobol  # noqa: PLC0415

        options = {"calc_second_order": False, "seed": sweep.seed}
        return np.asarray(sobol.sample(problem, sweep.samples, **options))
    raise InternalError(f"the design {sweep.design} makes no cases")
