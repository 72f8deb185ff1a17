"""Actions by what is known when they are decided, from the tables of actions alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from optalloc.modelling.futures import Futures
from optalloc.modelling.model import Model
from optalloc.modelling.policy_tables import POLICY, with_actions

__all__ = ["SAME", "action_keys", "anticipating", "now_and_later"]

# Relative difference of amounts of one action that is still the same action.
SAME = 1e-5


def _levels(made: Futures, tables: Sequence[pd.DataFrame]) -> list[pd.Series]:
    """Of each action of each scenario how many reveals are known when it is decided."""
    model = made.base.model
    assert model.actions is not None
    step = model.actions.decided_in
    begin = model.steps(made.base.dataset).set_index("step")["begin"]
    return [
        pd.Series(
            made.tree.levels(table[step].map(begin).to_numpy("datetime64[ns]")),
            index=table.index,
            dtype=int,
        )
        for table in tables
    ]


def _compared(model: Model) -> list[str]:
    """Columns by which an action is the same: all but days, which an outcome may shift."""
    assert model.actions is not None
    return [c.name for c in model.actions.columns if c.kind != "date"]


def _same(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    """True if two lists of actions are the same, up to the tolerance of amounts."""
    if len(one) != len(other):
        return False
    for name in one.columns:
        left, right = one[name], other[name]
        if pd.api.types.is_numeric_dtype(left) and pd.api.types.is_numeric_dtype(right):
            a, b = left.fillna(0.0).to_numpy(float), right.fillna(0.0).to_numpy(float)
            if (np.abs(a - b) > SAME * np.maximum(1.0, np.abs(b))).any():
                return False
        elif list(left.fillna("").astype(str)) != list(right.fillna("").astype(str)):
            return False
    return True


def _ordered(model: Model, table: pd.DataFrame) -> pd.DataFrame:
    columns = _compared(model)
    words = [name for name in columns if not pd.api.types.is_numeric_dtype(table[name])]
    return table[columns].sort_values(words, kind="stable", ignore_index=True)


def anticipating(made: Futures, tables: Sequence[pd.DataFrame]) -> tuple[int, str]:
    """Check nonanticipativity by the tables of actions alone.

    Returns
    -------
    int, str
        Nodes compared, and the first in which scenarios that cannot be distinguished differ;
        empty where none does.
    """
    tree, model = made.tree, made.base.model
    levels = _levels(made, tables)
    compared = 0
    for level in range(tree.nodes.shape[1]):
        firsts: dict[int, tuple[int, pd.DataFrame]] = {}
        for s, table in enumerate(tables):
            own = _ordered(model, table[levels[s] == level])
            first, actions = firsts.setdefault(int(tree.nodes[s, level]), (s, own))
            if first == s:
                continue
            compared += 1
            if not _same(actions, own):
                names = tree.scenarios[first].name, tree.scenarios[s].name
                return compared, f"{names[0]} and {names[1]}, after {level} reveals"
    return compared, ""


def now_and_later(
    made: Futures, tables: Sequence[pd.DataFrame], own: dict[int, pd.DataFrame]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tables HereAndNow and Policy."""
    tree, model = made.tree, made.base.model
    assert model.actions is not None
    levels = _levels(made, tables)
    now = _earliest(model, [table[at == 0] for table, at in zip(tables, levels, strict=True)])
    alone = [set(action_keys(model, actions)) for actions in own.values()]
    now["own_plans"] = [sum(key in keys for keys in alone) for key in action_keys(model, now)]
    parts, seen = [], set()
    for level in range(1, tree.nodes.shape[1]):
        for s, scenario in enumerate(tree.scenarios):
            node = int(tree.nodes[s, level])
            if node in seen:
                continue
            seen.add(node)
            there = tree.nodes[:, level] == node
            those = np.flatnonzero(there).tolist()
            part = _earliest(model, [tables[t][levels[t] == level] for t in those])
            siblings = [
                t
                for t in range(len(tree.scenarios))
                if tree.nodes[t, level] != node
                and tree.nodes[t, level - 1] == tree.nodes[s, level - 1]
            ]
            others = [set(action_keys(model, tables[t][levels[t] == level])) for t in siblings]
            known = "; ".join(f"{name}={outcome}" for name, outcome in tree.known(scenario, level))
            part = part.assign(
                known=known,
                known_since=tree.reveals[level - 1],
                probability=float(tree.probability[there].sum()),
                differs=_differing(action_keys(model, part), others),
            )
            parts.append(part)
    columns = [c.name for c in with_actions(POLICY, model.actions).columns]
    later = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    return now, later[columns]


def _earliest(model: Model, parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The actions that scenarios share, each on the earliest of its days in any of them."""
    assert model.actions is not None
    days = [c.name for c in model.actions.columns if c.kind == "date"]
    shared = parts[0].reset_index(drop=True)
    if shared.empty or not days:
        return shared
    every = pd.concat([part.reset_index(drop=True) for part in parts], ignore_index=True)
    keys = pd.Series(map(repr, action_keys(model, every)), index=every.index, dtype=object)
    earliest = every[days].groupby(keys).transform("min")
    shared[days] = earliest.iloc[: len(shared)]
    return shared.sort_values(days, kind="stable", ignore_index=True)


def _differing(keys: Sequence[object], others: Sequence[set[tuple[object, ...]]]) -> np.ndarray:
    """Say whether each action is missing in some of the others; truth values also where none is."""
    return np.array([any(key not in taken for taken in others) for key in keys], dtype=bool)


def action_keys(model: Model, table: pd.DataFrame) -> list[tuple[object, ...]]:
    """Actions as keys: amounts to five digits, so that noise of the solver makes no difference."""
    rows = table[_compared(model)].itertuples(index=False, name=None)
    return [
        tuple(f"{cell:.5g}" if isinstance(cell, float) else cell for cell in row) for row in rows
    ]
