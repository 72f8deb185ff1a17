"""Gates: decisions that are held until a day, such as that on which a permit law passes.

In words
    A gate holds committing, starting or going into service at a site, or at all sites of a
    jurisdiction, until it opens; what is decided on the first day of a period is decided from the
    first period that begins on that day or later. A gate without a day never opens. Where an
    outcome decides, a row of Outcomes changes the day: one that stays shut in some scenarios holds
    what is decided before they are distinguished in all of them. What stands, is under construction
    or leased has no gate.
Data
    Gates; jurisdiction of Sites. ``opens[g]``: months from the base date to the day on which gate
    ``g`` opens, without end where it never does.
Decides
    Nothing.
Limits
    At the sites of ``g`` and in the periods with ``begin(p) < opens[g]``: ``committed[i,p] <= 0``,
    ``started_mw[i,p] <= 0`` or ``energised[i,p] <= 0``, as the gate holds one or another.
Reads and posts
    Nothing.
Source
    Planner's convention.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyomo.environ as pyo

from optalloc.data.dataset import Dataset
from optalloc.data.rules import ExactlyOne
from optalloc.data.schema import Column, Kind, Sheet
from optalloc.errors import Problem, Severity
from optalloc.modelling.exhibits import Listing
from optalloc.modelling.family import Family
from optalloc.modelling.ledgers import Ledgers
from optalloc.modelling.limits import Concession, Limit
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.reports import Report
from optalloc.modelling.sets import frame_of, index_set
from optalloc.modelling.solution import Solution

from ._building import active_sites
from ._calendar import TINY_MONTHS, calendar, first_position_at, months_from_base
from ._columns import named, reference
from ._period_ends import CODES, inside_periods

COMMIT, START, ENERGISE = "commit", "start", "energise"
KEYS = ["gate", "site", "period"]
# MW below this are rounding.
TINY = 1e-6

GATES = Sheet(
    name="Gates",
    question="What must wait for a day, such as that on which a law passes?",
    meaning="One gate a row: what it holds is not done at a site, or in a jurisdiction, before the day on which it opens.",
    key=("gate",),
    rules=(ExactlyOne(("site", "jurisdiction")),),
    columns=(
        named("gate", "Name of the gate, for the report.", example="siting law, commitments"),
        Column(
            name="holds",
            kind=Kind.CHOICE,
            meaning="commit: candidates are not committed before; start: nothing is started before; energise: nothing that is built goes into service before.",
            choices=(COMMIT, START, ENERGISE),
            example=COMMIT,
        ),
        reference("Sites.site", "Site whose gate it is.", blank_means="it is of a jurisdiction"),
        reference(
            "Sites.jurisdiction",
            "Jurisdiction whose sites it is for.",
            blank_means="it is of a site",
            example="Japan",
        ),
        Column(
            name="opens",
            kind=Kind.DATE,
            meaning="Day on which it opens, for what is decided in the first period that begins then or later. Outcomes may change it: to the day on which a law passes, or to (blank) where it fails.",
            blank=None,
            blank_means="it never opens",
            example="2027-01-01",
        ),
    ),
)

GATES_HELD = TableSpec(
    name="GatesHeld",
    meaning="Sites with a gate, from when it is open, and from when the plan does what it holds.",
    key=("gate", "site"),
    columns=(
        Column(name="gate", kind=Kind.TEXT, meaning="Gate."),
        Column(name="site", kind=Kind.TEXT, meaning="Site."),
        Column(name="holds", kind=Kind.TEXT, meaning="commit, start or energise."),
        Column(name="opens", kind=Kind.DATE, meaning="Day on which it opens; blank: never."),
        Column(
            name="open_from",
            kind=Kind.TEXT,
            meaning="First period in which it is open; blank: none within the horizon.",
        ),
        Column(
            name="done_from",
            kind=Kind.TEXT,
            meaning="First period in which the plan does what it holds; blank: it does not.",
        ),
    ),
)


def gated_sites(data: Dataset) -> pd.DataFrame:
    """Each gate with each site it is for: gate, holds, site, opens, and opens_months.

    Of gates that hold commitments, candidates alone. opens_months counts from the base date, and is
    without end where a gate never opens.
    """
    rows = data["Gates"]
    rows = rows.assign(opens_months=months_from_base(data, rows["opens"]).fillna(np.inf))
    sites = active_sites(data, "site", "jurisdiction", "is_open").reset_index(drop=True)
    own = rows.dropna(subset=["site"]).drop(columns="jurisdiction").merge(sites, on="site")
    shared = rows.dropna(subset=["jurisdiction"]).drop(columns="site")
    both = pd.concat([own, shared.merge(sites, on="jurisdiction")], ignore_index=True)
    held = (both["holds"] != COMMIT) | ~both["is_open"].astype(bool)
    return both.loc[held, ["gate", "holds", "site", "opens", "opens_months"]].reset_index(drop=True)


def parameters(data: Dataset) -> pd.DataFrame:
    """Periods in which each gate is shut: KEYS and holds."""
    cal = calendar(data).reset_index()[["period", "begin"]]
    frame = gated_sites(data).merge(cal, how="cross")
    shut = frame["begin"] < frame["opens_months"] - TINY_MONTHS
    return frame.loc[shut, [*KEYS, "holds"]].reset_index(drop=True)


def declare(m: Any, p: pd.DataFrame, ledgers: Ledgers) -> None:
    """Nothing is decided or posted here."""


def constrain(m: Any, p: pd.DataFrame) -> None:
    """Nothing that a gate holds is done while it is shut."""

    def shut(holds: str, index: Any) -> Any:
        own = p.loc[p["holds"] == holds, KEYS]
        return index_set(own.merge(frame_of(index, KEYS[1:]), on=KEYS[1:]))

    m.COMMIT_GATES = shut(COMMIT, m.COMMITS)
    m.committed_after_gate = pyo.Constraint(
        m.COMMIT_GATES, rule=lambda m, g, i, q: m.committed[i, q] <= 0
    )
    m.START_GATES = shut(START, m.STARTS)
    m.started_after_gate = pyo.Constraint(
        m.START_GATES, rule=lambda m, g, i, q: m.started_mw[i, q] <= 0
    )
    m.ENERGISE_GATES = shut(ENERGISE, m.SERVICE)
    m.energised_after_gate = pyo.Constraint(
        m.ENERGISE_GATES, rule=lambda m, g, i, q: m.energised[i, q] <= 0
    )


def tables(data: Dataset, values: Solution) -> dict[str, pd.DataFrame]:
    """Table of gates, with when the plan does what they hold."""
    cal, frame = calendar(data), gated_sites(data)
    done = {
        COMMIT: values.variable("committed", KEYS[1:]),
        START: values.ledger("starting_mw"),
        ENERGISE: values.variable("energised", KEYS[1:]),
    }
    both = pd.concat([own.assign(holds=holds) for holds, own in done.items()])
    both = both[both["value"] > TINY]
    both["position"] = both["period"].map(cal["position"])
    first = both.groupby(["holds", "site"])["position"].min().rename("done")
    names = np.array([*cal.index, None], dtype=object)
    frame = frame.join(first, on=["holds", "site"]).fillna({"done": len(cal)})
    frame = frame.assign(
        open_from=names[first_position_at(cal, frame["opens_months"])],
        done_from=names[frame["done"].astype(int)],
    )
    return {"GatesHeld": frame[[column.name for column in GATES_HELD.columns]]}


def _done(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> Iterator[tuple[str, Any, Any, Any]]:
    """Amounts that gates hold, by site and period, from the Build table: holds, site, period, amount.

    Starts up to the period; in service, what neither stood nor was under construction or leased.
    """
    sites = data.columns(
        *("Sites", "site", "status", "existing_mw", "under_construction_mw"),
        "under_construction_online",
    )
    known = sites.set_index("site").to_dict("index")
    dates = calendar(data)["date"].to_dict()
    leased = tables["Leasing"].groupby(KEYS[1:])["active_mw"].sum().to_dict()
    started: dict[Any, float] = {}
    order = list(dates)
    for row in sorted(tables["Build"].to_dict("records"), key=lambda at: order.index(at["period"])):
        site, period = row["site"], row["period"]
        at = known[site]
        stands = at["existing_mw"] + leased.get((site, period), 0.0)
        if at["under_construction_online"] <= dates[period]:
            stands += at["under_construction_mw"]
        started[site] = started.get(site, 0.0) + row["started_mw"]
        yield COMMIT, site, period, float(row["committed"] and at["status"] == "candidate")
        yield START, site, period, started[site]
        yield ENERGISE, site, period, row["online_mw"] - stands


def _is_for(gate: Mapping[Any, Any], site: Any, jurisdiction: Any) -> bool:
    """True if a site, which may have no jurisdiction, has the gate."""
    named = pd.notna(gate["site"]), pd.notna(gate["jurisdiction"])
    return bool(
        (named[0] and gate["site"] == site) or (named[1] and gate["jurisdiction"] == jurisdiction)
    )


def audit(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Amounts at each site of a gate before the day on which it opens, from the Build table."""
    names = {COMMIT: "committed", START: "started", ENERGISE: "energised"}
    found: dict[str, list[tuple[Any, ...]]] = {holds: [] for holds in names}
    gates, dates = data["Gates"].to_dict("records"), calendar(data)["date"].to_dict()
    where = data.column("Sites", "jurisdiction", by="site").to_dict()
    for holds, site, period, amount in _done(data, tables):
        for gate in gates:
            whose = _is_for(gate, site, where[site])
            is_shut = pd.isna(gate["opens"]) or dates[period] < gate["opens"]
            if gate["holds"] == holds and whose and is_shut:
                found[holds].append((gate["gate"], site, period, amount, 0.0))
    return {
        f"{name}_after_gate": pd.DataFrame(found[holds], columns=[*KEYS, "used", "allowed"]).astype(
            {"used": float, "allowed": float}
        )
        for holds, name in names.items()
    }


