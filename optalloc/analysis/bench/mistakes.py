"""Mistakes of several inputs, raised together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from optalloc.errors import InputError, OptallocError

__all__ = ["Mistakes"]


class Mistakes:
    """Errors of steps that do not depend on each other.

    Examples
    --------
    >>> mistakes = Mistakes()
    >>> for wrong in ("seeds", "solver"):
    ...     with mistakes.noted():
    ...         raise OptallocError(f"no such {wrong}")
    >>> mistakes.insist()
    Traceback (most recent call last):
    ...
    optalloc.errors.OptallocError: no such seeds
    no such solver
    """

    def __init__(self) -> None:
        self._errors: list[tuple[str, OptallocError]] = []

    @contextmanager
    def noted(self, source: str = "") -> Iterator[None]:
        """Note an error instead of raising it; `source` names the workbook that is read."""
        try:
            yield
        except OptallocError as error:
            self._errors.append((source, error))

    def insist(self) -> None:
        """Raise what was noted, if anything was: a single error as it is.

        Raises
        ------
        InputError
            With the problems of all workbooks, where nothing else was noted.
        OptallocError
            With a line for each mistake.
        """
        if len(self._errors) < 2:
            for _, error in self._errors:
                raise error
            return
        named = [_named(source, error) for source, error in self._errors]
        if all(isinstance(error, InputError) for error in named):
            inputs = [error for error in named if isinstance(error, InputError)]
            raise InputError(problem for error in inputs for problem in error.problems)
        raise OptallocError("\n".join(map(str, named)))


def _named(source: str, error: OptallocError) -> OptallocError:
    """The error, the problems of a workbook with its name."""
    if not (source and isinstance(error, InputError)):
        return error
    return InputError(replace(p, sheet=f"{source}: {p.sheet}") for p in error.problems)
