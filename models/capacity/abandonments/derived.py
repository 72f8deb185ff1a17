"""The payments that an abandonment makes due, and those that it ends."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from optalloc.data.dataset import Dataset

from .._abandonments import DROP_KEYS, LEFT_KEYS, abandonable, drops, left, possible_abandonments
from .._beginnings import PERMIT_KEYS
from .._building import KEYS, site_costs
from .._calendar import TINY_MONTHS, calendar
from .._capital_of_sites import charges_of_beginnings, charges_of_commitments
from .._money import charges_at, mean_factor
from .._running_costs import yearly_charges


def charges(data: Dataset) -> dict[str, pd.DataFrame]:
    """Charges by item: of what an abandonment costs and recovers, and of the payments it ends.

    Those whose name begins with ``abandonment`` are of the site where it ends in no ``per_mw``, and
    else of a MW; ``site`` of a commitment, ``building`` of a MW, ``component`` of a MW by component,
    whose payments may differ in time, ``fixed`` of a site and a period.
    """
    of_site, of_mw, gone = possible_abandonments(data), drops(data), left(data)
    found = {}
    for column in ("cost", "recovered"):
        sign = 1.0 if column == "cost" else -1.0
        item = "abandonment" if column == "cost" else "abandonment_recovered"
        found[item] = _on_the_day(data, of_site, KEYS, sign, column)
        found[f"{item}_per_mw"] = _on_the_day(data, of_mw, DROP_KEYS, sign, f"{column}_per_mw")
    ended = {
        **_ended(data, charges_of_commitments(data), gone, PERMIT_KEYS, LEFT_KEYS),
        **_ended(data, charges_of_beginnings(data), of_mw, ["site", "start", "begins"], DROP_KEYS),
    }
    return {**found, **ended, "fixed_ended": _fixed(data)}


def _on_the_day(
    data: Dataset, rows: pd.DataFrame, keys: list[str], sign: float, column: str
) -> pd.DataFrame:
    prices = abandonable(data)[column]
    due = sign * rows["site"].map(prices).astype(float)
    return charges_at(data, rows[keys].assign(subject=rows["site"]), due, rows["begin"])


def _ended(
    data: Dataset,
    paid: Mapping[str, pd.DataFrame],
    rows: pd.DataFrame,
    own: list[str],
    keys: list[str],
) -> dict[str, pd.DataFrame]:
    """Negative charges of the payments and credits that fall after each abandonment.

    Parameters
    ----------
    paid : mapping of str to pandas.DataFrame
        Charges of capital by item.
    rows : pandas.DataFrame
        `keys` and begin, the month of the abandonment.
    own : list of str
        Keys of what is paid for.
    """
    rate, found = data.one("Settings").discount_rate, {}
    for name, part in paid.items():
        item, _, rest = name.partition("_")
        part = part.rename(columns={"period": "start"} if "begins" in part else {})
        of_part = ["component"] if "component" in part else []
        due = part[[*of_part, *own, "cash", "first_month", "last_month"]]
        both = rows[[*keys, "begin"]].merge(due, on=own)
        span = both["last_month"] - both["first_month"]
        since = both[["first_month", "begin"]].max(axis=1)
        at_once = (both["first_month"] > both["begin"] + TINY_MONTHS).astype(float)
        evenly = (both["last_month"] - since).clip(lower=0.0) / span.where(span > 0)
        cash = -both["cash"] * evenly.where(span > 0, at_once)
        until = both[["last_month"]].max(axis=1).clip(lower=since)
        both = both.assign(
            subject=both["site"],
            cash=cash,
            present_value=cash * mean_factor(rate, 0.0, since, until),
            first_month=since,
            last_month=until,
        )
        named = f"{item}_cancelled" + (f"_{rest}" if rest else "")
        columns = ["subject", "first_month", "last_month", "cash", "present_value"]
        found[named] = both[[*of_part, *keys, *columns]].reset_index(drop=True)
    return found


def _fixed(data: Dataset) -> pd.DataFrame:
    """Fixed cost of each period that is not due of a site that was abandoned by then.

    Columns: those of charges keyed by KEYS, and ``by``: the latest period in which it can be.
    """
    may, cal = possible_abandonments(data), calendar(data).reset_index()
    frame = may[["site"]].drop_duplicates().merge(cal[["period", "position"]], how="cross")
    frame = pd.merge_asof(
        frame.astype({"position": "int64"}).sort_values("position", kind="stable"),
        may.rename(columns={"period": "by"})[["site", "by", "position"]]
        .astype({"position": "int64"})
        .sort_values("position", kind="stable"),
        on="position",
        by="site",
    ).dropna(subset=["by"])
    frame = frame.reset_index(drop=True)
    per_year = -frame["site"].map(site_costs(data)["fixed_cost_per_year"]).astype(float)
    keys = frame[KEYS].assign(subject=frame["site"], by=frame["by"])
    growth = data.one("Settings").running_cost_escalation
    return yearly_charges(data, keys, per_year, growth)
