"""Sweeps as written down: from the sheet and from TOML alike, and the cases that they make."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import optalloc
from optalloc.errors import InputError, Severity
from optalloc.scenarios.assemble import assembled, entries_of_sheet
from optalloc.scenarios.definition import Sweep
from optalloc.scenarios.designs import Case, cases_of
from optalloc.scenarios.overrides import altered
from optalloc.scenarios.tomlfile import entries_of_toml
from optalloc.scenarios.trial import rule_problems
from tests import books

MODEL = optalloc.load_model()
COLUMNS = ("design", "change", "sheet", "rows", "column", "operation", "values")


def rows(*cells: Sequence[object], **more: Any) -> list[dict[str, Any]]:
    """Rows of one sweep, each given as design, change, sheet, rows, column, operation, values."""
    made = [{"sweep": "s", **dict(zip(COLUMNS, row, strict=True))} for row in cells]
    made[0].update(more)
    return made


def check(folder: Path, made: list[dict[str, Any]]) -> tuple[optalloc.Dataset, list[str]]:
    case = books.book(
        Sites={"earliest_start": "2027-01-01"},
        Sweeps=made,
        PowerRamp=[{"site": "A", "period": "Y1", "energised_mw": 90}],
    )
    workbook = optalloc.read_workbook(books.write(case, folder / "book"))
    data, problems = optalloc.check(workbook, MODEL)
    return data, [str(p) for p in problems if p.severity is Severity.ERROR]


def sweep_of(folder: Path, *cells: Sequence[object], **more: Any) -> Sweep:
    data, problems = check(folder, rows(*cells, **more))
    assert problems == []
    sweeps, _ = assembled(entries_of_sheet(data), data)
    return sweeps["s"]


def cases(folder: Path, *cells: Sequence[object], **more: Any) -> list[Case]:
    return cases_of(sweep_of(folder, *cells, **more))


def test_named_cases(tmp_path: Path) -> None:
    """Proves: rows of one change are one case; the case without changes comes first."""
    found = cases(
        tmp_path,
        ("cases", "dearer", "Sites", "", "build_cost_per_mw", "multiply", "1.2"),
        ("", "both", "Sites", "site=A", "build_cost_per_mw", "multiply", "1.2"),
        ("", "Both", "Demand", "", "it_mw", "add", "5"),
    )
    assert [(case.number, case.name) for case in found] == [(0, "base"), (1, "dearer"), (2, "both")]
    assert found[2].changed == "Sites.build_cost_per_mw [site=A] x 1.2; Demand.it_mw + 5"
    assert found[0].overrides == ()


def test_one_at_a_time_and_frontier_step_through_values(tmp_path: Path) -> None:
    step = ("", "cost", "Sites", "", "build_cost_per_mw", "multiply", "0.9; 1.2")
    tornado = cases(
        tmp_path,
        ("one at a time", "load", "Demand", "", "it_mw", "set", "30; 40; 50"),
        step,
    )
    names = ["base", "load = 30", "load = 40", "load = 50", "cost = 0.9", "cost = 1.2"]
    assert [case.name for case in tornado] == names
    assert tornado[4].inputs == {"cost": "0.9"}
    frontier = cases(tmp_path, ("frontier", *step[1:]))
    assert [case.name for case in frontier] == ["base", "cost = 0.9", "cost = 1.2"]


def test_a_grid_has_every_combination(tmp_path: Path) -> None:
    """Proves: 2 x 3 cases, rows of one factor stepping together."""
    found = cases(
        tmp_path,
        ("grid", "load", "Demand", "", "it_mw", "set", "30; 40; 50"),
        ("", "cost", "Sites", "", "build_cost_per_mw", "multiply", "0.9; 1.2"),
        ("", "cost", "Sites", "", "site_cost", "set", "3; 4"),
    )
    assert len(found) == 1 + 6
    assert found[6].name == "load = 50, cost = 1.2"
    assert found[6].changed == (
        "Demand.it_mw = 50; Sites.build_cost_per_mw x 1.2; Sites.site_cost = 4"
    )


@pytest.mark.parametrize(
    ("design", "size"), [("latin hypercube", 8), ("morris", 24), ("sobol", 32)]
)
def test_samples_lie_within_their_ranges_and_come_from_the_seed(
    tmp_path: Path, design: str, size: int
) -> None:
    """Proves: 8 cases, 8 trajectories of 2 + 1 points, 8 x (2 + 2) points; the same for a seed and
    others for another."""

    def drawn(seed: int, folder: str) -> np.ndarray:
        found = cases(
            tmp_path / folder,
            (design, "load", "Demand", "", "it_mw", "set", "30; 50"),
            ("", "cost", "Sites", "", "build_cost_per_mw", "multiply", "1.2; 0.8"),
            samples=8,
            seed=seed,
        )
        return np.array([[float(v) for v in case.inputs.values()] for case in found[1:]])

    first, again, other = drawn(1, "a"), drawn(1, "b"), drawn(2, "c")
    assert first.shape == (size, 2)
    assert ((first >= [30, 0.8]) & (first <= [50, 1.2])).all()
    assert (first == again).all()
    assert (first != other).any()


def test_months_of_a_range_are_whole(tmp_path: Path) -> None:
    found = cases(
        tmp_path,
        ("latin hypercube", "late", "Sites", "", "earliest_start", "shift", "0; 6"),
        samples=5,
    )
    assert {case.inputs["late"] for case in found[1:]} <= {str(k) for k in range(7)}


def test_samples_of_whole_numbers_are_whole(tmp_path: Path) -> None:
    """Proves: each sample between 1 and 4 blocks is one of 1, 2, 3 and 4, and can be made; factors,
    which would leave fractions of a block, are refused at the operation."""
    blocks = ("latin hypercube", "blocks", "Sites", "", "max_blocks_per_period")
    found = cases(tmp_path / "set", (*blocks, "set", "1; 4"), samples=5)
    assert {case.inputs["blocks"] for case in found[1:]} <= set("1234")
    data, _ = check(tmp_path / "data", [])
    for case in found[1:]:
        sites = altered(data, case.overrides)["Sites"]
        assert sites["max_blocks_per_period"].tolist() == [float(case.inputs["blocks"])]
    _, problems = check(tmp_path / "factor", rows((*blocks, "multiply", "1; 2"), samples=5))
    said = "operation must suit a range of max_blocks_per_period, which holds whole numbers"
    assert problems[-1].startswith(f"Sweeps!G2: {said}")


@pytest.mark.first(4)
@pytest.mark.parametrize(
    ("row", "cell", "said", "code"),
    [
        (("", "c", "Sites", "", "max_mw", "set", 1), "B2", "must have a design", "sweep-design"),
        (("cases", "base", "Sites", "", "max_mw", "set", 1), "C2", "must not be named", "sweep-change"),
        (("cases", "c", "Sits", "", "max_mw", "set", 1), "D2", "'Sites'?", "sweep-target"),
        (("cases", "c", "Sites", "sit=A", "max_mw", "set", 1), "E2", "'site'?", "sweep-target"),
        (("cases", "c", "Sites", "A", "max_mw", "set", 1), "E2", "column=value", "sweep-target"),
        (("cases", "c", "Sites", "", "max_mww", "set", 1), "F2", "'max_mw'?", "sweep-target"),
        (("cases", "c", "Sites", "", "status", "add", 1), "G2", "holds words", "sweep-operation"),
        (("cases", "c", "Sites", "", "max_mw", "set", -1), "H2", "at least 0", "sweep-value"),
        (("cases", "c", "Sites", "", "max_mw", "set", "1; 2"), "H2", "one value", "sweep-values"),
        (("grid", "c", "Sites", "", "max_mw", "set", "1;; 2"), "H2", "spare semicolon", "sweep-values"),
        (("morris", "c", "Sites", "", "max_mw", "set", "1; 2"), "I2", "sample size", "sweep-samples"),
        (("cases", "c", "Sites", "", "max_mw", "guess", 1), "G2", "must be one of", "unknown-choice"),
        (("cases", "c", "Sites", "", "max_mw", "set", ""), "H2", "must be filled in", "blank"),
    ],
)  # fmt: skip
def test_a_mistake_on_the_sheet_is_told_by_cell_when_the_workbook_is_checked(
    tmp_path: Path, row: Sequence[object], cell: str, said: str, code: str
) -> None:
    """Proves: `optalloc check` names the cell, and says nothing else."""
    made = rows(row)
    made[0]["samples"] = None
    _, problems = check(tmp_path, made)
    (problem,) = problems
    assert problem.startswith(f"Sweeps!{cell}: ")
    assert said in problem
    assert problem.endswith(f"[{code}]")


@pytest.mark.parametrize("design", ["one at a time", "grid", "frontier"])
def test_a_value_that_stands_twice_is_told_before_anything_runs(
    tmp_path: Path, design: str
) -> None:
    """Proves: cases are named by the values of a change's first row, which must differ; those of its
    other rows may repeat. Sensitivity: both samples of a range from 3 to 3 have a name."""
    first = (design, "load", "Demand", "", "it_mw", "set", "30; 40; 40; 40")
    other = ("", "load", "Sites", "", "site_cost", "set", "1; 2; 3; 4")
    _, problems = check(tmp_path / "first", rows(first, other))
    (problem,) = problems
    said = "each value of 'load' must be another, as cases are named by it; found '40' twice."
    assert problem.startswith(f"Sweeps!H2: {said} Remove one of them, or begin with the row")
    turned = [(design, *other[1:]), ("", *first[1:])]
    assert len(cases(tmp_path / "other", *turned)) == 1 + 4
    sampled = ("latin hypercube", "load", "Demand", "", "it_mw", "set", "30; 30")
    assert len(cases(tmp_path / "sampled", sampled, samples=2)) == 1 + 2


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """Proves: designs that differ, rows of unequal length, ends that are no numbers, sizes."""
    _, problems = check(
        tmp_path,
        [
            *rows(
                ("grid", "c", "Sites", "", "max_mw", "set", "1; 2"),
                ("cases", "c", "Sites", "", "site_cost", "set", "1; 2; 3"),
            ),
            *(
                {**row, "sweep": "t"}
                for row in rows(
                    ("sobol", "c", "Sites", "", "max_mw", "set", "low; high"), samples=7
                )
            ),
            *(
                {**row, "sweep": "u"}
                for row in rows(
                    ("frontier", "c", "Sites", "", "max_mw", "set", "1; 2"),
                    ("", "d", "Sites", "", "max_mw", "set", "1; 2"),
                )
            ),
            {**rows(("latin hypercube", "c", "Sites", "", "max_mw", "set", "1; 2"))[0],
             "sweep": "v", "samples": 200_000},
        ],
    )  # fmt: skip
    assert [(p.partition(":")[0], p.rpartition("[")[2]) for p in problems] == [
        ("Sweeps!B3", "sweep-design]"),
        ("Sweeps!H3", "sweep-values]"),
        ("Sweeps!I4", "sweep-samples]"),
        ("Sweeps!C5", "sweep-change]"),
        ("Sweeps!A7", "sweep-size]"),
    ]


def test_errors_of_other_sheets_are_not_told_twice(tmp_path: Path) -> None:
    """Proves: a column that could not be read is no reason to blame the sweep too."""
    case = books.book(
        Sites={"max_mw": "lots"},
        Sweeps=rows(("cases", "c", "Sites", "", "max_mw", "multiply", 2)),
    )
    workbook = optalloc.read_workbook(books.write(case, tmp_path))
    _, problems = optalloc.check(workbook, MODEL)
    assert [p.code for p in problems] == ["not-a-number"]


def test_a_change_that_breaks_a_rule_between_sheets_is_told_before_anything_runs(
    tmp_path: Path,
) -> None:
    """Proves: a site renamed by a sweep leaves rows of other sheets without it."""
    sweep = sweep_of(tmp_path, ("cases", "gone", "Sites", "", "site", "set", "B"))
    data = optalloc.validate(optalloc.read_workbook(tmp_path / "book"), MODEL)
    problems = [str(problem) for problem in rule_problems(sweep, data, MODEL)]
    assert problems
    assert all(p.startswith("Sweeps!H2: with 'gone' at B, ") for p in problems)
    assert "found 'A' at Network!A2" in problems[0]
    assert all(p.endswith("[sweep-rules]") for p in problems)


TOML = """
[[sweep]]
name = "s"
design = "grid"
seed = 4

