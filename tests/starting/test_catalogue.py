"""The tables of published figures: each figure has a source, a unit and a date, and is what was published."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from pathlib import Path
from statistics import mean, median
from types import ModuleType

import pytest

from optalloc.starting.load import load_starter
from tests.paths import ROOT, SHARED

FOLDER = ROOT / "models" / "capacity" / "_start"


def rows(name: str, folder: Path = FOLDER) -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


FACTS, TRIPS, PLACES = (rows(f"{name}.csv") for name in ("facts", "round_trips", "places"))


def figures(name: str) -> dict[str, float]:
    return {row["of"]: float(row["value"]) for row in FACTS if row["figure"] == name}


def test_every_figure_has_a_source_a_date_and_a_unit() -> None:
    """Proves: no figure stands without them, each source is named once and used. The file of prices by
    country states no year, so that its prices are undated but for the rates from October 2024."""
    sources = {row["source"]: row for row in rows("sources.csv")}
    for row in (*FACTS, *TRIPS):
        assert float(row["value"]) == float(row["value"])
        assert row["unit"] and row["source"] in sources, row
        if "country_electricity_prices.csv" in sources[row["source"]]["where"]:
            assert row["as_of"] == ("2024-10" if row["source"] == "KEPCO" else "undated"), row
        else:
            assert re.fullmatch(r"20\d\d(-\d\d)?", row["as_of"]), row
    assert all(row["publication"] and row["where"] for row in sources.values())
    assert set(sources) == {row["source"] for row in (*FACTS, *TRIPS)}
    keys = [(row["of"], row["figure"]) for row in FACTS]
    assert len(keys) == len(set(keys))


def test_every_place_is_complete() -> None:
    """Proves: each place has its coordinates and its country's governance, and what it is looked up by
    leads to figures. Sensitivity: a misspelt power area or country would have none."""
    governance, power = figures("governance"), figures("power price")
    assert all(0 < value < 1 for value in governance.values())
    for row in PLACES:
        assert row["country"] in governance
        assert not row["power_area"] or row["power_area"] in power
        assert abs(figures("latitude")[row["place"]]) <= 90
        assert abs(figures("longitude")[row["place"]]) <= 180
    known = {row[column] for row in PLACES for column in ("place", "country", "power_area")}
    assert {row["of"] for row in FACTS} <= known | {"world"}
    regions = {row["place"] for row in PLACES if row["cloud_region"]}
    assert {row[end] for row in TRIPS for end in ("place", "to")} <= regions


def test_figures_are_those_published() -> None:
    """Proves: costs, prices, governance and round trips are the published ones, in the units named.
    Sensitivity: of construction only Sydney differs, whose printed figure contradicts its index."""
    world = SHARED / "world"
    if not world.is_dir():
        pytest.skip(f"{world} is not here")
    published = rows("figures.csv", world)
    costs = [row for row in published if row["unit"] == "USD/W IT (=M USD/MW)"]
    renamed = {"North Virginia": "Northern Virginia", "UAE": "Dubai"}
    renamed["Kingdom of Saudi Arabia"] = "Riyadh"
    ours = figures("construction cost")
    differ = {
        row["place"]
        for row in costs
        if ours[renamed.get(row["place"], row["place"])] != float(row["value"])
    }
    assert len(costs) == 52 and differ == {"Sydney"}
    prices = [row for row in published if row["metric"] == "industrial power price"]
    assert {f"{1000 * float(row['value']):g}" for row in prices} >= {
        f"{value:g}" for value in figures("power price").values()
    }
    governance = {r["Country/Territory"]: r["2022"] for r in rows("wgi_2022_normalised.csv", world)}
    governance["South Korea"] = governance["Korea, Rep."]
    for country, value in figures("governance").items():
        assert value == pytest.approx(float(governance[country]), abs=5e-4)
    matrix = {row["Source"]: row for row in rows("azure_region_rtt_ms_matrix.csv", world)}
    region = {row["place"]: row["cloud_region"] for row in PLACES}
    for row in TRIPS:
        one, other = region[row["place"]], region[row["to"]]
        assert row["value"] in {matrix.get(a, {}).get(b) for a, b in ((one, other), (other, one))}


def module(name: str) -> ModuleType:
    """A module of the package that fills a first workbook."""
    load_starter()
    (package,) = {name.partition(".")[0] for name in sys.modules if "_optalloc_start_" in name}
    return sys.modules[f"{package}.{name}"]


def test_assumptions_agree_with_the_figures_that_they_cite() -> None:
    """Proves: the construction cost is the average stated for the world, and a price of power lies
    between the median and the mean of the catalogue, with all its prices for a range."""
    assumed, prices = module("assumptions"), figures("power price").values()
    cost = assumed.BUILD_COST
    assert cost.value == figures("construction cost, standard")["world"] == 11.3
    power = assumed.POWER
    assert median(prices) < power.value < mean(prices)
    assert (power.range.low, power.range.high) == (min(prices), max(prices)) == (45, 228)


def test_no_price_of_power_is_known_of_the_united_kingdom() -> None:
    """Proves: London is assumed; the undated price compiled is far below what industry pays."""
    assert "United Kingdom" not in figures("power price")
    area = {row["place"]: row["power_area"] for row in PLACES if row["country"] == "United Kingdom"}
    assert area == {"Cardiff": "", "London": ""}


def test_distances_estimate_the_published_times() -> None:
    """Proves: nine in ten of the published round trips lie in the range that an estimate is given."""
    catalogue, assumed = module("catalogue"), module("assumptions")
    within = []
    for row in TRIPS:
        km = catalogue.distance_km(row["place"], row["to"])
        ratio = float(row["value"]) / (assumed.BASE_MS + assumed.MS_PER_KM * km)
        within.append(assumed.ROUND_TRIP.low <= ratio <= assumed.ROUND_TRIP.high)
    assert sum(within) / len(within) >= 0.9
    # Sydney and Melbourne lie 713 km apart.
    assert catalogue.distance_km("Sydney", "Melbourne") == pytest.approx(713, abs=2)


def test_places_are_listed_without_loading_libraries() -> None:
    """Proves: in a fresh process, the catalogue is read by the standard library alone."""
    script = (
        "import sys; from optalloc.starting.load import load_starter; "
        "assert len(load_starter().places()) > 50; "
        "found = {m.partition('.')[0] for m in sys.modules} & {'pandas', 'numpy', 'pyomo'}; "
        "assert not found, found"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT, timeout=60)
