"""Least cost by trying every plan: of compiled arrays, and of a workbook without the model.

`of_arrays` fixes the integers of a program in every possible way. `of_book` knows nothing of the
model: it builds on every site in every possible way and writes down by hand the transport problem
that is left, for workbooks with sites, demand, placement and grid alone.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from scipy.optimize import linprog

from optalloc.mip.arrays import Arrays
from tests.books import Book

NOTHING = 1e-7


class TooManyError(Exception):
    """There are more ways than may be tried."""


def relaxation(arrays: Arrays) -> float:
    """Least cost without integrality, every strengthening row in force; infinite without a plan."""
    bounds = np.column_stack([arrays.col_lower, arrays.col_upper])
    cost, _ = _continuous(
        arrays.matrix.tocsr(), arrays.row_lower, arrays.row_upper, arrays.cost, bounds
    )
    return cost + arrays.offset


def of_arrays(arrays: Arrays, most: int) -> float:
    """Least cost over every choice of the integers; strengthening rows are left out.

    Rows that `Arrays.separate` finds are taken up until a point breaks none.

    Raises
    ------
    TooManyError
        If more than `most` choices keep to the rows that have integers alone.
    """
    arrays = arrays.with_rows(~arrays.strengthening)
    matrix, whole = arrays.matrix.tocsr(), np.flatnonzero(arrays.integer)
    free = np.flatnonzero(~arrays.integer)
    bounds = np.column_stack([arrays.col_lower, arrays.col_upper])[free]
    lower, upper = arrays.row_lower, arrays.row_upper
    best, point = math.inf, np.zeros(len(arrays.cost))
    for choice in _choices(arrays, whole, most):
        fixed = float(arrays.cost[whole] @ choice) + arrays.offset
        point[whole] = choice
        while True:
            used = matrix[:, whole] @ choice
            cost, point[free] = _continuous(
                matrix[:, free], lower - used, upper - used, arrays.cost[free], bounds
            )
            extra = arrays.violated_by(point) if fixed + cost < best else ()
            if not len(extra):
                break
            matrix = sp.csr_array(sp.vstack([matrix, extra.matrix]))
            lower = np.concatenate([lower, np.full(len(extra), -math.inf)])
            upper = np.concatenate([upper, extra.upper])
        best = min(best, fixed + cost)
    return best


def _choices(arrays: Arrays, whole: np.ndarray, limit: int) -> np.ndarray:
    """Every choice of the integers that keeps to the rows in which nothing else stands."""
    matrix = arrays.matrix.tocsr()
    alone = np.flatnonzero(abs(matrix[:, np.flatnonzero(~arrays.integer)]).sum(axis=1) == 0)
    rows = matrix[alone][:, whole].toarray()
    low, high = arrays.col_lower[whole], arrays.col_upper[whole].copy()
    for row, most in zip(rows, arrays.row_upper[alone], strict=True):
        # What a sum of them is limited to, none of them exceeds.
        if (row >= 0).all() and (low >= 0).all():
            high[row > 0] = np.minimum(high[row > 0], most / row[row > 0])
    if np.isinf(high).any():
        raise TooManyError
    least, greatest = np.minimum(rows * low, rows * high), np.maximum(rows * low, rows * high)
    chosen = np.empty((1, 0))
    for k in range(len(whole)):
        values = np.arange(math.ceil(low[k] - NOTHING), math.floor(high[k] + NOTHING) + 1)
        grown = np.repeat(chosen, len(values), axis=0)
        chosen = np.column_stack([grown, np.tile(values, len(chosen))])
        done = chosen @ rows[:, : k + 1].T
        fits = done + least[:, k + 1 :].sum(axis=1) <= arrays.row_upper[alone] + NOTHING
        fits &= done + greatest[:, k + 1 :].sum(axis=1) >= arrays.row_lower[alone] - NOTHING
        chosen = chosen[fits.all(axis=1)]
        if len(chosen) > 20 * limit:
            raise TooManyError
    if len(chosen) > limit:
        raise TooManyError
    return chosen


def _continuous(
    matrix: Any, lower: np.ndarray, upper: np.ndarray, cost: np.ndarray, bounds: np.ndarray
) -> tuple[float, Any]:
    """Least cost of ``lower <= matrix x <= upper`` and where; infinite where nothing fits."""
    empty = np.diff(matrix.indptr) == 0
    if (lower[empty] > NOTHING).any() or (upper[empty] < -NOTHING).any():
        return math.inf, 0.0
    if not len(cost):
        return 0.0, 0.0
    equal, above, below = lower == upper, np.isfinite(upper), np.isfinite(lower)
    above, below = above & ~equal, below & ~equal
    result = linprog(
        cost,
        A_ub=sp.vstack([matrix[above], -matrix[below]]),
        b_ub=np.concatenate([upper[above], -lower[below]]),
        A_eq=matrix[equal],
        b_eq=upper[equal],
        bounds=bounds,
    )
    if result.status not in (0, 2):
        raise AssertionError(result.message)
    return (float(result.fun), result.x) if result.status == 0 else (math.inf, 0.0)


Row = dict[str, Any]
Schedule = tuple[float, list[float]]


def of_book(made: Book, most: int) -> float:
    """Least cost of a workbook over every commitment, start of blocks and choice of hosts.

    Raises
    ------
    TooManyError
        If more than `most` transport problems would have to be solved.
    """
    time = _timeline(made)
    schedules = [list(_schedules(made["Settings"][0], row, time)) for row in made["Sites"]]
    if math.prod(map(len, schedules)) > 50 * most:
        raise TooManyError
    plans = sorted(
        (sum(cost for cost, _ in plan), [delivered for _, delivered in plan])
        for plan in itertools.product(*schedules)
    )
    left = _Transport(made, time)
    best, tried = math.inf, 0
    for built, delivered in plans:
        for hosts in _subsets(left.clusters):
            # Nothing that is left to decide earns money.
            if built >= best:
                return best
            tried += 1
            if tried > most:
                raise TooManyError
            best = min(best, built + left.least_cost(delivered, hosts))
    return best


def _timeline(made: Book) -> list[Row]:
    """Periods with begin and end in months from the base date, which is the first day."""
    begin, rows = 0, []
    for row in made["Periods"]:
        rows.append({**row, "begin": begin, "end": begin + row["months"]})
        begin += row["months"]
    return rows


def _month(time: list[Row], date: str | None, otherwise: float) -> float:
    """Months from the first day to a date, both the first of a month."""
    if date is None:
        return otherwise
    begin, at = pd.Timestamp(time[0]["start"]), pd.Timestamp(date)
    return 12 * (at.year - begin.year) + at.month - begin.month


def _schedules(settings: Row, site: Row, time: list[Row]) -> Iterator[Schedule]:
    """Every way to commit a site and start blocks there: what it costs, and MW delivered by period."""
    is_open = site["status"] != "candidate"
    room = site["max_mw"] - site["existing_mw"] - site["under_construction_mw"]
    both = site["site_lead_months"] + site["block_lead_months"]
    last = time[-1]["begin"]
    if not is_open:
        yield 0.0, [_stands(site, time, q) for q in time]
    for commit in [0] if is_open else [q["begin"] for q in time if q["begin"] + both <= last]:
        fixed = _fixed_cost(settings, site, time, commit, is_open)
        permit = -math.inf if is_open else commit + site["site_lead_months"]
        wanted = _month(time, site["earliest_start"], 0)
        days = [max(q["begin"], permit, wanted) for q in time]
        possible = [
            day < q["end"] and day + site["block_lead_months"] <= last
            for day, q in zip(days, time, strict=True)
        ]
        blocks = int(room // site["block_mw"])
        most = [min(blocks, site["max_blocks_per_period"] or blocks) * ok for ok in possible]
        for starts in itertools.product(*(range(k + 1) for k in most)):
            mw = [site["block_mw"] * count for count in starts]
            first = next((amount for amount in mw if amount), math.inf)
            if sum(starts) > blocks or first < site["min_mw"]:
                continue
            built = sum(
                _capital(settings, site, time, amount * site["build_cost_per_mw"], day,
                         site["block_lead_months"], site["block_lead_months"])
                for amount, day in zip(mw, days, strict=True)
                if amount
            )  # fmt: skip
            delivered = [
                _stands(site, time, q)
                + sum(
                    amount
                    for amount, day in zip(mw, days, strict=True)
                    if day + site["block_lead_months"] <= q["begin"]
                )
                for q in time
            ]
            yield fixed + built, delivered


def _fixed_cost(
    settings: Row,
    site: Row,
    time: list[Row],
    commit: float,
    is_open: bool,
) -> float:
    """Committing a site, and keeping it open to the end."""
    both = site["site_lead_months"] + site["block_lead_months"]
    cost = 0.0 if is_open else _capital(
        settings, site, time, site["site_cost"], commit, site["site_lead_months"], both
    )  # fmt: skip
    return cost + sum(
        _yearly(settings, q, site["fixed_cost_per_year"]) for q in time if q["begin"] >= commit
    )


def _stands(site: Row, time: list[Row], period: Row) -> float:
    """MW that stand at a site without any decision."""
    ready = _month(time, site["under_construction_online"], math.inf) <= period["begin"]
    return float(site["existing_mw"] + (site["under_construction_mw"] if ready else 0))


def _yearly(settings: Row, period: Row, amount: float) -> float:
    """Present value of a running cost a year over a period."""
    growth = (1 + settings["running_cost_escalation"]) / (1 + settings["discount_rate"])
    return amount * _integral(growth, period)


def _integral(growth: float, period: Row) -> float:
    """Integral of growth^t over a period, t in years, by Gauss's rule with ten points."""
    points, weights = np.polynomial.legendre.leggauss(10)
    half = period["months"] / 24
    middle = (period["begin"] + period["end"]) / 24
    return float(half * (weights @ growth ** (middle + half * points)))


