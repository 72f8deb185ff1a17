"""Departures: what it costs to depart from the plan that was approved last.

In words
    An approved plan has been told to others: a site committed that was not to be, or later than
    said, and megawatts started or signed otherwise than approved, cost something. A move from one
    period to another counts at both ends: as dropped in the one and added in the other. What was
    approved but can no longer be done counts as departed from.
Data
    ApprovedActions, by hand or from the Actions table of a plan.xlsx; DepartureCosts.
    ``approved[k]``: MW of an approved action; ``planned[k]``: MW that the plan starts or signs there.
Decides
    ``departed_mw[action, subject, period]``: MW by which an approved start or signing is departed from.
Limits
    ``departed[k] >= planned[k] - approved[k]`` and ``departed[k] >= approved[k] - planned[k]`` for each
    approved start or signing ``k``. Where nothing was approved, what is planned is itself what departs; a
    commitment departs by ``c`` or ``1 - c``, with c the 0 or 1 of committing in the period.
Reads and posts
    Reads ``starting_mw``; posts ``cost``, a penalty due on the first day of its period.
Source
    Planner's convention; the absolute value by two inequalities is textbook linear programming.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyomo.environ as pyo

from optalloc.dataset import Dataset, remembered
from optalloc.errors import Problem, Severity
from optalloc.family import CostTerm, Family, Limit, TableSpec
from optalloc.names import alike
from optalloc.program import Ledgers, frame_of, index_set, indexed_set, parameter
from optalloc.schema import Column, Kind, Sheet
from optalloc.sheetreader import suggest
from optalloc.values import Values

from ._building import OPEN, SERVICE_COLUMNS, active_sites, possible_starts, useful_commitments
from ._calendar import TERM, calendar
from ._contracts import signings
from ._money import PENALTY, charge_rows, discount, post_cost

# The words of the Actions table.
COMMIT, START, SIGN = "commit site", "start building", "sign contract"
KEYS = ["action", "subject", "period"]
COST_COLUMNS = {
    COMMIT: "cost_per_site",
    START: "cost_per_mw_started",
    SIGN: "cost_per_mw_signed",
}
ITEMS = {COMMIT: "departed_sites", START: "departed_starts", SIGN: "departed_signings"}
UNITS = {COMMIT: "sites", START: "MW IT", SIGN: "MW grid"}

APPROVED_ACTIONS = Sheet(
    name="ApprovedActions",
    meaning="What the plan approved last says is done and when; --approved fills it from a plan.xlsx. A decision that is not here counts as added.",
    key=("period", "action", "subject"),
    plan_table="Actions",
    columns=(
        Column(
            name="date",
            kind=Kind.DATE,
            meaning="A day of its period; tells a period of the past from one that is misspelt.",
            blank=None,
            blank_means="the period alone counts",
            example="2027-01-01",
        ),
        Column(name="period", kind=Kind.TEXT, names="approved period", meaning="Period of the action.", example="2027H1"),
        Column(
            name="action",
            kind=Kind.TEXT, names="approved action",
            meaning="commit site, start building or sign contract; the plan is not held to others.",
            example=SIGN,
        ),
        Column(
            name="subject", kind=Kind.TEXT, names="approved subject", meaning="Site or contract.", example="Kanto wind"
        ),
        Column(
            name="mw",
            kind=Kind.NUMBER,
            unit="MW",
            meaning="IT MW started or grid MW signed.",
            blank=None,
            blank_means="a commitment, which has none",
            at_least=0,
            example=20,
        ),
    ),
)  # fmt: skip


def _cost(name: str, unit: str, meaning: str, example: float) -> Column:
    return Column(
        name=name,
        kind=Kind.NUMBER,
        unit=unit,
        meaning=f"{meaning} A move to another period counts at both ends.",
        blank=0.0,
        blank_means="free",
        at_least=0,
        example=example,
    )


DEPARTURE_COSTS = Sheet(
    name="DepartureCosts",
    meaning="What a departure from the approved plan costs; without ApprovedActions nothing is compared.",
    vertical=True,
    columns=(
        _cost("cost_per_site", "M per site", "Each commitment that is added or dropped.", 5),
        _cost("cost_per_mw_started", "M per MW IT", "Each MW started more or less.", 0.5),
        _cost("cost_per_mw_signed", "M per MW grid", "Each MW signed more or less.", 0.05),
        Column(
            name="last_period",
            kind=Kind.TEXT,
            meaning="Last period that is compared, such as the last one that the approved plan covers.",
            blank=None,
            blank_means="the last period",
            refers_to="Periods.period",
        ),
    ),
)

DEPARTURES = TableSpec(
    name="Departures",
    meaning="Each action that is approved or planned, and how far the plan departs; a move stands twice.",
    key=("action", "subject", "period"),
    columns=(
        Column(name="action", kind=Kind.TEXT, meaning="What to do."),
        Column(name="subject", kind=Kind.TEXT, meaning="Site or contract."),
        Column(name="period", kind=Kind.TEXT, meaning="Period of the action."),
        Column(name="approved", kind=Kind.NUMBER, meaning="What the approved plan says: sites or MW."),
        Column(name="planned", kind=Kind.NUMBER, meaning="What this plan says."),
        Column(name="departed", kind=Kind.NUMBER, meaning="The difference, which is charged for."),
        Column(name="unit", kind=Kind.TEXT, meaning="Unit of the three."),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Parameters:
    """Every key that is charged for, with what is approved; and the charge of each."""

    rows: pd.DataFrame
    charges: pd.DataFrame


def costs(data: Dataset) -> pd.Series:
    """Cost of a departure by action, M per site or MW; nought without the sheet."""
    sheet = data["DepartureCosts"]
    named = pd.Series(COST_COLUMNS)
    return named.map(sheet.iloc[0]).astype(float) if len(sheet) else named.map(lambda _: 0.0)


def last_position(data: Dataset) -> int:
    """Position of the last period that is compared."""
    sheet, cal = data["DepartureCosts"], calendar(data)
    last = sheet["last_period"].iloc[0] if len(sheet) else None
    return len(cal) - 1 if pd.isna(last) else int(cal["position"][last])


def horizon(data: Dataset) -> tuple[pd.Timestamp, pd.Timestamp]:
    """First day of the first period, and the day after the last one."""
    cal = calendar(data)
    after = cal["date"].iloc[-1] + pd.DateOffset(months=int(cal["months"].iloc[-1]))
    return cal["date"].iloc[0], after


@remembered
def held_actions(data: Dataset) -> pd.DataFrame:
    """Approved actions that are compared: KEYS and approved, 1 for a site or MW."""
    rows, (first, after) = data["ApprovedActions"], horizon(data)
    position = rows["period"].map(calendar(data)["position"])
    is_open = rows["subject"].map(active_sites(data)["is_open"]).eq(True)
    held = rows["action"].isin(COST_COLUMNS) & (position <= last_position(data))
    held &= rows["date"].isna() | rows["date"].between(first, after, inclusive="left")
    held &= ~(is_open & (rows["action"] == COMMIT))
    approved = rows["mw"].astype(float).where(rows["action"] != COMMIT, 1.0)
    return rows[KEYS].assign(approved=approved)[held & (approved > 0)].reset_index(drop=True)


def possible_decisions(data: Dataset) -> pd.DataFrame:
    """Every commitment, start and signing that this model may decide on."""
    starts = possible_starts(data)
    commits = useful_commitments(data)
    offers = signings(data)[["contract", "signed"]].drop_duplicates()
    parts = (
        commits.assign(action=COMMIT, subject=commits["site"]),
        starts.assign(action=START, subject=starts["site"]),
        offers.assign(action=SIGN, subject=offers["contract"], period=offers["signed"]),
    )
    return pd.concat([part[KEYS] for part in parts], ignore_index=True)


def parameters(data: Dataset) -> Parameters:
    """All numbers of the family from the dataset."""
    cal, price = calendar(data), costs(data)
    compared = len(data["ApprovedActions"]) > 0 and bool((price > 0).any())
    decisions = possible_decisions(data) if compared else pd.DataFrame(columns=KEYS, dtype=object)
    rows = decisions.merge(held_actions(data), on=KEYS, how="outer", indicator="decided")
    rows = rows.assign(
        approved=rows["approved"].fillna(0.0),
        decided=rows["decided"] != "right_only",
        cash=rows["action"].map(price).astype(float),
        begin=rows["period"].map(cal["begin"]).astype(float),
    )
    within = rows["period"].map(cal["position"]).astype(float) <= last_position(data)
    rows = rows[within & (rows["cash"] > 0)].reset_index(drop=True)
    value = rows["cash"] * discount(data.one("Settings").discount_rate, rows["begin"])
    charges = rows[[*KEYS, "cash"]].assign(
        site=rows["subject"].where(rows["action"] != SIGN, None),
        present_value=value,
        first_month=rows["begin"],
        last_month=rows["begin"],
    )
    return Parameters(rows, charges)


def declare(m: Any, p: Parameters, ledgers: Ledgers) -> None:
    """What departs, key by key, and its cost."""
    rows, commits = p.rows, p.rows["action"] == COMMIT
    approved = rows["approved"] > 0
    m.DEPARTURES = index_set(rows[KEYS])
    # An approved commitment departs by 1 - c, one that is not by c; what cannot be done, for sure.
    anyway = rows["approved"].where(commits | ~rows["decided"], 0.0)
    m.departs_anyway = parameter(m.DEPARTURES, anyway.set_axis(_index(rows)))
    sign = pd.Series(np.where(approved, -1.0, 1.0), _index(rows))
    m.departs_if_committed = parameter(m.DEPARTURES, sign)
    m.COMMITS_COMPARED = _members(m, rows[commits & rows["decided"]])
    m.STARTS_ADDED = _members(m, rows[(rows["action"] == START) & ~approved])
    m.SIGNINGS_ADDED = _members(m, rows[(rows["action"] == SIGN) & ~approved])
    held = rows[approved & rows["decided"] & ~commits]
    m.APPROVED_MW = index_set(held[KEYS])
    m.approved_mw = parameter(m.APPROVED_MW, held["approved"].set_axis(_index(held)))
    m.departed_mw = pyo.Var(m.APPROVED_MW, domain=pyo.NonNegativeReals)
    m.APPROVED_HERE = indexed_set(m.DEPARTURES, held, KEYS, KEYS)

    def departed(m: Any, *key: Any) -> Any:
        committing = sum(
            m.committed[i, c] - sum(m.committed[i, r] for r in m.COMMIT_BEFORE[i, c])
            for i, c in m.COMMITS_COMPARED[key]
        )
        return (
            m.departs_anyway[key]
            + m.departs_if_committed[key] * committing
            + sum(m.departed_mw[a, i, q] for a, i, q in m.APPROVED_HERE[key])
            + sum(m.starting_mw[i, s] for i, s in m.STARTS_ADDED[key])
            + sum(m.procured[c, s] for c, s in m.SIGNINGS_ADDED[key])
        )

    for action, item in ITEMS.items():
        charges = p.charges[p.charges["action"] == action]
        reads = ("starting_mw",)
        post_cost(m, ledgers, item, charges, KEYS, departed, kind=PENALTY, reads=reads)


def _index(rows: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(rows[KEYS])


def _members(m: Any, rows: pd.DataFrame) -> Any:
    """For each key the site or contract and period that it is about: at most one."""
    return indexed_set(m.DEPARTURES, rows, KEYS, ["subject", "period"])


def constrain(m: Any, p: Parameters) -> None:
    """A departure is at least the difference, from either side."""
    held = frame_of(m.APPROVED_MW, KEYS)
    sides = held.merge(pd.DataFrame({"side": ["above", "below"]}), how="cross")
    m.APPROVED_SIDES = index_set(sides[[*KEYS, "side"]])
    sign = sides["side"].map({"above": 1.0, "below": -1.0})
    sign.index = pd.MultiIndex.from_frame(sides[[*KEYS, "side"]])
    m.departure_side = parameter(m.APPROVED_SIDES, sign)
    pairs = (KEYS, ["subject", "period"])
    m.STARTS_APPROVED = indexed_set(m.APPROVED_MW, held[held["action"] == START], *pairs)
    m.SIGNINGS_APPROVED = indexed_set(m.APPROVED_MW, held[held["action"] == SIGN], *pairs)
    m.departure_counted = pyo.Constraint(
        m.APPROVED_SIDES,
        rule=lambda m, a, i, q, side: (
            m.departure_side[a, i, q, side]
            * (
                sum(m.starting_mw[j, s] for j, s in m.STARTS_APPROVED[a, i, q])
                + sum(m.procured[c, s] for c, s in m.SIGNINGS_APPROVED[a, i, q])
                - m.approved_mw[a, i, q]
            )
            <= m.departed_mw[a, i, q]
        ),
    )


def check(data: Dataset) -> Iterator[Problem]:
    """Approved actions are of this workbook, and what is not compared is said."""
    rows, priced = data["ApprovedActions"], bool((costs(data) > 0).any())
    if bool(len(rows)) != priced and data.sound("ApprovedActions") and data.sound("DepartureCosts"):
        yield data.problem(
            "DepartureCosts",
            None,
            "cost_per_site",
            "departures cost something once there are both an approved plan and a price",
            "Nothing need be done; --approved names a plan, and DepartureCosts sets the prices.",
            "departures-free",
            found="prices without an approved plan"
            if priced
            else "an approved plan without prices",
            severity=Severity.NOTICE,
        )
    if len(rows) == 0 or not data.sound("Periods") or calendar(data).empty:
        return
    first, after = horizon(data)
    known, past, beyond = (
        rows["action"].isin(COST_COLUMNS) | rows["action"].isna(),
        rows["date"] < first,
        rows["date"] >= after,
    )
    for group, must, action in (
        (
            rows[~known],
            "only commitments, starts and signings are compared",
            "Nothing need be done.",
        ),
        (
            rows[known & past],
            "what was to be done before the first period is not compared",
            "What was done of it must be in Sites and SignedContracts.",
        ),
        (
            rows[known & beyond],
            "what is to be done after the last period is not compared",
            "Nothing need be done, or plan further ahead.",
        ),
    ):
        yield from _not_compared(data, group, must, action)
    actions = {alike(action): action for action in COST_COLUMNS}
    for row, action in rows.loc[~known, "action"].items():
        if alike(action) in actions:
            yield data.problem(
                "ApprovedActions",
                row,
                "action",
                "an action must be spelled as a plan spells it, or it would not be compared",
                f"Write {actions[alike(action)]!r}.",
                "approved-action",
            )
    for row, at in rows[known & ~past & ~beyond].dropna(subset=["action"]).iterrows():
        yield from _check_action(data, row, at)
    yield from _check_possible(data)


def _check_possible(data: Dataset) -> Iterator[Problem]:
    """Approved actions that could serve no whole period, which have no variable, are told."""
    dated = data.sound("Settings", "base_date", "life_years")
    if not (dated and data.sound("DepartureCosts", "last_period")):
        return
    rows = data.known("ApprovedActions", *(column.name for column in APPROVED_ACTIONS.columns))
    known = {
        *data.known("Sites", *SERVICE_COLUMNS)["site"],
        *data.known("Contracts", "contract", *TERM)["contract"],
    }
    rows = rows[rows["subject"].isin(known)].rename_axis("row").reset_index()
    held = rows.merge(held_actions(data)[KEYS], on=KEYS)
    possible = possible_decisions(data).drop_duplicates()
    found = held.merge(possible, on=KEYS, how="left", indicator="found")
    gone = found[found["found"] == "left_only"].set_index("row")
    yield from _not_compared(
        data,
        gone,
        "an approved action that can serve no whole period within the horizon is departed from",
        "Nothing need be done, or change its leads, term, life or room.",
    )


def _not_compared(data: Dataset, rows: pd.DataFrame, must: str, action: str) -> Iterator[Problem]:
    """One notice for all rows of a kind, at the first of them."""
    rows = rows.dropna(subset=["action"])
    if rows.empty:
        return
    words = ", ".join(sorted(set(rows["action"])))
    count = f"{len(rows)} rows" if len(rows) > 1 else "1 row"
    yield data.problem(
        "ApprovedActions",
        rows.index[0],
        "action",
        must,
        action,
        "not-compared",
        found=f"{count} from here on: {words}",
        severity=Severity.NOTICE,
    )


def _check_action(data: Dataset, row: Any, at: pd.Series) -> Iterator[Problem]:
    """An approved action within the horizon names a period, a subject and an amount that exist."""
    dates = calendar(data)["date"]
    if pd.notna(at["period"]) and at["period"] not in dates.index:
        begun = dates.index[dates == at["date"]]
        guess = begun[0] if len(begun) else suggest(at["period"], dates.index)
        yield data.problem(
            "ApprovedActions",
            row,
            "period",
            "period must be on sheet Periods, or its date before or after all of them",
            f"Did you mean {guess!r}?" if guess else "Correct the name, or give its date.",
            "approved-period",
            reads=("date",),
        )
    elif pd.notna(at["period"]) and pd.notna(at["date"]) and not _within(data, at):
        starts = dates[at["period"]].date()
        yield data.problem(
            "ApprovedActions",
            row,
            "date",
            f"the date must lie in {at['period']!r} of sheet Periods, which starts on {starts}",
            "Give the period the name that it had in the approved plan, or correct the date.",
            "approved-date",
            reads=("period",),
        )
    if pd.isna(at["mw"]) != (at["action"] == COMMIT):
        yield data.problem(
            "ApprovedActions",
            row,
            "mw",
            "mw must be filled in for a start or signing, and blank for a commitment",
            "Correct the action or the MW.",
            "approved-mw",
            reads=("action",),
        )
    yield from _check_subject(data, row, at)


def _within(data: Dataset, at: pd.Series) -> bool:
    """Whether the date of an approved action lies in its period."""
    when = calendar(data).loc[at["period"]]
    after = when["date"] + pd.DateOffset(months=int(when["months"]))
    return bool(when["date"] <= at["date"] < after)


def _check_subject(data: Dataset, row: Any, at: pd.Series) -> Iterator[Problem]:
    sheet, column = ("Contracts", "contract") if at["action"] == SIGN else ("Sites", "site")
    if pd.isna(at["subject"]):
        return
    known = data[sheet].dropna(subset=[column]).drop_duplicates(column).set_index(column)
    if at["subject"] not in known.index:
        if data.might_hold(sheet, **{column: at["subject"]}):
            return
        guess = suggest(at["subject"], known.index)
        yield data.problem(
            "ApprovedActions",
            row,
            "subject",
            f"the subject must be on sheet {sheet}, column {column}",
            f"Did you mean {guess!r}?"
            if guess
            else f"Add it to {sheet}, though it may be out of use there, or correct the name.",
            "approved-subject",
            reads=("action",),
        )
    elif at["action"] == COMMIT and known.at[at["subject"], "status"] in OPEN:
        yield data.problem(
            "ApprovedActions",
            row,
            "subject",
            "a site that is open is committed already, so this is not compared",
            "Nothing need be done.",
            "not-compared",
            severity=Severity.NOTICE,
        )


def tables(data: Dataset, values: Values) -> dict[str, pd.DataFrame]:
    """What is approved, planned and departed from."""
    if data["ApprovedActions"].empty:
        return {}
    keys = ["subject", "period"]
    commits = values.variable("committed", keys)
    commits["value"] -= commits.groupby("subject")["value"].shift(1, fill_value=0.0)
    parts = (
        commits.assign(action=COMMIT, value=commits["value"].round()),
        values.ledger("starting_mw").rename(columns={"site": "subject"}).assign(action=START),
        values.variable("procured", keys).assign(action=SIGN),
    )
    planned = pd.concat(parts).rename(columns={"value": "planned"})
    position = calendar(data)["position"]
    planned = planned[planned["planned"] > 0]
    planned = planned[planned["period"].map(position) <= last_position(data)]
    frame = planned.merge(held_actions(data), on=KEYS, how="outer")
    frame = frame.fillna({"planned": 0.0, "approved": 0.0})
    charged = values.variable("departed_mw", KEYS)
    frame = frame.merge(charged, on=KEYS, how="left")
    plain = (frame["planned"] - frame["approved"]).abs()
    frame = frame.assign(
        departed=frame["value"].astype(float).fillna(plain),
        unit=frame["action"].map(UNITS),
        position=frame["period"].map(position),
    ).sort_values(["position", "action", "subject"], ignore_index=True)
    return {
        "Departures": frame[[column.name for column in DEPARTURES.columns]],
        "Summary": figures(frame),
    }


def figures(departures: pd.DataFrame) -> pd.DataFrame:
    """Rows of the summary: how many actions depart."""
    departed = int((departures["departed"] > 1e-6).sum())
    rows = [("departures from the approved plan", departed, "actions")]
    return pd.DataFrame(rows, columns=["figure", "value", "unit"])


def compared_again(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Approved and planned, walked row by row through ApprovedActions, Build and Procurement."""
    if data["ApprovedActions"].empty:
        return pd.DataFrame(columns=[*KEYS, "approved", "planned"])
    cal, settings = calendar(data), data["DepartureCosts"].to_dict("records")
    last = settings[0]["last_period"] if settings else None
    names = set(cal.index if pd.isna(last) else cal.loc[:last].index)
    approved, planned = _approved_again(data), _planned_again(data, tables)
    rows = [
        (*key, approved.get(key, 0.0), planned.get(key, 0.0))
        for key in dict.fromkeys([*approved, *planned])
        if key[2] in names
    ]
    return pd.DataFrame(rows, columns=[*KEYS, "approved", "planned"])


