"""The workbook of the expected figures: every number that an outcome changes at its mean."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Kind, Sheet

__all__ = ["mean_dataset"]


def mean_dataset(data: Dataset, scenarios: Sequence[Dataset], p: np.ndarray) -> Dataset:
    """Give the workbook with expected figures.

    Cells that are numbers in all scenarios get their mean, weighted by probability. Any other has
    none, and is that of the likeliest scenario; so are rows that differ in words, and sheets that
    have other rows.

    Parameters
    ----------
    data : Dataset
        The workbook as it stands.
    scenarios : sequence of Dataset
        The same with the changes of each scenario.
    p : numpy.ndarray, shape (scenarios,)
        Their probabilities.
    """
    likeliest = int(np.argmax(p))
    changed = {
        name
        for other in scenarios
        for name, frame in other.frames.items()
        if frame is not data.frames[name]
    }
    return data.with_frames(
        {
            name: _mean([one.frames[name] for one in scenarios], p, likeliest, data.sheets[name])
            for name in sorted(changed)
        }
    )


def _mean(frames: list[pd.DataFrame], p: np.ndarray, likeliest: int, sheet: Sheet) -> pd.DataFrame:
    numbers = [c.name for c in sheet.columns if c.kind is Kind.NUMBER]
    words = [c.name for c in sheet.columns if c.kind not in (Kind.NUMBER, Kind.INTEGER, Kind.DATE)]
    mean = frames[likeliest].copy()
    if any(len(frame) != len(mean) for frame in frames):
        return mean
    total = sum(
        share * frame[numbers].to_numpy(float) for share, frame in zip(p, frames, strict=True)
    )
    # Words say what the numbers of a row are, such as their currency. A blank leaves no mean.
    same = np.all([_equal(frame[words], mean[words]) for frame in frames], axis=0)
    has_mean = same[:, None] & ~np.isnan(total)
    mean[numbers] = np.where(has_mean, total, mean[numbers].to_numpy(float))
    return mean


def _equal(one: pd.DataFrame, other: pd.DataFrame) -> np.ndarray:
    """By row, True if all cells are equal or blank."""
    a, b = one.to_numpy(object), other.to_numpy(object)
    return np.asarray(((a == b) | (pd.isna(a) & pd.isna(b))).all(axis=1), dtype=bool)
