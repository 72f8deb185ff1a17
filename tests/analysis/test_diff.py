"""What changes from A to B: two inputs cell by cell, two plans by decision and cost."""

from __future__ import annotations

import copy
import dataclasses
import doctest
import json
import math
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import optalloc
from optalloc.analysis.diff import compare, words
from optalloc.analysis.diff.bridge import bridge_chart, cost_bridge
from optalloc.analysis.diff.words import amount
from optalloc.cli.main import app
from optalloc.errors import OptallocError
from optalloc.plan.planfile import read_plan
from tests import books
from tests.paths import ROOT

MODEL = optalloc.load_model()
many = settings(books.few, max_examples=12)


def compared(a: books.Book, b: books.Book, folder: Path) -> optalloc.Findings:
    return optalloc.diff(books.write(a, folder / "a"), books.write(b, folder / "b"), model=MODEL)


def rows(said: optalloc.Findings, table: str, *columns: str) -> list[tuple[Any, ...]]:
    frame = said[table][list(columns)].astype(object)
    return list(frame.where(frame.notna(), None).itertuples(index=False, name=None))


# Two inputs ---------------------------------------------------------------------------------------


def test_a_changed_cell_is_told_with_both_values_and_addresses(tmp_path: Path) -> None:
    """Proves: sheet, key, column, values, difference, unit and both addresses; nothing else."""
    a = books.book(Demand=books.demand(40, 50), Periods=books.years(2))
    b = copy.deepcopy(a)
    b["Demand"] = [dict(reversed(row.items())) for row in b["Demand"]]
    b["Demand"][1]["it_mw"] = 55
    said = compared(a, b, tmp_path)
    columns = ("sheet", "key", "column", "a", "b", "change", "unit", "cell_a", "cell_b")
    assert rows(said, "Cells", *columns) == [
        ("Demand", "load, R, Y2", "it_mw", 50, 55, 5, "MW IT", "D3", "A3")
    ]
    assert rows(said, "Changes", "sheet", "added", "removed", "changed") == [("Demand", 0, 0, 1)]
    assert said["Rows"].empty
    assert said.sentences == (
        "Demand: 1 cell changed: it_mw of load, R, Y2 from 50 to 55 MW IT (D3 in A, A3 in B).",
    )


def test_rows_that_come_and_go_are_told_with_what_they_hold(tmp_path: Path) -> None:
    """Proves: a row of one book only is no changed cell; its address is that of its own book."""
    a = books.book(
        Network=[{"site": "A", "region": "R", "latency_ms": 10}],
        PowerRamp=[
            {"site": "A", "period": "Y1", "energised_mw": 75},
            {"site": "A", "period": "Y2", "energised_mw": 90},
        ],
        Periods=books.years(2),
    )
    b = copy.deepcopy(a)
    del b["PowerRamp"][0]
    b["Network"].append({"site": "A", "region": "S", "latency_ms": 20})
    said = compared(a, b, tmp_path)
    assert rows(said, "Rows", "sheet", "change", "key", "cell", "content") == [
        ("Network", "added", "A, S", "A3", "latency_ms 20"),
        ("PowerRamp", "removed", "A, Y1", "A2", "energised_mw 75"),
    ]
    assert said["Cells"].empty


def test_a_blank_is_not_nought(tmp_path: Path) -> None:
    """Proves: blank against nought is a difference, and is said to mean the same only if it does.

    Sensitivity: block_mw must not be 0; as it could not be read, nothing is said of its meaning.
    """
    site = {"site": "A", "status": "candidate", "max_mw": 100, "build_cost_per_mw": 10}
    a = books.book(
        Sites=[{**site, "site_cost": None, "block_mw": None}],
        Budgets=[{"period": "Y1", "max_capital": None, "max_capital_to_date": 5000}],
    )
    b = books.book(
        Sites=[{**site, "site_cost": 0, "block_mw": 0}],
        Budgets=[{"period": "Y1", "max_capital": 0, "max_capital_to_date": 5000}],
    )
    said = compared(a, b, tmp_path)
    cells = {row[0]: row[1:] for row in rows(said, "Cells", "column", "a", "b", "change", "remark")}
    assert cells == {
        "site_cost": (None, 0, None, "blank in A: 0; so the two mean the same"),
        "block_mw": (None, "0", None, "blank in A: any size"),
        "max_capital": (None, 0, None, "blank in A: no limit"),
    }
    assert said.sentences[-1] == (
        "Budgets: 1 cell changed: max_capital of Y1 from blank to 0 M (B2)."
    )
    assert said.sentences[-2].endswith("1 cell blank in one, with what a blank means in the other.")


