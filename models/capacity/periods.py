"""Periods and money: the calendar, the discounting, and the objective.

In words
    Decisions fall on a period's first day; building begins on a day of its own (sites). Running costs are paid evenly over their period, escalate
    and are discounted from instant to instant, so that the same world cut into other periods costs
    the same; capital is discounted along its spend profile. The plan of least present value wins.
Data
    Settings, Periods, Currencies; Sources is carried into the plan and otherwise unused.
Time
    A date is so many months from the base date: whole months to the same day of a later month, and
    days over 30.4375 for part of one, counted from the first day of the period that holds it. A
    period has months / 12 years and 8.76 thousand hours a year. A sum paid t months after the base
    date is worth ``(1+r)^(-t/12)`` of itself, r the discount_rate; one that escalates by g has grown
    by ``(1+g)^(t/12)``. A sum that is paid evenly over a span is discounted by the integral of that
    over the span, divided by its length. What has a last day counts to the end of it, and what ends
    inside a period serves only the periods before.
Decides
    Nothing.
Reads and posts
    Owns the ``cost`` ledger and minimises it. Cash, residual value, penalties and expected loss are
    kept apart.
Source
    Net present value with continuous cash flows (e.g. Park and Sharp-Bette, Advanced Engineering
    Economics, 1990): at a discount rate r and a growth g, what costs a a year at the base date costs
    ``a * integral of ((1+g)/(1+r))^t dt`` over its period, t in years from the base date, and
    ``a * integral of (1+g)^t dt`` in cash.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyomo.environ as pyo

from optalloc.dataset import Dataset
from optalloc.errors import Problem
from optalloc.exhibits import Bridge, Listing, Report
from optalloc.family import Chart, Family, Ledger, TableSpec
from optalloc.program import Ledgers, index_set, indexed_set, parameter
from optalloc.schema import FREE_TEXT, Column, Kind, Sheet
from optalloc.values import Values

from . import _plausible
from ._calendar import TINY_MONTHS, calendar, months_between
from ._capital import CAPITAL_ITEMS
from ._currencies import CODES as CURRENCY_CODES
from ._currencies import currency_notices
from ._currencies import worth as worth_in_dollars
from ._money import ACCOUNTS, CASH, COST_KEYS, account_of, gathered, mean_factor
from ._succession import breaks

SETTINGS = Sheet(
    name="Settings",
    meaning="One value a row: the workbook's name, money and solver defaults.",
    vertical=True,
    required=True,
    columns=(
        Column(
            name="name",
            kind=Kind.TEXT,
            names=FREE_TEXT,
            meaning="Name of the case, shown on every output.",
            example="Two sites",
        ),
        Column(
            name="currency",
            kind=Kind.TEXT,
            names="currency",
            meaning="Currency of all money in the workbook.",
            example="USD",
        ),
        Column(
            name="base_date",
            kind=Kind.DATE,
            meaning="Date to which all money is discounted and from which it escalates; not after the first period.",
            example="2027-01-01",
        ),
        Column(
            name="discount_rate",
            kind=Kind.NUMBER,
            unit="per year",
            meaning="Real or nominal rate, to match the prices; 0.08 is 8 %.",
            plausible=_plausible.DISCOUNT_RATE,
            at_least=0,
            at_most=1,
            example=0.08,
        ),
        Column(
            name="build_cost_escalation",
            kind=Kind.NUMBER,
            unit="per year",
            meaning="Yearly growth of site and build costs from the base date.",
            plausible=_plausible.ESCALATION,
            blank=0.0,
            above=-1,
            at_most=1,
            example=0.03,
        ),
        Column(
            name="running_cost_escalation",
            kind=Kind.NUMBER,
            unit="per year",
            meaning="Yearly growth of fixed and per-MW running costs from the base date.",
            plausible=_plausible.ESCALATION,
            blank=0.0,
            above=-1,
            at_most=1,
            example=0.02,
        ),
        Column(
            name="life_years",
            kind=Kind.NUMBER,
            unit="years",
            meaning="Life of what is built: renewed where it ends within the horizon, credited where it lasts longer.",
            plausible=_plausible.LIFE_YEARS,
            blank=20.0,
            at_least=1,
            at_most=100,
            example=20,
        ),
        Column(
            name="residual_value",
            kind=Kind.FLAG,
            meaning="Whether capital that outlives the horizon is credited at its end.",
            blank=True,
            example="yes",
        ),
        Column(
            name="gap",
            kind=Kind.NUMBER,
            unit="share of cost",
            meaning="Proven relative gap at which the solver may stop.",
            plausible=_plausible.GAP,
            blank=0.0001,
            at_least=0,
            at_most=1,
            example=0.001,
        ),
        Column(
            name="time_limit_s",
            kind=Kind.NUMBER,
            unit="s",
            meaning="Seconds after which the solver gives the best plan so far.",
            blank=None,
            blank_means="no time limit",
            above=0,
            example=600,
        ),
        Column(
            name="threads",
            kind=Kind.INTEGER,
            meaning="Solver threads.",
            blank=None,
            blank_means="as many as the machine has",
            at_least=1,
            at_most=1024,
        ),
        Column(
            name="seed",
            kind=Kind.INTEGER,
            meaning="Random seed of the solver.",
            blank=0,
            at_least=0,
            at_most=2147483647,
        ),
    ),
)

PERIODS = Sheet(
    name="Periods",
    meaning="One period a row, in order of time; lengths may differ, without gap or overlap.",
    required=True,
    key=("period",),
    order="start",
    columns=(
        Column(
            name="period",
            kind=Kind.TEXT,
            names="period",
            meaning="Name of the period.",
            example="2027H1",
        ),
        Column(
            name="start",
            kind=Kind.DATE,
            meaning="First day of the period, on which its decisions fall.",
            example="2027-01-01",
        ),
        Column(
            name="months",
            kind=Kind.INTEGER,
            unit="months",
            meaning="Length of the period.",
            at_least=1,
            at_most=600,
            example=6,
        ),
    ),
)

CURRENCIES = Sheet(
    name="Currencies",
    meaning="Exchange rates; a row whose costs are in another currency names it in its currency column.",
    key=("currency",),
    columns=(
        Column(
            name="currency",
            kind=Kind.TEXT,
            names="currency",
            meaning="Currency code used in a currency column.",
            example="JPY",
        ),
        Column(
            name="per_workbook_currency",
            kind=Kind.NUMBER,
            unit="units per unit",
            meaning="Units of this currency that buy one unit of the workbook's currency.",
            above=0,
            example=150,
        ),
    ),
)

SOURCES = Sheet(
    name="Sources",
    meaning="Where figures come from; carried into the plan unchanged and never used in the model.",
    advisory=True,
    columns=(
        Column(
            name="subject",
            kind=Kind.TEXT,
            names=FREE_TEXT,
            meaning="Sheet, column or key that the source is about.",
            example="Sites.build_cost_per_mw",
        ),
        Column(
            name="source",
            kind=Kind.TEXT,
            names=FREE_TEXT,
            meaning="Publication, date and place in it; or the word assumption.",
            example="assumption",
        ),
        Column(
            name="note",
            kind=Kind.TEXT,
            names=FREE_TEXT,
            meaning="How the figure was derived.",
            blank=None,
            blank_means="no note",
        ),
    ),
)

ACTIONS = TableSpec(
    name="Actions",
    meaning="What to do and when, by date.",
    key=("date", "action", "subject"),
    columns=(
        Column(
            name="date",
            kind=Kind.DATE,
            meaning="Day to do it: the first of the period of the decision; of a start, the day on which building begins.",
        ),
        Column(name="period", kind=Kind.TEXT, meaning="Period of the decision."),
        Column(name="action", kind=Kind.TEXT, meaning="What to do."),
        Column(
            name="subject",
            kind=Kind.TEXT,
            meaning="Site, contract, lease, or equipment and supplier.",
        ),
        Column(
            name="mw",
            kind=Kind.NUMBER,
            unit="MW",
            meaning="IT MW of a start or lease, grid MW of a contract.",
        ),
        Column(
            name="units", kind=Kind.NUMBER, unit="units", meaning="Units of an order of equipment."
        ),
    ),
)

COST = TableSpec(
    name="Cost",
    meaning="Every cost by account, item, subject and period; residual value is a credit, and neither it nor a penalty or expected loss is cash.",
    key=COST_KEYS,
    objective="present_value",
    columns=(
        Column(
            name="account",
            kind=Kind.TEXT,
            meaning="Sites, building, equipment, running, leases, power, labour, network, unmet demand, residual value, penalties or expected loss.",
        ),
        Column(name="family", kind=Kind.TEXT, meaning="Family that posts it."),
        Column(name="item", kind=Kind.TEXT, meaning="What it is for."),
        Column(
            name="kind",
            kind=Kind.TEXT,
            meaning="cash, residual value, penalty or expected loss.",
        ),
        Column(
            name="subject",
            kind=Kind.TEXT,
            meaning="Site, contract, lease, component, order, zone, jurisdiction or labour pool it is for.",
        ),
        Column(name="site", kind=Kind.TEXT, meaning="Site it belongs to, where it is one site's."),
        Column(
            name="period", kind=Kind.TEXT, meaning="Period of the decision or of the running cost."
        ),
        Column(name="cash", kind=Kind.NUMBER, unit="M", meaning="Undiscounted amount."),
        Column(
            name="present_value", kind=Kind.NUMBER, unit="M", meaning="Discounted to the base date."
        ),
        Column(
            name="first_month",
            kind=Kind.NUMBER,
            unit="months",
            meaning="Start of payment, from the base date.",
        ),
        Column(
            name="last_month",
            kind=Kind.NUMBER,
            unit="months",
            meaning="End of payment, from the base date.",
        ),
        Column(
            name="growth",
            kind=Kind.NUMBER,
            unit="per year",
            meaning="Yearly growth of the payment from its start to its end.",
        ),
    ),
)

CASH_FLOW = TableSpec(
    name="CashFlow",
    meaning="Cash by calendar year, undiscounted, with its present value; residual value, penalties and expected loss are no cash.",
    key=("year",),
    columns=(
        Column(name="year", kind=Kind.INTEGER, meaning="Calendar year."),
        Column(
            name="capital",
            kind=Kind.NUMBER,
            unit="M",
            meaning="Sites, building, components and equipment.",
        ),
        Column(name="running", kind=Kind.NUMBER, unit="M", meaning="Everything else."),
        Column(name="total", kind=Kind.NUMBER, unit="M", meaning="Capital and running."),
        Column(
            name="present_value",
            kind=Kind.NUMBER,
            unit="M",
            meaning="What the year's cash is worth at the base date; over all years, the discounted cash of Summary.",
        ),
    ),
)

CHARTS = (
    Chart(
        title="Cash flow",
        table="CashFlow",
        kind="stacked",
        x="year",
        series=("capital", "running"),
        x_title="Calendar year",
        y_title="Undiscounted cash (M)",
        order=710,
    ),
)


def check(data: Dataset) -> Iterator[Problem]:
    """Periods follow each other without gap or overlap, from the base date on; currencies exist."""
    settings, periods = data.one("Settings"), data.rows("Periods")
    # A row of another's name may be that row again, or lie in a gap.
    again = periods["period"].notna() & periods["period"].duplicated()
    periods = periods.assign(start=periods["start"].mask(again))
    wrong, starts = breaks(periods)
    for at in wrong:
        other = data.cell_name("Periods", *at.other)
        yield data.problem(
            "Periods",
            at.row,
            at.column,
            at.must,
            f"Close the {at.word}: correct this cell, or {other}.",
            f"period-{at.word}",
        )
    if len(starts) and pd.notna(settings.base_date) and starts.iloc[0] < settings.base_date:
        yield data.problem(
            "Settings",
            2,
            "base_date",
            "base_date must not be after the first period",
            f"Put it on or before {starts.iloc[0].date()}, when the first period starts.",
            "base-date",
        )
    if not data.sound("Settings", "currency"):
        return
    known_currencies = set(data["Currencies"]["currency"].dropna()) | {settings.currency}
    for name, sheet in data.sheets.items():
        if "currency" not in sheet.by_name or name in ("Settings", "Currencies"):
            continue
        named = data.rows(name)["currency"].dropna()
        for row, currency in named[~named.isin(known_currencies)].items():
            if data.might_hold("Currencies", currency=currency):
                continue
            yield data.problem(
                name,
                row,
                "currency",
                "a currency must be on sheet Currencies",
                "Add its exchange rate there, or correct the name.",
                "unknown-currency",
            )


def parameters(data: Dataset) -> pd.DataFrame:
    """Give the calendar."""
    return calendar(data)


def declare(m: Any, p: pd.DataFrame, ledgers: Ledgers) -> None:
    """Periods, each with the one before it and its length."""
    m.PERIODS = index_set(p.index.to_frame(index=False))
    m.period_months = parameter(m.PERIODS, p["months"])
    before = pd.DataFrame({"period": p.index[1:], "before": p.index[:-1]})
    m.PERIOD_BEFORE = indexed_set(m.PERIODS, before, ["period"], ["before"])


def constrain(m: Any, p: pd.DataFrame) -> None:
    """Set the objective: least present value of all cost."""
    m.least_cost = pyo.Objective(expr=m.cost, sense=pyo.minimize)


def tables(data: Dataset, values: Values) -> dict[str, pd.DataFrame]:
    """Cost, cash flow by year, and the totals."""
    columns = [column.name for column in COST.columns]
    frames = []
    for posting, worth in values.postings("cost"):
        assert posting.notes is not None
        rows, worth = posting.notes[worth != 0], worth[worth != 0]
        cash = rows["cash"].to_numpy() * (worth / rows["present_value"].to_numpy())
        if not cash.any():
            continue
        held = {name: rows[name].array if name in rows else np.nan for name in columns}
        held["growth"] = rows["growth"].array if "growth" in rows else 0.0
        held |= {"subject": rows["subject" if "subject" in rows else "site"].array}
        held |= {"family": posting.family, "item": posting.item}
        held |= {"account": [account_of(posting.item, kind) for kind in rows["kind"]]}
        made = pd.DataFrame({**held, "cash": cash, "present_value": worth}, columns=columns)
        frames.append(made[cash != 0])
    filled = [frame for frame in frames if len(frame)] or [pd.DataFrame(columns=columns)]
    cost = gathered(pd.concat(filled, ignore_index=True))[columns]
    return {
        "Cost": cost,
        "CashFlow": cash_flow(data, cost),
        "Summary": totals(data, cost),
        "Sources": data["Sources"].reset_index(drop=True),
    }


def cash_flow(data: Dataset, cost: pd.DataFrame) -> pd.DataFrame:
    """Cash by calendar year, each payment spread from its first month to its last.

    It is paid at an even pace and grows on the way; its present value is spread as that is worth,
    the sooner, the more.
    """
    cash, rate = cost[cost["kind"] == CASH], data.one("Settings").discount_rate
    years, edges = _years(data, cash)
    first, last = cash["first_month"].astype(float), cash["last_month"].astype(float)
    amount, value = cash["cash"].to_numpy(float), cash["present_value"].to_numpy(float)
    capital = cash["item"].str.startswith(CAPITAL_ITEMS).to_numpy(bool)
    growth, span = cash["growth"].astype(float), (last - first).to_numpy()
    grown, worth = (mean_factor(r, growth, first, last) for r in (0.0, rate))
    rows = []
    for year, begin, end in zip(years, edges[:-1], edges[1:], strict=True):
        since, until = first.clip(lower=begin), last.clip(upper=end)
        overlap = np.clip((until - since).to_numpy(), 0.0, None)
        at_once = (first >= begin - TINY_MONTHS) & (first < end - TINY_MONTHS)
        share = np.where(span > 0, overlap / np.where(span > 0, span, 1.0), at_once)
        until = until.clip(lower=since)
        paid = share * amount * mean_factor(0.0, growth, since, until) / grown
        discounted = share * value * mean_factor(rate, growth, since, until) / worth
        rows.append(
            (int(year), paid[capital].sum(), paid[~capital].sum(), paid.sum(), discounted.sum())
        )
    frame = pd.DataFrame(rows, columns=["year", "capital", "running", "total", "present_value"])
    return _to_the_last_payment(frame)


def _to_the_last_payment(frame: pd.DataFrame) -> pd.DataFrame:
    paid = frame["total"].to_numpy().nonzero()[0]
    return frame.iloc[: paid[-1] + 1 if len(paid) else 1]


def _years(data: Dataset, cash: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Calendar years from the base date to the last payment, and the months they begin and end."""
    base = data.one("Settings").base_date
    horizon = max(calendar(data)["end"].iloc[-1], cash["last_month"].max() if len(cash) else 0.0)
    years = np.arange(base.year, (base + pd.DateOffset(months=int(np.ceil(horizon)))).year + 1)
    edges = [months_between(base, pd.Timestamp(int(y), 1, 1)) for y in [*years, years[-1] + 1]]
    return years, np.array(edges)


