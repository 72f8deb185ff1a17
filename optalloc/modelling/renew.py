"""A changed dataset becomes Arrays: only the numbers where the sets are the same, else everything.

The families declare themselves on the new dataset, but no rule is called. If all sets, variables
and rules are those of the program at hand, only values of parameters have changed, and the arrays
are refreshed. Plain numbers that a rule, a bound or a domain took from the dataset are compared
too; if one has changed, the program is built again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from optalloc.compile import OtherModelError, changed_values, refresh
from optalloc.data.dataset import Dataset
from optalloc.errors import ModelError
from optalloc.mip.arrays import Arrays
from optalloc.modelling.compiled import compile_program
from optalloc.modelling.program import Program, build, outline
from optalloc.modelling.separation import separator

__all__ = ["Renewed", "renewed"]


@dataclass(frozen=True)
class Renewed:
    """A program and its arrays on another dataset.

    ``same_sets`` is True if rows, columns and pattern are unchanged, so that a solver with the
    program needs only the differences (`highs.Highs.update`), and an earlier plan or basis fits.
    ``reason`` is why everything was built again; empty where it was not.
    """

    program: Program
    arrays: Arrays
    same_sets: bool
    reason: str = ""


def renewed(
    program: Program, arrays: Arrays, dataset: Dataset, *, keep_idle: bool = False
) -> Renewed:
    """Bring a program and its arrays to another dataset.

    Parameters
    ----------
    program : Program
        As built or renewed; components added to its Pyomo model by hand are not carried over.
    arrays : Arrays
        Of that program, from `compile_program` or `renewed`.
    dataset : Dataset
        Validated by the same model; any cell may differ, rows too.
    keep_idle : bool
        As of `compile_program`; the arrays at hand were compiled so.

    Returns
    -------
    Renewed
        Equal to building and compiling the dataset from scratch, up to the order of terms.

    Raises
    ------
    InfeasibleError
        If a row without any variable is violated by the new numbers.
    """
    dataset.recall_from(program.dataset)
    fresh, declared, names = outline(program, dataset, arrays.source.model)
    try:
        same = refresh(arrays, changed_values(arrays, declared, names))
    except (OtherModelError, ModelError) as error:
        fresh = build(dataset, program.model)
        built = compile_program(fresh, keep_idle=keep_idle)
        return Renewed(fresh, built, same_sets=False, reason=str(error))
    return Renewed(fresh, replace(same, separate=separator(fresh, same)), same_sets=True)
