"""Limits of options restated option by option from the tables of decisions, and what is paid."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset

from .._building import site_costs
from .._calendar import TINY_MONTHS, calendar
from .._money import CASH, charge_rows
from .._options import CONTRACT, EQUIPMENT, GRID, KEYS, LAND, LEASE, options_on_offer
from .._running_costs import running_rows
from .limits import LIMITS
from .tables import actions, figures

COLUMNS = {limit.name: [*limit.over, "used", "allowed"] for limit in LIMITS}
# More than the solver's rounding, in MW, units or sites.
SOME = 1e-6
# Of a period without a row.
NOTHING = (
    *("bought", "exercised", "kept", "premium_due", "price_due"),
    *("connected_mw", "delivered_units"),
)
_Rows = dict[str, list[tuple[Any, ...]]]
_Own = Mapping[Any, Mapping[Any, Any]]


def audit(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Every limit on options, walked period by period through the tables of decisions."""
    found: _Rows = {limit.name: [] for limit in LIMITS}
    offered: _Own = options_on_offer(data).to_dict("index")
    cal = calendar(data)
    of_option = {
        name: own.set_index("period").to_dict("index")
        for name, own in tables["OptionsHeld"].groupby("option")
    }
    for name, at in offered.items():
        own = of_option.get(name, {})
        _walk(found, cal, at, own)
        if at["kind"] == GRID:
            _walk_grid(found, cal, at, own)
        if at["kind"] == EQUIPMENT:
            _walk_slots(found, cal, at, own)
    # What is on no row of Options.
    found["option_within_windows"] += [
        (name, period, 1.0, 0.0)
        for name in of_option.keys() - offered.keys()
        for period in of_option[name]
    ]
    used = {
        name: {q: row["exercised"] for q, row in of_option.get(name, {}).items()}
        for name in offered
    }
    _walk_land(data, found, tables["Build"], offered, used)
    for kind, table, limit in (
        (CONTRACT, "Procurement", "signed_by_option"),
        (LEASE, "Leasing", "leased_by_option"),
    ):
        signed = tables[table].groupby([kind, "period"])["signed_mw"].sum().to_dict()
        of_kind = {name: at for name, at in offered.items() if at["kind"] == kind}
        found[limit] += _walk_signings(cal, of_kind, signed, used)
    found["ordered_by_option"] += _walk_orders(cal, offered, tables["Orders"], of_option)
    return {
        name: pd.DataFrame(rows, columns=COLUMNS[name]).astype({"used": float, "allowed": float})
        for name, rows in found.items()
    }


def _walk(found: _Rows, cal: pd.DataFrame, at: Mapping[Any, Any], own: _Own) -> None:
    """Windows, balance and size of one option."""
    name, most = at["option"], 1.0 if at["kind"] == LAND else at["max_size"]
    kept = used = bought = 0.0
    marked = False
    for k, period in enumerate(cal.index):
        row = own.get(period)
        if row is None:
            row = dict.fromkeys(NOTHING, 0.0)
        in_time = {
            "bought": at["buy_first"] <= k <= at["buy_last"],
            "exercised": at["use_first"] <= k <= at["use_last"],
            "kept": at["buy_first"] <= k < at["use_last"],
        }
        outside = sum(abs(row[column]) for column, within in in_time.items() if not within)
        outside += max(-row["bought"], -row["kept"], 0.0)
        outside += abs(row["connected_mw"]) if at["kind"] != GRID else 0.0
        outside += abs(row["delivered_units"]) if at["kind"] != EQUIPMENT else 0.0
        found["option_within_windows"].append((name, period, outside, 0.0))
        found["option_held"].append(
            (name, period, row["kept"] + row["exercised"], kept + row["bought"])
        )
        # A price is due once, and of land only as it is exercised: the premium is set off with it.
        again = bool(row["price_due"]) and (
            marked or (at["kind"] == LAND and row["exercised"] <= 0)
        )
        found["exercise_kept"].append((name, period, max(-row["exercised"], float(again)), 0.0))
        marked |= bool(row["price_due"])
        if at["kind"] == LAND:
            whole = round(row["bought"]), round(row["exercised"])
            found["whole_options"].append(
                (name, period, row["bought"] + row["exercised"], sum(whole))
            )
        used, bought, kept = used + row["exercised"], bought + row["bought"], row["kept"]
        if at["premium"] > 0:
            found["premium_paid"].append(
                (name, period, row["bought"], most * bool(row["premium_due"]))
            )
        if at["exercise_price"] > 0:
            found["price_paid"].append((name, period, used, most * marked))
    found["option_within_most"].append((name, bought, most))


