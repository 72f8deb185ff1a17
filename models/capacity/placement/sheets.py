"""Sheets of latency and residency."""

from __future__ import annotations

from optalloc.data.rules import ExactlyOne
from optalloc.data.schema import Missing, Sheet

from .. import _plausible
from .._columns import amount, reference

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
        reference(
            "Sites.site",
            "From Sites. A site's own row goes before its market's.",
            blank_means="the row is for a market",
            example="Kanto North",
        ),
        reference(
            "Sites.market",
            "From Sites; every site of the market.",
            blank_means="the row is for a site",
        ),
        reference("Demand.region", example="Japan"),
        amount("latency_ms", "ms", "Round trip.", plausible=_plausible.LATENCY_MS, example=8),
        amount(
            "cost_per_mw_year",
            "M per MW-year",
            "Cost of carrying the traffic of one MW served for a year.",
            blank=0.0,
            plausible=_plausible.NETWORK_COST_PER_MW_YEAR,
            example=0.02,
        ),
    ),
)

RESIDENCY = Sheet(
    name="Residency",
    question="Must some demand stay under certain laws?",
    meaning="Where a workload of a region may run; one allowed jurisdiction or group a row.",
    key=("workload", "region", "jurisdiction", "group"),
    rules=(EITHER["Residency"],),
    columns=(
        reference("Workloads.workload", example="inference"),
        reference("Demand.region", blank_means="every region", example="Japan"),
        reference(
            "Jurisdictions.jurisdiction", blank_means="the row allows a group", example="Japan"
        ),
        reference("JurisdictionGroups.group", blank_means="the row allows a jurisdiction"),
    ),
)

KEYS = ["workload", "region", "site", "period"]
DEMAND_KEYS = ["workload", "region", "period"]
SITE_KEYS = ["site", "period"]
CLUSTER_KEYS = ["workload", "site", "period"]
