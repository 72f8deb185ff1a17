"""Random small workbooks that use several families at once, and what may be done to any workbook.

A family takes part by one function ``add(draw, made)`` in `FAMILIES`, which adds its rows.
"""

from __future__ import annotations

import copy
import pprint
import random
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
from hypothesis import note
from hypothesis import strategies as st

import optalloc
from optalloc.data.schema import Kind
from tests.books import Book, book

MODEL = optalloc.load_model()
Draw = random.Random
ZONES, MARKETS, COUNTRIES = ("East", "West"), ("M", "N"), ("X", "Y")


def one_of(draw: Draw, *values: Any) -> Any:
    return draw.choice(values)


def periods(draw: Draw, count: int) -> list[dict[str, Any]]:
    """Half-years and years in any order, from the base date."""
    start, rows = pd.Timestamp("2027-01-01"), []
    for k in range(1, count + 1):
        months = one_of(draw, 6, 12)
        rows.append({"period": f"P{k}", "start": start.date().isoformat(), "months": months})
        start += pd.DateOffset(months=months)
    return rows


def site(draw: Draw, name: str, starts: Sequence[str]) -> dict[str, Any]:
    """A candidate, an existing site with room, or a committed one that is being built."""
    status = one_of(draw, "candidate", "candidate", "existing", "committed")
    most = one_of(draw, 60, 40)
    coming = status == "committed" and one_of(draw, True, False)
    return {
        "site": name,
        "market": one_of(draw, *MARKETS),
        "jurisdiction": one_of(draw, *COUNTRIES),
        "grid_zone": one_of(draw, *ZONES),
        "labour_market": one_of(draw, "L", "K"),
        "status": status,
        "existing_mw": 15 if status == "existing" else 0,
        "under_construction_mw": 10 if coming else 0,
        "under_construction_online": starts[-1] if coming else None,
        "max_mw": most,
        "block_mw": one_of(draw, 20, 25, None),
        "min_mw": one_of(draw, 0, 30) if most == 60 else 0,
        "max_blocks_per_period": None,
        "earliest_start": one_of(draw, None, None, starts[1], "2027-03-01"),
        "site_lead_months": one_of(draw, 0, 6),
        "block_lead_months": one_of(draw, 0, 6, 9),
        "site_cost": one_of(draw, 15, 40, 0),
        "build_cost_per_mw": one_of(draw, 10, 8, 13),
        "spend_profile": one_of(draw, "even", "at_start", "at_end"),
        "fixed_cost_per_year": one_of(draw, 2, 0),
        "cost_per_mw_year": one_of(draw, 0.5, 0),
        "pue": one_of(draw, 1.25, 1.5),
    }


def core(draw: Draw, sites: int, regions: int, count: int) -> Book:
    """The sheets that every workbook has."""
    time = periods(draw, count)
    names = [f"s{k}" for k in range(1, sites + 1)]
    places = [f"r{k}" for k in range(1, regions + 1)]
    workloads = ["serving", "training"][: one_of(draw, 1, 2)]
    return book(
        Settings={
            "discount_rate": one_of(draw, 0.08, 0),
            "residual_value": one_of(draw, "yes", "no"),
            "build_cost_escalation": one_of(draw, 0, 0.03),
            "running_cost_escalation": one_of(draw, 0, 0.02),
            "life_years": 15,
        },
        Periods=time,
        Sites=[site(draw, name, [row["start"] for row in time]) for name in names],
        Workloads=[
            {
                "workload": name,
                "reserve_share": one_of(draw, 0, 0.1),
                "load_factor": one_of(draw, 0.8, 1),
                "max_latency_ms": one_of(draw, None, 50),
                "unmet_penalty_per_mw_year": one_of(draw, 30, 12, 30, None),
                "min_mw_at_one_site": None,
            }
            for name in workloads
        ],
        Demand=[
            {"workload": w, "region": r, "period": q["period"], "it_mw": mw, "units": None}
            for w in workloads
            for r in places
            # Nothing is online at once where leads are long, so most ask for more later.
            for q, mw in zip(
                time, sorted(one_of(draw, 15, 0, 5, 25) for _ in time), strict=True
            )
        ],
        Network=[
            {"site": i, "market": None, "region": r, "latency_ms": one_of(draw, 20, 45, 60),
             "cost_per_mw_year": one_of(draw, 0.2, 0, 1)}
            for i in names
            for r in places
        ],
    )  # fmt: skip


