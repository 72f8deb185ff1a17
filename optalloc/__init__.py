"""optalloc: proven-best plans for building data-centre capacity, from one workbook.

The pipeline in one call is `solve`; each of its steps is public too: `read_workbook`, `validate`,
`build`, `compile_program`, `solve_arrays`, `read_back`, `audit_plan`. A name is imported on first
access (PEP 562), as the libraries behind take a second to load.
"""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

# The public names, and the module of each.
_PUBLIC = {
    "Arrays": "mip.arrays",
    "Dataset": "data.dataset",
    "Explanation": "analysis.explain.explanation",
    "Family": "modelling.family",
    "Findings": "report.findings",
    "InfeasibleError": "errors",
    "InputError": "errors",
    "InternalError": "errors",
    "Ledger": "modelling.family",
    "Limit": "modelling.limits",
    "Model": "modelling.model",
    "ModelError": "errors",
    "NoPlanError": "errors",
    "OptallocError": "errors",
    "Options": "mip.outcome",
    "Outcome": "mip.outcome",
    "Parameters": "mip.parameters",
    "Plan": "plan.plan",
    "PlanFile": "plan.planfile",
    "Problem": "errors",
    "Program": "modelling.program",
    "Progress": "mip.outcome",
    "Quality": "mip.outcome",
    "Renewed": "modelling.renew",
    "Resolver": "solving.resolve",
    "RollResult": "rolling.result",
    "SolveError": "errors",
    "StartedCase": "starting.start",
    "StopReason": "mip.outcome",
    "Strategy": "mip.outcome",
    "SweepResult": "sweeps.result",
    "Workbook": "spreadsheet.read",
    "alternatives": "analysis.alternatives.search",
    "audit_plan": "plan.audit",
    "bench": "analysis.bench.run_bench",
    "build": "modelling.program",
    "check": "data.validate",
    "compile_model": "compile",
    "compile_program": "modelling.compiled",
    "deferred_rules": "compile",
    "diff": "analysis.diff.compare",
    "explain": "analysis.explain.solve_and_explain",
    "export_futures": "analysis.futures.exported",
    "export_model": "solving.export",
    "frontier": "analysis.futures.frontier",
    "generate_scenarios": "analysis.futures.generated",
    "load_model": "modelling.model",
    "out_of_sample": "analysis.futures.out_of_sample",
    "read_back": "plan.readback",
    "read_parameters": "mip.parameter_file",
    "read_plan": "plan.planfile",
    "read_sweep": "sweeps.result",
    "read_workbook": "spreadsheet.read",
    "reduce_scenarios": "analysis.futures.reduced",
    "regret_matrix": "analysis.futures.regrets",
    "refresh": "compile",
    "relaxed": "analysis.explain.repair_table",
    "renewed": "modelling.renew",
    "roll": "rolling.run_roll",
    "solve": "pipeline.solve_book",
    "solve_arrays": "solving.selection",
    "start": "starting.start",
    "sweep": "sweeps.run_sweep",
    "validate": "data.validate",
    "with_approved": "plan.approved",
    "write_relaxed": "analysis.explain.repair_table",
    "write_template": "report.template",
}

if _TYPE_CHECKING:
    # The same for type checkers; a test compares the two.
    from optalloc.analysis.alternatives.search import alternatives as alternatives
    from optalloc.analysis.bench.run_bench import bench as bench
    from optalloc.analysis.diff.compare import diff as diff
    from optalloc.analysis.explain.explanation import Explanation as Explanation
    from optalloc.analysis.explain.repair_table import relaxed as relaxed
    from optalloc.analysis.explain.repair_table import write_relaxed as write_relaxed
    from optalloc.analysis.explain.solve_and_explain import explain as explain
    from optalloc.analysis.futures.exported import export_futures as export_futures
    from optalloc.analysis.futures.frontier import frontier as frontier
    from optalloc.analysis.futures.generated import generate_scenarios as generate_scenarios
    from optalloc.analysis.futures.out_of_sample import out_of_sample as out_of_sample
    from optalloc.analysis.futures.reduced import reduce_scenarios as reduce_scenarios
    from optalloc.analysis.futures.regrets import regret_matrix as regret_matrix
    from optalloc.compile import compile_model as compile_model
    from optalloc.compile import deferred_rules as deferred_rules
    from optalloc.compile import refresh as refresh
    from optalloc.data.dataset import Dataset as Dataset
    from optalloc.data.validate import check as check
    from optalloc.data.validate import validate as validate
    from optalloc.errors import InfeasibleError as InfeasibleError
    from optalloc.errors import InputError as InputError
    from optalloc.errors import InternalError as InternalError
    from optalloc.errors import ModelError as ModelError
    from optalloc.errors import NoPlanError as NoPlanError
    from optalloc.errors import OptallocError as OptallocError
    from optalloc.errors import Problem as Problem
    from optalloc.errors import SolveError as SolveError
    from optalloc.mip.arrays import Arrays as Arrays
    from optalloc.mip.outcome import Options as Options
    from optalloc.mip.outcome import Outcome as Outcome
    from optalloc.mip.outcome import Progress as Progress
    from optalloc.mip.outcome import Quality as Quality
    from optalloc.mip.outcome import StopReason as StopReason
    from optalloc.mip.outcome import Strategy as Strategy
    from optalloc.mip.parameter_file import read_parameters as read_parameters
    from optalloc.mip.parameters import Parameters as Parameters
    from optalloc.modelling.compiled import compile_program as compile_program
    from optalloc.modelling.family import Family as Family
    from optalloc.modelling.family import Ledger as Ledger
    from optalloc.modelling.limits import Limit as Limit
    from optalloc.modelling.model import Model as Model
    from optalloc.modelling.model import load_model as load_model
    from optalloc.modelling.program import Program as Program
    from optalloc.modelling.program import build as build
    from optalloc.modelling.renew import Renewed as Renewed
    from optalloc.modelling.renew import renewed as renewed
    from optalloc.pipeline.solve_book import solve as solve
    from optalloc.plan.approved import with_approved as with_approved
    from optalloc.plan.audit import audit_plan as audit_plan
    from optalloc.plan.plan import Plan as Plan
    from optalloc.plan.planfile import PlanFile as PlanFile
    from optalloc.plan.planfile import read_plan as read_plan
    from optalloc.plan.readback import read_back as read_back
    from optalloc.report.findings import Findings as Findings
    from optalloc.report.template import write_template as write_template
    from optalloc.rolling.result import RollResult as RollResult
    from optalloc.rolling.run_roll import roll as roll
    from optalloc.solving.export import export_model as export_model
    from optalloc.solving.resolve import Resolver as Resolver
    from optalloc.solving.selection import solve_arrays as solve_arrays
    from optalloc.spreadsheet.read import Workbook as Workbook
    from optalloc.spreadsheet.read import read_workbook as read_workbook
    from optalloc.starting.start import StartedCase as StartedCase
    from optalloc.starting.start import start as start
    from optalloc.sweeps.result import SweepResult as SweepResult
    from optalloc.sweeps.result import read_sweep as read_sweep
    from optalloc.sweeps.run_sweep import sweep as sweep

    __version__: str

__all__ = sorted(_PUBLIC)  # noqa: PLE0605  (one table of names)


def _version() -> str:
    metadata = _import_module("importlib.metadata")
    try:
        return str(metadata.version("optalloc"))
    except metadata.PackageNotFoundError:
        return "0+unknown"


def __getattr__(name: str) -> _Any:
    if name == "__version__":
        return _version()
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(_import_module(f"{__name__}.{_PUBLIC[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
