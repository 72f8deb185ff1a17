"""The log of a solve: each phase and operator states what it brought, processes included."""

from __future__ import annotations

import logging

import pytest

from optalloc.mip.arrays import Arrays
from optalloc.mip.outcome import Options, Strategy
from optalloc.mip.parameters import Parameters, Searching
from optalloc.solving.selection import solve_arrays
from tests.solving.searches import searching


def test_phases_state_bound_incumbent_gap_and_seconds(
    arrays: Arrays, caplog: pytest.LogCaptureFixture
) -> None:
    """Proves: at INFO a direct solve logs its strategy, the cut loop and the proof by the modules' own
    loggers. Sensitivity: at WARNING it logs nothing."""
    options = Options(gap=0.01, threads=1, strategy=Strategy.DIRECT)
    with caplog.at_level(logging.WARNING, "optalloc"):
        solve_arrays(arrays, options)
    assert not caplog.records
    with caplog.at_level(logging.INFO, "optalloc.solving"):
        solve_arrays(arrays, options)
    texts = [
        (record.name.removeprefix("optalloc.solving."), record.getMessage())
        for record in caplog.records
    ]
    assert texts[0][0] == "selection" and texts[0][1].startswith("strategy direct")
    proof = [text for name, text in texts if name == "direct" and text.startswith("proving")]
    assert len(proof) == 1
    assert all(word in proof[0] for word in ("cost", "bound", "nodes", " s"))


@pytest.mark.slow
def test_processes_log_to_the_hub(arrays: Arrays, caplog: pytest.LogCaptureFixture) -> None:
    """Proves: what the searching process found is in the log of this process, under the name of its
    module and with the role of the process; the hub logs incumbent, bound and gap."""
    parameters = Parameters(searching=Searching(head_start_s=20.0))
    options = Options(gap=1e-3, time_limit_s=60, strategy=Strategy.RACE, parameters=parameters)
    with caplog.at_level(logging.INFO, "optalloc.solving"):
        solve_arrays(arrays, options)
    strategies = "optalloc.solving.strategies"
    texts = [(record.name, record.getMessage()) for record in caplog.records]
    assert any(
        name == f"{strategies}.searcher" and text.startswith("searching: the relaxation has")
        for name, text in texts
    )
    assert any(
        name == f"{strategies}.portfolio" and "incumbent" in text and "gap" in text
        for name, text in texts
    )


def test_a_step_states_what_it_freed_and_saved(
    arrays: Arrays, caplog: pytest.LogCaptureFixture
) -> None:
    """Proves: at DEBUG each sub-MIP is logged with its operator, status, saving, cost and violation."""
    search = searching(arrays, arrays.col_lower, Options(seed=1))
    with caplog.at_level(logging.DEBUG, "optalloc.solving"):
        search.step()
    text = caplog.records[0].getMessage()
    assert text.startswith(("NeighbouringBlocks (free) freed", "StageWindow (free) freed"))
    assert all(word in text for word in ("saved", "cost", "violation"))
    assert "1 sub-MIPs" in search.summary()
