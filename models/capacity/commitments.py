"""Commitments: what is announced already, forbidden, or held within bounds.

In words
    A site is to be committed by a period, or not before another; so many megawatts are promised
    to be started, online, leased, signed or ended, or at most so many. What a plan decides before a
    date is held by rows alike.
Data
    Decisions. ``decided[d]``: what the row names, which is committed by the period (1 or 0), MW
    started up to it, MW online in it, or MW leased, signed or ended in it.
Decides
    Nothing.
Limits
    For each row ``d``: ``at_least[d] <= decided[d] <= at_most[d]``.
Reads and posts
    Reads ``online_mw``.
Source
    Planner's convention.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyomo.environ as pyo

from optalloc.dataset import Dataset, remembered
from optalloc.errors import Problem
from optalloc.family import Family, Limit, Relax, Standing
from optalloc.program import Ledgers, frame_of, index_set, indexed_set, parameter
from optalloc.schema import Column, Kind, Missing, Sheet
from optalloc.tolerance import exceeds

from ._building import OPEN, SERVICE_COLUMNS, active_sites, possible_starts, useful_commitments
from ._calendar import TERM, calendar
from ._contracts import signings
from ._leases import leases_active
from ._standing import standing_at

ENDING_KEYS = ["contract", "signed", "period"]
COMMITTED, STARTED, ONLINE = "committed", "started_mw", "online_mw"
LEASED, SIGNED, ENDED = "leased_mw", "signed_mw", "ended_mw"
# The column that names what is decided on.
SUBJECTS = {
    COMMITTED: "site",
    STARTED: "site",
    ONLINE: "site",
    LEASED: "lease",
    SIGNED: "contract",
    ENDED: "contract",
}

# What counts from an earlier period on, and what only in its own.
_EARLIER, _EXACT = {COMMITTED, STARTED}, {LEASED, SIGNED}

DECISIONS = Sheet(
    name="Decisions",
    meaning="What is announced, forbidden or held within bounds; at_least and at_most alike fix it.",
    key=("decision",),
    missing=Missing.UNLIMITED,
    columns=(
        Column(
            name="decision",
            kind=Kind.TEXT,
            names="decision",
            meaning="Name of the row, for the report.",
            example="Kanto wind announced",
        ),
        Column(
            name="what",
            kind=Kind.CHOICE,
            meaning="committed: whether the site is committed by the period, 1 or 0; started_mw: MW started up to and in the period; online_mw: MW in service in it; leased_mw and signed_mw: MW of the lease or contract signed in it; ended_mw: MW of the contract ended early from it on.",
            choices=tuple(SUBJECTS),
            example=SIGNED,
        ),
        Column(
            name="site",
            kind=Kind.TEXT,
            meaning="Site that is decided on.",
            blank=None,
            blank_means="a contract or lease is meant",
            refers_to="Sites.site",
        ),
        Column(
            name="contract",
            kind=Kind.TEXT,
            meaning="Contract that is decided on; only with signed_mw and ended_mw.",
            blank=None,
            blank_means="a site or lease is meant",
            refers_to="Contracts.contract",
            example="Kanto wind",
        ),
        Column(
            name="lease",
            kind=Kind.TEXT,
            meaning="Lease that is decided on; only with leased_mw.",
            blank=None,
            blank_means="a site or contract is meant",
            refers_to="Leases.lease",
        ),
        Column(
            name="period",
            kind=Kind.TEXT,
            meaning="From Periods.",
            refers_to="Periods.period",
            example="2027H1",
        ),
        Column(
            name="at_least",
            kind=Kind.NUMBER,
            unit="1 or MW",
            meaning="Least value of it.",
            blank=None,
            blank_means="no floor",
            at_least=0,
            example=20,
        ),
        Column(
            name="at_most",
            kind=Kind.NUMBER,
            unit="1 or MW",
            meaning="Greatest value of it; 0 forbids it.",
            blank=None,
            blank_means="no ceiling",
            at_least=0,
        ),
    ),
)


@dataclass(frozen=True)
class Parameters:
    """Rows of the sheet, with the position of their period, and what is decided before the plan."""

    rows: pd.DataFrame
    positions: pd.Series


@remembered
def decisions(data: Dataset) -> pd.DataFrame:
    """Each row with its period's position, and 1 where its site is open from the start."""
    rows, sites = data["Decisions"], active_sites(data)
    is_open = rows["site"].map(sites["is_open"]).eq(True)
    return rows.assign(
        position=rows["period"].map(calendar(data)["position"]),
        decided_before=(is_open & (rows["what"] == COMMITTED)).astype(float),
    )


