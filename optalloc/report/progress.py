"""Progress of a call: in words, and as a bar where the call is made in a notebook."""

from __future__ import annotations

import functools
import html
import inspect
import math
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

from optalloc.mip.outcome import Progress

__all__ = ["in_notebook", "in_words", "with_bar"]

P = ParamSpec("P")
R = TypeVar("R")
SECONDS_BETWEEN_UPDATES = 0.25


def in_words(progress: Progress) -> list[str]:
    """Give the state of a solve: what is done, plan or candidate, bound, and gap."""
    return [
        progress.phase,
        f"{'candidate' if progress.candidate else 'plan'} {_number(progress.objective)}",
        f"bound {_number(progress.bound)}",
        f"gap {_percent(progress.gap)}",
    ]


def _number(value: float) -> str:
    return f"{value:,.4f}" if math.isfinite(value) and abs(value) < 1e20 else "-"


def _percent(share: float) -> str:
    return f"{100 * share:.3f} %" if math.isfinite(share) else "-"


def in_notebook() -> bool:
    """True in a process that a notebook runs its cells in."""
    shell = sys.modules.get("IPython")
    return shell is not None and hasattr(shell.get_ipython(), "kernel")


def with_bar(call: Callable[P, R]) -> Callable[P, R]:
    """Let a call show a bar while it runs in a notebook, unless it is given callbacks.

    Parameters
    ----------
    call : callable
        With some of the keywords ``progress``, ``on_phase``, ``on_step`` and ``on_case``.
    """
    accepted = [name for name in inspect.signature(call).parameters if name in _Bar.CALLBACKS]

    @functools.wraps(call)
    def shown(*args: P.args, **kwargs: P.kwargs) -> R:
        if not in_notebook() or any(kwargs.get(name) is not None for name in accepted):
            return call(*args, **kwargs)
        with _Bar() as bar:
            for name in accepted:
                kwargs[name] = getattr(bar, name)
            return call(*args, **kwargs)

    return shown


class _Bar:
    """A bar that a notebook shows until the call ends, and then takes away."""

    CALLBACKS = ("progress", "on_phase", "on_step", "on_case")

    def __init__(self) -> None:
        self._started, self._last = time.perf_counter(), -math.inf
        self._handle: Any = None

    def __enter__(self) -> Self:
        from IPython.display import display  # noqa: PLC0415  (imported already, by the notebook)

        self._handle = display(self._content("begin"), display_id=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        from IPython.display import HTML  # noqa: PLC0415

        self._handle.update(HTML(""))

    def on_phase(self, name: str) -> None:
        """Show that a phase begins."""
        self._update(name)

    def on_step(self, what: str, done: int, of: int) -> None:
        """Show how many steps of a longer part are done."""
        self._update(f"{what}: {done:,} of {of:,}", done, of)

    def on_case(self, done: int, failed: int, of: int) -> None:
        """Show how many cases are done."""
        self._update(f"{done:,} of {of:,} cases" + f", {failed:,} failed" * bool(failed), done, of)

    def progress(self, progress: Progress) -> None:
        """Show the state of the solve."""
        self._update("   ".join(in_words(progress)))

    def _update(self, words: str, done: int = 0, of: int = 0) -> None:
        now = time.perf_counter()
        if now - self._last >= SECONDS_BETWEEN_UPDATES or 0 < of <= done:
            self._last = now
            self._handle.update(self._content(words, done, of))

    def _content(self, words: str, done: int = 0, of: int = 0) -> Any:
        from IPython.display import HTML  # noqa: PLC0415

        # A bar without a value moves to and fro: how much is left is not known.
        share = f' max="{of}" value="{done}"' if of else ""
        seconds = time.perf_counter() - self._started
        return HTML(
            f"<div><progress{share}></progress> {seconds:,.0f} s &nbsp; {html.escape(words)}</div>"
        )
