"""Checks on jurisdictions and risk limits across rows and sheets."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.rounding import exceeds
from optalloc.errors import Problem

OF_ALL = ("max_mean_score", "max_hhi")

# Of kinds whose exposure is a share or score, which is at most 1.
UP_TO_ONE = ("max_mean_score", "max_share", "min_share", "max_hhi")

# What decides what a limit is about.
SUBJECT = ("kind", "jurisdiction", "group", "trusted")


def check(data: Dataset) -> Iterator[Problem]:
    """Sites have jurisdictions, and limits say what they are about."""
    known = set(data["Jurisdictions"]["jurisdiction"].dropna())
    sites = data.rows("Sites", "status", "jurisdiction")
    asked = bool(known) or len(data["RiskLimits"]) > 0
    active = sites[(sites["status"] != "excluded") & asked]
    unknown = active.loc[~active["jurisdiction"].isin(known), "jurisdiction"]
    for row, name in unknown.items():
        if data.might_hold("Jurisdictions", jurisdiction=name):
            continue
        yield data.problem(
            "Sites",
            row,
            "jurisdiction",
            "a site's jurisdiction must be on sheet Jurisdictions",
            "Add it there, or correct the name.",
            "site-jurisdiction",
            reads=("status",),
        )
    weighted = data["RiskWeights"]["weight"].sum() > 0 or not data.sound("RiskWeights")
    for row, limit in data.rows("RiskLimits").to_dict("index").items():
        subjects = [
            pd.notna(limit["jurisdiction"]),
            pd.notna(limit["group"]),
            bool(limit["trusted"]),
        ]
        # What is about all capacity has a message of its own below.
        several = sum(subjects) > 1 and limit["kind"] not in OF_ALL
        if several or (
            sum(subjects) == 0 and limit["kind"] in ("max_share", "min_share", "barred")
        ):
            yield data.problem(
                "RiskLimits",
                row,
                "jurisdiction",
                "a limit must name one of jurisdiction, group or trusted",
                "Fill in exactly one of the three.",
                "risk-subject",
                found=f"{sum(subjects) or 'none'} of them",
                reads=SUBJECT,
            )
        if limit["kind"] in OF_ALL and sum(subjects):
            yield data.problem(
                "RiskLimits",
                row,
                "kind",
                "a mean score or concentration is about all capacity",
                "Empty jurisdiction, group and trusted.",
                "risk-subject",
                reads=SUBJECT,
            )
        if limit["kind"] in UP_TO_ONE and exceeds(limit["value"], 1):
            yield data.problem(
                "RiskLimits",
                row,
                "value",
                "a share, score or concentration must be at most 1",
                "Write 40 % as 0.4.",
                "share-above-1",
                reads=("kind",),
            )
        if limit["kind"] == "max_mean_score" and pd.isna(limit["risk_class"]) and not weighted:
            yield data.problem(
                "RiskLimits",
                row,
                "risk_class",
                "a mean score over all classes needs RiskWeights",
                "Fill in RiskWeights, or name a class.",
                "risk-weights",
                found="no weights",
                reads=("kind",),
            )
