"""Parameters of the solution methods: read from TOML, refused where they make no sense, and used."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest

import optalloc
from optalloc.errors import OptallocError
from optalloc.mip.outcome import Options
from optalloc.mip.parameter_file import changed_parameters, read_parameters
from optalloc.mip.parameters import LargeNeighbourhood, Parameters, Rens
from tests.command import optalloc_says
from tests.paths import INPUTS


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "parameters.toml"
    path.write_text(text)
    return path


def test_what_is_named_changes_and_nothing_else(tmp_path: Path) -> None:
    """Proves: a file changes the parameters that it names; an integer counts as a number; those
    changed are listed by name. Sensitivity: an empty file changes nothing."""
    path = written(tmp_path, "[rens]\ncoarse_gap = 0.02\n[large_neighbourhood]\nblocks = 9\n")
    found = read_parameters(path)
    assert found == Parameters(
        rens=Rens(coarse_gap=0.02), large_neighbourhood=LargeNeighbourhood(blocks=9.0)
    )
    assert isinstance(found.large_neighbourhood.blocks, float)
    changed = {"rens.coarse_gap": 0.02, "large_neighbourhood.blocks": 9.0}
    assert dict(changed_parameters(found)) == changed
    assert Options(parameters=found).entries().items() >= changed.items()
    assert read_parameters(written(tmp_path, "")) == Parameters()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[rins]\ngap = 0.1", ("no table is named 'rins'", "rens", "large_neighbourhood")),
        ("rens = 3", ("rens must be a table",)),
        ("[rens]\ngap = 0.1", ("no parameter of [rens] is named 'gap'", "coarse_gap, fine_gap")),
        ("[rens]\ncoarse_gap = 'x'", ("rens.coarse_gap must be a number from 0 to 1", "'x'")),
        ("[rens]\ncoarse_gap = 1.5", ("must be a number from 0 to 1, such as 0.01; found 1.5",)),
        ("[rens]\nmost_fractional = 2.5", ("must be an integer of at least 0", "1500", "2.5")),
        ("[rens]\nmost_fractional = true", ("must be an integer", "True")),
        ("[rens]\nfine_least_s = -1", ("must be a number of at least 0", "-1")),
        ("[rens]\nfine_least_s = nan", ("must be a number of at least 0", "nan")),
        ("[rens]\nfine_least_s = inf", ("must be a number of at least 0", "inf")),
        ("[rens", ("not a TOML file",)),
    ],
)
def test_a_mistake_names_what_is_allowed(tmp_path: Path, text: str, words: tuple[str, ...]) -> None:
    """Proves: unknown names, other types and values out of range are refused with the file, the name
    and what is allowed."""
    path = written(tmp_path, text)
    with pytest.raises(OptallocError) as refusal:
        read_parameters(path)
    message = str(refusal.value)
    assert str(path) in message
    assert all(word in message for word in words), message


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    """Proves: a missing file is an error of optalloc that names it."""
    with pytest.raises(OptallocError, match=r"gone\.toml: No such file"):
        read_parameters(tmp_path / "gone.toml")


@pytest.mark.slow
def test_a_solve_takes_parameters_and_records_those_changed(tmp_path: Path) -> None:
    """Proves: `optalloc.solve` takes a file or the parameters, and the table Run keeps those that are
    not at their default. Sensitivity: with none it keeps none."""
    path = written(tmp_path, "[second_route]\nlongest_proof_s = 0\n")
    book = INPUTS / "minimal"
    for given in (path, str(path), read_parameters(path)):
        plan = optalloc.solve(book, parameters=given)
        run = plan["Run"].set_index("entry")["value"]
        assert run["option second_route.longest_proof_s"] == 0.0
        # It is used: no second route confirms the proof.
        assert not plan.outcome.notes
    plain = optalloc.solve(book)
    assert any("second route" in note for note in plain.outcome.notes)
    assert not [entry for entry in plain["Run"]["entry"] if "option second_route" in entry]


def test_the_command_takes_a_file(tmp_path: Path) -> None:
    """Proves: `optalloc solve --parameters` reads the file, and a mistake in it ends the command with the
    message before anything is solved."""
    book = str(INPUTS / "minimal")
    good = written(tmp_path, "[second_route]\nlongest_proof_s = 0\n")
    said = optalloc_says("solve", book, "--json", "--parameters", str(good))
    assert said.returncode == 0 and "second_route.longest_proof_s" in said.stdout
    bad = written(tmp_path, "[rens]\nx = 1\n")
    said = optalloc_says("solve", book, "--json", "--parameters", str(bad))
    assert (
        said.returncode != 0 and "no parameter of [rens] is named 'x'" in said.stdout + said.stderr
    )


def test_parameters_are_frozen_and_explained() -> None:
    """Proves: no parameter can be set by accident, and the docstring of each class names every one."""
    with pytest.raises(FrozenInstanceError):
        Parameters().rens.coarse_gap = 1.0  # type: ignore[misc]
    for one in fields(Parameters):
        method = type(getattr(Parameters(), one.name))
        for parameter in fields(method):
            assert parameter.name in (method.__doc__ or ""), parameter.name