def _walk_grid(found: _Rows, cal: pd.DataFrame, at: Mapping[Any, Any], own: _Own) -> None:
    """MW connected of one option, against those exercised a lead before."""
    before = 0.0
    for period, ready in _ready(cal, at, own):
        connected = own[period]["connected_mw"] if period in own else 0.0
        found["connected_within_exercised"].append((at["option"], period, connected, ready))
        found["connection_kept"].append((at["option"], period, before, connected))
        before = connected


def _walk_slots(found: _Rows, cal: pd.DataFrame, at: Mapping[Any, Any], own: _Own) -> None:
    """Units delivered of one slot up to each period, against those exercised a lead before."""
    delivered = 0.0
    for period, ready in _ready(cal, at, own):
        here = own[period]["delivered_units"] if period in own else 0.0
        delivered += here
        # What were negative would let another period have more.
        used = delivered if here >= 0 else ready + 1.0
        found["delivered_within_exercised"].append((at["option"], period, used, ready))


def _ready(cal: pd.DataFrame, at: Mapping[Any, Any], own: _Own) -> Iterator[tuple[Any, float]]:
    """Amount of one option that was exercised a lead before each period."""
    lead = 0.0 if pd.isna(at["lead_months"]) else at["lead_months"]
    days = cal["begin"].to_dict()
    for period, begin in days.items():
        yield (
            period,
            sum(
                row["exercised"] for q, row in own.items() if days[q] + lead <= begin + TINY_MONTHS
            ),
        )


def _walk_orders(
    cal: pd.DataFrame, offered: _Own, orders: pd.DataFrame, of_option: Mapping[Any, _Own]
) -> Iterator[tuple[Any, ...]]:
    """Units ordered of each class of a supplier that needs a slot, against those delivered since."""
    slots = {name: at for name, at in offered.items() if at["kind"] == EQUIPMENT}
    ordered = orders.set_index(["equipment", "supplier", "period"])["ordered_units"].to_dict()
    for pair in dict.fromkeys((at["equipment"], at["supplier"]) for at in slots.values()):
        own = {n: at for n, at in slots.items() if (at["equipment"], at["supplier"]) == pair}
        since = min(at["since"] for at in own.values())
        units = delivered = 0.0
        for period in cal.index[since:]:
            units += ordered.get((*pair, period), 0.0)
            delivered += sum(
                of_option[name][period]["delivered_units"]
                for name in own
                if period in of_option.get(name, {})
            )
            yield *pair, period, units, delivered


def _walk_signings(
    cal: pd.DataFrame,
    offered: _Own,
    signed: Mapping[Any, float],
    used: Mapping[str, Mapping[Any, float]],
) -> Iterator[tuple[Any, ...]]:
    """MW signed of each contract or lease that needs an option, against those exercised."""
    for subject in dict.fromkeys(at["subject"] for at in offered.values()):
        own = {name: at for name, at in offered.items() if at["subject"] == subject}
        since = min(at["since"] for at in own.values())
        mw = exercised = 0.0
        for k, period in enumerate(cal.index):
            exercised += sum(used[name].get(period, 0.0) for name in own)
            if k >= since:
                mw += signed.get((subject, period), 0.0)
                yield subject, period, mw, exercised


def _walk_land(
    data: Dataset,
    found: _Rows,
    build: pd.DataFrame,
    offered: _Own,
    used: Mapping[str, Mapping[Any, float]],
) -> None:
    """Commitments of each site against the options on it that are exercised."""
    status = data.column("Sites", "status", by="site")
    for site in dict.fromkeys(at["site"] for at in offered.values() if at["kind"] == LAND):
        here = {n: at for n, at in offered.items() if at["kind"] == LAND and at["site"] == site}
        since = min(at["since"] for at in here.values())
        own = build[build["site"] == site].set_index("period")["committed"]
        exercised, free, before = 0.0, 0.0, float(status[site] != "candidate")
        for k, period in enumerate(calendar(data).index):
            committed, now = float(own[period]), sum(used[n].get(period, 0.0) for n in here)
            exercised += now
            found["exercised_by_committing"].append((site, period, now, committed - before))
            if k >= since:
                found["committed_by_option"].append((site, period, committed - free, exercised))
            else:
                free = committed
            before = committed


