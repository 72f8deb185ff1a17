"""Read what is asked of a first workbook, and report every mistake in it at once."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from optalloc.data.convert import percent
from optalloc.errors import OptallocError
from optalloc.starting.names import ALL_PLACES, names_of, place_called
from optalloc.starting.starter import KnownPlace, Request

__all__ = ["Wording", "read_request"]

MOST_YEARS = 30
# As a share a year; demand that triples each year is a slip of notation, such as 35 for 35 %.
MOST_GROWTH = 2.0
MOST_DEMAND = 1e6
# A number with separators of thousands, such as 1,000; 1,5 is none.
_GROUPED = re.compile(r"\d{1,3}(,\d{3})+(\.\d*)?", re.ASCII)


@dataclass(frozen=True)
class Wording:
    """Terms in which mistakes are reported.

    Parameters
    ----------
    names : mapping
        Names of what is asked for, by parameter of `read_request`, where they differ from it.
    all_places : str
        Clause on where all places are listed.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    all_places: str = ALL_PLACES

    def of(self, name: str) -> str:
        """Name of a parameter."""
        return self.names.get(name, name.replace("_", " "))


@dataclass
class _Mistakes:
    """Mistakes found, a line each."""

    wording: Wording
    lines: list[str]

    def add(self, name: str, words: str) -> None:
        """Note a mistake in what a parameter asks for."""
        self.lines.append(f"{self.wording.of(name)}: {words}")


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
    wording: Wording = Wording(),
) -> Request:
    """Return a request whose places are those of the catalogue.

    Raises
    ------
    OptallocError
        With every mistake, those already found first, a line each.
    """
    wrong = _Mistakes(wording, list(mistakes))
    names = names_of(known)
    chosen = _places(places, known, names, wrong)
    at_home = _home(home, names, wrong)
    if isinstance(demand, str):
        demand = _bare(demand, unit)
    amount = _number(demand, "demand", f"a number above 0 in {unit}, such as 500", wrong)
    if amount is not None and not 0 < amount <= MOST_DEMAND:
        most = f"{MOST_DEMAND:,.0f} {unit}"
        wrong.add("demand", f"must be above 0 and at most {most}; found {demand}")
    rate = _growth(growth, wrong)
    count = _number(years, "years", "a whole number, such as 10", wrong)
    if count is not None and not (count == int(count) and 1 <= count <= MOST_YEARS):
        wrong.add("years", f"must be a whole number from 1 to {MOST_YEARS}; found {years}")
    begin = first_year if first_year is not None else date.today().year + 1
    if not 2000 <= begin <= 2200:
        wrong.add("first_year", f"must be a year from 2000 to 2200; found {begin}")
    if wrong.lines or amount is None or rate is None or count is None:
        raise OptallocError("\n".join(wrong.lines))
    asked = Request(chosen, at_home, amount, rate, int(count), begin)
    if asked.peak > MOST_DEMAND:
        last = begin + asked.years
        wrong.add(
            "demand",
            f"grows to {asked.peak:,.0f} {unit} by {last}, more than {MOST_DEMAND:,.0f}; "
            f"lower {wording.of('growth')} or {wording.of('years')}",
        )
        raise OptallocError("\n".join(wrong.lines))
    return asked


def _places(
    given: str | Sequence[str] | None,
    known: Sequence[KnownPlace],
    names: Mapping[str, KnownPlace],
    wrong: _Mistakes,
) -> tuple[str, ...]:
    listed = given.replace(";", ",").split(",") if isinstance(given, str) else list(given or ())
    listed = [name.strip() for name in listed if name.strip()]
    if not listed:
        example = 'name at least one, such as "Sydney, Tokyo"'
        wrong.add("places", f"{example}; {wrong.wording.all_places}")
    found: dict[str, str] = {}
    if len(listed) > len(known):
        wrong.add(
            "places", f"name at most the {len(known)} of the catalogue; found {len(listed):,}"
        )
        return ()
    for name in listed:
        place = _place("places", name, names, wrong)
        if place in found:
            wrong.add("places", f"{name!r} is {found[place]!r} again; name each once")
        elif place:
            found[place] = name
    return tuple(found)


def _home(given: str | None, names: Mapping[str, KnownPlace], wrong: _Mistakes) -> str:
    if not (given or "").strip():
        wrong.add("home", "name the place where the demand is and what stands today")
        return ""
    return _place("home", str(given).strip(), names, wrong)


def _place(option: str, name: str, names: Mapping[str, KnownPlace], wrong: _Mistakes) -> str:
    """Return the name of a place in the catalogue; empty, with a mistake noted, if not there."""
    try:
        return place_called(name, names).name
    except OptallocError as error:
        wrong.add(option, f"{error}; {wrong.wording.all_places}")
        return ""


def _bare(written: str, unit: str) -> str:
    """Return an amount without its unit, as in 500 MW or 500mw, and separators of thousands."""
    text, symbol = written.strip(), unit.split(maxsplit=1)[0]
    if text.casefold().endswith(symbol.casefold()):
        text = text[: -len(symbol)].rstrip()
    return text.replace(",", "") if _GROUPED.fullmatch(text) else text


def _number(given: str | float | None, name: str, must: str, wrong: _Mistakes) -> float | None:
    try:
        found = math.nan if given is None or isinstance(given, bool) else float(given)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        wrong.add(name, f"must be {must}; found {'nothing' if given is None else repr(given)}")
        return None
    return found


def _growth(given: str | float | None, wrong: _Mistakes) -> float | None:
    found = percent(str(given).strip()) if given is not None else math.nan
    if 0 <= found <= MOST_GROWTH:
        return found
    shown = "nothing" if given is None else repr(given)
    most = f"{100 * MOST_GROWTH:g}%"
    if math.isnan(found) or found < 0 or "%" in str(given) or found > 100 * MOST_GROWTH:
        wrong.add(
            "growth", f"must be a share a year of 0 to {most}, such as 35% or 0.35; found {shown}"
        )
    else:
        wrong.add(
            "growth",
            f"must be a share a year of 0 to {most}; found {shown}. "
            f"Write {found:g}% or {found / 100:g} if percent is meant",
        )
    return None
