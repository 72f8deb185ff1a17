"""Values for which the catalogue has no published figure, each with the range that is plausible."""

from __future__ import annotations

from dataclasses import dataclass

from .figures import Figure, Range

__all__ = [
    "BASE_MS",
    "BLOCK",
    "BUILD_COST",
    "BUILD_TIME",
    "CONSTRUCTION",
    "DEMAND",
    "DISCOUNT_RATE",
    "GRID_WAIT",
    "HOME_ROOM",
    "INFERENCE_SHARE",
    "LATENCY",
    "LIFE",
    "LOAD_FACTOR",
    "MS_PER_KM",
    "NETWORK_COST",
    "POWER",
    "POWER_PRICE",
    "PUE",
    "ROOM",
    "ROUND_TRIP",
    "RUNNING_COST",
    "SAME_PLACE",
    "SCORE",
    "SHARES",
    "SITE_COST",
    "UNMET",
    "Assumption",
    "factor",
]


@dataclass(frozen=True)
class Assumption:
    """A value, and its range."""

    value: float
    range: Range

    @property
    def figure(self) -> Figure:
        """The value as a cell."""
        return Figure(self.value, None, (self.range,))


def _assumed(value: float, name: str, low: float, high: float, unit: str, why: str) -> Assumption:
    return Assumption(value, Range(name, low, high, unit, why))


def factor(name: str, low: float, high: float, why: str) -> Range:
    """A range by which cells are multiplied."""
    return Range(name, low, high, "times the cell", why, "multiply")


# Money, time and demand.
DISCOUNT_RATE = _assumed(
    0.07,
    "discount rate",
    0.05,
    0.1,
    "per year",
    "Yours to decide. All money is in constant prices, so that the rate is real.",
)
LIFE = _assumed(
    20,
    "life of what is built",
    15,
    30,
    "years",
    "Of shell and plant together; the catalogue has no figure that covers both.",
)
DEMAND = factor("demand", 0.8, 1.2, "What was given is a forecast.")
_SHARE, _LOW_SHARE, _HIGH_SHARE = 0.3, 0.15, 0.45
_SHARE_WHY = (
    f"{100 * _SHARE:g} % of demand is taken to be inference, which must lie near home; the rest is "
    "training, which may run anywhere. Only you know how yours divides."
)
# Share of demand by workload.
SHARES = {"inference": _SHARE, "training": 1 - _SHARE}
INFERENCE_SHARE = {
    "inference": factor(
        "share of inference", _LOW_SHARE / _SHARE, _HIGH_SHARE / _SHARE, _SHARE_WHY
    ),
    "training": factor(
        "share of inference",
        round((1 - _LOW_SHARE) / (1 - _SHARE), 4),
        round((1 - _HIGH_SHARE) / (1 - _SHARE), 4),
        _SHARE_WHY,
    ),
}
LATENCY = _assumed(
    100,
    "round trip that inference allows",
    60,
    200,
    "ms",
    "Depends on the product: a reply that is read as it is written allows more than a voice.",
)
LOAD_FACTOR = _assumed(
    0.8,
    "mean load",
    0.6,
    0.95,
    "share of peak",
    "Depends on how the machines are used; turns MW into MWh.",
)
UNMET = _assumed(
    10,
    "penalty of unmet demand",
    5,
    30,
    "M per MW-year",
    "What a MW of computing that is not there costs the business in a year. Well above what it "
    "costs to build and run, or nothing would be built.",
)

# Sites.
ROOM = factor(
    "room at each place",
    0.5,
    2,
    "An equal share of all growth and half as much again. The catalogue does not say what land and "
    "grid offer one customer.",
)
HOME_ROOM = factor(
    "room at home", 1, 1.5, "What stands at home is taken to be all that its grid carries."
)
BLOCK = factor("size of a block", 0.5, 2, "A round part of the room, to be started as one hall.")
GRID_WAIT = _assumed(
    24,
    "wait for the grid",
    12,
    60,
    "months",
    "No figure for this place in the catalogue. The IEA gives one to three years for the "
    "United States; Ember seven to ten years for the largest markets of Europe.",
)
BUILD_TIME = Range(
    "construction time",
    18,
    36,
    "months",
    "Published as typical of one builder; the catalogue has no figure by market.",
)
SITE_COST = factor(
    "cost of a site",
    0.4,
    2.5,
    "25 + 0.25 x max_mw for land, permits and interconnection; land alone was 0.244 M USD an acre "
    "in the United States in 2024 (Cushman & Wakefield).",
)
BUILD_COST = _assumed(
    11.3,
    "construction cost where the catalogue has none",
    7,
    15,
    "M per MW IT",
    "No figure for this place in the catalogue; the average that JLL states for the world in 2026, "
    "with a range of 10 to 12.",
)
CONSTRUCTION = factor(
    "construction cost",
    0.9,
    1.3,
    "Published figures are averages of a market in 2025, without IT; halls for AI cost 7 to 10 % "
    "more (Turner & Townsend), and some twice as much (JLL).",
)
RUNNING_COST = _assumed(
    0.25,
    "running cost besides power",
    0.1,
    0.5,
    "M per MW-year",
    "Staff, maintenance and insurance: 1 to 4 % of the construction cost a year.",
)
PUE = _assumed(
    1.3,
    "power usage effectiveness",
    1.15,
    1.56,
    "grid MW per IT MW",
    "By design, cooling and climate. The average of existing data centres was 1.56 in 2024 "
    "(Uptime Institute); new ones are built for less.",
)

# Power, network, risk.
POWER = _assumed(
    90,
    "price of power where the catalogue has none",
    45,
    228,
    "per MWh",
    "No figure for this place in the catalogue; between the median and the mean of the prices that "
    "it has, which go from 45 to 228.",
)
POWER_PRICE = factor(
    "price of power",
    0.8,
    1.5,
    "The price that industry paid is kept for all years; outside the United States most prices are "
    "undated. The catalogue does not say what one customer can agree on.",
)
# Fitted to the published times: nine in ten of them lie between 0.8 and 1.5 times this.
BASE_MS, MS_PER_KM = 6.0, 0.015
ROUND_TRIP = factor(
    "round trips that are estimated",
    0.8,
    1.5,
    f"{BASE_MS:g} ms + {MS_PER_KM:g} ms a km of great circle, as the catalogue has no "
    "time between the two; nine in ten of those that it has lie within this range of the formula.",
)
SAME_PLACE = _assumed(
    2, "round trip at home", 1, 5, "ms", "Within one metropolitan area; not in the catalogue."
)
NETWORK_COST = factor(
    "cost of the network",
    0.3,
    3,
    "0.01 M + 0.0004 M a ms of round trip for each MW and year; prices of capacity are "
    "not in the catalogue.",
)
SCORE = Assumption(
    0.3,
    Range(
        "risk scores other than governance",
        0.1,
        0.6,
        "score",
        "The catalogue has no such score; nothing depends on one until RiskLimits has rows.",
        swept=False,
    ),
)
