"""The limits of risk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from optalloc.data.dataset import Dataset
from optalloc.modelling.limits import Cause, Limit, Relax

from .._building import active_sites
from .._standing_capacity import standing_at
from .derived import members


def _standing_exposed(data: Dataset, key: Mapping[str, Any]) -> Iterator[Cause]:
    """Capacity in service that a limit counts; of a floor, what is outside of it."""
    limits, where = data["RiskLimits"], active_sites(data, "jurisdiction")["jurisdiction"]
    (limit,) = limits[limits["limit"] == key["limit"]].to_dict("records")
    inside = where.isin(members(data, limit))
    counted = ~inside if limit["kind"] == "min_share" else inside
    yield from standing_at(data, where.index[counted], key["period"])


LIMITS = (
    Limit(
        name="online_exposure",
        over=(
            "limit",
            "period",
        ),
        cells=("RiskLimits.value",),
        causes=_standing_exposed,
        relax=Relax.PRICED,
        conflict="risk limit {limit} is {kind} {value} in {period}",
        unit="MW IT (score-weighted for a mean score)",
        sense="<=",
        sentence="risk limit {limit!r} binds in {period}: {used} of {allowed} MW in service",
        floor_sentence="risk limit {limit!r} binds in {period}: no more than the {used} MW asked for at least are in service",
        lasting="risk limit {limit!r} binds {when}",
        marginal="saving from one more MW beyond the limit",
        formula="sum_i a[l,i] online[i,p] <= b[l] + excess[l,p]",
    ),
    Limit(
        name="served_exposure",
        over=(
            "limit",
            "period",
        ),
        cells=("RiskLimits.value",),
        relax=Relax.PRICED,
        conflict="risk limit {limit} is {kind} {value} of {workload} in {period}",
        unit="MW IT (score-weighted for a mean score)",
        sense="<=",
        sentence="risk limit {limit!r} binds in {period}: {used} of {allowed} MW served",
        floor_sentence="risk limit {limit!r} binds in {period}: no more than the {used} MW asked for at least are served",
        lasting="risk limit {limit!r} binds {when}",
        marginal="saving from one more MW beyond the limit",
        formula="sum_ri a[l,i] served[w,r,i,p] <= b[l] + excess[l,p]",
    ),
    Limit(
        name="online_concentration",
        over=(
            "limit",
            "period",
        ),
        cells=("RiskLimits.value",),
        causes=_standing_exposed,
        relax=Relax.PRICED,
        conflict="risk limit {limit} is {kind} {value} in {period}",
        unit="MW IT",
        sense="<=",
        enforced="cuts",
        sentence="risk limit {limit!r} binds in {period}: the root of summed squares is {used} of {allowed} MW in service",
        lasting="risk limit {limit!r} binds {when}",
        marginal="saving from one more MW beyond the limit",
        formula="||online[j,p]||_j <= sqrt(v[l]) sum_i online[i,p] + excess[l,p]",
    ),
    Limit(
        name="served_concentration",
        over=(
            "limit",
            "period",
        ),
        cells=("RiskLimits.value",),
        relax=Relax.PRICED,
        conflict="risk limit {limit} is {kind} {value} of {workload} in {period}",
        unit="MW IT",
        sense="<=",
        enforced="cuts",
        sentence="risk limit {limit!r} binds in {period}: the root of summed squares is {used} of {allowed} MW served",
        lasting="risk limit {limit!r} binds {when}",
        marginal="saving from one more MW beyond the limit",
        formula="||served[w,j,p]||_j <= sqrt(v[l]) sum_ri served[w,r,i,p] + excess[l,p]",
    ),
)
