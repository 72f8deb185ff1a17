"""The same scenarios with other days on which outcomes become known."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

import numpy as np
import pandas as pd

from optalloc.mip.stochastic import StochasticProgram, owned_columns
from optalloc.modelling.decision_days import (
    START,
    decision_days,
    named_by,
    numbered_columns,
    reacting,
)
from optalloc.modelling.futures import Futures
from optalloc.modelling.shared_decisions import SharedDecisions

__all__ = ["BEFORE_ALL", "decided_today", "known_on", "one_period_later"]

# A day before any decision is taken.
BEFORE_ALL = pd.Timestamp(START)


def known_on(made: Futures, uncertainty: str, day: pd.Timestamp) -> StochasticProgram | None:
    """The same scenarios with the outcome of an uncertainty known on another day.

    None where it would be felt before that day.
    """
    moved = tuple(
        replace(one, revealed=day) if one.name == uncertainty else one
        for one in made.tree.uncertainties
    )
    tree, programs = replace(made.tree, uncertainties=moved), made.stochastic.programs
    levels = tuple(
        tree.levels(decision_days(own.model, own.dataset, arrays.columns))
        for own, arrays in zip(made.programs, programs, strict=True)
    )
    nodes = [tree.nodes[s][own] for s, own in enumerate(levels)]
    columns = owned_columns(numbered_columns([own.columns for own in programs]), nodes)
    shared = SharedDecisions(made.base, tree, programs, columns, levels)
    if next(chain(shared.crossed(), shared.missing(), shared.felt()), None) is not None:
        return None
    absent = shared.absent(named_by(made.base.model, "zero_where_absent"))
    return replace(made.stochastic, columns=columns, absent=absent)


def one_period_later(made: Futures, revealed: pd.Timestamp) -> pd.Timestamp | None:
    """The last day of the first step whose decisions may use what is known on a day.

    Known on that day only, these decisions are taken blind; what happens within the step may still
    react. None where no step begins by then.
    """
    steps = made.base.model.steps(made.base.dataset)
    later = steps[steps["begin"] >= revealed]
    return None if later.empty else later["end"].min() - pd.Timedelta(days=1)


def decided_today(made: Futures) -> StochasticProgram:
    """The same scenarios with every decision taken before anything is known.

    Only what is decided while a step runs may still react.
    """
    model = made.base.model
    free = reacting(model)
    programs = made.stochastic.programs
    levels = tuple(
        np.where(own.columns.mask_of(free), level, 0)
        for own, level in zip(programs, made.levels, strict=True)
    )
    nodes = [made.tree.nodes[s][own] for s, own in enumerate(levels)]
    columns = owned_columns(numbered_columns([own.columns for own in programs]), nodes)
    shared = SharedDecisions(made.base, made.tree, programs, columns, levels)
    absent = shared.absent(named_by(model, "zero_where_absent"))
    return replace(made.stochastic, columns=columns, absent=absent)
