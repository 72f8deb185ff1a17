"""Storage of a grid zone: it takes energy of any of its sites and gives it to any, through the grid.

20 MW stand at each of A and B, and draw 87.6 GWh a year by day and as many at night. The sun
delivers to A by day alone, at 20 per MWh; spot costs 100 at any time in their zone Z. The battery is that
of `test_storage`: it gives 0.8 of what it takes, a MW costs 0.1 and a MWh 0.01.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.books import binding, demand, years
from tests.families import LeastCost, Solve, broken, compiled, problems
from tests.models import test_interruptible as interruptible
from tests.models import test_storage as at_site

BATTERY = {
    "storage": "battery", "zone": "Z", "max_mw": 100, "cost_per_mw": 0.1, "cost_per_mwh": 0.01,
    "efficiency": 0.8,
}  # fmt: skip
STANDING = {"grid_zone": "Z", "status": "existing", "existing_mw": 20, "max_mw": 20}
TWO_SITES: dict[str, Any] = {
    **at_site.CASE,
    "Sites": [{"site": site, **STANDING} for site in ("A", "B")],
    "Network": [{"site": site, "region": "R", "latency_ms": 10} for site in ("A", "B")],
}
DEAR = {"PowerPrices": [{**at_site.CASE["PowerPrices"][0], "spot_price_per_mwh": 110}]}


def battery(case: dict[str, Any] = TWO_SITES, **columns: Any) -> dict[str, Any]:
    return {**case, "Storage": [{**BATTERY, **columns}]}


def test_a_battery_serves_the_night_of_both_sites(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: 306.6 GWh of sun serve A by day and, through 50 MW and 480 MWh, both at night; by day B
    buys 87.6 GWh at spot: 6.132 + 5 + 4.8 + 8.76.
    Sensitivity: at A the battery serves A alone, 26.362; without it all but A's day is spot."""
    plan = solve(**battery())
    assert plan.cost == pytest.approx(24.692)
    built = plan["StorageBuilt"].iloc[0]
    assert pd.isna(built["site"]) and built["zone"] == "Z"
    assert (built["ordered_mw"], built["ordered_mwh"]) == (pytest.approx(50), pytest.approx(480))
    use = plan["StorageUse"].set_index(["site", "slice"])
    assert use.loc[("A", "day"), "charged_gwh"] == pytest.approx(219)
    assert use.loc[("B", "night"), "discharged_gwh"] == pytest.approx(87.6)
    power = plan["Power"].set_index("site")["energy_gwh"].to_dict()
    assert power == pytest.approx({"A": 175.2 + 219 - 87.6, "B": 175.2 - 87.6})
    bought = plan["PowerBySlice"].set_index(["site", "slice"])["spot_gwh"]
    assert bought[bought > 1e-6].to_dict() == pytest.approx({("B", "day"): 87.6})
    alone = battery(zone=None, site="A")
    assert least_cost(**alone) == pytest.approx(3.942 + 2.5 + 2.4 + 17.52)
    assert least_cost(**TWO_SITES) == pytest.approx(87.6 * (0.02 + 3 * 0.1))


def test_in_a_slice_it_takes_in_some_hours_and_gives_in_others(
    solve: Solve, least_cost: LeastCost
) -> None:
    """Proves: with spot at 110 B's day is sun through the battery too, which takes 328.5 GWh and gives
    87.6 within the same 4,380 hours: 95 MW and 720 MWh, 416.1 GWh of sun, 8.322 + 9.5 + 7.2.
    Sensitivity: both at full power at once would need 75 MW, 23.022; B's day at spot costs 25.568;
    with spot at 102 that is cheaper."""
    plan = solve(**battery(TWO_SITES | DEAR))
    assert plan.cost == pytest.approx(25.022)
    assert plan["StorageBuilt"]["ordered_mw"].sum() == pytest.approx(95)
    assert binding(plan, "used_within_power") == ["battery, Y1, day"]
    least = {"PowerPrices": [{**at_site.CASE["PowerPrices"][0], "spot_price_per_mwh": 102}]}
    assert least_cost(**battery(TWO_SITES | least)) == pytest.approx(15.932 + 87.6 * 0.102)


