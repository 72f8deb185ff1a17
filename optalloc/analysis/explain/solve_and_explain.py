"""The entry point: solve a workbook, and explain its plan or its infeasibility."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from optalloc.analysis.explain.choices import insist_on_members
from optalloc.analysis.explain.context import Solved
from optalloc.analysis.explain.explanation import Explanation
from optalloc.analysis.explain.infeasible import why_no_plan
from optalloc.analysis.explain.planned import Planned, plan_file_at, planned, workbook_of
from optalloc.analysis.explain.policies import explained_policy, explained_policy_file
from optalloc.analysis.explain.sections import PARTS
from optalloc.analysis.explain.trial import source_of
from optalloc.analysis.stopped import keeping
from optalloc.data.dataset import Dataset
from optalloc.errors import InfeasibleError, NoPolicyError, OptallocError
from optalloc.mip.outcome import ProgressCallback, StepCallback
from optalloc.modelling.compiled import compile_program
from optalloc.modelling.model import Model, load_model, options_of
from optalloc.modelling.program import build
from optalloc.pipeline.one_plan import solve_program
from optalloc.pipeline.opening import open_book
from optalloc.pipeline.solve_book import solve
from optalloc.pipeline.stopwatch import PhaseCallback
from optalloc.plan.plan import Plan
from optalloc.plan.planfile import PlanFile, plan_of
from optalloc.report.findings import Findings
from optalloc.report.progress import with_bar
from optalloc.scenarios.overrides import altered
from optalloc.scenarios.tree import Scenario
from optalloc.scenarios.uncertainty_sheets import OUTCOMES, as_it_stands
from optalloc.spreadsheet.frames import Book
from optalloc.spreadsheet.sheets import Workbook

__all__ = ["BUDGET_S", "explain", "explain_plan", "explain_without_plan"]

# Seconds that explaining may take by default.
BUDGET_S = 300.0


@with_bar
def explain(
    book: Book | Plan,
    workbook: str | Path | None = None,
    *,
    budget_s: float = BUDGET_S,
    sites: Sequence[str] = (),
    gap: float | None = None,
    threads: int | None = None,
    seed: int | None = None,
    model: str | Path | Model | None = None,
    approved: str | Path | None = None,
    relaxed: str | Path | None = None,
    certain: bool = False,
    progress: ProgressCallback | None = None,
    on_phase: PhaseCallback | None = None,
    on_step: StepCallback | None = None,
) -> Explanation:
    """Explain a workbook's plan; where it has none, why, and what would have to change.

    Where it has uncertainties the plan is a policy: which limits bind in which scenarios, and which
    of the sheet Across do; or which scenario has no plan, and why.

    Parameters
    ----------
    book : str, Path, mapping of str to pandas.DataFrame, or Plan
        An .xlsx workbook, a folder of CSV files, one per sheet, or frames by sheet name; or a
        plan.xlsx, or a plan that was solved in this process, which is then explained as it is.
    workbook : str or Path, optional
        The workbook of a plan.xlsx; by default the one that it names.
    budget_s : float
        Seconds for the solve, and as many again for explaining.
    sites : sequence of str
        Members to explain; by default those closest to the margin.
    gap, threads, seed : optional
        Solver options; those not given come from the workbook.
    model : str, Path or Model, optional
        Model folder; the capacity model by default.
    approved : str or Path, optional
        The plan.xlsx that was approved last.
    relaxed : str or Path, optional
        Where to write a copy of a workbook without a plan, changed as proposed; it is solved before
        its plan is reported.
    certain : bool
        Explain the workbook as it stands, without its uncertainties.
    progress, on_phase, on_step : callable, optional
        Called as the solve goes on, as phases begin, and as longer parts get on.

    Returns
    -------
    Explanation
        Every figure of a plan carries its gap. Ended by Ctrl-C it has the parts found by then, and
        its first sentence says so. Where there is no plan, `optalloc.relaxed` and
        `optalloc.write_relaxed` make the changes that it proposes.

    Raises
    ------
    InputError
        With every problem of the workbook at once.
    OptallocError
        If a site is not known, the copy cannot be written, or a policy is asked about sites or to
        be relaxed.
    NoPlanError
        If the budget ran out before a first plan was found.

    Examples
    --------
    >>> import optalloc
    >>> print(optalloc.explain("inputs/minimal").sentences[0])
    The plan costs 1,170 M and is optimal.
    """
    if not budget_s > 0:
        raise OptallocError(f"the budget must be above 0 seconds; found {budget_s:g}")
    if isinstance(book, Plan) and not isinstance(book, PlanFile):
        others = (workbook, gap, threads, seed, model, approved, relaxed, certain or None)
        names = ("workbook", "gap", "threads", "seed", "model", "approved", "relaxed", "certain")
        for name, value in zip(names, others, strict=True):
            if value is not None:
                raise OptallocError(f"a plan is explained as it was solved: leave {name} out")
        return explain_plan(book, budget_s=budget_s, sites=sites, on_step=on_step)
    file = book if isinstance(book, PlanFile) else _plan_file(book)
    if file is not None:
        if relaxed is not None:
            raise OptallocError(f"{file.source.name} is a plan: explain its workbook to relax it")
        limited = {"gap": gap, "threads": threads, "seed": seed, "time_limit_s": budget_s}
        known = model if isinstance(model, Model) else load_model(model)
        plan_file = file if isinstance(file, PlanFile) else plan_of(file, known)
        if plan_file.is_policy:
            _refuse_of_policy(certain, sites)
            return _explain_policy_file(
                plan_file, workbook, limited, budget_s, known, approved, on_step
            )
        found_plan = planned(plan_file, workbook, given=limited, model=known, approved=approved)
        return _explain_planned(found_plan, budget_s, sites, on_step)
    if workbook is not None:
        raise OptallocError(f"{book}: must be a plan.xlsx for a second argument to be its workbook")
    source = source_of(book, approved, relaxed)
    dataset, loaded, notices = open_book(book, model, approved, on_phase)
    given: dict[str, Any] = {"gap": gap, "threads": threads, "seed": seed}
    if not certain and loaded.scenario_tree(dataset) is not None:
        _refuse_of_policy(False, sites, relaxed)
        calls = {"progress": progress, "on_phase": on_phase, "on_step": on_step}
        return _explain_policy(book, given, budget_s, loaded, approved, calls)
    insist_on_members(dataset, loaded, sites)

    def phase(name: str) -> None:
        if on_phase is not None:
            on_phase(name)

    phase("build")
    program = build(dataset, loaded)
    try:
        phase("compile")
        arrays = compile_program(program)
        options = options_of(dataset, loaded, given | {"time_limit_s": budget_s})
        plan = solve_program(
            program, arrays, options, notices=notices, progress=progress, on_phase=on_phase
        )
    except InfeasibleError as found:
        phase("explain")
        findings = why_no_plan(
            dataset,
            loaded,
            found,
            given=given,
            budget_s=budget_s,
            on_step=on_step,
            program=program,
            source=source,
        )
        return _as_it_stands(Explanation.of(findings), dataset)
    phase("explain")
    solved = Solved(program, arrays, plan, options, budget_s, tuple(sites), on_step)
    return _as_it_stands(_explained(solved), dataset)


def _plan_file(book: Book | Plan) -> Workbook | None:
    """The sheets of a plan.xlsx, if the book is one."""
    return plan_file_at(book) if isinstance(book, str | Path) else None


def _refuse_of_policy(
    certain: bool, sites: Sequence[str], relaxed: str | Path | None = None
) -> None:
    """Refuse what is asked of a plan, and cannot be of a policy."""
    if certain:
        raise OptallocError("this plan is a policy: explain its workbook with --certain")
    if sites or relaxed is not None:
        what = "sites are explained" if sites else "a workbook is relaxed"
        raise OptallocError(f"{what} as it stands, without its uncertainties: say --certain")


def _explain_policy(
    book: Book,
    given: Mapping[str, Any],
    budget_s: float,
    model: Model,
    approved: str | Path | None,
    calls: Mapping[str, Any],
) -> Explanation:
    """Solve a workbook with uncertainties, and explain its policy."""
    on_step, common = calls["on_step"], {"model": model, "approved": approved, **given}
    try:
        plan = solve(
            book,
            time_limit_s=budget_s,
            progress=calls["progress"],
            on_phase=calls["on_phase"],
            **common,
        )
    except InfeasibleError as found:
        return explain_without_plan(book, found, budget_s=budget_s, on_step=on_step, **common)
    except NoPolicyError as found:
        said = (str(found)[:1].upper() + str(found)[1:],)
        return Explanation.of(Findings("Why there is no policy", said, without_plan=True))
    if calls["on_phase"] is not None:
        calls["on_phase"]("explain")
    return Explanation.of(explained_policy(plan, budget_s, on_step), plan)


def _explain_policy_file(
    file: PlanFile,
    book: str | Path | None,
    given: Mapping[str, Any],
    budget_s: float,
    model: Model,
    approved: str | Path | None,
    on_step: StepCallback | None,
) -> Explanation:
    source = workbook_of(file) if book is None else Path(book)
    data, _, _ = open_book(source, model, approved)
    options = options_of(data, model, given)
    name = source.name or str(source)
    found = explained_policy_file(file, data, model, options, name, budget_s, on_step)
    return Explanation.of(found)


def _as_it_stands(explanation: Explanation, data: Dataset) -> Explanation:
    """An explanation that begins with the uncertainties left out, if there are any."""
    return replace(explanation, sentences=(*as_it_stands(data), *explanation.sentences))


def _explain_planned(
    found: Planned, budget_s: float, sites: Sequence[str], on_step: StepCallback | None
) -> Explanation:
    insist_on_members(found.program.dataset, found.program.model, sites)
    names = tuple(sites)
    explanation = _explained(
        Solved(found.program, found.arrays, found.plan, found.options, budget_s, names, on_step)
    )
    # The plan has its files already.
    left_out = as_it_stands(found.program.dataset)
    sentences = (*found.sentences, *left_out, *explanation.sentences)
    return replace(explanation, sentences=sentences, plan=None)


def explain_without_plan(
    book: Book,
    found: InfeasibleError,
    *,
    budget_s: float = BUDGET_S,
    gap: float | None = None,
    threads: int | None = None,
    seed: int | None = None,
    model: str | Path | Model | None = None,
    approved: str | Path | None = None,
    on_step: StepCallback | None = None,
) -> Explanation:
    """Explain why a workbook has no plan, once a solve has found that, as `explain` does.

    Parameters
    ----------
    book : str or Path
    found : InfeasibleError
        The infeasibility found; where it is one of a scenario, that scenario is explained.
    budget_s : float
        Seconds for all of it.
    gap, threads, seed, model, approved, on_step : optional
        As of `explain`.
    """
    dataset, loaded, _ = open_book(book, model, approved)
    tree = loaded.scenario_tree(dataset) if found.scenario else None
    about: tuple[str, ...] = ()
    if tree is not None:
        scenario = tree.named(found.scenario)
        about = _about_scenario(dataset, scenario)
        dataset = altered(dataset, scenario.overrides)
    findings = why_no_plan(
        dataset,
        loaded,
        found,
        given={"gap": gap, "threads": threads, "seed": seed},
        budget_s=budget_s,
        on_step=on_step,
        # The workbook as it stands is another than that of a scenario.
        source=source_of(book, approved) if tree is None else None,
    )
    return Explanation.of(replace(findings, sentences=(*about, *findings.sentences)))


def _about_scenario(data: Dataset, scenario: Scenario) -> tuple[str, ...]:
    """Say which scenario has no plan, and which cells its outcomes change."""
    said = f"Scenario {scenario.name} has no plan, even by itself. What follows is of it alone"
    cells = [data.cell_name(OUTCOMES.name, row, "value") for row, _ in scenario.changes]
    changed = f"; cells are as its outcomes leave them ({', '.join(cells)})" if cells else ""
    return (f"{said}{changed}.",)


def explain_plan(
    plan: Plan,
    *,
    budget_s: float = BUDGET_S,
    sites: Sequence[str] = (),
    on_step: StepCallback | None = None,
) -> Explanation:
    """Explain a plan in memory; its program is built again.

    Parameters
    ----------
    plan : Plan
    budget_s, sites, on_step : optional
        As of `explain`.

    Raises
    ------
    OptallocError
        If a site is not known, or the plan was unpickled: its dataset is not pickled with it.
    """
    if plan.is_policy:
        _refuse_of_policy(False, sites)
        return Explanation.of(explained_policy(plan, budget_s, on_step), plan)
    origin = plan.origin
    if origin is None or plan.outcome.values is None:
        raise OptallocError(
            "this plan has left behind what it was solved from; explain the workbook instead"
        )
    insist_on_members(origin.dataset, origin.model, sites)
    program = build(origin.dataset, origin.model)
    arrays = compile_program(program)
    return _explained(
        Solved(program, arrays, plan, origin.options, budget_s, tuple(sites), on_step)
    )


def _explained(solved: Solved) -> Explanation:
    title = "What there is to say of the plan"
    found: list[Findings] = []
    with keeping(lambda: len(found), len(PARTS), "parts of the explanation") as stopped:
        for part in PARTS:
            found.append(part(solved))  # noqa: PERF401  (those found are kept)
    findings = Findings.joined(title, [Findings(title, tuple(stopped)), *found])
    return Explanation.of(findings, solved.plan)
