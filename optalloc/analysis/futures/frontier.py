"""The frontier of expected cost against the cost of the worst scenarios: one policy a weight."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from optalloc.analysis.stopped import keeping
from optalloc.data.schema import Column, Kind
from optalloc.errors import OptallocError
from optalloc.mip.attitude import Attitude, Measure
from optalloc.mip.outcome import StepCallback, StopReason
from optalloc.modelling.futures import attitude_of
from optalloc.modelling.model import Model, options_of
from optalloc.modelling.outputs import Chart, TableSpec
from optalloc.modelling.policy_tables import FUTURES
from optalloc.pipeline.opening import open_scenarios
from optalloc.pipeline.policies import scenarios_of, solve_policy
from optalloc.plan.plan import Plan
from optalloc.report.findings import Findings, figure
from optalloc.report.progress import with_bar
from optalloc.spreadsheet.frames import Book

__all__ = ["FRONTIER", "WEIGHTS", "frontier"]

WEIGHTS = (0.0, 0.25, 0.5, 0.75, 0.95)


_MONEY = "M, present value"
FRONTIER = TableSpec(
    name="Frontier",
    meaning="The policy that is best at each weight of the worst scenarios.",
    key=("weight",),
    columns=(
        Column(
            name="weight",
            kind=Kind.NUMBER,
            unit="share",
            meaning="Weight of the mean of the worst scenarios; the expected cost has the rest.",
        ),
        Column(name="expected", kind=Kind.NUMBER, unit=_MONEY, meaning="Expected cost."),
        Column(
            name="tail",
            kind=Kind.NUMBER,
            unit=_MONEY,
            meaning="Mean cost of the worst scenarios, of the probability tail_share.",
        ),
        Column(name="least", kind=Kind.NUMBER, unit=_MONEY, meaning="Least cost of a scenario."),
        Column(
            name="greatest", kind=Kind.NUMBER, unit=_MONEY, meaning="Greatest cost of a scenario."
        ),
        Column(
            name="gap",
            kind=Kind.NUMBER,
            unit="share",
            meaning="Relative gap of the weighted mean: what a better policy could save at most.",
        ),
    ),
)

CHART = Chart(
    title="Expected cost and the worst scenarios",
    table=FRONTIER.name,
    kind="points",
    x="tail",
    series=("expected",),
    x_title=f"Mean cost of the worst scenarios ({_MONEY})",
    y_title=f"Expected cost ({_MONEY})",
)


@with_bar
def frontier(
    book: Book,
    *,
    weights: Sequence[float] = WEIGHTS,
    tail_share: float | None = None,
    gap: float | None = None,
    time_limit_s: float | None = None,
    model: str | Path | Model | None = None,
    on_step: StepCallback | None = None,
) -> Findings:
    """Find what the worst scenarios cost less where the expected cost may be more.

    Parameters
    ----------
    book : str or Path
        A workbook with scenarios; what its sheet Attitude asks for, but for the share of the tail,
        is not regarded.
    weights : sequence of float
        Weights of the mean of the worst scenarios, from 0 to less than 1: at 1 what the other
        scenarios cost would not count at all.
    tail_share : float, optional
        Probability of the worst scenarios; of the sheet Attitude by default.
    gap, time_limit_s : float, optional
        Of each solve; of the workbook by default.
    model : str, Path or Model, optional
        Model folder; the capacity model by default.
    on_step : callable, optional
        Called with what is solved, and how much of it is done.

    Returns
    -------
    Findings
        Table `Frontier`, by rising weight; each policy is audited. Ended by Ctrl-C it has those
        found by then, and a sentence says so.

    Raises
    ------
    InputError
        With every problem of the workbook at once.
    NoPolicyError, InfeasibleError, NoPlanError
        As `optalloc.solve`.
    OptallocError
        If the workbook has no scenarios, or a weight or the share is out of range.
    """
    data, loaded, tree = open_scenarios(book, model)
    share = attitude_of(data).tail_share if tail_share is None else tail_share
    _refuse(weights, share)
    made = scenarios_of(data, loaded, tree)
    options = options_of(data, loaded, {"gap": gap, "time_limit_s": time_limit_s})
    rows: list[dict[str, float]] = []
    chosen = sorted(set(weights))
    with keeping(lambda: len(rows), len(chosen), "weights") as stopped:
        for weight in chosen:
            attitude = Attitude(Measure.MEAN_AND_TAIL, share, weight)
            policy = solve_policy(made, attitude, options)
            rows.append({"weight": weight, **_figures(policy, tree.probability, share)})
            if on_step is not None:
                on_step("weights of the worst scenarios", len(rows), len(chosen))
            if policy.outcome.stop_reason is StopReason.INTERRUPTED:
                raise KeyboardInterrupt
    table = pd.DataFrame(rows)
    tables, specs = {FRONTIER.name: table}, (FRONTIER,)
    return Findings(
        "What less risk costs",
        (*stopped, *_sentences(table, share)),
        tables,
        specs,
        charts=(CHART,),
    )


def _refuse(weights: Sequence[float], share: float) -> None:
    if not weights or not all(0.0 <= weight < 1.0 for weight in weights):
        found = ", ".join(f"{weight:g}" for weight in weights) or "none"
        raise OptallocError(f"weights must be at least 0 and less than 1; found {found}")
    if not 0.0 < share <= 1.0:
        raise OptallocError(f"the share of the tail must be above 0 and at most 1; found {share:g}")


def _figures(policy: Plan, probability: np.ndarray, share: float) -> dict[str, float]:
    costs = policy[FUTURES.name]["cost"].to_numpy(float)
    tail = Attitude(Measure.MEAN_AND_TAIL, share, 1.0)
    return {
        "expected": float(probability @ costs),
        "tail": tail.value(probability, costs),
        "least": float(costs.min()),
        "greatest": float(costs.max()),
        "gap": policy.gap,
    }


def _sentences(table: pd.DataFrame, share: float) -> list[str]:
    """Say what each further weight costs and saves; within rounding policies are the same."""
    said: list[str] = []
    rows: list[dict[str, float]] = [
        {str(name): float(value) for name, value in row.items()} for row in table.to_dict("records")
    ]
    tail = f"the worst {share * 100:.3g} %"
    for before, after in pairwise(rows):
        more, less = after["expected"] - before["expected"], before["tail"] - after["tail"]
        if max(abs(more), abs(less)) <= 1e-6 * abs(before["expected"]):
            continue
        said.append(
            f"From a weight of {before['weight']:g} to {after['weight']:g} the expected cost rises "
            f"by {figure(more)} M and the mean of {tail} falls by {figure(less)} M."
        )
    if not said:
        first = rows[0]
        said.append(
            f"The policy is the same at every weight: {figure(first['expected'])} M expected, and "
            f"{figure(first['tail'])} M in {tail}."
        )
    if table["gap"].max() > 0:
        said.append(
            f"Each is proven to within {figure(100 * table['gap'].max(), 2)} % of its weighted "
            "mean; differences smaller than that decide nothing."
        )
    return said
