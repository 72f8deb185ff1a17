"""Taxes of the nine countries of inputs/pacific-detailed.

The sheet Taxes knows one schedule of depreciation for all capital, while laws have one for
buildings, one for plant, and some a first-year deduction. Each country has the straight line whose
deductions are worth as much: the same present value, at the discount rate and life of
inputs/pacific.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.optimize import brentq

DISCOUNT, LIFE_YEARS = 0.08, 20
# The sheet allows no more.
MOST_YEARS = 100.0
# Critical capacity, of the cost of building in the United States: Cushman & Wakefield, US Data
# Center Development Cost Guide 2025. Range: cost segregation studies of data centres.
PLANT_SHARE, PLANT_SHARE_RANGE = 0.53, (0.3, 0.6)


def evenly(years: float) -> float:
    """Present value of 1 that is spread evenly over so many years from the day of service."""
    return (1 - (1 + DISCOUNT) ** -years) / (years * math.log(1 + DISCOUNT))


def straight(years: float) -> float:
    """Present value of a straight line over so many years, the rest written off at LIFE_YEARS."""
    served = min(years, LIFE_YEARS)
    rest = 1 - served / years
    return served / years * evenly(served) + rest * (1 + DISCOUNT) ** -LIFE_YEARS


def declining(rate: float) -> float:
    """Present value of a balance that declines by a share a year, the rest written off likewise."""
    kept = (1 - rate) / (1 + DISCOUNT)
    years = sum(rate * kept**year for year in range(LIFE_YEARS)) * evenly(1)
    return years + kept**LIFE_YEARS


def first_year(share: float, rest: float) -> float:
    """Present value of a share deducted in the first year, and of what becomes of the rest."""
    return share * evenly(1) + (1 - share) * rest


def same_as_straight(value: float) -> float:
    """Years of the straight line that is worth as much, to a tenth, and MOST_YEARS at most."""
    if value <= straight(MOST_YEARS):
        return MOST_YEARS
    return round(brentq(lambda years: straight(years) - value, 0.1, MOST_YEARS), 1)


@dataclass(frozen=True)
class Tax:
    """Taxes of a country: rates, and present values of what 1 of building and of plant deducts."""

    country: str
    corporate_rate: float
    building: float
    plant: float
    property_tax_rate: float | None = None

    def years(self, plant_share: float = PLANT_SHARE, plant: float | None = None) -> float:
        """Straight line worth as much as building and plant together, in years."""
        own = self.plant if plant is None else plant
        return same_as_straight(plant_share * own + (1 - plant_share) * self.building)


# Effective life of plant that no published table was found for, with its range: years; a share.
AUSTRALIA_YEARS, KOREA_YEARS, NEW_ZEALAND_RATE = (15, 10, 20), (8, 5, 12), (0.13, 0.08, 0.2)


def australian(years: float) -> float:
    """Diminishing value at twice the straight line (ITAA 1997 s 40-72)."""
    return declining(2 / years)


def new_zealand(rate: float) -> float:
    """Investment Boost of a fifth, and diminishing value."""
    return first_year(0.2, declining(rate))


TAXES = (
    Tax("Australia", 0.30, straight(40), australian(AUSTRALIA_YEARS[0])),
    Tax("Canada", 0.265, declining(0.06), declining(0.20), 0.015),
    Tax("India", round(0.22 * 1.10 * 1.04, 5), declining(0.10), declining(0.15)),
    Tax("Japan", 0.3152, straight(38), straight(15), 0.014),
    Tax("Korea", 0.275, straight(40), straight(KOREA_YEARS[0])),
    Tax("Malaysia", 0.24, 0.0, first_year(0.2, evenly(0.8 / 0.14))),
    Tax("New Zealand", 0.28, first_year(0.2, 0.0), new_zealand(NEW_ZEALAND_RATE[0])),
    Tax("Singapore", 0.17, 0.0, evenly(3)),
    Tax("United States", 0.21, straight(39), evenly(1), 0.012),
)
DUTIES = (("transformers", "India", 0.075), ("transformers", "United States", 0.016))