@pytest.mark.slow
def test_order_and_storage_are_of_no_account(everything_folder: Path, tmp_path: Path) -> None:
    """Proves: rows and columns turned round, and a workbook for a folder, are no difference."""
    turned = {
        sheet: [dict(reversed(row.items())) for row in reversed(made)]
        for sheet, made in books.everything().items()
    }
    folder = books.write(turned, tmp_path / "turned")
    said = optalloc.diff(everything_folder, folder, model=MODEL)
    assert [table for table in said.tables if len(said[table])] == []
    (sentence,) = said.sentences
    assert sentence.startswith("The two inputs say the same, in ")
    # A template is written with what the blanks mean.
    records = optalloc.validate(optalloc.read_workbook(everything_folder), MODEL).records()
    optalloc.write_template(MODEL, tmp_path / "book.xlsx", records)
    said = optalloc.diff(everything_folder, tmp_path / "book.xlsx", model=MODEL)
    assert said["Rows"].empty and len(said["Cells"])
    assert said["Cells"]["remark"].str.endswith("; so the two mean the same").all()


def test_a_renamed_key_is_guessed(tmp_path: Path) -> None:
    """Proves: a row under another name is one removed and one added, and is said to be alike."""
    a = books.book()
    b = copy.deepcopy(a)
    for sheet in ("Sites", "Network"):
        b[sheet][0]["site"] = "Z"
    said = compared(a, b, tmp_path)
    assert rows(said, "Rows", "sheet", "change", "key") == [
        ("Sites", "removed", "A"),
        ("Sites", "added", "Z"),
        ("Network", "removed", "A, R"),
        ("Network", "added", "Z, R"),
    ]
    assert (
        "Sites: A of A and Z of B are equal but for the key, so the one may be the other renamed."
        in said.sentences
    )


def test_a_sheet_without_a_key_and_one_that_runs_downwards(tmp_path: Path) -> None:
    """Proves: equal rows are counted; a setting is a changed cell at its row."""
    note = {"subject": "Sites", "source": "assumption"}
    a = books.book(Sources=[note, note, {"subject": "Demand", "source": "plan"}])
    b = books.book(Sources=[note, {"subject": "Demand", "source": "plan"}], Settings={"seed": 3})
    said = compared(a, b, tmp_path)
    assert rows(said, "Rows", "sheet", "change", "content") == [
        ("Sources", "removed", "subject Sites, source assumption")
    ]
    columns = ("sheet", "key", "column", "a", "b", "cell_a", "cell_b")
    assert rows(said, "Cells", *columns) == [("Settings", "", "seed", None, 3, "", "B9")]


def test_books_with_errors_are_compared_as_far_as_they_can_be_read(tmp_path: Path) -> None:
    """Proves: an unreadable cell is shown as it stands, an unreadable sheet not compared; both told.

    Sensitivity: read as nothing, `forty` would be a blank and the rows of Sites all removed.
    """
    a, b = books.book(), books.book(Demand={"it_mw": "forty"}, Workloads={"trusted_only": "maybe"})
    left, right = books.write(a, tmp_path / "a"), books.write(b, tmp_path / "b")
    (right / "Sites.csv").write_bytes(b"site,status\nA\xff,candidate\n")
    said = optalloc.diff(left, right, model=MODEL)
    assert rows(said, "Cells", "sheet", "column", "a", "b") == [
        ("Workloads", "trusted_only", None, "maybe"),
        ("Demand", "it_mw", 40, "forty"),
    ]
    assert "Sites cannot be read in B: not compared." in said.sentences
    assert said.sentences[0].startswith("B has ")
    assert set(said["Errors"]["book"]) == {"B"}
    assert any("[not-a-number]" in error for error in said["Errors"]["error"])
    assert said["Rows"].empty


def test_notes_are_said_not_to_be_compared(tmp_path: Path) -> None:
    """Proves: a sheet that is a note makes no difference, and that is said."""
    folder = books.write(books.book(), tmp_path / "a")
    other = books.write(books.book(), tmp_path / "b")
    (other / "# mine.csv").write_text("anything\n1\n")
    assert optalloc.diff(folder, other, model=MODEL).sentences == (
        "The two inputs say the same, in 6 rows.",
        "Sheets that are notes (their names begin with #) are not compared.",
    )


