"""Sheet of decisions that are fixed or bounded."""

from __future__ import annotations

from optalloc.data.rules import AtLeastOne, NotAbove
from optalloc.data.schema import Column, Kind, Missing, Sheet

from .._columns import named, reference
from .._options import BOUGHT, EXERCISED, KEPT

COMMITTED, STARTED, ONLINE = "committed", "started_mw", "online_mw"
ABANDONED = "abandoned"
LEASED, SIGNED, ENDED = "leased_mw", "signed_mw", "ended_mw"

# The column that names what is decided on.
SUBJECTS = {
    COMMITTED: "site",
    STARTED: "site",
    ONLINE: "site",
    ABANDONED: "site",
    LEASED: "lease",
    SIGNED: "contract",
    ENDED: "contract",
    BOUGHT: "option",
    KEPT: "option",
    EXERCISED: "option",
}

DECISIONS = Sheet(
    name="Decisions",
    question="What is announced or ruled out already?",
    meaning="What is announced, forbidden or held within bounds; equal at_least and at_most fix it.",
    key=("decision",),
    missing=Missing.UNLIMITED,
    rules=(
        AtLeastOne(
            ("at_least", "at_most"),
            code="no-bound",
            action="Fill in one of them; the same number in both fixes it.",
        ),
        NotAbove(("at_least", "at_most"), code="bounds-crossed"),
    ),
    columns=(
        named("decision", "Name of the row, for the report.", example="Kanto wind announced"),
        Column(
            name="what",
            kind=Kind.CHOICE,
            meaning="committed: whether the site is committed by the period, 1 or 0; started_mw: MW started up to and in the period; online_mw: MW in service in it; abandoned: whether the site is abandoned by it, 1 or 0; leased_mw and signed_mw: MW of the lease or contract signed in it; ended_mw: MW of the contract ended early from it on; bought and kept: of the option in it, 1 of land and else MW; exercised: of the option up to and in it.",
            choices=tuple(SUBJECTS),
            example=SIGNED,
        ),
        reference("Sites.site", "Site that is decided on.", blank_means="something else is meant"),
        reference(
            "Contracts.contract",
            "Contract that is decided on; only with signed_mw and ended_mw.",
            blank_means="something else is meant",
            example="Kanto wind",
        ),
        reference(
            "Leases.lease",
            "Lease that is decided on; only with leased_mw.",
            blank_means="something else is meant",
        ),
        reference(
            "Options.option",
            "Option that is decided on; only with bought, kept and exercised.",
            blank_means="something else is meant",
        ),
        reference("Periods.period", example="2027H1"),
        Column(
            name="at_least",
            kind=Kind.NUMBER,
            unit="1 or MW",
            meaning="Least value of it.",
            blank=None,
            blank_means="no floor",
            at_least=0,
            example=20,
        ),
        Column(
            name="at_most",
            kind=Kind.NUMBER,
            unit="1 or MW",
            meaning="Greatest value of it; 0 forbids it.",
            blank=None,
            blank_means="no ceiling",
            at_least=0,
        ),
    ),
)