[[sweep.change]]
name = "load"
sheet = "Demand"
rows = { period = "Y1", region = "*" }
column = "it_mw"
values = [30, 40.5]

[[sweep.change]]
name = "start"
sheet = "Sites"
column = "earliest_start"
values = [2027-01-01, "(blank)"]
"""


def test_toml_means_what_the_sheet_means(tmp_path: Path) -> None:
    """Proves: the same sweep from both, cases and all."""
    (tmp_path / "s.toml").write_text(TOML)
    data, _ = check(tmp_path, [])
    sweeps, problems = assembled(entries_of_toml(tmp_path / "s.toml"), data)
    assert problems == []
    from_sheet = sweep_of(
        tmp_path / "other",
        ("grid", "load", "Demand", "period=Y1; region=*", "it_mw", "", "30; 40.5"),
        ("", "start", "Sites", "", "earliest_start", "", "2027-01-01; (blank)"),
        seed=4,
    )
    assert sweeps["s"] == from_sheet
    assert cases_of(sweeps["s"]) == cases_of(from_sheet)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('design = "grid"', 'desing = "grid"', "sweep[1].desing: a key must be known; found 'desing'. Did you mean 'design'?"),
        ('column = "it_mw"', 'column = "it_mv"', "sweep[1].change[1].column: column must be a column of Demand; found 'it_mv'. Did you mean 'it_mw'?"),
        ("[30, 40.5]", "[30, -4]", "sweep[1].change[1].values: it_mw must be at least 0"),
        ('name = "start"\n', "", "sweep[1].change[2].name: name must be filled in"),
        ("seed = 4", "seed = -4", "sweep[1].seed: seed must be at least 0"),
        ("seed = 4", "seed = 4\nsamples = 3", "sweep[1].samples: grid takes no sample size; found 3."),
    ],
)  # fmt: skip
def test_a_mistake_in_toml_is_told_by_its_key(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    path = tmp_path / "s.toml"
    path.write_text(TOML.replace(old, new))
    data, _ = check(tmp_path, [])
    try:
        problems = assembled(entries_of_toml(path), data)[1]
    except InputError as error:
        problems = list(error.problems)
    assert any(str(problem).startswith(f"s.toml!{said}") for problem in problems), problems


@pytest.mark.parametrize("text", ["", "[[sweep]\n", "sweep = 3\n", "\xff"])
def test_a_file_that_is_no_sweep_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "s.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match=r"s\.toml.*\[sweep-file\]"):
        entries_of_toml(tmp_path / "s.toml")


def test_the_sweeps_of_pacific_are_sound() -> None:
    """Proves: the example's sweeps make cases that a planner would recognise, without an error."""
    data = optalloc.validate(optalloc.read_workbook("inputs/pacific"), MODEL)
    sweeps, problems = assembled(entries_of_sheet(data), data)
    assert problems == []
    futures = cases_of(sweeps["futures"])
    assert [case.name for case in futures] == [
        "base",
        "grid in Tokyo slips a year",
        "labour costs 20 % more",
        "demand doubles",
        "all three",
    ]
    assert isinstance(data["Sweeps"], pd.DataFrame)


