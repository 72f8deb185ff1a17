"""Risk scores of jurisdictions, for the family that limits them and for whoever bounds capacity."""

from __future__ import annotations

import pandas as pd

from optalloc.data.dataset import Dataset


def scores(data: Dataset, risk_class: str | None) -> pd.Series:
    """Score by jurisdiction: of one class, or the mean over classes by RiskWeights."""
    frame = data["Jurisdictions"].set_index("jurisdiction")
    if isinstance(risk_class, str):
        return frame[f"{risk_class}_risk"]
    weights = data.column("RiskWeights", "weight", by="risk_class")
    by_class = frame[[f"{name}_risk" for name in weights.index]]
    return (by_class * weights.to_numpy()).sum(axis=1) / weights.sum()
