"""Step "compile": a Pyomo model becomes Arrays, through Pyomo's own standard form."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import pyomo.environ as pyo
import scipy.sparse as sp
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler

from optalloc.arrays import Arrays
from optalloc.errors import ModelError

__all__ = ["compile_model"]


def compile_model(m: Any, strengthening: Collection[str] = ()) -> Arrays:
    """Turn a linear Pyomo model into arrays.

    Parameters
    ----------
    m : pyomo.environ.ConcreteModel
        With one active objective; anything a user added is included.
    strengthening : collection of str
        Names of constraints that only tighten the relaxation.

    Returns
    -------
    Arrays

    Raises
    ------
    ModelError
        If the model is not linear or has no single objective.
    """
    objectives = list(m.component_data_objects(pyo.Objective, active=True))
    if len(objectives) != 1:
        raise ModelError(f"the model must have one active objective; it has {len(objectives)}")
    try:
        form = LinearStandardFormCompiler().write(m, mixed_form=True, set_sense=pyo.minimize)
    except (ValueError, RuntimeError) as error:
        raise ModelError(f"the model must be linear: {error}") from error
    senses = np.array([sense for _, sense in form.rows], dtype=int)
    rhs = np.asarray(form.rhs, dtype=float)
    marked = np.array(
        [row.parent_component().local_name in strengthening for row, _ in form.rows], dtype=bool
    )
    bounds = [variable.bounds for variable in form.columns]
    cost = np.asarray(form.c.todense(), dtype=float).reshape(-1)
    return Arrays(
        matrix=sp.csr_array(form.A),
        row_lower=np.where(senses <= 0, rhs, -np.inf),
        row_upper=np.where(senses >= 0, rhs, np.inf),
        col_lower=np.array([-np.inf if low is None else low for low, _ in bounds], dtype=float),
        col_upper=np.array([np.inf if high is None else high for _, high in bounds], dtype=float),
        cost=cost,
        integer=np.array([not v.is_continuous() for v in form.columns], dtype=bool),
        strengthening=marked,
        offset=float(form.c_offset[0]),
        rows=[row for row, _ in form.rows],
        columns=list(form.columns),
    )
