"""Messages to workers: the roll, and its cases."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from optalloc.data.digest import content_digest
from optalloc.modelling.base import Base
from optalloc.modelling.model import Model
from optalloc.rolling.days import ReplanningDay
from optalloc.rolling.knowledge import Forecast, Future
from optalloc.scenarios.tree import ScenarioTree

__all__ = ["Policy", "RollBase", "RollCase"]


class Policy(StrEnum):
    """How a plan of the roll is made; foresight is not rolled: one plan that knows all."""

    CERTAIN = "certain"
    FUTURES = "futures"
    FORESIGHT = "perfect foresight"


@dataclass(frozen=True)
class RollCase:
    """One policy in one future."""

    policy: Policy
    future: Future

    @property
    def name(self) -> str:
        """Policy and future in words."""
        return f"{self.policy}, {self.future.name}"


@dataclass(frozen=True)
class RollBase:
    """The workbook, how it is solved, and the roll, as every worker needs it.

    Parameters
    ----------
    book : Base
    tree : ScenarioTree
        By which plans look ahead.
    drawn : frozenset of str
        As of `Forecast`.
    days : tuple of ReplanningDay
    """

    book: Base
    tree: ScenarioTree
    drawn: frozenset[str]
    days: tuple[ReplanningDay, ...]

    def forecast(self, model: Model) -> Forecast:
        """The scenario tree, with what is known of it on each day."""
        return Forecast(self.book.dataset(model), self.tree, self.drawn)

    def keys(self, cases: tuple[RollCase, ...]) -> dict[str, str]:
        """By name of a case, the hash of all inputs of its result."""
        about: Mapping[str, object] = {
            "model": self.book.model_digest,
            "options": sorted((k, v) for k, v in self.book.options.items() if v is not None),
            "versions": sorted(self.book.versions.items()),
            # A key may differ where no result does, as where the order of rows does not matter.
            "sheets": content_digest(self.book.frames, ordered=self.book.frames),
        }
        return {
            case.name: hashlib.sha256(
                repr(
                    (
                        sorted(about.items()),
                        # What knows all is the same however the others are rolled.
                        () if case.policy is Policy.FORESIGHT else self.days,
                        case.name,
                        sorted(case.future.changes.items()),
                    )
                ).encode()
            ).hexdigest()
            for case in cases
        }
