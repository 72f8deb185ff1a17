"""Limits that may be relaxed, and prices: as declared, unless the planner rules otherwise."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass

from optalloc.data.dataset import Dataset
from optalloc.errors import InputError, Problem
from optalloc.modelling.family import Family
from optalloc.modelling.limits import Limit, Relax
from optalloc.modelling.model import Model

__all__ = ["Rules", "rules_of"]


@dataclass(frozen=True)
class Rules:
    """The planner's rules by limit or family: whether it may be relaxed, and points for a unit."""

    may_relax: Mapping[str, bool]
    price_per_unit: Mapping[str, float]
    families: Mapping[str, str]

    def may(self, family: Family, limit: Limit) -> bool:
        """True if a limit may be relaxed: by its own rule, its family's, or its declaration."""
        if limit.implied or not limit.cells:
            return False
        own = self.may_relax.get(limit.name, self.may_relax.get(family.name))
        return limit.relax is not Relax.NEVER if own is None else own

    def points(self, limit: Limit, unit: float) -> float:
        """Points for so many units of a limit's cell; 1 by default, however many they are."""
        family = self.families[limit.name]
        price = self.price_per_unit.get(limit.name, self.price_per_unit.get(family))
        return 1.0 if price is None else price * unit


def rules_of(data: Dataset, model: Model) -> Rules:
    """Gather the planner's rules from all families.

    Raises
    ------
    InputError
        If a rule names neither a limit nor a family.
    """
    may: dict[str, bool] = {}
    price: dict[str, float] = {}
    problems: list[Problem] = []
    families = {name: family.name for name, (family, _) in model.limits.items()}
    known = {*families, *families.values()}
    for family in model.families:
        frame = family.relaxations(data)
        for row in () if frame is None else frame.to_dict("records"):
            name = str(row["name"])
            if name not in known:
                problems.append(
                    _unknown(data, row["sheet"], row["row"], row["column"], name, known)
                )
                continue
            may[name] = bool(row["may_relax"])
            if not math.isnan(row["price_per_unit"]):
                price[name] = float(row["price_per_unit"])
    if problems:
        raise InputError(problems)
    return Rules(may, price, families)


def _unknown(
    data: Dataset, sheet: str, row: int, column: str, name: str, known: set[str]
) -> Problem:
    near = difflib.get_close_matches(name, known, n=1)
    action = f"Did you mean {near[0]!r}?" if near else "The formulation page lists all limits."
    must = f"{name!r} must be the name of a limit or family"
    return data.problem(sheet, row, column, must, action, "unknown-limit")
