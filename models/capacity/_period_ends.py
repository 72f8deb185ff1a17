"""Notices of what ends, or begins, inside a period: it serves only the periods wholly within.

A notice says what is lost and where; a life or date that stands on many rows gets one notice.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.errors import Problem

from ._calendar import TINY_MONTHS, calendar, date_of, first_position_at, first_position_beyond

CODE = "inside-period"
CODES = {CODE: "a life, term or date that ends or begins inside a period (notice)"}


def inside_periods(data: Dataset, spans: pd.DataFrame, must: str) -> Iterator[Problem]:
    """Notices of spans of which some months within the horizon are not served.

    Parameters
    ----------
    spans : pandas.DataFrame
        sheet, row and column of the cell; from and to in months from the base date, without end
        where they are infinite. Of the spans of one cell the one that loses most is named.
    must : str
        What holds of them, in words.
    """
    cal = calendar(data)
    lost = _lost(spans, cal)
    lost = lost.sort_values(["lost", "from"], ascending=[False, True], kind="stable")
    lost = lost.drop_duplicates(["sheet", "row", "column"]).sort_values("row", kind="stable")
    if lost.empty:
        return
    cells = zip(lost["sheet"], lost["row"], lost["column"], strict=True)
    values = [data.column(sheet, column).at[row] for sheet, row, column in cells]
    lost = lost.assign(value=pd.Series(values, lost.index, dtype=object))
    for _, own in lost.groupby(["sheet", "column", "value"], dropna=False, sort=False):
        at = own.iloc[0]
        more = f"; likewise on {len(own) - 1} more rows" if len(own) > 1 else ""
        yield data.notice(
            at["sheet"],
            at["row"],
            at["column"],
            must,
            f"Let a period begin on {_missed(data, at)}, change this cell, or leave it so.",
            CODE,
            found=_amount(data, at) + _served(data, at) + more,
        )


def _lost(spans: pd.DataFrame, cal: pd.DataFrame) -> pd.DataFrame:
    """Spans that lose something, with the positions of the periods served: first to beyond."""
    edges = np.append(cal["begin"].to_numpy(), cal["end"].iloc[-1])
    first, beyond = first_position_at(cal, spans["from"]), first_position_beyond(cal, spans["to"])
    meant = spans["to"].clip(upper=edges[-1]) - spans["from"].clip(lower=edges[0])
    served = edges[np.maximum(first, beyond)] - edges[first]
    frame = spans.assign(first=first, beyond=beyond, lost=meant - served)
    return frame[frame["lost"] > TINY_MONTHS]


def _amount(data: Dataset, span: pd.Series) -> str:
    """The cell's number with its unit; a date is said with what is served."""
    unit = data.sheets[span["sheet"]].by_name[span["column"]].unit
    return f"{span['value']:g} {unit}, " if unit else ""


def _missed(data: Dataset, span: pd.Series) -> str:
    """First days that no period has: of the span, and after it."""
    cal = calendar(data)
    edges = np.append(cal["begin"].to_numpy(), cal["end"].iloc[-1])
    moments = [m for m in (span["from"], span["to"]) if edges[0] < m < edges[-1]]
    missed = [m for m in moments if np.abs(edges - m).min() > TINY_MONTHS]
    return " and on ".join(_day(data, moment) for moment in missed)


def _served(data: Dataset, span: pd.Series) -> str:
    """The span as dates, and what is served of it."""
    cal = calendar(data)
    begin = "" if np.isinf(span["from"]) else f"from {_day(data, span['from'])} "
    until = "" if np.isinf(span["to"]) else f"until {_day(data, span['to'], last=True)} "
    if span["beyond"] <= span["first"]:
        return f"{begin}{until}without one whole period, so that it never serves"
    since = cal["begin"].iloc[span["first"]]
    to = cal["end"].iloc[span["beyond"] - 1]
    return f"{begin}{until}but served {_day(data, since)} to {_day(data, to, last=True)}"


def _day(data: Dataset, moment: float, *, last: bool = False) -> str:
    """The day that begins at a moment, or the last one that ends by it."""
    day = date_of(data, moment)
    return f"{day - pd.Timedelta(days=1) if last else day:%Y-%m-%d}"
