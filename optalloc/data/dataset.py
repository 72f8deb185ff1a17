"""A validated workbook: typed, keyed and frozen, and still knowing the address of every cell."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, Protocol, TypeVar

import numpy as np
import pandas as pd

from optalloc.data.convert import shown
from optalloc.data.memory import ALL, Kept, Memory, NotedFrames, NotedRecord, Notes, Source
from optalloc.data.schema import Sheet
from optalloc.errors import Problem, Severity
from optalloc.spreadsheet.sheets import Labels, address

__all__ = ["WHOLE", "Dataset", "Derived", "SheetPlace", "derived", "recalled"]

WHOLE = "*"
T = TypeVar("T")


@dataclass(frozen=True)
class SheetPlace:
    """Where a sheet's cells lie in the file: its position, and the row or column of each name.

    ``name`` is the sheet's name as the file spells it; empty where there is no such sheet.
    ``reach`` is the last row and the last column in which anything stands, notes and totals rows
    included. ``labels`` has the names that messages use, where it comes from a frame.
    """

    position: int
    columns: Mapping[str, int]
    vertical: bool = False
    name: str = ""
    reach: tuple[int, int] = (0, 0)
    labels: Labels | None = field(default=None, compare=False)

    def cell(self, row: int, column: str) -> tuple[int, int]:
        """Row and column number, both from 1, of a record's cell; the header where it has none."""
        if self.vertical:
            return self.columns.get(column, 1), 2 if column in self.columns else 1
        return row, self.columns.get(column, 1)

    def named(self, cell: tuple[int, int]) -> str:
        """Name of a cell in messages: its address, or of a frame its column and label."""
        return address(*cell) if self.labels is None else self.labels.cell(*cell)

    def named_row(self, row: int) -> str:
        """Name of a record's row in messages: its number, or of a frame its label."""
        return str(row) if self.labels is None else self.labels.row(row)


