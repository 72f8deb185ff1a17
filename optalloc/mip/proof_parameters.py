"""Parameters of a proof and of what surrounds it; see `optalloc.mip.parameters`."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "BoundTightening",
    "CutLoop",
    "Elastic",
    "FixAndOptimise",
    "Proof",
    "Resolving",
    "SecondRoute",
    "Selection",
    "Watchdog",
]


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
