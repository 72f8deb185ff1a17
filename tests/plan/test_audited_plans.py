"""Random small workbooks of every mix of families: each plan is audited, and none is refused.

The slow set solves 1,000 workbooks for each family, beside others drawn with it; what fails is named by
its family and seed, of which `made` gives the workbook again.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

import optalloc
from tests.books import Book, write
from tests.models.test_properties import NO_PLAN
from tests.random_books import FAMILIES, MODEL, book_of, by_the_hour, taxes

MIXES = {family.__name__: family for family in (*FAMILIES, taxes, by_the_hour)}


def made(mix: str, seed: int) -> Book:
    """The workbook of a seed, in which a family takes part beside up to four others."""
    draw = random.Random(f"{mix} {seed}")
    book = book_of(draw, [f for f in FAMILIES if f is not MIXES[mix]], fewest=0, most=4)
    MIXES[mix](draw, book)
    return book


def fault_of(mix: str, seed: int, folder: Path) -> str:
    """What is wrong with the answer of a seed; empty if a plan is audited, or rightly refused."""
    try:
        plan = optalloc.solve(write(made(mix, seed), folder), model=MODEL, time_limit_s=60)
    except optalloc.InfeasibleError:
        return ""
    except optalloc.InputError as refused:
        other = {problem.code for problem in refused.problems} - NO_PLAN
        return f"{mix} {seed}: {refused}" if other else ""
    except optalloc.OptallocError as error:
        return f"{mix} {seed}: {type(error).__name__}: {error}"
    failed = plan["Audit"].query("not passed")
    return "" if failed.empty else f"{mix} {seed}: {failed['subject'].tolist()}"


@pytest.mark.first(4)
@pytest.mark.parametrize("mix", MIXES)
def test_a_plan_is_audited(tmp_path: Path, mix: str) -> None:
    """Proves: the first workbook of the mix does not end in a fault, nor its plan in a refusal."""
    assert fault_of(mix, 0, tmp_path) == ""


@pytest.mark.slow
@pytest.mark.parametrize("mix", MIXES)
@pytest.mark.parametrize("hundred", range(10))
def test_every_plan_is_audited(tmp_path: Path, mix: str, hundred: int) -> None:
    """Proves: no workbook of the mix ends in a fault, and the audit refuses no plan."""
    seeds = range(100 * hundred, 100 * (hundred + 1))
    assert list(filter(None, (fault_of(mix, seed, tmp_path / str(seed)) for seed in seeds))) == []
