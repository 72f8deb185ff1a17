"""The first page: from places, examples and the template to a workbook and its plan."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

import optalloc
from optalloc.starting.load import load_starter
from tests.browser import needs_browser
from tests.command import optalloc_says
from tests.paths import ROOT
from tests.serve.guest import MODEL, Guest, served

PLACES = {"places": "Dallas, Atlanta", "home": "Northern Virginia", "demand": "50", "growth": "20%"}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (
            {"places": "Atlantis, Dallas"},
            "Where could be built: &#39;Atlantis&#39; is not in the catalogue",
        ),
        (
            {"places": "Dallas, dallas"},
            "Where could be built: &#39;dallas&#39; is &#39;Dallas&#39; again",
        ),
        ({"places": "; ,"}, "Where could be built: name at least one"),
        ({"places": ",".join(f"place {k}" for k in range(10_000))}, "found 10,000"),
        ({"home": ""}, "Home: name the place where the demand is"),
        ({"demand": "0"}, "Demand now: must be above 0"),
        ({"demand": "1e400"}, "Demand now: must be a number above 0"),
        ({"growth": "-200 %"}, "Growth a year: must be a share a year of 0 to 200%"),
        ({"years": "a decade"}, "Years: must be a whole number"),
    ],
)
def test_what_no_workbook_can_be_started_from_is_said(
    guest: Guest, typed: dict[str, str], said: str
) -> None:
    """Proves: each mistake is named on the page, what was typed stays there, and nothing is made.

    Sensitivity: the same form without it makes a workbook (`test_from_places_to_a_plan`)."""
    answer = guest.client.post("/start", data={**PLACES, "years": "6", **typed})
    assert answer.status_code == 422
    assert said in answer.text
    assert 'value="20%"' in answer.text or "growth" in typed
    assert "Yours" not in guest.client.get("/").text


def test_every_mistake_is_said_at_once(guest: Guest) -> None:
    """Proves: an empty form has one line for each field, by the label that the field has on the page,
    and none sends to a command line. Sensitivity: the command itself does."""
    answer = guest.client.post("/start", data={})
    assert answer.status_code == 422
    form = re.search(r'<form method="post" action="/start".*?</form>', answer.text, re.DOTALL)
    assert form is not None
    labels = re.findall(
        r"<label[^>]*>([^<]+?)[:(]?\s*(?:where the demand is|\([^)]*\))? <input", form[0]
    )
    found = re.findall(r"<li>([^:<]+):", answer.text)
    assert found == [label.partition(":")[0].partition(" (")[0] for label in labels]
    assert len(found) == 5
    wrong = guest.client.post("/start", data={**PLACES, "places": "Atlantis", "years": "6"}).text
    told = "".join(re.findall(r"<li>.*?</li>", answer.text + wrong))
    assert "listed below the form" in told and "optalloc" not in told
    assert "optalloc places lists all" in optalloc_says("places", "Atlantis").stderr


@pytest.mark.long
@needs_browser
def test_from_places_to_a_plan(address: str, opened: Any, tmp_path: Path) -> None:
    """Proves: typed and chosen places, by keyboard alone, become a plan; it is that of the workbook
    which can be downloaded, and that one is what `optalloc.start` writes."""
    context = opened.new_context(accept_downloads=True)
    page, complaints, requests = context.new_page(), [], []
    page.on("console", lambda said: complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(address)
    page.focus("[name=places]")
    page.keyboard.type("Dallas, Atl")
    # The last of the names is completed.
    options = "[...document.getElementById('known-list').options].map((o) => o.value)"
    assert "Dallas, Atlanta" in page.evaluate(options)
    page.keyboard.type("anta")
    for typed in ("Northern Virginia", "50", "20%", "6"):
        page.keyboard.press("Tab")
        page.keyboard.type(typed)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Make it and solve it"
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Read the report", timeout=120_000)
    cost = float(page.inner_text("#incumbent").replace(",", ""))
    page.click("nav a")
    page.wait_for_selector("text=21 published figures")
    with page.expect_download() as coming:
        page.click("text=Download the workbook")
    book = tmp_path / "book.xlsx"
    coming.value.save_as(book)
    plan = optalloc.solve(book)
    assert plan.cost == pytest.approx(cost, rel=plan.gap + 0.005)
    started = tmp_path / "started.xlsx"
    optalloc.start(started, **PLACES, years="6")
    assert optalloc.read_workbook(book).sheets == optalloc.read_workbook(started).sheets
    assert complaints == []
    assert all(url.startswith((f"{address}/", "data:", "blob:")) for url in requests)
    context.close()


@pytest.mark.long
@needs_browser
def test_places_are_chosen_from_the_catalogue(address: str, opened: Any) -> None:
    """Proves: each place of the catalogue has a button that adds it and takes it away again."""
    page = opened.new_page()
    page.goto(address)
    page.click("text=places that the catalogue knows")
    names = [place.name for place in load_starter().places()]
    assert sorted(page.locator("[data-place]").all_inner_texts()) == sorted(names)
    page.fill("[name=places]", "sydney")
    page.click("[data-place=Tokyo]")
    assert page.input_value("[name=places]") == "sydney, Tokyo"
    assert page.get_attribute("[data-place=Sydney]", "aria-pressed") == "true"
    page.click("[data-place=Sydney]")
    assert page.input_value("[name=places]") == "Tokyo"
    page.close()


@pytest.mark.long
def test_template_and_examples_are_downloaded_opened_and_solved(
    guest: Guest, tmp_path: Path
) -> None:
    """Proves: the example is a workbook that costs 1170 M, by hand, downloaded or solved at once."""
    for name in ("template", "examples/minimal"):
        answer = guest.client.get(f"/{name}.xlsx")
        assert answer.status_code == 200
        (tmp_path / Path(f"{name}.xlsx").name).write_bytes(answer.content)
    assert optalloc.solve(tmp_path / "minimal.xlsx").cost == pytest.approx(1170)
    found = optalloc.check(optalloc.read_workbook(tmp_path / "template.xlsx"), MODEL)[1]
    assert {problem.code for problem in found} >= {"empty-sheet"}
    opened = guest.client.post("/examples/minimal").headers["location"]
    assert "No errors." in guest.ended(opened)
    solved = guest.client.post("/examples/minimal", data={"solve": "1"}).headers["location"]
    guest.until(solved, lambda state: state["state"] == "ended")
    run = guest.client.get(solved).headers["location"]
    assert run.startswith("/runs/") and "1,170.0000" in guest.ended(run)
    # The second time it is the workbook.
    assert guest.client.get(solved).status_code == 200
    for missing in ("/examples/atlantis.xlsx", "/examples/..%2Fminimal.xlsx"):
        assert guest.client.get(missing).status_code == 404


def test_a_model_without_a_catalogue_offers_none(tmp_path: Path) -> None:
    """Proves: another model has neither places nor the examples of the capacity model."""
    with (
        served(folder=tmp_path, model=ROOT / "tests" / "toy") as address,
        httpx.Client(base_url=address, headers={"Origin": address}) as client,
    ):
        page = client.get("/").text
        assert "Your own workbook" in page
        assert "From places" not in page and "Examples" not in page
        assert client.post("/start", data=PLACES).status_code == 404
        assert client.post("/examples/minimal").status_code == 404


def test_the_link_of_a_visitor(address: str, guest: Guest, minimal: Path) -> None:
    """Proves: whoever has the link finds the workbooks; another link, even one letter off, is not found."""
    guest.upload(minimal)
    (link,) = re.findall(r'class="own" href="([^"]+)"', guest.client.get("/").text)
    assert link.startswith(f"{address}/mine/")
    token = link.rpartition("/")[2]
    # 32 random bytes.
    assert len(token) == 43
    other = Guest(address)
    wrong = token[:-2] + ("xx" if not token.endswith("xx") else "yy")
    assert other.client.get(f"/mine/{wrong}").status_code == 404
    own = "minimal.xlsx</a>"
    assert own not in other.client.get("/").text
    # The link alone changes nothing: whoever sent it would see what is uploaded.
    assert "minimal.xlsx" in other.client.get(f"/mine/{token}").text
    assert own not in other.client.get("/").text
    elsewhere = {"Origin": "http://elsewhere.example"}
    assert other.client.post(f"/mine/{token}", headers=elsewhere).status_code == 403
    assert own not in other.client.get("/").text
    assert other.client.post(f"/mine/{token}").status_code == 303
    assert own in other.client.get("/").text
    other.close()
