"""Runs as visitors meet them: solved, watched in a real browser, stopped, and read."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import optalloc
from optalloc.serve.files import RESULT
from optalloc.serve.task import LAUNCH
from optalloc.serve.work import process
from tests.analysis.test_out_of_sample import RANGE
from tests.browser import needs_browser
from tests.paths import INPUTS
from tests.plan.test_policy import newsvendor
from tests.serve.guest import MODEL, MOST, Guest


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
    page.fill(".solve input[name=gap]", "0")
    page.get_by_role("button", name="Solve").press("Enter")
    page.wait_for_selector("text=Read the report", timeout=60_000)
    assert page.inner_text("#incumbent") == page.inner_text("#bound") == "1,170.0000"
    titles = "document.getElementById('chart').layout"
    page.wait_for_selector("html[data-live]", state="attached")
    axes = [f"{titles}.{axis}.title.text" for axis in ("xaxis", "yaxis", "yaxis2")]
    assert page.evaluate(f"[{', '.join(axes)}]") == [
        "Time in the solver (s)",
        "Cost (M, present value)",
        "Gap (%)",
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
def test_stop_keeps_the_best_plan(address: str, opened: Any, guest: Guest, hard: Path) -> None:
    """Proves: plan and bound move while it is watched; stopped, the plan is there with its gap."""
    run = guest.solve(guest.checked(hard), 0)
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
    # The chart shows the gap: the area between plan and bound, its curve, and the last of it.
    chart = "document.getElementById('chart')"
    page.wait_for_selector("#chart .annotation")
    assert page.evaluate(f"{chart}.data[1].fill") == "tonexty"
    said = page.evaluate(f"{chart}.layout.annotations[0].text")
    last = page.evaluate(f"{chart}.data[4].y.at(-1)")
    assert said == f"gap {last:.3f} %"
    assert last == pytest.approx(100 * (cost - bound) / cost, rel=0.05)
    assert guest.client.get(f"{run}/plan.xlsx").content[:2] == b"PK"
    context.close()


@pytest.mark.slow
def test_where_there_is_no_plan_it_says_why(tmp_path: Path) -> None:
    """Proves: the sentences are those of the explanation, with the cell of the grid zone."""
    told = {"kind": "solve", "folder": tmp_path, "model": None, "gap": 0.01, "threads": 1}
    told |= {"book": INPUTS / "infeasible" / "grid", "time_limit_s": 60, "changes": []}
    found = process.done(told, lambda **_: None)
    assert found["ending"] == "infeasible"
    assert "grid zone Kanto can carry at most 50 MW in 2028 (GridZones!D3)" in found["words"][0]
    assert (tmp_path / "explanation.xlsx").is_file()


@pytest.mark.slow
def test_what_needs_too_much_memory_ends_alone(minimal: Path, tmp_path: Path) -> None:
    """Proves: beyond its limit a process says so and leaves its result. Sensitivity: the server's have 4 GB."""
    told = {"kind": "check", "book": str(minimal), "most_unpacked": 8 * MOST, "model": None}
    told |= {"folder": str(tmp_path), "memory": 2**20}
    run = [sys.executable, "-c", LAUNCH, *sys.path]
    subprocess.run(run, input=json.dumps(told).encode(), check=True, timeout=60)
    found = json.loads((tmp_path / RESULT).read_text("utf-8"))
    assert found["ending"] == "refused" and "ran out of memory" in found["words"][0]


def with_sweep(minimal: Path, out: Path, values: int) -> Path:
    """The workbook with a sweep of so many values of a limit."""
    data = optalloc.validate(optalloc.read_workbook(minimal), MODEL)
    row = {
        "sweep": "grid",
        "design": "one at a time",
        "change": "grid",
        "sheet": "GridZones",
        "column": "max_total_mw",
        "operation": "multiply",
        "values": "; ".join(f"{1 + k / 10:g}" for k in range(1, values + 1)),
    }
    sheets = {**data.records(), "Sweeps": [row]}
    optalloc.write_template(MODEL, out, sheets)
    return out


