"""Workbooks that are uploaded, and what is uploaded in their place."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

import optalloc
from optalloc.serve.work import process
from tests.serve.guest import MOST, Guest


def test_what_is_no_workbook_is_refused(guest: Guest, tmp_path: Path) -> None:
    """Proves: other names are refused at once; a file that only claims to be a workbook is an error."""
    other = tmp_path / "plan.csv"
    other.write_text("site,mw\n")
    answer = guest.upload(other)
    assert answer.status_code == 415 and "Save it as .xlsx" in answer.text
    false = tmp_path / "book.xlsx"
    false.write_text("site,mw\n")
    told = {
        "kind": "check",
        "book": false,
        "most_unpacked": MOST,
        "folder": tmp_path,
        "model": None,
    }
    found = process.done(told, lambda **_: None)
    assert [row["code"] for row in found["problems"]] == ["not-a-workbook"]


def test_what_unpacks_to_too_much_is_not_unpacked(minimal: Path, tmp_path: Path) -> None:
    """Proves: 20 MB in a few kB are refused. Sensitivity: the same book without them has no errors."""
    bomb = tmp_path / "bomb.xlsx"
    bomb.write_bytes(minimal.read_bytes())
    with zipfile.ZipFile(bomb, "a", zipfile.ZIP_DEFLATED) as package:
        package.writestr("xl/media/picture.bmp", bytes(20 * 2**20))
    endings = []
    for book in (bomb, minimal):
        told = {"kind": "check", "book": book, "most_unpacked": 8 * MOST, "folder": tmp_path}
        found = process.done({**told, "model": None}, lambda **_: None)
        endings.append((found["ending"], [row["code"] for row in found["problems"]]))
    # One site has no grid zone while the other has, which is a notice.
    assert endings == [("input", ["too-large"]), ("checked", ["blank-beside-names"])]


@pytest.mark.long
def test_a_file_that_is_no_workbook_has_words(guest: Guest, tmp_path: Path) -> None:
    """Proves: its page says so, and it can be neither solved nor asked about."""
    false = tmp_path / "book.xlsx"
    false.write_text("site,mw\n")
    page = guest.upload(false).headers["location"]
    text = guest.ended(page)
    assert "1 error." in text and "not-a-workbook" in text
    for kind in ("solve", "explain", "alternatives", "sweep", "regrets", "frontier", "test"):
        answer = guest.client.post(f"{page}/{kind}", data={"gap": "0", "seconds": "9"})
        assert answer.status_code == 409, kind
    assert guest.client.post(f"{page}/dance", data={}).status_code == 404


@pytest.mark.long
def test_what_a_workbook_does_not_have_is_not_asked_of_it(guest: Guest, minimal: Path) -> None:
    """Proves: without the sheets a sweep and questions on scenarios say which sheet to fill in; numbers
    that make no sense say their bounds."""
    page = guest.checked(minimal)
    asked = {
        "sweep": ({}, 409, "Fill in its sheet Sweeps"),
        "regrets": ({}, 409, "Fill in its sheet Uncertainties"),
        "frontier": ({}, 409, "Fill in its sheet Uncertainties"),
        "test": ({}, 400, "Choose a plan to test."),
        "compare": ({}, 400, "Choose two plans to compare."),
        "solve": ({"seconds": "1e9"}, 400, "must be a number from 1 to 300"),
        "explain": ({"gap": "a little"}, 400, "Gap, in percent, must be a number from 0 to 100"),
        "alternatives": ({"slack": "1", "count": "1.5"}, 400, "must be a whole number"),
    }
    for kind, (fields, status, words) in asked.items():
        answer = guest.client.post(f"{page}/{kind}", data={"gap": "0", "seconds": "9", **fields})
        assert (answer.status_code, words in answer.text) == (status, True), (kind, answer.text)


@pytest.mark.long
def test_a_plan_in_place_of_a_workbook_is_recognised(
    guest: Guest, minimal: Path, tmp_path: Path
) -> None:
    """Proves: it is said to be a plan, of which workbook, and it is shown, explained and compared.

    By hand it costs 1170 M; two of the same differ in nothing."""
    plan = tmp_path / "plan.xlsx"
    optalloc.solve(minimal).to_excel(plan)
    page = guest.checked(plan)
    text = guest.client.get(page).text
    assert "This is a plan of minimal.xlsx, not a workbook to solve." in text
    assert "1,170.0000" in text and "Upload the workbook that it was made from" in text
    assert "dataset.ready" in guest.client.get(f"{page}/report.html").text
    assert guest.client.post(f"{page}/solve", data={"gap": "0", "seconds": "9"}).status_code == 409
    book = guest.checked(minimal)
    one, other = page.rpartition("/")[2], guest.checked(plan).rpartition("/")[2]
    run = guest.ask(page, "explain", plan=one, workbook=book.rpartition("/")[2])
    explained = guest.ended(run)
    assert "This is the plan of plan.xlsx, which cost 1,170 M." in explained
    assert guest.client.get(f"{run}/tables.xlsx").content[:2] == b"PK"
    assert "dataset.ready" in guest.client.get(f"{run}/report.html").text
    compared = guest.ended(guest.ask(page, "compare", a=one, b=other))
    assert "Done." in compared and "From plan.xlsx to plan.xlsx" in compared
    assert "From plan.xlsx to plan.xlsx" in guest.client.get(page).text
