"""Step "compile": a Pyomo model becomes Arrays, through Pyomo's own standard form."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import pyomo.environ as pyo
import scipy.sparse as sp
from pyomo.common.errors import InfeasibleConstraintException
from pyomo.repn import generate_standard_repn
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler

from optalloc.arrays import Arrays
from optalloc.errors import InfeasibleError, ModelError

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
    InfeasibleError
        If a row without any variable is broken by what is given.
    """
    objectives = list(m.component_data_objects(pyo.Objective, active=True))
    if len(objectives) != 1:
        raise ModelError(f"the model must have one active objective; it has {len(objectives)}")
    try:
        form = LinearStandardFormCompiler().write(m, mixed_form=True, set_sense=pyo.minimize)
    except InfeasibleConstraintException as error:
        raise InfeasibleError(_broken_without_variables(m)) from error
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


def _broken_without_variables(m: Any) -> list[tuple[str, float]]:
    """Rows that no decision can mend, with the amount by which each is broken."""
    broken = []
    for row in m.component_data_objects(pyo.Constraint, active=True):
        body = generate_standard_repn(row.body, compute_values=True)
        if body.is_constant():
            low, high = row.lb, row.ub
            below = 0.0 if low is None else low - body.constant
            above = 0.0 if high is None else body.constant - high
            amount = max(below, above)
            if amount > 0:
                broken.append((row.name, amount))
    return sorted(broken, key=lambda named: -named[1])
