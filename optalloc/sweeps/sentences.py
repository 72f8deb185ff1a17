"""Sentences and large figures about a sweep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from optalloc.scenarios.sheet import Design
from optalloc.sweeps import frames as figures
from optalloc.sweeps.cases import CaseFrames
from optalloc.sweeps.messages import Settled

if TYPE_CHECKING:
    from optalloc.report.render import Words

__all__ = ["headline", "lead", "page_words"]


def headline(result: CaseFrames) -> str:
    """Number of cases by their end, in one sentence."""
    cases = result.cases
    solved = int(cases["objective"].notna().sum())
    if solved == len(cases):
        return f"All {len(cases):,} cases have a plan."
    lacking = cases[cases["objective"].isna()]["status"].value_counts()
    counts = ", ".join(f"{count:,} {status}" for status, count in lacking.items())
    return f"{solved:,} of {len(cases):,} cases have a plan; {counts}."


def lead(result: CaseFrames) -> list[str]:
    """Sentences on the base case, the extremes, and the verdicts against the base case."""
    free = figures.free_cases(result.cases)
    known = free[free["objective"].notna()]
    sentences = [str(notice) for notice in result.about.get("notices", ())]
    if len(known) and known.index[0] == free.index[0]:
        base = known.iloc[0]
        sentences.append(
            f"The base case costs {base['objective']:,.2f} M; no plan of it costs less than "
            f"{base['bound']:,.2f} M."
        )
    if known["objective"].nunique() > 1:
        low, high = (
            known.loc[getattr(known["objective"], f"idx{end}")()] for end in ("min", "max")
        )
        sentences.append(
            f"Costs lie between {low['objective']:,.2f} M ({low['case']}) and "
            f"{high['objective']:,.2f} M ({high['case']})."
        )
    if sentences and Design(result.about["design"]) in (Design.ONE, Design.CASES):
        sentences += _against_base(result)
    if result.cases["objective"].isna().any():
        sentences.append("Cases without a plan are listed with their reasons.")
    return sentences


def _against_base(result: CaseFrames) -> list[str]:
    if result.cases["objective"].isna().iloc[0]:
        return []
    found = figures.differences(result)
    counts = found["verdict"].value_counts()
    verdicts = [f"{n} {verdict}" for verdict, n in counts.items()]
    sentences = [f"Against the base case: {', '.join(verdicts)}."] if verdicts else []
    if counts.get("undecided", 0):
        sentences.append("Undecided is what a smaller gap would decide.")
    return sentences


def page_words(result: CaseFrames, notes: Sequence[str]) -> Words:
    """Words of the page beside its pictures."""
    # Imported when a page is written.
    from optalloc.report.render import Words  # noqa: PLC0415

    cases = result.cases
    alone = int((cases["settled"] == Settled.BOUND).sum())
    widest = cases["gap"].max()
    cards = [
        _card("cases", len(cases), f"{len(cases):,}", ""),
        _card("with a plan", int(cases["objective"].notna().sum()), "", ""),
        _card("settled by a bound alone", alone, f"{alone:,}", ""),
    ]
    if widest == widest:
        cards.append(_card("largest gap", float(widest), f"{100 * widest:.2f} %", "of cost"))
    return Words(
        kind="Sweep",
        name=str(result.about["sweep"]),
        pill=str(result.about["design"]),
        headline=headline(result),
        lead=[*lead(result), *notes],
        figures=cards,
        about_tables="The sweep's tables as they are, in full.",
    )


def _card(label: str, value: float, shown: str, unit: str) -> dict[str, object]:
    return {"label": label, "value": value, "shown": shown or f"{value:,}", "unit": unit}
