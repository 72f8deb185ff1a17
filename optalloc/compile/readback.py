"""Variables and named expressions at a solution, as whole columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyomo.environ as pyo
import scipy.sparse as sp

from optalloc.compile.assemble import Source, component_named
from optalloc.compile.evaluate import Evaluator
from optalloc.compile.keys import KeyTable
from optalloc.compile.linear import Term
from optalloc.compile.rows import joined, triplets
from optalloc.errors import ModelError
from optalloc.mip.arrays import Arrays

__all__ = ["evaluate", "linear_map", "values_of"]


def evaluate(arrays: Arrays, component: str, solution: np.ndarray) -> pd.Series | float:
    """Give a variable's or expression's values at a solution.

    Parameters
    ----------
    arrays : Arrays
    component : str
        Name of a variable or named expression of the model.
    solution : numpy.ndarray, shape (columns,)

    Returns
    -------
    pandas.Series or float
        Indexed by the component's keys; one number for a scalar.
    """
    table, values = values_of(arrays, component, solution)
    if not table.arity:
        return float(values[0])
    names = [str(place) for place in range(table.arity)]
    index = pd.MultiIndex.from_frame(table.frame(names)) if table.arity > 1 else table.values(0)
    return pd.Series(values, index=index, name=component)


def linear_map(arrays: Arrays, name: str) -> tuple[KeyTable, sp.csr_array, np.ndarray]:
    """Give a variable or named expression as a linear map of the columns.

    Returns
    -------
    KeyTable, scipy.sparse.csr_array, numpy.ndarray
        Its n keys, coefficients of shape (n, columns), and constants of shape (n,).
    """
    source: Source = arrays.source
    component = _component(source, name)
    columns = len(arrays.cost)
    if component.ctype is pyo.Var:
        table = source.columns.part(component).table
        at = source.columns.columns_of(component, np.arange(len(table)))
        places = np.arange(len(table)), at
        picked = sp.csr_array((np.ones(len(table)), places), shape=(len(table), columns))
        return table, picked, np.zeros(len(table))
    table, linear = Evaluator(source.tables, source.columns).whole(component)
    rows, found, values = joined(triplets(linear))
    constant = np.array(np.broadcast_to(np.asarray(linear.constant, dtype=float), (len(table),)))
    return table, sp.csr_array((values, (rows, found)), shape=(len(table), columns)), constant


def _component(source: Source, name: str) -> Any:
    component = component_named(source.model, name)
    if component is None:
        raise ModelError(f"the model has no component {name!r}")
    return component


def values_of(arrays: Arrays, name: str, solution: np.ndarray) -> tuple[KeyTable, np.ndarray]:
    """Keys of a variable or named expression, and its value at each for a solution."""
    source: Source = arrays.source
    component = _component(source, name)
    if component.ctype is pyo.Var:
        part = source.columns.part(component)
        everywhere = np.arange(len(part.table))
        return part.table, solution[source.columns.columns_of(component, everywhere)]
    table, linear = Evaluator(source.tables, source.columns).whole(component)
    values = np.array(np.broadcast_to(np.asarray(linear.constant, dtype=float), (len(table),)))
    for term in linear.terms:
        values += _at_rows(term, solution, len(table))
    return table, values


def _at_rows(term: Term, solution: np.ndarray, rows: int) -> np.ndarray:
    weights = np.broadcast_to(term.coefficients, term.columns.shape) * solution[term.columns]
    return np.bincount(term.row_numbers(), weights=weights, minlength=rows)