def test_each_counts_where_it_stands_and_nowhere_else(least_cost: LeastCost) -> None:
    """Proves: beside storage of another kind, at an absurd price, a battery at A counts in no other
    zone, though Y is full, and one of Z at no site, though B's connection is: 26.362 and 24.692 as
    without these limits. Sensitivity: of 20 MW more in Z itself none are left, 28.032."""
    dear = {"storage": "dear", "max_mw": 1, "cost_per_mw": 1000, "cost_per_mwh": 1000,
            "efficiency": 0.8}  # fmt: skip
    two_zones = TWO_SITES | {
        "Sites": [{"site": "A", **STANDING}, {"site": "B", **STANDING, "grid_zone": "Y"}],
        "PowerPrices": [{**at_site.CASE["PowerPrices"][0], "zone": zone} for zone in "ZY"],
        "Storage": [{**BATTERY, "zone": None, "site": "A"}, {**dear, "zone": "Y"}],
    }

    def zones(**most: float) -> float:
        limits = [{"zone": z, "period": "Y1", "max_total_mw": mw} for z, mw in most.items()]
        return least_cost(**two_zones, GridZones=limits)

    assert zones(Z=100, Y=20) == pytest.approx(26.362)
    assert zones(Z=20, Y=100) == pytest.approx(28.032)
    one_zone = battery() | {"Storage": [{**BATTERY}, {**dear, "site": "B"}]}
    ramp = [
        {"site": site, "period": "Y1", "energised_mw": mw} for site, mw in (("A", 40), ("B", 20))
    ]
    assert least_cost(**one_zone, PowerRamp=ramp) == pytest.approx(24.692)


def test_it_counts_at_the_peak_of_its_zone_and_at_no_connection(least_cost: LeastCost) -> None:
    """Proves: of a zone that carries or takes on 20 MW beside the 40 that stand, as at a site, 20 MW
    are left for a battery, 19.688. A connection of 40 MW is no limit to it.
    Sensitivity: at the site nothing is left of that connection, 21.024."""
    one = at_site.CASE

    def zone(**limit: float) -> float:
        return least_cost(**battery(one), GridZones=[{"zone": "Z", "period": "Y1", **limit}])

    assert zone(max_total_mw=60) == pytest.approx(19.688)
    assert zone(max_new_mw=20) == pytest.approx(19.688)
    ramp = [{"site": "A", "period": "Y1", "energised_mw": 40}]
    assert least_cost(**battery(one), PowerRamp=ramp) == pytest.approx(17.684)
    here = battery(one, zone=None, site="A")
    assert least_cost(**here, PowerRamp=ramp) == pytest.approx(21.024)


@pytest.mark.long
def test_it_is_energised_period_by_period(solve: Solve) -> None:
    """Proves: a zone that takes on 20 MW a year has 20 MW of the battery in the first and 40 in the second."""
    case = battery(at_site.CASE) | {"Periods": years(2), "Demand": demand(40, 40)}
    case["PowerPrices"] = [
        {**at_site.CASE["PowerPrices"][0], "period": q, "spot_price_per_mwh": 200}
        for q in ("Y1", "Y2")
    ]
    limits = [{"zone": "Z", "period": q, "max_new_mw": 20} for q in ("Y1", "Y2")]
    built = solve(**case, GridZones=limits)["StorageBuilt"].set_index("period")
    assert built["ready_mw"].to_dict() == pytest.approx({"Y1": 20, "Y2": 40})


@pytest.mark.long
def test_a_place_in_the_queue_is_bought_for_it(least_cost: LeastCost) -> None:
    """Proves: as at a site, 50 MW of an option at 0.001 each: its bound from need counts the battery, and
    so does that of a contract in blocks of 10, 180 MW of sun, however much of both is on offer."""
    case = battery(at_site.CASE, max_mw=1e9)
    case["Contracts"] = [{**at_site.CASE["Contracts"][0], "max_mw": 1e9, "block_mw": 10}]
    case["GridZones"] = [{"zone": "Z", "period": "Y1", "max_total_mw": 40}]
    queue = {"option": "queue", "kind": "grid", "zone": "Z", "max_mw": 1e9, "premium_per_mw": 0.001}
    assert least_cost(**case, Options=[queue]) == pytest.approx(17.734)


@pytest.mark.long
def test_what_it_gives_comes_through_the_grid(least_cost: LeastCost) -> None:
    """Proves: while a site is cut off its zone's battery gives it nothing, so that it waits for the firm
    connection. Sensitivity: at the site the battery serves the peak; cut off by half, 20 MW come
    through the grid, from the battery or not, and 22.222 MW of demand are served."""
    row = {
        "storage": "battery", "max_mw": 40, "cost_per_mw": 0.05, "cost_per_mwh": 0.01,
        "efficiency": 1, "peak_share": 0,
    }  # fmt: skip
    zoned, here = [{**row, "zone": "Z"}], [{**row, "site": "A"}]
    cut = interruptible.connected()
    assert least_cost(**cut, Storage=zoned) == pytest.approx(interruptible.LATE)
    assert least_cost(**cut, Storage=here) < interruptible.LATE - 1
    half = 1 + interruptible.ENERGY * 5 / 9 + 4 + 40 * 4 / 9 + interruptible.ENERGY
    halved = interruptible.connected(cut_share=0.5)
    assert least_cost(**halved, Storage=zoned) == pytest.approx(half)


