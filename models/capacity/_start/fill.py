"""The sheets of a first workbook: which figure stands in which cell, and why."""

from __future__ import annotations

import math

from optalloc.starting.starter import Filled, Request

from . import assumptions as assumed
from .catalogue import COORDINATES, WORLD, distance_km, fact, place, round_trip
from .figures import (
    SWEEP,
    Figure,
    Given,
    Published,
    Range,
    Row,
    Rows,
    assumption_rows,
    records,
    shaded_cells,
    source_rows,
    sweep_rows,
)
from .halves import PERIOD_MONTHS, period_count, period_name
from .remarks import remarks

__all__ = ["fill"]

INFERENCE, TRAINING = assumed.SHARES
GUIDE = (
    "The figures of this workbook are published ones, each with its source on the sheet Sources, "
    "and assumptions, which are shaded.",
    "The sheet Assumptions lists each with the range that is plausible. Replace them by what you "
    "know, the ones that move the cost most first:",
    f"the command optalloc sweep, followed by the name of this file and the word {SWEEP}, says "
    "which they are.",
)


def fill(asked: Request) -> Filled:
    """Return the sheets of a workbook of places that may be built on, and of home as it stands."""
    sheets: Rows = {
        "Settings": [_settings(asked)],
        "Periods": [_period(asked, number) for number in range(period_count(asked))],
        "Sites": _sites(asked),
        "Workloads": _workloads(),
        "Demand": _demand(asked),
        "Network": _network(asked),
        "PowerPrices": _power_prices(asked),
        "Jurisdictions": _jurisdictions(asked),
        "Regions": [_region(asked.home)],
    }
    published = {
        (name, row.label, column)
        for name, rows in sheets.items()
        for row in rows
        for column, figure in row.cells.items()
        if isinstance(figure.source, Published)
    }
    listed = assumption_rows(sheets)
    return Filled(
        sheets={
            **records(sheets),
            "Sources": list(source_rows(sheets)),
            "Assumptions": listed,
            "Sweeps": sweep_rows(sheets),
        },
        shaded=shaded_cells(sheets),
        published=len(published),
        assumed=len({line["assumption"] for line in listed if line["basis"] == "assumed"}),
        sweep=SWEEP,
        guide=GUIDE,
        remarks=tuple(remarks(asked, sheets)),
    )


def _settings(asked: Request) -> Row:
    places = ", ".join(asked.places)
    name = f"{places}: {asked.demand:g} MW growing by {100 * asked.growth:.4g} % a year"
    return Row(
        "",
        "",
        {
            "name": Figure(name, Given("")),
            "currency": Figure("USD", Given("The currency of the published figures.")),
            "base_date": Figure(f"{asked.first_year}-01-01", Given("Start of the first year.")),
            "discount_rate": assumed.DISCOUNT_RATE.figure,
            "life_years": assumed.LIFE.figure,
            "gap": Figure(0.005, Given("For the solver; no figure of the case.")),
            "time_limit_s": Figure(300, Given("For the solver; no figure of the case.")),
        },
    )


def _period(asked: Request, number: int) -> Row:
    name = period_name(asked, number)
    given = Given(f"{asked.years} years from {asked.first_year}, in halves.")
    start = f"{name[:4]}-{1 + PERIOD_MONTHS * (number % 2):02}-01"
    values = {"period": name, "start": start, "months": PERIOD_MONTHS}
    cells = {column: Figure(value, given) for column, value in values.items()}
    return Row(name, f"period={name}", cells)


def _sites(asked: Request) -> list[Row]:
    """Each place with room for an equal share of the growth and more, and home as it stands."""
    growth = max(asked.peak - asked.demand, 0.1 * asked.peak)
    room = 1.5 * growth / len(asked.places)
    block = _round_below(room / 15)
    most = _plain(math.ceil(_plain(room / block)) * block)
    return [
        *(_candidate(asked, name, most, block) for name in asked.places),
        _standing(asked),
    ]


def _candidate(asked: Request, name: str, most: float, block: float) -> Row:
    cells = _location(name, name, "candidate")
    cells["max_mw"] = Figure(most, None, (assumed.ROOM,))
    cells["block_mw"] = Figure(block, None, (assumed.BLOCK,))
    first = fact(name, "no grid before")
    if first is not None and first.value > asked.first_year:
        cells["earliest_start"] = Figure(f"{first.value:.0f}-01-01", first.published)
    cells["site_lead_months"] = _grid_wait(name)
    cells["block_lead_months"] = _construction_time()
    cells["site_cost"] = Figure(round(25 + 0.25 * most, 1), None, (assumed.SITE_COST,))
    return Row(name, f"site={name}", cells | _running(name), group="status=candidate")


def standing_site(asked: Request) -> str:
    """Return the name of the site for what stands at home."""
    return f"{asked.home}, standing" if asked.home in asked.places else asked.home


def _standing(asked: Request) -> Row:
    cells = _location(standing_site(asked), asked.home, "existing")
    given = Given("The demand of the first year is taken to be served at home today.")
    cells["existing_mw"] = Figure(asked.demand, given)
    cells["max_mw"] = Figure(asked.demand, None, (assumed.HOME_ROOM,))
    cells["block_lead_months"] = _construction_time()
    name = standing_site(asked)
    return Row(name, f"site={name}", cells | _running(asked.home))


def _location(site: str, name: str, status: str) -> dict[str, Figure]:
    country, given = place(name).country, Given("The places asked for, and where they lie.")
    named = {
        "site": site,
        "market": name,
        "jurisdiction": country,
        "grid_zone": name,
    }
    return {
        **{column: Figure(value, given) for column, value in named.items()},
        **_coordinates(name),
        "status": Figure(status, given),
    }


