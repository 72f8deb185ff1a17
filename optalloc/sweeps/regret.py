"""Regret: the cost, in each future, of having held a plan's early decisions."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from optalloc.data.text import with_text

__all__ = ["regrets"]

COLUMNS = (
    "plan",
    "number",
    "case",
    "cost_held",
    "bound_held",
    "cost_best",
    "bound_best",
    "regret",
    "at_least",
    "at_most",
    "verdict",
)
UNDECIDED, COSTS, NONE = "undecided", "costs more", "costs nothing"
# Relative tolerance up to which costs count as equal.
_NOISE = 1e-9


def regrets(cases: pd.DataFrame) -> pd.DataFrame:
    """Compare the cost of each case with a plan held and without.

    Parameters
    ----------
    cases : pandas.DataFrame
        Cases of a sweep, as `SweepResult.cases`.

    Returns
    -------
    pandas.DataFrame
        One row per held plan and case: ``cost_held`` and ``bound_held`` with the plan held,
        ``cost_best`` and ``bound_best`` free (millions). A plan found with the early decisions held
        is a plan of the free case too, and a bound of the free case holds for the other, so the
        better of both counts. ``regret`` is the difference of the costs; the true one lies between
        ``at_least`` and ``at_most``. ``verdict``: costs more, costs nothing, undecided where the
        gaps are as large as the difference, or the status of a case without a plan.
    """
    free = cases[cases["plan"] == ""].set_index("number")
    held = cases[cases["plan"] != ""]
    costs = held.groupby("number")["objective"].min()
    rows = [_compared(row, free.loc[row["number"]], costs) for row in held.to_dict("records")]
    frame = with_text(pd.DataFrame(rows, columns=list(COLUMNS)))
    return frame.sort_values(["plan", "number"], kind="stable", ignore_index=True)


def _compared(held: dict[Any, Any], best: Any, costs: pd.Series) -> dict[str, Any]:
    row = {
        "plan": held["plan"],
        "number": held["number"],
        "case": held["case"],
        "cost_held": held["objective"],
        "bound_held": held["bound"],
        "cost_best": best["objective"],
        "bound_best": best["bound"],
        "verdict": held["status"],
    }
    if not math.isfinite(held["objective"]):
        return row
    if not math.isfinite(best["objective"]):
        return row | {"verdict": best["status"]}
    cost = min(best["objective"], costs[held["number"]])
    bound = max(held["bound"], best["bound"])
    at_least, at_most = max(bound - cost, 0.0), held["objective"] - best["bound"]
    noise = _NOISE * max(1.0, abs(cost))
    verdict = COSTS if at_least > noise else NONE if at_most <= noise else UNDECIDED
    return row | {
        "cost_best": cost,
        "bound_held": bound,
        "regret": held["objective"] - cost,
        "at_least": at_least,
        "at_most": max(at_most, 0.0),
        "verdict": verdict,
    }
