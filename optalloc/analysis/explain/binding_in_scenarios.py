"""Limits that bind under a policy: in which scenarios each does, and what a little more saves.

With the integers of the policy fixed the extensive form is a linear program, whose dual prices tell
the rows of which scenarios have a value. As duals may be degenerate, the value itself is the saving
of a re-solve with one more unit, in every scenario in which the limit has a price.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from optalloc.analysis.explain.limit_cells import spot_of
from optalloc.data.schema import Column, Kind
from optalloc.mip.attitude import Attitude
from optalloc.mip.extensive_form import ExtensiveForm, extensive_form
from optalloc.mip.outcome import Options, StepCallback
from optalloc.mip.stochastic import AcrossRows, Holds
from optalloc.modelling.futures import Futures
from optalloc.modelling.limits import Relax
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.tables import LIMITS
from optalloc.plan.audit import TOLERANCE, restate
from optalloc.plan.marginals import (
    COUNT,
    NOISE,
    BindingLimit,
    FixedPlan,
    FixedRows,
    binding_limits,
    unit_of,
)
from optalloc.plan.policy import LEAST
from optalloc.plan.policy_across import limits_across
from optalloc.plan.policy_words import listed
from optalloc.report.findings import Findings, figure
from optalloc.scenarios.uncertainty_sheets import ACROSS

__all__ = ["BINDING_ACROSS", "BINDING_IN_SCENARIOS", "PolicyPoint", "what_binds_in_scenarios"]

# Most sentences; scenarios that a sentence names.
MOST_SENTENCES, NAMED = 12, 3

Tables = Mapping[str, pd.DataFrame]


def _text(name: str, meaning: str) -> Column:
    return Column(name=name, kind=Kind.TEXT, meaning=meaning)


_IN_WORDS = _text("in_words", "What it means.")
_SAVING = Column(
    name="saving",
    kind=Kind.NUMBER,
    unit="M, present value",
    meaning="What that saves of the measure that is least, whole numbers as planned.",
)
_MORE = Column(
    name="more",
    kind=Kind.NUMBER,
    meaning="How much more is allowed: one of its unit, or 0.01 of a share.",
)

BINDING_IN_SCENARIOS = TableSpec(
    name="BindingInScenarios",
    meaning="Limits that bind and have a price, the scenarios in which they do, and what it would "
    "bring to allow more there.",
    key=("limit", "key"),
    columns=(
        _text("family", "Family that sets the limit."),
        _text("limit", "Name of the limit."),
        _text("key", "What it is about."),
        _text("cell", "Cell that it comes from, unless an outcome changes it."),
        _text("unit", "Unit of more."),
        _text("scenarios", "Scenarios in which it binds and has a price, joined by semicolons."),
        Column(
            name="probability",
            kind=Kind.NUMBER,
            unit="share",
            meaning="Probability of these scenarios.",
        ),
        _MORE,
        _SAVING,
        _IN_WORDS,
    ),
)

BINDING_ACROSS = TableSpec(
    name="BindingAcross",
    meaning="Lines of the sheet Across that bind, and what it would bring to ask for less.",
    key=("line", "key"),
    columns=(
        _text("line", "Cell of the sheet Across."),
        _text("limit", "Name of the limit."),
        _text("key", "What it is about."),
        _text("holds", "In which scenarios it was asked to hold."),
        _text("unit", "Unit of more."),
        _MORE,
        _SAVING,
        _IN_WORDS,
    ),
)


@dataclass(frozen=True)
class PolicyPoint:
    """A policy as a point of the extensive form, with the tables of each scenario.

    Parameters
    ----------
    made : Futures
    attitude : Attitude
    form : ExtensiveForm
        Of the attitude.
    values : numpy.ndarray, shape (columns of the form,)
    tables : sequence of mapping of str to pandas.DataFrame
        Of the plan of each scenario.
    """

    made: Futures
    attitude: Attitude
    form: ExtensiveForm
    values: np.ndarray
    tables: Sequence[Tables]

    @staticmethod
    def of(
        made: Futures,
        attitude: Attitude,
        alone: np.ndarray,
        values: np.ndarray,
        tables: Sequence[Tables],
    ) -> PolicyPoint:
        """A point by the least costs of each scenario alone, which regret needs, and its values."""
        form = extensive_form(made.stochastic, attitude, np.nan_to_num(alone))
        point = np.zeros(len(form.arrays.cost))
        point[: len(values)] = values[: len(point)]
        return PolicyPoint(made, attitude, form, point, tables)


@dataclass
class _Binding:
    """A limit at a key: the scenarios in which it binds with a price, and its rows in the form."""

    one: BindingLimit
    words: str
    scenarios: list[int] = field(default_factory=list)
    rows: set[int] = field(default_factory=set)
    price: float = 0.0

    @property
    def size(self) -> float:
        """Upper bound on what a tenth more saves, times ten."""
        return self.price * max(abs(self.one.allowed), 1.0)


def what_binds_in_scenarios(
    point: PolicyPoint, options: Options, budget_s: float, on_step: StepCallback | None = None
) -> Findings:
    """Give the limits that bind, and the scenarios in which they do, the most valuable first.

    Parameters
    ----------
    point : PolicyPoint
    options : Options
    budget_s : float
        Seconds after which no further limit is valued.
    on_step : callable, optional
    """
    deadline = time.perf_counter() + budget_s
    fixed = FixedPlan(point.form.arrays, point.values, options)
    rows = list(_scenario_rows(point, fixed, deadline, on_step))
    rows.sort(key=lambda row: -float(str(row["saving"])))
    across = list(_across_rows(point, fixed))
    sentences = [str(row["in_words"]) for row in rows[:MOST_SENTENCES]]
    if not rows:
        sentences = [
            "With whole numbers as planned, a little more of no single limit would save anything "
            "in any scenario."
        ]
    sentences += [str(row["in_words"]) for row in across[:MOST_SENTENCES]]
    tables, specs = {}, (BINDING_IN_SCENARIOS, *((BINDING_ACROSS,) if point.made.across else ()))
    for spec, found in zip(specs, (rows, across), strict=False):
        tables[spec.name] = pd.DataFrame(found, columns=[column.name for column in spec.columns])
    return Findings("What limits the policy", tuple(sentences), tables, specs)


def _scenario_rows(
    point: PolicyPoint, fixed: FixedPlan, deadline: float, on_step: StepCallback | None
) -> Iterator[dict[str, object]]:
    """Limits of the highest price, with the saving of one more unit where they have one."""
    made, found = point.made, _binding(point, fixed)
    chosen = sorted(found, key=lambda one: -one.size)[:COUNT]
    p = made.tree.probability
    for done, binding in enumerate(chosen, start=1):
        # The first of them is always valued.
        if done > 1 and time.perf_counter() > deadline:
            return
        limit = binding.one.limit
        more = unit_of(limit)
        saving = fixed.saving(sorted(binding.rows), more)
        if on_step is not None:
            on_step("what a little more would save", done, len(chosen))
        if saving <= NOISE:
            continue
        spot = spot_of(made.base.dataset, limit, binding.one.key)
        row = {
            "family": binding.one.family,
            "limit": limit.name,
            "key": binding.one.about,
            "cell": "" if spot is None or spot.new else spot.address(made.base.dataset),
            "unit": limit.unit,
            "scenarios": "; ".join(made.tree.scenarios[s].name for s in binding.scenarios),
            "probability": float(p[binding.scenarios].sum()),
            "more": more,
            "saving": saving,
        }
        yield {**row, "in_words": _in_words(point, binding, row)}


def _binding(point: PolicyPoint, fixed: FixedPlan) -> list[_Binding]:
    """Limits that bind with a price, each with all scenarios in which it does."""
    made, found = point.made, dict[tuple[str, str], _Binding]()
    places = np.full(len(point.form.arrays.row_lower), -1)
    places[fixed.rows] = np.arange(len(fixed.rows))
    listed_rows = fixed.listed
    for s, (program, arrays) in enumerate(
        zip(made.programs, made.stochastic.programs, strict=True)
    ):
        numbers = np.flatnonzero(~arrays.strengthening)
        at = places[point.form.rows[s][numbers]]
        if not len(listed_rows.numbers):
            break
        own = FixedRows(
            numbers, *(part[at] for part in (listed_rows.duals, listed_rows.activity)),
            *(part[at] for part in (listed_rows.lower, listed_rows.upper)),
        )  # fmt: skip
        limits = point.tables[s][LIMITS.name]
        words = limits.set_index(["limit", "key"])["in_words"].to_dict()
        restated = restate(program.dataset, program.model, point.tables[s])
        for one in binding_limits(own, arrays, program.model, restated, limits):
            if one.limit.relax is Relax.NEVER:
                continue
            key = one.limit.name, one.about
            binding = found.setdefault(key, _Binding(one, str(words[key])))
            binding.scenarios.append(s)
            binding.rows |= {int(row) for row in at[list(one.rows)]}
            binding.price += one.most
            if one.most > binding.one.most:
                binding.one, binding.words = one, str(words[key])
    return list(found.values())


def _in_words(point: PolicyPoint, binding: _Binding, row: Mapping[str, object]) -> str:
    limit, cell = binding.one.limit, f" ({row['cell']})" if row["cell"] else ""
    more = f"{figure(float(str(row['more'])))} {limit.unit}"
    saves = f"{figure(float(str(row['saving'])), 3)} M of the {LEAST[point.attitude.measure]}"
    return (
        f"{_where(point, binding.scenarios)}: {binding.words}{cell}. With whole numbers as "
        f"planned, relaxed by {more} there it saves {saves}."
    )


def _where(point: PolicyPoint, scenarios: Sequence[int]) -> str:
    """The scenarios, with their probability."""
    tree = point.made.tree
    if len(scenarios) == len(tree.scenarios):
        return "In every scenario"
    probability = f"probability {float(tree.probability[list(scenarios)].sum()):.4g}"
    if len(scenarios) > NAMED:
        return f"In {len(scenarios)} of {len(tree.scenarios)} scenarios ({probability})"
    return f"In {listed([tree.scenarios[s].name for s in scenarios])} ({probability})"


# Limits across scenarios -------------------------------------------------------------------------


def _across_rows(point: PolicyPoint, fixed: FixedPlan) -> Iterator[dict[str, object]]:
    """Lines of the sheet Across that bind."""
    made = point.made
    came = limits_across(made, point.tables)
    p = dict(zip(made.stochastic.names, made.tree.probability, strict=True))
    for line, asked in zip(
        (line for line in made.across if line.is_relaxed), made.stochastic.across, strict=True
    ):
        cell = made.base.dataset.cell_name(ACROSS.name, line.row, "limit")
        own = came[came["line"] == cell]
        limit = made.base.model.limits[line.limit][1]
        binds = _most_binds(own, p) if asked.holds is Holds.IN_MOST else None
        for row in own.to_dict("records"):
            saving, more = np.nan, np.nan
            if binds is None:
                beyond = float(row["tail" if asked.holds is Holds.IN_TAIL else "average"])
                if abs(beyond) > TOLERANCE * max(1.0, abs(float(row["worst"]))):
                    continue
                more = unit_of(limit)
                rows = _rows_of(point, fixed, asked, len(limit.over), row["key"])
                saving = max(fixed.saving(rows, more), 0.0) if rows else np.nan
            elif not binds:
                continue
            words = f"{cell} binds: {line.limit} of {row['key']} is {row['in_words']}."
            if binds:
                words += " No further scenario may be without it."
            elif saving > NOISE:
                words += (
                    f" With whole numbers as planned, relaxed by {figure(more)} {limit.unit} it "
                    f"saves {figure(saving, 3)} M."
                )
            yield {
                "line": cell,
                "limit": line.limit,
                "key": row["key"],
                "holds": str(asked.holds),
                "unit": limit.unit,
                "more": more,
                "saving": saving,
                "in_words": words,
            }


def _most_binds(own: pd.DataFrame, p: Mapping[str, float]) -> bool:
    """True where no scenario in which all rows hold could be spared."""
    if own.empty:
        return False
    failing = {name for cell in own["fails_in"] for name in str(cell).split("; ")}
    held = [share for name, share in p.items() if name not in failing]
    return sum(held) - min(held, default=0.0) < float(own["share"].iloc[0]) - TOLERANCE


def _rows_of(
    point: PolicyPoint, fixed: FixedPlan, asked: AcrossRows, places: int, key: object
) -> list[int]:
    """Rows that ask for a limit on average or in the tail, by their number in the fixed program."""
    labels, found = point.form.arrays.rows, []
    for at, row in enumerate(fixed.rows.tolist()):
        name, *parts = labels[row][1]
        # The rows of each scenario, from which the tail follows, name it besides.
        about = name, parts[-1:], len(parts), ", ".join(map(str, parts[:places]))
        if about == (asked.limit, [str(asked.holds)], _length(asked), key):
            found.append(at)
    return found


def _length(asked: AcrossRows) -> int:
    """Length of the key of a row, with in which scenarios it holds."""
    return 1 + max(map(len, asked.keys), default=0)
