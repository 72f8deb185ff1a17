"""Outcomes generated from the sheet Ranges, in memory or written to a copy of the workbook."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from optalloc.analysis.explain.repair_table import edits_table
from optalloc.data.dataset import Dataset
from optalloc.errors import InputError, OptallocError, Problem, Severity
from optalloc.modelling.model import Model
from optalloc.pipeline.opening import open_book
from optalloc.report.findings import Findings
from optalloc.scenarios.combinations import MOST_SCENARIOS
from optalloc.scenarios.edits import edits_between, sheet_name
from optalloc.scenarios.generate import (
    Generated,
    draw_problem,
    drawn,
    probabilities_of_draws,
    three_points,
    without_outcomes,
)
from optalloc.scenarios.range_sheet import RANGES
from optalloc.scenarios.ranges import RangedUncertainty
from optalloc.scenarios.uncertainty_sheets import OUTCOMES, SCENARIOS, UNCERTAINTIES
from optalloc.spreadsheet.edit import refuse_target, write_edits
from optalloc.spreadsheet.frames import Book, as_files

__all__ = ["draws_of", "generate_scenarios", "ranges_in", "write_changes"]


def generate_scenarios(
    book: Book,
    out: str | Path,
    *,
    draws: int | None = None,
    seed: int = 0,
    model: str | Path | Model | None = None,
) -> Findings:
    """Write a copy of a workbook whose ranges have become outcomes.

    Parameters
    ----------
    book : str, Path or mapping of str to pandas.DataFrame
        An .xlsx workbook, a folder of CSV files, or frames by sheet name; with a sheet Ranges, and
        never written to.
    out : str or Path
        The copy: a file if `book` is one, else a folder of CSV files that does not exist yet.
    draws : int, optional
        So many equally probable scenarios of all uncertainties together, by a latin hypercube; by
        default three outcomes of each uncertainty, all independent.
    seed : int
        Of the draws.
    model : str, Path or Model, optional
        Model folder; the capacity model by default.

    Returns
    -------
    Findings
        What was generated.

    Raises
    ------
    InputError
        If there is no range, the sheets have outcomes of that name, or a value within a range makes
        the workbook invalid.
    OptallocError
        If the copy cannot be written.
    """
    refuse_target(book, Path(out))
    data, loaded, problems = open_book(book, model)
    ranged = ranges_in(data, loaded, problems)
    taken = [*_taken(data, ranged, listed=draws is None)]
    if taken:
        raise InputError(taken)
    if draws is None:
        made = three_points(data, ranged)
        ways = "outcomes at P5, P50 and P95, with probabilities of 0.185, 0.63 and 0.185"
    else:
        made = draws_of(data, ranged, loaded, draws, seed, stratified=True)
        ways = f"{draws:,} scenarios drawn by a latin hypercube, all equally probable"
    _refuse_invalid(made, loaded)
    write_changes(book, data, made.data, Path(out))
    tree = loaded.scenario_tree(made.data)
    assert tree is not None
    names = ", ".join(one.name for one in ranged)
    sentences = (f"Of {names}: {ways}.", f"The workbook has {len(tree.scenarios):,} scenarios.")
    return Findings("What was generated", sentences)


def ranges_in(
    data: Dataset, model: Model, problems: Iterable[Problem]
) -> tuple[RangedUncertainty, ...]:
    """The uncertainties of the sheet Ranges.

    Parameters
    ----------
    data : Dataset
    model : Model
    problems : iterable of Problem
        Found when the workbook was read; no plan depends on ranges, so some may be errors.

    Raises
    ------
    InputError
        If there is none, or one is wrong.
    """
    name = sheet_name(data, RANGES.name)
    wrong = [p for p in problems if p.severity is Severity.ERROR and p.sheet == name]
    if wrong:
        raise InputError(wrong)
    if not len(data[RANGES.name]):
        must = "what is uncertain must be stated as low, mode and high, for outcomes to follow"
        action = f"Fill in the sheet {RANGES.name}, or list outcomes on {UNCERTAINTIES.name}."
        raise InputError([Problem(name, "", must, "no row", action, "range-missing")])
    return model.ranges(data)[0]


def _taken(
    data: Dataset, ranged: Sequence[RangedUncertainty], *, listed: bool
) -> Iterable[Problem]:
    """Report outcomes that are there already, and scenarios that do not know of new ones."""
    names = {one.name for one in ranged}
    for sheet in (UNCERTAINTIES.name, OUTCOMES.name):
        frame = data[sheet]
        for name, rows in frame[frame["uncertainty"].isin(names)].groupby("uncertainty"):
            must = f"outcomes of {name} must not be there, for them to be generated"
            action = f"Remove its rows here, or those on the sheet {RANGES.name}."
            yield data.problem(sheet, rows.index[0], "uncertainty", must, action, "range-taken")
    if listed and len(data[SCENARIOS.name]):
        must = "combinations of outcomes cannot be listed, for outcomes to be generated"
        action = "Remove these rows, or draw scenarios (--draws), which takes their place."
        row = data[SCENARIOS.name].index[0]
        yield data.problem(SCENARIOS.name, row, "scenario", must, action, "range-taken")


def draws_of(
    data: Dataset,
    ranged: Sequence[RangedUncertainty],
    model: Model,
    draws: int,
    seed: int,
    *,
    stratified: bool,
) -> Generated:
    """The workbook with scenarios drawn from ranges, and from what else is uncertain in it."""
    if not 1 <= draws <= MOST_SCENARIOS:
        raise OptallocError(f"draws must be from 1 to {MOST_SCENARIOS:,}; found {draws:,}")
    rest = without_outcomes(data, (one.name for one in ranged))
    u = probabilities_of_draws(draws, len(ranged) + 1, seed, stratified=stratified)
    return drawn(rest, ranged, model.scenario_tree(rest), u)


def _refuse_invalid(made: Generated, model: Model) -> None:
    """Refuse outcomes with which the workbook would have an error, at the range of each."""
    found: dict[tuple[int, str], Problem] = {}
    for problem in model.check_scenarios(made.data):
        if problem.severity is not Severity.ERROR:
            continue
        rows = (row for sheet, row, _ in problem.cells if sheet == OUTCOMES.name)
        origin = next((made.origins[row] for row in rows if row in made.origins), None)
        if origin is not None:
            problem = draw_problem(made.data, origin, problem.must, problem.found)
        found.setdefault((origin or 0, problem.must), problem)
    if found:
        raise InputError(found.values())


def write_changes(book: Book, before: Dataset, after: Dataset, out: Path) -> None:
    """Write a copy of a workbook with the cells changed by which two datasets differ."""
    with as_files(book) as source:
        write_edits(source, edits_table(before, edits_between(before, after)), out)