def names_of(made: Book, sheet: str, column: str) -> list[Any]:
    """Names in a column, each once, in order."""
    return list(dict.fromkeys(row[column] for row in made[sheet] if row[column] is not None))


def units(draw: Draw, made: Book) -> None:
    """The first workload's demand in compute units that shrink."""
    name, last = made["Workloads"][0]["workload"], made["Periods"][-1]["period"]
    for row in made["Demand"]:
        if row["workload"] == name:
            row |= {"it_mw": None, "units": 4 * row["it_mw"]}
    made["ComputeUnits"] = [
        {"workload": name, "period": "P1", "mw_per_unit": 0.25},
        {"workload": name, "period": last, "mw_per_unit": one_of(draw, 0.125, 0.25)},
    ]


def clusters(draw: Draw, made: Book) -> None:
    made["Workloads"][-1]["min_mw_at_one_site"] = one_of(draw, 12, 8, 30)


def block_pace(draw: Draw, made: Book) -> None:
    for row in made["Sites"]:
        row["max_blocks_per_period"] = None if row["block_mw"] is None else 1


def grid_zones(draw: Draw, made: Book) -> None:
    made["GridZones"] = [
        {"zone": zone, "period": q, "max_new_mw": one_of(draw, 40, 15, None),
         "max_total_mw": one_of(draw, 60, 35, None)}
        for zone in names_of(made, "Sites", "grid_zone")
        for q in names_of(made, "Periods", "period")
    ]  # fmt: skip


def power_ramp(draw: Draw, made: Book) -> None:
    made["PowerRamp"] = [
        {"site": "s1", "period": q, "energised_mw": mw}
        for q, mw in (("P1", one_of(draw, 20, 30)), ("P2", one_of(draw, 60, 40)))
    ]


def energy(draw: Draw, made: Book) -> None:
    """Spot everywhere, and a contract with take-or-pay in one zone."""
    zones = names_of(made, "Sites", "grid_zone")
    made["PowerPrices"] = [
        {"zone": zone, "period": q, "spot_price_per_mwh": one_of(draw, 90, 60),
         "max_spot_share": one_of(draw, 1, 0.6) if zone == zones[0] else 1}
        for zone in zones
        for q in names_of(made, "Periods", "period")
    ]  # fmt: skip
    made["Contracts"] = [
        {"contract": "wind", "zone": zones[0], "kind": "energy", "term_months": one_of(draw, None, 12),
         "min_mw": one_of(draw, 0, 10), "block_mw": one_of(draw, None, 15), "max_mw": 60,
         "price_per_mwh": one_of(draw, 50, 70), "availability": 0.9,
         "take_or_pay_share": one_of(draw, 0.5, 0), "fixed_fee_per_mw_year": 0.01},
    ]  # fmt: skip


def carbon(draw: Draw, made: Book) -> None:
    """A cap and a clean share; spot emits, the contract does not."""
    if "PowerPrices" not in made:
        energy(draw, made)
    for row in made["PowerPrices"]:
        row["tco2_per_mwh"] = 0.4
    for row in made["Contracts"]:
        row |= {"tco2_per_mwh": 0, "deposit_per_mw": one_of(draw, 0.1, None),
                "termination_fee_per_mw": one_of(draw, None, 0.2)}  # fmt: skip
    made["Carbon"] = [
        {"period": "P1", "max_tco2": one_of(draw, 40000, 20000), "min_clean_share": None},
        {"period": "P2", "max_tco2": None, "min_clean_share": one_of(draw, 0.2, 0.5)},
    ]


def leases(draw: Draw, made: Book) -> None:
    made["Leases"] = [
        {"lease": "hall", "site": one_of(draw, "s2", "s1"), "lead_months": one_of(draw, 0, 6),
         "term_months": one_of(draw, None, 18), "min_mw": one_of(draw, 0, 6), "max_mw": 15,
         "rent_per_mw_year": one_of(draw, 4, 2), "rent_escalation": 0.02},
    ]  # fmt: skip


def components(draw: Draw, made: Book) -> None:
    """What is built in parts with lives of their own, one site's retired and not renewed."""
    made["Components"] = [
        {"component": "racks", "site": None, "cost_per_mw": one_of(draw, 3, 5),
         "life_years": one_of(draw, 1, 4), "escalation": one_of(draw, -0.1, None)},
    ]  # fmt: skip
    made["Sites"][0] |= {
        "life_years": one_of(draw, 1, 2),
        "end_of_life": one_of(draw, "retired", "renewed"),
    }


