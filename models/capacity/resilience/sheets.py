"""Sheets of loss events and what fails in them, and the check on them."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.rules import ExactlyOne, InOrder
from optalloc.data.schema import Column, Kind, Missing, Sheet
from optalloc.errors import Problem

from .._building import active_sites
from .._columns import named, reference, window

CAPACITY, DELIVERABLE = "capacity", "deliverable"
SUPPLIER = "supplier"
SCOPES = {"site": "site", "zone": "grid_zone", "jurisdiction": "jurisdiction"}

# Columns of LossMembers, of which a row fills in one.
NAMED = ("site", "zone", "jurisdiction", "group", "supplier", "supplier_group")

_QUESTION = "What must be served when a site, grid or country fails?"

LOSS_EVENTS = Sheet(
    name="LossEvents",
    question=_QUESTION,
    meaning="What may fail, and the share of demand that must still be covered then.",
    key=("event",),
    missing=Missing.NOTHING,
    rules=(InOrder(("first_period", "last_period")),),
    columns=(
        named("event", "Name of the event.", of="loss event", example="strait closed"),
        Column(
            name="any_one",
            kind=Kind.CHOICE,
            meaning="Any one site, zone, jurisdiction or supplier fails, each by itself.",
            choices=(*SCOPES, SUPPLIER),
            blank=None,
            blank_means="what LossMembers lists fails together",
        ),
        reference(
            "Workloads.workload", "Workload that must be covered.", blank_means="all workloads"
        ),
        Column(
            name="share_lost",
            kind=Kind.NUMBER,
            unit="share",
            meaning="Share of the capacity of what fails that is lost.",
            blank=1,
            above=0,
            at_most=1,
            example=1,
        ),
        Column(
            name="share_covered",
            kind=Kind.NUMBER,
            unit="share",
            meaning="Share of the demand served that must still be covered; of the equipment needed, where suppliers fail.",
            at_least=0,
            at_most=1,
            example=0.7,
        ),
        Column(
            name="strength",
            kind=Kind.CHOICE,
            meaning="capacity: what is left is enough in total; deliverable: it can be re-routed within latency and residency.",
            choices=(CAPACITY, DELIVERABLE),
            blank=CAPACITY,
            example=CAPACITY,
        ),
        *window("in which it must hold"),
    ),
)

LOSS_MEMBERS = Sheet(
    name="LossMembers",
    question=_QUESTION,
    meaning="What fails together in an event; one site, zone, jurisdiction, group or supplier a row.",
    key=("event", *NAMED),
    missing=Missing.NOTHING,
    rules=(
        ExactlyOne(
            NAMED,
            code="member-unclear",
            action="Fill in just one of them; take a row for each.",
        ),
    ),
    columns=(
        reference("LossEvents.event", example="strait closed"),
        reference(
            "Sites.site",
            "A site that fails.",
            blank_means="another column says what fails",
            example="Kanto North",
        ),
        reference(
            "Sites.grid_zone",
            "A grid zone that fails.",
            name="zone",
            blank_means="another column says what fails",
        ),
        reference(
            "Sites.jurisdiction",
            "A jurisdiction that fails.",
            blank_means="another column says what fails",
        ),
        reference(
            "JurisdictionGroups.group",
            "A group of jurisdictions that fails.",
            blank_means="another column says what fails",
        ),
        reference(
            "Suppliers.supplier",
            "A supplier of equipment that fails.",
            blank_means="another column says what fails",
        ),
        reference(
            "Suppliers.supplier_group",
            "A group of suppliers that fails.",
            blank_means="another column says what fails",
        ),
    ),
)

EVENT_KEYS = ["event", "period"]
MEMBER_KEYS = ["event", "member", "period"]


def check(data: Dataset) -> Iterator[Problem]:
    """Every event says what fails, and every member is of an event that lists them."""
    events, members = data["LossEvents"], data["LossMembers"]
    listed = set(members["event"])
    sites = active_sites(data)
    kinds = {kind: set(sites[column].dropna()) for kind, column in SCOPES.items()}
    kinds[SUPPLIER] = set(data["Suppliers"]["supplier"].dropna())
    # A kind of which a name could not be read has a member all the same.
    doubtful = {k for k, column in SCOPES.items() if not data.sound("Sites", column, "status")}
    doubtful |= set() if data.sound("Suppliers", "supplier") else {SUPPLIER}
    for row, at in events.iterrows():
        lists = pd.isna(at["any_one"])
        unnamed = lists and at["event"] not in listed
        if unnamed and not data.might_hold("LossMembers", event=at["event"]):
            yield data.problem(
                "LossEvents",
                row,
                "any_one",
                "an event must say what fails",
                "Fill in any_one, or list what fails together in LossMembers.",
                "event-without-members",
            )
        if not lists and not kinds[at["any_one"]] and at["any_one"] not in doubtful:
            yield data.problem(
                "LossEvents",
                row,
                "any_one",
                f"there must be a {at['any_one']} that can fail",
                f"Name the {at['any_one']} of sites or equipment, or choose something else.",
                "event-without-members",
            )
    singly = set(events.loc[events["any_one"].notna(), "event"])
    members = data.rows("LossMembers")
    for row, event in members.loc[members["event"].isin(singly), "event"].items():
        yield data.problem(
            "LossMembers",
            row,
            "event",
            f"{event!r} has any_one in LossEvents, and so no members of its own",
            "Take this row out, or leave any_one blank.",
            "member-of-any-one",
        )
