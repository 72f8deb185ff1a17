"""Step "compile": a Program becomes Arrays, with its strengthening rows and its separator."""

from __future__ import annotations

from dataclasses import replace

from optalloc.compile import compile_model
from optalloc.mip.arrays import Arrays
from optalloc.modelling.program import Program
from optalloc.modelling.separation import separator
from optalloc.modelling.structure import parts_of

__all__ = ["compile_program"]


def compile_program(program: Program, *, keep_idle: bool = False) -> Arrays:
    """Compile a built program, with its families' strengthening rows and lazy constraints.

    Rows without any variable are checked at once, or with `keep_idle` have a place in the matrix.
    """
    names = {name for family in program.model.families for name in family.strengthening}
    arrays = compile_model(program.pyomo, names, keep_idle=keep_idle)
    parts = parts_of(program, arrays)
    return replace(arrays, separate=separator(program, arrays), parts=parts)
