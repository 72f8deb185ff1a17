"""Sentences about alternatives, and their tables side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from optalloc.analysis.alternatives.farthest import Member, Signature, groups_of
from optalloc.data.schema import Column, Kind
from optalloc.mip.outcome import Outcome
from optalloc.modelling.model import Model
from optalloc.modelling.outputs import TableSpec
from optalloc.plan.timelines import built, roles_of
from optalloc.report.findings import Findings, figure

__all__ = ["PROVEN", "STOPPED", "Found", "explanation"]

# Reasons why a search ended, besides its budget.
PROVEN, STOPPED = "proven", "stopped"


@dataclass(frozen=True)
class Found:
    """A plan, what it takes, its distance from the nearest before, and a bound on that distance."""

    outcome: Outcome
    tables: Mapping[str, pd.DataFrame]
    signature: Signature
    distance: int
    at_most: float | None


def _text(name: str, meaning: str) -> Column:
    return Column(name=name, kind=Kind.TEXT, meaning=meaning)


def _number(name: str, unit: str, meaning: str) -> Column:
    return Column(name=name, kind=Kind.NUMBER, unit=unit, meaning=meaning)


_PLAN = _text("plan", "The best plan, or an alternative by its number.")

ALTERNATIVES = TableSpec(
    name="Alternatives",
    meaning="Plans that cost little more than the best and differ as much as possible.",
    key=("plan",),
    columns=(
        _PLAN,
        _number("cost", "M", "Present value of all cost."),
        _number("bound", "M", "No plan with the same choices costs less."),
        _number("gap", "share of cost", "Relative gap between the two."),
        _number("dearer", "M", "Cost less that of the best plan."),
        _number("dearer_share", "share of cost", "The same as a share of the best plan's cost."),
        _number("distance", "choices", "In how many it differs from the nearest plan before."),
        _number("distance_at_most", "choices", "No plan within the slack differs in more."),
        _text("quality", "How good it is proven to be among plans with the same choices."),
    ),
)

CHOICES = TableSpec(
    name="Choices",
    meaning="What each plan takes, and of what it takes any.",
    key=("kind", "name", "plan"),
    across="plan",
    spread=("taken",),
    columns=(
        _text("kind", "What it is, such as a site, or what sites belong to."),
        _text("name", "Its name."),
        _PLAN,
        Column(name="taken", kind=Kind.FLAG, meaning="Whether the plan takes it."),
    ),
)


def explanation(
    model: Model,
    members: Sequence[Member],
    found: Sequence[Found],
    slack: float,
    count: int,
    ended: str,
) -> Findings:
    """Give the findings.

    Parameters
    ----------
    model : Model
    members : sequence of Member
    found : sequence of Found
        The best plan first.
    slack : float
    count : int
        How many alternatives were asked for.
    ended : str
        Why there are fewer: `PROVEN` that there are no more, `STOPPED`, ``"time"``, or empty.
    """
    names = ["best", *(f"alternative {k}" for k in range(1, len(found)))]
    sentences = [_about_best(found[0].outcome, slack)]
    pairs = zip(names[1:], found[1:], strict=True)
    sentences += [_about(name, one, found[0], members) for name, one in pairs]
    sentences += _ending(len(found) - 1, count, ended, slack)
    tables = {
        ALTERNATIVES.name: pd.DataFrame(
            [_row(name, one, found[0]) for name, one in zip(names, found, strict=True)]
        ),
        CHOICES.name: _choices(names, members, found),
    }
    specs = [ALTERNATIVES, CHOICES]
    for role in roles_of(model):
        frames = [
            built(one.tables[role["table"]], role).assign(plan=name)
            for name, one in zip(names, found, strict=True)
        ]
        spec = _built_spec(role)
        tables[spec.name] = pd.concat(frames, ignore_index=True)[[c.name for c in spec.columns]]
        specs.append(spec)
    return Findings("Near-optimal alternatives", tuple(sentences), tables, tuple(specs))


def _about_best(best: Outcome, slack: float) -> str:
    limit = best.objective + slack * abs(best.objective)
    gap = f" within {100 * best.gap:.2g} % of the least cost" if best.gap else " and is optimal"
    return (
        f"The best plan costs {figure(best.objective, 7)} M{gap}; an alternative may cost "
        f"{100 * slack:.3g} % more, {figure(limit, 7)} M."
    )


def _about(name: str, one: Found, best: Found, members: Sequence[Member]) -> str:
    own = zip(members, one.signature, best.signature, strict=False)
    moves = [
        (m.choice.taken if taken else m.choice.left).format(member=m.name)
        for m, taken, before in own
        if taken != before
    ]
    extra = one.outcome.objective - best.outcome.objective
    gap = f", within {100 * one.outcome.gap:.2g} %" if one.outcome.gap else ""
    most = "" if one.at_most is None or one.at_most <= one.distance else (
        f" (no plan within the slack differs in more than {one.at_most:.0f})"
    )  # fmt: skip
    differences = "; ".join(moves) if moves else "the same sites as the best plan"
    return (
        f"{name.capitalize()} costs {figure(one.outcome.objective, 7)} M{gap}, "
        f"{figure(extra)} M more: {differences}. It differs from the nearest plan before in "
        f"{one.distance} choice{'s' if one.distance != 1 else ''}{most}."
    )


def _ending(got: int, count: int, ended: str, slack: float) -> list[str]:
    if got >= count:
        return []
    number = f"{got} alternative{'s' if got != 1 else ''}" if got else "No alternative"
    if ended == STOPPED:
        return [f"{number} instead of {count}: the search was stopped."]
    if ended == PROVEN:
        return [
            f"{number} instead of {count}: no other plan that costs at most {100 * slack:.3g} % "
            "more takes anything else."
        ]
    return [f"{number} instead of {count}: the seconds ran out before another was found."]


def _row(name: str, one: Found, best: Found) -> dict[str, Any]:
    cost, least = one.outcome.objective, best.outcome.objective
    return {
        "plan": name,
        "cost": cost,
        "bound": one.outcome.bound,
        "gap": one.outcome.gap,
        "dearer": cost - least,
        "dearer_share": (cost - least) / abs(least) if least else 0.0,
        "distance": float(one.distance),
        "distance_at_most": float("nan") if one.at_most is None else one.at_most,
        "quality": str(one.outcome.quality),
    }


def _choices(
    names: Sequence[str], members: Sequence[Member], found: Sequence[Found]
) -> pd.DataFrame:
    listed = [(m.choice.noun, m.name) for m in members] + groups_of(members)
    rows = [
        (kind, name, plan, one.signature[k])
        for k, (kind, name) in enumerate(listed)
        for plan, one in zip(names, found, strict=True)
    ]
    return pd.DataFrame(rows, columns=[column.name for column in CHOICES.columns])


def _built_spec(role: Mapping[str, Any]) -> TableSpec:
    steps = role["steps"]
    return TableSpec(
        name=f"{role['table']}Built",
        meaning="What each plan builds, how much and when.",
        key=("member", "plan"),
        across="plan",
        spread=("size", "begun", "done"),
        columns=(
            _text("member", f"The {str(role['row']).replace('_', ' ')}."),
            _PLAN,
            _number("size", role["unit"], "How much, in all."),
            Column(name="begun", kind=Kind.DATE, meaning=f"First step ({steps[0][1].lower()})."),
            Column(name="done", kind=Kind.DATE, meaning=f"First day of {steps[-1][1].lower()}."),
        ),
    )
