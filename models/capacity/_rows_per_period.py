"""Sheets on which what is named once needs a row for every period."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from optalloc.data.dataset import Dataset
from optalloc.errors import Problem

CODE = "missing-period"
CODES = {CODE: "a keyed sheet without a row for every period"}


def missing_periods(
    data: Dataset, sheet: str, by: Sequence[str], must: str, action: str
) -> Iterator[Problem]:
    """Names that have a row for some periods and not for others, reported at their last row.

    Parameters
    ----------
    by : sequence of str
        Columns that together with period name a row.
    must : str
        What must hold, with the columns of `by` as fields, such as ``"zone {zone!r} ..."``.
    action : str
        What to write in the rows to add, such as ``"0 where there is none"``.
    """
    rows = data[sheet].dropna(subset=[*by, "period"])
    periods = data["Periods"]["period"].dropna().tolist()
    for key, own in rows.groupby(list(by), sort=False):
        given, names = set(own["period"]), dict(zip(by, key, strict=True))
        missing = [
            period
            for period in periods
            if period not in given and not data.might_hold(sheet, **names, period=period)
        ]
        if missing:
            yield data.problem(
                sheet,
                own.index[-1],
                "period",
                must.format(**names),
                f"Add rows for {', '.join(missing)}; {action}.",
                CODE,
                found=f"none for {len(missing)} of {len(periods)}",
            )