@pytest.mark.long
@needs_browser
def test_a_sweep_is_watched_stopped_and_gone_on_with(
    address: str, opened: Any, minimal: Path, tmp_path: Path
) -> None:
    """Proves: cases are counted as they come; stopped, those done are shown with the others named, and
    going on solves only what is missing. By hand the base case costs 1170 M, twice the grid 1125 M."""
    context = opened.new_context()
    page = context.new_page()
    page.goto(address)
    page.set_input_files("#workbook", with_sweep(minimal, tmp_path / "swept.xlsx", 10))
    page.click("text=Upload and check")
    page.wait_for_selector("text=No errors.", timeout=60_000)
    page.click("text=Sweeps")
    page.get_by_role("button", name="Sweep").click()
    page.locator("#steps-words", has_text=re.compile(r"^[1-9]\d* of 11$")).wait_for(timeout=90_000)
    assert page.evaluate("document.getElementById('steps').value") > 0
    page.click("text=Stop and keep what is done")
    page.wait_for_selector("text=It was stopped; this is what was done by then.", timeout=60_000)
    said = page.inner_text(".said")
    (done,) = re.findall(r"It was stopped: (\d+) of 11 cases are finished", said)
    assert 0 < int(done) < 11
    table = page.locator("section", has=page.get_by_role("heading", name="Cases"))
    assert table.get_by_text("it was stopped before it was solved").count() == 11 - int(done)
    page.click("text=Go on with the cases that are missing")
    page.wait_for_selector("text=Done.", timeout=120_000)
    assert "All 11 cases have a plan." in page.inner_text(".said")
    assert "The base case costs 1,170.00 M" in page.inner_text(".said")
    assert "1,125.00 M" in page.inner_text(".said")
    frame = page.frame_locator("iframe")
    frame.locator("html[data-ready]").wait_for(timeout=60_000)
    with page.expect_download() as coming:
        page.click("text=Download sweep.xlsx")
    assert coming.value.suggested_filename == "swept-sweep.xlsx"
    context.close()


@pytest.mark.long
def test_questions_of_a_plan(guest: Guest, minimal: Path) -> None:
    """Proves: by hand the plan costs 1170 M, the alternative within 1 % 1175 M; each names its plan."""
    book = guest.checked(minimal)
    run = guest.solve(book, 0)
    guest.ended(run)
    plan = run.rpartition("/")[2]
    why = guest.ask(book, "explain", plan=plan)
    assert "The plan costs 1,170 M and is optimal." in guest.ended(why)
    assert "Why run 1 of minimal.xlsx" in guest.client.get(book).text
    others = guest.ask(book, "alternatives", plan=plan, slack="1", count="1")
    text = guest.ended(others)
    assert "Alternatives to run 1 of minimal.xlsx" in text and "1,175" in text
    # The charts end with what was proven, though a proof is repeated from its start.
    for page in (run, others):
        (_, *last) = guest.client.get(f"{page}/state").json()["points"][-1]
        assert last == pytest.approx([1170, 1170, 0], abs=1e-6), page
    for page in (why, others):
        assert guest.client.get(f"{page}/tables.xlsx").content[:2] == b"PK"
    # Without a plan the workbook is solved first, and the plan is there.
    first = guest.ask(book, "explain")
    assert "1,170.0000" in guest.ended(first)
    assert guest.client.get(f"{first}/plan.xlsx").content[:2] == b"PK"


@pytest.mark.long
def test_questions_about_scenarios(guest: Guest, tmp_path: Path) -> None:
    """Proves: by hand the policy costs 87.5 M expected, and building 50 at most 100 M more than the best."""
    optalloc.write_template(MODEL, tmp_path / "news.xlsx", newsvendor())
    book = guest.checked(tmp_path / "news.xlsx")
    assert "of 2 scenarios" in guest.client.get(book).text
    regrets = guest.ask(book, "regrets")
    assert "best for demand=low: 87.5 M expected, and at most 100 M more" in guest.ended(regrets)
    frontier = guest.ended(guest.ask(book, "frontier"))
    assert "Frontier" in frontier and "87.5" in frontier


