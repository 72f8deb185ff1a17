"""The page and the workbook of a policy: one scenario at a time, never all added up."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

import optalloc
from optalloc.mip.attitude import Measure
from optalloc.plan.planfile import read_plan
from optalloc.plan.policy import LEAST
from optalloc.plan.policy_words import value_in_words
from tests.books import Book, solve
from tests.browser import Reader, browser, needs_browser
from tests.command import optalloc_says
from tests.plan.test_policy import newsvendor, steps, tail


def costly_steps() -> Book:
    """`steps` where a commitment costs 1 M, so that none is made before it is needed."""
    made = steps()
    for site in made["Sites"]:
        site["site_cost"] = 1
    return made


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> optalloc.Plan:
    return solve(costly_steps(), tmp_path_factory.mktemp("steps"))


@pytest.fixture(scope="module")
def opened() -> Iterator[Any]:
    with browser() as found:
        yield found


@pytest.fixture(scope="module")
def reader(policy: optalloc.Plan, opened: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("page") / "report.html"
    policy.to_html(path)
    found = Reader(opened, path)
    yield found
    found.close()


@pytest.mark.long
@needs_browser
def test_every_chart_is_of_the_chosen_scenario(reader: Reader, policy: optalloc.Plan) -> None:
    """Proves: lines and the bridge are those of one scenario's own plan, and the page says which.
    Sensitivity: the four scenarios cost 0, 51, 51 and 101."""
    reader.draw_all()
    assert not reader.complaints
    assert reader.page.evaluate("report.plan.periods") == ["Y1", "Y2", "Y3", "Y4"]
    options = reader.page.locator("#filter-scenario option").all_text_contents()
    assert options == [f"{name} (25 %)" for name in policy.futures]
    for name, own in policy.futures.items():
        reader.choose("scenario", name)
        total = reader.drawn("What it costs")["rows"][-1] if own.cost else ["Total", 0]
        assert total[1] == pytest.approx(own.cost)
        lines = reader.drawn("Capacity against demand")["rows"]
        assert [row[1] for row in lines] == own["Balance"]["demand_mw"].tolist()
        said = reader.page.locator("#capacity-against-demand .single").text_content()
        assert said == f"Scenario: {name} (25 %)"
        listed = reader.page.locator("#what-limits-the-plan .toolbar span").first.text_content()
        assert listed.startswith(f"{len(own['BindingLimits'])} ")


@needs_browser
def test_what_is_about_all_scenarios_is_not_filtered(reader: Reader, policy: optalloc.Plan) -> None:
    """Proves: tree, distribution and regret show every scenario whatever is chosen, each figure that
    of its table."""
    reader.choose("scenario", "rise=no; again=no")
    for title, table in (("What may become known", "Tree"), ("What it may cost", "Futures")):
        assert len(reader.drawn(title)["rows"]) == len(policy[table])
    regrets = {row[0]: row[1:] for row in reader.drawn("What would have been saved")["rows"]}
    assert regrets["rise=yes; again=yes"] == [pytest.approx(20)] * 2
    said = reader.page.locator("#what-may-become-known .single").text_content()
    assert said == ""


@needs_browser
def test_what_to_do_comes_first_and_in_words(reader: Reader, policy: optalloc.Plan) -> None:
    """Proves: what to do now and later come first, each action in its case, and values as sentences;
    nothing is infinite or not a number."""
    page = reader.page
    page.evaluate("report.parts.forEach((part) => part.come?.())")
    titles = page.locator("main h2").all_text_contents()
    assert titles[:2] == ["What to do now", "What to do later"]
    none = "Nothing has to be decided before 2028-01-01, when rise is known."
    assert page.locator("h1").text_content() == none
    assert page.locator("#what-to-do-now .instead").text_content() == none
    cases = page.locator("#what-to-do-later summary").all_text_contents()
    assert cases[0] == "If rise=yes (known 2028-01-01, probability 50\N{NO-BREAK SPACE}%)"
    assert len(cases) == policy["Policy"]["known"].nunique()
    assert page.locator("#what-to-do-later tbody tr").count() == len(policy["Policy"])
    worth = page.locator("#what-it-is-worth-to-know-and-to-wait li").all_text_contents()
    for sentence, shown in zip(policy["Values"]["in_words"], worth, strict=True):
        assert shown.startswith(sentence)
    text = page.locator("body").inner_text()
    assert not re.search(r"\b(nan|inf|infinity|undefined)\b", text, re.IGNORECASE)


@needs_browser
def test_a_policy_fits_a_phone(policy: optalloc.Plan, opened: Any, tmp_path: Path) -> None:
    """Proves: the page of a policy is no wider than a narrow window, whatever it is that is least.
    Sensitivity: the words of a measure are wider than the window."""
    figures = policy.summary()
    figures.loc[figures["figure"] == "what is least", "value"] = LEAST[Measure.MEAN_AND_TAIL]
    policy = replace(policy, tables={**policy.tables, "Summary": figures})
    policy.to_html(tmp_path / "report.html")
    reader = Reader(opened, tmp_path / "report.html")
    reader.page.set_viewport_size({"width": 390, "height": 800})
    reader.draw_all()
    # Charts are drawn anew for the narrow window, which takes them a moment.
    for _ in range(50):
        if reader.page.evaluate("document.documentElement.scrollWidth") <= 390:
            break
        reader.page.wait_for_timeout(100)
    assert reader.page.evaluate("document.documentElement.scrollWidth") <= 390
    reader.close()


@pytest.mark.slow
@needs_browser
def test_the_worst_scenarios_have_a_mark(opened: Any, tmp_path: Path) -> None:
    """Proves: under a mean and tail the mean of the tail is worked out, drawn and said: of R, the
    worst two fifths cost (0.2 x 350 + 0.2 x 100) / 0.4 = 225."""
    made = tail(measure="mean and tail", tail_share=0.4, tail_weight=0.13)
    plan = solve(made, tmp_path / "book")
    figures = plan.summary().set_index("figure")["value"]
    assert figures["mean cost of the worst scenarios"] == pytest.approx(225)
    plan.to_html(tmp_path / "report.html")
    reader = Reader(opened, tmp_path / "report.html")
    reader.draw_all()
    legend = reader.page.locator("#what-it-may-cost .legendtext").all_text_contents()
    assert "Mean cost of the worst scenarios: 225" in legend
    assert not reader.complaints
    reader.close()


def test_the_tree_is_what_may_become_known(policy: optalloc.Plan) -> None:
    """Proves: one row per node, its expected cost the mean of its scenarios, its probability the sum
    of those of its children."""
    tree = policy["Tree"].set_index("known")
    assert tree.loc["", "expected_cost"] == pytest.approx((101 + 51 + 51) / 4)
    assert tree.loc["rise=yes", "expected_cost"] == pytest.approx((101 + 51) / 2)
    children = policy["Tree"].groupby("parent")["probability"].sum()
    nodes = policy["Tree"].set_index("node")["probability"]
    assert all(children[node] == pytest.approx(nodes[node]) for node in children.index)


@pytest.mark.slow
def test_charts_of_the_workbook_are_of_the_likeliest_scenario(tmp_path: Path) -> None:
    """Proves: each series is that of one scenario's rows. Sensitivity: the likeliest is not first."""
    made = newsvendor()
    made["Uncertainties"] = list(reversed(made["Uncertainties"]))
    plan = solve(made, tmp_path / "book")
    assert list(plan.futures) == ["demand=high", "demand=low"]
    plan.to_excel(tmp_path / "plan.xlsx")
    written = openpyxl.load_workbook(tmp_path / "plan.xlsx")
    # A table without a row has no sheet: here nothing is decided later.
    assert plan["Policy"].empty
    order = ["Summary", "HereAndNow", "Futures", "Values", "Tree"]
    assert written.sheetnames[: len(order)] == order
    ranges = [
        series.val.numRef.f for chart in written["Summary"]._charts for series in chart.series
    ]
    balance = [text for text in ranges if "Balance" in text]
    assert balance
    for text in balance:
        first, last = map(int, re.findall(r"\$[A-Z]+\$(\d+)", text))
        rows = [written["Balance"].cell(row, 1).value for row in range(first, last + 1)]
        assert rows == ["demand=low"] * 2


