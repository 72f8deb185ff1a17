"""Taxes on a unit of each cost, as parts of postings: what is deducted, depreciated, due and credited.

The numbers of the mathematics; the audit works them out by another route (`audit.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from .._calendar import TINY_MONTHS
from .._money import (
    ANNUITY,
    CASH,
    NO_RESIDUAL,
    RESIDUAL,
    STRAIGHT_LINE,
    discount,
    mean_factor,
    residual_share,
)

# Points of the quadrature of a book value times a discount factor: an error of 1e-12 of it over a
# century at a rate of 100 %, 5e-6 with 16 points.
POINTS = 24
# Of what a part says, and of the key it belongs to.
PART = ["at", "item", "kind", "subject", "site", "period", "cash", "present_value",
        "first_month", "last_month", "growth"]  # fmt: skip
WHOSE = ["at", "subject", "site", "period"]
# The flows of each asset are added up.
FLOW = [*PART, "asset"]


@dataclass(frozen=True)
class World:
    """All that taxes depend on besides costs: schedule, periods, discount rate and residual value."""

    schedule: pd.DataFrame
    periods: pd.DataFrame
    discount_rate: float
    residual_value: str

    @property
    def horizon(self) -> float:
        """Months from the base date to the end of the last period."""
        return float(self.periods["end"].iloc[-1])


def deductions(world: World, costs: pd.DataFrame) -> pd.DataFrame:
    """Tax saved by cash costs, at the rate that holds when they are paid.

    Parameters
    ----------
    costs : pandas.DataFrame
        WHOSE, item, jurisdiction, cash, present_value, first_month, last_month and growth.

    Returns
    -------
    pandas.DataFrame
        Columns PART, negative where a cost is deducted.
    """
    pieces = pieces_of(world, costs, "rate")
    spans = pieces["until"] > pieces["from"]
    whole, part = (
        np.where(spans, (pieces[last] - pieces[first]), 1.0)
        for first, last in (("first_month", "last_month"), ("from", "until"))
    )
    shares = {}
    for name, rate in (("cash", 0.0), ("present_value", world.discount_rate)):
        ends = (("first_month", "last_month"), ("from", "until"))
        of_all, of_part = (
            mean_factor(rate, pieces["growth"], pieces[a], pieces[b]) for a, b in ends
        )
        shares[name] = np.where(spans, part * of_part / (whole * of_all), 1.0)
    item = "tax_of_" + pieces["item"] + pieces["piece"]
    return pieces.assign(
        item=item,
        kind=CASH,
        cash=-pieces["rate"] * pieces["cash"] * shares["cash"],
        present_value=-pieces["rate"] * pieces["present_value"] * shares["present_value"],
        first_month=pieces["from"],
        last_month=pieces["until"],
    )[PART]


def on_capital(world: World, purchases: pd.DataFrame) -> pd.DataFrame:
    """Duty, credits, depreciation and property tax of purchases, and what of them is left at the end.

    Parameters
    ----------
    purchases : pandas.DataFrame
        WHOSE, item, jurisdiction, cash, present_value, first_month, last_month, in_service,
        serves_years, and duty, a share of cash.

    Returns
    -------
    pandas.DataFrame
        Columns PART.
    """
    # What comes too late to serve is paid for, with its duty, and nothing else.
    serving = purchases[purchases["serves_years"] > 0]
    assets = _assets(world, serving)
    flows = [_depreciation(world, assets), _written_off(world, assets), _credits(world, assets)]
    flows += _property_tax(world, assets)
    flow = pd.concat([part for part in flows if len(part)] or flows[:1], ignore_index=True)
    inside = flow["first_month"] < world.horizon - TINY_MONTHS
    inside |= (flow["first_month"] == flow["last_month"]) & (
        flow["first_month"] <= world.horizon + TINY_MONTHS
    )
    found = [_duty(world, purchases), flow.loc[inside, PART], _left(world, assets, flow, inside)]
    found = [part for part in found if len(part)] or found[:1]
    return pd.concat(found, ignore_index=True)[PART]


def pieces_of(world: World, rows: pd.DataFrame, *taxes: str) -> pd.DataFrame:
    """Rows cut where the taxes of their jurisdiction change.

    Adds from and until, the columns of the schedule that are asked for, and piece: the suffix of an
    item, empty for the first piece of a row.
    """
    schedule = world.schedule[["jurisdiction", "since", "until", *taxes]]
    both = rows.assign(row=np.arange(len(rows))).merge(schedule, on="jurisdiction")
    start, end = both["since"], both["until"]
    first, last = both["first_month"].astype(float), both["last_month"].astype(float)
    at_once = first >= last
    since, until = first.clip(lower=start), last.clip(upper=end)
    both = both.drop(columns="since").assign(
        **{"from": since.where(~at_once, first), "until": until.where(~at_once, first)}
    )
    held = (first >= start) & (first < end)
    both = both[(at_once & held) | (~at_once & (until > since))].reset_index(drop=True)
    order = both.groupby("row").cumcount()
    return both.assign(piece=("_" + (order + 1).astype(str)).where(order > 0, ""))


def _assets(world: World, purchases: pd.DataFrame) -> pd.DataFrame:
    """Purchases with how they are depreciated, by the taxes on the day from which they serve.

    Adds basis, years and ends_years of depreciation, and decline, the force of a declining balance
    per year, 0 of a straight line.
    """
    both = purchases.merge(world.schedule, on="jurisdiction")
    day = both["in_service"]
    both = both[(both["since"] <= day) & (day < both["until"])].reset_index(drop=True)
    cost = both["cash"] * (1.0 + both["duty"])
    years = both["years"].fillna(both["serves_years"])
    straight = both["method"] == STRAIGHT_LINE
    share = (both["factor"] / years).where(~straight, 0.0)
    return both.drop(columns=["since", "until", "rate", "property_rate"]).assign(
        asset=np.arange(len(both)),
        cost=cost,
        basis=cost * (1.0 - both["credit"]),
        years=years,
        ends_years=np.minimum(years, both["serves_years"]),
        decline=-np.log1p(-share),
    )


def _book(assets: pd.DataFrame, age_years: pd.Series | np.ndarray) -> np.ndarray:
    """Book value at an age while it is depreciated."""
    straight = np.maximum(1.0 - age_years / assets["years"], 0.0)
    declining = np.exp(-assets["decline"] * age_years)
    return np.asarray(assets["basis"] * np.where(assets["decline"] > 0, declining, straight))


def _spans(world: World, assets: pd.DataFrame) -> pd.DataFrame:
    """Pieces of the time in which assets are depreciated, cut where taxes change and at the end."""
    first = assets["in_service"]
    rows = assets.assign(first_month=first, last_month=first + 12.0 * assets["ends_years"])
    return _cut(pieces_of(world, rows, "rate", "property_rate"), [world.horizon])


def _cut(pieces: pd.DataFrame, edges: list[float]) -> pd.DataFrame:
    """Pieces cut at some moments."""
    bounds = pd.DataFrame({"low": [-np.inf, *edges], "high": [*edges, np.inf]})
    both = pieces.merge(bounds, how="cross")
    both["from"] = both[["from", "low"]].max(axis=1)
    both["until"] = both[["until", "high"]].min(axis=1)
    return both[both["until"] > both["from"]].drop(columns=["low", "high"]).reset_index(drop=True)


def _depreciation(world: World, assets: pd.DataFrame) -> pd.DataFrame:
    """Tax saved by depreciation: evenly of a straight line, falling of a declining balance."""
    rows = _spans(world, assets)
    growth = np.expm1(-rows["decline"]) + 0.0
    since_base = np.exp(rows["decline"] * rows["in_service"] / 12.0)
    yearly = rows["basis"] * np.where(
        rows["decline"] > 0, rows["decline"] * since_base, 1.0 / rows["years"]
    )
    saved = -rows["rate"] * yearly * (rows["until"] - rows["from"]) / 12.0
    return rows.assign(
        item="tax_depreciation_of_" + rows["item"] + rows["piece"],
        kind=CASH,
        cash=saved * mean_factor(0.0, growth, rows["from"], rows["until"]),
        present_value=saved * mean_factor(world.discount_rate, growth, rows["from"], rows["until"]),
        first_month=rows["from"],
        last_month=rows["until"],
        growth=growth,
    )[FLOW]


def _moments(world: World, rows: pd.DataFrame, item: str, month: pd.Series) -> pd.DataFrame:
    """Rows paid at one moment each, cash given."""
    return rows.assign(
        item=f"{item}_" + rows["item"],
        kind=CASH,
        present_value=rows["cash"] * discount(world.discount_rate, month),
        first_month=month,
        last_month=month,
        growth=0.0,
    )[FLOW]


def _written_off(world: World, assets: pd.DataFrame) -> pd.DataFrame:
    """Tax saved by what is left on the books as a life or a declining balance ends."""
    left = _book(assets, assets["ends_years"])
    month = assets["in_service"] + 12.0 * assets["ends_years"]
    rows = assets.assign(left=left, first_month=month, last_month=month)
    # Of a straight line over its years nothing is left but rounding.
    rows = rows[rows["left"] > 1e-9 * rows["basis"].abs()]
    rows = pieces_of(world, rows, "rate")
    rows = rows.assign(cash=-rows["rate"] * rows["left"])
    return _moments(world, rows, "tax_write_off_of", rows["first_month"])


def _credits(world: World, assets: pd.DataFrame) -> pd.DataFrame:
    """Credits and grants, paid some time after the capital serves."""
    rows = assets[assets["credit"] > 0]
    rows = rows.assign(cash=-rows["credit"] * rows["cost"])
    return _moments(world, rows, "credit_of", rows["in_service"] + rows["credit_months"])


def _property_tax(world: World, assets: pd.DataFrame) -> list[pd.DataFrame]:
    """Property tax on the book value, by the period in which it is due, and the tax that it saves."""
    rows = _spans(world, assets)
    rows = _cut(rows[rows["property_rate"] > 0], [*world.periods["begin"]])
    held = np.searchsorted(world.periods["begin"], rows["from"] + TINY_MONTHS, "right") - 1
    nodes, weights = np.polynomial.legendre.leggauss(POINTS)
    years = (rows["until"] - rows["from"]).to_numpy(float)[:, None] / 12.0
    month = rows["from"].to_numpy(float)[:, None] + 6.0 * years * (nodes + 1.0)
    age = (month - rows["in_service"].to_numpy(float)[:, None]) / 12.0
    book = np.column_stack([_book(rows, age[:, k]) for k in range(POINTS)])
    due = book * (weights / 2.0) * years * rows["property_rate"].to_numpy(float)[:, None]
    rows = rows.assign(
        item="property_tax",
        kind=CASH,
        period=world.periods["period"].to_numpy()[held],
        cash=due.sum(axis=1),
        present_value=(due * discount(world.discount_rate, month)).sum(axis=1),
        first_month=rows["from"],
        last_month=rows["until"],
        growth=0.0,
    )
    saved = {name: -rows["rate"] * rows[name] for name in ("cash", "present_value")}
    return [rows[FLOW], rows.assign(item="tax_of_property_tax", **saved)[FLOW]]


def _duty(world: World, purchases: pd.DataFrame) -> pd.DataFrame:
    """Duty, paid as what it is due on, and what is left of it at the end of the horizon."""
    rows = purchases[purchases["duty"] > 0]
    paid = rows.assign(
        item="duty_of_" + rows["item"],
        kind=CASH,
        cash=rows["duty"] * rows["cash"],
        present_value=rows["duty"] * rows["present_value"],
        growth=0.0,
    )
    if world.residual_value == NO_RESIDUAL:
        return paid[PART]
    served = rows[rows["serves_years"] > 0]
    worth = served["present_value"] / discount(world.discount_rate, served["in_service"])
    if world.residual_value != ANNUITY:
        worth = served["cash"]
    left = served.assign(
        item="duty_of_" + served["item"] + "_residual",
        credited=-served["duty"] * worth * _share_left(world, served),
    )
    return pd.concat([paid[PART], _at_the_end(world, left)], ignore_index=True)


def _share_left(world: World, rows: pd.DataFrame) -> np.ndarray:
    """Share of capital that is left at the end of the horizon."""
    age = (world.horizon - rows["in_service"]) / 12.0
    return residual_share(world.residual_value, world.discount_rate, age, rows["serves_years"])


def _at_the_end(world: World, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows credited at the end of the horizon."""
    end = pd.Series(world.horizon, rows.index)
    return rows.assign(
        kind=RESIDUAL,
        cash=rows["credited"],
        present_value=rows["credited"] * discount(world.discount_rate, end),
        first_month=end,
        last_month=end,
        growth=0.0,
    )[PART]


def _left(
    world: World, assets: pd.DataFrame, flow: pd.DataFrame, inside: pd.Series
) -> pd.DataFrame:
    """Tax effects beyond the horizon, less the share of all of them that goes with what is left.

    So the years within the horizon bear their share of capital after tax, whenever it is built.
    """
    if world.residual_value == NO_RESIDUAL:
        return assets.head(0).reindex(columns=PART)
    beyond, everything = (
        assets["asset"].map(part.groupby("asset")["present_value"].sum()).fillna(0.0)
        for part in (flow[~inside], flow)
    )
    end = pd.Series(world.horizon, assets.index)
    worth = everything / discount(world.discount_rate, assets["in_service"])
    credited = beyond / discount(world.discount_rate, end) - worth * _share_left(world, assets)
    return _at_the_end(
        world, assets.assign(item="tax_residual_of_" + assets["item"], credited=credited)
    )