@pytest.mark.long
def test_why_one_member_and_not_another(guest: Guest, minimal: Path) -> None:
    """Proves: of a plan of 1170 M by hand, where the best without North costs 1175 M, only the member
    that was asked about is explained. Sensitivity: asked about nothing, South is explained, too; a name
    that nothing has is refused, with the name."""
    book = guest.checked(minimal)
    assert re.findall(r"<option>(\w+)</option>", guest.client.get(book).text) == ["North", "South"]
    why = guest.ended(guest.ask(book, "explain", about="North"))
    assert "the best plan that builds nothing at North costs 5 M more" in why
    assert "Why the plan of minimal.xlsx: North" in guest.client.get(book).text
    south = "South: the plan builds at South"
    assert south not in why
    assert south in guest.ended(guest.ask(book, "explain"))
    wrong = {"gap": "0", "seconds": "9", "about": "Nord"}
    answer = guest.client.post(f"{book}/explain", data=wrong)
    assert answer.status_code == 400 and "is called Nord" in answer.text


@pytest.mark.long
def test_scenarios_are_drawn_from_ranges_and_made_fewer(guest: Guest, tmp_path: Path) -> None:
    """Proves: of one range come three scenarios, of which two can be kept; each copy is downloaded, and
    opened as a workbook of its own, whose scenarios are counted. Sensitivity: the workbook itself keeps
    its range and has none."""
    made = newsvendor()
    del made["Uncertainties"], made["Outcomes"]
    made["Ranges"] = [RANGE]
    optalloc.write_template(MODEL, tmp_path / "news.xlsx", made)
    book = guest.checked(tmp_path / "news.xlsx")
    run = guest.ask(book, "generate", seed=0)
    assert "Open it here" in guest.ended(run)
    copy = opened_copy(guest, run)
    assert "of its 3 scenarios" in guest.client.get(copy).text
    run = guest.ask(copy, "reduce", to=2)
    assert "Open it here" in guest.ended(run)
    assert "of its 2 scenarios" in guest.client.get(opened_copy(guest, run)).text
    kept = optalloc.read_workbook(saved(guest, run, tmp_path / "fewer.xlsx"))
    assert len(kept.sheets["Scenarios"].rows) - 1 == 2
    assert "Questions on risk are offered once" in guest.client.get(book).text
    for to, said in ((3, "from 1 to 2"), (0, "from 1 to 2")):
        answer = guest.client.post(f"{copy}/reduce", data={"gap": "0", "seconds": "9", "to": to})
        assert answer.status_code == 400 and said in answer.text


@pytest.mark.long
def test_a_plan_in_new_scenarios_is_named_as_its_visitor_knows_it(
    guest: Guest, tmp_path: Path
) -> None:
    """Proves: words and tables name the run. Sensitivity: by the path of its plan they would show the
    folders of the server, and the visitor's own among them."""
    made = newsvendor()
    del made["Uncertainties"], made["Outcomes"]
    made["Ranges"] = [RANGE]
    optalloc.write_template(MODEL, tmp_path / "news.xlsx", made)
    book = guest.checked(tmp_path / "news.xlsx")
    run = guest.solve(book, 0)
    guest.ended(run)
    plan = run.rpartition("/")[2]
    text = guest.ended(guest.ask(book, "test", plan=plan, draws=2, seed=0))
    assert "OutOfSample" in text and "<td>Run 1 of news.xlsx</td>" in text
    assert "plan.xlsx</td>" not in text and "optalloc-serve" not in text


def opened_copy(guest: Guest, run: str) -> str:
    """The page of the workbook that a run has written, once it has been checked."""
    answer = guest.client.post(f"{run}/open")
    assert answer.status_code == 303, answer.text
    page = str(answer.headers["location"])
    assert "No errors." in guest.ended(page)
    return page


