"""Scenarios solved one after another with decisions held, each audited."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.errors import InfeasibleError
from optalloc.mip.outcome import Options, Outcome, Quality, StopReason
from optalloc.modelling.compiled import compile_program
from optalloc.modelling.futures import sharing
from optalloc.modelling.model import Model
from optalloc.modelling.program import build
from optalloc.modelling.renew import Renewed, renewed
from optalloc.plan.readback import read_audited, worst_of
from optalloc.scenarios.edits import rows_added
from optalloc.solving.resolve import Resolver

__all__ = ["Costed", "Status", "costs_held"]


class Status:
    """How a scenario ended with decisions held."""

    CONTINUED = "continued"
    NO_PLAN = "no plan"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Costed:
    """Cost and bound of a scenario with decisions held; NaN where there is no plan.

    ``status`` is ``"no plan"`` where it is proven that none continues what is held, and
    ``"undecided"`` where none was found in time, or its audit refused it.
    """

    cost: float
    bound: float
    status: str


def costs_held(
    datasets: Sequence[Dataset],
    rows: Mapping[str, pd.DataFrame],
    model: Model,
    options: Options,
) -> Iterator[Costed]:
    """Solve scenarios with decisions held, one after another.

    Parameters
    ----------
    datasets : sequence of Dataset
        Of the scenarios.
    rows : mapping of str to pandas.DataFrame
        Rows by sheet that hold decisions.
    model : Model
    options : Options
        Of each solve.
    """
    # What is held may serve a need that another scenario has.
    held = sharing([rows_added(rows, data) for data in datasets], model)
    known: Renewed | None = None
    resolvers: list[Resolver] = []
    for data in held:
        try:
            if known is None:
                program = build(data, model)
                known = Renewed(program, compile_program(program), same_sets=True)
            new = renewed(known.program, known.arrays, data)
        except InfeasibleError:
            yield Costed(np.nan, np.nan, Status.NO_PLAN)
            continue
        fitting = (one for one in resolvers if one.arrays.has_pattern_of(new.arrays))
        resolver = next(fitting, None)
        if resolver is None:
            resolver = Resolver(new.arrays, options)
            resolvers.append(resolver)
        yield _costed(new, resolver.solve(new.arrays))


def _costed(new: Renewed, outcome: Outcome) -> Costed:
    if outcome.quality is Quality.NONE or outcome.values is None:
        proven = outcome.stop_reason is StopReason.INFEASIBLE
        return Costed(np.nan, np.nan, Status.NO_PLAN if proven else Status.UNDECIDED)
    _, audit = read_audited(new.program, new.arrays, outcome)
    if worst_of(audit):
        return Costed(np.nan, np.nan, Status.UNDECIDED)
    return Costed(outcome.objective, outcome.bound, Status.CONTINUED)
