"""Sheets of latency and residency."""

from __future__ import annotations

from optalloc.data.rules import ExactlyOne
from optalloc.data.schema import Column, Kind, Missing, Sheet

from .. import _plausible

# Of two columns, each row fills in exactly one.
EITHER = {
    "Network": ExactlyOne(("site", "market")),
    "Residency": ExactlyOne(("jurisdiction", "group")),
}

NETWORK = Sheet(
    name="Network",
    meaning="Latency and cost between a site (or all sites of a market) and a region.",
    required=True,
    key=("site", "market", "region"),
    missing=Missing.ERROR,
    rules=(EITHER["Network"],),
    columns=(
        Column(
            name="site",
            kind=Kind.TEXT,
            meaning="From Sites. A site's own row goes before its market's.",
            blank=None,
            blank_means="the row is for a market",
            refers_to="Sites.site",
            example="Kanto North",
        ),
        Column(
            name="market",
            kind=Kind.TEXT,
            meaning="From Sites; every site of the market.",
            blank=None,
            blank_means="the row is for a site",
            refers_to="Sites.market",
        ),
        Column(
            name="region",
            kind=Kind.TEXT,
            meaning="From Demand.",
            refers_to="Demand.region",
            example="Japan",
        ),
        Column(
            name="latency_ms",
            kind=Kind.NUMBER,
            unit="ms",
            meaning="Round trip.",
            plausible=_plausible.LATENCY_MS,
            at_least=0,
            example=8,
        ),
        Column(
            name="cost_per_mw_year",
            kind=Kind.NUMBER,
            unit="M per MW-year",
            meaning="Cost of carrying the traffic of one MW served for a year.",
            plausible=_plausible.NETWORK_COST_PER_MW_YEAR,
            blank=0.0,
            at_least=0,
            example=0.02,
        ),
    ),
)

RESIDENCY = Sheet(
    name="Residency",
    meaning="Where a workload of a region may run; one allowed jurisdiction or group a row.",
    key=("workload", "region", "jurisdiction", "group"),
    rules=(EITHER["Residency"],),
    columns=(
        Column(
            name="workload",
            kind=Kind.TEXT,
            meaning="From Workloads.",
            refers_to="Workloads.workload",
            example="inference",
        ),
        Column(
            name="region",
            kind=Kind.TEXT,
            meaning="From Demand.",
            blank=None,
            blank_means="every region",
            refers_to="Demand.region",
            example="Japan",
        ),
        Column(
            name="jurisdiction",
            kind=Kind.TEXT,
            meaning="From Jurisdictions.",
            blank=None,
            blank_means="the row allows a group",
            refers_to="Jurisdictions.jurisdiction",
            example="Japan",
        ),
        Column(
            name="group",
            kind=Kind.TEXT,
            meaning="From JurisdictionGroups.",
            blank=None,
            blank_means="the row allows a jurisdiction",
            refers_to="JurisdictionGroups.group",
        ),
    ),
)

KEYS = ["workload", "region", "site", "period"]
DEMAND_KEYS = ["workload", "region", "period"]
SITE_KEYS = ["site", "period"]
CLUSTER_KEYS = ["workload", "site", "period"]
