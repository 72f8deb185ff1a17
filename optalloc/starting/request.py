"""Read what is asked of a first workbook, and report every mistake in it at once."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from optalloc.data.convert import percent
from optalloc.errors import OptallocError
from optalloc.starting.names import names_of, place_called
from optalloc.starting.starter import KnownPlace, Request

__all__ = ["read_request"]

MOST_YEARS = 30
# As a share a year; demand that triples each year is a slip of notation, such as 35 for 35 %.
MOST_GROWTH = 2.0
MOST_DEMAND = 1e6
# A number with separators of thousands, such as 1,000; 1,5 is none.
_GROUPED = re.compile(r"\d{1,3}(,\d{3})+(\.\d*)?", re.ASCII)


def read_request(
    known: Sequence[KnownPlace],
    unit: str,
    *,
    places: str | Sequence[str] | None,
    home: str | None,
    demand: str | float | None,
    growth: str | float | None,
    years: str | int | None,
    first_year: int | None,
    mistakes: Iterable[str] = (),
) -> Request:
    """Return a request whose places are those of the catalogue.

    Raises
    ------
    OptallocError
        With every mistake, those already found first, a line each.
    """
    wrong = list(mistakes)
    names = names_of(known)
    chosen = _places(places, known, names, wrong)
    at_home = _home(home, names, wrong)
    if isinstance(demand, str):
        demand = _bare(demand, unit)
    amount = _number(demand, "demand", f"a number above 0 in {unit}, such as 500", wrong)
    if amount is not None and not 0 < amount <= MOST_DEMAND:
        wrong.append(
            f"demand: must be above 0 and at most {MOST_DEMAND:,.0f} {unit}; found {demand}"
        )
    rate = _growth(growth, wrong)
    count = _number(years, "years", "a whole number, such as 10", wrong)
    if count is not None and not (count == int(count) and 1 <= count <= MOST_YEARS):
        wrong.append(f"years: must be a whole number from 1 to {MOST_YEARS}; found {years}")
    begin = first_year if first_year is not None else date.today().year + 1
    if not 2000 <= begin <= 2200:
        wrong.append(f"first year: must be a year from 2000 to 2200; found {begin}")
    if wrong or amount is None or rate is None or count is None:
        raise OptallocError("\n".join(wrong))
    asked = Request(chosen, at_home, amount, rate, int(count), begin)
    if asked.peak > MOST_DEMAND:
        last = begin + asked.years
        raise OptallocError(
            f"demand: grows to {asked.peak:,.0f} {unit} by {last}, more than {MOST_DEMAND:,.0f}; "
            "lower growth or years"
        )
    return asked


def _places(
    given: str | Sequence[str] | None,
    known: Sequence[KnownPlace],
    names: Mapping[str, KnownPlace],
    wrong: list[str],
) -> tuple[str, ...]:
    listed = given.replace(";", ",").split(",") if isinstance(given, str) else list(given or ())
    listed = [name.strip() for name in listed if name.strip()]
    if not listed:
        wrong.append(
            'places: name at least one, such as "Sydney, Tokyo"; optalloc places lists them'
        )
    found: dict[str, str] = {}
    if len(listed) > len(known):
        wrong.append(
            f"places: name at most the {len(known)} of the catalogue; found {len(listed):,}"
        )
        return ()
    for name in listed:
        place = _place("places", name, names, wrong)
        if place in found:
            wrong.append(f"places: {name!r} is {found[place]!r} again; name each once")
        elif place:
            found[place] = name
    return tuple(found)


def _home(given: str | None, names: Mapping[str, KnownPlace], wrong: list[str]) -> str:
    if not (given or "").strip():
        wrong.append("home: name the place where the demand is and what stands today")
        return ""
    return _place("home", str(given).strip(), names, wrong)


def _place(option: str, name: str, names: Mapping[str, KnownPlace], wrong: list[str]) -> str:
    """Return the name of a place in the catalogue; empty, with a mistake noted, if not there."""
    try:
        return place_called(name, names).name
    except OptallocError as error:
        wrong.append(f"{option}: {error}")
        return ""


def _bare(written: str, unit: str) -> str:
    """Return an amount without its unit, as in 500 MW or 500mw, and separators of thousands."""
    text, symbol = written.strip(), unit.split(maxsplit=1)[0]
    if text.casefold().endswith(symbol.casefold()):
        text = text[: -len(symbol)].rstrip()
    return text.replace(",", "") if _GROUPED.fullmatch(text) else text


def _number(given: str | float | None, name: str, must: str, wrong: list[str]) -> float | None:
    try:
        found = math.nan if given is None or isinstance(given, bool) else float(given)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        wrong.append(f"{name}: must be {must}; found {'nothing' if given is None else repr(given)}")
        return None
    return found


def _growth(given: str | float | None, wrong: list[str]) -> float | None:
    found = percent(str(given).strip()) if given is not None else math.nan
    if 0 <= found <= MOST_GROWTH:
        return found
    shown = "nothing" if given is None else repr(given)
    most = f"{100 * MOST_GROWTH:g}%"
    if math.isnan(found) or found < 0 or "%" in str(given) or found > 100 * MOST_GROWTH:
        wrong.append(
            f"growth: must be a share a year of 0 to {most}, such as 35% or 0.35; found {shown}"
        )
    else:
        wrong.append(
            f"growth: must be a share a year of 0 to {most}; found {shown}. "
            f"Write {found:g}% or {found / 100:g} if percent is meant"
        )
    return None
