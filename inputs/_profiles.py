"""Slices of the year of inputs/pacific-detailed, and profiles of its sun, wind and loads.

Angles in degrees unless stated. A profile gives a value for each slice, by the slice's name.
"""

from __future__ import annotations

import math

Profile = dict[str, float]


# --- Slices: two halves of the year by three parts of the day, in solar time ---------------------

DAYS = {
    "Apr-Sep": range(91, 274),
    "Oct-Mar": [*range(1, 91), *range(274, 366)],
}
# At latitudes below 49 degrees the sun rises after 4 and sets before 20 on every day of the year.
PARTS = {
    "day": [(7, 17)],
    "morning and evening": [(4, 7), (17, 21)],
    "night": [(0, 4), (21, 24)],
}
SLICES = [(season, part) for season in DAYS for part in PARTS]


def named(season: str, part: str) -> str:
    """Name of a slice."""
    return f"{season} {part}"


def hours_a_day(part: str) -> float:
    """Hours of a part of the day."""
    return sum(end - begin for begin, end in PARTS[part])


def hours(season: str, part: str) -> float:
    """Hours of the year in a slice."""
    return len(DAYS[season]) * hours_a_day(part)


HOURS = {named(*one): hours(*one) for one in SLICES}
YEAR_H = 8760.0


def scaled(profile: Profile, mean: float) -> Profile:
    """A profile of this mean over the hours of the year, rounded to four digits."""
    own = sum(HOURS[name] * value for name, value in profile.items()) / YEAR_H
    return {name: round(value * mean / own, 4) for name, value in profile.items()}


# --- Sun --------------------------------------------------------------------------------------

MINUTES = 10


def declination(day: int) -> float:
    """Declination of the sun in radians on a day of the year (Cooper 1969)."""
    return math.radians(23.45) * math.sin(math.tau * (284 + day) / 365)


def beam(latitude: float, day: int, hour: float) -> float:
    """Direct irradiance on a tracking panel under a clear sky, of the solar constant.

    Zero when the sun is down. Angle of incidence on a panel that turns about a horizontal
    north-south axis: Duffie and Beckman, Solar Engineering of Thermal Processes, sections 1.6 and
    1.7; distance of the sun: 1.4; air mass: Kasten and Young 1989; clear sky: Meinel and Meinel
    1976.

    Parameters
    ----------
    latitude : float
        In radians.
    day : int
        Of the year, from 1.
    hour : float
        Solar time, noon at 12.
    """
    tilt, angle = declination(day), math.radians(15 * (hour - 12))
    height = math.sin(tilt) * math.sin(latitude) + math.cos(tilt) * math.cos(latitude) * math.cos(
        angle
    )
    if height <= 0:
        return 0.0
    degrees = math.degrees(math.asin(height))
    air_mass = 1 / (height + 0.50572 * (degrees + 6.07995) ** -1.6364)
    distance = 1 + 0.033 * math.cos(math.tau * day / 365)
    incidence = math.sqrt(height**2 + (math.cos(tilt) * math.sin(angle)) ** 2)
    return distance * 0.7 ** (air_mass**0.678) * incidence


def sunshine(latitude: float) -> Profile:
    """Mean irradiance of each slice, of the solar constant; latitude in degrees."""
    own: Profile = {}
    for season, part in SLICES:
        spans = PARTS[part]
        moments = [
            begin + (step + 0.5) * MINUTES / 60
            for begin, end in spans
            for step in range((end - begin) * 60 // MINUTES)
        ]
        values = [
            beam(math.radians(latitude), day, moment) for day in DAYS[season] for moment in moments
        ]
        own[named(season, part)] = sum(values) / len(values)
    return own


# Capacity factor of photovoltaic plants in Arizona, mean of 2014 to 2017: EIA, Today in Energy,
# June 2019.
ARIZONA_PV = 0.291
BATTERY_H, BATTERY_EFFICIENCY = 4.0, 0.85


def sun_and_battery(sun: Profile, availability: float) -> Profile:
    """Delivery of an array with a battery that is filled by day and emptied in morning and evening.

    Each MW of the contract has a battery of BATTERY_H hours, and as large an array as delivers the
    availability of the contract over the year, after the battery's losses.
    """
    filled = BATTERY_H / BATTERY_EFFICIENCY
    mean = sum(HOURS[name] * value for name, value in sun.items()) / YEAR_H
    array = (24 * availability + filled - BATTERY_H) / (24 * mean)
    moved = {
        "day": -filled / hours_a_day("day"),
        "morning and evening": BATTERY_H / hours_a_day("morning and evening"),
        "night": 0.0,
    }
    return {named(s, p): round(array * sun[named(s, p)] + moved[p], 4) for s, p in SLICES}


# --- Wind: by season; within a day as even as no published figure says otherwise ----------------

# Capacity factor of wind in the United States by month, of 2013 and 2014, in %.
# EIA, Electric Power Annual 2015, table 4.8.B.
EIA_WIND = (
    (33.5, 35.4, 35.9, 41.1, 37.0, 32.4, 25.3, 22.0, 27.4, 31.0, 37.0, 31.3),
    (40.3, 34.8, 39.8, 43.2, 34.9, 36.5, 27.0, 22.5, 26.1, 31.6, 42.3, 30.4),
)
MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
# Capacity factor of 38 plants in Hokkaido in fiscal 2003, of the year and of its best month,
# December: Hokkaido Industrial Safety and Inspection Department.
HOKKAIDO_YEAR, HOKKAIDO_DECEMBER = 0.215, 0.370


def by_season(summer: float, winter: float) -> Profile:
    """A profile that is even within Apr-Sep and within Oct-Mar."""
    return {named(s, p): summer if s == "Apr-Sep" else winter for s, p in SLICES}


def american_wind() -> Profile:
    """Wind of the United States by season."""
    weighted = [
        (month, days, factor)
        for year in EIA_WIND
        for month, (days, factor) in enumerate(zip(MONTH_DAYS, year, strict=True), start=1)
    ]
    halves = []
    for months in (range(4, 10), (1, 2, 3, 10, 11, 12)):
        own = [(days, factor) for month, days, factor in weighted if month in months]
        halves.append(sum(d * f for d, f in own) / sum(d for d, _ in own))
    return by_season(*halves)


def hokkaido_wind() -> Profile:
    """A sine over the year that peaks in the middle of December as high as that month was."""
    swing = HOKKAIDO_DECEMBER / HOKKAIDO_YEAR - 1
    halves = []
    for days in DAYS.values():
        values = [1 + swing * math.cos(math.tau * (day - 350) / 365) for day in days]
        halves.append(sum(values) / len(values))
    return by_season(*halves)


# --- Loads --------------------------------------------------------------------------------------

# Of inference by day and in morning and evening, over peak; the night is what is left of the mean.
INFERENCE_DAY, INFERENCE_SHOULDER = 0.75, 0.68
SHIFTABLE_TRAINING = 0.1


def inference(day: float, load_factor: float) -> dict[str, float]:
    """Load of inference over peak in each part of the day, with the load factor as its mean."""
    shoulder = INFERENCE_SHOULDER
    night = 24 * load_factor - hours_a_day("day") * day
    night = (night - hours_a_day("morning and evening") * shoulder) / hours_a_day("night")
    return {"day": day, "morning and evening": shoulder, "night": round(night, 4)}
