"""A plan as a record: its tables, its options and seconds, and the versions behind it."""

from __future__ import annotations

import platform
from collections.abc import Mapping

import pandas as pd

from optalloc.data.text import with_text
from optalloc.errors import Problem
from optalloc.mip.outcome import Options, Outcome
from optalloc.modelling.model import Model
from optalloc.modelling.program import Program
from optalloc.modelling.tables import AUDIT, ENGINE_TABLES, RUN, SUMMARY, WITH_ROWS
from optalloc.plan.plan import Origin, Plan
from optalloc.solving.solvers import version_of
from optalloc.solving.versions import engine_versions, installed_version

__all__ = ["plan_of", "versions_of"]


def plan_of(
    program: Program,
    size: Mapping[str, int],
    outcome: Outcome,
    options: Options,
    seconds: Mapping[str, float],
    notices: tuple[Problem, ...],
    tables: Mapping[str, pd.DataFrame],
    audit: pd.DataFrame,
) -> Plan:
    """The audited plan, with the table Run on how it was found.

    Parameters
    ----------
    size : mapping of str to int
        Of the program that was solved (`Arrays.size`).
    seconds : mapping of str to float
        By phase.
    """
    versions = versions_of(program.model) | version_of(options.solver)
    entries = {
        "input hash": program.dataset.digest,
        "model hash": program.model.digest,
        "workbook": program.dataset.source,
        "quality": str(outcome.quality),
        "why it stopped": str(outcome.stop_reason),
        "objective": outcome.objective,
        "bound": outcome.bound,
        "gap": outcome.gap,
        **{f"version of {name}": text for name, text in versions.items()},
        **{f"option {name}": value for name, value in options.entries().items()},
        **{name.replace("_", "-"): value for name, value in size.items()},
        "nodes": outcome.nodes,
        "strengthening rows taken": outcome.cut_rows,
        "strategy": str(outcome.strategy),
        **{f"solver note {k}": note for k, note in enumerate(outcome.notes, start=1)},
        **{f"seconds to {name}": round(value, 3) for name, value in seconds.items()},
        **{f"notice {k}": str(notice) for k, notice in enumerate(notices, start=1)},
    }
    full = {**tables, AUDIT.name: audit}
    entries[WITH_ROWS] = ", ".join([*(name for name in full if len(full[name])), RUN.name])
    run = pd.DataFrame({"entry": list(entries), "value": list(entries.values())}, dtype=object)
    full[RUN.name] = run
    specs = (SUMMARY, *program.model.outputs.values(), *ENGINE_TABLES, RUN)
    return Plan(
        {name: with_text(frame) for name, frame in full.items()},
        specs,
        program.model.charts,
        outcome,
        dict(seconds),
        size,
        versions,
        program.dataset.digest,
        notices,
        program.model.report,
        Origin(program.dataset, program.model, options),
    )


def versions_of(model: Model) -> dict[str, str]:
    """Version of every part that a plan depends on, by name."""

    return engine_versions() | {
        "pyomo": installed_version("pyomo"),
        "pandas": installed_version("pandas"),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "model": model.digest[:12],
    }
