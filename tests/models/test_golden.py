"""What each family adds to a small workbook is what its golden says, until the flag rewrites it."""

from __future__ import annotations

from pathlib import Path

import highspy
import pytest

import optalloc
from tests.goldens import FOLDER, goldens

FAMILIES = [family.name for family in optalloc.load_model().families]


@pytest.fixture(scope="module")
def written(everything_folder: Path) -> dict[str, str]:
    return goldens(everything_folder)


@pytest.fixture(scope="module")
def rewrite(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-goldens"))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_adds_what_its_golden_says(
    family: str, written: dict[str, str], rewrite: bool
) -> None:
    """Proves: no row, coefficient, bound or cost changes without a change for review to see."""
    path = FOLDER / f"{family}.lp"
    if rewrite:
        path.write_text(written[family], encoding="utf-8", newline="\n")
    assert path.is_file(), "a new family: run pytest --update-goldens tests/models/test_golden.py"
    assert path.read_text("utf-8") == written[family], (
        "the formulation changed: if it was meant to, run pytest --update-goldens "
        "tests/models/test_golden.py, and say why in the changelog"
    )


def test_goldens_are_of_families_that_there_are(rewrite: bool) -> None:
    """Proves: a family that is gone leaves nothing behind."""
    gone = [path for path in FOLDER.glob("*") if path.stem not in FAMILIES]
    if rewrite:
        for path in gone:
            path.unlink()
        gone = []
    assert gone == []


@pytest.mark.parametrize("family", FAMILIES)
def test_a_golden_is_an_lp_file(family: str, written: dict[str, str], tmp_path: Path) -> None:
    """Proves: any solver can read what a reviewer reads."""
    path = tmp_path / f"{family}.lp"
    path.write_text(written[family], encoding="utf-8")
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    assert solver.readModel(str(path)) == highspy.HighsStatus.kOk
    shown = [line for line in written[family].splitlines() if line.startswith(" ") and ": " in line]
    assert solver.getNumRow() == len(shown)
