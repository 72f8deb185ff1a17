"""Entry point: tell inputs from plans, and compare two of a kind."""

from __future__ import annotations

from pathlib import Path

from optalloc.analysis.diff.inputs import compare_inputs
from optalloc.analysis.diff.plans import compare_plans
from optalloc.analysis.diff.policies import compare_policies
from optalloc.errors import OptallocError
from optalloc.modelling.model import Model, load_model
from optalloc.plan.plan import Plan
from optalloc.plan.planfile import PlanFile, is_plan, plan_of
from optalloc.report.findings import Findings
from optalloc.spreadsheet.frames import NAME, Book
from optalloc.spreadsheet.read import Workbook, read_workbook

__all__ = ["diff"]

Side = Book | Plan


def diff(a: Side, b: Side, *, model: str | Path | Model | None = None) -> Findings:
    """Give the changes from A to B, two inputs or two plans.

    Parameters
    ----------
    a, b : str, Path, mapping of str to pandas.DataFrame, or Plan
        Each a workbook, a folder of CSV files, frames by sheet name, a plan.xlsx, or a plan in
        memory.
    model : str, Path or Model, optional
        Model folder; the capacity model by default.

    Returns
    -------
    Findings
        Of two inputs: the tables ``Changes`` (sheet by sheet), ``Cells``, ``Rows`` and, where one
        of them has errors, ``Errors``. Of two plans: ``Bridge`` and ``Costs`` (million),
        ``Decisions``, ``Totals``, ``Figures``, ``Binding`` and ``Runs``. Of two policies:
        ``Now``, ``Scenarios``, ``Figures`` and ``Runs``. Tables hold only what differs; each
        figure of A has that of B beside it.

    Raises
    ------
    InputError
        If one of them cannot be read, or is a damaged plan.
    OptallocError
        If one is a plan and the other an input, or a policy.

    Examples
    --------
    >>> import optalloc
    >>> optalloc.diff("inputs/minimal", "inputs/minimal").sentences[-1]
    'The two inputs are the same, byte for byte.'
    """
    loaded = model if isinstance(model, Model) else load_model(model)
    left, right = _opened(a, loaded), _opened(b, loaded)
    title = f"From A ({_name(a, 'a plan')}) to B ({_name(b, 'a plan')})"
    if isinstance(left, Workbook) and isinstance(right, Workbook):
        return compare_inputs(title, left, right, loaded)
    if isinstance(left, Workbook) or isinstance(right, Workbook):
        kinds = ["an input" if isinstance(side, Workbook) else "a plan" for side in (left, right)]
        raise OptallocError(
            f"A ({_name(a, 'in memory')}) is {kinds[0]} and B ({_name(b, 'in memory')}) is "
            f"{kinds[1]}: compare two inputs, or two plans. `optalloc solve` makes a plan of an "
            "input."
        )
    if left.is_policy and right.is_policy:
        return compare_policies(title, left, right)
    if left.is_policy or right.is_policy:
        policy, plan = ("A", "B") if left.is_policy else ("B", "A")
        raise OptallocError(
            f"{policy} is a policy, of several scenarios, and {plan} a plan of one: compare two "
            "policies, or two plans. `optalloc solve --certain` solves the workbook of a policy as "
            "it stands, without its uncertainties."
        )
    return compare_plans(title, left, right)


def _opened(side: Side, model: Model) -> Workbook | Plan:
    if isinstance(side, Plan):
        return side
    workbook = read_workbook(side)
    return plan_of(workbook, model) if is_plan(workbook) else workbook


def _name(side: Side, otherwise: str) -> str:
    if isinstance(side, PlanFile):
        return str(side.source)
    if isinstance(side, str | Path):
        return str(side)
    return otherwise if isinstance(side, Plan) else NAME