edits = st.lists(
    st.tuples(st.integers(0, 10**6), st.sampled_from(["drop", "cell"])), min_size=1, max_size=4
)


@settings(books.few, max_examples=1)
@given(edits)
def test_edits_made_at_random_are_all_found_and_mirrored(
    tmp_path_factory: pytest.TempPathFactory, wanted: list[tuple[int, str]]
) -> None:
    """Proves: each row dropped and each cell altered is told once, from either side."""
    folder = tmp_path_factory.mktemp("edits")
    a = books.everything()
    b, dropped, altered = edited(a, wanted)
    there, back = compared(a, b, folder), compared(b, a, folder / "back")
    assert len(there["Rows"]) == len(dropped)
    assert set(there["Rows"]["change"]) <= {"removed"}
    assert set(rows(there, "Cells", "sheet", "column")) == altered
    assert set(back["Rows"]["change"]) <= {"added"}
    mirrored = ("sheet", "key", "column", "b", "a", "cell_b", "cell_a")
    plain = ("sheet", "key", "column", "a", "b", "cell_a", "cell_b")
    assert rows(there, "Cells", *plain) == rows(back, "Cells", *mirrored)
    same = optalloc.diff(folder / "a", folder / "a", model=MODEL)
    assert same.sentences[-1] == "The two inputs are the same, byte for byte."
    assert all(frame.empty for frame in same.tables.values())


def edited(
    a: books.Book, wanted: list[tuple[int, str]]
) -> tuple[books.Book, list[str], set[tuple[str, str]]]:
    """A book after some edits, the sheets of rows dropped, and sheet and column of cells altered."""
    b = copy.deepcopy(a)
    sheets = [s for s in b if MODEL.sheets[s].key and s != "Periods"]
    dropped: list[str] = []
    altered: set[tuple[str, str]] = set()
    for number, what in wanted:
        sheet = sheets[number % len(sheets)]
        declared = MODEL.sheets[sheet]
        numbers = [c.name for c in declared.columns if str(c.kind) == "number"]
        spare = [
            (row, name)
            for row in b[sheet]
            for name in numbers
            if name not in declared.key and isinstance(row.get(name), int | float)
        ]
        if what == "drop" and len(b[sheet]) > 1 and sheet not in {s for s, _ in altered}:
            del b[sheet][number % len(b[sheet])]
            dropped.append(sheet)
        elif spare:
            row, name = spare[number % len(spare)]
            if (sheet, name) not in altered:
                row[name] = row[name] * 0.75 if row[name] else 0.125
                altered.add((sheet, name))
    return b, dropped, altered


# Two plans ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[optalloc.Plan, optalloc.Plan]:
    """40 MW at 10 M on one site; and 50 MW, of which the dearer site A is to build none."""
    folder = tmp_path_factory.mktemp("pair")
    first = books.book()
    second = books.book(
        Demand=books.demand(50),
        Sites=[
            {
                "site": s,
                "status": "candidate",
                "max_mw": 100,
                "build_cost_per_mw": cost,
                "site_cost": fixed,
            }
            for s, cost, fixed in (("A", 20, 5), ("B", 12, 0))
        ],
        Network=[{"site": s, "region": "R", "latency_ms": 10} for s in "AB"],
    )
    plans = [books.solve(made, folder / str(k)) for k, made in enumerate((first, second))]
    return plans[0], plans[1]


