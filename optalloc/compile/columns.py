"""Variables of a model as columns: their places, bounds, kinds and fixed values."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyomo.environ as pyo
from pyomo.core.expr.numvalue import native_types

from optalloc.compile.deferred_components import is_deferred, template_of
from optalloc.compile.depends import Dependences
from optalloc.compile.evaluate import Evaluator
from optalloc.compile.keys import KeyTable
from optalloc.compile.linear import Frame
from optalloc.compile.tables import Tables
from optalloc.errors import ModelError

__all__ = ["Columns", "columns_of_model", "refreshed_columns"]


@dataclass(frozen=True)
class _Part:
    component: Any
    table: KeyTable
    start: int
    # Columns of a Reference, whose entries belong to other variables.
    elsewhere: np.ndarray | None = None


@dataclass(frozen=True)
class Columns:
    """All columns of a model: one per entry of every variable, used or not."""

    parts: tuple[_Part, ...]
    lower: np.ndarray
    upper: np.ndarray
    integer: np.ndarray
    # Value of each fixed column, NaN where free; None if nothing is fixed.
    fixed: np.ndarray | None

    def part(self, component: Any) -> _Part:
        """Find a variable."""
        try:
            return self._by_component[id(component)]
        except KeyError:
            raise ModelError(f"variable {component.name} is not part of the model") from None

    @cached_property
    def _by_component(self) -> dict[int, _Part]:
        return {id(part.component): part for part in self.parts}

    def columns_of(self, component: Any, positions: np.ndarray) -> np.ndarray:
        """Column of each entry, by its position in the index."""
        part = self.part(component)
        found: np.ndarray = (
            positions + part.start if part.elsewhere is None else part.elsewhere[positions]
        )
        return found

    def fixed_of(self, component: Any, positions: np.ndarray) -> np.ndarray | None:
        """Value at which each entry is fixed, NaN where it is free; None if all are free."""
        if self.fixed is None:
            return None
        found: np.ndarray = self.fixed[self.columns_of(component, positions)]
        return found


def columns_of_model(m: Any, tables: Tables) -> Columns:
    """Lay out the variables of a model, in the order of their declaration.

    Raises
    ------
    ModelError
        If a variable is fixed without a value, or has bounds that are not numbers.
    """
    variables = list(m.component_objects(pyo.Var, descend_into=True))
    own = [v for v in variables if not v.is_reference()]
    parts, start = [], 0
    for variable in own:
        table = tables.index_of(variable)
        parts.append(_Part(variable, table, start))
        start += len(table)
    lower, upper = np.full(start, -np.inf), np.full(start, np.inf)
    integer = np.zeros(start, dtype=bool)
    values: dict[int, float] = {}
    for part in parts:
        place = slice(part.start, part.start + len(part.table))
        _describe(part, tables, lower[place], upper[place], integer[place], values)
    by_component = {id(part.component): part for part in parts}
    for variable in variables:
        if variable.is_reference():
            table = KeyTable.of_members(list(variable.keys()), variable.dim() or 1)
            tables.set_index(variable, table)
            columns = [_column_of(by_component, entry) for entry in variable.values()]
            parts.append(_Part(variable, table, 0, np.array(columns, dtype=np.int64)))
    if not values:
        return Columns(tuple(parts), lower, upper, integer, None)
    fixed = np.full(start, np.nan)
    places = list(values)
    fixed[places] = lower[places] = upper[places] = list(values.values())
    return Columns(tuple(parts), lower, upper, integer, fixed)


def _column_of(parts: dict[int, _Part], entry: Any) -> int:
    part = parts[id(entry.parent_component())]
    position = part.table.position(entry.index()) if part.component.is_indexed() else 0
    return part.start + position


def _describe(
    part: _Part,
    tables: Tables,
    lower: np.ndarray,
    upper: np.ndarray,
    integer: np.ndarray,
    fixed: dict[int, float],
) -> None:
    """Fill in one variable's range of columns, and note fixed values by column."""
    variable = part.component
    if is_deferred(variable):
        lower[:], upper[:] = declared_bounds(variable, part.table, tables)
        integer[:] = [domain.isdiscrete() for domain in _domains(variable, part.table)]
    for key, entry in variable._data.items():
        at = part.table.position(key) if variable.is_indexed() else 0
        lower[at], upper[at] = _bounds_of(entry, tables)
        integer[at] = not entry.is_continuous()
        if entry.fixed:
            if entry.value is None:
                raise ModelError(f"variable {entry.name} is fixed without a value")
            fixed[part.start + at] = float(entry.value)


