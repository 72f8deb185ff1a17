"""Arguments and options that several commands share, and parsers of numbers with a unit."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "GIGABYTES",
    "SECONDS",
    "Approved",
    "Book",
    "Cluster",
    "Jobs",
    "ModelDir",
    "amount",
    "share",
]

Parser = Callable[[str | float], float]


def share(at_most: float = 1.0) -> Parser:
    """Parser of a share such as ``1%`` or ``0.01``, from 0 to `at_most`."""

    def parse(value: str | float) -> float:
        from optalloc.data.convert import percent  # noqa: PLC0415  (loads pandas)

        found = percent(str(value).strip())
        if not 0 <= found <= at_most or math.isinf(found):
            upper = f" and at most {100 * at_most:g}%" if math.isfinite(at_most) else ""
            example = f"{found:g}%" if 1 < found <= 100 and "%" not in str(value) else "1%"
            raise typer.BadParameter(
                f"must be a share of at least 0{upper}, such as {example} or "
                f"{percent(example):g}; found {value!r}"
            )
        return found

    return parse


def amount(unit: str, at_least: float, at_most: float = math.inf) -> Parser:
    """Parser of a finite number of a unit, from `at_least` to `at_most`."""

    def parse(value: str | float) -> float:
        try:
            found = float(value)
        except ValueError:
            found = math.nan
        if not at_least <= found <= at_most or math.isinf(found):
            upper = f" and at most {at_most:.12g}" if math.isfinite(at_most) else ""
            raise typer.BadParameter(
                f"must be a plain number of {unit}, at least {at_least:.12g}{upper}; "
                f"found {value!r}"
            )
        return found

    return parse


SECONDS, GIGABYTES = amount("seconds", 0.001), amount("GB", 0.001)

Book = Annotated[Path, typer.Argument(help="An .xlsx workbook, or a folder of CSV files.")]
ModelDir = Annotated[Path | None, typer.Option("--model", help="Folder of model families.")]
Jobs = Annotated[
    int | None,
    typer.Option(help="Workers, of one thread each; one a core at most by default.", min=1),
]
Cluster = Annotated[
    str | None, typer.Option(metavar="ADDRESS", help="Dask scheduler whose workers to use.")
]
Approved = Annotated[
    Path | None, typer.Option(help="The plan.xlsx approved last, to stay close to at a price.")
]
