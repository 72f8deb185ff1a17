"""Step "compile": a linear Pyomo model becomes Arrays, its rules evaluated for all rows at once.

The compiler depends on no particular model. Rules declared within ``deferred_rules()`` are
templates; those that cannot be are expanded row for row and listed in ``arrays.fallbacks``.
"""

from optalloc.compile.assemble import compile_model
from optalloc.compile.components import TableIndexedSet, TableParam, TableSet
from optalloc.compile.deferred import DeferringModel, deferred_rules
from optalloc.compile.keys import Groups, KeyTable
from optalloc.compile.linear import NonLinearError
from optalloc.compile.readback import evaluate, linear_map, values_of
from optalloc.compile.refresh import refresh
from optalloc.compile.same_model import OtherModelError, changed_values

__all__ = [
    "DeferringModel",
    "Groups",
    "KeyTable",
    "NonLinearError",
    "OtherModelError",
    "TableIndexedSet",
    "TableParam",
    "TableSet",
    "changed_values",
    "compile_model",
    "deferred_rules",
    "evaluate",
    "linear_map",
    "refresh",
    "values_of",
]
