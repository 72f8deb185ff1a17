"""Runs as their forms ask for them: options, checked, and the words for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException

from optalloc.serve.forms import changes_of, number_of, text_of
from optalloc.serve.settings import Settings
from optalloc.serve.visitors import Book, Run, Visitor
from optalloc.serve.work.solve import EXPLAINING_S

__all__ = ["Asked", "asked", "asked_as_it_stands"]

# Seconds for reading, building, auditing and writing, beside those of the solver.
BESIDE_SOLVING_S = 900.0
# A comparison solves nothing.
COMPARING_S = 300.0
# Neither does drawing scenarios, of which each is tried on the workbook.
DRAWING_S = 900.0
# Most alternatives, and most new scenarios.
MOST_ALTERNATIVES, MOST_DRAWS = 50, 1000


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A run as it is asked for; attributes are those of `Run`.

    ``files`` are paths among the arguments of its process; ``limit_s`` are seconds after which the
    process is ended.
    """

    kind: str
    title: str
    note: str
    book: Book
    gap: float
    time_limit_s: float
    limit_s: float
    number: int = 0
    arguments: dict[str, Any] = field(default_factory=dict)
    files: Mapping[str, Any] = field(default_factory=dict)
    changes: list[Any] = field(default_factory=list)
    of: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Form:
    """A form, the workbook that it is about, and who sends it."""

    form: FormData
    book: Book
    visitor: Visitor
    settings: Settings

    @property
    def gap(self) -> float:
        return number_of(self.form, "gap", 0, 100, "Gap, in percent,") / 100

    @property
    def seconds(self) -> float:
        most = self.settings.time_limit_s
        return number_of(self.form, "seconds", 1, most, "Time limit, in seconds,")

    def plan(self, name: str = "plan") -> Book | Run | None:
        """The plan that a field names; None if it names none."""
        wanted = text_of(self.form, name)
        if not wanted:
            return None
        found = self.visitor.plan_of(wanted)
        if found is None:
            raise HTTPException(404)
        return found

    def integer(self, name: str, low: int, high: int, what: str) -> int:
        found = number_of(self.form, name, low, high, what)
        if found != int(found):
            raise HTTPException(400, f"{what} must be a whole number; found {found:g}.")
        return int(found)


def asked(kind: str, form: FormData, book: Book, visitor: Visitor, settings: Settings) -> Asked:
    """Read the form of a run.

    Raises
    ------
    HTTPException
        If there is no such kind, or a field is not what it must be.
    """
    if kind not in _KINDS:
        raise HTTPException(404)
    if not book.sound and kind != "compare":
        raise HTTPException(409, "This workbook has errors, and cannot be solved yet.")
    return _KINDS[kind](_Form(form, book, visitor, settings))


def asked_as_it_stands(book: Book, visitor: Visitor, settings: Settings) -> Asked:
    """A solve with the options of the workbook."""
    options = book.task.result["options"]
    seconds = min(options["time_limit_s"] or settings.time_limit_s, settings.time_limit_s)
    return _solve(book, visitor, settings, options["gap"], seconds, [])


def _solve_form(form: _Form) -> Asked:
    changes = changes_of(form.form, form.book.task.result["levers"])
    return _solve(form.book, form.visitor, form.settings, form.gap, form.seconds, changes)


def _solve(
    book: Book, visitor: Visitor, settings: Settings, gap: float, seconds: float, changes: list[Any]
) -> Asked:
    number = 1 + sum(run.kind == "solve" for run in visitor.runs.values())
    wanted = book.task.result["options"]["threads"]
    threads = settings.threads if wanted is None else min(wanted, settings.threads)
    return Asked(
        kind="solve",
        title=f"Run {number} of {book.name}",
        note="; ".join([_options(gap, seconds), *(change["words"] for change in changes)]),
        book=book,
        number=number,
        gap=gap,
        time_limit_s=seconds,
        limit_s=seconds + EXPLAINING_S + BESIDE_SOLVING_S,
        arguments={"changes": changes, "threads": threads},
        changes=changes,
    )


def _options(gap: float, seconds: float, each: str = "") -> str:
    return f"gap {100 * gap:.6g} %, time limit {seconds:,.6g} s{each}"


def _explain(form: _Form) -> Asked:
    plan, seconds = form.plan(), form.seconds
    about = text_of(form.form, "about")
    if about and about not in form.book.task.result["choices"]:
        raise HTTPException(400, f"Nothing that {form.book.name} chooses is called {about}.")
    subject = f"the plan of {form.book.name}" if plan is None else _lower(plan.name)
    return Asked(
        kind="explain",
        title=f"Why {subject}{f': {about}' if about else ''}",
        note=f"{_options(form.gap, seconds)} for the plan, and again for the explanation",
        book=form.book,
        gap=form.gap,
        time_limit_s=seconds,
        # A plan is solved for once more where its workbook has changed since.
        limit_s=3 * seconds + BESIDE_SOLVING_S,
        arguments={"threads": form.settings.threads, "about": [about] if about else []},
        files={"plan": None if plan is None else str(plan.plan), **_workbook(plan)},
        of=[] if plan is None else [plan.id],
    )


def _workbook(plan: Book | Run | None) -> dict[str, str]:
    """The changed workbook of a run, where sliders were moved for it."""
    return {"book": str(plan.workbook)} if isinstance(plan, Run) and plan.changes else {}


def _lower(name: str) -> str:
    """A title within a sentence."""
    return f"{name[:1].lower()}{name[1:]}" if name.startswith(("Run ", "Why ")) else name