def two_sweeps(folder: Path) -> Path:
    """One sweep that can be run, and one whose column there is not."""
    good = rows(("cases", "dearer", "Sites", "", "build_cost_per_mw", "multiply", "1.2"))
    bad = [{**good[0], "sweep": "t", "column": "no_such_column"}]
    return books.write(books.book(Sweeps=[*good, *bad]), folder / "book")


@pytest.mark.slow
def test_a_mistake_on_the_sheet_stops_only_its_own_sweep(tmp_path: Path) -> None:
    """Proves: no plan depends on the Sweeps sheet; a sweep depends on its own rows alone.

    Sensitivity: the sweep with the mistake is refused by its cell, and so is a sheet of one sweep.
    """
    book = two_sweeps(tmp_path)
    plan = optalloc.solve(book)
    assert [n.code for n in plan.notices] == ["sweep-target"]
    result = optalloc.sweep(book, "s", jobs=1)
    assert len(result.cases) == 2
    for name in ("t", None):
        with pytest.raises(InputError, match="Sweeps!F3"):
            optalloc.sweep(book, name, jobs=1)
    broken = {**rows(("cases", "c", "Sites", "", "max_mw", "guess", 1))[0], "sweep": "u"}
    good = rows(("cases", "c", "Sites", "", "max_mw", "add", 1))
    other = books.write(books.book(Sweeps=[*good, broken]), tmp_path / "other")
    assert len(optalloc.sweep(other, "s", jobs=1).cases) == 2
    with pytest.raises(InputError, match="Sweeps!G3"):
        optalloc.sweep(other, "u", jobs=1)


def test_a_mistake_on_a_sheet_for_readers_stops_nothing(tmp_path: Path) -> None:
    """Proves: where a region lies on the map is of no matter to the plan."""
    book = books.book(Regions=[{"region": "R", "latitude": 91, "longitude": 0}])
    plan = optalloc.solve(books.write(book, tmp_path / "book"))
    assert [notice.sheet for notice in plan.notices] == ["Regions"]
    assert plan.outcome.quality == "optimal"
