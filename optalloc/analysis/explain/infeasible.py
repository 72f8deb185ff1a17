"""Why there is no plan: from sums over the workbook to the cheapest changes that give one.

1. Sums over the workbook that no plan can meet, before anything is solved (`Family.shortages`).
2. An irreducible set of limits that cannot all hold, as sentences (iis.py).
3. The cheapest changes that give a plan, and the cheapest plan with them (repair.py).
4. Where the linear relaxation is feasible, a sentence that only integrality is violated.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import pandas as pd

from optalloc.analysis.explain.elastic_cells import Elastic, elastic_of
from optalloc.analysis.explain.iis import conflict, relaxation
from optalloc.analysis.explain.limit_cells import conflict_sentence, named_key
from optalloc.analysis.explain.relax_rules import rules_of
from optalloc.analysis.explain.repair import AFTER_SEARCH, Change, Proposal, Search, propose
from optalloc.analysis.explain.repair_table import RELAXATION, edits_table
from optalloc.analysis.explain.shortages import SHORTAGES, shortages
from optalloc.analysis.explain.trial import InMemory, Source, Trial, tried
from optalloc.analysis.explain.typed import typed
from optalloc.data.dataset import Dataset
from optalloc.data.schema import Column, Kind
from optalloc.errors import InfeasibleError
from optalloc.mip.arrays import Arrays
from optalloc.mip.outcome import StepCallback
from optalloc.modelling.limits import Relax
from optalloc.modelling.model import Model, options_of
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.program import Program, build
from optalloc.modelling.tables import SUMMARY
from optalloc.report.findings import Findings
from optalloc.scenarios.edits import Layout, edited, where, where_all

__all__ = ["why_no_plan"]

TITLE = "Why there is no plan"
# Most sentences of a kind; the tables hold the rest.
MOST_SENTENCES, MOST_SUMS = 8, 3
# Share of the time after which the search for a conflict ends.
AFTER_CONFLICT = 0.25

CONFLICT = TableSpec(
    name="Conflict",
    meaning="Limits that cannot all hold, and what stands whatever is decided; without any one of "
    "the limits the others could.",
    columns=(
        Column(name="limit", kind=Kind.TEXT, meaning="Name of the limit."),
        Column(name="key", kind=Kind.TEXT, meaning="What it is about."),
        Column(name="sentence", kind=Kind.TEXT, meaning="What it demands; blank for logic."),
        Column(name="cell", kind=Kind.TEXT, meaning="Where that stands in the workbook."),
    ),
)

RELAXED_PLAN = TableSpec(
    name="RelaxedPlan",
    meaning="Key figures of the cheapest plan once the changes are made.",
    key=("figure",),
    columns=SUMMARY.columns,
)


def why_no_plan(
    data: Dataset,
    model: Model,
    found: InfeasibleError,
    *,
    given: Mapping[str, Any],
    budget_s: float,
    on_step: StepCallback | None = None,
    program: Program | None = None,
    source: Source | None = None,
) -> Findings:
    """Explain why a dataset has no plan, and propose changes that give one.

    Parameters
    ----------
    data : Dataset
    model : Model
    found : InfeasibleError
        The confirmed infeasibility.
    given : mapping
        Solver options.
    budget_s : float
        Seconds for all of it; the findings are those of that time.
    on_step : callable, optional
    program : Program, optional
        Built from the dataset, if it was built already.
    source : Source, optional
        Origin of the dataset: a copy with the changes is then read again, checked and solved
        before its plan is reported.

    Returns
    -------
    Findings
        The cause first, then the sums, the conflict, and the changes that help.
    """
    step = on_step if on_step is not None else _silent
    started = time.perf_counter()
    rules = rules_of(data, model)
    short = shortages(data, model)
    options = options_of(data, model, given)
    elastic = elastic_of(build(data, model) if program is None else program, rules)
    search = Search(elastic, options, started, budget_s, step)
    step("a smallest conflict", 0, 1)
    relaxed, whole_only = relaxation(elastic.arrays, options, search.deadline(AFTER_CONFLICT))
    rows = _no_rows(CONFLICT) if whole_only else _conflict_table(elastic, relaxed, search)
    step("a smallest conflict", 1, 1)
    proposal = propose(data, search)
    changes = None if proposal is None else edits_table(data, proposal.edits)
    trial = None
    if proposal is not None and changes is not None:
        step("the plan with the changes", 0, 1)
        left_s = search.deadline() - time.perf_counter()
        made = source if source is not None else InMemory(edited(data, proposal.edits))
        trial = tried(made, changes, model, given, left_s)
        step("the plan with the changes", 1, 1)
    ran_out = time.perf_counter() > search.deadline(AFTER_SEARCH)
    return _findings(data, short, rows, whole_only, proposal, changes, trial, found, ran_out)


def _silent(*_: object) -> None:
    """Ignore progress."""


def _no_rows(spec: TableSpec) -> pd.DataFrame:
    return pd.DataFrame(columns=[column.name for column in spec.columns])


def _conflict_table(elastic: Elastic, arrays: Arrays, search: Search) -> pd.DataFrame:
    """Rows of an IIS with their sentences; the planner's limits first."""
    limits, data = elastic.model.limits, elastic.data
    rows = []
    for row in conflict(arrays, search.options, search.deadline(AFTER_CONFLICT)).tolist():
        name, key = arrays.rows[row]
        limit = limits[name][1] if name in limits else None
        words = cell = ""
        parts = ", ".join(map(str, key if isinstance(key, tuple) else (key,)))
        if limit is not None:
            words, cell = conflict_sentence(data, limit, named_key(limit, key))
        relaxable = limit is not None and limit.relax is not Relax.NEVER
        rank = 0 if relaxable and elastic.number_of(name, key) >= 0 else 1
        rows.append((rank, name, parts, words, cell))
        if limit is not None:
            rows += [
                (rank, name, parts, cause.sentence, where_all(data, cause.cells))
                for cause in limit.causes(data, named_key(limit, key))
            ]
    rows.sort(key=lambda row: row[0])
    return pd.DataFrame([row[1:] for row in rows], columns=[c.name for c in CONFLICT.columns])


