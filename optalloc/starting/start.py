"""The first workbook of a case: a few places, and what is asked for, filled in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from optalloc.modelling.model import Model, load_model
from optalloc.report.template import write_template
from optalloc.starting.load import load_starter
from optalloc.starting.request import read_request
from optalloc.starting.starter import Filled, Request

__all__ = ["StartedCase", "start"]


@dataclass(frozen=True)
class StartedCase:
    """A first workbook: what was asked for, and its sheets with what is assumed in them."""

    request: Request
    filled: Filled
    model: Model

    def write(self, path: str | Path) -> None:
        """Write it as an .xlsx workbook, which appears whole or not at all."""
        filled = self.filled
        write_template(self.model, path, filled.sheets, shaded=filled.shaded, guide=filled.guide)


def start(
    path: str | Path | None = None,
    *,
    places: str | Sequence[str] | None,
    home: str | None,
    demand: str | float | None,
    growth: str | float | None,
    years: str | int | None,
    first_year: int | None = None,
    force: bool = False,
    model: str | Path | None = None,
) -> StartedCase:
    """Fill a first workbook of some places from the catalogue of a model, and write it.

    Parameters
    ----------
    path : str or Path, optional
        The ``.xlsx`` file to write; without it nothing is written.
    places : str or sequence of str
        Where could be built: names of the catalogue, in any case and without accents too, in one
        text with commas between them or one by one.
    home : str
        Where the demand is, and what serves it in the first year.
    demand : float or str
        Demand at the beginning, such as 500 or ``"1,000 MW"``; the capacity model takes MW of IT
        load.
    growth : float or str
        Growth of demand a year, such as 0.35 or ``"35%"``.
    years : int or str
        Number of years.
    first_year : int, optional
        The first year; the next one by default.
    force : bool
        True to overwrite the file.
    model : str or Path, optional
        Folder of model families; the capacity model by default.

    Returns
    -------
    StartedCase
        The request as it was understood, and the sheets.

    Raises
    ------
    OptallocError
        With every mistake at once; then nothing is written.
    ModelError
        If the model has no catalogue.
    """
    starter = load_starter(model)
    target = Path(path) if path is not None else None
    asked = read_request(
        starter.places(),
        starter.demand_unit,
        places=places,
        home=home,
        demand=demand,
        growth=growth,
        years=years,
        first_year=first_year,
        mistakes=_mistakes(target, force) if target is not None else (),
    )
    case = StartedCase(asked, starter.fill(asked), load_model(model))
    if target is not None:
        case.write(target)
    return case


def _mistakes(target: Path, force: bool) -> list[str]:
    """Why a file could not be written."""
    if target.suffix.lower() != ".xlsx":
        return [f"{target}: must end in .xlsx"]
    if not target.parent.is_dir():
        return [f"{target}: its folder {target.parent} must be there"]
    if target.exists() and not (force and target.is_file()):
        return [f"{target}: is there already; say --force to overwrite it, or name another"]
    return []
