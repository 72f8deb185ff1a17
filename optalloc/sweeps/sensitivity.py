"""Sensitivity indices of sampled sweeps, by SALib, from costs and from their bounds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from optalloc.data.text import with_text
from optalloc.errors import OptallocError
from optalloc.scenarios.designs import salib_problem
from optalloc.scenarios.sheet import Design
from optalloc.sweeps.messages import Status

__all__ = ["sensitivity"]

_SOBOL = {"S1": "S1_conf", "ST": "ST_conf"}
_MORRIS = {"mu_star": "mu_star_conf", "mu": None, "sigma": None}


def sensitivity(
    about: Mapping[str, Any], cases: pd.DataFrame, inputs: pd.DataFrame
) -> pd.DataFrame:
    """Compute Sobol or Morris indices of the cost.

    Parameters
    ----------
    about, cases, inputs
        Of a `SweepResult`.

    Returns
    -------
    pandas.DataFrame
        One row per change, measure and end: ``change``, ``measure`` (S1: first order, ST: total;
        mu_star, mu and sigma of the elementary effects, in millions over the whole range), ``end``
        (objective: from the costs found; bound: from their bounds), ``value``,
        ``confidence`` (half the width of the 95 % interval; NaN where there is none).

    Raises
    ------
    OptallocError
        If the design has no indices, or a sample has no plan.

    References
    ----------
    Saltelli et al. (2010), doi:10.1016/j.cpc.2009.09.018; Campolongo, Cariboni and Saltelli (2007),
    doi:10.1016/j.envsoft.2006.10.004.
    """
    design = Design(about["design"])
    if design not in (Design.SOBOL, Design.MORRIS):
        raise OptallocError(f"a sweep of design {design} has no indices; choose sobol or morris.")
    samples = cases[(cases["number"] > 0) & (cases["plan"] == "")].sort_values("number")
    lacking = samples[~samples["status"].map(lambda status: Status(status).has_plan)]
    if len(lacking):
        counts = lacking["status"].value_counts().items()
        ends = ", ".join(f"{n} {status}" for status, n in counts)
        raise OptallocError(
            f"indices need a plan for every sample; {len(lacking)} of {len(samples)} have none "
            f"({ends}). Narrow the ranges, or allow more time."
        )
    rows = []
    for end in ("objective", "bound"):
        costs = samples[end].to_numpy(float)
        found = _analysed(design, about, samples, inputs, costs)
        measures = _SOBOL if design is Design.SOBOL else _MORRIS
        for measure, confidence in measures.items():
            for k, change in enumerate(about["changes"]):
                half = float(found[confidence][k]) if confidence else np.nan
                rows.append((change, measure, end, float(found[measure][k]), half))
    columns = ["change", "measure", "end", "value", "confidence"]
    return with_text(pd.DataFrame(rows, columns=columns))


def _analysed(
    design: Design,
    about: Mapping[str, Any],
    samples: pd.DataFrame,
    inputs: pd.DataFrame,
    costs: np.ndarray,
) -> Any:
    names = list(about["changes"])
    problem, seed = salib_problem(names), about["seed"]
    if np.ptp(costs) == 0:
        # Without variance all indices are zero.
        return {name: np.zeros(len(names)) for name in (*_SOBOL, *_SOBOL.values(), *_MORRIS)} | {
            "mu_star_conf": np.zeros(len(names))
        }
    # It takes a second to import, and is needed only here.
    if design is Design.SOBOL:
        from SALib.analyze import sobol  # noqa: PLC0415

        return sobol.analyze(problem, costs, calc_second_order=False, seed=seed)
    from SALib.analyze import morris  # noqa: PLC0415

    shares = inputs.pivot(index="number", columns="change", values="share")
    points = shares.loc[samples["number"], names].to_numpy(float)
    return morris.analyze(problem, points, costs, seed=seed)