def equipment(draw: Draw, made: Book) -> None:
    made["EquipmentNeeds"] = [
        {"equipment": "racks", "units_per_mw": 2, "months_before_online": 0,
         "life_years": one_of(draw, None, 1)},
    ]  # fmt: skip
    made["Suppliers"] = [{"supplier": name, "supplier_group": None} for name in ("Ohm", "Volt")]
    made["Equipment"] = [
        {"equipment": "racks", "supplier": name, "period": q, "available_units": units,
         "unit_cost": cost, "carries_over": one_of(draw, "yes", "no")}
        for name, units, cost in (("Ohm", one_of(draw, 60, 30), 0.5), ("Volt", 80, 0.8))
        for q in names_of(made, "Periods", "period")
    ]  # fmt: skip


def labour(draw: Draw, made: Book) -> None:
    made["LabourNeeds"] = [{"trade": "fitters", "person_months_per_mw": 6, "staff_per_mw": 0.2}]
    made["LabourPools"] = [
        {"labour_market": market, "trade": "fitters", "period": "P1",
         "workers": one_of(draw, 15, 40), "wage_per_person_month": 9000}
        for market in names_of(made, "Sites", "labour_market")
    ]  # fmt: skip
    made["LabourTiers"] = [
        {"labour_market": row["labour_market"], "trade": "fitters", "tier": "crews",
         "workers": one_of(draw, 40, 10), "premium_share": 0.5}
        for row in made["LabourPools"]
    ]  # fmt: skip


def risk(draw: Draw, made: Book) -> None:
    scores = {"X": 0.2, "Y": 0.6}
    made["Jurisdictions"] = [
        {"jurisdiction": name, "trusted": "yes" if name == "X" else "no"}
        | {f"{kind}_risk": score
           for kind in ("legal", "political", "conflict", "grid", "supply_chain")}
        for name, score in scores.items()
    ]  # fmt: skip
    made["RiskWeights"] = [{"risk_class": "legal", "weight": 1}]
    soft = one_of(draw, 4, None)
    kind, value = one_of(draw, ("max_share", 0.6), ("max_mw", 30), ("max_mean_score", 0.4),
                         ("min_share", 0.4), ("max_hhi", 0.7))  # fmt: skip
    made["RiskLimits"] = [
        {"limit": "one", "kind": kind, "value": value, "penalty_per_mw_year": soft,
         "jurisdiction": one_of(draw, *COUNTRIES) if "share" in kind or "mw" in kind else None,
         "workload": one_of(draw, None, made["Workloads"][0]["workload"])},
    ]  # fmt: skip


def budgets(draw: Draw, made: Book) -> None:
    made["Budgets"] = [
        {"period": "P1", "max_capital": one_of(draw, 400, 250), "max_capital_to_date": None},
        {"period": "P2", "max_capital": None, "max_capital_to_date": one_of(draw, 600, 450)},
    ]


def pace(draw: Draw, made: Book) -> None:
    made["Pace"] = [
        {"pace": "all", "market": None, "max_sites": one_of(draw, 1, 2),
         "max_start_mw": one_of(draw, 60, 40), "max_growth_per_year": 0.8,
         "growth_allowance_mw": one_of(draw, 40, 20)},
    ]  # fmt: skip


def losses(draw: Draw, made: Book) -> None:
    made["LossEvents"] = [
        {"event": "one", "any_one": one_of(draw, "site", "zone"), "workload": None,
         "share_lost": one_of(draw, 1, 0.5), "share_covered": one_of(draw, 0.4, 0.8),
         "strength": one_of(draw, "capacity", "deliverable"), "first_period": "P2"},
    ]  # fmt: skip


def decisions(draw: Draw, made: Book) -> None:
    made["Decisions"] = [
        {"decision": "held", "what": "online_mw", "site": "s2", "contract": None, "period": "P2",
         "at_least": None, "at_most": one_of(draw, 30, 50)},
        {"decision": "asked", "what": "started_mw", "site": "s1", "contract": None,
         "period": "P2", "at_least": 0, "at_most": one_of(draw, 20, 45)},
    ]  # fmt: skip


