"""optalloc: proven-best plans for building data-centre capacity, from one workbook.

The pipeline in one call is `solve`; each of its steps is public too: `read_workbook`, `validate`,
`build`, `compile_program`, `solve_arrays`, `read_plan`, `audit_plan`. A name is imported when it is
first asked for: the libraries behind take a second to load, which the command line must survive.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optalloc.alternatives import alternatives
    from optalloc.approved import with_approved
    from optalloc.arrays import Arrays
    from optalloc.audit import audit_plan
    from optalloc.bench import bench
    from optalloc.compile import compile_model, deferred_rules, refresh
    from optalloc.dataset import Dataset
    from optalloc.diff import diff
    from optalloc.errors import (
        InfeasibleError,
        InputError,
        InternalError,
        ModelError,
        NoPlanError,
        OptallocError,
        Problem,
        SolveError,
    )
    from optalloc.explain import Explanation, explain, relaxed, write_relaxed
    from optalloc.export import export_model
    from optalloc.family import Family, Ledger, Limit, Model, load_model
    from optalloc.outcome import Options, Outcome, Progress, Quality, StopReason, Strategy
    from optalloc.pipeline import compile_program, read_plan, solve
    from optalloc.plan import Plan
    from optalloc.planfile import PlanFile
    from optalloc.program import Program, build
    from optalloc.renew import Renewed, renewed
    from optalloc.resolve import Resolver
    from optalloc.strategies import solve_arrays
    from optalloc.sweep.result import SweepResult, read_sweep
    from optalloc.sweep.run import sweep
    from optalloc.template import write_template
    from optalloc.validate import check, validate
    from optalloc.workbook import Workbook, read_workbook

    __version__: str

__all__ = [
    "Arrays",
    "Dataset",
    "Explanation",
    "Family",
    "InfeasibleError",
    "InputError",
    "InternalError",
    "Ledger",
    "Limit",
    "Model",
    "ModelError",
    "NoPlanError",
    "OptallocError",
    "Options",
    "Outcome",
    "Plan",
    "PlanFile",
    "Problem",
    "Program",
    "Progress",
    "Quality",
    "Renewed",
    "Resolver",
    "SolveError",
    "StopReason",
    "Strategy",
    "SweepResult",
    "Workbook",
    "alternatives",
    "audit_plan",
    "bench",
    "build",
    "check",
    "compile_model",
    "compile_program",
    "deferred_rules",
    "diff",
    "explain",
    "export_model",
    "load_model",
    "read_plan",
    "read_sweep",
    "read_workbook",
    "refresh",
    "relaxed",
    "renewed",
    "solve",
    "solve_arrays",
    "sweep",
    "validate",
    "with_approved",
    "write_relaxed",
    "write_template",
]

_MODULES: dict[str, tuple[str, ...]] = {
    "alternatives": ("alternatives",),
    "approved": ("with_approved",),
    "arrays": ("Arrays",),
    "audit": ("audit_plan",),
    "bench": ("bench",),
    "compile": (
        "compile_model",
        "deferred_rules",
        "refresh",
    ),
    "dataset": ("Dataset",),
    "diff": ("diff",),
    "errors": (
        "InfeasibleError",
        "InputError",
        "InternalError",
        "ModelError",
        "NoPlanError",
        "OptallocError",
        "Problem",
        "SolveError",
    ),
    "explain": (
        "Explanation",
        "explain",
        "relaxed",
        "write_relaxed",
    ),
    "export": ("export_model",),
    "family": (
        "Family",
        "Ledger",
        "Limit",
        "Model",
        "load_model",
    ),
    "outcome": (
        "Options",
        "Outcome",
        "Progress",
        "Quality",
        "StopReason",
        "Strategy",
    ),
    "pipeline": (
        "compile_program",
        "read_plan",
        "solve",
    ),
    "plan": ("Plan",),
    "planfile": ("PlanFile",),
    "program": (
        "Program",
        "build",
    ),
    "renew": (
        "Renewed",
        "renewed",
    ),
    "resolve": ("Resolver",),
    "strategies": ("solve_arrays",),
    "sweep.result": ("SweepResult", "read_sweep"),
    "sweep.run": ("sweep",),
    "template": ("write_template",),
    "validate": (
        "check",
        "validate",
    ),
    "workbook": (
        "Workbook",
        "read_workbook",
    ),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}


def _version() -> str:
    metadata = import_module("importlib.metadata")
    try:
        return str(metadata.version("optalloc"))
    except metadata.PackageNotFoundError:
        return "0+unknown"


class _Package(ModuleType):
    """This package, whose public names are imported when they are first asked for."""

    def __getattr__(self, name: str) -> Any:
        if name == "__version__":
            return _version()
        if name not in _HOMES:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f"{self.__name__}.{_HOMES[name]}"), name)
        setattr(self, name, value)
        return value

    def __setattr__(self, name: str, value: object) -> None:
        # The import of optalloc/solve.py must not hide the function of that name.
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *__all__})


sys.modules[__name__].__class__ = _Package
