"""Parameters of a portfolio and its methods; see `optalloc.mip.parameters`."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "Bounding",
    "Futures",
    "Lagrangian",
    "LargeNeighbourhood",
    "Polish",
    "Portfolio",
    "RelaxAndFix",
    "Rens",
    "Searching",
    "Sifting",
]


@dataclass(frozen=True, kw_only=True)
class Portfolio:
    """Processes that work on one program together.

    Parameters
    ----------
    retries : int
        Times that processes are started again, all together.
    stopping_s : float
        For a process to end by itself once it is stopped.
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
        Seconds of the second: this many times those of the first, and so many more. It improves
        within about the time of the first, or not at all.
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
        units in all after 43 s on 300 blocks (550,000 at the start), with 4 s by 458,000.
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
class Futures:
    """How a stochastic program is solved.

    Parameters
    ----------
    extensive_entries : int
        With at most so many non-zeros the extensive form is proved as a whole.
    whole_entries : int
        Nor is it with more non-zeros in any one scenario, whose own search is then needed.
    first_gap : float
        Relative gap of each scenario alone at first.
    near_plans : int
        Plans of other scenarios, the nearest, from which a scenario alone begins.
    subproblem_gap_share : float
        Gap of a scenario at prices, as a share of the gap asked for: bounds and plans add up to it.
    policy_gap : float
        Gap of each scenario of a policy; a search of all scenarios together improves on it.
    step_share : float
        Length of a step of the prices, as a share of Polyak's.
    idle_share : float
        A scenario at prices is left once its bound has not risen for this share of its
        seconds and it has a plan:
        the root's cuts of a scenario of `inputs/pacific` end within 10 s at 0.9 % below the best
        plan, and 160 s more raise it by 0.15 to 0.4 %.
    idle_passes : int
        Passes of prices in a row that gain nothing, after which there are no more.
    least_gain_share : float
        Part of the gap that a pass closes to have gained anything.
    improvement_s : float
        For each scenario to decide again, in a new policy, what it alone decides.
    together_share : float
        Seconds of a search of all scenarios together, as a share of those taken so far.
    subproblem_s : float
        For one scenario, whose bound counts then as it is.
    lost_after_s : float
        A process that takes longer is lost.
    values_s : float
        For each of the values that take a solve of their own, at least.
    retries : int
        How often a scenario whose process was lost is solved again.
    """

    extensive_entries: int = 100_000
    whole_entries: int = 30_000
    first_gap: float = 0.03
    near_plans: int = 2
    subproblem_gap_share: float = 1 / 3
    policy_gap: float = 0.01
    step_share: float = 0.5
    idle_share: float = 0.3
    idle_passes: int = 4
    least_gain_share: float = 0.02
    improvement_s: float = 20.0
    together_share: float = 0.5
    subproblem_s: float = 120.0
    lost_after_s: float = 600.0
    values_s: float = 10.0
    retries: int = 3
