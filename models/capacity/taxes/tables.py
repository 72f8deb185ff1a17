"""Tables of where equipment is installed, and of the way from cost before tax to after it."""

from __future__ import annotations

import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Column, Kind
from optalloc.modelling.exhibits import Bridge
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.reports import Report
from optalloc.modelling.solution import Solution

from .._money import cost_rows
from .derived import NONE_NAMED, ORDER_KEYS, PLACE_KEYS, belongs, places, schedule

BEFORE = "before tax"
# Terms of the way from before to after tax, in its order, by how names of items begin.
TERMS = {
    "duty_": "import duty",
    "property_tax": "property tax",
    "credit_": "credits and grants",
    "tax_depreciation_": "depreciation",
    "tax_write_off_": "depreciation",
    "tax_residual_": "left at the end of the horizon",
    "tax_of_": "costs deducted",
}

EQUIPMENT_PLACES = TableSpec(
    name="EquipmentPlaces",
    meaning="Units of each order by the jurisdiction in which they are installed.",
    key=tuple(PLACE_KEYS),
    across="period",
    spread=("assigned_units",),
    columns=(
        Column(name="equipment", kind=Kind.TEXT, meaning="Class of equipment."),
        Column(name="supplier", kind=Kind.TEXT, meaning="Supplier."),
        Column(name="jurisdiction", kind=Kind.TEXT, meaning="Where they are installed."),
        Column(name="period", kind=Kind.TEXT, meaning="Period for which they are ordered."),
        Column(
            name="assigned_units", kind=Kind.NUMBER, unit="units", meaning="Units installed there."
        ),
    ),
)

TAX_BRIDGE = TableSpec(
    name="TaxBridge",
    meaning="From cost before tax to cost after it, by jurisdiction; income to set off against is assumed, and penalties and expected loss are not taxed.",
    key=("jurisdiction", "term"),
    columns=(
        Column(name="term", kind=Kind.TEXT, meaning="Term of the way from before to after tax."),
        Column(
            name="jurisdiction",
            kind=Kind.TEXT,
            meaning="Jurisdiction in which it arises; none where it belongs to no single one.",
        ),
        Column(name="cash", kind=Kind.NUMBER, unit="M", meaning="Undiscounted amount."),
        Column(
            name="present_value", kind=Kind.NUMBER, unit="M", meaning="Discounted to the base date."
        ),
    ),
)


def tables(data: Dataset, values: Solution) -> dict[str, pd.DataFrame]:
    """Where equipment is installed, and the way from before to after tax."""
    placed = pd.DataFrame(columns=[column.name for column in EQUIPMENT_PLACES.columns])
    if len(places(data)):
        units = values.variable("assigned_units", PLACE_KEYS)
        units = units.rename(columns={"value": "assigned_units"})
        placed = units[units["assigned_units"] > 0]
    return {"TaxBridge": bridge(data, cost_rows(values), placed), "EquipmentPlaces": placed}


def _by_place(cost: pd.DataFrame, placed: pd.DataFrame) -> pd.DataFrame:
    """Cost with that of equipment cut by the jurisdictions in which it is installed.

    The column installed_in names them, and is blank for all other costs.
    """
    keys = ["subject", "period"]
    units = placed["assigned_units"].astype(float)
    shares = placed[["period"]].assign(
        subject=placed["equipment"] + " from " + placed["supplier"],
        installed_in=placed["jurisdiction"],
        share=units / units.groupby([placed[key] for key in ORDER_KEYS]).transform("sum"),
    )
    bought = cost["item"].astype(str).str.startswith("equipment")
    of_equipment = cost[bought].merge(shares, on=keys, how="left")
    share = of_equipment["share"].astype(float).fillna(1.0)
    money = {name: of_equipment[name] * share for name in ("cash", "present_value")}
    of_equipment = of_equipment.drop(columns="share").assign(**money)
    others = cost[~bought].assign(installed_in=None)
    parts = [part for part in (others, of_equipment) if len(part)] or [others]
    return pd.concat(parts, ignore_index=True)


def bridge(data: Dataset, cost: pd.DataFrame, placed: pd.DataFrame) -> pd.DataFrame:
    """The way from before to after tax, by term and jurisdiction, from Cost and EquipmentPlaces."""
    cost = _by_place(cost, placed)
    item, taxed = cost["item"].astype(str), cost["family"] == "taxes"
    term = pd.Series(BEFORE, cost.index)
    for start, name in TERMS.items():
        term = term.mask(taxed & (term == BEFORE) & item.str.startswith(start), name)
    plain = cost.assign(item=item.where(~taxed, item.str.removeprefix("tax_of_")))
    where = belongs(data).of(plain)
    # A tax on equipment says at its end where that is installed; all other capital has a site.
    on_value = item.isin(["property_tax", "tax_of_property_tax"]) & cost["site"].isna()
    of_equipment = taxed & (item.str.contains("_of_equipment") | on_value)
    subjects = cost["subject"].where(of_equipment).dropna().astype(str).unique()
    law = schedule(data)["jurisdiction"].unique()
    named = {
        subject: max((j for j in law if subject.endswith(f" for {j}")), key=len, default=None)
        for subject in subjects
    }
    where = where.mask(of_equipment, cost["subject"].map(named))
    there = cost["installed_in"].notna() & (cost["installed_in"] != NONE_NAMED)
    where = where.mask(there, cost["installed_in"])
    rows = cost.assign(term=term, jurisdiction=where.fillna("none"))
    sums = rows.groupby(["term", "jurisdiction"], sort=False)[["cash", "present_value"]].sum()
    order = {name: k for k, name in enumerate([BEFORE, *TERMS.values()])}
    return (
        sums.reset_index()
        .sort_values(
            ["term", "jurisdiction"], key=lambda c: c.map(order) if c.name == "term" else c
        )
        .reset_index(drop=True)
    )


REPORT = Report(
    exhibits=(
        Bridge(
            title="What tax makes of the cost",
            order=702,
            note="Present value before tax, and what each tax term adds or saves. Income to set off "
            "against is assumed. Cash costs are deducted where their site lies, those of several "
            "jurisdictions in the home jurisdiction of Settings. Deposits, penalties, expected loss "
            "and what stood before the plan are not taxed.",
            table="TaxBridge",
            by=("term", "jurisdiction"),
            value="present_value",
            y_title="Present value (M)",
        ),
    ),
)
