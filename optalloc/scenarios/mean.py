"""The workbook of the expected figures: every number that an outcome changes at its mean."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Kind

__all__ = ["mean_dataset"]


def mean_dataset(data: Dataset, scenarios: Sequence[Dataset], p: np.ndarray) -> Dataset:
    """Give the workbook with expected figures.

    A sheet whose scenarios have the same rows and differ in numbers alone gets the mean of each
    cell, weighted by probability; of any other, which has no mean, the likeliest scenario's rows
    are taken.

    Parameters
    ----------
    data : Dataset
        The workbook as it stands.
    scenarios : sequence of Dataset
        The same with the changes of each scenario.
    p : numpy.ndarray, shape (scenarios,)
        Their probabilities.
    """
    likeliest = scenarios[int(np.argmax(p))]
    changed = {
        name
        for other in scenarios
        for name, frame in other.frames.items()
        if frame is not data.frames[name]
    }
    return data.with_frames(
        {
            name: _mean([one.frames[name] for one in scenarios], p, data, name)
            if _comparable([one.frames[name] for one in scenarios], data, name)
            else likeliest.frames[name]
            for name in sorted(changed)
        }
    )


def _numbers(data: Dataset, name: str) -> list[str]:
    return [c.name for c in data.sheets[name].columns if c.kind is Kind.NUMBER]


def _comparable(frames: list[pd.DataFrame], data: Dataset, name: str) -> bool:
    """True where the frames have the same rows, and differ in numbers alone."""
    numbers = _numbers(data, name)
    words = frames[0].drop(columns=numbers)
    blanks = frames[0][numbers].isna()
    return all(
        other.drop(columns=numbers).equals(words) and other[numbers].isna().equals(blanks)
        for other in frames[1:]
    )


def _mean(frames: list[pd.DataFrame], p: np.ndarray, data: Dataset, name: str) -> pd.DataFrame:
    numbers = _numbers(data, name)
    total = sum(
        share * frame[numbers].to_numpy(float) for share, frame in zip(p, frames, strict=True)
    )
    mean = frames[0].copy()
    mean[numbers] = total
    return mean
