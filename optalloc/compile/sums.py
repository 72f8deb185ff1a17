"""Sums over sets, recognised while a rule is called with symbols.

``sum`` over a generator that goes through a set makes four steps: the generator asks for a member,
yields a term, ``sum`` adds the term to its total, and the generator asks again and gets
StopIteration. So the one addition made by the caller of the generator in between adds the term to
be summed over the set. Anything else (a loop, a list, two additions) is refused.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from typing import Any

from pyomo.common.errors import TemplateExpressionError

from optalloc.compile.symbolic import Loop, OpenLoop, Total, Trace

__all__ = ["iterated"]


class _Iteration(Iterator[Any]):
    """Iterator over a set that gives symbols once, and makes a `Total` of the term added then."""

    def __init__(self, trace: Trace, members: Any, arity: int) -> None:
        self.trace, self.members, self.arity = trace, members, arity
        self._open: OpenLoop | None = None

    def __next__(self) -> Any:
        frame = sys._getframe(1)
        caller = frame.f_back
        if self._open is not None:
            self._close(self._open, id(frame))
            raise StopIteration
        if not frame.f_code.co_flags & inspect.CO_GENERATOR or caller is None:
            raise self._refused()
        loop = Loop(self.members, self.trace.symbols(self.arity))
        self._open = OpenLoop(loop, id(caller))
        self.trace.open.append(self._open)
        return loop.symbols[0] if self.arity == 1 else loop.symbols

    def _close(self, opened: OpenLoop, generator: int) -> None:
        if opened not in self.trace.open:
            return
        if len(opened.additions) != 1:
            raise self._refused()
        self.trace.open.remove(opened)
        added = opened.additions[0]
        term, loops = added.right, (opened.loop,)
        if isinstance(term, Total) and term.generator == generator:
            term, loops = term.term, (opened.loop, *term.loops)
        added.right = Total(term, loops, self.trace, generator)

    def _refused(self) -> TemplateExpressionError:
        return TemplateExpressionError(
            None, f"the rule goes through {self.members} other than in a sum"
        )


def iterated(trace: Trace, members: Any, arity: int) -> Iterator[Any]:
    """Iterate over a set with symbols in place of its members."""
    return _Iteration(trace, members, arity)
