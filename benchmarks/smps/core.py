"""The core file: a linear or mixed-integer program in MPS, read by HiGHS."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import highspy
import numpy as np
import scipy.sparse as sp

from benchmarks.smps.lines import lines, number
from optalloc.mip.arrays import Arrays, Labels

__all__ = ["Core", "labels", "read_core"]

# HiGHS takes a bound of this size as infinite.
INFINITE = 1e20
# Sections of the core file that have numbers.
NUMBERED = ("COLUMNS", "RHS", "RANGES", "BOUNDS")


@dataclass(frozen=True)
class Core:
    arrays: Arrays
    objective: str
    row: Mapping[str, int]
    column: Mapping[str, int]
    # By row, as the file has it: E, L or G.
    kinds: Sequence[str]
    # Names of the right-hand side.
    rhs: frozenset[str]

    def is_ranged_equality(self, row: int) -> bool:
        """True where either bound of a row may be its right-hand side, by the sign of its range."""
        ranged = self.arrays.row_lower[row] < self.arrays.row_upper[row]
        return self.kinds[row] == "E" and bool(ranged)


def read_core(path: Path) -> Core:
    """Read an MPS file by HiGHS, which does not say what senses and sets are called there."""
    kinds: dict[str, str] = {}
    sets, section, text, seen = {"RHS"}, "", list[str](), set[tuple[str, ...]]()
    for where, fields, is_header in lines(path):
        if is_header:
            section = fields[0]
            if section not in ("NAME", "OBJSENSE", "ROWS", *NUMBERED):
                raise ValueError(f"{where}: section {section} is not read")
        elif section == "ROWS":
            kinds[fields[-1]] = fields[0]
        elif section in NUMBERED and "'MARKER'" not in fields:
            _check_numbers(where, section, fields, kinds, seen)
            if section == "RHS" and len(fields) % 2:
                sets.add(fields[0])
        # HiGHS refuses a name after the name of a section.
        plain = is_header and section != "OBJSENSE"
        text.append(section if plain else "  ".join(["", *fields][is_header:]))
    objective = next((name for name, kind in kinds.items() if kind == "N"), None)
    if objective is None:
        raise ValueError(f"{path.name}: no objective, a row of type N")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "core.mps"
        copy.write_text("\n".join([*text, "ENDATA", ""]), "latin-1")
        reader = highspy.Highs()
        reader.setOptionValue("output_flag", False)
        if reader.readModel(str(copy)) == highspy.HighsStatus.kError:
            raise ValueError(f"{path.name}: HiGHS does not read it as an MPS file")
    found = reader.getLp()
    if found.sense_ != highspy.ObjSense.kMinimize:
        raise ValueError(f"{path.name}: the objective is maximised; only minimisation is read")
    rows, columns = list(found.row_names_), list(found.col_names_)
    kind = highspy.HighsVarType
    integrality = list(found.integrality_) or [kind.kContinuous] * len(columns)
    if {*integrality} - {kind.kContinuous, kind.kInteger}:
        raise ValueError(f"{path.name}: semi-continuous columns are not read")
    matrix = found.a_matrix_
    arrays = Arrays(
        matrix=sp.csc_array(
            (matrix.value_, matrix.index_, matrix.start_), shape=(len(rows), len(columns))
        ),
        row_lower=_bounds(found.row_lower_),
        row_upper=_bounds(found.row_upper_),
        col_lower=_bounds(found.col_lower_),
        col_upper=_bounds(found.col_upper_),
        cost=np.array(found.col_cost_, dtype=float),
        integer=np.array([one == kind.kInteger for one in integrality], dtype=bool),
        strengthening=np.zeros(len(rows), dtype=bool),
        offset=float(found.offset_),
        rows=labels(rows),
        columns=labels(columns),
    )
    return Core(
        arrays,
        objective,
        {name: number for number, name in enumerate(rows)},
        {name: number for number, name in enumerate(columns)},
        [kinds[name] for name in rows],
        frozenset(sets),
    )


def _check_numbers(
    where: str, section: str, fields: list[str], rows: Mapping[str, str], seen: set[tuple[str, ...]]
) -> None:
    """Refuse what HiGHS leaves out or takes as zero: unknown names, words for numbers, doubles."""
    if section == "BOUNDS":
        free = fields[0] in ("FR", "MI", "PL", "BV")
        if not free:
            number(fields[-1], where)
        column = fields[min(2, len(fields) - 1)] if free else fields[-2]
        if ("COLUMNS", column) not in seen:
            raise ValueError(f"{where}: {column!r} is not in the section COLUMNS")
        return
    pairs = fields[len(fields) % 2 :]
    if not pairs or (section == "COLUMNS" and len(fields) % 2 == 0):
        raise ValueError(f"{where}: needs a name, and rows each with a value")
    of = fields[0] if len(fields) % 2 else ""
    seen.add((section, of))
    for row, text in zip(pairs[::2], pairs[1::2], strict=True):
        if row not in rows or (section, of, row) in seen:
            fault = "is there already" if row in rows else "is not in the section ROWS"
            raise ValueError(f"{where}: {row!r} {fault}")
        seen.add((section, of, row))
        number(text, where)


def _bounds(values: Sequence[float]) -> np.ndarray:
    found = np.array(values, dtype=float)
    return np.where(abs(found) >= INFINITE, np.copysign(np.inf, found), found)


def labels(names: Sequence[str]) -> Labels:
    return Labels.of((name, (None,), None) for name in names)
