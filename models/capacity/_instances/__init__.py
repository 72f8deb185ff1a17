"""Planning instances: a world drawn from a seed, a plan made in it, and limits set around that.

A seed means the same bytes on every machine: random numbers come from numpy's PCG64, and only
additions, multiplications, divisions and square roots are used on the way to the cells.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from optalloc.starting.generator import Generator

from .limits import limits, violated
from .plan import Plan, make_plan
from .sheets import sheets_of
from .sizes import SIZES, Size
from .world import World, draw


@dataclass(frozen=True)
class Instance:
    """Sheets of an instance, and the plan that shows that it is feasible."""

    name: str
    size: Size
    sheets: dict[str, pd.DataFrame]
    world: World
    plan: Plan


def generate(size: str, seed: int) -> Instance:
    """Make an instance, the same for a seed on every machine.

    Parameters
    ----------
    size : str
        One of `SIZES`.
    seed : int

    Raises
    ------
    AssertionError
        If its own plan violates a limit: a fault of the generator.
    """
    chosen = SIZES[size]
    world = draw(chosen, seed)
    plan = make_plan(world, seed)
    random = np.random.Generator(np.random.PCG64(np.random.SeedSequence([chosen.regions, seed])))
    given = limits(world, plan, random)
    failed = violated(world, plan, given)
    if failed:
        raise AssertionError(f"{size} {seed}: its own plan violates {', '.join(failed)}")
    name = f"{size}-{seed}"
    return Instance(name, chosen, sheets_of(world, plan, given, name), world, plan)


def write(size: str, seed: int, folder: Path) -> None:
    """Write an instance as a workbook folder: CSVs, packed where the size says so."""
    instance = generate(size, seed)
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in instance.sheets.items():
        text = frame.to_csv(index=False, lineterminator="\n").encode()
        if instance.size.packed:
            (folder / f"{name}.csv.gz").write_bytes(gzip.compress(text, 6, mtime=0))
        else:
            (folder / f"{name}.csv").write_bytes(text)


INSTANCES = Generator(
    sizes={
        size.name: f"{size.sites} sites, {size.regions} regions, {len(size.months)} periods"
        for size in SIZES.values()
    },
    write=write,
)
