"""What the SiteList says of each site is true of the workbook and the plan, and no more than is known."""

from __future__ import annotations

from collections.abc import Callable

import optalloc
from tests import books

SITES = [
    {"site": "Cheap", "max_mw": 90, "block_mw": 20, "build_cost_per_mw": 5, "site_cost": 80},
    {"site": "Dear", "max_mw": 50, "build_cost_per_mw": 9, "site_cost": 100},
    {"site": "Late", "max_mw": 90, "site_lead_months": 18, "block_lead_months": 24},
    {"site": "Far", "max_mw": 90},
    {"site": "Out", "max_mw": 90, "status": "excluded"},
    {"site": "Full", "max_mw": 30, "status": "existing", "existing_mw": 30},
    {"site": "Open", "max_mw": 90, "status": "existing", "existing_mw": 10},
]


def test_each_site_says_why(solve: Callable[..., optalloc.Plan]) -> None:
    """Proves: built, dearer, late, out of reach, excluded, full: each by hand.

    60 MW are asked for in Y2 and 40 stand; 20 MW are one block of Cheap, for 80 + 100 M, or at Dear for 100 + 180
    M. Where all four blocks are built, a MW of Cheap costs 80 / 80 + 5 = 6 M; of Dear 100 / 50 + 9 = 11; of Open,
    which is committed already, 30. Sensitivity: the sites differ in what their sentences name alone.
    """
    sites = [
        {"status": "candidate", "build_cost_per_mw": 4, "site_cost": 1, **site} for site in SITES
    ]
    sites[-1]["build_cost_per_mw"] = 30
    near = [{"site": s["site"], "region": "R", "latency_ms": 10} for s in sites]
    near[3]["latency_ms"] = 90
    plan = solve(
        Settings={"discount_rate": 0.05},
        Periods=books.years(3),
        Sites=sites,
        Workloads=[{"workload": "load", "max_latency_ms": 50}],
        Demand=books.demand(40, 60, 60),
        Network=near,
    )
    said = plan["SiteList"].set_index("site")["why"]
    assert said["Cheap"].startswith("Committed from 2028-01-01; 20 of 80 MW that it has room for")
    assert "6.00" not in said["Cheap"]
    for words in (
        "up to 50 MW",
        "2027-01-01 at the soonest",
        "11.00 M per MW",
        "1 of 3 sites that could be built on cost less",
    ):
        assert words in said["Dear"].replace("Up", "up"), said["Dear"]
    assert "new sites of the plan cost 6.00 M" in said["Dear"]
    assert "optalloc explain tells" in said["Dear"]
    assert "could be in service by the last period" in said["Late"]
    assert "no demand may be served from there" in said["Far"].lower()
    assert said["Out"].startswith("The workbook excludes it")
    assert said["Full"] == "Stands with 30 MW; no room is left of the 30 MW that it can hold."
    assert said["Open"].startswith("Stands with 10 MW; up to 80 MW could be built")
    assert "30.00 M per MW" in said["Open"]


def test_the_first_in_service_is_the_first_megawatt(solve: Callable[..., optalloc.Plan]) -> None:
    """Proves: of a block of 50 MW the grid lets 20 run in Y1 and all in Y2: the first of it runs from
    2027, not from 2028 when all of it does. Sensitivity: Works dates the whole block, 2028.
    """
    plan = solve(
        Periods=books.years(2),
        Sites={"block_mw": 50, "max_mw": 50, "grid_zone": "Z", "pue": 1},
        GridZones=[
            {"zone": "Z", "period": "Y1", "max_total_mw": 20},
            {"zone": "Z", "period": "Y2", "max_total_mw": 60},
        ],
        Demand=books.demand(20, 50),
    )
    (row,) = plan["SiteList"].to_dict("records")
    assert f"{row['first_online']:%Y-%m-%d}" == "2027-01-01"
    assert "the first of it is in service from 2027-01-01" in row["why"]
    (work,) = plan["Works"].to_dict("records")
    assert f"{work['online']:%Y-%m-%d}" == "2028-01-01"


def test_what_is_extended_says_what_it_stands_on(solve: Callable[..., optalloc.Plan]) -> None:
    """Proves: all the room of an open site is taken. Sensitivity: with one MW less it is not all."""
    for mw, words in ((100, "all 90 MW that it has room for"), (99, "89 of 90 MW")):
        plan = solve(
            Periods=books.years(1),
            Sites={"status": "existing", "existing_mw": 10},
            Demand=books.demand(mw),
        )
        (said,) = plan["SiteList"]["why"]
        assert said.startswith(f"Stands with 10 MW; {words}"), said
