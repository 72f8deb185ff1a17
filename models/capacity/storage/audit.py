"""Limits of storage restated, and what is in service and costs recomputed, from the plan's tables."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import pandas as pd

from optalloc.data.dataset import Dataset

from .._calendar import calendar
from .._capital import Terms, lives
from .._contracts import GENERATION
from .._money import charge_rows
from .._running_costs import running_rows
from .._slices import SLICE_KEYS, shares_of_year
from .tables import KEYS, USE_KEYS

DAY_KEYS = [*KEYS, "day_type"]
RUN_KEYS = [*KEYS, "slice"]


def audit(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Orders and use, storage by storage, from the StorageBuilt and StorageUse tables."""
    built, use = tables["StorageBuilt"], tables["StorageUse"]
    terms, months = _terms(data), calendar(data)["months"].to_dict()
    slices: dict[str, Any] = {row["slice"]: row for row in data["Slices"].to_dict("records")}
    hours_of = {name: 8760 * share for name, share in shares_of_year(data).items()}
    ready = built.set_index(KEYS)["ready_mw"].to_dict()
    held = built.set_index(KEYS)["held_mwh"].to_dict()
    ordered: dict[str, float] = defaultdict(float)
    hours_rows = []
    for k, q, mw, mwh in built[[*KEYS, "ordered_mw", "ordered_mwh"]].itertuples(
        index=False, name=None
    ):
        ordered[k] += mw
        if not pd.isna(terms[k]["max_hours"]):
            hours_rows.append((k, q, mwh, terms[k]["max_hours"] * mw))
    types: dict[str, str] = {
        name: name if pd.isna(at["day_type"]) else at["day_type"] for name, at in slices.items()
    }
    several = {day for day in types.values() if list(types.values()).count(day) > 1}
    sums = use.groupby(RUN_KEYS)[["charged_gwh", "discharged_gwh"]].sum()
    moved: dict[Any, Any] = sums.to_dict("index")
    power: dict[str, list[tuple[Any, ...]]] = {"charged": [], "discharged": [], "used": []}
    days: dict[tuple[str, str, str], list[float]] = defaultdict(lambda: [0.0, 0.0])
    every: list[tuple[str, str, str]] = [
        (k, q, t)
        for k, q in built[KEYS].itertuples(index=False, name=None)
        for t, day in types.items()
        if day in several
    ]
    for k, q, t in dict.fromkeys([*every, *moved]):
        taken, given = moved.get((k, q, t), {"charged_gwh": 0.0, "discharged_gwh": 0.0}).values()
        most = hours_of[t] / 1000 * months[q] / 12 * ready[k, q]
        if pd.isna(terms[k]["zone"]):
            power["charged"].append((k, q, t, taken, most))
            power["discharged"].append((k, q, t, given, most))
        else:
            power["used"].append((k, q, t, taken + given, most))
        in_day = days[k, q, types[t]]
        in_day[0] += taken
        in_day[1] += given
    hours = {
        day: sum(own for t, own in hours_of.items() if types[t] == day)
        for day in set(types.values())
    }
    return {
        "storage_within_max": _frame(
            ["storage"], [(k, mw, terms[k]["max_mw"]) for k, mw in ordered.items()]
        ),
        "storage_hours_within_max": _frame(KEYS, hours_rows),
        "charged_within_power": _frame(RUN_KEYS, power["charged"]),
        "given_within_power": _frame(RUN_KEYS, power["discharged"]),
        "used_within_power": _frame(RUN_KEYS, power["used"]),
        "stored_from_grid": _from_grid(data, tables),
        "stored_at_own_sites": _own(data, use),
        "given_is_taken": _frame(
            DAY_KEYS,
            [
                (*key, given, terms[key[0]]["efficiency"] * taken)
                for key, (taken, given) in days.items()
            ],
        ),
        "given_within_held": _frame(
            DAY_KEYS,
            [
                (k, q, d, given, hours[d] / 24000 * months[q] / 12 * held[k, q])
                for (k, q, d), (_, given) in days.items()
            ],
        ),
    }


