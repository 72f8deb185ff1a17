"""Every error at once: what can be checked without the broken cells is checked in the first round."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

import optalloc
from optalloc.errors import Severity
from optalloc.spreadsheet.read import address
from tests import books

MODEL = optalloc.load_model()
# Instead of a value: the row is blank, as if it had been forgotten.
FORGOTTEN = object()
Cell = tuple[str, int, str]
Told = tuple[str, str, str]


@dataclass(frozen=True)
class Slip:
    """A cell with something wrong in it, the code of its message, and where that is told.

    ``row`` counts from 0; a row that the sheet lacks is added with the values of ``beside``.
    """

    sheet: str
    row: int
    column: str
    value: object
    code: str
    told: Cell | None = None
    beside: tuple[tuple[str, object], ...] = ()

    def make(self, book: books.Book) -> None:
        rows = book.setdefault(self.sheet, [])
        while len(rows) <= self.row:
            rows.append({})
        row = rows[self.row]
        row.update(self.beside)
        if self.value is FORGOTTEN:
            row.update(dict.fromkeys(row))
        else:
            row[self.column] = self.value

    def __str__(self) -> str:
        return f"{self.code} of {self.sheet}.{self.column}[{self.row}]"


def new(**values: object) -> tuple[tuple[str, object], ...]:
    return tuple(values.items())


SLIPS = (
    Slip("Settings", 0, "base_date", "2027-06-01", "base-date"),
    Slip("Settings", 0, "discount_rate", "eight", "not-a-number"),
    Slip("Periods", 2, "start", "2028-03-01", "period-gap"),
    Slip("Currencies", 0, "per_workbook_currency", 0, "out-of-bounds"),
    Slip("Sites", 0, "latitude", 139, "out-of-bounds"),
    Slip("Sites", 0, "under_construction_mw", 5, "construction-date",
         ("Sites", 0, "under_construction_online")),
    Slip("Sites", 2, "pue", "good", "not-a-number"),
    Slip("Sites", 2, "max_blocks_per_period", 2, "blocks-without-size"),
    Slip("Sites", 2, "min_mw", 90, "min-above-max"),
    Slip("Sites", 2, "labour_market", "Sydney trades", "missing-pool"),
    Slip("Sites", 2, "currency", "XAU", "unknown-currency"),
    Slip("Sites", 3, "jurisdiction", "NZ", "site-jurisdiction",
         beside=new(site="Perth", market="J", grid_zone="East", status="candidate", max_mw=20,
                    block_lead_months=6)),
    Slip("Components", 0, "cost_per_mw", "two", "not-a-number"),
    Slip("Leases", 0, "min_mw", 40, "min-above-max"),
    Slip("Leases", 1, "term_months", 3, "lease-never-active", ("Leases", 1, "lease")),
    Slip("Workloads", 0, "load_factor", "high", "not-a-number"),
    Slip("Demand", 0, "it_mw", "forty", "not-a-number"),
    Slip("Demand", 1, "it_mw", None, "one-of-two"),
    Slip("Demand", 3, "", FORGOTTEN, "missing-period", ("Demand", 2, "period")),
    Slip("Demand", 5, "period", None, "blank"),
    Slip("ComputeUnits", 0, "", FORGOTTEN, "unit-without-mw", ("Demand", 8, "units")),
    Slip("Regions", 0, "latitude", 95, "out-of-bounds"),
    Slip("Network", 0, "latency_ms", -5, "out-of-bounds"),
    Slip("Network", 5, "", FORGOTTEN, "latency-missing", ("Sites", 2, "site")),
    Slip("Network", 6, "site", None, "one-of-two", beside=new(region="R", latency_ms=1)),
    Slip("Residency", 0, "group", "allies", "one-of-two", ("Residency", 0, "jurisdiction")),
    Slip("GridZones", 0, "max_total_mw", "lots", "not-a-number"),
    Slip("GridZones", 7, "", FORGOTTEN, "missing-period", ("GridZones", 6, "period")),
    Slip("PowerRamp", 0, "site", "Tokio", "unknown-ref"),
    Slip("Contracts", 0, "min_mw", 70, "min-above-max"),
    Slip("Contracts", 0, "first_period", "Y3", "contract-reversed",
         ("Contracts", 0, "last_period"), new(last_period="Y2")),
    Slip("Contracts", 1, "site", "Home", "one-of-two"),
    Slip("Contracts", 1, "tco2_per_mwh", None, "emissions-unstated"),
    Slip("Contracts", 2, "price_per_mwh", 50, "energy-of-capacity"),
    Slip("Contracts", 3, "take_or_pay_share", 0.5, "take-or-pay-of-generation"),
    Slip("SignedContracts", 0, "expiry", "2026-01-01", "contract-ended"),
    Slip("PowerPrices", 0, "spot_price_per_mwh", "dear", "not-a-number"),
    Slip("PowerPrices", 11, "", FORGOTTEN, "no-energy", ("Sites", 2, "grid_zone")),
    Slip("LabourPools", 0, "workers", "sixty", "not-a-number"),
    Slip("LabourTiers", 1, "tier", "pool", "tier-name"),
    Slip("LabourTiers", 2, "labour_market", "L", "duplicate-key",
         beside=new(trade="electricians", tier="travelling", workers=1, premium_share=1)),
    Slip("Jurisdictions", 2, "trusted", "perhaps", "not-yes-or-no"),
    Slip("RiskLimits", 3, "kind", "max_share", "risk-subject", ("RiskLimits", 3, "jurisdiction"),
         new(limit="of whom", value=0.4)),
    Slip("RiskLimits", 4, "value", 40, "share-above-1",
         beside=new(limit="in percent", kind="max_share", jurisdiction="US")),
    Slip("Budgets", 0, "max_capital", -1, "out-of-bounds"),
    Slip("EquipmentNeeds", 1, "months_before_online", 60, "needed-too-early"),
    Slip("EquipmentNeeds", 2, "equipment", "generators", "equipment-without-supplier",
         beside=new(units_per_mw=1, months_before_online=0)),
    Slip("Equipment", 1, "supplier", "Amp", "unknown-ref"),
    Slip("ExportLimits", 0, "max_units_in_all", None, "no-limit",
         ("ExportLimits", 0, "max_units_per_period"), new(max_units_per_period=None)),
    Slip("ExportLimits", 1, "last_period", "Y1", "periods-reversed"),
    Slip("LossEvents", 0, "share_covered", "some", "not-a-number"),
    Slip("LossMembers", 0, "jurisdiction", "US", "member-unclear", ("LossMembers", 0, "site")),
    Slip("LossMembers", 2, "", FORGOTTEN, "event-without-members", ("LossEvents", 2, "any_one")),
    Slip("LossMembers", 3, "event", "any site", "member-of-any-one", beside=new(site="Tokyo")),
    Slip("Pace", 9, "pace", "free", "no-limit", ("Pace", 9, "max_sites")),
    Slip("Decisions", 0, "site", None, "decision-subject"),
    Slip("Decisions", 1, "at_most", 5, "bounds-crossed", ("Decisions", 1, "at_least")),
    Slip("ApprovedActions", 1, "mw", None, "approved-mw"),
    Slip("ApprovedActions", 2, "subject", "sunlight", "approved-subject"),
)  # fmt: skip


def found_in(book: books.Book, folder: Path) -> tuple[optalloc.Dataset, set[Told]]:
    """The dataset of a workbook, and sheet, cell and code of every error."""
    folder.mkdir()
    data, found = optalloc.check(optalloc.read_workbook(books.write(book, folder)), MODEL)
    return data, {(p.sheet, p.cell, p.code) for p in found if p.severity is Severity.ERROR}


def told_and_due(folder: Path, *slips: Slip) -> tuple[set[Told], set[Told]]:
    """What is told of the full test workbook with some slips, and what ought to be."""
    book = books.everything()
    for slip in slips:
        slip.make(book)
    data, told = found_in(book, folder)
    return told, {at(data, slip) for slip in slips}


def at(data: optalloc.Dataset, slip: Slip) -> Told:
    sheet, row, column = slip.told or (slip.sheet, slip.row, slip.column)
    return sheet, address(*data.places[sheet].cell(row + 2, column)), slip.code


def test_all_slips_come_out_at_once_each_at_its_cell(tmp_path: Path) -> None:
    """Proves: of some sixty mistakes in one workbook none hides another, and none is told twice.

    Sensitivity: the workbook without them has no error.
    """
    told, due = told_and_due(tmp_path / "all", *SLIPS)
    assert sorted(told) == sorted(due)
    assert len(due) == len(SLIPS) > 50
    assert found_in(books.everything(), tmp_path / "none")[1] == set()


@pytest.mark.slow
@pytest.mark.parametrize("slip", SLIPS, ids=str)
def test_a_slip_alone_says_what_it_says_among_the_others(tmp_path: Path, slip: Slip) -> None:
    """Proves: each of them alone is one error, the one that it is among all the others."""
    told, due = told_and_due(tmp_path / "one", slip)
    assert told == due


@pytest.mark.first(2)
@pytest.mark.parametrize(
    "sheet", ["Settings", "Periods", "Sites", "Workloads", "Demand", "Network"]
)
def test_a_torn_sheet_leaves_the_others_to_be_checked(tmp_path: Path, sheet: str) -> None:
    """Proves: with a required sheet missing, what is wrong in a row elsewhere is told all the same.

    Sensitivity: the sheet in its place, the two are all there is.
    """
    rows: dict[str, books.Rows] = {
        "Contracts": [
            {"contract": "dear", "kind": "capacity", "site": None, "zone": None, "max_mw": 5}
        ],
        "Pace": [{"pace": "free"}],
    }
    book = books.book(**rows)
    expected = {("Contracts", "C2", "one-of-two"), ("Pace", "A2", "no-limit")}
    assert found_in(book, tmp_path / "whole")[1] == expected
    del book[sheet]
    told = found_in(book, tmp_path / "torn")[1]
    assert told == expected | {(sheet, "", "missing-sheet")}


def test_a_name_that_cannot_be_read_hides_only_as_many_unknown_names(tmp_path: Path) -> None:
    """Proves: with one period unnamed, its rows elsewhere are let be, and a misspelt one is told."""
    book = books.book(Periods=books.years(3), Demand=books.demand(10, 20, 30))
    book["Periods"][2]["period"] = None
    book["Demand"] += books.demand(10, 20, 30, workload="more")
    book["Workloads"].append({"workload": "more"})
    book["Demand"][1]["period"] = "Y22"
    told = found_in(book, tmp_path / "book")[1]
    assert told == {("Periods", "A4", "blank"), ("Demand", "C3", "unknown-ref")}


@pytest.mark.first(3)
@pytest.mark.parametrize(
    ("changed", "blamed"),
    [
        ({}, {}),
        # A start typed late, early or years off: it alone is to blame for both of its sides.
        ({"B4": "2029-03-01"}, {"B4": "gap"}),
        ({"B4": "2028-11-01"}, {"B4": "overlap"}),
        ({"B4": "2019-01-01"}, {"B4": "overlap"}),
        ({"B3": "2028-07-01", "B5": "2030-07-01"}, {"B3": "gap", "B5": "gap"}),
        # A length that does not reach, or is too long, where the later starts fit each other.
        ({"C3": 6}, {"C3": "gap"}),
        ({"C2": 18}, {"C2": "overlap"}),
        # The last one fits nothing.
        ({"B5": "2030-02-01"}, {"B5": "gap"}),
        # What could not be read may lie in the gap, or is of no known length.
        ({"B4": None}, {}),
        ({"C4": None}, {}),
        ({"C2": 18, "B5": None}, {"C2": "overlap"}),
    ],
)
def test_the_cell_to_blame_for_a_gap_or_overlap(
    tmp_path: Path, changed: dict[str, object], blamed: dict[str, str]
) -> None:
    """Proves: of four years with some cells changed, the changed ones are named, and no others."""
    book = books.book(Periods=books.years(4), Demand=books.demand(10, 20, 30, 40))
    for cell, value in changed.items():
        book["Periods"][int(cell[1:]) - 2][{"B": "start", "C": "months"}[cell[0]]] = value
    told = {(s, c, code) for s, c, code in found_in(book, tmp_path / "book")[1] if code != "blank"}
    assert told == {("Periods", cell, f"period-{word}") for cell, word in blamed.items()}
