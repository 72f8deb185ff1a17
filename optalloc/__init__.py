"""optalloc: proven-best plans for building data-centre capacity, from one workbook.

The pipeline in one call is `solve`; each of its steps is public too: `read_workbook`, `validate`,
`build`, `compile_program`, `solve_arrays`, `read_plan`, `audit_plan`.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from optalloc.arrays import Arrays
from optalloc.audit import audit_plan
from optalloc.compile import compile_model, deferred_rules, refresh
from optalloc.dataset import Dataset
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
from optalloc.export import export_model
from optalloc.family import Family, Ledger, Limit, Model, load_model
from optalloc.outcome import Options, Outcome, Progress, Quality, StopReason
from optalloc.pipeline import compile_program, read_plan, solve
from optalloc.plan import Plan
from optalloc.program import Program, build
from optalloc.solve import solve_arrays
from optalloc.template import write_template
from optalloc.validate import check, validate
from optalloc.workbook import Workbook, read_workbook

try:
    __version__ = version("optalloc")
except PackageNotFoundError:
    __version__ = "0+unknown"

__all__ = [
    "Arrays",
    "Dataset",
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
    "Problem",
    "Program",
    "Progress",
    "Quality",
    "SolveError",
    "StopReason",
    "Workbook",
    "audit_plan",
    "build",
    "check",
    "compile_model",
    "compile_program",
    "deferred_rules",
    "export_model",
    "load_model",
    "read_plan",
    "read_workbook",
    "refresh",
    "solve",
    "solve_arrays",
    "validate",
    "write_template",
]
