"""Ratios between routes, and between two campaigns, with their spread."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import bootstrap, permutation_test

from optalloc.analysis.bench.figures import INTEGRAL_SHIFT_S, SHIFT_S, made, shifted_mean

__all__ = ["Noise", "Spread", "against", "paired", "ratios", "spread_of"]

# Runs of two routes are compared on the same instance with the same seed of the solver.
PAIR = ("instance", "solver_seed", "gap_asked")
# Of two campaigns, with as many threads and the same input.
SAME = (*PAIR, "threads", "digest")


@dataclass(frozen=True)
class Noise:
    """How spreads and tests are worked out.

    Intervals of 95 % from 2,000 resamples move by about 2 % of their width from seed to seed. Signs
    of up to 13 pairs are all tried (8,192), of more pairs as many at random.
    """

    confidence: float = 0.95
    resamples: int = 2_000
    signs: int = 10_000
    seed: int = 0


@dataclass(frozen=True)
class Spread:
    """A ratio and the interval that it lies in."""

    ratio: float
    low: float
    high: float


def spread_of(
    ours: Any,
    theirs: Any,
    noise: Noise | None = None,
    shift: float = SHIFT_S,
) -> Spread:
    """Ratio of shifted geometric means of pairs, with its bootstrap interval over the pairs.

    Parameters
    ----------
    ours, theirs : array_like, shape (pairs,)
        Of the same pairs in order; the ratio is of ours to theirs.
    noise : Noise, optional
    shift : float
        Of `shifted_mean`.

    Returns
    -------
    Spread
        NaN bounds with fewer than two pairs.
    """
    of = noise or Noise()

    def ratio(a: np.ndarray, b: np.ndarray, axis: int = -1) -> np.ndarray:
        means = [np.exp(np.log(part + shift).mean(axis=axis)) - shift for part in (a, b)]
        return np.asarray(np.maximum(means[0], _LEAST) / np.maximum(means[1], _LEAST))

    a, b = np.asarray(ours, float), np.asarray(theirs, float)
    middle = max(shifted_mean(a, shift), _LEAST) / max(shifted_mean(b, shift), _LEAST)
    if len(a) < 2:
        return Spread(middle, math.nan, math.nan)
    interval = bootstrap(
        (a, b),
        ratio,
        paired=True,
        vectorized=True,
        method="percentile",
        n_resamples=of.resamples,
        confidence_level=of.confidence,
        rng=np.random.default_rng(of.seed),
    ).confidence_interval
    return Spread(middle, float(interval.low), float(interval.high))


# Seconds below which a mean is no measure of anything.
_LEAST = 1e-3


def paired(ours: pd.DataFrame, theirs: pd.DataFrame, on: Sequence[str] = PAIR) -> pd.DataFrame:
    """Runs of two tables on the same instance with the same seed of the solver, to the same gap.

    Where time limits differ both count up to the smaller one. Pairs in which neither had the gap
    tell nothing and are left out.

    Returns
    -------
    pandas.DataFrame
        The columns of `on`, and seconds, seconds_other, reached, reached_other.
    """
    columns = [*on, "seconds_to_gap", "time_limit_s"]
    both = ours[columns].merge(theirs[columns], on=list(on), suffixes=("", "_other"))
    limit = both[["time_limit_s", "time_limit_s_other"]].min(axis=1)
    for end in ("", "_other"):
        found = both[f"seconds_to_gap{end}"]
        both[f"reached{end}"] = found <= limit
        both[f"seconds{end}"] = found.where(both[f"reached{end}"], limit)
    both = both[both["reached"] | both["reached_other"]]
    return both[[*on, "seconds", "seconds_other", "reached", "reached_other"]]


def ratios(runs: pd.DataFrame, noise: Noise | None = None) -> pd.DataFrame:
    """Seconds to the gap asked of each route against the first one, by group.

    Returns
    -------
    pandas.DataFrame
        group, route, other, pairs, ratio, low, high, reached, other_reached; ``reached`` counts the
        pairs in which a route had the gap: the others count at their limit.
    """
    runs = made(runs)
    rows = []
    for group, own in runs.groupby("group", sort=False):
        first = own["route"].iloc[0]
        for route, theirs in own.groupby("route", sort=False):
            both = paired(theirs, own[own["route"] == first])
            if route == first or both.empty:
                continue
            found = spread_of(both["seconds"], both["seconds_other"], noise)
            counts = int(both["reached"].sum()), int(both["reached_other"].sum())
            rows.append(
                (group, route, first, len(both), found.ratio, found.low, found.high, *counts)
            )
    return pd.DataFrame(
        rows,
        columns=[
            *("group", "route", "other", "pairs", "ratio", "low", "high"),
            *("reached", "other_reached"),
        ],
    )


def against(runs: pd.DataFrame, earlier: pd.DataFrame, noise: Noise | None = None) -> pd.DataFrame:
    """Seconds to the gap, and primal integrals, of each route against an earlier campaign.

    The test is a paired permutation test: under no difference the sign of each pair's logarithm of
    the ratio is as likely to be plus as minus, so that all signs are tried, or 10,000 at random,
    and the mean compared. Of several tests p is corrected by Holm's method.

    Parameters
    ----------
    runs, earlier : pandas.DataFrame
        With ``primal_integral``.
    noise : Noise, optional

    Returns
    -------
    pandas.DataFrame
        route, measure, pairs, ratio, low, high, p, verdict: ``slower``, ``faster``,
        ``within the noise`` or ``too few pairs``.
    """
    of = noise or Noise()
    rows = []
    for route, own in made(runs).groupby("route", sort=False):
        other = made(earlier)
        other = other[other["route"] == route]
        times = paired(own, other, SAME)
        integrals = own.merge(other, on=list(SAME), suffixes=("", "_other"))[
            ["primal_integral", "primal_integral_other"]
        ].dropna()
        measures: tuple[tuple[str, pd.DataFrame, float], ...] = (
            ("seconds to the gap", times[["seconds", "seconds_other"]], SHIFT_S),
            ("primal integral", integrals, INTEGRAL_SHIFT_S),
        )
        for measure, pairs, shift in measures:
            a, b = pairs.to_numpy(float).T
            if len(a):
                found = spread_of(a, b, of, shift)
                p = _p_value(np.log((a + shift) / (b + shift)), of)
                rows.append((route, measure, len(a), found.ratio, found.low, found.high, p))
    columns = ["route", "measure", "pairs", "ratio", "low", "high", "p"]
    frame = pd.DataFrame(rows, columns=columns)
    frame["p"] = _holm(frame["p"].to_numpy(float))
    beyond = frame["p"] < 1.0 - of.confidence
    words = np.where(frame["ratio"] > 1.0, "slower", "faster")
    # With n pairs the smallest p that is possible is 2 in 2 ** n, before it is corrected.
    few = len(frame) * 0.5 ** (frame["pairs"] - 1.0) >= 1.0 - of.confidence
    few &= frame["ratio"] != 1.0
    frame["verdict"] = np.select([few, beyond], ["too few pairs", words], "within the noise")
    return frame


def _p_value(differences: np.ndarray, noise: Noise) -> float:
    """Two-sided p of a paired permutation test that the mean of differences is zero."""
    if not differences.any():
        return 1.0
    if len(differences) < 2:
        return math.nan
    return float(
        permutation_test(
            (differences,),
            lambda x, axis=-1: np.mean(x, axis=axis),
            permutation_type="samples",
            vectorized=True,
            n_resamples=noise.signs,
            rng=np.random.default_rng(noise.seed),
        ).pvalue
    )


def _holm(p: np.ndarray) -> np.ndarray:
    """Holm's step-down correction; NaN stay, and count as no test."""
    corrected = p.copy()
    order = [int(k) for k in np.argsort(p, kind="stable") if not math.isnan(p[k])]
    largest = 0.0
    for place, k in enumerate(order):
        largest = max(largest, min(1.0, (len(order) - place) * float(p[k])))
        corrected[k] = largest
    return corrected
