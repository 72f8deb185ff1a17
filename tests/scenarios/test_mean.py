"""The workbook of the expected figures, by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import optalloc
from optalloc.scenarios.mean import mean_dataset
from optalloc.scenarios.scenario_datasets import scenario_datasets
from tests.books import write
from tests.plan.test_policy import site, uncertain

MODEL = optalloc.load_model()
DAY = "2028-01-01"


def change(uncertainty: str, outcome: str, name: str, column: str, to: Any) -> dict[str, Any]:
    cell = {"sheet": "Sites", "rows": f"site={name}", "column": column}
    row = {"uncertainty": uncertainty, "outcome": outcome}
    return row | cell | {"operation": "set", "value": to}


def test_what_has_no_mean_leaves_the_means_of_others(tmp_path: Path) -> None:
    """Proves: N costs 5 (0.6) or 15 (0.4), 9 on average, whatever else is uncertain on its sheet. The
    day of F is that of the likeliest scenario (soon, 0.7), as are a number that is blank in another,
    and the 3 of G, whose currency differs: the mean of 3 and 300 is in neither."""
    made = uncertain(
        site("N", 5.0, 100),
        site("F", 9.0, 100, earliest_start="2028-06-01", life_years=20),
        site("G", 3.0, 100, currency="USD"),
        base=(0, 50),
        futures={
            "cost": {"low": (0.6,), "high": (0.4,)},
            "law": {"soon": (0.7,), "late": (0.3,)},
        },
        revealed={"cost": DAY, "law": DAY},
    )
    made["Currencies"] = [{"currency": "JPY", "per_workbook_currency": 150}]
    made["Outcomes"] = [
        change("cost", "high", "N", "build_cost_per_mw", 15),
        change("law", "late", "F", "earliest_start", "2028-09-01"),
        change("law", "late", "F", "life_years", "(blank)"),
        change("law", "late", "G", "build_cost_per_mw", 300),
        change("law", "late", "G", "currency", "JPY"),
    ]
    data = optalloc.validate(optalloc.read_workbook(write(made, tmp_path)), MODEL)
    tree = MODEL.scenario_tree(data)
    assert tree is not None
    scenarios, _ = scenario_datasets(data, tree.scenarios, MODEL)
    sites = mean_dataset(data, scenarios, np.asarray(tree.probability))["Sites"].set_index("site")
    assert sites["build_cost_per_mw"].tolist() == pytest.approx([9, 9, 3])
    assert sites.at["F", "earliest_start"] == pd.Timestamp("2028-06-01")
    assert sites.at["F", "life_years"] == 20
    assert sites.at["G", "currency"] == "USD"
