"""Sheet of gates."""

from __future__ import annotations

from optalloc.data.rules import ExactlyOne
from optalloc.data.schema import Column, Kind, Sheet

from .._columns import named, reference

COMMIT, START, ENERGISE = "commit", "start", "energise"


KEYS = ["gate", "site", "period"]


GATES = Sheet(
    name="Gates",
    question="What must wait for a day, such as that on which a law passes?",
    meaning="One gate a row: what it holds is not done at a site, or in a jurisdiction, before the day on which it opens.",
    key=("gate",),
    rules=(ExactlyOne(("site", "jurisdiction")),),
    columns=(
        named("gate", "Name of the gate, for the report.", example="siting law, commitments"),
        Column(
            name="holds",
            kind=Kind.CHOICE,
            meaning="commit: candidates are not committed before; start: nothing is started before; energise: nothing that is built goes into service before.",
            choices=(COMMIT, START, ENERGISE),
            example=COMMIT,
        ),
        reference("Sites.site", "Site whose gate it is.", blank_means="it is of a jurisdiction"),
        reference(
            "Sites.jurisdiction",
            "Jurisdiction whose sites it is for.",
            blank_means="it is of a site",
            example="Japan",
        ),
        Column(
            name="opens",
            kind=Kind.DATE,
            meaning="Day on which it opens, for what is decided in the first period that begins then or later. Outcomes may change it: to the day on which a law passes, or to (blank) where it fails.",
            blank=None,
            blank_means="it never opens",
            example="2027-01-01",
        ),
    ),
)
