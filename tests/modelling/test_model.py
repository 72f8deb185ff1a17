"""Model folders: a family is a file or a folder, and the digest covers every file that it consists of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import optalloc
from optalloc.errors import ModelError

RULES = """
def parameters(data):
    return None

def declare(m, p, ledgers):
    pass

def constrain(m, p):
    pass
"""
RECORD = """
FAMILY = Family(
    name="{name}", title=TITLE, order={order}, sheets=(),
    parameters=parameters, declare=declare, constrain=constrain,
)
"""


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model of family single, a file, and family several, a folder; both use a shared helper."""
    model = tmp_path / "model"
    write(model / "_shared.py", 'TITLE = "Shared"\n')
    write(
        model / "single.py",
        '"""Single: in one file."""\nfrom optalloc.modelling.family import Family\n'
        f"from ._shared import TITLE\n{RULES}{RECORD.format(name='single', order=2)}",
    )
    write(model / "several" / "formulation.py", f'"""Several: in its own folder."""\n{RULES}')
    write(model / "several" / "sheets.py", '"""Sheets."""\nfrom .._shared import TITLE\n')
    write(
        model / "several" / "family.py",
        '"""The record."""\nfrom optalloc.modelling.family import Family\nfrom .sheets import TITLE\n'
        "from optalloc.modelling.folders import formulation\nRULES = formulation(__package__)\n"
        + RECORD.format(name="several", order=1).replace("=parameters", "=RULES.parameters")
        .replace("=declare", "=RULES.declare").replace("=constrain", "=RULES.constrain"),
    )  # fmt: skip
    return model


def test_a_family_is_a_file_or_a_folder(folder: Path) -> None:
    """Proves: both load, each with the docstring of its rules; hidden folders, caches and folders
    of shared helpers are no families."""
    write(folder / ".ipynb_checkpoints" / "single.py", "1 / 0\n")
    write(folder / "__pycache__" / "odd.py", "1 / 0\n")
    write(folder / "_helpers" / "more.py", "1 / 0\n")
    write(folder / "notes" / "readme.txt", "No code.\n")
    model = optalloc.load_model(folder)
    assert [(family.name, family.title, family.doc) for family in model.families] == [
        ("several", "Shared", "Several: in its own folder."),
        ("single", "Shared", "Single: in one file."),
    ]


def test_a_formulation_is_imported_when_a_program_is_built(folder: Path) -> None:
    """Proves: a model loads, and its workbooks can be checked, whatever is wrong in a formulation;
    what is wrong is reported with its file at the first call. Sensitivity: a sound one is called."""
    several = next(f for f in optalloc.load_model(folder).families if f.name == "several")
    assert several.parameters(None) is None
    write(folder / "several" / "formulation.py", f'"""Several."""\n1 / 0\n{RULES}')
    several = next(f for f in optalloc.load_model(folder).families if f.name == "several")
    with pytest.raises(ModelError) as refusal:
        several.declare(None, None, None)
    assert str(refusal.value).startswith(f"{folder / 'several/formulation.py'}: ")
    assert "division by zero" in str(refusal.value)


def test_a_family_folder_may_be_a_link(folder: Path, tmp_path: Path) -> None:
    """Proves: a family that lies elsewhere and is linked here loads, and its files are in the digest."""
    before = optalloc.load_model(folder)
    (folder / "several").rename(tmp_path / "several")
    (folder / "several").symlink_to(tmp_path / "several", target_is_directory=True)
    model = optalloc.load_model(folder)
    assert model.digest == before.digest
    assert [family.name for family in model.families] == ["several", "single"]


@pytest.mark.parametrize(
    "change",
    [
        lambda model: write(model / "several" / "sheets.py", "TITLE = 'Other'\n"),
        lambda model: write(model / "several" / "deep" / "er.py", ""),
        lambda model: write(model / "_helpers" / "more.py", ""),
        lambda model: (model / "several").rename(model / "renamed"),
    ],
    ids=["a file changed", "a file below", "a helper", "a folder renamed"],
)
def test_the_digest_covers_every_file_by_its_path(
    folder: Path, change: Callable[[Path], None]
) -> None:
    """Proves: a plan is never taken for one of the same model where any file of it differs.

    Sensitivity: what is never imported, in caches and hidden folders, changes nothing.
    """
    before = optalloc.load_model(folder).digest
    write(folder / "several" / "__pycache__" / "old.py", "1 / 0\n")
    write(folder / ".hidden" / "old.py", "1 / 0\n")
    assert optalloc.load_model(folder).digest == before
    change(folder)
    assert optalloc.load_model(folder).digest != before


def test_a_changed_file_of_a_folder_is_loaded_again(folder: Path) -> None:
    """Proves: a process that has loaded a model sees what is changed in a family's folder."""
    optalloc.load_model(folder)
    write(folder / "several" / "sheets.py", "TITLE = 'Changed since'\n")
    assert optalloc.load_model(folder).families[0].title == "Changed since"


@pytest.mark.parametrize(
    ("change", "file", "said"),
    [
        (lambda m: (m / "several/family.py").unlink(), "several/family.py", "missing; a folder of"),
        (lambda m: (m / "several/formulation.py").unlink(), "several/formulation.py", "missing;"),
        (lambda m: write(m / "several.py", ""), "several", "file or a folder; take this or several.py"),
        (lambda m: write(m / "several/family.py", ""), "several/family.py", "must end with FAMILY"),
        (lambda m: write(m / "several/sheets.py", "1 / 0"), "several/sheets.py", "division by zero"),
        (lambda m: write(m / "several/sheets.py", "TITLE ="), "several/sheets.py", "invalid syntax"),
        (lambda m: write(m / "_shared.py", ""), "several/sheets.py", "cannot import name 'TITLE'"),
        (lambda m: write(m / "single.py", "1 / 0"), "single.py", "division by zero"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_file(
    folder: Path, change: Callable[[Path], None], file: str, said: str
) -> None:
    """Proves: each fault of a model folder names the file to put right."""
    change(folder)
    with pytest.raises(ModelError) as refusal:
        optalloc.load_model(folder)
    assert str(refusal.value).startswith(f"{folder / file}: ")
    assert said in str(refusal.value)


@pytest.mark.parametrize("name", ["", "single.py", "nowhere"])
def test_no_model_folder(folder: Path, name: str) -> None:
    """Proves: a folder without code, a file and a path that is not there are told as such."""
    path = folder / name if name else folder.parent / "empty"
    if not name:
        path.mkdir()
    with pytest.raises(ModelError, match=r"no model folder with \.py files here"):
        optalloc.load_model(path)