def recompute(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Amounts dropped and paid, actions, figures and cost, option by option from the decisions."""
    held, cal = tables["OptionsHeld"], calendar(data)
    offered: _Own = options_on_offer(data).to_dict("index")
    costs, rate = site_costs(data)["site_cost"], data.one("Settings").discount_rate
    rows: list[dict[str, Any]] = []
    fees: list[dict[str, Any]] = []
    kept: dict[str, float] = {}
    last: dict[str, int] = {}
    left, paid, due, premium_due = [], [], [], []
    used: dict[str, float] = {}
    for row in held.to_dict("records"):
        at, when = offered[row["option"]], cal.loc[row["period"]]
        # A period without a row is one in which nothing is held.
        known = last.get(row["option"]) == when["position"] - 1
        before = kept.get(row["option"], 0.0) if known else 0.0
        # A fixed price of MW or units is due by a decision of its own, any other as it is exercised.
        first = row["exercised"] > SOME and used.get(row["option"], 0.0) <= SOME
        by_decision = at["kind"] != LAND and at["exercise_price"] > 0
        due.append(bool(row["price_due"]) if by_decision else first)
        by_decision = at["kind"] != LAND and at["premium"] > 0
        premium_due.append(bool(row["premium_due"]) if by_decision else row["bought"] > SOME)
        used[row["option"]] = used.get(row["option"], 0.0) + row["exercised"]
        left.append(before + row["bought"] - row["exercised"] - row["kept"])
        kept[row["option"]], last[row["option"]] = row["kept"], when["position"]
        whose = {"subject": row["option"], "period": row["period"]}
        sums = dict(_sums(at, row, costs))
        rows += [
            {**whose, "item": item, "kind": CASH, "cash": cash,
             "present_value": cash / (1 + rate) ** (when["begin"] / 12),
             "first_month": when["begin"], "last_month": when["begin"]}
            for item, cash in sums.items() if cash
        ]  # fmt: skip
        fee = (at["fee_per_year"] + at["fee_by_size"]) * row["kept"] * when["years"]
        fees.append({**whose, "item": "option_fee", "amount": fee})
        paid.append(sum(sums.values()) + fee)
    parts = [
        charge_rows("options", pd.DataFrame(rows)),
        running_rows(
            data,
            "options",
            pd.DataFrame(fees, columns=["subject", "site", "period", "item", "amount"]),
        ),
    ]
    again = held[KEYS].assign(
        dropped=np.array(left, float),
        paid=np.array(paid, float),
        price_due=np.array(due, bool),
        premium_due=np.array(premium_due, bool),
    )
    for column in ("kind", "subject"):
        again[column] = held["option"].map(lambda name, of=column: offered[name][of])
    return {
        "OptionsHeld": again,
        "Actions": actions(data, held),
        "Summary": figures(data, held),
        "Cost": pd.concat([part for part in parts if len(part)] or parts[:1]),
    }


def _sums(
    at: Mapping[Any, Any], row: Mapping[Any, Any], site_costs: pd.Series
) -> Iterator[tuple[str, float]]:
    """Payments on the day by item, M."""
    share, is_land = at["premium_credited"], at["kind"] == LAND
    price = 0.0 if pd.isna(at["exercise_price"]) else at["exercise_price"]
    if is_land and pd.isna(at["exercise_price"]):
        price = site_costs[at["site"]]
    yield "option_premium", at["premium"] * bool(row["premium_due"])
    yield "option_premium_by_size", at["premium_by_size"] * row["bought"]
    if row["price_due"]:
        yield "option_exercise", 0.0 if is_land else price
        yield "option_credit", -min(share * at["premium"], price)
    by_size = at["exercise_price_by_size"]
    yield "option_exercise_by_size", by_size * row["exercised"]
    yield "option_credit_by_size", -min(share * at["premium_by_size"], by_size) * row["exercised"]
