"""Figures of a workbook with their source or range, and the sheets that say so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

__all__ = [
    "SWEEP",
    "Figure",
    "Given",
    "Published",
    "Range",
    "Row",
    "Rows",
    "assumption_rows",
    "records",
    "shaded_cells",
    "source_rows",
    "sweep_rows",
]

SWEEP = "assumptions"


@dataclass(frozen=True)
class Published:
    """Where a figure is published, and how the cell was made of it."""

    source: str
    note: str


@dataclass(frozen=True)
class Given:
    """A value that was asked for, or follows from what was."""

    note: str

    @property
    def source(self) -> str:
        """Its source in words."""
        return "given to optalloc start"


@dataclass(frozen=True)
class Range:
    """A plausible range of cells, which are set to its ends or multiplied by them.

    Cells with ranges of one name are changed together. `swept` is False where nothing in the
    workbook depends on them.
    """

    name: str
    low: float
    high: float
    unit: str
    why: str
    operation: str = "set"
    swept: bool = True


@dataclass(frozen=True)
class Figure:
    """The value of a cell; without a `source` it is an assumption."""

    value: object
    source: Published | Given | None
    ranges: tuple[Range, ...] = ()

    def __post_init__(self) -> None:
        if self.source is None and not self.ranges:
            raise ValueError(f"{self.value!r} has neither a source nor a range")

    @property
    def basis(self) -> str:
        """Basis of the value, as the sheet Assumptions states it."""
        names = {Published: "published", Given: "given", type(None): "assumed"}
        return names[type(self.source)]


@dataclass(frozen=True)
class Row:
    """One row of a sheet: its label, the filter that selects it, and its cells by column.

    `group` is a filter that selects it together with others of its sheet.
    """

    label: str
    rows: str
    cells: Mapping[str, Figure]
    group: str = ""


Rows = Mapping[str, Sequence[Row]]


def records(sheets: Rows) -> dict[str, list[dict[str, object]]]:
    """Return the values of each sheet, row by row."""
    return {
        name: [{column: figure.value for column, figure in row.cells.items()} for row in rows]
        for name, rows in sheets.items()
    }


def shaded_cells(sheets: Rows) -> frozenset[tuple[str, int, str]]:
    """Return sheet, position and column of each cell that is an assumption."""
    return frozenset(
        (name, position, column)
        for name, rows in sheets.items()
        for position, row in enumerate(rows)
        for column, figure in row.cells.items()
        if figure.source is None
    )


def source_rows(sheets: Rows) -> Iterator[dict[str, object]]:
    """Yield the rows of Sources: columns of one source and the same rows stand together."""
    for name, rows in sheets.items():
        every = tuple(dict.fromkeys(row.label for row in rows))
        columns: dict[tuple[Published | Given, tuple[str, ...]], list[str]] = {}
        for column in _columns(rows):
            labels: dict[Published | Given, dict[str, None]] = {}
            for row in rows:
                source = row.cells[column].source if column in row.cells else None
                if source is not None:
                    labels.setdefault(source, {})[row.label] = None
            for source, own in labels.items():
                columns.setdefault((source, tuple(own)), []).append(column)
        for (source, about), named in columns.items():
            of = "" if about == every else f": {', '.join(about)}"
            yield {
                "subject": f"{name}.{', '.join(named)}{of}",
                "source": source.source,
                "note": source.note or None,
            }
    yield {
        "subject": "All shaded cells",
        "source": "assumption",
        "note": "Each is on the sheet Assumptions, with the range that is plausible.",
    }


def assumption_rows(sheets: Rows) -> list[dict[str, object]]:
    """Return the rows of Assumptions, those without a published figure first."""
    found: list[dict[str, object]] = []
    for name, rows in sheets.items():
        for column in _columns(rows):
            selected: dict[tuple[Range, str], list[Row]] = {}
            for row in rows:
                figure = row.cells.get(column)
                for one in figure.ranges if figure is not None else ():
                    assert figure is not None
                    selected.setdefault((one, figure.basis), []).append(row)
            for (one, basis), own in selected.items():
                found += [_line(one, basis, name, only, column) for only in _filters(own, rows)]
    order = {"assumed": 0, "given": 1, "published": 2}
    return sorted(found, key=lambda line: order[str(line["basis"])])


def _filters(own: Sequence[Row], rows: Sequence[Row]) -> list[str]:
    """Return the fewest filters that select some rows of a sheet and no others."""
    if len(own) == len(rows):
        return [""]
    group = own[0].group
    if group and [row for row in rows if row.group == group] == own:
        return [group]
    return list(dict.fromkeys(row.rows for row in own))


def sweep_rows(sheets: Rows) -> list[dict[str, object]]:
    """Return the rows of Sweeps: each assumption at either end of its range, one at a time."""
    still = {
        one.name
        for rows in sheets.values()
        for row in rows
        for figure in row.cells.values()
        for one in figure.ranges
        if not one.swept
    }
    lines = [line for line in assumption_rows(sheets) if line["assumption"] not in still]
    return [
        {
            "sweep": SWEEP,
            "design": "one at a time" if position == 0 else None,
            "change": line["assumption"],
            "sheet": line["sheet"],
            "rows": line["rows"],
            "column": line["column"],
            "operation": line["operation"],
            "values": f"{line['low']:.12g}; {line['high']:.12g}",
        }
        for position, line in enumerate(lines)
    ]


def _line(one: Range, basis: str, sheet: str, rows: str, column: str) -> dict[str, object]:
    return {
        "assumption": one.name,
        "basis": basis,
        "sheet": sheet,
        "rows": rows or None,
        "column": column,
        "operation": one.operation,
        "low": one.low,
        "high": one.high,
        "unit": one.unit,
        "why": one.why,
    }


def _columns(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(column for row in rows for column in row.cells))
