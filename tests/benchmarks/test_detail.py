"""The tables of what slices and taxes do to a plan."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from benchmarks.detail import Case, as_markdown, solved
from optalloc.errors import OptallocError
from tests.paths import INPUTS


def case(name: str, **given: object) -> Case:
    figures: dict[str, object] = {
        "cost": 1000.0,
        "bound": 995.0,
        "before_tax": 1000.0,
        "rows": 12,
        "columns": 34,
        "integers": 5,
        "processor_s": 67.8,
        "unmet_mw_years": 0.0,
        "started_mw": {"Oslo": 100.0, "Porto": 50.0, "Rome": 0.0},
        "country_mw": {"Norway": 100.0, "Portugal": 50.0},
        "signed_mw": {"sun": 40.0, "wind": 0.0},
    }
    return Case(name=name, **{**figures, **given})  # type: ignore[arg-type]


def test_tables_say_what_changes() -> None:
    """Proves: gap, size and time of each case; MW by country; sites that are new or gone are marked,
    the largest change first, and what stays is not named."""
    other = case(
        "both",
        cost=900.0,
        bound=882.0,
        before_tax=1010.0,
        started_mw={"Oslo": 80.0, "Porto": 0.0, "Rome": 30.0},
        country_mw={"Norway": 80.0, "Italy": 30.0},
        signed_mw={"sun": 40.0, "wind": 25.0},
    )
    lines = as_markdown([case("neither"), other]).splitlines()
    assert "| neither | 1,000 | 995 | 0.50% | 1,000 | 12 | 34 | 5 | 68 s |" in lines
    assert "| both | 900 | 882 | 2.00% | 1,010 | 12 | 34 | 5 | 68 s |" in lines
    assert "| Norway | 100 | 80 |" in lines
    assert "| Italy | 0 | 30 |" in lines
    assert lines[-1] == ("| both | - Porto -50 MW; + Rome +30 MW; Oslo -20 MW | wind +25 MW |")
    assert as_markdown([case("neither"), case("both")]).endswith("| both | none | none |")


@pytest.mark.long
def test_cases_are_solved_once(tmp_path: Path) -> None:
    """Proves: a workbook with slices and taxes is solved four ways. Its sun, 300 GWh of them as if it
    shone at night, serves half of the load once the year is divided, so that power costs more; tax
    takes a quarter off what is deducted. What is kept is not solved again: it needs no workbook."""
    book = Path(shutil.copytree(INPUTS / "first", tmp_path / "book"))
    sheets = {
        "Demand": "workload,region,period,it_mw\ninference,Europe,2027,40\n",
        "Periods": "period,start,months\n2027,2027-01-01,12\n",
        "Sites": "site,jurisdiction,status,max_mw,grid_zone,build_cost_per_mw\n"
        "Porto,Portugal,candidate,60,Norte,9\n",
        "Network": "site,region,latency_ms\nPorto,Europe,25\n",
        "Contracts": "contract,site,kind,max_mw,price_per_mwh,availability\n"
        "sun,Porto,energy,400,20,0.25\n",
        "PowerPrices": "zone,period,spot_price_per_mwh\nNorte,2027,100\n",
        "Slices": "slice,hours_per_year\nday,4380\nnight,4380\n",
        "ContractSlices": "contract,slice,available\nsun,day,0.5\nsun,night,0\n",
        "Taxes": "jurisdiction,corporate_rate\nPortugal,0.25\n",
    }
    for name, text in sheets.items():
        (book / f"{name}.csv").write_text(text)
    out = tmp_path / "out"
    cases = solved(book, out, gap=None, time_limit_s=None, threads=1)
    cost = {one.name: one.cost for one in cases}
    # 175.2 GWh are served from spot at 100 and not from the sun at 20: 14.016 M within the year.
    assert cost["slices"] - cost["neither"] == pytest.approx(14.016, rel=0.05)
    assert cost["both"] - cost["taxes"] == pytest.approx(0.75 * (cost["slices"] - cost["neither"]))
    by_name = {one.name: one for one in cases}
    assert by_name["taxes"].before_tax == pytest.approx(cost["neither"])
    assert by_name["neither"].rows < by_name["slices"].rows
    assert all(one.processor_s > 0 and one.gap < 1e-3 for one in cases)
    assert by_name["both"].country_mw == {"Portugal": 40.0}
    absent = tmp_path / "none"
    assert solved(absent, out, gap=None, time_limit_s=None, threads=1) == cases
    (out / "both.json").unlink()
    with pytest.raises(OptallocError):
        solved(absent, out, gap=None, time_limit_s=None, threads=1)