def gates(draw: Draw, made: Book) -> None:
    """A site, and the sites of a country, that wait for a day."""
    second = made["Periods"][1]["start"]
    made["Gates"] = [
        {"gate": "of a site", "holds": one_of(draw, "commit", "start", "energise"),
         "site": "s1", "jurisdiction": None, "opens": one_of(draw, second, "2027-03-01", None)},
        {"gate": "of a country", "holds": one_of(draw, "energise", "start", "commit"),
         "site": None, "jurisdiction": made["Sites"][-1]["jurisdiction"], "opens": second},
    ]  # fmt: skip


def abandonments(draw: Draw, made: Book) -> None:
    """What it costs to give up each site that may be."""
    made["Abandonments"] = [
        {"site": row["site"], "first_period": one_of(draw, None, "P2"), "last_period": None,
         "cost": one_of(draw, 0, 2), "cost_per_mw": one_of(draw, 0.1, 0),
         "recovered": one_of(draw, 0, 8), "recovered_per_mw": one_of(draw, 0, 1)}
        for row in made["Sites"]
        if row["status"] == "candidate" or not (row["existing_mw"] or row["under_construction_mw"])
    ]  # fmt: skip


def options(draw: Draw, made: Book) -> None:
    """Rights to a site, and to what zones, contracts, leases and equipment there are."""
    made["Options"] = [
        {"option": "plot", "kind": "land", "site": "s1", "premium": one_of(draw, 3, 12),
         "fee_per_year": one_of(draw, 1, 0), "last_period": one_of(draw, "P1", None),
         "exercise_price": one_of(draw, None, 10), "premium_credited": one_of(draw, 0, 0.5),
         "needed_from": one_of(draw, None, "P2"), "lead_months": one_of(draw, None, 0, 3)},
    ]  # fmt: skip
    if "GridZones" in made:
        made["Options"].append(
            {"option": "queue", "kind": "grid", "zone": made["GridZones"][0]["zone"],
             "premium": one_of(draw, 2, 0), "premium_per_mw": 0.1, "max_mw": 30,
             "fee_per_mw_year": one_of(draw, 0.1, 0), "exercise_price": one_of(draw, 1, None),
             "premium_credited": one_of(draw, 1, 0), "lead_months": one_of(draw, 6, 9, None)}
        )  # fmt: skip
    for kind, sheet in (("contract", "Contracts"), ("lease", "Leases")):
        if sheet in made:
            made["Options"].append(
                {"option": f"{kind} call", "kind": kind, kind: made[sheet][0][kind],
                 "premium": one_of(draw, 1, 0), "premium_per_mw": 0.02, "max_mw": 25,
                 "exercise_price_per_mw": 0.05, "premium_credited": 1, "needed_from": "P2"}
            )  # fmt: skip
    if "Equipment" in made:
        made["Options"].append(
            {"option": "slot", "kind": "equipment", "equipment": made["Equipment"][0]["equipment"],
             "supplier": made["Equipment"][0]["supplier"], "premium": one_of(draw, 1, 0),
             "premium_per_unit": 0.2, "max_units": one_of(draw, 5, 40),
             "fee_per_unit_year": one_of(draw, 0.1, 0), "exercise_price_per_unit": 0.1,
             "premium_credited": one_of(draw, 1, 0), "needed_from": one_of(draw, None, None, "P2"),
             "lead_months": one_of(draw, None, 6)}
        )  # fmt: skip


def taxes(draw: Draw, made: Book) -> None:
    """Taxes of both countries, some from days inside periods on, and a duty; not in `FAMILIES`, as
    brute force knows of none."""
    made["Taxes"] = [
        {"jurisdiction": name, "since": since, "corporate_rate": one_of(draw, 0, 0.2, 0.35),
         "depreciation": how, "depreciation_years": one_of(draw, 3, 8, 12),
         "capital_credit_share": one_of(draw, 0, 0.1),
         "credit_after_months": one_of(draw, 0, 7, 40),
         "property_tax_rate": one_of(draw, 0, 0.02)}
        for name in COUNTRIES
        for since, how in (
            (one_of(draw, None, "2027-04-10"), one_of(draw, None, "declining_balance")),
            ("2027-09-01", one_of(draw, None, "declining_balance")),
        )[: one_of(draw, 1, 2)]
    ]  # fmt: skip
    made["Settings"][0] |= {
        "residual_value": one_of(draw, "annuity", "straight_line", "none"),
        "home_jurisdiction": one_of(draw, None, *COUNTRIES),
    }
    for need in made.get("EquipmentNeeds", [])[:1]:
        duty = {"equipment": need["equipment"], "jurisdiction": "X", "duty_share": 0.1}
        made["Duties"] = [duty]


