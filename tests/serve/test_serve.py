"""The server as visitors meet it: a real server on a port, a real browser, processes that are killed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import psutil
import pytest

import optalloc
from optalloc.errors import OptallocError
from tests import books
from tests.browser import browser, needs_browser
from tests.paths import INPUTS
from tests.plan.test_policy import tail

pytest.importorskip("starlette")
uvicorn = pytest.importorskip("uvicorn")

from optalloc.serve import is_loopback, serve, work  # noqa: E402
from optalloc.serve.app import make_app  # noqa: E402
from optalloc.serve.folder import own_folder  # noqa: E402
from optalloc.serve.levers import levers_of, override  # noqa: E402
from optalloc.serve.settings import Settings  # noqa: E402
from optalloc.serve.task import LAUNCH  # noqa: E402
from optalloc.serve.visitors import Visitors  # noqa: E402

MODEL = optalloc.load_model()
MOST = 2 * 2**20


def as_workbook(folder: Path, out: Path) -> Path:
    """A folder of CSVs as an .xlsx workbook."""
    from optalloc.report.template import write_template

    data = optalloc.validate(optalloc.read_workbook(folder), MODEL)
    write_template(MODEL, out, data.records())
    return out


@pytest.fixture(scope="module")
def minimal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return as_workbook(INPUTS / "minimal", tmp_path_factory.mktemp("book") / "minimal.xlsx")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server; once it has ended nothing of what was uploaded is left."""
    folder = tmp_path_factory.mktemp("served")
    hosts = frozenset({"127.0.0.1"})
    given = {"most_bytes": MOST, "memory_bytes": 4 * 2**30, "time_limit_s": 300.0}
    app = make_app(Settings(folder=folder, hosts=hosts, **given))
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, loop="asyncio", log_level="warning", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        while not server.started:
            time.sleep(0.02)
        assert stat.S_IMODE(next(folder.iterdir()).stat().st_mode) == 0o700
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listening.close()
    assert list(folder.iterdir()) == []