def _findings(
    data: Dataset,
    short: pd.DataFrame,
    rows: pd.DataFrame,
    whole_only: bool,
    proposal: Proposal | None,
    changes: pd.DataFrame | None,
    trial: Trial | None,
    found: InfeasibleError,
    ran_out: bool,
) -> Findings:
    sentences = [_headline(data, short, rows, whole_only, proposal)]
    sentences += [
        f"{sentence} ({cells})."
        for sentence, cells in short[["sentence", "cells"]].head(MOST_SUMS).to_numpy()
    ]
    if len(rows):
        named = rows[rows["sentence"] != ""].drop_duplicates("sentence")
        listed = [
            f"{sentence} ({cell})" if cell else sentence
            for sentence, cell in named[["sentence", "cell"]].head(MOST_SENTENCES).to_numpy()
        ]
        more = f"; and {len(named) - len(listed)} more" if len(named) > len(listed) else ""
        sentences.append(f"These cannot all hold: {'; '.join(listed)}{more}.")
    tables = {SHORTAGES.name: short, CONFLICT.name: rows}
    specs = [SHORTAGES, CONFLICT]
    if proposal is None or changes is None or trial is None:
        late = " in the time allowed" if ran_out else ""
        sentences.append(f"No change of limits that may be relaxed was found to give a plan{late}.")
        if not len(rows):
            sentences.append(str(found))
    else:
        sentences += _changes_sentence(data, proposal)
        sentences.append(trial.sentence)
        tables[RELAXATION.name] = changes
        specs.append(RELAXATION)
        if trial.plan is not None:
            tables[RELAXED_PLAN.name] = trial.plan.summary()
            specs.append(RELAXED_PLAN)
    return Findings(TITLE, tuple(sentences), tables, tuple(specs), without_plan=True)


def _headline(
    data: Dataset,
    short: pd.DataFrame,
    rows: pd.DataFrame,
    whole_only: bool,
    proposal: Proposal | None,
) -> str:
    """The cause in one sentence."""
    opening = "No plan meets every limit"
    if whole_only:
        opening += ", only because some numbers must be whole; with fractions one would"
    if proposal is not None and proposal.changes:
        return f"{opening}: {_blamed(data, proposal.changes[0])}."
    if len(short):
        return f"{opening}: {short['sentence'].iloc[0]} ({short['cells'].iloc[0]})."
    named = rows[rows["sentence"] != ""]
    if len(named):
        return f"{opening}: {named['sentence'].iloc[0]} ({named['cell'].iloc[0]})."
    return f"{opening}."


def _blamed(data: Dataset, change: Change) -> str:
    """The limit that a change moves, as it stands, with its cell."""
    edit = change.edits[-1]
    known = data[edit.sheet]
    cells = known.loc[edit.row].items() if edit.row in known.index else ()
    key = {str(name): value for name, value in cells if name in change.limit.over}
    words, _ = conflict_sentence(data, change.limit, {**key, **change.key})
    return f"{words} ({_where(data, change)})"


def _where(data: Dataset, change: Change) -> str:
    """Address of the cell that a change is about."""
    if change.spot is not None:
        return change.spot.address(data)
    edit = change.edits[-1]
    return where(data, edit.sheet, edit.row, edit.column)


def _changes_sentence(data: Dataset, proposal: Proposal) -> list[str]:
    """The changes in one sentence, those of highest price first, as values to type into cells."""
    opening = (
        "The cheapest change found" if len(proposal.changes) == 1 else "The cheapest changes found"
    )
    if proposal.fractions:
        opening = "In time only changes were found with which a fractional plan exists"
    layout = Layout(data, proposal.edits)
    typed_changes = []
    for change in proposal.changes[:MOST_SENTENCES]:
        what = f", so that {change.sentence}" if change.sentence else ""
        edits = "; ".join(typed(data, layout, edit) for edit in change.edits)
        typed_changes.append(f"{edits}{what}")
    more = len(proposal.changes) - len(typed_changes)
    ending = f"; and {more} more (table {RELAXATION.name})" if more > 0 else ""
    return [f"{opening}: {'; '.join(typed_changes)}{ending}."]
