"""Sheets of jurisdictions, their groups, risk weights and risk limits."""

from __future__ import annotations

from optalloc.data.rules import FilledUnless, InOrder
from optalloc.data.schema import Column, Kind, Missing, Sheet

from .. import _plausible

RISK_CLASSES = ("legal", "political", "conflict", "grid", "supply_chain")

JURISDICTIONS = Sheet(
    name="Jurisdictions",
    meaning="One jurisdiction a row, with a score for each class of risk: 0 is best, 1 is worst.",
    key=("jurisdiction",),
    columns=(
        Column(
            name="jurisdiction",
            kind=Kind.TEXT,
            names="jurisdiction",
            meaning="Name of the jurisdiction.",
            example="Japan",
        ),
        Column(
            name="trusted",
            kind=Kind.FLAG,
            meaning="Whether trusted-only workloads may run there.",
            blank=False,
            example="yes",
        ),
        *(
            Column(
                name=f"{name}_risk",
                kind=Kind.NUMBER,
                unit="score",
                meaning=f"Score of {name.replace('_', ' ')} risk; 0 best, 1 worst.",
                at_least=0,
                at_most=1,
                example=0.2,
            )
            for name in RISK_CLASSES
        ),
        Column(
            name="expected_loss_per_mw_year",
            kind=Kind.NUMBER,
            unit="M per MW-year",
            meaning="Loss to be expected of each MW online for a year; the planner's own figure, never derived from scores, and not escalated.",
            plausible=_plausible.EXPECTED_LOSS,
            blank=0.0,
            at_least=0,
            example=0.05,
        ),
    ),
)

JURISDICTION_GROUPS = Sheet(
    name="JurisdictionGroups",
    meaning="Which jurisdictions belong to a group; one member a row.",
    key=("group", "jurisdiction"),
    columns=(
        Column(
            name="group",
            kind=Kind.TEXT,
            names="group of jurisdictions",
            meaning="Name of the group.",
            example="five eyes",
        ),
        Column(
            name="jurisdiction",
            kind=Kind.TEXT,
            meaning="From Jurisdictions.",
            refers_to="Jurisdictions.jurisdiction",
            example="Japan",
        ),
    ),
)

RISK_WEIGHTS = Sheet(
    name="RiskWeights",
    meaning="Weight of each class of risk in the mean score; a class that is not named weighs nothing.",
    key=("risk_class",),
    missing=Missing.ZERO,
    columns=(
        Column(
            name="risk_class",
            kind=Kind.CHOICE,
            meaning="Class of risk.",
            choices=RISK_CLASSES,
            example="legal",
        ),
        Column(
            name="weight",
            kind=Kind.NUMBER,
            unit="weight",
            meaning="Weights are scaled to sum to 1.",
            at_least=0,
            example=1,
        ),
    ),
)

RISK_LIMITS = Sheet(
    name="RiskLimits",
    meaning="One limit a row on where capacity stands, by MW online; with a workload named, by MW served.",
    key=("limit",),
    rules=(
        FilledUnless(("value",), "kind", ("barred",), action="Give the limit itself."),
        InOrder(("first_period", "last_period")),
    ),
    columns=(
        Column(
            name="limit",
            kind=Kind.TEXT,
            names="risk limit",
            meaning="Name of the limit.",
            example="Japan share",
        ),
        Column(
            name="kind",
            kind=Kind.CHOICE,
            meaning="max_mean_score: weighted score of all capacity; max_share, max_mw, min_share: of the jurisdiction, group or trusted jurisdictions named; max_hhi: sum of the squared shares of all jurisdictions; barred: nothing there.",
            choices=("max_mean_score", "max_share", "max_mw", "min_share", "max_hhi", "barred"),
            example="max_share",
        ),
        Column(
            name="jurisdiction",
            kind=Kind.TEXT,
            meaning="From Jurisdictions.",
            blank=None,
            blank_means="a group, the trusted ones, or all",
            refers_to="Jurisdictions.jurisdiction",
            example="Japan",
        ),
        Column(
            name="group",
            kind=Kind.TEXT,
            meaning="From JurisdictionGroups.",
            blank=None,
            blank_means="a jurisdiction, the trusted ones, or all",
            refers_to="JurisdictionGroups.group",
        ),
        Column(
            name="trusted",
            kind=Kind.FLAG,
            meaning="Whether the limit is about all jurisdictions marked trusted.",
            blank=False,
        ),
        Column(
            name="risk_class",
            kind=Kind.CHOICE,
            meaning="Class that a mean score is about.",
            choices=RISK_CLASSES,
            blank=None,
            blank_means="all classes by RiskWeights",
        ),
        Column(
            name="workload",
            kind=Kind.TEXT,
            meaning="Limit what this workload is served from.",
            blank=None,
            blank_means="all MW online",
            refers_to="Workloads.workload",
        ),
        Column(
            name="first_period",
            kind=Kind.TEXT,
            meaning="First period it holds in.",
            blank=None,
            blank_means="the first period",
            refers_to="Periods.period",
        ),
        Column(
            name="last_period",
            kind=Kind.TEXT,
            meaning="Last period it holds in.",
            blank=None,
            blank_means="the last period",
            refers_to="Periods.period",
        ),
        Column(
            name="value",
            kind=Kind.NUMBER,
            unit="score, share or MW by kind",
            meaning="The limit itself; 0 for barred.",
            blank=None,
            blank_means="only for barred",
            at_least=0,
            example=0.4,
        ),
        Column(
            name="penalty_per_mw_year",
            kind=Kind.NUMBER,
            unit="M per MW-year",
            meaning="Makes the limit soft: price of each MW (score-weighted for a mean score, of the root of summed squares for max_hhi) beyond it for a year.",
            blank=None,
            blank_means="the limit is hard",
            above=0,
        ),
    ),
)

KEYS = ["limit", "period"]
SITE_KEYS = ["site", "period"]
ARC_KEYS = ["workload", "region", "site", "period"]
MW_KINDS = ("max_mw", "barred")
