"""The one file that imports HiGHS: a program is passed once, run, extended and run again."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import highspy
import numpy as np
import scipy.sparse as sp

from optalloc.errors import InternalError, OptallocError
from optalloc.mip.arrays import Arrays, ExtraRows, Labels
from optalloc.mip.outcome import Options, ProgressCallback
from optalloc.mip.tolerances import FEASIBILITY
from optalloc.solving.highs_callbacks import Beside, Callbacks, Result

__all__ = ["Basis", "Highs", "abandoned_runs", "read_program", "version"]

logger = logging.getLogger(__name__)

# What is left in the solver after these is no point of the program.
NO_POINT = {"kInfeasible", "kUnbounded", "kUnboundedOrInfeasible", "kSolveError", "kPostsolveError"}
# Nor does what is left bound it.
NO_BOUND = NO_POINT - {"kInfeasible"}
# Name of the thread of a run that did not end.
ABANDONED = "abandoned HiGHS run"


def abandoned_runs() -> bool:
    """True while some run of this process was abandoned and has not ended.

    Such a process has to be left by `os._exit`: what ends HiGHS in order would wait for the run.
    """
    return any(thread.name == ABANDONED for thread in threading.enumerate())


@dataclass(frozen=True)
class Basis:
    """Basis of a simplex run: for each column and row, at which bound it is, or basic."""

    columns: np.ndarray
    rows: np.ndarray

    def with_rows(self, numbers: np.ndarray, wanted: np.ndarray) -> Basis:
        """The same basis for other rows, both named by numbers; a new row is basic."""
        size = 1 + max(numbers.max(initial=-1), wanted.max(initial=-1))
        status = np.full(size, highspy.HighsBasisStatus.kBasic, dtype=object)
        status[numbers] = self.rows
        return replace(self, rows=status[wanted])


def version() -> str:
    """Version of HiGHS."""
    return str(highspy.Highs().version())


def read_program(path: Path) -> tuple[Arrays, bool]:
    """Read a file of a mixed-integer linear program, MPS or LP by its ending, also packed as .gz.

    Returns
    -------
    Arrays, bool
        The program to be minimised, without blocks and stages; and True where the file maximises,
        so that costs are the negative of the file's.

    Raises
    ------
    OptallocError
        If HiGHS cannot read it, or it holds what the arrays do not: quadratic terms, or
        semi-continuous columns.
    """
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    if highs.readModel(str(path)) == highspy.HighsStatus.kError:
        raise OptallocError(f"{path}: HiGHS cannot read it; it must be a program in MPS or LP form")
    lp = highs.getLp()
    kinds = np.array([int(kind) for kind in lp.integrality_], dtype=int)
    semi = (int(highspy.HighsVarType.kSemiContinuous), int(highspy.HighsVarType.kSemiInteger))
    if highs.getModel().hessian_.dim_ or np.isin(kinds, semi).any():
        raise OptallocError(
            f"{path}: must be a mixed-integer linear program; it has quadratic terms or "
            "semi-continuous columns"
        )
    maximised = lp.sense_ == highspy.ObjSense.kMaximize
    sign = -1.0 if maximised else 1.0
    held, shape = lp.a_matrix_, (lp.num_row_, lp.num_col_)
    parts = tuple(np.array(part) for part in (held.value_, held.index_, held.start_))
    by_column = held.format_ == highspy.MatrixFormat.kColwise
    arrays = Arrays(
        matrix=sp.csc_array((sp.csc_array if by_column else sp.csr_array)(parts, shape=shape)),
        row_lower=np.array(lp.row_lower_, dtype=float),
        row_upper=np.array(lp.row_upper_, dtype=float),
        col_lower=np.array(lp.col_lower_, dtype=float),
        col_upper=np.array(lp.col_upper_, dtype=float),
        cost=sign * np.array(lp.col_cost_, dtype=float),
        integer=kinds != int(highspy.HighsVarType.kContinuous)
        if len(kinds)
        else np.zeros(shape[1], dtype=bool),
        strengthening=np.zeros(shape[0], dtype=bool),
        offset=sign * float(lp.offset_),
        rows=Labels.of([("row", list(lp.row_names_) or range(shape[0]), None)]),
        columns=Labels.of([("column", list(lp.col_names_) or range(shape[1]), None)]),
    )
    return arrays, maximised


class Highs:
    """A program inside HiGHS.

    Parameters
    ----------
    arrays : Arrays
        Passed in one call, column-wise.
    options : Options
    integer : bool
        False drops integrality: the linear relaxation.
    settings : dict, optional
        Further HiGHS options.

    Raises
    ------
    InternalError
        If HiGHS refuses an option or the model: it would otherwise go on with its defaults.
    """

    def __init__(
        self,
        arrays: Arrays,
        options: Options,
        *,
        integer: bool,
        settings: dict[str, Any] | None = None,
    ) -> None:
        self._highs, self._watchdog = highspy.Highs(), options.parameters.watchdog
        self._integer = integer and bool(arrays.integer.any())
        self._cancelled, self._cancelled_at = False, math.inf
        self._abandoned = False
        chosen: dict[str, Any] = {
            "output_flag": False,
            "mip_rel_gap": float(options.gap),
            "mip_abs_gap": 0.0,
            "random_seed": int(options.seed),
            "threads": int(options.threads or 0),
            "presolve": "choose" if options.presolve else "off",
        }
        for name, value in (chosen | (settings or {})).items():
            self.set(name, value)
        self._pass(arrays)

    def set(self, name: str, value: Any) -> None:
        """Set an option, and insist that it was taken."""
        self._demand(self._highs.setOptionValue(name, value), f"option {name}={value!r}")

    def _pass(self, arrays: Arrays) -> None:
        """Pass the whole program by its own arrays."""
        matrix, integrality = arrays.matrix, arrays.integer & self._integer
        status = self._highs.passModel(
            matrix.shape[1],
            matrix.shape[0],
            matrix.nnz,
            int(highspy.MatrixFormat.kColwise),
            int(highspy.ObjSense.kMinimize),
            arrays.offset,
            arrays.cost,
            arrays.col_lower,
            arrays.col_upper,
            arrays.row_lower,
            arrays.row_upper,
            matrix.indptr.astype(np.int32, copy=False),
            matrix.indices.astype(np.int32, copy=False),
            matrix.data,
            integrality.astype(np.int32),
        )
        self._demand(status, "passing the model")
        self._arrays = arrays

    def update(self, arrays: Arrays) -> None:
        """Pass the costs, bounds and coefficients that differ from those passed last.

        Basis and solution stay, so that the next run starts from them.

        Parameters
        ----------
        arrays : Arrays
            Of the same pattern (`optalloc.compile.refresh`).
        """
        held, highs = self._arrays, self._highs
        if not held.has_pattern_of(arrays):
            raise InternalError("the program passed last has another pattern")
        columns = np.flatnonzero(held.cost != arrays.cost).astype(np.int32)
        if len(columns):
            self._demand(
                highs.changeColsCost(len(columns), columns, arrays.cost[columns]), "new costs"
            )
        for change, names in (
            (highs.changeColsBounds, ("col_lower", "col_upper")),
            (highs.changeRowsBounds, ("row_lower", "row_upper")),
        ):
            was, now = ([getattr(one, name) for name in names] for one in (held, arrays))
            at = np.flatnonzero((was[0] != now[0]) | (was[1] != now[1])).astype(np.int32)
            if len(at):
                self._demand(change(len(at), at, now[0][at], now[1][at]), "new bounds")
        if held.offset != arrays.offset:
            self._demand(highs.changeObjectiveOffset(arrays.offset), "a new offset")
        self._change_coefficients(held.matrix, arrays.matrix)
        self._arrays = arrays

    def _change_coefficients(self, held: Any, new: Any) -> None:
        places = np.flatnonzero(held.data != new.data)
        columns = np.searchsorted(new.indptr, places, side="right") - 1
        changes = (new.indices[places], columns, new.data[places])
        for row, column, value in zip(*(part.tolist() for part in changes), strict=True):
            self._demand(self._highs.changeCoeff(row, column, value), "a new coefficient")

    def write(self, path: Path, rows: Sequence[str], columns: Sequence[str]) -> None:
        """Write the program with these names, as MPS or LP by the ending of the path."""
        highs = self._highs
        for give, names in ((highs.passRowName, rows), (highs.passColName, columns)):
            for number, name in enumerate(names):
                self._demand(give(number, name), f"the name {name}")
        self._demand(highs.writeModel(str(path)), f"writing {path.name}")

    def add_rows(self, matrix: Any, lower: np.ndarray, upper: np.ndarray) -> None:
        """Add rows given as a CSR matrix; the basis is kept."""
        self._demand(
            self._highs.addRows(
                matrix.shape[0],
                lower,
                upper,
                matrix.nnz,
                matrix.indptr[:-1].astype(np.int32),
                matrix.indices.astype(np.int32),
                matrix.data,
            ),
            "adding rows",
        )

    def add_extra(self, extra: ExtraRows) -> None:
        """Add lazy constraints; the basis is kept."""
        self.add_rows(extra.matrix, np.full(len(extra), -np.inf), extra.upper)

    def basis(self) -> Basis | None:
        """Basis of the last run; None if it left none."""
        held = self._highs.getBasis()
        if not held.valid:
            return None
        columns, rows = (
            np.array(status, dtype=object) for status in (held.col_status, held.row_status)
        )
        return Basis(columns, rows)

    def start_from_basis(self, basis: Basis) -> None:
        """Let the next run start from a basis, even if it has too many or too few members."""
        given = highspy.HighsBasis()
        given.col_status, given.row_status = basis.columns.tolist(), basis.rows.tolist()
        given.alien, given.valid = True, True
        self._demand(self._highs.setBasis(given), "a basis")

    def start_from(self, values: np.ndarray) -> None:
        """Offer a starting point."""
        solution = highspy.HighsSolution()
        solution.col_value = values
        self._highs.setSolution(solution)

    def run(
        self,
        *,
        time_limit_s: float = math.inf,
        progress: ProgressCallback | None = None,
        started: float = 0.0,
        phase: str = "",
        keep_earlier: bool = False,
        beside: Beside | None = None,
        cutoff: float = math.inf,
        target: float = -math.inf,
        idle_share: float = math.inf,
    ) -> Result:
        """Run until proven, out of time, or interrupted by Ctrl-C, which ends the run politely.

        An integer program is also left once its bound exceeds ``cutoff``, once a plan that costs
        at most ``target`` is known, or once its bound is idle (`EarlyStops`). A run that does not
        end within `Watchdog` is abandoned with what it has found; its thread goes on, and no
        further run of this object is possible.

        Raises
        ------
        InternalError
            If HiGHS fails, or an earlier run was abandoned.
        """
        if self._abandoned:
            raise InternalError("an earlier run of HiGHS did not end")
        ends = cutoff, target, idle_share
        callbacks = Callbacks(progress, started, phase, keep_earlier, beside, *ends)
        callbacks.subscribe(
            self._highs, lambda: self._cancelled or self._abandoned, integer=self._integer
        )
        began = time.perf_counter()
        # HiGHS restarts its clock at each run.
        self.set("time_limit", max(0.0, min(time_limit_s, 1e30)))
        if not self._ended(began, time_limit_s):
            return self._abandoned_result(callbacks)
        return replace(self._result(), earlier=tuple(callbacks.points))

    def _ended(self, began: float, time_limit_s: float) -> bool:
        """Run HiGHS in a thread; return False where it does not end and is abandoned."""
        # In a thread of its own, because run() holds back Ctrl-C until it returns.
        failure: list[BaseException] = []

        def work() -> None:
            try:
                self._highs.run()
            except BaseException as error:
                failure.append(error)
            finally:
                done.set()

        done = threading.Event()
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        # No join: in Python 3.11 and 3.12 Ctrl-C in it passes a running thread off as ended.
        while not done.is_set():
            try:
                done.wait(0.2)
            except KeyboardInterrupt:
                # Once is a request; whoever asks twice is not kept waiting.
                if self._cancelled:
                    self._cancelled_at = -math.inf
                self.cancel()
            cancelled = self._cancelled_at if self._cancelled else None
            if time.perf_counter() > self._watchdog.ends_at(began, time_limit_s, cancelled):
                # It ends should it ever look at its interrupts.
                logger.warning("HiGHS did not end at its limit and is not waited for any longer")
                thread.name, self._abandoned = ABANDONED, True
                return False
        if failure:
            raise InternalError(f"HiGHS failed: {failure[0]}") from failure[0]
        return True

    def _abandoned_result(self, callbacks: Callbacks) -> Result:
        """The incumbent and the bound that an abandoned run had reported."""
        status = "kInterrupt" if self._cancelled else "kTimeLimit"
        known = callbacks.objective, callbacks.bound, callbacks.values
        return Result(status, *known, None, 0, earlier=tuple(callbacks.points))

    def conflict(self, time_limit_s: float = math.inf) -> tuple[np.ndarray, np.ndarray]:
        """Rows and columns of an irreducible infeasible subsystem.

        For a linear program that a run has found infeasible; of the columns it is the bounds that
        count. Empty where HiGHS finds none in time.
        """
        # From the LP, irreducible, of the relaxation; strategy 22 is right where others are not.
        self.set("iis_strategy", 22)
        self.set("iis_time_limit", max(0.0, min(time_limit_s, 1e30)))
        status, found = self._highs.getIis()
        none = np.empty(0, dtype=int)
        if status == highspy.HighsStatus.kError or not found.valid_:
            return none, none
        return np.array(found.row_index_, dtype=int), np.array(found.col_index_, dtype=int)

    def run_to_point(self, time_limit_s: float) -> tuple[np.ndarray | None, np.ndarray | None]:
        """Values and dual prices of a linear program, neither of them exact or proven.

        Both are None where it is infeasible or unbounded, or the run did not end.
        """
        status = self.run(time_limit_s=time_limit_s).status
        if status in NO_POINT or self._abandoned:
            return None, None
        solution = self._highs.getSolution()
        values, duals = (
            np.array(part, dtype=float) if valid else None
            for part, valid in (
                (solution.col_value, solution.value_valid),
                (solution.row_dual, solution.dual_valid),
            )
        )
        return values, duals

    def cancel(self) -> None:
        """End the run politely."""
        if not self._cancelled:
            self._cancelled, self._cancelled_at = True, time.perf_counter()

    @property
    def cancelled(self) -> bool:
        """True once a run was cancelled, such as by Ctrl-C."""
        return self._cancelled

    @property
    def abandoned(self) -> bool:
        """True once a run did not end and was not waited for: no further run is possible."""
        return self._abandoned

    def _result(self) -> Result:
        info = self._highs.getInfo()
        status = str(self._highs.getModelStatus()).rpartition(".")[2]
        if status == "kModelEmpty":
            rows = self._arrays
            if (rows.row_lower > FEASIBILITY).any() or (rows.row_upper < -FEASIBILITY).any():
                return Result("kInfeasible", math.inf, math.inf, None, None, 0)
            # Without columns the offset is the optimum.
            offset = float(self._highs.getLp().offset_)
            return Result("kOptimal", offset, offset, np.empty(0), None, 0)
        solution = self._highs.getSolution()
        feasible = info.valid and info.primal_solution_status == 2
        values = np.array(solution.col_value, dtype=float) if feasible else None
        duals, reduced = (
            np.array(dual, dtype=float) if solution.dual_valid else None
            for dual in (solution.row_dual, solution.col_dual)
        )
        objective = float(info.objective_function_value) if feasible else math.inf
        bound = float(info.mip_dual_bound) if self._integer else objective
        # After an error the bound reads 0, which is above the least cost where that is negative.
        proven = info.valid and status not in NO_BOUND if self._integer else status == "kOptimal"
        bound = bound if proven else -math.inf
        nodes = int(max(info.mip_node_count, 0))
        return Result(status, objective, bound, values, duals, nodes, reduced)

    @staticmethod
    def _demand(status: Any, what: str) -> None:
        if status == highspy.HighsStatus.kError:
            raise InternalError(f"HiGHS refused {what}")
