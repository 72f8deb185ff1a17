"""Commands for a beginning: start, places, example."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from optalloc.cli.ending import guarded
from optalloc.cli.options import ModelDir
from optalloc.errors import OptallocError
from optalloc.starting.examples import EXAMPLES, copy_example
from optalloc.starting.load import load_starter
from optalloc.starting.names import ALL_PLACES, names_of, place_called
from optalloc.starting.starter import KnownPlace

if TYPE_CHECKING:
    from optalloc.starting.start import StartedCase

__all__ = ["example", "places", "start"]


def start(
    out: Annotated[Path, typer.Argument(help="Workbook to write.")],
    places: Annotated[
        str | None, typer.Option(help="Where could be built, as 'Sydney, Tokyo'.")
    ] = None,
    home: Annotated[
        str | None, typer.Option(help="Where the demand is, and what serves it today.")
    ] = None,
    demand: Annotated[str | None, typer.Option(help="Demand now: MW of IT load.")] = None,
    growth: Annotated[str | None, typer.Option(help="Growth a year, such as 35%.")] = None,
    years: Annotated[str | None, typer.Option(help="Number of years.")] = None,
    first_year: Annotated[
        int | None, typer.Option(help="The first year; the next one by default.")
    ] = None,
    force: Annotated[bool, typer.Option(help="Overwrite OUT if it exists.")] = False,
    model: ModelDir = None,
) -> None:
    """Write a first workbook of some places, filled with published figures."""

    def run() -> StartedCase:
        from optalloc.starting.start import start as start_case  # noqa: PLC0415  (loads libraries)

        return start_case(
            out,
            places=places,
            home=home,
            demand=demand,
            growth=growth,
            years=years,
            first_year=first_year,
            force=force,
            model=model,
        )

    case = guarded(run)
    filled, name = case.filled, _quoted(out)
    print(f"wrote {out}: {filled.published} published figures, {filled.assumed} assumptions")
    for remark in filled.remarks:
        print(f"note: {remark}")
    print(f"solve it:                              optalloc solve {name}")
    print(f"which assumptions move the cost most:  optalloc sweep {name} {filled.sweep}")


def places(
    name: Annotated[str | None, typer.Argument(help="One of them, for its figures.")] = None,
    model: ModelDir = None,
) -> None:
    """List the places that optalloc start knows, or the published figures of one."""
    known = guarded(lambda: load_starter(model).places())
    if name is None:
        _print_places(known)
        return
    _print_figures(guarded(lambda: _called(name, known)))


def _called(name: str, known: Sequence[KnownPlace]) -> KnownPlace:
    """The place of a name; where there is none, with the command that lists all."""
    try:
        return place_called(name, names_of(known))
    except OptallocError as error:
        raise OptallocError(f"{error}; {ALL_PLACES}") from None


def example(
    name: Annotated[str | None, typer.Argument(help=f"One of {', '.join(EXAMPLES)}.")] = None,
    folder: Annotated[Path | None, typer.Argument(help="Folder to write it into.")] = None,
) -> None:
    """Write one of the examples into a folder, or list them."""
    if name is None:
        for one, words in EXAMPLES.items():
            print(f"{one:10}{words}")
        return

    def run() -> list[Path]:
        if folder is None:
            raise OptallocError(f"say where: optalloc example {name} {name}")
        return copy_example(name, folder)

    files = guarded(run)
    print(f"wrote {len(files)} files into {folder}")
    print(f"solve it: optalloc solve {_quoted(folder)}")


def _print_places(known: Sequence[KnownPlace]) -> None:
    """Print a place a line, with its figures under their names and units."""
    fullest = sorted(known, key=lambda at: -len(at.figures))
    figures = {one.figure: one.unit for at in fullest for one in at.figures}
    titles, units = ("place", "in", *figures), ("", "", *figures.values())
    rows = []
    for at in known:
        own = {one.figure: one.value for one in at.figures}
        rows.append((at.name, ", ".join(at.within), *(own.get(figure, "-") for figure in figures)))
    _print_table(titles, [units, *rows])
    print("\n- is not published: optalloc start assumes it. One place with its sources:")
    print(f"optalloc places {_quoted(known[0].name)}")


def _print_figures(at: KnownPlace) -> None:
    also = f" (also {', '.join(at.also)})" if at.also else ""
    print(f"{', '.join((at.name, *at.within))}{also}")
    rows = [(one.figure, one.value, one.unit, one.as_of, one.source) for one in at.figures]
    _print_table(("figure", "value", "unit", "as of", "source"), rows)


def _print_table(titles: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    widths = [max(map(len, column)) for column in zip(titles, *rows, strict=True)]
    for row in (titles, *rows):
        line = "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True))
        print(line.rstrip())


def _quoted(name: object) -> str:
    text = str(name)
    return f'"{text}"' if " " in text else text