def by_the_hour(draw: Draw, made: Book) -> None:
    """A year of two or three slices, with load that waits, storage, surplus that is sold, and a
    connection that may be cut off; not in `FAMILIES`, as brute force knows of no slices."""
    if "PowerPrices" not in made:
        energy(draw, made)
    if "PowerRamp" not in made:
        power_ramp(draw, made)
    hours = one_of(draw, (4380, 4380), (876, 7884), (2000, 3000, 3760))
    names = [f"t{k}" for k in range(len(hours))]
    days = one_of(draw, ["any"] * len(hours), [None] * len(hours))
    made["Slices"] = [
        {"slice": name, "hours_per_year": h, "day_type": day}
        for name, h, day in zip(names, hours, days, strict=True)
    ]
    made["WorkloadSlices"] = [
        {"workload": made["Workloads"][0]["workload"], "slice": "t0",
         "shiftable_share": one_of(draw, None, 0.5, 1)}
    ]  # fmt: skip
    made["SpotSlices"] = [
        {"zone": zone, "slice": name, "price_factor": 1}
        for zone in names_of(made, "Sites", "grid_zone")[:1]
        for name in names
    ]
    made["SurplusSlices"] = [
        {"zone": row["zone"], "slice": "t1", "price_factor": one_of(draw, 0.1, 0.8, 1.2)}
        for row in made["SpotSlices"][:1]
    ]
    for contract in made.get("Contracts", []):
        if contract["kind"] == "energy":
            contract["max_surplus_share"] = one_of(draw, None, 0.2, 0.9)
    made["Storage"] = [
        {"storage": "battery", "site": "s1", "lead_months": one_of(draw, 0, 6),
         "life_years": one_of(draw, None, 1), "max_mw": 20, "max_hours": one_of(draw, None, 4),
         "cost_per_mw": one_of(draw, 0.01, 0.3), "cost_per_mwh": one_of(draw, 0.001, 0.1),
         "efficiency": one_of(draw, 0.85, 1), "peak_share": one_of(draw, None, 0)}
    ]  # fmt: skip
    zone = made["Sites"][0].get("grid_zone")
    if zone is not None and one_of(draw, True, False):
        made["Storage"][0] |= {"site": None, "zone": zone}
    made["Interruptible"] = [
        {"site": "s1", "period": one_of(draw, "P1", "P2"), "max_mw": one_of(draw, 40, 10),
         "fee_per_mw_year": one_of(draw, 0.01, 0)}
    ]  # fmt: skip
    made["Interruptions"] = [
        {"site": "s1", "slice": "t0", "cut_share": one_of(draw, None, 0.5, 0.1)}
    ]


FAMILIES = (
    units, clusters, block_pace, grid_zones, power_ramp, energy, carbon, leases, components,
    equipment, labour, risk, budgets, pace, losses, decisions, gates, abandonments,
    options,
)  # fmt: skip


def book_of(
    draw: Draw,
    families: Sequence[Callable[[Draw, Book], None]] = FAMILIES,
    sites: Sequence[int] = (3, 2, 4),
    regions: Sequence[int] = (2, 1, 3),
    count: Sequence[int] = (2, 3),
    fewest: int = 3,
    most: int | None = None,
) -> Book:
    """A workbook of so many families, 4 more at most, beside those that every workbook has."""
    made = core(draw, one_of(draw, *sites), one_of(draw, *regions), one_of(draw, *count))
    chosen = draw.sample(families, draw.randint(fewest, min(most or fewest + 4, len(families))))
    for add in sorted(chosen, key=families.index):
        add(draw, made)
    return made


def random_books(
    families: Sequence[Callable[[Draw, Book], None]] = FAMILIES,
    sites: Sequence[int] = (3, 2, 4),
    regions: Sequence[int] = (2, 1, 3),
    count: Sequence[int] = (2, 3),
    fewest: int = 3,
) -> st.SearchStrategy[Book]:
    """Workbooks as `book_of` makes them.

    Each comes from one number: workbooks drawn cell by cell would be much alike.
    """

    def made_by(draw: Draw) -> Book:
        made = book_of(draw, families, sites, regions, count, fewest)
        note(pprint.pformat(made, width=100, compact=True, sort_dicts=False))
        return made

    return st.randoms(use_true_random=True).map(made_by)


