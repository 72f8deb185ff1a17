"""Numbers, counts and lists in the sentences of a comparison."""

from __future__ import annotations

from collections.abc import Sequence

from optalloc.data.convert import shown

__all__ = ["amount", "count", "listed", "value_in_words"]


def amount(number: float, *, signed: bool = False) -> str:
    """A number for a sentence: six digits, and none lost before the point.

    >>> amount(1075.15852), amount(12345678.9), amount(3, signed=True)
    ('1,075.16', '12,345,679', '+3')
    """
    sign = "+" if signed else ""
    return f"{number:{sign},.0f}" if abs(number) >= 1e6 else f"{number:{sign},.6g}"


def count(number: int, what: str) -> str:
    """A count with its noun.

    >>> count(1, "row"), count(1200, "cell")
    ('1 row', '1,200 cells')
    """
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def listed(parts: Sequence[str], most: int = 3) -> str:
    """The first few of what there is to list, and how many more there are.

    >>> listed(["a", "b", "c"], most=2)
    'a; b; and 1 more'
    """
    more = len(parts) - most
    return "; ".join([*parts[:most], *([f"and {more:,} more"] if more > 0 else [])])


def value_in_words(value: object, unit: str = "") -> str:
    """A cell's value within a sentence: text as it is, numbers with six digits and their unit.

    >>> value_in_words(None, "MW"), value_in_words("Tokyo"), value_in_words(80.0, "MW")
    ('blank', 'Tokyo', '80 MW')
    """
    if value is None or value != value:
        return "blank"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return f"{amount(value)} {unit}".rstrip()
    return value if isinstance(value, str) else shown(value)
