"""The tables that every plan has, whatever its families: summary, limits, audit and run."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping

import pandas as pd

from optalloc.data.schema import Column, Kind
from optalloc.mip.outcome import Outcome
from optalloc.modelling.outputs import TableSpec

__all__ = [
    "AUDIT",
    "BINDING_LIMITS",
    "ENGINE_TABLES",
    "LIMITS",
    "MARGINALS",
    "MEASURE",
    "RUN",
    "SUMMARY",
    "WITH_ROWS",
    "NamedTables",
    "status_figures",
    "table_named",
    "units_in",
]

# Title of the column with the measure of a row of a spread table.
MEASURE = "measure"

SUMMARY = TableSpec(
    name="Summary",
    meaning="Key figures of the plan, and how good it is proven to be.",
    key=("figure",),
    columns=(
        Column(name="figure", kind=Kind.TEXT, meaning="What it is."),
        Column(name="value", kind=Kind.TEXT, meaning="Its value."),
        Column(name="unit", kind=Kind.TEXT, meaning="Its unit."),
    ),
)

RUN = TableSpec(
    name="Run",
    meaning="How the plan came about: versions, options, sizes, seconds, input.",
    key=("entry",),
    columns=(
        Column(name="entry", kind=Kind.TEXT, meaning="What is recorded."),
        Column(name="value", kind=Kind.TEXT, meaning="Its value."),
    ),
)

# Entry of Run that names the tables with rows; the others have no sheet.
WITH_ROWS = "tables with rows"

LIMITS = TableSpec(
    name="Limits",
    meaning="Every limit: what is used, what is allowed, and whether it binds.",
    key=("limit", "key"),
    columns=(
        Column(name="family", kind=Kind.TEXT, meaning="Family that sets the limit."),
        Column(name="limit", kind=Kind.TEXT, meaning="Name of the limit."),
        Column(name="key", kind=Kind.TEXT, meaning="What it is about."),
        Column(name="unit", kind=Kind.TEXT, meaning="Unit of used, allowed and slack."),
        Column(
            name="used",
            kind=Kind.NUMBER,
            meaning="What the plan uses; of a floor, what must be there at least.",
        ),
        Column(
            name="allowed",
            kind=Kind.NUMBER,
            meaning="What the limit allows; of a floor, what is there.",
        ),
        Column(name="slack", kind=Kind.NUMBER, meaning="Allowed less used."),
        Column(name="is_floor", kind=Kind.FLAG, meaning="Whether it asks for so much at least."),
        Column(name="binding", kind=Kind.FLAG, meaning="Whether nothing is left."),
        Column(name="in_words", kind=Kind.TEXT, meaning="What it means where it binds."),
    ),
)

BINDING_LIMITS = TableSpec(
    name="BindingLimits",
    meaning="Every limit of which nothing is left, gathered into stretches of time.",
    key=("limit", "about", "since"),
    columns=(
        Column(name="in_words", kind=Kind.TEXT, meaning="What it means."),
        Column(name="family", kind=Kind.TEXT, meaning="Family that sets the limit."),
        Column(name="limit", kind=Kind.TEXT, meaning="Name of the limit."),
        Column(name="about", kind=Kind.TEXT, meaning="What it is about."),
        Column(name="since", kind=Kind.TEXT, meaning="First step of time of the stretch."),
        Column(name="until", kind=Kind.TEXT, meaning="Last step of time of the stretch."),
        Column(name="steps", kind=Kind.INTEGER, meaning="Steps of time in it."),
        Column(name="unit", kind=Kind.TEXT, meaning="Unit of what is allowed."),
        Column(name="least", kind=Kind.NUMBER, meaning="Least that is allowed in a step of it."),
        Column(name="most", kind=Kind.NUMBER, meaning="Most that is allowed in a step of it."),
    ),
)

MARGINALS = TableSpec(
    name="Marginals",
    meaning="The dearest limits that bind: what a little more saves, whole numbers as planned.",
    key=("limit", "key"),
    columns=(
        Column(name="family", kind=Kind.TEXT, meaning="Family that sets the limit."),
        Column(name="limit", kind=Kind.TEXT, meaning="Name of the limit."),
        Column(name="key", kind=Kind.TEXT, meaning="What it is about."),
        Column(name="unit", kind=Kind.TEXT, meaning="Unit of allowed."),
        Column(name="allowed", kind=Kind.NUMBER, meaning="What the limit allows."),
        Column(name="more", kind=Kind.NUMBER, meaning="How much more: one, or 0.01 of a share."),
        Column(
            name="saving",
            kind=Kind.NUMBER,
            unit="M",
            meaning="What that saves, all else as it can be.",
        ),
        Column(
            name="saving_per_percent",
            kind=Kind.NUMBER,
            unit="M",
            blank=None,
            blank_means="nothing is allowed, so that there is no percent of it",
            meaning="What 1 % more of what is allowed saves: of limits in any unit the same.",
        ),
        Column(
            name="cures",
            kind=Kind.FLAG,
            blank=False,
            meaning="Whether less is left unmet with 1 % more.",
        ),
        Column(
            name="serves",
            kind=Kind.TEXT,
            blank=None,
            blank_means="nothing",
            meaning="How much less of what is left unmet with 1 % more.",
        ),
        Column(name="means", kind=Kind.TEXT, meaning="What one more unit is."),
    ),
)

AUDIT = TableSpec(
    name="Audit",
    meaning="What was worked out again without the model, and the largest difference found.",
    key=("subject", "check"),
    columns=(
        Column(name="subject", kind=Kind.TEXT, meaning="Limit or table."),
        Column(name="check", kind=Kind.TEXT, meaning="What was checked."),
        Column(name="rows", kind=Kind.INTEGER, meaning="Rows checked."),
        Column(name="worst", kind=Kind.NUMBER, meaning="Largest violation or difference."),
        Column(name="where", kind=Kind.TEXT, meaning="Where the largest one is."),
        Column(name="passed", kind=Kind.FLAG, meaning="Whether it is within tolerance."),
        Column(
            name="columns",
            kind=Kind.TEXT,
            meaning="Columns of a table worked out again; the others are decided, or its key.",
        ),
    ),
)


# Tables about limits and their audit, which follow those of the families.
ENGINE_TABLES = (LIMITS, BINDING_LIMITS, MARGINALS, AUDIT)


def table_named(tables: Mapping[str, pd.DataFrame], name: str) -> pd.DataFrame:
    """Give a table by its name in any case.

    Raises
    ------
    KeyError
        If there is none of that name; the message lists all names.
    """
    names = {known.casefold(): known for known in tables}
    if name.casefold() not in names:
        raise KeyError(f"no table {name!r}; there are: {', '.join(tables)}")
    return tables[names[name.casefold()]].copy(deep=False)


def units_in(specs: Iterable[TableSpec]) -> dict[str, dict[str, str]]:
    """Units of the columns that have one, by table and column."""
    return {spec.name: {c.name: c.unit for c in spec.columns if c.unit} for spec in specs}


class NamedTables(Mapping[str, pd.DataFrame]):
    """A mapping of tables by their names, in any case.

    Each look-up gives a frame of its own, with the units of its columns in ``attrs["units"]``.
    """

    @abstractmethod
    def _listed(self) -> tuple[Mapping[str, pd.DataFrame], Mapping[str, Mapping[str, str]]]:
        """Tables by name in their order, and units of their columns as of `units_in`."""

    def __getitem__(self, table: str) -> pd.DataFrame:
        tables, units = self._listed()
        frame = table_named(tables, table)
        own = next((of for name, of in units.items() if name.casefold() == table.casefold()), {})
        frame.attrs["units"] = {name: unit for name, unit in own.items() if name in frame}
        return frame

    def __contains__(self, table: object) -> bool:
        return isinstance(table, str) and table.casefold() in map(str.casefold, self)

    def __iter__(self) -> Iterator[str]:
        return iter(self._listed()[0])

    def __len__(self) -> int:
        return len(self._listed()[0])


def status_figures(outcome: Outcome, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Rows of the summary on the proven quality of the plan."""
    binding = int(tables[LIMITS.name]["binding"].astype(bool).sum())
    rows: list[tuple[str, object, str]] = [
        ("quality", str(outcome.quality), "proven"),
        ("why it stopped", str(outcome.stop_reason), ""),
        ("bound: no plan costs less", outcome.bound, "as total cost"),
        ("gap", outcome.gap, "share of cost"),
        ("limits that bind", binding, "limits"),
    ]
    return pd.DataFrame(rows, columns=["figure", "value", "unit"])
