"""Charges of capital at sites: of commitments, and of what begins with its components."""

from __future__ import annotations

import pandas as pd

from optalloc.data.dataset import Dataset

from ._beginnings import PERMIT_KEYS, permits, possible_beginnings
from ._building import BEGINNING_KEYS, KEYS, active_sites, site_costs, useful_commitments
from ._calendar import begins_or_end, calendar, first_position_at
from ._capital import capital_charges
from ._money import to_workbook_currency
from ._options import land_options

COMPONENT_KEYS = ["component", *BEGINNING_KEYS]


def charges_of_commitments(data: Dataset) -> dict[str, pd.DataFrame]:
    """Charges of committing a site, by item, as `capital_charges`: PERMIT_KEYS and period first."""
    commits = useful_commitments(data)
    own = [*PERMIT_KEYS, "option", "period", "lead_months", "arrives"]
    site = permits(data, *own).merge(commits, on=KEYS)
    priced = site["option"].map(land_options(data).set_index("option")["exercise_price"])
    ready = site["arrives"] + site["block_lead_months"]
    plain = site["site"].map(site_costs(data, "site_cost")["site_cost"])
    cal = calendar(data)
    site = site.assign(
        unit_cost=priced.astype(float).fillna(plain).astype(float),
        growth=data.one("Settings").build_cost_escalation,
        online=begins_or_end(cal)[first_position_at(cal, ready)],
    )
    return capital_charges(data, "site", site[[*PERMIT_KEYS, "period"]], site)


def charges_of_beginnings(data: Dataset) -> dict[str, pd.DataFrame]:
    """Charges of a MW that begins, by item, as `capital_charges`: keyed by BEGINNING_KEYS, and
    those of components by their name before.
    """
    return {**charges_of_buildings(data), **charges_of_components(data)}


def charges_of_buildings(data: Dataset) -> dict[str, pd.DataFrame]:
    """Charges of a MW that begins, components apart, keyed by BEGINNING_KEYS."""
    building = _paid_beginnings(data)
    per_mw = building["site"].map(site_costs(data, "build_cost_per_mw")["build_cost_per_mw"])
    building = building.assign(unit_cost=per_mw.astype(float))
    return capital_charges(data, "building", building[BEGINNING_KEYS], building)


def charges_of_components(data: Dataset) -> dict[str, pd.DataFrame]:
    """Charges of the components of a MW that begins, keyed by COMPONENT_KEYS."""
    parts = component_starts(data, _paid_beginnings(data))
    subjects = parts[COMPONENT_KEYS].assign(subject=parts["component"])
    return capital_charges(data, "component", subjects, parts)


def _paid_beginnings(data: Dataset) -> pd.DataFrame:
    """Beginnings with the columns of `capital_charges` but for what a unit costs."""
    beginnings = possible_beginnings(data)
    begins = begins_or_end(calendar(data))
    return beginnings.assign(
        growth=data.one("Settings").build_cost_escalation,
        lead_months=beginnings["block_lead_months"],
        online=begins[beginnings["online_position"].to_numpy(int)],
    )


def component_starts(data: Dataset, building: pd.DataFrame) -> pd.DataFrame:
    """Each beginning with each component it needs: a site's own row before that for every site.

    Parameters
    ----------
    building : pandas.DataFrame
        The beginnings, with the columns of `capital_charges`; blanks of a component leave them.
    """
    rows = to_workbook_currency(data, data["Components"], ["cost_per_mw"])
    rows = rows[["component", "site", "cost_per_mw", "life_years", "escalation", "spend_profile"]]
    sites = active_sites(data, "site").reset_index(drop=True)
    shared = rows[rows["site"].isna()].drop(columns="site").merge(sites, how="cross")
    both = pd.concat([rows[rows["site"].notna()], shared]).drop_duplicates(["component", "site"])
    parts = both.merge(building, on="site", suffixes=("_own", ""))
    return parts.assign(
        unit_cost=parts["cost_per_mw"],
        growth=parts["escalation"].fillna(parts["growth"]),
        life_years=parts["life_years_own"].fillna(parts["life_years"]),
        spend_profile=parts["spend_profile_own"].fillna(parts["spend_profile"]),
    )