_Amounts = dict[tuple[str, str, str], float]


def _approved_again(data: Dataset) -> _Amounts:
    """What is approved and compared, by key: sites or MW above nought."""
    cal, status = calendar(data), data["Sites"].set_index("site")["status"]
    after = cal["date"].iloc[-1] + pd.DateOffset(months=int(cal["months"].iloc[-1]))
    found: _Amounts = {}
    for at in data["ApprovedActions"].to_dict("records"):
        gone = pd.notna(at["date"]) and not cal["date"].iloc[0] <= at["date"] < after
        if gone or at["action"] not in COST_COLUMNS:
            continue
        if at["action"] == COMMIT and status[at["subject"]] in OPEN:
            continue
        amount = 1.0 if at["action"] == COMMIT else at["mw"]
        if amount > 0:
            found[at["action"], at["subject"], at["period"]] = amount
    return found


def _planned_again(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> _Amounts:
    """What the plan does, by key: sites or MW above nought."""
    status = data["Sites"].set_index("site")["status"]
    found: _Amounts = {}
    for site, own in tables["Build"].groupby("site", sort=False):
        held = status[site] in OPEN
        for at in own.to_dict("records"):
            found[COMMIT, str(site), at["period"]] = float(bool(at["committed"]) and not held)
            found[START, str(site), at["period"]] = at["started_mw"]
            held = bool(at["committed"])
    for at in tables["Procurement"].to_dict("records"):
        found[SIGN, at["contract"], at["period"]] = at["signed_mw"]
    return {key: amount for key, amount in found.items() if amount > 0}


def audit(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """No departure is counted as less than the difference; one that is left out counts nought."""
    again = compared_again(data, tables)
    counted = tables["Departures"].set_index(KEYS)["departed"].to_dict()
    allowed = [float(counted.get(key, 0.0)) for key in again[KEYS].itertuples(index=False)]
    used = (again["planned"].astype(float) - again["approved"].astype(float)).abs()
    return {"departure_counted": again[KEYS].assign(used=used, allowed=allowed)}


def recompute(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Approved and planned again, and the cost of each departure in plain arithmetic."""
    if data["ApprovedActions"].empty:
        return {}
    departures, rate = tables["Departures"], data.one("Settings").discount_rate
    begins = calendar(data)["begin"].to_dict()
    prices = next(iter(data["DepartureCosts"].to_dict("records")), {})
    rows = []
    for at in departures.to_dict("records"):
        begin = begins[at["period"]]
        cash = prices.get(COST_COLUMNS[at["action"]], 0.0) * at["departed"]
        rows.append(
            {
                "item": ITEMS[at["action"]],
                "kind": PENALTY,
                "subject": at["subject"],
                "site": None if at["action"] == SIGN else at["subject"],
                "period": at["period"],
                "cash": cash,
                "present_value": cash / (1 + rate) ** (begin / 12),
                "first_month": begin,
                "last_month": begin,
            }
        )
    again = compared_again(data, tables)
    return {
        "Departures": again.assign(unit=again["action"].map(UNITS)),
        "Cost": charge_rows("departures", pd.DataFrame(rows)),
        "Summary": figures(departures),
    }


FAMILY = Family(
    name="departures",
    title="Departures from the approved plan",
    order=95,
    sheets=(APPROVED_ACTIONS, DEPARTURE_COSTS),
    idle_without=("ApprovedActions",),
    costs=(
        CostTerm(
            item="departed_sites",
            kind=PENALTY,
            formula="sum over approved or planned commitments k, cost_per_site departed[k]",
            paid="on the first day of the period",
            escalation="no",
        ),
        CostTerm(
            item="departed_starts",
            kind=PENALTY,
            formula="sum over approved or planned starts k, cost_per_mw_started departed[k]",
            paid="on the first day of the period",
            escalation="no",
        ),
        CostTerm(
            item="departed_signings",
            kind=PENALTY,
            formula="sum over approved or planned signings k, cost_per_mw_signed departed[k]",
            paid="on the first day of the period",
            escalation="no",
        ),
    ),
    limits=(
        Limit(
            name="departure_counted",
            over=(
                "action",
                "subject",
                "period",
            ),
            cells=("ApprovedActions.mw", "DepartureCosts.last_period"),
            conflict="departing from {action} {subject} in {period} is counted",
            unit="sites or MW",
            sense="<=",
            sentence="{action}, {subject}: {period} departs from the approved plan by {used}",
            marginal="none: a departure has its price",
            formula="departed[k] >= |planned[k] - approved[k]|",
        ),
    ),
    outputs=(DEPARTURES,),
    codes={
        "departures-free": "an approved plan without prices, or prices without one (notice)",
        "not-compared": "an approved action that the plan is not held to (notice)",
        "approved-action": "an approved action spelled almost as a plan spells it",
        "approved-period": "an approved action in a period that is not there",
        "approved-date": "an approved action whose date is not that of its period",
        "approved-mw": "an approved start or signing without MW, or a commitment with them",
        "approved-subject": "an approved action of a site or contract that is not there",
    },
    check=check,
    parameters=parameters,
    declare=declare,
    constrain=constrain,
    tables=tables,
    audit=audit,
    recompute=recompute,
)
