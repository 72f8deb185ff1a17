"""A policy in words: its values as sentences, and its actions as lines."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import pandas as pd

from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.policy_tables import HERE_AND_NOW
from optalloc.report.findings import figure

__all__ = ["NOT_WORKED_OUT", "action_lines", "listed", "value_in_words"]

# The meaning of a value that is not known begins so, and goes on with the reason.
NOT_WORKED_OUT = "Not worked out"


def listed(names: Sequence[str]) -> str:
    """Names as words: ``a, b and c``."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def value_in_words(value: tuple[str, float, float, str], nothing: float) -> str:
    """How much something is worth, as a sentence.

    Parameters
    ----------
    value : tuple
        Name, least and most, both infinite where there is no plan to compare with, and what it
        means.
    nothing : float
        Amounts up to this are zero.
    """
    name, least, most, means = value
    below, above = not math.isfinite(least), not math.isfinite(most)
    if means.startswith(NOT_WORKED_OUT):
        words = f" is {means[:1].lower()}{means[1:].rstrip('.')}"
    elif least == math.inf:
        words = f": {means[:1].lower()}{means[1:].rstrip('.')}"
    elif below and above:
        words = ": undecided"
    elif below:
        words = f": undecided, at most {_money(most)}"
    elif above:
        words = f" is worth at least {_money(least)}" if least > nothing else ": undecided"
    elif least < -nothing:
        words = f": undecided, between {figure(least)} and {_money(most)}"
    elif most <= nothing:
        words = " is worth nothing"
    elif least <= nothing:
        words = f" is worth at most {_money(most)}, and perhaps nothing"
    elif figure(least) == figure(most):
        words = f" is worth {_money(most)}"
    else:
        words = f" is worth {figure(least)} to {_money(most)}"
    return f"{name[:1].upper()}{name[1:]}{words}."


def _money(amount: float) -> str:
    return f"{figure(amount)} M"


def action_lines(table: pd.DataFrame, spec: TableSpec) -> Iterator[str]:
    """Each action as a line: its day, what to do, to what, and amounts with their units.

    Parameters
    ----------
    table : pandas.DataFrame
        What to do now.
    spec : TableSpec
        Its declaration.
    """
    left_out = {spec.decided_in, *(column.name for column in HERE_AND_NOW.columns)}
    columns = [column for column in spec.columns if column.name not in left_out]
    for row in table[[column.name for column in columns]].itertuples(index=False, name=None):
        words = []
        for column, cell in zip(columns, row, strict=True):
            if pd.isna(cell):
                continue
            if isinstance(cell, pd.Timestamp):
                words.append(f"{cell:%Y-%m-%d}")
            elif isinstance(cell, int | float):
                words.append(f"{figure(cell)} {column.unit}".strip())
            else:
                words.append(str(cell))
        yield "  ".join(words)