def _capital(
    settings: Row, site: Row, time: list[Row], amount: float,
    begin: float, lead: float, to_online: float,
) -> float:  # fmt: skip
    """Present value of capital less its credit at the end; every life outlives the horizon."""
    rate, end, life = settings["discount_rate"], time[-1]["end"] / 12, settings["life_years"]
    first = begin + (lead if site["spend_profile"] == "at_end" else 0)
    last = begin + (0 if site["spend_profile"] == "at_start" else lead)
    # The mean of the discount factor over the months in which it is paid, by the midpoint rule.
    steps = 2000 if last > first else 1
    at = (first + (np.arange(steps) + 0.5) * (last - first) / steps) / 12
    cash = amount * (1 + settings["build_cost_escalation"]) ** (begin / 12)
    value = cash * float(np.mean((1 + rate) ** -at))
    if settings["residual_value"] == "no":
        return value
    online = next(q["begin"] for q in time if q["begin"] >= begin + to_online) / 12
    # A level payment at the end of each instant of the life repays it; those to come are credited.
    left = life - (end - online)
    share = left / life if rate == 0 else (1 - (1 + rate) ** -left) / (1 - (1 + rate) ** -life)
    return value - value * (1 + rate) ** (online - end) * share


def _mw(made: Book) -> dict[tuple[str, str, str], float]:
    """Demand in MW by workload, region and period."""
    order = [q["period"] for q in made["Periods"]]
    sizes = sorted(made.get("ComputeUnits", ()), key=lambda row: order.index(row["period"]))
    asked = {}
    for row in made["Demand"]:
        mw = row["it_mw"]
        if mw is None:
            known = [
                size["mw_per_unit"]
                for size in sizes
                if size["workload"] == row["workload"]
                and order.index(size["period"]) <= order.index(row["period"])
            ]
            mw = row["units"] * known[-1]
        asked[row["workload"], row["region"], row["period"]] = mw
    return asked


