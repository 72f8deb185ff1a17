"""Names as planners type them: one limit may not be lost by a letter."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import optalloc
from optalloc.data.names import canonical, difference, kind_of
from optalloc.data.schema import FREE_TEXT, Kind
from optalloc.errors import Problem
from optalloc.report.template import write_template
from optalloc.scenarios.assemble import assembled, entries_of_sheet
from optalloc.scenarios.trial import rule_problems
from optalloc.spreadsheet.visible import invisible, visible
from tests.books import book, demand, everything, few, write

MODEL = optalloc.load_model()
COMBINED = "Sa\u0303o Paulo"


def zoned(first: str, second: str, limited: str = "Fjord") -> dict[str, Any]:
    """Two sites in grid zones, of which one is limited to 25 MW, with 40 MW to be served."""
    return {
        "Sites": [
            {"site": site, "status": "candidate", "max_mw": 50, "build_cost_per_mw": cost,
             "grid_zone": zone}
            for site, cost, zone in (("A", 10, first), ("B", 11, second))
        ],
        "Network": [{"site": site, "region": "R", "latency_ms": 1} for site in "AB"],
        "GridZones": [{"zone": limited, "period": "Y1", "max_total_mw": 25}],
        "Workloads": {"unmet_penalty_per_mw_year": 100},
    }  # fmt: skip


def problems(folder: Path, **sheets: Any) -> list[Problem]:
    return optalloc.check(optalloc.read_workbook(write(book(**sheets), folder)), MODEL)[1]


def codes(found: list[Problem]) -> list[tuple[str, str, str]]:
    return [(str(p.severity), p.code, f"{p.sheet}!{p.cell}") for p in found]


# Names of one kind --------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [
        ("Fjord", "fjord", "upper and lower case"),
        ("NEM VIC", "NEM-VIC", "hyphens and spaces"),
        ("NEM VIC", "NEM\u2013VIC", "hyphens and spaces"),
        ("NEM VIC", "NEMVIC", "spaces"),
        ("NEM VIC", "\uff2e\uff25\uff2d VIC", "width of characters"),
        ("Straße", "STRASSE", "upper and lower case"),
        ("NEM VIC", "nem-vic", "letters that look the same"),
    ],
)
def test_two_zones_that_look_the_same_are_an_error_at_both_cells(
    one: str, other: str, differ: str, tmp_path: Path
) -> None:
    """Proves: the second site would have no grid limit, by a letter; the error names both cells.

    Sensitivity: a zone of another name is a zone of its own, of which a notice says that nothing
    limits it.
    """
    found = problems(tmp_path / "near", **zoned(one, other, one))
    (error,) = [p for p in found if p.severity == "error"]
    assert (error.code, error.sheet, error.cell) == ("near-name", "Sites", "E3")
    assert error.found == f"{other!r} beside {one!r} in Sites!E2"
    assert error.action.endswith(f"they differ in {differ}.")
    apart = codes(problems(tmp_path / "apart", **zoned(one, "Elsewhere", one)))
    assert apart == [("notice", "name-without-row", "Sites!E3")]


@pytest.mark.long
@pytest.mark.first(1)
@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("Fjord ", "spaces-trimmed"),
        ("Fjord\u00a0", "spaces-trimmed"),
        ("\u200bFjord", "unseen-characters"),
        ("Fj\u00adord", "unseen-characters"),
    ],
)
def test_what_cannot_be_seen_is_no_part_of_a_name(typed: str, says: str, tmp_path: Path) -> None:
    """Proves: with both sites in the zone of 25 MW, 25 of 40 MW are built, at 10 M, and 15 unmet at
    100 M; a notice names the cell.

    Sensitivity: with the zone of B left blank 40 MW are built, and a notice says what that means.
    """
    folder = write(book(**zoned("Fjord", typed)), tmp_path / "book")
    _, found = optalloc.check(optalloc.read_workbook(folder), MODEL)
    assert codes(found) == [("notice", says, "Sites!E3")]
    assert optalloc.solve(folder).cost == pytest.approx(25 * 10 + 15 * 100)
    folder = write(book(**zoned("Fjord", "")), tmp_path / "blank")
    _, found = optalloc.check(optalloc.read_workbook(folder), MODEL)
    assert codes(found) == [("notice", "blank-beside-names", "Sites!E3")]
    assert optalloc.solve(folder).cost == pytest.approx(25 * 10 + 15 * 11)


def test_a_name_in_another_unicode_form_is_read_and_the_notice_says_how_it_differs(
    tmp_path: Path,
) -> None:
    """Proves: a name typed with a combining character means the same, in a workbook as in CSVs."""
    made = book(Sites={"site": "São Paulo"}, Network={"site": COMBINED})
    write_template(MODEL, tmp_path / "book.xlsx", made)
    for path in (tmp_path / "book.xlsx", write(made, tmp_path / "book")):
        data, found = optalloc.check(optalloc.read_workbook(path), MODEL)
        assert codes(found) == [("notice", "unseen-characters", "Network!A2")]
        assert "with combining tilde U+0303" in found[0].found
        assert data["Network"]["site"].tolist() == ["São Paulo"]


def test_a_reference_is_told_which_name_it_nearly_is(tmp_path: Path) -> None:
    """Proves: one error at each cell of the misspelt name, none that follows from it, and the name
    that a row of Sites has is the right one, however often the other is typed.

    Sensitivity: a name that looks like none is unknown.
    """
    rows = [{"site": "a", "region": region, "latency_ms": 1} for region in "RS"]
    asked = [*demand(1), *demand(1, region="S")]
    found = problems(tmp_path / "near", Network=rows, Demand=asked)
    assert codes(found) == [("error", "near-name", f"Network!A{row}") for row in (2, 3)]
    assert {p.found for p in found} == {"'a' beside 'A' in Sites!A2"}
    rows = [{"site": "Z", "region": "R", "latency_ms": 1}]
    found = problems(tmp_path / "far", Network=rows)
    assert [p.code for p in found if p.severity == "error"] == ["unknown-ref"]


def test_names_of_two_kinds_may_look_the_same(tmp_path: Path) -> None:
    """Proves: a market 'm' beside a grid zone 'M' is no error; two components that look the same
    are."""
    site = {"market": "m", "grid_zone": "M", "labour_market": "M-", "jurisdiction": "-m"}
    assert problems(tmp_path / "kinds", Sites=site) == []
    rows = [
        {"component": name, "site": site, "cost_per_mw": 1, "life_years": None}
        for name, site in (("racks", None), ("Racks", "A"))
    ]
    found = problems(tmp_path / "parts", Components=rows)
    assert codes(found) == [("error", "near-name", "Components!A3")]


def test_a_sweep_cannot_type_a_near_name(tmp_path: Path) -> None:
    """Proves: a change of a case goes the same way: 'fjord' is refused, with spaces it is 'Fjord'."""
    case = zoned("Fjord", "Fjord")

    def found(value: str) -> list[str]:
        sweep = {"sweep": "s", "design": "cases", "change": "c", "sheet": "Sites",
                 "rows": "site=B", "column": "grid_zone", "values": value}  # fmt: skip
        model, folder = MODEL, write(book(**case, Sweeps=[sweep]), tmp_path / value.strip())
        data = optalloc.validate(optalloc.read_workbook(folder), model)
        sweeps, wrong = assembled(entries_of_sheet(data), data)
        assert not wrong
        return [p.code for s in sweeps.values() for p in rule_problems(s, data, model)]

    assert found("fjord") == ["sweep-rules"]
    assert found("\u00a0Fjord") == []


@few
@given(st.text(max_size=12))
def test_reading_and_likeness_are_stable(text: str) -> None:
    """Proves: what is read once is read the same again, says what it changed, and looks like what
    was typed; equal folds are told apart in words."""
    read = visible(text)
    assert visible(read) == read
    assert bool(invisible(text)) or read == text
    assert canonical(read) == canonical(text)
    assert unicodedata.is_normalized("NFC", read)
    assert difference(text, text.swapcase())


def test_digits_apart_are_not_digits_together() -> None:
    """Proves: codes of numbers are told apart. Sensitivity: of letters they are not."""
    assert canonical("A-1-1") != canonical("A-11")
    assert canonical("DC 1") == canonical("dc1")
    assert canonical("A-B") == canonical("ab")


# Limits lost in silence ---------------------------------------------------------------------------


def test_one_notice_names_all_that_have_no_row(tmp_path: Path) -> None:
    """Proves: of three zones one is limited, and one notice names the others at the first cell."""
    case = zoned("Fjord", "Plain")
    case["Sites"].append({**case["Sites"][1], "site": "C", "grid_zone": "Hills"})
    case["Network"].append({"site": "C", "region": "R", "latency_ms": 1})
    (notice,) = problems(tmp_path, **case)
    assert (notice.code, notice.cell) == ("name-without-row", "E3")
    assert notice.found == "'Plain', 'Hills'"


def test_nothing_is_said_where_nothing_is_limited(tmp_path: Path) -> None:
    """Proves: without rows of GridZones neither names nor blanks of zones are noticed."""
    case = zoned("Fjord", "")
    del case["GridZones"]
    assert problems(tmp_path, **case) == []


def test_a_blank_labour_market_is_noticed(tmp_path: Path) -> None:
    """Proves: a site without a market beside one with a pool is noticed at its cell."""
    case = zoned("", "")
    del case["GridZones"]
    case["Sites"][0]["labour_market"] = "L"
    case["LabourNeeds"] = [{"trade": "fitters", "person_months_per_mw": 1}]
    case["LabourPools"] = [
        {"labour_market": "L", "trade": "fitters", "period": "Y1", "workers": 9}
    ]  # fmt: skip
    (notice,) = problems(tmp_path, **case)
    assert (notice.code, notice.cell) == ("blank-beside-names", "F3")
    assert "nothing of LabourPools applies" in notice.must


# What columns declare -----------------------------------------------------------------------------


@pytest.mark.parametrize("sheet", MODEL.sheets.values(), ids=lambda sheet: sheet.name)
def test_every_text_column_says_which_names_it_mentions(sheet: optalloc.data.schema.Sheet) -> None:
    """Proves: a reference or a kind of names, one of the two, or that it is free text."""
    for column in sheet.columns:
        if column.kind is not Kind.TEXT:
            assert not column.names, column.name
            continue
        assert bool(column.refers_to) != bool(column.names), column.name
        assert kind_of(MODEL.sheets, column) or column.names == FREE_TEXT, column.name
        assert column.refers_to or not column.of_each, column.name


def test_a_workbook_of_every_sheet_has_no_near_names(tmp_path: Path) -> None:
    """Proves: ordinary names are no near misses of each other."""
    assert "near-name" not in {p.code for p in problems(tmp_path, **everything())}