def test_a_policy_is_read_back_and_its_page_written_again(
    policy: optalloc.Plan, tmp_path: Path
) -> None:
    """Proves: plan.xlsx gives the same tables, sentences and figures as the plan in memory."""
    policy.to_excel(tmp_path / "plan.xlsx")
    policy.to_html(tmp_path / "first.html")
    read = read_plan(tmp_path / "plan.xlsx")
    assert read.is_policy
    assert list(read.tables) == [spec.name for spec in policy.specs]
    for name in ("Futures", "Values", "Tree", "Policy", "Balance", "Cost"):
        own = policy[name]
        plain = [f.astype(object).where(f.notna(), "") for f in (read[name][own.columns], own)]
        pd.testing.assert_frame_equal(*plain, check_dtype=False)
    told = optalloc_says("report", tmp_path / "plan.xlsx", "--out", tmp_path / "again.html")
    assert told.returncode == 0, told.stderr
    pages = [(tmp_path / name).read_text("utf-8") for name in ("first.html", "again.html")]
    heads = [page[page.index("<header") : page.index("</header>")] for page in pages]
    assert heads[0] == heads[1]


@pytest.mark.parametrize(
    ("least", "most", "words"),
    [
        (12.0, 18.0, "Knowing is worth 12 to 18 M."),
        (5.0, 5.0, "Knowing is worth 5 M."),
        (0.0, 1e-9, "Knowing is worth nothing."),
        (0.0, 7.0, "Knowing is worth at most 7 M, and perhaps nothing."),
        (-3.0, 7.0, "Knowing: undecided, between -3 and 7 M."),
        (-math.inf, math.inf, "Knowing: undecided."),
        (-math.inf, 7.0, "Knowing: undecided, at most 7 M."),
        (2.0, math.inf, "Knowing is worth at least 2 M."),
        (math.inf, math.inf, "Knowing: there would be no plan."),
        (math.nan, math.nan, "Knowing: undecided."),
    ],
)
def test_values_are_said_with_both_bounds(least: float, most: float, words: str) -> None:
    """Proves: an interval is said as it is; what spans zero is undecided, and nothing is infinite."""
    assert value_in_words(("knowing", least, most, "There would be no plan."), 1e-5) == words
