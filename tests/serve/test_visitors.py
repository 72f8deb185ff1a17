"""Who sees what: visitors on one server, and processes that are killed."""

from __future__ import annotations

import asyncio
import signal
import stat
import time
from pathlib import Path

import httpx
import pytest

from optalloc.serve.visitors import Visitors
from tests.serve.guest import Guest, solvers


def test_idle_visitors_leave_nothing(tmp_path: Path) -> None:
    """Proves: a folder is its owner's alone, and goes once its visitor was away for too long."""
    visitors = Visitors(tmp_path, idle_s=0.05)
    admitted = visitors.admit()
    assert admitted is not None
    token, visitor = admitted
    _, folder = visitor.new_folder()
    assert {stat.S_IMODE(f.stat().st_mode) for f in (folder, visitor.folder)} == {0o700}
    assert list(visitors.idle()) == [] and visitors.find(token) is visitor
    time.sleep(0.1)
    assert list(visitors.idle()) == [visitor]
    asyncio.run(visitors.forget(visitor))
    assert list(tmp_path.iterdir()) == [] and visitors.find(token) is None


@pytest.mark.slow
@pytest.mark.first(1)
def test_a_crash_is_said_and_the_next_in_the_queue_goes_on(
    address: str, guest: Guest, hard: Path
) -> None:
    """Proves: a killed solve ends alone, and strangers see neither it nor its workbook."""
    book = guest.checked(hard)
    first, second = guest.solve(book, 0), guest.solve(book, 100)
    assert guest.client.get(f"{second}/state").json()["place"] == 1
    guest.until(first, lambda state: state["state"] == "running" and bool(solvers()))
    (process,) = solvers()
    process.send_signal(signal.SIGKILL)
    assert "It crashed: the process that worked on it was ended by SIGKILL" in guest.ended(first)
    assert "Read the report" in guest.ended(second)
    with httpx.Client(base_url=address, headers={"Origin": address}) as stranger:
        stranger.cookies.set("visitor", "x" * 43)
        for page in (book, f"{book}/state", f"{book}/marked.xlsx", first, f"{second}/report.html"):
            assert stranger.get(page).status_code == 404, page
        assert stranger.get(f"{second}/plan.xlsx").status_code == 404
        assert stranger.post(f"{second}/stop").status_code == 404
        assert stranger.post(f"{book}/solve", data={"gap": "1", "seconds": "9"}).status_code == 404
        sides = {"a": second.rpartition("/")[2], "b": second.rpartition("/")[2]}
        assert stranger.post(f"{book}/compare", data=sides).status_code == 404
        assert "hard.xlsx" not in stranger.get("/").text
    report = guest.client.get(f"{second}/report.html")
    assert report.status_code == 200
    assert "sandbox allow-scripts" in report.headers["content-security-policy"]
    (cookie,) = guest.client.cookies.jar
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert cookie.get_nonstandard_attr("SameSite") == "strict"


@pytest.mark.long
def test_what_is_removed_ends(guest: Guest, hard: Path) -> None:
    """Proves: removal ends the solve that goes on and the one that waits, and leaves no address."""
    book = guest.checked(hard)
    first, second = guest.solve(book, 0), guest.solve(book, 0)
    guest.until(first, lambda state: state["state"] == "running" and bool(solvers()))
    assert guest.client.post("/forget").headers["location"] == "/"
    assert solvers() == []
    assert [guest.client.get(page).status_code for page in (book, first, second)] == [404] * 3
