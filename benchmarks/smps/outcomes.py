"""The stoch file: scenarios, listed or as the joint product of independent outcomes."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from benchmarks.smps.core import Core
from benchmarks.smps.lines import find, lines, number
from benchmarks.smps.periods import Stages

__all__ = ["BOUND_TYPES", "Entry", "Scenario", "read_stoch"]

# Types of bounds that may be random, and the bounds of a column that each sets.
BOUND_TYPES = {
    "LO": ("col_lower",),
    "LI": ("col_lower",),
    "UP": ("col_upper",),
    "UI": ("col_upper",),
    "FX": ("col_lower", "col_upper"),
}
ROOT = ("ROOT", "'ROOT'")


class Entry(NamedTuple):
    """A number of the program: `matrix`, `cost`, `rhs`, `offset` or a type of bound."""

    kind: str
    row: int
    column: int


@dataclass(frozen=True)
class Scenario:
    """A scenario: what differs from the core, and by stage a number of its node."""

    name: str
    probability: float
    changes: dict[Entry, float]
    nodes: tuple[int, ...]


@dataclass(frozen=True)
class _Vector:
    """Random numbers that become known together, independent of others: their outcomes."""

    stage: int
    outcomes: list[tuple[float, dict[Entry, float]]]


def read_stoch(path: Path, core: Core, stages: Stages, most: int) -> list[Scenario]:
    """Read the scenarios, or the outcomes whose joint product they are."""
    section, where = "", path.name
    scenarios: dict[str, Scenario] = {}
    vectors: dict[object, _Vector] = {}
    # What the lines after a head change.
    current: dict[Entry, float] | None = None
    for where, fields, is_header in lines(path):
        if is_header:
            section, current = fields[0], None
            if section not in ("STOCH", "NAME", "SCENARIOS", "INDEP", "BLOCKS"):
                raise ValueError(f"{where}: section {section} is not read")
            other = {*fields[1:]} - {"DISCRETE", "REPLACE"}
            if other and section not in ("STOCH", "NAME"):
                raise ValueError(f"{where}: {section} {' '.join(sorted(other))} is not read")
        elif section == "INDEP":
            stage, probability, entry, value = _independent(where, fields, core, stages)
            vector = _vector(vectors, entry, stage, where)
            vector.outcomes.append((probability, {entry: value}))
        elif section == "SCENARIOS" and fields[0] == "SC":
            scenario = _branched(where, fields, scenarios, stages)
            scenarios[scenario.name] = scenario
            current = scenario.changes
        elif section == "BLOCKS" and fields[0] == "BL":
            if len(fields) != 4:
                raise ValueError(f"{where}: BL needs a block, a period and a probability")
            vector = _vector(vectors, fields[1], _revealed(fields[2], where, stages), where)
            # A later outcome lists what differs from the first one.
            current = dict(vector.outcomes[0][1]) if vector.outcomes else {}
            vector.outcomes.append((_probability(fields[3], where), current))
        elif current is None:
            raise ValueError(f"{where}: not a line of section {section or 'STOCH'}")
        else:
            current.update(_changes(where, fields, core))
    if bool(scenarios) == bool(vectors):
        raise ValueError(
            f"{where}: there must be either scenarios, or outcomes of INDEP and BLOCKS"
        )
    count = len(scenarios) or math.prod(len(vector.outcomes) for vector in vectors.values())
    if count > most:
        raise ValueError(f"{path.name}: {count:,} scenarios; at most {most:,} can be stacked")
    return list(scenarios.values()) or _product(path.name, [*vectors.values()], stages)


def _probability(text: str, where: str) -> float:
    found = number(text, where, "probability")
    if not 0.0 <= found <= 1.0:
        raise ValueError(f"{where}: a probability is from 0 to 1; found {text}")
    return found


def _vector(vectors: dict[object, _Vector], key: object, stage: int, where: str) -> _Vector:
    """The random vector of a name, all of whose outcomes become known in one period."""
    vector = vectors.setdefault(key, _Vector(stage, []))
    if vector.stage != stage:
        raise ValueError(f"{where}: known in another period than the outcomes above")
    return vector


def _revealed(period: str, where: str, stages: Stages) -> int:
    """Number of the stage in which an outcome becomes known: after the first decisions."""
    stage = stages.number(period, where)
    if stage == 0:
        raise ValueError(
            f"{where}: known in the first period, {period}: scenarios would share no decision"
        )
    return stage


def _branched(
    where: str, fields: list[str], scenarios: Mapping[str, Scenario], stages: Stages
) -> Scenario:
    """A scenario as it branches from its parent, with the numbers of the parent."""
    if len(fields) != 5:
        raise ValueError(
            f"{where}: SC needs a scenario, its parent, its probability and the period in which "
            "it branches"
        )
    _, name, parent, probability, period = fields
    if name in scenarios:
        raise ValueError(f"{where}: scenario {name} is there already")
    if parent not in ROOT and parent not in scenarios:
        raise ValueError(f"{where}: {parent!r} is no scenario above")
    branch = stages.number(period, where) if not scenarios else _revealed(period, where, stages)
    before, changes = (0,) * len(stages.names), dict[Entry, float]()
    if parent not in ROOT:
        before, changes = scenarios[parent].nodes, dict(scenarios[parent].changes)
    # The first stage is one node of all; later ones get the number of the scenario.
    branch, own = max(branch, 1), len(scenarios) + 1
    nodes = (*before[:branch], *(own for _ in stages.names[branch:]))
    return Scenario(name, _probability(probability, where), changes, nodes)


def _independent(
    where: str, fields: list[str], core: Core, stages: Stages
) -> tuple[int, float, Entry, float]:
    """Stage, probability, number of the program and value of a line of INDEP."""
    *body, last = fields
    # Column, row and value, or type, set, column and value; a period may follow.
    plain = 4 if _is_bound(fields, core) else 3
    if len(body) not in (plain, plain + 1):
        raise ValueError(f"{where}: needs an entry, its value, a period and a probability")
    probability = _probability(last, where)
    ((entry, value),) = _changes(where, body[:plain], core).items()
    period = body[plain] if len(body) > plain else stages.names[stages.of(entry.row, entry.column)]
    return _revealed(period, where, stages), probability, entry, value


def _is_bound(fields: list[str], core: Core) -> bool:
    return fields[0] in BOUND_TYPES and fields[0] not in core.column


def _changes(where: str, fields: list[str], core: Core) -> dict[Entry, float]:
    """Numbers of the program that a line sets."""
    if _is_bound(fields, core):
        if len(fields) != 4:
            raise ValueError(f"{where}: needs a type of bound, its set, a column and a value")
        column = find(core.column, fields[2], where)
        return {Entry(fields[0], -1, column): number(fields[3], where)}
    name, *pairs = fields
    if name not in core.column and name not in core.rhs:
        raise ValueError(f"{where}: {name!r} is no column and no right-hand side of the core file")
    if not pairs or len(pairs) % 2:
        raise ValueError(f"{where}: needs a column or right-hand side, and rows each with a value")
    column = core.column.get(name, -1)
    found: dict[Entry, float] = {}
    for row, text in zip(pairs[::2], pairs[1::2], strict=True):
        if row == core.objective:
            entry = Entry("cost" if column >= 0 else "offset", -1, column)
        else:
            entry = Entry("matrix" if column >= 0 else "rhs", find(core.row, row, where), column)
            if entry.kind == "rhs" and core.is_ranged_equality(entry.row):
                raise ValueError(
                    f"{where}: {row} is an equality with a range, which may not be random"
                )
        found[entry] = number(text, where)
    return found


def _product(where: str, vectors: list[_Vector], stages: Stages) -> list[Scenario]:
    """Scenarios as the joint product of independent outcomes, numbered as they are given."""
    entries = [entry for vector in vectors for entry in vector.outcomes[0][1]]
    if len({*entries}) < len(entries):
        raise ValueError(f"{where}: a number is random in two places")
    nodes: list[dict[tuple[int, ...], int]] = [{} for _ in stages.names]
    scenarios = []
    for numbers in itertools.product(*(range(len(vector.outcomes)) for vector in vectors)):
        taken = [vector.outcomes[k] for vector, k in zip(vectors, numbers, strict=True)]
        known = [
            tuple(k for vector, k in zip(vectors, numbers, strict=True) if vector.stage <= stage)
            for stage in range(len(stages.names))
        ]
        scenarios.append(
            Scenario(
                "-".join(str(k + 1) for k in numbers),
                math.prod(probability for probability, _ in taken),
                {entry: value for _, changes in taken for entry, value in changes.items()},
                tuple(of.setdefault(k, len(of)) for of, k in zip(nodes, known, strict=True)),
            )
        )
    return scenarios
