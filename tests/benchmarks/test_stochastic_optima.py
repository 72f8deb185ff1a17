"""Published optima of stochastic programs, by their extensive form."""

from __future__ import annotations

import csv
import itertools
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.smps import read_smps
from optalloc.mip.attitude import Attitude, Measure
from optalloc.mip.extensive_form import extensive_form
from optalloc.mip.outcome import Options, Outcome
from optalloc.mip.stochastic import StochasticProgram, owned_columns
from optalloc.solving.selection import solve_arrays
from tests.benchmarks.written import Written, column_of, stochastic
from tests.paths import ROOT

# How far an optimum may be from a published one, where its source says no more than its digits.
DIGITS = 1e-6
# Those that take more than a few seconds, with the gap that is proven.
SLOW = {
    "sslp/sslp_5_25-50.sto": 0.0,
    "sslp/sslp_15_45-5.sto": 0.0,
    "sizes/sizes-3.sto": 1e-4,
}
QUICK = (
    "lands/lands.sto",
    "lands3/lands-indep.sto",
    "lands3/lands-dep.sto",
    "airlift/airl-first.sto",
    "chem/chem.sto",
    "farmer/farmer.sto",
    "fxm/fxm-2-16.sto",
    "pltexp/pltexpa-2-6.sto",
    "pltexp/pltexpa-3-6.sto",
    "storm/stormg2-8.sto",
    "sgpf/sgpf5y-4.sto",
)
# Published, and not proven within a few minutes by the extensive form alone.
HARD = ("sslp/sslp_10_50-50.sto", "sizes/sizes-10.sto")


def solved(
    program: StochasticProgram, attitude: Attitude | None = None, options: Options | None = None
) -> Outcome:
    return solve_arrays(extensive_form(program, attitude).arrays, options or Options(gap=0.0))


@pytest.fixture(scope="module")
def trios(shared_data: Path) -> Path:
    folder = shared_data / "smps"
    if not folder.is_dir():
        pytest.skip("the published stochastic programs are not here")
    return folder


def published(trios: Path, stoch: str) -> tuple[StochasticProgram, dict[str, str]]:
    """A program, and the row of its optimum."""
    with (trios / "optima.csv").open() as file:
        (row,) = [row for row in csv.DictReader(file) if row["stoch"] == stoch]
    return read_smps(*(trios / row[name] for name in ("core", "time", "stoch"))), row


def in_readme(stoch: str) -> list[str]:
    """Stages, scenarios, published and found optimum in benchmarks/README.md; empty without a row."""
    text = (ROOT / "benchmarks" / "README.md").read_text("utf-8")
    rows = [[cell.strip() for cell in line.strip("|\n").split("|")] for line in text.splitlines()]
    return next((row[1:] for row in rows if row[0] == stoch), [])