def _subsets(keys: list[Any]) -> Iterator[set[Any]]:
    for size in range(len(keys) + 1):
        yield from map(set, itertools.combinations(keys, size))


class _Transport:
    """What is online, served and left unmet, once everything is built: a problem without integers.

    Columns are keys such as ``("served", workload, region, site, period)``.
    """

    def __init__(self, made: Book, time: list[Row]) -> None:
        self.made, self.time, self.settings = made, time, made["Settings"][0]
        self.workloads = {row["workload"]: row for row in made["Workloads"]}
        self.asked = _mw(made)
        self.cost: dict[Any, float] = {}
        self.rows: list[tuple[dict[Any, float], float]] = []
        self.balances: list[tuple[dict[Any, float], float]] = []
        self._online()
        self._demand()
        self._capacity()
        self.rows += _grid_rows(made, time)
        self.clusters = sorted({(k[1], k[3], k[4]) for k in self.cost if self._clustered(k)})
        self._clusters()
        number = {key: k for k, key in enumerate(self.cost)}
        self.upper, self.most = _dense(self.rows, number)
        self.equal, self.sides = _dense(self.balances, number)

    def _online(self) -> None:
        """MW online by site and period; what is new and in service stays so."""
        for site in self.made["Sites"]:
            keys = [("online", site["site"], q["period"]) for q in self.time]
            stands = [_stands(site, self.time, q) for q in self.time]
            for key, q in zip(keys, self.time, strict=True):
                self.cost[key] = _yearly(self.settings, q, site["cost_per_mw_year"])
            for k in range(len(keys) - 1):
                self.rows.append(({keys[k]: 1.0, keys[k + 1]: -1.0}, stands[k] - stands[k + 1]))

    def _demand(self) -> None:
        """Demand is served over arcs that are short enough, or left unmet where it has a price."""
        when = {q["period"]: q for q in self.time}
        for (w, r, q), mw in self.asked.items():
            balance: dict[Any, float] = {}
            penalty = self.workloads[w]["unmet_penalty_per_mw_year"]
            limit = self.workloads[w]["max_latency_ms"]
            if penalty is not None:
                key: Any = ("unmet", w, r, q)
                factor = _integral(1 / (1 + self.settings["discount_rate"]), when[q])
                self.cost[key], balance[key] = penalty * factor, 1.0
            for arc in self.made["Network"]:
                if arc["region"] == r and (limit is None or arc["latency_ms"] <= limit) and mw > 0:
                    key = ("served", w, r, arc["site"], q)
                    balance[key] = 1.0
                    self.cost[key] = _yearly(self.settings, when[q], arc["cost_per_mw_year"])
            self.balances.append((balance, mw))

    def _capacity(self) -> None:
        for site, q in itertools.product(self.made["Sites"], self.time):
            here = ("online", site["site"], q["period"])
            load = {
                key: 1.0 + self.workloads[key[1]]["reserve_share"]
                for key in self.cost
                if key[0] == "served" and key[3:] == here[1:]
            }
            self.rows.append((load | {here: -1.0}, 0.0))

    def _clustered(self, key: Any) -> bool:
        return key[0] == "served" and self.workloads[key[1]]["min_mw_at_one_site"] is not None

    def _clusters(self) -> None:
        """Two rows for each workload, site and period with a minimum: as if nothing were hosted."""
        self.first_cluster, self.least = len(self.rows), []
        for w, i, q in self.clusters:
            own = [key for key in self.cost if self._clustered(key) and key[1::2][:2] == (w, i)]
            own = [key for key in own if key[4] == q]
            total = sum(mw for (v, _, p), mw in self.asked.items() if (v, p) == (w, q))
            self.least.append((min(self.workloads[w]["min_mw_at_one_site"], total), total))
            self.rows += [(dict.fromkeys(own, -1.0), 0.0), (dict.fromkeys(own, 1.0), 0.0)]

    def least_cost(self, delivered: list[list[float]], hosts: set[Any]) -> float:
        """Least cost with so much delivered by site and period, and these clusters hosted."""
        most = self.most.copy()
        for k, cluster in enumerate(self.clusters):
            if cluster in hosts:
                least, total = self.least[k]
                most[self.first_cluster + 2 * k : self.first_cluster + 2 * k + 2] = -least, total
        bounds: dict[Any, tuple[float, float | None]] = defaultdict(lambda: (0.0, None))
        for site, mw in zip(self.made["Sites"], delivered, strict=True):
            for q, there in zip(self.time, mw, strict=True):
                stands = _stands(site, self.time, q)
                bounds["online", site["site"], q["period"]] = stands, there
        result = linprog(
            list(self.cost.values()), A_ub=self.upper, b_ub=most, A_eq=self.equal, b_eq=self.sides,
            bounds=[bounds[key] for key in self.cost],
        )  # fmt: skip
        if result.status not in (0, 2):
            raise AssertionError(result.message)
        return float(result.fun) if result.status == 0 else math.inf


