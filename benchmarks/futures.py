"""Stochastic programs by scenarios and as a whole: bound, plan and gap over time."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from pathlib import Path

import optalloc
from benchmarks.mpi_sppy import MpiSppy, solve_by_mpi_sppy
from benchmarks.smps import read_program, read_smps, trio_in
from optalloc.mip.attitude import Attitude, Measure
from optalloc.mip.extensive_form import extensive_form
from optalloc.mip.outcome import Options, Outcome, Progress
from optalloc.mip.stochastic import StochasticProgram
from optalloc.modelling.futures import attitude_of
from optalloc.pipeline.policies import scenarios_of
from optalloc.solving.direct import solve_directly
from optalloc.solving.futures import solve_stochastic

__all__ = ["FuturesRoute", "measure_futures", "stochastic_program"]

Say = Callable[[str], None]


class FuturesRoute(StrEnum):
    """Way to solve a stochastic program."""

    SCENARIOS = "scenarios"
    WHOLE = "whole"
    MPI_SPPY = "mpi-sppy"


def stochastic_program(source: Path) -> tuple[StochasticProgram, Attitude]:
    """The program of an .npz file, of a folder with an SMPS trio, or of a workbook.

    Raises
    ------
    ValueError
        If the workbook has no uncertainties.
    """
    if source.suffix == ".npz":
        return read_program(source), Attitude()
    if source.is_dir() and any(
        file.suffix in (".cor", ".tim", ".sto") for file in source.iterdir()
    ):
        return read_smps(*trio_in(source)), Attitude()
    model = optalloc.load_model()
    data = optalloc.validate(optalloc.read_workbook(source), model)
    tree = model.scenario_tree(data)
    if tree is None:
        raise ValueError(f"{source} has no uncertainties")
    return scenarios_of(data, model, tree).stochastic, attitude_of(data)


def measure_futures(
    source: Path, route: FuturesRoute, options: Options, say: Say, mpi_sppy: MpiSppy | None = None
) -> Outcome:
    """Solve by one route, and say plan, bound and gap as they improve.

    Raises
    ------
    ValueError
        If the workbook has no uncertainties, or the program is none for mpi-sppy.
    """
    program, attitude = stochastic_program(source)

    def report(now: Progress) -> None:
        if math.isfinite(now.objective) or math.isfinite(now.bound):
            say(_line(now.seconds, now.objective, now.bound, now.gap, now.phase))

    if route is FuturesRoute.SCENARIOS:
        own = replace(options.parameters.futures, extensive_entries=0)
        options = replace(options, parameters=replace(options.parameters, futures=own))
        return solve_stochastic(program, attitude, options, report).outcome
    if route is FuturesRoute.MPI_SPPY:
        if mpi_sppy is None or attitude.measure is not Measure.EXPECTED:
            raise ValueError("mpi-sppy needs its Python named, and minimises the expected cost")
        return solve_by_mpi_sppy(program, mpi_sppy, options, report)
    references = None
    form = extensive_form(program, attitude, references)
    return solve_directly(form.arrays, options, report)


def _line(seconds: float, objective: float, bound: float, gap: float, phase: str) -> str:
    share = f"{100 * gap:.3f} %" if math.isfinite(gap) else "-"
    return (
        f"{seconds:9.1f} s  plan {objective:14,.4f}  bound {bound:14,.4f}  gap {share:>9}  {phase}"
    )
