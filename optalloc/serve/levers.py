"""Cells that a visitor may change with a slider: bounds of limits, costs and rates, the attitude.

The model names the columns (`Limit.cells`, `Column.is_cost_or_rate`); those count that the workbook
has and that hold numbers. Where the workbook has uncertainties there is the weight of the worst
scenarios, too. A change is made to a copy of the workbook, so that whoever downloads it has the
exact input of the plan.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from optalloc.analysis.explain.repair_table import edits_table
from optalloc.data.dataset import Dataset
from optalloc.data.schema import Column, Kind, Sheet
from optalloc.mip.attitude import Attitude, Measure
from optalloc.modelling.futures import attitude_of
from optalloc.modelling.model import Model
from optalloc.scenarios.edits import edits_between, rows_added
from optalloc.scenarios.overrides import Override, edits_of, text_of
from optalloc.scenarios.sheet import Operation
from optalloc.scenarios.uncertainty_sheets import ATTITUDE, UNCERTAINTIES
from optalloc.spreadsheet.edit import write_edits

__all__ = ["COSTS", "LIMITS", "Lever", "Rows", "levers_of", "override", "write_changed"]

# Percent of the workbook's value, and the step of a slider.
LEAST, MOST, STEP = 50, 200, 5
# Most rows in a list to choose from.
MOST_ROWS = 200
# Percent: at 100 what all scenarios but the worst cost would not count at all.
MOST_WEIGHT = 95
# Groups of sliders.
LIMITS, COSTS = "limits", "costs, prices and rates"
# Title of the slider of the attitude, and the measures that it chooses among.
RISK, WEIGHED = "Attitude to risk", (Measure.EXPECTED, Measure.MEAN_AND_TAIL)


@dataclass(frozen=True)
class Rows:
    """Rows that a lever may move: all of them, or those of one name; their present range."""

    label: str
    filter: tuple[tuple[str, str], ...]
    low: float
    high: float


@dataclass(frozen=True)
class Lever:
    """One column as a slider: of numbers by a percentage, of integers by a difference.

    ``group`` is one of `LIMITS` and `COSTS`. ``least``, ``most`` and ``neutral`` are positions of
    the slider. Where it is ``absolute`` the percentage is the value.
    """

    group: str
    family: str
    sheet: str
    column: str
    unit: str
    meaning: str
    integer: bool
    least: int
    most: int
    neutral: int
    step: int
    rows: tuple[Rows, ...]
    absolute: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return asdict(self)


def levers_of(data: Dataset, model: Model) -> Iterator[Lever]:
    """Give the levers of a workbook, in the order of the model's families, the attitude last.

    A column that a limit comes from is among the limits, whatever else it is.

    Parameters
    ----------
    data : Dataset
        Without errors.
    model : Model
        Its limits name the columns that they come from, its sheets those that are costs or rates.
    """
    families = list(model.busy_families(data))
    limits = [
        (family.title, LIMITS, place)
        for family in families
        for limit in family.limits
        for place in limit.cells
    ]
    costs = [
        (family.title, COSTS, f"{sheet.name}.{column.name}")
        for family in families
        for sheet in family.sheets
        for column in sheet.columns
        if column.is_cost_or_rate
    ]
    seen: set[str] = set()
    for title, group, place in (*limits, *costs):
        if place in seen:
            continue
        seen.add(place)
        sheet_name, _, name = place.partition(".")
        sheet = data.sheets[sheet_name]
        lever = _lever(data, sheet, sheet.by_name[name], title, group)
        if lever is not None:
            yield lever
    yield from _attitude(data)


def _attitude(data: Dataset) -> Iterator[Lever]:
    """The weight of the worst scenarios, unless another measure is to be least."""
    attitude = attitude_of(data)
    if not len(data[UNCERTAINTIES.name]) or attitude.measure not in WEIGHED:
        return
    weighed = attitude.measure is Measure.MEAN_AND_TAIL
    neutral = round(100 * attitude.tail_weight) if weighed else 0
    column = ATTITUDE.by_name["tail_weight"]
    yield Lever(
        group=LIMITS,
        family=RISK,
        sheet=ATTITUDE.name,
        column=column.name,
        unit=column.unit,
        meaning=f"Weight of the mean cost of the worst {100 * attitude.tail_share:.3g} % of "
        "scenarios, by probability; the expected cost has the rest.",
        integer=False,
        least=0,
        most=max(MOST_WEIGHT, neutral),
        neutral=neutral,
        # A position between two steps would be moved by the browser.
        step=1 if neutral % STEP else STEP,
        rows=(Rows("all scenarios", (), 1.0, 1.0),),
        absolute=True,
    )


def _lever(data: Dataset, sheet: Sheet, column: Column, family: str, group: str) -> Lever | None:
    spot = data.places.get(sheet.name)
    if column.kind not in (Kind.NUMBER, Kind.INTEGER) or spot is None:
        return None
    frame = data[sheet.name]
    filled = frame[frame[column.name].notna()]
    values = filled[column.name].astype(float)
    if column.name not in spot.columns or not (values != 0).any():
        return None
    integer = column.kind is Kind.INTEGER
    if integer:
        floor = column.at_least if column.at_least is not None else 0.0
        least = -int(max(values.min() - floor, 0.0))
        above = math.inf if column.at_most is None else column.at_most - values.max()
        most = int(max(min(above, max(values.max(), 4.0)), 0.0))
    else:
        least, most = LEAST, int(min(MOST, max(_room(column, values), 100.0)) // STEP) * STEP
    if least == most:
        return None
    return Lever(
        group=group,
        family=family,
        sheet=sheet.name,
        column=column.name,
        unit=column.unit,
        meaning=column.meaning,
        integer=integer,
        least=least,
        most=most,
        neutral=0 if integer else 100,
        step=1 if integer else STEP,
        rows=tuple(_rows(filled, sheet, column.name)),
    )


def _room(column: Column, values: pd.Series[float]) -> float:
    """Percentage by which all values can be multiplied within the bounds of their column."""
    floor = column.above if column.at_least is None else column.at_least
    ends = ((column.at_most, values.max()), (floor, values.min()))
    # A bound on the other side of zero is never reached.
    return min(
        (100 * bound / end for bound, end in ends if bound is not None and bound * end > 0),
        default=math.inf,
    )


def _rows(filled: pd.DataFrame, sheet: Sheet, column: str) -> Iterator[Rows]:
    """All rows with a value; then those of each name, if the sheet has a key."""
    values = filled[column].astype(float)
    yield Rows("all rows", (), float(values.min()), float(values.max()))
    if not sheet.key or sheet.key[0] == column:
        return
    names = filled[sheet.key[0]].map(text_of)
    groups = values.groupby(names, sort=False)
    if 1 < len(groups) <= MOST_ROWS:
        for name, own in groups:
            if name and not set("*?[") & set(str(name)):
                row_filter = ((sheet.key[0], str(name)),)
                yield Rows(str(name), row_filter, float(own.min()), float(own.max()))


def override(lever: Mapping[str, Any], rows: int, position: int) -> Mapping[str, Any] | None:
    """The override of a slider at a position, ready for JSON; None at its neutral position.

    Parameters
    ----------
    lever : mapping
        From `Lever.to_dict`.
    rows : int
        Which of its rows.
    position : int
        Of the slider.

    Raises
    ------
    ValueError
        If there are no such rows, or no such position.
    """
    if not lever["least"] <= position <= lever["most"] or not 0 <= rows < len(lever["rows"]):
        raise ValueError("no such position of a slider")
    if position == lever["neutral"]:
        return None
    chosen = lever["rows"][rows]
    if lever["absolute"]:
        return {
            "sheet": lever["sheet"],
            "rows": (),
            "column": lever["column"],
            "operation": str(Operation.SET),
            "value": str(position / 100),
            "words": f"{lever['sheet']}: {lever['column']} = {position} %",
        }
    low, high = (moved(lever, chosen[end], position) for end in ("low", "high"))
    span = f"{low:,.6g}" if low == high else f"{low:,.6g} to {high:,.6g}"
    by = f"{position:+d}" if lever["integer"] else f"x {position} %"
    unit = f" {lever['unit']}" if lever["unit"] else ""
    return {
        "sheet": lever["sheet"],
        "rows": chosen["filter"],
        "column": lever["column"],
        "operation": str(Operation.ADD if lever["integer"] else Operation.MULTIPLY),
        "value": str(position if lever["integer"] else position / 100),
        "words": f"{lever['sheet']}, {chosen['label']}: {lever['column']} {by} = {span}{unit}",
    }


def moved(lever: Mapping[str, Any], value: float, position: int) -> float:
    """The value of a cell at a position of the slider."""
    return value + position if lever["integer"] else value * position / 100


def write_changed(
    book: Path, data: Dataset, changes: Sequence[Mapping[str, Any]], out: Path
) -> Path:
    """Write a copy of a workbook with some cells changed, and nothing else.

    Parameters
    ----------
    book : Path
        An .xlsx workbook.
    data : Dataset
        As read from it.
    changes : sequence of mapping
        From `override`.
    out : Path
        The copy.

    Raises
    ------
    WrongOverride
        If a change makes a cell invalid.
    """
    overrides = [
        Override(
            change["sheet"],
            tuple((name, pattern) for name, pattern in change["rows"]),
            change["column"],
            Operation(change["operation"]),
            change["value"],
        )
        for change in changes
        if change["sheet"] != ATTITUDE.name
    ]
    edits = list(edits_of(data, overrides))
    weights = [float(change["value"]) for change in changes if change["sheet"] == ATTITUDE.name]
    for weight in weights:
        edits += edits_between(data, _weighted(data, weight))
    write_edits(book, edits_table(data, edits), out)
    return out


def _weighted(data: Dataset, weight: float) -> Dataset:
    """The workbook with a weight of the worst scenarios, whose share it keeps."""
    stated = data[ATTITUDE.name].to_dict("records") or [{"tail_share": Attitude().tail_share}]
    record = {**stated[0], "measure": str(Measure.MEAN_AND_TAIL), "tail_weight": weight}
    nothing = data.with_frames({ATTITUDE.name: data[ATTITUDE.name].iloc[:0]})
    return rows_added({ATTITUDE.name: pd.DataFrame([record])}, nothing)
