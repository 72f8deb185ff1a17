"""Parameters of the solution methods: one frozen dataclass each, every value with its unit and why.

Names end in their unit where they have one: ``_s`` seconds, ``_share`` a share of what is named,
``_gap`` a relative gap, ``_blocks``, ``_stages``, ``_columns`` and the like counts. The
measurements behind them, with machine and instances (S, M, L, XL), are in benchmarks/NOTEBOOK.md; a
value without one was chosen once and has not been compared. `optalloc.mip.parameter_file` reads
them from TOML, one table for each field of `Parameters`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Parameters"]


@dataclass(frozen=True, kw_only=True)
class Selection:
    """When which strategy is chosen.

    Parameters
    ----------
    race_integers : int
        From so many integer columns on a second process pays.
    decompose_entries : int
        From so many non-zeros on the linear relaxation alone takes minutes by the simplex method.
    fewest_stages : int
        With fewer stages a window of them is nearly the whole program.
    prove_whole_entries : int
        With fewer non-zeros a program that is decomposed is proved as a whole beside the search:
        the solver has its relaxation within seconds. S has 18,000, M 190,000.
    confirmation_s : float
        For another route to confirm what a portfolio says of infeasibility, even past the limit.
    """

    race_integers: int = 300
    decompose_entries: int = 600_000
    fewest_stages: int = 4
    prove_whole_entries: int = 100_000
    confirmation_s: float = 5.0


@dataclass(frozen=True, kw_only=True)
class CutLoop:
    """Separation at the root.

    Parameters
    ----------
    time_share : float
        Of the time that is left, for all rounds.
    rounds : int
        At most.
    round_rows, round_rows_share : int, float
        Strengthening rows added in a round: so many, or this share of all if that is more.
    stalled_gap : float
        The loop ends once a round raises the bound by less than this, relative to it.
    points : int
        Points kept, at which lazy constraints are separated again when the numbers change.
    """

    time_share: float = 0.3
    rounds: int = 40
    round_rows: int = 5000
    round_rows_share: float = 0.05
    stalled_gap: float = 1e-5
    points: int = 60


@dataclass(frozen=True, kw_only=True)
class Proof:
    """Branch and bound, and completing its plans.

    Parameters
    ----------
    rounds, completion_rounds : int
        Rounds of lazy constraints of a proof, and of the linear program with fixed integers: few
        are violated, so that more rounds mean that something is wrong.
    last_linear_s : float
        For that linear program once time is over, so that the plan is exact.
    heuristic_effort : float
        HiGHS's `mip_heuristic_effort`, by default 0.05.
    """

    rounds: int = 60
    completion_rounds: int = 100
    last_linear_s: float = 30.0
    heuristic_effort: float = 0.3


@dataclass(frozen=True, kw_only=True)
class SecondRoute:
    """Repeating a proof without presolve, with another seed and finer tolerances.

    Parameters
    ----------
    longest_proof_s : float
        A proof that took longer is not repeated, unless there is a doubt. Processor seconds without
        and with it: `inputs/minimal` 0.020 and 0.034, eight cases of its sweep 0.16 and 0.28,
        beside more than 0.3 for a case's audit; `inputs/pacific` to 1 % as before, 14.
    effort_factor, least_s : float
        It may take this many times the seconds of the first proof, and at least so many seconds.
    """

    longest_proof_s: float = 2.0
    effort_factor: float = 2.0
    least_s: float = 0.5


@dataclass(frozen=True, kw_only=True)
class FixAndOptimise:
    """The search beside a proof, in a thread of its own.

    On a tighter `inputs/pacific` the proof alone kept one plan from second 10 to second 115; with
    it, on the same busy machine, a plan 0.23 % cheaper was found in that time.

    Parameters
    ----------
    start_after_s : float
        Short solves are proven before a second search pays, and stay reproducible.
    fewest_integers : int
        With fewer integer columns there is none.
    submip_s : float
        For each sub-MIP.
    gap_share : float
        Gap of a sub-MIP as a share of that asked for.
    first_share, least_share, most_share : float
        Of the values of an index whose integers are freed.
    """

    start_after_s: float = 5.0
    fewest_integers: int = 100
    submip_s: float = 10.0
    gap_share: float = 0.1
    first_share: float = 0.35
    least_share: float = 0.1
    most_share: float = 0.9


@dataclass(frozen=True, kw_only=True)
class Elastic:
    """Programs whose rows may be violated at a penalty.

    Parameters
    ----------
    rounds : int
        Of lazy constraints.
    confirmation_s : float
        For confirming that there is no plan, where less is left of the limit.
    """

    rounds: int = 40
    confirmation_s: float = 30.0


@dataclass(frozen=True, kw_only=True)
class Resolving:
    """Warm-started solves of one program with other numbers.

    Parameters
    ----------
    plans : int
        Plans kept from solve to solve, to start from.
    """

    plans: int = 8


@dataclass(frozen=True, kw_only=True)
class Watchdog:
    """Seconds that a run of HiGHS is given to end by itself before it is abandoned.

    HiGHS looks at its clock and at interrupts only between steps, and with bounds of 1e11 may never
    do so again (HiGHS issue #2226).

    Parameters
    ----------
    over_limit_s, over_limit_share : float
        After the time limit: seconds, and a share of the limit besides.
    cancelled_s : float
        After Ctrl-C, or after another process or thread has ended the run.
    """

    over_limit_s: float = 5.0
    over_limit_share: float = 0.1
    cancelled_s: float = 3.0

    def ends_at(self, began: float, time_limit_s: float, cancelled: float | None) -> float:
        """Moment, by the clock of `time.perf_counter`, at which a run is abandoned."""
        limit = began + (1.0 + self.over_limit_share) * time_limit_s + self.over_limit_s
        return limit if cancelled is None else min(limit, cancelled + self.cancelled_s)


@dataclass(frozen=True, kw_only=True)
class Portfolio:
    """Processes that work on one program together.

    Parameters
    ----------
    retries : int
        Times that processes are started again, all together.
    stopping_s : float
        For a process to end once it is told to.
    memory_share : float
        Of the machine's memory, for all processes together.
    """

    retries: int = 2
    stopping_s: float = 5.0
    memory_share: float = 0.85


@dataclass(frozen=True, kw_only=True)
class Searching:
    """The process that searches for plans.

    Parameters
    ----------
    head_start_s : float
        It waits so long for the relaxation's point before it begins without.
    candidate_cost_factor : float
        A plan that costs more than this times an infeasible candidate is left for the candidate.
    """

    head_start_s: float = 5.0
    candidate_cost_factor: float = 1.02


@dataclass(frozen=True, kw_only=True)
class Bounding:
    """The process that bounds by sifting and Lagrangian relaxation.

    Parameters
    ----------
    time_share, most_time_share : float
        Of the time that is left, for sifting: it goes on until the first is over, or the second as
        long as the relaxation's point is not close to its bound. No single run takes more than the
        second.
    close_gap : float
        A point so near its bound is worth searching from: on L relax-and-fix came to 5.2 % from one
        0.48 % off, to 2.6 % and 2.7 % from one 0.25 % off, 43 s later.
    searched_columns : int
        Of more columns only the most useful are searched. With those in use alone L was 4.3 % above
        its relaxation after relax-and-fix, with all of its 246,543 columns 2.9 %.
    violated_rounds : int
        Rounds in a row whose point is close and violates rows all the same, after which the program
        is suspected to be infeasible: with a plan that happens once at most (S and M), without one
        in every round from the third.
    """

    time_share: float = 0.3
    most_time_share: float = 0.6
    close_gap: float = 0.003
    searched_columns: int = 400_000
    violated_rounds: int = 2


@dataclass(frozen=True, kw_only=True)
class Lagrangian:
    """The Lagrangian bound by groups of blocks.

    Parameters
    ----------
    group_blocks : int
        Single blocks raise the bound of M by 0.16 %, groups of 10 by 0.39 % in 8 s, of 25 by 0.40 %
        in 35 s; groups of 10 that of L by 0.37 % in 128 s.
    gap : float
        To which each group is solved.
    time_share : float
        Of the time that is left, for all groups.
    """

    group_blocks: int = 10
    gap: float = 1e-5
    time_share: float = 0.3


@dataclass(frozen=True, kw_only=True)
class Sifting:
    """Column generation for large relaxations.

    Parameters
    ----------
    stretches : int
        Into which the stages are aggregated for a first set of columns: L in 5 s, XL in 35 to 57 s.
    penalty_factor : float
        Penalty of a shared row against its last dual price. At 2 the bounds of L rose by 1.8, 0.05,
        0.02 and 0 % after 35, 82, 123 and 161 s; at 3 the second round was 0.7 % short, at 10 1.9
        %.
    gap : float
        Between relaxation and bound, at which it ends.
    strengthening_violation : float
        A strengthening row violated by more is taken.
    """

    stretches: int = 5
    penalty_factor: float = 2.0
    gap: float = 1e-4
    strengthening_violation: float = 1e-4


@dataclass(frozen=True, kw_only=True)
class Rens:
    """The first plan, by relaxation enforced neighbourhood search.

    On M (seed 1) it is 1.1 % above the relaxation after about 20 s; rounding and repairing had 2.3
    % after 240 s.

    Parameters
    ----------
    most_fractional : int
        With more fractional integers the sub-MIP is too large (on L it has no plan), and
        relax-and-fix begins.
    coarse_gap, fine_gap : float
        Of the first sub-MIP, and of the one around it without the columns fixed by reduced cost.
    time_share : float
        Of the time that is left, for each.
    fine_time_factor, fine_least_s : float
        The second comes to what it comes to in about as long as the first, or not at all.
    reduced_cost_share : float
        A column whose reduced cost is more than this share of the distance between plan and
        relaxation is fixed.
    """

    most_fractional: int = 1500
    coarse_gap: float = 0.01
    fine_gap: float = 0.003
    time_share: float = 0.2
    fine_time_factor: float = 1.5
    fine_least_s: float = 2.0
    reduced_cost_share: float = 0.01


@dataclass(frozen=True, kw_only=True)
class RelaxAndFix:
    """The first candidate of large programs, group of blocks after group.

    Parameters
    ----------
    group_blocks : int
        On L groups of 60 come to 2.3 % above the relaxation with 22 of 106,049 rows violated in 76
        s of one core, of 25 to 2.9 % in 66 s; rounded all at once 10,411 rows are violated. Stages
        in place of blocks, eight or four at a time, were 12 % and 18 % above.
    submip_s : float
        For each group, at most.
    gap : float
        Of each, against the cost of the whole plan.
    """

    group_blocks: int = 60
    submip_s: float = 15.0
    gap: float = 2e-4


@dataclass(frozen=True, kw_only=True)
class LargeNeighbourhood:
    """Adaptive large neighbourhood search.

    On L, 2.4 % above the relaxation, near blocks under RENS saved 0.5 % to 0.7 % in 85 s of one
    core, the same blocks free 0.04 %. Once these are at rest (1.75 % above) windows under RENS save
    450 in 60 s of one core where blocks save 90; near the relaxation of the whole program in place
    of their own 330 to 350; free 330, in 3 s in place of 6 s 350, twelve stages in 12 s 200. With
    all four operators L is proven to 1.07 % after 600 s, with the first two to 1.17 %.

    Parameters
    ----------
    blocks, stages, rens_blocks, rens_stages : float
        Freed at first by each operator; the latter two restrict integers to RENS.
    fewest : float
        Blocks or stages freed at least.
    most_share : float
        Of all blocks or stages, freed at most: all of them are the proof's concern.
    size_growth, size_shrink : float
        Of what is freed, after a sub-MIP that was solved to its gap, and after one that was not.
    short_s, long_s : float
        For a sub-MIP, at first and at most: many short ones come much further than a few long ones
        as long as short ones bring something. With steps of 0.3 s rows were violated by 70,000
        units in all after 43 s on 300 sites (550,000 at the start), with 4 s by 458,000.
    slice_growth, slice_shrink : float
        Of those seconds, after a sub-MIP that ran out of time in vain, and after one that improved.
    short_columns : int
        With more columns `short_s` grows in proportion: the least that can be freed does.
    repair_s_per_column : float
        For a sub-MIP while rows are violated, by columns of the program: one cut short repairs
        nothing (at 0.6 s on L most are).
    rens_gap, gap, repair_gap : float
        Of a sub-MIP against the cost of the whole plan: under RENS, otherwise, and while rows are
        violated.
    heuristic_effort : float
        HiGHS's `mip_heuristic_effort` for sub-MIPs.
    reaction_share : float
        Weight of the last sub-MIP in an operator's saving by the second.
    least_weight_share : float
        Of the best operator's weight, that each has at least.
    penalty_factor : float
        Penalty of a violated row against what violating it can save by the relaxation.
    penalty_growth : float
        By which it grows after `stalled_submips`.
    penalty_growths : int
        After so many the search restarts elsewhere: the penalty has grown by half a million, beyond
        which the solver's tolerances do not tell it from any other.
    stalled_submips : int
        In a row without less violation.
    small_violation_share : float
        A row violated by less than this share of its size costs as much as if it were violated by
        that.
    wide_row_exponent : float
        Two blocks are related by each row that both have, by one over its number of blocks to this
        power: a row that nearly all blocks have says little.
    """

    blocks: float = 8.0
    stages: float = 4.0
    rens_blocks: float = 25.0
    rens_stages: float = 6.0
    fewest: float = 2.0
    most_share: float = 0.6
    size_growth: float = 1.15
    size_shrink: float = 0.87
    short_s: float = 0.6
    long_s: float = 6.0
    slice_growth: float = 1.12
    slice_shrink: float = 0.9
    short_columns: int = 500_000
    repair_s_per_column: float = 1.2e-5
    rens_gap: float = 5e-5
    gap: float = 2e-5
    repair_gap: float = 2e-4
    heuristic_effort: float = 0.05
    reaction_share: float = 0.2
    least_weight_share: float = 0.05
    penalty_factor: float = 100.0
    penalty_growth: float = 3.0
    penalty_growths: int = 12
    stalled_submips: int = 12
    small_violation_share: float = 1e-3
    wide_row_exponent: float = 1.5


@dataclass(frozen=True, kw_only=True)
class Polish:
    """The last linear program over a plan that was found part by part.

    Parameters
    ----------
    s_per_entry : float
        Seconds kept back for it, by non-zeros; 5e-6 was measured (8 s on L).
    most_time_share : float
        Of the time limit, at most.
    """

    s_per_entry: float = 8e-6
    most_time_share: float = 0.05


@dataclass(frozen=True, kw_only=True)
class BoundTightening:
    """Bounds of columns drawn from rows.

    Parameters
    ----------
    rounds, integer_rounds : int
        For infinite bounds, and for those of integers, which chains of rows pass on from stage to
        stage. On L 2 s; without it the first plan came 30 or more than 100 sub-MIPs after
        relax-and-fix (50 s to over 230 s), with it after 6 and 12 (10 s and 19 s).
    """

    rounds: int = 6
    integer_rounds: int = 60


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """Those of all methods, by the name of their table in a TOML file."""

    selection: Selection = field(default_factory=Selection)
    cut_loop: CutLoop = field(default_factory=CutLoop)
    proof: Proof = field(default_factory=Proof)
    second_route: SecondRoute = field(default_factory=SecondRoute)
    fix_and_optimise: FixAndOptimise = field(default_factory=FixAndOptimise)
    elastic: Elastic = field(default_factory=Elastic)
    resolving: Resolving = field(default_factory=Resolving)
    watchdog: Watchdog = field(default_factory=Watchdog)
    portfolio: Portfolio = field(default_factory=Portfolio)
    searching: Searching = field(default_factory=Searching)
    bounding: Bounding = field(default_factory=Bounding)
    lagrangian: Lagrangian = field(default_factory=Lagrangian)
    sifting: Sifting = field(default_factory=Sifting)
    rens: Rens = field(default_factory=Rens)
    relax_and_fix: RelaxAndFix = field(default_factory=RelaxAndFix)
    large_neighbourhood: LargeNeighbourhood = field(default_factory=LargeNeighbourhood)
    polish: Polish = field(default_factory=Polish)
    bound_tightening: BoundTightening = field(default_factory=BoundTightening)
