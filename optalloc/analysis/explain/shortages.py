"""Sums over the workbook that no plan can meet: as a table, and as errors of a check."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Column, Kind
from optalloc.errors import Problem
from optalloc.modelling.model import Model
from optalloc.modelling.outputs import TableSpec
from optalloc.scenarios.edits import where

__all__ = ["SHORTAGES", "impossible", "shortages"]

SHORTAGES = TableSpec(
    name="Shortages",
    meaning="Sums over the workbook that cannot come out, whatever is decided.",
    columns=(
        Column(name="limit", kind=Kind.TEXT, meaning="Limit that it is about."),
        Column(name="sentence", kind=Kind.TEXT, meaning="What is short, in words."),
        Column(name="needed", kind=Kind.NUMBER, meaning="What is needed."),
        Column(name="available", kind=Kind.NUMBER, meaning="What there can be."),
        Column(name="unit", kind=Kind.TEXT, meaning="Unit of both."),
        Column(name="cells", kind=Kind.TEXT, meaning="Where the numbers come from."),
    ),
)


def shortages(data: Dataset, model: Model) -> pd.DataFrame:
    """Sums over the workbook that no plan can meet, the worst first, as the table `SHORTAGES`."""
    frame = _found(data, model)
    cells = [
        ", ".join(dict.fromkeys(where(data, name, int(row), column) for name, row, column in own))
        for own in frame["cells"]
    ]
    return frame.assign(cells=cells)[[c.name for c in SHORTAGES.columns]].reset_index(drop=True)


def impossible(data: Dataset, model: Model) -> Iterator[Problem]:
    """Sums that no plan can meet as errors, each at the first of its cells.

    Parameters
    ----------
    data : Dataset
        Without errors of its own.
    model : Model
    """
    for found in _found(data, model).to_dict("records"):
        sheet, row, column = found["cells"][0]
        named = dict.fromkeys(where(data, name, int(at), c) for name, at, c in found["cells"])
        yield data.problem(
            sheet,
            row,
            column,
            "there must be a plan that can meet every limit",
            f"Change one of {', '.join(named)}; optalloc explain proposes the cheapest change.",
            "cannot-come-out",
            found=str(found["sentence"]),
        )


def _found(data: Dataset, model: Model) -> pd.DataFrame:
    """Shortages that the families find, the worst first."""
    parts = [family.shortages(data) for family in model.busy_families(data)]
    frames = [part for part in parts if part is not None and len(part)]
    if not frames:
        return pd.DataFrame(columns=[c.name for c in SHORTAGES.columns])
    frame = pd.concat(frames, ignore_index=True)
    lacking = (frame["needed"] - frame["available"]) / frame["needed"].clip(lower=1e-9)
    return frame.loc[lacking.sort_values(ascending=False, kind="stable").index]
