"""The best that is known of each instance, over all campaigns of the project."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from optalloc.system import replacing

__all__ = ["BEST_KNOWN", "best_known", "learn"]

BEST_KNOWN = "best_known.csv"
COLUMNS = ("instance", "objective", "objective_by", "bound", "bound_by", "when")
# A bound may lie above a plan by what arithmetic blurs.
BLUR = 1e-6


def best_known(folder: Path) -> pd.DataFrame:
    """Best objective of an audited plan, and best bound, by instance."""
    path = folder / BEST_KNOWN
    frame = pd.read_csv(path) if path.exists() else pd.DataFrame(columns=list(COLUMNS))
    return frame.set_index("instance")


def learn(folder: Path, row: Mapping[str, Any]) -> str:
    """Take a run's plan, if audited, and its bound, where they are better than what is known.

    Returns
    -------
    str
        What contradicts what is known; empty where nothing does.
    """
    known = best_known(folder).to_dict("index")
    name, route = str(row["instance"]), str(row["route"])
    nothing: dict[Any, Any] = {"objective": math.inf, "objective_by": "", "when": row["when"]}
    own = known.setdefault(name, nothing | {"bound": -math.inf, "bound_by": ""})
    objective = row["objective"] if row["audit_passed"] is True else math.inf
    best, bound = min(own["objective"], objective), row["bound"]
    if bound > best + BLUR * abs(best):
        return f"its bound {bound:.6f} lies above the best known plan, {best:.6f}"
    if objective < own["bound"] - BLUR * abs(objective):
        return f"its plan costs {objective:.6f}, less than the best bound, {own['bound']:.6f}"
    if objective < own["objective"]:
        own |= {"objective": objective, "objective_by": route, "when": row["when"]}
    if bound > own["bound"]:
        own |= {"bound": bound, "bound_by": route, "when": row["when"]}
    frame = pd.DataFrame.from_dict(known, orient="index").rename_axis("instance")
    with replacing(folder / BEST_KNOWN) as unfinished:
        frame.sort_index().reset_index()[list(COLUMNS)].to_csv(unfinished, index=False)
    return ""
