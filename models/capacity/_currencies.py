"""Exchange rates that cannot be meant and currencies that were forgotten: notices, never errors.

The rates below are facts by which an inverted or misplaced rate is noticed, never computed with in
a plan: units of each currency per US dollar in late 2025, rounded to their order of magnitude.
They need not be exact, as a notice takes a rate that is off by a factor of 4 (`FAR_OFF`).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.declared import Worth
from optalloc.errors import Problem

__all__ = ["CODES", "currency_notices", "worth"]

CODES = {
    "currency-code": "a currency code that is not known (notice)",
    "exchange-rate": "an exchange rate far from the usual one (notice)",
    "currency-blank": "a blank currency where others of the same place have one (notice)",
}

REFERENCE = "USD"
# By judgement, wide enough for rates of other years: an inverted rate, or one per hundred, of most
# currencies is further off.
FAR_OFF = 4.0

# fmt: off
PER_DOLLAR = {
    "USD": 1.0, "EUR": 0.86, "GBP": 0.75, "JPY": 150, "CNY": 7.1, "HKD": 7.8, "TWD": 31,
    "KRW": 1400, "SGD": 1.3, "MYR": 4.2, "IDR": 16_600, "THB": 32.5, "PHP": 58, "VND": 26_300,
    "INR": 88, "PKR": 281, "BDT": 122, "LKR": 304, "AUD": 1.5, "NZD": 1.75, "CAD": 1.4,
    "MXN": 18.5, "BRL": 5.4, "CLP": 950, "COP": 3_900, "PEN": 3.4, "UYU": 40, "ARS": 1_400,
    "CRC": 505, "DOP": 63, "GTQ": 7.7, "CHF": 0.8, "SEK": 9.5, "NOK": 10.1, "DKK": 6.4,
    "ISK": 122, "PLN": 3.65, "CZK": 21, "HUF": 335, "RON": 4.4, "RSD": 101, "UAH": 42,
    "TRY": 42, "RUB": 81, "KZT": 525, "GEL": 2.7, "AZN": 1.7, "UZS": 12_000, "ILS": 3.3,
    "AED": 3.67, "SAR": 3.75, "QAR": 3.64, "OMR": 0.385, "BHD": 0.376, "KWD": 0.307, "JOD": 0.709,
    "EGP": 48, "MAD": 9.2, "TND": 2.9, "ZAR": 17.3, "NGN": 1_450, "KES": 129, "GHS": 11,
    "TZS": 2_450, "UGX": 3_600, "RWF": 1_450, "ETB": 150, "XOF": 565, "XAF": 565, "MUR": 45,
}
# fmt: on


def _usual(code: str, workbook: str) -> float:
    """Units of a currency that usually buy one of the workbook's; NaN where one is not known."""
    return PER_DOLLAR.get(code, np.nan) / PER_DOLLAR.get(workbook, np.nan)


def worth(data: Dataset, sheet: str) -> Worth | None:
    """US dollars per unit of each row's money, by the usual rates; else by those of Currencies."""
    settings, frame = data.one("Settings"), data[sheet]
    workbook = settings.currency if isinstance(settings.currency, str) else ""
    rates = data.column("Currencies", "per_workbook_currency", by="currency").to_dict()
    base = 1 / PER_DOLLAR.get(workbook, np.nan)

    def dollars(code: object) -> float:
        known = PER_DOLLAR.get(str(code), np.nan)
        return base / rates.get(code, 1.0) if np.isnan(known) else 1 / known

    own = frame["currency"].tolist() if "currency" in frame.columns else [None] * len(frame)
    codes = [workbook if pd.isna(code) else code for code in own]
    each = {code: dollars(code) for code in set(codes)}
    per_row = pd.Series([each[code] for code in codes], index=frame.index, dtype=float)
    others = {code: dollars(code) for code in [workbook, *rates] if isinstance(code, str) and code}
    return Worth(REFERENCE, per_row, others)


def currency_notices(data: Dataset) -> Iterator[Problem]:
    """Codes, rates and blanks that are in doubt."""
    yield from _codes(data)
    yield from _rates(data)
    yield from _blanks(data)


def _codes(data: Dataset) -> Iterator[Problem]:
    """Three-letter codes of which none is known; other names are the planner's own."""
    named = [
        ("Settings", data.column("Settings", "currency")),
        ("Currencies", data.column("Currencies", "currency")),
    ]
    for sheet, codes in named:
        for row, code in codes.dropna().items():
            if code.upper() in PER_DOLLAR and code not in PER_DOLLAR:
                action = f"Write {code.upper()}, so that its rate can be checked."
            elif code not in PER_DOLLAR:
                action = "Check its spelling; its rate and its costs cannot be checked."
            else:
                continue
            must = "a currency is usually a code such as USD, EUR or JPY"
            yield data.notice(sheet, row, "currency", must, action, "currency-code")


def _rates(data: Dataset) -> Iterator[Problem]:
    workbook = data.one("Settings").currency
    rates = data["Currencies"].dropna(subset=["currency", "per_workbook_currency"])
    for row, at in rates.to_dict("index").items():
        usual, rate = _usual(at["currency"], workbook), at["per_workbook_currency"]
        if np.isnan(usual) or 1 / FAR_OFF <= rate / usual <= FAR_OFF:
            continue
        action = "Check the rate and both currencies; it is used as it stands."
        if 1 / FAR_OFF <= rate * usual <= FAR_OFF:
            action = f"It looks inverted: write {1 / rate:.4g}; it is used as it stands."
        must = f"one {workbook} usually buys about {usual:.3g} {at['currency']}"
        yield data.notice("Currencies", row, "per_workbook_currency", must, action, "exchange-rate")


def _blanks(data: Dataset) -> Iterator[Problem]:
    """Rows with money and no currency, of a place of which most rows or all sites have one."""
    sites = (
        data.columns("Sites", "site", "jurisdiction", "currency")
        .drop_duplicates("site")
        .set_index("site")
    )
    local = {
        where: own.iloc[0]
        for where, own in sites.groupby("jurisdiction")["currency"]
        if own.notna().all() and own.nunique() == 1
    }
    for name, sheet in data.sheets.items():
        if "currency" not in sheet.by_name or "site" not in sheet.by_name:
            continue
        money = [c.name for c in sheet.columns if c.plausible and c.plausible.money]
        frame = data.columns(name, "site", "currency", *money)
        place = frame["site"].map(sites["jurisdiction"])
        paid = (frame[money].fillna(0) != 0).any(axis=1)
        for where, own in frame[paid & place.notna()].groupby(place, sort=False):
            named, blank = own["currency"].dropna(), own.index[own["currency"].isna()]
            usual = named.mode().tolist()[:1] if len(named) > len(blank) else []
            usual = usual or [local[code] for code in (where,) if code in local]
            if usual and len(blank):
                rest = f", as in {len(blank) - 1} more of its rows" if len(blank) > 1 else ""
                yield data.notice(
                    name,
                    blank[0],
                    "currency",
                    f"money at sites of {where!r} is usually in {usual[0]} here",
                    f"Fill in the currency; blank means {data.one('Settings').currency}.",
                    "currency-blank",
                    found=f"a blank{rest}",
                )