def _grid_rows(made: Book, time: list[Row]) -> Iterator[tuple[dict[Any, float], float]]:
    """Zones and connections: coefficients, and what they may come to at most."""
    order = [q["period"] for q in time]
    for row in made.get("GridZones", ()):
        own = [site for site in made["Sites"] if site["grid_zone"] == row["zone"]]
        now = {("online", site["site"], row["period"]): site["pue"] for site in own}
        if row["max_total_mw"] is not None:
            yield now, row["max_total_mw"]
        if row["max_new_mw"] is not None and row["period"] == order[0]:
            yield now, row["max_new_mw"] + sum(site["pue"] * site["existing_mw"] for site in own)
        elif row["max_new_mw"] is not None:
            early = order[order.index(row["period"]) - 1]
            before = {("online", site["site"], early): -site["pue"] for site in own}
            yield now | before, row["max_new_mw"]
    ramp = {(row["site"], row["period"]): row["energised_mw"] for row in made.get("PowerRamp", ())}
    for site in made["Sites"]:
        energised = 0.0
        for q in order if any(name == site["site"] for name, _ in ramp) else ():
            energised = ramp.get((site["site"], q), energised)
            yield {("online", site["site"], q): site["pue"]}, energised


def _dense(
    rows: list[tuple[dict[Any, float], float]], number: dict[Any, int]
) -> tuple[np.ndarray, np.ndarray]:
    matrix = np.zeros((len(rows), len(number)))
    for k, (row, _) in enumerate(rows):
        for key, value in row.items():
            matrix[k, number[key]] = value
    return matrix, np.array([side for _, side in rows])
