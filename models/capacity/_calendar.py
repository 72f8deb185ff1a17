"""Dates as months from the base date, and the period in which something falls.

Every lead is added in months and rounded once, to a period, here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset, derived, recalled

TINY_MONTHS = 1e-6
DAYS_PER_MONTH = 30.4375
# What decides when something signed serves.
TERM = ("first_period", "last_period", "lead_months", "term_months")


def months_between(earlier: pd.Timestamp, later: pd.Timestamp) -> float:
    """Months from one date to another; whole where the day of the month is the same.

    Part of a month is its days over 30.4375, a twelfth of a year of 365.25 days.
    """
    whole = (later.year - earlier.year) * 12 + (later.month - earlier.month)
    return float(whole + (later.day - earlier.day) / DAYS_PER_MONTH)


@derived
def calendar(data: Dataset) -> pd.DataFrame:
    """Periods by name, in order of time.

    Returns
    -------
    pandas.DataFrame
        Indexed by period: position, date (first day), months, begin and end (months from the base
        date), years (length).
    """
    frame = data["Periods"].dropna(subset=["period", "start", "months"]).sort_values("start")
    frame = frame.drop_duplicates("period")
    base = data.one("Settings").base_date
    # Without a readable period the calendar is empty; `check` may still ask for it.
    first = months_between(base, frame["start"].iloc[0]) if len(frame) else 0.0
    begin = first + frame["months"].cumsum().to_numpy() - frame["months"].to_numpy()
    return pd.DataFrame(
        {
            "position": np.arange(len(frame)),
            "date": frame["start"].to_numpy(),
            "months": frame["months"].to_numpy(),
            "begin": begin,
            "end": begin + frame["months"].to_numpy(),
            "years": frame["months"].to_numpy() / 12.0,
        },
        index=pd.Index(frame["period"]),
    )


def months_from_base(data: Dataset, dates: pd.Series) -> pd.Series:
    """Dates as months from the base date; NaN where there is no date.

    A date is measured from the first day of the period that holds it. So a period's first day is
    where the period begins, also where months of unequal length move it: a month after 31 January
    is 28 February.
    """
    edges, moments = recalled(_edges, data)
    days = pd.to_datetime(dates)
    held_by = np.searchsorted(edges, days.to_numpy(), "right") - 1
    months = [
        np.nan if pd.isna(day) else _within(edges, moments, k, day)
        for day, k in zip(days, held_by, strict=True)
    ]
    return pd.Series(months, index=dates.index, dtype=float)


def _edges(data: Dataset) -> tuple[pd.DatetimeIndex, list[float]]:
    """The base date, first days of periods, and the day after the last one, with their months."""
    cal, base = calendar(data), data.one("Settings").base_date
    if cal.empty:
        return pd.DatetimeIndex([base]), [0.0]
    after = cal["date"].iloc[-1] + pd.DateOffset(months=int(cal["months"].iloc[-1]))
    edges = pd.DatetimeIndex([base, *cal["date"], after])
    return edges, [0.0, *cal["begin"], float(cal["end"].iloc[-1])]


def _within(edges: pd.DatetimeIndex, moments: list[float], k: int, day: pd.Timestamp) -> float:
    """Months of a day held by the k-th stretch between edges, never beyond the stretch."""
    moment = moments[max(k, 0)] + months_between(edges[max(k, 0)], day)
    return min(moment, moments[k + 1]) if k + 1 < len(moments) else moment


@dataclass
class _Days:
    """Days by moment in months from the base date, each worked out once."""

    edges: pd.DatetimeIndex
    moments: list[float]

    def __post_init__(self) -> None:
        self._known: dict[float, pd.Timestamp] = {}

    def at(self, moment: float) -> pd.Timestamp:
        """The day that begins at a moment."""
        if moment not in self._known:
            self._known[moment] = self._found(moment)
        return self._known[moment]

    def _found(self, moment: float) -> pd.Timestamp:
        moments = self.moments
        k = max(int(np.searchsorted(moments, moment + TINY_MONTHS, "right")) - 1, 0)
        whole, part = divmod(moment - moments[k] + TINY_MONTHS, 1.0)
        days = round((part - TINY_MONTHS) * DAYS_PER_MONTH)
        return self.edges[k] + pd.DateOffset(months=int(whole)) + pd.Timedelta(days=days)


def _days(data: Dataset) -> _Days:
    return _Days(*recalled(_edges, data))


def date_of(data: Dataset, moment: float) -> pd.Timestamp:
    """The day that begins at a moment, in months from the base date."""
    return recalled(_days, data).at(float(moment))


def dates_of(data: Dataset, moments: pd.Series) -> pd.Series:
    """The days that begin at moments, in months from the base date."""
    days = recalled(_days, data)
    found = [days.at(moment) for moment in moments.astype(float).tolist()]
    return pd.Series(found, moments.index, dtype="datetime64[ns]")


def months_of_last_days(data: Dataset, dates: pd.Series) -> pd.Series:
    """Months at which last days end; NaN where there is no date.

    A last day counts to its end. Who names the first day of a period, or the day after the last
    period, means the day before it.
    """
    edges, _ = recalled(_edges, data)
    days = pd.to_datetime(dates)
    return months_from_base(data, days.where(days.isin(edges[1:]), days + pd.Timedelta(days=1)))


def year_edges(data: Dataset, until: float) -> tuple[np.ndarray, np.ndarray]:
    """Calendar years from the base date to a month or the end of the horizon, whichever is later.

    Returns
    -------
    numpy.ndarray, numpy.ndarray
        The years, and the months from the base date at which they begin and the last one ends.
    """
    base = data.one("Settings").base_date
    last = base + pd.DateOffset(months=int(np.ceil(max(calendar(data)["end"].iloc[-1], until))))
    years = np.arange(base.year, last.year + 1)
    edges = [months_between(base, pd.Timestamp(int(y), 1, 1)) for y in [*years, years[-1] + 1]]
    return years, np.array(edges)


def first_position_at(cal: pd.DataFrame, months: np.ndarray | pd.Series) -> np.ndarray:
    """Position of the first period that begins at or after a moment; len(cal) where none does."""
    return np.searchsorted(cal["begin"].to_numpy(), np.asarray(months, float) - TINY_MONTHS, "left")


def last_position_by(cal: pd.DataFrame, months: np.ndarray | pd.Series) -> np.ndarray:
    """Position of the last period that begins at or before a moment; -1 where none does."""
    by = np.searchsorted(cal["begin"].to_numpy(), np.asarray(months, float) + TINY_MONTHS, "right")
    return by - 1


def last_position_before(cal: pd.DataFrame, months: np.ndarray | pd.Series) -> np.ndarray:
    """Position of the last period that begins strictly before a moment; -1 where none does."""
    before = np.searchsorted(
        cal["begin"].to_numpy(), np.asarray(months, float) - TINY_MONTHS, "left"
    )
    return before - 1


def first_position_beyond(cal: pd.DataFrame, months: np.ndarray | pd.Series) -> np.ndarray:
    """Position of the first period that does not end by a moment; len(cal) where all do.

    What ends inside a period serves only the periods before it.
    """
    return np.searchsorted(cal["end"].to_numpy(), np.asarray(months, float) + TINY_MONTHS, "right")


def positions(periods: pd.Series, cal: pd.DataFrame) -> pd.Series:
    """Position of each period, missing where it is blank; numbers also where there is no row.

    A period that the calendar lacks comes after it: the horizon was cut before it.
    """
    found = periods.map(cal["position"]).astype(float)
    return found.mask(found.isna() & periods.notna(), float(len(cal)))


def periods_within(cal: pd.DataFrame, first: Any, last: Any) -> list[str]:
    """Names of the periods from one to another, which are blank where the window is open."""
    begin, end = positions(pd.Series([first, last], dtype=object), cal)
    begin, end = np.nan_to_num(begin, nan=0.0), np.nan_to_num(end, nan=len(cal))
    return list(cal.index[cal["position"].between(begin, end)])


def within_window(rows: pd.DataFrame, cal: pd.DataFrame) -> pd.Series:
    """Mask of rows whose position lies between first_period and last_period; blank is open."""
    first = positions(rows["first_period"], cal).fillna(0)
    last = positions(rows["last_period"], cal).fillna(len(cal))
    return rows["position"].between(first, last)


def reversed_windows(rows: pd.DataFrame, cal: pd.DataFrame) -> pd.Series:
    """Mask of rows whose last_period is before first_period, which is an error of its own."""
    first, last = (positions(rows[name], cal) for name in ("first_period", "last_period"))
    return first > last


def signing_terms(offers: pd.DataFrame, cal: pd.DataFrame, key: str) -> pd.DataFrame:
    """Each offer and period of signing, with the months from which and to which it then runs.

    Parameters
    ----------
    offers : pandas.DataFrame
        `key`, first_period and last_period of signing, lead_months and term_months; blank means
        the first period, the last one, and a term without end.

    Returns
    -------
    pandas.DataFrame
        `key`, signed, from and to.
    """
    periods = cal.reset_index()[["period", "position", "begin"]]
    offered = offers.merge(
        periods.rename(columns={"period": "signed", "begin": "from"}), how="cross"
    )
    offered = offered[within_window(offered, cal)]
    offered["from"] += offered["lead_months"]
    offered["to"] = offered["from"] + offered["term_months"].fillna(np.inf)
    return offered[[key, "signed", "from", "to"]].reset_index(drop=True)


def begins_or_end(cal: pd.DataFrame) -> np.ndarray:
    """First moment of each period by position, and last the end of the horizon."""
    return np.append(cal["begin"].to_numpy(), cal["end"].to_numpy()[-1:])


def whole_periods(terms: pd.DataFrame, cal: pd.DataFrame) -> pd.DataFrame:
    """Each row of `signing_terms` in each period that lies wholly between its from and its to."""
    periods = cal.reset_index()[["period", "position", "begin", "end"]]
    served = terms.merge(periods, how="cross")
    whole = (served["from"] <= served["begin"] + TINY_MONTHS) & (
        served["end"] <= served["to"] + TINY_MONTHS
    )
    return served.loc[whole, [*terms.columns, "period", "position"]].reset_index(drop=True)


def carried_forward(frame: pd.DataFrame, cal: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Rows of a sheet keyed by `by` and period, for every period from the first one given.

    The last value carries forward; periods before a key's first row are absent.
    """
    if frame.empty:
        return frame.reset_index(drop=True)
    keys = frame[by].drop_duplicates()
    full = keys.merge(pd.DataFrame({"period": cal.index}), how="cross")
    full = full.merge(frame, on=[*by, "period"], how="left", indicator=True)
    given = full["_merge"].eq("both").groupby([full[k] for k in by]).cummax()
    values = [c for c in full.columns if c not in (*by, "period", "_merge")]
    full[values] = full.groupby(by)[values].ffill()
    return full[given].drop(columns="_merge").reset_index(drop=True)
