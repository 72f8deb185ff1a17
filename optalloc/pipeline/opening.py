"""A workbook is read and validated, with the plan approved last."""

from __future__ import annotations

from pathlib import Path

from optalloc.data.dataset import Dataset
from optalloc.data.validate import accepted
from optalloc.errors import (
    OptallocError,
    Problem,
)
from optalloc.modelling.model import Model, load_model
from optalloc.pipeline.stopwatch import PhaseCallback, Stopwatch
from optalloc.plan.approved import open_workbook
from optalloc.scenarios.tree import ScenarioTree
from optalloc.spreadsheet.frames import Book

__all__ = ["open_book", "open_scenarios", "opened"]


def open_book(
    book: Book,
    model: str | Path | Model | None = None,
    approved: str | Path | None = None,
    on_phase: PhaseCallback | None = None,
) -> tuple[Dataset, Model, tuple[Problem, ...]]:
    """Read and validate a workbook, with the plan approved last if there is one.

    Returns
    -------
    Dataset, Model, tuple of Problem
        The last are notices.

    Raises
    ------
    InputError
        With every problem of the workbook at once; or if the approved plan cannot be read.
    """
    return opened(book, model, approved, Stopwatch(on_phase, {}))


def opened(
    book: Book,
    model: str | Path | Model | None,
    approved: str | Path | None,
    watch: Stopwatch,
) -> tuple[Dataset, Model, tuple[Problem, ...]]:
    """Read and validate a workbook, by a stopwatch."""
    with watch.phase("read"):
        loaded = model if isinstance(model, Model) else load_model(model)
        workbook = open_workbook(book, loaded, approved)
    with watch.phase("validate"):
        dataset, notices = accepted(workbook, loaded)
    return dataset, loaded, notices


def open_scenarios(
    book: Book,
    model: str | Path | Model | None,
    approved: str | Path | None = None,
) -> tuple[Dataset, Model, ScenarioTree]:
    """Open a workbook that must have scenarios.

    Raises
    ------
    InputError
        With every problem of the workbook at once.
    OptallocError
        If it has no scenarios.
    """
    dataset, loaded, _ = open_book(book, model, approved)
    tree = loaded.scenario_tree(dataset)
    if tree is None:
        raise OptallocError(f"{dataset.source}: has no scenarios; fill in the sheet Uncertainties")
    return dataset, loaded, tree
