"""Every component's rows, bounds and costs put together into Arrays."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyomo.environ as pyo
import scipy.sparse as sp

from optalloc.compile.columns import Columns, columns_of_model
from optalloc.compile.deferred_components import is_deferred, reason_of, template_of
from optalloc.compile.evaluate import Evaluator
from optalloc.compile.keys import KeyTable
from optalloc.compile.linear import Frame, NonLinearError
from optalloc.compile.rows import (
    Rows,
    Triplets,
    active_constraints,
    check_objective,
    expanded_objective,
    expanded_rows,
    has_template,
    joined,
    templated_rows,
    triplets,
)
from optalloc.compile.tables import Tables, UntemplatedError
from optalloc.compile.templates import Template
from optalloc.errors import InfeasibleError, ModelError
from optalloc.mip.arrays import Arrays, Fallback, Labels
from optalloc.mip.tolerances import ROUNDING

__all__ = [
    "Block",
    "Source",
    "compile_model",
    "component_named",
    "costs_of",
    "insist_on_idle_rows",
    "joined_arrays",
    "matrix_of",
]

# Other kinds of component that a model may have; any other active one would be lost silently.
_KNOWN = (
    pyo.Constraint,
    pyo.Objective,
    pyo.Var,
    pyo.Param,
    pyo.Expression,
    pyo.Set,
    pyo.RangeSet,
    pyo.SetOf,
    pyo.Block,
    pyo.Suffix,
    pyo.BuildAction,
    pyo.BuildCheck,
)


@dataclass(frozen=True)
class Block:
    """Rows of one constraint in the matrix: ``kept`` of its index, in order.

    ``idle`` are rows without any variable, which are checked and have no place in the matrix.
    """

    component: Any
    table: KeyTable
    template: Template | None
    kept: np.ndarray
    idle: np.ndarray
    lower: np.ndarray
    upper: np.ndarray

    @cached_property
    def all_kept(self) -> bool:
        """True if every key of the index has a row."""
        return bool(self.kept.all())

    def of_kept(self, values: np.ndarray) -> np.ndarray:
        """Values of the rows that are in the matrix."""
        return values if self.all_kept else values[self.kept]


@dataclass(frozen=True)
class Source:
    """Origin of compiled arrays, kept so that they can be refreshed and read back."""

    model: Any
    tables: Tables
    columns: Columns
    blocks: tuple[Block, ...]
    objective: Any


def component_named(m: Any, name: str) -> Any:
    """Find a component by its name, in blocks too; None if there is none."""
    # Parsing a name takes longer than the rest of a small refresh.
    found = m.component(name)
    return m.find_component(name) if found is None else found


def compile_model(
    m: Any, strengthening: Collection[str] = (), *, keep_idle: bool = False
) -> Arrays:
    """Turn a linear Pyomo model into arrays.

    Parameters
    ----------
    m : pyomo.environ.ConcreteModel
        With one active objective; components that a user added are included.
    strengthening : collection of str
        Names of constraints that only tighten the relaxation.
    keep_idle : bool
        True gives rows without any variable a place in the matrix, instead of checking them at
        once.

    Returns
    -------
    Arrays
        One column for every entry of every variable. A maximised objective comes negated.

    Raises
    ------
    ModelError
        If the model is not linear (`NonLinearError` names constraint and term), has no single
        objective, or holds active components that are neither constraint nor variable.
    InfeasibleError
        If a row without any variable is violated by the data.
    """
    objectives = list(m.component_data_objects(pyo.Objective, active=True))
    if len(objectives) != 1:
        raise ModelError(f"the model must have one active objective; it has {len(objectives)}")
    _insist_on_known(m)
    tables = Tables()
    columns = columns_of_model(m, tables)
    fallbacks: list[Fallback] = []
    rows = [_rows(component, tables, columns, fallbacks) for component in active_constraints(m)]
    cost, offset = _costs(objectives[0], tables, columns, fallbacks)
    blocks = tuple(_block(own, keep_idle) for own in rows)
    insist_on_idle_rows(blocks)
    parts = [(block, own.triplets) for block, own in zip(blocks, rows, strict=True)]
    del rows
    matrix = matrix_of(parts, len(cost))
    return Arrays(
        matrix=matrix,
        row_lower=joined_arrays([block.of_kept(block.lower) for block in blocks]),
        row_upper=joined_arrays([block.of_kept(block.upper) for block in blocks]),
        col_lower=columns.lower,
        col_upper=columns.upper,
        cost=cost,
        integer=columns.integer,
        strengthening=np.repeat(
            np.array([b.component.local_name in strengthening for b in blocks], dtype=bool),
            [int(block.kept.sum()) for block in blocks],
        ),
        offset=offset,
        rows=Labels.of((b.component.name, b.table, np.flatnonzero(b.kept)) for b in blocks),
        columns=Labels.of(
            (part.component.name, part.table, None)
            for part in columns.parts
            if part.elsewhere is None
        ),
        fallbacks=tuple(fallbacks),
        source=Source(m, tables, columns, blocks, objectives[0]),
    )


def _block(rows: Rows, keep_idle: bool) -> Block:
    empty = rows.empty() & (not keep_idle)
    return Block(
        rows.component,
        rows.table,
        rows.template,
        rows.present & ~empty,
        rows.present & empty,
        rows.lower,
        rows.upper,
    )


def _insist_on_known(m: Any) -> None:
    for component in m.component_objects(active=True, descend_into=True):
        if component.ctype not in _KNOWN:
            raise ModelError(f"{component.name}: {component.ctype.__name__} cannot be compiled")


def _rows(component: Any, tables: Tables, columns: Columns, fallbacks: list[Fallback]) -> Rows:
    reason = reason_of(component)
    try:
        if has_template(component):
            try:
                return templated_rows(component, tables, columns)
            except UntemplatedError as error:
                reason = str(error)
        rows = expanded_rows(component, tables, columns)
    except NonLinearError as error:
        message = str(error)
        name = component.name
        named = message if message.startswith(name) else f"{name}: {message}"
        raise NonLinearError(named) from error
    if len(rows.lower):
        fallbacks.append(Fallback(component.name, reason, len(rows.lower)))
    return rows


def _costs(
    objective: Any, tables: Tables, columns: Columns, fallbacks: list[Fallback]
) -> tuple[np.ndarray, float]:
    template = template_of(objective) if is_deferred(objective) else None
    try:
        if template is not None:
            check_objective(template, tables, columns)
        return costs_of(objective, tables, columns)
    except UntemplatedError as error:
        fallbacks.append(Fallback(objective.name, str(error), 1))
        found, values, constant = expanded_objective(objective, tables, columns)
        return _minimised(objective, found, values, constant, columns)
    except NonLinearError as error:
        raise NonLinearError(f"{objective.name}: {error}") from error


def costs_of(objective: Any, tables: Tables, columns: Columns) -> tuple[np.ndarray, float]:
    """Cost of each column and the offset, to be minimised, evaluated for all terms at once."""
    template = template_of(objective) if is_deferred(objective) else None
    expression = template.expression if template else objective.expr
    body = Evaluator(tables, columns).linear(expression, Frame(1))
    _, found, values = joined(triplets(body))
    constant = float(np.asarray(body.constant).sum())
    return _minimised(objective, found, values, constant, columns)


def _minimised(
    objective: Any, found: np.ndarray, values: np.ndarray, constant: float, columns: Columns
) -> tuple[np.ndarray, float]:
    sign = 1.0 if objective.sense == pyo.minimize else -1.0
    cost = np.bincount(found, weights=values, minlength=len(columns.lower))
    return sign * cost, sign * constant


def insist_on_idle_rows(blocks: Iterable[Block]) -> None:
    """Refuse rows without any variable that are violated, as they are whatever is decided."""
    violated = []
    for block in blocks:
        below = np.maximum(block.lower, -block.upper)
        labels = Labels.of([(block.component.name, block.table, None)])
        worst = np.flatnonzero(block.idle & (below > ROUNDING)).tolist()
        violated += [(labels.name(at), float(below[at])) for at in worst]
    if violated:
        raise InfeasibleError(sorted(violated, key=lambda named: -named[1]))


def matrix_of(parts: list[tuple[Block, Triplets]], columns: int) -> Any:
    """Put the triplets of constraints into one matrix, column by column; empties the list."""
    numbers, cols, values, offset = [], [], [], 0
    while parts:
        block, triplets = parts.pop(0)
        renumbered = None if block.all_kept else np.cumsum(block.kept, dtype=np.int32) - 1
        for number, place, value in triplets:
            if renumbered is not None:
                inside = block.kept[number]
                number, place, value = renumbered[number[inside]], place[inside], value[inside]
            numbers.append((number + offset).astype(np.int32, copy=False))
            cols.append(place.astype(np.int32, copy=False))
            values.append(value)
        offset += int(block.kept.sum())
        del triplets
    # Each piece is released as soon as it is copied: memory peaks here.
    data = joined_arrays(values)
    where = joined_arrays(numbers, np.int32), joined_arrays(cols, np.int32)
    matrix = sp.coo_array((data, where), shape=(offset, columns)).tocsc()
    matrix.sum_duplicates()
    return matrix


def joined_arrays(parts: list[np.ndarray], dtype: Any = float) -> np.ndarray:
    """All parts in one array; empties the list, so that each part can be released."""
    if len(parts) == 1:
        result: np.ndarray = np.ascontiguousarray(parts[0], dtype=dtype)
    else:
        result = np.concatenate(parts, dtype=dtype) if parts else np.empty(0, dtype)
    parts.clear()
    return result
