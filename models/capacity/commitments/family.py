"""The record of commitments."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

from optalloc.data.dataset import Dataset
from optalloc.data.rounding import exceeds
from optalloc.modelling.family import Family
from optalloc.modelling.folders import formulation
from optalloc.modelling.limits import Cause, Limit, Relax

from .._building import OPEN
from .._standing_capacity import standing_at
from .audit import audit
from .checks import check
from .hold import hold, not_held
from .sheets import ABANDONED, COMMITTED, DECISIONS, ONLINE, STARTED, SUBJECTS


def _row_of(data: Dataset, key: Mapping[str, Any]) -> dict[str, Any]:
    rows = data["Decisions"]
    found: dict[str, Any] = rows[rows["decision"] == key["decision"]].iloc[0].to_dict()
    return found


def _most_that_can_be(data: Dataset, key: Mapping[str, Any]) -> Iterator[Cause]:
    """Room of a site, contract or lease of which a decision asks for more."""
    at = _row_of(data, key)
    subject = SUBJECTS[at["what"]]
    sheet = f"{subject.capitalize()}s"
    rows = data[sheet]
    row = int(str(rows.index[rows[subject] == at[subject]][0]))
    limits: dict[Hashable, Any] = rows.loc[row].to_dict()
    most = float(limits["max_mw"])
    if at["what"] == STARTED:
        most -= float(limits["existing_mw"]) + float(limits["under_construction_mw"])
    if at["what"] not in (COMMITTED, ABANDONED) and exceeds(at["at_least"], most):
        name = at[subject]
        yield Cause(f"{name} has room for at most {most:,.6g} MW", ((sheet, row, "max_mw"),))


def _standing_online(data: Dataset, key: Mapping[str, Any]) -> Iterator[Cause]:
    """Capacity in service at the site of a ceiling on it; that a site is open from the start."""
    at = _row_of(data, key)
    if at["what"] == ONLINE:
        yield from standing_at(data, [at["site"]], at["period"])
    rows = data.columns("Sites", "site", "status")
    for row, status in rows.loc[rows["site"] == at["site"], "status"].items():
        if at["what"] == COMMITTED and status in OPEN:
            cell = ("Sites", int(str(row)), "status")
            yield Cause(f"{at['site']} is {status} whatever is decided", (cell,))


RULES = formulation(__package__)

FAMILY = Family(
    name="commitments",
    title="Commitments",
    order=90,
    sheets=(DECISIONS,),
    idle_without=("Decisions",),
    limits=(
        Limit(
            name="decision_at_least",
            over=("decision",),
            cells=("Decisions.at_least",),
            causes=_most_that_can_be,
            relax=Relax.PRICED,
            conflict="decision {decision}: {what} is at least {value} in {period}",
            unit="1 or MW",
            sense="<=",
            floor=True,
            sentence="{decision} holds: {what} in {period} is no more than the {used} that it asks for",
            marginal="cost of one more unit asked for",
            formula="decided[d] >= at_least[d]",
        ),
        Limit(
            name="decision_at_most",
            over=("decision",),
            cells=("Decisions.at_most",),
            causes=_standing_online,
            relax=Relax.PRICED,
            conflict="decision {decision}: {what} is at most {value} in {period}",
            unit="1 or MW",
            sense="<=",
            sentence="{decision} holds: {what} in {period} is {used} of the {allowed} that it allows",
            marginal="saving from one more unit allowed",
            formula="decided[d] <= at_most[d]",
        ),
    ),
    codes={
        "decision-subject": "a decision that does not name the one site, contract or lease it is about",
        "no-bound": "a decision without at_least and at_most",
        "bounds-crossed": "at_least above at_most",
        "committed-above-one": "a site committed more than once",
        "decision-never-active": "a decision on what can serve no whole period, which has no variable",
    },
    check=check,
    parameters=RULES.parameters,
    declare=RULES.declare,
    constrain=RULES.constrain,
    audit=audit,
    hold=hold,
    not_held=not_held,
)
