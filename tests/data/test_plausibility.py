"""What is allowed and yet hardly meant: a notice at its cell that says what is usual, no error."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import optalloc
from optalloc.data.coast import km_from_land
from optalloc.errors import Problem, Severity
from tests import books
from tests.paths import INPUTS
from tests.random_books import book_of

MODEL = optalloc.load_model()
DOUBTS = {"implausible", "outlier", "place", "demand-size"} | {
    "currency-code",
    "exchange-rate",
    "currency-blank",
}


def site(name: str, **more: Any) -> dict[str, Any]:
    own = {"site": name, "market": "Tokyo", "jurisdiction": "Japan", "status": "candidate"}
    place = {"latitude": 35.8, "longitude": 140.1}
    money = {"site_cost": 30_000, "build_cost_per_mw": 2_300, "currency": "JPY"}
    return own | place | money | {"max_mw": 100, "block_lead_months": 18} | more


def real() -> books.Book:
    """Four sites in Japan in yen, with power and labour, as they might be."""
    names = ("Inzai", "Kanto", "Tama", "Chiba")
    return books.book(
        Settings={"discount_rate": 0.08},
        Currencies=[{"currency": "JPY", "per_workbook_currency": 150}],
        Sites=[site(name) for name in names],
        Network=[{"site": name, "region": "R", "latency_ms": 5} for name in names],
        Workloads={"reserve_share": 0.1, "unmet_penalty_per_mw_year": 60},
        Contracts=[
            {
                "contract": f"C{k}",
                "site": name,
                "kind": "energy",
                "max_mw": 100,
                "price_per_mwh": 15_000,
                "currency": "JPY",
                "tco2_per_mwh": 0.45,
            }
            for k, name in enumerate(names)
        ],
    )


def doubts(made: books.Book, folder: Path) -> list[Problem]:
    found = optalloc.check(optalloc.read_workbook(books.write(made, folder / "book")), MODEL)[1]
    assert all(p.severity is Severity.NOTICE for p in found if p.code in DOUBTS)
    return [problem for problem in found if problem.code in DOUBTS]


def every(sheet: str, **cells: Any) -> Callable[[books.Book], None]:
    return lambda made: [row.update(cells) for row in made[sheet]] and None


def first(sheet: str, **cells: Any) -> Callable[[books.Book], None]:
    return lambda made: made[sheet][0].update(cells)


PLANTED: dict[str, tuple[Callable[[books.Book], None], str, str]] = {
    "dollars for millions": (
        first("Sites", site_cost=90e6, build_cost_per_mw=15, currency="USD"),
        "implausible",
        "which would be 90;",
    ),
    "every site in dollars": (
        every("Sites", site_cost=90e6, build_cost_per_mw=15e6, currency="USD"),
        "implausible",
        "and 3 more rows as far off",
    ),
    "a forgotten currency": (first("Sites", currency=None), "currency-blank", "is usually in JPY"),
    "a country without its currency": (
        every("Sites", currency=None),
        "implausible",
        "It looks like an amount in JPY, which would be 15.33",
    ),
    "a rate the wrong way round": (
        every("Currencies", per_workbook_currency=0.0067),
        "exchange-rate",
        "It looks inverted: write 149.3",
    ),
    "a rate of another currency": (
        every("Currencies", per_workbook_currency=1.5),
        "exchange-rate",
        "one USD usually buys about 150 JPY; found 1.5. Check the rate",
    ),
    "a code in small letters": (first("Settings", currency="usd"), "currency-code", "Write USD"),
    "demand in kW": (every("Demand", it_mw=40_000), "implausible", "kW, not MW, which would be 40"),
    "small demand in kW": (every("Sites", max_mw=0.1), "demand-size", "not kW"),
    "a price per kWh": (
        every("Contracts", price_per_mwh=15),
        "implausible",
        "It looks like a price per kWh, not per MWh, which would be 100",
    ),
    "g per kWh": (every("Contracts", tco2_per_mwh=450), "implausible", "g per kWh"),
    "a rate of 100 %": (first("Settings", discount_rate=1), "implausible", "0.005 to 0.3"),
    "days for months": (every("Sites", block_lead_months=540), "implausible", "days, not months"),
    "one among many": (first("Sites", max_mw=9_000), "outlier", "about 100"),
    "a site at sea": (first("Sites", latitude=39, longitude=134.5), "place", "nearest is 268 km"),
    "a site elsewhere": (first("Sites", latitude=48.9, longitude=2.4), "place", "lie in Japan"),
    "swapped": (
        first("Sites", jurisdiction="India", latitude=73, longitude=19.2),
        "place",
        "It would with 19.2, 73: perhaps latitude and longitude are swapped",
    ),
    "a sign lost": (
        first("Sites", latitude=-35.8),
        "place",
        "It would with 35.8, 140.1: perhaps the sign of latitude is wrong",
    ),
    "no place at all": (first("Sites", latitude=0, longitude=0), "place", "0, 0, far out at sea"),
    "far from its market": (
        first("Sites", jurisdiction="here", latitude=19.2, longitude=73),
        "place",
        "which are 6,7",
    ),
}


def test_a_workbook_as_it_might_be_gives_no_notice(tmp_path: Path) -> None:
    assert doubts(real(), tmp_path) == []


@pytest.mark.long
@pytest.mark.parametrize("slip", PLANTED)
def test_a_slip_is_one_notice_that_says_what_is_usual(tmp_path: Path, slip: str) -> None:
    """Proves: the slip is told at its sheet. Sensitivity: without it there is no notice (above)."""
    change, code, words = PLANTED[slip]
    made = real()
    change(made)
    told = {problem.code: problem for problem in doubts(made, tmp_path)}
    assert code in told, told
    assert words in str(told[code])


def test_notices_do_not_stop_a_plan(tmp_path: Path) -> None:
    made = books.book(Sites={"build_cost_per_mw": 1e4})
    plan = books.solve(made, tmp_path)
    assert plan.cost == pytest.approx(40 * 1e4)
    assert [notice.code for notice in plan.notices] == ["implausible"]


@pytest.mark.parametrize("name", ["minimal", "pacific"])
def test_the_example_inputs_are_quiet(name: str) -> None:
    found = optalloc.check(optalloc.read_workbook(INPUTS / name), MODEL)[1]
    assert [problem for problem in found if problem.code in DOUBTS] == []


def test_random_workbooks_are_quiet(tmp_path: Path) -> None:
    """Proves: a false alarm is rare: none in random workbooks of any families."""
    for seed in range(5):
        assert doubts(book_of(random.Random(seed)), tmp_path / str(seed)) == []


def test_an_unknown_currency_leaves_ranges_of_money_alone(tmp_path: Path) -> None:
    """Proves: what cannot be converted is not doubted, but its code is."""
    made = books.book(
        Settings={"currency": "credits"},
        Sites={"build_cost_per_mw": 1e5},
    )
    assert [problem.code for problem in doubts(made, tmp_path)] == ["currency-code"]


@pytest.mark.parametrize(
    ("latitude", "longitude", "low", "high"),
    [
        (48.86, 2.35, 0, 0),
        (1.33, 103.72, 0, 30),
        (-36.75, 174.7, 0, 30),
        (66.0, -179.0, 0, 30),
        (0, 0, 500, 700),
        (30, -40, 1_000, 3_500),
        (20, 179.9, 1_500, 4_500),
    ],
)
def test_distances_from_land(latitude: float, longitude: float, low: float, high: float) -> None:
    """Proves: cities are on land to within 30 km, the Gulf of Guinea and oceans are far from it."""
    assert low <= km_from_land(latitude, longitude) <= high
