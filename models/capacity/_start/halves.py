"""The periods of a first workbook: half-years, so that a lead of 18 months is not rounded to 24."""

from __future__ import annotations

from optalloc.starting.starter import Request

__all__ = ["PERIOD_MONTHS", "period_count", "period_name"]

PERIOD_MONTHS = 6


def period_count(asked: Request) -> int:
    """Return the number of periods."""
    return 12 * asked.years // PERIOD_MONTHS


def period_name(asked: Request, number: int) -> str:
    """Return the name of a period by its number from 0, such as ``2027H1``."""
    year, half = divmod(number, 2)
    return f"{asked.first_year + year}H{half + 1}"
