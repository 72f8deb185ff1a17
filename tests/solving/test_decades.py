"""Random workbooks whose bounds, demands and money spread over twelve decades, against SCIP.

What a solver's tolerances cannot carry is refused by cell; all else must have the least cost that SCIP
finds. The seed of a workbook that fails is in the message.
"""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import Any

import pytest

import optalloc
from optalloc.mip.outcome import Options, StopReason
from optalloc.solving.solvers import SOLVERS, solve_by
from tests.books import Book, book, demand, write, years
from tests.random_books import MODEL

# Decades of bounds and demands (MW) and of money (M), and how far those of one workbook spread.
DECADES, SPREADS = 12.0, (1.0, 3.0, 6.0, 12.0)
GAP = 1e-7
# Relative difference of two least costs that is no disagreement; nor is less than a dollar.
ALIKE, DOLLAR = 1e-5, 1e-6
# What a workbook may be refused for: sizes that tolerances do not carry, and what makes no plan.
REFUSED = {"beyond-tolerance", "min-above-max", "short-of-capacity"}
PLANLESS = (StopReason.INFEASIBLE,)


def decades_book(seed: int) -> Book:
    """A workbook of up to three sites, periods and regions; numbers as planners never type them."""
    draw = random.Random(seed)

    def scale() -> Any:
        """Numbers log-uniform over so many decades around one that is log-uniform itself."""
        spread = draw.choice(SPREADS)
        lowest = draw.uniform(-DECADES / 2, DECADES / 2 - spread)
        return lambda: float(f"{10 ** draw.uniform(lowest, lowest + spread):.4g}")

    mw, bound, money = scale(), scale(), scale()
    sites, regions, count = draw.randint(1, 3), draw.randint(1, 2), draw.randint(1, 3)

    def maybe(value: Any) -> float | None:
        return value() if draw.random() < 0.5 else None

    def site(name: str) -> dict[str, Any]:
        limitless = 10 ** draw.uniform(3, 12)
        return {
            "site": name,
            "grid_zone": "Z",
            "status": "candidate",
            "max_mw": float(f"{draw.choice([limitless, bound() + mw()]):.4g}"),
            "block_mw": maybe(draw.choice([mw, bound])),
            "min_mw": maybe(draw.choice([mw, bound])),
            "site_cost": maybe(money),
            "build_cost_per_mw": money(),
            "fixed_cost_per_year": maybe(money),
            "cost_per_mw_year": maybe(money),
        }

    made = book(
        Settings={"gap": GAP},
        Periods=years(count),
        Sites=[site(f"S{k}") for k in range(sites)],
        Workloads=[{"workload": "load", "unmet_penalty_per_mw_year": maybe(money)}],
        Network=[
            {"site": f"S{k}", "region": f"R{r}", "latency_ms": 10}
            for k in range(sites)
            for r in range(regions)
        ],
        Demand=[
            row
            for r in range(regions)
            for row in demand(*(mw() for _ in range(count)), region=f"R{r}")
        ],
    )
    if draw.random() < 0.5:
        made["GridZones"] = [
            {"zone": "Z", "period": f"Y{k + 1}", "max_total_mw": bound() + mw()}
            for k in range(count)
        ]
    return made


def disagreement(made: Book, folder: Path) -> str:
    """What optalloc and SCIP say otherwise of a workbook's least cost; empty where they agree."""
    workbook = optalloc.read_workbook(write(made, folder))
    try:
        data = optalloc.validate(workbook, MODEL)
    except optalloc.InputError as refused:
        codes = {problem.code for problem in refused.problems}
        return "" if codes <= REFUSED else f"refused for {codes}: {refused}"
    try:
        arrays = optalloc.compile_program(optalloc.build(data, MODEL))
    except optalloc.InfeasibleError:
        return ""
    options = Options(gap=GAP, threads=1, time_limit_s=60)
    ours = optalloc.solve_arrays(arrays, options)
    theirs = solve_by(arrays, Options(gap=GAP, threads=1, time_limit_s=60, solver="scip"))
    if ours.stop_reason in PLANLESS or theirs.stop_reason in PLANLESS:
        return "" if ours.stop_reason == theirs.stop_reason else f"{ours} but SCIP {theirs}"
    said = (
        f"{ours.objective!r} ({ours.stop_reason}, bound {ours.bound!r}), SCIP {theirs.objective!r}"
    )
    if not (math.isfinite(ours.objective) and ours.gap <= ALIKE):
        return f"not proven: {said}"
    if theirs.stop_reason is StopReason.TOLERANCE and theirs.values is None:
        # What SCIP is content with is no plan once its integers are whole; its bound is one.
        agrees = theirs.bound <= ours.objective + max(ALIKE * abs(ours.objective), DOLLAR)
        return "" if agrees and any("confirms" in note for note in ours.notes) else f"apart: {said}"
    apart = abs(ours.objective - theirs.objective)
    return "" if apart <= max(ALIKE * abs(ours.objective), DOLLAR) else f"apart: {said}"


@pytest.mark.skipif(not SOLVERS["scip"].installed, reason="SCIP is not installed")
@pytest.mark.parametrize(
    ("first", "count"),
    [(0, 2), *(pytest.param(50 * k, 50, marks=pytest.mark.slow) for k in range(20))],
)
def test_least_cost_over_twelve_decades(tmp_path: Path, first: int, count: int) -> None:
    """Proves: no workbook of these seeds has another least cost by SCIP; doubtful ones are refused."""
    found = {seed: disagreement(decades_book(seed), tmp_path / str(seed))
             for seed in range(first, first + count)}  # fmt: skip
    assert not any(found.values()), {seed: said for seed, said in found.items() if said}
