"""Tables of a campaign: what each column means."""

from __future__ import annotations

from optalloc.analysis.bench.store import GAPS
from optalloc.data.schema import Column, Kind
from optalloc.modelling.outputs import TableSpec

__all__ = [
    "AGAINST",
    "CONDITIONS",
    "PHASES",
    "PROFILE",
    "RATIOS",
    "ROUTES",
    "RUNS",
    "SIZES",
    "TRACES",
    "WRONG",
]


def _text(name: str, meaning: str) -> Column:
    return Column(name=name, kind=Kind.TEXT, meaning=meaning)


def _number(name: str, meaning: str, unit: str = "") -> Column:
    return Column(name=name, kind=Kind.NUMBER, unit=unit, meaning=meaning)


def _count(name: str, meaning: str) -> Column:
    return Column(name=name, kind=Kind.INTEGER, meaning=meaning)


_GROUP = _text("group", "Size of generated instances, workbooks, or programs (MPS or LP files).")
_INSTANCE = _text("instance", "Name of the instance.")
_ROUTE = _text("route", "Solver, and of HiGHS the strategy.")
_SEED = _count("solver_seed", "Random seed of the solver.")

RUNS = TableSpec(
    name="Runs",
    meaning="Every run, each in a process of its own; blank where it did not come to it.",
    key=("instance", "route", "threads", "solver_seed", "gap_asked", "time_limit_s"),
    columns=(
        _INSTANCE,
        _GROUP,
        _ROUTE,
        _SEED,
        _text("stopped", "Why it stopped."),
        _number("objective", "Cost of its plan."),
        _number("bound", "Proven bound: no plan costs less, or is worth more where it maximises."),
        _number("gap_percent", "Proven gap at the end.", "%"),
        _number("seconds_first_plan", "Until a first plan, from reading on.", "s"),
        _number("seconds_to_5_percent", "Until a proven gap of 5 %.", "s"),
        _number("seconds_to_1_percent", "Until a proven gap of 1 %.", "s"),
        _number("seconds_to_0_1_percent", "Until a proven gap of 0.1 %.", "s"),
        _number(
            "seconds_to_gap", "Until the gap asked for, or a proof that there is no plan.", "s"
        ),
        _number("seconds_total", "Until the audit was done.", "s"),
        _number("primal_integral", "Area under the primal gap up to the time limit.", "s"),
        _number("peak_mb", "Most memory, of all its processes.", "MB"),
        _number("row_violation", "Largest violation of a row or bound, by its size."),
        _number("integrality", "Largest distance of an integer column from an integer."),
        _text("audit", "Whether the plan passed its audit; blank for files of programs."),
        _text("note", "Why it failed, or went another way than it should."),
        _count("rows", "Rows of the program."),
        _count("columns", "Columns of the program."),
        _count("integers", "Integer columns."),
        _count("non_zeros", "Entries of the matrix."),
        _count("threads", "Threads it had."),
        _number("gap_asked", "Relative gap at which it was to stop."),
        _number("time_limit_s", "Seconds it had, from reading on.", "s"),
        _number("memory_limit_mb", "Memory it had.", "MB"),
        _number("load_at_start", "Load of the machine when it began."),
        _text("when", "When it began."),
    ),
)
ROUTES = TableSpec(
    name="Routes",
    meaning="Each route on each group. A run that never had the gap counts at its time limit, so "
    "that a mean with fewer reached than runs is at least what is given.",
    key=("group", "route"),
    columns=(
        _GROUP,
        _ROUTE,
        _count("runs", "Runs."),
        _count("reached", "Runs that had the gap asked for."),
        _number("seconds", "Shifted geometric mean of seconds to the gap, shift 10 s.", "s"),
        *(
            _number(name, f"The same to a proven gap of {100 * gap:g} %, at least.", "s")
            for name, gap in GAPS.items()
        ),
        _number("primal_integral", "Shifted geometric mean of primal integrals, shift 1 s.", "s"),
        _number("gap_percent", "Mean of the proven gaps at the end, of runs with a plan.", "%"),
        _count("without_plan", "Runs without a plan."),
        _count("failed", "Runs that crashed, hung or ran out of memory."),
        _count("wrong", "Runs with a wrong answer."),
        _number("peak_mb", "Most memory of a run.", "MB"),
        _text("label", "Group and route."),
        _number("none", "Zero."),
    ),
    drawn=("label", "none"),
)
RATIOS = TableSpec(
    name="Ratios",
    meaning="Times as long as the first route takes to the gap asked for: ratios of shifted "
    "geometric means over the same instances and seeds, with 95 % bootstrap intervals over them. "
    "Runs that never had the gap count at their limit; where neither had it the pair is left out.",
    key=("group", "route"),
    columns=(
        _GROUP,
        _ROUTE,
        _text("other", "Route it is compared with."),
        _count("pairs", "Instances and seeds that both have."),
        _number("ratio", "Times as long; above 1 is slower."),
        _number("low", "Lower end of the interval."),
        _number("high", "Upper end of the interval."),
        _count("reached", "Pairs in which the route had the gap."),
        _count("other_reached", "Pairs in which the other one had it."),
        _text("label", "Group and route."),
        _number("less", "From the lower end to the ratio."),
        _number("more", "From the ratio to the upper end."),
    ),
    drawn=("label", "less", "more"),
)
PROFILE = TableSpec(
    name="Profile",
    meaning="Performance profile: the share of instances and seeds on which a route has the gap "
    "within so many times the seconds of the fastest.",
    columns=(
        _ROUTE,
        _number("ratio", "Times the seconds of the fastest route; below 1 s counts as 1 s."),
        _number("share", "Share of instances and seeds."),
    ),
)
TRACES = TableSpec(
    name="Traces",
    meaning="Plan and bound over time, of every run.",
    columns=(
        _GROUP,
        _INSTANCE,
        _ROUTE,
        _SEED,
        _number("seconds", "Since it began to read.", "s"),
        _number("objective", "Cost of the best plan so far."),
        _number("bound", "Proven bound so far."),
        _number("gap_percent", "Proven gap.", "%"),
        _number("primal_gap_percent", "Distance from the best plan known.", "%"),
        _text("run", "Route, instance and seed."),
    ),
    drawn=("run",),
)
WRONG = TableSpec(
    name="Wrong answers",
    meaning="Answers that cannot be right; where two contradict each other both are named.",
    columns=(
        _INSTANCE,
        _ROUTE,
        _SEED,
        _text("answer", "Plan, bound or optimum."),
        _text("reason", "Why it is wrong, or which answer contradicts it."),
    ),
)
AGAINST = TableSpec(
    name="Against earlier",
    meaning="Each route against the earlier campaign, paired over the same instances and seeds: "
    "ratios with 95 % bootstrap intervals, and p of a paired permutation test of the mean "
    "logarithm of the ratio, corrected by Holm's method.",
    key=("route", "measure"),
    columns=(
        _ROUTE,
        _text("measure", "Seconds to the gap asked for, or primal integral."),
        _count("pairs", "Instances and seeds that both campaigns have."),
        _number("ratio", "Now by then; above 1 is slower."),
        _number("low", "Lower end of the interval."),
        _number("high", "Upper end of the interval."),
        _number("p", "Probability of a mean as far from 1 if nothing had changed."),
        _text("verdict", "Whether the difference exceeds the noise, at 5 %."),
    ),
)
CONDITIONS = TableSpec(
    name="Conditions",
    meaning="Machine and versions that the runs were made with.",
    columns=(_text("what", "Machine, or package."), _text("value", "Its name or version.")),
)
PHASES = TableSpec(
    name="Phases",
    meaning="Seconds of each step from the workbook to the arrays, before anything is solved.",
    key=("phase",),
    columns=(
        _text("phase", "Step."),
        _number("seconds", "Time it took.", "s"),
    ),
)
SIZES = TableSpec(
    name="Sizes",
    meaning="What the program consists of: variables and constraints with most columns and rows.",
    key=("kind", "name"),
    columns=(
        _text("kind", "Columns, whole numbers or rows."),
        _text("name", "Variable or constraint."),
        _count("count", "How many it has."),
        _number("share", "Of all of that kind."),
    ),
)