def totals(data: Dataset, cost: pd.DataFrame) -> pd.DataFrame:
    """Rows of the summary: total cost, with its kinds apart."""
    unit = f"M {data.one('Settings').currency}, present value"
    by_account = cost.groupby("account")["present_value"].sum()
    listed = [
        *(a for a in ACCOUNTS if a in by_account),
        *by_account.index.difference(list(ACCOUNTS)),
    ]
    paid = cost[cost["kind"] == CASH]
    rows: list[tuple[str, float, str]] = [("total cost", cost["present_value"].sum(), unit)]
    rows += [(f"of which {account}", by_account[account], unit) for account in listed]
    rows.append(("cash, discounted", paid["present_value"].sum(), unit))
    rows.append(("cash, undiscounted", paid["cash"].sum(), f"M {data.one('Settings').currency}"))
    return pd.DataFrame(rows, columns=["figure", "value", "unit"])


def recompute(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Cash flow and totals from the Cost table, which the other families recompute."""
    cost = tables["Cost"]
    return {"CashFlow": _cash_flow_to_date(data, cost), "Summary": totals(data, cost)}


def _cash_flow_to_date(data: Dataset, cost: pd.DataFrame) -> pd.DataFrame:
    """Cash flow as differences of what is paid, and what it is worth, by the end of each year."""
    cash, rate = cost[cost["kind"] == CASH], data.one("Settings").discount_rate
    years, edges = _years(data, cash)
    first = cash["first_month"].to_numpy(float)[:, None]
    span = cash["last_month"].to_numpy(float)[:, None] - first
    at_once = (first < edges - TINY_MONTHS).astype(float)
    done = np.where(
        span > 0, np.clip((edges - first) / np.where(span > 0, span, 1.0), 0, 1), at_once
    )
    growth = 1 + cash["growth"].to_numpy(float)[:, None]
    grown, worth = (_share_done(done, span, base) for base in (growth, growth / (1 + rate)))
    yearly = np.diff(grown * cash["cash"].to_numpy(float)[:, None], axis=1)
    valued = np.diff(worth * cash["present_value"].to_numpy(float)[:, None], axis=1)
    capital = cash["item"].str.startswith(CAPITAL_ITEMS).to_numpy(bool)
    columns = {
        "capital": yearly[capital].sum(axis=0),
        "running": yearly[~capital].sum(axis=0),
        "total": yearly.sum(axis=0),
        "present_value": valued.sum(axis=0),
    }
    return _to_the_last_payment(pd.DataFrame({"year": years, **columns}))


def _share_done(done: np.ndarray, span: np.ndarray, base: np.ndarray) -> np.ndarray:
    """Share of the integral of base^t over a span that lies in a part of it from its start."""
    exponent = np.log(base) * span / 12
    # To first order in the exponent where a difference of powers would lose all digits.
    flat = np.abs(exponent) < 1e-7
    steep = np.where(flat, 1.0, exponent)
    share = (np.exp(steep * done) - 1) / (np.exp(steep) - 1)
    return np.where(flat, done * (1 - exponent * (1 - done) / 2), share)


def defaults(data: Dataset) -> dict[str, Any]:
    """Solver options of the Settings sheet."""
    settings = data.one("Settings")
    whole = {"threads": settings.threads, "seed": settings.seed}
    real = {"gap": settings.gap, "time_limit_s": settings.time_limit_s}
    return {k: int(v) for k, v in whole.items() if v == v} | {
        k: v for k, v in real.items() if v == v
    }


REPORT = Report(
    exhibits=(
        Bridge(
            title="What it costs",
            order=700,
            note="Present value of the whole plan by account: what each adds, credits taken off.",
            table="Cost",
            by=("account", "site", "item"),
            value="present_value",
            y_title="Present value (M)",
        ),
        Listing(
            title="Sources",
            order=980,
            table="Sources",
            note="Where the figures of the workbook come from.",
        ),
    ),
)


FAMILY = Family(
    name="periods",
    title="Periods and money",
    order=10,
    sheets=(SETTINGS, PERIODS, CURRENCIES, SOURCES),
    stages="Periods.period",
    ledgers=(
        Ledger(name="cost", unit="M, present value", over=(), meaning="Everything the plan costs."),
    ),
    outputs=(
        ACTIONS,
        COST,
        CASH_FLOW,
        TableSpec(name="Sources", meaning=SOURCES.meaning, columns=SOURCES.columns),
    ),
    charts=CHARTS,
    codes={
        "period-gap": "time between two periods that belongs to neither",
        "period-overlap": "a period that starts before the one before it ends",
        "base-date": "a base date after the first period",
        "unknown-currency": "a currency without an exchange rate",
        **CURRENCY_CODES,
    },
    check=check,
    notices=currency_notices,
    worth=worth_in_dollars,
    report=REPORT,
    parameters=parameters,
    declare=declare,
    constrain=constrain,
    tables=tables,
    recompute=recompute,
    defaults=defaults,
)