def _running(name: str) -> dict[str, Figure]:
    return {
        "build_cost_per_mw": _construction_cost(name),
        "cost_per_mw_year": assumed.RUNNING_COST.figure,
        "pue": assumed.PUE.figure,
    }


def _coordinates(name: str) -> dict[str, Figure]:
    return {
        column: Figure(one.value, Published(one.published.source, ""))
        for column in COORDINATES
        if (one := fact(name, column)) is not None
    }


def _construction_cost(name: str) -> Figure:
    known = fact(name, "construction cost")
    if known is not None:
        return Figure(known.value, known.published, (assumed.CONSTRUCTION,))
    own = assumed.BUILD_COST
    return Figure(own.value, None, (own.range, assumed.CONSTRUCTION))


def _construction_time() -> Figure:
    known = fact(WORLD, "construction time")
    assert known is not None
    return Figure(known.value, known.published, (assumed.BUILD_TIME,))


def _grid_wait(name: str) -> Figure:
    known = fact(name, "grid wait") or fact(place(name).country, "grid wait")
    if known is None:
        return assumed.GRID_WAIT.figure
    why = "The ends of the published range."
    spread = Range(assumed.GRID_WAIT.range.name, known.low, known.high, known.unit, why)
    return Figure(known.value, known.published, (spread,))


def _workloads() -> list[Row]:
    rows = []
    for name in (INFERENCE, TRAINING):
        given = Given("Inference has to lie near home; training may run anywhere.")
        cells = {"workload": Figure(name, given)}
        if name == INFERENCE:
            cells["max_latency_ms"] = assumed.LATENCY.figure
        cells["load_factor"] = assumed.LOAD_FACTOR.figure
        cells["unmet_penalty_per_mw_year"] = assumed.UNMET.figure
        rows.append(Row(name, f"workload={name}", cells))
    return rows


def _demand(asked: Request) -> list[Row]:
    rows = []
    for name, share in assumed.SHARES.items():
        for number in range(period_count(asked)):
            period = period_name(asked, number)
            names = {"workload": name, "region": asked.home, "period": period}
            given = Given("Two workloads at home, in every period.")
            cells = {column: Figure(value, given) for column, value in names.items()}
            mw = share * asked.demand * (1 + asked.growth) ** (number * PERIOD_MONTHS / 12)
            ranges = (assumed.INFERENCE_SHARE[name], assumed.DEMAND)
            cells["it_mw"] = Figure(float(f"{mw:.5g}"), None, ranges)
            rows.append(Row(name, f"workload={name}", cells))
    return rows


def _network(asked: Request) -> list[Row]:
    sites = {name: name for name in asked.places} | {standing_site(asked): asked.home}
    return [_link(asked, site, name) for site, name in sites.items()]


def _link(asked: Request, site: str, name: str) -> Row:
    given = Given("Every site, to home.")
    latency = _latency(name, asked.home)
    cost = 0.01 + 0.0004 * float(str(latency.value))
    return Row(
        site,
        f"site={site}",
        {
            "site": Figure(site, given),
            "region": Figure(asked.home, given),
            "latency_ms": latency,
            "cost_per_mw_year": Figure(round(cost, 4), None, (assumed.NETWORK_COST,)),
        },
    )


def _latency(name: str, home: str) -> Figure:
    if name == home:
        return assumed.SAME_PLACE.figure
    known = round_trip(name, home)
    if known is not None:
        return Figure(*known)
    estimate = assumed.BASE_MS + assumed.MS_PER_KM * distance_km(name, home)
    return Figure(round(estimate), None, (assumed.ROUND_TRIP,))


def _power_prices(asked: Request) -> list[Row]:
    rows = []
    for name in dict.fromkeys((*asked.places, asked.home)):
        known = fact(place(name).power_area, "power price")
        own = assumed.POWER
        price = (
            Figure(known.value, known.published, (assumed.POWER_PRICE,))
            if known is not None
            else Figure(own.value, None, (own.range, assumed.POWER_PRICE))
        )
        given = Given("The zone of every place, in every period.")
        for number in range(period_count(asked)):
            names = {"zone": name, "period": period_name(asked, number)}
            cells = {column: Figure(value, given) for column, value in names.items()}
            rows.append(Row(name, f"zone={name}", cells | {"spot_price_per_mwh": price}))
    return rows


def _jurisdictions(asked: Request) -> list[Row]:
    names = (place(name).country for name in (*asked.places, asked.home))
    return [_jurisdiction(country) for country in dict.fromkeys(names)]


def _jurisdiction(country: str) -> Row:
    known = fact(country, "governance")
    assert known is not None
    published = Published(known.published.source, f"1 - {known.value:g}. {known.note}")
    score = Figure(round(1 - known.value, 3), published)
    cells = {
        "jurisdiction": Figure(country, Given("The countries of the places.")),
        "legal_risk": score,
        "political_risk": score,
    }
    others = ("conflict_risk", "grid_risk", "supply_chain_risk")
    cells |= dict.fromkeys(others, assumed.SCORE.figure)
    return Row(country, f"jurisdiction={country}", cells)


def _region(home: str) -> Row:
    named = {"region": Figure(home, Given("Home."))}
    return Row(home, f"region={home}", named | _coordinates(home))


def _plain(value: float) -> float:
    """Return a value without the last digits, which binary fractions add."""
    return float(f"{value:.10g}")


def _round_below(value: float) -> float:
    """Return the largest of 1, 2 and 5 times a power of ten that is not above a value."""
    power = 10.0 ** math.floor(math.log10(value))
    return float(f"{power * max(n for n in (1, 2, 5) if n * power <= value * (1 + 1e-9)):g}")
