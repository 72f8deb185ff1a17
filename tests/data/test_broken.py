"""inputs/broken.xlsx: every error that can stand in one workbook, and each of the others alone."""

from __future__ import annotations

import datetime as dt
import importlib.util
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from openpyxl.worksheet.table import Table

import optalloc
from optalloc.data import convert
from optalloc.errors import CODES, InputError, Problem, Severity, gathered
from optalloc.report.template import write_template
from optalloc.spreadsheet import faults
from tests import books
from tests.data.test_plausibility import DOUBTS
from tests.paths import INPUTS

BROKEN = INPUTS / "broken.xlsx"
MODEL = optalloc.load_model()
FORM = re.compile(
    r"(?P<sheet>[A-Za-z]+)!(?P<cell>[A-Z]+\d+): (?P<must>.+); found (?P<found>.+?)\. "
    r"(?P<action>[A-Z].+[.?]) \[(?P<code>[a-z0-9-]+)\]"
)


def registered() -> set[str]:
    """Every code that reading, converting, validating and the families can give.

    The codes of optalloc.plan.approved are of another file, the approved plan, and cannot stand in a
    workbook: tests/plan/test_approved.py covers them.
    """
    families = {code for family in MODEL.families for code in family.codes}
    rules = CODES["Rules between the columns of a row"]
    return {*faults.FILE_CODES, *CODES["Sheets, columns and cells"], *rules, *families}


def load(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, INPUTS / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


MADE = load("make_broken")


@pytest.fixture(scope="module")
def problems() -> list[Problem]:
    return optalloc.check(optalloc.read_workbook(BROKEN), MODEL)[1]


def test_the_workbook_is_the_one_that_its_script_writes(tmp_path: Path) -> None:
    MADE.write(tmp_path / "broken.xlsx")
    again, kept = (optalloc.read_workbook(p) for p in (tmp_path / "broken.xlsx", BROKEN))
    assert again.sheets == kept.sheets
    assert again.problems == kept.problems


def test_what_was_planted_is_found_and_nothing_else(problems: list[Problem]) -> None:
    found = [(p.sheet, p.cell, p.code) for p in problems]
    assert sorted(found) == sorted(MADE.planted())
    assert [p.code for p in problems if p.severity is Severity.NOTICE] == [
        p.code for p in problems if p.code in MADE.NOTICES
    ]


def test_problems_come_in_the_order_of_the_workbook(problems: list[Problem]) -> None:
    names = openpyxl.load_workbook(BROKEN).sheetnames
    places = [names.index(p.sheet) for p in problems]
    assert places == sorted(places)
    assert problems == sorted(problems, key=lambda p: p.order)


def test_each_address_holds_the_planted_fault(problems: list[Problem]) -> None:
    """Read by another library, the cells hold what was planted, and the messages say so."""
    book = openpyxl.load_workbook(BROKEN)
    at = {(p.sheet, p.cell, p.code): p for p in problems}
    named = 0
    for sheet, row, column, value in MADE.cells():
        if not isinstance(value, MADE.Bad):
            continue
        cell = book[sheet].cell(row + 1, column + 1)
        stands = cell.value.date() if isinstance(cell.value, dt.datetime) else cell.value
        assert stands == value.value, (sheet, cell.coordinate)
        problem = at[sheet, cell.coordinate, value.code]
        if convert.shown(value.value) == problem.found:
            named += 1
    # The others say in words what was found: "both", "none for 1 of 4", "a second one".
    assert named >= 30


def test_each_message_has_the_one_form(problems: list[Problem]) -> None:
    for problem in problems:
        text = str(problem)
        assert "\n" not in text
        assert "  " not in text
        if problem.code == "merged-cells":
            assert "must not be merged. Unmerge" in text
        elif problem.cell:
            match = FORM.fullmatch(text)
            assert match, text
            assert (match["sheet"], match["cell"], match["code"]) == (
                problem.sheet,
                problem.cell,
                problem.code,
            )
        else:
            assert re.fullmatch(r"[\w ]+: .+; found .+\. [A-Z].+\. \[[a-z-]+\]", text), text
        assert not re.search(r"nan|None|NaT|Timestamp|\[\]|''", text), text


@pytest.mark.slow
def test_the_command_lists_them_all_at_once(problems: list[Problem]) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "optalloc", "check", str(BROKEN)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )
    assert (run.returncode, run.stderr) == (3, "")
    lines = run.stdout.splitlines()
    bad = [p for p in problems if p.severity is Severity.ERROR]
    assert lines[:-1] == [
        f"{'' if same.first in bad else 'notice: '}{same}" for same in gathered(problems)
    ]
    count = sum(same.first in bad for same in gathered(problems))
    assert lines[-1] == f"{count} errors in broken.xlsx, {len(bad)} cells"


