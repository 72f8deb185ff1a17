"""Marginal values of limits, with the integers of the plan fixed.

With the integers fixed at the plan the rest is a linear program. Only limits whose rows have a dual
price can have a marginal value; as many duals are degenerate, the value itself is the saving of a
re-solve with one more unit. A limit whose rows are not in the unit of its audit has none here: the
slack of each row is checked to be the slack that the audit finds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from optalloc.mip.arrays import Arrays, ExtraRows
from optalloc.mip.outcome import Options
from optalloc.mip.tolerances import POLISHED_VIOLATION
from optalloc.modelling.limits import Limit, Relax
from optalloc.modelling.model import Model
from optalloc.modelling.tables import MARGINALS
from optalloc.plan.audit import Restated
from optalloc.solving.highs import Highs
from optalloc.solving.highs_callbacks import Result

__all__ = [
    "COUNT",
    "NOISE",
    "BindingLimit",
    "FixedPlan",
    "FixedRows",
    "binding_limits",
    "marginals_table",
    "unit_of",
]

# From a plan and another to what the first leaves unmet and the other does not, in words.
Serves = Callable[[np.ndarray, np.ndarray], str]

ROUNDS = 100
# Slacks of rows and of the audit that differ by up to this share of their size are equal.
SLACK_TOLERANCE = 1e-4
# Most limits that are re-solved for a plan, the highest price first.
COUNT = 20
# The share of what is allowed by which limits in any unit are compared.
PERCENT = 0.01
# Savings below this, in millions, are the solver's noise.
NOISE = 1e-7


@dataclass(frozen=True)
class FixedRows:
    """Rows of a program with its integers fixed: numbers there, and what each is at the plan."""

    numbers: np.ndarray
    duals: np.ndarray
    activity: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


class FixedPlan:
    """The linear program that is left when the integers are those of a plan.

    Parameters
    ----------
    arrays : Arrays
    values : numpy.ndarray, shape (columns,)
        The plan.
    options : Options
    """

    def __init__(self, arrays: Arrays, values: np.ndarray, options: Options) -> None:
        core = arrays.with_rows(~arrays.strengthening)
        self.rows = np.flatnonzero(~arrays.strengthening)
        rounded = np.where(arrays.integer, np.round(values), values)
        self._values = values
        self._core, self._options = core.with_fixed(core.integer, rounded), options
        self._extra = ExtraRows.joined((), len(core.cost))
        self._solver = Highs(self._core, options, integer=False)
        self.result = self._solved(self._core)

    @property
    def duals(self) -> np.ndarray:
        """Cost of one more unit of each row's bound, for `rows`; below 0 where it saves."""
        duals = self.result.row_duals
        return np.zeros(len(self.rows)) if duals is None else duals[: len(self.rows)]

    @property
    def listed(self) -> FixedRows:
        """Its rows at the plan; none where it was not solved."""
        if self.result.values is None:
            nothing = np.empty(0)
            return FixedRows(np.empty(0, dtype=int), nothing, nothing, nothing, nothing)
        core, activity = self._core, self._core.matrix @ self.result.values
        return FixedRows(self.rows, self.duals, activity, core.row_lower, core.row_upper)

    def saving(self, rows: Sequence[int], amount: float) -> float:
        """Saving if these rows are relaxed by an amount: a re-solve from the basis.

        Parameters
        ----------
        rows : sequence of int
            Positions in `rows`; each is relaxed on the side on which it has a price.
        amount : float
            In the unit of the rows.
        """
        return self.result.objective - self.relaxed(rows, amount).objective

    def relaxed(self, rows: Sequence[int], amount: float) -> Result:
        """The re-solve with these rows relaxed by an amount, as of `saving`."""
        return self._solved(self.wider(self._core, rows, amount))

    def saving_on(self, arrays: Arrays) -> float:
        """Saving with the same integers on a program with other numbers."""
        other = FixedPlan(arrays, self._values, self._options)
        return self.result.objective - other.result.objective

    def wider(self, arrays: Arrays, rows: Sequence[int], amount: float) -> Arrays:
        """The program with rows, by positions in `rows`, relaxed by an amount."""
        duals, lower, upper = self.duals, arrays.row_lower.copy(), arrays.row_upper.copy()
        for row in rows:
            place = row if arrays is self._core else self.rows[row]
            if duals[row] > 0:
                lower[place] -= amount
            else:
                upper[place] += amount
        return replace(arrays, row_lower=lower, row_upper=upper)

    def _solved(self, core: Arrays) -> Result:
        """Solve with the lazy constraints known so far, and separate until none is violated."""
        self._solver.update(core.with_extra(self._extra))
        for _ in range(ROUNDS):
            result = self._solver.run()
            if result.values is None:
                break
            broken = core.violated_by(result.values, POLISHED_VIOLATION)
            if not len(broken):
                break
            self._extra = ExtraRows.joined([self._extra, broken], len(core.cost))
            self._solver = Highs(core.with_extra(self._extra), self._options, integer=False)
        return result


