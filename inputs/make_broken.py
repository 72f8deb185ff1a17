"""Write inputs/broken.xlsx: a workbook with every error and notice that can stand side by side.

Run it with ``python inputs/make_broken.py``. Each fault stands where it is planted, as a `Bad` cell
with the code of its message, so the list of what must be found is made with the workbook.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell

TARGET = Path(__file__).with_name("broken.xlsx")


@dataclass(frozen=True)
class Bad:
    """A cell that is reported: what stands in it, the code of the message, and how to write it."""

    value: object
    code: str
    how: str = ""


def day(text: str) -> dt.date:
    """A date as a spreadsheet stores it."""
    return dt.date.fromisoformat(text)


YEARS = ("Y1", "Y2", "Y3", "Y4")

SHEETS: dict[str, list[list[object]]] = {
    "Settings": [
        ["setting", "value"],
        ["name", Bad(True, "not-a-name")],
        ["currency", "USD"],
        ["base_date", Bad(day("2027-06-01"), "base-date")],
        ["discount_rate", 0.08],
        ["seed", Bad(1.5, "not-whole")],
    ],
    "Periods": [
        ["period", "start", "months"],
        ["Y1", day("2027-01-01"), 12],
        ["Y2", day("2028-01-01"), 12],
        ["Y3", Bad(day("2029-02-01"), "period-gap"), 12],
        ["Y4", Bad(day("2029-08-01"), "period-overlap"), 12],
    ],
    "Currencies": [["currency", "per_workbook_currency"], ["SEK", 10]],
    "Sources": [
        [
            Bad("Subject", "header-spelling"),
            "note",
            Bad("note", "duplicate-column"),
            Bad("owner", "unknown-column"),
            None,
            "# remark",
        ],
        [
            Bad(" Sites ", "spaces-trimmed"),
            "Measured.",
            "",
            "",
            Bad("page 5", "no-header"),
            "left alone",
        ],
    ],
    "Sites": [
        [
            "site",
            "market",
            "jurisdiction",
            "grid_zone",
            "labour_market",
            "status",
            "existing_mw",
            "under_construction_mw",
            "under_construction_online",
            "max_mw",
            "block_mw",
            "min_mw",
            "max_blocks_per_period",
            "currency",
        ],
        *(
            [site, "Nordic", "Norway", "NO1", "Norway trades", "candidate", *sizes]
            for site, *sizes in (
                ["Oslo", 0, 0, None, 100, 25, 25, 2, "SEK"],
                ["Malmo", 0, 0, None, 50, Bad(60, "min-above-max"), None, None, None],
                ["Turku", 0, 20, Bad(None, "construction-date"), 100, None, None, None, None],
                ["Umea", 0, 0, None, 100, None, None, Bad(2, "blocks-without-size"), None],
                ["Vilnius", 0, 0, None, 100, None, None, None, Bad("LTL", "unknown-currency")],
            )
        ),
        [
            Bad("Aarhus", "latency-missing"),
            "Denmark",
            "Norway",
            "NO1",
            Bad(None, "blank-beside-names"),
            "candidate",
            0,
            0,
            None,
            100,
        ],
        [
            "Tartu",
            "Nordic",
            Bad("Estonia", "site-jurisdiction"),
            "NO1",
            None,
            "candidate",
            0,
            0,
            None,
            100,
        ],
        [
            "Bergen",
            "Nordic",
            "Norway",
            "NO1",
            "Norway trades",
            "existing",
            120,
            0,
            None,
            Bad(100, "site-too-small"),
        ],
        ["Riga", "Nordic", "Norway", Bad("LV", "no-energy"), None, "candidate", 0, 0, None, 100],
        [
            "Kaunas",
            "Nordic",
            "Norway",
            "NO1",
            Bad("Baltic trades", "missing-pool"),
            "candidate",
            0,
            0,
            None,
            100,
        ],
    ],
    "Workloads": [
        ["workload", "max_latency_ms", Bad("load_factor (percent)", "header-unit")],
        ["inference", 60],
        ["training", None],
        ["frontier", 1],
        ["search", None],
    ],
    "Demand": [
        ["workload", "region", "period", "it_mw", "units"],
        ["inference", "North", "Y1", Bad("forty", "not-a-number")],
        ["inference", "North", "Y2", Bad("40", "text-number")],
        ["inference", "North", "Y3", 40],
        ["inference", "North", "Y4", 40],
        ["training", "South", "Y1", 10],
        ["training", "South", "Y2", 10],
        ["training", "South", Bad("Y3", "missing-period"), 10],
        ["frontier", Bad("North", "unreachable-demand"), "Y1", 10],
        *(["frontier", "North", year, 10] for year in YEARS[1:]),
        ["search", "East", "Y1", None, Bad(100, "unit-without-mw")],
        ["search", "East", "Y2", None, 100],
        ["search", "East", "Y3", Bad(10, "one-of-two"), 100],
        ["search", "East", "Y4", Bad(None, "one-of-two"), None],
    ],
    "ComputeUnits": [["workload", "period", "mw_per_unit"], ["search", "Y2", 0.1]],
    "Network": [
        ["site", "market", "region", "latency_ms"],
        [None, "Nordic", "North", 20],
        [None, "Nordic", "South", 30],
        [None, "Denmark", "North", 15],
        [None, "Nordic", "East", 30],
        [Bad(None, "one-of-two"), None, "South", 5],
    ],
    "Residency": [
        ["workload", "region", "jurisdiction", "group"],
        ["training", "South", "Norway", None],
        ["inference", "North", Bad(None, "one-of-two"), None],
    ],
    "Leases": [
        [
            "lease",
            "site",
            "first_period",
            "last_period",
            "term_months",
            "min_mw",
            "max_mw",
            "rent_per_mw_year",
        ],
        ["Harbour hall", "Oslo", None, None, 24, 5, 20, 2],
        ["Large or none", "Oslo", None, None, None, Bad(30, "min-above-max"), 20, 2],
        ["Late hall", "Oslo", "Y3", Bad("Y2", "periods-reversed"), None, 0, 20, 2],
        [
            Bad("Half a year", "lease-never-active"),
            "Oslo",
            None,
            None,
            Bad(6, "inside-period"),
            0,
            20,
            2,
        ],
    ],
    "GridZones": [
        ["zone", "period", "max_new_mw", "max_total_mw"],
        ["NO1", "Y1", Bad(-5, "out-of-bounds"), 400],
        ["NO1", "Y2", 50, Bad(1e300, "not-computable")],
        ["NO1", "Y3", Bad(50, "merged-cells", "merged with the cell below"), 400],
        ["NO1", "Y4", None, 400],
        ["LV", Bad("Y1", "missing-period"), 50, 400],
    ],
    "PowerRamp": [
        ["site", "period", "energised_mw"],
        [Bad("Olso", "unknown-ref"), "Y1", 50],
        ["Bergen", "Y1", Bad(None, "blank")],
    ],
    "Contracts": [
        [
            "contract",
            "site",
            "zone",
            "kind",
            "first_period",
            "last_period",
            "min_mw",
            "max_mw",
            "price_per_mwh",
            "tco2_per_mwh",
            "take_or_pay_share",
            "block_mw",
        ],
        ["Fjord hydro", None, "NO1", "energy", None, None, 10, 100, 50, 0, 0.5, 10],
        ["Fjord wind", None, "NO1", "energy", None, None, Bad(300, "min-above-max"), 100, 50, 0],
        ["Late start", None, "NO1", "energy", "Y3", Bad("Y2", "contract-reversed"), 0, 100, 50, 0],
        ["Nowhere", Bad(None, "one-of-two"), None, "energy", None, None, 0, 100, 50, 0],
        [
            "Grid service",
            None,
            "NO1",
            "capacity",
            None,
            None,
            0,
            100,
            Bad(50, "energy-of-capacity"),
        ],
        [
            "Unstated",
            None,
            "NO1",
            "energy",
            None,
            None,
            0,
            100,
            50,
            Bad(None, "emissions-unstated"),
            0,
            Bad(200, "min-above-max"),
        ],
        ["Turbines", None, Bad("NO1", "generation-in-zone"), "generation", None, None, 0, 9, 90, 1],
        [
            "Engines",
            "Oslo",
            None,
            "generation",
            None,
            None,
            0,
            40,
            90,
            0.6,
            Bad(0.7, "take-or-pay-of-generation"),
        ],
    ],
    "SignedContracts": [
        ["contract", "signed_mw", "expiry"],
        ["Fjord hydro", 10, Bad(day("2026-01-01"), "contract-ended")],
        ["Fjord hydro", 10, Bad("soon", "not-a-date")],
        ["Fjord hydro", 10, Bad("2031-01-01", "text-date")],
        ["Grid service", Bad(150, "min-above-max"), day("2031-01-01")],
    ],
    "PowerPrices": [
        ["zone", "period", "spot_price_per_mwh", "tco2_per_mwh"],
        ["NO1", "Y1", 60, Bad(None, "emissions-unstated")],
        *(["NO1", year, 60, 0.1] for year in YEARS[1:]),
    ],
    "Carbon": [["period", "max_tco2", "min_clean_share"], ["Y1", 100_000, 0.5]],
    "LabourNeeds": [["trade", "person_months_per_mw"], ["electricians", 60]],
    "LabourPools": [
        ["labour_market", "trade", "period", "workers", "wage_per_person_month"],
        ["Norway trades", "electricians", "Y1", 400, 7500],
        ["Norway trades", "electricians", "Y2", Bad("=D2*2", "formula-without-value"), 7500],
        ["Norway trades", "electricians", "Y3", 400, Bad("=NA()", "error-value", "#N/A")],
        [Bad("Norway trades", "hidden", "hidden row"), "electricians", "Y4", 400, 7500],
    ],
    "LabourTiers": [
        ["labour_market", "trade", "tier", "workers", "premium_share"],
        ["Norway trades", "electricians", "travelling", 50, 0.5],
        [Bad("Norway trades", "duplicate-key"), "electricians", "travelling", 70, 0.9],
        ["Norway trades", "electricians", Bad("pool", "tier-name"), 50, 0.5],
    ],
    "EquipmentNeeds": [
        ["equipment", "units_per_mw", "months_before_online"],
        ["transformers", 0.1, 0],
        [Bad("generators", "equipment-without-supplier"), 0.5, 0],
        ["racks", 7, Bad(60, "needed-too-early")],
    ],
    "Suppliers": [
        ["supplier", "supplier_group"],
        ["Ohm", "west"],
        ["Volt", None],
    ],
    "Equipment": [
        ["equipment", "supplier", "period", "available_units", "currency"],
        ["transformers", "Ohm", "Y1", 20, "SEK"],
        ["racks", "Volt", "Y1", 900, Bad("EUR", "unknown-currency")],
    ],
    "ExportLimits": [
        [
            "limit",
            "equipment",
            "jurisdiction",
            "first_period",
            "last_period",
            "max_units_per_period",
            "max_units_in_all",
        ],
        ["all that is sent", "racks", "Norway", None, None, 100, 300],
        ["to nobody", "racks", Bad(None, "one-of-two"), None, None, 0, None],
        ["without end", "racks", "Norway", None, None, Bad(None, "no-limit"), None],
        ["turned round", "racks", "Norway", "Y3", Bad("Y1", "periods-reversed"), 0, None],
    ],
    "Jurisdictions": [
        [
            "jurisdiction",
            "legal_risk",
            "political_risk",
            "conflict_risk",
            "grid_risk",
            "supply_chain_risk",
        ],
        ["Norway", 0.1, 0.1, 0.1, 0.1, 0.1],
    ],
    "RiskLimits": [
        [
            "limit",
            "kind",
            "jurisdiction",
            "trusted",
            "risk_class",
            "first_period",
            "last_period",
            "value",
        ],
        ["whose", "max_share", Bad(None, "risk-subject"), None, None, None, None, 0.4],
        ["share", "max_share", "Norway", None, None, None, None, Bad(40, "share-above-1")],
        ["score", "max_mean_score", None, None, Bad(None, "risk-weights"), None, None, 0.3],
        ["when", "max_mw", "Norway", None, None, "Y3", Bad("Y1", "periods-reversed"), 400],
        ["what", Bad("max_score", "unknown-choice"), "Norway", None, None, None, None, 0.4],
        ["trust", "max_mw", None, Bad("perhaps", "not-yes-or-no"), None, None, None, 400],
    ],
    "LossEvents": [
        ["event", "any_one", "share_covered"],
        ["nothing", Bad(None, "event-without-members"), 0.5],
        ["any site", "site", 0.5],
        ["storm", None, 0.5],
        ["strike", None, 0.5],
    ],
    "LossMembers": [
        ["event", "site", "jurisdiction", "supplier", "supplier_group"],
        ["storm", Bad("Tartu", "member-unclear"), "Norway", None, None],
        [Bad("any site", "member-of-any-one"), "Tartu", None, None, None],
        ["strike", None, None, None, "west"],
        ["strike", Bad(None, "member-unclear"), None, "Ohm", "west"],
    ],
    "Pace": [["pace", "max_sites"], ["free", Bad(None, "no-limit")]],
    "Decisions": [
        ["decision", "what", "site", "period", "at_least", "at_most"],
        ["whose", "committed", Bad(None, "decision-subject"), "Y1", 1, None],
        ["none", "committed", "Tartu", "Y1", Bad(None, "no-bound"), None],
        ["crossed", "online_mw", "Tartu", "Y1", Bad(5, "bounds-crossed"), 4],
        ["twice", "committed", "Tartu", "Y1", Bad(2, "committed-above-one"), None],
    ],
    "ApprovedActions": [
        ["date", "period", "action", "subject", "mw"],
        [day("2027-01-01"), "Y1", "commit site", "Oslo", None],
        [None, "Y1", "start building", "Oslo", 25],
        [None, "Y1", Bad("hire", "not-compared"), "Norway trades", 4],
        [day("2026-01-01"), "Y0", Bad("commit site", "not-compared"), "Umea", None],
        [day("2031-01-01"), "Y6", Bad("start building", "not-compared"), "Umea", 20],
        [None, "Y1", "commit site", Bad("Bergen", "not-compared"), None],
        [None, Bad("Y5", "approved-period"), "start building", "Oslo", 25],
        [Bad(day("2029-02-01"), "approved-date"), "Y2", "start building", "Oslo", 25],
        [None, "Y3", "start building", "Oslo", Bad(None, "approved-mw")],
        [None, "Y1", "commit site", "Umea", Bad(20, "approved-mw")],
        [None, "Y1", "sign contract", Bad("Fjord water", "approved-subject"), 20],
    ],
    "DepartureCosts": [["setting", "value"], ["cost_per_site", 0]],
    "Cases": [["scenario", "factor"], ["high", 1.2]],
    "Sources ": [["subject", "source"], ["Sites", "assumption"]],
}

# What is reported of a sheet rather than of the cell that is wrong.
OF_SHEETS = [
    ("Sources", "A1", "missing-column"),
    ("DepartureCosts", "", "departures-free"),
    ("Cases", "", "unknown-sheet"),
    ("Sources ", "", "duplicate-sheet"),
    ("Picture", "", "not-read"),
]
NOTICES = {
    "inside-period",
    "header-spelling",
    "spaces-trimmed",
    "hidden",
    "not-read",
    "not-compared",
    "departures-free",
    "blank-beside-names",
}


def cells() -> Iterator[tuple[str, int, int, object]]:
    """Every cell: sheet, row and column from 0, and what is to stand in it."""
    for sheet, rows in SHEETS.items():
        for row, values in enumerate(rows):
            for column, value in enumerate(values):
                yield sheet, row, column, value


def planted() -> list[tuple[str, str, str]]:
    """Sheet, cell and code of everything that must be reported."""
    bad = [
        (sheet, xl_rowcol_to_cell(row, column), value.code)
        for sheet, row, column, value in cells()
        if isinstance(value, Bad)
    ]
    return bad + OF_SHEETS


def write(path: Path) -> None:
    """Write the workbook; the same bytes each time."""
    with xlsxwriter.Workbook(path) as book:
        book.set_properties({"created": dt.datetime(2027, 1, 1)})
        sheets = {name: book.add_worksheet(name) for name in SHEETS}
        chart = book.add_chart({"type": "line"})
        chart.add_series({"values": "=Demand!$D$4:$D$5"})
        book.add_chartsheet("Picture").set_chart(chart)
        date = book.add_format({"num_format": "yyyy-mm-dd"})
        for sheet, row, column, value in cells():
            _write(sheets[sheet], row, column, value, date)


def _write(sheet: Any, row: int, column: int, value: object, date: Any) -> None:
    how = value.how if isinstance(value, Bad) else ""
    plain = value.value if isinstance(value, Bad) else value
    if isinstance(plain, dt.date):
        sheet.write_datetime(row, column, dt.datetime(plain.year, plain.month, plain.day), date)
    elif isinstance(plain, str) and plain.startswith("="):
        # As libraries write it that do not calculate: without a value worked out.
        sheet.write_formula(row, column, plain, None, how or 0)
    elif how.startswith("merged"):
        sheet.merge_range(row, column, row + 1, column, plain)
    elif isinstance(plain, str):
        sheet.write_string(row, column, plain)
    elif plain is not None:
        sheet.write(row, column, plain)
    if how == "hidden row":
        sheet.set_row(row, None, None, {"hidden": True})


if __name__ == "__main__":
    write(TARGET)