def squeezed(made: Book, draw: Draw) -> Book:
    """The workbook with some limits cut to a fraction, in which all demand must be met."""
    changed = copy.deepcopy(made)
    for row in changed["Workloads"]:
        row["unmet_penalty_per_mw_year"] = None
    there = [
        (sheet, column)
        for sheet, column in CEILINGS
        if sheet not in ("Contracts", "Leases", "Workloads")
        and any(row.get(column) for row in made.get(sheet, ()))
    ]
    for sheet, column in draw.sample(there, min(3, len(there))):
        whole = MODEL.sheets[sheet].by_name[column].kind is Kind.INTEGER
        share = one_of(draw, 0.1, 0.3, 0.5)
        for row in changed[sheet]:
            if row.get(column) is not None:
                row[column] = int(row[column] * share) if whole else row[column] * share
    return changed


def shuffled(made: Book, order: random.Random) -> Book:
    """The workbook with the rows of every sheet in another order."""
    changed = copy.deepcopy(made)
    for rows in changed.values():
        order.shuffle(rows)
    return changed


def _columns(made: Book, wanted: Callable[[Any], bool]) -> list[tuple[str, str]]:
    return [
        (sheet, column.name)
        for sheet in made
        for column in MODEL.sheets[sheet].columns
        if wanted(column)
    ]


def renamed(made: Book, order: random.Random) -> Book:
    """The workbook with every name replaced by another, alike on all sheets; actions are words."""
    named = [
        (sheet, column)
        for sheet, column in _columns(made, lambda column: column.kind is Kind.TEXT)
        if (sheet != "Settings" or column == "home_jurisdiction")
        and column not in ("currency", "action")
    ]
    old = {row.get(column) for sheet, column in named for row in made[sheet]} - {None}
    new = [f"n{k:03d}" for k in range(len(old))]
    order.shuffle(new)
    other = dict(zip(sorted(old), new, strict=True))
    changed = copy.deepcopy(made)
    for sheet, column in named:
        for row in changed[sheet]:
            if row.get(column) is not None:
                row[column] = other[row[column]]
    return changed


def is_money(column: Any) -> bool:
    """Whether a column is an amount of currency, in millions or in plain units, by its unit."""
    return column.unit.split()[:1] == ["M"] or column.unit in ("per MWh", "per person-month")


def scaled(made: Book, factor: float) -> Book:
    """The workbook with every amount of money multiplied."""
    changed = copy.deepcopy(made)
    for sheet, column in _columns(made, is_money):
        for row in changed[sheet]:
            if row.get(column) is not None:
                row[column] *= factor
    return changed


# Columns that allow less where they are lower, and where they are higher.
CEILINGS = (
    ("Sites", "max_blocks_per_period"), ("Workloads", "max_latency_ms"),
    ("GridZones", "max_new_mw"), ("GridZones", "max_total_mw"), ("PowerRamp", "energised_mw"),
    ("PowerPrices", "max_spot_share"), ("Contracts", "max_mw"), ("LabourPools", "workers"),
    ("LabourTiers", "workers"), ("Budgets", "max_capital"), ("Budgets", "max_capital_to_date"),
    ("Pace", "max_sites"), ("Pace", "max_start_mw"), ("Pace", "max_growth_per_year"),
    ("Pace", "growth_allowance_mw"), ("Decisions", "at_most"), ("Leases", "max_mw"),
    ("Carbon", "max_tco2"), ("Equipment", "available_units"),
)  # fmt: skip
FLOORS = (
    ("Workloads", "min_mw_at_one_site"), ("Contracts", "min_mw"), ("LossEvents", "share_covered"),
    ("Leases", "min_mw"), ("Carbon", "min_clean_share"),
)  # fmt: skip


def limits_of(made: Book) -> list[tuple[str, str]]:
    """Sheets and columns with a limit that can be made tighter."""
    known = (*CEILINGS, *FLOORS, ("RiskLimits", "value"))
    return [at for at in known if any(row.get(at[1]) for row in made.get(at[0], ()))]


def tightened(made: Book, sheet: str, column: str) -> Book:
    """The workbook with a limit that allows less in every row."""
    changed = copy.deepcopy(made)
    for row in changed[sheet]:
        floor = (sheet, column) in FLOORS or row.get("kind") == "min_share"
        if row.get(column) is None:
            continue
        if MODEL.sheets[sheet].by_name[column].kind is Kind.INTEGER:
            row[column] -= 1
        elif floor:
            row[column] = min(1.0, 1.25 * row[column]) if "share" in column else 1.25 * row[column]
        else:
            row[column] *= 0.7
    return changed
