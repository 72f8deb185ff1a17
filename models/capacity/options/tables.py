"""Table of options bought, kept, exercised and dropped, the actions, and how the report shows them."""

from __future__ import annotations

import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Column, Kind
from optalloc.modelling.exhibits import Listing
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.reports import Report
from optalloc.modelling.solution import Solution

from .._calendar import calendar
from .._options import EQUIPMENT, KEPT, KEYS, LAND, options_on_offer
from .derived import strikes

# Amounts below this are rounding, in MW, units or options.
TINY = 1e-6
# What is had of an option after its lead.
HAD = ("connected_mw", "delivered_units")


def _amount(name: str, meaning: str, unit: str = "1, MW or units") -> Column:
    return Column(name=name, kind=Kind.NUMBER, unit=unit, meaning=meaning)


OPTIONS_HELD = TableSpec(
    name="OptionsHeld",
    meaning="Options in the periods in which something is bought, kept, exercised or dropped of them.",
    key=("option", "period"),
    columns=(
        Column(name="option", kind=Kind.TEXT, meaning="Option."),
        Column(name="kind", kind=Kind.TEXT, meaning="land, grid, contract, lease or equipment."),
        Column(
            name="subject",
            kind=Kind.TEXT,
            meaning="Site, zone, contract, lease, or equipment of a supplier that it is about.",
        ),
        Column(name="period", kind=Kind.TEXT, meaning="Period."),
        _amount("bought", "Bought in the period: 1 of land, units of equipment, and else MW."),
        Column(
            name="premium_due",
            kind=Kind.FLAG,
            meaning="Whether it is bought in the period, so that the premium is due.",
        ),
        _amount("exercised", "Exercised in the period."),
        Column(
            name="price_due",
            kind=Kind.FLAG,
            meaning="Whether it is exercised for the first time, so that the exercise price is due.",
        ),
        _amount("kept", "Kept through the period, neither exercised nor dropped."),
        _amount(
            "dropped", "Given up, or lapsed with the last period in which it can be exercised."
        ),
        _amount("connected_mw", "Grid MW that are connected, of what was exercised.", "MW grid"),
        _amount("delivered_units", "Units that a slot delivers in the period.", "units"),
        _amount(
            "paid",
            "Premium, fee and exercise price of the period, less the premium set off; the price of land stands under sites.",
            "M",
        ),
    ),
)

REPORT = Report(
    exhibits=(
        Listing(
            title="Options",
            order=540,
            note="What is bought, kept, exercised and dropped, and what is paid for it.",
            table="OptionsHeld",
        ),
    ),
)


def tables(data: Dataset, values: Solution) -> dict[str, pd.DataFrame]:
    """Table of options held, and the actions and key figures that follow."""
    offered = options_on_offer(data, "option", "kind", "subject", "use_last").reset_index(drop=True)
    frame = offered.merge(calendar(data).reset_index()[["period", "position"]], how="cross")
    for name in ("bought", "exercised", "kept", *HAD):
        column = values.variable(name, KEYS).rename(columns={"value": name})
        frame = frame.merge(column, on=KEYS, how="left")
    groups = frame["option"]
    used = frame["exercised"].groupby(groups).ffill().fillna(0.0)
    frame["exercised"] = used - used.groupby(groups).shift(1, fill_value=0.0)
    frame["connected_mw"] = frame["connected_mw"].groupby(groups).ffill()
    frame = frame.fillna(dict.fromkeys(("bought", "kept", *HAD), 0.0))
    whole = frame["kind"] == LAND
    for name in ("bought", "exercised"):
        frame[name] = frame[name].where(~whole, frame[name].round())
    # Where nothing is due for keeping it, an option is kept for as long as it can be exercised.
    free = (frame["option"].map(_fees(data)) == 0) & ~frame["option"].isin(_kept_at_most(data))
    held = frame["bought"].groupby(groups).cumsum() - frame["exercised"].groupby(groups).cumsum()
    held = held.where(frame["position"] < frame["use_last"], 0.0)
    frame["kept"] = frame["kept"].where(~free, held)
    frame.loc[frame["kept"].abs() < TINY, "kept"] = 0.0
    frame["dropped"] = dropped(frame)
    frame = frame.assign(**_due(frame, values))
    seen = ["premium_due", "price_due", "bought", "exercised", "kept", "dropped", *HAD]
    frame = frame[frame[seen].abs().max(axis=1) > TINY].reset_index(drop=True)
    frame = frame.assign(paid=paid(data, frame))
    frame = frame[[column.name for column in OPTIONS_HELD.columns]]
    return {"OptionsHeld": frame, "Actions": actions(data, frame), "Summary": figures(data, frame)}