def recompute(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The table of gates, gate by gate from the Build table."""
    dates = calendar(data)["date"].to_dict()
    sites = data.columns("Sites", "site", "status", "jurisdiction").to_dict("records")
    first: dict[tuple[str, Any], Any] = {}
    for holds, site, period, amount in _done(data, tables):
        if amount > TINY:
            first.setdefault((holds, site), period)
    rows = []
    for gate in data["Gates"].to_dict("records"):
        since = [period for period, day in dates.items() if day >= gate["opens"]]
        for at in sites:
            whose = _is_for(gate, at["site"], at["jurisdiction"])
            may = "candidate" if gate["holds"] == COMMIT else at["status"]
            if whose and at["status"] == may and may != "excluded":
                done = first.get((gate["holds"], at["site"]))
                opened = since[0] if since else None
                rows.append((gate["gate"], at["site"], gate["holds"], gate["opens"], opened, done))
    named = [column.name for column in GATES_HELD.columns]
    return {"GatesHeld": pd.DataFrame(rows, columns=named)}


def notices(data: Dataset) -> Iterator[Problem]:
    """Gates that hold nothing, that open beyond the horizon, or inside a period."""
    cal, rows = calendar(data), data["Gates"]
    if cal.empty or rows.empty:
        return
    held = set(gated_sites(data)["gate"])
    for row in rows.index[~rows["gate"].isin(held)]:
        at = rows.loc[row]
        column = "site" if pd.notna(at["site"]) else "jurisdiction"
        what = "a candidate" if at["holds"] == COMMIT else "a site that is not excluded"
        yield data.problem(
            "Gates",
            row,
            column,
            f"a gate that holds {at['holds']} is at {what}; this one holds nothing",
            "Nothing need be done, or change the status of the site.",
            "gate-holds-nothing",
            severity=Severity.NOTICE,
        )
    opens = months_from_base(data, rows["opens"])
    for row in rows.index[opens > cal["begin"].max() + TINY_MONTHS]:
        yield data.problem(
            "Gates",
            row,
            "opens",
            "a gate opens by the first day of the last period; this one stays shut throughout",
            "Nothing need be done, or plan further ahead.",
            "gate-stays-shut",
            severity=Severity.NOTICE,
        )
    known = opens.dropna()
    yield from inside_periods(
        data,
        pd.DataFrame(
            {"sheet": "Gates", "row": known.index, "column": "opens", "from": known, "to": np.inf}
        ),
        "what a gate holds is done from the first period that begins on its day or later",
    )


def concessions(data: Dataset) -> Iterator[Concession]:
    """Gates that open some periods earlier, each by a change of its cell."""
    cal, rows = calendar(data), data["Gates"]
    opens = months_from_base(data, rows["opens"]).fillna(cal["end"].iloc[-1])
    for moment, (row, at) in zip(opens, rows.to_dict("index").items(), strict=True):
        late = moment - cal["begin"]
        for period in cal.index[late > TINY_MONTHS]:
            yield Concession(
                limit={COMMIT: "committed", START: "started", ENERGISE: "energised"}[at["holds"]]
                + "_after_gate",
                sentence=f"{at['gate']} is open in {period}",
                edits=(("Gates", int(str(row)), "opens", cal["date"][period]),),
                points=float(late[period]) / 12.0,
            )


def _limit(name: str, done: str, unit: str, marginal: str, formula: str) -> Limit:
    return Limit(
        name=f"{name}_after_gate",
        over=("gate", "site", "period"),
        cells=("Gates.opens",),
        conflict=f"nothing is {done} at {{site}} in {{period}}, before {{gate}} opens",
        unit=unit,
        sense="<=",
        sentence=f"{{gate}} is shut in {{period}}: nothing is {done} at {{site}}",
        lasting=f"{{gate}} is shut: nothing is {done} at {{site}} {{when}}",
        marginal=marginal,
        formula=f"{formula} <= 0, begin(p) < opens[g]",
    )


FAMILY = Family(
    name="gates",
    title="Gates",
    order=87,
    sheets=(GATES,),
    idle_without=("Gates",),
    limits=(
        _limit(
            *("committed", "committed", "sites"),
            "saving from a site that is committed before the gate opens",
            "committed[i,p]",
        ),
        _limit(
            *("started", "started", "MW IT"),
            "saving from one MW that is started before the gate opens",
            "started_mw[i,p]",
        ),
        _limit(
            *("energised", "put into service", "MW IT"),
            "saving from one MW in service before the gate opens",
            "energised[i,p]",
        ),
    ),
    outputs=(GATES_HELD,),
    report=Report(
        exhibits=(
            Listing(
                title="Gates",
                order=535,
                note="From when gates are open, and from when the plan does what they hold.",
                table="GatesHeld",
            ),
        ),
    ),
    codes={
        **CODES,
        "gate-holds-nothing": "a gate at no site that could do what it holds (notice)",
        "gate-stays-shut": "a gate that opens after the last period has begun (notice)",
    },
    notices=notices,
    concessions=concessions,
    same_in_all=("Gates.gate", "Gates.holds", "Gates.site", "Gates.jurisdiction"),
    parameters=parameters,
    declare=declare,
    constrain=constrain,
    tables=tables,
    audit=audit,
    recompute=recompute,
)