def _alternatives(form: _Form) -> Asked:
    plan, seconds = form.plan(), form.seconds
    slack = number_of(form.form, "slack", 0, 1000, "What an alternative may cost more, in percent,")
    count = form.integer("count", 1, MOST_ALTERNATIVES, "The number of alternatives")
    subject = form.book.name if plan is None else _lower(plan.name)
    return Asked(
        kind="alternatives",
        title=f"Alternatives to {subject}",
        note=f"{count} that cost at most {slack:g} % more; {_options(form.gap, seconds)} "
        "for the best plan, and again for the others",
        book=form.book,
        gap=form.gap,
        time_limit_s=seconds,
        limit_s=2 * seconds + BESIDE_SOLVING_S,
        arguments={"slack": slack / 100, "count": count},
        files=_workbook(plan),
        of=[] if plan is None else [plan.id],
    )


def _sweep(form: _Form) -> Asked:
    name, seconds = text_of(form.form, "sweep"), form.seconds
    known = {sweep["name"] for sweep in form.book.task.result["sweeps"]}
    if name not in known:
        words = f"{form.book.name} has no sweep of that name."
        if not known:
            words = (
                f"{form.book.name} has no sweep. Fill in its sheet Sweeps and upload it again: "
                "a row for each change of a cell, such as 10 % more demand."
            )
        raise HTTPException(409, words)
    return Asked(
        kind="sweep",
        title=f"Sweep {name} of {form.book.name}",
        note=_options(form.gap, seconds, " for each case"),
        book=form.book,
        gap=form.gap,
        time_limit_s=seconds,
        limit_s=form.settings.total_limit_s,
        arguments={"sweep": name, "threads": form.settings.threads},
    )


def _scenarios(kind: str, title: str) -> Callable[[_Form], Asked]:
    """A question about scenarios that takes many solves."""

    def read(form: _Form) -> Asked:
        if not form.book.task.result["scenarios"]:
            words = f"{form.book.name} has no scenarios. Fill in its sheet Uncertainties."
            raise HTTPException(409, words)
        seconds = form.seconds
        return Asked(
            kind=kind,
            title=f"{title} in {form.book.name}",
            note=_options(form.gap, seconds, " for each solve"),
            book=form.book,
            gap=form.gap,
            time_limit_s=seconds,
            limit_s=form.settings.total_limit_s,
            files={"plans": []},
        )

    return read


def _test(form: _Form) -> Asked:
    plan, seconds = form.plan(), form.seconds
    if plan is None:
        raise HTTPException(400, "Choose a plan to test.")
    if not form.book.task.result["ranges"]:
        raise HTTPException(409, f"{form.book.name} has no ranges. Fill in its sheet Ranges.")
    draws = form.integer("draws", 1, MOST_DRAWS, "The number of scenarios")
    seed = form.integer("seed", 0, 2**31 - 1, "The random seed")
    return Asked(
        kind="test",
        title=f"{plan.name} in new scenarios",
        note=f"{draws} scenarios, seed {seed}; {_options(form.gap, seconds, ' for each solve')}",
        book=form.book,
        gap=form.gap,
        time_limit_s=seconds,
        limit_s=form.settings.total_limit_s,
        arguments={"draws": draws, "seed": seed, "name": plan.name},
        files={"plan": str(plan.plan), **_workbook(plan)},
        of=[plan.id],
    )


def _generate(form: _Form) -> Asked:
    if not form.book.task.result["ranges"]:
        raise HTTPException(409, f"{form.book.name} has no ranges. Fill in its sheet Ranges.")
    draws = None
    if text_of(form.form, "draws"):
        draws = form.integer("draws", 1, MOST_DRAWS, "The number of scenarios")
    seed = form.integer("seed", 0, 2**31 - 1, "The random seed")
    drawn = "three outcomes of each range" if draws is None else f"{draws} scenarios, seed {seed}"
    return Asked(
        kind="generate",
        title=f"Scenarios drawn from the ranges of {form.book.name}",
        note=drawn,
        book=form.book,
        gap=0.0,
        time_limit_s=DRAWING_S,
        limit_s=DRAWING_S,
        arguments={"draws": draws, "seed": seed},
    )


def _reduce(form: _Form) -> Asked:
    size, seconds = form.book.task.result["scenarios"], form.seconds
    if size < 2:
        words = f"{form.book.name} has no scenarios that could be fewer."
        raise HTTPException(409, f"{words} Fill in its sheet Uncertainties.")
    to = form.integer("to", 1, size - 1, "The number of scenarios to keep")
    return Asked(
        kind="reduce",
        title=f"{to} of {size} scenarios of {form.book.name}",
        note=_options(form.gap, seconds, " for each solve"),
        book=form.book,
        gap=form.gap,
        time_limit_s=seconds,
        limit_s=form.settings.total_limit_s,
        arguments={"to": to},
    )


def _compare(form: _Form) -> Asked:
    a, b = form.plan("a"), form.plan("b")
    if a is None or b is None:
        raise HTTPException(400, "Choose two plans to compare.")
    return Asked(
        kind="compare",
        title=f"From {_lower(a.name)} to {_lower(b.name)}",
        note="what changes, and what each change costs",
        book=b if isinstance(b, Book) else b.book,
        gap=0.0,
        time_limit_s=COMPARING_S,
        limit_s=COMPARING_S,
        files={"plans": [str(a.plan), str(b.plan)]},
        of=[a.id, b.id],
    )


_KINDS: Mapping[str, Callable[[_Form], Asked]] = {
    "solve": _solve_form,
    "explain": _explain,
    "alternatives": _alternatives,
    "sweep": _sweep,
    "regrets": _scenarios("regrets", "What is done now, scenario by scenario,"),
    "frontier": _scenarios("frontier", "What less risk costs"),
    "test": _test,
    "generate": _generate,
    "reduce": _reduce,
    "compare": _compare,
}