@dataclass(frozen=True)
class Dataset:
    """Typed tables of every declared sheet.

    ``data["Sites"]`` is a frame with one row per spreadsheet row, indexed by the spreadsheet's own
    row number; a sheet that is absent is an empty frame with the declared columns. Numbers are
    float64 (NaN where a blank has a meaning of its own), dates datetime64, flags bool, names text.

    ``source`` is the path that was read, as given.

    ``unread`` names, by sheet, the cells with an error of their own, by row and column; what could
    not be read is NaN or None in the frames. ``lost`` names the columns of which no cell is known,
    as their name is missing, misspelt or doubled; ``WHOLE`` stands for all columns of a sheet.
    ``as_read`` has the frames of sheets that hold rows without a key of their own, with these rows.
    """

    frames: Mapping[str, pd.DataFrame]
    sheets: Mapping[str, Sheet]
    places: Mapping[str, SheetPlace] = field(default_factory=dict)
    digest: str = ""
    unread: Mapping[str, Set[tuple[int, str]]] = field(default_factory=dict)
    lost: Mapping[str, Set[str]] = field(default_factory=dict)
    as_read: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    source: str = field(default="", compare=False)
    memory: Memory = field(default_factory=Memory, repr=False, compare=False)

    def __getitem__(self, sheet: str) -> pd.DataFrame:
        # A shallow copy: under copy-on-write no caller can change the dataset.
        return self.frames[sheet].copy(deep=False)

    def columns(self, sheet: str, *names: str) -> pd.DataFrame:
        """Give ``data[sheet]`` with some of its columns alone.

        A function whose value is kept asks so for what it reads: it is not evaluated again where
        only other columns change.
        """
        return self.memory.part(sheet, self._read(sheet, names), names)

    def column(self, sheet: str, name: str, by: str = "") -> pd.Series:
        """Give a column of a sheet alone, by the sheet's row numbers or by another column."""
        frame = self.columns(sheet, name, by) if by else self.columns(sheet, name)
        return frame.set_index(by)[name] if by else frame[name]

    def _read(self, sheet: str, columns: Iterable[str] = ()) -> pd.DataFrame:
        """The frame of a sheet; whoever is handed this dataset reads these columns of it."""
        frames = self.frames
        return frames.part(sheet, columns) if isinstance(frames, NotedFrames) else frames[sheet]

    def __getstate__(self) -> dict[str, Any]:
        # Values are kept by functions of a model that another process may not have.
        return {**self.__dict__, "memory": Memory()}

    def one(self, sheet: str) -> Any:
        """Give the single record of a vertical sheet, its columns as attributes."""
        if isinstance(self.frames, NotedFrames):
            return NotedRecord(sheet, self.frames)
        return SimpleNamespace(**{str(k): v for k, v in self.frames[sheet].iloc[0].items()})

    def with_frames(self, frames: Mapping[str, pd.DataFrame]) -> Dataset:
        """Give the same dataset with some sheets replaced.

        What it took in from other scenarios (`with_shared`) it has no longer: it may need more now.
        """
        as_read = {s: frame for s, frame in self.as_read.items() if s not in frames}
        changed = replace(self, frames={**self.frames, **frames}, as_read=as_read, memory=Memory())
        changed.recall_from(self)
        return changed

    def with_shared(self, derive: Derived, frame: pd.DataFrame) -> Dataset:
        """Give the same dataset with a derived frame that takes in what others say.

        Scenarios that share decisions share the bounds of these: what any of them can need.
        """
        shared = {**self.memory.shared, derive.__wrapped__: Kept(frame, {})}
        changed = replace(self, memory=Memory(shared=shared))
        changed.recall_from(self)
        return changed

    def recall_from(self, other: Dataset) -> None:
        """Recall values kept of another dataset where all columns that they read are equal."""
        self.memory.recall_from(other.memory)

    def frame_of(self, source: Source) -> pd.DataFrame:
        """A sheet, or what a derived function returns."""
        frame: pd.DataFrame = (
            self.frames[source] if isinstance(source, str) else _kept(source, self).value  # type: ignore[arg-type]
        )
        return frame

    def uses(self, sheets: Iterable[str]) -> bool:
        """Return True if any of these sheets has a row."""
        return any(len(self._read(sheet)) for sheet in sheets)

    def sound(self, sheet: str, *columns: str) -> bool:
        """Return True if a sheet, or some columns of it, hold no error so far.

        A rule about what is absent asks this first: a row that seems to be missing may be one whose
        name could not be read, and that has an error of its own already.
        """
        lost, unread = self.lost.get(sheet, frozenset()), self.unread.get(sheet, frozenset())
        if not columns:
            return not (lost or unread)
        return not (lost & {WHOLE, *columns} or any(column in columns for _, column in unread))

    def knows(self, sheet: str, row: Any, *columns: str) -> bool:
        """Return True if none of some cells of a record has an error of its own."""
        lost, unread = self.lost.get(sheet, frozenset()), self.unread.get(sheet, frozenset())
        if not (lost or unread):
            return True
        return not (lost & {WHOLE, *columns} or any((int(row), c) in unread for c in columns))

    def rows(self, sheet: str, *columns: str) -> pd.DataFrame:
        """Give a sheet, or some columns of it, with the rows, too, that have no key of their own.

        It is for rules about a row by itself; what looks rows up by key takes ``data[sheet]``.
        """
        if sheet in self.as_read:
            return self.as_read[sheet][list(columns)] if columns else self.as_read[sheet]
        return self.columns(sheet, *columns) if columns else self[sheet]

    def known(self, sheet: str, *columns: str) -> pd.DataFrame:
        """Give some columns of the rows of a sheet in which none of these cells is in error."""
        frame = self.columns(sheet, *columns) if columns else self[sheet]
        if self.sound(sheet, *columns):
            return frame
        return frame.loc[np.array([self.knows(sheet, row, *columns) for row in frame.index], bool)]

    def might_hold(self, sheet: str, **names: Any) -> bool:
        """Return True if a sheet that could not be read in full may hold a row of these names.

        A rule about a row that is absent asks this first: the row that seems to be missing may be
        one whose name could not be read, and that has an error of its own already.
        """
        lost, unread = self.lost.get(sheet, frozenset()), self.unread.get(sheet, frozenset())
        if WHOLE in lost:
            return True
        key = [name for name in self.sheets[sheet].key if self.sheets[sheet].by_name[name].required]
        rows = self.rows(sheet, *dict.fromkeys([*names, *key]))
        differing = np.zeros(len(rows), int)
        for column, name in names.items():
            if column not in lost:
                doubtful = np.array([(row, column) in unread for row in rows.index], bool)
                differing += ~(rows[column].eq(name).to_numpy(bool) | doubtful)
        # Of a row that has the key of another, one name may be meant to be another.
        doubled = ~rows.index.isin(self._read(sheet).index) & rows[key].notna().all(
            axis=1
        ).to_numpy(bool)
        return bool((differing <= doubled.astype(int)).any())

    def records(self) -> dict[str, list[dict[str, object]]]:
        """Give every sheet's rows as plain values, blanks as None."""
        return {
            name: [
                {str(column): _plain(value) for column, value in row.items()}
                for row in frame.to_dict("records")
            ]
            for name, frame in self.frames.items()
        }

    def new_row(self, sheet: str) -> int:
        """Return the first row below everything that stands on a sheet, where a record may go."""
        place, labels = self.places.get(sheet), self[sheet].index
        used = place.reach[0] if place is not None else 1
        return max(used, int(labels.max()) if len(labels) else 1) + 1

    def problem(
        self,
        sheet: str,
        row: object,
        column: str,
        must: str,
        action: str,
        code: str,
        *,
        found: str | None = None,
        severity: Severity = Severity.ERROR,
        reads: Iterable[str] = (),
    ) -> Problem:
        """Make a Problem addressed to a cell of a record.

        Parameters
        ----------
        sheet, column : str
            Declared names.
        row : int or None
            Index label of the record in ``data[sheet]``; None for the sheet as a whole.
        must, action, code : str
            As in `Problem`.
        found : str, optional
            What to say was found, in words; the cell's value by default.
        reads : iterable of str, optional
            Other columns of the record that it follows from: it is not reported where one of
            these cells has an error of its own.
        """
        place = self.places.get(sheet, SheetPlace(position=10_000, columns={}))
        name = place.name or sheet
        if row is None:
            order = (place.position, 0, 0)
            return Problem(name, "", must, found or "", action, code, severity, order)
        number = int(str(row))
        r, c = place.cell(number, column)
        if found is None:
            frame = self._read(sheet, [column])
            found = shown(self.as_read.get(sheet, frame).at[number, column])
        order = (place.position, r, c)
        cells = tuple((sheet, number, name) for name in (column, *reads))
        at = place.named((r, c))
        return Problem(name, at, must, found, action, code, severity, order, cells)

    def notice(
        self,
        sheet: str,
        row: object,
        column: str,
        must: str,
        action: str,
        code: str,
        *,
        found: str | None = None,
        reads: Iterable[str] = (),
    ) -> Problem:
        """Make a notice of what is implausible, as `problem` makes an error."""
        words = must, action, code
        return self.problem(
            sheet, row, column, *words, found=found, severity=Severity.NOTICE, reads=reads
        )

    def cell_name(self, sheet: str, row: Any, column: str) -> str:
        """Return a record's cell as messages name it, such as ``Sites!C7``."""
        place = self.places.get(sheet, SheetPlace(position=10_000, columns={}))
        return f"{place.name or sheet}!{place.named(place.cell(int(row), column))}"

    def row_name(self, sheet: str, row: Any) -> str:
        """Return a record's row as messages name it, such as ``7``."""
        place = self.places.get(sheet, SheetPlace(position=10_000, columns={}))
        return place.named_row(int(row))


