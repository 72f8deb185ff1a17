"""Two plans: the decisions that differ, and the difference in cost, each with its gap.

The columns of a table that hold decisions are those that the plan's audit does not recompute. A
row that a plan does not have counts as zero or no.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from optalloc.analysis.diff.bridge import BRIDGE, REST, bridge_chart, changes_by, cost_bridge
from optalloc.analysis.diff.tables import A_AND_B, BINDING, DECISIONS, FIGURES, RUNS, TOTALS
from optalloc.analysis.diff.words import amount, count, listed, value_in_words
from optalloc.data.schema import Column, Kind
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.tables import AUDIT, ENGINE_TABLES, LIMITS, RUN, SUMMARY
from optalloc.plan.audit import RECOMPUTED, TOLERANCE
from optalloc.plan.plan import Plan
from optalloc.plan.planfile import PlanFile
from optalloc.report.findings import Findings

__all__ = ["compare_plans", "differs", "inputs_in_words", "side_by_side"]


_RECORDED = ("input hash", "model hash", "version of ", "option ")


def compare_plans(title: str, a: Plan, b: Plan) -> Findings:
    """Compare two plans; see `optalloc.diff.diff`."""
    decisions, totals = _decisions(a, b)
    bridge, costs, costs_spec = _costs(a, b)
    figures = side_by_side(SUMMARY, a, b, FIGURES)
    runs = side_by_side(RUN, a, b, RUNS)
    recorded = runs["entry"].astype(str).str.startswith(_RECORDED)
    runs = runs.loc[recorded, [column.name for column in RUNS.columns]].reset_index(drop=True)
    binding = _binding(a, b)
    tables = {
        BRIDGE.name: bridge,
        costs_spec.name: costs,
        DECISIONS.name: decisions,
        TOTALS.name: totals,
        FIGURES.name: figures,
        BINDING.name: binding,
        RUNS.name: runs,
    }
    specs = (BRIDGE, costs_spec, DECISIONS, TOTALS, FIGURES, BINDING, RUNS)
    sentences = [
        *inputs_in_words(a, b, runs),
        *_cost_in_words(a, b, bridge),
        *_decisions_in_words(decisions),
        *_binding_in_words(binding),
    ]
    return Findings(title, tuple(sentences), tables, specs, charts=bridge_chart(bridge))


def _costs(a: Plan, b: Plan) -> tuple[pd.DataFrame, pd.DataFrame, TableSpec]:
    """The bridge by the first key of the table that adds up to the cost, and sums by two keys."""
    spec = next(spec for spec in a.specs if spec.objective)
    frames = a.tables[spec.name], b.tables[spec.name]
    groups = {
        str(key[0]): sums for key, sums in changes_by(spec.key[:1], spec.objective, *frames).items()
    }
    keys = spec.key[:2]
    by_name = {column.name: column for column in spec.columns}
    objective = by_name[spec.objective]
    columns = (
        *(by_name[key] for key in keys),
        replace(objective, name="a", meaning=f"In A. {objective.meaning}"),
        replace(objective, name="b", meaning=f"In B. {objective.meaning}"),
        replace(objective, name="change", meaning="B less A."),
    )
    rows = [
        (*key, in_a, in_b, in_b - in_a)
        for key, (in_a, in_b) in changes_by(keys, spec.objective, *frames).items()
        if differs(in_a, in_b)
    ]
    costs = TableSpec(
        name="Costs", meaning="Costs that differ, item by item.", key=keys, columns=columns
    )
    frame = pd.DataFrame(rows, columns=[column.name for column in columns])
    return cost_bridge(a.cost, b.cost, groups), frame, costs


def differs(a: object, b: object) -> bool:
    """True if two values differ by more than the tolerance of a solve."""
    if isinstance(a, int | float) and isinstance(b, int | float):
        if math.isfinite(a) and math.isfinite(b):
            return abs(a - b) > TOLERANCE * max(1.0, abs(a), abs(b))
        return a != b and not (a != a and b != b)
    return a != b


def _decided(plan: Plan) -> dict[str, set[str]]:
    """Columns by table that the audit recomputed: those that follow from decisions."""
    audit = plan.tables[AUDIT.name]
    rows = audit[audit["check"] == RECOMPUTED]
    return {
        str(table): set(str(columns).split(", "))
        for table, columns in zip(rows["subject"], rows["columns"], strict=True)
    }


def _decisions(a: Plan, b: Plan) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of `DECISIONS` and of `TOTALS`."""
    follows = _decided(a), _decided(b)
    decisions: list[tuple[object, ...]] = []
    totals: list[tuple[object, ...]] = []
    for spec in a.specs:
        again = set().union(*(side.get(spec.name, set()) for side in follows))
        decided = [c for c in spec.columns if c.name not in again and c.name not in spec.key]
        if not spec.key or not decided or spec in (SUMMARY, *ENGINE_TABLES, RUN):
            continue
        if spec.name not in b.tables:
            continue
        left, right = _by_key(a, spec), _by_key(b, spec)
        for column in decided:
            empty = None if column.kind in (Kind.TEXT, Kind.DATE, Kind.CHOICE) else 0.0
            sums: dict[str, tuple[list[float], list[float]]] = {}
            found: list[tuple[tuple[object, ...], list[object], str]] = []
            for key in dict.fromkeys([*left, *right]):
                values = [
                    side[key][column.name] if key in side else empty for side in (left, right)
                ]
                if None in values and (key not in left or key not in right):
                    continue
                of = value_in_words(key[spec.key.index(spec.across)]) if spec.across else ""
                if empty is not None:
                    for numbers, value in zip(sums.setdefault(of, ([], [])), values, strict=True):
                        numbers.append(value if isinstance(value, float) else 0.0)
                if differs(*values):
                    found.append((key, values, of))
            for key, (in_a, in_b), _ in found:
                row = (spec.name, _label(key), column.name)
                decisions.append((*row, *_pair(column, in_a, in_b)))
            met = {of for _, _, of in found}
            for of, (of_a, of_b) in ((of, pair) for of, pair in sums.items() if of in met):
                pair = math.fsum(of_a), math.fsum(of_b)
                change = pair[1] - pair[0] if differs(*pair) else 0.0
                flags = column.kind is Kind.FLAG
                shown = (*pair, change, "yes" if flags else column.unit)
                totals.append((spec.name, column.name, of, *shown))
    names = [[column.name for column in spec.columns] for spec in (DECISIONS, TOTALS)]
    return pd.DataFrame(decisions, columns=names[0]), pd.DataFrame(totals, columns=names[1])