def test_decisions_and_cost_of_two_plans_by_hand(
    pair: tuple[optalloc.Plan, optalloc.Plan],
) -> None:
    """Proves: 400 M becomes 600 M by building at B instead of A, and nothing derived is a decision.

    Sensitivity: installed_mw and jurisdiction of Build differ too, but follow from what is decided.
    """
    said = optalloc.diff(*pair, model=MODEL)
    assert rows(said, "Bridge", "step", "change", "level") == [
        ("A", None, pytest.approx(400)),
        ("building", pytest.approx(200), pytest.approx(600)),
        ("B", None, pytest.approx(600)),
    ]
    assert rows(said, "Costs", "account", "item", "a", "b", "change") == [
        ("building", "building", pytest.approx(400), pytest.approx(600), pytest.approx(200))
    ]
    assert rows(said, "Decisions", "table", "key", "measure", "a", "b", "change", "unit") == [
        ("Build", "A, Y1", "committed", "yes", "no", None, ""),
        ("Build", "B, Y1", "committed", "no", "yes", None, ""),
        ("Build", "A, Y1", "started_mw", 40, 0, -40, "MW IT"),
        ("Build", "B, Y1", "started_mw", 0, 50, 50, "MW IT"),
        ("Build", "A, Y1", "online_mw", 40, 0, -40, "MW IT"),
        ("Build", "B, Y1", "online_mw", 0, 50, 50, "MW IT"),
        ("Load", "load, R, A, Y1", "served_mw", 40, 0, -40, "MW IT"),
        ("Load", "load, R, B, Y1", "served_mw", 0, 50, 50, "MW IT"),
    ]
    assert (
        "Build: 6 decisions changed: started_mw of B, Y1 from 0 to 50 MW IT; online_mw of B, Y1 from "
        "0 to 50 MW IT; started_mw of A, Y1 from 40 to 0 MW IT; and 3 more." in said.sentences
    )
    assert rows(said, "Totals", "measure", "of", "a", "b", "change") == [
        ("committed", "Y1", 1, 1, 0),
        ("started_mw", "Y1", 40, 50, 10),
        ("online_mw", "Y1", 40, 50, 10),
        ("served_mw", "Y1", 40, 50, 10),
    ]
    assert said.sentences[0] == "The inputs differ; compare the two workbooks to see where."
    assert (
        "B costs 600 M, 200 M (50 %) more than A with 400 M; A is proven optimal, B is proven optimal."
        in said.sentences
    )
    assert "By component, in M: building +200." in said.sentences


@pytest.mark.first(1)
def test_a_plan_and_its_file_are_the_same_plan(everything: optalloc.Plan, tmp_path: Path) -> None:
    """Proves: nothing differs between a plan and what is read back of it, of every table."""
    everything.to_excel(tmp_path / "plan.xlsx")
    for other in (tmp_path / "plan.xlsx", read_plan(tmp_path / "plan.xlsx"), everything):
        said = optalloc.diff(everything, other, model=MODEL)
        assert [name for name, frame in said.tables.items() if len(frame)] == []
        assert said.sentences == (
            "Both plans are of the same input.",
            f"Both cost {amount(everything.cost)} M; A is proven optimal, B is proven optimal.",
            "No decision differs.",
        )


def changed(plan: optalloc.Plan, table: str, at: int, column: str, by: float) -> optalloc.Plan:
    """The plan with one number of one table moved."""
    frame = plan.tables[table].copy()
    frame[column] = frame[column].astype(float)
    frame.iloc[at % len(frame), frame.columns.get_loc(column)] += by  # type: ignore[index]
    return dataclasses.replace(plan, tables={**plan.tables, table: frame})


decided = st.sampled_from(
    [("Build", "started_mw"), ("Procurement", "signed_mw"), ("Terminations", "ended_mw"),
     ("Orders", "ordered_units"), ("Load", "served_mw")]
)  # fmt: skip
followed = st.sampled_from(
    [("Build", "installed_mw"), ("Billing", "drawn_gwh"), ("Risk", "exposure")]
)


@many
@given(decided, followed, st.integers(0, 50), st.floats(0.01, 1e6))
def test_what_is_decided_is_told_and_what_follows_is_not(
    everything: optalloc.Plan,
    choice: tuple[str, str],
    result: tuple[str, str],
    at: int,
    by: float,
) -> None:
    """Proves: one decision moved is one row, mirrored from the other side; a derived number none."""
    (table, column), (other, derived) = choice, result
    moved = changed(changed(everything, table, at, column, by), other, at, derived, 1.0)
    there, back = (
        optalloc.diff(*sides, model=MODEL) for sides in ((everything, moved), (moved, everything))
    )
    assert rows(there, "Decisions", "table", "measure", "change") == [
        (table, column, pytest.approx(by))
    ]
    assert rows(there, "Decisions", "key", "a", "b") == rows(back, "Decisions", "key", "b", "a")
    (total,) = rows(there, "Totals", "change")
    assert total[0] == pytest.approx(by, abs=1e-6)


money = st.floats(-1e12, 1e12) | st.floats(-1, 1)