def parameters(data: Dataset) -> Parameters:
    """All numbers of the family from the dataset."""
    return Parameters(decisions(data), calendar(data)["position"])


def declare(m: Any, p: Parameters, ledgers: Ledgers) -> None:
    """Nothing is decided or posted here."""


def constrain(m: Any, p: Parameters) -> None:
    """What is decided lies between its bounds."""
    rows = p.rows
    m.DECISIONS = index_set(rows[["decision"]])
    before = rows.set_index("decision")["decided_before"]
    m.decided_before = parameter(m.DECISIONS, before)

    def latest(index: Any, name: str, what: str) -> pd.DataFrame:
        """The last member up to each row's period: decisions are cumulative."""
        members = frame_of(index, [name, "at"])
        members["reached"] = members["at"].map(p.positions)
        own = rows.loc[rows["what"] == what, ["decision", name, "position"]]
        found = own.merge(members, on=name)
        found = found[found["reached"] <= found["position"]].sort_values("reached")
        return found.groupby("decision").tail(1)

    def exact(index: Any, name: str, what: str) -> pd.DataFrame:
        own = rows.loc[rows["what"] == what, ["decision", name, "period"]]
        return own.merge(frame_of(index, [name, "period"]), on=[name, "period"])

    def ended(index: Any) -> pd.DataFrame:
        """All tranches of the contract."""
        own = rows.loc[rows["what"] == ENDED, ["decision", "contract", "period"]]
        return own.merge(frame_of(index, ENDING_KEYS), on=["contract", "period"])

    pairs = (["decision"], ["site", "at"])
    m.COMMITTED_BY = indexed_set(m.DECISIONS, latest(m.COMMITS, "site", COMMITTED), *pairs)
    m.STARTED_BY = indexed_set(m.DECISIONS, latest(m.STARTS, "site", STARTED), *pairs)
    m.ONLINE_IN = indexed_set(
        m.DECISIONS, exact(m.SITE_PERIODS, "site", ONLINE), ["decision"], ["site", "period"]
    )
    m.SIGNED_IN = indexed_set(
        m.DECISIONS, exact(m.OFFERS, "contract", SIGNED), ["decision"], ["contract", "period"]
    )
    m.LEASED_BY_DECISION = indexed_set(
        m.DECISIONS, exact(m.LEASE_OFFERS, "lease", LEASED), ["decision"], ["lease", "period"]
    )
    m.ENDED_IN = indexed_set(m.DECISIONS, ended(m.ENDINGS), ["decision"], ENDING_KEYS)
    m.decided = pyo.Expression(
        m.DECISIONS,
        rule=lambda m, d: (
            m.decided_before[d]
            + sum(m.committed[i, c] for i, c in m.COMMITTED_BY[d])
            + sum(m.started_mw[i, s] for i, s in m.STARTED_BY[d])
            + sum(m.online_mw[i, q] for i, q in m.ONLINE_IN[d])
            + sum(m.procured[c, s] for c, s in m.SIGNED_IN[d])
            + sum(m.leased[k, s] for k, s in m.LEASED_BY_DECISION[d])
            + sum(m.terminated[c, s, q] for c, s, q in m.ENDED_IN[d])
        ),
    )
    for side in ("at_least", "at_most"):
        bounded = rows.dropna(subset=[side])
        index = index_set(bounded[["decision"]])
        m.add_component(f"DECIDED_{side}".upper(), index)
        bound = parameter(index, bounded.set_index("decision")[side])
        m.add_component(f"decided_{side}", bound)
    m.decision_at_least = pyo.Constraint(
        m.DECIDED_AT_LEAST, rule=lambda m, d: m.decided[d] >= m.decided_at_least[d]
    )
    m.decision_at_most = pyo.Constraint(
        m.DECIDED_AT_MOST, rule=lambda m, d: m.decided[d] <= m.decided_at_most[d]
    )


