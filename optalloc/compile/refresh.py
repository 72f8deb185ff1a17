"""New numbers on the same sets: only what depends on changed parameters is evaluated again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pyomo.environ as pyo
import scipy.sparse as sp

from optalloc.compile.assemble import (
    Source,
    component_named,
    costs_of,
    insist_on_idle_rows,
    joined_arrays,
    matrix_of,
)
from optalloc.compile.columns import refreshed_columns
from optalloc.compile.deferred_components import is_deferred, template_of
from optalloc.compile.depends import Dependences
from optalloc.compile.rows import coefficients_alone, limits_alone
from optalloc.compile.templates import Template
from optalloc.errors import ModelError
from optalloc.mip.arrays import Arrays

__all__ = ["refresh"]


def refresh(arrays: Arrays, values: Mapping[str, Any]) -> Arrays:
    """Give the same program with new values of some parameters, the sets as they were.

    Only the coefficients, bounds and right-hand sides that depend on them are evaluated again; the
    pattern of the matrix stays, and unchanged arrays are shared, not copied. A number that was read
    from a parameter outside any rule, as in ``bounds=(0, m.p["a"])``, does not change with it.

    Parameters
    ----------
    arrays : Arrays
        As compiled or refreshed.
    values : mapping
        By name of a parameter: an array in the order of its index, a Series or dict by key, or a
        number for a scalar one.

    Returns
    -------
    Arrays

    Raises
    ------
    ModelError
        If a parameter is unknown, is given values for other keys, or is used by a rule that was
        expanded row for row.
    InfeasibleError
        If a row without any variable is violated by the new values.
    """
    source: Source = arrays.source
    overrides = {name: _aligned(source, name, given) for name, given in values.items()}
    changed = frozenset(overrides)
    dependences = Dependences()
    _insist_on_templates(arrays, changed, dependences)
    tables = source.tables.with_values(overrides)
    columns = refreshed_columns(source.columns, source.tables, tables, changed, dependences)
    matrix, blocks, edits, start = arrays.matrix, [], [], 0
    for block in source.blocks:
        if block.template is not None:
            needs = dependences.of(block.template)
            if changed & needs.coefficients:
                found = coefficients_alone(block.template, block.table, tables, columns)
                last = start + int(block.kept.sum())
                edits.append((start, last, matrix_of([(block, found)], matrix.shape[1])))
            # The coefficient of a fixed variable is part of the constant.
            fixed = needs.coefficients if columns.fixed is not None else frozenset()
            if changed & (needs.constants | fixed):
                limits = limits_alone(block.template, block.table, tables, columns)
                block = replace(block, lower=limits[0], upper=limits[1])
        blocks.append(block)
        start += int(block.kept.sum())
    lower, upper = arrays.row_lower, arrays.row_upper
    if any(new is not old for new, old in zip(blocks, source.blocks, strict=True)):
        insist_on_idle_rows(blocks)
        lower = joined_arrays([block.of_kept(block.lower) for block in blocks])
        upper = joined_arrays([block.of_kept(block.upper) for block in blocks])
    cost, offset = arrays.cost, arrays.offset
    needs = dependences.of(_rule_of(source.objective))
    if changed & (needs.constants | needs.coefficients):
        cost, offset = costs_of(source.objective, tables, columns)
    return replace(
        arrays,
        matrix=_edited(matrix, edits) if edits else matrix,
        row_lower=lower,
        row_upper=upper,
        col_lower=columns.lower,
        col_upper=columns.upper,
        cost=cost,
        offset=offset,
        source=replace(source, tables=tables, columns=columns, blocks=tuple(blocks)),
    )


def _rule_of(component: Any) -> Any:
    """Template of an objective, or of its named expression; else its expression."""
    template = template_of(component) if is_deferred(component) else None
    if template is None and is_deferred(component.expr):
        template = template_of(component.expr)
    return template or component.expr


def _aligned(source: Source, name: str, given: Any) -> np.ndarray:
    """Values of a parameter in the order of its index."""
    param = component_named(source.model, name)
    if param is None or param.ctype is not pyo.Param:
        raise ModelError(f"the model has no parameter {name!r}")
    table = source.tables.index_of(param)
    if not param.is_indexed() and np.ndim(given) == 0:
        return np.array([float(given)])
    if isinstance(given, (pd.Series, Mapping)):
        known = dict(given.items())
        missing = [key for key in table if key not in known]
        if missing or len(known) != len(table):
            raise ModelError(
                f"parameter {name!r} needs a value for each of its {len(table)} keys and no other; "
                f"given {len(known)}" + (f", none for {missing[0]}" if missing else "")
            )
        given = [known[key] for key in table]
    found = np.asarray(given, dtype=float)
    if found.shape != (len(table),):
        raise ModelError(f"parameter {name!r} needs {len(table)} values, not {found.shape}")
    return found


def _insist_on_templates(arrays: Arrays, changed: frozenset[str], dependences: Dependences) -> None:
    """Refuse changes that would leave old numbers in place, as expanded rules cannot be traced."""
    source: Source = arrays.source
    opaque = {fallback.name for fallback in arrays.fallbacks}
    if not isinstance(_rule_of(source.objective), Template):
        opaque.add(source.objective.name)
    plain = {name for name in changed if _is_plain(component_named(source.model, name))}
    templates = [block.template for block in source.blocks if block.template is not None]
    bounds = [template_of(part.component) for part in source.columns.parts]
    for rule in (*templates, *(b for b in bounds if b is not None), _rule_of(source.objective)):
        needs = dependences.of(rule)
        opaque |= needs.opaque
        plain |= changed & needs.plain
    if plain:
        raise ModelError(
            f"{', '.join(sorted(plain))} went into the rules as plain numbers, or decides which "
            "entries they look up; build the model again, or declare it mutable"
        )
    for block in source.blocks:
        if block.template is not None and block.component._data and block.component.is_indexed():
            opaque.add(block.component.name)
    for part in source.columns.parts:
        if template_of(part.component) is None and _bounds_may_vary(part.component):
            opaque.add(part.component.name)
    if opaque:
        raise ModelError(
            f"{', '.join(sorted(opaque))} was expanded entry by entry, and may hold old values of "
            f"{', '.join(sorted(changed))}; build the model again"
        )


def _is_plain(param: Any) -> bool:
    """True if Pyomo replaces the parameter by its number."""
    return not param.is_indexed() and not param.mutable


def _bounds_may_vary(variable: Any) -> bool:
    rule = variable._rule_bounds
    return rule is not None and not rule.constant() and len(variable._data) > 0


def _edited(matrix: Any, edits: list[tuple[int, int, Any]]) -> Any:
    """Replace the coefficients of some ranges of rows by the new ones.

    Both are in the order of columns, then rows, so that the places need not be looked up.
    """
    data = matrix.data.copy()
    for first, last, new in edits:
        # As unsigned numbers, rows before the first are large.
        places = np.flatnonzero((matrix.indices - np.int32(first)).view(np.uint32) < last - first)
        if len(places) != new.nnz:
            raise ModelError("the new values do not have the places of the old ones")
        data[places] = new.data
    return sp.csc_array((data, matrix.indices, matrix.indptr), shape=matrix.shape)