def test_the_solve_refuses_it_with_the_same_errors(problems: list[Problem]) -> None:
    with pytest.raises(InputError) as caught:
        optalloc.solve(BROKEN)
    assert list(caught.value.problems) == [p for p in problems if p.severity is Severity.ERROR]


# Errors that hide others, each alone --------------------------------------------------------------


def small(folder: Path, **sheets: Any) -> Path:
    return books.write(books.book(**sheets), folder / "book")


def with_bytes(name: str, data: bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(data)
        return folder / name

    return make


def with_sheet(sheet: str, data: bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        book = small(folder)
        (book / f"{sheet}.csv").write_bytes(data)
        return book

    return make


def without_rights(folder: Path) -> Path:
    book = small(folder)
    # A name too long for the file system cannot be looked up by anyone, root included.
    return book / ("x" * 300)


def beyond_all_times(folder: Path) -> Path:
    path = folder / "book.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("Sites").write(0, 0, 1, book.add_format({"num_format": "[h]:mm"}))
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    part = "xl/worksheets/sheet1.xml"
    parts[part] = parts[part].replace(b"<v>1</v>", b"<v>1e300</v>")
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def unlisted(folder: Path) -> Path:
    book = small(folder)
    (book / "Workloads.csv").unlink()
    return book


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)

# What stops the reading, or leaves nothing to say of the rest; and what only a CSV can hold.
GATE = {"gate": "law", "holds": "commit", "site": "A"}
PLOT = {"option": "plot", "kind": "land", "site": "A", "premium": 1}
SUN = {"contract": "sun", "site": "A", "kind": "energy", "max_mw": 100, "availability": 0.5}
DAYS: list[dict[str, Any]] = [
    {"slice": "day", "hours_per_year": 4380, "day_type": "any"},
    {"slice": "night", "hours_per_year": 4380, "day_type": "any"},
]
SOLD = {"zone": "Z", "slice": "day", "price_factor": 0.5}
PRICE = {"zone": "Z", "period": "Y1", "spot_price_per_mwh": 90}
BATTERY = {
    **{"storage": "battery", "site": "A", "max_mw": 10, "efficiency": 0.8, "lead_months": 0},
    **{"cost_per_mw": 0.1, "cost_per_mwh": 0.1},
}
NON_FIRM = {"site": "A", "period": "Y1", "max_mw": 10}
CUT = {"site": "A", "slice": "day"}


TAX = {
    **{"jurisdiction": "J", "corporate_rate": 0.3, "depreciation": "declining_balance"},
    "depreciation_years": 5,
}


def by_the_hour(folder: Path, **sheets: Any) -> Path:
    """A workbook of two slices, fed by day as at night."""
    return small(folder, **{"Contracts": [SUN], "Slices": DAYS, **sheets})


ALONE: dict[str, Callable[[Path], Path]] = {
    "not-frames": lambda _: {"Sites": [1]},
    "not-found": lambda folder: folder / "no such book.xlsx",
    "not-readable": without_rights,
    "empty-file": with_bytes("book.xlsx", b""),
    "not-a-workbook": with_bytes("book.xlsx", b"site,max_mw\n"),
    "password-protected": with_bytes("book.xlsx", OLE + "EncryptedPackage".encode("utf-16-le")),
    "truncated": with_bytes("book.xlsx", BROKEN.read_bytes()[:-500]),
    "too-large": with_sheet("Sites", b"," * 10_000_001),
    "date-range": beyond_all_times,
    "encoding": with_sheet("Pace", b"pace,max_sites\nK\xf8benhavn,1\n"),
    "nul-byte": with_sheet("Pace", b"pace,max_sites\nal\0l,1\n"),
    "csv-quote": with_sheet("Pace", b'pace,max_sites\nall,"1\n'),
    "csv-delimiter": with_sheet("Pace", b"pace;max_sites\nall;1\n"),
    "ragged-row": with_sheet("Pace", b"pace,max_sites\nall,1,1,5\n"),
    "not-finite": lambda folder: small(folder, Sites={"max_mw": "inf"}),
    "missing-sheet": unlisted,
    "empty-sheet": with_sheet("Workloads", b"workload\n"),
    "no-site": lambda folder: small(folder, Sites={"status": "excluded"}),
    # What is said only where all that a site can hold, or every source of energy, is known.
    "cluster-too-large": lambda folder: small(
        folder, Workloads={"min_mw_at_one_site": 120}, Demand={"it_mw": 150}
    ),
    "approved-action": lambda folder: small(
        folder,
        ApprovedActions=[{"period": "Y1", "action": "Commit site", "subject": "A", "mw": None}],
    ),
    "beyond-tolerance": lambda folder: small(folder, Sites={"max_mw": 2e9, "block_mw": 1e9}),
    "slices-not-a-year": lambda folder: by_the_hour(folder, Slices=[DAYS[0] | {"slice": "dawn"}]),
    "clean-without-slices": lambda folder: by_the_hour(
        folder,
        Contracts=[SUN | {"tco2_per_mwh": 0}],
        Slices=[],
        Carbon=[{"period": "Y1", "min_clean_share_in_slice": 1}],
    ),
    "mean-of-slices": lambda folder: by_the_hour(
        folder, ContractSlices=[{"contract": "sun", "slice": "day", "available": 0.9}]
    ),
    "type-of-day-named-as-slice": lambda folder: by_the_hour(
        folder, Slices=[DAYS[0] | {"day_type": "night"}, DAYS[1] | {"day_type": None}]
    ),
    "slices-of-capacity": lambda folder: by_the_hour(
        folder,
        Contracts=[SUN, {"contract": "peak", "site": "A", "kind": "capacity", "max_mw": 100}],
        ContractSlices=[{"contract": "peak", "slice": "day"}],
    ),
    "surplus-without-slices": lambda folder: by_the_hour(
        folder,
        Slices=[{"slice": "day", "hours_per_year": 8760}],
        SurplusSlices=[SOLD],
        Sites={"grid_zone": "Z"},
    ),
    "surplus-of-generation": lambda folder: small(
        folder, Contracts=[SUN | {"kind": "generation", "max_surplus_share": 0.5}]
    ),
    "storage-never-ready": lambda folder: by_the_hour(
        folder, Storage=[BATTERY | {"lead_months": 24}]
    ),
    "interruptible-without-slices": lambda folder: small(
        folder, Contracts=[SUN], Interruptible=[NON_FIRM]
    ),
    "interruptible-without-energy": lambda folder: small(
        folder, Slices=DAYS, Interruptible=[NON_FIRM], Interruptions=[CUT]
    ),
    "declines-at-once": lambda folder: small(
        folder, Sites={"jurisdiction": "J"}, Taxes=[TAX | {"declining_factor": 5}]
    ),
    "contract-never-active": lambda folder: small(
        folder,
        Contracts={
            "contract": "C",
            "site": "A",
            "kind": "capacity",
            "max_mw": 9,
            "lead_months": 600,
        },
    ),
    "option-subject": lambda folder: small(folder, Options=[PLOT | {"site": None}]),
    "option-column": lambda folder: small(folder, Options=[PLOT | {"max_mw": 9}]),
    "slot-without-offer": lambda folder: small(
        folder,
        EquipmentNeeds=[{"equipment": "E", "units_per_mw": 1, "months_before_online": 0}],
        Suppliers=[{"supplier": "Ohm"}, {"supplier": "Volt"}],
        Equipment=[{"equipment": "E", "supplier": "Ohm", "period": "Y1", "available_units": 99}],
        Options=[
            {
                "option": "slot",
                "kind": "equipment",
                "equipment": "E",
                "supplier": "Volt",
                "max_units": 9,
            }
        ],
    ),
    "option-never-exercised": lambda folder: small(
        folder,
        Periods=books.years(2),
        Demand=books.demand(4, 4),
        Options=[PLOT | {"first_period": "Y2", "exercise_until": "Y1"}],
    ),
    "decision-never-active": lambda folder: small(
        folder,
        Sites={"status": "existing", "existing_mw": 40, "max_mw": 90, "block_lead_months": 600},
        Decisions={
            "decision": "d",
            "what": "started_mw",
            "site": "A",
            "period": "Y1",
            "at_least": 9,
        },
    ),
    "near-name": lambda folder: small(folder, Network={"site": "a"}),
    "carbon-without-energy": lambda folder: small(folder, Carbon={"period": "Y1", "max_tco2": 1}),
}


TOTALS = [{"component": "racks", "cost_per_mw": 2}, {"component": "Total", "cost_per_mw": 2}]


def zoned(other: str | None) -> dict[str, Any]:
    """Two sites, one of them in a grid zone with a limit."""
    return {
        "Sites": [
            {"site": site, "status": "candidate", "max_mw": 100, "grid_zone": zone}
            for site, zone in (("A", "Fjord"), ("B", other))
        ],
        "Network": [{"site": site, "region": "R", "latency_ms": 1} for site in "AB"],
        "GridZones": [{"zone": "Fjord", "period": "Y1", "max_total_mw": 90}],
    }


def with_totals(folder: Path) -> Path:
    """A workbook with a sheet of its own words, whose table has a totals row."""
    path = folder / "book.xlsx"
    write_template(MODEL, path, books.book())
    book = openpyxl.load_workbook(path)
    del book["Components"]
    notes = book.create_sheet("Components")
    for row in (["component", "cost_per_mw"], ["racks", 2], ["Total", 2]):
        notes.append(row)
    notes.add_table(Table(displayName="Parts", ref="A1:B3", totalsRowCount=1))
    book.save(path)
    return path


# Notices of what is read all the same, each in a workbook without errors.
NOTICED: dict[str, Callable[[Path], Path]] = {
    "like-totals-row": lambda folder: small(folder, Components=TOTALS),
    "uneven-row": with_sheet("Pace", b"pace,max_sites\nall,1,\nr,2\ns,3\n"),
    "totals-row": with_totals,
    "unseen-characters": lambda folder: small(folder, Network={"region": "R\u200b"}),
    "name-without-row": lambda folder: small(folder, **zoned("Plain")),
    "blank-beside-names": lambda folder: small(folder, **zoned(None)),
    "slices-without-energy": lambda folder: small(folder, Slices=DAYS),
    "no-energy-in-slice": lambda folder: by_the_hour(
        folder,
        ContractSlices=[
            {"contract": "sun", "slice": "day", "available": 1},
            {"contract": "sun", "slice": "night", "available": 0},
        ],
    ),
    "nowhere-to-put-off": lambda folder: by_the_hour(
        folder,
        Slices=[row | {"day_type": None} for row in DAYS],
        WorkloadSlices=[{"workload": "load", "slice": "day", "shiftable_share": 0.5}],
    ),
    "slices-of-unpriced-zone": lambda folder: by_the_hour(
        folder,
        Sites={"grid_zone": "Z"},
        GridZones=[{"zone": "Z", "period": "Y1", "max_new_mw": 100}],
        SpotSlices=[{"zone": "Z", "slice": "day", "price_factor": 1}],
    ),
    "surplus-of-unpriced-zone": lambda folder: by_the_hour(
        folder, Sites={"grid_zone": "Z"}, SurplusSlices=[SOLD]
    ),
    "surplus-unused": lambda folder: by_the_hour(
        folder, Sites={"grid_zone": "Z"}, SurplusSlices=[SOLD], PowerPrices=[PRICE]
    ),
    "surplus-unpriced": lambda folder: by_the_hour(
        folder,
        Sites={"grid_zone": "Z"},
        Contracts=[SUN | {"max_surplus_share": 0.5}],
        SurplusSlices=[SOLD],
    ),
    "surplus-for-profit": lambda folder: by_the_hour(
        folder,
        Sites={"grid_zone": "Z"},
        Contracts=[SUN | {"max_surplus_share": 0.5, "price_per_mwh": 20}],
        SurplusSlices=[SOLD],
        PowerPrices=[PRICE],
    ),
    "surplus-above-spot": lambda folder: by_the_hour(
        folder,
        Sites={"grid_zone": "Z"},
        Contracts=[SUN | {"max_surplus_share": 0.5, "price_per_mwh": 200}],
        SurplusSlices=[SOLD | {"price_factor": 1.1}],
        PowerPrices=[PRICE],
    ),
    "never-cut-off": lambda folder: by_the_hour(folder, Interruptible=[NON_FIRM]),
    "interruptible-unlimited": lambda folder: by_the_hour(
        folder, Interruptible=[NON_FIRM], Interruptions=[CUT]
    ),
    "storage-without-slices": lambda folder: small(folder, Storage=[BATTERY]),
    "taxed-without-site": lambda folder: small(folder, Taxes=[TAX]),
    "depreciated-beyond-life": lambda folder: small(
        folder,
        Sites={"jurisdiction": "J", "life_years": 4},
        Taxes=[TAX],
    ),
    "deducted-nowhere": lambda folder: small(
        folder,
        Sites=[
            {
                "site": site,
                "status": "candidate",
                "max_mw": 100,
                "grid_zone": "Z",
                "jurisdiction": j,
            }
            for site, j in (("A", "J"), ("B", "K"))
        ],
        Network=[{"site": site, "region": "R", "latency_ms": 1} for site in "AB"],
        Taxes=[TAX],
        Contracts=[SUN | {"site": None, "zone": "Z"}],
    ),
    "home-untaxed": lambda folder: small(
        folder,
        Settings={"home_jurisdiction": "H"},
        Sites={"jurisdiction": "J"},
        Taxes=[TAX],
    ),
    "abandonment-left-out": lambda folder: small(
        folder,
        Sites={"status": "existing", "existing_mw": 40},
        Abandonments=[{"site": "A"}],
    ),
    "gate-holds-nothing": lambda folder: small(
        folder, Sites={"status": "committed"}, Gates=[GATE | {"opens": "2027-01-01"}]
    ),
    "gate-stays-shut": lambda folder: small(folder, Gates=[GATE | {"opens": "2040-01-01"}]),
    "option-left-out": lambda folder: small(folder, Sites={"status": "committed"}, Options=[PLOT]),
    "option-serves-nothing": lambda folder: small(folder, Options=[PLOT | {"lead_months": 60}]),
    "option-lead-longer": lambda folder: small(folder, Options=[PLOT | {"lead_months": 6}]),
}


@pytest.mark.parametrize("code", NOTICED)
def test_what_is_only_noticed_is_no_error(tmp_path: Path, code: str) -> None:
    _, found = optalloc.check(optalloc.read_workbook(NOTICED[code](tmp_path)), MODEL)
    assert {p.severity for p in found} <= {Severity.NOTICE}
    assert code in {p.code for p in found}


@pytest.mark.first(6)
@pytest.mark.parametrize("code", ALONE)
def test_what_cannot_stand_beside_the_others_is_one_error(tmp_path: Path, code: str) -> None:
    path = ALONE[code](tmp_path)
    with pytest.raises(InputError) as caught:
        optalloc.validate(optalloc.read_workbook(path), MODEL)
    assert [p.code for p in caught.value.problems] == [code], str(caught.value)


def test_every_registered_code_is_tested() -> None:
    planted = {code for _, _, code in MADE.planted()}
    assert planted | set(ALONE) | set(NOTICED) | DOUBTS == registered()
    assert not {code for _, _, code in MADE.planted()} & set(ALONE)
