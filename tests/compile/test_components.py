"""Sets and parameters that stand on arrays."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyomo.environ as pyo
import pytest

from optalloc.compile import (
    TableIndexedSet,
    TableParam,
    TableSet,
)
from optalloc.errors import ModelError
from optalloc.modelling.sets import index_set, indexed_set, parameter


def test_tables_are_the_sets_and_parameters_they_stand_for() -> None:
    rows = pd.DataFrame({"site": ["b", "a", "b"], "period": [2, 1, 1]})
    m = pyo.ConcreteModel()
    m.S, m.T = index_set(rows), index_set(pd.DataFrame({"period": [1, 2, 3]}))
    m.IN = indexed_set(m.T, rows, ["period"], ["site"])
    m.p = parameter(m.S, rows.assign(value=[5.0, 6.0, 7.0]).set_index(["site", "period"])["value"])
    assert (type(m.S), type(m.IN), type(m.p)) == (TableSet, TableIndexedSet, TableParam)
    assert list(m.S) == [("b", 2), ("a", 1), ("b", 1)]
    assert (("a", 1) in m.S, ("a", 2) in m.S, len(m.S), m.S.dimen) == (True, False, 3, 2)
    assert [list(m.IN[t]) for t in m.T] == [["a", "b"], ["b"], []]
    assert dict(m.p.items()) == {("b", 2): 5.0, ("a", 1): 6.0, ("b", 1): 7.0}
    with pytest.raises(KeyError):
        m.p["a", 2]


def test_tables_that_are_not_sets_are_refused() -> None:
    twice = pd.DataFrame({"site": ["a", "a"]})
    with pytest.raises(ModelError, match="the same"):
        index_set(twice)
    with pytest.raises(ModelError, match="blanks"):
        index_set(pd.DataFrame({"site": ["a", None]}))
    sites = index_set(pd.DataFrame({"site": ["a", "b"]}))
    for values in ({"a": 1.0}, {"a": 1.0, "b": np.nan}):
        with pytest.raises(ModelError, match="no value"):
            parameter(sites, pd.Series(values).rename_axis("site"))
