"""Limits that need not hold in every scenario: every one of the model can be asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import optalloc
from optalloc.mip.stochastic import Holds
from optalloc.modelling.futures import futures
from optalloc.plan.audit import excess, restate
from optalloc.plan.readback import decided_tables
from optalloc.scenarios.read_across import AcrossLine
from tests.books import everything, write

# Relaxed in an elastic program, and enforced by rows.
EVERY = {
    "blocks_per_period", "demand_met", "zone_energisation", "zone_total", "connection",
    "spot_within_share", "sold_within_share", "emissions_within_cap", "clean_energy", "labour_within_pool",
    "equipment_available", "export_in_period", "export_in_all", "online_exposure",
    "served_exposure", "survives_loss", "survives_supplier_loss", "capital_in_period",
    "capital_to_date", "sites_per_period", "mw_started_per_period", "growth",
    "decision_at_least", "decision_at_most",
}  # fmt: skip


# The greatest loss is a variable, which may lie above what would be lost where the limit is kept.
LOSSES = {"survives_loss", "survives_supplier_loss"}


@pytest.mark.slow
def test_every_limit_is_bounded_and_audited_in_the_units_of_its_rows(tmp_path: Path) -> None:
    """Proves: what an audit finds beyond a limit is what its row is violated by, so that means over
    scenarios are the same; and where one fails something else bounds it."""
    made, model = everything(), optalloc.load_model()
    chances = ("as it is", "dear")
    made["Uncertainties"] = [
        {"uncertainty": "price", "outcome": one, "probability": 0.5, "revealed": "2028-01-01"}
        for one in chances
    ]
    change = {"sheet": "PowerPrices", "rows": "period=Y4", "column": "spot_price_per_mwh"}
    change |= {"operation": "multiply", "value": 1.1, "uncertainty": "price", "outcome": "dear"}
    made["Outcomes"] = [change]
    made["Across"] = [{"limit": name, "holds": "in most futures", "share": 0.5} for name in EVERY]
    data = optalloc.validate(optalloc.read_workbook(write(made, tmp_path)), model)
    lines = model.across(data)
    assert {line.limit for line in lines} == EVERY
    tree, base = model.scenario_tree(data), optalloc.build(data, model)
    assert tree is not None
    arrays = optalloc.compile_program(base, keep_idle=True)
    # An error if anything could be beyond one of them without bound.
    joined = futures(base, arrays, tree, lines)
    plan = optalloc.solve_arrays(arrays, optalloc.Options(gap=0.05, threads=1))
    assert plan.values is not None
    restated = restate(data, model, decided_tables(base, arrays, plan))
    for rows in joined.stochastic.across:
        limit = model.limits[rows.limit][1]
        frame = restated[rows.limit]
        keys = frame[list(limit.over)].itertuples(index=False, name=None)
        audited = dict(zip(keys, excess(limit, frame), strict=True))
        assert len(audited) == len(frame)
        beyond = rows.matrices[0] @ plan.values - rows.upper[0]
        named = [key[: len(limit.over)] for key in rows.keys]
        assert len(set(named)) == len(named)
        for key, mine in zip(named, beyond, strict=True):
            found = audited.pop(key)
            if rows.limit in LOSSES:
                assert found <= mine + 1e-6, (rows.limit, key)
            else:
                assert found == pytest.approx(mine, rel=1e-6, abs=1e-6), (rows.limit, key)
        # A key without a row has nothing that is decided.
        assert max(audited.values(), default=0.0) <= 0.0


def test_names_of_keys_are_places_of_rows() -> None:
    """Proves: rows are selected by what stands at the place that the name has."""
    line = AcrossLine(0, "zone_total", (("PERIOD", "y*"), ("zone", "E")), Holds.ON_AVERAGE, np.nan)
    zones, periods = ["E", "e", "W"], ["Y1", "Z", "Y2"]
    assert line.selects({"zone": zones, "period": periods}, 3).tolist() == [True, False, False]
