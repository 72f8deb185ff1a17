"""Options on offer: what they are about, and when they can be bought, kept and exercised."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from optalloc.data.dataset import Dataset, derived

from ._calendar import calendar, positions
from ._money import to_workbook_currency

LAND, GRID, CONTRACT, LEASE, EQUIPMENT = "land", "grid", "contract", "lease", "equipment"
# The column that names what an option of each kind is about.
SUBJECTS = {
    LAND: "site",
    GRID: "zone",
    CONTRACT: "contract",
    LEASE: "lease",
    EQUIPMENT: "equipment",
}
# What is stated for each MW, and of equipment for each unit.
SIZES = {
    "max_size": ("max_mw", "max_units"),
    "premium_by_size": ("premium_per_mw", "premium_per_unit"),
    "fee_by_size": ("fee_per_mw_year", "fee_per_unit_year"),
    "exercise_price_by_size": ("exercise_price_per_mw", "exercise_price_per_unit"),
}
# What is decided of an option, and what a row of Decisions may ask of it.
BOUGHT, KEPT, EXERCISED = "bought", "kept", "exercised"
KEYS = ["option", "period"]
MONEY = [
    *("premium", "premium_per_mw", "premium_per_unit", "fee_per_year", "fee_per_mw_year"),
    *("fee_per_unit_year", "exercise_price", "exercise_price_per_mw", "exercise_price_per_unit"),
]
SLOT_KEYS = ["equipment", "supplier", "period"]


@derived
def options_on_offer(data: Dataset) -> pd.DataFrame:
    """Options that there are, indexed by option, money in the workbook's currency.

    An option on land is there where the site is a candidate, one on a lease where its site is not
    excluded.

    Adds subject, what it is about; max_size and the prices of a MW, or of a unit of equipment,
    by the names of `SIZES`; and as positions of periods buy_first and buy_last, use_first
    and use_last between which it is exercised, and since, from which nothing is had without one.
    """
    cal = calendar(data)
    rows = to_workbook_currency(data, data["Options"], MONEY)
    subject = pd.Series(None, rows.index, dtype=object)
    for kind, column in SUBJECTS.items():
        subject = subject.where(rows["kind"] != kind, rows[column])
    of_equipment = rows["kind"] == EQUIPMENT
    subject = subject.where(~of_equipment, rows["equipment"] + " from " + rows["supplier"])
    sizes = {
        name: rows[per_mw].where(~of_equipment, rows[per_unit])
        for name, (per_mw, per_unit) in SIZES.items()
    }
    status = data.column("Sites", "status", by="site")
    of_lease = data.column("Leases", "site", by="lease")
    left_out = (rows["kind"] == LAND) & (rows["site"].map(status) != "candidate")
    left_out |= (rows["kind"] == LEASE) & (rows["lease"].map(of_lease).map(status) == "excluded")
    first, last = (positions(rows[f"{end}_period"], cal) for end in ("first", "last"))
    opens, closes = (positions(rows[f"exercise_{end}"], cal) for end in ("from", "until"))
    rows = rows.assign(
        **sizes,
        subject=subject,
        buy_first=first.fillna(0).astype(int),
        use_last=closes.fillna(len(cal) - 1).astype(int),
        since=positions(rows["needed_from"], cal).fillna(len(cal)).astype(int),
    )
    rows["buy_last"] = last.fillna(len(cal) - 1).astype(int).clip(upper=rows["use_last"])
    rows["use_first"] = opens.fillna(0).astype(int).clip(lower=rows["buy_first"])
    return rows[~left_out].set_index("option", drop=False)


def land_options(data: Dataset) -> pd.DataFrame:
    """Options on land: option, site, their own lead_months and price or blank, and their window."""
    rows = options_on_offer(data)
    columns = ["option", "site", "lead_months", "exercise_price", "use_first", "use_last"]
    return rows.loc[rows["kind"] == LAND, columns].reset_index(drop=True)


def exercised_on_land(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The option by which a plan commits a site, by site: its lead_months and price, or blank."""
    held = tables["OptionsHeld"]
    used = held.loc[held["exercised"] > 0, "option"]
    land = land_options(data)
    return land[land["option"].isin(used)].drop_duplicates("site").set_index("site")


def leads_by_option(data: Dataset) -> pd.DataFrame:
    """The option on land with the shortest lead of its own, of each site that has one.

    Indexed by site: option, lead_months, and row, the label of its row of Options.
    """
    land, named = land_options(data), data.column("Options", "option")
    rows = pd.Series(named.index, named)
    known = land.dropna(subset=["lead_months"]).sort_values("lead_months", kind="stable")
    known = known.drop_duplicates("site").set_index("site")
    return known[["option", "lead_months"]].assign(row=known["option"].map(rows))


def shortest_leads(data: Dataset) -> pd.Series:
    """The shortest lead by an option of each site that has one with a lead of its own, by site."""
    return land_options(data).groupby("site")["lead_months"].min().astype(float)


def reserved_at_most(data: Dataset) -> pd.Series:
    """The most MW that options on the grid can add to each zone, by zone."""
    rows = options_on_offer(data)
    return rows[rows["kind"] == GRID].groupby("zone")["max_mw"].sum().astype(float)
