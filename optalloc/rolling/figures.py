"""Figures of a roll from its finished cases: costs against foresight, changes of plan, regrets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from optalloc.analysis.futures.sample_tables import interval
from optalloc.data.schema import Kind
from optalloc.mip.tolerances import PROVEN_GAP
from optalloc.modelling.outputs import TableSpec
from optalloc.plan.policy_actions import SAME
from optalloc.rolling.messages import Policy, RollCase
from optalloc.rolling.tables import (
    ACTIONS,
    AGAIN,
    DIFFERENCES,
    FUTURES,
    POLICIES,
    REPLANS,
    costs_of,
    of_actions,
    regretted_of,
)
from optalloc.scenarios.outcome_names import written
from optalloc.sweeps.messages import Finished, Status
from optalloc.sweeps.pack import unpacked

__all__ = ["figures_of"]


def figures_of(
    cases: Sequence[RollCase],
    finished: Sequence[Finished],
    actions: TableSpec | None,
    draws: int | None,
) -> tuple[dict[str, pd.DataFrame], tuple[TableSpec, ...]]:
    """All tables of a roll, with their declarations in order.

    Parameters
    ----------
    cases, finished : sequence
        Aligned with each other.
    actions : TableSpec, optional
        The table of actions of the model, where it has one.
    draws : int, optional
        How many draws the futures are; None where they are all that there are.
    """
    tables = [_unpacked(one) for one in finished]
    futures = _futures(cases, finished)
    replans = _stacked(cases, tables, REPLANS.name, [c.name for c in REPLANS.columns])
    made = {
        POLICIES.name: _policies(futures, replans, draws),
        DIFFERENCES.name: _differences(futures, draws),
    }
    side = costs_of(list(dict.fromkeys(futures["policy"])))
    made[side.name] = _side_by_side(futures, [column.name for column in side.columns])
    made[FUTURES.name] = futures
    specs = [POLICIES, DIFFERENCES, side, FUTURES]
    if actions is not None:
        listed, again = of_actions(ACTIONS, actions), of_actions(AGAIN, actions)
        done = _stacked(cases, tables, actions.name, [c.name for c in listed.columns])
        regretted = regretted_of(actions)
        weight = {
            case.future.name: case.future.weight
            for case, one in zip(cases, finished, strict=True)
            if case.policy is Policy.FORESIGHT and one.status.has_plan
        }
        columns = [column.name for column in regretted.columns]
        made[regretted.name] = _regretted(done, weight, actions, columns)
        made[listed.name] = done
        made[again.name] = _stacked(cases, tables, AGAIN.name, [c.name for c in again.columns])
        specs += [regretted]
    made[REPLANS.name] = replans
    specs.append(REPLANS)
    if actions is not None:
        specs += [listed, again]
    return made, tuple(specs)


def _unpacked(finished: Finished) -> dict[str, pd.DataFrame]:
    if not finished.tables:
        return {}
    return {name: table.to_pandas() for name, table in unpacked(finished.tables).items()}


def _stacked(
    cases: Sequence[RollCase],
    tables: Sequence[Mapping[str, pd.DataFrame]],
    name: str,
    columns: list[str],
) -> pd.DataFrame:
    """One table of all cases, with policy and future first."""
    parts = [
        own[name].assign(policy=str(case.policy), future=case.future.name)
        for case, own in zip(cases, tables, strict=True)
        if name in own and len(own[name])
    ]
    if not parts:
        return pd.DataFrame(columns=columns)
    # Columns without any value in one part take the type of the others.
    joined = pd.concat([part.astype(object) for part in parts], ignore_index=True)
    return joined.infer_objects()[columns]


def _futures(cases: Sequence[RollCase], finished: Sequence[Finished]) -> pd.DataFrame:
    costs: dict[str, float] = {}
    bounds: dict[str, float] = {}
    for case, one in zip(cases, finished, strict=True):
        name = case.future.name
        # What a roll found is a plan of its future, too.
        costs[name] = float(np.fmin(costs.get(name, np.nan), one.objective))
        if case.policy is Policy.FORESIGHT:
            bounds[name] = one.bound
    rows = []
    for case, one in zip(cases, finished, strict=True):
        if case.policy is Policy.FORESIGHT:
            continue
        best, bound = costs[case.future.name], bounds[case.future.name]
        rows.append(
            {
                "policy": str(case.policy),
                "future": case.future.name,
                "outcomes": written(case.future.outcomes),
                "weight": case.future.weight,
                "cost": one.objective,
                "bound": one.bound,
                "foresight": best,
                "foresight_bound": bound,
                "above": _more(one.objective, best),
                "above_at_least": _more(one.bound, best),
                "above_at_most": _more(one.objective, bound),
                "status": str(one.status),
                "reason": one.reason,
            }
        )
    frame = pd.DataFrame(rows, columns=[column.name for column in FUTURES.columns])
    frame.loc[frame["cost"].isna(), ["above_at_least", "bound"]] = np.nan
    return frame.assign(
        case=frame["policy"] + ", " + frame["future"],
        less=frame["above"] - frame["above_at_least"],
        more=frame["above_at_most"] - frame["above"],
    )


def _more(cost: float, other: float) -> float:
    """By how much one cost exceeds another; zero where only the solver's tolerance does."""
    more = cost - other
    return 0.0 if more <= PROVEN_GAP * max(1.0, abs(cost)) else more


