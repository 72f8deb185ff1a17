"""The limits of contracts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from optalloc.data.dataset import Dataset
from optalloc.modelling.limits import Cause, Limit

from .._building import pue_of_sites
from .._standing_capacity import standing_at


def _standing_peak(data: Dataset, key: Mapping[str, Any]) -> Iterator[Cause]:
    """Capacity in service at a site whose peak must be covered."""
    pue = pue_of_sites(data)
    yield from standing_at(data, [key["site"]], key["period"], pue, "MW of grid power")


LIMITS = (
    Limit(
        name="signed_on_offer",
        over=(
            "contract",
            "period",
        ),
        cells=("Contracts.last_period",),
        conflict="{contract} can be signed only while it is on offer",
        unit="MW grid",
        sense="<=",
        enforced="sets",
        sentence="{contract}, {period}: all {allowed} MW on offer are signed",
        lasting="all that is on offer of {contract} is signed {when}",
        marginal="none: it has no row",
        formula="procured[c,s] exists only within the signing window",
    ),
    Limit(
        name="contract_minimum",
        over=(
            "contract",
            "period",
        ),
        cells=("Contracts.min_mw",),
        conflict="{contract} is signed for {value} MW or more",
        unit="MW grid",
        sense="<=",
        floor=True,
        sentence="{contract}, {period}: the least that may be signed, {used} MW, is signed",
        lasting="no more of {contract} is signed than must be {when}",
        marginal="saving from a minimum one MW smaller",
        formula="min[c] signs[c,s] <= procured[c,s] <= max[c] signs[c,s]",
    ),
    Limit(
        name="contract_blocks",
        over=(
            "contract",
            "period",
        ),
        cells=("Contracts.block_mw",),
        conflict="{contract} is signed in whole blocks of {value} MW",
        unit="blocks",
        sense="==",
        sentence="{contract}, {period}: {used} blocks are signed",
        marginal="none: integrality has no price",
        formula="procured[c,s] = block[c] blocks_procured[c,s], blocks_procured whole",
    ),
    Limit(
        name="contract_within_max",
        over=(
            "contract",
            "period",
        ),
        cells=("Contracts.max_mw",),
        conflict="{contract} has no more than {value} MW to sign",
        unit="MW grid",
        sense="<=",
        sentence="{contract} is used up in {period}: {used} of {allowed} MW are active",
        lasting="{contract} is used up {when}",
        marginal="saving from one more MW on offer",
        formula="contracted[c,p] <= max[c]",
    ),
    Limit(
        name="peak_covered",
        over=(
            "site",
            "period",
        ),
        cells=("Sites.pue",),
        causes=_standing_peak,
        conflict="the peak of {site} in {period} is covered by contracts",
        unit="MW grid",
        sense="==",
        sentence="{site}, {period}: contracts cover the peak of {used} MW",
        lasting="contracts cover no more than the peak of {site} {when}",
        marginal="cost of one more MW of peak",
        formula="grid[i,p] = sum_c covered[c,i,p]",
    ),
    Limit(
        name="cover_within_contract",
        over=(
            "contract",
            "period",
        ),
        cells=("Contracts.max_mw",),
        conflict="{contract} covers no more in {period} than is signed, {value} MW at most",
        unit="MW grid",
        sense="<=",
        sentence="{contract}, {period}: all {allowed} active MW cover peaks",
        lasting="all that is active of {contract} covers peaks {when}",
        marginal="saving from one more active MW",
        formula="sum_i covered[c,i,p] <= contracted[c,p]",
    ),
    Limit(
        name="cover_of_own_sites",
        unit="MW grid",
        sense="<=",
        enforced="sets",
        reported=False,
        sentence="{contract} covers {site}",
        marginal="none: it has no row",
        formula="covered[c,i,p] exists only for sites that the contract serves",
    ),
)
