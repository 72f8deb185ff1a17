"""Errors as values: what travels between processes says the same there."""

from __future__ import annotations

import pickle

from optalloc.errors import InfeasibleError, InputError, Problem


def test_errors_travel_between_processes() -> None:
    """Proves: the one who receives a pickled error reads the same limits, amounts and cells."""
    none = pickle.loads(pickle.dumps(InfeasibleError([("zone_total", 3.5), ("demand", 2.0)])))
    assert none.shortfalls.to_numpy().tolist() == [["zone_total", 3.5], ["demand", 2.0]]
    assert "zone total by 3.5" in str(none)
    problem = Problem("Sites", "C7", "must be a number", "'ten'", "Write 10.", "number")
    wrong = pickle.loads(pickle.dumps(InputError([problem])))
    assert wrong.problems == (problem,)
    assert str(wrong) == str(problem)
