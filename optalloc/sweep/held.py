"""Early decisions of a plan held in every case, as further rows of the workbook."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from optalloc.dataset import Dataset

__all__ = ["rows_added"]


def rows_added(frames: Mapping[str, pd.DataFrame], data: Dataset) -> Dataset:
    """The dataset with further rows on some sheets, below those that it has."""
    changed = {}
    for name, more in frames.items():
        own = data.frames[name]
        first = int(own.index.max()) + 1 if len(own) else 2
        more = more.set_axis(range(first, first + len(more)))
        filled = [part for part in (own, more) if len(part)]
        changed[name] = pd.concat(filled).astype(own.dtypes.to_dict()) if filled else own
    return data.with_frames(changed)
