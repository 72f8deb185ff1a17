"""Capacity in service whatever is decided, which alone may exceed a limit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Cell
from optalloc.modelling.limits import Cause

from ._building import active_sites, standing_mw

# The largest; the other cells of a limit say the same.
MOST = 4


def standing_at(
    data: Dataset,
    sites: Iterable[str],
    period: str,
    per_mw: pd.Series | None = None,
    what: str = "",
) -> Iterator[Cause]:
    """Capacity of some sites in a period that needs no decision, the largest first.

    Parameters
    ----------
    data : Dataset
    sites : iterable of str
    period : str
    per_mw : pandas.Series, optional
        By site, what each MW takes of what is limited.
    what : str
        What that is, with its unit, such as ``"MW of grid power"``.
    """
    frame = standing_mw(data)
    here = frame[(frame["period"] == period) & frame["site"].isin(set(sites))]
    here = here[here["standing_mw"] > 0].sort_values("standing_mw", ascending=False)
    for at in here.head(MOST).to_dict("records"):
        site, mw = str(at["site"]), float(at["standing_mw"])
        taken = ""
        if per_mw is not None and per_mw.get(site, 1.0) != 1.0:
            taken = f", which take {mw * per_mw[site]:,.6g} {what}"
        existing = float(active_sites(data, "existing_mw")["existing_mw"][site])
        yield Cause(
            f"{site} has {mw:,.6g} MW in service in {period} whatever is decided{taken}",
            cells_of(data, site, counts_construction=mw > existing),
        )


def cells_of(data: Dataset, site: str, *, counts_construction: bool) -> tuple[Cell, ...]:
    """Where a site's standing capacity comes from."""
    rows = data.columns("Sites", "site", "existing_mw", "under_construction_mw")
    row = int(str(rows.index[rows["site"] == site][0]))
    amounts = ["existing_mw", *(["under_construction_mw"] if counts_construction else [])]
    held = rows.loc[row, amounts].astype(float)
    return tuple(("Sites", row, name) for name in amounts if held[name] > 0)


def exceeding(
    data: Dataset, cap: pd.DataFrame, group: pd.Series, per_mw: pd.Series
) -> Iterator[tuple[str, str, float, float, list[Cell]]]:
    """Groups of sites whose standing capacity alone is more than a cap, each in its worst period.

    Parameters
    ----------
    data : Dataset
    cap : pandas.DataFrame
        Columns group, period and cap.
    group : pandas.Series
        By site, the group that it belongs to.
    per_mw : pandas.Series
        By site, what each MW takes of the cap.

    Yields
    ------
    tuple
        Group, period, what stands, the cap, and the cells of the largest.
    """
    frame = standing_mw(data)
    frame = frame.assign(
        group=frame["site"].map(group), used=frame["standing_mw"] * frame["site"].map(per_mw)
    )
    used = frame.groupby(["group", "period"])["used"].sum().reset_index()
    both = used.merge(cap, on=["group", "period"])
    both = both[both["used"] > both["cap"] * (1 + 1e-6) + 1e-6].assign(
        over=lambda rows: rows["used"] - rows["cap"]
    )
    worst = both.loc[both.groupby("group")["over"].idxmax()] if len(both) else both
    for at in worst.to_dict("records"):
        named = frame[(frame["group"] == at["group"]) & (frame["period"] == at["period"])]
        names = named[named["used"] > 0].sort_values("used", ascending=False)["site"]
        found = [
            cell
            for site in names.head(MOST)
            for cell in cells_of(data, str(site), counts_construction=True)
        ]
        yield str(at["group"]), str(at["period"]), float(at["used"]), float(at["cap"]), found
