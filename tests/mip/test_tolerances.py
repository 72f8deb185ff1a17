"""Tolerances: each is stated once, in one file."""

from __future__ import annotations

import ast

from optalloc.mip import tolerances
from tests.paths import ROOT

# Files whose small numbers are none: parameters with their defaults, the gap asked for by default, the
# precision of another solver, and a weight that is not quite zero.
OTHERS = {
    "mip/tolerances.py",
    "mip/proof_parameters.py",
    "mip/search_parameters.py",
    "mip/outcome.py",
    "solving/solvers/cp_sat.py",
    "solving/strategies/adaptive.py",
}


def test_no_tolerance_stands_elsewhere() -> None:
    """Proves: no number between 0 and 1e-3 is written in the numerical half but in the one file."""
    package = ROOT / "optalloc"
    found = [
        f"{name}:{node.lineno}: {node.value}"
        for place in ("mip", "compile", "solving")
        for path in sorted((package / place).rglob("*.py"))
        if (name := path.relative_to(package).as_posix()) not in OTHERS
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, float)
        and 0 < node.value < 1e-3
    ]
    assert not found


def test_tolerances_are_in_their_order() -> None:
    """Proves: a search that keeps its rows is never asked for a lazy constraint again, a plan that may
    violate rows refutes no bound, and what is polished is finer than what is searched."""
    assert tolerances.ROW_VIOLATION < tolerances.LAZY_VIOLATION < tolerances.BOUND_CONTRADICTION
    assert tolerances.POLISHED_VIOLATION < tolerances.ROW_VIOLATION
    assert tolerances.SUBMIP_FEASIBILITY < tolerances.FEASIBILITY
    assert tolerances.SECOND_ROUTE_FEASIBILITY < tolerances.SUBMIP_FEASIBILITY
    assert set(tolerances.__all__) == {name for name in vars(tolerances) if name.isupper()}
