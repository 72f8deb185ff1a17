"""Pictures of a campaign: lines that move in steps, and the exhibits of its page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from optalloc.analysis.bench import tables as specs
from optalloc.modelling.exhibits import Exhibit, Listing
from optalloc.modelling.interval_exhibits import Bars, Span
from optalloc.modelling.reports import Filter, Report

__all__ = ["REPORT", "Steps"]

# Gaps in % below this are drawn at it: an axis of logarithms has no zero.
_LEAST_GAP_PERCENT = 1e-3


@dataclass(frozen=True, kw_only=True)
class Steps(Exhibit):
    """Lines that move in steps, one for each value of ``line``, coloured by ``by``.

    ``logs`` names those of ``x`` and ``y`` whose axis is one of logarithms; values of y below
    ``least`` are drawn at it. ``share`` says that y is a share, drawn from 0 to 1.
    """

    kind: ClassVar[str] = "steps"
    table: str
    x: str
    y: str
    by: str
    line: str
    x_title: str
    y_title: str
    logs: tuple[str, ...] = ()
    least: float = 0.0
    share: bool = False

    def columns(self) -> Iterator[tuple[str, str]]:
        """Each table and column that the exhibit names."""
        for column in (self.x, self.y, self.by, self.line):
            yield self.table, column


_TRACES, _RUNS = specs.TRACES.name, specs.RUNS.name

REPORT = Report(
    filters=(
        Filter(column="group", title="Group", table=_RUNS),
        Filter(column="instance", title="Instance", table=_RUNS),
        Filter(column="route", title="Route", table=_RUNS),
    ),
    exhibits=(
        Listing(
            title="Wrong answers",
            order=10,
            note="Before anything is compared: answers that violate rows, or that contradict each "
            "other.",
            table=specs.WRONG.name,
            empty="None: every plan keeps its rows, no bound lies above a plan, and no two proofs "
            "differ.",
        ),
        Listing(
            title="Routes",
            order=20,
            note="Shifted geometric means over instances and seeds. A run that never had the gap "
            "counts at its time limit: where fewer reached it than ran, the mean is at least that.",
            table=specs.ROUTES.name,
        ),
        Listing(
            title="Against the earlier campaign",
            order=25,
            note="Above 1 is slower than then. A difference within the noise is none.",
            table=specs.AGAINST.name,
        ),
        Bars(
            title="Times as long as the first route",
            order=30,
            note="Seconds to the gap asked for, by those of the first route on the same instances "
            "and seeds: 1 is as fast. The line is the 95 % bootstrap interval; where it crosses 1, "
            "the instances do not tell the two apart.",
            table=specs.RATIOS.name,
            label="label",
            spans=(Span(label="times as long", value="ratio", less="less", more="more"),),
            label_title="",
            value_title="Times as long",
        ),
        Steps(
            title="Performance profile",
            order=40,
            note="The share of instances and seeds on which a route has the gap within so many "
            "times the seconds of the fastest. At 1: how often it is the fastest. At the right: "
            "how often it has the gap at all.",
            table=specs.PROFILE.name,
            x="ratio",
            y="share",
            by="route",
            line="route",
            x_title="Times the seconds of the fastest",
            y_title="Share of instances and seeds",
            logs=("x",),
            share=True,
        ),
        Steps(
            title="Proven gap over time",
            order=50,
            note="A line for each run, from its first plan on: the gap between plan and bound. "
            "What is below 0.001 % is drawn there.",
            table=_TRACES,
            x="seconds",
            y="gap_percent",
            by="route",
            line="run",
            x_title="Seconds since it began to read",
            y_title="Proven gap (%)",
            logs=("x", "y"),
            least=_LEAST_GAP_PERCENT,
        ),
        Steps(
            title="Distance from the best plan over time",
            order=60,
            note="How much more each run's plan costs than the best plan that is known of the "
            "instance; the area below a line, and 100 % before it begins, is the primal integral.",
            table=_TRACES,
            x="seconds",
            y="primal_gap_percent",
            by="route",
            line="run",
            x_title="Seconds since it began to read",
            y_title="Above the best plan known (%)",
            logs=("x", "y"),
            least=_LEAST_GAP_PERCENT,
        ),
        Bars(
            title="Peak memory",
            order=70,
            note="The most that a run of the route had, with all processes that it started.",
            table=specs.ROUTES.name,
            label="label",
            spans=(Span(label="peak", value="peak_mb", less="none", more="none"),),
            label_title="",
            value_title="MB",
        ),
        Listing(
            title="Every run",
            order=80,
            note="Each in a process of its own, with how well its plan keeps the rows.",
            table=_RUNS,
        ),
        Listing(title="Phases", order=90, table=specs.PHASES.name),
        Listing(title="Sizes", order=91, table=specs.SIZES.name),
        Listing(title="Machine and versions", order=99, table=specs.CONDITIONS.name),
    ),
)