def check(data: Dataset) -> Iterator[Problem]:
    """Each row names the one thing it is about, and bounds that can be met."""
    for row, at in data.rows("Decisions").iterrows():
        # None where the cell could not be read; of its subject nothing is told then.
        wanted = SUBJECTS.get(at["what"], "site")
        others = [name for name in dict.fromkeys(SUBJECTS.values()) if name != wanted]
        named = [name for name in others if not pd.isna(at[name])]
        if pd.isna(at[wanted]) or named:
            yield data.problem(
                "Decisions",
                row,
                wanted if pd.isna(at[wanted]) else named[0],
                f"{at['what']} must name a {wanted} and no {' or '.join(others)}",
                f"Fill in {wanted}, and leave {' and '.join(others)} blank.",
                "decision-subject",
                reads=("what", *others, wanted),
            )
        if pd.isna(at["at_least"]) and pd.isna(at["at_most"]):
            yield data.problem(
                "Decisions",
                row,
                "at_least",
                "a decision must have at_least or at_most",
                "Fill in one of them; the same number in both fixes it.",
                "no-bound",
                reads=("at_most",),
            )
        elif exceeds(at["at_least"], at["at_most"]):
            yield data.problem(
                "Decisions",
                row,
                "at_least",
                f"at_least must not be above at_most, {at['at_most']:.12g}",
                "Change one of them.",
                "bounds-crossed",
            )
        elif at["what"] == COMMITTED and exceeds(at["at_least"], 1):
            yield data.problem(
                "Decisions",
                row,
                "at_least",
                "a site is committed (1) or not (0)",
                "Say 1, or name started_mw for megawatts.",
                "committed-above-one",
                reads=("what",),
            )

    yield from _check_possible(data)


def _check_possible(data: Dataset) -> Iterator[Problem]:
    """What is asked for has a variable: it can serve a whole period within the horizon."""
    dated = data.sound("Settings", "base_date", "life_years") and data.sound("Periods")
    if data["Decisions"].empty or not dated:
        return
    rows = decisions(data)
    rows = rows[(rows["at_least"] > 0) & (rows["decided_before"] == 0)]
    rows = rows[rows["what"].isin(_EARLIER | _EXACT)].rename_axis("row").reset_index()
    rows["subject"] = [at[SUBJECTS[at["what"]]] for at in rows.to_dict("records")]
    found = rows.merge(_possible(data), on=["what", "subject"], suffixes=("", "_possible"))
    due = found["position"] - found["position_possible"]
    found = found[(due == 0) | ((due > 0) & found["what"].isin(_EARLIER))]
    lacking = rows[~rows["row"].isin(found["row"]) & rows["subject"].isin(_fully_known(data))]
    for at in lacking.to_dict("records"):
        yield data.problem(
            "Decisions",
            at["row"],
            "at_least",
            f"{at['what']} of {at['subject']!r} by {at['period']} must be able to serve a whole "
            "period within the horizon",
            "Ask for none, name another period, or change leads, term, life or room there.",
            "decision-never-active",
            reads=("what", "period", SUBJECTS[at["what"]]),
        )


def _fully_known(data: Dataset) -> set[object]:
    """Sites, leases and contracts of which all is known that decides when they serve.

    Whose signing ends before it starts has a message of its own.
    """
    sites = data.known("Sites", *SERVICE_COLUMNS)["site"]
    offered = data.known("Leases", "lease", "site", *TERM)
    leases = _in_order(data, offered[offered["site"].isin(sites)])["lease"]
    contracts = _in_order(data, data.known("Contracts", "contract", *TERM))["contract"]
    return {*sites, *leases, *contracts}