@pytest.mark.slow
@settings(books.few, max_examples=60)
@given(st.dictionaries(st.text(min_size=1), st.tuples(money, money), max_size=8), money, money)
def test_the_bridge_adds_up_and_no_step_of_it_is_rounding(
    components: Mapping[str, tuple[float, float]], off_a: float, off_b: float
) -> None:
    """Proves: A's cost and all steps are B's cost, and a step of 2e-13 is not printed as a change.

    Sensitivity: each rounding error of a sum as a step of its own fails the second.
    """
    cost_a = sum(a for a, _ in components.values()) + off_a * 1e-9
    cost_b = sum(b for _, b in components.values()) + off_b * 1e-9
    noise = 1e-9 * max(1.0, abs(cost_a), abs(cost_b))
    bridge = cost_bridge(cost_a, cost_b, components)
    steps = bridge["change"].dropna()
    assert abs(math.fsum([cost_a, *steps, -cost_b])) <= noise
    assert (steps.abs() > noise).all()
    if len(bridge):
        assert (bridge["level"].iloc[0], bridge["level"].iloc[-1]) == (cost_a, cost_b)
        inner = bridge.iloc[1:-1]
        tops = inner["below"] + inner["more"] + inner["less"]
        levels = np.maximum(inner["level"], bridge["level"].iloc[:-2].to_numpy())
        assert np.allclose(tops, levels, rtol=1e-9, atol=1e-3)


def test_rounding_is_no_change() -> None:
    """Proves: costs that differ by 2e-13 give no bridge at all."""
    components = {"capital": (0.1 + 0.2, 0.3)}
    assert cost_bridge(1000.3, 1000.3 + 2e-13, components).empty


def of_quality(plan: optalloc.Plan, cost: float, bound: float) -> optalloc.Plan:
    outcome = dataclasses.replace(plan.outcome, objective=cost, bound=bound)
    return dataclasses.replace(plan, outcome=outcome)


@pytest.mark.parametrize(
    ("bound_a", "bound_b", "undecided"),
    [(400, 600, False), (300, 501, False), (300, 499, True), (-math.inf, 600, True)],
)
def test_a_difference_within_the_gaps_is_undecided(
    pair: tuple[optalloc.Plan, optalloc.Plan], bound_a: float, bound_b: float, undecided: bool
) -> None:
    """Proves: 200 M are decided unless the two gaps together are as large. Sensitivity: 199 M."""
    a, b = of_quality(pair[0], 400, bound_a), of_quality(pair[1], 600, bound_b)
    said = " ".join(optalloc.diff(a, b, model=MODEL).sentences)
    assert ("which of the two inputs costs less is undecided" in said) == undecided
    assert ("A is without a bound" in said) == math.isinf(bound_a)
    again = " ".join(
        optalloc.diff(a, dataclasses.replace(b, input_hash=a.input_hash), model=MODEL).sentences
    )
    assert ("which of the two solves could end lower is undecided" in again) == undecided


def test_runs_and_binding_limits_that_differ_are_told(
    pair: tuple[optalloc.Plan, optalloc.Plan],
) -> None:
    """Proves: another option is told beside the costs, and so is a limit that binds in one only."""
    a, b = pair[0], pair[0]
    run, limits = b.tables["Run"].copy(), b.tables["Limits"].copy()
    run.loc[run["entry"] == "option gap", "value"] = 0.05
    limits.loc[0, "binding"] = not limits.loc[0, "binding"]
    side = "A" if a.tables["Limits"].loc[0, "binding"] else "B"
    b = dataclasses.replace(b, tables={**b.tables, "Run": run, "Limits": limits})
    said = optalloc.diff(a, b, model=MODEL)
    assert rows(said, "Runs", "entry", "a", "b") == [("option gap", 0, 0.05)]
    name, key = limits.loc[0, "limit"], limits.loc[0, "key"]
    assert rows(said, "Binding", "limit", "key", "binds_in") == [(name, key, side)]
    assert "The runs differ in option gap." in said.sentences
    assert f"Limits that bind in {side} only: {name} ({key})." in said.sentences


def test_a_table_that_one_plan_lacks_is_told(pair: tuple[optalloc.Plan, optalloc.Plan]) -> None:
    """Proves: a plan of another model is compared in what both have, and the rest is named."""
    a = pair[0]
    tables = {name: frame for name, frame in a.tables.items() if name != "Load"}
    said = optalloc.diff(a, dataclasses.replace(a, tables=tables), model=MODEL)
    assert "Tables of A only, which are not compared: Load." in said.sentences
    assert said["Decisions"].empty