def _policies(futures: pd.DataFrame, replans: pd.DataFrame, draws: int | None) -> pd.DataFrame:
    rows = []
    for policy, own in futures.groupby("policy", sort=False):
        there = own[own["cost"].notna()]
        whole = len(there) == len(own)
        weights = own["weight"].to_numpy(float)
        found = interval(there["cost"].to_numpy(float), there["weight"].to_numpy(float), draws)
        means = {
            name: float(weights @ own[name].to_numpy(float) / weights.sum())
            for name in ("foresight", "above", "above_at_least", "above_at_most")
        }
        impossible = own["status"].isin((Status.INFEASIBLE, Status.INVALID))
        plans = replans[replans["policy"] == policy]
        dropped, kept = (plans[name].astype(float).sum() for name in ("dropped", "kept"))
        rows.append(
            {
                "policy": policy,
                "futures": len(own),
                "without_plan": int(impossible.sum()),
                "undecided": int((own["cost"].isna() & ~impossible).sum()),
                "mean": found[0] if whole else np.nan,
                "mean_from": found[1] if whole else np.nan,
                "mean_to": found[2] if whole else np.nan,
                **means,
                "mean_of_others": found[0],
                "greatest": there["cost"].max(),
                "changed": dropped / (dropped + kept) if dropped + kept else np.nan,
            }
        )
    return pd.DataFrame(rows, columns=[column.name for column in POLICIES.columns])


def _differences(futures: pd.DataFrame, draws: int | None) -> pd.DataFrame:
    columns = [column.name for column in DIFFERENCES.columns]
    # The second against the first: futures against certain.
    policies = list(dict.fromkeys(futures["policy"]))[::-1]
    if len(policies) < 2:
        return pd.DataFrame(columns=columns)
    costs = futures.pivot(index="future", columns="policy", values="cost")
    weight = futures.groupby("future")["weight"].first().reindex(costs.index)
    apart = costs[policies[0]] - costs[policies[1]]
    both = apart.notna()
    found = interval(apart[both].to_numpy(float), weight[both].to_numpy(float), draws)
    row = dict(
        zip(columns, (*policies[:2], int(both.sum()), int((~both).sum()), *found), strict=True)
    )
    return pd.DataFrame([row])


def _side_by_side(futures: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Costs of each future, policy beside policy."""
    first = futures.groupby("future", sort=False)[["outcomes", "weight", "foresight"]].first()
    costs = futures.pivot(index="future", columns="policy", values="cost")
    return first.join(costs).reset_index()[columns]


def _regretted(
    done: pd.DataFrame, weight: Mapping[str, float], actions: TableSpec, columns: list[str]
) -> pd.DataFrame:
    """Actions of rolls that perfect foresight does not take in that step, or takes less of.

    ``weight`` has the futures for which it is known.
    """
    names = [column.name for column in actions.columns if column.kind is Kind.TEXT]
    amounts = [column.name for column in actions.columns if column.kind is Kind.NUMBER]
    rows: list[dict[str, Any]] = []
    taken = {
        (policy, future): _taken(own, names, amounts)
        for (policy, future), own in done.groupby(["policy", "future"], sort=False)
    }
    for (policy, future), own in taken.items():
        if policy == Policy.FORESIGHT or future not in weight:
            continue
        best = taken.get((str(Policy.FORESIGHT), future), {})
        for action, values in own.items():
            more = values - best.get(action, np.zeros(len(amounts)))
            scale = SAME * np.maximum(1.0, np.abs(values))
            if action not in best or (more > scale).any():
                over = np.where(more > scale, more, np.nan)
                row = dict(zip(names, action, strict=True)) | dict(zip(amounts, over, strict=True))
                rows.append({"policy": policy, "share": weight[str(future)], **row})
    if not rows:
        return pd.DataFrame(columns=columns)
    groups = pd.DataFrame(rows).groupby(["policy", *names], sort=False)
    frame = groups[amounts].mean().assign(futures=groups.size(), share=groups["share"].sum())
    frame = frame.reset_index().sort_values(
        ["policy", "share"], ascending=[True, False], kind="stable", ignore_index=True
    )
    return frame[columns]


def _taken(
    own: pd.DataFrame, names: list[str], amounts: list[str]
) -> dict[tuple[str, ...], np.ndarray]:
    """Amounts of each action, added up where it is listed several times."""
    found: dict[tuple[str, ...], np.ndarray] = {}
    keys = own[names].itertuples(index=False, name=None)
    values = own[amounts].astype(float).fillna(0.0).to_numpy()
    for key, value in zip(keys, values, strict=True):
        found[key] = found.get(key, np.zeros(len(amounts))) + value
    return found
