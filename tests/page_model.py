"""A second model, written from docs/reference/formulation.md alone, as one mixed integer program for scipy.

It knows sites in blocks, capital, demand, placement and power contracts. Nothing is shared with the
model: a start is a variable of its commitment and its period, costs are numerical integrals.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from scipy.integrate import quad
from scipy.optimize import Bounds, LinearConstraint, milp

from tests.books import Book

Row = dict[str, Any]
TINY = 1e-9


class _Program:
    """Columns and rows as they come."""

    def __init__(self) -> None:
        self.cost: list[float] = []
        self.upper: list[float] = []
        self.whole: list[int] = []
        self.rows: list[tuple[dict[int, float], float, float]] = []

    def column(self, cost: float = 0.0, upper: float = math.inf, whole: bool = False) -> int:
        self.cost.append(cost)
        self.upper.append(upper)
        self.whole.append(int(whole))
        return len(self.cost) - 1

    def row(
        self, terms: dict[int, float], lower: float = -math.inf, upper: float = math.inf
    ) -> None:
        self.rows.append((terms, lower, upper))

    def least_cost(self) -> float:
        """Least cost; infinite where there is no plan."""
        matrix = sp.lil_array((len(self.rows), len(self.cost)))
        for k, (terms, _, _) in enumerate(self.rows):
            for column, value in terms.items():
                matrix[k, column] = value
        lower, upper = ([row[side] for row in self.rows] for side in (1, 2))
        found = milp(
            self.cost,
            integrality=self.whole,
            bounds=Bounds(0, self.upper),
            constraints=LinearConstraint(matrix.tocsc(), lower, upper),
            options={"mip_rel_gap": 0},
        )
        assert found.status in (0, 2), found.message
        return float(found.fun) if found.status == 0 else math.inf


def least_cost(made: Book) -> float:
    """Least cost of a workbook of the sheets that this model knows; infinite without a plan."""
    program, settings = _Program(), made["Settings"][0]
    time, begin = [], 0
    for row in made["Periods"]:
        time.append({**row, "begin": begin, "end": begin + row["months"]})
        begin += row["months"]
    online = {row["site"]: _site(program, settings, row, time) for row in made["Sites"]}
    _place(program, made, time, online)
    _contract(program, made, time, online)
    fixed = sum(constant for _, constant in online.values())
    return program.least_cost() + fixed


Online = list[tuple[dict[int, float], float]]


def _site(program: _Program, settings: Row, site: Row, time: list[Row]) -> tuple[Online, float]:
    """Terms and constant of the MW in service in each period, and the cost of what is there."""
    is_open, blocks = site["status"] != "candidate", int(site["max_mw"] // site["block_mw"])
    retired, life = site["end_of_life"] == "retired", site["life_years"]
    lead, permit = site["block_lead_months"], 0 if is_open else site["site_lead_months"]
    stands = life if retired else math.inf
    commits: list[tuple[int | None, float]] = [(None, -math.inf)]
    if not is_open:
        commits = []
        for q in time:
            since = _online(time, q["begin"] + permit + lead)
            cost = _capital(
                settings, site, time, site["site_cost"], q["begin"], permit, since, stands
            )
            cost += sum(_yearly(settings, p, site["fixed_cost_per_year"]) for p in time if p["begin"] >= q["begin"])  # fmt: skip
            commits.append((program.column(cost, 1, whole=True), q["begin"]))
        program.row({column: 1.0 for column, _ in commits if column is not None}, upper=1)
    served, gone = [defaultdict(float) for _ in time], [defaultdict(float) for _ in time]
    every: dict[int, float] = {}
    for column, since in commits:
        own: dict[int, float] = {}
        for q in time:
            day = max(q["begin"], since + permit)
            start = _online(time, day + lead)
            whole = [p["begin"] >= start and p["end"] <= start + 12 * stands + TINY for p in time]
            if since > q["begin"] or day >= q["end"] or not any(whole):
                continue
            price = _capital(
                settings, site, time, site["build_cost_per_mw"], day, lead, start, stands
            )
            count = program.column(price * site["block_mw"], blocks, whole=True)
            own[count] = 1.0
            for k, p in enumerate(time):
                if p["begin"] >= start:
                    (served if whole[k] else gone)[k][count] += site["block_mw"]
        every |= own
        if column is not None and own:
            program.row({**own, column: -float(blocks)}, upper=0)
    if every:
        program.row(every, upper=blocks)
    result: Online = []
    before: dict[int, float] = {}
    for k, p in enumerate(time):
        energised = program.column(_yearly(settings, p, site["cost_per_mw_year"]))
        program.row({energised: 1.0, **{c: -v for c, v in served[k].items()}}, upper=0)
        # What is in service stays so until it is retired.
        kept = {energised: 1.0, **gone[k]}
        if before:
            both = defaultdict(float, kept)
            for column_, value in before.items():
                both[column_] -= value
            program.row(dict(both), lower=0)
        before = kept
        result.append(({energised: 1.0}, site["existing_mw"]))
    constant = sum(
        _yearly(settings, p, site["cost_per_mw_year"]) * site["existing_mw"]
        + is_open * _yearly(settings, p, site["fixed_cost_per_year"])
        for p in time
    )
    return result, constant


def _place(program: _Program, made: Book, time: list[Row], online: dict[str, Any]) -> None:
    """Demand is served within latency and capacity, reserve included, or unmet at its penalty."""
    settings, workload = made["Settings"][0], made["Workloads"][0]
    used: dict[tuple[str, str], dict[int, float]] = defaultdict(dict)
    periods = {p["period"]: p for p in time}
    for row in made["Demand"]:
        p = periods[row["period"]]
        # A penalty does not escalate.
        per_mw = _yearly(
            {**settings, "running_cost_escalation": 0}, p, workload["unmet_penalty_per_mw_year"]
        )
        met = {program.column(per_mw): 1.0}
        for arc in made["Network"]:
            if arc["region"] == row["region"] and arc["latency_ms"] <= workload["max_latency_ms"]:
                served = program.column(_yearly(settings, p, arc["cost_per_mw_year"]))
                met[served] = 1.0
                used[arc["site"], p["period"]][served] = 1 + workload["reserve_share"]
        program.row(met, row["it_mw"], row["it_mw"])
    for (site, period), terms in used.items():
        there, standing = online[site][0][[p["period"] for p in time].index(period)]
        program.row({**terms, **{c: -v for c, v in there.items()}}, upper=standing)


def _contract(program: _Program, made: Book, time: list[Row], online: dict[str, Any]) -> None:
    """One capacity contract covers the peak of all sites in each period."""
    (at,), settings = made["Contracts"], made["Settings"][0]
    fees = {**settings, "running_cost_escalation": at["fee_escalation"]}
    base = pd.Timestamp(settings["base_date"])
    active: list[dict[int, float]] = [{} for _ in time]
    for q in time:
        term = [
            q["begin"] + at["lead_months"] <= p["begin"]
            and p["end"] <= q["begin"] + at["lead_months"] + at["term_months"]
            for p in time
        ]
        if any(term):
            cost = sum(_yearly(fees, p, at["fixed_fee_per_mw_year"]) for p, on in zip(time, term, strict=True) if on)  # fmt: skip
            signed = program.column(cost, at["max_mw"])
            for k, on in enumerate(term):
                if on:
                    active[k][signed] = 1.0
    for k, p in enumerate(time):
        after = base + pd.DateOffset(months=p["end"])
        held = sum(
            row["signed_mw"]
            for row in made["SignedContracts"]
            if after <= pd.Timestamp(row["expiry"]) + pd.Timedelta(days=1)
        )
        # Its fee is due for what was signed before as well.
        constant = program.column(_yearly(fees, p, at["fixed_fee_per_mw_year"]) * held, 1)
        program.row({constant: 1.0}, lower=1)
        program.row(active[k], upper=at["max_mw"] - held)
        peak: dict[int, float] = {c: -v for c, v in active[k].items()}
        limit = held
        for site in made["Sites"]:
            terms, standing = online[site["site"]][0][k]
            limit -= site["pue"] * standing
            peak |= {c: site["pue"] * v for c, v in terms.items()}
        program.row(peak, upper=limit)


def _online(time: list[Row], ready: float) -> float:
    return next((p["begin"] for p in time if p["begin"] >= ready - TINY), math.inf)


def _yearly(settings: Row, p: Row, amount: float) -> float:
    """Present value of what is paid evenly over a period and escalates from the base date."""
    ratio = (1 + settings["running_cost_escalation"]) / (1 + settings["discount_rate"])
    return amount * float(quad(lambda t: ratio**t, p["begin"] / 12, p["end"] / 12)[0])


def _capital(
    settings: Row, site: Row, time: list[Row], amount: float,
    begin: float, lead: float, online: float, stands: float,
) -> float:  # fmt: skip
    """Present value of a purchase, its renewals, and the credit of the last at the horizon's end."""
    rate, life, end = settings["discount_rate"], site["life_years"], time[-1]["end"]
    if math.isinf(online):
        return amount * 1e6
    total, credit, k = 0.0, 0.0, 0
    while online + 12 * life * k < end - TINY and life * k < stands - TINY:
        since = begin + 12 * life * k
        first = since + (lead if site["spend_profile"] == "at_end" else 0)
        last = since + (0 if site["spend_profile"] == "at_start" else lead)
        cash = amount * (1 + settings["build_cost_escalation"]) ** (since / 12)
        if last > first:
            mean = quad(lambda t: (1 + rate) ** -t, first / 12, last / 12)[0] * 12 / (last - first)
        else:
            mean = (1 + rate) ** (-first / 12)
        value, served = cash * mean, online + 12 * life * k
        total += value
        left = max(life - (end - served) / 12, 0)
        share = (1 - (1 + rate) ** -left) / (1 - (1 + rate) ** -life) if rate else left / life
        credit = value * (1 + rate) ** ((served - end) / 12) * share
        k += 1
    return total - (credit if settings["residual_value"] == "yes" else 0.0)


