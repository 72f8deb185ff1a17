"""What each family adds to a small workbook, as LP files that a reviewer can read.

A golden holds the family's part of the cost, its rows, and the bounds of its variables: of each
component the first few in order of name, and how many there are.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyomo.environ as pyo

import optalloc
from optalloc.mip.arrays import Arrays, Labels
from optalloc.solving.export import file_names

FOLDER = Path(__file__).parent / "golden"
SHOWN = 6


def goldens(workbook: Path) -> dict[str, str]:
    """Text of every family's golden for a workbook, by family."""
    model = optalloc.load_model()
    owned: dict[str, set[str]] = {family.name: set() for family in model.families}
    watched = replace(model, families=tuple(_watched(f, owned) for f in model.families))
    data = optalloc.validate(optalloc.read_workbook(workbook), watched)
    program = optalloc.build(data, watched)
    arrays = optalloc.compile_program(program)
    m = program.pyomo
    costs = _costs(program)
    writer = _Writer(arrays, file_names(arrays.rows), file_names(arrays.columns))
    return {
        family.name: "\n".join(
            [
                f"\\ What {family.name} adds to the workbook tests.books.everything():",
                f"\\ of each component the first {SHOWN} in order of name.",
                "minimize",
                " cost:",
                *writer.cost(costs.get(family.name)),
                "subject to",
                *writer.rows(
                    {n for n in owned[family.name] if m.component(n).ctype is pyo.Constraint}
                ),
                *writer.columns({n for n in owned[family.name] if m.component(n).ctype is pyo.Var}),
                "end",
            ]
        )
        + "\n"
        for family in model.families
    }


def _watched(family: optalloc.Family, owned: dict[str, set[str]]) -> optalloc.Family:
    """The family, noting the constraints and variables that it makes."""

    def noting(step: Callable[..., None]) -> Callable[..., None]:
        def run(m: Any, *rest: Any) -> None:
            before = set(m.component_map((pyo.Constraint, pyo.Var)))
            step(m, *rest)
            owned[family.name] |= set(m.component_map((pyo.Constraint, pyo.Var))) - before

        return run

    follow = None if family.follow is None else noting(family.follow)
    return replace(
        family,
        declare=noting(family.declare),
        follow=follow,
        constrain=noting(family.constrain),
    )


def _costs(program: optalloc.Program) -> dict[str, Arrays]:
    """The objective that each family's own postings to the cost would make, by family."""
    m = program.pyomo
    for component in m.component_objects((pyo.Constraint, pyo.Objective)):
        component.deactivate()
    made = {}
    for name in {posting.family for posting in program.postings if posting.ledger == "cost"}:
        own = [p for p in program.postings if (p.ledger, p.family) == ("cost", name)]
        parts = [m.component(posting.component) for posting in own]
        m.golden = pyo.Objective(expr=sum(part[key] for part in parts for key in part.index_set()))
        made[name] = optalloc.compile_model(m)
        m.del_component("golden")
    return made


@dataclass(frozen=True)
class _Writer:
    """Lines of an LP file; numbers to nine digits, so that no machine's last digit counts."""

    arrays: Arrays
    row_names: list[str]
    column_names: list[str]

    def cost(self, own: Arrays | None) -> Iterator[str]:
        if own is None:
            return
        assert file_names(own.columns) == self.column_names
        for component, numbers in _by_component(own.columns, np.flatnonzero(own.cost)):
            shown = sorted(numbers, key=self.column_names.__getitem__)[:SHOWN]
            yield f"\\ {component}, columns: {len(numbers)}"
            yield from (f" {self._term(own.cost[j], j)}" for j in shown)
        if own.offset:
            yield f" {own.offset:+.9g}"

    def rows(self, owned: set[str]) -> Iterator[str]:
        matrix = self.arrays.matrix.tocsr()
        for component, numbers in _by_component(
            self.arrays.rows, self._of(self.arrays.rows, owned)
        ):
            taken = " of strengthening" if self.arrays.strengthening[numbers[0]] else ""
            yield f"\\ {component}, rows{taken}: {len(numbers)}"
            for i in sorted(numbers, key=self.row_names.__getitem__)[:SHOWN]:
                stretch = slice(matrix.indptr[i], matrix.indptr[i + 1])
                terms = zip(matrix.data[stretch], matrix.indices[stretch], strict=True)
                ordered = sorted(terms, key=lambda term: self.column_names[term[1]])
                left = " ".join(self._term(value, j) for value, j in ordered)
                for sense, right in self._sides(i):
                    yield from _wrapped(f"{self.row_names[i]}: {left} {sense} {right:.9g}")

    def columns(self, owned: set[str]) -> Iterator[str]:
        numbers = self._of(self.arrays.columns, owned)
        yield "bounds"
        shown: list[int] = []
        for component, own in _by_component(self.arrays.columns, numbers):
            yield f"\\ {component}, columns: {len(own)}"
            first = sorted(own, key=self.column_names.__getitem__)[:SHOWN]
            shown += first
            yield from (f" {self._bounds(j)}" for j in first)
        whole = [f" {self.column_names[j]}" for j in shown if self.arrays.integer[j]]
        yield from ["general", *whole] if whole else ()

    def _sides(self, row: int) -> list[tuple[str, float]]:
        low, high = self.arrays.row_lower[row], self.arrays.row_upper[row]
        if low == high:
            return [("=", high)]
        both = ((">=", low), ("<=", high))
        return [(sense, side) for sense, side in both if np.isfinite(side)]

    def _bounds(self, column: int) -> str:
        low, high = self.arrays.col_lower[column], self.arrays.col_upper[column]
        below = f"{low:.9g}" if np.isfinite(low) else "-inf"
        above = f"{high:.9g}" if np.isfinite(high) else "+inf"
        return f"{below} <= {self.column_names[column]} <= {above}"

    def _term(self, value: float, column: int) -> str:
        return f"{value:+.9g} {self.column_names[column]}"

    @staticmethod
    def _of(labels: Labels, owned: set[str]) -> list[int]:
        return [number for number in range(len(labels)) if labels[number][0] in owned]


def _by_component(labels: Labels, numbers: Iterable[int]) -> list[tuple[str, list[int]]]:
    found: dict[str, list[int]] = {}
    for number in numbers:
        found.setdefault(labels[int(number)][0], []).append(int(number))
    return sorted(found.items())


def _wrapped(line: str) -> list[str]:
    return textwrap.wrap(
        line,
        100,
        initial_indent=" ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )
