"""inputs/pacific-detailed: made by its script, sourced, and right where it can be worked out by hand."""

from __future__ import annotations

import filecmp
import importlib
import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

import optalloc
from benchmarks.detail import CASES, cut_down
from optalloc.errors import Severity
from tests.paths import INPUTS

MODEL = optalloc.load_model()
PACIFIC, DETAILED = INPUTS / "pacific", INPUTS / "pacific-detailed"
ADDED_TO = {"Settings", "Sources", "Assumptions"}
NEW = {"Slices", "WorkloadSlices", "ContractSlices", "Taxes", "Duties"}


def sheet(name: str, folder: Path = DETAILED) -> pd.DataFrame:
    return pd.read_csv(folder / f"{name}.csv")


@pytest.fixture(scope="module")
def made() -> Iterator[Any]:
    """The modules of the script: ``profiles`` and ``taxes``."""
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(INPUTS))
        yield SimpleNamespace(
            profiles=importlib.import_module("_profiles"), taxes=importlib.import_module("_taxes")
        )


def test_the_script_writes_what_is_there(tmp_path: Path) -> None:
    """Proves: run again, the script gives every sheet to the byte; the others are those of pacific."""
    subprocess.run([sys.executable, INPUTS / "make_detailed.py", tmp_path], check=True)
    names = sorted(path.name for path in DETAILED.glob("*.csv"))
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    assert filecmp.cmpfiles(DETAILED, tmp_path, names, shallow=False)[0] == names
    own = {f"{name}.csv" for name in ADDED_TO | NEW}
    shared = sorted(path.name for path in PACIFIC.glob("*.csv") if path.name not in own)
    assert {*names} == {*shared, *own}
    assert filecmp.cmpfiles(DETAILED, PACIFIC, shared, shallow=False)[0] == shared
    for name in ("Sources", "Assumptions"):
        before = (PACIFIC / f"{name}.csv").read_text("utf-8")
        assert (DETAILED / f"{name}.csv").read_text("utf-8").startswith(before)


def test_a_year_has_the_energy_that_its_contract_states() -> None:
    """Proves: over the hours of the slices each contract delivers its availability, and inference
    draws its load factor. Sensitivity: a profile scaled to another figure is off by its share."""
    hours = sheet("Slices").set_index("slice")["hours_per_year"]
    assert hours.sum() == 8760
    for rows, value, key, stated in (
        (sheet("ContractSlices"), "available", "contract", ("Contracts", "availability")),
        (sheet("WorkloadSlices").dropna(subset="load"), "load", "workload", None),
    ):
        of_year = sheet(stated[0]).set_index(key)[stated[1]] if stated else None
        for name, own in rows.groupby(key):
            assert set(own["slice"]) == set(hours.index)
            energy = (own.set_index("slice")[value] * hours).sum()
            factor = 0.65 if of_year is None else of_year[name]
            assert energy == pytest.approx(8760 * factor, rel=2e-4), name


def test_the_sun_does_not_shine_at_night() -> None:
    """Proves: contracts of sun deliver nothing by night, most by day and in summer; and what a
    battery carries into the evening is not delivered by day."""
    rows = sheet("ContractSlices").set_index(["contract", "slice"])["available"]
    for contract in ("Arizona solar and storage", "Navi Mumbai captive solar"):
        own = rows[contract]
        assert (own[own.index.str.endswith("night")] == 0).all()
        assert own["Apr-Sep day"] > own["Oct-Mar day"] > 0
    assert rows["Navi Mumbai captive solar", "Apr-Sep morning and evening"] < 0.15
    assert rows["Arizona solar and storage", "Apr-Sep morning and evening"] > 4 / 7


