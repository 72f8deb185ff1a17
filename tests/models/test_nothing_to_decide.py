"""Workbooks in which hardly anything is left to decide: a plan or a reason, never a fault."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

import optalloc
from optalloc.errors import Problem, Severity
from tests.books import Book, everything, write

MODEL = optalloc.load_model()
REQUIRED = {name for name, sheet in MODEL.sheets.items() if sheet.required}
OPTIONAL = [name for name in everything() if name not in REQUIRED]
# Seeds of the slow draws; each draw is printed by its parameters.
SEEDS = range(60)


def none_to_commit(made: Book) -> None:
    """No decision is about committing a site, since all are open."""
    if "Decisions" in made:
        made["Decisions"] = [row for row in made["Decisions"] if row["what"] != "committed"]


def all_full(made: Book) -> None:
    """Every site stands and has no room."""
    none_to_commit(made)
    for row in made["Sites"]:
        row |= {"status": "existing", "existing_mw": row["max_mw"], "block_mw": None, "min_mw": 0,
                "max_blocks_per_period": None}  # fmt: skip


def all_open_and_empty(made: Book) -> None:
    """Every site is open and has all its room."""
    none_to_commit(made)
    for row in made["Sites"]:
        row |= {"status": "existing", "existing_mw": 0}


def one_period(made: Book) -> None:
    del made["Periods"][1:]


def no_demand(made: Book) -> None:
    for row in made["Demand"]:
        row |= {"it_mw": 0, "units": None}


def one_site(made: Book) -> None:
    """All sites but the first are excluded."""
    for row in made["Sites"][1:]:
        row["status"] = "excluded"


def leads_past_the_end(made: Book) -> None:
    for row in made["Sites"]:
        row["block_lead_months"] = 600


WORLDS = (all_full, all_open_and_empty, one_period, no_demand, one_site, leads_past_the_end)


def with_sheets(sheets: set[str]) -> Book:
    """The workbook with rows on every sheet, of which some optional ones are left, and what they
    refer to; all demand may remain unmet."""
    made = everything()
    kept = REQUIRED | sheets | {"Currencies", "ComputeUnits"}
    for name in sheets:
        kept |= {c.refers_to.split(".")[0] for c in MODEL.sheets[name].columns if c.refers_to}
    for row in made["Workloads"]:
        row |= {"unmet_penalty_per_mw_year": 30, "min_mw_at_one_site": None}
    return {name: rows for name, rows in made.items() if name in kept}


def errors(folder: Path) -> list[Problem]:
    _, found = optalloc.check(optalloc.read_workbook(folder), MODEL)
    return [problem for problem in found if problem.severity is Severity.ERROR]


def repaired(made: Book, folder: Path) -> Path:
    """The workbook without the rows that are errors, as long as those are of optional sheets."""
    for attempt in range(8):
        path = write({name: rows for name, rows in made.items() if rows}, folder / str(attempt))
        wrong: dict[str, set[int]] = {}
        for problem in errors(path):
            row = int("".join(filter(str.isdigit, problem.cell)) or 0) - 2
            wrong.setdefault(problem.sheet, set()).add(row)
        if not wrong:
            return path
        for name, rows in wrong.items():
            if MODEL.sheets[name].vertical or name == "Sites":
                # What a site lacks is on the sheets that ask for it.
                rows_of = [n for n in made if n not in REQUIRED and n != "Currencies"]
                made[rows_of[-1] if name == "Sites" and rows_of else name] = []
            else:
                made[name] = [row for k, row in enumerate(made[name]) if k not in rows]
    return path


def outcome(made: Book, folder: Path) -> str:
    """Return "plan" for one that passes its audit, else the kind of reason for none."""
    path = repaired(made, folder)
    try:
        plan = optalloc.solve(path, time_limit_s=30, threads=1)
    except (optalloc.InputError, optalloc.InfeasibleError, optalloc.NoPlanError) as reason:
        return type(reason).__name__
    assert plan["Audit"]["passed"].all()
    return "plan"


@pytest.mark.first(1)
@pytest.mark.parametrize("world", WORLDS)
def test_every_sheet_has_rows_and_hardly_anything_is_decided(
    world: Callable[[Book], None], tmp_path: Path
) -> None:
    """Proves: with rows on every sheet each such workbook has a plan that passes its audit.

    Where all sites are full none has: Tokyo draws 80 x 1.25 MW, and is energised with 75.
    """
    made = with_sheets(set(OPTIONAL))
    world(made)
    full = world is all_full
    assert (outcome(made, tmp_path) == "plan") != full


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_some_sheets_have_rows_and_hardly_anything_is_decided(seed: int, tmp_path: Path) -> None:
    """Proves: nor do a few sheets alone, in several such worlds at once, end in a fault."""
    draw = random.Random(seed)
    made = with_sheets(set(draw.sample(OPTIONAL, draw.choice([1, 1, 2, 3, 6, 12]))))
    for world in draw.sample(WORLDS, draw.choice([1, 1, 2, 3])):
        world(made)
    assert outcome(made, tmp_path)
