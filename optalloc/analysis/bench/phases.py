"""One workbook before it is solved: seconds of each step, what the program consists of, advice."""

from __future__ import annotations

import numpy as np
import pandas as pd

from optalloc.analysis.bench.routes import Compiled
from optalloc.analysis.bench.tables import PHASES, SIZES
from optalloc.mip.arrays import Arrays, Labels

__all__ = ["of_phases", "of_sizes", "phase_table", "size_table"]

# Share of all seconds, or of all columns, from which a sentence is written.
DOMINATES = 0.4
_HELP = {
    "read": "a folder of CSV files is read faster than a workbook",
    "validate": "rows that are not used can be taken out of the sheets",
    "build": "many cases of one workbook are quicker as one sweep, which builds once",
    "compile": "many cases of one workbook are quicker as one sweep, which compiles once",
}


def phase_table(built: Compiled) -> pd.DataFrame:
    """Seconds of each step."""
    rows = list(built.seconds.items())
    return pd.DataFrame(rows, columns=[column.name for column in PHASES.columns])


def size_table(arrays: Arrays, most: int = 5) -> pd.DataFrame:
    """Variables and constraints with most columns and rows."""
    rows = []
    integers = np.flatnonzero(arrays.integer)
    for kind, labels in (
        ("columns", arrays.columns),
        ("whole numbers", arrays.columns.take(integers)),
        ("rows", arrays.rows),
    ):
        counts = _counts(labels)
        total = sum(counts.values())
        largest = sorted(counts.items(), key=lambda item: -item[1])[:most]
        rows += [(kind, name, count, count / total) for name, count in largest if count]
    return pd.DataFrame(rows, columns=[column.name for column in SIZES.columns])


def _counts(labels: Labels) -> dict[str, int]:
    places = np.arange(int(labels.starts[-1])) if labels.chosen is None else labels.chosen
    owner = np.searchsorted(labels.starts, places, side="right") - 1
    numbers = np.bincount(owner, minlength=len(labels.components))
    return {
        name: int(count) for (name, _, _), count in zip(labels.components, numbers, strict=True)
    }


def of_phases(phases: pd.DataFrame, solving_s: float) -> list[str]:
    """Sentences on what takes most of the time.

    Parameters
    ----------
    phases : pandas.DataFrame
        From `phase_table`.
    solving_s : float
        Seconds of the fastest route; NaN where none had an answer.
    """
    seconds = phases.set_index("phase")["seconds"]
    preparing, solving = float(seconds.sum()), float(np.nan_to_num(solving_s))
    total = preparing + solving
    slowest = str(seconds.idxmax())
    sentences = [
        f"Reading, checking and building take {preparing:.1f} s, solving {solving:.1f} s by the "
        f"fastest route: {100 * solving / max(total, 1e-9):.0f} % of the whole is solving."
    ]
    if seconds[slowest] > DOMINATES * total:
        sentences.append(f"The step that takes longest is {slowest}: {_HELP[slowest]}.")
    return sentences


def of_sizes(arrays: Arrays, sizes: pd.DataFrame) -> list[str]:
    """Sentences on what the program consists of."""
    size = arrays.size
    sentences = [
        f"The program has {size['rows']:,} rows, {size['columns']:,} columns, "
        f"{size['integers']:,} of them whole numbers."
    ]
    for kind in ("columns", "whole numbers"):
        largest = sizes[sizes["kind"] == kind].head(1)
        for name, share in largest[["name", "share"]].itertuples(index=False, name=None):
            if share > DOMINATES:
                sentences.append(
                    f"{100 * share:.0f} % of the {kind} are {name}: fewer members of its index "
                    f"make the program smaller most."
                )
    return sentences