def test_the_path_of_the_sun(made: Any) -> None:
    """Proves: declination at solstices and equinox; no sun before the analytic sunrise; the same
    before noon as after; a panel that tracks faces the sun at noon as much as a flat one does."""
    sun = made.profiles
    assert math.degrees(sun.declination(172)) == pytest.approx(23.45, abs=0.01)
    assert math.degrees(sun.declination(355)) == pytest.approx(-23.45, abs=0.01)
    assert math.degrees(sun.declination(81)) == pytest.approx(0, abs=0.01)
    latitude = math.radians(33.34)
    for day in (15, 81, 172, 300):
        tangents = math.tan(latitude) * math.tan(sun.declination(day))
        sunrise = 12 - math.degrees(math.acos(-tangents)) / 15
        assert sunrise > 4
        assert sun.beam(latitude, day, sunrise - 0.02) == 0
        assert sun.beam(latitude, day, sunrise + 0.02) > 0
        assert sun.beam(latitude, day, 9) == pytest.approx(sun.beam(latitude, day, 15))
    # On day 81 the sun stands at 90 - 33.34 degrees at noon: an air mass of 1 / cos 33.34 = 1.197,
    # to a thousandth, a distance factor of 1 + 0.033 cos(79.9 degrees) = 1.0058.
    height = math.cos(latitude)
    expected = 1.0058 * 0.7 ** (1.196**0.678) * height
    assert sun.beam(latitude, 81, 12) == pytest.approx(expected, rel=1e-3)


def test_wind_by_season(made: Any) -> None:
    """Proves: the mean of EIA's months of 2013 and 2014, by days, as worked out by hand; of Hokkaido
    the mean of a cosine over half a year that is centred 15 days off its peak."""
    wind = made.profiles.american_wind()
    # (30 x 84.3 + 31 x 71.9 + 30 x 68.9 + 31 x 52.3 + 31 x 44.5 + 30 x 53.5) / (2 x 183)
    assert wind["Apr-Sep day"] == pytest.approx(31.231, abs=0.001)
    # (31 x 73.8 + 28 x 70.2 + 31 x 75.7 + 31 x 62.6 + 30 x 79.3 + 31 x 61.7) / (2 x 182)
    assert wind["Oct-Mar night"] == pytest.approx(35.254, abs=0.001)
    hokkaido = made.profiles.hokkaido_wind()
    swing = 0.370 / 0.215 - 1
    expected = 1 + swing * 2 / math.pi * math.cos(math.tau * 15 / 365)
    assert hokkaido["Oct-Mar day"] == pytest.approx(expected, rel=0.01)


def test_a_straight_line_is_worth_as_much(made: Any) -> None:
    """Proves: present values of deductions by hand; a line is its own equal; more plant, which is
    deducted faster, shortens the line; and each country on Sites is taxed."""
    tax = made.taxes
    assert tax.evenly(1) == pytest.approx((1 - 1 / 1.08) / math.log(1.08))
    assert tax.straight(10) == pytest.approx((1 - 1.08**-10) / (10 * math.log(1.08)))
    # Half of 40 years within the life of 20, the other half written off at its end.
    assert tax.straight(40) == pytest.approx(0.5 * tax.evenly(20) + 0.5 * 1.08**-20)
    # Half at a time: 1/2 in the first year, 1/4 in the second, and so on.
    halves = sum(0.5**year / 1.08 ** (year - 1) for year in range(1, 21)) * tax.evenly(1)
    assert tax.declining(0.5) == pytest.approx(halves + (0.5 / 1.08) ** 20)
    for years in (3.0, 15.0, 20.0, 39.0):
        assert tax.same_as_straight(tax.straight(years)) == years
    assert tax.same_as_straight(0.0) == 100
    for one in tax.TAXES:
        assert one.years(0.3) >= one.years() >= one.years(0.6)
    rows = sheet("Taxes").set_index("jurisdiction")
    assert set(rows.index) == set(sheet("Sites")["jurisdiction"])
    assert rows.loc["India", "corporate_rate"] == pytest.approx(0.25168)
    assert rows.loc["Korea", "corporate_rate"] == pytest.approx(0.25 * 1.1)


