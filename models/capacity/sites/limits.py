"""The limits of sites and building."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from optalloc.data.dataset import Dataset
from optalloc.modelling.limits import Cause, Limit, Relax

from .._options import leads_by_option


def _by_option(data: Dataset, key: Mapping[str, Any]) -> Iterator[Cause]:
    """The option by which a site has another lead than its own."""
    for site, at in leads_by_option(data).iterrows():
        if site == key["site"]:
            yield Cause(
                f"by option {at['option']} the permit of {site} arrives "
                f"{at['lead_months']:g} months after its commitment",
                (("Options", int(at["row"]), "lead_months"),),
            )


LIMITS = (
    Limit(
        name="starts_kept",
        over=(
            "site",
            "period",
        ),
        unit="MW IT",
        sense="<=",
        reported=False,
        sentence="{site}, {period}: nothing more is started",
        marginal="cost of building one MW earlier",
        formula="started_mw[i,s-1] <= started_mw[i,s]",
    ),
    Limit(
        name="commitment_kept",
        over=(
            "site",
            "period",
        ),
        unit="share",
        sense="<=",
        reported=False,
        sentence="{site}, {period}: the site stays committed",
        marginal="cost of committing earlier",
        formula="committed[i,p-1] <= committed[i,p]",
    ),
    Limit(
        name="starts_on_committed_site",
        over=(
            "site",
            "period",
        ),
        cells=("Sites.site_lead_months",),
        priced_by=("Sites.max_mw",),
        causes=_by_option,
        conflict="{site} starts nothing in {period} that does not follow its commitment by {value} months",
        unit="MW IT",
        sense="<=",
        sentence="{site} is full: {used} of {allowed} MW are started by {period}",
        lasting="{site} is full {when}",
        marginal="saving from one more MW of room at the site",
        formula="started_mw[i,s] - sum_{c in L(s)} late_mw[i,c] <= room[i] permitted[i,q], q latest with permit(q) <= soonest(s)",
    ),
    Limit(
        name="service_after_block_lead",
        over=(
            "site",
            "period",
        ),
        cells=("Sites.block_lead_months",),
        conflict="what {site} has in service in {period} was started {value} months before",
        unit="MW IT",
        sense="<=",
        sentence="{site}, {period}: all {allowed} MW delivered by then and not retired are in service; more would have to be started a block lead earlier",
        lasting="{site} has all in service that is delivered {when}",
        marginal="saving from one more MW delivered by the period",
        formula="energised[i,p] <= delivered[i,p] - expired[i,p]",
    ),
    Limit(
        name="service_after_both_leads",
        over=(
            "site",
            "period",
        ),
        cells=(
            "Sites.site_lead_months",
            "Sites.block_lead_months",
        ),
        causes=_by_option,
        conflict="what {site} has in service in {period} was committed {site_lead_months} and {block_lead_months} months before",
        unit="MW IT",
        sense="<=",
        sentence="{site}, {period}: {used} of {allowed} MW allowed by the commitment are in service",
        lasting="{site} has all in service that its commitment allows {when}",
        marginal="saving from one more MW allowed by the commitment",
        formula="energised[i,p] <= room[i] permitted[i,q], q latest with permit(q) + block_lead[i] <= begin(p)",
    ),
    Limit(
        name="service_kept",
        over=(
            "site",
            "period",
        ),
        unit="MW IT",
        sense="<=",
        reported=False,
        sentence="{site}, {period}: what is in service stays in service",
        marginal="cost of keeping one MW in service",
        formula="energised[i,p-1] - (expired[i,p] - expired[i,p-1]) <= energised[i,p]",
    ),
    Limit(
        name="ready_by_construction_date",
        over=(
            "site",
            "period",
        ),
        cells=("Sites.under_construction_online",),
        conflict="{under_construction_mw} MW under construction at {site} are ready on {value} and serve from the first period that begins then or later",
        unit="MW IT",
        sense="<=",
        enforced="sets",
        reported=False,
        sentence="{site}, {period}: all {allowed} MW that are ready are in service",
        marginal="none: it has no row",
        formula="online[i,p] holds under_construction[i] only where under_construction_online[i] <= begin(p)",
    ),
    Limit(
        name="served_within_life",
        over=(
            "site",
            "period",
        ),
        cells=("Sites.life_years", "Settings.life_years"),
        conflict="what is built at {site} is retired and serves only whole periods within its life of {value} years",
        unit="MW IT",
        sense="<=",
        enforced="sets",
        reported=False,
        sentence="{site}, {period}: all {allowed} MW within whose life it lies are in service",
        marginal="none: it has no row",
        formula="expired[i,p] = started_mw[i,s], s latest with online(s) + life_years[i] < end(p)",
    ),
    Limit(
        name="blocks_per_period",
        over=(
            "site",
            "period",
        ),
        cells=("Sites.max_blocks_per_period",),
        relax=Relax.PRICED,
        conflict="{site} starts at most {value} blocks in {period}",
        unit="MW IT",
        sense="<=",
        sentence="{site}, {period}: {used} of at most {allowed} MW are started",
        lasting="{site} starts all the blocks it may {when}",
        marginal="saving from starting one more MW in the period",
        formula="starting[i,s] <= max_blocks[i] block[i], where starting[i,s] = started_mw[i,s] - started_mw[i,s-1]",
    ),
    Limit(
        name="first_start_large_enough",
        over=(
            "site",
            "period",
        ),
        cells=("Sites.min_mw",),
        conflict="{site} starts with {value} MW or more",
        unit="MW IT",
        sense="<=",
        floor=True,
        sentence="{site}, {period}: the first start is the least allowed, {used} MW",
        lasting="{site} starts with the least allowed {when}",
        marginal="saving from a minimum one MW smaller",
        formula="min[i] begun[i,s] <= started_mw[i,s] <= room[i] begun[i,s]",
    ),
    Limit(
        name="whole_blocks",
        over=(
            "site",
            "period",
        ),
        cells=("Sites.block_mw",),
        conflict="{site} is built in whole blocks of {value} MW",
        unit="blocks",
        sense="==",
        enforced="integers",
        sentence="{site}, {period}: {used} blocks",
        marginal="none: integrality has no price",
        formula="started_mw[i,s] = block[i] started[i,s], started whole",
    ),
)
