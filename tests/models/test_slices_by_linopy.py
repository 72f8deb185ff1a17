"""Energy by slice against a model written in linopy from the same figures, on random cases.

Two sites that stand share a battery of their zone. A, with 40 MW of load, has contracts of its own and a
connection that is interruptible in part; B, with 10 MW, has contracts of the zone alone. What neither
takes of a contract may be sold, up to a share.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.books import demand
from tests.families import LeastCost
from tests.models.test_slices import SPOT


def _by_linopy(case: dict[str, Any]) -> float:
    """Least cost of energy at two sites that stand, in linopy, from the figures of a random case."""
    linopy = pytest.importorskip("linopy")
    slices = pd.Index(case["slices"], name="slice")
    contracts = pd.Index(case["contracts"], name="contract")
    available = pd.DataFrame(case["available"], contracts, slices)
    hours = pd.Series(case["hours"], slices) / 1000
    sites = pd.Index(["A", "B"], name="site")
    load = pd.Series(case["load"], slices) * hours
    load = pd.DataFrame({name: case["mw"][name] * load for name in sites}).T
    load = load.rename_axis("site").rename_axis("slice", axis=1).stack().to_xarray()
    capacity = pd.Series(case["capacity"]).rename_axis("site")
    price, fee = (pd.Series(case[name], contracts) for name in ("price", "fee"))
    m = linopy.Model()
    signed = m.add_variables(lower=0, upper=case["most"], coords=[contracts], name="signed")
    in_zone = pd.DataFrame(1.0, contracts, sites)
    in_zone.loc[[name for name in contracts if not case["shared"][name]], "B"] = 0.0
    drawn = m.add_variables(lower=0, coords=[contracts, sites, slices], name="drawn")
    each = {"lower": 0, "coords": [sites, slices]}
    spot, up = (m.add_variables(name=name, **each) for name in ("spot", "up"))
    off = m.add_variables(upper=case["shiftable"] * load, name="off", **each)
    charged, given, mw, mwh = _battery(m, case["battery"], hours, each)
    battery = case["battery"]
    taken = drawn.sum("contract") + spot if case["contracts"] else 1 * spot
    m.add_constraints(taken + off - up + given - charged == load)
    sold = m.add_variables(lower=0, coords=[contracts, slices], name="sold")
    if case["contracts"]:
        m.add_constraints(drawn <= 1e6 * in_zone.stack().to_xarray())
        most = (available * hours).stack().to_xarray()
        m.add_constraints(drawn.sum("site") + sold - most * signed <= 0)
        _limit_sales(m, case, drawn, sold, load)
    m.add_constraints(off.sum("slice") - up.sum("slice") == 0)
    m.add_constraints(up - off <= capacity.to_xarray() * hours.to_xarray() - load)
    # What connection and zone do not give A is interruptible, and is cut off by a share in a slice.
    freely = m.add_variables(lower=0, upper=case["firm"], name="freely")
    cut = pd.Series(case["cut"], slices)
    through_grid = (taken + given - charged).sel(site="A")
    m.add_constraints(
        through_grid - (cut * hours).to_xarray() * freely
        <= ((1 - cut) * hours * capacity["A"]).to_xarray()
    )
    m.add_constraints(freely + capacity["B"] + battery["peak_share"] * mw <= case["zone"])
    clean = [name for name in case["contracts"] if case["tco2"][name] == 0]
    share = case["clean"]
    of_clean = drawn.sel(contract=clean).sum("contract") if clean else 0 * spot
    if share > 0:
        stored = charged - given
        m.add_constraints((of_clean - stored - share * (taken - stored)).sum("site") >= 0)
    spot_price, surplus_price = (
        case["spot"] * pd.Series(case[name], slices) / 1000 for name in ("factor", "surplus")
    )
    m.add_objective(
        (drawn * (price / 1000)).sum()
        + (spot * spot_price).sum()
        + (sold * (price / 1000)).sum()
        - (sold * surplus_price).sum()
        + (signed * fee).sum()
        + (battery["cost_per_mw"] * mw + battery["cost_per_mwh"] * mwh)
    )
    status, _ = m.solve(solver_name="highs", output_flag=False)
    return float(m.objective.value) if status == "ok" else np.inf


def _battery(m: Any, terms: dict[str, float], hours: pd.Series, each: dict[str, Any]) -> Any:
    """A battery that stands in the zone: it takes of both sites, and gives to both."""
    charged, given = (m.add_variables(name=name, **each) for name in ("charged", "given"))
    mw = m.add_variables(lower=0, upper=terms["max_mw"], name="mw")
    mwh = m.add_variables(lower=0, name="mwh")
    m.add_constraints(mwh <= terms["max_hours"] * mw)
    m.add_constraints((charged + given).sum("site") - hours.to_xarray() * mw <= 0)
    m.add_constraints(given.sum() == terms["efficiency"] * charged.sum())
    m.add_constraints(given.sum() <= 0.365 * mwh)
    return charged, given, mw, mwh


def _limit_sales(m: Any, case: dict[str, Any], drawn: Any, sold: Any, load: Any) -> None:
    """Of what is sold of a contract and what load runs on no more than a share is sold."""
    share = pd.Series(case["surplus_share"]).rename_axis("contract")[case["contracts"]].to_xarray()
    by_site = drawn.sum("slice")
    coords = [pd.Index(case["contracts"], name="contract"), pd.Index(["A", "B"], name="site")]
    used = m.add_variables(lower=0, coords=coords, name="used")
    m.add_constraints(used - by_site <= 0)
    m.add_constraints(used.sum("contract") <= load.sum("slice"))
    m.add_constraints((1 - share) * sold.sum("slice") - share * used.sum("site") <= 0)


def _random_case(seed: int) -> dict[str, Any]:
    draw = np.random.default_rng(seed)
    names = [f"t{k}" for k in range(draw.integers(2, 5))]
    parts = draw.dirichlet(np.ones(len(names)) * 3)
    hours = np.round(parts[:-1] * 8760)
    hours = np.append(hours, 8760 - hours.sum())
    contracts = [f"c{k}" for k in range(draw.integers(1, 4))]
    factor = draw.uniform(0.3, 1.7, len(names))
    load = draw.uniform(0.3, 1.0, len(names))
    case = {
        "slices": names,
        "hours": hours,
        "contracts": contracts,
        "available": draw.uniform(0, 1, (len(contracts), len(names))) * (draw.random((len(contracts), len(names))) < 0.8),
        "load": load,
        "mw": {"A": 40.0, "B": 10.0},
        "capacity": {"A": float(draw.choice([40, 45, 60])), "B": 10.0},
        "shiftable": float(draw.choice([0, 0.2, 0.5])),
        "price": dict(zip(contracts, draw.uniform(10, 90, len(contracts)), strict=True)),
        "fee": dict(zip(contracts, draw.choice([0, 0.02, 0.1], len(contracts)), strict=True)),
        "most": float(draw.choice([20, 200])),
        "tco2": dict(zip(contracts, draw.choice([0, 0.4], len(contracts)), strict=True)),
        "clean": float(draw.choice([0, 0, 0.3, 0.6])),
        "spot": 100.0,
        "factor": factor / (factor @ hours / 8760),
    }  # fmt: skip
    cut = draw.choice([0, 0.25, 0.5, 1], len(names), p=[0.4, 0.2, 0.2, 0.2])
    firm = case["capacity"]["A"] * draw.choice([0.6, 0.8, 1])
    battery = {
        "max_mw": float(draw.choice([0, 10, 100])), "max_hours": float(draw.choice([2, 10])),
        "cost_per_mw": float(draw.choice([0.001, 0.02])), "efficiency": float(draw.choice([0.8, 1])),
        "cost_per_mwh": float(draw.choice([0, 0.002])), "peak_share": float(draw.choice([0, 0.5, 1])),
    }  # fmt: skip
    sells = draw.choice([0, 0.1, 0.5], len(contracts))
    return case | {
        "surplus": draw.uniform(0, 1, len(names)),
        "surplus_share": dict(zip(contracts, sells, strict=True)),
        "cut": cut, "firm": firm, "zone": float(draw.choice([45, 60, 200])), "battery": battery,
        "shared": dict(zip(contracts, draw.random(len(contracts)) < 0.5, strict=True)),
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(100))
@pytest.mark.first(3)
def test_energy_is_what_a_second_model_says(seed: int, least_cost: LeastCost) -> None:
    """Proves: the least cost of energy of two random sites is that of a model written in linopy from
    the same figures, or neither has a plan.
    Sensitivity: the cases differ in all that slices have: prices, outputs, loads, shifts, clean, what
    is interruptible, a battery of the zone, and what surplus earns."""
    case = _random_case(seed)
    share = case["hours"] / 8760
    available = pd.DataFrame(case["available"], case["contracts"], case["slices"])
    mean = (available * share).sum(axis=1)
    case["contracts"] = [name for name in case["contracts"] if mean[name] > 0]
    case["available"] = available.loc[case["contracts"]].to_numpy()
    rows = [
        {
            "contract": name, "site": None if case["shared"][name] else "A",
            "zone": "Z" if case["shared"][name] else None, "kind": "energy", "max_mw": case["most"],
            "price_per_mwh": case["price"][name], "availability": mean[name],
            "fixed_fee_per_mw_year": case["fee"][name], "tco2_per_mwh": case["tco2"][name],
            "max_surplus_share": case["surplus_share"][name],
        }
        for name in case["contracts"]
    ]  # fmt: skip
    each = list(enumerate(case["slices"]))
    cost = least_cost(
        Sites=[
            {
                "site": site, "grid_zone": "Z", "status": "existing", "existing_mw": mw,
                "max_mw": mw,
            }
            for site, mw in case["capacity"].items()
        ],
        Network=[
            {"site": site, "region": region, "latency_ms": 10 if site == region else 1000}
            for site in case["mw"]
            for region in case["mw"]
        ],
        Demand=[row for site, mw in case["mw"].items() for row in demand(mw, region=site)],
        Workloads={"load_factor": float(case["load"] @ share), "max_latency_ms": 100},
        Contracts=rows,
        PowerPrices=[{**SPOT[0], "spot_price_per_mwh": case["spot"]}],
        Slices=[
            {"slice": name, "hours_per_year": case["hours"][k], "day_type": "any"}
            for k, name in each
        ],
        WorkloadSlices=[
            {
                "workload": "load", "slice": name, "load": case["load"][k],
                "shiftable_share": case["shiftable"],
            }
            for k, name in each
        ],
        ContractSlices=[
            {"contract": contract, "slice": name, "available": available.loc[contract, name]}
            for contract in case["contracts"]
            for name in case["slices"]
        ],
        SpotSlices=[
            {"zone": "Z", "slice": name, "price_factor": case["factor"][k]} for k, name in each
        ],
        SurplusSlices=[
            {"zone": "Z", "slice": name, "price_factor": case["surplus"][k]} for k, name in each
        ],
        Carbon=[{"period": "Y1", "min_clean_share_in_slice": case["clean"]}],
        PowerRamp=[{"site": "A", "period": "Y1", "energised_mw": case["firm"]}],
        GridZones=[{"zone": "Z", "period": "Y1", "max_total_mw": case["zone"]}],
        Storage=[{"storage": "battery", "zone": "Z", **case["battery"]}],
        Interruptible=[{"site": "A", "period": "Y1", "max_mw": case["capacity"]["A"]}],
        Interruptions=[
            {"site": "A", "slice": name, "cut_share": case["cut"][k]} for k, name in each
        ],
    )  # fmt: skip
    assert cost == pytest.approx(_by_linopy(case), rel=1e-6)
