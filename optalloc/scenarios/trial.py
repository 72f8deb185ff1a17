"""Each change tried by itself on the base workbook, before anything runs."""

from __future__ import annotations

from collections.abc import Iterator

from optalloc.data.checks import checked_rows
from optalloc.data.convert import shown
from optalloc.data.dataset import Dataset
from optalloc.data.declared import Declared
from optalloc.data.reader import fold
from optalloc.errors import Problem, Severity
from optalloc.scenarios.definition import Blame, Sweep, Target
from optalloc.scenarios.overrides import Override, WrongOverride, altered, refuse_fractions

__all__ = ["blamed", "errors_of", "found_at", "rule_problems", "value_problems"]


def blamed(blame: Blame, wrong: WrongOverride) -> Problem:
    """An override that cannot be made, as a problem at the wrong cell."""
    return blame(wrong.part, wrong.must, wrong.found, wrong.action, wrong.code)


def value_problems(sweep: Sweep, data: Dataset) -> Iterator[Problem]:
    """Try each value of each row on the base workbook."""
    reported = set()
    for change in sweep.changes:
        for target in change.targets:
            if sweep.design.is_sampled:
                yield from _range_problems(target)
            for value in target.values:
                try:
                    _try(data, target.override(value))
                except WrongOverride as wrong:
                    problem = blamed(target.blame, wrong)
                    if problem not in reported:
                        reported.add(problem)
                        yield problem


def _try(data: Dataset, override: Override) -> None:
    """Make an override, unless the workbook's own errors stand in its way."""
    sheets = {fold(name): name for name in data.sheets}
    sheet = sheets.get(fold(override.sheet), "")
    if not sheet or data.sound(sheet):
        altered(data, [override])


def _range_problems(target: Target) -> Iterator[Problem]:
    for value in target.values:
        try:
            float(value)
        except ValueError:
            must, action = "both ends of a range must be numbers", "Give two plain numbers."
            yield target.blame("values", must, shown(value), action, "sweep-values")
            return
    try:
        refuse_fractions(target.override(target.values[0]), integral=target.integral)
    except WrongOverride as wrong:
        yield blamed(target.blame, wrong)


def errors_of(data: Dataset, model: Declared) -> list[Problem]:
    """Errors that the rows of a dataset altered in memory have with each other."""
    _, problems = checked_rows(data, model)
    return [problem for problem in problems if problem.severity is Severity.ERROR]


def rule_problems(sweep: Sweep, data: Dataset, model: Declared) -> Iterator[Problem]:
    """Check the whole workbook with each value of each change.

    Errors of several changes at once, as in a grid, are found only when the case is made.
    """
    for change in sweep.changes:
        for step in range(change.steps):
            first = change.targets[0]
            try:
                made = altered(data, change.overrides(step))
            except WrongOverride as wrong:
                yield blamed(first.blame, wrong)
                continue
            for problem in errors_of(made, model):
                must = f"with {change.name!r} at {first.values[step]}, {problem.must}"
                found = found_at(problem)
                yield first.blame("values", must, found, problem.action, "sweep-rules")


def found_at(problem: Problem) -> str:
    """Say what was found, and where, of a problem that is reported at another cell."""
    where = f"{problem.sheet}!{problem.cell}" if problem.cell else problem.sheet
    return f"{problem.found} at {where}".strip()
