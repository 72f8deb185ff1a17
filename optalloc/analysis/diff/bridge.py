"""The cost bridge: from A's cost to B's, component by component."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from optalloc.data.schema import Column, Kind
from optalloc.modelling.outputs import Chart, TableSpec

__all__ = ["BRIDGE", "REST", "bridge_chart", "changes_by", "cost_bridge"]

# Name of the step that the components do not explain: the solver's own rounding.
REST = "rounding"
_FROM, _TO = "A", "B"
# Changes up to this share of the cost are rounding of sums.
_NOISE = 1e-9

BRIDGE = TableSpec(
    name="Bridge",
    meaning="From A's cost to B's: what each component adds, largest change first.",
    key=("step",),
    drawn=("below", "cost", "more", "less"),
    columns=(
        Column(name="step", kind=Kind.TEXT, meaning="A, each component that changes, B."),
        Column(name="change", kind=Kind.NUMBER, unit="M", meaning="B less A of the component."),
        Column(name="level", kind=Kind.NUMBER, unit="M", meaning="Cost after the step."),
        Column(name="below", kind=Kind.NUMBER, unit="M", meaning="Where its bar begins."),
        Column(name="cost", kind=Kind.NUMBER, unit="M", meaning="Bar of A and of B."),
        Column(name="more", kind=Kind.NUMBER, unit="M", meaning="Bar of a rise."),
        Column(name="less", kind=Kind.NUMBER, unit="M", meaning="Bar of a fall."),
    ),
)
_CHART = Chart(
    title="From A's cost to B's",
    table=BRIDGE.name,
    kind="bridge",
    x="step",
    series=("below", "cost", "more", "less"),
    x_title="Component",
    y_title="Present value, M",
)


def changes_by(
    keys: Sequence[str], value: str, a: pd.DataFrame, b: pd.DataFrame
) -> dict[tuple[object, ...], tuple[float, float]]:
    """Sum of a column in A and in B by some keys, in the order in which they are met."""
    sums: dict[tuple[object, ...], tuple[list[float], list[float]]] = {}
    for side, frame in enumerate((a, b)):
        columns = [frame[key].astype(object).where(frame[key].notna(), "").tolist() for key in keys]
        for *key, number in zip(*columns, frame[value].tolist(), strict=True):
            sums.setdefault(tuple(key), ([], []))[side].append(number)
    return {key: (math.fsum(of_a), math.fsum(of_b)) for key, (of_a, of_b) in sums.items()}


def cost_bridge(
    cost_a: float, cost_b: float, components: Mapping[str, tuple[float, float]]
) -> pd.DataFrame:
    """Steps from one cost to the other.

    Parameters
    ----------
    cost_a, cost_b : float
        Objective values, in millions.
    components : mapping of str to (float, float)
        Cost of each component in A and in B.

    Returns
    -------
    pandas.DataFrame
        As `BRIDGE` says; no rows where nothing changes. A's cost and all changes add up to B's
        cost within the rounding of a sum: what the components do not explain is a step of its own.
    """
    noise = _NOISE * max(1.0, abs(cost_a), abs(cost_b))
    changes = {name: math.fsum((b, -a)) for name, (a, b) in components.items()}
    steps = [(name, change) for name, change in changes.items() if abs(change) > noise]
    steps.sort(key=lambda step: (-abs(step[1]), step[0]))
    rest = math.fsum((cost_b, -cost_a, *(-change for _, change in steps)))
    if abs(rest) > noise:
        steps.append((REST, rest))
    if not steps:
        return pd.DataFrame(columns=[column.name for column in BRIDGE.columns])
    rows: list[tuple[object, ...]] = [(_FROM, math.nan, cost_a, 0.0, cost_a, 0.0, 0.0)]
    done = [cost_a]
    for name, change in steps:
        before = math.fsum(done)
        done.append(change)
        after = math.fsum(done)
        bars = (min(before, after), 0.0, max(change, 0.0), max(-change, 0.0))
        rows.append((name, change, after, *bars))
    rows.append((_TO, math.nan, cost_b, 0.0, cost_b, 0.0, 0.0))
    return pd.DataFrame(rows, columns=[column.name for column in BRIDGE.columns])


def bridge_chart(bridge: pd.DataFrame) -> tuple[Chart, ...]:
    """The chart of a bridge; none where a cost is below zero, for which bars cannot float."""
    return () if bridge.empty or bridge["level"].min() < 0 else (_CHART,)