def _from_grid(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Energy that sites put into storage of their zone, against what they draw from the grid."""
    zoned = data["Storage"].dropna(subset=["zone"])
    zones = data.column("Sites", "grid_zone", by="site").to_dict()
    kinds = data.column("Contracts", "kind", by="contract").to_dict()
    power = tables["PowerBySlice"]
    drawn: dict[Any, float] = {
        (i, q, t): gwh
        for i, q, t, gwh in power[[*SLICE_KEYS, "spot_gwh"]].itertuples(index=False, name=None)
        if zones[i] in set(zoned["zone"])
    }
    for contract, *key, gwh in tables["DeliveriesBySlice"][
        ["contract", *SLICE_KEYS, "drawn_gwh"]
    ].itertuples(index=False, name=None):
        if tuple(key) in drawn and kinds[contract] != GENERATION:
            drawn[tuple(key)] += gwh
    stored = dict.fromkeys(drawn, 0.0)
    use = tables["StorageUse"]
    use = use[use["storage"].isin(zoned["storage"])]
    for *key, taken, given in use[[*SLICE_KEYS, "charged_gwh", "discharged_gwh"]].itertuples(
        index=False, name=None
    ):
        stored[tuple(key)] = stored.get(tuple(key), 0.0) + taken - given
    rows = [(*key, own, drawn.get(key, 0.0)) for key, own in stored.items()]
    return _frame(SLICE_KEYS, rows)


def _own(data: Dataset, use: pd.DataFrame) -> pd.DataFrame:
    """Energy that storage moves, against that at sites that it serves."""
    terms, zones = _terms(data), data.column("Sites", "grid_zone", by="site").to_dict()
    moved = use["charged_gwh"].abs() + use["discharged_gwh"].abs()
    own = [
        terms[k]["site"] == i or (pd.notna(terms[k]["zone"]) and terms[k]["zone"] == zones.get(i))
        for k, i in use[["storage", "site"]].itertuples(index=False, name=None)
    ]
    return use[USE_KEYS].assign(used=moved, allowed=moved * pd.Series(own, use.index, dtype=float))


def _frame(keys: list[str], rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=[*keys, "used", "allowed"])
    return frame.astype({"used": float, "allowed": float})


def _terms(data: Dataset) -> dict[Any, Any]:
    return data["Storage"].set_index("storage").to_dict("index")


def recompute(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Storage in service, order by order, and its cost in plain arithmetic."""
    built, cal, settings = tables["StorageBuilt"], calendar(data), data.one("Settings")
    terms, periods = _terms(data), cal.to_dict("index")
    rates = dict(data.columns("Currencies", "currency", "per_workbook_currency").to_numpy())
    ready: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0, 0.0])
    rows: list[dict[str, object]] = []
    for k, q, mw, mwh in built[[*KEYS, "ordered_mw", "ordered_mwh"]].itertuples(
        index=False, name=None
    ):
        own, when = terms[k], periods[q]
        for later, at in periods.items():
            if when["begin"] + own["lead_months"] <= at["begin"] + 1e-6:
                ready[k, str(later)][0] += mw
                ready[k, str(later)][1] += mwh
        rate = rates.get(own["currency"], 1.0)
        life = settings.life_years if pd.isna(own["life_years"]) else own["life_years"]
        lead = own["lead_months"]
        how = Terms(lead, lead, "even", life, math.inf, settings.build_cost_escalation)
        whose = {"subject": k, "site": own["site"], "period": q}
        for item, amount in (
            ("storage", own["cost_per_mw"] / rate * mw),
            ("storage_energy", own["cost_per_mwh"] / rate * mwh),
        ):
            rows += [{**whose, **row} for row in lives(item, amount, how, when, cal, settings)]
    keys = list(built[KEYS].itertuples(index=False, name=None))
    running = [
        {
            "item": "running_storage",
            "subject": k,
            "site": terms[k]["site"],
            "period": q,
            "growth": settings.running_cost_escalation,
            "amount": terms[k]["running_cost_per_mw_year"]
            / rates.get(terms[k]["currency"], 1.0)
            * ready[k, q][0]
            * periods[q]["years"],
        }
        for k, q in keys
    ]
    paid = [charge_rows("storage", pd.DataFrame(rows))]
    if running:
        paid.append(running_rows(data, "storage", pd.DataFrame(running)))
    frame = built[KEYS].assign(
        site=[terms[k]["site"] for k in built["storage"]],
        zone=[terms[k]["zone"] for k in built["storage"]],
        ready_mw=[ready[key][0] for key in keys],
        held_mwh=[ready[key][1] for key in keys],
    )
    orders = [
        (periods[q]["date"], q, "order storage", k, mw)
        for k, q, mw in built[[*KEYS, "ordered_mw"]].itertuples(index=False, name=None)
        if mw > 0
    ]
    columns = ["date", "period", "action", "subject", "mw"]
    return {
        "StorageBuilt": frame,
        "Actions": pd.DataFrame(orders, columns=columns),
        "Cost": pd.concat([part for part in paid if len(part)] or paid[:1]),
    }
