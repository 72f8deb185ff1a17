"""Taxes on single payments and purchases in plain arithmetic, as the audit works them out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from optalloc.data.dataset import Dataset

from .._calendar import TINY_MONTHS, calendar, months_from_base
from .._money import CASH, NO_RESIDUAL, RESIDUAL, STRAIGHT_LINE

Row = dict[Any, Any]
# Where no row holds.
UNTAXED: Row = {
    "corporate_rate": 0.0,
    "depreciation": STRAIGHT_LINE,
    "depreciation_years": math.nan,
    "declining_factor": 1.0,
    "capital_credit_share": 0.0,
    "credit_after_months": 0.0,
    "property_tax_rate": 0.0,
}
# Below this force of interest antiderivatives lose digits; Simpson's rule is then exact to rounding.
FLAT = 1e-3
STEPS = 64


@dataclass(frozen=True)
class Purchase:
    """Capital bought at once: what was paid from when to when, its service, and its duty.

    Months from the base date; years of service, 0 where it comes too late.
    """

    whose: Mapping[str, Any]
    item: str
    cash: float
    present_value: float
    first: float
    last: float
    online: float
    years: float
    duty: float = 0.0


class Law:
    """Taxes of one jurisdiction by date, and the money that they are counted in."""

    def __init__(self, data: Dataset, jurisdiction: object) -> None:
        rows = data["Taxes"]
        rows = rows[rows["jurisdiction"] == jurisdiction]
        days = months_from_base(data, rows["since"]).fillna(-math.inf)
        taxes: list[Row] = rows.to_dict("records")
        self.changes = sorted(zip(days, taxes, strict=True), key=lambda change: change[0])
        settings = data.one("Settings")
        self.rate, self.residual = float(settings.discount_rate), settings.residual_value
        self.periods = list(calendar(data)[["begin", "end"]].itertuples(name=None))
        self.end = self.periods[-1][2]

    def on(self, month: float) -> Row:
        """Taxes that hold at a moment."""
        return [UNTAXED, *(taxes for since, taxes in self.changes if since <= month)][-1]

    def stretches(self, first: float, last: float) -> Iterator[tuple[float, float, Row]]:
        """Stretches of a span with the taxes that hold in each."""
        edges = [since for since, _ in self.changes if first < since < last]
        for a, b in zip([first, *edges], [*edges, last], strict=True):
            yield a, b, self.on(a)

    def worth(self, month: float) -> float:
        """Present value of 1 paid at a moment."""
        return float((1 + self.rate) ** (-month / 12))


def integral(base: float, first: float, last: float) -> float:
    """Integral of base^t, t in years, over months from the base date."""
    a, b, force = first / 12, last / 12, math.log(base)
    if abs(force * (b - a)) < FLAT:
        middle = (a + b) / 2
        return (b - a) * (base**a + 4 * base**middle + base**b) / 6
    return (base**b - base**a) / force


def deducted(law: Law, row: Mapping[Any, Any]) -> Iterator[Row]:
    """Tax that a row of the Cost table saves."""
    first, last, growth = (float(row[name]) for name in ("first_month", "last_month", "growth"))
    pieces: list[tuple[float, float, Row, float, float]] = []
    if last <= first:
        pieces.append((first, first, law.on(first), 1.0, 1.0))
    else:
        bases = (1 + growth, (1 + growth) / (1 + law.rate))
        whole = [integral(base, first, last) for base in bases]
        for a, b, taxes in law.stretches(first, last):
            paid, valued = (integral(q, a, b) / w for q, w in zip(bases, whole, strict=True))
            pieces.append((a, b, taxes, paid, valued))
    for k, (a, b, taxes, paid, valued) in enumerate(pieces, start=1):
        yield {
            **{name: row[name] for name in ("subject", "site", "period", "growth")},
            "item": f"tax_of_{row['item']}" + (f"_{k}" if k > 1 else ""),
            "kind": CASH,
            "cash": -taxes["corporate_rate"] * row["cash"] * paid,
            "present_value": -taxes["corporate_rate"] * row["present_value"] * valued,
            "first_month": a,
            "last_month": b,
        }


def bought(law: Law, own: Purchase) -> list[Row]:
    """All tax effects of a purchase within the horizon, and what of them is left at its end."""
    found = [*_duty(law, own)]
    if own.years <= 0:
        return found
    flows = [*_flows(law, own)]
    within = [flow for flow in flows if _within(law, flow)]
    found += within
    if law.residual != NO_RESIDUAL:
        whole, inside = (sum(f["present_value"] for f in part) for part in (flows, within))
        left = (whole - inside) / law.worth(law.end)
        left -= whole / law.worth(own.online) * _share_left(law, own)
        found.append(_last(law, own, f"tax_residual_of_{own.item}", left))
    return found


def _within(law: Law, flow: Row) -> bool:
    if flow["first_month"] == flow["last_month"]:
        return bool(flow["first_month"] <= law.end + TINY_MONTHS)
    return bool(flow["first_month"] < law.end - TINY_MONTHS)


def _share_left(law: Law, own: Purchase) -> float:
    """Share of the capital that is credited at the end of the horizon."""
    left = max(own.years - (law.end - own.online) / 12, 0.0)
    if law.residual == STRAIGHT_LINE or law.rate == 0:
        return left / own.years
    return (1 - (1 + law.rate) ** -left) / (1 - (1 + law.rate) ** -own.years)


def _row(own: Purchase, item: str, cash: float, value: float, *months: float) -> Row:
    first, last = months[0], months[-1]
    return {
        **own.whose, "item": item, "kind": CASH, "cash": cash, "present_value": value,
        "first_month": first, "last_month": last, "growth": 0.0,
    }  # fmt: skip


def _last(law: Law, own: Purchase, item: str, cash: float) -> Row:
    """A credit at the end of the horizon."""
    row = _row(own, item, cash, cash * law.worth(law.end), law.end)
    return {**row, "kind": RESIDUAL}


def _duty(law: Law, own: Purchase) -> Iterator[Row]:
    if not own.duty:
        return
    item = f"duty_of_{own.item}"
    cash, value = own.duty * own.cash, own.duty * own.present_value
    yield _row(own, item, cash, value, own.first, own.last)
    if own.years > 0 and law.residual != NO_RESIDUAL:
        worth = cash if law.residual == STRAIGHT_LINE else value / law.worth(own.online)
        yield _last(law, own, f"{item}_residual", -worth * _share_left(law, own))


def _flows(law: Law, own: Purchase) -> Iterator[Row]:
    """Cash that taxes make of a purchase, also after the horizon."""
    taxes = law.on(own.online)
    cost = own.cash * (1 + own.duty)
    credit = cost * taxes["capital_credit_share"]
    years: float = (
        own.years if pd.isna(taxes["depreciation_years"]) else taxes["depreciation_years"]
    )
    straight = taxes["depreciation"] == STRAIGHT_LINE
    kept = 1.0 if straight else 1 - taxes["declining_factor"] / years
    book = _Book(cost - credit, own.online, years, kept)
    end = own.online + 12 * min(years, own.years)
    if credit:
        month = own.online + taxes["credit_after_months"]
        yield _row(own, f"credit_of_{own.item}", -credit, -credit * law.worth(month), month)
    for k, (a, b, now) in enumerate(law.stretches(own.online, end), start=1):
        for first, last in _halves(a, b, law.end):
            item = f"tax_depreciation_of_{own.item}" + (f"_{k}" if k > 1 else "")
            rate = now["corporate_rate"]
            cash, value = (-rate * book.fall(first, last, q) for q in (1.0, 1 / (1 + law.rate)))
            yield {**_row(own, item, cash, value, first, last), "growth": kept - 1}
            if now["property_tax_rate"]:
                yield from _property(law, own, book, first, last, now)
    left = book.value(end)
    if left > 1e-9 * abs(book.basis):
        cash = -law.on(end)["corporate_rate"] * left
        yield _row(own, f"tax_write_off_of_{own.item}", cash, cash * law.worth(end), end)


def _halves(first: float, last: float, edge: float) -> list[tuple[float, float]]:
    """A span cut at a moment that lies in it."""
    return [(first, edge), (edge, last)] if first < edge < last else [(first, last)]


def _property(
    law: Law, own: Purchase, book: _Book, first: float, last: float, taxes: Row
) -> Iterator[Row]:
    """Property tax of a span by period, and the tax that it saves."""
    spans = [(p, max(first, a), min(last, b)) for p, a, b in law.periods]
    spans.append((law.periods[-1][0], max(first, law.end), last))
    for period, a, b in spans:
        if b <= a:
            continue
        due = [
            taxes["property_tax_rate"] * book.mean_power(a, b, q) for q in (1.0, 1 / (1 + law.rate))
        ]
        row = {**_row(own, "property_tax", due[0], due[1], a, b), "period": period}
        rate = taxes["corporate_rate"]
        yield row
        yield {
            **row,
            "item": "tax_of_property_tax",
            "cash": -rate * due[0],
            "present_value": -rate * due[1],
        }


@dataclass(frozen=True)
class _Book:
    """Book value from a basis: what is kept of it in a year, or 1 of a straight line over years."""

    basis: float
    online: float
    years: float
    kept: float

    def value(self, month: float) -> float:
        """Book value at a moment."""
        age = (month - self.online) / 12
        if self.kept < 1:
            return float(self.basis * self.kept**age)
        return self.basis * max(1 - age / self.years, 0.0)

    def fall(self, first: float, last: float, worth: float) -> float:
        """Depreciation of a span, each instant times worth^t."""
        if self.kept == 1:
            return self.basis / self.years * integral(worth, first, last)
        at_base = self.basis * self.kept ** (-self.online / 12)
        return at_base * -math.log(self.kept) * integral(worth * self.kept, first, last)

    def mean_power(self, first: float, last: float, worth: float) -> float:
        """Integral of the book value times worth^t over a span, t in years."""
        if self.kept < 1:
            at_base = self.basis * self.kept ** (-self.online / 12)
            return at_base * integral(worth * self.kept, first, last)
        force, a, b = -math.log(worth), first / 12, last / 12
        slope = self.basis / self.years
        if force < FLAT:
            step = (b - a) / STEPS
            at = [
                self.value(12 * (a + k * step)) * worth ** (a + k * step) for k in range(STEPS + 1)
            ]
            return step / 3 * (at[0] + at[-1] + 4 * sum(at[1:-1:2]) + 2 * sum(at[2:-1:2]))

        def antiderivative(t: float, value: float) -> float:
            return float(worth**t * (slope / force - value) / force)

        return antiderivative(b, self.value(last)) - antiderivative(a, self.value(first))


def written_off(law: Law, own: Purchase, day: float, period: object) -> Iterator[Row]:
    """Tax on a purchase that is given up on a day: nothing is depreciated, what was paid is lost."""
    for row in bought(law, own):
        yield {
            **row,
            "item": f"{row['item']}_cancelled",
            "cash": -row["cash"],
            "present_value": -row["present_value"],
        }
    share = float(own.first <= day + TINY_MONTHS)
    if own.last > own.first:
        share = min(max((day - own.first) / (own.last - own.first), 0.0), 1.0)
    if share:
        cash = -law.on(day)["corporate_rate"] * own.cash * share
        row = _row(own, f"tax_write_off_of_{own.item}_abandoned", cash, cash * law.worth(day), day)
        yield {**row, "period": period}