@dataclass(frozen=True)
class BindingLimit:
    """One limit of the plan that binds, and its rows.

    Parameters
    ----------
    family, limit : str, Limit
    key : dict of str to object
        Its key, by the names of the audit.
    allowed : float
        In the limit's unit.
    rows : tuple of int
        Positions in `FixedRows.numbers`.
    most : float
        Upper bound on the saving from one more unit, in millions, by the duals.
    """

    family: str
    limit: Limit
    key: Mapping[str, object]
    allowed: float
    rows: tuple[int, ...]
    most: float

    @property
    def about(self) -> str:
        """The key as the table of limits writes it."""
        return ", ".join(map(str, self.key.values()))


def binding_limits(
    fixed: FixedRows, arrays: Arrays, model: Model, restated: Restated, limits: pd.DataFrame
) -> list[BindingLimit]:
    """Limits that bind and have a price, the largest saving of a tenth of their bound first.

    Parameters
    ----------
    fixed : FixedRows
        Rows of the arrays.
    arrays : Arrays
    model : Model
    restated : mapping of str to pandas.DataFrame
        Keys, used and allowed of every limit (`optalloc.plan.audit.restate`).
    limits : pandas.DataFrame
        The plan's table Limits, in the same order.
    """
    binding = set(zip(limits["limit"], limits["key"], limits["binding"].astype(bool), strict=True))
    wanted = {limit for limit, _, binds in binding if binds}
    places = _places(fixed, arrays, {name: len(model.limits[name][1].over) for name in wanted})
    found = []
    for name, (family, limit) in model.limits.items():
        if name not in wanted or name not in restated or limit.marginal.startswith("none"):
            continue
        frame = restated[name]
        names = limit.keys_of(frame)
        if not limit.cells or not set(limit.over) <= set(names):
            continue
        rows = [places.get((name, key), []) for key in _keys(frame, limit.over)]
        if not _same_slack(fixed, rows, frame):
            continue
        audited = zip(_keys(frame, names), frame["allowed"].tolist(), rows, strict=True)
        for key, allowed, own in audited:
            most = float(np.abs(fixed.duals[own]).sum()) if own else 0.0
            # Rows and bounds that come from one cell may have no price each, and one together.
            is_priced = most > NOISE or bool(limit.priced_by)
            if is_priced and (name, ", ".join(map(str, key)), True) in binding:
                named = dict(zip(names, key, strict=True))
                found.append(BindingLimit(family.name, limit, named, allowed, tuple(own), most))
    return sorted(found, key=lambda one: -one.most * max(abs(one.allowed), 1.0))


def _keys(frame: pd.DataFrame, names: Sequence[str]) -> list[tuple[object, ...]]:
    return list(zip(*(frame[c].tolist() for c in names), strict=True)) or [()] * len(frame)


def _places(
    fixed: FixedRows, arrays: Arrays, sizes: Mapping[str, int]
) -> dict[tuple[str, tuple[object, ...]], list[int]]:
    """Positions of the rows of some limits, by as many parts of their keys as the audit names."""
    found: dict[tuple[str, tuple[object, ...]], list[int]] = {}
    for position, row in enumerate(fixed.numbers.tolist()):
        name, key = arrays.rows[row]
        if name in sizes:
            parts = key if isinstance(key, tuple) else () if key is None else (key,)
            found.setdefault((name, parts[: sizes[name]]), []).append(position)
    return found


def _same_slack(fixed: FixedRows, rows: Sequence[list[int]], frame: pd.DataFrame) -> bool:
    """True if each limit has one row at most, whose slack is the slack that the audit finds.

    Where the audit finds slack, a row may have less: its bound may be tightened.
    """
    activity, lower, upper = fixed.activity, fixed.lower, fixed.upper
    for own, used, allowed in zip(rows, frame["used"], frame["allowed"], strict=True):
        if len(own) > 1:
            return False
        for row in own:
            slack = min(upper[row] - activity[row], activity[row] - lower[row])
            apart, noise = (
                slack - (allowed - used),
                SLACK_TOLERANCE * max(1.0, abs(allowed), abs(used)),
            )
            if apart > noise or (apart < -noise and slack < -noise):
                return False
    return True


def unit_of(limit: Limit) -> float:
    """One more unit: a percentage point where a limit is a share."""
    return 0.01 if limit.unit.split()[:1] == ["share"] else 1.0


def marginals_table(
    fixed: FixedPlan, found: Sequence[BindingLimit], serves: Serves
) -> pd.DataFrame:
    """The table `MARGINALS`: limits of the highest price, with the saving of a little more.

    Parameters
    ----------
    fixed : FixedPlan
    found : sequence of BindingLimit
    serves : callable
        ``serves(before, after) -> words``: what a plan leaves unmet that another does not.
    """
    before = fixed.result.values
    rows = []
    for one in [one for one in found if one.limit.relax is not Relax.NEVER][:COUNT]:
        more = unit_of(one.limit)
        saving = fixed.saving(one.rows, more)
        if saving > NOISE:
            percent = PERCENT * abs(one.allowed)
            relaxed = fixed.relaxed(one.rows, percent) if percent else None
            per_percent, words = np.nan, ""
            if relaxed is not None:
                per_percent = fixed.result.objective - relaxed.objective
                if before is not None and relaxed.values is not None:
                    words = serves(before, relaxed.values)
            about = one.family, one.limit.name, one.about, one.limit.unit, one.allowed
            rows.append((*about, more, saving, per_percent, bool(words), words, one.limit.marginal))
    rows.sort(key=lambda row: -row[6])
    return pd.DataFrame(rows, columns=[column.name for column in MARGINALS.columns])
