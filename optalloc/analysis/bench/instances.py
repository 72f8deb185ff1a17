"""Instances to measure on: workbooks, frames, files of linear programs, and generated sizes."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from optalloc.analysis.bench.mistakes import Mistakes
from optalloc.data.validate import validate
from optalloc.errors import ModelError, OptallocError
from optalloc.mip.outcome import Options
from optalloc.modelling.model import Model, options_of
from optalloc.scenarios.uncertainty_sheets import as_it_stands
from optalloc.solving.highs import read_program
from optalloc.spreadsheet.frames import NAME, Book, write_frames
from optalloc.spreadsheet.read import read_workbook
from optalloc.starting.generator import Generator
from optalloc.starting.load import load_generator

__all__ = [
    "ENDINGS",
    "Instance",
    "Source",
    "generated",
    "instances_of",
    "is_program_file",
    "seeds_of",
]

# A workbook, frames, a file of a linear program, or a size with its seeds, such as "S:1-3".
Source = Book
ENDINGS = (".mps", ".mps.gz", ".lp", ".lp.gz")
_WORKBOOKS, _PROGRAMS = "workbooks", "programs"
_SIZE = re.compile(r"(?P<size>\w+)(?::(?P<seeds>[\d,-]+))?")


@dataclass(frozen=True)
class Instance:
    """An instance that can be read: a workbook, or a file of a linear program.

    Parameters
    ----------
    name : str
    group : str
        Instances that are averaged over: a generated size, ``workbooks`` or ``programs``.
    path : Path
    digest : str
        Hash of its input.
    options : Options
        Its own, where none are given.
    maximised : bool
        True where the file maximises: costs of its runs are negative.
    remarks : tuple of str
        Sentences about how it is taken.
    """

    name: str
    group: str
    path: Path
    digest: str
    options: Options
    maximised: bool = False
    remarks: tuple[str, ...] = ()


def is_program_file(path: str | Path) -> bool:
    """True where a path ends as a file of a linear program does."""
    return str(path).lower().endswith(ENDINGS)


def instances_of(
    sources: Sequence[Source], model: Model, folder: Path, mistakes: Mistakes | None = None
) -> list[Instance]:
    """Read every source once, so that a bad one is refused before anything runs.

    Parameters
    ----------
    sources : sequence
        Paths, frames by sheet name, or sizes with seeds such as ``"S:1-3"``.
    model : Model
    folder : Path
        Where generated instances and frames are written, if they are not there yet.
    mistakes : Mistakes, optional
        Where errors are noted instead of being raised.

    Raises
    ------
    InputError
        With every problem of all workbooks at once.
    OptallocError
        If a file cannot be read or there is no such size, all of them at once; or two instances
        have one name.
    """
    found: list[Instance] = []
    every = Mistakes() if mistakes is None else mistakes
    for k, source in enumerate(sources):
        name = f"{NAME} {k + 1}" if isinstance(source, Mapping) else str(source)
        with every.noted(name):
            found += _read(source, k, model, folder)
    names = [one.name for one in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        with every.noted():
            raise OptallocError(f"instances must differ in their names; found twice: {twice[0]}")
    if mistakes is None:
        every.insist()
    return found


def generated(size: str, seed: int, generator: Generator, folder: Path) -> Path:
    """Write a generated instance, unless it is there; it appears whole or not at all."""
    target = folder / f"{size}-{seed}"
    if not target.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as unfinished:
            generator.write(size, seed, Path(unfinished) / "book")
            (Path(unfinished) / "book").rename(target)
    return target


def _read(source: Source, number: int, model: Model, folder: Path) -> Iterator[Instance]:
    if isinstance(source, Mapping):
        path = folder / f"{NAME}-{number + 1}"
        write_frames(source, path)
        yield _workbook(path, model, _WORKBOOKS)
        return
    path = Path(source)
    wanted = None if path.exists() else _SIZE.fullmatch(str(source))
    generator = wanted and _generator_of(wanted, model)
    if not wanted or generator is None:
        yield _program(path) if is_program_file(path) else _workbook(path, model, _WORKBOOKS)
        return
    for seed in seeds_of(wanted["seeds"] or "1"):
        made = generated(wanted["size"], seed, generator, folder)
        yield _workbook(made, model, wanted["size"])


def _generator_of(wanted: re.Match[str], model: Model) -> Generator | None:
    """The generator of the model, if it has the size; a name without seeds may be a file's."""
    try:
        generator = load_generator(model.path)
    except ModelError:
        if wanted["seeds"]:
            raise
        return None
    if wanted["size"] in generator.sizes:
        return generator
    if wanted["seeds"]:
        sizes = "; ".join(f"{name}: {words}" for name, words in generator.sizes.items())
        raise OptallocError(f"{wanted[0]}: must be a file, or a size with its seeds ({sizes})")
    return None


def _program(path: Path) -> Instance:
    if not path.is_file():
        raise OptallocError(f"{path}: must exist, a file of a linear program")
    _, maximised = read_program(path)
    name = path.name[: -next(len(end) for end in ENDINGS if path.name.lower().endswith(end))]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Instance(name, _PROGRAMS, path, digest, Options(), maximised)


def _workbook(path: Path, model: Model, group: str) -> Instance:
    workbook = read_workbook(path)
    dataset = validate(workbook, model)
    options = options_of(dataset, model, {})
    name = path.name if path.is_dir() else path.stem
    # Not that of the dataset, which has the model's columns in it: another version may have more.
    return Instance(name, group, path, workbook.digest, options, remarks=as_it_stands(dataset))


def seeds_of(text: str) -> list[int]:
    """Seeds such as ``1,3`` or ``1-10``.

    Raises
    ------
    OptallocError
        If they are no numbers, or fall.
    """
    found: list[int] = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise OptallocError(f"seeds must be numbers such as 1,2 or 1-10; found {text!r}")
        numbers = range(int(first), int(last if dash else first) + 1)
        if not numbers:
            raise OptallocError(f"seeds must rise, such as 1-10; found {part!r}")
        found += numbers
    return found