def _in_order(data: Dataset, offers: pd.DataFrame) -> pd.DataFrame:
    position = calendar(data)["position"]
    first, last = (offers[name].map(position) for name in ("first_period", "last_period"))
    return offers[~(first > last)]


def _possible(data: Dataset) -> pd.DataFrame:
    """Commitments, starts, leases and signings that have a variable: what, subject, position."""
    parts = (
        (COMMITTED, useful_commitments(data), "site", "period"),
        (STARTED, possible_starts(data), "site", "period"),
        (LEASED, leases_active(data), "lease", "signed"),
        (SIGNED, signings(data), "contract", "signed"),
    )
    position = calendar(data)["position"]
    frames = [
        pd.DataFrame(
            {"what": what, "subject": part[name], "position": part[when].map(position)},
        ).astype({"what": object, "subject": object, "position": float})
        for what, part, name, when in parts
    ]
    return pd.concat(frames, ignore_index=True).drop_duplicates()


def audit(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Each row restated from the tables of decisions."""
    position = calendar(data)["position"]
    signed = {
        SIGNED: ("contract", tables["Procurement"], "signed_mw"),
        LEASED: ("lease", tables["Leasing"], "signed_mw"),
        ENDED: ("contract", tables["Terminations"], "ended_mw"),
    }
    build = tables["Build"]
    rows = []
    for at in data["Decisions"].to_dict("records"):
        if at["what"] in signed:
            name, table, column = signed[at["what"]]
            own = table[(table[name] == at[name]) & (table["period"] == at["period"])]
            value = own[column].sum()
        else:
            own = build[build["site"] == at["site"]]
            now = own[own["period"] == at["period"]]
            if at["what"] == STARTED:
                until = own["period"].map(position) <= position[at["period"]]
                value = own.loc[until, "started_mw"].sum()
            elif at["what"] == ONLINE:
                value = now["online_mw"].sum()
            else:
                value = float(now["committed"].any())
        rows.append((at["decision"], at["period"], at["what"], float(value), at))
    named = ["decision", "period", "what", "used", "allowed"]
    return {
        "decision_at_least": pd.DataFrame(
            [(*key, at["at_least"], v) for *key, v, at in rows if not pd.isna(at["at_least"])],
            columns=named,
        ).astype({"used": float, "allowed": float}),
        "decision_at_most": pd.DataFrame(
            [(*key, v, at["at_most"]) for *key, v, at in rows if not pd.isna(at["at_most"])],
            columns=named,
        ).astype({"used": float, "allowed": float}),
    }


def _row_of(data: Dataset, key: Mapping[str, Any]) -> dict[str, Any]:
    rows = data["Decisions"]
    found: dict[str, Any] = rows[rows["decision"] == key["decision"]].iloc[0].to_dict()
    return found


def _most_that_can_be(data: Dataset, key: Mapping[str, Any]) -> Iterator[Standing]:
    """What a site, contract or lease has at most, where a decision asks for more."""
    at = _row_of(data, key)
    subject = SUBJECTS[at["what"]]
    sheet = {"site": "Sites", "contract": "Contracts", "lease": "Leases"}[subject]
    rows = data[sheet]
    row = int(str(rows.index[rows[subject] == at[subject]][0]))
    limits: dict[Hashable, Any] = rows.loc[row].to_dict()
    most = float(limits["max_mw"])
    if at["what"] == STARTED:
        most -= float(limits["existing_mw"]) + float(limits["under_construction_mw"])
    if at["what"] != COMMITTED and exceeds(at["at_least"], most):
        name = at[subject]
        yield Standing(f"{name} has room for at most {most:,.6g} MW", ((sheet, row, "max_mw"),))


def _standing_online(data: Dataset, key: Mapping[str, Any]) -> Iterator[Standing]:
    """Capacity in service at the site of a ceiling on it; that a site is open from the start."""
    at = _row_of(data, key)
    if at["what"] == ONLINE:
        yield from standing_at(data, [at["site"]], at["period"])
    rows = data["Sites"]
    for row, status in rows.loc[rows["site"] == at["site"], "status"].items():
        if at["what"] == COMMITTED and status in OPEN:
            cell = ("Sites", int(str(row)), "status")
            yield Standing(f"{at['site']} is {status} whatever is decided", (cell,))


def hold(
    data: Dataset, tables: Mapping[str, pd.DataFrame], until: pd.Timestamp
) -> dict[str, pd.DataFrame]:
    """Rows that hold what a plan commits, starts, leases, signs and ends before a date.

    What it does not do before the date is not done either. Equipment and workers follow from what
    is built, and are decided anew.
    """
    cal = calendar(data).reset_index()
    early = cal.loc[cal["date"] < until, "period"].tolist()
    sites = active_sites(data)
    build = tables["Build"]
    started = build.assign(position=build["period"].map(cal.set_index("period")["position"]))
    started = started.sort_values("position")
    started["value"] = started.groupby("site")["started_mw"].cumsum()
    committed = build.assign(value=build["committed"].astype(float))
    leased, signed = tables["Leasing"], tables["Procurement"]
    tranches = tables["Terminations"].groupby(["contract", "period"])["ended_mw"]
    ended = tranches.sum().reset_index()
    told = (
        (COMMITTED, sites.index[~sites["is_open"]], committed),
        (STARTED, sites.index, started),
        (LEASED, data["Leases"]["lease"], leased.assign(value=leased["signed_mw"])),
        (SIGNED, data["Contracts"]["contract"], signed.assign(value=signed["signed_mw"])),
        (ENDED, data["Contracts"]["contract"], ended.assign(value=ended["ended_mw"])),
    )
    rows = []
    for what, subjects, table in told:
        name = SUBJECTS[what]
        keys = zip(table[name], table["period"], strict=True)
        values = dict(zip(keys, table["value"].astype(float), strict=True))
        for subject, period in itertools.product(subjects, early):
            value = values.get((subject, period), 0.0)
            label = f"held: {what} of {subject} in {period}"
            row = {"decision": label, "what": what, name: subject, "period": period}
            rows.append(row | {"at_least": value, "at_most": value})
    return {"Decisions": pd.DataFrame(rows, columns=[column.name for column in DECISIONS.columns])}


FAMILY = Family(
    name="commitments",
    title="Commitments",
    order=90,
    sheets=(DECISIONS,),
    idle_without=("Decisions",),
    limits=(
        Limit(
            name="decision_at_least",
            over=("decision",),
            cells=("Decisions.at_least",),
            standing=_most_that_can_be,
            relax=Relax.PRICED,
            conflict="decision {decision}: {what} is at least {value} in {period}",
            unit="1 or MW",
            sense="<=",
            floor=True,
            sentence="{decision} holds: {what} in {period} is no more than the {used} that it asks for",
            marginal="cost of one more unit asked for",
            formula="decided[d] >= at_least[d]",
        ),
        Limit(
            name="decision_at_most",
            over=("decision",),
            cells=("Decisions.at_most",),
            standing=_standing_online,
            relax=Relax.PRICED,
            conflict="decision {decision}: {what} is at most {value} in {period}",
            unit="1 or MW",
            sense="<=",
            sentence="{decision} holds: {what} in {period} is {used} of the {allowed} that it allows",
            marginal="saving from one more unit allowed",
            formula="decided[d] <= at_most[d]",
        ),
    ),
    codes={
        "decision-subject": "a decision that does not name the one site, contract or lease it is about",
        "no-bound": "a decision without at_least and at_most",
        "bounds-crossed": "at_least above at_most",
        "committed-above-one": "a site committed more than once",
        "decision-never-active": "a decision on what can serve no whole period, which has no variable",
    },
    check=check,
    parameters=parameters,
    declare=declare,
    constrain=constrain,
    audit=audit,
    hold=hold,
)
