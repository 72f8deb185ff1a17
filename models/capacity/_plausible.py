"""Usual ranges of numbers, by which a slip of unit is noticed; never limits.

Each range reaches well beyond what is published, so that what is unusual and meant stays quiet.
Money is in US dollars of 2025. Published figures that the ranges were drawn around:

- construction 6.1 (Shanghai) to 15.2 (Tokyo) M per MW: Turner & Townsend, Data Centre Construction
  Cost Index 2025-26; built for AI 20 to 25 (JLL, Global Data Center Outlook 2026); with all
  equipment 27 to 44 (operating AI campuses, 2026);
- rent 195 USD per kW and month, 2.3 M per MW-year: CBRE, North America Data Center Trends H2 2025;
- industrial power 45 (Québec) to 228 (Ireland) USD per MWh: national statistics of 2024;
- PUE 1.56 on average: Uptime Institute survey 2024; by design down to 1.05;
- wait for the grid 1 to 13 years: IEA 2025, Ember 2025; transformers up to 4 years: IEA 2026;
- markets of 400 to 4,500 MW, the largest country 20,500 MW: Cushman & Wakefield H2 2024.

Where nothing is published (fees, penalties, staff) the range is an assumption of four or more
orders of magnitude about the example inputs, which only a slip of unit leaves.
"""

from __future__ import annotations

from optalloc.data.schema import Plausible, Slip

_MILLIONS = (
    Slip(1e6, "money in single units, not millions"),
    Slip(1e3, "money in thousands, not millions"),
    Slip(1e-3, "money in billions, not millions"),
)
_MEGAWATTS = (
    Slip(1e3, "kW, not MW"),
    Slip(1e6, "W, not MW"),
    Slip(1e-3, "GW, not MW"),
)
_PER_MWH = (
    Slip(1e-3, "a price per kWh, not per MWh"),
    Slip(0.1, "cents per kWh, not money per MWh"),
)
_MONTHS = (
    Slip(365.25 / 12, "days, not months"),
    Slip(52.18 / 12, "weeks, not months"),
)
_PERCENT = (Slip(100.0, "percent, not a share"),)


def _millions(low: float, high: float) -> Plausible:
    return Plausible(low=low, high=high, money=True, slips=_MILLIONS)


def _quiet(low: float, high: float) -> Plausible:
    """A range for numbers that differ widely by their nature, so that none is an outlier."""
    return Plausible(low=low, high=high, slips=_PERCENT, outliers=False)


SITE_COST = _millions(0.1, 20_000)
BUILD_COST_PER_MW = _millions(1, 100)
COMPONENT_COST_PER_MW = _millions(0.001, 100)
FIXED_COST_PER_YEAR = _millions(0.01, 2_000)
COST_PER_MW_YEAR = _millions(0.001, 20)
STORAGE_COST_PER_MW = _millions(0.01, 10)
STORAGE_COST_PER_MWH = _millions(0.005, 5)
STORAGE_COST_PER_MW_YEAR = _millions(1e-4, 2)
RENT_PER_MW_YEAR = _millions(0.1, 20)
NETWORK_COST_PER_MW_YEAR = _millions(1e-5, 20)
OPTION_PRICE = _millions(0.001, 20_000)
ABANDONMENT = _millions(0.001, 20_000)
FEE_PER_MW = _millions(1e-5, 20)
UNMET_PENALTY = _millions(0.05, 10_000)
EXPECTED_LOSS = _millions(1e-5, 100)
UNIT_COST = _millions(1e-6, 500)
BUDGET = _millions(0.1, 1_000_000)
PRICE_PER_MWH = Plausible(low=3, high=1_000, money=True, slips=_PER_MWH)
WAGE_PER_PERSON_MONTH = Plausible(
    low=100,
    high=60_000,
    money=True,
    slips=(
        Slip(1e-3, "money in thousands"),
        Slip(12, "a wage per year, not per month"),
        Slip(1 / 160, "a wage per hour, not per month"),
    ),
)
SITE_MW = Plausible(low=0.05, high=20_000, slips=_MEGAWATTS)
DEMAND_MW = Plausible(low=1e-3, high=20_000, slips=_MEGAWATTS)
GRID_MW = Plausible(low=0.05, high=200_000, slips=_MEGAWATTS)
SITE_LEAD_MONTHS = Plausible(low=0.25, high=180, slips=_MONTHS)
BLOCK_LEAD_MONTHS = Plausible(low=0.25, high=96, slips=_MONTHS)
LEASE_LEAD_MONTHS = Plausible(low=0.25, high=120, slips=_MONTHS)
LIFE_YEARS = Plausible(low=1, high=60, slips=(Slip(12.0, "months, not years"),), outliers=False)
PUE = Plausible(low=1, high=2.5, slips=(Slip(100.0, "percent, not a factor"),), outliers=False)
LATENCY_MS = Plausible(
    low=0.02,
    high=1_000,
    slips=(Slip(1e3, "microseconds, not milliseconds"), Slip(1e-3, "seconds, not milliseconds")),
    outliers=False,
)
TCO2_PER_MWH = Plausible(
    low=1e-4,
    high=2,
    slips=(Slip(1e3, "kg per MWh or g per kWh, not tonnes per MWh"),),
    outliers=False,
)
DISCOUNT_RATE = _quiet(0.005, 0.3)
ESCALATION = _quiet(-0.3, 0.3)
GAP = _quiet(0, 0.2)
LOAD_FACTOR = _quiet(0.05, 1)
RESERVE_SHARE = _quiet(0.001, 0.6)
# Statutory rates of all levels together: 9 to 35 % (OECD Corporate Tax Statistics 2024).
TAX_RATE = _quiet(0.03, 0.6)
DEPRECIATION_YEARS = Plausible(
    low=1, high=60, slips=(Slip(12.0, "months, not years"),), outliers=False
)
PROPERTY_TAX_RATE = _quiet(1e-4, 0.06)
DUTY_SHARE = _quiet(0.001, 1)
PREMIUM_SHARE = _quiet(0.005, 5)
GROWTH_PER_YEAR = _quiet(0.005, 20)
PERSON_MONTHS_PER_MW = Plausible(low=0.5, high=2_000)
STAFF_PER_MW = Plausible(low=1e-4, high=100)