def _bounds_of(entry: Any, tables: Tables) -> tuple[float, float]:
    """Present bounds of one entry: numbers, or expressions of parameters."""
    evaluator = Evaluator(tables, _NoVariables())
    low, high = -math.inf, math.inf
    for bound in (entry._lb, entry.domain.bounds()[0]):
        low = low if bound is None else max(low, float(evaluator.number(bound, Frame(1))))
    for bound in (entry._ub, entry.domain.bounds()[1]):
        high = high if bound is None else min(high, float(evaluator.number(bound, Frame(1))))
    return low, high


def refreshed_columns(
    columns: Columns,
    old: Tables,
    new: Tables,
    changed: frozenset[str],
    dependences: Dependences,
) -> Columns:
    """Evaluate the bounds that depend on parameters that have changed."""
    lower, upper = columns.lower, columns.upper
    for part in columns.parts:
        variable, template = part.component, template_of(part.component)
        if part.elsewhere is not None:
            continue
        place = slice(part.start, part.start + len(part.table))
        depends = template is not None and bool(changed & dependences.of(template).constants)
        by_hand = [
            (key, entry)
            for key, entry in variable._data.items()
            if not {entry._lb.__class__, entry._ub.__class__} <= native_types
        ]
        if (depends or by_hand) and lower is columns.lower:
            lower, upper = lower.copy(), upper.copy()
        if depends:
            was = declared_bounds(variable, part.table, old)
            now = declared_bounds(variable, part.table, new)
            for side, before, after in zip((lower, upper), was, now, strict=True):
                # An entry whose bound was set by hand keeps it.
                side[place] = np.where(side[place] == before, after, side[place])
        for key, entry in by_hand:
            at = part.start + (part.table.position(key) if variable.is_indexed() else 0)
            lower[at], upper[at] = _bounds_of(entry, new)
    if columns.fixed is not None and lower is not columns.lower:
        fixed = columns.fixed
        lower, upper = (np.where(np.isnan(fixed), side, fixed) for side in (lower, upper))
    return replace(columns, lower=lower, upper=upper)


def declared_bounds(variable: Any, table: KeyTable, tables: Tables) -> tuple[Any, Any]:
    """Bounds as declared, for entries that have not been made."""
    block = variable.parent_block()
    allowed = [domain.bounds() for domain in _domains(variable, table)]
    low, high = (
        np.array([sign * math.inf if ends[side] is None else ends[side] for ends in allowed])
        for side, sign in enumerate((-1, 1))
    )
    template = template_of(variable)
    given: tuple[Any, ...] = (None, None)
    if template is not None:
        evaluator, frame = (
            Evaluator(tables, _NoVariables()),
            Frame.of_index(table, template.indices),
        )
        given = tuple(
            None if b is None else evaluator.number(b, frame) for b in template.expression
        )
    elif variable._rule_bounds is not None:
        given = tuple(
            None if bound is None else pyo.value(bound)
            for bound in variable._rule_bounds(block, None)
        )
    lower = low if given[0] is None else np.maximum(low, given[0])
    upper = high if given[1] is None else np.minimum(high, given[1])
    return lower, upper


def _domains(variable: Any, table: KeyTable) -> list[Any]:
    """Domain of each entry, or the one of all."""
    rule, block = variable._rule_domain, variable.parent_block()
    keys = [None] if rule.constant() else table
    return [rule(block, key, variable) for key in keys]


class _NoVariables:
    def columns_of(self, component: Any, positions: np.ndarray) -> np.ndarray:
        raise ModelError(f"a bound depends on variable {component.name}")

    def fixed_of(self, component: Any, positions: np.ndarray) -> np.ndarray | None:
        raise ModelError(f"a bound depends on variable {component.name}")
