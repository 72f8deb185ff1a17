"""Write inputs/pacific-detailed: inputs/pacific with slices of the year and taxes of its countries.

Run it with ``python inputs/make_detailed.py``. Every sheet of inputs/pacific is copied as it is,
but for Settings, Sources and Assumptions, which are added to. Profiles are worked out in
_profiles.py, taxes in _taxes.py, where each figure stands with its source.
"""

from __future__ import annotations

import csv
import shutil
import sys
from pathlib import Path

from _profiles import (
    ARIZONA_PV,
    DAYS,
    HOURS,
    INFERENCE_DAY,
    SHIFTABLE_TRAINING,
    SLICES,
    Profile,
    american_wind,
    hokkaido_wind,
    hours_a_day,
    inference,
    named,
    scaled,
    sun_and_battery,
    sunshine,
)
from _taxes import (
    AUSTRALIA_YEARS,
    DUTIES,
    KOREA_YEARS,
    NEW_ZEALAND_RATE,
    PLANT_SHARE_RANGE,
    TAXES,
    Tax,
    australian,
    new_zealand,
    straight,
)

INPUTS = Path(__file__).parent
PACIFIC, TARGET = INPUTS / "pacific", INPUTS / "pacific-detailed"
# Of the sheets that are added to, and what is added to Sources, a row a line.
SOURCES = INPUTS / "detailed-sources.csv"
SETTINGS = {"name": "Pacific by the hour and after tax", "home_jurisdiction": "United States"}
# A contract of sun or wind, the site by whose sun its profile is worked out.
ARIZONA, MUMBAI = (
    ("Arizona solar and storage", "Mesa"),
    ("Navi Mumbai captive solar", "Navi Mumbai"),
)
TEXAS, HOKKAIDO = "ERCOT West wind", "Hokkaido wind"

Rows = list[list[object]]