def test_no_bars_float_below_nought() -> None:
    """Proves: a bridge through nought is left to its table; above it, it is drawn."""
    assert bridge_chart(cost_bridge(5.0, -5.0, {"x": (5.0, -5.0)})) == ()
    assert bridge_chart(cost_bridge(5.0, 5.0, {})) == ()
    (chart,) = bridge_chart(cost_bridge(5.0, 7.0, {"x": (5.0, 7.0)}))
    assert chart.kind == "bridge"


# The command --------------------------------------------------------------------------------------


def says(*words: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["diff", *map(str, words)])
    return result.exit_code, result.stdout, result.stderr


def test_the_command_says_sentences_tables_and_writes_a_chart(
    pair: tuple[optalloc.Plan, optalloc.Plan], tmp_path: Path
) -> None:
    """Proves: exit code 0 for a difference; text, workbook and JSON hold the same tables."""
    files = []
    for name, plan in zip("ab", pair, strict=True):
        plan.to_excel(tmp_path / f"{name}.xlsx")
        files.append(tmp_path / f"{name}.xlsx")
    out = tmp_path / "deep" / "diff.xlsx"
    code, text, errors = says(*files, "--out", out)
    assert (code, errors) == (0, f"wrote {out}\n")
    assert text.splitlines()[0] == f"From A ({files[0]}) to B ({files[1]})"
    said = optalloc.diff(*files, model=MODEL)
    assert all(f"- {sentence}\n" in text for sentence in said.sentences)
    assert all(f"\n{name}: " in text for name, frame in said.tables.items() if len(frame))
    book = openpyxl.load_workbook(out)
    assert book.sheetnames[:3] == ["Explanation", "Bridge", "Costs"]
    assert [row[0].value for row in book["Bridge"].iter_rows()] == ["step", "A", "building", "B"]
    chart = zipfile.ZipFile(out).read("xl/charts/chart1.xml").decode()
    assert "<a:noFill/>" in chart and "Bridge!$A$2:$A$4" in chart
    assert '<c:min val="300.0"/>' in chart
    code, text, errors = says(*files, "--json")
    plain = json.loads(text)
    assert (code, errors) == (0, "")
    assert [row["change"] for row in plain["tables"]["Bridge"]] == [None, pytest.approx(200), None]


def test_the_command_refuses_in_one_line(
    pair: tuple[optalloc.Plan, optalloc.Plan], tmp_path: Path
) -> None:
    """Proves: a plan against an input, a missing file and a wrong target have a line and a code."""
    plan, book = tmp_path / "plan.xlsx", books.write(books.book(), tmp_path / "book")
    pair[0].to_excel(plan)
    code, text, errors = says(plan, book)
    assert (code, text) == (2, "")
    assert errors == (
        f"A ({plan}) is a plan and B ({book}) is an input: compare two inputs, or two plans. "
        "`optalloc solve` makes a plan of an input.\n"
    )
    assert says(book, tmp_path / "absent.xlsx")[0] == 3
    code, _, errors = says(book, book, "--out", tmp_path / "diff.txt")
    assert code == 2 and "must end in .xlsx" in errors
    assert says(book, book)[1].splitlines()[1] == "- The two inputs are the same, byte for byte."
    with pytest.raises(OptallocError, match=r"A \(in memory\) is a plan"):
        optalloc.diff(pair[0], book, model=MODEL)


def test_a_long_table_is_cut_on_the_console_with_a_word(tmp_path: Path) -> None:
    """Proves: rows that are not printed are counted, and where they are is said."""
    a = books.book(Periods=books.years(30), Demand=books.demand(*[40.0] * 30))
    b = books.book(Periods=books.years(30), Demand=books.demand(*[41.0] * 30))
    text = says(books.write(a, tmp_path / "a"), books.write(b, tmp_path / "b"))[1]
    assert "... and 10 more rows: --out writes them all" in text


def test_examples_in_docstrings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves: the examples of the function and of its words give what they say."""
    monkeypatch.chdir(ROOT)
    for module in (words, compare):
        result = doctest.testmod(module)
        assert result.attempted and not result.failed


def test_frames_are_frames(pair: tuple[optalloc.Plan, optalloc.Plan]) -> None:
    """Proves: numbers are numbers, so that a user may go on computing."""
    said = optalloc.diff(*pair, model=MODEL)
    assert isinstance(said["Bridge"], pd.DataFrame)
    assert said["Costs"]["change"].dtype == float
