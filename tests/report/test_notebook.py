"""Results in a notebook: short, as mappings of their tables, and with a bar while they come."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import optalloc
from optalloc.mip.outcome import Progress
from optalloc.report.findings import Findings
from optalloc.report.notebook import MOST_ROWS, plan_html
from optalloc.report.progress import with_bar
from optalloc.sweeps.result import SweepResult
from tests import books


def test_a_plan_is_a_mapping_of_its_tables(everything: optalloc.Plan) -> None:
    """Proves: names in order, any case, units beside the values; a change to what was looked up
    does not change the plan."""
    assert list(everything) == list(everything.tables)
    assert len(everything) == len(everything.tables)
    assert "build" in everything
    assert "Builds" not in everything
    assert everything.get("Builds") is None
    with pytest.raises(KeyError, match="there are: Summary, "):
        everything["Builds"]
    build = everything["BUILD"]
    assert build.attrs["units"]["online_mw"] == "MW IT"
    for spec in everything.specs:
        units = everything[spec.name].attrs["units"]
        assert units == {c.name: c.unit for c in spec.columns if c.unit}
    build["online_mw"] = -1.0
    assert (everything["Build"]["online_mw"] >= 0).all()


def test_a_plan_shows_itself_briefly(everything: optalloc.Plan) -> None:
    """Proves: the largest of small plans takes a few thousand characters: headline, cost, proof and
    the first decisions, each as the table Actions has it."""
    assert len(repr(everything)) < 200
    assert f"cost {everything.cost:,.6g} M" in repr(everything)
    page = everything._repr_html_()
    assert len(page) < 8_000
    actions = everything["Actions"]
    rows = re.findall(r"<tr>(.*?)</tr>", page)[1:]
    assert len(rows) == min(MOST_ROWS, len(actions))
    for row, action in zip(rows, actions.to_dict("records"), strict=False):
        cells = re.findall(r"<td[^>]*>(.*?)</td>", row)
        assert cells[0] == f"{action['date']:%Y-%m-%d}"
        assert action["subject"] in cells
    assert (f"and {len(actions) - MOST_ROWS:,} more rows" in page) == (len(actions) > MOST_ROWS)


def test_names_are_text_and_not_markup(everything: optalloc.Plan) -> None:
    """Proves: a site whose name is markup is shown as it is spelled."""
    actions = everything["Actions"].assign(subject="<script>alert(1)</script>")
    page = plan_html({**everything.tables, "Actions": actions}, everything.specs, everything.report)
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_findings_and_sweeps_show_themselves() -> None:
    """Proves: sentences and the first table with rows, cut where there are many; both are mappings."""
    words = tuple(f"Sentence {k}." for k in range(30))
    found = Findings("What there is", words)
    assert repr(found) == "<Findings 'What there is': 30 sentences, 0 tables>"
    assert "Sentence 7." in found._repr_html_()
    assert "and 22 more sentences" in found._repr_html_()
    assert list(found) == ["Explanation"]
    assert bool(found)
    cases = pd.DataFrame(
        {"number": [0, 1], "case": ["base", "<b>"], "plan": ["", ""], "changed": ["", "x"],
         "status": ["optimal", "infeasible"], "objective": [10.0, None], "bound": [10.0, None],
         "gap": [0.0, None], "seconds": [1.0, 1.0], "settled": ["", ""], "reason": ["", "why"]}
    )  # fmt: skip
    inputs = pd.DataFrame({"number": [1], "case": ["<b>"], "change": ["x"], "value": ["1"]})
    about = {"sweep": "s", "design": "cases", "table_units": {"Build": {"mw": "MW"}}}
    result = SweepResult(about, cases, inputs, {"Build": pd.DataFrame({"mw": [1.0]})})
    assert list(result) == ["Cases", "Inputs", "Build"]
    assert result["build"].attrs["units"] == {"mw": "MW"}
    assert result["Cases"].attrs["units"]["objective"] == "M"
    assert repr(result) == "<Sweep s (cases): 1 of 2 cases have a plan>"
    assert "&lt;b&gt;" in result._repr_html_()


def test_a_plan_read_from_its_file_is_a_plan(everything: optalloc.Plan, tmp_path: Path) -> None:
    """Proves: a plan.xlsx read back is a plan that shows and writes itself as the first did.

    Sensitivity: an entry of Run that says nothing possible is refused.
    """
    everything.to_excel(tmp_path / "plan.xlsx")
    read = optalloc.read_plan(tmp_path / "plan.xlsx")
    assert isinstance(read, optalloc.Plan)
    assert repr(read) == repr(everything)
    assert read._repr_html_() == everything._repr_html_()
    for name in ("quality", "stop_reason", "objective", "bound", "strategy", "notes", "nodes"):
        assert getattr(read.outcome, name) == getattr(everything.outcome, name), name
    assert dict(read.size) == dict(everything.size)
    assert read.seconds.keys() == everything.seconds.keys()
    run = read["Run"].astype(object)
    run.loc[run["entry"] == "quality", "value"] = "splendid"
    changed = everything.tables | {"Run": run}
    optalloc.Plan.to_excel(
        books.dataclasses.replace(everything, tables=changed), tmp_path / "other.xlsx"
    )
    with pytest.raises(optalloc.InputError, match="'splendid' is not a valid Quality"):
        optalloc.read_plan(tmp_path / "other.xlsx")


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What a shell with a kernel, as of a notebook, is given to display."""
    interactive = pytest.importorskip("IPython.core.interactiveshell").InteractiveShell
    publishing = pytest.importorskip("IPython.core.displaypub").CapturingDisplayPublisher
    shell = interactive.instance()
    monkeypatch.setattr(shell, "kernel", object(), raising=False)
    publisher = publishing(shell=shell)
    monkeypatch.setattr(shell, "display_pub", publisher)
    yield publisher.outputs
    interactive.clear_instance()


def test_a_call_in_a_notebook_shows_a_bar(shown: list[Any], capsys: Any) -> None:
    """Proves: steps fill a bar, a solve is a moving one with bound and gap, nothing is printed, and
    nothing is left when the call ends, also by an error.

    Sensitivity: a call with a callback of its own shows none.
    """

    @with_bar
    def call(*, on_step: Any = None, progress: Any = None, fails: bool = False) -> int:
        if on_step:
            on_step("case", 1, 4)
            progress(Progress(1.0, 120.0, 100.0, "search"))
            on_step("case", 4, 4)
        if fails:
            raise ValueError("no")
        return 7

    assert call() == 7
    pages = [output["data"]["text/html"] for output in shown]
    assert '<progress max="4" value="4">' in "".join(pages)
    assert pages[-1] == ""
    with pytest.raises(ValueError, match="no"):
        call(fails=True)
    assert shown[-1]["data"]["text/html"] == ""
    before = len(shown)
    assert call(on_step=lambda *_: None, progress=lambda _: None) == 7
    assert len(shown) == before
    assert capsys.readouterr() == ("", "")
