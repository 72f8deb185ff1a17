"""The report is read in a real browser: what it shows is what the plan's tables say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import optalloc
from tests.browser import Reader, browser, needs_browser


@pytest.fixture(scope="module")
def written(everything: optalloc.Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    everything.to_html(path)
    return path


@pytest.fixture(scope="module")
def opened() -> Iterator[Any]:
    with browser() as found:
        yield found


@pytest.fixture(scope="module")
def reader(opened: Any, written: Path) -> Iterator[Reader]:
    found = Reader(opened, written)
    found.draw_all()
    yield found
    found.close()


@needs_browser
def test_it_opens_without_complaint_or_request(reader: Reader, written: Path) -> None:
    """Proves: every exhibit draws; nothing is logged, nothing but the file itself is asked for."""
    assert reader.complaints == []
    assert [url for url in reader.requests if not url.startswith("blob:")] == [written.as_uri()]
    drawn = reader.page.evaluate(
        "report.parts.filter((p) => p.exhibit)"
        ".map((p) => [p.exhibit.title, !!p.chart.querySelector('svg.main-svg'), p.data === null])"
    )
    assert len(drawn) > 15
    assert [title for title, chart, empty in drawn if not (chart or empty)] == []