def saved(guest: Guest, run: str, path: Path) -> Path:
    path.write_bytes(guest.client.get(f"{run}/renewed.xlsx").content)
    return path


class Stopped:
    """A request to stop that came while a solver worked, which took it for itself."""

    requested = True

    def allow(self, allowed: bool) -> None:
        pass


@pytest.mark.long
def test_a_question_that_was_stopped_keeps_what_is_done(minimal: Path, tmp_path: Path) -> None:
    """Proves: the plan is there, with what was said of it by then. Sensitivity: else it says more."""
    told = {"kind": "explain", "folder": tmp_path, "model": None, "book": minimal, "plan": None}
    told |= {"gap": 0, "time_limit_s": 60, "threads": 1}
    part = process.done(told, lambda **_: None, Stopped())
    whole = process.done(told, lambda **_: None)
    assert part["stopped"] and not whole["stopped"]
    assert part["words"][0].startswith("It was stopped: what follows is of ")
    assert "The plan costs 1,170 M and is optimal." in part["words"]
    assert set(part["words"][1:]) < set(whole["words"])
    assert part["plan"]["objective"] == pytest.approx(1170)


# Keyboard and phone -------------------------------------------------------------------------------

FOCUSED = """() => {
  const at = document.activeElement, box = at.getBoundingClientRect();
  const style = getComputedStyle(at);
  return { tag: at.tagName, name: at.name || at.id || at.textContent.trim(), width: box.width,
           outline: style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth) };
}"""
CONTROLS = """() => [...document.querySelectorAll('a[href], button, input, select, summary, [tabindex="0"]')]
  .filter((one) => one.type !== 'hidden' && one.checkVisibility()).length"""
NAMELESS = """() => [...document.querySelectorAll('input, select, progress')]
  .filter((one) => one.type !== 'hidden' && !one.labels?.length && !one.getAttribute('aria-label'))
  .map((one) => one.outerHTML)"""


@pytest.mark.long
@needs_browser
def test_every_control_is_reached_and_every_page_fits_a_phone(
    address: str, opened: Any, guest: Guest, minimal: Path
) -> None:
    """Proves: Tab alone reaches each control of each page, with an outline, and each field has a name;
    at 390 px nothing has to be scrolled sideways. Sensitivity: a wide block has to be."""
    book = guest.checked(minimal)
    run = guest.solve(book, 0)
    guest.ended(run)
    why = guest.ask(book, "explain", plan=run.rpartition("/")[2])
    guest.ended(why)
    other = guest.solve(book, 0)
    guest.ended(other)
    sides = {"a": run.rpartition("/")[2], "b": other.rpartition("/")[2]}
    compared = guest.ask(book, "compare", **sides)
    guest.ended(compared)
    context = opened.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    token = guest.client.cookies["visitor"]
    context.add_cookies([{"name": "visitor", "value": token, "url": address}])
    page = context.new_page()
    width = "document.documentElement.scrollWidth"
    for place in ("/", book, run, why, compared, "/nothing"):
        page.goto(f"{address}{place}")
        page.wait_for_load_state("load")
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        page.evaluate("document.querySelectorAll('iframe').forEach((one) => one.remove())")
        assert page.evaluate(width) <= 390, place
        assert page.evaluate(NAMELESS) == [], place
        reached = []
        for _ in range(page.evaluate(CONTROLS)):
            page.keyboard.press("Tab")
            found = page.evaluate(FOCUSED)
            reached.append((found["tag"], found["name"]))
            assert found["outline"] >= 1 or found["tag"] == "BODY", (place, found)
        assert ("BODY", "") not in {(tag, "") for tag, _ in reached}, (place, reached)
    page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<p style=\"width: 500px; height: 9px\">')"
    )
    assert page.evaluate(width) > 390
    context.close()
