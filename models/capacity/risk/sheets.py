"""Sheets of jurisdictions, their groups, risk weights and risk limits."""

from __future__ import annotations

from optalloc.data.rules import FilledUnless, InOrder
from optalloc.data.schema import Column, Kind, Missing, Sheet

from .. import _plausible
from .._columns import amount, named, reference, window

RISK_CLASSES = ("legal", "political", "conflict", "grid", "supply_chain")

_QUESTION = "How much may stand in one country or under one law?"

JURISDICTIONS = Sheet(
    name="Jurisdictions",
    question=_QUESTION,
    meaning="One jurisdiction a row, with a score for each class of risk: 0 is best, 1 is worst.",
    key=("jurisdiction",),
    columns=(
        named("jurisdiction", "Name of the jurisdiction.", example="Japan"),
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
        amount(
            "expected_loss_per_mw_year",
            "M per MW-year",
            "Loss to be expected of each MW online for a year; the planner's own figure, never derived from scores, and not escalated.",
            blank=0.0,
            plausible=_plausible.EXPECTED_LOSS,
            example=0.05,
        ),
    ),
)

JURISDICTION_GROUPS = Sheet(
    name="JurisdictionGroups",
    question=_QUESTION,
    meaning="Which jurisdictions belong to a group; one member a row.",
    key=("group", "jurisdiction"),
    columns=(
        named("group", "Name of the group.", of="group of jurisdictions", example="five eyes"),
        reference("Jurisdictions.jurisdiction", example="Japan"),
    ),
)

RISK_WEIGHTS = Sheet(
    name="RiskWeights",
    question=_QUESTION,
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
        amount("weight", "weight", "Weights are scaled to sum to 1.", example=1),
    ),
)

RISK_LIMITS = Sheet(
    name="RiskLimits",
    question=_QUESTION,
    meaning="One limit a row on where capacity stands, by MW online; with a workload named, by MW served.",
    key=("limit",),
    rules=(
        FilledUnless(("value",), "kind", ("barred",), action="Give the limit itself."),
        InOrder(("first_period", "last_period")),
    ),
    columns=(
        named("limit", "Name of the limit.", of="risk limit", example="Japan share"),
        Column(
            name="kind",
            kind=Kind.CHOICE,
            meaning="max_mean_score: weighted score of all capacity; max_share, max_mw, min_share: of the jurisdiction, group or trusted jurisdictions named; max_hhi: sum of the squared shares of all jurisdictions; barred: nothing there.",
            choices=("max_mean_score", "max_share", "max_mw", "min_share", "max_hhi", "barred"),
            example="max_share",
        ),
        reference(
            "Jurisdictions.jurisdiction",
            blank_means="a group, the trusted ones, or all",
            example="Japan",
        ),
        reference(
            "JurisdictionGroups.group", blank_means="a jurisdiction, the trusted ones, or all"
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
        reference(
            "Workloads.workload",
            "Limit what this workload is served from.",
            blank_means="all MW online",
        ),
        *window("in which it holds"),
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
            adjustable=True,
        ),
    ),
)

KEYS = ["limit", "period"]
SITE_KEYS = ["site", "period"]
ARC_KEYS = ["workload", "region", "site", "period"]
MW_KINDS = ("max_mw", "barred")