def random_book(draw: Any, made: Book) -> Book:
    """Fill a base workbook with small random rows of the sheets that this model knows."""
    lengths = [draw.choice([12, 12, 24]) for _ in range(3)]
    starts = pd.to_datetime("2027-01-01") + pd.Series([0, *np.cumsum(lengths)[:-1]]).map(
        lambda months: pd.DateOffset(months=int(months))
    )
    names = ["P1", "P2", "P3"]
    pick = draw.choice
    made["Settings"][0] |= {
        "discount_rate": pick([0, 0.08]), "residual_value": pick(["yes", "no"]),
        "build_cost_escalation": pick([0, 0.03]), "running_cost_escalation": pick([0, 0.02]),
    }  # fmt: skip
    made["Periods"] = [
        {"period": name, "start": start.date().isoformat(), "months": months}
        for name, start, months in zip(names, starts, lengths, strict=True)
    ]
    made["Sites"] = [
        {"site": site, "status": status, "grid_zone": "Z", "existing_mw": 10 * (status == "existing"),
         "max_mw": 50, "block_mw": pick([15, 20]), "site_lead_months": pick([0, 12]),
         "block_lead_months": pick([0, 6, 12]), "site_cost": pick([0, 20, 40]),
         "build_cost_per_mw": pick([5, 8]), "spend_profile": pick(["even", "at_start", "at_end"]),
         "life_years": pick([1, 1.5, 2, 4]), "end_of_life": pick(["renewed", "retired"]),
         "fixed_cost_per_year": pick([0, 2]), "cost_per_mw_year": pick([0, 0.5]), "pue": pick([1, 1.25])}
        for site, status in (("A", "candidate"), ("B", pick(["candidate", "existing"])))
    ]  # fmt: skip
    made["Sites"][1]["max_mw"] += made["Sites"][1]["existing_mw"]
    made["Workloads"] = [
        {"workload": "load", "reserve_share": pick([0, 0.1]), "max_latency_ms": 50,
         "unmet_penalty_per_mw_year": pick([6, 12, 20])}
    ]  # fmt: skip
    made["Demand"] = [
        {"workload": "load", "region": r, "period": p, "it_mw": pick([0, 10, 20])}
        for r in "RS"
        for p in names
    ]
    made["Network"] = [
        {"site": site, "region": r, "latency_ms": 60 if (site, r) == ("B", "S") else 20,
         "cost_per_mw_year": pick([0, 0.5])}
        for site in "AB"
        for r in "RS"
    ]  # fmt: skip
    made["Contracts"] = [
        {"contract": "C", "zone": "Z", "kind": "capacity", "max_mw": 100, "lead_months": pick([0, 12]),
         "term_months": pick([24, 30, 48]), "fixed_fee_per_mw_year": pick([0.1, 1]),
         "fee_escalation": pick([0, 0.05])}
    ]  # fmt: skip
    made["SignedContracts"] = [
        {
            "contract": "C",
            "signed_mw": 30,
            "expiry": pick(["2027-12-31", "2028-06-30", "2029-01-01"]),
        },
        {"contract": "C", "signed_mw": 20, "expiry": "2040-06-30"},
    ]
    return made