def _due(frame: pd.DataFrame, values: Solution) -> dict[str, pd.Series]:
    """Flags of the fixed prices: by their own decisions, else by the first MW or unit."""
    earlier = frame["exercised"].groupby(frame["option"]).cumsum() - frame["exercised"]
    by_mw = {
        "premium_due": frame["bought"] > TINY,
        "price_due": (frame["exercised"] > TINY) & (earlier <= TINY),
    }
    found = {}
    for column, variable in (("premium_due", "buys"), ("price_due", "exercises")):
        own = frame[KEYS].merge(values.variable(variable, KEYS), on=KEYS, how="left")["value"]
        mark = own > 0.5
        if variable == "exercises":
            mark &= ~mark.groupby(frame["option"]).shift(1, fill_value=False).astype(bool)
        fixed = own.notna().groupby(frame["option"]).transform("any")
        found[column] = by_mw[column].where(~fixed, mark).astype(bool)
    return found


def _kept_at_most(data: Dataset) -> set[str]:
    """Options of which a decision says how much may be kept."""
    rows = data.columns("Decisions", "what", "option", "at_most").dropna()
    return set(rows.loc[rows["what"] == KEPT, "option"])


def _fees(data: Dataset) -> pd.Series:
    """Yearly fee of each option, by option."""
    rows = options_on_offer(data, "fee_per_year", "fee_by_size")
    return rows["fee_per_year"] + rows["fee_by_size"]


def dropped(held: pd.DataFrame) -> pd.Series:
    """Amount held that is neither kept nor exercised, period by period."""
    before = held["kept"].groupby(held["option"]).shift(1, fill_value=0.0)
    left = before + held["bought"] - held["exercised"] - held["kept"]
    return left.where(left.abs() > TINY, 0.0)


def paid(data: Dataset, held: pd.DataFrame) -> pd.Series:
    """Premium, fee and exercise price less what is set off, M, row by row."""
    at = options_on_offer(data).reindex(held["option"]).set_axis(held.index)
    land = at["kind"] == LAND
    years = held["period"].map(calendar(data)["years"]).astype(float)
    premium = at["premium"] * held["premium_due"] + at["premium_by_size"] * held["bought"]
    fee = (at["fee_per_year"] + at["fee_by_size"]) * held["kept"] * years
    strike = strikes(data).reindex(held["option"]).set_axis(held.index)
    price = strike["price"].where(~land, 0.0) - strike["credit"]
    by_size = (at["exercise_price_by_size"] - strike["credit_by_size"]) * held["exercised"]
    return premium + fee + price * held["price_due"] + by_size


def actions(data: Dataset, held: pd.DataFrame) -> pd.DataFrame:
    """Purchases, exercises and what is given up, dated."""
    cal, last = calendar(data), options_on_offer(data, "use_last")["use_last"]
    lapses = held["period"].map(cal["position"]) >= held["option"].map(last)
    parts = []
    for column, action, rows in (
        ("bought", "buy option", held),
        ("exercised", "exercise option", held),
        ("dropped", "drop option", held[~lapses]),
    ):
        done = rows[rows[column] > TINY]
        parts.append(
            pd.DataFrame(
                {
                    "date": done["period"].map(cal["date"]),
                    "period": done["period"],
                    "action": action,
                    "subject": done["option"],
                    "mw": done[column].astype(float).mask(done["kind"].isin((LAND, EQUIPMENT))),
                    "units": done[column].astype(float).where(done["kind"] == EQUIPMENT),
                }
            )
        )
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)


def figures(data: Dataset, held: pd.DataFrame) -> pd.DataFrame:
    """Rows of the summary: how many options are bought and exercised."""
    rows = [
        (f"options {column}", int((held.groupby("option")[column].sum() > TINY).sum()), "options")
        for column in ("bought", "exercised")
    ]
    return pd.DataFrame(rows, columns=["figure", "value", "unit"])
