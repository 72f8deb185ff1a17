"""A plan read from its file, as a solved workbook: its decisions are fixed in the program again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from optalloc.analysis.explain.elastic_cells import aligned
from optalloc.data.dataset import Dataset
from optalloc.errors import InfeasibleError, OptallocError
from optalloc.mip.outcome import Options, Outcome, quality_of
from optalloc.modelling.compiled import compile_program
from optalloc.modelling.model import Model, load_model, options_of
from optalloc.modelling.program import Program, build
from optalloc.modelling.tables import AUDIT
from optalloc.pipeline.one_plan import solve_program
from optalloc.pipeline.opening import open_book
from optalloc.plan.held import refuse_lost
from optalloc.plan.plan import Origin, Plan
from optalloc.plan.planfile import PlanFile, is_plan, open_plan
from optalloc.plan.readback import read_audited
from optalloc.scenarios.edits import rows_added
from optalloc.solving.resolve import Resolver
from optalloc.spreadsheet.sheets import Workbook

__all__ = ["Planned", "plan_file_at", "planned", "workbook_of"]

# Every decision of a plan is taken before this.
END_OF_TIME = pd.Timestamp("2262-01-01")
# Costs that differ by less than this share are the same.
SAME_COST = 1e-6


@dataclass(frozen=True)
class Planned:
    """A workbook with a plan from a file.

    Parameters
    ----------
    program, arrays, plan, options
        As of `optalloc.analysis.explain.context.Solved`.
    sentences : tuple of str
        First sentences: which plan, and whether the workbook has changed since.
    """

    program: Program
    arrays: Any
    plan: Plan
    options: Options
    sentences: tuple[str, ...]


def plan_file_at(path: str | Path) -> Workbook | None:
    """The sheets of a plan.xlsx; None if the path is no plan but, perhaps, a workbook.

    Raises
    ------
    InputError
        If it is an .xlsx that cannot be read.
    """
    path = Path(path)
    if path.suffix.lower() != ".xlsx" or not path.is_file():
        return None
    workbook = open_plan(path)
    return workbook if is_plan(workbook) else None


def planned(
    plan: PlanFile,
    book: str | Path | None,
    *,
    given: Mapping[str, Any],
    model: str | Path | Model | None = None,
    approved: str | Path | None = None,
) -> Planned:
    """Fix the decisions of a plan, and solve for the rest.

    Parameters
    ----------
    plan : PlanFile
        Of one scenario, or of a workbook without uncertainties.
    book : str or Path, optional
        The workbook that it was solved from; by default the one that it names.
    given : mapping
        Solver options.
    model, approved : optional
        As of `optalloc.explain`.

    Raises
    ------
    InputError
        If the plan or the workbook cannot be read.
    OptallocError
        If the workbook is not found, lacks what the plan decides on, or by now has no plan with
        these decisions.
    """
    loaded = model if isinstance(model, Model) else load_model(model)
    source = workbook_of(plan) if book is None else Path(book)
    data, _, notices = open_book(source, loaded, approved)
    changed = data.digest != plan.input_hash
    fixed_data = _with_fixed(data, loaded, plan)
    options = options_of(data, loaded, given)
    fixed_program = build(fixed_data, loaded)
    fixed_arrays = compile_program(fixed_program)
    try:
        fixed = solve_program(fixed_program, fixed_arrays, options, notices=notices)
    except InfeasibleError as found:
        why = "has changed since and" if changed else "is the same, but"
        raise OptallocError(
            f"{plan.source.name} cannot be explained: {source.name or source} {why} has no plan "
            f"with these decisions. Explain the workbook instead. {found}"
        ) from found
    program = build(data, loaded)
    arrays = compile_program(program)
    assert fixed.outcome.values is not None
    values = aligned(fixed_arrays, arrays, fixed.outcome.values)
    if values is None:
        raise OptallocError(
            f"{plan.source.name}: decides what {source.name} does not let be decided"
        )
    cost = float(arrays.cost @ values + arrays.offset)
    bound = min(Resolver(arrays, options).relaxed().bound if changed else plan.bound, cost)
    outcome = replace(
        fixed.outcome, objective=cost, bound=bound, values=values,
        quality=quality_of(cost, bound, options.gap),
    )  # fmt: skip
    again = _as_plan(fixed, program, arrays, outcome, options)
    return Planned(program, arrays, again, options, _sentences(plan, source, changed, cost))


def workbook_of(plan: PlanFile) -> Path:
    """The workbook that a plan names, where it was or beside the plan."""
    named = str(plan.run.get("workbook") or "")
    if named:
        folder, name = plan.source.resolve().parent, Path(named).name
        for path in (Path(named), folder / name, folder.parent / name):
            if path.exists():
                return path
    lacking = f"its workbook {named} is not there" if named else "it does not name its workbook"
    raise OptallocError(
        f"{plan.source.name}: {lacking}; name it: optalloc explain {plan.source.name} WORKBOOK"
    )


def _with_fixed(data: Dataset, model: Model, plan: PlanFile) -> Dataset:
    """The workbook with rows that fix all decisions of the plan."""
    refuse_lost(plan, plan.tables, END_OF_TIME, data, model)
    rows: dict[str, pd.DataFrame] = {}
    for family in model.families:
        rows |= family.hold(data, plan.tables, END_OF_TIME)
    return rows_added(rows, data)


def _as_plan(
    fixed: Plan, program: Program, arrays: Any, outcome: Outcome, options: Options
) -> Plan:
    tables, audit = read_audited(program, arrays, outcome)
    return replace(
        fixed,
        tables={**fixed.tables, **tables, AUDIT.name: audit},
        outcome=outcome,
        input_hash=program.dataset.digest,
        origin=Origin(program.dataset, program.model, options),
    )


def _sentences(plan: PlanFile, source: Path, changed: bool, cost: float) -> tuple[str, ...]:
    name = source.name or str(source)
    sentences = [f"This is the plan of {plan.source.name}, which cost {plan.cost:,.6g} M."]
    if changed:
        sentences.append(
            f"{name} has changed since that plan was made: it is explained by {name} as it is now, "
            f"by which the same decisions cost {cost:,.6g} M."
        )
    elif abs(cost - plan.cost) > SAME_COST * max(1.0, abs(plan.cost)):
        sentences.append(
            f"With the same decisions on building and contracts {plan.cost - cost:,.6g} M less is "
            "enough: load and workers could be placed at less cost."
        )
    return tuple(sentences)
