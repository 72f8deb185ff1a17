"""The table Run read back: how a plan came about, from its entries."""

from __future__ import annotations

from collections.abc import Mapping

from optalloc.mip.outcome import Outcome, Quality, StopReason, Strategy

__all__ = ["NEEDED", "outcome_of", "seconds_of", "size_of", "versions_of_run"]

# Entries without which a file is no plan.
NEEDED = ("input hash", "model hash", "quality", "why it stopped", "objective", "bound", "gap")
_VERSION, _SECONDS, _NOTE = "version of ", "seconds to ", "solver note "
_SIZES = ("rows", "columns", "integers", "non_zeros")

Run = Mapping[str, object]


def outcome_of(run: Run) -> Outcome:
    """How good the plan is and why the solver stopped; without values or history.

    Raises
    ------
    ValueError
        If an entry holds what it cannot hold.
    """
    return Outcome(
        stop_reason=StopReason(str(run["why it stopped"])),
        quality=Quality(str(run["quality"])),
        objective=float(str(run["objective"])),
        bound=float(str(run["bound"])),
        nodes=_whole(run, "nodes"),
        cut_rows=_whole(run, "strengthening rows taken"),
        strategy=Strategy(str(run.get("strategy", Strategy.DIRECT))),
        notes=tuple(_beginning(run, _NOTE).values()),
    )


def seconds_of(run: Run) -> dict[str, float]:
    """Seconds by phase; raises as `outcome_of`."""
    return {name: float(text) for name, text in _beginning(run, _SECONDS).items()}


def size_of(run: Run) -> dict[str, int]:
    """Size of the program that was solved, as far as it is recorded; raises as `outcome_of`."""
    return {name: _whole(run, name.replace("_", "-")) for name in _SIZES}


def versions_of_run(run: Run) -> dict[str, str]:
    """Version of every part that the plan depends on."""
    return _beginning(run, _VERSION)


def _whole(run: Run, entry: str) -> int:
    return int(float(str(run.get(entry, 0))))


def _beginning(run: Run, start: str) -> dict[str, str]:
    return {k.removeprefix(start): str(v) for k, v in run.items() if k.startswith(start)}