def test_plant_on_site_does_not_feed_it(least_cost: LeastCost) -> None:
    """Proves: a plant at A runs for A alone, 3.504, and B buys at spot, 17.52.
    Sensitivity: if A could put energy of its plant into the free battery, all would cost 7.008."""
    case = battery(efficiency=1, cost_per_mw=0, cost_per_mwh=0)
    plant = {"contract": "sun", "kind": "generation", "site": "A", "max_mw": 1000,
             "price_per_mwh": 20}  # fmt: skip
    case |= {"Contracts": [plant], "ContractSlices": []}
    assert least_cost(**case) == pytest.approx(21.024)


@pytest.mark.long
def test_every_slice_is_clean_by_it(least_cost: LeastCost) -> None:
    """Proves: clean in every slice over both sites, B's day is sun through the battery as well, 25.022,
    whatever spot costs. Sensitivity: without the floor it is 24.692."""
    floor = [{"period": "Y1", "min_clean_share_in_slice": 1}]
    assert least_cost(**battery(), Carbon=floor) == pytest.approx(25.022)


@pytest.mark.long
def test_it_is_taxed_where_all_its_sites_lie(solve: Solve) -> None:
    """Proves: with spot at 200 all is sun, 8.322 and 16.7 for the battery, of which half is saved where
    both sites lie in J; where B lies in K the battery is deducted in the home jurisdiction, and
    without one nowhere, which is noticed. Sensitivity: before tax it is 25.022."""

    def cost(other: str, home: str | None = None) -> float:
        spot = [{**at_site.CASE["PowerPrices"][0], "spot_price_per_mwh": 200}]
        case = battery() | {"PowerPrices": spot}
        case["Sites"] = [{"site": "A", **STANDING, "jurisdiction": "J"},
                         {"site": "B", **STANDING, "jurisdiction": other}]  # fmt: skip
        plan = solve(
            **case,
            Settings={"home_jurisdiction": home},
            Taxes=[{"jurisdiction": name, "corporate_rate": 0.5, "depreciation_years": 1}
                   for name in dict.fromkeys(("J", other))],
        )  # fmt: skip
        nowhere = "deducted-nowhere" in {problem.code for problem in plan.notices}
        assert nowhere == (other != "J" and home is None)
        return plan.cost

    assert cost("J") == pytest.approx(25.022 / 2)
    assert cost("K", "J") == pytest.approx(25.022 / 2)
    assert cost("K") == pytest.approx(8.322 / 2 + 16.7)


def test_the_audit_tells_what_it_may_not_do(solve: Solve, tmp_path: Path) -> None:
    """Proves: energy beyond its power, of a site that draws less, and at a site of another zone are
    each found in the tables."""
    other = {"site": "C", "grid_zone": "Y", "status": "candidate", "max_mw": 20}
    case = battery(TWO_SITES | DEAR) | {"Sites": [*TWO_SITES["Sites"], other]}
    case["Network"] = [*TWO_SITES["Network"], {"site": "C", "region": "R", "latency_ms": 10}]
    case["PowerPrices"] = [*DEAR["PowerPrices"], {**DEAR["PowerPrices"][0], "zone": "Y"}]
    plan = solve(**case)

    def found(**changed: pd.DataFrame) -> set[str]:
        return broken(plan, case, tmp_path, **changed)

    assert not found()
    use, built = plan["StorageUse"], plan["StorageBuilt"]
    assert "used_within_power" in found(StorageBuilt=built.assign(ready_mw=94.0))
    at_night = use["slice"] == "night"
    elsewhere = use.assign(site=use["site"].mask(at_night, "C"))
    assert "stored_at_own_sites" in found(StorageUse=elsewhere)
    swapped = use.assign(site=use["site"].replace({"A": "B", "B": "A"}))
    assert "stored_from_grid" in found(StorageUse=swapped)
    limits = {"GridZones": [{"zone": "Z", "period": "Y1", "max_total_mw": 135, "max_new_mw": 95}]}
    full = solve(**case, **limits)
    more = full["StorageBuilt"].assign(ready_mw=96.0)
    assert {"zone_total", "zone_energisation"} <= broken(
        full, case | limits, tmp_path / "zone", StorageBuilt=more
    )


def test_a_zone_of_one_site_is_the_site(tmp_path: Path) -> None:
    """Proves: in a zone of one site the program has the columns of storage at the site, and a row less
    for each slice, as it takes and gives in the same hours, but one for what the site draws."""
    here = compiled(at_site.battery(), tmp_path / "site")
    zoned = compiled(battery(at_site.CASE), tmp_path / "zone")
    assert here.matrix.shape == zoned.matrix.shape
    assert (here.cost == zoned.cost).all()


def test_a_place_is_named_one_of_two_ways(solve: Solve) -> None:
    """Proves: a site and a zone, neither, and an unknown zone are each told at their cells."""
    (both,) = problems(solve, **battery(site="A"))
    (neither,) = problems(solve, **battery(zone=None))
    (unknown,) = problems(solve, **battery(zone="X"))
    assert "exactly one of site and zone" in both and "[one-of-two]" in both
    assert "exactly one of site and zone" in neither
    assert unknown.startswith("Storage!B2")
