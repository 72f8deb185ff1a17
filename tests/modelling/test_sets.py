"""Sets and parameters from frames: blank keys belong to nothing and are never another's."""

from __future__ import annotations

import itertools

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optalloc.compile import KeyTable
from optalloc.errors import ModelError
from optalloc.modelling.sets import index_set, indexed_set, parameter

VALUES = ("a", "b", "c", None)
ROWS = st.lists(st.tuples(st.sampled_from(VALUES), st.sampled_from(VALUES)), max_size=12)


@given(
    members=st.sets(st.tuples(st.sampled_from("abc"), st.sampled_from("abc"))),
    rows=ROWS,
    ordered=st.booleans(),
    categories=st.booleans(),
)
def test_a_row_is_found_where_its_key_is(
    members: set[tuple[str, str]],
    rows: list[tuple[str | None, str | None]],
    ordered: bool,
    categories: bool,
) -> None:
    """Proves: for any members in any order, the position of each row's key is that of a search by
    hand, and a key with a blank has none; text or categories, coded alike or not."""
    keys = sorted(members) if ordered else sorted(members, key=lambda key: (key[1], key[0]))
    table = KeyTable.of_members(keys, 2)
    frame = pd.DataFrame(rows, columns=["x", "y"], dtype="str")
    if categories:
        frame = frame.astype(pd.CategoricalDtype(["a", "b", "c"]))
    coded = KeyTable.of_frame(frame)
    assert coded.has_blanks == any(None in row for row in rows)
    at = table.positions([coded.column(0), coded.column(1)], len(rows))
    assert list(at) == [keys.index(row) if row in keys else -1 for row in rows]  # type: ignore[arg-type]


def test_a_row_of_a_long_key_is_found() -> None:
    """Proves: so it is where there are too many combinations to number them."""
    wide = 13
    members = [tuple(f"{k} of {place}" for place in range(wide)) for k in range(40)]
    table = KeyTable.of_members(members, wide)
    assert table.combinations >= 2**62
    frame = pd.DataFrame([members[7], (*members[39][:-1], None), members[0]], dtype="str")
    coded = KeyTable.of_frame(frame)
    columns = [coded.column(place) for place in range(wide)]
    assert list(table.positions(columns, 3)) == [7, -1, 0]


def test_rows_with_a_blank_key_belong_to_none() -> None:
    """Proves: of two zones the last does not get what stands in none. Sensitivity: a name for the
    blank gives it to that zone."""
    zones = index_set(pd.DataFrame(list(itertools.product("ZY", "12")), columns=["zone", "period"]))
    rows = pd.DataFrame(
        {"zone": ["Y", None, None], "period": ["1", "2", "1"], "storage": ["s", "t", "u"]}
    )

    def members(frame: pd.DataFrame) -> list[list[str]]:
        groups = indexed_set(zones, frame, ["zone", "period"], ["storage"]).groups
        return [list(groups.group(position)) for position in range(4)]

    assert members(rows) == [[], [], ["s"], []]
    assert members(rows.fillna("Z")) == [["u"], ["t"], ["s"], []]


def test_blanks_are_refused_where_they_would_be_lost() -> None:
    """Proves: a member, a key of a set and a key of a parameter have no blank."""
    zones = index_set(pd.DataFrame({"zone": ["Z", "Y"]}))
    rows = pd.DataFrame({"zone": ["Z", "Y"], "storage": ["s", None]})
    with pytest.raises(ModelError, match="storage have blanks"):
        indexed_set(zones, rows, ["zone"], ["storage"])
    with pytest.raises(ModelError, match="storage have blanks"):
        index_set(rows[["storage"]])
    values = pd.Series([1.0, 2.0, 3.0], pd.Index(["Z", None, "Y"], name="zone"), name="price")
    with pytest.raises(ModelError, match="'price' has blanks"):
        parameter(zones, values)
    assert list(parameter(zones, values[[True, False, True]]).array) == [1.0, 3.0]