@pytest.mark.parametrize(
    ("stoch", "gap"),
    [
        *((stoch, 0.0) for stoch in QUICK),
        *(pytest.param(*one, marks=pytest.mark.slow) for one in SLOW.items()),
    ],
)
def test_published_optimum(stoch: str, gap: float, trios: Path) -> None:
    """Proves: what is read has the published number of scenarios and optimum, the costs of the
    scenarios add up to it, and benchmarks/README.md states it, where it is proven without a gap."""
    program, row = published(trios, stoch)
    assert len(program.names) == int(row["scenarios"])
    found = solved(program, options=Options(gap=gap, time_limit_s=600))
    assert found.values is not None
    assert found.gap <= gap
    assert found.objective == pytest.approx(
        float(row["optimum"]), rel=max(float(row["relative_tolerance"]), DIGITS)
    )
    costs = program.costs(found.values)
    assert program.probability @ costs == pytest.approx(found.objective)
    if gap == 0.0:
        *shown, stated = in_readme(stoch)
        assert shown == [row[name] for name in ("stages", "scenarios", "optimum")]
        assert float(stated) == pytest.approx(found.objective, rel=1e-8, abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("stoch", HARD)
def test_published_optimum_lies_between_plan_and_bound(stoch: str, trios: Path) -> None:
    program, row = published(trios, stoch)
    found = solved(program, options=Options(gap=0.0, time_limit_s=120))
    optimum, slack = float(row["optimum"]), 1e-4 * abs(float(row["optimum"]))
    assert found.bound - slack <= optimum <= found.objective + slack


@pytest.mark.slow
def test_published_interval_of_dcap(trios: Path) -> None:
    """Proves: plan and bound agree with [1833.40, 1835.34], which others have proven."""
    program, _ = published(trios, "dcap/dcap233-200.sto")
    found = solved(program, options=Options(gap=0.0, time_limit_s=120))
    assert found.bound <= 1835.34
    assert found.objective >= 1833.40 * (1 - DIGITS)


def test_probabilities_of_sizes_are_as_published(trios: Path) -> None:
    program, _ = published(trios, "sizes/sizes-3.sto")
    assert program.probability.sum() == pytest.approx(0.999999, abs=1e-12)


def test_gbd_is_too_large_to_stack_and_separable(trios: Path, tmp_path: Path) -> None:
    """Proves: 646,425 scenarios are refused, and read route by route the optimum is the published:
    the recourse of a route depends on its own demand alone, so that marginals are enough."""
    core, time, stoch = (trios / "gbd" / f"gbd.{end}" for end in ("cor", "tim", "sto"))
    with pytest.raises(ValueError, match="646,425 scenarios"):
        read_smps(core, time, stoch)
    lines = [line for line in stoch.read_text().splitlines() if not line.startswith("*")]
    random = [line for line in lines if line.startswith(" ")]
    routes = sorted({line.split()[1] for line in random})
    parts = [
        route_alone(core, time, tmp_path / f"{route}.sto", lines[:2], random, route, len(routes))
        for route in routes
    ]
    programs = [one for part in parts for one in part.programs]
    shared = parts[0].sharing[parts[0].columns[0]] > 1
    nodes = [np.where(shared, 0, 1 + s) for s in range(len(programs))]
    whole = StochasticProgram(
        tuple(
            f"{route}-{name}"
            for route, part in zip(routes, parts, strict=True)
            for name in part.names
        ),
        np.concatenate([part.probability for part in parts]),
        tuple(programs),
        owned_columns([np.arange(len(shared))] * len(programs), nodes),
    )
    assert len(whole.names) == len(random) < 100
    # Published as 1655.63 by Linderoth, Shapiro and Wright, 2006.
    assert solved(whole).objective == pytest.approx(1655.627847, rel=1e-8)


def route_alone(
    core: Path, time: Path, stoch: Path, head: list[str], random: list[str], route: str, routes: int
) -> StochasticProgram:
    """Demand of one route: rows and costs of the recourse of others are left out, and of the costs
    of the first stage it has its share."""
    kept = [line for line in random if line.split()[1] == route]
    stoch.write_text("\n".join([*head, *kept, "ENDATA"]))
    program = read_smps(core, time, stoch)
    shared = program.sharing[program.columns[0]] > 1
    first = program.programs[0]
    names = [first.row_name(row) for row in range(len(first.row_lower))]
    recourse = np.asarray((abs(first.matrix) @ ~shared) > 0)
    rows = np.array([name == route for name in names]) | ~recourse
    own = np.asarray((abs(first.matrix[[names.index(route)]]) != 0).toarray()[0])
    return replace(
        program,
        programs=tuple(
            replace(one, cost=np.where(shared, one.cost / routes, one.cost * own)).with_rows(rows)
            for one in program.programs
        ),
    )


CROPS = ("wheat", "corn", "beets")


def farm(factor: float, node: int) -> Written:
    """500 acres; cattle need 200 T of wheat and 240 T of corn; 6,000 T of beets have a good price.

    Birge and Louveaux, Introduction to Stochastic Programming, section 1.1: yields a factor times
    2.5, 3 and 20 T an acre.
    """
    p = Written()
    wheat, corn, beets = (
        p.column(crop, cost, node=0) for crop, cost in zip(CROPS, (150, 230, 260), strict=True)
    )
    p.row({wheat: 1, corn: 1, beets: 1}, upper=500)
    for crop, tons, need, bought, sold in (
        ("wheat", 2.5, 200, 238, 170),
        ("corn", 3, 240, 210, 150),
    ):
        buy = p.column(f"buy {crop}", bought, node=node)
        sell = p.column(f"sell {crop}", -sold, node=node)
        p.row({crop: tons * factor, buy: 1, sell: -1}, lower=need)
    good = p.column("sell beets", -36, 6000, node=node)
    rest = p.column("sell more beets", -10, node=node)
    p.row({good: 1, rest: 1, beets: -20 * factor}, upper=0)
    return p


def farmer() -> StochasticProgram:
    return stochastic([farm(factor, 1 + s) for s, factor in enumerate((1.2, 1, 0.8))], [1 / 3] * 3)


def acres(program: StochasticProgram, found: Outcome) -> np.ndarray:
    assert found.values is not None
    return found.values[[column_of(program, crop) for crop in CROPS]]


def test_farmer() -> None:
    """Proves: optimum, perfect information and stochastic solution as Birge and Louveaux have them."""
    program = farmer()
    found = solved(program)
    assert found.objective == pytest.approx(-108390, rel=1e-6)
    assert acres(program, found) == pytest.approx([170, 80, 250])
    alone = [solve_arrays(one).objective for one in program.programs]
    assert alone == pytest.approx([-167666.67, -118600, -59950], rel=1e-6)
    assert found.objective - np.mean(alone) == pytest.approx(7015.56, rel=1e-4)


def test_farmer_with_expected_yields() -> None:
    """Proves: the plan of expected yields promises -118600, costs -107240, and the stochastic
    solution is worth 1150."""
    program = farmer()
    mean = solve_arrays(farm(1, 1).arrays())
    assert mean.objective == pytest.approx(-118600)
    assert mean.values is not None
    decided = np.arange(len(mean.values)) < len(CROPS)
    fixed = tuple(one.with_fixed(decided, mean.values) for one in program.programs)
    followed = solved(replace(program, programs=fixed)).objective
    assert followed == pytest.approx(-107240)
    assert followed - solved(program).objective == pytest.approx(1150)


def test_farmer_averse_to_the_tail() -> None:
    """Proves: E + 2 CVaR of the worst fifth, thrice the measure of weight 2/3, is -220700 at 100, 100
    and 300 acres, as the documentation of mpi-sppy has it."""
    program = farmer()
    found = solved(program, Attitude(Measure.MEAN_AND_TAIL, tail_share=0.2, tail_weight=2 / 3))
    assert 3 * found.objective == pytest.approx(-220700)
    assert acres(program, found) == pytest.approx([100, 100, 300])


def lands(demand: float, node: int) -> Written:
    """Four technologies, three modes of demand. Louveaux and Smeers, 1988."""
    p = Written()
    cost, hours = (10, 7, 16, 6), (10, 6, 1)
    built = [p.column(f"x{i}", c, node=0) for i, c in enumerate(cost)]
    p.row(dict.fromkeys(built, 1), lower=12)
    p.row(dict(zip(built, cost, strict=True)), upper=120)
    # Operating costs an hour.
    used = [
        [p.column(f"y{i}{j}", c * h, node=node) for j, h in enumerate(hours)]
        for i, c in enumerate((4.0, 4.5, 3.2, 5.5))
    ]
    for x, row in zip(built, used, strict=True):
        p.row({**dict.fromkeys(row, 1), x: -1}, upper=0)
    for j, need in enumerate((demand, 3, 2)):
        p.row({row[j]: 1 for row in used}, lower=need)
    return p


def test_lands() -> None:
    scenarios = [lands(demand, 1 + s) for s, demand in enumerate((3, 5, 7))]
    found = solved(stochastic(scenarios, [0.3, 0.4, 0.3]))
    assert found.objective == pytest.approx(381.853333, rel=1e-8)


def cooling(demands: tuple[int, int, int], nodes: tuple[int, int, int]) -> Written:
    """200 air conditioners a month at 100, more at 300, stored at 50. Birge and Louveaux, p. 237."""
    p = Written()
    before: dict[str, float] = {}
    for t, (demand, node) in enumerate(zip(demands, nodes, strict=True)):
        made = p.column(f"made{t}", 100, 200, integer=True, node=node)
        more = p.column(f"more{t}", 300, integer=True, node=node)
        stored = p.column(f"stored{t}", 50, 100, integer=True, node=node)
        p.row({**before, made: 1, more: 1, stored: -1}, demand, demand)
        before = {stored: 1}
    return p


def test_air_conditioning() -> None:
    """Proves: of three months and integers: 62500, with 200 made and 100 of them stored at first."""
    scenarios = [
        cooling((100, second, third), (0, 1 + a, 3 + 2 * a + b))
        for a, second in enumerate((100, 300))
        for b, third in enumerate((100, 300))
    ]
    program = stochastic(scenarios, [0.25] * 4)
    found = solved(program)
    assert found.objective == pytest.approx(62500)
    assert found.values is not None
    first = [found.values[column_of(program, name)] for name in ("made0", "more0", "stored0")]
    assert first == pytest.approx([200, 0, 100])


def fund(path: tuple[int, int, int]) -> Written:
    """55 in stocks and bonds, 80 wanted after three periods. Birge and Louveaux, section 1.2."""
    p = Written()
    held: dict[str, float] = {}
    for t in range(4):
        # The node is the path up to here, in binary after a leading 1.
        node = int("1" + "".join(map(str, path[:t])), 2)
        gain = dict(zip(held, ((1.25, 1.14), (1.06, 1.12))[path[t - 1]], strict=True)) if t else {}
        if t < 3:
            stocks, bonds = (p.column(f"{kind}{t}", node=node) for kind in ("stocks", "bonds"))
            amount = 0 if t else 55
            p.row({**{k: -v for k, v in gain.items()}, stocks: 1, bonds: 1}, amount, amount)
            held = {stocks: 1, bonds: 1}
        else:
            over, short = p.column("over", -1, node=node), p.column("short", 4, node=node)
            p.row({**gain, over: -1, short: 1}, 80, 80)
    return p


def test_asset_management() -> None:
    """Proves: of four stages and eight scenarios: -1.514085 as utility, at first 41.479 in stocks."""
    program = stochastic([fund(path) for path in itertools.product((0, 1), repeat=3)], [1 / 8] * 8)
    found = solved(program)
    assert found.objective == pytest.approx(1.514085, rel=1e-6)
    assert found.values is not None
    assert found.values[column_of(program, "stocks0")] == pytest.approx(41.479, rel=1e-4)


def outcomes_of_apl1p() -> Iterator[tuple[float, tuple[float, ...]]]:
    """Probability of two availabilities and three demands, all independent. Infanger, 1992."""
    available = (
        {1.0: 0.2, 0.9: 0.3, 0.5: 0.4, 0.1: 0.1},
        {1.0: 0.1, 0.9: 0.2, 0.7: 0.5, 0.1: 0.1, 0.0: 0.1},
    )
    demand = {900.0: 0.15, 1000.0: 0.45, 1100.0: 0.25, 1200.0: 0.15}
    for taken in itertools.product(*(d.items() for d in (*available, demand, demand, demand))):
        yield math.prod(p for _, p in taken), tuple(value for value, _ in taken)


def power(outcome: tuple[float, ...], node: int) -> Written:
    """Two generators, three levels of load; costs as in Bailey, Jensen and Morton, 1999."""
    p = Written()
    built = [p.column(f"x{g}", cost, node=0) for g, cost in enumerate((4, 2.5))]
    for x in built:
        p.row({x: 1}, lower=1000)
    costs = ((4.3, 2.0, 0.5), (8.7, 4.0, 1.0))
    used = [
        [p.column(f"y{g}{k}", cost, node=node) for k, cost in enumerate(of)]
        for g, of in enumerate(costs)
    ]
    for x, row, share in zip(built, used, outcome[:2], strict=True):
        p.row({**dict.fromkeys(row, 1), x: -share}, upper=0)
    for k, demand in enumerate(outcome[2:]):
        unserved = p.column(f"u{k}", 10, node=node)
        p.row({**{row[k]: 1 for row in used}, unserved: 1}, lower=demand)
    return p


def test_apl1p() -> None:
    """Proves: of 1,280 scenarios: 24642.32, at capacities of 1800 and 1571.43."""
    probability, outcomes = zip(*outcomes_of_apl1p(), strict=True)
    program = stochastic([power(one, 1 + s) for s, one in enumerate(outcomes)], probability)
    assert len(program.names) == 1280
    found = solved(program)
    assert found.objective == pytest.approx(24642.32, rel=1e-6)
    assert found.values is not None
    assert found.values[:2] == pytest.approx([1800, 1571.43], rel=1e-5)