def _plain(value: object) -> object:
    if value is None or value is pd.NaT or value != value:
        return None
    return value.to_pydatetime() if isinstance(value, pd.Timestamp) else value


def _kept(derive: Callable[[Dataset], Any], data: Dataset) -> Kept:
    """The value of a function of a dataset, recalled or evaluated, with what it reads."""
    memory = data.memory
    if derive in memory.shared:
        # Not kept: a dataset made from this one would recall what is not its own.
        return memory.shared[derive]
    kept = memory.kept.get(derive)
    if kept is None:
        if isinstance(data.frames, NotedFrames):
            # Another function's notes are not of what this one reads.
            data = replace(data, frames=data.frames.frames)
        kept = memory.recalled(derive, data.frame_of)
    if kept is None:
        notes = Notes(derive)
        value = derive(replace(data, frames=NotedFrames(data.frames, notes)))
        kept = notes.kept(value)
    return memory.kept.setdefault(derive, kept)


def recalled(derive: Callable[[Dataset], T], data: Dataset) -> T:
    """Evaluate what follows from a dataset alone once; the same object each time.

    A dataset made from this one recalls it (`Dataset.with_frames`, `Dataset.recall_from`).
    """
    kept = _kept(derive, data)
    if isinstance(data.frames, NotedFrames):
        plain = replace(data, frames=data.frames.frames)
        data.frames.notes.add_kept(kept, plain.frame_of)
    value: T = kept.value
    return value


class Derived(Protocol):
    """A frame that follows from a dataset alone: all columns of it, or those that are named."""

    __name__: str
    __wrapped__: Callable[[Dataset], pd.DataFrame]

    def __call__(self, data: Dataset, *columns: str) -> pd.DataFrame:
        """Return the frame, which may be changed."""
        ...


def derived(derive: Callable[[Dataset], pd.DataFrame]) -> Derived:
    """Evaluate a frame that follows from a dataset alone once.

    As of a sheet, a function whose value is kept names the columns that it reads of it.
    """

    @functools.wraps(derive)
    def evaluated(data: Dataset, *columns: str) -> pd.DataFrame:
        frame = _kept(derive, data).value
        if isinstance(data.frames, NotedFrames):
            data.frames.notes.add(derive, frame, columns or [ALL])
        # A shallow copy: under copy-on-write no caller can change what is kept.
        return data.memory.part(derive, frame, columns) if columns else frame.copy(deep=False)

    return evaluated
