"""Tables behind the pictures of a sweep, each computed from its frames alone.

Each value has beside it how much less and how much more the true one may be, by the gaps.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from optalloc.plan.timelines import built
from optalloc.sweeps.cases import CaseFrames

__all__ = [
    "MORE",
    "case_key",
    "core",
    "core_by_case",
    "differences",
    "free_cases",
    "indices",
    "noisy",
    "on_a_grid",
    "over_changes",
    "side_by_side",
    "without_a_plan",
]

# Columns with the distance to either end of the interval that the gap leaves.
LESS, MORE = "less", "more"
# Relative tolerance up to which costs count as equal.
_NOISE = 1e-9


def noisy(cases: pd.DataFrame) -> pd.DataFrame:
    """Cases with the noise of their costs: how much less the least cost may be than that found."""
    return cases.assign(less=cases["objective"] - cases["bound"], more=0.0 * cases["objective"])


def free_cases(cases: pd.DataFrame) -> pd.DataFrame:
    """Cases in which no plan is held, with the noise of their costs."""
    return noisy(cases[cases["plan"] == ""])


def without_a_plan(cases: pd.DataFrame) -> pd.DataFrame:
    """Cases that have no plan, and why."""
    lacking = cases[cases["objective"].isna()]
    return lacking[["case", "plan", "status", "reason"]].reset_index(drop=True)


def differences(result: CaseFrames) -> pd.DataFrame:
    """Extra cost of each case over the base case, the largest swing of a change first.

    The least cost of either lies between its bound and the cost found, so that the true difference
    is at most ``less`` smaller and ``more`` larger than the one found.
    """
    free = free_cases(result.cases)
    base, others = free.iloc[0], free.iloc[1:]
    joined = others.merge(result.inputs[["number", "change", "value"]], on="number")
    found = joined["objective"] - base["objective"]
    frame = joined.assign(difference=found, more=base["less"] + 0.0 * found)
    frame["verdict"] = [_verdict(*row) for row in frame[["difference", LESS, MORE]].to_numpy()]
    frame.loc[found.isna(), "verdict"] = frame["status"]
    swing = frame.groupby("change")["difference"].transform(
        lambda own: max(own.max(), 0.0) - min(own.min(), 0.0)
    )
    order = frame.assign(swing=-swing.fillna(np.inf)).sort_values(["swing", "number"]).index
    columns = ["change", "value", "case", "objective", "bound", "difference", LESS, MORE, "verdict"]
    return frame.loc[order, columns].reset_index(drop=True)


def _verdict(difference: float, less: float, more: float) -> str:
    noise = _NOISE * max(1.0, abs(difference))
    if difference - less > noise:
        return "costs more"
    if difference + more < -noise:
        return "costs less"
    return "costs the same" if max(less, more, abs(difference)) <= noise else "undecided"


def over_changes(result: CaseFrames) -> pd.DataFrame:
    """Cost over the values of each change, by change and amount."""
    free = free_cases(result.cases)[["number", "objective", "bound", LESS, MORE, "status"]]
    frame = result.inputs.merge(free, on="number")
    order = {name: place for place, name in enumerate(result.about["changes"])}
    keys = {"change": frame["change"].map(order), "amount": frame["amount"]}
    at = pd.DataFrame(keys).sort_values(["change", "amount"], kind="stable").index
    columns = ["change", "value", "amount", "share", "case", "objective", "bound", LESS, MORE]
    return frame.loc[at, [*columns, "status"]].reset_index(drop=True)


def on_a_grid(result: CaseFrames) -> pd.DataFrame:
    """Cost of each combination of two changes: ``down`` the first, ``across`` the second."""
    down, across = result.about["changes"]
    values = result.inputs.pivot(index="number", columns="change", values="value")
    # Renamed first, as a change may have the name of a column of the cases.
    values = values.rename(columns={down: "down", across: "across"})
    frame = free_cases(result.cases).merge(values, left_on="number", right_index=True)
    frame["word"] = [
        _cost_in_words(row["objective"], row[LESS], row["status"])
        for row in frame.to_dict("records")
    ]
    columns = ["down", "across", "case", "objective", "bound", LESS, "word"]
    return frame[columns].reset_index(drop=True)


def _cost_in_words(cost: float, less: float, status: str) -> str:
    if not math.isfinite(cost):
        return status
    noise = f" \N{MINUS SIGN}{less:,.2g}" if less > _NOISE * max(1.0, abs(cost)) else ""
    return f"{cost:,.1f}{noise}"


def indices(result: CaseFrames) -> pd.DataFrame:
    """Sensitivity indices, one row per change: each measure at either end, with its confidence.

    Columns are named by measure, ``_at_bound`` where computed from bounds, and ``_confidence``.
    """
    found = result.indices()
    frame = pd.DataFrame({"change": list(result.about["changes"])})
    for (measure, end), own in found.groupby(["measure", "end"], sort=False):
        by_change = own.set_index("change").loc[frame["change"]]
        name = f"{measure}_at_bound" if end == "bound" else str(measure)
        frame[name] = by_change["value"].to_numpy()
        if by_change["confidence"].notna().all():
            frame[f"{name}_confidence"] = by_change["confidence"].to_numpy()
    return frame


def case_key(frame: pd.DataFrame, name: str) -> str:
    """Column of a stacked table that names the case, or the plan held."""
    return f"sweep_{name}" if f"sweep_{name}" in frame else name


def core_by_case(result: CaseFrames, role: Mapping[str, Any]) -> pd.DataFrame:
    """Begin, end and size of each member in the plan of each case.

    Parameters
    ----------
    result : SweepResult
    role : mapping
        A timeline of the model, as `optalloc.plan.timelines.roles_of` gives it.

    Returns
    -------
    pandas.DataFrame
        ``member``, ``case``, ``begun`` (first of its dates), ``done`` (its last step), ``size``,
        ``word``; a row for each case in which a member is there.
    """
    table = result.plans.get(role["table"], pd.DataFrame())
    columns = ["member", "case", "begun", "done", "size", "word"]
    if table.empty:
        return pd.DataFrame(columns=columns)
    case, plan = case_key(table, "case"), case_key(table, "plan")
    frame = built(table[table[plan] == ""], dict(role), [case]).rename(columns={case: "case"})
    frame["word"] = [
        f"{begun:%Y-%m}: {size:,.3g}" if pd.notna(begun) else f"{size:,.3g}"
        for begun, size in zip(frame["begun"], frame["size"], strict=True)
    ]
    rank = frame.groupby("member")["case"].transform("size")
    numbers = result.cases.drop_duplicates("case").set_index("case")["number"]
    keys = {"rank": -rank, "member": frame["member"], "number": frame["case"].map(numbers)}
    order = pd.DataFrame(keys).sort_values(["rank", "member", "number"]).index
    return frame.loc[order, columns].reset_index(drop=True)


def core(by_case: pd.DataFrame, cases: pd.DataFrame) -> pd.DataFrame:
    """Frequency of each member over the cases, and the ranges of its begin, end and size.

    Parameters
    ----------
    by_case : pandas.DataFrame
        As `core_by_case` gives it.
    cases : pandas.DataFrame
        Cases of the sweep; those with a plan count.
    """
    of = int(free_cases(cases)["objective"].notna().sum())
    rows = []
    for member, own in by_case.groupby("member", sort=False):
        size, begun, done = own["size"], own["begun"], own["done"].dropna()
        row = {"member": member, "built_in": len(own), "of": of, "share": len(own) / of}
        row |= {"least": size.min(), "median": size.median(), "most": size.max()}
        row |= {"begun_first": begun.min(), "begun_last": begun.max()}
        row |= {"done_first": done.min(), "done_last": done.max()}
        rows.append(row)
    columns = ["member", "built_in", "of", "share", "least", "median", "most"]
    columns += ["begun_first", "begun_last", "done_first", "done_last"]
    return pd.DataFrame(rows, columns=columns)


def side_by_side(result: CaseFrames, names: Sequence[str]) -> pd.DataFrame:
    """Key figures of each case's plan: ``figure``, ``unit``, and a column per case."""
    table = result.plans.get("Summary", pd.DataFrame(columns=["case", "plan", "figure"]))
    own = table[(table[case_key(table, "plan")] == "") & table["figure"].isin(list(names))]
    if own.empty:
        return pd.DataFrame(columns=["figure", "unit"])
    units = own.drop_duplicates("figure").set_index("figure")["unit"].fillna("")
    case = case_key(table, "case")
    values = pd.Series([_number(value) for value in own["value"]], own.index, dtype=object)
    wide = own.assign(value=values).pivot(index="figure", columns=case, values="value")
    shown = [name for name in names if name in wide.index]
    # A case may have the name of one of the columns before.
    taken = {name: f"{name} (case)" for name in ("figure", "unit")}
    cases = wide.loc[shown, own[case].unique()].rename(columns=taken)
    frame = cases.rename_axis(columns=None).reset_index()
    frame.insert(1, "unit", units.loc[shown].to_numpy())
    return frame


def _number(value: object) -> object:
    try:
        return float(str(value))
    except ValueError:
        return value