def _pair(column: Column, a: object, b: object) -> tuple[object, ...]:
    """Both values, their difference and their unit, a flag as a word."""
    if column.kind is Kind.FLAG:
        return ("yes" if a else "no", "yes" if b else "no", math.nan, column.unit)
    change = b - a if isinstance(a, int | float) and isinstance(b, int | float) else math.nan
    return (a, b, change, column.unit)


def _by_key(plan: Plan, spec: TableSpec) -> dict[tuple[object, ...], dict[str, object]]:
    """Rows by key, blanks as None; numbers and flags as floats."""
    frame = plan.tables[spec.name]
    plain = {
        column.name: [_plain(value, column.kind) for value in frame[column.name].tolist()]
        for column in spec.columns
    }
    keys = zip(*(plain[name] for name in spec.key), strict=True)
    others = [column.name for column in spec.columns if column.name not in spec.key]
    return {key: {name: plain[name][row] for name in others} for row, key in enumerate(keys)}


def _plain(value: object, kind: Kind) -> object:
    if value is None or value is pd.NaT or value != value or value == "":
        return None
    if isinstance(value, bool | np.bool_) and kind is not Kind.FLAG:
        return "yes" if value else "no"
    return float(value) if isinstance(value, bool | np.bool_ | int | float) else value


def _label(key: tuple[object, ...]) -> str:
    return ", ".join(value_in_words(value) for value in key if value is not None)


def side_by_side(spec: TableSpec, a: Plan, b: Plan, target: TableSpec) -> pd.DataFrame:
    """Entries of a table of entry and value that differ."""
    left, right = _by_key(a, spec), _by_key(b, spec)
    rows = []
    for key in dict.fromkeys([*left, *right]):
        in_a, in_b = (side.get(key, {}).get("value") for side in (left, right))
        if differs(in_a, in_b):
            unit = (left.get(key) or right[key]).get("unit")
            number = isinstance(in_a, float) and isinstance(in_b, float)
            change = in_b - in_a if number else math.nan  # type: ignore[operator]
            rows.append((key[0], in_a, in_b, change, unit))
    return pd.DataFrame(rows, columns=[target.columns[0].name, *(c.name for c in A_AND_B)])