def read(path: Path) -> list[list[str]]:
    """Read the rows of a CSV file, its header first."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def write(folder: Path, sheet: str, rows: Rows) -> None:
    """Write a sheet."""
    with (folder / f"{sheet}.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def column(sheet: str, key: str, name: str) -> dict[str, float]:
    """Read a column of a sheet of inputs/pacific, as numbers by its key, where it is filled."""
    header, *rows = read(PACIFIC / f"{sheet}.csv")
    at, of = header.index(name), header.index(key)
    return {row[of]: float(row[at]) for row in rows if row[at]}


def contract_profiles() -> dict[str, Profile]:
    """Availability in each slice of the contracts whose output follows the sun or the season."""
    availability = column("Contracts", "contract", "availability")
    latitude = column("Sites", "site", "latitude")
    arizona = scaled(sunshine(latitude[ARIZONA[1]]), ARIZONA_PV)
    mumbai = sunshine(latitude[MUMBAI[1]])
    return {
        ARIZONA[0]: sun_and_battery(arizona, availability[ARIZONA[0]]),
        MUMBAI[0]: scaled(mumbai, availability[MUMBAI[0]]),
        TEXAS: scaled(american_wind(), availability[TEXAS]),
        HOKKAIDO: scaled(hokkaido_wind(), availability[HOKKAIDO]),
    }


def slices() -> Rows:
    """Write out the sheet Slices: each season is a type of day."""
    rows: Rows = [["slice", "hours_per_year", "day_type"]]
    return rows + [[named(s, p), HOURS[named(s, p)], s] for s, p in SLICES]


def workload_slices() -> Rows:
    """Write out the sheet WorkloadSlices: training is even and may wait, inference is not."""
    load = inference(INFERENCE_DAY, column("Workloads", "workload", "load_factor")["inference"])
    rows: Rows = [["workload", "slice", "load", "shiftable_share"]]
    rows += [["training", name, "", SHIFTABLE_TRAINING] for name in HOURS]
    return rows + [["inference", named(s, p), load[p], ""] for s, p in SLICES]


def contract_slices(profiles: dict[str, Profile]) -> Rows:
    """Write out the sheet ContractSlices."""
    rows: Rows = [["contract", "slice", "available"]]
    return rows + [[name, at, value] for name, own in profiles.items() for at, value in own.items()]


def taxes() -> Rows:
    """Write out the sheet Taxes."""
    rows: Rows = [["jurisdiction", "corporate_rate", "depreciation_years", "property_tax_rate"]]
    for tax in TAXES:
        held = "" if tax.property_tax_rate is None else tax.property_tax_rate
        rows.append([tax.country, tax.corporate_rate, tax.years(), held])
    return rows


def duties() -> Rows:
    """Write out the sheet Duties."""
    return [["equipment", "jurisdiction", "duty_share"], *map(list, DUTIES)]


def assumptions(profiles: dict[str, Profile]) -> Rows:
    """Give the rows that are added to Assumptions; rows of one name are one assumption."""
    by_country = {tax.country: tax for tax in TAXES}
    return [
        *_tax_assumptions(by_country),
        *_load_assumptions(),
        *_seasons(profiles),
        ["ERCOT West wind by night", "assumed", "ContractSlices", f"contract={TEXAS}; slice=*night",
         "available", "multiply", 0.9, 1.3, "times the cell",
         "No published figure by hour was found; the plains of West Texas blow more by night."],
        ["ERCOT West wind by night", "assumed", "ContractSlices", f"contract={TEXAS}; slice=*day",
         "available", "multiply", *(_balance(factor) for factor in (0.9, 1.3)), "times the cell",
         "What is more by night is less by day, so that the year stays."],
    ]  # fmt: skip


def _balance(night: float) -> float:
    """Factor of the day that makes up for one of the night."""
    return round(1 - (night - 1) * hours_a_day("night") / hours_a_day("day"), 4)


def _tax_assumptions(by_country: dict[str, Tax]) -> Rows:
    low, high = PLANT_SHARE_RANGE
    rows: Rows = [
        ["plant in the cost of building", "published", "Taxes", f"jurisdiction={name}",
         "depreciation_years", "set", tax.years(low), tax.years(high), "years",
         "The low end is of 30 % of plant and the high end of 60 %: what cost segregation of data "
         "centres reports. 53 % is of the United States and stands for all countries."]
        for name, tax in by_country.items()
    ]  # fmt: skip
    lives = (
        ("Australia", AUSTRALIA_YEARS, australian, "The list of effective lives for data centres "
         "spans 5 to 40 years; its rows were not found."),
        ("Korea", KOREA_YEARS, straight, "The table of the Enforcement Rules was not found."),
        ("New Zealand", NEW_ZEALAND_RATE, new_zealand, "The rates of IR265 were not found."),
    )  # fmt: skip
    for name, (_, *ends), worth, why in lives:
        years = [by_country[name].years(plant=worth(end)) for end in ends]
        rows.append([f"life of plant for tax in {name}", "assumed", "Taxes", f"jurisdiction={name}",
                     "depreciation_years", "set", *sorted(years), "years", why])  # fmt: skip
    for name, column_, low_, high_, why in (
        ("United States", "corporate_rate", 0.21, 0.258, "Half of the sites lie in states without "
         "a tax on corporate income; the high end is near the average of all states."),
        ("United States", "property_tax_rate", 0.005, 0.02, "Local; the average of the largest "
         "cities was 1.5 % of the value of a home in 2016 (Lincoln Institute)."),
        ("Canada", "property_tax_rate", 0.008, 0.025, "Municipal; no published figure was taken."),
    ):  # fmt: skip
        words = f"{column_.replace('_', ' ')} in {name}"
        rows.append([words, "assumed", "Taxes", f"jurisdiction={name}", column_, "set", low_, high_,
                     "", why])  # fmt: skip
    for name, low_, high_, why in (
        ("United States", 0.016, 0.5, "The tariff without and with the duty of section 232 on "
         "steel and aluminium; one place only was found for the former."),
        ("India", 0.05, 0.1, "Basic customs duty; no published figure was found."),
    ):  # fmt: skip
        rows.append([f"duty on transformers in {name}", "assumed", "Duties", f"jurisdiction={name}",
                     "duty_share", "set", low_, high_, "", why])  # fmt: skip
    return rows


def _load_assumptions() -> Rows:
    factor = column("Workloads", "workload", "load_factor")["inference"]
    days = 0.85, 0.65
    nights = [inference(day, factor)["night"] for day in days]
    rows: Rows = [
        ["inference by the clock", "assumed", "WorkloadSlices",
         f"workload=inference; slice=*{part}", "load", "set", *values, "share of peak", why]
        for part, values, why in (
            ("night", nights, "Services report a day and a night, and no figures by the hour."),
            ("day", days, "What is less by night is more by day, so that the mean stays."),
        )
    ]  # fmt: skip
    why = "A trial put off 25 % of a cluster's power for three hours (Colangelo and others 2025)."
    return [*rows, ["training that may wait", "assumed", "WorkloadSlices", "workload=training",
                    "shiftable_share", "set", 0, 0.25, "share of load", why]]  # fmt: skip


def _seasons(profiles: dict[str, Profile]) -> Rows:
    """Give the ranges of the swing between the seasons; one makes up for the other."""
    rows: Rows = []
    for name, words, basis, ends, why in (
        (MUMBAI[0], "monsoon at Navi Mumbai", "assumed", (0.75, 1.0),
         "The profile is of a clear sky, and the monsoon falls into Apr-Sep."),
        (TEXAS, "ERCOT West wind by season", "published", (0.9, 1.1),
         "The swing is of the whole country, of which the plains from Texas to Kansas have 44 %."),
        (HOKKAIDO, "Hokkaido wind by season", "published", (0.9, 1.6),
         "The swing is of the best month of one year, of old turbines; the mean of years is less."),
    ):  # fmt: skip
        energy = {s: sum(profiles[name][named(*one)] * HOURS[named(*one)] for one in SLICES
                         if one[0] == s) for s in DAYS}  # fmt: skip
        ratio = energy["Apr-Sep"] / energy["Oct-Mar"]
        others = [round(1 - (end - 1) * ratio, 4) for end in ends]
        for season, values in (("Apr-Sep", ends), ("Oct-Mar", others)):
            rows.append([words, basis, "ContractSlices", f"contract={name}; slice={season}*",
                         "available", "multiply", *values, "times the cell", why])  # fmt: skip
    return rows


def make(target: Path) -> None:
    """Write all sheets into a folder."""
    target.mkdir(exist_ok=True)
    for file in sorted(PACIFIC.glob("*.csv")):
        shutil.copyfile(file, target / file.name)
    profiles = contract_profiles()
    settings = [[name, SETTINGS.get(name, value)] for name, value in read(PACIFIC / "Settings.csv")]
    known = {row[0] for row in settings}
    write(target, "Settings", [*settings, *([n, v] for n, v in SETTINGS.items() if n not in known)])
    write(target, "Sources", [*read(PACIFIC / "Sources.csv"), *read(SOURCES)[1:]])
    write(target, "Assumptions", [*read(PACIFIC / "Assumptions.csv"), *assumptions(profiles)])
    write(target, "Slices", slices())
    write(target, "WorkloadSlices", workload_slices())
    write(target, "ContractSlices", contract_slices(profiles))
    write(target, "Taxes", taxes())
    write(target, "Duties", duties())


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET)
