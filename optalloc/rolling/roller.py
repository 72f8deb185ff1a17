"""One policy rolled through one future, to the audited plan of the whole horizon."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from optalloc.errors import InfeasibleError, InputError, NoPlanError, NoPolicyError, SolveError
from optalloc.modelling.model import options_of
from optalloc.plan.policy_actions import action_keys
from optalloc.rolling.days import ReplanningDay
from optalloc.rolling.knowledge import Forecast, Future, own_branch
from optalloc.rolling.messages import Policy, RollBase, RollCase
from optalloc.rolling.replan import Branch, Planner, Replan, Rows
from optalloc.rolling.tables import AGAIN, REPLANS
from optalloc.scenarios.edits import rows_added
from optalloc.scenarios.outcome_names import written
from optalloc.sweeps.messages import Finished, Status
from optalloc.sweeps.pack import packed

__all__ = ["Roller"]

# What ends a case without a plan, and how it is called then.
_ENDINGS = (
    (InfeasibleError, Status.INFEASIBLE),
    (NoPolicyError, Status.INFEASIBLE),
    (InputError, Status.INVALID),
    (NoPlanError, Status.NO_PLAN),
    (SolveError, Status.FAILED),
)


class _EndedError(Exception):
    """A roll cannot go on: where, and why."""

    def __init__(self, where: str, why: Exception) -> None:
        # How to explain it is said of workbooks, and this is one that nobody has.
        super().__init__(f"{where}: {str(why).partition('. optalloc explain')[0]}")
        self.status = next(status for kind, status in _ENDINGS if isinstance(why, kind))


@dataclass(frozen=True)
class _Last:
    """The plan that was made last, and its branch in the future that comes."""

    day: ReplanningDay
    plan: Replan
    branch: Branch


class Roller:
    """Rolls policies through futures, one case after another.

    Parameters
    ----------
    base : RollBase
    threads : int
        Of each solve.
    cluster : str, optional
        Whose workers solve the scenarios of a large tree.

    Raises
    ------
    OptallocError
        If the model folder is not that of the roll.
    """

    def __init__(self, base: RollBase, threads: int | None = 1, cluster: str | None = None) -> None:
        self._base, self._model = base, base.book.model()
        self._forecast: Forecast = base.forecast(self._model)
        given = {**base.book.options, "threads": threads}
        options = options_of(self._forecast.data, self._model, given)
        self._end = self._model.steps(self._forecast.data)["end"].max()
        self._planner = Planner(self._model, options, cluster)
        # Futures in which the same is known have the same plans.
        self._made: dict[tuple[object, ...], Replan] = {}

    def solve(self, case: RollCase, key: str) -> Finished:
        """Roll a case to its end; also one that fails is returned, with the reason."""
        begin, rows = time.perf_counter(), list[dict[str, Any]]()

        def ended(status: Status, reason: object, **more: Any) -> Finished:
            seconds = time.perf_counter() - begin
            return Finished(key=key, status=status, reason=str(reason), seconds=seconds, **more)

        try:
            found = self._realised(case, rows)
        except _EndedError as stuck:
            return ended(stuck.status, stuck, tables=self._packed(rows, None))
        except MemoryError:
            raise
        except Exception as error:
            # One case is lost, not the roll.
            return ended(Status.FAILED, f"{type(error).__name__}: {error}")
        return replace(found, key=key, seconds=time.perf_counter() - begin)

    def _realised(self, case: RollCase, rows: list[dict[str, Any]]) -> Finished:
        """The plan of the whole horizon as the future came, with all decisions held."""
        data, spec = self._forecast.dataset(case.future.changes), self._model.actions
        is_rolled = case.policy is not Policy.FORESIGHT
        due: set[tuple[object, ...]] = set()
        if is_rolled:
            data = rows_added(self._rolled(case.policy, case.future, rows, due), data)
        try:
            outcome, tables = self._planner.audited(data, is_rolled)
        except tuple(kind for kind, _ in _ENDINGS) as error:
            what = "of what was decided" if is_rolled else "in this future"
            raise _EndedError(f"the plan {what}", error) from error
        actions = None if spec is None else tables[spec.name]
        return Finished(
            key="",
            status=Status(str(outcome.quality)),
            objective=outcome.objective,
            bound=outcome.bound,
            tables=self._packed(rows, actions, due if is_rolled else None),
        )

    def _rolled(
        self,
        policy: Policy,
        future: Future,
        rows: list[dict[str, Any]],
        due: set[tuple[object, ...]],
    ) -> Rows:
        """Rows that hold all decisions of a roll.

        A row on each of its plans is added, and the actions that fell due by each.
        """
        held: Rows = {}
        before: _Last | None = None
        for day in self._base.days:
            begin = time.perf_counter()
            try:
                plan, branch = self._replanned(policy, future, day, held, before)
            except tuple(kind for kind, _ in _ENDINGS) as error:
                again = " made again" if before else ""
                raise _EndedError(f"the plan{again} on {day.day:%Y-%m-%d}", error) from error
            rows.append(
                {
                    "day": day.day,
                    "looks_until": day.looks_until,
                    "known": written(self._forecast.known(future, day.day)),
                    "cost": plan.cost,
                    "bound": plan.bound,
                    **self._changes(before, branch, day),
                    "seconds": time.perf_counter() - begin,
                }
            )
            due |= set(self._keys(branch, day.day, day.until))
            held, before = self._planner.held(branch, day.until), _Last(day, plan, branch)
        return held

    def _replanned(
        self,
        policy: Policy,
        future: Future,
        day: ReplanningDay,
        held: Rows,
        before: _Last | None,
    ) -> tuple[Replan, Branch]:
        """The plan of a day, and its branch in the future that comes.

        Where nothing has become known, and the plan before saw the whole horizon, it goes on.
        """
        forecast, outlooks = self._forecast, self._forecast.outlooks(future, day.day)
        # What was decided before follows from what was known by then.
        key = (policy, day, forecast.known(future, day.day))
        if key not in self._made and before is not None and self._goes_on(before, future, day):
            self._made[key] = before.plan
        if key not in self._made:
            datasets = [forecast.dataset(one.changes) for one in outlooks]
            if policy is Policy.CERTAIN:
                made = self._planner.expected(forecast.data, outlooks, datasets, held, day)
            else:
                made = self._planner.policy(forecast.tree, outlooks, datasets, held, day)
            self._made[key] = made
        plan = self._made[key]
        return plan, plan.branches[own_branch(forecast, outlooks, future, day.until)]

    def _goes_on(self, before: _Last, future: Future, day: ReplanningDay) -> bool:
        """True if what is known and seen on a day is what it was when the plan before was made."""
        known = [self._forecast.known(future, one) for one in (before.day.day, day.day)]
        return known[0] == known[1] and before.day.looks_until >= self._end

    def _changes(self, before: _Last | None, now: Branch, day: ReplanningDay) -> dict[str, float]:
        """How many actions fall due, and of those planned before how many are still planned."""
        names = dict.fromkeys(("kept", "dropped", "added"), np.nan)
        if self._model.actions is None:
            return {"due": np.nan, **names}
        due = len(list(self._keys(now, day.day, day.until)))
        if before is None:
            return {"due": due, **names}
        until = before.day.looks_until
        old, new = (set(self._keys(one, day.day, until)) for one in (before.branch, now))
        return {
            "due": due,
            "kept": len(old & new),
            "dropped": len(old - new),
            "added": len(new - old),
        }

    def _keys(
        self, branch: Branch, since: pd.Timestamp, until: pd.Timestamp
    ) -> Iterator[tuple[object, ...]]:
        """Actions that are decided from one day to before another."""
        spec = self._model.actions
        if spec is None:
            return
        begin = self._model.steps(self._forecast.data).set_index("step")["begin"]
        actions = branch.tables[spec.name]
        days = actions[spec.decided_in].map(begin)
        yield from action_keys(self._model, actions[(days >= since) & (days < until)])

    def _packed(
        self,
        rows: list[dict[str, Any]],
        actions: pd.DataFrame | None,
        due: set[tuple[object, ...]] | None = None,
    ) -> bytes:
        """Tables of a case; with those of its actions that were not so when they fell due."""
        spec = self._model.actions
        tables: dict[str, pd.DataFrame] = {REPLANS.name: pd.DataFrame(rows, columns=_OWN)}
        specs = [replace(REPLANS, columns=tuple(c for c in REPLANS.columns if c.name in _OWN))]
        if actions is not None and spec is not None:
            tables[spec.name] = actions
            specs.append(spec)
            if due is not None:
                again = [key not in due for key in action_keys(self._model, actions)]
                tables[AGAIN.name] = actions[again]
                specs.append(replace(spec, name=AGAIN.name))
        return packed(tables, specs)


_OWN = [column.name for column in REPLANS.columns if column.name not in ("policy", "future")]
