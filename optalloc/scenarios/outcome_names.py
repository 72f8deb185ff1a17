"""Outcomes as a planner writes them: ``demand=fast; grid=late``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from optalloc.data.reader import fold, suggest
from optalloc.scenarios.tree import Known

__all__ = ["outcomes_in", "written"]


def outcomes_in(
    text: str, known: Mapping[str, Sequence[str]], what: str
) -> tuple[Known, ...] | str:
    """Outcomes in a text like ``demand=fast; grid=late``, or what is wrong with it."""
    found: list[Known] = []
    names = {fold(name): name for name in known}
    for part in filter(str.strip, text.split(";")):
        left, sign, right = (piece.strip() for piece in part.partition("="))
        if not sign or not left or not right:
            return "outcomes must be uncertainty=outcome, several joined by ';'"
        name = names.get(fold(left))
        if name is None:
            guess = suggest(left, known)
            meant = f" (did you mean {guess!r}?)" if guess else ""
            return f"{left!r} must be {what}{meant}"
        outcomes = {fold(outcome): outcome for outcome in known[name]}
        if fold(right) not in outcomes:
            return f"{right!r} must be an outcome of {name}: {', '.join(outcomes.values())}"
        if name in (one for one, _ in found):
            return f"{name} must be named once"
        found.append((name, outcomes[fold(right)]))
    return tuple(found)


def written(outcomes: Iterable[Known]) -> str:
    """Outcomes as text, as `outcomes_in` reads them."""
    return "; ".join(f"{uncertainty}={outcome}" for uncertainty, outcome in outcomes)
