"""The table of instances of others: complete, readable as known optima, and fetched once."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import pytest

from benchmarks.published import PUBLISHED, fetch, published
from optalloc.analysis.bench.answers import Known, read_known


def test_the_table_is_complete_and_read_as_known_optima() -> None:
    """Proves: a dozen instances or more, each once, its optimum as plan and bound, its size, and a public
    address that ends with its name."""
    table = published()
    assert len(table) >= 12 and table["instance"].is_unique and not table.isna().any().any()
    assert (table["objective"] == table["bound"]).all()
    for row in table.to_dict("records"):
        assert row["address"].startswith("https://miplib")
        assert row["address"].endswith(f"/{row['instance']}.mps.gz")
    assert read_known(PUBLISHED)["fixnet6"] == Known(3983.0, 3983.0)


def test_the_table_agrees_with_the_optima_that_are_shared(shared_data: Path) -> None:
    """Proves: where another table has the optimum of an instance, too, both are the same to 1e-5."""
    known = read_known(PUBLISHED)
    with (shared_data / "mps" / "optima.csv").open() as file:
        both = [row for row in csv.DictReader(file) if row["file"] in known]
    assert both
    for row in both:
        assert known[row["file"]].objective == pytest.approx(float(row["optimum"]), rel=1e-5)


def test_a_file_is_fetched_once(tmp_path: Path) -> None:
    """Proves: the file is what its address answers; one that is there is not fetched again, even if it
    has changed there. Sensitivity: an address without an answer is an error and leaves nothing."""
    there = tmp_path / "there" / "tiny.mps.gz"
    there.parent.mkdir()
    there.write_bytes(gzip.compress(b"NAME tiny"))
    table = published().head(1).assign(address=there.as_uri())
    (target,) = fetch(table, tmp_path / "here")
    assert gzip.decompress(target.read_bytes()) == b"NAME tiny"
    there.write_bytes(b"changed")
    (again,) = fetch(table, tmp_path / "here")
    assert gzip.decompress(again.read_bytes()) == b"NAME tiny"
    there.unlink()
    with pytest.raises(OSError, match="tiny"):
        [*fetch(table, tmp_path / "elsewhere")]
    assert [*(tmp_path / "elsewhere").iterdir()] == []
