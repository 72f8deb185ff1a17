"""Rules kept as symbolic templates instead of one Pyomo expression per row.

Within ``deferred_rules()`` the constraints, expressions, objectives and variables of the model that
it gives are declared as usual. A rule that works with symbols is called once, with symbols for its
indices, and a few times with true indices, so that the compiler can check its evaluation of the
template. Rows are made only on access. A rule that branches on an index, or has another operation
that symbols do not support, is expanded by Pyomo at once; the reason is kept.

All this is confined to one model: it replaces declared components by its own, and passes a view of
itself to rules. No class of Pyomo is changed, so that models may be built in several threads at
once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyomo.environ as pyo
from pyomo.core.base.constraint import (
    AbstractScalarConstraint,
    IndexedConstraint,
    ScalarConstraint,
)
from pyomo.core.base.expression import IndexedExpression, ScalarExpression
from pyomo.core.base.objective import AbstractScalarObjective, ScalarObjective
from pyomo.core.base.var import IndexedVar

from optalloc.compile.deferred_components import (
    Declared,
    DeferredConstraint,
    DeferredExpression,
    DeferredScalarConstraint,
    DeferredScalarExpression,
    DeferredScalarObjective,
    DeferredVar,
)

__all__ = ["DeferringModel", "deferred_rules"]

# Replacement of each declared component in a model that defers; by exact class, as a list of
# constraints and a reference are indexed components too.
_IN_PLACE_OF: dict[type, type[Declared]] = {
    IndexedConstraint: DeferredConstraint,
    IndexedExpression: DeferredExpression,
    IndexedVar: DeferredVar,
    AbstractScalarConstraint: DeferredScalarConstraint,
    ScalarConstraint: DeferredScalarConstraint,
    ScalarExpression: DeferredScalarExpression,
    AbstractScalarObjective: DeferredScalarObjective,
    ScalarObjective: DeferredScalarObjective,
}


class DeferringModel(pyo.ConcreteModel):  # type: ignore[misc]
    """Concrete Pyomo model that keeps rules as templates while it is being declared.

    Components declared on a block within it, or after ``deferred_rules()`` has ended, are expanded
    as usual. A component must be read from the model and not from the variable that it was assigned
    from: the model may have replaced it.
    """

    def __init__(self, **options: Any) -> None:
        # Pyomo adds components while it makes the model.
        self.__dict__["_defers"], self.__dict__["_templates"] = False, True
        super().__init__(**options)

    def add_component(self, name: str, val: Any) -> None:
        """Add a component, or one that defers its rule in its place."""
        kind = _IN_PLACE_OF.get(type(val)) if self._defers else None
        if kind is not None and not val._constructed and val._parent is None:
            val = kind.of(val, templates=self._templates)
        super().add_component(name, val)

    def defer(self, defers: bool, *, templates: bool = True) -> None:
        """Begin or end to defer the rules of components declared from now on."""
        self.__dict__["_defers"], self.__dict__["_templates"] = defers, templates


@contextmanager
def deferred_rules(
    m: DeferringModel | None = None, *, templates: bool = True
) -> Iterator[DeferringModel]:
    """Give a model that keeps the rules of components declared meanwhile as templates.

    Parameters
    ----------
    m : DeferringModel, optional
        A new one by default.
    templates : bool
        False calls no rule at all: the declarations can be compared with another model, and a
        row is made on first access.

    Examples
    --------
    >>> import pyomo.environ as pyo
    >>> from optalloc.compile import compile_model, deferred_rules
    >>> with deferred_rules() as m:
    ...     m.SITES = pyo.Set(initialize=["Kanto", "Texas"])
    ...     m.built = pyo.Var(m.SITES, bounds=(0, 300))
    ...     m.enough = pyo.Constraint(rule=lambda m: sum(m.built[i] for i in m.SITES) >= 400)
    ...     m.least = pyo.Objective(rule=lambda m: sum(m.built[i] for i in m.SITES))
    >>> compile_model(m).size["non_zeros"]
    2
    """
    m = DeferringModel() if m is None else m
    m.defer(True, templates=templates)
    try:
        yield m
    finally:
        m.defer(False)