class Guest:
    """A visitor who speaks HTTP, with cookies of their own."""

    def __init__(self, address: str) -> None:
        self.client = httpx.Client(base_url=address, headers={"Origin": address}, timeout=60)

    def upload(self, path: Path) -> httpx.Response:
        return self.client.post("/books", files={"workbook": (path.name, path.read_bytes())})

    def solve(self, book: str, gap: float) -> str:
        answer = self.client.post(f"{book}/solve", data={"gap": str(gap), "seconds": "200"})
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    def until(self, page: str, right: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        for _ in range(600):
            state = self.client.get(f"{page}/state").json()
            if right(state):
                return state
            time.sleep(0.2)
        raise AssertionError(state)

    def ended(self, page: str) -> str:
        self.until(page, lambda state: state["state"] == "ended")
        return self.client.get(page).text


@pytest.fixture(scope="module")
def guest(address: str) -> Iterator[Guest]:
    found = Guest(address)
    with found.client:
        yield found


@pytest.fixture(scope="module")
def hard(guest: Guest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Address of a workbook that is not solved before it is stopped."""
    folder = tmp_path_factory.mktemp("hard")
    book = as_workbook(books.write(books.hard(), folder / "book"), folder / "hard.xlsx")
    answer = guest.upload(book)
    assert answer.status_code == 303, answer.text
    page = answer.headers["location"]
    assert "No errors." in guest.ended(page)
    return page


@pytest.fixture(scope="module")
def opened() -> Iterator[Any]:
    with browser() as found:
        yield found


def solvers() -> list[psutil.Process]:
    """Processes that work for the server."""
    own = psutil.Process().children()
    return [child for child in own if any("serve.work" in word for word in child.cmdline())]


# What is let in -----------------------------------------------------------------------------------


def test_a_request_of_another_site_is_refused(address: str) -> None:
    """Proves: without a sign that this server's page sent it nothing is done. Sensitivity: with one it is."""
    with httpx.Client(base_url=address) as client:
        told = [
            client.post("/books", headers=headers).status_code
            for headers in (
                {},
                {"Origin": "http://elsewhere.example"},
                {"Origin": "null"},
                {"Sec-Fetch-Site": "cross-site"},
                {"Origin": address},
                {"Sec-Fetch-Site": "same-origin"},
            )
        ]
        # Let in, and without a workbook.
        assert told == [403] * 4 + [400] * 2
        assert client.get("/", headers={"Host": "elsewhere.example"}).status_code == 403
        assert client.cookies == httpx.Cookies()


def test_every_answer_is_bounded(address: str) -> None:
    """Proves: pages run no foreign script and stand in no foreign frame, errors and files too."""
    with httpx.Client(base_url=address) as client:
        for page in ("/", "/static/live.js", "/nothing"):
            headers = client.get(page).headers
            policy = headers["content-security-policy"]
            assert "script-src 'self';" in policy and "frame-ancestors 'self'" in policy
            assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("header", ["Content-Length: 90000000", "Transfer-Encoding: chunked"])
def test_a_large_upload_is_refused_while_it_comes(address: str, header: str) -> None:
    """Proves: the answer comes before the end, whether the size was told or not."""
    host = address.removeprefix("http://")
    name, _, port = host.partition(":")
    start = (
        f"POST /books HTTP/1.1\r\nHost: {host}\r\nOrigin: {address}\r\n{header}\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\n\r\n"
    )
    part = b'--x\r\nContent-Disposition: form-data; name="workbook"; filename="a.xlsx"\r\n\r\n'
    block, sent, answer = bytes(2**16), 0, b""

    def framed(data: bytes) -> bytes:
        return b"%x\r\n%s\r\n" % (len(data), data) if "chunked" in header else data

    with socket.create_connection((name, int(port)), timeout=30) as line:
        line.sendall(start.encode() + framed(part))
        with contextlib.suppress(ConnectionError):
            line.settimeout(0.02)
            while not answer and sent < 20 * MOST:
                with contextlib.suppress(TimeoutError):
                    line.sendall(framed(block))
                    sent += len(block)
                with contextlib.suppress(TimeoutError):
                    answer = line.recv(2**12)
    assert answer.startswith(b"HTTP/1.1 413"), answer
    assert sent < 2 * MOST


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
    found = work.done(told, print)
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
        found = work.done({**told, "model": None}, print)
        endings.append((found["ending"], [row["code"] for row in found["problems"]]))
    # One site has no grid zone while the other has, which is a notice.
    assert endings == [("input", ["too-large"]), ("checked", ["blank-beside-names"])]


# Who sees what ------------------------------------------------------------------------------------


def test_idle_visitors_leave_nothing(tmp_path: Path) -> None:
    """Proves: a folder is its owner's alone, and goes once its visitor was away for too long."""
    visitors = Visitors(tmp_path, idle_s=0.05)
    visitor = visitors.admit()
    assert visitor is not None
    _, folder = visitor.new_folder()
    assert {stat.S_IMODE(f.stat().st_mode) for f in (folder, visitor.folder)} == {0o700}
    assert list(visitors.idle()) == [] and visitors.find(visitor.id) is visitor
    time.sleep(0.1)
    assert list(visitors.idle()) == [visitor]
    asyncio.run(visitors.forget(visitor))
    assert list(tmp_path.iterdir()) == [] and visitors.find(visitor.id) is None


@pytest.mark.slow
@pytest.mark.first(1)
def test_a_crash_is_said_and_the_next_in_the_queue_goes_on(
    address: str, guest: Guest, hard: str
) -> None:
    """Proves: a killed solve ends alone, and strangers see neither it nor its workbook."""
    first, second = guest.solve(hard, 0), guest.solve(hard, 100)
    assert guest.client.get(f"{second}/state").json()["place"] == 1
    guest.until(first, lambda state: state["state"] == "running" and bool(solvers()))
    (process,) = solvers()
    process.send_signal(signal.SIGKILL)
    assert "It crashed: the process that worked on it was ended by SIGKILL" in guest.ended(first)
    assert "Read the report" in guest.ended(second)
    with httpx.Client(base_url=address, headers={"Origin": address}) as stranger:
        stranger.cookies.set("visitor", "x" * 43)
        for page in (hard, f"{hard}/state", f"{hard}/marked.xlsx", first, f"{second}/report.html"):
            assert stranger.get(page).status_code == 404, page
        assert stranger.get(f"{second}/plan.xlsx").status_code == 404
        assert stranger.post(f"{second}/stop").status_code == 404
        assert stranger.post(f"{hard}/solve", data={"gap": "1", "seconds": "9"}).status_code == 404
        sides = {"a": second.rpartition("/")[2], "b": second.rpartition("/")[2]}
        assert stranger.post("/comparisons", data=sides).status_code == 404
        assert "hard.xlsx" not in stranger.get("/").text
    report = guest.client.get(f"{second}/report.html")
    assert report.status_code == 200
    assert "sandbox allow-scripts" in report.headers["content-security-policy"]
    (cookie,) = guest.client.cookies.jar
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert cookie.get_nonstandard_attr("SameSite") == "strict"


# In a browser -------------------------------------------------------------------------------------


@pytest.mark.long
@needs_browser
def test_from_upload_to_report(address: str, opened: Any, minimal: Path) -> None:
    """Proves: errors are told by cell; without them the plan of 1170 M, solved by hand, is shown."""
    context = opened.new_context()
    page, complaints, requests = context.new_page(), [], []
    page.on("console", lambda said: complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    # Two workbooks of one visitor are checked beside each other.
    other = context.new_page()
    for one, book in ((other, INPUTS / "broken.xlsx"), (page, minimal)):
        one.goto(address)
        one.set_input_files("#workbook", book)
        one.click("text=Upload and check")
    row = other.locator("#problems tr", has_text="not-whole").first
    row.wait_for(timeout=60_000)
    assert row.locator("td").first.inner_text() == "Settings!B6"
    assert other.get_by_role("link", name="Upload another workbook").get_attribute("href") == "/"
    page.wait_for_selector("text=No errors.", timeout=60_000)
    page.fill("input[name=gap]", "0")
    page.get_by_role("button", name="Solve").press("Enter")
    page.wait_for_selector("text=Read the report", timeout=60_000)
    assert page.inner_text("#incumbent") == page.inner_text("#bound") == "1,170.0000"
    titles = "document.getElementById('chart').layout"
    page.wait_for_selector("html[data-live]", state="attached")
    assert page.evaluate(f"[{titles}.xaxis.title.text, {titles}.yaxis.title.text]") == [
        "Time in the solver (s)",
        "Cost (M, present value)",
    ]
    report = page.frame_locator("iframe")
    report.locator("html[data-ready]").wait_for(timeout=60_000)
    assert report.locator("[data-figure='total cost']").first.inner_text().startswith("1,170")
    own = page.get_by_role("link", name="Read the report").get_attribute("href")
    assert own == page.get_attribute("iframe", "src")
    assert complaints == []
    assert all(url.startswith((f"{address}/", "data:", "blob:")) for url in requests)
    context.close()


@pytest.mark.slow
@needs_browser
def test_stop_keeps_the_best_plan(address: str, opened: Any, guest: Guest, hard: str) -> None:
    """Proves: plan and bound move while it is watched; stopped, the plan is there with its gap."""
    run = guest.solve(hard, 0)
    context = opened.new_context()
    context.add_cookies(
        [{"name": "visitor", "value": guest.client.cookies["visitor"], "url": address}]
    )
    page = context.new_page()
    page.goto(f"{address}{run}")
    page.locator("#incumbent", has_text=re.compile(r"\d")).wait_for(timeout=60_000)
    page.click("text=Stop and keep the best plan so far")
    page.wait_for_selector("text=Read the report", timeout=60_000)
    assert "It was stopped." in page.inner_text(".good")
    cost, bound = (float(page.inner_text(at).replace(",", "")) for at in ("#incumbent", "#bound"))
    assert 0 < bound < cost
    assert guest.client.get(f"{run}/plan.xlsx").content[:2] == b"PK"
    context.close()


@pytest.mark.long
def test_what_is_removed_ends(guest: Guest, hard: str) -> None:
    """Proves: removal ends the solve that goes on and the one that waits, and leaves no address."""
    first, second = guest.solve(hard, 0), guest.solve(hard, 0)
    guest.until(first, lambda state: state["state"] == "running" and bool(solvers()))
    assert guest.client.post("/forget").headers["location"] == "/"
    assert solvers() == []
    assert [guest.client.get(page).status_code for page in (hard, first, second)] == [404] * 3


# Changing and comparing ---------------------------------------------------------------------------


def test_a_slider_changes_the_workbook_and_the_plan(minimal: Path, tmp_path: Path) -> None:
    """Proves: 130 MW of grid in place of 65 give 1125 M, worked out by hand; as it stands 1170 M.

    The bridge between the two plans is their difference.
    """
    data = optalloc.validate(optalloc.read_workbook(minimal), MODEL)
    levers = [lever.to_dict() for lever in levers_of(data, MODEL)]
    (grid,) = (lever for lever in levers if lever["column"] == "max_total_mw")
    assert override(grid, 0, 100) is None
    change = override(grid, 0, 200)
    assert change is not None and change["words"].endswith("= 130 MW grid")
    costs = []
    for name, changes in (("a", []), ("b", [change])):
        (tmp_path / name).mkdir()
        told = {"kind": "solve", "folder": tmp_path / name, "model": None, "book": minimal}
        given = {"gap": 0, "time_limit_s": 100, "threads": 1, "changes": changes}
        costs.append(work.done({**told, **given}, lambda **_: None)["objective"])
    assert costs == pytest.approx([1170, 1125])
    changed = optalloc.validate(optalloc.read_workbook(tmp_path / "b" / "changed.xlsx"), MODEL)
    assert changed["GridZones"]["max_total_mw"].tolist() == [130, 130, 130]
    plans = [str(tmp_path / name / "plan.xlsx") for name in "ab"]
    told = {"kind": "compare", "folder": tmp_path, "model": None, "plans": plans}
    found = work.done(told, print)
    assert found["ending"] == "compared"
    assert any(re.search(r"\b45\b", words) for words in found["words"]), found["words"]


@pytest.mark.slow
@needs_browser
def test_sliders_and_two_plans_in_the_browser(address: str, opened: Any, minimal: Path) -> None:
    """Proves: a slider moved by keys says its value and changes that run alone; the comparison is exact.

    By hand 1170 M as it stands and 1125 M with 130 MW of grid in place of 65.
    """
    context = opened.new_context()
    page, complaints = context.new_page(), []
    page.on("console", lambda said: complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address)
    page.set_input_files("#workbook", minimal)
    page.click("text=Upload and check")
    page.wait_for_selector("text=No errors.", timeout=60_000)
    costs = []
    for moved in (False, True):
        page.fill("input[name=gap]", "0")
        if moved:
            page.click("text=Change limits for this run")
            lever = page.locator(".lever", has_text="GridZones: max_total_mw")
            assert lever.locator("output").inner_text() == "as it stands: 65 MW grid"
            lever.locator("input").press("End")
            assert "130" in lever.locator("output").inner_text()
        page.get_by_role("button", name="Solve").click()
        page.wait_for_selector("text=Read the report", timeout=60_000)
        costs.append(page.inner_text("#incumbent"))
        assert ("= 130 MW grid" in page.inner_text("main .note")) == moved
    assert costs == ["1,170.0000", "1,125.0000"]
    page.goto(address)
    page.get_by_role("button", name="Compare").click()
    page.wait_for_selector("text=Download all tables", timeout=60_000)
    assert re.search(r"\b45\b", page.inner_text(".said"))
    assert complaints == []
    context.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("attitude", "neutral", "moved", "cost"),
    [
        # By hand: R costs 150 expected and 350 in the worst fifth, S 160 whatever comes.
        (None, 0, 50, 160),
        ({"measure": "mean and tail", "tail_share": 0.2, "tail_weight": 0.33}, 33, 0, 150),
    ],
)
def test_the_slider_of_the_worst_scenarios(
    attitude: dict[str, Any] | None, neutral: int, moved: int, cost: float, tmp_path: Path
) -> None:
    """Proves: a workbook with uncertainties has a slider for the weight of its worst scenarios, where
    it states an attitude or none; moved it gives the other site, and the copy says so.
    Sensitivity: where the worst scenario is to be least, and without uncertainties, there is none."""
    book = tmp_path / "book.xlsx"
    optalloc.write_template(MODEL, book, tail(**(attitude or {})))
    if attitude is None:
        # A workbook that has no such sheet at all.
        sheets = openpyxl.load_workbook(book)
        del sheets["Attitude"]
        sheets.save(book)
    data = optalloc.validate(optalloc.read_workbook(book), MODEL)
    lever = [one.to_dict() for one in levers_of(data, MODEL)][-1]
    assert (lever["sheet"], lever["neutral"]) == ("Attitude", neutral)
    assert override(lever, 0, neutral) is None
    change = override(lever, 0, moved)
    assert change is not None and change["words"] == f"Attitude: tail_weight = {moved} %"
    told = {"kind": "solve", "folder": tmp_path, "model": None, "book": book, "gap": 0}
    given = {"time_limit_s": 100, "threads": 1, "changes": [change]}
    found = work.done({**told, **given}, lambda **_: None)
    assert found["objective"] == pytest.approx(cost)
    stated = optalloc.validate(optalloc.read_workbook(tmp_path / "changed.xlsx"), MODEL)
    assert stated.one("Attitude").tail_weight == moved / 100
    for other in (tail(measure="worst"), {**tail(), "Uncertainties": [], "Outcomes": []}):
        optalloc.write_template(MODEL, book, other)
        data = optalloc.validate(optalloc.read_workbook(book), MODEL)
        assert "Attitude" not in {one.sheet for one in levers_of(data, MODEL)}


@pytest.mark.slow
@needs_browser
def test_the_slider_of_the_worst_scenarios_says_its_weight(
    address: str, opened: Any, tmp_path: Path
) -> None:
    """Proves: it says the weight itself, and not a percentage of what stands in the workbook."""
    optalloc.write_template(MODEL, tmp_path / "book.xlsx", tail())
    context = opened.new_context()
    page = context.new_page()
    page.goto(address)
    page.set_input_files("#workbook", tmp_path / "book.xlsx")
    page.click("text=Upload and check")
    page.wait_for_selector("text=No errors.", timeout=60_000)
    page.click("text=Change limits for this run")
    lever = page.locator(".lever", has_text="Attitude: tail_weight")
    assert lever.locator("output").inner_text() == "as it stands: 0 %"
    lever.locator("input").press("End")
    assert lever.locator("output").inner_text() == "95 %"
    context.close()


def test_sliders_stay_within_their_columns(minimal: Path) -> None:
    """Proves: a position beyond the slider or rows that are not there are refused."""
    data = optalloc.validate(optalloc.read_workbook(minimal), MODEL)
    lever = next(levers_of(data, MODEL)).to_dict()
    for rows, position in ((0, lever["most"] + 1), (0, lever["least"] - 1), (99, lever["most"])):
        with pytest.raises(ValueError):
            override(lever, rows, position)


@pytest.mark.slow
def test_where_there_is_no_plan_it_says_why(tmp_path: Path) -> None:
    """Proves: the sentences are those of the explanation, with the cell of the grid zone."""
    told = {"kind": "solve", "folder": tmp_path, "model": None, "gap": 0.01, "threads": 1}
    told |= {"book": INPUTS / "infeasible" / "grid", "time_limit_s": 60, "changes": []}
    found = work.done(told, lambda **_: None)
    assert found["ending"] == "infeasible"
    assert "grid zone Kanto can carry at most 50 MW in 2028 (GridZones!D3)" in found["words"][0]
    assert (tmp_path / "explanation.xlsx").is_file()


# What fails ---------------------------------------------------------------------------------------


@pytest.mark.slow
def test_what_needs_too_much_memory_ends_alone(minimal: Path, tmp_path: Path) -> None:
    """Proves: beyond its limit a process says so and leaves its result. Sensitivity: the server's have 4 GB."""
    told = {"kind": "check", "book": str(minimal), "most_unpacked": 8 * MOST, "model": None}
    told |= {"folder": str(tmp_path), "memory": 2**20}
    run = [sys.executable, "-c", LAUNCH, *sys.path]
    subprocess.run(run, input=json.dumps(told).encode(), check=True, timeout=60)
    found = json.loads((tmp_path / work.RESULT).read_text("utf-8"))
    assert found["ending"] == "refused" and "ran out of memory" in found["words"][0]


HOLD = """
import sys
from pathlib import Path
from optalloc.serve.folder import own_folder
with own_folder(Path(sys.argv[1])) as folder:
    (folder / "book.xlsx").touch()
    print(folder.name, flush=True)
    sys.stdin.read()
"""


def test_the_next_server_removes_what_a_killed_one_left(tmp_path: Path) -> None:
    """Proves: a folder goes with its server, killed or not. Sensitivity: one whose server lives stays."""
    (tmp_path / "optalloc-serve-notes").mkdir()
    run = [sys.executable, "-c", HOLD, str(tmp_path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    killed, living = (subprocess.Popen(run, **pipes) for _ in range(2))
    names = [child.stdout.readline().strip() for child in (killed, living)]
    killed.kill()
    killed.wait()
    kept = {"optalloc-serve-notes", names[1]}
    assert {f.name for f in tmp_path.iterdir()} == {*kept, names[0]}
    with own_folder(tmp_path) as own:
        assert {f.name for f in tmp_path.iterdir()} == {*kept, own.name}
        assert stat.S_IMODE(own.stat().st_mode) == 0o700
        assert (tmp_path / names[1] / "book.xlsx").exists()
    living.communicate()
    killed.stdin.close()
    killed.stdout.close()
    assert {f.name for f in tmp_path.iterdir()} == {"optalloc-serve-notes"}


# Starting -----------------------------------------------------------------------------------------


def test_a_taken_port_is_said(tmp_path: Path) -> None:
    """Proves: it does not start where another listens, and says what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OptallocError, match=f"port {port}.*choose another"):
            serve(port=port)


def test_what_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves: without the extra the command says which one to install."""
    monkeypatch.setitem(sys.modules, "starlette", None)
    with pytest.raises(OptallocError, match=re.escape("starlette, not installed: pip install")):
        serve()


def test_loopback_is_told_from_other_addresses() -> None:
    """Proves: only these need no warning."""
    assert all(map(is_loopback, ("127.0.0.1", "127.9.9.9", "::1", "localhost")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "10.0.0.1", "example.org")))
