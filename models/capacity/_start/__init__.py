"""A first workbook of places, filled with published figures and with assumptions marked as such.

The tables are facts, each with its unit, source (``sources.csv``) and date, which is ``undated``
where the source states none: ``places.csv`` names the places and the country, power area and cloud
region of each, ``facts.csv`` has the figures of places, power areas, countries and the world,
``round_trips.csv`` the times between cloud regions. Where they have no figure,
``assumptions.py`` has a value with the range that is plausible. Only the standard library is used,
so that the places can be listed at once.
"""

from __future__ import annotations

from optalloc.starting.starter import Starter

from .catalogue import known_places
from .fill import fill

START = Starter(demand_unit="MW of IT load", places=known_places, fill=fill)