def _binding(a: Plan, b: Plan) -> pd.DataFrame:
    left, right = (
        {key for key, row in _by_key(side, LIMITS).items() if row["binding"]} for side in (a, b)
    )
    rows = [(*key, "A" if key in left else "B") for key in sorted(left ^ right, key=str)]
    return pd.DataFrame(rows, columns=[column.name for column in BINDING.columns])


def inputs_in_words(a: Plan, b: Plan, runs: pd.DataFrame) -> Iterator[str]:
    """Sentences on what the two plans were solved from."""
    for name, plan, other in (("A", a, b), ("B", b, a)):
        lone = [table for table in plan.tables if table not in other.tables]
        if lone:
            yield f"Tables of {name} only, which are not compared: {', '.join(lone)}."
        if isinstance(plan, PlanFile) and plan.others:
            yield f"Sheets of {name} that are no table and not read: {', '.join(plan.others)}."
    if a.input_hash == b.input_hash:
        yield "Both plans are of the same input."
    else:
        yield "The inputs differ; compare the two workbooks to see where."
    differing = [str(entry) for entry in runs["entry"] if entry != "input hash"]
    if differing:
        yield f"The runs differ in {listed(differing)}."


def _cost_in_words(a: Plan, b: Plan, bridge: pd.DataFrame) -> Iterator[str]:
    change, same = b.cost - a.cost, a.input_hash == b.input_hash
    gaps = f"A is {_proven(a.gap)}, B is {_proven(b.gap)}"
    if differs(a.cost, b.cost):
        share = f" ({100 * abs(change / a.cost):.3g} %)" if a.cost else ""
        yield (
            f"B costs {amount(b.cost)} M, {amount(abs(change))} M{share} "
            f"{'more' if change > 0 else 'less'} than A with {amount(a.cost)} M; {gaps}."
        )
    else:
        yield f"Both cost {amount(a.cost)} M; {gaps}."
    together = max(a.cost - a.bound, 0.0) + max(b.cost - b.bound, 0.0)
    if 0 < together >= abs(change) and not (same and change == 0):
        width = f"{amount(together)} M" if math.isfinite(together) else "which have no end"
        question = "solves could end lower" if same else "inputs costs less"
        yield (
            f"That difference is no more than the two gaps together ({width}): which of the two "
            f"{question} is undecided."
        )
    steps = bridge[~bridge["step"].isin(["A", "B", REST])]
    if len(steps):
        named = [
            f"{step} {amount(c, signed=True)}"
            for step, c in zip(steps["step"], steps["change"], strict=True)
        ]
        yield f"By component, in M: {listed(named, most=6)}."


def _proven(gap: float) -> str:
    if gap == 0:
        return "proven optimal"
    return f"within {100 * gap:.3g} % of optimal" if math.isfinite(gap) else "without a bound"


def _decisions_in_words(decisions: pd.DataFrame) -> Iterator[str]:
    if decisions.empty:
        yield "No decision differs."
    for table, rows in decisions.groupby("table", sort=False):
        order = rows["change"].abs().sort_values(ascending=False, kind="stable").index
        named = [_decision(*row) for row in rows.loc[order].itertuples(index=False, name=None)]
        yield f"{table}: {count(len(rows), 'decision')} changed: {listed(named)}."


def _decision(*row: object) -> str:
    _, key, measure, a, b, _, unit = row
    return f"{measure} of {key} from {value_in_words(a)} to {value_in_words(b, str(unit))}"


def _binding_in_words(binding: pd.DataFrame) -> Iterator[str]:
    for side in ("A", "B"):
        rows = binding[binding["binds_in"] == side]
        if len(rows):
            named: Sequence[str] = [
                f"{limit} ({key})" for limit, key in zip(rows["limit"], rows["key"], strict=True)
            ]
            yield f"Limits that bind in {side} only: {listed(named)}."
