"""Tables of actions, cost and cash flow, and how the report shows them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Column, Kind
from optalloc.modelling.exhibits import Accounts, Agenda, Bridge, Listing
from optalloc.modelling.outputs import Chart, TableSpec
from optalloc.modelling.reports import Report
from optalloc.modelling.slides import Selection, Slide
from optalloc.modelling.solution import Solution

from .._calendar import TINY_MONTHS, year_edges
from .._capital import CAPITAL_ITEMS
from .._money import ACCOUNTS, CASH, COST_KEYS, NOTHING, cost_rows, mean_factor

ACTIONS = TableSpec(
    name="Actions",
    meaning="What to do and when, by date.",
    key=("date", "action", "subject"),
    decided_in="period",
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
    meaning="Every cost by account, item, subject, period and payment; residual value is a credit, and neither it nor a penalty or expected loss is cash.",
    key=(*COST_KEYS, "payment"),
    objective="present_value",
    columns=(
        Column(
            name="account",
            kind=Kind.TEXT,
            meaning="Sites, building, equipment, running, leases, power, labour, network, unmet demand, import duty, taxes, tax credits, residual value, penalties or expected loss.",
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
        Column(
            name="payment",
            kind=Kind.INTEGER,
            meaning="Which payment of this: 1, and more where parts of it are paid at different times.",
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
            meaning="Sites, building, components, equipment and its duty.",
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


def tables(data: Dataset, values: Solution) -> dict[str, pd.DataFrame]:
    """Cost, cash flow by year, and the totals."""
    cost = cost_rows(values)
    return {
        "Cost": cost,
        "CashFlow": cash_flow(data, cost),
        "Summary": totals(data, cost),
        **{name: data[name].reset_index(drop=True) for name in ("Sources", "Assumptions")},
    }


def cash_flow(data: Dataset, cost: pd.DataFrame) -> pd.DataFrame:
    """Cash by calendar year, each payment spread from its first month to its last.

    It is paid at an even pace and grows on the way; its present value is spread as that is worth,
    the sooner, the more.
    """
    cash, rate = cost[cost["kind"] == CASH], data.one("Settings").discount_rate
    years, edges = year_edges(data, cash["last_month"].max() if len(cash) else 0.0)
    # By payment and year.
    first, last, growth, amount, value = (
        cash[name].to_numpy(float)[:, None]
        for name in ("first_month", "last_month", "growth", "cash", "present_value")
    )
    span, begin, end = last - first, edges[:-1], edges[1:]
    since, until = np.maximum(first, begin), np.minimum(last, end)
    at_once = (first >= begin - TINY_MONTHS) & (first < end - TINY_MONTHS)
    overlap = np.clip(until - since, 0.0, None)
    share = np.where(span > 0, overlap / np.where(span > 0, span, 1.0), at_once)
    until = np.maximum(until, since)
    paid, discounted = (
        share * sums * mean_factor(r, growth, since, until) / mean_factor(r, growth, first, last)
        for sums, r in ((amount, 0.0), (value, rate))
    )
    capital = cash["item"].str.startswith(CAPITAL_ITEMS).to_numpy(bool)
    columns = {
        "capital": paid[capital].sum(axis=0),
        "running": paid[~capital].sum(axis=0),
        "total": paid.sum(axis=0),
        "present_value": discounted.sum(axis=0),
    }
    frame = pd.DataFrame({"year": years.astype(int), **columns})
    return to_the_last_payment(frame)


def to_the_last_payment(frame: pd.DataFrame) -> pd.DataFrame:
    """Cash flow up to the last year in which anything is paid, and the first year at least."""
    # Payments that cancel out leave rounding.
    paid = np.flatnonzero(frame["total"].abs() > NOTHING)
    return frame.iloc[: paid[-1] + 1 if len(paid) else 1]


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


REPORT = Report(
    exhibits=(
        Agenda(
            title="What to decide, and by when",
            order=95,
            slide=Slide.DECISION,
            note="By quarter: what to commit, sign, order and start, each by its day.",
            table="Actions",
            date="date",
            what=("action", "subject"),
            amounts=("mw", "units"),
            empty="Nothing has to be decided.",
        ),
        Accounts(
            title="What it costs, by account",
            order=96,
            note="Present value of the whole plan, account by account. Residual value is a credit, "
            "and neither it nor a penalty or expected loss is cash.",
            table="Cost",
            by="account",
            values=("present_value",),
        ),
        Bridge(
            title="What it costs",
            order=700,
            slide=Slide.COST,
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
        Listing(
            title="Assumptions",
            order=985,
            table="Assumptions",
            note="Figures of the workbook that are not known, with the range that is plausible.",
        ),
    ),
    slides=(
        Selection(
            title="Assumed, not known",
            order=40,
            slide=Slide.RISKS,
            table="Assumptions",
            shown=(
                ("assumption", "Assumption"),
                ("basis", "Basis"),
                ("low", "At least"),
                ("high", "At most"),
                ("unit", "Unit"),
            ),
        ),
    ),
    messages=(
        (
            Slide.COST,
            "It costs {total cost} in present value: {cash, discounted} to be paid|, {of which unmet demand} for unmet demand|, {of which penalties} in other penalties|, {of which expected loss} of expected loss|, {of which residual value} of residual value|.",
        ),
    ),
)