def test_every_figure_has_a_source_or_a_range() -> None:
    """Proves: each new sheet, each country's rate and schedule and each contract has a row on Sources;
    what is assumed of taxes has a range on Assumptions that its cell lies in."""
    sources = sheet("Sources").set_index("subject")["source"]
    assert sources.notna().all() and sources.index.is_unique
    for name in NEW:
        assert sources.index.str.startswith(name).any(), name
    for column in ("corporate_rate", "depreciation_years"):
        for country in sheet("Taxes")["jurisdiction"]:
            assert f"Taxes.{column}: {country}" in sources.index
    named = " ".join(sources.index[sources.index.str.startswith("ContractSlices")])
    for contract in sheet("ContractSlices")["contract"].unique():
        assert contract in named
    ranges = sheet("Assumptions").query("sheet in ('Taxes', 'Duties')")
    assert len(ranges) == 17
    for row in ranges.to_dict("records"):
        cells = sheet(row["sheet"]).set_index("jurisdiction")[row["column"]]
        ends = sorted((row["low"], row["high"]))
        assert ends[0] <= cells[row["rows"].partition("=")[2]] <= ends[1], row["assumption"]


def test_a_range_keeps_the_year() -> None:
    """Proves: at either end of a range of a profile or a load, the rows of its name together leave the
    energy of the year; one of them alone would not."""
    hours = sheet("Slices").set_index("slice")["hours_per_year"]
    ranges = sheet("Assumptions").query("column in ('available', 'load')")
    assert ranges["assumption"].nunique() == 5
    for name, rows in ranges.groupby("assumption"):
        for end in ("low", "high"):
            cells = sheet(rows["sheet"].iloc[0]).set_index("slice")
            before = cells.copy()
            for row in rows.to_dict("records"):
                subject, at = (part.partition("=") for part in row["rows"].split("; "))
                mask = (cells[subject[0]] == subject[2]) & cells.index.str.match(
                    at[2].replace("*", ".*") + "$"
                )
                assert mask.any()
                change = row[end] if row["operation"] == "set" else cells[row["column"]] * row[end]
                cells[row["column"]] = cells[row["column"]].mask(mask, change)
            own, was = (frame[frame[subject[0]] == subject[2]] for frame in (cells, before))
            assert own[row["column"]].between(0, 1).all()
            energy, stated = ((f[row["column"]] * hours).sum() for f in (own, was))
            assert energy == pytest.approx(stated, rel=1e-3), name


@pytest.mark.long
def test_without_its_detail_it_is_pacific() -> None:
    """Proves: it is a valid workbook whose notices are those of pacific and of lines longer than a
    life; it uses every sheet that it says; and without slices and taxes each sheet is that of
    pacific, so that the plan is, too."""
    (pacific, before), (detailed, now) = (
        optalloc.check(folder, MODEL) for folder in (PACIFIC, DETAILED)
    )
    assert all(one.severity is Severity.NOTICE for one in now)
    added = [one for one in now if one.code == "depreciated-beyond-life"]
    assert [str(one) for one in now if one not in added] == [str(one) for one in before]
    assert len(added) == 4
    assert {name for name in MODEL.sheets if len(detailed[name]) and pacific[name].empty} == NEW
    cut = cut_down(detailed, MODEL, "neither")
    for name in set(MODEL.sheets) - ADDED_TO:
        pd.testing.assert_frame_equal(
            cut[name].reset_index(drop=True),
            pacific[name].reset_index(drop=True),
            check_dtype=False,
        )
    only = {case: cut_down(detailed, MODEL, case) for case in CASES}
    assert len(only["slices"]["Slices"]) == 6 and only["slices"]["Taxes"].empty
    assert len(only["taxes"]["Taxes"]) == 9 and only["taxes"]["Slices"].empty


def test_its_page_has_its_table() -> None:
    """Proves: the page has the tables of all cases between their marks."""
    page = (DETAILED / "README.md").read_text("utf-8")
    table = page.partition("<!-- detail: begin -->")[2].partition("<!-- detail: end -->")[0]
    for case in CASES:
        assert f"| {case} |" in table
