"""What ends or begins inside a period: a notice with its cell says what is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import optalloc
from optalloc.data.validate import check
from optalloc.errors import Severity
from tests.books import book, demand, write, years

MODEL = optalloc.load_model()


def edges(folder: Path, **sheets: Any) -> list[str]:
    """Notices of a workbook that misses edges of periods, as they are said."""
    _, problems = check(optalloc.read_workbook(write(book(**sheets), folder)), MODEL)
    assert not [p for p in problems if p.severity is Severity.ERROR], problems
    return [str(p) for p in problems if p.code == "inside-period"]


def test_a_life_that_ends_inside_a_period_is_told_once_for_a_cell(tmp_path: Path) -> None:
    """Four sites in periods of two years: two take three years from Settings, two have them.

    Proves: the cell of Settings is named once, and of the two rows of Sites the first. Sensitivity:
    a life of two years, one that outlives the horizon, or one that is renewed gets no notice.
    """
    lives = {"A": None, "B": None, "C": 3, "D": 3}

    def told(name: str, settings: float, end: str, **own: float) -> list[str]:
        sites = [
            {"site": site, "status": "candidate", "max_mw": 100, "end_of_life": end,
             "life_years": own.get(site, life)}
            for site, life in lives.items()
        ]  # fmt: skip
        network = [{"site": site, "region": "R", "latency_ms": 1} for site in lives]
        case = {"Periods": years(2, 24), "Demand": demand(40, 40), "Network": network}
        return edges(tmp_path / name, Settings={"life_years": settings}, Sites=sites, **case)

    shared, own = told("three", 3, "retired")
    assert shared.startswith("Settings!B9: ")
    served = "3 years, from 2027-01-01 until 2029-12-31 but served 2027-01-01 to 2028-12-31"
    assert served in shared
    assert own.startswith("Sites!E4: ") and served in own and "on 1 more rows" in own
    assert told("two", 2, "retired", C=4, D=2) == []
    assert told("renewed", 3, "renewed") == []


def test_a_life_without_one_whole_period_never_serves(tmp_path: Path) -> None:
    """Proves: a life of five years in periods of ten is said to serve nothing."""
    site = {"end_of_life": "retired", "life_years": 5}
    (notice,) = edges(tmp_path, Periods=years(2, 120), Demand=demand(0, 0), Sites=site)
    assert "from 2027-01-01 until 2031-12-31 without one whole period" in notice
    assert "Let a period begin on 2032-01-01" in notice


def test_a_date_of_construction_inside_a_period(tmp_path: Path) -> None:
    """Proves: capacity that is ready in March counts from the next year on; ready on the day on
    which a year begins it loses nothing; ready after the horizon it counts nowhere."""

    def told(day: str) -> list[str]:
        site = {"existing_mw": 20, "under_construction_mw": 40, "under_construction_online": day}
        return edges(tmp_path / day, Periods=years(3), Demand=demand(20, 20, 20), Sites=site)

    (notice,) = told("2028-03-01")
    assert "from 2028-03-01 but served 2029-01-01 to 2029-12-31" in notice
    assert told("2028-01-01") == told("2026-06-15") == []
    (late,) = told("2030-01-01")
    assert "within the horizon" in late


def test_terms_and_last_days_inside_a_period(tmp_path: Path) -> None:
    """Proves: a term of 18 months loses half a year, and rent is due for it; of what was signed
    before, the last day inside a year is told, and none that ends with a year or as one begins."""
    contract = {"contract": "C", "zone": "Z", "kind": "capacity", "max_mw": 100}
    lease = {"lease": "L", "site": "A", "max_mw": 10, "rent_per_mw_year": 1}
    case = {
        "Periods": years(3),
        "Demand": demand(20, 20, 20),
        "Sites": {"grid_zone": "Z"},
    }

    def told(name: str, months: int, *days: str) -> list[str]:
        signed = [{"contract": "C", "signed_mw": 10, "expiry": day} for day in days]
        return edges(
            tmp_path / name,
            **case,
            Contracts=[{**contract, "term_months": months}],
            Leases=[{**lease, "term_months": months}],
            SignedContracts=signed,
        )

    term, rent, day = told("half", 18, "2028-06-30", "2028-12-31", "2029-01-01")
    assert "18 months, from 2027-01-01 until 2028-06-30 but served 2027-01-01 to 2027-12-31" in term
    assert term.startswith("Contracts!E2") and rent.startswith("Leases!E2")
    assert day.startswith("SignedContracts!C2") and "until 2028-06-30 but served" in day
    assert told("year", 12, "2028-12-31") == []


@pytest.mark.first(1)
@pytest.mark.parametrize(
    ("site", "cell", "words"),
    [
        (
            {"existing_mw": 20, "under_construction_mw": 40, "block_lead_months": 18,
             "site_lead_months": 6, "under_construction_online": "2028-03-01"},
            ("under_construction_online", "2028-01-01"),
            "under construction at A are ready on 2028-03-01",
        ),
        (
            {"end_of_life": "retired", "life_years": 2, "block_lead_months": 0},
            ("life_years", "10"),
            "within its life of 2 years",
        ),
    ],
)  # fmt: skip
def test_without_a_plan_the_date_or_life_is_named(
    tmp_path: Path, site: dict[str, Any], cell: tuple[str, str], words: str
) -> None:
    """50 MW in the second of two periods; 20 stand, 40 are ready two months too late, or what is
    built lives two of ten years.

    Proves: the date or life is to blame, not a lead, and the change that is proposed gives a plan.
    """
    months = 12 if "existing_mw" in site else 120
    case = book(Periods=years(2, months), Demand=demand(0, 50), Sites=site)
    folder = write(case, tmp_path / "case")
    found = optalloc.explain(folder)
    assert words in found.sentences[0]
    change = next(one for one in found.sentences if "cheapest change" in one)
    assert cell[0] in change and cell[1] in change
    assert "lead" not in found.sentences[0] + change
    case["Sites"][0][cell[0]] = cell[1]
    assert optalloc.solve(write(case, tmp_path / "changed")).cost >= 0
