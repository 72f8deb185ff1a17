"""Sentences on what the places allow."""

from __future__ import annotations

import math
from collections.abc import Iterator

from optalloc.starting.starter import Request

from .assumptions import LATENCY
from .figures import Row, Rows
from .halves import PERIOD_MONTHS, period_count, period_name

__all__ = ["remarks"]


def remarks(asked: Request, sheets: Rows) -> Iterator[str]:
    """Yield which places are near enough for inference, and when the first can serve."""
    candidates = [row for row in sheets["Sites"] if row.label in asked.places]
    near = [
        row.label
        for row in sheets["Network"]
        if row.label in asked.places and _number(row, "latency_ms") <= LATENCY.value
    ]
    within = f"within {LATENCY.value:g} ms of {asked.home}, as inference is taken to need"
    if near:
        yield f"{_are(near)} {within}; training may run anywhere"
    else:
        unmet = ": what inference needs beyond what stands there stays unmet, at a penalty"
        yield f"no place lies {within}{unmet if asked.growth else ''}"
    online = {row.label: _first_period(asked, row) for row in candidates}
    first, count = min(online.values()), period_count(asked)
    if first >= count:
        yield (
            f"no place can serve before {period_name(asked, first)}, after the last period; "
            "ask for more years"
        )
        return
    if first > 1:
        unmet = (
            ": growth until then stays unmet, at a penalty, unless the sheet Leases offers "
            "capacity that stands"
        )
        yield (
            f"no place can serve before {period_name(asked, first)}, after the wait for its grid "
            f"and the construction time{unmet if asked.growth else ''}"
        )
    late = [
        f"{name} ({period_name(asked, number)})"
        for name, number in online.items()
        if number >= count
    ]
    if late:
        yield f"too late for this horizon: {', '.join(late)}"


def _first_period(asked: Request, row: Row) -> int:
    """Return the number of the first period that begins once grid and first block are there."""
    begin = 0.0
    if "earliest_start" in row.cells:
        begin = 12.0 * (int(str(row.cells["earliest_start"].value)[:4]) - asked.first_year)
    ready = max(begin, _number(row, "site_lead_months")) + _number(row, "block_lead_months")
    return math.ceil(ready / PERIOD_MONTHS)


def _number(row: Row, column: str) -> float:
    return float(str(row.cells[column].value))


def _are(names: list[str]) -> str:
    verb = "lie" if len(names) > 1 else "lies"
    return f"{', '.join(names)} {verb}"
