"""Places by their names, whatever the case and accents; nothing here loads a library."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Mapping, Sequence

from optalloc.errors import OptallocError
from optalloc.starting.starter import KnownPlace

__all__ = ["ALL_PLACES", "names_of", "place_called"]

# Where all places are listed, as a clause.
ALL_PLACES = "optalloc places lists all"


def names_of(known: Sequence[KnownPlace]) -> dict[str, KnownPlace]:
    """Return places by all their spellings; a name goes before another's other name."""
    also = {_folded(other): place for place in known for other in place.also}
    return also | {_folded(place.name): place for place in known}


def place_called(name: str, names: Mapping[str, KnownPlace]) -> KnownPlace:
    """Return the place of a name.

    Raises
    ------
    OptallocError
        If there is none, with the places that are spelled most like it.
    """
    place = names.get(_folded(name))
    if place is None:
        hint = _hint(_folded(name)[:100], names)
        raise OptallocError(f"{name!r} is not in the catalogue{hint}")
    return place


def _hint(name: str, names: Mapping[str, KnownPlace]) -> str:
    """Return the places of a country or state, or else those that are spelled most like a name."""
    inside = {at.name: at for at in names.values() if name in map(_folded, at.within)}
    if inside:
        return f"; its places are {', '.join(sorted(inside))}"
    near = difflib.get_close_matches(name, names, n=5, cutoff=0.6)
    listed = list(dict.fromkeys(names[one].name for one in near))[:3]
    return f"; the nearest names are {', '.join(listed)}" if listed else ""


def _folded(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).casefold()
    return "".join(c for c in plain if c.isalnum())
